"""notebooks.build on a small course of its own, made in a temporary folder."""

import json
import shutil
import subprocess
import sys
import time

import nbformat
import pytest

from notebooks.build import __main__ as command_line
from notebooks.build import commands, evidence, execute, render, sizes, source
from notebooks.build.source import Problem
from tests.conftest import ROOT

LESSON = """# %% [markdown]
# # 01 · Doubling
#
# You double a number.
#
# {{picture}}

# %% [markdown]
# **You will be able to** double · **Time** reading 60 min, exercises 70 min, compute {{time}}, {{memory}} · **Data** {{data}}

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
NUMBERS = 3  # paper: 1000
SIZE = (4, 4)

# %% tags=["picture"]
from IPython.display import display

folder = data_scripts.ensure("toy")
figure = '<figure><img alt="a &lt; b" width="1" src="data:image/jpeg;base64,aGVsbG8="><figcaption>a &lt; b</figcaption></figure>'
display({"text/html": figure, "text/plain": "a < b"}, raw=True)

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

# %% tags=["fold"]
# @title A curve
print("drawn")

# %% tags=["record"]
record(numbers=NUMBERS, **{name: NUMBERS / 7 for name in ("share", "loss")})
record(drop=-NUMBERS / 3)

# %%
print("the end")

# %% [markdown]
# **What we see.** {{numbers}} numbers, a share of {{share:.1%}}, a loss of {{loss:.3f}}, a drop of {{drop:.2f}}.
"""
HOMEWORK = LESSON.replace("01 · Doubling", "Homework 1 · Again").replace("reading 60 min, exercises 70 min", "2 to 3 hours")
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


ONE = [
    ["targets", [["Name", ["id", "'x'"], ["ctx", ["Store"]]]]],
    ["value", ["UnaryOp", ["op", ["USub"]], ["operand", ["Constant", ["value", "1"]]]]],
]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A course of one lesson and one homework, everything built once."""
    root = tmp_path_factory.mktemp("course")
    files = {
        "notebooks/src/01_double.py": LESSON,
        "notebooks/src/hw1_again.py": HOMEWORK,
        "notebooks/src/_setup.py": (ROOT / "notebooks/src/_setup.py").read_text(encoding="utf-8"),
        "notebooks/claims.toml": CLAIM,
        "tests/notebook_params.toml": "[01.tiny]\nNUMBERS = 1\nSIZE = [2, 2]\n[01.full]\nNUMBERS = 9\n[hw1.tiny]\nNUMBERS = 1\n",
        "pyproject.toml": "[project.urls]\n# one place\n\n[tool.ruff]\nline-length = 140\n",
        "README.md": "# Course\n<!-- hours --><!-- /hours -->.\n<!-- lessons -->\n<!-- /lessons -->\n",
        "course_utils/__init__.py": "def versions():\n    return 'versions'\n",
        "course_utils/exercises/__init__.py": EXERCISES,
        "course_utils/exercises/lesson01.py": "from . import Question\n\nq1_1 = Question()\n",
        "course_utils/exercises/hw1.py": "from . import Question\n\nq1_1 = Question()\n",
        "data_scripts/__init__.py": DATA,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    commands.build(root)
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
    assert "![a < b](pictures/01_double.jpg)" in text
    assert "toy (generated, 1.0 MB)" in text
    said = "".join(execute.text_of(output) for cell in notebook.cells for output in cell.get("outputs", []))
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
    assert "![a < b](../pictures/hw1_again.jpg)" in student.cells[0].source


def test_records_leave_their_numbers_and_no_trace(built):
    notebook = nbformat.read(built / "notebooks/01_double.ipynb", as_version=4)
    assert notebook.metadata.course.records == {"numbers": 3, "share": 0.428571, "loss": 0.428571, "drop": -1.0}
    assert isinstance(notebook.metadata.course.records["numbers"], int)
    assert notebook.cells[-1].source == "**What we see.** 3 numbers, a share of 42.9 %, a loss of 0.429, a drop of −1.00."
    for name in ("01_double", "homework/hw1_again", "solutions/hw1_again"):
        text = (built / f"notebooks/{name}.ipynb").read_text(encoding="utf-8")
        assert "record(" not in text
        assert "application/json" not in text
        assert "3 numbers" in text  # a student's copy has those of the solution
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_setup_and_fold_are_closed(built):
    for name in ("01_double", "homework/hw1_again"):
        cells = nbformat.read(built / f"notebooks/{name}.ipynb", as_version=4).cells
        closed = {cell.source.splitlines()[0]: cell.metadata for cell in cells if "hide-input" in cell.metadata.get("tags", [])}
        assert len(closed) == 2
        assert "# @title A curve" in closed
        for metadata in closed.values():
            assert metadata.jupyter == {"source_hidden": True}
            assert metadata.cellView == "form"
        assert not any("jupyter" in cell.metadata for cell in cells if cell.metadata not in closed.values())


def test_page_of_claims(built, course):
    text = (built / "notebooks/RESULTS.md").read_text(encoding="utf-8")
    assert "1 of 1 claims is met." in text
    assert "## [01 · Doubling](01_double.ipynb)" in text
    assert "| few numbers | ≤ 5 | 3 | met |" in text
    edit(course / "notebooks/claims.toml", "max = 5", "max = 2")
    edit(course / "notebooks/claims.toml", '"met"', '"not met"')
    assert commands.check(course) == ["notebooks/RESULTS.md differs from what the notebooks give; `build` writes it"]
    commands.build(course)
    assert "0 of 1 claims are met." in (course / "notebooks/RESULTS.md").read_text(encoding="utf-8")
    assert "| ≤ 2 | 3 | **not met** |" in (course / "notebooks/RESULTS.md").read_text(encoding="utf-8")
    assert commands.check(course) == []


def test_tables_of_the_readme(built):
    text = (built / "README.md").read_text(encoding="utf-8")
    assert "[01 · Doubling](notebooks/01_double.ipynb) | You double a number. | 60 min + 70 min + " in text
    assert "(notebooks/homework/hw1_again.ipynb) | You double a number. | 2 to 3 h + " in text
    assert '<img src="notebooks/pictures/01_double.jpg" width="160" alt="a &lt; b">' in text
    assert "<!-- hours -->2 hours of lessons and 2 to 3 hours of homework<!-- /hours -->" in text


@pytest.mark.parametrize(("then", "now", "kept"), [(3.0, 9.0, 3.0), (9.0, 3.0, 3.0)])
def test_the_time_of_a_lesson_is_its_quickest_run(course, monkeypatch, then, now, kept):
    """A computer that does something else besides can only slow a notebook down; of other code the last run counts."""
    path = course / "notebooks/01_double.ipynb"

    def run(source):
        made = commands.read(source.executed)
        made.metadata.course.seconds = now
        made.metadata.course.source = commands.fingerprints(source)["source"]
        return made

    notebook = commands.read(path)
    notebook.metadata.course.seconds = then
    commands.write(notebook, path)
    monkeypatch.setattr(commands, "run_all", run)
    commands.build(course, ["01"], force=True)
    assert commands.read(path).metadata.course.seconds == kept
    edit(course / "notebooks/src/01_double.py", "NUMBERS = 3", "NUMBERS = 4")
    now = 7.0  # what `run` says from here on
    commands.build(course, ["01"])
    assert commands.read(path).metadata.course.seconds == 7.0


def test_check_is_content_with_what_build_made(built):
    assert commands.check(built) == []


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
        ("README.md", "You double", "You treble", "README"),
        ("README.md", "2 hours", "3 hours", "README"),
        ("notebooks/RESULTS.md", "few numbers", "many numbers", "RESULTS"),
        ("notebooks/01_double.ipynb", "a loss of 0.429", "a loss of 0.42", "numbers"),
        ("notebooks/01_double.ipynb", '"drop": -1.0', '"drop": -2.0', "numbers"),
        ("notebooks/01_double.ipynb", '"source_hidden": true', '"source_hidden": false', "differ"),
        ("notebooks/src/01_double.py", "{{loss:.3f}}", "{{lass:.3f}}", "src/01_double.py: {{lass:.3f}} is no number"),
        ("notebooks/src/01_double.py", "{{loss:.3f}}", "{{loss:.3q}}", "src/01_double.py: {{loss:.3q}}: "),
        ("notebooks/src/01_double.py", "NUMBERS / 3)", "NUMBERS / 4)", "other code"),
        ("notebooks/src/01_double.py", "# setup", "# set up", None),
        ("notebooks/src/01_double.py", "# paper: 1000", "# paper: 2000", "differ"),  # a comment needs no other run, but is shown
        ("notebooks/src/01_double.py", 'print("drawn")', 'print("drawn");', "other code"),
        ("notebooks/src/_setup.py", "import course_utils\n", "import course_utils as _\nimport course_utils\n", "setup cell"),
        ("notebooks/src/_setup.py", "import course_utils\n", "import course_utils  # of the course\n", "differ"),
        ("pyproject.toml", "# one place", 'Repository = "https://github.com/me/mine"', "badges"),
    ],
)
def test_check_finds_what_drifted(course, file, old, new, complaint):
    if "compute" in old:
        shown = render.duration(nbformat.read(course / file, as_version=4).metadata.course.seconds)
        old, new = f"compute {shown}", "compute 99 s"
    edit(course / file, old, new)
    found = commands.check(course)
    assert any(complaint in problem for problem in found) if complaint else not found


def test_check_finds_another_picture(course):
    picture = course / "notebooks/pictures/01_double.jpg"
    assert picture.read_bytes() == b"hello"
    picture.write_bytes(b"another")
    assert commands.check(course) == ["notebooks/pictures: 01_double.jpg is not the picture in notebooks/01_double.ipynb"]


def test_a_picture_of_another_kind_takes_the_place_of_the_old_one(course):
    picture = course / "notebooks/pictures/01_double.png"
    picture.write_bytes(b"of a former build")
    assert "01_double.jpg, 01_double.png is not the picture" in commands.check(course)[0]
    commands.build(course)
    assert not picture.exists()
    assert commands.check(course) == []


def test_only_changed_code_is_executed_again(course, monkeypatch):
    ran = []
    monkeypatch.setattr(commands, "execute", lambda *_: ran.append(1) or pytest.fail("executed"))
    edit(course / "notebooks/src/01_double.py", "You double", "You treble")
    commands.build(course)
    assert commands.check(course) == []
    edit(course / "notebooks/src/01_double.py", "NUMBERS = 3", "NUMBERS = 4")
    with pytest.raises(pytest.fail.Exception, match="executed"):
        commands.build(course, ["01"])


def test_a_new_setup_cell_is_run_alone(course, capsys):
    edit(course / "notebooks/src/_setup.py", '" · "', '" & "')
    before = nbformat.read(course / "notebooks/01_double.ipynb", as_version=4)
    commands.build(course)
    assert capsys.readouterr().out.count("running its setup cell") == 2
    assert commands.check(course) == []
    after = nbformat.read(course / "notebooks/01_double.ipynb", as_version=4)
    assert after.metadata.course == before.metadata.course | {"setup": after.metadata.course.setup}
    texts = [[execute.text_of(output) for cell in notebook.cells for output in cell.get("outputs", [])] for notebook in (before, after)]
    assert texts[1] == ["versions & toy\n", *texts[0][1:]]


@pytest.mark.parametrize("other", ["versions", "data"])
def test_a_new_setup_cell_runs_all_where_its_line_would_belie_the_other_outputs(course, other, monkeypatch, capsys):
    edit(course / "notebooks/src/_setup.py", '" · "', '" & "')
    if other == "versions":
        monkeypatch.setattr(execute, "versions", lambda: {"python": "4"})
    else:
        edit(course / "data_scripts/__init__.py", '"generated"', '"real"')
    commands.build(course, ["01"])
    said = capsys.readouterr().out
    assert "01_double: running its setup cell\n" in said
    assert "01_double: running\n" in said


def test_a_mistake_in_a_text_costs_no_second_run(course, monkeypatch):
    edit(course / "notebooks/src/01_double.py", "NUMBERS = 3", "NUMBERS = 4")
    edit(course / "notebooks/src/01_double.py", "{{loss:.3f}}", "{{lass:.3f}}")
    with pytest.raises(Problem, match=r"01_double: \{\{lass:.3f\}\} is no number"):
        commands.build(course, ["01"])
    monkeypatch.setattr(commands, "execute", lambda *_: pytest.fail("executed"))
    edit(course / "notebooks/src/01_double.py", "{{lass:.3f}}", "{{loss:.3f}}")
    commands.build(course, ["01"])
    assert "a loss of 0.571" in (course / "notebooks/01_double.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("record(drop", "share = 1\nrecord(drop", "not\n\nshare = 1"),
        ("record(drop", "for n in range(2):\n    record(drop", "calls of record"),
        ("record(drop=", "record(drop=(share := 1) + ", "may not set a variable"),
        ("record(drop=", "record(drop=(", r"01_double: a cell tagged record: '\(' was never closed"),
        ("record(drop=", "record(numbers=1, drop=", "01_double: recorded twice: numbers"),
        ("record(drop=", "record(time=1, drop=", "time cannot be recorded"),
        ("record(drop=", "record(bad=float('nan'), drop=", "bad: not a finite number"),
        ('print("the end")', "record(more=1)", "name 'record' is not defined"),
    ],
)
def test_what_may_not_be_recorded(course, old, new, complaint):
    edit(course / "notebooks/src/01_double.py", old, new)
    with pytest.raises(Problem, match=complaint):
        commands.build(course, ["01"])


def test_syntax_alike_in_all_versions():
    """Lists of what is there, without the fields that some versions of Python add, such as `type_params`."""
    assert render.tree("def f():\n    x = -1  # one") == [
        ["Module", ["body", [["FunctionDef", ["name", "'f'"], ["args", ["arguments"]], ["body", [["Assign", *ONE]]]]]]], False
    ]  # fmt: skip
    assert render.tree("f( x)\n") == render.tree("f(x)  # why") != render.tree("f(x);")
    assert render.tree("f('')") != render.tree("f()")
    assert str(render.tree("f'{x:{y}}{z}'")).count("Constant") == 0
    assert render.tree("%time f(x)") == "%time f(x)"


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
    with pytest.raises(Problem, match=complaint) as problem:
        commands.build(course, ["01"])
    assert line in str(problem.value)
    assert (course / "notebooks/01_double.ipynb").read_bytes() == before


def test_widget_leaves_no_trace(course):
    line = "import ipywidgets; display(ipywidgets.IntSlider())"
    edit(course / "notebooks/src/01_double.py", "display({", f"{line}\ndisplay({{")
    commands.build(course, ["01"])
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
    sizes.inject(notebook, {"N": 5, "SIZE": [2, 2], "LAST": 0.5})
    assert cell.source == 'NAME = "é"; N = 5  # paper: 1000\nSIZE = (2, 2)\nLAST = 0.5'
    with pytest.raises(Problem, match="EPOCHS"):
        sizes.inject(notebook, {"EPOCHS": 1})


def test_run_at_another_size(course, capsys):
    commands.run(course, "01", "full", course / "out.ipynb")
    assert "NUMBERS = 9  # paper: 1000\nSIZE = (4, 4)" in code(course / "out.ipynb")
    assert "numbers = 9" in capsys.readouterr().out
    made = nbformat.read(course / "out.ipynb", as_version=4)
    assert made.cells[-1].source.startswith("**What we see.** 9 numbers, a share of 128.6 %")
    assert "record(" not in "".join(code(course / "out.ipynb"))
    assert commands.check(course) == []


def test_a_run_at_another_size_may_record_less(course, capsys):
    edit(course / "notebooks/src/01_double.py", "{{loss:.3f}}", "{{loss_9:.3f}}")
    commands.run(course, "01", "tiny", course / "out.ipynb")
    assert "{{loss_9:.3f}} is no number that the notebook records" in capsys.readouterr().out
    assert "{{loss_9:.3f}}" in nbformat.read(course / "out.ipynb", as_version=4).cells[-1].source


def nbval(course, *options):
    arguments = ["-m", "pytest", "-p", "tests.stop_after_failure", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env"]
    command = [sys.executable, *arguments, "--rootdir", course, *options, course / "build/tiny"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def test_tiny_copies_pass_nbval(course):
    commands.tiny(course)
    assert "NUMBERS = 1  # paper: 1000\nSIZE = (2, 2)" in code(course / "build/tiny/01_double.ipynb")
    recording = {path.stem for path in (course / "build/tiny").glob("*") if "record(numbers=NUMBERS" in "".join(code(path))}
    assert recording == {"01_double", "hw1_again.solution"}  # a stub has no numbers
    said = nbval(course)
    assert " passed" in said, said
    assert " failed" not in said, said


def test_tiny_copy_wants_the_solution_to_be_correct(course):
    edit(course / "notebooks/src/01_double.py", "return 2 * n", "return 3 * n")
    commands.tiny(course, ["01"])
    said = nbval(course)
    assert "Not yet" in said, said
    assert "1 failed, 6 passed, 5 skipped" in said, said


def test_evidence_goes_on_where_it_stopped(course):
    script = course / "notebooks/evidence/long.py"
    script.parent.mkdir()
    script.write_text('def steps():\n    return {"one": lambda: {"mse": 0.5}, "two": lambda: 1 / 0}\n', encoding="utf-8")
    with pytest.raises(ZeroDivisionError):
        evidence.evidence(course, "long")
    first = json.loads(script.with_suffix(".json").read_text(encoding="utf-8"))["steps"]["one"]
    assert first["result"] == {"mse": 0.5}
    assert set(first) == {"result", "seconds", "date", "commit", "versions", "cores"}
    script.write_text('def steps():\n    return {"one": lambda: 1 / 0, "two": lambda: {"mse": 0.25}}\n', encoding="utf-8")
    evidence.evidence(course, "long")
    kept = json.loads(script.with_suffix(".json").read_text(encoding="utf-8"))
    assert kept["command"] == "python -m notebooks.build evidence long"
    assert kept["steps"]["one"] == first
    assert kept["steps"]["two"]["result"] == {"mse": 0.25}


@pytest.mark.parametrize("remote", ["git@github.com:me/mine.git", "https://github.com/me/mine.git", "https://github.com/me/mine"])
def test_links(course, remote):
    subprocess.run(["git", "init", "--quiet", course], check=True)
    with pytest.raises(Problem, match="no web address"):
        commands.links(course)
    subprocess.run(["git", "-C", course, "remote", "add", "origin", remote], check=True)
    for _ in range(2):  # the second time changes nothing
        commands.links(course)
        assert commands.check(course) == []
        assert (course / "pyproject.toml").read_text(encoding="utf-8").count("https://github.com/me/mine") == 1
    first, second = (nbformat.read(course / "notebooks" / name, as_version=4) for name in ("01_double.ipynb", "homework/hw1_again.ipynb"))
    assert "colab.research.google.com/github/me/mine/blob/main/notebooks/01_double.ipynb" in first.cells[0].source
    assert "/blob/main/notebooks/homework/hw1_again.ipynb" in second.cells[0].source
    assert 'repository = "https://github.com/me/mine"' in first.cells[2].source
    assert first.cells[2].outputs


def test_links_leave_a_lesson_whose_code_changed(course, monkeypatch):
    monkeypatch.setattr(commands, "git", lambda *_: "https://github.com/me/mine")
    edit(course / "notebooks/src/01_double.py", "NUMBERS = 3", "NUMBERS = 4")
    before = (course / "notebooks/01_double.ipynb").read_bytes()
    commands.links(course)
    assert (course / "notebooks/01_double.ipynb").read_bytes() == before


def test_no_address_no_badge(built):
    assert "colab-badge" not in (built / "notebooks/01_double.ipynb").read_text(encoding="utf-8")


def test_the_teachers_document_holds_notes_and_solutions(course, capsys):
    commands.teacher(course)
    text = (course / "build/teacher.md").read_text(encoding="utf-8")
    assert "2 lessons and homework" in capsys.readouterr().out
    first, second = text.split("# Homework 1 · Again")
    for part in (first.split("# 01 · Doubling")[1], second):
        assert "Ask what happens with 0." in part
        assert "## Exercise 1.1 · Double\n\n```python\ndef double(n):\n    return 2 * n\n```" in part
        assert "total = sum(" in part
    assert "](../course_utils/grading/README.md)" in text
    assert "SOLUTION" not in text
    assert "STUB" not in text


@pytest.mark.parametrize("arguments", [["build", "99"], ["run", "99", "--size", "tiny"], ["evidence", "99"]])
def test_errors_are_one_sentence(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        command_line.main(arguments)
    assert stop.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{arguments[0]}: ")
    assert said.count("\n") == 1


def test_check_is_quick(built):
    start = time.monotonic()
    commands.check(built)
    assert time.monotonic() - start < 5
