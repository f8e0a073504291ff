"""Homework 1: its three networks at full size by the recipe of the course notes, three seeds each; and at lesson size by its own recipe.

"a 1" is network a with seed 1: 1000 epochs, MSE, Adam at its default rate, batches of 20, the weights of the last epoch. "short a 1" is
what the homework itself runs; "short moved 1" is its network c on distorted copies, and also scored on the six larger images. "student ana"
is "short a 1" on the images that `start hw1 --student ana` draws. "half …" is the homework's recipe at half the widths and half the epochs,
for a, b, and b without its bridges, but wider. Networks, recipe and sizes are those of the solved homework: there is no second copy here.
"""

from functools import partial
from pathlib import Path

import keras
import numpy as np
from keras import layers

from course_utils import data, metrics
from course_utils.exercises.copies import seed_of
from data_scripts import ensure
from notebooks.build.source import Source, solved, tags

SEEDS = (1, 2, 3)
STUDENTS = ("ana", "ben", "chi", "dev", "eva", "fay")
EPOCHS, BATCH = 1000, 20
HALF = {"a": 20, "wide": 11, "b": 10}  # widths; "wide" is b without bridges, and has no fewer parameters than b


def steps():
    long = {f"{name} {seed}": partial(notes_recipe, name, seed) for seed in SEEDS for name in "abc"}
    short = {f"short {name} {seed}": partial(short_recipe, name, seed) for seed in SEEDS for name in "abc"}
    students = {f"student {word}": partial(short_recipe, "a", 1, SEED=seed_of(word)) for word in STUDENTS}
    short |= {f"half {name} {seed}": partial(half_recipe, name, seed) for seed in SEEDS for name in HALF}
    return short | students | {f"short moved {seed}": partial(moved_recipe, seed) for seed in SEEDS} | long


def homework():
    """The functions of the solved exercises and the values of the parameters cell."""
    names = {"keras": keras, "layers": layers, "metrics": metrics, "np": np}
    for cell in Source(Path(__file__).parents[2], "hw1_unet_from_fcn").cells():
        if {"exercise", "parameters"} & set(tags(cell)):
            exec(solved(cell.source), names)
    return names


def network(names, name, seed):
    keras.utils.set_random_seed(seed)
    build = {"a": "fcn_functional", "b": "fcn_with_skips", "c": "fcn_small_kernels"}[name]
    return names[build](names["WIDTHS"][name])


def without_bridges(build, width):
    """The network with every Concatenate gone: only what comes up goes on."""
    model = build(width)

    def next_layer(layer, *arguments, **options):
        given = arguments[0]
        if isinstance(layer, layers.Concatenate):
            return given[1]
        return layer.__class__.from_config(layer.get_config())(given)

    return keras.models.clone_model(model, call_function=next_layer)


def split(names, which):
    return data.eliret(ensure("eliret", seed=names["SEED"]), which)


def scores(names, model, seed):
    errors = {which: float(names["test_error"](model, *split(names, which).arrays())) for which in ("train", "val", "test")}
    return {"parameters": model.count_params(), "seed": seed} | {which: float(f"{error:.4g}") for which, error in errors.items()}


def notes_recipe(name, seed):
    names = homework()
    model = network(names, name, seed)
    model.compile(optimizer="adam", loss="mse")
    model.fit(*split(names, "train").arrays(), batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return scores(names, model, seed)


def short_recipe(name, seed, **parameters):
    names = homework() | parameters
    model = network(names, name, seed)
    names["train"](model, *split(names, "train").arrays(), names["EPOCHS"], names["RATE"])
    return scores(names, model, seed)


def half_recipe(name, seed):
    names = homework()
    keras.utils.set_random_seed(seed)
    builds = {"a": names["fcn_functional"], "wide": partial(without_bridges, names["fcn_with_skips"]), "b": names["fcn_with_skips"]}
    model = builds[name](HALF[name])
    names["train"](model, *split(names, "train").arrays(), names["EPOCHS"] // 2, names["RATE"])
    return scores(names, model, seed)


def moved_recipe(seed):
    names, rng = homework(), np.random.default_rng(seed)
    pairs = split(names, "train")
    drawn = [names["distort"](*pairs.read(number), rng) for _ in range(names["COPIES"]) for number in range(len(pairs))]
    images, masks = (np.stack(part) for part in zip(*drawn, strict=True))
    model = network(names, "c", seed)
    names["train"](model, images.astype("float32") / 255, masks, names["MOVED_EPOCHS"], names["RATE"])
    larger = split(names, "larger")
    pairs = [larger[number].arrays() for number in range(len(larger))]  # one by one: their sizes differ
    pairs = [(image[0], mask[0]) for image, mask in pairs]
    return scores(names, model, seed) | {"larger mean IoU": round(float(names["larger_iou"](model, pairs)), 4)}
