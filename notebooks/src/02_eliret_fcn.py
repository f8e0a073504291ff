# %% [markdown]
# # 02 · A first network that answers with a picture
#
# You train a small fully convolutional network to tell noisy ellipses and rectangles from their background, and find out what it gets wrong
# and why.
#
# {{picture}}

# %% [markdown]
# **You will be able to** · **pair** each image with its mask from a list of files · **build** an hourglass of strided and transposed
# convolutions and say why it goes down and up · **judge** a mean squared error beside the error of a constant · **save** predictions by a
# program of your own · **measure** where a network errs, and test a guess about the cause.
#
# **You need** [01 · Upsampling and transposed convolution](01_upsampling.ipynb), and Keras as far as `model.fit`. Dictionaries, `**` and
# boolean indexing are explained in [00 · Start here](00_start_here.ipynb).
#
# **Time** reading 30 min · exercises 25 min · compute {{time}}, memory {{memory}}
#
# **Data** {{data}} · CC BY 4.0 (generated) or course notes, for study (real)

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
EPOCHS = 250  # course notes: 1000
BATCH = 20
WIDTH = 40  # filters of every hidden layer

# %% [markdown]
# ## 1 · Two hundred small pictures
#
# The set is called *eliret*, after the Portuguese words *elipse* and *retângulo*. Each picture has 32×32 grey pixels and shows one noisy shape
# in the middle. Files `000x.png` to `099x.png` hold ellipses, files `100x.png` to `199x.png` rectangles. The mask of `NNNx.png` is `NNNy.png`.
# Three lists say which picture belongs to which split. **How does a program pair images and masks?**

# %%
from data_scripts import ensure

folder = ensure("eliret")
text = (folder / "treino.csv").read_text()
print(text[:44], "…", f"\n{len(text.splitlines())} lines")

# %% [markdown]
# *Treino*, *valida* and *teste* mean training, validation and test. Each line is one pair: the image, a semicolon, the mask.
#
# ### Exercise 1.1 · Read the list
# Write a function that turns such a text into a list of pairs `(image, mask)`, in the order of the lines. The last line may be empty.


# %% tags=["exercise"]
def read_list(text):
    # BEGIN SOLUTION
    pairs = []
    for line in text.splitlines():
        if line:
            pairs.append(tuple(line.split(";")))
    return pairs
    # END SOLUTION


# %%
ex.q1_1.check(read_list)

# %% [markdown]
# The course has a reader for this layout. `Pairs` knows the paths and reads the files when you ask: images as `float32` in [0, 1], masks as
# integer classes, 0 = background and 1 = object. The form stands in the file's name alone, and we read it from there: a list of files may
# have any order.

# %%
import numpy as np

from course_utils import data, show
from course_utils.classes import ELIRET

splits = {name: data.eliret(folder, name) for name in ("train", "val", "test")}
images, masks = splits["train"].arrays()
test_images, test_masks = splits["test"].arrays()


def is_ellipse(pairs):
    """True for each image whose file has a number below 100: bool (images,)."""
    return np.array([int(path.stem[:-1]) < 100 for path in pairs.images])


train_round, test_round = is_ellipse(splits["train"]), is_ellipse(splits["test"])
print("images", images.shape, images.dtype, "· masks", masks.shape, masks.dtype)

some = [*np.flatnonzero(train_round)[:32:8], *np.flatnonzero(~train_round)[:32:8]]
show.pairs(
    images[some],
    masks[some],
    ELIRET,
    alt="Eight training images above their masks: four noisy ellipses, then four noisy rectangles, centred.",
)

# %% [markdown]
# **What we see.** Size, form, grey level and noise vary, and an object may be darker or brighter than its background. So no single threshold on
# the grey level finds the objects. One thing never varies: the object is in the middle. Keep that in mind for lesson 04.
#
# ## 2 · How good is a network that has learned nothing?
#
# The course notes train with the **mean squared error** (MSE) between output and mask: the difference at each pixel, squared, then the mean.
# On a toy of four pixels:

# %%
toy_mask = np.array([[0.0, 0.0], [0.0, 1.0]])
toy_output = np.array([[0.1, 0.0], [0.3, 0.6]])
squares = (toy_output - toy_mask) ** 2
print(squares)
print("MSE:", squares.mean())

# %% [markdown]
# Is `0.065` good? A number means little until you know what a **trivial baseline** gets. Two candidates look at no image at all: one answers
# "background" everywhere, the other answers the same grey everywhere.
#
# ### Exercise 2.1 · The best constant
# A share `p` of all pixels is object. Which constant output has the smallest MSE, and what is that MSE? Return both.


# %% tags=["exercise"]
def best_constant(p):
    # BEGIN SOLUTION
    return p, p * (1 - p)
    # END SOLUTION


# %%
ex.q2_1.check(best_constant)

# %%
share = masks.mean()
background_mse = (test_masks**2).mean()
constant_mse = ((share - test_masks) ** 2).mean()
print(f"background everywhere: test MSE {background_mse:.3f}")
print(f"grey {share:.2f} everywhere: test MSE {constant_mse:.3f}")

# %% tags=["record"]
record(baseline_mse=constant_mse, background_accuracy=1 - background_mse)

# %% [markdown]
# **What we see.** The answer "background" is right at {{background_accuracy:.0%}} of the pixels, and it finds no object. That is why accuracy
# never stands alone in this course. The best constant has an MSE near {{baseline_mse:.2f}}. A network has to do much better before we may
# say that it looked at the image.
#
# ## 3 · An hourglass
#
# Three convolutions with stride 2 squeeze 32×32 pixels to 4×4, and three transposed convolutions open them again. With padding `same`,
# stride 2 halves the side on the way down and doubles it on the way up.

# %%
import keras
from keras import layers

from course_utils import diagram

keras.utils.set_random_seed(1)
options = {"strides": 2, "padding": "same", "activation": "relu"}
model = keras.Sequential([keras.Input((32, 32, 1))])
for _ in range(3):
    model.add(layers.Conv2D(WIDTH, 5, **options))
    model.add(layers.Dropout(0.25))
for _ in range(2):
    model.add(layers.Conv2DTranspose(WIDTH, 5, **options))
    model.add(layers.Dropout(0.25))
model.add(layers.Conv2DTranspose(1, 5, strides=2, padding="same"))
diagram.draw(model)

# %% [markdown]
# **What we see.** The network is narrow in the middle: its **waist** holds 4 · 4 · 40 = 640 numbers, and the mask has 1024 pixels. Whatever the
# network knows of the shape passes there. The last layer has no activation, so an output may be any number. Dropout sets a quarter of the values
# to 0 while training; it learns nothing itself.
#
# **Why go down at all, only to come up again?** There are two reasons, and both can be counted.

# %%
rows = []
for stride in (1, 2):
    seen, step, side, work = 1, 1, 32, 0
    for channels in (1, WIDTH, WIDTH):
        seen += (5 - 1) * step  # a kernel of 5 adds four neighbours, which lie `step` pixels apart
        step *= stride
        side //= stride
        work += side * side * 5 * 5 * channels * WIDTH
    rows.append({"stride": stride, "pixels seen": f"{seen}×{seen}", "multiplications": work})
show.table(rows)

# %% [markdown]
# **What we see.** First, **context**: with the same kernels a number at the waist sees 29×29 pixels, nearly the whole image; without strides
# it would see 13×13. Second, **cost**: with strides the three layers need less than a tenth of the multiplications. A coarse map is cheap, so
# it can have many channels. The way up is needed because the mask has as many pixels as the image.
#
# ### Exercise 3.1 · Count the parameters
# A layer has `filters` kernels of `size`×`size`, each over `channels` input channels, and one bias for each filter. How many numbers does it learn?


# %% tags=["exercise"]
def parameters(size, channels, filters):
    # BEGIN SOLUTION
    return size * size * channels * filters + filters
    # END SOLUTION


# %%
ex.q3_1.check(parameters)

# %% [markdown]
# ## 4 · Training
#
# Adam with its default learning rate and batches of 20, as in the course notes. The course's `fit` calls `model.fit` of Keras, shows one line
# instead of many, and puts the weights of the best epoch back at the end.

# %%
from course_utils.training import RUNS, fit

model.compile(optimizer="adam", loss="mse")
result = fit(model, (images, masks), splits["val"].arrays(), epochs=EPOCHS, batch=BATCH)
RUNS.mkdir(exist_ok=True)
model.save(RUNS / "eliret_fcn.keras")
show.histories(
    {"FCN": result.history},
    log=True,
    alt="Training and validation MSE of the FCN against the epoch, logarithmic: a fall, a plateau, a second fall, a long slope.",
)
outputs = model.predict(test_images, verbose=0)[..., 0]
test_mse = np.square(outputs - test_masks).mean()
print(f"test MSE {test_mse:.4f}, best constant {constant_mse:.3f}")

# %% tags=["record"]
record(fcn_test_mse=test_mse, fcn_over_constant=test_mse / constant_mse)

# %% [markdown]
# **What we see.** The test error is {{fcn_test_mse:.3f}}, the best constant has {{baseline_mse:.2f}}. In its first epochs the network only
# learns the best constant, and the loss falls at once. Then it stays there for a while, until the first useful filters appear. A second fall
# and a long slope follow. The dashed curve runs *below* the full one, because dropout handicaps the network while it trains and not while it
# is validated. This is one run with one seed: the last digit would differ with another.

# %% [markdown]
# ## 5 · From numbers to pictures
#
# The output is grey, and a **threshold** at 0.5 makes it black and white. **How do we save both?** A PNG file holds bytes, whole numbers from
# 0 to 255. Before you look, commit to an answer.
#
# ### Exercise 5.1 · Predict first
# An output pixel is `-0.01`. Times 255 and rounded that is the whole number −3, and `np.array(-3).astype(np.uint8)` makes it a byte. How does
# the pixel look in the file: `"black"`, `"grey"` or `"white"`?

# %% tags=["exercise"]
# BEGIN SOLUTION
looks = "white"
# END SOLUTION

# %%
ex.q5_1.check(looks)

# %%
print(f"outputs run from {outputs.min():.2f} to {outputs.max():.2f}")
whole = np.rint(255 * outputs).astype(int)
careless = whole.astype(np.uint8)  # what does not fit wraps round
clipped = np.clip(whole, 0, 255).astype(np.uint8)

some = [*np.flatnonzero(test_round)[[3, 11]], *np.flatnonzero(~test_round)[[8, 16]]]
rows = {
    "image": test_images[some, ..., 0],
    "careless": careless[some],
    "clipped": clipped[some],
    "threshold 0.5": np.float32(outputs[some] > 0.5),
}
pictures, titles = [], []
for name, row in rows.items():
    pictures += list(row)
    titles += [name] * len(row)
alt = "Four test images; their outputs as careless bytes, with white specks in the dark; clipped; and cut at the threshold."
show.images(pictures, titles, columns=4, size=1.4, alt=alt)

# %% [markdown]
# > **Pitfall · bytes that wrap round.** The second row shows the same prediction as the third. The last layer is linear, so outputs leave [0,
# > 1], and a byte has no room below 0 or above 255: −3 becomes 253. White specks in the dark, and black ones in a bright object, give the
# > mistake away. Worse, if you convert a *negative float* directly, the result is undefined: many Intel computers wrap, many ARM computers
# > give 0. Clip first, or end the network with a sigmoid, as in lesson 03.

# %% [markdown]
# ### Exercise 5.2 · To bytes, safely
# Write the conversion from outputs (any float) to `uint8` grey levels: 0 and below give 0, 1 and above give 255, with rounding in between.


# %% tags=["exercise"]
def to_bytes(output):
    # BEGIN SOLUTION
    return np.rint(255 * np.clip(output, 0, 1)).astype(np.uint8)
    # END SOLUTION


# %%
ex.q5_2.check(to_bytes)

# %% [markdown]
# ## 6 · A program that predicts
#
# A notebook is a place to try things; a trained network is *used* by a program. The course notes end with one: it loads a saved network, reads one
# image and writes two pictures. Here it is. The next cell writes it to `my_work/predict.py`; to change it, change this cell and run it again.

# %%
program = '''"""python predict.py MODEL IMAGE: saves the grey prediction and the black-and-white one."""
import sys
from pathlib import Path

import keras
import numpy as np

if len(sys.argv) != 3:
    sys.exit("Usage: python predict.py MODEL IMAGE")
model = keras.models.load_model(sys.argv[1])
path = Path(sys.argv[2])
picture = keras.utils.load_img(path, color_mode="grayscale")
image = keras.utils.img_to_array(picture) / 255  # (height, width, 1), from 0 to 1
output = model.predict(image[None], verbose=0)[0]  # a batch of one image

for letter, values in [("p", np.clip(output, 0, 1)), ("t", output > 0.5)]:
    target = path.stem.removesuffix("x") + letter + ".png"
    keras.utils.save_img(target, np.rint(255.0 * values), scale=False)
    print("saved", target)
'''
my_work = course / "my_work"
my_work.mkdir(exist_ok=True)
(my_work / "predict.py").write_text(program, encoding="utf-8")
print(len(program.splitlines()), "lines written")

# %% [markdown]
# Now we run it as you would in a terminal, in the folder `my_work`: `python predict.py MODEL IMAGE`. It starts a Python of its own and knows
# nothing of this notebook.

# %%
import subprocess
import sys

image_file = splits["test"].images[some[0]]
command = [sys.executable, "predict.py", RUNS / "eliret_fcn.keras", image_file]
done = subprocess.run(command, cwd=my_work, capture_output=True, text=True)
print(done.stdout or done.stderr[-500:])

saved = [my_work / (image_file.stem[:-1] + letter + ".png") for letter in "pt"]
files = [image_file, *saved]
pictures = [keras.utils.img_to_array(keras.utils.load_img(path)) / 255 for path in files]
titles = [path.name for path in files]
alt = "A test image, and the two files that the program wrote: the grey prediction and the black-and-white one."
show.images(pictures, titles, size=2, alt=alt)

# %% [markdown]
# Is 0.5 the right threshold? Move it yourself and watch the error pixels. The first row shows four positions of the slider.

# %%
from course_utils import demos

demos.threshold(test_images[some], test_masks[some], outputs[some])

# %% [markdown]
# **What we see.** The undecided pixels lie along the edge. A low threshold makes the object fatter, a high one makes it thinner; near the
# middle the two kinds of error balance.

# %% [markdown]
# ## 7 · Round rectangles
#
# The MSE says how much is wrong, and not where. Look at the predictions again, at the corners. **Do ellipses come out as ellipses?**
#
# Here is a number for "how square": lay the tightest rectangle, turned as it fits best, round the object, and take the share of it that the
# object fills. A rectangle fills all of it, an ellipse $\pi/4 \approx 0.785$.
#
# ### Exercise 7.1 · Predict first
# Compared with the masks, how much of their rectangle will the predicted *ellipses* fill, and how much will the predicted *rectangles* fill? Answer
# with two of the words `"more"`, `"equal"` and `"less"`: `(ellipses, rectangles)`.

# %% tags=["exercise"]
# BEGIN SOLUTION
filling = ("more", "less")  # (ellipses, rectangles)
# END SOLUTION

# %%
ex.q7_1.check(filling)

# %%
import cv2


def fill(picture, fine=8):
    """Share of the tightest rotated rectangle round the object that the object fills."""
    smooth = cv2.GaussianBlur(np.float32(picture), (0, 0), 0.8)  # the steps of the pixels go
    smooth = cv2.resize(smooth, None, fx=fine, fy=fine)
    outlines, _ = cv2.findContours(np.uint8(smooth > 0.5), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:  # nothing found
        return 0.0
    outline = max(outlines, key=cv2.contourArea)
    _, (width, height), _ = cv2.minAreaRect(outline)
    return cv2.contourArea(outline) / max(width * height, 1)


mask_fill = np.array([fill(mask) for mask in test_masks])
output_fill = np.array([fill(output) for output in outputs])
change = output_fill - mask_fill
rows = []
for form, chosen in [("ellipses", test_round), ("rectangles", ~test_round)]:
    row = {"form": form, "masks": mask_fill[chosen].mean()}
    row["predictions"] = output_fill[chosen].mean()
    row["fill more"] = f"{(change[chosen] > 0).sum()} of {chosen.sum()}"
    rows.append(row)
show.table(rows)

# %% tags=["record"]
record(ellipses_fill_change=change[test_round].mean())
record(rectangles_fill_change=change[~test_round].mean())

# %% tags=["picture"]
order = np.argsort(change)
most_less = order[~test_round[order]][:4]  # the four rectangles that lost most
most_more = order[test_round[order]][-4:]  # the four ellipses that gained most
worst = [*most_more, *most_less]
show.outlines(
    test_images[worst, ..., 0],
    test_masks[worst],
    np.uint8(outputs[worst] > 0.5),
    columns=4,
    alt="Outlines of mask and prediction on eight images: ellipses come out squarer, rectangles rounder.",
)

# %% [markdown]
# **What we see.** The predicted ellipses fill more of their rectangle than their masks do, the predicted rectangles fill less: ellipses come
# out squarer, rectangles rounder. (The steps of the pixels and the smoothing keep a rectangle's own fill below 1.) The eight outlines are the
# clearest cases, not typical ones.
#
# ## 8 · Is it the waist?
#
# A tempting explanation: "4×4 places are too few, so the form does not get past the waist." It sounds right, and it is **a guess until
# somebody tests it**. First we look at what is there: real feature maps, from the image to the waist and back.

# %% tags=["fold"]
# @title Feature maps of one ellipse, layer by layer
convolutions = [layer for layer in model.layers if "conv" in layer.name]
looking = keras.Model(model.inputs[0], [layer.output for layer in convolutions])
one = most_more[-1]
maps = [keras.ops.convert_to_numpy(each)[0] for each in looking(test_images[one : one + 1])]
fig, axes = show.new(7, 5, size=(1.3, 1.3))
for axis, each in zip(axes.T, [test_images[one], *maps], strict=True):
    strongest = np.argsort(-each.std(axis=(0, 1)))[:5]  # the channels that vary most
    for place, channel in zip(axis, strongest, strict=False):
        place.imshow(each[..., channel], cmap="gray", interpolation="nearest")
    height, width, channels = each.shape
    axis[0].set_title(f"{height}×{width}×{channels}")
for place in axes.flat:
    place.set_axis_off()
alt = "An ellipse, the five liveliest feature maps of each layer down to 4×4 and up again, the output."
show.figure(fig, alt)

# %% [markdown]
# **What we see.** On the way down the maps get coarser, and each channel looks for something else: an edge on one side, the inside, the
# outside. At the waist nobody would recognise an ellipse in one channel of 4×4 numbers. But there are forty of them.
#
# **Do they know the form?** Ask with a **linear probe**: give each of the 640 numbers one weight, fit the weights on the training images, and
# let the sign of the sum say "ellipse" or "rectangle". The probe is too weak to find the form by itself; it can only read what is written
# there.


# %%
def probe(maps, labels, new_maps):
    """Whether each of `new_maps` shows an ellipse: one weight for each number, fitted on `maps`."""
    known, new = maps.reshape(len(maps), -1), new_maps.reshape(len(new_maps), -1)
    mean, spread = known.mean(axis=0), known.std(axis=0) + 1e-6
    known, new = (known - mean) / spread, (new - mean) / spread
    wanted = np.where(labels, 1.0, -1.0)
    similar = known @ known.T + known.shape[1] * np.eye(len(known))  # ridge regression
    weights = known.T @ np.linalg.solve(similar, wanted)
    return new @ weights > 0


waist = keras.Model(model.inputs[0], convolutions[2].output)
seen = {"raw pixels": (images, test_images)}
seen["waist"] = (waist.predict(images, verbose=0), waist.predict(test_images, verbose=0))
rows = [{"the probe reads": "nothing (always one answer)", "test images right": 0.5}]
for name, (known, new) in seen.items():
    right = probe(known, train_round, new) == test_round
    rows.append({"the probe reads": name, "test images right": right.mean()})
show.table(rows)

# %% tags=["record"]
record(probe_pixels=rows[1]["test images right"], probe_waist=rows[2]["test images right"])

# %% [markdown]
# The second test: **can this very waist draw corners at all?** We trained the same network without dropout until it knew its training images
# by heart, and measured `fill` on them. Made once and kept:

# %%
import json

steps = json.loads((course / "notebooks/evidence/eliret.json").read_text())["steps"]
runs = [step["result"] for name, step in steps.items() if name.startswith("waist ")]
rows = []
for split in ("train", "test"):
    row = {"the network that knows them by heart": f"{split} images"}
    for what in ("mse", "ellipses", "rectangles", "probe"):
        row[what] = np.mean([run["by heart"][split][what] for run in runs])
    rows.append(row)
show.table(rows, digits=4)

# %% tags=["record"]
record(untrained_probe=np.mean([run["untrained"]["test"]["probe"] for run in runs]))
record(waist_seeds=len(runs), heart_mse=rows[0]["mse"], heart_probe=rows[1]["probe"])
record(heart_ellipses=rows[0]["ellipses"], heart_rectangles=-rows[0]["rectangles"])
record(heart_test_rectangles=-rows[1]["rectangles"])

# %% [markdown]
# **What we see.** On our waist the probe is right for {{probe_waist:.0%}} of the new images, on raw pixels for {{probe_pixels:.0%}}, and on the waist of an untrained
# network for {{untrained_probe:.0%}}. So training has written the form there. And the network that knows its training images by heart (MSE {{heart_mse:.3f}}) draws
# them nearly right: rectangles fill {{heart_rectangles:.3f}} less than they should, through the same 640 numbers. On new images it is {{heart_test_rectangles:.3f}}. **The guess is not
# confirmed:** corners do fit through this waist. What the network lacks is to know them in an image it has never seen; whether more images would cure that, you can
# test. (Runs by heart: {{waist_seeds}}.)

# %% [markdown]
# ## 9 · And with all the epochs?
#
# The course notes train four times as long as we did. That run was made once and kept. Here are its curves, with the MSE of each split measured
# without dropout.

# %%
long = steps["fcn"]["result"]["mse"]
show.histories(
    {"FCN, 1000 epochs": {"MSE": long["train"], "val_MSE": long["val"]}},
    "MSE",
    x={"FCN, 1000 epochs": long["epoch"]},
    log=True,
    alt="MSE of the long run on training and validation images, logarithmic: validation levels out while training goes on falling.",
)
for split in ("train", "val", "test"):
    print(f"{split}: {long[split][-1]:.4f} after {long['epoch'][-1]} epochs")

# %% tags=["record"]
record(fcn_full_test_mse=long["test"][-1])

# %% [markdown]
# **What we see.** On unseen images the curve levels out while the training error goes on falling: more epochs mostly memorise. The course
# notes report 0.015 on validation and test images of their own set after 1000 epochs; ours, of one seed, ends at {{fcn_full_test_mse:.3f}} on
# a set that was generated to be as hard.

# %% [markdown]
# ## 10 · Recap
#
# You can now
# - **pair** images with masks from a list, and read them as `float32` images in [0, 1] and integer masks;
# - **build** an hourglass: down for context and cost, up because every pixel wants an answer;
# - **judge** an MSE beside the best constant, p(1 − p), and never by accuracy alone;
# - **save** predictions by a program: clip, round, then bytes;
# - **measure** where a network errs, and test a guess about the cause before you believe it.
#
# **Words** [mask, threshold, stride, baseline](glossary.md) in three languages.
#
# **Try next** What would help the network to find corners that it has never seen? [Lesson 03](03_eliret_unet.ipynb) builds a bridge.

# %%
ex.progress()

# %% [markdown]
# **References** Long, Shelhamer, Darrell (2015), *Fully convolutional networks for semantic segmentation*,
# [arXiv:1411.4038](https://arxiv.org/abs/1411.4038). Noh, Hong, Han (2015), *Learning deconvolution network for semantic segmentation*,
# [arXiv:1505.04366](https://arxiv.org/abs/1505.04366). Alain, Bengio (2016), *Understanding intermediate layers using linear classifier
# probes*, [arXiv:1610.01644](https://arxiv.org/abs/1610.01644).
#
# **Further reading** Keras' guides on [the Sequential model](https://keras.io/guides/sequential_model/) and on [saving
# models](https://keras.io/guides/serialization_and_saving/). Dumoulin, Visin (2016), *A guide to convolution arithmetic*,
# [arXiv:1603.07285](https://arxiv.org/abs/1603.07285), with animations.

# %% [markdown] tags=["teacher"]
# **Teacher notes.** 55 minutes with exercises. Misconceptions: that an MSE of `0.065` is "`6.5 %` wrong"; that a mask is a picture (it is
# classes); that the grey output is a grey level of the image; that a plausible cause is a known one (section 8). Late? Leave out section 6
# and show the figure of section 7.
