"""The words in which a file of `sets` says what its data set is, where it comes from and how its files lie."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from course_utils.classes import ClassTable


class DataError(Exception):
    """Something about the data that its reader can put right; the message is written for that person."""


class Package(NamedTuple):
    """One archive behind a login, and the folder in it that holds its share of the set."""

    url: str
    folder: str


class Pair(NamedTuple):
    """One image and its mask (None where the set has none), as paths inside the set; `listed_in` is the list that names them."""

    image: str
    mask: str | None
    listed_in: str = ""


class Mirror(NamedTuple):
    """One address of a set's archive, and the archive's sha256 where it is known."""

    url: str
    sha256: str | None = None


@dataclass(frozen=True)
class DataSet:
    """One data set.

    Args:
        what: a few words for the table of sets.
        lesson: the first one that uses it; sets are listed in this order.
        licence, source: of the real set.
        table: what the values of a mask mean.
        marks: files or folders that tell this set's folder from any other; `**/` before a name: anywhere below.
        layout: (pattern, place) for each kind of file of an archive, both from the set's folder on; what matches none is left out.
        pairs: given the folder, all pairs and the problems of the lists themselves, one sentence each.
        make: fills an empty folder with the generated set: `make(folder, seed, **options)`.
        version: of the generated set; a larger one makes it anew.
        seed: of the generated set; a student's own set has another one and is called NAME-SEED.
        sizes: {word: width and height} of other frames than usual that `make` takes by `--word`.
        mirrors: where the real archive lies, best first.
        login, packages: for a set that is given to registered people only: the address of the form, and the archives behind it, all of
            which together are the set.
        grey: whether images are grey; masks always are.
        threshold: whether readers cut masks at 128, so that any grey level is legal in them.
        red: whether masks are colour pictures with the class in their red channel.
        most_mb: an archive or a set that is larger than this is refused.
    """

    name: str
    what: str
    lesson: int
    licence: str
    source: str
    table: ClassTable
    marks: tuple[str, ...]
    layout: tuple[tuple[str, str], ...]
    pairs: Callable[[Path], tuple[list[Pair], list[str]]]
    make: Callable[..., None]
    version: int = 1
    seed: int = 1
    mirrors: tuple[Mirror, ...] = ()
    login: str = ""
    packages: tuple[Package, ...] = ()
    grey: bool = False
    threshold: bool = False
    red: bool = False
    most_mb: int = 500
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def missing(self) -> str:
        """What a folder or an archive lacks that is not this set: "train/image or no train/label"."""
        return " or no ".join(mark.removeprefix("**/") for mark in self.marks)

    @property
    def generator(self) -> str:
        """The module that makes the set, as dataset.json names it."""
        return self.make.__module__


def png_names(folder, *places):
    """Names of the PNG files in any of the places, 2.png before 10.png."""
    return sorted({path.name for place in places for path in (folder / place).glob("*.png")}, key=lambda name: (len(name), name))
