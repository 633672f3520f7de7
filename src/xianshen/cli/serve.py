"""``xianshen serve``: web server and task worker in the foreground, watched and restarted.

The supervising process never loads Django: it checks what can be checked beforehand, lets
``xianshen prepare`` do its work, starts the children, says when the site answers, and stops them on
Ctrl-C or SIGTERM.
"""

import argparse
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import Any

from xianshen.cli import stamp
from xianshen.cli.main import FINDINGS, GOOD, WrongUse

#: File among the keys that holds the sign-ins of the demonstration.
SIGN_INS = "demo-sign-ins.json"
#: Threads of a web process. One would decide a fifth faster on SQLite, but a long export would keep everybody waiting;
#: on PostgreSQL four decide fastest (docs/decisions/0010).
BLOCKING_THREADS = 4
NEEDED_MB = 100
START_SECONDS = 90
STOP_SECONDS = 15
LONGEST_PAUSE = 60.0
#: Children that end this often before the site has ever answered are not started again.
HOPELESS = 3


def add_commands(subparsers: Any) -> None:
    """Offer ``serve``."""
    parser = subparsers.add_parser("serve", help="run the web server and a task worker in the foreground")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", default=os.environ.get("PORT") or "8000", help="default: PORT, or 8000")
    parser.add_argument("--processes", type=int, default=0, help="web processes (default: one per core, at most 8)")
    parser.add_argument("--no-worker", action="store_true", help="web server only; run xianshen worker elsewhere")
    parser.add_argument("--demo", action="store_true", help="load the demonstration institution into an empty database")
    parser.set_defaults(run=serve)


def serve(options: argparse.Namespace) -> int:
    """Check, prepare, start, watch, stop.

    Returns:
        0 after a stop that was asked for; 1 when the site could not be kept running.

    Raises:
        WrongUse: port, address or data directory cannot be used.
    """
    port = check_port(options.host, options.port)
    check_data(data_directory())
    supervisor = Supervisor(url=f"http://{reachable(options.host)}:{port}")
    if not (embedded() and stamp.matches(data_directory() / "xianshen.sqlite3", demo=options.demo)):
        supervisor.prepare(demo=options.demo)
    web = web_arguments(options.host, port, options.processes or min(8, cores()))
    supervisor.add("web server", web)
    if not options.no_worker:
        supervisor.add("task worker", ["-m", "xianshen", "worker"], after_ready=True)
    return supervisor.watch(on_ready=lambda: announce(supervisor.url, read_sign_ins() if options.demo else []))


def web_arguments(host: str, port: int, processes: int) -> list[str]:
    """Return how the web server is run, as arguments of the Python interpreter; measurements run it so, too."""
    return [
        "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", host, "--port", str(port),
        "--workers", str(processes), "--blocking-threads", str(BLOCKING_THREADS),
        "--respawn-failed-workers", "--workers-kill-timeout", "10", "--log-level", "warning",
        "xianshen.wsgi:application",
    ]  # fmt: skip


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_port(host: str, port: str) -> int:
    """Return the port as a number.

    Raises:
        WrongUse: it is no port, or somebody listens on it already.
    """
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise WrongUse(f"PORT must be a number from 1 to 65535, not {port!r}")
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise WrongUse(f"{host} is no address of this machine") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            advice = f"stop the program that uses it, or choose another: PORT={int(port) % 65535 + 1} make run"
            raise WrongUse(f"port {port} is in use: {advice}") from error
        raise WrongUse(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return int(port)


def data_directory() -> Path:
    """Return the data directory as ``settings`` does, without loading Django."""
    root = Path(__file__).resolve().parents[3]
    return Path(os.environ.get("XIANSHEN_DATA") or root / "var").resolve()


def embedded() -> bool:
    """Whether the database is the SQLite file in the data directory."""
    return not os.environ.get("DATABASE_URL")


def read_sign_ins() -> list[dict[str, str]]:
    """Return the sign-ins of the demonstration (role, username, password), or nothing when none was loaded."""
    path = data_directory() / "keys" / SIGN_INS
    return list(json.loads(path.read_text())) if path.exists() else []


def check_data(directory: Path) -> None:
    """See that the data directory can be written and has room.

    Raises:
        WrongUse: it cannot, or it has not.
    """
    probe = directory / f".probe-{os.getpid()}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"\0" * 4096)
        free = shutil.disk_usage(directory).free // 2**20
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise WrongUse(f"no space left on the disk of the data directory {directory}") from error
        advice = "make it writable, or choose another: XIANSHEN_DATA=/path make run"
        raise WrongUse(f"the data directory {directory} cannot be written ({error.strerror}): {advice}") from error
    finally:
        _remove(probe)
    if free < NEEDED_MB:
        raise WrongUse(f"no space: the data directory {directory} has {free} MB free, {NEEDED_MB} MB are needed")


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def reachable(host: str) -> str:
    """Return an address under which this machine reaches a server that listens on ``host``."""
    if host in {"0.0.0.0", "::", ""}:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def announce(url: str, sign_ins: Sequence[dict[str, str]]) -> None:
    """Say where the site is, and who can sign in to a demonstration."""
    print(f"Ready: {url}", flush=True)
    if sign_ins:
        print("\nSign-ins of the demonstration (made for this installation):")
        print("\n".join(sign_in_lines(sign_ins)))
    print("\nCtrl-C stops it.", flush=True)


def sign_in_lines(sign_ins: Sequence[dict[str, str]]) -> list[str]:
    """Return one line per role: username, password, role."""
    name = max((len(one["username"]) for one in sign_ins), default=0)
    secret = max((len(one["password"]) for one in sign_ins), default=0)
    return [f"  {one['username']:<{name}}  {one['password']:<{secret}}  {one['role']}" for one in sign_ins]


@dataclass
class Child:
    """A program that is kept running.

    Args:
        name: what people call it.
        arguments: for the Python interpreter.
        after_ready: started when the site answers, so that it takes no core from the start of the site.
    """

    name: str
    arguments: list[str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    pause: float = 1.0
    due: float = 0.0
    falls: int = 0
    after_ready: bool = False

    def start(self, now: float) -> None:
        self.process = spawn(self.arguments)
        self.started = now

    def look(self, now: float) -> None:
        """Start the program when it is due; note when it has ended, and when to start it again."""
        if self.process is None:
            if now >= self.due:
                self.start(now)
            return
        code = self.process.poll()
        if code is None:
            if now - self.started > LONGEST_PAUSE:
                self.pause, self.falls = 1.0, 0
            return
        kill_group(self.process)
        self.process = None
        self.falls += 1
        self.due = now + self.pause
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        say(f"the {self.name} ended {how}; starting it again in {self.pause:.0f} s")
        self.pause = min(self.pause * 2, LONGEST_PAUSE)


class Supervisor:
    """Keeps children running until it is told to stop.

    Args:
        url: address of the site, without a slash at the end.
    """

    def __init__(self, *, url: str) -> None:
        self.url = url
        self.children: list[Child] = []
        self.stopping = False
        self.parent = os.getppid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if self.stopping:
            for child in self.children:
                if child.process:
                    kill_group(child.process)
        self.stopping = True

    def add(self, name: str, arguments: list[str], *, after_ready: bool = False) -> None:
        """Have a child started and kept running by :meth:`watch`."""
        self.children.append(Child(name, arguments, after_ready=after_ready))

    def prepare(self, *, demo: bool) -> None:
        """Run ``xianshen prepare`` and pass on what it says.

        Raises:
            SystemExit: it failed (the reason was printed by the child), or a stop was asked for.
        """
        process = spawn(["-m", "xianshen", "prepare", *(["--demo"] if demo else [])], stdout=subprocess.PIPE)
        while True:
            try:
                output, _nothing = process.communicate(timeout=0.25)
                break
            except subprocess.TimeoutExpired:
                if self.stopping:
                    process.terminate()
        if self.stopping:
            raise SystemExit(GOOD)
        if process.returncode:
            raise SystemExit(process.returncode if process.returncode > 0 else FINDINGS)
        for line in output.decode().splitlines():
            say(line)

    def watch(self, *, on_ready: Callable[[], None]) -> int:
        """Start the children and keep them running; return the exit code."""
        ready = False
        give_up = time.monotonic() + START_SECONDS
        try:
            while not self.stopping:
                now = time.monotonic()
                for child in self.children:
                    if ready or not child.after_ready:
                        child.look(now)
                if not ready and answers(self.url):
                    ready = True
                    on_ready()
                if not ready and (now > give_up or any(child.falls >= HOPELESS for child in self.children)):
                    say("the site does not start; the messages above say why")
                    return FINDINGS
                if os.environ.get("MAKELEVEL") and os.getppid() != self.parent:
                    say("make is gone; stopping")
                    break
                time.sleep(0.1 if not ready else 0.25)
        finally:
            self.stop()
        say("stopped")
        return GOOD

    def stop(self) -> None:
        """Ask the children to end, wait, and end those that do not."""
        self.stopping = True
        running = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                kill_group(process)
                process.wait()
            kill_group(process)


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """End a child that :func:`spawn` started, and whatever it has left behind of its own children."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def spawn(arguments: list[str], stdout: int | None = None) -> "subprocess.Popen[bytes]":
    """Start a Python program in a session of its own, so that a terminal's Ctrl-C reaches only us."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=stdout,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_us,
    )


def _die_with_us() -> None:
    """On Linux, have the kernel end this child when the supervising process is killed."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def answers(url: str) -> bool:
    """Whether ``/healthz`` answers 200."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def say(text: str) -> None:
    print(f"xianshen: {text}", file=sys.stderr, flush=True)
