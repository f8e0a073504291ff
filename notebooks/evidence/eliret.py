"""Lessons 02 and 03 on the generated eliret: the two recipes of the course notes at full size, and experiments that change one thing.

"fcn", "unet": 1000 epochs each, one seed. "waist 1": lesson 02's network with seed 1, untrained, then without dropout until it knows its
training images by heart. The others belong to lesson 03: "bridges …" at equal steps; "inputs …" five seeds of one range, one rate, with or
without normalisation; "recipe …" all changes of its section 9, or all but one.
"""

import ast
from functools import partial
from pathlib import Path

import cv2
import keras
import numpy as np

from course_utils import data, models
from course_utils.augment import Affine
from data_scripts import ensure
from notebooks.build.source import Source

EPOCHS = 1000
MEASURED = sorted({1, 2, 5, *range(10, EPOCHS + 1, 10)})  # epochs at which all three splits are measured
SEED = 1
SEEDS, MANY = (1, 2, 3), (1, 2, 3, 4, 5)
WIDTHS, THIN = (20, 40, 80, 160), (10, 20, 40, 80)
WIDER = (10, 21, 42, 85)  # without bridges about as many parameters as THIN has with them
BRIDGES = {"U-Net": (THIN, True), "cut": (THIN, False), "cut and wider": (WIDER, False)}
INPUTS = {"[0, 1]": 0, "[−1, 1]": -1}  # range -> its lower end
RATES = (1e-3, 1e-2)
CHANGES = ("normalisation", "SGD", "schedule", "flips", "cross-entropy")


def steps():
    notes = {
        "fcn": lambda: notes_recipe(models.fcn((32, 32, 1)), batch=20),
        "unet": lambda: notes_recipe(models.unet((32, 32, 1)), batch=10),
    }
    waist = {f"waist {seed}": partial(waists, seed) for seed in SEEDS}
    bridges = {f"bridges {name} {seed}": partial(at_equal_steps, name, seed) for seed in SEEDS for name in BRIDGES}
    inputs = {
        f"inputs {name} {'normalised' if norm else 'plain'} {rate:g}": partial(starts, low, norm, rate, THIN)
        for rate in RATES
        for norm in (False, True)
        for name, low in INPUTS.items()
    }
    inputs["inputs [−1, 1] notes 0.001"] = partial(starts, -1, False, 1e-3, WIDTHS)
    sets = {"all": CHANGES, "notes": ()} | {f"all but {left}": [change for change in CHANGES if change != left] for left in CHANGES}
    recipe = {f"recipe {name} {seed}": partial(quick, changes, seed) for seed in SEEDS for name, changes in sets.items()}
    return notes | waist | bridges | inputs | recipe


def arrays(split):
    return data.eliret(ensure("eliret"), split).arrays()


def error(model, images, masks):
    """Mean squared error, without what acts while training alone."""
    return float(f"{np.square(model.predict(images, batch_size=50, verbose=0)[..., 0] - masks).mean():.4g}")


def notes_recipe(model, batch):
    """MSE, Adam with its default rate, no augmentation, the weights of the last epoch."""
    keras.utils.set_random_seed(SEED)
    model = keras.models.clone_model(model)  # initialised after the seed was set
    splits = {split: arrays(split) for split in ("train", "val", "test")}
    model.compile(optimizer="adam", loss="mse")
    curves = {"epoch": MEASURED, **{split: [] for split in splits}}

    class Measure(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch + 1 in MEASURED:
                for split, (images, masks) in splits.items():
                    curves[split].append(error(model, images, masks))

    model.fit(*splits["train"], batch_size=batch, epochs=EPOCHS, verbose=0, callbacks=[Measure()])
    return {"parameters": model.count_params(), "seed": SEED, "batch": batch, "mse": curves}


def falling(rate, epochs, batches):
    """The learning rate of all runs that are compared: along a cosine to 0, so that the last weights count."""
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, epochs * batches))


# ---------------------------------------------------------------- lesson 02


def lesson():
    """Lesson 02's own functions `fill` and `probe`."""
    names = {"np": np, "cv2": cv2}
    for cell in Source(Path(__file__).parents[2], "02_eliret_fcn").cells():
        if cell.cell_type == "code":
            functions = [node for node in ast.parse(cell.source).body if getattr(node, "name", "") in ("fill", "probe")]
            exec(compile(ast.Module(functions, []), "lesson 02", "exec"), names)
    return names


def filled_more(outputs, masks):
    """By how much each object fills its rectangle more in the output than in the mask."""
    fill = lesson()["fill"]
    return np.array([fill(said) - fill(mask) for said, mask in zip(outputs, masks, strict=True)])


def waists(seed, epochs=300):
    """Lesson 02's network as it starts, and trained without dropout until it knows its images by heart: errors, probe and fill."""
    splits = {split: data.eliret(ensure("eliret"), split) for split in ("train", "test")}
    keras.utils.set_random_seed(seed)
    model = models.fcn((32, 32, 1), dropout=0)
    found = {"untrained": waist(model, splits)}
    model.compile(falling(2e-3, epochs, 5), loss="mse")
    model.fit(*splits["train"].arrays(), batch_size=20, epochs=epochs, verbose=0)
    return found | {"by heart": waist(model, splits)}


def waist(model, splits):
    """For each split the MSE, what the probe finds, and by how much predicted forms fill their rectangles more than the masks do."""
    names = lesson()
    (passes,) = [layer.output for layer in model.layers if isinstance(layer, keras.layers.Activation) and layer.output.shape[1] == 4]
    encoder, found, taught = keras.Model(model.inputs, passes), {}, None
    for split, pairs in splits.items():
        images, masks = pairs.arrays()
        outputs = model.predict(images, verbose=0)[..., 0]
        round_one = np.array([int(path.stem[:-1]) < 100 for path in pairs.images])
        seen = encoder.predict(images, verbose=0), round_one
        taught = taught or seen  # on the training images
        change = filled_more(outputs, masks)
        found[split] = {
            "mse": error(model, images, masks),
            "probe": round(float(np.mean(names["probe"](*taught, seen[0]) == round_one)), 4),
            "ellipses": round(float(change[round_one].mean()), 4),
            "rectangles": round(float(change[~round_one].mean()), 4),
        }
    return found


# ---------------------------------------------------------------- lesson 03


def at_equal_steps(name, seed, epochs=40):
    """A U-Net, or one without bridges: equal steps, errors and fill on the test images."""
    widths, skips = BRIDGES[name]
    images, masks = arrays("train")
    test = data.eliret(ensure("eliret"), "test")
    keras.utils.set_random_seed(seed)
    model = models.unet((32, 32, 1), widths=widths, skips=skips, batch_norm=True)
    model.compile(falling(3e-3, epochs, 10), loss="mse")
    model.fit(images, masks, batch_size=10, epochs=epochs, verbose=0)
    images, masks = test.arrays()
    outputs = model.predict(images, verbose=0)[..., 0]
    round_one = np.array([int(path.stem[:-1]) < 100 for path in test.images])
    change = filled_more(outputs, masks)
    return {
        "parameters": model.count_params(),
        "train": error(model, *arrays("train")),
        "test": error(model, images, masks),
        "ellipses": round(float(change[round_one].mean()), 4),
        "rectangles": round(float(change[~round_one].mean()), 4),
    }


def starts(low, normalised, rate, widths, epochs=6):
    """Five seeds: the training error after some epochs, and the share of ReLUs that are 0 everywhere in all training images."""
    images, masks = arrays("train")
    inputs = images * (1 - low) + low
    model = models.unet((32, 32, 1), widths=widths, batch_norm=normalised)
    relus = [layer.output for layer in model.layers if isinstance(layer, keras.layers.Activation)]
    looking = keras.Model(model.inputs, relus)
    model.compile(keras.optimizers.Adam(rate), loss="mse")
    model.optimizer.build(model.trainable_variables)
    untouched = [keras.ops.convert_to_numpy(variable) for variable in model.optimizer.variables]
    found = {"loss": [], "dead": []}
    for seed in MANY:  # the same compiled network with the weights of another one
        keras.utils.set_random_seed(seed)
        model.set_weights(models.unet((32, 32, 1), widths=widths, batch_norm=normalised).get_weights())
        for variable, value in zip(model.optimizer.variables, untouched, strict=True):
            variable.assign(value)
        model.fit(inputs, masks, batch_size=10, epochs=epochs, verbose=0)
        dead = [np.max(each, axis=(0, 1, 2)) == 0 for each in looking.predict(inputs, batch_size=50, verbose=0)]
        found["loss"].append(error(model, inputs, masks))
        found["dead"].append(round(float(np.concatenate(dead).mean()), 3))
    return found


def quick(changes, seed, epochs=12, warm=0.3):
    """A U-Net with some of lesson 03's changes to the recipe of the course notes; test MSE after equal steps."""
    train = data.eliret(ensure("eliret"), "train")
    flips = Affine(flip=True, flip_vertical=True) if "flips" in changes else None
    batches = train.batches(batch=10, shuffle=True, augment=flips, seed=seed)
    rate = 0.1 if "SGD" in changes else 1e-3
    if "schedule" in changes:
        steps, top = epochs * len(batches), 2 * rate
        warming = {"warmup_target": top, "warmup_steps": int(warm * steps)}
        rate = keras.optimizers.schedules.CosineDecay(top / 10, int((1 - warm) * steps), **warming)
    keras.utils.set_random_seed(seed)
    model = models.unet((32, 32, 1), widths=THIN, batch_norm="normalisation" in changes)
    optimizer = keras.optimizers.SGD(rate, momentum=0.9, nesterov=True) if "SGD" in changes else keras.optimizers.Adam(rate)
    model.compile(optimizer, loss="binary_crossentropy" if "cross-entropy" in changes else "mse")
    model.fit(batches, epochs=epochs, verbose=0)
    return {"test": error(model, *arrays("test"))}
