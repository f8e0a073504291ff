"""Draws all missing sets at low priority, in a process of its own that outlives the terminal it was started from."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil

from data_scripts import locks, making, store, work
from data_scripts.dataset import DataError, DataSet
from data_scripts.sets import SETS

LOG = "making.log"


def start() -> str:
    """Start the process, unless it runs already or has nothing to do; one sentence that says which."""
    missing = [dataset.name for dataset in SETS.values() if making.missing(dataset)]
    if not missing:
        return "All data sets are on disk."
    if locks.taken(_lock()):
        return f"The missing data sets are being drawn in the background already ({', '.join(missing)}); data/{LOG} says how far."
    with locks.plain_errors():
        store.home().mkdir(exist_ok=True)
        with open(store.home() / LOG, "w", encoding="utf-8") as log:
            detached = {"start_new_session": True}
            if os.name == "nt":  # a console of its own that is not seen: with none, each process that draws would open one
                detached = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
            command = [sys.executable, "-m", __spec__.name]
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            subprocess.Popen(command, cwd=store.ROOT, env=os.environ | {"PYTHONUTF8": "1"}, **streams, **detached)
    return f"Drawing {', '.join(missing)} in the background; a lesson that needs one of them waits for that one only. Log: data/{LOG}"


def main() -> None:
    """Make what is missing, set by set; what another process makes meanwhile comes last."""
    if locks.taken(_lock()):
        return
    with locks.locked(_lock(), lambda: None):
        _yield_to_others()
        _sweep()
        for wait in (False, True):
            for dataset in SETS.values():
                if making.missing(dataset) and (wait or not locks.taken(store.lock_of(dataset))):
                    _make(dataset)


def _make(dataset: DataSet):
    try:
        making.present(dataset)
    except DataError as error:
        print(f"{dataset.name}: {error}", flush=True)


def _yield_to_others():
    """The lowest priority, and half of the processes, for the sake of the memory of the lesson that trains meanwhile."""
    work.PROCESSES = max(1, work.PROCESSES // 2)
    psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if os.name == "nt" else 19)
    if sys.platform == "linux" and os.getsid(0) == os.getpid():  # it weighs sessions first, and this one would have as much as the lesson's
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text("19")


def _sweep():
    """Remove what processes that were killed left half-made, whatever set it is."""
    for folder in (*store.home().glob(".*.making*"), *store.home().glob(".*.old")):
        if not locks.taken(folder.with_name(f".{folder.name.split('.')[1]}.lock")):
            shutil.rmtree(folder, ignore_errors=True)


def _lock():
    return store.home() / ".background.lock"


if __name__ == "__main__":
    main()
