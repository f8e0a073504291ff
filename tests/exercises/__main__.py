"""Counts how the checks of all exercises are tried: `python -m tests.exercises [--write]`, which writes `RESULTS.md` beside this file."""

import datetime
import os
import platform
import sys
import time
import warnings
from pathlib import Path

from .answers import MODULES, QUESTIONS, changes, handed_in, judge, judged, limit, solved, survivors, table

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """# How the checks of the exercises are tried

Written by `python -m tests.exercises --write`; the tests hold each line of it. Every answer meets its check five times (slips: three
times; checks that train: once), with other numbers each time, and counts as refused only if it is refused each time. `right`: the
solution and other right ways. `wrong`: what students write, each told its mistake. `slips`: the solution with one change made by machine.
`same`: changes that leave the solution right, judged one by one in `EQUIVALENT` beside this file. Of the others, `refused` per cent are
refused. Seconds are those of the processor, for all answers of the row; `slowest` is the longest check of one answer.
"""


def row(name, questions):
    """The counts of some questions, and what does not hold, in words."""
    start, slowest, wrong_ones = time.process_time(), 0.0, []
    right = wrong = slips = same = passed = 0
    for question in questions:
        solution = [("the solution", handed_in(question, solved))]
        for what, answer in solution + [("a right way", answer) for (answer,) in table(question, "RIGHT")]:
            verdict, right = judge(question, answer), right + 1
            slowest = max(slowest, verdict.seconds)
            wrong_ones += [] if verdict.accepted else [f"{name}, {question.name}: {what} is refused"]
        for answer, words in table(question, "WRONG"):
            verdict, wrong = judge(question, answer), wrong + 1
            slowest = max(slowest, verdict.seconds)
            named = verdict.refused and all(words in said for said in verdict.messages)
            wrong_ones += [] if named else [f"{name}, {question.name}: a mistake is not called {words!r}"]
        left = survivors(question, changes(question))
        slips, same = slips + len(changes(question)), same + len(judged(question))
        holes = [change for change in left if change not in judged(question)]
        passed += len(holes)
        wrong_ones += [f"{name}, {question.name}: accepted is {change}" for change in holes]
        wrong_ones += [f"{name}, {question.name}: over {limit(question)} s"] * (slowest > limit(question))
    share = 100 * (1 - passed / max(slips - same, 1))
    return [len(questions), right, wrong, slips, same, share, time.process_time() - start, slowest], wrong_ones


def main(arguments):
    lines = ["| | questions | right | wrong | slips | same | refused | seconds | slowest |", "|---|---|---|---|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    rows, complaints = [], []
    for module in MODULES:
        name = module.__name__.rsplit(".", 1)[-1]
        if questions := [question for question in QUESTIONS if question.module == name]:
            counts, wrong_ones = row(name, questions)
            rows, complaints = [*rows, counts], complaints + wrong_ones
            lines.append(line(name, counts))
            print(lines[-1], flush=True)
    total = [sum(column) for column in zip(*rows, strict=True)]
    total[5] = 100 - sum((100 - counts[5]) * (counts[3] - counts[4]) for counts in rows) / (total[3] - total[4])
    lines.append(line("**all**", [*total[:-1], max(counts[-1] for counts in rows)]))
    print(lines[-1], *complaints, sep="\n")
    if "--write" in arguments:
        when = f"{datetime.date.today()}, {os.cpu_count()} CPU cores, Python {platform.python_version()}."
        RESULTS.write_text("\n".join([HEAD, *lines, "", *complaints, when, ""]), encoding="utf-8")
    return bool(complaints)


def line(name, counts):
    *numbers, share, seconds, slowest = counts
    return f"| {name} | {' | '.join(map(str, numbers))} | {share:.1f} % | {seconds:.1f} | {slowest:.2f} |"


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # a changed solution may divide by zero
    sys.exit(main(sys.argv[1:]))
