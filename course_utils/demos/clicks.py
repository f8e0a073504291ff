"""Lesson 12: click on an object, get its mask."""

import cv2
import numpy as np
from matplotlib.figure import Figure

from .. import show
from . import sliders

COLOUR = (230, 159, 0)


def click(image, answers: dict[str, np.ndarray]) -> None:
    """What a click on an image selects, by one map of regions after the other (lesson 12).

    Args:
        image: float in [0, 1] or uint8, (height, width, 3).
        answers: from a name to a map of integers, (height, width), 0 = nothing to select: class ids, objects, or any other.
    """
    height, width = image.shape[:2]
    places = _places(list(answers.values())[-1], 2)
    column, row = places[-1]
    alt = f"Clicks on an image, and what each selects: {', '.join(answers)}."
    show.figure(draw_click(image, answers, places), alt)

    def draw(x, y):
        pixels = ", ".join(f"{name} {selected(regions, x, y).sum()}" for name, regions in answers.items())
        show.figure(draw_click(image, answers, [(x, y)]), f"A click on column {x}, row {y}; pixels that it selects: {pixels}.")

    sliders.play(draw, x=sliders.slider("x (column)", column, 0, width - 1), y=sliders.slider("y (row)", row, 0, height - 1))


def selected(regions, x: int, y: int) -> np.ndarray:
    """The pixels with the clicked one's value that hang together with it by their sides, bool (height, width); none where it is 0."""
    same = np.uint8((regions == regions[y, x]) & (regions != 0))
    _, parts = cv2.connectedComponents(same, connectivity=4)
    return (parts == parts[y, x]) & (parts > 0)


def draw_click(image, answers: dict[str, np.ndarray], places: list[tuple[int, int]]) -> Figure:
    """One row for each (x, y): the image with a marker, and for each map the selected pixels over the image."""
    picture = np.asarray(image)
    picture = picture if picture.dtype == np.uint8 else np.uint8(np.clip(picture, 0, 1) * 255)
    side = 1.9 if len(places) > 1 else 2.5
    fig, axes = show.new(1 + len(answers), len(places), (side, side * picture.shape[0] / picture.shape[1] + 0.25))
    for row, (x, y) in zip(axes, places, strict=True):
        for axis, name in zip(row, ["image and click", *answers], strict=True):
            view = picture.copy()
            if name in answers:
                mask = selected(answers[name], x, y)
                view[mask] = 0.35 * view[mask] + 0.65 * np.array(COLOUR)
                view[~mask] = 0.5 * view[~mask] + 110
            axis.imshow(view, interpolation="nearest")
            axis.plot(x, y, "P", color="white", markeredgecolor="black", markersize=8)
            axis.set_title(name)
            axis.set_axis_off()
    return fig


def _places(regions, count):
    """The innermost pixel (x, y) of each of the `count` largest regions; the middle of the image if there is none."""
    values, areas = np.unique(regions[regions != 0], return_counts=True)
    depths = [cv2.distanceTransform(np.uint8(regions == value), cv2.DIST_L2, 5) for value in values[np.argsort(areas)[-count:]]]
    inner = [np.unravel_index(depth.argmax(), depth.shape) for depth in depths] or [np.array(regions.shape) // 2]
    return [(int(column), int(row)) for row, column in inner]
