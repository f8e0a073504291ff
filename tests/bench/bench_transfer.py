"""Training a decoder over a frozen encoder, 40 images of 128×160 in batches of 4, for 20 epochs: the features computed once, that time
included, against the whole network in every step. Random weights cost what others cost. Both take turns, epoch by epoch. How much is won
is the encoder's share of a step: little for MobileNetV2 under a U-Net, much for the encoder of the PSPNet paper.
The last rows are whole trainings with 40 images against the 90 s that are asked for, building of the graph included: the decoder alone, on
features of the images and their mirror images, in 400 steps, and all of the network in 200.
With CamVid's real frames at hand: lesson 11's network, its encoder with ImageNet's weights and frozen, from images to the mean IoU of the
validation frames. At least 0.64 within 360 s is asked for.
"""

import time

import keras
import numpy as np
from harness import Row, interleave, times_faster

from course_utils import data, losses, metrics, training
from course_utils.models import backbones, build, narrow
from data_scripts import ensure, ensure_weights

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


def camvid(size=(192, 256), epochs=8, batch=8):
    """Seconds from images to a trained decoder, and its mean IoU; None without the real frames."""
    train, val = (data.camvid(ensure("camvid"), split) for split in ("train", "val"))
    if len(train) < 367:
        return None
    keras.utils.set_random_seed(1)
    start = time.perf_counter()
    encoder = narrow.narrow_encoder(ensure_weights("efficientnetlite0"))
    encoder.trainable = False
    decoder = narrow.narrow_decoder(encoder, train.table.num_classes)
    quarter = tuple(side // 4 for side in size)
    images, masks = train.arrays(size)[0], train.arrays(quarter)[1]
    images, masks = (np.concatenate([array, array[:, :, ::-1]]) for array in (images, masks))
    features, steps = encoder.predict(images, batch_size=batch, verbose=0), epochs * len(masks) // batch
    rate = keras.optimizers.schedules.CosineDecay(1.5e-4, steps - steps // 10, warmup_target=3e-3, warmup_steps=steps // 10)
    decoder.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), losses.Balanced(train.shares(quarter), from_logits=True))
    training.fit(decoder, (features, masks), epochs=epochs, batch=batch)
    taken = time.perf_counter() - start
    return taken, metrics.mean_iou(training.measure(narrow.joined(encoder, decoder), val, size))


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
    if found := camvid():
        taken, iou = found
        rows.append(Row("CamVid, 367 frames, ImageNet's encoder frozen: seconds", f"{taken:.0f} s", "360 s", 360 / taken, 1))
        rows.append(Row("the same: mean IoU on the validation frames", f"{iou:.3f}", "0.64", iou / 0.64, 1))
    return rows
