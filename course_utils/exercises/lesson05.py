"""Questions of lesson 05."""

import itertools

import cv2
import numpy as np

from .engine import NotYet, call, expect, letter, numbers, one_number, question


@question(
    "Which slices resemble a held-out slice most? Where do those have to be?",
    "A held-out slice whose two neighbours are held out as well is a stranger. So hold out slices that lie together.",
    "training = the numbers up to some slice; held-out = the `held` numbers after it",
    praise="Only the first or the last of your held-out slices has a neighbour in the training set.",
)
def q1_1(answer, rng):
    for _ in range(6):
        slices = int(rng.integers(12, 40))
        held = int(rng.integers(3, slices // 3 + 1))
        parts = call(answer, slices, held)
        expect(isinstance(parts, tuple | list) and len(parts) == 2, "two lists are wanted: training, held-out.")
        try:
            training, kept = ([int(number) for number in part] for part in parts)
        except (TypeError, ValueError):
            raise NotYet("the two lists have to hold slice numbers.") from None
        expect(not set(training) & set(kept), "some slices are in both lists.")
        expect(set(training) | set(kept) == set(range(slices)), f"the lists together must hold each number from 0 to {slices - 1} once.")
        expect(len(training) + len(kept) == slices, "a slice comes twice.")
        expect(len(training) != held, "the two lists are swapped: training comes first, and `held` slices are held out.")
        expect(len(kept) == held, f"{len(kept)} slices are held out; {held} are wanted.")
        seen = sum(bool({number - 1, number + 1} & set(training)) for number in kept)
        expect(seen <= 2, f"of {held} held-out slices {seen} lie next to a training slice.")
        expect(max(kept) - min(kept) == held - 1, "the held-out slices do not lie together: each group has two ends to be seen from.")


def _rotation(degrees):
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin], [sin, cos]])


@question(
    "The centre must stay where it is. About which pixel does `rotation` turn?",
    "Move the centre to (0, 0), turn there, and move back. The matrix on the right acts first.",
    "shift(to the centre) @ rotation(degrees) @ shift(from the centre); the centre of n pixels is (n - 1) / 2",
    praise="`Affine.matrix` is made in the same way, with shear and zoom beside the rotation.",
)
def q2_1(answer, rng):
    for number in range(6):
        degrees = float(rng.uniform(15, 75) * rng.choice([-1, 1]))
        height, width = (2 * int(half) for half in rng.permutation([rng.integers(3, 6), rng.integers(7, 15)]))
        height, width = height + number % 2, width + number // 2 % 2  # odd and even ones
        matrix = numbers(call(answer, degrees, height, width))
        expect(matrix.shape in [(3, 3), (2, 3)], f"a 3×3 matrix is wanted; yours has shape {matrix.shape}.")
        turn = matrix[:2, :2]
        expect(not np.allclose(turn, _rotation(np.degrees(degrees)), atol=1e-4), "`rotation` takes degrees already.")
        expect(not np.allclose(turn, _rotation(-degrees), atol=1e-4), "it turns in the other sense than `rotation(degrees)`.")
        expect(np.allclose(turn, _rotation(degrees), atol=1e-4), "it does not turn by `degrees`. Use `rotation(degrees)` once.")
        offset = matrix[:2, 2]

        def about(x, y, turn=turn):
            return np.array([x, y]) - turn @ (x, y)

        x, y = (width - 1) / 2, (height - 1) / 2
        if np.allclose(offset, about(x, y), atol=1e-4):
            continue
        expect(not np.allclose(offset, 0), "it still turns about the upper left corner.")
        expect(not np.allclose(offset, about(y, x), atol=1e-4), "x and y are swapped: x runs along the width, y along the height.")
        expect(
            not np.allclose(offset, about(width / 2, height / 2), atol=1e-4),
            "you are half a pixel off: pixels 0, 1, 2 have their centre at 1 and not at 1.5.",
        )
        expect(
            not np.allclose(offset, about(-x, -y), atol=1e-4), "the two shifts are in the wrong order: the matrix on the right acts first."
        )
        lonely = [(x, y), -turn @ (x, y), (-x, -y), turn @ (x, y)]
        expect(not any(np.allclose(offset, shift, atol=1e-4) for shift in lonely), "one shift is missing: move to (0, 0), turn, move back.")
        expect(False, "the centre does not stay in its place.")


def _warped(mask, matrix, border):
    """What each output pixel sees, and whether it looks clearly at one pixel (not half-way between two)."""
    output, clear = np.zeros_like(mask), np.zeros(mask.shape, bool)
    for y, x in np.ndindex(mask.shape):
        at = (matrix @ (x, y, 1))[::-1]
        clear[y, x] = (np.abs(at - np.floor(at) - 0.5) > 0.1).all()
        places = []
        for position, side in zip(np.rint(at).astype(int), mask.shape, strict=True):
            inside = 0 <= position < side
            position %= 2 * side
            places.append((min(position, 2 * side - 1 - position), inside))
        (row, row_inside), (column, column_inside) = places
        output[y, x] = mask[row, column] if border == "reflect" or (row_inside and column_inside) else 0
    return output, clear


@question(
    "`cv2.warpAffine` can do all of it: look at its flags. And which order does its size have?",
    "Two flags: nearest neighbour, and the one saying that the matrix goes from output to input (section 2). The size is (width, height).",
    "warpAffine(mask, matrix, (columns, rows), flags=INTER_NEAREST | WARP_INVERSE_MAP, borderMode=BORDER_REFLECT)",
    praise="With the bilinear twin for the image, this is what `Affine` does.",
)
def q3_1(answer, rng):
    for _ in range(4):
        height, width = (int(side) for side in rng.permutation([rng.integers(14, 18), rng.integers(19, 26)]))
        coarse = rng.choice([0, 2, 7, 255], (height // 3 + 1, width // 3 + 1)).astype(np.uint8)
        mask = np.kron(coarse, np.ones((3, 3), np.uint8))[:height, :width].copy()
        turn = _rotation(float(rng.uniform(12, 25) * rng.choice([-1, 1])))
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        matrix = np.column_stack([turn, centre - turn @ centre + rng.uniform(2, 4, 2)])
        result = np.asarray(call(answer, mask, matrix))
        expect(result.shape != (width, height), "height and width are swapped: OpenCV's size is (width, height).")
        expect(result.shape == (height, width), f"the mask has shape {(height, width)}, your result {result.shape}.")
        invented = sorted(set(np.unique(result).tolist()) - set(np.unique(mask).tolist()))
        expect(not invented, f"there are labels that were not there, such as {(invented or [0])[0]}. How do you interpolate?")
        expected, clear = _warped(mask, matrix, "reflect")

        def agrees(reference, clear, result=result):
            return (reference == result)[clear].mean() > 0.97

        if agrees(expected, clear):
            continue
        forward = cv2.invertAffineTransform(matrix)
        expect(
            not any(agrees(*_warped(mask, forward, border)) for border in ("reflect", "constant")),
            "the mask moves the wrong way: the matrix tells where an output pixel looks. OpenCV has a flag for that.",
        )
        expect(not np.array_equal(result, mask), "nothing has moved.")
        inside = _warped(np.ones_like(mask), matrix, "constant")[0] > 0
        expect(not agrees(expected, clear & inside), "where a pixel looks beyond the border, there should be the mirror image.")
        expect(False, "some pixels look at the wrong place. Compare with `look` on a small mask.")


@question(
    "Three things in each round: a number, the pair with that number, the distorted pair.",
    "`augment` gets image, mask and `rng`, and returns both: hand that on with `yield`.",
    "number = rng.integers(how many images); yield augment(images[number], masks[number], rng)",
    praise="It costs the memory of one pair, however many you take.",
)
def q4_1(answer, rng):
    count, rounds = 5, 60
    images = np.arange(10, 10 + count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
    masks = np.arange(110, 110 + count, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    calls = []

    def augment(image, mask, generator):
        calls.append(generator)
        return image + 100, mask + 100

    given = np.random.default_rng(rng.integers(1000))
    made = call(answer, images, masks, augment, given)
    expect(
        not (isinstance(made, tuple | list) and not hasattr(made, "__next__")),
        "your function returns once and is over. Write `yield` in the place of `return`.",
    )
    expect(hasattr(made, "__next__"), f"`next` cannot be asked of {type(made).__name__}. Does your function say `yield`?")
    taken = []
    for _ in range(rounds):
        pair = call(_next, made)
        expect(pair is not _END, f"the stream ends after {len(taken)} pairs. It should have no end.")
        expect(isinstance(pair, tuple | list) and len(pair) == 2, "each round has to yield two things: image and mask.")
        image, mask = (np.asarray(part) for part in pair)
        expect(image.shape == (4, 4, 1) and mask.shape == (4, 4), "image first, then mask, of one slice and not of all.")
        taken.append((int(image.flat[0]), int(mask.flat[0])))
    expect(calls, "the pairs come out undistorted: `augment` is never called.")
    expect(len(calls) == rounds, f"`augment` is called {len(calls) / rounds:.1f} times a round; ONE call must serve image and mask.")
    expect(all(generator is given for generator in calls), "`augment` wants three things: an image, its mask and `rng`.")
    expect(all(mask == image + 100 for image, mask in taken), "image and mask do not belong together: draw ONE number for both.")
    expect(all(image >= 110 for image, _ in taken), "the pairs come out undistorted: yield what `augment` returns.")
    numbers = [image - 110 for image, _ in taken]
    expect(len(set(numbers)) > 1, "always the same slice. Draw a new number in each round.")
    expect(
        numbers != [n for n, _ in zip(itertools.cycle(range(count)), numbers, strict=False)],
        "the slices come in order; draw one at random.",
    )
    expect(set(numbers) == set(range(count)), "some slices never come. `rng.integers(n)` draws from 0 to n - 1.")


_END = "the end"


def _next(generator):
    return next(generator, _END)


def _side(side, poolings, loss, up_loss, bottom):
    for _ in range(poolings):
        side = (side - loss) // 2
    side -= bottom
    for _ in range(poolings):
        side = 2 * side - up_loss
    return side


@question(
    "How many pixels does one valid 3×3 convolution take from a side? And two?",
    "Go through it in order. Down: two convolutions, a pooling, and so on. Two convolutions. Up: a doubling, two convolutions, and so on.",
    "poolings times: side = (side - 4) / 2; then side - 4; then poolings times: side = 2 · side - 4",
    praise="572 gives 388: the paper's net sees 92 pixels more on each side than it answers for, and mirrors them at the border.",
)
def q5_1(answer, rng):
    for poolings in (*rng.permutation([3, 4]).tolist(), 2, 1):  # with few poolings, different mistakes give the same side
        smallest = 4
        for _ in range(poolings):  # from a possible side at the bottom upwards, so that every pooling gets an even side
            smallest = 2 * smallest + 4
        side = smallest + 2**poolings * int(rng.integers(20, 40))
        value = one_number(call(answer, side, poolings))
        expect(value != side, "that would be `same` convolutions. Each valid one loses a pixel on either side.")
        expect(value != _side(side, poolings, 2, 2, 2), "one convolution a level? The paper has two.")
        expect(value != _side(side, poolings, 4, 4, 0), "the level at the bottom has two convolutions too.")
        expect(value != _side(side, poolings, 4, 0, 4), "on the way up there are two convolutions after each doubling.")
        expect(
            value != side - 4 * (2 * poolings + 1),
            "the pixels lost at a deeper level count double, four-fold and so on: follow the pooling.",
        )
        half_way = side
        for _ in range(poolings):
            half_way = (half_way - 4) // 2
        expect(value not in (half_way, half_way - 4), "that is the bottom of the U. Go up again.")
        right = _side(side, poolings, 4, 4, 4)
        expect(value == right, f"for an input of {side} and {poolings} pooling{'s' if poolings > 1 else ''}, {value:g} is not it.")


@question(
    "Two distances are needed: to the nearest cell, and to the nearest pixel of another cell.",
    "For each cell number: the smallest distance of `position` to a pixel with that number. Sort these; take the first two.",
    "d = sorted(min |places of cell - position| for each cell number); w0 · exp(-(d[0] + d[1])² / (2 · sigma²)); 0 on a cell",
    praise="In two dimensions the distances are Euclidean; the rest stays.",
)
def q6_1(answer, rng):
    for _ in range(5):
        w0, sigma = float(rng.uniform(4, 12)), float(rng.uniform(3, 6))
        left, gap, right, far = (int(n) for n in rng.integers((3, 4, 3, 2), (6, 8, 6, 4)))
        row = np.concatenate([[1] * left, [0] * gap, [2] * right, [0] * far, [3] * 3]).astype(int)
        for position in (left, left + gap // 2, left + gap - 1, left + gap + right + 1, 1):
            value = one_number(call(answer, row, position, w0, sigma))
            if row[position]:
                expect(np.isclose(value, 0, atol=1e-4), "on a cell the bonus is 0; only background pixels get one.")
                continue
            places = np.arange(len(row))
            d1, d2 = sorted(int(np.abs(places[row == cell] - position).min()) for cell in (1, 2, 3))[:2]
            if np.isclose(value, w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2)), rtol=1e-3, atol=1e-4):
                continue

            def like(exponent, value=value, w0=w0):
                return np.isclose(value, w0 * np.exp(exponent), rtol=1e-3, atol=1e-6)

            pixels = sorted(np.abs(places[row > 0] - position).tolist())[:2]
            expect(
                not like(-(sum(pixels) ** 2) / (2 * sigma**2)), "the second nearest CELL is wanted, not the second nearest pixel of a cell."
            )
            expect(not like(-((2 * d1) ** 2) / (2 * sigma**2)), "you took the nearest cell twice.")
            expect(not like(-(d1**2) / (2 * sigma**2)), "d2 is missing, the distance to the second nearest cell.")
            expect(not like(-(d1 + d2) / (2 * sigma**2)), "the sum of the distances has to be squared.")
            expect(not like(-(d1**2 + d2**2) / (2 * sigma**2)), "add the distances first, then square the sum.")
            expect(not like(-((d1 + d2) ** 2) / sigma**2), "the 2 under the fraction line is missing.")
            expect(not like(-((d1 + d2) ** 2) / (2 * sigma)), "sigma has to be squared.")
            expect(not like((d1 + d2) ** 2 / (2 * sigma**2)), "the minus in the exponent is missing.")
            expect(not np.isclose(value / w0, np.exp(-((d1 + d2) ** 2) / (2 * sigma**2)) / w0, rtol=1e-3), "the factor w0 is missing.")
            expect(False, "the value is off. Print d1 and d2 for a pixel in the middle of a gap.")


@question(
    "Which network meets the very same 24 pictures again and again?",
    "The one without augmentation sees each slice 100 times, always alike. What can it learn that way?",
    "a network can learn pictures by heart; that shows on the pictures it learnt",
    praise="It has had time to learn them by heart. The question is what that is worth on strangers.",
)
def q7_1(answer, rng):
    choice = letter(answer, "ABC")
    expect(choice != "A", "it has seen more, but hardly ever the undistorted slices themselves. Who has seen those?")
    expect(choice != "C", "equal steps, but one network met 24 pictures and the other 2400.")


@question(
    "All that the decoder gets now comes from the 16×16 positions at the bottom. What is lost on the way there?",
    "A membrane of two pixels within a position of 8×8: its exact place has to hide in the features. How well will that go in few steps?",
    "thin things vanish first; and a network in doubt names the larger class",
    praise="Without the fine levels it knows that there are membranes, but hardly where.",
)
def q8_1(answer, rng):
    choice = letter(answer, "ABC")
    expect(choice != "A", "where should their exact place come from? Follow the features from the bottom upwards.")
    expect(choice != "C", "think of the loss: in doubt, with four pixels of five inside a cell, which answer costs less?")
