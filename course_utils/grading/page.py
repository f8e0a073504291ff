"""The web page that all pages of `grade` are: it needs no other file, runs nothing, and is light or dark as the reader's system is."""

import html
from pathlib import Path

from course_utils.exercises.boxes import inline

MARK = '<meta name="generator" content="course_utils.grading">'  # by this the grader knows its own pages again
VERDICTS = {"correct": ("✓", "right"), "wrong": ("✗", "not yet"), "not attempted": ("○", "open"), "not run": ("–", "not run")}
COLOURS = {"correct": ("#1a7f37", "#3fb950"), "wrong": ("#b35900", "#e3a04a"), "not-attempted": ("#57606a", "#9aa4af")}
COLOURS["not-run"] = ("#6f42c1", "#b392f0")  # in the light, in the dark: each is legible on the ground and under the other one's ink
PLAIN = {"ground": ("#ffffff", "#0d1117"), "card": ("#f6f8fa", "#161b22"), "ink": ("#1f2328", "#e6edf3"), "faint": ("#57606a", "#9aa4af")}
PLAIN["line"] = ("#d0d7de", "#3d444d")
STYLE = """
:root { color-scheme: light dark; LIGHT }
@media (prefers-color-scheme: dark) { :root { DARK } }
* { box-sizing: border-box }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 60rem; background: var(--ground); color: var(--ink);
  overflow-wrap: anywhere }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .6rem }
h2 { font-size: 1.25rem; margin: 2rem 0 .6rem }
h3 { font-size: 1rem; margin: 0 }
p { margin: .4rem 0 }
code { font: .92em ui-monospace, monospace; background: var(--card); padding: 0 .2em; border-radius: .2em }
article code { background: var(--ground) }
a { color: inherit }
.faint { color: var(--faint) }
.score { font-size: 1.1rem } .score b { font-size: 2.2rem; line-height: 1 }
.bar { display: flex; gap: 2px; height: .7rem; border-radius: .35rem; overflow: hidden; background: var(--line); min-width: 4rem }
.bar i { background: var(--colour) }
.chip { background: var(--colour); color: var(--ground); font-weight: 600; padding: .05rem .5rem; border-radius: .3rem;
  white-space: nowrap }
.mark { color: var(--colour); font-weight: 700; text-align: center }
article { background: var(--card); border-left: .3rem solid var(--colour, var(--line)); border-radius: .3rem; padding: .6rem .8rem;
  margin: .6rem 0 }
.head { display: flex; flex-wrap: wrap; gap: .2rem .7rem; align-items: baseline } .head h3 { flex: 1 1 12rem }
.points { margin: 0 0 0 auto; white-space: nowrap }
@media (max-width: 36rem) { .head h3 { order: 1; flex-basis: 100% } .tally { order: 2; margin: 0 } }
.wide { overflow-x: auto }
table { border-collapse: collapse } table.full { width: 100% }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; vertical-align: baseline } tr + tr > * { border-top: 1px solid var(--line) }
th { font-weight: 600 } .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.grid th:first-child { position: sticky; left: 0; background: var(--ground) } .who { width: clamp(7rem, 30vw, 13rem) }
.grid .mark { padding: .25rem .3rem; min-width: 1.9rem; white-space: nowrap }
ul { padding-left: 1.2rem; margin: .6rem 0 } article ul { margin: .4rem 0 0 }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); font-size: .875rem }
KINDS
"""


def style():
    """The style sheet with the colours of both schemes."""
    light, dark = (" ".join(f"--{name}: {pair[number]};" for name, pair in (PLAIN | COLOURS).items()) for number in (0, 1))
    kinds = "\n".join(f".{name} {{ --colour: var(--{name}) }}" for name in COLOURS)
    return STYLE.replace("LIGHT", light).replace("DARK", dark).replace("KINDS", kinds)


def kind(verdict: str) -> str:
    """The class of a verdict in the style sheet."""
    return verdict.replace(" ", "-")


def chip(verdict: str) -> str:
    """A verdict as HTML: its sign and its word on its colour."""
    sign, word = VERDICTS[verdict]
    return f'<span class="chip {kind(verdict)}">{sign}&nbsp;{word.capitalize()}</span>'


def bar(counts: dict[str, float], whole: float) -> str:
    """How `whole` is shared among verdicts, as HTML; the words beside it say the same."""
    parts = "".join(f'<i class="{kind(name)}" style="width:{100 * n / max(whole, 1):.1f}%"></i>' for name, n in counts.items() if n)
    return f'<div class="bar" aria-hidden="true">{parts}</div>'


def listed(points: list[str]) -> str:
    """Texts as an HTML list; nothing for none."""
    return f"<ul>{''.join(f'<li>{inline(point)}</li>' for point in points)}</ul>" if points else ""


def page(title: str, body: str, foot: str) -> str:
    """A whole page; `body` is HTML, the other two are text. Bytes of a file's name that are no letters become question marks."""
    text = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>\n{MARK}\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{style()}</style></head>\n'
        f'<body>\n{body}\n<footer class="faint"><p>{inline(foot)}</p></footer>\n</body></html>\n'
    )
    return text.encode("utf-8", "replace").decode()


def written(path: Path, text: str) -> None:
    """Write `text` in one piece: whoever reads `path` meanwhile has the old one, and a full disk leaves it."""
    part = path.with_name(f".{path.name[:100]}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
