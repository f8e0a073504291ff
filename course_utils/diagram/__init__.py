"""Draws networks as their papers do, all in one visual grammar."""

import base64
import html

from IPython.display import display

from .layout import SHARED, Layout, is_u, size
from .network import Network, mark_new, read
from .scene import as_png, as_svg


def draw(model, compare=None) -> None:
    """Draw a model."""
    layout, alt = picture(model, compare)
    svg = as_svg(layout.things, layout.width, layout.height, alt)
    png = as_png(layout.things, layout.width, layout.height)
    alt = html.escape(alt)
    sources = [base64.b64encode(data).decode() for data in (svg.encode(), png)]
    page = (
        f'<figure style="margin:8px 0"><picture><source type="image/svg+xml" srcset="data:image/svg+xml;base64,{sources[0]}">'
        f'<img alt="{alt}" width="{layout.width:.0f}" src="data:image/png;base64,{sources[1]}"'
        f' style="max-width:100%;height:auto;border-radius:8px"></picture>'
        f'<figcaption style="font-style:italic">{alt}</figcaption></figure>'
    )
    display({"text/html": page, "text/plain": alt}, raw=True)


def picture(model, compare=None) -> tuple[Layout, str]:
    network = read(model)
    if compare is not None:
        other = read(compare)
        mark_new(network, other)
    title = " · ".join(filter(None, [network.name, f"{network.parameters:,} parameters"]))
    texts = [line for stage in network.stages for part in stage.parts for line in part.lines + part.branches]
    key = ["Height: side.", "Width: channels.", "Small ones are drawn enlarged.", "↓2: half the side.", "↑2: twice the side."]
    key += ["White: pooled, enlarged or copied, not learned."]
    if any("convᵀ" in text for text in texts):
        key.append("convᵀ: transposed convolution.")
    if network.kind("positions"):
        key.append("Dashed: positions of the maxima.")
    if compare is not None:
        key.append(f"Orange: not in {compare.name}.")
    return Layout(network, title, key), describe(network)


def describe(network: Network) -> str:
    return "todo"
