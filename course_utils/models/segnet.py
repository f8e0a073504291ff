"""SegNet (Badrinarayanan, Kendall and Cipolla, 2017): an encoder like VGG16's and its mirror image as decoder."""

import keras
from keras import layers


def segnet(input_shape=(None, None, 3), num_classes=5, width=32, dropout=0.1, activation=None) -> keras.Model:
    """SegNet in the form of the course notes: 13 + 13 convolutions with batch normalisation; nearest upsampling without positions.

    Args:
        input_shape: (height, width, channels); height and width are multiples of 32 or None.
        num_classes: channels of the output.
        width: filters of the first block; the next four have 2, 4, 8 and 16 times as many (32 gives 15,639,193 parameters for colour
            images and 5 classes).
        dropout: share of activations dropped after each block while training.
        activation: None, "sigmoid" or "softmax".

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """

    def convolution(x, filters, size=3):
        x = layers.Conv2D(filters, size, padding="same", kernel_initializer="he_uniform")(x)
        return layers.BatchNormalization(momentum=0.9)(x)  # Keras' default of 0.99 lags behind in runs of a few hundred steps

    x = inputs = keras.Input(input_shape)
    for filters, depth in ((1, 2), (2, 2), (4, 3), (8, 3), (16, 3)):
        for _ in range(depth):
            x = layers.Activation("relu")(convolution(x, filters * width))
        x = layers.Dropout(dropout)(layers.MaxPooling2D()(x))
    for block in ((16, 16, 8), (8, 8, 4), (4, 4, 2), (2, 1), (1,)):
        x = layers.UpSampling2D()(x)
        for filters in block:
            x = layers.Activation("relu")(convolution(x, filters * width))
        x = layers.Dropout(dropout)(x) if block != (1,) else x
    x = convolution(x, num_classes, 1)  # normalised too: without that, the count of the notes would not come out
    return keras.Model(inputs, layers.Activation(activation)(x), name="segnet")
