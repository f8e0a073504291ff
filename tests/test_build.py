"""notebooks/build.py on a small course of its own, made in a temporary folder."""

import json
import shutil
import subprocess
import sys
import time

import nbformat
import pytest

import build
import source
from tests.conftest import ROOT

LESSON = """# %% [markdown]
# # 01 · Doubling
#
# You double a number.
#
# {{picture}}

# %% [markdown]
# **You will be able to** double · **Time** reading 1 min, compute {{time}}, {{memory}} · **Data** {{data}}

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
NUMBERS = 3  # paper: 1000
SIZE = (4, 4)

# %% tags=["picture"]
from IPython.display import display

folder = data_scripts.ensure("toy")
pixel = b"\\x89PNG\\r\\n\\x1a\\n"
display({"image/png": pixel, "text/plain": "a pixel"}, metadata={"image/png": {"alt": "a pixel"}}, raw=True)

# %% [markdown]
# ### Exercise 1.1 · Double

# %% tags=["exercise"]
def double(n):
    # BEGIN SOLUTION
    return 2 * n
    # END SOLUTION

# %%
# ex.q1_1.hint()
ex.q1_1.check(double)

# %% tags=["exercise"]
# BEGIN SOLUTION
total = sum(double(n) for n in range(NUMBERS))
# END SOLUTION

# %% tags=["teacher"]
# Ask what happens with 0.

# %%
display({"application/json": {"numbers": NUMBERS}, "text/plain": f"recorded: numbers = {NUMBERS}"}, raw=True)
"""
EXERCISES = """
class Blank:
    __call__ = __add__ = __radd__ = lambda self, *_: self

class Question:
    def check(self, double):
        print("Not attempted" if isinstance(double(1), Blank) else "Correct" if double(3) == 6 else "Not yet")

____ = Blank()
"""
CLAIM = '[[claim]]\nlesson = "01"\nname = "numbers"\nmax = 5\ntext = "few numbers"\nstatus = "met"\n'
DATA = """
from pathlib import Path

def ensure(name):
    print(f"{name}: generated")
    folder = Path(__file__).parents[1] / "data" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.json").write_text('{"kind": "generated"}')
    (folder / "pixels").write_bytes(bytes(2**20))
    return folder

def summary():
    return "toy"
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A course of one lesson and one homework, everything built once."""
    root = tmp_path_factory.mktemp("course")
    files = {
        "notebooks/src/01_double.py": LESSON,
        "notebooks/src/hw1_again.py": LESSON.replace("01 · Doubling", "Homework 1 · Again"),
        "notebooks/src/_setup.py": (ROOT / "notebooks/src/_setup.py").read_text(encoding="utf-8"),
        "notebooks/claims.toml": CLAIM,
        "tests/notebook_params.toml": "[01.tiny]\nNUMBERS = 1\nSIZE = [2, 2]\n[01.full]\nNUMBERS = 9\n[hw1.tiny]\nNUMBERS = 1\n",
        "pyproject.toml": "[project.urls]\n# one place\n\n[tool.ruff]\nline-length = 140\n",
        "README.md": "# Course\n<!-- lessons -->\n<!-- /lessons -->\n<!-- results -->\n<!-- /results -->\n",
        "course_utils/__init__.py": "def versions():\n    return 'versions'\n",
        "course_utils/exercises/__init__.py": EXERCISES,
        "course_utils/exercises/lesson01.py": "from . import Question\n\nq1_1 = Question()\n",
        "course_utils/exercises/hw1.py": "from . import Question\n\nq1_1 = Question()\n",
        "data_scripts/__init__.py": DATA,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    build.build(root)
    return root


@pytest.fixture
def course(built, tmp_path):
    """A copy of the built course that a test may spoil."""
    return shutil.copytree(built, tmp_path / "course")


def code(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_lesson_has_stubs_outputs_and_measurements(built):
    notebook = nbformat.read(built / "notebooks/01_double.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "def double(n):\n    return ____" in text
    assert "total = ____" in text
    assert "SOLUTION" not in text
    assert "Ask what happens" not in text
    assert "from course_utils.exercises import lesson01 as ex" in text
    assert "{{" not in text
    assert "![a pixel](pictures/01_double.png)" in text
    assert "toy (generated, 1.0 MB)" in text
    said = "".join(build.text_of(output) for cell in notebook.cells for output in cell.get("outputs", []))
    assert "Not attempted" in said
    assert "probe" not in said
    assert notebook.metadata.course.data == [{"name": "toy", "kind": "generated", "mb": 1.0}]
    assert 10 < notebook.metadata.course.peak_mb < 1000
    assert set(notebook.metadata) == {"course", "kernelspec", "language_info"}


def test_homework_has_a_student_copy_and_a_solution(built):
    student = nbformat.read(built / "notebooks/homework/hw1_again.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in student.cells)
    assert "total = ____" in code(built / "notebooks/homework/hw1_again.ipynb")
    solution = "\n".join(code(built / "notebooks/solutions/hw1_again.ipynb"))
    assert "return 2 * n" in solution
    assert "BEGIN SOLUTION" not in solution
    assert "Ask what happens" in solution
    assert "![a pixel](../pictures/hw1_again.png)" in student.cells[0].source


def test_tables_of_the_readme(built):
    text = (built / "README.md").read_text(encoding="utf-8")
    assert "[01 · Doubling](notebooks/01_double.ipynb) | You double a number. |" in text
    assert "(notebooks/homework/hw1_again.ipynb)" in text
    assert "| 01 | few numbers | ≤ 5 | 3 | met |" in text


def test_check_is_content_with_what_build_made(built):
    assert build.check(built) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("notebooks/src/01_double.py", "return 2 * n", "return n + n", None),  # the solution is not in the lesson
        ("notebooks/src/01_double.py", "NUMBERS = 3", "NUMBERS = 4", "other code"),
        ("notebooks/src/01_double.py", "You double", "You treble", "differ"),
        ("notebooks/src/hw1_again.py", "return 2 * n", "return n + n", "other code"),
        ("notebooks/01_double.ipynb", "compute 2 s", "compute 1 s", "differ"),
        ("notebooks/01_double.ipynb", '"execution_count": 2', '"execution_count": 9', "in order"),
        ("notebooks/homework/hw1_again.ipynb", "total = ____", "total = 6", "homework/hw1_again.ipynb differs"),
        ("notebooks/claims.toml", "max = 5", "max = 2", "the status says met"),
        ("notebooks/claims.toml", '"numbers"', '"letters"', "no such number"),
        ("README.md", "few numbers", "many numbers", "README"),
        ("pyproject.toml", "# one place", 'Repository = "https://github.com/me/mine"', "badges"),
    ],
)
def test_check_finds_what_drifted(course, file, old, new, complaint):
    if "compute" in old:
        shown = source.duration(nbformat.read(course / file, as_version=4).metadata.course.seconds)
        old, new = f"compute {shown}", "compute 99 s"
    edit(course / file, old, new)
    found = build.check(course)
    assert any(complaint in problem for problem in found) if complaint else not found


def test_check_finds_another_picture(course):
    (course / "notebooks/pictures/01_double.png").write_bytes(b"another")
    assert build.check(course) == ["notebooks/pictures/01_double.png is not the picture in notebooks/01_double.ipynb"]


def test_only_changed_code_is_executed_again(course, monkeypatch):
    ran = []
    monkeypatch.setattr(build, "execute", lambda *_: ran.append(1) or pytest.fail("executed"))
    edit(course / "notebooks/src/01_double.py", "You double", "You treble")
    build.build(course)
    assert build.check(course) == []
    edit(course / "notebooks/src/01_double.py", "NUMBERS = 3", "NUMBERS = 4")
    with pytest.raises(pytest.fail.Exception, match="executed"):
        build.build(course, ["01"])


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import sys; print('careful', file=sys.stderr)", "writes to stderr"),
        ("import warnings; warnings.warn('old')", "writes to stderr"),
        ("print('/home/someone/data')", "path of this machine"),
        ("import os; os._exit(1)", "kernel died"),
    ],
)
def test_a_bad_cell_stops_the_build_and_is_shown(course, line, complaint):
    edit(course / "notebooks/src/01_double.py", "SIZE = (4, 4)", f"SIZE = (4, 4)\n{line}")
    before = (course / "notebooks/01_double.ipynb").read_bytes()
    with pytest.raises(build.Problem, match=complaint) as problem:
        build.build(course, ["01"])
    assert line in str(problem.value)
    assert (course / "notebooks/01_double.ipynb").read_bytes() == before


def test_widget_leaves_no_trace(course):
    line = "import ipywidgets; display(ipywidgets.IntSlider())"
    edit(course / "notebooks/src/01_double.py", "display({", f"{line}\ndisplay({{")
    build.build(course, ["01"])
    assert "widget-view" not in (course / "notebooks/01_double.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("body", "stub"),
    [
        ("def f(x):\n    # BEGIN SOLUTION\n    y = x\n    return y\n    # END SOLUTION", "def f(x):\n    return ____"),
        ("# BEGIN SOLUTION\na = 1\nb = 2\n# END SOLUTION\nprint(a)", "a = ____\nb = ____\nprint(a)"),
        ("# BEGIN SOLUTION\nprint(1)\n# END SOLUTION", "answer = ____"),
        ("if x:\n    # BEGIN SOLUTION\n    # STUB: y = ____  # a number\n    y = 1\n    # END SOLUTION", "if x:\n    y = ____  # a number"),
        ("# BEGIN SOLUTION\n# STUB: for i in ____:\n# STUB:     pass\nfor i in x:\n    pass\n# END SOLUTION", "for i in ____:\n    pass"),
    ],
)
def test_stubs(body, stub):
    assert source.unsolved(body) == stub


def test_solution_loses_its_markers():
    assert source.solved("def f():\n    # BEGIN SOLUTION\n    # STUB: pass\n    return 1\n    # END SOLUTION") == "def f():\n    return 1"


def test_parameters_are_replaced_where_they_stand():
    cell = nbformat.v4.new_code_cell(
        'NAME = "é"; N = 3  # paper: 1000\nSIZE = (\n    4,\n    4,\n)\nLAST = 1', metadata={"tags": ["parameters"]}
    )
    notebook = nbformat.v4.new_notebook(cells=[cell])
    source.inject(notebook, {"N": 5, "SIZE": [2, 2], "LAST": 0.5})
    assert cell.source == 'NAME = "é"; N = 5  # paper: 1000\nSIZE = (2, 2)\nLAST = 0.5'
    with pytest.raises(source.Problem, match="EPOCHS"):
        source.inject(notebook, {"EPOCHS": 1})


def test_run_at_another_size(course, capsys):
    build.run(course, "01", "full", course / "out.ipynb")
    assert "NUMBERS = 9  # paper: 1000\nSIZE = (4, 4)" in code(course / "out.ipynb")
    assert "numbers = 9" in capsys.readouterr().out
    assert build.check(course) == []


def nbval(course, *options):
    arguments = ["-m", "pytest", "-p", "tests.stop_after_failure", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env"]
    command = [sys.executable, *arguments, "--rootdir", course, *options, course / "build/tiny"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def test_tiny_copies_pass_nbval(course):
    build.tiny(course)
    assert "NUMBERS = 1  # paper: 1000\nSIZE = (2, 2)" in code(course / "build/tiny/01_double.ipynb")
    said = nbval(course)
    assert " passed" in said, said
    assert " failed" not in said, said


def test_tiny_copy_wants_the_solution_to_be_correct(course):
    edit(course / "notebooks/src/01_double.py", "return 2 * n", "return 3 * n")
    build.tiny(course, ["01"])
    said = nbval(course)
    assert "Not yet" in said, said
    assert "1 failed, 6 passed, 3 skipped" in said, said


def test_evidence_goes_on_where_it_stopped(course):
    script = course / "notebooks/evidence/long.py"
    script.parent.mkdir()
    script.write_text('def steps():\n    return {"one": lambda: {"mse": 0.5}, "two": lambda: 1 / 0}\n', encoding="utf-8")
    with pytest.raises(ZeroDivisionError):
        build.evidence(course, "long")
    first = json.loads(script.with_suffix(".json").read_text(encoding="utf-8"))["steps"]["one"]
    assert first["result"] == {"mse": 0.5}
    assert set(first) == {"result", "seconds", "date", "commit", "versions", "cores"}
    script.write_text('def steps():\n    return {"one": lambda: 1 / 0, "two": lambda: {"mse": 0.25}}\n', encoding="utf-8")
    build.evidence(course, "long")
    kept = json.loads(script.with_suffix(".json").read_text(encoding="utf-8"))
    assert kept["command"] == "python notebooks/build.py evidence long"
    assert kept["steps"]["one"] == first
    assert kept["steps"]["two"]["result"] == {"mse": 0.25}


@pytest.mark.parametrize("remote", ["git@github.com:me/mine.git", "https://github.com/me/mine.git", "https://github.com/me/mine"])
def test_links(course, remote):
    subprocess.run(["git", "init", "--quiet", course], check=True)
    with pytest.raises(build.Problem, match="no web address"):
        build.links(course)
    subprocess.run(["git", "-C", course, "remote", "add", "origin", remote], check=True)
    for _ in range(2):  # the second time changes nothing
        build.links(course)
        assert build.check(course) == []
        assert (course / "pyproject.toml").read_text(encoding="utf-8").count("https://github.com/me/mine") == 1
    first, second = (nbformat.read(course / "notebooks" / name, as_version=4) for name in ("01_double.ipynb", "homework/hw1_again.ipynb"))
    assert "colab.research.google.com/github/me/mine/blob/main/notebooks/01_double.ipynb" in first.cells[0].source
    assert "/blob/main/notebooks/homework/hw1_again.ipynb" in second.cells[0].source
    assert 'repository = "https://github.com/me/mine"' in first.cells[2].source
    assert first.cells[2].outputs


def test_links_leave_a_lesson_whose_code_changed(course, monkeypatch):
    monkeypatch.setattr(build, "git", lambda *_: "https://github.com/me/mine")
    edit(course / "notebooks/src/01_double.py", "NUMBERS = 3", "NUMBERS = 4")
    before = (course / "notebooks/01_double.ipynb").read_bytes()
    build.links(course)
    assert (course / "notebooks/01_double.ipynb").read_bytes() == before


def test_no_address_no_badge(built):
    assert "colab-badge" not in (built / "notebooks/01_double.ipynb").read_text(encoding="utf-8")


def run_setup(course, folder, before=""):
    cell = before + code(course / "notebooks/01_double.ipynb")[0]
    return subprocess.run([sys.executable, "-c", cell], cwd=folder, capture_output=True, text=True, check=False)


def test_setup_cell_finds_the_course(course, tmp_path):
    deep = course / "my_work/copies"
    deep.mkdir(parents=True)
    assert run_setup(course, deep).stdout == "versions · toy\n"
    alone = tmp_path / "alone"
    alone.mkdir()
    assert "Put this notebook beside" in run_setup(course, alone).stderr


def test_setup_cell_on_colab(course, tmp_path):
    colab = 'import sys; sys.modules["google.colab"] = sys\n'
    alone = tmp_path / "alone"
    alone.mkdir()
    assert "upload both" in run_setup(course, alone, colab).stderr  # no address is set
    git = ["git", "-C", course, "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "all"]):
        subprocess.run([*git, *arguments], check=True)
    edit(course / "notebooks/01_double.ipynb", 'repository = \\"\\"', f'repository = \\"{course.as_uri()}\\"')
    for _ in range(2):  # the cell may run twice
        assert run_setup(course, alone, colab).stdout == "versions · toy\n"


def test_the_teachers_document_holds_notes_and_solutions(course, capsys):
    build.teacher(course)
    text = (course / "build/teacher.md").read_text(encoding="utf-8")
    assert "2 lessons and homework" in capsys.readouterr().out
    first, second = text.split("# Homework 1 · Again")
    for part in (first.split("# 01 · Doubling")[1], second):
        assert "Ask what happens with 0." in part
        assert "## Exercise 1.1 · Double\n\n```python\ndef double(n):\n    return 2 * n\n```" in part
        assert "total = sum(" in part
    assert "SOLUTION" not in text
    assert "STUB" not in text


@pytest.mark.parametrize("arguments", [["build", "99"], ["run", "99", "--size", "tiny"], ["evidence", "99"]])
def test_errors_are_one_sentence(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["build.py", *arguments])
    with pytest.raises(SystemExit) as stop:
        build.main()
    assert stop.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith(f"build.py {arguments[0]}: ")
    assert said.count("\n") == 1


def test_check_is_quick(built):
    start = time.monotonic()
    build.check(built)
    assert time.monotonic() - start < 5
