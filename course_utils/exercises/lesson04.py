"""Questions of lesson 04."""

import numpy as np

from .engine import NotYet, call, expect, letter, one_number, question
from .late import Late, keras

graph = Late("course_utils.diagram.calls")
LAYERS = {
    "A": "A convolution's weights belong to places in its kernel, not in the image.",
    "B": "Pooling has no weights at all; it halves whatever comes.",
    "D": "Upsampling has no weights; it doubles whatever comes.",
    "E": "A global average gives one number a channel, over however many places; the Dense layer sees 8 numbers in any case.",
    "F": "Batch normalisation keeps its numbers for each channel, not for each pixel.",
    "G": "Without Flatten, Dense works along the last axis, the 8 channels, at each place alike: a 1×1 convolution.",
}
NEED_SIZE = {"C": "flattening", "H": "a weight for each pixel"}


@question(
    "For each layer: how many weights has it, and can you say so without height and width?",
    "A layer needs the size if it holds a weight for each place of the image.",
    "for each letter: try layer(keras.Input((None, None, 8))) and see whether Keras complains",
    praise="All the others hold weights for a kernel or a channel, or none.",
)
def q1_1(answer, rng):
    given = "".join(answer) if isinstance(answer, list | tuple | set) and all(isinstance(part, str) for part in answer) else answer
    expect(isinstance(given, str), f'letters in quotes are wanted, such as "AB", not {answer!r:.40}.')
    letters = {sign.upper() for sign in given if sign.isalpha()}
    strangers = letters - set(LAYERS) - set(NEED_SIZE)
    expect(not strangers, f"there is no layer called {', '.join(sorted(strangers))}; the letters run from A to H.")
    for needless in sorted(letters & set(LAYERS)):
        expect(False, f"{needless} can be built without the size. {LAYERS[needless]}")
    missing = set(NEED_SIZE) - letters
    expect(len(missing) < 2, "some layer in the list does need the size. Which one has more weights if the image is larger?")
    expect(not missing, "one more is missing. Which other layer holds more weights if the image is larger?")


@question(
    "Try 70 and three levels on paper: down to 9. And up again?",
    "Halving rounds up each time; doubling is exact. So the result is never smaller than the input.",
    "levels times: side = half of side, rounded up; then levels times: side = 2 · side",
    praise="For three levels: the next multiple of 8.",
)
def q2_1(answer, rng):
    cases = [(32, 3), (70, 3), (86, 3), (33, 1), (65, 4)]
    cases += zip(rng.integers(9, 300, 20).tolist(), rng.integers(1, 6, 20).tolist(), strict=True)
    results = [one_number(call(answer, side, levels)) for side, levels in cases]
    multiples = [-(-side // 2**levels) * 2**levels for side, levels in cases]
    if results == multiples:
        return
    expect(results != [side for side, _ in cases], "a side that is no multiple of 2 to the levels does not come back as it was.")
    down = [side // 2**levels * 2**levels for side, levels in cases]
    expect(results != down, "that is rounding down; with `same` padding half a side rounds up.")
    half_way = [-(-side // 2**levels) for side, levels in cases]
    expect(results != half_way, "that is the smallest map, half-way. Go up again.")
    expect(results != [-(-side // 8) * 8 for side, _ in cases], "you round to a multiple of 8, whatever the number of levels.")
    expect(all(float(result).is_integer() for result in results), "a side is a whole number; use `//` and round up.")
    side, levels, result = next((*case, r) for case, r, m in zip(cases, results, multiples, strict=True) if r != m)
    expect(False, f"for side {side} and {levels} level{'s' * (levels > 1)} you get {result:g}. Go down level by level on paper, then up.")


@question(
    "How many rows are missing to the next multiple? And none, if the height already is one.",
    "Pad below and to the right only; then the result's upper left part is what you want.",
    "rows = -height % multiple, columns likewise; np.pad(image, ((0, rows), (0, columns), (0, 0)), mode=...); predict; crop",
    praise="Mirrored padding (`reflect`) is kinder to the border than zeros.",
)
def q3_1(answer, rng):
    for number in range(12):
        multiple = int(rng.choice([4, 8, 16]))
        height, width = (int(side) for side in rng.integers(multiple + 1, 5 * multiple, 2))
        if number % 4 == 3:
            height, width = 2 * multiple, 3 * multiple
        image = rng.random((height, width, int(rng.integers(1, 4))))
        asked = []

        def predict(padded, asked=asked, multiple=multiple):
            padded = np.asarray(padded)
            if padded.ndim != 3:
                raise NotYet(f"predict got {padded.ndim} axes; it wants (height, width, channels).")
            if padded.shape[0] % multiple or padded.shape[1] % multiple:
                raise NotYet(f"predict got {padded.shape[0]}×{padded.shape[1]}, but wants multiples of {multiple}.")
            asked.append(padded.shape)
            return padded.sum(axis=2)

        result = _with(answer, predict, image, multiple)
        expect(asked, "you never called predict.")
        result = np.asarray(result)
        expect(result.ndim == 2, f"the result has {result.ndim} axes; give back (height, width), as predict does.")
        expect(
            result.shape == (height, width),
            f"{height}×{width} went in and {result.shape[0]}×{result.shape[1]} came out. Crop what you padded.",
        )
        shifted = "the right size, but the pixels are not where they were. Crop on the side where you padded; do not resize."
        expect(np.allclose(result, image.sum(axis=2), atol=1e-4), shifted)
        least = [-(-side // multiple) * multiple for side in (height, width)]
        expect(
            list(asked[-1][:2]) == least,
            f"{height}×{width} was padded to {asked[-1][0]}×{asked[-1][1]}; less would do for multiples of {multiple}.",
        )


@question(
    "The network never saw a 32×32 image without a shape in its middle. What else could it have learnt than shapes?",
    "All training images share something that the larger images do not have.",
    "A network may use everything that helped in training, also the place; then it fails where the place does not tell.",
    praise="A bold bet. The next cell shows what happens.",
)
def q4_1(answer, rng):
    choice = letter(answer, "ABC")
    expect(choice != "A", "same shapes, same greys, same noise, but not the same places. Where was the shape in all 100 training images?")
    expect(choice != "B", "a fair guess, and too hopeful. What would a network do that relies on the place alone?")


@question(
    "Decide once; then do the same to both.",
    "`array[:, ::-1]` reverses the second axis, the columns, of an image as of a mask.",
    "if rng.random() < 0.5: give back image and mask with their columns reversed; else both as they are",
    praise="One decision, two arrays: that is all there is to paired augmentation.",
)
def q5_1(answer, rng):
    mirrored, cases = 0, 120
    for seed in rng.integers(2**31, size=cases).tolist():
        height, width = rng.integers(4, 9, 2)
        image = rng.integers(0, 256, (height, width, int(rng.choice([1, 3])))).astype(np.uint8)
        mask = rng.integers(0, 2, (height, width)).astype(np.uint8)
        mask[:, 0], mask[:, -1] = 0, 1  # mirrored and unmirrored differ, in either direction
        mask[0], mask[-1, :-1] = 1, 0
        result = _pair(call(answer, image, mask, np.random.default_rng(seed)))
        expect(result[0].shape == image.shape, f"the image had shape {image.shape} and came back as {result[0].shape}.")
        expect(result[1].shape == mask.shape, f"the mask had shape {mask.shape} and came back as {result[1].shape}.")
        moved = [_how(before, now) for before, now in zip((image, mask), result, strict=True)]
        for what, how in zip(("image", "mask"), moved, strict=True):
            expect(how != "top to bottom", f"the {what} is mirrored top to bottom. Axis 0 holds the rows, axis 1 the columns.")
            expect(how != "something else", f"the {what} is neither mirrored left to right nor as it was. Were colours reversed too?")
        expect(moved[0] == moved[1], "image and mask parted: one was mirrored, the other not. Decide once for both.")
        again = _pair(call(answer, image, mask, np.random.default_rng(seed)))
        expect(np.array_equal(again[1], result[1]), "the same rng gave two different decisions. Draw from `rng`, not from elsewhere.")
        mirrored += moved[0] == "left to right"
    expect(mirrored > 0, "nothing was ever mirrored.")
    expect(mirrored < cases, "everything was mirrored; half of the cases shall stay as they are.")
    expect(0.25 < mirrored / cases < 0.75, f"{mirrored} of {cases} were mirrored; it shall be about half.")


@question(
    "Imagine the mirrored picture. Could somebody have taken it?",
    "Seen from above there is no up and down; gravity and writing have a direction.",
    "from above, through air or a microscope: any direction; upright scenes: sides only; where left and right carry meaning: not at all",
    praise="Mirrored streets do change the side they drive on: fine for the classes road and car, not for reading signs.",
)
def q6_1(answer, rng):
    expect(isinstance(answer, dict), "a dictionary is wanted, as in the cell above: task to mirroring.")
    given = {str(task).lower(): str(flip).strip().lower().replace("–", "-") for task, flip in answer.items()}
    cells, street, fields, letters = names = "cells, microscope", "street, from a car", "fields, from the air", "handwritten letters"
    for name in names:
        expect(name in given, f"there is no answer for {name!r}.")
        expect(given[name] in ("none", "left-right", "both"), f'for {name!r}: answer "none", "left-right" or "both".')
    expect(given[letters] == "none", "mirrored handwriting: is a mirrored b still a b?")
    expect(given[street] != "both", "a street upside down has its sky below. No camera on a car sees that.")
    expect(given[street] != "none", "a street with left and right swapped still is a street; you give away half of your data.")
    for name in (cells, fields):
        expect(given[name] == "both", f"{name}: who could tell which side is up? More is allowed.")


@question(
    "Height and width stay open in `keras.Input`. Which layer halves a map, which one doubles it?",
    "Keep the fine map in a variable. After enlarging the coarse one, put both side by side with `Concatenate`; a sigmoid ends it all.",
    "fine = conv(inputs); coarse = conv(pool(fine)); joined = Concatenate of fine and the enlarged coarse; last: 1 filter, sigmoid",
    praise="Any even size goes in, and the same size comes out.",
)
def q6_2(answer, rng):
    model = answer if isinstance(answer, keras.Model) else call(answer)
    expect(isinstance(model, keras.Model), "a model is wanted: `return keras.Model(inputs, outputs)`.")
    expect(not isinstance(model, keras.Sequential), "a `Sequential` model is a chain and has no bridge. Call the layers on tensors.")
    shapes = [model.input_shape, model.output_shape]
    expect(all(isinstance(shape, tuple) and len(shape) == 4 for shape in shapes), "one image goes in and one comes out, no list of them.")
    expect(shapes[0][1:3] == (None, None), f"height and width of the input should stay open; yours is {shapes[0][1:]}.")
    expect(shapes[0][3] == 1, f"grey images have one channel; your input has {shapes[0][3]}.")
    expect(shapes[1][3] == 1, f"the output should have one channel, not {shapes[1][3]}.")
    for height, width in ((8, 12), (18, 6)):
        image = rng.normal(0, 100, (1, height, width, 1)).astype("float32")
        result = keras.ops.convert_to_numpy(model(image))
        size = f"{height}×{width} went in and {result.shape[1]}×{result.shape[2]} came out"
        expect(result.shape == (1, height, width, 1), f"{size}. Half the side has to be doubled again, and padding is `same`.")
        expect(result.min() >= 0 and result.max() <= 1, "the output leaves [0, 1]: which activation keeps it inside?")
    calls = graph.calls(model)[0]
    found, last = _coarsest(calls)
    expect(any(coarse > 1 for coarse in found), "the network never halves the side: where is the pooling?")
    expect(1 in last, "there is no bridge: each way from input to output leads through the pooling. Join the fine map in again.")
    expect(max(last) > 1, "what was pooled never reaches the output: join it with the fine map.")
    expect(max(last) == 2, f"one halving is wanted; your coarsest map has 1/{max(last)} of the side.")
    learned = any(each.learns and each.stride == 2 for each in calls)
    expect(learned, "nothing is learned at half the side: put a convolution between pooling and enlarging.")


def _coarsest(calls):
    """For all calls, and for the output: how many times smaller than the image a way there gets, at its smallest map."""
    found = []
    for each in calls:
        before = set().union(*(found[source] for source in each.sources)) or {1}
        found.append({max(coarse, int(each.stride)) for coarse in before})
    return set().union(*found), found[-1]


@question(
    "In one dimension first: at which places may the upper edge of the window lie?",
    "At 0, step, 2 · step, … as long as the window's lower edge stays inside. Count them, then do the same for columns.",
    "along a side: (side - window) // step + 1; multiply the two",
    praise="72×88 with step 1: 2337 windows, 378 times the pixels of one pass.",
)
def q7_1(answer, rng):
    cases = [(72, 88, 32, 8), (32, 32, 32, 8), (33, 50, 32, 1)]
    cases += [tuple(int(v) for v in (*rng.integers(40, 200, 2), rng.integers(8, 40), rng.integers(1, 12))) for _ in range(20)]

    def count(height, width, window, step):
        return len([1 for _ in range(0, height - window + 1, step) for _ in range(0, width - window + 1, step)])

    def differs(other):
        return results != [other(*case) for case in cases]

    results = [one_number(call(answer, *case)) for case in cases]
    if not differs(count):
        return
    expect(differs(lambda h, w, k, s: ((h - k) // s) * ((w - k) // s)), "a window that starts at 0 counts too: one more in each direction.")
    expect(differs(lambda h, w, k, s: (h // s) * (w // s)), "the last windows reach beyond the border. They must fit in.")
    expect(differs(lambda h, w, k, s: (h // k) * (w // k)), "those windows lie side by side; here they overlap, a step apart.")
    expect(differs(lambda h, w, k, s: (h - k) // s + 1 + (w - k) // s + 1), "for each row of windows there are all the columns: multiply.")
    expect(all(float(result).is_integer() for result in results), "a number of windows is whole; what does not fit is not cut. Use `//`.")
    case, result = next((case, r) for case, r in zip(cases, results, strict=True) if r != count(*case))
    text = f"for {case[0]}×{case[1]}, window {case[2]}, step {case[3]} you get {result:g}."
    expect(False, f"{text} List the places of the upper edge on paper.")


def _with(answer, predict, image, multiple):
    """`call`, but what `predict` has to say about its input comes first."""
    said = []

    def noted(padded):
        try:
            return predict(padded)
        except NotYet as wrong:
            said.append(wrong)
            raise

    try:
        return call(answer, noted, image, multiple)
    except NotYet:
        if said:
            raise said[0] from None
        raise


def _pair(result):
    expect(isinstance(result, list | tuple) and len(result) == 2, "give back two arrays: `return image, mask`.")
    return [np.asarray(array) for array in result]


def _how(before, now):
    """In which way `now` comes from `before`."""
    ways = {"as it was": before, "left to right": before[:, ::-1], "top to bottom": before[::-1]}
    return next((name for name, array in ways.items() if np.array_equal(array, now)), "something else")
