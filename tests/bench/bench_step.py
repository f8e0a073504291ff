"""One training step of `course_utils.models.unet` against the same network written out plainly, as in the course notes of eliret: the
same layers, parameters, optimizer and data (batches of 10 images of 64×64), compiled as Keras does by default. Both take turns; 15
steps a round.
"""

import keras
import numpy as np
from harness import Row, interleave, times_faster
from keras import layers

from course_utils.models import unet

STEPS, ROUNDS, WIDTHS = 15, 15, (20, 40, 80, 160)


def plain():
    def convolutions(x, filters):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)

    x = inputs = keras.Input((64, 64, 1))
    kept = []
    for filters in WIDTHS[:-1]:
        x = convolutions(x, filters)
        kept.append(x)
        x = layers.MaxPooling2D()(x)
    x = convolutions(x, WIDTHS[-1])
    for filters in reversed(WIDTHS[:-1]):
        x = layers.Conv2D(filters, 2, padding="same", activation="relu")(layers.UpSampling2D()(x))
        x = convolutions(layers.concatenate([kept.pop(), x]), filters)
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))


def run():
    rng = np.random.default_rng(1)
    images, masks = rng.random((10, 64, 64, 1), np.float32), rng.integers(0, 2, (10, 64, 64, 1))
    models = {"ours": unet((64, 64, 1), widths=WIDTHS), "plain": plain()}
    assert models["ours"].count_params() == models["plain"].count_params()

    def steps(model):
        def several():
            for _ in range(STEPS):
                model.train_on_batch(images, masks)

        model.compile(optimizer="adam", loss="mse")
        several()  # traces the graph
        return several

    seconds = interleave(ROUNDS, **{name: steps(model) for name, model in models.items()})
    said = {name: f"{1000 * np.median(taken) / STEPS:.0f} ms" for name, taken in seconds.items()}
    return [Row("training step of a U-Net", said["ours"], said["plain"], times_faster(seconds["plain"], seconds["ours"]), 1)]
