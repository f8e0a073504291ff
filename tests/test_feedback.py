"""What a student sees of an exercise: boxes in a notebook, plain text elsewhere; and progress that outlives the kernel."""

import multiprocessing
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from types import ModuleType, SimpleNamespace

import pytest
from pygments.styles import get_style_by_name
from pygments.token import Whitespace

from course_utils.exercises import ____, boxes, engine, lesson00, overview, progress
from tests.conftest import ROOT

MODULE = """
from course_utils.exercises import expect, question

@question("nudge", "the `idea`", "code", praise="Well done.")
def q1_1(answer, rng):
    expect(answer == 1, f"`1` is wanted, not {answer!r}.")

@question("nudge", "idea", "code")
def q2_1(answer, rng):
    expect(answer == 2, "count again.")
"""


def made():
    """The module of a lesson, as a new kernel has it."""
    module = sys.modules["lesson99"] = ModuleType("lesson99")
    exec(MODULE, vars(module))
    module.q1_1.mark, module.q2_1.mark = "one", "two"  # there is no file to make them from
    return module


@pytest.fixture
def ex(monkeypatch):
    monkeypatch.setattr(progress, "_session", {})
    return made()


@pytest.fixture
def shown(monkeypatch):
    """All that is displayed, as in a notebook."""
    found = []
    monkeypatch.setattr(boxes, "kernel", lambda: SimpleNamespace(_allow_stdin=False))
    monkeypatch.setattr(boxes, "display", lambda data, raw: found.append(data))
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where a person's progress goes."""
    monkeypatch.setattr(progress, "place", lambda: tmp_path / "progress")
    return tmp_path / "progress"


# Boxes


class Page(HTMLParser):
    """The text of a box, its tags, and how deep in <details> each word stands."""

    def __init__(self, source):
        super().__init__()
        self.text, self.tags, self.open, self.folds = "", [], [], {}
        self.feed(source)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        self.folds[data] = self.open.count("details")


@pytest.mark.parametrize(
    ("answer", "plain", "text"),
    [
        (1, "Correct. Well done.", "✓ Correct Well done."),
        (3, "Not yet: `1` is wanted, not 3.\nStuck? ex.q1_1.hint()", "✗ Not yet 1 is wanted, not 3."),
        (
            ____,
            "Not attempted: replace ____ by your answer, run the cell and check again.\nStuck? ex.q1_1.hint()",
            "○ Not attempted Replace ____ by your answer, run the cell and check again.",
        ),
    ],
)
def test_a_check_is_a_box_and_the_same_words(answer, plain, text, ex, shown, capsys):
    ex.q1_1.check(answer)
    (data,) = shown
    assert set(data) == {"text/plain", "text/html"}
    assert data["text/plain"] == plain
    page = Page(data["text/html"])
    assert page.text.startswith(text)
    assert ("Hint 1 of 3" in page.text) == ("Correct" not in plain)
    assert not capsys.readouterr().out


def test_each_hint_is_folded_inside_the_one_before(ex, shown):
    ex.q1_1.check(3)
    ex.q1_1.hint(2)
    check, hint = (Page(data["text/html"]) for data in shown)
    assert {word: check.folds[word] for word in ("Hint 1 of 3", "nudge", "idea", "Hint 3 of 3", "code")} == {
        "Hint 1 of 3": 1,
        "nudge": 1,
        "idea": 2,
        "Hint 3 of 3": 3,
        "code": 3,
    }
    assert ("code", {}) in check.tags, "what stands between backticks"
    assert (hint.folds["? Hint 2 of 3"], hint.folds["code"]) == (0, 1)
    assert "nudge" not in hint.text


EVIL = [
    "<script>alert(1)</script>",
    "</div><img src=x onerror=alert(1)>",
    "&lt;b&gt;",
    "' onclick='x",
    '"><h1>',
    "`<b>`",
    "\ud800",
    "$x^2$",
]


@pytest.mark.parametrize("answer", EVIL)
def test_an_answer_stays_text(answer, ex, shown):
    ex.q1_1.check(answer)
    page = Page(shown[0]["text/html"])
    assert repr(answer).strip("'\"").replace("`", "") in page.text
    assert {tag for tag, _ in page.tags} <= {"div", "span", "code", "details", "summary"}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "mathjax_ignore" in page.tags[0][1]["class"], "or $x$ becomes a formula"


def test_half_a_character_breaks_nothing(shown, capsys, monkeypatch):
    boxes.show("wrong", "\ud800", "\ud800", "\ud800")
    for text in shown[0].values():
        text.encode()
    monkeypatch.setattr(boxes, "kernel", lambda: None)
    boxes.show("wrong", "\ud800", "", "")
    assert capsys.readouterr().out == "?\n"


def test_words_are_read_out_and_hints_are_not(ex, shown):
    ex.q1_1.check(3)
    source = shown[0]["text/html"]
    spoken = Page(re.search(r'<div role="status">.*?</div>', source)[0])
    assert spoken.text == "✗ Not yet 1 is wanted, not 3."


def test_the_solution_is_code_on_its_own_ground(shown):
    lesson00.q3_1.solution()
    code = lesson00.q3_1.source()
    assert shown[0]["text/plain"] == code
    assert Page(shown[0]["text/html"]).text.endswith(f"{code}\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("that is a shape.", "That is a shape."),
        ("a number is wanted", "A number is wanted"),
        ("`np.cos` takes radians", "<code>np.cos</code> takes radians"),
        ("x is wanted", "x is wanted"),
        ("mask.shape is wrong", "mask.shape is wrong"),
        ("num_classes is 3", "num_classes is 3"),
        ("range(3) is no list", "range(3) is no list"),
        ("3 is not it", "3 is not it"),
        ("", ""),
        ("1 < 2\nand `a", "1 &lt; 2<br>and `a"),
    ],
)
def test_sentences(text, told):
    assert boxes.sentence(text) == told


def luminance(colour):
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in (value / 255 for value in colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    """WCAG 2.2's ratio of two colours."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def rgb(colour):
    return [int(colour[-6:][place : place + 2], 16) for place in (0, 2, 4)]


THEMES = {"JupyterLab light": ("212121", "ffffff"), "JupyterLab dark": ("dedede", "111111"), "Colab dark": ("d5d5d5", "383838")}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", boxes.KINDS)
def test_all_words_can_be_read_in_light_and_dark(kind, theme):
    _, colour = boxes.KINDS[kind]
    ink, paper = map(rgb, THEMES[theme])
    tinted = [boxes.TINT * own + (1 - boxes.TINT) * page for own, page in zip(rgb(colour), paper, strict=True)]
    assert contrast([255] * 3, rgb(colour)) >= 4.5
    assert contrast(ink, tinted) >= 4.5


def test_code_can_be_read():
    style = get_style_by_name("github-dark")
    for token, look in style:
        assert token in Whitespace or contrast(rgb(look["color"] or "e6edf3"), rgb(look["bgcolor"] or "0d1117")) >= 4.5, token


def test_no_two_kinds_are_told_apart_by_colour_alone():
    assert len({icon for icon, _ in boxes.KINDS.values()}) == len(boxes.KINDS)


# Progress


def said(module, capsys):
    capsys.readouterr()
    module.progress()
    return capsys.readouterr().out.splitlines()


def test_progress_counts_and_an_unsolved_run_takes_nothing_away(ex, capsys):
    assert said(ex, capsys) == ["□□ 0 of 2 exercises solved", "Open: 1.1, 2.1"]
    ex.q2_1.check(2)
    assert said(ex, capsys) == ["■□ 1 of 2 exercises solved", "Open: 1.1"]
    ex.q2_1.check(____)
    assert "(You solved this exercise on 20" in capsys.readouterr().out
    first, *others = said(ex, capsys)
    assert first == "■□ 1 of 2 exercises solved"
    assert re.fullmatch(r"Solved earlier: 2.1 \(20\d\d-\d\d-\d\d\)", others[1])
    ex.q1_1.check(1)
    ex.q2_1.check(2)
    assert said(ex, capsys) == ["■■ 2 of 2 exercises solved"]


def test_homework_has_tiers_and_points(ex, capsys):
    ex.TIERS = {"Core": (6, [ex.q1_1]), "Explore": (8, [ex.q2_1])}
    ex.q2_1.check(2)
    assert said(ex, capsys)[0] == "■□ 1 of 2 exercises solved · Core 0 of 1 · Explore 1 of 1 · 8 of 14 points"


def test_progress_is_a_box_in_a_notebook(ex, shown):
    ex.q1_1.check(1)
    ex.progress()
    page = Page(shown[1]["text/html"])
    assert page.text == "◔ Progress 1 of 2 exercises solvedOpen: 2.1"
    assert any("width: 50%" in attributes.get("style", "") for _, attributes in page.tags)


def test_a_question_with_two_names_counts_once(ex, capsys):
    ex.q0_9 = ex.q1_1  # what `made_from` does for a copy that knows the question by an older name
    assert said(ex, capsys)[0] == "□□ 0 of 2 exercises solved"


def new_kernel(monkeypatch):
    monkeypatch.setattr(progress, "_session", {})
    return made()


def test_progress_outlives_the_kernel(folder, ex, monkeypatch, capsys):
    ex.q1_1.check(1)
    ex.q2_1.check(____)
    ex = new_kernel(monkeypatch)
    assert said(ex, capsys)[0] == "■□ 1 of 2 exercises solved"
    ex.q1_1.check(____)
    ex = new_kernel(monkeypatch)
    assert said(ex, capsys)[0] == "■□ 1 of 2 exercises solved"
    assert [file.relative_to(folder).as_posix() for file in folder.rglob("*.*")] == ["lesson99/q1_1.one"]


def test_the_first_day_stays(folder, ex, monkeypatch):
    ex.q1_1.check(1)
    file = folder / "lesson99/q1_1.one"
    file.write_text("2024-02-29\n", encoding="utf-8")
    new_kernel(monkeypatch).q1_1.check(1)
    assert file.read_text(encoding="utf-8") == "2024-02-29\n"


def test_a_check_that_changed_or_moved(folder, ex, monkeypatch, capsys):
    ex.q1_1.check(1)
    ex = new_kernel(monkeypatch)
    ex.q1_1.mark = "changed"
    assert said(ex, capsys)[2:] == [
        f"Solved earlier: 1.1 ({next(iter(progress.records('lesson99').values()))})",
        "Its check has changed since: 1.1",
    ]
    ex.q1_1.mark, ex.q2_1.mark = "two", "one"  # the two changed places
    assert said(ex, capsys)[1] == "Open: 1.1"
    ex.q1_1.check(1)
    ex.q2_1.check(2)
    assert said(ex, capsys) == ["■■ 2 of 2 exercises solved"]


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"yesterday", b"2024-99-99"])
def test_a_damaged_file_is_written_anew(damage, folder, ex, monkeypatch, capsys):
    ex.q1_1.check(1)
    file = folder / "lesson99/q1_1.one"
    file.write_bytes(damage)
    (folder / "lesson99/q7 copy").write_bytes(damage)
    (folder / "lesson99/q7.folder").mkdir()
    ex = new_kernel(monkeypatch)
    assert said(ex, capsys)[0] == "□□ 0 of 2 exercises solved"
    ex.q1_1.check(1)
    assert said(new_kernel(monkeypatch), capsys)[0] == "■□ 1 of 2 exercises solved"


def test_where_nothing_can_be_written_the_session_knows(folder, ex, capsys):
    folder.write_text("a file where the folder should be", encoding="utf-8")  # root may write into folders that forbid it
    ex.q1_1.check(1)
    assert capsys.readouterr().out == "Correct. Well done.\n"
    assert said(ex, capsys)[0] == "■□ 1 of 2 exercises solved"


def solve_many(folder, start):
    progress.place = lambda: folder
    for number in range(start, 200, 2):
        progress.keep("lesson99", f"q{number}", "mark")
        progress.keep("lesson99", "q_both", "mark")


def test_two_kernels_lose_nothing(folder):
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=solve_many, args=(folder, start)) for start in (0, 1)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert {name for name, _ in progress.records("lesson99")} == {"q_both", *(f"q{number}" for number in range(200))}
    assert not list(folder.glob("*/.*")), "no half-written file is left"


@pytest.mark.parametrize(
    ("kernel", "kept"), [(None, None), ({"_allow_stdin": False}, None), ({"_allow_stdin": True}, progress.FOLDER), ({}, None)]
)
def test_only_a_persons_notebook_keeps_progress(kernel, kept, monkeypatch):
    monkeypatch.setattr(boxes, "kernel", lambda: kernel if kernel is None else SimpleNamespace(**kernel))
    assert progress.place() == kept
    assert progress.FOLDER == ROOT / "my_work" / "progress"


CELL = """
from pathlib import Path
from course_utils.exercises import ____, lesson00 as ex, progress
progress.FOLDER = Path("progress")
ex.q2_1.check(10240)
ex.q2_1.check(____)
"""


def test_a_real_kernel_writes_for_a_person_and_not_for_the_build(tmp_path):
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(cwd=str(tmp_path), env={"PYTHONPATH": str(ROOT), "PATH": ""}, extra_arguments=["--log-level=ERROR"])
    try:
        for asks in (False, True):  # nbclient and nbval forbid a cell to ask, JupyterLab and Colab allow it
            messages = []
            client.execute_interactive(CELL, allow_stdin=asks, output_hook=messages.append, timeout=60)
            boxed = [message["content"]["data"] for message in messages if message["msg_type"] == "display_data"]
            assert [data["text/plain"].split(".")[0].split(":")[0] for data in boxed] == ["Correct", "Not attempted"]
            assert not [message for message in messages if message["msg_type"] in ("stream", "error")]
            assert (tmp_path / "progress/lesson00").exists() == asks
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_the_whole_course(folder, monkeypatch, shown):
    monkeypatch.setattr(progress, "_session", {})
    lesson00.q2_1.check(10240)
    overview.overview()
    lines = shown[-1]["text/plain"].splitlines()
    assert lines[0] == "Lesson 00    1 of  6 ■□□□□□"
    names = [re.match(r"Lesson \d\d|Homework \d", line)[0] for line in lines[:-1]]
    assert names == sorted(names, key=lambda name: (name.startswith("H"), name))
    assert len(names) == len(list((ROOT / "notebooks/src").glob("*[0-9]*_*.py")))
    assert re.fullmatch(r"1 of \d+ exercises of the course solved", lines[-1])
    assert Page(shown[-1]["text/html"]).text.count("\xa0of\xa0") == len(names)


def test_the_command_prints_also_where_squares_cannot_be_written():
    command = [sys.executable, "-m", "course_utils.exercises", "progress"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONIOENCODING": "cp1252"}, capture_output=True, check=True)
    count, squares = re.match(rb"Lesson 00    . of +(\d+) (\?+)", done.stdout).groups()
    assert len(squares) == int(count)


def test_every_lesson_and_homework_shows_progress(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_session", {})
    overview.overview()
    for name in [name for name in sys.modules if re.fullmatch(r"course_utils\.exercises\.(lesson|hw)\d+", name)]:
        module = sys.modules[name]
        first = said(module, capsys)[0]
        assert f"0 of {len(engine.questions(module))} exercises solved" in first
        assert ("points" in first) == hasattr(module, "TIERS")
