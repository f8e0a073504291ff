"""`models.build`: what every network of the family must do, and what makes each of them what it is."""

import keras
import numpy as np
import pytest

from course_utils import metrics
from course_utils.layers import MaxPoolingWithPositions, MaxUnpooling, MeanOfParts, ResizeLike
from course_utils.models import NETWORKS, build, deconvnet, fcn8, fcn16, fcn32, fcn_skip, segnet, segnet_lite, unet

STRIDES = {"unet": 16, "fcn32s": 32, "fcn16s": 32, "fcn8s": 32, "deconvnet": 32, "segnet": 32, "deeplab": 8, "pspnet": 8}
RNG = np.random.default_rng(0)


def output(model, images):
    return keras.ops.convert_to_numpy(model(images))


def layers(model, kind):
    return [layer for layer in model._flatten_layers(include_self=False) if isinstance(layer, kind)]


def test_the_names_are_those_of_the_course():
    assert NETWORKS.keys() == STRIDES.keys()
    with pytest.raises(ValueError, match="'vnet'; choose one of unet, fcn32s"):
        build("vnet", 2)


@pytest.mark.parametrize(("name", "stride"), STRIDES.items())
def test_any_size_that_the_stride_divides(name, stride):
    model = build(name, 7, width=2)
    assert model.output_shape == (None, None, None, 7)
    for rows, columns in [(1, 2), (3, 1)]:
        shape = (2, max(32, rows * stride), max(32, columns * stride))
        assert model(np.zeros((*shape, 3), np.float32)).shape == (*shape, 7)
    wrong = rf"multiples of {stride}, but the images are {stride}×{stride + stride // 2}"
    with pytest.raises(ValueError, match=wrong):
        model(np.zeros((1, stride, stride + stride // 2, 3), np.float32))
    with pytest.raises(ValueError, match=wrong):
        build(name, 7, width=2, input_shape=(stride, stride + stride // 2, 3))
    assert build(name, 7, width=2, input_shape=(64, 96, 3)).output_shape == (None, 64, 96, 7)


@pytest.mark.parametrize("name", STRIDES)
def test_saved_and_loaded(name, tmp_path):
    model = build(name, 3, width=2, activation="softmax")
    images = RNG.random((2, 64, 32, 3), np.float32)
    probabilities = output(model, images)
    np.testing.assert_allclose(probabilities.sum(-1), 1, atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(output(again, images), probabilities, atol=1e-5)
    with pytest.raises(ValueError, match="multiples of"):
        again(np.zeros((1, 36, 36, 3), np.float32))


@pytest.mark.trains
@pytest.mark.parametrize("name", STRIDES)
def test_overfits_four_images(name, seed):
    """Rectangles of three classes, to mean IoU 0.95; halves where there are no more than 2×2 or 4×4 scores for an image of this size."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(2)
    masks = np.zeros((4, 64, 64), np.uint8)
    for number, mask in enumerate(masks):
        if name in ("fcn32s", "fcn16s"):
            np.rot90(mask, number)[:, 32:] = 1 + number % 2
        else:
            mask[8 * number : 8 * number + 24, 8:40] = 1
            mask[40:64, 32 - 8 * number : 56 - 8 * number] = 2
    colours = np.float32([[0.2, 0.3, 0.4], [0.7, 0.3, 0.2], [0.3, 0.8, 0.7]])
    images = colours[masks] + rng.normal(0, 0.05, (4, 64, 64, 3)).astype(np.float32)
    # FCN's dense layers have 64 times the width; so have DeconvNet's, but with 4 filters at full size it comes to 0.3–0.6 and no further
    model = build(name, 3, 4 if name.startswith("fcn") else 8, (64, 64, 3), **({"dropout": 0.0} if name.startswith("fcn") else {}))
    # the rates hold for other seeds and processors, too: at 0.005 one start of U-Net in three stops at 0.5
    steps, rate = {"deconvnet": (120, 0.01), "segnet": (120, 0.01), "unet": (120, 0.003)}.get(name, (90, 0.005))
    rate = keras.optimizers.schedules.CosineDecay(rate, steps)  # so that the means which normalisation keeps can settle
    model.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.optimizer.build(model.trainable_variables)  # as `fit` does: faster than inside the traced step
    for _ in range(steps):  # less to trace than for `fit`
        model.train_on_batch(images, masks)
    assert metrics.mean_iou(metrics.confusion_matrix(masks, output(model, images).argmax(-1), 3)) > 0.95


def test_parameters_of_the_notes_and_papers():
    assert fcn_skip().count_params() == 6_904_162
    assert segnet_lite().count_params() == 1_296_930
    assert fcn_skip((64, 32, 3)).output_shape == segnet_lite((64, 32, 3)).output_shape == (None, 64, 32, 34)
    vgg_and_mirror = 2 * 14_714_688  # the convolutions of VGG16, with biases; SegNet adds normalisation and its classifier
    assert segnet(width=64, positions=True).count_params() == pytest.approx(vgg_and_mirror, rel=0.002)
    assert deconvnet().count_params() == pytest.approx(252e6, rel=0.001)  # so the paper


def test_fcn_16_and_8_add_scores_of_earlier_layers():
    """With the scores of the earlier layers at zero, the finer networks differ from FCN-32s by the enlargement in steps alone."""
    images = RNG.random((1, 64, 64, 3), np.float32)
    coarse = fcn32(num_classes=2, width=4, batch_norm=True)
    for finer, extra in ((fcn16, 1), (fcn8, 2)):
        model = finer(num_classes=2, width=4, batch_norm=True)
        assert len(model.weights) == len(coarse.weights) + 2 * extra
        model.set_weights([*coarse.get_weights(), *(np.zeros(w.shape) for w in model.weights[len(coarse.weights) :])])
        assert np.corrcoef(output(model, images).ravel(), output(coarse, images).ravel())[0, 1] > 0.95
        taps = [layer.input for layer in layers(model, keras.layers.Conv2D)[-extra:]]
        assert [tap.shape[-1] for tap in taps] == [32, 16][:extra]


@pytest.mark.parametrize(("name", "poolings"), [("segnet", 5), ("deconvnet", 5)])
def test_positions_are_remembered(name, poolings):
    model = build(name, 2, width=2)
    assert len(layers(model, MaxPoolingWithPositions)) == len(layers(model, MaxUnpooling)) == poolings
    assert not layers(model, keras.layers.UpSampling2D)
    light = segnet(width=2)
    assert not layers(light, MaxUnpooling)
    assert len(layers(light, keras.layers.UpSampling2D)) == 5


def test_aspp_dilates():
    """3×3 kernels at three rates in parallel on the encoder's output, and the mean of the image beside them."""
    model = build("deeplab", 4, width=4, rates=(3, 5, 7))
    branches = [layer for layer in layers(model, keras.layers.Conv2D) if layer.dilation_rate[0] in (3, 5, 7)]
    assert {layer.dilation_rate[0] for layer in branches} == {3, 5, 7}
    assert all(layer.kernel_size == (3, 3) for layer in branches)
    assert len({layer.input.name for layer in branches}) == 1
    assert len(layers(model, keras.layers.GlobalAveragePooling2D)) == 1


def test_a_far_pixel_is_seen_through_dilation_and_the_mean():
    """What a corner holds moves the scores at the other one, in DeepLab and PSPNet alike."""
    for name in ("deeplab", "pspnet"):
        keras.utils.set_random_seed(1)
        model = build(name, 2, width=4)
        image = RNG.random((1, 128, 128, 3), np.float32)
        other = image.copy()
        other[:, :16, :16] = 1 - other[:, :16, :16]
        assert np.abs(output(model, image) - output(model, other))[:, -8:, -8:].max() > 1e-5


def test_pyramid_pooling_has_four_levels():
    model = build("pspnet", 3, width=4)
    assert [layer.parts for layer in layers(model, MeanOfParts)] == [1, 2, 3, 6]
    assert len(layers(model, ResizeLike)) == 4


def test_unet_of_the_paper():
    """Convolutions without padding on a mirrored image: far from the border what the padded network gives, at the border not."""
    keras.utils.set_random_seed(1)
    padded = unet((64, 64, 1), widths=(2, 3), transposed=True)
    mirrored = unet((64, 64, 1), widths=(2, 3), transposed=True, mirror=True)
    mirrored.set_weights(padded.get_weights())
    image = RNG.random((1, 64, 64, 1), np.float32)
    apart = np.abs(output(padded, image) - output(mirrored, image))[0, ..., 0]
    assert apart[10:-10, 10:-10].max() < 1e-6
    assert apart[0].max() > 1e-4
    wide = np.pad(image, ((0, 0), (10, 10), (10, 10), (0, 0)), mode="reflect")
    np.testing.assert_allclose(output(padded_like(padded), wide)[:, 10:-10, 10:-10], output(mirrored, image), atol=1e-6)
    assert len(layers(mirrored, keras.layers.Conv2DTranspose)) == 1
    with pytest.raises(ValueError, match="margin of 10 pixels cannot be mirrored from an image of 10×12"):
        unet((10, 12, 1), widths=(2, 3), mirror=True)


def padded_like(model):
    """The same network for any size."""
    free = unet(widths=(2, 3), transposed=True)
    free.set_weights(model.get_weights())
    return free


def test_unet_of_the_paper_at_its_own_depth():
    """572×572 in the paper; here 94 mirrored pixels around, and bridges cut by 4, 16, 40 and 88 on each side, as in its figure."""
    model = unet((128, 96, 1), widths=(2, 2, 2, 2, 2), mirror=True)
    assert model.output_shape == (None, 128, 96, 1)
    cuts = [layer.cropping[0][0] for layer in layers(model, keras.layers.Cropping2D)]
    assert cuts == [4, 16, 40, 88, 2]
