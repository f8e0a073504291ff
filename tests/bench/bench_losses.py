"""Milliseconds of a loss and its gradient on logits of 8 masks of 128×160 pixels and 11 classes, inside a compiled step: ours against
Keras' sparse cross-entropy that ignores class 255, both with TensorFlow's own number of threads. `Balanced` may take 1.5 times as long.
"""

import keras
import numpy as np
import tensorflow as tf
from harness import Row, interleave, times_faster

from course_utils.losses import Balanced, CrossEntropy, Dice

ROUNDS, STEPS, CLASSES = 15, 4, 11


def run():
    rng = np.random.default_rng(1)
    masks = rng.integers(0, CLASSES, (8, 128, 160)).astype(np.uint8)
    masks[rng.random(masks.shape) < 0.04] = 255
    masks, logits = tf.constant(masks), tf.constant(rng.normal(size=(*masks.shape, CLASSES)).astype(np.float32))

    def steps(loss):
        @tf.function(autograph=False)
        def step(masks, logits):
            with tf.GradientTape() as tape:
                tape.watch(logits)
                value = loss(masks, logits)
            return tape.gradient(value, logits)

        def several():
            for _ in range(STEPS):
                step(masks, logits).numpy()

        several()  # traces the graph
        return several

    shares = np.full(CLASSES, 1 / CLASSES)
    ours = {"Balanced": Balanced(shares, from_logits=True), "CrossEntropy": CrossEntropy(from_logits=True), "Dice": Dice(from_logits=True)}
    theirs = steps(keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255))
    rows = []
    for name, loss in ours.items():
        seconds = interleave(ROUNDS, keras=theirs, ours=steps(loss))
        said = {side: f"{1e3 * np.median(taken) / STEPS:.1f} ms" for side, taken in seconds.items()}
        bound = 1 / 1.5 if name == "Balanced" else None
        rows.append(Row(f"{name} and its gradient", said["ours"], said["keras"], times_faster(seconds["keras"], seconds["ours"]), bound))
    return rows
