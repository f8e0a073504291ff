"""Which questions were solved: kept in `my_work/progress`, one small file each, so that it outlives the kernel.

A file `lesson03/q4_1.5e884898` says by its name that question q4_1 was solved when its check had that mark, and inside on which day.
Nothing removes it, so notebooks that run side by side cannot lose each other's, and a run with blanks does not undo a solved one.
"""

import datetime
import os
from contextlib import suppress
from pathlib import Path

from . import boxes

COURSE = Path(__file__).parents[2]
FOLDER = (COURSE if (COURSE / "pyproject.toml").exists() else Path.cwd()) / "my_work" / "progress"  # pip's own folder is no place for it
_session = {}  # module -> {(question, mark): day}: all that there is where nothing can be written


def place() -> Path | None:
    """FOLDER if a person works in this notebook. The build and the tests run cells that cannot ask anybody anything, and keep nothing."""
    return FOLDER if getattr(boxes.kernel(), "_allow_stdin", False) else None


def keep(module: str, name: str, mark: str) -> None:
    """Note that question `name` of `module` is solved today; in silence only while the kernel lives if the disk does not take it."""
    today = datetime.date.today().isoformat()
    _session.setdefault(module, {}).setdefault((name, mark), today)
    folder = place()
    if folder and (name, mark) not in _on_disk(module, folder):
        with suppress(OSError):
            (folder / module).mkdir(parents=True, exist_ok=True)
            part = folder / module / f".{name}.{mark}.{os.getpid()}"
            part.write_text(today, encoding="utf-8")
            part.replace(folder / module / f"{name}.{mark}")


def records(module: str, folder: Path | None = None) -> dict[tuple[str, str], str]:
    """(question, mark of its check) -> day (YYYY-MM-DD) of a right answer, for all of `module`. `folder`: default `place()`."""
    return _session.get(module, {}) | _on_disk(module, folder or place())


def _on_disk(module, folder):
    found = {}
    for file in folder.glob(f"{module}/q*.*") if folder else ():
        with suppress(OSError, ValueError):  # a damaged file is written anew with the next right answer
            day = datetime.date.fromisoformat(file.read_text(encoding="utf-8").strip())
            found[file.stem, file.suffix[1:]] = day.isoformat()
    return found


def solved(asked: list, folder: Path | None = None) -> dict:
    """Question -> {mark: day} for all questions of one module; {} for an open one.

    A right answer belongs to the question with its mark, whatever that is called by now, else to the one with its name.
    """
    found = {question: {} for question in asked}
    names = {question.name: question for question in asked}
    marks = {question.mark: question for question in asked}
    for (name, mark), day in records(asked[0].module, folder).items() if asked else ():
        same = names.get(name)
        question = same if same and same.mark == mark else marks.get(mark, same)
        if question:
            found[question][mark] = day
    return found


def show(asked: list, tiers: dict[str, tuple[int, list]]) -> None:
    """Show how many of the questions `asked` are solved and which are open; for `tiers` {name: (points a question, questions)} the points.

    A question counts from its first right answer on, whatever its last check found.
    """
    days = solved(asked)
    done = [question for question in asked if days[question]]
    counts, reached, most = [f"{len(done)} of {len(asked)} exercises solved"], 0, 0
    for name, (points, members) in tiers.items():
        right = sum(question in done for question in members)
        counts.append(f"{name} {right} of {len(members)}")
        reached, most = reached + points * right, most + points * len(members)
    if tiers:
        counts.append(f"{reached} of {most} points")
    notes = {
        "Open": [question.label for question in asked if question not in done],
        "Solved earlier": [f"{question.label} ({max(days[question].values())})" for question in done if not question.correct],
        "Its check has changed since": [question.label for question in done if question.mark not in days[question]],
    }
    first, *others = [" · ".join(counts), *(f"{what}: {', '.join(labels)}" for what, labels in notes.items() if labels)]
    text, picture = boxes.bar(len(done), len(asked))
    more = picture + "<br>".join(map(boxes.inline, others))
    boxes.show("progress", "\n".join([f"{text} {first}", *others]), "Progress", boxes.inline(first), more)
