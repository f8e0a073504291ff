"""Draws networks as their papers do, all of them in one visual grammar.

- A **slab** is a set of feature maps. Its height stands for their side, its width for the number of channels, which is written below; both
  are drawn by a root, so that 1/32 and 3 channels can still be seen. The words below say, in order, what makes it.
- A blue slab is made by layers that learn; a white one is given, pooled, enlarged or copied. Parallel **branches** are boxes that fork
  and, if they are no outputs, join.
- A **stage** is what happens at one size; its slabs stand close together. Grey arrows, the trunk, lead from stage to stage.
- A **bridge** is a blue line from the way down to the way up. It is dashed if it carries nothing but the positions of maxima.
- Where bridges lead across on its levels, the network hangs down as a U; else it stands in a row, and bridges are arcs above it.
- **Orange** is what another network lacks.

Normalisation, dropout, most activations and the additions inside residual blocks go without saying; a long stage of a large encoder is
one slab. `calls` flattens the model, `stages` divides it, `network` makes the parts, `layout` places them, `scene` writes SVG and PNG.
"""

import base64
import html
import re

from IPython.display import display

from .layout import Layout, is_u, size
from .network import Network, mark_new, read
from .scene import as_png, as_svg


def draw(model, compare=None) -> None:
    """Show a drawing of a network, with alternative text and the same text as its caption.

    Args:
        model: a Sequential or functional Keras model of images, (batch, height, width, channels); sizes may be unknown.
        compare: another model; what `model` has and this one lacks is orange. Where only the number of channels differs, the number is.

    Raises:
        ValueError: a model without a graph of layers (a subclass of keras.Model), or without images as input.
    """
    drawing, alt = picture(model, compare)
    svg = as_svg(drawing.things, drawing.width, drawing.height, alt)
    png = as_png(drawing.things, drawing.width, drawing.height)
    encoded, text = [base64.b64encode(data).decode() for data in (svg.encode(), png)], html.escape(alt)
    page = (  # as `show.figure` does it; what cannot show the SVG, or does not want to, takes the PNG
        f'<figure style="margin:8px 0;width:{drawing.width:.0f}px;max-width:100%">'
        f'<picture><source type="image/svg+xml" srcset="data:image/svg+xml;base64,{encoded[0]}">'
        f'<img alt="{text}" width="{drawing.width:.0f}" src="data:image/png;base64,{encoded[1]}" '
        'style="display:block;width:100%;height:auto;border-radius:8px"></picture>'
        f'<figcaption style="font-style:italic;margin-top:4px">{text}</figcaption></figure>'
    )
    display({"text/html": page, "text/plain": alt}, raw=True)


def picture(model, compare=None) -> tuple[Layout, str]:
    """The drawing, and its alternative text. Arguments and errors: see `draw`."""
    network = read(model)
    key = ["Height: side.", "Width: channels.", "Neither to scale: small is drawn larger."]
    said = " ".join(text for stage in network.stages for part in stage.parts for text in (*part.lines, *part.branches))
    explanations = {"↓": "↓2: half the side.", "↑": "↑2: twice the side.", "convᵀ": "convᵀ: transposed convolution."}
    key += [explanation for sign, explanation in explanations.items() if sign in said]
    if sum(part.kind in ("moved", "copy") for stage in network.stages for part in stage.parts) > 1:
        key.append("White: pooled, enlarged or copied, not learned.")
    if network.kind("positions"):
        key.append("Dashed: positions of maxima.")
    alt = describe(network)
    if compare is not None:
        other = read(compare)
        mark_new(network, other)
        name = other.name if other.name not in ("", network.name) else "the other network"
        key.append(f"Orange: not in {name}.")
        alt += f" New compared with {name}: {_new(network)}."
    return Layout(network, key), alt


def describe(network: Network) -> str:
    """One sentence that tells the network's form to those who cannot see it."""
    down, up = network.steps()
    branches = [(part, stage) for stage in network.stages for part in stage.parts if part.branches]
    smallest = max(network.stages, key=lambda stage: stage.stride)
    shape = "U-Net-shaped network" if is_u(network) else "Hourglass-shaped network" if down > 1 and up > 1 and not branches else "Network"
    facts = [f"{down} {'level' if down == 1 else 'levels'} down", f"{up} up"] if down or up else ["one size throughout"]
    if down:
        made = [part.channels for part in smallest.parts if part.kind == "layers"] or [part.channels for part in smallest.parts]
        facts[0] += f" to {_place(smallest)} and {max(made)} channels"
    for kind, what in (("bridge", "bridge"), ("positions", "link for positions of maxima")):
        if number := len(network.kind(kind)):
            facts.append(f"{number} {what if number == 1 else what.replace('bridge', 'bridges').replace('link', 'links')}")
    facts += [f"{len(part.branches)} parallel branches at {_place(stage)}" for part, stage in branches]
    return f"{' '.join(filter(None, (shape, network.name)))}: {', '.join(facts)}, {network.parameters:,} parameters."


def _place(stage):
    return size(stage) + (" of the side" if size(stage).startswith("1/") else "")


def _new(network):
    """What `mark_new` marked, in words."""
    parts = [part for stage in network.stages for part in stage.parts]
    counts = {
        "bridge": sum(link.new for link in network.kind("bridge")),
        "link for positions": sum(link.new for link in network.kind("positions")),
        "branch": sum(len(part.branches) if part.new else len(part.new_branches) for part in parts),
        "slab": sum(part.new for part in parts if not part.branches and part.kind != "copy"),
        "slab of another width": sum(part.other_width for part in parts),
    }
    plural = {what: re.sub("^(bridge|link|slab)", r"\1s", what).replace("branch", "branches") for what in counts}
    return ", ".join(f"{number} {what if number == 1 else plural[what]}" for what, number in counts.items() if number) or "nothing"
