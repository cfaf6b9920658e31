#include <string.h>

#include "arena.h"
#include "packing.h"

enum { STREAM_SIZE_MAX = 65536, CODE_INVALID_ARGUMENT = 3, CODE_UNIMPLEMENTED = 12 };

static char name[] = "abcdefghijklmnopqrstuvwxyz";
static uint8_t filling[STREAM_SIZE_MAX];

static void respond(uint32_t stream, const ProtobufCMessage *message, struct bytes *out) {
    Mesh__V1__Response response = MESH__V1__RESPONSE__INIT;
    response.payload = packed(message);
    append_frame(&response.base, stream, FRAME_RESPONSE, 0, out);
}

static void refuse(uint32_t stream, int code, struct bytes *out) {
    Mesh__V1__Status status = MESH__V1__STATUS__INIT;
    Mesh__V1__Response response = MESH__V1__RESPONSE__INIT;
    status.code = code;
    response.status = &status;
    append_frame(&response.base, stream, FRAME_RESPONSE, 0, out);
}

static bool answer_echo(const Mesh__V1__Request *request, uint32_t stream, ProtobufCAllocator *allocator, struct bytes *out) {
    Bench__V1__EchoRequest *echo = bench__v1__echo_request__unpack(allocator, request->payload.len, request->payload.data);
    if (!echo) return false;
    Bench__V1__EchoResponse answer = BENCH__V1__ECHO_RESPONSE__INIT;
    answer.payload = echo->payload;
    answer.name = echo->name;
    respond(stream, &answer.base, out);
    message_free(&echo->base, allocator);
    return true;
}

static bool open_stream(const Mesh__V1__Request *request, uint32_t id, ProtobufCAllocator *allocator, struct stream *stream) {
    Bench__V1__StreamRequest *wanted = bench__v1__stream_request__unpack(allocator, request->payload.len, request->payload.data);
    if (!wanted) return false;
    bool fits = wanted->size <= STREAM_SIZE_MAX && !stream->open;
    if (fits) *stream = (struct stream){.open = true, .endless = wanted->count == 0, .id = id, .left = wanted->count, .size = wanted->size};
    message_free(&wanted->base, allocator);
    return fits;
}

static enum answered run(
    const Mesh__V1__Request *request, uint32_t id, ProtobufCAllocator *allocator, struct bytes *out, struct stream *stream) {
    bool known = !strcmp(request->service, "bench.v1.Echo");
    if (known && !strcmp(request->method, "Echo")) {
        if (!answer_echo(request, id, allocator, out)) refuse(id, CODE_INVALID_ARGUMENT, out);
    } else if (known && !strcmp(request->method, "Stream")) {
        if (open_stream(request, id, allocator, stream)) return ANSWERED_BY_STREAM;
        refuse(id, CODE_INVALID_ARGUMENT, out);
    } else {
        refuse(id, CODE_UNIMPLEMENTED, out);
    }
    return ANSWERED;
}

enum answered answer_request(const struct frame *frame, ProtobufCAllocator *allocator, struct bytes *out, struct stream *stream) {
    if (frame->type != FRAME_REQUEST || frame->stream % 2 == 0) return NOT_A_REQUEST;
    enum answered done = ANSWERED;
    Mesh__V1__Request *request = mesh__v1__request__unpack(allocator, frame->length, frame->data);
    if (request) {
        done = run(request, frame->stream, allocator, out, stream);
        message_free(&request->base, allocator);
    } else {
        refuse(frame->stream, CODE_INVALID_ARGUMENT, out);
    }
    arena_reset();
    return done;
}

void stream_messages(struct stream *stream, size_t count, struct bytes *out) {
    Bench__V1__EchoResponse message = BENCH__V1__ECHO_RESPONSE__INIT;
    message.payload = (ProtobufCBinaryData){.len = stream->size, .data = filling};
    message.name = name;
    size_t first = bytes_count(out);
    while (bytes_count(out) - first < count && (stream->endless || stream->left > 0)) {
        append_frame(&message.base, stream->id, FRAME_DATA, 0, out);
        if (!stream->endless) stream->left--;
    }
    if (stream->endless || stream->left > 0) return;
    frame_header(bytes_reserve(out, FRAME_HEADER), 0, stream->id, FRAME_DATA, FLAG_REMOTE_CLOSED | FLAG_NO_DATA);
    out->end += FRAME_HEADER;
    stream->open = false;
}
