"""Homework 2: second right ways, and mistakes that students really make, with the words they are told."""

import keras
import numpy as np
from keras import layers

from course_utils import metrics
from course_utils.exercises import hw2 as ex
from course_utils.models.blocks import convolution

# ---------------------------------------------------------------- Core


def by_loop(four):
    settings = dict.fromkeys(["none", "all"])
    settings["none"], settings["all"] = {}, {name: four[name] for name in four}
    for name in four:
        settings[name] = {name: four[name]}
    return settings


def shared(four):
    """One dictionary under many names."""
    one, settings = {}, {"none": {}}
    for name, most in four.items():
        one[name] = most
        settings[name] = one
    return settings | {"all": one}


def adding_up(four):
    names = list(four)
    return {"none": {}, "all": dict(four)} | {name: {key: four[key] for key in names[: n + 1]} for n, name in enumerate(names)}


def settings(single=lambda name, four: {name: four[name]}, drop=(), **ends):
    def answer(four):
        found = {"none": {}, "all": dict(four)} | {name: single(name, four) for name in four} | ends
        return {name: setting for name, setting in found.items() if name not in drop}

    return answer


def filled(pairs, augment, copies, rng):
    """Arrays made first and filled, slice by slice."""
    shape = pairs[0][1].shape
    images, masks = np.zeros((len(pairs) * copies, *shape, 1), "float32"), np.zeros((len(pairs) * copies, *shape), "uint8")
    for number in range(len(images)):
        image, masks[number] = augment(*pairs[number // copies], rng)
        images[number] = image / 255
    return images, masks


def stored(draw=None, kind=np.float32, scale=255, mask=lambda mask: mask, turn=lambda both: both, plus=False):
    """Copies in memory, or with a slip; `draw(pairs, augment, copies, rng)` lists the pairs."""
    draw = draw or (lambda pairs, augment, copies, rng: [augment(*pair, rng) for _ in range(copies) for pair in pairs])

    def answer(pairs, augment, copies, rng):
        drawn = draw(pairs, augment, copies, rng) + (list(pairs) if plus else [])
        return turn((np.stack([image for image, _ in drawn]).astype(kind) / kind(scale), mask(np.stack([mask for _, mask in drawn]))))

    return answer


def at_random(pairs, augment, copies, rng):
    return [augment(*pairs[0 if n < copies + 1 else rng.integers(len(pairs))], rng) for n in range(copies * len(pairs))]


def twice(pairs, augment, copies, rng):
    return [(augment(*pair, rng)[0], augment(*pair, rng)[1]) for _ in range(copies) for pair in pairs]


def memory(formula):
    return lambda images, side, copies: formula(images * copies * side * side, images, side, copies) / 1e6


def epochs(formula):
    """`formula(short, long, images, copies, batch, epochs)`; short and long: steps of an epoch."""
    return lambda images, copies, batch, epochs: formula(
        int(np.ceil(images / batch)), int(np.ceil(images * copies / batch)), images, copies, batch, epochs
    )


def by_counting(images, copies, batch, epochs):
    wanted = epochs * len(range(0, images, batch))
    long = len(range(0, images * copies, batch))
    return min(range(1, epochs + 1), key=lambda n: abs(n * long - wanted))


def judged(formula):
    """`formula(said, masks)`; said: True where the answer is class 1."""
    return lambda masks, outputs: formula(outputs[..., 0] > 0.5, masks)


def accuracy(said, masks):
    return np.mean(said == masks)


def iou(said, masks, label=0):
    return np.sum((said == label) & (masks == label)) / np.sum((said == label) | (masks == label))


# ---------------------------------------------------------------- layers and networks


def together(cut=lambda mask: mask > 0.5, training=True, second=None, order=(0, 1)):
    """The mask as a channel, or a slip; `second`: what becomes of the masks in a call of their own."""

    def answer(layer, images, masks):
        both = [images, masks[..., None].astype("float32")]
        both = keras.ops.concatenate([both[n] for n in order], axis=-1)
        moved = keras.ops.convert_to_numpy(layer(both, training=training))
        labels = second(layer, masks) if second else cut(moved[..., order.index(1)])
        return moved[..., order.index(0)][..., None], np.asarray(labels).astype("float32")

    return answer


def own_call(layer, masks):
    return keras.ops.convert_to_numpy(layer(masks[..., None].astype("float32"), training=True))[..., 0] > 0.5


def with_channel(layer, images, masks):
    new, labels = together()(layer, images, masks)
    return new, labels[..., None]


def bytes_in(layer, images, masks):
    """Images in [0, 255], as many layers want them, and not back again."""
    new, labels = together()(layer, images * 255, masks)
    return new, labels


def u_net(
    join=lambda kept, x: layers.Concatenate()([x, kept]),
    last="sigmoid",
    size=2,
    switch=lambda skips: skips,
    shape=(None, None, 1),
    pools=lambda levels: levels,
    blocks=2,
    early=False,
    up=lambda width: width,
    bridge=True,
):
    """The network of exercise 7, or one with a slip."""

    def build(widths, skips):
        inputs = keras.Input(shape)
        x, kept = inputs, []
        for width in widths[:-1]:
            for n in range(blocks):
                x = convolution(x, width)
                kept += [x] if n == (0 if early else blocks - 1) else []
            x = layers.MaxPooling2D()(x)
        for _ in range(blocks):
            x = convolution(x, widths[-1])
        for level in reversed(range(len(widths) - 1)):
            x = convolution(layers.UpSampling2D()(x), up(widths[level]), size)
            if switch(skips):
                x = join(kept[level], x)
            for _ in range(blocks):
                x = convolution(x, up(widths[level]))
        return keras.Model(inputs, layers.Conv2D(1, 1, activation=last)(x))

    return build


def by_ops(kept, x):
    return keras.ops.concatenate([kept, x], axis=-1)


# ---------------------------------------------------------------- Explore


def maps(formula=lambda side, level, width: width * (side / 2**level) ** 2, factor=8, take=lambda widths: widths, times_batch=True):
    def answer(side, widths, batch):
        numbers = sum(formula(side, level, width) for level, width in enumerate(take(widths)))
        return factor * numbers * (batch if times_batch else 1) / 1e6

    return answer


def halved(side, widths, batch):
    total = 0
    for width in widths:
        total += 2 * batch * side * side * width
        side //= 2
    return 4e-6 * total


def best(score, pick=np.argmax, give=lambda number, scores, thresholds: thresholds[number]):
    def answer(masks, outputs, thresholds):
        scores = [score(outputs[..., 0] > t, masks) for t in thresholds]
        number = pick(scores)
        return give(number, scores, thresholds)

    return answer


GOOD = {"with": (0.9, 0.6), "without": (0.8, 0.1)}

RIGHT = [
    (ex.q1, by_loop),
    (ex.q2, filled),
    (ex.q3, lambda images, side, copies: sum([4 * side**2, side**2]) * copies * images / 10**6),
    (ex.q4, by_counting),
    (ex.q5, judged(lambda said, masks: np.array([accuracy(said, masks), iou(said, masks)]))),
    (ex.q6, together(order=(1, 0))),
    (ex.q7, u_net()),
    (ex.q7, u_net(by_ops)),
    (ex.q8, {"with": [0.912, 0.61], "without": np.array([0.81, 0.02])}),
    (ex.q9, halved),
    (ex.q10, best(iou)),
    (ex.q10, best(lambda said, masks: metrics.iou(metrics.confusion_matrix(masks, np.uint8(said), 2))[0])),
]

WRONG = [
    (ex.q1, adding_up, "add up"),
    (ex.q1, shared, "one dictionary under many names"),
    (ex.q1, settings(drop=("none",)), '"none" is missing'),
    (ex.q1, settings(drop=("all",)), '"all" is missing'),
    (ex.q1, settings(lambda name, four: {key: most for key, most in four.items() if key != name}), "leave one out"),
    (ex.q1, settings(lambda name, four: four[name]), "each setting is a dictionary"),
    (ex.q1, settings(lambda name, four: {name: 2 * four[name]}), "other strengths"),
    (ex.q1, settings(all={}), '"all" does not hold'),
    (ex.q1, settings(none={"rotation": 10}), '"none" distorts'),
    (ex.q1, lambda four: list(settings()(four).values()), "dictionary from names"),
    (ex.q2, stored(lambda pairs, augment, copies, rng: [augment(*pair, rng) for pair in pairs] * copies), "do not repeat one"),
    (ex.q2, stored(twice), "ONE call serves both"),
    (ex.q2, stored(scale=1), "run from 0 to 1"),
    (ex.q2, stored(kind=np.float64), "other room"),
    (ex.q2, stored(mask=lambda mask: mask[..., None]), "a mask has shape"),
    (ex.q2, stored(mask=np.float32), "masks stay uint8"),
    (ex.q2, stored(plus=True), "only copies are wanted"),
    (ex.q2, stored(at_random), "more often than others"),
    (ex.q2, stored(lambda pairs, augment, copies, rng: [augment(*pair, rng) for pair in pairs]), "do not make"),
    (ex.q2, stored(lambda pairs, augment, copies, rng: list(pairs) * copies), "nothing was distorted"),
    (
        ex.q2,
        stored(lambda pairs, augment, copies, rng: [augment(*pair, np.random.default_rng(0)) for _ in range(copies) for pair in pairs]),
        "the `rng` that you were given",
    ),
    (ex.q2, stored(turn=lambda both: both[0]), "two arrays"),
    (ex.q2, stored(mask=list), "stack them"),
    (ex.q3, memory(lambda pixels, *_: 4 * pixels), "masks need room"),
    (ex.q3, memory(lambda pixels, *_: 8 * pixels), "needs one byte"),
    (ex.q3, memory(lambda pixels, *_: 2 * pixels), "four bytes a value"),
    (ex.q3, memory(lambda pixels, *_: 9 * pixels), "float64"),
    (ex.q3, memory(lambda pixels, images, side, copies: 5 * pixels / copies), "how many copies"),
    (ex.q3, memory(lambda pixels, images, side, copies: 5 * pixels / side), "two sides"),
    (ex.q3, memory(lambda pixels, *_: 5e6 * pixels), "those are bytes"),
    (ex.q3, memory(lambda pixels, *_: 5e6 * pixels / 2**20), "mebibytes"),
    (ex.q4, lambda images, copies, batch, epochs: epochs, "equal epochs"),
    (ex.q4, lambda images, copies, batch, epochs: epochs * copies, "fewer of them"),
    (ex.q4, lambda images, copies, batch, epochs: round(epochs / copies), "close"),
    (ex.q4, epochs(lambda short, long, images, copies, batch, epochs: epochs * short / long), "whole epochs"),
    (ex.q4, epochs(lambda short, long, images, copies, batch, epochs: epochs * short // long), "close"),
    (ex.q4, epochs(lambda short, long, images, copies, batch, epochs: round(epochs * short / long)), "At least one"),
    (ex.q5, judged(lambda said, masks: (accuracy(said, masks), iou(said, masks, 1))), "IoU of class 1"),
    (ex.q5, judged(lambda said, masks: (iou(said, masks), accuracy(said, masks))), "wrong order"),
    (ex.q5, judged(lambda said, masks: (accuracy(said, masks), (iou(said, masks) + iou(said, masks, 1)) / 2)), "mean IoU"),
    (
        ex.q5,
        judged(lambda said, masks: (accuracy(said, masks), np.mean([iou(*one) for one in zip(said, masks, strict=True)]))),
        "over slices",
    ),
    (ex.q5, judged(lambda said, masks: (accuracy(~said, masks), iou(~said, masks))), "changed places"),
    (
        ex.q5,
        lambda masks, outputs: (np.mean((outputs > 0.5) == masks), iou(outputs[..., 0] > 0.5, masks)) if len(masks) == 8 else (0, 0),
        "broadcast",
    ),
    (ex.q5, judged(accuracy), "two numbers"),
    (ex.q5, judged(lambda said, masks: (accuracy(said, masks), np.sum(~said & (masks == 0)) / np.sum(masks == 0))), "recall"),
    (ex.q6, together(second=own_call), "drew twice"),
    (ex.q6, together(training=False), "nothing moves"),
    (ex.q6, together(lambda mask: mask), "between the classes"),
    (ex.q6, together(second=lambda layer, masks: masks), "stayed where they were"),
    (ex.q6, together(lambda mask: mask > 0), "have grown"),
    (ex.q6, together(lambda mask: mask < 0.5), "changed places"),
    (ex.q6, with_channel, "masks had shape"),
    (ex.q6, bytes_in, "images left [0, 1]"),
    (ex.q7, u_net(switch=lambda skips: True), "there is still a bridge"),
    (ex.q7, u_net(switch=lambda skips: False), "bridges, one a level"),
    (ex.q7, u_net(lambda kept, x: layers.Add()([kept, x])), "your bridges add"),
    (ex.q7, u_net(last=None), "a sigmoid at the end"),
    (ex.q7, u_net(size=3), "convolution of size 2"),
    (ex.q7, u_net(shape=(64, 64, 1)), "any height and width"),
    (ex.q7, u_net(blocks=1), "convolutions; yours has"),
    (ex.q7, u_net(early=True), "which map goes across"),
    (ex.q7, u_net(up=lambda width: 2 * width), "going up as going down"),
    (ex.q7, u_net(lambda kept, x: layers.Concatenate()([x, x])), "which map goes across"),
    (ex.q8, {"with": (0.6, 0.9), "without": (0.8, 0.1)}, "changed places"),
    (ex.q8, GOOD | {"without": (0.9, 0.6)}, "measured twice"),
    (ex.q8, {"with": (0.8, 0.1), "without": (0.9, 0.6)}, "under the right names"),
    (ex.q8, GOOD | {"with": (0.985, 0.9)}, "too good"),
    (ex.q8, GOOD | {"without": (0.25, 0.2)}, "less than calling every pixel inside"),
    (ex.q8, GOOD | {"with": (0.85, 0.2)}, "than this recipe gives"),
    (ex.q8, {"with": 0.9, "without": 0.8}, "each is a pair"),
    (ex.q8, [0.9, 0.8], "dictionary"),
    (ex.q9, maps(factor=4), "two convolutions"),
    (ex.q9, maps(factor=2), "four bytes"),
    (ex.q9, maps(times_batch=False), "in a batch"),
    (ex.q9, maps(lambda side, level, width: width * side**2), "the side never changes"),
    (ex.q9, maps(lambda side, level, width: width * side**2 / 2**level), "a quarter of the pixels"),
    (ex.q9, maps(lambda side, level, width: width * side / 2**level), "two sides"),
    (ex.q9, maps(take=lambda widths: widths[:-1]), "bottom of the U"),
    (ex.q9, maps(factor=8e6), "those are bytes"),
    (ex.q10, best(accuracy), "best accuracy"),
    (ex.q10, best(lambda said, masks: iou(said, masks, 1)), "the membrane is class 0"),
    (ex.q10, best(iou, give=lambda number, scores, thresholds: scores[number]), "that is the IoU"),
    (ex.q10, best(iou, give=lambda number, scores, thresholds: number), "a place in the list"),
    (ex.q10, best(iou, np.argmin), "LOW"),
    (ex.q10, best(lambda said, masks: iou(~said, masks)), "LOW"),
    (ex.q10, lambda masks, outputs, thresholds: 0.123, "none of the thresholds"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q1: {
        "nobody changes the dictionary that was handed in": [
            "return {'none': {}, **singles, 'all': [dict(four) → four]}",
        ],
    },
    ex.q2: {
        "np.float32 stacks a list": [
            "images = [np.stack([image for image, _ in drawn]) → [image for image, _ in drawn]]",
        ],
    },
    ex.q5: {
        "True and False count as 1 and 0": [
            "said = [np.uint8(outputs[..., 0] > 0.5) → outputs[..., 0] > 0.5]",
        ],
        "no output is exactly 0.5": [
            "said = np.uint8(outputs[..., 0] [> → >=] 0.5)",
        ],
        "the only channel is the last one, too": [
            "said = np.uint8(outputs[..., [0 → -1]] > 0.5)",
        ],
        "a class that never comes changes neither number": [
            "matrix = metrics.confusion_matrix(masks, said, [2 → 3])",
        ],
        "overlap is the same whichever of the two is called the truth": [
            "matrix = metrics.confusion_matrix([masks, said → said, masks], 2)",
        ],
    },
    ex.q6: {
        "these layers act unless they are told not to": [
            "moved = keras.ops.convert_to_numpy(layer(both[, training=True → ]))",
        ],
        "True and False count as 1 and 0": [
            "return (moved[..., :1], [np.uint8(moved[..., 1] > 0.5) → moved[..., 1] > 0.5])",
        ],
        "a mixture is hardly ever exactly 0.5": [
            "return (moved[..., :1], np.uint8(moved[..., 1] [> → >=] 0.5))",
        ],
    },
    ex.q7: {
        "the order of the two maps is free": [
            "x = keras.layers.Concatenate()([[bridge, x → x, bridge]]) if skips else x",
        ],
        "there are as many widths as bridges": [
            "…dth, bridge in zip(widths[-2::-1], kept[::-1][, strict=True → ]):",
            "…ge in zip(widths[-2::-1], kept[::-1], strict=[True → False]):",
        ],
    },
    ex.q9: {
        "the sides are powers of two times a whole number: 16.0 is 16": [
            "numbers = sum((2 * width * (side [// → /] 2 ** level) ** 2 for level, width in enumera…",
        ],
    },
    ex.q10: {
        "True and False count as 1 and 0": [
            "said = [np.uint8(outputs[..., 0] > threshold) → outputs[..., 0] > threshold]",
        ],
        "no output is exactly a threshold": [
            "said = np.uint8(outputs[..., 0] [> → >=] threshold)",
        ],
        "the only channel is the last one, too": [
            "said = np.uint8(outputs[..., [0 → -1]] > threshold)",
        ],
        "a class that never comes changes nothing": [
            "…cs.iou(metrics.confusion_matrix(masks, said, [2 → 3]))[0]",
        ],
        "overlap is the same whichever of the two is called the truth": [
            "return metrics.iou(metrics.confusion_matrix([masks, said → said, masks], 2))[0]",
        ],
    },
}
