"""Training the decoder of a U-Net over a frozen encoder, 40 images of 128×160 in batches of 4, for 20 epochs: its features computed
once, that time included, against the whole model in every step. Random weights cost what others cost. Both take turns, epoch by epoch.
The last row: fine-tuning all of MobileNetV2 in 120 steps, as lesson 11 does, building of the graph included, against 90 s.
"""

import time

import keras
import numpy as np
from harness import Row, interleave, times_faster

from course_utils import losses
from course_utils.models import backbones, build

IMAGES, BATCH, EPOCHS, ROUNDS, CLASSES, SIZE = 40, 4, 20, 7, 19, (128, 160)


def network(encoder):
    return build("unet", CLASSES, 4, (*SIZE, 3), encoder=encoder, freeze=True)


def learn(model, inputs, masks):
    """An epoch."""
    for start in range(0, IMAGES, BATCH):
        part = slice(start, start + BATCH)
        model.train_on_batch([f[part] for f in inputs] if isinstance(inputs, list) else inputs[part], masks[part])


def run():
    rng = np.random.default_rng(1)
    images, masks = rng.random((IMAGES, *SIZE, 3), np.float32), rng.integers(0, CLASSES, (IMAGES, *SIZE))
    loss = losses.Balanced(np.full(CLASSES, 1 / CLASSES), from_logits=True)
    rows = []
    for encoder in ("mobilenetv2", "resnet50", "vgg16"):
        whole, parted = network(encoder), network(encoder)
        whole.compile("adam", loss)
        front, decoder = parted.get_layer("encoder"), parted.get_layer("decoder")
        decoder.compile("adam", loss)
        front.predict(images[:BATCH], batch_size=BATCH, verbose=0)
        start = time.perf_counter()
        features = front.predict(images, batch_size=BATCH, verbose=0)
        once = (time.perf_counter() - start) / EPOCHS
        for model, inputs in ((whole, images), (decoder, features)):
            learn(model, inputs, masks)  # builds the graph
        seconds = interleave(ROUNDS, whole=lambda m=whole: learn(m, images, masks), reuse=lambda m=decoder, f=features: learn(m, f, masks))
        reuse = [taken + once for taken in seconds["reuse"]]
        said = [f"{EPOCHS * np.median(taken):.0f} s" for taken in (reuse, seconds["whole"])]
        rows.append(Row(f"features of {encoder} once", *said, times_faster(seconds["whole"], reuse), 3))
    start = time.perf_counter()
    model = network("mobilenetv2")
    backbones.unfreeze(model, 1)
    model.compile(keras.optimizers.AdamW(1e-3), loss)
    for _ in range(120 * BATCH // IMAGES):
        learn(model, images, masks)
    taken = time.perf_counter() - start
    return [*rows, Row("fine-tuning MobileNetV2, 120 steps", f"{taken:.0f} s", "90 s", 90 / taken, 1)]
