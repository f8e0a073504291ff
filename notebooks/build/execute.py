"""Runs a notebook in a fresh kernel, keeps the numbers that it records and measures it."""

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat.v4 import new_code_cell

from .source import Problem, tags

WIDGET = "application/vnd.jupyter.widget-view+json"
ABSOLUTE = re.compile(r"(?<![\w.:/])/(?:home|root|Users|work|tmp|usr|opt|var|mnt|content)/[\w.]|\b[A-Z]:\\\w")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PROBE = """
import contextlib, io, json, pathlib, re, sys
status = pathlib.Path("/proc/self/status")
if status.exists():
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) / 1024
else:
    import psutil
    peak = getattr(psutil.Process().memory_info(), "peak_wset", psutil.Process().memory_info().rss) / 2**20
data = []
for name in {names!r}:
    from data_scripts import ensure
    with contextlib.redirect_stdout(io.StringIO()):
        folder = ensure(name)
    card = folder / "dataset.json"
    made = card.exists() and json.loads(card.read_text()).get("kind") == "generated"
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    data.append(dict(name=name, kind="generated" if made else "real", mb=round(size / 2**20, 1)))
print(json.dumps(dict(peak_mb=round(peak), data=data)))
"""


def versions():
    """Python and the libraries that results depend on."""
    found = {"python": sys.version.split()[0]}
    for name in (os.environ.get("KERAS_BACKEND", "tensorflow"), "keras", "numpy", "opencv-python-headless"):
        with contextlib.suppress(metadata.PackageNotFoundError):  # `check` and `tiny` need none of them
            found[name] = metadata.version(name)
    return found


def helpers(root):
    """sha256 of the packages that lessons import, to tell when a notebook is older than they are."""
    files = sorted([*(root / "course_utils").rglob("*.py"), *(root / "data_scripts").rglob("*.py")])
    # a question of another lesson changes nothing here, nor does the teacher's side
    files = [file for file in files if file.parent.name not in ("exercises", "grading")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def environment():
    folders = os.environ.get("COURSE_DATA", "").split(os.pathsep)
    data = os.pathsep.join(str(Path(folder).resolve()) for folder in folders if folder)
    return {
        **os.environ,
        "COURSE_DATA": data,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


def data_sets(notebook):
    """Names of the data sets that the cells ask for with a literal: `ensure("eliret")`, `ensure("eliret", seed=SEED)`."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return list(dict.fromkeys(re.findall(r"^[^#\n]*\bensure\([\"'](\w+)[\"'][,)]", code, re.M)))


def text_of(output):
    """All text of an output, images left out."""
    data = output.get("data", {})
    text = output.get("text", "") + "\n".join(str(value) for mime, value in data.items() if not mime.startswith("image/"))
    return re.sub(r"(?<=;base64,)[\w+/=]+", "", text)


def tidy(cell, root):
    """Remove what is noise in a committed notebook; Problem for what may not be there at all."""
    cell.outputs = [output for output in cell.outputs if WIDGET not in output.get("data", {})]
    for output in cell.outputs:
        said = text_of(output)
        if output.output_type == "stream" and output.name == "stderr":
            raise Problem(f"this cell writes to stderr:\n\n{cell.source}\n\n{said}")
        if ABSOLUTE.search(said) or str(root) in said:
            raise Problem(f"this cell's output holds a path of this machine:\n\n{cell.source}\n\n{said}")
    cell.metadata.pop("execution", None)


def recorded(cells):
    """The numbers that cells tagged `record` took; Problem for a name that two of them give."""
    found = {}
    for cell in cells:
        for output in cell.outputs:
            numbers = output.get("data", {}).get("application/json", {})
            if twice := sorted(set(found) & set(numbers)):
                raise Problem(f"recorded twice: {', '.join(twice)}")
            found |= numbers
    return found


def execute(notebook, folder, root, size, names=None):
    """Run `notebook` in a fresh kernel inside `folder`; returns what was measured and recorded.

    `names`: the data sets to measure (default: those that its cells ask for). Fills the outputs and takes the cells tagged `record`
    out. They do not count: the others are numbered 1 to n.
    """
    client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(folder)}}, coalesce_streams=True)
    client.record_timing = False
    probe = new_code_cell(PROBE.format(names=data_sets(notebook) if names is None else names))
    notebook.cells.append(probe)
    folder.mkdir(parents=True, exist_ok=True)
    took = []
    start = time.monotonic()
    try:
        with client.setup_kernel(env=environment(), stderr=subprocess.DEVNULL):  # what cells write there arrives as output
            for index, cell in enumerate(notebook.cells):
                begin = time.monotonic()
                client.execute_cell(cell, index, store_history=cell is not probe and "record" not in tags(cell))
                took.append((time.monotonic() - begin, cell))
                if cell.cell_type == "code" and cell is not probe:
                    tidy(cell, root)
    except CellExecutionError as error:
        raise Problem(f"a cell stops:\n\n{COLOUR.sub('', str(error))}") from None
    except DeadKernelError:
        raise Problem(f"the kernel died (out of memory?) in the cell:\n\n{cell.source}") from None
    seconds = time.monotonic() - start
    for part, cell in sorted(took, key=lambda pair: -pair[0])[:3]:
        print(f"    {part:6.1f} s  {cell.source.strip().splitlines()[0][:90]}")
    numbers = recorded([cell for cell in notebook.cells if "record" in tags(cell)])
    notebook.cells = [cell for cell in notebook.cells if cell is not probe and "record" not in tags(cell)]
    measured = {"helpers": helpers(root), "size": size, "seconds": round(seconds, 1), "versions": versions(), "records": numbers}
    return measured | json.loads(probe.outputs[-1].text)
