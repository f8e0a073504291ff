"""How a figure gets onto the page: its size, its card, its file, its alternative text.

A figure is as wide as the page (`WIDTH` inches of 100 CSS pixels), drawn with twice as many pixels, so that it is sharp on a fine
screen, and lies on a light card: no colour of text keeps a contrast of 4.5 both on white and on the black of JupyterLab's dark theme.
"""

import base64
import functools
import html
import io
import itertools
import re

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath
from matplotlib.transforms import Bbox
from PIL import Image

WIDTH = 9.6  # inches of a full row
HEIGHT = 8.0  # inches that a figure of pictures should not exceed: about a screen
DPI = 100  # CSS pixels an inch
# Pixels of the file for a CSS pixel, and quality of a JPEG: the first, or the others where it makes the figure heavy.
FINENESS = (2, 88), (1.5, 85), (1.5, 70)
LIGHT, HEAVY = 60_000, 75_000  # bytes of a figure that is one PNG, and of one that is drawn smaller: a notebook has about 800,000 for all
NEAR = 2  # levels of 255 that nobody sees in the rim of a letter
MOST, FLAT = 8000, 0.85  # colours of a drawing at most, and the share of its pixels that have one of the 64 commonest
LEAST = 1.6  # inches of a picture's width in a figure that is higher than that
PAD, GAP = 0.12, 0.07  # inches around all and between pictures
BELOW = "More rows of this figure."  # alternative text of its lower parts: JupyterLab calls an image without any "Image"
LINE = 0.165  # inches of a line of text
SMALL = 8.5  # points of a legend's text
SPACING = {"handlelength": 1.4, "handletextpad": 0.5, "columnspacing": 1.6, "labelspacing": 0.4}
CARD, INK = "#eaecf0", "#1f2328"
PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]  # Okabe and Ito (2008)
STYLE = {  # holds for every figure of a lesson, also for what is drawn without this module
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(color=PALETTE),
    "figure.facecolor": CARD,
    "axes.facecolor": CARD,
    "savefig.facecolor": CARD,
    **dict.fromkeys(["text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color"], INK),
    "legend.facecolor": CARD,  # where a legend has to lie over curves, they do not run through its words
    "legend.edgecolor": "none",
    "legend.framealpha": 0.85,
}
matplotlib.rcParams.update(STYLE)


def as_html(fig: Figure, alt: str) -> str:
    """The figure as one `<figure>`: its image with alternative text, and the same text below as a caption.

    A heavy one is several images, one below the other: rows of photographs as JPEG, rows of masks and text as PNG.
    """
    width, parts = encoded(fig)
    text = html.escape(alt, quote=True)
    style = 'style="display:block;width:100%;height:auto;margin:0"'
    images = "".join(
        f'<img alt="{BELOW if number else text}" width="{width}" src="data:image/{kind};base64,{base64.b64encode(data).decode()}" {style}>'
        for number, (kind, data) in enumerate(parts)
    )
    return (
        f'<figure style="margin:8px 0;width:{width}px;max-width:100%">'
        f'<div style="background-color:{CARD};border-radius:8px;overflow:hidden">{images}</div>'
        f'<figcaption style="font-style:italic;margin-top:4px">{text}</figcaption></figure>'
    )


def read(text: str) -> tuple[str, str, bytes, int] | None:
    """Alternative text, kind ("png" or "jpeg"), file and width in CSS pixels of what `as_html` wrote; None if there is no figure."""
    found = re.findall(r'<img alt="([^"]*)" width="(\d+)" src="data:image/(png|jpeg);base64,([^"]+)"', text)
    if not found:
        return None
    files = [base64.b64decode(data) for *_, data in found]
    alt, width, kind, _ = found[0]
    if len(files) > 1:
        rows = np.concatenate([np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in files])
        kind, files = "jpeg", [_file(Image.fromarray(rows), "jpeg")]
    return html.unescape(alt), kind, files[0], int(width)


def encoded(fig: Figure) -> tuple[int, list[tuple[str, bytes]]]:
    """Width in CSS pixels, and the files of the figure's parts from top to bottom, ("png" or "jpeg", file) each."""
    scale, quality = FINENESS[0]
    image = _image(fig, scale)
    parts = _parts(image, quality)
    if (weight := sum(len(file) for _, file in parts)) > HEAVY:
        scale, quality = FINENESS[1 if weight < 1.5 * HEAVY else 2]
        image = _image(fig, scale)
        parts = _parts(image, quality)
    return round(image.width / scale), parts


def _parts(image, quality):
    """The image as files. A large one is cut between its rows; those of photographs, which PNG holds badly, become JPEG."""
    pixels = np.asarray(image)
    edges = np.diff(np.concatenate([[0], (pixels == pixels[0, 0]).all(axis=(1, 2)), [0]]).astype(int))
    gaps = zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    cuts = [0, *[(start + end) // 4 * 2 for start, end in gaps if end - start > 6 and start > 0 and end < len(pixels)], len(pixels)]
    light, kinds = 0, []
    for top, bottom in itertools.pairwise(cuts):
        part = image.crop((0, top, image.width, bottom))
        png = len(_file(part, "png"))
        light += png
        kinds.append("jpeg" if 1.2 * len(_file(part, "jpeg", quality)) < png else "png")
    if light <= LIGHT:
        return [("png", _file(image, "png"))]
    starts = [k for k in range(len(kinds)) if k == 0 or kinds[k] != kinds[k - 1]]
    bounds = [(kinds[k], cuts[k], cuts[end]) for k, end in itertools.pairwise([*starts, len(kinds)])]
    return [(kind, _file(image.crop((0, top, image.width, bottom)), kind, quality)) for kind, top, bottom in bounds]


def _file(image, kind, quality=95):
    buffer = io.BytesIO()
    if kind == "jpeg":
        image.save(buffer, kind, quality=quality, subsampling=0 if quality > FINENESS[-1][1] else 2)
    else:
        _indexed(image).save(buffer, kind)
    return buffer.getvalue()


def _indexed(image):
    """The same image with a table of its colours, half as heavy, if it has so few: masks, bars and text.

    The rarest shades of a letter's rim may be moved to a neighbour, by NEAR levels of 255 at most; else the image stays as it is.
    """
    counted = image.getcolors(2 * 256)
    if counted is None:
        return _flat(image)
    colours = np.array([colour for _, colour in sorted(counted, reverse=True)], int)
    apart = np.abs(colours[:, None] - colours).max(axis=2)
    earlier, kept = np.where(np.tri(len(colours), k=-1, dtype=bool), apart, 256), np.ones(len(colours), bool)
    for _ in range(len(colours) - 256):  # the colour that is nearest to a commoner one goes
        kept[gone := earlier.min(axis=1).argmin()] = False
        earlier[gone], earlier[:, gone] = 256, 256
    table, apart = colours[kept], apart[:, kept]
    if apart.min(axis=1).max() > NEAR:
        return image
    packed = colours @ [65536, 256, 1]
    order = np.argsort(packed)
    index = apart.argmin(axis=1)[order[np.searchsorted(packed, np.asarray(image) @ [65536, 256, 1], sorter=order)]]
    indexed = Image.fromarray(np.uint8(index), "P")
    indexed.putpalette(np.uint8(table).tobytes())
    return indexed


def _flat(image):
    """A drawing, most of whose pixels have one of few colours, with a table of 256: only rims of letters differ. Else as it is."""
    counted = image.getcolors(MOST)
    if counted is None or sum(sorted((number for number, _ in counted), reverse=True)[:64]) < FLAT * image.width * image.height:
        return image
    return image.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def _image(fig, scale):
    """The figure's pixels, larger than the figure where something sticks out of it; long titles are broken into lines."""
    for axis in fig.axes:
        if place := axis.get_subplotspec():
            shares = place.get_gridspec().get_width_ratios() or [1] * place.get_gridspec().ncols
            share = sum(shares[place.colspan.start : place.colspan.stop]) / sum(shares)
            axis.set_title(fitted(axis.get_title(), 0.95 * share * fig.get_figwidth(), axis.title.get_fontsize()))
    image = _saved(fig, scale)
    box, all_of_it = fig.get_tightbbox(), fig.bbox_inches
    if not (all_of_it.x0 <= box.x0 and box.x1 <= all_of_it.x1 and all_of_it.y0 <= box.y0 and box.y1 <= all_of_it.y1):
        image = _saved(fig, scale, bbox_inches=Bbox.union([all_of_it, box.padded(PAD / 2)]))
    return image


def _saved(fig, scale, **kwargs):
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=scale * DPI, pil_kwargs={"compress_level": 0}, **kwargs)
    return Image.open(buffer).convert("RGB")


@functools.lru_cache(4096)
def fitted(text: str, inches: float, size: float = 9) -> str:
    """The text with line breaks, where it is wider than that; between words, or within a word that is wider by itself."""
    lines = []
    for line in text.split("\n"):
        lines.append("")
        for word in re.split(r"(?<=[ _/-])", line):
            if lines[-1] and text_width(lines[-1] + word.rstrip(), size) > inches:
                lines.append("")
            while text_width(word.rstrip(), size) > inches and len(word) > 1:
                fits = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or text_width(word[:n], size) <= inches)
                lines[-1:] = [word[:fits], ""]
                word = word[fits:]
            lines[-1] += word
    return "\n".join(line.rstrip() for line in lines)


@functools.lru_cache(4096)
def text_width(text: str, size: float) -> float:
    """Inches that a line of text of `size` points takes."""
    return TextPath((0, 0), text, size=size).get_extents().width / 72 if text.strip() else 0.0


def grid(ratios, titles=(), labels=(), *, size=None, legends=()):
    """A figure with axes for pictures in rows that fill the page; `fig.axes` holds them row by row.

    Args:
        ratios: height by width of each picture, a list a row; the last may be shorter.
        titles: text above the pictures, a list a row, "" for none; or fewer rows.
        labels: text left of each row, upwards; or none.
        size: width of a picture in inches; None: what fills the page, less if the figure would be higher than `HEIGHT`.
        legends: lists of legend handles, one list below the other.
    """
    left, heads, width = _measured(ratios, titles, labels, size)
    columns, heights = max(map(len, ratios)), [width * max(row) for row in ratios]
    inside = columns * width + (columns - 1) * GAP
    wide = max(left + inside + PAD, *(_entry(handle) + 2 * PAD for handles in legends for handle in handles), 0)
    feet = [LINE * -(-len(handles) // _columns(handles, wide)) + 0.1 for handles in legends]
    high = sum(heights) + sum(heads) + GAP * (len(ratios) - 1) + 2 * PAD + sum(feet)
    fig = Figure(figsize=(wide, high), dpi=DPI)
    top = high - PAD
    for number, (row, height, head) in enumerate(zip(ratios, heights, heads, strict=True)):
        top -= head + height
        places = [(left + column * (width + GAP)) / wide for column in range(len(row))]
        axes = [fig.add_axes((x, top / high, width / wide, height / high), xticks=[], yticks=[], frame_on=False) for x in places]
        for axis, title in zip(axes, titles[number] if number < len(titles) else (), strict=False):
            axis.set_title(fitted(title, width), pad=4)
        if labels:
            axes[0].set_ylabel(fitted(labels[number], height), labelpad=5)
        top -= GAP
    for number, handles in enumerate(legends):
        legend(fig, handles, borderaxespad=0, loc="lower left", bbox_to_anchor=(left / wide, (PAD / 2 + sum(feet[number + 1 :])) / high))
    return fig


def legend(fig: Figure, handles, **where) -> None:
    """A legend whose entries follow each other row by row, in as many columns as fit."""
    columns = _columns(handles, fig.get_figwidth())
    by_column = [handle for column in range(columns) for handle in handles[column::columns]]
    fig.legend(handles=by_column, ncols=columns, frameon=False, fontsize=SMALL, borderpad=0, **SPACING, **where)


def name_ends(axis, ends) -> None:
    """Names right of the axes, each at the height where its curve ends, or as near as there is room.

    ends: from a name to (colour, last value of its curve).
    """
    high = 1.15 * LINE / (0.8 * axis.figure.get_figheight())  # of a line, as a part of the axes' height
    axis.autoscale_view()  # else the limits are settled only when the figure is drawn
    to_axes = axis.transData + axis.transAxes.inverted()
    wanted = {name: float(np.clip(np.nan_to_num(to_axes.transform((1, value))[1]), 0, 1)) for name, (_, value) in ends.items()}
    names = sorted(ends, key=wanted.get)
    heights = [wanted[name] for name in names]
    for _ in range(100):  # neighbours push each other apart
        for one, other in itertools.pairwise(range(len(names))):
            lack = high - (heights[other] - heights[one])
            if lack > 1e-4:
                heights[one], heights[other] = heights[one] - lack / 2, heights[other] + lack / 2
        shift = max(0, -heights[0]) - max(0, heights[-1] - 1)
        heights = [height + shift for height in heights]
    for name, height in zip(names, heights, strict=True):
        axis.plot([1.01, 1.035], [height, height], color=ends[name][0], lw=3, transform=axis.transAxes, clip_on=False)
        axis.text(1.045, height, fitted(name, WIDTH / 5), transform=axis.transAxes, va="center")


def _columns(handles, wide):
    most = max(1, min(len(handles), int((wide - 2 * PAD) / max(map(_entry, handles)))))
    rows = -(-len(handles) // most)
    return -(-len(handles) // rows)


def _entry(handle):
    """Inches that an entry of the legend takes: swatch, text, and the space to the next."""
    return (
        text_width(handle.get_label(), SMALL) + sum(SPACING[key] for key in ("handlelength", "handletextpad", "columnspacing")) * SMALL / 72
    )


def _measured(ratios, titles, labels, size):
    """Inches left of the pictures, of the text above each row, and of a picture's width."""
    columns, width = max(map(len, ratios)), size or WIDTH
    for _ in range(3):  # narrower pictures need more lines of text, which leave less room for pictures
        lines = max((fitted(text, max(row) * width).count("\n") + 1 for text, row in zip(labels, ratios, strict=False)), default=0)
        left = PAD + (LINE * lines + 0.05 if any(labels) else 0)
        heads = [max((fitted(text, width).count("\n") + 1 if text else 0 for text in row), default=0) for row in titles]
        heads = [LINE * lines + 0.06 * bool(lines) for lines in [*heads, *[0] * (len(ratios) - len(heads))]]
        most = (WIDTH - left - PAD - GAP * (columns - 1)) / columns
        tall = (HEIGHT - sum(heads) - GAP * (len(ratios) - 1) - 2 * PAD) / sum(map(max, ratios))
        width = min(size or max(tall, LEAST), most)
    return left, heads, width
