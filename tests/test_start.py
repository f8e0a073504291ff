"""A student's copy of a homework: its name, what is in it, and that nothing ever overwrites it."""

import datetime
import json
import subprocess
import sys

import pytest

from course_utils.exercises import copies
from tests import kit

NAME = f"my_work/hw9_small_{datetime.date.today().isoformat()}.ipynb"


@pytest.fixture
def course(tmp_path):
    return kit.make(tmp_path / "course")


def cells(path):
    return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def run(root, code):
    """What a cell prints in the folder of the copies."""
    done = subprocess.run([sys.executable, "-c", code], cwd=root / "my_work", env={"PYTHONPATH": str(root)}, capture_output=True, text=True)
    assert not done.stderr, done.stderr
    return done.stdout


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_start_copies_with_the_date_and_never_overwrites(course):
    assert NAME in kit.command(course, "start", "hw9").stdout
    copy = course / NAME
    kit.write(copy, "a day's work")
    again = kit.command(course, "start", "hw9")
    assert again.returncode == 0
    assert again.stdout == f"You started today: go on with {NAME}, or give it another name to start afresh.\n"
    assert copy.read_text(encoding="utf-8") == "a day's work"
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_the_copy_is_the_homework_seen_from_another_folder(course):
    kit.command(course, "start", "hw9")
    title, setup, parameters, double = cells(course / NAME)[:4]
    assert "![a](../notebooks/pictures/00_start_here.png) after [lesson 00](../notebooks/00_start_here.ipynb)" in title
    assert setup.startswith(kit.SETUP)
    assert parameters == kit.SOLUTION["parameters"]
    assert double == kit.STUBS["double"]
    assert not run(course, setup), "a fresh copy has nothing to say"


def test_git_leaves_the_copies_alone():
    ignored = (kit.ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "my_work/" in ignored


def test_the_copy_knows_what_it_was_made_from(course):
    kit.command(course, "start", "hw9")
    first = json.loads((course / NAME).read_text(encoding="utf-8"))["metadata"]["course"]
    assert first["homework"] == "hw9"
    (course / NAME).unlink()
    edit(course / "course_utils/exercises/hw9.py", "answer == 5", "answer == 6")
    kit.command(course, "start", "hw9")
    assert json.loads((course / NAME).read_text(encoding="utf-8"))["metadata"]["course"]["version"] != first["version"]


@pytest.mark.parametrize(
    ("old", "new", "change", "asked", "answer"),
    [
        ("def q1_2", "def q3_1", "q1_2 is called q3_1 now", "q1_2", "Correct."),
        ("answer == 5", "answer >= 5", "q1_2 is checked in another way", "q1_2", "Correct."),
        ("def q1_2", "def other", "q1_2 is called other now", "q1_2", "Correct."),
        (
            '@question("nudge", "idea", "code")\ndef q1_2',
            "def q1_2",
            "q1_2 is no longer asked",
            "q1_2",
            "q1_2 is no longer asked; your answer",
        ),
    ],
)
def test_an_older_copy_is_checked_and_says_what_changed(course, old, new, change, asked, answer):
    kit.command(course, "start", "hw9")
    setup = cells(course / NAME)[1]
    edit(course / "course_utils/exercises/hw9.py", old, new)
    first, second = run(course, f"{setup}\nex.{asked}.check(5)\nex.{asked}.hint").splitlines()
    assert first == f"The course changed since this copy was made: {change}. Your work is as you left it."
    assert second.startswith(answer)


def test_a_new_question_is_announced(course):
    kit.command(course, "start", "hw9")
    questions = course / "course_utils/exercises/hw9.py"
    questions.write_text(kit.QUESTIONS + '\n\n@question("a")\ndef q9_9(answer, rng):\n    expect(answer, "?")\n', encoding="utf-8")
    assert "made: q9_9 is new." in run(course, cells(course / NAME)[1])


def test_a_student_gets_a_seed_and_keeps_it(course):
    kit.command(course, "start", "hw9", "--student", "ana@example.org")
    seed = copies.seed_of("ana@example.org")
    assert cells(course / NAME)[2] == f"SEED = {seed}  # of the images\nROUNDS = 10**9  # small when graded"
    assert seed == copies.seed_of(" Ana@example.org") == 362_425
    assert len({copies.seed_of(f"student {number}") for number in range(200)}) > 195


def test_a_homework_without_seed_says_so(course):
    edit(course / "notebooks/homework/hw9_small.ipynb", "SEED = 7", "SIDE = 7")
    done = kit.command(course, "start", "hw9", "--student", "ana")
    assert done.returncode == 1
    assert "leave --student out" in done.stderr
    assert not (course / "my_work").exists()


def test_an_unknown_homework_is_one_sentence(course):
    done = kit.command(course, "start", "hw3")
    assert done.returncode == 1
    assert done.stderr == 'There is no homework "hw3"; there are hw9.\n'
