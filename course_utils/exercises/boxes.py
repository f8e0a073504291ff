"""What an exercise says: a box in a notebook, the same words in plain text everywhere else.

A box carries its style in attributes, because JupyterLab removes style sheets, scripts and ARIA from a notebook that it does not trust. Its
words have the page's own colour on a faint tint, so it suits light and dark themes. Hints unfold one inside the other by `<details>`:
by mouse or keyboard, and without a kernel, too.
"""

import html
import re
import sys

from IPython import get_ipython
from IPython.display import display

KINDS = {  # what the box is about: icon, colour (white on it has a contrast above 4.5)
    "correct": ("✓", "#1a7f37"),
    "wrong": ("✗", "#b35900"),
    "not attempted": ("○", "#57606a"),
    "hint": ("?", "#6f42c1"),
    "solution": ("»", "#0b6e8a"),
    "progress": ("◔", "#0b6e8a"),
}
TINT = 0.12  # share of the colour in the box's background


def kernel():
    """The notebook's kernel; None in a script, a terminal or a test."""
    return getattr(get_ipython(), "kernel", None)


def show(kind: str, plain: str, title: str, body: str = "", more: str = "") -> None:
    """Show a box of one of KINDS in a notebook, else print `plain`.

    `title` is text; `body`, which a screen reader reads out, and `more` are HTML (see `inline`).
    """
    texts = {"text/plain": plain, "text/html": _box(*KINDS[kind], html.escape(title), body, more)}
    if kernel() is None:
        print(_writable(plain, sys.stdout.encoding or "utf-8"))
    else:
        display({mime: _writable(text, "utf-8") for mime, text in texts.items()}, raw=True)


def _writable(text, encoding):
    """`text` with a question mark for what cannot be written: half a surrogate pair, or ■ in a file of Windows' own encoding."""
    return text.encode(encoding, "replace").decode(encoding)


def inline(text: str) -> str:
    """Text as HTML: everything escaped, what stands between backticks as code."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", html.escape(text)).replace("\n", "<br>")


def sentence(text: str) -> str:
    """`inline` of a text that now begins a sentence: its first word, if it is one, with a capital."""
    return inline(re.sub(r"^(a|[a-z]{2,})(?=[ ,:;])", lambda word: word[0].capitalize(), text))


def folded(hints: tuple[str, ...], first: int = 0, last: str = "") -> str:
    """`hints[first:]` as HTML, each folded and inside the one before; `last` (HTML) stands inside the last one."""
    inner = last
    for number in range(len(hints), first, -1):
        title = f"Hint {number} of {len(hints)}"
        button = "cursor: pointer; max-width: 8em; padding: 2px 10px; border: 1px solid; border-radius: 4px"
        inner = (
            f'<details style="margin: 6px 0 0 0"><summary style="{button}">{title}</summary>'
            f'<div style="padding: 6px 0 2px 0">{inline(hints[number - 1])}</div>{inner}</details>'
        )
    return inner


def code(text: str) -> str:
    """Python code as HTML in colours that are legible on its own dark ground, whatever the page's theme."""
    from pygments import highlight  # here, because few cells need it
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    lines = highlight(text, PythonLexer(), HtmlFormatter(noclasses=True, nowrap=True, style="github-dark"))
    style = (
        "background: #0d1117; color: #e6edf3; padding: 8px 12px; margin: 6px 0 0 0; border-radius: 4px; overflow-x: auto; white-space: pre"
    )
    return f'<pre style="{style}">{lines}</pre>'


def bar(done: int, total: int) -> tuple[str, str]:
    """How much is done, as text (■■□) and as HTML."""
    text = "■" * done + "□" * (total - done)
    _, colour = KINDS["correct"]
    inner = f'<div style="background: {colour}; width: {100 * done / max(total, 1):.0f}%; height: 10px"></div>'
    frame = "border: 1px solid; border-radius: 4px; height: 10px; width: 160px; max-width: 100%; margin: 6px 0; overflow: hidden"
    return text, f'<div aria-hidden="true" style="{frame}">{inner}</div>'


def _box(icon, colour, title, body, more):
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    frame = f"border-left: 5px solid {colour}; background: rgba({red}, {green}, {blue}, {TINT}); padding: 8px 12px; border-radius: 4px"
    chip = f"background: {colour}; color: #ffffff; font-weight: 600; padding: 1px 8px; border-radius: 4px"
    return (  # the classes keep MathJax away from a student's $
        f'<div class="tex2jax_ignore mathjax_ignore" style="{frame}; margin: 2px 0; max-width: 800px; line-height: 1.5">'
        f'<div role="status"><span style="{chip}">{icon} {title}</span> {body}</div>{more}</div>'
    )
