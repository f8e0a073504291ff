"""Questions of homework 4; `yours` lets the notebook go on with the course's functions where an answer is not right yet."""

import cv2
import numpy as np

from . import engine
from .engine import call, close, expect, letter, numbers, one_number, question

IGNORE = 255


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# ---------------------------------------------------------------- Core


def coverage(mask, names, words):
    """Share of the labelled pixels (not 255) whose class has its name among `words`."""
    labelled = mask[mask != IGNORE]
    return np.isin(labelled, [k for k, name in enumerate(names) if name in words]).mean()


@question(
    "Which pixels count at all? And which of those can the network name?",
    "255 is void and does not count. Of the others: is names[id] one of the words?",
    "labelled = mask[mask != 255]; ids = those k with names[k] in words; mean of isin(labelled, ids)",
    praise="An upper bound: no network of this label set can have more pixels right.",
)
def q1(answer, rng):
    missed, told = False, None
    for _ in range(4):
        names = [*rng.permutation(["wall", "sky", "road", "bed", "tree", "car", "lamp"]).tolist(), "fan"]  # no pixel is fan
        share = rng.dirichlet(np.full(8, 0.8))
        mask = rng.choice([0, 1, 2, 3, 4, 5, 6, IGNORE], (9, 14), p=0.6 * share + 0.05).astype(np.uint8)
        words = {*rng.permutation([name for name in names if name != "wall"])[:3].tolist(), "boat", "wal"}
        found = one_number(call(answer, mask, list(names), set(words)))
        right = coverage(mask, names, words)
        missed |= not close(found, right)
        known, there = np.isin(mask, [k for k, name in enumerate(names) if name in words]), np.unique(mask[mask != IGNORE])
        parts = np.isin(mask[mask != IGNORE], [k for k, name in enumerate(names) if any(name in w or w in name for w in words)])
        mistakes = [
            (known.mean(), "void pixels count with you, against the network; nobody could label them."),
            ((known | (mask == IGNORE)).mean(), "void pixels count with you as covered; nobody could label them."),
            (1 - right, "that is the share that is NOT covered."),
            (np.mean([names[k] in words for k in there]), "that counts classes; a share of the pixels is wanted."),
            (np.mean([name in words for name in names]), "that counts names; a share of the pixels is wanted."),
            (known.sum(), "that is a number of pixels; a share is wanted."),
            (parts.mean(), "a part of a word is another word: names must agree as a whole."),
        ]
        fitting = [message for wrong, message in mistakes if close(found, wrong)]
        told = [message for message in fitting if told is None or message in told]  # in every turn: one may agree by chance
    expect(not missed, (told or ["the share is off: labelled pixels whose name is among the words, over all labelled pixels."])[0])


def lookup(names, words, synonyms):
    """For each name its index in `words`, or that of the first of its synonyms there, or 255; integers (len(names),)."""
    table = []
    for name in names:
        known = [word for word in [name, *synonyms.get(name, [])] if word in words]
        table.append(words.index(known[0]) if known else IGNORE)
    return np.array(table)


@question(
    "Three cases for a name: it is a word itself; another word says the same; there is none.",
    "Try [name, *its synonyms] in this order; the first one that is among the words gives the index.",
    "for each name: known = [w for w in [name, *synonyms.get(name, [])] if w in words]; words.index(known[0]) or 255",
    praise="Read your table aloud once: a wrong synonym costs more than a missing one.",
)
def q2(answer, rng):
    for _ in range(4):
        words = rng.permutation(["tree", "sidewalk", "person", "grass", "road", "earth", "signboard"]).tolist()
        names = rng.permutation(["road", "vegetation", "pavement", "rider", "terrain", "fog", "person", "gutter"]).tolist()
        synonyms = {"vegetation": ["plant", "tree"], "pavement": ["sidewalk"], "rider": ["cyclist", "person"], "fog": ["haze"]}
        synonyms |= {"terrain": rng.permutation(["grass", "earth"]).tolist(), "road": ["earth"], "person": ["signboard"]}
        found = numbers(call(answer, list(names), list(words), {key: list(value) for key, value in synonyms.items()}))
        expect(found.shape == (len(names),), f"one index for each of the {len(names)} names is wanted; yours has shape {found.shape}.")
        right = lookup(names, words, synonyms)
        if np.array_equal(found, right):
            continue
        plain, last = lookup(names, words, {}), [synonyms.get(name, [])[::-1] for name in names]
        turned = lookup(names, words, dict(zip(names, last, strict=True)))
        expect(not np.array_equal(found, plain), "synonyms have no effect.")
        expect(not np.array_equal(found, np.where(right == IGNORE, 0, right)), "0 is a word of the set; what has no word is 255.")
        expect(not np.array_equal(found, np.where(right == IGNORE, -1, right)), "what has no word is 255, not −1.")
        expect(not np.array_equal(found, turned), "of several synonyms the first one that is a word counts.")
        first = lookup(names, words, {name: other[:1] for name, other in synonyms.items()})
        expect(not np.array_equal(found, first), "the first synonym may be no word of this set: go on to the next.")
        wrong = [name for name, a, b in zip(names, found, right, strict=True) if a != b]
        own = {name for name in wrong if name in words}
        expect(not own, f"{min(own, default='')!r} is itself a word of the set: synonyms are for names that are not.")
        expect(False, f"the index of {wrong[0]!r} is wrong.")


def translate(mask, table):
    """Class ids to what `table` holds for them; 255 stays 255. Integers of the mask's shape."""
    full = np.full(256, IGNORE)
    full[: len(table)] = table
    return full[mask]


@question(
    "NumPy looks up a whole mask at once: table[mask]. Which id has no place in the table?",
    "Void is 255, and the table is shorter. Make one of 256 entries, all 255, and copy yours into its beginning.",
    "full = np.full(256, 255); full[:len(table)] = table; full[mask]",
    praise="One look-up, whatever the number of classes; in a loop of replacements one class may be replaced twice.",
)
def q3(answer, rng):
    for turn in range(3):
        count = int(rng.integers(5, 9))
        table = np.append(rng.permutation(count)[:-1] + (turn > 0), IGNORE)[rng.permutation(count)]
        mask = rng.permutation(np.resize([*range(count), IGNORE], 63)).reshape(7, 9).astype(np.uint8)
        found = numbers(call(answer, mask, table))
        expect(found.shape == mask.shape, f"the shape is {found.shape} and should be {mask.shape}.")
        right = translate(mask, table)
        if np.array_equal(found, right):
            continue
        void = mask == IGNORE
        expect(np.array_equal(found[~void], right[~void]) is False or not (found[void] != IGNORE).any(), "void (255) has to stay 255.")
        step = mask.astype(int)
        for old, new in enumerate(table.tolist()):
            step = np.where(step == old, new, step)
        expect(not np.array_equal(found, step), "class after class in one array: what became 3 is replaced again when 3 comes.")
        inverse = np.array([np.flatnonzero(table == k)[0] if (table == k).any() else IGNORE for k in range(256)])
        expect(not np.array_equal(found, np.where(void, IGNORE, inverse[mask])), "the table was read backwards: table[id] is the new id.")
        expect(not np.array_equal(found, mask), "nothing changed.")
        expect(False, "some ids are wrong: the new id of class k is table[k].")


def suits(coverages, sizes, least):
    """Name of the smallest label set that covers `least` or more; "neither" if none does."""
    able = [name for name, share in coverages.items() if share >= least]
    return min(able, key=sizes.get) if able else "neither"


@question(
    "Which sets are good enough? Which of those says it with the fewest words?",
    "Keep the names whose coverage is at least `least`; among them the one with the smallest size; none: 'neither'.",
    "able = names with coverages[name] >= least; min(able, key=sizes.get) or 'neither'",
    praise="A network for few words has spent all its training on them.",
)
def q4(answer, rng):
    told = {
        lambda c, s, least: max(c, key=c.get): "the best covered one, whatever its size and however little it covers.",
        lambda c, s, least: min(s, key=s.get): "the smallest set, whether it covers the image or not.",
        lambda c, s, least: _pick(c, s, least, max): "the largest of the able sets; the smallest is asked for.",
        lambda c, s, least: next(
            (n for n in c if c[n] >= least), "neither"
        ): "the first able set as they stand; the smallest is asked for.",
        lambda c, s, least: suits(c, s, least + 1e-9): "a coverage of exactly `least` is enough.",
        lambda c, s, least: suits(c, s, 0.9): "`least` has no effect.",
        lambda c, s, least: max(
            (n for n in c if c[n] >= least), key=c.get, default="neither"
        ): "the best covered of the able sets; among those that are good enough the smallest is asked for.",
    }
    wrong, missed = list(told), False
    for turn in range(30):
        names = rng.permutation(["set a", "set b", "set c", "set d"]).tolist()
        least = float(np.round(rng.uniform(0.5, 0.95), 2))
        shares = np.round(rng.uniform(0.3, 1, 4), 2)
        shares = shares.clip(0, least - 0.01) if turn % 5 == 0 else shares
        shares[0] = least if turn % 5 == 1 else shares[0]
        coverages = dict(zip(names, shares.tolist(), strict=True))
        sizes = dict(zip(names, rng.choice(np.arange(2, 200), 4, replace=False).tolist(), strict=True))
        said = call(answer, dict(coverages), dict(sizes), least)
        expect(isinstance(said, str) and said in [*names, "neither"], "the name of a label set is wanted, or 'neither'.")
        expect(said == "neither" or turn % 5, "where no set covers enough the answer is 'neither'.")
        wrong = [other for other in wrong if other(coverages, sizes, least) == said]
        missed |= said != suits(coverages, sizes, least)
    expect(not missed, told[wrong[0]] if wrong else "another set is the smallest that covers enough.")


def _pick(coverages, sizes, least, best):
    able = [name for name, share in coverages.items() if share >= least]
    return best(able, key=sizes.get) if able else "neither"


# ---------------------------------------------------------------- Apply


def _enlarged(values, height, width):
    """Class by class, because OpenCV 5 takes no more than 128 channels at once."""
    return np.dstack([cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR) for part in np.moveaxis(values, -1, 0)])


def sure_labels(logits, height, width, least):
    """Class ids (height, width) of the enlarged logits; 255 where the largest probability is below `least`."""
    p = _softmax(_enlarged(logits, height, width))
    return np.where(p.max(axis=-1) >= least, p.argmax(axis=-1), IGNORE)


@question(
    "Four steps: enlarge, make probabilities, take the largest, hide where it is too small. In this order?",
    "Enlarge the logits first (cv2 takes width, height), then softmax over the last axis; compare the maximum with `least`.",
    "large = each class resized, stacked; p = softmax(large); where(p.max(-1) >= least, p.argmax(-1), 255)",
    praise="What a network does not dare to say is information too.",
)
def q5(answer, rng):
    for classes in (4, 5, 140):
        rows, columns = (int(n) for n in rng.permutation([4, 6]))
        logits, least = rng.normal(0, 1.5, (rows, columns, classes)).astype(np.float32), float(rng.uniform(0.45, 0.6))
        height, width = 4 * rows, 4 * columns
        found = numbers(call(answer, logits, height, width, least))
        expect(found.shape != (width, height), "height and width are swapped: cv2.resize wants (width, height).")
        expect(found.shape != (rows, columns), "the map still has the size of the logits.")
        expect(found.shape == (height, width), f"the shape is {found.shape} and should be {(height, width)}.")

        def nearly(other, found=found):
            return (found == other).mean() > 0.995

        right = sure_labels(logits, height, width, least)
        if np.array_equal(found, right) or nearly(right):
            continue
        large = _enlarged(logits, height, width)
        labels, p = large.argmax(-1), _softmax(large)
        small = _enlarged(_softmax(logits), height, width)
        expect(not nearly(labels), "every pixel got a class; where the probability is below `least` it should be 255.")
        expect(
            not nearly(np.where(large.max(-1) >= least, labels, IGNORE)), "`least` was compared with logits; those are no probabilities."
        )
        expect(not nearly(np.where(p.max(-1) < least, labels, IGNORE)), "turned round: the sure pixels are hidden.")
        expect(not nearly(np.where(p.max(-1) >= least, labels, 0)), "unsure pixels became class 0; 255 is wanted.")
        expect(not nearly(np.where(small.max(-1) >= least, small.argmax(-1), IGNORE)), "softmax came first: enlarge the logits.")
        block = sure_labels(logits, rows, columns, least).repeat(4, axis=0).repeat(4, axis=1)
        expect(not nearly(block), "the borders are steps of the coarse grid: enlarge the logits, bilinearly, before anything else.")
        expect(set(np.unique(found)) <= {*range(classes), IGNORE}, "class ids are wanted, and 255.")
        expect(False, "some pixels are wrong. Are the probabilities those of the enlarged logits, over the last axis?")


def entropy(logits):
    """Mean over the pixels of −Σ p·log p, divided by log of the number of classes: 0 (sure) to 1 (no idea)."""
    p = _softmax(np.asarray(logits, float))
    return -(p * np.log(p + 1e-12)).sum(axis=-1).mean() / np.log(logits.shape[-1])


@question(
    "For one pixel: probabilities by a softmax, then −Σ p·log p. When is it largest, and how large?",
    "With C classes the largest is log C, so divide by that; then the mean over the pixels. Mind log 0.",
    "p = softmax(logits); −(p · log(p + 1e-12)).sum(-1).mean() / log(C)",
    praise="Divided by log C, 19 words and 150 can be compared.",
)
def q6(answer, rng):
    for turn in range(3):
        classes = (19, 150, 5)[turn]
        logits = (rng.normal(0, 1, (6, 8, classes)) * rng.uniform(0.5, 4, (6, 8, 1))).astype(np.float32)
        logits[0, 0, 0] += (0, 0, 900)[turn]  # a pixel that is entirely sure
        found = one_number(call(answer, logits))
        right = entropy(logits)
        if close(found, right, 1e-4):
            continue
        expect(np.isfinite(found), "it is not a number: take the largest logit off before exp, and mind log 0.")
        p, flat = _softmax(logits.astype(float)), _softmax(logits.reshape(-1, classes).astype(float).T)
        each = -(p * np.log(p + 1e-12)).sum(axis=-1)
        expect(not close(found, each.mean(), 1e-4), "the division by the log of the number of classes is missing.")
        expect(not close(found, each.mean() / np.log(2), 1e-4), "bits are a unit too, but 19 and 150 words then differ: divide by log C.")
        expect(not close(found, -right, 1e-4), "the sign: entropy is positive.")
        expect(not close(found, each.sum() / np.log(classes), 1e-4), "that is the sum over the pixels; their mean is wanted.")
        expect(not close(found, right / classes, 1e-4), "for one pixel the classes are added up, not averaged.")
        mean = p.reshape(-1, classes).mean(axis=0)
        pooled = -(mean * np.log(mean + 1e-12)).sum() / np.log(classes)
        expect(not close(found, pooled, 1e-4), "the probabilities of all pixels were averaged first: that tells how varied the image is.")
        expect(not close(found, each.mean() / classes, 1e-4), "divide by the logarithm of the number of classes, not by the number.")
        expect(not close(found, 1 - p.max(-1).mean(), 1e-4), "that is 1 less the mean confidence; the entropy looks at all classes.")
        other = -(flat * np.log(flat + 1e-12)).sum() / logits[..., 0].size / np.log(classes)
        expect(not close(found, other, 1e-4), "the softmax ran over the pixels; each pixel's classes share one unit: the last axis.")
        expect(0 <= found <= 1 + 1e-6, "it lies between 0 and 1: are there probabilities inside the logarithm?")
        expect(False, "the value is off. Try logits (0, 0) for one pixel: 1.")


def two_scores(mask, truth, said):
    """Accuracy where the label set has a word (truth != 255), and over all labelled pixels (mask != 255)."""
    known, right = truth != IGNORE, (truth == said) & (truth != IGNORE)
    return right.sum() / known.sum(), right.sum() / (mask != IGNORE).sum()


@question(
    "The same pixels are right in both scores. Over which pixels does each of them divide?",
    "First: where there is a word (truth is not 255). Second: wherever a person labelled (mask is not 255).",
    "right = (truth == said) & (truth != 255); right.sum() / known.sum(), right.sum() / labelled.sum()",
    praise="Their ratio is the coverage: what the words allow, and what the network makes of it, apart.",
)
def q7(answer, rng):
    for _ in range(4):
        mask = rng.choice([0, 1, 2, 3, 4, IGNORE], (10, 12), p=[0.2, 0.2, 0.15, 0.15, 0.15, 0.15]).astype(np.uint8)
        truth = translate(mask, np.array([2, 0, IGNORE, 1, IGNORE]))
        said = np.where(rng.random(mask.shape) < 0.6, truth, rng.integers(0, 3, mask.shape))
        said[rng.random(mask.shape) < 0.1] = IGNORE  # it did not dare
        found = numbers(call(answer, mask, truth, said)).ravel()
        expect(len(found) == 2, "two numbers are wanted: where words exist, and over all labelled pixels.")
        known, labelled = truth != IGNORE, mask != IGNORE
        right, blind = (truth == said) & known, truth == said
        first, second = right.sum() / known.sum(), right.sum() / labelled.sum()
        if close(found, [first, second]):
            continue
        expect(not close(found, [second, first]), "the two are swapped: where words exist comes first.")
        expect(not close(found[0], blind.mean()), "255 in both is no agreement: the set has no word, or nobody labelled.")
        expect(not close(found[0], blind.sum() / known.sum()), "255 in both is no agreement: the set has no word, or nobody labelled.")
        expect(not close(found[0], right.mean()), "the first divides by all pixels; only those with a word count.")
        dared = known & (said != IGNORE)
        expect(not close(found[0], right.sum() / dared.sum()), "where the network says nothing (255) it is not right either: that counts.")
        expect(not close(found[0], second), "both divide by the labelled pixels; the first one by those with a word.")
        expect(close(found[0], first), "the first is wrong: right pixels over pixels that have a word.")
        expect(not close(found[1], right.mean()), "void does not count in the second either: nobody could label it.")
        expect(not close(found[1], first), "both divide by the pixels with a word; the second one by all labelled pixels.")
        expect(not close(found[1], blind.sum() / labelled.sum()), "255 in both is no agreement.")
        expect(False, "the second is wrong: right pixels over labelled pixels.")


def merged(probabilities, table, count):
    """Probabilities of `count` wide words: sums of those of the narrow ones; table[k] is the wide word of k, or 255 for none."""
    wide = np.zeros((*probabilities.shape[:-1], count))
    for narrow, word in enumerate(table):
        if word != IGNORE:
            wide[..., word] += probabilities[..., narrow]
    return wide


@question(
    "A pixel is tree 0.3, plant 0.3 or road 0.4. Is it vegetation or road?",
    "Add the probabilities of all narrow words that mean the same wide one, before anybody takes the largest.",
    "wide = zeros; for narrow, word in enumerate(table): if word != 255: wide[..., word] += probabilities[..., narrow]",
    praise="Argmax first and translation after would have said road.",
)
def q8(answer, rng):
    for _ in range(3):
        table = np.array([2, 0, 2, IGNORE, 1, 2, 1])[rng.permutation(7)]
        p, count = rng.dirichlet(np.ones(7), (4, 5)), 4  # nothing means the last word
        found = numbers(call(answer, p.copy(), table.copy(), count))
        expect(found.shape != (4, 5), "these are class ids; probabilities of the wide words are wanted, (rows, columns, count).")
        expect(found.shape != (4, 5, 3), "a wide word that no narrow one means stays, with probability 0: `count` channels.")
        expect(found.shape == (4, 5, count), f"the shape is {found.shape} and should be {(4, 5, count)}.")
        right = merged(p, table, count)
        if close(found, right):
            continue
        parts = [[p[..., k] for k in range(7) if table[k] == word] for word in range(count)]
        zero = np.zeros((4, 5))
        mistakes = [
            (np.max, "that is the largest of the narrow words; their probabilities add up."),
            (np.mean, "that is the mean of the narrow words; their probabilities add up."),
            (lambda values, axis: values[-1], "each narrow word overwrites the one before: add (+=)."),
        ]
        for reduce, message in mistakes:
            other = np.stack([reduce(np.array(part), axis=0) if part else zero for part in parts], axis=-1)
            expect(not close(found, other), message)
        hard = merged(np.eye(7)[p.argmax(-1)], table, count)
        expect(not close(found, hard), "the largest was taken before the sum: three words of 0.25 beat one of 0.3.")
        expect(not close(found, right / right.sum(-1, keepdims=True)), "do not divide: what has no wide word keeps its share.")
        with_none = right.copy()
        with_none[..., -1] += p[..., table == IGNORE].sum(-1)
        expect(not close(found, with_none), "255 is no word: those probabilities belong to none, not to the last one.")
        expect(False, "some sums are wrong: wide word w gets the narrow ones k with table[k] = w.")


# ---------------------------------------------------------------- Explore


def showcase(table, least):
    """(two for the first set, two for the second) from coverages (images, 2); see homework 4."""
    orders = np.argsort(-table, axis=0, kind="stable").T.tolist()
    first = [i for i in orders[0] if table[i, 0] >= least > table[i, 1]]
    return first[:2], [i for i in orders[1] if table[i, 1] >= least][:2]


@question(
    "Which images can only ADE20K describe? And which does Cityscapes describe best?",
    "For ADE20K: covered enough by it and not by Cityscapes, best first. For Cityscapes: covered enough by it, best first.",
    "first: table[i, 0] >= least > table[i, 1], by falling table[i, 0]; second: table[i, 1] >= least, by falling table[i, 1]",
    praise="Most streets suit both sets: there the smaller one is the better choice, as in exercise 4.",
)
def q9(answer, rng):
    for turn in range(6):
        least = 0.85
        rooms = np.stack([rng.uniform(0.86, 0.99, 5), rng.uniform(0, 0.4, 5)], axis=1)
        streets = np.stack([rng.uniform(0.86, 0.99, 5), rng.uniform(0.9, 0.99, 5)], axis=1)
        streets[:2] = (0.999, 0.86), (0.993, 0.87)  # ADE20K covers these best
        streets[2, 0] = 0.5  # only Cityscapes covers this one
        if turn % 2:  # two of each, one of them exactly enough
            rooms[2:, 0], rooms[0, 0] = 0.6, least
            streets[2:, 1], streets[2:, 0], streets[0, 1] = 0.7, 0.6, least
        table = rng.permutation(np.concatenate([rooms, streets, rng.uniform(0, 0.7, (3, 2))]))
        result = call(answer, table, least)
        expect(isinstance(result, tuple | list | np.ndarray) and len(result) == 2, "two lists are wanted: for ADE20K, for Cityscapes.")
        found = [numbers(part).ravel().tolist() for part in result]
        expect(all(len(part) == 2 for part in found), "two images for each set are wanted.")
        expect(all(0 <= i < len(table) and i == int(i) for part in found for i in part), "indices of images are wanted.")
        right = showcase(table, least)
        if found == [list(part) for part in right]:
            continue
        expect(found != [list(part) for part in right[::-1]], "the two lists are swapped: ADE20K comes first.")
        both = [int(i) for i in found[0] if table[int(i), 1] >= least]
        expect(not both, "an image for ADE20K is a street that Cityscapes covers, too: choose what only ADE20K can describe.")
        expect(all(table[int(i), 0] >= least for i in found[0]), "an image for ADE20K is not covered enough by it.")
        expect(all(table[int(i), 1] >= least for i in found[1]), "an image for Cityscapes is not covered enough by it.")
        expect(sorted(found[0]) == sorted(right[0]), "for ADE20K other images are covered better; exactly `least` is enough.")
        expect(sorted(found[1]) == sorted(right[1]), "for Cityscapes other images are covered better.")
        expect(False, "the images are right, their order is not: the best covered first.")


def calibration(confidence, right, bins):
    """Expected calibration error (Guo et al., 2017): mean over the pixels of |mean confidence − share right| of their bin."""
    number, total = np.minimum((confidence * bins).astype(int), bins - 1), 0.0
    for k in np.unique(number):
        here = number == k
        total += here.mean() * abs(confidence[here].mean() - right[here].mean())
    return total


@question(
    "Of all pixels with confidence around 0.9: which share should be right?",
    "Sort the pixels into bins of equal width. In each: |mean confidence − share right|, weighted by the bin's share of the pixels.",
    "for each bin that holds pixels: (its share) · |mean(confidence) − mean(right)|; add up",
    praise="0 is a network whose 'nine in ten' means nine in ten, on the images you asked.",
)
def q10(answer, rng):
    for turn in range(3):
        bins = int(rng.integers(4, 8))
        confidence = rng.beta(4, 1.5, 400).clip(0.3, 1)
        confidence[:5] = 1.0
        right = rng.random(400) < confidence ** (1.0, 3.0, 0.4)[turn]
        top = np.minimum((confidence * bins).astype(int), bins - 1)
        right[top == bins - 2] = True  # too modest there, too bold above
        right[top == bins - 1] &= rng.random((top == bins - 1).sum()) < 0.6
        right[:4] = False
        found = one_number(call(answer, confidence.copy(), right.copy(), bins))
        if close(found, calibration(confidence, right, bins)):
            continue
        number = np.minimum((confidence * bins).astype(int), bins - 1)
        kept = [(number == k) for k in np.unique(number)]
        gaps = np.array([confidence[here].mean() - right[here].mean() for here in kept])
        weights = np.array([here.mean() for here in kept])
        expect(np.isfinite(found), "a bin without pixels has no mean: leave it out.")
        expect(not close(found, abs(gaps).mean()), "each bin counted the same; weigh it by its share of the pixels.")
        expect(not close(found, abs(gaps).sum()), "the weights are missing: each bin's share of the pixels.")
        expect(not close(found, abs(gaps).max()), "that is the largest gap; their weighted mean is wanted.")
        expect(not close(found, abs((weights * gaps).sum())), "the gaps cancel: take the absolute value in each bin.")
        expect(not close(found, (weights * gaps).sum()), "the gaps cancel: take the absolute value in each bin.")
        expect(not close(found, (weights * gaps**2).sum()), "the gaps are not squared here.")
        expect(not close(found, abs(confidence - right).mean()), "pixel by pixel it is never 0; average within each bin first.")
        middle = np.array([abs((k + 0.5) / bins - right[number == k].mean()) for k in np.unique(number)])
        expect(not close(found, (weights * middle).sum()), "take the mean confidence of a bin's pixels, not the middle of the bin.")
        lost = confidence < 1
        expect(
            not close(found, sum(abs(g) * w for g, w in zip(*_gaps(confidence, right, bins, lost), strict=True))),
            "a confidence of exactly 1 belongs to the last bin.",
        )
        expect(False, "the value is off. Two pixels, confidence 0.9 and 0.9, one right: 0.4.")


def _gaps(confidence, right, bins, keep):
    number = (confidence * bins).astype(int)
    kept = [(number == k) & keep for k in range(bins)]
    kept = [here for here in kept if here.any()]
    return [confidence[here].mean() - right[here].mean() for here in kept], [here.mean() for here in kept]


@question(
    "What does coverage look at: the picture, the mask, or the network?",
    "It compares names with names. Has the network ever seen such things from above?",
    "Of three promises, only one follows from names alone.",
    praise="Necessary, not sufficient: words first, then viewpoint, light, scale.",
)
def q11(answer, rng):
    choice = letter(answer, "ABC")
    expect(choice != "A", "coverage has never looked at a picture: a roof from above has the same word as a façade.")
    expect(choice != "C", "how sure a network is cannot follow from names; run on and look at the entropy.")


def decides(shares, words, other):
    """The class with the largest share that is among `words` and not among `other`; "nothing" if there is none."""
    only = [name for name in shares if name in words and name not in other]
    return max(only, key=shares.get) if only else "nothing"


@question(
    "Which classes can one set name and the other not? Which of them fills most of the picture?",
    "Keep the names that are in `words` and not in `other`; the one with the largest share decides; none: 'nothing'.",
    "only = names in words and not in other; max(only, key=shares.get) or 'nothing'",
    praise="That class, and its share, belong in your reason.",
)
def q12(answer, rng):
    def rule(fits, best=max):
        return lambda s, w, o: best((n for n in s if fits(n, w, o)), key=s.get, default="nothing")

    def first(s, w, o):
        return next((n for n in s if n in w and n not in o), "nothing")

    told = {
        rule(lambda n, w, o: True): "that is the largest class of the picture; can the other set not name it as well?",
        rule(lambda n, w, o: n in w): "the other set has a word for that, too.",
        rule(lambda n, w, o: n not in o): "the chosen set has no word for that either.",
        rule(lambda n, w, o: n in o and n not in w): "the two sets are changed over: what `words` has and `other` has not.",
        rule(lambda n, w, o: n in w and n not in o, min): "that is the smallest; the largest decides.",
        first: "that is the first as they stand; the largest decides.",
    }
    wrong, missed = list(told), False
    for turn in range(20):
        names = rng.permutation(["wall", "bed", "sky", "road", "car", "rider", "lamp", "rug", "sea"]).tolist()
        shares = dict(zip(names[:7], rng.dirichlet(np.ones(7)).tolist(), strict=True))
        words, other = ({name for name in names if rng.random() < 0.6} for _ in range(2))
        other = other | words if turn % 5 == 0 else other
        said = call(answer, dict(shares), set(words), set(other))
        expect(isinstance(said, str) and said in [*names, "nothing"], "the name of a class is wanted, or 'nothing'.")
        wrong = [other_rule for other_rule in wrong if other_rule(shares, words, other) == said]
        missed |= said != decides(shares, words, other)
    expect(not missed, told[wrong[0]] if wrong else "another class has the largest share of those that only `words` can name.")


COURSE = {q1: coverage, q2: lookup, q3: translate, q4: suits, q5: sure_labels, q6: entropy, q7: two_scores, q8: merged}
COURSE |= {q9: showcase, q10: calibration, q12: decides}
TIERS = {
    "Core": (9, [q1, q2, q3, q4]),
    "Apply": (9, [q5, q6, q7, q8]),
    "Explore": (7, [q9, q10, q11, q12]),
}


def yours(**answers):
    """The functions given as `q1=coverage, …` whose checks accept them; in place of the others the course's own. Prints which."""
    return engine.chosen({globals()[name]: answer for name, answer in answers.items()}, COURSE)
