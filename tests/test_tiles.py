"""Mosaics: cut into tiles, predicted with overlap against a reference that holds all in memory, and what goes wrong on the way."""

import itertools
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from course_utils import tiles
from course_utils.data import landcover
from course_utils.files import DataProblem, decode

RNG = np.random.default_rng(3)
PLACE = {"crs": "EPSG:2180", "transform": from_origin(500_000, 500_000, 0.25, 0.25)}


def write(path, array, **more):
    """An array (height, width, bands) or (height, width) as a GeoTIFF."""
    array = np.atleast_3d(array).transpose(2, 0, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"driver": "GTiff", "dtype": array.dtype, "count": len(array), "height": array.shape[1], "width": array.shape[2]}
    with rasterio.open(path, "w", **options, **PLACE, **more) as file:
        file.write(array)
    return path


def read(path):
    with rasterio.open(path) as file:
        return file.read(1)


def picture(height, width):
    return RNG.integers(0, 256, (height, width, 3), np.uint8)


def by_colour(images):
    """A stand-in for a network: three classes by colour, and what it says depends on where in the tile a pixel lies."""
    images = np.asarray(images)
    assert images.dtype == np.float32
    assert images.max() <= 1
    ramp = np.linspace(0, 1, images.shape[2], dtype=np.float32)[None, None, :, None]
    return images * (0.2 + ramp * np.float32([1, 0.5, 0.1]))


@pytest.fixture
def whole(monkeypatch):
    """Narrow strips, so that small mosaics have several."""
    monkeypatch.setattr(tiles, "STRIP", 40)


def reference(image, tile, overlap):
    """Everything in memory, tile after tile."""
    height, width = image.shape[:2]
    padded = np.pad(image, ((0, max(0, tile - height)), (0, max(0, tile - width)), (0, 0)), mode="symmetric")
    total = np.zeros((*padded.shape[:2], 3))
    for row in tiles.starts(height, tile, overlap):
        for column in tiles.starts(width, tile, overlap):
            here = np.s_[row : row + tile, column : column + tile]
            total[here] += tiles.weights(tile, overlap)[..., None] * by_colour(np.float32(padded[here][None] / 255))[0]
    return total[:height, :width].argmax(-1)


@pytest.mark.parametrize("size", [(96, 128), (100, 131), (32, 70), (20, 25), (33, 32)])
@pytest.mark.parametrize("overlap", [0, 8, 16, 27])
def test_predicts_like_a_reference_in_memory(tmp_path, whole, size, overlap):
    image = picture(*size)
    tiles.predict_mosaic(by_colour, write(tmp_path / "a.tif", image), tmp_path / "b.tif", tile=32, overlap=overlap, batch=3)
    assert (read(tmp_path / "b.tif") == reference(image, 32, overlap)).mean() > 0.999  # ties may fall either way
    with rasterio.open(tmp_path / "b.tif") as file:
        assert file.crs == PLACE["crs"]
        assert file.transform == PLACE["transform"]
        assert file.dtypes == ("uint8",)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "b.tif"]


def test_a_convolution_predicted_with_overlap_equals_the_whole_but_at_the_border(tmp_path):
    """Butt-joined tiles pad with zeros at each seam; in overlapping ones the seams count for little."""
    image = cv2.GaussianBlur(picture(160, 160), (0, 0), 2)
    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(3, 9, padding="same", use_bias=False)])
    kernel = RNG.normal(size=(9, 9, 3, 3))
    model.set_weights([kernel - kernel.mean(axis=(0, 1, 2))])  # what it says depends on differences alone, so padding matters
    truth = keras.ops.convert_to_numpy(model(np.float32(image[None] / 255)))[0].argmax(-1)[8:-8, 8:-8]
    wrong = {}
    for overlap in (0, 32):
        tiles.predict_mosaic(model, write(tmp_path / "a.tif", image), tmp_path / "b.tif", tile=64, overlap=overlap)
        wrong[overlap] = (read(tmp_path / "b.tif")[8:-8, 8:-8] != truth).mean()
    assert wrong[0] > 0.02
    assert wrong[32] < wrong[0] / 3


@pytest.mark.parametrize(
    ("length", "tile", "overlap"), [(100, 32, 0), (100, 32, 16), (64, 32, 16), (32, 32, 5), (10, 32, 16), (33, 32, 31)]
)
def test_starts_cover_every_pixel(length, tile, overlap):
    found = tiles.starts(length, tile, overlap)
    assert found[0] == 0
    assert sorted(set(found)) == found
    assert found[-1] == max(0, length - tile)
    assert all(b - a <= tile - overlap for a, b in itertools.pairwise(found))


@pytest.mark.parametrize("overlap", [-1, 32, 40])
def test_an_impossible_overlap_is_refused(tmp_path, overlap):
    with pytest.raises(ValueError, match="overlap"):
        tiles.predict_mosaic(by_colour, write(tmp_path / "a.tif", picture(40, 40)), tmp_path / "b.tif", tile=32, overlap=overlap)
    assert not (tmp_path / "b.tif").exists()


@pytest.mark.parametrize("overlap", [0, 4, 8, 16])
def test_weights_of_neighbours_add_up_to_one(overlap):
    line = np.sqrt(np.diag(tiles.weights(32, overlap)))
    total = line + np.pad(line, (32 - overlap, 0))[:32] + np.pad(line, (0, 32 - overlap))[-32:]
    np.testing.assert_allclose(total, 1, atol=1e-6)
    assert tiles.weights(32, overlap).min() > 0


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_leaves_what_was_there(tmp_path, stop):
    calls = []

    def predict(images):
        calls.append(1)
        if len(calls) == 3:
            raise stop
        return by_colour(images)

    source = write(tmp_path / "a.tif", picture(96, 96))
    (tmp_path / "b.tif").write_bytes(b"an earlier result")
    with pytest.raises(stop):
        tiles.predict_mosaic(predict, source, tmp_path / "b.tif", tile=32, overlap=16, batch=2)
    assert (tmp_path / "b.tif").read_bytes() == b"an earlier result"
    assert len(list(tmp_path.iterdir())) == 2


FULL = """
import resource, signal, sys
import numpy as np
from course_utils import tiles
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))  # no file may grow beyond, as on a full disk
rng = np.random.default_rng(0)
try:
    tiles.predict_mosaic(lambda images: rng.random((*images.shape[:3], 5)), sys.argv[1], sys.argv[2], tile=128, overlap=0)
except tiles.DataProblem as problem:
    print(problem)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limits on the size of files")
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path):
    source = write(tmp_path / "a.tif", np.zeros((512, 512, 3), np.uint8), compress="DEFLATE")
    command = [sys.executable, "-c", textwrap.dedent(FULL), str(source), str(tmp_path / "b.tif")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    assert "is the disk full" in done.stdout, done.stderr
    assert done.stdout.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path):
    good = write(tmp_path / "a.tif", picture(64, 64))
    (tmp_path / "text.tif").write_text("no image")
    (tmp_path / "cut.tif").write_bytes(good.read_bytes()[:4000])
    write(tmp_path / "grey.tif", picture(64, 64)[..., 0])
    write(tmp_path / "deep.tif", picture(64, 64).astype(np.uint16))
    for name, words in {"none": "missing", "text": "damaged", "cut": "cut off", "grey": "3 bands", "deep": "uint16"}.items():
        with pytest.raises(DataProblem, match=words) as caught:
            tiles.predict_mosaic(by_colour, tmp_path / f"{name}.tif", tmp_path / "b.tif", tile=32, overlap=0)
        assert f"{name}.tif" in str(caught.value)
    with pytest.raises(DataProblem, match="cannot be written"):
        tiles.predict_mosaic(by_colour, good, tmp_path / "nowhere" / "b.tif", tile=32, overlap=0)
    with pytest.raises(ValueError, match="must give"):
        tiles.predict_mosaic(lambda images: images[..., 0], good, tmp_path / "b.tif", tile=32, overlap=0)
    assert not (tmp_path / "b.tif").exists()


def test_tiles_hold_the_mosaics_pixels(tmp_path):
    image, mask = picture(100, 70), RNG.integers(0, 5, (100, 70), np.uint8)
    count = tiles.cut(write(tmp_path / "a.tif", image), write(tmp_path / "m.tif", mask), tmp_path / "tiles", side=32)
    assert count == 6
    assert sum(1 for _ in (tmp_path / "tiles").rglob("*.png")) == 12
    for row in (0, 32, 64):
        for column in (0, 32):
            here = np.s_[row : row + 32, column : column + 32]
            name = f"a_{row:05d}_{column:05d}.png"
            np.testing.assert_array_equal(decode(tmp_path / "tiles/images" / name), image[here])
            np.testing.assert_array_equal(decode(tmp_path / "tiles/masks" / name), mask[here])


def test_cut_refuses_a_mask_of_another_size_and_takes_none(tmp_path):
    image = write(tmp_path / "a.tif", picture(64, 64))
    with pytest.raises(DataProblem, match="64×64"):
        tiles.cut(image, write(tmp_path / "m.tif", np.zeros((64, 60), np.uint8)), tmp_path / "tiles", side=32)
    assert tiles.cut(image, None, tmp_path / "tiles", side=32) == 4
    assert not (tmp_path / "tiles/masks").exists()


def test_landcover_splits_by_mosaic(tmp_path):
    for number in range(4):
        image, mask = write(tmp_path / f"in_{number}.tif", picture(64, 32)), write(tmp_path / "m.tif", np.full((64, 32), number, np.uint8))
        tiles.cut(image, mask, tmp_path / "tiles", side=32)
    splits = {name: landcover(tmp_path / "tiles", name) for name in ("train", "val", "test")}
    assert {name: len(pairs) for name, pairs in splits.items()} == {"train": 4, "val": 2, "test": 2}
    assert {path.name[:4] for path in splits["train"].images} == {"in_0", "in_1"}
    assert {path.name[:4] for path in splits["test"].masks} == {"in_3"}
    images, masks = splits["test"].arrays()
    assert images.shape == (2, 32, 32, 3)
    assert set(np.unique(masks)) == {3}
    assert splits["val"].check() == []
    with pytest.raises(ValueError, match="train, val, test"):
        landcover(tmp_path / "tiles", "all")
    for path in [*splits["train"].images, *splits["train"].masks]:
        path.unlink()
    with pytest.raises(DataProblem, match="2 mosaics"):
        landcover(tmp_path / "tiles", "train")
