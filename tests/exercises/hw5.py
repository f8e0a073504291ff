"""Homework 5: second right instruments, and instruments that students really write, with the words they are told."""

import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from course_utils.exercises import hw5 as ex
from course_utils.exercises.engine import Question

EVERY, NONE, NO_BOOL = "accuses every program", "lets every broken program pass", "True or False"


def always(verdict):
    return lambda *_: verdict


def raises(*_):
    raise RuntimeError("not finished")


# ---------------------------------------------------------------- 1


def resized(labels, *sizes, judge=lambda result, labels: not set(np.unique(result)) <= set(labels)):
    """An instrument that resizes blocks of `labels` to `sizes`."""

    def instrument(resize):
        mask = np.uint8(np.random.default_rng(1).choice(labels, (9, 9)))
        return bool(any(judge(resize(mask, *size), labels) for size in sizes))

    return instrument


def of_stripes(resize):
    mask = np.zeros((10, 10), np.uint8)
    mask[:, ::3] = 250
    return any(len(np.unique(resize(mask, side, side))) > 2 for side in (6, 17, 4, 25))


# ---------------------------------------------------------------- 2


def lit(*channels, write=lambda path, picture: Image.fromarray(picture).save(path), where=lambda p: p.mean(axis=(0, 1)).argmax()):
    """An instrument that lights one channel after the other; `write` saves the file, `where` says which one is lit in what is read."""

    def instrument(read):
        with tempfile.TemporaryDirectory() as folder:
            for channel in channels:
                picture = np.zeros((6, 7, 3), np.uint8)
                picture[..., channel] = 240
                write(Path(folder) / "a.png", picture)
                if where(read(Path(folder) / "a.png")) != channel:
                    return True
        return False

    return instrument


def ordered_colours(read):
    with tempfile.TemporaryDirectory() as folder:
        Image.fromarray(np.zeros((5, 5, 3), np.uint8) + np.uint8([200, 120, 40])).save(Path(folder) / "b.png")
        red, green, blue = np.asarray(read(Path(folder) / "b.png"), float)[2, 2]
    return not bool(red > green > blue)


def exact_colours(read):
    with tempfile.TemporaryDirectory() as folder:
        picture = np.random.default_rng(0).integers(0, 256, (5, 5, 3)).astype(np.uint8)
        Image.fromarray(picture).save(Path(folder) / "c.png")
        return not np.array_equal(read(Path(folder) / "c.png"), picture)


def writes_with_opencv(path, picture):
    cv2.imwrite(str(path), picture)


# ---------------------------------------------------------------- 3


def scored(judge, wrong=0):
    """An instrument: `judge(metric, mask, p)` gets hesitant probabilities of which `wrong` pixels are mistaken."""

    def instrument(metric):
        mask = np.arange(16).reshape(4, 4) % 4
        ids = mask.copy()
        ids.flat[:wrong] = (ids.flat[:wrong] + 1) % 4
        return bool(judge(metric, mask, 0.6 * np.eye(4)[ids] + 0.1))

    return instrument


def sharpened(metric, mask, p):
    return not np.isclose(metric(mask, p), metric(mask, p**3 / (p**3).sum(axis=-1, keepdims=True)))


# ---------------------------------------------------------------- 4


def grouped(masks, predictions, batches, judge=lambda scores: np.ptp(scores) > 1e-9):
    return lambda evaluate: bool(judge([evaluate(masks, predictions, batch) for batch in batches]))


RNG = np.random.default_rng(5)
MASKS = RNG.integers(0, 2, (8, 5, 5))
MASKS[2, 0, :3] = 2
SAID = np.where(RNG.random(MASKS.shape) < RNG.uniform(0.3, 1, 8)[:, None, None], MASKS, 0)
ALIKE = np.repeat(MASKS[2:3], 8, axis=0), np.repeat(SAID[2:3], 8, axis=0)


# ---------------------------------------------------------------- 5


def by_hand(ids, said, judge=lambda value, right: abs(value - right) > 1e-3):
    """An instrument that compares with the mean IoU, counted class by class."""

    def instrument(score):
        right = np.mean([((ids == c) & (said == c)).sum() / ((ids == c) | (said == c)).sum() for c in range(3)])
        return bool(judge(score(np.eye(3)[ids], np.eye(3)[said]), right))

    return instrument


IDS = np.random.default_rng(1).choice(3, (4, 5, 7), p=[0.6, 0.3, 0.1])
GUESS = np.where(np.random.default_rng(2).random(IDS.shape) < 0.5, IDS, 0)
BALANCED = np.tile([0, 1, 2, 0, 1, 2], (2, 3, 1)), np.tile([1, 2, 0, 0, 1, 2], (2, 3, 1))  # each class is as large, and as wrong


def on_one_image(score):
    return by_hand(IDS[:1], np.where(IDS[:1] == 2, 0, IDS[:1]))(score)


# ---------------------------------------------------------------- 6


MASK = np.array([[0, 1, 2, 2], [0, 1, 1, 2], [255, 255, 255, 255]])


def in_void(label, judge=lambda a, b: abs(a - b) > 1e-9):
    """An instrument that changes only what is predicted in void."""

    def instrument(score):
        said = np.array([[0, 1, 0, 2], [1, 1, 1, 2], [0, 0, 0, 0]])
        other = said.copy()
        other[2] = label
        return bool(judge(score(MASK, said), score(MASK, other)))

    return instrument


def cut_away(score):
    said = np.array([[0, 1, 0, 2], [1, 1, 1, 2], [2, 0, 1, 0]])
    return bool(not np.isclose(score(MASK, said), score(MASK[:2], said[:2])))


def perfect_below_one(score):
    return bool(score(MASK, np.where(MASK == 255, 0, MASK)) < 1)


# ---------------------------------------------------------------- 7, 8


def sure_of(value, limit, label=0):
    def instrument(loss, num_classes):
        return bool(loss(value * np.eye(num_classes)[label], label) > limit)

    return instrument


def sure_and_wrong(loss, num_classes):
    return bool(loss(60.0 * np.eye(num_classes)[0], 1) < 15)


def like_chance(loss, num_classes):
    return bool(np.isclose(loss(np.zeros(num_classes), 0), np.log(num_classes)))


def order_only(loss, num_classes):
    logits = 5 * np.eye(num_classes)[0]
    return bool(loss(logits, 0) > loss(logits, 1))


def low(logits, limit=0.5):
    return lambda head: bool(np.min(head(np.array(logits, float))) >= limit)


# ---------------------------------------------------------------- 9


def impulse(side, reduce, at=None, against_black=True):
    """An instrument that lights one pixel of an image of `side`; `reduce` gets the rows and columns that changed."""

    def instrument(head):
        black, image = np.zeros((2, 1, side, side, 1))
        image[0, at or side // 2, at or side // 2] = 1
        changed = head(image) - head(black) if against_black else head(image)
        return reduce(*np.nonzero((np.abs(changed) > 1e-12).any(axis=-1)[0]))

    return instrument


def width_seen(rows, columns):
    return int(np.ptp(columns)) + 1


def by_every_pixel(head):
    """Light each column in turn, and see which ones the middle output notices."""
    black = np.zeros((1, 61, 61, 1))
    rest, noticed = head(black)[0, 30, 30], []
    for column in range(61):
        image = black.copy()
        image[0, 30, column] = 3.0
        noticed += [column] * bool((head(image)[0, 30, 30] != rest).any())
    return noticed[-1] - noticed[0] + 1


# ---------------------------------------------------------------- 10


def shapes(*sizes, judge=lambda out, image: out.shape[1:3] != image.shape[1:3]):
    def instrument(network):
        images = [np.zeros((1, *size, 3), np.float32) for size in sizes]
        return any(bool(judge(network(image), image)) for image in images)

    return instrument


def by_size_only(out, image):
    return out[..., 0].size != image[..., 0].size


# ---------------------------------------------------------------- 11


def tried(times, shape, judge=lambda image, mask: ((image[..., 0] > (int(image.min()) + int(image.max())) / 2) != mask).mean() > 0.05):
    """An instrument that augments `shape` with itself, `times` times."""

    def instrument(augment):
        rng = np.random.default_rng(3)
        return any(bool(judge(*augment(20 + 200 * shape[..., None], shape, rng))) for _ in range(times))

    return instrument


LETTER = np.zeros((40, 40), np.uint8)
LETTER[6:32, 8:14] = LETTER[6:12, 8:28] = LETTER[18:23, 8:22] = 1
SQUARE = np.zeros((40, 40), np.uint8)
SQUARE[12:28, 12:28] = 1


def by_centres(image, mask):
    if not mask.any():
        return False
    bright = image[..., 0] > (int(image.min()) + int(image.max())) / 2
    centres = [np.argwhere(part).mean(axis=0) for part in (bright, mask)]
    return np.abs(centres[0] - centres[1]).max() > 1


# ---------------------------------------------------------------- 12


def pairs(judge):
    return lambda train, test, side: any(judge(a, b, side) for a in train for b in test)


def by_paper(train, test, side):
    """Draws each training tile, with one pixel around it, on a sheet a mosaic, and looks for the test tiles there."""
    inked = {}
    for mosaic, row, column in train:
        inked.setdefault(mosaic, []).append((row - 1, row + side, column - 1, column + side))
    for mosaic, row, column in test:
        for top, bottom, left, right in inked.get(mosaic, []):
            if row <= bottom and row + side - 1 >= top and column <= right and column + side - 1 >= left:
                return True
    return False


# ---------------------------------------------------------------- 13


def both_ways(judge, modes=(True, False)):
    return lambda model, images: bool(judge(*(model(images, training=mode) for mode in modes)))


# ---------------------------------------------------------------- 14


PICTURE = np.random.default_rng(9).integers(1, 250, (11, 11)).astype(np.uint8)


def by_full_turns(rotate):
    for unit, full in {"degrees": 360, "radians": 2 * np.pi, "turns": 1}.items():
        if np.array_equal(rotate(PICTURE, full), PICTURE):
            return unit
    return "degrees"


def by_half_turns(rotate):
    """Of the half turns in the three units, only the right one leaves the picture upside down."""
    upside_down = PICTURE[::-1, ::-1]
    return next(u for u, half in {"turns": 0.5, "radians": np.pi, "degrees": 180}.items() if (rotate(PICTURE, half) == upside_down).all())


def by_one_sense(rotate):
    for unit, quarter in {"degrees": 90, "radians": np.pi / 2, "turns": 0.25}.items():
        if np.array_equal(rotate(PICTURE, quarter), np.rot90(PICTURE)):
            return unit
    return "degrees"


def by_small_step(rotate):
    return "radians" if not np.array_equal(rotate(PICTURE, 1), PICTURE) else "turns"


# ---------------------------------------------------------------- 15


def doubled(x):
    return x + x


def squared(x):
    return x**2


def at_three(program):
    return program(3) != 6


RIGHT = [
    (ex.q1, of_stripes),
    (ex.q2, ordered_colours),
    (ex.q3, scored(sharpened)),
    (ex.q4, grouped(MASKS, SAID, (8, 3, 5))),
    (ex.q5, by_hand(IDS, GUESS)),
    (ex.q6, cut_away),
    (ex.q7, sure_and_wrong),
    (ex.q8, lambda head: bool((head(np.array([-1e3, -20.0, -1.0, 0.0, 1.0, 20.0, 1e3])) > 0.4999).all())),
    (ex.q9, by_every_pixel),
    (ex.q10, shapes((64, 32), (32, 160))),
    (ex.q11, tried(40, LETTER, lambda image, mask: by_centres(image, mask))),
    (ex.q12, by_paper),
    (ex.q13, both_ways(lambda a, b: np.abs(a - b).mean() > 0.05)),
    (ex.q14, by_half_turns),
    (ex.q15, [squared, doubled, at_three]),
]

WRONG = [
    (ex.q1, always(True), EVERY),
    (ex.q1, always(False), NONE),
    (ex.q1, raises, "stops with RuntimeError"),
    (ex.q1, lambda resize: resize(np.uint8([[0, 200]]), 4, 4), NO_BOOL),
    (ex.q1, resized([0, 1], (5, 5), (14, 14)), NONE),  # rounded back to 0 or 1
    (ex.q1, resized([0, 200], (5, 5)), "bilinear only where it enlarges"),
    (ex.q1, resized([0, 200], (18, 18)), "averages only where it shrinks"),
    (ex.q1, resized([0, 200], (5, 4), judge=lambda result, _: result.shape != (5, 4)), NONE),
    (
        ex.q1,
        resized([0, 200], (5, 5), (14, 14), judge=lambda result, _: result.dtype != np.uint8 or len(np.unique(result)) > 2),
        "hands back floats",
    ),
    (ex.q2, always(True), EVERY),
    (ex.q2, always(False), NONE),
    (ex.q2, raises, "stops with RuntimeError"),
    (ex.q2, lit(0), "swaps green and blue"),
    (ex.q2, lit(2), "swaps red and green"),
    (ex.q2, lit(0, 1, 2, write=writes_with_opencv), "blue, green, red"),
    (ex.q2, exact_colours, "floats from 0 to 1, and that is healthy"),
    (ex.q2, lit(0, where=lambda picture: 0 if picture.shape == (6, 7, 3) else 1), NONE),
    (ex.q2, lambda read: "bgr" in read.__name__, NONE),
    (ex.q3, always(True), EVERY),
    (ex.q3, always(False), NONE),
    (ex.q3, raises, "stops with RuntimeError"),
    (ex.q3, scored(lambda metric, mask, p: metric(mask, np.eye(4)[mask]) < 1), "lets pass a soft IoU"),  # perfect and sure
    (ex.q3, scored(lambda metric, mask, p: metric(mask, p) < 1), "of which 0 is the best"),
    (ex.q3, scored(lambda metric, mask, p: metric(mask, p) < 0.6), "a soft Dice"),
    (ex.q3, scored(lambda metric, mask, p: not np.isclose(metric(mask, p), metric(mask, p[..., ::-1]))), EVERY),  # other ids
    (ex.q3, scored(lambda metric, mask, p: np.ndim(metric(mask, p)) > 0), NONE),
    (ex.q4, always(True), EVERY),
    (ex.q4, always(False), NONE),
    (ex.q4, raises, "stops with RuntimeError"),
    (ex.q4, grouped(*ALIKE, (1, 2, 4, 8)), NONE),
    (ex.q4, grouped(MASKS, MASKS, (1, 2, 3)), NONE),
    (ex.q4, grouped(MASKS, SAID, (1, 2, 4, 8)), "the last one may be smaller"),
    (ex.q4, grouped(MASKS, SAID, (3, 3)), NONE),
    (ex.q4, grouped(MASKS, SAID, (1, 8, 3), lambda scores: scores[0] < 1), EVERY),
    (ex.q5, always(True), EVERY),
    (ex.q5, always(False), NONE),
    (ex.q5, raises, "stops with RuntimeError"),
    (ex.q5, by_hand(IDS, IDS), NONE),  # a perfect prediction
    (ex.q5, on_one_image, "mean over images"),
    (ex.q5, by_hand(*BALANCED), "pools the classes"),
    (ex.q5, by_hand(IDS, GUESS, lambda value, right: not 0 <= value <= 1), NONE),
    (ex.q5, lambda score: score(np.eye(3)[IDS], np.eye(3)[GUESS]), NO_BOOL),
    (ex.q6, always(True), EVERY),
    (ex.q6, always(False), NONE),
    (ex.q6, raises, "stops with RuntimeError"),
    (ex.q6, in_void(2), "void is always wrong"),
    (ex.q6, in_void(0), NONE),  # nothing changes
    (ex.q6, perfect_below_one, "takes void for class 0"),
    (ex.q6, in_void(2, lambda a, b: a < 1), "without void, and that is healthy"),
    (ex.q7, always(True), EVERY),
    (ex.q7, always(False), NONE),
    (ex.q7, raises, "stops with RuntimeError"),
    (ex.q7, like_chance, "counts half"),
    (ex.q7, order_only, NONE),
    (ex.q7, sure_of(50.0, 1.0), "over two classes"),
    (ex.q7, sure_of(8.0, 0.1), "a temperature"),
    (ex.q7, sure_of(50.0, -1.0), EVERY),
    (ex.q8, always(True), EVERY),
    (ex.q8, always(False), NONE),
    (ex.q8, raises, "stops with RuntimeError"),
    (ex.q8, low([0, 1, 2]), "a plain sigmoid"),
    (ex.q8, low([-1, 0, 1, 5], 0.4), "leaky ReLU"),
    (ex.q8, low([0]), EVERY),
    (ex.q8, low([-0.5, -0.1]), "ReLU followed by a layer"),
    (ex.q8, low([-50], 0.51), "shifted up"),
    (ex.q8, low([-50, -5]), "turned round"),
    (ex.q8, lambda head: "relu" in repr(head), NONE),
    (ex.q9, always(3), "the same number for every head"),
    (ex.q9, always("9"), "one number is wanted"),
    (ex.q9, raises, "stops with RuntimeError"),
    (ex.q9, lambda head: head.kernel_size[0], "AttributeError"),
    (ex.q9, impulse(101, lambda rows, columns: len(rows)), "counts the pixels"),
    (ex.q9, impulse(101, lambda rows, columns: len(set(rows))), "is wrong about"),
    (ex.q9, impulse(31, width_seen), "Is your image large enough"),
    (ex.q9, impulse(101, width_seen, at=-1), "half a window"),
    (ex.q9, impulse(101, width_seen, against_black=False), "takes a bias"),
    (ex.q10, always(True), EVERY),
    (ex.q10, always(False), NONE),
    (ex.q10, raises, "stops with RuntimeError"),
    (ex.q10, shapes((64, 64), (128, 128)), "changed over"),
    (ex.q10, shapes((64, 96), judge=lambda out, image: out.shape != image.shape), "five classes, and that is healthy"),
    (ex.q10, shapes((64, 96), (32, 64), judge=by_size_only), "changed over"),
    (ex.q10, shapes((64, 96), judge=lambda out, image: out.ndim != 4), NONE),
    (ex.q10, shapes((50, 70)), "multiples of 32"),
    (ex.q11, always(True), EVERY),
    (ex.q11, always(False), NONE),
    (ex.q11, raises, "stops with RuntimeError"),
    (ex.q11, tried(1, LETTER), "flipped alone"),
    (ex.q11, tried(30, SQUARE), "flips drawn one for the image"),
    (ex.q11, tried(30, LETTER, lambda image, mask: not np.array_equal(image[..., 0] > 127, mask)), "and that is healthy"),
    (ex.q11, tried(30, LETTER, lambda image, mask: not np.array_equal(image[..., 0], mask)), EVERY),
    (ex.q11, tried(30, LETTER, lambda image, mask: image.shape[:2] != mask.shape), NONE),
    (ex.q12, always(True), EVERY),
    (ex.q12, always(False), NONE),
    (ex.q12, raises, "stops with RuntimeError"),
    (ex.q12, pairs(lambda a, b, side: a == b), "overlap by half"),
    (ex.q12, pairs(lambda a, b, side: a[0] == b[0]), "two tiles between them, side by side, and that is healthy"),
    (ex.q12, pairs(lambda a, b, side: max(abs(a[1] - b[1]), abs(a[2] - b[2])) <= side), "same place in different mosaics"),
    (ex.q12, pairs(lambda a, b, side: a[0] == b[0] and max(abs(a[1] - b[1]), abs(a[2] - b[2])) < side), "touch along an edge"),
    (ex.q12, pairs(lambda a, b, side: a[0] == b[0] and abs(a[1] - b[1]) + abs(a[2] - b[2]) <= side), "touch at a corner"),
    (ex.q12, pairs(lambda a, b, side: a[0] == b[0] and abs(a[1] - b[1]) <= side), "side by side, and that is healthy"),
    (ex.q13, always(True), EVERY),
    (ex.q13, always(False), NONE),
    (ex.q13, raises, "stops with RuntimeError"),
    (ex.q13, both_ways(lambda a, b: not np.array_equal(a, b)), "have settled"),
    (ex.q13, both_ways(lambda a, b: abs(a.mean() - b.mean()) > 0.01), NONE),  # probabilities of three classes: always a third
    (ex.q13, both_ways(lambda a, b: (a.argmax(-1) != b.argmax(-1)).mean() > 0.1, modes=(True, True)), NONE),
    (ex.q13, both_ways(lambda a, b: a.shape != b.shape), NONE),
    (ex.q13, lambda model, images: model(images, True) != model(images, False), NO_BOOL),
    (ex.q14, always("degrees"), "for one that wants degrees"),
    (ex.q14, always("radians"), "for one that wants radians"),
    (ex.q14, always(True), "one of the words"),
    (ex.q14, raises, "stops with RuntimeError"),
    (ex.q14, by_full_turns, "wants turns"),
    (ex.q14, by_one_sense, "the other way round"),
    (ex.q14, by_small_step, "wants degrees"),
    (ex.q15, [squared, doubled], "three functions"),
    (ex.q15, [squared, doubled, 3], "have to be functions"),
    (ex.q15, [squared, doubled, always(True)], "never calls"),
    (ex.q15, [squared, doubled, lambda program: program.__name__ == "squared"], "never calls"),
    (ex.q15, [squared, doubled, lambda program: program(2) != 4], "lets your broken program pass"),
    (ex.q15, [squared, doubled, lambda program: program(3) != 9], "your"),
    (ex.q15, [squared, doubled, lambda program: program(3) > 5], "accuses your healthy program"),
    (ex.q15, [squared, doubled, raises], "stops with RuntimeError"),
    (ex.q15, [squared, doubled, lambda program: program(3)], NO_BOOL),
]

FREE = [value for value in vars(ex).values() if isinstance(value, Question)]  # an instrument's own data: other numbers are right as well

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q1: {
        "the same sizes in another order": [
            "results = [resize(mask, *size) for size in [([7, 7), (31, 31 → 31, 31), (7, 7])]]",
        ],
        "the same labels in another order": [
            "return not all((np.isin(result, [[0, 200 → 200, 0]]).all() for result in results))",
        ],
    },
    ex.q2: {
        "the picture is of one colour: any pixel, and any mean, names the channel that is lit": [
            "if read(path).[mean(axis=(0, 1)). → ]argmax() != channel:",
            "if read(path).[mean → max](axis=(0, 1)).argmax() != channel:",
            "if read(path).mean(axis=([0, 1 → 1,])).argmax() != channel:",
            "if read(path).mean(axis=(0,[ 1 → ])).argmax() != channel:",
        ],
    },
    ex.q3: {
        "no score differs by exactly this much": [
            "…metric(mask, sure) - metric(mask, hesitant)) [> → >=] 1e-06)",
        ],
    },
    ex.q4: {
        "overlap is the same whichever of the two is called the truth": [
            "scores = [evaluate([masks, predictions → predictions, masks], batch) for batch in range(1, 8)]",
        ],
        "no score differs by exactly this much": [
            "return bool(np.ptp(scores) [> → >=] 1e-09)",
        ],
    },
    ex.q5: {
        "no score differs by exactly this much": [
            "…(np.eye(3)[ids], np.eye(3)[said]) - by_hand) [> → >=] 0.001)",
        ],
        "overlap is the same whichever of the two is called the truth": [
            "return bool(abs(score(np.eye(3)[[ids], np.eye(3)[said → said], np.eye(3)[ids]]) - by_hand) > 0.001)",
        ],
    },
    ex.q6: {
        "outside void, overlap is the same whichever of the two is called the truth": [
            "without = score([mask[:, :3], said → said[:, :3], mask][:, :3])",
        ],
        "no score differs by exactly this much": [
            "if abs(score(mask, said) - without) [> → >=] 1e-09:",
        ],
    },
    ex.q7: {
        "49 more than the others is as sure as 50 more": [
            "logits = np.[zeros → ones](num_classes)",
        ],
        "no cost is exactly this": [
            "return bool(loss(logits, 1) [> → >=] 0.1)",
        ],
    },
    ex.q8: {
        "no probability is exactly this": [
            "…ol(head(np.linspace(-50.0, 50.0, 101)).min() [>= → >] 0.5 - 1e-09)",
        ],
        "the same logits, from high to low": [
            "return bool(head(np.linspace([-50.0,  → 50.0, -]50.0, 101)).min() >= 0.5 - 1e-09)",
        ],
    },
    ex.q9: {
        "without the batch's axis the rows are still found: there is one image": [
            "…nonzero((head(lit) != head(black)).any(axis=([0,  → ]2, 3)))",
        ],
    },
    ex.q10: {
        "the size of the output does not depend on what is seen": [
            "outputs = [network(np.[zeros → ones]((1, *size, 3), np.float32)) for size in sizes]",
        ],
        "there are as many outputs as sizes": [
            "…] != size for out, size in zip(outputs, sizes[, strict=True → ])))",
            "… for out, size in zip(outputs, sizes, strict=[True → False])))",
        ],
    },
    ex.q11: {
        "uint8 wraps round: still bright on dark, if the other way": [
            "image, moved = augment(30 [+ → -] 190 * mask[..., None], mask, rng)",
        ],
        "no share is exactly this": [
            "if (bright != moved.astype(bool)).mean() [> → >=] 0.05:",
        ],
        "numbers compare with True and False as 1 and 0": [
            "if (bright != moved[.astype(bool) → ]).mean() > 0.05:",
        ],
    },
    ex.q13: {
        "the least likely class changes as well": [
            "training, in_use = (model(images, mode).[argmax → argmin](axis=-1) for mode in (True, False))",
        ],
        "where a class is strongest along a column changes as well": [
            "…g, in_use = (model(images, mode).argmax(axis=[- → ]1) for mode in (True, False))",
        ],
        "the order does not matter": [
            "…l(images, mode).argmax(axis=-1) for mode in ([True, False → False, True]))",
        ],
        "no share is exactly this": [
            "return bool((training != in_use).mean() [> → >=] 0.1)",
        ],
    },
    ex.q15: {
        "the broken program may be broken in another way": [
            "return np.round(probabilities).[argmax → argmin](axis=-1)",
        ],
        "the last axis of two is axis 1": [
            "return np.round(probabilities).argmax(axis=[- → ]1)",
            "return probabilities.argmax(axis=[- → ]1)",
        ],
        "one pixel: the array of one is as good": [
            "…l(program(np.array([[0.2, 0.3, 0.45, 0.05]]))[[0] → ] != 2)",
        ],
        "the third is still the largest": [
            "return bool(program(np.array([[[0.2, 0.3 → 0.3, 0.2], 0.45, 0.05]]))[0] != 2)",
        ],
    },
}
