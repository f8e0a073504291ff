"""Hygiene: the limits of a lesson, held on every notebook and its source.

An exercise counts as one cell of its section: its heading (`### Exercise`), its stub, its check and what stands between them.
Words are counted in running text; formulas, tables, code and the targets of links are left out.
"""

import ast
import importlib
import re
import tomllib

import nbformat
import pytest

import build
from source import Source, address, assignments, render, sources, tags
from tests.conftest import ROOT

SOURCES = sources(ROOT)
LESSON_BLOCKS = ["**You will be able to**", "**You need**", "**Time**", "**Data**", "Pitfall", "Recap", "**What we see"]
HOMEWORK_BLOCKS = ["**You need**", "**Time**", "**Data**", "Core", "Apply", "Explore", "Rubric"]
CHECK = re.compile(r"^[^#\n]*\bex\.(\w+)\.check\(", re.M)


def each(function):
    return pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)(function)


def notebook(source: Source):
    """What a student reads, with the outputs of the committed run."""
    assert source.executed.exists(), f"not built: python notebooks/build.py build {source.id}"
    return nbformat.read(source.executed, as_version=4)


def markdown(source):
    return [cell.source for cell in render(source, False).cells if cell.cell_type == "markdown"]


def code(source, template=True):
    """Code cells of the student's notebook, with or without the setup cell."""
    cells = [cell for cell in render(source, False).cells if cell.cell_type == "code"]
    return [cell for cell in cells if template or "setup" not in tags(cell)]


def prose(text):
    """Running text without code, formulas, tables and addresses."""
    text = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$|<[^>]*>|^\s*>?\s*\|.*$", " ", text, flags=re.S | re.M)
    return re.sub(r"\]\([^)]*\)|https?://\S+", " ", text)


def words(text):
    return re.findall(r"[^\W\d_][\w'’-]*", prose(text))


def outputs(source):
    return [(cell, output) for cell in notebook(source).cells for output in cell.get("outputs", [])]


def test_nothing_has_drifted():
    assert build.check(ROOT) == []


def test_every_table_of_the_parameters_belongs_to_a_lesson():
    known = tomllib.loads((ROOT / "tests/notebook_params.toml").read_text(encoding="utf-8"))
    assert set(known) <= {source.id for source in SOURCES}


@each
def test_title(source):
    titles = [line for text in markdown(source) for line in re.findall(r"^# .*", text, re.M)]
    assert len(titles) == 1
    assert markdown(source)[0].startswith("# "), "the title opens the notebook"
    assert len(markdown(source)[0].split("\n\n")) > 1, "a sentence under the title says what the lesson does; the README shows it"


@each
def test_size(source):
    assert len(render(source, False).cells) <= 60
    for path in {source.executed, source.student}:
        assert path.stat().st_size <= 1_000_000, path.name
    for cell in code(source):
        limit = 20 if "setup" in tags(cell) else 25
        assert len(cell.source.splitlines()) <= limit, cell.source
    for text in markdown(source):
        assert len(words(text)) <= 120, f"{len(words(text))} words:\n{text}"


@each
def test_budget(source):
    course = notebook(source).metadata.course
    assert course.size == "lesson"
    assert course.seconds <= (600 if source.id == "10" else 360)  # ten trainings in one lesson
    assert course.peak_mb <= 4096


@each
def test_sections(source):
    section, count, exercise = "", 0, False
    for cell in render(source, False).cells:
        if cell.cell_type == "markdown":
            if heading := re.search(r"^## (.*)", cell.source, re.M):
                section, count = heading[1], 0
            exercise = "### Exercise" in cell.source
            count += 1
        else:
            count += not exercise
            exercise = exercise and not CHECK.search(cell.source)
        assert not section or count <= 8, f"more than 8 cells in section {section}"


@each
def test_blocks(source):
    text = "\n".join(markdown(source))
    missing = [block for block in (HOMEWORK_BLOCKS if source.homework else LESSON_BLOCKS) if block.lower() not in text.lower()]
    assert not missing
    raw = source.path.read_text(encoding="utf-8")
    assert all("{{" + token + "}}" in raw for token in ("time", "memory", "data")), "the header shows what was measured"
    if not source.homework:
        assert "{{picture}}" in raw
        assert "picture" in notebook(source).metadata.course, "no cell tagged picture shows an image"


@each
def test_recap_closes_with_the_objectives(source):
    """The bold words of "You will be able to" (until the next label or the end of the cell) come back, bold, in the recap."""
    if source.homework:
        pytest.skip("a homework has no recap")
    text = "\n\n".join(markdown(source))
    goals = re.split(r"\*\*You will be able to\*\*", text)[1].split("**You need**")[0]
    bold = {word.lower() for word in re.findall(r"\*\*(.+?)\*\*", goals)}
    recap = re.split(r"^## .*Recap.*$", text, flags=re.M)[-1].lower()
    assert 3 <= len(bold) <= 5
    assert not {word for word in bold if f"**{word}**" not in recap}


@each
def test_words(source):
    found = re.findall(r"\b(just|simply|easily|obviously)\b", " ".join(prose(text) for text in markdown(source)), re.I)
    assert not found


@each
def test_no_number_at_the_start_of_a_line_becomes_a_list(source):
    """`1. ` there does, even in mid-sentence."""
    assert not re.findall(r"^ *\d+[.)] .*", "\n".join(markdown(source)), re.M)


@each
def test_setup_and_parameters(source):
    cells = [cell for cell in source.cells() if "setup" in tags(cell)]
    assert [cell.source for cell in cells] == ["# setup"]
    (cell,) = [cell for cell in code(source) if "parameters" in tags(cell)]
    known = tomllib.loads((ROOT / "tests/notebook_params.toml").read_text(encoding="utf-8")).get(source.id, {})
    names = set(assignments(cell)) - {"SEED"}
    assert set(known.get("tiny", {})) == names
    assert set(known.get("full", {})) == names


@each
def test_code(source):
    for cell in code(source, template=False):
        assert not re.search(r"\bCI\b", cell.source), "sizes come from the parameters cell"
        assert not build.ABSOLUTE.search(cell.source)
        if not re.search(r"^[%!]", cell.source, re.M):
            ast.parse(cell.source)


@each
def test_outputs_are_clean(source):
    assert "widgets" not in notebook(source).metadata
    for cell, output in outputs(source):
        said = build.text_of(output)
        assert output.output_type != "error", cell.source
        assert output.get("name") != "stderr", cell.source
        assert build.WIDGET not in output.get("data", {}), cell.source
        assert not build.ABSOLUTE.search(said), cell.source
        assert not re.search(r"Warning\b|\r|█|it/s\b|\x1b", said), cell.source
        assert not re.search(r"^<[\w.]+ (object )?at 0x|^<Figure size", said), f"ends on an object nobody reads:\n{cell.source}"


@each
def test_figures_have_alternative_text_and_caption(source):
    for cell, output in outputs(source):
        if "image/png" in output.get("data", {}):
            alt = output.metadata.get("image/png", {}).get("alt", "")
            assert len(alt.split()) >= 4, f"no alternative text:\n{cell.source}"
            captions = [other.get("data", {}).get("text/markdown") for other in cell.outputs]
            assert f"*{alt}*" in captions, f"no caption:\n{cell.source}"


@each
def test_exercises(source):
    module = importlib.import_module(f"course_utils.exercises.{source.exercises}")
    before, checked = None, []
    for cell in code(source):
        asked = CHECK.findall(cell.source)
        if asked:
            assert before is not None, f"no cell tagged exercise before\n{cell.source}"
            assert "exercise" in tags(before), f"no cell tagged exercise before\n{cell.source}"
            assert "____" in before.source, f"the exercise shows its solution:\n{before.source}"
        else:
            before = cell
        checked += asked
    assert checked, "a lesson without an exercise"
    assert len(set(checked)) == len(checked)
    assert not [name for name in checked if not hasattr(module, name)]
    assert "SOLUTION" not in "".join(cell.source for cell in code(source))


@each
def test_local_links_lead_somewhere(source):
    for text in markdown(source):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if not re.match(r"\w+:", target):
                assert (source.student.parent / target).exists(), target


@each
def test_address_comes_from_one_place(source):
    setup = next(cell for cell in code(source) if "setup" in tags(cell))
    assert f'repository = "{address(ROOT)}"' in setup.source
    assert ("colab-badge" in markdown(source)[0]) == address(ROOT).startswith("https://github.com/")
