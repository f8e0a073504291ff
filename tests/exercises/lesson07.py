"""Lesson 07: second right ways, and typical mistakes with the words they are told."""

import cv2
import numpy as np

from course_utils.exercises import lesson07 as ex


def by_regular_groups(names, held):
    groups = {}
    for name in names:
        groups.setdefault(int(name[5:7]), []).append(name)
    order = sorted(groups)
    return [n for k in order[:-held] for n in groups[k]], [n for k in order[-held:] for n in groups[k]]


def by_frame(names, held):
    ordered = sorted(names)
    return ordered[:-1], ordered[-1:]


def first_worlds(names, held):
    worlds = sorted({name.split("_")[0] for name in names})[:held]
    return [n for n in names if n.split("_")[0] not in worlds], [n for n in names if n.split("_")[0] in worlds]


def balanced(counts):
    share = [count / sum(counts) for count in counts]
    middle = np.median([s for s in share if s])
    return [middle / s if s else 0 for s in share]


def weigh(function):
    def weights(counts):
        with np.errstate(divide="ignore", invalid="ignore"):
            share = counts / counts.sum()
            return np.where(share > 0, function(share), 0)

    return weights


def kept(values, patience):
    scores = np.array(values)
    while True:
        best = int(scores.argmax())
        stops = [e for e in range(len(scores)) if e - int(scores[: e + 1].argmax()) >= patience]
        if not stops:
            return best + 1
        scores = scores[: stops[0]]


RIGHT = [
    (ex.q1_1, lambda picture: cv2.split(picture)[2].astype(int)),
    (ex.q2_1, by_regular_groups),
    (ex.q3_1, balanced),
    (ex.q4_1, kept),
    (ex.q5_1, " c "),
    (ex.q6_1, lambda plain, weighted, share: [np.mean(weighted) - np.mean(plain), np.average(weighted - plain, weights=share)]),
]

WRONG = [
    (ex.q1_1, lambda picture: picture[..., 0], "Blue comes first"),
    (ex.q1_1, lambda picture: picture[..., 2:], "one axis too many"),
    (ex.q1_1, lambda picture: picture.mean(axis=-1), "a third"),
    (ex.q1_1, lambda picture: picture, "the shape is"),
    (ex.q1_1, lambda picture: 20 * picture[..., 2], "bright for the eye"),
    (ex.q1_1, lambda picture: picture[2], "the shape is"),
    (ex.q1_1, lambda picture: picture[..., 1], "all of it is 0"),
    (ex.q2_1, by_frame, "decide by world"),
    (ex.q2_1, first_worlds, "highest numbers"),
    (ex.q2_1, lambda names, held: by_regular_groups(names, held)[::-1], "swapped"),
    (ex.q2_1, lambda names, held: (names, by_regular_groups(names, held)[1]), "once"),
    (ex.q2_1, lambda names, held: by_regular_groups(names, held + 1), "are wanted"),
    (ex.q2_1, lambda names, held: held, "two lists"),
    (ex.q2_1, lambda names, held: [{name.split("_")[0] for name in part} for part in by_regular_groups(names, held)], "as they were given"),
    (ex.q3_1, weigh(lambda share: share / np.median(share[share > 0])), "upside down"),
    (ex.q3_1, weigh(lambda share: 1 / share), "median is missing"),
    (ex.q3_1, weigh(lambda share: np.sqrt(np.median(share[share > 0]) / share)), "root of the weights"),
    (ex.q3_1, weigh(lambda share: np.median(share) / share), "must not count in the median"),
    (ex.q3_1, weigh(lambda share: share[share > 0].mean() / share), "not their median"),
    (ex.q3_1, lambda counts: np.median(counts[counts > 0]) / np.maximum(counts, 1e-9), "must get weight 0"),
    (ex.q4_1, lambda values, patience: int(np.argmax(values)) + 1, "after the stop"),
    (ex.q4_1, lambda values, patience: kept(values, patience) - 1, "from 1"),
    (ex.q4_1, lambda values, patience: kept([-v for v in values], patience), "larger is better"),
    (ex.q4_1, lambda values, patience: kept(values, patience) + patience, "the epoch of the stop"),
    (ex.q4_1, lambda values, patience: kept(values, patience + 1), "too long"),
    (ex.q5_1, "A", "accuracy alone"),
    (ex.q5_1, "B", "more"),
    (ex.q5_1, 5, "one letter"),
    (ex.q5_1, "b", "more"),
    (ex.q5_1, "none", "one letter"),
    (ex.q5_1, None, "one letter"),
    (ex.q6_1, lambda plain, weighted, share: (np.mean(plain - weighted), np.sum(share * (plain - weighted))), "signs"),
    (ex.q6_1, lambda plain, weighted, share: (np.sum(share * (weighted - plain)), np.mean(weighted - plain)), "swapped"),
    (ex.q6_1, lambda plain, weighted, share: (np.mean(weighted - plain), np.mean(share * (weighted - plain))), "sum to 1"),
    (ex.q6_1, lambda plain, weighted, share: (np.mean(weighted - plain), np.sum(share * weighted)), "not its change"),
    (ex.q6_1, lambda plain, weighted, share: np.mean(weighted - plain), "two numbers"),
    (ex.q6_1, lambda plain, weighted, share: (np.mean(weighted), np.sum(share * weighted)), "the first number is not"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q3_1: {
        "a factor common to all shares leaves the weights as they are": [
            "share = counts [/ → *] counts.sum()",
            "share = counts / counts.[sum → mean]()",
        ],
        "a share is 0 where the count is": [
            "weights = np.median(share[[share → counts] > 0]) / np.where(share > 0, share, 1)",
            "weights = np.median(share[share > 0]) / np.where([share → counts] > 0, share, 1)",
        ],
        "what stands where there is no pixel is replaced in the next line": [
            "…are[share > 0]) / np.where(share > 0, share, [1 → 2])",
            "…are[share > 0]) / np.where(share > 0, share, [1 → 0])",
            "…np.median(share[share > 0]) / np.where(share [> → >=] 0, share, 1)",
            "….median(share[share > 0]) / np.where(share > [0 → -1], share, 1)",
        ],
    },
}
