"""Figures and tables of the lessons. Every figure carries alternative text, printed as its caption too."""

import itertools

import numpy as np
from IPython.display import display
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..classes import IGNORE, ClassTable
from . import grids, page
from .page import PALETTE

IGNORED_COLOUR = (128, 128, 128)
HIT, MISSED, INVENTED = (178, 190, 205), (0, 60, 160), (220, 0, 90)  # pale blue-grey, blue, crimson: they differ in lightness, too
OUTLINES = {"mask": ("#56B4E9", 2.6), "prediction": ("#E69F00", 1.2)}  # colour and points: where both lie, the thin one is on the wide one
MANY = 6  # a legend of more classes than these names only those of the figure


def new(columns: int = 1, rows: int = 1, size: tuple[float, float] | None = None, **kwargs):
    """A figure in the course's style with rows × columns axes of `size` inches each: (figure, axes (rows, columns)).

    Without `size` the columns share the width of the page; the axes are two thirds as high as wide, and at most 3.6 inches high.
    """
    size = size or (page.WIDTH / columns, min(3.6, page.WIDTH / columns / 1.5))
    figure = Figure(figsize=(columns * size[0], rows * size[1]), dpi=page.DPI, layout="constrained")
    figure.get_layout_engine().set(w_pad=page.PAD / 2, h_pad=page.PAD / 2)
    return figure, figure.subplots(rows, columns, squeeze=False, **kwargs)


def figure(fig: Figure, alt: str) -> None:
    """Show a finished figure with alternative text, and the same text as a caption of one line."""
    if not alt:
        raise ValueError("A figure needs alt=: one sentence that tells what it shows to those who cannot see it.")
    display({"text/html": page.as_html(fig, alt), "text/plain": alt}, raw=True)


def images(pictures, titles=(), *, alt: str, columns: int = 6, size: float | None = None, value_range=(0, 1)) -> None:
    """Pictures side by side in rows of about the same length, each in its own proportions.

    Args:
        pictures: (height, width) or (height, width, 1, 3 or 4) each; uint8 from 0 to 255, else in `value_range`.
            Masks of class ids are for `pairs` or `overlay`: here 0 and 1 of 255 would both be black.
        titles: one a picture, or fewer.
        alt: what the figure shows, in a sentence.
        columns: most pictures in a row.
        size: width of a picture in inches; None: a row fills the page.
        value_range: the values drawn black and white (for colours: none and full).

    Raises:
        ValueError: there are no pictures, or an array is none.
    """
    pictures = [_rgb(picture, value_range) for picture in _some(pictures, "show.images")]
    columns = -(-len(pictures) // -(-len(pictures) // columns))
    rows = range(0, len(pictures), columns)
    fig = page.grid(*([list(part[k : k + columns]) for k in rows] for part in ([*map(_ratio, pictures)], titles)), size=size)
    for axis, picture in zip(fig.axes, pictures, strict=True):
        _draw(axis, picture)
    figure(fig, alt)


def pairs(pictures, masks, table: ClassTable, *, alt: str, predictions=None, titles=(), size: float | None = None) -> None:
    """Images, their masks, predictions (if given) with their errors, and a legend.

    Errors are drawn for one or two predictions. Of two classes they tell what of the rarer one is hit, missed and invented; of more
    classes, which pixels are wrong, on the pale mask. An image is a column; up to three are rows if that makes them
    larger.

    Args:
        pictures: float in [0, 1] or uint8, (N, height, width, channels), or N pictures of any sizes.
        masks: train ids, (N, height, width); 255 = ignored, drawn grey.
        table: names and colours.
        alt: what the figure shows, in a sentence.
        predictions: train ids, (N, height, width), or a dictionary from a name to such an array for several.
        titles: one an image, or fewer.
        size: width of a picture in inches; None: a row fills the page.

    Raises:
        ValueError: there are no pictures, a mask is missing or of another size than its picture, or its values are no class ids.
    """
    pictures = [_rgb(picture) for picture in _some(pictures, "show.pairs")]
    if not isinstance(predictions, dict):
        predictions = {} if predictions is None else {"prediction": predictions}
    layers = {name: _fitting(pictures, ids, name) for name, ids in ({"mask": masks} | predictions).items()}
    thing = int(sum((mask == 1).sum() for mask in layers["mask"]) <= sum((mask == 0).sum() for mask in layers["mask"]))
    labels, cells = ["image"], [pictures]
    for name, ids in layers.items():
        labels.append(name)
        cells.append([_paint(mask, table) for mask in ids])
        if name != "mask" and len(predictions) <= 2:
            labels.append("errors")
            cells.append([_errors(*two, table, thing) for two in zip(layers["mask"], ids, strict=True)])
    heads = [*titles, *[""] * (len(pictures) - len(titles))]
    high, wide = max(map(_ratio, pictures)), page.WIDTH / page.HEIGHT
    if len(pictures) <= 3 and min(wide / len(heads), 1 / (high * len(labels))) < min(wide / len(labels), 1 / (high * len(heads))):
        cells, labels, heads = [*zip(*cells, strict=True)], heads, labels
    legends = [_swatches(table, *(ids for masks in layers.values() for ids in masks))]
    if predictions and len(predictions) <= 2:
        legends.append(_error_swatches(table, thing))
    ratios = [[_ratio(picture) for picture in row] for row in cells]
    fig = page.grid(ratios, [heads], labels if any(labels) else (), size=size, legends=legends)
    for axis, picture in zip(fig.axes, itertools.chain(*cells), strict=True):
        _draw(axis, picture)
    figure(fig, alt)


def numbers(arrays, titles=(), *, alt: str, most: float | None = None, cell: float = grids.CELL) -> None:
    """Small arrays side by side, each number in a square whose colour tells its size: blue above zero, orange below, white for zero.

    Args:
        arrays: (rows, columns) or (columns,) each.
        titles: one an array, or fewer.
        alt: what the figure shows, in a sentence.
        most: the number that gets the darkest colour; None: the largest there is.
        cell: side of a square in inches, less where the page is too narrow.

    Raises:
        ValueError: there are no arrays.
    """
    figure(grids.draw(_some(arrays, "show.numbers"), titles, most, cell), alt)


def outlines(pictures, masks, predictions=None, *, alt: str, titles=(), columns: int = 3, size: float | None = None) -> None:
    """Pictures with the outlines of mask and prediction: where they agree, the prediction's thin line runs on the mask's wide one.

    Args:
        pictures, masks, predictions: as for `pairs`; an outline runs where two classes meet, not along ignored pixels.
        alt: what the figure shows, in a sentence.
        titles: one a picture, or fewer.
        columns: most pictures in a row.
        size: width of a picture in inches; None: a row fills the page.

    Raises:
        ValueError: as for `pairs`.
    """
    pictures = [_rgb(picture) for picture in _some(pictures, "show.outlines")]
    layers = {"mask": masks} | ({} if predictions is None else {"prediction": predictions})
    layers = {name: _fitting(pictures, ids, name) for name, ids in layers.items()}
    columns = -(-len(pictures) // -(-len(pictures) // columns))
    rows = range(0, len(pictures), columns)
    handles = [Line2D([], [], color=OUTLINES[name][0], lw=OUTLINES[name][1], label=name) for name in layers]
    parts = ([list(part[k : k + columns]) for k in rows] for part in ([*map(_ratio, pictures)], titles))
    fig = page.grid(*parts, size=size, legends=[handles])
    for number, (axis, picture) in enumerate(zip(fig.axes, pictures, strict=True)):
        _draw(axis, picture)
        for name, ids in layers.items():
            colour, width = OUTLINES[name]
            edges = _edges(ids[number])
            for line in ({"color": "black", "lw": width + 1.4, "alpha": 0.55}, {"color": colour, "lw": width}):
                axis.add_collection(LineCollection(edges, capstyle="projecting", **line), autolim=False)
    figure(fig, alt)


def overlay(picture, mask, table: ClassTable, opacity: float = 0.55) -> np.ndarray:
    """The mask's colours over the picture, uint8 (height, width, 3).

    Args:
        picture: (height, width) or (height, width, 1, 3 or 4), uint8 or float in [0, 1].
        mask: train ids, (height, width) or (height, width, 1); what has no class in `table`, such as 255, is grey.
        table: the colours.
        opacity: 0 shows the picture alone, 1 the mask alone.

    Raises:
        ValueError: values between the classes, or a mask of another size.
    """
    (ids,) = _fitting([picture := _rgb(picture)], [mask], "mask")
    return np.uint8((1 - opacity) * picture + opacity * _paint(ids, table).astype(np.float32))


def legend(fig: Figure, table: ClassTable, ignored: bool = False) -> None:
    """Class names and colours below the figure, row by row; `ignored` adds the grey of ignored pixels."""
    page.legend(fig, _swatches(table, np.arange(table.num_classes), np.full(int(ignored), IGNORE)), loc="outside lower center")


def histories(runs: dict[str, dict[str, list]], metric: str = "loss", *, alt: str, log: bool = False, x=None, x_label="epoch") -> None:
    """Learning curves: `metric` as a full line and `val_<metric>` dashed, one colour a run, whose name stands where its curve ends.

    Args:
        runs: from a name to a history as Keras or `training.fit` gives it.
        metric: key of the history.
        alt: what the figure shows, in a sentence.
        log: logarithmic vertical axis.
        x: from a name to the values of the horizontal axis, if it is not the epoch.
        x_label: what they are.

    Raises:
        ValueError: no history holds `metric`.
    """
    known = sorted({key for history in runs.values() for key in history})
    if not {metric, f"val_{metric}"} & set(known):
        raise ValueError(f"No history holds {metric!r}; there are {', '.join(known)}.")
    fig, ((axis,),) = new()
    ends, styles = {}, {}
    for number, (name, history) in enumerate(runs.items()):
        colour = PALETTE[number % len(PALETTE)]
        for key, style, suffix in [(metric, "-", "training"), (f"val_{metric}", "--", "validation")]:
            if key in history:
                values = history[key]
                axis.plot(x[name] if x else range(1, len(values) + 1), values, style, color=colour, label=f"{name}, {suffix}", lw=1.6)
                styles[suffix] = Line2D([], [], color=page.INK, ls=style, lw=1.6, label=suffix)
                ends[name] = colour, values[-1]
    axis.set(xlabel=x_label, ylabel=metric, yscale="log" if log else "linear")
    if not x:
        axis.xaxis.get_major_locator().set_params(integer=True)
    page.legend(fig, [*styles.values()], loc="outside upper right")
    if len(runs) > 1:
        page.name_ends(axis, ends)
    figure(fig, alt)


def table(rows: list[dict], *, digits: int = 3) -> None:
    """A table from a list of dictionaries with the same keys; floats get `digits` decimals. ValueError: there are no rows."""
    if not rows:
        raise ValueError("show.table got no rows: the list is empty.")

    def text(value):
        return f"{value:.{digits}f}" if isinstance(value, float | np.floating) else str(value)

    head = list(rows[0])
    body = [[text(row[key]) for key in head] for row in rows]
    numeric = [all(isinstance(row[key], int | float | np.number) for row in rows) for key in head]
    lines = [head, ["--:" if n else ":--" for n in numeric], *body]
    markdown = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    widths = [max(len(line[column]) for line in [head, *body]) for column in range(len(head))]
    plain = "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in [head, *body])
    display({"text/markdown": markdown, "text/plain": plain}, raw=True)


def _some(pictures, function):
    pictures = list(pictures)
    if not pictures:
        raise ValueError(f"{function} got no pictures: the list is empty.")
    return pictures


def _ratio(picture):
    return picture.shape[0] / picture.shape[1]


def _rgb(picture, value_range=(0, 1)):
    """The picture as uint8 (height, width, 3); what is transparent lies on white."""
    picture = np.asarray(picture)
    shape = picture.shape
    if picture.ndim == 4 and len(picture) == 1:
        picture = picture[0]
    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.ndim != 3 or picture.shape[-1] not in (1, 3, 4) or not picture.size:
        raise ValueError(f"A picture has the shape (height, width) or (height, width, 1, 3 or 4), not {shape}.")
    if picture.dtype != np.uint8:
        low, high = value_range
        picture = np.uint8(np.round(255 * np.clip(np.nan_to_num((picture.astype(np.float32) - low) / (high - low)), 0, 1)))
    if picture.shape[-1] == 4:
        opaque = picture[..., 3:] / 255
        picture = np.uint8(np.round(opaque * picture[..., :3] + 255 * (1 - opaque)))
    return np.broadcast_to(picture, (*picture.shape[:2], 3))


def _draw(axis, picture):
    """Pixels are squares where they are enlarged, and in drawings, whose colours must not mix; photographs may be averaged."""
    inches = axis.get_position().width * axis.figure.get_figwidth()
    hard = picture.shape[1] <= inches * page.DPI * page.FINENESS[0][0] or len(np.unique(picture[..., 0])) <= 64
    axis.imshow(picture, interpolation="nearest" if hard else "antialiased")


def _fitting(pictures, masks, name):
    """The masks as uint8 (height, width), each of its picture's size."""
    masks = [np.asarray(mask) for mask in masks]
    if len(masks) != len(pictures):
        raise ValueError(f"{name}: {len(masks)} for {len(pictures)} pictures; one each is wanted.")
    for number, (picture, mask) in enumerate(zip(pictures, masks, strict=True)):
        if mask.shape not in (picture.shape[:2], (*picture.shape[:2], 1)):
            raise ValueError(f"{name} {number} has the shape {mask.shape}, its picture {picture.shape[:2]}; both must have the same size.")
        if np.mod(mask, 1).any():
            raise ValueError("A mask holds class ids, not probabilities: take the argmax over the channels, or compare with 0.5, first.")
    return [mask.astype(np.uint8).reshape(mask.shape[:2]) for mask in masks]


def _paint(ids, table):
    """The colours of the ids, uint8 (height, width, 3); what has no class is grey."""
    colours = np.full((256, 3), IGNORED_COLOUR, np.uint8)
    colours[: table.num_classes] = table.colours
    return colours[ids]


def _errors(mask, said, table, thing):
    """Errors in strong colours, uint8 (height, width, 3): of two classes on white, with the hits of `thing`; of more on the pale mask."""
    view = np.uint8(255 - 0.25 * (255.0 - _paint(mask, table)))
    if table.num_classes == 2:
        view[:] = 255
        view[mask == thing] = np.where((said == thing)[mask == thing, None], HIT, MISSED)
        view[(mask != thing) & (said == thing)] = INVENTED
    else:
        view[mask != said] = INVENTED
    view[mask >= table.num_classes] = IGNORED_COLOUR
    return view


def _swatch(colour, name):
    return Patch(facecolor=np.array(colour) / 255, edgecolor="0.35", lw=0.6, label=name)


def _swatches(table, *masks):
    """The colours of the classes, of those alone that are in the masks if there are `MANY`."""
    found = set().union(*(np.unique(ids).tolist() for ids in masks))
    classes = [k for k in range(table.num_classes) if table.num_classes <= MANY or k in found]
    ignored = [_swatch(IGNORED_COLOUR, "ignored")] if max(found) >= table.num_classes else []
    return [*(_swatch(table.colours[k], table.names[k]) for k in classes), *ignored]


def _error_swatches(table, thing):
    if table.num_classes > 2:
        return [_swatch(INVENTED, "wrong pixel")]
    name, rest = table.names[thing], table.names[1 - thing]
    names = f"hit: {name}", f"missed: {name} taken for {rest}", f"invented: {rest} taken for {name}"
    return [_swatch(colour, name) for colour, name in zip((HIT, MISSED, INVENTED), names, strict=True)]


def _edges(ids):
    """The sides of pixels where two classes meet, [((x, y), (x, y)), …] in pixels; ignored pixels have none."""
    lines = []
    for axis in (0, 1):
        one, other = (ids[:-1], ids[1:]) if axis == 0 else (ids[:, :-1], ids[:, 1:])
        y, x = np.nonzero((one != other) & (one != IGNORE) & (other != IGNORE))
        start = np.stack([x - 0.5, y + 0.5] if axis == 0 else [x + 0.5, y - 0.5], axis=-1)
        lines.append(np.stack([start, start + ((1, 0) if axis == 0 else (0, 1))], axis=1))
    return np.concatenate(lines)
