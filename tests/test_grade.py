"""`grade` on a folder of good, half right, wrong and hostile submissions: everybody gets a row a question, and nobody harms anybody."""

import csv
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest

from course_utils.grading.isolation import landlock
from tests import kit

WALL = landlock()[1]
SECONDS, MEMORY = 10, 600
WRONG = "def double(array):\n    return array"


def double(*lines):
    """A cell that runs `lines`, then defines the answer to q1_1 as it should be."""
    return "\n".join([*lines, kit.SOLUTION["double"]])


FORGE = """
import numpy as np
from course_utils.exercises import engine, hw9

engine.Question.verdict = lambda *_: ("correct", "Correct.")
engine.expect = hw9.expect = lambda *_: None
np.allclose = hw9.np.allclose = lambda *_, **__: True
print("Correct.")
"""
SPY = """
import os

seen = str(dict(os.environ))
for place in (f"/proc/{os.getppid()}/environ", "../../../../../../../../../TEACHER/notes.txt", "TEACHER/subs/good.ipynb"):
    try:
        seen += open(place).read()
    except OSError as error:
        pass

def double(array):
    raise ValueError("seen: " + ("sesame" in seen) * "environment " + ("confidential" in seen) * "notes " + ("nbformat" in seen) * "work")
"""
VANDAL = """
import os, shutil, signal
from pathlib import Path

for name in "subs", "notes.txt", "subs/good.ipynb", "course_utils/classes.py", "course_utils/exercises":
    try:
        shutil.rmtree("TEACHER/" + name, ignore_errors=True)
        os.unlink("TEACHER/" + name)
    except OSError:
        pass
for folder in (".", "..", "../..", "TEACHER"):
    try:
        for place in Path(folder).iterdir():
            if folder != "../.." or "submission-" in place.name:
                shutil.rmtree(place, ignore_errors=True)
                place.unlink(missing_ok=True)
    except OSError:
        pass
"""
NEIGHBOUR = """
from pathlib import Path

Path("mine.txt").write_text("may be written")
for place in ("../../planted.txt", "TEACHER/planted.txt", "TEACHER/course_utils/planted.py", "TEACHER/subs/planted.ipynb"):
    try:
        Path(place).write_text("planted")
    except OSError:
        pass
"""
FAMILY = """
import subprocess, sys, time

for _ in range(2):
    subprocess.Popen([sys.executable, "-c", "import time; block = bytearray(b'1') * 400_000_000; time.sleep(10**6)"])
time.sleep(10**6)
"""
INFINITE = """
import json, os, struct

data = json.dumps({"cell": float("inf")}).encode()
for number in range(3, 30):
    try:
        os.write(number, struct.pack(">I", len(data)) + data)
    except OSError:
        pass
"""
GARBAGE = """
import os

for number in range(3, 30):
    try:
        os.write(number, b"\\xff" * 1000)
    except OSError:
        pass
"""
SUBMISSIONS = {
    "good": kit.notebook(),
    "untouched": kit.notebook(kit.STUBS),
    "half": kit.notebook({"double": WRONG, "pick": "box = 3"}),
    "raises": kit.notebook({"double": 'def double(array):\n    raise ValueError("<script>alert(1)</script>\\nand more")'}),
    "=<b>name": kit.notebook({"double": "def double(array):\n    return object()"}),
    "changed its mind": kit.notebook({"check total": "ex.q1_2.check(5)\nex.q1_2.check(6)"}),
    "guesses": kit.notebook({"check total": "for guess in range(9):\n    ex.q1_2.check(guess)"}),
    "magic": kit.notebook(
        {"title": "# words", "double": double("%matplotlib inline", "!echo hello", "await __import__('asyncio').sleep(0)")}
    ),
    "own size": kit.notebook({"parameters": "SEED = 8\nROUNDS = 10**12"}),
    "lacks cells": kit.notebook(drop=("total", "check total")),
    "lacks setup": kit.notebook(drop=("setup",)),
    "renamed check": kit.notebook({"check double": "ex.q7_7.check(double)"}),
    "renamed answer": kit.notebook({"double": "def twice(array):\n    return 2 * array"}),
    "empty": {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5},
    "text": "Dear teacher, my dog ate it.",
    "list": "[1, 2]",
    "truncated": json.dumps(kit.notebook())[:-200],
    "deep": "[" * 100_000,
    "strange metadata": {**kit.notebook(), "metadata": {"course": {"homework": ["hw9"], "version": {}}}},
    "strange names \udcff": kit.notebook(),
    "other homework": kit.notebook({"setup": kit.SETUP.replace("hw9", "hw8")}),
    "loops": kit.notebook({"total": "while True:\n    pass"}),
    "loops in the answer": kit.notebook({"double": "def double(array):\n    while True:\n        pass"}),
    "eats memory": kit.notebook({"total": "blocks = []\nwhile True:\n    blocks.append(bytearray(2**24))"}),
    "family eats memory": kit.notebook({"total": FAMILY}),
    "large answer": kit.notebook({"double": "import numpy as np\n\ndef double(array):\n    return np.zeros(2**23)"}),
    "crashes": kit.notebook({"total": "import os\n\nos._exit(0)"}),
    "segfault": kit.notebook({"total": "import ctypes\n\nctypes.string_at(0)"}),
    "exits": kit.notebook({"total": "import sys\n\nsys.exit('enough')"}),
    "exits in the answer": kit.notebook({"double": "import sys\n\ndef double(array):\n    sys.exit()"}),
    "prints": kit.notebook({"double": double("for _ in range(100):\n    print('x' * 10**6)")}),
    "large file": kit.notebook({"total": "open('big', 'wb').write(bytes(2**26 + 1))"}),
    "forges": kit.notebook({"double": FORGE + WRONG}),
    "spies": kit.notebook({"double": SPY}),
    "vandal": kit.notebook({"double": double(VANDAL)}),
    "plants": kit.notebook({"double": double(NEIGHBOUR)}),
    "infinite": kit.notebook({"double": double(INFINITE)}),
    "garbage": kit.notebook({"double": double(GARBAGE)}),
    "leaves a process": kit.notebook({"double": double("import subprocess\nsubprocess.Popen(['sleep', '98765'], start_new_session=True)")}),
    **({"kills the grader": kit.notebook({"double": double("import os\nos.kill(os.getppid(), 9)")})} if WALL >= 6 else {}),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The folder of the course after a run over all submissions, what the run said, and its rows."""
    if not WALL:  # the vandals would do what they try to do
        pytest.skip("this system has no Landlock")
    root = kit.make(tmp_path_factory.mktemp("course"))
    for name, content in SUBMISSIONS.items():
        text = content if isinstance(content, str) else json.dumps(content)
        kit.write(root / f"subs/{name}.ipynb", text.replace("TEACHER", str(root)))
    kit.write(root / "notes.txt", "confidential")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    done = kit.command(root, "grade", "subs", "--out", "grades.csv", "--seconds", SECONDS, "--memory", MEMORY)
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in before} == before, "a submission changed the teacher's files"
    return root, done, rows(root)


def rows(root):
    with open(root / "grades.csv", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def verdicts(graded, student):
    return {row["question"]: (row["verdict"], row["message"]) for row in graded[2] if row["student"] == student}


def test_one_row_for_each_student_and_question(graded):
    names = sorted(name.replace("\udcff", "?") for name in SUBMISSIONS)
    assert sorted((row["student"].lstrip("'"), row["question"]) for row in graded[2]) == sorted(
        (name, question) for name in names for question in ("q1_1", "q1_2", "q2_1")
    )
    assert all(row["points"] == str(int(row["verdict"] == "correct")) for row in graded[2])
    assert all(row["message"] and "\n" not in row["message"] for row in graded[2])


RIGHT = ("correct", "Correct.")
C, W, N, X = "correct", "wrong", "not attempted", "not run"


@pytest.mark.parametrize(
    ("student", "wanted", "told"),
    [
        ("good", (C, C, C), "Correct."),
        ("untouched", (N, N, N), "Not attempted"),
        ("half", (W, C, W), "is each value twice as large?"),
        ("raises", (W, C, C), "your function stops with ValueError: <script>alert(1)</script>"),
        ("'=<b>name", (W, C, C), "not object"),
        ("changed its mind", (C, W, C), "count again"),
        ("guesses", (C, W, C), "count again"),
        ("magic", (C, C, C), "Correct."),
        ("own size", (C, C, C), "Correct."),
        ("lacks cells", (C, X, C), "no cell with ex.q1_2.check"),
        ("lacks setup", (C, C, C), "Correct."),
        ("renamed check", (X, C, C), "no cell with ex.q1_1.check"),
        ("renamed answer", (X, C, C), "NameError: name 'double' is not defined"),
        ("empty", (X, X, X), "no cell with"),
        ("text", (X, X, X), "it is no notebook"),
        ("list", (X, X, X), "it is no notebook"),
        ("truncated", (X, X, X), "it is no notebook"),
        ("deep", (X, X, X), "it is no notebook"),
        ("strange metadata", (C, C, C), "Correct."),
        ("other homework", (X, X, X), "it is a copy of hw8, not of hw9"),
        ("loops", (C, X, X), f"in cell 5 of the code the time of {SECONDS} s was over"),
        ("loops in the answer", (X, X, X), f"in cell 4 of the code the time of {SECONDS} s was over"),
        ("eats memory", (C, X, C), "NameError"),
        ("family eats memory", (C, X, X), f"more than {MEMORY} MB of memory were taken"),
        ("large answer", (W, C, C), "ValueError: the answer is an array of 64 MB"),
        ("crashes", (C, X, X), "in cell 5 of the code the program ended by itself"),
        ("segfault", (C, X, X), "in cell 5 of the code the program ended by itself"),
        ("exits", (C, X, C), "NameError"),
        ("exits in the answer", (W, C, C), "your function stops with SystemExit"),
        ("prints", (C, C, C), "Correct."),
        ("large file", (C, X, C), "NameError"),
        ("forges", (W, C, C), "is each value twice as large?"),
        ("spies", (W, C, C), "your function stops with ValueError: seen:"),
        ("vandal", (C, C, C), "Correct."),
        ("plants", (C, C, C), "Correct."),
        ("leaves a process", (C, C, C), "Correct."),
    ],
)
def test_verdicts(graded, student, wanted, told):
    found = verdicts(graded, student)
    assert tuple(found[name][0] for name in ("q1_1", "q1_2", "q2_1")) == wanted, found
    assert any(told in message for _, message in found.values()), found
    assert all(message == "Correct." for verdict, message in found.values() if verdict == "correct")


def test_what_a_spy_saw(graded):
    assert verdicts(graded, "spies")["q1_1"][1].endswith("seen:"), "neither the environment nor the teacher's notes nor others' work"


def test_nothing_was_planted_and_no_process_is_left(graded):
    assert not list(graded[0].rglob("planted*"))
    assert not [process for process in psutil.process_iter(["cmdline"]) if "98765" in (process.info["cmdline"] or [])]


@pytest.mark.parametrize("student", ["garbage", "infinite"])
def test_whoever_disturbs_the_line_disturbs_only_himself(graded, student):
    found = verdicts(graded, student)
    assert {verdict for verdict, _ in found.values()} == {"not run"}, found


@pytest.mark.skipif(WALL < 6, reason="this kernel cannot keep signals in")
def test_nobody_kills_the_grader(graded):
    assert verdicts(graded, "kills the grader")["q1_1"][0] == "not run"


def test_pages_are_escaped_and_complete(graded):
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (graded[0] / "grades/feedback").glob("*.html")}
    assert set(pages) == set(SUBMISSIONS)
    assert "<script" not in "".join(pages.values())
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages["raises"]
    assert "=&lt;b&gt;name" in pages["=<b>name"]
    assert "3 of 3 points" in pages["good"]
    assert "1 of 3 points" in pages["half"]
    assert "Cell 5 of the code stops with MemoryError" in pages["eats memory"]
    assert not re.search(r"https?:|src=|href=", "".join(pages.values())), "a page needs no other file"


def test_the_summary_begins_with_the_question_most_missed(graded):
    page = (graded[0] / "grades/summary.html").read_text(encoding="utf-8")
    missed = [sum(row["verdict"] != "correct" for row in graded[2] if row["question"] == name) for name in ("q1_1", "q1_2", "q2_1")]
    order = re.findall(r"<td>(q\d_\d)</td>", page)
    assert order[0] == ("q1_1", "q1_2", "q2_1")[missed.index(max(missed))]
    assert html.escape("is each value twice as large?") in page
    assert graded[1].stdout.startswith(f"{order[0]}: ")


def test_there_is_a_progress_bar(graded):
    assert f"{len(SUBMISSIONS)}/{len(SUBMISSIONS)}" in graded[1].stderr


# Runs of their own


@pytest.fixture
def course(tmp_path):
    root = kit.make(tmp_path / "course")
    kit.write(root / "subs/ana.ipynb", kit.notebook())
    return root


def state(root):
    return json.loads((root / "grades/run.json").read_text(encoding="utf-8"))


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT")
def test_an_interrupted_run_goes_on(course):
    kit.write(course / "subs/bob.ipynb", kit.notebook({"total": "import time\n\ntime.sleep(10**6)"}))
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += (
        "from course_utils.exercises.__main__ import main; sys.exit(main(['grade', 'subs', '--out', 'grades.csv', '--seconds', '9999']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(course)}
    run = subprocess.Popen([sys.executable, "-c", code], cwd=course, env=environment, stderr=subprocess.PIPE, text=True)
    while not (course / "grades/run.json").exists() or "ana" not in state(course)["done"]:
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    assert run.wait(timeout=60) == 130
    assert "the same command goes on from here" in run.stderr.read()
    kept = state(course)
    assert set(kept["done"]) == {"ana"}
    kept["done"]["ana"]["rows"][0][2] = "from the first run"
    kit.write(course / "grades/run.json", kept)
    kit.write(course / "subs/bob.ipynb", kit.notebook())
    assert kit.command(course, "grade", "subs", "--out", "grades.csv").returncode == 0
    assert state(course)["seeds"] == kept["seeds"], "all students of a run get the same cases"
    assert [row["message"] for row in rows(course) if row["question"] == "q1_1"] == ["from the first run", "Correct."]

    kit.write(course / "subs/ana.ipynb", kit.notebook({"double": WRONG}))
    kit.command(course, "grade", "subs", "--out", "grades.csv")
    assert rows(course)[0]["verdict"] == "wrong", "a file that changed is graded again"


def test_more_time_for_those_who_ran_out_of_it(course):
    wait = "import time\n\nbegin = time.process_time()\nwhile time.process_time() < begin + 4:\n    pass\ntotal = 5"
    kit.write(course / "subs/ana.ipynb", kit.notebook({"total": wait}))
    for seconds, verdict in ((3, "not run"), (60, "correct")):
        kit.command(course, "grade", "subs", "--out", "grades.csv", "--seconds", seconds)
        assert rows(course)[1]["verdict"] == verdict


def test_sleeping_takes_time_too(course):
    kit.write(course / "subs/ana.ipynb", kit.notebook({"title": "# words", "setup": kit.SETUP + "\nimport time\n\ntime.sleep(10**6)"}))
    kit.command(course, "grade", "subs", "--out", "grades.csv", "--seconds", 5)
    assert {row["message"] for row in rows(course)} == {"Not reached: in cell 1 of the code the time of 5 s was over."}


def test_other_questions_make_a_new_run(course):
    kit.command(course, "grade", "subs", "--out", "grades.csv")
    seeds = state(course)["seeds"]
    kit.write(course / "course_utils/exercises/hw9.py", kit.QUESTIONS.replace("== 5", ">= 5"))
    kit.command(course, "grade", "subs", "--out", "grades.csv")
    assert state(course)["seeds"] != seeds


def test_a_broken_solution_stops_the_run(course):
    kit.write(course / "notebooks/solutions/hw9_small.ipynb", kit.notebook({"double": WRONG}))
    done = kit.command(course, "grade", "subs", "--out", "grades.csv")
    assert done.returncode == 1
    assert done.stderr.startswith("The solution of hw9 itself is not correct, so nothing was graded: q1_1 (Not yet: is each value twice")
    assert not (course / "grades.csv").exists()


def test_a_folder_without_submissions_is_one_sentence(course):
    shutil.rmtree(course / "subs")
    done = kit.command(course, "grade", "subs", "--out", "grades.csv")
    assert done.returncode == 1
    assert done.stderr.startswith("subs holds no submission: ")
    assert done.stderr.count("\n") == 1


def test_an_older_copy_is_graded_and_told(course):
    kit.command(course, "start", "hw9")
    (copy,) = (course / "my_work").glob("*.ipynb")
    kit.write(course / "course_utils/exercises/hw9.py", kit.QUESTIONS.replace("== 5", ">= 5"))
    shutil.copy(copy, course / "subs/ana.ipynb")
    kit.command(course, "grade", "subs", "--out", "grades.csv")
    assert {row["verdict"] for row in rows(course)} == {"not attempted"}
    assert "older version of the homework" in (course / "grades/feedback/ana.html").read_text(encoding="utf-8")
