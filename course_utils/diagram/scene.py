"""Shapes and words at places, and how they become an SVG or a PNG. Lengths are CSS pixels, from the upper left corner."""

import html
import io
from dataclasses import dataclass
from functools import lru_cache

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.textpath import TextPath
from PIL import Image

from ..show.page import CARD, INK  # its card keeps the drawing legible in a dark theme

GREY = "#57606a"
FONT = 10.5
SCALE = 1.5  # pixels of the PNG for one of CSS; where it is seen at all, it is next to a page full of larger pictures
FAMILIES = "Helvetica, Arial, sans-serif"  # all of them narrower than the DejaVu Sans by which texts are measured here
CODES = {"M": [Path.MOVETO], "L": [Path.LINETO], "Q": [Path.CURVE3] * 2, "C": [Path.CURVE4] * 3}


@dataclass
class Shape:
    """commands: [("M" | "L" | "Q" | "C", (x, y), …)] as in SVG; colours are "#rrggbb" or "none"."""

    commands: list
    fill: str = "none"
    line: str = "none"
    width: float = 1.0
    dashed: bool = False


@dataclass
class Text:
    """A line of text; (x, y) is the middle or the left ("middle", "start") of its base line. A halo keeps it legible upon lines."""

    x: float
    y: float
    words: str
    colour: str = INK
    bold: bool = False
    anchor: str = "middle"
    halo: bool = True

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        width = text_width(self.words, self.bold)
        left = self.x - {"start": 0, "middle": width / 2}[self.anchor]
        return left, self.y - 0.76 * FONT, left + width, self.y + 0.24 * FONT


@lru_cache(4096)
def text_width(words: str, bold: bool = False) -> float:
    """Of a line of text."""
    return TextPath((0, 0), words, size=FONT, prop=_font(bold)).get_extents().width if words.strip() else 0.0


def _font(bold):
    return FontProperties(family="DejaVu Sans", size=FONT, weight="bold" if bold else "normal")


def as_svg(things: list, width: float, height: float, alt: str) -> str:
    """The SVG's source."""
    alt = html.escape(alt)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'role="img" aria-label="{alt}" font-family="{FAMILIES}" font-size="{FONT}"><title>{alt}</title>',
        f'<rect width="100%" height="100%" rx="8" fill="{CARD}"/>',
    ]
    for thing in things:
        if isinstance(thing, Shape):
            path = "".join(letter + " ".join(f"{x:.4g},{y:.4g}" for x, y in points) for letter, *points in thing.commands)
            line = f' stroke="{thing.line}" stroke-width="{thing.width:g}"' if thing.line != "none" else ""
            line += ' stroke-dasharray="4 3"' * thing.dashed
            lines.append(f'<path d="{path}" fill="{thing.fill}"{line}/>')
        else:
            style = ' font-weight="bold"' * thing.bold + (f' text-anchor="{thing.anchor}"' if thing.anchor != "start" else "")
            style += f' stroke="{CARD}" stroke-width="3" paint-order="stroke"' * thing.halo
            lines.append(f'<text x="{thing.x:.1f}" y="{thing.y:.1f}" fill="{thing.colour}"{style}>{html.escape(thing.words)}</text>')
    return "\n".join([*lines, "</svg>"])


def as_png(things: list, width: float, height: float) -> bytes:
    """The PNG's bytes."""
    figure = Figure((width / 72, height / 72), facecolor=CARD)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    for order, thing in enumerate(things):
        if isinstance(thing, Shape):
            codes = [code for letter, *_ in thing.commands for code in CODES[letter]]
            path = Path([point for _, *points in thing.commands for point in points], codes)
            style = {"lw": thing.width, "ls": (0, (4, 3)) if thing.dashed else "-", "capstyle": "butt"}
            axes.add_patch(PathPatch(path, fc=thing.fill, ec=thing.line, zorder=order, **style))
        else:
            place = {"start": "left", "middle": "center"}[thing.anchor]
            halo = [withStroke(linewidth=3, foreground=CARD)] if thing.halo else None
            style = {"color": thing.colour, "font": _font(thing.bold), "zorder": order, "path_effects": halo}
            axes.text(thing.x, thing.y, thing.words, ha=place, va="baseline", **style)
    whole, small = io.BytesIO(), io.BytesIO()
    figure.savefig(whole, format="png", dpi=72 * SCALE)
    Image.open(whole).convert("RGB").quantize(32, dither=Image.Dither.NONE).save(small, "png", optimize=True)  # it has few colours
    return small.getvalue()
