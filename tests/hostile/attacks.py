"""Submissions that want marks they have not earned, what is not theirs, or harm."""

from . import WRONG, C, Case, W, X, before, changed, told_by

FORGE = """
import numpy as np
from course_utils.exercises import engine, hw9

engine.Question.verdict = lambda *_: ("correct", "Correct.")
engine.expect = hw9.expect = lambda *_: None
np.allclose = lambda *_, **__: True
print("Correct.")
"""
SAY = """
import gc

for peer in [thing for thing in gc.get_objects() if type(thing).__name__ == "Peer"]:
    peer.send({"judged": "q1_1", "verdict": "correct", "message": "Correct."})
"""
SPY = """
import glob, inspect, os, sys

if "sesame" in str(dict(os.environ)):
    seen.append("environment")
places = [f"/proc/{os.getppid()}/environ", "TEACHER/notes.txt", "TEACHER/subs/good.ipynb", "TEACHER/notebooks/solutions/hw9_small.ipynb"]
places += ["TEACHER/course_utils/exercises/hw9.py", "TEACHER/tests/notebook_params.toml", "TEACHER/grades/run.json"]
for place in places + ["../../../../../../../../../TEACHER/notes.txt"]:
    try:
        open(place).read()
        seen.append(place)
    except OSError:
        pass
seen += [place for place in ("TEACHER", "TEACHER/subs") if glob.glob(place + "/*")]
seen += [name for name in ("verdict", "judge") if "np.allclose" in str(getattr(ex.q1_1, name, ""))]
for name in ("hw1", "hw9", "lesson02"):
    try:
        seen.append(inspect.getsource(__import__(f"course_utils.exercises.{name}", fromlist=["x"])))
    except (ImportError, OSError, TypeError):
        pass
"""
REACH = """
import ctypes, os, resource, signal, socket, struct

libc = ctypes.CDLL(None, use_errno=True)
for place in ("/dev/tty", "/dev/pts/0", "/dev/ptmx", "/dev/shm/planted", "/dev/mem", "/dev/console"):
    try:
        os.close(os.open(place, os.O_RDWR | (os.O_CREAT if "shm" in place else 0)))
        seen.append(place)
    except OSError:
        pass
for family in range(50):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            socket.socket(family, kind)
            seen.append(f"socket {family}")
        except OSError:
            pass
try:
    socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", "TEACHER/socket")
    seen.append("datagram")
except OSError:
    pass
one, other = socket.socketpair()  # what asyncio needs
one.send(b"x")
parent = os.getppid()
tries = {
    "kill": lambda: os.kill(parent, 0),
    "parent's limits": lambda: resource.prlimit(parent, resource.RLIMIT_NOFILE, (0, 0)),
    "parent's place": lambda: os.sched_setaffinity(parent, {0}),
    "parent's turn": lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),
    "all turns": lambda: os.setpriority(os.PRIO_USER, 0, 19),
    "larger files": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**40, 2**40)),
}
for name, act in tries.items():
    try:
        act()
        seen.append(name)
    except (OSError, ValueError):
        pass
calls = {"ptrace": (101, 16, os.getppid(), 0, 0), "keys": (250, 0, -3, 0, 0), "ring": (425, 1, bytes(200)), "shared": (29, 1, 4096, 0o666),
         "unshare": (272, 0x10000000), "memory": (310, os.getppid(), 0, 0, 0, 0, 0), "dumpable": (157, 4, 0, 0, 0, 0),
         "subreaper": (157, 36, 1, 0, 0, 0), "clone": (56, 0x10000000 | 17, 0, 0, 0, 0)} if os.uname().machine == "x86_64" else {}
for name, call in calls.items():
    if libc.syscall(*call) >= 0:
        seen.append(name)
"""
VANDAL = """
import os, shutil
from pathlib import Path

for name in "subs", "notes.txt", "subs/good.ipynb", "course_utils/classes.py", "course_utils/exercises":
    path = "TEACHER/" + name
    for act in (lambda p: shutil.rmtree(p, ignore_errors=True), os.unlink, lambda p: os.chmod(p, 0), lambda p: os.truncate(p, 0),
                lambda p: os.rename(p, "mine"), lambda p: os.link(p, "mine"), lambda p: os.utime(p, (0, 0)), lambda p: open(p, "a"),
                lambda p: os.chown(p, 1, 1), lambda p: os.setxattr(p, "user.x", b"x")):
        try:
            act(path)
        except OSError:
            pass
for folder in (".", "..", "../..", "TEACHER"):
    try:
        for place in Path(folder).iterdir():
            shutil.rmtree(place, ignore_errors=True)
            place.unlink(missing_ok=True)
    except OSError:
        pass
"""
NEIGHBOUR = """
from pathlib import Path

Path("mine.txt").write_text("may be written")
for place in ("../../planted.txt", "TEACHER/planted.txt", "TEACHER/course_utils/planted.py", "TEACHER/subs/planted.ipynb", "/tmp/planted"):
    try:
        Path(place).write_text("planted")
    except OSError:
        pass
"""
ORPHAN = """
import os, sys, time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(98765)"])
    os._exit(0)
os.wait()
"""
WRITE = """
import json, os, struct

for number in range(3, 30):
    try:
        os.write(number, DATA)
    except OSError:
        pass
"""
INFINITE = 'json.dumps({"cell": float("inf")}).encode()'


ATTACKS = {
    "forges": Case(
        "Makes every verdict, numpy's comparison and the checks say yes.",
        "Wrong.",
        changed(double=FORGE + WRONG),
        (W, C, C),
        "twice as large?",
    ),
    "says it is right": Case(
        "Finds the line and says that it is right.", "Wrong.", changed(double=WRONG + SAY), (W, C, C), "twice as large?", slow=True
    ),
    "spies": Case(
        "Reads the checks, the solution, others' work, the environment.",
        "Sees nothing.",
        told_by(SPY),
        (W, C, C),
        "your function stops with ValueError: seen:",
    ),
    "reaches out": Case(
        "Terminal, devices, sockets of all families, other processes, kernel's back doors.",
        "Reaches nothing.",
        told_by(REACH),
        (W, C, C),
        "your function stops with ValueError: seen:",
    ),
    "vandal": Case("Deletes, cuts, closes, renames, links the teacher's files.", "Nothing changes.", before(VANDAL)),
    "plants": Case("Writes beside its folder.", "Nothing is there.", before(NEIGHBOUR), slow=True),
    "leaves a process": Case(
        "A child in a session of its own.",
        "It ends with it.",
        before("import subprocess\nsubprocess.Popen(['sleep', '98765'], start_new_session=True)"),
        slow=True,
    ),
    "leaves an orphan": Case("A child's child that nobody waits for.", "It ends with it.", before(ORPHAN)),
    "infinite": Case(
        "Writes a number without end on the line.",
        "Not run.",
        before(WRITE.replace("DATA", f"struct.pack('>I', len({INFINITE})) + {INFINITE}")),
        (X, X, X),
        "",
        slow=True,
    ),
    "garbage": Case("Writes garbage on the line.", "Not run.", before(WRITE.replace("DATA", 'b"\\xff" * 1000')), (X, X, X), ""),
    "closes the line": Case("Closes all its files.", "Not run.", before("import os\nos.closerange(3, 100)"), (X, X, X), "", slow=True),
    "kills the grader": Case(
        "Kills its parent.",
        "Nothing ends but it.",
        before("import os\ntry:\n    os.kill(os.getppid(), 9)\nexcept OSError:\n    pass"),
        None,
        slow=True,
    ),
}
