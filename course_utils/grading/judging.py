"""The judge: a child of the grader, with limits of its own, that reads submissions, has them run in a child of its own and judges answers.

It does one submission after the other and tells the grader of each step in a message, so that nothing is lost where one brings it down.
"""

import ast
import importlib
import json
import os
import re
from collections import Counter
from contextlib import suppress
from pathlib import Path

from course_utils.exercises.copies import ROOT, marks, text
from course_utils.exercises.engine import first_miss

from . import isolation
from .collect import LARGEST
from .folders import sweep
from .line import MOST, Opaque, Peer
from .session import Ended, Session, adopt_orphans

MEMORY = 3072  # MB; Keras takes a quarter of it
CHECKS = 5  # of one question in a submission; each on cases of its own


def not_too_large(path):
    """ValueError if the file at `path` is larger than a notebook may be."""
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it has more than {LARGEST // 2**20} MB; clear its outputs")


def cells(path):
    """(sources of the code cells, metadata) of a notebook; ValueError if the file is none."""
    not_too_large(path)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
        found = [text(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"]
        about = notebook["metadata"].get("course") or {}
        metadata = {key: about[key] for key in ("homework", "version") if isinstance(about.get(key), str)}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise ValueError("it is no notebook, or a damaged one") from None
    except MemoryError:
        raise ValueError("it holds more than can be read; clear its outputs") from None
    if sum(map(len, found)) > MOST // 4:
        raise ValueError("its code has more than a million letters")
    return found, metadata


def homework_in(found, metadata):
    """`hw1`, if a notebook says that it is a copy of it; else None."""
    asked = re.search(r"^from course_utils\.exercises import (hw\d+) as ex\b", "\n".join(found), re.M)
    return metadata.get("homework") or (asked and asked[1])


def asks(code):
    """The questions that a cell checks, comments left out."""
    return re.findall(r"^[^#\n]*\bex\.(q\w+)\.check\(", code, re.M)


def hidden(homework):
    """Modules of the course that the checks of a homework use as their reference and that its own notebook does not import."""
    from course_utils.exercises import late

    source = ast.parse((ROOT / f"course_utils/exercises/{homework}.py").read_text(encoding="utf-8"))
    used = set()
    for node in ast.walk(source):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("course_utils."):
            used.add(node.module)
        elif isinstance(node, ast.ImportFrom) and node.module == "late":
            used |= {getattr(late, name.name)._name for name in node.names}
    notebook = next((ROOT / "notebooks/homework").glob(f"{homework}_*.ipynb"))
    code = "\n".join(cells(notebook)[0])
    lines = re.findall(r"^\s*from course_utils import (.+)", code, re.M)
    named = {f"course_utils.{part.strip()}" for line in lines for part in line.split(",")}
    named |= set(re.findall(r"^\s*from (course_utils\.\w+)", code, re.M))
    return sorted(module for module in used if module.startswith("course_utils.") and ".".join(module.split(".")[:2]) not in named)


class Judge:
    """What does not change from submission to submission."""

    def __init__(self, peer, task):
        self.peer, self.task, self.base, self.number = peer, task, Path(task["base"]), 0
        self.module = importlib.import_module(f"course_utils.exercises.{task['homework']}")
        self.marks = marks(self.module)

    def grade(self, path):
        """Run the notebook at `path` and tell the grader of each step."""
        try:
            code, metadata = cells(path)
            other = homework_in(code, metadata)
            if other not in (None, self.task["homework"]):
                raise ValueError(f"it is a copy of {other}, not of {self.task['homework']}")
        except (OSError, ValueError) as error:
            return self.peer.send({"unread": str(error)})
        places = {name: next((number for number, source in enumerate(code) if name in asks(source)), None) for name in self.marks}
        self.peer.send({"places": places, "version": metadata.get("version")})
        self.number += 1
        folder = self.base / f"submission {self.number}"
        for inner in ("work", "home"):
            (folder / inner).mkdir(parents=True)
        session = Session(folder, self.task["seconds"], self.task["memory"])
        os.chdir(folder / "work")  # where an answer that names a file means it to be
        try:
            self.attend(session, code)
        except Ended as reason:
            self.peer.send({"ended": str(reason)})
        except Exception:  # whatever a message that no honest submission sends may lead to
            self.peer.send({"ended": "the program disturbed the grader's line"})
        finally:
            os.chdir(self.base)
            session.close()
            with suppress(OSError):  # the next one has a folder of its own
                sweep(folder)

    def attend(self, session, code):
        """Hear what the submission says until its end."""
        asked = {key: self.task[key] for key in ("homework", "values", "seconds", "memory", "hidden", "trusted")}
        session.send(asked | {"cells": code, "marks": self.marks})
        counted = Counter()
        while "end" not in (message := session.receive()):
            if "cell" in message:
                self.peer.send({"cell": int(message["cell"]), "of": len(code)})
            elif "failed" in message:
                self.peer.send({"failed": int(message["failed"]), "error": str(message.get("error"))[:1000]})
            elif (name := message.get("check")) in self.marks:
                counted[name] += 1
                if counted[name] <= CHECKS:
                    self.peer.send({"judging": name})
                    verdict, words = self.judge(session, name, message.get("answer"), counted[name] - 1)
                    self.peer.send({"judged": name, "verdict": verdict, "message": words[:1000]})
                elif counted[name] == CHECKS + 1:
                    self.peer.send({"note": f"{name} was checked more than {CHECKS} times; the first {CHECKS} count."})
            session.send({"next": True})

    def judge(self, session, name, answer, number):
        """(verdict, message) on an answer. The cases of check `number` are its own, so no function is asked again what it got wrong."""
        session.forget()
        question = getattr(self.module, name)
        try:
            with session.asking():
                return first_miss([question.verdict(session.decode(answer), seed + 7919 * number) for seed in self.task["seeds"]])
        except Opaque as kind:
            return "wrong", f"Not yet: numbers, text, arrays, Keras' networks or functions that return them are wanted, not {kind}."
        except Exception as error:
            return "wrong", f"Not yet: {error}."


def main():
    """Serve the grader until it is gone."""
    peer = Peer(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    adopt_orphans()
    task = peer.receive()
    isolation.limit(memory=MEMORY, own=False)
    if not task["trusted"]:
        places, folders = isolation.readable()
        isolation.wall([*places, str(ROOT / "course_utils")], task["base"], [*folders, str(ROOT)])
    judge = Judge(peer, task)
    while message := peer.receive():
        judge.grade(Path(message["notebook"]))
        peer.send({"done": True})
