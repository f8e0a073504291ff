"""eliret: noisy ellipses and rectangles on small grey images, with exact masks."""

from pathlib import Path

import numpy as np

from course_utils import data
from data_scripts.dataset import DataSet, Extra, Mirror
from data_scripts.drawing.shapes import draw, scatter
from data_scripts.work import save, track

SIDE = 32
LARGER = [(72, 88)] * 3 + [(80, 88)] * 3
SPLITS = {
    "treino.csv": [*range(50), *range(100, 150)],
    "valida.csv": [*range(50, 75), *range(150, 175)],
    "teste.csv": [*range(75, 100), *range(175, 200)],
}
CONTRAST = (40, 120)  # difference of the mean grey levels of object and background
NOISE = (4, 18)  # standard deviation of the noise, grey levels


def make(folder: Path, seed: int) -> None:
    """Write 200 pairs of 32×32 (000–099 ellipses, 100–199 rectangles), six larger pairs and the three lists.

    `NNNx.png` is the image and `NNNy.png` its mask, 0 or 255; `maior1x.png` … `maior6y.png` hold several shapes each.
    """
    for number in track(range(200)):
        rng = np.random.default_rng([seed, number])
        inside = draw(rng, "ellipse" if number < 100 else "rectangle", (SIDE, SIDE), (SIDE / 2, SIDE / 2))
        write_pair(folder, f"{number:03d}", inside, rng)
    larger(folder, seed)
    for name, numbers in SPLITS.items():
        (folder / name).write_text("".join(f"{n:03d}x.png;{n:03d}y.png\n" for n in numbers))


def larger(folder: Path, seed: int) -> None:
    """Write the six larger pairs alone."""
    for number, (rows, columns) in enumerate(LARGER, start=1):
        rng = np.random.default_rng([seed, 1000 + number])
        write_pair(folder, f"maior{number}", scatter(rng, (rows, columns)), rng)


def write_pair(folder, name, covered, rng):
    """Add grey levels and noise to `covered`, float32 in [0, 1]; write image and mask, uint8."""
    contrast = rng.uniform(*CONTRAST) * rng.choice([-1, 1])
    background = rng.uniform(max(20, 20 - contrast), min(235, 235 - contrast))
    image = background + contrast * covered + rng.normal(0, rng.uniform(*NOISE), covered.shape)
    save(folder / f"{name}x.png", np.clip(np.rint(image), 0, 255).astype(np.uint8))
    save(folder / f"{name}y.png", np.where(covered >= 0.5, 255, 0).astype(np.uint8))


SET = DataSet(
    name="eliret",
    what="noisy ellipses and rectangles, 32×32, grey, 2 classes (lessons 02–04)",
    lesson=2,
    licence="course notes, for study",
    source="www.lps.usp.br/hae/apostila",
    marks=("treino.csv",),
    layout=((r"([^/]+\.(?:png|csv))", r"\1"),),
    reader=data.eliret,
    splits=("train", "val", "test", "larger"),
    make=make,
    seed=7,
    mirrors=(Mirror("http://www.lps.usp.br/hae/apostila/segm_eliret.zip"),),
    extra=Extra(
        split="larger",
        what="the larger images",
        mark="**/maior1x.png",
        layout=((r"(?:.*/)?(maior[^/]*[xy]\.png)", r"\1"),),
        mirrors=(Mirror("http://www.lps.usp.br/hae/apostila/segment.zip"),),
        make=larger,
    ),
)
