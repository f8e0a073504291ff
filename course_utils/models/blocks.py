"""What the networks are made of."""

import keras
from keras import layers

from course_utils.layers import MultipleOf

VGG16 = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))  # blocks: (filters as a multiple of the first block's, convolutions)


def start(input_shape, stride):
    """(inputs, features) of a network that shrinks to 1/stride; a size that `stride` does not divide is refused here or when it is met."""
    inputs, guard = keras.Input(input_shape), MultipleOf(stride)
    return inputs, guard(guard.call(inputs))  # called by hand first, it raises its own error and not one that Keras has wrapped


def convolution(x, filters, size=3, batch_norm=True, **options):
    """A convolution that keeps the size unless told otherwise, batch normalisation (or a bias in its place), and ReLU."""
    x = layers.Conv2D(filters, size, **{"padding": "same", "use_bias": not batch_norm} | options)(x)
    if batch_norm:
        x = layers.BatchNormalization(momentum=0.9)(x)  # Keras' default of 0.99 lags behind in runs of a few hundred steps
    return layers.Activation("relu")(x)
