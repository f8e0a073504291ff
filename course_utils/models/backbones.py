"""Encoders: from images to feature maps at several strides, for decoders that differ.

`dilated` is small and trains from scratch. The others are image classifiers without their last layers: those of keras.applications,
ResNet18 and 34 of KerasHub, and EfficientNet-Lite. `under` puts one below a decoder, with what it wants of its input inside the model and
with weights that were learned elsewhere, if there are any. `freeze` and `unfreeze` say which of its layers learn.
"""

import math
import warnings
from pathlib import Path

import keras
import numpy as np
from keras import layers

from course_utils.layers import ResizeLike

from . import efficientnet_lite
from .blocks import Network, convolution, start

MEANS, DEVIATIONS = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])  # of ImageNet's pixels in [0, 1]
BEFORE = {  # what an encoder was made for: scale and offset of RGB images in [0, 1], and whether blue comes first
    "caffe": (255.0, [-103.939, -116.779, -123.68], True),
    "tf": (2.0, -1.0, False),
    "torch": ((1 / DEVIATIONS).tolist(), (-MEANS / DEVIATIONS).tolist(), False),
    "inside": (255.0, 0.0, False),  # the encoder itself goes on from 0–255
    "lite": (255 / 128, -127 / 128, False),
}
_MADE_FOR = {
    "caffe": "VGG16 VGG19 ResNet50 ResNet101 ResNet152",
    "tf": "ResNet50V2 ResNet101V2 ResNet152V2 MobileNet MobileNetV2 InceptionV3 InceptionResNetV2 Xception",
    "torch": "DenseNet121 DenseNet169 DenseNet201 ResNet18 ResNet34",
    "inside": "MobileNetV3Small MobileNetV3Large EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3 EfficientNetB4 "
    "EfficientNetB5 EfficientNetB6 EfficientNetB7 EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 EfficientNetV2S "
    "EfficientNetV2M EfficientNetV2L ConvNeXtTiny ConvNeXtSmall ConvNeXtBase ConvNeXtLarge ConvNeXtXLarge",
    "lite": "EfficientNetLite0 EfficientNetLite1 EfficientNetLite2",
}
ENCODERS = {name.lower(): (name, made_for) for made_for, names in _MADE_FOR.items() for name in names.split()}
LITE = {f"efficientnetlite{number}": number for number in efficientnet_lite.SIZES}
HUB = {  # name → preset of KerasHub, and how to build it without one
    "resnet18": (
        "resnet_18_imagenet",
        {"input_conv_filters": [64], "input_conv_kernel_sizes": [7], "block_type": "basic_block"},
        [2, 2, 2, 2],
    ),
    "resnet34": (
        "resnet_vd_34_imagenet",
        {"input_conv_filters": [32, 32, 64], "input_conv_kernel_sizes": [3, 3, 3], "block_type": "basic_block_vd"},
        [3, 4, 6, 3],
    ),
}


def dilated(x, width=32):
    """A small residual encoder that stops shrinking at 1/8 of the size and dilates instead, as dilated ResNets do.

    Yu, Koltun and Funkhouser (2017), arXiv:1705.09914; the blocks are those of ResNet18 (He et al., 2016).

    Args:
        x: images (batch, height, width, channels) in [0, 1]; height and width are multiples of 8.
        width: filters at stride 2; there are 2 times as many at stride 4, and 4, 6 and 8 times as many in the three stages at stride 8.

    Returns:
        stride → features: {4: (batch, height / 4, width / 4, 2 · width), 8: (batch, height / 8, width / 8, 8 · width)}.
    """

    def block(x, filters, strides=1, rate=1):
        # A mean and a 1×1, not a 1×1 with a stride, which looks at one pixel of four (He et al., 2019, arXiv:1812.01187) and whose
        # gradient for few channels writes past its memory in TensorFlow 2.21 on a CPU (oneDNN; seen with 12 filters).
        short = layers.AveragePooling2D(2)(x) if strides > 1 else x
        if x.shape[-1] != filters:
            short = layers.Conv2D(filters, 1, use_bias=False)(short)
            short = layers.BatchNormalization(momentum=0.9)(short)
        x = convolution(x, filters, strides=strides, dilation_rate=1 if strides > 1 else rate)
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, dilation_rate=rate)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        return layers.Activation("relu")(layers.Add()([short, x]))

    x = convolution(x, width, strides=2)
    x = block(x, 2 * width, strides=2)
    low = x = block(x, 2 * width)
    x = block(x, 4 * width, strides=2)
    x = block(x, 4 * width)
    for multiple, rate in ((6, 2), (8, 4)):
        for _ in range(2):
            x = block(x, multiple * width, rate=rate)
    return {4: low, 8: x}


def under(name, decode, encoder, input_shape, width, weights=None, freeze=False, stride=32, skips=None) -> keras.Model:
    """A network of an encoder and a decoder.

    Args:
        name: of the model.
        decode: function from features, stride → (batch, height / stride, width / stride, channels), to the output.
        encoder: "dilated", which has `width` filters at first and stops at stride 8, or a name of `ENCODERS`, as its paper has it.
        input_shape: (height, width, 3); height and width are multiples of the encoder's largest stride or None.
        weights: None (random), "imagenet" (downloaded once by Keras) or a file of weights of this very encoder: one that
            keras.applications offers (the kind whose name says `no_top`), one written by `save`, or for EfficientNet-Lite what
            `data_scripts.ensure_weights` returns.
        freeze: the encoder does not learn, and its batch normalisation keeps to the averages it has.
        stride: the largest one an encoder of `ENCODERS` shall have; 16 or 8 keep more detail, by dilation (ConvNeXt: always 32).
        skips: strides of the features that `decode` reads beside those of the largest stride; None: of all strides.

    Returns:
        Model; with an encoder of `ENCODERS` its layers are "encoder" (images to a list of features, the finest first, or to the only ones
        that the decoder reads) and "decoder".

    Raises:
        ValueError: an unknown encoder, weights that are not there, broken or of another encoder.
    """
    if encoder == "dilated":
        inputs, x = start(input_shape, 8)
        return Network(inputs, decode(dilated(x, width)), name=name)
    below, strides = _encoder(encoder, weights, stride, skips)
    inputs, x = start(input_shape, strides[-1])
    features = below(x)
    ends = [keras.Input(feature.shape[1:]) for feature in features]
    above = keras.Model(ends, decode(dict(zip(strides, ends, strict=True))), name="decoder")
    model = Network(inputs, above(features), name=name)
    below.trainable = not freeze
    return model


def save(model, path):
    """Write the weights of a model's encoder, for `weights=path` of another model; the name ends in .weights.h5."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    part = Path(path).with_name("part." + Path(path).name)
    backbone(model).save_weights(part, overwrite=True)
    part.replace(path)


def backbone(model) -> keras.Model:
    """The encoder of a model of `under`, without what stands before it."""
    return model.get_layer("encoder").get_layer("backbone")


def unfreeze(model, from_stride=32):
    """Let the encoder's layers learn that work at `from_stride` or beyond; those before do not. Compile the model again afterwards.

    Batch normalisation stays in inference mode everywhere: the averages of a few small batches would destroy what the weights expect.

    Args:
        model: of `under`, with an encoder of `ENCODERS`.
        from_stride: 32 for the last stage alone, 2 for all but the first layer or two, 1 for everything.
    """
    inner = backbone(model)
    inner.trainable = model.get_layer("encoder").trainable = True
    reached = 1
    for layer, stride in zip(inner.layers, _strides(inner, [_spot(layer) for layer in inner.layers]), strict=True):
        reached = stride or reached
        layer.trainable = reached >= from_stride and not isinstance(layer, layers.BatchNormalization)


# ---------------------------------------------------------------- making an encoder


def _encoder(name, weights, stride, skips):
    """(Model "encoder" from images in [0, 1] to a list of features, their strides)."""
    if name not in ENCODERS:
        raise ValueError(f"there is no encoder {name!r}; choose one of dilated, {', '.join(ENCODERS)}.")
    plain = _with_weights(name, weights)
    if stride < 32 and not name.startswith("convnext"):
        plain = _dilate(plain, stride)
    taps = _taps(plain, widest=name.startswith("inception"))
    if skips is not None:  # Keras 3.13 makes no decoder with inputs that it does not read
        taps = {stride: tap for stride, tap in taps.items() if stride in skips or stride == max(taps)}
    for layer in plain.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.9  # Keras' 0.99 to 0.999 would not settle in runs of a few hundred steps
    inner = keras.Model(plain.input, [taps[stride] for stride in sorted(taps)], name="backbone")
    scale, offset, blue_first = BEFORE[ENCODERS[name][1]]
    inputs = keras.Input((None, None, 3))
    features = inner(layers.Rescaling(scale, offset)(inputs[..., ::-1] if blue_first else inputs))
    if name.startswith(("inception", "xception")):  # they convolve without padding here and there; the decoder counts on whole parts
        features = [
            ResizeLike()(feature, layers.AveragePooling2D(stride)(inputs)) for stride, feature in zip(sorted(taps), features, strict=True)
        ]
    return keras.Model(inputs, features, name="encoder"), sorted(taps)


def _with_weights(name, weights):
    """The classifier without its last layers."""
    if weights == "imagenet" and name in LITE:
        raise ValueError(f'Fetch the ImageNet weights of {name} with data_scripts: weights=ensure_weights("{name}").')
    if weights == "imagenet":
        try:
            return _classifier(name, "imagenet")
        except Exception as error:  # Keras raises nothing more special
            if "fetch failure" not in str(error) and name not in HUB:
                raise
            raise ValueError(
                f"The ImageNet weights of {name} cannot be fetched ({str(error).splitlines()[0][:200]}). With a connection they come by "
                f"themselves; without one, fetch that file elsewhere and give weights=PATH, or take weights=None."
            ) from None
    plain = _classifier(name, None)
    if weights is None:
        return plain
    path = Path(weights)
    if not path.is_file():
        raise ValueError(f"{path} is not there; give the path of a file with weights of {name}, or take weights=None.")
    if name in LITE and path.suffix == ".pth":
        efficientnet_lite.load(plain, path)
        return plain
    try:
        with warnings.catch_warnings(action="ignore"):  # what does not fit is an error below
            plain.load_weights(path)
    except (ValueError, OSError, KeyError, TypeError) as error:
        said = str(error).splitlines()[0][:120]
        raise ValueError(f"{path} holds no weights of {name}, or is damaged ({said}); fetch it again, or name the right encoder.") from None
    for layer in plain.layers:  # EfficientNet's published files hold deviations as variances; weights="imagenet" makes up for that, too
        if isinstance(layer, layers.Normalization) and np.allclose(keras.ops.convert_to_numpy(layer.adapt_variance), DEVIATIONS):
            layer.adapt_variance.assign(np.square(DEVIATIONS))
            layer.finalize_state()
    return plain


def _classifier(name, weights):
    if name in LITE:
        return efficientnet_lite.efficientnet_lite(LITE[name], top=False)
    if name not in HUB:
        make = getattr(keras.applications, ENCODERS[name][0])
        with warnings.catch_warnings(action="ignore"):  # that the weights were learned at 224×224, which is meant
            return make(include_top=False, weights=weights, input_shape=(None, None, 3))
    try:
        import keras_hub
    except ImportError:
        raise ValueError(f"{name} comes with KerasHub: pip install keras-hub") from None
    preset, options, depths = HUB[name]
    if weights:
        return keras_hub.models.Backbone.from_preset(preset)
    widths = {"stackwise_num_filters": [64, 128, 256, 512], "stackwise_num_blocks": depths, "stackwise_num_strides": [1, 2, 2, 2]}
    return keras_hub.models.ResNetBackbone(**options, **widths)


# ---------------------------------------------------------------- strides


def _strides(encoder, tensors):
    """How many pixels of the image lie between two of each of `tensors`, as the nearest power of two; None for a tensor that is None."""
    side = 1024  # so large that the few pixels which unpadded convolutions lose do not count
    known = {number: tensor for number, tensor in enumerate(tensors) if tensor is not None and len(tensor.shape) == 4}
    shapes = keras.Model(encoder.input, list(known.values())).compute_output_spec(keras.KerasTensor((1, side, side, 3)))
    found = {number: 2 ** round(math.log2(side / shape.shape[1])) for number, shape in zip(known, shapes, strict=True)}
    return [found.get(number) for number in range(len(tensors))]


def _spot(layer):
    """The layer's output in its encoder's graph; None for a model in the model, which only tells of its own."""
    return None if isinstance(layer, keras.Model) else layer.output


def _taps(encoder, widest=False):
    """stride → the last output there after an activation, or at least after a convolution.

    With `widest`, for Inception, not one of the branches that lead to the next stride but what all of them read.
    """
    bare = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)

    def finished(layer):
        return not isinstance(layer, layers.BatchNormalization) and not (
            isinstance(layer, bare) and layer.activation is keras.activations.linear
        )

    usable = [layer for layer in encoder.layers if not isinstance(layer, (layers.ZeroPadding2D, keras.Model))]
    spots, taps = [layer.output for layer in sorted(usable, key=finished)], {}
    for stride, spot in zip(_strides(encoder, spots), spots, strict=True):
        narrower = widest and stride < 32 and stride in taps and spot.shape[-1] < taps[stride].shape[-1]
        if stride in (2, 4, 8, 16, 32) and not narrower:
            taps[stride] = spot
    return taps


def _dilate(encoder, limit):
    """The same weights with no stride beyond `limit`: from there on kernels have holes, so that they see what they saw before."""
    kinds = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.MaxPooling2D, layers.AveragePooling2D)
    moving = [layer for layer in encoder.layers if isinstance(layer, kinds)]
    before, after = (_strides(encoder, [getattr(layer, side) for layer in moving]) for side in ("input", "output"))
    rates = {layer.name: old // limit or 1 for layer, old, new in zip(moving, before, after, strict=True) if new > limit}
    margins = {id(layer.input) for layer in moving if layer.name in rates}

    def change(layer):
        if isinstance(layer, layers.ZeroPadding2D) and id(layer.output) in margins:
            return layers.Identity(name=layer.name)  # the convolution pads for itself now
        config = layer.get_config()
        if layer.name in rates:
            config |= {"strides": (1, 1), "padding": "same"}
            if "dilation_rate" in config:
                config["dilation_rate"] = rates[layer.name] if config["kernel_size"][0] > 1 else 1
        return type(layer).from_config(config)

    changed = keras.models.clone_model(encoder, clone_function=change)
    changed.set_weights(encoder.get_weights())
    return changed
