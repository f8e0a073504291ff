# %% [markdown]
# # 00 · Start here
#
# You check your computer, solve a first exercise, and learn what a mask is and what a score is worth.
#
# {{picture}}

# %% [markdown]
# **You will be able to**:
# **read a mask** with its classes and its ignored pixels ·
# **tell the tasks apart**, from classification to instance segmentation ·
# **compute the baseline** that every score has to beat ·
# **check an exercise** and **change the size** of a run.
#
# **You need** Python, numpy, and an idea of what a convolution does.
#
# **Time** reading 25 min, exercises 20 min, compute {{time}}, memory {{memory}}.
#
# **Data** {{data}}. What is generated is CC BY 4.0; the real membrane images are for research, with citation.
#
# A notebook is run cell by cell: click on a cell, press Shift+Enter, and the next one waits. Begin here: **is everything installed?**

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
# The next two cells open every lesson. The first finds the course and prints what results depend on: versions and data. The second
# holds the values you may change. Change one, choose *Run → Run All Cells*, and the lesson runs at your size.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
SHOWN = 4  # images of each data set in a figure

# %% [markdown] tags=["teacher"]
# > **For teachers.** 60 minutes: 10 for the set-up, 15 for sections 2–3, 15 for section 5, 20 for the rest. Have the data made
# > before class (`make data` does it). If you are late, leave out section 6's code and exercise 7.1. Most common mix-ups: row
# > and column; a box's last row and the one after it; 255 as "object" in a file and as "ignore" in the course.

# %% [markdown]
# ## 1 · Is your computer ready?
# Every lesson is made for two processor cores and 4 GB of memory, without a GPU. **How does yours compare?** The last line times a
# small training step and puts it beside the computer on which the times in the headers were measured.

# %%
from course_utils import environment

environment.report()

# %% [markdown]
# **What we see.** One sentence a check, each with a remedy if it needs one. The speed is a rough guide, measured in a second; other
# programs that run at the same time change it. Nothing here stops you: a slow computer needs more patience and gives the same
# results.

# %% [markdown]
# ## 2 · How does an exercise answer?
# An exercise is a cell with a blank, `____`, and a cell that checks what you put there. **What happens if you check the blank
# itself?** Run both cells as they are, then solve the exercise and run both again.
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
# **What we see.** *Not attempted*, because the blank is still there. A wrong answer gets *Not yet* and the likely mistake, a right
# one *Correct*. Stuck? Unfold the hints in the box: a nudge first, then the idea, then pseudo-code; `ex.q2_1.hint()` shows them, too.
# Unsolved exercises never stop a lesson: no later cell needs your answer.

# %% [markdown]
# ## 3 · What is a mask?
# Semantic segmentation gives **every pixel a class**. The answer is a second image of the same height and width, the mask. But what
# are its pixels?
#
# They are integers, the *ids* of the classes. Here is a 4×4 image and a mask that somebody drew for it, with three classes and two
# pixels where the person could not tell. Those hold 255, and 255 means *ignore*: no loss, metric or figure counts them.

# %%
import numpy as np

image = np.array([[2, 2, 9, 8], [2, 1, 8, 9], [6, 5, 2, 4], [5, 6, 1, 3]]) / 10
mask = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 0, 255], [2, 2, 0, 255]], np.uint8)
print(mask)

# %% [markdown]
# An id has no colour of its own. To look at a mask, use it as an index into a list of colours, one row for each of the 256 values
# that a `uint8` can take. This is a **look-up table**, one line of numpy:

# %%
colours = np.full((256, 3), 128, np.uint8)  # grey: ignored, or no class at all
colours[0] = 0, 0, 0  # background: red, green and blue
colours[1] = 230, 159, 0  # ellipse
colours[2] = 86, 180, 233  # rectangle
coloured = colours[mask]
coloured.shape, coloured[0, 2], coloured[2, 3]

# %% [markdown]
# The course keeps ids, names and colours together in a `ClassTable`, and `show.overlay` paints a mask with it. Both ways agree:

# %%
from course_utils import show
from course_utils.classes import Class, ClassTable

BACKGROUND = Class(0, "background", (0, 0, 0), 0)  # id in the file, name, colour, id in training
ELLIPSE = Class(1, "ellipse", (230, 159, 0), 1)
RECTANGLE = Class(2, "rectangle", (86, 180, 233), 2)
FORMS = ClassTable("forms", [BACKGROUND, ELLIPSE, RECTANGLE])
assert (show.overlay(image, mask, FORMS, opacity=1) == coloured).all()

# %% tags=["fold"]
# @title The image, its ids and its colours
panels = {"image": image, "mask: ids": np.zeros_like(image), "mask: colours": coloured}
fig, axes = show.new(3, 1, (1.9, 1.8))
for axis, (title, picture) in zip(axes[0], panels.items(), strict=True):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axis.set_title(title, fontsize=9)
    axis.set_axis_off()
for (row, column), value in np.ndenumerate(mask):
    axes[0, 1].text(column, row, value, color="white", ha="center", va="center")
show.legend(fig, FORMS, ignored=True)
show.figure(fig, alt="A 4×4 grey image, the ids of its mask, and the mask in colours; 255 is grey.")

# %% [markdown]
# **What we see.** Image (4, 4), mask (4, 4), colours (4, 4, 3). The colours are for our eyes; a network learns the ids. Sixteen
# pixels, of which fourteen count.
#
# ### Exercise 3.1 · Who owns the image?
# Give the share of each class among the pixels that count, as a list of `num_classes` numbers that add up to 1. For the mask above:
# 6/14, 4/14 and 4/14.


# %% tags=["exercise"]
def shares(mask, num_classes):
    # BEGIN SOLUTION
    counted = mask[mask != 255]
    return [float((counted == number).mean()) for number in range(num_classes)]
    # END SOLUTION


# %%
ex.q3_1.check(shares)

# %% [markdown]
# ## 4 · Which images do we work with?
# Each lesson has its set. Two to begin with: a small one that we generate, and a real one that became a classic. `ensure` gives the
# folder of a set: the real files if they are on this computer, else a generated set in the very same layout. It says which. **What do
# you have?**

# %%
from data_scripts import cards, ensure

eliret_folder = ensure("eliret")
membrane_folder = ensure("membrane")
show.table(cards())

# %% [markdown]
# **What we see.** A card for each set: what it is, who may use it for what, where it comes from, how large it is, and whether yours
# is real or generated. `python -m data_scripts get membrane` in a terminal downloads the real one. The street waits for lesson 07, the
# country for 08, the cities for 10. Now look at the images of the first two, each above its mask.

# %%
from course_utils import data
from course_utils.classes import ELIRET, MEMBRANE

eliret = data.eliret(eliret_folder, "test")
chosen = np.linspace(0, len(eliret) - 1, SHOWN).astype(int)
show.pairs(*eliret[chosen].arrays(), ELIRET, alt="Noisy ellipses and rectangles, and their masks.")

# %%
membrane = data.membrane(membrane_folder, "train")
chosen = np.linspace(0, len(membrane) - 1, SHOWN).astype(int)
images, masks = membrane[chosen].arrays(size=(128, 128))
show.pairs(images, masks, MEMBRANE, alt="Slices of tissue with dark membranes, and their masks.")
print("images:", images.shape, images.dtype, "in [0, 1] · masks:", masks.shape, masks.dtype)

# %% [markdown]
# **What we see.** In eliret one object in the middle, lighter or darker than the rest. In membrane thin dark lines between cells;
# other dark spots are organelles inside a cell, and the mask rightly leaves them out. Telling the two apart takes more than a pixel's
# grey level.
#
# Everywhere in this course images are `float32` in [0, 1] with their channels last, and masks are `uint8` ids without a channel.

# %% [markdown]
# ## 5 · How good is an answer that says nothing?
# Call every pixel of the 4×4 mask *background*. **How many are right?** Six of the fourteen that count: the *pixel accuracy* is 6/14.
#
# A stricter score asks for each class: how many pixels are in both mask and prediction, divided by how many are in either? This is
# the *intersection over union* (IoU). Background: 6/14. Ellipse and rectangle: 0, since they are never predicted. Their mean is the
# *mean IoU*.

# %%
from course_utils import metrics

prediction = np.zeros((4, 4), np.uint8)
counts = mask != 255
by_hand = (prediction == mask)[counts].mean()
matrix = metrics.confusion_matrix(mask, prediction, num_classes=3)
assert np.isclose(metrics.pixel_accuracy(matrix), by_hand)
print(f"pixel accuracy = 6/14 = {by_hand:.3f}")
print(f"mean IoU = (6/14 + 0 + 0) / 3 = {metrics.mean_iou(matrix):.3f}")

# %% [markdown]
# Such an answer is a **trivial baseline**. It has learnt nothing, and a network that does not beat it has learnt nothing either.
#
# ### Exercise 5.1 · Predict first
# On the membrane images, call every pixel *inside of a cell*: no membrane anywhere. What is its pixel accuracy? Commit yourself
# before you run the cell after the check.
#
# - A: below 0.5
# - B: from 0.5 to 0.7
# - C: above 0.7

# %% tags=["exercise"]
# BEGIN SOLUTION
answer = "C"
# END SOLUTION

# %%
ex.q5_1.check(answer)

# %%
rows = []
for pairs, table in [(eliret, ELIRET), (membrane, MEMBRANE)]:
    masks = pairs.arrays()[1]
    for number, name in enumerate(table.names):
        matrix = metrics.confusion_matrix(masks, np.full_like(masks, number), table.num_classes)
        scores = {"accuracy": metrics.pixel_accuracy(matrix), "mean IoU": metrics.mean_iou(matrix)}
        rows.append({"set": pairs.name, "every pixel is": name, **scores})
show.table(rows)

# %% tags=["record"]
record(membrane_accuracy=rows[-1]["accuracy"], membrane_iou=rows[-1]["mean IoU"])

# %% [markdown]
# **What we see.** An answer without a single membrane has an accuracy of about {{membrane_accuracy:.2f}} on a set that is all about
# membranes. Its mean IoU is half of that, since one of the two classes scores 0. So in this course a baseline stands beside every score, and accuracy
# never stands alone.

# %% [markdown]
# > **Pitfall · two meanings of 255.** In eliret's *files* the object is 255, as white is easy to see. In the *course* 255 means
# > ignore. Feed the file's values to a metric, and all objects vanish from the count. We do it on purpose, with the baseline that
# > says background everywhere:

# %%
from course_utils.files import decode_mask

from_file = decode_mask(eliret.masks[0])
for name, values in [("values of the file", from_file), ("train ids", ELIRET.to_train(from_file))]:
    matrix = metrics.confusion_matrix(values, np.zeros_like(values), num_classes=2)
    accuracy = metrics.pixel_accuracy(matrix)
    print(f"{name}: {np.unique(values)}, baseline's pixel accuracy {accuracy:.3f}")

# %% [markdown]
# The way to notice: a perfect score for an answer that says nothing, and a look at `np.unique(mask)`. The cure is the class table,
# which turns the values of a file into train ids. The readers in `course_utils.data` do it for you, and refuse values that stand for
# no class.

# %% [markdown]
# ## 6 · What, where, which pixels, which object?
# One image, four questions. Classification, detection, semantic and instance segmentation differ in **how much of the scene the
# answer keeps**. A mask of a larger eliret image holds all four answers. Pixels that touch form an object; an ellipse fills about π/4
# of the smallest rectangle around it, a rectangle nearly all.

# %%
import cv2

images, objects = data.eliret(eliret_folder, "larger")[1].arrays()
image = images[0, :, :, 0]
count, instances = cv2.connectedComponents(objects[0])  # 0 is the background, 1, 2, … the objects
classes, boxes = np.zeros_like(objects[0]), []
for number in range(1, count):
    points = cv2.findNonZero(np.uint8(instances == number))
    width, height = cv2.minAreaRect(points)[1]
    fills = len(points) / (width + 1) / (height + 1)
    classes[instances == number] = 1 if fills < 0.84 else 2  # ellipse or rectangle
    boxes.append(cv2.boundingRect(points))  # left, top, width, height
print(f"{count - 1} objects; the first one's box (left, top, width, height): {boxes[0]}")

# %% tags=["picture", "fold"]
# @title One image, four answers
from matplotlib.colors import ListedColormap
from matplotlib.patches import Rectangle

titles = ["classification:\nwhat is there?", "detection:\nwhat, in which box?"]
titles += ["semantic segmentation:\nwhich class is each pixel?"]
titles += ["instance segmentation:\nwhich object, too?"]
fig, axes = show.new(4, 1, (2.1, 2.15))
for axis, title in zip(axes[0], titles, strict=True):
    axis.imshow(image, cmap="gray", vmin=0, vmax=1)
    axis.set_title(title, fontsize=9)
    axis.set_axis_off()
words = ", ".join(FORMS.names[number] for number in np.unique(classes)[1:])
axes[0, 0].text(44, 74, words, ha="center", va="top", fontsize=9)
axes[0, 2].imshow(show.overlay(image, classes, FORMS))
by_object = ListedColormap(["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#F0E442", "#FFFFFF"])
axes[0, 3].imshow(np.ma.masked_equal(instances, 0), by_object, vmin=1, vmax=6, alpha=0.7)
for number, (left, top, width, height) in enumerate(boxes, start=1):
    colour = FORMS.colours[classes[instances == number][0]] / 255
    corner = left - 0.5, top - 0.5  # a pixel reaches half a pixel around its position
    axes[0, 1].add_patch(Rectangle(corner, width, height, fill=False, edgecolor=colour))
    axes[0, 3].text(left + width / 2, top + height / 2, number, ha="center", va="center")
show.legend(fig, FORMS)
show.figure(fig, alt="One image, four answers: words, boxes, pixels by class, pixels by object.")

# %% [markdown]
# **What we see.** From left to right the answers grow: words, boxes, a class for every pixel, and an object for every pixel as well.
# The last answer gives all the others, and none of them gives the last: in the third picture, two rectangles that touched would be
# one region. This course is about the third.
#
# ### Exercise 6.1 · From a mask to a box
# A mask of one object holds 0 outside and 1 inside. Give its box as (top, left, bottom, right): the first row and column with a pixel
# of the object, then the last row and column. Beware: libraries disagree about the order. OpenCV above said (left, top, width,
# height).


# %% tags=["exercise"]
def box(mask):
    # BEGIN SOLUTION
    rows, columns = np.nonzero(mask)
    return rows.min(), columns.min(), rows.max(), columns.max()
    # END SOLUTION


# %%
ex.q6_1.check(box)

# %% [markdown]
# ## 7 · Must every pixel be labelled?
# To label every pixel is slow: for the street scenes of Cityscapes it took more than 90 minutes an image. Such a label is **dense**.
# A **sparse** label is a few strokes or clicks. What does the mask hold where nobody drew? Not background: nobody said so. It
# holds 255. Below, one stroke is drawn in each object and one in the background.

# %%
strokes = np.full_like(classes, 255)
for number in range(count):
    inside = cv2.erode(np.uint8(instances == number), np.ones((5, 5)))
    row = int(np.median(np.nonzero(inside)[0]))
    stroke = np.s_[row : row + 2, :]
    where = inside[stroke] == 1
    strokes[stroke][where] = classes[stroke][where]
print(f"labelled: {(strokes != 255).mean():.1%} of the pixels")

# %% tags=["fold"]
# @title Dense and sparse labels side by side
dense, sparse = show.overlay(image, classes, FORMS), show.overlay(image, strokes, FORMS)
panels = {"image": image, "dense labels": dense, "sparse labels": sparse}
fig, axes = show.new(3, 1, (2.3, 2.15))
for axis, (title, picture) in zip(axes[0], panels.items(), strict=True):
    axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axis.set_title(title, fontsize=9)
    axis.set_axis_off()
show.legend(fig, FORMS, ignored=True)
show.figure(fig, alt="An image, its mask for every pixel, and a mask with one stroke a region.")

# %% [markdown]
# **What we see.** Colour only where somebody drew; the grey rest counts in no loss. A few per cent of the pixels can be enough to
# learn from, since neighbours look alike, but not to measure a score: the difficult pixels, at the borders, are the unlabelled ones.
#
# Keras says *sparse* for something else: how a class is written down. `SparseCategoricalCrossentropy` takes integers,
# `CategoricalCrossentropy` one-hot vectors. A mask of 2048×1024 pixels with 34 classes takes 2 MB as `uint8` and 285 MB as one-hot
# `float32`. This course keeps integers.

# %% [markdown]
# ### Exercise 7.1 · From clicks to a mask
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
ex.q7_1.check(points_to_mask)

# %% [markdown]
# ## 8 · How do you go further?
# Every lesson has three **sizes**. *lesson* is what you see: at most 6 minutes on two cores, in lesson 10 ten. *tiny* is for the tests. *full* has the
# images and epochs of the papers, hours without a GPU. To change the size, edit the parameters cell, or type in a terminal
#
# ```
# python -m notebooks.build run 00 --size full
# ```
#
# which writes a copy to `build/` and leaves the lesson as it is. **A GPU of your own** (NVIDIA, Linux, or WSL2 on Windows): run `pip
# install "tensorflow[and-cuda]"` in the course's environment. **A GPU on loan:** open the notebook in Colab, then *Runtime → Change
# runtime type → GPU*. The setup cell fetches the course there, or says what to upload.

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

# %% [markdown]
# <a id="glossary"></a>
#
# ## Glossary
# English, Portuguese, Spanish. In parentheses: what people say as well. Every English term is a link target:
# `00_start_here.ipynb#iou` leads to IoU.
#
# **Tasks and labels**
#
# | English | português | español | in a few words |
# |---|---|---|---|
# | <a id="classification"></a>classification | classificação | clasificación | one class for the whole image |
# | <a id="detection"></a>object detection | detecção de objetos | detección de objetos | a class and a box for each object |
# | <a id="semantic"></a>semantic segmentation | segmentação semântica | segmentación semántica | a class for each pixel |
# | <a id="instance"></a>instance segmentation | segmentação de instâncias | segmentación de instancias | a class and an object a pixel |
# | <a id="panoptic"></a>panoptic segmentation | segmentação panóptica | segmentación panóptica | instances of things, classes of the rest |
# | <a id="mask"></a>mask (label map) | máscara (mapa de rótulos) | máscara (mapa de etiquetas) | class ids in the shape of the image |
# | <a id="ground-truth"></a>ground truth | verdade de referência | verdad de referencia (verdad terreno) | the mask that counts as right |
# | <a id="label"></a>label, annotation | rótulo, anotação | etiqueta, anotación | what a person wrote on a pixel or image |
# | <a id="ignore"></a>ignore label (void) | rótulo ignorado | etiqueta ignorada | 255: the pixel does not count |
# | <a id="background"></a>background | fundo | fondo | what is none of the objects |
# | <a id="box"></a>bounding box | caixa delimitadora | cuadro delimitador | smallest upright rectangle around an object |
# | <a id="components"></a>connected components | componentes conexas | componentes conexos | regions whose pixels touch |
# | <a id="watershed"></a>watershed | divisor de águas (watershed) | línea divisoria de aguas (watershed) | grows seeds until they meet |
# | <a id="one-hot"></a>one-hot encoding | codificação one-hot | codificación one-hot | a vector with a single 1 for each pixel |
#
# **Networks**
#
# | English | português | español | in a few words |
# |---|---|---|---|
# | <a id="convolution"></a>convolution | convolução | convolución | weighted sum over a sliding window |
# | <a id="kernel"></a>kernel (filter) | núcleo (filtro) | núcleo (filtro) | the weights of that sum |
# | <a id="stride"></a>stride | passo (stride) | paso (stride) | how far the window moves each time |
# | <a id="padding"></a>padding | preenchimento (padding) | relleno (padding) | what is added around the image |
# | <a id="feature-map"></a>feature map | mapa de características | mapa de características | one channel of a layer's output |
# | <a id="receptive-field"></a>receptive field | campo receptivo | campo receptivo | the input pixels that an output pixel sees |
# | <a id="pooling"></a>max pooling | max pooling (agrupamento máximo) | max pooling (agrupación máxima) | the largest value in a window |
# | <a id="upsampling"></a>upsampling | sobreamostragem (upsampling) | sobremuestreo (upsampling) | making a feature map larger |
# | <a id="transposed"></a>transposed convolution | convolução transposta | convolución transpuesta | each pixel stamps a kernel |
# | <a id="dilated"></a>dilated (atrous) convolution | convolução dilatada | convolución dilatada | a kernel with gaps |
# | <a id="skip"></a>skip connection | conexão de salto (skip) | conexión de salto (skip) | carries fine detail past deeper layers |
# | <a id="encoder"></a>encoder, decoder | codificador, decodificador | codificador, decodificador | half that shrinks, half that enlarges |
# | <a id="fcn"></a>fully convolutional network | rede totalmente convolucional | red totalmente convolucional | takes any image size |
# | <a id="logits"></a>logits | logits | logits | a network's output before sigmoid or softmax |

# %% [markdown]
# **Training**
#
# | English | português | español | in a few words |
# |---|---|---|---|
# | <a id="split"></a>training set | conjunto de treino | conjunto de entrenamiento | what the weights are fitted to |
# | <a id="validation"></a>validation set | conjunto de validação | conjunto de validación | what choices are made with |
# | <a id="test"></a>test set | conjunto de teste | conjunto de prueba | what the final score comes from, once |
# | <a id="epoch"></a>epoch | época | época | one pass through the training set |
# | <a id="batch"></a>batch | lote (batch) | lote (batch) | the images of one training step |
# | <a id="loss"></a>loss function | função de perda | función de pérdida | what training makes small |
# | <a id="cross-entropy"></a>cross-entropy | entropia cruzada | entropía cruzada | loss from the probability of the right class |
# | <a id="learning-rate"></a>learning rate | taxa de aprendizado | tasa de aprendizaje | length of a training step |
# | <a id="overfitting"></a>overfitting | sobreajuste (overfitting) | sobreajuste (overfitting) | learnt by heart, bad on new images |
# | <a id="augmentation"></a>data augmentation | aumento de dados | aumento de datos | new training pairs from distorted ones |
# | <a id="batch-norm"></a>batch normalisation | normalização em lote | normalización por lotes | brings each channel to mean 0, spread 1 |
# | <a id="dropout"></a>dropout | dropout (descarte) | dropout (descarte) | switches off random units while training |
# | <a id="preset"></a>preset (pretrained model) | modelo pré-treinado | modelo preentrenado | a network and its weights under a name |
# | <a id="transfer"></a>transfer learning | aprendizado por transferência | aprendizaje por transferencia | begin with learnt weights |
# | <a id="fine-tuning"></a>fine-tuning | ajuste fino (fine-tuning) | ajuste fino (fine-tuning) | learnt weights go on learning, on another task |
# | <a id="frozen"></a>frozen layer | camada congelada | capa congelada | its weights stay as they are |
# | <a id="domain-randomisation"></a>domain randomisation | aleatorização de domínio | aleatorización de dominio | many looks, so that shapes are learnt |
# | <a id="early-stopping"></a>early stopping | parada antecipada | parada temprana | stop when validation improves no more |
#
# **Scores**
#
# | English | português | español | in a few words |
# |---|---|---|---|
# | <a id="baseline"></a>baseline | linha de base | línea base | the score of a trivial answer |
# | <a id="accuracy"></a>pixel accuracy | acurácia por pixel | exactitud por píxel | share of the pixels that are right |
# | <a id="iou"></a>IoU (Jaccard index) | interseção sobre união (Jaccard) | intersección sobre unión (Jaccard) | overlap over union |
# | <a id="dice"></a>Dice coefficient (F1) | coeficiente de Dice | coeficiente de Dice | twice the overlap, divided by the sum |
# | <a id="precision"></a>precision | precisão | precisión | share of the found that is right |
# | <a id="recall"></a>recall (sensitivity) | revocação (sensibilidade) | exhaustividad (sensibilidad) | share of the object that is found |
# | <a id="specificity"></a>specificity | especificidade | especificidad | the same for the background |
# | <a id="pq"></a>panoptic quality (PQ) | qualidade panóptica (PQ) | calidad panóptica (PQ) | how many objects match, and how well |
# | <a id="ap"></a>average precision (AP) | precisão média (AP) | precisión media (AP) | area under precision over recall |
# | <a id="confusion"></a>confusion matrix | matriz de confusão | matriz de confusión | counts by true and predicted class |
# | <a id="threshold"></a>threshold | limiar | umbral | from which probability on a pixel is object |
# | <a id="imbalance"></a>class imbalance | desbalanceamento de classes | desequilibrio de clases | some classes own few pixels |

# %% [markdown]
# ## Recap
# You can now **read a mask**: an integer for each pixel, 255 ignored, colours from a look-up table. You can **tell the tasks apart**:
# what, where, which pixels, which object. You **compute the baseline** first: a constant answer reaches {{membrane_accuracy:.2f}} on
# membranes with half of it as mean IoU. You **check an exercise** with `check`, `hint` and `solution`, and **change the size** in one cell.
#
# **Words of this lesson:** [mask](#mask), [ground truth](#ground-truth), [ignore label](#ignore), [pixel accuracy](#accuracy),
# [IoU](#iou), [baseline](#baseline).
#
# What have you solved so far? The course remembers it, also when you close the notebook.

# %%
ex.progress()

# %% [markdown]
# **References.** I. Arganda-Carreras et al., 2015, *Crowdsourcing the creation of image segmentation algorithms for connectomics*,
# [doi:10.3389/fnana.2015.00142](https://doi.org/10.3389/fnana.2015.00142) (the membranes). M. Okabe and K. Ito, 2008, *Color
# universal design* (the colours). D. Lin et al., 2016, *ScribbleSup*, [arXiv:1604.05144](https://arxiv.org/abs/1604.05144) (learning
# from strokes). M. Cordts et al., 2016, *The Cityscapes dataset*, [arXiv:1604.01685](https://arxiv.org/abs/1604.01685) (the 90
# minutes).
#
# **Try next.** Set `SHOWN` to 8 and run all cells. Then put another number for `[1]` in section 6: which of the six images is the
# hardest?
