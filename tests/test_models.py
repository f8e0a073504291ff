"""The networks: parameter counts of the course notes, sizes in and out, saving, and that they learn."""

import cv2
import keras
import numpy as np
import pytest

from course_utils.models import fcn, fcn32, segnet, unet

RNG = np.random.default_rng(0)


def small(network, **kwargs):
    keras.utils.set_random_seed(1)
    return network(**({"widths": (2, 3, 4, 5)} if network is unet else {"width": 4 if network is fcn else 2}), **kwargs)


def output(model, images):
    return keras.ops.convert_to_numpy(model(images))


def layers(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.mark.parametrize(("network", "parameters"), [(fcn, 162_201), (unet, 752_421)])
def test_parameters_of_the_notes(network, parameters):
    assert network((32, 32, 1)).count_params() == parameters


def test_parameters_of_the_notes_for_land_cover():
    assert fcn32().count_params() == 134_281_029
    assert segnet().count_params() == 15_639_193


@pytest.mark.parametrize("network", [fcn32, segnet])
def test_vgg_networks(network, tmp_path):
    """Any multiple of 32, logits by default, a softmax that sums to one, saved and loaded."""
    model = small(network, activation="softmax")
    assert model.output_shape == (None, None, None, 5)
    images = RNG.random((2, 32, 64, 3), np.float32)
    probabilities = output(model, images)
    assert probabilities.shape == (2, 32, 64, 5)
    np.testing.assert_allclose(probabilities.sum(-1), 1, atol=1e-5)
    logits = output(small(network), images)
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(-1, keepdims=True), probabilities, atol=1e-5)
    convolutions = layers(model, keras.layers.Conv2D)
    assert len(convolutions) == (16 if network is fcn32 else 26)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(output(again, images), probabilities, atol=1e-6)


def test_fcn32_enlarges_logits_as_opencv_does():
    """Bilinear, so that the output is smooth: equal to cv2.resize of the scores at 1/32 of the size."""
    model = small(fcn32, batch_norm=True)
    images = RNG.random((1, 96, 64, 3), np.float32)
    scores = output(keras.Model(model.inputs, layers(model, keras.layers.UpSampling2D)[0].input), images)
    assert scores.shape == (1, 3, 2, 5)
    expected = cv2.resize(scores[0], (64, 96), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(output(model, images)[0], expected, atol=1e-4)
    assert [layer.filters for layer in layers(model, keras.layers.Conv2D)][-3:] == [128, 128, 5]
    assert [layer.kernel_size for layer in layers(model, keras.layers.Conv2D)][-3:] == [(7, 7), (1, 1), (1, 1)]


@pytest.mark.trains
@pytest.mark.parametrize("network", [fcn32, segnet])
def test_vgg_networks_learn(network, seed):
    keras.utils.set_random_seed(seed)
    model = network((64, 64, 3), num_classes=2, width=4, dropout=0, **({"batch_norm": True} if network is fcn32 else {}))
    masks = np.zeros((4, 64, 64), np.uint8)
    for number, mask in enumerate(masks):  # halves, which a step of 32 pixels can tell apart
        np.rot90(mask, number)[:, 32:] = 1
    images = np.repeat(masks[..., None] * 0.5, 3, -1) + RNG.normal(0.2, 0.05, (4, 64, 64, 3)).astype(np.float32)
    rate = keras.optimizers.schedules.CosineDecay(0.003, 100)  # so that the means which normalisation keeps can settle
    model.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.optimizer.build(model.trainable_variables)  # as the course's `fit` does: faster than inside the traced step
    for _ in range(100):  # less to trace than for `fit`
        model.train_on_batch(images, masks)
    assert (output(model, images).argmax(-1) == masks).mean() > 0.85  # one class everywhere: 0.5


@pytest.mark.parametrize("network", [fcn, unet])
@pytest.mark.parametrize(("channels", "num_classes"), [(1, 1), (3, 5)])
def test_any_size_comes_out_as_it_goes_in(network, channels, num_classes):
    model = small(network, input_shape=(None, None, channels), num_classes=num_classes)
    assert model.output_shape == (None, None, None, num_classes)
    for height, width in [(8, 8), (72, 88), (16, 40)]:
        assert model(np.zeros((2, height, width, channels), np.float32)).shape == (2, height, width, num_classes)


@pytest.mark.parametrize("network", [fcn, unet])
def test_weights_fit_any_size(network):
    fixed, free = small(network, input_shape=(16, 24, 1)), small(network)
    free.set_weights(fixed.get_weights())
    images = RNG.random((2, 16, 24, 1), np.float32)
    np.testing.assert_allclose(output(free, images), output(fixed, images), atol=1e-6)
    assert fixed.output_shape == (None, 16, 24, 1)


@pytest.mark.parametrize("network", [fcn, unet])
def test_activations(network):
    images = RNG.random((1, 16, 16, 1), np.float32)
    by_name = {}
    for activation in (None, "sigmoid", "softmax"):
        by_name[activation] = output(small(network, num_classes=3, activation=activation), images)
    logits = by_name[None]
    np.testing.assert_allclose(by_name["sigmoid"], 1 / (1 + np.exp(-logits)), atol=1e-5)
    np.testing.assert_allclose(by_name["softmax"], np.exp(logits) / np.exp(logits).sum(-1, keepdims=True), atol=1e-5)


def test_unet_without_skips_differs_in_nothing_else():
    with_them, without = small(unet), small(unet, skips=False)
    assert len(layers(with_them, keras.layers.Concatenate)) == 3
    assert not layers(without, keras.layers.Concatenate)
    filters = [[layer.filters for layer in layers(model, keras.layers.Conv2D)] for model in (with_them, without)]
    assert filters[0] == filters[1]
    bridges = sum(9 * width * width for width in (2, 3, 4))  # kernel weights that read what the bridges bring
    assert with_them.count_params() - without.count_params() == bridges
    assert without(np.zeros((1, 24, 16, 1), np.float32)).shape == (1, 24, 16, 1)


def test_unet_batch_norm_stands_between_convolution_and_relu():
    model = small(unet, batch_norm=True)
    convolutions = layers(model, keras.layers.Conv2D)[:-1]
    assert len(layers(model, keras.layers.BatchNormalization)) == len(convolutions) == 17
    assert not any(layer.use_bias for layer in convolutions)  # the normalisation's own offset takes its place
    assert isinstance(model.layers[3], keras.layers.BatchNormalization)
    assert isinstance(model.layers[4], keras.layers.Activation)
    assert not layers(small(unet), keras.layers.BatchNormalization)


def test_unet_regularisers():
    model = small(unet, dropout=0.5, l2=0.01)
    assert len(layers(model, keras.layers.Dropout)) == 2
    kernels = [keras.ops.convert_to_numpy(layer.kernel) for layer in layers(model, keras.layers.Conv2D)[:-1]]
    assert float(sum(model.losses)) == pytest.approx(0.01 * sum((kernel**2).sum() for kernel in kernels), rel=1e-4)
    images = RNG.random((1, 16, 16, 1), np.float32)
    assert not np.allclose(model(images, training=True), model(images, training=False))
    assert not small(unet).losses


def test_other_depths():
    model = unet(widths=(2, 3), num_classes=2)
    assert model(np.zeros((1, 6, 10, 1), np.float32)).shape == (1, 6, 10, 2)


@pytest.mark.parametrize("network", [fcn, unet])
def test_saved_and_loaded(network, tmp_path):
    model = small(network, **({"batch_norm": True, "l2": 0.1} if network is unet else {}))
    images = RNG.random((2, 16, 16, 1), np.float32)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(output(again, images), output(model, images), atol=1e-6)


@pytest.mark.trains
@pytest.mark.parametrize(("network", "arguments"), [(fcn, {"activation": "sigmoid", "dropout": 0}), (unet, {"batch_norm": True})])
def test_overfits_four_images(network, arguments, seed):
    keras.utils.set_random_seed(seed)
    model = network((16, 16, 1), **({"width": 16} if network is fcn else {"widths": (8, 12)}), **arguments)
    masks = np.zeros((4, 16, 16), np.uint8)
    for mask, (row, column) in zip(masks, [(2, 3), (6, 5), (3, 8), (8, 2)], strict=True):
        mask[row : row + 6, column : column + 5] = 1
    images = masks[..., None] * 0.5 + RNG.normal(0.2, 0.1, (4, 16, 16, 1)).astype(np.float32)
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    model.optimizer.build(model.trainable_variables)  # as the course's `fit` does: faster than inside the traced step
    for _ in range(120):  # less to trace than for `fit`
        model.train_on_batch(images, masks)
    predicted = output(model, images)[..., 0] > 0.5
    assert (predicted == masks).mean() > 0.97  # all background: 0.88
