"""Every network at one size after the other, and at one that it refuses, wherever a graph learns of sizes; and loaded again.

`predict_on_batch` is asked of all: its graph is first made for one size, then for any. The rest (`predict`, `fit`, `evaluate`, a file
between) goes through the same layers, so by default it runs for networks that hold each of these layers, and for all with `--all`.
"""

import cv2
import keras
import numpy as np
import pytest

from course_utils import training
from course_utils.classes import ELIRET
from course_utils.data import Pairs
from course_utils.layers import BilinearUpSampling, MaxPoolingWithPositions, MaxUnpooling, ResizeLike
from course_utils.models import NETWORKS, backbones, build, fcn, fcn_skip, segnet_lite, unet
from course_utils.models.blocks import Network, convolution, start
from course_utils.models.deeplab import aspp
from course_utils.models.pspnet import pyramid_pooling
from tests.test_backbones import HUB, KINDS

RNG = np.random.default_rng(0)
SIZES = [(32, 64), (96, 32), (64, 96)]


def the_layers_alone(input_shape, num_classes, activation):
    """All that looks at sizes, with little between."""
    inputs, x = start(input_shape, 32)
    pooled, where = MaxPoolingWithPositions()(convolution(x, 4, strides=4))
    deep = aspp(pyramid_pooling(convolution(pooled, 4, strides=4)), 4, (1, 2))
    x = MaxUnpooling()(ResizeLike()(deep, pooled), where)
    return Network(inputs, BilinearUpSampling(4)(keras.layers.Conv2D(num_classes, 1, activation=activation)(x)))


OTHERS = {
    "the layers alone": the_layers_alone,
    "fcn": lambda **options: fcn(width=2, **options),
    "the notes' unet": lambda **options: unet(widths=(2, 3), **options),
    "mirrored unet": lambda **options: unet(widths=(2, 3), mirror=True, **options),
    "segnet with nearest upsampling": lambda **options: build("segnet", width=2, positions=False, **options),
    "fcn_skip": lambda **options: fcn_skip(width=2, **options),
    "segnet_lite": lambda **options: segnet_lite(width=2, **options),
}
ON_AN_ENCODER = [f"{name} on mobilenet" for name in ("unet", "deeplab", "pspnet")]
SAMPLE = ("the layers alone", "mirrored unet", "segnet_lite")
RESIZING = ("inceptionv3", "inceptionresnetv2", "xception")  # encoders that lack a row here and there


def some(names, sample=()):
    """Those outside the sample with `--all` alone."""
    skip = {name: [HUB] for name in backbones.HUB}
    return [pytest.param(name, marks=skip.get(name, []) + [pytest.mark.exhaustive] * (name not in sample)) for name in names]


def make(name):
    keras.utils.set_random_seed(1)
    if name in OTHERS:
        return OTHERS[name](input_shape=(None, None, 3), num_classes=3, activation=None)
    network, _, encoder = name.partition(" on ")
    return build(network, 3, 2, **({"encoder": encoder} if encoder else {}))


def forbidden(name):
    """A size that the network refuses, and its sentence."""
    if name == "mirrored unet":
        return (64, 10), "a margin of 10 pixels cannot be mirrored from an image of .*: take a larger image"
    return (36, 67), r"height and width must be multiples of \d+, but the images.*: pad or resize them first"


class Growing(keras.utils.PyDataset):
    """A batch of each size."""

    def __init__(self, *sizes):
        super().__init__()
        self.sizes = sizes

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, number):
        return np.full((1, *self.sizes[number], 3), 0.5, np.float32), np.zeros((1, *self.sizes[number]), np.uint8)


def refuses(sentence, call, *args, **options):
    with pytest.raises(ValueError, match=f"^{sentence}\\.$") as caught:
        call(*args, **options)
    assert "\n" not in str(caught.value)


def goes(predict, model, sizes):
    for size in sizes:
        image = RNG.random((1, *size, 3), np.float32)
        wanted = keras.ops.convert_to_numpy(model(image))
        assert wanted.shape[1:3] == size
        np.testing.assert_allclose(predict(image), wanted, atol=1e-4 * max(1, np.abs(wanted).max()))


@pytest.mark.parametrize("name", some([*NETWORKS, *OTHERS], {*NETWORKS, *OTHERS} - {"segnet with nearest upsampling"}))
def test_sizes_one_after_the_other(name):
    model = make(name)
    goes(model.predict_on_batch, model, SIZES)
    size, sentence = forbidden(name)
    refuses(sentence, model.predict_on_batch, np.zeros((1, *size, 3), np.float32))
    refuses(sentence, model, np.zeros((1, *size, 3), np.float32))
    goes(model.predict_on_batch, model, SIZES[:1])  # and goes on afterwards


@pytest.mark.parametrize("name", some([*NETWORKS, *OTHERS, *ON_AN_ENCODER], SAMPLE))
def test_wherever_sizes_come_from(name, tmp_path):
    model = make(name)
    model.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    size, sentence = forbidden(name)
    refuses(sentence, model.predict, np.zeros((1, *size, 3), np.float32), verbose=0)  # as the first of all, and after good ones
    goes(lambda image: model.predict(image, verbose=0), model, SIZES)
    refuses(sentence, model.predict, np.zeros((1, *size, 3), np.float32), verbose=0)
    before = model.get_weights()
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert np.isfinite(training.fit(model, Growing(*SIZES), Growing(*SIZES), epochs=1).history["val_loss"][0])
    assert any(not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))
    refuses(sentence, training.fit, model, Growing(*SIZES, size), epochs=1)
    refuses(sentence, model.evaluate, Growing(*SIZES, size), verbose=0)
    refuses(sentence, model.train_on_batch, *Growing(size)[0])


def test_measuring_at_any_size(tmp_path):
    for number, size in enumerate(SIZES):
        picture = RNG.integers(0, 256, (*size, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
        cv2.imwrite(str(tmp_path / f"{number}_mask.png"), 255 * np.uint8(picture[..., 0] > 99))
    images, masks = ([tmp_path / f"{number}{end}.png" for number in range(3)] for end in ("", "_mask"))
    model, pairs = the_layers_alone((None, None, 3), 2, None), Pairs(images, masks, ELIRET)
    for size in SIZES:
        found = np.zeros((2, 2), int)
        for number in range(3):
            image, _ = pairs[number].arrays(size)
            _, mask = pairs.read(number)
            scores = cv2.resize(keras.ops.convert_to_numpy(model(image))[0], mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
            np.add.at(found, (mask, scores.argmax(-1)), 1)
        assert np.abs(training.measure(model, pairs, size) - found).sum() <= 0.002 * found.sum()  # ties, rounded apart
    refuses(forbidden("deeplab")[1], training.measure, model, pairs, (36, 67))


@pytest.mark.parametrize("name", some([name for name in KINDS if name not in RESIZING], ["mobilenet"]))
def test_every_kind_of_encoder(name):
    model = make(f"unet on {name}")
    goes(model.predict_on_batch, model, SIZES)
    refuses(forbidden(name)[1], model.predict_on_batch, np.zeros((1, 64, 80, 3), np.float32))


@pytest.mark.parametrize("name", some([f"{network} on {name}" for network in ("deeplab", "pspnet") for name in KINDS]))
def test_every_kind_of_encoder_dilated(name):
    model = make(name)
    goes(model.predict_on_batch, model, [(96, 128), (128, 96), (160, 96)])
    refuses(forbidden(name)[1], model.predict_on_batch, np.zeros((1, 100, 128, 3), np.float32))


@pytest.mark.parametrize("name", some(RESIZING, ["xception"]))
def test_encoders_that_resize(name):
    encoder = make(f"unet on {name}").get_layer("encoder")
    for height, width in [(96, 128), (128, 96), (160, 96)]:
        image = RNG.random((1, height, width, 3), np.float32)
        for found, wanted in zip(encoder.predict_on_batch(image), encoder(image), strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-4 * max(1, np.abs(wanted).max()))
