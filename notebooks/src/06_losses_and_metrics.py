# %% [markdown]
# # 06 · Losses and metrics: what you reward, and what you report
#
# You compute every loss and every score of this field by hand, meet the ways to get them wrong, and make a network find what is rare.
#
# {{picture}}

# %% [markdown]
# **You will be able to** · **choose** the output activation that fits a task · **compute** pixel and region losses by hand · **read** a
# table of scores, distances and areas · **catch** six wrong ways to report a score · **lift** a class that fills under 1 % of the pixels.
#
# **You need** [03 · A bridge over the hourglass](03_eliret_unet.ipynb).
#
# **Time** reading 35 min · exercises 40 min · compute {{time}}, memory {{memory}}
#
# **Data** on disk {{data}}: all images are made in this lesson, CC BY 4.0.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
SECONDS = 20  # of the processor, for each training in section 7
SEEDS = [1, 2]  # one training for each loss and seed
IMAGES = 200  # in the training set and in the test set, 64×64 pixels
WIDTHS = (8, 16, 32)  # filters a level

# %% [markdown] tags=["teacher"]
# > **For teachers.** 90 minutes: 10 for section 1, 30 for 2–3, 25 for 4–5, 25 for 6–7. Start section 7 before the break. If you are late,
# > leave section 5 for home. Common mix-ups: a loss is soft (probabilities), a metric is sharp (class ids); Dice and IoU rank two answers
# > for ONE class alike, but their means over classes or images may rank them differently; an IoU of 0.5 is a Dice of $0.67$.

# %% [markdown]
# ## 1 · What comes out of the network?
# The last layer gives any real numbers, the *logits*. What turns them into probabilities depends on the task:
#
# | a pixel is … | channels | activation | probabilities |
# |:--|:--|:--|:--|
# | object or background | 1 | sigmoid | one number, p(object) |
# | exactly one of C classes | C | softmax | sum to 1 over the classes |
# | any of C classes, or several at once | C | sigmoid | each on its own |
#
# **Is one channel with a sigmoid something else than two with a softmax?** For one pixel, by hand:

# %%
import keras
import numpy as np

logits = np.array([2.0, 1.0, -1.0])
softmax = np.exp(logits) / np.exp(logits).sum()
sigmoid = 1 / (1 + np.exp(-logits))
print("softmax:", softmax.round(3), "sum", softmax.sum().round(3))
print("sigmoid:", sigmoid.round(3), "sum", sigmoid.sum().round(3))
for name, by_hand in [("softmax", softmax), ("sigmoid", sigmoid)]:
    by_keras = getattr(keras.ops, name)(logits.astype("float32"))
    assert np.allclose(keras.ops.convert_to_numpy(by_keras), by_hand, atol=1e-6)
two = np.exp([0, 2.0]) / np.exp([0, 2.0]).sum()
print(f"softmax of (0, 2): {two[1]:.3f}, sigmoid of 2: {sigmoid[0]:.3f}")

# %% tags=["record"]
record(**{f"softmax_{n}": value for n, value in enumerate(softmax)}, sigmoids=sigmoid.sum())

# %% [markdown]
# **What we see.** Softmax shares out one unit: {{softmax_0:.3f}}, {{softmax_1:.3f}}, {{softmax_2:.3f}}. The sigmoids sum to
# {{sigmoids:.2f}}, so two classes can both be likely here. And a sigmoid of z is the softmax of (0, z): one channel suffices for two classes.
#
# ### Exercise 1.1 · Sigmoid or softmax?
# For each task answer `"sigmoid"` or `"softmax"`: `street` 13 classes, one a pixel, 13 channels · `membrane` membrane or cell, 1 channel ·
# `retina` vessel, lesion, optic disc, which may overlap, 3 channels · `letters` paper or ink, 2 channels.

# %% tags=["exercise"]
# BEGIN SOLUTION
street, membrane, retina, letters = "softmax", "sigmoid", "sigmoid", "softmax"
# STUB: street, membrane, retina, letters = ____, ____, ____, ____
# END SOLUTION

# %%
ex.q1_1.check([street, membrane, retina, letters])

# %% [markdown]
# ## 2 · What does one pixel cost?
# Here is a 4×4 mask with three classes and one pixel that nobody could label (255, *void*). The network gives 0.8 to the class in `said`
# and 0.1 to each other. Two of 15 pixels are wrong, one of them the only pixel of class 2.
#
# **Cross-entropy** asks each pixel for −log of the probability of its true class and takes the mean; void pixels are left out.

# %%
from course_utils.losses import CrossEntropy

mask = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 2, 0], [0, 0, 0, 255]])
said = np.array([[0, 0, 0, 0], [0, 1, 1, 1], [0, 1, 1, 0], [0, 0, 0, 2]])
p = np.float32(0.1 + 0.7 * np.eye(3)[said])  # (height, width, classes)

by_hand = -(13 * np.log(0.8) + 2 * np.log(0.1)) / 15
ours = float(CrossEntropy()(mask[None], p[None]))
theirs = keras.losses.SparseCategoricalCrossentropy(ignore_class=255)
assert np.allclose([ours, float(theirs(mask[None], p[None]))], by_hand, rtol=1e-4)
print(f"13 right pixels cost {-np.log(0.8):.2f} each, 2 wrong ones {-np.log(0.1):.2f} each")
print(f"mean {by_hand:.3f}; the wrong ones pay {-2 * np.log(0.1) / 15 / by_hand:.0%} of it")

# %% [markdown]
# **What we see.** By hand, ours and Keras agree. The 13 right pixels still pay two fifths. In a real image there are thousands of them,
# and the one pixel of class 2 drowns. Two remedies: **weights** by class, $-w_c \log p$, and the **focal** loss (Lin et al., 2017),
# $-(1-p)^\gamma \log p$, which forgives pixels that are right already.

# %%
right, wrong = -np.log(0.8), -np.log(0.1)
weights = [0.5, 2, 6]  # rare classes weigh more
weighted = (10 * 0.5 * right + 0.5 * wrong + 3 * 2 * right + 6 * wrong) / 15
focal = (13 * 0.2**2 * right + 2 * 0.9**2 * wrong) / 15  # gamma = 2

valid = mask != 255
one_hot = np.float32(np.eye(3)[mask[valid]])
keras_weighted = theirs(
    mask[None], p[None], np.where(valid, np.array(weights)[mask * valid], 0)[None]
)
keras_focal = keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=2.0)(one_hot, p[valid])
ours = [CrossEntropy(weights)(mask[None], p[None]), CrossEntropy(gamma=2)(mask[None], p[None])]
assert np.allclose([float(loss) for loss in ours], [weighted, focal], rtol=1e-4)
assert np.allclose([float(keras_weighted), float(keras_focal)], [weighted, focal], rtol=1e-4)
print(f"weighted {weighted:.3f}: the pixel of class 2 pays {6 * wrong / 15 / weighted:.0%}")
print(f"focal {focal:.3f}: the two wrong pixels pay {2 * 0.81 * wrong / 15 / focal:.0%}")

# %% tags=["record"]
record(weighted_share=6 * wrong / 15 / weighted, focal_share=2 * 0.81 * wrong / 15 / focal)

# %% [markdown]
# **What we see.** With weights the one pixel of class 2 pays {{weighted_share:.0%}} of the loss; with the focal loss the two wrong pixels
# pay {{focal_share:.0%}}. Weights look at the *class*, focal at how *wrong* a pixel is. Ours divides by the number of pixels, not by the
# sum of weights.
#
# Now one pixel alone: how much does a loss *pull* at it, that is, how steep is the loss in its probability? Dice and Tversky, from section
# 3, are drawn already. Move the size of the object.

# %%
from course_utils import demos

demos.loss_landscape()

# %% [markdown]
# **What we see.** Cross-entropy pulls at a pixel alike whatever object it belongs to. Focal lets go where the pixel is right. Dice and
# Tversky are flat: they ask how *large* the object is. From 1000 pixels to 10 their pull grows about tenfold.
#
# ### Exercise 2.1 · The focal loss
# Write it for one pixel: `p` holds the probabilities of all classes, `label` its true class (0, 1, …; 255 = ignored, costs 0).


# %% tags=["exercise"]
def focal_loss(p, label, gamma):
    # BEGIN SOLUTION
    if label == 255:
        return 0.0
    return -((1 - p[label]) ** gamma) * np.log(p[label])
    # END SOLUTION


# %%
ex.q2_1.check(focal_loss)

# %% [markdown]
# ## 3 · What does a region cost?
# Ask a class instead of a pixel. With $TP=\sum p$ over its pixels, $FN=\sum (1-p)$ over them and $FP=\sum p$ over all others,
#
# $$\text{Tversky} = \frac{TP}{TP + \alpha\,FP + \beta\,FN}$$
#
# is **Dice** for $\alpha=\beta=\frac12$ and **IoU** (Jaccard) for $\alpha=\beta=1$. With $\beta>\alpha$ a missed pixel costs more than an
# invented one (Salehi et al., 2017). The loss is 1 − index, mean over the classes; *focal Tversky* (Abraham and Khan, 2019) takes the power
# $1/\gamma$ of it. Class 2 by hand: its one pixel has $p=0.1$, the 14 others give it 0.1 each.

# %%
from course_utils.losses import Dice, IoU, Tversky

tp, fn, fp = 0.1, 0.9, 14 * 0.1
print(f"class 2: Dice {2 * tp / (2 * tp + fp + fn):.3f}, IoU {tp / (tp + fp + fn):.3f}")


def index(label, alpha, beta):
    own, others = p[valid & (mask == label), label], p[valid & (mask != label), label]
    return own.sum() / (own.sum() + alpha * others.sum() + beta * (1 - own).sum())


settings = {"Dice": (0.5, 0.5), "IoU": (1, 1), "Tversky": (0.3, 0.7)}
for loss, (alpha, beta) in zip([Dice(), IoU(), Tversky()], settings.values(), strict=True):
    by_hand = np.mean([1 - index(label, alpha, beta) for label in range(3)])
    assert np.isclose(float(loss(mask[None], p[None])), by_hand, rtol=1e-4)
    print(f"{loss.name}: {by_hand:.3f}")
by_hand = np.mean([(1 - index(label, 0.3, 0.7)) ** 0.75 for label in range(3)])
assert np.isclose(float(Tversky(gamma=4 / 3)(mask[None], p[None])), by_hand, rtol=1e-4)
print(f"focal tversky: {by_hand:.3f}")

# %% [markdown]
# **What we see.** Class 2, one pixel of 15, now carries a third of the loss. Sums run over the whole batch, void left out, and a class that
# no mask of the batch holds is left out of the mean.
#
# > **Pitfalls · wrong axes, soft scores.** Keras has `Dice` and `Tversky` too. We give them the 15 pixels, with and without `axis`. And we
# > use a loss as a score: a network that gives 0.6 to the right class *everywhere*. What is its IoU?

# %%
from course_utils import show

rows = []
for name, kind in {"Dice": keras.losses.Dice, "Tversky": keras.losses.Tversky}.items():
    by_class = float(np.mean(kind(axis=0, reduction="none")(one_hot, p[valid])))
    assert np.isclose(by_class, float(Dice()(mask[None], p[None])), rtol=1e-4)
    rows.append({"Keras": name, "axis=0": by_class, "no axis": float(kind()(one_hot, p[valid]))})
show.table(rows)
true_class = p[valid, mask[valid]]
print(f"1 − mean probability of the true class: {1 - true_class.mean():.3f}")
changed = keras.losses.Tversky(alpha=0.7, beta=0.3, axis=0, reduction="none")(one_hot, p[valid])
same = np.isclose(np.mean(changed), float(Tversky(alpha=0.3, beta=0.7)(mask[None], p[None])))
print(f"Keras {keras.__version__}: alpha weighs", "missed" if same else "invented", "pixels")

cautious = np.float32(0.2 + 0.4 * np.eye(3)[mask * valid])  # 0.6 for the right class
errors = (cautious.argmax(axis=-1) != mask)[valid].sum()
print(f"soft IoU {1 - float(IoU()(mask[None], cautious[None])):.2f} with {errors} wrong pixels")

# %% tags=["record"]
record(soft_iou=1 - float(IoU()(mask[None], cautious[None])))

# %% [markdown]
# **What we see.** Without `axis` Keras sums over the classes as well, and all that is left is the mean probability of the true class: a
# soft accuracy, blind to rare classes. Nothing warns you. Its Tversky also names the two errors the other way round: test which one α
# weighs before you trust it. And a *soft* IoU of {{soft_iou:.2f}} stands beside not one wrong pixel: a loss is no score.
#
# ### Exercise 3.1 · Tversky for one class
# Write the index: `p` are the probabilities of one class, `mask` is 1 on its pixels, 0 elsewhere and 255 where ignored.


# %% tags=["exercise"]
def tversky_index(p, mask, alpha, beta):
    # BEGIN SOLUTION
    hit, missed = p[mask == 1].sum(), (1 - p[mask == 1]).sum()
    invented = p[mask == 0].sum()
    return hit / (hit + alpha * invented + beta * missed)
    # END SOLUTION


# %%
ex.q3_1.check(tversky_index)

# %% [markdown]
# ## 4 · Which scores are there?
# A score asks for decisions: class ids, no probabilities. All scores of areas come from one table, the **confusion matrix**: pixels by true
# class (rows) and predicted class (columns). For one class: TP on the diagonal, FN the rest of its row, FP the rest of its column, TN
# everything else.

# %%
from course_utils import metrics

matrix = metrics.confusion_matrix(mask, said, 3)
print(matrix.tolist(), " class 1: TP 3, FN 0, FP 2, TN 10")
tp, fn, fp, tn = 3, 0, 2, 10
by_hand = [2 * tp / (2 * tp + fp + fn), tp / (tp + fp + fn), tp / (tp + fp)]
by_hand += [tp / (tp + fn), tn / (tn + fp)]
rows = metrics.report(matrix, ["class 0", "class 1", "class 2"])
assert np.allclose(by_hand, list(rows[1].values())[1:-1])
iou, share = metrics.iou(matrix), matrix.sum(axis=1) / matrix.sum()
assert np.allclose(metrics.dice(matrix), 2 * iou / (1 + iou))
assert np.isclose(metrics.frequency_weighted_iou(matrix), (share * iou).sum())
scores = {"accuracy": metrics.pixel_accuracy(matrix), "mean IoU": metrics.mean_iou(matrix)}
scores["frequency-weighted IoU"] = metrics.frequency_weighted_iou(matrix)
print(", ".join(f"{name} {value:.3f}" for name, value in scores.items()))
show.table(rows)

# %% tags=["record"]
record(toy_accuracy=scores["accuracy"], toy_mean_iou=scores["mean IoU"])
record(toy_precision_1=rows[1]["precision"], toy_precision=rows[-1]["precision"])

# %% [markdown]
# **What we see.** Accuracy {{toy_accuracy:.2f}} hides that class 2 is never found; mean IoU, {{toy_mean_iou:.2f}}, does not. *Precision*
# asks: what I called class 1, is it? *Sensitivity*: what is class 1, did I find it? (Class 1: {{toy_precision_1:.2f}} and 1.) Class 2 was
# never predicted and has no precision, so that mean, {{toy_precision:.2f}}, is over two classes: it flatters. *Specificity* counts true
# negatives, and is high wherever a class is small. Frequency weights give the word back to the large class. For one class Dice = 2·IoU/(1 + IoU).
#
# Now move a predicted circle over a true one:

# %%
demos.circles()

# %% [markdown]
# **What we see.** Far apart, without one pixel in common, accuracy is still 0.79. Dice and IoU fall to 0 and stay there; only the distances
# tell *how far* apart. The area difference is 0 for every shift. The larger circle has sensitivity 1. No score alone is enough.
#
# ### Exercise 4.1 · Predict first
# In an image 90 % of the pixels are background and 10 % object. Your network calls everything background: accuracy
# {{background_accuracy:.2f}}. What is its
# **mean IoU** over the two classes? Commit yourself to a number.

# %% tags=["exercise"]
# BEGIN SOLUTION
prediction_41 = 0.45
# END SOLUTION

# %%
ex.q4_1.check(prediction_41)

# %%
background = np.zeros((10, 10), int)
truth = background.copy()
truth[:, 0] = 1  # 10 of 100 pixels
matrix = metrics.confusion_matrix(truth, background, 2)
accuracy, mean_iou = metrics.pixel_accuracy(matrix), metrics.mean_iou(matrix)
weighted_iou = metrics.frequency_weighted_iou(matrix)
print(
    f"IoU by class {metrics.iou(matrix)}, mean {mean_iou:.2f}, frequency-weighted {weighted_iou:.2f}"
)

# %% tags=["record"]
record(background_accuracy=accuracy, background_mean_iou=mean_iou, weighted_iou=weighted_iou)

# %% [markdown]
# **What we see.** The background's IoU is 0.9 and the object's 0; the mean is half of their sum. The frequency-weighted IoU,
# {{weighted_iou:.2f}}, forgives again. A useless answer scores above 0, so print this baseline beside your network.
#
# ## 5 · How far off is the outline?
# A surgeon asks for millimetres. For each pixel of one outline take the distance to the other outline, then change over. The largest of
# all is the **Hausdorff distance**, their mean the **mean surface distance**. In one row of pixels:

# %%
from scipy.spatial.distance import directed_hausdorff

true, found = np.array([2, 3, 4]), np.array([2, 3, 4, 5, 9])  # columns
table = np.abs(true[:, None] - found)  # each to each
there, back = table.min(axis=1), table.min(axis=0)
print("true → found:", there, " found → true:", back)
row = np.zeros((2, 1, 12), int)
row[0, 0, true] = row[1, 0, found] = 1
assert metrics.hausdorff(*row) == max(there.max(), back.max())
assert metrics.mean_surface_distance(*row) == np.concatenate([there, back]).mean()
points = [np.argwhere(line) for line in row]
assert directed_hausdorff(*points)[0] == there.max()
assert directed_hausdorff(*points[::-1])[0] == back.max()
print("Hausdorff:", metrics.hausdorff(*row), " mean:", metrics.mean_surface_distance(*row))
print("Hausdorff in mm, pixels 0.5 mm wide:", metrics.hausdorff(*row, spacing=(1, 0.5)))

# %% [markdown]
# **What we see.** One way everything is 0, the other way one pixel is 5 off: take both. scipy agrees. That stray pixel alone makes the
# Hausdorff distance. What does one do to a large object?

# %%
truth, prediction = demos.two_circles(shift=2, radius=20)
stray = prediction.copy()
stray[5, 120] = 1
rows = []
for name, answer in {"moved by 2": prediction, "and one stray pixel": stray}.items():
    matrix = metrics.confusion_matrix(truth, answer, 2)
    area = metrics.area_difference(matrix)[1], metrics.relative_area_difference(matrix)[1]
    distances = metrics.hausdorff(truth, answer), metrics.mean_surface_distance(truth, answer)
    columns = ["Dice", "Hausdorff", "mean distance", "area difference", "relative"]
    values = [metrics.dice(matrix)[1], *distances, *area]
    rows.append({"prediction": name} | dict(zip(columns, values, strict=True)))
show.table(rows)

# %% [markdown]
# **What we see.** Dice and area hardly notice one pixel beside 1300; the Hausdorff distance jumps from 2 to 76. Report both distances. An
# area difference (predicted less true) near 0 says nothing about the place.
#
# ### Exercise 5.1 · The Hausdorff distance
# Write it for two outlines, given as places: `a` (n, 2) and `b` (m, 2), in pixels; `spacing` is the height and width of a pixel.


# %% tags=["exercise"]
def hausdorff(a, b, spacing):
    # BEGIN SOLUTION
    steps = (a[:, None] - b[None]) * np.array(spacing)
    table = np.sqrt((steps**2).sum(axis=-1))
    return max(table.min(axis=1).max(), table.min(axis=0).max())
    # END SOLUTION


# %%
ex.q5_1.check(hausdorff)

# %% [markdown]
# ## 6 · One prediction, how many scores?
# > **Pitfalls.** Eight masks, four classes, one prediction. Class 2 is rare; class 3 is neither in masks nor in predictions; a band is
# > void. The rule of Cityscapes: one matrix for the *whole set*, void left out, absent classes left out. Then the same pixels, counted
# > wrong on purpose.

# %%
rng = np.random.default_rng(0)
masks = np.zeros((8, 32, 32), int)
masks[:, :, 16:] = 1
masks[3, 4:9, 4:9] = 2  # 25 pixels in one image of eight
masks[:, 28:] = 255
predictions = np.where(masks == 255, rng.integers(0, 2, masks.shape), masks)
predictions[rng.random(masks.shape) < 0.1] = 0
predictions[3, 4:9, 6:9] = 0  # more than half of class 2 is missed


def score(masks, predictions, **options):
    return metrics.mean_iou(metrics.confusion_matrix(masks, predictions, 4), **options)


batches = [score(masks[i : i + 2], predictions[i : i + 2]) for i in range(0, 8, 2)]
ways = {"whole set, absent left out, void left out": score(masks, predictions)}
ways |= {"mean of four batches": np.mean(batches)}
ways |= {f"absent class counted {n}": score(masks, predictions, absent=n) for n in (0, 1)}
ways["void counted as class 0"] = score(np.where(masks == 255, 0, masks), predictions)
show.table([{"way": way, "mean IoU": value} for way, value in ways.items()])

# %% tags=["record"]
record(ways_least=min(ways.values()), ways_most=max(ways.values()))
record(way_right=next(iter(ways.values())), scores_apart=max(ways.values()) - min(ways.values()))

# %% [markdown]
# **What we see.** From {{ways_least:.2f}} to {{ways_most:.2f}} for the same pixels; {{way_right:.2f}} is the one to report. The mean of
# batches hides class 2, which three batches of four do not hold. How to notice: group the images into other batches; add a class that
# nobody uses; change the prediction in void. The score must not move.
#
# One more, the most common: probabilities given to Keras' `MeanIoU`, which wants class ids.

# %%
truth, _ = demos.two_circles(shift=0, radius=20)
probabilities = np.float32(np.where(truth == 1, 0.9, 0.1))  # every pixel is right
rows = []
for name, given in {"probabilities": probabilities, "class ids": probabilities > 0.5}.items():
    theirs = keras.metrics.MeanIoU(2)
    theirs.update_state(truth, given)
    rows.append({"given": name, "MeanIoU": float(theirs.result())})
ours = metrics.MeanIoU(2)
ours.update_state(truth[None], probabilities[None, ..., None])
show.table([*rows, {"given": "probabilities, to the course's", "MeanIoU": float(ours.result())}])

# %% tags=["record"]
record(keras_by_probabilities=rows[0]["MeanIoU"])

# %% [markdown]
# **What we see.** A perfect network gets {{keras_by_probabilities:.2f}}, the score of *all background*: Keras cuts 0.9 down to the class
# id 0, without a word. `course_utils.metrics.MeanIoU` takes both.
#
# ### Exercise 6.1 · The whole set
# `batches` is a list of pairs (masks, predictions) of class ids; 255 is void in masks. Return the mean IoU of the whole set; classes that
# occur nowhere are left out. `metrics.confusion_matrix` and `metrics.iou` may help; the latter says nan for absent classes.


# %% tags=["exercise"]
from course_utils import metrics


def mean_iou_of_set(batches, num_classes):
    # BEGIN SOLUTION
    matrix = sum(metrics.confusion_matrix(*batch, num_classes) for batch in batches)
    return np.nanmean(metrics.iou(matrix))
    # END SOLUTION


# %%
ex.q6_1.check(mean_iou_of_set)

# %% [markdown]
# ## 7 · Which loss finds what is rare?
# Leaves on soil, and dark specks. A speck on a leaf is an **aphid**; a speck on soil is a grain, that is, soil. We draw them with noise, so
# that nobody can be sure of every pixel.

# %%
import cv2


def draw(rng, side=64):
    """Image, float32 (side, side, 1) in [0, 1], and mask: 0 soil, 1 leaf, 2 aphid."""
    leaf, speck = np.zeros((2, side, side), np.uint8)
    for layer, low, high, least, most in [(leaf, 8, 22, 1, 4), (speck, 1, 3, 4, 13)]:
        for _ in range(rng.integers(least, most)):
            place = tuple(rng.integers(2, side - 2, 2).tolist())
            axes = tuple(rng.integers(low, high, 2).tolist())
            cv2.ellipse(layer, place, axes, rng.uniform(0, 180), 0, 360, 1, -1)
    light, noise = rng.normal(size=(2, side, side)).astype(np.float32)
    image = cv2.GaussianBlur(np.float32(0.35 + 0.2 * leaf - 0.2 * speck), (0, 0), 0.7)
    image += cv2.GaussianBlur(light, (0, 0), 6) / 2 + 0.12 * noise
    return image.clip(0, 1)[..., None], leaf * (1 + speck)


def make(count, seed):
    """Images (count, 64, 64, 1) and masks (count, 64, 64)."""
    rng = np.random.default_rng(seed)
    return tuple(map(np.stack, zip(*(draw(rng) for _ in range(count)), strict=True)))


# %%
from course_utils.classes import Class, ClassTable

colours = {"soil": (0, 0, 0), "leaf": (0, 158, 115), "aphid": (230, 159, 0)}
LEAVES = ClassTable("leaves", [Class(i, *entry, i) for i, entry in enumerate(colours.items())])
train, test = make(IMAGES, seed=1), make(IMAGES, seed=2)
share = np.bincount(train[1].ravel(), minlength=3) / train[1].size
print("shares:", dict(zip(LEAVES.names, share.round(4).tolist(), strict=True)))
alt = "Four grey images of leaves with specks, and masks: aphids are the specks on leaves."
show.pairs(*(part[:4] for part in test), LEAVES, alt=alt)

# %% tags=["record"]
record(aphid_share=share[2])

# %% [markdown]
# **What we see.** Aphids fill half a per cent of the pixels. Five U-Nets, alike in all but the loss, get the same seconds of the processor.
# The class weights are $1/\sqrt{\text{share}}$, scaled to a mean of 1 over the pixels.
#
# ### Exercise 7.1 · Predict first
# Beside the network with plain cross-entropy, the one with weights `"A"` finds more aphids and invents fewer, `"B"` finds more and invents
# more, `"C"` finds fewer and invents fewer.

# %% tags=["exercise"]
# BEGIN SOLUTION
prediction_71 = "B"
# END SOLUTION

# %%
ex.q7_1.check(prediction_71)

# %%
import time

from course_utils.models import unet


class StopAfter(keras.callbacks.Callback):
    """Stops after SECONDS of the processor, counted from the end of the first epoch."""

    def on_epoch_end(self, epoch, logs=None):
        self.start = time.process_time() if epoch == 0 else self.start
        self.model.stop_training = time.process_time() - self.start > SECONDS


def train_with(loss, seed):
    """Predicted class ids of the test images, uint8 (batch, height, width), and the epochs run."""
    keras.utils.set_random_seed(seed)
    model = unet((64, 64, 1), 3, WIDTHS, batch_norm=True, activation="softmax")
    model.compile(keras.optimizers.Adam(3e-3), loss)
    history = model.fit(*train, batch_size=10, epochs=999, verbose=0, callbacks=[StopAfter()])
    return np.uint8(model.predict(test[0], verbose=0).argmax(axis=-1)), len(history.epoch)


# %% tags=["picture"]
weights = share**-0.5 / (share**0.5).sum()
losses = {"cross-entropy": CrossEntropy(), "weighted": CrossEntropy(weights)}
losses |= {"focal": CrossEntropy(gamma=2), "Dice": Dice(), "Tversky": Tversky()}
soil = metrics.confusion_matrix(test[1], np.zeros_like(test[1]), 3)
rows, found, aphid = [], {}, {}
for name, loss in [("all soil", None), *losses.items()]:
    runs = [train_with(loss, seed) for seed in SEEDS] if loss else []
    tables = [metrics.confusion_matrix(test[1], ids, 3) for ids, _ in runs] or [soil]
    aphid[name] = [metrics.iou(table)[2] for table in tables]
    row = {"loss": name, "epochs": "–".join(str(epochs) for _, epochs in runs)}
    row["aphid IoU"] = " / ".join(f"{iou:.3f}" for iou in aphid[name])
    last = metrics.report(tables[0], LEAVES.names)[2]
    row |= {key: last[key] for key in ("precision", "sensitivity")}
    rows.append(row | {"mean IoU": np.mean([metrics.mean_iou(table) for table in tables])})
    found |= {name: runs[0][0][:4]} if runs else {}
show.table(rows)
plain = np.mean(aphid["cross-entropy"])
gain = sorted(np.mean(aphid[name]) - plain for name in ("weighted", "Dice", "Tversky"))
few = {name: found[name] for name in ("cross-entropy", "weighted", "Dice")}
alt = "Test images, masks, and what three networks found: with weights and Dice more aphids."
show.pairs(test[0][:4], test[1][:4], LEAVES, predictions=few, alt=alt)

# %% tags=["record"]
record(cross_entropy_mean_iou=rows[1]["mean IoU"], weighted_sensitivity=rows[2]["sensitivity"])
record(overlap_least=min(aphid["Dice"] + aphid["Tversky"]))
record(overlap_most=max(aphid["Dice"] + aphid["Tversky"]))
record(cross_entropy_iou=plain, best_gain=gain[-1], second_gain=gain[-2])

# %% [markdown]
# **What we see.** After 11 to 16 epochs plain cross-entropy finds no aphid, and focal hardly one: a few specks cost next to nothing in a mean
# over all pixels. Their mean IoU, {{cross_entropy_mean_iou:.2f}}, does not look it. *Weights* find most (sensitivity
# {{weighted_sensitivity:.2f}}), but four of five pixels that they call aphid are none. Dice and Tversky ask for the overlap itself: IoU
# {{overlap_least:.2f}} to {{overlap_most:.2f}}, and what they find is right more often.
#
# How sure are we? Two seeds, one small set, a short training: "found or not" stands, the order of Dice and Tversky does not. And
# cross-entropy is late rather than blind: we chose noise and seconds so that the difference shows. Treble `SECONDS` and see.

# %% [markdown]
# ## 8 · Recap
#
# You can now
# - **choose** sigmoid or softmax, and the number of channels, by what a pixel may be;
# - **compute** cross-entropy, weighted and focal, Dice, IoU and Tversky with a pencil, and make Keras agree;
# - **read** a per-class table, two distances and two areas, beside a baseline;
# - **catch** wrong axes, soft scores, means of batches, absent classes, void, and probabilities in the place of class ids;
# - **lift** a rare class by the loss, and say what that costs in precision.
#
# **Words** [cross-entropy, confusion matrix, IoU](glossary.md) in three languages.
#
# **Try next** Weights 1/share in place of the root; Tversky with α = 0.1, β = 0.9; three times the `SECONDS`; cross-entropy plus Dice.
# Lesson 07 meets thirteen classes.

# %% [markdown]
# **References** Lin et al. (2017), *Focal loss for dense object detection*, arXiv:1708.02002. Milletari, Navab, Ahmadi (2016), *V-Net*,
# arXiv:1606.04797: Dice as a loss, with squares in the denominator. Salehi, Erdogmus, Gholipour (2017), *Tversky loss function for image
# segmentation using 3D fully convolutional deep networks*, arXiv:1706.05721. Abraham, Khan (2019), *A novel focal Tversky loss function
# with improved attention U-Net for lesion segmentation*, arXiv:1810.07842. Cordts et al. (2016), *The Cityscapes dataset*,
# arXiv:1604.01685: the rule for the mean IoU. Ronneberger et al. (2015), arXiv:1505.04597: weights of lesson 05, which are a
# `sample_weight` for any of these losses.
