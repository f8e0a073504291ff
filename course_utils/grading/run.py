"""Grades one submission: runs it and judges what it answers."""

import importlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

from course_utils.exercises.copies import marks, text, version
from course_utils.exercises.engine import first_miss, questions

from .page import VERDICTS
from .session import Ended, Session, readable
from .submission import MOST, Opaque


def cells(path):
    """(sources of the code cells, metadata) of a notebook; ValueError if the file is none."""
    if path.stat().st_size > 2 * MOST:
        raise ValueError("it has more than 128 MB; clear its outputs")
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        found = [text(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"]
        metadata = notebook["metadata"].get("course", {})
        return found, {key: metadata[key] for key in ("homework", "version") if isinstance(metadata.get(key), str)}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise ValueError("it is no notebook, or a damaged one") from None


def homework_of(path):
    """`hw1`, if the submission at `path` says that it is one; else None."""
    try:
        found, metadata = cells(path)
    except (OSError, ValueError):
        return None
    asked = re.search(r"^from course_utils\.exercises import (hw\d+) as ex\b", "\n".join(found), re.M)
    return metadata.get("homework") or (asked and asked[1])


def asks(code):
    """The questions that a cell checks, comments left out."""
    return re.findall(r"^[^#\n]*\bex\.(q\w+)\.check\(", code, re.M)


class Run:
    """One homework, the cases that all submissions are graded on, and what is known of each submission so far."""

    def __init__(self, homework, seeds, values, seconds, memory):
        """`seeds`: of the random cases; `values`: what the parameters are for everybody."""
        self.homework, self.seeds, self.values, self.seconds, self.memory = homework, seeds, values, seconds, memory
        self.module = importlib.import_module(f"course_utils.exercises.{homework}")
        self.version = version(marks(self.module))
        self.questions = questions(self.module)
        self.sessions, self.workers, self.objects = set(), os.cpu_count(), set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End all processes at once."""
        for session in list(self.sessions):
            session.close()

    def not_run(self, why):
        """The result of a submission of which nothing could be run; `why` is a sentence."""
        return {"rows": [[name, "not run", clean(why)] for name in self.questions], "notes": [], "ended": None}

    def grade(self, path, tell=None, trusted=False):
        """Run the submission at `path`: {"rows": [question, verdict, message], "notes": what the student should know, "ended": why}.

        `tell(cell, of)` is called whenever a cell begins.
        `trusted`: it is the solution, which shows which questions are answered with objects.
        """
        try:
            code, metadata = cells(path)
            other = homework_of(path)
            if other not in (None, self.homework):
                raise ValueError(f"it is a copy of {other}, not of {self.homework}")
        except (OSError, ValueError) as error:
            return self.not_run(f"The file was not run: {error}.")
        verdicts, failed, at, ended, walled = {}, {}, -1, None, False
        folder = Path(tempfile.mkdtemp(prefix="submission-"))
        for inner in ("work", "home", "course_utils"):  # of the last the setup cell sees the name; the true one is imported already
            (folder / inner).mkdir()
        session = Session(folder, self.seconds, self.memory)
        self.sessions.add(session)
        try:
            limits = {"seconds": self.seconds, "memory": self.memory, "readable": [] if trusted else readable()}
            session.send({"homework": self.homework, "cells": code, "values": self.values, **limits})
            while "end" not in (message := session.receive()):
                if "cell" in message:
                    at, walled = int(message["cell"]), message.get("walled") is True
                    if tell:
                        tell(at + 1, len(code))
                elif "failed" in message:
                    failed[at] = clean(message.get("error"))
                elif (name := message.get("check")) in self.questions:
                    verdicts[name] = self.judge(session, name, message.get("answer"), trusted)
                session.send({"next": True})
        except Ended as reason:
            ended = str(reason)
        except Exception:  # whatever a message that no honest submission sends may lead to
            ended = "the program disturbed the grader's line"
        finally:
            self.sessions.discard(session)
            session.close()
            shutil.rmtree(folder, ignore_errors=True)
        rows = []
        for name in self.questions:
            place = next((number for number, source in enumerate(code) if name in asks(source)), None)
            if name in verdicts:
                verdict, message = verdicts[name]
            elif place is None:
                verdict, message = "not run", f"The notebook has no cell with ex.{name}.check(…); was it deleted or renamed?"
            elif place in failed:
                verdict, message = "not run", f"The cell of the check stops with {failed[place]}"
            elif ended:
                verdict, message = "not run", f"Not reached: in cell {at + 1} of the code {ended}."
            else:
                verdict, message = "not run", "The check did not run."
            rows.append([name, verdict, message])
        older = metadata.get("version", self.version) != self.version
        notes = ["This copy was made from an older version of the homework."] if older else []
        notes += [f"Cell {number + 1} of the code stops with {error}." for number, error in failed.items()][:3]
        return {"rows": rows, "notes": notes, "ended": ended, "walled": walled}

    def judge(self, session, name, answer, trusted):
        """(verdict, message) on an answer: here, or beside the student's code where the solution itself is an object."""
        try:
            if name in (self.objects):
                raise Opaque
            verdict, message = first_miss([self.questions[name].verdict(session.decode(answer), seed) for seed in self.seeds])
        except Opaque as kind:
            if not trusted and name not in self.objects:
                return "wrong", clean(f"Not yet: numbers, text, arrays or functions that return them are wanted, not {kind}.")
            if trusted:
                self.objects.add(name)
            verdict, message = session.request({"judge": self.seeds})["verdict"]
        return (verdict if verdict in VERDICTS else "wrong"), clean(message)


def clean(message):
    """A message of a submission as one short line of printable characters."""
    line = " ".join(str(message).encode("utf-8", "replace").decode().split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)[:300]
