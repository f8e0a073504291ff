"""Shared by all tests: where the course is, layers that are called as in a new process, and how much of what is exhaustive runs.

`--all` runs what otherwise runs in a sample. `--seeds 3` trains with three seeds where one is usual, `-m trains` those tests alone whose
bound is on a training.
"""

import os
import sys
import zlib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if os.environ.get("COURSE_DATA"):  # tests run in folders of their own, where a relative search path would lead elsewhere
    os.environ["COURSE_DATA"] = os.pathsep.join(str(Path(folder).resolve()) for folder in os.environ["COURSE_DATA"].split(os.pathsep))


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="run what otherwise runs in a sample")
    parser.addoption("--seeds", type=int, default=1, help="train with so many seeds")


def pytest_configure(config):
    config.addinivalue_line("markers", "trains: the bound is on what a network has learned; it holds on any processor, with any seed")
    config.addinivalue_line("markers", "exhaustive: runs with --all alone")


def pytest_generate_tests(metafunc):
    if "seed" in metafunc.fixturenames and metafunc.definition.get_closest_marker("trains"):
        metafunc.parametrize("seed", range(1, 1 + metafunc.config.getoption("--seeds")))


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--all"):
        left_out = [item for item in items if item.get_closest_marker("exhaustive")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter):
    """What came of the files of tests/fuzz: how many were tried, and how many of them ended in what."""
    columns = {"sentence": "a sentence", "right": "right value", "read": "no telling", "trace": "wrong or trace", "hang": "hang"}
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    tried = Counter(tuple(value) for report in reports for name, value in report.user_properties if name == "fuzz")
    if not tried:
        return
    lines = [[row, *(tried[row, column] for column in columns)] for row in sorted({row for row, _ in tried})]
    lines.append(["all", *(sum(line[1 + i] for line in lines) for i in range(len(columns)))])
    terminalreporter.section("broken and sound files")
    for row, *numbers in [["", "tried", *columns.values()], *([row, sum(numbers), *numbers] for row, *numbers in lines)]:
        terminalreporter.write_line(f"{row:44}" + "".join(f"{number:>15}" for number in numbers))


def in_sample(name, one_of):
    """Whether `name` is among one of so many; the same ones everywhere and always."""
    return zlib.crc32(name.encode()) % one_of == 0


def names_anew():
    """The next layers are conv2d, conv2d_1, … again: TensorFlow makes a kernel, half a millisecond, for each variable of a new name."""
    if "keras" in sys.modules:
        from keras.src.backend.common import global_state

        global_state.set_global_attribute("object_name_uids", None)


@pytest.fixture(autouse=True)
def _names_anew():
    names_anew()
