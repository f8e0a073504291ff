"""Questions of lesson 03."""

import numpy as np

from .engine import call, expect, numbers, one_number, question
from .late import keras


@question(
    "Start with `inputs = keras.Input((16, 16, 1))`, then call each layer on the result of the one before.",
    "`layers.Conv2D(…)` makes a layer; the second pair of parentheses, `(inputs)`, applies it.",
    "x = first layer(inputs); outputs = second layer(x); model from inputs to outputs",
)
def q1_1(answer, rng):
    result = call(answer) if not isinstance(answer, keras.Model) else answer
    expect(isinstance(result, keras.Model), "a model is wanted, made of its inputs and its outputs.")
    expect(not isinstance(result, keras.Sequential), "that is still a `Sequential`. Call the layers on tensors instead.")
    expect(result.input_shape == (None, 16, 16, 1), f"the input should be (16, 16, 1); yours is {result.input_shape[1:]}.")
    kinds = [type(layer).__name__ for layer in result.layers if type(layer).__name__ not in ("InputLayer", "Activation", "ReLU")]
    expect("Conv2DTranspose" in kinds, "the transposed convolution is not in your model: does `outputs` come from the last layer?")
    expect(kinds == ["Conv2D", "Conv2DTranspose"], f"two layers are wanted after the input; yours has {', '.join(kinds)}.")
    expect(result.output_shape == (None, 16, 16, 1), f"the output is {result.output_shape[1:]}: check strides and padding.")
    expect(result.count_params() == 115, f"{result.count_params()} parameters instead of 115: check filters and kernel sizes.")
    names = [str(getattr(getattr(layer, "activation", None), "__name__", "")) for layer in result.layers]
    acts = "relu" in names or any(type(layer).__name__ == "ReLU" for layer in result.layers)
    expect(acts, "the ReLU of the first layer is missing.")
    last = next(layer for layer in result.layers if type(layer).__name__ == "Conv2DTranspose")
    expect(last.activation.__name__ == "linear", "the last layer has no activation in the chain.")


@question(
    "How many channels does the convolution see after the concatenation?",
    "Concatenating puts channels side by side: their numbers add.",
    "filters × (3 × 3 × (fine + coarse) + 1)",
)
def q2_1(answer, rng):
    for _ in range(4):
        fine, coarse, filters = (int(v) for v in rng.choice(np.arange(3, 60), 3, replace=False))
        result = one_number(call(answer, fine, coarse, filters))
        right = 9 * (fine + coarse) * filters + filters
        expect(result != right - filters, "the biases are missing: one a filter.")
        expect(result != 9 * max(fine, coarse) * filters + filters, "the maps are not added but laid side by side: the channels add up.")
        expect(
            result not in (9 * fine * filters + filters, 9 * coarse * filters + filters), "the convolution sees both maps, not one of them."
        )
        places = [(k * (fine + coarse) + 1) * filters for k in (1, 3)]
        expect(result not in places, "a 3×3 kernel has nine places.")
        expect(result != 9 * (fine + coarse) + filters, "each filter has weights of its own for all channels.")
        expect(result == right, f"for {fine} and {coarse} channels and {filters} filters it is not {result:g}.")


@question(
    "Padding `same` keeps the side; what changes it?",
    "Each max pooling between two levels halves the side; the first level comes before any pooling.",
    "for each level: (side / 2**level, side / 2**level, widths[level])",
)
def q3_1(answer, rng):
    for _ in range(4):
        depth = int(rng.integers(3, 6))
        widths = tuple(int(v) for v in rng.choice(np.arange(3, 200), depth, replace=False))
        side = int(2 ** (depth - 1) * rng.integers(2, 9))
        result = call(answer, side, widths)
        expect(hasattr(result, "__len__") and not isinstance(result, str), "a list of shapes is wanted, one a level.")
        expect(len(result) != depth - 1, "one level is missing: the bottleneck counts, too.")
        expect(len(result) == depth, f"{depth} widths make {depth} levels; you list {len(result)} shapes.")
        expect(all(np.size(shape) == 3 for shape in result), "each shape has three numbers: (height, width, channels).")
        result = [tuple(numbers(shape, "each shape").tolist()) for shape in result]
        right = [(side / 2**level, side / 2**level, width) for level, width in enumerate(widths)]
        expect(result != right[::-1], "that is the way up. Going down comes first.")
        expect(result[0][:2] != (side / 2, side / 2), "before the first convolutions nothing has been pooled yet.")
        expect([shape[0] for shape in result] != [side] * depth, "the side never changes in your list: pooling halves it between levels.")
        expect(result != [shape[::-1] for shape in right], "channels come last in a shape.")
        expect([shape[0] for shape in result] == [shape[0] for shape in right], "each level has half the side of the one above it.")
        expect([shape[2] for shape in result] == list(widths), "the number of channels is the level's width; channels come last.")
        expect(result == right, f"the shapes do not match for side {side} and widths {widths}.")


@question(
    "Which of the two runs ended first, and when?",
    "Keep of each run the epochs that were over by then; take the smallest MSE of those.",
    "end = smaller of the two last times; for each run: min of the MSEs whose time is at most end",
)
def q4_1(answer, rng):
    for turn in range(4):
        runs = []
        for epochs, pace in [(40, 1.0), (12, 2.5)][:: 1 if turn % 2 else -1]:
            seconds = np.cumsum(rng.uniform(0.8, 1.2, epochs) * pace)
            runs.append((seconds, rng.uniform(0.01, 0.02, epochs) * np.linspace(2, 1, epochs)))
        # Beyond the end the longer run gets better still. The value at the end itself is the smallest in the last two turns only.
        end = min(seconds[-1] for seconds, _ in runs)
        for seconds, mse in runs:
            mse[seconds > end] *= 0.3
            mse[np.flatnonzero(seconds <= end)[-1]] *= 2 if turn < 2 else 0.4
        lists = [list(map(float, part)) for run in runs for part in run]
        result = numbers(call(answer, *lists)).ravel()
        expect(len(result) == 2, "two numbers are wanted, one for each run.")
        right = np.array([mse[seconds <= end].min() for seconds, mse in runs])
        if np.allclose(result, right):
            continue
        count = min(len(mse) for _, mse in runs)
        expect(not np.allclose(result, right[::-1]), "right numbers, wrong order: run a comes first.")
        expect(
            not np.allclose(result, [mse.min() for _, mse in runs]),
            "the longer run profits from the time that the shorter one did not have. Stop both at the same second.",
        )
        expect(
            not np.allclose(result, [mse[:count].min() for _, mse in runs]),
            "that compares equal numbers of epochs, not equal seconds.",
        )
        expect(
            not np.allclose(result, [mse[seconds <= end][-1] for seconds, mse in runs]),
            "that is the MSE at the end; the smallest so far is wanted, because the best weights are kept.",
        )
        expect(False, "at least one of the two numbers is not the smallest MSE up to the common end.")


@question(
    "Adam divides the running mean of the gradient by the root of the running mean of its square.",
    "In the first step these two are the gradient and its square. What is gradient / √(gradient²)?",
    "−rate × gradient / √(gradient²), which has only a sign left of the gradient",
    praise="The size of the gradient drops out: every weight moves by the full learning rate.",
)
def q5_1(answer, rng):
    gradients, rates = np.array([0.003, -40.0, 5 * rng.normal(), 2.0]), np.array([0.1, 0.01, 1e-3, 0.2])
    result = np.array([one_number(call(answer, float(gradient), float(rate))) for gradient, rate in zip(gradients, rates, strict=True)])
    right = -rates * np.sign(gradients)
    expect(not np.allclose(result, -rates * gradients), "that is a step of plain gradient descent. Adam divides by the root of gradient².")
    expect(not np.allclose(result, -rates / gradients), "you divide by gradient²; Adam divides by its root.")
    expect(not np.allclose(result, -rates), "the direction depends on the sign of the gradient.")
    expect(not np.allclose(result, -np.sign(gradients)), "the learning rate is missing.")
    expect(not np.allclose(result, -right), "the weight moves *against* the gradient.")
    wrong = int(np.argmax(~np.isclose(result, right)))
    expect(
        np.allclose(result, right),
        f"for a gradient of {gradients[wrong]:.3g} and a rate of {rates[wrong]:.3g} it is not {result[wrong]:.3g}.",
    )


@question(
    "Draw one random number for each value; which share of them lies below `rate`?",
    "Keep where the random number is at least `rate`. Then a share 1 − rate of the sum is left: divide by that.",
    "kept = rng.random(shape) >= rate; values × kept / (1 − rate)",
)
def q6_1(answer, rng):
    values = rng.uniform(1, 2, (60, 70))
    for rate in (0.2, 0.5, 0.8):
        result = np.asarray(call(answer, values, rate, np.random.default_rng(rng.integers(1 << 30))))
        expect(result.shape == values.shape, f"the shape changed from {values.shape} to {result.shape}.")
        zero = result == 0
        share = zero.mean()
        expect(share > 0, "no value became 0.")
        expect(not (zero.all(axis=0).any() or zero.all(axis=1).any()), "whole rows or columns became 0: draw a number for each value.")
        expect(
            abs(share - rate) < 0.05 or abs(share - (1 - rate)) > 0.05, "you drop the share that should be kept: a share `rate` becomes 0."
        )
        expect(abs(share - rate) < 0.05, f"a share of {share:.2f} became 0 for a rate of {rate}.")
        scale = result[~zero] / values[~zero]
        expect(not np.allclose(scale, 1), "the others are as they were, so the sum shrinks. Scale them up.")
        expect(
            not np.allclose(scale, 1 / rate) or np.isclose(rate, 0.5), "divide by the share that is kept, not by the share that is dropped."
        )
        expect(not np.allclose(scale, 1 - rate), "the kept values became smaller; they have to make up for the dropped ones.")
        expect(np.allclose(scale, 1 / (1 - rate)), "the kept values are scaled by another factor than 1 / (1 − rate).")


@question(
    "Which axes hold values of the same channel?",
    "Mean and variance over batch, height and width leave one number a channel.",
    "(values − mean over axes 0, 1, 2) / √(variance over the same axes + epsilon)",
)
def q7_1(answer, rng):
    shape = (3, 5, 6, 4)
    values = rng.normal(size=shape) * [1.0, 3.0, 0.2, 10.0] + [0.0, 5.0, -2.0, 30.0]
    result = numbers(call(answer, values))
    expect(result.shape == shape, f"the shape changed from {shape} to {result.shape}.")

    def by(axes, epsilon=1e-3):
        mean, variance = values.mean(axis=axes, keepdims=True), values.var(axis=axes, keepdims=True)
        return (values - mean) / np.sqrt(variance + epsilon)

    expect(not np.allclose(result, by(None), atol=1e-3), "one mean for everything: each channel has a mean of its own.")
    expect(not np.allclose(result, by(0), atol=1e-3), "a mean for each pixel: take it over height and width, too.")
    expect(not np.allclose(result, by((1, 2)), atol=1e-3), "that normalises each image alone (instance normalisation); take the batch in.")
    expect(not np.allclose(result, by((1, 2, 3)), atol=1e-3), "that normalises over the channels (layer normalisation).")
    centred = values - values.mean(axis=(0, 1, 2))
    expect(not np.allclose(result, centred), "the mean is right; the spread is not 1 yet.")
    expect(not np.allclose(result, centred / (values.var(axis=(0, 1, 2)) + 1e-3)), "divide by the root of the variance.")
    expect(np.allclose(result, by((0, 1, 2)), atol=1e-3), "mean or spread of a channel is not right; is epsilon added to the variance?")


@question(
    "Most pixels of these images are dark. What number does a dark pixel have in each of the ranges?",
    "Large inputs of one sign and large steps: after a few of them a ReLU may be shut for every input, and stay so.",
    "Which setting feeds large numbers of one sign, and which one undoes that after every convolution?",
    praise="The table shows it, run by run.",
)
def q7_2(answer, rng):
    text = "".join(str(answer).lower().replace("-", "−").split())
    expect(text in ("[0,1]", "[−1,1]", "[−1,1],normalised"), "answer with the name of one of the three settings.")
    expect("normalised" not in text, "normalisation brings every channel back to mean 0 before its ReLU: half of it stays open.")
    expect(text == "[−1,1]", "dark pixels are 0 there and push nothing; some of these runs get away. Run on and look at the table.")


@question(
    "cos(0) = 1 and cos(π) = −1. Bring these to 1 and 0.",
    "Half of 1 + cos runs from 1 to 0 while the angle runs from 0 to π.",
    "start × (1 + cos(π × step / steps)) / 2",
)
def q8_1(answer, rng):
    steps, start = int(rng.integers(40, 200)), float(rng.uniform(1e-3, 1e-1))
    result = np.array([one_number(call(answer, step, steps, start)) for step in range(steps + 1)])
    degrees = start * (1 + np.cos(180 * np.arange(steps + 1) / steps)) / 2
    expect(not np.allclose(result, degrees), "`np.cos` takes radians: half a turn is π and not 180.")
    expect(np.isclose(result[0], start), f"at step 0 the rate should be `start`; yours is {result[0] / start:.2f} of it.")
    expect(np.isclose(result[-1], 0, atol=1e-9), f"at the end the rate should be 0; yours is {result[-1] / start:.2f} of `start`.")
    line = start * (1 - np.arange(steps + 1) / steps)
    expect(not np.allclose(result, line), "that is a straight line; half a cosine wave is wanted.")
    quarter = start * np.cos(np.pi / 2 * np.arange(steps + 1) / steps)
    expect(not np.allclose(result, quarter), "that is a quarter of a wave: in the middle it is above half of `start`.")
    expect(
        np.allclose(result, start * (1 + np.cos(np.pi * np.arange(steps + 1) / steps)) / 2),
        "start and end are right, the way between is not.",
    )
