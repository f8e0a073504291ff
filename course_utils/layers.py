"""Layers that Keras lacks, built from keras.ops: the same on every backend, in graphs, and after saving and loading."""

import re

import keras
from keras import ops

SIDE = 2  # windows are 2×2, as in SegNet (Badrinarayanan, Kendall and Cipolla, 2017, doi:10.1109/TPAMI.2016.2644615)


@keras.saving.register_keras_serializable("course_utils")
class MaxPoolingWithPositions(keras.layers.Layer):
    """Max pooling over 2×2 windows that also tells where each maximum stood.

    Input: (batch, height, width, channels), height and width even.
    Output: the maxima, (batch, height / 2, width / 2, channels), and their positions of the same shape, uint8:
    0 upper left, 1 upper right, 2 lower left, 3 lower right; the first one where several are equal.
    Raises ValueError for an odd height or width.
    """

    def compute_output_spec(self, features):
        batch, height, width, channels = features.shape
        shape = (batch, _half(height), _half(width), channels)
        return keras.KerasTensor(shape, self.compute_dtype), keras.KerasTensor(shape, "uint8")

    def call(self, features):
        # The backend's own pooling brings a quick gradient along; four comparisons are quicker than an argmax over short axes.
        maxima = ops.max_pool(features, SIDE, SIDE, data_format="channels_last")
        batch, height, width, channels = ops.shape(features)
        rows, columns = (_half(side) if isinstance(side, int) else side // SIDE for side in (height, width))
        corners = ops.reshape(ops.stop_gradient(features), (batch, rows, SIDE, columns, SIDE, channels))
        left, right = corners[:, :, :, :, 0], corners[:, :, :, :, 1]
        across, best = ops.cast(ops.greater(right, left), "uint8"), ops.maximum(left, right)  # (batch, rows, 2, columns, channels)
        lower = ops.greater(best[:, :, 1], best[:, :, 0])
        return maxima, ops.where(lower, across[:, :, 1] + ops.cast(SIDE, "uint8"), across[:, :, 0])


@keras.saving.register_keras_serializable("course_utils")
class MaxUnpooling(keras.layers.Layer):
    """Writes each value into the remembered corner of its 2×2 window, and zeros elsewhere; undoes the size of the pooling.

    Inputs: features and positions (see `MaxPoolingWithPositions`), both (batch, height, width, channels).
    Output: (batch, 2 · height, 2 · width, channels), with the type of the features.
    Raises ValueError if the two shapes differ.
    """

    def compute_output_spec(self, features, positions):
        batch, height, width, channels = features.shape
        return keras.KerasTensor((batch, height and SIDE * height, width and SIDE * width, channels), self.compute_dtype)

    def call(self, features, positions):
        if any(None not in pair and pair[0] != pair[1] for pair in zip(features.shape, positions.shape, strict=True)):
            raise ValueError(f"features {features.shape} and positions {positions.shape} must have one shape: those of one pooling.")
        corners = ops.reshape(ops.convert_to_tensor(range(SIDE * SIDE), "uint8"), (1, 1, 1, SIDE * SIDE, 1))
        here = ops.cast(ops.equal(ops.expand_dims(positions, 3), corners), features.dtype)
        windows = ops.expand_dims(features, 3) * here
        batch, rows, columns, _, channels = ops.shape(windows)
        windows = ops.transpose(ops.reshape(windows, (batch, rows, columns, SIDE, SIDE, channels)), (0, 1, 3, 2, 4, 5))
        return ops.reshape(windows, (batch, rows * SIDE, columns * SIDE, channels))


@keras.saving.register_keras_serializable("course_utils")
class MultipleOf(keras.layers.Layer):
    """Passes images on whose height and width are multiples of `stride`; what is halved several times must come back without a rest.

    Input and output: (batch, height, width, channels). Raises ValueError for any other size.
    """

    def __init__(self, stride: int, **options):
        super().__init__(**options)
        self.stride = stride

    def compute_output_spec(self, images):
        return keras.KerasTensor(self.check(images).shape, self.compute_dtype)

    def check(self, images):
        """The images; ValueError if it is known already that they do not fit."""
        sides = images.shape[1:3]
        if any(isinstance(side, int) and side % self.stride for side in sides):
            raise ValueError(self._sentence(f"the images are {sides[0]}×{sides[1]}"))
        return images

    def call(self, images):
        if None not in self.check(images).shape[1:3]:
            return images
        # A graph for any size: it stops where more is asked for than there is, and else this copies nothing.
        batch, height, width, channels = ops.shape(images)
        height, width = (-(-side // self.stride) * self.stride for side in (height, width))
        return ops.slice(images, (0, 0, 0, 0), (batch, height, width, channels))

    def _sentence(self, what):
        return f"height and width must be multiples of {self.stride}, but {what}: pad or resize them first."

    def refusal(self, said):
        """The sentence, if an error that says this comes from here; else None."""
        if found := re.search(rf"height and width must be multiples of {self.stride}, .*? first\.", said):
            return found[0]
        found = re.search(r"Expected size\[([12])\] in \[0, (\d+)\]", said)
        return self._sentence(f"the images' {('height', 'width')[int(found[1]) - 1]} is {found[2]}") if found and _in(self, said) else None

    def get_config(self):
        return super().get_config() | {"stride": self.stride}


@keras.saving.register_keras_serializable("course_utils")
class ResizeLike(keras.layers.Layer):
    """Enlarges feature maps bilinearly to the height and width of others.

    Inputs: (batch, h, w, channels) and (batch, height, width, any). Output: (batch, height, width, channels).
    """

    def compute_output_spec(self, features, like):
        return keras.KerasTensor((features.shape[0], *like.shape[1:3], features.shape[3]), self.compute_dtype)

    def call(self, features, like):
        return _bilinear(features, *ops.shape(like)[1:3])


@keras.saving.register_keras_serializable("course_utils")
class BilinearUpSampling(keras.layers.UpSampling2D):
    """Keras' layer of that kind, and bilinear; also where height and width become known only when the network runs.

    Input: (batch, height, width, channels). Output: (batch, size · height, size · width, channels).
    """

    def __init__(self, size: int, interpolation="bilinear", **options):
        super().__init__(size, interpolation=interpolation, **options)

    def call(self, features):
        height, width = ops.shape(features)[1:3]
        return _bilinear(features, height * self.size[0], width * self.size[1])


@keras.saving.register_keras_serializable("course_utils")
class MeanOfParts(keras.layers.Layer):
    """Means over `parts` × `parts` rectangles that cover the feature maps; where sides do not divide, neighbours share a row or column.

    Input: (batch, height, width, channels), also unknown until the call. Output: (batch, parts, parts, channels).
    The layer of Keras for this (AdaptiveAveragePooling2D in 3.15) wants sizes known beforehand and fails for 24 rows in one part.
    """

    def __init__(self, parts: int, **options):
        super().__init__(**options)
        self.parts = parts

    def compute_output_spec(self, features):
        return keras.KerasTensor((features.shape[0], self.parts, self.parts, features.shape[3]), self.compute_dtype)

    def call(self, features):
        height, width = ops.shape(features)[1:3]
        rows, columns = (ops.cast(self._shares(side), features.dtype) for side in (height, width))
        return ops.einsum("pw,bqwc->bqpc", columns, ops.einsum("qh,bhwc->bqwc", rows, features))

    def _shares(self, side):
        """Part of each position (column) in each mean (row), float32 (parts, side)."""
        part, at = ops.arange(self.parts)[:, None], ops.arange(side)[None]
        first, after = part * side // self.parts, ((part + 1) * side + self.parts - 1) // self.parts
        inside = ops.cast(ops.logical_and(at >= first, at < after), "float32")
        return inside / ops.sum(inside, axis=1, keepdims=True)

    def get_config(self):
        return super().get_config() | {"parts": self.parts}


@keras.saving.register_keras_serializable("course_utils")
class MirrorPadding(keras.layers.Layer):
    """Puts `margin` pixels around images, mirrored at the border as in U-Net's paper (Ronneberger, Fischer and Brox, 2015).

    Input: (batch, height, width, channels). Output: (batch, height + 2 · margin, width + 2 · margin, channels).
    Raises ValueError where a side has not more pixels than the margin.
    """

    def __init__(self, margin: int, **options):
        super().__init__(**options)
        self.margin = margin

    def compute_output_spec(self, images):
        batch, height, width, channels = self._large_enough(images).shape
        return keras.KerasTensor((batch, *(side and side + 2 * self.margin for side in (height, width)), channels), self.compute_dtype)

    def _large_enough(self, images):
        height, width = images.shape[1:3]
        if any(isinstance(side, int) and side <= self.margin for side in (height, width)):
            raise ValueError(self._sentence(f"{height}×{width}"))
        return images

    def _sentence(self, size):
        return f"a margin of {self.margin} pixels cannot be mirrored from an image of {size}: take a larger image."

    def refusal(self, said):
        """The sentence, if an error that says this comes from here; else None."""
        if found := re.search(rf"a margin of {self.margin} pixels .*? larger image\.", said):
            return found[0]
        return self._sentence("that size") if "MirrorPad" in said and _in(self, said) else None

    def call(self, images):
        images = self._large_enough(images)
        return ops.pad(images, ((0, 0), (self.margin,) * 2, (self.margin,) * 2, (0, 0)), mode="reflect")

    def get_config(self):
        return super().get_config() | {"margin": self.margin}


def _bilinear(features, height, width):
    """Feature maps (batch, h, w, channels) at another height and width, as `keras.ops.image.resize` has it."""
    if isinstance(height, int) and isinstance(width, int):
        return ops.image.resize(features, (height, width), interpolation="bilinear")
    # In a graph for any size Keras 3.15 refuses that (keras#22079). Two products with matrices say the same, a few times slower.
    old_height, old_width = ops.shape(features)[1:3]
    columns = ops.cast(_neighbours(width, old_width), features.dtype)
    rows = ops.cast(_neighbours(height, old_height), features.dtype)
    return ops.einsum("ph,bhqc->bpqc", rows, ops.einsum("qw,bhwc->bhqc", columns, features))


def _neighbours(new, old):
    """How much of each old position (column) goes into each new one (row), float32 (new, old): a share of its two neighbours."""
    new, old = ops.cast(new, "float32"), ops.cast(old, "float32")
    at = ops.clip((ops.arange(new) + 0.5) * (old / new) - 0.5, 0.0, old - 1)  # pixels are areas: their centres lie at one half
    return ops.maximum(0.0, 1 - ops.abs(at[:, None] - ops.arange(old)))


def _in(layer, said):
    """Whether TensorFlow speaks of a node of this layer; it numbers the names of its graphs."""
    return re.search(rf"/{re.escape(layer.name)}(_\d+)*/", said)


def _half(side):
    """Half of a height or width, None if that is not known yet."""
    if side is not None and side % SIDE:
        raise ValueError(f"height and width must be even, but one of them is {side}: pad or resize the image first.")
    return side and side // SIDE
