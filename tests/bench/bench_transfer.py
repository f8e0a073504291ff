"""Training a decoder over a frozen encoder, 40 images of 128×160 in batches of 4, for 20 epochs: the features computed once, that time
included, against the whole network in every step. Random weights cost what others cost. Both take turns, epoch by epoch. How much is won
is the encoder's share of a step: little for MobileNetV2 under a U-Net, much for the encoder of the PSPNet paper.
The last rows are whole trainings with 40 images against the 90 s that are asked for, building of the graph included: the decoder alone, on
features of the images and their mirror images, in 400 steps, and all of the network in 200. Lesson 11 takes 80.
"""

import time

import keras
import numpy as np
from harness import Row, interleave, times_faster

from course_utils import losses
from course_utils.models import backbones, build

IMAGES, BATCH, EPOCHS, ROUNDS, STEPS, CLASSES, WIDTH, SIZE = 40, 4, 20, 7, 200, 19, 8, (128, 160)


def network(decoder="unet", encoder="mobilenetv2"):
    """The network, its encoder and its decoder."""
    model = build(decoder, CLASSES, WIDTH, (*SIZE, 3), encoder=encoder, freeze=True)
    return model, model.get_layer("encoder"), model.get_layer("decoder")


def learn(model, inputs, masks, steps=IMAGES // BATCH):
    """An epoch, or as many steps as asked for."""
    for step in range(steps):
        part = np.arange(step * BATCH, (step + 1) * BATCH) % len(masks)
        model.train_on_batch([f[part] for f in inputs] if isinstance(inputs, list) else inputs[part], masks[part])


def run():
    rng = np.random.default_rng(1)
    images, masks = rng.random((IMAGES, *SIZE, 3), np.float32), rng.integers(0, CLASSES, (IMAGES, *SIZE))
    loss = losses.Balanced(np.full(CLASSES, 1 / CLASSES), from_logits=True)
    rows = []
    for name, encoder, bound in (("unet", "mobilenetv2", None), ("pspnet", "resnet101", 3)):
        (whole, *_), (_, front, decoder) = network(name, encoder), network(name, encoder)
        whole.compile("adam", loss)
        decoder.compile("adam", loss)
        front.predict(images[:BATCH], batch_size=BATCH, verbose=0)
        start = time.perf_counter()
        features = front.predict(images, batch_size=BATCH, verbose=0)
        once = (time.perf_counter() - start) / EPOCHS
        for model, inputs in ((whole, images), (decoder, features)):
            learn(model, inputs, masks, 1)  # builds the graph
        seconds = interleave(ROUNDS, whole=lambda m=whole: learn(m, images, masks), reuse=lambda m=decoder, f=features: learn(m, f, masks))
        reuse = [taken + once for taken in seconds["reuse"]]
        said = [f"{EPOCHS * np.median(taken):.0f} s" for taken in (reuse, seconds["whole"])]
        rows.append(Row(f"{name} over {encoder}, features once", *said, times_faster(seconds["whole"], reuse), bound))
    for what in ("decoder alone", "all of it"):
        start = time.perf_counter()
        model, encoder, decoder = network()
        if what == "decoder alone":
            model, steps, labels = decoder, 2 * STEPS, np.concatenate([masks, masks[:, :, ::-1]])
            inputs = encoder.predict(np.concatenate([images, images[:, :, ::-1]]), batch_size=BATCH, verbose=0)
        else:
            backbones.unfreeze(model, 1)
            steps, inputs, labels = STEPS, images, masks
        model.compile(keras.optimizers.AdamW(1e-3), loss)
        learn(model, inputs, labels, steps)
        taken = time.perf_counter() - start
        rows.append(Row(f"unet over mobilenetv2, {what}, {steps} steps", f"{taken:.0f} s", "90 s", 90 / taken, 1))
    return rows
