"""Files of every kind, sound and broken, are read rightly or refused in a sentence: 10,000 with `--all`, 500 otherwise."""

import json
import os
import subprocess
import sys
import traceback

import pytest

from tests.conftest import ROOT
from tests.fuzz import sets
from tests.fuzz.worker import ROUND

ROUNDS = [0, *(pytest.param(number, marks=pytest.mark.exhaustive) for number in range(1, 20))]


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no pipes and devices among files")
@pytest.mark.parametrize("number", ROUNDS)
def test_no_file_does_harm(number, record_property):
    """In a process of their own, because one that hangs ends it: in a sentence or rightly, within 5 s and 1 GB, `check` as the reader."""
    command = [sys.executable, "-m", "tests.fuzz.worker", str(number * ROUND), str((number + 1) * ROUND)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=900, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    for _, row, column, *_ in found:
        record_property("fuzz", [row, column])
    wrong = [f"{which} ({row}): {column} {words}" for which, row, column, words, *_ in found if column in ("trace", "hang")]
    assert not wrong, "\n".join(wrong)
    assert len(found) == ROUND


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no pipes and devices among files")
@pytest.mark.parametrize("number", [0, *(pytest.param(number, marks=pytest.mark.exhaustive) for number in range(1, 20))])
def test_check_says_what_the_readers_say(number, tmp_path, record_property):
    """Sets with one to three changes each: what is harmless changes nothing, and of all else `check` and the readers say the same."""
    wrong = []
    for which in range(42 * number, 42 * (number + 1)):
        top = tmp_path / str(which)
        top.mkdir()
        try:
            row, column, words = sets.draw(which, top)
        except Exception:
            row, column, words = "sets", "trace", traceback.format_exc(limit=-4)
        record_property("fuzz", [row, column])
        if column == "trace":
            wrong.append(f"{which} ({row}): {words}")
    assert not wrong, "\n".join(wrong)
