"""The command `grade` without its processes: what it refuses before any work, how it goes on, and what it keeps when something fails."""

import importlib.util
import json
import re
import sys
import threading
import time

import pytest

from course_utils.exercises import __main__ as command
from course_utils.exercises import copies
from course_utils.grading import collect, grade, isolation
from tests import kit

NAMES = ["q1_1", "q1_2", "q2_1"]


class Run:
    """Stands where the processes are: a notebook says in its metadata what becomes of it."""

    asked, over, wrong_solution = [], threading.Event(), False

    def __init__(self, homework, seeds, values, seconds, memory):
        self.homework, self.seconds, self.memory, self.workers = homework, seconds, memory, 2
        Run.values = values

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        Run.over.set()

    def not_run(self, why):
        return {"rows": [[name, "not run", why] for name in NAMES], "notes": [], "ended": None}

    def grade(self, path, tell=None, trusted=False):
        Run.asked.append(path.stem)
        fate = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("fate")
        tell(1, 8)
        if fate == "breaks the grader":
            raise RecursionError("too deep")
        if fate == "waits":
            assert Run.over.wait(20)
        if fate == "stops it":
            raise KeyboardInterrupt
        ended = "in cell 5 of the code the time was over" if fate == "slow" else None
        verdict = "wrong" if fate == "wrong" or (trusted and Run.wrong_solution) else "correct"
        return {
            "rows": [[name, verdict, "Not yet: no." if verdict == "wrong" else "Correct."] for name in NAMES],
            "notes": [],
            "ended": ended,
        }


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course in place of this one, with a folder of submissions."""
    root = kit.make(tmp_path / "course")
    for module in (copies, grade, collect):
        monkeypatch.setattr(module, "ROOT", root)
    monkeypatch.setattr(isolation, "refuse_root", lambda _: None)
    monkeypatch.setattr(isolation, "lacks", lambda: ["No wall here."])
    monkeypatch.setattr(grade, "Run", Run)
    monkeypatch.setattr(Run, "asked", [])
    monkeypatch.setattr(Run, "over", threading.Event())
    load(root, monkeypatch)
    monkeypatch.chdir(root)
    for name in ("ana", "bob"):
        hand_in(root, name)
    return root


def load(root, monkeypatch, questions=kit.QUESTIONS):
    """The homework's module, from its file."""
    file = kit.write(root / "course_utils/exercises/hw9.py", questions)
    spec = importlib.util.spec_from_file_location("course_utils.exercises.hw9", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, spec.name, module)


def hand_in(root, name, fate=None):
    kit.write(root / f"subs/{name}.ipynb", kit.notebook() | {"metadata": {"fate": fate}})


def run(*more):
    """The command's exit code after `grade subs --out grades.csv` with `more`, and whom it ran."""
    Run.asked.clear()
    return command.main(["grade", "subs", "--out", "grades.csv", *map(str, more)]), sorted(Run.asked)


def kept(root):
    return json.loads((root / "grades/run.json").read_text(encoding="utf-8"))


# Before any work


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["grade", "subs"], "The following arguments are required: --out"),
        (["grade", "subs", "--out", "g.csv", "--seconds", "-5"], "--seconds: a whole number from 1 on is wanted, not -5"),
        (["grade", "subs", "--out", "g.csv", "--seconds", "0"], "a whole number from 1 on"),
        (["grade", "subs", "--out", "g.csv", "--seconds", "1e3"], "a whole number from 1 on"),
        (["grade", "subs", "--out", "g.csv", "--memory", "³"], "a whole number from 200 on"),
        (["grade", "subs", "--out", "g.csv", "--memory", "4GB"], "a whole number from 200 on"),
        (["start", "hw9", "--student", " "], "--student: a word is wanted"),
        (["frob"], "Invalid choice: 'frob'"),
        ([], "required: COMMAND"),
    ],
)
def test_a_command_that_makes_no_sense_is_one_sentence(course, capsys, words, said):
    with pytest.raises(SystemExit) as end:
        command.main(words)
    told = capsys.readouterr().err
    assert end.value.code == 2
    assert said in told
    assert re.search(r"\(python -m course_utils.exercises( grade| start)? --help shows how.\)\n$", told)
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nosuch", "--out", "g.csv"], "nosuch is not there"),
        (["notes.txt", "--out", "g.csv"], "notes.txt is no folder"),
        (["empty", "--out", "g.csv"], "empty holds no submission"),
        (["others", "--out", "g.csv"], "No notebook in others is a homework of the course"),
        (["subs", "--out", "g"], "such as g.csv"),
        (["subs", "--out", "subs.csv"], "must lie apart"),
        (["subs", "--out", "subs/grades.csv"], "must lie apart"),
    ],
)
def test_it_refuses_before_any_work_and_leaves_nothing_behind(course, capsys, words, said):
    (course / "empty").mkdir()
    kit.write(course / "notes.txt", "mine")
    kit.write(course / "others/lesson.ipynb", {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    before = sorted(course.rglob("*"))
    assert command.main(["grade", *words]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert sorted(course.rglob("*")) == before
    assert not Run.asked


def test_root_is_refused_before_any_work(course, capsys, monkeypatch):
    def refuse(as_root):
        assert as_root is False
        raise copies.Problem("You are root.")

    monkeypatch.setattr(isolation, "refuse_root", refuse)
    assert run() == (1, [])
    assert capsys.readouterr().err == "You are root.\n"
    assert not (course / "grades").exists()


# While it runs, and afterwards


def test_what_runs_is_shown_from_the_start(course, capsys):
    assert run() == (0, ["ana", "bob", "hw9_small"])
    told = capsys.readouterr()
    first, second = told.err.splitlines()[:2]
    assert first == "hw9: 2 submissions in subs. Loading the checks ..."
    assert second == "Not held by this system: No wall here."
    assert "The solution first" in told.err
    assert "2/2 submissions" in told.err
    assert told.out.startswith("2 submissions: median 3, mean 3.0 of 3 points, from 3 to 3.\n")
    assert "Not held by this system: No wall here." in told.out
    assert Run.values == {"ROUNDS": 5, "SEED": 7}, "small, and the same for everybody"


def test_whatever_one_does_the_others_get_their_rows(course, capsys):
    hand_in(course, "bad", "breaks the grader")
    hand_in(course, "cy", "wrong")
    assert run()[0] == 0
    done = kept(course)["done"]
    assert {name: result["rows"][0][1] for name, result in done.items()} == {
        "ana": "correct",
        "bob": "correct",
        "cy": "wrong",
        "bad": "not run",
    }
    assert "The grader could not go on with this file (RecursionError: too deep)." in (course / "grades.csv").read_text(encoding="utf-8")
    assert "Missed: 1.1: 2 of 4 right." in capsys.readouterr().out


def test_a_second_run_does_what_is_new(course, capsys):
    hand_in(course, "slow", "slow")
    run()
    seeds = kept(course)["seeds"]
    assert run() == (0, [])
    assert "3 of 3 are graded already; 0 to go." in capsys.readouterr().err
    hand_in(course, "bob", "wrong")
    hand_in(course, "dan")
    assert run() == (0, ["bob", "dan"])
    assert run("--seconds", 500) == (0, ["slow"]), "who ran out of time gets more"
    (course / "subs/ana.ipynb").unlink()
    assert run("--seconds", 500) == (0, [])
    assert kept(course)["seeds"] == seeds
    assert {path.stem for path in (course / "grades/feedback").iterdir()} == {"bob", "dan", "slow"}


def test_other_checks_make_a_new_run_and_it_says_so(course, capsys, monkeypatch):
    run()
    seeds = kept(course)["seeds"]
    load(course, monkeypatch, kit.QUESTIONS.replace("== 5", ">= 5"))
    capsys.readouterr()
    assert run() == (0, ["ana", "bob", "hw9_small"])
    assert "The checks of hw9 have changed" in capsys.readouterr().err
    assert kept(course)["seeds"] != seeds


def test_a_stopped_run_ends_its_processes_and_goes_on(course, capsys):
    hand_in(course, "yan", "waits")
    hand_in(course, "zed", "stops it")
    begin = time.monotonic()
    code, asked = run()
    assert (code, "hw9_small" in asked) == (130, True)
    assert time.monotonic() < begin + 15, "the command waits until its processes are over"
    assert "the same command goes on from here" in capsys.readouterr().err
    assert kept(course)["proven"]
    done = set(kept(course)["done"])
    hand_in(course, "zed")
    assert run() == (0, sorted({"ana", "bob", "yan", "zed"} - done))


def test_the_grades_of_one_homework_are_not_replaced_by_another(course, capsys):
    run()
    state = kept(course)
    kit.write(course / "grades/run.json", state | {"homework": "hw8"})
    assert run() == (1, [])
    assert "grades.csv holds the grades of hw8, and these are submissions of hw9: choose another --out." in capsys.readouterr().err


def test_a_damaged_state_is_one_sentence(course, capsys):
    run()
    kit.write(course / "grades/run.json", "{")
    capsys.readouterr()
    assert run() == (1, [])
    assert "delete it to grade everybody anew" in capsys.readouterr().err


def test_a_solution_that_is_wrong_stops_everything(course, capsys, monkeypatch):
    monkeypatch.setattr(Run, "wrong_solution", True)
    assert run() == (1, ["hw9_small"])
    assert "The solution of hw9 itself is not correct, so nothing was graded: q1_1 (Not yet: no.)" in capsys.readouterr().err
    assert not (course / "grades.csv").exists()
