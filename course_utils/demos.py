"""Demos with sliders. Each first shows a row of slider positions as a still picture, so that a page without a kernel teaches too."""

from itertools import product

import ipywidgets
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from . import show
from .augment import Affine, Elastic, Sequence
from .classes import IGNORE, ClassTable
from .tiles import starts, weights

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BLUE, VERMILION = show.PALETTE[:2]
PALE_BLUE, WHITE, GREY = "#9ecae9", "#ffffff", "#d9d9d9"
SIZE = 5  # of the image that `convolution` draws


# ---------------------------------------------------------------- one pixel's way through a convolution


def convolution() -> None:
    """What one pixel of a 5×5 image adds to the result of a convolution or of a transposed convolution (lesson 01)."""
    plain = {"kernel": 3, "stride": 1, "padding": 0, "dilation": 1, "transposed": False}
    others = [{"stride": 2, "padding": 1, "row": 1, "column": 1}, {"dilation": 2, "padding": 2}, {"stride": 2, "transposed": True}]
    alt = "One marked pixel under four settings; each result that it enters carries the letter of its weight in the kernel."
    show.figure(draw_convolution([plain, *(plain | other for other in others)]), alt)

    def draw(**setting):
        show.figure(draw_convolution([setting]), _convolution_text(**setting))

    _play(
        draw,
        kernel=_slider("kernel", 3, 1, 5),
        stride=_slider("stride", 1, 1, 4),
        padding=_slider("padding", 0, 0, 4),
        dilation=_slider("dilation", 1, 1, 3),
        row=_slider("row", 2, 0, SIZE - 1),
        column=_slider("column", 2, 0, SIZE - 1),
        transposed=ipywidgets.Checkbox(False, description="transposed"),
    )


def contributions(place, *, size, kernel, stride, padding, dilation, transposed=False):
    """Along one axis: size of the result, and pairs (index in the result, index in the kernel) that pixel `place` of `size` enters."""
    reach = dilation * (kernel - 1) + 1
    if transposed:
        length = (size - 1) * stride + reach - 2 * padding
        pairs = [(place * stride - padding + dilation * k, k) for k in range(kernel)]
    else:
        length = (size + 2 * padding - reach) // stride + 1
        steps = [(place + padding - dilation * k, k) for k in range(kernel)]
        pairs = [(step // stride, k) for step, k in steps if step % stride == 0]
    return max(length, 0), sorted((i, k) for i, k in pairs if 0 <= i < length)


def draw_convolution(settings: list[dict]) -> Figure:
    """Image, kernel and result for each setting (arguments of `contributions` and, if wanted, `row` and `column`), a column each.

    One setting alone is drawn in a row. Cells are equally large everywhere.
    """
    cases = [_case(**setting) for setting in settings]
    sides = [max(max(case["sides"][part], 1) for case in cases) for part in range(3)]
    if len(cases) == 1:
        widths, heights = [max(side, 9) for side in sides], [max(sides)] * 3
        unit = min(0.25, 9.5 / sum(widths))
        fig, axes = show.new(3, 1, (unit * sum(widths) / 3, unit * max(sides) + 0.5), width_ratios=widths)
    else:
        widths, heights = [max(sides)] * 3, sides
        fig, axes = show.new(len(cases), 3, (2.4, 0.8 * sum(sides) / max(sides) + 0.3), height_ratios=heights)
    for group, case in zip(axes if len(cases) == 1 else axes.T, cases, strict=True):
        for part, axis in enumerate(group):
            for (row, column), (colour, text) in case["cells"][part].items():
                axis.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor="0.5", lw=0.6))
                if text:
                    axis.text(column + 0.5, row + 0.55, text, ha="center", va="center", fontsize=7)
            middle = case["sides"][part] / 2
            axis.set(xlim=(middle - widths[part] / 2 - 0.1, middle + widths[part] / 2 + 0.1), ylim=(heights[part] + 0.1, -0.1))
            axis.set(aspect="equal", title=case["titles"][part], anchor="N")
            axis.set_axis_off()
    return fig


def _case(row=SIZE // 2, column=SIZE // 2, **options):
    """What `draw_convolution` draws for one setting: sides, titles and cells {(row, column): (colour, text)} of the three panels."""
    kernel, gap, stride, padding = (options[name] for name in ("kernel", "dilation", "stride", "padding"))
    (length, down), (_, along) = (contributions(place, size=SIZE, **options) for place in (row, column))
    around = 0 if options["transposed"] else padding  # a transposed convolution cuts its padding off the result
    framed, reach = SIZE + 2 * around, gap * (kernel - 1) + 1
    inside = range(around, SIZE + around)
    image = {(r, c): (WHITE if r in inside and c in inside else GREY, "") for r, c in np.ndindex(framed, framed)}
    image[row + around, column + around] = (VERMILION, "")
    weights = dict.fromkeys(np.ndindex(reach, reach), (GREY, ""))
    result = dict.fromkeys(np.ndindex(length, length), (WHITE, ""))
    letter = {(k, m): LETTERS[kernel * k + m] for k, m in np.ndindex(kernel, kernel)}
    weights |= {(gap * k, gap * m): (WHITE, letter[k, m]) for k, m in letter}
    for (r, k), (c, m) in product(down, along):
        weights[gap * k, gap * m] = result[r, c] = (PALE_BLUE, letter[k, m])
    kind = "transposed, " if options["transposed"] else ""
    titles = (f"{kind}stride {stride}\nimage {SIZE}×{SIZE}, padding {padding}", f"kernel {kernel}×{kernel}, dilation {gap}")
    return {
        "sides": (framed, reach, length),
        "titles": (*titles, f"result {length}×{length}" if length else "the kernel does not fit"),
        "cells": (image, weights, result),
        "entered": len(down) * len(along),
    }


def _convolution_text(**setting):
    case = _case(**setting)
    side = case["sides"][2]
    return f"From {SIZE}×{SIZE} to {side}×{side}; the marked pixel enters {case['entered']} of the {side**2} results."


# ---------------------------------------------------------------- what one pixel of the last layer sees


def receptive_field() -> None:
    """Which input pixels one output of a stack of convolutions sees, along one axis (lesson 01)."""
    plain = {"layers": 3, "kernel": 3, "stride": 1, "dilation": 1, "doubling": False}
    settings = [plain, plain | {"stride": 2}, plain | {"dilation": 2}, plain | {"doubling": True}]
    alt = "What one output reads through three layers: plain, with stride 2, dilation 2, or dilations 1, 2, 4."
    show.figure(draw_field(settings), alt)

    def draw(**setting):
        show.figure(draw_field([setting]), f"One output and what it sees: {_field_text(setting)}")

    _play(
        draw,
        layers=_slider("layers", 3, 1, 5),
        kernel=_slider("kernel", 3, 1, 5, 2),
        stride=_slider("stride", 1, 1, 2),
        dilation=_slider("dilation", 1, 1, 4),
        doubling=ipywidgets.Checkbox(False, description="dilation doubles in each layer"),
    )


def seen(layers, kernel, stride, dilation, doubling) -> list[np.ndarray]:
    """Places, in pixels of the input, that one output at 0 sees: its own, then those in each layer down to the input. Kernel odd."""
    places = [np.array([0])]
    for offsets in _offsets(layers, kernel, stride, dilation, doubling):
        places.append(np.unique(places[-1][:, None] + offsets))
    return places


def draw_field(settings: list[dict]) -> Figure:
    """One row for each setting (the arguments of `seen`): output above, input below, a line for each weight that is used."""
    fig, axes = show.new(1, len(settings), (9.5, 1.65) if len(settings) > 1 else (9.5, 2.6))
    half = max(seen(**setting)[-1].max() for setting in settings) + 1
    for axis, setting in zip(axes.flat, settings, strict=True):
        places, layers = seen(**setting), setting["layers"]
        axis.scatter(np.arange(-half, half + 1), np.zeros(2 * half + 1), s=14, color=WHITE, edgecolors="0.6", linewidths=0.6, zorder=2)
        for level, offsets in enumerate(_offsets(**setting)):
            ends = np.array([(a, a + b) for a in places[level] for b in offsets])
            axis.plot(ends.T, [layers - level, layers - level - 1], color="0.75", lw=0.7, zorder=1)
        for level, here in enumerate(places):
            axis.scatter(here, np.full(len(here), layers - level), s=14, color=BLUE if level else VERMILION, zorder=3)
        for height, name in ((layers, "output"), (0, "input")):
            axis.text(-half - 0.6, height, name, ha="right", va="center", fontsize=8)
        axis.set_title(_field_text(setting), loc="left")
        axis.set_axis_off()
    return fig


def _offsets(layers, kernel, stride, dilation, doubling):
    """For each layer, the last one first: how far the pixels that it reads lie from its own place, in pixels of the input."""
    spacings = [stride**below * dilation * (2**below if doubling else 1) for below in reversed(range(layers))]
    return [spacing * (np.arange(kernel) - kernel // 2) for spacing in spacings]


def _field_text(setting):
    layers, places = setting["layers"], seen(**setting)[-1]
    dilation = ", ".join(str(setting["dilation"] * (2**below if setting["doubling"] else 1)) for below in range(layers))
    return (
        f"{layers} layers, kernel {setting['kernel']}, stride {setting['stride']}, dilation {dilation}: "
        f"spans {np.ptp(places) + 1} pixels and reads {len(places)}, with {layers * setting['kernel']} weights"
    )


# ---------------------------------------------------------------- where to cut a grey prediction


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

    def draw(threshold):
        show.figure(draw_threshold(images, masks, predictions, threshold), _threshold_text(masks, predictions, threshold))

    _play(draw, threshold=_slider("threshold", 0.5, 0.0, 1.0, 0.05))


def draw_threshold(images, masks, predictions, threshold: float) -> Figure:
    """One column for each image: image, grey output, thresholded output, errors. `predictions` have the shape of `masks`."""
    fig, axes = show.new(len(masks), 4, (1.4, 1.5))
    for (first, second, third, fourth), image, mask, prediction in zip(axes.T, images, masks, predictions, strict=True):
        _grey(first, image)
        _grey(second, prediction)
        _grey(third, prediction > threshold)
        fourth.imshow(_error_colours(mask, prediction, threshold), interpolation="nearest")
    for axis, name in zip(axes[:, 0], ["image", "grey output", f"above {threshold:.2f}", "errors"], strict=True):
        axis.set_title(name, loc="left")
    _error_legend(fig, axes)
    return fig


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


# ---------------------------------------------------------------- distortions that image and mask share


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

    _play(
        draw,
        rotation=_slider("rotation ± °", 20, 0, 180, 5),
        shift=_slider("shift ±", 0.0, 0.0, 0.5, 0.05),
        shear=_slider("shear ± °", 0, 0, 45, 5),
        zoom=_slider("zoom ±", 0.0, 0.0, 0.6, 0.05),
        elastic=_slider("elastic (pixels)", 0.0, 0.0, 10.0, 0.5),
        draw=_slider("draw number", 3, 1, 20),
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


# ---------------------------------------------------------------- a mosaic under its tiles


def tiling(image, scale: int = 1) -> None:
    """Where tiles of some size and overlap lie on a mosaic, how much each counts, and what that costs (lesson 08).

    Args:
        image: the mosaic, or a reduced copy, uint8 (height, width, 3).
        scale: by how much it was reduced; tiles are told in pixels of the mosaic.
    """
    settings = [{"tile": side, "overlap": share} for side, share in ((256, 0.0), (256, 0.25), (256, 0.5), (512, 0.5))]
    alt = "A mosaic under four sets of tiles (orange: the first one), and their weights along x: steps without overlap, hills with it."
    show.figure(draw_tiling(image, settings, scale), alt)

    def draw(**setting):
        text = _tiling_text(np.multiply(image.shape[:2], scale), setting)
        show.figure(draw_tiling(image, [setting], scale), f"Tiles over a mosaic and their weights: {text}.")

    _play(draw, tile=_slider("tile (pixels)", 256, 128, 512, 64), overlap=_slider("overlap (share)", 0.5, 0.0, 0.75, 0.125))


def draw_tiling(image, settings: list[dict], scale: int = 1) -> Figure:
    """One column for each setting (`tile` in pixels, `overlap` as a share of it): outlines of the tiles, and their weights along x."""
    height, width = np.multiply(image.shape[:2], scale)
    fig, axes = show.new(len(settings), 2, (2.4, 1.9) if len(settings) > 1 else (4.0, 2.6), height_ratios=(2.4, 1))
    for (above, below), setting in zip(axes.T, settings, strict=True):
        tile, overlap = setting["tile"], int(setting["tile"] * setting["overlap"])
        line = np.sqrt(np.diag(weights(tile, overlap)))
        columns = starts(width, tile, overlap)
        above.imshow(image, extent=(0, width, height, 0))
        for number, (row, column) in enumerate(product(starts(height, tile, overlap), columns)):
            shape = {"facecolor": "none", "edgecolor": "white", "lw": 0.6}
            above.add_patch(
                Rectangle((column, row), tile, tile, **shape | ({"edgecolor": "#E69F00", "lw": 2, "zorder": 3} if not number else {}))
            )
        for number, column in enumerate(columns):
            below.plot(np.arange(column, column + tile), line, color=show.PALETTE[number % 2], lw=1.2)
        above.set_title(_tiling_text((height, width), setting).replace(": ", "\n"))
        above.set(xlim=(0, width), ylim=(height, 0))
        above.set_axis_off()
        below.set(xlim=(0, width), ylim=(0, 1.1), yticks=[0, 1], xlabel="x (pixels)")
    axes[1, 0].set_ylabel("weight")
    return fig


def _tiling_text(size, setting):
    tile, overlap = setting["tile"], int(setting["tile"] * setting["overlap"])
    down, along = (len(starts(side, tile, overlap)) for side in size)
    times = down * along * tile**2 / (size[0] * size[1])
    return f"tile {tile}, overlap {overlap}: {down}×{along} tiles, {times:.1f} × the pixels"


# ---------------------------------------------------------------- sliders


def _play(draw, /, **sliders):
    """The sliders and, below them, what `draw` shows for their values."""
    display(ipywidgets.VBox(list(sliders.values())), ipywidgets.interactive_output(draw, sliders))


def _slider(name, value, low, high, step=1):
    kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
    options = {"continuous_update": False, "style": {"description_width": "110px"}, "layout": {"width": "380px"}}
    return kind(value=value, min=low, max=high, step=step, description=name, **options)
