"""Every question answers its solution, another right way, its stub and typical mistakes as it should.

Solution and stub come from the lesson's source; `RIGHT` and `WRONG` from the file here that is called like the questions' module.
"""

import ast
import re

import numpy as np
import pytest

from course_utils.exercises import ____
from notebooks.build.source import solved, unsolved

from . import answers
from .answers import QUESTIONS, exercise, handed_in, judge, limit, table, trains


def each(test):
    marked = [pytest.param(question, marks=[pytest.mark.trains] * trains(question)) for question in QUESTIONS]
    return pytest.mark.parametrize("question", marked, ids=lambda question: f"{question.module}-{question.name}")(test)


@pytest.fixture(autouse=True)
def as_many_seeds(request, monkeypatch):
    monkeypatch.setattr(answers, "TRAINED", request.config.getoption("--seeds"))


@pytest.fixture(autouse=True)
def silent(capsys):
    """A check says what it has to say in one message, whatever the answer, and prints nothing else."""
    yield
    assert not capsys.readouterr().out


@each
def test_the_solution_is_right(question):
    verdict = judge(question, handed_in(question, solved))
    assert verdict.accepted, verdict
    assert verdict.seconds < limit(question)


@each
def test_the_untouched_stub_is_not_attempted(question):
    for blank in (____, handed_in(question, unsolved)):
        assert set(judge(question, blank).statuses) == {"not attempted"}


@each
def test_a_second_way_is_right(question):
    verdicts = [judge(question, answer) for (answer,) in table(question, "RIGHT")]
    assert verdicts, "no second way in RIGHT"
    assert all(verdict.accepted for verdict in verdicts), verdicts
    assert max(verdict.seconds for verdict in verdicts) < limit(question)


@each
def test_five_mistakes_are_told_apart(question):
    """By every seed, in words that name the mistake."""
    told = [(words, judge(question, answer)) for answer, words in table(question, "WRONG")]
    assert len(told) >= 5
    for words, verdict in told:
        assert set(verdict.statuses) == {"wrong"}, verdict
        assert all(words in said and "could not use" not in said for said in verdict.messages), (words, verdict)
        assert verdict.seconds < limit(question)
    messages = {said for _, verdict in told for said in verdict.messages}
    assert len({verdict.messages[0] for _, verdict in told}) >= 3
    right = handed_in(question, solved)
    strangers = ["none of these", ["nothing"] * len(right) if isinstance(right, list | tuple) else None]
    choices = {judge(question, stranger).messages[0] for stranger in strangers}  # a list of all that may be answered may hold the answer
    assert not [said for said in messages - choices if gives_away(question, said)]


NONSENSE = [None, "a word", 7, [], {}]


@each
def test_nonsense_is_refused_in_words(question):
    for value in NONSENSE:
        for answer in (value, lambda *_, value=value, **__: value):
            verdict = judge(question, answer)
            assert verdict.refused, value
            assert not [said for said in verdict.messages if "could not use" in said], (value, verdict)


def gives_away(question, said):
    """Whether the words of a plain answer stand in the message, in their order, or what a function returns stands there as code."""
    right = handed_in(question, solved)
    if callable(right) or any(callable(part) for part in np.ravel(np.array(right, object))):
        returned = [node.value for node in ast.walk(ast.parse(solved(exercise(question)[0]))) if isinstance(node, ast.Return)]
        code = ["".join(ast.unparse(value).split()) for value in returned if value is not None]
        return any(len(text) > 9 and text in "".join(said.split()) for text in code)
    words = iter(re.findall(r"\w+(?:\.\w+)?", said))
    return all(word in words for word in re.findall(r"\w+(?:\.\w+)?", str(right)))  # `in` uses up the iterator


@each
def test_there_are_three_hints(question):
    assert len(question.hints) == 3
