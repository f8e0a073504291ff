"""Grades a folder of submissions: a row for each student and question, a page for each student, a summary for the teacher."""

import ast
import hashlib
import importlib
import json
import os
import re
import secrets
import shutil
import tempfile
import tomllib
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from course_utils.exercises.copies import ROOT, Problem, marks, student_copy, text, version
from course_utils.exercises.engine import first_miss

from .pages import VERDICTS, report
from .session import Ended, Session, readable
from .submission import MOST, Opaque

CASES = 3  # random cases a question; all must be right


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

    def __init__(self, homework, out, seconds, memory):
        self.homework, self.seconds, self.memory = homework, seconds, memory
        self.module = importlib.import_module(f"course_utils.exercises.{homework}")
        self.marks = marks(self.module)
        self.questions = {name: getattr(self.module, name) for name in self.marks}
        self.folder, self.sessions = out.with_suffix(""), set()
        self.state = {"homework": homework, "version": version(self.marks)}
        kept = self.folder / "run.json"
        before = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        if self.state.items() <= before.items():
            self.state = before
        else:
            self.state |= {"seeds": [secrets.randbits(32) for _ in range(CASES)], "values": self.values(), "objects": None, "done": {}}

    def values(self):
        """What the parameters are for everybody: the tests' small sizes, and the SEED of the homework itself."""
        known = ROOT / "tests/notebook_params.toml"
        small = tomllib.loads(known.read_text(encoding="utf-8")) if known.exists() else {}
        code = "\n".join(cells(student_copy(self.homework))[0])
        seed = re.search(r"^SEED = (\d+)", code, re.M)
        return small.get(self.homework, {}).get("tiny", {}) | ({"SEED": ast.literal_eval(seed[1])} if seed else {})

    def save(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / "run.json.part"
        part.write_text(json.dumps(self.state, indent=1), encoding="utf-8")
        part.replace(self.folder / "run.json")

    def prove(self):
        """Grade the solution first: it must be right on these cases, and it shows which questions are answered with objects."""
        if self.state["objects"] is not None:
            return
        solution = next((ROOT / "notebooks/solutions").glob(f"{self.homework}_*.ipynb"), None)
        if not solution:
            raise Problem(f"notebooks/solutions holds no {self.homework}: run python -m notebooks.build build {self.homework} first.")
        objects = set()
        rows = self.grade(solution, objects)["rows"]
        if wrong := [f"{name} ({message})" for name, verdict, message in rows if verdict != "correct"]:
            raise Problem(f"The solution of {self.homework} itself is not correct, so nothing was graded: {'; '.join(wrong)}")
        self.state["objects"] = sorted(objects)
        self.save()

    def grade(self, path, objects=None):
        """Run the submission at `path`: {"rows": [question, verdict, message], "note": what the student should know, "ended": why}.

        `objects`: a set that gathers the questions whose answers are no data; only the solution, which is trusted, may fill it.
        """
        try:
            code, metadata = cells(path)
            other = homework_of(path)
            if other not in (None, self.homework):
                raise ValueError(f"it is a copy of {other}, not of {self.homework}")
        except (OSError, ValueError) as error:
            return {"rows": [[name, "not run", f"The file was not run: {error}."] for name in self.questions], "note": "", "ended": None}
        verdicts, failed, at, ended, walled = {}, {}, -1, None, False
        folder = Path(tempfile.mkdtemp(prefix="submission-"))
        for inner in ("work", "home", "course_utils"):  # of the last the setup cell sees the name; the true one is imported already
            (folder / inner).mkdir()
        session = Session(folder, self.seconds, self.memory)
        self.sessions.add(session)
        try:
            limits = {"seconds": self.seconds, "memory": self.memory, "readable": [] if objects is not None else readable()}
            session.send({"homework": self.homework, "cells": code, "values": self.state["values"], **limits})
            while "end" not in (message := session.receive()):
                if "cell" in message:
                    at, walled = int(message["cell"]), message.get("walled") is True
                elif "failed" in message:
                    failed[at] = clean(message.get("error"))
                elif (name := message.get("check")) in self.questions:
                    verdicts[name] = self.judge(session, name, message.get("answer"), objects)
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
        older = metadata.get("version", self.state["version"]) != self.state["version"]
        notes = ["This copy was made from an older version of the homework."] if older else []
        notes += [f"Cell {number + 1} of the code stops with {error}." for number, error in failed.items()][:3]
        return {"rows": rows, "note": " ".join(notes), "ended": ended, "walled": walled}

    def judge(self, session, name, answer, objects):
        """(verdict, message) on an answer: here, or beside the student's code where the solution itself is an object."""
        try:
            if name in (self.state["objects"] or ()):
                raise Opaque
            verdict, message = first_miss([self.questions[name].verdict(session.decode(answer), seed) for seed in self.state["seeds"]])
        except Opaque as kind:
            if objects is None and name not in self.state["objects"]:
                return "wrong", clean(f"Not yet: numbers, text, arrays or functions that return them are wanted, not {kind}.")
            if objects is not None:
                objects.add(name)
            verdict, message = session.request({"judge": self.state["seeds"]})["verdict"]
        return (verdict if verdict in VERDICTS else "wrong"), clean(message)


def digest(path):
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:  # `grade` says so in its rows
        return "unreadable"


def clean(message):
    """A message of a submission as one short line of printable characters."""
    line = " ".join(str(message).encode("utf-8", "replace").decode().split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)[:300]


def grade(folder: Path, out: Path, seconds: int, memory: int) -> str:
    """Grade all `*.ipynb` of `folder`; write the table `out` and, beside it, pages and state. Returns the summary.

    A submission may compute for `seconds` and take `memory` (MB). What is graded already is kept until its file or the homework changes.
    """
    paths = sorted(path for path in folder.glob("*.ipynb") if path.is_file())
    named = Counter(filter(None, map(homework_of, paths)))
    if not named:
        raise Problem(f"{folder} holds no submission: put the students' notebooks there, one .ipynb each, named after the student.")
    student_copy(homework := named.most_common(1)[0][0])  # a Problem if there is no such homework
    warnings.simplefilter("ignore")  # numpy's, about what students hand in
    run = Run(homework, out, seconds, memory)
    run.prove()
    done, limits = run.state["done"], [seconds, memory]
    digests = {path: digest(path) for path in paths}

    def fresh(path):
        old = done.get(path.stem, {})
        return old.get("sha256") != digests[path] or (old["ended"] and old["limits"] != limits)

    todo = [path for path in paths if fresh(path)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {pool.submit(run.grade, path): path for path in todo}
        try:
            for job in tqdm(as_completed(jobs), total=len(paths), initial=len(paths) - len(todo), unit="submission"):
                path = jobs[job]
                done[path.stem] = job.result() | {"sha256": digests[path], "limits": limits}
                run.save()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for session in list(run.sessions):
                session.close()
            raise
    return report(run, {path.stem: done[path.stem] for path in paths}, out)
