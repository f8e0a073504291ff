"""Questions of lesson 02."""

import numpy as np

from .engine import NotYet, call, expect, numbers, one_number, question


@question(
    "What separates two pairs, and what separates image and mask within a pair?",
    "Split the text into lines first, then each line at the semicolon. `str.split()` without an argument also drops empty lines.",
    "for each line that is not empty: append (part before ';', part after ';')",
)
def q1_1(answer, rng):
    names = [(f"{n:03d}x.png", f"{n:03d}y.png") for n in rng.permutation(200)[: rng.integers(3, 9)]]
    for end in ("\n", ""):
        result = call(answer, "\n".join(f"{image};{mask}" for image, mask in names) + end)
        expect(not isinstance(result, str | dict) and np.iterable(result), "a list of pairs is wanted, one pair a line of the text.")
        entries = list(result)  # once: a generator gives its entries once only
        expect(all(np.iterable(entry) for entry in entries), "a list of pairs is wanted, one pair a line of the text.")
        whole = any(isinstance(entry, str) and entry for entry in entries)
        expect(not whole, "your list holds whole lines. Split each of them at the semicolon, too.")
        pairs = [tuple(entry) for entry in entries]
        expect(all(isinstance(part, str) for pair in pairs for part in pair), "the pairs have to hold names, as they stand in the text.")
        empty = any(not "".join(pair).strip() for pair in pairs)
        expect(not empty, "your list has an empty entry: the newline at the end of the text makes an empty line.")
        newline = any("\n" in part for pair in pairs for part in pair)
        expect(not newline, "a newline is left at the end of a name: no such file will be found.")
        expect(len(pairs) == len(names), f"the text has {len(names)} lines, your list has {len(pairs)} entries.")
        if pairs == names:
            continue
        expect(pairs != [pair[::-1] for pair in names], "image and mask have changed places: the image comes first.")
        expect(sorted(pairs) != sorted(names), "right pairs, wrong order: keep the order of the lines.")
        wrong = next(n for n, (got, wanted) in enumerate(zip(pairs, names, strict=True)) if got != wanted)
        raise NotYet(f"the pair of line {wrong + 1} should hold the two names of that line; you have {pairs[wrong]}.")


@question(
    "Write the MSE of a constant c: a share p of the pixels has error (1 − c)², the rest c².",
    "Derive p(1 − c)² + (1 − p)c² by c and set it to zero. Then put that c into the formula.",
    "c = the mean of all mask pixels; mse = p·(1 − c)² + (1 − p)·c²",
    praise="The constant is the mean, its MSE the variance of the mask.",
)
def q2_1(answer, rng):
    for p in rng.uniform(0.05, 0.45, 5):
        result = numbers(call(answer, float(p))).ravel()
        expect(len(result) == 2, "two numbers are wanted: the constant, and its MSE.")
        constant, mse = result
        expect(not np.isclose(constant, 0), "0 is the best black-or-white answer, but a grey one has a smaller MSE.")
        expect(not np.isclose(constant, 0.5), "0.5 would be best if objects and background were equally frequent. They are not.")
        expect(np.isclose(constant, p), f"for p = {p:.2f} a constant of {constant:.2f} is not the best. Try the mean.")
        expect(not np.isclose(mse, p), "the constant is right. p is the MSE of answering 0 everywhere; yours must be smaller.")
        expect(not np.isclose(mse, np.sqrt(p * (1 - p))), "the constant is right, but you gave the root of the MSE.")
        expect(np.isclose(mse, p * (1 - p)), "the constant is right, its MSE is not: a share p is off by 1 − c, the rest by c.")


@question(
    "One kernel first: over how many numbers does it reach?",
    "A kernel reaches over size · size · channels inputs, and there is one kernel a filter. Then the biases.",
    "filters × (size × size × channels + 1)",
)
def q3_1(answer, rng):
    for _ in range(5):
        size, channels, filters = (int(v) for v in (rng.choice([3, 5, 7]), rng.integers(2, 50), rng.integers(51, 99)))
        result = one_number(call(answer, size, channels, filters))
        weights = size * size * channels * filters
        expect(result != weights, "that is the kernels alone: the biases are missing.")
        expect(result != weights + channels, "one bias belongs to each filter, not to each input channel.")
        expect(result != weights + 1, "there is one bias a filter, not one for the whole layer.")
        expect(result != size * size * filters + filters, "each kernel reaches over all input channels, too.")
        expect(result != size * size * channels + filters, "there is one kernel a filter, and you count a single one.")
        expect(result != size * channels * filters + filters, "a kernel has two sides: size · size.")
        expect(result == weights + filters, f"for size {size}, {channels} channels and {filters} filters it is not {result:g}.")


@question(
    "Which values can a byte hold? −3 is none of them.",
    "A byte that goes below 0 starts again from the top, as a counter does.",
    "−1 becomes 255, −2 becomes 254. And −3: dark or bright?",
    praise="−3 wraps round to 253. (The conversion of a whole number is defined; that of a negative float is not.)",
)
def q5_1(answer, rng):
    text = str(answer).strip().lower()
    expect(text in ("black", "grey", "gray", "white"), 'answer with one of the words "black", "grey" and "white".')
    expect(text != "black", "that is what we wish for. But −3 is not 0, and a byte has no negative values.")
    expect(text == "white", "bytes wrap round from below 0 to the other end of the scale. Which end is it?")


@question(
    "Three steps: force into [0, 1], scale, make bytes. Does the order matter?",
    "`np.clip` before the multiplication, `np.rint` before `astype`, because `astype` cuts the decimals off.",
    "clip to [0, 1] → times 255 → round → uint8",
)
def q5_2(answer, rng):
    output = np.concatenate([rng.uniform(-0.4, 1.4, (4, 5)).ravel(), [0, 1, -1e-3, 1.001, 0.5]]).astype(np.float32).reshape(5, 5)
    result = np.asarray(call(answer, output))
    wanted = np.rint(255 * np.clip(output.astype(float), 0, 1))
    expect(result.shape == output.shape, f"the shape changed from {output.shape} to {result.shape}.")
    expect(result.dtype == np.uint8, f"bytes are wanted, `uint8`; yours are {result.dtype}.")
    values = result.astype(float)
    expect(not np.array_equal(values, np.where(output > 0.5, 255, 0)), "that is the black-and-white picture; the grey one is wanted.")
    expect(values.max() > 1, "the brightest pixel of your picture is 1 of 255: scale to bytes.")
    wrong = np.abs(values - wanted)
    expect(not (wrong[(output < 0) | (output > 1)] > 1).any(), "outputs below 0 or above 1 wrap round. Clip them before they become bytes.")
    between = wanted[(output > 0) & (output < 1)]
    expect(not (wrong.max() <= 1 and (values[(output > 0) & (output < 1)] < between).any()), "close: decimals are cut off, not rounded.")
    expect(wrong.max() <= 0.51, "values between 0 and 1 are wrong: 0.5 should give 127 or 128.")


@question(
    "What would you draw at a corner if you had seen as many rectangles as ellipses, and could not tell which one this is?",
    "Under MSE the best answer to doubt is the mean of the possibilities: something between an ellipse and a rectangle.",
    "How much of its rectangle does a form fill that lies between an ellipse (π/4) and a rectangle (all of it)?",
    praise="Now see whether the run agrees; why it is so is the question of section 8.",
)
def q7_1(answer, rng):
    if isinstance(answer, str) or np.size(answer) != 2:
        raise NotYet('answer with two words, such as ("equal", "equal"): ellipses first, rectangles second.')
    ellipses, rectangles = (str(part).strip().lower() for part in answer)
    expect({ellipses, rectangles} <= {"more", "equal", "less"}, 'use the words "more", "equal" and "less".')
    expect((ellipses, rectangles) != ("equal", "equal"), "run on and look at the corners: the forms do not come out as they are.")
    expect(
        (ellipses, rectangles) != ("less", "more"),
        "that would make the forms easier to tell apart than the masks are. The network does the reverse.",
    )
    middle = "a form between ellipse and rectangle"
    expect(ellipses == "more", f"the rectangles are right, the ellipses are not: how much does {middle} fill, compared with an ellipse?")
    expect(rectangles == "less", f"the ellipses are right, the rectangles are not: how much does {middle} fill, compared with a rectangle?")
