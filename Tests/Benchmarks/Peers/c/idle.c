#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client.h"
#include "messages.h"
#include "tls.h"

// One call over a connection that still blocks.
static void call_once(struct link *l) {
    struct bytes input = {0}, output = {0};
    struct frame frame;
    echo_request(1, &output);
    if (!link_write(l, &output) || !link_read(l, &input)) tls_fail("a connection was lost");
    if (frame_next(&input, &frame) != NEXT_FRAME || !is_echo_response(&frame, NULL)) tls_fail("a call failed");
    bytes_free(&input);
    bytes_free(&output);
}

void idle_run(SSL_CTX *tls, const struct options *options) {
    struct link *links = calloc(options->connections, sizeof *links);
    if (!links) abort();
    for (unsigned i = 0; i < options->connections; i++) {
        links[i] = client_connect(tls, options);
        call_once(&links[i]);
    }
    printf("{\"ready\":true}\n");
    fflush(stdout);
    struct timespec time = {.tv_sec = (time_t)options->seconds, .tv_nsec = (long)((options->seconds - (double)(time_t)options->seconds) * 1e9)};
    nanosleep(&time, NULL);
    for (unsigned i = 0; i < options->connections; i++) link_close(&links[i]);
    free(links);
}
