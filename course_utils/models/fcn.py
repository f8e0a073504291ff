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
