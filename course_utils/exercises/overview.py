"""The progress of a student over the whole course: `overview()` in a notebook, `python -m course_utils.exercises progress` outside."""

from importlib import import_module
from pathlib import Path

from . import boxes, progress
from .engine import questions


def overview(folder: Path | None = None) -> None:
    """Show for each lesson and homework how many exercises are solved. `folder`: where progress is kept (default: as in a notebook)."""
    lines, rows, done, total = [], [], 0, 0
    for name in sorted((file.stem for file in Path(__file__).parent.glob("*[0-9].py")), key=lambda name: (name.startswith("hw"), name)):
        asked = list(questions(import_module(f"{__package__}.{name}")).values())
        right = sum(map(bool, progress.solved(asked, folder).values()))
        text, picture = boxes.bar(right, len(asked))
        label = name.replace("lesson", "Lesson ").replace("hw", "Homework ")
        lines.append(f"{label:<11} {right:>2} of {len(asked):>2} {text}")
        cells = (label.replace(" ", "&nbsp;"), f"{right}&nbsp;of&nbsp;{len(asked)}", picture)
        columns = "".join(f'<td style="text-align: left; padding: 0 12px 0 0">{cell}</td>' for cell in cells)
        rows.append(f'<tr style="background: transparent">{columns}</tr>')
        done, total = done + right, total + len(asked)
    words = f"{done} of {total} exercises of the course solved"
    boxes.show("progress", "\n".join([*lines, words]), "Progress", words, f"<table>{''.join(rows)}</table>")
