"""Homework 1: second right ways, and mistakes that students really make, with the words they are told."""

import cv2
import keras
import numpy as np
from keras import layers

from course_utils import metrics
from course_utils.augment import Affine
from course_utils.exercises import hw1 as ex

# ---------------------------------------------------------------- networks


def convolution(x, filters, size=5, stride=2, up=False, relu=True, drop=0.25, padding="same", outside=False):
    """A layer as a student may write it: `outside`: the ReLU as a layer of its own."""
    kind = layers.Conv2DTranspose if up else layers.Conv2D
    x = kind(filters, size, strides=stride, padding=padding, activation="relu" if relu and not outside else None)(x)
    x = layers.ReLU()(x) if relu and outside else x
    return layers.Dropout(drop)(x) if drop else x


def model(inputs, x):
    return keras.Model(inputs, x)


def chain(depth=3, size=5, last=None, drop=0.25, relu=True, head=1, shape=(None, None, 1), after=False, factor=1):
    """The network of exercise 1, or one with a slip."""

    def build(width):
        inputs = keras.Input(shape)
        x = inputs
        for _ in range(depth):
            x = convolution(x, factor * width, size, relu=relu, drop=drop)
        for _ in range(depth - 1):
            x = convolution(x, factor * width, size, up=True, relu=relu, drop=drop, outside=True)
        x = layers.Conv2DTranspose(head, size, strides=2, padding="same", activation=last)(x)
        return model(inputs, layers.Dropout(drop)(x) if after else x)

    return build


def sequential(width):
    inputs = keras.Input((None, None, 1))
    return keras.Sequential([inputs, *chain()(width).layers[1:]])


def enlarged(width):
    inputs = keras.Input((None, None, 1))
    x = inputs
    for _ in range(3):
        x = convolution(x, width)
    for filters in (width, width, 1):
        x = layers.Conv2D(filters, 5, padding="same")(layers.UpSampling2D()(x))
    return model(inputs, x)


def unused(width):
    """The last layer is made, and the model ends before it."""
    inputs = keras.Input((None, None, 1))
    x = inputs
    for up in (False, False, False, True, True):
        x = convolution(x, width, up=up)
    layers.Conv2DTranspose(1, 5, strides=2, padding="same")(x)
    return model(inputs, x)


def skips(
    join=None,
    filters=(2, 4, 8, 4, 2),
    bridges=(0, 1, 2),
    last=None,
    early=False,
    used=True,
    drop=0.25,
    crossed=False,
    relu=True,
    end=layers.Conv2D,
):
    """The network of exercise 4, or one with a slip; `bridges`: those that are built; `early`: they start before the dropout."""
    join = join or (lambda kept, x: layers.Concatenate()([kept, x]))

    def build(width):
        inputs = keras.Input((None, None, 1))
        x, kept = inputs, []
        for factor in filters[:3]:
            x = convolution(x, factor * width, drop=0 if early else drop, relu=relu)
            kept.append(x)
            x = layers.Dropout(drop)(x) if early else x
        for factor, number in zip(filters[3:], (1, 0), strict=True):
            x = convolution(x, factor * width, up=True, drop=drop)
            if number in bridges:
                joined = join(kept[1 - number if crossed else number], x)
                x = joined if used else x
        x = convolution(x, width, up=True, drop=0)
        x = join(inputs, x) if 2 in bridges and used else x
        return model(inputs, end(1, 5, padding="same", activation=last)(x))

    return build


def by_ops(kept, x):
    return keras.ops.concatenate([x, kept], axis=-1)


def own_twin(kept, x):
    """What comes up is laid beside itself."""
    return layers.Concatenate()([x, x])


def small(
    size=3, down=(1, 2), up=(2, 1), bridges=(0, 1, 2), kind=layers.Conv2DTranspose, relu=True, late=False, join=None, last=None, drops=5
):
    """The network of exercise 6, or one with a slip; `late`: bridges start after the layer of stride 2."""
    join = join or (lambda kept, x: layers.Concatenate()([x, kept]))

    def build(width):
        inputs, left = keras.Input((None, None, 1)), [drops]
        x, kept = inputs, []

        def dropped(x):
            left[0] -= 1
            return layers.Dropout(0.25)(x) if left[0] >= 0 else x

        for f in (1, 2, 4):
            x = layers.Conv2D(f * width, size, strides=down[0], padding="same", activation="relu" if relu else None)(x)
            kept += [] if late else [x]
            x = dropped(layers.Conv2D(2 * f * width, size, strides=down[1], padding="same", activation="relu")(x))
            kept += [x] if late else []
        for number, f in ((2, 4), (1, 2), (0, 1)):
            x = dropped(layers.Conv2DTranspose(f * width, size, strides=up[0], padding="same", activation="relu")(x))
            x = join(kept[number], x) if number in bridges else x
            end = {"filters": 1, "activation": last} if f == 1 else {"filters": f * width, "activation": "relu"}
            one = kind if up[1] == 1 else layers.Conv2DTranspose
            x = one(end.pop("filters"), size, strides=up[1], padding="same", **end)(x)
        return model(inputs, x)

    return build


def halves_only(width):
    """The kernels were made smaller, and no layer was added."""
    inputs = keras.Input((None, None, 1))
    a = convolution(inputs, 2 * width, 3)
    b = convolution(a, 4 * width, 3)
    x = convolution(b, 8 * width, 3)
    x = layers.Concatenate()([b, convolution(x, 4 * width, 3, up=True)])
    x = layers.Concatenate()([a, convolution(x, 2 * width, 3, up=True)])
    return model(inputs, layers.Conv2DTranspose(1, 3, strides=2, padding="same")(x))


# ---------------------------------------------------------------- measuring and training


def outputs(model, images, training=False):
    return keras.ops.convert_to_numpy(model(images, training=training))


def error(formula, training=False):
    return lambda model, images, masks: formula(outputs(model, images, training), masks)


def by_keras(model, images, masks):
    return keras.ops.mean(keras.losses.mean_squared_error(masks[..., None].astype("float32"), outputs(model, images)))


def recipe(
    batch=20, loss="mse", decays=None, make=None, give=lambda history: history.history["loss"], epochs=lambda epochs: epochs, same=True
):
    """A training as a student may write it; `decays(images, epochs)`: over how many steps the rate falls."""
    decays = decays or (lambda images, epochs: epochs * int(np.ceil(len(images) / 20)))
    make = make or (lambda rate, steps: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)))

    def train(model, images, masks, epochs_wanted, rate):
        model = model if same else keras.models.clone_model(model)
        model.compile(make(rate, decays(images, epochs_wanted)), loss=loss)
        return give(model.fit(images, masks, batch_size=batch, epochs=epochs(epochs_wanted), verbose=0))

    return train


def step_by_step(model, images, masks, epochs, rate):
    """A loop of one's own, the rate set by hand."""
    model.compile(keras.optimizers.Adam(rate), loss=keras.losses.MeanSquaredError())
    parts = [np.s_[start : start + 20] for start in range(0, len(images), 20)]
    losses, step = [], 0
    for _ in range(epochs):
        total = 0
        for part in parts:
            step += 1
            model.optimizer.learning_rate = rate * (1 + np.cos(np.pi * step / (epochs * len(parts)))) / 2
            total += float(keras.ops.convert_to_numpy(model.train_on_batch(images[part], masks[part]))) * len(images[part])
        losses.append(total / len(images))
    return np.array(losses)


def linear(rate, steps):
    return keras.optimizers.Adam(keras.optimizers.schedules.PolynomialDecay(rate, steps, end_learning_rate=0))


# ---------------------------------------------------------------- fields of view


def window(grow=lambda kernel, stride, step: (kernel - 1) * step, start=1, own=False, back=False):
    def answer(chain):
        side, step = start, 1
        for kernel, stride in chain[::-1] if back else chain:
            step = step * stride if own else step
            side += grow(kernel, stride, step)
            step = step if own else step * stride
        return side

    return answer


def backwards(chain):
    """From one output pixel back to the input."""
    side = 1
    for kernel, stride in reversed(chain):
        side = (side - 1) * stride + kernel
    return side


# ---------------------------------------------------------------- distortions and scores


def rolled(image, mask, rng):
    """A world of mirrors, made by numpy, and a window of it."""
    height, width = mask.shape
    world = [np.pad(part, ((height, height), (width, width)) + ((0, 0),) * (part.ndim - 2), mode="symmetric") for part in (image, mask)]
    top, left = (int(side + rng.integers(-7 * side // 10, 7 * side // 10 + 1)) for side in (height, width))
    cut = [part[top : top + height, left : left + width] for part in world]
    return [part[:, ::-1] for part in cut] if rng.random() < 0.5 else cut


def moved(shift=(0.7, 0.7), flip=0.5, how=cv2.INTER_NEAREST, border=cv2.BORDER_REFLECT, apart=False, generator=None, kind=np.uint8):
    """A distortion by OpenCV, or one with a slip."""

    def answer(image, mask, rng):
        rng = generator() if generator else rng

        def draw():
            x, y = (rng.uniform(-1, 1) * part * side for part, side in zip(shift, mask.shape[::-1], strict=True))
            mirrored = rng.random() < flip
            return np.array([[-1.0, 0, mask.shape[1] - 1 - x], [0, 1, y]]) if mirrored else np.array([[1.0, 0, x], [0, 1, y]])

        matrix = draw()
        other = draw() if apart else matrix
        size, inverse = mask.shape[::-1], cv2.WARP_INVERSE_MAP
        new = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR | inverse, borderMode=border)
        labels = cv2.warpAffine(mask, other, size, flags=how | inverse, borderMode=border)
        return new.reshape(image.shape).astype(kind), labels

    return answer


def image_alone(image, mask, rng):
    return Affine(shift=0.7, flip=True)(image, mask, rng)[0], mask


def without_channel(image, mask, rng):
    new, labels = Affine(shift=0.7, flip=True)(image, mask, rng)
    return new[..., 0], labels


def larger(reduce, training=False, threshold=0.5):
    """Mean IoU of pairs: `reduce` gets the list of (prediction, mask)."""

    def answer(model, pairs):
        return reduce([(outputs(model, image[None], training)[0, ..., 0] > threshold, mask) for image, mask in pairs])

    return answer


def counted(both):
    return sum(metrics.confusion_matrix(mask, np.uint8(said), 2) for said, mask in both)


def all_pixels(both):
    said, truth = (np.concatenate([part.ravel() for part in parts]) for parts in zip(*both, strict=True))
    return [np.logical_and(said == c, truth == c).sum() / np.logical_or(said == c, truth == c).sum() for c in (0, 1)]


MEASURED = {"a": (0.0207, 1350), "b": (0.0116, 750), "c": (0.0074, 500), "best": "c"}

RIGHT = [
    (ex.q1, chain()),
    (ex.q2, by_keras),
    (ex.q2, lambda model, images, masks: np.mean([(outputs(model, images)[n, :, :, 0] - masks[n]) ** 2 for n in range(len(masks))])),
    (ex.q3, step_by_step),
    (ex.q4, skips(by_ops, early=True)),
    (ex.q4, skips(lambda kept, x: layers.Concatenate(axis=3)([x, kept]))),
    (ex.q4, skips(end=layers.Conv2DTranspose)),
    (ex.q5, backwards),
    (ex.q6, small()),
    (ex.q6, small(kind=layers.Conv2D, join=by_ops)),
    (ex.q7, lambda first, second: all(a < b for a in first for b in second)),
    (ex.q8, {"a": (np.float32(0.0207), 1350), "b": [0.0151, 900], "c": (0.0102, 700.0), "best": "C"}),
    (ex.q8, {"a": (0.0207, 1350), "b": (0.0116, 750), "c": (0.0126, 800), "best": "b"}),
    (ex.q8, {"c": (0.0220, 1500), "b": (0.0216, 1500), "a": (0.0207, 1350), "best": "a"}),
    (ex.q9, rolled),
    (ex.q9, moved()),
    (ex.q10, larger(lambda both: np.mean(all_pixels(both)))),
]

WRONG = [
    (ex.q1, sequential, "is a `Sequential`"),
    (ex.q1, chain(last="sigmoid"), "stay linear"),
    (ex.q1, chain(shape=(32, 32, 1)), "any height and width"),
    (ex.q1, chain(drop=0), "dropouts are missing"),
    (ex.q1, chain(relu=False), "ReLU is missing"),
    (ex.q1, chain(size=3), "kernel of convolution"),
    (ex.q1, chain(factor=2), "filters; see the table"),
    (ex.q1, chain(head=2), "one channel"),
    (ex.q1, chain(depth=2), "4 convolutions"),
    (ex.q1, chain(after=True), "after the output"),
    (ex.q1, chain(drop=0.5), "another rate"),
    (ex.q1, enlarged, "which layers change the size"),
    (ex.q1, unused, "5 convolutions"),
    (ex.q1, chain()(4), "hand in the function"),
    (ex.q2, error(lambda out, masks: np.square(out - masks).mean()), "broadcast"),
    (ex.q2, error(lambda out, masks: np.square(out[..., 0] - masks).mean(), training=True), "dropout is at work"),
    (ex.q2, error(lambda out, masks: np.sqrt(np.square(out[..., 0] - masks).mean())), "its root"),
    (ex.q2, error(lambda out, masks: np.abs(out[..., 0] - masks).mean()), "absolute differences"),
    (ex.q2, error(lambda out, masks: ((out[..., 0] > 0.5) != masks).mean()), "threshold"),
    (ex.q2, error(lambda out, masks: np.square(out[..., 0] - masks).sum()), "sum over"),
    (ex.q2, error(lambda out, masks: np.square(np.clip(out[..., 0], 0, 1) - masks).mean()), "cut to [0, 1]"),
    (ex.q2, error(lambda out, masks: np.square(out[0, ..., 0] - masks[0]).mean()), "first image alone"),
    (ex.q2, lambda model, images, masks: model.evaluate(images, masks, verbose=0), "stops with"),
    (ex.q3, recipe(batch=None), "Keras' own choice"),
    (ex.q3, recipe(decays=lambda images, epochs: epochs), "not epochs"),
    (ex.q3, recipe(decays=lambda images, epochs: epochs * len(images)), "over how many steps"),
    (ex.q3, recipe(make=lambda rate, steps: keras.optimizers.Adam(rate)), "as large at the end"),
    (ex.q3, recipe(make=lambda rate, steps: keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(rate, steps))), "Adam is wanted"),
    (ex.q3, recipe(make=linear), "a cosine is at"),
    (ex.q3, recipe(loss="mae"), "which loss"),
    (ex.q3, recipe(give=lambda history: history), "History"),
    (ex.q3, recipe(give=lambda history: history.history["loss"][-1]), "one an epoch"),
    (ex.q3, recipe(epochs=lambda epochs: 1), "losses are wanted"),
    (ex.q3, recipe(same=False), "its old weights"),
    (ex.q3, recipe(batch=10), "batches of 20"),
    (ex.q4, chain(), "6 convolutions"),
    (ex.q4, skips(filters=(1, 1, 1, 1, 1)), "every layer has `width` filters"),
    (ex.q4, skips(lambda kept, x: layers.Add()([kept, x])), "add the maps"),
    (ex.q4, skips(used=False), "no bridge leads"),
    (ex.q4, skips(bridges=(0, 1)), "2 bridges; 3"),
    (ex.q4, skips(filters=(1, 2, 4, 2, 1)), "half the filters"),
    (ex.q4, skips(filters=(2, 4, 8, 8, 4)), "see the table"),
    (ex.q4, skips(last="sigmoid"), "stay linear"),
    (ex.q4, skips(crossed=True), "do the sizes meet"),
    (ex.q4, skips(own_twin), "bridges do not carry"),
    (ex.q4, skips(drop=0), "dropouts are missing"),
    (ex.q4, skips(relu=False), "ReLU is missing"),
    (ex.q5, window(lambda kernel, stride, step: kernel - 1), "further apart"),
    (ex.q5, window(lambda kernel, stride, step: kernel, start=0), "less one"),
    (ex.q5, lambda chain: int(np.prod([kernel for kernel, _ in chain])), "do not multiply"),
    (ex.q5, lambda chain: int(np.prod([stride for _, stride in chain])), "not the window"),
    (ex.q5, window(own=True), "not what it reads itself"),
    (ex.q5, window(back=True), "from its end"),
    (ex.q5, window(lambda kernel, stride, step: kernel * step, start=0), "kernel − 1"),
    (ex.q5, lambda chain: chain, "one number"),
    (ex.q6, skips(), "every layer of stride 2 becomes two"),
    (ex.q6, halves_only, "becomes two"),
    (ex.q6, small(size=5), "squares of side 3"),
    (ex.q6, small(down=(2, 1)), "stride 1 comes first"),
    (ex.q6, small(up=(1, 2)), "stride 2 comes first"),
    (ex.q6, small(down=(2, 2), up=(2, 2)), "only one layer changes the size"),
    (ex.q6, small(bridges=(1, 2)), "2 bridges; 3"),
    (ex.q6, small(join=lambda kept, x: layers.Add()([kept, x])), "add the maps"),
    (ex.q6, small(late=True), "do the sizes meet"),
    (ex.q6, small(relu=False), "ReLU is missing"),
    (ex.q6, small(last="relu"), "stay linear"),
    (ex.q6, small(drops=6), "6 dropouts"),
    (ex.q7, lambda first, second: np.mean(first) < np.mean(second), "runs overlap"),
    (ex.q7, lambda first, second: min(first) < min(second), "runs overlap"),
    (ex.q7, lambda first, second: all(a < b for a, b in zip(first, second, strict=False)), "seed by seed"),
    (ex.q7, lambda first, second: max(second) < min(first), "and you say no"),
    (ex.q7, lambda first, second: max(first) <= min(second), "equal runs"),
    (ex.q7, lambda first, second: min(second) - max(first), "True or False"),
    (ex.q7, lambda first, second: sorted(first)[1] < sorted(second)[1], "runs overlap"),
    (ex.q8, MEASURED | {"a": (0.19, 12000)}, "no better than a constant"),
    (ex.q8, MEASURED | {"c": (0.0004, 20)}, "training error"),
    (ex.q8, MEASURED | {"b": MEASURED["a"]}, "measured twice"),
    (ex.q8, MEASURED | {"a": (0.1, 6000)}, "more than the recipe leaves"),
    (ex.q8, MEASURED | {"a": 0.0207}, "two numbers are wanted"),
    (ex.q8, MEASURED | {"b": (750, 0.0116)}, "wrong order"),
    (ex.q8, MEASURED | {"b": (0.0116, 3000)}, "belong to the same network"),
    (ex.q8, MEASURED | {"b": (0.0116, 7)}, "so few wrong pixels"),
    (ex.q8, MEASURED | {"b": (0.0116, 750.5)}, "a whole number is wrong"),
    (ex.q8, MEASURED | {"best": "a"}, "by your own numbers a is not"),
    (ex.q8, MEASURED | {"best": "the last"}, "one letter"),
    (ex.q8, {name: pair for name, pair in MEASURED.items() if name != "best"}, "dictionary"),
    (ex.q8, [0.016, 0.012, 0.0073], "dictionary"),
    (ex.q9, image_alone, "image and mask part"),
    (ex.q9, moved(apart=True), "image and mask part"),
    (ex.q9, moved(how=cv2.INTER_LINEAR), "labels that were not there"),
    (ex.q9, moved(border=cv2.BORDER_CONSTANT), "mirror image should be"),
    (ex.q9, moved(flip=0), "ever mirrored"),
    (ex.q9, moved(flip=1), "everything is mirrored"),
    (ex.q9, moved(shift=(0.7, 0)), "up or down"),
    (ex.q9, moved(shift=(0.2, 0.2)), "smaller than 70 %"),
    (ex.q9, moved(shift=(0.7, 1.4)), "exceed 70 %"),
    (ex.q9, moved(border=cv2.BORDER_WRAP), "something else there"),
    (ex.q9, moved(generator=lambda: np.random.default_rng(0)), "always the same"),
    (ex.q9, moved(kind=np.float32), "uint8 is wanted"),
    (ex.q9, without_channel, "the image's shape"),
    (ex.q9, lambda image, mask, rng: image, "two things"),
    (ex.q10, larger(lambda both: np.mean([np.mean(all_pixels([one])) for one in both])), "mean of the images' scores"),
    (ex.q10, larger(lambda both: all_pixels(both)[1]), "objects alone"),
    (ex.q10, larger(lambda both: metrics.pixel_accuracy(counted(both))), "pixel accuracy"),
    (ex.q10, larger(lambda both: np.mean(all_pixels(both)), threshold=0), "above 0"),
    (ex.q10, larger(lambda both: np.mean(all_pixels(both[:1]))), "first image"),
    (ex.q10, larger(lambda both: np.mean(all_pixels(both[-1:]))), "last image"),
    (ex.q10, larger(lambda both: np.mean(all_pixels(both)), training=True), "dropout is at work"),
    (ex.q10, larger(lambda both: metrics.iou(counted(both))), "one number"),
]

TRAINS = [ex.q3]
FREE = [ex.q8]  # a pixel more or less is as plausible

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q2: {
        "outside of `fit` a model is not training unless it is told so": [
            "outputs = keras.ops.convert_to_numpy(model(images[, training=False → ]))",
        ],
        "a square has no sign": [
            "return np.square([outputs[..., 0] - masks → masks - outputs[..., 0]]).mean()",
        ],
        "the only channel is the last one, too": [
            "return np.square(outputs[..., [0 → -1]] - masks).mean()",
        ],
    },
    ex.q3: {
        "as many masks as images": [
            "steps = epochs * -(-len([images → masks]) // 20)",
        ],
        "how much is printed changes nothing": [
            "…t(images, masks, batch_size=20, epochs=epochs[, verbose=0 → ]).history['loss']",
            "…masks, batch_size=20, epochs=epochs, verbose=[0 → 1]).history['loss']",
            "…masks, batch_size=20, epochs=epochs, verbose=[0 → -1]).history['loss']",
        ],
    },
    ex.q4: {
        "the next layer learns a weight for each channel, in whatever order they come": [
            "x = layers.Concatenate()([[bridge, layers.Dropout(0.25)(x) → layers.Dropout(0.25)(x), bridge]])",
            "x = layers.Concatenate()([[inputs, x → x, inputs]])",
        ],
    },
    ex.q6: {
        "the next layer learns a weight for each channel, in whatever order they come": [
            "x = layers.Concatenate()([[bridges.pop(), layers.Dropout(0.25)(x → layers.Dropout(0.25)(x), bridges.pop(])])",
            "x = layers.Concatenate()([[bridges.pop(), x → x, bridges.pop()]])",
        ],
    },
    ex.q10: {
        "outside of `fit` a model is not training unless it is told so": [
            "… keras.ops.convert_to_numpy(model(image[None][, training=False → ]))[0, ..., 0]",
        ],
        "the only image and the only channel are the last ones, too": [
            "…to_numpy(model(image[None], training=False))[[0 → -1], ..., 0]",
            "…(model(image[None], training=False))[0, ..., [0 → -1]]",
        ],
        "True and False count as 1 and 0": [
            "matrix += metrics.confusion_matrix(mask, [np.uint8(output > 0.5) → output > 0.5], 2)",
        ],
        "overlap is the same whichever of the two is called the truth": [
            "matrix += metrics.confusion_matrix([mask, np.uint8(output > 0.5) → np.uint8(output > 0.5), mask], 2)",
        ],
        "no output is exactly 0.5": [
            "…trics.confusion_matrix(mask, np.uint8(output [> → >=] 0.5), 2)",
        ],
    },
}
