"""U-Net (Ronneberger, Fischer and Brox, 2015): an encoder, a decoder, and bridges that carry detail across."""

import keras
from keras import layers


def unet(
    input_shape=(None, None, 1),
    num_classes=1,
    widths=(20, 40, 80, 160),
    batch_norm=False,
    dropout=0.0,
    l2=0.0,
    skips=True,
    activation="sigmoid",
) -> keras.Model:
    """U-Net of `len(widths)` levels with two 3×3 convolutions each, max pooling down, nearest upsampling and a 2×2 convolution up.

    Args:
        input_shape: (height, width, channels); height and width are multiples of 2**(len(widths) - 1) or None.
        num_classes: channels of the output; 1 for foreground against background.
        widths: filters from the finest level to the bottleneck ((20, 40, 80, 160): 752,421 parameters for grey images).
        batch_norm: normalise after each 3×3 and 2×2 convolution, before its ReLU.
        dropout: share of activations dropped at the end of the two deepest levels while training.
        l2: weight of the squared weights that is added to the loss.
        skips: False leaves the bridges out, everything else being equal.
        activation: None, "sigmoid" or "softmax".

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """
    regulariser = keras.regularizers.L2(l2) if l2 else None

    def convolution(x, filters, size):
        x = layers.Conv2D(filters, size, padding="same", use_bias=not batch_norm, kernel_regularizer=regulariser)(x)
        if batch_norm:
            x = layers.BatchNormalization(momentum=0.9)(x)  # 0.99, Keras' default, lags behind in runs of a few hundred steps
        return layers.Activation("relu")(x)

    def block(x, level):
        for _ in range(2):
            x = convolution(x, widths[level], 3)
        return layers.Dropout(dropout)(x) if dropout and level >= len(widths) - 2 else x

    x = inputs = keras.Input(input_shape)
    bridges = []
    for level in range(len(widths) - 1):
        x = block(x, level)
        bridges.append(x)
        x = layers.MaxPooling2D()(x)
    x = block(x, len(widths) - 1)
    for level in reversed(range(len(widths) - 1)):
        x = convolution(layers.UpSampling2D()(x), widths[level], 2)
        if skips:
            x = layers.Concatenate()([bridges[level], x])
        for _ in range(2):
            x = convolution(x, widths[level], 3)
    outputs = layers.Conv2D(num_classes, 1, activation=activation)(x)
    return keras.Model(inputs, outputs, name="unet" if skips else "unet_without_skips")
