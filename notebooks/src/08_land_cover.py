# %% [markdown]
# # 08 · Land cover: images larger than memory
#
# You cut aerial photographs that no network could take whole into tiles, train FCN-32 and SegNet on them, and put a map together again
# without seams.
#
# {{picture}}

# %% [markdown]
# **You will be able to** · **read** a window of a mosaic and say where on Earth it lies · **cut** mosaics and masks into tiles, without a
# label that was not there · **split** by mosaic, and measure what a split by tile pretends · **predict** a whole mosaic in a memory that
# does not grow with it · **blend** overlapping tiles, and measure what that brings at the seams.
#
# **You need** [05 · Cell membranes](05_membranes.ipynb); losses and scores are those of lesson 06.
#
# **Time** reading 35 min · exercises 35 min · compute {{time}}, memory {{memory}}
#
# **Data** {{data}}. The real set is LandCover.ai: CC BY-NC-SA 4.0, cite Boguszewski et al. (2021), arXiv:2005.02264. The generated one
# has the same layout, CC BY 4.0.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
SIDE = 128  # pixels a side of a training tile; course notes: 1024 pixels, shrunk to 256
TILES = 896  # tiles to train on, 70 % of those of two mosaics
TESTED = 256  # tiles of each held-out set
EPOCHS_FCN = 8  # course notes: 100
EPOCHS_SEGNET = 6
WIDTH = 8  # filters of the first block; course notes: 64 (FCN-32) and 32 (SegNet)
TILE = 128  # pixels a side of a tile when a mosaic is predicted, as in training
SEED = 1

# %% [markdown] tags=["teacher"]
# > **For teachers.** 90 minutes: 25 for sections 1–2, 15 for section 3, 25 for section 4 (start the trainings before you explain the
# > networks), 25 for section 5. Common mix-ups: x runs east and column, y runs *north* while rows run south; a tile is cut, not resized;
# > the last tile of a row is moved back, not left out, when a mosaic is predicted.

# %% [markdown]
# ## 1 · What do you do with an image that does not fit?
# From an aircraft Poland looks like this: 41 *mosaics*, most of them some 9000×9500 pixels of 25 cm, each with a mask of five classes.
# They are **GeoTIFF** files: pictures that know where on Earth they lie. Here stand three generated ones with the same layout.
# **How much memory would one take** as the float32 numbers that a network reads? You open a file, and read nothing but its head:

# %%
import numpy as np
import rasterio

from course_utils import data, show
from course_utils.classes import LANDCOVER
from data_scripts import ensure

mosaics = data.mosaics(ensure("landcover"))
paths = {path.stem: path for path in mosaics.images}
masks_of = {path.stem: path for path in mosaics.masks}
sizes, rows = {}, []
for name, path in paths.items():
    with rasterio.open(path) as mosaic:
        sizes[name] = mosaic.height * mosaic.width
        head = {"pixels": f"{mosaic.height}×{mosaic.width}", "metres a pixel": mosaic.res[0]}
        float_mb = 4 * mosaic.count * mosaic.height * mosaic.width / 1e6
        rows.append({"mosaic": name} | head | {"map": str(mosaic.crs), "MB as float32": float_mb})
show.table(rows, digits=2)
print(f"9000×9500 pixels as float32: {9000 * 9500 * 3 * 4 / 1e6:.0f} MB")

# %% [markdown]
# **What we see.** A mosaic of the real set takes a gigabyte before any layer has run, and the first layer of a U-Net with 64 filters would
# take 21 times as much. So nobody reads a mosaic: you read a **window**, rows and columns from–to, or a reduced copy. Both below.

# %%
names = list(paths)
strange = names[-1]  # this mosaic will not be trained on
with rasterio.open(paths[strange]) as mosaic:  # the upper left 2048×2048 pixels, or what there is
    height, width = min(2048, mosaic.height), min(2048, mosaic.width)
top, left = min(900, height - 512), min(1100, width - 512)
part, window = ((0, height), (0, width)), ((top, top + 512), (left, left + 512))  # rows, columns
reduced, crops = {}, {}
for kind, path in {"images": paths[strange], "masks": masks_of[strange]}.items():
    with rasterio.open(path) as mosaic:
        small = mosaic.read(window=part, out_shape=(mosaic.count, 512, 512))
        reduced[kind] = small.transpose(1, 2, 0)
        crops[kind] = mosaic.read(window=window).transpose(1, 2, 0)
pictures = [view["images"] for view in (reduced, crops)]
masks = [view["masks"][..., 0] for view in (reduced, crops)]
alt = "A mosaic of fields, woods, water and houses, reduced, and a window of it, with their masks."
titles = [f"{strange}, {height}×{width} reduced", "a window of 512×512"]
show.pairs(pictures, masks, LANDCOVER, titles=titles, alt=alt)

# %% [markdown]
# **What we see.** Left 512×512 m of country; right a window at full sharpness, with single crowns, rows of crops and roofs with their
# shadows. Woodland has texture, water has none, roads are thin.
#
# Where is a pixel on the map? A GeoTIFF keeps the coordinates of its upper left corner, *west* and *north*, and the size of a pixel in
# metres. On the map x grows to the east and y to the **north**; rows grow to the south.
#
# ### Exercise 1.1 · From the map to the pixel
# Write `pixel_at(x, y, west, north, metres)`: row and column of the pixel that holds the point (x, y), as whole numbers.


# %% tags=["exercise"]
def pixel_at(x, y, west, north, metres):
    # BEGIN SOLUTION
    # STUB: row, column = ____, ____
    row, column = int((north - y) // metres), int((x - west) // metres)
    # END SOLUTION
    return row, column


# %%
ex.q1_1.check(pixel_at)

# %%
with rasterio.open(paths[strange]) as mosaic:
    west, north, metres = mosaic.bounds.left, mosaic.bounds.top, mosaic.res[0]
    x, y = west + 300.1, north - 250.1  # a point on the map, in metres
    by_rasterio = mosaic.index(x, y)
by_hand = int((north - y) / metres), int((x - west) / metres)
assert by_hand == by_rasterio
print(f"({x:.1f} m east, {y:.1f} m north) is pixel {by_hand} of {strange}")

# %% [markdown]
# ## 2 · How do tiles come about?
# For training you cut each mosaic into **tiles**, windows that lie edge to edge, and save them as small files. How many are there, and
# what is left over? A mosaic of 5×7 pixels with tiles of 2×2, by hand:

# %%
small, side = np.arange(35).reshape(5, 7), 2
corners = [
    (row, column)
    for row in range(0, small.shape[0] - side + 1, side)
    for column in range(0, small.shape[1] - side + 1, side)
]
print(small)
print(f"{len(corners)} = {5 // 2} · {7 // 2} tiles begin at", *corners)

# %% [markdown]
# The last row and the last column are dropped. `tiles.cut` does the same with files: it reads one row of tiles at a time, and the name of
# a tile tells its mosaic, row and column. `tiles.cut_all` cuts each mosaic once and keeps the tiles in `data/tiles` for the next run.
# (`python -m data_scripts tile` cuts your own mosaics.)

# %%
from course_utils import tiles

cut_to = course / f"data/tiles/{len(paths)}-mosaics-{SIDE}"
for name, count in tiles.cut_all(mosaics, cut_to, SIDE).items():
    print(f"{name}: {count} tiles of {SIDE}×{SIDE}")
splits = {split: data.landcover(cut_to, split) for split in ("train", "val", "test")}
test = splits["test"][:TESTED]
variety = [np.unique(test.read(number)[1]).size for number in range(len(test))]
some = test[np.argsort(variety, kind="stable")[-5:]]  # those with the most classes
alt = "Five tiles with their masks: roofs, trees, roads and water."
show.pairs(*some.arrays(), LANDCOVER, titles=[p.stem[-11:] for p in some.images], alt=alt)

# %% [markdown]
# **What we see.** A tile is 32 m wide: a house fills a good part of it, and some tiles hold one class only. The title is its row and
# column.
#
# > **Pitfall · masks made smaller.** The course notes cut tiles of 1024 pixels and shrink them to 256, images *and masks*, with the
# > library's default: bilinear. In lesson 05 that gave grey; here grey is a **label**. Between *other* (0) and *road* (4) lie building,
# > woodland and water. We make the mistake on purpose.

# %%
import cv2

with rasterio.open(masks_of[strange]) as mosaic:
    mask = mosaic.read(1, window=((0, 1024), (0, 1024)))
half, rows = (256, 256), []
blocks = mask.reshape(256, 4, 256, 4).transpose(0, 2, 1, 3).reshape(256, 256, 16)
for name, how in {"bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST_EXACT}.items():
    shrunk = cv2.resize(mask, half, interpolation=how)
    invented = ~(blocks == shrunk[..., None]).any(axis=2)  # not among the 16 pixels below it
    row = {LANDCOVER.names[k]: int((invented & (shrunk == k)).sum()) for k in (1, 2, 3)}
    rows.append({"way": name, "invented pixels": int(invented.sum())} | row)
show.table(rows)
edges = (blocks != blocks[..., :1]).any(axis=2)
share = rows[0]["invented pixels"] / edges.sum()
print(f"{share:.0%} of the pixels that hold a border got a label that none of their 16 pixels has")

# %% tags=["record"]
record(invented=share)

# %% [markdown]
# **What we see.** Bilinear shrinking writes *building*, *woodland* and *water* along every road and every edge where there is none, and no
# error tells you. The labels themselves (0 to 4) are all legal: this time `np.unique` does not help; a look at the edges does. Nearest
# neighbour invents nothing.
#
# ### Exercise 2.1 · Shrink a mask
# Write `shrink_mask(mask, factor)`: (height, width) to (height / factor, width / factor), each new label one of the factor × factor
# labels that it stands for.


# %% tags=["exercise"]
def shrink_mask(mask, factor):
    # BEGIN SOLUTION
    return mask[factor // 2 :: factor, factor // 2 :: factor]
    # END SOLUTION


# %%
ex.q2_1.check(shrink_mask)

# %% [markdown]
# ## 3 · Which tiles are strangers?
# The notes shuffle all tiles and test on 30 % of them. But a test tile then lies *between* training tiles: same field, same wood, same
# flight with its light. **Is that a test?** You keep two test sets, and ask both later:
# - **held-out tiles**: 30 % of the tiles of the first two mosaics, drawn at random;
# - **a held-out mosaic**: all tiles of the third one.
#
# ### Exercise 3.1 · Split by mosaic
# Tiles are called `NAME_ROW_COLUMN.png`, such as `N-34-3_00512_00128.png`; a name of a mosaic may itself hold `_`. Write
# `split(files, held_out)`: two lists of names, training and test; `held_out` lists the test's mosaics.


# %% tags=["exercise"]
def split(files, held_out):
    # BEGIN SOLUTION
    train = [file for file in files if file.rsplit("_", 2)[0] not in held_out]
    test = [file for file in files if file.rsplit("_", 2)[0] in held_out]
    return train, test
    # END SOLUTION


# %%
ex.q3_1.check(split)

# %%
first, second = splits["train"], splits["val"]
both = data.Pairs(first.images + second.images, first.masks + second.masks, LANDCOVER, "two")
order = np.random.default_rng(SEED).permutation(len(both))
bound = int(0.7 * len(both))
train = both[order[:bound][:TILES]]
held_out = {
    "held-out tiles": both[order[bound:][:TESTED]],
    "held-out mosaic": test,
}


# %%
def places(pairs):
    """(mosaic, row, column) of each tile, from its name."""
    parts = [path.stem.rsplit("_", 2) for path in pairs.images]
    return [(mosaic, int(row), int(column)) for mosaic, row, column in parts]


known, rows = set(places(train)), []
steps = [(SIDE, 0), (-SIDE, 0), (0, SIDE), (0, -SIDE)]
for name, pairs in held_out.items():
    touching = [any((m, r + a, c + b) in known for a, b in steps) for m, r, c in places(pairs)]
    rows.append({"set": name, "tiles": len(pairs), "touch a training tile": np.mean(touching)})
show.table(rows)

# %% [markdown]
# **What we see.** Nearly every held-out tile has a training tile beside it, and none of the held-out mosaic has.
#
# ## 4 · A classifier that slides, and a mirror
# VGG16 ends with *dense* layers: they read all 7×7×512 numbers at once and give one answer for the image. **FCN-32** turns them
# into convolutions: a dense layer on a 7×7 window *is* a 7×7 convolution, and a convolution can slide. The answer is a coarse
# map, 1/32 of the size, enlarged in one bilinear step. In small: a window of 2×2 with 3 channels, 4 units:

# %%
import keras

rng = np.random.default_rng(0)
features, dense = rng.normal(size=(5, 6, 3)), rng.normal(size=(2 * 2 * 3, 4))
by_hand = [
    [features[row : row + 2, column : column + 2].ravel() @ dense for column in range(5)]
    for row in range(4)
]
kernel = dense.reshape(2, 2, 3, 4)
by_keras = keras.ops.conv(features[None].astype("float32"), kernel.astype("float32"))
assert np.allclose(by_hand, keras.ops.convert_to_numpy(by_keras)[0], atol=1e-4)
print("dense layer on each window:", np.shape(by_hand), "= convolution, to 1e-4")

# %% [markdown]
# **SegNet** takes the same encoder and its mirror image as decoder: five times up by two, with three, three, three, two, one convolutions.
# How large are they? Every convolution has *side² · channels in · filters* weights and *filters* biases:

# %%
from course_utils.models import fcn32, segnet


def fcn32_parameters(width, classes=5):
    filters = [width * f for f in (1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 8, 8, 8)]
    inputs = [3, *filters[:-1]]
    vgg = sum(9 * i * f + f for i, f in zip(inputs, filters, strict=True))
    units = 64 * width
    return vgg + 49 * filters[-1] * units + units + units**2 + units + units * classes + classes


assert fcn32(width=WIDTH).count_params() == fcn32_parameters(WIDTH)
rows = [
    {"network": f"FCN-32, width {w}", "parameters": f"{fcn32_parameters(w):,}"} for w in (WIDTH, 64)
]
rows += [
    {"network": f"SegNet, width {w}", "parameters": f"{segnet(width=w).count_params():,}"}
    for w in (WIDTH, 32)
]
show.table(rows)
print(
    f"FCN-32: {49 * 512 * 4096 / fcn32_parameters(64):.0%} of the weights lie in the 7×7 convolution"
)

# %% [markdown]
# **What we see.** 134,281,029 and 15,639,193 parameters, those of the course notes; three quarters of FCN-32's sit in the former dense
# layer. We train both at width 8, FCN-32 with batch normalisation, which VGG16 lacks, because there is time for a few minutes only.

# %% [markdown]
# ## 5 · Do they know a stranger?
# ### Exercise 5.1 · Predict first
# The network is asked about (1) held-out tiles of mosaics that it was trained on, (2) a mosaic that it has never seen. Which mean
# IoU is higher? `"A"`: (1), clearly. `"B"`: (2). `"C"`: they agree to `0.01`, because all of them are strangers. Commit yourself, then
# run on.

# %% tags=["exercise"]
# BEGIN SOLUTION
prediction_51 = "A"
# END SOLUTION

# %%
ex.q5_1.check(prediction_51)

# %%
from course_utils.augment import Affine
from course_utils.training import fit


def train_network(build, epochs, rate, batch, **options):
    """A network with logits, trained on the training tiles, flipped at random."""
    keras.utils.set_random_seed(SEED)
    model = build((None, None, 3), LANDCOVER.num_classes, width=WIDTH, **options)
    flips = Affine(flip=True, flip_vertical=True)
    batches = train.batches(batch=batch, augment=flips, shuffle=True, seed=SEED)
    rate = keras.optimizers.schedules.CosineDecay(rate, epochs * len(batches))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss)
    fit(model, batches, epochs=epochs)
    return model


networks = {"FCN-32": train_network(fcn32, EPOCHS_FCN, 3e-3, 8, batch_norm=True, dropout=0.2)}
networks["SegNet"] = train_network(segnet, EPOCHS_SEGNET, 1e-2, 16)

# %%
from course_utils import metrics


def confusion(model, pairs):
    """Confusion matrix over all tiles; `model` None: every pixel is class 0, other."""
    counts = metrics.ConfusionMatrix(LANDCOVER.num_classes)
    for images, masks in pairs.batches(batch=32):
        counts.update_state(
            masks, np.zeros_like(masks) if model is None else model.predict_on_batch(images)
        )
    return counts.matrix()


# %%
rows, found = [], {}
for network, model in {"all other": None, **networks}.items():
    for name, pairs in held_out.items():
        matrix = found[network, name] = confusion(model, pairs)
        row = {"network": network, "asked about": name, "accuracy": metrics.pixel_accuracy(matrix)}
        by_class = dict(zip(LANDCOVER.names, np.nan_to_num(metrics.iou(matrix)), strict=True))
        rows.append(row | {"mean IoU": metrics.mean_iou(matrix)} | by_class)
show.table(rows)
leak = {n: rows[i]["mean IoU"] - rows[i + 1]["mean IoU"] for n, i in (("fcn32", 2), ("segnet", 4))}

# %% tags=["record"]
record(fcn32_iou_tiles=rows[2]["mean IoU"], baseline_accuracy=rows[1]["accuracy"])
record(**{f"leak_{name}": value for name, value in leak.items()})
record(
    fcn32_iou=rows[3]["mean IoU"], segnet_iou=rows[5]["mean IoU"], baseline_iou=rows[1]["mean IoU"]
)

# %% [markdown]
# **What we see.** FCN-32 loses {{leak_fcn32:.2f}} of its mean IoU on the strange mosaic: {{fcn32_iou_tiles:.2f}} among neighbours,
# {{fcn32_iou:.2f}} outside. Water, roads and buildings lose most, woodland nothing. A split by tile would have reported
# {{fcn32_iou_tiles:.2f}}. SegNet has found woods and part of the water, and no building and no road: 26 layers want more than 336 steps.
# What it has not learnt it cannot lose; its gap is {{leak_segnet:.2f}}. *All other* has an accuracy of {{baseline_accuracy:.2f}} here and
# a mean IoU of {{baseline_iou:.2f}}.
#
# One seed and one strange mosaic, which may be harder for reasons of its own: *all other* is less accurate there, too.

# %%
images, masks = some.arrays()
predictions = {n: model.predict_on_batch(images).argmax(-1) for n, model in networks.items()}
alt = "Five tiles with their masks, and the predictions of FCN-32 and of SegNet."
show.pairs(images, masks, LANDCOVER, predictions=predictions, alt=alt)

# %% [markdown]
# **What we see.** The five tiles with the most classes, so hard ones. FCN-32 answers in soft patches, since it enlarges a map of 4×4
# positions; a road becomes a chain of spots. SegNet, early in its training, takes grey and smooth for water, roads included.
#
# ## 6 · One map out of many tiles
# Now the whole held-out mosaic, with tiles as large as in training: FCN-32's 7×7 window spans 224 pixels, so it has never seen a place
# without the zeros that padding puts beyond the border. Joined edge to edge, each tile is predicted as if the world ended there. With
# **overlap**, every pixel is seen by several tiles, and you trust the one in whose middle it lies, by a weight:

# %%
length, overlap = 8, 4
ramp = np.sin(np.pi / 2 * (np.arange(overlap) + 0.5) / overlap) ** 2
line = np.concatenate([ramp, np.ones(length - 2 * overlap), ramp[::-1]])
two = np.zeros((2, 12))
two[0, :8], two[1, 4:] = line, line
print("first tile ", two[0].round(2))
print("second tile", two[1].round(2))
print("sum        ", two.sum(axis=0).round(2))
assert np.allclose(tiles.weights(length, overlap), np.outer(line, line), atol=1e-6)

# %% [markdown]
# **What we see.** Where two tiles meet, one fades out as the other fades in, and the sum is 1. At the mosaic's own border one tile stands
# alone; its weight does not matter there, because only the largest class counts. Move the sliders:

# %%
from course_utils import demos

demos.tiling(reduced["images"], scale=4)

# %% [markdown]
# ### Exercise 6.1 · Where do the tiles begin?
# Write `starts(length, tile, overlap)`: the first pixel of each tile along a side of `length` pixels. Neighbours share `overlap` pixels;
# the last tile is moved back so that it ends with the side.


# %% tags=["exercise"]
def starts(length, tile, overlap):
    # BEGIN SOLUTION
    return [*range(0, length - tile, tile - overlap), length - tile]
    # END SOLUTION


# %%
ex.q6_1.check(starts)

# %% [markdown]
# ## 7 · Does blending pay?
# `tiles.predict_mosaic` goes from top to bottom: it reads one row of tiles, adds their weighted probabilities to a buffer, writes the
# rows that no later tile touches, and forgets them. The result is a GeoTIFF at the same place on the map. The network that was better on
# the held-out tiles predicts the held-out mosaic twice: joined edge to edge, and with half a tile of overlap.

# %%
import tempfile
from pathlib import Path

scratch = tempfile.TemporaryDirectory()
best = max(networks, key=lambda name: metrics.mean_iou(found[name, "held-out tiles"]))
probabilities = keras.Sequential([networks[best], keras.layers.Softmax()])
with rasterio.open(paths[strange]) as mosaic:
    shape, maps = mosaic.shape, {}
for name, overlap in {"joined": 0, "blended": TILE // 2}.items():
    maps[name] = Path(scratch.name) / f"{name}.tif"
    tiles.predict_mosaic(probabilities, paths[strange], maps[name], TILE, overlap)
    down, across = (len(tiles.starts(length, TILE, overlap)) for length in shape)
    print(f"{best}, {name}: {down * across} tiles of {TILE}×{TILE}")

# %% [markdown]
# **Where are the errors?** For every pixel: how far is the nearest seam of the joined tiles, and is its class wrong? The mask is read row
# of tiles by row of tiles, like everything else.

# %%
reach = np.minimum(np.arange(TILE), np.arange(TILE)[::-1])  # distance to the nearer end of a tile
wrong, pixels = {name: np.zeros(TILE // 2) for name in maps}, np.zeros(TILE // 2)
with rasterio.open(masks_of[strange]) as truth:
    repeats = truth.width // TILE
    inside = np.s_[:, TILE : (repeats - 1) * TILE]  # the mosaic's own border is no seam
    distance = np.minimum(np.tile(reach, repeats), reach[:, None])[inside]
    for row in range(TILE, (truth.height // TILE - 1) * TILE, TILE):
        here = {"window": ((row, row + TILE), (0, repeats * TILE))}
        mask = truth.read(1, **here)[inside]
        pixels += np.bincount(distance.ravel(), minlength=TILE // 2)
        for name, path in maps.items():
            with rasterio.open(path) as file:
                off = file.read(1, **here)[inside] != mask
            wrong[name] += np.bincount(distance[off], minlength=TILE // 2)
errors = {name: counts / pixels for name, counts in wrong.items()}

# %%
fig, axes = show.new(size=(6.0, 2.8))
for name, error in errors.items():
    axes[0, 0].plot(error, label=name)
axes[0, 0].set(xlabel="pixels to the nearest seam", ylabel="share of wrong pixels", ylim=(0, None))
axes[0, 0].legend()
alt = "Error by distance to the seam: joined tiles err more at the seam, blended ones do not."
show.figure(fig, alt)
NEAR = 8
at_seam = {name: wrong[name][:NEAR].sum() / pixels[:NEAR].sum() for name in maps}
away = {name: wrong[name][NEAR * 4 :].sum() / pixels[NEAR * 4 :].sum() for name in maps}
rows = [{"tiles": n, "wrong within 8 pixels": at_seam[n], "wrong beyond 32": away[n]} for n in maps]
show.table(rows, digits=4)

# %% tags=["record"]
record(seam_joined=at_seam["joined"], seam_blended=at_seam["blended"])
record(away=away["blended"])
record(seam_gain=at_seam["joined"] - at_seam["blended"])

# %% [markdown]
# **What we see.** Joined tiles err in {{seam_joined:.1%}} of the pixels within 8 pixels of a seam, blended ones in {{seam_blended:.1%}}.
# Beyond 32 pixels both err in {{away:.1%}}: there the blended answer *is* that of one tile. (The ups and downs on the right belong to what
# happens to lie there.) The price: 961 tiles in place of 256. We saw this for tiles as large as in training; FCN-32 has never met larger
# ones. Set `TILE = 256` and look whether it still holds.

# %% tags=["picture", "fold"]
# @title The maps side by side
truth, layers = reduced["masks"][..., 0], {}
for name, path in maps.items():
    with rasterio.open(path) as file:
        layers[name] = file.read(1, window=part, out_shape=truth.shape)
pictures = [reduced["images"]] + [
    show.overlay(reduced["images"], m, LANDCOVER, 0.75) for m in (truth, *layers.values())
]
fig, axes = show.new(4, 1, (2.5, 2.7))
for axis, picture, title in zip(axes.flat, pictures, ["image", "mask", *layers], strict=True):
    axis.imshow(picture)
    axis.set_title(title)
    axis.set_axis_off()
show.legend(fig, LANDCOVER)
alt = "The held-out mosaic, its mask, and the two predicted maps."
show.figure(fig, alt)

# %% [markdown]
# ## 8 · Does memory grow with the mosaic?
# `tracemalloc` counts the arrays that Python holds. What the network itself needs is the same for every batch; in its place stands a
# function that costs nothing. The large mosaic has four times as many pixels.
#
# ### Exercise 8.1 · Predict first
# From the small to the large mosaic, the peak memory of `predict_mosaic` grows `"A"` four times, `"B"` two times, as wide as the rows,
# `"C"` hardly at all.

# %% tags=["exercise"]
# BEGIN SOLUTION
prediction_81 = "C"
# END SOLUTION

# %%
ex.q8_1.check(prediction_81)

# %%
import tracemalloc


def stand_in(images):
    return np.ones((*images.shape[:3], LANDCOVER.num_classes), np.float32)


rows = []
for name in (strange, max(sizes, key=sizes.get)):
    tracemalloc.start()
    tiles.predict_mosaic(stand_in, paths[name], Path(scratch.name) / "map.tif", TILE, TILE // 2)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    in_one = sizes[name] * (3 + 5) * 4 / 1e6
    rows.append({"pixels": sizes[name], "peak MB": peak, "all at once, MB": in_one})
show.table(rows, digits=1)
scratch.cleanup()

# %% tags=["record"]
record(peak_mb_small=rows[0]["peak MB"])
record(memory_growth=rows[1]["peak MB"] / rows[0]["peak MB"], peak_mb=rows[1]["peak MB"])

# %% [markdown]
# **What we see.** {{peak_mb_small:.1f}} MB and {{peak_mb:.1f}} MB, although the mosaic grew four times; all at once would have taken 134
# and 537 MB. What is kept is one row of tiles, at most a strip of 2048 columns wide. So the size of the disk decides what you can map, not
# the memory.

# %% [markdown]
# ## 9 · Recap
#
# You can now
# - **read** a window of a GeoTIFF, or a reduced copy, and go from the map to the pixel;
# - **cut** mosaics into tiles, and shrink a mask without inventing labels;
# - **split** by mosaic, and say by how much a split by tile flatters;
# - **predict** a mosaic of any size in a memory that does not grow with it;
# - **blend** overlapping tiles, at four times the cost, and measure the error at the seams.
#
# **Words** [test set, padding, stride](glossary.md) in three languages.
#
# **Try next** `python -m data_scripts get landcover` for the real mosaics (1.5 GB). Overlap of a quarter: cost, and error at the seams?
# Tiles of 512. A loss of lesson 06 that lifts the buildings. Lesson 09 compares the family of networks.

# %% [markdown]
# **References** Boguszewski et al. (2021), *LandCover.ai: dataset for automatic mapping of buildings, woodlands, water and roads from
# aerial imagery*, arXiv:2005.02264. Long, Shelhamer, Darrell (2015), *Fully convolutional networks for semantic segmentation*,
# arXiv:1411.4038: dense layers as convolutions, FCN-32. Simonyan, Zisserman (2015), *Very deep convolutional networks for large-scale
# image recognition*, arXiv:1409.1556: VGG16. Badrinarayanan, Kendall, Cipolla (2017), *SegNet*, doi:10.1109/TPAMI.2016.2644615.
