"""Questions of lesson 11."""

import numpy as np

from .engine import NotYet, call, expect, letter, one_number, question

MEAN = np.array([103.939, 116.779, 123.68])


def _names(found):
    expect(isinstance(found, list | tuple), f"a list of names is wanted, not {type(found).__name__}.")
    return [str(name) for name in found]


@question(
    "Three steps: the order of the channels, the range, the mean.",
    "images[..., ::-1] turns the channels round; the means are written in the order blue, green, red.",
    "255 · images with its channels turned round, minus [103.939, 116.779, 123.68]",
    praise="`keras.applications.resnet.preprocess_input` does this to images of 0–255.",
)
def q1_1(answer, rng):
    for shape in [(3,), (4, 5, 3), (2, 3, 4, 3)]:
        images = rng.random(shape).astype(np.float32)
        found = np.asarray(call(answer, images))
        expect(found.shape == shape, f"the shape changed from {shape} to {found.shape}.")
        if np.allclose(found, 255 * images[..., ::-1] - MEAN, atol=1e-2):
            continue
        expect(not np.allclose(found, 255 * images - MEAN, atol=1e-2), "the channels are still red, green, blue.")
        expect(not np.allclose(found, 255 * images - MEAN[::-1], atol=1e-2), "the right means, but the channels come out red first.")
        expect(
            not np.allclose(found, 255 * images[..., ::-1] - MEAN[::-1], atol=1e-2), "the means are given blue first; you turned them, too."
        )
        expect(not np.allclose(found, images[..., ::-1] - MEAN, atol=1e-2), "the means belong to 0–255, your images are still in 0–1.")
        expect(not np.allclose(found, 255 * images[..., ::-1], atol=1e-2), "the mean is not taken off.")
        expect(
            not np.allclose(found, 255 * (images[..., ::-1] - MEAN), atol=1e-1),
            "the mean is taken off before the 255; it belongs to 0–255.",
        )
        expect(
            len(shape) < 3 or not np.allclose(found, 255 * images[:, ::-1] - MEAN, atol=1e-2),
            "another axis was turned round, not the channels.",
        )
        expect(not np.allclose(found, 255 * images[..., ::-1] + MEAN, atol=1e-2), "the mean is added.")
        expect(False, "channels turned round, times 255, minus the mean: one of the three is not right.")


@question(
    "Walk through the list. What happens if a later layer of the same stride takes the place of the earlier one?",
    "A dict keeps the last value that was stored under a key. Leave out what is not finished, and stride 1.",
    "{stride: name for each (name, stride, finished) if finished and stride > 1}",
    praise="`narrow_encoder` and `build(…, encoder=…)` find their taps like this.",
)
def q2_1(answer, rng):
    for _ in range(4):
        layers = []
        for stride in (1, 2, 4, 8):
            for number in range(int(rng.integers(1, 4))):
                layers += [(f"conv{stride}_{number}", stride, False), (f"relu{stride}_{number}", stride, True)]
            layers.append((f"pad{stride}", stride, False))  # the last one is never finished
        found = call(answer, list(layers))
        expect(isinstance(found, dict), f"a dict {{stride: name}} is wanted, not {type(found).__name__}.")
        expect(not any(isinstance(key, str) for key in found), "keys and values are swapped: {stride: name}.")
        expect(1 not in found, "stride 1 is in it: no bridge begins there, the image itself is as large.")
        expect(set(found) == {2, 4, 8}, "a stride is missing, or one that does not occur is there.")
        right = {stride: name for name, stride, finished in layers if finished and stride > 1}
        first = {stride: name for name, stride, finished in reversed(layers) if finished and stride > 1}
        expect(not any(str(name).startswith(("conv", "pad")) for name in found.values()), "an unfinished layer was taken.")
        expect(found == right or found != first, "that is the first finished layer of each stride; the last one has seen more.")
        expect(found == right, "take for each stride the last layer that is finished.")


@question(
    "Which numbers normalise while training, and which ones otherwise? When do the averages move?",
    "Training: the batch's own mean and variance (over axis 0) normalise, and the averages become momentum · old + (1 − momentum) · own.",
    "not training: ((batch − mean) / sqrt(variance), mean, variance); else the same with the batch's own, and both averages moved",
    praise="Keras adds 0.001 to the variance before the root, so that a constant channel does not divide by 0.",
)
def q3_1(answer, rng):
    for training in (False, True, True, False):
        batch, mean = rng.normal(3, 2, (6, 2)), rng.normal(size=2)
        variance, momentum = rng.uniform(2, 5, 2), float(rng.uniform(0.8, 0.95))
        found = call(answer, batch, mean, variance, momentum, training)
        expect(
            isinstance(found, tuple | list) and len(found) == 3,
            "three things are wanted: the normalised batch, and both averages as they are afterwards.",
        )
        output, new_mean, new_variance = (np.asarray(part, float) for part in found)
        expect(output.shape == batch.shape, f"the output has shape {output.shape}, the batch {batch.shape}.")
        expect(new_mean.shape == new_variance.shape == (2,), "mean and variance hold one number a channel: over axis 0.")
        own_mean, own_variance = batch.mean(axis=0), batch.var(axis=0)
        if not training:
            expect(
                not np.allclose(output, (batch - own_mean) / own_variance**0.5), "without training the averages normalise, not the batch."
            )
            expect(not np.allclose(output, (batch - mean) / variance), "divided by the variance: the deviation, its root, is meant.")
            expect(np.allclose(output, (batch - mean) / variance**0.5), "without training: (batch − mean) / sqrt(variance).")
            expect(np.allclose(new_mean, mean) and np.allclose(new_variance, variance), "without training the averages stay as they are.")
            continue
        expect(not np.allclose(output, (batch - mean) / variance**0.5), "while training the batch's own mean and variance normalise.")
        expect(not np.allclose(output, (batch - own_mean) / own_variance), "divided by the variance: the deviation, its root, is meant.")
        expect(np.allclose(output, (batch - own_mean) / own_variance**0.5), "while training: (batch − its mean) / sqrt(its variance).")
        expect(not np.allclose(new_mean, mean), "while training the averages move, and yours did not.")
        expect(not np.allclose(new_mean, own_mean), "the averages move a little way; yours became those of the batch.")
        turned = (1 - momentum) * mean + momentum * own_mean
        expect(not np.allclose(new_mean, turned), "momentum is the share of the old average, not of the new one.")
        expect(np.allclose(new_mean, momentum * mean + (1 - momentum) * own_mean), "mean: momentum · old + (1 − momentum) · own.")
        deviation = momentum * variance + (1 - momentum) * batch.std(axis=0)
        expect(not np.allclose(new_variance, deviation), "the deviation went into the average; it holds variances.")
        expect(not np.allclose(new_variance, variance), "the average of the variance moves, too.")
        right = momentum * variance + (1 - momentum) * own_variance
        expect(np.allclose(new_variance, right), "variance: momentum · old + (1 − momentum) · own, over n and not n − 1.")


@question(
    "Two conditions have to hold for a layer.",
    "Its stride is at least from_stride, and it is no batch normalisation.",
    "[name for (name, kind, stride) if stride >= from_stride and kind != 'bn']",
    praise="And `compile` again afterwards: Keras notes there what learns.",
)
def q3_2(answer, rng):
    for _ in range(4):
        layers = []
        for stride in (1, 2, 4, 8, 16):
            layers += [(f"{kind}{stride}_{n}", kind, stride) for n in range(int(rng.integers(1, 3))) for kind in ("conv", "bn")]
        from_stride = int(rng.choice([2, 4, 8]))
        found = _names(call(answer, list(layers), from_stride))
        right = [name for name, kind, stride in layers if stride >= from_stride and kind != "bn"]
        if found == right:
            continue
        expect(not any(name.startswith("bn") for name in found), "a batch normalisation learns: few images would spoil its averages.")
        expect(sorted(found) != sorted(right), "the right names in another order: keep that of the layers.")
        beyond = [name for name, kind, stride in layers if stride > from_stride and kind != "bn"]
        expect(found != beyond, "layers at from_stride itself learn as well.")
        before = [name for name, kind, stride in layers if stride <= from_stride and kind != "bn"]
        below = [name for name, kind, stride in layers if stride < from_stride and kind != "bn"]
        expect(found not in (before, below), "the wrong end: the deep layers, those of large stride, are unfrozen.")
        only = [name for name, kind, stride in layers if stride == from_stride and kind != "bn"]
        expect(found != only, "what comes beyond from_stride learns as well.")
        expect(found != [name for name, kind, _ in layers if kind != "bn"], "from_stride makes no difference in yours.")
        expect(False, "some layers are missing, or some should stay frozen.")


@question(
    "A class is present in the masks if its row of the matrix has pixels. When is it never predicted?",
    "Rows are true classes, columns predicted ones: sum over axis 1 for what is there, over axis 0 for what was said.",
    "[name for each class whose row sum is above 0 and whose column sum is 0]",
    praise="A class that no mask holds is not counted: nobody could have found it.",
)
def q4_1(answer, rng):
    words = ["road", "car", "pole", "sign", "tree", "wall", "fence"]
    for _ in range(4):
        names = rng.permutation(words).tolist()
        matrix = rng.integers(1, 50, (7, 7))
        matrix[:, [0, 1, 2]] = 0  # never said
        matrix[[2, 3, 4], :] = 0  # never there
        order = rng.permutation(7)
        matrix, names = matrix[order][:, order], [names[k] for k in order]
        there, said = matrix.sum(axis=1) > 0, matrix.sum(axis=0) > 0

        def those(chosen, names=names):
            return [name for name, wanted in zip(names, chosen, strict=True) if wanted]

        found = _names(call(answer, matrix.copy(), list(names)))
        right = those(there & ~said)
        if found == right:
            continue
        expect(sorted(found) != sorted(right), "the right names in another order: keep that of `names`.")
        expect(found != those(~said), "a class that no mask holds is among them: nobody could have found it.")
        expect(found != those(said & ~there), "rows and columns are swapped: rows are true classes.")
        expect(found != those(~there), "those are the classes that no mask holds; we want those that no answer holds.")
        expect(found != those(there & said), "those are the classes that are found; we want the others.")
        expect(found != those(np.diag(matrix) == 0), "a class can be said and never be right: that is another question.")
        expect(False, "present in the masks (row) and never predicted (column): both have to hold.")


@question(
    "Write down the seconds of each way first, then divide.",
    "Every time: epochs · images · (e + d). Once: images · e, and then epochs · images · d.",
    "epochs · (e + d) / (e + epochs · d)",
    praise="For many epochs it comes to 1 + e / d: the dearer the encoder beside the decoder, the more it pays.",
)
def q5_1(answer, rng):
    for _ in range(4):
        e, d = rng.uniform(0.05, 0.5, 2)
        epochs = int(rng.integers(3, 40))
        images = epochs + int(rng.integers(2, 50))  # as many would hide which of the two shares the features
        found = one_number(call(answer, e, d, images, epochs))
        right = epochs * (e + d) / (e + epochs * d)
        mistakes = [
            (1 / right, "that is the way round: how many times quicker, a number above 1."),
            ((e + d) / d, "computing the features once is not free: it costs e for each image."),
            (epochs * images * (e + d) / (e + epochs * images * d), "the features of every image are computed once, not of one image."),
            (epochs * images * (e + d) - images * e - epochs * images * d, "these are the seconds saved; divide instead."),
            ((e + d) / (e / images + d), "the features are shared by the epochs, not by the images."),
            (epochs * e / (e + epochs * d), "the decoder has to learn in the first way, too."),
        ]
        for value, message in mistakes:
            expect(not np.isclose(found, value, rtol=1e-6), message)
        expect(
            np.isclose(found, right, rtol=1e-6), "divide the seconds of `every time` by those of `once`, both for all images and epochs."
        )


@question(
    "What does each of the three know before it sees the first street?",
    "Two of them know edges, textures and parts of things from a million photographs. The third has ten frames to learn them from.",
    "Both that begin with ImageNet's encoder are ahead of the one that begins with nothing.",
    praise="By how much, and for how many frames it holds, you see in section 7.",
)
def q6_1(answer, rng):
    choice = letter(answer, "ABC")
    expect(choice != "A", "millions of random numbers have a long way to go, and ten frames show them few streets.")
    expect(choice != "C", "what ImageNet taught is of use at once: a decoder learns to read it in few steps.")


@question(
    "Means first, then what the seeds of each one scatter.",
    "np.std(…, ddof=1) divides by n − 1: three seeds are a sample.",
    "mean(better) − mean(worse) − std(better) − std(worse), deviations over n − 1",
)
def q7_1(answer, rng):
    for _ in range(4):
        scores = {name: rng.uniform(0.2, 0.6, 3).round(3).tolist() for name in ("scratch", "frozen", "tuned")}
        better, worse = rng.choice(["scratch", "frozen", "tuned"], 2, replace=False).tolist()
        a, b = scores[better], scores[worse]
        found = one_number(call(answer, {name: list(seeds) for name, seeds in scores.items()}, better, worse))
        gain, spread = np.mean(a) - np.mean(b), np.std(a, ddof=1) + np.std(b, ddof=1)
        if np.isclose(found, gain - spread, rtol=1e-6):
            continue
        mistakes = [
            (-gain - spread, "better and worse are swapped."),
            (gain, "the spread is not taken off."),
            (gain + spread, "the spread is added: it should make the margin smaller."),
            (gain - np.std(a) - np.std(b), "over n − 1, not n: say ddof=1."),
            (gain - np.var(a, ddof=1) - np.var(b, ddof=1), "variances are taken off; deviations have the unit of the scores."),
            (gain - np.std(a, ddof=1), "only the spread of the better one is taken off."),
            (gain - np.std(b, ddof=1), "only the spread of the worse one is taken off."),
            (max(a) - max(b) - spread, "the best seeds are compared; take the means."),
            (min(a) - max(b), "that is the worst seed against the best one; means and deviations are asked for."),
            (abs(gain) - spread, "a loss is no gain: leave the sign of the difference."),
        ]
        for value, message in mistakes:
            expect(not np.isclose(found, value, rtol=1e-6), message)
        raise NotYet("difference of the means, minus one deviation, minus the other.")
