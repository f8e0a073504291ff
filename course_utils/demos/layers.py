"""Lesson 01: one pixel's way through a convolution, the stamps of a transposed one, and what one pixel of the last layer sees."""

from itertools import product

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from .. import show
from . import sliders

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BLUE, VERMILION = show.PALETTE[:2]
PALE_BLUE, WHITE, GREY = "#9ecae9", "#ffffff", "#d9d9d9"
PALE_RED = "#f7c4a3"
ONCE, OFTEN = np.array(to_rgb("#dcebf8")), np.array(to_rgb("#2f7fbf"))  # cells that got one stamp, and six or more
SIZE = 5  # of the image that `convolution` draws
STAMPING = 3  # of the image that `stamps` draws
# where `draw_convolution` puts image, kernel and result: left end, upper end, width and height, in pixels of the page
LANDSCAPE = [(0, 45, 180, 310), (182, 45, 153, 310), (337, 45, 295, 310)]
PORTRAIT = [(5, 40, 225, 135), (5, 200, 225, 80), (5, 305, 225, 165)]
STAMPS = [(5, 25, 225, 78), (5, 128, 225, 78), (5, 231, 225, 178)]


def convolution() -> None:
    """What one pixel of a 5×5 image adds to the result of a convolution or of a transposed convolution (lesson 01)."""
    plain = {"kernel": 3, "stride": 1, "padding": 0, "dilation": 1, "transposed": False}
    others = [{"stride": 2, "padding": 1, "row": 1, "column": 1}, {"dilation": 2, "padding": 2}, {"stride": 2, "transposed": True}]
    alt = "One marked pixel under four settings; each result that it enters carries the letter of its weight in the kernel."
    show.figure(draw_convolution([plain, *(plain | other for other in others)]), alt)

    fig = draw_convolution([plain])
    sliders.play(
        fig,
        lambda **setting: _draw_case(fig.axes[0], _case(**setting), LANDSCAPE),
        _convolution_text,
        kernel=sliders.slider("kernel", 3, 1, 5),
        stride=sliders.slider("stride", 1, 1, 4),
        padding=sliders.slider("padding", 0, 0, 4),
        dilation=sliders.slider("dilation", 1, 1, 3),
        row=sliders.slider("row", 2, 0, SIZE - 1),
        column=sliders.slider("column", 2, 0, SIZE - 1),
        transposed=sliders.switch("transposed"),
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

    One setting alone is drawn in a row. Cells of one setting are equally large.
    """
    return _draw_cases([_case(**setting) for setting in settings], PORTRAIT)


def _draw_cases(cases, portrait):
    slots = LANDSCAPE if len(cases) == 1 else portrait
    width, height = np.max([(x + width + 3, y + height + 3) for x, y, width, height in slots], axis=0)
    fig, axes = show.new(len(cases), 1, (width / 100, height / 100))
    for axis, case in zip(axes.flat, cases, strict=True):
        axis.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
        axis.set_axis_off()
        _draw_case(axis, case, slots)
    return fig


def _draw_case(axis, case, slots):
    """The three panels of a case, each below its title at the upper end of its slot."""
    unit = min([35, *(min(slot[2:]) / side for slot, side in zip(slots, case["sides"], strict=True) if side)])
    for (x, y, width, _), side, title, cells in zip(slots, case["sides"], case["titles"], case["cells"], strict=True):
        axis.text(x + width / 2, y - 5, title, ha="center", va="bottom", fontsize=9)
        left, steps = x + (width - unit * side) / 2, unit * np.arange(side + 1)
        colours = np.ones((max(side, 1), max(side, 1), 3))
        for (row, column), (colour, text) in cells.items():
            colours[row, column] = to_rgb(colour)
            if text and unit > 7:
                place = left + unit * (column + 0.5), y + unit * (row + 0.53)
                axis.text(*place, text, ha="center", va="center", fontsize=min(10, 0.5 * unit))
        axis.imshow(colours, extent=(left, left + steps[-1] + 1e-6, y + steps[-1] + 1e-6, y), interpolation="nearest", aspect="equal")
        axis.hlines(y + steps, left, left + steps[-1], color="0.5", lw=0.6)
        axis.vlines(left + steps, y, y + steps[-1], color="0.5", lw=0.6)


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


def stamps() -> None:
    """How the pixels of a 3×3 image stamp a kernel of ones, one after the other, in a transposed convolution (lesson 01)."""
    plain = {"pixels": 1, "kernel": 3, "stride": 2, "constant": False}
    alt = "Pixels of a 3×3 image stamp a kernel of ones one after the other; where stamps overlap, their numbers add up."
    show.figure(draw_stamps([plain | {"pixels": pixels} for pixels in (1, 2, 5, 9)]), alt)

    fig = draw_stamps([plain])
    sliders.play(
        fig,
        lambda **setting: _draw_case(fig.axes[0], _stamped(**setting), LANDSCAPE),
        _stamp_text,
        pixels=sliders.slider("pixels that have stamped", 1, 1, STAMPING**2),
        kernel=sliders.slider("kernel", 3, 1, 5),
        stride=sliders.slider("stride", 2, 1, 4),
        constant=sliders.switch("a constant image of ones"),
    )


def stamped(pixels, kernel, stride, constant) -> tuple[np.ndarray, np.ndarray]:
    """After the first `pixels` of an image 1 … 9, or of ones: the sum of their stamps, and how many stamps each cell has got."""
    side = (STAMPING - 1) * stride + kernel
    total, count = np.zeros((2, side, side), int)
    for number in range(pixels):
        row, column = divmod(number, STAMPING)
        window = np.s_[row * stride : row * stride + kernel, column * stride : column * stride + kernel]
        total[window] += 1 if constant else number + 1
        count[window] += 1
    return total, count


def draw_stamps(settings: list[dict]) -> Figure:
    """Image, last stamp and sum of the stamps for each setting (arguments of `stamped`), a column each; one alone is drawn in a row."""
    return _draw_cases([_stamped(**setting) for setting in settings], STAMPS)


def _stamped(pixels, kernel, stride, constant):
    total, count = stamped(pixels, kernel, stride, constant)
    before = stamped(pixels - 1, kernel, stride, constant)[1]
    value = [1 if constant else number + 1 for number in range(STAMPING**2)]
    colours = [PALE_BLUE] * (pixels - 1) + [VERMILION] + [WHITE] * (STAMPING**2 - pixels)
    image = {divmod(number, STAMPING): (colours[number], str(value[number])) for number in range(STAMPING**2)}
    stamp = dict.fromkeys(np.ndindex(kernel, kernel), (PALE_RED, str(value[pixels - 1])))
    result = {}
    for place, times in np.ndenumerate(count):
        shade = ONCE + (OFTEN - ONCE) * min(times - 1, 5) / 5
        colour = PALE_RED if times > before[place] else shade if times else WHITE
        result[place] = (colour, str(total[place]) if times else "")
    sums = f"sum of {pixels} stamps" if pixels > 1 else "the first stamp"
    return {
        "sides": (STAMPING, kernel, len(total)),
        "titles": (f"image {STAMPING}×{STAMPING}", f"pixel {pixels} × kernel {kernel}×{kernel}", f"{sums}, stride {stride}"),
        "cells": (image, stamp, result),
    }


def _stamp_text(**setting):
    total, count = stamped(**setting)
    inside = f"The result is {len(total)}×{len(total)}. {setting['pixels']} of {STAMPING**2} pixels have stamped"
    return f"{inside}; a cell holds the sum of up to {count.max()} stamps, and {(count == 0).sum()} cells are empty."


def receptive_field() -> None:
    """Which input pixels one output of a stack of convolutions sees, along one axis (lesson 01)."""
    plain = {"layers": 3, "kernel": 3, "stride": 1, "dilation": 1, "doubling": False}
    settings = [plain, plain | {"stride": 2}, plain | {"dilation": 2}, plain | {"doubling": True}]
    alt = "What one output reads through three layers: plain, with stride 2, dilation 2, or dilations 1, 2, 4."
    show.figure(draw_field(settings), alt)

    fig = draw_field([plain])
    sliders.play(
        fig,
        lambda **setting: _draw_stack(fig.axes[0], setting, _half([setting])),
        lambda **setting: f"One output and what it sees: {_field_text(setting)}.",
        layers=sliders.slider("layers", 3, 1, 5),
        kernel=sliders.slider("kernel", 3, 1, 5, 2),
        stride=sliders.slider("stride", 1, 1, 2),
        dilation=sliders.slider("dilation", 1, 1, 4),
        doubling=sliders.switch("dilation doubles in each layer"),
    )


def seen(layers, kernel, stride, dilation, doubling) -> list[np.ndarray]:
    """Places, in pixels of the input, that one output at 0 sees: its own, then those in each layer down to the input. Kernel odd."""
    places = [np.array([0])]
    for offsets in _offsets(layers, kernel, stride, dilation, doubling):
        places.append(np.unique(places[-1][:, None] + offsets))
    return places


def draw_field(settings: list[dict]) -> Figure:
    """One row for each setting (the arguments of `seen`): output above, input below, a line for each weight that is used."""
    alone = len(settings) == 1
    fig, axes = show.new(1, len(settings), (6.4, 3.0) if alone else (9.5, 1.65))
    for axis, setting in zip(axes.flat, settings, strict=True):
        _draw_stack(axis, setting, _half(settings))
        axis.set_title("" if alone else _field_text(setting), loc="left")
        axis.set_axis_off()
    return fig


def _half(settings):
    """How far to the left and right a figure of these settings reaches."""
    return max(seen(**setting)[-1].max() for setting in settings) + 1


def _draw_stack(axis, setting, half):
    places, layers = seen(**setting), setting["layers"]
    size = min(14, 4000 / half)  # of a dot
    axis.scatter(np.arange(-half, half + 1), np.zeros(2 * half + 1), s=size, color=WHITE, edgecolors="0.6", linewidths=0.6, zorder=2)
    for level, offsets in enumerate(_offsets(**setting)):
        lines = [[(a, layers - level), (a + b, layers - level - 1)] for a in places[level] for b in offsets]
        axis.add_collection(LineCollection(lines, color="0.75", lw=0.7, zorder=1))
    for level, here in enumerate(places):
        axis.scatter(here, np.full(len(here), layers - level), s=size, color=BLUE if level else VERMILION, zorder=3)
    for height, name in ((layers, "output"), (0, "input")):
        axis.text(-half * 1.02 - 0.6, height, name, ha="right", va="center", fontsize=9)
    axis.set(xlim=(-1.17 * half - 1, half * 1.03 + 1), ylim=(-0.3, layers + 0.3))


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
