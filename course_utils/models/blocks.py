"""What the networks are made of."""

import re

import keras
from keras import layers

from course_utils.layers import MirrorPadding, MultipleOf

VGG16 = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))  # blocks: (filters as a multiple of the first block's, convolutions)


@keras.saving.register_keras_serializable("course_utils")
class Network(keras.Model):
    """A model of layers that says in one ValueError which sizes it takes, also where a compiled step alone learns of a size.

    Keras would wrap the layer's own error in a page; TensorFlow, once it has compiled for any size, would tell of tensors inside.
    """

    def _plainly(self, error):
        """Raises what a layer refused, as one sentence, if that is what `error` comes from."""
        said = re.sub(r"\x1b\[\d+m", "", str(error))
        for layer in self._flatten_layers():
            if isinstance(layer, (MultipleOf, MirrorPadding)) and (refusal := layer.refusal(said)):
                raise ValueError(refusal) from None


def _plain(name):
    def method(self, *args, **kwargs):
        try:
            return getattr(super(Network, self), name)(*args, **kwargs)
        except Exception as error:  # TensorFlow's has a class that only TensorFlow knows
            self._plainly(error)
            raise

    method.__name__, method.__doc__ = name, getattr(keras.Model, name).__doc__
    return method


for _name in ("__call__", "fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"):
    setattr(Network, _name, _plain(_name))


def start(input_shape, stride):
    """(inputs, features) of a network that shrinks to 1/stride; a size that `stride` does not divide is refused here or when it is met."""
    inputs, guard = keras.Input(input_shape), MultipleOf(stride)
    return inputs, guard(guard.check(inputs))  # called by hand first, it raises its own error and not one that Keras has wrapped


def convolution(x, filters, size=3, batch_norm=True, **options):
    """A convolution that keeps the size unless told otherwise, batch normalisation (or a bias in its place), and ReLU."""
    x = layers.Conv2D(filters, size, **{"padding": "same", "use_bias": not batch_norm} | options)(x)
    if batch_norm:
        x = layers.BatchNormalization(momentum=0.9)(x)  # Keras' default of 0.99 lags behind in runs of a few hundred steps
    return layers.Activation("relu")(x)
