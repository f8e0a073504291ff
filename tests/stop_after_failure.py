"""pytest plugin for nbval (`-p tests.stop_after_failure`): after a failing cell the rest of that notebook is skipped."""

import os
from pathlib import Path

import pytest


def pytest_configure(config):
    # A kernel starts in its notebook's folder, where a relative search path would lead elsewhere.
    folders = os.environ.get("COURSE_DATA", "").split(os.pathsep)
    os.environ["COURSE_DATA"] = os.pathsep.join(str(Path(folder).resolve()) for folder in folders if folder)
    os.environ.setdefault("PYTHONHASHSEED", "0")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed and hasattr(item, "cell_num") and not hasattr(item.parent, "failed_cell"):
        item.parent.failed_cell = item.name


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if hasattr(item.parent, "failed_cell"):
        pytest.skip(f"{item.parent.failed_cell} of this notebook failed")
