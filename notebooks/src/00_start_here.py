# %% [markdown]
# # 00 · Start here
#
# You check your computer, solve a first exercise, and learn what a mask is and what a score is worth.
#
# {{picture}}

# %% [markdown]
# **You will be able to**:
# **tell the tasks apart**, from one word for an image to an object for every pixel ·
# **read a mask** with its classes and its ignored pixels ·
# **compute the baseline** that every score has to beat ·
# **check an exercise** and **change the size** of a run.
#
# **You need** Python, numpy, and an idea of what a convolution does.
#
# **Time** reading 30 min, exercises 25 min, compute {{time}}, memory {{memory}}.
#
# **Data** {{data}}. What is generated is CC BY 4.0; the real membrane images are for research, with citation.
#
# You run a notebook cell by cell: click on a cell and press Shift+Enter. Begin with the next cell. **Is everything installed?**

# %%
import sys
from importlib.util import find_spec

needed = ["cv2", "ipywidgets", "keras", "matplotlib", "numpy", "PIL", "psutil", "requests"]
missing = [name for name in needed if not find_spec(name)]
if not find_spec("tensorflow") and not find_spec("jax"):
    missing.append("tensorflow")
if missing:
    print("Missing:", ", ".join(missing))
    print("Choose the course's kernel (menu Kernel → Change Kernel), or install as README.md says.")
else:
    version = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    print(f"{version} has all libraries; the course is tested with 3.11, 3.12 and 3.13.")

# %% [markdown]
# The next two cells open every lesson. The first one finds the course and prints what results depend on: versions and data. The second
# one holds the values that you may change. Change one, choose *Run → Run All Cells*, and the lesson runs with your value.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
SHOWN = 4  # images of each data set in a figure

# %% [markdown] tags=["teacher"]
# > **For teachers.** 75 minutes: 10 for sections 1–2, 20 for section 3, 15 for section 4, 15 for section 7, 15 for the rest. Have the
# > data made before class (`make data` does it). If you are late, leave out sections 5 and 8. Most common mix-ups: row and column; a
# > box's last row and the one after it; 255 as "object" in a file and as "ignore" in the course.

# %% [markdown]
# ## 1 · Is your computer ready?
# Every lesson is made for two processor cores and 4 GB of memory, without a GPU. **How does your computer compare?** The last line
# times a small training step. It puts your time beside that of the computer on which the times in the headers were measured.

# %%
from course_utils import environment

environment.report()

# %% [markdown]
# **What we see.** One sentence for each check, with a remedy where one is needed. The speed is a rough guide: it is measured in a
# second, and other programs that run at the same time change it. Nothing here stops you. On a slow computer you wait longer, and the
# results are the same.

# %% [markdown]
# ## 2 · How does an exercise answer?
# An exercise is a cell with a blank, `____`, and a cell that checks what you wrote there. **What happens if you check the blank
# itself?** Run both cells as they are. Then solve the exercise and run both again.
#
# Images come in batches, as an array of shape (batch, height, width, channels).

# %% [markdown]
# ### Exercise 2.1 · How many numbers?
# A batch of grey images has the shape (10, 32, 32, 1). How many numbers does it hold?

# %% tags=["exercise"]
# BEGIN SOLUTION
numbers = 10 * 32 * 32 * 1
# END SOLUTION

# %%
# ex.q2_1.solution()  # take away the first # to see one way to do it
ex.q2_1.check(numbers)

# %% [markdown]
# **What we see.** *Not attempted*, because the blank is still there. A wrong answer gets *Not yet* and the likely mistake, a right one
# gets *Correct*. If you are stuck, unfold the hints in the box: first a nudge, then the idea, then pseudo-code. You may leave
# exercises unsolved: no later cell needs your answer.

# %% [markdown]
# ## 3 · What is segmentation for?
# Some questions about an image have **one** answer, a word or a few boxes: a *sparse* prediction. Others need an answer **for each
# pixel**: a *dense* prediction. Segmentation is dense. It is used where people measure:
#
# | field | each pixel is | what follows |
# |---|---|---|
# | medicine | tumour, vessel, cell, tissue | volume, number, where to cut |
# | maps from the air | forest, water, building, road | hectares, change over the years |
# | mining | ore, waste rock, conveyor belt | sizes of the grains, purity |
# | driving | road, pavement, car, person | where the car may go |
#
# Here is a small scene: a wall, a floor and five objects, some of which touch. `objects` says which object each pixel belongs to.

# %%
import cv2
import numpy as np

from course_utils import show
from course_utils.classes import Class, ClassTable

objects = np.zeros((96, 128), np.uint8)  # 0: no object
cv2.ellipse(objects, (25, 66), (17, 11), 20, 0, 360, 1, -1)  # centre, half axes, angle, …, object 1
cv2.ellipse(objects, (54, 64), (14, 17), 0, 0, 360, 2, -1)
cv2.rectangle(objects, (78, 50), (97, 84), 3, -1)  # two opposite corners, …, object 3
cv2.rectangle(objects, (98, 62), (119, 80), 4, -1)
cv2.ellipse(objects, (88, 22), (13, 9), 0, 0, 360, 5, -1)

WALL, FLOOR = Class(0, "wall", (222, 211, 190), 0), Class(1, "floor", (0, 95, 85), 1)
ELLIPSE, RECTANGLE = Class(2, "ellipse", (230, 159, 0), 2), Class(3, "rectangle", (86, 180, 233), 3)
SCENE = ClassTable("scene", [WALL, FLOOR, ELLIPSE, RECTANGLE])
of_object = np.array([0, 2, 2, 3, 3, 2], np.uint8)  # class of no object, of object 1, 2, 3, 4, 5
classes = of_object[objects]
row = np.arange(96)[:, None]
classes[(objects == 0) & (row >= 40)] = 1  # below row 40, what is no object is floor

greys = np.array([0.75, 0.25, 0.45, 0.85, 0.35, 0.3])[objects] - 0.2 * (classes == 1)
image = greys + np.random.default_rng(1).normal(0, 0.04, greys.shape)

# %% tags=["picture", "fold"]
# @title One image, five answers
from matplotlib.patches import Rectangle

HUES = [[255] * 3, [110, 180, 250], [250, 140, 90], [80, 200, 150], [225, 160, 205], [240, 228, 66]]
by_object = np.array(HUES, np.uint8)[objects]
semantic = show.overlay(image, classes, SCENE, opacity=1)
panoptic = np.where(objects[..., None], by_object, semantic)
titles = ["the image", "classification\nwhat is there?", "detection\nwhat, and in which box?"]
titles += ["semantic\nwhich class is each pixel?", "instance\nwhich object, if any?"]
titles += ["panoptic\nwhich object, or what else?"]
fig, axes = show.new(3, 2, (3.15, 2.75))
views = [image, 0.75 + image / 4, image, semantic, by_object, panoptic]
for axis, title, view in zip(axes.flat, titles, views, strict=True):
    axis.imshow(view, cmap="gray", vmin=0, vmax=1)
    axis.set_title(title)
    axis.set_axis_off()
axes[0, 1].text(64, 48, "ellipse, rectangle", ha="center", va="center", fontsize=13)
for number in range(1, 6):
    left, top, width, height = cv2.boundingRect(np.uint8(objects == number))
    look = {"fill": False, "lw": 2.5, "edgecolor": SCENE.colours[of_object[number]] / 255}
    axes[0, 2].add_patch(Rectangle((left - 0.5, top - 0.5), width, height, **look))
    for axis in axes[1, 1:]:
        axis.text(left + width / 2, top + height / 2, number, ha="center", va="center")
show.legend(fig, SCENE)
show.figure(fig, "One image, five answers: words, boxes, pixels by class, by object, and by both.")

# %% [markdown]
# **What we see.** The answers grow from a word to a class or an object for every pixel. The fourth and the fifth each know something
# that the other does not. **Semantic** segmentation names every pixel, but the two rectangles that touch are one blue region.
# **Instance** segmentation tells them apart, but says nothing about wall and floor. **Panoptic** segmentation does both, and from it you
# can work out all the others.
#
# This course is mostly about semantic segmentation; a later lesson goes on to objects.

# %% [markdown]
# ### Exercise 3.1 · From a mask to a box
# A mask of one object holds 0 outside and 1 inside. Return its box in the order **(top, left, bottom, right)**: the first row and
# the first column with a pixel of the object, then the last row and the last column. Libraries disagree about this order: OpenCV
# gives (left, top, width, height).


# %% tags=["exercise"]
def box(mask):
    # BEGIN SOLUTION
    rows, columns = np.nonzero(mask)
    return rows.min(), columns.min(), rows.max(), columns.max()
    # END SOLUTION


# %%
ex.q3_1.check(box)

# %% [markdown]
# ## 4 · What is a mask?
# The answer of semantic segmentation is a second image, the **mask**. It has the height and width of the first one. **What are its
# pixels?**
#
# They are integers, the *ids* of the classes. Here is a 4×4 image and a mask that somebody drew for it, with three classes and two
# pixels where the person could not tell. Those two hold 255. In this course 255 means *ignore*: no loss, metric or figure counts
# them.

# %%
tiny_image = np.array([[2, 2, 9, 8], [2, 1, 8, 9], [6, 5, 2, 4], [5, 6, 1, 3]]) / 10
mask = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 0, 255], [2, 2, 0, 255]], np.uint8)
print(mask)

# %% [markdown]
# An id has no colour of its own. To look at a mask, use it as an index into a list of colours, with a row for each of the 256 values
# of a `uint8`. Numpy then replaces each id by its row. This is a **look-up table**.
#
# A `ClassTable` of the course holds ids, names and colours together. `show.overlay` paints with it, and both ways agree:

# %%
colours = np.full((256, 3), 128, np.uint8)  # grey: ignored, or no class at all
colours[0] = 0, 0, 0  # background: red, green and blue
colours[1] = 230, 159, 0  # ellipse
colours[2] = 86, 180, 233  # rectangle
coloured = colours[mask]  # (4, 4) ids become (4, 4, 3) colours

ellipse, rectangle = Class(1, "ellipse", (230, 159, 0), 1), Class(2, "rectangle", (86, 180, 233), 2)
background = Class(0, "background", (0, 0, 0), 0)  # id in the file, name, colour, id in training
TABLE = ClassTable("three classes", [background, ellipse, rectangle])
assert (show.overlay(tiny_image, mask, TABLE, opacity=1) == coloured).all()

# %% tags=["fold"]
# @title The image, its ids and its colours
titles = ["image (4, 4)", "mask: ids (4, 4)", "mask: colours (4, 4, 3)"]
fig, axes = show.new(3, 1, (3.1, 3.1))
for axis, title, view in zip(axes[0], titles, [tiny_image, np.ones((4, 4)), coloured], strict=True):
    axis.imshow(view, cmap="gray", vmin=0, vmax=1)
    axis.set(title=title, xticks=[], yticks=[])
    axis.spines[:].set_visible(True)
for (row, column), value in np.ndenumerate(mask):
    axes[0, 1].text(column, row, value, ha="center", va="center", fontsize=16)
show.legend(fig, TABLE, ignored=True)
show.figure(fig, alt="A 4×4 grey image, the ids of its mask, and the mask in colours; 255 is grey.")

# %% [markdown]
# **What we see.** The colours are for our eyes; a network learns the ids. There are sixteen pixels, of which fourteen count.
#
# ### Exercise 4.1 · Who owns the image?
# Return the share of each class among the pixels that count, as a list of `num_classes` numbers, class 0 first. They add up to 1. For
# the mask above the shares are 6/14, 4/14 and 4/14.


# %% tags=["exercise"]
def shares(mask, num_classes):
    # BEGIN SOLUTION
    counted = mask[mask != 255]
    return [float((counted == number).mean()) for number in range(num_classes)]
    # END SOLUTION


# %%
ex.q4_1.check(shares)

# %% [markdown]
# ## 5 · Python that you will meet
# Three pieces of Python return in every lesson. **Do you know what the next cell prints?** If so, go on to the exercise.
#
# - A **dictionary** keeps values under names: `options["shape"]`. `a | b` is a copy of `a` with the entries of `b` put in.
# - **`**options`** in a call hands each entry over as a named argument. (Between two numbers, `2**3`, it is a power.)
# - A comparison of an array gives True or False for each element. As an index it takes the elements that are True: **boolean
#   indexing**. The mean of such an array is the share that is True.

# %%
options = {"shape": (2, 3), "fill_value": 7}
options["dtype"] = "uint8"  # one more entry
print(np.full(**options).tolist())  # np.full(shape=(2, 3), fill_value=7, dtype="uint8")
wider = options | {"shape": (2, 4)}
print(np.full(**wider).tolist())

grey = np.array([[2, 9, 4], [8, 1, 6]])
bright = grey > 5
print(bright.tolist(), grey[bright].tolist(), bright.mean())
grey[bright] = 0  # changes those elements and no others
print(grey.tolist())

# %% [markdown]
# ### Exercise 5.1 · How bright is each class?
# `names` is a dictionary from the id of a class to its name, such as `{0: "wall", 3: "rectangle"}`. Return a dictionary from each of
# these **names** to the mean grey of the pixels of `image` whose `mask` holds that id. Both arrays are (height, width).


# %% tags=["exercise"]
def mean_greys(image, mask, names):
    # BEGIN SOLUTION
    greys = {}
    for number, name in names.items():
        greys[name] = image[mask == number].mean()
    return greys
    # END SOLUTION


# %%
ex.q5_1.check(mean_greys)

# %% [markdown]
# ## 6 · Which images do we work with?
# Each lesson has its own set. We begin with two: a small one that we generate, and a real one that became a classic. `ensure` returns
# the folder of a set. If the real files are on this computer, it is theirs; if not, the course draws a set in the same layout.
# **What do you have?**

# %%
from data_scripts import cards, ensure

eliret_folder = ensure("eliret")
membrane_folder = ensure("membrane")
show.table(cards())

# %% [markdown]
# **What we see.** A card for each set: what it is, what it may be used for, where it comes from, how large it is, and whether yours is
# real or generated. `python -m data_scripts get membrane`, typed in a terminal, downloads the real one.
#
# **The course notes.** This course grew out of university course notes. Small shapes (*eliret*) and cell membranes come from a course
# at the Universidade de São Paulo, the street simulator CARLA from notes in Spanish; others compare encoders and decoders, land cover
# and Cityscapes. Where a lesson says *the notes*, it means these, and compares its results with theirs.

# %%
from course_utils import data
from course_utils.classes import ELIRET, MEMBRANE

eliret = data.eliret(eliret_folder, "test")
chosen = np.linspace(0, len(eliret) - 1, SHOWN).astype(int)
show.pairs(*eliret[chosen].arrays(), ELIRET, alt="Noisy ellipses and rectangles, and their masks.")

# %%
membrane = data.membrane(membrane_folder, "train")
chosen = np.linspace(0, len(membrane) - 1, SHOWN).astype(int)
images, masks = membrane[chosen].arrays(size=(256, 256))
show.pairs(images, masks, MEMBRANE, alt="Slices of tissue with dark membranes, and their masks.")
print("images:", images.shape, images.dtype, "in [0, 1] · masks:", masks.shape, masks.dtype)

# %% [markdown]
# **What we see.** In eliret there is one object in the middle, lighter or darker than the rest. In membrane there are thin dark lines
# between cells. Other dark spots lie inside the cells: they are organelles, and the mask rightly leaves them out. So the grey level of
# a pixel is not enough to tell what it is.
#
# Everywhere in this course images are `float32` in [0, 1] with their channels last. Masks are `uint8` ids without a channel.

# %% [markdown]
# ## 7 · How good is an answer that says nothing?
# Call every pixel of the 4×4 mask *background*. **How many are right?** Six of the fourteen that count: the **pixel accuracy** is 6/14.
#
# A stricter score looks at each class. Count the pixels that have it in both mask and prediction, and divide by those that have it in
# either one. This is the **intersection over union** (IoU). For the background it is 6/14. For ellipse and rectangle it is 0, since
# they are never predicted. The mean over the classes is the **mean IoU**.
#
# `metrics.confusion_matrix` counts the pixels by true class (row) and predicted class (column). All scores follow from it.

# %%
from course_utils import metrics

prediction = np.zeros((4, 4), np.uint8)
counts = mask != 255
by_hand = (prediction == mask)[counts].mean()
matrix = metrics.confusion_matrix(mask, prediction, num_classes=3)
print(matrix)
assert np.isclose(metrics.pixel_accuracy(matrix), by_hand)
print(f"pixel accuracy = 6/14 = {by_hand:.3f}")
print(f"mean IoU = (6/14 + 0 + 0) / 3 = {metrics.mean_iou(matrix):.3f}")

# %% [markdown]
# Such an answer is a **trivial baseline**. It has learnt nothing. A network that does not beat it has learnt nothing either.
#
# ### Exercise 7.1 · Predict first
# On the membrane images, call every pixel *inside of a cell*: no membrane anywhere. What is the pixel accuracy? Choose before you run
# the cell after the check.
#
# - A: below 0.5
# - B: from 0.5 to 0.7
# - C: above 0.7

# %% tags=["exercise"]
# BEGIN SOLUTION
answer = "C"
# END SOLUTION

# %%
ex.q7_1.check(answer)

# %%
rows = []
for pairs, table in [(eliret, ELIRET), (membrane, MEMBRANE)]:
    masks = pairs.arrays()[1]
    for number, name in enumerate(table.names):
        constant = np.full_like(masks, number)
        matrix = metrics.confusion_matrix(masks, constant, table.num_classes)
        scores = {"accuracy": metrics.pixel_accuracy(matrix), "mean IoU": metrics.mean_iou(matrix)}
        rows.append({"set": pairs.name, "every pixel is": name, **scores})
show.table(rows)

# %% tags=["record"]
record(membrane_accuracy=rows[-1]["accuracy"], membrane_iou=rows[-1]["mean IoU"])

# %% [markdown]
# **What we see.** An answer without a single membrane reaches an accuracy of {{membrane_accuracy:.2f}} on a set that is all about
# membranes. Its mean IoU is half of that, {{membrane_iou:.2f}}, because one of the two classes scores 0. So in this course a baseline
# stands beside every score, and accuracy never stands alone.

# %% [markdown]
# > **Pitfall · two meanings of 255.** In eliret's *files* the object is 255, because white is easy to see. In the *course* 255 means
# > ignore. Give the file's values to a metric, and all objects vanish from the count. We do it on purpose, with the baseline that says
# > background everywhere. You notice it by a perfect score for an answer that says nothing, and by a look at `np.unique(mask)`. The
# > readers in `course_utils.data` turn the values of a file into train ids.

# %%
from course_utils.files import decode_mask

from_file = decode_mask(eliret.masks[0])
for name, values in [("values of the file", from_file), ("train ids", ELIRET.to_train(from_file))]:
    matrix = metrics.confusion_matrix(values, np.zeros_like(values), num_classes=2)
    accuracy = metrics.pixel_accuracy(matrix)
    print(f"{name}: {np.unique(values)}, baseline's pixel accuracy {accuracy:.3f}")

# %% [markdown]
# ## 8 · Must every pixel be labelled?
# To label every pixel is slow: an image of Cityscapes, the street scenes of lesson 10, took more than 90 minutes. **Are a few strokes
# enough?** Such a label is *weak*; some call it sparse. What does the mask hold where nobody drew? It must not be background, because
# nobody said so. It holds 255. Below, each object has one stroke, and so have wall and floor.

# %%
strokes = np.full_like(classes, 255)
for start, end, number in [
    ((15, 63), (35, 69), 2),  # from (column, row) to (column, row), id of the class
    ((54, 54), (54, 74), 2),
    ((82, 66), (93, 66), 3),
    ((103, 71), (115, 71), 3),
    ((82, 22), (95, 22), 2),
    ((10, 10), (60, 14), 0),
    ((20, 90), (110, 91), 1),
]:
    cv2.line(strokes, start, end, number, thickness=2)
drawn = strokes != 255
assert (strokes[drawn] == classes[drawn]).all()  # nobody drew over an edge
views = [show.overlay(image, labels, SCENE, opacity=0.9) for labels in (classes, strokes)]
titles = ["image", "full labels", f"strokes: {drawn.mean():.0%} of the pixels, the rest ignored"]
alt = "An image, its full labels, and one stroke of colour in each region."
show.images([image, *views], titles, alt=alt)

# %% [markdown]
# **What we see.** There is colour only where somebody drew; the grey rest counts in no loss. A few per cent of the pixels can be
# enough to learn from, since neighbours look alike. They are not enough to measure a score, because the difficult pixels lie at the
# borders, and those have no label.
#
# Keras says *sparse* for a third thing, how a class is written down: `SparseCategoricalCrossentropy` takes integers,
# `CategoricalCrossentropy` one-hot vectors. A mask of 2048×1024 pixels and 34 classes takes 2 MB as `uint8`, but 285 MB as one-hot
# `float32`. This course keeps integers.

# %% [markdown]
# ### Exercise 8.1 · From clicks to a mask
# Somebody clicked on a few pixels and named their classes. Make a mask of `shape` (height, width) from `points`, a list of (row,
# column, class id). All other pixels are ignored.


# %% tags=["exercise"]
def points_to_mask(shape, points):
    # BEGIN SOLUTION
    mask = np.full(shape, 255, np.uint8)
    for row, column, number in points:
        mask[row, column] = number
    return mask
    # END SOLUTION


# %%
ex.q8_1.check(points_to_mask)

# %% [markdown]
# ## 9 · How do you go further?
# Every lesson has three **sizes**. *lesson* is what you see: at most 6 minutes on two cores. *tiny* is for the tests. *full* has the
# images and epochs of the papers and takes hours without a GPU. To change the size, edit the parameters cell, or type in a terminal
#
# ```
# python -m notebooks.build run 00 --size full
# ```
#
# This writes a copy to `build/` and leaves the lesson as it is.
#
# - **A GPU of your own** (NVIDIA; Linux, or WSL2 on Windows): run `pip install "tensorflow[and-cuda]"` in the course's environment.
# - **A GPU on loan:** open the notebook in Colab and choose *Runtime → Change runtime type → GPU*. The setup cell fetches the course
#   there.

# %% [markdown]
# ### The map of the course
#
# | lesson | the question | new in it |
# |---|---|---|
# | 00 · Start here | Does everything work, and what is a mask? | baselines, ignored pixels |
# | [01 · Upsampling and transposed convolution](01_upsampling.ipynb) | How does a network enlarge? | transposed and dilated convolution |
# | [02 · A first network](02_eliret_fcn.ipynb) | Can a small network segment noisy shapes? | encoder and decoder, MSE |
# | [03 · A bridge over the hourglass](03_eliret_unet.ipynb) | What do skip connections bring back? | functional API, overfitting |
# | [04 · Any size in, any size out](04_any_size.ipynb) | Must new images be as large as the training images? | shifts, flips |
# | [05 · Cell membranes](05_membranes.ipynb) | Are 30 images enough? | paired augmentation, elastic deformation |
# | [06 · Losses and metrics](06_losses_and_metrics.ipynb) | What is a good answer worth? | Dice, Tversky, one confusion matrix |
# | [07 · A street](07_carla.ipynb) | Which classes does a network never say? | class frequencies, weights |
# | [08 · Land cover](08_land_cover.ipynb) | What if the image does not fit into memory? | tiles, blending, leaks |
# | [09 · The family](09_family.ipynb) | What does each architecture buy? | FCN, SegNet, ASPP, pyramid pooling |
# | [10 · Cityscapes](10_cityscapes.ipynb) | Which of five networks is best, and how sure is that? | one protocol, seeds |
# | [11 · Transfer](11_transfer.ipynb) | What is a head start worth when ten frames have labels? | encoders, freezing, fine-tuning |
# | [12 · Off the shelf](12_instances.ipynb) | Which network that others trained, and which object? | presets, instances, prompts |
#
# Five homeworks go deeper: [1](homework/hw1_unet_from_fcn.ipynb) after lesson 03, [2](homework/hw2_membranes.ipynb) after 05,
# [3](homework/hw3_binary_streets.ipynb) after 07, [4](homework/hw4_showcase.ipynb) after 12, [5](homework/hw5_find_the_bug.ipynb)
# after 10. The [glossary](glossary.md) explains the words of the field in English, Portuguese and Spanish.

# %% [markdown]
# ## Recap
# You can now **tell the tasks apart**: one answer for an image, or one for each pixel, by class or by object. You can **read a mask**:
# an integer for each pixel, 255 ignored, colours from a look-up table. You **compute the baseline** first: a constant answer reaches an
# accuracy of {{membrane_accuracy:.2f}} on membranes, and a mean IoU of {{membrane_iou:.2f}}. You **check an exercise** with `check`,
# `hint` and `solution`, and **change the size** in one cell.
#
# **Words of this lesson:** [semantic segmentation](glossary.md#semantic), [mask](glossary.md#mask),
# [ground truth](glossary.md#ground-truth), [ignore label](glossary.md#ignore), [pixel accuracy](glossary.md#accuracy),
# [IoU](glossary.md#iou), [baseline](glossary.md#baseline).
#
# What have you solved so far? The course remembers it, also when you close the notebook.

# %%
ex.progress()

# %% [markdown]
# **Further reading.**
#
# - A. Kirillov et al., 2019, *Panoptic segmentation*, [arXiv:1801.00868](https://arxiv.org/abs/1801.00868): things, background, both.
# - I. Arganda-Carreras et al., 2015, *Crowdsourcing the creation of image segmentation algorithms for connectomics*,
#   [doi:10.3389/fnana.2015.00142](https://doi.org/10.3389/fnana.2015.00142): the membranes.
# - M. Cordts et al., 2016, *The Cityscapes dataset*, [arXiv:1604.01685](https://arxiv.org/abs/1604.01685): what labels cost.
# - D. Lin et al., 2016, *ScribbleSup*, [arXiv:1604.05144](https://arxiv.org/abs/1604.05144): learning from strokes.
# - M. Okabe and K. Ito, 2008, *Color universal design*: colours for all eyes.
# - [numpy, boolean indexing](https://numpy.org/doc/stable/user/basics.indexing.html#boolean-array-indexing) and
#   [Python, dictionaries](https://docs.python.org/3/tutorial/datastructures.html#dictionaries).
#
# **Try next.** Set `SHOWN` to 8 and run all cells. Then move object 5 in section 3 until it touches object 3. What happens to the
# semantic answer?
