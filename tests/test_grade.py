"""`grade` on a folder of good, half right, wrong and hostile submissions: everybody gets a row a question, and nobody harms anybody.

`--all` runs all of `tests.hostile`; else those that are not slow.
"""

import csv
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course_utils.grading.isolation import landlock
from tests import hostile, kit

WALL = landlock()[1]
CASES = hostile.toy()
QUESTIONS = ("q1_1", "q1_2", "q2_1")


@pytest.fixture(scope="module")
def graded(tmp_path_factory, request):
    """The folder of the course after a run over all submissions, what the run said, and its rows."""
    if not WALL:  # the vandals would do what they try to do
        pytest.skip("this system has no Landlock")
    every = request.config.getoption("--all")
    root = kit.make(tmp_path_factory.mktemp("course"))
    for name, case in CASES.items():
        text = case.notebook if isinstance(case.notebook, str) else json.dumps(case.notebook)
        if every or not case.slow:
            kit.write(root / f"subs/{name}.ipynb", text.replace("TEACHER", str(root)))
    kit.write(root / "notes.txt", "confidential")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(root / "socket"))
    before = state_of(root)
    done = kit.command(root, "grade", "subs", "--out", "grades.csv", "--seconds", hostile.SECONDS, "--memory", hostile.MEMORY)
    assert done.returncode == 0, done.stderr
    assert {path: found for path, found in state_of(root).items() if path in before} == before, "a submission changed the teacher's files"
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):  # nobody sent anything
        listener.recv(1)
    listener.close()
    return root, done, rows(root)


def state_of(root):
    """Content and rights of the teacher's files; the grader's own, and what Python compiled, left out."""
    paths = [path for path in root.rglob("*") if path.suffix != ".pyc" and path.name != "__pycache__" and "grades" not in str(path)]
    return {path: (path.lstat().st_mode, path.read_bytes() if path.is_file() else None) for path in paths}


def rows(root):
    with open(root / "grades.csv", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def verdicts(graded, student):
    found = {
        row["question"]: (row["verdict"], row["message"])
        for row in graded[2]
        if row["student"].lstrip("'") == student.replace("\udcff", "?")
    }
    return found or pytest.skip("runs with --all")


def notes(root, student):
    return " ".join(json.loads((root / "grades/run.json").read_text(encoding="utf-8"))["done"][student]["notes"])


@pytest.mark.parametrize("student", CASES)
def test_what_must_happen(graded, student):
    case, found = CASES[student], verdicts(graded, student)
    assert tuple(found) == QUESTIONS
    if case.wanted:
        assert tuple(found[name][0] for name in QUESTIONS) == case.wanted, found
    assert any(case.told in message for _, message in found.values()), found
    assert case.note in notes(graded[0], student)
    assert all(message == "Correct." for verdict, message in found.values() if verdict == "correct")
    assert all(message and "\n" not in message for _, message in found.values())


@pytest.mark.parametrize("student", ["spies", "reaches out"])
def test_what_they_saw(graded, student):
    assert verdicts(graded, student)["q1_1"][1].endswith("seen:"), "neither secrets nor others' work, and no way out"


def test_nothing_was_planted_and_nothing_is_left(graded):
    assert not list(graded[0].rglob("planted*"))
    assert not Path("/tmp/planted").exists()
    assert not list((graded[0] / "temporary").iterdir()), "folders of submissions"
    mine = [process for process in psutil.process_iter(["cmdline"]) if "98765" in " ".join(process.info["cmdline"] or [])]
    assert not mine, "processes of submissions"


def test_the_summary_names_whom_it_had_to_end(graded):
    page = (graded[0] / "grades/summary.html").read_text(encoding="utf-8")
    assert "crowd" in page
    assert "more than 64 processes ran at once" in page
    assert re.search(r"Ended: .*crowd", graded[1].stdout)


# Runs of their own


@pytest.fixture
def course(tmp_path):
    root = kit.make(tmp_path / "course")
    kit.write(root / "subs/ana.ipynb", kit.notebook())
    return root


def state(root):
    return json.loads((root / "grades/run.json").read_text(encoding="utf-8"))


def started(course, *arguments):
    """`grade`, running, with a submission that sleeps."""
    kit.write(course / "subs/bob.ipynb", kit.notebook({"total": "import time\n\ntime.sleep(98764)"}))
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "from course_utils.exercises.__main__ import main; "
    code += "sys.exit(main(['grade', 'subs', '--out', 'grades.csv', '--seconds', '9999', *sys.argv[1:]]))"
    root_too = ["--as-root"] if os.geteuid() == 0 else []
    environment = {**os.environ, "PYTHONPATH": str(course)}
    run = subprocess.Popen([sys.executable, "-c", code, *root_too], cwd=course, env=environment, stderr=subprocess.PIPE, text=True)
    while not (course / "grades/run.json").exists() or "ana" not in state(course)["done"]:
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.1)
    return run, psutil.Process(run.pid).children(recursive=True)


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT")
def test_an_interrupted_run_ends_its_processes_and_goes_on(course):
    run, family = started(course)
    run.send_signal(signal.SIGINT)
    assert run.wait(timeout=60) == 130
    assert "the same command goes on from here" in run.stderr.read()
    assert family
    assert not psutil.wait_procs(family, timeout=10)[1]
    kept = state(course)
    assert set(kept["done"]) == {"ana"}
    kept["done"]["ana"]["rows"][0][2] = "from the first run"
    kit.write(course / "grades/run.json", kept)
    kit.write(course / "subs/bob.ipynb", kit.notebook())
    assert kit.command(course, "grade", "subs", "--out", "grades.csv").returncode == 0
    assert state(course)["seeds"] == kept["seeds"], "all students of a run get the same cases"
    assert [row["message"] for row in rows(course) if row["question"] == "q1_1"] == ["from the first run", "Correct."]


@pytest.mark.exhaustive
@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_killed_grader_leaves_no_process(course):
    run, family = started(course)
    run.kill()
    run.wait(timeout=60)
    assert not psutil.wait_procs(family, timeout=10)[1]


@pytest.mark.exhaustive
def test_a_judge_that_is_killed_takes_one_submission_with_it(course):
    """As when the system ends it for its memory; what its submission started ends, too."""
    run, family = started(course)
    kit.write(course / "subs/bob.ipynb", kit.notebook())
    judges = [process for process in family if any("grading.judging" in part for part in process.cmdline()) and process.children()]
    for judge in judges:
        judge.kill()
    assert run.wait(timeout=60) == 0, run.stderr.read()
    assert [row["verdict"] for row in rows(course) if row["student"] == "bob"] == ["correct", "not run", "not run"]
    assert not psutil.wait_procs(family, timeout=10)[1]


@pytest.mark.exhaustive
def test_more_time_for_those_who_ran_out_of_it(course):
    wait = "import time\n\nbegin = time.process_time()\nwhile time.process_time() < begin + 11:\n    pass\ntotal = 5"
    kit.write(course / "subs/ana.ipynb", kit.notebook({"total": wait}))
    for seconds, verdict in ((10, "not run"), (60, "correct")):
        kit.command(course, "grade", "subs", "--out", "grades.csv", "--seconds", seconds)
        assert rows(course)[1]["verdict"] == verdict


@pytest.mark.exhaustive
def test_a_teachers_rights_stay(course):
    (course / "subs").chmod(0o750)
    kit.command(course, "grade", "subs", "--out", "grades.csv")
    assert stat.S_IMODE((course / "subs").stat().st_mode) == 0o750
