"""The teacher's page: how the points are spread, what each student has, what was missed most and how."""

import html
import re
import statistics
from collections import Counter
from urllib.parse import quote

from course_utils.exercises.boxes import inline

from .page import VERDICTS, bar, kind, listed, page
from .pages import points
from .rubric import Rubric

BINS, OFTEN = 10, 3  # bars of the distribution; mistakes told for each exercise


def missed(results: dict[str, dict], rubric: Rubric) -> list[tuple]:
    """(exercise, Counter of verdicts, [(mistake, how many made it)]), the exercise most missed first."""
    found = []
    for each in rubric.exercises:
        given = [(verdict, message) for result in results.values() for name, verdict, message in result["rows"] if name == each.name]
        alike = {}  # the same mistake with other numbers is the same mistake
        for verdict, message in given:
            if verdict in ("wrong", "not run"):
                said = message.removeprefix("Not yet: ")
                alike.setdefault(re.sub(r"\d+(\.\d+)?", "0", said), []).append(said)
        often = sorted(alike.values(), key=len, reverse=True)[:OFTEN]
        mistakes = [(Counter(messages).most_common(1)[0][0], len(messages)) for messages in often]
        found.append((each, Counter(verdict for verdict, _ in given), mistakes))
    return sorted(found, key=lambda row: row[1]["correct"])


def in_short(results: dict[str, dict], rubric: Rubric) -> str:
    """The numbers in one line."""
    scores = [points(result, rubric) for result in results.values()]
    return (
        f"{len(scores)} submission{'s' * (len(scores) != 1)}: median {statistics.median(scores):g}, mean {statistics.mean(scores):.1f} "
        f"of {rubric.most} points, from {min(scores)} to {max(scores)}."
    )


def ended(results: dict[str, dict]) -> list[str]:
    """Whose run had to be ended, and why."""
    return [f"{student}: {result['ended']}." for student, result in results.items() if result["ended"]]


def summary(results: dict[str, dict], rubric: Rubric, files: dict[str, str], skipped, lacks, foot: str) -> str:
    """The page. `files`: student -> name of the feedback page; `skipped`: [name, reason]; `lacks`: what this system could not hold."""
    sections = {
        "How the points are spread": _spread([points(result, rubric) for result in results.values()], rubric.most),
        "The exercises, most missed first": "\n".join(_exercise(*row) for row in missed(results, rubric)),
        "The students": _students(results, rubric, files),
        "What the grader had to end": listed(ended(results)),
        "What was left out": listed([f"{name}: {reason}" for name, reason in skipped]),
        "What this system could not hold": listed(lacks),
    }
    body = [f'<p class="faint">Homework, graded</p>\n<h1>{inline(rubric.title)}</h1>\n<p>{inline(in_short(results, rubric))}</p>']
    notable = [f'<a href="#{_place(title)}">{title}</a>' for title in list(sections)[-3:] if sections[title]]
    body += [f"<p>Have a look at: {', '.join(notable)}.</p>"] if notable else []
    if more := sum(each.more for each in rubric.exercises):
        body.append(f"<p>A person gives up to {more} more: see the rubric of the homework.</p>")
    body += [f'<h2 id="{_place(title)}">{title}</h2>\n{content}' for title, content in sections.items() if content]
    return page(f"{rubric.title}: summary", "\n".join(body), foot)


def _place(title):
    return title.lower().replace(" ", "-")


def _spread(scores, most):
    """How many students have how many points: a bar for each tenth of what there is."""
    edges = [round(most * number / BINS) for number in range(BINS)]
    counts = [0] * BINS
    for score in scores:
        counts[max(number for number, edge in enumerate(edges) if score >= edge)] += 1
    rows = ""
    for edge, after, count in zip(edges, [*edges[1:], most + 1], counts, strict=True):
        if after > edge:  # fewer points than bars
            label = f"{edge}" if after == edge + 1 else f"{edge} to {after - 1}"
            picture = bar({"correct": count}, max(counts))
            rows += f'<tr><th class="number">{label}</th><td class="number">{count}</td><td style="width:100%">{picture}</td></tr>\n'
    return f'<table class="full"><tr><th class="number">points</th><th class="number">students</th><td></td></tr>\n{rows}</table>'


def _exercise(exercise, counts, mistakes):
    told = ", ".join(f"{counts[verdict]} {word}" for verdict, (_, word) in VERDICTS.items() if counts[verdict])
    often = listed([f"{number} × {message}" for message, number in mistakes])
    shares = bar({verdict: counts[verdict] for verdict in VERDICTS}, sum(counts.values()))
    head = f'<div class="head"><h3>{inline(exercise.heading)}</h3><p class="points tally">{told}</p></div>'
    return f"<article>{head}{shares}{often}</article>"


def _students(results, rubric, files):
    """A row a student with a link to the page: points, points by tier, and a sign for each exercise."""
    tiers = [tier for tier in rubric.tiers if tier]
    head = "".join(f'<th class="number">{html.escape(name)}</th>' for name in ("points", *tiers))
    head += "".join(f'<th class="mark">{html.escape(each.label)}</th>' for each in rubric.exercises)
    rows = f"<tr><th>student</th>{head}</tr>\n"
    for student, result in results.items():
        verdicts = {name: verdict for name, verdict, _ in result["rows"]}
        sums = "".join(f'<td class="number">{points(result, rubric, tier)}</td>' for tier in (None, *tiers))
        signs = "".join(_sign(verdicts[each.name]) for each in rubric.exercises)
        link = f'<a href="feedback/{quote(files[student])}">{html.escape(student)}</a>'
        rows += f'<tr><th><div class="who">{link}</div></th>{sums}{signs}</tr>\n'
    key = " · ".join(f'<span class="mark {kind(verdict)}">{sign}</span> {word}' for verdict, (sign, word) in VERDICTS.items())
    return f'<p class="faint">{key}</p><div class="wide" tabindex="0"><table class="grid">{rows}</table></div>'


def _sign(verdict):
    sign, word = VERDICTS[verdict]
    return f'<td class="mark {kind(verdict)}" title="{word}">{sign}</td>'
