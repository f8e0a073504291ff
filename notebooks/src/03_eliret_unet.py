# %% [markdown]
# # 03 · A bridge over the hourglass
#
# You build a U-Net with the functional API, give it the same minute as the FCN of lesson 02, and find out which part of it makes the difference.
#
# {{picture}}
#
# **You will be able to** · **rewrite** a Sequential model with the functional API · **build** a U-Net and say what its bridges carry ·
# **compare** networks fairly: equal seconds, equal steps, equal parameters · **save**, load and go on where training stopped · **recognise**
# overfitting and fight it.
#
# **You need** [02 · A first network that answers with a picture](02_eliret_fcn.ipynb).
#
# **Time** reading 35 min · exercises 35 min · compute {{time}}, memory {{memory}}
#
# **Data** {{data}} · CC BY 4.0 (generated) or course notes, for study (real)

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
EPOCHS = 65  # of the U-Nets; course notes: 1000
FCN_EPOCHS = 170  # an epoch of the FCN takes about two fifths of the seconds
FEW_EPOCHS = 100  # on the twenty images of section 7
QUICK_EPOCHS = 12  # with the recipe of section 9
WIDTHS = (20, 40, 80, 160)  # filters from the finest level to the bottleneck

# %% [markdown]
# ## 1 · A model as a function
#
# `Sequential` is a chain: each layer feeds the next. A bridge needs two ways from one place to another. In the **functional API** every
# intermediate result has a name, and you call layers as functions. Here is the same chain, written both ways:

# %%
import keras
from keras import layers

chain = keras.Sequential(
    [keras.Input((32, 32, 1)), layers.Conv2D(4, 3, padding="same"), layers.MaxPooling2D()]
)

inputs = keras.Input((32, 32, 1))
x = layers.Conv2D(4, 3, padding="same")(inputs)
outputs = layers.MaxPooling2D()(x)
model = keras.Model(inputs, outputs)

print(chain.output_shape, model.output_shape, chain.count_params(), model.count_params())

# %% [markdown]
# ### Exercise 1.1 · Baby, child or adult?
# This network guesses from a weight in kilograms whether it is a baby's, a child's or an adult's. Write it with the functional API, and
# return the model.
#
# ```python
# keras.Sequential([
#     keras.Input((1,)),
#     layers.Dense(20, activation="relu"),
#     layers.Dense(10, activation="relu"),
#     layers.Dense(3, activation="softmax"),
# ])
# ```


# %% tags=["exercise"]
def weight_classifier():
    # BEGIN SOLUTION
    inputs = keras.Input((1,))
    x = layers.Dense(20, activation="relu")(inputs)
    x = layers.Dense(10, activation="relu")(x)
    outputs = layers.Dense(3, activation="softmax")(x)
    return keras.Model(inputs, outputs)
    # END SOLUTION


# %%
ex.q1_1.check(weight_classifier)

# %% [markdown]
# ### Exercise 1.2 · A first bridge
# Two numbers go in, two come out (a *regression*): `Dense(8, activation="sigmoid")`, then `Dense(2)` without activation. Give it a bridge that no
# `Sequential` can have: the last layer sees the eight values **and** the two inputs, laid side by side with `layers.Concatenate()([…, …])`.


# %% tags=["exercise"]
def regression_with_bridge():
    # BEGIN SOLUTION
    inputs = keras.Input((2,))
    hidden = layers.Dense(8, activation="sigmoid")(inputs)
    both = layers.Concatenate()([hidden, inputs])
    return keras.Model(inputs, layers.Dense(2)(both))
    # END SOLUTION


# %%
ex.q1_2.check(regression_with_bridge)

# %% [markdown]
# ## 2 · What a coarse map forgets
#
# Take a 4×4 picture with a corner in it, halve it by max pooling, and double it again by repeating pixels. **What is lost?**

# %%
import numpy as np

from course_utils import show

picture = np.zeros((1, 4, 4, 1), np.float32)
picture[0, 1:, 1:] = 1
small = layers.MaxPooling2D()(picture)
back = layers.UpSampling2D()(small)
show.images(
    [picture[0], keras.ops.convert_to_numpy(small)[0], keras.ops.convert_to_numpy(back)[0]],
    ["4×4", "pooled: 2×2", "repeated: 4×4"],
    size=2,
    alt="A white square that leaves out the first row and column; pooled, all white; enlarged again, all white.",
)
both = layers.Concatenate()([picture, back])
print("side by side:", both.shape)

# %% [markdown]
# **What we see.** *That* something bright is there survives, *where* it begins does not. A **skip connection** is a bridge: it keeps the fine
# map from before the pooling and lays it beside the coarse one, channel by channel. The next convolution sees both, and each of its kernels
# has weights for both: with `fine` and `coarse` channels, a 3×3 convolution behind the bridge has 9 · (fine + coarse) weights a filter.
#
# ## 3 · The U
#
# The **left arm** goes down: two 3×3 convolutions, keep the result for the bridge, max pooling. The **right arm** comes up: repeat pixels, a
# 2×2 convolution, lay the bridge beside it, two 3×3 convolutions. At the end a 1×1 convolution with a **sigmoid** keeps every output in (0,
# 1).


# %%
def convolution(x, filters, size=3):
    return layers.Conv2D(filters, size, padding="same", activation="relu")(x)


def build_unet(widths, bridges=True):
    inputs = keras.Input((32, 32, 1))
    x, kept = inputs, []
    for width in widths[:-1]:  # the left arm
        x = convolution(x, width)
        x = convolution(x, width)
        kept.append(x)
        x = layers.MaxPooling2D()(x)
    x = convolution(x, widths[-1])
    x = convolution(x, widths[-1])
    for width in reversed(widths[:-1]):  # the right arm
        x = convolution(layers.UpSampling2D()(x), width, size=2)
        bridge = kept.pop()
        if bridges:
            x = layers.Concatenate()([bridge, x])
        x = convolution(x, width)
        x = convolution(x, width)
    outputs = layers.Conv2D(1, 1, activation="sigmoid")(x)
    return keras.Model(inputs, outputs, name="unet" if bridges else "bridges_cut")


# %%
from course_utils import diagram
from course_utils.models import unet

by_hand = build_unet(WIDTHS)
assert by_hand.count_params() == unet(widths=WIDTHS).count_params()  # the course has the same
diagram.draw(by_hand, compare=build_unet(WIDTHS, bridges=False))

# %% [markdown]
# **What we see.** The drawing is the U that gave the network its name: two arms, and a bridge at each level where both have the same side.
# What comes over a bridge has been convolved at full detail, and it never passes the bottleneck.
#
# ### Exercise 3.1 · Follow the shapes
# An image of `side`×`side` pixels enters a U-Net with these `widths`. List the shape (height, width, channels) of the map after each level's two
# convolutions, going down, the bottleneck included.


# %% tags=["exercise"]
def shapes_down(side, widths):
    # BEGIN SOLUTION
    shapes = []
    for width in widths:
        shapes.append((side, side, width))
        side = side // 2
    return shapes
    # END SOLUTION


# %%
ex.q3_1.check(shapes_down)

# %% [markdown]
# ## 4 · The same minute for both
#
# Which network is better *for the time you have*? Both follow the recipe of the course notes: MSE, Adam, batches of 20 for the FCN and 10 for
# the U-Net. The FCN gets more epochs, because each takes less time.

# %%
from course_utils import data, metrics
from course_utils.classes import ELIRET
from course_utils.models import fcn
from course_utils.training import RUNS, fit
from data_scripts import ensure

folder = ensure("eliret")
train, validation, test = (data.eliret(folder, split) for split in ("train", "val", "test"))
images, masks = train.arrays()
test_images, test_masks = test.arrays()
runs, outputs = {}, {}


def train_as_in_the_notes(name, model, epochs, batch):
    model.compile(optimizer="adam", loss="mse")
    pairs = (images, masks), validation.arrays()
    runs[name] = fit(model, *pairs, epochs=epochs, batch=batch)
    outputs[name] = model.predict(test_images, verbose=0)[..., 0]
    return model


keras.utils.set_random_seed(1)
train_as_in_the_notes("FCN", fcn((32, 32, 1)), FCN_EPOCHS, batch=20)
keras.utils.set_random_seed(1)
model = train_as_in_the_notes("U-Net", build_unet(WIDTHS), EPOCHS, batch=10)

# %%
clock, curves = {}, {}
for name, run in runs.items():
    epochs = len(run.history["loss"])
    clock[name] = run.seconds * np.arange(1, epochs + 1) / epochs
    curves[name] = run.history
show.histories(
    curves,
    x=clock,
    x_label="seconds",
    log=True,
    alt="MSE against seconds, logarithmic: the U-Net ends well below the FCN within the same time.",
)


# %% tags=["picture"]
def scores(name, output):
    """One row of a table: errors on the test images, and how grey the output is."""
    counts = metrics.confusion_matrix(test_masks, np.uint8(output > 0.5), 2)
    row = {"network": name, "test MSE": float(np.square(output - test_masks).mean())}
    row["mean IoU"] = metrics.mean_iou(counts)
    row["grey pixels"] = np.mean((output > 0.1) & (output < 0.9))
    return row


constant = np.full(test_masks.shape, masks.mean())
rows = [scores("best constant", constant)]
for name, output in outputs.items():
    rows.append(scores(name, output))
show.table(rows, digits=4)

wrong = np.abs((outputs["FCN"] > 0.5) - np.float32(test_masks)).mean(axis=(1, 2))
some = np.argsort(-wrong)[:6]  # the FCN's worst
pictures = [*test_images[some], *outputs["FCN"][some], *outputs["U-Net"][some]]
titles = ["image"] * 6 + ["FCN"] * 6 + ["U-Net"] * 6
alt = "The FCN's six worst test images, its grey outputs with soft edges, and the U-Net's nearly black-and-white ones."
show.images(pictures, titles, alt=alt)

# %% tags=["record"]
record(constant_mse=rows[0]["test MSE"], constant_iou=rows[0]["mean IoU"])
record(fcn_test_mse=rows[1]["test MSE"], unet_test_mse=rows[2]["test MSE"])
record(unet_over_fcn=rows[2]["test MSE"] / rows[1]["test MSE"])
record(fcn_grey=rows[1]["grey pixels"], unet_grey=rows[2]["grey pixels"])

# %% [markdown]
# **What we see.** In about the same seconds the U-Net leaves {{unet_over_fcn:.0%}} of the FCN's error on images that neither has seen. The
# best constant has {{constant_mse:.2f}} and, cut at 0.5, calls everything background: mean IoU {{constant_iou:.2f}}. The outputs look
# different, too: of the FCN's pixels {{fcn_grey:.0%}} are grey, neither nearly black nor nearly white, of the U-Net's {{unet_grey:.0%}}. One
# seed each.
#
# ### Exercise 4.1 · A fair comparison
# Two runs list their seconds and their MSE after each epoch. Return the MSE that each had reached (its smallest so far) when the *shorter*
# run ended.


# %% tags=["exercise"]
def at_equal_time(seconds_a, mse_a, seconds_b, mse_b):
    # BEGIN SOLUTION
    end = min(seconds_a[-1], seconds_b[-1])
    reached_a = [mse for second, mse in zip(seconds_a, mse_a, strict=True) if second <= end]
    reached_b = [mse for second, mse in zip(seconds_b, mse_b, strict=True) if second <= end]
    return min(reached_a), min(reached_b)
    # END SOLUTION


# %%
ex.q4_1.check(at_equal_time)

# %% [markdown]
# ## 5 · Is it the bridges, or the parameters?
#
# The U-Net differs from the FCN in many things: bridges, depth, kernels, a sigmoid, no dropout, and more than four times as many parameters.
# Any of them could be the reason. To find out, change **one thing**: cut the bridges, and leave all else as it is. The network with cut
# bridges has fewer parameters, so a third one gets wider layers until it has as many as the U-Net. (Parameters grow with the square of the
# widths: 5 % wider layers are enough.) What do you expect?

# %%
keras.utils.set_random_seed(1)
cut = build_unet(WIDTHS, bridges=False)
train_as_in_the_notes("bridges cut", cut, EPOCHS, batch=10)
alt = "The FCN's three worst images with mask, and what the U-Net and the U-Net with cut bridges find, with errors."
predictions = {name: np.uint8(outputs[name][some[:3]] > 0.5) for name in ("U-Net", "bridges cut")}
show.pairs(test_images[some[:3]], test_masks[some[:3]], ELIRET, predictions=predictions, alt=alt)

# %% [markdown]
# One run each proves little. So we made more, once, at half the widths: three networks, two seeds each, batch normalisation (section 8), the same 400 steps of Adam with a
# learning rate that falls to 0. `ellipses` and `rectangles` tell by how much the forms fill their tightest rectangle more than in the masks (lesson 02, section 7).

# %%
import json

steps = json.loads((course / "notebooks/evidence/eliret.json").read_text())["steps"]


def kept(name):
    """Results of the runs that were made once and kept: `name 1`, `name 2`, …, one for each seed."""
    keys = [f"{name} {seed}" for seed in range(1, 6)]
    return [steps[key]["result"] for key in keys if key in steps]


rows = []
for name in ("U-Net", "cut", "cut and wider"):
    results = kept(f"bridges {name}")
    errors = [result["test"] for result in results]
    row = {"network": name, "parameters": results[0]["parameters"], "seeds": len(errors)}
    row |= {"test MSE": np.mean(errors), "least": min(errors), "most": max(errors)}
    for form in ("ellipses", "rectangles"):
        row[form] = np.mean([result[form] for result in results])
    rows.append(row)
show.table(rows, digits=4)

# %% tags=["record"]
record(bridges_mse=rows[0]["test MSE"], cut_mse=rows[1]["test MSE"], wider_mse=rows[2]["test MSE"])
record(bridges_over_cut=rows[0]["test MSE"] / rows[1]["test MSE"])
record(bridges_over_wider=rows[0]["test MSE"] / rows[2]["test MSE"])
record(bridges_gap=min(rows[1]["least"], rows[2]["least"]) - rows[0]["most"])
record(cut_test_mse=scores("cut", outputs["bridges cut"])["test MSE"])
record(rectangles_bridges=-rows[0]["rectangles"], rectangles_cut=-rows[1]["rectangles"])

# %% tags=["fold"]
# @title What crosses a bridge, and what comes up beside it
join = [layer for layer in model.layers if "concatenate" in layer.name][-1]
looking = keras.Model(model.input, [*join.input, model.layers[-2].output])
one = some[0]
maps = [keras.ops.convert_to_numpy(each)[0] for each in looking(test_images[one : one + 1])]
names = ["over the bridge", "from below", "after both"]
fig, axes = show.new(6, 3, size=(1.6, 1.6))
for name, each, row in zip(names, maps, axes, strict=True):
    liveliest = np.argsort(-each.std(axis=(0, 1)))[:6]  # the channels that vary most
    for place, channel in zip(row, liveliest, strict=False):
        place.imshow(each[..., channel], cmap="gray", interpolation="nearest")
        place.set_axis_off()
    row[0].set_title(name, loc="left")
alt = "Six feature maps each, 32×32: over the top bridge, from below, and after both have met."
show.figure(fig, alt)

# %% [markdown]
# **What we see.** With bridges the test error is {{bridges_mse:.4f}}. Without them it is {{cut_mse:.4f}}, and {{wider_mse:.4f}} where wider
# layers make up for the parameters. The worst run with bridges is better than the best without, so it is the bridges, and parameters do not
# replace them. The corners agree: without bridges a rectangle fills {{rectangles_cut:.3f}} less of its frame than it should, with them
# {{rectangles_bridges:.3f}}. In the feature maps you see how: over the bridge come sharp edges together with the noise; from below comes a
# smooth map that knows where the object is; after both have met, the edge is sharp and the noise is gone.

# %% [markdown]
# ## 6 · Stop today, go on tomorrow
#
# A `.keras` file holds everything: the layers, the weights, what `compile` was told, and the state of the optimizer. `load_model` gives back
# a model that predicts the same and trains on. (`predict.py` of lesson 02 loads this file, too.)
#
# Adam remembers a running mean of each weight's gradient. **What if only the weights are kept** and a new optimizer starts from nothing?

# %%
RUNS.mkdir(exist_ok=True)
model.save(RUNS / "unet.keras")
again = keras.models.load_model(RUNS / "unet.keras")
now = again.predict(test_images, verbose=0)[..., 0]
print("the same predictions:", np.allclose(now, outputs["U-Net"], atol=1e-6))
print("optimizer steps so far:", int(again.optimizer.iterations))

fresh = build_unet(WIDTHS)
fresh.set_weights(again.get_weights())
fresh.compile(optimizer="adam", loss="mse")
print(f"training MSE now: {again.evaluate(images, masks, verbose=0):.5f}")
first_loss = {}
for name, network in {"with the optimizer's state": again, "without it": fresh}.items():
    going_on = network.fit(images, masks, batch_size=10, epochs=3, verbose=0).history["loss"]
    first_loss[name] = going_on[0]
    print(name, [f"{loss:.5f}" for loss in going_on])

# %% tags=["record"]
record(fresh_over_kept=first_loss["without it"] / first_loss["with the optimizer's state"])

# %% [markdown]
# > **Pitfall · the forgotten optimizer.** Both go on from the same weights. The new optimizer has no running mean yet, so in its first step
# > every weight moves by the full learning rate, whatever its gradient. You notice it when the first loss after loading is larger than the
# > last one before. Keep the whole `.keras` file while you train; to predict, weights will do.
#
# `fit(..., name="mine")` of the course keeps all of this for you.
#
# ### Exercise 6.1 · Write the first Adam step
# In its very first step Adam's two running means, corrected for their start at 0, are `gradient` and `gradient**2`. What is *added* to a weight,
# with learning rate `rate`? Give the step with its sign. (Leave out ε; the gradient is not 0.)


# %% tags=["exercise"]
def first_step(gradient, rate):
    # BEGIN SOLUTION
    return -rate * gradient / abs(gradient)
    # END SOLUTION


# %%
ex.q6_1.check(first_step)

# %% [markdown]
# ## 7 · Learning by heart
#
# With its 752,421 parameters the network can learn every pixel of 100 training images, the noise included. We let it run for the 1000 epochs
# of the course notes, once: it ends at an MSE of {{unet_full_train_mse:.5f}} on the training images and of {{unet_full_test_mse:.4f}} on new
# ones. The gap is what it learned by heart: **overfitting**. (The course notes report 1e-8 and 0.0075 on their own set.)
#
# **Now make it worse, and cure it.** With only twenty training images overfitting comes fast. There are remedies: **dropout**, a penalty on
# large weights (**L2**), and flipped copies (**augmentation**, lesson 05).

# %% tags=["record"]
record(unet_full_test_mse=steps["unet"]["result"]["mse"]["test"][-1])
record(unet_full_train_mse=steps["unet"]["result"]["mse"]["train"][-1])

# %%
from course_utils.augment import Affine

few = train[::5]
thin = tuple(width // 2 for width in WIDTHS)
flips = Affine(flip=True, flip_vertical=True)
remedies = {"none": {}, "dropout": {"dropout": 0.5}, "L2": {"l2": 1e-4}, "flips": {}}
curves, rows = {}, []
for name, options in remedies.items():
    keras.utils.set_random_seed(1)
    small_unet = unet((32, 32, 1), widths=thin, batch_norm=True, **options)
    small_unet.compile(keras.optimizers.Adam(2e-3), loss="mse", metrics=["mse"])
    batches = few.batches(batch=5, shuffle=True, augment=flips if name == "flips" else None)
    pairs = {"validation_data": validation.arrays(), "validation_freq": 2}
    run = small_unet.fit(batches, epochs=FEW_EPOCHS, verbose=0, **pairs).history
    curves[name] = {"MSE": run["mse"][1::2], "val_MSE": run["val_mse"]}
    row = {"remedy": name}
    for split, arrays in {"training": few.arrays(), "test": (test_images, test_masks)}.items():
        row[f"{split} MSE"] = small_unet.evaluate(*arrays, verbose=0)[1]
    rows.append(row)

# %%
epochs = range(2, FEW_EPOCHS + 1, 2)
alt = "Training and validation MSE on twenty images with four remedies, logarithmic: without one the gap opens wide."
show.histories(curves, "MSE", x=dict.fromkeys(curves, epochs), log=True, alt=alt)
show.table(rows, digits=4)

# %% tags=["record"]
record(few_train_none=rows[0]["training MSE"], few_test_none=rows[0]["test MSE"])
record(few_gap=rows[0]["test MSE"] / rows[0]["training MSE"])
record(few_best=min(row["test MSE"] for row in rows[1:]))
record(few_best_over_none=min(row["test MSE"] for row in rows[1:]) / rows[0]["test MSE"])
record(flips_gap=rows[3]["test MSE"] / rows[3]["training MSE"])

# %% [markdown]
# **What we see.** Without a remedy the network ends at {{few_train_none:.4f}} on its twenty images and at {{few_test_none:.4f}} on new ones: {{few_gap:.0f}} times as much.
# Where a dashed curve has left its full one, the network learns by heart. The best remedy brings the error on new images down to {{few_best:.4f}}; look in the table
# which one it is. A small gap alone is no merit: a network that learned nothing has none. One seed and twenty images, so the order of the remedies may change with
# another draw.
#
# ### Exercise 7.1 · Dropout by hand
# Write dropout for an array: set a share `rate` of the values to 0, at random with `rng`, and scale the others so that the expected sum stays
# what it was.


# %% tags=["exercise"]
def dropout(values, rate, rng):
    # BEGIN SOLUTION
    kept = rng.random(values.shape) >= rate
    return values * kept / (1 - rate)
    # END SOLUTION


# %%
ex.q7_1.check(dropout)

# %% [markdown]
# ## 8 · Does the range of the inputs matter?
#
# Our images run from 0 to 1. Many recipes want [−1, 1]. The course notes report that with such inputs their U-Net did not train, and that it
# did with **batch normalisation**; they *suspect* that the one cured the other. Normalisation brings each channel of each batch to mean 0 and
# spread 1, and then lets the network choose both anew.
#
# ### Exercise 8.1 · Batch normalisation by hand
# Normalise `values` of shape (batch, height, width, channels) as in training: mean 0 and standard deviation 1 *for each channel*. Add
# `epsilon` to the variance.


# %% tags=["exercise"]
def normalise(values, epsilon=1e-3):
    # BEGIN SOLUTION
    mean = values.mean(axis=(0, 1, 2))
    variance = values.var(axis=(0, 1, 2))
    return (values - mean) / np.sqrt(variance + epsilon)
    # END SOLUTION


# %%
ex.q8_1.check(normalise)

# %% [markdown]
# ### Exercise 8.2 · Predict first
# We trained a U-Net with five seeds in each setting: inputs in [0, 1] or [−1, 1], with or without normalisation, at the learning rate of the
# course notes (`0.001`) and at a large one (`0.01`). A network that is **stuck** answers "all background", an MSE of about a quarter. What
# decides whether a network gets stuck: `"A"` the range alone, `"B"` the normalisation alone, `"C"` the learning rate, and at the large one
# the normalisation?

# %% tags=["exercise"]
# BEGIN SOLUTION
decides = "C"
# END SOLUTION

# %%
ex.q8_2.check(decides)

# %%
rows = []
for rate in ("0.001", "0.01"):
    for kind in ("plain", "normalised"):
        for inputs in ("[0, 1]", "[−1, 1]"):
            result = steps[f"inputs {inputs} {kind} {rate}"]["result"]
            losses = np.array(result["loss"])
            row = {
                "rate": rate,
                "network": kind,
                "inputs": inputs,
                "stuck": int((losses > 0.2).sum()),
            }
            for seed, loss in enumerate(losses, 1):
                row[f"seed {seed}"] = loss
            row["dead ReLUs"] = np.mean(result["dead"])
            rows.append(row)
show.table(rows)

plain = [steps[f"inputs {inputs} plain 0.01"]["result"] for inputs in ("[0, 1]", "[−1, 1]")]
stuck = np.concatenate([result["loss"] for result in plain]) > 0.2
dead = np.concatenate([result["dead"] for result in plain])
print(
    f"dead ReLUs at 0.01, plain: stuck {dead[stuck].mean():.0%}, others {dead[~stuck].mean():.0%}"
)

# %% tags=["record"]
record(stuck_small=sum(row["stuck"] for row in rows[:4]))
record(stuck_large_01=rows[4]["stuck"], stuck_large_pm1=rows[5]["stuck"])
record(stuck_large_normalised=rows[6]["stuck"] + rows[7]["stuck"])
record(
    stuck_notes=sum(loss > 0.2 for loss in steps["inputs [−1, 1] notes 0.001"]["result"]["loss"])
)
record(dead_stuck=dead[stuck].mean(), dead_others=dead[~stuck].mean())

# %% [markdown]
# **What we see.** At the rate of the course notes, `0.001`, {{stuck_small}} of twenty runs are stuck, in whatever range; at their own widths
# in [−1, 1] {{stuck_notes}} of five. So on our set their finding is not confirmed. At `0.01` it looks familiar: without normalisation
# {{stuck_large_01}} of five are stuck in [0, 1] and {{stuck_large_pm1}} of five in [−1, 1], with it {{stuck_large_normalised}} of ten.
# Normalisation lets you take larger steps. **Dead ReLUs**, those that are 0 everywhere in every training image, do not explain it: stuck
# networks have {{dead_stuck:.0%}} of them, the others {{dead_others:.0%}}. (A guess to test: it is enough if one whole layer is dead.)

# %% [markdown]
# ## 9 · The same error, sooner
#
# Five changes to the recipe: batch **normalisation**; **SGD** with Nesterov's momentum in place of Adam; a learning rate that **warms up**
# and then falls along a cosine; **flips**; and **cross-entropy** in place of the MSE, because it keeps pushing where a sigmoid is sure and
# wrong (lesson 06). First all five at once. Then, since five changes tell nothing about one, we leave out one at a time: one seed each,
# made once at half the widths, 120 steps.

# %%
keras.utils.set_random_seed(1)
quick = unet((32, 32, 1), widths=WIDTHS, batch_norm=True)
batches = train.batches(batch=10, shuffle=True, augment=flips)
total = QUICK_EPOCHS * len(batches)
warm = int(0.3 * total)
rate = keras.optimizers.schedules.CosineDecay(
    0.02, total - warm, warmup_target=0.2, warmup_steps=warm
)
sgd = keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
quick.compile(optimizer=sgd, loss="binary_crossentropy", metrics=["mse"])
runs["quick"] = fit(quick, batches, validation.arrays(), epochs=QUICK_EPOCHS)
outputs["quick"] = quick.predict(test_images, verbose=0)[..., 0]
rows = []
for name in ("U-Net", "quick"):
    error = float(np.square(outputs[name] - test_masks).mean())
    rows.append({"recipe": name, "seconds": round(runs[name].seconds), "test MSE": error})
show.table(rows, digits=4)

# %% tags=["record"]
record(quick_unet_test_mse=rows[1]["test MSE"])

# %%
names = ["all"]
for left_out in ("normalisation", "SGD", "schedule", "flips", "cross-entropy"):
    names.append(f"all but {left_out}")
rows = []
for name in [*names, "notes"]:
    tests = [result["test"] for result in kept(f"recipe {name}")]
    row = {"changes": name, "seeds": len(tests), "test MSE": np.mean(tests)}
    rows.append(row | {"least": min(tests), "most": max(tests)})
show.table(rows, digits=4)
by_change = {row["changes"]: row["test MSE"] for row in rows}

# %% tags=["record"]
record(recipe_all=by_change["all"], recipe_notes=by_change["notes"])
record(recipe_all_over_notes=by_change["all"] / by_change["notes"])
record(recipe_plain=by_change["all but normalisation"], recipe_adam=by_change["all but SGD"])
record(recipe_constant=by_change["all but schedule"], recipe_no_flips=by_change["all but flips"])
record(recipe_mse=by_change["all but cross-entropy"])

# %% [markdown]
# **What we see.** After the same 120 steps all five changes leave {{recipe_all:.4f}}, the recipe of the course notes {{recipe_notes:.4f}}. Without normalisation the
# network is stuck at {{recipe_plain:.2f}}: these steps are too large for it. With Adam it has {{recipe_adam:.4f}}, with the MSE {{recipe_mse:.4f}}. Without the schedule
# ({{recipe_constant:.4f}}) or the flips ({{recipe_no_flips:.4f}}) it is *no worse*: so few steps have no use for them. What brings the speed is normalisation and the large
# steps that it allows. One seed each: believe the large differences.
#
# ### Exercise 9.1 · The cosine
# Write the learning rate at `step` of `steps`: `start` at step 0, half of it in the middle, 0 at the end, along half a cosine wave.


# %% tags=["exercise"]
def cosine(step, steps, start):
    # BEGIN SOLUTION
    return start * (1 + np.cos(np.pi * step / steps)) / 2
    # END SOLUTION


# %%
ex.q9_1.check(cosine)

# %% [markdown]
# ## 10 · Recap
#
# You can now
# - **rewrite** a chain of layers as functions, which a bridge needs;
# - **build** a U-Net: the bridge carries *where*, the coarse map carries *what*;
# - **compare** networks at equal seconds, steps or parameters, beside a baseline, and say how many seeds stand behind it;
# - **save** the optimizer with the weights as long as training goes on;
# - **recognise** overfitting by the gap between training and new images, and fight it.
#
# **Words** [skip connection, overfitting, batch normalisation](glossary.md) in three languages.
#
# **Try next** Cut only the top bridge of the U. Give the network an image of 72×88 pixels: [lesson 04](04_any_size.ipynb).

# %%
ex.progress()

# %% [markdown]
# **References** Ronneberger, Fischer, Brox (2015), *U-Net*, [arXiv:1505.04597](https://arxiv.org/abs/1505.04597). Srivastava et al. (2014),
# *Dropout*, JMLR 15. Ioffe, Szegedy (2015), *Batch normalization*, [arXiv:1502.03167](https://arxiv.org/abs/1502.03167). Kingma, Ba (2015),
# *Adam*, [arXiv:1412.6980](https://arxiv.org/abs/1412.6980). Loshchilov, Hutter (2017), *SGDR*,
# [arXiv:1608.03983](https://arxiv.org/abs/1608.03983).
#
# **Further reading** Keras' guide to [the functional API](https://keras.io/guides/functional_api/). Drozdzal et al. (2016), *The importance
# of skip connections in biomedical image segmentation*, [arXiv:1608.04117](https://arxiv.org/abs/1608.04117). Santurkar et al. (2018), *How
# does batch normalization help optimization?*, [arXiv:1805.11604](https://arxiv.org/abs/1805.11604): the usual explanation does not hold.

# %% [markdown] tags=["teacher"]
# **Teacher notes.** 70 minutes. Misconceptions: that skips *add* maps (they concatenate here; ResNets add); that a validation error below the
# training error is a bug (dropout); that overfitting means that validation gets worse (it may level out). Late? Skip sections 6 and 8.
# Homework 1 follows here.
