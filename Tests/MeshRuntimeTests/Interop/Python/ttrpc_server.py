"""A ttrpc 1.2 server by the standard library alone, for the client under test.

    python3 ttrpc_server.py --cert FILE --key FILE --roots FILE [--alpn NAME]

Listens on a free port of 127.0.0.1 and prints "port N", then a line for each thing that a client did against the rules of ttrpc.
Ends at the end of its standard input, with the line "served N connections".
"""

import argparse
import socket
import ssl
import struct
import sys
import threading

from ttrpc_wire import (
    DATA, FRAME_MAX, INTERNAL, NO_DATA, REMOTE_CLOSED, REMOTE_OPEN, REQUEST, RESPONSE, SERVICE, UNIMPLEMENTED, field, fields, payload)

UNARY, SERVER_STREAMING, CLIENT_STREAMING, BIDIRECTIONAL = range(4)
KINDS = {"StreamingOutputCall": SERVER_STREAMING, "CloseWithMessage": SERVER_STREAMING, "Forever": SERVER_STREAMING,
         "StreamingInputCall": CLIENT_STREAMING, "FullDuplexCall": BIDIRECTIONAL, "Flags": BIDIRECTIONAL}
# What a client says in its Request for each kind: nothing more comes, or Data will and this frame has none.
FLAGS = {UNARY: 0, SERVER_STREAMING: REMOTE_CLOSED, CLIENT_STREAMING: REMOTE_OPEN | NO_DATA, BIDIRECTIONAL: REMOTE_OPEN | NO_DATA}


def violation(text):
    print("violation:", text, flush=True)


class Failed(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message


def simple(text):
    """A SimpleResponse, or a StreamingOutputCallResponse: both have the payload in field 1."""
    return field(1, payload(text.encode() if isinstance(text, str) else text))


def fail_if_asked(message):
    status = fields(message.get(3, [b""])[0])
    if status.get(1, [0])[0]:
        raise Failed(status[1][0], status.get(2, [b""])[0].decode())


class Connection:
    def __init__(self, tls):
        self.tls = tls
        self.last_id = -1
        self.streams = {}
        self.held = []

    # Frames.

    def send(self, kind, stream, flags=0, data=b"", pieces=False):
        header = struct.pack(">IIBB", len(data), stream, kind, flags)
        if not pieces:
            return self.tls.sendall(header + data)
        for piece in (header[:4], header[4:8], header[8:9], header[9:], data[:1], data[1:]):
            self.tls.sendall(piece)

    def exactly(self, count):
        data = bytearray()
        while len(data) < count:
            piece = self.tls.recv(min(count - len(data), 1 << 16))
            if not piece:
                raise EOFError(len(data))
            data += piece
        return bytes(data)

    def frames(self):
        while True:
            try:
                header = self.exactly(10)
            except EOFError as end:
                if end.args[0]:
                    violation("the connection ended inside a header")
                return
            length, stream, kind, flags = struct.unpack(">IIBB", header)
            if length > FRAME_MAX:
                violation(f"a frame of {length} bytes")
            yield stream, kind, flags, self.exactly(length)

    def respond(self, stream, message=b"", code=0, text=""):
        status = field(1, field(1, code) + field(2, text)) if code else b""
        self.send(RESPONSE, stream, 0, status + (field(2, message) if message else b""))

    def end(self, stream):
        self.send(DATA, stream, REMOTE_CLOSED | NO_DATA)

    # What a client says.

    def serve(self):
        for stream, kind, flags, data in self.frames():
            if kind == REQUEST:
                self.request(stream, flags, data)
            elif kind == DATA:
                self.data(stream, flags, data)
            else:
                violation(f"type {kind} has no place in what a client sends")

    def request(self, stream, flags, data):
        if stream % 2 == 0 or stream <= self.last_id:
            violation(f"stream {stream} after {self.last_id}")
        self.last_id = stream
        request = fields(data)
        service, method = (request.get(number, [b""])[0].decode() for number in (1, 2))
        call = {"method": method, "request": request, "flags": flags, "count": 0, "bytes": 0}
        kind = KINDS.get(method, UNARY)
        if flags != FLAGS[kind]:
            violation(f"{method} with flags {flags}")
        try:
            if service != SERVICE:
                raise Failed(UNIMPLEMENTED, "no such service")
            message = request.get(3, [b""])[0]
            if kind in (CLIENT_STREAMING, BIDIRECTIONAL):
                if message:
                    violation(f"{method} with a message in its Request")
                self.streams[stream] = call
                if method == "Flags":
                    self.send(DATA, stream, 0, simple(str(flags)))
            elif kind == SERVER_STREAMING:
                self.stream(stream, method, message)
            else:
                self.unary(stream, method, request, message)
        except Failed as failed:
            self.respond(stream, b"", failed.code, failed.message)

    def unary(self, stream, method, request, message):
        if method == "EmptyCall":
            return self.respond(stream)
        if method == "UnaryCall":
            asked = fields(message)
            fail_if_asked(asked)
            size = asked.get(1, [0])[0]
            return self.respond(stream, field(1, payload(bytes(size)) if size else asked.get(2, [b""])[0]))
        if method == "Metadata":
            pairs = [fields(pair) for pair in request.get(5, [])]
            found = {}
            for pair in pairs:
                found.setdefault(pair[1][0].decode(), []).append(pair.get(2, [b""])[0].decode())
            lines = [f"{key}={','.join(values)}" for key, values in sorted(found.items()) if key.startswith("x-test")]
            return self.respond(stream, simple("\n".join(lines)))
        if method == "TimeLeft":
            return self.respond(stream, simple(str(request.get(4, [0])[0])))
        if method == "Odd":
            # A status that is there and says OK, a field and a flag that nobody knows, and frames that nobody asked for, in pieces.
            self.send(RESPONSE, 0xFFFFFFFD, 0, simple("stray"))
            self.send(0x30, stream, 0, b"what is this")
            self.send(DATA, 2, 0, b"even")
            return self.send(RESPONSE, stream, 0x80, field(1, b"\x08\x00") + field(2, simple("odd")) + field(1000, "later"), pieces=True)
        if method == "Hold":
            return self.held.append(stream)
        if method == "Release":
            for held in self.held:
                self.respond(held, simple("late"))
            self.held = []
            return self.respond(stream)
        if method == "HangUp":
            raise EOFError(0)
        raise Failed(UNIMPLEMENTED, "no such method")

    def stream(self, stream, method, message):
        if method == "CloseWithMessage":
            self.send(DATA, stream, 0, simple("first"))
            return self.send(DATA, stream, REMOTE_CLOSED, simple("last"))
        if method == "Forever":
            return self.send(DATA, stream, 0, simple("first"))
        asked = fields(message)
        for parameters in asked.get(1, []):
            self.send(DATA, stream, 0, simple(bytes(fields(parameters).get(1, [0])[0])))
        fail_if_asked(asked)
        self.end(stream)

    def data(self, stream, flags, data):
        call = self.streams.get(stream)
        if call is None:
            # As stock servers answer what comes too late, or on a unary call.
            violation(f"Data on stream {stream}, which takes none")
            return self.respond(stream, b"", INTERNAL, "no longer active")
        if flags not in (0, REMOTE_CLOSED | NO_DATA) or (flags and data):
            violation(f"Data of {len(data)} bytes with flags {flags}")
        if flags:
            del self.streams[stream]
            if KINDS[call["method"]] == CLIENT_STREAMING:
                return self.respond(stream, field(1, call["bytes"]) + field(2, call["count"]))
            return self.end(stream)
        asked = fields(data)
        call["count"] += 1
        call["bytes"] += len(fields(asked.get(1, [b""])[0]).get(1, [b""])[0]) if call["method"] == "StreamingInputCall" else 0
        if call["method"] == "FullDuplexCall":
            for parameters in asked.get(1, []):
                self.send(DATA, stream, 0, simple(bytes(fields(parameters).get(1, [0])[0])))
            status = fields(asked.get(3, [b""])[0])
            if status.get(1, [0])[0]:
                del self.streams[stream]
                self.respond(stream, b"", status[1][0], status.get(2, [b""])[0].decode())


def serve(tcp, context):
    try:
        with context.wrap_socket(tcp, server_side=True) as tls:
            Connection(tls).serve()
    except (OSError, EOFError):
        tcp.close()


def main():
    parser = argparse.ArgumentParser()
    for name in ("cert", "key", "roots"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--alpn")
    arguments = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(arguments.roots)
    context.load_cert_chain(arguments.cert, arguments.key)
    if arguments.alpn:
        context.set_alpn_protocols([arguments.alpn])
    listener = socket.create_server(("127.0.0.1", 0))
    print("port", listener.getsockname()[1], flush=True)
    served = [0]

    def accept():
        while True:
            tcp, _ = listener.accept()
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            served[0] += 1
            threading.Thread(target=serve, args=(tcp, context), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()
    print("served", served[0], "connections", flush=True)


main()
