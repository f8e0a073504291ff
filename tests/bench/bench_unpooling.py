"""`MaxPoolingWithPositions` and `MaxUnpooling` of `course_utils.layers` against TensorFlow's usual way, `tf.nn.max_pool_with_argmax` and
`tf.scatter_nd`: pooling and unpooling at two sizes from SegNet, as compiled functions, forward alone and with the gradient. Results and
gradients are equal. Both take turns.
"""

import numpy as np
import tensorflow as tf
from harness import Row, interleave, times_faster

from course_utils.layers import MaxPoolingWithPositions, MaxUnpooling

ROUNDS, SHAPES = 41, ((8, 64, 64, 64), (4, 128, 160, 64))


def usual(images):
    values, places = tf.nn.max_pool_with_argmax(images, 2, 2, "SAME", include_batch_in_index=True)
    flat = tf.scatter_nd(tf.reshape(places, [-1, 1]), tf.reshape(values, [-1]), [tf.size(images, out_type=tf.int64)])
    return tf.reshape(flat, tf.shape(images))


def with_gradient(function):
    def both(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = function(images)
            total = tf.reduce_sum(outputs * outputs)
        return outputs, tape.gradient(total, images)

    return both


def run():
    pool, unpool = MaxPoolingWithPositions(), MaxUnpooling()

    def ours(images):
        return unpool(*pool(images))

    rows = []
    for shape in SHAPES:
        images = tf.constant(np.random.default_rng(1).normal(size=shape).astype(np.float32))
        for what, change in (("forward", lambda function: function), ("forward and gradient", with_gradient)):
            ways = {name: tf.function(change(function)) for name, function in (("ours", ours), ("usual", usual))}
            for a, b in zip(*(tf.nest.flatten(way(images)) for way in ways.values()), strict=True):
                assert np.array_equal(a, b)

            def timed(way, images=images):
                return lambda: [output.numpy() for output in tf.nest.flatten(way(images))]  # waits for the last one

            seconds = interleave(ROUNDS, **{name: timed(way) for name, way in ways.items()})
            said = {name: f"{1000 * np.median(taken):.1f} ms" for name, taken in seconds.items()}
            ratio = times_faster(seconds["usual"], seconds["ours"])
            rows.append(Row(f"{what}, {'×'.join(map(str, shape))}", said["ours"], said["usual"], ratio, 1))
    return rows
