#include "arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { ARENA_SIZE = 64 * 1024 };

static _Alignas(16) uint8_t storage[ARENA_SIZE];
static size_t used;
// A message did not fit, so that some of what it needs is malloc's.
static bool overflowed;

static void *arena_alloc(void *data, size_t size) {
    (void)data;
    size_t rounded = (size + 15) & ~(size_t)15;
    if (rounded < size || rounded > ARENA_SIZE - used) {
        overflowed = true;
        return malloc(size);
    }
    void *found = storage + used;
    used += rounded;
    return found;
}

static void arena_free(void *data, void *pointer) {
    (void)data;
    uint8_t *byte = pointer;
    if (byte < storage || byte >= storage + ARENA_SIZE) free(pointer);
}

static ProtobufCAllocator arena = {.alloc = arena_alloc, .free = arena_free};

ProtobufCAllocator *message_allocator(int use_arena) { return use_arena ? &arena : NULL; }

void message_free(ProtobufCMessage *message, ProtobufCAllocator *allocator) {
    if (!allocator || overflowed) protobuf_c_message_free_unpacked(message, allocator);
}

void arena_reset(void) {
    used = 0;
    overflowed = false;
}
