"""Grades one submission after the other, several at once, in children with limits (`judging`); whatever one does, the others are graded."""

import importlib
import os
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

from course_utils.exercises.copies import marks, version
from course_utils.exercises.engine import questions

from . import judging
from .folders import sweep
from .page import VERDICTS
from .session import PATIENCE, Ended, Watched, adopt_orphans, end

BUSY = 60  # seconds that the judge may compute over one answer
SERVED = 25  # submissions; then a fresh judge, because Keras keeps something of every network


class Judge(Watched):
    """A judge's process, for one submission after the other."""

    def __init__(self, run, trusted):
        self.base, self.served, self.deadline, self.spent, self.busy = Path(tempfile.mkdtemp(prefix="grading-")), 0, None, 0.0, None
        super().__init__("judging", self.base, self.base)
        task = {"homework": run.homework, "seeds": run.seeds, "values": run.values, "seconds": run.seconds, "memory": run.memory}
        with suppress(Ended):  # said when the first submission is
            self.send(task | {"hidden": run.hidden, "base": str(self.base), "trusted": trusted})

    def excess(self):
        self.spent = sum(self.known.cpu_times()[:2])
        if self.known.memory_info().rss > 1.2 * judging.MEMORY * 2**20:
            return "judging took more memory than there is for it"
        if self.busy is not None and self.spent > self.busy + BUSY:
            return f"judging took more than {BUSY} s"
        if self.deadline is not None and time.monotonic() > self.deadline:
            return "all together took too long"
        return ""

    def receive(self):
        message = super().receive()
        self.busy = self.spent if self.deadline else None
        return message

    def close(self):
        super().close()
        with suppress(OSError):
            sweep(self.base)


class Run:
    """One homework, and the cases that all submissions are graded on."""

    def __init__(self, homework, seeds, values, seconds, memory):
        """`seeds`: of the random cases; `values`: what the parameters are for everybody; a submission may compute for `seconds` and take
        `memory` (MB)."""
        self.homework, self.seeds, self.values, self.seconds, self.memory = homework, seeds, values, seconds, memory
        module = importlib.import_module(f"course_utils.exercises.{homework}")
        self.version, self.questions, self.hidden = version(marks(module)), list(questions(module)), judging.hidden(homework)
        most = psutil.virtual_memory().total // ((memory // 2 + 1024) * 2**20)  # few submissions take all that they may
        self.workers = max(1, min(os.cpu_count() or 1, most))
        self.lock, self.free, self.judges, self.over = threading.Lock(), [], set(), False
        adopt_orphans()
        self.before = {child.pid for child in psutil.Process().children()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End all processes at once."""
        self.over = True
        for judge in list(self.judges):
            judge.close()
        self.strays()

    def strays(self):
        """End what a judge that was brought down has left behind."""
        with self.lock:
            known = self.before | {judge.process.pid for judge in self.judges}
            for child in psutil.Process().children():
                if child.pid not in known:
                    end(child)

    def not_run(self, why):
        """The result of a submission of which nothing could be run; `why` is a sentence."""
        return {"rows": [[name, "not run", clean(why)] for name in self.questions], "notes": [], "ended": None}

    def grade(self, path, tell=None, trusted=False):
        """Run the submission at `path`: {"rows": [question, verdict, message], "notes": what the student should know, "ended": why}.

        `tell(cell, of)` is called whenever a cell begins. `trusted`: it is the course's own solution, which makes the data.
        """
        with self.lock:
            judge = self.free.pop() if self.free and not trusted else Judge(self, trusted)
            self.judges.add(judge)
        heard = Heard(self)
        try:
            judge.deadline = time.monotonic() + PATIENCE * self.seconds + 10 * BUSY
            judging.not_too_large(path)
            shutil.copyfile(path, judge.base / "notebook.ipynb")
            judge.send({"notebook": str(judge.base / "notebook.ipynb")})
            while "done" not in (message := judge.receive()):
                heard.hear(message)
                if tell and "cell" in message:
                    tell(message["cell"] + 1, message["of"])
            judge.served += 1
        except OSError as error:
            heard.unread = f"it cannot be read ({error.strerror})"
        except ValueError as error:
            heard.unread = str(error)
        except Ended as reason:
            heard.ended, judge.served = str(reason), SERVED
        judge.deadline = judge.busy = None
        if trusted or judge.served >= SERVED or self.over:
            judge.close()
            with self.lock:
                self.judges.discard(judge)
            self.strays()
        else:
            with self.lock:
                self.free.append(judge)
        return heard.result()


class Heard:
    """What the judge told of one submission."""

    def __init__(self, run):
        self.run, self.at, self.ended, self.unread, self.judging = run, -1, None, None, None
        self.places, self.version, self.verdicts, self.failed, self.notes = {}, None, {}, {}, []

    def hear(self, message):
        self.judging = message.get("judging")
        self.unread = message.get("unread", self.unread)
        self.places, self.version = message.get("places", self.places), message.get("version", self.version)
        self.at, self.ended = message.get("cell", self.at), message.get("ended", self.ended)
        if "failed" in message:
            self.failed[message["failed"]] = clean(message["error"])
        if "judged" in message:
            self.verdicts[message["judged"]] = message["verdict"], clean(message["message"])
        if "note" in message:
            self.notes.append(message["note"])

    def result(self):
        if self.unread:
            return self.run.not_run(f"The file was not run: {self.unread}.")
        ended = self.ended and clean(f"in cell {self.at + 1} of the code {self.ended}")
        if self.ended and self.judging:
            self.verdicts[self.judging] = "wrong", f"Not yet: your answer brings down whoever checks it ({self.ended})."
        rows = [[name, *self.row(name, ended)] for name in self.run.questions]
        older = (self.version or self.run.version) != self.run.version
        notes = ["This copy was made from an older version of the homework."] if older else []
        notes += [f"Cell {number + 1} of the code stops with {error}." for number, error in self.failed.items()][:3]
        return {"rows": rows, "notes": notes + self.notes, "ended": ended}

    def row(self, name, ended):
        place = self.places.get(name)
        if name in self.verdicts:
            verdict, message = self.verdicts[name]
            return (verdict if verdict in VERDICTS else "wrong"), message
        if place is None and self.places:
            return "not run", f"The notebook has no cell with ex.{name}.check(…); was it deleted or renamed?"
        if place in self.failed:
            return "not run", f"The cell of the check stops with {self.failed[place]}"
        return "not run", f"Not reached: {ended}." if ended else "The check did not run."


def clean(message):
    """A message of a submission as one short line of printable characters."""
    line = " ".join(str(message).encode("utf-8", "replace").decode().split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)[:300]
