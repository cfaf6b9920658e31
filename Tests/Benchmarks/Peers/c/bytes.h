// A buffer that grows: bytes are appended at the end and taken from the start.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *data;
    size_t start, end, capacity;
};

static inline size_t bytes_count(const struct bytes *b) { return b->end - b->start; }
static inline uint8_t *bytes_first(const struct bytes *b) { return b->data + b->start; }

// Room for `count` more bytes behind the last one; exits when memory is out.
uint8_t *bytes_reserve(struct bytes *b, size_t count);
void bytes_append(struct bytes *b, const uint8_t *from, size_t count);
// Forgets the first `count` bytes.
void bytes_take(struct bytes *b, size_t count);
void bytes_clear(struct bytes *b);
void bytes_free(struct bytes *b);
