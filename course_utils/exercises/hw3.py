"""Questions of homework 3; `yours` lets the notebook go on with the course's functions where an answer is not right yet."""

import cv2
import numpy as np

from . import engine
from .engine import NotYet, call, close, expect, numbers, one_number, question
from .late import keras

# ---------------------------------------------------------------- Core


def region(picture):
    """uint8 (rows, columns, 3) to float32 (rows, columns, 1): 1 where the colour is (255, 255, 255)."""
    return np.float32((picture == 255).all(axis=-1, keepdims=True))


@question(
    "Which colours have 255 in one channel, and are not white?",
    "A pixel belongs to the region if ALL its channels are 255. The result keeps one axis for the channel.",
    "compare with 255, all over the last axis with keepdims=True, as float32",
    praise="Exact colours are the right test for masks: nobody has interpolated or compressed them.",
)
def q1(answer, rng):
    colours = np.array([[255, 255, 255], [255, 0, 0], [120, 225, 255], [0, 255, 255], [255, 255, 0], [250, 250, 250], [0, 0, 0]])
    rows, columns = (int(n) for n in rng.permutation([9, 14]))
    picture = colours[rng.permutation(np.arange(rows * columns) % 7).reshape(rows, columns)].astype(np.uint8)
    white = (picture == 255).all(axis=-1)
    found = numbers(result := call(answer, picture))
    expect(found.shape != (rows, columns, 3), "three channels come out; one is wanted: (rows, columns, 1).")
    expect(found.shape != (rows, columns), "the shape is (rows, columns); the network's output has one axis more, of length 1.")
    expect(found.shape == (rows, columns, 1), f"the shape is {found.shape} and should be {(rows, columns, 1)}.")
    found = found[..., 0]
    expect(found.max() != 255, "the values run to 255; a mask for a sigmoid holds 0 and 1.")
    expect(set(np.unique(found)) <= {0, 1}, "there are values between 0 and 1: an average of the channels? A mask holds 0 and 1.")
    expect(not np.array_equal(found, ~white), "it is turned round: the region is 1, the rest 0.")
    for channel, name in enumerate(("red", "green", "blue")):
        expect(not np.array_equal(found, picture[..., channel] == 255), f"it looks at {name} alone, and other colours have 255 there.")
    expect(not np.array_equal(found, (picture == 255).any(axis=-1)), "one channel of 255 is not enough: white has three.")
    expect(not np.array_equal(found, (picture > 249).all(axis=-1)), "nearly white is not white: a light grey is another class.")
    expect(not np.array_equal(found, picture.mean(axis=-1) > 127.5), "that takes whatever is bright; the region is (255, 255, 255).")
    expect(np.array_equal(found, white), "some pixels are wrong: 1 where the colour is (255, 255, 255), 0 elsewhere.")
    kind = np.asarray(result).dtype
    expect(kind == np.float32, f"the values are right, their type is not: {kind}, wanted is float32.")


def stack(images, masks, rows, columns):
    """Lists of uint8 (h, w, 3) and float32 (h, w, 1) to float32 (n, rows, columns, 3) in [0, 1] and (n, rows, columns, 1)."""
    small = [cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA) for image in images]
    regions = [cv2.resize(mask, (columns, rows), interpolation=cv2.INTER_NEAREST) for mask in masks]
    return np.float32(small) / 255, np.stack(regions)[..., None]


@question(
    "cv2.resize wants (width, height). What does it do with an axis of length 1?",
    "It drops that axis: put it back with [..., None]. Images are averaged (INTER_AREA), masks never (INTER_NEAREST).",
    "resize each image and mask to (columns, rows); np.stack; images / 255 as float32; masks [..., None]",
    praise="Check shapes after every cv2 call: (n, rows, columns) beside (n, rows, columns, 1) broadcasts, silently, to nonsense.",
)
def q2(answer, rng):
    rows, columns = (int(n) for n in rng.permutation([12, 16]))
    factors = (3, 5, 4)
    images = [rng.integers(0, 256, (rows * f, columns * f, 3)).astype(np.uint8) for f in factors]
    masks = [np.float32(rng.random((rows * f // 2 + 1, columns * f // 2 + 1, 1)) < 0.5) for f in factors]
    masks = [mask.repeat(2, axis=0).repeat(2, axis=1)[: rows * f, : columns * f] for mask, f in zip(masks, factors, strict=True)]
    result = call(answer, images, masks, rows, columns)
    expect(isinstance(result, tuple | list) and len(result) == 2, "two arrays are wanted: images, masks.")
    small, regions = (numbers(part) for part in result)
    expect(small.shape != (3, columns, rows, 3), "rows and columns are swapped: cv2.resize wants (width, height).")
    expect(small.shape == (3, rows, columns, 3), f"the images have shape {small.shape} and should have {(3, rows, columns, 3)}.")
    expect(regions.shape != (3, rows, columns), "cv2.resize dropped the masks' last axis: (n, rows, columns, 1) is wanted.")
    expect(regions.shape == (3, rows, columns, 1), f"the masks have shape {regions.shape} and should have {(3, rows, columns, 1)}.")
    expect(small.max() <= 1, "the images run to 255; divide by 255.")
    means = [image.reshape(rows, f, columns, f, 3).mean(axis=(1, 3)) / 255 for image, f in zip(images, factors, strict=True)]
    expect(not close(small * 255, means, 0.004), "the images are divided by 255 twice.")
    expect(close(small, means, 0.006), "the images are not the means over areas (cv2.INTER_AREA) of those given, in their order.")
    expect(abs(np.mean(small) - np.mean(means)) < 5e-4, "the images are a little too dark or too bright: divide by 255.")
    expect(set(np.unique(regions)) <= {0, 1}, "the masks hold values between 0 and 1 that nobody drew: nearest neighbour for masks.")
    ways = [cv2.INTER_NEAREST, cv2.INTER_NEAREST_EXACT]
    nearest = [np.stack([cv2.resize(mask, (columns, rows), interpolation=way) for mask in masks]) for way in ways]
    expect(any(np.array_equal(regions[..., 0], right) for right in nearest), "the masks are not those given, by nearest neighbour.")
    kinds = {str(np.asarray(part).dtype) for part in result}
    expect(kinds == {"float32"}, f"the values are right, the types are not: {', '.join(sorted(kinds))}; both should be float32.")


def build_unet(rows, columns, width):
    """Three poolings, `width` filters at the finest level, batch normalisation, one sigmoid."""
    from course_utils.models import unet  # here, because the setup cell silences what Keras says while it is imported

    return unet((rows, columns, 3), 1, [width * 2**level for level in range(4)], batch_norm=True, transposed=True)


@question(
    "Three parts: a way down, a way up, and a last layer with one channel. What joins the two ways?",
    "Keep what each level gives before its pooling; on the way up enlarge, lay that beside it, and convolve again.",
    "x = block(...), keep, MaxPooling2D; on the way up Conv2DTranspose(…, 2, strides=2), Concatenate, block; Conv2D(1, 1, 'sigmoid')",
    praise="One channel, one sigmoid: the probability that a pixel is road.",
)
def q3(answer, rng):
    rows, columns = 32, 48
    model = call(answer, rows, columns, 4)
    expect(isinstance(model, keras.Model), "a keras.Model is wanted: keras.Model(inputs, outputs).")
    expect(model.input_shape[1:] != (columns, rows, 3), "rows and columns are swapped in the input.")
    expect(model.input_shape[1:] == (rows, columns, 3), f"the input should be {(rows, columns, 3)}; yours is {model.input_shape[1:]}.")
    shape = model.output_shape[1:]
    expect(shape[:2] == (rows, columns), f"the output is {shape[:2]}, the image {(rows, columns)}: as many steps up as poolings.")
    expect(shape[-1] == 1, f"the output has {shape[-1]} channels; road or not takes one.")
    kinds = [type(step).__name__.lower() for step in model.operations]
    joined = sum(any(word in kind for word in ("concat", "add", "maximum", "average")) and "pool" not in kind for kind in kinds)
    expect(joined, "nothing joins the way down to the way up: without those bridges it is an hourglass, no U-Net.")
    maps = [step for step in model.operations if len(getattr(getattr(step, "output", None), "shape", ())) == 4]
    heights = [step.output.shape[1] for step in maps]
    expect(min(heights) == rows // 8, f"the smallest map has {min(heights)} of {rows} rows; three poolings leave an eighth.")
    expect(joined == 3, f"{joined} of three levels are joined to the way up.")
    larger = call(answer, rows, columns, 6)
    expect(larger.count_params() > model.count_params(), "`width` has no effect on the number of filters.")
    for level in range(4):
        filters, side = 4 * 2**level, rows >> level
        at = [i for i, step in enumerate(maps) if type(step).__name__.endswith("Conv2D") and step.output.shape[1:4:2] == (side, filters)]
        deeper = [i for i, height in enumerate(heights) if height < side]
        words = f"with width 4 the level of {side} rows has no convolution with {filters} filters"
        expect(at and min(at) < min(deeper, default=len(maps)), f"{words} on the way down.")
        expect(max(at) > max(deeper, default=-1), f"{words} on the way up.")
    for layer in model.layers:  # far from 0, whatever the initialiser
        layer.set_weights([rng.normal(0, 0.5, weights.shape) if weights.ndim == 4 else weights for weights in layer.get_weights()])
    images = rng.random((4, rows, columns, 3)).astype(np.float32) * np.float32([0.2, 1, 5, 20])[:, None, None, None]
    said = keras.ops.convert_to_numpy(model(images, training=False))
    expect(np.ptp(said) > 0, "every probability is the same: a softmax over one channel is always 1.")
    expect(said.min() >= 0 and said.max() <= 1, f"it gives values from {said.min():.3g} to {said.max():.3g}: no probabilities.")
    last = [layer for layer in model.layers if layer.get_weights()][-1]
    for sign in (-1, 1):
        last.set_weights([0 * weights if weights.ndim > 1 else 0 * weights + 3 * sign for weights in last.get_weights()])
        middle = float(np.mean(keras.ops.convert_to_numpy(model(images[:1], training=False))))
        expect(abs(middle - 1 / (1 + np.exp(-3 * sign))) < 0.01, "the last layer is no sigmoid: what does it make of −3 and of 3?")


def dice_loss(masks, probabilities):
    """1 − (2·Σgp + 1) / (Σg + Σp + 1) over all pixels of the batch."""
    both = keras.ops.sum(masks * probabilities)
    return 1 - (2 * both + 1) / (keras.ops.sum(masks) + keras.ops.sum(probabilities) + 1)


@question(
    "Three sums over all pixels of the batch: of masks · probabilities, of masks, of probabilities.",
    "The coefficient is (2 · first + 1) / (second + third + 1); a loss falls when the overlap grows.",
    "1 − (2 · sum(masks · p) + 1) / (sum(masks) + sum(p) + 1), with keras.ops.sum",
    praise="The 1 keeps a batch without any road from dividing 0 by 0.",
)
def q4(answer, rng):
    missed, told = False, None
    for turn in range(3):
        shares = np.reshape([(0.8, 0.3, 0.1), (0.1, 0.2, 0.05), (0, 0, 0)][turn], (3, 1, 1, 1))
        masks = (rng.random((3, 5, 6, 1)) < shares).astype(np.float32)
        p = rng.uniform(0.05, 0.95, masks.shape).astype(np.float32)
        p *= 0.01 if turn == 2 else 1
        value = one_number(call(answer, masks, p))
        both, true, said = (masks * p).sum(), masks.sum(), p.sum()
        missed |= not close(value, 1 - (2 * both + 1) / (true + said + 1))
        cut = p > 0.5
        images = [(2 * (g * q).sum() + 1) / (g.sum() + q.sum() + 1) for g, q in zip(masks, p, strict=True)]
        mistakes = [
            ((2 * both + 1) / (true + said + 1), "that is the coefficient: it grows with the overlap, and a loss must fall."),
            (-(2 * both + 1) / (true + said + 1), "that is minus the coefficient; 1 minus it is wanted, so that the best loss is 0."),
            (1 - 2 * both / max(true + said, 1e-9), "the 1 above and below is missing."),
            (1 - (2 * both) / (true + said + 1), "the 1 stands below only: without road, right answers would cost 1."),
            (1 - (2 * both + 1) / max(true + said, 1e-9), "the 1 stands above only."),
            (1 - 2 * (both + 1) / (true + said + 1), "the overlap is doubled, the 1 is not."),
            (1 - (both + 1) / (true + said + 1), "the overlap counts twice above the line: each pixel of it is in both sums below."),
            (1 - (both + 1) / (true + said - both + 1), "that is the IoU's loss; Dice doubles the overlap and keeps the sum below."),
            (1 - np.mean(images), "that is a mean over the images; sum over all pixels of the batch first."),
            (1 - (2 * (masks * cut).sum() + 1) / (true + cut.sum() + 1), "cut at 0.5 it has no slope, and nothing would be learnt."),
            (1 - (2 * both + 1) / ((masks**2).sum() + (p**2).sum() + 1), "here the terms below are not squared."),
            (1 - (2 * (masks * p).mean() + 1) / (masks.mean() + p.mean() + 1), "means in place of sums make the 1 far too heavy."),
        ]
        fitting = [message for wrong, message in mistakes if close(value, wrong)]
        told = [message for message in fitting if told is None or message in told]  # in every turn: one may agree by chance
    expect(not missed, (told or ["the loss is off. Try masks (1, 0) and probabilities (0.5, 0.5): 1 − 2/3."])[0])
    masks, p = np.float32(rng.random((2, 4, 4, 1)) < 0.5), rng.uniform(0.05, 0.95, (2, 4, 4, 1)).astype(np.float32)
    try:
        slope = engine.slope(answer, masks, p)
    except Exception as error:
        raise NotYet("the values are right, but no network can be trained with it: use keras.ops, not numpy.") from error
    expect(np.any(slope), "the values are right, but nothing is learnt: use keras.ops, not numpy.")
    both, all_of_both = (masks * p).sum(), masks.sum() + p.sum() + 1
    right = (2 * both + 1) / all_of_both**2 - 2 * masks / all_of_both
    expect(close(slope, right, 1e-3), "the values are right, but not the slope: a part of the loss is cut off from training.")


def set_scores(batches):
    """IoU, Dice, precision and recall of the region, from the counts of all batches together."""
    masks, said = (np.concatenate([np.ravel(part) for part in parts]) > 0.5 for parts in zip(*batches, strict=True))
    return _scores((masks & said).sum(), (~masks & said).sum(), (masks & ~said).sum())


def _scores(tp, fp, fn):
    tp, fp, fn = (np.float64(count) for count in (tp, fp, fn))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.array([tp / (tp + fp + fn), 2 * tp / (2 * tp + fp + fn), tp / (tp + fp), tp / (tp + fn)])


@question(
    "What may be added over batches: scores, or counts?",
    "Count TP, FP and FN of each batch at 0.5, add them up, and compute the four scores once, at the end.",
    "IoU = TP/(TP+FP+FN), Dice = 2TP/(2TP+FP+FN), precision = TP/(TP+FP), recall = TP/(TP+FN)",
    praise="Group the images as you like: the numbers stay.",
)
def q5(answer, rng):
    for _ in range(4):
        batches = []
        for size, share in zip((4, 4, 1), rng.permutation([0.6, 0.3, 0.1]), strict=True):
            masks = np.float32(rng.random((size, 6, 7, 1)) < share)
            p = 0.35 * masks + rng.uniform(0.02, 0.63, masks.shape)
            p[rng.random(p.shape) < 0.1] = 0.5  # not above it
            batches.append((masks, np.float32(p)))
        found = numbers(call(answer, [tuple(part.copy() for part in batch) for batch in batches])).ravel()
        expect(len(found) == 4, "four numbers are wanted: IoU, Dice, precision, recall.")
        right = set_scores(batches)
        if close(found, right):
            continue
        singles = [(g[None], q[None]) for batch in batches for g, q in zip(*batch, strict=True)]
        soft_tp, soft_all = sum((g * p).sum() for g, p in batches), sum(p.sum() for _, p in batches)
        true = sum(g.sum() for g, _ in batches)
        rest = set_scores([(1 - g, 1 - p) for g, p in batches])
        mistakes = [
            (np.mean([set_scores([batch]) for batch in batches], axis=0), "these are means of the batches' scores: add counts instead."),
            (np.nanmean([set_scores([one]) for one in singles], axis=0), "these are means over images; the whole set is one large image."),
            (_scores(soft_tp, soft_all - soft_tp, true - soft_tp), "probabilities were added up; cut them at 0.5 first."),
            (right[[0, 1, 3, 2]], "precision and recall are swapped: precision divides by what was *called* road."),
            (right[[1, 0, 2, 3]], "IoU and Dice are swapped: Dice is the larger one."),
            (rest, "these are the scores of the rest; the region is 1."),
            ((right + rest) / 2, "these are means over road and rest; the region's own scores are wanted."),
        ]
        for wrong, message in mistakes:
            expect(not close(found, wrong), message)
        tp, fp, fn = (sum(np.sum(test(g > 0.5, p > 0.5)) for g, p in batches) for test in (_hit, _invented, _missed))
        size = sum(g.size for g, _ in batches)
        expect(not close(found[0], 1 - (fp + fn) / size), "the first number is the pixel accuracy: the rest's hits do not belong in it.")
        expect(not close(found[0], tp / (2 * tp + fp + fn)), "in the IoU the overlap was counted twice below the line.")
        for index, name in enumerate(("IoU", "Dice", "precision", "recall")):
            expect(close(found[index], right[index]), f"{name} is wrong. Count TP, FP and FN of a mask of four pixels by hand.")


def _hit(true, said):
    return true & said


def _invented(true, said):
    return ~true & said


def _missed(true, said):
    return true & ~said


# ---------------------------------------------------------------- Apply


def all_road(share):
    """(IoU, Dice, precision, recall) of calling every pixel road where `share` of them are."""
    return share, 2 * share / (1 + share), share, 1


@question(
    "Of an image with 100 pixels, call all of them road. What are TP, FP and FN?",
    "TP is the share, FP is the rest, FN is 0. Put that into the four formulas.",
    "share, 2·share / (1 + share), share, 1",
    praise="A network below these numbers has learnt less than nothing.",
)
def q6(answer, rng):
    for share in rng.uniform(0.1, 0.45, 3).tolist():
        found = numbers(call(answer, share)).ravel()
        expect(len(found) == 4, "four numbers are wanted: IoU, Dice, precision, recall.")
        right = np.array(all_road(share))
        if close(found, right):
            continue
        expect(not close(found, right[[1, 0, 2, 3]]), "IoU and Dice are swapped.")
        expect(not close(found, right[[0, 1, 3, 2]]), "precision and recall are swapped: every road pixel is found.")
        expect(not close(found, [0, 0, 0, 0]), "that is the answer 'no road anywhere'; here everything is called road.")
        expect(not close(found[0], 1), "nothing is missed, but much is invented: the IoU is not 1.")
        expect(not close(found[0], share / 2), "that is the mean over road and rest; the road's own IoU is wanted.")
        for index, name in enumerate(("IoU", "Dice", "precision", "recall")):
            expect(close(found[index], right[index]), f"{name} is wrong for a share of {share:.2f}.")


def mixed_order(first, second, steps, batch, seed):
    """Indices, integers (steps, batch), half of each row below `first` and half from there on; see homework 3."""
    rng, halves = np.random.default_rng(seed), []
    for start, count in ((0, first), (first, second)):
        passes = -(-steps * batch // 2 // count)
        order = np.concatenate([rng.permutation(count) for _ in range(passes)])
        halves.append(start + order[: steps * batch // 2].reshape(steps, batch // 2))
    return np.concatenate(halves, axis=1)


@question(
    "Make the order of one set first: as many permutations, one after the other, as its half of all batches needs.",
    "Cut that order to steps · batch / 2 numbers and reshape to (steps, batch / 2). The second set's indices begin at `first`.",
    "for each set: concatenate permutations, cut, reshape; add `first` to the second; concatenate along axis 1",
    praise="The smaller set is seen more often, and that is what you asked for: say so when you report it.",
)
def q7(answer, rng):
    for seed, (first, second) in enumerate(((12, 30), (25, 9), (10, 10))):
        batch = 2 * int(rng.integers(2, 5))
        steps = int(rng.integers(12, 18))
        found = numbers(call(answer, first, second, steps, batch, seed))
        expect(found.shape == (steps, batch), f"the shape is {found.shape} and should be {(steps, batch)}.")
        expect(np.array_equal(found, np.rint(found)), "indices are whole numbers.")
        expect(found.min() >= 0 and found.max() < first + second, f"the indices run from 0 to {first + second - 1}.")
        old = found < first
        expect(old.any() and not old.all(), "it draws from one of the two sets only: indices of the second begin at `first`.")
        expect((old.sum(axis=1) == batch // 2).all(), "not every batch is half and half; indices of the second set begin at `first`.")
        for part, start, count in ((found[old], 0, first), (found[~old], first, second)):
            times = np.bincount(part.astype(int) - start, minlength=count)
            expect(times.min() or len(part) < count, "some pictures are never drawn, though there are enough batches for all.")
            expect(np.ptp(times) <= 1, "some pictures are drawn more often than others: use up all of a set before any comes again.")
            passes = [part[i : i + count] for i in range(0, len(part) - count + 1, count)]
            expect(not any(np.array_equal(one, np.sort(one)) for one in passes), "the pictures come in their own order: shuffle them.")
            if len(passes) > 1:
                expect(not np.array_equal(passes[0], passes[1]), "each pass has the same order: draw a new permutation.")
        expect(np.array_equal(found, numbers(call(answer, first, second, steps, batch, seed))), "the same seed gives another order.")
        other = numbers(call(answer, first, second, steps, batch, seed + 1))
        expect(not np.array_equal(found, other), "every seed gives the same order.")


def domain_gap(ious):
    """For each set: IoU of the network trained there less that of the other; ious: (trained on, measured on), two sets."""
    return np.diag(ious) - np.diag(ious[::-1])


@question(
    "Compare two networks on ONE set: the one that grew up there, and the other.",
    "Column by column: the diagonal holds the natives, the other number of the column the foreigner.",
    "own = diagonal; foreign = sum of each column − own; own − foreign",
    praise="Along a row the sets differ as well as the network's familiarity with them: a harder set looks like a gap.",
)
def q8(answer, rng):
    for _ in range(3):
        ious = np.array([[0.9, 0.4], [0.3, 0.8]]) + rng.uniform(-0.08, 0.08, (2, 2))
        found = numbers(call(answer, ious)).ravel()
        expect(len(found) == 2, "two numbers are wanted, one for each set that is measured on.")
        (aa, ab), (ba, bb) = ious
        if close(found, [aa - ba, bb - ab]):
            continue
        expect(
            not close(found, [aa - ab, bb - ba]), "that compares one network on two sets: one of them may be harder. Compare by columns."
        )
        expect(not close(found, [ba - aa, ab - bb]), "the sign: a gap is what the foreigner lacks, native less foreigner.")
        expect(not close(found, [bb - ab, aa - ba]), "right numbers, wrong order: the first set comes first.")
        expect(not close(found, [aa / ba, bb / ab]), "a difference is wanted, not a ratio.")
        expect(not close(found, [ab, ba]) and not close(found, [ba, ab]), "these are the foreigners' scores; how much do they lack?")
        expect(False, "for each column: the IoU on the diagonal less the other one.")


def called_road(ids, said, names):
    """{name: share of the class's pixels that were called road}, the largest first, for the classes that occur."""
    shares = {names[k]: said[ids == k].mean() for k in np.unique(ids) if k < len(names)}
    return {name: shares[name] for name in sorted(shares, key=lambda name: -shares[name])}


@question(
    "Take the pixels of one class. Which share of them was called road?",
    "For each class that occurs: the mean of `said` where `ids` is that class. Sort by that share, largest first.",
    "{names[k]: said[ids == k].mean() for k that occur}, sorted by −share",
    praise="Such a list tells what to collect next, which no single score does.",
)
def q9(answer, rng):
    for _ in range(3):
        names = [f"class {letter}" for letter in rng.permutation(list("ABCDEFG"))]
        ids = rng.choice([0, 1, 2, 3, 5, 6, 255], (3, 12, 10), p=[0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1]).astype(np.uint8)
        rates = rng.permutation(np.linspace(0.05, 0.95, 7))
        said = rng.random(ids.shape) < rates[np.minimum(ids, 4)]
        found = call(answer, ids, said, list(names))
        expect(isinstance(found, dict), "a dictionary from names to shares is wanted.")
        expect(all(name in names for name in found), "the keys have to be names of classes.")
        expect(names[4] not in found, "a class without a pixel has no share: leave it out.")
        expect(len(found) == 6, f"{len(found)} classes are listed; 6 occur.")
        shares = {name: one_number(share) for name, share in found.items()}
        right = {names[k]: said[ids == k].mean() for k in (0, 1, 2, 3, 5, 6)}
        if not all(close(shares[name], right[name]) for name in right):
            counts = {names[k]: said[ids == k].sum() for k in (0, 1, 2, 3, 5, 6)}
            by_said = {name: count / said.sum() for name, count in counts.items()}
            expect(not all(close(shares[n], counts[n]) for n in right), "these are counts: a large class would always stand on top.")
            message = "these are shares of all that was called road; the share of each class is wanted."
            expect(not all(close(shares[n], by_said[n]) for n in right), message)
            of_all = {name: count / said.size for name, count in counts.items()}
            expect(not all(close(shares[n], of_all[n]) for n in right), "divide by the pixels of the class, not by all pixels.")
            expect(not all(close(shares[n], 1 - right[n]) for n in right), "that is the share that was NOT called road.")
            expect(False, "some shares are wrong: the mean of `said` over the pixels of that class.")
        order = [right[name] for name in shares]  # of equal ones either may come first
        expect(order != sorted(order), "the smallest share comes first; the largest was asked for.")
        expect(order == sorted(order, reverse=True), "sort by the share, largest first.")


# ---------------------------------------------------------------- Explore


def _best(thresholds, score):
    values = [score(threshold) for threshold in thresholds]
    return thresholds[int(np.argmax(values))]


def best_threshold(masks, p, thresholds):
    """That of `thresholds` with the largest IoU over all pixels of the set."""
    return _best(thresholds, lambda t: _iou_at(masks, p, t))


@question(
    "What does each threshold's IoU over the whole set come to?",
    "For each: said = probabilities > threshold; overlap over union, summed over all images. Keep the threshold with the largest.",
    "max(thresholds, key=IoU of the set at that threshold)",
    praise="Chosen on these images, so report it on others.",
)
def q10(answer, rng):
    told = {
        lambda masks, p, ts: max(_iou_at(masks, p, t) for t in ts): "that is the IoU; the threshold is wanted.",
        lambda masks, p, ts: int(np.argmax([_iou_at(masks, p, t) for t in ts])): "that is an index; the threshold is wanted.",
        lambda masks, p, ts: _best(ts, lambda t: -_iou_at(masks, p, t)): "that is the worst one.",
        lambda masks, p, ts: _best(ts, lambda t: ((p > t) == (masks == 1)).mean()): "that is the best pixel accuracy, not the best IoU.",
        lambda masks, p, ts: _best(
            ts, lambda t: np.mean([_iou_at(g, q, t) for g, q in zip(masks, p, strict=True)])
        ): "that takes the mean over images; add up overlap and union over the set.",
        lambda masks, p, ts: _best(ts, lambda t: (p > t)[masks == 1].mean()): "that is the best recall: calling everything road wins.",
        lambda masks, p, ts: _best(ts, lambda t: (masks == 1)[p > t].mean() if (p > t).any() else 0): "that is the best precision.",
        lambda masks, p, ts: _best(ts, lambda t: -abs(t - 0.5)): "that is the one next to 0.5, whatever the network says.",
    }
    wrong, missed = list(told), 0
    for _ in range(25):
        shares = rng.permutation([0.7, 0.04, 0.15, 0.3])
        masks = np.float32([rng.random((6, 7, 1)) < share for share in shares])
        levels = rng.uniform(0.1, 0.45), rng.uniform(0.3, 0.7)
        p = np.float32(np.clip(np.where(masks == 1, sum(levels), levels[0]) + rng.normal(0, 0.22, masks.shape), 0.01, 0.99))
        thresholds = rng.permutation(np.arange(0.13, 0.9, 0.1).round(2)).tolist()
        p = np.where(rng.random(p.shape) < 0.2, np.float32(rng.choice(thresholds, p.shape)), p)  # a threshold itself is not above it
        value = one_number(call(answer, masks, p, list(thresholds)))
        wrong = [other for other in wrong if close(other(masks, p, thresholds), value)]
        top = _iou_at(masks, p, best_threshold(masks, p, thresholds))
        missed += not any(close(value, t) and close(_iou_at(masks, p, t), top) for t in thresholds)
    if missed:
        expect(not wrong, told[wrong[0]] if wrong else "")
        expect(any(close(value, t) for t in thresholds), "one of the thresholds is wanted.")
        raise NotYet("another threshold has a larger IoU over the whole set.")


def _iou_at(masks, p, threshold):
    said, true = p > threshold, masks == 1
    return (said & true).sum() / max(1, (said | true).sum())


def match_colours(images, like):
    """Each channel of `images` shifted and stretched to the mean and spread of `like`, over all pixels of the set; in [0, 1]."""
    axes = (0, 1, 2)
    matched = (images - images.mean(axes)) / images.std(axes) * like.std(axes) + like.mean(axes)
    return matched.clip(0, 1)


@question(
    "Channel by channel: which mean and which spread has each set?",
    "Take off the images' mean, divide by their spread, multiply by the other's, add the other's mean; over images, rows and columns.",
    "(images − mean) / std · like.std + like.mean with axes (0, 1, 2), then clip to [0, 1]",
    praise="It needs images of the new place, and not one mask.",
)
def q11(answer, rng):
    for turn in range(3):
        spread = (0.08, 0.08, 0.3)[turn]
        images = np.clip(rng.normal(0.5, 0.1, (4, 6, 7, 3)) + rng.normal(0, 0.06, (4, 1, 1, 3)), 0, 1)
        like = np.clip(rng.normal(rng.uniform(0.35, 0.65, 3), spread * rng.uniform(0.6, 1.2, 3), (5, 6, 7, 3)), 0, 1)
        found = numbers(call(answer, images, like))
        expect(found.shape == images.shape, f"the shape is {found.shape} and should be that of the images, {images.shape}.")

        def matched(axes, of_like=(0, 1, 2), clip=True, gain=lambda a, b: b / a, images=images, like=like):
            (m, s), (n, t) = ((f(axes, keepdims=True) for f in (images.mean, images.std)), (f(of_like) for f in (like.mean, like.std)))
            values = (images - m) * gain(s, t) + n
            return values.clip(0, 1) if clip else values

        if close(found, matched((0, 1, 2)), 1e-4):
            continue
        a, b = images.mean((0, 1, 2)), like.mean((0, 1, 2))
        mistakes = [
            (matched((0, 1, 2), clip=False), "some values lie outside of [0, 1]: no image has such. Clip them."),
            (matched((1, 2)), "each image was matched by itself; the statistics are those of the whole set."),
            (matched((0, 1, 2, 3), (0, 1, 2, 3)), "the channels were pooled: each has a mean and a spread of its own."),
            ((images - a + b).clip(0, 1), "the means fit, the spread is still the old one."),
            (matched((0, 1, 2), gain=lambda s, t: s / t), "the spreads are swapped: divide by the images' own, multiply by the other."),
            (images, "nothing changed."),
            (((images - a) / images.std((0, 1, 2))).clip(0, 1), "mean 0 and spread 1: the other set's are missing."),
            ((images - a) / images.std((0, 1, 2)), "mean 0 and spread 1: the other set's are missing."),
        ]
        for wrong, message in mistakes:
            expect(not close(found, wrong, 1e-4), message)
        expect(found.min() >= 0 and found.max() <= 1, "some values lie outside of [0, 1]: clip them.")
        expect(False, "some values are wrong: compare mean and spread of each channel with those of `like`.")


def interval(counts, seed):
    """5th and 95th percentile of the set's IoU over 1000 resamplings of its images (Efron, 1979); counts: TP, FP, FN (images, 3)."""
    rng = np.random.default_rng(seed)
    totals = counts[rng.integers(0, len(counts), (1000, len(counts)))].sum(axis=1)
    return np.percentile(totals[:, 0] / totals.sum(axis=1), [5, 95])


@question(
    "Had you met other images, what would the IoU have been? Draw sets of as many images from yours, with replacement.",
    "For each of 1000 draws: sum the counts of the drawn images, then TP / (TP + FP + FN). Take the 5th and 95th percentile of these.",
    "picks = integers(0, n, (1000, n)); totals = counts[picks].sum(axis=1); percentiles of totals[:, 0] / totals.sum(axis=1)",
    praise="Images are drawn and not pixels: the pixels of one image err together.",
)
def q12(answer, rng):
    for _ in range(3):
        size, shares = rng.integers(200, 2000, 24), rng.beta(6, 3, 24)
        shares[:4] *= 0.3
        size[:4] //= 8
        size[[7, -1]], shares[[7, -1]] = 4000, (0.95, 0.2)
        size[[0, 7]], shares[[0, 7]] = size[[7, 0]], shares[[7, 0]]  # large ones stand first and last
        tp = np.rint(size * shares)
        fp = np.rint((size - tp) * rng.uniform(0.2, 0.8, 24))
        counts = np.stack([tp, fp, size - tp - fp], axis=1).astype(int)
        seed = int(rng.integers(1000))
        found = numbers(call(answer, counts, seed)).ravel()
        expect(len(found) == 2, "two numbers are wanted: the 5th and the 95th percentile.")
        expect(found[0] != found[1] or found[0] in (0, 1), "both ends are the same: are the images drawn with replacement?")
        expect(found[0] < found[1], "the lower end comes first.")
        low, high = interval(counts, seed + 1)
        middle, width = (low + high) / 2, (high - low) / 2
        again = numbers(call(answer, counts, seed)).ravel()
        if np.all(abs(found - [low, high]) < 0.25 * width):
            expect(np.array_equal(found, again), "the same seed gives another interval.")
            other = numbers(call(answer, counts, seed + 1)).ravel()
            expect(not np.array_equal(found, other), "another seed gives the same interval: draw with default_rng(seed).")
            continue
        ious = tp / size
        expect(not close(found, np.percentile(ious, [5, 95])), "that is the spread of single images; a mean over many is surer.")
        expect(found.max() <= 1 and found.min() >= 0, "an IoU lies between 0 and 1: are these percentiles of IoUs?")
        means = np.percentile(ious[np.random.default_rng(0).integers(0, 24, (1000, 24))].mean(axis=1), [5, 95])
        ours, half = np.mean(found), np.ptp(found) / 2
        near_means = np.all(abs(found - means) < 0.25 * width) and abs(np.mean(means) - ours) < abs(middle - ours)
        expect(not near_means, "these are means of the images' IoU: add up the counts of the drawn images first.")
        expect(half > 0.35 * width, "far too narrow: draw whole images, as many as there are; single pixels do not err alone.")
        expect(half > 0.88 * width, "too narrow: the 5th and the 95th percentile are wanted.")
        expect(half < 1.14 * width, "too wide: as many images a draw as there are, and the 5th and 95th percentile.")
        expect(False, "the interval lies beside the right one: TP over the sum of all three.")


def compare(before, after):
    """ "better" if every number of `after` is above every one of `before`, "worse" if below, else "cannot say"."""
    if min(after) > max(before):
        return "better"
    return "worse" if max(after) < min(before) else "cannot say"


def _run_by_run(before, after):
    signs = {np.sign(new - old) for old, new in zip(before, after, strict=True)}
    return {(1,): "better", (-1,): "worse"}.get(tuple(signs), "cannot say")


@question(
    "Draw the two lists on one line. When would you bet on the difference?",
    "If the lists do not overlap, one is better; if they do, three seeds cannot say. Which two numbers of the lists decide?",
    "'better' if min(after) > max(before); 'worse' if max(after) < min(before); else 'cannot say'",
    praise="By chance alone three and three numbers come apart once in ten times: a strict rule for so few runs, and still no proof.",
)
def q13(answer, rng):
    told = {
        lambda a, b: "better" if np.mean(b) > np.mean(a) else "worse": "means always differ: two lists that overlap cannot say.",
        lambda a, b: compare(b, a): "the two are changed over: is `after` better than `before`?",
        lambda a, b: "better" if max(b) > max(a) else "worse": "the best run of several is luck: look at all of them.",
        lambda a, b: "better" if b[0] > a[0] else "worse": "one run decides nothing: look at all of them.",
        _run_by_run: "run by run: but the first run of one list has nothing to do with the first of the other.",
        lambda a, b: compare([np.mean(a)], b): "compare with all of `before`, not with its mean.",
        lambda a, b: "cannot say": "it never decides, however far apart the lists are.",
    }
    wrong, missed = list(told), ""
    for turn in range(40):
        centre, apart = rng.uniform(0.4, 0.7), (0, 0.03, -0.03, 0.2, -0.2, 0.015)[turn % 6]
        before, after = (np.round(rng.normal(centre + shift, 0.02, 3), 3).tolist() for shift in (0, apart))
        if turn >= 30:  # equal ends: no overlap, and no gap either
            after[0] = max(before) if apart > 0 else min(before)
        said = call(answer, list(before), list(after))
        expect(isinstance(said, str) and said in ("better", "worse", "cannot say"), "answer 'better', 'worse' or 'cannot say'.")
        wrong = [other for other in wrong if other(before, after) == said]
        if said != compare(before, after):
            missed = f"before {before}, after {after}: '{said}' is not what the rule says."
    expect(not missed, told[wrong[0]] if wrong else missed)


COURSE = {q1: region, q2: stack, q3: build_unet, q4: dice_loss, q5: set_scores, q6: all_road, q7: mixed_order}
COURSE |= {q8: domain_gap, q9: called_road, q10: best_threshold, q11: match_colours, q12: interval, q13: compare}
TIERS = {
    "Core": (8, [q1, q2, q3, q4, q5]),
    "Apply": (8, [q6, q7, q8, q9]),
    "Explore": (7, [q10, q11, q12, q13]),
}


def yours(**answers):
    """The functions given as `q1=region, …` whose checks accept them; in place of the others the course's own. Prints which."""
    return engine.chosen({globals()[name]: answer for name, answer in answers.items()}, COURSE)
