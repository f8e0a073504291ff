"""Makes the notebooks from `notebooks/src`, runs them, measures them and proves that nothing has drifted.

python notebooks/build.py build [NAMES] [--force]   sources to notebooks, executed where their code changed
python notebooks/build.py check                     nothing drifted (executes nothing)
python notebooks/build.py run NAME --size tiny|lesson|full [--out FILE]
python notebooks/build.py tiny [NAMES]              small copies of all notebooks for nbval, in build/tiny
python notebooks/build.py evidence NAME             the long runs of notebooks/evidence/NAME.py that are still missing
python notebooks/build.py links                     badges and setup cells from the address of the git remote
python notebooks/build.py teacher                   teacher notes and solutions of all lessons and homework, in build/teacher.md
"""

import argparse
import base64
import contextlib
import datetime
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from importlib import metadata
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat.v4 import new_code_cell

from source import Problem, at_size, fingerprint, render, solved, sources, tags

ROOT = Path(__file__).resolve().parents[1]
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


# ---------------------------------------------------------------- executing


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
    files = [file for file in files if file.parent.name != "exercises"]  # a question of another lesson changes nothing here
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
    return output.get("text", "") + "\n".join(str(value) for mime, value in data.items() if not mime.startswith("image/"))


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


def execute(notebook, folder, root, size):
    """Run `notebook` in a fresh kernel inside `folder`; fills its outputs and returns what was measured."""
    client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(folder)}}, coalesce_streams=True)
    client.record_timing = False
    probe = new_code_cell(PROBE.format(names=data_sets(notebook)))
    notebook.cells.append(probe)
    folder.mkdir(parents=True, exist_ok=True)
    took = []
    start = time.monotonic()
    try:
        with client.setup_kernel(env=environment(), stderr=subprocess.DEVNULL):  # what cells write there arrives as output
            for index, cell in enumerate(notebook.cells):
                begin = time.monotonic()
                client.execute_cell(cell, index)
                took.append((time.monotonic() - begin, cell))
                if cell.cell_type == "code" and cell is not probe:
                    tidy(cell, root)
    except CellExecutionError as error:
        raise Problem(f"a cell stops:\n\n{COLOUR.sub('', str(error))}") from None
    except DeadKernelError:
        raise Problem(f"the kernel died (out of memory?) in the cell:\n\n{cell.source}") from None
    notebook.cells.remove(probe)
    seconds = time.monotonic() - start
    for part, cell in sorted(took, key=lambda pair: -pair[0])[:3]:
        print(f"    {part:6.1f} s  {cell.source.strip().splitlines()[0][:90]}")
    measured = {"source": "", "helpers": helpers(root), "size": size, "seconds": round(seconds, 1), "versions": versions()}
    return measured | json.loads(probe.outputs[-1].text)


def picture(notebook):
    """(alt text, PNG bytes) of the cell tagged `picture`, or None."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []) if "picture" in tags(cell) else []:
            if png := output.get("data", {}).get("image/png"):
                return output.metadata.get("image/png", {}).get("alt", ""), base64.b64decode(png)
    return None


def records(notebook):
    """The numbers that the notebook recorded with `show.record`."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            found |= output.get("data", {}).get("application/json", {})
    return found


# ---------------------------------------------------------------- commands


def read(path):
    return nbformat.read(path, as_version=4) if path.exists() else None


def write(notebook, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    nbformat.write(notebook, temporary)
    temporary.replace(path)


def with_outputs(source, old):
    """The notebook as it must be: rendered from the source, with the outputs and measurements of `old`."""
    fresh = render(source, source.homework, old.metadata.course)
    fresh.metadata.course = old.metadata.course
    done = iter([cell for cell in old.cells if cell.cell_type == "code"])
    for cell in fresh.cells:
        if cell.cell_type == "code":
            kept = next(done, new_code_cell())
            cell.outputs, cell.execution_count = kept.outputs, kept.execution_count
    return fresh


def save(source, notebook):
    """Write what belongs to one source: the executed notebook, its picture and, for homework, the student's copy."""
    final = with_outputs(source, notebook)
    write(final, source.executed)
    if image := picture(final):
        source.picture.parent.mkdir(exist_ok=True)
        source.picture.write_bytes(image[1])
    if source.homework:
        write(render(source, False, notebook.metadata.course), source.student)


def build(root, names=(), force=False):
    """Make the notebooks; execute those whose code is not the code that made their outputs."""
    for source in sources(root, names):
        old, code = read(source.executed), fingerprint(source)
        if force or not old or old.metadata.get("course", {}).get("source") != code:
            print(f"{source.name}: running")
            old = render(source, source.homework)
            try:
                measured = execute(old, source.executed.parent, root, "lesson")
            except Problem as problem:
                raise Problem(f"{source.name}: {problem}") from None
            old.metadata.course = measured | {"source": code} | ({"picture": image[0]} if (image := picture(old)) else {})
            print(f"{source.name}: {measured['seconds']:.0f} s, {measured['peak_mb']} MB")
        elif old.metadata.course.helpers != helpers(root):
            print(f"{source.name}: kept, though course_utils or data_scripts changed since it ran (--force runs it again)")
        save(source, old)
    write_readme(root)


def check(root):
    """All that has drifted, a sentence each; executes nothing."""
    found = []
    for source in sources(root):
        place = source.executed.relative_to(root)
        old = read(source.executed)
        if not old or "course" not in old.metadata:
            found.append(f"{place} is not built")
            continue
        if old.metadata.course.source != fingerprint(source):
            found.append(f"{place}: its outputs come from other code than the source holds now")
        elif old != with_outputs(source, old):
            found.append(f"{place}: text, header or badges differ from what the source and the measurements give")
        counts = [cell.execution_count for cell in old.cells if cell.cell_type == "code"]
        if counts != list(range(1, len(counts) + 1)):
            found.append(f"{place}: the cells were not run once each, in order")
        if (image := picture(old)) and not (source.picture.exists() and source.picture.read_bytes() == image[1]):
            found.append(f"{source.picture.relative_to(root)} is not the picture in {place}")
        if source.homework and read(source.student) != render(source, False, old.metadata.course):
            found.append(f"{source.student.relative_to(root)} differs from its source")
    found += [problem for _, problem in claims(root) if problem]
    readme = root / "README.md"
    if readme.exists() and readme.read_text(encoding="utf-8") != readme_text(root):
        found.append("the tables of README.md differ from the notebooks; build.py build writes them")
    return found


def claims(root):
    """Each claim of claims.toml with the number its lesson recorded (`seen`), and what is wrong with it or None."""
    file = root / "notebooks/claims.toml"
    listed = tomllib.loads(file.read_text(encoding="utf-8")).get("claim", []) if file.exists() else []
    numbers = {source.id: records(read(source.executed)) for source in sources(root) if source.executed.exists()}
    for claim in sorted(listed, key=lambda claim: claim["lesson"]):
        who = f"claims.toml, {claim['lesson']} {claim['name']}"
        seen = numbers.get(claim["lesson"], {}).get(claim["name"])
        claim["seen"] = seen
        if seen is None:
            yield claim, f"{who}: the lesson records no such number"
            continue
        met = claim.get("min", -float("inf")) <= seen <= claim.get("max", float("inf"))
        status = "met" if met else "not met"
        yield claim, None if claim["status"] == status else f"{who}: {seen:.4g} is {status}, the status says {claim['status']}"


def lesson_rows(root):
    """Rows of the README's map: picture, title, the sentence under the title, measured time."""
    rows = ["| | lesson | what you do | runs in |", "|---|---|---|---|"]
    for source in sources(root):
        notebook = read(source.executed)
        if not notebook or "course" not in notebook.metadata:
            continue
        paragraphs = [part for part in source.cells()[0].source.split("\n\n") if not part.startswith("{{")]
        title, what = paragraphs[0].lstrip("# "), " ".join(paragraphs[1].split())
        course = notebook.metadata.course
        image = f'<img src="notebooks/pictures/{source.name}.png" width="160" alt="{course.picture}">' if "picture" in course else ""
        minutes = f"{course.seconds / 60:.1f} min"
        rows.append(f"| {image} | [{title}]({source.student.relative_to(root).as_posix()}) | {what} | {minutes} |")
    return rows


def result_rows(root):
    """Rows of the README's results table, from claims.toml and the recorded numbers."""
    rows = ["| lesson | claim | bound | seen | |", "|---|---|---|---|---|"]
    for claim, _ in claims(root):
        bounds = [f"{sign} {claim[side]:g}" for side, sign in (("min", "≥"), ("max", "≤")) if side in claim]
        seen = "–" if claim["seen"] is None else f"{claim['seen']:.3g}"
        rows.append(f"| {claim['lesson']} | {claim['text']} | {' and '.join(bounds)} | {seen} | {claim['status']} |")
    return rows


def readme_text(root):
    """README.md with the tables between its markers written anew."""
    text = (root / "README.md").read_text(encoding="utf-8")
    for name, rows in (("lessons", lesson_rows), ("results", result_rows)):
        pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        if re.search(pattern, text, re.S):
            table = "\n".join(rows(root)) + "\n"
            text = re.sub(pattern, lambda match, table=table: match[1] + table + match[2], text, flags=re.S)
    return text


def write_readme(root):
    if (root / "README.md").exists():
        (root / "README.md").write_text(readme_text(root), encoding="utf-8")


def run(root, name, size, out=None):
    """Execute one notebook at a size; the result goes to `out` or to build/, never over a committed notebook."""
    (source,) = sources(root, [name])
    target = Path(out) if out else root / "build" / f"{source.name}.{size}.ipynb"
    notebook = at_size(source, size, solution=source.homework)
    measured = execute(notebook, source.executed.parent, root, size)
    notebook.metadata.course = measured
    write(notebook, target)
    print(f"{source.name} at {size} size: {measured['seconds']:.0f} s, {measured['peak_mb']} MB, written to {os.path.relpath(target)}")
    for name, value in records(notebook).items():
        print(f"    {name} = {value}")


def tiny(root, names=()):
    """Copies at tiny size for nbval: lessons and homework with stubs in place, homework also solved."""
    folder = root / "build/tiny"
    for old in folder.glob("*.ipynb"):
        old.unlink()
    for source in sources(root, names):
        write(at_size(source, "tiny"), folder / f"{source.name}.ipynb")
        if source.homework:
            write(at_size(source, "tiny", solution=True), folder / f"{source.name}.solution.ipynb")


def git(root, *arguments):
    done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def evidence(root, name):
    """Run the steps of notebooks/evidence/NAME.py that NAME.json does not hold yet; writes after each one.

    NAME.json is read again before each step and each writing, so that several of these may share the work.
    """
    script = root / "notebooks/evidence" / f"{name}.py"
    if not script.exists():
        raise Problem(f"there is no {script.relative_to(root)}")
    sys.path.insert(0, str(root))
    spec = importlib.util.spec_from_file_location(name, script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    target = script.with_suffix(".json")

    def held():
        kept = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {"steps": {}}
        return kept | {"command": f"python notebooks/build.py evidence {name}"}

    for step, function in module.steps().items():
        if step in held()["steps"]:
            print(f"{name} {step}: kept")
            continue
        start = time.monotonic()
        result = function()
        kept = held()
        kept["steps"][step] = {
            "result": result,
            "seconds": round(time.monotonic() - start, 1),
            "date": datetime.date.today().isoformat(),
            "commit": git(root, "rev-parse", "--short", "HEAD") or "none",
            "versions": versions(),
            "cores": os.cpu_count(),
        }
        temporary = target.with_suffix(".part")
        temporary.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        temporary.replace(target)
        print(f"{name} {step}: {kept['steps'][step]['seconds']:.0f} s")


def links(root):
    """Write the address of the git remote into pyproject.toml, then badges and setup cells anew, without running anything."""
    remote = git(root, "remote", "get-url", "origin")
    if not (found := re.fullmatch(r"(?:https://(?:[^@/]+@)?|ssh://git@|git@)([\w.-]+)[:/](.+?)(?:\.git)?/?", remote)):
        raise Problem("the git remote `origin` has no web address; set one: git remote add origin https://github.com/OWNER/NAME.git")
    where = f"https://{found[1]}/{found[2]}"
    project = root / "pyproject.toml"
    text = re.sub(r'^Repository = ".*"\n', "", project.read_text(encoding="utf-8"), flags=re.M)
    head, section, tail = text.partition("[project.urls]\n")
    comments = re.match(r"(?:#.*\n)*", tail)[0]
    project.write_text(f'{head}{section}{comments}Repository = "{where}"\n{tail[len(comments) :]}', encoding="utf-8")
    for source in sources(root):
        old = read(source.executed)
        if old and old.metadata.get("course", {}).get("source") == fingerprint(source):
            save(source, old)
        else:
            print(f"{source.name}: left as it is; its code changed, so it has to be built")
    print(f"{where} stands in pyproject.toml, in the setup cells and in the badges")


def teacher(root):
    """Write build/teacher.md: of each lesson and homework the title, the cells tagged `teacher`, and the exercises with their solutions."""
    parts = ["Notes for teachers, and the solutions of all exercises. Not for students."]
    for source in sources(root):
        cells = source.cells()
        parts.append(re.search(r"^# .*", cells[0].source, re.M)[0])
        notes = [cell for cell in cells if "teacher" in tags(cell)]
        parts += [cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```" for cell in notes]
        for cell in cells:
            if cell.cell_type == "markdown" and (asked := re.search(r"^### (Exercise .*)", cell.source, re.M)):
                parts.append(f"## {asked[1]}")
            elif "exercise" in tags(cell):
                parts.append(f"```python\n{solved(cell.source)}\n```")
    target = root / "build/teacher.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(f"{target.relative_to(root)}: notes and solutions of {len(sources(root))} lessons and homework")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for command in ("build", "tiny"):
        commands.add_parser(command).add_argument("names", nargs="*")
    commands.choices["build"].add_argument("--force", action="store_true")
    commands.add_parser("check")
    commands.add_parser("links")
    commands.add_parser("teacher")
    commands.add_parser("evidence").add_argument("name")
    runs = commands.add_parser("run")
    runs.add_argument("name")
    runs.add_argument("--size", choices=["tiny", "lesson", "full"], required=True)
    runs.add_argument("--out")
    options = vars(parser.parse_args())
    command = options.pop("command")
    try:
        problems = globals()[command](ROOT, **options) or []
    except Problem as problem:
        problems = [problem]
    for problem in problems:
        print(f"build.py {command}: {problem}", file=sys.stderr)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
