#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "bench-c server --addr HOST:PORT --cert F --key F --ca F [--arena]\n"
    "bench-c client --addr HOST:PORT --cert F --key F --ca F [--peer SPIFFE-ID] --connections C --inflight N --seconds S\n"
    "               [--mode unary|stream|idle] [--arena] [--no-alpn]\n";

static void refuse(const char *why) {
    fprintf(stderr, "bench-c: %s\n%s", why, usage);
    exit(2);
}

static void set_address(struct options *o, const char *text) {
    const char *colon = strrchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof o->host || strlen(colon + 1) >= sizeof o->port) refuse("--addr is HOST:PORT");
    memcpy(o->host, text, (size_t)(colon - text));
    strcpy(o->port, colon + 1);
}

static unsigned whole_number(const char *text, unsigned most) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || end == text || value < 1 || value > most) refuse("a number is out of range");
    return (unsigned)value;
}

static double duration(const char *text) {
    char *end;
    double value = strtod(text, &end);
    if (*end || end == text || !(value > 0 && value <= 3600)) refuse("--seconds is above 0 and at most 3600");
    return value;
}

static enum mode mode_named(const char *text) {
    if (!strcmp(text, "unary")) return MODE_UNARY;
    if (!strcmp(text, "stream")) return MODE_STREAM;
    if (strcmp(text, "idle")) refuse("--mode is unary, stream or idle");
    return MODE_IDLE;
}

enum { OPTION_ADDR = 1, OPTION_CERT, OPTION_KEY, OPTION_CA, OPTION_PEER, OPTION_CONNECTIONS, OPTION_INFLIGHT, OPTION_SECONDS, OPTION_MODE,
       OPTION_ARENA, OPTION_NO_ALPN };

static const struct option known[] = {
    {"addr", required_argument, 0, OPTION_ADDR},
    {"cert", required_argument, 0, OPTION_CERT},
    {"key", required_argument, 0, OPTION_KEY},
    {"ca", required_argument, 0, OPTION_CA},
    {"peer", required_argument, 0, OPTION_PEER},
    {"connections", required_argument, 0, OPTION_CONNECTIONS},
    {"inflight", required_argument, 0, OPTION_INFLIGHT},
    {"seconds", required_argument, 0, OPTION_SECONDS},
    {"mode", required_argument, 0, OPTION_MODE},
    {"arena", no_argument, 0, OPTION_ARENA},
    {"no-alpn", no_argument, 0, OPTION_NO_ALPN},
    {0},
};

static void apply(struct options *o, int which) {
    switch (which) {
        case OPTION_ADDR: set_address(o, optarg); break;
        case OPTION_CERT: o->certificate = optarg; break;
        case OPTION_KEY: o->key = optarg; break;
        case OPTION_CA: o->authority = optarg; break;
        case OPTION_PEER: o->peer = optarg; break;
        case OPTION_CONNECTIONS: o->connections = whole_number(optarg, 10000); break;
        case OPTION_INFLIGHT: o->inflight = whole_number(optarg, 100000); break;
        case OPTION_SECONDS: o->seconds = duration(optarg); break;
        case OPTION_MODE: o->mode = mode_named(optarg); break;
        case OPTION_ARENA: o->arena = true; break;
        case OPTION_NO_ALPN: o->no_alpn = true; break;
        default: refuse("an option is unknown or incomplete");
    }
}

struct options options_parse(int argc, char **argv) {
    struct options o = {.connections = 1, .inflight = 1, .seconds = 5};
    if (argc < 2) refuse("server or client?");
    o.server = !strcmp(argv[1], "server");
    if (!o.server && strcmp(argv[1], "client")) refuse("server or client?");
    for (int which; (which = getopt_long(argc - 1, argv + 1, "", known, NULL)) != -1;) apply(&o, which);
    if (!o.port[0] || !o.certificate || !o.key || !o.authority) refuse("--addr, --cert, --key and --ca are needed");
    return o;
}
