"""How far a set is: in one line on the screen, and in a small file for other processes that wait for the set."""

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

WIDTH = 24  # characters of the bar
EVERY = {"notebook": 0.25, "terminal": 0.1, "file": 30.0}  # seconds between two states of the line


class Line:
    """One line that changes until it ends: in a notebook an output that is replaced, in a terminal a line that is written over.

    Where the output goes to a file only a few states are written, each as a line.
    """

    def __init__(self):
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        screen = getattr(sys.stdout, "isatty", bool)()  # what stands in for stdout need not know the question
        self.kind = "notebook" if hasattr(shell, "kernel") else "terminal" if screen else "file"
        self._shown, self._output = "", None
        self._next = time.monotonic() + EVERY["file"] if self.kind == "file" else 0.0  # what is quick leaves its last line alone in a file

    def show(self, name: str, share: float | None = None, seconds: float = 0.0) -> None:
        """Show how far the set `name` is, by the share that is done and how long that took; share None: it is not known.

        Most calls pass without effect, because nobody can read that fast.
        """
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY[self.kind]
            self._put(f"{name}: " + ("another program is at it; waiting" if share is None else self._bar(share) + left(share, seconds)))

    def end(self, text: str) -> None:
        """Show `text` for good."""
        if self._shown and self.kind != "file":
            self._put(text)
            print(end="\n" if self.kind == "terminal" else "", flush=True)
        else:  # there was nothing to wait for
            print(text, flush=True)

    def drop(self) -> None:
        """Leave nothing behind: something went wrong, and others say what."""
        if self._shown and self.kind != "file":
            self._put("")
            print(end="\r" if self.kind == "terminal" else "", flush=True)

    def _bar(self, share):
        if self.kind == "file":
            return ""
        done = round(WIDTH * share)
        try:
            "█░".encode(sys.stdout.encoding or "ascii")
        except UnicodeEncodeError:  # an old terminal
            return "#" * done + "." * (WIDTH - done) + " "
        return "█" * done + "░" * (WIDTH - done) + " "

    def _put(self, text):
        if self.kind == "notebook":
            from IPython.display import display

            if self._output:
                self._output.update({"text/plain": text}, raw=True)
            else:
                self._output = display({"text/plain": text}, raw=True, display_id=True)
        else:
            start, end = ("\r", "") if self.kind == "terminal" else ("", "\n")
            print(start + text.ljust(len(self._shown) if start else 0), end=end, flush=True)
        self._shown = text


def left(share: float, seconds: float) -> str:
    """`43 %, about 20 s left`, if what is done took so long; `starting`, while there is nothing to go by."""
    if not share:
        return "starting"
    rest = seconds / share - seconds
    return f"{100 * share:.0f} %, about " + (f"{rest / 60:.0f} min left" if rest >= 90 else f"{max(1, rest):.0f} s left")


class Note:
    """The file `path`, in which this process says how far it is; a disk on which it cannot be written is no reason to stop."""

    def __init__(self, path: Path):
        self.path, self._next = path, 0.0

    def write(self, share: float, seconds: float) -> None:
        """Say how much is done and how long that took."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + 0.5
            with suppress(OSError):
                new = self.path.with_name(f"{self.path.name}.new")
                new.write_text(json.dumps([share, seconds]), "utf-8")
                os.replace(new, self.path)

    def drop(self) -> None:
        """Delete it."""
        with suppress(OSError):
            self.path.unlink()


def read(path: Path) -> tuple[float | None, float]:
    """Share and seconds that another process wrote last into the file `path`; (None, 0) if there is none."""
    try:
        share, seconds = json.loads(path.read_text("utf-8"))
        return float(share), float(seconds)
    except (OSError, ValueError, TypeError):
        return None, 0.0
