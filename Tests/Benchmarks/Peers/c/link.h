// One TLS connection over a socket that never blocks.
#pragma once
#include <openssl/ssl.h>
#include <stdbool.h>

#include "bytes.h"

struct link {
    int fd;
    SSL *ssl;
    // The start of a frame whose end has not come.
    struct bytes rest;
    // What the socket did not take yet.
    struct bytes unsent;
    // The last read stopped at its bound: there may be more that epoll does not know of.
    bool more;
};

enum progress { PROGRESS_DONE, PROGRESS_WANTS_READ, PROGRESS_WANTS_WRITE, PROGRESS_FAILED };

struct link link_make(SSL_CTX *context, int fd);
void link_close(struct link *l);
// `SSL_accept` or `SSL_connect`, as far as it goes.
enum progress link_handshake(struct link *l, bool server);
// Replaces `input` by the unfinished frame and all that came behind it. False: the peer has closed, or broken TLS.
bool link_read(struct link *l, struct bytes *input);
// Keeps what is left in `input` for the next read.
void link_keep(struct link *l, struct bytes *input);
// Sends `output`, and keeps what the socket does not take. False when the connection is lost.
bool link_write(struct link *l, struct bytes *output);
// Sends what was kept. False when the connection is lost.
bool link_flush(struct link *l);
