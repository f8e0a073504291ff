"""What `grade` takes for a submission, and why it leaves out what it leaves out; folders that somebody filled to do harm."""

import json
import os

import pytest

from course_utils.exercises.copies import Problem
from course_utils.grading.collect import collect, homework_of
from course_utils.grading.folders import TooMuch, measure, sweep
from tests import kit

OTHER = kit.notebook({"setup": kit.SETUP.replace("hw9", "hw8")})


def folder(root, *names, content=None):
    for name in names:
        kit.write(root / name, content or kit.notebook())
    return root


def test_files_and_folders_of_students(tmp_path):
    folder(tmp_path, "ana.ipynb", "bob/hw9.ipynb", "Cem Öz_123_file_/deep/er/homework.IPYNB", "dora.IPYNB")
    found, skipped = collect(tmp_path)
    assert {student: path.relative_to(tmp_path).as_posix() for student, path in found.items()} == {
        "ana": "ana.ipynb",
        "bob": "bob/hw9.ipynb",
        "Cem Öz_123_file_": "Cem Öz_123_file_/deep/er/homework.IPYNB",
        "dora": "dora.IPYNB",
    }
    assert not skipped


def test_what_is_left_out_is_listed_with_the_reason(tmp_path):
    folder(tmp_path, "ana.ipynb", "bob/hw9.ipynb", "bob/hw9 final.ipynb", ".ipynb_checkpoints/ana-checkpoint.ipynb", "._ana.ipynb")
    folder(tmp_path, "__MACOSX/ana.ipynb", "cem.zip", "dora.py", "eve/notes.txt", "fay/.ipynb_checkpoints/x.ipynb")
    found, skipped = collect(tmp_path)
    assert list(found) == ["ana"]
    assert {name: reason.split()[0] for name, reason in skipped} == {
        "bob/hw9.ipynb": "one",
        "bob/hw9 final.ipynb": "one",
        ".ipynb_checkpoints": "a",
        "._ana.ipynb": "a",
        "__MACOSX": "a",
        "cem.zip": "an",
        "dora.py": "no",
        "eve": "no",
        "fay": "no",
    }


def test_of_several_homeworks_in_a_folder_the_one_that_most_hand_in(tmp_path):
    folder(tmp_path, "ana.ipynb", "bob/one.ipynb")
    folder(tmp_path, "bob/two.ipynb", content=OTHER)
    found, skipped = collect(tmp_path)
    assert found["bob"].name == "one.ipynb"
    assert skipped == [("bob/two.ipynb", "not this homework")]


def test_students_of_one_name_are_two(tmp_path):
    folder(tmp_path, "ana.ipynb", "ana/hw9.ipynb", "Ana.ipynb")
    assert set(collect(tmp_path)[0]) == {"ana.ipynb", "ana/hw9.ipynb", "Ana"}


@pytest.mark.skipif(os.name == "nt", reason="links want rights there")
def test_links_are_refused(tmp_path):
    folder(tmp_path / "subs", "ana.ipynb", "dan/hw9.ipynb")
    folder(tmp_path, "solution.ipynb", "their/hw9.ipynb")
    (tmp_path / "subs/bob.ipynb").symlink_to("../solution.ipynb")
    (tmp_path / "subs/cem.ipynb").symlink_to("ana.ipynb")
    os.link(tmp_path / "subs/ana.ipynb", tmp_path / "subs/eve.ipynb")
    (tmp_path / "subs/fay").symlink_to("../their")
    (tmp_path / "subs/gil").mkdir()
    (tmp_path / "subs/gil/hw9.ipynb").symlink_to("../dan/hw9.ipynb")
    found, skipped = collect(tmp_path / "subs")
    assert set(found) == {"ana", "dan"}
    assert {name for name, reason in skipped if "link" in reason} >= {"bob.ipynb", "cem.ipynb", "eve.ipynb", "fay"}
    assert any(name.startswith("gil") for name, _ in skipped)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes there")
def test_pipes_and_the_like_are_no_files(tmp_path):
    folder(tmp_path, "ana.ipynb")
    os.mkfifo(tmp_path / "bob.ipynb")
    assert collect(tmp_path)[1] == [("bob.ipynb", "it is no file (a pipe, a socket or a device)")]


def test_no_submission_is_one_sentence(tmp_path):
    (tmp_path / "a.txt").touch()
    for place, words in ((tmp_path / "b", "is not there"), (tmp_path / "a.txt", "is no folder"), (tmp_path, "Left out: a.txt")):
        with pytest.raises(Problem, match=words):
            collect(place)


@pytest.mark.parametrize(("text", "homework"), [(json.dumps(kit.notebook()), "hw9"), ("", None), ("\ufeff" + json.dumps(OTHER), "hw8")])
def test_which_homework_it_is(tmp_path, text, homework):
    assert homework_of(kit.write(tmp_path / "a.ipynb", text or " ")) == homework
    assert homework_of(tmp_path / "not there") is None


# Folders


def test_a_deep_folder_is_measured_and_swept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root, outside = tmp_path / "root", kit.write(tmp_path / "outside/kept.txt", "kept")
    root.mkdir()
    monkeypatch.chdir(root)
    for number in range(600):
        os.mkdir("x" * 20)
        if os.name != "nt":
            os.symlink(outside.parent, f"link {number}")
        os.chdir("x" * 20)
        kit.write(type(root)("file.txt"), "x")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TooMuch, match="nested"):
        measure(root, 10**6, 2**30)
    sweep(root)
    assert not root.exists()
    assert outside.read_text() == "kept"


def test_closed_folders_and_odd_entries_are_swept(tmp_path):
    root = tmp_path / "root"
    kit.write(root / "a/b/c.txt", "x").chmod(0)
    os.mkdir(root / "pipe") if os.name == "nt" else os.mkfifo(root / "pipe")
    for place in ("a/b", "a"):
        (root / place).chmod(0)
    root.chmod(0o500)
    sweep(root)
    assert not root.exists()
    sweep(root)  # gone already


def test_what_is_too_much(tmp_path):
    for number in range(5):
        kit.write(tmp_path / f"{number % 2}/{number}.txt", "x" * 100)
    measure(tmp_path, 7, 500)
    with pytest.raises(TooMuch, match="more than 6 files"):
        measure(tmp_path, 6, 500)
    with pytest.raises(TooMuch, match="GB was written"):
        measure(tmp_path, 7, 499)
