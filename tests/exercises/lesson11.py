"""Lesson 11: second right ways, and typical mistakes with the words they are told."""

import numpy as np

from course_utils.exercises import lesson11 as ex

MEAN = np.array([103.939, 116.779, 123.68])


def by_loop(layers):
    found = {}
    for name, stride, finished in layers[::-1]:
        if finished and stride != 1 and stride not in found:
            found[stride] = name
    return found


def channel_by_channel(images):
    red, green, blue = (255.0 * np.float64(images[..., k]) for k in range(3))
    return np.stack([blue - 103.939, green - 116.779, red - 123.68], -1).astype("float32")


def by_pieces(batch, mean, variance, momentum, training):
    used = (np.sum(batch, 0) / len(batch), np.mean((batch - batch.mean(0)) ** 2, 0)) if training else (mean, variance)
    keep = momentum if training else 1.0
    output = np.stack([(row - used[0]) * used[1] ** -0.5 for row in batch])
    return [output, keep * mean + (1 - keep) * used[0], keep * variance + (1 - keep) * used[1]]


def norm(*, used=None, root=True, moved=None):
    """Batch normalisation with something changed: what normalises, and how the averages move."""

    def wrong(batch, mean, variance, momentum, training):
        own = batch.mean(0), batch.var(0)
        m, v = (own if training else (mean, variance)) if used is None else used(own, (mean, variance), training)
        output = (batch - m) / (v**0.5 if root else v)
        if not training:
            return output, mean, variance
        if moved:
            return output, *moved(batch, mean, variance, momentum)
        return output, momentum * mean + (1 - momentum) * own[0], momentum * variance + (1 - momentum) * own[1]

    return wrong


def mixed(share, mean, variance):
    """Averages moved by `share` of the old ones."""
    return lambda batch, m, v, k: (share(k) * m + (1 - share(k)) * mean(batch), share(k) * v + (1 - share(k)) * variance(batch))


def filtered(layers, from_stride):
    chosen = filter(lambda layer: layer[1] == "conv", layers)
    return tuple(np.array([name for name, _, stride in chosen if not stride < from_stride]))


def those(keep):
    return lambda layers, from_stride: [name for name, kind, stride in layers if keep(kind, stride, from_stride)]


def by_loop_over_classes(matrix, names):
    missing = []
    for k, name in enumerate(names):
        if sum(matrix[k]) and not matrix[:, k].any():
            missing.append(name)
    return tuple(missing)


def where(chosen):
    """The names of the classes that `chosen` picks from the sums of rows and of columns."""
    return lambda matrix, names: [
        name for name, row, column in zip(names, matrix.sum(1), matrix.sum(0), strict=True) if chosen(row, column)
    ]


def by_seconds(e, d, images, epochs):
    every, once = 0.0, np.float64(images * e)
    for _ in range(epochs):
        every += images * e + images * d
        once += images * d
    return every / once


def with_statistics(scores, better, worse):
    from statistics import mean, stdev

    return mean(scores[better]) - stdev(scores[better]) - (mean(scores[worse]) + stdev(scores[worse]))


def of(formula):
    return lambda scores, better, worse: formula(np.array(scores[better]), np.array(scores[worse]))


def std(x):
    return np.std(x, ddof=1)


RIGHT = [
    (ex.q2_1, by_loop),
    (ex.q1_1, channel_by_channel),
    (ex.q3_1, by_pieces),
    (ex.q3_2, filtered),
    (ex.q4_1, by_loop_over_classes),
    (ex.q5_1, by_seconds),
    (ex.q6_1, " b. "),
    (ex.q7_1, with_statistics),
]

WRONG = [
    (ex.q2_1, lambda layers: {name: stride for name, stride, finished in layers if finished and stride > 1}, "swapped"),
    (ex.q2_1, lambda layers: {stride: name for name, stride, finished in layers if finished}, "stride 1 is in it"),
    (ex.q2_1, lambda layers: {stride: name for name, stride, _ in layers if stride > 1}, "unfinished layer"),
    (ex.q2_1, lambda layers: {s: n for n, s, finished in reversed(layers) if finished and s > 1}, "the first finished layer"),
    (ex.q2_1, lambda layers: [name for name, stride, finished in layers if finished and stride > 1], "a dict {stride: name} is wanted"),
    (ex.q2_1, lambda layers: {s: n for n, s, finished in layers if finished and s > 2}, "a stride is missing"),
    (ex.q1_1, lambda x: 255 * x - MEAN, "still red, green, blue"),
    (ex.q1_1, lambda x: 255 * x - MEAN[::-1], "come out red first"),
    (ex.q1_1, lambda x: 255 * x[..., ::-1] - MEAN[::-1], "you turned them"),
    (ex.q1_1, lambda x: x[..., ::-1] - MEAN, "still in 0–1"),
    (ex.q1_1, lambda x: 255 * x[..., ::-1], "not taken off"),
    (ex.q1_1, lambda x: 255 * (x[..., ::-1] - MEAN), "before the 255"),
    (ex.q1_1, lambda x: 255 * x[..., ::-1] + MEAN, "added"),
    (ex.q1_1, lambda x: (255 * x[..., ::-1] - MEAN).mean(-1), "the shape changed"),
    (ex.q3_1, norm(used=lambda own, kept, training: own), "without training the averages normalise"),
    (ex.q3_1, norm(used=lambda own, kept, training: kept), "the batch's own mean"),
    (ex.q3_1, norm(root=False), "divided by the variance"),
    (ex.q3_1, norm(moved=lambda batch, m, v, k: (m, v)), "yours did not"),
    (ex.q3_1, norm(moved=lambda batch, m, v, k: (batch.mean(0), batch.var(0))), "became those of the batch"),
    (ex.q3_1, norm(moved=mixed(lambda k: 1 - k, lambda b: b.mean(0), lambda b: b.var(0))), "share of the old average"),
    (ex.q3_1, norm(moved=mixed(lambda k: k, lambda b: b.mean(0), lambda b: b.std(0))), "holds variances"),
    (ex.q3_1, norm(moved=mixed(lambda k: k, lambda b: b.mean(0), lambda b: b.var(0, ddof=1))), "over n and not n − 1"),
    (ex.q3_1, lambda batch, mean, variance, momentum, training: (batch - mean) / variance**0.5, "three things are wanted"),
    (ex.q3_2, those(lambda kind, stride, start: stride >= start), "a batch normalisation learns"),
    (ex.q3_2, those(lambda kind, stride, start: stride > start and kind != "bn"), "at from_stride itself"),
    (ex.q3_2, those(lambda kind, stride, start: stride <= start and kind != "bn"), "the wrong end"),
    (ex.q3_2, those(lambda kind, stride, start: stride == start and kind != "bn"), "beyond from_stride"),
    (ex.q3_2, those(lambda kind, stride, start: kind != "bn"), "makes no difference"),
    (ex.q3_2, lambda layers, start: sum(kind != "bn" for _, kind, _ in layers), "a list of names"),
    (ex.q4_1, where(lambda row, column: column == 0), "no mask holds"),
    (ex.q4_1, where(lambda row, column: row == 0 and column > 0), "swapped"),
    (ex.q4_1, where(lambda row, column: row == 0), "no answer holds"),
    (ex.q4_1, where(lambda row, column: row > 0 and column > 0), "classes that are found"),
    (ex.q4_1, lambda matrix, names: where(lambda row, column: row > 0 and column == 0)(matrix, names)[::-1], "another order"),
    (ex.q4_1, lambda matrix, names: [name for name, hits in zip(names, matrix.diagonal(), strict=True) if not hits], "another question"),
    (ex.q4_1, lambda matrix, names: len(names), "a list of names"),
    (ex.q5_1, lambda e, d, images, epochs: (e + epochs * d) / (epochs * (e + d)), "the way round"),
    (ex.q5_1, lambda e, d, images, epochs: (e + d) / d, "not free"),
    (ex.q5_1, lambda e, d, images, epochs: epochs * images * (e + d) / (e + epochs * images * d), "not of one image"),
    (ex.q5_1, lambda e, d, images, epochs: (epochs - 1) * images * e, "seconds saved"),
    (ex.q5_1, lambda e, d, images, epochs: epochs * e / (e + epochs * d), "the decoder has to learn"),
    (ex.q5_1, lambda e, d, images, epochs: e / d, "divide the seconds"),
    (ex.q6_1, "A", "few streets"),
    (ex.q6_1, "c", "of use at once"),
    (ex.q6_1, "fine-tuned", "one letter"),
    (ex.q6_1, 3, "one letter"),
    (ex.q6_1, "D", "one letter"),
    (ex.q7_1, of(lambda a, b: b.mean() - a.mean() - std(a) - std(b)), "swapped"),
    (ex.q7_1, of(lambda a, b: a.mean() - b.mean()), "not taken off"),
    (ex.q7_1, of(lambda a, b: a.mean() - b.mean() + std(a) + std(b)), "is added"),
    (ex.q7_1, of(lambda a, b: a.mean() - b.mean() - a.std() - b.std()), "ddof=1"),
    (ex.q7_1, of(lambda a, b: a.mean() - b.mean() - a.var(ddof=1) - b.var(ddof=1)), "variances are taken off"),
    (ex.q7_1, of(lambda a, b: a.mean() - b.mean() - std(a)), "of the better one"),
    (ex.q7_1, of(lambda a, b: a.max() - b.max() - std(a) - std(b)), "the best seeds are compared"),
    (ex.q7_1, of(lambda a, b: a.min() - b.max()), "the worst seed against the best"),
]

EQUIVALENT = {
    ex.q1_1: {
        "numpy makes an array of a list": [
            "return 255 * images[..., ::-1] - [np.array([103.939, 116.779, 123.68]) → [103.939, 116.779, 123.68]]",
        ],
    },
}
