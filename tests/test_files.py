"""What a file is read to where tests/fuzz does not look: rights, words, mosaics, and what reaches the terminal."""

import os
import subprocess
import sys

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import Affine, from_origin

from course_utils import files, tiles
from course_utils.classes import CITYSCAPES
from course_utils.data import Pairs
from course_utils.files import DataProblem, decode, decode_mask, rasters, read_list
from tests.conftest import ROOT
from tests.fuzz.images import MAP, colours, geotiff, packed, png

RNG = np.random.default_rng(3)


@pytest.fixture
def forbidden(monkeypatch):
    """Nobody may open a file, as if its rights said so; root may, so the rights themselves cannot be tested everywhere."""

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)


def test_a_file_that_may_not_be_read_is_one_sentence(tmp_path, forbidden):
    (tmp_path / "a.png").touch()
    pairs = Pairs([tmp_path / "a.png"], None, CITYSCAPES)
    (sentence,) = pairs.check()
    assert sentence == f"{tmp_path / 'a.png'}: the file cannot be read (Permission denied); check what it is and who may read it."
    with pytest.raises(DataProblem, match="the file cannot be read"):
        read_list(tmp_path / "a.png")
    with pytest.raises(DataProblem, match="cannot be read"):
        tiles.cut(tmp_path / "a.png", None, tmp_path / "tiles")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="whoever may read everything cannot be refused")
def test_a_folder_that_may_not_be_read_is_one_sentence(tmp_path):
    place = tmp_path / "closed"
    place.mkdir()
    (place / "a.png").touch()
    place.chmod(0)
    try:
        with pytest.raises(DataProblem, match=r"cannot be read \(Permission denied\)"):
            decode(place / "a.png")
    finally:
        place.chmod(0o700)


LISTS = {
    "UTF-8": "a é;b\nc\n".encode(),
    "with a mark": "a é;b\r\nc".encode("utf-8-sig"),
    "UTF-16": "a é;b\nc".encode("utf-16"),
    "big-endian": b"\xfe\xff" + "a é;b\nc\n".encode("utf-16-be"),
}


@pytest.mark.parametrize("content", LISTS.values(), ids=LISTS)
def test_lists_are_read_as_editors_write_them(tmp_path, content):
    (tmp_path / "list.csv").write_bytes(content)
    assert read_list(tmp_path / "list.csv") == ["a é;b", "c"]


@pytest.mark.parametrize("content", ["é".encode("cp1252"), "a".encode("utf-16-le"), b"a\0b", b"\xff\xfea"])
def test_lists_of_other_encodings_are_refused(tmp_path, content):
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(DataProblem, match=r"list\.csv: this list is no plain text in UTF-8; open it in an editor and save it"):
        read_list(tmp_path / "list.csv")


def test_values_of_a_mask_without_its_classes(tmp_path):
    """Lesson 00 looks at the values themselves: what was stored, whatever a picture of it would show."""
    values = RNG.integers(0, 16, (9, 16), np.uint8)
    for content in (png(values, 4, 0), packed(values), packed(values.astype(np.uint16)), geotiff(values.astype(np.float32))):
        (tmp_path / "a.png").write_bytes(content)
        assert np.array_equal(decode_mask(tmp_path / "a.png"), values)
    (tmp_path / "a.png").write_bytes(packed(np.where(values > 7, np.uint8(200), np.uint8(90))))
    assert np.array_equal(decode_mask(tmp_path / "a.png", threshold=128), np.where(values > 7, 255, 0))


def test_an_image_may_be_written_to(tmp_path):
    (tmp_path / "a.png").write_bytes(packed(colours(RNG), "JPEG"))
    decode(tmp_path / "a.png")[0, 0] = 7


def mosaic(folder, image, mask=None, image_options=None, **options):
    paths = [folder / "m.tif", folder / "mask.tif"]
    paths[0].write_bytes(geotiff(image, **(image_options or {})))
    if mask is not None:
        paths[1].write_bytes(geotiff(mask, **options))
    return paths


def test_nothing_is_predicted_where_a_mosaic_has_no_data(tmp_path):
    image = RNG.integers(1, 256, (70, 90, 3), np.uint8)
    image[:, 80:], image[10:20, 5:9] = 0, 0
    source, _ = mosaic(tmp_path, image, image_options={"nodata": 0})

    def first(images):
        return np.eye(3)[np.where(images[..., 0] > 0.5, 2, 0)]

    tiles.predict_mosaic(first, source, tmp_path / "out.tif", tile=32, overlap=16)
    with rasterio.open(tmp_path / "out.tif") as result:
        assert result.nodata == 255
        assert np.array_equal(result.read(1), np.where((image == 0).all(axis=2), 255, np.where(image[..., 0] > 127, 2, 0)))


def test_tiles_without_data_are_left_out(tmp_path):
    image, mask = RNG.integers(1, 256, (64, 96, 3), np.uint8), RNG.integers(0, 5, (64, 96), np.uint8)
    image[:, 64:] = 0
    image[0, 0] = 0  # a black pixel more or less costs no tile
    paths = mosaic(tmp_path, image, mask, image_options={"nodata": 0})
    assert tiles.problems(*paths) == []
    assert tiles.cut(*paths, tmp_path / "tiles", side=32) == 4
    names = {path.name for path in (tmp_path / "tiles/images").iterdir()}
    assert names == {f"m_{row:05d}_{column:05d}.png" for row in (0, 32) for column in (0, 32)}
    assert names == {path.name for path in (tmp_path / "tiles/masks").iterdir()}


def turned(array, **options):
    """A TIFF that says of itself that it lies on its side."""
    return packed(array, "TIFF", tiffinfo={0x0112: 6}, **options)


PAGES = packed(np.zeros((64, 64, 3), np.uint8), "TIFF", save_all=True, append_images=[Image.new("RGB", (64, 64))])
MOSAICS = {
    "on its side": (turned(np.zeros((64, 64, 3), np.uint8)), None, "Orientation"),
    "several pages": (
        packed(np.zeros((64, 64, 3), np.uint8), "TIFF", save_all=True, append_images=[Image.new("RGB", (64, 64))]),
        None,
        "2 pages",
    ),
    "five bands": (geotiff(np.zeros((64, 64, 5), np.uint8), photometric="MINISBLACK"), None, "not 5 of uint8"),
    "JPEG mask": (None, geotiff(np.zeros((64, 64), np.uint8), compress="JPEG"), "JPEG has changed"),
    "two bands": (None, geotiff(np.zeros((64, 64, 2), np.uint8), photometric="MINISBLACK"), "1 band of 8 bits.*not 2"),
    "shifted": (None, geotiff(np.zeros((64, 64), np.uint8), from_origin(500_000.75, 500_000, 0.25, 0.25)), "3.0 pixels apart"),
    "south up": (None, geotiff(np.zeros((64, 64), np.uint8), Affine(0.25, 0, 500_000, 0, 0.25, 499_984)), "pixels apart"),
    "other size": (None, geotiff(np.zeros((64, 60), np.uint8)), "64×60"),
    "no class": (None, geotiff(np.full((64, 64), 9, np.uint8)), "value 9 stands for no class"),
}


@pytest.mark.parametrize("which", MOSAICS)
def test_mosaics_that_cannot_be_used_are_refused(tmp_path, which):
    image, mask, words = MOSAICS[which]
    (tmp_path / "m.tif").write_bytes(image or geotiff(RNG.integers(0, 256, (64, 64, 3), np.uint8)))
    (tmp_path / "mask.tif").write_bytes(mask or geotiff(np.zeros((64, 64), np.uint8)))
    with pytest.raises(DataProblem, match=words) if which != "no class" else pytest.raises(StopIteration):
        tiles.cut(tmp_path / "m.tif", tmp_path / "mask.tif", tmp_path / "tiles", side=32)
        raise StopIteration
    (sentence,) = tiles.problems(tmp_path / "m.tif", tmp_path / "mask.tif")
    assert words.split(".*")[-1] in sentence


def test_places_on_the_map():
    one, off = ("EPSG:2180", MAP), from_origin(500_000.5, 500_000, 0.25, 0.25)
    assert rasters.apart(one, None, 9, 9) == rasters.apart(one, one, 9, 9) == rasters.apart(one, ("described otherwise", MAP), 9, 9) == ""
    assert rasters.apart(one, ("EPSG:2180", off), 9, 9) == "lie 2.0 pixels apart on the map"
    assert rasters.apart(one, ("EPSG:4326", off), 9, 9) == "lie in two coordinate systems"


def test_a_set_cannot_be_trained_on_where_image_and_mask_are_turned_unlike(tmp_path):
    """Before, a photograph that a camera had stored on its side was read so, and its upright mask did not fit."""
    picture, exif = RNG.integers(0, 256, (9, 9, 3), np.uint8), Image.Exif()
    exif[0x0112] = 3
    (tmp_path / "a.jpg").write_bytes(packed(picture, "JPEG", exif=exif, quality=100, subsampling=0))
    assert np.abs(decode(tmp_path / "a.jpg").astype(int)[::-1, ::-1] - picture).max() < 30


QUIET = """
import sys
from pathlib import Path
from course_utils.data.pairs import Pairs
from course_utils.classes import CITYSCAPES
print(Pairs([Path(name) for name in sys.argv[1:]], None, CITYSCAPES).check())
assert not {"tensorflow", "keras", "jax"} & set(sys.modules)
"""


def test_what_libraries_think_of_a_file_stays_with_them(tmp_path):
    """GDAL, libtiff and Pillow write warnings of their own where nobody catches them; and no file needs Keras to be read."""
    (tmp_path / "no place.tif").write_bytes(geotiff(colours(RNG), None))
    (tmp_path / "cut.tif").write_bytes(geotiff(RNG.integers(0, 256, (64, 64, 3), np.uint8), compress="LZW")[:-400])
    (tmp_path / "strange tag.tif").write_bytes(packed(colours(RNG), "TIFF", tiffinfo={65000: "x"}))
    (tmp_path / "large.png").write_bytes(png(np.zeros((9_400, 9_400), np.uint8), 8, 0))
    names = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run([sys.executable, "-c", QUIET, *names], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count("cut.tif") == 1
    assert done.stdout.count(".tif") == 1


def test_every_name_of_the_package_is_there():
    assert all(hasattr(files, name) for name in files.__all__)
