"""Hygiene: the limits of a lesson, held on every notebook and its source.

An exercise counts as one cell of its section: its heading (`### Exercise`), its stub, its check and what stands between them.
Words are counted in running text; formulas, tables, code and the targets of links are left out.
"""

import ast
import html
import importlib
import re
import tomllib

import nbformat
import pytest

from course_utils.show.page import read
from notebooks.build import commands, execute
from notebooks.build.pages import times
from notebooks.build.render import TOKEN, render
from notebooks.build.sizes import assignments
from notebooks.build.source import Source, address, sources, tags
from tests.conftest import ROOT

SOURCES = sources(ROOT)
LESSON_BLOCKS = ["**You will be able to**", "**You need**", "**Time**", "**Data**", "Pitfall", "Recap", "**What we see"]
HOMEWORK_BLOCKS = ["**You need**", "**Time**", "**Data**", "Core", "Apply", "Explore", "Rubric"]
CHECK = re.compile(r"^[^#\n]*\bex\.(\w+)\.check\(", re.M)
NUMBER = r"(?<![\w./])\d+\.\d{2,}(?!\w|[./]\w)|(?<![\w./])\d+\.\d+(?= ?%)"
PERCENT = r"(?<![\w./±])\d+(?= ?%)"
QUOTED = re.compile(r"\bnotes\b|\bpapers?\b|et al\.|\b(?:19|20)\d\d\b|\b(?:Keras|KerasHub|TensorFlow|Python|NumPy|OpenCV) \d")
# Results that the present texts still hold typed. The number of a lesson may only fall; at 0 its line goes.
TYPED = {"06": 1, "09": 1, "hw2": 28, "hw3": 30, "hw4": 30}


def each(function):
    return pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)(function)


def notebook(source: Source):
    """What a student reads, with the outputs of the committed run."""
    assert source.executed.exists(), f"not built: python -m notebooks.build build {source.id}"
    return nbformat.read(source.executed, as_version=4)


def markdown(source):
    return [cell.source for cell in render(source, False).cells if cell.cell_type == "markdown"]


def code(source, template=True):
    """Code cells of the student's notebook, with or without the setup cell."""
    cells = [cell for cell in render(source, False).cells if cell.cell_type == "code"]
    return [cell for cell in cells if template or "setup" not in tags(cell)]


def prose(text):
    """Running text without code, formulas, tables, numbers from the run and addresses."""
    text = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$|<[^>]*>|^\s*>?\s*\|.*$", " ", text, flags=re.S | re.M)
    return re.sub(r"\]\([^)]*\)|https?://\S+", " ", TOKEN.sub(" ", text))


def words(text):
    return re.findall(r"[^\W\d_][\w'’-]*", prose(text))


def outputs(source):
    return [(cell, output) for cell in notebook(source).cells for output in cell.get("outputs", [])]


def test_nothing_has_drifted():
    assert commands.check(ROOT) == []


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
        limit = 60 if "setup" in tags(cell) else 25  # the setup cell is closed
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
    assert times(source), "the header says how long reading and exercises take; the README adds them up"
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


def typed(text):
    """Numbers of a markdown cell that look like results: a run gives them, so the build has to write them, from `{{name:.2f}}`.

    That is a decimal number with two or more digits after the point (0.47), or with a per cent sign (15.2 %); in a paragraph that
    interprets a run ("What we see", "Analysis") any percentage. What is no result shows it:

    - code, formulas, headings and links do not count: a setting stands in code (`0.01`), arithmetic in a formula ($1/4 = 0.25$);
    - a sentence that says whose number it is does not count: "the notes", "the paper", "et al.", a year, or "Keras 3.13".

    A row of a table is a sentence.
    """
    text = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$|<[^>]*>|^#[^\n]*", " ", TOKEN.sub(" ", text), flags=re.S | re.M)
    text = re.sub(r"\[[^\]]*\]\([^)]*\)|https?://\S+|(?:arXiv|doi):\S+", " ", text)
    found = []
    for part in re.split(r"\n>? *\n|\n(?=>? *[|*-] )", text):
        pattern = f"{NUMBER}|{PERCENT}" if re.search(r"What we see|Analysis", part) else NUMBER
        sentences = re.split(r"(?<=[.!?])[*)]*\s+(?=[^a-z\s])", re.sub(r"\n>?", " ", part))
        found += [number for sentence in sentences if not QUOTED.search(sentence) for number in re.findall(pattern, sentence)]
    return found


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("On the larger images from 0.47 to 0.91, not 15.2 %.", ["0.47", "0.91", "15.2"]),
        ("It ends at 0.85. The notes have 0.016, the loss is\n0.90.", ["0.85"]),
        ("**What we see.** Right on 75 % of the pixels.", ["75"]),
        ("Split off 30 % of them. Shift by ±70 %, by half a pixel (6.5), with CC BY 4.0 and threshold 0.5.", []),
        ("At `0.01` and $1/4 = 0.25$, see [0.33](a_0.44.png) and {{score:.2f}}.", []),
        ("## 0.12 in a heading\nSegNet has 57.01 (Jégou et al., 2017). A mask of Keras 3.13 and version 2.20.1.", []),
        ("| ours | 0.0203–0.0253 |\n| course notes | 0.016 |", ["0.0203", "0.0253"]),
        ("> **Analysis.** It ends at\n> 0.81, see *3.25*.", ["0.81", "3.25"]),
    ],
)
def test_what_counts_as_a_typed_result(text, numbers):
    assert typed(text) == numbers


@each
def test_results_are_not_typed(source):
    found = [number for cell in source.cells() if cell.cell_type == "markdown" for number in typed(cell.source)]
    allowed = TYPED.get(source.id, 0)
    assert len(found) <= allowed, f"record them and write {{{{name:.2f}}}}, or say what they are, see `typed`: {', '.join(found)}"
    assert len(found) == allowed, f"fewer than TYPED says: set {source.id} to {len(found)}"


@each
def test_folded_cells_have_a_title(source):
    for cell in code(source, template=False):
        if "fold" in tags(cell):
            assert cell.source.startswith("# @title "), f"Colab shows this line when the cell is closed:\n{cell.source}"


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
        assert not execute.ABSOLUTE.search(cell.source)
        if not re.search(r"^[%!]", cell.source, re.M):
            ast.parse(cell.source)


@each
def test_outputs_are_clean(source):
    assert "widgets" not in notebook(source).metadata
    for cell, output in outputs(source):
        said = execute.text_of(output)
        assert output.output_type != "error", cell.source
        assert output.get("name") != "stderr", cell.source
        assert execute.WIDGET not in output.get("data", {}), cell.source
        assert not execute.ABSOLUTE.search(said), cell.source
        assert not re.search(r"Warning\b|\r|█|it/s\b|\x1b", said), cell.source
        assert not re.search(r"^<[\w.]+ (object )?at 0x|^<Figure size", said), f"ends on an object nobody reads:\n{cell.source}"


@each
def test_figures_have_alternative_text_and_caption(source):
    for cell, output in outputs(source):
        data = output.get("data", {})
        page = data.get("text/html", "")
        assert not [mime for mime in data if mime.startswith("image/")], f"an image without alternative text:\n{cell.source}"
        if "<img" in page:
            assert (figure := read(page)), f"an image in another form than that of show.figure:\n{cell.source}"
            assert len(figure[0].split()) >= 4, f"no alternative text:\n{cell.source}"
            captions = re.findall(r"<figcaption[^>]*>(.*?)</figcaption>", page, re.S)
            assert [html.unescape(caption) for caption in captions] == [figure[0]], f"no caption:\n{cell.source}"


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
