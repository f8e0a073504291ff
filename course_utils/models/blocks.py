"""What the networks are made of."""

from keras import layers

VGG16 = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))  # blocks: (filters as a multiple of the first block's, convolutions)


def convolution(x, filters, size=3, batch_norm=True, **options):
    """A convolution that keeps the size unless told otherwise, batch normalisation (or a bias in its place), and ReLU."""
    x = layers.Conv2D(filters, size, **{"padding": "same", "use_bias": not batch_norm} | options)(x)
    if batch_norm:
        x = layers.BatchNormalization(momentum=0.9)(x)  # Keras' default of 0.99 lags behind in runs of a few hundred steps
    return layers.Activation("relu")(x)
