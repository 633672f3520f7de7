"""Start-up time and resident memory of web server and worker; password hashing for signing."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.load import resident, server
from bench.pages import CREATE, inside
from bench.table import percentile, table


def startup() -> None:
    """Print how long the server takes to answer, and what server and worker keep in memory."""
    root = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory(prefix="xianshen-bench-") as directory:
        environment = {"XIANSHEN_DATA": directory}
        inside(CREATE, environment)
        began = time.perf_counter()
        with server(environment) as (_port, process):
            up = time.perf_counter() - began
            web = resident(process)
            path = os.pathsep.join([str(root), str(root / "src")])
            worker = subprocess.Popen(
                [sys.executable, "-m", "xianshen", "worker"],
                env={**os.environ, **environment, "PYTHONPATH": path},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(6)
            memory = resident(worker)
            worker.terminate()
            worker.wait(20)
    table(
        "Start-up and memory (SQLite, two web processes)",
        ("what", "figure"),
        [
            ("web server answers /healthz after", f"{up:.1f} s"),
            ("web server and its processes, resident", f"{web:.0f} MiB"),
            ("worker, resident", f"{memory:.0f} MiB"),
        ],
    )


def hashing() -> None:
    """Print how long checking a password takes when signing, with the product's own hasher."""
    code = """
import time
from django.contrib.auth.hashers import check_password, make_password, PBKDF2PasswordHasher
from django.contrib.auth.hashers import get_hashers_by_algorithm
hasher = PBKDF2PasswordHasher()
encoded = hasher.encode("bench-password", hasher.salt())
times = []
for _ in range(9):
    began = time.perf_counter(); assert hasher.verify("bench-password", encoded); times.append(time.perf_counter() - began)
print(" ".join(str(t) for t in times))
"""
    with tempfile.TemporaryDirectory(prefix="xianshen-bench-") as directory:
        times = [float(part) for part in inside(code, {"XIANSHEN_DATA": directory}).split()]
    table(
        "Password check when signing (PBKDF2, Django's default work factor)",
        ("p50 ms", "p95 ms"),
        [(f"{percentile(times, 0.5) * 1000:.0f}", f"{percentile(times, 0.95) * 1000:.0f}")],
    )
