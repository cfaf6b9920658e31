#include "link.h"

#include <openssl/err.h>
#include <unistd.h>

// More than a record, so that one SSL_read takes a whole one.
enum { READ_SIZE = 64 * 1024, TURN_MAX = 1024 * 1024 };

struct link link_make(SSL_CTX *context, int fd) {
    struct link l = {.fd = fd, .ssl = SSL_new(context)};
    if (!l.ssl || SSL_set_fd(l.ssl, fd) != 1) abort();
    return l;
}

void link_close(struct link *l) {
    SSL_free(l->ssl);
    close(l->fd);
    bytes_free(&l->rest);
    bytes_free(&l->unsent);
    l->ssl = NULL;
}

static enum progress progress_of(SSL *ssl, int result) {
    switch (SSL_get_error(ssl, result)) {
        case SSL_ERROR_WANT_READ: return PROGRESS_WANTS_READ;
        case SSL_ERROR_WANT_WRITE: return PROGRESS_WANTS_WRITE;
        default: return PROGRESS_FAILED;
    }
}

enum progress link_handshake(struct link *l, bool server) {
    ERR_clear_error();
    int result = server ? SSL_accept(l->ssl) : SSL_connect(l->ssl);
    return result == 1 ? PROGRESS_DONE : progress_of(l->ssl, result);
}

bool link_read(struct link *l, struct bytes *input) {
    bytes_clear(input);
    if (bytes_count(&l->rest) > 0) bytes_append(input, bytes_first(&l->rest), bytes_count(&l->rest));
    bytes_free(&l->rest);
    l->more = false;
    ERR_clear_error();
    // Without the question whether OpenSSL has more, each turn would end with a read(2) that finds nothing.
    do {
        int result = SSL_read(l->ssl, bytes_reserve(input, READ_SIZE), READ_SIZE);
        if (result <= 0) return progress_of(l->ssl, result) == PROGRESS_WANTS_READ;
        input->end += (size_t)result;
        l->more = bytes_count(input) >= TURN_MAX;
    } while (SSL_has_pending(l->ssl) && !l->more);
    return true;
}

void link_keep(struct link *l, struct bytes *input) {
    if (bytes_count(input) > 0) bytes_append(&l->rest, bytes_first(input), bytes_count(input));
}

static bool send_bytes(struct link *l, struct bytes *output) {
    ERR_clear_error();
    while (bytes_count(output) > 0) {
        int result = SSL_write(l->ssl, bytes_first(output), (int)bytes_count(output));
        if (result <= 0) return progress_of(l->ssl, result) == PROGRESS_WANTS_WRITE;
        bytes_take(output, (size_t)result);
    }
    return true;
}

bool link_write(struct link *l, struct bytes *output) {
    if (bytes_count(&l->unsent) == 0 && !send_bytes(l, output)) return false;
    if (bytes_count(output) > 0) bytes_append(&l->unsent, bytes_first(output), bytes_count(output));
    bytes_clear(output);
    return true;
}

bool link_flush(struct link *l) {
    if (!send_bytes(l, &l->unsent)) return false;
    if (bytes_count(&l->unsent) == 0) bytes_free(&l->unsent);
    return true;
}
