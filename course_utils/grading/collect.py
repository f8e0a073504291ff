"""Finds the submissions in a folder: notebooks named after the students, or a folder for each student."""

import os
import re
from collections import Counter
from contextlib import suppress
from pathlib import Path

from course_utils.exercises.copies import ROOT, Problem

LARGEST = 2**26  # bytes of a notebook
DEEPEST, MANY = 6, 2_000  # folders in a student's folder, entries in it
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".rar", ".7z", ".xz", ".bz2")


def collect(folder: Path) -> tuple[dict[str, Path], list[tuple[str, str]]]:
    """({student: notebook}, [(name, why it is left out)]) of the folder that a teacher gave. Problem where nothing is left."""
    if not folder.is_dir():
        raise Problem(f"{folder} is {'no folder' if folder.exists() else 'not there'}: put the students' notebooks into one folder.")
    try:
        places = sorted(Path(entry) for entry in os.scandir(folder))
    except OSError as error:
        raise Problem(f"{folder} cannot be looked into ({error.strerror}).") from None
    found, skipped, known = [], [], {}
    for notebook in (ROOT / "notebooks").glob("*/*.ipynb"):
        known[_identity(notebook)] = "a notebook of the course"
    for place in places:
        for file in _inside(place, skipped) if _of_a_student(place) else [place]:
            name = file.relative_to(folder).as_posix()
            if reason := _unfit(file, known):
                skipped.append((name, reason))
            else:
                known[_identity(file)] = name
                found.append(file)
    found = _one_each(found, folder, skipped)
    if not found:
        why = f" Left out: {'; '.join(f'{name} ({reason})' for name, reason in skipped[:5])}." if skipped else ""
        raise Problem(f"{folder} holds no submission: put the students' notebooks there, one .ipynb each, named after the student.{why}")
    return found, skipped


def _of_a_student(place):
    """Whether it is a folder, and not one that a program left."""
    return place.is_dir() and not place.is_symlink() and not place.name.startswith((".", "__MACOSX"))


def _inside(folder, skipped):
    """The files in a student's folder and in those below it; without a notebook among them the folder is skipped."""
    files, folders, entries = [], [(folder, 0)], 0
    while folders:
        place, level = folders.pop(0)
        try:
            for entry in sorted(os.scandir(place), key=lambda entry: entry.name):
                entries += 1
                inner = Path(entry.path)
                if _of_a_student(inner) and level < DEEPEST:
                    folders.append((inner, level + 1))
                else:
                    files.append(inner)
        except OSError as error:
            skipped.append((place.name, f"it cannot be looked into ({error.strerror})"))
        if entries > MANY:
            skipped.append((folder.name, f"it holds more than {MANY:,} files and folders"))
            return []
    notebooks = [file for file in files if _is_notebook(file)]
    if not notebooks:
        skipped.append((folder.name, "no notebook (.ipynb) is in it"))
        return []
    return notebooks + [file for file in files if file.is_symlink()]  # what else stands beside them is the student's own affair


def _is_notebook(file):
    return file.suffix.lower() == ".ipynb" and not file.name.startswith(".") and not file.is_symlink()


def _unfit(file, known):
    """Why a file is no submission, or ""."""
    if file.is_symlink():
        return "it is a link; the file itself is wanted"
    if file.name.startswith("."):
        return "a hidden file, which some program left"
    if file.is_dir():
        return "a folder that some program left, or one that lies too deep"
    if file.suffix.lower() in ARCHIVES:
        return "an archive: unpack it"
    if file.suffix.lower() != ".ipynb":
        return "no notebook: its name does not end in .ipynb"
    if not file.is_file():
        return "it is no file (a pipe, a socket or a device)"
    if other := known.get(_identity(file)):
        return f"the same file as {other}, by a link"
    return ""


def _identity(file):
    found = os.stat(file)
    return found.st_dev, found.st_ino


def _one_each(found, folder, skipped):
    """{student: notebook}: of several in one folder the one that is a copy of the homework; two students of one name keep their paths."""
    places = {}
    for file in found:
        places.setdefault(file.relative_to(folder).parts[0], []).append(file)
    kinds = {file: homework_of(file) for file in found}
    homework = Counter(filter(None, kinds.values())).most_common(1)
    chosen = []
    for place, files in places.items():
        fitting = [file for file in files if kinds[file] == homework[0][0]] if homework and len(files) > 1 else files
        if len(fitting) == 1:
            chosen.append((Path(place).stem if fitting[0].parent == folder else place, fitting[0]))
        for file in files:
            if fitting != [file]:
                why = "one of several copies of the homework in its folder: leave one there" if len(fitting) > 1 else "not this homework"
                skipped.append((file.relative_to(folder).as_posix(), why))
    count = Counter(student for student, _ in chosen)
    return {student if count[student] == 1 else file.relative_to(folder).as_posix(): file for student, file in chosen}


def homework_of(path: Path) -> str | None:
    """`hw1`, if the file at `path` looks like a copy of it; else None. The judge looks closer."""
    with suppress(OSError), open(path, "rb") as file:
        start = file.read(LARGEST)
        named = re.search(rb'"homework":\s*"(hw\d+)"', start) or re.search(rb"from course_utils\.exercises import (hw\d+) as ex\b", start)
        return named and named[1].decode()
    return None
