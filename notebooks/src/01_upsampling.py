# %% [markdown]
# # 01 · Upsampling and transposed convolution
#
# You enlarge arrays by hand, compare each step with Keras, and see how a network's small middle becomes a large mask again.
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
# **Time** reading 40 min · exercises 45 min · compute {{time}}, memory {{memory}}
#
# **Data** {{data}}; the real membrane images are for research, with citation.

# %% tags=["setup"]
# setup

# %% tags=["parameters"]
FACTOR = 4  # how many times smaller, then larger, the image gets; 2, 4 or 8
SEED = 1  # of the random kernels in section 5

# %% [markdown]
# ## 1 · Enlarging without learning
#
# A segmentation network makes its image small, so that distant pixels can meet. It must end with a mask as large as the image. **What
# do you write into pixels that nobody measured?** Three answers need no learning:
#
# - **nearest neighbour**: copy the nearest pixel;
# - **bed of nails**: one corner of each block gets the pixel, the rest is zero;
# - **bilinear**: mix the neighbours; the nearer one is, the more it counts.
#
# In this lesson we compute everything by hand first. Then `by_keras` applies a Keras layer to the same array, and `agree` stops the
# notebook if the two results differ by more than 1e-5.

# %%
import cv2
import keras
import numpy as np

from course_utils import demos, show
from course_utils.data import membrane
from data_scripts import ensure

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


# %% [markdown]
# Bilinear mixes pixels. Take one row first. An output is a sum of inputs, each times a fixed weight. Write the weights of an output
# side by side, and those of the next output below them. This is a **matrix** $B$, and the enlarged row is $B$ times the row.
#
# Which weights? A pixel is a square with a centre. Output $i$ of a row enlarged $f$ times looks at position $(i + 0.5)/f - 0.5$ of the
# input. An input pixel at distance $d$ from there has the weight $1 - d$, or 0 from a distance of one on.


# %%
def bilinear_matrix(size, factor):
    """Weights (factor·size, size): row i says how output i mixes the `size` inputs."""
    position = (np.arange(size * factor) + 0.5) / factor - 0.5
    position = np.clip(position, 0, size - 1)  # beyond the outer centres: the outer pixel itself
    distance = np.abs(position[:, None] - np.arange(size))
    return np.maximum(1 - distance, 0)


image = np.array([[1.0, 2.0], [3.0, 4.0]])
nearest = image.repeat(2, axis=0).repeat(2, axis=1)
nails = np.zeros((4, 4))
nails[::2, ::2] = image  # every second row, every second column
b = bilinear_matrix(2, 2)
bilinear = b @ image @ b.T  # the columns, then the rows
agree(nearest, by_keras(keras.layers.UpSampling2D(2), image))
agree(bilinear, by_keras(keras.layers.UpSampling2D(2, interpolation="bilinear"), image))
titles = ["image", "nearest", "bed of nails", "B", "bilinear: B · image · Bᵀ"]
alt = "The image 1 2, 3 4 enlarged: as blocks, as numbers among zeros, and mixed by a matrix."
show.numbers([image, nearest, nails, b, bilinear], titles, most=4, alt=alt)

# %% [markdown]
# **What we see.** Nearest turns each pixel into a 2×2 block, as `UpSampling2D` does. The bed of nails keeps the four numbers apart.
# Keras has no layer of that name, but wait for section 4. In $B$ the outer outputs copy the outer pixel, and the inner ones mix 3/4 of
# one pixel with 1/4 of the other. So the inner pixels of the bilinear result mix all four, with weights from 9/16 to 1/16.
#
# **Does it matter on a real image?** We make a slice of tissue smaller, with the mean of each block (*area* interpolation), and enlarge
# it again. `UpSampling2D` also offers `"bicubic"`, which mixes 4×4 neighbours, some with a negative weight.

# %%
picture = membrane(ensure("membrane"), "train")[0].arrays()[0][0, 160:352, 96:352, 0]
rows, columns = picture.shape[0] // FACTOR, picture.shape[1] // FACTOR
small = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
spread = np.zeros(picture.shape)
spread[FACTOR // 2 :: FACTOR, FACTOR // 2 :: FACTOR] = small
blocks = by_keras(keras.layers.UpSampling2D(FACTOR), small)
smooth = bilinear_matrix(rows, FACTOR) @ small @ bilinear_matrix(columns, FACTOR).T
agree(smooth, by_keras(keras.layers.UpSampling2D(FACTOR, interpolation="bilinear"), small))
cubic = by_keras(keras.layers.UpSampling2D(FACTOR, interpolation="bicubic"), small)
ways = {"bed of nails": spread, "nearest": blocks, "bilinear": smooth, "bicubic": cubic}

in_place = np.full(picture.shape, 0.92)  # a light card
in_place[:rows, :columns] = small
titles = ["original", f"{FACTOR} times smaller, in its own size", *ways]
alt = "A slice of tissue, the slice made smaller, and four ways back: dots, blocks, and two blurs."
show.images([picture, in_place, *ways.values()], titles, columns=3, alt=alt)
errors = {"one grey everywhere (trivial)": np.abs(picture - small.mean()).mean()}
errors |= {way: np.abs(picture - result).mean() for way, result in ways.items()}
show.table([{"way back": way, "mean error": error} for way, error in errors.items()])

# %% tags=["record"]
record(error_grey=errors["one grey everywhere (trivial)"], error_nails=errors["bed of nails"])
record(error_nearest=errors["nearest"], error_bilinear=errors["bilinear"])
record(error_bicubic=errors["bicubic"])

# %% [markdown]
# **What we see.** The bed of nails is farther from the original than a single grey everywhere ({{error_nails:.2f}} against
# {{error_grey:.2f}}): its values are right, but zeros stand around them, so a convolution has to follow. Nearest misses by
# {{error_nearest:.3f}}, bilinear by {{error_bilinear:.3f}}, bicubic by {{error_bicubic:.3f}}. (This is one image.) Sharp
# edges and the fine grain are gone: what shrinking took away, no interpolation gives back.
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
# Max pooling keeps the largest number of each 2×2 window and forgets the other three. It also forgets *where* the maximum stood, and an
# edge is a matter of where. **What if you wrote the place down?** One of four numbers is enough: 0 upper left, 1 upper right, 2 lower
# left, 3 lower right.
#
# **Unpooling** then puts values back into the remembered corners and zeros elsewhere. It is a bed of nails whose nails stand where the
# maxima stood. SegNet (2017) enlarges like this.

# %%
image = np.array([[1.0, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]])
values = np.array([[1.0, 2], [3, 4]])  # what a network made of the pooled image
pooled, position, unpooled = np.zeros((2, 2)), np.zeros((2, 2), int), np.zeros((4, 4))
for row in range(2):
    for column in range(2):
        window = image[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        pooled[row, column] = window.max()
        position[row, column] = window.argmax()  # numpy counts along the rows
        down, right = position[row, column] // 2, position[row, column] % 2
        unpooled[2 * row + down, 2 * column + right] = values[row, column]

agree(pooled, by_keras(keras.layers.MaxPooling2D(2), image))
titles = ["image", "maxima", "positions", "new values", "unpooled"]
alt = "A 4×4 image, its four maxima, their corners, four new values, and these back in the corners."
show.numbers([image, pooled, position, values, unpooled], titles, alt=alt)

# %% [markdown]
# **What we see.** The 5 stood lower right in its window (3), the 6 upper left (0), the 7 lower left (2), the 8 lower right (3). The new
# values 1, 2, 3, 4 return to these places.
#
# Keras pools to the same maxima, but its layer does not tell positions. `course_utils.layers` has both layers, for any backend and any
# number of channels. Here they run on the tissue.

# %%
from course_utils.layers import MaxPoolingWithPositions, MaxUnpooling

view = picture[:96, :128]
maxima, positions = MaxPoolingWithPositions()(view[None, ..., None])
back = keras.ops.convert_to_numpy(MaxUnpooling()(maxima, positions))[0, ..., 0]
maxima = keras.ops.convert_to_numpy(maxima)[0, ..., 0]
positions = keras.ops.convert_to_numpy(positions)[0, ..., 0]
agree(maxima, by_keras(keras.layers.MaxPooling2D(2), view))
assert np.array_equal(back[back > 0], view[back > 0])  # every maximum stands where it came from
titles = ["image", "maxima", "positions (0 black, 3 white)", "unpooled"]
alt = (
    "An image, its maxima, the corner of each maximum in four greys, and the maxima back in place."
)
show.images([view, maxima, positions / 3, back], titles, columns=2, size=4.2, alt=alt)
print(f"not zero: {np.mean(back > 0):.2f} of the pixels")
print(f"positions: {positions.nbytes} bytes, image: {view.nbytes} bytes")

# %% [markdown]
# **What we see.** A quarter of the pixels is back, each in its place; the convolutions that follow fill the gaps. In flat regions the
# positions look like noise, because noise decides which pixel is the largest. They need 1/16 of the bytes of the image, which a U-Net
# (lesson 03) would keep instead.
#
# ### Exercise 2.1 · The other way to count
# PyTorch says where a maximum stood in another way. It numbers the pixels of the image **before** pooling along the rows: the pixel
# at `row`, `column` has the number `row * width + column`. Write `image_numbers(position)`. It gets our corners 0–3, an array (rows,
# columns) with one for each window, and returns these numbers. The image before pooling is twice as high and twice as wide.


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
# kernel of size 3 with the weights 1, 2, 3. Each output multiplies three neighbours with the weights and adds. The next output reads
# `stride` pixels further on. So an output is again a sum of inputs times weights. **What does the matrix look like?**
#
# (Networks call this convolution although nothing is flipped. In signal processing it is a correlation.)


# %%
def convolution_matrix(kernel, size, stride):
    """(outputs, size): row i holds the kernel, shifted i·stride columns to the right."""
    starts = range(0, size - len(kernel) + 1, stride)
    matrix = np.zeros((len(starts), size))
    for row, start in enumerate(starts):
        matrix[row, start : start + len(kernel)] = kernel
    return matrix


kernel = np.array([1.0, 2.0, 3.0])
padded = np.array([0.0, 4.0, 5.0, 6.0, 7.0, 0.0])
one, two = convolution_matrix(kernel, 6, stride=1), convolution_matrix(kernel, 6, stride=2)
agree(one @ padded, by_keras(keras.layers.Conv1D(1, 3, strides=1), padded, kernel))
agree(two @ padded, by_keras(keras.layers.Conv1D(1, 3, strides=2), padded, kernel))
titles = ["matrix, stride 1", "· row", "= result", "matrix, stride 2", "· row", "= result"]
alt = "Two matrices with the kernel 1 2 3 in each row, shifted by one column or by two."
row, result, fewer = padded[:, None], (one @ padded)[:, None], (two @ padded)[:, None]
show.numbers([one, row, result, two, row, fewer], titles, most=9, alt=alt)
same = keras.layers.Conv1D(1, 3, strides=2, padding="same")
print("Keras, padding='same', stride 2:", by_keras(same, padded[1:-1], kernel))

# %% [markdown]
# **What we see.** Each row of a matrix holds the kernel, one or two columns further to the right than the row above. Stride 2 leaves out
# every second row and computes less.
#
# > **Pitfall · two kinds of padding.** The last line asks Keras for `same` and stride 2, and the numbers differ from ours. Keras adds
# > its one zero **at the end**. PyTorch's `padding=1` adds one at both ends, as we did. So each window of one library lies one input
# > pixel beside that of the other: weights moved between them give other results, and no error message.
#
# In two dimensions the window is a square. The size of the result is the number of places where a window can start:


# %%
def convolution(image, kernel, stride=1):
    """Each output reads one window of `image` (rows, columns); no padding."""
    k = len(kernel)
    tops, lefts = (range(0, side - k + 1, stride) for side in image.shape)
    result = np.zeros((len(tops), len(lefts)))
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            result[row, column] = np.sum(image[top : top + k, left : left + k] * kernel)
    return result


sums = convolution(image, np.ones((2, 2)), stride=2)
alt = "The 4×4 image of section 2 and the sums of its four windows: 11, 12, 13, 15."
show.numbers([image, sums], ["image", "sums of its windows"], alt=alt)
sizes = []
for n, k, stride in [(7, 3, 1), (7, 3, 2), (8, 3, 2), (8, 5, 3)]:
    square, kernel = np.arange(n * n).reshape(n, n) % 5, np.arange(k * k).reshape(k, k) % 3
    valid = by_keras(keras.layers.Conv2D(1, k, strides=stride), square, kernel)
    same = by_keras(keras.layers.Conv2D(1, k, strides=stride, padding="same"), square, kernel)
    agree(convolution(square, kernel, stride), valid)
    case = {"image": n, "kernel": k, "stride": stride}
    sizes.append(case | {"valid": len(valid), "same": len(same)})
show.table(sizes)

# %% [markdown]
# **What we see.** Four ones as weights and stride 2 give the sums of the 2×2 windows: $11 = 1 + 2 + 3 + 5$. Four other settings agree
# with Keras, too. `valid` reads only windows that lie inside. `same` adds as many zeros as it takes to make the size depend on the
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
# product onto the output, move the stamp `stride` outputs on for the next input, and add where stamps overlap. This is a **transposed
# convolution**. **What do the two inputs 1 and 10 make with the weights 1, 2, 3 and stride 2?** Try it on paper first.


# %%
def transposed_convolution(image, kernel, stride=2):
    """Stamp `kernel` (height, width), times each input, onto a larger output."""
    rows, columns = image.shape
    height, width = kernel.shape
    output = np.zeros(((rows - 1) * stride + height, (columns - 1) * stride + width))
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride, column * stride
            output[top : top + height, left : left + width] += image[row, column] * kernel
    return output


row, weights = np.array([1.0, 10.0]), np.array([1.0, 2.0, 3.0])
stamps = np.array([[1.0, 2, 3, 0, 0], [0, 0, 10, 20, 30]])  # by hand: of the 1, of the 10
added = transposed_convolution(row[None], weights[None])[0]  # a row is an image of one row
agree(added, stamps.sum(axis=0))
agree(added, by_keras(keras.layers.Conv1DTranspose(1, 3, strides=2), row, weights))
square = np.array([[1.0, 2.0], [3.0, 4.0]])
by_hand = transposed_convolution(square, np.ones((3, 3)))
agree(by_hand, by_keras(keras.layers.Conv2DTranspose(1, 3, strides=2), square, np.ones((3, 3))))
alt = "Two stamps of three numbers that overlap in one, their sum, and a 2×2 image that became 5×5."
titles = ["two stamps", "their sum", "image", "its stamps, added"]
show.numbers([stamps, added, square, by_hand], titles, most=13, alt=alt)
demos.stamps()

# %% [markdown]
# **What we see.** The two stamps overlap in one place: $3 \cdot 1 + 1 \cdot 10 = 13$. In two dimensions 2×2 became 5×5, and all four stamps
# meet in the middle, $1+2+3+4 = 10$. In the coloured figure nine pixels stamp one after the other. Orange is the stamp that comes
# last; the darker the blue, the more stamps a cell has received. Move the sliders: at which stride does nothing overlap?
#
# **Why is it called transposed?** Take the matrix of section 3, which led from six numbers to two or to four, and lay it on its side.

# %%
for matrix, values in [(one, np.array([1.0, 2.0, 3.0, 4.0])), (two, row)]:
    stride = 2 if len(values) == 2 else 1
    stamped = transposed_convolution(values[None], weights[None], stride)[0]
    assert np.allclose((matrix.T @ values)[: len(stamped)], stamped)

there = two @ np.array([1.0, 2, 3, 4, 5, 6])
titles = [
    "stride 1: transposed",
    "stride 2: transposed",
    "· row",
    "= result",
    "1 … 6, there",
    "and back",
]
results = [row[:, None], (two.T @ row)[:, None], there[:, None], (two.T @ there)[:, None]]
alt = "The two matrices laid on their side; with stride 2 the last row is empty. There and back gives other numbers."
show.numbers([one.T, two.T, *results], titles, most=30, alt=alt)

nails = np.array([1.0, 0.0, 10.0])  # the inputs as a bed of nails
assert np.allclose(np.convolve(nails, weights), added)  # np.convolve turns the kernel round

# %% [markdown]
# **What we see.** The stamps are the *columns* of the transposed matrix. With stride 2 its last row is empty: no window of the
# convolution had read the sixth number.
#
# There and back does not give 1 … 6 again. Transposing restores the shape, not the values. So the oldest name, **deconvolution** (Zeiler
# 2011), promises too much. Other names are **up-convolution**, **backward convolution** and **fractionally strided convolution**. The
# last one fits because a bed of nails and an ordinary convolution give the same (the last `assert`).
#
# **How large is the result?** The stamps reach $(n-1)\,s + k$; `same` cuts that to $n\,s$.

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
    halved = by_keras(down, np.ones((n, n)))
    print(n, "→", len(halved), "→", len(by_keras(up, halved)))

# %% [markdown]
# **What we see.** The formula holds while the kernel is at least as large as the stride. If it is smaller, Keras also keeps the gap after
# the last stamp.
#
# > **Pitfall · odd sizes do not come back.** 7 and 8 both become 4, and 4 becomes 8. A size that the product of all strides divides is
# > safe. Lesson 04 shows what to do with the others.
#
# ### Exercise 4.1 · From the notes: test convolution and transposed convolution in Keras
# With `by_keras`, apply a `Conv2D` to the image, and to its result a `Conv2DTranspose`. Both have the given square `kernel`, stride 2
# and no padding. Return both results, the small one first.


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
# border?** List each value once. Draw the stamps on squared paper if you like, and decide before you read on.

# %% tags=["exercise"]
# BEGIN SOLUTION
prediction = [1, 2, 4]
# END SOLUTION

# %%
ex.q5_1.check(prediction)

# %%
constant = np.ones((8, 8))
results = {k: transposed_convolution(constant, np.ones((k, k))) for k in (2, 3, 4, 5)}
insides = [result[4:11, 4:11] for result in results.values()]
alt = "Sums of stamps of a constant image: kernels 2 and 4 give one number inside, 3 and 5 a checkerboard."
show.numbers(insides, [f"kernel {k}, stride 2" for k in results], most=9, alt=alt)

# %% [markdown]
# **What we see.** A constant image has come out as a pattern. With kernel 3 a pixel of the result gets 1, 2 or 4 stamps, and neighbours
# differ. With kernels 2 and 4 every pixel gets the same number of stamps (1 and 4), because the stride divides the kernel. That is the
# **first cure**. The **second cure** enlarges first (nearest or bilinear) and convolves after.
#
# Is one of them better? An untrained network has random weights. So we try random kernels and measure the **ripple**. Sort the pixels of
# the result into four groups: even or odd row, even or odd column. The ripple is the standard deviation of the four means, divided by
# the mean of all.


# %%
def ripple(image):
    inside = image[4:12, 4:12]
    groups = [inside[0::2, 0::2], inside[0::2, 1::2], inside[1::2, 0::2], inside[1::2, 1::2]]
    means = [group.mean() for group in groups]
    return np.std(means) / np.mean(means)


rng = np.random.default_rng(SEED)
doubled = constant.repeat(2, axis=0).repeat(2, axis=1)
results = {}
for kind, make in [("ones", np.ones), ("random", rng.random)]:
    for k in (3, 4):
        results[f"kernel {k}, {kind}"] = transposed_convolution(constant, make((k, k)))
    results[f"enlarge, then kernel 3, {kind}"] = convolution(doubled, make((3, 3)))
views = [result[4:12, 4:12] / result[4:12, 4:12].mean() for result in results.values()]
titles = [f"{name}\nripple {ripple(result):.2f}" for name, result in results.items()]
alt = "Six enlarged constant images: flat where enlarging came first and for kernel 4 of ones, else patterned."
show.images(views, titles, columns=3, size=2.4, value_range=(0, 2), alt=alt)

# %% tags=["record"]
record(ripple_4=ripple(results["kernel 4, random"]))
record(
    ripple_3=ripple(results["kernel 3, ones"]), ripple_3_random=ripple(results["kernel 3, random"])
)

# %% [markdown]
# **What we see.** Kernel 4 is flat for ones, but not for random weights (ripple {{ripple_4:.2f}}). Every output gets as many stamps as
# its neighbour, but not the same *weights*. Enlarging first leaves no ripple whatever the weights are, because all windows of a
# constant image are alike. So the first cure is a better start, which training may spoil. The second is safe where the image is
# constant (Odena 2016). Kernel 3 ripples both times, by {{ripple_3:.2f}} and {{ripple_3_random:.2f}}.
#
# > **Pitfall · the checkerboard.** It hides in textured images. To find it in a network of yours, give it a constant image and look for
# > a regular pattern. You will meet it in lesson 04.

# %% [markdown]
# ## 6 · A transposed convolution that starts as bilinear
#
# Could learning begin at the smooth answer of section 1? Write the weights of bilinear interpolation into the kernel. For factor 2, each
# input reaches four outputs. Their centres lie ¾, ¼, ¼, ¾ of a pixel away, so the weights are ¼, ¾, ¾, ¼ in one dimension, and their
# products in two.
#
# FCN (2015) does this: its middle up-convolutions start as bilinear and are then trained; its last one stays bilinear for good.
# **Does such a layer equal `UpSampling2D`?** Decide for yes or no.

# %%
hat = np.array([0.25, 0.75, 0.75, 0.25])
kernel = np.outer(hat, hat)  # (4, 4): the stride divides it, so there is no checkerboard
learn = keras.layers.Conv2DTranspose(1, 4, strides=2, padding="same")
learnable = by_keras(learn, image, kernel)
fixed = by_keras(keras.layers.UpSampling2D(2, interpolation="bilinear"), image)
agree(learnable[1:-1, 1:-1], fixed[1:-1, 1:-1])
titles = ["kernel", "transposed convolution", "minus UpSampling2D"]
alt = "The bilinear kernel, the enlarged image, and its difference to UpSampling2D: zero except along the border."
show.numbers([kernel, learnable, learnable - fixed], titles, most=8, alt=alt)

# %% [markdown]
# **What we see.** Inside they are equal. Along the border the transposed convolution is smaller, because the stamps from outside are
# missing. A corner keeps ¾ · ¾ = 9/16 of its value.
#
# With several channels, fill only `kernel[:, :, i, i]`. Otherwise every class is mixed with every other.
#
# ### Exercise 6.1 · Any factor
# Write `hat_weights(factor)`: the weights of one dimension for stride `factor`. An input counts $1 - d/f$ at an output that lies
# $d < f$ outputs from its centre. So an even factor needs $2f$ weights and an odd one $2f - 1$.


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
# Shrinking lets a kernel see far, and then costs you all this enlarging. **Can a kernel see far in the large image?** Spread its weights:
# between two of them lie $r - 1$ pixels that it skips. A **dilated** (or *atrous*) convolution with rate $r$ computes
# $y_i = \sum_k x_{i + r k}\, w_k$.
#
# Seen in another way, it is an ordinary convolution whose kernel was put on a bed of nails.


# %%
def dilate(kernel, rate):
    """`rate - 1` zeros between neighbouring weights of a kernel (height, width)."""
    height, width = kernel.shape
    wide = np.zeros((rate * (height - 1) + 1, rate * (width - 1) + 1))
    wide[::rate, ::rate] = kernel
    return wide


row, weights = np.arange(1.0, 9.0) ** 2, np.array([1.0, 2.0, 3.0])
for rate in (1, 2, 3):
    ours = np.zeros(len(row) - 2 * rate)
    for i in range(len(ours)):
        ours[i] = sum(row[i + rate * k] * weights[k] for k in range(3))
    agree(ours, by_keras(keras.layers.Conv1D(1, 3, dilation_rate=rate), row, weights))
    agree(ours, convolution_matrix(dilate(weights[None], rate)[0], len(row), 1) @ row)
    print(f"rate {rate}: {len(row)} → {len(ours)} numbers")
wide = [dilate(weights[None], rate) for rate in (1, 2, 3)]
alt = "The kernel 1 2 3 at rates 1, 2 and 3, with no, one and two zeros between its weights."
show.numbers(wide, ["rate 1", "rate 2", "rate 3"], alt=alt)

# %% [markdown]
# **What we see.** The formula, the widened kernel and Keras agree. Three weights span 3, 5 or 7 pixels, so `valid` loses 2, 4 or 6. The
# span is $r\,(k-1) + 1$, and keeping the size takes $r\,(k-1)/2$ zeros on each side.
#
# In two dimensions, how many pixels does a 3×3 kernel span at rate 2, with how many weights? And a **1×1 kernel** at rate 18, as some
# published networks have it?

# %%
image, kernel = np.arange(196).reshape(14, 14) % 11, np.arange(1.0, 10.0).reshape(3, 3)
for rate in (2, 3):
    valid = keras.layers.Conv2D(1, 3, dilation_rate=rate)
    same = keras.layers.Conv2D(1, 3, dilation_rate=rate, padding="same")
    agree(convolution(image, dilate(kernel, rate)), by_keras(valid, image, kernel))
    framed = np.pad(image, rate)  # r (3 - 1) / 2 = r zeros on each side
    agree(convolution(framed, dilate(kernel, rate)), by_keras(same, image, kernel))
one = np.array([[2.0]])
for rate in (6, 12, 18):
    agree(2 * image, by_keras(keras.layers.Conv2D(1, 1, dilation_rate=rate), image, one))
wide = [kernel, dilate(kernel, 2), dilate(kernel, 3), dilate(one, 18)]
alt = (
    "Nine weights at rates 1, 2 and 3 span 3×3, 5×5 and 7×7; a single weight stays a single weight."
)
show.numbers(wide, ["rate 1", "rate 2", "rate 3", "1×1, rate 18"], alt=alt)

# %% tags=["record"]
record(largest_difference_to_keras=max(differences))

# %% [markdown]
# **What we see.** A 3×3 kernel at rate 2 spans 5×5 pixels with 9 weights, and `same` means `rate` zeros on each side. All comparisons of
# this lesson agree with Keras; the largest difference is {{largest_difference_to_keras:.0e}}, from rounding.
#
# > **Pitfall · a dilated 1×1.** One weight has no neighbour to move away from. Rates 6, 12 and 18 double the image alike, without a
# > warning. You notice it if you compare the outputs at two rates.
#
# Two explorers close the lesson. In the first, one pixel is marked, and each result that it enters carries the letter of the weight
# used.

# %% tags=["picture"]
demos.convolution()
demos.receptive_field()

# %% [markdown]
# **What we see.** First explorer: with stride 1 the pixel enters nine results, once with each weight, in reverse order. With stride 2 it
# enters fewer. Dilation pulls the nine apart. Transposed, it writes the kernel itself.
#
# Second explorer: four stacks with 9 weights each. Plain layers span 7 pixels. Stride 2 spans 15, but makes the result 8 times smaller.
# Rate 2 in every layer spans 13 and reads only 7 of them, a grid of holes. Rates 1, 2, 4 span 15 and read all 15, at full size.
#
# ### Exercise 7.1 · How far does a stack see?
# Write `field_of_view(layers)` for a list of `(kernel, stride, dilation)`, first layer first: the span, in input pixels along one axis,
# that one output of the last layer sees.


# %% tags=["exercise"]
def field_of_view(layers):
    # BEGIN SOLUTION
    span = 1  # what one output sees
    step = 1  # how far apart, in the input, neighbouring outputs look
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
# - You can **write a convolution as a matrix**. Transposing it turns reading into writing: the transposed convolution, which restores
#   shape, not values.
# - You can **predict output sizes**: `valid` $\lfloor (n-k)/s \rfloor + 1$ and `same` $\lceil n/s \rceil$ down; $(n-1)s+k$ and $ns$ up.
# - You can **avoid the checkerboard**: a stride that divides the kernel, or enlarge first and convolve after.
# - You can **dilate a kernel**: $k$ weights span $r(k-1)+1$ pixels.
#
# **Words of this lesson:** [upsampling](glossary.md#upsampling), [max pooling](glossary.md#pooling), [stride](glossary.md#stride),
# [padding](glossary.md#padding), [transposed convolution](glossary.md#transposed), [dilated convolution](glossary.md#dilated),
# [receptive field](glossary.md#receptive-field).

# %%
ex.progress()

# %% [markdown]
# ## Further reading
#
# - Zeiler, Taylor, Fergus (2011), *Adaptive deconvolutional networks*, [doi:10.1109/ICCV.2011.6126474](https://doi.org/10.1109/ICCV.2011.6126474)
# - Long, Shelhamer, Darrell (2015), *Fully convolutional networks for semantic segmentation*, [arXiv:1411.4038](https://arxiv.org/abs/1411.4038)
# - Dumoulin, Visin (2016), *A guide to convolution arithmetic for deep learning*, [arXiv:1603.07285](https://arxiv.org/abs/1603.07285):
#   all sizes, drawn
# - Odena, Dumoulin, Olah (2016), *Deconvolution and checkerboard artifacts*, [doi:10.23915/distill.00003](https://doi.org/10.23915/distill.00003)
# - Yu, Koltun (2016), *Multi-scale context aggregation by dilated convolutions*, [arXiv:1511.07122](https://arxiv.org/abs/1511.07122)
# - Badrinarayanan, Kendall, Cipolla (2017), *SegNet*, [doi:10.1109/TPAMI.2016.2644615](https://doi.org/10.1109/TPAMI.2016.2644615)
#
# **Try next.** Run section 5 with another `SEED`. Then put strided and transposed convolutions into your first network, in
# [02 eliret with an FCN](02_eliret_fcn.ipynb).
