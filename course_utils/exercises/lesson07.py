"""Questions of lesson 07."""

import numpy as np

from .engine import NotYet, call, expect, letter, numbers, one_number, question


@question(
    "Print np.unique of each channel of such a picture. Which one is not all 0?",
    "The classes stand in the red channel, and OpenCV's order is blue, green, red.",
    "picture[..., the index of red when blue comes first]",
)
def q1_1(answer, rng):
    height, width = (int(side) for side in rng.integers(4, 12, 2))
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 2] = rng.permutation(np.arange(height * width) % 13).reshape(height, width)
    ids = np.asarray(call(answer, picture))
    expect(ids.shape != (height, width, 1), "one axis too many: (height, width) is wanted, without channels.")
    expect(ids.shape == (height, width), f"the shape is {ids.shape}; (height, width) is wanted.")
    expect(ids.any(), "all of it is 0. Blue comes first here, so red is not channel 0.")
    mean = picture.mean(axis=-1)
    expect(not np.allclose(ids, mean), "the mean of the channels is a third of the class. Take one channel.")
    expect(not np.array_equal(ids, 20 * picture[..., 2]), "bright for the eye, but not the class: leave the numbers as they are.")
    expect(np.array_equal(ids, picture[..., 2]), "these are not the classes; take the red channel as it is.")


def _names(rng):
    worlds = rng.permutation(40)[: int(rng.integers(7, 10))]  # more than twice as many as are held out
    names = [f"world{world:02d}_{moment}.png" for world in worlds for moment in range(int(rng.integers(2, 5)))]
    return [names[i] for i in rng.permutation(len(names))], [f"world{world:02d}" for world in sorted(worlds.tolist())]


@question(
    "What part of a name tells the world? Which names share it?",
    "Make the list of the worlds first, each once and in order; then ask of each name whether its world is held out.",
    "worlds = sorted set of name.split('_')[0]; test = names whose world is among the last `held` worlds; training = the rest",
    praise="Frames of one world are nearly alike: apart, they would tell the network the answers of the test.",
)
def q2_1(answer, rng):
    for _ in range(6):
        names, worlds = _names(rng)
        held = int(rng.integers(1, 4))
        parts = call(answer, list(names), held)
        expect(isinstance(parts, tuple | list) and len(parts) == 2, "two lists are wanted: training, test.")
        expect(all(np.iterable(part) for part in parts), "both lists have to hold names.")
        training, test = (list(part) for part in parts)
        expect(set(training) | set(test) <= set(names), "the lists must hold names as they were given.")
        expect(sorted(training + test) == sorted(names), "each name belongs into one of the two lists, once.")
        of = [{name.split("_")[0] for name in part} for part in (training, test)]
        expect(of[1] != set(worlds[:-held]), "the two lists are swapped: training comes first.")
        both = len(of[0] & of[1])
        expect(not both, f"{both} of the worlds are in both lists: decide by world, not by frame.")
        expect(len(of[1]) == held, f"{len(of[1])} worlds are held out; {held} are wanted.")
        expect(of[1] == set(worlds[-held:]), "the held-out worlds are not those with the highest numbers: sort them first.")


@question(
    "Which class should get weight 1?",
    "The class whose share is the median. A class half as frequent gets 2; leave out classes that never occur when you take the median.",
    "share = counts / sum; weight = median(share of those that occur) / share; 0 where there is no pixel",
)
def q3_1(answer, rng):
    for empty in (0, 2):
        counts = rng.integers(10, 100_000, 9)
        counts[:empty] = 0
        rng.shuffle(counts)
        seen = counts > 0
        share = counts / counts.sum()
        right = np.where(seen, np.median(share[seen]) / np.where(seen, share, 1), 0)
        weights = numbers(call(answer, counts))
        expect(weights.shape == (9,), f"nine weights are wanted, one a class; yours have shape {weights.shape}.")
        expect(np.isfinite(weights).all(), "a class without pixels must get weight 0, not infinity.")
        expect(not np.allclose(weights[seen] * right[seen], 1), "upside down: frequent classes would weigh most.")
        expect(not np.allclose(weights[seen], share[seen].mean() / share[seen]), "that takes the mean of the shares, not their median.")
        expect(not np.allclose(weights[seen], 1 / share[seen]), "the median is missing: the weights are 1 / share.")
        expect(not np.allclose(weights[seen] ** 2, right[seen]), "that is the root of the weights; tempering them comes later.")
        wrong_median = np.median(share) / np.where(seen, share, 1)
        expect(not (empty and np.allclose(weights[seen], wrong_median[seen])), "classes without pixels must not count in the median.")
        expect(np.allclose(weights[~seen], 0), "a class without pixels must get weight 0.")
        expect(np.allclose(weights, right, rtol=1e-4), "the weights are not median share / share.")


def _stop(values, patience, better=lambda new, old: new > old):
    best = 0
    for epoch, value in enumerate(values):
        if better(value, values[best]):
            best = epoch
        if epoch - best >= patience:
            break
    return best + 1


@question(
    "Go through the epochs and keep the best one so far. When is it too long ago?",
    "Stop once `patience` epochs have passed since the best; what comes later is never seen, even if it is better.",
    "for each epoch: if its value is a new best, note the epoch; if epoch - best >= patience, leave the loop; return best, from 1",
    praise="What lies behind the stop is never trained, so patience is a bet.",
)
def q4_1(answer, rng):
    told = {
        lambda values, patience: int(np.argmax(values)) + 1: "that is the best of all epochs: some of them come after the stop.",
        lambda values, patience: _stop(values, patience) - 1: "count epochs from 1.",
        lambda values, patience: _stop(values, patience, lambda new, old: new < old): "larger is better here.",
        lambda values, patience: (
            _stop(values, patience) + patience
        ): "that is the epoch of the stop; the weights of the best one before are kept.",
        lambda values, patience: _stop(values, patience + 1): "it waits one epoch too long.",
        lambda values, patience: _stop(values, patience - 1): "it stops one epoch too early.",
        lambda values, patience: _stop(
            values, patience, lambda new, old: new >= old
        ): "equal is not better: only a new best starts the count anew.",
    }
    wrong = list(told)
    for _ in range(60):
        patience = int(rng.integers(2, 6))
        values = np.round(np.cumsum(rng.normal(0.01, 0.05, int(rng.integers(8, 25)))), 2).tolist()
        epoch = one_number(call(answer, values, patience))
        wrong = [other for other in wrong if other(values, patience) == epoch]
        if epoch != _stop(values, patience):
            break
    else:
        return
    raise NotYet(told[wrong[0]] if wrong else f"for patience {patience} and the scores {values} epoch {epoch:g} is not the one to keep.")


@question(
    "Look at the shares of section 3. How much accuracy is lost by never saying a class?",
    "All classes below one per cent together are worth less than three per cent of accuracy.",
    "Count the classes under one per cent, and think about which of them a short training gets to.",
    praise="Accuracy hides them all.",
)
def q5_1(answer, rng):
    choice = letter(answer, "ABC")
    expect(choice != "A", "the accuracy alone might make you think so. Run on and look at the column IoU.")
    expect(choice == "C", "there are more. Run on and count.")


@question(
    "Two means of the same change: one counts each class once, the other each pixel once.",
    "The change is weighted minus plain; its mean, and its sum weighted by the shares.",
    "change = weighted - plain; mean(change), sum(share * change)",
    praise="Rare classes move the first number, frequent ones the second.",
)
def q6_1(answer, rng):
    plain, weighted = rng.random(7), rng.random(7)
    share = rng.dirichlet(np.ones(7))
    result = numbers(call(answer, plain, weighted, share)).ravel()
    expect(len(result) == 2, "two numbers are wanted: change of the mean IoU, change of the frequency-weighted IoU.")
    mean, by_pixels = result
    change = weighted - plain
    right = change.mean(), (share * change).sum()
    expect(not np.allclose([mean, by_pixels], [-right[0], -right[1]]), "the signs are turned round: from plain to weighted.")
    expect(not np.allclose([mean, by_pixels], right[::-1]), "the two numbers are swapped.")
    expect(np.isclose(mean, right[0]), "the first number is not the change of the mean over the classes.")
    expect(not np.isclose(by_pixels, (share * change).mean()), "the shares sum to 1 already: take the sum, not the mean.")
    expect(not np.isclose(by_pixels, (share * weighted).sum()), "that is the new frequency-weighted IoU, not its change.")
    expect(np.isclose(by_pixels, right[1]), "the second number is not the sum of share times change.")
