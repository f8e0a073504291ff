"""Lesson 00's map and the glossary: every lesson is on the one, and every link into the other has its target."""

import re

from notebooks.build.source import Source, sources
from tests.conftest import ROOT

TARGETS = re.findall(r'<a id="([\w-]+)"></a>', (ROOT / "notebooks/glossary.md").read_text(encoding="utf-8"))


def test_the_map_names_every_lesson_and_homework():
    text = Source(ROOT, "00_start_here").path.read_text(encoding="utf-8")
    others = [source for source in sources(ROOT) if source.id != "00"]
    places = [f"({source.student.relative_to(ROOT / 'notebooks').as_posix()})" for source in others]
    assert not [place for place in places if place not in text]


def test_links_into_the_glossary_lead_somewhere():
    assert len(TARGETS) == len(set(TARGETS)) > 50
    text = "\n".join(source.path.read_text(encoding="utf-8") for source in sources(ROOT))
    linked = set(re.findall(r"glossary\.md#([\w-]+)", text))
    assert linked
    assert linked <= set(TARGETS)
    assert not re.findall(r"00_start_here\.ipynb#[\w-]+", text), "the glossary has a page of its own: glossary.md#word"


def test_every_word_is_told_in_three_languages_and_explained():
    lines = [line for line in (ROOT / "notebooks/glossary.md").read_text(encoding="utf-8").splitlines() if "<a id=" in line]
    assert all(line.count("|") == 5 and all(cell.strip() for cell in line.split("|")[1:5]) for line in lines)
