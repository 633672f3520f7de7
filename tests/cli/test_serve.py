"""``xianshen serve``: what it refuses in one line, how it starts, restarts and stops."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import pytest

from xianshen.cli import serve, stamp
from xianshen.cli.main import WrongUse

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "80.5"])
def test_port_must_be_a_port(port: str) -> None:
    with pytest.raises(WrongUse, match="PORT must be a number from 1 to 65535"):
        serve.check_port("127.0.0.1", port)


def test_port_in_use_is_refused_with_advice() -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(WrongUse, match=rf"port {port} is in use: .*PORT=\d+ make run"):
            serve.check_port("127.0.0.1", str(port))


def test_foreign_address_is_refused() -> None:
    with pytest.raises(WrongUse, match="cannot listen on"):
        serve.check_port("192.0.2.1", "8000")


def test_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(WrongUse, match="cannot be written .*XIANSHEN_DATA="):
        serve.check_data(tmp_path / "data")


def test_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(serve.shutil, "disk_usage", lambda _path: usage(10, 10, 5 * 2**20))
    with pytest.raises(WrongUse, match="has 5 MB free, 100 MB are needed"):
        serve.check_data(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "address"), (("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "[::1]"), ("10.0.0.1", "10.0.0.1"))
)
def test_address_to_reach_the_server_by(host: str, address: str) -> None:
    assert serve.reachable(host) == address


class Running:
    """A supervised site in its own process; its output is collected as it comes."""

    def __init__(self, data: Path, port: int) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "PYTEST"))}
        environment |= {"PYTHONPATH": str(ROOT / "src"), "XIANSHEN_DATA": str(data), "PORT": str(port)}
        environment |= {"DATABASE_URL": "", "MAKELEVEL": ""}
        self.url = f"http://127.0.0.1:{port}"
        self.output = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "xianshen", "serve", "--processes", "1"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.output += line

    def wait_for(self, pattern: str, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.output):
            assert time.monotonic() < deadline, f"{pattern!r} did not come:\n{self.output}"
            assert self.process.poll() is None, self.output
            time.sleep(0.05)

    def worker(self) -> int:
        """Return the id of the task worker as soon as it runs; it starts when the site answers."""
        deadline = time.monotonic() + 120
        while True:
            for pid, line in self.children().items():
                if line.endswith("xianshen worker"):
                    return pid
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def children(self) -> dict[int, str]:
        """Return the command lines of the supervised processes by their id."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return {int(line.split()[0]): line for line in listed.stdout.splitlines()}

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        code = self.process.wait(120)
        self.reader.join(30)
        return code


@contextmanager
def running(data: Path) -> Iterator[Running]:
    site = Running(data, free_port())
    try:
        site.wait_for("Ready: ")
        yield site
    finally:
        site.process.kill()


def test_site_starts_restarts_what_falls_stops_and_leaves_no_orphans(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        assert f"Ready: {site.url}\n" in site.output
        with urlopen(f"{site.url}/healthz", timeout=60) as answer:
            assert answer.status == 200
            assert json.load(answer)
        worker = site.worker()
        os.kill(worker, signal.SIGKILL)
        site.wait_for(r"the task worker ended by signal 9; starting it again in 1 s")
        assert site.worker() != worker
        children = site.children()
        assert site.stop() == 0
        assert site.output.endswith("xianshen: stopped\n")
        assert "Traceback" not in site.output
    for pid in children:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    database = (tmp_path / "xianshen.sqlite3").stat()
    assert stamp.matches(tmp_path / "xianshen.sqlite3", demo=False), "a second start would prepare again"
    with running(tmp_path) as site:
        assert "tables" not in site.output
        assert (tmp_path / "xianshen.sqlite3").stat().st_ino == database.st_ino
        assert site.stop(signal.SIGTERM) == 0
    with running(tmp_path) as site:
        site.worker()
        children = site.children()
        assert len(children) == 2
        site.process.kill()
        deadline = time.monotonic() + 120
        while any(Path(f"/proc/{pid}").exists() and _alive(pid) for pid in children):
            assert time.monotonic() < deadline, "children outlived the supervisor"
            time.sleep(0.1)


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
below = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
below.stdout.readline()
print("pid", below.pid, flush=True)
time.sleep(600)
"""


def test_second_signal_ends_what_does_not_listen_with_all_below_it() -> None:
    code = (
        "from xianshen.cli.serve import Supervisor\n"
        "supervisor = Supervisor(url='http://127.0.0.1:9')\n"
        f"supervisor.add('web server', ['-c', {STUBBORN!r}])\n"
        "raise SystemExit(supervisor.watch(on_ready=lambda: None))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    supervisor = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout
    below = int(supervisor.stdout.readline().split()[1])
    supervisor.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert supervisor.poll() is None
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(10) == 0
    deadline = time.monotonic() + 10
    while _alive(below):
        assert time.monotonic() < deadline, "a process below the web server outlived it"
        time.sleep(0.05)


def test_stamp_changes_with_policies_and_with_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, demo = stamp.expected(demo=False), stamp.expected(demo=True)
    assert plain != demo
    (tmp_path / "policies").mkdir()
    monkeypatch.setenv("XIANSHEN_POLICIES", str(tmp_path / "policies"))
    assert stamp.expected(demo=False) != plain
    (tmp_path / "no.sqlite3").write_text("this is no database")
    assert not stamp.matches(tmp_path / "no.sqlite3", demo=False)
    assert not stamp.matches(tmp_path / "missing.sqlite3", demo=False)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_site_that_cannot_start_gives_up(tmp_path: Path) -> None:
    """A database that another program holds locked, say: one line, exit code 2, nothing left running."""
    (tmp_path / "xianshen.sqlite3").write_text("this is no database")
    site = Running(tmp_path, free_port())
    assert site.process.wait(240) == 2
    site.reader.join(30)
    assert site.output.startswith("xianshen: the database ")
    assert site.output.count("\n") == 1
