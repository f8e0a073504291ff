"""Questions of homework 5: each wants an instrument, and tries it on broken and healthy programs that the notebook does not show."""

import itertools
from functools import partial

import cv2
import numpy as np
from PIL import Image

from course_utils.augment import Affine, Photometric

from .engine import NotYet, call, expect, question

IGNORE = 255


def _verdict(answer, *args):
    """What the instrument says of one program, True or False."""
    said = np.asarray(call(answer, *args))
    expect(said.shape == () and said.dtype.kind == "b", f"an instrument says True or False; yours said {str(said)[:40]!r}.")
    return bool(said)


def _try(answer, broken, healthy):
    """Try the instrument on all programs, given as {words: arguments}. NotYet names the first kind that it missed or wrongly accused."""
    missed = [words for words, args in broken.items() if not _verdict(answer, *args)]
    accused = [words for words, args in healthy.items() if _verdict(answer, *args)]
    expect(missed or len(accused) < len(healthy), "it accuses every program, the healthy ones too: what do those do differently?")
    expect(accused or len(missed) < len(broken), "it lets every broken program pass: feed something on which broken and healthy differ.")
    expect(not missed, f"it lets pass {(missed or [''])[0]}.")
    expect(not accused, f"it accuses {(accused or [''])[0]}, and that is healthy.")


# ---------------------------------------------------------------- Core


def _resize(how, kind=np.uint8):
    return lambda mask, height, width: cv2.resize(np.asarray(mask).astype(kind), (width, height), interpolation=how)


def _by_index(mask, height, width):
    rows, columns = (np.arange(new) * old // new for new, old in zip((height, width), np.shape(mask), strict=True))
    return np.asarray(mask)[rows[:, None], columns]


def _by_vote(mask, height, width):
    labels = np.unique(mask)
    return labels[np.argmax([_resize(cv2.INTER_LINEAR, np.float32)(mask == label, height, width) for label in labels], axis=0)]


def _depending(larger, smaller):
    return lambda mask, height, width: (larger if height > len(mask) else smaller)(mask, height, width)


@question(
    "What can an interpolated mask hold that the mask itself cannot?",
    "A value between two labels. Is it always a stranger? Between 0 and 2 there is 1. Which labels leave no such excuse?",
    "a mask with two labels far apart, such as 0 and 200; enlarge it and shrink it; any other value in the result: True",
    praise="Two labels far apart, both directions: no interpolated value has a place to hide.",
)
def q1(answer, rng):
    linear, nearest = _resize(cv2.INTER_LINEAR), _resize(cv2.INTER_NEAREST)
    broken = {
        "a cubic resize": [_resize(cv2.INTER_CUBIC)],
        "a bilinear resize in floating point, rounded at the end": [lambda *args: np.rint(_resize(cv2.INTER_LINEAR, np.float32)(*args))],
        "a resize that is bilinear only where it enlarges": [_depending(linear, nearest)],
        "a resize that averages only where it shrinks": [_depending(nearest, _resize(cv2.INTER_AREA))],
    }
    healthy = {
        "a nearest-neighbour resize": [nearest],
        "a resize that picks rows and columns by index": [_by_index],
        "a nearest-neighbour resize that hands back floats": [_resize(cv2.INTER_NEAREST, np.float32)],
        "a resize that interpolates each class by itself and takes the strongest": [_by_vote],
    }
    _try(answer, broken, healthy)


def _read(order=(0, 1, 2), scale=lambda values: values):
    return lambda path: scale(np.asarray(Image.open(path).convert("RGB"))[..., list(order)])


def _unit(values):
    return np.float32(values) / 255


def _symmetric(values):
    return np.float32(values) / 127.5 - 1


@question(
    "You need a picture of which you know what should come out.",
    "Make it, write it, read it. A red one shows whether red arrives first. What of green and blue? And who writes the file?",
    "for each channel: a picture with only that channel lit, saved with PIL; the channel with the largest mean of what `read` gives",
    praise="Had you written the file with OpenCV, two mistakes would have cancelled.",
)
def q2(answer, rng):
    broken = {
        "a reader that gives blue, green, red": [lambda path: cv2.imread(str(path))],
        "a reader that gives blue, green, red as floats from 0 to 1": [_read((2, 1, 0), _unit)],
        "a reader that gives blue, green, red as floats from −1 to 1": [_read((2, 1, 0), _symmetric)],
        "a reader that swaps green and blue": [_read((0, 2, 1))],
        "a reader that swaps red and green": [_read((1, 0, 2))],
    }
    healthy = {
        "a reader that gives red, green, blue": [_read()],
        "a reader with OpenCV that turns the channels round": [lambda path: cv2.imread(str(path))[..., ::-1]],
        "a reader that gives floats from 0 to 1": [_read(scale=_unit)],
        "a reader that gives floats from −1 to 1": [_read(scale=_symmetric)],
    }
    _try(answer, broken, healthy)


def _one_hot(ids, classes):
    return np.eye(classes)[np.asarray(ids)]


def _ratio(both, union):
    """Mean of both / union, groups with nothing in them left out."""
    both, union = np.atleast_1d(both).astype(float), np.atleast_1d(union)
    return float((both[union > 0] / union[union > 0]).mean()) if (union > 0).any() else 0.0


def _sharp(probabilities):
    return _one_hot(np.argmax(probabilities, axis=-1), np.shape(probabilities)[-1])


def _overlap(both, union):
    """A score of (mask, probabilities); `both` and `union` turn probabilities into what is summed."""

    def metric(mask, probabilities):
        truth = _one_hot(mask, np.shape(probabilities)[-1])
        axes = tuple(range(truth.ndim - 1))
        met, p = (truth * both(probabilities)).sum(axes), union(probabilities)
        return _ratio(met, (truth + p).sum(axes) - (truth * p).sum(axes))

    return metric


@question(
    "Two predictions that give each pixel the same class: what must a sharp score say of them?",
    "The same. So change the probabilities without changing which is the largest.",
    "sure = 1 for one class; hesitant = 0.6 for it, the rest shared; True if metric(mask, sure) and metric(mask, hesitant) differ",
    praise="A soft score is a fine loss. As a reported IoU it is another number than the papers'.",
)
def q3(answer, rng):
    broken = {
        "a soft IoU": [_overlap(np.asarray, np.asarray)],
        "a soft Dice with 1 added above and below": [
            lambda mask, p: float(np.mean((2 * _over_pixels(mask, p) + 1) / (_sizes(mask, p) + 1)))
        ],
        "the mean probability of the true class": [lambda mask, p: float((_one_hot(mask, np.shape(p)[-1]) * p).sum(axis=-1).mean())],
        "an IoU of which only the overlap is soft": [_overlap(np.asarray, _sharp)],
        "a soft error, of which 0 is the best": [lambda mask, p: float(1 - (_one_hot(mask, np.shape(p)[-1]) * p).sum(axis=-1).mean())],
    }
    healthy = {
        "an IoU of class ids": [_overlap(_sharp, _sharp)],
        "the pixel accuracy": [lambda mask, p: float((np.argmax(p, axis=-1) == mask).mean())],
        "the share of wrong pixels, of which 0 is the best": [lambda mask, p: float((np.argmax(p, axis=-1) != mask).mean())],
        "a Dice of class ids": [lambda mask, p: float(np.mean((2 * _over_pixels(mask, _sharp(p)) + 1) / (_sizes(mask, _sharp(p)) + 1)))],
    }
    _try(answer, broken, healthy)


def _over_pixels(mask, p):
    return (_one_hot(mask, np.shape(p)[-1]) * p).reshape(-1, np.shape(p)[-1]).sum(axis=0)


def _sizes(mask, p):
    return (_one_hot(mask, np.shape(p)[-1]) + p).reshape(-1, np.shape(p)[-1]).sum(axis=0)


def _mean_iou(masks, said):
    masks, said = np.asarray(masks), np.asarray(said)
    labels = np.unique([*np.unique(masks), *np.unique(said)])
    return _ratio(*np.transpose([(((masks == c) & (said == c)).sum(), ((masks == c) | (said == c)).sum()) for c in labels]))


def _accuracy(masks, said):
    return float((np.asarray(masks) == said).mean())


def _batched(score, reduce=np.mean, whole=False):
    """An evaluation (masks, predictions, batch) that scores each batch by itself; `whole` leaves out an incomplete last one."""

    def evaluate(masks, said, batch):
        starts = [i for i in range(0, len(masks), batch) if not whole or i + batch <= len(masks)] or [0]
        scores = [score(masks[i : i + batch], said[i : i + batch]) for i in starts]
        return float(reduce(scores) if reduce is np.mean else reduce(scores, [len(masks[i : i + batch]) for i in starts]))

    return evaluate


def _weighted(scores, sizes):
    return np.average(scores, weights=sizes)


@question(
    "The same images, the same predictions, and another number. What did you change?",
    "Only how many images go together. Which sizes, and which images, would show it best? Must they divide the number of images?",
    "images that differ: one class in one image alone, some errors; evaluate with batch 1, 2, 3, ... all; True if the numbers differ",
    praise="Sizes that do not divide the set find what even batches hide.",
)
def q4(answer, rng):
    broken = {
        "the mean of the batches' mean IoU": [_batched(_mean_iou)],
        "the mean of the batches' mean IoU, weighted by how many images they hold": [_batched(_mean_iou, _weighted)],
        "a pixel accuracy averaged over batches, where the last one may be smaller": [_batched(_accuracy)],
        "an accuracy that drops a last batch which is not full": [_batched(_accuracy, _weighted, whole=True)],
    }
    healthy = {
        "the mean IoU of the whole set": [lambda masks, said, batch: _mean_iou(masks, said)],
        "a mean over images, whatever the batch": [lambda masks, said, batch: _batched(_mean_iou)(masks, said, 1)],
        "a pixel accuracy whose batches are weighted by their size": [_batched(_accuracy, _weighted)],
    }
    _try(answer, broken, healthy)


def _summed(*axes):
    def score(truth, said):
        truth, said = np.asarray(truth) > 0.5, np.asarray(said) > 0.5
        return _ratio((truth & said).sum(axes), (truth | said).sum(axes))

    return score


def _loop(truth, said):
    return float(np.mean([_summed(0, 1, 2)(truth[..., c : c + 1], said[..., c : c + 1]) for c in range(np.shape(truth)[-1])]))


@question(
    "Over which axes does a class's IoU sum, and over which comes the mean?",
    "Work out by hand what must come out for a small batch. In which batch would any other axis give another number?",
    "random ids, two images, 3 classes of unequal size; by hand: mean over c of sum(both) / sum(either); True if `score` differs",
    praise="A random batch has no symmetry behind which an axis could hide.",
)
def q5(answer, rng):
    broken = {
        "a score that pools the classes": [_summed(0, 1, 2, 3)],
        "a score that sums over images, columns and classes and leaves the rows": [_summed(0, 2, 3)],
        "a score that sums over images, rows and classes and leaves the columns": [_summed(0, 1, 3)],
        "a score that takes the mean over images before that over classes": [_summed(1, 2)],
    }
    healthy = {
        "a score that sums over images, rows and columns": [_summed(0, 1, 2)],
        "a score that goes through the classes in a loop": [_loop],
    }
    _try(answer, broken, healthy)


# ---------------------------------------------------------------- Apply


def _without_void(score):
    return lambda mask, said: score(np.asarray(mask)[np.asarray(mask) != IGNORE], np.asarray(said)[np.asarray(mask) != IGNORE])


def _void_in_union(mask, said):
    mask, said = np.asarray(mask), np.asarray(said)
    labels = np.unique(mask[mask != IGNORE])
    return _ratio(*np.transpose([(((mask == c) & (said == c)).sum(), ((mask == c) | (said == c)).sum()) for c in labels]))


@question(
    "What may happen in void without any effect on the score?",
    "Anything: other predictions there, or no void at all. Some programs give themselves away by the one, some by the other only.",
    "a void band, predictions with errors; True if the score differs from that of the part without void, for any prediction in void",
    praise="Cutting void away is the stronger test: it also finds void that always counts as wrong.",
)
def q6(answer, rng):
    def as_class(number):
        return lambda mask, said: _mean_iou(np.where(np.asarray(mask) == IGNORE, number, mask), said)

    broken = {
        "a mean IoU that takes void for class 0": [as_class(0)],
        "a mean IoU that leaves void out of the overlap and not out of the union": [_void_in_union],
        "an accuracy in which void is always wrong": [_accuracy],
        "an accuracy in which void is always right": [
            lambda mask, said: float(((np.asarray(mask) == said) | (np.asarray(mask) == IGNORE)).mean())
        ],
    }
    healthy = {
        "a mean IoU without void": [_without_void(_mean_iou)],
        "an accuracy without void": [_without_void(_accuracy)],
        "the number of wrong pixels outside void": [
            _without_void(lambda mask, said: float((mask != said).sum())),
        ],
    }
    _try(answer, broken, healthy)


def _softmax(values):
    powers = np.exp(values - np.max(values, axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _sigmoid(values):
    return 1 / (1 + np.exp(-np.clip(values, -60, 60)))


def _cost(before=np.asarray, factor=1.0):
    """A pixel's cross-entropy (logits, label): the softmax of the loss, after whatever the network did `before`."""
    return lambda logits, label: float(-factor * np.log(max(_softmax(before(np.asarray(logits, float)))[label], 1e-12)))


@question(
    "Where does a second softmax hurt most: where the network is unsure, or where it is sure?",
    "A network that is sure and right should cost next to nothing. How small can the cost get after two of them?",
    "logits: 50 for the label, 0 for the others; True if loss(logits, label) is above 0.1",
    praise="After two softmaxes no probability of C classes exceeds e / (e + C − 1).",
)
def q7(answer, rng):
    many = int(rng.integers(12, 25))
    broken = {
        "a second softmax over two classes": [_cost(_softmax), 2],
        "a second softmax over many classes": [_cost(_softmax), many],
        "a second softmax in a loss that counts half": [_cost(_softmax, 0.5), 3],
        "a softmax over sigmoids": [_cost(_sigmoid), 4],
    }
    healthy = {
        "a cross-entropy of two classes": [_cost(), 2],
        "a cross-entropy of many classes": [_cost(), many],
        "a cross-entropy that counts threefold": [_cost(factor=3.0), 5],
        "a softmax of logits divided by 2, a temperature": [_cost(lambda logits: logits / 2), many],
    }
    _try(answer, broken, healthy)


@question(
    "Which probabilities can the sigmoid of something that is never negative reach?",
    "Feed logits over a wide range and look at the smallest probability that comes out.",
    "logits from −50 to 50; True if the smallest of head(logits) is not below 0.5",
    praise="Such a network says 'object' everywhere, or 0.5 at best, and its loss stands still.",
)
def q8(answer, rng):
    def relu(values):
        return np.maximum(values, 0)

    shift = float(rng.uniform(2, 4))
    broken = {
        "a ReLU of logits that were shifted up": [lambda z: _sigmoid(relu(np.asarray(z, float) + shift))],
        "a softplus before the sigmoid": [lambda z: _sigmoid(np.logaddexp(0, np.asarray(z, float)))],
        "an absolute value before the sigmoid": [lambda z: _sigmoid(np.abs(np.asarray(z, float)))],
        "a ReLU that is cut at 6 before the sigmoid": [lambda z: _sigmoid(np.clip(np.asarray(z, float), 0, 6))],
    }
    healthy = {
        "a plain sigmoid": [lambda z: _sigmoid(np.asarray(z, float))],
        "a sigmoid written as a tanh": [lambda z: (1 + np.tanh(np.asarray(z, float) / 2)) / 2],
        "a leaky ReLU before the sigmoid": [lambda z: _sigmoid(np.where(np.asarray(z) > 0, z, 0.1 * np.asarray(z, float)))],
        "a ReLU followed by a layer with a negative bias": [lambda z: _sigmoid(relu(np.asarray(z, float) + 2) - 1)],
        "a sigmoid that is turned round, high where the logits are low": [lambda z: _sigmoid(-np.asarray(z, float))],
    }
    _try(answer, broken, healthy)


def _convolution(rng, side, rate=1, bias=0.0):
    """Features of images (batch, height, width, 1): one filter, `same` padding."""
    weights = rng.uniform(0.5, 1.5, (side, side))

    def head(images):
        images = np.asarray(images, float)
        reach, (height, width) = rate * (side // 2), images.shape[1:3]
        padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
        windows = [padded[:, r * rate : r * rate + height, c * rate : c * rate + width] for r, c in np.ndindex(side, side)]
        return bias + sum(weight * window for weight, window in zip(weights.flat, windows, strict=True))

    return head


def _parallel(*heads):
    return lambda images: np.concatenate([head(images) for head in heads], axis=-1)


@question(
    "Light one pixel. Where does the output change?",
    "A pixel is read by as many outputs, in each direction, as an output reads pixels. Compare with a black image: there may be a bias.",
    "black (1, n, n, 1) with n large; lit = black with its centre 1; rows where head(lit) differs from head(black): last − first + 1",
    praise="No need to read the code: a dilated 1×1 gives itself away.",
)
def q9(answer, rng):
    conv, rate = partial(_convolution, rng), int(rng.integers(5, 8))
    branches = [conv(3, r) for r in (6, 12, 18, 24, 1, 1)]
    cases = {
        "a 3×3 convolution": (conv(3), 3),
        "a 1×1 convolution with dilation": (conv(1, rate), 1),
        "a dilated 3×3 convolution": (conv(3, rate), 2 * rate + 1),
        "a 5×5 convolution with a bias": (conv(5, bias=0.3), 5),
        "two 3×3 convolutions, one after the other": (lambda images: branches[-1](branches[-2](images)), 5),
        "a pyramid with rates 6, 12, 18 and 24": (_parallel(*branches[:4]), 49),
        "a pyramid whose loop ends after its second branch": (_parallel(*branches[:2]), 25),
    }
    found = {}
    for words, (head, _) in cases.items():
        value = np.asarray(call(answer, head))
        expect(value.shape == () and value.dtype.kind in "iuf", "one number is wanted: the side of the window, in pixels.")
        found[words] = float(value)
    sides = {words: side for words, (_, side) in cases.items()}
    wrong = [words for words, side in sides.items() if found[words] != side]
    rest = [words for words in wrong if "pyramid" not in words]
    expect(len(set(found.values())) > 1, "it gives the same number for every head.")
    expect(
        not wrong or rest or found[wrong[0]] > sides[wrong[0]],
        f"it comes out too small for {(wrong or [''])[0]}. Is your image large enough?",
    )
    if found["a dilated 3×3 convolution"] == 9:
        raise NotYet("it counts the pixels that are read; with dilation there are gaps between them, and the window reaches over those.")
    if found["a dilated 3×3 convolution"] == rate + 1:
        raise NotYet("it measures half a window: a lit pixel in a corner, or the reach to one side.")
    expect(found["a 5×5 convolution with a bias"] <= 5, "it takes a bias for something seen: compare with the output for a black image.")
    expect(not wrong, f"it is wrong about {(wrong or [''])[0]}.")


def _sized(change, classes=5):
    """A network: images (batch, height, width, 3), sides multiples of 32, to (batch, *change(height, width), classes)."""

    def network(images):
        batch, height, width, _ = np.shape(images)
        if height % 32 or width % 32:
            raise ValueError(f"height and width must be multiples of 32, not {height}×{width}.")
        return np.zeros((batch, *change(height, width), classes), np.float32)

    return network


@question(
    "Which two numbers must agree? And for which images?",
    "Height and width of the output. A square image, or a single size, hides two kinds of mistake.",
    "for several sizes, some not square: True if np.shape(network(images))[1:3] differs from (height, width)",
    praise="Each of these fits at one size, on one kind of image, and fails in the field.",
)
def q10(answer, rng):
    side = 32 * int(rng.integers(1, 4))
    broken = {
        "an output with an eighth of the side": [_sized(lambda h, w: (h // 8, w // 8))],
        "an output whose height and width are changed over": [_sized(lambda h, w: (w, h))],
        "an output of one fixed size": [_sized(lambda h, w: (side, side))],
        "an output that lost two rows and columns": [_sized(lambda h, w: (h - 2, w - 2), 3)],
        "an output with half the height and twice the width": [_sized(lambda h, w: (h // 2, w * 2))],
    }
    healthy = {
        "a network with five classes": [_sized(lambda h, w: (h, w))],
        "a network with one channel": [_sized(lambda h, w: (h, w), 1)],
        "a network with as many classes as the image has colours": [_sized(lambda h, w: (h, w), 3)],
    }
    _try(answer, broken, healthy)


# ---------------------------------------------------------------- Explore


def _apart(step):
    return lambda image, mask, rng: (step(image, mask, rng)[0], step(image, mask, rng)[1])


def _flips_image_alone():
    """Flips the image without its mask in every fourth call: by chance, a single try could be lucky."""
    calls = itertools.count(1)
    return lambda image, mask, rng: (image if next(calls) % 4 else image[:, ::-1], mask)


def _image_aside(image, mask, rng):
    return np.roll(image, 3, axis=1), mask


@question(
    "If the image IS the mask, what must be true after they were moved together?",
    "They still agree, but for edges and brightness. How often do you try? Is your shape the same when it is flipped?",
    "a shape without symmetry, in both; 30 times: bright = image above half its range; True if bright and mask differ in over 5 %",
    praise="Some of these are right three times in four: one try proves nothing.",
)
def q11(answer, rng):
    broken = {
        "rotations drawn one for the image, one for the mask": [_apart(Affine(rotation=30))],
        "flips drawn one for the image, one for the mask": [_apart(Affine(flip=True))],
        "an image that is flipped alone, one time in four": [_flips_image_alone()],
        "an image that always lies three pixels beside its mask": [_image_aside],
    }
    healthy = {
        "rotations and flips, drawn once for both": [Affine(rotation=20, flip=True)],
        "shifts, drawn once for both": [Affine(shift=0.1)],
        "brightness and contrast of the image alone": [Photometric(brightness=0.1, contrast=0.2)],
        "noise in the image alone": [Photometric(noise=0.05)],
        "no change at all": [lambda image, mask, rng: (image, mask)],
    }
    _try(answer, broken, healthy)


@question(
    "When do two tiles show the same ground, or ground that meets?",
    "Same mosaic, and close in rows AND in columns. How close, for tiles of that side? Does touching count?",
    "True if any pair has the same mosaic and |row − row'| ≤ side and |column − column'| ≤ side",
    praise="Split by mosaic, by city, by patient, by film: then no instrument is needed.",
)
def q12(answer, rng):
    side = int(rng.integers(16, 200))
    row, column = (side * int(n) for n in rng.integers(5, 20, 2))
    tile, far = ("A", row, column), [("B", row, column + 9 * side), ("C", row, column)]
    elsewhere = ("D", row + 20 * side, column)

    def pair(down, right, mosaic="A"):
        return [*far, tile], [elsewhere, (mosaic, row + int(down * side), column + int(right * side))], side

    broken = {
        "a tile that is in both lists": pair(0, 0),
        "tiles that overlap by half": pair(0.5, -0.5),
        "tiles that touch along an edge": pair(0, 1),
        "tiles that touch at a corner": pair(-1, 1),
        "tiles that touch, one above the other": pair(-1, 0),
    }
    healthy = {
        "tiles at the same place in different mosaics": ([*far, tile], [elsewhere, ("E", row + side, column)], side),
        "tiles of one mosaic with two tiles between them, side by side": pair(0, 3),
        "tiles of one mosaic with a tile between them, one below the other": pair(2, 0),
        "tiles of one mosaic that are close in rows and far in columns": pair(1, -4),
    }
    _try(answer, broken, healthy)


def _normalised(weights, means, spreads, moving):
    """A network (images, training) of one layer: batch normalisation with the statistics of the batch, or with `moving` ones."""

    def model(images, training):
        features = np.asarray(images, float) @ weights + means
        mean, spread = (features.mean(axis=(0, 1, 2)), features.std(axis=(0, 1, 2))) if training else moving
        return _softmax(2 * (features - mean) / (spread + 1e-3))

    return model


@question(
    "What is the same, and what is not, when you call with training=True and with training=False?",
    "The same images, both ways. Some difference is healthy: the moving statistics are never those of one batch. What would hurt?",
    "two = model(images, True), model(images, False); classes by argmax over the last axis; True if more than a tenth of them differ",
    praise="Remedies: momentum 0.9 for short runs, larger batches, a normalisation without batches.",
)
def q13(answer, rng):
    images = rng.normal(0, 1, (8, 12, 12, 3)).astype(np.float32)
    weights, means = np.linalg.qr(rng.normal(size=(3, 3)))[0], rng.permutation([4.0, 0.0, -3.0])
    images[0, 0, 0] = 25 * weights[:, 2]  # the network is sure of this pixel whatever its statistics: one pixel is not enough
    features = images @ weights + means
    mean, spread = features.mean(axis=(0, 1, 2)), features.std(axis=(0, 1, 2))
    make = partial(_normalised, weights, means, spread)
    kept, beside = 0.99 ** int(rng.integers(5, 30)), np.array([0.06, -0.06, 0.0])
    broken = {
        "moving statistics that a few steps of momentum 0.99 left near their start": (
            make(((1 - kept) * mean, kept + (1 - kept) * spread)),
            images,
        ),
        "moving statistics of images with another brightness": (make((mean + np.array([2.0, -2.0, 0.0]), spread)), images),
        "moving means of zero": (make((0 * mean, spread)), images),
    }
    healthy = {
        "moving statistics that have settled, though not on those of this batch": (make((mean + beside, spread * 1.003)), images),
        "a network without batch normalisation": (lambda images, training: _softmax(np.asarray(images, float) @ weights), images),
        "a normalisation of each image by itself": (_image_by_image(weights), images),
    }
    _try(answer, broken, healthy)


def _image_by_image(weights):
    def model(images, training):
        features = np.asarray(images, float) @ weights
        return _softmax((features - features.mean(axis=(1, 2), keepdims=True)) / (features.std(axis=(1, 2), keepdims=True) + 1e-3))

    return model


TURN = {"degrees": 360.0, "radians": 2 * np.pi, "turns": 1.0}


def _rotate(unit, sense):
    """A function that turns an image (side, side) about its centre by an angle in `unit`; nearest neighbour, 0 outside."""

    def rotate(image, angle):
        image = np.asarray(image)
        turn, middle = sense * 2 * np.pi * angle / TURN[unit], (np.array(image.shape[:2]) - 1) / 2
        y, x = np.indices(image.shape[:2]) - middle[:, None, None]
        rows, columns = np.sin(turn) * x + np.cos(turn) * y + middle[0], np.cos(turn) * x - np.sin(turn) * y + middle[1]
        rows, columns = np.rint(rows).astype(int), np.rint(columns).astype(int)
        inside = (rows >= 0) & (rows < image.shape[0]) & (columns >= 0) & (columns < image.shape[1])
        return np.where(inside, image[rows.clip(0, image.shape[0] - 1), columns.clip(0, image.shape[1] - 1)], 0)

    return rotate


@question(
    "Of one angle you know exactly what must come out, without any interpolation.",
    "A quarter turn: np.rot90. Write it in each unit. Which way round it goes is a matter of taste, so allow both.",
    "for unit, quarter in degrees 90, radians π/2, turns 1/4: the unit for which rotate(picture, quarter) equals a rot90 to either side",
    praise="It also tells the sense of rotation, on which libraries do not agree either.",
)
def q14(answer, rng):
    for unit, sense in rng.permutation([(unit, sense) for unit in TURN for sense in (1, -1)]):
        said = call(answer, _rotate(unit, int(sense)))
        expect(isinstance(said, str) and said in TURN, "answer with one of the words 'degrees', 'radians', 'turns'.")
        way = "" if sense == "1" else " (the other way round than np.rot90 goes)"
        expect(said == unit, f"it takes a program that wants {unit}{way} for one that wants {said}.")


@question(
    "Which mistake have you made yourself, or nearly? Write the shortest program that makes it.",
    "Then the same program without the mistake, and an input on which the two must differ: that input is your instrument.",
    "broken(x), healthy(x), instrument(program) -> True for the broken one; call `program` inside",
    praise="A person marks the rest: is it plausible, and who made it before you?",
)
def q15(answer, rng):
    expect(isinstance(answer, list | tuple) and len(answer) == 3, "three functions are wanted: broken, healthy, instrument.")
    broken, healthy, instrument = answer
    expect(all(callable(part) for part in answer), "all three have to be functions, without parentheses.")
    for number in rng.permutation(6):
        program, calls = (broken, healthy)[number % 2], []

        def suspect(*args, program=program, calls=calls, **kwargs):  # a wrapping without the name, so that only what it does counts
            calls.append(args)
            return call(program, *args, **kwargs)

        verdict = _verdict(instrument, suspect)
        expect(calls, "your instrument never calls the program that it is given. It has to judge what a program does, not its name.")
        expect(verdict or number % 2, "your instrument lets your broken program pass.")
        expect(not verdict or not number % 2, "your instrument accuses your healthy program.")


TIERS = {
    "Core": (6, [q1, q2, q3, q4, q5]),
    "Apply": (6, [q6, q7, q8, q9, q10]),
    "Explore": (8, [q11, q12, q13, q14, q15]),
}
