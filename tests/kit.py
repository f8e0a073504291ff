"""A small course with one homework, in a folder of its own, for the tests of `start` and `grade`."""

import json
import os
import shutil
import subprocess
import sys

from tests.conftest import ROOT

SETUP = "from pathlib import Path\n\nfrom course_utils.exercises import hw9 as ex\nfrom course_utils.exercises import ____"
SOLUTION = {
    "title": "# Homework 9 · Small\n\n![a](../pictures/00_start_here.png) after [lesson 00](../00_start_here.ipynb)",
    "setup": SETUP,
    "parameters": "SEED = 7  # of the images\nROUNDS = 10**9  # small when graded",
    "double": "def double(array):\n    return 2 * array",
    "check double": "ex.q1_1.check(double)",
    "total": "total = sum(1 for _ in range(ROUNDS))",
    "check total": "ex.q1_2.check(total)",
    "pick": 'box = {"value": 3}',
    "check pick": "ex.q2_1.check(box)",
}
STUBS = {"double": "def double(array):\n    return ____", "total": "total = ____", "pick": "box = ____"}
QUESTIONS = '''"""Questions of homework 9."""

import numpy as np

from .engine import call, expect, question


@question("nudge", "idea", "code")
def q1_1(answer, rng):
    array = rng.normal(size=int(rng.integers(3, 9)))
    result = np.asarray(call(answer, array))
    expect(result.shape == array.shape, f"the shape is {result.shape}.")
    expect(np.allclose(result, 2 * array), "is each value twice as large?")


@question("nudge", "idea", "code")
def q1_2(answer, rng):
    expect(answer == 5, "count again.")


@question("nudge", "idea", "code")
def q2_1(answer, rng):
    expect(answer["value"] == 3, "what is in the box?")
'''


def notebook(changes=None, drop=()):
    """A homework's notebook as a dictionary: the solution, with other sources for some cells or without them."""
    sources = {name: code for name, code in (SOLUTION | (changes or {})).items() if name not in drop}
    cells = []
    for name, code in sources.items():
        cell = {"cell_type": "code", "id": name.replace(" ", "-"), "metadata": {}, "source": code, "outputs": [], "execution_count": None}
        if name == "title":
            cell = {"cell_type": "markdown", "id": name, "metadata": {}, "source": code.splitlines(keepends=True)}
        if name in ("setup", "parameters"):
            cell["metadata"]["tags"] = [name]
        cells.append(cell)
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def make(root):
    """The packages of the course and homework 9, below `root`."""
    for package in ("course_utils", "data_scripts"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    write(root / "course_utils/exercises/hw9.py", QUESTIONS)
    write(root / "notebooks/homework/hw9_small.ipynb", notebook(STUBS))
    write(root / "notebooks/solutions/hw9_small.ipynb", notebook())
    write(root / "tests/notebook_params.toml", "[hw9.tiny]\nROUNDS = 5\n")
    return root


def command(root, *arguments):
    """`python -m course_utils.exercises` in the course `root`: the finished process."""
    (root / "temporary").mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(root), "TEACHERS_SECRET": "open sesame", "TMPDIR": str(root / "temporary")}
    root_too = ["--as-root"] if arguments[:1] == ("grade",) and hasattr(os, "geteuid") and os.geteuid() == 0 else []
    command = [sys.executable, "-m", "course_utils.exercises", *map(str, arguments), *root_too]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
