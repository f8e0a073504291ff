"""Figures: alternative text always, sharp, light, nothing clipped, the legend's colours; tables. A list takes IPython's place."""

import html
import io
import re
import warnings

import numpy as np
import pytest
from PIL import Image

from course_utils import show
from course_utils.classes import CARLA, ELIRET, IGNORE, LANDCOVER, MEMBRANE, Class, ClassTable
from course_utils.show import page

RNG = np.random.default_rng(0)
THREE = ClassTable("three", [Class(i, name, (80 * i, 10, 200), i) for i, name in enumerate("abc")])
CARD = np.array([234, 236, 240])


@pytest.fixture
def shown(monkeypatch):
    calls = []
    monkeypatch.setattr(show, "display", lambda data, metadata=None, raw=False: calls.append((data, metadata, raw)))
    return calls


@pytest.fixture
def drawn(monkeypatch):
    """The matplotlib figures, before they become a file."""
    figures = []
    monkeypatch.setattr(show, "figure", lambda fig, alt: figures.append(fig))
    return figures


def photograph(height=96, width=128):
    """A smooth scene with a sensor's noise, uint8 (height, width, 3)."""
    y, x = np.mgrid[:height, :width]
    scene = 120 + 90 * np.sin(x / 17 + y / 23)[..., None] * [1, 0.7, 0.4] + RNG.normal(0, 9, (height, width, 3))
    return np.uint8(np.clip(scene, 0, 255))


def draw_all(alt):
    images, masks = RNG.random((2, 8, 8, 1)), RNG.integers(2, size=(2, 8, 8))
    return [
        lambda: show.figure(show.new()[0], alt),
        lambda: show.images(images, alt=alt),
        lambda: show.pairs(images, masks, ELIRET, alt=alt, predictions=masks),
        lambda: show.outlines(images, masks, masks, alt=alt),
        lambda: show.numbers([images[0, ..., 0], masks[0]], ["image", "mask"], alt=alt),
        lambda: show.histories({"run": {"loss": [1, 2]}, "walk": {"loss": [2, 3]}}, alt=alt),
    ]


# What the notebook gets


@pytest.mark.parametrize("number", range(6))
def test_every_figure_is_html_with_alt_text_and_caption(number, shown):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_all('A "square" & <more>.')[number]()
    ((data, metadata, raw),) = shown
    assert raw
    assert metadata is None
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/plain"] == 'A "square" & <more>.'
    text = html.escape('A "square" & <more>.', quote=True)
    assert re.search(rf'<img alt="{re.escape(text)}" width="\d+" src="data:image/(png|jpeg);base64,', data["text/html"])
    assert re.search(rf"<figcaption[^>]*>{re.escape(text)}</figcaption></figure>$", data["text/html"])
    alt, kind, file, width = page.read(data["text/html"])
    assert alt == 'A "square" & <more>.'
    pixels = np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))
    assert kind == "png"
    assert pixels.std() > 1
    assert pixels.shape[1] == 2 * width  # sharp on a fine screen


@pytest.mark.parametrize("number", range(5))
def test_no_figure_without_alt_text(number, shown):
    with pytest.raises(ValueError, match="needs alt="):
        draw_all("")[number]()
    assert not shown


def test_alt_must_be_given():
    one = [np.zeros((4, 4))]
    for function, arguments in [
        (show.images, [one]),
        (show.pairs, [one, one, ELIRET]),
        (show.outlines, [one, one]),
        (show.histories, [{}]),
    ]:
        with pytest.raises(TypeError, match="alt"):
            function(*arguments)


def test_figures_shrink_on_a_phone(shown):
    show.images([np.zeros((4, 4))] * 5, alt="x")
    assert re.search(r'<figure style="[^"]*max-width:100%', shown[0][0]["text/html"])
    assert re.search(r'<img [^>]*style="[^"]*width:100%;height:auto', shown[0][0]["text/html"])


def test_text_can_be_read_on_the_card_and_the_card_lies_in_the_file():
    def light(colour):
        c = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
        return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    assert (light(page.CARD) + 0.05) / (light(page.INK) + 0.05) > 7
    image = page._image(show.new()[0], 2)
    np.testing.assert_array_equal(image.getpixel((1, 1)), CARD)
    assert image.mode == "RGB"  # nothing transparent


def test_photographs_become_jpeg_and_masks_stay_exact(shown):
    photographs, masks = [photograph(192, 256) for _ in range(4)], RNG.integers(5, size=(4, 6, 8)).repeat(32, 1).repeat(32, 2)
    show.pairs(photographs, masks, LANDCOVER, alt="Four.")
    kinds = re.findall(r'<img alt="([^"]*)" width="960" src="data:image/(png|jpeg)', shown[0][0]["text/html"])
    assert kinds == [("Four.", "jpeg"), (page.BELOW, "png")]
    last = re.findall(r"base64,([^\"]+)", shown[0][0]["text/html"])[-1]
    parts = page.read(f'<img alt="" width="960" src="data:image/png;base64,{last}"')
    found = {tuple(colour) for colour in np.asarray(Image.open(io.BytesIO(parts[2])).convert("RGB")).reshape(-1, 3)}
    assert {tuple(colour) for colour in LANDCOVER.colours} <= found
    alt, kind, file, width = page.read(shown[0][0]["text/html"])
    assert (alt, kind, width) == ("Four.", "jpeg", 960)
    image = Image.open(io.BytesIO(file))
    assert image.size[0] >= 1.5 * 960
    assert 0.6 < image.size[1] / image.size[0] * 4 / 2 / 0.75 < 1.2  # all rows are there


def test_colours_are_not_reduced(shown):
    ramp = np.uint8(np.stack(np.broadcast_arrays(np.arange(256)[:, None], np.arange(256), 128), axis=-1))
    show.images([ramp], alt="Red by green.", size=2.56)
    _, _, file, _ = page.read(shown[0][0]["text/html"])
    found = np.asarray(Image.open(io.BytesIO(file)).convert("RGB")).reshape(-1, 3)
    assert len(np.unique(found, axis=0)) > 10_000


def test_a_drawing_gets_a_table_and_its_areas_keep_their_colours(drawn):
    array = RNG.integers(0, 64, (12, 12)) / 16
    show.numbers([array, -array], ["one", "other"], alt="Two arrays of numbers.")
    image = page._image(drawn[0], 2)
    assert image.getcolors(512) is None
    back = Image.open(io.BytesIO(page._file(image, "png")))
    assert back.mode == "P"
    far = np.abs(np.asarray(back.convert("RGB")).astype(int) - np.asarray(image)).max(axis=2)
    assert np.mean(far > 12) < 0.01, "rims of letters at most"


def test_a_photograph_gets_no_table():
    image = Image.fromarray(photograph())
    assert page._flat(image) is image


@pytest.mark.parametrize("colours", [200, 300, 500])
def test_few_colours_get_a_table_and_stay_what_they_are(colours):
    """Half the bytes; nobody sees the difference of the rarest shades, where there are more of them than a table holds."""
    shades = np.repeat(np.linspace(0, 255, colours).astype(np.uint8)[:, None], 3, axis=1)
    if colours > 256:  # of a second colour as well
        shades = np.concatenate([shades[:: colours // 128], shades[:: colours // (colours - 130)] * [1, 0, 0]]).astype(np.uint8)
    image = Image.fromarray(shades[np.random.default_rng(0).integers(0, len(shades), (64, 64))])
    back = Image.open(io.BytesIO(page._file(image, "png")))
    assert back.mode == "P"
    assert np.abs(np.asarray(back.convert("RGB")).astype(int) - np.asarray(image)).max() <= (page.NEAR if colours > 256 else 0)


def test_many_or_distant_colours_get_no_table():
    rng = np.random.default_rng(0)
    for shades in (rng.integers(0, 256, (400, 3)), rng.integers(0, 256, (5000, 3))):
        image = Image.fromarray(shades[rng.integers(0, len(shades), (64, 64))].astype(np.uint8))
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(page._file(image, "png")))), np.asarray(image))


def test_no_figure_is_heavy(shown):
    noise = RNG.integers(256, size=(8, 256, 256, 3)).astype(np.uint8)  # nothing is harder to compress
    show.pairs(noise, RNG.integers(13, size=(8, 256, 256)), CARLA, alt="Eight.")
    assert len(shown[0][0]["text/html"]) < 900_000
    shown.clear()
    pictures = [photograph(192, 256) for _ in range(4)]
    masks = np.zeros((4, 192, 256), int)
    masks[:, 60:, 90:] = 7
    show.pairs(pictures, masks, CARLA, alt="Four.", predictions=np.roll(masks, 9))
    assert len(shown[0][0]["text/html"]) < 250_000


def test_only_what_as_html_wrote_is_read():
    assert page.read("<p>no figure</p>") is None


# Where things stand


def boxes(fig):
    """Of all texts and axes of a figure, in inches: (left, bottom, right, top), by kind."""
    renderer = fig.canvas.get_renderer() if hasattr(fig.canvas, "get_renderer") else fig._get_renderer()
    fig.draw(renderer)
    texts = [text for axis in fig.axes for text in (axis.title, axis.yaxis.label) if text.get_text()]
    texts += [text for legend in fig.legends for text in legend.get_texts()]
    return [text.get_window_extent(renderer).extents / fig.dpi for text in texts], [axis.get_position().extents for axis in fig.axes]


def crossings(texts):
    return [
        (a, b)
        for k, a in enumerate(texts)
        for b in texts[k + 1 :]
        if min(a[2], b[2]) - max(a[0], b[0]) > 0.01 and min(a[3], b[3]) - max(a[1], b[1]) > 0.01
    ]


LONG = [
    "upside down",
    "an_endless_name_of_a_file_without_a_space.png",
    "F61-52",
    "brightness, contrast and hue together",
    "x",
    "blur",
    "W" * 30,
]


@pytest.mark.parametrize("count", [1, 2, 5, 7, 12])
def test_titles_are_neither_clipped_nor_over_each_other(count, drawn):
    show.images([photograph(48, 64)] * count, (LONG * 2)[:count], alt="x", columns=7)
    texts, _ = boxes(drawn[0])
    size = drawn[0].get_size_inches()
    assert all(box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1] for box in texts)
    assert crossings(texts) == []


@pytest.mark.parametrize("count", [1, 3, 6])
@pytest.mark.parametrize("size", [None, 1.3])
def test_labels_titles_and_legends_of_pairs_have_room(count, size, drawn):
    masks = RNG.integers(13, size=(count, 24, 32))
    said = {"cross-entropy with weights, two real frames more": masks, "weighted": masks}
    show.pairs([photograph(24, 32)] * count, masks, CARLA, alt="x", predictions=said, titles=LONG[:count], size=size)
    texts, _ = boxes(drawn[0])
    wide, high = drawn[0].get_size_inches()
    assert all(box[0] >= 0 and box[1] >= 0 and box[2] <= wide and box[3] <= high for box in texts)
    assert crossings(texts) == []


def test_titles_of_a_lesson_s_own_figure_are_broken_too(shown):
    fig, axes = show.new(4, 1, (2.0, 2.0))
    for axis in axes.flat:
        axis.set_title("semantic segmentation: which class is each pixel?")
    show.figure(fig, alt="x")
    texts, _ = boxes(fig)
    assert crossings(texts) == []


def test_what_sticks_out_of_a_lesson_s_own_figure_is_not_cut_off():
    fig, ((axis,),) = show.new(size=(2, 2))
    axis.set_axis_off()
    plain = page._image(fig, 1).size
    fig.text(1.2, 0.5, "outside")
    assert page._image(fig, 1).size[0] > plain[0] + 40


@pytest.mark.parametrize("count", [3, 4, 6, 10])
def test_a_row_fills_the_page(count, drawn):
    show.images([np.zeros((6, 8))] * count, alt="x", columns=5)
    assert drawn[0].get_figwidth() == pytest.approx(page.WIDTH)
    right = max(axis.get_position().x1 for axis in drawn[0].axes)
    assert right > 0.98


def test_rows_are_even_and_no_axes_are_empty(drawn):
    show.images([RNG.random((8, 6))] * 12, ["a", "b"], alt="x", columns=7)
    axes = drawn[0].axes
    assert [len(axis.images) for axis in axes] == [1] * 12
    assert len({round(axis.get_position().y0, 3) for axis in axes}) == 2
    assert [axis.get_title() for axis in axes[:3]] == ["a", "b", ""]


def test_pictures_of_different_sizes_keep_their_proportions(drawn):
    pictures = [photograph(40, 40), photograph(20, 60), photograph(60, 30)]
    masks = [np.zeros(picture.shape[:2], int) for picture in pictures]
    show.images(pictures, alt="x")
    show.pairs(pictures, masks, ELIRET, alt="x", predictions=masks)
    show.outlines(pictures, masks, masks, alt="x")
    for fig in drawn:
        boxes(fig)
        for axis in fig.axes:
            height, width = axis.images[0].get_array().shape[:2]
            box = axis.get_window_extent()
            assert box.height / box.width == pytest.approx(height / width, rel=0.02)


def test_few_pictures_with_many_masks_stand_in_rows(drawn):
    masks = np.zeros((2, 8, 8), int)
    show.pairs(np.zeros((2, 8, 8)), masks, ELIRET, alt="x", predictions=masks, titles=["first", "second"])
    axes = drawn[0].axes
    assert [axis.get_title() for axis in axes] == ["image", "mask", "prediction", "errors", "", "", "", ""]
    assert [axis.get_ylabel() for axis in axes[::4]] == ["first", "second"]


# Colours


def colours_of(axis):
    return {tuple(colour) for colour in np.asarray(axis.images[0].get_array()).reshape(-1, 3).tolist()}


def named(fig):
    """Texts of the legends and their colours, in the order in which they are read."""
    boxes(fig)
    found = []
    for legend in fig.legends:
        entries = [
            (patch.get_window_extent(), text.get_text(), tuple(round(255 * part) for part in patch.get_facecolor()[:3]))
            for text, patch in zip(legend.get_texts(), legend.get_patches(), strict=True)
        ]
        lines = [sum(other.y0 > box.y1 for other, *_ in entries) for box, *_ in entries]  # how many entries stand above
        found += [entries[k][1:] for k in sorted(range(len(entries)), key=lambda k, of=(lines, entries): (of[0][k], of[1][k][0].x0))]
    return found


def test_masks_have_exactly_the_colours_of_the_legend(drawn):
    masks = RNG.integers(5, size=(4, 8, 8))
    masks[0, 0, 0] = IGNORE
    show.pairs([photograph(8, 8)] * 4, masks, LANDCOVER, alt="x", predictions=masks)
    legend = dict(named(drawn[0]))
    assert list(legend) == [*LANDCOVER.names, "ignored", "wrong pixel"]
    axes = drawn[0].axes
    assert {label.get_ylabel() for label in axes[::4]} == {"image", "mask", "prediction", "errors"}
    in_masks = set().union(*map(colours_of, axes[4:12]))
    assert in_masks == {tuple(colour) for colour in LANDCOVER.colours.tolist()} | {show.IGNORED_COLOUR}
    assert in_masks <= set(legend.values())


def test_legends_are_read_row_by_row_and_name_what_is_there(drawn):
    masks = np.array([[[0, 1, 2, 3, 4, 5, 6]], [[7, 9, 10, 11, 12, 0, 0]]])
    show.pairs(np.zeros((2, 1, 7)), masks, CARLA, alt="x")
    assert [name for name, _ in named(drawn[0])] == [name for name in CARLA.names if name != "pavement"]
    fig, _ = show.new(4, 1, (1.2, 2.0))
    show.legend(fig, CARLA, ignored=True)
    assert [name for name, _ in named(fig)] == [*CARLA.names, "ignored"]


@pytest.mark.parametrize("where", ["mask", "prediction"])
def test_legend_names_ignored_pixels(where, drawn):
    masks = {"mask": np.zeros((1, 8, 8), np.uint8), "prediction": np.zeros((1, 8, 8), np.uint8)}
    masks[where][0, 0, 0] = IGNORE
    show.pairs(np.zeros((1, 8, 8, 1)), masks["mask"], ELIRET, alt="x", predictions=masks["prediction"])
    assert [name for name, _ in named(drawn[0])][:3] == [*ELIRET.names, "ignored"]


def test_errors_of_two_classes(drawn):
    mask, said = np.array([[[0, 0, 1, 1, IGNORE, 0]]]), np.array([[[0, 1, 0, 1, 1, 0]]])
    show.pairs(np.zeros((1, 1, 6)), mask, ELIRET, alt="x", predictions=said)
    errors = np.asarray(drawn[0].axes[3].images[0].get_array())[0]
    white = (255, 255, 255)
    assert [tuple(c) for c in errors.tolist()] == [white, show.INVENTED, show.MISSED, show.HIT, show.IGNORED_COLOUR, white]
    assert named(drawn[0])[-3:] == [
        ("hit: object", show.HIT),
        ("missed: object taken for background", show.MISSED),
        ("invented: background taken for object", show.INVENTED),
    ]


def test_the_rarer_of_two_classes_is_what_can_be_missed(drawn):
    mask = np.array([[[1, 1, 1, 0]]])  # membranes, id 0, are thin
    show.pairs(np.zeros((1, 1, 4)), mask, MEMBRANE, alt="x", predictions=np.array([[[0, 1, 1, 1]]]))
    errors = np.asarray(drawn[0].axes[3].images[0].get_array())[0]
    assert [tuple(c) for c in errors.tolist()] == [show.INVENTED, (255, 255, 255), (255, 255, 255), show.MISSED]
    assert named(drawn[0])[-2][0] == "missed: membrane taken for inside of a cell"


def test_errors_of_many_classes(drawn):
    mask, said = np.array([[[0, 3, 1, IGNORE]]]), np.array([[[0, 3, 2, 2]]])
    show.pairs(np.zeros((1, 1, 4)), mask, LANDCOVER, alt="x", predictions=said)
    right, water, wrong, ignored = np.asarray(drawn[0].axes[3].images[0].get_array())[0].astype(int)
    assert tuple(wrong) == show.INVENTED
    assert tuple(ignored) == show.IGNORED_COLOUR
    assert min(right.min(), water.min()) > 180  # pale
    assert water[2] > water[0]  # blue's tint


def test_three_predictions_stand_side_by_side_without_errors(drawn):
    masks = np.zeros((4, 8, 8), int)
    show.pairs(np.zeros((4, 8, 8)), masks, ELIRET, alt="x", predictions=dict.fromkeys("abc", masks))
    assert [axis.get_ylabel() for axis in drawn[0].axes[::4]] == ["image", "mask", "a", "b", "c"]
    assert [name for name, _ in named(drawn[0])] == ELIRET.names


def test_outlines_run_where_classes_meet(drawn):
    mask = np.array([[0, 0, 1, IGNORE], [0, 0, 1, IGNORE]])
    show.outlines([np.zeros((2, 4))], [mask], [np.ones((2, 4), int)], alt="x")
    (axis,) = drawn[0].axes
    lines = [collection.get_segments() for collection in axis.collections]
    assert len(lines) == 4  # a dark rim and a line for each of two
    np.testing.assert_array_equal(np.array(lines[1]), [[[1.5, -0.5], [1.5, 0.5]], [[1.5, 0.5], [1.5, 1.5]]])
    assert not len(lines[3])  # one class only, no line
    assert [text.get_text() for text in drawn[0].legends[0].get_texts()] == ["mask", "prediction"]
    assert axis.get_xlim() == (-0.5, 3.5)


def test_pixels_stay_squares_and_drawings_sharp(drawn):
    show.images([photograph(32, 32), photograph(1200, 1200), np.eye(1200)], alt="x")
    assert [axis.images[0].get_interpolation() for axis in drawn[0].axes] == ["nearest", "antialiased", "nearest"]


# What pictures may be


@pytest.mark.parametrize(
    ("picture", "value_range", "expected"),
    [
        (np.uint8([[0, 7]]), (0, 1), [0, 7]),
        (np.array([[0, 0.5]]), (0, 1), [0, 128]),
        (np.array([[[-1], [0.5]]]), (-1, 2), [0, 128]),
        (np.array([[[0.0] * 3, [1.0] * 3]]), (-1, 1), [128, 255]),
        (np.array([[False, True]]), (0, 1), [0, 255]),
        (np.array([[np.nan, 2]]), (0, 1), [0, 255]),
        (np.uint8([[[9, 9, 9, 255], [9, 9, 9, 0]]]), (0, 1), [9, 255]),  # what is transparent lies on white
        (np.zeros((1, 1, 2, 1)), (0, 1), [0, 0]),
    ],
)
def test_values_are_drawn_as_they_are(picture, value_range, expected, drawn):
    show.images([picture], alt="x", value_range=value_range)
    np.testing.assert_array_equal(drawn[0].axes[0].images[0].get_array()[0, :, 0], expected)


@pytest.mark.parametrize("shape", [(4,), (4, 4, 2), (4, 4, 13), (2, 4, 4, 3), (0, 4)])
def test_what_is_no_picture_is_told(shape):
    with pytest.raises(ValueError, match=re.escape(f"not {shape}")):
        show.images([np.zeros(shape)], alt="x")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: show.images([], alt="x"), "show.images got no pictures"),
        (lambda: show.images(np.zeros((0, 8, 8)), alt="x"), "show.images got no pictures"),
        (lambda: show.pairs([], [], ELIRET, alt="x"), "show.pairs got no pictures"),
        (lambda: show.outlines([], [], alt="x"), "show.outlines got no pictures"),
        (lambda: show.table([]), "show.table got no rows"),
        (lambda: show.pairs(np.zeros((2, 4, 4)), np.zeros((1, 4, 4)), ELIRET, alt="x"), "mask: 1 for 2 pictures"),
        (lambda: show.pairs(np.zeros((1, 4, 4)), np.zeros((1, 4, 5)), ELIRET, alt="x"), r"mask 0 has the shape \(4, 5\)"),
        (lambda: show.pairs(np.zeros((1, 4, 4)), np.zeros((1, 4, 4)), ELIRET, alt="x", predictions={"net": []}), "net: 0 for 1"),
        (lambda: show.outlines(np.zeros((1, 4, 4)), np.full((1, 4, 4), 0.7), alt="x"), "class ids, not probabilities"),
    ],
)
def test_mistakes_get_one_sentence(call, said, shown):
    with pytest.raises(ValueError, match=said) as error:
        call()
    assert "\n" not in str(error.value)
    assert not shown


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


def test_overlay_takes_pictures_with_transparency():
    image = np.dstack([photograph(4, 5), np.full((4, 5), 255, np.uint8)])
    np.testing.assert_array_equal(
        show.overlay(image, np.zeros((4, 5), int), THREE), show.overlay(image[..., :3], np.zeros((4, 5), int), THREE)
    )


def test_overlay_takes_masks_with_a_channel_axis_and_comparisons():
    image, mask = RNG.random((4, 5, 1)), RNG.integers(2, size=(4, 5))
    expected = show.overlay(image, mask, ELIRET)
    np.testing.assert_array_equal(show.overlay(image, mask[..., None], ELIRET), expected)
    np.testing.assert_array_equal(show.overlay(image, mask == 1, ELIRET), expected)
    np.testing.assert_array_equal(show.overlay(image, mask.astype(float), ELIRET), expected)


def test_overlay_refuses_probabilities_and_other_sizes():
    with pytest.raises(ValueError, match="class ids, not probabilities"):
        show.overlay(np.zeros((4, 4)), np.full((4, 4), 0.7), ELIRET)
    with pytest.raises(ValueError, match="same size"):
        show.overlay(np.zeros((4, 4)), np.zeros((4, 5), int), ELIRET)


# Histories


def test_histories_full_and_dashed(drawn):
    show.histories({"fcn": {"loss": [3, 2, 1], "val_loss": [4, 3, 2]}, "unet": {"loss": [1, 1]}}, alt="x", log=True)
    axis = drawn[0].axes[0]
    lines = {line.get_label(): line for line in axis.lines if line.get_label()[0] != "_"}
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


def test_the_names_of_runs_stand_beside_their_curves_and_apart(drawn):
    runs = {f"network {k}": {"loss": [3, 2 + end], "val_loss": [3, 2 + end]} for k, end in enumerate([0, 0.001, 0.002, 0.9, 0.9])}
    show.histories(runs, alt="x")
    fig = drawn[0]
    page._image(fig, 1)
    (axis,) = fig.axes
    names = {text.get_text(): text.get_window_extent() for text in axis.texts}
    assert list(names) == ["network 0", "network 1", "network 2", "network 3", "network 4"]  # from below
    frame = axis.get_window_extent()
    assert all(box.x0 > frame.x1 and box.x1 < fig.bbox.x1 and box.y0 > fig.bbox.y0 and box.y1 < fig.bbox.y1 for box in names.values())
    assert crossings([box.extents for box in names.values()]) == []
    assert abs(names["network 1"].y0 + names["network 1"].y1 - 2 * axis.transData.transform((0, 2.001))[1]) < 40
    legend = fig.legends[0].get_window_extent()
    assert legend.y0 > frame.y1 - 1  # it covers no curve


def test_a_single_run_needs_no_name(drawn):
    show.histories({"fcn": {"loss": [1, 2]}}, alt="x")
    assert not drawn[0].axes[0].texts


def test_histories_with_values_that_are_no_numbers(shown):
    show.histories({"a": {"loss": [1, np.nan]}, "b": {"loss": [1, np.inf]}}, alt="x", log=True)
    assert shown


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


# Small arrays


def cells(axis):
    return [text.get_text() for text in axis.texts]


def test_numbers_of_an_array_stand_in_their_squares(drawn):
    show.numbers([[[1, 0.75], [-0.0, -2]], [1 / 3, 9 / 16, 1e-9]], ["two by two", "a row"], alt="Two small arrays.")
    (fig,) = drawn
    assert [cells(axis) for axis in fig.axes] == [["1", "0.75", "0", "−2"], ["0.33", "9/16", "0"]]
    assert [text.get_text() for text in fig.texts] == ["two by two", "a row"]
    colours = fig.axes[0].collections[0]
    fig.draw_without_rendering()
    shades = colours.get_facecolor()
    assert np.allclose(shades[2], 1), "zero is white"
    assert shades[0][2] > shades[0][0], "above zero is blue"
    assert shades[3][0] > shades[3][2], "below zero is orange"


@pytest.mark.parametrize("columns", [1, 6, 16, 60])
def test_numbers_fit_on_the_page(columns, drawn):
    show.numbers([np.arange(columns)] * 2, ["a title that is wider than a cell"], alt="Two rows of numbers.")
    (fig,) = drawn
    assert fig.get_figwidth() < page.WIDTH + 0.01
    boxes = [axis.get_position() for axis in fig.axes]
    assert all(0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1 for box in boxes)
    assert boxes[0].x1 < boxes[1].x0


def test_no_arrays_is_an_error_in_words():
    with pytest.raises(ValueError, match="the list is empty"):
        show.numbers([], alt="Nothing at all.")
