# %% [markdown]
# # 01 · Upsampling and transposed convolution
#
# You enlarge arrays by hand until Keras holds no secret about how a network's small middle becomes a large mask again.
#
# {{picture}}

# %% [markdown]
# **You will be able to**
# - **enlarge** a small array by nearest neighbour, bed of nails, bilinear interpolation and unpooling, on paper;
# - **write a convolution as a matrix**, and say what transposing that matrix does;
# - **predict output sizes** of convolutions and transposed convolutions, for `valid` and `same`;
# - **avoid the checkerboard** that uneven overlap prints on an image;
# - **dilate a kernel** and count which pixels an output sees.
#
# **You need** Python, numpy, and a first idea of convolution; [00 Start here](00_start_here.ipynb) for how exercises answer.
#
# **Time** reading 35 min · exercises 45 min · compute {{time}}, memory {{memory}}
#
# **Data** {{data}}, CC BY 4.0

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
FACTOR = 4  # how many times smaller, then larger, the image gets; 2, 4 or 8
SEED = 1  # of the random kernels in section 5

# %% [markdown]
# ## 1 · Enlarging without learning
#
# A segmentation network makes its image small, so that far-apart pixels can meet, and must end with a mask as large as the image. **What
# do you write into pixels that nobody measured?** Three answers need no learning:
#
# - **nearest neighbour**: copy the pixel;
# - **bed of nails**: one corner gets the pixel, the rest zeros;
# - **bilinear**: mix the neighbours, the nearer the more.
#
# `by_keras` applies a Keras layer to one array, and `agree` stops the notebook if the two results differ by 1e-5.

# %%
import keras
import numpy as np

differences = []


def by_keras(layer, image, kernel=None):
    """Apply `layer` to one array (rows,) or (rows, columns), with `kernel` as its weights if given."""
    batch = image[None, ..., None].astype("float32")
    if not layer.built:
        layer.build(batch.shape)
    if kernel is not None:
        layer.kernel.assign(kernel[..., None, None])  # Keras starts with a bias of zero
    return keras.ops.convert_to_numpy(layer(batch))[0, ..., 0]


def agree(ours, theirs):
    assert ours.shape == theirs.shape
    differences.append(np.abs(ours - theirs).max())
    assert differences[-1] < 1e-5


# %%
image = np.array([[1.0, 2.0], [3.0, 4.0]])
nearest = image.repeat(2, axis=0).repeat(2, axis=1)
nails = np.zeros((4, 4))
nails[::2, ::2] = image
agree(nearest, by_keras(keras.layers.UpSampling2D(2), image))
print(nearest, nails, sep="\n\n")

# %% [markdown]
# **What we see.** Nearest turns each pixel into a 2×2 block, as `UpSampling2D` does. The bed of nails keeps the four numbers apart, with
# zeros between; Keras has no layer of that name, but wait for section 4.
#
# Bilinear is a weighted mean, so it is a matrix. Pixels are squares with a centre: output pixel $i$ of a row enlarged $f$ times looks at
# position $(i + 0.5)/f - 0.5$ of the input. An input pixel at distance $d$ from there counts $1 - d$, and 0 beyond one. Rows first, then
# columns: $B\,X\,B^\top$.


# %%
def bilinear_matrix(size, factor):
    """Weights (factor·size, size): row i says how output i mixes the `size` inputs."""
    position = (np.arange(size * factor) + 0.5) / factor - 0.5
    position = np.clip(position, 0, size - 1)  # beyond the outer centres: the outer pixel itself
    distance = np.abs(position[:, None] - np.arange(size))
    return np.maximum(1 - distance, 0)


b = bilinear_matrix(2, 2)
enlarged = b @ image @ b.T
agree(enlarged, by_keras(keras.layers.UpSampling2D(2, interpolation="bilinear"), image))
whole = np.kron(b, b)  # the same linear map for the image written as one long vector: (16, 4)
assert np.allclose(whole @ image.ravel(), enlarged.ravel())
print(b, enlarged, whole[:6], sep="\n\n")

# %%
from course_utils import demos, show
from course_utils.data import eliret
from data_scripts import ensure

picture = eliret(ensure("eliret"), "larger")[1].arrays()[0][0, :72, :88, 0]
rows, columns = (side // FACTOR for side in picture.shape)
small = picture.reshape(rows, FACTOR, columns, FACTOR).mean(axis=(1, 3))  # the mean of each block
spread = np.zeros(picture.shape)
spread[FACTOR // 2 :: FACTOR, FACTOR // 2 :: FACTOR] = small
smooth = bilinear_matrix(rows, FACTOR) @ small @ bilinear_matrix(columns, FACTOR).T
blocks = by_keras(keras.layers.UpSampling2D(FACTOR), small)
agree(smooth, by_keras(keras.layers.UpSampling2D(FACTOR, interpolation="bilinear"), small))
show.images(
    [picture, small, spread, blocks, smooth],
    ["original", f"{FACTOR} times smaller", "bed of nails", "nearest", "bilinear"],
    alt=f"An eliret image, the image {FACTOR} times smaller, and three ways back: separate dots, blocks, and a smooth blur.",
)
ways = {
    "mean grey (trivial)": small.mean(),
    "bed of nails": spread,
    "nearest": blocks,
    "bilinear": smooth,
}
show.table([{"way back": w, "mean error": np.abs(picture - ways[w]).mean()} for w in ways])

# %% tags=["record"]
record(
    error_grey=np.abs(picture - small.mean()).mean(), error_nails=np.abs(picture - spread).mean()
)
record(error_nearest=np.abs(picture - blocks).mean())

# %% [markdown]
# **What we see.** In the matrix, outer outputs copy the outer pixel and inner ones mix ¾ with ¼; in the long one (six of its rows), a
# pixel inside mixes all four, 9/16 to 1/16.
#
# The bed of nails is farther from the original than one mean grey everywhere ({{error_nails:.2f}} against {{error_grey:.2f}}): right
# values, but zeros around them, so a convolution must follow. Nearest and bilinear are equally close ({{error_nearest:.2f}}). Bilinear has
# smoother edges, not truer ones: what shrinking took away, no interpolation gives back. (One image, and a noisy one.)
#
# ### Exercise 1.1 · A bed of nails for any factor
# Write `bed_of_nails(image, factor)` for an array of any height and width: each pixel goes to the **upper left** corner of its
# factor×factor block, everything else is 0.


# %% tags=["exercise"]
def bed_of_nails(image, factor):
    # BEGIN SOLUTION
    rows, columns = image.shape
    nails = np.zeros((rows * factor, columns * factor))
    nails[::factor, ::factor] = image
    return nails
    # END SOLUTION


# %%
ex.q1_1.check(bed_of_nails)

# %% [markdown]
# ## 2 · Pooling that remembers
#
# Max pooling keeps the largest of each 2×2 window and forgets the other three. It also forgets *where* the maximum stood, and an edge is
# a matter of where. **What if you wrote the place down?** Two bits a window are enough: 0 upper left, 1 upper right, 2 lower left, 3
# lower right.
#
# **Unpooling** then puts values back into the remembered corners and zeros elsewhere: a bed of nails whose nails stand where the maxima
# stood. SegNet (2017) enlarges like this.

# %%
image = np.array([[1.0, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]])
windows = image.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(2, 2, 4)  # a row for each window
pooled, position = windows.max(axis=-1), windows.argmax(axis=-1)

values = np.array([[1.0, 2], [3, 4]])  # what a network made of the pooled image
unpooled = np.zeros((2, 2, 4))
np.put_along_axis(unpooled, position[..., None], values[..., None], axis=-1)
unpooled = unpooled.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(4, 4)

agree(pooled, by_keras(keras.layers.MaxPooling2D(2), image))
print(pooled, position, unpooled, sep="\n\n")

# %% [markdown]
# **What we see.** The 5 stood lower right in its window (3), the 6 upper left (0), the 7 lower left (2), the 8 lower right (3). The new
# values 1, 2, 3, 4 return to these places. Keras pools to the same values, but its layer does not tell positions. Our
# `course_utils.layers` has both layers, for any backend and any number of channels; here they run on the eliret image.

# %%
from course_utils.layers import MaxPoolingWithPositions, MaxUnpooling

maxima, positions = MaxPoolingWithPositions()(picture[None, ..., None])
back = MaxUnpooling()(maxima, positions)
maxima, positions, back = (
    keras.ops.convert_to_numpy(tensor)[0, ..., 0] for tensor in (maxima, positions, back)
)
agree(maxima, by_keras(keras.layers.MaxPooling2D(2), picture))
assert np.array_equal(back[back > 0], picture[back > 0])  # every maximum stands where it came from
show.images(
    [picture, maxima, positions / 3, back],
    ["image", "maxima", "positions (0 black, 3 white)", "unpooled"],
    columns=4,
    alt="An image, its maxima at half the size, the corner of each maximum in four greys, and the maxima back in place.",
)
print(f"not zero: {np.mean(back > 0):.2f} of the pixels")
print(f"positions: {positions.nbytes} bytes, image: {picture.nbytes} bytes")

# %% [markdown]
# **What we see.** A quarter of the pixels is back, exactly in place; the convolutions that follow fill the gaps. In flat regions the
# positions look like noise, because noise decides which pixel is largest. They cost 1/16 of the bytes of the image, which a U-Net would
# carry across instead.
#
# ### Exercise 2.1 · The other way to count
# Other libraries number positions through the whole image: `row * width + column`. Translate: from corners 0–3, (rows, columns), to the
# number of each maximum in the image before pooling, twice as high and wide.


# %% tags=["exercise"]
def image_numbers(position):
    # BEGIN SOLUTION
    rows, columns = np.indices(position.shape)
    row, column = 2 * rows + position // 2, 2 * columns + position % 2
    return row * 2 * position.shape[1] + column
    # END SOLUTION


# %%
ex.q2_1.check(image_numbers)

# %% [markdown]
# ## 3 · A convolution is a matrix
#
# To run a convolution backwards you first need it as one object. Take a row of four numbers, one zero of padding at each end, and a
# kernel of size 3 with weights $(x, y, z)$. Each output multiplies three neighbours with the weights and adds; the next output reads
# `stride` pixels further on. **What does the matrix look like?**
#
# (Networks call this convolution although nothing is flipped; in signal processing it is a correlation.)


# %%
def convolution_matrix(kernel, size, stride):
    """(outputs, size): row i holds the kernel, shifted i·stride columns to the right."""
    starts = range(0, size - len(kernel) + 1, stride)
    matrix = np.zeros((len(starts), size))
    for row, start in enumerate(starts):
        matrix[row, start : start + len(kernel)] = kernel
    return matrix


kernel = np.array([1.0, 2.0, 3.0])  # x, y, z
padded = np.pad([4.0, 5.0, 6.0, 7.0], 1)
for stride in (1, 2):
    matrix = convolution_matrix(kernel, len(padded), stride)
    layer = keras.layers.Conv1D(1, 3, strides=stride)
    agree(matrix @ padded, by_keras(layer, padded, kernel))
    print(f"stride {stride}: {padded} becomes {matrix @ padded}\n{matrix}\n")
same = keras.layers.Conv1D(1, 3, strides=2, padding="same")
print("padding='same', stride 2:", by_keras(same, padded[1:-1], kernel))

# %% [markdown]
# **What we see.** Each row holds 1, 2, 3, shifted by one or by two columns. Stride 2 gives half the rows: a convolution with stride
# computes less.
#
# > **Pitfall · two kinds of padding.** The last line asks Keras for `same` and stride 2, and the numbers differ from ours: Keras adds its
# > one zero **at the end**, not at both. PyTorch's `padding=1` is ours. Weights moved from one to the other work half a pixel off,
# > without any error message.
#
# In two dimensions the window is a square, and the sizes follow from counting starts:


# %%
def convolution(image, kernel, stride=1):
    """Each output reads one window of `image` (rows, columns); no padding."""
    k = len(kernel)
    starts = [range(0, side - k + 1, stride) for side in image.shape]
    return np.array(
        [[np.sum(image[r : r + k, c : c + k] * kernel) for c in starts[1]] for r in starts[0]]
    )


print(convolution(image, np.ones((2, 2)), stride=2), "from the 4×4 image of section 2")
sizes = []
for n, k, stride in [(7, 3, 1), (7, 3, 2), (8, 3, 2), (8, 5, 3)]:
    image, kernel = np.arange(n * n).reshape(n, n) % 5, np.arange(k * k).reshape(k, k) % 3
    valid = by_keras(keras.layers.Conv2D(1, k, strides=stride), image, kernel)
    same = by_keras(keras.layers.Conv2D(1, k, strides=stride, padding="same"), image, kernel)
    agree(convolution(image, kernel, stride), valid)
    case = {"image": n, "kernel": k, "stride": stride}
    sizes.append(case | {"valid": len(valid), "same": len(same)})
show.table(sizes)

# %% [markdown]
# **What we see.** Four ones as weights and stride 2 give the sums of the 2×2 windows: 11 = 1 + 2 + 3 + 5. Four more settings, four
# agreements with Keras. `valid` reads only windows that lie inside; `same` adds as many zeros as it takes to make the size depend on the
# stride alone.
#
# ### Exercise 3.1 · How large will it be?
# Find the formulas behind the last two columns: the side of the result for an image of side `n`, a kernel of side `k`, a stride `s`, and
# `padding` either `"valid"` or `"same"`.


# %% tags=["exercise"]
def output_size(n, k, s, padding):
    # BEGIN SOLUTION
    if padding == "valid":
        return (n - k) // s + 1
    return -(-n // s)
    # END SOLUTION


# %%
ex.q3_1.check(output_size)

# %% [markdown]
# ## 4 · A convolution that enlarges
#
# In a convolution each output *reads* a window. Turn it round: let each input *write* one. Multiply the kernel by the input, stamp the
# product onto the output, move the stamp `stride` outputs on for each input, and add where stamps overlap. **What do two inputs $a, b$
# make with weights $x, y, z$ and stride 2?** Five numbers: $ax,\; ay,\; az + bx,\; by,\; bz$. That is a **transposed convolution**.


# %%
def transposed_convolution(image, kernel, stride=2):
    """Stamp `kernel`, times each input, onto a larger output; one or two dimensions."""
    output = np.zeros(
        [(n - 1) * stride + k for n, k in zip(image.shape, kernel.shape, strict=True)]
    )
    for place in np.ndindex(image.shape):
        window = tuple(
            slice(p * stride, p * stride + k) for p, k in zip(place, kernel.shape, strict=True)
        )
        output[window] += image[place] * kernel
    return output


row, weights = np.array([1.0, 10.0]), np.array([1.0, 2.0, 3.0])
image, kernel = np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((3, 3))
for stride in (1, 2):
    layer = keras.layers.Conv1DTranspose(1, 3, strides=stride)
    agree(transposed_convolution(row, weights, stride), by_keras(layer, row, weights))
    layer = keras.layers.Conv2DTranspose(1, 3, strides=stride)
    agree(transposed_convolution(image, kernel, stride), by_keras(layer, image, kernel))
corner = np.array([[1.0, 0.0], [0.0, 0.0]])  # the bed of nails of section 1
agree(nails, by_keras(keras.layers.Conv2DTranspose(1, 2, strides=2), image, corner))
print(transposed_convolution(row, weights), transposed_convolution(image, kernel), sep="\n\n")

# %% [markdown]
# **What we see.** $13 = 3 \cdot 1 + 1 \cdot 10$ is where the two stamps overlap. In two dimensions 2×2 became 5×5, and all four stamps
# meet in the middle: $1+2+3+4 = 10$. Keras agrees for both strides, and with a kernel of a single 1 it makes the bed of nails.
#
# Why *transposed*? Take the matrix of section 3, which led from 6 numbers to 2 (stride 2) or 4 (stride 1), and lay it on its side:

# %%
for stride, values in [(1, np.array([1.0, 2.0, 3.0, 4.0])), (2, row)]:
    matrix = convolution_matrix(weights, 6, stride)
    stamped = transposed_convolution(values, weights, stride)
    assert np.allclose((matrix.T @ values)[: len(stamped)], stamped)
    print(f"stride {stride}: transposed matrix times {values} = {matrix.T @ values}\n{matrix.T}\n")

between = np.array([1.0, 0.0, 10.0])  # a bed of nails; np.convolve turns the kernel round
assert np.allclose(np.convolve(between, weights), stamped)
there = matrix @ np.array([1.0, 2, 3, 4, 5, 6])
print("there and back:", matrix.T @ there, "from 1 2 3 4 5 6")

# %% [markdown]
# **What we see.** Stamps are the *columns* of the transposed matrix. With stride 2 its last row is empty: no window of the convolution
# had read the sixth number.
#
# There and back does not give 1 … 6: transposing restores the shape, not the values. So **deconvolution** (Zeiler 2011), its oldest name,
# promises too much. Others: **up-convolution**, **backward** or **fractionally strided convolution**, because a bed of nails and an
# ordinary convolution do the same (the `assert`).
#
# **How large is the result?** Stamps reach $(n-1)\,s + k$; `same` cuts that to $n\,s$.

# %%
sizes = []
for n, k, stride in [(4, 3, 1), (4, 3, 2), (4, 5, 2), (4, 2, 3)]:
    flat, reach = np.ones((n, n)), (n - 1) * stride + k
    valid = by_keras(keras.layers.Conv2DTranspose(1, k, strides=stride), flat)
    same = by_keras(keras.layers.Conv2DTranspose(1, k, strides=stride, padding="same"), flat)
    assert len(valid) == max(reach, n * stride)
    assert len(same) == n * stride
    case = {"image": n, "kernel": k, "stride": stride, "(n - 1) s + k": reach}
    sizes.append(case | {"valid": len(valid), "same": len(same)})
show.table(sizes)

down = keras.layers.Conv2D(1, 3, strides=2, padding="same")
up = keras.layers.Conv2DTranspose(1, 3, strides=2, padding="same")
for n in (7, 8):
    small = by_keras(down, np.ones((n, n)))
    print(n, "→", len(small), "→", len(by_keras(up, small)))

# %% [markdown]
# **What we see.** The formula holds while the kernel is at least as large as the stride; else Keras also fills the gap after the last
# stamp.
#
# > **Pitfall · odd sizes do not come back.** 7 and 8 both become 4, and 4 becomes 8. Sizes divisible by the product of all strides are
# > safe.
#
# ### Exercise 4.1 · From the notes: test convolution and transposed convolution in Keras
# With `by_keras`, apply a `Conv2D` and to its result a `Conv2DTranspose`, both with the given square `kernel`, stride 2, no padding.
# Return both results, small then large.


# %% tags=["exercise"]
def down_and_up(image, kernel):
    # BEGIN SOLUTION
    down = keras.layers.Conv2D(1, len(kernel), strides=2)
    up = keras.layers.Conv2DTranspose(1, len(kernel), strides=2)
    small = by_keras(down, image, kernel)
    return small, by_keras(up, small, kernel)
    # END SOLUTION


# %%
ex.q4_1.check(down_and_up)

# %% [markdown] tags=["teacher"]
# **Teacher.** 90 minutes: sections 1–2 20, 3–4 35, 5 15, 6–7 20. When late, skip section 6 and exercise 2.1. On the board: the stamps of
# two pixels before anybody sees code. Misconceptions to expect: that a transposed convolution inverts a convolution; that `same` means
# the same padding in every library; that kernel 4 with stride 2 cannot ripple; that dilation adds weights.

# %% [markdown]
# ## 5 · The checkerboard
#
# ### Exercise 5.1 · Predict first
# An image where every pixel is 1, a 3×3 kernel where every weight is 1, stride 2. **Which values appear in the result, away from its
# border?** List each value once. Draw the stamps on squared paper if you like, and commit before you read on.

# %% tags=["exercise"]
# BEGIN SOLUTION
prediction = [1, 2, 4]
# END SOLUTION

# %%
ex.q5_1.check(prediction)

# %%
constant = np.ones((8, 8))
stamps = {k: transposed_convolution(constant, np.ones((k, k))) for k in (2, 3, 4, 5)}
print(stamps[3][2:9, 2:9])
show.images(
    list(stamps.values()),
    [f"kernel {k}, stride 2" for k in stamps],
    columns=4,
    value_range=(0, 9),
    alt="Sums of stamps of a constant image: kernels 2 and 4 give one grey inside, kernels 3 and 5 a checkerboard.",
)

# %% [markdown]
# **What we see.** A constant image has come out as a pattern: with kernel 3 each result pixel gets 1, 2 or 4 stamps, and neighbours
# differ. With 2 and 4 the number of stamps is the same everywhere inside (1 and 4), because the stride divides the kernel. That is the
# **first cure**.
#
# The **second cure** enlarges first (nearest or bilinear) and convolves after. Is one better? Try random kernels, as in an untrained
# network, and measure: each 2×2 block of the result has four phases; the **ripple** is the standard deviation of the phases' means over
# the overall mean.


# %%
def ripple(image):
    inside = image[4:-4, 4:-4]
    phases = [inside[r : r + 8, c : c + 8][::2, ::2].mean() for r in (0, 1) for c in (0, 1)]
    return np.std(phases) / np.mean(phases)


rng = np.random.default_rng(SEED)
doubled = constant.repeat(2, axis=0).repeat(2, axis=1)
results = {}
for kind, make in [("ones", np.ones), ("random", rng.random)]:
    for k in (3, 4):
        results[f"kernel {k}, {kind}"] = transposed_convolution(constant, make((k, k)))
    results[f"enlarge, then 3, {kind}"] = convolution(doubled, make((3, 3)))
show.images(
    [result[4:-4, 4:-4] / result[4:-4, 4:-4].mean() for result in results.values()],
    [f"{name}\nripple {ripple(result):.2f}" for name, result in results.items()],
    columns=3,
    value_range=(0, 2),
    alt="Six enlarged constant images: flat where enlarging came first and for kernel 4 of ones, patterned elsewhere.",
)

# %% tags=["record"]
record(ripple_4=ripple(results["kernel 4, random"]), ripple_3=ripple(results["kernel 3, ones"]))

# %% [markdown]
# **What we see.** Kernel 4 is flat for ones, yet not for random weights (ripple {{ripple_4:.2f}}): every output gets as many stamps as its neighbour,
# but not the same *weights*. Enlarging first leaves no ripple, whatever the weights, because every window of a constant image is alike.
# So the first cure is a better start, which training may spoil; the second is safe for constant regions (Odena 2016). Kernel 3 had a
# ripple of about {{ripple_3:.1f}} both times.
#
# > **Pitfall · the checkerboard.** It hides in textured images. You notice it when you feed a constant one and look for a regular
# > pattern.

# %% [markdown]
# ## 6 · A transposed convolution that starts as bilinear
#
# Could learning begin at the smooth answer of section 1? Write the weights of bilinear interpolation into the kernel. For factor 2, each
# input reaches four outputs, whose centres lie ¾, ¼, ¼, ¾ of a pixel away: weights ¼, ¾, ¾, ¼ in one dimension, and their products in
# two. FCN (2015) starts its last layers like this, then trains them.
#
# **Does that equal `UpSampling2D`?** Commit to a yes or no.

# %%
hat = np.array([0.25, 0.75, 0.75, 0.25])
kernel = np.outer(hat, hat)  # (4, 4), divisible by the stride: no checkerboard
image = np.array([[1.0, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]])
learn = keras.layers.Conv2DTranspose(1, 4, strides=2, padding="same")
learnable = by_keras(learn, image, kernel)
fixed = by_keras(keras.layers.UpSampling2D(2, interpolation="bilinear"), image)
agree(learnable[1:-1, 1:-1], fixed[1:-1, 1:-1])
print(np.round(learnable[:3], 2), np.round(fixed[:3], 2), sep="\n\n")

# %% [markdown]
# **What we see.** Inside they are equal. Along the border the transposed convolution is darker, because stamps from outside are missing;
# a corner keeps ¾ · ¾ = 9/16 of its value. With several channels fill only `kernel[:, :, i, i]`, or every class is mixed with every
# other.
#
# ### Exercise 6.1 · Any factor
# Write `hat_weights(factor)`: the weights of one dimension for stride `factor`. An input counts $1 - d/f$ at $d < f$ outputs from its
# centre, so an even factor needs $2f$ weights and an odd one $2f - 1$.


# %% tags=["exercise"]
def hat_weights(factor):
    # BEGIN SOLUTION
    size = 2 * factor - factor % 2
    distance = np.abs(np.arange(size) - (size - 1) / 2)
    return 1 - distance / factor
    # END SOLUTION


# %%
ex.q6_1.check(hat_weights)

# %% [markdown]
# ## 7 · Seeing far without shrinking
#
# Shrinking lets a kernel see far, then costs you all this enlarging. **Can a kernel see far in the large image?** Spread its weights:
# between them lie $r - 1$ pixels that it skips. A **dilated** (or *atrous*) convolution with rate $r$ computes
# $y_i = \sum_k x_{i + r k}\, w_k$.
#
# Seen otherwise, it is an ordinary convolution whose kernel was put on a bed of nails.


# %%
def dilate(kernel, rate):
    """`rate - 1` zeros between neighbouring weights, for one or two dimensions."""
    wide = np.zeros([rate * (k - 1) + 1 for k in kernel.shape])
    wide[tuple(slice(None, None, rate) for _ in kernel.shape)] = kernel
    return wide


row, weights = np.arange(1.0, 9.0) ** 2, np.array([1.0, 2.0, 3.0])
for rate in (1, 2, 3):
    outputs = range(len(row) - 2 * rate)
    ours = np.array([sum(row[i + rate * k] * weights[k] for k in range(3)) for i in outputs])
    agree(ours, by_keras(keras.layers.Conv1D(1, 3, dilation_rate=rate), row, weights))
    agree(ours, convolution_matrix(dilate(weights, rate), len(row), 1) @ row)
    print(f"rate {rate}: kernel {dilate(weights, rate)}, {len(row)} → {len(ours)} numbers")

# %% [markdown]
# **What we see.** The formula, the widened kernel and Keras agree. Three weights span 3, 5, 7 pixels, so `valid` loses 2, 4, 6: the span
# is $r\,(k-1) + 1$, and keeping the size takes $r\,(k-1)/2$ zeros on each side.
#
# In two dimensions, how many pixels does a 3×3 kernel see at rate 2, with how many weights? And a **1×1 kernel** at rate 18, as some
# published networks have it?

# %%
image, kernel = np.arange(196).reshape(14, 14) % 11, np.arange(1.0, 10.0).reshape(3, 3)
wide = dilate(kernel, 2)
for rate in (2, 3):
    valid = keras.layers.Conv2D(1, 3, dilation_rate=rate)
    same = keras.layers.Conv2D(1, 3, dilation_rate=rate, padding="same")
    agree(convolution(image, dilate(kernel, rate)), by_keras(valid, image, kernel))
    framed = np.pad(image, rate)  # r (3 - 1) / 2 = r zeros on each side
    agree(convolution(framed, dilate(kernel, rate)), by_keras(same, image, kernel))
one = np.array([[2.0]])
for rate in (6, 12, 18):
    agree(2 * image, by_keras(keras.layers.Conv2D(1, 1, dilation_rate=rate), image, one))
print(wide, f"3×3 at rate 2: {wide.shape} with {np.count_nonzero(wide)} weights", sep="\n")
print(f"1×1 at rate 18: {dilate(one, 18).shape}")

# %% tags=["record"]
record(largest_difference_to_keras=max(differences))

# %% [markdown]
# **What we see.** 3×3 at rate 2 sees 5×5 with 9 weights, and `same` means `rate` zeros on each side. The last line is the largest
# difference to Keras in all comparisons of this lesson: rounding.
#
# > **Pitfall · a dilated 1×1.** One weight has no neighbour to move away from: rates 6, 12 and 18 double the image alike, without a
# > warning. Notice it by comparing the outputs at two rates.
#
# Two explorers close the lesson. In the first, one pixel is marked, and each result that it enters carries the letter of the weight used.

# %% tags=["picture"]
demos.convolution()

# %%
demos.receptive_field()

# %% [markdown]
# **What we see.** First explorer: with stride 1 the pixel enters nine results, once with each weight, in reverse order; with stride 2 it
# enters fewer; dilation pulls the nine apart; transposed, it writes the kernel itself.
#
# Second explorer: four stacks with 9 weights each. Plain layers span 7 pixels. Stride 2 spans 15, but makes the result 8 times smaller.
# Rate 2 throughout spans 13 and reads only 7 of them: a grid of holes. Rates 1, 2, 4 span 15 and read all 15, at full size.
#
# ### Exercise 7.1 · How far does a stack see?
# Write `field_of_view(layers)` for a list of `(kernel, stride, dilation)`, first layer first: the span, in input pixels along one axis,
# that one output of the last layer sees.


# %% tags=["exercise"]
def field_of_view(layers):
    # BEGIN SOLUTION
    span, step = (
        1,
        1,
    )  # what one output sees; how far apart, in the input, neighbouring outputs look
    for kernel, stride, dilation in layers:
        span += (kernel - 1) * dilation * step
        step *= stride
    return span
    # END SOLUTION


# %%
ex.q7_1.check(field_of_view)

# %% [markdown]
# ## Recap
#
# - You can **enlarge** an array by nearest neighbour, bed of nails, bilinear weights or remembered positions.
# - You can **write a convolution as a matrix**; transposing it turns reading into writing: the transposed convolution, which restores
#   shape, not values.
# - You can **predict output sizes**: `valid` $\lfloor (n-k)/s \rfloor + 1$ and `same` $\lceil n/s \rceil$ down; $(n-1)s+k$ and $ns$ up.
# - You can **avoid the checkerboard**: a stride that divides the kernel, or enlarge first and convolve after.
# - You can **dilate a kernel**: $k$ weights span $r(k-1)+1$ pixels.
#
# Words you met are in the [glossary](00_start_here.ipynb#glossary). Next: put strided and transposed convolutions into your first network
# in [02 eliret with an FCN](02_eliret_fcn.ipynb). To try: run section 5 with another `SEED`.

# %% [markdown]
# ## References
#
# - Zeiler, Taylor, Fergus (2011), *Adaptive deconvolutional networks*, doi:10.1109/ICCV.2011.6126474
# - Long, Shelhamer, Darrell (2015), *Fully convolutional networks for semantic segmentation*, arXiv:1411.4038
# - Dumoulin, Visin (2016), *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285
# - Odena, Dumoulin, Olah (2016), *Deconvolution and checkerboard artifacts*, doi:10.23915/distill.00003
# - Yu, Koltun (2016), *Multi-scale context aggregation by dilated convolutions*, arXiv:1511.07122
# - Badrinarayanan, Kendall, Cipolla (2017), *SegNet*, doi:10.1109/TPAMI.2016.2644615
