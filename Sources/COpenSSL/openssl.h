// What Countersign uses of OpenSSL 3, and functions for what OpenSSL offers only as macros, which
// Swift cannot see. A shim has the name of the macro behind "shim_" and does the same, nothing more.
#ifndef COUNTERSIGN_COPENSSL_H
#define COUNTERSIGN_COPENSSL_H

// Nothing that OpenSSL 3.0 calls deprecated is declared, so nothing of it can be used.
#define OPENSSL_API_COMPAT 30000
#define OPENSSL_NO_DEPRECATED 1

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
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

// Keys from their numbers, for the same reason. Each answers the key, owned by the caller, or NULL with
// the reason in the error queue.

static inline EVP_PKEY *shim_EVP_PKEY_fromdata(
    const char *type, int selection, OSSL_PARAM_BLD *builder) {
  EVP_PKEY *key = NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
  OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
  if (context && parameters && EVP_PKEY_fromdata_init(context) == 1)
    if (EVP_PKEY_fromdata(context, &key, selection, parameters) != 1) key = NULL;
  OSSL_PARAM_free(parameters);
  EVP_PKEY_CTX_free(context);
  return key;
}

static inline EVP_PKEY *shim_EVP_PKEY_fromdata_RSA(
    const unsigned char *modulus, int modulus_length, const unsigned char *exponent,
    int exponent_length) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  BIGNUM *n = BN_bin2bn(modulus, modulus_length, NULL);
  BIGNUM *e = BN_bin2bn(exponent, exponent_length, NULL);
  if (builder && n && e && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
      OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
    key = shim_EVP_PKEY_fromdata("RSA", EVP_PKEY_PUBLIC_KEY, builder);
  BN_free(n);
  BN_free(e);
  OSSL_PARAM_BLD_free(builder);
  return key;
}

// The private number may be NULL: the key is then a public one.
static inline EVP_PKEY *shim_EVP_PKEY_fromdata_EC(
    const char *group, const unsigned char *point, size_t point_length,
    const unsigned char *private_number, int private_length) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  BIGNUM *d = private_number ? BN_secure_new() : NULL;
  int made = builder &&
             OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
             OSSL_PARAM_BLD_push_octet_string(
                 builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_length) == 1;
  if (made && private_number)
    made = d && BN_bin2bn(private_number, private_length, d) &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1;
  if (made)
    key = shim_EVP_PKEY_fromdata(
        "EC", private_number ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, builder);
  BN_clear_free(d);
  OSSL_PARAM_BLD_free(builder);
  return key;
}

// Errors.

static inline int shim_ERR_GET_LIB(unsigned long code) { return ERR_GET_LIB(code); }

static inline int shim_ERR_GET_REASON(unsigned long code) { return ERR_GET_REASON(code); }

#endif
