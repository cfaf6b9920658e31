#ifndef CRYPTOPULSE_COPENSSL_SHIM_H
#define CRYPTOPULSE_COPENSSL_SHIM_H

// Swift does not import function-like macros: each one we need stands here as a function of the same meaning.

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#endif
