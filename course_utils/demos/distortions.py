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
    image, mask = _with_grid(image), np.asarray(mask)
    none = {"rotation": 0, "shift": 0.0, "shear": 0, "zoom": 0.0, "elastic": 0.0, "draw": 3}
    settings = {"as it is": {}, "rotation": {"rotation": 45}, "shear and zoom": {"shear": 30, "zoom": 0.4}}
    settings["elastic"] = {"elastic": max(mask.shape) / 40}
    settings = {name: none | values for name, values in settings.items()}
    alt = "An image with a grid and its mask, as they are, turned, sheared and zoomed, and bent elastically: both move together."
    show.figure(draw_augmentation(image, mask, table, settings), alt)

    fig = draw_augmentation(image, mask, table, {"": none})
    sliders.play(
        fig,
        lambda **setting: _draw_pair(*fig.axes, image, mask, table, setting),
        "Image and mask with a grid: both moved alike, by draw {draw} from the ranges of the sliders.".format,
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
    """One column for each setting (title → arguments of `distort`): the image above, its mask below.

    One setting alone is drawn larger, image and mask side by side.
    """
    mask = np.asarray(mask)
    ratio, alone = mask.shape[0] / mask.shape[1], len(settings) == 1
    columns, _, side = sliders.grid(2, ratio, height=3.6, title=0)
    fig, axes = show.new(columns, 2 // columns, (side, side * ratio + 0.1)) if alone else show.new(len(settings), 2, (1.9, 2.0))
    for pair, (title, setting) in zip([axes.flat] if alone else axes.T, settings.items(), strict=True):
        _draw_pair(*pair, image, mask, table, setting)
        pair[0].set_title(title)
    for axis in axes.flat:
        axis.set_axis_off()
    show.legend(fig, table, ignored=bool((mask == IGNORE).any()))
    return fig


def _draw_pair(left, right, image, mask, table, setting):
    moved, moved_mask = distort(image, mask, **setting)
    left.imshow(moved)
    right.imshow(show.overlay(moved, moved_mask, table, opacity=1), interpolation="nearest")


def _with_grid(image):
    """The image as uint8 in colours, (height, width, 3), so that the yellow lines stand out."""
    image = np.asarray(image)
    if image.dtype != np.uint8:
        image = np.uint8(np.rint(np.clip(image, 0, 1) * 255))
    image = np.repeat(image, 3 // image.shape[-1], axis=-1)
    step = max(4, max(image.shape) // 8)
    for lines in (image[step // 2 :: step], image[:, step // 2 :: step]):
        lines[:] = (240, 228, 66)
    return image
