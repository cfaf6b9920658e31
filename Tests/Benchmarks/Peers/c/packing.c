#include "packing.h"

void append_frame(const ProtobufCMessage *message, uint32_t stream, uint8_t type, uint8_t flags, struct bytes *out) {
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *to = bytes_reserve(out, FRAME_HEADER + size);
    frame_header(to, (uint32_t)size, stream, type, flags);
    protobuf_c_message_pack(message, to + FRAME_HEADER);
    out->end += FRAME_HEADER + size;
}

ProtobufCBinaryData packed(const ProtobufCMessage *message) {
    static struct bytes scratch;
    bytes_clear(&scratch);
    size_t size = protobuf_c_message_get_packed_size(message);
    protobuf_c_message_pack(message, bytes_reserve(&scratch, size));
    return (ProtobufCBinaryData){.len = size, .data = scratch.data};
}
