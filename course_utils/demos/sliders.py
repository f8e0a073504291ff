"""What every demo plays on: controls and, beside them, one picture that follows them."""

import asyncio
import base64

import cv2
import ipywidgets
import numpy as np
from IPython.display import display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

SIZE = (6.4, 3.9)  # inches of the picture; at 100 pixels an inch it stands with its controls and words on 900×440
SHARPNESS = 1.5  # pixels of the picture for one of the page
WIDE, FREE = {"width": "230px"}, {"description_width": "initial"}  # of a control; of its name: as much as it needs
PAUSE = 0.01  # seconds in which newer values may still come in


def play(fig: Figure, draw, words, /, place=None, **controls) -> None:
    """Show the controls and the picture.

    While a control is dragged, or the mouse on the picture, values come faster than pictures; each picture takes the newest ones.

    Args:
        fig: the figure. Its axes stay where they are for the first values; what was drawn into them is removed before each `draw`.
        draw: draws into the axes, for the values of the controls by name (and `place`).
        words: the same arguments; says in a sentence what the picture shows.
        place: for a picture that takes clicks: where the first one was, (x, y) as shares of width and height, from the upper left corner.
        controls: widgets with a `value`.
    """
    try:
        from .picture import Picture
    except ModuleNotFoundError:
        print("Sliders follow here, but the package anywidget is missing: run `%pip install anywidget`, then this cell again.")
        return
    fig.draw_without_rendering()
    fig.set_layout_engine("none")  # nothing moves any more, and drawing takes half the time
    width, height = (int(100 * inches) for inches in fig.get_size_inches())
    fitting = {"flex": "1 1 0", "min_width": "200px", "max_width": f"{width}px"}
    picture = Picture(width=width, height=height, place=list(place or []), layout=fitting)
    waiting = []

    def redraw():
        waiting.clear()
        values = {name: control.value for name, control in controls.items()} | ({"place": tuple(picture.place)} if place else {})
        for axis in fig.axes:
            empty(axis)
        draw(**values)
        with picture.hold_sync():
            picture.source, picture.words = address(fig), words(**values)

    def changed(_):
        if not waiting:
            waiting.append(True)
            try:
                asyncio.get_running_loop().call_later(PAUSE, redraw)
            except RuntimeError:  # no kernel that more values could come to
                redraw()

    redraw()
    for control in controls.values():
        control.observe(changed, "value")
    picture.observe(changed, "place")
    column = ipywidgets.VBox(list(controls.values()), layout={"width": "240px", "flex": "none", "margin": "0 20px 0 0"})
    column.add_class("course-controls")  # the picture's style sheet knows it
    display(ipywidgets.HBox([column, picture] if controls else [picture]))


def slider(name, value, low, high, step=1):
    kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
    return kind(value=value, min=low, max=high, step=step, description=name, style=FREE, layout=WIDE)


def choice(name, value, options):
    return ipywidgets.Dropdown(value=value, options=options, description=name, style=FREE, layout=WIDE)


def switch(name):
    return ipywidgets.Checkbox(False, description=name, indent=False, layout=WIDE)


def grid(count: int, ratio: float, width: float = SIZE[0], height: float = SIZE[1], title: float = 0.25) -> tuple[int, int, float]:
    """Columns, rows and width in inches of `count` pictures, `ratio` times as high as wide and with a title each, as large as they fit."""
    side, columns = max((min(width / k, (height / -(-count // k) - title) / ratio), -k) for k in range(1, count + 1))
    return -columns, -(-count // -columns), side


def empty(axis) -> None:
    """Remove what was drawn into an axis; limits, ticks and the legend stay."""
    for artist in [*axis.images, *axis.lines, *axis.patches, *axis.collections, *axis.texts]:
        artist.remove()
    axis.set_prop_cycle(None)


def address(fig: Figure) -> str:
    """The figure as a PNG in an address."""
    fig.set_dpi(100 * SHARPNESS)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    colours = cv2.cvtColor(np.asarray(canvas.buffer_rgba()), cv2.COLOR_RGBA2BGR)
    png = cv2.imencode(".png", colours, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
    return "data:image/png;base64," + base64.b64encode(png).decode()
