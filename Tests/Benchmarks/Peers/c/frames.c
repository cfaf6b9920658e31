#include "frames.h"

#include <string.h>

static uint32_t read_u32(const uint8_t *from) {
    uint32_t big;
    memcpy(&big, from, 4);
    return __builtin_bswap32(big);
}

static void write_u32(uint8_t *to, uint32_t value) {
    uint32_t big = __builtin_bswap32(value);
    memcpy(to, &big, 4);
}

enum next_frame frame_next(struct bytes *in, struct frame *out) {
    size_t count = bytes_count(in);
    if (count < FRAME_HEADER) return NEXT_INCOMPLETE;
    const uint8_t *first = bytes_first(in);
    out->length = read_u32(first);
    if (out->length > FRAME_LENGTH_MAX) return NEXT_MALFORMED;
    if (count < FRAME_HEADER + out->length) return NEXT_INCOMPLETE;
    out->stream = read_u32(first + 4);
    out->type = first[8];
    out->flags = first[9];
    out->data = first + FRAME_HEADER;
    // The caller still reads the data, so the buffer is not cleared here.
    in->start += FRAME_HEADER + out->length;
    return NEXT_FRAME;
}

void frame_header(uint8_t *to, uint32_t length, uint32_t stream, uint8_t type, uint8_t flags) {
    write_u32(to, length);
    write_u32(to + 4, stream);
    to[8] = type;
    to[9] = flags;
}
