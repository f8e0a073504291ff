"""Figures: alternative text always, the right colours, and tables. Nothing is shown; a list takes IPython's place."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from course_utils import show
from course_utils.classes import ELIRET, IGNORE, MEMBRANE, Class, ClassTable

RNG = np.random.default_rng(0)
THREE = ClassTable("three", [Class(i, name, (80 * i, 10, 200), i) for i, name in enumerate("abc")])


@pytest.fixture
def shown(monkeypatch):
    calls = []
    monkeypatch.setattr(show, "display", lambda data, metadata=None, raw=False: calls.append((data, metadata, raw)))
    return calls


@pytest.fixture
def drawn(monkeypatch):
    """The matplotlib figures, before they become a PNG."""
    figures = []
    monkeypatch.setattr(show, "figure", lambda fig, alt: figures.append(fig))
    return figures


def picture(shown):
    data, metadata, raw = next(call for call in shown if "image/png" in call[0])
    assert raw
    return np.asarray(Image.open(io.BytesIO(data["image/png"])).convert("RGB")), metadata["image/png"]["alt"]


def draw_all(alt):
    images, masks = RNG.random((2, 8, 8, 1)), RNG.integers(2, size=(2, 8, 8))
    return [
        lambda: show.figure(show.new()[0], alt),
        lambda: show.images(images, alt=alt),
        lambda: show.pairs(images, masks, ELIRET, alt=alt),
        lambda: show.histories({"run": {"loss": [1, 2]}}, alt=alt),
    ]


# Alternative text


@pytest.mark.parametrize("number", range(4))
def test_every_figure_is_a_png_with_alt_text_and_caption(number, shown):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_all("A square.")[number]()
    pixels, alt = picture(shown)
    assert pixels.std() > 1
    assert alt == shown[0][0]["text/plain"] == "A square."
    assert shown[1:] == [({"text/markdown": "*A square.*", "text/plain": "A square."}, None, True)]


@pytest.mark.parametrize("number", range(4))
def test_no_figure_without_alt_text(number, shown):
    with pytest.raises(ValueError, match="needs alt="):
        draw_all("")[number]()
    assert not shown


def test_alt_must_be_given():
    for function in (show.images, show.pairs, show.histories):
        with pytest.raises(TypeError, match="alt"):
            function([np.zeros((4, 4))], *([[np.zeros((4, 4))], ELIRET] if function is show.pairs else []))


def test_figures_are_small(shown):
    show.pairs(RNG.random((6, 32, 32, 3)), RNG.integers(2, size=(6, 32, 32)), ELIRET, alt="Six.")
    assert len(shown[0][0]["image/png"]) < 200_000
    assert max(picture(shown)[0].shape) < 1200


# Overlays


def test_overlay_mixes_colours():
    mask = np.array([[0, 1], [IGNORE, 2]])
    image = np.full((2, 2, 3), 100, np.uint8)
    for opacity in (0, 0.5, 1):
        mixed = show.overlay(image, mask, THREE, opacity)
        assert mixed.dtype == np.uint8
        colours = np.array([[THREE.colours[0], THREE.colours[1]], [show.IGNORED_COLOUR, THREE.colours[2]]])
        np.testing.assert_array_equal(mixed, np.uint8((1 - opacity) * 100 + opacity * colours))


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (2, 3, 3)])
@pytest.mark.parametrize("scale", [np.uint8(1), 1 / 255])
def test_overlay_takes_every_image_of_the_course(shape, scale):
    image = RNG.integers(256, size=shape).astype(np.uint8) * scale
    expected = np.broadcast_to(image.reshape(2, 3, -1) / scale, (2, 3, 3))
    alone = show.overlay(image, np.zeros((2, 3), np.uint8), THREE, opacity=0)
    assert alone.shape == (2, 3, 3)
    np.testing.assert_allclose(alone, expected, atol=1)


def test_overlay_takes_masks_with_a_channel_axis_and_comparisons():
    image, mask = RNG.random((4, 5, 1)), RNG.integers(2, size=(4, 5))
    expected = show.overlay(image, mask, ELIRET)
    np.testing.assert_array_equal(show.overlay(image, mask[..., None], ELIRET), expected)
    np.testing.assert_array_equal(show.overlay(image, mask == 1, ELIRET), expected)
    np.testing.assert_array_equal(show.overlay(image, mask.astype(float), ELIRET), expected)


def test_overlay_refuses_probabilities_and_other_sizes():
    with pytest.raises(ValueError, match="class ids, not probabilities"):
        show.overlay(np.zeros((4, 4)), np.full((4, 4), 0.7), ELIRET)
    with pytest.raises(ValueError, match="reshape"):
        show.overlay(np.zeros((4, 4)), np.zeros((4, 5), int), ELIRET)


# Rows, columns, legends


def test_pairs_have_a_row_for_each_mask_and_a_legend(drawn):
    masks = RNG.integers(2, size=(3, 8, 8))
    show.pairs(RNG.random((3, 8, 8, 1)), masks, MEMBRANE, alt="x", predictions={"one": masks, "two": masks}, titles=["first"])
    (fig,) = drawn
    assert [axis.get_ylabel() for axis in fig.axes[::3]] == ["image", "mask", "one", "two"]
    assert [axis.get_title() for axis in fig.axes[:3]] == ["first", "", ""]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == MEMBRANE.names


@pytest.mark.parametrize("where", ["mask", "prediction"])
def test_legend_names_ignored_pixels(where, drawn):
    masks = {"mask": np.zeros((1, 8, 8), np.uint8), "prediction": np.zeros((1, 8, 8), np.uint8)}
    masks[where][0, 0, 0] = IGNORE
    show.pairs(np.zeros((1, 8, 8, 1)), masks["mask"], ELIRET, alt="x", predictions=masks["prediction"])
    assert [text.get_text() for text in drawn[0].legends[0].get_texts()] == [*ELIRET.names, "ignored"]
    assert [axis.get_ylabel() for axis in drawn[0].axes] == ["image", "mask", "prediction"]


def test_images_fill_rows(drawn):
    show.images([RNG.random((8, 6))] * 5, ["a", "b"], alt="x", columns=2)
    axes = drawn[0].axes
    assert len(axes) == 6
    assert [len(axis.images) for axis in axes] == [1] * 5 + [0]
    assert [axis.get_title() for axis in axes] == ["a", "b", "", "", "", ""]


@pytest.mark.parametrize(
    ("image", "value_range", "limits"),
    [(np.zeros((4, 4), np.uint8), (0, 1), (0, 255)), (np.zeros((4, 4, 1)), (0, 1), (0, 1)), (np.zeros((4, 4)), (-1, 2), (-1, 2))],
)
def test_grey_values_are_not_stretched(image, value_range, limits, drawn):
    show.images([image], alt="x", value_range=value_range)
    assert drawn[0].axes[0].images[0].get_clim() == limits


def test_colours_follow_the_range(drawn):
    show.images([np.full((2, 2, 3), 0.5), np.uint8(np.full((2, 2, 3), 7))], alt="x", value_range=(-1, 1))
    first, second = (np.asarray(axis.images[0].get_array()) for axis in drawn[0].axes)
    np.testing.assert_allclose(first, 0.75)
    np.testing.assert_array_equal(second, 7)


# Histories


def test_histories_full_and_dashed(drawn):
    show.histories({"fcn": {"loss": [3, 2, 1], "val_loss": [4, 3, 2]}, "unet": {"loss": [1, 1]}}, alt="x", log=True)
    axis = drawn[0].axes[0]
    lines = {line.get_label(): line for line in axis.lines}
    assert list(lines) == ["fcn, training", "fcn, validation", "unet, training"]
    assert lines["fcn, training"].get_linestyle() == "-"
    assert lines["fcn, validation"].get_linestyle() == "--"
    assert lines["fcn, training"].get_color() == lines["fcn, validation"].get_color() != lines["unet, training"].get_color()
    np.testing.assert_array_equal(lines["fcn, training"].get_xydata(), [[1, 3], [2, 2], [3, 1]])
    assert axis.get_yscale() == "log"
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("epoch", "loss")


def test_histories_over_another_axis(drawn):
    show.histories({"a": {"val_mse": [3, 2]}}, "mse", alt="x", x={"a": [0.5, 1.5]}, x_label="seconds")
    np.testing.assert_array_equal(drawn[0].axes[0].lines[0].get_xdata(), [0.5, 1.5])
    assert drawn[0].axes[0].get_xlabel() == "seconds"


def test_histories_tell_what_there_is():
    with pytest.raises(ValueError, match="No history holds 'iou'; there are loss, val_loss"):
        show.histories({"a": {"loss": [1], "val_loss": [1]}}, "iou", alt="x")


# Tables and numbers


def test_table(shown):
    show.table([{"net": "fcn", "IoU": 0.12345, "pixels": 12}, {"net": "U-Net", "IoU": np.float32(1), "pixels": np.int64(3)}], digits=2)
    data = shown[-1][0]
    assert data["text/markdown"].splitlines() == [
        "| net | IoU | pixels |",
        "| :-- | --: | --: |",
        "| fcn | 0.12 | 12 |",
        "| U-Net | 1.00 | 3 |",
    ]
    assert data["text/plain"].splitlines() == ["net    IoU   pixels", "fcn    0.12  12", "U-Net  1.00  3"]
