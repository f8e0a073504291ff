"""Losses against slow references in numpy, against Keras and scikit-learn; the border weights against scipy's distances and labels."""

import warnings

import keras
import numpy as np
import pytest
from keras import ops
from scipy import ndimage
from scipy.special import softmax
from sklearn.metrics import f1_score, jaccard_score, log_loss

from course_utils.losses import Balanced, CrossEntropy, Dice, IoU, Tversky, border_weights
from course_utils.training import fit

LOSSES = {
    "plain": CrossEntropy,
    "weighted": lambda **kw: CrossEntropy(class_weights=[0.2, 1, 5], **kw),
    "focal": lambda **kw: CrossEntropy(gamma=2, **kw),
    "softly focal": lambda **kw: CrossEntropy(gamma=0.5, **kw),
    "both": lambda **kw: CrossEntropy(class_weights=[0.2, 1, 5], gamma=1.5, **kw),
    "dice": Dice,
    "iou": IoU,
    "tversky": lambda **kw: Tversky(0.2, 0.9, **kw),
    "focal tversky": lambda **kw: Tversky(gamma=4 / 3, **kw),
    "balanced": lambda **kw: Balanced([0.7, 0.2, 0.1], **kw),
    "more balanced": lambda **kw: Balanced([0.7, 0.2, 0.1], power=0.75, **kw),
}
POWERS = {"balanced": 0.5, "more balanced": 0.75}
each = pytest.mark.parametrize("name", LOSSES)


def batch(seed=0, classes=3, ignored=0.1, shape=(3, 6, 5)):
    """Masks (uint8), logits and probabilities (float32)."""
    rng = np.random.default_rng(seed)
    masks = rng.integers(classes, size=shape).astype(np.uint8)
    masks[rng.random(shape) < ignored] = 255
    logits = rng.normal(0, 2, (*shape, classes)).astype(np.float32)
    return masks, logits, softmax(logits, axis=-1)


def number(loss, *args):
    return float(loss(*args))


def reference(name, masks, p, pixel_weights=None):
    """Pixel by pixel and class by class; p float64 (batch, height, width, classes)."""
    settings = {
        "weighted": ([0.2, 1, 5], 0),
        "focal": ([1, 1, 1], 2),
        "both": ([0.2, 1, 5], 1.5),
        "softly focal": ([1, 1, 1], 0.5),
        "plain": ([1, 1, 1], 0),
    }
    pixel_weights = np.ones(masks.shape) if pixel_weights is None else pixel_weights
    if name in POWERS:
        rare = [1 / share ** POWERS[name] for share in (0.7001, 0.2001, 0.1001)]
        settings["weighted"] = [weight / (0.7 * rare[0] + 0.2 * rare[1] + 0.1 * rare[2]) for weight in rare], 0
        return reference_of("weighted", settings, masks, p, pixel_weights) + reference_of("dice", settings, masks, p, pixel_weights)
    return reference_of(name, settings, masks, p, pixel_weights)


def reference_of(name, settings, masks, p, pixel_weights):
    places = [place for place in np.ndindex(masks.shape) if masks[place] != 255]
    if name in settings:
        weights, gamma = settings[name]
        costs = [-pixel_weights[at] * weights[masks[at]] * (1 - p[at][masks[at]]) ** gamma * np.log(p[at][masks[at]]) for at in places]
        return sum(costs) / len(places)
    alpha, beta, power = {"dice": (0.5, 0.5, 1), "iou": (1, 1, 1), "tversky": (0.2, 0.9, 1), "focal tversky": (0.3, 0.7, 0.75)}[name]
    costs = []
    for label in range(p.shape[-1]):
        if any(masks[at] == label for at in places):
            hit = sum(pixel_weights[at] * p[at][label] for at in places if masks[at] == label)
            missed = sum(pixel_weights[at] * (1 - p[at][label]) for at in places if masks[at] == label)
            invented = sum(pixel_weights[at] * p[at][label] for at in places if masks[at] != label)
            costs.append((1 - hit / (hit + alpha * invented + beta * missed)) ** power)
    return np.mean(costs)


@each
@pytest.mark.parametrize("seed", range(3))
def test_against_the_reference(name, seed):
    masks, logits, p = batch(seed)
    expected = reference(name, masks, p.astype(float))
    assert number(LOSSES[name](), masks, p) == pytest.approx(expected, rel=1e-4)
    assert number(LOSSES[name](from_logits=True), masks, logits) == pytest.approx(expected, rel=1e-4)
    assert number(LOSSES[name](), masks[..., None], p) == pytest.approx(expected, rel=1e-4)
    assert number(LOSSES[name](), masks.astype("int64"), p.astype("float64")) == pytest.approx(expected, rel=1e-4)


@each
def test_pixel_weights(name):
    masks, _, p = batch()
    weights = np.random.default_rng(1).random(masks.shape).astype(np.float32)
    assert number(LOSSES[name](), masks, p, weights) == pytest.approx(reference(name, masks, p.astype(float), weights), rel=1e-4)
    by_image = np.float32([0.5, 2, 1])
    everywhere = np.broadcast_to(by_image[:, None, None], masks.shape)
    assert number(LOSSES[name](), masks, p, by_image) == pytest.approx(number(LOSSES[name](), masks, p, everywhere), rel=1e-6)


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in ("weighted", "both", *POWERS)])  # these have three weights
def test_one_channel_is_the_probability_of_class_one(name):
    masks, logits, _ = batch(classes=2)
    z = logits[..., 1:] - logits[..., :1]
    p = 1 / (1 + np.exp(-z))
    loss = LOSSES[name]
    assert number(loss(), masks, p) == pytest.approx(number(loss(from_logits=True), masks, z), rel=1e-4)
    if name in ("plain", "focal", "softly focal"):
        assert number(loss(), masks, p) == pytest.approx(number(loss(from_logits=True), masks, logits), rel=1e-4)
    else:  # class 1 alone, not the mean of both
        only = np.concatenate([1 - p, p], axis=-1).astype(float)
        by_class = [one_class(name, masks, only, label) for label in (0, 1)]
        assert number(loss(), masks, p) == pytest.approx(by_class[1], rel=1e-4)
        assert number(loss(from_logits=True), masks, logits) == pytest.approx(np.mean(by_class), rel=1e-4)


def one_class(name, masks, p, label):
    alpha, beta, power = {"dice": (0.5, 0.5, 1), "iou": (1, 1, 1), "tversky": (0.2, 0.9, 1), "focal tversky": (0.3, 0.7, 0.75)}[name]
    valid, is_label = masks != 255, masks == label
    hit, missed = p[..., label][is_label].sum(), (1 - p[..., label])[is_label].sum()
    invented = p[..., label][valid & ~is_label].sum()
    return (1 - hit / (hit + alpha * invented + beta * missed)) ** power


# Against Keras and scikit-learn


def keras_number(loss, *args):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(loss(*args))


def test_cross_entropy_is_that_of_keras_and_scikit_learn():
    masks, logits, p = batch()
    weights = np.float32([0.2, 1, 5])
    ours = number(CrossEntropy(), masks, p)
    valid = masks != 255
    assert ours == pytest.approx(log_loss(masks[valid], softmax(logits[valid].astype(float), axis=-1), labels=range(3)), rel=1e-4)
    theirs = keras.losses.SparseCategoricalCrossentropy(ignore_class=255)
    assert ours == pytest.approx(keras_number(theirs, masks.astype("int32"), p), rel=1e-5)
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    pixel_weights = weights[np.where(valid, masks, 0)]
    expected = keras_number(theirs, masks.astype("int32"), logits, pixel_weights)
    assert number(CrossEntropy(weights, from_logits=True), masks, logits) == pytest.approx(expected, rel=1e-5)


def test_focal_is_that_of_keras():
    masks, _, p = batch(ignored=0)
    alpha = [0.2, 1.0, 5.0]
    theirs = keras.losses.CategoricalFocalCrossentropy(alpha=alpha, gamma=2.0)
    assert number(CrossEntropy(alpha, 2.0), masks, p) == pytest.approx(keras_number(theirs, np.eye(3)[masks], p), rel=1e-4)


def test_binary_is_that_of_keras():
    masks, logits, _ = batch(classes=2, ignored=0)
    theirs = keras.losses.BinaryCrossentropy(from_logits=True)
    assert number(CrossEntropy(from_logits=True), masks, logits[..., :1]) == pytest.approx(
        keras_number(theirs, masks[..., None], logits[..., :1]), rel=1e-5
    )
    theirs = keras.losses.BinaryFocalCrossentropy(from_logits=True, gamma=2.0)
    assert number(CrossEntropy(gamma=2, from_logits=True), masks, logits[..., :1]) == pytest.approx(
        keras_number(theirs, masks[..., None], logits[..., :1]), rel=1e-5
    )


def test_dice_is_that_of_keras_with_axis():
    masks, _, p = batch(ignored=0)
    by_class = keras.losses.Dice(axis=(0, 1, 2), reduction="none")(np.float32(np.eye(3)[masks]), p)
    assert number(Dice(), masks, p) == pytest.approx(float(ops.mean(by_class)), rel=1e-4)


def test_tversky_is_that_of_keras_with_alpha_and_beta_changed_over():
    """Keras 3.13 to 3.15 weigh misses by alpha, though their words say false positives."""
    masks, _, p = batch(ignored=0)
    one_hot = np.float32(np.eye(3)[masks])
    theirs = [
        float(ops.mean(keras.losses.Tversky(alpha=a, beta=b, axis=(0, 1, 2), reduction="none")(one_hot, p)))
        for a, b in [(0.7, 0.3), (0.3, 0.7)]
    ]
    assert any(number(Tversky(0.3, 0.7), masks, p) == pytest.approx(other, rel=1e-4) for other in theirs)


@pytest.mark.parametrize("seed", range(3))
def test_on_sharp_predictions_they_are_the_metrics(seed):
    rng = np.random.default_rng(seed)
    masks, said = rng.integers(4, size=(2, 3, 8, 8))
    p = np.float32(np.eye(4)[said])
    flat = masks.ravel(), said.ravel()
    assert number(Dice(), masks, p) == pytest.approx(1 - f1_score(*flat, average="macro"), rel=1e-4)
    assert number(IoU(), masks, p) == pytest.approx(1 - jaccard_score(*flat, average="macro"), rel=1e-4)


# Ignored pixels, absent classes, extremes


@each
def test_ignored_pixels_do_not_count(name):
    masks, _, p = batch(ignored=0.4)
    other = np.where((masks == 255)[..., None], np.roll(p, 1, axis=-1), p)
    loss = LOSSES[name]()
    assert number(loss, masks, p) == pytest.approx(number(loss, masks, other), rel=1e-6)
    assert number(loss, np.full_like(masks, 255), p) == 0


@pytest.mark.parametrize("loss", [Dice, IoU, Tversky])
def test_absent_classes_are_left_out(loss):
    masks, _, p = batch(classes=2)
    three = np.concatenate([p, np.zeros_like(p[..., :1])], axis=-1)
    assert number(loss(), masks, three) == pytest.approx(number(loss(), masks, p), rel=1e-6)
    assert number(loss(), np.zeros_like(masks), p[..., 1:]) == 0  # one channel, and class 1 is nowhere


def test_sums_go_over_the_batch_and_not_image_by_image():
    masks = np.uint8([[[1, 1]], [[1, 0]]])
    p = np.float32([[[0.9, 0.9]], [[0.2, 0.2]]])[..., None]
    assert number(Dice(), masks, p) == pytest.approx(1 - 2 * 2.0 / (2.2 + 3))
    assert np.mean([number(Dice(), masks[i : i + 1], p[i : i + 1]) for i in (0, 1)]) != pytest.approx(1 - 4 / 5.2, rel=1e-2)


@each
@pytest.mark.parametrize("size", [0.0, 60.0])
def test_value_and_gradient_are_finite_everywhere(name, size):
    masks, logits, _ = batch()
    extreme = ops.convert_to_tensor(np.sign(logits) * np.float32(size))
    variable = keras.Variable(extreme)
    loss = LOSSES[name](from_logits=True)
    gradient = gradients(lambda: loss(masks, variable.value), variable)
    assert np.isfinite(number(loss, masks, extreme))
    assert np.isfinite(gradient).all()
    assert not gradient[masks == 255].any()


def gradients(function, variable):
    if keras.backend.backend() == "jax":
        import jax

        def stateless(value):
            with keras.StatelessScope([(variable, value)]):
                return function()

        return np.asarray(jax.grad(stateless)(variable.value))
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = function()
    return tape.gradient(value, variable.value).numpy()


# Inside Keras


@pytest.mark.trains
@each
@pytest.mark.parametrize("from_logits", [False, True])
def test_in_compile_fit_save_and_load(name, from_logits, seed, tmp_path):
    masks, _, _ = batch(shape=(6, 8, 8))
    images = np.random.default_rng(0).random((6, 8, 8, 1), np.float32)
    keras.utils.set_random_seed(seed)
    first = keras.layers.Conv2D(4, 3, padding="same", activation="relu")
    last = keras.layers.Conv2D(3, 1, activation=None if from_logits else "softmax")
    model = keras.Sequential([keras.Input((8, 8, 1)), first, last])
    loss = LOSSES[name](from_logits=from_logits)
    model.compile(keras.optimizers.Adam(1e-2), loss)
    expected = number(loss, masks, model(images))
    history = fit(model, (images, masks, np.ones(masks.shape, np.float32)), epochs=12, batch=6).history["loss"]
    assert history[0] == pytest.approx(expected, rel=1e-3)
    assert history[-1] < history[0]
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert number(again.loss, masks, again(images)) == pytest.approx(number(loss, masks, model(images)), rel=1e-5)


@each
def test_serialisation_keeps_every_setting(name):
    loss = LOSSES[name](from_logits=True, name="other")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert again.from_logits
    assert again.name == "other"


# Bad input


def test_class_weights_that_do_not_fit():
    masks, _, p = batch()
    with pytest.raises(ValueError, match="2 class weights for 3 classes"):
        CrossEntropy([1, 2])(masks, p)


@each
@pytest.mark.parametrize("shape", [(3, 6, 5, 3), (3, 6, 4), (2, 6, 5), (6, 5)])
def test_shapes_that_do_not_fit(name, shape):
    _, _, p = batch()
    with pytest.raises(ValueError, match=r"do not fit predictions of shape \(3, 6, 5, 3\): class ids"):
        LOSSES[name]()(np.zeros(shape, np.uint8), p)


def test_weights_of_another_shape():
    masks, _, p = batch()
    with pytest.raises(ValueError, match="sample_weight has shape"):
        Dice()(masks, p, np.ones((*masks.shape, 1), np.float32))


def test_an_empty_batch():
    with pytest.raises(ValueError, match="no pixel to learn from"):
        Dice()(np.zeros((0, 4, 4), np.uint8), np.zeros((0, 4, 4, 3), np.float32))


WRONG = {
    "a class id too large": ({"masks": 3}, False, "class ids that are neither 255"),
    "a negative class id": ({"masks": -1}, False, "nor between 0 and 2"),
    "logits": ({"predictions": 1.5}, False, "say from_logits=True"),
    "nan as probability": ({"predictions": np.nan}, False, "not probabilities"),
    "nan as logit": ({"predictions": np.nan}, True, "not finite numbers"),
}


@pytest.mark.parametrize("case", WRONG)
@each
def test_values_that_make_no_sense(name, case):
    put, from_logits, sentence = WRONG[case]
    masks, logits, p = batch(ignored=0)
    data = {"masks": masks.astype("int32"), "predictions": logits if from_logits else p}
    for what, value in put.items():
        data[what].flat[4] = value
    with pytest.raises(ValueError, match=sentence):
        LOSSES[name](from_logits=from_logits)(*data.values())


def compiled(function):
    """As in a training step: TensorFlow's graph, or JAX's."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, autograph=False)


def test_inside_a_compiled_step_they_make_the_loss_nan():
    """All losses in one graph, which is what takes time; values change, so the graph is the same."""
    masks, logits, p = batch(ignored=0)
    masks, ones = masks.astype(np.float32), np.ones(masks.shape, np.float32)

    @compiled
    def values(masks, logits, p, weights):
        pairs = [(LOSSES[name](), LOSSES[name](from_logits=True)) for name in LOSSES]
        return ops.stack([[one(masks, p, weights), other(masks, logits, weights)] for one, other in pairs])

    def put(array, value):
        array = array.copy()
        array.flat[4] = value
        return array

    good = ops.convert_to_numpy(values(masks, logits, p, ones))
    by_hand = [[number(LOSSES[name](), masks, p), number(LOSSES[name](from_logits=True), masks, logits)] for name in LOSSES]
    np.testing.assert_allclose(good, by_hand, rtol=1e-5)
    for bad in (3, -1, 0.5, np.nan, np.inf):
        assert np.isnan(ops.convert_to_numpy(values(put(masks, bad), logits, p, ones))).all(), bad
    for bad in (-1, np.nan, np.inf):
        assert np.isnan(ops.convert_to_numpy(values(masks, logits, p, put(ones, bad)))).all(), bad
    for bad in (1.5, -0.5, np.nan, np.inf):
        found = ops.convert_to_numpy(values(masks, logits if np.isfinite(bad) else put(logits, bad), put(p, bad), ones))
        np.testing.assert_array_equal(np.isnan(found), [[True, not np.isfinite(bad)]] * len(LOSSES))
    assert np.isnan(ops.convert_to_numpy(values(masks, logits, 1 / (1 + np.exp(-logits)), ones))[:, 0]).all()  # no softmax


def test_a_training_with_nan_as_loss_stops():
    masks, _, _ = batch(shape=(4, 8, 8))
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(3, 1, activation="softmax")])
    model.compile("sgd", CrossEntropy())
    with pytest.raises(FloatingPointError, match="not a number"):
        fit(model, (np.zeros((4, 8, 8, 1), np.float32), np.where(masks == 255, 3, masks)), epochs=1)


@each
@pytest.mark.parametrize("channels", [3, 1])
def test_the_gradient_written_out_is_that_of_the_plain_formula(name, channels):
    """From logits a formula of ours, through softmax or sigmoid the backend's own."""
    if channels == 1 and name in ("weighted", "both", *POWERS):
        pytest.skip("these have three weights")
    masks, logits, _ = batch(classes=max(2, channels))
    weights = np.random.default_rng(1).random(masks.shape).astype(np.float32)
    variable = keras.Variable(logits[..., :channels])
    squash = ops.sigmoid if channels == 1 else ops.softmax
    ours = gradients(lambda: LOSSES[name](from_logits=True)(masks, variable.value, weights), variable)
    plain = gradients(lambda: LOSSES[name]()(masks, squash(variable.value), weights), variable)
    np.testing.assert_allclose(ours, plain, rtol=1e-3, atol=1e-5 * np.abs(plain).max())


# Weights of the borders


def border_reference(mask, w0, sigma):
    """Ronneberger's equation 2, pixel by pixel."""
    valid, objects = mask != 255, mask == 1
    share = {label: (mask == label).sum() / valid.sum() for label in (0, 1)}
    present = sum(value > 0 for value in share.values())
    labels, count = ndimage.label(objects)
    distances = [ndimage.distance_transform_edt(labels != number) for number in range(1, count + 1)]
    weights = np.zeros(mask.shape)
    for place in zip(*np.nonzero(valid), strict=True):
        weights[place] = 1 / (present * share[mask[place]])
        if mask[place] == 0 and count >= 2:
            first, second = sorted(distance[place] for distance in distances)[:2]
            weights[place] += w0 * np.exp(-((first + second) ** 2) / (2 * sigma**2))
    return weights


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("w0", "sigma"), [(10, 5), (3, 2)])
def test_border_weights_against_the_reference(seed, w0, sigma):
    rng = np.random.default_rng(seed)
    mask = np.uint8(ndimage.gaussian_filter(rng.normal(size=(24, 31)), 2) > 0.05)
    mask[rng.random(mask.shape) < 0.05] = 255
    weights = border_weights(mask, w0, sigma)
    assert weights.dtype == np.float32
    assert weights.shape == mask.shape
    np.testing.assert_allclose(weights, border_reference(mask, w0, sigma), rtol=1e-4)


def test_border_weights_by_hand():
    mask = np.uint8([[1, 0, 1, 1]] * 4)  # the background is 1 pixel from both objects
    weights = border_weights(mask, w0=10, sigma=5)
    np.testing.assert_allclose(weights[0], [2 / 3, 2 + 10 * np.exp(-4 / 50), 2 / 3, 2 / 3], rtol=1e-6)


def test_classes_are_balanced():
    mask = np.zeros((10, 10), np.uint8)
    mask[2:4, 2:7] = 1  # one object: no bonus
    mask[0] = 255
    weights = border_weights(mask)
    assert weights[mask != 255].mean() == pytest.approx(1)
    assert weights[mask == 1].sum() == pytest.approx(weights[mask == 0].sum())
    assert not weights[mask == 255].any()


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_has_weight_one(label):
    np.testing.assert_array_equal(border_weights(np.full((4, 4), label, np.uint8)), 1)


def test_all_ignored():
    np.testing.assert_array_equal(border_weights(np.full((4, 4), 255, np.uint8)), 0)


def test_corners_do_not_join_objects():
    assert border_weights(np.uint8([[1, 0], [0, 1]])).max() > 2
    assert border_weights(np.uint8([[1, 0], [1, 1]])).max() <= 2


@pytest.mark.parametrize("mask", [np.zeros((4, 4, 1), np.uint8), np.full((4, 4), 2, np.uint8), np.full((4, 4), 0.5)])
def test_other_shapes_and_values_are_refused(mask):
    with pytest.raises(ValueError, match="border_weights needs one mask"):
        border_weights(mask)
