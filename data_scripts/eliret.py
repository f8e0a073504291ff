"""Generates eliret: noisy ellipses and rectangles on small grey images, with exact masks."""

from pathlib import Path

import cv2
import numpy as np

VERSION = 1
SEED = 7

SIDE = 32
FINE = 8  # each pixel is drawn as FINE × FINE samples, so that edges are anti-aliased as a camera's are
LARGER = [(72, 88)] * 3 + [(80, 88)] * 3
SPLITS = {
    "treino.csv": [*range(50), *range(100, 150)],
    "valida.csv": [*range(50, 75), *range(150, 175)],
    "teste.csv": [*range(75, 100), *range(175, 200)],
}
CONTRAST = (40, 120)  # difference of the mean grey levels of object and background
NOISE = (4, 18)  # standard deviation of the noise, grey levels


def make(folder: Path, seed: int = SEED) -> None:
    """Write 200 pairs of 32×32 (000–099 ellipses, 100–199 rectangles), six larger pairs and the three lists.

    `NNNx.png` is the image and `NNNy.png` its mask, 0 or 255; `maior1x.png` … `maior6y.png` hold several shapes each.
    """
    for number in range(200):
        rng = np.random.default_rng([seed, number])
        inside = draw(rng, "ellipse" if number < 100 else "rectangle", (SIDE, SIDE), (SIDE / 2, SIDE / 2))
        write_pair(folder, f"{number:03d}", inside, rng)
    for number, (rows, columns) in enumerate(LARGER, start=1):
        rng = np.random.default_rng([seed, 1000 + number])
        write_pair(folder, f"maior{number}", scatter(rng, (rows, columns)), rng)
    for name, numbers in SPLITS.items():
        (folder / name).write_text("".join(f"{n:03d}x.png;{n:03d}y.png\n" for n in numbers))


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


def write_pair(folder, name, covered, rng):
    """Add grey levels and noise to `covered`, float32 in [0, 1]; write image and mask, uint8."""
    contrast = rng.uniform(*CONTRAST) * rng.choice([-1, 1])
    background = rng.uniform(max(20, 20 - contrast), min(235, 235 - contrast))
    image = background + contrast * covered + rng.normal(0, rng.uniform(*NOISE), covered.shape)
    cv2.imwrite(str(folder / f"{name}x.png"), np.clip(np.rint(image), 0, 255).astype(np.uint8))
    cv2.imwrite(str(folder / f"{name}y.png"), np.where(covered >= 0.5, 255, 0).astype(np.uint8))
