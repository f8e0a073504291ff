"""Lessons 02 and 03: where to cut a grey prediction."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from .. import show
from ..classes import IGNORE
from . import sliders

ERRORS = {"right": (235, 235, 235), "object missed": (0, 114, 178), "background called object": (213, 94, 0), "ignored": (128, 128, 128)}


def threshold(images, masks, predictions) -> None:
    """Cuts a network's grey output at a threshold, and shows which pixels are wrong then (lessons 02 and 03).

    Args:
        images: float in [0, 1], (N, height, width, 1 or 3); a few, up to 8.
        masks: 0 background, 1 object, 255 ignored; integers (N, height, width).
        predictions: grey outputs, (N, height, width) or (N, height, width, 1); object above the threshold.
    """
    masks = np.asarray(masks)
    predictions = np.asarray(predictions).reshape(masks.shape)
    four = (0.1, 0.3, 0.5, 0.8)
    fig, axes = show.new(1 + len(four), 2, (1.7, 1.9))
    _grey(axes[0, 0], images[0], "image")
    _grey(axes[1, 0], predictions[0], "grey output")
    for column, at in enumerate(four, start=1):
        _grey(axes[0, column], predictions[0] > at, f"threshold {at}")
        axes[1, column].imshow(_error_colours(masks[0], predictions[0], at), interpolation="nearest")
        axes[1, column].set_title("accuracy {:.3f}\nIoU {:.3f}".format(*scores(masks[:1], predictions[:1], at)))
    _error_legend(fig, axes)
    show.figure(fig, "A grey output cut at four thresholds; below each cut the wrong pixels, the accuracy and the IoU of the object.")

    fig = draw_threshold(images, masks, predictions, 0.5)
    sliders.play(
        fig,
        lambda threshold: _draw_rows(fig.axes[0], images, masks, predictions, threshold),
        lambda threshold: _threshold_text(masks, predictions, threshold),
        threshold=sliders.slider("threshold", 0.5, 0.0, 1.0, 0.05),
    )


def draw_threshold(images, masks, predictions, threshold: float) -> Figure:
    """One column for each image: image, grey output, thresholded output, errors. `predictions` have the shape of `masks`."""
    ratio = 4 * masks.shape[1] / (len(masks) * masks.shape[2])
    fig, axes = show.new(size=(6.4, min(3.9, 5.7 * ratio + 0.5)))
    _draw_rows(axes[0, 0], images, masks, predictions, threshold)
    _error_legend(fig, axes)
    return fig


def _draw_rows(axis, images, masks, predictions, threshold):
    """All rows as one picture, because many small ones take long."""
    rows = [np.stack([_colours(image) for image in images]), np.stack([_colours(prediction) for prediction in predictions])]
    rows += [np.stack([_colours(prediction > threshold) for prediction in predictions])]
    rows += [_error_colours(masks, predictions, threshold)]
    gap = 1 + masks.shape[2] // 20
    rows = [np.pad(row, [(0, 0), (0, gap), (0, gap), (0, 0)], constant_values=255) for row in np.uint8(rows)]
    axis.imshow(np.concatenate([np.concatenate(list(row), axis=1) for row in rows]), interpolation="nearest")
    for number, name in enumerate(["image", "grey output", f"above {threshold:.2f}", "errors"]):
        axis.text(-gap, (number + 0.5) * (masks.shape[1] + gap), name.replace(" ", "\n"), ha="right", va="center", fontsize=9)


def _colours(picture):
    """A picture with values in [0, 1], (height, width), or with 1 or 3 channels, as uint8 colours."""
    picture = np.clip(255 * np.asarray(picture, np.float32), 0, 255).reshape(*picture.shape[:2], -1)
    return np.uint8(np.broadcast_to(picture, (*picture.shape[:2], 3)))


def scores(masks, predictions, threshold: float) -> tuple[float, float]:
    """Share of pixels that are right, and IoU of the object (nan if there is none in either), over all pixels that count."""
    truth, said, counts = masks == 1, predictions > threshold, masks != IGNORE
    union = np.sum((truth | said) & counts)
    return float(np.mean((truth == said)[counts])), float(np.sum(truth & said & counts) / union) if union else float("nan")


def _threshold_text(masks, predictions, threshold):
    accuracy, iou = scores(masks, predictions, threshold)
    trivial, _ = scores(masks, np.zeros(masks.shape), 0.5)
    return (
        f"Threshold {threshold:.2f}, {len(masks)} images: accuracy {accuracy:.3f}, IoU of the object {iou:.3f}; "
        f"calling everything background: accuracy {trivial:.3f}, IoU 0."
    )


def _error_colours(mask, prediction, threshold):
    truth, said = mask == 1, prediction > threshold
    kind = np.where(mask == IGNORE, 3, np.where(truth & ~said, 1, np.where(said & ~truth, 2, 0)))
    return np.array(list(ERRORS.values()), np.uint8)[kind]


def _error_legend(fig, axes):
    for axis in axes.flat:
        axis.set_axis_off()
    patches = [Patch(facecolor=np.array(colour) / 255, edgecolor="0.4", label=name) for name, colour in list(ERRORS.items())[:3]]
    fig.legend(handles=patches, loc="outside lower center", ncols=3, frameon=False, fontsize=8)


def _grey(axis, picture, title=""):
    axis.imshow(np.squeeze(np.asarray(picture, np.float32)), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axis.set_title(title)
