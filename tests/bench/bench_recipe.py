"""Seconds of training until the MSE on eliret's test images is 0.016 (FCN) and 0.0075 (U-Net): lesson 03's quick recipe (batch
normalisation, cross-entropy, SGD with momentum, a rate that warms up and falls along a cosine, flips, batches of 10) against the
course notes' (MSE, Adam, batches of 20 and 10). Same process, same threads, three seeds in turn; the test images are measured after
each epoch and that time is not counted.
"""

import statistics
import time

import keras
import numpy as np
from harness import Row

from course_utils import data
from course_utils.augment import Affine
from course_utils.models import fcn, unet
from data_scripts import ensure

EPOCHS_QUICK, EPOCHS_NOTES, ROUNDS = {"FCN": 40, "U-Net": 12}, 1000, 3


class Until(keras.callbacks.Callback):
    """Stops when the MSE on `images` is at most `target`; `seconds` of training until then, or None."""

    def __init__(self, images, masks, target):
        super().__init__()
        self.images, self.masks, self.target, self.seconds, self.trained = images, masks, target, None, 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.trained += time.perf_counter() - self.start
        outputs = keras.ops.convert_to_numpy(self.model.predict_on_batch(self.images))[..., 0]
        if np.square(outputs - self.masks).mean() <= self.target:
            self.seconds, self.epochs, self.model.stop_training = self.trained, epoch + 1, True


def notes(build, batch, train, until):
    model = build()
    model.compile(optimizer="adam", loss="mse")
    model.fit(*train.arrays(), batch_size=batch, epochs=EPOCHS_NOTES, callbacks=[until], verbose=0)


def quick(build, epochs, train, until):
    batches = train.batches(batch=10, shuffle=True, augment=Affine(flip=True, flip_vertical=True))
    model = build()
    steps, warm = epochs * len(batches), 0.3
    rate = keras.optimizers.schedules.CosineDecay(0.02, int((1 - warm) * steps), warmup_target=0.2, warmup_steps=int(warm * steps))
    model.compile(optimizer=keras.optimizers.SGD(rate, momentum=0.9, nesterov=True), loss="binary_crossentropy")
    model.fit(batches, epochs=epochs, callbacks=[until], verbose=0, shuffle=False)


def run():
    folder = ensure("eliret")
    train, test = data.eliret(folder, "train"), data.eliret(folder, "test").arrays()
    rows = []
    for name, target, batch, plain, ours in [
        ("FCN", 0.016, 20, fcn, lambda: fcn(batch_norm=True, dropout=0, activation="sigmoid")),
        ("U-Net", 0.0075, 10, unet, lambda: unet(batch_norm=True)),
    ]:
        taken = {"quick": [], "notes": []}
        for seed in range(1, ROUNDS + 1):
            for way in taken:
                keras.utils.set_random_seed(seed)
                until = Until(*test, target)
                quick(ours, EPOCHS_QUICK[name], train, until) if way == "quick" else notes(plain, batch, train, until)
                if until.seconds is None and way == "quick":
                    raise RuntimeError(f"{name}: the quick recipe did not reach {target}.")
                reached = until.seconds is not None
                taken[way].append((until.trained, until.epochs if reached else EPOCHS_NOTES, reached))
        said = {
            way: ", ".join(f"{s:.0f} s ({epochs} epochs{'' if reached else ', not reached'})" for s, epochs, reached in runs)
            for way, runs in taken.items()
        }
        ratio = statistics.median(slow[0] / fast[0] for fast, slow in zip(taken["quick"], taken["notes"], strict=True))
        rows.append(Row(f"{name} to test MSE {target}", said["quick"], said["notes"], ratio, 5))
    return rows
