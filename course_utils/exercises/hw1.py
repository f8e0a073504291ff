"""Questions of homework 1: three networks, built as functions, and what is measured on them."""

import functools
import itertools

import numpy as np

from .engine import NotYet, call, expect, letter, numbers, one_number, question
from .late import keras, layers

DROPS = 5  # dropouts of each network

# A network as a row of (way, filters as a multiple of `width`, kernel, stride); 0 filters: the one channel of the output.
FCN = 3 * (("down", 1, 5, 2),) + 2 * (("up", 1, 5, 2),) + (("up", 0, 5, 2),)
SKIPS = (("down", 2, 5, 2), ("down", 4, 5, 2), ("down", 8, 5, 2), ("up", 4, 5, 2), ("up", 2, 5, 2), ("up", 1, 5, 2), ("up", 0, 5, 1))
SMALL = tuple(("down", f, 3, s) for f, s in [(1, 1), (2, 2), (2, 1), (4, 2), (4, 1), (8, 2)])
SMALL += tuple(("up", f, 3, s) for f, s in [(4, 2), (4, 1), (2, 2), (2, 1), (1, 2), (0, 1)])


def _flat(model):
    """The layers of a model in the order of the data, those of models within it too."""
    for layer in getattr(model, "operations", model.layers):  # layers, and what keras.ops puts in the place of one
        yield from _flat(layer) if isinstance(layer, keras.Model) else [layer]


def _kernels(model):
    return [layer for layer in _flat(model) if isinstance(layer, layers.Conv2D | layers.Conv2DTranspose)]


@functools.lru_cache(64)  # building takes longer than all else in a check, and each check gives it weights of its own
def _reference(spec, width, kinds, bridges, first):
    """The network of `spec`; `kinds`: the class of each layer; `bridges`: (layer that gets it, what gives it: 0 the image, 1 the
    first layer); `first`: for each bridge, whether it lies before what comes up."""
    x = inputs = keras.Input((None, None, 1))
    maps, order, bridges = [inputs], iter(first), dict(bridges)
    for number, ((_, factor, size, stride), kind) in enumerate(zip(spec, kinds, strict=True)):
        if number in bridges:
            parts = [maps[bridges[number]], x]
            x = layers.Concatenate()(parts if next(order) else parts[::-1])
        activation = "relu" if factor else None
        x = kind(factor * width or 1, size, strides=stride, padding="same", activation=activation)(x)
        maps.append(x)
    return keras.Model(inputs, x)


def _run(model, images):
    try:
        return keras.ops.convert_to_numpy(model(images, training=False))
    except Exception as error:  # sizes that do not meet show only here, because the model knows no height and width
        words = str(error).splitlines()[0]
        raise NotYet(f"it cannot be run on an image of {images.shape[1]}×{images.shape[2]}: do the sizes meet? ({words:.90})") from None


def _network(answer, spec, rng, bridges):
    """Whether `answer(width)` builds the network of `spec`, whatever way it is written; NotYet names the first difference."""
    width, other = rng.permutation([4, 6]).tolist()  # only two: JAX compiles for seconds at each width new to it
    expect(not isinstance(answer, keras.Model), "hand in the function that builds the network, not a network.")
    model = call(answer, width)
    expect(isinstance(model, keras.Model), "a model is wanted: keras.Model(inputs, outputs).")
    expect(not isinstance(model, keras.Sequential), "that is a `Sequential`; name the tensors and call the layers on them.")
    expect(isinstance(getattr(model, "input", None), keras.KerasTensor), "one input is wanted, and one model made of inputs and outputs.")
    shape = "any height and width and one channel, (None, None, 1)"
    expect(tuple(model.input.shape) == (None, None, None, 1), f"the input is to take {shape}; yours takes {model.input.shape[1:]}.")
    _chain(model, spec, width)
    _chain(call(answer, other), spec, other)
    _bridges(model, len(bridges))
    images = rng.random((2, 24, 40, 1), dtype=np.float32)
    output = _run(model, images)
    expect(output.shape == images.shape, f"24×40 pixels went in, and (batch, height, width, channels) = {output.shape} came out.")
    _activations(model)
    _same_function(model, images, spec, width, bridges)
    _dropouts(model)


def _chain(model, spec, width):
    found = _kernels(model)
    ways = ["up" if isinstance(layer, layers.Conv2DTranspose) else "down" for layer in found]
    many = "one convolution is" if len(found) == 1 else f"{len(found)} convolutions are"
    if len(found) in (len(FCN), len(SKIPS)) and spec is SMALL:
        raise NotYet(f"{many} on the way to your output: every layer of stride 2 becomes two.")
    expect(len(found) == len(spec), f"{many} on the way from your input to your output, transposed ones included; {len(spec)} are wanted.")
    sizes = [layer.kernel_size for layer in found]
    wrong = next((n for n, ((_, _, side, _), size) in enumerate(zip(spec, sizes, strict=True)) if size != (side, side)), None)
    expect(wrong is None, f"the kernel of convolution {(wrong or 0) + 1} is {sizes[wrong or 0]}; all are squares of side {spec[0][2]}.")
    steps = [layer.strides[0] for layer in found]
    expect(set(steps) != {2} or spec is not SMALL, "all strides are 2: of each pair only one layer changes the size.")
    expect(set(steps) != {1}, "all strides are 1: nothing changes the size.")
    half = len(spec) // 2
    turned = [s for n in range(0, half, 2) for s in (2, 1)]
    expect(steps[:half] != turned or spec is not SMALL, "on the way down stride 1 comes first: look before you shrink.")
    turned = [s for n in range(0, half, 2) for s in (1, 2)]
    expect(
        steps[half:] != turned or spec is not SMALL, "on the way up stride 2 comes first: enlarge, lay the bridge beside, then convolve."
    )
    expect(steps == [s for _, _, _, s in spec], f"the strides are {steps}; which layers change the size?")
    for way, (wanted, _, _, stride), number in zip(ways, spec, range(1, len(spec) + 1), strict=True):
        expect(way == wanted or stride == 1, f"convolution {number} goes {way}, where the network goes {wanted}.")
    expect(all(layer.padding == "same" for layer in found), "padding `same` keeps sides divisible; without it they shrink.")
    expect(
        all(layer.dilation_rate in (1, (1, 1)) and getattr(layer, "groups", 1) == 1 for layer in found), "plain convolutions are wanted."
    )
    filters = [layer.filters for layer in found]
    expect(filters[-1] == 1, f"the output has one channel; yours has {filters[-1]}.")
    wanted = [factor * width or 1 for _, factor, _, _ in spec]
    if filters != wanted:
        same = spec is not FCN and set(filters[:-1]) == {width}
        expect(not same, "every layer has `width` filters: where the side halves, the U-Net doubles the filters.")
        expect(
            len(spec) == len(FCN) or not all(2 * n == m for n, m in zip(filters, wanted, strict=True) if m > width),
            "all layers have half the filters wanted.",
        )
        number = next(n for n, (a, b) in enumerate(zip(filters, wanted, strict=True)) if a != b)
        raise NotYet(f"with width={width}, convolution {number + 1} has {filters[number]} filters; see the table.")
    expect(all(layer.use_bias for layer in found), "a convolution lacks its bias.")


def _bridges(model, wanted):
    kinds = [type(layer).__name__ for layer in _flat(model)]
    adds = sum(kinds.count(kind) for kind in ("Add", "Average", "Maximum", "Multiply"))
    expect(not (wanted and adds), "your bridges add the maps; lay them side by side, channel by channel: Concatenate.")
    joins = kinds.count("Concatenate")
    expect(wanted or not joins, "no bridges yet: this one is a chain.")
    expect(joins or not wanted, "no bridge leads to your output. Does the next layer get what Concatenate gives?")
    expect(joins >= wanted, f"your network has {joins} bridge{'s' * (joins > 1)}; {wanted} are wanted.")
    expect(joins <= wanted, f"your network has {joins} bridges; {wanted} are wanted.")


def _activations(model):
    found = _kernels(model)
    last = found[-1].activation.__name__
    later = [layer for layer in list(_flat(model))[list(_flat(model)).index(found[-1]) + 1 :] if not isinstance(layer, layers.Dropout)]
    expect(last == "linear" and not later, f"the output is to stay linear, as in lesson 02; yours passes {last if not later else 'more'}.")


def _same_function(model, images, spec, width, bridges):
    """With the same weights the reference must give the same output: then the paths are the same, too."""
    kinds = tuple(layers.Conv2DTranspose if isinstance(layer, layers.Conv2DTranspose) else layers.Conv2D for layer in _kernels(model))
    rng, output = np.random.default_rng(0), None
    for first in itertools.product([True, False], repeat=len(bridges)):
        reference = _reference(spec, width, kinds, bridges, first)
        shapes = [weight.shape for weight in reference.weights]
        if [weight.shape for weight in model.weights] != shapes:
            break
        if output is None:
            weights = [rng.normal(0, 0.5 / np.sqrt(np.prod(shape[:-1])) if len(shape) > 1 else 0.3, shape) for shape in shapes]
            before = model.get_weights()
            model.set_weights(weights)
            output = _run(model, images)
            model.set_weights(before)
        reference.set_weights(weights)
        if np.allclose(output, _run(reference, images), atol=1e-4):
            return
    count = sum(int(np.prod(weight.shape)) for weight in model.weights)
    expect(count == reference.count_params(), f"it has {count:,} parameters: its bridges do not carry the channels that they should.")
    silent = sum(layer.activation.__name__ == "relu" for layer in _kernels(model)) + sum(
        "relu" in type(one).__name__.lower() for one in _flat(model)
    )
    expect(silent >= len(spec) - 1, "a ReLU is missing: each convolution but the last has one.")
    raise NotYet("the layers are right, but not what leads to what: follow each map from layer to layer, and each bridge.")


def _dropouts(model):
    drops = [layer for layer in _flat(model) if isinstance(layer, layers.Dropout)]
    expect(drops, "the dropouts are missing.")
    expect(drops[-1] is not list(_flat(model))[-1], "a dropout stands after the output: it would punch holes into every mask.")
    expect(len(drops) == DROPS, f"your network has {len(drops)} dropouts; {DROPS} are wanted.")
    expect(all(np.isclose(drop.rate, 0.25) for drop in drops), "a dropout has another rate than 0.25.")


NETWORKS = {"a": (FCN, (), 40), "b": (SKIPS, ((4, 2), (5, 1), (6, 0)), 20), "c": (SMALL, ((7, 5), (9, 3), (11, 1)), 20)}


def draw(name, compare=None):
    """Draw the network "a", "b" or "c" that is wanted, at the course's width; orange: what the network `compare` lacks."""
    from course_utils import diagram  # it imports Keras, see `late`

    models = []
    for each in filter(None, (name, compare)):
        spec, bridges, width = NETWORKS[each]
        kinds = [layers.Conv2D if way == "down" else layers.Conv2DTranspose for way, *_ in spec]
        if each == "b":
            kinds[-1] = layers.Conv2D
        model = _reference(spec, width, tuple(kinds), bridges, (True,) * len(bridges))
        models.append(keras.Model(model.input, model.output, name=f"network {each}"))
    diagram.draw(*models)


# ---------------------------------------------------------------- Core


@question(
    "Six layers, and the same tensor walks through them: `x = layer(x)`.",
    "Begin with `x = inputs = keras.Input((None, None, 1))`. Which layers may a loop make?",
    "3 times: x = Dropout(Conv2D(width, 5, strides 2, same, relu)(x)); 2 times the same transposed; one transposed with 1 filter; Model",
    praise="A chain still. Now that each map has a name, bridges can start anywhere.",
)
def q1(answer, rng):
    _network(answer, FCN, rng, ())


def _toy(rng):
    """A network whose outputs leave [0, 1], with a dropout that acts while training."""
    x = inputs = keras.Input((None, None, 1))
    x = layers.Dropout(0.5)(layers.Conv2D(3, 3, padding="same")(x))
    model = keras.Model(inputs, layers.Conv2D(1, 3, padding="same")(x))
    model.set_weights([rng.normal(0, 0.6, weight.shape) for weight in model.weights])
    return model


@question(
    "Which shapes have the outputs and the masks? What does numpy make of their difference?",
    "(batch, height, width, 1) minus (batch, height, width) is no error where sides agree: it broadcasts. Drop the channel first.",
    "outputs = model on all images, not training, channel 0; mean of (outputs − masks)²",
    praise="Dropout off, no broadcasting, every pixel once.",
)
def q2(answer, rng):
    model = _toy(rng)
    for count, height, width in [(12, 12, 12), (5, 8, 16)]:
        images = rng.random((count, height, width, 1), dtype=np.float32)
        masks = rng.integers(0, 2, images.shape[:3]).astype(np.uint8)
        outputs = keras.ops.convert_to_numpy(model(images, training=False))  # before the answer has had its hands on the network
        result = one_number(call(answer, model, images, masks))
        flat = outputs[..., 0].astype(float)
        error = np.square(flat - masks)
        if np.isclose(result, error.mean(), rtol=1e-3):
            continue
        wrong = {
            "that is the mean over (batch, height, width, width): the difference was broadcast. Drop the outputs' last axis.": (
                np.square(outputs - masks).mean() if count == width == height else np.nan
            ),
            "that is its root; the mean of the squares is wanted.": np.sqrt(error.mean()),
            "that is the mean of the absolute differences; square them.": np.abs(flat - masks).mean(),
            "that is the sum over the pixels; the mean is wanted.": error.sum(),
            "that is the share of wrong pixels after a threshold; the MSE takes the grey outputs.": np.mean((flat > 0.5) != masks),
            "your outputs are cut to [0, 1] first; the loss sees them as they are.": np.square(np.clip(flat, 0, 1) - masks).mean(),
            "that is the error of the first image alone.": error[0].mean(),
            "the masks do not count in your number.": np.square(flat).mean(),
            "the signs let errors cancel: square before you take the mean.": (flat - masks).mean() ** 2,
        }
        for words, value in wrong.items():
            expect(not np.isclose(result, value, rtol=1e-4), words)
        again = one_number(call(answer, model, images, masks))
        expect(np.isclose(result, again, rtol=1e-6), "two calls give two numbers: dropout is at work. Ask for training=False.")
        raise NotYet(f"for images of shape {images.shape} it is not {result:.4g}.")


def _shapes(rng, count, side=16):
    """Grey images (count, side, side, 1), brighter inside a rectangle, and masks uint8 (count, side, side)."""
    masks = np.zeros((count, side, side), np.uint8)
    for mask in masks:
        top, left = rng.integers(1, side // 2, 2)
        mask[top : top + side // 2, left : left + side // 3] = 1
    noise = rng.normal(0, 0.1, masks.shape)
    return np.float32(0.3 + 0.4 * masks + noise)[..., None], masks


@question(
    "How many steps does an epoch have, when a batch holds 20 images?",
    "CosineDecay counts steps, not epochs. Make it first, then Adam with it, then compile and fit.",
    "steps = epochs × ceil(images / 20); CosineDecay(rate, steps); compile(Adam(it), loss mse); the losses of fit(batch_size 20)",
    praise="The last steps are small: a network that ends them has settled, whatever its seed.",
)
def q3(answer, rng):
    for count, epochs, rate in [(61, 3, 1e-6), (60, 5, 1e-2)]:
        inputs = keras.Input((None, None, 1))
        hidden = layers.Conv2D(6, 3, padding="same", activation="relu")(inputs)
        model = keras.Model(inputs, layers.Conv2D(1, 3, padding="same")(hidden))
        always = np.random.default_rng(5)  # whether losses fall must not depend on the draw
        model.set_weights([always.normal(0, 0.4, weight.shape) for weight in model.get_weights()])
        images, masks = _shapes(always, count)
        start = np.square(keras.ops.convert_to_numpy(model(images))[..., 0] - masks).mean()
        before = model.get_weights()
        said = call(answer, model, images, masks, epochs, rate)
        expect(not isinstance(said, keras.callbacks.History), "`fit` gives a History; the list of its losses is wanted.")
        losses = numbers(said, "the losses").ravel()
        expect(losses.size == epochs, f"after {epochs} epochs {epochs} losses are wanted, one an epoch; you return {losses.size}.")
        moved = any(not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))
        expect(moved, "the network that was handed in has its old weights: train this one.")
        optimizer = getattr(model, "optimizer", None)
        expect(isinstance(optimizer, keras.optimizers.Adam), f"Adam is wanted, not {type(optimizer).__name__}.")
        taken, wanted = int(optimizer.iterations), epochs * -(-count // 20)
        expect(taken != epochs * -(-count // 32) or taken == wanted, "your batches hold 32 images, Keras' own choice.")
        expect(taken == wanted, f"{count} images, {epochs} epochs, batches of 20: that is not {taken} steps.")
        _falls(optimizer, rate, taken)
        if rate < 1e-4:  # hardly a step was taken: the loss is that of the untrained network
            expect(np.allclose(losses, start, rtol=0.02), "these are not mean squared errors: which loss was compiled?")
        else:
            expect(losses[-1] < 0.9 * losses[0], "the losses do not fall. Do images and masks belong together?")


def _falls(optimizer, rate, steps):
    schedule = getattr(optimizer, "_learning_rate", None)
    if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        end = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
        expect(not np.isclose(end, rate, rtol=0.01), "the learning rate is as large at the end as it was at the start.")
        expect(end < 0.1 * rate, f"at the end the learning rate is {end / rate:.2g} of what it was; it should be nearly 0.")
        return
    first, quarter, last = (float(schedule(step)) / rate for step in (0, steps / 4, steps))
    expect(np.isclose(first, 1), f"the learning rate starts at {first:.2g} times `rate`.")
    over = "the schedule counts steps and not epochs"
    expect(quarter > 0.01, f"the rate is down to 0 long before the end: {over}.")
    expect(last < 0.02, f"at the last step the rate is still {last:.2g} of its start: over how many steps does it fall?")
    expect(abs(quarter - 0.8536) < 0.02, f"after a quarter of the steps a cosine is at 0.85 of its start, yours at {quarter:.2f}.")


@question(
    "Each bridge is a second path. Which variable still holds the map where it starts?",
    "Name the maps of the way down: `half`, `quarter`, … Lay one beside what comes up where both have the same side.",
    "half, quarter, eighth by convolutions; up, Concatenate with quarter; up, with half; up, with the image; a 5×5 with 1 filter",
    praise="Where the side halves the filters double: the map gets coarser, and richer.",
)
def q4(answer, rng):
    _network(answer, SKIPS, rng, NETWORKS["b"][1])


@question(
    "One layer first: a kernel of 5 reads 5 pixels. A second layer behind it: how far apart are the pixels that it reads?",
    "Follow two numbers: how many input pixels are seen, and how far neighbours of the present map lie apart in the input.",
    "seen = step = 1; for each (kernel, stride): seen += (kernel − 1) · step; step *= stride",
    praise="Two 3×3 with 18 weights a pair of channels see what a 5×5 with 25 sees, and have a ReLU between them.",
)
def q5(answer, rng):
    chains = [[(3, 2), (7, 1), (5, 3)], [(5, 2)], [(3, 1), (3, 2)], [(3, 2), (3, 1)], [(5, 2)] * 3, [(3, 1), (3, 2)] * 3]
    chains.append([(int(k), int(s)) for k, s in zip(rng.choice([3, 5, 7], 4), rng.choice([1, 2, 3], 4), strict=True)])
    for chain in chains:
        result = one_number(call(answer, list(chain)))
        if result == _seen(chain):
            continue
        kernels = [kernel for kernel, _ in chain]
        wrong = {
            "without strides this would be right; a stride puts what the later layers read further apart.": 1 + sum(kernels) - len(chain),
            "the kernels overlap: each adds its side less one.": sum(kernels),
            "the windows do not tile the image: they overlap, so their sides do not multiply.": int(np.prod(kernels)),
            "that is the stride of the whole chain, not the window.": int(np.prod([stride for _, stride in chain])),
            "a layer's stride spreads what the layers after it read, not what it reads itself.": _seen(chain, own=True),
            "you go through the chain from its end; the strides before a layer count for it.": _seen(chain[::-1]),
            "each kernel has one pixel in its middle: it adds kernel − 1.": _seen(chain, less=0),
        }
        for words, value in wrong.items():
            expect(result != value, words)
        raise NotYet(f"for the chain {chain} it is not {result:g}.")


def _seen(chain, own=False, less=1):
    seen, step = less, 1
    for kernel, stride in chain:
        step *= stride if own else 1
        seen += (kernel - less) * step
        step *= 1 if own else stride
    return seen


# ---------------------------------------------------------------- Apply


@question(
    "Write one step down as a function of the map and its filters: two layers, of which one shrinks.",
    "A bridge starts where a map of its size is finished, after the layer of stride 1, and ends before the one of stride 1 going up.",
    "f = 1, 2, 4: conv f stride 1, keep; conv 2f stride 2 · f = 4, 2, 1: up f stride 2; Concatenate kept; up f (last: 1) stride 1",
    praise="Count them: as many bridges as the U-Net, and convolutions in pairs. What is left of the FCN are its strides.",
)
def q6(answer, rng):
    _network(answer, SMALL, rng, NETWORKS["c"][1])


@question(
    "Which run of the first is the worst for the claim, and which run of the second?",
    "If the worst of the first still beats the best of the second, no choice of seeds could have said otherwise.",
    "largest of first < smallest of second",
    praise="Three seeds prove little, but overlapping ones prove nothing.",
)
def q7(answer, rng):
    low, high = np.sort(rng.uniform(0.005, 0.03, 2))
    gap = max(high - low, 2e-3)
    apart = low + gap * np.array([0.0, 0.1, 0.2]), low + gap * np.array([0.9, 1.0, 1.1])
    cases = {
        "all runs of the first lie below all of the second, and you say no.": (*apart, True),
        "it is the second that has the smaller errors.": (*apart[::-1], False),
        "a mean or a best run says so, but the runs overlap.": (
            low + gap * np.array([0.6, 0.0, 0.1]),
            low + gap * np.array([0.5, 1.0, 1.1]),
            False,
        ),
        "the best runs differ, but a run of the first is worse than all of the second.": (
            low + gap * np.array([0.0, 0.1, 2.0]),
            low + gap * np.array([0.5, 0.6, 0.7]),
            False,
        ),
        "seed by seed the first wins, yet one of its runs loses against another seed's of the second.": (
            low + gap * np.array([0.0, 1.0, 2.0]),
            low + gap * np.array([0.5, 1.5, 2.5]),
            False,
        ),
        "equal runs are no proof.": (np.repeat(low, 3), np.repeat(low, 3), False),
        "the two may have different numbers of seeds.": (apart[0][:2], apart[1], True),
        "one seed each: all runs lie below all others, whatever that is worth.": (apart[0][:1], apart[1][:1], True),
    }
    for words, (first, second, truth) in cases.items():
        said = np.asarray(call(answer, first.tolist(), second.tolist()))
        expect(said.shape == () and said.dtype.kind == "b", "True or False is wanted.")
        expect(bool(said) == truth, words)


MOST = {"a": 0.04, "b": 0.035, "c": 0.03}  # what the short training reaches, with room for other seeds
LEAST = {"a": 0.008, "b": 0.006, "c": 0.003}
PIXELS = 50 * 32 * 32  # of the test images


@question(
    "Copy them from your own table: the test MSE and the wrong test pixels, not those of training.",
    'A dictionary: under each of "a", "b" and "c" two numbers, (test MSE, wrong test pixels), and under "best" one of the letters.',
    'measured = {"a": (MSE, pixels), "b": (MSE, pixels), "c": (MSE, pixels), "best": the letter with the smallest MSE}',
    praise="One seed each: whether the order holds, only more seeds can tell.",
)
def q8(answer, rng):
    wanted = 'a dictionary with the keys "a", "b", "c" and "best" is wanted.'
    expect(isinstance(answer, dict) and set(answer) == {"a", "b", "c", "best"}, wanted)
    found = {}
    for name in "abc":
        pair = numbers(answer[name], f"what stands under {name}").ravel()
        expect(pair.size == 2, f"{name}: two numbers are wanted, the test MSE and the number of wrong test pixels.")
        expect(pair[0] <= 1 or pair[1] > 1, f"{name}: right numbers, wrong order: the MSE comes first.")
        found[name] = pair
    for name, (error, wrong) in found.items():
        expect(error > 0, f"{name}: a mean of squares is above 0.")
        expect(error < 0.15, f"{name}: {error:.3g} is no better than a constant grey (0.19). Was it trained, and on images in [0, 1]?")
        whole = float(wrong).is_integer() and 0 < wrong < PIXELS
        expect(whole, f"{name}: of {PIXELS:,} test pixels a whole number is wrong; yours is {wrong:g}.")
        least = wrong / 4 / PIXELS  # what is cut at 0.5 to the wrong side is off by a half or more
        expect(
            error > least - 6e-5,
            f"{name}: {wrong:.0f} wrong pixels alone make an MSE of {least:.4f} or more. Do both numbers belong to the same network?",
        )
        expect(error < 4 * wrong / PIXELS + 0.004, f"{name}: so few wrong pixels, and so large an MSE? Take both from the same row.")
        expect(error >= LEAST[name], f"{name}: {error:.2g} is too good for unseen images. Is it the training error?")
        expect(error <= MOST[name], f"{name}: {error:.3g} is more than the recipe leaves. All epochs, and the rate as given?")
    twice = len({tuple(pair) for pair in found.values()}) < 3
    expect(not twice, "two networks with the same two numbers: was one measured twice?")
    best = letter(answer["best"], "ABC").lower()
    expect(found[best][0] == min(pair[0] for pair in found.values()), f"by your own numbers {best} is not the best.")


# ---------------------------------------------------------------- Explore


def _ramp(shape, axis):
    """An image that grows evenly along an axis, uint8 (height, width, 1), and its mask: 7 in the brighter half, else 0."""
    places = (np.indices(shape)[axis] + 0.5) / shape[axis]
    return np.uint8(40 + 200 * places)[..., None], np.uint8(7 * (places > 0.5))


def _phase(image, axis):
    """By which part of the side, from -1 to 1, a ramp in a world of mirrors was moved; NotYet if it is no such ramp."""
    line = (np.median(image[..., 0].astype(float), axis=1 - axis) - 40) / 200
    phases = np.linspace(-1, 1, 161)
    places = (np.arange(line.size) + 0.5) / line.size + phases[:, None]
    errors = np.abs(np.abs((places + 1) % 2 - 1) - line).mean(axis=1)
    expect(errors.min() < 0.06, "beyond the border there should be the mirror image; yours shows something else there.")
    return abs(phases[errors.argmin()])


@question(
    "One matrix, or one draw, for both. What may lie between two labels of a mask?",
    "`augment.Affine` of lesson 04 takes `shift`, `flip` and `border`; or draw a shift and a flip yourself and roll over a mirrored image.",
    "make an Affine with shift 0.7 and a flip; call it once, with image, mask and rng, and return both results",
    praise="A shape that may be anywhere: nothing in the data says 'the middle' any more.",
)
def q9(answer, rng):
    shape, found = (48, 64), {0: [], 1: []}
    for turn in range(180):
        axis = turn % 2
        image, mask = _ramp(shape, axis)
        both = call(answer, image, mask, rng)
        expect(isinstance(both, tuple | list) and len(both) == 2, "two things are wanted: the image and its mask.")
        moved, labels = (np.asarray(part) for part in both)
        expect(moved.shape == image.shape, f"the image's shape was {image.shape} and is {moved.shape}.")
        expect(labels.shape == mask.shape, f"the mask's shape was {mask.shape} and is {labels.shape}.")
        expect(moved.dtype == labels.dtype == np.uint8, f"uint8 is wanted again, not {moved.dtype} and {labels.dtype}.")
        expect(set(np.unique(labels)) <= {0, 7}, "the mask holds labels that were not there: take the nearest pixel, not a mixture.")
        expect(moved.min() >= 30, "black comes in from beyond the border, where the mirror image should be.")
        found[axis].append(_phase(moved, axis))
        expect(np.mean((moved[..., 0] > 140) != (labels == 7)) < 0.1, "image and mask part: draw once for both.")
    down, across = np.array(found[0]), np.array(found[1])
    expect(np.ptp(across) + np.ptp(down) > 0.01, "always the same: draw anew in each call, with `rng`.")
    for name, moves in [("left or right", across), ("up or down", down)]:
        expect(((moves > 0.1) & (moves < 0.9)).any(), f"nothing ever moves {name}.")
        expect(((moves > 0.38) & (moves < 0.62)).any(), f"the shifts {name} are smaller than 70 % of the side.")
    expect(down.max() < 0.75, "up or down the shifts exceed 70 % of the height, or something is turned upside down.")
    expect((across > 0.75).any(), "nothing is ever mirrored left to right.")
    expect((across < 0.25).any(), "everything is mirrored; one half should not be.")


@question(
    "The images have two sizes, so they do not fit one array. What can be added up over images of any size?",
    "Counts: one confusion matrix for all pixels of all images. Mean IoU comes once, at the end.",
    "matrix = 0; for each pair: output of image[None], > 0.5, matrix += confusion_matrix(mask, that, 2); metrics.mean_iou(matrix)",
    praise="Large images count more, as they have more pixels to be wrong about.",
)
def q10(answer, rng):
    for _ in range(2):
        model = _toy(rng)
        pairs, found = [], []
        for height, width, share in [(16, 24, 0.5), (24, 32, 0.1), (8, 40, 0.9)]:
            image = rng.random((height, width, 1), dtype=np.float32)
            output = keras.ops.convert_to_numpy(model(image[None], training=False))[0, ..., 0]
            noise = rng.random(output.shape)
            pairs.append((image, np.where(noise < 0.4, output > 0.5, noise < share).astype(np.uint8)))
            found.append(output)
        result = one_number(call(answer, model, list(pairs)))
        masks = [mask for _, mask in pairs]
        right = _mean_iou([output > 0.5 for output in found], masks)
        if np.isclose(result, right, atol=1e-6):
            continue
        both = list(zip(found, masks, strict=True))
        flat = [np.concatenate([part.ravel() for part in parts]) for parts in (found, masks)]
        wrong = {
            "that is the mean of the images' scores: add up the counts of all images, then score once.": np.mean(
                [_mean_iou([output > 0.5], [mask]) for output, mask in both]
            ),
            "that is the IoU of the objects alone; the background is a class, too.": _ious(flat[0] > 0.5, flat[1])[1],
            "that is the pixel accuracy.": np.mean((flat[0] > 0.5) == flat[1]),
            "the threshold is 0.5: whatever is above 0 is an object in your count.": _mean_iou([output > 0 for output in found], masks),
            "only the first image counts in your number.": _mean_iou([found[0] > 0.5], masks[:1]),
            "only the last image counts in your number: add to the matrix.": _mean_iou([found[-1] > 0.5], masks[-1:]),
            "background and object have changed places in the prediction.": _mean_iou([output <= 0.5 for output in found], masks),
        }
        for words, value in wrong.items():
            expect(not np.isclose(result, value, atol=1e-6), words)
        again = one_number(call(answer, model, list(pairs)))
        expect(np.isclose(result, again), "two calls give two numbers: dropout is at work. Ask for training=False.")
        raise NotYet(f"for three images of different sizes it is not {result:.4g}.")


def _ious(said, truth):
    return [np.sum((said == c) & (truth == c)) / np.sum((said == c) | (truth == c)) for c in (0, 1)]


def _mean_iou(predictions, masks):
    return np.mean(_ious(*(np.concatenate([np.ravel(part) for part in parts]) for parts in (predictions, masks))))


TIERS = {"Core": (8, [q1, q2, q3, q4, q5]), "Apply": (10, [q6, q7, q8]), "Explore": (15, [q9, q10])}
