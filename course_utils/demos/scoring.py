"""Lesson 06: two circles under every metric, and what a loss asks of one pixel."""

import functools

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from .. import metrics, show
from . import sliders

OVERLAP = {"both": (0, 158, 115), "missed": (0, 114, 178), "invented": (213, 94, 0), "neither": (235, 235, 235)}
RADIUS, PLATE = 20, (96, 128)  # of the true circle and of the image, in pixels
CURVES = {"accuracy": "-", "specificity": ":", "Dice": "-", "IoU": "-"}  # score: style of its line


def circles() -> None:
    """A true and a predicted circle, moved and resized: what every metric says (lesson 06)."""
    settings = [{"shift": shift, "radius": radius} for shift, radius in [(4, 20), (20, 20), (44, 20), (0, 28)]]
    alt = "A true and a predicted circle in four positions, and IoU, Dice and accuracy for every shift: accuracy hardly falls."
    show.figure(draw_circles(settings), alt)

    fig = draw_circles([{"shift": 10, "radius": RADIUS}])
    sliders.play(
        fig,
        lambda **setting: _draw_circles(fig.axes, [setting]),
        _circles_text,
        shift=sliders.slider("shift (pixels)", 10, 0, 60, 2),
        radius=sliders.slider("radius (pixels)", RADIUS, 4, 40, 2),
    )


def two_circles(shift: int, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Mask of a circle, and one of another circle `shift` pixels to its right; uint8 (height, width), 1 = circle."""
    rows, columns = np.indices(PLATE)
    return tuple(np.uint8((rows - 48) ** 2 + (columns - 34 - x) ** 2 <= r * (r + 0.9)) for x, r in [(0, RADIUS), (shift, radius)])


def circle_scores(shift: int, radius: int) -> dict[str, float]:
    """Every metric of the predicted circle; distances and areas in pixels."""
    mask, prediction = two_circles(shift, radius)
    matrix = metrics.confusion_matrix(mask, prediction, 2)
    scores = {"accuracy": metrics.pixel_accuracy(matrix)} | {name: float(score(matrix)[1]) for name, score in metrics.SCORES.items()}
    scores["mean distance"] = metrics.mean_surface_distance(mask, prediction)
    return scores | {"Hausdorff": metrics.hausdorff(mask, prediction), "area difference": int(metrics.area_difference(matrix)[1])}


def draw_circles(settings: list[dict]) -> Figure:
    """One column for each setting (arguments of `circle_scores`) with its scores below, and one with scores against the shift."""
    alone = len(settings) == 1
    fig, axes = show.new(len(settings) + 1, 1, (3.2, 3.9) if alone else (2.0, 3.5), width_ratios=[1] * len(settings) + [1.4])
    _draw_circles(axes[0], settings)
    axes[0, -1].set(xlabel="shift (pixels)", xlim=(-2, 62), ylim=(-0.03, 1.03))
    axes[0, -1].legend(fontsize=8, loc="center right")
    patches = [Patch(facecolor=np.array(colour) / 255, edgecolor="0.4", label=name) for name, colour in OVERLAP.items()]
    fig.legend(handles=patches, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return fig


def _draw_circles(axes, settings):
    kinds, size = np.array(list(OVERLAP.values()), np.uint8), 8 if len(settings) == 1 else 7
    for axis, setting in zip(axes, settings, strict=False):
        mask, prediction = two_circles(**setting)
        axis.imshow(kinds[np.where(mask, np.where(prediction, 0, 1), np.where(prediction, 2, 3))], interpolation="nearest")
        axis.set_title("shift {shift}, radius {radius}".format(**setting))
        lines = [f"{name:<15} {value:6.2f}" if name != "area difference" else f"{name:<15} {value:+6d}" for name, value in _scores(setting)]
        axis.text(0, -0.06, "\n".join([*lines, ""]), transform=axis.transAxes, va="top", family="monospace", fontsize=size)
        axis.set_axis_off()
    for (name, style), values in zip(CURVES.items(), curves(settings[0]["radius"]), strict=True):
        axes[-1].plot(np.arange(0, 61, 2), values, style, label=name)
    if len(settings) == 1:
        axes[-1].axvline(settings[0]["shift"], color="0.5", lw=1, zorder=0)
    axes[-1].set_title("radius {radius}".format(**settings[0]))


@functools.cache
def curves(radius: int) -> list[list[float]]:
    """The scores of `CURVES` for a predicted circle of this radius, for the shifts 0, 2, … 60."""
    matrices = [metrics.confusion_matrix(*two_circles(shift, radius), 2) for shift in range(0, 61, 2)]
    return [[metrics.pixel_accuracy(m) for m in matrices]] + [[metrics.SCORES[name](m)[1] for m in matrices] for name in list(CURVES)[1:]]


def _scores(setting):
    return circle_scores(**setting).items()


def _circles_text(**setting):
    scores = circle_scores(**setting)
    texts = [f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}" for name, value in scores.items()]
    return "Shift {shift}, radius {radius}: ".format(**setting) + ", ".join(texts) + "."


PIXELS, RIGHT = 64 * 64, 0.9  # pixels of the image; probability of the true class at all pixels but one


def loss_landscape() -> None:
    """Cost and pull of one pixel of an object under five losses, by the probability it has (lesson 06)."""
    settings = [{"weight": 5, "gamma": 2.0, "object": size} for size in (1000, 100, 10)]
    alt = "The pull of one pixel in objects of 1000, 100 and 10 pixels: that of Dice and Tversky grows as the object shrinks."
    show.figure(draw_landscape(settings), alt)

    fig = draw_landscape(settings[1:2])
    sliders.play(
        fig,
        lambda **setting: _draw_losses(fig.axes, [setting]),
        "Cost and pull of one pixel under five losses: weight {weight}, gamma {gamma}, an object of {object} pixels.".format,
        weight=sliders.slider("class weight", 5, 1, 50),
        gamma=sliders.slider("gamma", 2.0, 0.0, 5.0, 0.5),
        object=sliders.slider("object (pixels)", 100, 2, 2000, 2),
    )


def pixel_losses(p, weight, gamma, object):
    """`PIXELS` times each loss of a binary mask as the one pixel with probability `p` (an array) of its class, "object", changes it.

    All other pixels have probability `RIGHT`; for the cross-entropies their share, which does not depend on p, is left out.
    """
    hit, invented = RIGHT * (object - 1) + p, (1 - RIGHT) * (PIXELS - object)

    def tversky(alpha, beta):
        return PIXELS * (1 - hit / (hit + alpha * invented + beta * (object - hit)))

    focal = -((1 - p) ** gamma) * np.log(p)
    pixel = {"cross-entropy": -np.log(p), "weighted": -weight * np.log(p), "focal": focal}
    return pixel | {"Dice": tversky(0.5, 0.5), "Tversky 0.3, 0.7": tversky(0.3, 0.7)}


def draw_landscape(settings: list[dict]) -> Figure:
    """Left the cost of the pixel under the cross-entropies of the first setting (arguments of `pixel_losses`), then the pull for each."""
    fig, axes = show.new(1 + len(settings), 1, (3.2, 3.7) if len(settings) == 1 else (2.5, 2.6))
    _draw_losses(axes[0], settings)
    axes[0, 0].set(ylim=(0, 8), xlabel="probability of its class")
    for axis in axes[0, 1:]:
        axis.set(yscale="log", ylim=(1e-2, 1e3), xlabel="probability of its class")
        axis.set_yticks([0.01, 0.1, 1, 10, 100, 1000], ["0.01", "0.1", "1", "10", "100", "1000"])
        axis.minorticks_off()
    fig.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False, fontsize=8)
    return fig


def _draw_losses(axes, settings):
    p = np.linspace(0.005, 0.995, 400)
    for name, cost in list(pixel_losses(p, **settings[0]).items())[:3]:
        axes[0].plot(p, cost, label=name)
    axes[0].set_title("cost of the pixel: weight {weight:g}, gamma {gamma:g}".format(**settings[0]))
    for axis, setting in zip(axes[1:], settings, strict=True):
        for name, cost in pixel_losses(p, **setting).items():
            axis.plot(p, -np.gradient(cost, p), label=name)
        axis.set_title(f"pull, object of {setting['object']} pixels")
