#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "arena.h"
#include "client.h"
#include "messages.h"
#include "sockets.h"

// Calls that one connection may have under way, and how far answers may be out of order.
enum { CALLS_MAX = 16384, EVENTS_MAX = 256, WAIT_MS = 1000, DRAIN_NS = 2000000000 };

struct caller {
    struct link link;
    uint32_t next_stream, waits_for;
    unsigned under_way;
    // When the call of a stream began, by (id / 2) % CALLS_MAX; 0 when there is none.
    uint64_t *began;
};

static struct {
    int epoll;
    ProtobufCAllocator *allocator;
    struct results *results;
    uint64_t measure_from, measure_to;
    unsigned lost;
    struct bytes input, output;
    // The beginnings of the calls that one read finished.
    uint64_t finished[CALLS_MAX];
} run;

static void wait_for(struct caller *c, uint32_t events) {
    if (c->waits_for == events) return;
    struct epoll_event event = {.events = events, .data.ptr = c};
    epoll_ctl(run.epoll, c->waits_for ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->link.fd, &event);
    c->waits_for = events;
}

static void lose(struct caller *c) {
    run.results->errors += c->under_way;
    run.lost++;
    c->under_way = 0;
    epoll_ctl(run.epoll, EPOLL_CTL_DEL, c->link.fd, NULL);
}

static void begin_calls(struct caller *c, unsigned count, uint64_t now) {
    for (unsigned i = 0; i < count; i++) {
        uint64_t *began = &c->began[c->next_stream / 2 % CALLS_MAX];
        if (*began || c->next_stream == UINT32_MAX) {
            fprintf(stderr, "bench-c: an answer is missing, or stream ids are\n");
            exit(1);
        }
        *began = now;
        echo_request(c->next_stream, &run.output);
        c->next_stream += 2;
    }
    c->under_way += count;
    if (!link_write(&c->link, &run.output)) return lose(c);
    wait_for(c, bytes_count(&c->link.unsent) > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void finish_calls(unsigned count, uint64_t now) {
    struct results *r = run.results;
    r->total += count;
    if (now < run.measure_from || now >= run.measure_to) return;
    r->measured += count;
    for (unsigned i = 0; i < count; i++) histogram_add(&r->times, now - run.finished[i]);
}

// Takes the answers out of the input, and returns how many; -1 when the server breaks the protocol.
static int take_answers(struct caller *c) {
    struct frame frame;
    enum next_frame next;
    unsigned count = 0;
    while ((next = frame_next(&run.input, &frame)) == NEXT_FRAME) {
        uint64_t *began = &c->began[frame.stream / 2 % CALLS_MAX];
        if (frame.stream % 2 == 0 || !*began || count == CALLS_MAX) return -1;
        if (!is_echo_response(&frame, run.allocator)) run.results->errors++;
        run.finished[count++] = *began;
        *began = 0;
    }
    link_keep(&c->link, &run.input);
    return next == NEXT_MALFORMED ? -1 : (int)count;
}

// All answers of one read lead to all next requests in one write.
static void read_turn(struct caller *c) {
    int count;
    if (!link_read(&c->link, &run.input) || (count = take_answers(c)) < 0) return lose(c);
    uint64_t now = now_ns();
    c->under_way -= (unsigned)count;
    finish_calls((unsigned)count, now);
    if (count > 0 && now < run.measure_to) begin_calls(c, (unsigned)count, now);
}

static void write_turn(struct caller *c) {
    if (!link_flush(&c->link)) return lose(c);
    wait_for(c, bytes_count(&c->link.unsent) > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void turn(void) {
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(run.epoll, events, EVENTS_MAX, WAIT_MS);
    for (int i = 0; i < count; i++) {
        struct caller *c = events[i].data.ptr;
        if (events[i].events & EPOLLOUT) write_turn(c);
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_turn(c);
        while (c->link.more && c->under_way > 0) read_turn(c);
    }
}

static unsigned under_way(const struct caller *callers, unsigned count) {
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++) sum += callers[i].under_way;
    return sum;
}

static struct caller *connect_all(SSL_CTX *tls, const struct options *options) {
    struct caller *callers = calloc(options->connections, sizeof *callers);
    if (!callers) abort();
    for (unsigned i = 0; i < options->connections; i++) {
        struct caller *c = &callers[i];
        *c = (struct caller){.link = client_connect(tls, options), .next_stream = 1, .began = calloc(CALLS_MAX, sizeof(uint64_t))};
        if (!c->began) abort();
        socket_no_blocking(c->link.fd);
    }
    return callers;
}

void unary_run(SSL_CTX *tls, const struct options *options, struct results *results) {
    unsigned count = options->connections, each = options->inflight / count, more = options->inflight % count;
    if (each >= CALLS_MAX) exit(2);
    run.results = results;
    run.allocator = message_allocator(options->arena);
    run.epoll = epoll_create1(EPOLL_CLOEXEC);
    struct caller *callers = connect_all(tls, options);
    uint64_t start = now_ns();
    run.measure_from = start + WARM_UP_NS;
    run.measure_to = run.measure_from + (uint64_t)(options->seconds * 1e9);
    results->seconds = options->seconds;
    for (unsigned i = 0; i < count; i++) begin_calls(&callers[i], each + (i < more), start);
    while (run.lost < count && now_ns() < run.measure_to + DRAIN_NS && under_way(callers, count) > 0) turn();
    results->errors += under_way(callers, count);
    for (unsigned i = 0; i < count; i++) link_close(&callers[i].link);
}
