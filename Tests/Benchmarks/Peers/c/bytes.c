#include "bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *bytes_reserve(struct bytes *b, size_t count) {
    if (b->capacity - b->end >= count) return b->data + b->end;
    if (b->start > 0) {
        memmove(b->data, b->data + b->start, bytes_count(b));
        b->end -= b->start;
        b->start = 0;
        if (b->capacity - b->end >= count) return b->data + b->end;
    }
    size_t wanted = b->capacity == 0 ? 256 : b->capacity;
    while (wanted - b->end < count) wanted *= 2;
    uint8_t *grown = realloc(b->data, wanted);
    if (!grown) {
        perror("bench-c: realloc");
        exit(1);
    }
    b->data = grown;
    b->capacity = wanted;
    return b->data + b->end;
}

void bytes_append(struct bytes *b, const uint8_t *from, size_t count) {
    memcpy(bytes_reserve(b, count), from, count);
    b->end += count;
}

void bytes_take(struct bytes *b, size_t count) {
    b->start += count;
    if (b->start == b->end) bytes_clear(b);
}

void bytes_clear(struct bytes *b) { b->start = b->end = 0; }

void bytes_free(struct bytes *b) {
    free(b->data);
    *b = (struct bytes){0};
}
