"""What `python -m notebooks.build` does; see there."""

import hashlib
import os
import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from . import pages
from .evidence import git
from .execute import execute, helpers
from .render import fill, fingerprints, render, values
from .sizes import at_size
from .source import Problem, solved, sources, tags


def read(path):
    return nbformat.read(path, as_version=4) if path.exists() else None


def write(notebook, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    nbformat.write(notebook, temporary)
    temporary.replace(path)


def with_outputs(source, old):
    """The notebook as it must be: rendered from the source, with the outputs and measurements of `old`."""
    measured = old.metadata.course
    fresh = render(source, source.homework, measured)
    fresh.metadata.course = measured
    done = iter([cell for cell in old.cells if cell.cell_type == "code"])
    for cell in fresh.cells:
        if cell.cell_type == "code":
            kept = next(done, new_code_cell())
            cell.outputs, cell.execution_count = kept.outputs, kept.execution_count
    return fresh


def picture(notebook):
    """The first figure of the cell tagged `picture`, as `show` emits it in HTML, or None."""
    outputs = [output for cell in notebook.cells if "picture" in tags(cell) for output in cell.get("outputs", [])]
    pages = [output.get("data", {}).get("text/html", "") for output in outputs]
    return next((page for page in pages if "<img alt=" in page), None)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def pictures(source):
    """sha256 of the files of the lesson's picture: one, or none."""
    return {path.name: sha256(path.read_bytes()) for path in (source.root / "notebooks/pictures").glob(f"{source.name}.*")}


def draw_picture(source, notebook):
    """Write the lesson's picture, unless the file of this very figure is there: another library would compress it another way."""
    measured, figure = notebook.metadata.course, picture(notebook)
    known = measured.pop("picture", {})
    if figure and known.get("figure") == sha256(figure.encode()) and pictures(source) == {known["file"]: known["sha256"]}:
        measured.picture = known
        return
    folder = source.root / "notebooks/pictures"
    for name in pictures(source):
        (folder / name).unlink()
    if figure:
        from course_utils.show.page import read as read_figure  # only here: `check` and `tiny` draw nothing

        alt, kind, content, _ = read_figure(figure)
        file = folder / f"{source.name}.{kind.replace('jpeg', 'jpg')}"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        measured.picture = {"alt": alt, "file": file.name, "figure": sha256(figure.encode()), "sha256": sha256(content)}


def save(source, notebook):
    """Write what belongs to one source: the executed notebook, its picture and, for homework, the student's copy."""
    draw_picture(source, with_outputs(source, notebook))
    write(with_outputs(source, notebook), source.executed)
    if source.homework:
        write(render(source, False, notebook.metadata.course), source.student)


def run_all(source):
    """The notebook, executed."""
    print(f"{source.name}: running")
    notebook = render(source, source.homework, records=True)
    measured = execute(notebook, source.executed.parent, source.root, "lesson")
    notebook.metadata.course = measured | fingerprints(source)
    print(f"{source.name}: {measured['seconds']:.0f} s, {measured['peak_mb']} MB")
    return notebook


def run_setup(source, notebook):
    """`notebook` with a new output of its setup cell; None if the versions and data it names are not those of the other outputs."""
    print(f"{source.name}: running its setup cell")
    then, alone = notebook.metadata.course, render(source, source.homework)
    alone.cells = [cell for cell in alone.cells if "setup" in tags(cell)]
    now = execute(alone, source.executed.parent, source.root, "lesson", [item["name"] for item in then.data])
    kinds, kinds_then = ({item["name"]: item["kind"] for item in data} for data in (now["data"], then.data))
    if (now["versions"], kinds) != (then.versions, kinds_then):
        return None
    (cell,) = (cell for cell in notebook.cells if "setup" in tags(cell))
    cell.outputs = alone.cells[0].outputs
    then.setup = fingerprints(source)["setup"]
    return notebook


def build(root, names=(), force=False):
    """Make the notebooks; execute those whose code is not the code that made their outputs. A new setup cell is run alone, if it can be."""
    for source in sources(root, names):
        try:
            old, now = read(source.executed), fingerprints(source)
            then = old.metadata.get("course", {}) if old else {}
            if force or then.get("source") != now["source"]:
                made = run_all(source)
            elif then["setup"] != now["setup"]:
                made = run_setup(source, old) or run_all(source)
            else:
                made = old
                if then["helpers"] != helpers(root):
                    print(f"{source.name}: kept, though course_utils or data_scripts changed since it ran (--force runs it again)")
            if then.get("source") == now["source"]:  # the same code: what else the computer did can only have made it slower
                made.metadata.course.seconds = min(made.metadata.course.seconds, then["seconds"])
            write(made, source.executed)  # a mistake in a text, which is found next, costs no second run
            save(source, made)
        except Problem as problem:
            raise Problem(f"{source.name}: {problem}") from None
    pages.write(root)


def drift(source):
    """What has drifted in the notebooks of one source, a sentence each."""
    place, old, now = source.executed.relative_to(source.root), read(source.executed), fingerprints(source)
    if not old or "course" not in old.metadata:
        return [f"{place} is not built"]
    measured = old.metadata.course
    if measured.source != now["source"]:
        return [f"{place}: its outputs and numbers come from other code than the source holds now"]
    if measured.setup != now["setup"]:
        return [f"{place}: the output of its setup cell comes from another setup cell"]
    found, made = [], with_outputs(source, old)
    if old != made:
        found.append(f"{place}: text, numbers, header or badges differ from what the source and the measurements give")
    counts = [cell.execution_count for cell in old.cells if cell.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        found.append(f"{place}: the cells were not run once each, in order")
    figure, files, known = picture(made), pictures(source), measured.get("picture", {})
    drawn = known and figure and known.get("figure") == sha256(figure.encode()) and files == {known.file: known.sha256}
    if not drawn and (figure or files):
        found.append(f"notebooks/pictures: {', '.join(sorted(files)) or 'nothing'} is not the picture in {place}")
    if source.homework and read(source.student) != render(source, False, measured):
        found.append(f"{source.student.relative_to(source.root)} differs from its source")
    return found


def check(root):
    """All that has drifted, a sentence each; executes nothing."""
    found = []
    for source in sources(root):
        try:
            found += drift(source)
        except Problem as problem:
            found.append(f"{source.path.relative_to(root)}: {problem}")
    found += [problem for _, problem in pages.claims(root) if problem]
    return found + pages.drift(root)


def run(root, name, size, out=None):
    """Execute one notebook at a size; the result goes to `out` or to build/, never over a committed notebook."""
    (source,) = sources(root, [name])
    target = Path(out) if out else root / "build" / f"{source.name}.{size}.ipynb"
    notebook = at_size(source, size, solution=source.homework)
    measured = execute(notebook, source.executed.parent, root, size)
    notebook.metadata.course = measured
    write(notebook, target)
    print(f"{source.name} at {size} size: {measured['seconds']:.0f} s, {measured['peak_mb']} MB, written to {os.path.relpath(target)}")
    for name, value in measured["records"].items():
        print(f"    {name} = {value}")
    known = values(measured, source.executed.parent)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            try:
                cell.source = fill(cell.source, known)
            except Problem as problem:  # a smaller run may record less: its text stays as it is
                print(f"    {problem}")
    write(notebook, target)


def tiny(root, names=()):
    """Copies at tiny size for nbval: lessons and homework with stubs in place, homework also solved."""
    folder = root / "build/tiny"
    for old in folder.glob("*.ipynb"):
        old.unlink()
    for source in sources(root, names):
        write(at_size(source, "tiny"), folder / f"{source.name}.ipynb")
        if source.homework:
            write(at_size(source, "tiny", solution=True), folder / f"{source.name}.solution.ipynb")


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
        now = fingerprints(source)
        if (measured := pages.course(source)) and {name: measured.get(name) for name in now} == now:
            save(source, read(source.executed))
        else:
            print(f"{source.name}: left as it is; its code changed, so it has to be built")
    print(f"{where} stands in pyproject.toml, in the setup cells and in the badges")


def teacher(root):
    """Write build/teacher.md: of each lesson and homework the title, the cells tagged `teacher`, and the exercises with their solutions."""
    grading = "Homework is graded as [the page on grading](../course_utils/grading/README.md) says."
    parts = [f"Notes for teachers, and the solutions of all exercises. Not for students. {grading}"]
    for source in sources(root):
        parts.append(f"# {pages.head(source)[0]}")
        solution = render(source, True, pages.course(source)).cells
        notes = [cell for cell in solution if "teacher" in tags(cell)]
        parts += [cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```" for cell in notes]
        for cell in source.cells():
            if cell.cell_type == "markdown" and (asked := re.search(r"^### (Exercises? .*)", cell.source, re.M)):
                parts.append(f"## {asked[1]}")
            elif "exercise" in tags(cell):
                parts.append(f"```python\n{solved(cell.source)}\n```")
    target = root / "build/teacher.md"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(f"{target.relative_to(root)}: notes and solutions of {len(sources(root))} lessons and homework")
