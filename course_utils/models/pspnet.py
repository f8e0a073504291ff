"""PSPNet (Zhao et al., 2017, arXiv:1612.01105): what surrounds a pixel, summed up over the whole image and over parts of it."""

import keras
from keras import layers

from course_utils.layers import BilinearUpSampling, MeanOfParts, ResizeLike

from . import backbones
from .blocks import convolution


def pyramid_pooling(x, bins=(1, 2, 3, 6)):
    """Means over 1×1, 2×2, 3×3 and 6×6 parts of the image, each as bright as a quarter of the channels, laid beside the features.

    Args:
        x: features (batch, height, width, channels).

    Returns:
        (batch, height, width, 2 · channels) if the number of bins divides the channels.
    """
    filters = max(1, x.shape[-1] // len(bins))
    parts = [convolution(MeanOfParts(number)(x), filters, 1) for number in bins]
    return layers.Concatenate()([x, *(ResizeLike()(part, x) for part in parts)])


def pspnet(
    input_shape=(None, None, 3), num_classes=19, width=32, encoder="dilated", dropout=0.1, activation=None, **pretrained
) -> keras.Model:
    """A dilated encoder, pyramid pooling, and one bilinear step to the size of the image.

    Args:
        input_shape: (height, width, channels); height and width are multiples of 8 or None.
        num_classes: channels of the output.
        width: filters of the small encoder's first layer; the convolution after the pyramid has 8 times as many.
        encoder: "dilated" or a name of `backbones.ENCODERS`, at stride 8 (the paper: "resnet50").
        dropout: share of activations dropped before the last layer while training.
        activation: None, "sigmoid" or "softmax".
        pretrained: `weights` and `freeze`, see `backbones.under`.

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """

    def decode(features):
        deepest = max(features)
        x = layers.Dropout(dropout)(convolution(pyramid_pooling(features[deepest]), 8 * width))
        x = BilinearUpSampling(deepest)(layers.Conv2D(num_classes, 1)(x))
        return layers.Activation(activation)(x)

    return backbones.under("pspnet", decode, encoder, input_shape, width, stride=8, skips=(), **pretrained)
