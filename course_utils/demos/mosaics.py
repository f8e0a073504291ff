"""Lesson 08: a mosaic under its tiles."""

import numpy as np
from matplotlib.collections import LineCollection
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
    """One column for each setting (`tile` in pixels, `overlap` as a share of it): outlines of the tiles, and below their weights along x.

    One setting alone has them at the right.
    """
    ratio, alone = image.shape[0] / image.shape[1], len(settings) == 1
    if alone:
        fig, axes = show.new(2, 1, (3.2, min(3.7, 3.6 * ratio + 0.3)), width_ratios=(3, 2))
    else:
        fig, axes = show.new(len(settings), 2, (2.4, 1.5 * ratio + 0.5), height_ratios=(3, 1))
    for pair, setting in zip([axes.flat] if alone else axes.T, settings, strict=True):
        _draw_tiles(*pair, image, setting, scale)
        pair[0].set_title("" if alone else _tiling_text(np.multiply(image.shape[:2], scale), setting).replace(": ", "\n"))
        pair[0].set_axis_off()
        pair[1].set(ylim=(0, 1.1), yticks=[0, 1], xlabel="x (pixels)", box_aspect=0.6 if alone else ratio / 3)  # below: as wide as above
    axes[0 if alone else 1, 1 if alone else 0].set_ylabel("weight")
    return fig


def _draw_tiles(above, below, image, setting, scale):
    height, width = np.multiply(image.shape[:2], scale)
    tile, overlap = setting["tile"], int(setting["tile"] * setting["overlap"])
    line = np.sqrt(np.diag(weights(tile, overlap)))
    rows, columns = starts(height, tile, overlap), starts(width, tile, overlap)
    above.imshow(image, extent=(0, width, height, 0))
    # the outlines of all tiles together are lines from side to side
    above.hlines(np.unique([*rows, *np.add(rows, tile)]), 0, width, color="white", lw=0.6)
    above.vlines(np.unique([*columns, *np.add(columns, tile)]), 0, height, color="white", lw=0.6)
    above.add_patch(Rectangle((columns[0], rows[0]), tile, tile, facecolor="none", edgecolor="#E69F00", lw=2, zorder=3))
    curves = [np.column_stack([np.arange(column, column + tile), line]) for column in columns]
    below.add_collection(LineCollection(curves, colors=show.PALETTE[:2], lw=1.2))
    above.set(xlim=(0, width), ylim=(height, 0))
    below.set_xlim(0, width)


def _tiling_text(size, setting):
    tile, overlap = setting["tile"], int(setting["tile"] * setting["overlap"])
    down, along = (len(starts(side, tile, overlap)) for side in size)
    times = down * along * tile**2 / (size[0] * size[1])
    return f"tile {tile}, overlap {overlap}: {down}×{along} tiles, {times:.1f} × the pixels"
