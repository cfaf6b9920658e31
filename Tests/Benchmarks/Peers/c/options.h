// The command line that every peer's program takes.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum mode { MODE_UNARY, MODE_STREAM, MODE_IDLE };

struct options {
    bool server;
    // HOST:PORT, cut in two.
    char host[256], port[8];
    const char *certificate, *key, *authority;
    // The SPIFFE id that the server must have; NULL accepts any of the authority's.
    const char *peer;
    unsigned connections, inflight;
    double seconds;
    enum mode mode;
    // Unpack into an arena instead of malloc's memory.
    bool arena;
    // Offer no ALPN.
    bool no_alpn;
};

// Exits with a message when they make no sense.
struct options options_parse(int argc, char **argv);
