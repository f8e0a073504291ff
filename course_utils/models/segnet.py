"""SegNet (Badrinarayanan, Kendall and Cipolla, 2017, arXiv:1511.00561): an encoder like VGG16's and its mirror image as decoder."""

import keras
from keras import layers

from course_utils.layers import MaxPoolingWithPositions, MaxUnpooling

from .blocks import VGG16, Network, convolution, start


def segnet(input_shape=(None, None, 3), num_classes=5, width=32, dropout=0.1, activation=None, positions=False) -> keras.Model:
    """SegNet with 13 + 13 convolutions with batch normalisation.

    With `positions` it is the paper's: each pooling remembers where its maxima stood, the decoder writes them back there, and the two
    deepest blocks are equally wide. Without, it has the form of the course notes: nearest upsampling, and a deepest block twice as wide.

    Args:
        input_shape: (height, width, channels); height and width are multiples of 32 or None.
        num_classes: channels of the output.
        width: filters of the first block; the next ones have 2, 4, 8 and 16 times as many, with positions 2, 4, 8 and 8 times (32 without
            positions gives 15,639,193 parameters for colour images and 5 classes; the paper's width is 64).
        dropout: share of activations dropped after each block while training.
        activation: None, "sigmoid" or "softmax".
        positions: unpool by remembered positions.

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """
    blocks = VGG16 if positions else (*VGG16[:4], (16, 3))

    def normalised(x, filters, size=3):
        return convolution(x, filters, size, use_bias=True, kernel_initializer="he_uniform")

    inputs, x = start(input_shape, 32)
    remembered = []
    for filters, depth in blocks:
        for _ in range(depth):
            x = normalised(x, filters * width)
        if positions:
            x, where = MaxPoolingWithPositions()(x)
            remembered.append(where)
        else:
            x = layers.MaxPooling2D()(x)
        x = layers.Dropout(dropout)(x)
    for level, (filters, depth) in reversed([*enumerate(blocks)]):
        x = MaxUnpooling()(x, remembered[level]) if positions else layers.UpSampling2D()(x)
        narrower = [blocks[level - 1][0]] if level else []
        for multiple in [filters] * (depth - 1) + narrower:
            x = normalised(x, multiple * width)
        x = layers.Dropout(dropout)(x) if level else x
    x = layers.Conv2D(num_classes, 1, kernel_initializer="he_uniform")(x)
    if not positions:
        x = layers.BatchNormalization(momentum=0.9)(x)  # without that, the count of the notes would not come out
    return Network(inputs, layers.Activation(activation)(x), name="segnet")


def segnet_lite(input_shape=(None, None, 3), num_classes=34, width=64, activation="softmax") -> keras.Model:
    """The light SegNet of the course notes for Cityscapes: one convolution a block, nearest upsampling, no positions.

    Args:
        input_shape: (height, width, channels); height and width are multiples of 8 or None.
        num_classes: channels of the output.
        width: filters of the first block; the next two have 2 and 4 times as many (64: 1,296,930 parameters for 34 classes).
        activation: None, "sigmoid" or "softmax".

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """
    inputs, x = start(input_shape, 8)
    for filters in (1, 2, 4):
        x = layers.MaxPooling2D()(convolution(x, filters * width, use_bias=True))
    for filters in (4, 2):
        x = convolution(layers.UpSampling2D()(x), filters * width, batch_norm=False)
    x = layers.Conv2D(num_classes, 3, padding="same", activation=activation)(layers.UpSampling2D()(x))
    return Network(inputs, x, name="segnet_lite")
