"""Tests of data_scripts: finding and making sets, downloads from a server that misbehaves, archives, checks and the command line."""

import errno
import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import types
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio
from PIL import Image

from course_utils import data
from data_scripts import DataError, archive, cards, checks, ensure, fetch, store, summary, transfer
from data_scripts.__main__ import main
from data_scripts.dataset import Mirror, Package
from data_scripts.sets import SETS
from tests.server import Server

CHECKOUT = Path(__file__).resolve().parents[1]
CARLA_SET = SETS["carla"]
GREY = np.arange(64, dtype=np.uint8).reshape(8, 8)
LANDCOVER_SET, CAMVID_SET, CITYSCAPES_SET = (SETS[name] for name in ("landcover", "camvid", "cityscapes"))


def picture(array):
    """The bytes of a PNG file of an array or a Pillow image."""
    buffer = io.BytesIO()
    (Image.fromarray(array) if isinstance(array, np.ndarray) else array).save(buffer, "PNG")
    return buffer.getvalue()


def fill(folder, seed=7):
    """A set in the layout of eliret, four small pairs; the images are noise, so that the archive has some size."""
    rng = np.random.default_rng(seed)
    for number in range(4):
        (folder / f"{number:03d}x.png").write_bytes(picture(rng.integers(0, 256, (8, 8), np.uint8)))
        (folder / f"{number:03d}y.png").write_bytes(picture(np.where(rng.random((8, 8)) < 0.5, 0, 255).astype(np.uint8)))
    for name, numbers in {"treino.csv": (0, 1), "valida.csv": (2,), "teste.csv": (3,)}.items():
        (folder / name).write_text("".join(f"{number:03d}x.png;{number:03d}y.png\n" for number in numbers))


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A set `tiny` and an empty checkout; no network wait is long."""
    dataset = replace(SETS["eliret"], name="tiny", mirrors=(), extra=None, most_mb=1, make=fill, version=1, seed=7)
    for name in reversed(list(SETS)):  # put back last to first, so that their order stays
        monkeypatch.delitem(SETS, name)
    monkeypatch.setitem(SETS, "tiny", dataset)
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(transfer, "WAIT", 0.001)
    monkeypatch.setattr(transfer, "STALL", 1.0)
    monkeypatch.setattr(transfer, "CHUNK", 64)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return dataset


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def files(tmp_path):
    """{name: content} of a sound set."""
    folder = tmp_path / "source"
    folder.mkdir()
    fill(folder, seed=1)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def packed(files, top="segm_eliret/"):
    """A zip archive of {name: content}."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name if isinstance(name, zipfile.ZipInfo) else top + name, content)
    return buffer.getvalue()


def with_mirrors(dataset, *mirrors):
    return replace(dataset, mirrors=tuple(Mirror(*mirror) if isinstance(mirror, tuple) else Mirror(mirror) for mirror in mirrors))


def left_over(root):
    """What lies in data/ besides the set and the lock; of a part and what is noted of it the part alone."""
    besides = ("tiny", ".tiny.lock", "checksums.json")
    return sorted(path.name for path in (root / "data").iterdir() if path.name not in besides and not path.name.endswith(".part.json"))


# --- making and finding ------------------------------------------------------------------------------------------------------------


def test_ensure_makes_once_and_says_so_in_one_line(tiny, tmp_path, capsys):
    folder = ensure("tiny")
    assert folder == tmp_path / "data" / "tiny"
    line = capsys.readouterr().out
    assert line.startswith("tiny: generated (seed 7), 4 pairs, 8×8, ")
    assert line.count("\n") == 1
    assert str(tmp_path) not in line
    card = json.loads((folder / "dataset.json").read_text("utf-8"))
    assert (card["name"], card["kind"], card["version"], card["seed"]) == ("tiny", "generated", 1, 7)
    assert set(card["files"]) == {path.name for path in folder.iterdir()} - {"dataset.json"}
    before = (folder / "dataset.json").stat().st_mtime_ns
    assert ensure("tiny") == folder
    assert (folder / "dataset.json").stat().st_mtime_ns == before
    assert left_over(tmp_path) == []


def test_unknown_name_lists_the_known_ones(tiny):
    with pytest.raises(DataError, match="tiny"):
        ensure("tinny")


def test_real_set_in_course_data_comes_first_and_is_only_read(tiny, tmp_path, monkeypatch, capsys):
    (tmp_path / "pool" / "tiny").mkdir(parents=True)
    fill(tmp_path / "pool" / "tiny")
    monkeypatch.setenv("COURSE_DATA", os.pathsep.join(["nowhere", "pool"]))  # relative to the checkout, whatever the current folder
    before = sorted((tmp_path / "pool").rglob("*"))
    assert ensure("tiny") == tmp_path / "pool" / "tiny"
    assert capsys.readouterr().out.startswith("tiny: real (COURSE_DATA), 4 pairs, 8×8, ")
    assert summary() == "data: tiny real"
    assert sorted((tmp_path / "pool").rglob("*")) == before
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("path", "words"), [("pool", "no treino.csv"), ("nowhere", "not there")])
def test_a_course_data_that_is_of_no_use_is_said(tiny, tmp_path, monkeypatch, capsys, path, words):
    (tmp_path / "pool" / "tiny").mkdir(parents=True)
    monkeypatch.setenv("COURSE_DATA", path)
    ensure("tiny")
    line = capsys.readouterr().out
    assert "generated" in line
    assert words in line
    assert line.count("\n") == 1


@pytest.fixture
def copied(tiny, tmp_path, monkeypatch):
    """A generated set that lies in COURSE_DATA and no more in `data/`."""
    folder = ensure("tiny").rename(tmp_path / "pool")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "shared"))
    (tmp_path / "shared").mkdir()
    return folder.rename(tmp_path / "shared" / "tiny")


def test_a_generated_copy_in_course_data_is_used_and_nothing_is_drawn(copied, tmp_path, capsys):
    capsys.readouterr()
    assert ensure("tiny") == copied
    assert capsys.readouterr().out.startswith("tiny: generated (seed 7, COURSE_DATA), 4 pairs, 8×8, ")
    assert summary() == "data: tiny generated"
    assert main(["make"]) == 0
    assert not (tmp_path / "data" / "tiny").exists()


def test_a_real_set_comes_before_a_generated_copy(copied, tmp_path, monkeypatch):
    (tmp_path / "data" / "tiny").mkdir(parents=True)
    fill(tmp_path / "data" / "tiny")
    assert ensure("tiny") == tmp_path / "data" / "tiny"
    (tmp_path / "second" / "tiny").mkdir(parents=True)
    fill(tmp_path / "second" / "tiny")
    monkeypatch.setenv("COURSE_DATA", os.pathsep.join(str(tmp_path / name) for name in ("shared", "second")))
    assert ensure("tiny") == tmp_path / "second" / "tiny"


@pytest.mark.parametrize("name", ["000x.png", "treino.csv"])
def test_a_broken_copy_is_reported_and_not_used(copied, tmp_path, capsys, name):
    """treino.csv is the mark by which the set is known."""
    (copied / name).unlink()
    assert main(["check", "tiny"]) == 1
    said = capsys.readouterr().out
    assert "COURSE_DATA" in said
    assert re.search(rf"{name}: this list is missing|{name}: the file is missing", said)
    assert "python -m" not in said  # the course does not write there
    assert ensure("tiny") == tmp_path / "data" / "tiny"
    assert "was skipped, because it lacks files" in capsys.readouterr().out
    assert main(["check", "tiny"]) == 1
    assert not (copied / name).exists()


@pytest.mark.parametrize("change", [{"version": 0}, {"seed": 8}])
def test_a_copy_of_another_set_is_passed_over_and_said(copied, tmp_path, capsys, change):
    card = json.loads((copied / "dataset.json").read_text("utf-8"))
    (copied / "dataset.json").write_text(json.dumps(card | change), "utf-8")
    assert ensure("tiny") == tmp_path / "data" / "tiny"
    assert "another version of the course generated it, or another seed" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["[1]", "{", '{"files": 3}', "\xff"])
def test_a_damaged_card_is_one_sentence(tiny, text):
    (ensure("tiny") / "dataset.json").write_text(text, "latin-1")
    with pytest.raises(DataError, match=r"tiny/dataset\.json is damaged: delete"):
        ensure("tiny")


def test_files_dropped_into_data_by_hand_count_as_real(tiny, tmp_path, capsys):
    (tmp_path / "data" / "tiny").mkdir(parents=True)
    fill(tmp_path / "data" / "tiny")
    assert ensure("tiny") == tmp_path / "data" / "tiny"
    assert "real (data)" in capsys.readouterr().out
    assert not (tmp_path / "data" / "tiny" / "dataset.json").exists()


def test_a_newer_generator_makes_the_set_again(tiny):
    folder = ensure("tiny")
    before = (folder / "000x.png").read_bytes()
    SETS["tiny"] = replace(tiny, version=2, make=lambda folder, seed: fill(folder, 99))
    ensure("tiny")
    assert (folder / "000x.png").read_bytes() != before
    assert json.loads((folder / "dataset.json").read_text("utf-8"))["version"] == 2


@pytest.mark.parametrize("name", ["mine.txt", "sub/mine.png", "000y.png"])
def test_files_of_the_student_are_never_overwritten(tiny, server, files, capsys, name):
    folder = ensure("tiny")
    mine = folder / name
    mine.parent.mkdir(exist_ok=True)
    mine.write_bytes(b"my own work")
    SETS["tiny"] = replace(tiny, version=2)
    ensure("tiny")
    assert f"your own {name}" in capsys.readouterr().out
    with pytest.raises(DataError, match="files of your own"):
        fetch.get(with_mirrors(tiny, server.offer("/a.zip", packed(files))))
    assert mine.read_bytes() == b"my own work"
    assert server.requests == []


def test_a_folder_in_other_use_is_left_alone(tiny, tmp_path):
    (tmp_path / "data" / "tiny").mkdir(parents=True)
    (tmp_path / "data" / "tiny" / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match=r"thesis\.txt"):
        ensure("tiny")
    assert (tmp_path / "data" / "tiny" / "thesis.txt").read_text() == "mine"


def test_a_deleted_file_is_made_again(tiny):
    folder = ensure("tiny")
    (folder / "001y.png").unlink()
    (folder / "treino.csv").unlink()
    ensure("tiny")
    assert (folder / "001y.png").is_file()
    assert (folder / "treino.csv").is_file()


def test_a_failing_generator_leaves_nothing(tiny, tmp_path):
    def half(folder, seed):
        (folder / "000x.png").write_bytes(b"half")
        raise KeyboardInterrupt

    SETS["tiny"] = replace(tiny, make=half)
    with pytest.raises(KeyboardInterrupt):
        ensure("tiny")
    assert left_over(tmp_path) == []
    assert not (tmp_path / "data" / "tiny").exists()


def test_a_full_disk_is_one_sentence(tiny):
    def full(folder, seed):
        raise OSError(errno.ENOSPC, "No space left on device")

    SETS["tiny"] = replace(tiny, make=full)
    with pytest.raises(DataError, match="disk is full"):
        ensure("tiny")


def test_cards_and_summary_make_nothing(tiny, tmp_path):
    assert summary() == "data: tiny not made yet"
    assert cards()[0]["state"] == "not on disk"
    assert list(tmp_path.iterdir()) == []
    ensure("tiny")
    assert summary() == "data: tiny generated"
    assert set(cards()[0]) == {"set", "what", "licence", "source", "size", "state"}
    assert cards()[0]["state"] == "generated (seed 7)"


# --- downloads ---------------------------------------------------------------------------------------------------------------------


def test_get_replaces_the_generated_set(tiny, server, files, tmp_path, capsys):
    ensure("tiny")
    body = packed(files)
    dataset = with_mirrors(tiny, (server.offer("/a.zip", body), hashlib.sha256(body).hexdigest()))
    found = fetch.get(dataset)
    assert "real (data), 4 pairs" in str(found)
    assert f"MB from {server.address[7:]}" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in found.folder.iterdir() if path.name != "dataset.json"} == files
    assert left_over(tmp_path) == []
    fetch.get(dataset)  # a second time nothing is asked for
    assert len(server.requests) == 1


def test_get_mends_a_real_set_that_lost_a_file(tiny, server, files):
    dataset = with_mirrors(tiny, server.offer("/a.zip", packed(files)))
    folder = fetch.get(dataset).folder
    (folder / "001y.png").unlink()
    fetch.get(dataset)
    assert (folder / "001y.png").read_bytes() == files["001y.png"]


@pytest.mark.parametrize("top", ["", "deep/er/data/"])
def test_get_finds_the_set_inside_the_archive(tiny, server, files, top):
    body = packed({**files, "notes/readme.txt": b"x", "__MACOSX/000x.png": b"junk", "run.py": b"pass"}, top)
    folder = fetch.get(with_mirrors(tiny, server.offer("/a.zip", body, "without length"))).folder
    assert {path.name for path in folder.iterdir()} == {*files, "dataset.json"}


@pytest.mark.parametrize(
    ("behaviour", "resumes"), [("dies once", [False, True]), ("cannot resume", [False, True]), ("busy once", [False, False])]
)
def test_get_goes_on_after_a_break(tiny, server, files, behaviour, resumes):
    body = packed(files)
    fetch.get(with_mirrors(tiny, server.offer("/a.zip", body, behaviour)))
    assert [span is not None for span in server.asked("/a.zip")] == resumes
    if any(resumes):
        assert len(body) // 2 - transfer.CHUNK < int(server.asked("/a.zip")[1][6:-1]) <= len(body) // 2


def test_a_server_that_always_dies_gets_its_tries_back_while_it_brings_news(tiny, server, files):
    part = store.home() / ".part"
    part.parent.mkdir()
    body = packed(files)
    with pytest.raises(DataError, match="broke off"):
        transfer.download(server.offer("/a.zip", body, "dies always"), part, tiny)
    assert len(server.requests) > transfer.TRIES
    assert body.startswith(part.read_bytes())
    assert part.stat().st_size > len(body) - 2 * transfer.CHUNK


def test_the_next_run_resumes_what_the_last_began(tiny, server, files, monkeypatch, capsys):
    monkeypatch.setattr(transfer, "TRIES", 2)
    body = packed(files)
    dataset = with_mirrors(tiny, server.offer("/a.zip", body, "stall"))
    with pytest.raises(DataError):
        fetch.get(dataset)
    assert "sent nothing for" in capsys.readouterr().out
    asked = len(server.requests)
    server.offer("/a.zip", body)
    assert fetch.get(dataset).real
    assert server.asked("/a.zip")[asked].startswith("bytes=")
    assert "going on at" in capsys.readouterr().out


def test_a_part_that_is_whole_or_too_long(tiny, server, files):
    body = packed(files)
    part = store.home() / ".part"
    part.parent.mkdir()
    address = server.offer("/a.zip", body)
    transfer.download(address, part, tiny)
    for more, requests in ((b"", 1), (b"more", 2)):  # a whole one is not fetched again
        part.write_bytes(body + more)
        server.requests.clear()
        transfer.download(address, part, tiny)
        assert part.read_bytes() == body
        assert len(server.requests) == requests


BAD = {
    "truncated archive": (lambda files: packed(files)[:-40], "right", "not a whole zip"),
    "404 page": (lambda files: b"", "not found", "status 404"),
    "web page with status 200": (lambda files: b"", "web page", "web page"),
    "stall": (packed, "stall", "sent nothing for 1.0 seconds"),
    "parent path": (lambda files: packed({**files, "../../evil.png": b"x"}), "right", "unsafe name"),
    "absolute path": (lambda files: packed({**files, "/evil.png": b"x"}, top=""), "right", "unsafe name"),
    "Windows path": (lambda files: packed({**files, "..\\evil.png": b"x"}), "right", "unsafe name"),
    "drive": (lambda files: packed({**files, "C:evil.png": b"x"}), "right", "unsafe name"),
    "another set": (lambda files: packed({"readme.txt": b"x"}), "right", r"no treino\.csv"),
    "missing mask": (lambda files: packed({k: v for k, v in files.items() if k != "001y.png"}), "right", r"001y\.png: the file is missing"),
    "bomb": (lambda files: packed({**files, "big.png": bytes(2_000_000)}), "right", "more than this set can have"),
    "too much is announced": (lambda files: bytes(2_000_000), "right", "2 MB are announced"),
    "too much comes": (lambda files: bytes(2_000_000), "without length", "more than 1 MB came"),
    "damaged": (lambda files: packed(files)[:60] + b"????" + packed(files)[64:], "right", "not a whole zip"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_mirror_is_named_and_the_second_one_used(tiny, server, files, tmp_path, monkeypatch, capsys, case):
    make_body, behaviour, words = BAD[case]
    monkeypatch.setattr(transfer, "TRIES", 2)  # a stall is waited for each time
    bad = server.offer("/bad.zip", make_body(files), behaviour)
    with pytest.raises(DataError, match="could not be fetched"):
        fetch.get(with_mirrors(tiny, bad))
    output = capsys.readouterr().out
    assert re.search(words, output)
    assert store.find(tiny) is None
    assert not list(tmp_path.rglob("evil.png"))
    assert [name for name in left_over(tmp_path) if not name.endswith(".part")] == []
    assert fetch.get(with_mirrors(tiny, bad, server.offer("/good.zip", packed(files)))).real
    assert str(tmp_path) not in output + capsys.readouterr().out


def test_a_dead_first_mirror_falls_through(tiny, server, files, capsys):
    with Server() as gone:
        dead = gone.address
    assert fetch.get(with_mirrors(tiny, f"{dead}/a.zip", server.offer("/b.zip", packed(files)))).real
    assert "cannot be reached" in capsys.readouterr().out


def test_links_in_an_archive_are_refused(tiny, files, tmp_path):
    link = zipfile.ZipInfo("segm_eliret/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    (tmp_path / "a.zip").write_bytes(packed({**files, link: b"/etc/passwd"}))
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="link"):
        archive.unpack(tmp_path / "a.zip", tmp_path / "out", tiny)
    assert list((tmp_path / "out").iterdir()) == []


def test_the_membrane_copy_on_github_is_put_in_order(tmp_path):
    names = ["train/image/0.png", "train/label/0.png", "train/aug/image_0_1.png", "test/0.png", "test/0_predict.png"]
    (tmp_path / "a.zip").write_bytes(packed(dict.fromkeys(names, b"x"), "unet-master/data/membrane/"))
    out = tmp_path / "out"
    out.mkdir()
    archive.unpack(tmp_path / "a.zip", out, SETS["membrane"])
    found = {path.relative_to(out).as_posix() for path in out.rglob("*.png")}
    assert found == {"train/image/0.png", "train/label/0.png", "test/image/0.png"}


def street(names):
    """{name: content} of frames and masks as the Lyft challenge has them."""
    mask = np.dstack([GREY // 5, np.zeros((8, 8, 2), np.uint8)])
    return {f"{place}{kind}/{name}": picture(array) for *place, name in names for place in ["".join(place)]
            for kind, array in (("CameraRGB", 3 * np.dstack([GREY] * 3)), ("CameraSeg", mask))}  # fmt: skip


CARLAS = {
    "GitHub": ("carla-capture/", [[f"F{n}-1.png"] for n in "678"], [f"CameraRGB/F{n}-1.png" for n in "678"]),
    "Kaggle": ("", [[f"data{n}/data{n}/", "1.png"] for n in "ADE"], [f"data{n}/CameraRGB/1.png" for n in "ADE"]),
    "Kaggle, not nested": ("top/", [[f"data{n}/", "7.png"] for n in "ABC"], [f"data{n}/CameraRGB/7.png" for n in "ABC"]),
}


@pytest.mark.parametrize("case", CARLAS)
def test_get_carla_in_the_layouts_of_its_mirrors(tiny, server, case):
    top, names, expected = CARLAS[case]
    files = street(names)
    junk = {"__MACOSX/x/CameraRGB/._0.png": b"junk", "readme.md": b"hello"}
    SETS["carla"] = carla = with_mirrors(CARLA_SET, server.offer("/a.zip", packed({**files, **junk}, top)))
    found = fetch.get(carla)
    assert found.real
    assert "3 pairs, 8×8" in str(found)
    assert [path.relative_to(found.folder).as_posix() for path in carla.reader(found.folder, "all").images] == expected
    assert store.find(carla).folder == found.folder  # the marks are found again, wherever they lie
    assert len([*found.folder.rglob("*.png")]) == 6


def test_an_archive_that_is_no_carla_is_refused(tiny, server, files, capsys):
    with pytest.raises(DataError):
        fetch.get(with_mirrors(CARLA_SET, server.offer("/a.zip", packed(files))))
    assert "there is no CameraRGB or no CameraSeg in it" in capsys.readouterr().out


def test_masks_of_carla_hold_the_class_in_red(tmp_path):
    lay_out(tmp_path, street([["F1-1.png"], ["F2-1.png"], ["F3-1.png"]]))
    assert checks.problems(tmp_path, CARLA_SET) == []
    (tmp_path / "CameraSeg/F1-1.png").write_bytes(picture(GREY))
    (tmp_path / "CameraSeg/F2-1.png").write_bytes(picture(np.dstack([GREY, GREY, GREY])))
    (tmp_path / "CameraSeg/F3-1.png").write_bytes(picture(np.dstack([GREY, 0 * GREY, 0 * GREY])))
    sentences = checks.problems(tmp_path, CARLA_SET)
    assert [text.split(":")[0] for text in sentences] == [f"CameraSeg/F{n}-1.png" for n in "123"]
    assert ["red channel" in text for text in sentences] == [True, True, False]


def test_lists_of_carla(tmp_path):
    lay_out(tmp_path, street([["0.png"], ["1.png"], ["2.png"]]))
    for number, name in enumerate(("train", "val", "test")):
        (tmp_path / f"{name}.txt").write_text(f"{number}.png\n")
    assert checks.problems(tmp_path, CARLA_SET) == []
    (tmp_path / "CameraRGB/1.png").unlink()
    (tmp_path / "test.txt").unlink()
    sentences = checks.problems(tmp_path, CARLA_SET)
    assert sorted(text.split(":")[0] for text in sentences) == ["CameraRGB/1.png", "test.txt"]


def test_sha256_is_checked_where_known_and_remembered_where_not(tiny, server, files, capsys):
    address = server.offer("/a.zip", packed(files))
    with pytest.raises(DataError):
        fetch.get(with_mirrors(tiny, (address, "0" * 64)))
    assert "not the expected one" in capsys.readouterr().out
    dataset = with_mirrors(tiny, address)
    folder = fetch.get(dataset).folder
    for path in folder.iterdir():
        path.unlink()
    server.offer("/a.zip", packed({**files, "004x.png": files["000x.png"]}))
    with pytest.raises(DataError):
        fetch.get(dataset)
    assert "checksums.json" in capsys.readouterr().out


def test_a_disk_that_is_too_full_is_said_before_the_download(tiny, server, files, monkeypatch, capsys):
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda path: types.SimpleNamespace(free=10))
    with pytest.raises(DataError):
        fetch.get(with_mirrors(tiny, server.offer("/a.zip", packed(files))))
    assert "disk is too full" in capsys.readouterr().out


# --- checks ------------------------------------------------------------------------------------------------------------------------

DAMAGES = {
    "missing": None,
    "empty": b"",
    "cut off": picture(GREY)[:-30],
    "wrong check sum": picture(GREY)[:-14] + b"\0\0" + picture(GREY)[-12:],
    "flipped bit": picture(GREY)[:50] + b"\x00\xff" + picture(GREY)[52:],
    "text": b"<html>404</html>",
    "16 bits": picture(GREY.astype(np.uint16) * 256),
    "16 bits in colour": cv2.imencode(".png", np.dstack([GREY] * 3).astype(np.uint16))[1].tobytes(),
    "transparency": picture(np.dstack([GREY] * 4)),
    "other size": picture(np.where(GREY[:5] > 20, 255, 0).astype(np.uint8)),
}


@pytest.mark.parametrize("which", ["x", "y"])
@pytest.mark.parametrize("case", DAMAGES)
def test_every_kind_of_damage_is_one_sentence(tiny, case, which):
    folder = ensure("tiny")
    content, name = DAMAGES[case], f"001{which}.png"
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (sentence,) = checks.problems(folder, tiny)
    assert name in sentence
    assert str(folder) not in sentence
    assert sentence.endswith(".")
    with pytest.raises(ValueError, match=re.escape(sentence.split(";")[-1])):  # what check says is what a lesson would say
        data.eliret(folder, "train").arrays()


def test_all_problems_are_listed(tiny, capsys):
    folder = ensure("tiny")
    files = store.find(tiny).card["files"]
    assert checks.problems(folder, tiny, files) == checks.leaks(folder, tiny) == []
    (folder / "000x.png").unlink()
    (folder / "001y.png").write_bytes(b"")
    (folder / "teste.csv").write_text("003x.png;003y.png\n017x.png;003y.png\nonly one\n")
    (folder / "valida.csv").unlink()
    (folder / "maior1x.png").write_bytes(picture(GREY))
    sentences = checks.problems(folder, tiny, [*files, "notes.txt"])
    starts = ["000x.png", "001y.png", "maior1y.png", "notes.txt", "teste.csv", "valida.csv"]
    assert sorted(sentence.split(":")[0] for sentence in sentences) == starts
    assert any("only one" in sentence for sentence in sentences)
    assert main(["check", "tiny"]) == 1
    assert 'delete data/tiny, then run "python -m data_scripts make tiny".' in capsys.readouterr().out


def test_grey_saved_as_three_equal_channels_is_sound(tiny):
    folder = ensure("tiny")
    (folder / "001y.png").write_bytes(picture(np.dstack([4 * GREY] * 3)))
    assert checks.problems(folder, tiny) == []


def test_membrane_pairs_come_in_the_order_of_their_numbers_and_lone_masks_show(tmp_path):
    for place, names in {"train/image": ("2", "10"), "train/label": ("2", "10", "3"), "test/image": ("0",)}.items():
        (tmp_path / place).mkdir(parents=True)
        for name in names:
            (tmp_path / place / f"{name}.png").write_bytes(picture(4 * GREY))
    assert [path.stem for path in data.membrane(tmp_path, "train").images] == ["2", "3", "10"]
    assert [text.split(":")[0] for text in checks.problems(tmp_path, SETS["membrane"])] == ["train/image/3.png"]


# --- the command line --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["list", "make", "get", "check", "tile"])
@pytest.mark.parametrize("word", ["-h", "--help"])
def test_each_command_has_its_help(capsys, command, word):
    assert main([command, word]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(f"usage: python -m data_scripts {command} ")
    assert captured.err == ""
    assert main([word]) == 0
    assert command in capsys.readouterr().out


MISUSE = [["make", "tiny", "tinny"], ["make", "--half"], ["make", "--background", "tiny"], ["get", "tiny", "tiny"], ["list", "--all"]]
MISUSE += [["tile"], ["tile", "a"], ["tile", "a", "b", "9"], ["tile", "a", "b", "wide"], ["tile", "a", "b", "64", "c"]]


@pytest.mark.parametrize("arguments", [*MISUSE, [], ["frob"], ["make", "tinny"], ["get"], ["list", "tiny"], ["check", "tiny", "tiny"]])
def test_bad_usage_is_one_sentence(tiny, capsys, arguments):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err[0].isupper() or captured.err.startswith("--")


@pytest.mark.parametrize(("arguments", "words"), [(["make", "tinny"], "the sets are tiny"), (["mkae"], "make"), ([], "COMMAND")])
def test_bad_usage_names_what_there_is(tiny, capsys, arguments, words):
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_make_list_check(tiny, capsys):
    assert main(["check", "tiny"]) == 1
    assert "not on disk" in capsys.readouterr().out
    assert main(["make"]) == 0
    assert capsys.readouterr().out.startswith("tiny: generated (seed 7), 4 pairs")
    assert main(["list"]) == 0
    assert "tiny  generated (seed 7)" in capsys.readouterr().out
    assert main(["check", "tiny"]) == 0
    assert "no problems" in capsys.readouterr().out
    (store.home() / "tiny" / "000x.png").unlink()
    assert main(["check"]) == 1
    assert "1 problem:\n  000x.png: the file is missing" in capsys.readouterr().out


def test_half_size_frames_replace_full_ones_and_stay(tiny, capsys):
    calls = []

    def draw(folder, seed, size=(800, 600)):
        calls.append(tuple(size))
        for kind in ("CameraRGB", "CameraSeg"):
            (folder / kind).mkdir()
            cv2.imwrite(str(folder / kind / "0.png"), np.zeros((*size[::-1], 3), np.uint8))

    SETS["carla"] = replace(CARLA_SET, make=draw)
    for arguments in (["make", "carla"], ["make", "carla", "--half"], ["make", "carla", "--half"], ["make", "carla"]):
        assert main(arguments) == 0
    assert calls == [(800, 600), (400, 300)]
    assert capsys.readouterr().out.count("400×300") == 3
    assert main(["make", "tiny", "--half"]) == 2


def test_get_without_a_working_mirror_is_an_error_without_traceback(tiny, server, monkeypatch, capsys):
    SETS["tiny"] = with_mirrors(tiny, server.offer("/a.zip", behaviour="not found"))
    assert main(["get", "tiny"]) == 1
    assert "status 404" in (captured := capsys.readouterr()).out
    assert captured.err.count("\n") == 1


def test_as_a_program_it_needs_no_tensorflow():
    code = "import sys, data_scripts, data_scripts.fetch; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=False).returncode == 0
    done = subprocess.run([sys.executable, "-m", "data_scripts", "mkae"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["frob"], ["make", "eliret"]])
def test_without_its_packages_it_says_one_sentence(arguments):
    command = [sys.executable, "-S", "-m", "data_scripts", *arguments]  # -S: without what is installed
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("The course's environment is not active: this Python has no ")


def test_an_installed_course_keeps_its_data_where_the_work_is(tmp_path):
    for package in ("course_utils", "data_scripts"):
        shutil.copytree(CHECKOUT / package, tmp_path / "site" / package, ignore=shutil.ignore_patterns("__pycache__", "exercises"))
    (tmp_path / "work").mkdir()
    code = "import data_scripts; print(data_scripts.ensure('eliret'))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "COURSE_DATA": ""}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "work", env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == str((tmp_path / "work/data/eliret").resolve())


def test_the_real_membrane_set_is_sound():
    folder = CHECKOUT.parent / "shared" / "data" / "membrane"
    if not folder.is_dir():
        pytest.skip("the real membrane set is not here")
    assert checks.problems(folder, SETS["membrane"]) == []


def test_the_generated_eliret_is_sound(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.delenv("COURSE_DATA", raising=False)
    folder = ensure("eliret")
    assert "206 pairs, 32×32" in capsys.readouterr().out
    assert checks.problems(folder, SETS["eliret"], store.find(SETS["eliret"]).card["files"]) == []


# --- mosaics -----------------------------------------------------------------------------------------------------------------------


def geotiff(array, west=5):
    """The bytes of a GeoTIFF of (height, width) or (height, width, 3)."""
    array = np.atleast_3d(array).transpose(2, 0, 1)
    with rasterio.MemoryFile() as memory:
        options = {"count": len(array), "height": array.shape[1], "width": array.shape[2], "crs": "EPSG:2180"}
        with memory.open(
            driver="GTiff", dtype=array.dtype, transform=rasterio.transform.from_origin(west, 5, 0.25, 0.25), **options
        ) as file:
            file.write(array)
        return bytes(memory.getbuffer())


@pytest.fixture
def country():
    """{name: content} of three small mosaics in the layout of LandCover.ai, with other files beside them as there."""
    rng, files = np.random.default_rng(2), {"split.py": b"pass"}
    for west, name in zip((50, 5, 100), ("M-33-1", "N-33-2", "N-34-3"), strict=True):
        files[f"images/{name}.tif"] = geotiff(rng.integers(0, 256, (70, 100, 3), np.uint8), west)
        files[f"masks/{name}.tif"] = geotiff(rng.integers(0, 5, (70, 100), np.uint8), west)
    return files


@pytest.fixture
def landcover(tiny):
    """The set of lesson 08 in an empty checkout."""
    SETS["landcover"] = LANDCOVER_SET  # `tiny` puts the old sets back
    return LANDCOVER_SET


def test_get_landcover_check_and_tile(landcover, server, country, tmp_path, capsys):
    for top in ("", "landcover.ai.v1/"):
        shutil.rmtree(tmp_path / "data", ignore_errors=True)
        found = fetch.get(with_mirrors(landcover, server.offer("/a.zip", packed(country, top), "dies once")))
        assert "real (data), 3 pairs, 100×70" in str(found)
        server.requests.clear()
    assert not list(tmp_path.rglob("split.py"))
    assert main(["check", "landcover"]) == 0
    target = tmp_path / "tiles"
    assert main(["tile", "landcover", str(target), "32"]) == 0
    assert "18 tiles of 32×32 from 3 mosaics" in capsys.readouterr().out
    assert len(list((target / "masks").glob("N-34-3_*.png"))) == 6
    assert main(["tile", "landcover", str(target)]) == 1
    assert "is not empty" in capsys.readouterr().err
    own = tmp_path / "own"
    (own / "images").mkdir(parents=True)
    (own / "images/mine.tif").write_bytes(country["images/M-33-1.tif"])
    assert main(["tile", str(own), str(tmp_path / "more"), "50"]) == 0
    assert sorted(path.name for path in (tmp_path / "more").rglob("*.png")) == ["mine_00000_00000.png", "mine_00000_00050.png"]
    assert main(["tile", str(tmp_path / "nothing"), str(tmp_path / "more2")]) == 1
    assert "no GeoTIFF here" in capsys.readouterr().err


def test_tile_leaves_nothing_half_done(country, tmp_path, capsys):
    country["masks/N-34-3.tif"] = geotiff(np.zeros((70, 90), np.uint8), 100)  # the last one is found only after the others were cut
    lay_out(tmp_path / "source", country)
    (tmp_path / "tiles").mkdir()
    assert main(["tile", str(tmp_path / "source"), str(tmp_path / "tiles"), "32"]) == 1
    assert "N-34-3.tif" in capsys.readouterr().err
    assert list((tmp_path / "tiles").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "tiles"]
    country["masks/N-34-3.tif"] = geotiff(np.zeros((70, 100), np.uint8), 100)
    lay_out(tmp_path / "source", country)
    assert main(["tile", str(tmp_path / "source"), str(tmp_path / "tiles"), "32"]) == 0
    assert len(list((tmp_path / "tiles/images").iterdir())) == 18


MOSAIC_DAMAGES = {
    "missing": lambda sound: None,
    "cut off": lambda sound: sound[: len(sound) // 2],
    "text": lambda sound: b"<html>404</html>",
    "bands": lambda sound: geotiff(np.zeros((70, 100, 2), np.uint8)),
    "16 bits": lambda sound: geotiff(np.zeros((70, 100), np.uint16)),
}


@pytest.mark.parametrize("which", ["images", "masks"])
@pytest.mark.parametrize("case", MOSAIC_DAMAGES)
def test_a_damaged_mosaic_is_one_sentence(country, tmp_path, which, case):
    name = f"{which}/N-33-2.tif"
    country[name] = MOSAIC_DAMAGES[case](country[name])
    lay_out(tmp_path, country)
    (sentence,) = checks.problems(tmp_path, LANDCOVER_SET)
    assert sentence.startswith(f"{name}: ")
    assert sentence.endswith(".")


def test_labels_and_sizes_of_mosaics_are_checked(country, tmp_path):
    country["masks/N-33-2.tif"] = geotiff(np.full((70, 100), 7, np.uint8))
    country["masks/N-34-3.tif"] = geotiff(np.zeros((70, 90), np.uint8), 100)
    lay_out(tmp_path, country)
    labels, size = checks.problems(tmp_path, LANDCOVER_SET)
    assert labels.startswith("masks/N-33-2.tif: value 7 stands for no class")
    assert size.startswith("masks/N-34-3.tif: the mask is 70×90 but its image 70×100")


def lay_out(folder, files):
    for name, content in files.items():
        if content is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)


# --- two sets of streets -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def street_files():
    """{name: content} of three small pairs in the layout of SegNet's copy of CamVid."""
    files = {}
    for number, split in enumerate(("train", "val", "test")):
        colour = picture(np.dstack([GREY, GREY + number, 255 - GREY]))
        files |= {f"{split}/a.png": colour, f"{split}annot/a.png": picture(GREY // 6)}
        files[f"{split}.txt"] = f"/SegNet/CamVid/{split}/a.png /SegNet/CamVid/{split}annot/a.png\n".encode()
    return files


def test_get_and_check_camvid(tiny, server, street_files, capsys):
    SETS["camvid"] = with_mirrors(CAMVID_SET, server.offer("/a.zip", packed(street_files | {"readme.md": b"x"}, "SegNet-master/CamVid/")))
    assert main(["get", "camvid"]) == 0
    assert "real (data), 3 pairs, 8×8" in capsys.readouterr().out
    folder = store.home() / "camvid"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} == {*street_files, "dataset.json"}
    assert main(["check", "camvid"]) == 0
    (folder / "val/a.png").unlink()
    (folder / "trainannot/a.png").write_bytes(picture(GREY // 5))
    (folder / "test.txt").write_text("only-one\n")
    sentences = checks.problems(folder, CAMVID_SET)
    assert [text.partition(":")[0] for text in sentences] == ["test.txt", "trainannot/a.png", "val/a.png"]
    (folder / "train.txt").unlink()
    assert any(text.startswith("train.txt: the file is missing") for text in checks.problems(folder, CAMVID_SET))


def test_the_real_camvid_is_sound():
    folder = CHECKOUT.parent / "shared" / "data" / "camvid"
    if not folder.is_dir():
        pytest.skip("the real CamVid is not here")
    assert checks.problems(folder, CAMVID_SET) == []


@pytest.fixture
def city_files():
    """{folder in which its archive has them: {name: content}} of two labelled frames and one for the test."""
    files = {"leftImg8bit": {}, "gtFine": {}}
    for number, (split, name) in enumerate(
        (("train", "ulm/ulm_000000_000019"), ("val", "lindau/lindau_000003_000019"), ("test", "bonn/bonn_000000_000019"))
    ):
        colour = picture(np.dstack([GREY, GREY + number, 255 - GREY]))
        files["leftImg8bit"][f"leftImg8bit/{split}/{name}_leftImg8bit.png"] = colour
        if split != "test":
            files["gtFine"][f"gtFine/{split}/{name}_gtFine_labelIds.png"] = picture(GREY // 2)
            files["gtFine"][f"gtFine/{split}/{name}_gtFine_polygons.json"] = b"{}"
    return files


@pytest.fixture
def login(tiny, server, city_files, monkeypatch):
    """The set behind a login on the server, which knows one member, whose name and password are in the environment."""
    packages = []
    for number, (place, files) in zip((1, 3), sorted(city_files.items(), reverse=False), strict=True):
        body = packed(files | {"README": b"x", "license.txt": b"x"}, "")
        address = server.offer(f"/file-handling/?packageID={number}", body, "members only")
        packages.append(Package(address, place))
    SETS["cityscapes"] = replace(CITYSCAPES_SET, login=server.offer("/login/", behaviour="web page"), packages=tuple(packages))
    server.members["wilhelmina"] = "secret-42"
    monkeypatch.setenv("CITYSCAPES_USERNAME", "wilhelmina")
    monkeypatch.setenv("CITYSCAPES_PASSWORD", "secret-42")
    return SETS["cityscapes"]


def test_get_cityscapes_through_its_login(login, server, city_files, tmp_path, capsys):
    assert main(["get", "cityscapes"]) == 0
    output = capsys.readouterr()
    assert "real (data), 2 + 1 images, 8×8" in output.out
    assert server.forms == [{"username": "wilhelmina", "password": "secret-42", "submit": "Login"}]
    folder = tmp_path / "data/cityscapes"
    expected = {name for files in city_files.values() for name in files}
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.is_file()} == {*expected, "dataset.json"}
    assert main(["check", "cityscapes"]) == 0
    assert left_over(tmp_path) == [".cityscapes.lock", "cityscapes"]
    written = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert b"secret-42" not in written + (output.out + output.err).encode()  # the password goes nowhere
    assert b"wilhelmina" not in written
    server.requests.clear()
    assert main(["get", "cityscapes"]) == 0  # a second time nothing is asked for
    assert server.requests == []


@pytest.mark.parametrize("missing", ["CITYSCAPES_USERNAME", "CITYSCAPES_PASSWORD"])
def test_get_cityscapes_without_an_account_says_what_is_needed(login, server, monkeypatch, capsys, missing):
    monkeypatch.delenv(missing)
    assert main(["get", "cityscapes"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    for words in ("register at www.cityscapes-dataset.com", "CITYSCAPES_USERNAME and CITYSCAPES_PASSWORD", "into data/cityscapes"):
        assert words in captured.err
    assert server.requests == server.forms == []


def test_get_cityscapes_with_a_wrong_password(login, server, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("CITYSCAPES_PASSWORD", "guess-1")
    assert main(["get", "cityscapes"]) == 1
    captured = capsys.readouterr()
    assert "did not accept the user name and password" in captured.err
    assert captured.err.count("\n") == 1
    assert "guess-1" not in captured.out + captured.err
    assert server.asked("/file-handling/?packageID=1") == []
    assert left_over(tmp_path) == [".cityscapes.lock"]


def test_get_cityscapes_without_a_network(login, server, capsys):
    with Server() as gone:
        dead = gone.address
    SETS["cityscapes"] = replace(login, login=f"{dead}/login/")
    assert main(["get", "cityscapes"]) == 1
    assert "cannot be reached: look after the network" in (captured := capsys.readouterr()).err
    assert captured.err.count("\n") == 1
    SETS["cityscapes"] = replace(login, login=server.offer("/login/", behaviour="not found"))
    assert main(["get", "cityscapes"]) == 1
    assert "is in trouble (status 503)" in capsys.readouterr().err


def test_get_cityscapes_goes_on_where_it_broke_off(login, server, tmp_path, monkeypatch, capsys):
    address = "/file-handling/?packageID=3"
    body, _ = server.offers[address]
    monkeypatch.setattr(transfer, "TRIES", 1)
    server.offer(address, body, "stall")
    assert main(["get", "cityscapes"]) == 1
    assert "leftImg8bit did not come from" in (captured := capsys.readouterr()).err
    assert captured.err.count("\n") == 1
    assert left_over(tmp_path) == [".cityscapes.gtFine.part", ".cityscapes.leftImg8bit.part", ".cityscapes.lock"]
    begun = (tmp_path / "data/.cityscapes.leftImg8bit.part").stat().st_size
    assert 0 < begun < len(body)
    server.requests.clear()
    server.offer(address, body, "members only")
    assert main(["get", "cityscapes"]) == 0
    assert server.asked(address) == [f"bytes={begun}-"]
    assert server.asked("/file-handling/?packageID=1")[0].startswith("bytes=")  # whole already: nothing of it comes again


@pytest.mark.parametrize(
    ("damage", "words"),
    [("cut off", "not a whole zip archive"), ("another set", "no leftImg8bit in it"), ("lost mask", "labelIds.png: the file is missing")],
)
def test_get_cityscapes_keeps_nothing_unsound(login, server, city_files, tmp_path, capsys, damage, words):
    number, files = (1, dict(city_files["gtFine"])) if damage == "lost mask" else (3, city_files["leftImg8bit"])
    if damage == "lost mask":
        del files[next(name for name in files if name.endswith("labelIds.png"))]
    body = packed({"other.txt": b"x"} if damage == "another set" else files, "")
    server.offer(f"/file-handling/?packageID={number}", body[:-30] if damage == "cut off" else body, "members only")
    assert main(["get", "cityscapes"]) == 1
    assert words in capsys.readouterr().err
    assert store.find(login) is None
    assert not (tmp_path / "data/.cityscapes.leftImg8bit.part").exists()
    # what has only been cut off on its way costs nothing of the other archive
    assert (tmp_path / "data/.cityscapes.gtFine.part").exists() == (damage == "cut off")


def test_masks_of_cityscapes_without_images_show(tmp_path, city_files):
    for files in city_files.values():
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
    assert checks.problems(tmp_path, CITYSCAPES_SET) == []
    (tmp_path / "leftImg8bit/train/ulm/ulm_000000_000019_leftImg8bit.png").unlink()
    (tmp_path / "gtFine/val/lindau/lindau_000003_000019_gtFine_labelIds.png").write_bytes(picture(GREY))
    sentences = checks.problems(tmp_path, CITYSCAPES_SET)
    assert [text.partition(":")[0].rpartition("/")[2] for text in sentences] == [
        "ulm_000000_000019_leftImg8bit.png",
        "lindau_000003_000019_gtFine_labelIds.png",
    ]


def test_full_size_cities_replace_smaller_ones(tiny, capsys):
    calls = []

    def draw(folder, seed, size=(1024, 512)):
        calls.append(tuple(size))
        for place in ("leftImg8bit/test/bonn", "gtFine"):
            (folder / place).mkdir(parents=True)
        cv2.imwrite(str(folder / "leftImg8bit/test/bonn/a_leftImg8bit.png"), np.zeros((*size[::-1], 3), np.uint8))

    SETS["cityscapes"] = replace(CITYSCAPES_SET, make=draw)
    for arguments in (["make", "cityscapes"], ["make", "cityscapes", "--full"], ["make", "cityscapes"]):
        assert main(arguments) == 0
    assert calls == [(1024, 512), (2048, 1024)]
    assert capsys.readouterr().out.count("2048×1024") == 2
    assert main(["make", "carla", "--full"]) == 2
