"""A newcomer's wait: `git clone`, then `make lab` until JupyterLab answers (environment, packages, first two data sets, server), against
the bare installation of the same lock, `pip install --require-hashes -r requirements.lock` into an environment that is there already. Both
start from empty caches and download everything. Asked for: at most 0.6 times as long, so a ratio of 1/0.6. What was downloaded is what all
processes of the computer received meanwhile.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
from harness import Row

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 30 * 60  # seconds


def run():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        ours, page = measured(newcomer, Path(folder))
        other, bare = measured(pip, Path(folder))
    return [
        Row("from `git clone` to JupyterLab's first page", f"{page:.0f} s", f"{bare:.0f} s", bare / page, 1 / 0.6),
        Row("downloaded", f"{ours:.0f} MB", f"{other:.0f} MB", other / ours),
    ]


def measured(function, folder):
    """MB that the computer received meanwhile, and the seconds that the function returns."""
    before = psutil.net_io_counters().bytes_recv
    seconds = function(folder, {**os.environ, "PIP_NO_CACHE_DIR": "1", "UV_CACHE_DIR": str(folder / "uv"), "COURSE_DATA": ""})
    return (psutil.net_io_counters().bytes_recv - before) / 1e6, seconds


def newcomer(folder, environment):
    """Seconds until the server answers; then everything that was started here ends."""
    course, home = folder / "course", str(folder / "home")
    environment |= {"JUPYTER_CONFIG_DIR": home, "JUPYTER_DATA_DIR": home, "JUPYTER_RUNTIME_DIR": home}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = time.perf_counter()
    subprocess.run(["git", "clone", "--quiet", ROOT, course], check=True)
    options = f"ARGS=--no-browser --allow-root --port={port}"
    process = subprocess.Popen(["make", "lab", options], cwd=course, env=environment)
    try:
        while not answers(f"http://127.0.0.1:{port}/lab"):
            if process.poll() is not None or time.perf_counter() - start > LIMIT:
                raise RuntimeError("make lab brought no page")
            time.sleep(0.2)
        return time.perf_counter() - start
    finally:
        for each in psutil.process_iter():
            try:
                if Path(each.cwd()).is_relative_to(course):  # the server, and what draws the other sets
                    each.kill()
            except psutil.Error:
                pass  # it has gone, or is somebody else's
        process.wait()


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:
            return reply.status == 200
    except OSError:
        return False


def pip(folder, environment):
    """Seconds of the bare installation."""
    subprocess.run([sys.executable, "-m", "venv", folder / "bare"], check=True)
    python = folder / "bare" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    start = time.perf_counter()
    command = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", ROOT / "requirements.lock"]
    subprocess.run(command, env=environment, check=True)
    return time.perf_counter() - start
