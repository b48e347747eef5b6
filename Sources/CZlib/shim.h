#ifndef TRACKERSTATE_CZLIB_SHIM_H
#define TRACKERSTATE_CZLIB_SHIM_H

#include <zlib.h>

/* deflateInit2 and inflateInit2 are macros, which Swift does not import. */

static inline int trackerstate_deflate_init(z_stream *stream, int level, int window_bits,
                                            int mem_level, int strategy) {
  return deflateInit2(stream, level, Z_DEFLATED, window_bits, mem_level, strategy);
}

static inline int trackerstate_inflate_init(z_stream *stream, int window_bits) {
  return inflateInit2(stream, window_bits);
}

#endif
