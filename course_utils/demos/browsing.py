"""Lesson 07: what a class is taken for, and the predictions of several networks, image by image."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from .. import metrics, show
from ..classes import IGNORE, ClassTable
from . import sliders


def confusion(matrix, table: ClassTable, share) -> None:
    """Class by class: how frequent it is, what its pixels are called, and what is called by its name (lesson 07).

    Args:
        matrix: pixel counts by true (rows) and predicted class (columns), (num_classes, num_classes).
        table: names and colours of the classes.
        share: of the training pixels, by class, (num_classes,).
    """
    frequent = np.argsort(share)
    still = [int(frequent[len(frequent) * k // 4]) for k in range(4)]
    alt = f"What the pixels of {', '.join(table.names[k] for k in still)} are called, and what is called so."
    show.figure(draw_confusion(matrix, table, share, still), alt)

    fig = draw_confusion(matrix, table, share, still[-1:])
    for axis in fig.axes:  # room for every name
        axis.set_yticks([0], [max(table.names, key=len) + " "])
    sliders.play(
        fig,
        lambda name: _draw_bars(fig.axes, matrix, table, share, table.names.index(name)),
        "What the pixels of {name} are called, and what is called {name}.".format,
        name=sliders.choice("class", table.names[still[-1]], table.names),
    )


def draw_confusion(matrix, table: ClassTable, share, labels: list[int]) -> Figure:
    """One column for each class: above its pixels by prediction, below the pixels given to it by truth; the five largest parts."""
    fig, axes = show.new(len(labels), 2, (2.5, 1.5) if len(labels) > 1 else (6.4, 1.9))
    for pair, label in zip(axes.T, labels, strict=True):
        _draw_bars(pair, matrix, table, share, label)
    return fig


def _draw_bars(axes, matrix, table, share, label):
    matrix = np.asarray(matrix)
    for axis, counts, text in zip(axes, [matrix[label], matrix[:, label]], ["its pixels are called", "what is called so is"], strict=True):
        largest = np.argsort(counts)[::-1][:5]
        largest = largest[counts[largest] > 0]
        axis.barh(range(len(largest)), 100 * counts[largest] / max(1, counts.sum()), color=table.colours[largest] / 255, edgecolor="0.4")
        axis.set(xlim=(0, 100), ylim=(4.6, -0.6), xlabel=f"{text} … (%)" if len(largest) else f"{text}: nothing")
        axis.set_yticks(range(len(largest)), [table.names[k] for k in largest])
    axes[0].set_title(f"{table.names[label]}, {100 * share[label]:.2g} % of the pixels")


def predictions(images, masks, table: ClassTable, guesses: dict[str, np.ndarray]) -> None:
    """Browse images, masks, and the predictions of one network after the other (lesson 07).

    Args:
        images: float in [0, 1] or uint8, (N, height, width, 1 or 3). masks: train ids, (N, height, width); 255 = ignored.
        table: names and colours of the classes.
        guesses: from the name of a network to its class ids, (N, height, width).
    """
    last = list(guesses)[-1]
    alt = f"A test image, its mask, the prediction of {last}, and its wrong pixels."
    show.figure(draw_prediction(images[0], masks[0], table, guesses[last][0]), alt)

    def words(network, image, opacity):
        matrix = metrics.confusion_matrix(masks[image], guesses[network][image], table.num_classes)
        right, iou = metrics.pixel_accuracy(matrix), metrics.mean_iou(matrix)
        return f"Image {image}, {network}: {right:.3f} of the pixels right, mean IoU {iou:.3f}."

    fig = draw_prediction(images[0], masks[0], table, guesses[last][0], alone=True)
    sliders.play(
        fig,
        lambda network, image, opacity: _draw_views(fig.axes, images[image], masks[image], table, guesses[network][image], opacity),
        words,
        network=sliders.choice("network", last, list(guesses)),
        image=sliders.slider("image", 0, 0, len(images) - 1),
        opacity=sliders.slider("opacity", 0.55, 0.0, 1.0, 0.05),
    )


def draw_prediction(image, mask, table: ClassTable, said, alone: bool = False) -> Figure:
    """Image, mask over it, prediction over it, and the wrong pixels in the colour of what they were called; in a row, or as large as
    they fit beside the controls."""
    ratio, ignored = mask.shape[0] / mask.shape[1], bool((mask == IGNORE).any())
    if alone:
        names = 1.5  # inches, at the right
        columns, rows, side = sliders.grid(4, ratio, width=sliders.SIZE[0] - names)
        fig, axes = show.new(columns, rows, (side + names / columns, side * ratio + 0.25))
        entries = [*zip(table.colours, table.names, strict=True), *([(show.IGNORED_COLOUR, "ignored")] if ignored else [])]
        patches = [Patch(facecolor=np.array(colour) / 255, edgecolor="0.4", label=name) for colour, name in entries]
        fig.legend(handles=patches, loc="outside right center", frameon=False, fontsize=8)
    else:
        fig, axes = show.new(4, 1, (2.4, 2.4 * ratio + 0.3 + 0.2 * -(-table.num_classes // 6)))
        show.legend(fig, table, ignored)
    _draw_views(axes.flat, image, mask, table, said, 0.55)
    for axis in axes.flat:
        axis.set_axis_off()
    return fig


def _draw_views(axes, image, mask, table, said, opacity):
    wrong = np.where((said != mask) & (mask != IGNORE), said, IGNORE)
    colours = np.full((256, 3), 235, np.uint8)
    colours[: table.num_classes] = table.colours
    views = {"image": np.asarray(image).squeeze(), "mask": show.overlay(image, mask, table, opacity)}
    views |= {"prediction": show.overlay(image, said, table, opacity), "wrong pixels": colours[wrong]}
    for axis, (title, view) in zip(axes, views.items(), strict=True):
        axis.imshow(view, cmap="gray", interpolation="nearest")
        axis.set_title(title)
