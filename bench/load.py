"""A small load generator: threads with kept-alive connections, and the server under test."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode


@dataclass
class Session:
    """A signed-in person's connection.

    Args:
        port: where the server listens.
        cookie: session key.
        token: CSRF token.
    """

    port: int
    cookie: str
    token: str = "0" * 32
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def request(self, method: str, path: str, form: dict[str, object] | None = None) -> tuple[int, str, bytes]:
        """Send a request; returns status, Location and body."""
        headers = {"Cookie": f"sessionid={self.cookie}; csrftoken={self.token}", "Host": f"127.0.0.1:{self.port}"}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": self.token}, doseq=True)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read()


@dataclass
class Outcome:
    """What a run measured: seconds per call, errors, wall seconds."""

    times: list[float]
    errors: list[str]
    wall: float

    @property
    def rate(self) -> float:
        return len(self.times) / self.wall if self.wall else 0.0


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
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(workers), "--blocking-threads", "4", "--log-level", "warning", "xianshen.wsgi:application",
    ]  # fmt: skip
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


def resident(process: subprocess.Popen[bytes]) -> float:
    """Return the resident memory of a process and its children in MiB."""
    family = {process.pid}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) in family:
                family.add(int(entry.name))
    total = 0
    for pid in family:
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)
    return total / 1024
