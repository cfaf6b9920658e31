// Mutual TLS 1.3 with TLS_AES_128_GCM_SHA256, certificates demanded and verified on both sides.
#pragma once
#include <openssl/ssl.h>

#include "options.h"

// Exit with OpenSSL's words when a file can't be used.
SSL_CTX *tls_server_context(const struct options *options);
SSL_CTX *tls_client_context(const struct options *options);
// Whether the peer's certificate carries exactly this URI SAN.
int tls_peer_is(SSL *ssl, const char *uri);
// Prints what OpenSSL has to say, and exits.
void tls_fail(const char *what) __attribute__((noreturn));
