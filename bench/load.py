"""A small load generator: threads with kept-alive connections, and the server under test."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from xianshen.cli.serve import web_arguments


class Refused(RuntimeError):
    """The server closed the connection, or answered with something that is not HTTP."""


class Session:
    """A signed-in person's kept-alive connection: as little client as possible, since it shares the server's cores.

    Args:
        port: where the server listens.
        cookie: session key.
        token: CSRF token.
    """

    def __init__(self, port: int, cookie: str, token: str = "0" * 32) -> None:
        self.port, self.token = port, token
        self._head = (
            f"Host: 127.0.0.1:{port}\r\nCookie: sessionid={cookie}; csrftoken={token}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
        )
        self._socket: socket.socket | None = None

    def request(self, method: str, path: str, form: Mapping[str, object] | None = None) -> tuple[int, str, bytes]:
        """Send a request; returns status, Location and body."""
        body = urlencode({**form, "csrfmiddlewaretoken": self.token}, doseq=True).encode() if form is not None else b""
        message = f"{method} {path} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.sendall(message)
            return self._answer(self._socket)
        except OSError:
            self._socket = None
            raise

    def _answer(self, connection: socket.socket) -> tuple[int, str, bytes]:
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more(connection)
        head = received[:end]
        length = _LENGTH.search(head)
        if length is None:
            raise Refused(f"an answer without Content-Length: {head[:200]!r}")
        body, size = received[end + 4 :], int(length[1])
        while len(body) < size:
            body += self._more(connection)
        location = _LOCATION.search(head)
        return int(head[9:12]), location[1].decode() if location else "", body

    def _more(self, connection: socket.socket) -> bytes:
        received = connection.recv(65536)
        if not received:
            self._socket = None
            raise Refused("the server closed the connection")
        return received


_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_LOCATION = re.compile(rb"(?i)\r\nlocation: *([^\r]*)")


@dataclass
class Outcome:
    """What a run measured: seconds per call, errors, wall seconds."""

    times: list[float]
    errors: list[str]
    wall: float

    @property
    def rate(self) -> float:
        return (len(self.times) - len(self.errors)) / self.wall if self.wall else 0.0

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.times + other.times, self.errors + other.errors, self.wall + other.wall)


def run(workers: list[Callable[[], None]], calls: int) -> Outcome:
    """Call the workers side by side, ``calls`` times each, and time every call."""
    times: list[list[float]] = [[] for _ in workers]
    errors: list[str] = []
    barrier = threading.Barrier(len(workers) + 1)

    def work(number: int, call: Callable[[], None]) -> None:
        barrier.wait()
        for _ in range(calls):
            began = time.perf_counter()
            try:
                call()
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}"[:300])
            times[number].append(time.perf_counter() - began)

    threads = [threading.Thread(target=work, args=(number, call)) for number, call in enumerate(workers)]
    for thread in threads:
        thread.start()
    barrier.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return Outcome([one for many in times for one in many], errors, time.perf_counter() - began)


def getter(session: Session, path: str) -> Callable[[], None]:
    """Return a call that gets a page and insists on 200."""

    def call() -> None:
        status, location, body = session.request("GET", path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {location} {body[:200]!r}")

    return call


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(environment: dict[str, str], *, workers: int = 2) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve the product with the bench's settings as in production; yields port and process."""
    port = free_port()
    command = [sys.executable, *web_arguments("127.0.0.1", port, workers)]
    root = Path(__file__).resolve().parent.parent
    path = os.pathsep.join([str(root), str(root / "src")])
    process = subprocess.Popen(
        command, env={**os.environ, **environment, "PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "bench.settings"}
    )
    try:
        for _ in range(300):
            try:
                probe = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
                probe.request("GET", "/healthz")
                if probe.getresponse().status == 200:
                    break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError("the server did not come up")
        yield port, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def family(process: "subprocess.Popen[bytes]") -> set[int]:
    """Return the ids of a process and of its descendants."""
    found = {process.pid}
    for pid, fields in sorted(_stats().items()):
        if int(fields[1]) in found:
            found.add(pid)
    return found


def busy(process: "subprocess.Popen[bytes]") -> float:
    """Return the processor seconds that a process and its descendants have used."""
    stats = _stats()
    ticks = sum(int(stats[pid][11]) + int(stats[pid][12]) for pid in family(process) if pid in stats)
    return ticks / os.sysconf("SC_CLK_TCK")


def _stats() -> dict[int, list[str]]:
    """Return what /proc says of each process after its name: state, parent, …"""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
    return found


def resident(process: "subprocess.Popen[bytes]") -> float:
    """Return the resident memory of a process and its descendants in MiB."""
    total = 0
    for pid in family(process):
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)
    return total / 1024
