"""Lesson 07: what a class is taken for, and the predictions of several networks, image by image."""

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

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

    def draw(name):
        label = table.names.index(name)
        show.figure(draw_confusion(matrix, table, share, [label]), f"What the pixels of {name} are called, and what is called {name}.")

    sliders.play(draw, name=ipywidgets.Dropdown(options=table.names, value=table.names[still[-1]], description="class"))


def draw_confusion(matrix, table: ClassTable, share, labels: list[int]) -> Figure:
    """One column for each class: above its pixels by prediction, below the pixels given to it by truth; the five largest parts."""
    matrix = np.asarray(matrix)
    fig, axes = show.new(len(labels), 2, (2.5 if len(labels) > 1 else 4.5, 1.5))
    for (above, below), label in zip(axes.T, labels, strict=True):
        above.set_title(f"{table.names[label]}, {100 * share[label]:.2g} % of the pixels")
        for axis, counts, text in [(above, matrix[label], "its pixels are called"), (below, matrix[:, label], "what is called so is")]:
            largest = np.argsort(counts)[::-1][:5]
            largest = largest[counts[largest] > 0]
            axis.barh(
                range(len(largest)), 100 * counts[largest] / max(1, counts.sum()), color=table.colours[largest] / 255, edgecolor="0.4"
            )
            axis.set(xlim=(0, 100), ylim=(4.6, -0.6), xlabel=f"{text} … (%)" if len(largest) else f"{text}: nothing")
            axis.set_yticks(range(len(largest)), [table.names[k] for k in largest])
    return fig


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

    def draw(network, image, opacity):
        said, mask = guesses[network][image], masks[image]
        matrix = metrics.confusion_matrix(mask, said, table.num_classes)
        text = (
            f"Image {image}, {network}: {metrics.pixel_accuracy(matrix):.3f} of the pixels right, mean IoU {metrics.mean_iou(matrix):.3f}."
        )
        show.figure(draw_prediction(images[image], mask, table, said, opacity), text)

    sliders.play(
        draw,
        network=ipywidgets.Dropdown(options=list(guesses), value=last, description="network"),
        image=sliders.slider("image", 0, 0, len(images) - 1),
        opacity=sliders.slider("opacity", 0.55, 0.0, 1.0, 0.05),
    )


def draw_prediction(image, mask, table: ClassTable, said, opacity=0.55) -> Figure:
    """Image, mask over it, prediction over it, and the wrong pixels in the colour of what they were called."""
    legend = 0.2 * -(-table.num_classes // 6)  # inches
    fig, axes = show.new(4, 1, (2.4, 2.4 * mask.shape[0] / mask.shape[1] + 0.3 + legend))
    wrong = np.where((said != mask) & (mask != IGNORE), said, IGNORE)
    errors = np.where(
        (wrong == IGNORE)[..., None], 235, np.append(table.colours, np.zeros((256 - table.num_classes, 3), np.uint8), axis=0)[wrong]
    )
    views = {"image": np.asarray(image).squeeze(), "mask": show.overlay(image, mask, table, opacity)}
    views |= {"prediction": show.overlay(image, said, table, opacity), "wrong pixels": np.uint8(errors)}
    for axis, (title, view) in zip(axes[0], views.items(), strict=True):
        axis.imshow(view, cmap="gray", interpolation="nearest")
        axis.set_title(title)
        axis.set_axis_off()
    show.legend(fig, table, ignored=bool((mask == IGNORE).any()))
    return fig
