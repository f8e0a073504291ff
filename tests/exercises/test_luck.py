"""No verdict depends on luck: with 300 seeds every right answer is right, and every mistake is a mistake."""

import pytest

from tests.conftest import in_sample

from .answers import QUESTIONS, handed_in, judge, solved, table, trains

SEEDS = 300
SAMPLE = 30  # one of so many questions without --all
PARAMETERS = [
    pytest.param(
        question, id=(name := f"{question.module}-{question.name}"), marks=[pytest.mark.exhaustive] * (not in_sample(name, SAMPLE))
    )
    for question in QUESTIONS
    if not trains(question)
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("question", PARAMETERS)
def test_the_verdict_is_the_same_each_time(question):
    for answer in [handed_in(question, solved), *(answer for (answer,) in table(question, "RIGHT"))]:
        assert judge(question, answer, seeds=SEEDS).accepted
    for answer, words in table(question, "WRONG"):
        verdict = judge(question, answer, seeds=SEEDS)
        assert set(verdict.statuses) == {"wrong"}, words
        assert all(words in said for said in verdict.messages), (words, set(verdict.messages))
