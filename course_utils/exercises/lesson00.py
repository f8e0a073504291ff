"""Questions of lesson 00."""

import numpy as np

from .engine import call, close, expect, letter, one_number, question


@question(
    "What does each of the four entries of the shape count?",
    "There are 10 images, each with 32 rows and 32 columns, and 1 number for each pixel.",
    "numbers = images · rows · columns · channels",
    praise="Shapes in this course always read (batch, height, width, channels).",
)
def q2_1(answer, rng):
    values = np.asarray(answer)
    expect(values.dtype.kind in "iuf", f"a number is wanted, not {answer!r:.40}.")
    expect(values.size == 1, "that is a shape. How many numbers does an array of this shape hold?")
    number = float(values.item())
    expect(number != 32 * 32, "that is one image; the batch holds more.")
    expect(number != 10 + 32 + 32 + 1, "you added the four lengths. Think of a box: how many cubes fit into it?")
    expect(number != 3 * 10 * 32 * 32, "these images are grey: they have one channel and not three.")
    expect(number == 10 * 32 * 32, f"{number:g} is not it. Go through the four lengths one by one.")


@question(
    "Which rows hold at least one pixel of the object? Which columns?",
    "The box reaches from the first such row to the last, and the same for columns. Count rows first, as arrays do.",
    "rows, columns = np.nonzero(mask); smallest and largest of each",
    praise="A mask always gives the box; the box never gives the mask.",
)
def q3_1(answer, rng):
    for turn in range(5):
        shape = rng.integers(12, 20, 2)
        top, left = (rng.integers(1, 4), rng.integers(4, 7)) if turn else (1, 6)  # first a box whose numbers are not in order of size
        height, width = rng.integers(2, 5), rng.integers(5, 7)
        bottom, right = top + height - 1, left + width - 1
        mask = np.zeros(shape, np.uint8)
        mask[top : bottom + 1, left : right + 1] = rng.integers(0, 2, (height, width))
        mask[top, left] = mask[bottom, right] = 0  # the first and the last pixel are no corners of the box
        mask[top, left + 1] = mask[bottom, left + 2] = mask[top + 1, left] = mask[top, right] = 1
        expected = top, left, bottom, right
        box = call(answer, mask)
        box = np.asarray(box if not isinstance(box, dict) else list(box.values()))
        expect(box.dtype.kind in "iuf", "the box has to be made of four numbers.")
        box = tuple(box.ravel().astype(int).tolist())
        expect(len(box) == 4, f"a box has four numbers: top, left, bottom, right. You give {len(box)}.")
        expect(box != (left, top, right, bottom), "rows and columns are swapped: top and bottom are rows.")
        expect(
            box == expected or sorted(box) != sorted(expected), "the four numbers are right, but their order is: top, left, bottom, right."
        )
        expect(box != (top, left, bottom + 1, right + 1), "bottom and right lie one too far: that row and column hold no object.")
        expect(box != (left, top, width, height), "that is OpenCV's order with its width and height. Wanted: top, left, bottom, right.")
        expect(box != (top, left, height, width), "the last two are the height and the width; wanted are the last row and the last column.")
        expect(box != (0, 0, shape[0] - 1, shape[1] - 1), "that is the whole image. Only pixels that are not 0 belong to the object.")
        expect(box[:2] == expected[:2], "top or left is wrong: the object begins elsewhere.")
        expect(box == expected, "bottom or right is wrong: the object ends elsewhere.")


@question(
    "Which pixels count? Take those first.",
    "For each class: how many of the counting pixels hold its id, divided by how many there are.",
    "counted = mask where it is not 255; for each id from 0 to num_classes - 1: mean of (counted == id)",
    praise="These shares are the first thing to look at in a new data set.",
)
def q4_1(answer, rng):
    for num_classes in (3, 2, 5):
        height, width = rng.integers(4, 9, 2)
        mask = rng.integers(0, num_classes, (height, width)).astype(np.uint8)
        mask[rng.integers(height), :] = 255
        mask[mask == 1] = 0  # a class that does not occur
        expected = np.zeros(num_classes)
        for value in mask.ravel():
            if value != 255:
                expected[value] += 1
        counted = expected.sum()
        shares = call(answer, mask, num_classes)
        try:
            shares = np.asarray(shares, float).ravel()
        except (TypeError, ValueError):
            expect(False, f"a list of numbers is wanted, not {type(shares).__name__}.")
        expect(len(shares) != 1, "one number came back; give one share for each class.")
        expect(
            len(shares) == num_classes,
            f"{len(shares)} numbers came back for {num_classes} classes. A class that does not occur has the share 0, and 255 is no class.",
        )
        expect(shares.any(), "every share is 0: `//` gives whole numbers, and a share lies between 0 and 1.")
        expect(not np.allclose(shares, expected), "these are counts. Divide by the number of pixels that count.")
        expect(not np.allclose(shares, expected / mask.size), "the shares do not add up to 1: the ignored pixels are still in the divisor.")
        expect(not np.allclose(shares, 100 * expected / counted), "these are per cent. Shares lie between 0 and 1.")
        right = expected / counted
        expect(
            np.allclose(shares, right, atol=1e-5) or not np.allclose(np.sort(shares), np.sort(right)), "the order is wrong: class 0 first."
        )
        expect(np.allclose(shares, right, atol=1e-5), "some shares are wrong. Is every id from 0 to `num_classes - 1` counted?")


@question(
    "Which pixels of `image` belong to class 3? Which expression is True for them and False for all others?",
    "`mask == number` is an array of True and False; put it as an index behind `image`, then take the mean.",
    "greys = {}; for number, name in names.items(): greys[name] = mean of image[mask == number]; return greys",
    praise="Boolean indexing finds the pixels of a class, whatever their place.",
)
def q5_1(answer, rng):
    words = ["wall", "floor", "ellipse", "rectangle", "sky"]
    for _ in range(3):
        shape = tuple(rng.integers(4, 8, 2).tolist())
        ids = rng.permutation(8)[:4].tolist()
        names = dict(zip(ids[:3], rng.permutation(words).tolist(), strict=False))  # the last id has no name
        mask = rng.permutation(np.resize(np.repeat(ids, [1, 2, 3, 4]), np.prod(shape))).reshape(shape).astype(np.uint8)
        image = rng.random(shape) + 0.1 + 0.3 * mask
        means = call(answer, image, mask, dict(names))
        expect(isinstance(means, dict), f"a dictionary is wanted, not {type(means).__name__}.")
        expect(set(means) != set(names), "the keys of your dictionary are the ids; wanted are the names.")
        strange = [str(key) for key in means if key not in names.values()]
        expect(not strange, f"{', '.join(strange)[:60]}: no such name was given.")
        expect(
            len(means) == len(names), f"{len(names)} names were given, and your dictionary has {len(means)}. Is `return` inside the loop?"
        )
        for number, name in names.items():
            here, grey = mask == number, one_number(means[name])
            expect(not close(grey, image[here].sum()), "those are sums. Divide by the number of pixels of the class.")
            expect(not close(grey, (image * here).mean()), "the divisor is the whole image; only the pixels of the class count.")
            expect(not close(grey, here.mean()), "that is the share of the pixels that are of the class, not their mean grey.")
            expect(not close(grey, image.mean()), "every class gets the mean of the whole image.")
            expect(close(grey, image[here].mean()), f"the mean grey of {name} (id {number}) is another one.")


@question(
    "Look at the membrane masks in section 6: which colour covers more?",
    "The accuracy of a constant answer is the share of the class that it names.",
    "accuracy = pixels inside cells / all pixels; estimate it from the figure",
    praise="Now see how exact your estimate is.",
)
def q7_1(answer, rng):
    choice = letter(answer, "ABC")
    expect(choice != "A", "every pixel inside a cell is right without any work. Are there so few of them?")
    expect(choice != "B", "compare the blue area with the red lines once more; the lines are thin.")


@question(
    "What value says that nobody labelled a pixel?",
    "Begin with a mask in which no pixel counts; then write each class at its point.",
    "mask = array of `shape`, filled with 255, uint8; for each (row, column, id): mask[row, column] = id",
    praise="A loss that ignores 255 can learn from such a mask.",
)
def q8_1(answer, rng):
    for shape in [(12, 12), (6, 15), (14, 5)]:
        places = [(row, column) for row in range(min(shape) - 1) for column in range(min(shape) - 1) if row != column]
        points = [(*places[place], number % 3) for number, place in enumerate(rng.choice(len(places), 4, replace=False))]
        if all((column, row, number) in points for row, column, number in points):  # swapped, they would be the same
            points[0] = (min(shape) - 2, min(shape) - 1, points[0][2])
        expected = np.full(shape, 255)
        turned = expected.copy()
        for row, column, number in points:
            expected[row, column] = number
            turned[column, row] = number
        mask = np.asarray(call(answer, shape, list(points)))
        expect(mask.dtype.kind in "iuf", f"the mask has to hold numbers, not {mask.dtype}.")
        expect(mask.shape == shape, f"the mask has shape {mask.shape} and should have {shape}.")
        if np.array_equal(mask, expected):
            continue
        expect((mask == 255).any(), "a pixel that nobody labelled is not background: it has to be ignored.")
        expect(not np.array_equal(mask, turned), "row and column are swapped: an array is addressed as mask[row, column].")
        expect((mask != 255).sum() >= len(points), "points are missing. Is `return` inside the loop?")
        expect((mask != 255).sum() <= len(points), "more pixels are labelled than there are points.")
        expect(False, "there are as many labels as points, but not all are the right class at the right place.")
