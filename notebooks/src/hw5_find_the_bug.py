# %% [markdown]
# # Homework 5 · Find the bug
#
# You visit fourteen programs, each with a mistake that was really published, and build an instrument that exposes it.
#
# {{picture}}

# %% [markdown]
# **You need** [06 · Losses and metrics](../06_losses_and_metrics.ipynb) and, for the last ones,
# [05 · Membranes](../05_membranes.ipynb) and [08 · Land cover](../08_land_cover.ipynb).
#
# **Time** 5 to 8 hours · compute {{time}}, memory {{memory}}
#
# **Data** on disk {{data}}: all pictures are made here, CC BY 4.0.
#
# **How it works** No exhibit stops with an error; each is plausible. An **instrument** is a function that gets a suspect *program*, feeds
# it something, and tells from what comes out whether it is ill. The check hands your instrument other programs, broken and healthy ones,
# and names the kind that it missed or wrongly accused. Names and source code tell nothing: they hide both.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
SIDE = 64  # of the toy pictures, in pixels

# %% [markdown]
# ## Core
# ### Exercise 1 · Labels from nowhere
# A mask has to become smaller. *Seen in* [image-segmentation-keras#11](https://github.com/divamgupta/image-segmentation-keras/issues/11)
# (2018), where a default interpolates, and in the preprocessing layers of Keras until 3.13
# ([keras#20857](https://github.com/keras-team/keras/issues/20857)). Three classes go in. How many come out?
#
# **Instrument** `invents_labels(resize)`: `resize(mask, height, width)` takes and gives a mask (height, width) of class ids; you make the
# mask, uint8. True if any label comes out that did not go in, however the mask was chosen.

# %% tags=["picture"]
import cv2
import numpy as np

from course_utils import show

mask = np.zeros((SIDE, SIDE), np.uint8)
cv2.circle(mask, (SIDE // 3, SIDE // 3), SIDE // 4, 7, -1)
cv2.rectangle(mask, (SIDE // 2, SIDE // 2), (SIDE - 5, SIDE - 5), 12, -1)


def resize_1(mask, height, width):
    return cv2.resize(mask, (width, height))


smaller = resize_1(mask, SIDE // 3, SIDE // 3)
print("labels before:", np.unique(mask), " after:", np.unique(smaller))
strange = ~np.isin(smaller, mask)
alt = (
    "A mask of three labels, the mask made smaller, and its pixels with labels that did not exist."
)
titles = ["mask", "smaller", "invented"]
show.images([mask / 12, smaller / 12, strange * 1.0], titles, alt=alt, size=2.0)


# %% tags=["exercise"]
def invents_labels(resize):
    # BEGIN SOLUTION
    mask = np.uint8(200 * np.random.default_rng(0).integers(0, 2, (12, 12)))
    results = [resize(mask, *size) for size in [(7, 7), (31, 31)]]
    return not all(np.isin(result, [0, 200]).all() for result in results)
    # END SOLUTION


# %%
ex.q1.check(invents_labels)

# %% [markdown]
# ### Exercise 2 · Blue people
# OpenCV reads blue, green, red; networks trained elsewhere expect red, green, blue. Nothing stops: the scores are only a little lower. *Seen
# in* [tensorpack#176](https://github.com/tensorpack/tensorpack/issues/176) (2017),
# [OCNet.pytorch#11](https://github.com/openseg-group/OCNet.pytorch/issues/11) (2018), and in the course notes of Cityscapes.
#
# **Instrument** `swaps_channels(read)`: `read(path)` reads a picture file, (height, width, 3), in any range of values. True if its
# channels are not red, green, blue. Make the files yourself, in a temporary folder, and mind who writes them.

# %%
import tempfile
from pathlib import Path

from PIL import Image


def read_2(path):
    return cv2.imread(str(path))


with tempfile.TemporaryDirectory() as folder:
    tomato = np.zeros((SIDE, SIDE, 3), np.uint8) + np.uint8([60, 120, 60])
    cv2.circle(tomato, (SIDE // 2, SIDE // 2), SIDE // 3, (220, 30, 20), -1)
    Image.fromarray(tomato).save(Path(folder) / "tomato.png")
    seen = read_2(Path(folder) / "tomato.png")
alt = "A red tomato on green, as it was saved, and as the suspect hands it on: blue."
show.images([tomato, seen], ["saved", "read"], alt=alt, size=2.0)

# %% tags=["exercise"]
import tempfile
from pathlib import Path

from PIL import Image


def swaps_channels(read):
    # BEGIN SOLUTION
    with tempfile.TemporaryDirectory() as folder:
        for channel in range(3):
            picture = np.zeros((8, 8, 3), np.uint8)
            picture[..., channel] = 255
            path = Path(folder) / f"{channel}.png"
            Image.fromarray(picture).save(path)
            if read(path).mean(axis=(0, 1)).argmax() != channel:
                return True
    return False
    # END SOLUTION


# %%
ex.q2.check(swaps_channels)

# %% [markdown]
# ### Exercise 3 · Two scores that flatter, or the reverse
# `iou_3` multiplies probabilities with the mask: a fine loss, reported as *IoU*
# ([segmentation_models#68](https://github.com/qubvel/segmentation_models/issues/68), 2019). `iou_4` is scored batch by batch and averaged
# ([segmentation_models.pytorch#330](https://github.com/qubvel-org/segmentation_models.pytorch/issues/330), 2021;
# [CE2P#43](https://github.com/liutinglt/CE2P/issues/43), 2020).
#
# **Instrument** `is_soft(metric)`: `metric(mask, probabilities)` gets ids (height, width) and probabilities (height, width, classes), two
# classes or more, and gives a number. True if more than the class ids counts.

# %%
from course_utils import metrics


def iou_3(mask, probabilities):
    truth = np.eye(probabilities.shape[-1])[mask]
    both = (truth * probabilities).sum(axis=(0, 1))
    return (both / (truth + probabilities - truth * probabilities).sum(axis=(0, 1))).mean()


def iou_4(masks, predictions, batch):
    parts = [np.s_[i : i + batch] for i in range(0, len(masks), batch)]
    tables = [metrics.confusion_matrix(masks[part], predictions[part], 3) for part in parts]
    return np.mean([metrics.mean_iou(table) for table in tables])


truth = (mask > 0) * 1
for sure in (0.6, 0.9, 1.0):
    right = sure * np.eye(2)[truth] + (1 - sure) * np.eye(2)[1 - truth]
    print(f"every pixel right, with probability {sure}: {iou_3(truth, right):.3f}")
masks = np.zeros((6, SIDE, SIDE), int)
masks[:, SIDE // 2 :], masks[0, :8, :8] = 1, 2
predictions = np.where(masks == 2, 0, masks)
by_batch = {batch: f"{iou_4(masks, predictions, batch):.3f}" for batch in (1, 2, 3, 6)}
print("mean IoU of one prediction, by batch size:", by_batch)


# %% tags=["exercise"]
def is_soft(metric):
    # BEGIN SOLUTION
    mask = np.arange(12).reshape(3, 4) % 3
    sure = np.eye(3)[(mask + (mask == 2)) % 3]  # one class is mistaken
    hesitant = 0.4 * sure + 0.2
    return bool(abs(metric(mask, sure) - metric(mask, hesitant)) > 1e-6)
    # END SOLUTION


# %%
ex.q3.check(is_soft)

# %% [markdown]
# ### Exercise 4 · A score that depends on the batch
# **Instrument** `depends_on_batching(evaluate)`: `evaluate(masks, predictions, batch)` gets ids (N, height, width) twice, takes `batch`
# images at a time, and gives a number. True if that number depends on `batch`.


# %% tags=["exercise"]
def depends_on_batching(evaluate):
    # BEGIN SOLUTION
    rng = np.random.default_rng(0)
    masks = rng.integers(0, 2, (7, 6, 6))
    masks[0, :2] = 2  # a class of one image alone
    predictions = np.where(rng.random(masks.shape) < 0.7, masks, 0)
    predictions[-1] = 1 - np.minimum(masks[-1], 1)  # the last image is worse than the rest
    scores = [evaluate(masks, predictions, batch) for batch in range(1, 8)]
    return bool(np.ptp(scores) > 1e-9)
    # END SOLUTION


# %%
ex.q4.check(depends_on_batching)

# %% [markdown]
# ### Exercise 5 · One axis too many
# The mean IoU of *one-hot* arrays (images, height, width, classes): for each class, over all pixels of all images; then the mean over
# classes. *Seen in* the course notes (classes and rows in one sum) and [keras#19637](https://github.com/keras-team/keras/issues/19637)
# (2024): `Dice()` sums over everything unless told.
#
# **Instrument** `wrong_axes(score)`: `score(truth, prediction)` gets two such arrays of 0 and 1; let every class occur. True if it is
# not the mean IoU above.


# %%
def mean_iou_5(truth, prediction):
    both, either = truth * prediction, np.maximum(truth, prediction)
    return both.sum() / either.sum()


one_hot = np.eye(3)[masks]
print(f"the suspect's mean IoU: {mean_iou_5(one_hot, np.eye(3)[predictions]):.3f}")
by_class = metrics.iou(metrics.confusion_matrix(masks, predictions, 3))
print("IoU of the three classes:", by_class.round(3))


# %% tags=["exercise"]
def wrong_axes(score):
    # BEGIN SOLUTION
    rng = np.random.default_rng(0)
    ids = rng.choice(3, (3, 6, 8), p=[0.7, 0.2, 0.1])
    said = np.where(rng.random(ids.shape) < 0.6, ids, rng.integers(0, 3, ids.shape))
    both = [((ids == c) & (said == c)).sum() for c in range(3)]
    either = [((ids == c) | (said == c)).sum() for c in range(3)]
    by_hand = np.mean(np.array(both) / either)
    return bool(abs(score(np.eye(3)[ids], np.eye(3)[said]) - by_hand) > 1e-3)
    # END SOLUTION


# %%
ex.q5.check(wrong_axes)
ex.progress()

# %% [markdown] tags=["teacher"]
# > **Analysis, Core.** Two ideas carry all five. *Invariance*: change what must not matter (hesitation, batch size), and see whether the
# > answer moves. *A case worked out by hand*: labels 0 and 200, one lit channel, a random batch counted in a loop. Both fail on friendly
# > input: labels 0, 1, 2 excuse an interpolated 1; grey pictures have no channels; perfect predictions score 1 in every broken metric;
# > batches that divide the set hide a dropped remainder. Choose input without symmetry.

# %% [markdown]
# ## Apply
# ### Exercise 6 · What nobody labelled
# 255 is *void*: no annotator could tell. It must not count, neither for nor against. *Seen in*
# [WSIS_BBTP#11](https://github.com/chengchunhsu/WSIS_BBTP/issues/11) (2020): left out of the overlap, kept in the union; reported of
# [gluon-cv#211](https://github.com/dmlc/gluon-cv/issues/211) (2018).
#
# **Instrument** `counts_void(score)`: `score(mask, prediction)` gets ids of the same shape, 255 in the mask only, and gives a number.
# True if void has any influence on it.


# %%
def accuracy_6(mask, prediction):
    return (mask == prediction).mean()


road = np.zeros((SIDE, SIDE), int)
road[:, SIDE // 2 :] = 1
bonnet = road.copy()
bonnet[-SIDE // 4 :] = 255
print(
    f"a perfect answer: {accuracy_6(road, road):.2f}, with a quarter void {accuracy_6(bonnet, road):.2f}"
)


# %% tags=["exercise"]
def counts_void(score):
    # BEGIN SOLUTION
    mask = np.repeat([[0, 1, 2, 255]], 6, axis=0)
    said = np.random.default_rng(0).integers(0, 3, mask.shape)
    without = score(mask[:, :3], said[:, :3])
    for label in range(3):
        said[:, 3] = label
        if abs(score(mask, said) - without) > 1e-9:
            return True
    return False
    # END SOLUTION


# %%
ex.q6.check(counts_void)

# %% [markdown]
# ### Exercises 7 and 8 · Two last layers
# `loss_7` gets what a softmax layer gives, and applies the softmax that a loss "from logits" holds
# ([tflearn#562](https://github.com/tflearn/tflearn/pull/562), 2017; [dana#1](https://github.com/mmalekzadeh/dana/issues/1), 2021). `head_8`
# rectifies before the sigmoid ([deepcell-tf#624](https://github.com/vanvalenlab/deepcell-tf/issues/624), 2022;
# [VoxelNet-tensorflow#33](https://github.com/tsinghua-rll/VoxelNet-tensorflow/issues/33), 2018).
#
# **Instrument 7** `softmax_twice(loss, num_classes)`: `loss(logits, label)` gives the cost of one pixel, from the last layer's logits
# `(num_classes,)` to the end. True if anything squeezes them a second time.
#
# **Instrument 8** `never_background(head)`: `head(logits)` turns logits of any shape into probabilities of *object*. True if no logit,
# however large or small, brings the probability below 0.5.


# %%
def softmax(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def loss_7(logits, label):
    probabilities = softmax(logits)  # the network's last layer
    return -np.log(softmax(probabilities)[label])  # the loss, told that it gets logits


def head_8(logits):
    return 1 / (1 + np.exp(-np.maximum(logits, 0)))


for sure in (0.0, 5.0, 50.0):
    logits = np.array([sure, 0.0, 0.0])
    healthy_loss = abs(np.log(softmax(logits)[0]))
    print(f"logit {sure:4}: cost {loss_7(logits, 0):.3f}, without the slip {healthy_loss:.3f}")
print("probabilities for logits −9, 0, 9:", head_8(np.array([-9.0, 0.0, 9.0])).round(3))


# %% tags=["exercise"]
def softmax_twice(loss, num_classes):
    # BEGIN SOLUTION
    logits = np.zeros(num_classes)
    logits[1] = 50.0
    return bool(loss(logits, 1) > 0.1)
    # END SOLUTION


# %%
ex.q7.check(softmax_twice)


# %% tags=["exercise"]
def never_background(head):
    # BEGIN SOLUTION
    return bool(head(np.linspace(-50.0, 50.0, 101)).min() >= 0.5 - 1e-9)
    # END SOLUTION


# %%
ex.q8.check(never_background)

# %% [markdown]
# ### Exercise 9 · Two heads
# `pyramid_9` is the "atrous" pyramid of the course notes: dilation 6, 12, 18, all with 1×1 kernels. A loop that returned inside its body, and
# used two branches of four, lived in [AdvSemiSeg#63](https://github.com/hfslyc/AdvSemiSeg/pull/63) (2021) and its heirs
# ([PixelSSL#3](https://github.com/ZHKKKe/PixelSSL/issues/3), 2020). `shape_10` gives what the notes' PSPNet gives.
#
# **Instrument** `field_of_view(head)`: `head(images)` takes (1, n, n, 1), any n, and gives NumPy features (1, n, n, any). Return the side, in
# pixels, of the square window from which one output pixel reads.

# %%
import keras

branches = [keras.layers.Conv2D(4, 1, dilation_rate=rate) for rate in (6, 12, 18)]


def pyramid_9(images):
    parts = [keras.ops.convert_to_numpy(branch(images)) for branch in branches]
    return np.concatenate(parts, axis=-1)


def shape_10(images):
    features = keras.layers.AveragePooling2D(32)(images)
    return keras.ops.convert_to_numpy(keras.layers.Conv2D(5, 1)(features))


image = np.random.default_rng(0).random((1, 64, 64, 1), dtype=np.float32)
print("pyramid:", image.shape, "→", pyramid_9(image).shape, " as it should be")
print("PSPNet:", image.shape, "→", shape_10(image).shape, " beside labels of 64×64")


# %% tags=["exercise"]
def field_of_view(head):
    # BEGIN SOLUTION
    black = np.zeros((1, 129, 129, 1), np.float32)
    lit = black.copy()
    lit[0, 64, 64] = 1
    rows = np.flatnonzero((head(lit) != head(black)).any(axis=(0, 2, 3)))
    return rows.max() - rows.min() + 1
    # END SOLUTION


# %%
ex.q9.check(field_of_view)

# %% [markdown]
# ### Exercise 10 · An output too small
# Whoever shrinks the labels to fit such an output compares with other papers in vain
# ([HRNet-Semantic-Segmentation#17](https://github.com/HRNet/HRNet-Semantic-Segmentation/issues/17), 2019: the same surprise, a quarter of the
# side).
#
# **Instrument** `wrong_size(network)`: `network(images)` takes float32 (1, height, width, 3), sides multiples of 32, and gives
# (1, ?, ?, channels). True if, for any such image, height and width of the output are not those of the image.


# %% tags=["exercise"]
def wrong_size(network):
    # BEGIN SOLUTION
    sizes = [(32, 64), (96, 32), (64, 64)]
    outputs = [network(np.zeros((1, *size, 3), np.float32)) for size in sizes]
    return any(np.shape(out)[1:3] != size for out, size in zip(outputs, sizes, strict=True))
    # END SOLUTION


# %%
ex.q10.check(wrong_size)
ex.progress()

# %% [markdown] tags=["teacher"]
# > **Analysis, Apply.** Void needs the stronger test: an accuracy in which void is always wrong does not move when predictions *in* void
# > change, only when void is cut away. The last layers are found at extremes: logits of 50, where a healthy loss costs 0 and a doubled
# > softmax at least $0.31$. At logits of 0, where training starts, both cost log C: this is why the slip survives the first look. One lit
# > pixel measures any head, whatever its code promises; non-square images measure any network.

# %% [markdown]
# ## Explore
# ### Exercise 11 · A mask that stays behind
# Two generators, the same arguments, two draws. *Seen in* [keras#12075](https://github.com/keras-team/keras/issues/12075) (2019) and
# [Augmentor#188](https://github.com/mdbloice/Augmentor/issues/188) (2019).
#
# **Instrument** `moves_apart(augment)`: `augment(image, mask, rng)` takes uint8 (height, width, 1), a mask uint8 (height, width) and a NumPy
# Generator, and gives both back distorted. True if the two ever move differently. The image's brightness may change and its edges may be
# interpolated: that is healthy.

# %%
from course_utils.augment import Affine

turn = Affine(rotation=40)


def augment_11(image, mask, rng):
    return turn(image, mask, rng)[0], turn(image, mask, rng)[1]


shape = np.uint8(mask > 0)
moved, left = augment_11(shape[..., None] * 255, shape, np.random.default_rng(10))
alt = "A shape, the image after augmentation, and its mask: they were turned by different angles."
show.images([shape * 255, moved, left * 255], ["before", "image", "mask"], alt=alt, size=2.0)


# %% tags=["exercise"]
def moves_apart(augment):
    # BEGIN SOLUTION
    rng = np.random.default_rng(0)
    mask = np.zeros((48, 48), np.uint8)
    mask[8:36, 10:18] = mask[8:14, 10:34] = 1  # neither a flip nor a turn maps it onto itself
    for _ in range(30):
        image, moved = augment(30 + 190 * mask[..., None], mask, rng)
        bright = image[..., 0] > (float(image.min()) + image.max()) / 2
        if (bright != moved.astype(bool)).mean() > 0.05:
            return True
    return False
    # END SOLUTION


# %%
ex.q11.check(moves_apart)

# %% [markdown]
# ### Exercise 12 · Neighbours on both sides
# Tiles of three mosaics are shuffled, then split. *Seen in* [SpectralNET#2](https://github.com/tanmay-ty/SpectralNET/issues/2) (2022),
# [RIAWELC#2](https://github.com/stefyste/RIAWELC/issues/2) (2026), and with frames of films in
# [OCTRON-GUI#89](https://github.com/OCTRON-tracking/OCTRON-GUI/issues/89) (2026). Below, an answer that never looks at an image copies the
# mask of the nearest training tile.
#
# **Instrument** `leaks(train, test, side)`: lists of `(mosaic, row, column)`, the upper left corner in pixels of square tiles of that side. True
# if a tile of one list overlaps or touches, also at a corner, one of the other.

# %%
rng = np.random.default_rng(0)
noise = rng.random((3, 8 * SIDE, 8 * SIDE), dtype=np.float32)
fields = [cv2.GaussianBlur(one, (0, 0), 0.6 * SIDE) for one in noise]
truths = [np.uint8(field > np.median(field)) for field in fields]
tiles = [(m, r * SIDE, c * SIDE) for m in range(3) for r in range(8) for c in range(8)]


def cut(tile):
    mosaic, row, column = tile
    return truths[mosaic][row : row + SIDE, column : column + SIDE]


def blind_score(train, test):
    """Accuracy of the mask of the nearest training tile, the mosaics laid side by side."""
    places = np.array([(row, column + 9 * SIDE * mosaic) for mosaic, row, column in tiles])
    where = dict(zip(tiles, places, strict=True))
    near = [min(train, key=lambda other: np.abs(where[other] - where[tile]).sum()) for tile in test]
    return np.mean([cut(a) == cut(b) for a, b in zip(near, test, strict=True)])


shuffled = [tiles[i] for i in rng.permutation(len(tiles))]
print(f"tiles shuffled: {blind_score(shuffled[64:], shuffled[:64]):.2f}")
print(f"mosaic 2 held out: {blind_score(tiles[:128], tiles[128:]):.2f}")


# %% tags=["exercise"]
def leaks(train, test, side):
    # BEGIN SOLUTION
    for mosaic, row, column in train:
        for other, down, right in test:
            if mosaic == other and max(abs(row - down), abs(column - right)) <= side:
                return True
    return False
    # END SOLUTION


# %%
ex.q12.check(leaks)

# %% [markdown]
# ### Exercise 13 · Right in training, wrong in use
# Batch normalisation keeps moving statistics for later. With Keras' momentum of 0.99 and 20 steps, or with tiny batches, they are far off
# (Ioffe, arXiv:1702.03275, 2017; [DMS#30](https://github.com/BCV-Uniandes/DMS/issues/30), 2019: a network that is evaluated in training mode
# for this very reason).
#
# **Instrument** `differs_in_use(model, images)`: `model(images, training)` gives probabilities (batch, height, width, classes). True if more
# than a tenth of the pixels change class between `training=True` and `training=False`. A little difference is healthy.

# %%
normalise = keras.layers.BatchNormalization()
batches = np.random.default_rng(0).normal([3.0, 0.0, -3.0], 2, (20, 2, 16, 16, 3))


def model_13(images, training):
    return keras.ops.convert_to_numpy(
        keras.ops.softmax(normalise(np.float32(images), training=training))
    )


for batch in batches:
    model_13(batch, training=True)  # twenty steps of two images
kept = keras.ops.convert_to_numpy(normalise.moving_mean).round(2)
print("mean of the features [3, 0, −3]; moving mean after 20 steps:", kept)
shares = [np.bincount(model_13(batch, t).argmax(-1).ravel()) / batch[..., 0].size for t in (1, 0)]
print("classes while training:", shares[0].round(2), " in use:", shares[1].round(2))


# %% tags=["exercise"]
def differs_in_use(model, images):
    # BEGIN SOLUTION
    training, in_use = (model(images, mode).argmax(axis=-1) for mode in (True, False))
    return bool((training != in_use).mean() > 0.1)
    # END SOLUTION


# %%
ex.q13.check(differs_in_use)

# %% [markdown]
# ### Exercise 14 · Ten of what?
# "Rotation 10": degrees in one library, radians in `math.sin`, and full turns in Keras' `RandomRotation`, where 10 would be every angle.
# *Seen in* [keras#8868](https://github.com/keras-team/keras/pull/8868) (2017: the shear next to a rotation in degrees was in radians) and
# [pmx#9](https://github.com/dseeliger/pmx/issues/9) (2019).
#
# **Instrument** `unit_of(rotate)`: `rotate(image, angle)` turns a square image (n, n) about its centre, to either side, without interpolation.
# Return `"degrees"`, `"radians"` or `"turns"`.


# %%
def rotate_14(image, angle):
    middle = (image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2
    matrix = cv2.getRotationMatrix2D(middle, np.degrees(angle), 1)
    return cv2.warpAffine(image, matrix, image.shape[::-1], flags=cv2.INTER_NEAREST)


turned = [rotate_14(shape * 255, angle) for angle in (0, 5, 10)]
alt = "A shape, and the shape after 'rotation 5' and 'rotation 10': turned by 286 and 573 degrees."
show.images(turned, ["0", "5", "10"], alt=alt, size=2.0)


# %% tags=["exercise"]
def unit_of(rotate):
    # BEGIN SOLUTION
    picture = np.random.default_rng(0).integers(1, 200, (9, 9)).astype(np.uint8)
    quarters = {"degrees": 90, "radians": np.pi / 2, "turns": 0.25}
    either = [np.rot90(picture, way) for way in (1, -1)]

    def agreement(unit):
        return max((rotate(picture, quarters[unit]) == result).mean() for result in either)

    return max(quarters, key=agreement)
    # END SOLUTION


# %%
ex.q14.check(unit_of)

# %% [markdown]
# ### Exercise 15 · Your own exhibit
# Add one: a mistake from your own code, or from an issue that you found. Write `broken` and `healthy`, two programs that are called alike, and
# `instrument(program)`, True for the broken one. The check wraps both, so that only what they do counts. Then describe the exhibit in a
# cell below: where was it seen, why is it plausible, what does it cost?


# %% tags=["exercise"]
def broken(probabilities):
    # BEGIN SOLUTION
    return np.round(probabilities).argmax(axis=-1)  # the course notes' land cover script
    # END SOLUTION


def healthy(probabilities):
    # BEGIN SOLUTION
    return probabilities.argmax(axis=-1)
    # END SOLUTION


def instrument(program):
    # BEGIN SOLUTION
    return bool(program(np.array([[0.2, 0.3, 0.45, 0.05]]))[0] != 2)  # no majority, still a winner
    # END SOLUTION


# %%
ex.q15.check([broken, healthy, instrument])
ex.progress()

# %% [markdown] tags=["teacher"]
# > **Analysis, Explore.** One try proves nothing where chance is at work: the flip of one image in four passes a single test three times in
# > four. A symmetric shape hides flips. The leak shows without any network: shuffled, a blind answer beats chance; with a mosaic held out
# > it does not. Moving statistics never equal a batch's, so ask for harm, not for equality. A quarter turn is the angle whose result is
# > known exactly; a full turn fits degrees *and* turns. In exercise 15 rounding makes every pixel without a majority class 0, silently.

# %% tags=["teacher"]
verdicts = {
    "1 invents_labels": invents_labels(resize_1),
    "2 swaps_channels": swaps_channels(read_2),
    "3 is_soft": is_soft(iou_3),
    "4 depends_on_batching": depends_on_batching(iou_4),
    "5 wrong_axes": wrong_axes(mean_iou_5),
    "6 counts_void": counts_void(accuracy_6),
    "7 softmax_twice": softmax_twice(loss_7, 3),
    "8 never_background": never_background(head_8),
    "9 field_of_view": field_of_view(pyramid_9) == 1,
    "10 wrong_size": wrong_size(shape_10),
    "11 moves_apart": moves_apart(augment_11),
    "12 leaks": leaks(shuffled[64:], shuffled[:64], SIDE),
    "13 differs_in_use": differs_in_use(model_13, batches[0]),
    "14 unit_of": unit_of(rotate_14) == "radians",
}
print([words for words, verdict in verdicts.items() if not verdict] or "all accused")

# %% tags=["record"]
record(exhibits_accused=sum(verdicts.values()))

# %% [markdown]
# ## Rubric
# | tier | exercises | points each | expected |
# |:--|:--|--:|:--|
# | Core | 1–5 | 6 | all five, about 2 hours |
# | Apply | 6–10 | 6 | four of five, about 2 hours |
# | Explore | 11–15 | 8 | two of five, about 3 hours |
#
# A correct check earns the points of 1 to 14. Exercise 15 earns 4 by its check and 4 by a person: a source (link), plausible, and a symptom
# in numbers; the progress line counts both. 100 points in all; pass with 50. An instrument that works only on the exhibit shown earns
# nothing: the check never uses that one.
