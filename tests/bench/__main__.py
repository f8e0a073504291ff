"""Runs the benchmarks and writes the table: `python tests/bench [NAME …]`, for example `python tests/bench reading`.

A benchmark NAME is a file `bench_NAME.py` beside this one with `run() -> list[Row]`; its docstring says how it is done. Each one
runs in a process of its own. Those not named keep their part of the table.
"""

import datetime
import importlib
import os
import platform
import re
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import psutil

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
HEAD = """# Benchmarks

Written by `make bench`; `python tests/bench NAME` repeats one part. Each row is a ratio measured in one run: both sides take turns,
round by round, and the median over the rounds counts. The machine is shared and noisy: the ratios are to be trusted, the absolute
numbers less so. Where two threads compete with one, the processors must be free: see what others took.
"""
QUIET = {"NO_ALBUMENTATIONS_UPDATE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
PACKAGES = ("keras", "numpy", "opencv-python-headless", "albumentations", "scipy", "tensorflow")


def main(names):
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    unknown = set(names) - set(known)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    environment, failed = {**os.environ, **QUIET}, []
    for name in names or known:
        print(name, flush=True)
        if subprocess.run([sys.executable, HERE, "--one", name], env=environment, check=False).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"failed, its part of the table is the old one: {', '.join(failed)}")


def one(name):
    """Run a benchmark here and put its part into the table."""
    benchmark = importlib.import_module(f"bench_{name}")
    before = busy()
    rows = benchmark.run()
    own, everybody, seconds = (after - then for after, then in zip(busy(), before, strict=True))
    others = max(0, everybody - own) / (seconds * os.cpu_count())
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    parts = {part.splitlines()[0]: part for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]}
    parts[name] = f"{name}\n\n{benchmark.__doc__.strip()}\n\n{table(rows)}\n\n{conditions(others)}\n"
    RESULTS.write_text(HEAD + "".join(f"\n## {parts[name].strip()}\n" for name in sorted(parts)), encoding="utf-8")
    print(table(rows))


def table(rows):
    lines = ["| what | ours | other | ratio | bound | met? |", "|---|---|---|---|---|---|"]
    for row in rows:
        bound, met = ("–", "–") if row.bound is None else (f"≥ {row.bound:g}", "yes" if row.ratio >= row.bound else "**no**")
        lines.append(f"| {row.what} | {row.ours} | {row.other} | {row.ratio:.2f} | {bound} | {met} |")
    return "\n".join(lines)


def busy():
    """Seconds: of processor time of this process, of all processes, of the clock."""
    mine, everybody = time.process_time(), psutil.cpu_times()
    return mine, everybody.user + everybody.nice + everybody.system, time.perf_counter()


def conditions(others):
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    load = f"others took {others:.0%} of the processor time meanwhile"
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        load += ", but this run went before them (real-time priority)"
    return f"{datetime.date.today()}, {os.cpu_count()} CPU cores, Python {platform.python_version()}, {versions}; {load}."


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2])
    else:
        main(sys.argv[1:])
