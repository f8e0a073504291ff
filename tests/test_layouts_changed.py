"""What happens to sets in their real layouts: each change ends in a sentence or in the right pairs, and `check` agrees with readers."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from course_utils.data import DataProblem
from data_scripts import checks, store
from data_scripts.__main__ import main
from data_scripts.sets import SETS
from tests import layouts
from tests.conftest import in_sample
from tests.test_layouts import course, laid_out  # noqa: F401 (fixtures)

HARMLESS, REFUSED, EITHER = "right", "sentence", None  # what must come of a change


def images(folder):
    return sorted(path for path in folder.rglob("*.*") if path.suffix in (".png", ".tif") and not path.name.startswith("."))


def used(folder, name, kind):
    """Images or masks that lessons read, in their order."""
    splits, _ = SETS[name].read(folder)
    return [path for pairs in splits.values() for path in getattr(pairs, kind) or []]


def lists(folder):
    return sorted(path for path in folder.iterdir() if path.suffix in (".csv", ".txt"))


def of_lists(change):
    def apply(folder, name):
        for path in lists(folder)[:1]:
            change(path)

    return apply


def of_one(kind, change):
    def apply(folder, name):
        change(used(folder, name, kind)[3])

    return apply


def replace_by(make):
    def change(path):
        path.unlink()
        make(path)

    return change


def lone(folder, name):
    """A file that belongs to nothing, beside the images."""
    shutil.copy(used(folder, name, "images")[0], folder / "mine.txt")


def other_slashes(path):
    path.write_bytes(path.read_bytes().replace(b"/", b"\\"))


def ends_of_windows(path):
    path.write_bytes(b"\r\n".join(path.read_bytes().splitlines()) + b"\r\n")


def accents(path):
    path.write_bytes(path.read_bytes() + "ação.png;ção.png\n".encode("cp1252"))


def gaps(path):
    path.write_text("\n".join(["", *path.read_text().splitlines(), "", ""]).replace(";", " ; "))


CHANGES = {  # name: (what is done, what must come of it where it concerns the layout)
    "nothing": (lambda folder, name: None, HARMLESS),
    "files of file managers": (lambda folder, name: layouts.beside(folder), HARMLESS),
    "a file of one's own": (lone, HARMLESS),
    "read only": (lambda folder, name: [path.chmod(0o444) for path in images(folder)], HARMLESS),
    "a list with a mark of UTF-8": (of_lists(lambda path: path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())), HARMLESS),
    "a list in UTF-16": (of_lists(lambda path: path.write_bytes(path.read_text().encode("utf-16"))), HARMLESS),
    "a list with the ends of Windows": (of_lists(ends_of_windows), HARMLESS),
    "a list with the slashes of Windows": (of_lists(other_slashes), HARMLESS),
    "a list with empty lines and spaces": (of_lists(gaps), HARMLESS),
    "a list without a last end of line": (of_lists(lambda path: path.write_bytes(path.read_bytes().rstrip())), HARMLESS),
    "a list is empty": (of_lists(lambda path: path.write_bytes(b"")), REFUSED),
    "a list of one word": (of_lists(lambda path: path.write_text("hello\n")), REFUSED),
    "a list with NUL": (of_lists(lambda path: path.write_bytes(path.read_bytes() + b"\0\0")), REFUSED),
    "a list in cp1252": (of_lists(accents), REFUSED),
    "a list that leads out": (of_lists(lambda path: path.write_text("../a.png;../b.png\n../a.png ../../b.png\n")), REFUSED),
    "a list of absolute paths": (of_lists(lambda path: path.write_text("C:\\a\\x.png;C:\\a\\y.png\n")), REFUSED),
    "a list is a folder": (of_lists(replace_by(Path.mkdir)), REFUSED),
    "a list is a pipe": (of_lists(replace_by(os.mkfifo)), REFUSED) if hasattr(os, "mkfifo") else (lambda *_: None, EITHER),
    "an image is missing": (of_one("images", Path.unlink), EITHER),
    "a mask is missing": (of_one("masks", Path.unlink), REFUSED),
    "an image is empty": (of_one("images", lambda path: path.write_bytes(b"")), REFUSED),
    "a mask is text": (of_one("masks", lambda path: path.write_text("<html>404</html>")), REFUSED),
    "an image is cut off": (of_one("images", lambda path: path.write_bytes(path.read_bytes()[:-40])), EITHER),
    "an image is a folder": (of_one("images", replace_by(Path.mkdir)), REFUSED),
    "an image is a pipe": (of_one("images", replace_by(os.mkfifo)), REFUSED) if hasattr(os, "mkfifo") else (lambda *_: None, EITHER),
    "a link that leads nowhere": (of_one("masks", replace_by(lambda path: path.symlink_to("nowhere.png"))), REFUSED),
    "an endless device": (of_one("images", replace_by(lambda path: path.symlink_to("/dev/zero"))), REFUSED),
    "a mask is a photograph": (lambda folder, name: shutil.copy(used(folder, name, "images")[0], used(folder, name, "masks")[3]), EITHER),
    "another ending": (of_one("images", lambda path: path.rename(path.with_suffix(path.suffix.upper()))), EITHER),
    "all masks are gone": (lambda folder, name: [path.unlink() for path in used(folder, name, "masks")], REFUSED),
}  # fmt: skip
WITHOUT_LISTS = [change for change in CHANGES if change.startswith("a list")]
CASES = [
    (name, layout, change)
    for name, layout in layouts.ALL
    for change in CHANGES
    if change not in WITHOUT_LISTS or name in ("eliret", "camvid")
]  # fmt: skip


def case_parameters():
    for name, layout, change in CASES:
        label = f"{layout.__name__}: {change}"
        marks = [] if in_sample(label, 12) else [pytest.mark.exhaustive]
        yield pytest.param(name, layout, change, id=label, marks=marks)


@pytest.fixture
def within_five_seconds():
    """What waits for ever ends in a TimeoutError."""

    def end(*_):
        raise TimeoutError("more than 5 s of processor time, or 30 s in all")

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes, links and devices for everybody")
@pytest.mark.parametrize(("name", "layout", "change"), [*case_parameters()])
def test_a_changed_set_is_read_rightly_or_refused(
    course, laid_out, tmp_path, capsys, record_property, within_five_seconds, name, layout, change  # noqa: F811
):  # fmt: skip
    what, must = CHANGES[change]
    folder = tmp_path / "shared" / name
    shutil.copytree(laid_out(name, layout) / name, folder)
    folder = store._inside(folder, SETS[name])
    what(folder, name)
    course(tmp_path / "shared")
    outcome = "trace"
    try:
        code, said = main(["check", name]), capsys.readouterr().out
        splits, refused = SETS[name].read(folder)
        try:
            if name != "landcover":
                for pairs in splits.values():
                    for number in range(len(pairs)):
                        pairs.read(number, (16, 16))
        except DataProblem as problem:
            refused = [*refused, str(problem)]
        outcome = "sentence" if code else "right"
        assert code == bool(checks.problems(folder, SETS[name]) or checks.leaks(folder, SETS[name]))
        if name != "landcover":
            assert bool(refused) == bool(checks.problems(folder, SETS[name]))  # check and the readers agree
        sentences = [line for line in said.splitlines()[1:] if not line.startswith("  (")]
        assert bool(sentences) == bool(code)
        assert all(line.startswith("  ") and line.endswith(".") and str(tmp_path) not in line for line in sentences)
        assert must is None or outcome == must, said
    except TimeoutError:
        outcome = "hang"
        raise
    except AssertionError:
        outcome = "trace"
        raise
    finally:
        record_property("fuzz", [f"layouts of {name}", outcome])
