"""Fully convolutional networks (Long, Shelhamer and Darrell, 2015)."""

import keras
from keras import layers


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

    x = inputs = keras.Input(input_shape)
    for _ in range(3):
        x = hidden(layers.Conv2D, x)
    for _ in range(2):
        x = hidden(layers.Conv2DTranspose, x)
    outputs = layers.Conv2DTranspose(num_classes, 5, strides=2, padding="same", activation=activation)(x)
    return keras.Model(inputs, outputs, name="fcn")


def fcn32(input_shape=(None, None, 3), num_classes=5, width=64, dropout=0.5, batch_norm=False, activation=None) -> keras.Model:
    """FCN-32: VGG16 down to 1/32 of the size, its dense layers as 7×7 and 1×1 convolutions, and one bilinear step back up.

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

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """

    def convolution(x, filters, size):
        x = layers.Conv2D(filters, size, padding="same", kernel_initializer="he_normal", use_bias=not batch_norm)(x)
        if batch_norm:
            x = layers.BatchNormalization(momentum=0.9)(x)
        return layers.Activation("relu")(x)

    x = inputs = keras.Input(input_shape)
    for filters, depth in ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3)):
        for _ in range(depth):
            x = convolution(x, filters * width, 3)
        x = layers.MaxPooling2D()(x)
    for size in (7, 1):
        x = layers.Dropout(dropout)(convolution(x, 64 * width, size))
    x = layers.Conv2D(num_classes, 1, kernel_initializer="he_normal")(x)
    x = layers.UpSampling2D(32, interpolation="bilinear")(x)
    return keras.Model(inputs, layers.Activation(activation)(x), name="fcn32")
