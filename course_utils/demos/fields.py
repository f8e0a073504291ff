"""Lesson 09: what one output of an encoder sees of a street."""

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .. import show
from . import sliders


def field_of_view(image) -> None:
    """How far one output of an encoder sees, as a rectangle on an image, and how far apart its outputs lie (lesson 09).

    Args:
        image: float in [0, 1] or uint8, (height, width, 3).
    """
    plain = {"kernel": 3, "layers": 2, "poolings": 0, "dilation": 1}
    others = [{"poolings": 3}, {"poolings": 3, "dilation": 4}, {"layers": 3, "poolings": 5}]
    alt = "A street with dots where outputs lie; what one sees is a speck, a small square, a large one, nearly all."
    show.figure(draw_field_of_view(image, [plain, *(plain | other for other in others)]), alt)

    fig = draw_field_of_view(image, [plain])
    sliders.play(
        fig,
        lambda **setting: _draw_view(fig.axes[0], image, setting),
        lambda **setting: f"What one output sees of the street: {_text(image, setting)}.".replace("\n", ", "),
        kernel=sliders.slider("kernel", 3, 1, 7, 2),
        layers=sliders.slider("layers a level", 2, 1, 4),
        poolings=sliders.slider("poolings", 3, 0, 5),
        dilation=sliders.slider("dilation, deepest", 1, 1, 6),
    )


def span(kernel: int, layers: int, poolings: int, dilation: int) -> tuple[int, int]:
    """Pixels that one output sees along an axis, and pixels from one output to the next.

    The encoder has `layers` convolutions of side `kernel` before each of its 2×2 poolings and after the last one; the latter are dilated.
    """
    seen, step = 1, 1
    for level in range(poolings + 1):
        seen += layers * (kernel - 1) * step * (dilation if level == poolings else 1)
        if level < poolings:
            seen, step = seen + step, 2 * step
    return seen, step


def draw_field_of_view(image, settings: list[dict]) -> Figure:
    """One column for each setting (arguments of `span`): the image, a dot for each output, a rectangle for what the middle one sees."""
    ratio, alone = image.shape[0] / image.shape[1], len(settings) == 1
    side = sliders.grid(1, ratio, title=0)[2] if alone else 2.4
    fig, axes = show.new(len(settings), 1, (side, side * ratio + 0.7 * (not alone)))
    for axis, setting in zip(axes.flat, settings, strict=True):
        _draw_view(axis, image, setting)
        axis.set_title("" if alone else _text(image, setting))
        axis.set_axis_off()
    return fig


def _draw_view(axis, image, setting):
    height, width = image.shape[:2]
    seen, step = span(**setting)
    axis.imshow(image, extent=(0, width, height, 0))
    if step > 4:  # else the dots would cover the street
        rows, columns = (range(step // 2, length, step) for length in (height, width))
        axis.scatter([c for _ in rows for c in columns], [r for r in rows for _ in columns], s=2, color="white", lw=0)
    corner = (width - seen) / 2, (height - seen) / 2
    axis.add_patch(Rectangle(corner, seen, seen, facecolor="#E69F0040", edgecolor="#E69F00", lw=2))
    axis.set(xlim=(0, width), ylim=(height, 0))


def _text(image, setting):
    seen, step = span(**setting)
    covered = min(seen, image.shape[0]) * min(seen, image.shape[1]) / (image.shape[0] * image.shape[1])
    rate = f", rate {setting['dilation']}" if setting["dilation"] > 1 else ""
    depth = f"{setting['poolings'] or 'no'} poolings, {setting['layers']} × {setting['kernel']}×{setting['kernel']} a level{rate}"
    spacing = f"an output every {step} pixels" if step > 1 else "an output at every pixel"
    return f"{depth}\nsees {seen}×{seen}, {covered:.1%} of the image\n{spacing}"
