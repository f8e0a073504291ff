"""A student's copy of a homework: its name, what is in it, and that nothing ever overwrites it."""

import datetime
import errno
import json
import os
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
    assert again.stdout.startswith(f"You started today: go on with {NAME}, or give it another name to start afresh.\n")
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


def test_the_link_leads_into_the_jupyterlab_that_runs(course, tmp_path, monkeypatch):
    monkeypatch.delenv("JUPYTER_SERVER_ROOT", raising=False)  # the tests may run in JupyterLab's terminal
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    assert f"In JupyterLab: {NAME}, once it runs (make lab" in kit.command(course, "start", "hw9").stdout
    for number, root in enumerate((tmp_path / "elsewhere", course)):
        server = {"pid": os.getpid(), "port": 8888, "url": f"http://localhost:888{number}/", "root_dir": str(root), "token": "secret"}
        kit.write(tmp_path / f"jpserver-{number}.json", server)
    said = kit.command(course, "start", "hw9").stdout
    assert f"In JupyterLab: http://localhost:8881/lab/tree/{NAME}\n" in said
    assert "secret" not in said


def test_the_link_in_jupyterlabs_terminal(course, monkeypatch):
    monkeypatch.setenv("JUPYTER_SERVER_ROOT", str(course.parent))
    monkeypatch.setenv("JUPYTER_SERVER_URL", "http://localhost:9999/base/")
    assert f"In JupyterLab: http://localhost:9999/base/lab/tree/course/{NAME}\n" in kit.command(course, "start", "hw9").stdout


def test_where_nothing_can_be_written_it_is_said(course):
    kit.write(course / "my_work", "a file")  # rights do not stop an administrator, this does
    done = kit.command(course, "start", "hw9")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{course / 'my_work'} cannot take your copy (")
    assert done.stderr.count("\n") == 1


def test_a_full_disk_leaves_no_half_copy(tmp_path, monkeypatch):
    def opened(*arguments, **options):
        return Full(open(*arguments, **options))

    monkeypatch.setattr(copies, "open", opened, raising=False)
    with pytest.raises(copies.Problem, match="No space left"):
        copies.write_new(tmp_path / "my_work/hw.ipynb", "text")
    assert not list((tmp_path / "my_work").iterdir())


class Full:
    """A file on a disk that is full."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, _):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("words", [["--help"], ["start", "--help"], ["grade", "--help"]])
def test_help_says_each_thing_once(course, words):
    said = kit.command(course, *words).stdout
    assert said.count("usage:") == said.count(" [-h]") == 1
    assert ("GRADES.csv" in said) == ("grade" in words)


@pytest.mark.parametrize("command", [["-m", "course_utils.exercises", "start", "hw9"], ["-c", "import course_utils"]])
def test_without_the_environment_a_command_ends_in_one_sentence(course, command):
    done = subprocess.run([sys.executable, "-S", *command], cwd=course, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("The course's environment is not active: this Python has no numpy, ")
    assert "make lab" in done.stderr
    assert done.stderr.count("\n") == 1
    kit.write(course / ".venv/bin/activate", "")
    kit.write(course / ".venv/Scripts/activate", "")
    done = subprocess.run([sys.executable, "-S", *command], cwd=course, capture_output=True, text=True, check=False)
    assert f'{course}/.venv/bin/activate", then the same again' in done.stderr or os.name == "nt"


def test_without_the_environment_a_cell_shows_one_sentence(course):
    code = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
sys.modules["ipykernel"] = sys
sys.path = [place for place in sys.path if "packages" not in place]
shell.run_cell("import course_utils")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=course, capture_output=True, text=True, check=False)
    assert done.stdout.strip().startswith("The course's environment is not active: ")
    assert done.stdout.strip().count("\n") == 0
    assert "Traceback" not in done.stdout + done.stderr


def test_the_installed_course_says_where_homework_lies(course):
    (course / "notebooks/homework/hw9_small.ipynb").unlink()
    (course / "notebooks/homework").rmdir()
    assert "in the course's folder" in kit.command(course, "start", "hw9").stderr
