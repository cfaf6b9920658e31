// Private to answers.c and requests.c: messages into frames.
#pragma once
#include "bench/v1/bench.pb-c.h"
#include "mesh/v1/wire.pb-c.h"
#include "messages.h"

// Appends a frame whose data is this message.
void append_frame(const ProtobufCMessage *message, uint32_t stream, uint8_t type, uint8_t flags, struct bytes *out);
// Packs into memory that the next call uses again.
ProtobufCBinaryData packed(const ProtobufCMessage *message);
