"""Lesson 08: a mosaic under its tiles."""

from itertools import product

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .. import show
from ..tiles import starts, weights
from . import sliders


def tiling(image, scale: int = 1) -> None:
    """Where tiles of some size and overlap lie on a mosaic, how much each counts, and what that costs (lesson 08).

    Args:
        image: the mosaic, or a reduced copy, uint8 (height, width, 3).
        scale: by how much it was reduced; tiles are told in pixels of the mosaic.
    """
    settings = [{"tile": side, "overlap": share} for side, share in ((256, 0.0), (256, 0.25), (256, 0.5), (512, 0.5))]
    alt = "A mosaic under four sets of tiles (orange: the first one), and their weights along x: steps without overlap, hills with it."
    show.figure(draw_tiling(image, settings, scale), alt)

    fig = draw_tiling(image, [settings[2]], scale)
    sliders.play(
        fig,
        lambda **setting: _draw_tiles(*fig.axes, image, setting, scale),
        lambda **setting: f"Tiles over a mosaic and their weights: {_tiling_text(np.multiply(image.shape[:2], scale), setting)}.",
        tile=sliders.slider("tile (pixels)", 256, 128, 512, 64),
        overlap=sliders.slider("overlap (share)", 0.5, 0.0, 0.75, 0.125),
    )


def draw_tiling(image, settings: list[dict], scale: int = 1) -> Figure:
    """One column for each setting (`tile` in pixels, `overlap` as a share of it): outlines of the tiles, and their weights along x."""
    alone = len(settings) == 1
    ratio = image.shape[0] / image.shape[1]
    fig, axes = show.new(len(settings), 2, (6.4, 1.95) if alone else (2.4, 1.5 * ratio + 0.5), height_ratios=(3, 1))
    for pair, setting in zip(axes.T, settings, strict=True):
        _draw_tiles(*pair, image, setting, scale)
        pair[0].set_title("" if alone else _tiling_text(np.multiply(image.shape[:2], scale), setting).replace(": ", "\n"))
        pair[0].set_axis_off()
        pair[1].set(ylim=(0, 1.1), yticks=[0, 1], xlabel="x (pixels)", box_aspect=ratio / 3)  # as wide as the mosaic
    axes[1, 0].set_ylabel("weight")
    return fig


def _draw_tiles(above, below, image, setting, scale):
    height, width = np.multiply(image.shape[:2], scale)
    tile, overlap = setting["tile"], int(setting["tile"] * setting["overlap"])
    line = np.sqrt(np.diag(weights(tile, overlap)))
    columns = starts(width, tile, overlap)
    above.imshow(image, extent=(0, width, height, 0))
    corners = [(column, row) for row, column in product(starts(height, tile, overlap), columns)]
    outlines = [Rectangle(corner, tile, tile) for corner in corners]
    above.add_collection(PatchCollection(outlines, facecolor="none", edgecolor="white", lw=0.6))
    above.add_patch(Rectangle(corners[0], tile, tile, facecolor="none", edgecolor="#E69F00", lw=2))
    for number, column in enumerate(columns):
        below.plot(np.arange(column, column + tile), line, color=show.PALETTE[number % 2], lw=1.2)
    above.set(xlim=(0, width), ylim=(height, 0))
    below.set_xlim(0, width)


def _tiling_text(size, setting):
    tile, overlap = setting["tile"], int(setting["tile"] * setting["overlap"])
    down, along = (len(starts(side, tile, overlap)) for side in size)
    times = down * along * tile**2 / (size[0] * size[1])
    return f"tile {tile}, overlap {overlap}: {down}×{along} tiles, {times:.1f} × the pixels"
