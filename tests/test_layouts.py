"""Every layout in which the real sets come: `check` finds nothing, the reader gives what is there, and what leaks is found."""

import itertools
import os
import re
import shutil
import tempfile
import types
from pathlib import Path

import numpy as np
import pytest

from course_utils import data, tiles
from course_utils.files import DataProblem
from data_scripts import checks, ensure, store
from data_scripts.__main__ import main
from data_scripts.sets import SETS
from tests import layouts

NAMES = [layout.__name__ for _, layout in layouts.ALL]
SPLITS = {  # set: what a split of it must have at least, for the lessons
    "eliret": {"train": 100, "val": 50, "test": 50}, "membrane": {"train": 30, "test": 30}, "camvid": {"train": 12, "val": 6},
    "carla": {"train": 18, "val": 4, "test": 4}, "cityscapes": {"train": 18, "val": 8, "test": 8}, "landcover": {"all": 4},
}  # fmt: skip


@pytest.fixture(scope="session")
def laid_out():
    """Layout -> a folder like `data/` or one of COURSE_DATA, with the set in it and with what file managers leave; not to be written to."""
    made = {}
    with tempfile.TemporaryDirectory() as place:

        def lay_out(name, layout):
            if layout not in made:
                made[layout] = Path(place) / layout.__name__
                (made[layout] / name).mkdir(parents=True)
                layout(made[layout] / name)
                layouts.beside(made[layout] / name)
            return made[layout]

        yield lay_out


@pytest.fixture
def course(tmp_path, monkeypatch):
    """An empty checkout that looks for sets in the folder it is called with."""
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return lambda base: monkeypatch.setenv("COURSE_DATA", str(base))


@pytest.mark.parametrize(("name", "layout"), layouts.ALL, ids=NAMES)
def test_check_and_reader_agree_that_all_is_well(course, laid_out, capsys, name, layout):
    base = laid_out(name, layout)
    before = sorted(base.rglob("*"))
    course(base)
    assert main(["check", name]) == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    assert said.startswith(f"{name}: real (COURSE_DATA), ")
    assert "no problems" in said
    folder = ensure(name)
    assert capsys.readouterr().out.startswith(f"{name}: real (COURSE_DATA), ")
    assert sorted(base.rglob("*")) == before
    splits, problems = SETS[name].read(folder)
    assert problems == []
    assert all(len(splits[split]) >= least for split, least in SPLITS[name].items())
    if name != "landcover":
        for split, pairs in splits.items():
            size = None if split == "larger" else (32, 64)
            for images, masks in [pairs.arrays(size)] if size else (one.arrays() for one in (pairs[[n]] for n in range(len(pairs)))):
                assert images.dtype == np.float32
                assert images.std() > 0.03  # read as something, not as black
                assert masks is None or len(np.unique(masks)) > 1


@pytest.mark.parametrize("layout", layouts.LAYOUTS["carla"])
def test_no_drive_is_torn(laid_out, layout):
    """Where there are drives to choose from each lies in one split; a single one is cut in its order. Every frame is used once."""
    splits, _ = SETS["carla"].read(laid_out("carla", layout) / "carla")
    frames = [path for pairs in splits.values() for path in pairs.images]
    assert len(frames) == len(set(frames)) == len(data.carla(laid_out("carla", layout) / "carla", "all"))
    drives = {split: {data.drive(path) for path in pairs.images} for split, pairs in splits.items()}
    if len(set.union(*drives.values())) > 2:
        assert all(not one & other for one, other in itertools.combinations(drives.values(), 2))
    else:
        assert data.in_time(frames) == frames
    assert len(splits["train"]) >= len(frames) / 2


DRIVES = {"world07_2": "world07", "F61-52": "F61", "02_00_019": "02_00", "ep_0007_000123": "ep_0007", "12": "dataA", "x": "x"}


@pytest.mark.parametrize(("name", "drive"), DRIVES.items())
def test_drives_by_name(name, drive):
    assert data.drive(Path("dataA/CameraRGB/train") / f"{name}.png") == drive


def test_natural_order():
    names = ["F100-1.png", "F9-10.png", "F9-9.png", "10.png", "2.png", "a.png", "F9.png"]
    assert data.readers.natural(names) == ["2.png", "10.png", "F9-9.png", "F9-10.png", "F9.png", "F100-1.png", "a.png"]


def own_copy(base, name, folder):
    """The set in a folder that a test may write to."""
    shutil.copytree(base / name, folder / name)
    return store._inside(folder / name, SETS[name])


def leak(name, folder):
    """One pair of the last split stands in the training split, too, under another name."""
    splits, _ = SETS[name].read(folder)
    late, train = splits.get("test") or splits["val"], splits["train"]
    layouts.resaved(late.images[0], train.images[len(train) // 2])
    if late.masks:
        layouts.resaved(late.masks[0], train.masks[len(train) // 2])


@pytest.mark.parametrize(("name", "layout"), layouts.ALL, ids=NAMES)
def test_a_picture_in_two_splits_is_found(course, laid_out, tmp_path, capsys, name, layout):
    """Whatever it is called, and however its file was packed."""
    folder = own_copy(laid_out(name, layout), name, tmp_path / "shared")
    if name == "landcover":
        for kind in ("images", "masks"):
            shutil.copy(folder / kind / "N-33-60-D-c-4-2.tif", folder / kind / "A-1.tif")
    else:
        leak(name, folder)
    course(tmp_path / "shared")
    assert main(["check", name]) == 1
    said = capsys.readouterr().out
    assert "one picture" in said
    assert str(tmp_path) not in said


def test_lists_that_name_one_frame_twice_are_found(laid_out, tmp_path):
    eliret = own_copy(laid_out("eliret", layouts.eliret), "eliret", tmp_path)
    with open(eliret / "teste.csv", "a") as file:
        file.write("007x.png;007y.png\r\n")
    (sentence,) = checks.leaks(eliret, SETS["eliret"])
    assert sentence.startswith("007x.png twice, that are one picture, in train and in test") or "007x.png" in sentence
    camvid = own_copy(laid_out("camvid", layouts.camvid), "camvid", tmp_path)
    text = (camvid / "train.txt").read_text().splitlines(keepends=True)
    (camvid / "val.txt").write_text("".join(text[3:7]))
    (sentence,) = checks.leaks(camvid, SETS["camvid"])
    assert "3 more" in sentence


@pytest.mark.parametrize("layout", [layouts.carla_split_folders, layouts.carla_release])
def test_a_torn_drive_is_found(laid_out, tmp_path, layout):
    """Other frames of a drive that is trained on, in the test; for a single drive, frames between those of training."""
    folder = own_copy(laid_out("carla", layout), "carla", tmp_path)
    if layout is layouts.carla_release:
        frames = data.carla(folder, "all").images
        for split, some in {"train": frames[::2], "val": frames[1::4], "test": frames[3::4]}.items():
            (folder / f"{split}.txt").write_text("".join(f"{path.name}\n" for path in some))
    else:
        for kind in ("CameraRGB", "CameraSeg"):
            shutil.move(folder / kind / "train/F61-3.png", folder / kind / "test/F61-3.png")
    (sentence,) = checks.leaks(folder, SETS["carla"])
    assert "stand in train and in" in sentence
    assert checks.problems(folder, SETS["carla"]) == []


def test_a_city_in_two_splits_is_found(laid_out, tmp_path):
    folder = own_copy(laid_out("cityscapes", layouts.cityscapes), "cityscapes", tmp_path)
    for kind in ("leftImg8bit", "gtFine"):
        shutil.move(folder / kind / "train/bremen", folder / kind / "val/bremen2")
        (folder / kind / "train/bremen").mkdir()
        for path in list((folder / kind / "val/bremen2").iterdir())[::2]:
            shutil.move(path, folder / kind / "train/bremen" / path.name)
        shutil.move(folder / kind / "val/bremen2", folder / kind / "val/bremen")
    assert any('"bremen" stand in' in text for text in checks.leaks(folder, SETS["cityscapes"]))


def test_mosaics_of_the_same_land_are_found(tmp_path):
    (tmp_path / "landcover").mkdir()
    layouts.landcover(tmp_path / "landcover", {"A-1": (300, 400, 0.25), "B-2": (300, 400, 0.25), "C-3": (200, 300, 0.5)})
    assert checks.leaks(tmp_path / "landcover", SETS["landcover"]) == []
    import rasterio

    for kind in ("images", "masks"):
        with rasterio.open(tmp_path / f"landcover/{kind}/A-1.tif") as file:
            place = file.transform
        with rasterio.open(tmp_path / f"landcover/{kind}/B-2.tif", "r+") as file:
            file.transform = place @ place.translation(200, 10)
    (sentence,) = checks.leaks(tmp_path / "landcover", SETS["landcover"])
    assert "images/A-1.tif and images/B-2.tif show the same land" in sentence


# --- the second archive of eliret ----------------------------------------------------------------------------------------------------


def test_larger_images_that_are_not_there_are_drawn_and_said(course, laid_out, tmp_path, capsys):
    base = laid_out("eliret", layouts.eliret)
    course(base)
    folder = ensure("eliret")
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "real (COURSE_DATA)" in said
    assert "the larger images are generated, because their archive is not there" in said
    assert [len(data.eliret(folder, split)) for split in ("train", "val", "test", "larger")] == [100, 50, 50, 6]
    assert (folder / "treino.csv").read_bytes() == (base / "eliret/treino.csv").read_bytes()
    assert not list((base / "eliret").glob("maior*"))
    before = (folder / "dataset.json").stat().st_mtime_ns
    assert ensure("eliret") == folder
    assert (folder / "dataset.json").stat().st_mtime_ns == before  # once
    assert main(["check", "eliret"]) == 0
    assert "the larger images are not there" in capsys.readouterr().out
    assert ensure("eliret", seed=3).name == "eliret-3"  # a student's own set stays a generated one


def test_a_completed_copy_follows_the_set_that_it_was_made_from(course, laid_out, tmp_path):
    folder = own_copy(laid_out("eliret", layouts.eliret), "eliret", tmp_path / "shared")
    course(tmp_path / "shared")
    assert data.eliret(ensure("eliret"), "train").images[1].name == "100x.png"
    (folder / "treino.csv").write_text("000x.png;000y.png\n001x.png;001y.png\n")
    assert data.eliret(ensure("eliret"), "train").images[1].name == "001x.png"
    layouts.eliret_larger(folder)
    assert ensure("eliret") == folder


def test_the_notes_own_set_serves_where_no_seed_is_given(course, laid_out):
    """So homework 1 uses it with SEED = None."""
    course(laid_out("eliret", layouts.eliret_larger))
    assert ensure("eliret", seed=None) == laid_out("eliret", layouts.eliret_larger) / "eliret"


# --- tiles that are kept --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def country(tmp_path):
    """Three mosaics of other sizes, and a function that cuts them: (number of tiles by mosaic, names of mosaics that were cut now)."""
    folder = tmp_path / "landcover"
    folder.mkdir()
    layouts.landcover(folder, {"A-1": (300, 400, 0.25), "B-2": (250, 200, 0.25), "C-3": (200, 300, 0.5)})

    def cut(side=64):
        done, original = [], tiles.cut
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tiles, "cut", lambda image, *more: done.append(image.stem) or original(image, *more))
            return tiles.cut_all(data.mosaics(folder), tmp_path / "tiles", side), done

    return folder, cut


def test_tiles_are_cut_once_and_kept(country, tmp_path, capsys):
    _, cut = country
    counts = {"A-1": 4 * 6, "B-2": 3 * 3, "C-3": 3 * 4}
    assert cut() == (counts, ["A-1", "B-2", "C-3"])
    assert cut() == (counts, [])
    assert [len(data.landcover(tmp_path / "tiles", split)) for split in ("train", "val", "test")] == [24, 9, 12]
    assert capsys.readouterr().out == ""  # quick: nothing to say


def test_mosaics_that_changed_or_went_are_noticed(country, tmp_path):
    folder, cut = country
    cut()
    layouts.landcover(tmp_path / "new", {"B-2": (260, 200, 0.25), "D-4": (130, 130, 0.25)})
    for kind in ("images", "masks"):
        shutil.copy(tmp_path / f"new/{kind}/B-2.tif", folder / kind / "B-2.tif")
        shutil.copy(tmp_path / f"new/{kind}/D-4.tif", folder / kind / "D-4.tif")
        (folder / kind / "A-1.tif").unlink()
    assert cut() == ({"B-2": 4 * 3, "C-3": 12, "D-4": 4}, ["B-2", "D-4"])
    assert {path.name.split("_")[0] for path in (tmp_path / "tiles/images").iterdir()} == {"B-2", "C-3", "D-4"}
    counts, done = cut(100)  # another side
    assert done == ["B-2", "C-3", "D-4"]
    assert sum(counts.values()) == len(list((tmp_path / "tiles/masks").iterdir()))


@pytest.mark.parametrize("text", ["", "[]", "{", "3", '{"A-1": 3}', '{"A-1": []}'])
def test_a_damaged_index_means_cutting_anew(country, tmp_path, text):
    _, cut = country
    counts, done = cut()
    (tmp_path / "tiles/tiles.json").write_text(text)
    assert cut() == (counts, done)


def test_a_run_that_was_killed_goes_on_with_the_next_mosaic(country, tmp_path):
    _, cut = country
    original = tiles.cut

    def stop(image, *more):
        original(image, *more)
        if image.stem == "B-2":
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "cut", stop)
        with pytest.raises(KeyboardInterrupt):
            tiles.cut_all(data.mosaics(tmp_path / "landcover"), tmp_path / "tiles", 64)
    assert cut()[1] == ["B-2", "C-3"]


def test_time_and_disk_are_said_beforehand(country, monkeypatch, capsys):
    _, cut = country
    monkeypatch.setattr(tiles, "PIXELS_A_SECOND", 1000)
    cut()
    assert re.fullmatch(r"cutting 3 mosaics, once: about \d+ min, 0\.\d GB in tiles\n", capsys.readouterr().out)
    cut()
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(tiles.shutil, "disk_usage", lambda _: types.SimpleNamespace(free=1000))
    with pytest.raises(DataProblem, match=r"the tiles take about .* free some space first"):
        cut(32)


def test_a_mosaic_smaller_than_a_tile_is_refused(country):
    with pytest.raises(DataProblem, match="smaller than a tile of 256×256; choose a smaller side"):
        country[1](256)


# --- what store says of folders in COURSE_DATA ------------------------------------------------------------------------------------------


def test_a_set_that_may_not_be_read_is_said(course, laid_out, monkeypatch, capsys):
    base = laid_out("membrane", layouts.membrane)
    course(base)
    monkeypatch.setattr(store.os, "access", lambda path, how: False)
    monkeypatch.setattr(store, "has_marks", lambda folder, dataset: store.ROOT in folder.parents)  # what nobody may read shows nothing
    assert "membrane in COURSE_DATA was skipped, because you may not read it" in store.skipped(SETS["membrane"])


def test_a_bomb_and_a_pipe_are_no_end_of_the_table(course, laid_out, tmp_path, capsys):
    folder = own_copy(laid_out("membrane", layouts.membrane), "membrane", tmp_path / "shared")
    layouts.save(folder / "train/image/0.png", np.zeros((1, 1), np.uint8))
    png = bytearray((folder / "train/image/0.png").read_bytes())
    png[16:24] = (60_000).to_bytes(4, "big") * 2
    (folder / "train/image/0.png").write_bytes(png)
    course(tmp_path / "shared")
    assert main(["list"]) == 0
    if hasattr(os, "mkfifo"):
        (folder / "train/image/0.png").unlink()
        os.mkfifo(folder / "train/image/0.png")
        assert main(["list"]) == 0
    assert "membrane" in capsys.readouterr().out
