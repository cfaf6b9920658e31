#include <string.h>

#include "arena.h"
#include "packing.h"

enum { PAYLOAD_SIZE = 64, NAME_SIZE = 26 };

static uint8_t payload[PAYLOAD_SIZE] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
static char name[] = "abcdefghijklmnopqrstuvwxyz";
static const int64_t deadline = 10000000000;

static void request_frame(char *method, const ProtobufCMessage *message, uint32_t stream, uint8_t flags, struct bytes *out) {
    Mesh__V1__Request request = MESH__V1__REQUEST__INIT;
    request.service = "bench.v1.Echo";
    request.method = method;
    request.payload = packed(message);
    request.timeout_nano = deadline;
    append_frame(&request.base, stream, FRAME_REQUEST, flags, out);
}

void echo_request(uint32_t stream, struct bytes *out) {
    Bench__V1__EchoRequest echo = BENCH__V1__ECHO_REQUEST__INIT;
    echo.payload = (ProtobufCBinaryData){.len = sizeof payload, .data = payload};
    echo.name = name;
    request_frame("Echo", &echo.base, stream, 0, out);
}

void stream_request(uint32_t stream, struct bytes *out) {
    Bench__V1__StreamRequest wanted = BENCH__V1__STREAM_REQUEST__INIT;
    wanted.size = PAYLOAD_SIZE;
    request_frame("Stream", &wanted.base, stream, FLAG_REMOTE_CLOSED, out);
}

static bool carries_echo(const Mesh__V1__Response *response, ProtobufCAllocator *allocator) {
    if (response->status && response->status->code != 0) return false;
    Bench__V1__EchoResponse *echo = bench__v1__echo_response__unpack(allocator, response->payload.len, response->payload.data);
    if (!echo) return false;
    bool same = echo->payload.len == sizeof payload && !memcmp(echo->payload.data, payload, sizeof payload) && !strcmp(echo->name, name);
    message_free(&echo->base, allocator);
    return same;
}

bool is_echo_response(const struct frame *frame, ProtobufCAllocator *allocator) {
    if (frame->type != FRAME_RESPONSE) return false;
    Mesh__V1__Response *response = mesh__v1__response__unpack(allocator, frame->length, frame->data);
    bool right = response && carries_echo(response, allocator);
    if (response) message_free(&response->base, allocator);
    arena_reset();
    return right;
}

bool is_stream_message(const struct frame *frame, ProtobufCAllocator *allocator) {
    if (frame->type != FRAME_DATA || frame->flags & FLAG_NO_DATA) return false;
    Bench__V1__EchoResponse *message = bench__v1__echo_response__unpack(allocator, frame->length, frame->data);
    bool right = message && message->payload.len == PAYLOAD_SIZE && strlen(message->name) == NAME_SIZE;
    if (message) message_free(&message->base, allocator);
    arena_reset();
    return right;
}
