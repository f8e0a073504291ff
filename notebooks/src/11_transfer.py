# %% [markdown]
# # 11 · Transfer: a head start for ten labelled frames
#
# You watch a classifier name a cat, look at what it sees on the way, put its encoder under your decoder, freeze it, and measure when that pays.
#
# {{picture}}

# %% [markdown]
# **You will be able to** · **feed** an encoder images in the form that it was trained on · **tap** it at several strides · **freeze** it, its
# averages included · **reuse** features that cannot change · **judge** how much a head start is worth.
#
# **You need** [07 · A street with thirteen classes](07_carla.ipynb) and [10 · Cityscapes](10_cityscapes.ipynb).
#
# **Time** reading 40 min · exercises 40 min · compute {{time}}, memory {{memory}}
#
# **Data** {{data}}. CARLA is generated (CC BY 4.0). CamVid (Brostow et al., 2009; research use) is real; where it cannot be fetched, a small
# generated set stands in, and your numbers differ from the text's. EfficientNet-Lite0 (Apache 2.0, 19 MB) is fetched once.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
SIM_SIZE = (96, 128)  # (height, width) of the simulator's frames, multiples of 32
SIM_FRAMES = 80  # labelled frames of the simulator
SIM_STEPS = 80  # of training; each start gets as many
SIM_VAL = 40  # frames to score on
SIZE = (192, 256)  # of CamVid's frames; on disk 360 and 480
FRAMES = 367  # of CamVid to learn from, all of them
VAL = 101  # to score on
EPOCHS = 8  # on all of these frames
STEPS = 120  # for each number of labelled frames
LABELLED = (10, 40, 160)
BATCH = 8
SEED = 1

# %% [markdown] tags=["teacher"]
# > **For teachers.** 120 minutes: 25 for sections 1 and 2, 20 for 3, 25 for 4 (start the training first), 30 for 5 and 6, 20 for 7.
# > Common mix-ups: frozen weights and frozen averages; preprocessing done twice, inside the model and outside; a gain from transfer and a
# > gain from training longer. If you are late, leave section 4 for home. Section 1 fetches 19 MB once a machine; put the file into `weights/`
# > of the folder that `COURSE_DATA` names, and nobody has to fetch it.

# %% [markdown]
# ## 1 · A classifier at work
# ImageNet is more than a million photographs, each with one label of a thousand. EfficientNet-Lite0 learned to give that label. You will not train it:
# others did. **What does it say about photographs that it has never seen?** A cat, a cup, a rocket and an astronaut, all four from
# scikit-image (CC0 or NASA, public domain).

# %%
import cv2
import keras
import numpy as np
from skimage import data as photographs

from course_utils import show
from course_utils.models import efficientnet_lite
from data_scripts import ensure_weights

weights = ensure_weights("efficientnetlite0")
classifier = efficientnet_lite.efficientnet_lite(0)
efficientnet_lite.load(classifier, weights)
print(f"{classifier.count_params():,} parameters")


def square(photograph, side=224):
    """The middle of a photograph, float32 (side, side, 3) in [0, 1]."""
    edge = min(photograph.shape[:2])
    top, left = (photograph.shape[0] - edge) // 2, (photograph.shape[1] - edge) // 2
    middle = photograph[top : top + edge, left : left + edge]
    return cv2.resize(middle, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


# %%
WORDS = {281: "tabby", 282: "tiger cat", 285: "Egyptian cat", 450: "bobsled", 540: "drilling rig"}
WORDS |= {560: "football helmet", 573: "go-kart", 657: "missile", 721: "pillow", 744: "projectile"}
WORDS |= {925: "consommé", 967: "espresso", 968: "cup"}
pictures = [
    square(photographs.chelsea()),
    square(photographs.coffee()),
    square(photographs.rocket()),
    square(photographs.astronaut()),
]
answers = classifier.predict_on_batch((255 * np.stack(pictures) - 127) / 128)
titles = []
for probabilities in answers:
    likeliest = np.argsort(probabilities)[::-1][:3]
    lines = [f"{WORDS.get(k, f'label {k}')} {probabilities[k]:.2f}" for k in likeliest]
    titles.append("\n".join(lines))
alt = "A cat, a cup of coffee, a rocket and an astronaut, each with the three likeliest of 1000 labels."
show.images(pictures, titles, columns=4, alt=alt)

# %% tags=["record"]
record(cat=answers[0][281:286].sum(), espresso=answers[1][967])
record(bobsled=answers[3].max())

# %% [markdown]
# **What we see.** It is sure of the espresso ({{espresso:.2f}}) and gives {{cat:.2f}} to its five house cats. *Astronaut* is not among the thousand
# ({{bobsled:.2f}}).
#
# Weights fit the numbers they were learned on, here `(255 * picture - 127) / 128`. Five forms are common; an orange pixel, `(1, 0.5, 0)`:
#
# | form | encoders | what arrives |
# |---|---|---|
# | caffe | VGG, ResNet | blue first, 0–255, minus a mean |
# | tf | MobileNet V1 and V2, ResNetV2, Xception | `(1, 0, -1)` |
# | torch | DenseNet | minus a mean, over a deviation |
# | inside | EfficientNet, MobileNetV3, ConvNeXt | `(255, 127.5, 0)` |
# | lite | EfficientNet-Lite | `(1, 0, -0.99)` |

# %%
from course_utils.models import backbones

orange = np.float32([1.0, 0.5, 0.0])
wanted = {
    "caffe": keras.applications.resnet.preprocess_input,
    "tf": keras.applications.mobilenet_v2.preprocess_input,
    "torch": keras.applications.densenet.preprocess_input,
    "inside": keras.applications.efficientnet.preprocess_input,
}
for form, function in wanted.items():
    scale, offset, blue_first = backbones.BEFORE[form]
    channels = orange[::-1] if blue_first else orange
    by_keras = function(255 * orange[None, None, None].copy()).ravel()
    assert np.allclose(channels * scale + offset, by_keras, atol=1e-4)
    print(f"{form:6}", np.round(by_keras, 2))

# %% [markdown]
# Keras' functions agree with the course's table. Our models have this step **inside**, before the encoder, so that data stay RGB in [0, 1]
# everywhere.
#
# ### Exercise 1.1 · The caffe form
# Write `caffe(images)`: from RGB in [0, 1], (…, 3), to blue, green, red in 0–255 minus `(103.939, 116.779, 123.68)`.


# %% tags=["exercise"]
def caffe(images):
    # BEGIN SOLUTION
    return 255 * images[..., ::-1] - np.array([103.939, 116.779, 123.68])
    # END SOLUTION


# %%
ex.q1_1.check(caffe)

# %% [markdown]
# > **Pitfall · the wrong form.** No error tells you. We show the same cat in four forms, and ask what it is.

# %%
picture = pictures[0]
forms = {
    "as trained": (255 * picture - 127) / 128,
    "0–1": picture,
    "0–255": 255 * picture,
    "blue first": ((255 * picture - 127) / 128)[..., ::-1],
}
rows = []
for form, given in forms.items():
    probabilities = classifier.predict_on_batch(np.float32(given)[None])[0]
    best = int(np.argmax(probabilities))
    row = {"form": form, "likeliest": WORDS.get(best, f"label {best}")}
    rows.append(row | {"a house cat": probabilities[281:286].sum()})
show.table(rows, digits=2)

# %% tags=["record"]
record(
    cat_01=rows[1]["a house cat"], cat_255=rows[2]["a house cat"], cat_bgr=rows[3]["a house cat"]
)

# %% [markdown]
# **What we see.** In 0–255 the cat is gone ({{cat_255:.2f}}). In 0–1 and blue first it is still a cat ({{cat_01:.2f}} and {{cat_bgr:.2f}}): one picture
# that works proves nothing. Section 6 asks again, pixel by pixel. Print the range of what reaches the first convolution.
#
# ## 2 · What does it see on the way?
# Cut off the last layers, and features are left, at strides 2 to 32. A U-Net needs **one tap at each stride**: the last layer before the next one.
#
# EfficientNet's blocks widen six times in their middle and narrow again. We tap the **narrow ends**: the wide maps are computed from them, so
# nothing is lost, and less is copied.

# %%
toy = [
    ("conv1", 1),
    ("conv2", 2),
    ("relu2", 2),
    ("pool", 4),
    ("conv3", 4),
    ("add3", 4),
    ("conv4", 8),
]
last = {}
for name, stride in toy:
    last[stride] = name  # a later layer of the same stride takes the place
print(last)

# %%
from course_utils.models import narrow

encoder = narrow.narrow_encoder(weights)
features = encoder.predict_on_batch(pictures[0][None])
drawn, titles = [], []
for maps in features:
    rows, columns, channels = maps.shape[1:]
    print(f"stride {224 // rows:2}: {rows:2} × {columns:2} × {channels}")
    drawn.append(pictures[0])
    titles.append("image")
    liveliest = np.argsort(maps[0].std(axis=(0, 1)))[::-1][:4]  # the channels that vary most
    for channel in liveliest:
        low, high = np.percentile(maps[0, ..., channel], (1, 99))
        drawn.append((maps[0, ..., channel] - low) / (high - low))
        titles.append(f"stride {224 // rows}, channel {channel}")
alt = "Four rows, one a stride: the cat and the four feature maps that vary most."
show.images(drawn, titles, columns=5, alt=alt)

# %% [markdown]
# **What we see.** At stride 4 stand fur and whiskers. At 16 the first and the last map light up at both eyes, and at 32 a few squares tell the forehead
# from the muzzle, without an outline. **What** sits deep, **where** sits early: a decoder wants both.
#
# ### Exercise 2.1 · Find the taps
# `layers` is a list of `(name, stride, finished)` in order; `finished` is `False` for a convolution whose activation is still to come. Return
# `{stride: name}` with the last finished layer of each stride above 1.


# %% tags=["exercise"]
def taps(layers):
    # BEGIN SOLUTION
    return {stride: name for name, stride, finished in layers if finished and stride > 1}
    # END SOLUTION


# %%
ex.q2_1.check(taps)

# %%
from course_utils import diagram

decoder = narrow.narrow_decoder(encoder, 11)
diagram.draw(narrow.joined(encoder, decoder))
for part in (encoder, decoder):
    print(f"{part.name}: {part.count_params():,} parameters")

# %% [markdown]
# The way up ends at a quarter of the side: beyond it lies most of a U-Net's cost. The logits are enlarged before the largest one is taken.
#
# ## 3 · Frozen, and still moving
# A frozen layer gets no gradient. Is it then the same after training? Batch normalisation has two kinds of numbers: scale and shift, which are
# learned, and two **averages**, which are not: while training it normalises by the *batch* and drags the averages along. By hand:

# %%
layer = keras.layers.BatchNormalization(momentum=0.9)
batch = np.float32([[4.0], [6.0]])  # mean 5, variance 1
layer.build(batch.shape)
for frozen, mode in ((False, False), (False, True), (True, True)):
    layer.trainable = not frozen
    output = np.round(np.asarray(layer(batch, training=mode)).ravel(), 2)
    average = np.asarray(layer.moving_mean).item()
    print(f"frozen={frozen!s:5} training={mode!s:5} output {output}  average {average:.2f}")

# %% [markdown]
# **What we see.** With `training=False` the averages (0 and 1) normalise: out comes about what goes in. With `training=True` the batch does, and a
# tenth of its mean enters the average: $0.9 \cdot 0 + 0.1 \cdot 5$. A layer with `trainable = False` keeps to its averages in Keras, **whatever**
# `training` says. That is what we want of a frozen encoder.
#
# ### Exercise 3.1 · Batch normalisation by hand
# Return `(output, mean, variance)`: the normalised batch (n, channels), without scale, shift or epsilon, and the averages afterwards.


# %% tags=["exercise"]
def batch_norm(batch, mean, variance, momentum, training):
    # BEGIN SOLUTION
    if not training:
        return (batch - mean) / np.sqrt(variance), mean, variance
    own_mean, own_variance = batch.mean(axis=0), batch.var(axis=0)
    output = (batch - own_mean) / np.sqrt(own_variance)
    mean = momentum * mean + (1 - momentum) * own_mean
    variance = momentum * variance + (1 - momentum) * own_variance
    return output, mean, variance
    # END SOLUTION


# %%
ex.q3_1.check(batch_norm)

# %% [markdown]
# > **Pitfall · the forgotten `training=False`.** Show the classifier streets, two at a time, in training mode, **with no gradient at all**, as
# > a fine-tuning with a learning rate of zero would. Then ask about the cat again.

# %%
from course_utils import data
from data_scripts import ensure

simulator = {split: data.carla(ensure("carla"), split) for split in ("train", "val")}
streets = simulator["train"][:20].arrays(SIM_SIZE)[0]
before = classifier.get_weights()
for each in classifier.layers:
    if isinstance(each, keras.layers.BatchNormalization):
        each.momentum = 0.9  # as in all networks of this course
as_trained = forms["as trained"][None]
shown = {"before": [], "frozen": streets, "not frozen": streets}
rows = []
for state, frames in shown.items():
    classifier.trainable = state == "not frozen"
    for first in range(0, len(frames), 2):
        two = frames[first : first + 2]
        classifier((255 * two - 127) / 128, training=True)
    probabilities = classifier.predict_on_batch(as_trained)[0]
    rows.append({"classifier": state, "a house cat": probabilities[281:286].sum()})
classifier.set_weights(before)
show.table(rows, digits=2)

# %% tags=["record"]
record(cat_kept=rows[1]["a house cat"], cat_drift=rows[2]["a house cat"])

# %% [markdown]
# **What we see.** No weight has moved. Frozen, the answer is the same, {{cat_kept:.2f}}. Not frozen, the averages of ten pairs of streets have
# taken the place of ImageNet's, and the cat has {{cat_drift:.2f}} left. For a *new* task it can be right to let the averages move, if its images
# look different (Li et al., 2016): "fine-tuned" below does. Decide it; do not let it happen.
#
# ### Exercise 3.2 · Who learns?
# `backbones.unfreeze(model, from_stride)` wakes a frozen encoder from a stride on. Write `learning(layers, from_stride)`: `layers` is a list of
# `(name, kind, stride)` with kinds `"conv"` and `"bn"`. Return the names that learn: layers at that stride or beyond, batch normalisation never.


# %% tags=["exercise"]
def learning(layers, from_stride):
    # BEGIN SOLUTION
    return [name for name, kind, stride in layers if stride >= from_stride and kind != "bn"]
    # END SOLUTION


# %%
ex.q3_2.check(learning)

# %% [markdown]
# ## 4 · The notes' experiment: three starts in a simulator
# The course notes put an encoder with ImageNet's weights under a decoder for CARLA's thirteen classes. We do it with three starts: **from scratch**
# (random weights), **frozen** (ImageNet's encoder, only the decoder learns) and **fine-tuned** (ImageNet's encoder, all of it learns, averages
# included). The decoder begins with random weights in all three. Frames and their mirror images, steps, schedule and loss are equal.

# %%
from course_utils import metrics, training
from course_utils.losses import Balanced


def start(name, num_classes):
    """Encoder, decoder, and the network of both."""
    keras.utils.set_random_seed(SEED)
    encoder = narrow.narrow_encoder(None if name == "from scratch" else weights)
    encoder.trainable = name != "frozen"
    decoder = narrow.narrow_decoder(encoder, num_classes)
    return encoder, decoder, narrow.joined(encoder, decoder)


def prepare(learner, shares, steps):
    """Compile: warm up to 0.003, then along a cosine to zero."""
    warm = steps // 10 + 1
    schedule = keras.optimizers.schedules.CosineDecay(
        1.5e-4, max(1, steps - warm), warmup_target=3e-3, warmup_steps=warm
    )
    loss = Balanced(shares, from_logits=True)
    learner.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-2), loss)


# %%
def mirrored(array):
    return np.concatenate([array, array[:, :, ::-1]])


quarter = (SIM_SIZE[0] // 4, SIM_SIZE[1] // 4)  # the network answers at a quarter of the side
frames = simulator["train"][:SIM_FRAMES]
images, masks = mirrored(frames.arrays(SIM_SIZE)[0]), mirrored(frames.arrays(quarter)[1])
epochs = max(1, SIM_STEPS * 4 // len(masks))
networks, seconds = {}, {}
for name in ("from scratch", "frozen", "fine-tuned"):
    encoder, decoder, networks[name] = start(name, 13)
    learner, given = networks[name], images
    if name == "frozen":  # its features cannot change: compute them once
        learner, given = decoder, encoder.predict(images, batch_size=8, verbose=0)
    prepare(learner, frames.shares(quarter), SIM_STEPS)
    seconds[name] = training.fit(learner, (given, masks), epochs=epochs, batch=4).seconds

# %%
from course_utils.classes import CARLA

scored = simulator["val"][:SIM_VAL]
rows = []
for name, network in networks.items():
    matrix = training.measure(network, scored, SIM_SIZE)
    missing = (matrix.sum(axis=1) > 0) & (matrix.sum(axis=0) == 0)
    absent = ", ".join(np.array(CARLA.names)[missing])
    row = {"start": name, "mean IoU": metrics.mean_iou(matrix), "labels absent": absent}
    row["labels present"] = int((matrix.sum(axis=0) > 0).sum())
    rows.append(row | {"seconds": f"{seconds[name]:.0f}"})
majority = np.zeros((13, 13), np.int64)
majority[:, frames.shares(quarter).argmax()] = matrix.sum(axis=1)
score = metrics.mean_iou(majority)
row = {"start": "all one class", "mean IoU": score, "labels absent": "all but one"}
show.table([*rows, row | {"labels present": 1, "seconds": "–"}])

# %% tags=["record"]
record(sim_scratch=rows[0]["mean IoU"], sim_frozen=rows[1]["mean IoU"])
record(sim_tuned=rows[2]["mean IoU"])

# %% [markdown]
# **What we see.** With ImageNet's encoder {{sim_frozen:.2f}} frozen and {{sim_tuned:.2f}} fine-tuned, from scratch {{sim_scratch:.2f}}: photographs help in drawn
# streets, too. Frozen costs a fraction of the seconds. Pedestrians and traffic signs, the rarest, stay absent from all three answers. One seed, one
# set of frames: section 7 asks how sure that is.
#
# ### Exercise 4.1 · Which labels are absent?
# `matrix` counts pixels by true (rows) and predicted class (columns); `names` names the classes. Return the names of those that the masks hold and
# that are never predicted.


# %% tags=["exercise"]
def absent(matrix, names):
    # BEGIN SOLUTION
    missing = (matrix.sum(axis=1) > 0) & (matrix.sum(axis=0) == 0)
    return [name for name, gone in zip(names, missing, strict=True) if gone]
    # END SOLUTION


# %%
ex.q4_1.check(absent)

# %% [markdown]
# ## 5 · Compute what cannot change once
# A frozen encoder gives the same features for the same image, epoch after epoch. If nothing random stands before it, **compute them once** and train
# the decoder on them alone. Frame and mirror image are two images: a little augmentation is left. Now the real streets of CamVid.

# %%
import time

camvid = {
    "train": data.camvid(ensure("camvid"), "train")[:FRAMES],
    "val": data.camvid(ensure("camvid"), "val")[:VAL],
}
classes = camvid["train"].table
quarter = (SIZE[0] // 4, SIZE[1] // 4)
encoder, _, _ = start("frozen", classes.num_classes)
began = time.perf_counter()
parts = []
for first in range(0, len(camvid["train"]), BATCH):
    images = camvid["train"][first : first + BATCH].arrays(SIZE)[0]
    plain = encoder.predict_on_batch(images)
    flipped = encoder.predict_on_batch(images[:, :, ::-1])
    parts.append([np.stack(both, axis=1) for both in zip(plain, flipped, strict=True)])
features = [np.concatenate(maps) for maps in zip(*parts, strict=True)]
seconds = time.perf_counter() - began
for maps in features:
    print("(frames, frame and mirror image, height, width, channels):", maps.shape)
size = sum(maps.nbytes for maps in features) / 1e6
print(f"{2 * len(features[0])} images in {seconds:.0f} s; their features take {size:.0f} MB")

# %% [markdown]
# **What we see.** A few hundred MB, because we keep the narrow ends only. From here on a training step never sees an image.
#
# ### Exercise 5.1 · Is it worth it?
# Computing the features costs `e` seconds an image, a training step of the decoder `d` seconds an image. How many times as fast is a training of
# `images` for `epochs` with features computed once, the computing included?


# %% tags=["exercise"]
def speedup(e, d, images, epochs):
    # BEGIN SOLUTION
    return epochs * images * (e + d) / (images * e + epochs * images * d)
    # END SOLUTION


# %%
ex.q5_1.check(speedup)

# %% [markdown]
# ## 6 · Real streets
# 367 labelled frames of CamVid and its 11 classes: the decoder learns from the features, the encoder stays as ImageNet left it. Then the same with
# 10, 40 and 160 frames.
#
# ### Exercise 6.1 · Predict first
# Ten labelled frames of real streets, equal steps: `"A"` from scratch keeps up · `"B"` frozen and fine-tuned are both ahead of it ·
# `"C"` only fine-tuned is ahead, ImageNet's features are too stiff for streets

# %% tags=["exercise"]
# BEGIN SOLUTION
prediction = "B"
# END SOLUTION

# %%
ex.q6_1.check(prediction)


# %%
def learn(frames, steps):
    """Train a new decoder on the kept features of these frames: confusion matrix, network, result."""
    _, decoder, network = start("frozen", classes.num_classes)
    given = [maps[frames].reshape(-1, *maps.shape[2:]) for maps in features]
    labels = camvid["train"][frames].arrays(quarter)[1]
    labels = np.stack([labels, labels[:, :, ::-1]], axis=1).reshape(-1, *quarter)
    prepare(decoder, camvid["train"][frames].shares(quarter), steps)
    epochs = max(1, round(steps * BATCH / len(labels)))
    result = training.fit(decoder, (given, labels), epochs=epochs, batch=BATCH)
    return training.measure(network, camvid["val"], SIZE), network, result


# %%
total = len(camvid["train"])
order = np.random.default_rng(SEED).permutation(total)
runs = {}  # labelled frames: what `learn` gives
for labelled in sorted({min(count, total) for count in LABELLED}):
    runs[labelled] = learn(order[:labelled], STEPS)
runs[f"all {total}"] = learn(np.arange(total), EPOCHS * 2 * total // BATCH)

# %%
common = camvid["train"].shares(quarter).argmax()
matrices = {str(labelled): run[0] for labelled, run in runs.items()}
best = matrices[f"all {total}"]
matrices["one class"] = np.zeros_like(best)
matrices["one class"][:, common] = best.sum(axis=1)
rows = []
for labelled, matrix in matrices.items():
    row = {"labelled frames": labelled, "mean IoU": metrics.mean_iou(matrix)}
    row["pixel accuracy"] = metrics.pixel_accuracy(matrix)
    missing = (matrix.sum(axis=1) > 0) & (matrix.sum(axis=0) == 0)
    rows.append(row | {"labels absent": int(missing.sum())})
show.table(rows)
per_class = metrics.iou(best)
for name, iou in zip(classes.names, per_class, strict=True):
    print(f"{name:12} {iou:.2f}")

# %% tags=["record"]
record(camvid_all=rows[-2]["mean IoU"], camvid_10=rows[0]["mean IoU"])
record(pole=per_class[classes.names.index("pole")], road=per_class[classes.names.index("road")])

# %%
trained = runs[f"all {total}"][1]
images, masks = camvid["val"][:20].arrays(SIZE)
forms = {"as trained": images, "blue first": images[..., ::-1]}
forms["arrives as 0–1"] = (128 * images + 127) / 255  # what the step inside makes images of
forms["arrives as 0–255"] = (128 * 255 * images + 127) / 255
table = []
for form, given in forms.items():
    logits = keras.ops.image.resize(trained.predict(given, batch_size=4, verbose=0), SIZE)
    said = np.asarray(keras.ops.argmax(logits, axis=-1))
    matrix = metrics.confusion_matrix(masks, said, classes.num_classes)
    table.append({"form": form, "mean IoU, 20 frames": metrics.mean_iou(matrix)})
show.table(table)

# %% tags=["record"]
record(right_form=table[0]["mean IoU, 20 frames"], bgr_form=table[1]["mean IoU, 20 frames"])
record(wrong_form=table[2]["mean IoU, 20 frames"], worst_form=table[3]["mean IoU, 20 frames"])

# %% tags=["picture"]
some = camvid["val"][:: len(camvid["val"]) // 3]
images, masks = some[:3].arrays(SIZE)


def answered(network):
    logits = keras.ops.image.resize(network.predict_on_batch(images), SIZE)
    return np.asarray(keras.ops.argmax(logits, axis=-1))


few = min(LABELLED[0], total)
guesses = {
    f"{few} frames": answered(runs[few][1]),
    f"all {total} frames": answered(runs[f"all {total}"][1]),
}
alt = "Frames of CamVid (Brostow et al., 2009), masks, and a frozen ImageNet encoder's answers after few and after all labelled frames."
show.pairs(images, masks, classes, predictions=guesses, alt=alt)

# %% [markdown]
# **What we see.** {{camvid_all:.2f}} from all frames, {{camvid_10:.2f}} from ten. The road is easy ({{road:.2f}}), poles ({{pole:.2f}}) are thin.
# The second table is section 1's pitfall again: {{right_form:.2f}}, blue first {{bgr_form:.2f}}, in 0–1 {{wrong_form:.2f}}, in 0–255
# {{worst_form:.2f}}, and never an error.
#
# ## 7 · How sure is it?
# One seed, ten frames chosen by chance. Before this notebook, three seeds were run with 10, 40 and 160 labelled frames of CamVid, 80 steps each
# (`python -m notebooks.build evidence transfer`). Each seed draws other frames and other first weights. Beside them stands another head start: a
# U-Net over MobileNetV2 that learned streets in the **simulator**, where labels cost nothing, in random colours (Tobin et al., 2017).

# %%
import json

evidence = json.loads((course / "notebooks/evidence/transfer.json").read_text())["steps"]
called = {"scratch": "from scratch", "frozen": "frozen", "tuned": "fine-tuned"}
results = {}  # (head start, labelled frames, steps): {start: mean IoU of each seed}
for step, kept in evidence.items():
    if step.startswith("long"):
        continue
    head, begun, labelled, _, steps = step.split()
    iou = metrics.mean_iou(np.array(kept["result"]["matrix"]))
    of_case = results.setdefault((head, int(labelled), int(steps)), {})
    of_case.setdefault(called.get(begun, begun), []).append(iou)

# %% tags=["fold"]
# @title Mean IoU against labelled frames
fig, axes = show.new(2, 1, size=(4.6, 3.0), sharey=True)
heads = {"imagenet": "ImageNet's encoder alone", "camvid": "a whole network from the simulator"}
for axis, (head, title) in zip(axes[0], heads.items(), strict=True):
    cases = sorted(case for case in results if case[0] == head and case[2] == 80)
    for shift, begun in zip((0.94, 1, 1.06), called.values(), strict=True):
        seeds = {case[1]: results[case][begun] for case in cases if begun in results[case]}
        means = [np.mean(ious) for ious in seeds.values()]
        spreads = [np.std(ious, ddof=1) for ious in seeds.values()]
        places = shift * np.array(list(seeds))
        axis.errorbar(places, means, spreads, marker="o", capsize=3, label=begun)
    numbers = [case[1] for case in cases]
    axis.set(xscale="log", xticks=numbers, xticklabels=numbers, xlabel="labelled frames")
    axis.set_title(title)
    axis.minorticks_off()
axes[0, 0].set_ylabel("mean IoU on CamVid")
axes[0, 0].legend()
alt = "Mean IoU of three starts against labelled frames of CamVid, for two head starts; bars: spread of three seeds."
show.figure(fig, alt)

# %% tags=["record"]
record(few_frozen=np.mean(results["imagenet", 10, 80]["frozen"]))
record(few_scratch=np.mean(results["imagenet", 10, 80]["from scratch"]))
record(many_frozen=np.mean(results["imagenet", 160, 80]["frozen"]))
record(many_scratch=np.mean(results["imagenet", 160, 80]["from scratch"]))
record(sim_few_frozen=np.mean(results["camvid", 10, 80]["frozen"]))
record(sim_few_scratch=np.mean(results["camvid", 10, 80]["from scratch"]))

# %% [markdown]
# **What we see.** ImageNet's **encoder alone**, under a decoder of random weights: {{few_frozen:.2f}} against {{few_scratch:.2f}} from ten frames,
# {{many_frozen:.2f}} against {{many_scratch:.2f}} from 160. The simulator's whole network leads its own "from scratch", too ({{sim_few_frozen:.2f}} against
# {{sim_few_scratch:.2f}} from ten). The panels have different networks: compare lines within one. 80 steps show 320 images, of ten frames or of 160.
#
# ### Exercise 7.1 · By more than the spread
# `scores` maps a start to the mean IoUs of its seeds. Write `margin(scores, better, worse)`: the difference of their means minus both standard
# deviations (over n − 1). Above 0 the gain is larger than the spread. The table below has it in brackets.


# %% tags=["exercise"]
def margin(scores, better, worse):
    # BEGIN SOLUTION
    a, b = scores[better], scores[worse]
    return np.mean(a) - np.mean(b) - np.std(a, ddof=1) - np.std(b, ddof=1)
    # END SOLUTION


# %%
ex.q7_1.check(margin)

# %%
rows, margins = [], {}
heads = {
    "imagenet": "ImageNet → CamVid",
    "camvid": "simulator → CamVid",
    "city": "simulator → city",
}
for (head, labelled, steps), found in sorted(
    results.items(), key=lambda item: (item[0][0] != "imagenet", item[0])
):
    row = {"head start": heads[head], "labelled": labelled, "steps": steps}
    row |= dict.fromkeys(("from scratch", "encoder", "frozen", "fine-tuned"), "–")
    highest = np.mean(found["from scratch"]) + np.std(found["from scratch"], ddof=1)
    for begun, seeds in found.items():
        mean, spread = np.mean(seeds), np.std(seeds, ddof=1)
        row[begun] = f"{mean:.3f} ± {spread:.3f}"
        if begun != "from scratch":
            gap = mean - spread - highest
            row[begun] += f" ({gap:+.3f})"
            margins[f"{head}_{begun.replace('fine-', '')}_{labelled}_{steps}"] = gap
    rows.append(row)
show.table(rows)

# %% tags=["record"]
record(**margins)

# %% [markdown]
# **What we see.** A bracket above 0 is a gain larger than the spread. The simulator's encoder alone brings the generated city no lead
# ({{city_encoder_10_80:+.3f}}): a million photographs teach more than 160 drawn frames, is one explanation. Trained much longer, from scratch can catch up
# (He et al., 2019).
#
# ## 8 · Recap
#
# You can now
# - **feed** an encoder images in the form that it was trained on, inside the model;
# - **tap** it at several strides, the last finished layer of each;
# - **freeze** it, averages included, and unfreeze it from a stride on;
# - **reuse** features that cannot change;
# - **judge** a head start by its gain against the spread of seeds.
#
# **Words** [transfer learning, fine-tuning, batch normalisation](00_start_here.ipynb#glossary) in three languages.

# %% [markdown]
# **Try next** Early stopping: hold back 60 of the training frames as `validation`, with `patience=3`. Or `narrow_encoder(…, number=2)`.
#
# **References** Yosinski et al. (2014), *How transferable are features in deep neural networks?*, arXiv:1411.1792. Iglovikov, Shvets (2018),
# *TernausNet*, arXiv:1801.05746. Tan, Le (2019), *EfficientNet*, arXiv:1905.11946. Ioffe, Szegedy (2015), *Batch normalization*,
# arXiv:1502.03167. Li et al. (2016), *Revisiting batch normalization for practical domain adaptation*, arXiv:1603.04779. He, Girshick, Dollár
# (2019), *Rethinking ImageNet pre-training*, arXiv:1811.08883. Tobin et al. (2017), *Domain randomization*, arXiv:1703.06907. Brostow et al.
# (2009), *Semantic object classes in video*, doi:10.1016/j.patrec.2008.04.005.
