# %% [markdown]
# # 05 · Cell membranes: 30 images are enough, if you augment
#
# You train a U-Net to find cell membranes in 24 slices of brain tissue, and make many training images out of few.
#
# {{picture}}

# %% [markdown]
# **You will be able to** · **hold out** slices that are strangers to the training set · **distort** an image and its mask together ·
# **stream** such pairs without end · **mirror** what lies beyond the border · **compare** networks fairly, with and without augmentation,
# with and without skips.
#
# **You need** [03 · A bridge over the hourglass](03_eliret_unet.ipynb) and [04 · Any size in, any size out](04_any_size.ipynb).
#
# **Time** reading 35 min · exercises 40 min · compute {{time}}, memory {{memory}}
#
# **Data** {{data}}. The real set is the ISBI 2012 challenge: for research and teaching, cite Arganda-Carreras et al. (2015),
# doi:10.3389/fnana.2015.00142. The generated one has the same layout, CC BY 4.0.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
SIZE = 128  # pixels a side; on disk 512
HELD_OUT = 6  # of the 30 slices, for validation
EPOCHS = 100  # of 3 steps of 8 slices each; as many as in the course notes
WIDTHS = (8, 16, 32, 64)  # filters a level; course notes: 64 to 512
SEED = 1

# %% [markdown] tags=["teacher"]
# > **For teachers.** 90 minutes: 15 for section 1, 30 for sections 2–4, 15 for 5–6, 30 for 7–8. Start the trainings (section 7) before
# > the break. If you are late, leave sections 5 and 6 for home; homework 2 does not need them. Common mix-ups: the matrix says where an
# > output pixel *looks*, not where an input pixel goes; class 0 is the membrane; a good score on augmented training batches is harder to
# > get than one on the slices themselves.

# %% [markdown]
# ## 1 · Thirty slices: which ones are strangers?
# An electron microscope photographed the nerve cord of a fruit fly's larva, slice by slice, 30 times, and experts traced the membranes of
# all cells by hand. The files are 512×512 grey images; a mask is 255 inside a cell and 0 on a membrane. There are 30 more slices without
# masks, for the challenge. We work at 128×128.

# %%
import cv2
import numpy as np

from course_utils import data, show
from course_utils.classes import MEMBRANE
from course_utils.files import decode
from data_scripts import ensure

folder = ensure("membrane")
for kind in ("train/image", "train/label", "test/image"):
    files = list((folder / kind).glob("*.png"))
    one = decode(files[0])
    print(f"{kind}: {len(files)} files, {one.shape} {one.dtype}, {one.min()} to {one.max()}")

pairs = data.membrane(folder, "train")
images, masks = pairs.arrays((SIZE, SIZE))  # image: mean over areas; mask: nearest pixel
shown = [0, 1, 2, 20]
titles = [f"slice {number}" for number in shown]
alt = "Four slices, grey cells between dark membranes, above masks that trace the membranes."
show.pairs(images[shown], masks[shown], MEMBRANE, titles=titles, alt=alt)

# %% [markdown]
# **What we see.** Dark lines between cells, and other dark spots that are no membranes: organelles. Follow a large cell from slice 0 to 1
# to 2: it stays, a little deformed. In slice 20 nothing of it is left.
#
# So neighbours share cells. **How far does that reach?** Take the correlation of two masks: 1 for equal ones, 0 for masks that have
# nothing to do with each other.


# %%
def similarity(stack, lag):
    """Mean correlation of slices that lie `lag` apart; stack: (slices, height, width)."""
    pixels = stack.reshape(len(stack), -1).astype(float)
    pixels = (pixels - pixels.mean(axis=1, keepdims=True)) / pixels.std(axis=1, keepdims=True)
    return (pixels[lag:] * pixels[:-lag]).mean()


rows = []
for lag in (1, 2, 3, 5, 10, 20):
    by_kind = {"images": similarity(images, lag), "masks": similarity(masks, lag)}
    rows.append({"slices apart": lag} | by_kind)
show.table(rows)

# %% tags=["record"]
record(similarity_1=similarity(masks, 1), similarity_10=similarity(masks, 10))

# %% [markdown]
# **What we see.** Next neighbours are the most alike, in the images more than in the thin lines of the masks. Ten slices apart hardly
# anything is left. Put slice 12 into the training set and slice 13 into the held-out set, and part of the answer has been seen.
#
# ### Exercise 1.1 · Hold out strangers
# Write `hold_out(slices, held)`: two lists of slice numbers, training and held-out, such that as few held-out slices as possible lie next
# to a training slice.


# %% tags=["exercise"]
def hold_out(slices, held):
    # BEGIN SOLUTION
    numbers = list(range(slices))
    return numbers[: slices - held], numbers[slices - held :]
    # END SOLUTION


# %%
ex.q1_1.check(hold_out)

# %%
from course_utils import metrics

train, held = pairs[:-HELD_OUT], pairs[-HELD_OUT:]
train_arrays, held_arrays = train.arrays((SIZE, SIZE)), held.arrays((SIZE, SIZE))


def scores(masks, predictions):
    """Pixel accuracy, and IoU of the membrane (class 0)."""
    matrix = metrics.confusion_matrix(masks, predictions, MEMBRANE.num_classes)
    return {"accuracy": metrics.pixel_accuracy(matrix), "membrane IoU": metrics.iou(matrix)[0]}


baseline = scores(held_arrays[1], np.ones_like(held_arrays[1]))  # every pixel: inside of a cell
show.table([{"held-out slices": "every pixel is inside of a cell", **baseline}])

# %% tags=["record"]
record(baseline_accuracy=baseline["accuracy"])

# %% [markdown]
# **What we see.** Calling no pixel a membrane is right for about four pixels of five, and worth nothing: the membrane's IoU is 0.
# Accuracy has little room above that; watch the IoU.
#
# ## 2 · How do you move an image and its mask together?
# A network should find a membrane wherever it lies and however it runs. So turn, shift, shear and zoom the slices a little, each time
# differently, *and the masks with them*.
#
# Each such distortion is a matrix. We ask for each **output** pixel (x, y): at which input position does it look? A 3×3 matrix times (x,
# y, 1) tells. On a 3×3 image, with a quarter turn and with a shift:


# %%
def rotation(degrees):
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def shift(x, y):
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def look(image, matrix):
    """Each output pixel takes the input pixel nearest to matrix @ (x, y, 1); 0 outside."""
    output = np.zeros_like(image)
    for y, x in np.ndindex(image.shape):
        column, row, _ = np.rint(matrix @ (x, y, 1)).astype(int)
        if 0 <= row < image.shape[0] and 0 <= column < image.shape[1]:
            output[y, x] = image[row, column]
    return output


toy = np.arange(1, 10, dtype=np.uint8).reshape(3, 3)
for rows in zip(toy, look(toy, shift(1, 0)), look(toy, rotation(90)), strict=True):
    print(*rows, sep="    ")
how = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
for matrix in (shift(1, 0), rotation(90)):
    assert np.array_equal(look(toy, matrix), cv2.warpAffine(toy, matrix[:2], (3, 3), flags=how))

# %% [markdown]
# **What we see.** Left the image, in the middle the shift: each pixel looks one to the right, so the content moves left. Right the
# quarter turn: it turned about pixel (0, 0), the upper left corner, and nearly all of the image has left the stage. OpenCV agrees.
#
# ### Exercise 2.1 · Turn about the centre
# Compose the matrix that turns by `degrees` about the centre of an image of `height` × `width` pixels, out of `rotation` and `shift`.
# Several distortions in one matrix mean that the image is interpolated only once.


# %% tags=["exercise"]
def rotation_about_centre(degrees, height, width):
    # BEGIN SOLUTION
    x, y = (width - 1) / 2, (height - 1) / 2
    return shift(x, y) @ rotation(degrees) @ shift(-x, -y)
    # END SOLUTION


# %%
ex.q2_1.check(rotation_about_centre)

# %% [markdown]
# `course_utils.augment.Affine` draws such a matrix at random, seen from the centre, and `border="reflect"` fills in a mirror image from
# outside. The course notes take rotation by up to 10°, shifts of 5 %, shear of 10°, zoom of 20 %.
#
# No matrix can bend a line. **Elastic deformation** can: each pixel gets a random displacement, and a Gaussian of `sigma` pixels smooths
# these so that neighbours move alike. It suits tissue, which is soft. First on a grid, whose cells are its mask, then on a slice:

# %%
from course_utils.augment import Affine, Elastic

four = {"rotation": 10, "shift": 0.05, "shear": 10, "zoom": 0.2}
distortions = {"nothing": Affine()}
distortions |= {f"{name} {most}": Affine(**{name: most}) for name, most in four.items()}
distortions |= {"these four": Affine(**four), "elastic": Elastic(alpha=150, sigma=8)}

lines = np.minimum(*np.indices((SIZE, SIZE)) % (SIZE // 8)) < 2
grid = np.uint8(~lines)  # 0: a line, 1: a cell
samples = [(255 * grid[..., None], grid), pairs.read(0, (SIZE, SIZE))]
fig, axes = show.new(len(distortions), 4, (1.3, 1.3))
for (name, distort), column in zip(distortions.items(), axes.T, strict=True):
    for place, (image, mask) in enumerate(samples):
        image, mask = distort(image, mask, np.random.default_rng(13))
        assert set(np.unique(mask)) <= {0, 1}  # no label that was not there
        image, mask = image[: SIZE // 2, : SIZE // 2], mask[: SIZE // 2, : SIZE // 2]
        column[2 * place].imshow(image, cmap="gray", vmin=0, vmax=255)
        column[2 * place + 1].imshow(show.overlay(image, mask, MEMBRANE, opacity=1))
    column[0].set_title(name)
for axis in axes.flat:
    axis.set_axis_off()
show.legend(fig, MEMBRANE)
show.figure(fig, alt="Upper left quarters of a grid and a slice, each above its mask, distorted.")

# %% [markdown]
# **What we see.** Upper left quarters, to see pixels. Rotation, shift, shear and zoom leave lines straight; *these four* is their
# product: one matrix, one look. The elastic one bends lines. In every column the membranes in the mask lie on those in the image, because
# both took the same positions. Towards the border cells are mirrored.
#
# Now you: each slider is one distortion.

# %%
from course_utils import demos

demos.augmentation(images[0], masks[0], MEMBRANE)

# %% [markdown]
# ## 3 · What lies between two labels?
# A turned pixel rarely lands on a pixel. For an image we mix the neighbours (*bilinear*). In lesson 04 a mask treated that way got a grey
# of 128, and a threshold would have saved it. **What if there are three classes?** By hand: a row of labels, seen from half a pixel
# further right.

# %%
row = np.array([[0, 0, 2, 2, 2, 1]], np.uint8)  # 0 background, 1 pedestrian, 2 car
matrix = shift(0.5, 0)[:2]
by_hand = (row[0, :-1] + row[0, 1:]) / 2
how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
mixed = cv2.warpAffine(row.astype(np.float32), matrix, (6, 1), flags=how)
assert np.allclose(mixed[0, :-1], by_hand, atol=0.02)
print("labels:", row[0], "· half a pixel further:", by_hand)

# %% [markdown]
# **What we see.** Between background (0) and car (2) stands a 1: *pedestrian*, where nobody is. Between car and pedestrian stands 1.5,
# which is no class at all. The mean of two numbers is a number; the mean of two labels means nothing.
#
# > **Pitfall · the bilinear mask.** How much of a real mask does the slip reach? We make it on purpose, on membranes two or three pixels
# > wide. The way to notice: `np.unique` before and after each transform; the labels after must be a subset of those before.

# %%
matrix = Affine(rotation=10).matrix((SIZE, SIZE), np.random.default_rng(13))
mask = MEMBRANE.to_disk(masks[0])  # 0 and 255, as in the file
how = {"bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST}
grey, detail, shown = {}, np.s_[SIZE // 4 : SIZE // 2, SIZE // 4 : SIZE // 2], [mask]
for name, flag in how.items():
    flags, border = flag | cv2.WARP_INVERSE_MAP, cv2.BORDER_REFLECT
    warped = cv2.warpAffine(mask, matrix, (SIZE, SIZE), flags=flags, borderMode=border)
    grey[name] = np.mean((warped != 0) & (warped != 255))
    print(f"{name}: {np.unique(warped).size} values; {grey[name]:.0%} of the pixels hold no label")
    shown.append(warped)
alt = "Detail of a mask, black membranes on white; turned, with grey edges; turned, without."
show.images([picture[detail] for picture in shown], ["mask", *how], alt=alt)

# %% tags=["record"]
record(invented=grey["bilinear"])

# %% [markdown]
# **What we see.** Membranes are thin, so many pixels lie near an edge: about a third of the mask turns grey. With two classes a threshold
# of one half repairs it, and that is what the course notes do; with three or more nothing can. Nearest neighbour needs no repair.
#
# ### Exercise 3.1 · The mask's half of the work
# Write `transform_mask(mask, matrix)`: the mask (height, width) as seen through a 2×3 matrix that tells where each output pixel looks.
# Nearest neighbour, same shape, mirrored outside.


# %% tags=["exercise"]
def transform_mask(mask, matrix):
    # BEGIN SOLUTION
    height, width = mask.shape
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(mask, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT)
    # END SOLUTION


# %%
ex.q3_1.check(transform_mask)

# %% [markdown]
# ## 4 · Where do endless images live?
# Every slice can be distorted in endless ways. **Who stores them?** Nobody. A Python function that says `yield` hands over one result,
# sleeps, and goes on from there when asked again: a *generator*. `while True` is allowed in it; it makes the next pair when the network
# wants one.
#
# ### Exercise 4.1 · An endless stream
# Write the generator: draw a slice at random with `rng.integers`, distort image and mask in ONE call `augment(image, mask, rng)`, and
# yield the two.


# %% tags=["exercise"]
def stream(images, masks, augment, rng):
    while True:
        # BEGIN SOLUTION
        number = rng.integers(len(images))
        yield augment(images[number], masks[number], rng)
        # STUB: yield ____
        # END SOLUTION


# %%
ex.q4_1.check(stream)

# %% [markdown]
# `tf.data` is today's machinery around such a stream: it batches the pairs and makes the next ones while the network works. **Do the same
# pairs come out?** Here with a generator that walks through the slices in order:

# %%
import tensorflow as tf

sources = [train.read(number, (SIZE, SIZE)) for number in range(len(train))]


def in_order(seed):
    rng = np.random.default_rng(seed)
    while True:
        for image, mask in sources:
            yield distortions["these four"](image, mask, rng)


kinds = tf.TensorSpec((SIZE, SIZE, 1), tf.uint8), tf.TensorSpec((SIZE, SIZE), tf.uint8)
dataset = tf.data.Dataset.from_generator(lambda: in_order(SEED), output_signature=kinds)
ours = in_order(SEED)
for batch in dataset.batch(8).prefetch(1).take(2):
    for image, mask in zip(*(part.numpy() for part in batch), strict=True):
        our_image, our_mask = next(ours)
        assert np.array_equal(image, our_image)
        assert np.array_equal(mask, our_mask)
    print("a batch of", *(part.shape for part in batch), "equal to ours, pixel by pixel")

# %% [markdown]
# **What we see.** One seed, one stream: the same pairs, in batches. One call that distorts both cannot part them, as two generators with
# equal seeds can (lesson 04). In section 7 `train.batches(…, augment=…)` does the same, in threads and on any Keras backend.
#
# Keras has layers for it too, which take a dictionary with image and mask. **Can you trust them?** Give them the mask as the image as
# well: both must come out alike. Versions differ, so let us ask the one installed here:

# %%
import keras

layers, reflect = keras.layers, {"fill_mode": "reflect", "seed": SEED}
candidates = [
    layers.RandomFlip(seed=SEED),
    layers.RandomRotation(10 / 360, **reflect),
    layers.RandomTranslation(0.05, 0.05, **reflect),
    layers.RandomZoom(0.2, **reflect),
    layers.RandomElasticTransform(1.0, scale=1.0, **reflect),
]
batch, rows = masks[:8, :, :, None].astype("float32"), []
for layer in candidates:
    output = layer({"images": 255 * batch, "segmentation_masks": batch})
    output = {name: keras.ops.convert_to_numpy(value) for name, value in output.items()}
    image, mask = output["images"] > 127, output["segmentation_masks"]
    invented, differ = np.mean(mask % 1 != 0), np.mean(image != (mask > 0.5))
    name = type(layer).__name__
    rows.append({"layer": name, "invented labels": invented, "image ≠ mask": differ})
print("Keras", keras.__version__)
show.table(rows)

# %% [markdown]
# **What we see.** Shares of the pixels. Up to Keras 3.13 all these layers except the flip mix the labels; later ones take the nearest,
# and the first column is 0. A few per cent in the second are rounding at edges. A fifth is not: in Keras 3.13 and 3.15 the elastic layer moves
# image and mask **differently**, without a word. A mask in the place of the image shows what any library does to pairs.
#
# ## 5 · What lies beyond the border?
# A 3×3 convolution at the border needs pixels that do not exist. `same` padding invents zeros: black tissue. The U-Net paper uses `valid`
# convolutions, which answer only where all inputs exist, and so shrink the image. **How is the whole slice answered all the same?**

# %%
from numpy.lib.stride_tricks import sliding_window_view

row = np.array([3, 1, 4, 1, 5])
print("reflect:  ", np.pad(row, 2, mode="reflect"), " (the edge pixel is the mirror)")
print("symmetric:", np.pad(row, 2, mode="symmetric"), " (the edge pixel is repeated)")


def network(image):
    """Stands for two valid 3×3 convolutions: each answer sees 5×5 pixels."""
    return sliding_window_view(image, (5, 5)).mean(axis=(2, 3))


image, half = images[0, :, :, 0], SIZE // 2
padded = np.pad(image, 2, mode="reflect")
whole = network(padded)
corners = [[np.s_[y : y + half, x : x + half] for x in (0, half)] for y in (0, half)]
wider = [[np.s_[y : y + half + 4, x : x + half + 4] for x in (0, half)] for y in (0, half)]
overlap = np.block([[network(padded[tile]) for tile in line] for line in wider])
alone = np.block(
    [[network(np.pad(image[tile], 2, mode="reflect")) for tile in line] for line in corners]
)
assert np.array_equal(overlap, whole)
for name, parts in {"overlapping inputs": overlap, "each tile mirrored alone": alone}.items():
    print(f"{name}: largest difference to the whole {np.abs(parts - whole).max():.2f}")

# %% [markdown]
# **What we see.** Beyond the border stands a mirror image. Numpy's `reflect` mirrors at the edge pixel, `symmetric` repeats it; OpenCV
# calls them `REFLECT_101` and `REFLECT`. Tiles whose *inputs* overlap give exactly the answer of the whole image: that is
# **overlap-tile**, and a slice of any size passes through a small memory. Tiles that are mirrored one by one show seams.
#
# ### Exercise 5.1 · How much is lost?
# Write the output side of the paper's U-Net for an input of side `side`: per level two `valid` 3×3 convolutions; between levels pooling
# by 2 on the way down, doubling on the way up. `poolings` = 4 in the paper.


# %% tags=["exercise"]
def output_side(side, poolings):
    # BEGIN SOLUTION
    for _ in range(poolings):
        side = (side - 4) // 2
    side -= 4
    for _ in range(poolings):
        side = 2 * side - 4
    return side
    # END SOLUTION


# %%
ex.q5_1.check(output_side)

# %% [markdown]
# ## 6 · Which pixels must not be missed?
# One hole in a membrane merges two cells, and costs a handful of pixels in ten thousand. The U-Net paper makes those pixels expensive.
# With the distances $d_1$ and $d_2$ to the nearest and the second nearest cell, a background pixel weighs
#
# $$w(x) = w_c(x) + w_0 \exp\left(-\frac{(d_1(x) + d_2(x))^2}{2\sigma^2}\right),$$
#
# where $w_c$ balances the two classes; $w_0 = 10$, $\sigma = 5$ pixels. By hand, for rows with two cells:

# %%
from course_utils.losses import border_weights

for gap in (1, 3, 7):
    row = np.array([1] * 4 + [0] * gap + [1] * 4, np.uint8)
    w_c = np.where(row == 1, row.size / (2 * 8), row.size / (2 * gap))  # half of the total each
    bonus = 10 * np.exp(-((gap + 1) ** 2) / (2 * 5**2))  # d1 + d2 = gap + 1 in the whole gap
    by_hand = np.where(row == 1, w_c, w_c + bonus)
    assert np.allclose(border_weights(row[None])[0], by_hand, atol=1e-3)
    print(f"gap of {gap}: bonus {bonus:.1f}, weights {by_hand.round(1)}")

crop = np.s_[:256, :256]
image, mask = pairs.read(0)
weights = border_weights(mask[crop])
fig, axes = show.new(2, 1, (3.2, 2.8))
axes[0, 0].imshow(show.overlay(image[crop], mask[crop], MEMBRANE))
fig.colorbar(axes[0, 1].imshow(weights, cmap="cividis"), ax=axes[0, 1], label="weight w(x)")
for axis in axes.flat:
    axis.set_axis_off()
show.legend(fig, MEMBRANE)
alt = "A quarter of a slice with its mask, and each pixel's weight: high in thin membranes."
show.figure(fig, alt)


# %% [markdown]
# **What we see.** The thinner the gap, the higher the bonus; at 7 pixels less than a third of it is left. In the slice thin membranes
# shine, and broad ones, where nothing can merge by mistake, stay dim. The weights would multiply the loss of each pixel.
#
# ### Exercise 6.1 · The bonus of one pixel
# `row` holds the number of a cell (1, 2, …) at each pixel and 0 on the background. Write the second term, $w_0 \exp(\dots)$, for the
# pixel at `position`; 0 on a cell.


# %% tags=["exercise"]
def border_bonus(row, position, w0=10.0, sigma=5.0):
    # BEGIN SOLUTION
    if row[position] != 0:
        return 0.0
    places = np.arange(len(row))
    d1, d2 = sorted(
        np.abs(places[row == cell] - position).min() for cell in np.unique(row[row > 0])
    )[:2]
    return w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))
    # END SOLUTION


# %%
ex.q6_1.check(border_bonus)

# %% [markdown]
# ## 7 · Does augmentation pay?
# The network is a U-Net with batch normalisation, and with dropout in its two deepest levels. Tissue has neither up nor left, so we add
# flips and quarter turns.
#
# Mind the order: interpolation blurs, and at 128×128 a membrane is two or three pixels wide. So we distort at 512×512 and shrink *after*;
# the mean over 4×4 pixels hides the blur. **Same network, same steps, with and without augmentation.** The held-out slices choose
# nothing, not even the best epoch: choosing is a kind of training.

# %%
from course_utils.augment import Sequence
from course_utils.models import unet
from course_utils.training import fit


def quarter_turn(image, mask, rng):
    turns = int(rng.integers(4))
    return np.rot90(image, turns), np.rot90(mask, turns)


def shrink(image, mask, rng):
    image = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return image[..., None], cv2.resize(mask, (SIZE, SIZE), interpolation=cv2.INTER_NEAREST_EXACT)


def train_unet(*steps, skips=True):
    """A U-Net trained on slices that pass through `steps` and are shrunk, and its history."""
    keras.utils.set_random_seed(SEED)
    model = unet((SIZE, SIZE, 1), widths=WIDTHS, batch_norm=True, dropout=0.1, skips=skips)
    batches = train.batches(batch=8, augment=Sequence(*steps, shrink), shuffle=True, seed=SEED)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, EPOCHS * len(batches))
    model.compile(keras.optimizers.Adam(rate), loss="mse", metrics=["accuracy"])
    return model, fit(model, batches, held_arrays, epochs=EPOCHS, monitor="loss").history


# %% [markdown]
# ### Exercise 7.1 · Predict first
# After equal steps, which network has the higher accuracy on the undistorted *training* slices? `"A"`: the one with augmentation, it has
# seen more. `"B"`: the one without. `"C"`: no difference. Commit yourself, then run on.

# %% tags=["exercise"]
# BEGIN SOLUTION
prediction_71 = "B"
# END SOLUTION

# %%
ex.q7_1.check(prediction_71)

# %%
augment = Affine(**four, flip=True), quarter_turn
augmented, repeated = train_unet(*augment), train_unet()
sets = {"training": train_arrays, "held out": held_arrays}


# %%
def predict(model, images):
    """Class ids (batch, height, width); the output is the probability of class 1."""
    return np.uint8(keras.ops.convert_to_numpy(model(images, training=False))[..., 0] > 0.5)


def report(networks):
    """Scores of each network and of the baseline on the training and the held-out slices."""
    rows = []
    for name, (_, masks) in sets.items():
        rows.append({"network": "all inside", "slices": name} | scores(masks, np.ones_like(masks)))
    for network, (model, _) in networks.items():
        for name, (images, masks) in sets.items():
            found = scores(masks, predict(model, images))
            rows.append({"network": network, "slices": name} | found)
    show.table(rows)
    return rows


networks = {"with augmentation": augmented, "without": repeated}
*_, own, best, own_without, without = report(networks)
gap, gap_without = own["accuracy"] - best["accuracy"], own_without["accuracy"] - without["accuracy"]
alt = "Loss by epoch: without augmentation training and validation part, with it they do not."
show.histories({name: history for name, (_, history) in networks.items()}, alt=alt)

# %% tags=["record"]
record(accuracy=best["accuracy"], membrane_iou=best["membrane IoU"])
record(training_without=own_without["accuracy"], accuracy_without=without["accuracy"])
record(gap=gap, gap_without=gap_without, gap_difference=gap_without - gap)

# %% [markdown]
# **What we see.** *Without*: {{training_without:.2f}} of the training pixels right, {{accuracy_without:.2f}} of the held-out ones: it has
# begun to learn 24 pictures by heart. *With*: {{accuracy:.2f}} on both; the gap is gone, and the IoU on strangers is a little higher.
# (Held-out slices are easier, see *all inside*.) One seed, six slices: trust the gap; with another seed the two held-out scores may come out equal.
#
# ## 8 · Do the skips pay?
# Pooling three times leaves 16×16 positions of 8×8 pixels each.
#
# ### Exercise 8.1 · Predict first
# We cut the skip connections, all else being equal. On the held-out slices the network then finds `"A"` the membranes as before, `"B"`
# far fewer of them, `"C"` far too many.

# %% tags=["exercise"]
# BEGIN SOLUTION
prediction_81 = "B"
# END SOLUTION

# %%
ex.q8_1.check(prediction_81)

# %% tags=["picture"]
networks = {"with skips": augmented, "without skips": train_unet(*augment, skips=False)}
cut = report(networks)[-1]

few = [0, HELD_OUT // 2, HELD_OUT - 1]
images, masks = (part[few] for part in held_arrays)
predictions = {name: predict(model, images) for name, (model, _) in networks.items()}
titles = [f"slice {len(train) + number}" for number in few]
alt = "Held-out slices, masks, and predictions: thin membranes with skips, few strokes without."
show.pairs(images, masks, MEMBRANE, predictions=predictions, titles=titles, alt=alt)

# %% tags=["record"]
record(accuracy_without_skips=cut["accuracy"], iou_without_skips=cut["membrane IoU"])
record(iou_lost=best["membrane IoU"] - cut["membrane IoU"])

# %% [markdown]
# **What we see.** Without skips the accuracy is that of *all inside*, and the IoU tells how little that means: a few strokes at thick
# places. More steps may find more. The course notes, with a net eight times as wide, saw the same direction on training slices after 100
# epochs: accuracy 0.956 with skips and 0.902 without, loss 0.032 and 0.072; nothing was held out. The skips carry what pooling loses:
# *where*.

# %% [markdown]
# ## 9 · Recap
#
# You can now
# - **hold out** a range of slices that lie together, because neighbours share cells;
# - **distort** image and mask by one matrix or one map, bilinear and nearest, and prove that no label is invented;
# - **stream** such pairs by a generator, and through `tf.data`;
# - **mirror** what lies beyond the border, and cut an image into tiles without seams;
# - **compare** two networks that differ in one thing, beside a baseline, on slices that chose nothing.
#
# **Words** [augmentation, skip connection, overfitting](glossary.md) in three languages.
#
# **Try next** Another seed; shrink first and distort after; the elastic deformation as a further step; fewer training slices. Lesson 06
# asks which loss and which score.

# %% [markdown]
# **References** Arganda-Carreras et al. (2015), *Crowdsourcing the creation of image segmentation algorithms for connectomics*,
# doi:10.3389/fnana.2015.00142: the images and the challenge. Ronneberger, Fischer, Brox (2015), *U-Net: convolutional networks for
# biomedical image segmentation*, arXiv:1505.04597: mirror padding, overlap-tile, border weights, elastic deformation. Simard, Steinkraus,
# Platt (2003), *Best practices for convolutional neural networks*, doi:10.1109/ICDAR.2003.1227801.
