"""A process as the one that started it sees it: its surroundings, its limits, and its end with all that it started."""

import os
import queue
import signal
import site
import stat
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from course_utils.exercises.copies import ROOT

from . import isolation
from .folders import TooMuch, measure
from .line import Peer

PATIENCE = 5  # a submission may take so many times its seconds of computing by the clock: it may have to share the computer, or sleep
# What a child of the grader begins with; both packages are imported at once, because behind the wall the course's folder cannot be listed.
PROCESS = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import data_scripts
from course_utils.grading.{{}} import main
main()
"""


class Ended(BaseException):
    """The process is over, or has to be; the text says why. No check may catch this."""


class Watched(Peer):
    """A process at the other end of a line, and a thread that ends it when `excess` finds a reason."""

    def __init__(self, module, folder, home):
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROCESS.format(module)],
            cwd=folder,
            env=environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.known = psutil.Process(self.process.pid)  # which knows a number that the system has given to somebody else since
        super().__init__(self.process.stdout, self.process.stdin)
        self.reason, self.closed, self.messages = "", False, queue.Queue(maxsize=2)
        for work in (self._read, self._watch):
            threading.Thread(target=work, daemon=True).start()

    def _read(self):
        message = True
        while message and not self.closed:
            message = super().receive()
            while not self.closed:
                with suppress(queue.Full):
                    self.messages.put(message, timeout=0.1)
                    break

    def _watch(self):
        while not self.closed:
            try:
                self.reason = self.excess()
            except psutil.NoSuchProcess:
                return
            if self.reason:
                self.kill()
                return
            time.sleep(0.2)

    def excess(self) -> str:
        """Why the process has to end, or ""."""
        return ""

    def send(self, message):
        try:
            super().send(message)
        except OSError:  # the process is gone
            raise Ended(self.reason or "the program ended by itself (a crash?)") from None

    def receive(self):
        message = None
        while not self.closed:  # by another thread
            with suppress(queue.Empty):
                message = self.messages.get(timeout=1)
                break
        if message is None:
            time.sleep(0.2 * (not self.reason))  # whoever ended it may be about to say why
            raise Ended(self.reason or "the program ended by itself (a crash?)")
        return message

    def kill(self):
        """End the process and all that descend from it."""
        end(self.known)

    def close(self):
        self.closed = True
        self.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                pipe.close()


class Session(Watched):
    """A submission's process, in `folder`; it and all that it starts are children of this process, which adopts orphans."""

    def __init__(self, folder, seconds, memory):
        self.folder, self.seconds, self.memory, self.asked = folder, seconds, memory, False
        self.grader, self.deadline = os.getppid(), time.monotonic() + PATIENCE * seconds
        super().__init__("submission", folder / "work", folder / "home")

    def excess(self):
        """The limits that hold on every system, and for all processes of the submission together."""
        if os.getppid() != self.grader:  # it was killed, and nobody wants a verdict any more
            self.kill()
            os._exit(1)
        used = busy = hidden = 0
        processes = family(psutil.Process())
        for process in processes:
            with suppress(psutil.Error):  # it ended meanwhile
                used += process.memory_info().rss
                busy += sum(process.cpu_times()[:4])
                hidden += without_name(process.pid)
        if busy > self.seconds or time.monotonic() > self.deadline:
            return f"the time of {self.seconds} s was over"
        if len(processes) > isolation.PROCESSES:
            return f"more than {isolation.PROCESSES} processes ran at once"
        if used > self.memory * 2**20 and sum(map(share, processes)) > self.memory * 2**20:
            return f"more than {self.memory} MB of memory were taken"
        try:
            measure(self.folder, isolation.FILES, isolation.WRITTEN, hidden)
        except TooMuch as found:
            return str(found)
        return "" if alive(self.known) else "the program ended by itself (a crash?)"

    def kill(self):
        super().kill()
        end(None)  # orphans, which this process adopted
        for child in psutil.Process().children():
            if not alive(child) and child.pid != self.process.pid:
                with suppress(OSError):
                    os.waitpid(child.pid, os.WNOHANG)
        if self.asked and hasattr(signal, "pthread_kill"):  # the judge may wait for something that will not come now
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

    @contextmanager
    def asking(self):
        """While this lasts, the end of the submission ends whatever the judge waits for."""

        def over(*_):
            raise Ended(self.reason)

        before = signal.signal(signal.SIGUSR1, over) if hasattr(signal, "SIGUSR1") else None
        self.asked = True
        try:
            yield
        finally:
            self.asked = False
            if before is not None:
                signal.signal(signal.SIGUSR1, signal.SIG_IGN)


def share(process):
    """Bytes of memory of a process; what several share is divided among them (where the system tells)."""
    try:
        found = process.memory_full_info()
        return getattr(found, "pss", found.rss)
    except psutil.AccessDenied:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def without_name(pid):
    """Bytes of the files that a process holds open and that stand in no folder any more (Linux)."""
    size = 0
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                found = os.stat(entry.path)
                size += found.st_blocks * 512 if stat.S_ISREG(found.st_mode) and not found.st_nlink else 0
    return size


def family(process):
    """The processes that descend from `process`."""
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def end(process):
    """End a process and its family, however fast they multiply; None: the family of this process.

    Never by number alone: once the process is gone its number may be somebody else's, a process or a group.
    """
    until, root = time.monotonic() + 10, process or psutil.Process()
    while time.monotonic() < until:
        living = [one for one in [*([root] if process else []), *family(root)] if alive(one)]
        for how in ("suspend", "kill"):  # first all stand still, so that none is born meanwhile
            for one in living:
                with suppress(psutil.Error):
                    getattr(one, how)()
        if not living:
            break
        time.sleep(0.05)
    if os.name != "nt" and process and process.is_running():  # it waits for its parent to take leave, and its number with it
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, 9)


def alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def adopt_orphans():
    """From here on a process whose parent ended becomes a child of this one, if it descends from it (Linux: a subreaper)."""
    if sys.platform == "linux":
        isolation.landlock()[0].prctl(36, 1, 0, 0, 0)


def environment(home):
    """All that a submission learns of its surroundings; nothing of the teacher's environment but where Python and the data are."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "KERAS_BACKEND", "LD_LIBRARY_PATH") if name in os.environ}
    data = [str(ROOT / Path(folder).expanduser()) for folder in os.environ.get("COURSE_DATA", "").split(os.pathsep) if folder]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"}
    homes = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(home))
    user = {"PYTHONUSERBASE": site.getuserbase(), "LANG": "C.UTF-8", "COURSE_DATA": os.pathsep.join(data)}
    return kept | one | quiet | homes | user
