"""The end of a process and of all that it started, and of nobody else."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from course_utils.grading import session

pytestmark = pytest.mark.skipif(os.name == "nt", reason="process groups are meant")
SLEEP = [sys.executable, "-c", "import time; time.sleep(1000)"]


def started(*command):
    child = subprocess.Popen(command or SLEEP, start_new_session=True)
    return child, psutil.Process(child.pid)


def test_a_process_ends_with_its_family():
    code = "import os, time\nfor _ in range(2):\n    os.fork()\ntime.sleep(1000)"
    child, known = started(sys.executable, "-c", code)
    while len(session.family(known)) < 3:
        time.sleep(0.01)
    family = session.family(known)
    session.end(known)
    child.wait(timeout=5)
    assert not psutil.wait_procs(family, timeout=5)[1]


def test_a_number_that_came_round_is_nobodys_end(monkeypatch):
    """The process is long gone, and a group of somebody else has its number: it was known by its start, too."""
    child, known = started()
    child.kill()
    child.wait()
    other, their = started()
    monkeypatch.setattr(known, "_pid", their.pid)  # the number has come round
    killed = []
    monkeypatch.setattr(os, "killpg", lambda *group: killed.append(group))
    session.end(known)
    assert their.is_running()
    assert not killed
    other.kill()
    other.wait()


def test_a_group_without_its_leader_is_left_alone(monkeypatch):
    child, known = started()
    child.kill()
    child.wait()
    monkeypatch.setattr(os, "killpg", lambda *_: pytest.fail("whose group is this by now?"))
    session.end(known)
