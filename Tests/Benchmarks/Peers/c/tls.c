#include "tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

static const unsigned char ttrpc[] = "\x05ttrpc";
enum { TTRPC_LENGTH = sizeof ttrpc - 1 };

void tls_fail(const char *what) {
    fprintf(stderr, "bench-c: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static void load_files(SSL_CTX *context, const struct options *options) {
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate) != 1) tls_fail(options->certificate);
    if (SSL_CTX_use_PrivateKey_file(context, options->key, SSL_FILETYPE_PEM) != 1) tls_fail(options->key);
    if (SSL_CTX_check_private_key(context) != 1) tls_fail("the key is not the certificate's");
    if (SSL_CTX_load_verify_locations(context, options->authority, NULL) != 1) tls_fail(options->authority);
}

static SSL_CTX *context_for(const SSL_METHOD *method, const struct options *options) {
    SSL_CTX *context = SSL_CTX_new(method);
    if (!context) tls_fail("SSL_CTX_new");
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    if (SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1) tls_fail("cipher suite");
    if (SSL_CTX_set1_groups_list(context, "X25519:P-256") != 1) tls_fail("groups");
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    // One read(2) brings as many records as there are.
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    load_files(context, options);
    return context;
}

static int select_protocol(
    SSL *ssl, const unsigned char **out, unsigned char *count, const unsigned char *offered, unsigned offered_count, void *unused) {
    (void)ssl, (void)unused;
    unsigned char *found;
    if (SSL_select_next_proto(&found, count, ttrpc, TTRPC_LENGTH, offered, offered_count) != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = found;
    return SSL_TLSEXT_ERR_OK;
}

SSL_CTX *tls_server_context(const struct options *options) {
    SSL_CTX *context = context_for(TLS_server_method(), options);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_alpn_select_cb(context, select_protocol, NULL);
    return context;
}

SSL_CTX *tls_client_context(const struct options *options) {
    SSL_CTX *context = context_for(TLS_client_method(), options);
    if (!options->no_alpn && SSL_CTX_set_alpn_protos(context, ttrpc, TTRPC_LENGTH) != 0) tls_fail("ALPN");
    return context;
}

static int is_uri(const GENERAL_NAME *name, const char *uri) {
    if (name->type != GEN_URI) return 0;
    const ASN1_IA5STRING *text = name->d.uniformResourceIdentifier;
    return (size_t)ASN1_STRING_length(text) == strlen(uri) && !memcmp(ASN1_STRING_get0_data(text), uri, strlen(uri));
}

int tls_peer_is(SSL *ssl, const char *uri) {
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    if (!certificate) return 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int uris = 0, equal = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        uris += name->type == GEN_URI;
        equal += is_uri(name, uri);
    }
    GENERAL_NAMES_free(names);
    X509_free(certificate);
    return uris == 1 && equal == 1;
}
