"""A submission's process as the grader sees it: its surroundings, its limits and its end."""

import os
import queue
import site
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

from course_utils.exercises.copies import ROOT

from .submission import Opaque, Peer, of_a_backend

PATIENCE = 5  # a submission may take so many times its seconds of computing by the clock: it may have to share the computer, or sleep
# What stands in for the notebook; both packages are imported at once, because behind the wall the course's folder cannot be listed.
PROCESS = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import data_scripts
from course_utils.grading.submission import main
main()
"""


class Ended(BaseException):
    """The submission's process is over, or has to be; the text says why. No check may catch this."""


class Session(Peer):
    """A submission's process, watched: `receive` raises Ended when it is over, too slow or too large."""

    def __init__(self, folder, seconds, memory):
        self.folder, self.seconds, self.memory = folder, seconds, memory
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROCESS],
            cwd=folder / "work",
            env=environment(folder / "home"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        super().__init__(self.process.stdout, self.process.stdin)
        self.end, self.looked, self.messages = time.monotonic() + PATIENCE * seconds, 0, queue.Queue(maxsize=2)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while message := super().receive():
            self.messages.put(message)
        self.messages.put(None)

    def send(self, message):
        try:
            super().send(message)
        except OSError:  # the process is gone
            raise Ended("the program ended by itself (a crash?)") from None

    def call(self, number, *args, **kwargs):
        if any(map(of_a_backend, args)):  # a check that trains with the answer: as an array it would lose its gradient
            raise Opaque("a function of tensors")
        return super().call(number, *args, **kwargs)

    def receive(self):
        while True:
            if time.monotonic() > self.looked + 0.1:
                self._look()
                self.looked = time.monotonic()
            try:
                message = self.messages.get(timeout=0.1)
            except queue.Empty:
                continue
            if message is None:
                raise Ended("the program ended by itself (a crash?)")
            return message

    def _look(self):
        """The limits that hold on every system, and for all processes of the submission together."""
        used, busy = 0, 0
        for process in self._processes():
            with suppress(psutil.Error):  # it ended meanwhile
                used += process.memory_info().rss
                busy += sum(process.cpu_times()[:4])
        if busy > self.seconds or time.monotonic() > self.end:
            raise Ended(f"the time of {self.seconds} s was over")
        if used > self.memory * 2**20:
            raise Ended(f"more than {self.memory} MB of memory were taken")
        if sum(file.stat(follow_symlinks=False).st_size for file in files(self.folder)) > 2**30:
            raise Ended("more than 1 GB was written")

    def _processes(self):
        try:
            process = psutil.Process(self.process.pid)
            return [process, *process.children(recursive=True)]
        except psutil.Error:
            return []

    def close(self):
        for process in self._processes():
            with suppress(psutil.Error):
                process.kill()
        if os.name != "nt":
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, 9)
        self.process.wait()


def files(folder):
    """Entries of all files below `folder` that can be listed."""
    folders = [folder]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                yield entry


def environment(home):
    """All that a submission learns of its surroundings; nothing of the teacher's environment but where Python and the data are."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "KERAS_BACKEND", "LD_LIBRARY_PATH") if name in os.environ}
    data = [str(ROOT / Path(folder).expanduser()) for folder in os.environ.get("COURSE_DATA", "").split(os.pathsep) if folder]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"}
    homes = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(home))
    user = {"PYTHONUSERBASE": site.getuserbase(), "LANG": "C.UTF-8", "COURSE_DATA": os.pathsep.join(data)}
    return kept | one | quiet | homes | user


def readable():
    """Folders that a submission may read: Python's, the system's and those of the course that hold no solutions."""
    course = [ROOT / place for place in ("course_utils", "data_scripts", "data", "notebooks/evidence")]
    system = ["/usr", "/lib", "/lib64", "/bin", "/etc", "/proc", "/sys", sys.prefix, sys.base_prefix]
    packages = [*site.getsitepackages(), site.getusersitepackages()]
    data = environment("")["COURSE_DATA"].split(os.pathsep)
    return [str(place) for place in (*course, *system, *packages, *data) if str(place)]
