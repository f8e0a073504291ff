"""Questions of lesson 01, upsampling and transposed convolution."""

import numpy as np

from .engine import call, expect, numbers, one_number, question


def _whole(value):
    """A student's size as int; a float such as 3.0 passes."""
    size = one_number(value)
    expect(size % 1 == 0, f"a size is a whole number, and {size:g} is none. Which way does the last, incomplete step round?")
    return int(size)


@question(
    "How large is the result, and which of its rows and columns hold something?",
    "Begin with zeros of the full size; slices with a step reach every factor-th row and column at once.",
    "zeros of (rows · factor, columns · factor); result[from 0 in steps of factor, the same for columns] = image",
    praise="With `factor` 2 it is what section 4 gets from a kernel of a single 1.",
)
def q1_1(answer, rng):
    for factor in (2, 3, int(rng.integers(4, 6))):
        image = rng.integers(1, 10, (int(rng.integers(2, 4)), int(rng.integers(4, 7))))
        rows, columns = image.shape
        result = numbers(call(answer, image, factor))
        expect(result.shape != (2 * rows, 2 * columns) or factor == 2, f"for factor {factor} the result still is twice as large.")
        expect(result.shape != (columns * factor, rows * factor), "rows and columns have changed places.")
        wanted = f"({rows * factor}, {columns * factor})"
        expect(result.shape == (rows * factor, columns * factor), f"the shape should be {wanted} for factor {factor}, not {result.shape}.")
        blocks = result.reshape(rows, factor, columns, factor).swapaxes(1, 2).reshape(rows, columns, -1)
        filled = np.count_nonzero(blocks, axis=-1)
        expect((filled < factor**2).all(), "every pixel is filled: that is nearest neighbour. A bed of nails keeps zeros between.")
        expect((filled == 1).all(), "each block of factor×factor should hold one value and zeros, but some hold another number of values.")
        expect((blocks[..., 0] != 0).all(), "one value a block, but not in its upper left corner.")
        expect(np.array_equal(blocks[..., 0], image), "the values stand in the right places, but they are not those of the image.")


@question(
    "Where does a window begin in the large image, and how far into it do the corners 0, 1, 2 and 3 lie?",
    "The window of row r begins at row 2r; corner // 2 is how far down the maximum stands, corner % 2 how far right.",
    "row = 2 · (index of the window's row) + corner // 2; the same for the column with % 2; row · (2 · columns) + column",
    praise="PyTorch counts like this in each channel. TensorFlow does so for a single channel; of several it counts the channels, too.",
)
def q2_1(answer, rng):
    for _ in range(3):
        rows, columns = int(rng.integers(2, 4)), int(rng.integers(4, 7))
        corners = rng.integers(0, 4, (rows, columns))
        result = numbers(call(answer, corners))
        expect(result.shape == corners.shape, f"one number for each window: the shape should be {corners.shape}, not {result.shape}.")
        r, c = np.indices(corners.shape)
        down, right = corners // 2, corners % 2

        def counted(width, y, x):
            return y * width + x

        right_way = counted(2 * columns, 2 * r + down, 2 * c + right)
        if np.array_equal(result, right_way):
            continue
        expect(not np.array_equal(result, right_way + 1), "you count from 1, Python counts from 0.")
        narrow = counted(columns, 2 * r + down, 2 * c + right)
        expect(not np.array_equal(result, narrow), "`width` is that of the image before pooling, not of the pooled one.")
        swapped = counted(2 * columns, 2 * r + right, 2 * c + down)
        expect(not np.array_equal(result, swapped), "corner 1 is upper RIGHT, corner 2 LOWER left: yours are the other way round.")
        upright = counted(2 * rows, 2 * c + right, 2 * r + down)
        expect(not np.array_equal(result, upright), "you count down the columns; number along the rows.")
        unmoved = counted(2 * columns, r + down, c + right)
        expect(not np.array_equal(result, unmoved), "the window of row r does not begin at row r of the large image.")
        expect(False, f"for corners {corners[:1].tolist()} of the first row of windows, the numbers are others than {result[:1].tolist()}.")


@question(
    "`valid`: how many places can the window's first pixel take? `same`: what would stride 1 give?",
    "`valid`: the last start is n - k, and starts come every s. `same`: every s-th of n places, and an incomplete step counts.",
    "valid: floor((n - k) / s) + 1; same: n / s, rounded up",
)
def q3_1(answer, rng):
    cases = [(20, 7, 2), (7, 2, 1), (8, 3, 2), (8, 5, 3), (9, 1, 1)]
    cases += [
        (int(n), int(k), int(s)) for n, k, s in zip(rng.integers(9, 40, 6), rng.integers(1, 8, 6), rng.integers(1, 5, 6), strict=True)
    ]
    for n, k, s in cases:
        for padding, right in (("valid", len(range(0, n - k + 1, s))), ("same", len(range(0, n, s)))):
            size = _whole(call(answer, n, k, s, padding))
            where = f"n = {n}, k = {k}, s = {s}, {padding!r}"
            if size == right:
                continue
            if padding == "valid":
                expect(size != len(range(0, n, s)) or k < 3, f"for {where} that is the size of the other padding.")
                expect(size != right - 1, f"one too few for {where}: the window at the very start counts as well.")
                expect(size != right + 1, f"one too many for {where}: a window that would hang over the end is not read.")
            else:
                expect(size != n // s, f"one too few for {where}: an incomplete last step still gives an output; zeros fill it up.")
                expect(size != len(range(0, n - k + 1, s)) or k < 3, f"for {where} that is the size of the other padding.")
            expect(size != (n - k + 1) or s == 1, f"for {where} you have left out the stride.")
            expect(False, f"{size} is not right for {where}. Count the starts by hand for n = 7, k = 3, s = 2.")


@question(
    "Two layers: Conv2D and Conv2DTranspose. Which argument says stride 2, and what is their padding unless you say otherwise?",
    "by_keras(keras.layers.Conv2D(1, side of the kernel, strides=2), image, kernel) is the first result.",
    "small = by_keras(Conv2D…, image, kernel); large = by_keras(Conv2DTranspose…, small, kernel); return small, large",
    praise="You have tested both, and both do what your hand computed.",
)
def q4_1(answer, rng):
    for side, k in ((7, 3), (8, 3), (11, 5)):
        image, kernel = rng.integers(0, 5, (side, side)).astype(float), rng.integers(1, 5, (k, k)).astype(float)
        result = call(answer, image, kernel)
        expect(isinstance(result, tuple | list) and len(result) == 2, "the function should return two arrays: small, large.")
        small, large = (numbers(part, name) for part, name in zip(result, ("small", "large"), strict=True))
        m = (side - k) // 2 + 1
        expect(small.shape != (side - k + 1,) * 2, "`small` has the size of stride 1.")
        expect(small.shape != (-(-side // 2),) * 2 or -(-side // 2) == m, "`small` has the size of padding 'same'; use none.")
        expect(small.shape == (m, m), f"`small` should be {m}×{m} for an image of {side}×{side} and a {k}×{k} kernel, not {small.shape}.")
        reads = np.array([[np.sum(image[2 * r : 2 * r + k, 2 * c : 2 * c + k] * kernel) for c in range(m)] for r in range(m)])
        expect(
            np.allclose(small, reads, atol=1e-3), "`small` has the right size but other values. Did the layer get `kernel` as its weights?"
        )
        size = 2 * (m - 1) + k
        full = 2 * (side - 1) + k
        expect(large.shape != (full, full), "`large` was made from the image; it should be made from `small`.")
        expect(large.shape == (size, size), f"`large` should be {size}×{size}, not {large.shape}. Stride 2 and no padding, as in `small`?")
        writes = np.zeros((size, size))
        for r, c in np.ndindex(m, m):
            writes[2 * r : 2 * r + k, 2 * c : 2 * c + k] += reads[r, c] * kernel
        expect(
            np.allclose(large, writes, atol=1e-2),
            "`large` has the right size but other values. Did it get `kernel`, as it is, as its weights?",
        )


@question(
    "In one dimension first: how many stamps of width 3 cover an output, when a new stamp starts every 2 outputs?",
    "In one dimension it alternates between two numbers. In two dimensions the numbers of rows and columns multiply.",
    "for each output row: stamps that cover it (1 or more); the same for columns; list the products that occur",
    praise="Look at the figure below for the pattern that they form.",
)
def q5_1(answer, rng):
    stamps = np.zeros((41, 41))
    for r, c in np.ndindex(20, 20):
        stamps[2 * r : 2 * r + 3, 2 * c : 2 * c + 3] += 1
    right = set(np.unique(stamps[5:-5, 5:-5]).tolist())
    values = np.atleast_1d(numbers(list(answer) if isinstance(answer, set) else answer, "the prediction")).ravel().tolist()
    given = set(values)
    if given == right:
        return
    expect(len(given) > 1, "one value everywhere would be a smooth result. Draw the stamps of two neighbouring pixels: do they overlap?")
    expect(max(given) != 9, "9 would need a new stamp at every output; with stride 2 stamps start at every second one.")
    expect(0 not in given, "no output stays empty: the kernel is wider than the stride.")
    expect(given != {1.0, 4.0}, "you have the least and the most. What of an output where stamps overlap in rows but not in columns?")
    expect(given != {1.0, 2.0}, "right in one dimension. In two dimensions overlaps in rows and in columns multiply.")
    missing = len(right - given)
    expect(False, f"{len(given - right)} of your values do not occur, and {missing} that occur {'is' if missing == 1 else 'are'} missing.")


@question(
    "Find the weights for factor 2 first: ¼, ¾, ¾, ¼. At which distance from the middle of the kernel does each stand?",
    "The middle of a kernel of `size` weights lies at (size - 1) / 2. Distances from there, then 1 - d / f.",
    "size = 2f, or 2f - 1 if f is odd; d = |0 … size-1 minus (size - 1) / 2|; 1 - d / f",
    praise="np.outer(w, w) is the kernel that FCN starts from.",
)
def q6_1(answer, rng):
    for f in (2, 3, 4, int(rng.integers(5, 9))):
        weights = numbers(call(answer, f))
        size = 2 * f - f % 2
        expect(weights.ndim == 1, f"weights of one dimension are wanted; yours have {weights.ndim}.")
        expect(weights.size != 4 or f in (2,), f"for factor {f} you still give 4 weights.")
        expect(weights.size == size, f"factor {f} needs {size} weights, as said above, not {weights.size}.")
        expect(np.allclose(weights, weights[::-1]), f"the weights for factor {f} are not symmetric: where is the middle of {size} places?")
        hat = 1 - np.abs(np.arange(size) - (size - 1) / 2) / f
        expect(
            not np.allclose(weights, hat / hat.sum()),
            "the weights add up to 1. But each output gets about two stamps: its share of them should be 1.",
        )
        sums = np.zeros(12 * f + size)
        for start in range(0, 12 * f, f):
            sums[start : start + size] += weights
        inside = sums[3 * f : -3 * f - size]
        expect(np.allclose(inside, inside[0], atol=1e-5), f"with factor {f} a constant row does not stay constant: stamps add up unevenly.")
        expect(np.allclose(inside, 1, atol=1e-5), f"with factor {f} a row of ones becomes a row of {inside[0]:.3g}.")
        expect(
            np.allclose(weights, hat, atol=1e-5),
            f"constant rows stay constant, but for factor {f} the weights do not fall evenly with distance.",
        )


@question(
    "One layer: a kernel of k weights with dilation d spans d · (k - 1) + 1. How much does it add to 1?",
    "Each layer adds d · (k - 1) of ITS pixels. After a stride, one step between its pixels is several steps in the input.",
    "span = 1, step = 1; for each layer: span += (kernel - 1) · dilation · step; then step *= stride",
    praise="Compare with the explorer above: spans of 7, 15, 13 and 15.",
)
def q7_1(answer, rng):
    for layers in [[(3, 1, 1)], [(3, 1, 2)], [(1, 1, 18)], [(3, 1, 1)] * 3, [(3, 2, 1), (3, 2, 1)], [(3, 1, 1), (3, 1, 2), (3, 1, 4)]] + [
        [(int(rng.choice([1, 3, 5])), int(rng.integers(1, 4)), int(rng.integers(1, 4))) for _ in range(4)] for _ in range(4)
    ]:
        span = _whole(call(answer, list(layers)))
        right = _field(layers)
        if span == right:
            continue
        text = f"for {layers[:3]}{' …' if len(layers) > 3 else ''}"
        expect(span != right - 1, f"one too few {text}: an output sees at least one pixel before any layer adds more.")
        alone = 1 + sum((k - 1) * d for k, _, d in layers)
        expect(span != alone, f"{text} you have not let the strides count: after stride 2, neighbours lie 2 input pixels apart.")
        expect(span != _field([(k, s, 1) for k, s, _ in layers]), f"{text} you have not let the dilation count.")
        expect(span != np.prod([(k - 1) * d + 1 for k, _, d in layers]), f"{text} you multiply spans; each layer adds to the span instead.")
        early, step = 1, 1
        for k, s, d in layers:
            step *= s
            early += (k - 1) * d * step
        expect(span != early, f"{text} a layer's own stride counts too early: it spreads the pixels of the layers after it.")
        expect(False, f"{span} is not right {text}. Draw two layers on squared paper and follow the lines down.")


def _field(layers):
    """The slow way: follow every weight of every layer down to the input."""
    seen = {0}
    for kernel, stride, dilation in reversed(layers):
        seen = {place * stride + dilation * k for place in seen for k in range(kernel)}
    return max(seen) - min(seen) + 1
