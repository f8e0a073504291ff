"""Runs one submission in a process of its own and hands its answers to the judge, which is another process (`judging`).

What this prevents, on every system: the answers leave as data (`line`), networks as configuration and weights, so nothing that a submission
does to numpy, to the course's modules or to its output changes a verdict; the checks themselves are not here; the teacher's environment is
not passed on; relative paths lead into a temporary folder; output goes nowhere; time, memory, files and processes end. On Linux
(`isolation`) files outside that folder cannot be changed, and none but Python's, the system's and the course's can be read, there is no
network, no terminal and no way to other processes, and none of its own outlives it.

What it does not prevent: solutions that are published may be handed in, and the libraries that a homework imports may be used in it.
"""

import importlib.abc
import os
import sys
from pathlib import Path
from types import ModuleType

from course_utils.exercises import engine
from course_utils.exercises.copies import ROOT

from . import isolation
from .line import Opaque, Peer, fitting


class Asked(engine.Question):
    """Stands where a question does: its check hands the answer over, and says nothing."""

    def __init__(self, name, mark, module, hand_over):
        self.name, self.module, self.mark, self.hand_over = name, module, mark, hand_over
        self.correct, self.hints, self.praise = False, (), ""

    def check(self, answer=None):
        self.hand_over(self.name, answer)

    def hint(self, number=1):
        pass

    solution = hint


class Hidden(importlib.abc.MetaPathFinder):
    """The checks, and what a homework wants written, are no modules here."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        own, part = "course_utils.exercises", name.rpartition(".")[2]
        if name in self.names or (name == f"{own}.{part}" and part.startswith(("hw", "lesson"))):
            raise ModuleNotFoundError(f"{name} is not here when homework is graded")


def exercises(homework, marks, hand_over):
    """What `from course_utils.exercises import hw1 as ex` gives in a submission."""
    module = ModuleType(f"course_utils.exercises.{homework}")
    vars(module).update({name: Asked(name, mark, homework, hand_over) for name, mark in marks.items()})
    module.progress, module.TIERS = lambda: None, {}
    module.yours = lambda **answers: list(answers.values())  # right or not: the course's own are not here
    return module


def main():
    """Run the cells that the grader sends; every `check` becomes an answer that is sent to it."""
    peer = Peer(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    receive = peer.receive
    peer.receive = lambda: receive() or os._exit(1)  # the grader is gone
    task = peer.receive()
    isolation.limit(task["seconds"], task["memory"])
    if not task["trusted"]:
        places, folders = isolation.readable(task["hidden"])
        isolation.wall(places, Path.cwd().parent, folders)
        isolation.refuse_calls()
    busy = []

    def hand_over(name, answer):
        if busy:  # an answer that checks itself
            return
        busy.append(name)
        peer.forget()
        try:
            sent = fitting(peer.encode(answer))
        except Opaque as kind:
            sent = {"opaque": str(kind)}
        except Exception as error:
            sent = {"opaque": f"{type(error).__name__}: {error}"[:300]}
        try:
            peer.request({"check": name, "answer": sent})
        finally:
            busy.clear()

    module = exercises(task["homework"], task["marks"], hand_over)
    sys.meta_path.insert(0, Hidden(task["hidden"]))
    sys.modules[module.__name__] = module
    setattr(sys.modules["course_utils.exercises"], task["homework"], module)
    shell = new_shell()
    shell.user_ns |= {"ex": module, "____": engine.Blank()}  # where the setup cell is lost
    for number, code in enumerate(task["cells"]):
        for name, value in task["values"].items():  # at the size of the tests, whatever the submission says
            shell.user_ns[name] = tuple(value) if isinstance(shell.user_ns.get(name), tuple) else value
        shell.user_ns["course"] = ROOT
        peer.request({"cell": number})
        result = shell.run_cell(code)
        if error := result.error_before_exec or result.error_in_exec:
            peer.request({"failed": number, "error": f"{type(error).__name__}: {error}"[:1000]})
    peer.send({"end": True})


def new_shell():
    """IPython without a kernel: magics, `!commands` and `display` work, and no sockets, no terminal and no second process are needed."""
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell

    HistoryManager.enabled = False
    InteractiveShell.enable_gui = lambda *_: None  # what `%matplotlib inline` asks for
    InteractiveShell.system = InteractiveShell.system_raw  # the other one wants a terminal
    return InteractiveShell.instance()
