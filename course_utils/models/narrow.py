"""A U-Net over EfficientNet-Lite as two models, so that a frozen encoder runs once and its decoder learns from what was kept.

The bridges start at the narrow ends of the encoder's blocks and not, as in `backbones`, at the six times wider maps in their middle, which
are computed from those: features that are kept need a fraction of the memory. The decoder stops at a quarter of the side, because beyond it
lies most of the cost of a U-Net; whoever wants an answer at full size enlarges the logits (`training.measure` does).
"""

import keras
from keras import layers

from . import efficientnet_lite
from .backbones import BEFORE
from .blocks import convolution

WIDTHS = {16: 96, 8: 64, 4: 48}  # stride → filters of the decoder


def narrow_encoder(weights=None, number=0) -> keras.Model:
    """EfficientNet-Lite without its head: features after the last block of each stride.

    Args:
        weights: the file that `data_scripts.ensure_weights` gives; None: random.
        number: 0, 1 or 2, the version.

    Returns:
        Model "encoder" from images (batch, height, width, 3) in [0, 1], sides multiples of 32, to a list of features at strides 4, 8, 16
        and 32, (batch, height / stride, width / stride, channels); Lite0 has 24, 40, 112 and 320 channels.
    """
    plain = efficientnet_lite.efficientnet_lite(number, top=False)
    if weights is not None:
        efficientnet_lite.load(plain, weights)
    ends, stride = {}, 1
    for layer in plain.layers:
        stride *= getattr(layer, "strides", (1,))[0]
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.9  # as in `backbones`: Keras' 0.99 would not settle in runs of a few hundred steps
        if layer.name.endswith(("_project_norm", "_add")):
            ends[stride] = layer.output
    scale, offset, _ = BEFORE["lite"]
    inputs = keras.Input((None, None, 3))
    inner = keras.Model(plain.input, [ends[stride] for stride in (4, 8, 16, 32)], name="backbone")
    return keras.Model(inputs, inner(layers.Rescaling(scale, offset)(inputs)), name="encoder")


def narrow_decoder(encoder, num_classes) -> keras.Model:
    """The way up: from the features of `narrow_encoder` to logits (batch, height / 4, width / 4, num_classes)."""
    ends = [keras.Input(end.shape[1:]) for end in encoder.outputs]
    x = ends[-1]
    for end, filters in zip(reversed(ends[:-1]), WIDTHS.values(), strict=True):
        x = layers.UpSampling2D(interpolation="bilinear")(convolution(x, filters, 1))
        x = layers.Concatenate()([end, x])
        for _ in range(2):
            x = convolution(x, filters)
    return keras.Model(ends, layers.Conv2D(num_classes, 1)(x), name="decoder")


def joined(encoder, decoder) -> keras.Model:
    """One network of both, which share their weights with it; it learns what they learn."""
    inputs = keras.Input((None, None, 3))
    return keras.Model(inputs, decoder(encoder(inputs)), name="unet")
