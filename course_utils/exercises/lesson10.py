"""Questions of lesson 10."""

import itertools
import pickle
from pathlib import Path

import numpy as np

from .engine import NotYet, call, expect, letter, one_number, question


@question(
    "Two folders and the end of the name differ. Which parts of the path stay?",
    "`image.parts` holds split and city, `image.parents[3]` is the folder that holds leftImg8bit and gtFine.",
    "root / 'gtFine' / split / city / name with _leftImg8bit replaced by _gtFine_labelIds",
    praise="With `cityscapes(folder, split)` of the course it is done for all frames.",
)
def q1_1(answer, rng):
    for depth in range(1, 4):
        root = Path(*["sets", "of", "mine"][:depth]) / str(rng.choice(["leftImg8bit_mine", "street", "train"]))
        split, city = str(rng.choice(["train", "val"])), str(rng.choice(["ulm", "jena", "lindau"]))
        stem = f"{city}_{rng.integers(100):06}_{rng.integers(30):06}"
        found = call(answer, root / "leftImg8bit" / split / city / f"{stem}_leftImg8bit.png")
        expect(isinstance(found, Path), "a Path is wanted: begin with one and join parts by /.")
        place = root / "gtFine" / split / city
        expect("gtFine_color" not in found.name and "instanceIds" not in found.name, "another of the four files: labelIds is asked for.")
        expect(found.name != f"{stem}_leftImg8bit.png", "the file's name is still that of the image.")
        expect("leftImg8bit" not in found.name, "the name keeps its ending _leftImg8bit; the labels have _gtFine_labelIds in its place.")
        expect(found.name == f"{stem}_gtFine_labelIds.png", "the name should be the image's with another ending: _gtFine_labelIds.png.")
        expect(root in found.parents, "the set's own folder got changed: replace the folder leftImg8bit alone, not every leftImg8bit.")
        expect("leftImg8bit" not in found.relative_to(root).parts, "it still lies in leftImg8bit; labels lie in gtFine.")
        expect(found == place / found.name, "below gtFine come split and city, as below leftImg8bit.")


@question(
    "Each thing has a value of its own. How many different values are there?",
    "np.unique gives them; integer division by 1000 gives the class back.",
    "the number of values v in np.unique(instances) with v >= 1000 and v // 1000 == label",
)
def q1_2(answer, rng):
    for _ in range(5):
        label, other = (int(value) for value in rng.choice([24, 25, 26, 33], 2, replace=False))
        things = int(rng.integers(2, 5))
        # Numbers with gaps, a group with the bare id, another class, many pixels: each mistake gives a count of its own.
        own = 1000 * label + np.append(rng.choice(9, things - 1, replace=False), things + 11)
        values = np.concatenate([own, [label, 7, 8, other, 1000 * label - 1], 1000 * other + rng.choice(9, 5, replace=False)])
        instances = np.repeat(rng.permutation(values), 30).astype(np.uint16).reshape(10, -1)
        found = one_number(call(answer, instances, label))
        expect(found not in (30 * things, 30 * things + 30), "that counts pixels; a car has many.")
        expect(found != things + 1, "the bare id was counted too: it marks a group that nobody could count.")
        expect(found not in (things + 11, things + 12), "numbers may have gaps: count the values that occur.")
        expect(found != len(np.unique(instances)), "all classes were counted.")
        expect(found != (np.unique(instances) >= 1000).sum(), "things of other classes were counted too.")
        expect(found == things, "count the different values whose thousands are the label.")


@question(
    "Numpy can take many values from an array at once.",
    "An array used as an index: table[ids] has the shape of ids.",
    "make an array of train_ids, type uint8, and index it by ids",
    praise="`ClassTable.to_train` does this, and names values that the table does not know.",
)
def q2_1(answer, rng):
    for _ in range(6):  # one after the other goes well now and then
        train_ids = rng.permutation([*range(5), *[255] * 4]).tolist()
        ids = rng.integers(0, 9, (4, 6)).astype(np.uint8)
        right = np.array(train_ids)[ids]
        found = np.asarray(call(answer, ids, list(train_ids)))
        expect(found.shape == ids.shape, f"the shape changed from {ids.shape} to {found.shape}.")
        expect(not np.array_equal(found, ids), "these are still the ids.")
        expect(255 in found or 255 not in right, "255 got lost: what is ignored stays 255.")
        if np.array_equal(found, right):
            expect(found.dtype == np.uint8, f"the values are right, their type is not: {found.dtype}, wanted is uint8.")
            continue
        replaced = ids.copy()
        for old, new in enumerate(train_ids):
            replaced[replaced == old] = new
        expect(not np.array_equal(found, replaced), "replaced one after the other, a pixel may be translated twice: 3 → 1 and then 1 → 4.")
        back = np.array([train_ids.index(v) if v in train_ids else 255 for v in range(256)])[ids]
        expect(not np.array_equal(found, back), "that is the way back: train id → id.")
        expect(False, "some values are wrong: pixel by pixel, the train id of id i is train_ids[i].")


def _right(matrix, label, counting):
    hit = matrix[label, label]
    return hit / (matrix[label].sum() + matrix[counting, label].sum() - hit)


@question(
    "Rows are the truth. Which rows may count against a class, and which columns?",
    "Missed: the whole row, also what was called an ignored id. Wrong: the column, but of counting rows only.",
    "hit / (whole row + column of counting rows − hit)",
)
def q3_1(answer, rng):
    for _ in range(4):
        counting = sorted(rng.choice(6, 4, replace=False).tolist())
        ignored = [k for k in range(6) if k not in counting]
        label = int(rng.choice(counting))
        matrix = rng.integers(20_000, 60_000, (6, 6))  # no two mistakes come to the same by chance
        found = one_number(call(answer, matrix, label, list(counting)))
        hit, row, column = matrix[label, label], matrix[label], matrix[:, label]
        right = _right(matrix, label, counting)
        if np.isclose(found, right, rtol=1e-6):
            continue
        mistakes = [
            (hit / (row.sum() + column.sum() - hit), "in your score pixels whose truth is ignored are wrong; they are nobody's mistake."),
            (hit / (row[counting].sum() + column[counting].sum() - hit), "pixels of the class called an ignored id count as missed."),
            (hit / (row[counting].sum() + column.sum() - hit), "rows and columns are swapped: rows are the truth."),
            (hit / (row.sum() + column[counting].sum()), "the hits are counted twice below the line."),
            (hit / row.sum(), "that is the sensitivity: what is wrongly called so is missing."),
            (hit / column[counting].sum(), "that is the precision: what was missed is missing."),
            (2 * hit / (row.sum() + column[counting].sum()), "that is Dice, 2·TP / (2·TP + FP + FN)."),
            (_right(matrix.T, label, counting), "rows and columns are swapped: rows are the truth."),
        ]  # fmt: skip
        for value, message in mistakes:
            expect(not np.isclose(found, value, rtol=1e-6), message)
        expect(0 <= found <= 1, "an IoU lies between 0 and 1.")
        expect(ignored is None, "something is counted that should not be. Try a matrix that is 0 but for one entry.")


@question(
    "The frequent classes decide the accuracy. Which networks can draw a road?",
    "Every network gets road and building nearly right. Where do they differ?",
    "Think of lesson 07: which of the two numbers notices a class that is never found?",
)
def q4_1(answer, rng):
    choice = letter(answer, "ABC")
    expect(choice != "A", "large classes fill the accuracy, and all five learn those first.")
    expect(choice != "C", "there is a clear difference: think of classes that one network finds and another never says.")


@question(
    "When can no choice of one seed from each turn the order round?",
    "The worst seed of the better one still beats the best seed of the other.",
    "all (a, b) with min(scores[a]) > max(scores[b])",
    praise="With three seeds that happens by chance once in twenty pairs of equals: still no proof.",
)
def q7_1(answer, rng):
    for _ in range(6):
        # From low to high: three that overlap more or less, and one that touches the third.
        found = np.array([[0.50, 0.53, 0.55], [0.52, 0.56, 0.58], [0.54, 0.61, 0.63], [0.63, 0.71, 0.74]]) + rng.integers(-9, 9) / 100
        names = rng.permutation(["unet", "segnet", "fcn8s", "deeplab"]).tolist()
        scores = {name: rng.permutation(seeds.round(3)).tolist() for name, seeds in zip(names, found, strict=True)}
        scores = {name: scores[name] for name in sorted(scores)}
        safe = {(a, b) for a, b in itertools.permutations(scores, 2) if min(scores[a]) > max(scores[b])}
        means = {(a, b) for a, b in itertools.permutations(scores, 2) if np.mean(scores[a]) > np.mean(scores[b])}
        found = call(answer, pickle.loads(pickle.dumps(scores)))
        try:
            found = {(str(a), str(b)) for a, b in found}
        except (TypeError, ValueError):
            raise NotYet("a set of pairs of names is wanted, such as {('a', 'b')}.") from None
        if found == safe:
            continue
        expect(found != {(b, a) for a, b in safe}, "the pairs are the wrong way round: (better, worse).")
        expect(found != means, "the means differ, but that is not what is asked: every seed against every seed.")
        paired = {(a, b) for a, b in itertools.permutations(scores, 2) if all(np.array(scores[a]) > scores[b])}
        expect(found != paired or paired == safe, "you compare seed 1 with seed 1 only; every seed must beat every other.")
        touching = {(a, b) for a, b in itertools.permutations(scores, 2) if min(scores[a]) >= max(scores[b])}
        expect(found != touching, "equal is not better.")
        expect(not found - touching, "some pairs overlap: look for a seed of the second that beats one of the first.")
        expect(found >= safe, "some safe pairs are missing: compare each network with each other one.")
