"""Each solution with one small change is refused, or the change is judged to be none in `EQUIVALENT` of the lesson's file here.

With `--all` each change, else one of SAMPLE; which ones depends on their text alone.
"""

import ast

import pytest

from tests.conftest import in_sample

from .answers import QUESTIONS, OutOfTime, at_most, changes, judged, survivors
from .mutants import mutants
from .test_questions import each

SAMPLE = 4


@pytest.mark.filterwarnings("ignore")  # a changed solution may divide by zero
@each
def test_every_slip_is_refused(question, request):
    known, tried = set(judged(question)), set(changes(question))
    assert not known - tried, "there is no such change any more"
    if not request.config.getoption("--all"):
        tried = {change for change in tried if in_sample(f"{question.module} {question.name} {change}", SAMPLE)}
    passed = set(survivors(question, tried))
    assert not passed - known, "the check accepts these changes of the solution: mend it, or judge them in EQUIVALENT"
    assert not known & tried - passed, "these are refused"


def test_there_are_enough_of_them():
    assert sum(len(changes(question)) for question in QUESTIONS) >= 200


CELL = """
def f(values, limit):
    total = 0  # outside
    # BEGIN SOLUTION
    for value in values:
        if value < limit:
            total += values.mean(axis=(0, 1))
    # END SOLUTION
    return total
"""


def test_slips():
    slips = mutants(CELL)
    assert all(ast.parse(code) for code in slips.values())
    assert len(set(slips.values())) == len(slips)
    assert {
        "if value [< → <=] limit:",
        "if value [< → >] limit:",
        "for value in [values → limit]:",
        "total [+= → -=] values.mean(axis=(0, 1))",
        "total += values.[mean → max](axis=(0, 1))",
        "total += values.mean([axis=(0, 1) → ])",
        "total += values[.mean(axis=(0, 1)) → ]",
        "[total += values.mean(axis=(0, 1)) → nothing]",
    } <= set(slips)
    assert not [change for change in slips if "total = 0" in change or "return" in change]


def test_names_of_slips_do_not_depend_on_the_layout():
    apart = CELL.replace("values.mean(axis=(0, 1))", "values.mean(\n                axis=(0,   1),  # a word\n            )")
    assert mutants(apart) == mutants(CELL)


def test_an_instrument_keeps_its_data():
    cell = "def f(program):\n    # BEGIN SOLUTION\n    image = 3\n    return program(image) > 4\n    # END SOLUTION"
    assert not [change for change in mutants(cell, data=False) if "image = 3" in change or "5" in change]
    assert "return program(image) [> → >=] 4" in mutants(cell, data=False)


def test_running_in_circles_ends():
    with pytest.raises(OutOfTime), at_most(0.1):  # noqa: PT012 - the loop is the point
        while True:
            pass
