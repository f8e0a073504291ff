"""Lesson 01: one pixel's way through a convolution, and what one pixel of the last layer sees."""

from itertools import product

import ipywidgets
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .. import show
from . import sliders

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BLUE, VERMILION = show.PALETTE[:2]
PALE_BLUE, WHITE, GREY = "#9ecae9", "#ffffff", "#d9d9d9"
SIZE = 5  # of the image that `convolution` draws


def convolution() -> None:
    """What one pixel of a 5×5 image adds to the result of a convolution or of a transposed convolution (lesson 01)."""
    plain = {"kernel": 3, "stride": 1, "padding": 0, "dilation": 1, "transposed": False}
    others = [{"stride": 2, "padding": 1, "row": 1, "column": 1}, {"dilation": 2, "padding": 2}, {"stride": 2, "transposed": True}]
    alt = "One marked pixel under four settings; each result that it enters carries the letter of its weight in the kernel."
    show.figure(draw_convolution([plain, *(plain | other for other in others)]), alt)

    def draw(**setting):
        show.figure(draw_convolution([setting]), _convolution_text(**setting))

    sliders.play(
        draw,
        kernel=sliders.slider("kernel", 3, 1, 5),
        stride=sliders.slider("stride", 1, 1, 4),
        padding=sliders.slider("padding", 0, 0, 4),
        dilation=sliders.slider("dilation", 1, 1, 3),
        row=sliders.slider("row", 2, 0, SIZE - 1),
        column=sliders.slider("column", 2, 0, SIZE - 1),
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


def receptive_field() -> None:
    """Which input pixels one output of a stack of convolutions sees, along one axis (lesson 01)."""
    plain = {"layers": 3, "kernel": 3, "stride": 1, "dilation": 1, "doubling": False}
    settings = [plain, plain | {"stride": 2}, plain | {"dilation": 2}, plain | {"doubling": True}]
    alt = "What one output reads through three layers: plain, with stride 2, dilation 2, or dilations 1, 2, 4."
    show.figure(draw_field(settings), alt)

    def draw(**setting):
        show.figure(draw_field([setting]), f"One output and what it sees: {_field_text(setting)}")

    sliders.play(
        draw,
        layers=sliders.slider("layers", 3, 1, 5),
        kernel=sliders.slider("kernel", 3, 1, 5, 2),
        stride=sliders.slider("stride", 1, 1, 2),
        dilation=sliders.slider("dilation", 1, 1, 4),
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
