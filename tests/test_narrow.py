"""`models.narrow`: encoder and decoder of lesson 11, apart and together."""

import keras
import numpy as np
import pytest

from course_utils.models import efficientnet_lite, narrow


@pytest.fixture(scope="module")
def parts():
    encoder = narrow.narrow_encoder()
    return encoder, narrow.narrow_decoder(encoder, 5)


def images(height=64, width=96):
    return np.random.default_rng(0).random((2, height, width, 3), np.float32)


def arrays(tensors):
    return [keras.ops.convert_to_numpy(tensor) for tensor in tensors]


def test_features_end_the_blocks_of_each_stride(parts):
    encoder, _ = parts
    shapes = [maps.shape for maps in encoder(images())]
    assert shapes == [(2, 16, 24, 24), (2, 8, 12, 40), (2, 4, 6, 112), (2, 2, 3, 320)]


def test_they_are_the_classifiers(parts):
    """The same weights above the same numbers: what the image goes through before is inside."""
    encoder, _ = parts
    plain = efficientnet_lite.efficientnet_lite(0, top=False)
    plain.set_weights(encoder.get_layer("backbone").get_weights())
    names = "block2_add", "block4_add", "block10_add", "block15_project_norm"
    below = keras.Model(plain.input, [plain.get_layer(name).output for name in names])
    for ours, theirs in zip(arrays(encoder(images())), arrays(below((255 * images() - 127) / 128)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_the_decoder_answers_at_a_quarter(parts):
    encoder, decoder = parts
    assert decoder(encoder(images())).shape == (2, 16, 24, 5)
    network = narrow.joined(encoder, decoder)
    assert network(images(32, 32)).shape == (2, 8, 8, 5)  # any multiple of 32
    np.testing.assert_array_equal(*arrays([network(images()), decoder(encoder(images()))]))


def test_what_one_learns_the_other_knows(parts):
    encoder, decoder = parts
    network = narrow.joined(encoder, decoder)
    (before,) = arrays([network(images())])
    decoder.compile(keras.optimizers.SGD(0.1), "mse")
    decoder.train_on_batch([*encoder(images())], np.zeros(before.shape))
    assert not np.allclose(before, arrays([network(images())])[0])


def test_averages_settle_in_short_runs(parts):
    layers = parts[0].get_layer("backbone").layers
    assert {layer.momentum for layer in layers if isinstance(layer, keras.layers.BatchNormalization)} == {0.9}
