#define _GNU_SOURCE
#include "server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arena.h"
#include "link.h"
#include "messages.h"
#include "sockets.h"
#include "tls.h"

enum { EVENTS_MAX = 256, WAIT_MS = 1000, STREAM_TURN = 64 * 1024 };

struct client {
    struct link link;
    bool established;
    uint32_t waits_for;
    struct stream stream;
};

static struct {
    int epoll, listener;
    SSL_CTX *tls;
    ProtobufCAllocator *allocator;
    // One thread, so all connections share what a turn reads and writes.
    struct bytes input, output;
} server;

static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
    (void)signal_number;
    stopped = 1;
}

static void wait_for(struct client *c, uint32_t events) {
    if (c->waits_for == events) return;
    struct epoll_event event = {.events = events, .data.ptr = c};
    epoll_ctl(server.epoll, c->waits_for ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->link.fd, &event);
    c->waits_for = events;
}

static void drop(struct client *c) {
    link_close(&c->link);
    free(c);
}

static void accept_clients(void) {
    for (int fd; (fd = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        socket_no_delay(fd);
        struct client *c = calloc(1, sizeof *c);
        if (!c) abort();
        c->link = link_make(server.tls, fd);
        wait_for(c, EPOLLIN);
    }
}

static bool shake_hands(struct client *c) {
    switch (link_handshake(&c->link, true)) {
        case PROGRESS_DONE: c->established = true; break;
        case PROGRESS_WANTS_READ: break;
        case PROGRESS_WANTS_WRITE: wait_for(c, EPOLLOUT); return true;
        case PROGRESS_FAILED: return false;
    }
    wait_for(c, EPOLLIN);
    return true;
}

// Answers everything that one read brought by one write.
static bool read_turn(struct client *c) {
    if (!link_read(&c->link, &server.input)) return false;
    struct frame frame;
    enum next_frame next;
    while ((next = frame_next(&server.input, &frame)) == NEXT_FRAME) answer_request(&frame, server.allocator, &server.output, &c->stream);
    link_keep(&c->link, &server.input);
    return next != NEXT_MALFORMED && link_write(&c->link, &server.output);
}

static bool write_turn(struct client *c) {
    if (!link_flush(&c->link)) return false;
    if (!c->stream.open || bytes_count(&c->link.unsent) > 0) return true;
    stream_messages(&c->stream, STREAM_TURN, &server.output);
    return link_write(&c->link, &server.output);
}

static bool serve(struct client *c, uint32_t events) {
    if (!c->established) {
        if (!shake_hands(c)) return false;
        // A request that came with the handshake's last bytes is in OpenSSL's buffer, where epoll does not see it.
        if (!c->established || !SSL_has_pending(c->link.ssl)) return true;
        events = EPOLLIN;
    }
    bool alive = events & EPOLLOUT ? write_turn(c) : read_turn(c);
    while (alive && c->link.more) alive = read_turn(c);
    // Who does not take answers is not read from.
    if (alive) wait_for(c, c->stream.open || bytes_count(&c->link.unsent) > 0 ? EPOLLOUT : EPOLLIN);
    return alive;
}

static void turn(void) {
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(server.epoll, events, EVENTS_MAX, WAIT_MS);
    for (int i = 0; i < count; i++) {
        struct client *c = events[i].data.ptr;
        if (!c) accept_clients();
        else if (!serve(c, events[i].events)) {
            bytes_clear(&server.output);
            drop(c);
        }
    }
}

int server_run(const struct options *options) {
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    signal(SIGPIPE, SIG_IGN);
    server.tls = tls_server_context(options);
    server.allocator = message_allocator(options->arena);
    server.listener = socket_listen(options);
    server.epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (server.epoll < 0 || epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.listener, &event) != 0) {
        perror("bench-c: epoll");
        return 1;
    }
    while (!stopped) turn();
    return 0;
}
