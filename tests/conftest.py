"""Shared by all tests: where the course is, and layers that are called as in a new process."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if os.environ.get("COURSE_DATA"):  # tests run in folders of their own, where a relative search path would lead elsewhere
    os.environ["COURSE_DATA"] = os.pathsep.join(str(Path(folder).resolve()) for folder in os.environ["COURSE_DATA"].split(os.pathsep))


def names_anew():
    """The next layers are conv2d, conv2d_1, … again: TensorFlow makes a kernel, half a millisecond, for each variable of a new name."""
    if "keras" in sys.modules:
        from keras.src.backend.common import global_state

        global_state.set_global_attribute("object_name_uids", None)


@pytest.fixture(autouse=True)
def _names_anew():
    names_anew()
