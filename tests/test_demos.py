"""Demos: what they draw against slow references; a still picture, then one that follows every control from end to end and stays whole."""

import asyncio
import io
import sys

import ipywidgets
import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, jaccard_score

from course_utils import demos, show
from course_utils.classes import CARLA, ELIRET
from course_utils.demos import browsing, clicks, distortions, fields, layers, mosaics, scoring, sliders, thresholds
from course_utils.losses import CrossEntropy, Dice, Tversky
from course_utils.tiles import starts

RNG = np.random.default_rng(1)
IMAGES = RNG.random((3, 16, 24, 1), dtype=np.float32)
MASKS = (RNG.random((3, 16, 24)) < 0.3).astype(np.uint8)
PREDICTIONS = np.clip(MASKS + RNG.normal(0, 0.4, MASKS.shape), 0, 1)[..., None]
MATRIX = np.diag(np.arange(13, 0, -1))  # the class shown first has a short name, others have longer ones
CALLS = {
    "convolution": demos.convolution,
    "receptive_field": demos.receptive_field,
    "stamps": demos.stamps,
    "threshold": lambda: demos.threshold(IMAGES, MASKS, PREDICTIONS),
    "circles": demos.circles,
    "loss_landscape": demos.loss_landscape,
    "augmentation": lambda: demos.augmentation(IMAGES[0], MASKS[0], ELIRET),
    "confusion": lambda: demos.confusion(MATRIX, CARLA, MATRIX.sum(axis=1) / MATRIX.sum()),
    "predictions": lambda: demos.predictions(IMAGES, MASKS, ELIRET, {"one": MASKS, "other": 1 - MASKS}),
    "field_of_view": lambda: demos.field_of_view(np.zeros((48, 64, 3), np.float32)),
    "click": lambda: demos.click(np.zeros((16, 24, 3), np.float32), {"class": MASKS[0], "object": np.int32(MASKS[0]) * 1001}),
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

    monkeypatch.setattr(show, "figure", figure)
    return shown


@pytest.fixture
def played(monkeypatch, figures):
    """What the demo called last plays: `fig`, `draw`, `words`, the first `values`, `controls`, and how many figures came before."""
    calls = {}

    def play(fig, draw, words, /, place=None, **controls):
        values = {name: control.value for name, control in controls.items()} | ({"place": place} if place else {})
        calls.update(fig=fig, draw=draw, words=words, values=values, controls=controls, before=len(figures))
        return real(fig, draw, words, place=place, **controls)

    real = sliders.play
    monkeypatch.setattr(sliders, "play", play)
    monkeypatch.setattr(sliders, "display", lambda *boxes: calls.update(box=boxes[0]))
    return calls


def _ends(widget):
    if isinstance(widget, ipywidgets.Checkbox):
        return [True, False]
    if isinstance(widget, ipywidgets.Dropdown):
        return [widget.options[0], widget.options[-1]]
    assert widget.continuous_update
    return [widget.min, widget.max]


def _settings(played):
    """The first values, then each control at both ends, or clicks into the corners."""
    values = played["values"]
    yield values
    for name, control in played["controls"].items():
        yield from (values | {name: end} for end in _ends(control))
    if "place" in values:
        yield from ({"place": (x, y)} for x in (0, 0.999) for y in (0, 0.999))


@pytest.mark.parametrize("name", CALLS)
def test_a_still_picture_comes_first_then_a_picture_that_follows(name, played, figures):
    CALLS[name]()
    assert played["before"] == len(figures) == 1
    *_, picture = played["box"].children
    seen = {}
    for values in _settings(played):
        for key, control in played["controls"].items():
            control.value = values[key]
        if "place" in values:
            picture.place = list(values["place"])
        assert picture.source.startswith("data:image/png;base64,")
        seen[picture.words] = picture.source
    assert len(seen) > 2
    assert len(set(seen.values())) > 2
    for text in [*figures, *seen]:
        assert len(text.split()) > 4
        assert "\n" not in text
        assert len(text) < 200, "more than two lines"


@pytest.mark.parametrize("name", CALLS)
def test_a_picture_stays_on_the_screen_and_whole(name, played):
    """At most 400 of 450 pixels high, the rest is for the words; beside the controls on 900; no title, tick or legend is cut off."""
    CALLS[name]()
    fig = played["fig"]
    width, height = 100 * fig.get_size_inches()
    assert height <= 400
    assert 450 < width <= (650 if played["controls"] else 900)
    axes = [axis.get_position().bounds for axis in fig.axes]
    for values in _settings(played):
        for axis in fig.axes:
            sliders.empty(axis)
        played["draw"](**values)
        fig.canvas.draw()
        drawn = fig.get_tightbbox(fig.canvas.get_renderer()).padded(-0.01)  # inches
        assert min(drawn.x0, drawn.y0, width / 100 - drawn.x1, height / 100 - drawn.y1) > 0, values
        np.testing.assert_allclose([axis.get_position().bounds for axis in fig.axes], axes, atol=1e-6)


@pytest.mark.parametrize("name", CALLS)
def test_a_redraw_starts_from_nothing(name, played):
    """There and back again gives the same picture."""
    CALLS[name]()
    settings = list(_settings(played))
    pictures = []
    for values in (settings[0], settings[1], settings[-1], settings[0]):
        for axis in played["fig"].axes:
            sliders.empty(axis)
        played["draw"](**values)
        pictures.append(sliders.address(played["fig"]))
    assert pictures[0] == pictures[-1]


def test_newer_values_wait_for_one_picture(monkeypatch, figures):
    """In a kernel a burst of values is drawn once, with the newest; the next burst again."""
    shown, drawn = [], []
    monkeypatch.setattr(sliders, "display", shown.append)
    slider = sliders.slider("x", 1, 0, 9)

    async def drag():
        for burst in ([2, 3, 4], [5, 6]):
            for slider.value in burst:
                await asyncio.sleep(0)
            await asyncio.sleep(3 * sliders.PAUSE)

    async def kernel():
        sliders.play(show.new()[0], lambda x: drawn.append(x), "x is {x}".format, x=slider)
        await drag()

    asyncio.run(kernel())
    assert drawn == [1, 4, 6]
    assert shown[0].children[1].words == "x is 6"


def test_a_failing_redraw_does_not_stop_the_next(monkeypatch):
    shown = []
    monkeypatch.setattr(sliders, "display", shown.append)
    slider = sliders.slider("x", 1, 0, 9)
    sliders.play(show.new()[0], lambda x: 1 / (x - 5), "x is {x}".format, x=slider)
    with pytest.raises(ZeroDivisionError):
        slider.value = 5
    slider.value = 6
    assert shown[0].children[1].words == "x is 6"


def test_without_anywidget_a_sentence_says_what_to_do(monkeypatch, capsys, figures):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "course_utils.demos.picture", raising=False)
    demos.circles()
    assert len(figures) == 1
    assert "%pip install anywidget" in capsys.readouterr().out


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
        length, pairs = layers.contributions(place, size=size, **setting)
        assert length == len(result)
        expected = np.zeros(length)
        for i, k in pairs:
            expected[i] += k + 1
        assert np.array_equal(expected, result)


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (1, 4), (3, 2), (4, 2), (5, 1)])
def test_stamps_against_keras(kernel, stride, constant):
    """The first pixels alone, the others 0: the sum of the stamps is Keras' transposed convolution with a kernel of ones."""
    layer = keras.layers.Conv2DTranspose(1, kernel, stride, kernel_initializer="ones")
    for pixels in (1, 5, 9):
        image = np.ones(9) if constant else np.arange(1.0, 10)
        image[pixels:] = 0
        total, count = layers.stamped(pixels, kernel, stride, constant)
        expected = keras.ops.convert_to_numpy(layer(image.reshape(1, 3, 3, 1)))[0, ..., 0]
        side = len(total)
        assert np.allclose(total, expected[:side, :side])
        assert not expected[side:].any()  # Keras keeps the gap after the last stamp
        assert np.array_equal(count, layers.stamped(pixels, kernel, stride, True)[0])


def test_a_kernel_that_does_not_fit_is_drawn_all_the_same():
    setting = SETTINGS[0] | {"kernel": 5, "dilation": 3}
    assert layers.contributions(2, size=5, kernel=5, stride=1, padding=0, dilation=3) == (0, [])
    texts = [text.get_text() for text in layers.draw_convolution([setting]).axes[0].texts]
    assert "the kernel does not fit" in texts


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
    row[middle + demos.layers.seen(layers, kernel, stride, dilation, doubling)[-1]] = True
    assert np.array_equal(np.flatnonzero(row) - middle, marked)


@pytest.mark.parametrize("threshold", [0.0, 0.35, 0.5, 0.99])
def test_scores_against_scikit_learn(threshold):
    masks = MASKS.copy()
    masks[:, :3] = 255
    counts = masks != 255
    truth, said = masks[counts] == 1, PREDICTIONS[..., 0][counts] > threshold
    expected = accuracy_score(truth, said), jaccard_score(truth, said)
    assert thresholds.scores(masks, PREDICTIONS[..., 0], threshold) == pytest.approx(expected)


def test_scores_without_any_object():
    accuracy, iou = thresholds.scores(np.zeros((1, 4, 4), np.uint8), np.zeros((1, 4, 4)), 0.5)
    assert accuracy == 1
    assert np.isnan(iou)


def test_errors_have_their_colours():
    mask, prediction = np.array([[0, 1, 0, 1, 255]]), np.array([[0.1, 0.9, 0.9, 0.1, 0.9]])
    names = ["right", "right", "background called object", "object missed", "ignored"]
    assert thresholds._error_colours(mask, prediction, 0.5)[0].tolist() == [list(thresholds.ERRORS[name]) for name in names]


def test_distortion_keeps_image_and_mask_together():
    mask = np.zeros((64, 48), np.uint8)
    mask[20:40, 15:35] = 1
    image = np.repeat(mask[..., None] * np.uint8(255), 3, axis=-1)
    still, still_mask = distortions.distort(image, mask, rotation=0, shift=0, shear=0, zoom=0, elastic=0, draw=1)
    assert np.array_equal(still, image)
    assert np.array_equal(still_mask, mask)
    moved, moved_mask = distortions.distort(image, mask, rotation=30, shift=0.1, shear=10, zoom=0.2, elastic=2, draw=2)
    assert not np.array_equal(moved_mask, mask)
    assert np.mean((moved[..., 0] > 127) == moved_mask) > 0.99


@pytest.mark.parametrize(
    "image", [IMAGES[0], np.uint8(IMAGES[0] * 255), np.repeat(IMAGES[0], 3, axis=-1)], ids=["float", "uint8", "colour"]
)
def test_augmentation_leaves_the_image_alone(image, played):
    before = image.copy()
    demos.augmentation(image, MASKS[0], ELIRET)
    assert np.array_equal(image, before)


def test_bars_of_a_class_are_its_row_and_its_column():
    matrix = np.zeros((13, 13), int)
    matrix[4, [0, 4, 9]] = 60, 30, 10  # pedestrians: called background, pedestrian, vegetation
    matrix[12, 4] = 10  # a sign called pedestrian
    above, below = browsing.draw_confusion(matrix, CARLA, np.full(13, 0.01), [4]).axes
    for axis, expected in [
        (above, {"background": 60, "pedestrian": 30, "vegetation": 10}),
        (below, {"pedestrian": 75, "traffic sign": 25}),
    ]:
        names = [label.get_text() for label in axis.get_yticklabels()]
        assert dict(zip(names, [bar.get_width() for bar in axis.patches], strict=True)) == expected
    assert not browsing.draw_confusion(matrix, CARLA, np.full(13, 0.01), [2]).axes[0].patches


def test_wrong_pixels_have_the_colour_of_what_they_were_called():
    mask, said = np.array([[0, 4, 255], [4, 7, 7]]), np.array([[0, 10, 3], [4, 0, 7]])
    errors = browsing.draw_prediction(np.zeros((2, 3, 3)), mask, CARLA, said).axes[3].images[0].get_array()
    blank = [235, 235, 235]
    assert errors.tolist() == [[blank, CARLA.colours[10].tolist(), blank], [blank, CARLA.colours[0].tolist(), blank]]


@pytest.mark.parametrize(("shift", "radius"), [(0, 20), (10, 20), (44, 20), (6, 30)])
def test_circle_scores(shift, radius):
    mask, prediction = demos.two_circles(shift, radius)
    areas = mask.sum(), prediction.sum()
    np.testing.assert_allclose(areas, [np.pi * 20**2, np.pi * radius**2], rtol=0.06)
    scores = scoring.circle_scores(shift, radius)
    assert scores["accuracy"] == accuracy_score(mask.ravel(), prediction.ravel())
    assert scores["IoU"] == pytest.approx(jaccard_score(mask.ravel(), prediction.ravel()))
    assert scores["area difference"] == int(areas[1]) - int(areas[0])
    assert scores["Hausdorff"] >= scores["mean distance"] >= 0
    if radius == scoring.RADIUS:
        assert scores["Hausdorff"] == shift


def test_the_pixel_of_the_landscape_is_that_of_the_losses():
    """The same image, with all its pixels, through the losses of the course: differences between two probabilities agree."""
    setting = {"weight": 3, "gamma": 2.0, "object": 50}
    mask = np.zeros(scoring.PIXELS, np.uint8)
    mask[:50] = 1
    names = [CrossEntropy(), CrossEntropy([1, 3]), CrossEntropy(gamma=2), Dice(), Tversky(0.3, 0.7)]
    values = []
    for p in (0.2, 0.7):
        said = np.where(mask == 1, scoring.RIGHT, 1 - scoring.RIGHT).astype(np.float32)
        said[0] = p
        values.append([float(loss(mask[None, None], said[None, None, :, None])) * scoring.PIXELS for loss in names])
    drawn = [list(scoring.pixel_losses(np.array([p]), **setting).values()) for p in (0.2, 0.7)]
    np.testing.assert_allclose(np.ravel(drawn[0]) - np.ravel(drawn[1]), np.subtract(*values), rtol=0.01)


@pytest.mark.parametrize(
    ("tile", "overlap", "words"),
    [(256, 0.0, "2×4 tiles, 1.0 ×"), (256, 0.5, "3×7 tiles, 2.6 ×"), (512, 0.5, "1×3 tiles, 1.5 ×"), (300, 0.0, "2×4 tiles, 1.4 ×")],
)
def test_tiling_counts_tiles_and_pixels(tile, overlap, words):
    figure = mosaics.draw_tiling(np.zeros((128, 256, 3), np.uint8), [{"tile": tile, "overlap": overlap}], scale=4)
    above, below = figure.axes
    overlap_pixels = int(tile * overlap)
    text = mosaics._tiling_text((512, 1024), {"tile": tile, "overlap": overlap})
    assert words in text
    down, along = (int(number) for number in words.split(" ")[0].split("×"))
    lines = [{float(segment[0, side]) for segment in group.get_segments()} for group, side in zip(above.collections, (1, 0), strict=True)]
    assert lines == [{end for start in starts(side, tile, overlap_pixels) for end in (start, start + tile)} for side in (512, 1024)]
    curves = below.collections[0].get_segments()
    assert (len(starts(512, tile, overlap_pixels)), len(curves)) == (down, along)
    covered = np.zeros(1024)
    for curve in curves:
        covered[np.int32(curve[:, 0])] += curve[:, 1]
    assert covered.min() > 0
    if tile != 300:  # there the last tile is moved back and overlaps
        np.testing.assert_allclose(covered[tile // 2 : 1024 - tile // 2], 1, atol=1e-6)


@pytest.mark.parametrize(
    ("kernel", "depth", "poolings", "dilation"), [(3, 2, 0, 1), (3, 2, 3, 1), (3, 1, 2, 4), (5, 3, 1, 2), (1, 4, 5, 6)]
)
def test_span_by_sending_ones_down(kernel, depth, poolings, dilation):
    """From one output of the deepest level back to the input, layer by layer."""
    marked = {0}
    for level in reversed(range(poolings + 1)):
        rate = dilation if level == poolings else 1
        for _ in range(depth):
            marked = {m + rate * (k - kernel // 2) for m in marked for k in range(kernel)}
        if level:
            marked = {2 * m + k for m in marked for k in range(2)}
    assert fields.span(kernel, depth, poolings, dilation) == (max(marked) - min(marked) + 1, 2**poolings)


def test_the_rectangle_is_as_large_as_it_says():
    setting = {"kernel": 3, "layers": 2, "poolings": 3, "dilation": 1}
    (axis,) = fields.draw_field_of_view(np.zeros((96, 128, 3)), [setting]).axes
    (patch,) = axis.patches
    title = fields._text(np.zeros((96, 128, 3)), setting)
    assert patch.get_width() == patch.get_height() == fields.span(**setting)[0] == 68
    assert "sees 68×68, 37.6% of the image\nan output every 8 pixels" in title
    assert len(axis.collections[0].get_offsets()) == 12 * 16
    assert patch.get_xy() == (64 - 34, 48 - 34)


def test_a_click_selects_what_hangs_together():
    regions = np.array([[1, 1, 0, 1], [2, 1, 0, 1], [1, 2, 0, 1]])
    by_hand = {(1, 1): [(0, 0), (0, 1), (1, 1)], (3, 2): [(0, 3), (1, 3), (2, 3)], (0, 2): [(2, 0)], (2, 1): []}
    for (x, y), pixels in by_hand.items():
        assert list(map(tuple, np.argwhere(clicks.selected(regions, x, y)).tolist())) == pixels


def test_the_marker_stands_where_the_click_is():
    figure = clicks.draw_click(np.zeros((16, 24, 3), np.uint8), {"class": MASKS[0]}, [(20, 3), (5, 9)])
    assert [axis.lines[0].get_xydata()[0].tolist() for axis in figure.axes] == [[20, 3], [20, 3], [5, 9], [5, 9]]


@pytest.mark.parametrize("panel", range(3))
def test_a_place_on_the_picture_is_a_pixel_of_any_panel(panel):
    """Every pixel's middle, and the nearest pixel for a place beside the panel."""
    fig = clicks.draw_click(np.zeros((16, 24, 3), np.uint8), {"class": MASKS[0], "object": MASKS[0]}, [(5, 9)])
    fig.draw_without_rendering()
    axis = fig.axes[panel]
    for x, y in [(0, 0), (23, 15), (5, 9), (12, 3)]:
        left, up = fig.transFigure.inverted().transform(axis.transData.transform((x, y)))
        assert clicks.pixel(fig.axes, (left, 1 - up)) == (x, y)
    left, up = fig.transFigure.inverted().transform(axis.transData.transform((-0.7, 4)))
    assert clicks.pixel(fig.axes, (left, 1 - up)) == (0, 4)


def test_a_demo_clicks_inside_its_largest_objects():
    regions = np.zeros((20, 30), int)
    regions[2:5, 2:5], regions[8:17, 10:19], regions[1:6, 20:29] = 7, 8, 9
    assert clicks._places(regions, 2) == [(22, 3), (14, 12)]
    assert clicks._places(0 * regions, 2) == [(15, 10)]
