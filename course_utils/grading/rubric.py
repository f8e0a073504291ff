"""What a homework's exercises are called and what they are worth, as its student copy and its module say."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from course_utils.exercises.copies import text
from course_utils.exercises.engine import questions

# Points of a question that its check cannot give: a person reads what the student wrote, as the homework's rubric says.
BY_A_PERSON = {"hw1": {"q9": 5, "q10": 5}, "hw2": {"q9": 5, "q10": 5}, "hw4": {"q12": 3}, "hw5": {"q15": 4}}


class Exercise(NamedTuple):
    """One question: `points` its check gives, `more` a person may give."""

    name: str
    label: str
    title: str
    tier: str
    points: int
    more: int
    hint: str

    @property
    def heading(self) -> str:
        """`4 · b) Bridges`, or the number alone where the student copy has no title."""
        return " · ".join(filter(None, (self.label, self.title)))


class Rubric(NamedTuple):
    """A homework's title and exercises, in their order."""

    title: str
    exercises: list[Exercise]

    @property
    def tiers(self) -> dict[str, list[Exercise]]:
        """Tier -> its exercises; one tier without a name where the homework has none."""
        return {
            tier: [each for each in self.exercises if each.tier == tier] for tier in dict.fromkeys(each.tier for each in self.exercises)
        }

    @property
    def most(self) -> int:
        """Points that the checks give for everything right."""
        return sum(each.points for each in self.exercises)


def rubric(homework: str, module, copy: Path) -> Rubric:
    """The rubric of `homework` (`hw1`) from its module and its student copy."""
    cells = json.loads(copy.read_text(encoding="utf-8"))["cells"]
    words = "\n".join(text(cell) for cell in cells if cell["cell_type"] == "markdown")
    heads = re.findall(r"^### Exercises? ([\d.]+)(?: and ([\d.]+))? · (.+)$", words, re.M)
    titles = {label: title for *labels, title in heads for label in labels if label}
    worth = {asked.name: (tier, points) for tier, (points, members) in getattr(module, "TIERS", {}).items() for asked in members}
    exercises = []
    for name, asked in questions(module).items():
        tier, points = worth.get(name, ("", 1))
        more = BY_A_PERSON.get(homework, {}).get(name, 0)
        exercises.append(Exercise(name, asked.label, titles.get(asked.label, ""), tier, points - more, more, asked.hints[0]))
    title = re.search(r"^# (.+)$", words, re.M)
    return Rubric(title[1] if title else homework, exercises)
