// A bump allocator for what protobuf-c unpacks: one pointer moves, and messages are freed by moving it back.
#pragma once
#include <protobuf-c/protobuf-c.h>

// What unpacking allocates from: malloc (NULL), or the arena.
ProtobufCAllocator *message_allocator(int use_arena);
// Frees an unpacked message. The arena's memory comes back with `arena_reset` only.
void message_free(ProtobufCMessage *message, ProtobufCAllocator *allocator);
// Forgets what the arena gave out. Nothing unpacked with it may be used afterwards.
void arena_reset(void);
