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
    image = np.asarray(image)
    image = image if image.dtype == np.uint8 else np.uint8(np.clip(image, 0, 1) * 255)
    places = _places(list(answers.values())[-1], 2)
    alt = f"Clicks on an image, and what each selects: {', '.join(answers)}."
    show.figure(draw_click(image, answers, places), alt)

    def words(place):
        x, y = pixel(fig.axes, place)
        pixels = ", ".join(f"{name} {selected(regions, x, y).sum()}" for name, regions in answers.items())
        return f"Column {x}, row {y} selects so many pixels: {pixels}. Click anywhere on the pictures (keys: arrows, then Enter)."

    fig = draw_click(image, answers, places[-1:])
    fig.draw_without_rendering()  # to know where the axes are
    first = fig.transFigure.inverted().transform(fig.axes[0].transData.transform(places[-1]))
    sliders.play(fig, lambda place: _draw_answers(fig.axes, image, answers, *pixel(fig.axes, place)), words, place=(first[0], 1 - first[1]))


def pixel(axes, place: tuple[float, float]) -> tuple[int, int]:
    """(x, y) of the pixel at a place of the figure (shares of its width and height, from the upper left corner), or of the nearest one.

    Each axis shows a picture of the same size.
    """
    point = axes[0].figure.transFigure.transform((place[0], 1 - place[1]))
    found = []
    for axis in axes:
        inside = np.clip(point, axis.bbox.min + 1e-3, axis.bbox.max - 1e-3)
        found.append((np.linalg.norm(inside - point), *np.int32(np.rint(axis.transData.inverted().transform(inside)))))
    return tuple(int(value) for value in min(found)[1:])


def selected(regions, x: int, y: int) -> np.ndarray:
    """The pixels with the clicked one's value that hang together with it by their sides, bool (height, width); none where it is 0."""
    same = np.uint8((regions == regions[y, x]) & (regions != 0))
    _, parts = cv2.connectedComponents(same, connectivity=4)
    return (parts == parts[y, x]) & (parts > 0)


def draw_click(image, answers: dict[str, np.ndarray], places: list[tuple[int, int]]) -> Figure:
    """One row for each (x, y): the image with a marker, and for each map the selected pixels over the image. One alone fills the page."""
    ratio, count = image.shape[0] / image.shape[1], 1 + len(answers)
    columns, rows, side = sliders.grid(count, ratio, width=9.0) if len(places) == 1 else (count, len(places), 1.9)
    fig, axes = show.new(columns, rows, (side, side * ratio + 0.25))
    for axis in axes.flat:
        axis.set_axis_off()
    for row, (x, y) in zip(axes.reshape(len(places), -1), places, strict=True):
        for spare in row[count:]:
            spare.remove()
        _draw_answers(row[:count], image, answers, x, y)
    return fig


def _draw_answers(axes, image, answers, x, y):
    for axis, name in zip(axes, ["image and click", *answers], strict=True):
        view = image.copy()
        if name in answers:
            mask = selected(answers[name], x, y)
            view[mask] = 0.35 * view[mask] + 0.65 * np.array(COLOUR)
            view[~mask] = 0.5 * view[~mask] + 110
        axis.imshow(view, interpolation="nearest")
        axis.plot(x, y, "P", color="white", markeredgecolor="black", markersize=8)
        axis.set_title(name)


def _places(regions, count):
    """The innermost pixel (x, y) of each of the `count` largest regions; the middle of the image if there is none."""
    values, areas = np.unique(regions[regions != 0], return_counts=True)
    depths = [cv2.distanceTransform(np.uint8(regions == value), cv2.DIST_L2, 5) for value in values[np.argsort(areas)[-count:]]]
    inner = [np.unravel_index(depth.argmax(), depth.shape) for depth in depths] or [np.array(regions.shape) // 2]
    return [(int(column), int(row)) for row, column in inner]
