"""A student's own copy of a homework, in `my_work/`, where nothing of the course ever writes again; and what it was made from."""

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from .engine import questions

ROOT = Path(__file__).parents[2]


class Problem(Exception):
    """Something that the person at the keyboard has to mend, said in one sentence."""


def text(cell) -> str:
    """The source of a notebook's cell, which may be stored as one string or as a list of lines."""
    return "".join(cell["source"])


def marks(module) -> dict[str, str]:
    """Name -> 8 hexadecimal digits for each question of `module`; they change when the question's check does, not with its name."""
    return {name: question.mark for name, question in questions(module).items()}


def made_from(module, **then: str) -> None:
    """Print one sentence if the questions of `module` are no longer those that a copy was made from (`then`: as from `marks`).

    A question that is gone, or has another name now, still answers in the copy.
    """
    now = marks(module)
    names = {mark: name for name, mark in now.items() if name not in then}
    changes = []
    for name in then.keys() - now.keys():
        renamed = names.pop(then[name], None)
        changes.append(f"{name} is called {renamed} now" if renamed else f"{name} is no longer asked")
        setattr(module, name, getattr(module, renamed) if renamed else _Gone(name))
    changes += [f"{name} is new" for name in names.values()]
    changes += [f"{name} is checked in another way" for name in then.keys() & now.keys() if then[name] != now[name]]
    if changes:
        print(f"The course changed since this copy was made: {', '.join(sorted(changes))}. Your work is as you left it.")


class _Gone:
    """Stands where a question was."""

    def __init__(self, name):
        self.name = name

    def check(self, answer=None):
        print(f"{self.name} is no longer asked; your answer does no harm.")

    hint = solution = check


def student_copy(name: str) -> Path:
    """The notebook that students of homework `name` (`hw1`) start from."""
    if not (ROOT / "notebooks/homework").is_dir():
        raise Problem("The homework lies in the course's folder, not in the installed package: give this command there.")
    known = {path.stem.split("_")[0]: path for path in sorted((ROOT / "notebooks/homework").glob("hw*_*.ipynb"))}
    if name not in known:
        raise Problem(f'There is no homework "{name}"; there are {", ".join(known) or "none yet"}.')
    return known[name]


def start(name: str, module, student: str | None = None) -> str:
    """Copy homework `name` to `my_work/NAME_DATE.ipynb`, say where it is and where JupyterLab shows it; one that is there stays.

    With `student`, any word that is the student's alone, the copy's SEED becomes a number made from that word, and so do the images of
    every set that the homework asks for with `ensure(…, seed=SEED)`.
    """
    source = student_copy(name)
    notebook = json.loads(source.read_text(encoding="utf-8"))
    now, seeded = marks(module), 0
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] == "markdown":  # links and pictures, seen from another folder
            cell["source"] = re.sub(r"(\]\(|src=\")\.\./", r"\1../notebooks/", text(cell))
        elif "setup" in tags:
            questions = ", ".join(f'{question}="{mark}"' for question, mark in now.items())
            cell["source"] = f"{text(cell)}\n\nfrom course_utils.exercises.copies import made_from\n\nmade_from(ex, {questions})"
        elif "parameters" in tags and student:
            cell["source"], seeded = re.subn(r"^SEED = \S+", f"SEED = {seed_of(student)}", text(cell), flags=re.M)
    if student and not seeded:
        raise Problem(f"The parameters of {source.name} have no SEED, so its images are the same for everybody: leave --student out.")
    notebook["metadata"]["course"] = {"homework": name, "version": version(now)}
    target = ROOT / "my_work" / f"{source.stem}_{datetime.date.today().isoformat()}.ipynb"
    place = target.relative_to(ROOT).as_posix()
    if write_new(target, json.dumps(notebook, indent=1, ensure_ascii=False)):
        said = f"Your copy is {place}. No command of the course changes it."
    else:
        said = f"You started today: go on with {place}, or give it another name to start afresh."
    return f"{said}\nIn JupyterLab: {address(target) or f'{place}, once it runs (make lab, on Windows py lab.py)'}"


def write_new(target: Path, text: str) -> bool:
    """Write a file that is not there yet, or nothing at all; False if it is there. Problem where nothing can be written."""
    made = False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            return False
        with open(target, "x", encoding="utf-8") as file:  # x: never over anything
            made = True
            file.write(text)
    except OSError as error:
        if made:  # a full disk leaves no half of a homework under its name
            target.unlink()
        remedy = "copy the course's folder to where you may write, and start the homework there"
        raise Problem(f"{target.parent} cannot take your copy ({error.strerror}): {remedy}.") from error
    return True


def address(file: Path) -> str | None:
    """Where a running JupyterLab shows `file`; None if none does."""
    here = {"root_dir": os.environ.get("JUPYTER_SERVER_ROOT"), "url": os.environ.get("JUPYTER_SERVER_URL")}  # in JupyterLab's terminal
    if "JUPYTERHUB_USER" in os.environ:
        return None  # its servers do not know their own address
    servers = [here] if all(here.values()) else running_servers()
    for server in servers:
        root = Path(server["root_dir"]).resolve()
        if file.resolve().is_relative_to(root):
            return f"{server['url']}lab/tree/{quote(file.resolve().relative_to(root).as_posix())}"
    return None


def running_servers() -> list[dict]:
    """The Jupyter servers of this user: dictionaries with `url` and `root_dir`; none where Jupyter is not installed."""
    command = [sys.executable, "-m", "jupyter_server", "list", "--jsonlist"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return json.loads(said) if said.startswith("[") else []


def version(marked: dict[str, str]) -> str:
    """One word for all questions of a homework as they are now, from `marks`."""
    return hashlib.sha256(json.dumps(marked, sort_keys=True).encode()).hexdigest()[:12]


def seed_of(student: str) -> int:
    """A whole number in [0, 10⁶) that always is the same for this student; spaces around the word and capitals do not count."""
    return int(hashlib.sha256(student.strip().lower().encode()).hexdigest(), 16) % 1_000_000
