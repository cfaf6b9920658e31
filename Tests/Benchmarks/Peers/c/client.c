#include "client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sockets.h"
#include "tls.h"

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

struct link client_connect(SSL_CTX *tls, const struct options *options) {
    struct link l = link_make(tls, socket_connect(options));
    if (link_handshake(&l, false) != PROGRESS_DONE) tls_fail("the handshake failed");
    if (options->peer && !tls_peer_is(l.ssl, options->peer)) tls_fail("the server is not the one wanted");
    return l;
}

static void print(const struct results *r) {
    const struct histogram *h = &r->times;
    printf(
        "{\"rps\":%.1f,\"p50_us\":%.2f,\"p99_us\":%.2f,\"p999_us\":%.2f,\"errors\":%lu,\"total\":%lu}\n", (double)r->measured / r->seconds,
        histogram_percentile(h, 0.5), histogram_percentile(h, 0.99), histogram_percentile(h, 0.999), r->errors, r->total);
}

int client_run(const struct options *options) {
    static struct results results;
    signal(SIGPIPE, SIG_IGN);
    SSL_CTX *tls = tls_client_context(options);
    if (options->mode == MODE_IDLE) {
        idle_run(tls, options);
        return 0;
    }
    (options->mode == MODE_STREAM ? stream_run : unary_run)(tls, options, &results);
    print(&results);
    return results.errors == 0 && results.measured > 0 ? 0 : 1;
}
