"""Sets that several processes want at once, in the background, and through kills and power cuts; what those who wait see meanwhile.

A small course of its own holds two sets that are drawn slowly. That they are one file each is all that a new set takes.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import psutil
import pytest
from nbclient import NotebookClient

from data_scripts import making, progress, store
from data_scripts.dataset import DataError
from data_scripts.sets import SETS
from data_scripts.work import listening, reached, track

CHECKOUT = Path(__file__).resolve().parents[1]
POSIX = pytest.mark.skipif(os.name == "nt", reason="a POSIX terminal and its signals")
SET = '''
"""A few grey squares, one file each, in processes of their own where the name says so."""

import os
import time
from functools import partial

import numpy as np
import psutil

from course_utils.classes import ELIRET
from course_utils.data import Pairs
from data_scripts.dataset import DataSet
from data_scripts.work import save, spread, track

NAME, PIECES = __name__.rpartition(".")[2], 20


def make(folder, seed):
    with open("drawn.txt", "a") as file:
        file.write(f"{NAME} {os.getpid()} {psutil.Process().nice()}\\n")
    if NAME == "spread":
        spread(partial(piece, folder), range(PIECES), 2)
    else:
        for number in track(range(PIECES)):
            piece(folder, number)
    (folder / "list.txt").write_text("all")


def piece(folder, number):
    time.sleep(float(os.environ["SECONDS_EACH"]) / PIECES)
    save(folder / f"{number}.png", np.full((8, 8), number, np.uint8))


def reader(folder, split):
    return Pairs(folder.glob("*.png"), None, ELIRET)


SET = DataSet(
    name=NAME, what="grey squares", lesson=1, licence="", source="", marks=("list.txt",), layout=(), reader=reader, splits=("all",),
    make=make, version=1, seed=3,
)
'''  # fmt: skip
OFTEN = "import sys; from data_scripts import ensure, progress; progress.EVERY['file'] = 0.0; ensure(sys.argv[1])"


class Course:
    """A course with the sets `one`, `two` and perhaps `spread`, and the processes that were started in it."""

    def __init__(self, root, *names):
        self.root, self.started = root, []
        for package in ("course_utils", "data_scripts"):
            shutil.copytree(CHECKOUT / package, root / package, ignore=shutil.ignore_patterns("__pycache__", "exercises", "grading"))
        for path in (root / "data_scripts/sets").glob("[!_]*.py"):
            path.unlink()
        for name in names:
            (root / f"data_scripts/sets/{name}.py").write_text(SET, "utf-8")

    def start(self, *arguments, seconds=1.0, **options):
        """A Python process in the course; drawing a set takes it so many seconds."""
        environment = {key: value for key, value in os.environ.items() if key != "COURSE_DATA"} | {"SECONDS_EACH": str(seconds)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "encoding": "utf-8"} | options
        process = subprocess.Popen([sys.executable, *arguments], cwd=self.root, env=environment | {"PYTHONUTF8": "1"}, **pipes)
        self.started.append(process)
        return process

    def run(self, *arguments, **options):
        """What such a process wrote, once it ended well."""
        process = self.start(*arguments, **options)
        output = process.communicate(timeout=60)[0]
        assert process.returncode == 0, output
        return output

    def drawn(self):
        """(set, process, nice) for each time that one was begun."""
        path = self.root / "drawn.txt"
        return [tuple(line.split()) for line in path.read_text().splitlines()] if path.exists() else []

    def hidden(self):
        """What lies in data/ and is no set, but for the locks and the log."""
        return sorted(path.name for path in (self.root / "data").glob(".*") if path.suffix != ".lock")

    def until(self, condition):
        """Wait until `condition()` is true."""
        for _ in range(600):
            if condition():
                return
            time.sleep(0.05)
        raise AssertionError("It took longer than 30 s.")


@pytest.fixture
def course(tmp_path):
    made = Course(tmp_path, "one", "two")
    yield made
    for process in made.started:
        process.kill()
        process.communicate()
    for _, pid, _ in made.drawn():  # those that the background has started
        if psutil.pid_exists(int(pid)):
            psutil.Process(int(pid)).kill()


def ensured(name):
    return ("-c", f"from data_scripts import ensure; ensure('{name}')")


# --- two processes -----------------------------------------------------------------------------------------------------------------


def test_two_processes_that_want_the_same_set_draw_it_once(course):
    first, second = course.start(*ensured("one")), course.start(*ensured("one"))
    outputs = [process.communicate(timeout=60)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert len(course.drawn()) == 1
    assert all("one: generated (seed 3), 0 + 20 images, 8×8" in output for output in outputs)
    assert sum("drawn in 1 s" in output for output in outputs) == 1
    assert course.hidden() == []


def test_who_waits_sees_how_far_the_other_is(course):
    course.start(*ensured("one"), seconds=3)
    course.until(course.drawn)
    output = course.run("-c", OFTEN, "one")
    shares = [int(share) for share in re.findall(r"one: (\d+) %, about \d+ s left", output)]
    assert len(set(shares)) > 2
    assert shares == sorted(shares)
    assert output.splitlines()[-1].startswith("one: generated (seed 3)")
    assert len(course.drawn()) == 1


def test_the_list_says_what_is_being_drawn_and_writes_nothing(course):
    assert re.search(r"^one +not on disk", course.run("-m", "data_scripts", "list"), re.M)
    assert not (course.root / "data").exists()
    course.start(*ensured("one"), seconds=4)
    course.until(lambda: (course.root / "data/.one.progress").exists())
    assert re.search(r"^one +being made: (\d+ %, about \d+ s left|starting)", course.run("-m", "data_scripts", "list"), re.M)


# --- kills and power cuts ----------------------------------------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize("name", ["one", "spread"])
def test_after_a_kill_in_the_middle_the_next_one_makes_it(tmp_path, name):
    course = Course(tmp_path, name)
    killed = course.start(*ensured(name), seconds=20)
    course.until(lambda: list(course.root.glob(f"data/.{name}.making-*/1.png")))
    helpers = psutil.Process(killed.pid).children(recursive=True)
    assert bool(helpers) == (name == "spread")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert re.search(rf"^{name} +not on disk", course.run("-m", "data_scripts", "list"), re.M)
    assert f"{name}: generated (seed 3), 0 + 20 images" in course.run(*ensured(name), seconds=0.1)
    assert course.hidden() == []
    assert len(course.drawn()) == 2
    assert psutil.wait_procs(helpers, timeout=10)[1] == []  # whoever drew for the killed one has ended, too


def test_what_a_power_cut_left_is_never_taken_for_a_set(course):
    data = course.root / "data"
    for folder in (".one.making-1", ".one.old", ".gone-7.making-2"):
        (data / folder).mkdir(parents=True)
        (data / folder / "list.txt").write_text("all")
    (data / ".one.progress").write_text("[0.9")
    assert re.search(r"^one +not on disk", course.run("-m", "data_scripts", "list"), re.M)
    assert "20 images" in course.run(*ensured("one"), seconds=0.1)
    assert course.hidden() == [".gone-7.making-2"]
    course.run("-m", "data_scripts.background", seconds=0.1)
    assert course.hidden() == []
    if (group := Path("/proc/self/autogroup")).exists():  # it ran in the group of whoever started it, which nobody asked it to slow down
        assert "nice 19" not in group.read_text()


def test_all_files_are_on_the_disk_before_the_folder_has_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.delenv("COURSE_DATA", raising=False)
    written = []

    def fsync(handle):
        assert not (tmp_path / "data/eliret").exists()
        written.append(os.fstat(handle).st_ino)

    monkeypatch.setattr(os, "fsync", fsync)
    folder = making.ensure("eliret")
    assert {path.stat().st_ino for path in folder.iterdir()} == set(written)


# --- the background ----------------------------------------------------------------------------------------------------------------


def background(course, seconds):
    """Starts it; its process, once it draws."""
    said = course.run("-m", "data_scripts", "make", "--background", seconds=seconds)
    assert said.count("\n") == 1
    assert "one, two" in said
    course.until(course.drawn)
    return psutil.Process(int(course.drawn()[0][1]))


def test_it_draws_what_is_missing_at_low_priority_and_leaves_its_terminal(course):
    process = background(course, seconds=4)  # on a busy computer a command takes some of them
    if os.name == "nt":
        assert process.nice() == psutil.BELOW_NORMAL_PRIORITY_CLASS
    else:
        assert process.nice() == 19
        assert os.getsid(process.pid) == process.pid
        group = Path(f"/proc/{process.pid}/autogroup")  # Linux shares time among sessions first
        assert not group.exists() or group.read_text().endswith("nice 19\n")
    assert "already" in course.run("-m", "data_scripts", "make", "--background")
    process.wait(30)
    assert [name for name, pid, _ in course.drawn()] == ["one", "two"]
    log = (course.root / "data/making.log").read_text("utf-8")
    assert [line.split(":")[0] for line in log.splitlines()] == ["one", "two"]
    assert course.run("-m", "data_scripts", "make", "--background") == "All data sets are on disk.\n"
    assert course.hidden() == []


def test_a_lesson_waits_for_its_own_set_only_and_makes_what_is_not_begun(course):
    process = background(course, seconds=4)  # draws `one`
    course.run(*ensured("two"), seconds=0.2)
    assert not (course.root / "data/one").exists()
    assert "20 images" in course.run(*ensured("one"), seconds=0.2)  # that one it has waited for
    process.wait(30)
    (one, by, nice), (two, _, ours) = course.drawn()
    assert (one, two, by) == ("one", "two", str(process.pid))
    assert nice != ours


def test_it_skips_what_a_lesson_makes_and_makes_it_if_the_lesson_ends_early(course):
    lesson = course.start(*ensured("one"), seconds=30)
    course.until(course.drawn)
    course.run("-m", "data_scripts", "make", "--background", seconds=0.5)
    course.until(lambda: (course.root / "data/two").exists())
    lesson.kill()
    course.until(lambda: (course.root / "data/one").exists())
    assert [name for name, _, _ in course.drawn()] == ["one", "two", "one"]


# --- what is seen ------------------------------------------------------------------------------------------------------------------


def test_in_a_notebook_one_plain_line_is_left(course):
    os.environ["SECONDS_EACH"] = "1.5"  # of the kernel, too
    cells = ["import os; os.environ.pop('COURSE_DATA', None); print('before')\nfrom data_scripts import ensure\nfolder = ensure('one')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    try:
        NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(course.root)}}).execute()
    finally:
        del os.environ["SECONDS_EACH"]
    before, line = notebook.cells[0].outputs
    assert (before.output_type, before.text) == ("stream", "before\n")
    assert line.output_type == "display_data"
    assert list(line.data) == ["text/plain"]
    assert re.fullmatch(r"one: generated \(seed 3\), 0 \+ 20 images, 8×8, 0\.0 MB, drawn in [12] s", line.data["text/plain"])


@POSIX
def test_in_a_terminal_the_line_is_written_over(course):
    import pty

    ours, theirs = pty.openpty()
    process = course.start(*ensured("one"), seconds=1, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            if not (piece := os.read(ours, 1000)):
                break
        except OSError:  # Linux says the end so
            break
        seen += piece
    os.close(ours)
    assert process.wait(30) == 0
    states = seen.decode().replace("\r\n", "\n").split("\r")
    assert len(states) > 5
    assert any(re.match(r"one: █+░+ \d+ %, about \d s left", state) for state in states)
    assert states[-1].rstrip(" \n").endswith("drawn in 1 s")
    assert states[-1].count("\n") == 1
    assert "\n" not in "".join(states[:-1])
    lengths = [len(state) for state in states[1:]]
    assert all(after >= len(before.rstrip()) for before, after in zip(states[1:], lengths[1:], strict=False))  # nothing of it is left


@pytest.mark.parametrize(
    ("share", "seconds", "text"),
    [
        (0, 3, "starting"),
        (0.25, 10, "25 %, about 30 s left"),
        (0.999, 100, "100 %, about 1 s left"),
        (0.1, 60, "10 %, about 9 min left"),
        (1, 60, "100 %, about 1 s left"),
    ],
)
def test_the_time_left_is_that_of_what_was_drawn(share, seconds, text):
    assert progress.left(share, seconds) == text


@pytest.mark.parametrize("text", ["", "[0.5", "[1]", '["a", 2]', "{}", "7", "\0"])
def test_a_damaged_progress_file_says_nothing(tmp_path, text):
    (tmp_path / "p").write_text(text)
    assert progress.read(tmp_path / "p") == (None, 0.0)


def test_shares_of_pieces_within_pieces():
    heard = []
    with listening(heard.append):
        for piece in track("abc", [2, 1, 1]):
            if piece == "a":
                for _ in track(range(2)):
                    reached(0.5)
            if piece == "b":
                reached(0.4)
    np.testing.assert_allclose(heard, [0.125, 0.25, 0.375, 0.5, 0.5, 0.6, 0.75, 1.0])
    assert list(track([1, 2])) == [1, 2]  # where nobody listens
    reached(1)


@pytest.mark.parametrize("name", SETS)
def test_each_set_says_how_far_it_is(name, tmp_path, monkeypatch):
    """On a small copy, and without the drawing that takes long: shares that grow, many of them, up to all of it."""
    if name in ("carla", "cityscapes", "camvid"):
        monkeypatch.setattr(f"data_scripts.sets.{name}.spread", lambda work, jobs, processes: [None for _ in track(jobs)])
    small = {"carla": {"worlds": {"train": 6}, "size": (80, 60)}, "cityscapes": {"frames": {"train": 12, "val": 3}, "size": (64, 32)}}
    small |= {"camvid": {"frames": {"train": 12}, "size": (60, 45)}, "landcover": {"sides": {"a": 512, "b": 256}}}
    if name == "membrane":
        monkeypatch.setattr("data_scripts.sets.membrane.SIZE", 32)
    heard = []
    with listening(heard.append):
        SETS[name].make(tmp_path, 1, **small.get(name, {}))
    assert heard == sorted(heard)
    assert len(set(heard)) >= 6
    assert 0 < heard[0] < 0.5
    assert heard[-1] == pytest.approx(1)


# --- where nobody may write --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OSError(30, "Read-only file system"), PermissionError(13, "no")])
def test_a_full_or_read_only_disk_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch, capsys, error):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.delenv("COURSE_DATA", raising=False)

    def write_bytes(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write_bytes)
        with pytest.raises(DataError, match=r"^The (disk is full|course may not write into data/): [^\n]+\.$"):
            making.ensure("eliret")
    assert [path.name for path in (tmp_path / "data").iterdir()] == [".eliret.lock"]
    assert "206 pairs" in (making.ensure("eliret"), capsys.readouterr().out)[1]


def test_a_disk_that_is_full_is_known_whatever_a_library_calls_it(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setattr("rasterio.open", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        making.present(SETS["landcover"], sides={"a": 256})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(DataError, match="The disk is full"):
        making.present(SETS["landcover"], sides={"a": 256})


def test_a_data_that_is_a_file_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.delenv("COURSE_DATA", raising=False)
    (tmp_path / "data").write_text("mine")
    with pytest.raises(DataError, match=r"^data is a file where the course needs a folder: move it away"):
        making.ensure("eliret")


def test_a_set_that_is_there_needs_no_right_to_write(course):
    course.run(*ensured("one"), seconds=0.1)
    shutil.copytree(course.root / "data", course.root / "copy")
    for lock in (course.root / "data").glob(".*"):
        lock.unlink()
    assert "20 images" in course.run(*ensured("one"))
    assert course.hidden() == []
    assert not list((course.root / "data").glob(".*"))  # not even a lock


def test_a_draughtsman_that_the_system_ends_is_one_sentence(tmp_path):
    course = Course(tmp_path, "spread")
    process = course.start(*ensured("spread"), seconds=20)
    course.until(lambda: list(course.root.glob("data/.spread.making-*/1.png")))
    next(child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())).kill()
    output = process.communicate(timeout=30)[0]
    assert output.splitlines()[-1].startswith(
        "data_scripts.dataset.DataError: The system ended a process that drew, mostly for want of memory"
    )
    assert course.hidden() == []


def test_the_card_says_what_made_the_set(course):
    course.run(*ensured("two"), seconds=0.1)
    card = json.loads((course.root / "data/two/dataset.json").read_text("utf-8"))
    assert {key: card[key] for key in ("name", "kind", "version", "seed", "source")} == {
        "name": "two", "kind": "generated", "version": 1, "seed": 3, "source": "data_scripts.sets.two",
    }  # fmt: skip
