"""What the system holds of a submission, also for an ordinary user and on kernels that hold less; and what is said where it does not."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from course_utils.exercises.copies import ROOT, Problem
from course_utils.grading import isolation

NOBODY = 65534
TRY = """
import json, os, signal, socket, sys
from pathlib import Path

from course_utils.grading import isolation

signals, folder, outside = json.loads(sys.argv[1]), *sys.argv[2:]
if os.geteuid() == 0:
    os.setgid(NOBODY), os.setuid(NOBODY)
lacks, processes = isolation.lacks(), isolation.threads()
isolation.limit(10, 1000)
isolation.wall(["/usr", "/lib", "/lib64"], folder)
isolation.refuse_calls(signals)
done = []
tries = {
    "writes": lambda: Path(folder, "a").write_text("x"),
    "reads itself": lambda: Path(folder, "a").read_text(),
    "reads": lambda: Path(outside, "theirs").read_text(),
    "plants": lambda: Path(outside, "mine").write_text("x"),
    "lists": lambda: os.listdir(outside),
    "socket": lambda: socket.socket(socket.AF_UNIX),
    "internet": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "pair": lambda: socket.socketpair(),
    "terminal": lambda: os.open("/dev/ptmx", os.O_RDWR),
    "nothing": lambda: os.open("/dev/null", os.O_RDWR),
    "signal": lambda: os.kill(os.getppid(), 0),
    "own signal": lambda: os.kill(os.getpid(), 0),
    "chmod says that it did": lambda: os.chmod(Path(folder, "a"), 0),
}
for name, act in tries.items():
    try:
        act()
        done.append(name)
    except OSError:
        pass
print(json.dumps({"done": done, "mode": os.stat(Path(folder, "a")).st_mode & 0o777, "lacks": lacks, "threads": processes}))
"""


@pytest.fixture
def anybodys():
    """A folder that is not below pytest's, which are its user's alone."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.skipif(not isolation.landlock()[1] or not isolation._seccomp(), reason="this system has no Landlock or no libseccomp")
@pytest.mark.parametrize("signals", [None, True], ids=["as this kernel does it", "as without Landlock's scopes"])
def test_what_an_ordinary_user_is_held_to(anybodys, signals):
    own, theirs = anybodys / "own", anybodys / "theirs"
    for folder in (anybodys, own, theirs):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
    (theirs / "theirs").write_text("secret")
    command = [sys.executable, "-c", TRY.replace("NOBODY", str(NOBODY)), json.dumps(signals), str(own), str(theirs)]
    run = subprocess.run(command, cwd="/", env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    said = json.loads(run.stdout or f'{{"lacks": {json.dumps(run.stderr)}}}')
    assert said["lacks"] == []
    assert said["done"] == ["writes", "reads itself", "pair", "nothing", "own signal", "chmod says that it did"]
    assert said["mode"] & 0o600 == 0o600, "and nothing was changed"
    assert said["threads"] >= 1


def test_root_has_to_say_that_it_is_meant(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    with pytest.raises(Problem, match="--as-root"):
        isolation.refuse_root(False)
    isolation.refuse_root(True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    isolation.refuse_root(False)


@pytest.mark.parametrize(
    ("platform", "version", "library", "words"),
    [
        ("linux", 7, True, []),
        ("linux", 4, True, []),
        ("linux", 4, False, ["UNIX sockets", "signals"]),
        ("linux", 2, False, ["shorten files", "UNIX sockets", "signals"]),
        ("linux", 0, True, ["whatever files"]),
        ("darwin", 0, False, ["no Linux"]),
        ("win32", 0, False, ["no Linux"]),
    ],
)
def test_what_a_system_does_not_hold_is_said(monkeypatch, platform, version, library, words):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(isolation, "landlock", lambda: (None, version))
    monkeypatch.setattr(isolation, "_seccomp", lambda: library)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    found = isolation.lacks()
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))


def test_what_a_submission_may_read_holds_no_checks_and_no_solutions():
    places, _ = isolation.readable(["course_utils.models"])
    inside = [place for place in places if place.startswith(str(ROOT)) and not place.startswith(sys.prefix)]
    assert str(ROOT / "course_utils/exercises/engine.py") in inside
    assert not [place for place in inside if place == str(ROOT) or "/exercises/hw" in place or "/exercises/lesson" in place]
    assert not [place for place in inside if "notebooks/s" in place or "/tests" in place or "course_utils/models" in place]
