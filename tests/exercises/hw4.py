"""Homework 4: second right ways, and typical mistakes with the words they are told."""

import cv2
import numpy as np

from course_utils.exercises import hw4 as ex


def of_ids(reduce, void=False, test=lambda name, words: name in words):
    """Coverage by a mask of known pixels: `reduce` gets that and, without `void`, labelled pixels only."""

    def answer(mask, names, words):
        known = np.isin(mask, [k for k, name in enumerate(names) if test(name, words)])
        return reduce(known if void else known[mask != 255])

    return answer


def by_histogram(mask, names, words):
    counts = np.bincount(mask.ravel(), minlength=256)[:255]
    return sum(int(counts[k]) for k, name in enumerate(names) if name in words) / counts.sum()


def share_of_classes(mask, names, words):
    return np.mean([names[k] in words for k in np.unique(mask[mask != 255])])


def by_loop(names, words, synonyms):
    table = {}
    for name in names:
        for word in [name, *synonyms.get(name, [])]:
            if name not in table and words.count(word):
                table[name] = words.index(word)
    return [table.get(name, 255) for name in names]


def looked_up(candidates=lambda name, synonyms: [name, *synonyms.get(name, [])], none=255):
    def answer(names, words, synonyms):
        return [next((words.index(word) for word in candidates(name, synonyms) if word in words), none) for name in names]

    return answer


def step_by_step(mask, table):
    out = mask.astype(int)
    for old, new in enumerate(table):
        out[out == old] = new
    return out


def fresh_copy(mask, table):
    out = np.full(mask.shape, 255, np.uint8)
    for old, new in enumerate(table):
        out[mask == old] = new
    return out


def void_to_zero(mask, table):
    return np.append(table, 0)[np.minimum(mask, len(table))]


def backwards(mask, table):
    inverse = {new: old for old, new in enumerate(table.tolist()) if new != 255}
    return np.vectorize(lambda k: inverse.get(k, 255))(mask)


def able(rule, none="neither"):
    def answer(coverages, sizes, least):
        names = [name for name in coverages if coverages[name] >= least]
        return rule(names, coverages, sizes) if names else none

    return answer


def strictly(coverages, sizes, least):
    return smallest_first(coverages, sizes, least + 0.001)


def smallest_first(coverages, sizes, least):
    for size, name in sorted((size, name) for name, size in sizes.items()):
        if size and coverages[name] >= least:
            return name
    return "neither"


def softmax(logits, axis=-1):
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def enlarged(values, height, width, how=cv2.INTER_LINEAR):
    return np.stack(
        [cv2.resize(np.ascontiguousarray(values[..., k]), (width, height), interpolation=how) for k in range(values.shape[-1])], -1
    )


def dared(to_p=softmax, how=cv2.INTER_LINEAR, turned=False, hide=lambda p, least: p < least, other=255, soft_first=False):
    def answer(logits, height, width, least):
        size = (width, height) if turned else (height, width)
        p = enlarged(softmax(logits), *size, how) if soft_first else to_p(enlarged(logits, *size, how))
        labels = p.argmax(-1)
        labels[hide(p.max(-1), least)] = other
        return labels

    return answer


def by_log_sum(logits):
    z = logits.astype(np.float64)
    top = z.max(-1, keepdims=True)
    log_p = z - top - np.log(np.exp(z - top).sum(-1, keepdims=True))
    return float(np.mean(-np.sum(np.exp(log_p) * log_p, axis=-1)) / np.log(z.shape[-1]))


def of_p(finish, axis=-1):
    def answer(logits):
        p = softmax(logits.astype(float), axis)
        return finish(-(p * np.log(p + 1e-12)).sum(axis=-1), logits.shape[-1], p)

    return answer


def pooled(each, classes, p):
    mean = p.reshape(-1, classes).mean(axis=0)
    return -(mean * np.log(mean)).sum() / np.log(classes)


def without_shift(logits):
    powers = np.exp(logits)
    p = powers / powers.sum(axis=-1, keepdims=True)
    return -(p * np.log(p + 1e-12)).sum(axis=-1).mean() / np.log(logits.shape[-1])


def pair(first=lambda m, t, s: t != 255, second=lambda m, t, s: m != 255, right=lambda m, t, s: (t == s) & (t != 255), turned=False):
    def answer(mask, truth, said):
        hits = right(mask, truth, said).sum()
        both = hits / first(mask, truth, said).sum(), hits / second(mask, truth, said).sum()
        return both[::-1] if turned else both

    return answer


def by_product(mask, truth, said):
    known = truth != 255
    first = np.mean(said[known] == truth[known])
    return first, first * known.sum() / np.sum(mask != 255)


def by_matrix(probabilities, table, count):
    weights = np.zeros((len(table), count))
    for narrow in range(len(table)):
        if table[narrow] < count:
            weights[narrow, table[narrow]] = 1
    return probabilities @ weights


def pooled_words(reduce):
    def answer(p, table, count):
        parts = [p[..., np.asarray(table) == word] for word in range(count)]
        return np.stack([reduce(part) if part.shape[-1] else np.zeros(p.shape[:2]) for part in parts], axis=-1)

    return answer


def overwritten(p, table, count):
    wide = np.zeros((*p.shape[:2], count))
    for narrow, word in enumerate(table):
        if word != 255:
            wide[..., word] = p[..., narrow]
    return wide


def none_to_last(p, table, count):
    return by_matrix(p, np.where(np.asarray(table) == 255, count - 1, table), count)


def selected(first=lambda a, b, least: a >= least > b, second=lambda a, b, least: b >= least, by=(0, 1), sign=-1, turned=False):
    def answer(table, least):
        lists = []
        for test, column in zip((first, second), by, strict=True):
            fit = [i for i, (a, b) in enumerate(table.tolist()) if test(a, b, least)]
            lists.append(sorted(fit, key=lambda i, column=column: sign * table[i, column])[:2])
        return lists[::-1] if turned else lists

    return answer


def binned(finish, edges=None, clip=True, skip=True):
    def answer(confidence, right, bins):
        number = (confidence * bins).astype(int)
        number = np.minimum(number, bins - 1) if clip else number
        kept = [number == k for k in range(bins) if not skip or (number == k).any()]
        gaps = np.array([confidence[here].mean() - right[here].mean() for here in kept])
        return finish(gaps, np.array([here.mean() for here in kept]))

    return answer


def by_digitize(confidence, right, bins):
    number = np.digitize(confidence, np.arange(1, bins) / bins)
    return sum(abs(confidence[number == k].sum() - right[number == k].sum()) for k in range(bins)) / len(right)


def middles(confidence, right, bins):
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    return sum((number == k).mean() * abs((k + 0.5) / bins - right[number == k].mean()) for k in np.unique(number))


def deciding(test, best=max):
    return lambda shares, words, other: best((name for name in shares if test(name, words, other)), key=shares.get, default="nothing")


def by_sets(shares, words, other):
    only = (words - other) & set(shares)
    return sorted(only, key=lambda name: -shares[name])[0] if only else "nothing"


RIGHT = [
    (ex.q1, by_histogram),
    (ex.q2, by_loop),
    (ex.q3, fresh_copy),
    (ex.q4, smallest_first),
    (ex.q5, dared()),
    (ex.q6, by_log_sum),
    (ex.q7, by_product),
    (ex.q8, by_matrix),
    (ex.q9, selected()),
    (ex.q10, by_digitize),
    (ex.q11, " b."),
    (ex.q12, by_sets),
]

WRONG = [
    (ex.q1, of_ids(np.mean, void=True), "against the network"),
    (ex.q1, lambda mask, names, words: of_ids(np.mean, void=True)(mask, names, words) + np.mean(mask == 255), "as covered"),
    (ex.q1, of_ids(lambda known: 1 - known.mean()), "NOT covered"),
    (ex.q1, share_of_classes, "counts classes"),
    (ex.q1, lambda mask, names, words: np.mean([name in words for name in names]), "counts names"),
    (ex.q1, of_ids(np.sum), "number of pixels"),
    (ex.q1, of_ids(np.mean, test=lambda name, words: any(word in name for word in words)), "a part of a word"),
    (ex.q1, of_ids(lambda known: known), "one number"),
    (ex.q2, looked_up(lambda name, synonyms: [name]), "no effect"),
    (ex.q2, looked_up(none=0), "0 is a word"),
    (ex.q2, looked_up(none=-1), "not −1"),
    (ex.q2, looked_up(lambda name, synonyms: [name, *synonyms.get(name, [])[::-1]]), "the first one that is a word"),
    (ex.q2, looked_up(lambda name, synonyms: [name, *synonyms.get(name, [])[:1]]), "go on to the next"),
    (ex.q2, looked_up(lambda name, synonyms: [*synonyms.get(name, []), name]), "itself a word"),
    (ex.q2, lambda names, words, synonyms: [name for name in names if name in words], "array of numbers"),
    (ex.q2, lambda names, words, synonyms: [words.index(name) for name in names if name in words], "one index for each"),
    (ex.q3, step_by_step, "replaced again"),
    (ex.q3, void_to_zero, "stay 255"),
    (ex.q3, backwards, "backwards"),
    (ex.q3, lambda mask, table: table[mask], "IndexError"),
    (ex.q3, lambda mask, table: mask, "nothing changed"),
    (ex.q3, lambda mask, table: fresh_copy(mask, table)[..., None], "the shape"),
    (ex.q4, lambda coverages, sizes, least: max(coverages, key=coverages.get), "'neither'"),
    (ex.q4, lambda coverages, sizes, least: min(sizes, key=sizes.get), "'neither'"),
    (ex.q4, able(lambda names, c, s: max(names, key=s.get)), "the largest of the able sets"),
    (ex.q4, able(lambda names, c, s: names[0]), "as they stand"),
    (ex.q4, able(lambda names, c, s: max(names, key=c.get)), "best covered of the able"),
    (ex.q4, strictly, "exactly `least`"),
    (ex.q4, able(lambda names, c, s: names), "the name of a label set"),
    (ex.q4, able(lambda names, c, s: min(names, key=s.get), none=None), "gives back nothing"),
    (ex.q5, dared(hide=lambda p, least: p < 0), "every pixel got a class"),
    (ex.q5, dared(to_p=lambda logits: logits), "compared with logits"),
    (ex.q5, dared(hide=lambda p, least: p >= least), "turned round"),
    (ex.q5, dared(other=0), "became class 0"),
    (ex.q5, dared(soft_first=True), "softmax came first"),
    (ex.q5, dared(how=cv2.INTER_NEAREST), "steps of the coarse grid"),
    (ex.q5, dared(turned=True), "swapped"),
    (ex.q5, lambda logits, height, width, least: dared()(logits, *logits.shape[:2], least), "size of the logits"),
    (ex.q6, of_p(lambda each, classes, p: each.mean()), "division by the log"),
    (ex.q6, of_p(lambda each, classes, p: each.mean() / np.log(2)), "bits"),
    (ex.q6, of_p(lambda each, classes, p: -each.mean() / np.log(classes)), "the sign"),
    (ex.q6, of_p(lambda each, classes, p: each.sum() / np.log(classes)), "the sum over the pixels"),
    (ex.q6, of_p(lambda each, classes, p: each.mean() / classes / np.log(classes)), "not averaged"),
    (ex.q6, of_p(lambda each, classes, p: each.mean() / classes), "not by the number"),
    (ex.q6, of_p(pooled), "averaged first"),
    (ex.q6, of_p(lambda each, classes, p: 1 - p.max(-1).mean()), "mean confidence"),
    (ex.q6, without_shift, "not a number"),
    (ex.q6, of_p(lambda each, classes, p: each), "one number"),
    (ex.q7, pair(turned=True), "swapped"),
    (ex.q7, pair(right=lambda m, t, s: t == s), "no agreement"),
    (ex.q7, pair(first=lambda m, t, s: m >= 0), "divides by all pixels"),
    (ex.q7, pair(first=lambda m, t, s: (t != 255) & (s != 255)), "not right either"),
    (ex.q7, pair(first=lambda m, t, s: m != 255), "both divide by the labelled"),
    (ex.q7, pair(second=lambda m, t, s: m >= 0), "void does not count"),
    (ex.q7, pair(second=lambda m, t, s: t != 255), "both divide by the pixels with a word"),
    (ex.q7, lambda mask, truth, said: by_product(mask, truth, said)[0], "two numbers"),
    (ex.q8, pooled_words(lambda part: part.max(-1)), "largest of the narrow"),
    (ex.q8, pooled_words(lambda part: part.mean(-1)), "mean of the narrow"),
    (ex.q8, overwritten, "overwrites"),
    (ex.q8, lambda p, table, count: by_matrix(np.eye(7)[p.argmax(-1)], table, count), "before the sum"),
    (ex.q8, lambda p, table, count: by_matrix(p, table, count).argmax(-1), "class ids"),
    (ex.q8, lambda p, table, count: by_matrix(p, table, 3), "`count` channels"),
    (ex.q8, none_to_last, "255 is no word"),
    (ex.q8, lambda p, table, count: by_matrix(p, table, count) / by_matrix(p, table, count).sum(-1, keepdims=True), "do not divide"),
    (ex.q9, selected(turned=True), "swapped"),
    (ex.q9, selected(first=lambda a, b, least: a >= least), "covers, too"),
    (ex.q9, selected(first=lambda a, b, least: b < least, sign=1), "not covered enough"),
    (ex.q9, selected(sign=1), "covered better"),
    (ex.q9, selected(by=(0, 0)), "for Cityscapes other images"),
    (ex.q9, lambda table, least: [part[::-1] for part in selected()(table, least)], "order"),
    (ex.q9, lambda table, least: [part[:1] for part in selected()(table, least)], "two images for each"),
    (ex.q9, lambda table, least: selected()(table, least)[0], "two images for each"),
    (ex.q10, binned(lambda gaps, weights: abs(gaps).mean()), "counted the same"),
    (ex.q10, binned(lambda gaps, weights: abs(gaps).sum()), "weights are missing"),
    (ex.q10, binned(lambda gaps, weights: abs(gaps).max()), "largest gap"),
    (ex.q10, binned(lambda gaps, weights: abs((gaps * weights).sum())), "cancel"),
    (ex.q10, binned(lambda gaps, weights: (weights * gaps**2).sum()), "squared"),
    (ex.q10, lambda confidence, right, bins: abs(confidence - right).mean(), "pixel by pixel"),
    (ex.q10, middles, "middle of the bin"),
    (ex.q10, binned(lambda gaps, weights: (abs(gaps) * weights).sum(), clip=False), "last bin"),
    (ex.q10, binned(lambda gaps, weights: gaps), "one number"),
    (ex.q11, "A", "never looked"),
    (ex.q11, "C", "how sure"),
    (ex.q11, "a", "never looked"),
    (ex.q11, 1, "one letter"),
    (ex.q11, "more words", "one letter"),
    (ex.q12, deciding(lambda name, words, other: True), "largest class of the picture"),
    (ex.q12, deciding(lambda name, words, other: name in words), "has a word for that, too"),
    (ex.q12, deciding(lambda name, words, other: name not in other), "no word for that either"),
    (ex.q12, deciding(lambda name, words, other: name in other and name not in words), "changed over"),
    (ex.q12, deciding(lambda name, words, other: name in words and name not in other, min), "smallest"),
    (ex.q12, lambda shares, words, other: next((n for n in shares if n in words and n not in other), "nothing"), "as they stand"),
    (ex.q12, lambda shares, words, other: max(shares.values()), "the name of a class"),
]  # fmt: skip

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q2: {
        "a list of the same numbers": [
            "return [np.array(table) → table]",
        ],
    },
    ex.q3: {
        "an entry that no uint8 asks for": [
            "full = np.full([256 → 257], 255)",
        ],
    },
    ex.q5: {
        "what is the same for all classes of a pixel leaves its softmax as it is": [
            "powers = np.exp(large [- → +] large.max(axis=-1, keepdims=True))",
            "powers = np.exp(large - large.[max → min](axis=-1, keepdims=True))",
            "powers = np.exp(large - large.max([axis=-1,  → ]keepdims=True))",
        ],
        "no probability is exactly this": [
            "return np.where(p.max(axis=-1) [>= → >] least, p.argmax(axis=-1), 255)",
        ],
    },
    ex.q6: {
        "there are as many powers as logits": [
            "…log(p + 1e-12)).sum(axis=-1).mean() / np.log([logits → powers].shape[-1])",
        ],
    },
    ex.q9: {
        "indices in an array instead of a list": [
            "orders = np.argsort(-table, axis=0).T[.tolist() → ]",
        ],
        "there are enough of each: the best two are covered enough": [
            "streets = [i for i in orders[1][ if table[i, 1] >= least → ]]",
        ],
    },
}
