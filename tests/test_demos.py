"""Demos: what they draw against slow references, a still picture before the sliders, and every slider at both ends."""

import io

import ipywidgets
import numpy as np
import pytest
from IPython.utils.capture import capture_output
from sklearn.metrics import accuracy_score, jaccard_score

from course_utils import demos
from course_utils.classes import ELIRET

RNG = np.random.default_rng(1)
IMAGES = RNG.random((3, 16, 24, 1), dtype=np.float32)
MASKS = (RNG.random((3, 16, 24)) < 0.3).astype(np.uint8)
PREDICTIONS = np.clip(MASKS + RNG.normal(0, 0.4, MASKS.shape), 0, 1)[..., None]
CALLS = {
    "convolution": demos.convolution,
    "receptive_field": demos.receptive_field,
    "threshold": lambda: demos.threshold(IMAGES, MASKS, PREDICTIONS),
    "augmentation": lambda: demos.augmentation(IMAGES[0], MASKS[0], ELIRET),
    "tiling": lambda: demos.tiling(np.zeros((512, 1024, 3), np.uint8)),
}
SETTINGS = [
    {"kernel": k, "stride": s, "padding": p, "dilation": d, "transposed": t}
    for k, s, p, d in [(3, 1, 0, 1), (3, 2, 1, 1), (2, 3, 0, 2), (5, 1, 4, 3), (1, 4, 2, 3), (4, 2, 1, 1)]
    for t in (False, True)
]


@pytest.fixture
def figures(monkeypatch):
    """Alternative texts of the figures shown, in order; each figure is also rendered."""
    shown = []

    def figure(fig, alt):
        fig.savefig(io.BytesIO())
        shown.append(alt)

    monkeypatch.setattr(demos.show, "figure", figure)
    return shown


@pytest.mark.parametrize("name", CALLS)
def test_a_still_picture_comes_first_then_sliders(name, figures, monkeypatch):
    played = {}
    monkeypatch.setattr(demos, "_play", lambda draw, /, **sliders: played.update(draw=draw, sliders=sliders, before=len(figures)))
    CALLS[name]()
    assert played["before"] == 1
    draw, sliders = played["draw"], played["sliders"]
    assert all(isinstance(slider, ipywidgets.Checkbox) or slider.continuous_update is False for slider in sliders.values())
    middle = {key: slider.value for key, slider in sliders.items()}
    for key, slider in sliders.items():
        for value in [True, False] if isinstance(slider, ipywidgets.Checkbox) else [slider.min, slider.max]:
            draw(**(middle | {key: value}))
    assert len(figures) == 1 + 2 * len(sliders)
    assert all(len(alt.split()) > 4 and "\n" not in alt for alt in figures)


def test_moving_a_slider_draws(monkeypatch):
    drawn, shown = [], []
    monkeypatch.setattr(demos, "display", lambda *widgets: shown.extend(widgets))
    slider = demos._slider("x", 1, 0, 4)
    with capture_output():
        demos._play(lambda **values: drawn.append(values), x=slider)
        slider.value = 3
    assert drawn == [{"x": 1}, {"x": 3}]
    assert isinstance(shown[1], ipywidgets.Output)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_contributions_by_running_the_operator(setting):
    """Put 1 at one place, let weight k be k + 1, and read the result of a loop."""
    size = 5
    kernel, stride, padding, dilation = (setting[name] for name in ("kernel", "stride", "padding", "dilation"))
    reach = dilation * (kernel - 1) + 1
    for place in range(size):
        row = np.zeros(size)
        row[place] = 1
        if setting["transposed"]:
            result = np.zeros((size - 1) * stride + reach)
            for i, k in np.ndindex(size, kernel):
                result[i * stride + dilation * k] += row[i] * (k + 1)
            result = result[padding : max(padding, len(result) - padding)]
        else:
            padded = np.pad(row, padding)
            starts = range(0, len(padded) - reach + 1, stride)
            result = np.array([sum(padded[start + dilation * k] * (k + 1) for k in range(kernel)) for start in starts])
        length, pairs = demos.contributions(place, size=size, **setting)
        assert length == len(result)
        expected = np.zeros(length)
        for i, k in pairs:
            expected[i] += k + 1
        assert np.array_equal(expected, result)


def test_a_kernel_that_does_not_fit_is_drawn_all_the_same():
    setting = SETTINGS[0] | {"kernel": 5, "dilation": 3}
    assert demos.contributions(2, size=5, kernel=5, stride=1, padding=0, dilation=3) == (0, [])
    assert len(demos.draw_convolution([setting]).axes) == 3


@pytest.mark.parametrize(
    ("kernel", "stride", "dilation", "doubling"), [(3, 1, 1, False), (3, 2, 1, False), (5, 2, 3, True), (1, 1, 4, True)]
)
def test_seen_by_sending_ones_down(kernel, stride, dilation, doubling):
    """Marks spread from one output to the input, layer by layer, on a long row."""
    layers, middle = 3, 2000
    marked = np.array([0])
    for below in reversed(range(layers)):
        rate = dilation * (2**below if doubling else 1)
        marked = np.unique([m * stride + rate * (k - kernel // 2) for m in marked for k in range(kernel)])
    row = np.zeros(2 * middle, bool)
    row[middle + demos.seen(layers, kernel, stride, dilation, doubling)[-1]] = True
    assert np.array_equal(np.flatnonzero(row) - middle, marked)


@pytest.mark.parametrize("threshold", [0.0, 0.35, 0.5, 0.99])
def test_scores_against_scikit_learn(threshold):
    masks = MASKS.copy()
    masks[:, :3] = 255
    counts = masks != 255
    truth, said = masks[counts] == 1, PREDICTIONS[..., 0][counts] > threshold
    expected = accuracy_score(truth, said), jaccard_score(truth, said)
    assert demos.scores(masks, PREDICTIONS[..., 0], threshold) == pytest.approx(expected)


def test_scores_without_any_object():
    accuracy, iou = demos.scores(np.zeros((1, 4, 4), np.uint8), np.zeros((1, 4, 4)), 0.5)
    assert accuracy == 1
    assert np.isnan(iou)


def test_errors_have_their_colours():
    mask, prediction = np.array([[0, 1, 0, 1, 255]]), np.array([[0.1, 0.9, 0.9, 0.1, 0.9]])
    names = ["right", "right", "background called object", "object missed", "ignored"]
    assert demos._error_colours(mask, prediction, 0.5)[0].tolist() == [list(demos.ERRORS[name]) for name in names]


def test_distortion_keeps_image_and_mask_together():
    mask = np.zeros((64, 48), np.uint8)
    mask[20:40, 15:35] = 1
    image = np.repeat(mask[..., None] * np.uint8(255), 3, axis=-1)
    still, still_mask = demos.distort(image, mask, rotation=0, shift=0, shear=0, zoom=0, elastic=0, draw=1)
    assert np.array_equal(still, image)
    assert np.array_equal(still_mask, mask)
    moved, moved_mask = demos.distort(image, mask, rotation=30, shift=0.1, shear=10, zoom=0.2, elastic=2, draw=2)
    assert not np.array_equal(moved_mask, mask)
    assert np.mean((moved[..., 0] > 127) == moved_mask) > 0.99


@pytest.mark.parametrize(
    "image", [IMAGES[0], np.uint8(IMAGES[0] * 255), np.repeat(IMAGES[0], 3, axis=-1)], ids=["float", "uint8", "colour"]
)
def test_augmentation_leaves_the_image_alone(image):
    before = image.copy()
    setting = {"rotation": 10, "shift": 0, "shear": 0, "zoom": 0, "elastic": 0, "draw": 1}
    demos.draw_augmentation(image, MASKS[0], ELIRET, {"": setting})
    assert np.array_equal(image, before)


@pytest.mark.parametrize(
    ("tile", "overlap", "words"),
    [(256, 0.0, "2×4 tiles, 1.0 ×"), (256, 0.5, "3×7 tiles, 2.6 ×"), (512, 0.5, "1×3 tiles, 1.5 ×"), (300, 0.0, "2×4 tiles, 1.4 ×")],
)
def test_tiling_counts_tiles_and_pixels(tile, overlap, words):
    figure = demos.draw_tiling(np.zeros((128, 256, 3), np.uint8), [{"tile": tile, "overlap": overlap}], scale=4)
    above, below = figure.axes
    assert words in above.get_title()
    assert len(above.patches) == np.prod([int(n) for n in words.split(" ")[0].split("×")])
    assert len(below.lines) == int(words[2])
    covered = np.zeros(1024)
    for line in below.lines:
        covered[line.get_xdata()] += line.get_ydata()
    assert covered.min() > 0
    if tile != 300:  # there the last tile is moved back and overlaps
        np.testing.assert_allclose(covered[tile // 2 : 1024 - tile // 2], 1, atol=1e-6)
