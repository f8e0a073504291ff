"""Encoders: from images to feature maps at several strides, for decoders that differ."""

import keras
from keras import layers

from .blocks import convolution


def dilated(x, width=32):
    """A small residual encoder that stops shrinking at 1/8 of the size and dilates instead, as dilated ResNets do.

    Yu, Koltun and Funkhouser (2017), arXiv:1705.09914; the blocks are those of ResNet18 (He et al., 2016).

    Args:
        x: images (batch, height, width, channels) in [0, 1]; height and width are multiples of 8.
        width: filters at stride 2; there are 2 times as many at stride 4, and 4, 6 and 8 times as many in the three stages at stride 8.

    Returns:
        stride → features: {4: (batch, height / 4, width / 4, 2 · width), 8: (batch, height / 8, width / 8, 8 · width)}.
    """

    def block(x, filters, strides=1, rate=1):
        # A mean and a 1×1, not a 1×1 with a stride, which looks at one pixel of four (He et al., 2019, arXiv:1812.01187) and whose
        # gradient for few channels writes past its memory in TensorFlow 2.21 on a CPU (oneDNN; seen with 12 filters).
        short = layers.AveragePooling2D(2)(x) if strides > 1 else x
        if x.shape[-1] != filters:
            short = layers.Conv2D(filters, 1, use_bias=False)(short)
            short = layers.BatchNormalization(momentum=0.9)(short)
        x = convolution(x, filters, strides=strides, dilation_rate=1 if strides > 1 else rate)
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, dilation_rate=rate)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        return layers.Activation("relu")(layers.Add()([short, x]))

    x = convolution(x, width, strides=2)
    x = block(x, 2 * width, strides=2)
    low = x = block(x, 2 * width)
    x = block(x, 4 * width, strides=2)
    x = block(x, 4 * width)
    for multiple, rate in ((6, 2), (8, 4)):
        for _ in range(2):
            x = block(x, multiple * width, rate=rate)
    return {4: low, 8: x}


def mobilenetv2(x, width=32):
    """MobileNetV2 (Sandler et al., 2018, arXiv:1801.04381) with its last stride taken out: 1/16 of the size, from random weights.

    Args: as for `dilated`, with multiples of 16; width 32 is the paper's.
    Returns: features at strides 4 and 16.
    """
    encoder = keras.applications.MobileNetV2((*x.shape[1:3], 3), alpha=width / 32, include_top=False, weights=None)
    names = {4: "block_3_expand_relu", 16: "out_relu"}
    return _taps(_dilate(encoder, {"block_13": 2, "block_14": 2, "block_15": 2, "block_16": 2}), names, x)


def resnet50(x):
    """ResNet50 (He et al., 2016, arXiv:1512.03385), its last two strides taken out, as PSPNet has it: 1/8 of the size, from random weights.

    Args: x as for `dilated`. Returns: features at strides 4 and 8.
    """
    encoder = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(*x.shape[1:3], 3))
    return _taps(_dilate(encoder, {"conv4": 2, "conv5": 4}), {4: "conv2_block3_out", 8: "conv5_block3_out"}, x)


def _taps(encoder, names, x):
    outputs = keras.Model(encoder.inputs, [encoder.get_layer(name).output for name in names.values()], name=encoder.name)
    return dict(zip(names, outputs(layers.Rescaling(2.0, -1.0)(x)), strict=True))  # both were made for inputs around 0


def _dilate(encoder, stages):
    """The same network whose layers with these beginnings of their names have no strides, but a dilation rate."""

    def change(layer):
        rate = next((rate for beginning, rate in stages.items() if layer.name.startswith(beginning)), 1)
        if rate > 1 and isinstance(layer, layers.ZeroPadding2D):  # only there because of the stride
            return layers.Identity(name=layer.name)
        config = layer.get_config()
        if rate > 1 and "dilation_rate" in config:
            config |= {"strides": (1, 1), "padding": "same", "dilation_rate": rate if config["kernel_size"][0] > 1 else 1}
        return type(layer).from_config(config)

    return keras.models.clone_model(encoder, clone_function=change)
