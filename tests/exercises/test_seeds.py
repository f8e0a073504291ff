"""A check judges alike every time: up to 300 seeds, each of which draws other inputs, give one verdict on an answer.

Solution and second right ways are accepted by all of them, and mistakes refused. Questions of `TRAINS` have tests of their own. Without
--all only some answers are tried, and for as long as it is quick: checks that build networks see few of the seeds then.
"""

import time

import pytest

from notebooks.build.source import solved

from .answers import QUESTIONS, handed_in, table, trains

SEEDS = 300
MODULES = ("lesson02", "lesson03", "hw1")
SOME, MOST = 3, 0.1  # without --all: answers of either kind, and seconds of the processor for each


@pytest.mark.parametrize(
    "question",
    [question for question in QUESTIONS if question.module in MODULES and not trains(question)],
    ids=lambda question: f"{question.module}-{question.name}",
)
def test_every_seed_judges_alike(question, request):
    right = [handed_in(question, solved), *(answer for (answer,) in table(question, "RIGHT"))]
    wrong = [answer for answer, _ in table(question, "WRONG")]
    everything = request.config.getoption("--all")
    for answers, wanted in ((right, "correct"), (wrong, "wrong")):
        for answer in answers if everything else answers[:SOME]:
            start = time.process_time()
            for seed in range(SEEDS):
                status, words = question.verdict(answer, seed)
                assert status == wanted, (seed, words)
                if not everything and time.process_time() - start > MOST:
                    break
