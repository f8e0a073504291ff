"""Downloads that go wrong in ways that servers, proxies and hostile archives know: each ends, soon, in a sentence or in the right set."""

import io
import re
import time
import zipfile
from dataclasses import replace

import pytest

from course_utils import data
from data_scripts import DataError, archive, ensure, fetch, store, transfer
from data_scripts.__main__ import main
from data_scripts.sets import SETS
from tests import layouts
from tests.test_data_scripts import files, left_over, packed, server, tiny, with_mirrors  # noqa: F401 (three of them are fixtures)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(transfer, "CONNECT", 0.3)
    monkeypatch.setattr(transfer, "TRIES", 2)


def stored(files):  # noqa: F811
    """An archive that is not compressed, so that two of the same names and sizes are equally long."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as zipped:
        for name, content in files.items():
            zipped.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


@pytest.mark.parametrize("tags", ["honoured", "unread", "none"])
@pytest.mark.parametrize("longer", [False, True])
def test_no_mixture_of_two_archives_is_installed(tiny, server, files, monkeypatch, tags, longer):  # noqa: F811
    """The archive changes between two runs: the second begins anew if it can tell, else refuses; nothing of a mixture is trusted."""
    changed = files | {"000x.png": files["002x.png"], "002x.png": files["000x.png"]} | ({"notes.txt": b"more"} if longer else {})
    old, new = stored(files), stored(changed)
    assert (len(old) == len(new)) != longer
    server.tags = tags
    dataset = with_mirrors(tiny, server.offer("/a.zip", old, "dies always"))
    monkeypatch.setattr(transfer, "TRIES", 1)
    with pytest.raises(DataError):
        fetch.get(dataset)
    (part,) = store.home().glob(".tiny*.part")
    assert 0 < part.stat().st_size < len(old)
    monkeypatch.setattr(transfer, "TRIES", 3)
    server.offer("/a.zip", new)
    if tags == "none" and not longer:  # nobody can tell, but the check sums of what is in it
        with pytest.raises(DataError):
            fetch.get(dataset)
        assert not (store.home() / "checksums.json").exists()
        assert store.find(tiny) is None
    found = fetch.get(dataset)
    assert {path.name: path.read_bytes() for path in found.folder.glob("*.*") if path.name in changed} == {
        name: content for name, content in changed.items() if name != "notes.txt"
    }
    assert not list(store.home().glob(".tiny*.part*"))


@pytest.mark.parametrize("tags", ["honoured", "unread"])
def test_an_unchanged_archive_is_gone_on_with(tiny, server, files, monkeypatch, tags):  # noqa: F811
    server.tags = tags
    dataset = with_mirrors(tiny, server.offer("/a.zip", packed(files), "dies once"))
    fetch.get(dataset)
    assert [span is not None for span in server.asked("/a.zip")] == [False, True]


ODD = ["part unasked for", "odd length", "drips", "drips its head"]


@pytest.mark.parametrize("behaviour", ODD)
def test_an_odd_server_ends_soon_and_the_next_mirror_is_asked(tiny, server, files, monkeypatch, capsys, behaviour):  # noqa: F811
    monkeypatch.setattr(transfer, "STALL", 0.4)
    odd, began = server.offer("/odd.zip", packed(files), behaviour), time.monotonic()
    assert fetch.get(with_mirrors(tiny, odd, server.offer("/b.zip", packed(files)))).real
    assert time.monotonic() - began < 20
    said = capsys.readouterr().out
    if behaviour != "odd length":  # whose archive is whole
        assert re.search(r"^127\.0\.0\.1:\d+: the server .*\.$", said, re.MULTILINE)
    assert "Traceback" not in said


def test_an_archive_may_not_take_for_ever(tiny, server, files, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setattr(transfer, "LONGEST", -1.0)
    with pytest.raises(DataError):
        fetch.get(with_mirrors(tiny, server.offer("/a.zip", packed(files))))
    assert "is too slow" in capsys.readouterr().out


HOSTILE = {
    "a name of 300 characters": {"x" * 300 + ".png": b"x"},
    "a file where a folder is needed": {"a.png": b"x", "a.png/b.png": b"x"},
    "a folder where a file is": {"a.png/b.png": b"x", "a.png": b"x"},
    "more files than the set can have": {f"{n}.png": b"" for n in range(4000)},
    "a drive": {"C:x.png": b"x"},
    "up": {"../x.png": b"x"},
    "from the root": {"/x.png": b"x"},
    "up in Windows' way": {"..\\x.png": b"x"},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_one_sentence(tiny, files, tmp_path, case):  # noqa: F811
    dataset = replace(tiny, layout=((r"(.+\.png|[^/]+\.csv)", r"\1"),))
    (tmp_path / "a.zip").write_bytes(packed({**files, **HOSTILE[case]}, top=""))
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(DataError) as caught:
        archive.unpack(tmp_path / "a.zip", out, dataset)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "out", "source"]


def test_an_archive_of_very_many_entries_is_refused_before_anything_is_unpacked(tiny, files, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(archive, "MOST_ENTRIES", 50)
    (tmp_path / "a.zip").write_bytes(packed({**files, **{f"docs/{n}.txt": b"" for n in range(60)}}))
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="entries, more than this set can have"):
        archive.unpack(tmp_path / "a.zip", tmp_path / "out", tiny)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("text", ["[]", "{", "3", '"x"', "null", "\xff"])
def test_a_damaged_list_of_check_sums_is_one_sentence(tiny, server, files, capsys, text):  # noqa: F811
    store.home().mkdir()
    (store.home() / "checksums.json").write_text(text, "latin-1")
    SETS["tiny"] = with_mirrors(tiny, server.offer("/a.zip", packed(files)))
    assert main(["get", "tiny"]) == 1
    said = capsys.readouterr()
    assert "data/checksums.json is damaged: delete it" in said.out
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("command", ["list", "make", "get", "check"])
def test_data_that_is_a_file(tiny, server, files, tmp_path, capsys, command):  # noqa: F811
    (tmp_path / "data").write_text("mine")
    SETS["tiny"] = with_mirrors(tiny, server.offer("/a.zip", packed(files)))
    assert main([command] if command == "list" else [command, "tiny"]) == (0 if command == "list" else 1)
    said = capsys.readouterr()
    if command in ("make", "get"):
        assert said.err == "data is a file where the course needs a folder: move it away, then try again.\n"
    assert (tmp_path / "data").read_text() == "mine"


@pytest.mark.parametrize("notes", ["", "[]", "{", '{"tag": 3, "total": "x"}', "\xff"])
def test_damaged_notes_of_a_part_make_it_begin_anew(tiny, server, files, notes):  # noqa: F811
    body = packed(files)
    part = store.home() / ".part"
    part.parent.mkdir()
    part.write_bytes(body[:100])
    (store.home() / ".part.json").write_text(notes, "latin-1")
    transfer.download(server.offer("/a.zip", body), part, tiny)
    assert part.read_bytes() == body


# --- the second archive of eliret -----------------------------------------------------------------------------------------------------


@pytest.fixture
def notes_server(tiny, server, tmp_path):  # noqa: F811
    """eliret as the notes give it out: `offer_second(behaviour)` puts its second archive there."""
    both = tmp_path / "both"
    both.mkdir()
    layouts.eliret_larger(both)
    content = {path.name: path.read_bytes() for path in both.iterdir()}
    second = {name: data for name, data in content.items() if name.startswith("maior")}
    first = packed({name: data for name, data in content.items() if name not in second})
    eliret = replace(
        SETS_ELIRET,
        mirrors=with_mirrors(SETS_ELIRET, server.offer("/segm_eliret.zip", first)).mirrors,
        extra=SETS_ELIRET.extra._replace(mirrors=with_mirrors(SETS_ELIRET, f"{server.address}/segment.zip").mirrors),
    )
    SETS["eliret"] = eliret
    server.second = lambda body=None, behaviour="right": server.offer(
        "/segment.zip", packed(second, "segment/") if body is None else body, behaviour
    )
    server.content = content
    return server


SETS_ELIRET = SETS["eliret"]


def test_get_takes_both_archives(notes_server, tmp_path, capsys):
    notes_server.second()
    assert main(["get", "eliret"]) == 0
    said = capsys.readouterr().out
    assert "real (data), 206 pairs" in said
    assert "generated" not in said
    folder = ensure("eliret")
    assert folder == tmp_path / "data/eliret"
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "dataset.json"} == notes_server.content
    notes_server.requests.clear()
    assert main(["get", "eliret"]) == 0
    assert notes_server.requests == []
    assert main(["check", "eliret"]) == 0


SECONDS = {
    "not there": (None, "not found"),
    "a web page": (None, "web page"),
    "another archive": (packed({"readme.txt": b"x"}), "right"),
    "no archive": (b"hello", "right"),
    "cut off": (b"PK\3\4" + bytes(200), "right"),
    "hostile": (packed({"maior1x.png": b"x", "../maior2x.png": b"x"}), "right"),
    "damaged images": (packed({"maior1x.png": b"x", "maior1y.png": b"x"}), "right"),
}


@pytest.mark.parametrize("case", SECONDS)
def test_without_the_second_archive_the_larger_images_are_drawn(notes_server, capsys, case):
    notes_server.second(*SECONDS[case])
    assert main(["get", "eliret"]) == 0
    said = capsys.readouterr().out
    assert said.count("the larger images will be generated.") == 1
    folder = ensure("eliret")
    assert "the larger images are generated" in capsys.readouterr().out
    assert [len(data.eliret(folder, split)) for split in ("train", "val", "test", "larger")] == [100, 50, 50, 6]
    assert data.eliret(folder, "larger").check() == []
    assert [name for name in left_over(store.ROOT) if "part" in name] == []
    notes_server.second()  # it comes back: the same command goes on
    assert main(["get", "eliret"]) == 0
    assert (ensure("eliret") / "maior1x.png").read_bytes() == notes_server.content["maior1x.png"]
