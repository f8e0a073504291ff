"""Questions of lesson 06."""

import numpy as np

from .engine import call, expect, letter, one_number, question

IGNORE = 255


def _close(value, other):
    return bool(np.isclose(value, other, rtol=1e-4, atol=1e-7))


@question(
    "May a pixel belong to two classes of the task at once? And how many channels are there?",
    "Exclusive classes share one unit of probability; classes that may overlap each need their own; one channel has nobody to share with.",
    "several exclusive channels: softmax; one channel, or channels that may overlap: sigmoid",
    praise="Overlapping classes also need one mask for each class: a single mask of class ids cannot say two things about a pixel.",
)
def q1_1(answer, rng):
    expect(isinstance(answer, list | tuple) and len(answer) == 4, "four answers are wanted, in the order of the tasks.")
    street, membrane, retina, letters = (str(word).strip().lower() for word in answer)
    expect({street, membrane, retina, letters} <= {"sigmoid", "softmax"}, "each answer is one of the two words of the question, in quotes.")
    expect(membrane != "softmax", "`membrane` has one channel: a softmax over one channel is 1 at every pixel, whatever the network says.")
    expect(retina != "softmax", "`retina`: with a softmax a vessel that crosses the optic disc has to be one OR the other.")
    expect(street != "sigmoid", "`street`: a pixel is one of 13 classes. What makes the 13 probabilities sum to 1?")
    expect(letters != "sigmoid", "`letters`: two channels and one class a pixel. Two sigmoids could say paper AND ink.")


@question(
    "First the void pixel; then take the one probability that counts: that of the true class.",
    "The logarithm of that probability, negative, times a factor that is small where the probability is large.",
    "0 if label is 255, else -((1 - p[label]) ** gamma) * log(p[label])",
    praise="With gamma = 0 it is the cross-entropy.",
)
def q2_1(answer, rng):
    for _ in range(6):
        p = rng.dirichlet(np.ones(4))
        label, gamma = int(rng.integers(4)), float(rng.uniform(1.2, 3))
        value = one_number(call(answer, p, label, gamma))
        true, log = p[label], np.log(p[label])
        if not _close(value, -((1 - true) ** gamma) * log):
            expect(not _close(value, (1 - true) ** gamma * log), "the sign: a cost is positive, and the logarithm of a probability is not.")
            expect(not _close(value, -log), "that is the plain cross-entropy: gamma has no effect.")
            expect(not _close(value, -(true**gamma) * log), "the factor is large where the pixel is right; it should be small there.")
            expect(not _close(value, -gamma * (1 - true) * log), "gamma is an exponent, not a factor.")
            expect(not _close(value, -((1 - true) ** gamma) * log / np.log(10)), "the natural logarithm is wanted.")
            expect(not _close(value, -((1 - true) ** gamma) * log / np.log(2)), "the natural logarithm is wanted.")
            everything = -np.sum((1 - p) ** gamma * np.log(p))
            expect(not _close(value, everything), "only the true class's probability enters, not all of them.")
            expect(False, "the cost is off. Try p = (0.8, 0.1, 0.1), label 0 and gamma 2: about 0.009.")
        expect(_close(one_number(call(answer, p, IGNORE, gamma)), 0), "a pixel with label 255 costs nothing.")


@question(
    "Three sums, over which pixels? Those of the class, those of others; what about 255?",
    "On the class's pixels p is found and 1 - p is missed; on the pixels where mask is 0, p is invented.",
    "hit = sum of p where mask == 1; missed = sum of 1 - p there; invented = sum of p where mask == 0; hit / (hit + ...)",
    praise="With alpha = beta = 1/2 it is Dice, with 1 and 1 IoU.",
)
def q3_1(answer, rng):
    for _ in range(6):
        shape = int(rng.integers(4, 8)), int(rng.integers(8, 12))
        mask = rng.choice([0, 1, IGNORE], shape, p=[0.5, 0.3, 0.2])
        p, (alpha, beta) = rng.uniform(0.05, 0.95, shape), (float(v) for v in rng.uniform((0.1, 0.6), (0.4, 0.9)))
        value = one_number(call(answer, p, mask, alpha, beta))
        hit, missed, invented = p[mask == 1].sum(), (1 - p[mask == 1]).sum(), p[mask == 0].sum()

        def tversky(a, b, invented=invented, hit=hit, missed=missed):
            return hit / (hit + a * invented + b * missed)

        if _close(value, tversky(alpha, beta)):
            continue
        void = p[mask != 1].sum()
        expect(not _close(value, 1 - tversky(alpha, beta)), "that is the loss, 1 less the index.")
        expect(not _close(value, tversky(beta, alpha)), "alpha and beta are changed over: alpha weighs what is invented.")
        expect(not _close(value, tversky(alpha, beta, void)), "ignored pixels count as another class with you. 255 is not 0.")
        expect(not _close(value, tversky(0.5, 0.5)), "that is Dice: alpha and beta have no effect.")
        expect(not _close(value, tversky(1, 1)), "that is IoU: alpha and beta have no effect.")
        sharp = p > 0.5
        counts = sharp[mask == 1].sum(), sharp[mask == 0].sum(), (~sharp)[mask == 1].sum()
        expect(
            not _close(value, counts[0] / max(counts[0] + alpha * counts[1] + beta * counts[2], 1e-9)),
            "you cut the probabilities at 0.5; a loss has to stay soft, or it has no gradient.",
        )
        expect(0 <= value <= 1, "the index lies between 0 and 1; yours does not.")
        expect(False, "the index is off. Print the three sums for a mask of two pixels.")


@question(
    "Which IoU has the background, which the object? What is found of each?",
    "IoU is overlap over union. The background's union is the whole image; the object's overlap is empty.",
    "(IoU of the background + IoU of the object) / 2",
    praise="Half of that answer's accuracy, and still more than nothing.",
)
def q4_1(answer, rng):
    value = one_number(answer)
    value = value / 100 if 1 < value <= 100 else value
    expect(not _close(value, 0.9), "that is the IoU of the background alone. The mean is over two classes.")
    expect(not _close(value, 0), "that is the IoU of the object alone. The mean is over two classes.")
    expect(
        not _close(value, 0.5),
        "that is the mean sensitivity: the background's is 1. Its IoU is a little less: which pixels are in its union?",
    )
    expect(not _close(value, 0.81), "that weighs the classes by how many pixels they have; here each class counts the same.")
    expect(not _close(value, 0.95), "the object's IoU is not 1: nothing of it is found.")
    expect(0 <= value <= 1, "an IoU lies between 0 and 1.")
    expect(_close(value, 0.45), "work out the IoU of each class: overlap over union, in pixels of an image of 100.")


@question(
    "For each place of `a`: how far to the nearest of `b`? And then?",
    "A table of distances (n, 2) against (m, 2) by broadcasting; the smallest in each row, the smallest in each column.",
    "d = distances (n, m), pixels times spacing first; max(d.min(axis=1).max(), d.min(axis=0).max())",
    praise="The table takes n·m numbers; the course's own function asks a tree of places instead.",
)
def q5_1(answer, rng):
    for _ in range(6):
        a, b = (rng.integers(0, 30, (int(n), 2)) for n in rng.integers(5, 12, 2))
        a, b = (a, np.vstack([b, [[60, 45]]])) if rng.random() < 0.5 else (np.vstack([a, [[60, 45]]]), b)  # far from the other outline
        spacing = tuple(float(v) for v in rng.uniform((0.3, 1.2), (0.8, 2.5)))
        value = one_number(call(answer, a, b, spacing))

        def table(scale, a=a, b=b):
            return np.sqrt((((a[:, None] - b[None]) * np.array(scale)) ** 2).sum(axis=-1))

        d = table(spacing)
        there, back = d.min(axis=1), d.min(axis=0)
        if _close(value, max(there.max(), back.max())):
            continue
        expect(not (_close(value, there.max()) or _close(value, back.max())), "you look one way only; go from b to a as well.")
        expect(
            not _close(value, d.max()),
            "that is the distance of the two places farthest apart. First the NEAREST place of the other outline.",
        )
        means = np.mean(np.concatenate([there, back])), (there.mean() + back.mean()) / 2, max(there.mean(), back.mean())
        expect(not any(_close(value, mean) for mean in means), "that is a mean distance; the largest one is wanted.")
        for scale, message in [((1, 1), "spacing has no effect."), (spacing[::-1], "height and width of a pixel are changed over.")]:
            other = table(scale)
            expect(not _close(value, max(other.min(axis=1).max(), other.min(axis=0).max())), message)
        blocks = (np.abs(a[:, None] - b[None]) * np.array(spacing)).sum(axis=-1)
        expect(
            not _close(value, max(blocks.min(axis=1).max(), blocks.min(axis=0).max())), "distances are straight lines: square, add, root."
        )
        expect(not _close(value, d.min()), "that is the smallest distance of all.")
        expect(False, "the distance is off. Try it with two places in each outline.")


@question(
    "What can be added over batches without harm: scores or counts?",
    "Add the confusion matrices of all batches. Only then compute the IoU of each class.",
    "matrix = sum of the matrices; mean of iou(matrix) over the classes where it is not nan",
    praise="It does not matter how the images are grouped, and one matrix is all you keep.",
)
def q6_1(answer, rng):
    for _ in range(4):
        classes, batches = 5, []
        for number in range(3):
            masks = rng.choice([0, 1, IGNORE], (2, 6, 6), p=[0.5, 0.35, 0.15])
            said = np.where(rng.random(masks.shape) < 0.7, masks % IGNORE, rng.integers(0, 2, masks.shape))
            if number == 0:
                masks[0, :2, :3], said[0, :2, :2] = 2, 2  # a class of one batch; class 3 is only predicted, 4 nowhere
                masks[1, 0, 0], said[1, 0, 0] = 0, 3
            batches.append((masks, said))
        value = one_number(call(answer, batches, classes))
        tables = [_matrix(*batch, classes) for batch in batches]
        by_class = _iou(sum(tables))
        if _close(value, np.nanmean(by_class)):
            continue
        expect(not np.isnan(value), "one class occurs nowhere and has no IoU: leave it out of the mean.")
        by_batch = [_iou(one) for one in tables]
        means = [np.mean([np.nanmean(one) for one in by_batch]), np.mean(np.nan_to_num(by_batch))]
        means.append(np.mean([np.nanmean(one) for one in np.transpose(by_batch) if not np.isnan(one).all()]))
        expect(not any(_close(value, mean) for mean in means), "that is a mean of the batches' scores. Add up counts, then score once.")
        expect(not _close(value, np.nan_to_num(by_class).mean()), "a class that occurs nowhere counts 0 with you; leave it out.")
        expect(not _close(value, np.nan_to_num(by_class, nan=1).mean()), "a class that occurs nowhere counts 1 with you; leave it out.")
        true = np.sum(sum(tables), axis=1) > 0
        expect(not _close(value, by_class[true].mean()), "a class that is predicted but in no mask does occur: its IoU is 0.")
        void = sum(_matrix(np.where(masks == IGNORE, 0, masks), said, classes) for masks, said in batches)
        expect(not _close(value, np.nanmean(_iou(void))), "void pixels count as class 0 with you.")
        total = sum(tables)
        expect(not _close(value, np.trace(total) / total.sum()), "that is the accuracy.")
        expect(False, "the mean is off. Print the IoU of each class.")


def _matrix(masks, said, classes):
    counted = masks != IGNORE
    return np.bincount(masks[counted] * classes + said[counted], minlength=classes**2).reshape(classes, classes)


def _iou(matrix):
    both, union = np.diag(matrix).astype(float), matrix.sum(axis=0) + matrix.sum(axis=1) - np.diag(matrix)
    return np.where(union > 0, both / np.maximum(union, 1), np.nan)


@question(
    "A weight above 1 makes a missed aphid dearer. What will the network do where it is in doubt?",
    "In doubt it will call a speck an aphid. What does that do to the aphids found, and to the pixels called aphid that are none?",
    "more is found, and more of what is found is wrong",
    praise="A weight moves the point from which the network dares; it adds no knowledge.",
)
def q7_1(answer, rng):
    choice = letter(answer, "ABC")
    expect(choice != "A", "weights bring no new knowledge about a speck in doubt; they only change what an error costs.")
    expect(choice != "C", "that would be weights below 1 for the aphids.")
