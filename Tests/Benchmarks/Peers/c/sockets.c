#include "sockets.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { BACKLOG = 1024, CONNECT_SECONDS = 10 };

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static struct addrinfo *resolve(const struct options *options) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
    int code = getaddrinfo(options->host, options->port, &hints, &found);
    if (code == 0) return found;
    fprintf(stderr, "bench-c: %s: %s\n", options->host, gai_strerror(code));
    exit(1);
}

void socket_no_delay(int fd) {
    int on = 1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("bench-c: TCP_NODELAY");
}

void socket_no_blocking(int fd) {
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) fail("bench-c: O_NONBLOCK");
}

int socket_listen(const struct options *options) {
    struct addrinfo *address = resolve(options);
    int on = 1, fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) fail("bench-c: socket");
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) fail("bench-c: listen");
    freeaddrinfo(address);
    socket_no_blocking(fd);
    return fd;
}

int socket_connect(const struct options *options) {
    struct addrinfo *address = resolve(options);
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("bench-c: socket");
    // Bounds the connecting and, while the socket blocks, the handshake.
    struct timeval most = {.tv_sec = CONNECT_SECONDS};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) fail("bench-c: connect");
    freeaddrinfo(address);
    socket_no_delay(fd);
    return fd;
}
