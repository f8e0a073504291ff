"""Shared by all tests: where the course is."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "notebooks")]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if os.environ.get("COURSE_DATA"):  # tests run in folders of their own, where a relative search path would lead elsewhere
    os.environ["COURSE_DATA"] = os.pathsep.join(str(Path(folder).resolve()) for folder in os.environ["COURSE_DATA"].split(os.pathsep))
