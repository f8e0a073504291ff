"""A lesson's source (jupytext percent format), its exercises with and without their solutions."""

import ast
import re
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path

import jupytext

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^(?P<indent>[ \t]*)# BEGIN SOLUTION[ \t]*\n(?P<body>.*?)^[ \t]*# END SOLUTION[ \t]*$", re.M | re.S)
STUB = re.compile(r"^[ \t]*# STUB: ?(.*)\n", re.M)


class Problem(Exception):
    """Something the author has to mend, said in one sentence."""


@dataclass(frozen=True)
class Source:
    """One file of `notebooks/src` below the course folder `root`: a lesson `03_name` or a homework `hw1_name`."""

    root: Path
    name: str

    @property
    def path(self):
        return self.root / "notebooks/src" / f"{self.name}.py"

    @property
    def id(self):
        return self.name.split("_")[0]

    @property
    def homework(self):
        return self.name.startswith("hw")

    @property
    def exercises(self):
        """Name of the module in `course_utils.exercises`."""
        return self.id if self.homework else f"lesson{self.id}"

    @property
    def executed(self):
        """The committed notebook that holds outputs."""
        return self.root / "notebooks" / ("solutions" if self.homework else "") / f"{self.name}.ipynb"

    @property
    def student(self):
        """The committed notebook a student opens; for a lesson the executed one itself."""
        return self.root / "notebooks" / ("homework" if self.homework else "") / f"{self.name}.ipynb"

    def cells(self):
        if not self.path.exists():
            raise Problem(f"there is no notebooks/src/{self.name}.py")
        return jupytext.reads(self.path.read_text(encoding="utf-8"), fmt="py:percent").cells


def sources(root, names=()):
    """All sources of `root` in order, or those named by number (`03`, `hw1`), stem or path; Problem for an unknown name."""
    found = [Source(root, path.stem) for path in sorted((root / "notebooks/src").glob("*.py")) if re.match(r"(\d\d|hw\d)_", path.name)]
    wanted = [Path(name).stem for name in names]
    for name in wanted:
        if not any(name in (source.name, source.id) for source in found):
            raise Problem(f"no source in notebooks/src is called {name}")
    return [source for source in found if not wanted or source.name in wanted or source.id in wanted]


def address(root):
    """The repository's web address from `[project.urls]`, or ""."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"].get("urls", {}).get("Repository", "")


def tags(cell):
    return cell.metadata.get("tags", [])


def default_stub(body):
    """`return ____` where the solution returns, else `name = ____` for each name that it assigns."""
    tree = ast.parse("def block():\n" + textwrap.indent(textwrap.dedent(body), " ")).body[0]
    if any(isinstance(node, ast.Return) for node in ast.walk(tree)):
        return ["return ____"]
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return [f"{target.id} = ____" for target in targets if isinstance(target, ast.Name)] or ["answer = ____"]


def unsolved(code):
    """`code` with each solution block replaced by its stub."""

    def stub(block):
        lines = STUB.findall(block["body"]) or default_stub(block["body"])
        return "\n".join(block["indent"] + line for line in lines)

    return BLOCK.sub(stub, code)


def solved(code):
    """`code` with its solutions and without the markers."""
    return BLOCK.sub(lambda block: STUB.sub("", block["body"]).rstrip("\n"), code)
