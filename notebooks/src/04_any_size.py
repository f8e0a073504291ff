# %% [markdown]
# # 04 · Any size in, any size out
#
# A network trained on 32×32 segments images of other sizes, fails for a reason you can see, and is repaired by moving its shapes.
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
# **Time** reading 35 min, exercises 45 min, compute {{time}}, memory {{memory}}.
#
# **Data** {{data}}, CC BY 4.0 if generated.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
EPOCHS_CENTRED = 60  # the notes: 1000
EPOCHS_MOVED = 240  # the notes: 1000
SEED = 7

# %% [markdown] tags=["teacher"]
# > **For teachers.** 90 minutes: 15 each for sections 1–3, 20 for section 4 (let them bet, then discuss the blank image: it is the
# > heart of the lesson), 15 for section 5, 10 for 6–7. Late? Leave out section 7. Common beliefs to meet: "a network
# > that runs is right"; "convolution knows nothing about position" (padding tells it); "one seed makes two generators equal".

# %% [markdown]
# ## 1 · Why does a convolution not ask for the size?
# Take the kernel (1, 2, 1) and slide it along four numbers, 0 1 1 0, with a zero at either end. At the second place it computes
# 1·0 + 2·1 + 1·1 = 3. **What has to change if there are seven numbers?**

# %%
import numpy as np


def convolve(signal, kernel):
    """At each place the sum of neighbours times kernel, with zeros beyond both ends."""
    padded = np.pad(signal, len(kernel) // 2)
    return [int(padded[place : place + len(kernel)] @ kernel) for place in range(len(signal))]


kernel = np.array([1, 2, 1])
four, seven = np.array([0, 1, 1, 0]), np.array([0, 1, 1, 0, 0, 3, 0])
print(convolve(four, kernel), convolve(seven, kernel))

# %% [markdown]
# **What we see.** Nothing has to change: the same three weights do both, and where the two signals agree, so do the results. A
# **dense layer** is different. Each output has a weight of its own for *every* input. For four numbers that is a 4×4 matrix, and
# seven numbers do not fit into it. What does Keras say?

# %%
import keras

convolution = keras.layers.Conv1D(1, 3, padding="same", use_bias=False)
convolution.build((None, None, 1))  # (batch, length, channels): no length is named
convolution.set_weights([kernel[:, None, None]])
for signal in (four, seven):
    by_keras = keras.ops.convert_to_numpy(convolution(signal[None, :, None].astype("float32")))[
        0, :, 0
    ]
    assert np.allclose(by_keras, convolve(signal, kernel), atol=1e-5)

dense = keras.layers.Dense(4, use_bias=False, name="dense")
dense.build((None, 4))  # the length has to be known
print("weights:", convolution.count_params(), "convolution,", dense.count_params(), "dense layer")
try:
    dense(seven[None].astype("float32"))
except ValueError as error:
    print(str(error).splitlines()[0])

# %% [markdown]
# **What we see.** Keras agrees with our lines on both lengths. The dense layer has 16 weights for four numbers and refuses seven. A
# network whose layers all slide is **fully convolutional**; it has no input size of its own.
#
# ### Exercise 1.1 · Who needs to know the size?
# Maps of shape (batch, height, width, 8) arrive; height and width are not known yet. Name the letters that cannot be built then, for
# instance `"AB"`.
#
# **A** `Conv2D` 3×3, stride 2 · **B** `MaxPooling2D` · **C** `Flatten`, then `Dense(10)` · **D** `UpSampling2D` ·
# **E** `GlobalAveragePooling2D`, then `Dense(10)` · **F** `BatchNormalization` · **G** `Dense(10)`, put on the maps as they are ·
# **H** `LayerNormalization(axis=(1, 2, 3))`. Not sure? Try: `keras.layers.Dense(10)(keras.Input((None, None, 8)))`.

# %% tags=["exercise"]
# BEGIN SOLUTION
answer = "CH"
# END SOLUTION

# %%
ex.q1_1.check(answer)

# %% [markdown]
# ## 2 · Can a network trained on 32×32 segment 72×88?
# eliret comes with six larger images, `maior1x.png` to `maior6x.png`: three of 72×88 and three of 80×88, each with several shapes.
# Nobody trains on them. They are our question.

# %%
from course_utils import data, metrics, models, show
from course_utils.classes import ELIRET
from data_scripts import ensure

folder = ensure("eliret")
train, validation, test, larger = (
    data.eliret(folder, split) for split in ("train", "val", "test", "larger")
)
images, masks = larger[:3].arrays()
alt = "Three larger images with several ellipses and rectangles each, and their masks."
show.pairs(images, masks, ELIRET, titles=["72×88"] * 3, alt=alt)

# %% [markdown]
# Our network is the FCN of lesson 02: three convolutions with stride 2, three transposed ones. Its input is declared as
# `(None, None, 1)`: any height, any width, one channel. We train it on the 100 images of 32×32 as they are, shape in the middle,
# without dropout, so that later the data are the only difference.

# %%
from course_utils.training import fit


def train_fcn(batches, epochs):
    """A fresh FCN, trained on batches of 32×32."""
    keras.utils.set_random_seed(SEED)
    model = models.fcn((None, None, 1), dropout=0)
    model.compile("adam", "mse")
    fit(model, batches, validation.arrays(), epochs=epochs)
    return model


before = train_fcn(train.batches(batch=20, shuffle=True, seed=SEED), EPOCHS_CENTRED)
print(f"FCN: {before.count_params():,} weights")
for height, width in [(32, 32), (72, 88)]:
    size = f"{height}×{width}"
    print(f"one dense layer from {size} to {size}: {(height * width) ** 2:,} weights")

# %% [markdown]
# Suppose somebody gave you a network declared for 32×32, as in lesson 02. It refuses a larger image. But its weights name no size, so
# you can **load them into the same network built for another shape**. Or you declare `(None, None, 1)` from the start. Both ways:


# %%
def output(model, images):
    """What the network gives for images (batch, height, width, 1): (batch, height, width)."""
    return keras.ops.convert_to_numpy(model(images))[..., 0]


fixed, rebuilt = models.fcn((32, 32, 1), dropout=0), models.fcn((72, 88, 1), dropout=0)
fixed.set_weights(before.get_weights())
rebuilt.set_weights(fixed.get_weights())  # or through a file: save_weights, load_weights
try:
    output(fixed, images)
except ValueError:
    print("declared for 32×32: refused")
print("rebuilt for 72×88:", output(rebuilt, images).shape, " None:", output(before, images).shape)
assert np.allclose(output(rebuilt, images), output(before, images), atol=1e-6)

# %% [markdown]
# **What we see.** One set of 162,201 weights, three declarations. The two that accept the larger images give equal outputs, of the
# size of the input. A dense layer would have needed a million weights for 32×32, forty million for 72×88, and no way from one to the
# other.
#
# ### Exercise 2.1 · How large will it be?
# In this network `levels` convolutions with stride 2 and `same` padding each give half the side, rounded **up**; then as many
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


piece, piece_mask = larger[3].arrays()
piece, piece_mask = piece[:, :70, :86], piece_mask[:, :70, :86]
print("FCN:", piece.shape[1:3], "→", output(before, piece).shape[1:])
try:
    metrics.confusion_matrix(piece_mask, segment(before, piece), 2)
except ValueError as error:
    print("metric:", error)
try:
    models.unet((70, 86, 1))
except ValueError as error:
    print("U-Net:", error)

# %% [markdown]
# > **Pitfall · the size that does not come back.** 70 → 35 → 18 → 9 on the way down, 9 → 18 → 36 → 72 on the way up. The FCN says
# > nothing and gives two rows too many; only the metric notices. The U-Net refuses: pooling rounds *down*, so at the first bridge 17
# > rows would meet 16. Notice it by an `assert` on the output's height and width.
#
# Three halvings need a multiple of 2³ = 8. The remedy: **pad** the image to the next one, predict, and **crop** the result. Here
# two rows and two columns do it, mirrored from the image, because a black strip would be an edge that nobody photographed.

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
# (height, width). Pad as little as possible, and give back the size of `image`.


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
# Its mean IoU on the six larger images will be A: above 0.8, B: from 0.6 to 0.8, C: below 0.6. Commit yourself, then go on.

# %% tags=["exercise"]
# BEGIN SOLUTION
prediction = "C"
# END SOLUTION

# %%
ex.q4_1.check(prediction)


# %%
def score(model, *sets):
    """Mean IoU from ONE confusion matrix of all pixels; `model` None calls all background."""
    matrix = np.zeros((2, 2), int)
    for pairs in sets:  # the images of a set have one size
        images, masks = pairs.arrays()
        found = np.zeros_like(masks) if model is None else segment(model, images)
        matrix += metrics.confusion_matrix(masks, found, num_classes=2)
    return metrics.mean_iou(matrix)


def compare(models):
    """A row for each group of images, a column for each network."""
    groups = {"test, 32×32": [test], "larger, 72×88 and 80×88": [larger[:3], larger[3:]]}
    return [
        {"mean IoU": group} | {name: score(model, *sets) for name, model in models.items()}
        for group, sets in groups.items()
    ]


show.table(compare({"all background": None, "trained on centred shapes": before}))
alt = "Trained on centred shapes, the FCN paints patches that have little to do with the shapes."
show.pairs(images, masks, ELIRET, predictions=segment(before, images), alt=alt)

# %% [markdown]
# **What we see.** {{before_test:.2f}} on the test images, so training went well. On the larger ones {{before_larger:.2f}}, hardly more
# than for saying nothing: patches, mostly in a band along the border, and little of the shapes. Does the network look at the image at all?
# Let us show it images with
# **nothing** in them.

# %%
sides = [(32, 32), (72, 88), (160, 160)]
blank = [output(before, np.full((1, *side, 1), 0.5, "float32"))[0] for side in sides]
titles = [f"{height}×{width}, all grey" for height, width in sides]
alt = (
    "Outputs for uniform grey images: a blob in the middle of 32×32, a bright band in larger ones."
)
show.images(blank, titles, alt=alt)

noise = np.random.default_rng(SEED).random((1, 128, 128, 1), "float32")
changed = noise.copy()
changed[0, 64, 64] += 0.5  # one pixel
difference = abs(output(before, changed) - output(before, noise))
rows = np.flatnonzero((difference > 1e-7).any(axis=(0, 2)))
print("one input pixel reaches", rows[-1] - rows[0] + 1, "rows of the output")
print("zero padding in one dimension:", convolve(np.ones(7, int), np.ones(3, int)))

# %% [markdown]
# **What we see.** In a blank 32×32 image the network "finds" a blob where the shapes always were. In the larger ones it is black along
# the border, bright some 16 pixels from it, and grey farther inside: no training image had such places. It has learnt *a certain
# distance from the border means object*.
#
# How does it know where the border is? A sum of three equal ones gives 3, but 2 at the ends: **zero padding marks the border**. And a
# pixel reaches 45 rows, so an output pixel sees about as many, its **receptive field** ([lesson 01](01_upsampling.ipynb), section 7):
# more than the 32 there are. Every pixel of a training image saw the border, and nothing in the data spoke against using it.

# %% [markdown]
# ## 5 · How do image and mask stay together?
# The data taught the centre, so the data must unteach it: shift each image by up to ±70 % of its side, mirror it at random, and
# fill what comes in with reflections. The mask must go along. **What happens to the labels 0 and 255 in it?** One matrix says where
# each output pixel looks; here at (6.5 − x, y), a flip and a shift by half a pixel in one.

# %%
import cv2

toy = np.zeros((4, 8), np.uint8)
toy[1:3, 2:5] = 255
matrix = np.array([[-1.0, 0, 6.5], [0, 1, 0]])
for name, how in [("bilinear:", cv2.INTER_LINEAR), ("nearest:", cv2.INTER_NEAREST)]:
    print(name, cv2.warpAffine(toy, matrix, (8, 4), flags=how | cv2.WARP_INVERSE_MAP), sep="\n")

# %% [markdown]
# **What we see.** Bilinear interpolation invents 128, which is no class. With two classes you can threshold again, as the course notes
# did; with thirteen you cannot, since a value between *road* and *car* is *wall*. So: **bilinear for the image, nearest for the mask,
# one matrix for both.** `augment.Affine` does that. We compare it with OpenCV by hand and look at six draws.

# %%
from course_utils.augment import Affine

distort = Affine(shift=0.7, flip=True, border="reflect")
image, mask = train.read(3)
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
# **What we see.** By hand and by `Affine` the same. The shape wanders, is cut by the border or doubled in its mirror, and the mask goes
# with it.
#
# > **Pitfall · image and mask part.** The old recipe, also of the course notes: two generators, one for images and one for masks,
# > *with the same seed*. They agree only as long as both draw equally many numbers. Below, the image's side draws **one more** for each
# > pair, say for a little noise. No error is raised, and from the second pair on nothing fits.


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

# %% [markdown]
# **What we see.** Two ways to notice: **look** at masks over images, always, before training; and **measure** something that must
# survive, here the difference between inside and outside, which has collapsed from about 76 grey levels to 20.
#
# ### Exercise 5.1 · Mirror both
# With probability one half, decided by `rng`, mirror image (height, width, channels) *and* mask (height, width) left to right; else
# give both back as they are.


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
# The same network, the same 100 images, still 32×32; but in every epoch each of them is distorted anew. This is harder, so it gets
# more epochs.

# %% tags=["picture"]
after = train_fcn(train.batches(batch=20, shuffle=True, seed=SEED, augment=distort), EPOCHS_MOVED)

rows = compare({"all background": None, "centred": before, "moved": after})
show.table(rows)
alt = "Three larger images: training on moved shapes finds them, on centred shapes it does not."
predictions = {"centred": segment(before, images), "moved": segment(after, images)}
show.pairs(images, masks, ELIRET, predictions=predictions, alt=alt)

# %% tags=["record"]
record(baseline_test=rows[0]["all background"], baseline_larger=rows[1]["all background"])
record(before_test=rows[0]["centred"], before_larger=rows[1]["centred"])
record(after_test=rows[0]["moved"], after_larger=rows[1]["moved"])

# %% [markdown]
# **What we see.** On the larger images from {{before_larger:.2f}} to {{after_larger:.2f}}, and the test images gain too; part of *their*
# gain may come from training four times as long. What is still wrong: a corner of the largest rectangle, a pale ellipse in the noisiest
# image. One seed and six images: believe the large difference, not the second digit.
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
fig, axes = show.new(size=(6, 2.8))
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
    fig, alt="IoU by distance from the centre: falling or near 0 when centred, level when moved."
)

# %% [markdown]
# **What we see.** Trained on centred shapes, the network loses an ellipse within a few pixels. On 88×88 it finds none, *not even in the
# centre*, which is 44 pixels from any border there. Trained on moved shapes, it finds them alike at every place and in both sizes. A
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
# ## 7 · One pass, or a window that slides?
# There is another way to a larger image: cut 32×32 windows out of it, a step of 8 apart, predict each, and average where they overlap.
# Nothing about the network has to change. **What does it cost, and is it better?**


# %%
def one_pass(model, image):
    """Output for an image (height, width, 1), and how many pixels the network was given."""
    return output(model, image[None])[0], image.size


def slide(model, image, window=32, step=8):
    """The same as the mean of overlapping windows."""
    height, width = image.shape[:2]
    tops, lefts = range(0, height - window + 1, step), range(0, width - window + 1, step)
    places = [np.s_[top : top + window, left : left + window] for top in tops for left in lefts]
    windows = np.stack([image[place] for place in places])
    total, count = np.zeros((2, height, width))
    for place, result in zip(places, output(model, windows), strict=True):
        total[place] += result
        count[place] += 1
    return total / count, windows.size


# %%
import time

rows = []
for name, way in [("one pass", one_pass), ("windows", slide)]:
    matrix, pixels, start = np.zeros((2, 2), int), 0, time.perf_counter()
    for number in range(len(larger)):
        (image,), (mask,) = larger[number].arrays()
        result, given = way(after, image)
        matrix += metrics.confusion_matrix(mask, np.uint8(result > 0.5), 2)
        pixels += given
    seconds = time.perf_counter() - start
    row = {"way": name, "pixels computed": pixels, "seconds": seconds}
    rows.append(row | {"mean IoU": metrics.mean_iou(matrix)})
show.table(rows)

# %% tags=["record"]
record(windows_cost=rows[1]["pixels computed"] / rows[0]["pixels computed"])

# %% [markdown]
# **What we see.** Eight times the pixels, for a score that is a little better: each pixel is the mean of up to sixteen outputs, and
# errors average out. With a step of 1 it would be 378 times for 72×88. One pass is cheap because neighbouring windows overlap, and
# what it computes at a place serves all windows that would hold the place. (Seconds depend on the computer; the pixels do not.)
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
# multiple of 2³ and cropped. You can **show what a network learnt about position** with a blank image. You
# **distort image and mask together** by one matrix, bilinear and nearest, and look before you train. And you can
# **count what a sliding window costs**.
#
# **Words of this lesson:** [fully convolutional network](00_start_here.ipynb#fcn), [padding](00_start_here.ipynb#padding),
# [stride](00_start_here.ipynb#stride), [receptive field](00_start_here.ipynb#receptive-field),
# [data augmentation](00_start_here.ipynb#augmentation), [IoU](00_start_here.ipynb#iou), [baseline](00_start_here.ipynb#baseline).

# %% [markdown]
# **References.** J. Long, E. Shelhamer and T. Darrell, 2015, *Fully convolutional networks for semantic segmentation*,
# [arXiv:1411.4038](https://arxiv.org/abs/1411.4038). P. Sermanet et al., 2013, *OverFeat*,
# [arXiv:1312.6229](https://arxiv.org/abs/1312.6229) (sliding windows in one pass). M. A. Islam, S. Jia and N. Bruce, 2020, *How much
# position information do convolutional neural networks encode?*, [arXiv:2001.08248](https://arxiv.org/abs/2001.08248), and O. S. Kayhan
# and J. van Gemert, 2020, *On translation invariance in CNNs*, [arXiv:2003.07064](https://arxiv.org/abs/2003.07064) (what padding tells).
#
# **Try next.** Replace the FCN by the U-Net of lesson 03 in `train_fcn`: does it fail on the larger images too, and why? Shift by ±20 %
# in place of ±70 %: is that enough? Then [lesson 05](05_membranes.ipynb), where distortions make 30 images do the work of thousands.
