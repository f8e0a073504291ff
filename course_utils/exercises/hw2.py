"""Questions of homework 2: distortions one at a time, data in memory, layers that distort pairs, skips, and what 256×256 costs."""

import functools
import itertools

import numpy as np

from . import engine
from .engine import NotYet, call, expect, has_blank, numbers, one_number, question
from .late import keras, layers, models

# ---------------------------------------------------------------- Core


@question(
    "Each setting is a dictionary of its own. How many entries may it have?",
    'Begin with {"none": {}}; for each distortion a setting that holds it alone; "all" holds them all.',
    'settings = {"none": {}}; for name, most in four: settings[name] = {name: most}; settings["all"] = a copy of four',
    praise="One thing changes at a time, and both ends of the scale stand beside it.",
)
def q1(answer, rng):
    names = ["rotation", "shift", "shear", "zoom", "brightness", "noise"]
    four = {str(name): round(float(rng.uniform(0.05, 20)), 3) for name in rng.permutation(names)[:4]}
    result = call(answer, dict(four))
    expect(isinstance(result, dict), "a dictionary from names to settings is wanted.")
    expect(all(isinstance(value, dict) for value in result.values()), "each setting is a dictionary, such as Affine takes: {name: most}.")
    expect("none" in result, 'the setting "none" is missing: without it nobody knows what a distortion adds.')
    expect(not result["none"], '"none" distorts.')
    expect("all" in result, 'the setting "all" is missing.')
    single = {name: setting for name, setting in result.items() if name not in ("none", "all")}
    expect(set(single) == set(four), f"a setting for each of the {len(four)} distortions is wanted, named after it.")
    sizes = [len(setting) for setting in single.values()]
    expect(sizes != [len(four) - 1] * len(four), "you leave one out at a time; here one is left in at a time.")
    expect(sorted(sizes) != list(range(1, len(four) + 1)), "your settings add up: each has what those before it have.")
    expect(set(sizes) != {len(four)}, "every setting holds all distortions: is it one dictionary under many names?")
    expect(all(set(setting) == {name} for name, setting in single.items()), "a setting holds something else than its own distortion.")
    right = all(setting[name] == four[name] for name, setting in single.items())
    expect(right, "the settings have other strengths than those handed in.")
    expect(result["all"] == four, '"all" does not hold all distortions at their strengths.')


@question(
    "Draw anew for each copy. How many arrays come out, and of which kinds?",
    "A list of (image, mask) first: for each round, for each pair, one call of augment. Then stack images and masks apart.",
    "drawn = [augment(image, mask, rng) for each of copies rounds, for each pair]; stack(images) / 255 as float32; stack(masks)",
    praise="Each slice as often as any other, and no two copies alike.",
)
def q2(answer, rng):
    count, copies = int(rng.integers(3, 6)), int(rng.integers(3, 6))
    shape, calls, draw = (6, 9), [], itertools.count(1)
    given, kept = np.random.default_rng(0), []
    pairs = [(np.full((*shape, 1), 10 * n + 5, np.uint8), np.full(shape, n % 2, np.uint8)) for n in range(count)]

    def augment(image, mask, generator):
        calls.append(generator)
        image, mask = image.copy(), mask.copy()
        kept.append(next(draw))
        image[0, 0], image[0, 1], mask[0, 0] = kept[-1], 255, kept[-1]  # the number of the call, in both
        return image, mask

    both = call(answer, list(pairs), augment, copies, given)
    expect(isinstance(both, tuple | list) and len(both) == 2, "two arrays are wanted: images, masks.")
    expect(not any(isinstance(part, list | tuple) for part in both), "a list of arrays is no array yet: stack them.")
    images, masks = (np.asarray(part) for part in both)
    expect(all(part.dtype.kind in "uif" for part in (images, masks)), "two arrays of numbers are wanted: images, masks.")
    expect(calls, "nothing was distorted: `augment` was never called.")
    expect(len(images) == len(masks), f"{len(images)} images and {len(masks)} masks.")
    expect(len(images) != copies * count + count, "the slices themselves are in it as well; only copies are wanted.")
    expect(len(images) == copies * count, f"{count} pairs and {copies} copies of each do not make {len(images)}.")
    expect(images.shape[1:] == (*shape, 1), f"an image has shape {(*shape, 1)}; yours have {images.shape[1:]}.")
    expect(masks.shape[1:] == shape, f"a mask has shape {shape}; yours have {masks.shape[1:]}.")
    expect(images.max() <= 1, f"images run from 0 to 1; yours reach {images.max():.0f}.")
    expect(images.max() > 0.999, "the brightest pixel should be 1: was something divided twice, or by another number?")
    expect(images.dtype == np.float32, f"{images.dtype} takes other room than float32, which the network computes with.")
    expect(masks.dtype == np.uint8, f"masks stay uint8; yours are {masks.dtype}.")
    seen = np.rint(images[:, -1, -1, 0] * 255).astype(int)
    marks = np.rint(images[:, 0, 0, 0] * 255).astype(int)
    expect(np.ptp(marks) > 0, "every copy is the same draw.")
    expect(np.array_equal(marks, masks[:, 0, 0]), "image and mask come from two calls, or from two pairs: ONE call serves both.")
    expect(len(set(marks)) == len(marks), "some copies are equal: distort anew for each copy, do not repeat one.")
    share = np.bincount((seen - 5) // 10, minlength=count)
    expect((share == copies).all(), "some slices come more often than others: each is wanted `copies` times.")
    expect(all(generator is given for generator in calls), "`augment` wants image, mask and the `rng` that you were given.")
    expect(len(calls) == copies * count, f"`augment` was called {len(calls)} times for {copies * count} pairs.")


@question(
    "Count bytes: how many has a float32, how many a uint8?",
    "A slice has side · side pixels; each takes four bytes in the image and one in the mask. Then all slices, and all copies of each.",
    "images · copies · side² · (4 + 1) / 1,000,000",
    praise="Ten copies of 24 slices fit anywhere; at 512×512, with 100 copies, they do not.",
)
def q3(answer, rng):
    for _ in range(4):
        images, side, copies = int(rng.integers(11, 50)), int(rng.choice([96, 160, 320])), int(rng.integers(7, 30))
        result = one_number(call(answer, images, side, copies))
        pixels = images * side * side * copies
        wrong = {
            "the masks need room as well.": pixels * 4,
            "a mask is uint8: it needs one byte a pixel, not four.": pixels * 8,
            "an image is float32 here: four bytes a value.": pixels * 2,
            "that would be float64 for the images; the network computes with float32.": pixels * 9,
            "how many copies of each slice are there?": pixels / copies * 5,
            "a slice has two sides.": pixels / side * 5,
            "how many slices are there?": pixels / images * 5,
            "those are bits; a byte has eight.": pixels * 40,
        }
        for words, size in wrong.items():
            expect(not np.isclose(result, size / 1e6, rtol=1e-6), words)
        expect(not np.isclose(result, pixels * 5), "those are bytes; a megabyte has a million.")
        expect(not np.isclose(result, pixels * 5 / 2**20), "those are mebibytes, 2²⁰ bytes; a megabyte has 10⁶.")
        expect(
            np.isclose(result, pixels * 5 / 1e6, rtol=1e-8),
            f"for {images} slices of {side}×{side} in {copies} copies it is not {result:.4g}.",
        )


@question(
    "What does a network spend in training: epochs, or steps?",
    "Steps of an epoch: images divided by the batch, rounded up. How many of the long epochs have as many steps in all?",
    "steps = epochs · ceil(images / batch); divide by ceil(images · copies / batch); round; at least 1",
    praise="Whoever compares at equal epochs gives the larger set ten times the training.",
)
def q4(answer, rng):
    cases = [(5, 2, 4, 30), (17, 6, 4, 1)]  # so small that each step counts; less than an epoch
    for low in (0.6, 0.1, 0.6):  # what is left over: to be rounded up, and down
        kept = []
        while not kept:  # with some sizes 1 / copies gives the same numbers
            batch, copies = int(rng.integers(3, 9)), int(rng.integers(4, 12))
            images = batch * int(rng.integers(2, 5)) + int(rng.integers(1, batch))
            part = -(-images // batch) / -(-images * copies // batch)
            drawn = rng.permutation(np.arange(60, 400)).tolist()
            kept = [n for n in drawn if low < n * part % 1 < low + 0.3 and round(n * part) != round(n / copies)]
        cases.insert(0, (images, copies, batch, kept[0]))
    for images, copies, batch, epochs in cases:
        exact = epochs * -(-images // batch) / -(-images * copies // batch)
        result = one_number(call(answer, images, copies, batch, epochs))
        right = max(1, round(exact))
        if result == right:
            continue
        expect(result != 0, "no epoch at all? At least one is wanted.")
        expect(result != epochs, "equal epochs are not equal steps: an epoch of the larger set has more of them.")
        expect(result != epochs * copies, "the epochs of the larger set are longer, so fewer of them are wanted.")
        expect(float(result).is_integer(), "whole epochs are wanted: round.")
        near = (int(exact), int(exact) + 1, round(epochs / copies), round(epochs * (images // batch) / (images * copies // batch)))
        expect(result not in near, "close: a last batch that is not full is a step as well, and the nearest whole number is wanted.")
        raise NotYet(f"for {images} images, {copies} copies, batches of {batch} and {epochs} epochs it is not {result:g}.")


@question(
    "Class 0 is the membrane, and the output is the probability of class 1. Which pixels does the network call membrane?",
    "Cut at 0.5, drop the channel, and compare with the masks. IoU: both say membrane, over either says membrane.",
    "said = outputs[..., 0] > 0.5; accuracy = mean(said == masks); iou = sum(not said and mask 0) / sum(not said or mask 0)",
    praise="Two numbers: the one that flatters, and the one that tells.",
)
def q5(answer, rng):
    for count, side in [(8, 8), (3, 12)]:
        masks = (rng.random((count, side, side)) < 0.75).astype(np.uint8)
        outputs = np.clip(0.55 * masks + 0.5 * rng.random(masks.shape), 0, 1).astype(np.float32)[..., None]
        outputs[0] = rng.random(outputs[0].shape)  # one slice is worse than the others
        masks[-1] |= (rng.random(masks[-1].shape) < 0.7).astype(np.uint8)
        result = numbers(call(answer, masks, outputs)).ravel()
        expect(result.size == 2, "two numbers are wanted: accuracy, IoU of the membrane.")
        said = outputs[..., 0] > 0.5
        right = _scores(masks, said)
        if np.allclose(result, right, atol=1e-6):
            continue
        expect(not np.allclose(result, right[::-1], atol=1e-6), "right numbers, wrong order: accuracy comes first.")
        wide = outputs > 0.5
        if count == side:
            broadcast = np.mean(wide == masks)
            expect(not np.isclose(result[0], broadcast), "the outputs have a last axis of one channel, and broadcast: drop it.")
        inside = (said & (masks == 1)).sum() / (said | (masks == 1)).sum()
        iou = {
            "that is the IoU of class 1, the insides; the membrane is class 0.": inside,
            "that is the mean IoU of both classes; the membrane's is wanted.": (inside + right[1]) / 2,
            "your IoU is a mean over slices: count all pixels of all slices, then divide.": np.mean(
                [_scores(mask, one)[1] for mask, one in zip(masks, said, strict=True)]
            ),
            "that is the Dice, 2 · both / sum of sizes; IoU divides by what either has.": 2 * right[1] / (1 + right[1]),
            "that is the share of the membrane that was found (recall).": (~said & (masks == 0)).sum() / (masks == 0).sum(),
            "the network's membranes and insides have changed places.": _scores(masks, ~said)[1],
        }
        expect(not np.allclose(result, _scores(masks, ~said), atol=1e-6), "the network's membranes and insides have changed places.")
        expect(np.isclose(result[0], right[0], atol=1e-6), f"the accuracy is not {result[0]:.4g}: the share of pixels that agree.")
        for words, value in iou.items():
            expect(not np.isclose(result[1], value, atol=1e-6), words)
        raise NotYet(f"the accuracy is right, the IoU is not {result[1]:.4g}.")


def _scores(masks, said):
    """Accuracy, and IoU of class 0; `said`: True where the answer is class 1."""
    hit, either = (~said & (masks == 0)).sum(), (~said | (masks == 0)).sum()
    return np.array([np.mean(said == masks), hit / max(either, 1)])


# ---------------------------------------------------------------- Apply


@question(
    "A layer draws its numbers once a call. How do two things get the same draw?",
    "Make them one: the mask as a second channel of the image. One call, then part them, and give the mask its labels back.",
    "both = image and mask side by side as channels; moved = layer(both, training); image = channel 0; mask = channel 1 > 0.5",
    praise="Any layer, any version: what is one array cannot part.",
)
def q6(answer, rng):
    seeds = [int(seed) for seed in rng.integers(1, 1 << 30, 3)]
    candidates = [
        layers.RandomTranslation(0.3, 0.3, fill_mode="reflect", seed=seeds[0]),
        layers.RandomRotation(0.1, fill_mode="reflect", seed=seeds[1]),
        layers.RandomZoom(0.4, 0.4, fill_mode="reflect", seed=seeds[2]),
    ]
    masks = (keras.ops.convert_to_numpy(layers.UpSampling2D(8)(rng.random((4, 4, 5, 1), dtype=np.float32)))[..., 0] > 0.5).astype(np.uint8)
    dark = np.arange(len(masks))[:, None, None] % 2 == 1  # in every other image the cells are dark
    images = np.float32(0.1 + 0.8 * (masks ^ dark))[..., None]
    changed = 0.0
    for layer in candidates:
        both = call(answer, layer, images, masks)
        expect(isinstance(both, tuple | list) and len(both) == 2, "two things are wanted: images, masks.")
        moved, labels = (numbers(keras.ops.convert_to_numpy(part) if keras.ops.is_tensor(part) else part, "each of them") for part in both)
        expect(moved.shape == images.shape, f"images had shape {images.shape} and have {moved.shape}.")
        expect(labels.shape == masks.shape, f"masks had shape {masks.shape} and have {labels.shape}.")
        expect(moved.min() >= 0.05, "black comes into the images, where none was: are they still in [0, 1]?")
        expect(moved.max() <= 1, "images left [0, 1].")
        cells = (moved[..., 0] > 0.5) ^ dark
        away = np.mean(cells != masks)
        changed += away
        kinds = set(np.unique(np.round(labels, 3)))
        if kinds - {0, 1}:
            raise NotYet("the masks hold values between the classes: the layer interpolates. Make them labels again.")
        apart = np.mean(cells != labels)
        stays = np.array_equal(labels, masks)
        expect(not (stays and away > 0.05), "the masks stayed where they were.")
        expect(apart < 0.05 or np.mean(cells == labels) > 0.05, "the labels 0 and 1 have changed places.")
        wider = labels.mean() - cells.mean()
        expect(apart < 0.02 or apart > abs(wider) * 1.5 or wider < 0, "the cells have grown: cut the mask at one half, not above 0.")
        expect(apart < 0.02 or apart > abs(wider) * 1.5 or wider > 0, "the cells have shrunk: cut the mask at one half.")
        expect(apart < 0.02, "image and mask moved differently: the layer was asked twice, and drew twice.")
    expect(changed > 0.05, "nothing moves: these layers act in training only.")


WIDTHS = [(2, 6, 9), (3, 4, 13)]  # only two: JAX compiles for seconds at each width new to it


@question(
    "Only the line with Concatenate may depend on `skips`.",
    "Down: block, keep, pool. Bottom: block. Up: UpSampling2D, convolution of size 2, Concatenate if skips, block.",
    "all widths but the last: x = block(x), keep it, pool · block · in reverse: up, size 2, (join), block · 1×1 with a sigmoid",
    praise="All else being equal: the decoder's first convolutions lose the channels that no longer come, and nothing more.",
)
def q7(answer, rng):
    for skips, levels in [(True, 3), (False, 2)]:
        widths = WIDTHS[rng.integers(len(WIDTHS))][:levels]
        model = call(answer, widths, skips)
        _unet(model, widths, skips, rng)


@functools.cache  # building takes longer than all else in a check, and each check gives it weights of its own
def _reference(widths, skips):
    return models.unet(widths=widths, batch_norm=True, skips=skips)


def _unet(model, widths, skips, rng):
    case = "with skips=True" if skips else "with skips=False"
    expect(isinstance(model, keras.Model), "a model is wanted: keras.Model(inputs, outputs).")
    shape = getattr(getattr(model, "input", None), "shape", ())
    expect(tuple(shape) == (None, None, None, 1), "the input is to take any height and width and one channel, (None, None, 1).")
    kinds = [type(layer).__name__ for layer in getattr(model, "operations", model.layers)]
    joins, levels = kinds.count("Concatenate"), len(widths) - 1
    expect(not ("Add" in kinds and skips), "your bridges add; lay the maps side by side with Concatenate.")
    expect(skips or not joins, f"{case} there is still a bridge.")
    expect(
        not skips or joins == levels, f"{case} and {levels + 1} widths there should be {levels} bridges, one a level; yours has {joins}."
    )
    down = sum("Pooling" in kind for kind in kinds)
    expect(down == levels, f"{levels + 1} widths make {levels} poolings; yours has {down}.")
    enlarges = kinds.count("UpSampling2D")
    expect(enlarges == levels, f"{levels} enlargements by UpSampling2D are wanted; yours has {enlarges}.")
    convs = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    wanted = 2 * (levels + 1) + 3 * levels + 1
    expect(len(convs) == wanted, f"{case} and {levels + 1} widths there are {wanted} convolutions; yours has {len(convs)}.")
    sizes = [layer.kernel_size[0] for layer in convs]
    expect(sizes.count(2) == levels, "after each enlargement stands a convolution of size 2.")
    expect(sizes[-1] == 1, "the last convolution has size 1.")
    reference = _reference(widths, skips)
    images = rng.random((1, 8, 16, 1), dtype=np.float32)
    try:
        output = keras.ops.convert_to_numpy(model(images, training=False))
    except Exception as error:
        raise NotYet(f"{case} it cannot be run on 8×16 pixels: do the sizes meet? ({str(error).splitlines()[0]:.90})") from None
    expect(output.shape == images.shape, f"8×16 pixels went in, and (batch, height, width, channels) = {output.shape} came out.")
    last = convs[-1].activation.__name__
    expect(last == "sigmoid", f"the output is a probability: a sigmoid at the end, not {last}.")
    filters, right = [layer.filters for layer in convs], [layer.filters for layer in reference.layers if isinstance(layer, layers.Conv2D)]
    if filters != right:
        number = next(n for n, (a, b) in enumerate(zip(filters, right, strict=True)) if a != b)
        raise NotYet(
            f"{case}, convolution {number + 1} has {filters[number]} filters; each level has its own width, going up as going down."
        )
    count, expected = model.count_params(), reference.count_params()
    expect(count == expected, f"{case} it has {count:,} parameters, {abs(count - expected)} too {'many' if count > expected else 'few'}.")
    right = np.zeros(1)
    while right.std() < 0.01:  # a chain of dead ReLUs would agree with any other
        weights = [rng.uniform(0.3, 1.2, w.shape) if "normal" in w.path else rng.normal(0, 0.3, w.shape) for w in reference.weights]
        reference.set_weights(weights)
        right = keras.ops.convert_to_numpy(reference(images, training=False))
    before = model.get_weights()
    for swapped in (False, True):
        turned = list(weights)
        if swapped:  # [what comes up, bridge] in place of [bridge, what comes up]
            for number in np.flatnonzero(
                [kernel.ndim == 4 and kernel.shape[0] == 3 and kernel.shape[2] == 2 * kernel.shape[3] for kernel in weights]
            ):
                turned[number] = np.concatenate(np.split(weights[number], 2, axis=2)[::-1], axis=2)
        try:
            model.set_weights(turned)
        except ValueError:
            raise NotYet(f"{case} its layers come in another order than those of a U-Net.") from None
        output = keras.ops.convert_to_numpy(model(images, training=False))
        model.set_weights(before)
        if np.allclose(output, right, atol=1e-4):
            return
    raise NotYet(f"{case} the layers are right, but not what leads to what: which map goes across, and when?")


@question(
    "Copy them from your own table, held-out slices: accuracy first, then the IoU of the membrane.",
    'A dictionary with the keys "with" and "without", each a pair of numbers between 0 and 1.',
    'measured = {"with": (accuracy, iou), "without": (accuracy, iou)}',
    praise="The accuracy loses a tenth, the IoU nearly everything: that is why two numbers stand in the table.",
)
def q8(answer, rng):
    expect(isinstance(answer, dict) and set(answer) == {"with", "without"}, 'a dictionary with the keys "with" and "without" is wanted.')
    if has_blank(list(answer.values())):
        raise engine.NotAttempted
    values = {name: numbers(pair, f'"{name}"').ravel() for name, pair in answer.items()}
    expect(all(pair.size == 2 for pair in values.values()), "each is a pair: (accuracy, IoU of the membrane).")
    for name, (accuracy, iou) in values.items():
        expect(0 <= iou <= 1 and 0 <= accuracy <= 1, f"{name}: shares lie between 0 and 1.")
        expect(accuracy >= iou, f"{name}: the IoU is above the accuracy. Have the two changed places?")
        expect(accuracy > 0.7, f"{name}: {accuracy:.3f} is less than calling every pixel inside would get. Is class 0 the membrane?")
        expect(accuracy < 0.96, f"{name}: {accuracy:.3f} is too good for unseen slices. Were these trained on?")
    better, worse = values["with"], values["without"]
    expect(not np.array_equal(better, worse), "both networks have the same numbers: was one measured twice?")
    expect(better[1] > worse[1], "without skips more of the membrane was found? Look whether the two are under the right names.")
    expect(better[1] > 0.35, f"with: an IoU of {better[1]:.3f} is less than this recipe gives. All steps, and both distorted and shrunk?")


# ---------------------------------------------------------------- Explore


@question(
    "How many numbers has one map of a level, and how many maps does a level keep?",
    "Level n has sides of side / 2ⁿ and `width` channels; each of its two convolutions leaves such a map; four bytes a number.",
    "sum over levels of 2 · width · (side / 2**level)² · batch · 4 bytes, / 1,000,000",
    praise="Four times the pixels, four times the memory, and the same slices.",
)
def q9(answer, rng):
    for _ in range(4):
        depth, batch = int(rng.integers(3, 5)), int(rng.choice([3, 5, 6, 7, 9, 10, 11]))
        widths = tuple(int(width) for width in np.cumsum(rng.integers(3, 20, depth)))
        side = int(2 ** (depth - 1) * rng.integers(12, 40))
        result = one_number(call(answer, side, widths, batch))
        maps = [width * (side / 2**level) ** 2 for level, width in enumerate(widths)]
        bytes_ = 8 * batch * sum(maps)
        wrong = {
            "a level has two convolutions, and each leaves a map.": bytes_ / 2,
            "how many images are in a batch?": bytes_ / batch,
            "a number is a float32, of four bytes; and nothing is pooled before the first level.": bytes_ / 4,
            "the side never changes in your sum: each level has half of the one above.": 8 * batch * sum(widths) * side**2,
            "a map has two sides.": 8 * batch * sum(width * side / 2**level for level, width in enumerate(widths)),
            "the bottom of the U has maps, too.": 8 * batch * sum(maps[:-1]),
            "halving the side leaves a quarter of the pixels, not a half.": 8
            * batch
            * sum(width * side**2 / 2**level for level, width in enumerate(widths)),
        }
        for words, size in wrong.items():
            expect(not np.isclose(result, size / 1e6, rtol=1e-6), words)
        expect(not np.isclose(result, bytes_), "those are bytes; a megabyte has a million.")
        expect(not np.isclose(result, bytes_ / 2**20), "those are mebibytes, 2²⁰ bytes; a megabyte has 10⁶.")
        expect(np.isclose(result, bytes_ / 1e6, rtol=1e-8), f"for side {side}, widths {widths} and batch {batch} it is not {result:.4g}.")


@question(
    "Try them one after the other. Which number decides?",
    "For each threshold: membrane where the output is at most the threshold. Its IoU over all pixels. Keep the threshold with the largest.",
    "best = the t of thresholds with the largest IoU of (outputs[..., 0] <= t) and (masks == 0)",
    praise="Chosen on training slices, it may be used on the held-out ones. Chosen there, it would flatter.",
)
def q10(answer, rng):
    thresholds = np.round(np.linspace(0.05, 0.95, 19), 2)
    for centre in (0.72, 0.3, 0.55):
        by_chance = True
        while by_chance:  # until neither of these two rules finds the right threshold, too
            masks = (rng.random((4, 16, 16)) < 0.8).astype(np.uint8)
            outputs = np.clip(rng.normal(centre + np.where(masks == 1, 0.16, -0.16), 0.13), 0.001, 0.999).astype(np.float32)
            outputs[0] = np.clip(outputs[0] + 0.15, 0.001, 0.999)
            iou, insides, accuracy = np.array(
                [(_scores(masks, outputs > t)[1], _scores(1 - masks, outputs <= t)[1], np.mean((outputs > t) == masks)) for t in thresholds]
            ).T
            by_chance = iou.max() in (iou[accuracy.argmax()], iou[insides.argmax()])
        result = one_number(call(answer, masks, outputs[..., None], thresholds))
        expect(
            np.isclose(thresholds, result).any() or result not in range(len(thresholds)),
            "that is a place in the list; the threshold is wanted.",
        )
        expect(not np.isclose(result, iou.max(), atol=1e-6), "that is the IoU; the threshold that reaches it is wanted.")
        expect(np.isclose(thresholds, result).any(), f"{result:g} is none of the thresholds.")
        if np.isclose(iou[np.isclose(thresholds, result)], iou.max()).any():
            continue
        by = {
            "that threshold has the best accuracy; the membrane is class 0, and its IoU is wanted.": accuracy,
            "that is the best for the insides; the membrane is class 0.": insides,
            "that is the worst: the membrane lies where the output is LOW.": -iou,
            "you take the wrong side for the membrane, which lies where the output is LOW.": [
                _scores(masks, outputs <= t)[1] for t in thresholds
            ],
            "only the first slice decided; take all pixels.": [_scores(masks[:1], outputs[:1] > t)[1] for t in thresholds],
            "you took the mean of the slices' IoU: count all pixels together.": [
                np.mean([_scores(masks[n], outputs[n] > t)[1] for n in range(4)]) for t in thresholds
            ],
        }
        for words, values in by.items():
            expect(not np.isclose(result, thresholds[int(np.argmax(values))]), words)
        raise NotYet(f"another threshold than {result:g} has a larger IoU of the membrane.")


TIERS = {"Core": (8, [q1, q2, q3, q4, q5]), "Apply": (10, [q6, q7, q8]), "Explore": (15, [q9, q10])}
