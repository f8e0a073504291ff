"""Odd submissions: files that are no notebooks, cells that are gone, answers of strange kinds."""

import json

from tests import kit

from . import WRONG, C, Case, N, W, X, before, changed

FIND_OUT = """
tries = []

def double(array):
    tries.append(array.tobytes())
    return (2 if len(set(tries)) < len(tries) else 1) * array  # right only when a case comes again

for _ in range(5):
    ex.q1_1.check(double)
"""


def picture(size):
    """The solution with `size` bytes of output."""
    notebook = kit.notebook()
    notebook["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * size}]
    return notebook


def older(metadata):
    return {**kit.notebook(), "metadata": metadata}


ODD = {
    "good": Case("The solution.", "All right.", kit.notebook()),
    "untouched": Case("The student copy.", "Nothing attempted.", kit.notebook(kit.STUBS), (N, N, N), "Not attempted"),
    "half": Case(
        "Two wrong answers.", "Two are wrong, and it says why.", changed(double=WRONG, pick="box = 3"), (W, C, W), "twice as large?"
    ),
    "raises": Case(
        "An answer raises an error with HTML and a second line.",
        "Wrong; one line, escaped.",
        changed(double='def double(array):\n    raise ValueError("<script>alert(1)</script>\\nand more")'),
        (W, C, C),
        "your function stops with ValueError: <script>alert(1)</script>",
    ),
    "=<b>name": Case(
        "A name with HTML and a formula; an answer gives an object.",
        "Wrong: objects are no answers.",
        changed(double="def double(array):\n    return object()"),
        (W, C, C),
        "not object",
        slow=True,
    ),
    "strange names \udcff": Case("A name that is not UTF-8.", "All right.", kit.notebook(), slow=True),
    "changed its mind": Case(
        "Two checks of one question.",
        "The last counts.",
        changed(check_total="ex.q1_2.check(5)\nex.q1_2.check(6)"),
        (C, W, C),
        "count again",
        slow=True,
    ),
    "guesses": Case(
        "Tries the numbers from 0 on.",
        "The first five count; the right one is the sixth.",
        changed(check_total="for guess in range(6):\n    ex.q1_2.check(guess)"),
        (C, W, C),
        "count again",
        note="q1_2 was checked more than 5 times",
    ),
    "finds out": Case(
        "Remembers the cases of a check for the next one.", "Each check has cases of its own.", changed(double=FIND_OUT), (W, C, C)
    ),
    "magic": Case(
        "Magics, shell commands, `await`.",
        "All right.",
        before("%matplotlib inline", "!echo hello", "await __import__('asyncio').sleep(0)"),
    ),
    "copies": Case(
        "Copies files with their rights.",
        "All right.",
        before("import os, shutil\nopen('a', 'w').close()\nshutil.copy('a', 'b')\nos.chmod('b', 0o600)"),
        slow=True,
    ),
    "own size": Case(
        "Sets parameters of its own.", "All run at the tests' size.", changed(parameters="SEED = 8\nROUNDS = 10**12"), slow=True
    ),
    "lacks cells": Case(
        "Cells are gone.",
        "Only their question is lost.",
        kit.notebook(drop=("total", "check total")),
        (C, X, C),
        "no cell with ex.q1_2.check",
        slow=True,
    ),
    "lacks setup": Case("The setup cell is gone.", "All right.", kit.notebook(drop=("setup",)), slow=True),
    "renamed check": Case(
        "Checks a question that there is not.",
        "Only that question is lost.",
        changed(check_double="ex.q7_7.check(double)"),
        (X, C, C),
        "no cell with ex.q1_1.check",
        slow=True,
    ),
    "renamed answer": Case(
        "The answer has another name.",
        "Not run, and why.",
        changed(double="def twice(array):\n    return 2 * array"),
        (X, C, C),
        "NameError: name 'double' is not defined",
        slow=True,
    ),
    "no cells": Case(
        "A notebook without cells.",
        "Not run.",
        {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5},
        (X, X, X),
        "no cell with",
        slow=True,
    ),
    "empty": Case("An empty file.", "Not run.", "", (X, X, X), "it is no notebook", slow=True),
    "text": Case("A letter.", "Not run.", "Dear teacher, my dog ate it.", (X, X, X), "it is no notebook"),
    "list": Case("JSON, but a list.", "Not run.", "[1, 2]", (X, X, X), "it is no notebook", slow=True),
    "truncated": Case("An upload that was cut.", "Not run.", json.dumps(kit.notebook())[:-200], (X, X, X), "it is no notebook", slow=True),
    "deep": Case("A hundred thousand brackets.", "Not run.", "[" * 100_000, (X, X, X), "it is no notebook", slow=True),
    "null": Case('`"course": null` in the metadata.', "All right.", older({"course": None}), slow=True),
    "BOM": Case("Begins with a byte order mark.", "All right.", "\ufeff" + json.dumps(kit.notebook()), slow=True),
    "strange metadata": Case(
        "Lists for names in the metadata.", "All right.", older({"course": {"homework": ["hw9"], "version": {}}}), slow=True
    ),
    "older": Case(
        "Made from an older version.",
        "Graded, and told.",
        older({"course": {"homework": "hw9", "version": "0"}}),
        note="older version",
        slow=True,
    ),
    "other homework": Case(
        "A copy of another homework.",
        "Not run.",
        changed(setup=kit.SETUP.replace("hw9", "hw8")),
        (X, X, X),
        "it is a copy of hw8, not of hw9",
        slow=True,
    ),
    "50 MB": Case("A notebook with 50 MB of output.", "All right.", picture(50_000_000), slow=True),
    "brackets": Case(
        "20 MB of `[],`, a gigabyte once it is read.",
        "Not run; the grader's memory is bounded.",
        '{"cells": [' + "[]," * 7_000_000 + "[]]}",
        (X, X, X),
        "The file was not run",
        slow=True,
    ),
    "70 MB": Case("A notebook of 70 MB.", "Not run.", picture(70_000_000), (X, X, X), "it has more than 64 MB", slow=True),
    "much code": Case(
        "Two million letters of code.",
        "Not run.",
        changed(total="# " + "x" * 2_000_000),
        (X, X, X),
        "more than a million letters",
        slow=True,
    ),
}
