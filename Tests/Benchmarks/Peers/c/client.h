#pragma once
#include <openssl/ssl.h>

#include "histogram.h"
#include "link.h"
#include "options.h"

struct results {
    struct histogram times;
    double seconds;
    // Answers within the measured time, all answers, and calls that went wrong.
    uint64_t measured, total, errors;
};

// Calls before the measured time: not in the rate and the times, but in `total`.
enum { WARM_UP_NS = 500000000 };

int client_run(const struct options *options);
// A connection whose handshake is done and whose peer is the one wanted; it blocks still.
struct link client_connect(SSL_CTX *tls, const struct options *options);
uint64_t now_ns(void);

void unary_run(SSL_CTX *tls, const struct options *options, struct results *results);
void stream_run(SSL_CTX *tls, const struct options *options, struct results *results);
// Prints {"ready":true} when all connections have had their call, and holds them.
void idle_run(SSL_CTX *tls, const struct options *options);
