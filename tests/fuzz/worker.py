"""Reads inputs one after the other, in a process of its own: `python -m tests.fuzz.worker FIRST LAST`; a line of JSON each on stdout.

An input's number decides what it is: of each ROUND the first are all kinds of `images`, each once, and the others damaged copies of some.
"""

import json
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
import warnings
from pathlib import Path

import numpy as np
from rasterio.errors import NotGeoreferencedWarning

from course_utils.data import DataProblem
from tests.fuzz.damages import DAMAGES
from tests.fuzz.images import KINDS, ROWS

try:
    import resource
except ImportError:  # Windows
    resource = None

ROUND, SEED = 500, 17
SECONDS, MEGABYTES = 5, 1000  # of processor time, and of memory above what the process began with, that one input may take


def peak():
    """The most memory that this process has had so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3) if resource else 0


def draw(number, folder):
    """(row of the table, `Case`, whether the file's format would tell any damage) of one input."""
    rng, names = np.random.default_rng([SEED, number]), list(KINDS)
    if number % ROUND < len(names):
        name = names[number % ROUND]
        return ROWS[name], KINDS[name](rng, folder), True
    while True:
        found = KINDS[names[rng.integers(len(names))]](rng, folder)
        paths = [path for path in (*found.pairs.images, *found.pairs.masks) if path in list(folder.iterdir()) and path.is_file()]
        if len(paths) == 2 and sum(path.stat().st_size for path in paths) < 20_000:
            break
        shutil.rmtree(folder)
        folder.mkdir()
    path, damage = paths[rng.integers(2)], DAMAGES[rng.integers(len(DAMAGES))]
    data = path.read_bytes()
    sums = data.startswith(b"\x89PNG")
    if data:
        path.write_bytes(damage(rng, data))
    row = "damaged PNG" if sums else "damaged, of a kind without check sums"
    return row, found._replace(either=True), sums and found.image is not None


def judge(case, sums):
    """(column of the table, words): what came of one input, and what is wrong with that."""
    pairs = case.pairs
    problems = pairs.check()
    if not isinstance(problems, list):
        return "trace", "check gives no list"
    try:
        image, mask = pairs.read(0)
    except DataProblem as problem:
        sentence = str(problem)
        if problems[:1] != [sentence]:
            return "trace", f"check and reader disagree: {problems} and {sentence}"
        for text in problems:
            paths = [str(path) for path in (*pairs.images, *pairs.masks)]
            start = next((start for path in paths for start in (f"{path}: ", f"{path!a}: ") if text.startswith(start)), None)
            if start is None or not text.endswith(".") or "\n" in text[len(start) :] or ";" not in text or len(text) - len(start) > 260:
                return "trace", f"no good sentence: {text!r}"
        if case.image is not None and not case.either:
            return "trace", f"refused, though it is sound: {sentence}"
        return "sentence", sentence
    if problems:
        return "trace", f"read, though check says {problems}"
    small = pairs.read(0, (5, 7))
    if image.dtype != np.uint8 or mask.dtype != np.uint8 or small[0].shape != (5, 7, 3) or small[1].shape != (5, 7):
        return "trace", "other shapes or types than promised"
    if case.image is None and not case.either:
        return "trace", "read, though only a sentence would be right"
    same = case.image is not None and np.array_equal(image, case.image) and np.array_equal(mask, case.mask)
    if not same and sums:
        return "trace", "other values than were written"
    return ("right" if same else "read"), ""


def watch(state):
    """Ends the process if one input takes too long; run in a thread."""
    while True:
        time.sleep(0.2)
        number, began, processor = state
        if number is not None and (time.process_time() - processor > SECONDS or time.monotonic() - began > 12 * SECONDS):
            print(json.dumps([number, state_row[0], "hang", "", 0, 0]), flush=True)
            os._exit(3)


state_row = [""]


def main(first, last):
    """All inputs from `first` to before `last`."""
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)  # of what `draw` writes
    state = [None, 0.0, 0.0]
    threading.Thread(target=watch, args=(state,), daemon=True).start()
    base = peak()
    with tempfile.TemporaryDirectory() as top:
        for number in range(first, last):
            folder = Path(top, str(number))
            folder.mkdir()
            row, case, sums = draw(number, folder)
            state_row[0], before = row, peak()
            state[:] = number, time.monotonic(), time.process_time()
            try:
                column, words = judge(case, sums)
            except BaseException:
                column, words = "trace", traceback.format_exc(limit=-3)
            seconds, state[0] = time.process_time() - state[2], None
            memory = peak() - base if peak() > before else 0
            if memory > MEGABYTES:
                column, words = "trace", f"{memory:.0f} MB of memory"
            print(json.dumps([number, row, column, words, round(seconds, 3), round(memory)]), flush=True)
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
