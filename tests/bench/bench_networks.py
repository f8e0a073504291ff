"""Training images a second of each network of the family against the same network written out plainly with Keras' own layers, as the
course notes do: the same layers in the same order, equal parameters (asserted), optimizer and data (batches of 4 images of 96×128),
compiled as Keras does by default. Where maxima go back to their positions, the plain one does it with TensorFlow's argmax and
scatter_nd. Both take turns, and change who goes first; 4 steps a round.
"""

import keras
import numpy as np
import tensorflow as tf
from harness import Row, interleave, times_faster
from keras import layers

from course_utils import models

STEPS, ROUNDS, CLASSES, SIZE = 4, 12, 11, (96, 128)
VGG = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))


def normalised(x, filters, size=3, bias=False, **options):
    x = layers.Conv2D(filters, size, padding="same", use_bias=bias, **options)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def start():
    inputs = keras.Input((*SIZE, 3))
    return inputs, inputs


def finish(inputs, x, size=1):
    return keras.Model(inputs, layers.Conv2D(CLASSES, size, padding="same")(x))


def unet(width):
    inputs, x = start()
    kept = []
    for level in range(4):
        x = normalised(normalised(x, width * 2**level), width * 2**level)
        kept.append(x)
        x = layers.MaxPooling2D()(x)
    x = normalised(normalised(x, width * 16), width * 16)
    for level in (3, 2, 1, 0):
        x = layers.concatenate([kept[level], normalised(layers.UpSampling2D()(x), width * 2**level, 2)])
        x = normalised(normalised(x, width * 2**level), width * 2**level)
    return finish(inputs, x)


def fcn(width, steps):
    inputs, x = start()
    pooled = []
    for filters, depth in VGG:
        for _ in range(depth):
            x = normalised(x, filters * width)
        x = layers.MaxPooling2D()(x)
        pooled.append(x)
    x = normalised(layers.Dropout(0.5)(normalised(pooled[-1], 64 * width, 7)), 64 * width, 1)
    x = layers.Conv2D(CLASSES, 1)(layers.Dropout(0.5)(x))
    for step in range(steps):
        scores = layers.Conv2D(CLASSES, 1)(pooled[3 - step])
        x = layers.add([layers.UpSampling2D(2, interpolation="bilinear")(x), scores])
    return keras.Model(inputs, layers.UpSampling2D(32 >> steps, interpolation="bilinear")(x))


class Pool(layers.Layer):
    def call(self, x):
        return tf.nn.max_pool_with_argmax(x, 2, 2, "SAME", include_batch_in_index=True)


class Unpool(layers.Layer):
    def call(self, x, places):
        size = [4 * tf.size(x, out_type=tf.int64)]
        _, rows, columns, channels = x.shape
        flat = tf.scatter_nd(tf.reshape(places, [-1, 1]), tf.reshape(x, [-1]), size)
        return tf.reshape(flat, [-1, 2 * rows, 2 * columns, channels])


def segnet(width):
    inputs, x = start()
    remembered = []
    for filters, depth in VGG:
        for _ in range(depth):
            x = normalised(x, filters * width, bias=True)
        x, places = Pool()(x)
        remembered.append(places)
    for block in ((8, 8, 8), (8, 8, 4), (4, 4, 2), (2, 1), (1,)):
        x = Unpool()(x, remembered.pop())
        for filters in block:
            x = normalised(x, filters * width, bias=True)
    return finish(inputs, x)


def deconvnet(width):
    inputs, x = start()
    remembered = []

    def transposed(x, filters, size=3):
        x = layers.Conv2DTranspose(filters, size, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    for filters, depth in VGG:
        for _ in range(depth):
            x = normalised(x, filters * width)
        x, places = Pool()(x)
        remembered.append(places)
    x = transposed(normalised(normalised(x, 64 * width, 7), 64 * width, 1), 8 * width, 7)
    for block in ((8, 8, 8), (8, 8, 4), (4, 4, 2), (2, 1), (1, 1)):
        x = Unpool()(x, remembered.pop())
        for filters in block:
            x = transposed(x, filters * width)
    return finish(inputs, x)


def residual(x, width):
    def block(x, filters, stride=1, rate=1):
        short = layers.AveragePooling2D(2)(x) if stride == 2 else x
        if x.shape[-1] != filters:
            short = layers.BatchNormalization(momentum=0.9)(layers.Conv2D(filters, 1, use_bias=False)(short))
        x = normalised(x, filters, strides=stride, dilation_rate=1 if stride == 2 else rate)
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, dilation_rate=rate)(x)
        return layers.ReLU()(layers.add([short, layers.BatchNormalization(momentum=0.9)(x)]))

    x = normalised(x, width, strides=2)
    low = block(block(x, 2 * width, 2), 2 * width)
    x = block(block(low, 4 * width, 2), 4 * width)
    x = block(block(x, 6 * width, rate=2), 6 * width, rate=2)
    return low, block(block(x, 8 * width, rate=4), 8 * width, rate=4)


def deeplab(width):
    inputs, x = start()
    low, x = residual(x, width)
    rows, columns = x.shape[1:3]
    branches = [normalised(x, 8 * width, 1), *(normalised(x, 8 * width, dilation_rate=rate) for rate in (6, 12, 18))]
    mean = normalised(layers.GlobalAveragePooling2D(keepdims=True)(x), 8 * width, 1)
    x = normalised(layers.concatenate([*branches, layers.UpSampling2D((rows, columns))(mean)]), 8 * width, 1)
    x = layers.concatenate([layers.UpSampling2D(2, interpolation="bilinear")(x), normalised(low, 3 * width // 2, 1)])
    x = normalised(normalised(x, 4 * width), 4 * width)
    x = layers.Conv2D(CLASSES, 1)(layers.Dropout(0.1)(x))
    return keras.Model(inputs, layers.UpSampling2D(4, interpolation="bilinear")(x))


def pspnet(width):
    inputs, x = start()
    _, x = residual(x, width)
    rows, columns = x.shape[1:3]
    parts = [x]
    for number in (1, 2, 3, 6):  # where sides do not divide, the rest of the pixels is left out
        pool = (rows // number, columns // number)
        mean = normalised(layers.AveragePooling2D(pool)(x)[:, :number, :number], 2 * width, 1)
        parts.append(layers.Resizing(rows, columns)(mean))
    x = layers.Dropout(0.1)(normalised(layers.concatenate(parts), 8 * width))
    return keras.Model(inputs, layers.UpSampling2D(8, interpolation="bilinear")(layers.Conv2D(CLASSES, 1)(x)))


PLAIN = {
    "unet": (8, unet), "fcn32s": (8, lambda width: fcn(width, 0)), "fcn16s": (8, lambda width: fcn(width, 1)),
    "fcn8s": (8, lambda width: fcn(width, 2)), "deconvnet": (8, deconvnet), "segnet": (8, segnet),
    "deeplab": (8, deeplab), "pspnet": (8, pspnet),
}  # fmt: skip


def run():
    rng = np.random.default_rng(1)
    images, masks = rng.random((4, *SIZE, 3), np.float32), rng.integers(0, CLASSES, (4, *SIZE))

    def steps(model):
        def several():
            for _ in range(STEPS):
                model.train_on_batch(images, masks)

        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        several()  # traces the graph
        return several

    rows = []
    for name, (width, write) in PLAIN.items():
        ours, plain = models.build(name, CLASSES, width, (*SIZE, 3)), write(width)
        assert ours.count_params() == plain.count_params(), name
        ours, plain = steps(ours), steps(plain)
        first, second = interleave(ROUNDS // 2, ours=ours, plain=plain), interleave(ROUNDS // 2, plain=plain, ours=ours)
        seconds = {side: first[side] + second[side] for side in ("ours", "plain")}
        said = {side: f"{4 * STEPS / np.median(taken):.1f} images/s" for side, taken in seconds.items()}
        rows.append(Row(f"training {name}", said["ours"], said["plain"], times_faster(seconds["plain"], seconds["ours"]), 1))
    return rows
