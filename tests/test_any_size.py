"""Every network at one size after the other: in `predict`, `predict_on_batch` and `fit`, where a graph learns of them, and loaded again."""

import keras
import numpy as np
import pytest

from course_utils.models import NETWORKS, build, fcn, fcn_skip, segnet_lite, unet

RNG = np.random.default_rng(0)
SIZES = [(32, 64), (96, 32), (64, 96)]
OTHERS = {"fcn": fcn, "the notes' unet": unet, "fcn_skip": fcn_skip, "segnet_lite": segnet_lite}
ON_AN_ENCODER = [f"{name} on mobilenet" for name in ("unet", "deeplab", "pspnet")]
RESIZING = ("inceptionv3", "inceptionresnetv2", "xception")  # encoders that lack a row here and there


def make(name):
    keras.utils.set_random_seed(1)
    if name in OTHERS:
        size = {"widths": (2, 3)} if name == "the notes' unet" else {"width": 2}
        return OTHERS[name]((None, None, 3), num_classes=3, activation=None, **size)
    network, _, encoder = name.partition(" on ")
    return build(network, 3, 2, **({"encoder": encoder} if encoder else {}))


class Growing(keras.utils.PyDataset):
    """A batch of each size."""

    def __init__(self, images):
        super().__init__()
        self.images = images

    def __len__(self):
        return len(self.images)

    def __getitem__(self, number):
        image = self.images[number]
        return image, np.zeros(image.shape[:3], np.uint8)


@pytest.mark.parametrize("name", [*NETWORKS, *OTHERS, *ON_AN_ENCODER])
def test_sizes_one_after_the_other(name, tmp_path):
    model = make(name)
    images = [RNG.random((1, *size, 3), np.float32) for size in SIZES]
    expected = [keras.ops.convert_to_numpy(model(image)) for image in images]
    model.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    for predict in (lambda image: model.predict(image, verbose=0), model.predict_on_batch):
        for image, wanted in zip(images, expected, strict=True):
            np.testing.assert_allclose(predict(image), wanted, atol=1e-4 * max(1, np.abs(wanted).max()))
    before = model.get_weights()
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(Growing(images), epochs=1, shuffle=False, verbose=0).history
    assert np.isfinite(history["loss"][0])
    assert any(not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.exhaustive] * (name != "xception")) for name in RESIZING])
def test_encoders_that_resize(name):
    encoder = make(f"unet on {name}").get_layer("encoder")
    for height, width in [(96, 128), (128, 96), (160, 96)]:
        image = RNG.random((1, height, width, 3), np.float32)
        for found, wanted in zip(encoder.predict_on_batch(image), encoder(image), strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-4 * max(1, np.abs(wanted).max()))
