"""Notebooks at other sizes: other values in the parameters cell, and at tiny size the solutions tried as well."""

import ast
import re
import textwrap
import tomllib

from nbformat.v4 import new_code_cell

from .render import render
from .source import Problem, solved, tags


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
    notebook = render(source, solution, records=True)
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
        + "\n_words = (_said.stdout + '\\n'.join(output.data.get('text/plain', '') for output in _said.outputs)).splitlines()\n"
        + f"assert sum(line.startswith('Correct') for line in _words) == {len(re.findall(r'^[^#]*[.]check[(]', check, re.M))}, _words"
    )
