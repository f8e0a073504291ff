"""Encoders under decoders: their taps, what they want of their input, weights from elsewhere, and what learns."""

import importlib.util
import sys

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from course_utils.models import backbones, build

RNG = np.random.default_rng(0)
HUB = pytest.mark.skipif(not importlib.util.find_spec("keras_hub"), reason="KerasHub is not here")
KINDS = [  # the others are deeper, or wider, and no more
    "vgg16", "resnet50", "resnet50v2", "mobilenet", "mobilenetv2", "mobilenetv3small", "inceptionv3", "inceptionresnetv2", "xception",
    "densenet121", "efficientnetb0", "efficientnetv2b0", "convnexttiny", "resnet18", "resnet34",
]  # fmt: skip
EACH = [
    pytest.param(name, marks=[HUB] * (name in backbones.HUB) + [pytest.mark.exhaustive] * (name not in KINDS))
    for name in backbones.ENCODERS
]
CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)
LARGE = 50_000_000  # parameters; what has more is not trained
TAPS = {  # as FACTS and the literature name them, at strides 2, 4, 8, 16, 32
    "mobilenetv2": ["block_1_expand_relu", "block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu", "out_relu"],
    "resnet50": ["conv1_relu", "conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out"],
    "vgg16": ["block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3", "block5_pool"],
    "densenet121": ["conv1_relu", "pool2_relu", "pool3_relu", "pool4_relu", "relu"],
    "efficientnetb0": [*(f"block{block}a_expand_activation" for block in (2, 3, 4, 6)), "top_activation"],
    "inceptionv3": [None, None, "mixed2", "mixed7", "mixed10"],
    "efficientnetlite0": [*(f"block{block}_expand_relu6" for block in (1, 3, 5, 11)), "features"],
    "xception": [None, *(f"block{block}_sepconv2_act" for block in (3, 4, 13, 14))],
}
PREPROCESS = {  # Keras' own, from images 0–255
    "vgg16": keras.applications.vgg16, "resnet50": keras.applications.resnet, "resnet50v2": keras.applications.resnet_v2,
    "mobilenet": keras.applications.mobilenet, "mobilenetv2": keras.applications.mobilenet_v2,
    "mobilenetv3small": keras.applications.mobilenet_v3, "inceptionv3": keras.applications.inception_v3,
    "inceptionresnetv2": keras.applications.inception_resnet_v2, "xception": keras.applications.xception,
    "densenet121": keras.applications.densenet, "efficientnetb0": keras.applications.efficientnet,
    "efficientnetv2b0": keras.applications.efficientnet_v2, "convnexttiny": keras.applications.convnext,
}  # fmt: skip


def output(model, images):
    return keras.ops.convert_to_numpy(model(images))


def small(encoder="mobilenetv2", name="unet", **options):
    return build(name, 3, 2, encoder=encoder, **options)


def plain(encoder):
    """Keras' own network, whose weights a file holds."""
    return getattr(keras.applications, backbones.ENCODERS[encoder][0])(include_top=False, weights=None, input_shape=(None, None, 3))


def kinds(model, kind):
    return [layer for layer in model._flatten_layers(include_self=False) if isinstance(layer, kind)]


@pytest.mark.parametrize("name", EACH)
def test_every_encoder_gives_what_goes_in(name, tmp_path):
    """Output as large as the input, features halved from stride to stride, from the right layers; the lighter ones learn, and are saved."""
    model = small(name)
    encoder, inner = model.get_layer("encoder"), backbones.backbone(model)
    image = RNG.integers(0, 256, (1, 128, 160, 3)).astype(np.float32)
    features = encoder(image / 255)
    strides = (4, 8, 16, 32) if name.startswith("convnext") else (2, 4, 8, 16, 32)
    assert [feature.shape[1:3] for feature in features] == [(128 // stride, 160 // stride) for stride in strides]
    assert model.get_layer("decoder")(features).shape == (1, 128, 160, 3)
    if name in TAPS:
        made = {id(layer.output): layer.name for layer in inner.layers}
        assert all(made[id(tap)] == want for tap, want in zip(inner.outputs, TAPS[name], strict=True) if want)
    if name in PREPROCESS:  # Keras' network with Keras' preprocessing of 0–255 gives the same features
        for ours, theirs in zip(features, inner(PREPROCESS[name].preprocess_input(image.copy())), strict=True):
            ours, theirs = keras.ops.convert_to_numpy(ours), keras.ops.convert_to_numpy(theirs)
            if ours.shape == theirs.shape:  # others are resized, where padding is missing
                np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4 * np.abs(theirs).max())
    if inner.count_params() < LARGE:
        first = inner.trainable_variables[0]  # to it the gradient comes through all others
        before = first.numpy()
        one_step(model, 96)  # the least that Inception takes is 75
        assert np.abs(first.numpy() - before).max() > 0
        encoder.save(tmp_path / "encoder.keras")
        again = keras.saving.load_model(tmp_path / "encoder.keras", safe_mode=True)
        for ours, theirs in zip(again(image / 255), encoder(image / 255), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * np.abs(theirs).max())


@pytest.mark.parametrize(
    ("network", "encoder", "limit", "parameters"),
    [
        ("deeplab", "mobilenetv2", 16, 2_257_984),
        ("deeplab", "densenet121", 16, 7_037_504),
        ("deeplab", "xception", 16, 20_861_480),
        ("deeplab", "inceptionv3", 16, 21_802_784),
        ("pspnet", "resnet50", 8, 23_587_712),
        ("pspnet", "resnet50v2", 8, 23_564_800),
        ("pspnet", "mobilenetv3small", 8, 939_120),
        ("pspnet", "vgg16", 8, 14_714_688),
        *((network, "convnexttiny", 32, 27_820_128) for network in ("deeplab", "pspnet")),
        pytest.param("pspnet", "resnet18", 8, 11_186_112, marks=HUB),
    ],
)
def test_deeplab_and_pspnet_dilate(network, encoder, limit, parameters):
    """Strides taken out, holes put in: the parameters of the published network without its classifier, a finer map."""
    model = small(encoder, network)
    assert backbones.backbone(model).count_params() == parameters
    image = RNG.random((1, 128, 160, 3), np.float32)
    features = keras.tree.flatten(model.get_layer("encoder")(image))  # PSPNet reads one, which comes without a list
    assert len(features) == (2 if network == "deeplab" else 1)
    assert features[-1].shape[1:3] == (128 // limit, 160 // limit)
    assert model.get_layer("decoder")(features).shape == (1, 128, 160, 3)
    assert model(image).shape == (1, 128, 160, 3)
    rates = {layer.dilation_rate[0] for layer in kinds(backbones.backbone(model), CONVOLUTIONS)}
    assert max(rates) == (16 if encoder == "vgg16" else 32) // limit  # VGG16 ends with a pooling
    assert not [
        layer for layer in kinds(backbones.backbone(model), keras.layers.Conv2D) if max(layer.strides) > 1 and max(layer.dilation_rate) > 1
    ]


def test_dilation_sees_what_strides_saw():
    """On an image that repeats itself, the dilated features at every second place are the strided ones."""
    encoder = plain("resnet50")
    dense = backbones._dilate(encoder, 16)
    image = np.tile(RNG.random((1, 1, 1, 3), np.float32), (1, 256, 256, 1)) + np.linspace(0, 1, 256, dtype=np.float32)[:, None, None]
    coarse, fine = output(encoder, image), output(dense, image)
    assert fine.shape[1] == 2 * coarse.shape[1]
    np.testing.assert_allclose(fine[:, 6:-6:2, 6:-6:2], coarse[:, 3:-3, 3:-3], atol=1e-3 * np.abs(coarse).max())


def test_weights_move_by_file(tmp_path):
    source = small(name="pspnet")
    file = tmp_path / "encoders" / "street.weights.h5"
    backbones.save(source, file)
    backbones.save(source, file)  # a second time: no complaint
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    image = RNG.random((1, 64, 64, 3), np.float32)
    theirs = build("pspnet", 3, 2, encoder="mobilenetv2", weights=file)
    expected, same, other = (
        keras.ops.convert_to_numpy(model.get_layer("encoder")(image)) for model in (source, theirs, small(name="pspnet"))
    )
    np.testing.assert_array_equal(same, expected)
    assert np.abs(same - other).max() > 0.1 * np.abs(same).max()


@pytest.mark.parametrize("encoder", ["mobilenetv2", "efficientnetb0"])
def test_files_of_keras_applications(encoder, tmp_path, monkeypatch):
    """In their old format, made here; `weights=path` gives what `weights="imagenet"` gives where Keras can fetch that file."""
    model = plain(encoder)
    model.set_weights([RNG.uniform(0.5, 1.5, weights.shape) * (1 if weights.ndim == 1 else 0.05) for weights in model.get_weights()])
    for layer in kinds(model, keras.layers.Normalization):
        layer.adapt_variance.assign([0.229, 0.224, 0.225])  # deviations, where variances belong: so in the published files
    file = tmp_path / "some_weights_no_top.h5"
    with h5py.File(file, "w") as opened:
        legacy_h5_format.save_weights_to_hdf5_group(opened, model)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", lambda *_, **__: str(file))
    image = RNG.random((1, 64, 64, 3), np.float32)
    again = tmp_path / "again.weights.h5"
    found = []
    for weights in ("imagenet", file, again):  # the last one was loaded, saved and loaded
        model = small(encoder, weights=weights)
        found.append(keras.ops.convert_to_numpy(model.get_layer("encoder")(image)[-1]))
        backbones.save(model, again)
    for features in found[1:]:
        np.testing.assert_allclose(features, found[0], rtol=1e-4, atol=1e-4 * np.abs(found[0]).max())


def test_bad_weights_are_told(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"there is no encoder 'resnet19'; choose one of dilated, vgg16"):
        small("resnet19")
    with pytest.raises(ValueError, match=r"none\.h5 is not there; give the path"):
        small(weights=tmp_path / "none.h5")
    file = tmp_path / "cut.weights.h5"
    backbones.save(small(), file)
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"cut\.weights\.h5 holds no weights of mobilenetv2, or is damaged"):
        small(weights=file)
    backbones.save(small("mobilenet"), file)
    with pytest.raises(ValueError, match=r"holds no weights of mobilenetv2"):
        small(weights=file)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", unreachable)
    with pytest.raises(ValueError, match=r"ImageNet weights of mobilenetv2 cannot be fetched .*give weights=PATH, or take weights=None\.$"):
        small(weights="imagenet")


def unreachable(name, origin, **_):
    raise Exception(f"URL fetch failure on {origin}: None -- no route")  # what Keras raises


def test_without_keras_hub_the_remedy_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(ValueError, match=r"^resnet18 comes with KerasHub: pip install keras-hub$"):
        build("unet", 3, encoder="resnet18")


def test_frozen_means_that_nothing_moves():
    """Neither weights nor the averages of batch normalisation, in a step of training."""
    model = small(freeze=True)
    inner = backbones.backbone(model)
    assert not inner.trainable_weights
    assert model.get_layer("decoder").trainable_weights
    before = inner.get_weights()
    one_step(model)
    for old, new in zip(before, inner.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_unfreeze_by_stride():
    model = small(freeze=True)
    inner = backbones.backbone(model)
    counts = []
    for stride in (32, 16, 8, 1):
        backbones.unfreeze(model, stride)
        counts.append(len(inner.trainable_weights))
        assert not any(layer.trainable for layer in kinds(inner, keras.layers.BatchNormalization))
    assert counts == sorted(set(counts))
    backbones.unfreeze(model, 16)
    learning = {layer.name for layer in inner.layers if layer.trainable_weights}
    assert "block_6_depthwise" in learning  # from stride 8 to 16
    assert "block_6_expand" not in learning
    before = dict(zip([weights.path for weights in inner.weights], inner.get_weights(), strict=True))
    one_step(model)
    moved = {path for path, new in zip(before, inner.get_weights(), strict=True) if np.abs(new - before[path]).max() > 0}
    assert moved == {weights.path for weights in inner.trainable_weights}


def one_step(model, side=64):
    model.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
    model.train_on_batch(RNG.random((2, side, side, 3), np.float32), RNG.integers(0, 3, (2, side, side)))


def test_the_two_parts_are_the_whole():
    """`decoder` on features of `encoder`, computed once, is the model; training it trains the model."""
    model = small(freeze=True)
    images = RNG.random((2, 64, 64, 3), np.float32)
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    features = encoder.predict(images, verbose=0)
    np.testing.assert_allclose(output(decoder, features), output(model, images), atol=1e-4)
    before = output(model, images)
    decoder.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
    decoder.train_on_batch(features, RNG.integers(0, 3, (2, 64, 64)))
    assert np.abs(output(model, images) - before).max() > 1e-4


def test_saved_and_loaded(tmp_path):
    model = small("xception", activation="softmax")
    images = RNG.random((1, 96, 96, 3), np.float32)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(output(again, images), output(model, images), atol=1e-5)
    with pytest.raises(ValueError, match="multiples of 32, but the images are 64×80"):
        again(np.zeros((1, 64, 80, 3), np.float32))
