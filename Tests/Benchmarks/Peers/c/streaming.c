#include <poll.h>

#include "arena.h"
#include "client.h"
#include "messages.h"
#include "sockets.h"

enum { WAIT_MS = 1000 };

// Counts a read's messages; false at the stream's end and when the server breaks the protocol.
static bool take_messages(struct bytes *input, ProtobufCAllocator *allocator, uint64_t *count) {
    struct frame frame;
    enum next_frame next;
    while ((next = frame_next(input, &frame)) == NEXT_FRAME) {
        if (!is_stream_message(&frame, allocator)) return false;
        ++*count;
    }
    return next == NEXT_INCOMPLETE;
}

static bool read_turn(struct link *l, struct bytes *input, ProtobufCAllocator *allocator, uint64_t *count) {
    struct pollfd wait = {.fd = l->fd, .events = POLLIN};
    if (!l->more && poll(&wait, 1, WAIT_MS) != 1) return false;
    if (!link_read(l, input) || !take_messages(input, allocator, count)) return false;
    link_keep(l, input);
    return true;
}

void stream_run(SSL_CTX *tls, const struct options *options, struct results *results) {
    struct link l = client_connect(tls, options);
    struct bytes input = {0}, output = {0};
    ProtobufCAllocator *allocator = message_allocator(options->arena);
    socket_no_blocking(l.fd);
    stream_request(1, &output);
    bool alive = link_write(&l, &output);
    uint64_t from = now_ns() + WARM_UP_NS, to = from + (uint64_t)(options->seconds * 1e9), now = 0;
    while (alive && now < to) {
        uint64_t count = 0;
        alive = read_turn(&l, &input, allocator, &count);
        now = now_ns();
        results->total += count;
        if (now >= from && now < to) results->measured += count;
    }
    results->errors += !alive;
    results->seconds = options->seconds;
    link_close(&l);
}
