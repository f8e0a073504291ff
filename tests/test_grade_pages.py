"""What `grade` writes: pages that are complete, escaped and legible, tables, and where it refuses to write."""

import csv
import html
import importlib
import io
import json
import os
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest

from course_utils.exercises import __main__ as command
from course_utils.exercises.copies import Problem, student_copy, text
from course_utils.grading import isolation, judging, output, page, pages, summary, tables
from course_utils.grading.collect import LARGEST
from course_utils.grading.grade import CASES
from course_utils.grading.output import Output, shown
from course_utils.grading.rubric import BY_A_PERSON, Exercise, Rubric, rubric
from course_utils.grading.run import BUSY
from course_utils.grading.session import PATIENCE
from tests import kit
from tests.conftest import ROOT

HOMEWORK = ["hw1", "hw2", "hw3", "hw4", "hw5"]
EXERCISES = [
    Exercise("q1", "1", "Twice `x`", "Core", 8, 0, "Look at <b>."),
    Exercise("q2", "2", "Bridges", "Core", 8, 0, "How many?"),
    Exercise("q3", "3", "", "Explore", 10, 5, "Think of `y`."),
]
RUBRIC = Rubric("Homework 9 · Small & odd", EXERCISES)
WRONG = "Not yet: <script>alert(1)</script> stands there."
FOOT = "with course 1, checks abc."


def result(*verdicts, ended=None, notes=()):
    said = {"correct": "Correct. Praise.", "wrong": WRONG, "not attempted": "Not attempted: replace ____.", "not run": "Not reached."}
    rows = [[f"q{number}", verdict, said[verdict]] for number, verdict in enumerate(verdicts, 1)]
    return {"rows": rows, "ended": ended, "notes": list(notes), "date": "2026-11-08"}


RESULTS = {
    "Ana": result("correct", "correct", "correct"),
    "<b>Bob": result("correct", "wrong", "not attempted", notes=["Cell 3 of the code stops with NameError: <i>."]),
    "Cy": result("wrong", "not run", "not run", ended="in cell 5 of the code the time of 180 s was over"),
}


@pytest.fixture
def out(tmp_path):
    (tmp_path / "subs").mkdir()
    return tmp_path / "grades.csv"


def written(out, results=RESULTS, skipped=(), lacks=()):
    place = Output(out, out.parent / "subs")
    place.report(results, RUBRIC, skipped, lacks, FOOT)
    return place


def rows(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


# What the exercises are worth


@pytest.mark.parametrize("name", HOMEWORK)
def test_every_exercise_has_a_title_and_all_make_100(name):
    found = rubric(name, importlib.import_module(f"course_utils.exercises.{name}"), student_copy(name))
    assert all(each.title and each.hint and each.points > 0 for each in found.exercises)
    assert found.most + sum(each.more for each in found.exercises) == 100
    assert list(found.tiers) == ["Core", "Apply", "Explore"]
    assert found.title.startswith(f"Homework {name[2:]} · ")


@pytest.mark.parametrize("name", HOMEWORK)
def test_points_by_a_person_are_those_of_the_rubric(name):
    words = " ".join(text(cell) for cell in json.loads(student_copy(name).read_text(encoding="utf-8"))["cells"]).replace("\n", " ")
    told = re.search(r"Exercises? (\d+)(?: and (\d+))? earns? \d+ (?:each )?by (?:its|their) check and (\d+)(?: each)? by a person", words)
    *labels, points = told.groups() if told else (None,)
    assert BY_A_PERSON.get(name, {}) == {f"q{label}": int(points) for label in labels if label}


# A student's page


def test_a_students_page_says_what_was_right_and_where_to_look():
    text = pages.feedback("<b>Bob", RESULTS["<b>Bob"], RUBRIC, f"Graded on 8 November 2026 {FOOT}")
    assert "<h1>&lt;b&gt;Bob</h1>" in text
    assert "<b>8</b> of 26 points" in text
    assert "1 of 3 exercises are right; not yet right: 2; still open: 3." in text
    assert "Up to 5 more points are given by a person who reads what you wrote for exercise 3." in text
    assert re.findall(r"<h2>(\w+) <small class=\"faint\">(.*?)</small>", text) == [
        ("Core", "1 of 2 right, 8 of 16 points"),
        ("Explore", "0 of 1 right, 0 of 10 points"),
    ]
    first, second, third = re.findall(r"<article.*?</article>", text)
    assert "1 · Twice <code>x</code>" in first
    assert "Praise." in first
    assert "8 of 8" in first
    assert "Hint" not in first
    assert html.escape(WRONG.removeprefix("Not yet: "))[:20] in second
    assert "How many?" in second
    assert "0 of 8" in second
    assert "<h3>3</h3>" in third
    assert "Think of <code>y</code>." in third
    assert "Cell 3 of the code stops with NameError: &lt;i&gt;." in text
    assert "Graded on 8 November 2026 with course 1" in text


def test_who_has_everything_right_reads_that_first():
    text = pages.feedback("Ana", RESULTS["Ana"], RUBRIC, FOOT)
    assert "Everything is right: well done." in text
    assert "Hint" not in text


def test_what_could_not_be_run_gets_no_hint():
    text = pages.feedback("Cy", RESULTS["Cy"], RUBRIC, FOOT)
    assert text.count("Hint") == 1, "only the one that is wrong"
    assert "could not be run: 2, 3" in text


def test_a_homework_without_tiers_has_one_list():
    plain = Rubric("Small", [each._replace(tier="", points=1, more=0) for each in EXERCISES])
    text = pages.feedback("Ana", RESULTS["Ana"], plain, FOOT)
    assert '<h2>Exercises <small class="faint">3 of 3 right, 3 of 3 points' in text
    assert "by a person" not in text


def test_pages_need_no_other_file_and_run_nothing(out):
    place = written(out, skipped=[["x<y.txt", "no notebook"]])
    for file in [*place.pages.iterdir(), place.summary]:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"<script|https?:|src=|<link|@import|url\(", text)
        assert "default-src 'none'; style-src 'unsafe-inline'" in text
        assert 'name="viewport" content="width=device-width' in text
        assert "prefers-color-scheme: dark" in text


def contrast(one, other):
    """As WCAG 2 defines it."""

    def light(colour):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, bright = sorted([light(one), light(other)])
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_are_legible_in_both_schemes(scheme):
    plain = {name: pair[scheme] for name, pair in page.PLAIN.items()}
    for ground in ("ground", "card"):
        assert contrast(plain[ground], plain["ink"]) > 7
        assert contrast(plain[ground], plain["faint"]) > 4.5
    for name, pair in page.COLOURS.items():
        assert contrast(pair[scheme], plain["ground"]) > 4.5, name  # signs on the ground, and words of the ground's colour on a chip


def test_nothing_sticks_out_of_a_phone(out):
    """In a browser, where one is: only the table of students may be wider than the screen, and it scrolls by itself."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    chromium = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome", "chrome"])), None)
    if not chromium:
        pytest.skip("there is no Chromium on the PATH")
    long = {"x" * 100: result("wrong", "correct", "not run", ended="in cell 5 of the code " + "y" * 200)}
    long["x" * 100]["rows"][0][2] = f"Not yet: {'z' * 200}"
    place = written(out, RESULTS | long, skipped=[["w" * 200, "no notebook"]])
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 360, "height": 740})
        for file in [place.summary, *place.pages.iterdir()]:
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") == 360, file.name
            assert (
                page.evaluate("Math.max(...[...document.querySelectorAll('article, h1, p, li')].map(e => e.scrollWidth - e.clientWidth))")
                == 0
            )
        browser.close()


# The summary


def test_the_summary_tells_spread_students_and_mistakes(out):
    place = written(out, skipped=[["x<y.txt", "no notebook"]], lacks=["UNIX sockets are not cut off."])
    text = place.summary.read_text(encoding="utf-8")
    assert "3 submissions: median 8, mean 11.3 of 26 points, from 0 to 26." in text
    counts = re.findall(r'<tr><th class="number">([\d to]+)</th><td class="number">(\d+)</td>', text)
    assert sum(int(count) for _, count in counts) == 3
    assert dict(counts)["0 to 2"] == dict(counts)["23 to 26"] == "1"
    table = re.findall(r'<tr><th><div class="who"><a href="(.*?)">(.*?)</a></div></th>(.*?)</tr>', text)
    assert [name for _, name, _ in table] == ["Ana", "&lt;b&gt;Bob", "Cy"]
    assert all((place.folder / unquote(link)).is_file() for link, _, _ in table)
    assert re.findall(r"<td.*?>(.*?)</td>", table[1][2]) == ["8", "8", "0", "✓", "✗", "○"]
    assert "Cy: in cell 5 of the code the time of 180 s was over." in text
    assert "x&lt;y.txt: no notebook" in text
    assert "UNIX sockets are not cut off." in text
    assert 'href="#what-this-system-could-not-hold"' in text
    assert 'id="what-this-system-could-not-hold"' in text


def test_a_summary_of_a_smooth_run_has_no_empty_sections(out):
    text = written(out, {"Ana": RESULTS["Ana"]}).summary.read_text(encoding="utf-8")
    assert not re.search("had to end|left out|could not hold|Have a look", text)
    assert "1 submission: " in text


def test_the_same_mistake_with_other_numbers_is_the_same():
    said = ["Not yet: 7 bridges, 3 are wanted.", "Not yet: 12 bridges, 3 are wanted.", "Not yet: it is upside down."]
    results = {str(n): {"rows": [["q1", "wrong", words], ["q2", "correct", ""], ["q3", "correct", ""]]} for n, words in enumerate(said)}
    exercise, counts, mistakes = summary.missed(results, RUBRIC)[0]
    assert (exercise.name, counts["wrong"]) == ("q1", 3)
    assert mistakes == [("7 bridges, 3 are wanted.", 2), ("it is upside down.", 1)]


@pytest.mark.parametrize("most", [1, 3, 90, 100])
def test_every_score_has_its_bar(most):
    text = summary._spread(list(range(most + 1)), most)
    bars = re.findall(r'<th class="number">(\d+)(?: to (\d+))?</th><td class="number">(\d+)', text)
    assert [int(count) for *_, count in bars] == [int(last or first) - int(first) + 1 for first, last, _ in bars]
    assert (bars[0][0], bars[-1][1] or bars[-1][0]) == ("0", str(most))


# The tables


def test_tables_have_points_and_no_formulas(out):
    odd = {"=1+1": RESULTS["Ana"], "+x": RESULTS["Cy"], "ok": RESULTS["<b>Bob"]}
    odd["ok"]["rows"][1][2] = "@cmd"
    place = written(out, odd)
    grades, scores = rows(out), rows(place.scores)
    assert grades[0] == tables.HEAD
    assert grades[1] == ["'=1+1", "q1", "correct", "8", "8", "Correct. Praise."]
    assert grades[-2] == ["ok", "q2", "wrong", "0", "8", "'@cmd"]
    assert scores == [
        ["student", "points", "Core", "Explore", "of"],
        ["'=1+1", "26", "16", "10", "26"],
        ["'+x", "0", "0", "0", "26"],
        ["ok", "8", "8", "0", "26"],
    ]


# Where it writes


REFUSED = {
    "the submissions": ("subs.csv", "must lie apart: say --out"),
    "around the submissions": ("../{here}.csv", "must lie apart: say --out"),
    "in the submissions": ("subs/grades.csv", "must lie apart: say --out"),
    "no table": ("grades", "name of a table, such as grades.csv"),
    "a folder": ("folder.csv", "the grader did not write it"),
    "another's table": ("theirs.csv", "the grader did not write it"),
    "another's pages": ("site.csv", "summary.html is there, and the grader did not write it"),
    "a file in place of the folder": ("taken.csv", "is a file where the grader needs a folder"),
    "a link": ("link.csv", "the grader did not write it"),
    "below a file": ("theirs.csv/grades.csv", "cannot be written"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_places_that_are_not_its_own(out, name):
    where, words = REFUSED[name]
    root = out.parent
    (root / "folder.csv").mkdir()
    (root / "taken").write_text("mine", encoding="utf-8")
    kit.write(root / "subs/feedback/notes.html", "mine")
    kit.write(root / "theirs.csv", "name,mark\nana,1\n")
    kit.write(root / "site/summary.html", "<html>mine</html>")
    if os.name != "nt":
        (root / "link.csv").symlink_to(root / "theirs.csv")
    elif name == "a link":
        pytest.skip("a link takes rights")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(Problem, match=re.escape(words)) as refused:
        Output(root / where.format(here=root.name), root / "subs")
    assert "\n" not in str(refused.value)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    if other := re.search(r"say --out (.*), for instance", str(refused.value)):
        Output(Path(other[1]), root / "subs")


def test_a_second_run_replaces_its_own_files_and_no_other(out):
    place = written(out)
    kit.write(place.pages / "notes.html", "the teacher's own")
    kit.write(place.folder / "curve.xlsx", "the teacher's own")
    place = written(out, {"Ana": RESULTS["Cy"]})
    assert {path.name for path in place.pages.iterdir()} == {"Ana.html", "notes.html"}
    assert (place.folder / "curve.xlsx").read_text(encoding="utf-8") == "the teacher's own"
    assert "<b>0</b> of 26" in (place.pages / "Ana.html").read_text(encoding="utf-8")
    kit.write(place.pages / "Bo.html", "the teacher's own")
    with pytest.raises(Problem, match=r"Bo\.html is there, and the grader did not write it"):
        written(out, {"Bo": RESULTS["Ana"]})


def test_a_table_that_another_program_holds_is_one_sentence_and_nothing_is_lost(out, monkeypatch):
    place = written(out)

    def held(path, text):
        if path == out:
            raise PermissionError(13, "Permission denied", str(path))
        page.written(path, text)

    monkeypatch.setattr(output, "written", held)
    with pytest.raises(Problem, match=r"open in another program.*Nothing is lost"):
        place.report(RESULTS, RUBRIC, [], [], FOOT)
    assert len(rows(out)) == 10


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    file = kit.write(tmp_path / "run.json", "before")
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        page.written(file, "after")
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    assert file.read_text(encoding="utf-8") == "before"


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", "{}", '{"homework": "hw9"}', "[" * 100_000])
def test_a_damaged_state_is_one_sentence(out, content):
    place = Output(out, out.parent / "subs")
    place.state.write_text(content, encoding="utf-8")
    with pytest.raises(Problem, match=r"run\.json.*delete it to grade everybody anew"):
        place.kept()


# Names


@pytest.mark.parametrize(
    ("name", "told", "file"),
    [
        ("Ana García", "Ana García", "Ana García.html"),
        ("a/hw1", "a/hw1", "a_hw1.html"),
        ("=<b>x", "=<b>x", "=_b_x.html"),
        ("line\nbreak\u202egnp", "line?break?gnp", "line_break_gnp.html"),
        ("half \udcff", "half ?", "half _.html"),
        ("..", "..", "_.html"),
        ("nul", "nul", "nul_.html"),
        ("COM1.x", "COM1.x", "COM1.x_.html"),
        ("x" * 250, "x" * 250, "x" * 150 + ".html"),
    ],
)
def test_names_that_every_system_can_hold(name, told, file):
    results, files = shown({name: RESULTS["Ana"]})
    assert list(results) == [told]
    assert files == {told: file}


def test_names_that_collide_have_pages_of_their_own(out):
    names = ["ana", "Ana", "ANA", "o\u0308", "ö", "a\x00", "a\x01", "a?", "x" * 200, "x" * 201]
    place = written(out, dict.fromkeys(names, RESULTS["Ana"]))
    assert len({path.name.casefold() for path in place.pages.iterdir()}) == len(names)
    assert len({row[0] for row in rows(out)[1:]}) == len(names)


# The page for teachers


def test_the_page_on_grading_knows_the_limits():
    text = (ROOT / "course_utils/grading/README.md").read_text(encoding="utf-8")
    options = vars(command.parser().parse_args(["grade", "subs", "--out", "grades.csv"]))
    for words in (
        f"{isolation.FILE // 2**20} MB a file",
        f"{isolation.WRITTEN // 2**30} GB on disk",
        f"{isolation.PROCESSES} processes",
        f"{isolation.FILES:,} files",
        f"a notebook of {LARGEST // 2**20} MB",
        f"{judging.MEMORY:,} MB, {BUSY} s of computing",
        *(f"`{Path(device).name}`" for device in isolation.DEVICES),
        *(f"`--{name}` ({options[name]}" for name in ("seconds", "memory")),
        *(f"`grades/{name}`" for name in ("summary.html", "scores.csv", "run.json", "feedback/NAME.html")),
    ):
        assert words in text
    assert PATIENCE == 5, "five times that by the clock"
    assert CASES == 3, "on three random cases"
    assert judging.CHECKS == 5, "the first five are judged"
