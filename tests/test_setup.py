"""The setup cell of all notebooks: it finds the course, fetches it, or says what to do; and what a wheel of the course carries."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.conftest import ROOT

ADDRESS = "https://example.org/me/mine"
FILES = {
    "course_utils/__init__.py": "def versions():\n    return 'versions'\n",
    "course_utils/exercises/__init__.py": "____ = None\n",
    "course_utils/exercises/lesson01.py": "",
    "data_scripts/__init__.py": "def summary():\n    return 'data'\n",
}


@pytest.fixture
def course(tmp_path):
    """A very small course."""
    root = tmp_path / "the course"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def alone(tmp_path):
    """A folder that is not below any course."""
    folder = tmp_path / "Downloads"
    folder.mkdir()
    return folder


# a Python that knows nothing of this checkout, neither by its path nor because the course is installed from it
FORGET = f"""import sys
sys.path[:] = [p for p in sys.path if p != {str(ROOT)!r}]
sys.meta_path[:] = [finder for finder in sys.meta_path if not getattr(finder, "__module__", "").startswith("__editable__")]
"""


def cell(address=""):
    text = (ROOT / "notebooks/src/_setup.py").read_text(encoding="utf-8")
    return text.replace("REPOSITORY", address).replace("EXERCISES", "lesson01")


def run(folder, address="", **environment):
    """What a notebook in `folder` shows for the setup cell, then for the next one, which tells where the course is."""
    shell = "from IPython.core.interactiveshell import InteractiveShell as S\ncells = {!r}\nshell = S.instance(colors='NoColor')\n"
    code = shell.format([cell(address), "print(course)"]) + "all(shell.run_cell(each).success for each in cells)"
    environment = {**os.environ, "PYTHONPATH": "", "http_proxy": "", "https_proxy": "", **environment}
    command = [sys.executable, "-c", FORGET + code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.stdout


def commit(course):
    git = ["git", "-C", course, "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "all"]):
        subprocess.run([*git, *arguments], check=True)


@pytest.mark.parametrize("place", [".", "notebooks/homework", "my_work/a/b"])
def test_the_course_above_the_notebook(course, place):
    (course / place).mkdir(parents=True, exist_ok=True)
    assert run(course / place) == f"versions · data\n{course}\n"


def test_the_course_beside_the_notebook(course, alone):
    shutil.copytree(course, alone / "segmentation-course")
    assert run(alone) == f"versions · data\n{alone / 'segmentation-course'}\n"


def test_an_installed_course(course, alone):
    assert run(alone, PYTHONPATH=str(course)) == f"versions · data\n{course}\n"


def test_what_lies_above_counts_more_than_what_is_installed(course, tmp_path):
    other = shutil.copytree(course, tmp_path / "other")
    assert run(other, PYTHONPATH=str(course)).endswith(f"{other}\n")


def test_it_is_cloned_once(course, alone):
    commit(course)
    for _ in range(2):  # the cell may run twice
        assert run(alone, course.as_uri()) == f"versions · data\n{alone / 'segmentation-course'}\n"


@pytest.mark.parametrize("path", [os.environ["PATH"], ""], ids=["no such repository", "no git"])
def test_it_is_downloaded_where_it_cannot_be_cloned(course, alone, tmp_path, path):
    (tmp_path / "web/archive").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "web/archive/HEAD.zip", "w") as archive:
        for name in FILES:
            archive.write(course / name, f"mine-HEAD/{name}")
    assert run(alone, (tmp_path / "web").as_uri(), PATH=path) == f"versions · data\n{alone / 'segmentation-course/mine-HEAD'}\n"


@pytest.mark.parametrize("address", ["", "file:///nowhere"])
def test_two_lines_where_it_cannot_be_had(alone, address):
    said = run(alone, address)
    first, second = said.strip().splitlines()
    assert "Open this notebook in the course's folder, or paste the next line" in first
    assert second == f"!git clone {address or 'ADDRESS'} segmentation-course"
    assert list(alone.iterdir()) == []


def test_the_pasted_line_helps(course, alone):
    commit(course)
    line = run(alone).strip().splitlines()[-1].lstrip("!").replace("ADDRESS", course.as_uri())
    subprocess.run(line, shell=True, cwd=alone, check=True, capture_output=True)
    assert run(alone).startswith("versions · data\n")


def test_a_notebook_ends_with_the_two_lines(alone):
    """Run all, as nbclient, JupyterLab and Colab do it: nothing after the setup cell is run, so no NameError scrolls by."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in (FORGET, cell(), "ex")])
    client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(alone)}})
    with pytest.raises(CellExecutionError):
        client.execute(env={**os.environ, "PYTHONPATH": ""})
    (output,) = notebook.cells[1].outputs
    assert (output.output_type, output.ename, len(output.traceback)) == ("error", "Stop", 1)
    assert output.traceback[0].count("\n") == 1
    assert not notebook.cells[2].outputs


def test_a_wheel_carries_what_solution_and_lessons_read(tmp_path):
    """So `ex.q1_1.solution()` and the evidence work where the course is installed without its folder."""
    copy = tmp_path / "course"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "course_utils", "data_scripts", "notebooks/src", "notebooks/evidence"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copy / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, copy]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    target = tmp_path / "packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    for pattern in ("notebooks/src/*.py", "notebooks/evidence/**/*.json", "notebooks/evidence/**/*.png"):
        assert {path.relative_to(ROOT) for path in ROOT.glob(pattern)} <= {path.relative_to(target) for path in target.glob(pattern)}
    for package in ("course_utils", "data_scripts"):
        files = {path.relative_to(ROOT) for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        assert files <= {path.relative_to(target) for path in target.rglob("*")}, "not in the wheel: see pyproject.toml, package-data"
    code = "import course_utils\nprint(course_utils.__file__)\nfrom course_utils.exercises import lesson01 as ex\nex.q1_1.solution()"
    environment = {**os.environ, "PYTHONPATH": str(target)}
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.startswith(str(target))
    assert len(said.splitlines()) > 2
