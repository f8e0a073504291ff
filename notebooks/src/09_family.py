# %% [markdown]
# # 09 · The family of encoders and decoders
#
# You follow one idea after the other from a sliding window to DeepLab and PSPNet, measure what each one buys, and weigh eight networks.
#
# {{picture}}

# %% [markdown]
# **You will be able to** · **count** the multiply-adds of a network, by hand and by a function · **fuse** scores of several strides, as FCN
# does · **score** a prediction near the boundaries alone · **measure** what an output sees, and keep it when you take out a stride ·
# **weigh** eight networks by parameters, time and memory.
#
# **You need** [01 · Upsampling](01_upsampling.ipynb), [07 · A street](07_carla.ipynb); the dense layer that slides is in
# [08 · Land cover](08_land_cover.ipynb).
#
# **Time** reading 45 min · exercises 45 min · compute {{time}}, memory {{memory}}
#
# **Data** {{data}}. Generated streets in the layout of the Lyft challenge, CC BY 4.0.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
FRAMES = 120  # to train on; a quarter of that to test
SIZE = (128, 160)  # (height, width) of a training frame, multiples of 32
EPOCHS = 12  # of the FCN in section 2
FCN_WIDTH = 8  # its filters in the first block; paper: 64
PIECE = (96, 128)  # (height, width) of the image in section 1
INPUT = (192, 256)  # (height, width) on which the networks are weighed, multiples of 32
WIDTH = 8  # filters of their first layers; papers: 64, DeepLab and PSPNet here 32
BATCH = 4  # images at a time when they are weighed
WEIGHED = ["unet", "fcn32s", "fcn16s", "fcn8s", "deconvnet", "segnet", "deeplab", "pspnet"]
SEED = 1

# %% [markdown] tags=["teacher"]
# > **For teachers.** 120 minutes: 20 for section 1, 35 for sections 2 and 3 (start the training before you explain the sum of scores), 15 for
# > section 4, 25 for 5, 10 for 6, 15 for 7. Common mix-ups: parameters and multiply-adds (a convolution's weights are used at every
# > position); what an output *can* see and what it has learnt to use; strides of the encoder and rates of dilation.

# %% [markdown]
# ## 1 · What does a sliding window cost?
# The first networks that segmented were classifiers. Cireșan et al. (2012) cut a window around *every* pixel of a membrane image and asked:
# what is the pixel in its middle? **What does that cost, and who pays twice?**
#
# In small: two 3×3 convolutions, one after the other, see 5×5 pixels. An image of 6×6 has four such windows. Count the
# **multiply-adds**, one for each product that goes into a sum.

# %%
import keras
import numpy as np
from keras import layers

from course_utils import show

rng = np.random.default_rng(SEED)
image = rng.random((1, 6, 6, 1), np.float32)
tiny = keras.Sequential([layers.Conv2D(1, 3), layers.Conv2D(1, 3)])  # without padding
whole = np.asarray(tiny(image))[0, ..., 0]
windows = [[image[:, r : r + 5, c : c + 5] for c in range(2)] for r in range(2)]
by_window = np.array([[np.asarray(tiny(window)).item() for window in row] for row in windows])
assert np.allclose(whole, by_window, atol=1e-6)
print("four windows:", 4 * (3 * 3 * 9 + 1 * 1 * 9), "multiply-adds = 4 · (9 positions · 9 + 1 · 9)")
print("whole image: ", 4 * 4 * 9 + 2 * 2 * 9, "multiply-adds = 16 positions · 9 + 4 · 9")

# %% [markdown]
# **What we see.** The same four numbers for half the price: neighbouring windows overlap, and what the first layer computes at a place
# serves all of them. Window by window it is computed again each time.
#
# ### Exercise 1.1 · Count a convolution
# Write `multiply_adds(height, width, kernel, inputs, filters, stride)` of one `kernel`×`kernel` convolution with padding `same`, from
# `inputs` channels to `filters`. (At the border, products with padded zeros count as well.)


# %% tags=["exercise"]
def multiply_adds(height, width, kernel, inputs, filters, stride):
    # BEGIN SOLUTION
    positions = -(-height // stride) * -(-width // stride)
    return positions * kernel**2 * inputs * filters
    # END SOLUTION


# %%
ex.q1_1.check(multiply_adds)

# %% [markdown]
# For a whole network, walk through its layers. A kernel holds *side² · channels in · filters* weights, and each is used once at every
# position: of the output, or, where a transposed convolution stamps, of the input. We try it on a network whose window is 17×17; its last
# two layers are the dense ones of a classifier.

# %%
import math
import time


def count(model):
    """Multiply-adds for one image, of all layers with a kernel; additions and poolings are left out."""
    total = 0
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            transposed = isinstance(layer, layers.Conv2DTranspose)
            where = layer.input if transposed else layer.output
            total += math.prod(where.shape[1:-1]) * math.prod(layer.kernel.shape)
    return total


def classifier(size):
    shapes = [(8, 5), (8, 5), (16, 5), (16, 5), (5, 1)]  # filters, side of the kernel
    stack = [layers.Conv2D(f, k, activation="relu" if k > 1 else None) for f, k in shapes]
    return keras.Sequential([keras.Input((*size, 3)), *stack])


by_hand = 13**2 * 25 * 24 + 9**2 * 25 * 64 + 5**2 * 25 * 128 + 25 * 256 + 16 * 5
assert count(classifier((17, 17))) == by_hand
print(f"one window of 17×17: {by_hand:,} multiply-adds")

# %%
from course_utils import data
from data_scripts import ensure

folder = ensure("carla")
piece = data.carla(folder, "test")[:1].arrays(PIECE)[0]
one, all_at_once = classifier((17, 17)), classifier(PIECE)
all_at_once.set_weights(one.get_weights())
cut = np.lib.stride_tricks.sliding_window_view(piece[0], (17, 17), axis=(0, 1))
windows = np.moveaxis(cut, 2, -1).reshape(-1, 17, 17, 3)
rows, outputs = [], {}
for name, model, batch in [("windows", one, windows), ("whole image", all_at_once, piece)]:
    model.predict(batch[:256], batch_size=256, verbose=0)  # the first call builds the graph
    start = time.process_time()
    outputs[name] = model.predict(batch, batch_size=256, verbose=0)
    seconds = time.process_time() - start
    rows.append(
        {"way": name, "million multiply-adds": len(batch) * count(model) / 1e6, "s": seconds}
    )
assert np.allclose(outputs["windows"].ravel(), outputs["whole image"].ravel(), atol=1e-4)
show.table(rows, digits=2)
counted, measured = (rows[0][key] / rows[1][key] for key in ("million multiply-adds", "s"))
print(f"{len(windows):,} windows: {counted:.0f} times the work, {measured:.0f} times the seconds")

# %% tags=["record"]
record(windows_counted=counted, windows_measured=measured)

# %% [markdown]
# **What we see.** The same numbers, to 1e-4. Counted, the windows cost {{windows_counted:.0f}} times the work, and that is exact: their
# area, 17×17, is paid for each pixel. Measured, it is {{windows_measured:.0f}} times the processor time: a stack of small windows keeps a
# processor busier than one image of few channels does. Larger windows pay more for either.
#
# ## 2 · Where did the boundary go?
# A network that classifies shrinks its image, 32 times in VGG16, to know *what* it sees. FCN-32s answers on that coarse grid and enlarges
# bilinearly. Long et al. (2015) then look back: the layers at strides 16 and 8 still know *where*. Each gets its own 1×1 scores, and they
# are **added** to the enlarged coarser ones. In small, for one class:

# %%
coarse, finer = np.array([[8.0, -8.0]]), np.array([[0.0, 0, 2, 0], [0, 0, 5, 0]])
enlarge = layers.UpSampling2D(2, interpolation="bilinear")
enlarged = np.asarray(enlarge(coarse[None, ..., None].astype("float32")))[0, ..., 0]
print("coarse scores   ", coarse[0], "\nenlarged        ", enlarged[1])
print("with finer ones ", (enlarged + finer)[1])

# %% [markdown]
# **What we see.** Alone, the coarse scores change their sign half-way between their two positions, wherever the real boundary is. The finer
# scores move it by a pixel: a small correction decides where the coarse answer is unsure.
#
# ### Exercise 2.1 · The way up of FCN-8s
# `s32`, `s16`, `s8` are scores (rows, columns, classes) at strides 32, 16, 8; `enlarge(scores, factor)` is given. Write `fuse(s32, s16, s8,
# enlarge)`, the logits at full size.


# %% tags=["exercise"]
def fuse(s32, s16, s8, enlarge):
    # BEGIN SOLUTION
    s16 = s16 + enlarge(s32, 2)
    s8 = s8 + enlarge(s16, 2)
    return enlarge(s8, 8)
    # END SOLUTION


# %%
ex.q2_1.check(fuse)

# %% [markdown]
# Does it pay? `build("fcn8s")` holds all three sets of scores. Enlarge each of them, give each its own loss, and you have **one encoder with
# three ways up**: same weights below, same images, same steps. What differs is how far the scores look back. The thirteen classes of the
# street are put together to five.

# %%
from course_utils.classes import CARLA, Class, ClassTable

groups = {"other": (0, 3, 4, 5, 12), "building": (1, 2, 11), "ground": (6, 7, 8)}
groups |= {"vegetation": (9,), "car": (10,)}
colours = [CARLA.colours[k].tolist() for k in (0, 1, 7, 9, 10)]
grouped = [Class(k, n, colours[i], i) for i, (n, ids) in enumerate(groups.items()) for k in ids]
STREET = ClassTable("street", grouped)


def arrays(split, most):
    """Images and masks of five classes, of the first `most` frames."""
    pairs = data.carla(folder, split)[:most]
    return data.Pairs(pairs.images, pairs.masks, STREET, split, red=True).arrays(SIZE)


images, masks = arrays("train", FRAMES)
mirrored = np.concatenate([images, images[:, :, ::-1]]), np.concatenate([masks, masks[:, :, ::-1]])
test_images, test_masks = arrays("test", FRAMES // 4)
share = np.bincount(masks.ravel(), minlength=STREET.num_classes) / masks.size
print({name: f"{part:.0%}" for name, part in zip(STREET.names, share, strict=True)})

# %%
from course_utils.models import build
from course_utils.training import fit

keras.utils.set_random_seed(SEED)
options = {"width": FCN_WIDTH, "input_shape": (*SIZE, 3), "dropout": 0.2}
fcn8s = build("fcn8s", STREET.num_classes, **options)
adds = [layer.output for layer in fcn8s.layers if isinstance(layer, layers.Add)]
ups = [layer for layer in fcn8s.layers if isinstance(layer, layers.UpSampling2D)]
scores = {"FCN-32s": (ups[0].input, 32), "FCN-16s": (adds[0], 16), "FCN-8s": (adds[1], 8)}
ways = {
    name: layers.UpSampling2D(stride, interpolation="bilinear")(score)
    for name, (score, stride) in scores.items()
}
three = keras.Model(fcn8s.input, ways)
steps = EPOCHS * math.ceil(len(mirrored[0]) / 8)
rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
three.compile(keras.optimizers.Adam(rate), loss=dict.fromkeys(ways, loss))
training = fit(three, (mirrored[0], dict.fromkeys(ways, mirrored[1])), epochs=EPOCHS, batch=8)

# %% [markdown]
# ## 3 · How good is it where it is hard?
# Most pixels lie deep inside an object, and all three answers agree there. Kohli et al. (2009) score a **trimap**: only pixels near a
# boundary count. A pixel is *within n* if the square of side 2n + 1 around it holds more than one class, which dilation and erosion of the
# class ids tell: the largest and the smallest id in the square differ.

# %%
import cv2

mask = np.array([[1, 1, 1, 1, 3, 3], [1, 1, 1, 1, 3, 3], [1, 1, 1, 1, 1, 1]], np.uint8)
square = np.ones((3, 3), np.uint8)
band = cv2.dilate(mask, square) != cv2.erode(mask, square)
print(mask, np.where(band, "#", "."), sep="\n")

# %% [markdown]
# **What we see.** The 3s in the corner and the 1s that touch them, diagonally too: pixels within 1 of the boundary. The border of the image
# is no boundary.
#
# ### Exercise 3.1 · A trimap
# Write `trimap(mask, n)`: the mask, uint8 (height, width), with 255 (ignored) in all pixels that are **not** within n of a boundary.


# %% tags=["exercise"]
def trimap(mask, n):
    # BEGIN SOLUTION
    square = np.ones((2 * n + 1, 2 * n + 1), np.uint8)
    near = cv2.dilate(mask, square) != cv2.erode(mask, square)
    return np.where(near, mask, 255).astype(np.uint8)
    # END SOLUTION


# %%
ex.q3_1.check(trimap)

# %%
from course_utils import metrics


def near(masks, n):
    """Masks (images, height, width) with 255 in every pixel farther than n from a boundary."""
    side = np.ones((2 * n + 1, 2 * n + 1), np.uint8)
    kept = [cv2.dilate(mask, side) != cv2.erode(mask, side) for mask in masks]
    return np.where(kept, masks, 255)


guesses = {name: z.argmax(-1) for name, z in three.predict(test_images, verbose=0).items()}
answers = {"all other": np.zeros_like(test_masks), **guesses}
bands = {f"within {n}": near(test_masks, n) for n in (1, 2, 4, 8)} | {"all pixels": test_masks}
rows = []
for name, said in answers.items():
    matrices = {b: metrics.confusion_matrix(m, said, STREET.num_classes) for b, m in bands.items()}
    ious = {f"mean IoU, {band}": metrics.mean_iou(matrix) for band, matrix in matrices.items()}
    rows.append({"way up": name} | ious)
show.table(rows)
within = [row["mean IoU, within 2"] for row in rows[1:]]

# %% tags=["record"]
record(within2_32s=within[0], within2_16s=within[1], within2_8s=within[2])
record(all_32s=rows[1]["mean IoU, all pixels"], all_16s=rows[2]["mean IoU, all pixels"])
record(all_8s=rows[3]["mean IoU, all pixels"])
record(gain_16s=within[1] - within[0], gain_8s=within[2] - within[1])

# %% tags=["picture"]
some = [0, len(test_images) // 3, 2 * len(test_images) // 3]
alt = (
    "Three test streets, masks, and the three ways up: blobs at stride 32, outlines from stride 8."
)
said = {name: guess[some] for name, guess in guesses.items()}
show.pairs(test_images[some], test_masks[some], STREET, predictions=said, alt=alt)

# %% [markdown]
# **What we see.** Within 2 pixels of a boundary the mean IoU is {{within2_32s:.2f}}, {{within2_16s:.2f}}, {{within2_8s:.2f}} for FCN-32s,
# 16s, 8s; over all pixels {{all_32s:.2f}}, {{all_16s:.2f}}, {{all_8s:.2f}}. The first look back gains {{gain_16s:.2f}} there, the second
# {{gain_8s:.2f}}. The encoder's weights are the same, so nothing but the way up can be the reason. One seed, small network, three losses at once.
#
# ## 4 · Positions or copies?
# A bridge costs memory: until the decoder uses it, what the encoder computed has to wait. **U-Net** keeps copies of whole feature maps,
# in float32. **DeconvNet** and **SegNet** keep only *where* each maximum stood (lesson 01): one of four places, two bits. **How much does
# that save?** A feature map of 4×4, by hand and by the course's layer:

# %%
from course_utils.layers import MaxPoolingWithPositions

features = np.float32([[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]])
maxima, positions = MaxPoolingWithPositions()(features[None, ..., None])
positions = np.asarray(positions)[0, ..., 0]
assert positions.tolist() == [[3, 0], [2, 3]]  # 0 upper left, 1 upper right, 2 and 3 below
print(f"copy: 16 numbers of 4 bytes = {features.nbytes} bytes")
print(f"positions, a byte each: {positions.nbytes} bytes; at two bits each: 1 byte")

# %% [markdown]
# **What we see.** 64 bytes against 4, or against 1. Four positions fit into one byte: $3 + 4\cdot 0 + 16\cdot 2 + 64\cdot 3 = 227$.
#
# ### Exercise 4.1 · Pack them
# Write `pack(positions)`: uint8 (n,) with values 0–3, n a multiple of 4, to uint8 (n / 4,). Of every four neighbours the first goes into
# the lowest two bits.


# %% tags=["exercise"]
def pack(positions):
    # BEGIN SOLUTION
    return (positions.reshape(-1, 4) * [1, 4, 16, 64]).sum(axis=1).astype(np.uint8)
    # END SOLUTION


# %%
ex.q4_1.check(pack)

# %%
segnet = build("segnet", STREET.num_classes, width=WIDTH, input_shape=(*INPUT, 3))
poolings = [layer for layer in segnet.layers if isinstance(layer, MaxPoolingWithPositions)]
kept = keras.Model(segnet.input, [(layer.input, layer.output[1]) for layer in poolings])
street = data.carla(folder, "test")[:1].arrays(INPUT)[0]
rows = []
for level, (copied, where) in enumerate(kept.predict(street, verbose=0), start=1):
    row = {"pooling": level, "features": "×".join(map(str, copied.shape[1:]))}
    sizes = {"copies": copied.nbytes, "positions": where.nbytes, "packed": where.size // 4}
    rows.append(row | {f"{name}, kB": size / 1e3 for name, size in sizes.items()})
total = {key: sum(row[key] for row in rows) for key in rows[0] if "kB" in key}
show.table([*rows, {"pooling": "sum", "features": ""} | total], digits=1)

# %% tags=["record"]
record(positions_over_copies=total["positions, kB"] / total["copies, kB"])
record(packed_over_copies=total["packed, kB"] / total["copies, kB"])

# %% [markdown]
# **What we see.** Measured on a street that runs through SegNet: a byte a position costs 1/16 of the copies, packed it would be 1/64. Nearly half
# of all lies at the first pooling. The price: U-Net's decoder gets every value, SegNet's one of four, in its place. This is the memory of the
# bridges alone; section 7 weighs whole networks.
#
# ## 5 · How far does an output see?
# Whoever shrinks less sees less: a 3×3 convolution adds two pixels *of its own layer*. **Dilated** encoders (Yu and Koltun, 2016) leave out
# poolings and spread the kernels instead. You know the formula from lesson 01. Does it hold? The **gradient** of one output with respect to
# the image is zero exactly where the output does not look.

# %%
import tensorflow as tf

from course_utils.models.deeplab import aspp
from course_utils.models.pspnet import pyramid_pooling


def field(stack):
    """Span along one axis, in input pixels, of a list of (kernel, stride, dilation)."""
    span = step = 1
    for kernel, stride, dilation in stack:
        span, step = span + (kernel - 1) * dilation * step, step * stride
    return span


def gradient(model, side=97):
    """How strongly the middle output reacts to each pixel, (side, side)."""
    for weights in model.trainable_weights:
        weights.assign(abs(weights))  # nothing cancels, and no ReLU is at zero
    noise = tf.random.stateless_uniform((24, side, side, 1), (SEED, 1))
    with tf.GradientTape() as tape:  # remembers what is computed from `noise`
        tape.watch(noise)
        result = model(noise)
        middle = result[:, result.shape[1] // 2, result.shape[2] // 2]
    return np.asarray(tape.gradient(middle, noise)).sum(axis=(0, 3))


# %%
def stacked(stack):
    """Convolutions, and poolings where the stride is 2."""
    parts = [keras.Input((None, None, 1))]
    for kernel, stride, rate in stack:
        convolution = layers.Conv2D(4, kernel, dilation_rate=rate, padding="same")
        parts.append(layers.MaxPooling2D() if stride == 2 else convolution)
    return keras.Sequential(parts)


def side_by_side(x, size):
    rates = (6, 12, 18)
    branches = [layers.Conv2D(4, size, dilation_rate=r, padding="same")(x) for r in rates]
    return layers.Concatenate()(branches)


x, plain, pool = keras.Input((None, None, 1)), (3, 1, 1), (2, 2, 1)
rising = [(3, 1, rate) for rate in (1, 1, 2, 2, 4, 4)]
stacks = {"six 3×3": [plain] * 6, "two 3×3 and a pooling, three times": [plain, plain, pool] * 3}
stacks |= {"six 3×3, rates 1, 1, 2, 2, 4, 4": rising, "three 3×3, rate 2 each": [(3, 1, 2)] * 3}
cases = {name: (stacked(stack), field(stack)) for name, stack in stacks.items()}
cases["3×3 at rates 6, 12, 18, side by side"] = keras.Model(x, side_by_side(x, 3)), 37
cases["1×1 at rates 6, 12, 18 (course notes)"] = keras.Model(x, side_by_side(x, 1)), 1
cases["ASPP with the image's mean"] = keras.Model(x, aspp(x, 4, (6, 12, 18))), 97
cases["pyramid pooling"] = keras.Model(x, pyramid_pooling(x)), 97

# %%
maps, rows = {}, []
away = np.maximum(*np.abs(np.indices((97, 97)) - 48))  # from the middle, in rows or columns
for name, (model, span) in cases.items():
    seen = maps[name] = gradient(model)
    width = int(np.ptp(np.flatnonzero(seen.any(axis=0)))) + 1
    assert width == span, (name, width, span)
    inside = np.cumsum(np.bincount(away.ravel(), seen.ravel())) / seen.sum()
    row = {"what": name, "by formula": span, "measured": width}
    most = 2 * int(np.searchsorted(inside, 0.9)) + 1
    rows.append(row | {"pixels read": int((seen > 0).sum()), "90 % within": most})
show.table(rows)
pictures = [np.sqrt(seen / seen.max())[26:71, 26:71] for seen in list(maps.values())[:5]]
titles = ["six 3×3", "with three poolings", "rates 1, 1, 2, 2, 4, 4", "rate 2 each"]
alt = (
    "What one output sees, five ways: a small spot, two large ones, a grid of dots, rings of dots."
)
show.images(pictures, [*titles, "rates 6, 12, 18"], columns=5, alt=alt)

# %% [markdown]
# **What we see.** Formula and gradient agree. Three poolings widen the view of six convolutions from 13 pixels to 36, on a map 8 times smaller;
# rates 1, 1, 2, 2, 4, 4 reach 29 at full size. The middle counts most: 90 % of the reaction lies within 9 of the 13 pixels (Luo et al., 2016).
# ASPP adds the image's mean to its 37 pixels and so sees everything, as pyramid pooling does.
#
# > **Pitfalls · two ways to look past the image.** *Gridding*: three layers at rate 2 span 13×13 pixels and read 49 of 169; the next output
# > reads others, so neighbours answer about different images. Rising rates leave no hole. *Dilated 1×1*: the course notes' ASPP has 1×1
# > convolutions at rates up to 18. It sees one pixel. Nothing warns you; the gradient tells.

# %%
from course_utils import demos

demos.field_of_view(street[0])

# %% [markdown]
# **What we see.** Two convolutions see a speck. Three poolings make it 68×68, with one output every 8 pixels; rate 4 in the deepest level makes it
# 164×164 at the same spacing; five poolings see more than the image, every 32 pixels. Far *and* dense needs dilation.
#
# ### Exercise 5.1 · Take out the strides
# An encoder is a list of 3×3 convolutions; convolution i has stride `strides[i]` (1 or 2). Write `keep_resolution(strides, output_stride)`:
# two lists, new strides and rates. While the product of the strides so far is below `output_stride`, a stride stays. Later ones become 1, and
# every convolution **after** a lost stride has its rate doubled.


# %% tags=["exercise"]
def keep_resolution(strides, output_stride):
    # BEGIN SOLUTION
    new, rates, product, rate = [], [], 1, 1
    for stride in strides:
        rates.append(rate)
        if product < output_stride:
            new.append(stride)
            product *= stride
        else:
            new.append(1)
            rate *= stride
    return new, rates
    # END SOLUTION


# %%
ex.q5_1.check(keep_resolution)

# %%
strided = [(2, 1), (2, 1), (2, 1), (1, 1)]  # stride and rate of each convolution: output stride 8
taken_out = [(2, 1), (1, 1), (1, 2), (1, 4)]  # output stride 2
kernels = rng.normal(size=(4, 3, 3, 1, 1)).astype(np.float32)
results = []
for stack in (strided, taken_out):
    x = street[..., :1]
    for kernel, (stride, r) in zip(kernels, stack, strict=True):
        x = keras.ops.relu(keras.ops.conv(x, kernel, strides=stride, dilation_rate=r))
    results.append(np.asarray(x)[0, ..., 0])
few, many = results
assert np.allclose(few, many[::4, ::4][: few.shape[0], : few.shape[1]], atol=1e-4)
print(
    f"output stride 8: {few.shape} answers · output stride 2: {many.shape}, every fourth the same"
)

# %% [markdown]
# **What we see.** With the *same weights*, dilation gives the answers of the strided encoder, and those between them. That is why a
# classifier's weights serve a dilated encoder unchanged, and also why it costs: sixteen times the positions.
#
# ## 6 · What does the rest of the image say?
# A grey patch is road below cars, and wall between windows. **PSPNet** (Zhao et al., 2017) averages the features over the whole image, and over
# 2×2, 3×3 and 6×6 parts of it, enlarges the means and lays them *beside* the features. On 4×4, with 1 and 2×2 parts:

# %%
from course_utils.layers import MeanOfParts

features = np.arange(16.0).reshape(4, 4).astype(np.float32)
halves = np.array([[features[r : r + 2, c : c + 2].mean() for c in (0, 2)] for r in (0, 2)])
for parts, by_hand in ((1, features.mean()), (2, halves)):
    by_layer = np.asarray(MeanOfParts(parts)(features[None, ..., None]))[0, ..., 0]
    assert np.allclose(by_layer, by_hand, atol=1e-5)
print(features, halves, features.mean(), sep="\n")

# %% [markdown]
# ### Exercise 6.1 · A pyramid
# Write `pyramid(features, bins)`: (height, width) to (height, width, 1 + number of bins). Channel 0 holds the features; then, for each b in
# `bins`, the means of b×b parts, repeated over their part. Height and width are multiples of every b.


# %% tags=["exercise"]
def pyramid(features, bins):
    # BEGIN SOLUTION
    height, width = features.shape
    channels = [features]
    for b in bins:
        tall, wide = height // b, width // b
        means = features.reshape(b, tall, b, wide).mean(axis=(1, 3))
        channels.append(means.repeat(tall, axis=0).repeat(wide, axis=1))
    return np.stack(channels, axis=-1)
    # END SOLUTION


# %%
ex.q6_1.check(pyramid)

# %%
pictures = [street[0], *(np.asarray(MeanOfParts(parts)(street))[0] for parts in (6, 3, 2, 1))]
pictures[1:] = [cv2.resize(p, INPUT[::-1], interpolation=cv2.INTER_NEAREST) for p in pictures[1:]]
titles = ["image", "6×6 parts", "3×3", "2×2", "whole"]
alt = "A street, and the means of its 36, 9, 4 parts and of the whole, as flat coloured rectangles."
show.images(pictures, titles, columns=5, alt=alt)

# %% [markdown]
# **What we see.** Coarser and coarser answers to *where am I*: sky above, bonnet below, dull or sunny day. In the network these are not
# colours but features, at 1/8 of the size. **ASPP** (DeepLab; Chen et al., 2018) asks the same with dilated kernels at three rates and the
# image's mean.
#
# ## 7 · Eight networks on one pair of scales
# **What do they cost, side by side?** All with 8 filters in their first layer, on four streets of 192×256. A convolution's parameters and
# multiply-adds are *quadratic* in the width, since inputs and filters both grow with it. So three small builds tell both for the papers'
# widths, without the gigabytes.

# %%
from course_utils.models import NETWORKS

rows, trial = [], (4, 8, 16)
for name in NETWORKS:
    built = [build(name, STREET.num_classes, width=w, input_shape=(*INPUT, 3)) for w in trial]
    sizes = {
        "parameters": [m.count_params() for m in built],
        "multiply-adds": [count(m) for m in built],
    }
    row = {"network": name}
    for what, values in sizes.items():
        at_width = np.poly1d(np.polyfit(trial, values, 2))
        unit, text = (1e6, "M") if what == "parameters" else (1e9, "G")
        row |= {f"{what}, {text}": at_width(WIDTH) / unit}
        row |= {f"full width, {text}": at_width(NETWORKS[name][1]) / unit}
    rows.append(row)
show.table(rows, digits=2)
static = {row["network"]: row for row in rows}

# %% [markdown]
# **What we see.** At full width DeconvNet has eight times U-Net's parameters for the same multiply-adds: most of its weights sit in 7×7
# convolutions that stop at 6×8 positions. (DeepLab and PSPNet have the course's small encoder, not the papers' ResNets.)
#
# **Memory** is measured from outside: each network runs in a process of its own, which reports the most it ever held, less what a single 1×1
# convolution holds in its place. **Times** are processor time, all cores together, the fastest of three: other programs hardly disturb it. (On a
# GPU take `time.perf_counter`.)
#
# ### Exercise 7.1 · Predict first
# SegNet's positions cost 1/16 of U-Net's copies. How much memory does a *training step* of SegNet take, against U-Net's? `"A"` about 1/16 ·
# `"B"` between 1/16 and 1/3 · `"C"` more than 1/3.

# %% tags=["exercise"]
# BEGIN SOLUTION
prediction_71 = "C"
# END SOLUTION

# %%
ex.q7_1.check(prediction_71)

# %%
WEIGH = """
import json, os, sys, tempfile, time
import course_utils, keras, numpy as np
from course_utils.models import build
from course_utils.training import peak_mb
name, classes, width, rows, columns, batch = sys.argv[1], *map(int, sys.argv[2:])
one = [keras.Input((rows, columns, 3)), keras.layers.Conv2D(classes, 1)]
options = {"width": width, "input_shape": (rows, columns, 3)}
model = build(name, classes, **options) if name != "nothing" else keras.Sequential(one)
images = np.random.default_rng(0).random((batch, rows, columns, 3), np.float32)
def fastest(step, *arrays):
    times = [time.process_time()] + [step(*arrays) is None or time.process_time() for _ in range(4)]
    return 1000 * np.diff(times)[1:].min()

found = {"forward ms": fastest(model.predict_on_batch, images), "inference MB": peak_mb()}
with tempfile.TemporaryDirectory() as folder:
    model.save_weights(folder + "/model.weights.h5")
    found["on disk MB"] = os.path.getsize(folder + "/model.weights.h5") / 1e6
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.optimizer.build(model.trainable_variables)
step = fastest(model.train_on_batch, images, np.zeros(images.shape[:3], np.uint8))
found |= {"backward ms": step - found["forward ms"], "training MB": peak_mb()}
order = ("forward ms", "backward ms", "inference MB", "training MB", "on disk MB")
print(json.dumps({key: found[key] for key in order}))
"""

# %%
import json
import os
import subprocess
import sys


def weigh(name):
    """What a process of its own measures for network `name`; its messages stay there."""
    sizes = map(str, [STREET.num_classes, WIDTH, *INPUT, BATCH])
    options = {"env": {**os.environ, "PYTHONPATH": str(course)}, "capture_output": True}
    done = subprocess.run([sys.executable, "-c", WEIGH, name, *sizes], text=True, **options)
    assert done.returncode == 0, done.stderr[-1000:]
    return json.loads(done.stdout.splitlines()[-1])


nothing = weigh("nothing")
less = {key: value if "MB" in key and "disk" not in key else 0 for key, value in nothing.items()}
found = {name: weigh(name) for name in WEIGHED}
measured = {name: {k: v - less[k] for k, v in values.items()} for name, values in found.items()}
show.table([{"network": name} | values for name, values in measured.items()], digits=1)
ratio = measured["segnet"]["training MB"] / measured["unet"]["training MB"]

# %% tags=["record"]
record(segnet_over_unet_training=ratio)

# %% tags=["fold"]
# @title Time over parameters and over multiply-adds
fig, axes = show.new(2, 1, (4.2, 3.0))
for axis, unit, key in zip(axes.flat, ("M", "G"), ("parameters", "multiply-adds"), strict=True):
    for number, name in enumerate(WEIGHED):
        x, y = static[name][f"{key}, {unit}"], measured[name]["forward ms"]
        axis.plot(x, y, "o", color=show.PALETTE[number % 7])
        lift = {"fcn16s": 8, "fcn8s": -2, "fcn32s": -12}.get(name, 3)  # the three lie together
        axis.annotate(name, (x, y), xytext=(5, lift), textcoords="offset points", fontsize=8)
    axis.set(xlabel=f"{key} ({'million' if unit == 'M' else 'thousand million'})", ylim=(0, None))
axes[0, 0].set(ylabel="forward (ms)", xscale="log")
axes[0, 0].set_xticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
axes[0, 0].minorticks_off()
alt = (
    "Forward time of eight networks: no line over the parameters, a rising one over multiply-adds."
)
show.figure(fig, alt)

# %% [markdown]
# **What we see.** Forward time follows the multiply-adds (right), not the parameters (left): FCN has four times U-Net's parameters and needs half of
# its time. The way back costs two to four times the way there. A training step of SegNet takes *nearly as much* memory as U-Net's, 305 against 319 MB:
# what fills it are the activations that every layer keeps for its gradient, and bridges are few of them. DeconvNet is the heaviest in all,
# in multiply-adds by a hair. Differences like those among the FCNs are the machine's.
#
# The SegNet paper's own table, on a GPU, at 360×480 pixels and the papers' widths:
#
# | network | forward ms | training MB | model MB |
# |:--|--:|--:|--:|
# | SegNet | 422 | 6803 | 117 |
# | DeepLab-LargeFOV | 110 | 5618 | 83 |
# | FCN | 317 | 9735 | 539 |
# | DeconvNet | 475 | 9731 | 877 |
#
# There, too, SegNet trains in 0.70 of FCN's memory, for all its thrift with positions, and DeconvNet's file is 7.5 times SegNet's. Three things
# differ here: the processor, the library, and what the library keeps. Compare orders, not numbers.

# %% [markdown]
# ## 8 · Recap
#
# You can now
# - **count** multiply-adds, of a layer and of a network, and say why windows pay many times;
# - **fuse** scores at strides 32, 16 and 8 by enlarging and adding;
# - **score** near the boundaries, where a mean over all pixels hides the difference;
# - **measure** a field of view by the gradient, and keep it without strides by dilation;
# - **weigh** networks by what they cost: parameters say little about time, and nothing about memory.
#
# **Words** [receptive field, dilated convolution, skip connection](glossary.md) in three languages.
#
# **Try next** `INPUT = (384, 512)`: which columns grow four times? Sections 2–3 with `FCN_WIDTH = 16`. The notes' rates 6, 12, 18 with 3×3 kernels on
# a map of 16×16: how many of the nine weights still meet the map? Lesson 10 trains five networks on one street.

# %% [markdown]
# **References** Cireșan et al. (2012), *Deep neural networks segment neuronal membranes in electron microscopy images*, NIPS 25. Long,
# Shelhamer, Darrell (2015), arXiv:1411.4038: FCN. Noh, Hong, Han (2015), arXiv:1505.04366: DeconvNet. Ronneberger, Fischer, Brox (2015),
# arXiv:1505.04597: U-Net. Badrinarayanan, Kendall, Cipolla (2017), doi:10.1109/TPAMI.2016.2644615: SegNet. Kohli, Ladický, Torr (2009),
# doi:10.1007/s11263-008-0202-0: trimaps. Yu, Koltun (2016), arXiv:1511.07122: dilation. Luo et al. (2016), arXiv:1701.04128: effective
# receptive fields. Zhao et al. (2017), arXiv:1612.01105: PSPNet. Chen et al. (2018), arXiv:1802.02611: DeepLabv3+.
