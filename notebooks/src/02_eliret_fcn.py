# %% [markdown]
# # 02 · A first network that answers with a picture
#
# You train a small fully convolutional network to tell noisy ellipses and rectangles from their background, and find out what it gets wrong.
#
# {{picture}}

# %% [markdown]
# **You will be able to** · **pair** each image with its mask from a list of files · **build** an hourglass of strided and transposed
# convolutions and count its parameters · **judge** a mean squared error beside the error of a constant · **save** grey and black-and-white
# predictions without ruining them · **measure** where a network errs.
#
# **You need** [01 · Upsampling and transposed convolution](01_upsampling.ipynb), and Keras as far as `model.fit`.
#
# **Time** reading 25 min · exercises 25 min · compute {{time}}, memory {{memory}}
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
# The set is called *eliret*: **el**lipses and **ret**angles (Portuguese for rectangles). Each picture is 32×32 grey pixels with one noisy shape in
# the middle. Files `000x.png` to `099x.png` hold ellipses, `100x.png` to `199x.png` rectangles; the mask of `NNNx.png` is `NNNy.png`. Three
# lists say which picture belongs to which split. **How does a program pair them?**

# %%
from data_scripts import ensure

folder = ensure("eliret")
text = (folder / "treino.csv").read_text()
print(text[:44], "…", f"\n{len(text.splitlines())} lines")

# %% [markdown]
# *Treino*, *valida* and *teste* are training, validation and test. One line is one pair: the image, a semicolon, the mask.
#
# ### Exercise 1.1 · Read the list
# Write a function that turns such a text into a list of pairs `(image, mask)`. The last line may be empty.


# %% tags=["exercise"]
def read_list(text):
    # BEGIN SOLUTION
    return [tuple(line.split(";")) for line in text.split()]
    # END SOLUTION


# %%
ex.q1_1.check(read_list)

# %% [markdown]
# The course has a reader for this layout. `Pairs` knows the paths and reads when asked: images as `float32` in [0, 1], masks as integer classes,
# 0 = background and 1 = object.

# %%
from course_utils import data
from course_utils.classes import ELIRET

splits = {name: data.eliret(folder, name) for name in ("train", "val", "test")}
images, masks = splits["train"].arrays()
test_images, test_masks = splits["test"].arrays()
for name, array in [("images", images), ("masks", masks)]:
    print(f"{name}: {array.shape}, {array.dtype}, from {array.min():.2f} to {array.max():.2f}")

# %%
from course_utils import show

some = [0, 7, 12, 31, 50, 57, 62, 81]
show.pairs(
    images[some],
    masks[some],
    ELIRET,
    alt="Eight training images with their masks: four noisy ellipses, then four noisy rectangles, centred.",
)

# %% [markdown]
# **What we see.** Sizes, forms, grey levels and noise vary; an object may be darker or brighter than its background. So no single threshold on
# the grey level finds the objects. Yet one thing never varies: the object is in the middle. Keep that in mind for lesson 04.

# %% [markdown]
# ## 2 · How good is a network that has learnt nothing?
#
# The notes train with the **mean squared error** (MSE) between the output and the mask, pixel by pixel. On a toy of four pixels:

# %%
import numpy as np

toy_mask = np.array([[0.0, 0.0], [0.0, 1.0]])
toy_output = np.array([[0.1, 0.0], [0.3, 0.6]])
print((toy_output - toy_mask) ** 2)
print("MSE:", ((toy_output - toy_mask) ** 2).mean())

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
errors = {
    "all background": (test_masks**2).mean(),
    f"grey {share:.2f} everywhere": ((share - test_masks) ** 2).mean(),
}
for name, error in errors.items():
    print(f"{name}: test MSE {error:.3f}")

# %% tags=["record"]
record(baseline_mse=errors[f"grey {share:.2f} everywhere"])
record(background_accuracy=1 - errors["all background"])

# %% [markdown]
# **What we see.** "All background" is right on three pixels of four, so an accuracy of {{background_accuracy:.0%}} is worth nothing here.
# The best constant has an MSE near {{baseline_mse:.2f}}. A network has to do much better than that to have looked at the image.

# %% [markdown]
# ## 3 · An hourglass
#
# The network squeezes 32×32 pixels to 4×4 by three convolutions with stride 2, then opens them again by three transposed convolutions. With
# padding `same`, stride 2 halves the side on the way down and doubles it on the way up.

# %%
import keras
from keras import layers


def down():
    return layers.Conv2D(WIDTH, 5, strides=2, padding="same", activation="relu")


def up():
    return layers.Conv2DTranspose(WIDTH, 5, strides=2, padding="same", activation="relu")


# %%
keras.utils.set_random_seed(1)
drop = 0.25
model = keras.Sequential([keras.Input((32, 32, 1))])
for layer in [down, down, down, up, up]:
    model.add(layer())
    model.add(layers.Dropout(drop))
model.add(layers.Conv2DTranspose(1, 5, strides=2, padding="same"))

show.table(
    [
        {
            "layer": type(layer).__name__,
            "output": layer.output.shape[1:],
            "parameters": layer.count_params(),
        }
        for layer in model.layers
    ]
)

# %% [markdown]
# **What we see.** At the waist are 4 · 4 · 40 = 640 numbers; the mask has 1024 pixels. Whatever the network knows of the shape has to pass there.
# The last layer has no activation: its output is any number, not only 0 to 1. Dropout has no parameters.
#
# ### Exercise 3.1 · Count the parameters
# A layer has `filters` kernels of `size`×`size`, each over `channels` input channels, and one bias a filter. How many numbers does it learn?


# %% tags=["exercise"]
def parameters(size, channels, filters):
    # BEGIN SOLUTION
    return size * size * channels * filters + filters
    # END SOLUTION


# %%
ex.q3_1.check(parameters)

# %%
from course_utils.models import fcn

ours = fcn((32, 32, 1), width=WIDTH, dropout=drop)
assert ours.count_params() == model.count_params()
print(f"{model.count_params():,} parameters, in the network above and in course_utils.models.fcn")

# %% [markdown]
# ## 4 · Training
#
# Adam with its default learning rate, batches of 20, as in the notes. `fit` of the course calls `model.fit` of Keras, shows one line
# instead of many, and puts the weights of the best epoch back at the end.

# %%
from course_utils.training import fit

model.compile(optimizer="adam", loss="mse")
result = fit(model, (images, masks), splits["val"].arrays(), epochs=EPOCHS, batch=BATCH)

# %%
show.histories(
    {"FCN": result.history},
    log=True,
    alt="Training and validation MSE of the FCN against the epoch, logarithmic: fast at first, then slow; both still fall at the end.",
)

# %%
test_mse = model.evaluate(test_images, test_masks, verbose=0)
print(f"test MSE {test_mse:.4f}, best constant {errors[f'grey {share:.2f} everywhere']:.3f}")

# %% tags=["record"]
record(fcn_test_mse=test_mse)

# %% [markdown]
# **What we see.** The error of the network is a tenth of that of the best constant. The dashed curve runs *below* the full one: dropout is on
# while training and off while validating, so the training loss is measured on a handicapped network. A plateau at the start, then a fall, then a
# long slow slope. One run, one seed: the last digit would differ with another.

# %% [markdown]
# ## 5 · From numbers to pictures
#
# The output is grey: a mean over what the object might be. A **threshold** at 0.5 makes it black and white. **How do we save both?** Before you look, commit
# to an answer.
#
# ### Exercise 5.1 · Predict first
# An output pixel is `-0.01`. You write `np.uint8(255 * output)` into a PNG file. How does the pixel look: `"black"`, `"grey"` or `"white"`?

# %% tags=["exercise"]
# BEGIN SOLUTION
looks = "white"
# END SOLUTION

# %%
ex.q5_1.check(looks)

# %%
outputs = model.predict(test_images, verbose=0)[..., 0]
print(f"outputs run from {outputs.min():.2f} to {outputs.max():.2f}")
careless = (
    (255 * outputs).astype(np.int64).astype(np.uint8)
)  # what a plain conversion does on most machines

some = [3, 11, 33, 41]
rows = {
    "image": test_images[some, ..., 0],
    "clipped": outputs[some],
    "wrapped": careless[some] / 255,
    "threshold 0.5": np.float32(outputs[some] > 0.5),
}
show.images(
    [picture for row in rows.values() for picture in row],
    [name for name in rows for _ in some],
    columns=4,
    alt="Four test images, outputs clipped, the same outputs wrapped round with white specks, and thresholded.",
)

# %% [markdown]
# > **Pitfall · bytes that wrap round.** The third row is the same prediction as the second. The last layer is linear, so outputs leave [0, 1], and a byte
# > has no room below 0 or above 255: −3 becomes 253. White specks in a dark background and black ones in a bright object give it away. Clip
# > first, or end the network with a sigmoid as in lesson 03.

# %% [markdown]
# ### Exercise 5.2 · To bytes, safely
# Write the conversion from outputs (any float) to `uint8` grey levels: 0 and below give 0, 1 and above give 255, rounding in between.


# %% tags=["exercise"]
def to_bytes(output):
    # BEGIN SOLUTION
    return np.rint(255 * np.clip(output, 0, 1)).astype(np.uint8)
    # END SOLUTION


# %%
ex.q5_2.check(to_bytes)

# %% [markdown]
# ## 6 · A prediction script
#
# The notes end with a program that reads one image, predicts, and saves two pictures. Here it is, for the whole test split. The files go to
# `runs/eliret_fcn` beside the course, which git leaves alone.

# %%
import cv2

from course_utils.training import RUNS

target = RUNS / "eliret_fcn"
target.mkdir(parents=True, exist_ok=True)
for path, output in zip(splits["test"].images, outputs, strict=True):
    name = path.stem.removesuffix("x")
    cv2.imwrite(str(target / f"{name}p.png"), np.rint(255 * np.clip(output, 0, 1)).astype(np.uint8))
    cv2.imwrite(str(target / f"{name}t.png"), np.where(output > 0.5, 255, 0).astype(np.uint8))
print(
    len(list(target.glob("*p.png"))),
    "grey predictions and",
    len(list(target.glob("*t.png"))),
    "black-and-white ones",
)

# %% [markdown]
# Is 0.5 the right threshold? Move it yourself and watch the error pixels. The first row shows four positions of the slider.

# %%
from course_utils import demos

demos.threshold(test_images, test_masks, outputs)

# %% [markdown]
# **What we see.** The undecided pixels lie along the edge, all others are near 0 or 1. A low threshold fattens the object, a high one thins it;
# near the middle the two kinds of error balance.

# %% [markdown]
# ## 7 · Round rectangles
#
# The MSE says how much is wrong, not where. Look at the predictions again, at the corners. **Do ellipses come out as ellipses?**
#
# A number for "how square": put the tightest (rotated) rectangle round the object and take the share of it that the object fills. A rectangle
# fills all of it, an ellipse $\pi/4 \approx 0.785$.
#
# ### Exercise 7.1 · Predict first
# Compared with the masks, how will the predicted *ellipses* fill their rectangle: `"more"`, `"equal"` or `"less"`? And the predicted *rectangles*? Answer both.

# %% tags=["exercise"]
# BEGIN SOLUTION
filling = ("more", "less")  # (ellipses, rectangles)
# END SOLUTION

# %%
ex.q7_1.check(filling)


# %%
def fill(picture, fine=8):
    """Share of the tightest rotated rectangle round the object that the object fills."""
    smooth = cv2.GaussianBlur(
        np.float32(picture), (0, 0), 0.8
    )  # rounds the steps of the pixels off
    smooth = cv2.resize(smooth, None, fx=fine, fy=fine)
    outlines, _ = cv2.findContours(np.uint8(smooth > 0.5), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    if not outlines:  # nothing found
        return 0.0
    outline = max(outlines, key=cv2.contourArea)
    _, (width, height), _ = cv2.minAreaRect(outline)
    return cv2.contourArea(outline) / (width * height)


# %%
fills = np.array([[fill(m), fill(o)] for m, o in zip(test_masks, outputs, strict=True)])
rows = []
for form, part in [("ellipses", fills[:25]), ("rectangles", fills[25:])]:
    in_masks, predicted = part.mean(axis=0)
    more = f"{(part[:, 1] > part[:, 0]).sum()} of {len(part)}"
    rows.append({"form": form, "masks": in_masks, "predictions": predicted, "fill more": more})
show.table(rows)

# %% tags=["record"]
record(
    ellipses_fill_change=rows[0]["predictions"] - rows[0]["masks"],
    rectangles_fill_change=rows[1]["predictions"] - rows[1]["masks"],
)

# %% tags=["picture", "fold"]
# @title Outlines of masks and predictions
change = fills[:, 1] - fills[:, 0]
clearest = [*np.argsort(-change[:25])[:4], *(25 + np.argsort(change[25:])[:4])]
fig, axes = show.new(8, 1, size=(1.25, 1.6))
for axis, number in zip(axes[0], clearest, strict=True):
    axis.imshow(test_images[number, ..., 0], cmap="gray", vmin=0, vmax=1)
    axis.contour(test_masks[number], [0.5], colors="#56B4E9", linewidths=1.6)
    axis.contour(outputs[number], [0.5], colors="#D55E00", linewidths=1.6)
    axis.set_axis_off()
axes[0, 0].plot([], color="#56B4E9", label="mask")
axes[0, 0].plot([], color="#D55E00", label="prediction")
fig.legend(loc="outside lower center", ncols=2)
show.figure(
    fig,
    alt="Outlines of masks and predictions over eight images: ellipses come out squarer, rectangles rounder.",
)

# %% [markdown]
# **What we see.** The predicted ellipses fill more of their rectangle than their masks do, the predicted rectangles less: ellipses come out squarer,
# rectangles rounder. (Steps of pixels and the smoothing keep a rectangle's own fill below 1.) The eight outlines are the clearest
# cases, not typical ones. The network hedges: what passes the 4×4 places at the waist is too coarse to tell the forms apart for sure, and
# under MSE the best answer to doubt is a mean of both.

# %% [markdown]
# ## 8 · And with all the epochs?
#
# The notes train four times as long as we did. That run was made once and kept; here are its curves, with the MSE of each split measured
# without dropout.

# %%
import json

kept = json.loads((course / "notebooks/evidence/eliret.json").read_text())["steps"]["fcn"]
long = kept["result"]["mse"]
show.histories(
    {"FCN, 1000 epochs": {"MSE": long["train"], "val_MSE": long["val"]}},
    "MSE",
    x={"FCN, 1000 epochs": long["epoch"]},
    log=True,
    alt="MSE of the long run on training and validation images, logarithmic: validation levels out while training goes on falling.",
)
print(
    f"after {long['epoch'][-1]} epochs: train {long['train'][-1]:.4f}, validation {long['val'][-1]:.4f}, test {long['test'][-1]:.4f}"
)

# %% tags=["record"]
record(fcn_full_test_mse=long["test"][-1])

# %% [markdown]
# **What we see.** On unseen images the curve levels out while the training error goes on falling: more epochs mostly memorise. The course
# notes report 0.015 on validation and test images of their own set after 1000 epochs. Ours is generated to be as hard, and one seed is shown.

# %% [markdown]
# ## 9 · Recap
#
# You can now
# - **pair** images with masks from a list, and read them as `float32` images in [0, 1] and integer masks;
# - **build** an hourglass, and **count** what it learns;
# - **judge** an MSE beside the best constant, p(1 − p), and never by accuracy alone;
# - **save** predictions: clip, then round, then bytes;
# - **measure** where a network errs: ellipses square, rectangles round.
#
# **Words** [mask, threshold, stride, baseline](00_start_here.ipynb#glossary) in three languages.
#
# **References** Long, Shelhamer, Darrell (2015), *Fully convolutional networks for semantic segmentation*, arXiv:1411.4038. Noh, Hong, Han
# (2015), *Learning deconvolution network for semantic segmentation*, arXiv:1505.04366.
#
# **Try next** What would carry the corners past the waist? [Lesson 03](03_eliret_unet.ipynb) builds a bridge.

# %% [markdown] tags=["teacher"]
# **Teacher notes.** 50 minutes with exercises. Misconceptions: that MSE of `0.065` is "`6.5 %` wrong"; that a mask is a picture (it is classes); that
# the grey output is a grey level of the image. Late? Leave out section 6, show the figure of section 7 and ask for an explanation before the text.
