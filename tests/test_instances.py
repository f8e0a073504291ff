"""Objects against slow references: regions by spreading, watershed by scikit-image, PQ and AP by loops over pixels and thresholds."""

import itertools

import numpy as np
import pytest
from skimage.measure import label
from skimage.segmentation import watershed

from course_utils import instances

RNG = np.random.default_rng(12)


def partition(objects):
    """The same regions whatever their numbers: the set of (class, pixels)."""
    return {(v // 1000, tuple(np.flatnonzero(objects == v))) for v in np.unique(objects) if v >= 1000}


def random_objects(side=12, most=6):
    """Rectangles of two classes, later ones over earlier ones."""
    objects = np.zeros((side, side), int)
    for number in range(RNG.integers(1, most + 1)):
        r, c = RNG.integers(0, side - 2, 2)
        h, w = RNG.integers(2, 6, 2)
        objects[r : r + h, c : c + w] = 1000 * RNG.integers(1, 3) + number
    return objects


def disturbed(objects):
    """Moved by a pixel, one object gone, two joined, one of another class: all that a network does."""
    said = np.roll(objects, RNG.integers(-1, 2, 2), (0, 1))
    values = [v for v in np.unique(said) if v]
    if len(values) > 2:
        said[said == values[0]] = 0
        said[said == values[1]] = 1000 * (values[2] // 1000) + values[2] % 1000
        said[said == values[-1]] = 3000 - 1000 * (values[-1] // 1000 - 1) - 1000 + 77
    return said


def slow_iou(truth, said, a, b):
    both = either = 0
    for x, y in zip(truth.ravel(), said.ravel(), strict=True):
        both += x == a and y == b
        either += x == a or y == b
    return both / either


def slow_pq(truths, found, thing):
    """By the words of the paper: every pair of objects of the class in one image is compared."""
    hits, true, said = [], 0, 0
    for truth, answer in zip(truths, found, strict=True):
        ours = [v for v in np.unique(truth) if v // 1000 == thing]
        theirs = [v for v in np.unique(answer) if v // 1000 == thing]
        true, said = true + len(ours), said + len(theirs)
        hits += [iou for a, b in itertools.product(ours, theirs) if (iou := slow_iou(truth, answer, a, b)) > 0.5]
    tp = len(hits)
    return sum(hits) / (tp + (said - tp) / 2 + (true - tp) / 2), (tp, said - tp, true - tp)


def slow_ap(truths, found, confidences, thing, limit):
    """Area under the best precision that is reached at a recall or beyond, by cutting at every confidence and adding rectangles."""
    total = sum(v // 1000 == thing for truth in truths for v in np.unique(truth))
    points = []
    for cut in sorted({c for sure in confidences for c in sure.values()}, reverse=True):
        tp = said = 0
        for truth, answer, sure in zip(truths, found, confidences, strict=True):
            for b in [v for v in np.unique(answer) if v // 1000 == thing and sure[v] >= cut]:
                said += 1
                tp += any(slow_iou(truth, answer, a, b) > limit for a in np.unique(truth) if a // 1000 == thing)
        if said:
            points.append((tp / total, tp / said))
    area, before = 0.0, 0.0
    for recall in sorted({recall for recall, _ in points}):
        area += (recall - before) * max(p for r, p in points if r >= recall)
        before = recall
    return area


def test_components_are_those_of_scikit_image():
    for _ in range(20):
        classes = RNG.integers(0, 4, (15, 18))
        found = instances.components(classes, (1, 3))
        assert found.dtype == np.int32
        assert np.array_equal(found // 1000, np.where(np.isin(classes, (1, 3)), classes, 0))
        expected = {(k, tuple(np.flatnonzero(regions == v))) for k in (1, 3) if (regions := label(classes == k, connectivity=1)).any()
                    for v in range(1, regions.max() + 1)}  # fmt: skip
        assert partition(found) == expected


def test_specks_are_left_out():
    classes = np.array([[1, 0, 1, 1], [0, 0, 0, 1], [2, 2, 0, 0]])
    found = instances.components(classes, (1, 2), least=3)
    assert found.tolist() == [[0, 0, 1000, 1000], [0, 0, 0, 1000], [0, 0, 0, 0]]


def test_more_objects_than_can_be_counted():
    with pytest.raises(ValueError, match="1152 regions"):
        instances.components(np.indices((48, 48)).sum(axis=0) % 2, (1,))


def test_watershed_is_that_of_scikit_image():
    for _ in range(20):
        classes = (RNG.random((20, 24)) < 0.8).astype(int)
        border = RNG.permutation(classes.size).reshape(classes.shape) / classes.size  # no two alike
        seeds = instances.components(np.where(border < 0.3, classes, 0), (1,))
        expected = watershed(border, seeds, mask=classes == 1)
        assert np.array_equal(instances.watershed(classes, border, (1,), level=0.3), expected)


def test_watershed_parts_what_components_join():
    classes = np.ones((5, 9), int)
    classes[:, 6:] = 2
    border = np.zeros((5, 9))
    border[:, 3] = 1
    assert len(partition(instances.components(classes, (1, 2)))) == 2
    found = instances.watershed(classes, border, (1, 2))
    assert len(np.unique(found[:, :3])) == len(np.unique(found[:, 4:6])) == len(np.unique(found[:, 6:])) == 1
    assert len(partition(found)) == 3
    assert (found >= 1000).all(), "the border's own pixels are given to a neighbour"


def test_on_even_ground_water_spreads_evenly():
    found = instances.watershed(np.ones((1, 8), int), np.array([[0, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0]]), (1,))
    assert found.tolist() == [[1000] * 4 + [1001] * 4]


def test_what_no_seed_reaches_belongs_to_none():
    found = instances.watershed(np.array([[1, 1, 0, 1]]), np.array([[0.0, 0.9, 0.0, 0.9]]), (1,))
    assert found.tolist() == [[1000, 1000, 0, 0]]


def test_panoptic_quality_against_every_pair():
    for _ in range(15):
        truths = [random_objects() for _ in range(4)]
        found = [disturbed(truth) for truth in truths]
        scores = instances.panoptic_quality(truths, found)
        assert set(scores) == {v // 1000 for array in truths + found for v in np.unique(array) if v}
        for thing, score in scores.items():
            quality, counts = slow_pq(truths, found, thing)
            assert score["PQ"] == pytest.approx(quality)
            assert (score["TP"], score["FP"], score["FN"]) == counts
            assert score["PQ"] == pytest.approx(score["SQ"] * score["RQ"])


def test_half_is_not_enough_and_another_class_neither():
    truth = np.array([[1000, 1000, 0, 2000]])
    assert instances.panoptic_quality([truth], [np.array([[1000, 0, 0, 1001]])]) == {
        1: {"PQ": 0.0, "SQ": 0.0, "RQ": 0.0, "TP": 0, "FP": 2, "FN": 1},
        2: {"PQ": 0.0, "SQ": 0.0, "RQ": 0.0, "TP": 0, "FP": 0, "FN": 1},
    }
    assert instances.panoptic_quality([truth], [truth])[1]["PQ"] == 1


def test_average_precision_against_cuts_at_every_confidence():
    for limit in (0.5, 0.75):
        for _ in range(10):
            truths = [random_objects() for _ in range(4)]
            found = [disturbed(truth) for truth in truths]
            sure = [{v: RNG.random() for v in np.unique(said).tolist() if v} for said in found]
            scores = instances.average_precision(truths, found, sure, limit)
            for thing, score in scores.items():
                assert score == pytest.approx(slow_ap(truths, found, sure, thing, limit))


def test_average_precision_of_a_list_by_hand():
    """Right, wrong, right of three: precisions 1, 1/2, 2/3; the third true object is never found."""
    truth = np.array([[1000, 1001, 1002, 0]])
    said = np.array([[1000, 0, 1002, 1003]])
    assert instances.average_precision([truth], [said], [{1000: 0.9, 1003: 0.8, 1002: 0.7}]) == {1: pytest.approx((1 + 2 / 3) / 3)}
    assert instances.average_precision([truth], [np.zeros_like(truth)], [{}]) == {1: 0.0}


def test_messages():
    truth = np.array([[1000]])
    with pytest.raises(ValueError, match=r"below 0\.5"):
        instances.average_precision([truth], [truth], [{1000: 1}], 0.3)
    with pytest.raises(ValueError, match="one size"):
        instances.panoptic_quality([truth], [truth.repeat(2, axis=0)])
    with pytest.raises(ValueError, match="shorter"):
        instances.panoptic_quality([truth], [])
