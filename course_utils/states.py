"""The state of a training on disk: one file, whole or not there, or a sentence that says what is wrong with it."""

import contextlib
import hashlib
import json
import os
import re
import warnings
from pathlib import Path

import keras
import numpy as np
import psutil


class State:
    """`runs/NAME.npz`: what a model and its optimizer know, the best weights, and a few words of the training (`notes`, a dictionary)."""

    def __init__(self, folder: Path, name: str):
        """ValueError for a name that could lead out of the folder."""
        if not isinstance(name, str) or not re.fullmatch(r"\w[\w .+=-]*", name):
            raise ValueError(f"name={name!r}: give letters, digits, spaces and . + = - alone, because it becomes the name of a file.")
        self.path = folder / f"{name}.npz"
        self._new = self.path.with_name(f"{name}.{os.getpid()}.new")  # two kernels may train under one name
        self._warned = False

    def read(self, model) -> tuple[dict, list[np.ndarray]] | None:
        """Notes and best weights, after what was learned has been put into the model and its optimizer; None without a file.

        ValueError for a file that is damaged, or the state of another model, loss or optimizer.
        """
        if not self.path.exists():
            return None
        where = f"runs/{self.path.name}"
        if not self.path.is_file():
            raise ValueError(f"{where} is no file: move it away, or give the training another name.")
        model.optimizer.build(model.trainable_variables)
        variables = _variables(model)
        try:
            with np.load(self.path) as file:
                notes = json.loads(str(file["state"]))
                of, epochs = notes.pop("of"), {len(values) for values in notes["history"].values()}
                whole = len(epochs) > 0 and min(epochs) > 0 and {"best", "best_epoch", "seconds"} <= notes.keys()
                if of == fingerprint(model):
                    now = [file[f"now{i}"] for i in range(len(variables))]
                    best = [file[f"best{i}"] for i in range(len(model.weights))]
        except PermissionError:
            raise ValueError(f"{where} may not be read: change its rights, or give the training another name.") from None
        except Exception:  # NumPy, zipfile and zlib raise nearly anything at a damaged file
            raise ValueError(f"{where} is damaged: delete it to start again.") from None
        if of != fingerprint(model):
            raise ValueError(
                f"{where} holds an interrupted training of another model, loss or optimizer. "
                f"To go on with that one, build it again; to start this one, delete {where}."
            )
        if not whole or any(array.shape != tuple(v.shape) for array, v in zip(now + best, variables + model.weights, strict=True)):
            raise ValueError(f"{where} is damaged: delete it to start again.")
        for variable, array in zip(variables, now, strict=True):
            variable.assign(array)
        return notes, best

    def write(self, model, notes: dict, best) -> None:
        """Beside its place, then renamed, so that there is always a whole one. Where that fails it warns once, and no training ends."""
        arrays = {f"now{i}": _plain(v) for i, v in enumerate(_variables(model))} | {f"best{i}": _plain(w) for i, w in enumerate(best)}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self._new, "wb") as file:
                np.savez(file, state=json.dumps(notes | {"of": fingerprint(model)}), **arrays)
            os.replace(self._new, self.path)
        except OSError as error:
            self._unlink(self._new)
            if not self._warned:
                why = f"runs/{self.path.name} cannot be written ({error.strerror or error})"
                warnings.warn(f"{why}: the training goes on, but could not be resumed.", RuntimeWarning, stacklevel=2)
            self._warned = True

    def drop(self) -> None:
        """Delete the file, and what runs left that were killed while they wrote."""
        self._unlink(self.path)
        for left_over in self.path.parent.glob(f"{self.path.stem}.*.new"):
            number = left_over.suffixes[-2][1:]
            if left_over == self._new or not (number.isdecimal() and psutil.pid_exists(int(number))):
                self._unlink(left_over)

    def _unlink(self, path):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def fingerprint(model) -> str:
    """The same for a model, loss and optimizer that are built anew, whatever their names count up to; another one for others."""
    what = [[list(v.shape) for v in model.weights], str(model.loss), _without_names(model.optimizer.get_config())]
    same_everywhere = re.sub(r" at 0x[0-9A-Fa-f]+", "", json.dumps(what))  # a function's text holds its place in memory
    return hashlib.sha256(same_everywhere.encode()).hexdigest()


def _without_names(config):
    if isinstance(config, dict):
        return {str(key): _without_names(value) for key, value in config.items() if key != "name"}
    if isinstance(config, list | tuple):
        return [_without_names(value) for value in config]
    return str(config)


def _variables(model):
    return [*model.variables, *model.optimizer.variables]


def _plain(array):
    """As NumPy can store it: bfloat16 is no type of its own."""
    array = keras.ops.convert_to_numpy(array)
    return array.astype(np.float32) if array.dtype.kind == "V" or array.dtype.name == "bfloat16" else array
