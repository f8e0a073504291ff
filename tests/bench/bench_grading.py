"""Grading 60 submissions of homework 1, as a teacher does it: the command of README on a folder of notebooks. Each one is the student copy
with the solutions of some of its questions, from none to all, by chance. Asked for: 15 minutes on two cores.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import Row

from course_utils.exercises.copies import ROOT, student_copy

SUBMISSIONS, ASKED = 60, 15 * 60  # seconds


def run():
    _, solved = exercises(next((ROOT / "notebooks/solutions").glob("hw1_*.ipynb")))
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "subs").mkdir()
        for number in range(SUBMISSIONS):
            copy, stubs = exercises(student_copy("hw1"))
            for stub, answer in zip(stubs, solved, strict=True):
                if rng.random() < number / (SUBMISSIONS - 1):
                    stub["source"] = answer["source"]
            (folder / f"subs/student {number:02}.ipynb").write_text(json.dumps(copy), encoding="utf-8")
        start = time.perf_counter()
        command = [sys.executable, "-m", "course_utils.exercises", "grade", folder / "subs", "--out", folder / "grades.csv"]
        command += ["--as-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
    return [Row(f"{SUBMISSIONS} submissions of homework 1", f"{seconds / 60:.1f} min", f"{ASKED / 60:.0f} min", ASKED / seconds, 1)]


def exercises(path):
    """A notebook, and its cells that students fill in."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook, [cell for cell in notebook["cells"] if "exercise" in cell["metadata"].get("tags", [])]
