"""Questions of lesson 08."""

import cv2
import numpy as np

from .engine import call, expect, letter, numbers, question


@question(
    "How many metres does the point lie east of the left border, and how many south of the upper one?",
    "Divide each distance by the size of a pixel. Which pixel begins at or before that place?",
    "row = (north - y) / metres, column = (x - west) / metres, both rounded down",
    praise="Rasterio's `index` does the same for maps that are not turned.",
)
def q1_1(answer, rng):
    for _ in range(8):
        metres = float(rng.choice([0.25, 0.5, 2.0]))
        west, north = 4.0 * rng.integers(1000, 2000), 4.0 * rng.integers(3000, 4000)
        row, column = int(rng.integers(2, 400)), int(rng.integers(401, 900))
        # Well inside a pixel, so that rounding errors do not count: a quarter or three quarters of its side from its corner.
        part = rng.choice([0.25, 0.75], 2)
        x, y = west + (column + part[0]) * metres, north - (row + part[1]) * metres
        found = numbers(call(answer, x, y, west, north, metres)).ravel().tolist()
        expect(len(found) == 2, "two numbers are wanted: row, column.")
        if found == [row, column]:
            continue
        expect(found != [column, row], "row and column are swapped: rows count from north to south.")
        expect(found[0] >= 0, "the row is negative: the map's y grows to the north, rows grow to the south.")
        expect(found[1] >= 0, "the column is negative: it counts from the west border eastwards.")
        expect(all(value == int(value) for value in found), "whole numbers are wanted: a pixel, not a place within it.")
        expect(
            max(abs(found[0] - row), abs(found[1] - column)) > 1,
            "you are one pixel off at times: round down, a pixel goes on to the next one.",
        )
        in_metres = [(row + part[1]) * metres, (column + part[0]) * metres]
        expect(not np.allclose(found, in_metres, atol=1), "that is the distance in metres; how many pixels is it?")
        expect(False, "row or column is off. Try the upper left corner: it is pixel (0, 0).")


@question(
    "A label stands for a class; which of the labels of a block may stand for the block?",
    "One pixel of each block is enough. Slices with a step take every factor-th row and column.",
    "mask[start::factor, start::factor], with a start within the first block, best its middle",
    praise="The label that most pixels of a block have would be right as well.",
)
def q2_1(answer, rng):
    for _ in range(6):
        factor = int(rng.integers(2, 5))
        rows, columns = int(rng.integers(4, 7)), int(rng.integers(8, 11))
        coarse = rng.choice([0, 4, 1], (2 * rows, 2 * columns), p=[0.5, 0.4, 0.1]).astype(np.uint8)
        mask = cv2.resize(coarse, (columns * factor, rows * factor), interpolation=cv2.INTER_NEAREST)
        result = np.asarray(call(answer, mask, factor))
        expect(result.shape != (columns, rows), "height and width are swapped: OpenCV's size is (width, height).")
        expect(result.shape != mask.shape, "the mask has kept its size.")
        expect(
            result.shape == (rows, columns), f"shape {(rows, columns)} is wanted for {mask.shape} and factor {factor}, not {result.shape}."
        )
        invented = sorted(set(np.unique(result).tolist()) - set(np.unique(mask).tolist()))
        expect(not invented, f"there are labels that were not there, such as {(invented or [0])[0]:g}. How do you interpolate?")
        blocks = mask.reshape(rows, factor, columns, factor).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
        foreign = ~(blocks == result[..., None]).any(axis=2)
        expect(not np.array_equal(result, mask[:rows, :columns]), "that is the upper left corner of the mask, not all of it made smaller.")
        expect(not foreign.any(), f"{foreign.sum()} labels are none of those in their block; between two labels lies no label.")


@question(
    "Which part of the name is the mosaic's? Count from the end.",
    "Row and column are the last two parts: `rsplit` with a limit of 2 leaves the rest whole.",
    "mosaic = file.rsplit('_', 2)[0]; test if it is in held_out, else training",
    praise="A mosaic is on one side only, whatever it is called.",
)
def q3_1(answer, rng):
    for held_out in (["M_33"], ["N-34-3"], ["M_33_7", "K-1"], ["N-34-35", "M_33"]):
        names = ["N-34-3", "N-34-35", "M_33_7", "M_33", "K-1"]
        rng.shuffle(names)
        files = [f"{name}_{row:05d}_{column:05d}.png" for name in names for row in (0, 128) for column in (0, 128, 256)]
        files = [files[i] for i in rng.permutation(len(files))]
        parts = call(answer, list(files), list(held_out))
        expect(isinstance(parts, tuple | list) and len(parts) == 2, "two lists are wanted: training, test.")
        expect(all(np.iterable(part) for part in parts), "both lists have to hold names of files.")
        training, test = ([str(file) for file in part] for part in parts)
        right = {file for file in files if file.rsplit("_", 2)[0] in held_out}
        expect(not set(training) & set(test), "some tiles are in both lists.")
        expect(set(training) | set(test) <= set(files), "the lists have to hold the names of the files as they are.")
        expect(set(training) | set(test) == set(files), "some tiles are in neither list.")
        expect(set(training) != right or set(test) == right, "the two lists are swapped: training comes first.")
        both = {file.rsplit("_", 2)[0] for file in training} & {file.rsplit("_", 2)[0] for file in test}
        expect(not both, f"tiles of {(sorted(both) or [''])[0]} are on both sides.")
        expect(set(test) != set(), "nothing is held out: names of mosaics may hold `_` themselves, so count from the end.")
        expect(not set(test) > right, "too much is held out: one name may begin with another, as N-34-3 and N-34-35.")
        expect(set(test) == right, "other mosaics than those of `held_out` are held out.")
        expect(len(training) + len(test) == len(files), "a tile comes twice.")


@question(
    "Which of the two sets shares fields, woods and light with the training tiles?",
    "A held-out tile lies between training tiles; what it shows goes on there.",
    "what a network learnt by heart helps on neighbours, and nowhere else",
    praise="How large the difference is, the run tells.",
)
def q5_1(answer, rng):
    choice = letter(answer, "ABC")
    expect(choice != "B", "why should strangers be easier than neighbours of what it has learnt?")
    expect(choice != "C", "look at the table of section 3: one of the two sets touches the training tiles nearly everywhere.")


@question(
    "How far is it from the beginning of one tile to that of the next?",
    "Steps of tile - overlap, as long as the tile ends before the side does; then one more tile that ends with it.",
    "all of range(0, length - tile, tile - overlap), then length - tile",
    praise="`tiles.starts` is this line, with a word for overlaps that cannot be.",
)
def q6_1(answer, rng):
    cases = [(12, 4, 0), (13, 4, 0), (12, 4, 2), (13, 4, 2), (8, 8, 4), (100, 32, 8)]
    cases += [(int(tile * rng.uniform(2, 9)), int(tile), int(rng.integers(0, tile))) for tile in rng.integers(4, 40, 6)]
    for length, tile, overlap in cases:
        found = np.asarray(call(answer, length, tile, overlap))
        expect(found.ndim == 1 and found.dtype.kind in "iuf" and found.size, "a list of whole numbers is wanted.")
        found = [float(value) for value in found]
        right = [*range(0, length - tile, tile - overlap), length - tile]
        said = f"length {length}, tile {tile}, overlap {overlap}"
        if found == right:
            continue
        expect(found[0] == 0, f"the first tile begins at 0 ({said}).")
        expect(len(set(found)) == len(found), f"a tile comes twice ({said}): what if the last one fits exactly?")
        expect(max(found) + tile <= length, f"the last tile sticks out ({said}): it has to be moved back.")
        expect(max(found) + tile == length, f"the last pixels belong to no tile ({said}).")
        if overlap and len(found) > 1:
            expect(found[1] != tile, f"these tiles do not overlap ({said}).")
            expect(
                found[1] != overlap or overlap == tile - overlap,
                f"the step is not the overlap ({said}): neighbours SHARE that many pixels.",
            )
        expect(False, f"the tiles begin elsewhere ({said}). Draw it on squared paper.")


@question(
    "What is in memory at once: which rows, and which columns?",
    "Rows that no later tile touches are written and forgotten. And a very wide mosaic is done in strips of columns.",
    "the buffer has the height of a tile and the width of a strip; neither is the mosaic's",
    praise="A strip is 2048 columns wide, see `tiles.STRIP`.",
)
def q8_1(answer, rng):
    choice = letter(answer, "ABC")
    expect(choice != "A", "that would be right if the mosaic, or the map, lay in memory as a whole.")
    expect(choice != "B", "that would be right if the buffer went over the whole width. Look at `STRIP` in `course_utils/tiles.py`.")
