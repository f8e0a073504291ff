"""The classes of each data set: what a mask's value means, what it is called, how it is drawn, and whether it counts."""

from dataclasses import dataclass

import numpy as np

IGNORE = 255  # the train id of pixels that count in no loss, no metric and no figure


@dataclass(frozen=True)
class Class:
    """One class: its value in the mask file, name, colour (red, green, blue; that of the set's own files) and train id (255 = ignored)."""

    id: int
    name: str
    colour: tuple[int, int, int]
    train_id: int


class ClassTable:
    """The classes of one data set, and the two look-up tables between mask files and train ids.

    Args:
        name: name of the data set.
        classes: every value that a mask file may hold. Train ids run from 0 without gaps; several ids may share one.
        shown: from the names of classes to the colours that figures give them, where these are not those of the files.
    """

    def __init__(self, name: str, classes: list[Class], shown: dict[str, tuple[int, int, int]] | None = None):
        self.name = name
        self.classes = tuple(classes)
        first = {c.train_id: c for c in reversed(classes) if c.train_id != IGNORE}
        ids = [c.id for c in classes]
        if strange := sorted({i for i in ids if ids.count(i) > 1 or not 0 <= i <= 255}):
            raise ValueError(f"{name}: the values of a mask file run from 0 to 255, one a class; look at {_listed(strange, 5)}.")
        if sorted(first) != list(range(len(first))):
            raise ValueError(f"{name}: train ids must run from 0 without gaps, not {sorted(first)}.")
        self._shown = shown or {}
        self._trained = [first[train_id] for train_id in range(len(first))]

    def __repr__(self):
        return f"ClassTable({self.name}: {', '.join(self.names)})"

    @property
    def num_classes(self) -> int:
        """Number of classes that a network predicts (ignored ones do not count)."""
        return len(self._trained)

    @property
    def names(self) -> list[str]:
        """Names in the order of the train ids."""
        return [c.name for c in self._trained]

    @property
    def colours(self) -> np.ndarray:
        """Colours in figures, in the order of the train ids, uint8 (num_classes, 3), red-green-blue."""
        return np.array([self._shown.get(c.name, c.colour) for c in self._trained], np.uint8)

    def to_train(self, mask) -> np.ndarray:
        """Values of a mask file, integers (height, width), to train ids, uint8 of the same shape. ValueError names unknown values."""
        return self._translate(mask, {c.id: c.train_id for c in self.classes}, "class")

    def to_disk(self, mask) -> np.ndarray:
        """Train ids, integers (height, width), to the values of a mask file, uint8; several ids for one train id: the first of them.

        ValueError names values that are no train id, and 255 if the data set has no value for ignored pixels.
        """
        return self._translate(mask, {c.train_id: c.id for c in reversed(self.classes)}, "train id")

    def _translate(self, mask, values, what):
        mask = np.asarray(mask)
        small = mask.dtype == np.uint8  # then bytes are looked up at once, many times quicker than numpy does it
        there = set(mask.tobytes().translate(None, bytes(values))) if small else np.unique(mask).tolist()
        unknown = [value for value in sorted(there) if value not in values]
        if unknown:
            raise ValueError(
                f"value{'s' if len(unknown) > 1 else ''} {_listed(unknown, 5)} stand{'' if len(unknown) > 1 else 's'} "
                f"for no {what} of {self.name} (known: {_listed(sorted(values), 14)})"
            )
        table = np.zeros(256, np.uint8)
        table[list(values)] = list(values.values())
        content = bytearray(mask.astype(np.uint8, copy=False).tobytes())
        return np.frombuffer(content.translate(table.tobytes()), np.uint8).reshape(mask.shape)


def class_scores(answer, threshold: float = 0.5) -> np.ndarray:
    """A network's answer as one score a class, the largest of which decides; one channel becomes two.

    Args:
        answer: probabilities or logits, (batch, height, width, channels).
        threshold: for one channel, class 1 is where it is above: 0.5 for probabilities, 0 for logits.

    Returns:
        float32 (batch, height, width, 2 or more).

    Raises:
        ValueError: another shape, integers, what is no finite number, or one channel that is no probability with a threshold in (0, 1).
    """
    scores = np.asarray(answer)
    if scores.ndim != 4 or not scores.size or scores.dtype.kind in "biuOSU":
        raise ValueError(f"The model must give floats (batch, height, width, classes), not {scores.dtype} of shape {scores.shape}.")
    scores = scores.astype(np.float32, copy=False)
    if not np.isfinite(scores).all():
        raise ValueError("The model gives what is no finite number: were its weights trained with a loss that became nan?")
    if scores.shape[-1] > 1:
        return scores
    if 0 < threshold < 1 and not (scores.min() > -1e-3 and scores.max() < 1 + 1e-3):
        raise ValueError(
            f"The model's one channel runs from {scores.min():.3g} to {scores.max():.3g}: no probabilities. For logits say threshold=0."
        )
    return np.concatenate([np.full_like(scores, threshold), scores], axis=-1)


def _listed(values, most):
    return ", ".join(map(str, values[:most])) + (" …" if len(values) > most else "")


# Colours are from the palette of Okabe and Ito (2008), which the colour-blind can tell apart too.
ELIRET = ClassTable("eliret", [Class(0, "background", (0, 0, 0), 0), Class(255, "object", (230, 159, 0), 1)])
LANDCOVER = ClassTable(
    "landcover",
    [
        Class(0, "other", (0, 0, 0), 0),
        Class(1, "building", (213, 94, 0), 1),
        Class(2, "woodland", (0, 158, 115), 2),
        Class(3, "water", (0, 114, 178), 3),
        Class(4, "road", (240, 228, 66), 4),
    ],
)
MEMBRANE = ClassTable("membrane", [Class(0, "membrane", (213, 94, 0), 0), Class(255, "inside of a cell", (86, 180, 233), 1)])
# Streets have more classes than that palette. Their colours were searched for: any two, and the grey of ignored pixels, stay apart for eyes
# that lack red or green cones, too (simulated as in Machado et al., 2009; CIEDE2000 of at least 11, in Cityscapes 9).
CARLA = ClassTable(
    "carla",
    [
        Class(number, name, colour, number)
        for number, (name, colour) in enumerate(
            [
                ("background", (0, 0, 0)),
                ("building", (155, 144, 119)),
                ("fence", (193, 104, 170)),
                ("other", (169, 165, 87)),
                ("pedestrian", (185, 97, 26)),
                ("pole", (242, 234, 84)),
                ("road line", (255, 255, 255)),
                ("road", (76, 51, 103)),
                ("pavement", (190, 168, 194)),
                ("vegetation", (0, 107, 85)),
                ("car", (9, 81, 192)),
                ("wall", (130, 59, 18)),
                ("traffic sign", (144, 229, 255)),
            ]
        )
    ],
)
CAMVID = ClassTable(
    "camvid",
    [
        Class(number, name, colour, number if number < 11 else IGNORE)
        for number, (name, colour) in enumerate(
            [
                ("sky", (16, 174, 254)),
                ("building", (158, 147, 122)),
                ("pole", (244, 224, 68)),
                ("road", (77, 52, 116)),
                ("pavement", (205, 190, 224)),
                ("tree", (27, 105, 70)),
                ("sign", (255, 255, 255)),
                ("fence", (190, 122, 180)),
                ("car", (43, 98, 191)),
                ("pedestrian", (200, 87, 21)),
                ("bicyclist", (113, 64, 2)),
                ("unlabelled", (0, 0, 0)),
            ]
        )
    ],
)
# Ids, names and colours as the authors publish them: the `color` files of the set are painted with these. In figures other colours stand
# for them, because the authors' truck, bus, train and car are nearly one blue, and their pole is the grey of ignored pixels.
CITYSCAPES = ClassTable(
    "cityscapes",
    [
        Class(number, name, colour, train_id)
        for number, (name, colour, train_id) in enumerate(
            [
                ("unlabeled", (0, 0, 0), IGNORE),
                ("ego vehicle", (0, 0, 0), IGNORE),
                ("rectification border", (0, 0, 0), IGNORE),
                ("out of roi", (0, 0, 0), IGNORE),
                ("static", (0, 0, 0), IGNORE),
                ("dynamic", (111, 74, 0), IGNORE),
                ("ground", (81, 0, 81), IGNORE),
                ("road", (128, 64, 128), 0),
                ("sidewalk", (244, 35, 232), 1),
                ("parking", (250, 170, 160), IGNORE),
                ("rail track", (230, 150, 140), IGNORE),
                ("building", (70, 70, 70), 2),
                ("wall", (102, 102, 156), 3),
                ("fence", (190, 153, 153), 4),
                ("guard rail", (180, 165, 180), IGNORE),
                ("bridge", (150, 100, 100), IGNORE),
                ("tunnel", (150, 120, 90), IGNORE),
                ("pole", (153, 153, 153), 5),
                ("polegroup", (153, 153, 153), IGNORE),
                ("traffic light", (250, 170, 30), 6),
                ("traffic sign", (220, 220, 0), 7),
                ("vegetation", (107, 142, 35), 8),
                ("terrain", (152, 251, 152), 9),
                ("sky", (70, 130, 180), 10),
                ("person", (220, 20, 60), 11),
                ("rider", (255, 0, 0), 12),
                ("car", (0, 0, 142), 13),
                ("truck", (0, 0, 70), 14),
                ("bus", (0, 60, 100), 15),
                ("caravan", (0, 0, 90), IGNORE),
                ("trailer", (0, 0, 110), IGNORE),
                ("train", (0, 80, 100), 16),
                ("motorcycle", (0, 0, 230), 17),
                ("bicycle", (119, 11, 32), 18),
            ]
        )
    ],
    shown={
        "road": (121, 74, 145),
        "sidewalk": (240, 174, 232),
        "building": (105, 99, 86),
        "wall": (104, 124, 167),
        "fence": (192, 153, 137),
        "pole": (247, 246, 158),
        "traffic light": (235, 159, 2),
        "traffic sign": (249, 234, 0),
        "vegetation": (79, 144, 13),
        "terrain": (159, 222, 168),
        "sky": (74, 162, 243),
        "person": (186, 13, 53),
        "rider": (230, 118, 89),
        "car": (17, 37, 123),
        "truck": (49, 10, 55),
        "bus": (2, 79, 98),
        "train": (19, 168, 173),
        "motorcycle": (96, 91, 228),
        "bicycle": (102, 14, 30),
    },
)
