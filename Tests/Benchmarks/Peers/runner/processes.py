"""Programs on a core of their own, stopped by their process id, and what /proc says about them."""

import os
import pathlib
import signal
import socket
import subprocess
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 5
START_SECONDS = 20


class Failed(Exception):
    """A program that did not do what it should; the message is for the table's reader."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_listening(port):
    """Whether a socket listens there, without connecting to it: a half-made TLS connection would count as work."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            _, local, _, state = line.split()[:4]
            if state == "0A" and int(local.rsplit(":", 1)[1], 16) == port:
                return True
    return False


class Process:
    """A program pinned to one core. Its standard error goes to `log`."""

    def __init__(self, command, core, environment, log):
        self.command = command
        self.log = pathlib.Path(log)
        with open(self.log, "wb") as errors:
            self.run = subprocess.Popen(
                ["taskset", "-c", str(core), *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                env={**os.environ, **environment})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.run.poll() is None:
            self.run.send_signal(signal.SIGTERM)
            try:
                self.run.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.run.kill()
                self.run.wait(STOP_SECONDS)
        self.run.stdout.close()

    def failed(self, why):
        last = self.log.read_text(errors="replace").strip().splitlines()[-1:]
        return Failed(": ".join([f"{pathlib.Path(self.command[0]).name} {self.command[1]} {why}", *last]))

    def wait_until_listening(self, port):
        end = time.monotonic() + START_SECONDS
        while not is_listening(port):
            if self.run.poll() is not None:
                raise self.failed(f"ended with {self.run.returncode}")
            if time.monotonic() > end:
                raise self.failed(f"did not listen within {START_SECONDS} s")
            time.sleep(0.02)

    def output(self, seconds):
        """All that it printed, when it has ended well within this time."""
        try:
            text, _ = self.run.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise self.failed(f"was not done within {seconds:.0f} s") from None
        if self.run.returncode != 0:
            raise self.failed(f"ended with {self.run.returncode}")
        return text.decode()

    def cpu_us(self):
        """User and system time of all its threads, in microseconds; a tick is 10 000 of them."""
        fields = self._proc("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1_000_000 / TICKS_PER_SECOND

    def private_dirty_kib(self):
        for line in self._proc("smaps_rollup").splitlines():
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1])
        raise self.failed("has no Private_Dirty")

    def _proc(self, name):
        try:
            return pathlib.Path(f"/proc/{self.run.pid}/{name}").read_text()
        except OSError:
            raise self.failed("is gone") from None


def machine_busy_us():
    """What all cores worked since the machine's start, for whomever, in microseconds."""
    user, nice, system, _, _, irq, soft = (int(n) for n in pathlib.Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + soft) * 1_000_000 / TICKS_PER_SECOND
