"""Draws ellipses and rectangles, as the share of each pixel that they cover."""

import cv2
import numpy as np

FINE = 8  # each pixel is drawn as FINE × FINE samples, so that edges are anti-aliased as a camera's are


def draw(rng, form, shape, centre):
    """Share of each pixel that a random ellipse or rectangle covers: float32 of `shape`, in [0, 1]. `centre` is (x, y) in pixels."""
    half = rng.uniform(5, 13, 2)
    if form == "rectangle":
        half *= 0.9  # about the area of the ellipses, so that size does not give the form away
    angle = np.radians(rng.uniform(-20, 20))
    y, x = (np.mgrid[: shape[0] * FINE, : shape[1] * FINE].astype(np.float32) + 0.5) / FINE
    x, y = x - centre[0], y - centre[1]
    u = (x * np.cos(angle) + y * np.sin(angle)) / half[0]
    v = (y * np.cos(angle) - x * np.sin(angle)) / half[1]
    inside = u**2 + v**2 <= 1 if form == "ellipse" else np.maximum(abs(u), abs(v)) <= 1
    return cv2.resize(inside.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)


def scatter(rng, shape):
    """Three to six shapes that do not touch, at random places of a larger picture: covered share, float32 of `shape`."""
    covered = np.zeros(shape, np.float32)
    wanted = rng.integers(3, 7)
    placed = 0
    for _ in range(200):
        centre = rng.uniform(10, shape[1] - 10), rng.uniform(10, shape[0] - 10)
        new = draw(rng, rng.choice(["ellipse", "rectangle"]), shape, centre)
        if not (cv2.dilate(covered, np.ones((5, 5))) * new).any():
            covered, placed = covered + new, placed + 1
        if placed == wanted:
            break
    return covered
