"""What the checks are tried with, and how: solution, stub and mutants from a lesson's source, the rest from `lessonNN.py` beside this."""

import ast
import importlib
import pkgutil
import re
import signal
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import cv2
import keras
import numpy as np

from course_utils import exercises, metrics
from course_utils.exercises import ____
from course_utils.exercises.engine import Question
from notebooks.build.source import solved, sources, tags
from tests.conftest import ROOT, names_anew

from .mutants import mutants

# what cells of a lesson may count on
IMPORTED = {"____": ____, "cv2": cv2, "keras": keras, "layers": keras.layers, "metrics": metrics, "np": np}
MODULES = [importlib.import_module(f"course_utils.exercises.{module.name}") for module in pkgutil.iter_modules(exercises.__path__)]
QUESTIONS = [value for module in MODULES for value in vars(module).values() if isinstance(value, Question)]
CELLS = {source.exercises: source.cells() for source in sources(ROOT)}


@dataclass(frozen=True)
class Verdict:
    """What a check said of one answer, once for each seed."""

    statuses: tuple[str, ...]
    messages: tuple[str, ...]
    seconds: float  # of the processor, the median of the seeds: the first call may also load a library

    @property
    def accepted(self):
        return set(self.statuses) == {"correct"}

    @property
    def refused(self):
        """By every seed: a check that is lucky now and then lets a mistake pass now and then."""
        return "correct" not in self.statuses


def trains(question):
    """Whether the check trains a network: `TRAINS` beside `WRONG` says so."""
    return question in getattr(beside(question), "TRAINS", ())


def limit(question):
    """Seconds of the processor that a check may take. An ordinary one takes some thousandths, so a loaded machine is no danger."""
    return 30 if trains(question) else 2


TRAINED = 1  # seeds where networks are trained; the tests take more with --seeds


def judge(question, answer, most=None, seeds=5):
    """The verdicts of some seeds; of TRAINED where networks are trained. An answer that takes over `most` seconds is refused."""
    said, seconds = [], []
    for seed in range(TRAINED if trains(question) else seeds):
        names_anew()
        start = time.process_time()
        try:
            with at_most(most):
                said.append(question.verdict(answer, seed))
        except OutOfTime:
            return Verdict(("wrong",), ("out of time",), most)
        seconds.append(time.process_time() - start)
        if "ResourceExhausted" in said[-1][1]:  # TensorFlow waited ten seconds for memory that the next seed will not find either
            break
    return Verdict(*zip(*said, strict=True), statistics.median(seconds))


class OutOfTime(BaseException):  # no Exception, because a check turns those into words
    pass


@contextmanager
def at_most(seconds):
    """OutOfTime after so many seconds of the processor (None: never), for answers that run in circles."""
    if seconds is None:
        yield
        return

    def stop(*_):
        raise OutOfTime

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds)  # again and again: a destructor may swallow one
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@cache
def exercise(question):
    """The question's exercise cell as the author wrote it, what the check there is given, and the functions of the cells above."""
    names, cell = dict(IMPORTED), ""
    for other in CELLS[question.module]:
        if asked := re.search(rf"^ex\.{question.name}\.check\((.*)\)$", other.source, re.M):
            return cell, asked[1], names
        if other.cell_type == "code":
            cell = other.source if "exercise" in tags(other) else cell
            functions = [node for node in ast.parse(solved(other.source)).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
            exec(compile(ast.Module(functions, []), "cells above", "exec"), names)
    raise LookupError(f"{question.module} never says ex.{question.name}.check(…)")


def handed_in(question, written):
    """What the lesson gives to the question's check if its exercise cell is `written` (solved or unsolved)."""
    cell, given, above = exercise(question)
    return run(written(cell), given, above)


def run(code, given, above):
    names = dict(above)
    exec(code, names)
    return eval(given, names)


def beside(question):
    """The module here that is called like the question's."""
    return importlib.import_module(f".{question.module}", __package__)


def table(question, name):
    """The question's rows in `RIGHT` or `WRONG`."""
    return [row[1:] for row in getattr(beside(question), name) if row[0] is question]


def changes(question):
    """{what is changed in the solution: the cell with this change}; the data stay in questions of `FREE`."""
    return mutants(exercise(question)[0], data=question not in getattr(beside(question), "FREE", ()))


def judged(question):
    """The changes that `EQUIVALENT` lists, {why it is no mistake: changes}."""
    return [change for same in getattr(beside(question), "EQUIVALENT", {}).get(question, {}).values() for change in same]


CIRCLES = 5  # what takes so many times its limit runs in circles; a loaded machine alone does not do that


def survivors(question, tried):
    """Those of the changes `tried` that the check accepts, with one seed or more."""
    _, given, above = exercise(question)
    passed = []
    for change, code in changes(question).items():
        if change not in tried:
            continue
        try:
            with at_most(CIRCLES * limit(question)):
                answer = run(code, given, above)
        except (Exception, OutOfTime):
            continue  # the student sees the error in their own cell
        if not judge(question, answer, CIRCLES * limit(question), seeds=3).refused:
            passed.append(change)
    return passed
