"""U-Net (Ronneberger, Fischer and Brox, 2015): an encoder, a decoder, and bridges that carry detail across."""

import keras
from keras import layers

from course_utils.layers import MirrorPadding

from . import backbones
from .blocks import Network, convolution, start


def unet(
    input_shape=(None, None, 1),
    num_classes=1,
    widths=(20, 40, 80, 160),
    batch_norm=False,
    dropout=0.0,
    l2=0.0,
    skips=True,
    transposed=False,
    mirror=False,
    activation="sigmoid",
) -> keras.Model:
    """U-Net of `len(widths)` levels with two 3×3 convolutions each, max pooling down, and a twofold enlargement with a 2×2 kernel up.

    Args:
        input_shape: (height, width, channels); height and width are multiples of 2**(len(widths) - 1) or None.
        num_classes: channels of the output; 1 for foreground against background.
        widths: filters from the finest level to the bottleneck ((20, 40, 80, 160): 752,421 parameters for grey images).
        batch_norm: normalise after each 3×3 and 2×2 convolution, before its ReLU.
        dropout: share of activations dropped at the end of the two deepest levels while training.
        l2: weight of the squared weights that is added to the loss.
        skips: False leaves the bridges out, everything else being equal.
        transposed: enlarge by a transposed 2×2 convolution, as in the paper, and not by nearest upsampling and a 2×2 convolution.
        mirror: convolve without padding, as in the paper, on the image with a mirrored margin; images must be larger than that
            margin, which is 6 · 2**(len(widths) - 1) - 2 pixels.
        activation: None, "sigmoid" or "softmax".

    Returns:
        Model from images (batch, height, width, channels) in [0, 1] to (batch, height, width, num_classes).
    """
    options = {
        "batch_norm": batch_norm,
        "kernel_regularizer": keras.regularizers.L2(l2) if l2 else None,
        "padding": "valid" if mirror else "same",
    }
    levels = len(widths) - 1  # above the bottleneck

    def block(x, level):
        for _ in range(2):
            x = convolution(x, widths[level], **options)
        return layers.Dropout(dropout)(x) if dropout and level >= levels - 1 else x

    def enlarge(x, filters):
        if transposed:
            return layers.Conv2DTranspose(filters, 2, strides=2, kernel_regularizer=options["kernel_regularizer"])(x)
        return convolution(layers.UpSampling2D()(x), filters, 2, **options | {"padding": "same"})

    inputs, x = start(input_shape, 2**levels)
    if mirror:
        x = MirrorPadding(6 * 2**levels - 2)(x)  # 2 more than the convolutions eat, so that every pooling meets an even size
    bridges = []
    for level in range(levels):
        x = block(x, level)
        bridges.append(x)
        x = layers.MaxPooling2D()(x)
    x = block(x, levels)
    cut = 4  # pixels that a bridge is longer than what it meets, on each side
    for level in reversed(range(levels)):
        x = enlarge(x, widths[level])
        if skips:
            x = layers.Concatenate()([layers.Cropping2D(cut)(bridges[level]) if mirror else bridges[level], x])
        for _ in range(2):
            x = convolution(x, widths[level], **options)
        cut = 2 * cut + 8
    if mirror:
        x = layers.Cropping2D(2)(x)
    outputs = layers.Conv2D(num_classes, 1, activation=activation)(x)
    return Network(inputs, outputs, name="unet" if skips else "unet_without_skips")


def unet_on(encoder, input_shape=(None, None, 3), num_classes=19, width=16, activation=None, **pretrained) -> keras.Model:
    """U-Net whose way down is an image classifier (Iglovikov and Shvets, 2018, arXiv:1801.05746).

    Args:
        encoder: a name of `backbones.ENCODERS`.
        input_shape: (height, width, 3); height and width are multiples of 32 or None.
        num_classes: channels of the output.
        width: filters of the decoder at full size; 2, 4, 8 and 16 times as many at strides 2 to 16.
        activation: None, "sigmoid" or "softmax".
        pretrained: `weights` and `freeze`, see `backbones.under`.

    Returns:
        Model from images (batch, height, width, 3) in [0, 1] to (batch, height, width, num_classes).
    """

    def decode(features):
        x = features[32]
        for stride in (16, 8, 4, 2, 1):
            x = layers.UpSampling2D()(x)
            if stride in features:  # ConvNeXt has none at 2
                x = layers.Concatenate()([features[stride], x])
            for _ in range(2):
                x = convolution(x, stride * width)
        return layers.Conv2D(num_classes, 1, activation=activation)(x)

    return backbones.under("unet", decode, encoder, input_shape, width, **pretrained)
