"""DeepLabv3+ (Chen et al., 2018, arXiv:1802.02611): dilated convolutions at several rates side by side, and a small decoder."""

import keras
from keras import layers

from course_utils.layers import BilinearUpSampling, ResizeLike

from . import backbones
from .blocks import convolution


def aspp(x, filters, rates):
    """Atrous spatial pyramid pooling: a 1×1 convolution, a 3×3 one for each dilation rate, and the mean of the whole image.

    Args:
        x: features (batch, height, width, channels). filters: of each branch and of the result. rates: in pixels of `x`.
    """
    branches = [convolution(x, filters, 1), *(convolution(x, filters, 3, dilation_rate=rate) for rate in rates)]
    mean = convolution(layers.GlobalAveragePooling2D(keepdims=True)(x), filters, 1)
    return convolution(layers.Concatenate()([*branches, ResizeLike()(mean, x)]), filters, 1)


def deeplab(
    input_shape=(None, None, 3), num_classes=19, width=32, encoder="dilated", rates=(6, 12, 18), dropout=0.1, activation=None, **pretrained
) -> keras.Model:
    """An encoder that keeps its resolution, ASPP, and a decoder that joins features of stride 4.

    Args:
        input_shape: (height, width, channels); height and width are multiples of 8 (of 16 with an encoder of `backbones`) or None.
        num_classes: channels of the output.
        width: filters of the small encoder's first layer; ASPP has 8 times as many (32: the 256 of the paper), the decoder 4 times.
        encoder: "dilated" or a name of `backbones.ENCODERS`, at stride 16.
        rates: dilation rates of ASPP in pixels of its input. They should fit into it: a 3×3 at rate 18 spans 37 of them.
        dropout: share of activations dropped before the last layer while training.
        activation: None, "sigmoid" or "softmax".
        pretrained: `weights` and `freeze`, see `backbones.under`.

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """

    def decode(features):
        low, deep = features[4], features[max(features)]
        x = ResizeLike()(aspp(deep, 8 * width, rates), low)
        x = layers.Concatenate()([x, convolution(low, max(1, 3 * width // 2), 1)])  # few, so that they do not drown the others
        for _ in range(2):
            x = convolution(x, 4 * width)
        x = layers.Conv2D(num_classes, 1)(layers.Dropout(dropout)(x))
        return layers.Activation(activation)(BilinearUpSampling(4)(x))

    return backbones.under("deeplab", decode, encoder, input_shape, width, stride=16, skips=(4,), **pretrained)
