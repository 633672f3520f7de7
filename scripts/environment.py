"""Prepare ``.venv`` from the hashed lock files: ``python3 scripts/environment.py base|dev``.

Does nothing when the locks have not changed since the last time. Uses uv when it is there, pip
otherwise. Standard library only; every failure is one line and exit code 2, the installer's own
output is kept in ``.venv/install.log``.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "install.log"
LOCKS = {"base": ("base.txt",), "dev": ("base.txt", "dev.txt")}
NEEDED_MB = {"base": 600, "dev": 1100}

SCRIPT = """#!{python}
import sys

from xianshen.__main__ import main

sys.exit(main())
"""

FAILURES = (
    (
        r"No space left on device|Errno 28|os error 28",
        "no space left on the disk of {venv}: free {needed} MB and try again",
    ),
    (
        r"HASH(ES)? (MISMATCH|DO NOT MATCH)|DO NOT MATCH THE HASHES|Hash mismatch",
        "a downloaded package differs from its recorded hash: the package index or the connection is not to be trusted",
    ),
    (
        r"(?i)NewConnectionError|name resolution|name or service not known|dns error|ConnectTimeout|ReadTimeout"
        r"|network is unreachable|connection refused|failed to fetch|client error \(connect\)|ProxyError"
        r"|error sending request|ConnectionResetError",
        "no network: the package index cannot be reached; check connection and proxy, then try again",
    ),
    (r"Permission denied|Errno 13", "{venv} cannot be written: check who owns the directory"),
)


def main() -> int:
    """Bring ``.venv`` up to date; return 0, or 2 after one line that says what is wrong."""
    kind = sys.argv[1] if len(sys.argv) > 1 else "base"
    if kind not in LOCKS:
        return fail(f"unknown environment {kind!r}: base or dev")
    with open(__file__) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            if stamp(kind).is_file() and stamp(kind).read_text() == fingerprint(kind) and runs(PYTHON):
                return 0
            return build(kind)
        except OSError as error:
            if error.errno == 28:
                return fail(f"no space left on the disk of {VENV}: free {NEEDED_MB[kind]} MB and try again")
            return fail(f"{error.filename or VENV} cannot be written: {error.strerror}")


def build(kind: str) -> int:
    """Create the environment if need be and install the locked packages into it."""
    fresh = not runs(PYTHON)
    free = shutil.disk_usage(ROOT).free // 2**20
    needed = NEEDED_MB[kind] if fresh else 100
    if free < needed:
        return fail(f"no space: {ROOT} has {free} MB free, the environment needs {needed} MB")
    say(f"Preparing {VENV.relative_to(ROOT)} ({'a minute or two' if fresh else 'packages have changed'}) …")
    requirements = [part for name in LOCKS[kind] for part in ("-r", str(ROOT / "requirements" / name))]
    problem = ""
    for installer in (with_uv, with_pip):
        problem = installer(requirements)
        if not problem:
            break
    if problem:
        return fail(problem)
    install_project()
    for lower in LOCKS:
        if set(LOCKS[lower]) <= set(LOCKS[kind]):
            stamp(lower).write_text(fingerprint(lower))
    return 0


def with_uv(requirements: list[str]) -> str:
    """Install with uv; return what is wrong, or ""."""
    uv = shutil.which("uv")
    if not uv or os.environ.get("XIANSHEN_NO_UV") or subprocess.run([uv, "--version"], capture_output=True).returncode:
        return "uv is not installed"
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(VENV)}
    if not runs(PYTHON):
        shutil.rmtree(VENV, ignore_errors=True)
        problem = step([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)], environment)
        if problem:
            return problem
    command = [uv, "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", *requirements]
    return step(command, environment)


def with_pip(requirements: list[str]) -> str:
    """Install with pip (the environment's own, or the system's); return what is wrong, or ""."""
    if not runs(PYTHON):
        shutil.rmtree(VENV, ignore_errors=True)
        if not module_exists(sys.executable, "ensurepip") and not system_pip():
            install_debian_venv()
        pip_inside = module_exists(sys.executable, "ensurepip")
        problem = step([sys.executable, "-m", "venv", *([] if pip_inside else ["--without-pip"]), str(VENV)])
        if problem:
            return problem
    if module_exists(str(PYTHON), "pip"):
        pip = [str(PYTHON), "-m", "pip"]
    elif system_pip():
        pip = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    else:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"Python {version} has neither ensurepip nor pip: install python{version}-venv (Debian, Ubuntu) or uv"
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries", "2", "--require-hashes"]
    return step([*pip, "install", *options, *requirements])


def install_project() -> None:
    """Put ``src`` on the environment's path and the ``xianshen`` command into its ``bin``."""
    purelib = subprocess.check_output(
        [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    ).strip()
    Path(purelib, "xianshen.pth").write_text(f"{ROOT / 'src'}\n")
    script = VENV / "bin" / "xianshen"
    script.write_text(SCRIPT.format(python=PYTHON))
    script.chmod(0o755)


def install_debian_venv() -> None:
    """On Debian as root, fetch the package that holds ensurepip; elsewhere do nothing."""
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        say(f"Installing {package} …")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
            subprocess.run([apt, *arguments], env=environment, capture_output=True, check=False)


def step(command: list[str], environment: dict[str, str] | None = None) -> str:
    """Run a command, keep its output in the log, and return what is wrong in one line, or ""."""
    result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if VENV.is_dir():
        with LOG.open("a") as log:
            log.write(f"$ {' '.join(command)}\n{result.stdout}\n")
    if result.returncode == 0:
        return ""
    for pattern, meaning in FAILURES:
        if re.search(pattern, result.stdout):
            return meaning.format(venv=VENV, needed=NEEDED_MB["base"])
    errors = [line.strip() for line in result.stdout.splitlines() if line.strip()]
    hints = [line for line in errors if line.lower().startswith(("error", "×"))] or errors or ["no output"]
    return f"installing failed: {hints[0]} (whole output: {LOG})"


def system_pip() -> bool:
    """Whether the interpreter that runs this has a pip that can install into another environment."""
    result = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True)
    match = re.match(r"pip (\d+)\.(\d+)", result.stdout)
    return result.returncode == 0 and bool(match) and (int(match[1]), int(match[2])) >= (22, 3)


def module_exists(python: str, module: str) -> bool:
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.run([python, "-c", code], capture_output=True).returncode == 0


def runs(python: Path) -> bool:
    """Whether the environment's interpreter starts (its base may have been removed or upgraded)."""
    if not python.exists():
        return False
    code = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([str(python), "-I", "-S", "-c", code], capture_output=True).returncode == 0


def stamp(kind: str) -> Path:
    return VENV / f".{kind}-installed"


def fingerprint(kind: str) -> str:
    """Hash of everything that decides what the environment holds."""
    digest = hashlib.sha256(f"{ROOT}\0".encode())
    for path in (*(ROOT / "requirements" / name for name in LOCKS[kind]), Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def fail(text: str) -> int:
    say(f"xianshen: {text}")
    return 2


if __name__ == "__main__":
    sys.exit(main())
