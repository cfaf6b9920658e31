"""What a peer may do that means no good: each attack runs until it is told to stop, by strangers or with a good certificate.

    attacks.py NAME HOST PORT FOLDER SECONDS      FOLDER has root.pem, client.pem and client.key

When the server has had enough and closes the connection, the attacker comes back. Prints what it did as one line of JSON."""

import json
import resource
import select
import socket
import ssl
import struct
import sys
import time

# proto/PROTOCOL.md, Frame and Settings.
REQUEST, DATA, PING, SETTINGS, CANCEL = 0x01, 0x03, 0x04, 0x40, 0x41
REMOTE_CLOSED, REMOTE_OPEN, NO_DATA = 0x01, 0x02, 0x04
STREAM_WINDOW, CONNECTION_WINDOW = 2, 3
MOST = 0x7FFFFFFF
MOST_STREAMS = 256
# Frames that are written at once.
BATCH = 500
CONNECT_SECONDS = 10
HALF_OPEN = 10_000
# The record's header, and the handshake's.
CLIENT_HELLO = bytes.fromhex("1603010200010001fc")


def frame(kind, stream, data=b"", flags=0):
    return struct.pack(">IIBB", len(data), stream, kind, flags) + data


def settings(**values):
    ids = {"stream_window": STREAM_WINDOW, "connection_window": CONNECTION_WINDOW}
    return frame(SETTINGS, 0, b"".join(struct.pack(">HI", ids[name], value) for name, value in values.items()))


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def request(method, stream, payload=b"", flags=0):
    data = field(1, b"bench.v1.Echo") + field(2, method) + field(3, payload) + varint(4 << 3) + varint(60_000_000_000)
    return frame(REQUEST, stream, data, flags)


# A StreamRequest: messages without end, of as many bytes as there may be.
ENDLESS = varint(2 << 3) + varint(65_536)


class Peer:
    """A connection by a good certificate; nothing is read from it unless somebody calls `drop`."""

    def __init__(self, attack, receive_buffer=None):
        plain = socket.socket()
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.settimeout(CONNECT_SECONDS)
        plain.connect(attack.address)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = attack.context.wrap_socket(plain)
        self.tls.settimeout(CONNECT_SECONDS)
        self.attack = attack
        self.read = 0

    def send(self, *frames):
        self.tls.sendall(b"".join(frames))
        self.attack.frames += len(frames)

    def drop(self, seconds=0.0):
        """Reads and forgets what has come. False: the server has closed."""
        while self.tls.pending() or select.select([self.tls], [], [], seconds)[0]:
            data = self.tls.recv(1 << 16)
            if not data:
                return False
            self.read += len(data)
            seconds = 0
        return True

    def close(self):
        self.tls.close()


class Attack:
    def __init__(self, host, port, folder, seconds):
        self.address = (host, port)
        self.end = time.monotonic() + seconds
        self.frames = self.connections = 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.load_verify_locations(f"{folder}/root.pem")
        self.context.load_cert_chain(f"{folder}/client.pem", f"{folder}/client.key")
        self.context.set_alpn_protocols(["cryptopulse-mesh/1"])

    @property
    def goes_on(self):
        return time.monotonic() < self.end

    def again_and_again(self, flood, **options):
        while self.goes_on:
            try:
                peer = Peer(self, **options)
            except OSError:
                continue
            self.connections += 1
            try:
                flood(peer)
            except OSError:
                pass
            finally:
                peer.close()

    # What each does on its connection until the server ends it.

    def cancels(self, peer):
        peer.send(settings())
        stream = 1
        while self.goes_on and peer.drop():
            pairs = ((request(b"Stream", n, ENDLESS, REMOTE_CLOSED), frame(CANCEL, n, struct.pack(">I", 1))) for n in range(stream, stream + BATCH, 2))
            peer.send(*(one for pair in pairs for one in pair))
            stream += BATCH

    def empty_data(self, peer, flags=0):
        """Data of a stream that is over: in a window, and credited."""
        peer.send(settings(), request(b"Echo", 1, flags=REMOTE_OPEN))
        frames = frame(DATA, 1, flags=flags) * BATCH
        while self.goes_on and peer.drop():
            peer.tls.sendall(frames)
            self.frames += BATCH

    def no_data(self, peer):
        self.empty_data(peer, NO_DATA)

    def pings(self, peer):
        peer.send(settings())
        while self.goes_on and peer.drop():
            peer.send(*[frame(PING, 0, bytes(8))] * 5)

    def slow_reader(self, peer):
        peer.send(settings(stream_window=MOST, connection_window=MOST))
        peer.send(*(request(b"Stream", 2 * n + 1, ENDLESS, REMOTE_CLOSED) for n in range(MOST_STREAMS)))
        self.wait()

    def stuck_handlers(self, peer):
        """Every handler waits for credit that never comes, and keeps its slot."""
        peer.send(settings(stream_window=4096, connection_window=MOST))
        peer.send(*(request(b"Stream", 2 * n + 1, ENDLESS, REMOTE_CLOSED) for n in range(MOST_STREAMS)))
        while self.goes_on and peer.drop(0.05):
            pass

    def wait(self):
        while self.goes_on:
            time.sleep(0.05)

    def stranger(self):
        """Connects, and does not wait for it."""
        stranger = socket.socket()
        stranger.setblocking(False)
        # From one address there are too few ports to come again and again.
        stranger.bind((f"127.0.0.{2 + self.connections % 100}", 0))
        stranger.connect_ex(self.address)
        self.connections += 1
        return stranger

    def half_open(self, hello):
        """A crowd of strangers who say nothing, or the beginning of a ClientHello, and stay; whoever is given up comes back."""
        crowd, poll = {}, select.epoll()

        def come():
            stranger = self.stranger()
            crowd[stranger.fileno()] = stranger
            poll.register(stranger, select.EPOLLRDHUP | (select.EPOLLOUT | select.EPOLLONESHOT if hello else 0))

        while len(crowd) < self.crowd_size() and self.goes_on:
            come()
        while self.goes_on:
            for descriptor, what in poll.poll(0.05):
                stranger = crowd[descriptor]
                try:
                    if what & ~select.EPOLLOUT:
                        raise ConnectionError
                    stranger.send(hello)
                    poll.modify(stranger, select.EPOLLRDHUP)
                except OSError:
                    del crowd[descriptor]
                    stranger.close()
                    come()

    def half_open_in_turn(self, hello):
        """As many strangers at a time, but each makes room for a new one at once: as fast as a core can connect."""
        crowd, most = [], self.crowd_size()
        while self.goes_on:
            crowd.append(self.stranger())
            if hello:
                # Once it is connected: a little later than the others.
                try:
                    crowd[max(0, len(crowd) - 50)].send(hello)
                except OSError:
                    pass
            if len(crowd) >= most:
                for old in crowd[:100]:
                    old.close()
                del crowd[:100]

    @staticmethod
    def crowd_size():
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        return min(HALF_OPEN, most - 100)

    def nothing(self):
        """As much work as an attack's on this core, without a server."""
        while self.goes_on:
            self.frames += len(frame(PING, 0, bytes(8))) // 18


ATTACKS = {
    "nothing": lambda a: a.nothing(),
    "slow reader": lambda a: a.again_and_again(a.slow_reader, receive_buffer=4096),
    "stuck handlers": lambda a: a.again_and_again(a.stuck_handlers),
    "cancels": lambda a: a.again_and_again(a.cancels),
    "empty data": lambda a: a.again_and_again(a.empty_data),
    "frames without data": lambda a: a.again_and_again(a.no_data),
    "pings": lambda a: a.again_and_again(a.pings),
    "half open": lambda a: a.half_open(b""),
    "part of a ClientHello": lambda a: a.half_open(CLIENT_HELLO),
    "half open in turn": lambda a: a.half_open_in_turn(b""),
    "hellos in turn": lambda a: a.half_open_in_turn(CLIENT_HELLO),
}


def main():
    name, host, port, folder, seconds = sys.argv[1:]
    attack = Attack(host, int(port), folder, float(seconds))
    ATTACKS[name](attack)
    print(json.dumps({"connections": attack.connections, "frames": attack.frames}))


if __name__ == "__main__":
    main()
