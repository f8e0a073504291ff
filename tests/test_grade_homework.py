"""Hostile submissions of the course's own homework. By default those of the homework that needs no Keras, and one that does."""

import json
import os
from pathlib import Path

import pytest

from course_utils.grading.collect import homework_of
from course_utils.grading.grade import _values
from course_utils.grading.isolation import landlock
from course_utils.grading.run import Run
from tests import hostile
from tests.conftest import ROOT
from tests.hostile.homework import CASES

pytestmark = pytest.mark.skipif(not landlock()[1], reason="this system has no Landlock")
SEEDS = [1, 2, 3]


@pytest.fixture(scope="module")
def runs():
    """The runs of this module, by homework; a judge serves all submissions."""
    made = {}
    yield lambda homework: made.setdefault(homework, Run(homework, SEEDS, _values(homework), 20, 2048))
    for run in made.values():
        run.close()


QUICK = {"hw4": 3, "hw5": 2, "hw1": 1}  # how many of each run by default


def chosen():
    counted = {}
    for name, case in CASES.items():
        homework = name.split()[0]
        counted[homework] = counted.get(homework, 0) + 1
        quick = counted[homework] <= QUICK.get(homework, 0) and not case.slow
        yield pytest.param(name, id=name, marks=[] if quick else pytest.mark.exhaustive)


@pytest.mark.parametrize("name", list(chosen()))
def test_what_must_happen(name, runs, tmp_path):
    case, homework = CASES[name], name.split()[0]
    text = json.dumps(case.notebook).replace("HOMEWORK", homework).replace("ROOT", str(ROOT))
    (tmp_path / "submission.ipynb").write_text(text, encoding="utf-8")
    assert homework_of(tmp_path / "submission.ipynb") == homework
    result = runs(homework).grade(tmp_path / "submission.ipynb")
    found = {question: (verdict, message) for question, verdict, message in result["rows"]}
    assert {question: found[question][0] for question in case.wanted} == case.wanted, result
    assert [question for question, (verdict, _) in found.items() if verdict == "correct"] == [
        q for q, v in case.wanted.items() if v == "correct"
    ]
    assert any(case.told in message for _, message in found.values()), result


def test_there_are_sixty_in_all():
    assert len(hostile.toy()) + len(CASES) >= 60
    assert {name.split()[0] for name in CASES} == {path.name.split("_")[0] for path in (ROOT / "notebooks/homework").glob("hw*")}
    page = (ROOT / "course_utils/grading/README.md").read_text(encoding="utf-8")
    assert hostile.table() in page, "python -m tests.hostile prints the table"


@pytest.mark.exhaustive
@pytest.mark.parametrize("homework", ["hw1", "hw2", "hw3", "hw4", "hw5"])
def test_the_solution_is_right_behind_the_wall(homework, runs):
    """As any submission, not trusted: nothing that an honest notebook needs is shut out."""
    solution = next((ROOT / "notebooks/solutions").glob(f"{homework}_*.ipynb"))
    run = Run(homework, SEEDS, _values(homework), 300, 4096)
    try:
        run.grade(solution, trusted=True)  # makes the data
        result = run.grade(solution)
    finally:
        run.close()
    assert not [row for row in result["rows"] if row[1] != "correct"], result
    assert not result["notes"], result


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_cannot_be_read_is_a_row(runs, tmp_path):
    Path(tmp_path / "closed.ipynb").touch(mode=0)
    assert "cannot be read" in runs("hw4").grade(tmp_path / "closed.ipynb")["rows"][0][2]
