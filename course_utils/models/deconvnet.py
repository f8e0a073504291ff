"""DeconvNet (Noh, Hong and Han, 2015, arXiv:1505.04366): VGG16 with its dense layers, and all of it mirrored."""

import keras
from keras import layers

from course_utils.layers import MaxPoolingWithPositions, MaxUnpooling

from .blocks import VGG16, Network, convolution, start


def deconvnet(input_shape=(None, None, 3), num_classes=21, width=64, activation=None) -> keras.Model:
    """Convolutions and pooling with positions down to a dense middle, unpooling and transposed convolutions back up.

    The paper takes images of 224×224, where the 7×7 convolution sees everything at once; here it slides, so that any size will do.

    Args:
        input_shape: (height, width, channels); height and width are multiples of 32 or None.
        num_classes: channels of the output.
        width: filters of the first block; the others have 2, 4, 8 and 8 times as many, the dense layers 64 times (64: 251.8 million
            parameters for colour images and 21 classes).
        activation: None, "sigmoid" or "softmax".

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """

    def transposed(x, filters, size=3):
        x = layers.Conv2DTranspose(filters, size, padding="same", use_bias=False)(x)
        return layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))

    inputs, x = start(input_shape, 32)
    remembered = []
    for filters, depth in VGG16:
        for _ in range(depth):
            x = convolution(x, filters * width)
        x, where = MaxPoolingWithPositions()(x)
        remembered.append(where)
    for size in (7, 1):
        x = convolution(x, 64 * width, size)
    x = transposed(x, VGG16[-1][0] * width, 7)
    for level, (filters, depth) in reversed([*enumerate(VGG16)]):
        x = MaxUnpooling()(x, remembered[level])
        narrower = VGG16[max(level - 1, 0)][0]
        for multiple in [filters] * (depth - 1) + [narrower]:
            x = transposed(x, multiple * width)
    return Network(inputs, layers.Conv2D(num_classes, 1, activation=activation)(x), name="deconvnet")
