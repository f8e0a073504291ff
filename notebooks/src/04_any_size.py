# %% [markdown]
# # 04 · Any size in, any size out
#
# A network trained on 32×32 segments images of other sizes, fails for a reason that you can see, and is repaired by moving its shapes.
#
# {{picture}}

# %% [markdown]
# **You will be able to**
# **tell which layers fix the input size** and which do not ·
# **run a trained network on another size**, padded if it must be ·
# **show what a network learnt about position** ·
# **distort image and mask together** and notice when they part ·
# **count what a sliding window costs**.
#
# **You need** lessons [02](02_eliret_fcn.ipynb) and [03](03_eliret_unet.ipynb): the FCN, the U-Net, strides and `same` padding.
#
# **Time** reading 35 min, exercises 50 min, compute {{time}}, memory {{memory}}.
#
# **Data** {{data}}, CC BY 4.0 if generated.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
EPOCHS = 200  # of each FCN; the notes: 1000
UNET_EPOCHS = 80  # of each U-Net
UNET_WIDTHS = [8, 16, 32, 64]  # lesson 03: 20, 40, 80, 160
SEED = 7

# %% [markdown] tags=["teacher"]
# > **For teachers.** 90 minutes: 15 each for sections 1–3, 20 for section 4 (let them bet, then discuss the blank image: it is the
# > heart of the lesson), 15 for section 5, 10 for 6–7. Late? Leave out section 7. Common beliefs to meet: "a network that runs is
# > right"; "convolution knows nothing about position" (padding tells it); "one seed makes two generators equal".

# %% [markdown]
# ## 1 · Why does a convolution not ask for the size?
# Take the kernel (1, 2, 1) and slide it along four numbers, 0 1 1 0, with a zero at either end. At the second place it computes
# $1\cdot 0 + 2\cdot 1 + 1\cdot 1 = 3$. **What has to change if there are seven numbers?**
#
# A **dense layer** is different: each output has a weight of its own for *every* input. We give both layers both lengths.

# %%
import keras
import numpy as np


def convolve(signal, kernel):
    """At each place the sum of neighbours times kernel, with zeros beyond both ends."""
    padded = np.pad(signal, len(kernel) // 2)
    return [int(padded[place : place + len(kernel)] @ kernel) for place in range(len(signal))]


kernel = np.array([1, 2, 1])
convolution = keras.layers.Conv1D(1, 3, padding="same", use_bias=False)
convolution.build((None, None, 1))  # (batch, length, channels): no length is named
convolution.set_weights([kernel[:, None, None]])
dense = keras.layers.Dense(4, use_bias=False, name="dense")
dense.build((None, 4))  # here the length has to be known
print("weights:", convolution.count_params(), "convolution,", dense.count_params(), "dense layer")
for signal in (np.array([0, 1, 1, 0]), np.array([0, 1, 1, 0, 0, 3, 0])):
    by_keras = convolution(signal[None, :, None].astype("float32"))
    assert np.allclose(keras.ops.convert_to_numpy(by_keras).ravel(), convolve(signal, kernel))
    print(signal, "convolved:", convolve(signal, kernel))
    try:
        dense(signal[None].astype("float32"))
    except ValueError as error:
        print(str(error).splitlines()[0])

# %% [markdown]
# **What we see.** The convolution has three weights and uses them for both lengths. Where the two signals agree, so do the results. The
# dense layer has 16 weights, a 4×4 matrix, and seven numbers do not fit into it. A network whose layers all slide is **fully
# convolutional**; it has no input size of its own.
#
# ### Exercise 1.1 · Who needs to know the size?
# Maps (batch, height, width, 8) arrive; height and width are unknown. Name the letters that cannot be built then, such as `"AB"`.
#
# **A** `Conv2D` 3×3, stride 2 · **B** `MaxPooling2D` · **C** `Flatten`, then `Dense(10)` · **D** `UpSampling2D` ·
# **E** `GlobalAveragePooling2D`, then `Dense(10)` · **F** `BatchNormalization` · **G** `Dense(10)`, put on the maps as they are ·
# **H** `LayerNormalization(axis=(1, 2, 3))`. Try: `keras.layers.Dense(10)(keras.Input((None, None, 8)))`.

# %% tags=["exercise"]
# BEGIN SOLUTION
answer = "CH"
# END SOLUTION

# %%
ex.q1_1.check(answer)

# %% [markdown]
# ## 2 · Can a network trained on 32×32 segment 72×88?
# eliret comes with six larger images, of 72×88 or 80×88, each with several shapes. Nobody trains on them. They are our question. Since
# their sizes differ, they do not fit into one array, and we read them one by one.

# %%
from course_utils import data, metrics, models, show
from course_utils.classes import ELIRET
from data_scripts import ensure

folder = ensure("eliret")
train, validation, test, larger = (
    data.eliret(folder, split) for split in ("train", "val", "test", "larger")
)
images, masks = [], []
for number in range(len(larger)):
    one_image, one_mask = larger[number].arrays()  # arrays of one image, of one mask
    images.append(one_image[0])
    masks.append(one_mask[0])
titles = [f"{image.shape[0]}×{image.shape[1]}" for image in images[:3]]
alt = "Three larger images with several ellipses and rectangles each, and their masks."
show.pairs(images[:3], masks[:3], ELIRET, titles=titles, alt=alt)

# %% [markdown]
# Our network is the FCN of lesson 02: three convolutions with stride 2, three transposed ones. Its input is declared as
# `(None, None, 1)`: any height, any width, one channel. We train it on the 100 images of 32×32 as they are, with the shape in the
# middle. There is no dropout. So when we train it again in section 6, the data are the only difference.

# %%
from course_utils.training import fit


def trained(network, batches, epochs):
    """`network()`, a fresh one, trained on batches of 32×32."""
    keras.utils.set_random_seed(SEED)
    model = network()
    model.compile("adam", "mse")
    fit(model, batches, validation.arrays(), epochs=epochs)
    return model


def fcn():
    return models.fcn((None, None, 1), dropout=0)


centred = train.batches(batch=20, shuffle=True, seed=SEED)
before = trained(fcn, centred, EPOCHS)
print(f"FCN: {before.count_params():,} weights")
for height, width in [(32, 32), (72, 88)]:
    size = f"{height}×{width}"
    print(f"one dense layer from {size} to {size}: {(height * width) ** 2:,} weights")

# %% [markdown]
# Suppose somebody gave you a network that was declared for 32×32, as in lesson 02. It refuses a larger image. But its weights name no
# size, so you can **load them into the same network built for another shape**. Or you declare `(None, None, 1)` from the start. Here
# are both ways:


# %%
def output(model, images):
    """What the network gives for images (batch, height, width, 1): (batch, height, width)."""
    return keras.ops.convert_to_numpy(model(images))[..., 0]


image = images[0]
fixed, rebuilt = models.fcn((32, 32, 1), dropout=0), models.fcn(image.shape, dropout=0)
fixed.set_weights(before.get_weights())
rebuilt.set_weights(fixed.get_weights())  # or through a file: save_weights, load_weights
try:
    output(fixed, image[None])
except ValueError:
    print("declared for 32×32: refused")
print("rebuilt for this size:", output(rebuilt, image[None]).shape[1:])
print("declared with None:", output(before, image[None]).shape[1:])
assert np.allclose(output(rebuilt, image[None]), output(before, image[None]), atol=1e-6)

# %% [markdown]
# **What we see.** One set of 162,201 weights serves three declarations. The two that accept the larger image give equal outputs, of the
# size of the input. A dense layer would have needed a million weights for 32×32 and forty million for 72×88, and no way leads from one
# to the other.
#
# ### Exercise 2.1 · How large will it be?
# In this network `levels` convolutions with stride 2 and `same` padding each give half the side, rounded **up**. Then as many
# transposed ones double it. Which side comes out for an input of side `side`?


# %% tags=["exercise"]
def output_side(side, levels):
    # BEGIN SOLUTION
    for _ in range(levels):
        side = -(-side // 2)
    return side * 2**levels
    # END SOLUTION


# %%
ex.q2_1.check(output_side)

# %% [markdown]
# ## 3 · Really any size?
# 32, 72, 80 and 88 have something in common. **What does the network make of 70×86?** We cut such a piece out of the fourth image.


# %%
def segment(model, images):
    """Class of each pixel, uint8 (batch, height, width): object where the output is above 0.5."""
    return np.uint8(output(model, images) > 0.5)


chain = keras.Sequential(before.layers[2:])  # its convolutions alone, without the course's guard
piece, piece_mask = images[3][None, :70, :86], masks[3][None, :70, :86]
print("chain:", piece.shape[1:3], "→", output(chain, piece).shape[1:])
try:
    metrics.confusion_matrix(piece_mask, segment(chain, piece), 2)
except ValueError as error:
    print("metric:", error)
try:
    segment(before, piece)
except ValueError as error:
    print("FCN:", error)
try:
    models.unet((70, 86, 1))
except ValueError as error:
    print("U-Net:", error)

# %% [markdown]
# > **Pitfall · the size that does not come back.** 70 → 35 → 18 → 9 on the way down, 9 → 18 → 36 → 72 on the way up. The bare chain of
# > convolutions says nothing and gives two rows too many; only the metric notices. So the course's FCN asks first. The U-Net has to:
# > pooling rounds *down*, and at the first bridge 17 rows would meet 16. In networks of your own, `assert` the height and width of the output.
#
# Three halvings need a multiple of $2^3 = 8$. The remedy is to **pad** the image to the next one, predict, and **crop** the result.
# Here two rows and two columns are enough. We mirror them from the image, because a black strip would be an edge that nobody
# photographed.

# %%
padded = np.pad(piece, ((0, 0), (0, 2), (0, 2), (0, 0)), mode="reflect")  # rows, columns
cropped = output(before, padded)[:, :70, :86]
print(piece.shape[1:3], "→ pad", padded.shape[1:3], "→ predict and crop", cropped.shape[1:])
assert cropped.shape == piece_mask.shape

# %% [markdown]
# **What we see.** 70×86 in, 70×86 out, and every output pixel still lies over its input pixel.
#
# ### Exercise 3.1 · Any size at all
# Write it for every size: `predict` takes an image (height, width, channels), whose sides must be multiples of `multiple`, and gives
# (height, width). Pad as little as possible, and return a result of the size of `image`.


# %% tags=["exercise"]
def any_size(predict, image, multiple):
    # BEGIN SOLUTION
    height, width = image.shape[:2]
    rows, columns = -height % multiple, -width % multiple
    padded = np.pad(image, ((0, rows), (0, columns), (0, 0)), mode="reflect")
    return predict(padded)[:height, :width]
    # END SOLUTION


# %%
ex.q3_1.check(any_size)

# %% [markdown]
# ## 4 · It runs. Is it right?
# On the test images of 32×32 this network does well; you will see how well in a moment. The larger images show the same shapes in the
# same greys and the same noise. Calling everything background scores a mean IoU of about {{baseline_larger:.1f}} there.
#
# ### Exercise 4.1 · Predict first
# Its mean IoU on the six larger images will be A: above 0.8, B: from 0.6 to 0.8, C: below 0.6. Choose one, then go on.

# %% tags=["exercise"]
# BEGIN SOLUTION
prediction = "C"
# END SOLUTION

# %%
ex.q4_1.check(prediction)


# %%
def score(model, images, masks):
    """Mean IoU from ONE confusion matrix of all pixels; `model` None calls all background."""
    matrix = np.zeros((2, 2), int)
    for image, mask in zip(images, masks, strict=True):
        found = np.zeros_like(mask) if model is None else segment(model, image[None])[0]
        matrix += metrics.confusion_matrix(mask, found, num_classes=2)
    return metrics.mean_iou(matrix)


def compare(networks):
    """A row for each network, a column for each group of images."""
    groups = {"test, 32×32": test.arrays(), "larger images": (images, masks)}
    rows = []
    for name, model in networks.items():
        scores = {group: score(model, *pairs) for group, pairs in groups.items()}
        rows.append({"mean IoU": name, **scores})
    return rows


show.table(compare({"all background": None, "FCN, trained on centred shapes": before}))
found = [segment(before, image[None])[0] for image in images[:3]]
alt = "Trained on centred shapes, the FCN paints patches that have little to do with the shapes."
show.pairs(images[:3], masks[:3], ELIRET, predictions=found, alt=alt)

# %% [markdown]
# **What we see.** {{before_test:.2f}} on the test images, so training went well. On the larger ones it is {{before_larger:.2f}}, and
# saying nothing scores {{baseline_larger:.2f}}. The patches have little to do with the shapes. Does the network look at the image at
# all? Let us show it images with **nothing** in them.

# %%
sides = [(32, 32), (72, 88), (160, 160)]
blank = [output(before, np.full((1, *side, 1), 0.5, "float32"))[0] for side in sides]
titles = [f"{height}×{width}, all grey" for height, width in sides]
alt = "Outputs for uniform grey images: a blob in 32×32, a bright band in larger ones."
show.images(blank, titles, alt=alt)

noise = np.random.default_rng(SEED).random((1, 128, 128, 1), "float32")
changed = noise.copy()
changed[0, 64, 64] += 0.5  # one pixel
difference = abs(output(before, changed) - output(before, noise))
rows = np.flatnonzero((difference > 1e-7).any(axis=(0, 2)))
print("one input pixel reaches", rows[-1] - rows[0] + 1, "rows of the output")
print("zero padding in one dimension:", convolve(np.ones(7, int), np.ones(3, int)))

# %% [markdown]
# **What we see.** In a blank 32×32 image the network "finds" a blob where the shapes always were. In larger ones it answers in a band
# along the border. It has learnt that *a certain distance from the border means object*. (The fine stripes are the checkerboard of
# [lesson 01](01_upsampling.ipynb), section 5: kernel 5 with stride 2.)
#
# How does it know where the border is? A sum of three ones gives 3, but 2 at the ends: **zero padding marks the border**. And a pixel
# reaches 45 rows, so an output sees about as many, its **receptive field**. A training image has only 32 rows: each of its pixels saw
# the border, and nothing in the data spoke against using it.

# %% [markdown]
# ## 5 · How do image and mask stay together?
# The data taught the centre, so the data must unteach it. We shift each image by up to ±70 % of its side, mirror it at random, and
# fill what comes in with reflections. The mask must go along. **What happens to its labels 0 and 255?** One matrix says where each
# output pixel looks; here it looks at (6.5 − x, y), a flip and a shift by half a pixel in one.

# %%
import cv2

toy = np.zeros((4, 8), np.uint8)
toy[1:3, 2:5] = 255
matrix = np.array([[-1.0, 0, 6.5], [0, 1, 0]])
back = cv2.WARP_INVERSE_MAP  # the matrix leads from the output to the input
bilinear = cv2.warpAffine(toy, matrix, (8, 4), flags=cv2.INTER_LINEAR | back)
nearest = cv2.warpAffine(toy, matrix, (8, 4), flags=cv2.INTER_NEAREST | back)
alt = "A mask of 0 and 255 mirrored and shifted by half a pixel: bilinear invents 128, nearest does not."
show.numbers([toy, bilinear, nearest], ["mask", "bilinear", "nearest"], alt=alt)

# %% [markdown]
# **What we see.** Bilinear interpolation invents 128, which is no class. With two classes you can apply a threshold again, as the course
# notes did. With the thirteen of lesson 07 you cannot: between *road* (7) and *car* (10) lie *pavement* (8) and *vegetation* (9). So:
# **bilinear for the image, nearest for the mask, one matrix for both.** `augment.Affine` does that. We compare it with OpenCV by hand and look at six draws.

# %%
from course_utils.augment import Affine

distort = Affine(shift=0.7, flip=True, border="reflect")
image, mask = train.read(3)  # uint8
matrix = distort.matrix(mask.shape, np.random.default_rng(SEED))
how = {"dsize": (32, 32), "borderMode": cv2.BORDER_REFLECT}
moved_image, moved_mask = distort(image, mask, np.random.default_rng(SEED))
for moved, original, flag in [
    (moved_image[..., 0], image, cv2.INTER_LINEAR),
    (moved_mask, mask, cv2.INTER_NEAREST),
]:
    by_hand = cv2.warpAffine(original, matrix, flags=flag | cv2.WARP_INVERSE_MAP, **how)
    assert (moved == by_hand).all()

rng = np.random.default_rng(SEED)
drawn = [(image, mask), *(distort(image, mask, rng) for _ in range(6))]
alt = "Six distortions of an image: the shape wanders, is cut or doubled; the mask follows it."
show.pairs(*zip(*drawn, strict=True), ELIRET, titles=["as it is"], alt=alt)

# %% [markdown]
# **What we see.** OpenCV by hand and `Affine` give the same. The shape wanders, is cut by the border or doubled in its mirror, and the
# mask goes with it.
#
# > **Pitfall · image and mask part.** The old recipe, also that of the course notes, has two generators, one for images and one for
# > masks, *with the same seed*. They agree only while both draw equally many numbers. Below, the generator of the images draws **one
# > more** for each pair, say for a little noise. No error is raised, and from the second pair on nothing fits.


# %%
def two_generators(pairs, extra):
    """Distorted pairs; with `extra`, the images' generator draws one more number for each."""
    for_images, for_masks = np.random.default_rng(SEED), np.random.default_rng(SEED)
    moved = []
    for number in range(len(pairs)):
        image, mask = pairs.read(number)
        moved.append((distort(image, mask, for_images)[0], distort(image, mask, for_masks)[1]))
        for_images.normal(size=int(extra))
    return moved


def contrast(pairs):
    """Mean difference between the grey levels inside and outside of the mask."""
    mixed = [(image, mask) for image, mask in pairs if 0 < mask.mean() < 1]
    inside = [image[mask == 1].mean() for image, mask in mixed]
    outside = [image[mask == 0].mean() for image, mask in mixed]
    return np.abs(np.subtract(inside, outside)).mean()


together, apart = two_generators(train, extra=False), two_generators(train, extra=True)
print(f"inside against outside: {contrast(together):.0f} together, {contrast(apart):.0f} apart")
alt = "From the second pair on the coloured masks lie beside the shapes they belong to."
titles = [f"pair {number}" for number in range(1, 7)]
show.pairs(*zip(*apart[:6], strict=True), ELIRET, titles=titles, alt=alt)

# %% tags=["record"]
record(contrast_together=contrast(together), contrast_apart=contrast(apart))

# %% [markdown]
# **What we see.** There are two ways to notice. **Look** at masks beside images, always, before training. And **measure** something that
# must survive. Here it is the difference between inside and outside, which has fallen from {{contrast_together:.0f}} grey levels to
# {{contrast_apart:.0f}}.
#
# ### Exercise 5.1 · Mirror both
# With probability one half, decided by `rng`, mirror image (height, width, channels) *and* mask (height, width) left to right. In the
# other half of the cases return both as they are.


# %% tags=["exercise"]
def mirror(image, mask, rng):
    # BEGIN SOLUTION
    if rng.random() < 0.5:
        return image[:, ::-1], mask[:, ::-1]
    return image, mask
    # END SOLUTION


# %%
ex.q5_1.check(mirror)

# %% [markdown]
# ## 6 · Does moving the shapes repair it?
# We train the same network for as many epochs on the same 100 images, still 32×32; but in every epoch each of them is distorted anew. To
# see whether this is a matter of the FCN alone, a small **U-Net** as in lesson 03 is trained both ways, too.

# %% tags=["picture"]
moved = train.batches(batch=20, shuffle=True, seed=SEED, augment=distort)
after = trained(fcn, moved, EPOCHS)


def unet():
    return models.unet((None, None, 1), widths=UNET_WIDTHS)


unet_before, unet_after = (trained(unet, batches, UNET_EPOCHS) for batches in (centred, moved))
networks = {"all background": None, "FCN, centred": before, "FCN, moved": after}
networks |= {"U-Net, centred": unet_before, "U-Net, moved": unet_after}
rows = compare(networks)
show.table(rows)
found = [segment(before, image[None])[0] for image in images[:3]]
repaired = [segment(after, image[None])[0] for image in images[:3]]
titles = ["FCN, centred shapes"] * 3 + ["FCN, moved shapes"] * 3
alt = "Outlines of masks and predictions on three larger images: right after training on moved shapes."
show.outlines(images[:3] * 2, masks[:3] * 2, found + repaired, titles=titles, alt=alt)

# %% tags=["record"]
record(baseline_test=rows[0]["test, 32×32"], baseline_larger=rows[0]["larger images"])
record(before_test=rows[1]["test, 32×32"], before_larger=rows[1]["larger images"])
record(after_test=rows[2]["test, 32×32"], after_larger=rows[2]["larger images"])
record(unet_before=rows[3]["larger images"], unet_after=rows[4]["larger images"])

# %% [markdown]
# **What we see.** On the larger images the FCN rises from {{before_larger:.2f}} to {{after_larger:.2f}}, and the U-Net from
# {{unet_before:.2f}} to {{unet_after:.2f}}. Each network had the same epochs and the same start both times, so the moved shapes are the cause.
# This is one seed and six images: believe the large difference, not the second digit.
#
# How far from the centre does each network still find a shape? We draw ellipses at growing distances and measure the IoU of *object*.


# %%
def ellipses(side, distance, count=20):
    """Noisy images (count, side, side, 1), an ellipse `distance` from the centre; their masks."""
    rng = np.random.default_rng(SEED)
    limits = [(5, 8), (5, 8), (0, 2 * np.pi), (0.2, 0.4)]
    a, b, angle, contrast = (rng.uniform(*limit, (count, 1, 1)) for limit in limits)
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    x, y = x - distance * np.cos(angle), y - distance * np.sin(angle)
    inside = (x / a) ** 2 + (y / b) ** 2 <= 1
    sign = rng.choice([-1, 1], (count, 1, 1))  # lighter or darker than the background
    images = 0.5 + sign * contrast * inside + rng.normal(0, 0.05, inside.shape)
    return images[..., None].astype("float32"), inside.astype("uint8")


def object_iou(model, images, masks):
    """IoU of the class object."""
    return metrics.iou(metrics.confusion_matrix(masks, segment(model, images), 2))[1]


# %% tags=["fold"]
# @title IoU by distance from the centre
fig, axes = show.new(size=(9.4, 3.2))
axis = axes[0, 0]
for side, line, distances in [(32, "-o", range(0, 8)), (88, "--s", range(0, 36, 7))]:
    drawn = [ellipses(side, distance) for distance in distances]
    for name, model, colour in [("centred", before, "#D55E00"), ("moved", after, "#0072B2")]:
        found = [object_iou(model, *pair) for pair in drawn]
        label = f"trained on {name} shapes, {side}×{side}"
        axis.plot(distances, found, line, color=colour, markersize=4, label=label)
axis.set(xlabel="distance of the ellipse from the centre (pixels)", ylabel="IoU of object")
axis.set_ylim(0, 1)
axis.legend(fontsize=8, loc="center right")
show.figure(
    fig, "IoU by distance from the centre: falling or near 0 when centred, level when moved."
)

# %% [markdown]
# **What we see.** Trained on centred shapes, the FCN loses an ellipse within a few pixels. On 88×88 it hardly finds any, *not even in the
# centre*, which is 44 pixels from any border there. Trained on moved shapes, it finds them at every place and in both sizes. A
# convolution could do that from the start; padding and centred data had taken it away.
#
# ### Exercise 6.1 · May you mirror it?
# A distortion must give an image that could have been taken, and a mask that is still right. For each task, which mirroring is
# allowed: `"none"`, `"left-right"` or `"both"` (top–bottom too)?

# %% tags=["exercise"]
# BEGIN SOLUTION
# STUB: flips = {
# STUB:     "cells, microscope": ____,
# STUB:     "street, from a car": ____,
# STUB:     "fields, from the air": ____,
# STUB:     "handwritten letters": ____,
# STUB: }
flips = {
    "cells, microscope": "both",
    "street, from a car": "left-right",
    "fields, from the air": "both",
    "handwritten letters": "none",
}
# END SOLUTION

# %%
ex.q6_1.check(flips)

# %% [markdown]
# ### Exercise 6.2 · A U-Net for any size, in the functional API
# Build the smallest U-Net: it takes grey images of any even height and width, halves them once by pooling, enlarges them again, and a
# bridge carries the fine level across. Its output has one channel in [0, 1] and the size of the input. Filters are up to you.


# %% tags=["exercise"]
def small_unet():
    # BEGIN SOLUTION
    # STUB: inputs = keras.Input(____)
    # STUB: fine = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    # STUB: outputs = ____
    # STUB: return keras.Model(inputs, outputs)
    inputs = keras.Input((None, None, 1))
    fine = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    coarse = keras.layers.MaxPooling2D()(fine)
    coarse = keras.layers.Conv2D(16, 3, padding="same", activation="relu")(coarse)
    up = keras.layers.UpSampling2D()(coarse)
    joined = keras.layers.Concatenate()([fine, up])
    outputs = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(joined)
    return keras.Model(inputs, outputs)
    # END SOLUTION


# %%
ex.q6_2.check(small_unet)

# %% [markdown]
# ## 7 · One pass, or a window that slides?
# There is another way to a larger image: cut 32×32 windows out of it, a step of 8 apart, predict each, and average where they overlap.
# Nothing about the network has to change. **What does it cost, and is it better?**


# %%
def slide(model, image, window=32, step=8):
    """For each pixel the sum of the outputs for all windows, and how many windows held it."""
    total, count = np.zeros(image.shape[:2]), np.zeros(image.shape[:2])
    for top in range(0, image.shape[0] - window + 1, step):
        for left in range(0, image.shape[1] - window + 1, step):
            place = np.s_[top : top + window, left : left + window]
            total[place] += output(model, image[place][None])[0]
            count[place] += 1
    return total, count


one_pass, windows, pixels, computed = 0, 0, 0, 0
for image, mask in zip(images, masks, strict=True):
    total, count = slide(after, image)
    windows += metrics.confusion_matrix(mask, np.uint8(total / count > 0.5), 2)
    one_pass += metrics.confusion_matrix(mask, segment(after, image[None])[0], 2)
    computed += int(count.sum())
    pixels += mask.size
row = {"way": "one pass", "pixels computed": pixels, "mean IoU": metrics.mean_iou(one_pass)}
other = {"way": "windows", "pixels computed": computed, "mean IoU": metrics.mean_iou(windows)}
show.table([row, other])

# %% tags=["record"]
record(windows_cost=computed / pixels, windows_iou=metrics.mean_iou(windows))

# %% [markdown]
# **What we see.** The windows compute {{windows_cost:.1f}} times as many pixels. Their mean IoU is {{windows_iou:.3f}}, that of one pass
# {{after_larger:.3f}}. A pixel is then the mean of up to sixteen outputs, so that errors can average out. With a step of 1 it would
# be 378 times the pixels for 72×88. One pass is cheap, because neighbouring windows overlap: what it computes at a place serves all
# windows that would hold the place.
#
# ### Exercise 7.1 · How many windows?
# How many windows of side `window` does `slide` cut from an image of `height` × `width`, a step of `step` apart?


# %% tags=["exercise"]
def number_of_windows(height, width, window, step):
    # BEGIN SOLUTION
    return ((height - window) // step + 1) * ((width - window) // step + 1)
    # END SOLUTION


# %%
ex.q7_1.check(number_of_windows)

# %% [markdown]
# ## Recap
# You can **tell which layers fix the input size**: those with a weight for each place. You can
# **run a trained network on another size**, with the weights loaded into a new shape or with `Input((None, None, 1))`, padded to a
# multiple of $2^3$ and cropped. You can **show what a network learnt about position** with a blank image. You
# **distort image and mask together** by one matrix, bilinear and nearest, and look before you train. And you can
# **count what a sliding window costs**.
#
# **Words of this lesson:** [fully convolutional network](glossary.md#fcn), [padding](glossary.md#padding),
# [stride](glossary.md#stride), [receptive field](glossary.md#receptive-field), [data augmentation](glossary.md#augmentation),
# [IoU](glossary.md#iou), [baseline](glossary.md#baseline).

# %%
ex.progress()

# %% [markdown]
# **Further reading.**
#
# - J. Long, E. Shelhamer and T. Darrell, 2015, *Fully convolutional networks for semantic segmentation*,
#   [arXiv:1411.4038](https://arxiv.org/abs/1411.4038).
# - P. Sermanet et al., 2013, *OverFeat*, [arXiv:1312.6229](https://arxiv.org/abs/1312.6229): sliding windows in one pass.
# - M. A. Islam, S. Jia and N. Bruce, 2020, *How much position information do convolutional neural networks encode?*,
#   [arXiv:2001.08248](https://arxiv.org/abs/2001.08248).
# - O. S. Kayhan and J. van Gemert, 2020, *On translation invariance in CNNs*, [arXiv:2003.07064](https://arxiv.org/abs/2003.07064):
#   what padding tells.
#
# **Try next.** Shift by ±20 % in place of ±70 %: is that enough? Then go on to [lesson 05](05_membranes.ipynb), where distortions make 30
# images do the work of thousands.
