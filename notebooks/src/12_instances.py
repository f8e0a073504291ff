# %% [markdown]
# # 12 · Off the shelf, and one step further
#
# You load networks that others have trained, learn what they want and what they may be used for, and go on from classes to single objects.
#
# {{picture}}

# %% [markdown]
# **You will be able to** · **load** a trained network by its name, and choose it by its labels and its licence · **prepare** an image as that
# network wants it, and enlarge its logits before you take the largest · **separate** touching objects by a border that a network predicts ·
# **score** objects by panoptic quality and average precision · **explain** boxes, proposals and prompts.
#
# **You need** [09 · The family](09_family.ipynb) and [10 · Cityscapes](10_cityscapes.ipynb).
#
# **Time** reading 45 min · exercises 50 min · compute {{time}}, memory {{memory}}
#
# **Data** {{data}}: generated cities in the layout of Cityscapes, CC BY 4.0, and pulses that the lesson draws itself. No internet is needed.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
PRESET = ""  # "": the one made here; with internet, a name from section 1
FRAMES = 160  # of the city to train on
SIZE = (128, 128)  # (height, width) for the network: a square, a multiple of 32; on disk 512×1024
EPOCHS = 5  # of the SegFormer in section 2
SCENES = 500  # small scenes in section 4
SCENE_EPOCHS = 6
PULSES = 160  # images of lentils and beans in section 6
PULSE_EPOCHS = 8
SEED = 1

# %% [markdown] tags=["teacher"]
# > **For teachers.** 120 minutes: 30 for sections 1–3 (start the training of section 2 first), 15 for section 4, 40 for 5 and 6, 25 for 7 and 8.
# > With internet, set `PRESET` and let students bring a photograph. Common mix-ups: a label set and a network; a class that is right and an object
# > that is found; IoU of pixels, of objects and of boxes.

# %% [markdown]
# ## 1 · Whose words does a network speak?
# Others have trained for days what you need today. **KerasHub** keeps such networks under names, *presets*. A network can only say the classes of
# the set that it was trained on. **Which words are these?**

# %%
from course_utils import show
from course_utils.classes import CITYSCAPES

VOC = (
    "background aeroplane bicycle bird boat bottle bus car cat chair cow table dog horse motorbike"
)
VOC = set(f"{VOC} person plant sheep sofa train television".split())
ADE20K = "wall building sky floor tree ceiling road bed window grass cabinet sidewalk person earth"
ADE20K = set(f"{ADE20K} door table mountain plant curtain chair car water painting sofa".split())
label_sets = {"Pascal VOC": VOC, "ADE20K": ADE20K, "Cityscapes": set(CITYSCAPES.names)}
presets = {
    "deeplab_v3_plus_resnet50_pascalvoc": ("Pascal VOC", 21, "things in snapshots"),
    "segformer_b0_ade20k_512": ("ADE20K", 150, "scenes, indoors and out"),
    "segformer_b0_cityscapes_1024": ("Cityscapes", 19, "streets, seen from a car"),
}
show.table(
    [
        {"preset": name, "labels": labels, "classes": count, "good for": purpose}
        for name, (labels, count, purpose) in presets.items()
    ]
)
for name, labels in label_sets.items():
    print(f"{name}: {', '.join(sorted(labels))}{' …' if name == 'ADE20K' else ''}\n")

# %% [markdown]
# **What we see.** (Of ADE20K's 150 we list the 24 most frequent.) *Pascal VOC* knows twenty things; road, sky and wall are all *background* to
# it. *ADE20K* knows rooms and landscapes, *Cityscapes* nothing but the street, yet there a rider from a person. For a photograph of your kitchen
# the best street network is useless.
#
# ### Exercise 1.1 · Choose by the words
# Write `able(wanted, label_sets)`: a list of the names of those label sets that hold **all** the `wanted` labels (a set), the smallest set first.


# %% tags=["exercise"]
def able(wanted, label_sets):
    # BEGIN SOLUTION
    names = [name for name, labels in label_sets.items() if wanted <= labels]
    return sorted(names, key=lambda name: len(label_sets[name]))
    # END SOLUTION


# %%
ex.q1_1.check(able)

# %% [markdown]
# **And may you use it?** A licence holds for weights as well.
#
# | | code | weights | images behind them |
# |:--|:--|:--|:--|
# | DeepLabV3+ of KerasHub | Apache 2.0 | Apache 2.0 | VOC: photographs of Flickr, their owners' terms |
# | SegFormer | Apache 2.0 (KerasHub) | **NVIDIA, non-commercial**: research and evaluation | ADE20K, Cityscapes: non-commercial research |
# | the preset of section 2 | Apache 2.0 (KerasHub) | yours | generated, CC BY 4.0 |
#
# > **Pitfall · a name is no proof.** In KerasHub 0.32 `segformer_b1_cityscapes_1024` leads to ADE20K's weights. It loads without complaint. Look at
# > `model.num_classes` before you believe a name: 19 or 150?
#
# ## 2 · The same lines for a network of your own
# A preset may also be a **folder**. You make one: a SegFormer (Xie et al., 2021) in small, for the seven official groups of Cityscapes' classes.
# Its encoder is a transformer at four strides, its decoder adds up what these say.

# %%
import keras
import keras_hub
import numpy as np

GROUPS = {"flat": range(7, 11), "construction": range(11, 17), "object": range(17, 21)}
GROUPS |= {"nature": (21, 22), "sky": (23,), "human": (24, 25), "vehicle": range(26, 34)}


def small_segformer(size, num_classes):
    """SegFormer with half of B0's layers, and half of its filters or fewer."""
    encoder = keras_hub.models.MiTBackbone(
        image_shape=(*size, 3),
        num_layers=4,
        layerwise_depths=[1, 1, 1, 1],
        hidden_dims=[16, 32, 64, 96],  # B0: 32, 64, 160, 256
        layerwise_num_heads=[1, 2, 4, 6],
        layerwise_sr_ratios=[8, 4, 2, 1],
        layerwise_patch_sizes=[7, 3, 3, 3],
        layerwise_strides=[4, 2, 2, 2],
        max_drop_path_rate=0.0,
    )
    backbone = keras_hub.models.SegFormerBackbone(image_encoder=encoder, projection_filters=64)
    return keras_hub.models.SegFormerImageSegmenter(backbone, num_classes)


# %%
from course_utils import data, training
from course_utils.classes import Class, ClassTable
from data_scripts import ensure

of_id = {i: (name, k) for k, (name, ids) in enumerate(GROUPS.items()) for i in ids}
colours = dict(zip(CITYSCAPES.names, CITYSCAPES.colours, strict=True))  # as our figures show them
table = [(c.id, c.name, of_id.get(c.id, ("void", 255))) for c in CITYSCAPES.classes]
CITY = ClassTable("city", [Class(i, g, colours.get(n, (0, 0, 0)), k) for i, n, (g, k) in table])
folder = ensure("cityscapes")


def frames(split):
    pairs = data.cityscapes(folder, split)[:FRAMES]
    return data.Pairs(pairs.images, pairs.masks, CITY, split)


images, masks = frames("train").arrays(SIZE)
MEAN, SPREAD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])  # of ImageNet
scale, offset = (1 / 255 / SPREAD).tolist(), (-MEAN / SPREAD).tolist()
options = {"scale": scale, "offset": offset, "crop_to_aspect_ratio": False, "antialias": True}
converter = keras_hub.layers.SegFormerImageConverter(SIZE, **options)
preprocessor = keras_hub.models.SegFormerImageSegmenterPreprocessor(converter)
wanted = np.asarray(preprocessor(np.uint8(255 * images)))  # pixels from 0 to 255 go in
print(f"{len(wanted)} images {wanted.shape[1:]}, from {wanted.min():.2f} to {wanted.max():.2f}")

# %%
import shutil

from course_utils.losses import CrossEntropy

keras.utils.set_random_seed(SEED)
model = small_segformer(SIZE, CITY.num_classes)
steps = EPOCHS * -(-len(wanted) // 4)
rate = keras.optimizers.schedules.CosineDecay(
    1e-4, steps - steps // 8, warmup_target=2e-3, warmup_steps=steps // 8
)
plain = keras.Model(model.input, model.output)  # KerasHub's own `fit` would not shuffle arrays
plain.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), CrossEntropy(from_logits=True))
training.fit(plain, (wanted, masks), epochs=EPOCHS, batch=4)
model.preprocessor = preprocessor  # a preset keeps it beside the weights

ours = course / "data/presets/segformer_city"
part = ours.with_suffix(".part")
shutil.rmtree(part, ignore_errors=True)
model.save_to_preset(str(part))
shutil.rmtree(ours, ignore_errors=True)
part.rename(ours)  # so that the folder is never half a preset
for file in sorted(ours.iterdir()):
    print(f"{file.name:24} {file.stat().st_size / 1e3:8.1f} kB")

# %%
from course_utils import metrics

# With internet, PRESET may be a name of section 1; this line stays as it is.
segmenter = keras_hub.models.ImageSegmenter.from_preset(PRESET or str(ours))
expected = segmenter.preprocessor.image_converter
print(PRESET or "the preset made above:", segmenter.num_classes, "classes")
for key in ("image_size", "scale", "offset", "crop_to_aspect_ratio"):
    value = getattr(expected, key)
    print(f"{key}:", [round(v, 4) for v in value] if isinstance(value, list) else value)
mine = keras_hub.models.ImageSegmenter.from_preset(str(ours)) if PRESET else segmenter
val = frames("val")
streets, true_masks = (np.stack(part) for part in zip(*map(val.read, range(len(val))), strict=True))
small_masks = val.arrays(SIZE)[1]
inputs = {"pixels from 0 to 255, as it wants": streets, "blue first": streets[..., ::-1]}
inputs |= {"pixels from 0 to 1": streets / np.float32(255)}
guesses = {what: mine.predict(given, verbose=0).argmax(-1) for what, given in inputs.items()}
common = np.bincount(masks.ravel(), minlength=256)[: CITY.num_classes].argmax()
guesses["no network: all " + CITY.names[common]] = np.full_like(small_masks, common)
rows = []
for what, guess in guesses.items():
    matrix = metrics.confusion_matrix(small_masks, guess, CITY.num_classes)
    row = {"what it gets": what, "pixel accuracy": metrics.pixel_accuracy(matrix)}
    rows.append(row | {"mean IoU": metrics.mean_iou(matrix)})
show.table(rows)

# %% tags=["record"]
record(constant_iou=rows[3]["mean IoU"])
record(preset_iou=rows[0]["mean IoU"], preset_iou_wrong=rows[2]["mean IoU"])

# %% [markdown]
# **What we see.** What a network expects stands in its converter: pixels from 0 to 255, the mean and spread of ImageNet, a square, into which the
# frame is squeezed and not cut. After five epochs the small network has mean IoU {{preset_iou:.2f}} (one class everywhere:
# {{constant_iou:.2f}}). Blue first costs it little, for streets are grey; pixels from 0 to 1 cost it everything: {{preset_iou_wrong:.2f}}.
#
# > **Pitfall · the wrong kind of numbers.** 0 to 1 where 0 to 255 is wanted: no error, and a network that looks bad. Notice it by an image whose
# > answer you know.
#
# ### Exercise 2.1 · Prepare an image
# Write `prepare(image, mean, spread)`: `image` holds 0 to 255, uint8 (height, width, 3); bring it to 0 to 1, take off the mean of each channel
# and divide by its spread. Return float32.


# %% tags=["exercise"]
def prepare(image, mean, spread):
    # BEGIN SOLUTION
    return ((image / 255 - mean) / spread).astype(np.float32)
    # END SOLUTION


# %%
ex.q2_1.check(prepare)

# %% [markdown]
# ## 3 · First larger, then the largest
# SegFormer decides on a grid of a quarter of its input, here 1/16 of the frame. You want a class for each pixel. **Enlarge what: the classes or
# the logits?** One row, two positions, two classes, four times larger:

# %%
import cv2

logits = np.array(
    [[[4, 0], [-1, 0]]], np.float32
)  # (1, 2, 2): class 0 is sure left, hardly beaten right
by_class = logits.argmax(-1).repeat(4, axis=1)
enlarged = cv2.resize(logits, (8, 1), interpolation=cv2.INTER_LINEAR)
print("classes enlarged:         ", by_class[0])
print("logits of class 0 enlarged:", enlarged[0, :, 0].round(1))
print("largest of the enlarged:  ", enlarged.argmax(-1)[0])

# %%
head = keras.Model(mine.input, mine.layers[-2].output)  # before its own last step, which enlarges
coarse = head.predict(np.asarray(mine.preprocessor(streets)), verbose=0)
size = true_masks.shape[:0:-1]  # width and height, as OpenCV has them
square = np.ones((17, 17), np.uint8)
near = np.array([cv2.dilate(m, square) != cv2.erode(m, square) for m in true_masks])


def enlarge(arrays, how):
    return np.array([cv2.resize(a, size, interpolation=how) for a in arrays])


small = coarse.argmax(-1).astype(np.uint8)
ways = {"classes, nearest": enlarge(small, cv2.INTER_NEAREST_EXACT)}
ways |= {"classes, bilinear": enlarge(small, cv2.INTER_LINEAR)}
ways |= {
    "logits, bilinear": np.array([enlarge([z], cv2.INTER_LINEAR)[0].argmax(-1) for z in coarse])
}
rows, bands = [], {"within 8 pixels": np.where(near, true_masks, 255), "all pixels": true_masks}
for name, said in ways.items():
    matrices = [metrics.confusion_matrix(mask, said, CITY.num_classes) for mask in bands.values()]
    ious = {f"mean IoU, {b}": metrics.mean_iou(m) for b, m in zip(bands, matrices, strict=True)}
    rows.append({"what is enlarged": name} | ious)
show.table(rows)
edge = [row["mean IoU, within 8 pixels"] for row in rows]

# %% tags=["record"]
record(edge_classes=edge[0], edge_ids=edge[1], edge_logits=edge[2], edge_gain=edge[2] - edge[0])

# %%
some = [0, len(val) // 2, len(val) - 1]
part = np.s_[100:420, 300:860]  # rows and columns of the frames
said = {name: ways[name][some][:, *part] for name in ("classes, nearest", "logits, bilinear")}
alt = "Parts of three streets, masks, and one network's answer twice: in steps, and with smooth outlines."
show.pairs(
    [image[part] for image in streets[some]],
    true_masks[some][:, *part],
    CITY,
    predictions=said,
    alt=alt,
)

# %% [markdown]
# **What we see.** Enlarged classes have the steps of the grid, whole blocks wide; enlarged logits let the border run where the two classes are
# equally sure: mean IoU {{edge_logits:.2f}} instead of {{edge_classes:.2f}} near borders, from the same network. Class ids enlarged
# bilinearly are the worst, {{edge_ids:.2f}}: between *flat* (0) and *nature* (3) lies an invented *object*.
#
# ### Exercise 3.1 · Labels at full size
# Write `labels_at(logits, height, width)`: from (rows, columns, classes), float32, to class ids (height, width). `cv2.resize` takes (width,
# height).


# %% tags=["exercise"]
def labels_at(logits, height, width):
    # BEGIN SOLUTION
    enlarged = cv2.resize(logits, (width, height), interpolation=cv2.INTER_LINEAR)
    return enlarged.argmax(axis=-1)
    # END SOLUTION


# %%
ex.q3_1.check(labels_at)

# %% [markdown]
# ## 4 · What does the pyramid add?
# **PSPNet** (Zhao et al., 2017) lays means over 1, 4, 9 and 36 parts of the image beside its features. In `build("pspnet", …)` they are layers of
# their own, and you can list them. **Which of the four is worth most depends on where the answer hides.** In our scenes it hides in the same
# *quarter* of the image: a bright spot says "day", a dark one "night", and a chequered patch elsewhere in that quarter has to say which.
#
# ### Exercise 4.1 · Predict first
# A network that sees 15 pixels gets **one** level of the pyramid. With which one does it name most patches right? `"A"` the whole image · `"B"`
# 2×2 parts · `"C"` 6×6 parts · `"D"` all the same.

# %% tags=["exercise"]
# BEGIN SOLUTION
best_level = "B"
# END SOLUTION

# %%
ex.q4_1.check(best_level)

# %%
from course_utils.layers import MeanOfParts
from course_utils.models import build

pspnet = build("pspnet", CITY.num_classes, width=8, input_shape=(*SIZE, 3))
for level in [layer for layer in pspnet.layers if isinstance(layer, MeanOfParts)]:
    print(f"{level.parts}×{level.parts} parts: {level.input.shape[1:]} → {level.output.shape[1:]}")


def scenes(count, rng, side=48):
    """Images (count, side, side, 1); masks: 0 elsewhere, 1 a patch at night, 2 a patch by day."""
    images = rng.normal(0.5, 0.05, (count, side, side, 1)).astype(np.float32)
    masks = np.zeros((count, side, side), np.uint8)
    chequered = 0.2 * (np.indices((5, 5)).sum(axis=0) % 2)[..., None] - 0.1
    for image, mask in zip(images, masks, strict=True):
        for corner in np.ndindex(2, 2):
            day = rng.integers(2)
            places = rng.permutation(list(np.ndindex(4, 4)))[:2]
            (r, c), (a, b) = 24 * np.array(corner) + 6 * places
            image[r : r + 5, c : c + 5] = 0.1 + 0.8 * day
            image[a : a + 5, b : b + 5] += chequered
            mask[a : a + 5, b : b + 5] = 1 + day
    return images, masks


# %%
from course_utils.models.pspnet import pyramid_pooling


def short_sighted(bins):
    """Three convolutions that see 15 pixels, a pyramid of `bins`, and a classifier of each pixel."""
    inputs = x = keras.Input((48, 48, 1))
    for filters, stride in ((12, 2), (24, 2), (24, 1)):
        x = keras.layers.Conv2D(filters, 3, stride, padding="same", use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))
    x = pyramid_pooling(x, bins) if bins else x
    x = keras.layers.Conv2D(3, 1)(keras.layers.Conv2D(32, 1, activation="relu")(x))
    return keras.Model(inputs, keras.layers.UpSampling2D(4, interpolation="bilinear")(x))


rng = np.random.default_rng(SEED)
taught, asked, right = scenes(SCENES, rng), scenes(200, rng), {}
for bins in ((), (1,), (2,), (6,), (1, 2, 3, 6)):
    keras.utils.set_random_seed(SEED)
    network = short_sighted(bins)
    network.compile(keras.optimizers.Adam(5e-3), CrossEntropy(from_logits=True))
    training.fit(network, taught, epochs=SCENE_EPOCHS, batch=16)
    said = 1 + network.predict(asked[0], verbose=0)[..., 1:].argmax(-1)
    right[bins] = float((said == asked[1])[asked[1] > 0].mean())
show.table([{"levels": str(b or "none"), "patches right": v} for b, v in right.items()])

# %% tags=["record"]
record(right_none=right[()], right_1=right[1,], right_2=right[2,], right_6=right[6,])
record(right_all=right[1, 2, 3, 6])
record(pyramid_gain=right[1, 2, 3, 6] - right[()], level_gain=right[2,] - right[1,])

# %% [markdown]
# **What we see.** Without a pyramid the network sees nearby spots only: {{right_none:.2f}} of the patches right. The whole image's mean
# does not tell which quarter is bright: {{right_1:.2f}}. 2×2 parts hold one spot each, and win: {{right_2:.2f}}; 6×6 parts rarely hold
# spot and patch: {{right_6:.2f}}. PSPNet takes all levels: {{right_all:.2f}}. (One seed, a task made for this.)
#
# ## 5 · Which car?
# Nor does a class tell one car from the next. Simplest: **connected components**, pixels of a class that touch, are one object, written as in
# `instanceIds`: class · 1000 + number.
#
# **Panoptic quality** (Kirillov et al., 2019) scores objects. A found and a true one of a class match if their IoU is above 1/2. TP counts matches,
# FP and FN what is left of the found and the true ones:
#
# $$PQ = \frac{\sum_{TP} IoU}{TP + FP/2 + FN/2}$$

# %%
from course_utils import instances

CAR, RIDER = 26, 25
truth = np.zeros((3, 8), int)
truth[:2, :2], truth[:2, 2:4], truth[1:, 5:7] = 26000, 26001, 25000  # two cars touch
found = instances.components(truth // 1000, (CAR, RIDER))  # every class is right
print(truth, found, sep="\n")


def panoptic(truth, found, thing):
    ours, theirs = ([v for v in np.unique(a) if v // 1000 == thing] for a in (truth, found))
    pairs = [(truth == a, found == b) for a in ours for b in theirs]
    ious = [np.sum(a & b) / np.sum(a | b) for a, b in pairs]
    hits = [iou for iou in ious if iou > 0.5]
    return sum(hits) / (len(hits) + (len(theirs) - len(hits)) / 2 + (len(ours) - len(hits)) / 2)


by_course = instances.panoptic_quality([truth], [found])
for thing, name in ((CAR, "cars"), (RIDER, "riders")):
    assert np.isclose(panoptic(truth, found, thing), by_course[thing]["PQ"])
    print(name, {key: round(value, 2) for key, value in by_course[thing].items()})

# %% [markdown]
# **What we see.** Every pixel has the right class, mean IoU 1. Yet the two cars are one region: its IoU with either is 4/8, not *above* 1/2. One
# object too many, two missed: $PQ = 0/(0 + 1/2 + 2/2) = 0$. PQ is also a product, $SQ$ · $RQ$: how well the matches fit, and how many there are
# (the F1 of objects).
#
# ### Exercise 5.1 · Fit and count
# `ious` holds the IoUs of all (true, found) pairs of a class, (true, found). Write `fit_and_count(ious)`: the pair (SQ, RQ). SQ is the mean IoU
# of the matches, RQ is $TP/(TP + FP/2 + FN/2)$. There is a match.


# %% tags=["exercise"]
def fit_and_count(ious):
    # BEGIN SOLUTION
    hits = ious[ious > 0.5]
    true, found = ious.shape
    return hits.mean(), len(hits) / ((true + found) / 2)
    # END SOLUTION


# %%
ex.q5_1.check(fit_and_count)

# %%
# Every class is right to the last pixel. Which PQ do cars get, which bicycles? Guess before you run.
paths = [path.with_name(path.name.replace("label", "instance")) for path in val.masks]
cities = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.int32) for path in paths]
truths = [np.where(values >= 1000, values, 0) for values in cities]
counted = {c.id: c.name for c in CITYSCAPES.classes if c.id >= 24 and c.train_id < 255}
joined = [instances.components(truth // 1000, counted, least=20) for truth in truths]
perfect = instances.panoptic_quality(truths, joined)
rows = [{"class": counted[k]} | score for k, score in perfect.items() if k in counted]
show.table(rows, digits=2)

frame = int(np.argmax([len(np.unique(truth[truth // 1000 == CAR])) for truth in truths]))
shades = np.random.default_rng(3).integers(60, 256, (40_000, 3)).astype(np.uint8)
shades[0] = 0
views = [streets[frame], shades[truths[frame]], shades[joined[frame]]]
alt = (
    "A street, its things each in a colour of its own, and the regions of its classes: cars joined."
)
show.images([view[160:400] for view in views], ["image", "things", "regions"], columns=1, alt=alt)

# %% tags=["record"]
record(perfect_cars=perfect[26]["PQ"], perfect_motorcycles=perfect[32]["PQ"])
record(cars_missed=perfect[26]["FN"], cars=perfect[26]["TP"] + perfect[26]["FN"])

# %% [markdown]
# **What we see.** Buses and motorcycles stand alone: PQ 1 and {{perfect_motorcycles:.2f}}. Cars park side by side and get
# {{perfect_cars:.2f}}, though mean IoU is 1: {{cars_missed}} of {{cars}} cars are missed; in the picture the missed ones are parts of
# longer regions. FP counts these regions, and pieces: a thing behind a pole falls in two.
#
# ## 6 · A border to cut along
# Two errors: parked cars are **joined**, and a car behind a pole is **cut in two**. The first has a cure that needs no new network, only one more
# class: the **border**. We draw lentils and beans, in heaps, all of one brown.

# %%
KINDS = {1: "lentil", 2: "bean"}


def pulses(rng, side=96):
    """Image float32 (side, side, 3) in [0, 1] and its objects uint16 (side, side)."""
    image = np.full((side, side, 3), rng.uniform(0.75, 0.9)) * [0.9, 0.95, 1]
    objects, centres = np.zeros((side, side), np.uint16), [rng.uniform(0, side, 2)]
    for number in range(40):
        kind, angle = int(rng.integers(1, 3)), rng.uniform(0, 2 * np.pi)
        step = rng.uniform(12, 20) * np.array([np.cos(angle), np.sin(angle)])
        heap = rng.random() < 0.75  # beside another one, or anywhere
        centre = centres[rng.integers(len(centres))] + step if heap else rng.uniform(0, side, 2)
        outline = (8, 7) if kind == 1 else (13, 6)
        shape = np.zeros((side, side), np.uint8)
        cv2.ellipse(shape, [int(v) for v in centre], outline, rng.integers(180), 0, 360, 1, -1)
        inside, new = shape > 0, (shape > 0) & (objects == 0)
        if inside.sum() < 120 or new.sum() < 0.9 * inside.sum():
            continue  # cut off by the image, or on top of others
        centres.append(centre)
        rim = np.minimum(cv2.distanceTransform(shape, cv2.DIST_L2, 5) / 5, 1)[..., None]
        brown = np.array([0.62, 0.42, 0.25]) * rng.uniform(0.8, 1.15)
        image[new], objects[new] = (brown * (0.8 + 0.2 * rim))[new], 1000 * kind + number
    image = cv2.GaussianBlur(image, (0, 0), 0.8) + rng.normal(0, 0.03, image.shape)
    return np.clip(image, 0, 1).astype(np.float32), objects


# %%
from course_utils.models import unet

rng, square = np.random.default_rng(SEED), np.ones((3, 3), np.uint8)
images, objects = (
    np.stack(part) for part in zip(*(pulses(rng) for _ in range(PULSES * 5 // 4)), strict=True)
)
rims = np.array([cv2.dilate(o, square) != cv2.erode(o, square) for o in objects])
masks = np.where(rims & (objects > 0), 3, objects // 1000).astype(np.uint8)
keras.utils.set_random_seed(SEED)
network = unet((96, 96, 3), 4, widths=(8, 16, 32), batch_norm=True, activation=None)
rate = keras.optimizers.schedules.CosineDecay(5e-3, PULSE_EPOCHS * -(-PULSES // 8))
network.compile(keras.optimizers.Adam(rate), CrossEntropy(from_logits=True))
training.fit(network, (images[:PULSES], masks[:PULSES]), epochs=PULSE_EPOCHS, batch=8)
tested, truths = images[PULSES:], objects[PULSES:]
probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(network.predict(tested, verbose=0)))
classes = ["background", *KINDS.values(), "border"]
matrix = metrics.confusion_matrix(masks[PULSES:], probabilities.argmax(-1), 4)
print({name: round(float(iou), 2) for name, iou in zip(classes, metrics.iou(matrix), strict=True)})

# %% [markdown]
# **Watershed.** Think of the border's probability as a landscape: objects are basins, borders are ridges. Put water of another colour into each
# basin, the **seed**, and let it rise. Where two colours would meet, they stop. In small: a heap of 3×7 pixels, a ridge with a gap in it.

# %%
heap = np.ones((3, 7), int)
ridge = np.zeros((3, 7))
ridge[:, 3] = 0.9, 0.4, 0.9  # the middle of the ridge is unsure
for name, level in (("seeds below 0.5", 0.5), ("seeds below 0.3", 0.3)):
    seeds = instances.components(np.where(ridge < level, heap, 0), (1,))
    parted = instances.watershed(heap, ridge, (1,), level=level)
    pairs = zip(*(np.where(a > 0, a - 999, 0) for a in (seeds, parted)), strict=True)
    print(name, *(f"{before} → {after}" for before, after in pairs), sep="\n")
assert len(np.unique(parted)) == 2

# %% [markdown]
# **What we see.** Left the seeds, right the objects. A gap below the level joins the two; a lower level closes it. What has no seed is lost.
#
# **How good is a list of objects?** PQ wants one answer a pixel. Detectors give a list with **confidences**. Go down it from the surest: *precision*
# is the share that is right so far, *recall* the share of the true objects found so far. **Average precision** is the area under precision over
# recall, taking at each recall the best precision there *or later*.
#
# ### Exercise 6.1 · Average precision
# Write `average_precision(right, total)`: `right` (bool array): which found objects are right, surest first; `total` objects exist. Each right one
# adds 1/total of recall.


# %% tags=["exercise"]
def average_precision(right, total):
    # BEGIN SOLUTION
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    best_later = np.maximum.accumulate(precision[::-1])[::-1]
    return best_later[right].sum() / total
    # END SOLUTION


# %%
ex.q6_1.check(average_precision)


# %%
def vote(regions, p):
    """Each region gets the class that its pixels make most likely on average, and that mean as confidence."""
    found, sure = np.zeros_like(regions), {}
    for number, value in enumerate(np.unique(regions[regions > 0])):
        means = p[regions == value, 1:3].mean(axis=0)
        key = int(1000 * (1 + means.argmax()) + number)
        found[regions == value], sure[key] = key, float(means.max())
    return found, sure


ways = {"components": [], "components without border": [], "watershed": []}
for p in probabilities:
    ground, border = np.uint8(p[..., 0] < 0.5), p[..., 3]  # whatever is no background; its border
    inside = instances.components(ground * (border < 0.3), (1,), least=10)
    parted = instances.watershed(ground, border, (1,), level=0.3, least=10)
    regions = instances.components(ground, (1,), least=10), inside, parted
    for found, values in zip(ways.values(), regions, strict=True):
        found.append(vote(values, p))

# %% tags=["picture"]
rows = []
for name, answers in ways.items():
    found, sure = zip(*answers, strict=True)
    quality = instances.panoptic_quality(truths, found)
    row = {"way": name, "objects": sum(map(len, sure))}
    row |= {"PQ": np.mean([score["PQ"] for score in quality.values()])}
    for limit in (0.5, 0.75):
        precision = instances.average_precision(truths, found, sure, limit)
        row[f"AP {limit}"] = np.mean(list(precision.values()))
    rows.append(row)
show.table(rows)
print(f"true objects: {sum(len(np.unique(truth)) - 1 for truth in truths)}")
joined, parted = rows[0], rows[2]
crowded, views = np.argsort([len(np.unique(truth)) for truth in truths])[-3:], []
for k in crowded:
    said = [shades[ways[name][k][0]] for name in ("components", "watershed")]
    views += [tested[k], shades[truths[k]], probabilities[k][..., 3], *said]
titles = ["image", "true objects", "border, as predicted", "components", "watershed"]
alt = "Heaps of lentils and beans, true objects, predicted borders, joined regions, watershed."
show.images(views, titles, columns=5, alt=alt)

# %% tags=["record"]
record(pq_joined=joined["PQ"], ap_after_75=parted["AP 0.75"])
record(pq_after=parted["PQ"], pq_gain=parted["PQ"] - joined["PQ"])
record(ap_after=parted["AP 0.5"], ap_gain=parted["AP 0.5"] - joined["AP 0.5"])

# %% [markdown]
# **What we see.** The same pixels in three ways. As components, heaps are single objects: PQ {{pq_joined:.2f}}. Without border pixels they
# fall apart, but each has lost its rim: `AP 0.75` is nearly 0. The watershed gives the rim back: PQ {{pq_after:.2f}}, AP {{ap_after:.2f}}
# and {{ap_after_75:.2f}}. Still wrong: borders with gaps.
#
# ## 7 · Boxes first: the idea of Mask R-CNN
# **Mask R-CNN** (He et al., 2017) has two stages. A network *proposes* boxes, thousands, without a class. For each that is kept, a second
# one names the class, mends the box and draws a mask *in it*: nobody has to be parted. But many proposals mean one thing: keep the surest, drop those that
# overlap it. This is **non-maximum suppression**.


# %%
def box_iou(a, b):
    """Of two boxes (top, left, bottom, right); bottom and right are the first row and column outside."""
    height = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    width = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return height * width / (areas[0] + areas[1] - height * width)


assert box_iou((0, 0, 2, 2), (0, 1, 2, 3)) == 2 / 6  # two of six pixels are common
boxes = {}
for value in np.unique(cities[frame][cities[frame] // 1000 == CAR]).tolist():
    r, c = np.nonzero(cities[frame] == value)
    if len(r) >= 400:
        boxes[value] = np.array([r.min(), c.min(), r.max() + 1, c.max() + 1])
rng = np.random.default_rng(SEED)
true = list(boxes.values())
sides = np.repeat([[b[2] - b[0], b[3] - b[1]] * 2 for b in true], 4, axis=0)
proposals = np.repeat(true, 4, axis=0) + rng.normal(0, 0.08, sides.shape) * sides  # four a car
scores = np.array(
    [max(box_iou(p, t) for t in true) for p in proposals]
)  # a good network is sure where it is right
print(f"{len(true)} cars, {len(proposals)} proposals; largest IoU of two true boxes:", end=" ")
print(round(max(box_iou(a, b) for i, a in enumerate(true) for b in true[:i]), 2))

# %% [markdown]
# ### Exercise 7.1 · Keep the surest
# Write `keep(boxes, scores, limit)`: the indices of the boxes kept, surest first. A box is kept unless it overlaps one that is **already kept**
# with an IoU above `limit`. `box_iou(a, b)` is given.


# %% tags=["exercise"]
def keep(boxes, scores, limit):
    # BEGIN SOLUTION
    kept = []
    for index in np.argsort(scores)[::-1]:
        if all(box_iou(boxes[index], boxes[other]) <= limit for other in kept):
            kept.append(int(index))
    return kept
    # END SOLUTION


# %%
ex.q7_1.check(keep)


# %%
def suppressed(boxes, scores, limit):
    kept = []
    for index in np.argsort(scores)[::-1].tolist():
        if all(box_iou(boxes[index], boxes[other]) <= limit for other in kept):
            kept.append(index)
    return kept


kept = suppressed(proposals, scores, 0.5)
print(f"{len(true)} cars, {len(kept)} boxes kept of {len(proposals)}")
drawn = [streets[frame].copy() for _ in range(2)]
for picture, chosen in zip(drawn, (range(len(scores)), kept), strict=True):
    for box in proposals[list(chosen)].round().astype(int).tolist():
        cv2.rectangle(picture, (box[1], box[0]), (box[3], box[2]), (255, 200, 0), 2)
alt = "A street with four boxes around each car, and with about one box a car."
titles = [f"{len(proposals)} proposals", f"{len(kept)} kept"]
show.images([picture[160:400] for picture in drawn], titles, columns=1, alt=alt)

# %% [markdown]
# The second stage reads features in the box, say 7×7 of them, from a map at stride 16. A box rarely ends on that grid. The older *RoIPool* rounds
# it to whole cells; **RoIAlign** reads between them, bilinearly. We ask a map that knows nothing but its own place: feature = column of the
# image. What should the middle of each bin read, and what does it?


# %%
stride = 16
ramp = np.tile(stride * (np.arange(1024 // stride, dtype=np.float32) + 0.5), (512 // stride, 1))
errors = {"rounded": [], "bilinear": []}
for top, left, bottom, right_end in true:
    steps = (np.arange(7) + 0.5) / 7
    wanted = left + (right_end - left) * steps  # the middles of seven bins
    first, last = round(left / stride), round(right_end / stride)
    cells = np.int32(first + max(1, last - first) * steps)
    errors["rounded"] += abs(ramp[0, cells] - wanted).tolist()
    row = np.full(7, (top + bottom) / 2 / stride - 0.5, np.float32)
    between = cv2.remap(ramp, np.float32(wanted / stride - 0.5), row, cv2.INTER_LINEAR)
    errors["bilinear"] += abs(between.ravel() - wanted).tolist()
off = {name: float(np.mean(values)) for name, values in errors.items()}
print({name: f"{value:.2f} pixels off" for name, value in off.items()})

# %% tags=["record"]
record(rounding_error=off["rounded"], align_error=off["bilinear"])

# %% [markdown]
# **What we see.** One box a car: 9 of 36. Rounding reads {{rounding_error:.1f}} pixels beside the place that is meant; reading in between
# is exact on a ramp.
#
# ## 8 · What did you point at?
# **Segment Anything** (SAM; Kirillov et al., 2023) knows no classes. Its encoder reads the image once; a *prompt*, clicks or a box, goes to a small
# decoder, which answers with a mask in milliseconds. It learnt from a thousand million masks. KerasHub: `sam_base_sa1b` (Apache 2.0).
#
# A click is ambiguous: this bean, its kind, or the heap? SAM gives three masks, each with a guess of its IoU. We do it in small: one click, answered by
# our objects and classes.

# %%
from course_utils import demos

best = int(crowded[-1])
objects = ways["watershed"][best][0]
answers = {"heap": np.int32(objects > 0), "class": objects // 1000, "object": objects}
demos.click(tested[best], answers)

# %% [markdown]
# **What we see.** One click, three masks, each inside the one before. None is wrong: the click alone does not say which one you meant. A second
# click does, on what shall *not* belong to it. Our answers come from classes that a network has learnt; SAM's from edges of whatever there is.
#
# ### Exercise 8.1 · From a click to a mask
# Write `mask_at(classes, row, column)`: bool (height, width), the pixels of the clicked one's class that hang together with it, side by side. A
# click on background (0) gives an empty mask.


# %% tags=["exercise"]
def mask_at(classes, row, column):
    # BEGIN SOLUTION
    same = np.uint8((classes == classes[row, column]) & (classes > 0))
    _, regions = cv2.connectedComponents(same, connectivity=4)
    return (regions == regions[row, column]) & (regions > 0)
    # END SOLUTION


# %%
ex.q8_1.check(mask_at)

# %% [markdown]
# ## 9 · Recap
#
# You can now
# - **load** a preset by name or folder, after a look at its labels, its licence and its number of classes;
# - **prepare** pixels as its converter says, and enlarge logits before you take the largest;
# - **separate** touching objects: one class more, the border, and a watershed along it;
# - **score** objects: PQ for one answer a pixel, AP for a list with confidences;
# - **explain** proposals, non-maximum suppression, RoIAlign, and what a prompt leaves open.
#
# **Words** [instance segmentation](glossary.md#instance), [watershed](glossary.md#watershed), [panoptic
# quality](glossary.md#pq), [average precision](glossary.md#ap), [preset](glossary.md#preset) in three languages.
#
# **Try next** `PRESET = "segformer_b0_cityscapes_1024"` with internet. Of your own photographs: two for ADE20K's words, two for Cityscapes'.

# %% [markdown]
# **References** Chen et al. (2018), *DeepLabv3+*, arXiv:1802.02611. Xie et al. (2021), *SegFormer*, arXiv:2105.15203. Everingham et al. (2010),
# *Pascal VOC*, doi:10.1007/s11263-009-0275-4. Zhou et al. (2017), *ADE20K*, doi:10.1109/CVPR.2017.544. Cordts et al. (2016), *Cityscapes*,
# arXiv:1604.01685. Zhao et al. (2017), *PSPNet*, arXiv:1612.01105. Kirillov et al. (2019), *Panoptic segmentation*, arXiv:1801.00868. Meyer
# (1994), *Topographic distance and watershed lines*, doi:10.1016/0165-1684(94)90060-4. He et al. (2017), *Mask R-CNN*, arXiv:1703.06870. Ren et
# al. (2015), *Faster R-CNN*, arXiv:1506.01497. Kirillov et al. (2023), *Segment Anything*, arXiv:2304.02643.
