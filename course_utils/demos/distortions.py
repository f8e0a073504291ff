"""Lesson 05: distortions that image and mask share."""

import numpy as np
from matplotlib.figure import Figure

from .. import show
from ..augment import Affine, Elastic, Sequence
from ..classes import IGNORE, ClassTable
from . import sliders


def augmentation(image, mask, table: ClassTable) -> None:
    """Distortions of `course_utils.augment` on one image and its mask, with a grid that bends along (lesson 05).

    Args:
        image: (height, width, 1 or 3), uint8 or float in [0, 1].
        mask: train ids, uint8 (height, width).
        table: names and colours of the classes.
    """
    none = {"rotation": 0, "shift": 0.0, "shear": 0, "zoom": 0.0, "elastic": 0.0, "draw": 3}
    settings = {"as it is": {}, "rotation": {"rotation": 45}, "shear and zoom": {"shear": 30, "zoom": 0.4}}
    settings["elastic"] = {"elastic": max(mask.shape) / 40}
    settings = {name: none | values for name, values in settings.items()}
    alt = "An image with a grid and its mask, as they are, turned, sheared and zoomed, and bent elastically: both move together."
    show.figure(draw_augmentation(image, mask, table, settings), alt)

    def draw(**setting):
        show.figure(draw_augmentation(image, mask, table, {"": setting}), "Image and mask with a grid, both moved by the same distortion.")

    sliders.play(
        draw,
        rotation=sliders.slider("rotation ± °", 20, 0, 180, 5),
        shift=sliders.slider("shift ±", 0.0, 0.0, 0.5, 0.05),
        shear=sliders.slider("shear ± °", 0, 0, 45, 5),
        zoom=sliders.slider("zoom ±", 0.0, 0.0, 0.6, 0.05),
        elastic=sliders.slider("elastic (pixels)", 0.0, 0.0, 10.0, 0.5),
        draw=sliders.slider("draw number", 3, 1, 20),
    )


def distort(image, mask, rotation, shift, shear, zoom, elastic, draw):
    """The distortion that draw number `draw` takes from these ranges; `elastic` is the typical displacement in pixels."""
    sigma = max(mask.shape) / 12
    steps = [Affine(rotation=rotation, shift=shift, shear=shear, zoom=zoom)]
    steps += [Elastic(elastic * sigma / 0.16, sigma)] if elastic else []  # see `Elastic`: 0.16 · alpha / sigma pixels
    return Sequence(*steps)(image, mask, np.random.default_rng(draw))


def draw_augmentation(image, mask, table: ClassTable, settings: dict[str, dict]) -> Figure:
    """One column for each setting (title → arguments of `distort`): image with a grid above, mask laid over it below.

    One setting alone is drawn larger, image and mask side by side.
    """
    image = np.asarray(image)
    if image.dtype != np.uint8:
        image = np.uint8(np.rint(np.clip(image, 0, 1) * 255))
    image = np.repeat(image, 3 // image.shape[-1], axis=-1)  # in colours, so that the grid stands out
    step = max(4, max(mask.shape) // 8)
    for lines in (image[step // 2 :: step], image[:, step // 2 :: step]):
        lines[:] = (240, 228, 66)
    alone = len(settings) == 1
    fig, axes = show.new(2, 1, (3.2, 3.3)) if alone else show.new(len(settings), 2, (1.9, 2.0))
    for (above, below), (title, setting) in zip(axes if alone else axes.T, settings.items(), strict=True):
        moved, moved_mask = distort(image, np.asarray(mask), **setting)
        above.imshow(moved, interpolation="nearest")
        above.set_title(title)
        below.imshow(show.overlay(moved, moved_mask, table), interpolation="nearest")
    for axis in axes.flat:
        axis.set_axis_off()
    show.legend(fig, table, ignored=bool((np.asarray(mask) == IGNORE).any()))
    return fig
