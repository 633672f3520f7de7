"""Find the browser that the tests drive: ``browser.py [--install]`` prints the path of its program.

Looks at ``XIANSHEN_BROWSER``, at installed Chromium or Chrome, and at Playwright's own download. With
``--install`` it fetches one if there is none (Playwright's download, then apt-get as root). Exit code 2
and one line on how to get a browser when that fails: browser tests are never skipped.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ADVICE = (
    "a Chromium is needed for the browser tests and was not found. One of these will do: apt-get install chromium, "
    "or .venv/bin/playwright install --with-deps chromium, or set XIANSHEN_BROWSER=/path/to/chromium"
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def candidates() -> Iterator[str]:
    """Yield the programs that may be a browser, the preferred ones first."""
    if chosen := os.environ.get("XIANSHEN_BROWSER"):
        yield chosen
        return
    for name in NAMES:
        if found := shutil.which(name):
            yield found
    yield "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    yield "/Applications/Chromium.app/Contents/MacOS/Chromium"
    caches = [os.environ.get("PLAYWRIGHT_BROWSERS_PATH"), "~/.cache/ms-playwright", "~/Library/Caches/ms-playwright"]
    for cache in filter(None, caches):
        for pattern in ("chromium-*/chrome-*/chrome", "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium"):
            yield from map(str, sorted(Path(cache).expanduser().glob(pattern), reverse=True))


def find() -> str | None:
    """Return the first browser that starts, or None."""
    for program in candidates():
        try:
            if subprocess.run([program, "--version"], capture_output=True, timeout=30).returncode == 0:
                return program
        except (OSError, subprocess.TimeoutExpired):
            continue
    return None


def install() -> None:
    """Try to fetch a browser; says nothing about success, ask :func:`find` afterwards."""
    attempts = [[[sys.executable, "-m", "playwright", "install", "chromium"]]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        attempts.append([["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]])
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for commands in attempts:
        for command in commands:
            print(f"Fetching a browser: {' '.join(command)}", file=sys.stderr, flush=True)
            try:
                subprocess.run(command, env=environment, capture_output=True, timeout=600, check=True)
            except (OSError, subprocess.SubprocessError):
                break
        if find():
            return


def main() -> int:
    if not find() and "--install" in sys.argv[1:]:
        install()
    program = find()
    if not program:
        print(f"xianshen: {ADVICE}", file=sys.stderr)
        return 2
    print(program)
    return 0


if __name__ == "__main__":
    sys.exit(main())
