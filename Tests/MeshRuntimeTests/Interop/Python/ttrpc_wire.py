"""What the client and the server beside this file share: ttrpc's numbers, and protobuf written by hand."""

REQUEST, RESPONSE, DATA = 1, 2, 3
REMOTE_CLOSED, REMOTE_OPEN, NO_DATA = 1, 2, 4
FRAME_MAX = 4 << 20
SERVICE = "interop.v1.Test"
INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL = 3, 4, 8, 12, 13


# Protobuf.

def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """A field of an int, or of bytes, a str or an embedded message; nothing for what proto3 leaves out."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def read_varint(data, position):
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def fields(data):
    """{number: [values]}"""
    found, position = {}, 0
    while position < len(data):
        tag, position = read_varint(data, position)
        if tag & 7 == 0:
            value, position = read_varint(data, position)
        else:
            assert tag & 7 == 2, f"wire type {tag & 7}"
            length, position = read_varint(data, position)
            value = data[position:position + length]
            assert len(value) == length
            position += length
        found.setdefault(tag >> 3, []).append(value)
    return found


def payload(body):
    return field(1, body) if body else b""
