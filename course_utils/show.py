"""Figures and tables of the lessons. Every figure carries alternative text, printed as its caption too."""

import io

import matplotlib
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from PIL import Image

from .classes import IGNORE, ClassTable

DPI = 100
LARGE = 60_000  # bytes
PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]  # Okabe and Ito (2008)
IGNORED_COLOUR = (128, 128, 128)
STYLE = {  # holds for every figure of a lesson, also for what is drawn without this module
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(color=PALETTE),
    "legend.frameon": False,
}


matplotlib.rcParams.update(STYLE)


def new(columns: int = 1, rows: int = 1, size: tuple[float, float] = (2.0, 2.0), **kwargs):
    """A figure in the course's style with rows × columns axes of `size` inches each: (figure, axes (rows, columns))."""
    figure = Figure(figsize=(columns * size[0], rows * size[1]), dpi=DPI, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **kwargs)


def figure(fig: Figure, alt: str) -> None:
    """Show a finished figure as a PNG with alternative text, and the same text as a caption of one line."""
    if not alt:
        raise ValueError("A figure needs alt=: one sentence that tells what it shows to those who cannot see it.")
    display({"image/png": _png(fig), "text/plain": alt}, metadata={"image/png": {"alt": alt}}, raw=True)
    display({"text/markdown": f"*{alt}*", "text/plain": alt}, raw=True)  # printed, it could end up above the picture


def images(pictures, titles=(), *, alt: str, columns: int = 6, size: float = 1.7, value_range=(0, 1)) -> None:
    """Pictures side by side, `columns` a row.

    Args:
        pictures: (height, width), (height, width, 1) or (height, width, 3) each; uint8 from 0 to 255, else in `value_range`.
            Masks of class ids are for `pairs` or `overlay`: here 0 and 1 of 255 would both be black.
        titles: one a picture, or fewer.
        alt: what the figure shows, in a sentence.
        columns: most pictures in a row.
        size: width of a picture in inches.
        value_range: the values drawn black and white (for colours: none and full).
    """
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    height, width = np.shape(pictures[0])[:2]
    fig, axes = new(columns, rows, (size, size * height / width + 0.25 * bool(len(titles))))
    for index, axis in enumerate(axes.flat):
        axis.set_axis_off()
        if index < len(pictures):
            _draw(axis, pictures[index], value_range)
            axis.set_title(titles[index] if index < len(titles) else "")
    figure(fig, alt)


def pairs(pictures, masks, table: ClassTable, *, alt: str, predictions=None, titles=(), size: float = 1.7) -> None:
    """Images in the first row, their masks over them in the second, predictions (if given) in the third, and a legend.

    Args:
        pictures: float in [0, 1] or uint8, (N, height, width, channels).
        masks: train ids, (N, height, width); 255 = ignored, drawn grey.
        table: names and colours.
        alt: what the figure shows, in a sentence.
        predictions: train ids, (N, height, width), or a dictionary from a name to such an array for several rows.
        titles: one a column.
    """
    if predictions is not None and not isinstance(predictions, dict):
        predictions = {"prediction": predictions}
    layers = {"mask": masks, **(predictions or {})}
    height, width = np.shape(pictures[0])[:2]
    fig, axes = new(len(pictures), 1 + len(layers), (size, size * height / width + 0.05))
    for column, picture in enumerate(pictures):
        _draw(axes[0, column], picture, (0, 1))
        axes[0, column].set_title(titles[column] if column < len(titles) else "")
        for row, layer in enumerate(layers.values(), start=1):
            axes[row, column].imshow(overlay(picture, layer[column], table), interpolation="nearest")
    for axis, name in zip(axes[:, 0], ["image", *layers], strict=True):
        axis.set_ylabel(name)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    legend(fig, table, ignored=any((np.asarray(layer) == IGNORE).any() for layer in layers.values()))
    figure(fig, alt)


def overlay(picture, mask, table: ClassTable, opacity: float = 0.55) -> np.ndarray:
    """The mask's colours over the picture, uint8 (height, width, 3).

    Args:
        picture: (height, width), (height, width, 1) or (height, width, 3), uint8 or float in [0, 1].
        mask: train ids, (height, width) or (height, width, 1); what has no class in `table`, such as 255, is grey.
        table: the colours.
        opacity: 0 shows the picture alone, 1 the mask alone.

    Raises:
        ValueError: values between the classes, or a mask of another size.
    """
    picture, mask = np.asarray(picture), np.asarray(mask)
    if np.mod(mask, 1).any():
        raise ValueError("A mask holds class ids, not probabilities: take the argmax over the channels, or compare with 0.5, first.")
    if picture.dtype != np.uint8:
        picture = np.clip(picture * 255, 0, 255)
    if picture.ndim == 2:
        picture = picture[..., None]
    colours = np.full((256, 3), IGNORED_COLOUR, np.float32)
    colours[: table.num_classes] = table.colours
    return np.uint8((1 - opacity) * picture + opacity * colours[np.uint8(mask).reshape(picture.shape[:2])])


def legend(fig: Figure, table: ClassTable, ignored: bool = False) -> None:
    """Class names and colours below the figure."""
    entries = [*zip(table.colours, table.names, strict=True), *([(IGNORED_COLOUR, "ignored")] if ignored else [])]
    patches = [Patch(facecolor=np.array(colour) / 255, edgecolor="0.4", label=name) for colour, name in entries]
    fig.legend(handles=patches, loc="outside lower center", ncols=min(6, len(patches)), frameon=False, fontsize=8)


def histories(runs: dict[str, dict[str, list]], metric: str = "loss", *, alt: str, log: bool = False, x=None, x_label="epoch") -> None:
    """Learning curves: `metric` as a full line and `val_<metric>` dashed, one colour a run.

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
    fig, axes = new(size=(6.0, 3.0))
    axis = axes[0, 0]
    for number, (name, history) in enumerate(runs.items()):
        colour = PALETTE[number % len(PALETTE)]
        for key, style, suffix in [(metric, "-", "training"), (f"val_{metric}", "--", "validation")]:
            if key in history:
                values = history[key]
                axis.plot(x[name] if x else range(1, len(values) + 1), values, style, color=colour, label=f"{name}, {suffix}", lw=1.4)
    axis.set(xlabel=x_label, ylabel=metric, yscale="log" if log else "linear")
    axis.legend(fontsize=8)
    figure(fig, alt)


def table(rows: list[dict], *, digits: int = 3) -> None:
    """A table from a list of dictionaries with the same keys; floats get `digits` decimals."""

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


def record(**numbers: float) -> None:
    """Keep numbers, with six digits, in the notebook's output, where `notebooks/build.py` compares them with the claims.

    ValueError: a number is not finite, which JSON cannot hold.
    """
    numbers = {name: float(f"{float(value):.6g}") for name, value in numbers.items()}
    if strange := [name for name, value in numbers.items() if not np.isfinite(value)]:
        raise ValueError(f"{', '.join(strange)}: not a finite number, nothing to record.")
    plain = " · ".join(f"{name} = {value:.4g}" for name, value in numbers.items())
    display({"application/json": numbers, "text/plain": plain}, metadata={"application/json": {"expanded": True}}, raw=True)


def _png(fig):
    """The figure's PNG file. A large one, such as noisy images, keeps 256 colours: a quarter of the bytes, to the eye the same."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=DPI, pil_kwargs={"optimize": True})
    if buffer.tell() > LARGE:
        colours = Image.open(buffer).convert("RGB").quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        buffer = io.BytesIO()
        colours.save(buffer, "png", optimize=True)
    return buffer.getvalue()


def _draw(axis, picture, value_range):
    picture = np.squeeze(np.asarray(picture))
    low, high = (0, 255) if picture.dtype == np.uint8 else value_range
    if picture.ndim == 3:
        axis.imshow(np.clip((picture - low) / (high - low), 0, 1) if picture.dtype != np.uint8 else picture, interpolation="nearest")
    else:
        axis.imshow(picture, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
