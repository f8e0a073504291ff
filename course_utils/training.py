"""`fit`: Keras' own training loop with one line of progress, the best weights kept, and a way back after an interruption."""

import contextlib
import re
import sys
import time
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import keras
import numpy as np
import psutil

from course_utils import distribution, metrics
from course_utils.classes import class_scores
from course_utils.states import State

RUNS = Path(__file__).parents[1] / "runs"
SAVE_EVERY = 10.0  # seconds between two states on disk; what an interruption can cost at most, beside the epoch it falls in


@dataclass(frozen=True)
class Result:
    """What a training gave: `history` (name → value of each epoch), seconds, peak memory of the process in MB, best epoch (from 1)."""

    history: dict[str, list[float]]
    seconds: float
    peak_mb: float
    best_epoch: int


def fit(
    model: keras.Model,
    train,
    validation=None,
    *,
    epochs: int,
    batch: int = 32,
    monitor: str | None = None,
    mode: str | None = None,
    patience: int | None = None,
    name: str | None = None,
) -> Result:
    """Train a compiled model, show one line of progress, and leave the weights of the best epoch in it.

    With `KERAS_DISTRIBUTION_NUM_PROCESSES` set it trains on several devices or hosts (see `course_utils.distribution`): batches must be
    multiples of their number, and process 0 alone writes the line and the state.

    Args:
        model: compiled, and built (begin it with an `Input`) if it is to be resumed.
        train: a `keras.utils.PyDataset` or `tf.data.Dataset`, which keep their own order, or a tuple of arrays (images, masks) or
            (images, masks, weights).
        validation: the same, or None.
        epochs: how many there shall be in the end, those before an interruption included.
        batch: images a step, for arrays.
        monitor: what decides which epoch is best; "val_loss", or "loss" without validation.
        mode: "min" or "max", whether the best value is the least or the largest. None where that is known: losses, and the metrics of
            Keras and of this course under the names that those give them.
        patience: stop early when so many epochs have not been better than the best one.
        name: keeps the state in `runs/<name>.npz`, so that the same call goes on after an interruption. Deleted when complete. Where the
            disk takes no file the training goes on without, after a warning.

    Raises:
        ValueError: arguments that make no sense, an unknown `monitor`, a `mode` that must be told, a model not compiled or not built, or
            a name that no file can have, or a state on disk that is damaged or of another model, loss or optimizer.
        FloatingPointError: the loss is not a number.
    """
    for what, number in {"epochs": epochs, "batch": batch, "patience": 1 if patience is None else patience}.items():
        if not isinstance(number, Integral) or number < 1:
            raise ValueError(f"{what}={number!r}, but training takes a whole number of at least 1.")
    if not getattr(model, "compiled", False):
        raise ValueError("The model is not compiled: call model.compile(optimizer, loss) first.")
    for what, data in {"train": train, "validation": validation}.items():
        _check(what, data)
    if name is not None and not model.built:
        raise ValueError("A model that can be resumed must know its input from the start: begin it with keras.Input(shape).")
    monitor = monitor or ("loss" if validation is None else "val_loss")
    keeper = _Keeper(monitor, _direction(monitor, mode), epochs, State(RUNS, name) if name is not None else None, train, patience)
    keeper.set_model(model)
    first = keeper.restore()
    arrays = isinstance(train, tuple)
    with distribution.together(model, train, validation, batch) as (train, validation, batch):
        if model.built and model.compiled:  # once the step is being traced, TensorFlow would make these variables slowly, and trace twice
            model.optimizer.build(model.trainable_variables)
        if first < epochs:
            model.fit(
                **(dict(zip(("x", "y", "sample_weight"), train, strict=False)) if arrays else {"x": train}),
                batch_size=batch if arrays else None,
                shuffle=arrays,  # a PyDataset orders its images itself, and can repeat that when resumed
                validation_data=validation,
                validation_batch_size=batch,
                epochs=epochs,
                initial_epoch=first,
                callbacks=[keeper],
                verbose=0,
            )
        return keeper.finish()


def measure(model: keras.Model, pairs, size, threshold: float = 0.5) -> np.ndarray:
    """Confusion matrix of a network over all pairs, each at its mask's own size: scores are enlarged before the largest one is taken.

    Args:
        model: from images (1, height, width, channels) to logits or probabilities of the classes of `pairs.table`; for two classes also
            one channel.
        pairs: a `data.Pairs` with masks. size: (height, width) at which the network sees them.
        threshold: for one channel, class 1 is where it is above: 0.5 for probabilities, 0 for logits.

    Returns:
        Pixel counts by true (rows) and predicted class (columns), int64 (num_classes, num_classes).

    Raises:
        ValueError: no pairs or no masks, an answer of another shape, number of classes or size than asked for, or that is not finite.
    """
    if not hasattr(model, "predict_on_batch") or not hasattr(pairs, "table"):
        raise ValueError(f"measure takes a model, then pairs of images and masks, not {type(model).__name__} and {type(pairs).__name__}.")
    if not len(pairs) or not pairs.masks:
        raise ValueError("There is nothing to measure: the pairs are none, or have no masks.")
    classes = pairs.table.num_classes
    matrix = np.zeros((classes, classes), np.int64)
    for index in range(len(pairs)):
        image, _ = pairs[index].arrays(size)
        _, mask = pairs.read(index)
        scores = class_scores(model.predict_on_batch(image), threshold)
        if scores.shape[-1] != classes:
            raise ValueError(f"The model tells {scores.shape[-1]} classes apart, but {pairs.table.name} has {classes}.")
        scores = keras.ops.image.resize(scores, mask.shape, interpolation="bilinear")
        matrix += metrics.confusion_matrix(mask, keras.ops.convert_to_numpy(keras.ops.argmax(scores, axis=-1))[0], classes)
    return matrix


# metrics by the names that Keras and this course give them
GROW = {"accuracy", "acc", "auc", "precision", "recall", "mean_iou", "io_u", "mean_io_u", "binary_io_u", "f1_score", "cosine_similarity"}
FALL = {"loss", "mse", "mae", "mape", "msle", "kl_divergence", "poisson", "hinge", "squared_hinge", "categorical_hinge", "logcosh"}


def _direction(monitor, mode):
    """1 if the monitored value shall fall, -1 if it shall grow."""
    if mode not in (None, "min", "max"):
        raise ValueError(f'mode is "min" or "max", not {mode!r}.')
    name = re.sub(r"_\d+$", "", monitor.removeprefix("val_"))  # a second metric of a kind is called auc_1
    falls = name in FALL or name.endswith(("_loss", "_error", "_crossentropy"))
    if not (mode or falls or name in GROW or name.endswith("_accuracy")):
        raise ValueError(f'Is the best monitor={monitor!r} the least or the largest? Say mode="min" or mode="max".')
    return 1 if (mode or ("min" if falls else "max")) == "min" else -1


def _check(what, data):
    """ValueError for data that `fit` cannot train on, or not as meant."""
    if isinstance(data, tuple):
        shapes = [np.shape(part) for part in keras.tree.flatten(data)]  # networks with several inputs or outputs have lists or dictionaries
        if len(data) not in (2, 3) or len({shape[:1] for shape in shapes}) != 1 or shapes[0][:1] in ((), (0,)):
            told = ", ".join(map(str, shapes))
            raise ValueError(f"{what} must be (images, masks) or (images, masks, weights), equally many and not none, not {told or '()'}.")
    elif isinstance(data, (list, dict, np.ndarray)) or hasattr(data, "__next__") or (data is None and what == "train"):
        raise ValueError(
            f"{what} is a {type(data).__name__}: give a tuple of arrays (images, masks), a keras.utils.PyDataset or a tf.data.Dataset, "
            "which can be gone through once an epoch."
        )


class _Keeper(keras.callbacks.Callback):
    """Keeps the history, the best weights and the state on disk, and writes the line."""

    def __init__(self, monitor, sign, epochs, state, train, patience=None):
        super().__init__()
        self.monitor, self.epochs, self.state, self.train = monitor, epochs, state, train
        self.patience = patience or epochs
        self.sign = sign  # the smaller sign · value, the better
        self.history, self.best, self.best_epoch, self.best_weights = {}, np.inf, 0, None
        self.earlier, self.done_before = 0.0, 0  # seconds and epochs of the runs before the interruption
        self.pace_from = None
        self.first_process = distribution.place()[0] == 0  # it writes for all, who may share a disk
        self.line = _Line(self.first_process)

    def restore(self) -> int:
        """Number of epochs that a state on disk already holds; 0 without one."""
        self.start = self.saved = time.perf_counter()
        if not (self.state and (found := self.state.read(self.model))):
            return 0
        notes, self.best_weights = found
        self.history, self.best, self.best_epoch = notes["history"], notes["best"], notes["best_epoch"]
        self.earlier, self.done_before = notes["seconds"], len(next(iter(self.history.values())))
        if hasattr(self.train, "epoch"):  # the order of the images depends on the epoch
            self.train.epoch = self.done_before
        return self.done_before

    def on_epoch_end(self, epoch, logs=None):
        for key, value in logs.items():
            if np.ndim(value) == 0:  # a metric may also give a matrix or a value for each class
                self.history.setdefault(key, []).append(float(value))
        if self.monitor not in self.history:
            raise ValueError(f"monitor={self.monitor!r} is not among the numbers of this training: {', '.join(self.history)}.")
        if not np.isfinite(self.history["loss"][-1]):
            raise FloatingPointError(
                f"The loss is not a number after epoch {epoch + 1}. A smaller learning rate usually helps; check the inputs too: "
                "called by hand on one batch, the loss says what it does not like."
            )
        value = self.sign * self.history[self.monitor][-1]
        if value < self.best or not np.isfinite(self.best):
            self.best, self.best_epoch, self.best_weights = value, epoch + 1, self.model.get_weights()
        if epoch + 1 - self.best_epoch >= self.patience:
            self.model.stop_training = True
        if self.state and self.first_process and time.perf_counter() - self.saved > SAVE_EVERY:
            self._save()
        self.line.write(self._progress(epoch + 1))

    def on_train_batch_end(self, batch, logs=None):
        if self.line.due():
            self.line.write(self._progress(len(self.history.get("loss", ())) + (batch + 1) / (self.params["steps"] or np.inf)))

    def finish(self) -> Result:
        self.model.set_weights(self.best_weights)
        if self.state and self.first_process:
            self.state.drop()
        seconds, memory = self._seconds(), peak_mb()
        value = self.history[self.monitor][self.best_epoch - 1]
        again = f" (went on after epoch {self.done_before})" if self.done_before else ""
        self.line.write(
            f"{len(self.history['loss'])} epochs in {seconds:.0f} s{again} · best {self.monitor} {value:.4g} in epoch {self.best_epoch} · "
            f"peak memory {memory:.0f} MB",
            last=True,
        )
        return Result(self.history, seconds, memory, self.best_epoch)

    def _progress(self, done):
        """The line after `done` epochs, a fraction in mid-epoch."""
        now = time.perf_counter()
        self.pace_from = self.pace_from or (now, done)  # the first step, in which the backend compiles, tells nothing of the others
        since, before = self.pace_from
        left = f"about {(now - since) / (done - before) * (self.epochs - done):.0f} s left" if done > before else "estimating the time left"
        last = "".join(f"{key} {values[-1]:.4g} · " for key, values in self.history.items())
        return f"epoch {int(done)} of {self.epochs} · {last}{self._seconds():.0f} s, {left}"

    def _seconds(self):
        return self.earlier + time.perf_counter() - self.start

    def _save(self):
        notes = {"history": self.history, "best": self.best, "best_epoch": self.best_epoch, "seconds": self._seconds()}
        self.state.write(self.model, notes, self.best_weights)
        self.saved = time.perf_counter()


class _Line:
    """One line that is written over: an updated display in a notebook, a carriage return in a terminal, only the last one elsewhere."""

    def __init__(self, wanted=True):
        self.handle, self.time, self.wanted = None, 0.0, wanted
        self.notebook = False
        with contextlib.suppress(ImportError):
            from IPython import get_ipython

            self.notebook = getattr(get_ipython(), "kernel", None) is not None

    def due(self):
        return time.perf_counter() - self.time > 0.5

    def write(self, text, last=False):
        if not (self.wanted and (last or self.due())):
            return
        self.time = time.perf_counter()
        if self.notebook:
            from IPython.display import display

            if self.handle:
                self.handle.update({"text/plain": text}, raw=True)
            else:
                self.handle = display({"text/plain": text}, raw=True, display_id=True)
        elif sys.stdout.isatty():
            print("\r" + text.ljust(140), end="\n" if last else "", flush=True)
        elif last:
            print(text)


def peak_mb() -> float:
    """Largest resident memory of this process so far, in MB."""
    with contextlib.suppress(OSError):  # Linux; what `resource` says there counts what the parent held when it started this process
        if found := re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text()):
            return int(found[1]) * 1024 / 1e6
    try:
        import resource
    except ImportError:  # Windows
        return psutil.Process().memory_info().peak_wset / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6  # bytes there, kibibytes here
