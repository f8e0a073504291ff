"""The notebooks made from a source. Nothing here runs a cell."""

import ast
import hashlib
import json
import re

from nbformat.v4 import new_notebook

from .source import Problem, address, solved, tags, unsolved

TOKEN = re.compile(r"\{\{([^{}\n]*)\}\}")
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}  # JupyterLab's name for it, and Colab's
RECORD = '''def record(**numbers):
    """Whole numbers as they are, others with six digits."""
    import math, numbers as kinds
    from IPython.display import display

    kept = {name: int(n) if isinstance(n, kinds.Integral) else float(f"{float(n):.6g}") for name, n in numbers.items()}
    if strange := [name for name, value in kept.items() if not math.isfinite(value)]:
        raise ValueError(f"{', '.join(strange)}: not a finite number, nothing to record")
    display({"application/json": kept, "text/plain": str(kept)}, raw=True)
'''


def duration(seconds):
    return f"{max(seconds, 1):.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def megabytes(size):
    return f"{size:.1f} MB" if size < 10 else f"{size:.0f} MB"


def values(measured, folder):
    """What each {{token}} of a text stands for: the recorded numbers, and what the header shows. `folder`: where the notebook lies."""
    header = {"time", "memory", "data", "picture"}
    if taken := sorted(header & set(measured["records"])):
        raise Problem(f"{', '.join(taken)} cannot be recorded, the header uses that name")
    above = "" if folder.name == "notebooks" else "../"
    picture = measured.get("picture")
    return measured["records"] | {
        "time": duration(measured["seconds"]),
        "memory": megabytes(measured["peak_mb"]),
        "data": ", ".join(f"{item['name']} ({item['kind']}, {megabytes(item['mb'])})" for item in measured["data"]) or "none",
        "picture": f"![{picture['alt']}]({above}pictures/{picture['file']})" if picture else "",
    }


def fill(text, known):
    """`text` with its tokens: `{{name}}`, or `{{name:.2f}}` with any format of Python's. In our types: −0.5 and 51 %."""

    def value(token):
        name, colon, form = token[1].partition(":")
        if name not in known:
            raise Problem(f"{token[0]} is no number that the notebook records")
        try:
            shown = format(known[name], form) if colon else str(known[name])
        except ValueError as error:
            raise Problem(f"{token[0]}: {error}") from None
        return shown if isinstance(known[name], str) else re.sub("^-", "−", shown).replace("%", " %")

    return TOKEN.sub(value, text)


def badged(text, source, where, folder):
    """A title with the badge that opens the notebook in Colab, if the course lies on GitHub; other texts as they are."""
    if not text.startswith("# ") or not where.startswith("https://github.com/"):
        return text
    title, _, rest = text.partition("\n")
    page = where.replace("https://github.com", "https://colab.research.google.com/github")
    place = (folder / f"{source.name}.ipynb").relative_to(source.root).as_posix()
    return f"{title}\n\n[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({page}/blob/main/{place})\n{rest}"


def setup(source, where):
    """Code of the setup cell."""
    template = (source.root / "notebooks/src/_setup.py").read_text(encoding="utf-8").strip()
    return template.replace("REPOSITORY", where).replace("EXERCISES", source.exercises)


def record(code):
    """What a cell tagged `record` runs; Problem for more than calls of `record`, which students would miss in their notebook."""
    try:
        nodes = ast.parse(code).body
    except SyntaxError as error:
        raise Problem(f"a cell tagged record: {error}") from None
    for node in nodes:
        call = node.value if isinstance(node, ast.Expr) else None
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "record"):
            raise Problem(f"a cell tagged record may hold calls of record(name=value) only, not\n\n{ast.unparse(node)}")
        if any(isinstance(inner, ast.NamedExpr) for inner in ast.walk(node)):
            raise Problem(f"a cell tagged record may not set a variable:\n\n{ast.unparse(node)}")
    return f"{RECORD}\n\n{code}\n\ndel record"


def render(source, solution, measured=None, where=None, records=False):
    """The notebook without outputs.

    `solution`: with solutions and teacher notes, else with stubs; `measured`: what `execute` returned, for the tokens, which stay
    as they are without it; `where`: the repository's address (default: the one in pyproject.toml); `records`: with the cells tagged
    `record`, to be run. A homework's numbers are those of its solution: without it there are none.
    """
    where = address(source.root) if where is None else where
    folder = (source.executed if solution else source.student).parent
    known = values(measured, folder) if measured else None
    records = records and (solution or not source.homework)
    notebook = new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    notebook.metadata.language_info = {"name": "python"}
    for cell in source.cells():
        kinds = tags(cell)
        if ("teacher" in kinds and not solution) or ("record" in kinds and not records):
            continue
        cell.metadata = {"tags": kinds} if kinds else {}
        if cell.cell_type == "markdown":
            text = fill(cell.source, known) if known else cell.source
            cell.source = badged(text, source, where, folder).strip()
        elif "record" in kinds:
            cell.source = record(cell.source)
        elif "setup" in kinds:
            cell.source = setup(source, where)
        else:
            cell.source = (solved if solution else unsolved)(cell.source)
        if {"setup", "fold"} & set(kinds):
            cell.metadata |= FOLDED | {"tags": [*kinds, "hide-input"]}
        cell.id = f"cell-{len(notebook.cells):02d}"
        notebook.cells.append(cell)
    return notebook


def tree(code):
    """The syntax of a cell as nested lists, alike in all versions of Python; comments and line breaks leave no trace.

    A cell with magics has no syntax of Python's and stands for itself. A semicolon at the end hides a value: it counts.
    """

    def lists(node):
        if isinstance(node, ast.JoinedStr):  # Python 3.12.1 puts empty text after a format: f"{x:{y}}"
            node = ast.JoinedStr([part for part in node.values if getattr(part, "value", None) != ""])
        if isinstance(node, ast.AST):
            fields = [(name, value) for name, value in ast.iter_fields(node) if value is not None and value != []]
            return [type(node).__name__, *([name, lists(value)] for name, value in fields)]
        return [lists(item) for item in node] if isinstance(node, list) else repr(node)

    try:
        return [lists(ast.parse(code)), code.rstrip().endswith(";")]
    except SyntaxError:
        return code


def fingerprints(source):
    """sha256 of the code that makes outputs and numbers (`source`), and of the setup cell (`setup`), which prints a line about itself.

    Text, comments and the repository's address do not count, and a new setup cell leaves the other outputs as they are.
    """
    cells = render(source, source.homework, where="", records=True).cells
    codes = [cell.source.removeprefix(RECORD) for cell in cells if cell.cell_type == "code" and "setup" not in tags(cell)]
    parts = {"source": [tree(code) for code in codes], "setup": tree(setup(source, ""))}
    return {name: hashlib.sha256(json.dumps(part).encode()).hexdigest() for name, part in parts.items()}
