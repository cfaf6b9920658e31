// What the frames carry: packed and unpacked by protobuf-c.
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "frames.h"

// A server-streaming call under way.
struct stream {
    bool open, endless;
    uint32_t id, left, size;
};

enum answered { ANSWERED, ANSWERED_BY_STREAM, NOT_A_REQUEST };

// Appends the answer to a Request frame; a call of Stream is written to `stream` instead.
enum answered answer_request(const struct frame *frame, ProtobufCAllocator *allocator, struct bytes *out, struct stream *stream);
// Appends the stream's next messages, about `count` bytes of them, and its end.
void stream_messages(struct stream *stream, size_t count, struct bytes *out);

// Appends a Request for Echo.
void echo_request(uint32_t stream, struct bytes *out);
// Appends a Request for an endless Stream.
void stream_request(uint32_t stream, struct bytes *out);
// Whether this is Echo's right answer.
bool is_echo_response(const struct frame *frame, ProtobufCAllocator *allocator);
// Whether this is one of Stream's messages.
bool is_stream_message(const struct frame *frame, ProtobufCAllocator *allocator);
