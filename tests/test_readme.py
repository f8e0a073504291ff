"""Each command that README prints is tried here: run, or run in a form that does no harm. Its links lead somewhere."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = (ROOT / "environment.yml").read_text(encoding="utf-8")
WORDS = r"(?:make|python|py|jupyter|conda|pip|source|export|cd|git|[A-Z_]+=\S+ python|\.venv\\\S+)"


def printed():
    """All commands of README: the lines of its code blocks, and what stands in backticks and begins like one."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", README, re.M | re.S)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", README, flags=re.M | re.S))
    return sorted(
        {line for line in lines if line} | {span for span in spans if re.match(rf"{WORDS} ", f"{span} ") and span not in ("make", "python")}
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of what the commands need, where they may write."""
    root = tmp_path_factory.mktemp("segmentation-course")
    for name in ("Makefile", "lab.py", "pyproject.toml", "course_utils", "data_scripts", "notebooks/homework"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, root / name)
    (root / "submissions").mkdir()
    return root


def run(folder, *command, codes=(0,), **environment):
    """What a command says; it must end with one of `codes` and without a traceback."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "COURSE_DATA": "", **environment}
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # the tests may have been started by make
        environment.pop(name, None)
    done = subprocess.run([str(word) for word in command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode in codes, said
    assert "Traceback" not in said, said
    return said


def python(course, *words):
    """`python -m …`: run as it is where that takes a moment; else its help must know the word."""
    if words == ("-m", "pytest"):
        return
    if words[:2] == ("-m", "notebooks.build"):
        assert words[2] in run(ROOT, sys.executable, "-m", words[1], "--help")
        assert {word for word in words if word.startswith("--")} <= set(
            run(ROOT, sys.executable, "-m", words[1], words[2], "--help").replace(",", " ").split()
        )
    elif words[:2] == ("-m", "data_scripts") and words[2] in ("make", "get", "tile"):
        run(course, sys.executable, "-m", "data_scripts", words[2], "--help")
    elif words[2] == "grade":
        assert "holds no submission" in run(course, sys.executable, *words, codes=(1,))
    else:
        assert words[0] == "-m"
        run(course, sys.executable, *words, codes=(0, 1) if "check" in words else (0,))


def make(course, *words):
    """`make TARGET …`: its recipe with this Python and without installing; what downloads or trains is only looked at."""
    target = words[0]
    assert re.search(rf"^make {target} ", run(course, "make", "help"), re.M), "make help does not explain it"
    if target == "lab":
        options = [word.removeprefix("ARGS=") for word in words[1:]]
        assert run(course, "make", *words, "PYTHON=echo").split() == ["lab.py", *options]
        return
    harmless = ["--dry-run"] if target in ("data", "get-data", "test", "test-jax", "test-colab") else []
    said = run(course, "make", *words, "PYTHON=true", f"RUN={sys.executable}", *harmless, codes=(0, 2))
    assert "No rule" not in said
    if not harmless:
        assert not said.startswith("Say "), "a variable is missing"
    for word in words[1:]:
        name, value = word.split("=")
        assert value in said or name in ("STUDENT", "FOLDER", "OUT"), f"{name} is ignored"


def jupyter(course, *words):
    (config,) = [word.removeprefix("--config=") for word in words if word.startswith("--config=")]
    assert (ROOT / config).is_file()  # what it does: test_lab.py


def conda(course, *words):
    if words[0] == "activate":
        assert f"name: {words[1]}\n" in ENVIRONMENT
    else:
        assert (ROOT / words[-1]).is_file()
        assert "--editable .[dev]" in ENVIRONMENT


def pip(course, *words):
    for wanted in words[1:]:
        name, extra = re.fullmatch(r'"?([\w.-]+)(?:\[([\w-]+)\])?"?', wanted).groups() if wanted != "-e" else ("", None)
        assert extra is None or name != "." or extra in PROJECT["optional-dependencies"]


def py(course, *words):
    assert words[0] in run(course, sys.executable, words[0], "--help")


KINDS = {"python": python, "make": make, "jupyter": jupyter, "conda": conda, "pip": pip, "py": py}
NOTHING = ("cd segmentation-course", "git clone", "git pull", "source .venv/bin/activate", r".venv\Scripts\activate", "export KERAS_")


@pytest.mark.parametrize("command", printed())
def test_the_command_works_as_it_is_printed(course, command):
    words = re.findall(r'"[^"]*"|\S+', command)
    if command.startswith(NOTHING) or command.endswith("python train.py"):
        return
    assert words[0] in KINDS, "a command of a new kind: say in this file how it is tried"
    KINDS[words[0]](course, *words[1:])


def test_the_tests_see_the_commands():
    assert {"make lab", "py lab.py", "python -m course_utils.exercises start hw1", "make homework NAME=hw1"} <= set(printed())
    assert len(printed()) > 25


def test_each_target_is_explained():
    targets = re.findall(r"^([a-z][a-z-]*):.*\n\t", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    said = run(ROOT, "make", "help")
    assert [target for target in targets if not re.search(rf"^make {target} +\S", said, re.M)] == []


def test_what_a_target_needs_is_asked_for_before_anything_is_installed(course):
    for target in ("homework", "get-data", "grade"):
        assert run(course, "make", target, "PYTHON=false", codes=(2,)).startswith("Say "), target


def test_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)#\s]+)", README) + re.findall(r'src="([^"]+)"', README)
    local = [target for target in targets if not re.match(r"\w+:", target) and target != "../../issues"]
    assert [target for target in local if not (ROOT / target).exists()] == []
