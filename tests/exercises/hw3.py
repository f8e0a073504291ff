"""Homework 3: second right ways, and typical mistakes with the words they are told."""

import cv2
import keras
import numpy as np
from keras import layers

from course_utils.exercises import hw3 as ex


def by_packing(picture):
    packed = picture.astype(np.int64) @ np.array([65536, 256, 1])
    return np.float32(packed == 0xFFFFFF)[:, :, None]


def white(test, finish=np.float32):
    return lambda picture: finish(test(picture))


def stacked(
    mask_by=cv2.INTER_NEAREST, image_by=cv2.INTER_AREA, size=lambda r, c: (c, r), images_to=lambda a: np.float32(a) / 255, masks_to=None
):
    def answer(images, masks, rows, columns):
        small = np.stack([cv2.resize(image, size(rows, columns), interpolation=image_by) for image in images])
        regions = np.stack([cv2.resize(mask, size(rows, columns), interpolation=mask_by) for mask in masks])
        return images_to(small), (masks_to or (lambda a: a[..., None]))(regions)

    return answer


def by_index(images, masks, rows, columns):
    regions = []
    for mask in masks:
        r, c = ((np.arange(new) * old) // new for new, old in zip((rows, columns), mask.shape, strict=False))
        regions.append(mask[r][:, c])
    small = [cv2.resize(np.float32(image), (columns, rows), interpolation=cv2.INTER_AREA) for image in images]
    return np.array(small, np.float32) / 255, np.array(regions, np.float32)


def unet(last=("sigmoid", 1), bridges=3, poolings=3, follow=True, turned=False, wrap=lambda x: x):
    def answer(rows, columns, width):
        width = width if follow else 4
        x = inputs = keras.Input((columns, rows, 3) if turned else (rows, columns, 3))
        kept = []
        for level in range(poolings):
            x = layers.Conv2D(width * 2**level, 3, padding="same", activation="relu")(x)
            kept.append(x)
            x = layers.Conv2D(width * 2**level, 2, strides=2, activation="relu")(x)
        x = layers.Conv2D(width * 2**poolings, 3, padding="same", activation="relu")(x)
        for level in reversed(range(poolings)):
            x = layers.Conv2D(width * 2**level, 3, padding="same")(layers.UpSampling2D()(x))
            x = layers.Add()([x, kept[level]]) if level < bridges else x
        return keras.Model(inputs, wrap(layers.Conv2D(last[1], 1, activation=last[0])(x)))

    return answer


def dice_by_hand(masks, p):
    masks, p = keras.ops.reshape(masks, (-1,)), keras.ops.reshape(p, (-1,))
    missed, invented, hit = keras.ops.sum(masks * (1 - p)), keras.ops.sum((1 - masks) * p), keras.ops.dot(masks, p)
    return (missed + invented) / (2 * hit + missed + invented + 1)


def dice(finish=lambda both, true, said: 1 - (2 * both + 1) / (true + said + 1), soft=lambda p: p):
    def answer(masks, p):
        p = soft(p)
        return finish(keras.ops.sum(masks * p), keras.ops.sum(masks), keras.ops.sum(p))

    return answer


def dice_of_images(masks, p):
    both, true, said = (keras.ops.sum(part, axis=(1, 2, 3)) for part in (masks * p, masks, p))
    return keras.ops.mean(1 - (2 * both + 1) / (true + said + 1))


def dice_in_numpy(masks, p):
    masks, p = np.asarray(masks), np.asarray(p)
    return float(1 - (2 * (masks * p).sum() + 1) / (masks.sum() + p.sum() + 1))


def by_table(batches):
    true, said = (np.concatenate([part.ravel() > 0.5 for part in parts]) for parts in zip(*batches, strict=True))
    table = np.histogram2d(true, said, bins=2)[0]
    iou = table[1, 1] / (table.sum() - table[0, 0])
    return iou, 2 * iou / (1 + iou), table[1, 1] / table[:, 1].sum(), table[1, 1] / table[1].sum()


def of_set(*order, change=lambda masks, p: (masks, p)):
    """Scores of `by_table` in another order, or of changed batches."""
    return lambda batches: [by_table([change(*batch) for batch in batches])[i] for i in (order or range(4))]


def mean_of(parts):
    return lambda batches: np.nanmean([ex.set_scores([part]) for part in parts(batches)], axis=0)


def soft_scores(batches):
    hit, said, true = (sum(np.sum(test(g, p)) for g, p in batches) for test in (lambda g, p: g * p, lambda g, p: p, lambda g, p: g))
    return hit / (said + true - hit), 2 * hit / (said + true), hit / said, hit / true


def with_accuracy(batches):
    accuracy = np.mean(np.concatenate([((p > 0.5) == (g > 0.5)).ravel() for g, p in batches]))
    return accuracy, *by_table(batches)[1:]


def union_twice(batches):
    _, dice, precision, recall = by_table(batches)
    return dice / 2, dice, precision, recall


def drawn(rng_of=np.random.default_rng, begin=lambda first: first, shuffle=True, again=False, both=True):
    """A right order, step by step from two bags, or one with a slip."""

    def answer(first, second, steps, batch, seed):
        rng, bags, rows = rng_of(seed), [[], []], []
        once = [list(rng.permutation(count)) for count in (first, second)]
        for _ in range(steps):
            row = []
            for which, count in enumerate((first, second)):
                for _ in range(batch // 2):
                    if not bags[which]:
                        bags[which] = list(once[which] if again else rng.permutation(count) if shuffle else range(count))
                    row.append(bags[which].pop(0) + (begin(first) if which else 0))
            rows.append(row)
        return np.array(rows)

    return answer


def by_chance(first, second, steps, batch, seed):
    rng = np.random.default_rng(seed)
    return np.hstack([rng.integers(0, first, (steps, batch // 2)), rng.integers(first, first + second, (steps, batch // 2))])


def all_together(first, second, steps, batch, seed):
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(first + second)[:batch] for _ in range(steps)])


def only_first(first, second, steps, batch, seed):
    return np.resize(np.arange(first), (steps, batch))


def shares(value=lambda said, here: said[here].mean(), order=lambda share: -share, absent=False):
    def answer(ids, said, names):
        found = {name: value(said, ids == k) for k, name in enumerate(names) if absent or (ids == k).any()}
        return {name: found[name] for name in sorted(found, key=lambda name: order(found[name]))} if order else found

    return answer


def by_counts(ids, said, names):
    pixels = np.bincount(ids.ravel(), minlength=256)
    hits = np.bincount(ids.ravel(), weights=said.ravel(), minlength=256)
    found = [(hits[k] / pixels[k], name) for k, name in enumerate(names) if pixels[k]]
    return {name: share for share, name in sorted(found, reverse=True)}


def chosen(score, pick=lambda thresholds, values: thresholds[int(np.argmax(values))]):
    return lambda masks, p, thresholds: pick(thresholds, [score(masks == 1, p > t) for t in thresholds])


def iou(true, said):
    return (true & said).sum() / (true | said).sum()


def iou_of_images(true, said):
    return np.mean([(g & s).sum() / max(1, (g | s).sum()) for g, s in zip(true, said, strict=True)])


def sorted_search(masks, p, thresholds):
    best, kept = -1, None
    for threshold in sorted(thresholds):
        said = p > threshold
        dice = 2 * said[masks == 1].sum() / (said.sum() + masks.sum())
        if dice > best + 1e-12:
            best, kept = dice, threshold
    return np.float64(kept)


def matched(axes=(0, 1, 2), clip=True, gain=lambda old, new: new / old, shift=lambda like: like.mean((0, 1, 2))):
    def answer(images, like):
        spread = images.std(axes, keepdims=True), like.std((0, 1, 2))
        values = (images - images.mean(axes, keepdims=True)) * gain(*spread) + shift(like)
        return np.clip(values, 0, 1) if clip else values

    return answer


def by_channel(images, like):
    out = np.empty(images.shape, np.float32)
    for k in range(3):
        slope = like[..., k].std() / images[..., k].std()
        out[..., k] = np.minimum(1, np.maximum(0, like[..., k].mean() + slope * (images[..., k] - images[..., k].mean())))
    return out


def resampled(score=lambda rows: rows[:, 0].sum() / rows.sum(), ends=(5, 95), size=None, seeded=True, picks=None):
    def answer(counts, seed):
        rng = np.random.default_rng(seed if seeded else None)
        draw = picks or (lambda rng, n: rng.integers(0, n, size or n))
        return np.percentile([score(counts[draw(rng, len(counts))]) for _ in range(1000)], ends)

    return answer


def of_pixels(counts, seed):
    total = counts.sum(axis=0)
    draws = np.random.default_rng(seed).multinomial(total.sum(), total / total.sum(), 1000)
    return np.percentile(draws[:, 0] / draws.sum(axis=1), [5, 95])


def by_sorting(before, after):
    order = [label for _, label in sorted([(x, 1) for x in before] + [(x, 0) for x in after])]
    tie = set(before) & set(after)
    if tie:
        return "cannot say"
    return {(1, 1, 1, 0, 0, 0): "better", (0, 0, 0, 1, 1, 1): "worse"}.get(tuple(order), "cannot say")


def run_by_run(before, after):
    return [new > old for old, new in zip(before, after, strict=True)]


def decided(better, worse):
    return lambda a, b: "better" if better(a, b) else "worse" if worse(a, b) else "cannot say"


RIGHT = [
    (ex.q1, by_packing),
    (ex.q2, by_index),
    (ex.q3, unet()),
    (ex.q4, dice_by_hand),
    (ex.q5, by_table),
    (ex.q6, lambda share: np.array([share, 2 / (1 / share + 1), share, 1.0])),
    (ex.q7, drawn()),
    (ex.q8, lambda ious: [ious[0][0] - ious[1][0], ious[1][1] - ious[0][1]]),
    (ex.q9, by_counts),
    (ex.q10, sorted_search),
    (ex.q11, by_channel),
    (ex.q12, resampled()),
    (ex.q13, by_sorting),
]

WRONG = [
    (ex.q1, white(lambda p: p[..., :1] == 255), "red alone"),
    (ex.q1, white(lambda p: p[..., 2:] == 255), "blue alone"),
    (ex.q1, white(lambda p: (p == 255).any(-1, keepdims=True)), "one channel of 255"),
    (ex.q1, white(lambda p: (p == 255).all(-1)), "one axis more"),
    (ex.q1, white(lambda p: p / 255), "three channels"),
    (ex.q1, white(lambda p: 255 * (p == 255).all(-1, keepdims=True)), "run to 255"),
    (ex.q1, white(lambda p: (p < 255).any(-1, keepdims=True)), "turned round"),
    (ex.q1, white(lambda p: p.mean(-1, keepdims=True) / 255), "average of the channels"),
    (ex.q1, white(lambda p: p.mean(-1, keepdims=True) > 127), "whatever is bright"),
    (ex.q1, white(lambda p: (p > 249).all(-1, keepdims=True)), "nearly white"),
    (ex.q1, white(lambda p: (p == 255).all(-1, keepdims=True), lambda m: m), "their type is not"),
    (ex.q2, stacked(mask_by=cv2.INTER_LINEAR), "nobody drew"),
    (ex.q2, stacked(size=lambda r, c: (r, c)), "swapped"),
    (ex.q2, stacked(masks_to=lambda a: a), "dropped the masks' last axis"),
    (ex.q2, stacked(images_to=np.float32), "run to 255"),
    (ex.q2, stacked(image_by=cv2.INTER_NEAREST), "means over areas"),
    (ex.q2, stacked(image_by=cv2.INTER_LINEAR), "means over areas"),
    (ex.q2, stacked(masks_to=lambda a: np.uint8(a)[..., None]), "the types are not"),
    (ex.q2, lambda *given: stacked()(*given)[0], "two arrays"),
    (ex.q3, unet(last=(None, 1)), "no probabilities"),
    (ex.q3, unet(last=("softmax", 1)), "always 1"),
    (ex.q3, unet(last=("softmax", 2)), "2 channels"),
    (ex.q3, unet(bridges=0), "hourglass"),
    (ex.q3, unet(bridges=1), "1 of three levels"),
    (ex.q3, unet(poolings=2), "three poolings"),
    (ex.q3, unet(follow=False), "no effect"),
    (ex.q3, unet(turned=True), "swapped in the input"),
    (ex.q3, unet(wrap=layers.MaxPooling2D()), "as many steps up"),
    (ex.q3, unet(last=("hard_sigmoid", 1)), "no sigmoid"),
    (ex.q3, lambda *size: layers.Conv2D(1, 1), "keras.Model is wanted"),
    (ex.q4, dice(lambda both, true, said: (2 * both + 1) / (true + said + 1)), "that is the coefficient"),
    (ex.q4, dice(lambda both, true, said: -(2 * both + 1) / (true + said + 1)), "minus the coefficient"),
    (ex.q4, dice(lambda both, true, said: 1 - 2 * both / (true + said)), "is missing"),
    (ex.q4, dice(lambda both, true, said: 1 - 2 * both / (true + said + 1)), "below only"),
    (ex.q4, dice(lambda both, true, said: 1 - (both + 1) / (true + said + 1)), "counts twice"),
    (ex.q4, dice(lambda both, true, said: 1 - (both + 1) / (true + said - both + 1)), "IoU's loss"),
    (ex.q4, dice(soft=lambda p: keras.ops.cast(p > 0.5, "float32")), "no slope"),
    (ex.q4, dice_of_images, "mean over the images"),
    (ex.q4, lambda masks, p: 1 - (2 * keras.ops.sum(masks * p) + 1) / (keras.ops.sum(masks**2) + keras.ops.sum(p**2) + 1), "not squared"),
    (ex.q4, dice_in_numpy, "use keras.ops"),
    (ex.q4, lambda masks, p: 1 - (2 * masks * p + 1) / (masks + p + 1), "one number"),
    (ex.q5, mean_of(lambda batches: batches), "means of the batches"),
    (ex.q5, mean_of(lambda batches: [(g[None], p[None]) for batch in batches for g, p in zip(*batch, strict=True)]), "means over images"),
    (ex.q5, soft_scores, "cut them at 0.5"),
    (ex.q5, of_set(0, 1, 3, 2), "precision and recall are swapped"),
    (ex.q5, of_set(1, 0, 2, 3), "IoU and Dice are swapped"),
    (ex.q5, of_set(change=lambda g, p: (1 - g, 1 - p)), "of the rest"),
    (ex.q5, with_accuracy, "pixel accuracy"),
    (ex.q5, union_twice, "counted twice"),
    (ex.q5, of_set(0, 1, 2), "four numbers"),
    (ex.q5, lambda batches: by_table(batches[:-1]), "by hand"),
    (ex.q6, lambda share: (2 * share / (1 + share), share, share, 1), "IoU and Dice are swapped"),
    (ex.q6, lambda share: (share, 2 * share / (1 + share), 1, share), "precision and recall are swapped"),
    (ex.q6, lambda share: (0, 0, 0, 0), "no road anywhere"),
    (ex.q6, lambda share: (1, 1, share, 1), "not 1"),
    (ex.q6, lambda share: (share / 2, 2 * share / (1 + share), share, 1), "mean over road and rest"),
    (ex.q6, lambda share: (share, share, share, 1), "Dice is wrong"),
    (ex.q6, lambda share: share, "four numbers"),
    (ex.q7, by_chance, "more often"),
    (ex.q7, all_together, "half and half"),
    (ex.q7, only_first, "one of the two sets"),
    (ex.q7, drawn(begin=lambda first: 0), "begin at `first`"),
    (ex.q7, drawn(shuffle=False), "their own order"),
    (ex.q7, drawn(again=True), "same order"),
    (ex.q7, drawn(rng_of=lambda seed: np.random.default_rng(0)), "every seed"),
    (ex.q7, drawn(rng_of=lambda seed: np.random.default_rng()), "the same seed"),
    (ex.q7, lambda *given: drawn()(*given).T, "the shape"),
    (ex.q8, lambda ious: (ious[0, 0] - ious[0, 1], ious[1, 1] - ious[1, 0]), "by columns"),
    (ex.q8, lambda ious: (ious[1, 0] - ious[0, 0], ious[0, 1] - ious[1, 1]), "the sign"),
    (ex.q8, lambda ious: (ious[1, 1] - ious[0, 1], ious[0, 0] - ious[1, 0]), "wrong order"),
    (ex.q8, lambda ious: (ious[0, 0] / ious[1, 0], ious[1, 1] / ious[0, 1]), "not a ratio"),
    (ex.q8, lambda ious: (ious[1, 0], ious[0, 1]), "how much do they lack"),
    (ex.q8, lambda ious: ious[0, 0] - ious[1, 0], "two numbers"),
    (ex.q9, shares(value=lambda said, here: said[here].sum()), "counts"),
    (ex.q9, shares(value=lambda said, here: said[here].sum() / said.sum()), "all that was called road"),
    (ex.q9, shares(value=lambda said, here: (said & here).mean()), "not by all pixels"),
    (ex.q9, shares(value=lambda said, here: 1 - said[here].mean()), "NOT called"),
    (ex.q9, shares(order=lambda share: share), "smallest share comes first"),
    (ex.q9, shares(order=None), "sort by the share"),
    (ex.q9, shares(value=lambda said, here: said[here].sum() / max(1, here.sum()), absent=True), "leave it out"),
    (ex.q9, lambda ids, said, names: [said[ids == k].mean() for k in range(3)], "dictionary"),
    (ex.q10, chosen(iou, lambda thresholds, values: max(values)), "that is the IoU"),
    (ex.q10, chosen(iou, lambda thresholds, values: int(np.argmax(values))), "an index"),
    (ex.q10, chosen(lambda true, said: -iou(true, said)), "worst"),
    (ex.q10, chosen(lambda true, said: (true == said).mean()), "pixel accuracy"),
    (ex.q10, chosen(iou_of_images), "mean over images"),
    (ex.q10, chosen(lambda true, said: said[true].mean()), "recall"),
    (ex.q10, chosen(lambda true, said: true[said].mean() if said.any() else 0), "precision"),
    (ex.q10, lambda masks, p, thresholds: min(thresholds, key=lambda t: abs(t - 0.5)), "next to 0.5"),
    (ex.q10, lambda masks, p, thresholds: 0.5, "one of the thresholds"),
    (ex.q11, matched(clip=False), "outside of"),
    (ex.q11, matched(axes=(1, 2)), "by itself"),
    (ex.q11, matched(gain=lambda old, new: 1), "spread is still the old"),
    (ex.q11, matched(gain=lambda old, new: old / new), "spreads are swapped"),
    (ex.q11, lambda images, like: np.clip((images - images.mean()) / images.std() * like.std() + like.mean(), 0, 1), "pooled"),
    (ex.q11, matched(gain=lambda old, new: 1 / old, shift=lambda like: 0), "mean 0 and spread 1"),
    (ex.q11, lambda images, like: images, "nothing changed"),
    (ex.q11, lambda images, like: like, "the shape"),
    (ex.q12, lambda counts, seed: np.percentile(counts[:, 0] / counts.sum(axis=1), [5, 95]), "single images"),
    (ex.q12, resampled(score=lambda rows: (rows[:, 0] / rows.sum(axis=1)).mean()), "means of the images' IoU"),
    (ex.q12, of_pixels, "far too narrow"),
    (ex.q12, resampled(ends=(25, 75)), "narrow"),
    (ex.q12, resampled(size=8), "too wide"),
    (ex.q12, resampled(ends=(0, 100)), "too wide"),
    (ex.q12, resampled(picks=lambda rng, n: rng.permutation(n)), "with replacement"),
    (ex.q12, resampled(seeded=False), "another interval"),
    (ex.q12, lambda counts, seed: ex.interval(counts, 0), "another seed gives the same"),
    (ex.q12, resampled(ends=(95, 5)), "lower end"),
    (ex.q12, resampled(ends=50), "two numbers"),
    (ex.q13, lambda a, b: "better" if np.mean(b) > np.mean(a) else "worse", "means always differ"),
    (ex.q13, lambda a, b: "better" if max(b) > max(a) else "worse", "best run"),
    (ex.q13, decided(lambda a, b: max(b) < min(a), lambda a, b: min(b) > max(a)), "changed over"),
    (ex.q13, decided(lambda a, b: all(run_by_run(a, b)), lambda a, b: all(run_by_run(b, a))), "run by run"),
    (ex.q13, decided(lambda a, b: min(b) > np.mean(a), lambda a, b: max(b) < np.mean(a)), "not with its mean"),
    (ex.q13, lambda a, b: "cannot say", "never decides"),
    (ex.q13, lambda a, b: min(b) > max(a), "answer 'better'"),
]  # fmt: skip

FREE = [ex.q3]  # other numbers of filters are right as well

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q3: {
        "what the transposed convolution gives is convolved again: any number of filters does": [
            "x = layers.Conv2DTranspose(width [* → +] 2 ** level, 2, strides=2)(x)",
        ],
        "side by side in the other order": [
            "x = block(layers.Concatenate()([[bridges[level], x → x, bridges[level]]]), width * 2 ** level)",
        ],
    },
    ex.q7: {
        "which half of a batch comes first does not matter": [
            "for start, count in (([0, first), (first, second → first, second), (0, first])):",
        ],
        "more permutations than needed: the rest is cut off": [
            "passes = -(-steps * batch // [2 → 1] // count)",
            "…enate([rng.permutation(count) for _ in range([passes → first])])",
        ],
    },
    ex.q10: {
        "overlap and union are the same whichever is called the truth": [
            "said, true = ([probabilities > threshold, masks == 1 → masks == 1, probabilities > threshold])",
        ],
        "means over the same pixels: the ratio is multiplied by their number, or divided": [
            "return (said & true).[sum → mean]() / (said | true).sum()",
            "return (said & true).sum() / (said | true).[sum → mean]()",
        ],
    },
    ex.q11: {
        "axes in another order": [
            "axes = ([0, 1 → 1, 0], 2)",
            "axes = (0, [1, 2 → 2, 1])",
        ],
    },
    ex.q12: {
        "a draw more or less": [
            "picks = rng.integers(0, len(counts), ([1000 → 1001], len(counts)))",
            "picks = rng.integers(0, len(counts), ([1000 → 999], len(counts)))",
        ],
        "means over as many images: the ratio stays": [
            "totals = counts[picks].[sum → mean](axis=1)",
        ],
        "the next percentile lies within the chance of 1000 draws": [
            "…rcentile(totals[:, 0] / totals.sum(axis=1), [[5 → 6], 95])",
            "…rcentile(totals[:, 0] / totals.sum(axis=1), [[5 → 4], 95])",
            "…ntile(totals[:, 0] / totals.sum(axis=1), [5, [95 → 96]])",
            "…ntile(totals[:, 0] / totals.sum(axis=1), [5, [95 → 94]])",
        ],
    },
}
