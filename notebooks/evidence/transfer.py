"""Lesson 11: what a pre-trained encoder is worth with 10, 40 and 160 labelled frames, three seeds.

"imagenet …": real CamVid, the lesson's own network (`models.narrow`: EfficientNet-Lite0 below a decoder that stops at a quarter of the
side). "scratch" begins with random weights everywhere. "frozen" and "tuned" begin with ImageNet's encoder, the encoder ALONE: the decoder
is random. In "frozen" the decoder learns, in "tuned" all of it, the averages of batch normalisation included.

"camvid …" and "city …": a U-Net over MobileNetV2 whose head start is a simulator, on CamVid and on generated cities. "frozen" and "tuned"
begin with the WHOLE network that was trained there; of its last layer they keep the classes that both label sets have. In "encoder" the
frozen encoder alone comes from the simulator.

All else is equal: labelled frames and their mirror images, the size of a batch, steps, schedule, loss. The weights of the least loss while
training count; labelled frames and random weights come from the seed. Measured on all validation frames at full size.

"long …": all of CamVid's 367 frames at a larger size, the encoder frozen.
"""

import hashlib
from functools import partial
from pathlib import Path

import keras
import numpy as np

from course_utils import augment, data, losses, training
from course_utils.classes import CARLA
from course_utils.models import build, narrow
from data_scripts import ensure, ensure_weights

STARTS, FROZEN = ("scratch", "frozen", "tuned"), ("frozen", "encoder")
TARGETS = {"city": ("cityscapes", data.cityscapes), "camvid": ("camvid", data.camvid)}
LABELLED, SEEDS = (10, 40, 160), (1, 2, 3)
SIZE, WIDTH, BATCH, RATE = (96, 128), 8, 4, 3e-3
QUARTER = (24, 32)  # where the narrow network answers
STEPS = 80  # once 160 frames and their mirror images
LONGER = [("city", 10, 160), ("city", 10, 320), ("city", 40, 160), ("camvid", 40, 160)]  # target, labelled frames, steps
SOURCE = Path(__file__).parents[2] / "data/encoders/streets.keras"
SOURCE_FRAMES, SOURCE_EPOCHS = 160, 16
SAME = {"sky": "background", "sidewalk": "pavement", "person": "pedestrian", "tree": "vegetation", "sign": "traffic sign"}
LONG_SIZE, LONG_EPOCHS = (288, 384), 16


def steps():
    new = [(start, labelled, seed, STEPS) for seed in SEEDS for labelled in LABELLED for start in STARTS]
    new.sort(key=lambda run: (run[0] == "tuned", run[1]))  # what the lesson leans on comes first
    new += [(start, 40, seed, 320) for seed in SEEDS for start in ("frozen", "scratch")]
    cases = [(target, labelled, STEPS, STARTS) for target in TARGETS for labelled in LABELLED] + [(*longer, STARTS) for longer in LONGER]
    cases += [("city", labelled, STEPS, ["encoder"]) for labelled in (10, 40)]
    old = [(target, start, labelled, seed, steps) for target, labelled, steps, starts in cases for seed in SEEDS for start in starts]
    return (
        {f"imagenet {' '.join(map(str, run))}": partial(from_imagenet, *run) for run in new}
        | {" ".join(map(str, run)): partial(from_simulator, *run) for run in old}
        | {f"long {seed}": partial(long, seed) for seed in SEEDS}
    )


def chosen(pairs, labelled, seed):
    return pairs[np.random.default_rng(seed).permutation(len(pairs))[:labelled]]


def mirrored(array):
    return np.concatenate([array, array[:, :, ::-1]])


def compiled(model, shares, steps, peak=RATE):
    rate = keras.optimizers.schedules.CosineDecay(peak / 20, steps - steps // 10, warmup_target=peak, warmup_steps=steps // 10)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), losses.Balanced(shares, from_logits=True))


def result(history, model, val, size, **more):
    loss = [round(value, 4) for value in history]
    return more | {"loss": loss, "matrix": training.measure(model, val, size).tolist()}


def from_imagenet(start, labelled, seed, steps):
    keras.utils.set_random_seed(seed)
    train, val = (data.camvid(ensure("camvid"), split) for split in ("train", "val"))
    pairs = chosen(train, labelled, seed)
    encoder = narrow.narrow_encoder(None if start == "scratch" else ensure_weights("efficientnetlite0"))
    decoder = narrow.narrow_decoder(encoder, pairs.table.num_classes)
    model = learner = narrow.joined(encoder, decoder)
    given, masks = mirrored(pairs.arrays(SIZE)[0]), mirrored(pairs.arrays(QUARTER)[1])
    if start == "frozen":  # its features cannot change: once is enough
        encoder.trainable = False
        learner, given = decoder, encoder.predict(given, batch_size=BATCH, verbose=0)
    compiled(learner, pairs.shares(QUARTER), steps)
    history = training.fit(learner, (given, masks), epochs=steps * BATCH // len(masks), batch=BATCH).history["loss"]
    return result(history, model, val, SIZE, parameters=model.count_params())


def from_simulator(target, start, labelled, seed, steps):
    keras.utils.set_random_seed(seed)
    name, read = TARGETS[target]
    train, val = (read(ensure(name), split) for split in ("train", "val"))
    pairs = chosen(train, labelled, seed)
    model = build("unet", pairs.table.num_classes, WIDTH, (*SIZE, 3), encoder="mobilenetv2", freeze=start in FROZEN)
    if start != "scratch":
        inherit(model, pairs.table.names, whole=start != "encoder")
    learner, (given, masks) = model, map(mirrored, pairs.arrays(SIZE))
    if start in FROZEN:
        learner, given = model.get_layer("decoder"), model.get_layer("encoder").predict(given, batch_size=BATCH, verbose=0)
    compiled(learner, pairs.shares(SIZE), steps)
    history = training.fit(learner, (given, masks), epochs=steps * BATCH // len(masks), batch=BATCH).history["loss"]
    origin = None if start == "scratch" else hashlib.sha256(SOURCE.with_suffix(".weights.h5").read_bytes()).hexdigest()
    return result(history, model, val, SIZE, source=origin)


def inherit(model, names, whole):
    """Take over what the source knows: its encoder, and as a whole the decoder but for classes that the simulator does not have."""
    source = simulator()
    model.get_layer("encoder").set_weights(source.get_layer("encoder").get_weights())
    if not whole:
        return
    (*inner, last), (*taught, last_taught) = (each.get_layer("decoder").layers for each in (model, source))
    for new, old in zip(inner, taught, strict=True):
        new.set_weights(old.get_weights())
    mine, theirs = last.get_weights(), last_taught.get_weights()
    for index, word in enumerate(names):
        if (word := SAME.get(word, word)) in CARLA.names:
            for new, old in zip(mine, theirs, strict=True):
                new[..., index] = old[..., CARLA.names.index(word)]
    last.set_weights(mine)


def simulator():
    """The network that the simulator taught, trained once: thirteen classes of streets in random looks (Tobin et al., 2017)."""
    if SOURCE.exists():
        return keras.saving.load_model(SOURCE)
    keras.utils.set_random_seed(1)
    frames = data.carla(ensure("carla"), "train")[:SOURCE_FRAMES]
    model = build("unet", 13, WIDTH, (*SIZE, 3), encoder="mobilenetv2")
    compiled(model, frames.shares(SIZE), SOURCE_EPOCHS * len(frames) // BATCH)
    anywhere = augment.Sequence(augment.Affine(rotation=5, shift=0.07, zoom=0.2, flip=True), recolour)
    training.fit(model, frames.batches(SIZE, BATCH, anywhere, shuffle=True, seed=1), epochs=SOURCE_EPOCHS)
    SOURCE.parent.mkdir(parents=True, exist_ok=True)
    model.get_layer("encoder").get_layer("backbone").save_weights(SOURCE.with_suffix(".weights.h5"))
    model.save(SOURCE)
    return model


def recolour(image, mask, rng):
    """Gamma and gain of its own for each channel; at times channels change places, or all is grey; noise."""
    gamma, gain = np.exp(rng.uniform(-0.4, 0.4, (2, 3)))
    image = gain * (image / 255) ** gamma + rng.uniform(-0.1, 0.1)
    chance = rng.random()
    if chance < 0.3:
        image = image[..., rng.permutation(3)]
    elif chance < 0.45:
        image = image.mean(axis=-1, keepdims=True).repeat(3, axis=-1)
    image += rng.normal(0, rng.uniform(0, 0.06), image.shape)
    return np.uint8(255 * np.clip(image, 0, 1)), mask


def long(seed):
    """The decoder alone, on kept features of all frames and their mirror images."""
    keras.utils.set_random_seed(seed)
    train, val = (data.camvid(ensure("camvid"), split) for split in ("train", "val"))
    quarter = tuple(side // 4 for side in LONG_SIZE)
    encoder = narrow.narrow_encoder(ensure_weights("efficientnetlite0"))
    encoder.trainable = False
    decoder = narrow.narrow_decoder(encoder, train.table.num_classes)
    images, masks = mirrored(train.arrays(LONG_SIZE)[0]), mirrored(train.arrays(quarter)[1])
    features = encoder.predict(images, batch_size=8, verbose=0)
    del images
    compiled(decoder, train.shares(quarter), LONG_EPOCHS * len(masks) // 8)
    history = training.fit(decoder, (features, masks), epochs=LONG_EPOCHS, batch=8, name=f"transfer-long-{seed}").history["loss"]
    return result(history, narrow.joined(encoder, decoder), val, LONG_SIZE, size=LONG_SIZE, epochs=LONG_EPOCHS)
