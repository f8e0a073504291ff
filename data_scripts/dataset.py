"""The words in which a file of `sets` says what its data set is, where it comes from and how its files lie."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from course_utils.data import Absent, DataProblem, Pairs


class DataError(Exception):
    """Something about the data that its reader can put right; the message is written for that person."""


class Package(NamedTuple):
    """One archive behind a login, and the folder in it that holds its share of the set."""

    url: str
    folder: str


class Mirror(NamedTuple):
    """One address of a set's archive, and the archive's sha256 where it is known."""

    url: str
    sha256: str | None = None


class Extra(NamedTuple):
    """A split that comes in an archive of its own. Where it is missing from a real set, `make(folder, seed)` draws it.

    mark, layout, mirrors: as those of a `DataSet`; the mark is one file. what: what messages call it.
    """

    split: str
    what: str
    mark: str
    layout: tuple[tuple[str, str], ...]
    mirrors: tuple[Mirror, ...]
    make: Callable[[Path, int], None]


@dataclass(frozen=True)
class DataSet:
    """One data set.

    Args:
        what: a few words for the table of sets.
        lesson: the first one that uses it; sets are listed in this order.
        licence, source: of the real set.
        marks: files or folders that tell this set's folder from any other; `**/` before a name: anywhere below.
        layout: (pattern, place) for each kind of file of an archive, both from the set's folder on; what matches none is left out.
        reader, splits: what lessons read the set with, and all splits of it.
        group: of images that belong together (the frames of one drive), and must not stand in two splits: a name for their group.
        make: fills an empty folder with the generated set: `make(folder, seed, **options)`.
        version: of the generated set; a larger one makes it anew.
        seed: of the generated set; a student's own set has another one and is called NAME-SEED.
        sizes: {word: width and height} of other frames than usual that `make` takes by `--word`.
        mirrors: where the real archive lies, best first.
        login, packages: for a set that is given to registered people only: the address of the form, and the archives behind it, all of
            which together are the set.
        extra: a split that a real set may lack.
        most_mb, most_files: an archive or a set that is larger, or has more files, is refused.
    """

    name: str
    what: str
    lesson: int
    licence: str
    source: str
    marks: tuple[str, ...]
    layout: tuple[tuple[str, str], ...]
    reader: Callable[[Path, str], Pairs]
    make: Callable[..., None]
    version: int = 1
    seed: int = 1
    mirrors: tuple[Mirror, ...] = ()
    login: str = ""
    packages: tuple[Package, ...] = ()
    splits: tuple[str, ...] = ("train", "val", "test")
    group: Callable[[Path], str] | None = None
    extra: Extra | None = None
    most_mb: int = 500
    most_files: int = 3000
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def missing(self) -> str:
        """What a folder or an archive lacks that is not this set: "train/image or no train/label"."""
        return " or no ".join(mark.removeprefix("**/") for mark in self.marks)

    @property
    def generator(self) -> str:
        """The module that makes the set, as dataset.json names it."""
        return self.make.__module__

    def lacks_extra(self, folder: Path) -> bool:
        """Whether the set in `folder` is one without the split that comes in an archive of its own."""
        return bool(self.extra) and self.extra.split not in self.read(folder)[0]

    def read(self, folder: Path) -> tuple[dict[str, Pairs], list[str]]:
        """The pairs of each split as lessons get them, and what the reader says of the other splits, one sentence each."""
        pairs, problems = {}, []
        for split in self.splits:
            try:
                pairs[split] = self.reader(folder, split)
            except Absent:
                pass  # a split that real sets may lack
            except DataProblem as problem:
                problems.append(str(problem))
        return pairs, problems
