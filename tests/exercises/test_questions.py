"""Every question answers its solution, another right way, its stub and typical mistakes as it should.

Solution and stub come from the lesson's source; `RIGHT` and `WRONG` from the file here that is called like the questions' module.
"""

import ast
import importlib
import pkgutil
import re

import cv2
import keras
import numpy as np
import pytest

from conftest import ROOT
from course_utils import exercises, metrics
from course_utils.exercises import ____
from course_utils.exercises.engine import Question
from source import solved, sources, tags, unsolved

# what cells of a lesson may count on
IMPORTED = {"____": ____, "cv2": cv2, "keras": keras, "layers": keras.layers, "metrics": metrics, "np": np}
MODULES = [importlib.import_module(f"course_utils.exercises.{module.name}") for module in pkgutil.iter_modules(exercises.__path__)]
QUESTIONS = [value for module in MODULES for value in vars(module).values() if isinstance(value, Question)]
CELLS = {source.exercises: source.cells() for source in sources(ROOT)}


def each(test):
    return pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: f"{question.module}-{question.name}")(test)


def judge(question, answer):
    """("correct" | "wrong" | "not attempted", message): the first verdict of five seeds that is not "correct"."""
    verdicts = [question.verdict(answer, seed) for seed in range(5)]
    return next((verdict for verdict in verdicts if verdict[0] != "correct"), verdicts[0])


def handed_in(question, written):
    """What the lesson gives to the question's check if its exercise cell is `written` (solved or unsolved)."""
    names, exercise = dict(IMPORTED), ""
    for cell in CELLS[question.module]:
        if asked := re.search(rf"^ex\.{question.name}\.check\((.*)\)$", cell.source, re.M):
            exec(written(exercise), names)
            return eval(asked[1], names)
        if cell.cell_type == "code":
            exercise = cell.source if "exercise" in tags(cell) else exercise
            functions = [node for node in ast.parse(solved(cell.source)).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
            exec(compile(ast.Module(functions, []), "cells above", "exec"), names)
    raise LookupError(f"{question.module} never says ex.{question.name}.check(…)")


def table(question, name):
    """The question's rows in `RIGHT` or `WRONG`."""
    rows = getattr(importlib.import_module(f".{question.module}", __package__), name)
    return [row[1:] for row in rows if row[0] is question]


@each
def test_the_solution_is_right(question):
    status, message = judge(question, handed_in(question, solved))
    assert status == "correct", message


@each
def test_the_untouched_stub_is_not_attempted(question):
    for blank in (____, handed_in(question, unsolved)):
        assert judge(question, blank)[0] == "not attempted"


@each
def test_a_second_way_is_right(question):
    verdicts = [judge(question, answer) for (answer,) in table(question, "RIGHT")]
    assert verdicts, "no second way in RIGHT"
    assert {status for status, _ in verdicts} == {"correct"}, verdicts


@each
def test_three_mistakes_are_told_apart(question):
    told = [(words, *judge(question, answer)) for answer, words in table(question, "WRONG")]
    assert not [(w, s, said) for w, s, said in told if s != "wrong" or w not in said or "could not use" in said]
    messages = {said for *_, said in told}
    assert len(messages) >= 3
    right, choices = str(handed_in(question, solved)), judge(question, "none of these")[1]
    giving_away = {said for said in messages if right in re.findall(r"\w+", said)}  # where the answer is one word or number
    assert giving_away <= {choices}, "only a list of all that may be answered may hold the answer"


@each
def test_there_are_three_hints(question):
    assert len(question.hints) == 3
