"""A check judges alike every time: 300 seeds, each of which draws other inputs, give one verdict on an answer.

Solution and second right ways are accepted by all of them, and mistakes refused; `TRAINS` has tests of its own. Where a check builds
networks, all 300 run with --all alone.
"""

import time

import pytest

from notebooks.build.source import solved

from .answers import QUESTIONS, handed_in, table, trains

SEEDS = 300
MODULES = ("lesson02", "lesson03", "hw1")
MOST = 0.25  # seconds of the processor for one answer without --all


@pytest.mark.parametrize(
    "question",
    [question for question in QUESTIONS if question.module in MODULES and not trains(question)],
    ids=lambda question: f"{question.module}-{question.name}",
)
def test_every_seed_judges_alike(question, request):
    right = [handed_in(question, solved), *(answer for (answer,) in table(question, "RIGHT"))]
    wrong = [answer for answer, _ in table(question, "WRONG")]
    for answers, wanted in ((right, "correct"), (wrong, "wrong")):
        for answer in answers if request.config.getoption("--all") else answers[:4]:
            start = time.process_time()
            for seed in range(SEEDS):
                status, words = question.verdict(answer, seed)
                assert status == wanted, (seed, words)
                if time.process_time() - start > MOST and not request.config.getoption("--all"):
                    break
