"""What happens to files on their way: bytes that are lost, changed or added."""

import numpy as np


def cut(rng, data):
    return data[: rng.integers(0, len(data))]


def flip(rng, data):
    changed = np.frombuffer(data, np.uint8).copy()
    places = rng.integers(0, len(data), rng.integers(1, 9))
    changed[places] ^= rng.integers(1, 256, len(places), np.uint8)
    return changed.tobytes()


def blank(rng, data):
    first, last = np.sort(rng.integers(0, len(data) + 1, 2))
    return data[:first] + bytes(last - first) + data[last:]


def lose(rng, data):
    first, last = np.sort(rng.integers(0, len(data) + 1, 2))
    return data[:first] + data[last:]


def add(rng, data):
    place = rng.integers(0, len(data) + 1)
    return data[:place] + rng.bytes(int(rng.integers(1, 200))) + data[place:]


def begin_anew(rng, data):
    """The first 64 bytes are noise after the mark of the format."""
    return data[:4] + rng.bytes(min(60, len(data))) + data[64:]


def twice(rng, data):
    return data + data


def as_text(rng, data):
    """As programs do that take a file for text: line ends of Windows, or a mark in front."""
    return data.replace(b"\n", b"\r\n") if rng.random() < 0.5 else b"\xef\xbb\xbf" + data


DAMAGES = [cut, flip, blank, lose, add, begin_anew, twice, as_text]
