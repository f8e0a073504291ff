"""The tables for spreadsheets: a row for each student and exercise, and a row for each student."""

import csv
import io

from .pages import points
from .rubric import Rubric

HEAD = ["student", "question", "verdict", "points", "of", "message"]


def by_question(results: dict[str, dict], rubric: Rubric) -> str:
    """A row for each student and question, as CSV."""
    worth = {each.name: each.points for each in rubric.exercises}
    rows = (
        [student, name, verdict, worth[name] * (verdict == "correct"), worth[name], message]
        for student, result in results.items()
        for name, verdict, message in result["rows"]
    )
    return _csv(HEAD, rows)


def by_student(results: dict[str, dict], rubric: Rubric) -> str:
    """A row for each student: points of all, and of each tier, as CSV."""
    tiers = [tier for tier in rubric.tiers if tier]
    rows = ([student, *(points(result, rubric, tier) for tier in (None, *tiers)), rubric.most] for student, result in results.items())
    return _csv(["student", "points", *tiers, "of"], rows)


def _csv(head, rows):
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(head)
    table.writerows([_harmless(value) for value in row] for row in rows)
    text = "\ufeff" + file.getvalue()  # the mark at the start tells spreadsheets that this is UTF-8
    return text.encode("utf-8", "replace").decode()


def _harmless(value):
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
