"""Questions of lesson 03."""

import itertools

import numpy as np

from .engine import NotYet, call, close, expect, letter, numbers, one_number, question
from .late import keras

# ---------------------------------------------------------------- models by the functional API: judged by what they compute


def _model(answer, shape, output):
    """The model that a student's function returns, if it is one of the right input and output; NotYet names what is not."""
    model = answer if isinstance(answer, keras.Model) else call(answer)
    expect(isinstance(model, keras.Model), "a model is wanted, made of its inputs and its outputs.")
    expect(not isinstance(model, keras.Sequential), "that is still a `Sequential`. Call the layers on tensors instead.")
    expect(isinstance(getattr(model, "input", None), keras.KerasTensor), "one input is wanted, and one model made of inputs and outputs.")
    expect(isinstance(model.output, keras.KerasTensor), "one output is wanted: hand it over alone, not in a list with others.")
    got = tuple(model.input.shape[1:])
    expect(got == shape, f"the input should have the shape {shape}; yours has {got}.")
    got = tuple(model.output.shape[1:])
    expect(got == output, f"the output should have the shape {output}; yours has {got}. Does it come from the last layer?")
    return model


def _weighted(model, shapes, rng):
    """New random weights of these shapes for a student's model, whose own come back from `_computed`; NotYet if it has others."""
    count, wanted = model.count_params(), sum(int(np.prod(shape)) for shape in shapes)
    expect(count == wanted, f"{count} parameters instead of {wanted}: check the layers and their sizes, one by one.")
    expect([tuple(w.shape) for w in model.weights] == shapes, "the right number of parameters, but other layers: check order and sizes.")
    return [rng.normal(0, 1 / np.sqrt(np.prod(shape[:-1]) or 1), shape).astype(np.float32) for shape in shapes]


def _computed(model, weights, inputs):
    """What a model gives with these weights, as in use and as in training; its own weights are put back."""
    before = model.get_weights()
    model.set_weights(weights)
    found = [keras.ops.convert_to_numpy(model(inputs, training=training)) for training in (False, True)]
    model.set_weights(before)
    expect(close(*found, 1e-4), "while training your model computes something else: there is a layer in it that the chain does not have.")
    return found[0]


def _relu(x):
    return np.maximum(x, 0)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _softmax(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _same(x):
    return x


@question(
    "Start with `inputs = keras.Input((1,))`, then call each layer on the result of the one before.",
    "`layers.Dense(…)` makes a layer; the second pair of parentheses, `(inputs)`, applies it.",
    "x = first layer(inputs); x = second layer(x); outputs = third layer(x); model from inputs to outputs",
    praise="The same chain, and now every result in it has a name.",
)
def q1_1(answer, rng):
    model = _model(answer, (1,), (3,))
    weights = _weighted(model, [(1, 20), (20,), (20, 10), (10,), (10, 3), (3,)], rng)
    inputs = rng.normal(0, 2, (40, 1)).astype(np.float32)
    found = _computed(model, weights, inputs)

    def chain(*activations):
        x = inputs
        for number, activation in enumerate(activations):
            x = activation(x @ weights[2 * number] + weights[2 * number + 1])
        return x

    if close(found, chain(_relu, _relu, _softmax), 1e-4):
        return
    for hidden in itertools.product((_relu, _same), repeat=2):
        expect(not close(found, chain(*hidden, _same), 1e-4), "the softmax is missing: three outputs that add up to 1 are wanted.")
        expect(not close(found, chain(*hidden, _sigmoid), 1e-4), "a sigmoid at the end looks at each output alone; softmax is wanted.")
        missing = hidden != (_relu, _relu) and close(found, chain(*hidden, _softmax), 1e-4)
        expect(not missing, "a ReLU is missing: both hidden layers have one.")
    raise NotYet("the layers have the right sizes, but it computes something else: look at the activations.")


@question(
    "Which tensor has to reach the last layer by two ways?",
    "Keep the name `inputs`: it can be used again after the first layer. `layers.Concatenate()` takes a list.",
    "hidden = Dense(8, sigmoid)(inputs); both = Concatenate()([hidden, inputs]); model from inputs to Dense(2)(both)",
    praise="Two ways lead from the input to the last layer. No `Sequential` can do that.",
)
def q1_2(answer, rng):
    model = _model(answer, (2,), (2,))
    alone = [tuple(weight.shape) for weight in model.weights]
    expect(alone != [(2, 8), (8,), (8, 2), (2,)], "the last layer sees the eight values alone: the bridge is missing.")
    weights = _weighted(model, [(2, 8), (8,), (10, 2), (2,)], rng)
    inputs = rng.normal(0, 2, (40, 2)).astype(np.float32)
    found = _computed(model, weights, inputs)

    def computed(hidden, last, first):
        values = hidden(inputs @ weights[0] + weights[1])
        both = [values, inputs] if first else [inputs, values]
        return last(np.concatenate(both, axis=1) @ weights[2] + weights[3])

    for first in (True, False):  # whichever of the two lies left
        if close(found, computed(_sigmoid, _same, first), 1e-4):
            return
        expect(not close(found, computed(_same, _same, first), 1e-4), "the sigmoid of the first layer is missing.")
        expect(not close(found, computed(_relu, _same, first), 1e-4), "the first layer has a ReLU; a sigmoid is wanted.")
        expect(not close(found, computed(_sigmoid, _sigmoid, first), 1e-4), "the last layer has no activation here.")
    raise NotYet("the layers have the right sizes, but it computes something else: what exactly is concatenated?")


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
        expect(np.iterable(result) and not isinstance(result, str | dict), "a list of shapes is wanted, one a level.")
        result = list(result)
        expect(len(result) != depth - 1, "one level is missing: the bottleneck counts, too.")
        expect(len(result) == depth, f"{depth} widths make {depth} levels; you list {len(result)} shapes.")
        expect(all(np.size(shape) == 3 for shape in result), "each shape has three numbers: (height, width, channels).")
        result = [tuple(numbers(shape, "each shape").tolist()) for shape in result]
        right = [(side / 2**level, side / 2**level, width) for level, width in enumerate(widths)]
        if result == right:
            continue
        expect(result != right[::-1], "right shapes, wrong order: that is the way up. Going down comes first.")
        expect(result[0][:2] != (side / 2, side / 2), "before the first convolutions nothing has been pooled yet.")
        expect([shape[0] for shape in result] != [side] * depth, "the side never changes in your list: pooling halves it between levels.")
        expect(result != [shape[::-1] for shape in right], "right numbers, wrong order: channels come last in a shape.")
        expect([shape[0] for shape in result] == [shape[0] for shape in right], "each level has half the side of the one above it.")
        expect([shape[2] for shape in result] == list(widths), "the number of channels is the level's width; channels come last.")
        raise NotYet(f"the shapes do not match for side {side} and widths {widths}.")


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
def q6_1(answer, rng):
    gradients, rates = np.array([0.003, -40.0, rng.uniform(3, 9), 2.0]), np.array([0.1, 0.01, 1e-3, 0.2])
    result = np.array([one_number(call(answer, float(gradient), float(rate))) for gradient, rate in zip(gradients, rates, strict=True)])
    right = -rates * np.sign(gradients)
    expect(not np.allclose(result, -rates * gradients), "that is a step of plain gradient descent. Adam divides by the root of gradient².")
    expect(not np.allclose(result, -rates / gradients), "you divide by gradient²; Adam divides by its root.")
    expect(not np.allclose(result, -rates), "the direction depends on the sign of the gradient.")
    expect(not np.allclose(result, -np.sign(gradients)), "the learning rate is missing.")
    expect(not np.allclose(result, -right), "the sign: the weight moves *against* the gradient.")
    expect(not np.allclose(result, abs(right)), "that is the length of the step; its sign is wanted, too.")
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
def q7_1(answer, rng):
    values = rng.uniform(1, 2, (60, 70))
    for rate in (0.2, 0.5, 0.8):
        seed = int(rng.integers(1 << 30))
        result, again, other = (np.asarray(call(answer, values, rate, np.random.default_rng(s))) for s in (seed, seed, seed + 1))
        expect(result.shape == values.shape, f"the shape changed from {values.shape} to {result.shape}.")
        zero = result == 0
        share = zero.mean()
        expect(share > 0, "no value became 0.")
        whole = [zero.all(axis=axis).mean() for axis in (0, 1)]  # one at 0.8 may be chance, a tenth of them is not
        expect(max(whole) < 0.1, "whole rows or columns became 0: draw a number for each value.")
        turned = abs(share - (1 - rate)) < 0.05 and abs(share - rate) > 0.05
        expect(not turned, "you drop the share that should be kept: a share `rate` becomes 0.")
        expect(abs(share - rate) < 0.05, f"a share of {share:.2f} became 0 for a rate of {rate}.")
        expect(np.array_equal(result, again), "the same `rng` twice, and two results: all chance has to come from `rng`.")
        expect(not np.array_equal(zero, other == 0), "another `rng`, and the same values are dropped: draw them with `rng`.")
        scale = result[~zero] / values[~zero]
        if np.allclose(scale, 1 / (1 - rate)):
            continue
        expect(not np.allclose(scale, 1), "the others are as they were, so the sum shrinks. Scale them up.")
        expect(not np.allclose(scale, 1 / rate), "divide by the share that is kept, not by the share that is dropped.")
        expect(not np.allclose(scale, 1 - rate), "the kept values became smaller; they have to make up for the dropped ones.")
        raise NotYet("the kept values are scaled by another factor than 1 / (1 − rate).")


@question(
    "Which axes hold values of the same channel?",
    "Mean and variance over batch, height and width leave one number a channel.",
    "(values − mean over axes 0, 1, 2) / √(variance over the same axes + epsilon)",
)
def q8_1(answer, rng):
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
    "At 0.001 a step is small. What can a very large first step do to the weights of a ReLU?",
    "A ReLU that is shut for every input gets no gradient any more. What keeps half of each channel open, whatever the weights are?",
    "Look at the rows of one rate together: which rows hold stuck runs, and what do the others have?",
    praise="The table shows it, run by run.",
)
def q8_2(answer, rng):
    chosen = letter(answer, "ABC")
    expect(chosen != "A", "then all runs in one range would be stuck, whatever the rate. Run on and look at the table.")
    expect(chosen != "B", "then runs without normalisation would be stuck at the small rate, too. Run on and look at the table.")


@question(
    "cos(0) = 1 and cos(π) = −1. Bring these to 1 and 0.",
    "Half of 1 + cos runs from 1 to 0 while the angle runs from 0 to π.",
    "start × (1 + cos(π × step / steps)) / 2",
)
def q9_1(answer, rng):
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
