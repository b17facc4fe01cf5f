// What the sample service takes from OpenSSL: password hashing, randomness, one signing key.
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
