"""Homework 2 at lesson size, three seeds: its settings one at a time, layers in place of copies, no skips, and 256×256.

"rotation 1" is that distortion alone with seed 1, which draws the copies and starts the network. Parts and sizes are those of the solved
homework: there is no second copy of them here. Scores are those of the held-out slices.
"""

import ast
from functools import partial
from pathlib import Path

from notebooks.build.source import Source, solved, tags

SEEDS = (1, 2, 3)
SETTINGS = ("none", "rotation", "shift", "shear", "zoom", "all")


def steps():
    runs = [(name, seed) for seed in SEEDS for name in (*SETTINGS, "layers", "without skips", "256")]
    return {f"{name} {seed}": partial(measure, name, seed) for name, seed in runs}


def homework(seed):
    """All names of the solved homework but for what its cells train: imports, functions, parameters, and the slices."""
    names = {}
    for cell in Source(Path(__file__).parents[2], "hw2_membranes").cells():
        if cell.cell_type == "code" and not {"setup", "teacher"} & set(tags(cell)):
            kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef)
            wanted = [node for node in ast.parse(solved(cell.source)).body if isinstance(node, kinds) or stored(node) & KEPT]
            exec(compile(ast.Module(wanted, []), "homework 2", "exec"), names)
            names["SEED"] = seed
    return names


KEPT = {"SIZE", "LARGE", "HELD_OUT", "EPOCHS", "COPIES", "WIDTHS", "FOUR", "pairs", "train", "reflect", "random_layers"}


def stored(node):
    """Names that a statement of a cell assigns."""
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}


def measure(name, seed):
    names = homework(seed)
    side = names["LARGE" if name == "256" else "SIZE"]
    if name == "layers":
        names["images"], names["masks"] = names["train"].arrays((side, side))
        result = names["run_layers"]()
    elif name == "without skips":
        arrays = names["distorted"](names["FOUR"], side)
        epochs = names["equal_epochs"](len(names["train"]), names["COPIES"], 8, names["EPOCHS"])
        names["keras"].utils.set_random_seed(seed)
        result = names["trained"](names["build"](names["WIDTHS"], False), *arrays, epochs)
    else:
        settings = names["one_at_a_time"](names["FOUR"])
        result = names["run"](settings["all" if name == "256" else name], side)
    row = names["report"](name, *result, *names["held"].arrays((side, side)))
    return {"seed": seed, "side": side} | {key: round(float(value), 4) for key, value in row.items() if key != "setting"}
