"""Questions of lesson 09."""

import numpy as np

from .engine import call, expect, letter, numbers, one_number, question


@question(
    "How many positions does the output have? What is summed up at each of them, for each filter?",
    "With `same`, a side of n and stride s gives n / s positions, rounded up. Each output number is a sum over a window and all inputs.",
    "ceil(height / stride) · ceil(width / stride) · kernel² · inputs · filters",
    praise="The walk through the layers below does the same with the shapes that Keras knows.",
)
def q1_1(answer, rng):
    cases = [(8, 6, 3, 1, 1, 1), (9, 7, 3, 2, 4, 2)]
    cases += [tuple(int(rng.integers(*bounds)) for bounds in ((9, 40), (9, 40), (2, 8), (2, 9), (2, 9), (1, 4))) for _ in range(8)]
    for height, width, kernel, inputs, filters, stride in cases:
        value = one_number(call(answer, height, width, kernel, inputs, filters, stride))
        rows, columns = len(range(0, height, stride)), len(range(0, width, stride))
        window = kernel**2 * inputs * filters
        right = rows * columns * window
        said = f"{height}×{width}, kernel {kernel}, {inputs} → {filters} channels, stride {stride}"
        if value == right:
            continue
        expect(value != height * width * window, f"{said}: with a stride, the kernel stops at fewer positions.")
        expect(value != height * width * window / stride, f"{said}: the stride counts along both sides.")
        expect(value != (height // stride) * (width // stride) * window, f"{said}: `same` rounds up; an incomplete last step counts.")
        valid = max((height - kernel) // stride + 1, 0) * max((width - kernel) // stride + 1, 0)
        expect(value != valid * window, f"{said}: those are the positions without padding.")
        expect(value != 2 * right, f"{said}: a multiplication and its addition are ONE multiply-add.")
        expect(value != right / kernel, f"{said}: the kernel has two sides.")
        expect(value != right / inputs, f"{said}: each filter reads all input channels.")
        expect(value != right / filters, f"{said}: every filter does this work again.")
        expect(value != window, f"{said}: that is the number of weights. At how many positions is each used?")
        biased = right + rows * columns * filters
        expect(value != biased, f"{said}: adding a bias is no multiplication; leave it out.")
        expect(False, f"{said}: not {value:g}. Count the positions first, then the products at one of them.")


@question(
    "What must be done to `s32` before it can be added to `s16`?",
    "Twofold and added, twofold and added; what is left to full size is eightfold.",
    "at16 = s16 + enlarge(s32, 2); at8 = s8 + enlarge(at16, 2); enlarge(at8, 8)",
    praise="FCN-16s stops one sum earlier and enlarges 16 times.",
)
def q2_1(answer, rng):
    def enlarge(scores, factor):
        scores = np.asarray(scores)
        expect(scores.ndim == 3, f"enlarge wants scores (rows, columns, classes), not {scores.shape}.")
        return scores.repeat(factor, axis=0).repeat(factor, axis=1) * 0.9 + 0.1 * scores.mean(axis=(0, 1))  # no two orders agree

    for _ in range(3):
        rows, columns, classes = int(rng.integers(2, 4)), int(rng.integers(4, 6)), int(rng.integers(2, 5))
        s32, s16, s8 = (rng.normal(size=(f * rows, f * columns, classes)) for f in (1, 2, 4))
        result = numbers(call(answer, s32, s16, s8, enlarge))
        at16 = s16 + enlarge(s32, 2)
        at8 = s8 + enlarge(at16, 2)
        right = enlarge(at8, 8)
        expect(result.shape != at8.shape, "the result still has stride 8; the logits are wanted at full size.")
        expect(result.shape != (*right.shape[:2], 3 * classes), "the channels are joined, as in a U-Net; FCN adds scores class by class.")
        expect(result.shape == right.shape, f"the result should be {right.shape}, 32 times as high and wide as s32, not {result.shape}.")
        if np.allclose(result, right):
            continue
        expect(not np.allclose(result, enlarge(s32, 32)), "that is FCN-32s: s16 and s8 say nothing.")
        expect(not np.allclose(result, enlarge(at16, 16)), "that is FCN-16s: s8 says nothing.")
        skipped = enlarge(s8 + enlarge(s16, 2), 8)
        expect(not np.allclose(result, skipped), "s32 says nothing, and it alone has seen far.")
        expect(not np.allclose(result, enlarge(s8 + enlarge(s32, 4), 8)), "s16 says nothing.")
        at_once = enlarge(s32, 32) + enlarge(s16, 16) + enlarge(s8, 8)
        expect(not np.allclose(result, at_once), "nearly: enlarge step by step, twofold and add, not each to full size at once.")
        mean = enlarge((s8 + enlarge((s16 + enlarge(s32, 2)) / 2, 2)) / 2, 8)
        expect(not np.allclose(result, mean), "the scores are added, not averaged.")
        expect(False, "the right size, but other logits. Which scores are added at which stride?")


@question(
    "Which pixels count: those where every pixel of the square has one class, or the others?",
    "cv2.dilate takes the largest id in the square, cv2.erode the smallest. The square's side is 2n + 1.",
    "near = dilate(mask, square) != erode(mask, square); the mask where near, 255 elsewhere",
    praise="Scores that skip 255 now look at the band alone.",
)
def q3_1(answer, rng):
    for n in (1, 2, 3):
        height, width = int(rng.integers(14, 18)), int(rng.integers(20, 26))
        mask = np.zeros((height, width), np.uint8)
        mask[: int(rng.integers(4, 7)), : int(rng.integers(6, 9))] = 2
        mask[-1, -2:] = 4
        result = np.asarray(call(answer, mask, n))
        expect(result.shape == mask.shape, f"shape {mask.shape} is wanted, not {result.shape}.")
        expect(result.dtype != bool, "the band as True and False is half of it: give back the mask, with 255 outside the band.")
        wide = _near(mask, n)
        right = np.where(wide, mask, 255)
        if np.array_equal(result, right):
            expect(result.dtype == np.uint8, f"the labels are right; they should be uint8, not {result.dtype}.")
            continue
        expect(not np.array_equal(result, np.where(wide, 255, mask)), "the other way round: the band is what stays.")
        expect(not np.array_equal(result, np.where(wide, mask, 0)), "what does not count is 255; 0 is a class.")
        expect(not (n > 1 and np.array_equal(result, np.where(_near(mask, 1), mask, 255))), "the band does not grow with n.")
        expect(
            not np.array_equal(result, np.where(_near(mask, n, upto=n - 1), mask, 255)),
            "the square is not centred or too small: its side is 2n + 1, so that n pixels lie on each side.",
        )
        expect(not np.array_equal(result, np.where(_near(mask, 2 * n), mask, 255)), "the band is twice as wide: the side is 2n + 1.")
        diamond = np.where(_near(mask, n, diamond=True), mask, 255)
        expect(not np.array_equal(result, diamond), "diagonal neighbours count too: a square, not a diamond.")
        one_side = np.where(_near(mask, n, larger=True), mask, 255)
        expect(not np.array_equal(result, one_side), "you have one side of each boundary; both the largest and the smallest id matter.")
        expect(not (wide & (result != 255) & (result != mask)).any(), "inside the band the labels are not those of the mask.")
        outside = np.pad(mask, n, constant_values=9)
        framed = np.where(_near(outside, n)[n:-n, n:-n], mask, 255)
        expect(not np.array_equal(result, framed), "the border of the image is no boundary.")
        expect(False, f"for n = {n} the band holds {int((result != 255).sum())} pixels; it should hold {int(wide.sum())}.")


def _near(mask, n, upto=None, diamond=False, larger=False):
    """The slow way: whether a pixel of another class lies within n rows and columns (to the right and below: within `upto`)."""
    near = np.zeros(mask.shape, bool)
    height, width = mask.shape
    upto = n if upto is None else upto
    for row, column in np.ndindex(mask.shape):
        for r in range(max(row - n, 0), min(row + upto + 1, height)):
            for c in range(max(column - n, 0), min(column + upto + 1, width)):
                inside = not diamond or abs(r - row) + abs(c - column) <= n
                other = mask[r, c] > mask[row, column] if larger else mask[r, c] != mask[row, column]
                near[row, column] |= bool(inside and other)
    return near


@question(
    "Make rows of four. By what do you multiply a number to move it up by two bits?",
    "Two bits are a factor of 4: the four neighbours count 1, 4, 16 and 64.",
    "reshape(-1, 4), times 1, 4, 16, 64, sum along the rows, as uint8",
    praise="Unpacking is `byte // 4**k % 4` for k = 0, 1, 2, 3.",
)
def q4_1(answer, rng):
    for size in (4, 8, 4 * int(rng.integers(5, 20))):
        positions = rng.integers(0, 4, size).astype(np.uint8)
        positions[:4] = 3, 0, 2, 1
        result = np.asarray(call(answer, positions))
        fours = positions.reshape(-1, 4).astype(int)
        right = fours @ [1, 4, 16, 64]
        expect(result.shape != positions.shape or size == 1, "nothing is packed: there are as many numbers as before.")
        expect(result.shape == right.shape, f"{size} positions give {size // 4} bytes in one row; your result has shape {result.shape}.")
        if np.array_equal(result, right):
            expect(result.dtype == np.uint8, f"the numbers are right, but each takes {result.itemsize} bytes: make them uint8.")
            continue
        expect(not np.array_equal(result, fours @ [64, 16, 4, 1]), "the other way round: the first of four has the lowest bits.")
        expect(not np.array_equal(result, fours @ [1, 2, 4, 8]), "a position takes two bits, so the next one counts four times, not twice.")
        expect(not np.array_equal(result, fours @ [1000, 100, 10, 1]), "decimal digits would need more than a byte.")
        columns = positions.reshape(4, -1).astype(int).T @ [1, 4, 16, 64]
        expect(size == 4 or not np.array_equal(result, columns), "NEIGHBOURS share a byte: reshape(-1, 4), not (4, -1).")
        expect(not np.array_equal(result, fours.sum(axis=1)), "a plain sum cannot be taken apart again.")
        expect(False, f"{fours[0].tolist()} should not give {np.ravel(result)[0]}.")


def _pairs(result):
    expect(isinstance(result, tuple | list) and len(result) == 2, "two lists are wanted: strides, rates.")
    strides, rates = (numbers(part, what) for part, what in zip(result, ("strides", "rates"), strict=True))
    return strides.ravel().tolist(), rates.ravel().tolist()


@question(
    "Walk through the list and keep two numbers: how far the image has shrunk, and the rate that convolutions now need.",
    "If the product so far is below output_stride, keep the stride. Else write 1 and double the rate, for those that come AFTER.",
    "for each stride: note the rate; product < output_stride: keep it, product *= stride; else: 1, rate *= stride",
    praise="The next cell takes the strides out and compares the answers.",
)
def q5_1(answer, rng):
    cases = [([2, 2, 2, 1], 2), ([2, 1, 2, 2, 1], 8), ([1, 2, 2, 1, 2, 1, 2], 4), ([2, 2], 1)]
    for _ in range(6):
        strides = rng.integers(1, 3, int(rng.integers(4, 9))).tolist()
        cases.append((strides, int(2 ** rng.integers(0, 3))))
    for strides, wanted in cases:
        found = _pairs(call(answer, list(strides), wanted))
        right = _kept(strides, wanted)
        said = f"strides {strides}, output stride {wanted}"
        if found == right:
            continue
        expect(found != right[::-1], "the two lists are swapped: strides come first.")
        new, rates = found
        expect(len(new) == len(rates) == len(strides), f"{said}: both lists have one number for each convolution.")
        expect(min(rates) >= 1, f"{said}: a rate of {min(rates):g} does not exist; not dilated is 1.")
        expect(new != strides or right[0] == strides, f"{said}: all strides are still there.")
        expect(np.prod(new) <= wanted, f"{said}: the image still shrinks {np.prod(new):g} times.")
        expect(new == right[0], f"{said}: these are not the first strides up to {wanted} and 1 for the later ones.")
        expect(rates != [1.0] * len(rates), f"{said}: without dilation the later convolutions see less than before.")
        expect(rates != _kept(strides, wanted, early=True)[1], f"{said}: the convolution that LOSES its stride keeps the rate so far.")
        summed = _kept(strides, wanted, summed=True)[1]
        expect(rates != summed, f"{said}: each lost stride doubles the rate; it does not add to it.")
        expect(rates != _kept(strides, wanted, everywhere=True)[1], f"{said}: strides that stay do not dilate; only lost ones do.")
        expect(False, f"{said}: the strides are right, the rates {[int(rate) for rate in rates]} are not.")


def _kept(strides, wanted, early=False, summed=False, everywhere=False):
    new, rates, product, rate = [], [], 1, 1
    for stride in strides:
        stays = product < wanted
        after = rate if stays and not everywhere else rate + (stride - 1) if summed else rate * stride
        rates.append(float(after if early else rate))
        rate = after
        new.append(float(stride if stays else 1))
        product *= stride if stays else 1
    return new, rates


@question(
    "What is the height of one of b parts? How do you take the mean of each part without a loop over pixels?",
    "reshape(b, height // b, b, width // b) has a row of parts, rows in it, a column of parts, columns in it; average axes 1 and 3.",
    "channels = [features]; for b: the b×b means, each repeated height // b and width // b times; stack on the last axis",
    praise="PSPNet puts a 1×1 convolution on the means and enlarges them bilinearly; the rest is yours.",
)
def q6_1(answer, rng):
    for bins in ((1,), (1, 2), (2, 3), (1, 2, 3, 6)):
        height, width = 6 * int(rng.integers(1, 3)), 6 * int(rng.integers(3, 5))
        features = rng.normal(size=(height, width))
        result = numbers(call(answer, features, bins))
        channels = 1 + len(bins)
        expect(result.shape != (height, width, len(bins)), "the features themselves come first, in channel 0.")
        expect(result.shape != (channels, height, width), "channels are the last axis here.")
        expect(result.shape == (height, width, channels), f"shape {(height, width, channels)} is wanted, not {result.shape}.")
        expect(np.allclose(result[..., 0], features), "channel 0 should hold the features as they are.")
        for place, b in enumerate(bins, start=1):
            given, right = result[..., place], _parts(features, b, np.mean)
            if np.allclose(given, right):
                continue
            expect(
                not np.allclose(given, _parts(features, b, np.max)), "those are the largest values of the parts; their means are wanted."
            )
            expect(not np.allclose(given, _parts(features, b, np.sum)), "those are sums; divide by the pixels of a part.")
            by_size = np.allclose(given, _windows(features, b))
            expect(not by_size, f"b = {b}: you average windows of {b}×{b} PIXELS; b×b is the number of parts.")
            tiled = np.tile(_parts(features, b, np.mean)[:: height // b, :: width // b], (height // b, width // b))
            expect(not np.allclose(given, tiled), f"b = {b}: the means are right, but tiled; each belongs over its own part (np.repeat).")
            backwards = np.allclose(given, _parts(features, bins[-place], np.mean))
            expect(not backwards, "the bins are in another order than in `bins`.")
            expect(False, f"b = {b}: the channel does not hold the mean of each of the {b}×{b} parts over its part.")


def _parts(features, b, how):
    result = np.zeros(features.shape)
    tall, wide = features.shape[0] // b, features.shape[1] // b
    for r, c in np.ndindex(b, b):
        part = np.s_[r * tall : (r + 1) * tall, c * wide : (c + 1) * wide]
        result[part] = how(features[part])
    return result


def _windows(features, b):
    result = np.zeros(features.shape)
    for r, c in np.ndindex(features.shape[0] // b, features.shape[1] // b):
        part = np.s_[r * b : (r + 1) * b, c * b : (c + 1) * b]
        result[part] = features[part].mean()
    return result


@question(
    "What has to stay in memory during a training step besides the bridges?",
    "The gradient of a convolution needs what the convolution read. So every layer's input waits for the way back.",
    "bridges are a small part of all activations; training keeps nearly all of them, in both networks",
    praise="The table below says how much. When predicting, nothing has to wait for gradients.",
)
def q7_1(answer, rng):
    choice = letter(answer, "ABC")
    expect(choice != "A", "that would be right if nothing but the bridges had to be kept.")
    expect(choice != "B", "count the layers: how many activations are bridges, and how many wait for the gradients all the same?")
