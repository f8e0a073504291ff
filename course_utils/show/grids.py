"""Small arrays as grids of coloured squares, each with its number."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from . import page

CELL = 0.42  # inches of a square at most
APART = 0.45  # inches between two arrays
SHADES = LinearSegmentedColormap.from_list("numbers", ["#b35900", "#f2a65a", "#ffffff", "#7fb8e6", "#0b5394"])  # below zero, zero, above


def draw(arrays, titles=(), most=None, cell=CELL) -> Figure:
    """The figure of `show.numbers`."""
    arrays = [np.round(np.atleast_2d(np.asarray(array, float)), 6) + 0.0 for array in arrays]  # no −0
    titles = [*titles, *[""] * (len(arrays) - len(titles))]
    most = most or max(np.abs(array).max(initial=0) for array in arrays) or 1
    longest = [max(page.text_width(line, 9) for line in title.split("\n")) for title in titles]
    room = page.WIDTH - 2 * page.PAD - APART * (len(arrays) - 1)
    cell = min(cell, room / sum(array.shape[1] for array in arrays))
    widths = [max(cell * array.shape[1], text) for array, text in zip(arrays, longest, strict=True)]
    head = page.LINE * max(title.count("\n") + 1 if title else 0 for title in titles) + 0.06
    wide = sum(widths) + APART * (len(arrays) - 1) + 2 * page.PAD
    tall = cell * max(len(array) for array in arrays)
    high = tall + head + 2 * page.PAD
    fig, left = Figure(figsize=(wide, high), dpi=page.DPI), page.PAD
    for array, title, width in zip(arrays, titles, widths, strict=True):
        rows, columns = array.shape
        start, bottom = left + (width - cell * columns) / 2, page.PAD + (tall - cell * rows) / 2
        axis = fig.add_axes((start / wide, bottom / high, cell * columns / wide, cell * rows / high))
        axis.set_axis_off()
        axis.set(xlim=(0, columns), ylim=(rows, 0))
        axis.pcolormesh(array, cmap=SHADES, vmin=-most, vmax=most, edgecolor="0.55", linewidth=0.6, clip_on=False)
        texts = {value: _text(value, fractions=np.abs(array).max(initial=0) <= 1) for value in np.unique(array)}
        size = min(9, 72 * cell / (0.72 * max(3, *map(len, texts.values()), 0)))
        for (row, column), value in np.ndenumerate(array):
            ink = "white" if abs(value) > 0.7 * most else "0.6" if value == 0 else page.INK
            axis.text(column + 0.5, row + 0.52, texts[value], ha="center", va="center", color=ink, fontsize=size)
        fig.text((left + width / 2) / wide, (bottom + cell * rows + 0.06) / high, title, ha="center", va="bottom")
        left += width + APART
    return fig


def _text(value, fractions):
    """A number in at most five signs: 3, 0.62 or, if wanted, 9/16."""
    bottoms = (1, 2, 4, 8, 16) if fractions else (1,)
    bottom = next((bottom for bottom in bottoms if value * bottom == round(value * bottom)), 1)
    text = f"{value * bottom:.0f}/{bottom}" if bottom > 1 else f"{value:.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")
