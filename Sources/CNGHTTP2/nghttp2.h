/* nghttp2 as the C edge sees it: the library's own header, which needs these two before it. */
#ifndef COUNTERSIGN_NGHTTP2_H
#define COUNTERSIGN_NGHTTP2_H
#include <stddef.h>
#include <stdint.h>
#include <nghttp2/nghttp2.h>
#endif
