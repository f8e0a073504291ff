"""Metrics against scikit-learn and Keras, batch by batch and all at once, up to counts that float32 and int32 cannot hold."""

import warnings

import keras
import numpy as np
import pytest
import sklearn.metrics as reference
from keras import ops
from scipy.ndimage import distance_transform_edt
from scipy.spatial.distance import directed_hausdorff
from skimage.metrics import hausdorff_distance
from skimage.segmentation import find_boundaries

from course_utils import metrics
from course_utils.metrics import ConfusionMatrix, MeanIoU, confusion_matrix, dice, iou, mean_iou, pixel_accuracy

RNG = np.random.default_rng(0)


def masks_and_predictions(num_classes, shape=(7, 12, 9), ignored=0.1, seed=0):
    rng = np.random.default_rng(seed)
    masks = rng.integers(num_classes, size=shape).astype(np.uint8)
    predictions = np.where(rng.random(shape) < 0.6, masks, rng.integers(num_classes, size=shape)).astype(np.uint8)
    masks[rng.random(shape) < ignored] = 255
    return masks, predictions


def fed(metric, masks, predictions, batch=None):
    batch = batch or len(masks)
    for start in range(0, len(masks), batch):
        metric.update_state(masks[start : start + batch], predictions[start : start + batch])
    return metric


@pytest.mark.parametrize("num_classes", [2, 3, 5, 19])
def test_confusion_matrix_is_scikit_learns(num_classes):
    masks, predictions = masks_and_predictions(num_classes)
    valid = masks != 255
    expected = reference.confusion_matrix(masks[valid], predictions[valid], labels=range(num_classes))
    np.testing.assert_array_equal(confusion_matrix(masks, predictions, num_classes), expected)
    streamed = fed(ConfusionMatrix(num_classes), masks, predictions).matrix()
    assert streamed.dtype == np.int64
    np.testing.assert_array_equal(streamed, expected)


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 7])
def test_batches_of_any_size_give_the_same(batch):
    masks, predictions = masks_and_predictions(4)
    np.testing.assert_array_equal(fed(ConfusionMatrix(4), masks, predictions, batch).matrix(), confusion_matrix(masks, predictions, 4))
    whole, parts = fed(MeanIoU(4), masks, predictions), fed(MeanIoU(4), masks, predictions, batch)
    assert float(whole.result()) == float(parts.result())


def test_derived_metrics_are_scikit_learns():
    masks, predictions = masks_and_predictions(5)
    matrix, valid = confusion_matrix(masks, predictions, 5), masks != 255
    true, predicted = masks[valid], predictions[valid]
    assert pixel_accuracy(matrix) == pytest.approx(reference.accuracy_score(true, predicted))
    np.testing.assert_allclose(iou(matrix), reference.jaccard_score(true, predicted, average=None))
    np.testing.assert_allclose(dice(matrix), reference.f1_score(true, predicted, average=None))
    assert mean_iou(matrix) == pytest.approx(reference.jaccard_score(true, predicted, average="macro"))


@pytest.mark.parametrize("num_classes", [2, 6])
def test_mean_iou_is_keras_on_class_ids(num_classes):
    masks, predictions = masks_and_predictions(num_classes)
    theirs = keras.metrics.MeanIoU(num_classes, ignore_class=255)
    theirs.update_state(masks, predictions)
    ours = fed(MeanIoU(num_classes), masks, predictions)
    assert float(ours.result()) == pytest.approx(float(theirs.result()), rel=1e-6)
    assert float(ours.result()) == pytest.approx(mean_iou(ours.matrix()), rel=1e-6)


def test_by_hand():
    mask = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0], [255, 255, 255, 255]])
    prediction = np.array([[0, 0, 0, 1], [0, 0, 1, 1], [0, 0, 0, 1], [1, 1, 1, 1]])
    matrix = confusion_matrix(mask, prediction, 2)
    np.testing.assert_array_equal(matrix, [[7, 1], [1, 3]])
    np.testing.assert_allclose(iou(matrix), [7 / 9, 3 / 5])
    np.testing.assert_allclose(dice(matrix), [14 / 16, 6 / 8])
    assert pixel_accuracy(matrix) == 10 / 12
    assert mean_iou(matrix) == pytest.approx((7 / 9 + 3 / 5) / 2)


def test_ignored_pixels_never_count():
    masks, predictions = masks_and_predictions(3, ignored=0.3)
    other = np.where(masks == 255, (predictions + 1) % 3, predictions)
    assert (other != predictions).any()
    np.testing.assert_array_equal(fed(ConfusionMatrix(3), masks, predictions).matrix(), fed(ConfusionMatrix(3), masks, other).matrix())
    np.testing.assert_array_equal(confusion_matrix(masks, predictions, 3), confusion_matrix(masks, other, 3))
    other[masks == 255] = 255  # a prediction that is no class at all, where it does not matter
    np.testing.assert_array_equal(fed(ConfusionMatrix(3), masks, predictions).matrix(), fed(ConfusionMatrix(3), masks, other).matrix())


def test_another_ignored_value():
    masks, predictions = masks_and_predictions(3, ignored=0)
    expected = confusion_matrix(masks, predictions, 3, ignore=0)
    assert not expected[0].any()
    np.testing.assert_array_equal(fed(ConfusionMatrix(3, ignore=0), masks, predictions).matrix(), expected)


def test_absent_classes_are_left_out():
    masks, predictions = masks_and_predictions(2)
    matrix = confusion_matrix(masks, predictions, 4)
    assert np.isnan(iou(matrix)[2:]).all()
    assert np.isnan(dice(matrix)[2:]).all()
    assert mean_iou(matrix) == mean_iou(matrix[:2, :2])
    assert float(fed(MeanIoU(4), masks, predictions).result()) == pytest.approx(mean_iou(matrix), rel=1e-6)
    predictions[0, 0, 0], masks[0, 0, 0] = 3, 0  # predicted once, never there: now it counts, as 0
    assert float(fed(MeanIoU(4), masks, predictions).result()) == pytest.approx(2 / 3 * mean_iou(matrix), rel=0.01)


def test_without_any_pixel_there_is_no_warning():
    empty = confusion_matrix(np.full((4, 4), 255), np.zeros((4, 4), int), 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan([pixel_accuracy(empty), mean_iou(empty), metrics.frequency_weighted_iou(empty), *iou(empty), *dice(empty)]).all()
        assert metrics.report(empty, list("abc"))[-1]["class"] == "mean of 0"
    assert float(MeanIoU(3).result()) == 0


def test_derived_by_class_are_scikit_learns():
    masks, predictions = masks_and_predictions(5)
    matrix, valid = confusion_matrix(masks, predictions, 5), masks != 255
    true, predicted = masks[valid], predictions[valid]
    np.testing.assert_allclose(metrics.precision(matrix), reference.precision_score(true, predicted, average=None))
    np.testing.assert_allclose(metrics.sensitivity(matrix), reference.recall_score(true, predicted, average=None))
    others = [reference.recall_score(true != label, predicted != label) for label in range(5)]
    np.testing.assert_allclose(metrics.specificity(matrix), others)
    weighted = reference.jaccard_score(true, predicted, average="weighted")
    assert metrics.frequency_weighted_iou(matrix) == pytest.approx(weighted)


def test_absent_classes_count_as_told():
    masks, predictions = masks_and_predictions(2)
    matrix = confusion_matrix(masks, predictions, 4)
    two = iou(matrix)[:2].sum()
    assert mean_iou(matrix) == pytest.approx(two / 2)
    assert mean_iou(matrix, absent=0) == pytest.approx(two / 4)
    assert mean_iou(matrix, absent=1) == pytest.approx((two + 2) / 4)


def test_cityscapes_rule_on_a_pair_made_by_hand():
    """IoU by class from the counts of all images together; void pixels out; a class in neither is skipped, one only predicted is 0."""
    masks = np.uint8([[[0, 0, 0, 1], [0, 255, 1, 1]], [[0, 0, 0, 0], [0, 0, 0, 255]]])
    predictions = np.uint8([[[0, 0, 1, 1], [0, 2, 1, 1]], [[0, 0, 0, 0], [0, 0, 2, 2]]])
    # class 0: 2 + 1 + 6 of 11 right, none invented; 1: 3 right and one invented; 2: predicted once, besides in void; 3: nowhere
    matrix = confusion_matrix(masks, predictions, 4)
    np.testing.assert_allclose(iou(matrix), [9 / 11, 3 / 4, 0, np.nan])
    assert mean_iou(matrix) == pytest.approx((9 / 11 + 3 / 4 + 0) / 3)
    by_image = [mean_iou(confusion_matrix(mask, said, 4)) for mask, said in zip(masks, predictions, strict=True)]
    assert np.mean(by_image) != pytest.approx(mean_iou(matrix), abs=0.05)


def test_report():
    masks, predictions = masks_and_predictions(3)
    matrix = confusion_matrix(masks, predictions, 4)
    *rows, last = metrics.report(matrix, ["a", "b", "c", "d"])
    assert [row["class"] for row in rows] == ["a", "b", "c", "d"]
    assert list(last) == ["class", "Dice", "IoU", "precision", "sensitivity", "specificity", "support"]
    expected = reference.classification_report(masks[masks != 255], predictions[masks != 255], output_dict=True)
    for label, row in enumerate(rows[:3]):
        theirs = expected[str(label)]
        assert [row["Dice"], row["precision"], row["sensitivity"]] == pytest.approx(
            [theirs["f1-score"], theirs["precision"], theirs["recall"]]
        )
        assert row["support"] == theirs["support"]
    assert np.isnan([rows[3]["Dice"], rows[3]["IoU"], rows[3]["precision"], rows[3]["sensitivity"]]).all()
    assert rows[3]["specificity"] == 1
    assert last["class"] == "mean of 3"
    assert last["IoU"] == pytest.approx(mean_iou(matrix))
    assert last["Dice"] == pytest.approx(expected["macro avg"]["f1-score"])
    assert last["support"] == (masks != 255).sum()
    with pytest.raises(ValueError, match="2 names for a matrix"):
        metrics.report(matrix, ["a", "b"])


def test_area_differences():
    matrix = np.array([[5, 3, 0], [1, 1, 0], [0, 0, 0]])
    np.testing.assert_array_equal(metrics.area_difference(matrix), [-2, 2, 0])
    np.testing.assert_allclose(metrics.relative_area_difference(matrix), [-2 / 8, 1, np.nan])


# Distances


def blobs(seed):
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((40, 50))
    masks = []
    for _ in range(2):
        row, column, height, width = *rng.integers(12, 28, 2), *rng.integers(4, 11, 2)
        masks.append(((rows - row) / height) ** 2 + ((columns - column) / width) ** 2 < 1)
    return masks


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("spacing", [(1, 1), (0.5, 2)])
def test_distances_against_scipy_and_scikit_image(seed, spacing):
    mask, prediction = blobs(seed)
    outlines = [find_boundaries(thing, connectivity=1, mode="inner") for thing in (mask, prediction)]
    points = [np.argwhere(outline) * spacing for outline in outlines]
    largest = max(directed_hausdorff(*points)[0], directed_hausdorff(*points[::-1])[0])
    assert metrics.hausdorff(mask, prediction, True, spacing) == pytest.approx(largest)
    if spacing == (1, 1):
        assert largest == pytest.approx(hausdorff_distance(*outlines))
    to_prediction, to_mask = (distance_transform_edt(~outline, sampling=spacing) for outline in outlines[::-1])
    every = np.concatenate([to_prediction[outlines[0]], to_mask[outlines[1]]])
    assert metrics.mean_surface_distance(mask, prediction, True, spacing) == pytest.approx(every.mean())


def test_distances_by_hand():
    mask = np.zeros((6, 8), np.uint8)
    prediction = mask.copy()
    mask[2, 2:5] = 3
    prediction[2, 2:7] = 3
    assert metrics.hausdorff(mask, prediction, 3) == 2
    assert metrics.hausdorff(mask, prediction, 3, spacing=(9, 0.5)) == 1
    assert metrics.mean_surface_distance(mask, prediction, 3) == 3 / 8
    mask[2, 5:] = 255  # now what is too much lies where nothing counts
    assert metrics.hausdorff(mask, prediction, 3) == 0
    whole = np.ones((5, 5), np.uint8)  # the border of the image is part of the outline
    inside = np.pad(np.ones((3, 3), np.uint8), 1)
    assert metrics.hausdorff(whole, inside) == pytest.approx(np.sqrt(2))


def test_distances_where_an_object_is_missing():
    one, none = np.eye(4, dtype=np.uint8), np.zeros((4, 4), np.uint8)
    for score in (metrics.hausdorff, metrics.mean_surface_distance):
        assert score(one, none) == score(none, one) == np.inf
        assert np.isnan(score(none, none))
        assert score(one, one) == 0
        for bad in (np.zeros((4, 5), np.uint8), one[None]):
            with pytest.raises(ValueError, match="shape"):
                score(one, bad)


# What a network gives


@pytest.mark.parametrize("axis", [(), (1,)])
def test_one_channel_is_compared_with_the_threshold(axis):
    masks, predictions = masks_and_predictions(2)
    masks = masks.reshape(*masks.shape, *axis)
    probabilities = (0.3 + 0.4 * predictions[..., None]).astype(np.float32)
    expected = confusion_matrix(masks.reshape(predictions.shape), predictions, 2)
    np.testing.assert_array_equal(fed(ConfusionMatrix(2), masks, probabilities, 2).matrix(), expected)
    logits = np.log(probabilities / (1 - probabilities))
    np.testing.assert_array_equal(fed(ConfusionMatrix(2, threshold=0), masks, logits, 2).matrix(), expected)


def test_threshold_itself_is_background():
    predictions = np.float32([0.25, 0.5, 0.75]).reshape(1, 1, 3, 1)
    for threshold, above in [(0, 3), (0.25, 2), (0.5, 1)]:
        metric = fed(ConfusionMatrix(2, threshold=threshold), np.ones((1, 1, 3), np.uint8), predictions)
        np.testing.assert_array_equal(metric.matrix(), [[0, 0], [3 - above, above]])


def test_several_channels_by_their_largest():
    masks, _ = masks_and_predictions(5)
    logits = RNG.normal(size=(*masks.shape, 5)).astype(np.float32)
    np.testing.assert_array_equal(fed(ConfusionMatrix(5), masks, logits, 3).matrix(), confusion_matrix(masks, logits.argmax(-1), 5))


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "bool"])
def test_class_ids_of_any_integer_type(dtype):
    masks, predictions = masks_and_predictions(2)
    expected = confusion_matrix(masks, predictions, 2)
    np.testing.assert_array_equal(fed(ConfusionMatrix(2), masks.astype("int64"), predictions.astype(dtype)).matrix(), expected)
    np.testing.assert_array_equal(fed(ConfusionMatrix(2), masks[..., None], predictions[..., None].astype(dtype)).matrix(), expected)


@pytest.mark.parametrize(("num_classes", "shape"), [(2, (2, 4, 4, 3)), (5, (2, 4, 4, 3)), (3, (2, 4, 4, 1)), (2, (2, 4, 4))])
def test_channels_that_do_not_fit_are_refused(num_classes, shape):
    with pytest.raises(ValueError, match="channels"):
        MeanIoU(num_classes).update_state(np.zeros((2, 4, 4), np.uint8), np.zeros(shape, np.float32))


@pytest.mark.parametrize(("masks", "predictions"), [((2, 4, 4), (2, 8, 8, 3)), ((2, 4, 4), (1, 4, 4, 3)), ((2, 4, 4, 3), (2, 4, 4, 3))])
def test_shapes_that_differ_are_refused(masks, predictions):
    with pytest.raises(ValueError, match="do not fit"):
        MeanIoU(3).update_state(np.zeros(masks, np.uint8), np.zeros(predictions, np.float32))


@pytest.mark.parametrize("place", ["masks", "predictions"])
@pytest.mark.parametrize("value", [2, 7, 254, -1])
def test_a_class_id_without_a_row_is_told(place, value):
    data = {"masks": np.zeros((2, 4, 4), np.int32), "predictions": np.zeros((2, 4, 4), np.int32)}
    data[place][0, 0, 0] = value
    metric = MeanIoU(2)
    metric.update_state(**data)
    metric.update_state(np.zeros((2, 4, 4), np.int32), np.zeros((2, 4, 4), np.int32))  # a good batch does not hide it
    assert np.isnan(float(metric.result()))
    with pytest.raises(ValueError, match=r"outside 0 to 1 \(in one batch 1 pixels\)"):
        metric.matrix()
    metric.reset_state()
    assert metric.matrix().sum() == 0


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_nan_is_told_and_not_counted_as_some_class(channels):
    predictions = np.full((1, 4, 4, channels), 0.5, np.float32)
    predictions[0, 1, 2, -1] = np.nan
    metric = fed(MeanIoU(max(2, channels)), np.zeros((1, 4, 4), np.uint8), predictions)
    assert np.isnan(float(metric.result()))
    with pytest.raises(ValueError, match="no number"):
        metric.matrix()


# Large counts


@pytest.mark.parametrize("before", [2**24, 2**30 - 1, 2**31 - 2, 2**31 - 1, 2**31, 2**40 + 2**30 - 1, 2**60])
def test_counts_stay_exact(before):
    metric = ConfusionMatrix(2)
    start = np.array([[before, 0], [1, before // 3]])
    metric.low.assign(start % metrics._CARRY)
    metric.high.assign(start // metrics._CARRY)
    metric.update_state(np.uint8([[0, 0, 1, 1, 1]]), np.uint8([[0, 0, 0, 1, 1]]))
    np.testing.assert_array_equal(metric.matrix(), start + np.array([[2, 0], [1, 2]]))
    np.testing.assert_allclose(ops.convert_to_numpy(metric.result()), metric.matrix(), rtol=1e-6)


def test_one_by_one_over_the_carry():
    metric = ConfusionMatrix(2)
    metric.low.assign([[metrics._CARRY - 2, 0], [0, 0]])
    for step in range(1, 5):
        metric.update_state(np.uint8([0]), np.uint8([0]))
        assert metric.matrix()[0, 0] == metrics._CARRY - 2 + step


def test_reset():
    metric = fed(MeanIoU(3), *masks_and_predictions(3))
    metric.high.assign(np.ones((3, 3)))
    metric.reset_state()
    assert not metric.matrix().any()


# Inside Keras


def small_model(channels, activation):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(channels, 3, padding="same", activation=activation)])
    loss = "binary_crossentropy" if channels == 1 else keras.losses.SparseCategoricalCrossentropy(ignore_class=255)
    model.compile("sgd", loss, metrics=[MeanIoU(max(2, channels))])
    return model


@pytest.mark.parametrize(("channels", "activation"), [(1, "sigmoid"), (3, "softmax")])
def test_in_compile_and_fit(channels, activation):
    images = RNG.random((10, 8, 8, 1), np.float32)
    masks, _ = masks_and_predictions(max(2, channels), (10, 8, 8), ignored=0.1 * (channels > 1))
    model = small_model(channels, activation)
    history = model.fit(images, masks, batch_size=4, epochs=2, validation_data=(images, masks), validation_batch_size=3, verbose=0).history
    predictions = model.predict(images, verbose=0)
    ids = predictions[..., 0] > 0.5 if channels == 1 else predictions.argmax(-1)
    expected = mean_iou(confusion_matrix(masks, ids, max(2, channels)))
    assert history["val_mean_iou"][-1] == pytest.approx(expected, rel=1e-5)
    assert 0 <= history["mean_iou"][0] <= 1


def test_a_model_compiled_with_it_is_saved_and_loaded(tmp_path):
    model = small_model(3, "softmax")
    images = RNG.random((4, 8, 8, 1), np.float32)
    masks, _ = masks_and_predictions(3, (4, 8, 8))
    model.fit(images, masks, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert again.evaluate(images, masks, verbose=0, return_dict=True) == pytest.approx(
        model.evaluate(images, masks, verbose=0, return_dict=True)
    )


@pytest.mark.parametrize("kind", [ConfusionMatrix, MeanIoU])
def test_serialisation_keeps_every_setting(kind):
    metric = kind(4, ignore=0, threshold=0.25, name="other")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert type(again) is kind
    assert (again.num_classes, again.ignore, again.threshold, again.name) == (4, 0, 0.25, "other")


# Wrong input of `confusion_matrix`


@pytest.mark.parametrize(
    ("masks", "predictions", "sentence"),
    [
        (np.zeros((2, 2)), np.zeros((2, 2, 1)), "differ"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "no pixel"),
        (np.zeros((2, 2)), np.full((2, 2), 0.7), "Predictions hold values between the classes, such as 0.7"),
        (np.full((2, 2), np.nan), np.zeros((2, 2)), "Masks hold values between"),
        (np.zeros((2, 2)), np.full((2, 2), 3), "Predictions run from 3 to 3, but classes from 0 to 2"),
        (np.full((2, 2), -1), np.zeros((2, 2)), "Masks run from -1"),
    ],
)
def test_wrong_input_is_told(masks, predictions, sentence):
    with pytest.raises(ValueError, match=sentence):
        confusion_matrix(masks, predictions, 3)
