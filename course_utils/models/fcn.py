"""Fully convolutional networks (Long, Shelhamer and Darrell, 2015, arXiv:1411.4038)."""

import keras
from keras import layers

from course_utils.layers import BilinearUpSampling

from .blocks import VGG16, Network, convolution, start


def fcn(input_shape=(None, None, 1), num_classes=1, width=40, dropout=0.25, batch_norm=False, activation=None) -> keras.Model:
    """A small hourglass: three 5×5 convolutions with stride 2 go down, three transposed ones come back up. No skips.

    Args:
        input_shape: (height, width, channels); height and width are multiples of 8 or None.
        num_classes: channels of the output; 1 for foreground against background.
        width: filters of every hidden layer (40 gives 162,201 parameters for grey images).
        dropout: share of activations dropped between layers while training.
        batch_norm: normalise after each hidden layer, before its ReLU.
        activation: None, "sigmoid" or "softmax".

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """

    def hidden(layer, x):
        x = layer(width, 5, strides=2, padding="same", use_bias=not batch_norm)(x)
        if batch_norm:
            x = layers.BatchNormalization(momentum=0.9)(x)  # Keras' default of 0.99 lags behind in runs of a few hundred steps
        x = layers.Activation("relu")(x)
        return layers.Dropout(dropout)(x) if dropout else x

    inputs, x = start(input_shape, 8)
    for _ in range(3):
        x = hidden(layers.Conv2D, x)
    for _ in range(2):
        x = hidden(layers.Conv2DTranspose, x)
    outputs = layers.Conv2DTranspose(num_classes, 5, strides=2, padding="same", activation=activation)(x)
    return Network(inputs, outputs, name="fcn")


def fcn32(input_shape=(None, None, 3), num_classes=5, width=64, dropout=0.5, batch_norm=False, activation=None, finest=32) -> keras.Model:
    """FCN-32s: VGG16 down to 1/32 of the size, its dense layers as 7×7 and 1×1 convolutions, and one bilinear step back up.

    VGG16: Simonyan and Zisserman (2015). The scores are enlarged as logits, and `activation` comes last, so that what lies between two
    positions is a probability again.

    Args:
        input_shape: (height, width, channels); height and width are multiples of 32 or None.
        num_classes: channels of the output.
        width: filters of the first block; the others have 2, 4, 8 and 8 times as many, the dense layers 64 times (64, as in VGG16, gives
            134,281,029 parameters for colour images and 5 classes).
        dropout: share of activations dropped after each dense layer while training.
        batch_norm: normalise after each convolution but the last, before its ReLU; VGG16 has none, and takes long to train from scratch.
        activation: None, "sigmoid" or "softmax".
        finest: 16 or 8 add the scores of earlier layers at these strides, see `fcn16` and `fcn8`.

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """

    def score(x):
        return layers.Conv2D(num_classes, 1, kernel_initializer="he_normal")(x)

    inputs, x = start(input_shape, 32)
    pooled = []
    for filters, depth in VGG16:
        for _ in range(depth):
            x = convolution(x, filters * width, 3, batch_norm, kernel_initializer="he_normal")
        x = layers.MaxPooling2D()(x)
        pooled.append(x)
    for size in (7, 1):
        x = layers.Dropout(dropout)(convolution(x, 64 * width, size, batch_norm, kernel_initializer="he_normal"))
    x, stride = score(x), 32
    while stride > finest:
        stride //= 2
        x = layers.Add()([BilinearUpSampling(2)(x), score(pooled[stride.bit_length() - 2])])
    x = BilinearUpSampling(finest)(x)
    return Network(inputs, layers.Activation(activation)(x), name=f"fcn{finest}")


def fcn16(**options) -> keras.Model:
    """FCN-16s: `fcn32` whose scores are enlarged twofold and added to those of block 4's pooling before the rest of the way up."""
    return fcn32(**options, finest=16)


def fcn8(**options) -> keras.Model:
    """FCN-8s: `fcn16` with one more such step, at block 3's pooling."""
    return fcn32(**options, finest=8)


def fcn_skip(input_shape=(None, None, 3), num_classes=34, width=64, activation="softmax") -> keras.Model:
    """The FCN with skip connections of the course notes for Cityscapes: what it copies up is joined, as in a U-Net, and not added.

    Args:
        input_shape: (height, width, channels); height and width are multiples of 8 or None.
        num_classes: channels of the output.
        width: filters of the first block; the next three have 2, 4 and 8 times as many (64: 6,904,162 parameters for 34 classes).
        activation: None, "sigmoid" or "softmax".

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """
    inputs, x = start(input_shape, 8)
    copies = []
    for filters in (1, 2, 4, 8):
        if copies:
            x = layers.MaxPooling2D()(x)
        for _ in range(2):
            x = convolution(x, filters * width, batch_norm=False)
        copies.append(x)
    for filters in (4, 2):
        x = layers.Concatenate()([layers.UpSampling2D()(x), copies[filters // 2]])
        x = convolution(x, filters * width, batch_norm=False)
    x = layers.Concatenate()([layers.UpSampling2D()(x), copies[0]])
    return Network(inputs, layers.Conv2D(num_classes, 1, activation=activation)(x), name="fcn_skip")
