"""Lessons 02 and 03: the two recipes of the course notes at full size, 1000 epochs each, on the generated eliret."""

import keras
import numpy as np

from course_utils import data, models
from data_scripts import ensure

EPOCHS = 1000
MEASURED = sorted({1, 2, 5, *range(10, EPOCHS + 1, 10)})  # epochs at which all three splits are measured
SEED = 1


def steps():
    return {
        "fcn": lambda: notes_recipe(models.fcn((32, 32, 1)), batch=20),
        "unet": lambda: notes_recipe(models.unet((32, 32, 1)), batch=10),
    }


def notes_recipe(model, batch):
    """MSE, Adam with its default rate, no augmentation, the weights of the last epoch."""
    keras.utils.set_random_seed(SEED)
    model = keras.models.clone_model(model)  # initialised after the seed was set
    folder = ensure("eliret")
    splits = {split: data.eliret(folder, split).arrays() for split in ("train", "val", "test")}
    model.compile(optimizer="adam", loss="mse")
    curves = {"epoch": MEASURED, **{split: [] for split in splits}}

    class Measure(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch + 1 in MEASURED:
                for split, (images, masks) in splits.items():
                    error = np.square(model.predict(images, batch_size=50, verbose=0)[..., 0] - masks).mean()
                    curves[split].append(float(f"{error:.3g}"))

    model.fit(*splits["train"], batch_size=batch, epochs=EPOCHS, verbose=0, callbacks=[Measure()])
    return {"parameters": model.count_params(), "seed": SEED, "batch": batch, "mse": curves}
