"""ttrpc 1.2 by the standard library alone, as the other side of the interoperability tests.

    python3 ttrpc_client.py --addr HOST:PORT --cert FILE --key FILE --roots FILE [--alpn NAME] CASE

Frames and protobuf are written by hand, so that nothing here shares code or assumptions with the server under test.
Exits with 0 when the case holds, with 1 and a traceback when it does not.
"""

import argparse
import socket
import ssl
import struct

from ttrpc_wire import (
    DATA, DEADLINE_EXCEEDED, FRAME_MAX, INVALID_ARGUMENT, NO_DATA, REMOTE_CLOSED, REMOTE_OPEN, REQUEST, RESOURCE_EXHAUSTED, RESPONSE, SERVICE,
    UNIMPLEMENTED, field, fields, payload)


# Messages.

def simple_request(size=0, body=None, status=None):
    out = field(1, size)
    if body is not None:
        out += field(2, payload(body))
    if status is not None:
        out += field(3, field(1, status[0]) + field(2, status[1]))
    return out


def output_request(sizes, status=None):
    out = b"".join(field(1, field(1, size)) for size in sizes)
    return out + (field(3, field(1, status[0]) + field(2, status[1])) if status else b"")


def body_of(message):
    """The payload's body of a SimpleResponse or StreamingOutputCallResponse."""
    inner = fields(message).get(1, [b""])[0]
    return fields(inner).get(1, [b""])[0]


class Status(Exception):
    def __init__(self, code, message):
        super().__init__(f"status {code}: {message}")
        self.code, self.message = code, message


def read_response(data):
    """The payload of a Response; raises Status."""
    found = fields(data)
    if 1 in found:
        status = fields(found[1][0])
        code = status.get(1, [0])[0]
        if code:
            raise Status(code, status.get(2, [b""])[0].decode())
    return found.get(2, [b""])[0]


# The connection.

class Connection:
    def __init__(self, arguments):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        # A mesh certificate names no host.
        context.check_hostname = False
        context.load_verify_locations(arguments.roots)
        context.load_cert_chain(arguments.cert, arguments.key)
        if arguments.alpn:
            context.set_alpn_protocols([arguments.alpn])
        host, port = arguments.addr.rsplit(":", 1)
        self.tls = context.wrap_socket(socket.create_connection((host, int(port)), timeout=30))
        assert self.tls.selected_alpn_protocol() == arguments.alpn, self.tls.selected_alpn_protocol()
        self.next_id = 1

    def open_id(self):
        self.next_id += 2
        return self.next_id - 2

    def send(self, kind, stream, flags=0, data=b""):
        self.tls.sendall(struct.pack(">IIBB", len(data), stream, kind, flags) + data)

    def request(self, method, data=b"", flags=0, stream=None, timeout=0, metadata=(), service=SERVICE):
        stream = stream if stream is not None else self.open_id()
        out = field(1, service) + field(2, method) + (field(3, data) if data else b"") + field(4, timeout)
        for key, value in metadata:
            out += field(5, field(1, key) + field(2, value))
        self.send(REQUEST, stream, flags, out)
        return stream

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.tls.recv(count - len(data))
            if not piece:
                raise EOFError(f"{len(data)} of {count} bytes")
            data += piece
        return data

    def receive(self):
        length, stream, kind, flags = struct.unpack(">IIBB", self.exactly(10))
        assert kind in (RESPONSE, DATA), f"type {kind} has no place in ttrpc"
        assert length <= FRAME_MAX, f"a frame of {length} bytes"
        assert kind == DATA or flags == 0, f"a Response with flags {flags}"
        return stream, kind, flags, self.exactly(length)

    def response(self, expected):
        """The payload of the Response that comes next, on this stream."""
        stream, kind, _, data = self.receive()
        assert (stream, kind) == (expected, RESPONSE), f"type {kind} on stream {stream}, expected a Response on {expected}"
        return read_response(data)

    def message(self, expected):
        """The next message of a stream; None at its end. Raises Status."""
        stream, kind, flags, data = self.receive()
        assert stream == expected, f"stream {stream}, expected {expected}"
        if kind == RESPONSE:
            read_response(data)
            raise AssertionError("a Response that is OK ends a stream of messages")
        if flags == REMOTE_CLOSED | NO_DATA:
            assert not data
            return None
        assert flags == 0, f"Data with flags {flags}"
        return data

    def messages(self, stream):
        found = []
        while (message := self.message(stream)) is not None:
            found.append(message)
        return found

    def echo(self, body=b"hello"):
        stream = self.request("UnaryCall", simple_request(body=body))
        assert body_of(self.response(stream)) == body

    def fails(self, code, stream):
        try:
            self.response(stream)
        except Status as status:
            assert status.code == code, status
            return status
        raise AssertionError(f"no status {code}")

    def closed(self):
        try:
            rest = self.tls.recv(1)
        except (ConnectionError, ssl.SSLError):
            return
        assert rest == b"", "the connection is open"


# The cases.

def unary(c):
    assert c.response(c.request("EmptyCall")) == b""
    c.echo()
    c.echo(bytes(range(256)) * 1000)


def errors(c):
    for code in range(1, 17):
        stream = c.request("UnaryCall", simple_request(status=(code, f"with {code}")))
        assert c.fails(code, stream).message == f"with {code}"
    c.fails(UNIMPLEMENTED, c.request("Nothing"))
    c.fails(UNIMPLEMENTED, c.request("EmptyCall", service="no.such.Service"))
    stream = c.open_id()
    c.send(REQUEST, stream, 0, b"\xff\xff")
    c.fails(INVALID_ARGUMENT, stream)
    c.echo()


def timeouts(c):
    c.fails(DEADLINE_EXCEEDED, c.request("EmptyCall", timeout=-1))
    # The client's half stays open and nothing is asked for, so only the time ends this.
    c.fails(DEADLINE_EXCEEDED, c.request("StreamingInputCall", flags=REMOTE_OPEN | NO_DATA, timeout=100_000_000))
    c.echo()


def unknown_request_fields(c):
    stream = c.open_id()
    c.send(REQUEST, stream, 0, field(1, SERVICE) + field(2, "EmptyCall") + field(1000, "later") + field(1001, 7))
    assert c.response(stream) == b""


def server_streaming(c):
    sizes = [31_415, 1, 2653, 58_979]
    stream = c.request("StreamingOutputCall", output_request(sizes), REMOTE_CLOSED)
    assert [len(body_of(m)) for m in c.messages(stream)] == sizes
    # Stock servers do not look at the flags of a Request.
    for flags in (0, 0x80):
        stream = c.request("StreamingOutputCall", output_request([5]), flags)
        assert [len(body_of(m)) for m in c.messages(stream)] == [5]
    assert c.messages(c.request("StreamingOutputCall", b"", REMOTE_CLOSED)) == []
    # Fails after two messages.
    stream = c.request("StreamingOutputCall", output_request([1, 2], (9, "enough")), REMOTE_CLOSED)
    assert [len(body_of(c.message(stream))) for _ in range(2)] == [1, 2]
    assert (c.fails(9, stream)).message == "enough"
    c.echo()


def client_streaming(c):
    # Stock Go says 0x02, stock Rust 0x06; a stock server does not look.
    for flags in (REMOTE_OPEN, REMOTE_OPEN | NO_DATA, 0):
        stream = c.request("StreamingInputCall", flags=flags)
        for size in (27_182, 8, 1828, 45_904):
            c.send(DATA, stream, 0, field(1, payload(b"x" * size)))
        c.send(DATA, stream, REMOTE_CLOSED | NO_DATA)
        assert fields(c.response(stream)) == {1: [74_922], 2: [4]}
    c.echo()


def no_messages(c):
    stream = c.request("StreamingInputCall", flags=REMOTE_OPEN | NO_DATA)
    c.send(DATA, stream, REMOTE_CLOSED | NO_DATA)
    assert c.response(stream) == b""
    stream = c.request("FullDuplexCall", flags=REMOTE_OPEN | NO_DATA)
    c.send(DATA, stream, REMOTE_CLOSED | NO_DATA)
    assert c.messages(stream) == []


def bidirectional(c):
    stream = c.request("FullDuplexCall", flags=REMOTE_OPEN)
    for size in (31_415, 9, 2653, 58_979):
        c.send(DATA, stream, 0, output_request([size]))
        assert len(body_of(c.message(stream))) == size
    c.send(DATA, stream, REMOTE_CLOSED | NO_DATA)
    assert c.messages(stream) == []
    # Both halves at once: all questions first, then all answers.
    stream = c.request("FullDuplexCall", flags=REMOTE_OPEN)
    for size in range(50):
        c.send(DATA, stream, 0, output_request([size]))
    c.send(DATA, stream, REMOTE_CLOSED | NO_DATA)
    assert [len(body_of(m)) for m in c.messages(stream)] == list(range(50))


def interleaved(c):
    streams = [c.request("FullDuplexCall", flags=REMOTE_OPEN) for _ in range(10)]
    for size in range(5):
        for stream in streams:
            c.send(DATA, stream, 0, output_request([size * 100 + stream]))
    for stream in streams:
        c.send(DATA, stream, REMOTE_CLOSED | NO_DATA)
    found = {stream: [] for stream in streams}
    open_streams = set(streams)
    while open_streams:
        stream, kind, flags, data = c.receive()
        assert kind == DATA
        if flags:
            open_streams.remove(stream)
        else:
            found[stream].append(len(body_of(data)))
    for stream in streams:
        assert found[stream] == [size * 100 + stream for size in range(5)], found[stream]


def half_close_while_reading(c):
    """The server goes on sending after the client has ended its half."""
    stream = c.request("FullDuplexCall", flags=REMOTE_OPEN)
    c.send(DATA, stream, 0, output_request([100] * 500))
    c.send(DATA, stream, REMOTE_CLOSED | NO_DATA)
    assert len(c.messages(stream)) == 500


def empty_messages(c):
    """Data of length 0 without the flag no-data is a message: the empty one."""
    stream = c.request("StreamingInputCall", flags=REMOTE_OPEN)
    for _ in range(3):
        c.send(DATA, stream)
    c.send(DATA, stream, NO_DATA)
    c.send(DATA, stream, REMOTE_CLOSED | NO_DATA)
    assert fields(c.response(stream)) == {2: [3]}
    # One that the server sends.
    stream = c.request("StreamingOutputCall", output_request([0, 0]), REMOTE_CLOSED)
    assert [body_of(m) for m in c.messages(stream)] == [b"", b""]


def close_with_message(c):
    """The last message may carry the end of its half."""
    stream = c.request("StreamingInputCall", flags=REMOTE_OPEN)
    c.send(DATA, stream, 0, field(1, payload(b"12345")))
    c.send(DATA, stream, REMOTE_CLOSED, field(1, payload(b"678")))
    assert fields(c.response(stream)) == {1: [8], 2: [2]}


def first_message_in_request(c):
    stream = c.request("StreamingInputCall", field(1, payload(b"123")), REMOTE_OPEN)
    c.send(DATA, stream, 0, field(1, payload(b"45")))
    c.send(DATA, stream, REMOTE_CLOSED | NO_DATA)
    assert fields(c.response(stream)) == {1: [5], 2: [2]}


def data_on_unary(c):
    """Crashes a stock server; here it is an answer."""
    for flags in (0, REMOTE_CLOSED | NO_DATA):
        stream = c.request("Hold")
        c.send(DATA, stream, flags)
        c.fails(INVALID_ARGUMENT, stream)
    # Neither does it help to have said that messages come.
    stream = c.request("Hold", flags=REMOTE_OPEN)
    c.send(DATA, stream, 0, b"x")
    c.fails(INVALID_ARGUMENT, stream)
    c.echo()


def data_on_ended(c):
    stream = c.request("EmptyCall")
    c.response(stream)
    c.send(DATA, stream, 0, b"x")
    c.fails(INVALID_ARGUMENT, stream)
    c.send(DATA, 1001, 0, b"x")
    c.fails(INVALID_ARGUMENT, 1001)
    c.echo()


def even_ids(c):
    for stream in (0, 2, 0xFFFFFFFE):
        c.request("EmptyCall", stream=stream)
        c.fails(INVALID_ARGUMENT, stream)
    c.echo()


def used_ids(c):
    for _ in range(3):
        c.echo()
    for stream in (1, 3, 5):
        c.request("EmptyCall", stream=stream)
        c.fails(INVALID_ARGUMENT, stream)
    # Gaps are fine, and what lies in one is used up.
    c.request("EmptyCall", stream=101)
    assert c.response(101) == b""
    c.request("EmptyCall", stream=99)
    c.fails(INVALID_ARGUMENT, 99)
    c.next_id = 103
    c.echo()


def oversize(c):
    """More than 4 MiB is read, thrown away and answered; its id is not used up."""
    stream = c.next_id
    c.send(REQUEST, stream, 0, bytes(FRAME_MAX + 1))
    c.fails(RESOURCE_EXHAUSTED, stream)
    c.echo()
    stream = c.request("StreamingInputCall", flags=REMOTE_OPEN)
    c.send(DATA, stream, 0, bytes(FRAME_MAX + 1))
    c.fails(RESOURCE_EXHAUSTED, stream)
    c.echo()
    stream = c.request("UnaryCall", simple_request(size=FRAME_MAX))
    c.fails(RESOURCE_EXHAUSTED, stream)
    c.echo()


def largest(c):
    """Exactly 4 MiB goes both ways."""
    overhead = len(field(1, SERVICE) + field(2, "UnaryCall")) + 3 * 5
    c.echo(bytes(FRAME_MAX - overhead))
    stream = c.request("UnaryCall", simple_request(size=FRAME_MAX - 15))
    assert len(body_of(c.response(stream))) == FRAME_MAX - 15


def no_frame(c):
    """A first byte that is not zero is no length: the connection is closed."""
    c.tls.sendall(b"GET / HTTP/1.1\r\n\r\n")
    c.closed()


def unknown_types(c):
    for kind in (0, 4, 5, 0x40, 0x41, 0x42, 0x43, 0x44, 0x7F, 0xFF):
        c.send(kind, c.next_id, 0, b"12345678")
    c.echo()
    c.send(0x42, 0, 0, b"1234")
    c.fails(INVALID_ARGUMENT, 0)
    c.echo()


def in_pieces(c):
    """A header may come in several records, as ttrpc-rust writes it."""
    stream = c.open_id()
    data = field(1, SERVICE) + field(2, "EmptyCall")
    for piece in (struct.pack(">I", len(data)), struct.pack(">I", stream), bytes([REQUEST]), bytes([0]), data[:5], data[5:]):
        c.tls.sendall(piece)
    assert c.response(stream) == b""


def unread_queue(c):
    """There are no windows: what a handler leaves unread is bounded, and ends that stream alone."""
    stream = c.request("HoldStream", flags=REMOTE_OPEN)
    for _ in range(17):
        c.send(DATA, stream, 0, bytes(256 << 10))
    c.fails(RESOURCE_EXHAUSTED, stream)
    # What comes too late for the answer is not answered again.
    c.send(DATA, stream, 0, b"")
    c.send(DATA, stream, REMOTE_CLOSED | NO_DATA)
    c.echo()
    stream = c.request("HoldStream", flags=REMOTE_OPEN)
    for _ in range(16_385):
        c.send(DATA, stream)
    c.fails(RESOURCE_EXHAUSTED, stream)
    c.echo()


def metadata(c):
    stream = c.request("Metadata", metadata=[("x-test-two", "a"), ("x-test-one", "1"), ("x-test-two", "b")])
    assert body_of(c.response(stream)) == b"x-test-one=1\nx-test-two=a,b"


CASES = {
    f.__name__: f
    for f in (
        unary, errors, timeouts, unknown_request_fields, server_streaming, client_streaming, no_messages, bidirectional, interleaved,
        half_close_while_reading, empty_messages, close_with_message, first_message_in_request, data_on_unary, data_on_ended, even_ids,
        used_ids, oversize, largest, no_frame, unknown_types, in_pieces, unread_queue, metadata,
    )
}


def main():
    parser = argparse.ArgumentParser()
    for name in ("addr", "cert", "key", "roots"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--alpn")
    parser.add_argument("case", choices=CASES)
    arguments = parser.parse_args()
    CASES[arguments.case](Connection(arguments))


main()
