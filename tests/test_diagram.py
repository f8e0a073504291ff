"""Drawings of networks: what is read from a model, what is new in it, and where everything stands."""

import base64
import functools
import html
import io
import itertools
import re
import xml.etree.ElementTree as ElementTree

import keras
import pytest
from keras import layers, ops
from PIL import Image

from course_utils import diagram, models, show
from course_utils.diagram import network as reading
from course_utils.diagram.layout import NEW, Layout, is_u
from course_utils.diagram.scene import FONT, SCALE, Shape, Text, as_png, as_svg
from course_utils.models.deeplab import aspp
from course_utils.models.pspnet import pyramid_pooling

ORANGE = {NEW, "#f6b48a", "#a84300"}


def conv(x, filters, size=3, **options):
    return layers.Conv2D(filters, size, **{"padding": "same", "activation": "relu"} | options)(x)


def hourglass(width=4, size=(32, 32)):
    """Lesson 02."""
    options = {"strides": 2, "padding": "same", "activation": "relu"}
    model = keras.Sequential([keras.Input((*size, 1))])
    for make in [layers.Conv2D] * 3 + [layers.Conv2DTranspose] * 2:
        model.add(make(width, 5, **options))
        model.add(layers.Dropout(0.25))
    model.add(layers.Conv2DTranspose(1, 5, strides=2, padding="same"))
    return model


def hand_made_unet(depth=3, join=True, middle=None):
    """Lesson 03."""
    x = inputs = keras.Input((None, None, 1))
    bridges = []
    for level in range(depth):
        x = conv(conv(x, 2 << level), 2 << level)
        bridges.append(x)
        x = layers.MaxPooling2D()(x)
    x = conv(conv(x, 2 << depth), 2 << depth)
    x = middle(x) if middle else x
    for level in reversed(range(depth)):
        x = conv(layers.UpSampling2D()(x), 2 << level, 2)
        x = layers.Concatenate()([bridges[level], x]) if join else x
        x = conv(conv(x, 2 << level), 2 << level)
    return keras.Model(inputs, conv(x, 1, 1, activation="sigmoid"))


def homework_b(width=2):
    options = {"strides": 2, "padding": "same", "activation": "relu"}
    x = inputs = keras.Input((None, None, 1))
    bridges = []
    for factor in (2, 4, 8):
        x = layers.Dropout(0.25)(layers.Conv2D(factor * width, 5, **options)(x))
        bridges.append(x)
    for factor, bridge in ((4, bridges[1]), (2, bridges[0])):
        x = layers.Concatenate()([bridge, layers.Conv2DTranspose(factor * width, 5, **options)(x)])
    x = layers.Concatenate()([inputs, layers.Conv2DTranspose(width, 5, **options)(x)])
    return keras.Model(inputs, conv(x, 1, 5))


def homework_c(width=2):
    x = inputs = keras.Input((None, None, 1))
    bridges = []
    for factor in (1, 2, 4):
        x = conv(x, factor * width)
        bridges.append(x)
        x = layers.Dropout(0.25)(conv(x, 2 * factor * width, strides=2))
    for factor in (4, 2, 1):
        x = layers.Conv2DTranspose(factor * width, 3, strides=2, padding="same")(x)
        x = layers.Conv2DTranspose(factor * width if factor > 1 else 1, 3, padding="same")(layers.Concatenate()([bridges.pop(), x]))
    return keras.Model(inputs, x)


def three_outputs():
    """Lesson 09: FCN-8s with all three ways back to the full size."""
    fcn8s = models.build("fcn8s", 3, width=2)
    adds = [layer.output for layer in fcn8s.layers if isinstance(layer, layers.Add)]
    first = next(layer for layer in fcn8s.layers if isinstance(layer, layers.UpSampling2D)).input
    ways = zip((first, *adds), (32, 16, 8), strict=True)
    return keras.Model(fcn8s.input, {f"{stride}s": layers.UpSampling2D(stride)(score) for score, stride in ways})


def two_heads():
    x = inputs = keras.Input((None, None, 3))
    x = conv(layers.UpSampling2D()(conv(x, 8, strides=2)), 8)
    return keras.Model(inputs, {"mask": conv(x, 2, 1), "border": conv(conv(x, 4), 1, 1)})


def deep_supervision():
    x = inputs = keras.Input((64, 64, 1))
    kept, outputs = [], []
    for filters in (2, 4, 8):
        x = conv(x, filters)
        kept.append(x)
        x = layers.MaxPooling2D()(x)
    for filters in (8, 4, 2):
        x = conv(layers.Concatenate()([layers.UpSampling2D()(x), kept.pop()]), filters)
        outputs.append(layers.UpSampling2D(filters // 2)(conv(x, 1, 1)) if filters > 2 else conv(x, 1, 1))
    return keras.Model(inputs, outputs)


def two_inputs():
    """Two images, each with an encoder of its own, meet in the middle and over the bridges."""
    inputs = [keras.Input((None, None, 3)), keras.Input((None, None, 1))]
    fine = [conv(x, 4) for x in inputs]
    coarse = [conv(layers.MaxPooling2D()(x), 8) for x in fine]
    x = layers.UpSampling2D()(conv(layers.Concatenate()(coarse), 8))
    return keras.Model(inputs, conv(layers.Concatenate()([x, *fine]), 1))


def nested():
    """Models in models, by layers and by operators."""
    encoder_input = keras.Input((None, None, 3))
    fine = conv(encoder_input, 4)
    encoder = keras.Model(encoder_input, [fine, conv(layers.MaxPooling2D()(fine), 8)])
    up = keras.Sequential([layers.UpSampling2D(), layers.Conv2D(4, 3, padding="same")])
    inputs = keras.Input((None, None, 3))
    fine, coarse = encoder(2.0 * inputs - 1.0)
    return keras.Model(inputs, conv(ops.concatenate([fine, ops.relu(up(coarse))], axis=-1), 2, 1))


def added():
    """A U-Net that adds what its bridges bring, with residual blocks on each level."""

    def block(x, filters):
        return layers.Add()([conv(x, filters, 1), conv(conv(x, filters), filters)])

    x = inputs = keras.Input((None, None, 3))
    fine = block(x, 4)
    x = block(layers.MaxPooling2D()(fine), 8)
    return keras.Model(inputs, block(fine + layers.Conv2DTranspose(4, 2, strides=2)(x), 4))


def attention():
    """A gate on the bridge reads both ends."""
    x = inputs = keras.Input((None, None, 3))
    fine = conv(x, 4)
    x = layers.UpSampling2D()(conv(layers.MaxPooling2D()(fine), 8))
    gate = conv(layers.Add()([conv(fine, 4, 1), conv(x, 4, 1)]), 1, 1, activation="sigmoid")
    return keras.Model(inputs, conv(layers.Concatenate()([layers.Multiply()([fine, gate]), x]), 4))


def nested_unet():
    """U-Net++ (Zhou et al., 2018)."""
    inputs = keras.Input((None, None, 1))
    node = {}
    for level in range(3):
        node[level, 0] = conv(layers.MaxPooling2D()(node[level - 1, 0]) if level else inputs, 4 << level)
    for column in range(1, 3):
        for level in range(3 - column):
            before = [node[level, earlier] for earlier in range(column)]
            node[level, column] = conv(layers.Concatenate()([*before, layers.UpSampling2D()(node[level + 1, column - 1])]), 4 << level)
    return keras.Model(inputs, conv(node[0, 2], 1, 1))


def double_unet():
    """The output of a U-Net is the input of another (W-Net)."""
    first, second = hand_made_unet(2), hand_made_unet(2)
    return keras.Model(first.input, second(first.output))


def all_to_one():
    """As SegFormer's decoder: each stride's features are enlarged to the finest one."""
    x = inputs = keras.Input((None, None, 3))
    kept = []
    for stride in (4, 8, 16, 32):
        x = conv(x, stride, strides=4 if stride == 4 else 2)
        kept.append(layers.UpSampling2D(stride // 4, interpolation="bilinear")(conv(x, 8, 1)))
    return keras.Model(inputs, layers.UpSampling2D(4)(conv(layers.Concatenate()(kept), 2, 1)))


@keras.saving.register_keras_serializable("tests")
class Sharpen(layers.Layer):
    """A layer that nobody knows, with weights and no shape function."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, 3, shape[-1], shape[-1]))

    def call(self, x):
        return ops.conv(x, self.kernel, padding="same", data_format="channels_last")


def custom():
    return keras.Sequential([keras.Input((None, None, 3)), Sharpen(name="own"), layers.Conv2D(2, 1)])


def classifier():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(4, 3), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10)])


def unpadded():
    return models.unet((332, 332, 1), widths=(2, 4, 8), mirror=True, transposed=True)


def small(name):
    return lambda: models.build(name, 3, width=3)


def on(name, encoder):
    return lambda: models.build(name, 3, width=3, encoder=encoder)


NETWORKS = {name: small(name) for name in models.NETWORKS} | {
    "fcn": models.fcn,
    "fcn_skip": lambda: models.fcn_skip(width=2),
    "segnet without positions": lambda: models.segnet(width=2),
    "segnet_lite": lambda: models.segnet_lite(width=2),
    "U-Net on mobilenetv3small": on("unet", "mobilenetv3small"),
    "U-Net on convnexttiny": on("unet", "convnexttiny"),
    "PSPNet on resnet50": on("pspnet", "resnet50"),
    "lesson 02": hourglass,
    "lesson 03": hand_made_unet,
    "homework b": homework_b,
    "homework c": homework_c,
    "bottom with ASPP": lambda: hand_made_unet(middle=lambda x: aspp(x, 4, (2, 4, 6))),
    "bottom with a pyramid": lambda: hand_made_unet(middle=pyramid_pooling),
    "one convolution": lambda: keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(2, 1, activation="softmax")]),
} | {
    make.__name__: make
    for make in (
        three_outputs, two_heads, deep_supervision, two_inputs, nested, added, attention, nested_unet, double_unet, all_to_one, custom,
        classifier, unpadded,
    )
}  # fmt: skip


NETWORKS = {name: functools.cache(make) for name, make in NETWORKS.items()}


def read(make):
    return reading.read(make())


def words(network):
    return [line for stage in network.stages for part in stage.parts for line in part.lines]


# ---------------------------------------------------------------- what is read


def test_a_gate_on_a_bridge_reads_both_ends():
    network = read(attention)
    assert sorted(link.kind for link in network.kind("bridge")) == ["add", "multiply"]
    assert "gated" in words(network)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_a_unet_of_depth_d_has_d_bridges(depth):
    network = read(lambda: hand_made_unet(depth))
    assert network.steps() == (depth, depth)
    assert [link.kind for link in network.links if link.kind != "way"] == ["concat"] * depth
    assert all(network.stride(link.source) == network.stride(link.target) for link in network.kind("bridge"))
    assert is_u(network)
    assert len(network.stages) == 2 * depth + 1


def test_stages_hold_runs_of_equal_layers():
    first, *_, last = read(lambda: hand_made_unet(2)).stages
    assert [(part.kind, part.channels, part.lines) for part in first.parts] == [("moved", 1, ["input"]), ("layers", 2, ["2 × conv 3×3"])]
    assert [(part.kind, part.channels, part.lines) for part in last.parts] == [
        ("layers", 2, ["nearest ↑2", "conv 2×2"]),
        ("copy", 2, ["concat"]),
        ("layers", 2, ["2 × conv 3×3"]),
        ("layers", 1, ["conv 1×1", "sigmoid"]),
    ]


@pytest.mark.parametrize(
    ("name", "steps", "bridges", "positions", "u"),
    [
        ("unet", (4, 4), 4, 0, True),
        ("fcn32s", (5, 1), 0, 0, False),
        ("fcn16s", (5, 2), 1, 0, False),
        ("fcn8s", (5, 3), 2, 0, False),
        ("deconvnet", (5, 5), 0, 5, False),
        ("segnet", (5, 5), 0, 5, False),
        ("deeplab", (3, 2), 1, 0, False),
        ("pspnet", (3, 1), 0, 0, False),
        ("U-Net on mobilenetv3small", (5, 5), 4, 0, True),
        ("U-Net on convnexttiny", (4, 5), 3, 0, True),  # it has nothing at 1/2
        ("PSPNet on resnet50", (3, 1), 0, 0, False),
        ("lesson 02", (3, 3), 0, 0, False),
        ("homework b", (3, 3), 3, 0, True),
        ("homework c", (3, 3), 3, 0, True),
        ("fcn_skip", (3, 3), 3, 0, True),
        ("bottom with ASPP", (3, 3), 3, 0, True),
        ("added", (1, 1), 1, 0, True),
        ("double_unet", (4, 4), 4, 0, True),
        ("unpadded", (2, 2), 2, 0, True),
        ("nested", (1, 1), 1, 0, True),
    ],
)
def test_levels_bridges_and_positions(name, steps, bridges, positions, u):
    network = read(NETWORKS[name])
    assert (network.steps(), len(network.kind("bridge")), len(network.kind("positions"))) == (steps, bridges, positions)
    assert is_u(network) is u


def test_fcn8s_adds_what_a_convolution_makes_of_earlier_poolings():
    network = read(NETWORKS["fcn8s"])
    assert [(link.kind, link.words, network.stride(link.source)) for link in network.kind("bridge")] == [
        ("add", ["conv 1×1"], 16),
        ("add", ["conv 1×1"], 8),
    ]
    assert all(link.source.lines == ["max pool ↓2"] for link in network.kind("bridge"))


@pytest.mark.parametrize(
    ("name", "branches"),
    [
        ("deeplab", ["conv 1×1", "conv 3×3 rate 6", "conv 3×3 rate 12", "conv 3×3 rate 18", "mean 1×1 → conv 1×1"]),
        ("pspnet", ["as it is", *(f"mean {bins}×{bins} → conv 1×1" for bins in (1, 2, 3, 6))]),
        ("PSPNet on resnet50", ["as it is", *(f"mean {bins}×{bins} → conv 1×1" for bins in (1, 2, 3, 6))]),
        ("two_heads", ["conv 1×1", "conv 3×3 → conv 1×1"]),
    ],
)
def test_parallel_branches(name, branches):
    network = read(NETWORKS[name])
    assert [sorted(part.branches) for stage in network.stages for part in stage.parts if part.branches] == [sorted(branches)]


def test_large_encoders_are_a_few_slabs_and_no_dozens_of_arcs():
    network = read(NETWORKS["PSPNet on resnet50"])
    assert [link.kind for link in network.links] == ["way"] * 4
    assert "3 × residual" in words(network)
    assert "3 × residual rate 4" in words(network)
    assert all(len(stage.parts) <= 5 for stage in read(NETWORKS["U-Net on mobilenetv3small"]).stages)


def test_further_outputs_hang_on_the_side():
    network = read(three_outputs)
    assert len(network.kind("side")) == 2
    assert len(network.kind("bridge")) == 2
    assert len(read(deep_supervision).kind("side")) == 2


def test_a_layer_that_nobody_knows_is_called_by_its_class():
    assert "Sharpen" in words(read(custom))


def test_sizes_where_they_are_known_and_strides_where_not():
    assert [diagram.size(stage) for stage in read(hourglass).stages] == ["32×32", "16×16", "8×8", "4×4", "8×8", "16×16", "32×32"]
    stages = read(lambda: hourglass(size=(None, None))).stages
    assert [diagram.size(stage) for stage in stages] == ["full size", "1/2", "1/4", "1/8", "1/4", "1/2", "full size"]
    assert diagram.size(read(lambda: hourglass(size=(32, 64))).stages[1]) == "16×32"


# ---------------------------------------------------------------- what is new


def orange(things):
    return [thing for thing in things if {getattr(thing, "fill", ""), getattr(thing, "line", ""), getattr(thing, "colour", "")} & ORANGE]


def test_compare_colours_the_bridges_alone():
    drawing, alt = diagram.picture(hand_made_unet(), hand_made_unet(join=False))
    new = [part for stage in drawing.network.stages for part in stage.parts if part.new]
    assert [part.kind for part in new] == ["copy"] * 3
    assert {thing.words for thing in orange(drawing.things) if isinstance(thing, Text)} == {"2", "4", "8", "concat"}
    assert sum(thing.width == 1.8 for thing in orange(drawing.things) if isinstance(thing, Shape)) == 3
    assert alt.endswith("New compared with the other network: 3 bridges.")


def test_compare_with_itself_finds_nothing():
    for make in (hand_made_unet, NETWORKS["segnet"], NETWORKS["deeplab"]):
        drawing, alt = diagram.picture(make(), make())
        assert not orange(drawing.things)
        assert alt.endswith("nothing.")


def test_without_compare_nothing_is_orange():
    assert not orange(diagram.picture(hand_made_unet())[0].things)


@pytest.mark.parametrize(
    ("ours", "theirs", "new"),
    [
        (NETWORKS["fcn8s"], NETWORKS["fcn32s"], "2 bridges, 3 slabs"),  # twofold, twofold and eightfold, not 32-fold
        (lambda: models.segnet(width=2, positions=True), lambda: models.segnet(width=2), "5 links for positions"),
        (lambda: hand_made_unet(2), lambda: models.unet(widths=(3, 4, 8)), "3 slabs of another width"),
        (NETWORKS["bottom with ASPP"], hand_made_unet, "5 branches"),
    ],
)
def test_compare_in_words(ours, theirs, new):
    assert new in diagram.picture(ours(), theirs())[1].partition("New compared with ")[2]


# ---------------------------------------------------------------- what is drawn


@pytest.mark.parametrize("name", NETWORKS)
def test_no_text_overlaps_and_none_leaves_the_picture(name):
    drawing, _ = diagram.picture(NETWORKS[name]())
    texts = [thing for thing in drawing.things if isinstance(thing, Text)]
    for one, other in itertools.combinations(texts, 2):
        (left, top, right, bottom), (left2, top2, right2, bottom2) = one.box, other.box
        apart = right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top
        assert apart, f"{one.words!r} overlaps {other.words!r}"
    for text in texts:
        left, top, right, bottom = text.box
        assert 0 <= left < right <= drawing.width, text.words
        assert 0 <= top < bottom <= drawing.height, text.words
    slabs = [thing for thing in drawing.things if isinstance(thing, Shape) and thing.commands[-1][0] == "L" and thing.fill != "none"]
    assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for slab in slabs for _, (x, y) in slab.commands)


@pytest.mark.parametrize("name", models.NETWORKS)
def test_letters_are_large_enough_at_the_papers_width(name):
    """At 900 pixels of a page nine pixels high or more; the files are small."""
    network = reading.read(models.build(name, 3, width=4))
    for stage in network.stages:
        for part in stage.parts:
            part.channels *= models.NETWORKS[name][1] // 4 if part.channels > 3 else 1
    drawing = Layout(network, ["A sentence of the key."])
    assert max(part.channels for stage in network.stages for part in stage.parts) >= 256
    assert FONT * min(1, 900 / drawing.width) >= 9
    assert len(as_svg(drawing.things, drawing.width, drawing.height, "").encode()) < 30_000


def test_u_hangs_down_and_a_row_stays_level():
    u, row = (diagram.picture(make())[0] for make in (hand_made_unet, hourglass))
    middles = [column.middle for column in u.columns]
    assert middles == [*sorted(middles[:4]), *sorted(middles[:3], reverse=True)]
    assert len({*middles}) == 4
    assert {column.middle for column in row.columns} == {0}
    heights = [column.height for column in row.columns]
    assert heights == heights[::-1]
    assert heights[:4] == sorted(heights[:4], reverse=True)


def test_svg_says_what_it_shows():
    model = hand_made_unet()
    drawing, alt = diagram.picture(model)
    svg = ElementTree.fromstring(as_svg(drawing.things, drawing.width, drawing.height, f"{alt} <&>"))
    name = "{http://www.w3.org/2000/svg}"
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-label"] == svg.find(f"{name}title").text == f"{alt} <&>"
    assert [text.text for text in svg.iter(f"{name}text")] == [thing.words for thing in drawing.things if isinstance(thing, Text)]


def test_alternative_text_comes_from_the_model():
    assert diagram.picture(models.unet())[1] == (
        "U-Net-shaped network unet: 3 levels down to 1/8 of the side and 160 channels, 3 up, 3 bridges, 752,421 parameters."
    )
    alt = diagram.picture(hourglass(40))[1]
    assert alt == "Hourglass-shaped network: 3 levels down to 4×4 and 40 channels, 3 up, 162,201 parameters."
    assert "5 links for positions of maxima" in diagram.picture(NETWORKS["segnet"]())[1]
    assert "5 parallel branches at 1/8 of the side" in diagram.picture(NETWORKS["deeplab"]())[1]


def test_draw_shows_an_svg_with_a_png_behind_it(monkeypatch):
    shown = []
    monkeypatch.setattr(diagram, "display", lambda data, raw: shown.append(data))
    diagram.draw(hand_made_unet())
    (data,) = shown
    assert {*data} == {"text/html", "text/plain"}
    alt, kind, file, width = show.page.read(data["text/html"])
    assert (alt, kind) == (data["text/plain"], "png")
    assert Image.open(io.BytesIO(file)).width == pytest.approx(SCALE * width, abs=2)
    assert f">{html.escape(alt)}</figcaption>" in data["text/html"]
    svg = base64.b64decode(re.search(r'srcset="data:image/svg\+xml;base64,([^"]+)"', data["text/html"])[1])
    assert ElementTree.fromstring(svg).attrib["aria-label"] == alt
    assert len(data["text/html"]) < 120_000


def test_png_is_as_large_as_the_drawing():
    drawing, _ = diagram.picture(hourglass())
    image = Image.open(io.BytesIO(as_png(drawing.things, drawing.width, drawing.height)))
    assert image.size == (pytest.approx(SCALE * drawing.width, abs=2), pytest.approx(SCALE * drawing.height, abs=2))


# ---------------------------------------------------------------- what cannot be drawn


class Plain(keras.Model):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lambda: Plain(), "Plain is a subclass of keras.Model: its call is Python code"),
        (lambda: keras.Sequential([layers.Conv2D(2, 3)]), "begin it with keras.Input"),
        (lambda: keras.Sequential([keras.Input((7,)), layers.Dense(2)]), r"the input is \(None, 7\)"),
        (lambda: layers.Conv2D(2, 3), "draw takes a Keras model, not Conv2D"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(model, reason):
    with pytest.raises(ValueError, match=reason):
        diagram.draw(model())
