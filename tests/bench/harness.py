"""What the benchmarks share: timing side by side, and the row of the table."""

import gc
import statistics
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table. `ratio` says how many times better ours is; at least `bound` is asked for (None: for information)."""

    what: str
    ours: str
    other: str
    ratio: float
    bound: float | None = None


def interleave(rounds: int, clock=time.perf_counter, **functions) -> dict[str, list[float]]:
    """Seconds of each function in each round; they take turns, so that a slow moment of the machine hits all of them.

    `clock=time.process_time` counts this process' own work alone; right where both sides use one thread.
    """
    seconds = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            gc.collect()
            start = clock()
            function()
            seconds[name].append(clock() - start)
    return seconds


def times_faster(other: list[float], ours: list[float]) -> float:
    """Median of the ratios within each round."""
    return statistics.median(a / b for a, b in zip(other, ours, strict=True))
