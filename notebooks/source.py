"""A lesson's source (jupytext percent format) and the notebooks made from it. Nothing here runs a cell."""

import ast
import hashlib
import re
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path

import jupytext
from nbformat.v4 import new_code_cell, new_notebook

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

    @property
    def picture(self):
        return self.root / "notebooks/pictures" / f"{self.name}.png"

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


def duration(seconds):
    return f"{max(seconds, 1):.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def megabytes(size):
    return f"{size:.1f} MB" if size < 10 else f"{size:.0f} MB"


def header(source, text, measured, where, folder):
    """`text` of a markdown cell with its {{tokens}} filled from what the run measured, and a Colab badge under an H1."""
    unknown = "not measured yet"
    data = ", ".join(f"{item['name']} ({item['kind']}, {megabytes(item['mb'])})" for item in measured.get("data", []))
    above = "" if folder.name == "notebooks" else "../"
    values = {
        "time": duration(measured["seconds"]) if measured else unknown,
        "memory": megabytes(measured["peak_mb"]) if measured else unknown,
        "data": (data or "none") if measured else unknown,
        "picture": f"![{measured['picture']}]({above}pictures/{source.name}.png)" if measured.get("picture") else "",
    }
    for token, value in values.items():
        text = text.replace("{{" + token + "}}", value)
    if text.startswith("# ") and where.startswith("https://github.com/"):
        title, _, rest = text.partition("\n")
        page = where.replace("https://github.com", "https://colab.research.google.com/github")
        place = (folder / f"{source.name}.ipynb").relative_to(source.root).as_posix()
        badge = f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({page}/blob/main/{place})"
        text = f"{title}\n\n{badge}\n{rest}"
    return text


def render(source, solution, measured=None, where=None):
    """The notebook without outputs.

    `solution`: with solutions and teacher notes, else with stubs; `measured`: what `execute` returned, for the header;
    `where`: the repository's address (default: the one in pyproject.toml).
    """
    where = address(source.root) if where is None else where
    folder = (source.executed if solution else source.student).parent
    notebook = new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    notebook.metadata.language_info = {"name": "python"}
    for cell in source.cells():
        if "teacher" in tags(cell) and not solution:
            continue
        if cell.cell_type == "markdown":
            cell.source = header(source, cell.source, measured or {}, where, folder).strip()
        elif "setup" in tags(cell):
            template = (source.root / "notebooks/src/_setup.py").read_text(encoding="utf-8").strip()
            cell.source = template.replace("REPOSITORY", where).replace("EXERCISES", source.exercises)
        else:
            cell.source = (solved if solution else unsolved)(cell.source)
        cell.id = f"cell-{len(notebook.cells):02d}"
        cell.metadata = {"tags": tags(cell)} if tags(cell) else {}
        notebook.cells.append(cell)
    return notebook


def fingerprint(source):
    """sha256 of the code that produces the outputs; text and the repository's address do not count."""
    cells = render(source, source.homework, where="").cells
    code = "\n# %%\n".join(cell.source for cell in cells if cell.cell_type == "code")
    return hashlib.sha256(code.encode()).hexdigest()


def assignments(cell):
    """The plain assignments of the parameters cell: name -> node of the value."""
    nodes = ast.parse(cell.source).body
    if not all(isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) for node in nodes):
        raise Problem("the parameters cell may hold plain assignments only")
    return {node.targets[0].id: node.value for node in nodes}


def parameters(source, size):
    """The values that `tests/notebook_params.toml` gives for this lesson at `size`."""
    file = source.root / "tests/notebook_params.toml"
    known = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return known.get(source.id, {}).get(size, {})


def inject(notebook, values):
    """Replace right-hand sides in the cell tagged `parameters`; Problem for a name that the cell does not assign."""
    cell = next((cell for cell in notebook.cells if "parameters" in tags(cell)), None)
    nodes = assignments(cell) if cell else {}
    if strangers := sorted(set(values) - set(nodes)):
        raise Problem(f"notebook_params.toml sets {', '.join(strangers)}, which the parameters cell does not assign")
    lines = cell.source.encode().split(b"\n") if cell else []  # ast counts columns in bytes
    for name in reversed([name for name in nodes if name in values]):
        node, value = nodes[name], values[name]
        first, last = node.lineno - 1, node.end_lineno - 1
        text = repr(tuple(value) if isinstance(node, ast.Tuple) else value).encode()
        lines[first : last + 1] = [lines[first][: node.col_offset] + text + lines[last][node.end_col_offset :]]
    if cell:
        cell.source = b"\n".join(lines).decode()


def at_size(source, size, solution=False):
    """A copy to run at `size`. At tiny size each exercise is also solved, its check must say Correct, and the stub comes back."""
    notebook = render(source, solution)
    inject(notebook, {} if size == "lesson" else parameters(source, size))
    if size != "tiny" or solution:
        return notebook
    answers = [solved(cell.source) for cell in source.cells() if "exercise" in tags(cell) and cell.cell_type == "code"]
    cells, stub = [], None
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "code" and "exercise" in tags(cell):
            stub, answer = cell.source, answers.pop(0)
        elif cell.cell_type == "code" and stub and ".check(" in cell.source:
            cells += [new_code_cell(code) for code in (answer, says_correct(cell.source), stub)]
            stub = None
    for index, cell in enumerate(cells):
        cell.id = f"cell-{index:02d}"
    notebook.cells = cells
    return notebook


def says_correct(check):
    """Code that runs the cell `check` and asserts that each of its checks answers Correct."""
    return (
        "from IPython.utils.capture import capture_output\n\nwith capture_output() as _said:\n"
        + textwrap.indent(check, "    ")
        + "\n_words = [_said.stdout, *(output.data.get('text/plain', '') for output in _said.outputs)]\n"
        + "_right = [line for text in _words for line in text.splitlines() if line.startswith('Correct')]\n"
        + f"assert len(_right) == {len(re.findall(r'^[^#]*[.]check[(]', check, re.M))}, _words"
    )
