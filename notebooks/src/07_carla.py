# %% [markdown]
# # 07 · A street with thirteen classes
#
# You train a U-Net on a simulated street, find out which classes it never says, lift two of them, and drive it into a foreign world.
#
# {{picture}}

# %% [markdown]
# **You will be able to** · **read** masks that hide their classes in one channel, with `tf.data` · **inspect** a set before training: by eye,
# by split, by class · **stop** a training by the right score · **explain** a table of scores class by class · **lift** classes that are never
# predicted.
#
# **You need** [05 · Cell membranes](05_membranes.ipynb) and [06 · Losses and metrics](06_losses_and_metrics.ipynb).
#
# **Time** reading 40 min · exercises 40 min · compute {{time}}, memory {{memory}}
#
# **Data** {{data}}. The layout is that of the Lyft challenge of 2018, whose frames come from the CARLA simulator (CC0, Dosovitskiy et al.,
# 2017). The generated streets are CC BY 4.0; section 8 shows three real frames where they are on disk.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
FRAMES = 160  # of training at most; validation and test: a quarter of that each
SIZE = (192, 256)  # (height, width) of a frame; on disk 600 and 800
CROP = 112  # pixels a side of what the network sees while it learns; course notes: 256
EPOCHS = 24  # at most; course notes: 50
PATIENCE = 6  # epochs without a better validation score before it stops
WIDTH = 8  # filters of the first level; course notes: 32
TEMPER = 0.75  # exponent of the class weights: 0 none, 1 median frequency balancing
TUNING_STEPS = 60  # on the real frames of section 8
SEED = 1

# %% [markdown] tags=["teacher"]
# > **For teachers.** 120 minutes: 15 for section 1, 20 for 2–3, 35 for 4–5, 25 for 6, 25 for 7–8. The two trainings take most of the compute
# > time: start section 4 before you talk about it. If you are late, leave section 7 for home. Common mix-ups: the mean over images and the
# > score over the set; a class with IoU 0 may have been predicted, wrongly, or never; class weights change what is rewarded, not what is known.

# %% [markdown]
# ## 1 · Where are the classes?
# Each frame is a photograph from a car, in `CameraRGB`, and a mask of the same name, in `CameraSeg`. Open one of each.

# %%
import cv2
import numpy as np

from course_utils import data, metrics, show
from course_utils.classes import CARLA
from data_scripts import ensure

folder = ensure("carla")
frames = {"train": FRAMES, "val": FRAMES // 4, "test": FRAMES // 4}
splits = {name: data.carla(folder, name)[:most] for name, most in frames.items()}
first = splits["train"].images[0], splits["train"].masks[0]
frame, mask = (cv2.imread(str(path))[..., ::-1] for path in first)  # OpenCV reads blue first
for name, channel in zip(("red", "green", "blue"), np.moveaxis(mask, -1, 0), strict=True):
    print(f"{name:5}: values {np.unique(channel).tolist()}")
titles = ["CameraRGB", "CameraSeg", "red channel × 20"]
alt = (
    "A street from a car; its mask, which looks black; the mask's red channel, 20 times as bright."
)
red = np.repeat(20 * mask[..., :1], 3, axis=-1)
show.images([frame, mask, red], titles, alt=alt)

# %% [markdown]
# **What we see.** The mask looks black, but its red channel holds numbers from 0 to 12: the classes. `CARLA.names` tells what they mean.
#
# In lesson 05 `tf.data` wrapped a Python generator. Here it reads the files itself, in parallel, while the network works. **Does it read the
# same as the course's `Pairs`?** The frame shrinks by averaging areas; the mask takes the nearest label.

# %%
import tensorflow as tf


def read_pair(image_path, mask_path):
    image = tf.io.decode_png(tf.io.read_file(image_path), channels=3)
    red = tf.io.decode_png(tf.io.read_file(mask_path), channels=3)[..., :1]
    image = tf.image.resize(image, SIZE, "area") / 255
    return image, tf.image.resize(red, SIZE, "nearest")[..., 0]


paths = [[str(path) for path in files] for files in (splits["val"].images, splits["val"].masks)]
dataset = tf.data.Dataset.from_tensor_slices(tuple(paths))
dataset = dataset.map(read_pair, num_parallel_calls=2).batch(8).prefetch(1)
images, masks = next(iter(dataset))
our_images, our_masks = next(iter(splits["val"].batches(SIZE, batch=8)))
print("images", images.shape, images.dtype.name, "· masks", masks.shape, masks.dtype.name)
difference = np.abs(images - our_images).max()
print(
    f"largest difference of a pixel {difference:.3f}, labels that agree {np.mean(masks == our_masks):.1%}"
)

# %% [markdown]
# **What we see.** The same, up to rounding. From here on we use `Pairs`, which also checks files, caches them, and hands each pair to an
# augmentation.
#
# ### Exercise 1.1 · Read a mask
# `picture` is what `cv2.imread` gives for a mask, before any swap: uint8 (height, width, 3), **blue first**. Return the class ids, (height,
# width).


# %% tags=["exercise"]
def class_ids(picture):
    # BEGIN SOLUTION
    return picture[..., 2]
    # END SOLUTION


# %%
ex.q1_1.check(class_ids)

# %% [markdown]
# ## 2 · Look before you train
# A minute of looking finds what no loss curve tells: masks shifted against frames, missing classes, twins in two splits.

# %%
shown = splits["train"][[0, 30, 61, 93, 120]] if len(splits["train"]) > 120 else splits["train"][:2]
images, masks = shown.arrays(SIZE)
alt = "Five streets under different skies above their masks: road, houses, trees, cars, own bonnet."
show.pairs(images, masks, CARLA, titles=[path.stem for path in shown.images], alt=alt)

# %% [markdown]
# **What we see.** Masks and frames fit. Sky is "background", and so is lawn. The black bonnet at the bottom is the own car, class *car*: about a
# seventh of the frame, the same every time. A network will get that part right at once, and the score of *car* will flatter it.
#
# Names tell the world and the moment: `world07_2` is the third frame of world 7. `data.drive` gives the world, of real names too: `F61-52` is
# from drive F61. **How alike are frames of one world?**


# %%
def agreement(pairs, first, second):
    """Share of pixels above the bonnet that have the same class in two frames."""
    top = slice(0, int(0.8 * SIZE[0]))
    one, other = (pairs.read(number, SIZE)[1][top] for number in (first, second))
    return (one == other).mean()


train = splits["train"]
of = [data.drive(path) for path in train.images]
starts = [n for n in range(len(train) - 1) if of[n] not in of[:n]]  # the first frame of each world
if len(starts) < 2:  # real frames may come from one long drive
    starts = [*range(0, len(train) - 1, 4)]
starts = starts[:11]
same = np.mean([agreement(train, n, n + 1) for n in starts[:10]])
other = np.mean([agreement(train, starts[k], starts[k + 1]) for k in range(len(starts) - 1)])
print(f"pixels that agree: next frame of the same world {same:.0%}, another world {other:.0%}")
worlds = {name: {data.drive(path) for path in pairs.images} for name, pairs in splits.items()}
for name, pairs in splits.items():
    print(f"{name}: {len(pairs)} frames of {len(worlds[name])} worlds")
shared = worlds["train"] & (worlds["val"] | worlds["test"])
print(f"worlds of train that are in val or test, too: {len(shared)}")

# %% [markdown]
# **What we see.** Neighbouring frames share most of their labels above the bonnet, other worlds fewer. So whole *worlds* are held out; with a
# split by frame the test set would hold near copies of training frames.
#
# ### Exercise 2.1 · Split by world
# `names` are file names like `"world07_2.png"`. Return two lists of names, training and test, such that the test list holds all frames of the
# `held` worlds with the *highest numbers* and no world is in both.


# %% tags=["exercise"]
def split_by_world(names, held):
    # BEGIN SOLUTION
    worlds = sorted({name.split("_")[0] for name in names})
    kept = worlds[-held:]
    test = [name for name in names if name.split("_")[0] in kept]
    return [name for name in names if name not in test], test
    # END SOLUTION


# %%
ex.q2_1.check(split_by_world)

# %% [markdown]
# ## 3 · How often is each class?
# Count the pixels of every class in every split, in frames and in per cent. **Which classes will be hard?**

# %%
counts, seen_in = {}, {}
for name, pairs in splits.items():
    _, masks = pairs.arrays(SIZE)
    counts[name] = np.bincount(masks.ravel(), minlength=CARLA.num_classes)
    seen_in[name] = np.array(
        [(masks == k).any(axis=(1, 2)).mean() for k in range(CARLA.num_classes)]
    )
share = {name: number / number.sum() for name, number in counts.items()}

fig, axes = show.new(size=(7.5, 2.8))
axis, places = axes[0, 0], np.arange(CARLA.num_classes)
for offset, name in zip((-0.27, 0, 0.27), splits, strict=True):
    axis.bar(places + offset, 100 * share[name], 0.25, label=name)
axis.set_xticks(places, CARLA.names, rotation=40, ha="right")
axis.set(yscale="log", ylabel="% of the pixels")
axis.legend()
alt = (
    "Share of each class in the three splits, logarithmic: from 30 % for background to hundredths."
)
show.figure(fig, alt)

# %%
percent = {"% of train": 100 * share["train"], "in % of frames": 100 * seen_in["train"]}
show.table(
    [
        {"class": name} | {title: float(values[k]) for title, values in percent.items()}
        for k, name in enumerate(CARLA.names)
    ],
    digits=2,
)

# %% tags=["record"]
record(pedestrian_share=share["train"][4], sign_share=share["train"][12])
record(signs_and_pedestrians=share["train"][4] + share["train"][12])

# %% [markdown]
# **What we see.** Three orders of magnitude, and the three splits agree. Most frames hold a sign and a pedestrian somewhere, yet together they are
# a thousandth of the pixels: a network that never says either loses {{signs_and_pedestrians:.1%}} of accuracy.
#
# ### Exercise 3.1 · Balance the classes
# SegNet and others weigh class c by *median frequency balancing*: the median of all shares divided by the share of c. Write it for an array of
# pixel `counts`, one a class; a class that never occurs gets weight 0.


# %% tags=["exercise"]
def median_frequency(counts):
    # BEGIN SOLUTION
    share = counts / counts.sum()
    weights = np.median(share[share > 0]) / np.where(share > 0, share, 1)
    return np.where(share > 0, weights, 0)
    # END SOLUTION


# %%
ex.q3_1.check(median_frequency)

# %% [markdown]
# ## 4 · A U-Net for the street
# As in the course notes: two 3×3 convolutions a level, each with batch normalisation and ReLU; five levels; on the way up a *transposed* 2×2
# convolution of stride 2. The notes begin with 32 filters, we with 8.

# %%
import keras
from keras import layers


def block(x, filters):
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    return x


def build_unet(width):
    x = inputs = keras.Input((None, None, 3))
    bridges = []
    for level in range(4):
        bridges.append(block(x, width * 2**level))
        x = layers.MaxPooling2D()(bridges[-1])
    x = block(x, width * 16)
    for level in reversed(range(4)):
        x = layers.Conv2DTranspose(width * 2**level, 2, strides=2)(x)
        x = block(layers.Concatenate()([bridges[level], x]), width * 2**level)
    return keras.Model(inputs, layers.Conv2D(CARLA.num_classes, 1)(x))  # logits


print([f"{width} filters: {build_unet(width).count_params():,}" for width in (WIDTH, 32)])

# %% [markdown]
# Which epoch's weights do you keep? The notes watch the **validation Dice**, averaged over the classes, and stop when it no longer grows. Counted
# over all validation pixels, it is a few lines on top of the streaming confusion matrix of lesson 06. The network learns from random crops, half of
# them mirrored, some brighter or darker.

# %%
import albumentations as A

from course_utils.losses import CrossEntropy
from course_utils.training import RUNS


class MeanDice(metrics.ConfusionMatrix):
    def result(self):
        counts = super().result()
        both = 2 * keras.ops.diagonal(counts)
        size = keras.ops.sum(counts, axis=0) + keras.ops.sum(counts, axis=1)
        return keras.ops.mean(both / keras.ops.maximum(size, 1.0))


def paired(*steps):
    """The course's way to call albumentations: one pair, and the random numbers of our generator."""
    pipeline = A.Compose(steps)

    def augment(image, mask, rng):
        pipeline.set_random_seed(int(rng.integers(2**31)))
        both = pipeline(image=image, mask=mask)
        return both["image"], both["mask"]

    return augment


# %%
crops = paired(A.RandomCrop(CROP, CROP), A.HorizontalFlip(p=0.5), A.RandomBrightnessContrast(p=0.5))


def train_unet(loss):
    keras.utils.set_random_seed(SEED)
    model = build_unet(WIDTH)
    batches = train.batches(SIZE, batch=4, augment=crops, shuffle=True)
    steps = EPOCHS * len(batches)
    rate = keras.optimizers.schedules.CosineDecay(3e-4, steps, warmup_target=3e-3, warmup_steps=50)
    scores = [MeanDice(CARLA.num_classes, name="dice"), "accuracy"]
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=loss, metrics=scores)
    watch = {"monitor": "val_dice", "mode": "max"}
    keep = keras.callbacks.ModelCheckpoint(RUNS / "carla.keras", save_best_only=True, **watch)
    stop = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True, **watch)
    validation = splits["val"].batches(SIZE, batch=8)
    settings = {"epochs": EPOCHS, "shuffle": False, "callbacks": [keep, stop], "verbose": 0}
    return model, model.fit(batches, validation_data=validation, **settings).history


plain, plain_history = train_unet(CrossEntropy(from_logits=True))

# %%
curves = {
    "pixel accuracy": plain_history["val_accuracy"],
    "mean Dice": plain_history["val_dice"],
}
fig, axes = show.new(size=(6.0, 2.6))
for name, values in curves.items():
    axes[0, 0].plot(range(1, len(values) + 1), values, label=f"{name}, validation")
axes[0, 0].set(xlabel="epoch", ylim=(0, 1))
axes[0, 0].legend()
show.figure(
    fig,
    alt="Validation accuracy and mean Dice by epoch: the accuracy is level early, the Dice far below goes on rising.",
)
ended = {name: (values[len(values) // 2], values[-1]) for name, values in curves.items()}
print(
    {name: f"{middle:.3f} half-way, {end:.3f} at the end" for name, (middle, end) in ended.items()}
)

# %% tags=["record"]
record(accuracy_half=ended["pixel accuracy"][0], accuracy_end=ended["pixel accuracy"][1])
record(dice_half=ended["mean Dice"][0], dice_end=ended["mean Dice"][1])

# %% [markdown]
# **What we see.** Half-way the accuracy, {{accuracy_half:.2f}}, looks nearly converged; it ends at {{accuracy_end:.2f}}. The mean Dice,
# {{dice_half:.2f}} half-way, still has a quarter of that to gain: class after class is being found. Who stops by accuracy stops too early,
# and cannot tell which classes are missing.
#
# ### Exercise 4.1 · When does it stop?
# `values` are validation scores, one an epoch; larger is better. Return the epoch whose weights are kept when the training stops after `patience`
# epochs in a row without a new best, counted from 1.


# %% tags=["exercise"]
def kept_epoch(values, patience):
    # BEGIN SOLUTION
    best = 0
    for epoch, value in enumerate(values):
        if value > values[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return best + 1
    # END SOLUTION


# %%
ex.q4_1.check(kept_epoch)

# %% [markdown]
# ## 5 · Class by class
#
# ### Exercise 5.1 · Predict first
# The test accuracy will be well above 0.8. How many of the thirteen classes are *never* right (IoU 0)? `"A"` none · `"B"` one or two · `"C"` five
# or more.

# %% tags=["exercise"]
# BEGIN SOLUTION
never_right = "C"
# END SOLUTION

# %%
ex.q5_1.check(never_right)


# %%
def predict(model, images):
    """Class ids, uint8 (batch, height, width)."""
    return np.uint8(keras.ops.argmax(model(images, training=False), axis=-1))


def confusion(model, pairs):
    """One matrix an image, (images, classes, classes)."""
    matrices = []
    for images, masks in pairs.batches(SIZE, batch=8):
        for pair in zip(masks, predict(model, images), strict=True):
            matrices.append(metrics.confusion_matrix(*pair, CARLA.num_classes))
    return np.array(matrices)


matrices = {"cross-entropy": confusion(plain, splits["test"])}
total = matrices["cross-entropy"].sum(axis=0)
show.table(metrics.report(total, CARLA.names))
never = [CARLA.names[k] for k in np.flatnonzero(total.sum(axis=0) == 0)]
print("never predicted:", ", ".join(never))
majority = np.zeros_like(total)
majority[:, np.argmax(counts["train"])] = total.sum(axis=1)
for name, matrix in [("all background", majority), ("U-Net", total)]:
    accuracy, mean_iou = metrics.pixel_accuracy(matrix), metrics.mean_iou(matrix)
    print(f"{name}: accuracy {accuracy:.3f}, mean IoU {mean_iou:.3f}")

# %% [markdown]
# **What we see.** Nine pixels of ten are right, and six classes are never predicted: precision nan, sensitivity 0, specificity a perfect and
# meaningless 1. All of them own less than one per cent of the pixels. The mean IoU notices, the accuracy does not.
#
# The notes report the mean *over images* of each image's Dice. **Is that another number than Dice over the set?** Images without the class do
# not count here.


# %%
def over_images(matrices):
    """Mean over the images of each class's Dice; images without the class in mask and prediction do not count."""
    scores = np.array([metrics.dice(matrix) for matrix in matrices])
    seen = np.isfinite(scores)
    return np.where(seen, scores, 0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)


notes = [0.745, 0.328, 0.080, 0.066, 0, 0.021, 0.157, 0.870, 0.685, 0.213, 0.941, 0.072, 0]
columns = {
    "Dice over the set": metrics.dice(total),
    "mean over images": over_images(matrices["cross-entropy"]),
}
show.table(
    [
        {"class": name}
        | {title: float(values[k]) for title, values in columns.items()}
        | {"notes, 50 epochs": float(notes[k])}
        for k, name in enumerate(CARLA.names)
    ]
)

# %% [markdown]
# **What we see.** Frequent classes hardly change; *building* and *wall*, large in some frames and slivers in others, score less over images, where
# a sliver counts as much as a façade. Say which one you report. The notes' set, size and net differ; yet there, too, pedestrians and signs are 0.
#
# One class after the other: what are its pixels called, and what is called by its name?

# %%
from course_utils import demos

demos.confusion(total, CARLA, share=share["train"])

# %% [markdown]
# ## 6 · Lift the rare
# Rewarded pixel by pixel, the network has no reason to say *sign*. Give rare classes more weight. Median frequency itself makes a sign's pixel
# worth hundreds of road pixels, and every dark dot becomes a sign. A power below 1 tempers it.

# %%
weights = (np.median(share["train"]) / share["train"]) ** TEMPER
weights /= (weights * share["train"]).sum()  # so that the mean pixel has weight 1
print({name: round(float(weight), 2) for name, weight in zip(CARLA.names, weights, strict=True)})
weighted, weighted_history = train_unet(CrossEntropy(weights, from_logits=True))
matrices["weighted"] = confusion(weighted, splits["test"])

# %%
sums = {name: matrix.sum(axis=0) for name, matrix in matrices.items()}
by_class = {name: metrics.iou(matrix) for name, matrix in sums.items()}
rows = [
    {"class": name, "% of pixels": 100 * share["test"][k]}
    | {f"IoU, {way}": float(values[k]) for way, values in by_class.items()}
    for k, name in enumerate(CARLA.names)
]
for name, score in [("mean IoU", metrics.mean_iou), ("pixel accuracy", metrics.pixel_accuracy)]:
    found = {f"IoU, {way}": score(matrix) for way, matrix in sums.items()}
    rows.append({"class": f"*{name}*", "% of pixels": 100.0} | found)
show.table(rows)

# %% tags=["picture"]
zero = np.flatnonzero((share["train"] < 0.01) & (by_class["cross-entropy"] < 0.005))
lifted = zero[by_class["weighted"][zero] > 0.05]
for text, classes in [("at 0 with cross-entropy", zero), ("lifted above 0.05", lifted)]:
    print(f"under 1 % of the pixels and {text}: {', '.join(CARLA.names[k] for k in classes)}")

some = splits["test"][:: len(splits["test"]) // 4 + 1]
images, masks = some.arrays(SIZE)
networks = {"cross-entropy": plain, "weighted": weighted}
guesses = {name: predict(model, images) for name, model in networks.items()}
alt = "Test streets, masks, and two predictions: only the weighted network draws lines and poles."
show.pairs(images, masks, CARLA, predictions=guesses, alt=alt)

# %% tags=["record"]
record(rare_at_zero=len(zero), rare_lifted=len(lifted))
record(road_lines=by_class["weighted"][6], poles=by_class["weighted"][5])
record(mean_iou_plain=metrics.mean_iou(sums["cross-entropy"]))
record(mean_iou_weighted=metrics.mean_iou(sums["weighted"]))

# %% [markdown]
# **What we see.** Two classes that were at 0 come up: road lines to {{road_lines:.2f}}, poles to {{poles:.2f}}; *other* stirs. The mean
# IoU gains. The price stands in the table, too: *building* loses, and so does the accuracy, because thin things are now drawn too thick.
# Signs and pedestrians stay near 0: at this size most of them are a few pixels, and no weight adds pixels. One seed.
#
# ### Exercise 6.1 · The price
# `plain` and `weighted` are arrays of IoU, one a class, `share` their shares of the pixels. Return the change of the mean IoU and the change of
# the *frequency-weighted* IoU from plain to weighted. Watch the signs: who pays?


# %% tags=["exercise"]
def price(plain, weighted, share):
    # BEGIN SOLUTION
    change = weighted - plain
    return change.mean(), (share * change).sum()
    # END SOLUTION


# %%
ex.q6_1.check(price)

# %% [markdown]
# ## 7 · Which distortions suit a street?
# The course notes augment this set with albumentations: transpose, flips, brightness and contrast, blur, hue. Look at each one before you use it.
# Mask and frame go in together; the library moves masks by nearest neighbour and leaves their values alone.

# %%
steps = {
    "as it is": A.NoOp(),
    "mirror": A.HorizontalFlip(p=1),
    "upside down": A.VerticalFlip(p=1),
    "transpose": A.Transpose(p=1),
    "brightness": A.RandomBrightnessContrast((0.3, 0.3), (0.1, 0.1), p=1),
    "blur": A.GaussianBlur(p=1, blur_limit=(5, 7)),
    "hue": A.HueSaturationValue((20, 20), (30, 30), (0, 0), p=1),
}
square = np.s_[: SIZE[0], : SIZE[0]]
distorted = {}
for name, step in steps.items():
    distort, rng = paired(step), np.random.default_rng(SEED)
    pieces = (splits["test"].read(n, SIZE) for n in range(len(splits["test"])))
    distorted[name] = [distort(image[square], mask[square], rng) for image, mask in pieces]

number = len(splits["test"]) // 3
pictures = [pairs[number][0] for pairs in distorted.values()]
alt = "A square piece of a street under seven distortions; transposed, the road stands upright."
show.images(pictures, list(steps), columns=7, alt=alt)

# %%
rows = []
for name, pairs in distorted.items():
    images, masks = (np.stack(part) for part in zip(*pairs, strict=True))
    assert set(np.unique(masks)) <= set(range(CARLA.num_classes))
    said = np.concatenate([predict(weighted, image[None] / np.float32(255)) for image in images])
    matrix = metrics.confusion_matrix(masks, said, CARLA.num_classes)
    scores = {
        "pixel accuracy": metrics.pixel_accuracy(matrix),
        "mean IoU": metrics.mean_iou(matrix),
    }
    rows.append({"distortion of the test frames": name} | scores)
show.table(rows)

# %% tags=["record"]
record(iou_as_it_is=rows[0]["mean IoU"], iou_transposed=rows[3]["mean IoU"])

# %% [markdown]
# **What we see.** Mirrored, a street is a street. Brightness, blur and hue come with other cameras and weather, and cost two fifths of the mean IoU
# and more: distortions worth training with.
#
# > **Pitfall · the frame that never comes.** Transposed or upside down, the network is lost. Trained on that, it would spend its filters on streets
# > nobody drives. The way to notice: look, and ask whether a camera could have taken it.
#
# ## 8 · A foreign street
# A few hundred lines of Python draw our streets. **What does the network make of frames from the real simulator?** We have three. Tuning on two and
# testing on the third, in turn, shows what a handful changes.

# %%
import os

places = [*os.environ.get("COURSE_DATA", "").split(os.pathsep), "data"]
found = [course / place / "carla_lyft" for place in places]
found = [place for place in found if place.is_dir()]
if found:
    real = data.carla(found[0], "all")
    print(f"{len(real)} frames of the Lyft challenge")
else:
    real = splits["test"][:: len(splits["test"]) // 3][:3]
    print("No real frames in data/carla_lyft: generated ones stand in and prove nothing.")

# %%
tuned = build_unet(WIDTH)
tuned.compile(optimizer=keras.optimizers.SGD(0.02), loss=CrossEntropy(weights, from_logits=True))


def tune_without(left_out):
    """The weighted network after some steps: half real frames except `left_out`, half old ones."""
    tuned.set_weights(weighted.get_weights())
    others, half = np.delete(np.arange(len(real)), left_out), 2 * TUNING_STEPS
    new, old = real[np.resize(others, half)], train[np.resize(np.arange(len(train)), half)]
    mixed = data.Pairs(new.images + old.images, new.masks + old.masks, CARLA, red=True)
    batches = mixed.batches(SIZE, batch=4, augment=crops, shuffle=True)
    tuned.fit(batches, shuffle=False, verbose=0)
    return tuned


# %%
guesses = {"as trained": [], "two real frames more": []}
for number in range(len(real)):
    image, _ = real[number].arrays(SIZE)
    guesses["as trained"].append(predict(weighted, image)[0])
    guesses["two real frames more"].append(predict(tune_without(number), image)[0])
guesses = {name: np.array(said) for name, said in guesses.items()}
images, masks = real.arrays(SIZE)
alt = "Three real frames, their masks, and predictions before and after tuning on the other two."
show.pairs(images, masks, CARLA, predictions=guesses, alt=alt)

# %%
guesses["all road"] = np.full_like(masks, CARLA.names.index("road"))
rows = []
for name, said in guesses.items():
    matrix = metrics.confusion_matrix(masks, said, CARLA.num_classes)
    scores = {
        "pixel accuracy": metrics.pixel_accuracy(matrix),
        "mean IoU": metrics.mean_iou(matrix),
    }
    rows.append({"on real frames": name} | scores)
show.table(rows)

# %% tags=["record"]
record(real_iou=rows[0]["mean IoU"], real_iou_tuned=rows[1]["mean IoU"])

# %% [markdown]
# **What we see.** A network that has never seen the real simulator gets three pixels of four right; its mean IoU, {{real_iou:.2f}}, is not
# far below the {{mean_iou_weighted:.2f}} on our own test streets. Road, trees, sky and bonnet carry over. The wet road does not: there it
# sees pavement, walls and holes.
#
# Two real frames more bring nothing: {{real_iou_tuned:.2f}}. They show two other places in other light, and those two are what is learnt.
# A handful helps where it resembles what comes. Three frames cannot say more than that.
#
# Browse the test streets and both networks yourself.

# %%
images, masks = splits["test"].arrays(SIZE)
guesses = {
    name: np.concatenate([predict(model, images[n : n + 8]) for n in range(0, len(images), 8)])
    for name, model in networks.items()
}
demos.predictions(images, masks, CARLA, guesses)

# %% [markdown]
# ## 9 · Recap
#
# You can now
# - **read** masks whose classes stand in the red channel, with `tf.data` or without;
# - **inspect** a set: by eye, by world so that no neighbour leaks, and by the share of each class;
# - **stop** by the validation Dice, because accuracy is level long before the rare classes are learnt;
# - **explain** a table by class: never predicted, mistaken, or flattered by the own bonnet;
# - **lift** rare classes by weights, and say what that costs the others.
#
# **Words** [class imbalance, confusion matrix, early stopping](glossary.md) in three languages.
#
# **Try next** TEMPER 0.5 and 1; the Dice loss of lesson 06 in place of weights. Lesson 08 cuts pictures that do not fit into memory.

# %% [markdown]
# **References** Dosovitskiy et al. (2017), *CARLA: an open urban driving simulator*, arXiv:1711.03938. Badrinarayanan, Kendall, Cipolla (2017),
# *SegNet*, doi:10.1109/TPAMI.2016.2644615, and Eigen, Fergus (2015), arXiv:1411.4734: median frequency balancing. Buslaev et al. (2020),
# *Albumentations*, doi:10.3390/info11020125.
