"""One measurement: a server, its client, and what came of them."""

import json
import os
import pathlib
import resource
import select
import time

from .authority import SERVER_ID
from .processes import Failed, Process, free_port, machine_busy_us

SERVER_CORE, CLIENT_CORE = 0, 1
# Beyond the measured time, for connecting, warming up and ending.
CLIENT_EXTRA_SECONDS = 40
IDLE_READY_SECONDS = 120
SETTLE_SECONDS = 1

CELLS = {
    "u1": ("unary", 1, 1),
    "u64": ("unary", 1, 64),
    "u8x128": ("unary", 8, 128),
    "stream": ("stream", 1, 1),
    "idle": ("idle", 500, 500),
}


class Bench:
    def __init__(self, authority, seconds, logs):
        self.authority = authority
        self.seconds = seconds
        self.logs = pathlib.Path(logs)

    def measure(self, peer, cell):
        """A record of figures, or of why there are none."""
        mode, connections, inflight = CELLS[cell]
        if mode in peer.without:
            return {"without": True}
        port = free_port()
        address = f"127.0.0.1:{port}"
        log = self.logs / f"{peer.name}-{cell}"
        try:
            with Process(peer.command("server", address, self.authority.options("server")), SERVER_CORE, peer.environment, f"{log}-server.log") as server:
                server.wait_until_listening(port)
                options = ["--peer", SERVER_ID, "--connections", str(connections), "--inflight", str(inflight), "--mode", mode]
                client = peer.command("client", address, self.authority.options("client"), *options)
                take = self.idle if mode == "idle" else self.load
                return take(server, client, peer.environment, connections, f"{log}-client.log")
        except Failed as failure:
            return {"failed": str(failure)}

    def load(self, server, command, environment, connections, log):
        before, busy, children, began = server.cpu_us(), machine_busy_us(), children_us(), time.monotonic()
        with Process([*command, "--seconds", str(self.seconds)], CLIENT_CORE, environment, log) as client:
            record = last_json(client, client.output(self.seconds + CLIENT_EXTRA_SECONDS))
        used, elapsed = server.cpu_us() - before, time.monotonic() - began
        if not record["total"]:
            raise client.failed("made no call")
        pair = used + children_us() - children
        return {
            **record,
            # The warm-up's calls are in both.
            "server_cpu_us": used / record["total"],
            "server_busy": used / elapsed / 1e6,
            "others_busy": max(0, machine_busy_us() - busy - pair) / elapsed / 1e6 / (os.cpu_count() or 1),
        }

    def idle(self, server, command, environment, connections, log):
        time.sleep(SETTLE_SECONDS)
        empty, before = server.private_dirty_kib(), server.cpu_us()
        with Process([*command, "--seconds", str(IDLE_READY_SECONDS)], CLIENT_CORE, environment, log) as client:
            wait_until_ready(client)
            time.sleep(SETTLE_SECONDS)
            full, used = server.private_dirty_kib(), server.cpu_us() - before
        return {
            "errors": 0, "private_dirty_kib": empty, "private_dirty_kib_held": full, "kib_per_connection": (full - empty) / connections,
            "cpu_us_per_connection": used / connections,
        }


def children_us():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1e6


def last_json(client, text):
    try:
        return json.loads(text.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise client.failed(f"printed no result but {text[-200:]!r}") from None


def wait_until_ready(client):
    """Waits for the line that says so."""
    line, end = b"", time.monotonic() + IDLE_READY_SECONDS
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([client.run.stdout], [], [], max(0, end - time.monotonic()))
        byte = os.read(client.run.stdout.fileno(), 1) if readable else b""
        if not byte:
            raise client.failed("was not ready")
        line += byte
    if json.loads(line) != {"ready": True}:
        raise client.failed(f"printed {line!r}")
