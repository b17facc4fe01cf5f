// What Countersign uses of OpenSSL 3, and functions for what OpenSSL offers only as macros, which
// Swift cannot see. A shim has the name of the macro behind "shim_" and does the same, nothing more.
#ifndef COUNTERSIGN_COPENSSL_H
#define COUNTERSIGN_COPENSSL_H

// Nothing that OpenSSL 3.0 calls deprecated is declared, so nothing of it can be used.
#define OPENSSL_API_COMPAT 30000
#define OPENSSL_NO_DEPRECATED 1

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "Countersign needs OpenSSL 3.0 or newer"
#endif

// Constants with casts, which Swift cannot see.

static const uint64_t shim_SSL_OP_NO_RENEGOTIATION = SSL_OP_NO_RENEGOTIATION;
static const uint64_t shim_SSL_OP_NO_COMPRESSION = SSL_OP_NO_COMPRESSION;
static const uint64_t shim_SSL_OP_NO_TICKET = SSL_OP_NO_TICKET;
static const uint64_t shim_SSL_OP_CIPHER_SERVER_PREFERENCE = SSL_OP_CIPHER_SERVER_PREFERENCE;
static const unsigned long shim_XN_FLAG_RFC2253 = XN_FLAG_RFC2253;

// Contexts.

static inline int shim_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_min_proto_version(context, version);
}

static inline int shim_SSL_CTX_set_max_proto_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_max_proto_version(context, version);
}

static inline void shim_SSL_CTX_set_mode(SSL_CTX *context, long mode) {
  SSL_CTX_set_mode(context, mode);
}

static inline void shim_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) {
  SSL_CTX_set_session_cache_mode(context, mode);
}

static inline void shim_SSL_CTX_set_read_ahead(SSL_CTX *context, int on) {
  SSL_CTX_set_read_ahead(context, on);
}

static inline int shim_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *groups) {
  return (int)SSL_CTX_set1_groups_list(context, groups);
}

static inline int shim_SSL_CTX_add1_chain_cert(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

static inline int shim_SSL_CTX_clear_chain_certs(SSL_CTX *context) {
  return (int)SSL_CTX_clear_chain_certs(context);
}

static inline void shim_SSL_CTX_set_tlsext_servername_callback(
    SSL_CTX *context, int (*callback)(SSL *, int *, void *), void *argument) {
  SSL_CTX_set_tlsext_servername_callback(context, callback);
  SSL_CTX_set_tlsext_servername_arg(context, argument);
}

// Sessions.

static inline int shim_SSL_set_tlsext_host_name(SSL *session, const char *name) {
  return (int)SSL_set_tlsext_host_name(session, name);
}

static inline void shim_SSL_set_app_data(SSL *session, void *data) {
  SSL_set_app_data(session, data);
}

static inline void *shim_SSL_get_app_data(const SSL *session) {
  return SSL_get_app_data(session);
}

static inline void *shim_SSL_CTX_get_app_data(const SSL_CTX *context) {
  return SSL_CTX_get_app_data(context);
}

static inline void shim_SSL_CTX_set_app_data(SSL_CTX *context, void *data) {
  SSL_CTX_set_app_data(context, data);
}

// BIO.

static inline void shim_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }

static inline void shim_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }

static inline long shim_BIO_get_mem_data(BIO *bio, const char **start) {
  return BIO_get_mem_data(bio, (char **)start);
}

// Codes. OSSL_PARAM keeps the pointers it is given, and a Swift string is a C string only for the length
// of a call: the list is made here.

static inline int shim_EVP_MAC_init_HMAC_SHA256(
    EVP_MAC_CTX *context, const unsigned char *key, size_t length) {
  static char digest[] = "SHA2-256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof(digest) - 1),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_init(context, key, length, parameters);
}

// Errors.

static inline int shim_ERR_GET_LIB(unsigned long code) { return ERR_GET_LIB(code); }

static inline int shim_ERR_GET_REASON(unsigned long code) { return ERR_GET_REASON(code); }

#endif
