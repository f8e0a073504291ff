"""Submissions that are odd, broken or hostile, each with what must happen; `python -m tests.hostile` prints them as a table.

Those of hw9, the small homework of `kit`, stand for any homework; their verdicts are those of q1_1, q1_2 and q2_1.
"""

from dataclasses import dataclass

from tests import kit

SECONDS, MEMORY = 10, 600
C, W, N, X = "correct", "wrong", "not attempted", "not run"
WRONG = "def double(array):\n    return array"


@dataclass
class Case:
    """One submission: what it does, what must happen, its verdicts (None: any), words that are told, and whether only --all runs it."""

    does: str
    must: str
    notebook: dict | str  # text that is no notebook
    wanted: tuple | dict | None = (C, C, C)
    told: str = ""
    slow: bool = False
    note: str = ""


def changed(**cells):
    """The solution with other sources for some cells."""
    return kit.notebook({name.replace("_", " "): code for name, code in cells.items()})


def before(*lines):
    """The answer to q1_1 as it should be, after `lines`."""
    return changed(double="\n".join([*lines, kit.SOLUTION["double"]]))


def told_by(body):
    """An answer to q1_1 that tells what `body`, lines that fill the list `seen`, found out."""
    return changed(double=f"seen = []\n{body}\n\ndef double(array):\n    raise ValueError('seen: ' + ' '.join(map(str, seen)))")


def toy():
    """Name -> case, of those that stand for any homework."""
    from . import attacks, limits, odd

    return odd.ODD | limits.LIMITS | attacks.ATTACKS


def table() -> str:
    """All cases as a table in Markdown."""
    from .homework import CASES

    rows = [f"| {case.does} | {case.must} |" for case in [*toy().values(), *CASES.values()]]
    return "\n".join(["| a submission that … | what happens |", "|:--|:--|", *rows])
