// ttrpc 1.2's frame: a header of ten bytes, then `length` bytes of data (proto/PROTOCOL.md).
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

enum { FRAME_HEADER = 10, FRAME_LENGTH_MAX = 4 * 1024 * 1024 };
enum frame_type { FRAME_REQUEST = 1, FRAME_RESPONSE = 2, FRAME_DATA = 3 };
enum frame_flag { FLAG_REMOTE_CLOSED = 1, FLAG_REMOTE_OPEN = 2, FLAG_NO_DATA = 4 };

struct frame {
    uint32_t length, stream;
    uint8_t type, flags;
    const uint8_t *data;
};

enum next_frame { NEXT_FRAME, NEXT_INCOMPLETE, NEXT_MALFORMED };

// The frame that `in` starts with; its data stays in `in`, which is moved behind it.
enum next_frame frame_next(struct bytes *in, struct frame *out);
void frame_header(uint8_t *to, uint32_t length, uint32_t stream, uint8_t type, uint8_t flags);
