"""Where the grader writes: the table, and a folder of the same name beside it. It replaces nothing that it has not written."""

import datetime
import json
import os
import re
import unicodedata
from pathlib import Path

from course_utils.exercises.copies import Problem

from .page import MARK, written
from .pages import feedback
from .rubric import Rubric
from .summary import summary
from .tables import HEAD, by_question, by_student

RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}  # on Windows


class Output:
    """The places that belong to `--out GRADES.csv`. Problem, before any work, for a place where the grades cannot or must not go."""

    def __init__(self, table: Path, submissions: Path):
        if table.suffix.lower() != ".csv":
            raise Problem(f"--out is the name of a table, such as {table.name or 'grades'}.csv, not {table}.")
        self.table, self.folder = table, table.with_suffix("")
        self.pages, self.state, self.summary, self.scores = (
            self.folder / name for name in ("feedback", "run.json", "summary.html", "scores.csv")
        )
        mine, theirs = self.folder.resolve(), submissions.resolve()
        if mine == theirs or mine in theirs.parents or theirs in mine.parents:
            other = theirs.parent / f"grades-{theirs.name}.csv"
            raise Problem(
                f"{self.folder}, the folder of the pages, and that of the submissions must lie apart: say --out {other}, for instance."
            )
        for place in (table, self.summary, self.scores):  # `kept` looks at the state
            self._take(place)
        for place in (self.folder, self.pages):
            if os.path.lexists(place) and not place.is_dir():
                raise Problem(f"{place} is a file where the grader needs a folder: move it away, or choose another --out.")
        try:
            self.pages.mkdir(parents=True, exist_ok=True)
            for folder in (table.parent, self.folder, self.pages):
                written(folder / ".grade.test", "")
                (folder / ".grade.test").unlink()
        except OSError as error:
            raise Problem(f"{error.filename or self.folder} cannot be written ({error.strerror}): choose another --out.") from None

    def _take(self, place):
        """Problem unless `place` is free or holds what the grader wrote."""
        if os.path.lexists(place) and not self._mine(place):
            raise Problem(f"{place} is there, and the grader did not write it: move it away, or choose another --out.")

    def _mine(self, place):
        if not place.is_file() or place.is_symlink():
            return False
        with open(place, encoding="utf-8-sig", errors="replace") as file:
            start = file.read(1000)
        mark = ",".join(HEAD[:3]) if place == self.table else "student,points" if place == self.scores else MARK
        return mark in start or not start.strip()

    def kept(self) -> dict:
        """What an earlier run noted in `run.json`; {} without one. Problem if the file is damaged."""
        if not self.state.exists():
            return {}
        try:
            state = json.loads(self.state.read_text(encoding="utf-8"))
            if {"homework", "version", "seeds", "values", "proven", "done"} <= state.keys():
                return state
            raise ValueError
        except (OSError, ValueError, RecursionError, AttributeError):
            raise Problem(
                f"{self.state}, where the grader keeps what it knows, is damaged or of another time: delete it to grade everybody anew."
            ) from None

    def keep(self, state: dict) -> None:
        """Note the state of the run, so that it can go on from here."""
        written(self.state, json.dumps(state, indent=1))

    def report(self, results: dict[str, dict], rubric: Rubric, skipped, lacks, foot) -> None:
        """Write the tables, a page for each student and the summary; pages of students who are gone go, too."""
        results, files = shown(results)
        for place in self.pages.glob("*.html"):
            if place.name not in files.values() and self._mine(place):
                place.unlink()
        try:
            for student, result in results.items():
                self._take(self.pages / files[student])
                written(self.pages / files[student], feedback(student, result, rubric, _dated(result["date"], foot)))
            written(self.summary, summary(results, rubric, files, skipped, lacks, _dated(datetime.date.today().isoformat(), foot)))
            written(self.scores, by_student(results, rubric))
            written(self.table, by_question(results, rubric))
        except OSError as error:
            what = f"{error.filename or self.folder} cannot be written ({error.strerror}; is it open in another program?)"
            raise Problem(f"{what}. Nothing is lost: mend that, and the same command writes it.") from None


def _dated(day, foot):
    day = datetime.date.fromisoformat(day)
    return f"Graded on {day.day} {day:%B %Y} {foot}"


def shown(results: dict[str, dict]) -> tuple[dict[str, dict], dict[str, str]]:
    """The results by names that can be shown, and for each of these the name of its page, which every system can hold; all differ."""
    named, files, taken = {}, {}, set()
    for student, result in results.items():
        name = "".join(letter if letter.isprintable() else "?" for letter in student)
        while name in named:
            name += "?"
        stem = re.sub(r'[<>:"/\\|?*]', "_", unicodedata.normalize("NFC", name)).strip(". ")
        stem = stem.encode()[:150].decode(errors="ignore") or "_"
        stem += "_" if stem.split(".")[0].casefold() in RESERVED else ""
        file, number = f"{stem}.html", 1
        while file.casefold() in taken:
            number += 1
            file = f"{stem} ({number}).html"
        taken.add(file.casefold())
        named[name], files[name] = result, file
    return named, files
