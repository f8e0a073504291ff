"""A student's page: what was right, what is not yet and where to look, points by tier."""

import html
import re

from course_utils.exercises.boxes import inline, sentence

from .page import bar, chip, kind, listed, page
from .rubric import Exercise, Rubric


def feedback(student: str, result: dict, rubric: Rubric, foot: str) -> str:
    """The page of one student. `result`: {"rows": [question, verdict, message], "notes": [sentence]}; `foot`: what stands below."""
    verdicts = {name: (verdict, message) for name, verdict, message in result["rows"]}
    earned = points(result, rubric)
    body = [
        f'<p class="faint">{inline(rubric.title)}</p>\n<h1>{html.escape(student)}</h1>',
        f'<p class="score"><b>{earned}</b> of {rubric.most} points</p>',
        bar({"correct": earned}, rubric.most),
        *(f"<p>{inline(line)}</p>" for line in in_words(verdicts, rubric)),
        listed(result["notes"]),
    ]
    for tier, exercises in rubric.tiers.items():
        right = [each for each in exercises if verdicts[each.name][0] == "correct"]
        worth = f"{sum(each.points for each in right)} of {sum(each.points for each in exercises)} points"
        body.append(
            f'<h2>{html.escape(tier or "Exercises")} <small class="faint">{len(right)} of {len(exercises)} right, {worth}</small></h2>'
        )
        body += [_card(each, *verdicts[each.name]) for each in exercises]
    return page(f"{student} · {rubric.title}", "\n".join(body), foot)


def points(result: dict, rubric: Rubric, tier: str | None = None) -> int:
    """What the checks give, in one tier or in all."""
    right = {name for name, verdict, _ in result["rows"] if verdict == "correct"}
    return sum(each.points for each in rubric.exercises if each.name in right and tier in (None, each.tier))


def in_words(verdicts: dict[str, tuple[str, str]], rubric: Rubric) -> list[str]:
    """How it went, in sentences."""
    labels = {}
    for each in rubric.exercises:
        labels.setdefault(verdicts[each.name][0], []).append(each.label)
    right = len(labels.pop("correct", []))
    words = {"wrong": "not yet right", "not attempted": "still open", "not run": "could not be run"}
    rest = "; ".join(f"{words[verdict]}: {', '.join(labels[verdict])}" for verdict in words if verdict in labels)
    how = f"{right} of {len(rubric.exercises)} exercises are right; {rest}." if rest else "Everything is right: well done."
    lines = [how]
    if more := [each for each in rubric.exercises if each.more]:
        which = " and ".join(each.label for each in more)
        most = sum(each.more for each in more)
        lines.append(
            f"Up to {most} more points are given by a person who reads what you wrote for exercise{'s' * (len(more) > 1)} {which}."
        )
    return lines


def _card(exercise: Exercise, verdict, message):
    """One exercise: its title, its points, what is said about the answer, and the first hint where one may help."""
    said = re.sub(r"^(Correct|Not yet|Not attempted)[.:] ?", "", message)
    text = f"<p>{sentence(said)}</p>" if said else ""
    hint = f'<p class="faint"><b>Hint:</b> {inline(exercise.hint)}</p>' if verdict in ("wrong", "not attempted") else ""
    worth = f"{exercise.points if verdict == 'correct' else 0} of {exercise.points}"
    head = f'<div class="head">{chip(verdict)}<h3>{inline(exercise.heading)}</h3><p class="points">{worth}</p></div>'
    return f'<article class="{kind(verdict)}">{head}{text}{hint}</article>'
