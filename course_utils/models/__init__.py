"""The networks of the course, one file an architecture, and one way to build them all. All are Keras models on any backend."""

import keras

from .deconvnet import deconvnet
from .deeplab import deeplab
from .fcn import fcn, fcn8, fcn16, fcn32, fcn_skip
from .pspnet import pspnet
from .segnet import segnet, segnet_lite
from .unet import unet, unet_on

__all__ = [
    "build", "deconvnet", "deeplab", "fcn", "fcn8", "fcn16", "fcn32", "fcn_skip", "pspnet", "segnet", "segnet_lite", "unet", "unet_on",
]  # fmt: skip


def _unet(width, **options):
    if "encoder" in options:
        return unet_on(width=width, **options)
    return unet(widths=tuple(width << level for level in range(5)), batch_norm=True, **options)


# name → function, the paper's width, and what makes the network as its paper has it and trainable from scratch
NETWORKS = {
    "unet": (_unet, 64, {}),
    "fcn32s": (fcn32, 64, {"batch_norm": True}),
    "fcn16s": (fcn16, 64, {"batch_norm": True}),
    "fcn8s": (fcn8, 64, {"batch_norm": True}),
    "deconvnet": (deconvnet, 64, {}),
    "segnet": (segnet, 64, {"positions": True, "dropout": 0.0}),
    "deeplab": (deeplab, 32, {}),
    "pspnet": (pspnet, 32, {}),
}


def build(name: str, num_classes: int, width: int | None = None, input_shape=(None, None, 3), activation=None, **options) -> keras.Model:
    """Any network of the family, with batch normalisation, so that it trains from scratch.

    Args:
        name: "unet", "fcn32s", "fcn16s", "fcn8s", "deconvnet", "segnet", "deeplab" or "pspnet".
        num_classes: channels of the output.
        width: filters of the first layer, the others grow with it; None: as in the paper.
        input_shape: (height, width, channels); None for a height or width that may change. They are multiples of the network's stride:
            8 for deeplab and pspnet, 16 for unet, 32 for the others and for unet with an encoder; a ValueError says so otherwise.
        activation: None (logits), "sigmoid" or "softmax".
        options: of that network alone, such as `dropout`; for unet, deeplab and pspnet an `encoder` with its `weights` and `freeze`
            (see `backbones.under`).

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """
    if name not in NETWORKS:
        raise ValueError(f"there is no network {name!r}; choose one of {', '.join(NETWORKS)}.")
    function, paper, own = NETWORKS[name]
    if name == "unet" and "encoder" in options:
        paper = 16  # of the decoder at full size; the encoder has a width of its own
    given = {"input_shape": input_shape, "num_classes": num_classes, "width": width or paper, "activation": activation}
    return function(**given | own | options)
