"""A student's own images: other ones for each student, and no easier or harder for any."""

import itertools

import numpy as np
import pytest
from PIL import Image

from course_utils.exercises.copies import seed_of
from data_scripts import ensure, store

STUDENTS = ("ana", "bob", "chen")


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """student -> images and masks of eliret, (200, 32, 32), as the homework would get them with `ensure("eliret", seed=SEED)`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "ROOT", tmp_path_factory.mktemp("course"))
        patch.delenv("COURSE_DATA", raising=False)
        folders = {student: ensure("eliret", seed=seed_of(student)) for student in STUDENTS}
        assert ensure("eliret", seed=seed_of("ana")) == folders["ana"] != folders["bob"]
        assert ensure("eliret") not in folders.values()
    read = {
        student: tuple(
            np.stack([np.asarray(Image.open(folder / f"{number:03d}{kind}.png"), float) for number in range(200)]) for kind in "xy"
        )
        for student, folder in folders.items()
    }
    return folders, read


def difficulty(images, masks):
    """For each image: contrast and noise (grey levels) and the object's share of the pixels."""
    inside = masks > 127
    count = inside.sum((1, 2))
    objects, rest = (images * inside).sum((1, 2)) / count, (images * ~inside).sum((1, 2)) / (1024 - count)
    corner = images[:, :4].reshape(200, -1)  # no object reaches the four rows on top
    return {"contrast": abs(objects - rest), "noise": corner.std(1), "size": count / 1024}


def test_students_get_different_images(sets):
    for one, two in itertools.combinations(STUDENTS, 2):
        same = [np.array_equal(a, b) for a, b in zip(sets[1][one][0], sets[1][two][0], strict=True)]
        assert not any(same)


@pytest.mark.parametrize("what", ["contrast", "noise", "size"])
def test_their_difficulty_agrees(sets, what):
    """Means differ by no more than chance makes two samples of 200 differ (4 standard errors), spreads by less than a quarter."""
    for one, two in itertools.combinations(STUDENTS, 2):
        a, b = (difficulty(*sets[1][student])[what] for student in (one, two))
        assert abs(a.mean() - b.mean()) < 4 * np.sqrt((a.var() + b.var()) / 200)
        assert 0.75 < a.std() / b.std() < 1 / 0.75


def test_the_set_says_whose_it_is(sets, capsys, monkeypatch):
    folder = sets[0]["ana"]
    assert folder.name == f"eliret-{seed_of('ana')}"
    monkeypatch.setattr(store, "ROOT", folder.parents[1])
    ensure("eliret", seed=seed_of("ana"))
    assert f"generated (seed {seed_of('ana')}), 206 pairs" in capsys.readouterr().out


def test_the_real_set_never_stands_in_for_ones_own(sets, tmp_path, monkeypatch):
    folder = sets[0]["ana"]
    real = tmp_path / "real/eliret"
    real.mkdir(parents=True)
    for path in folder.iterdir():
        if path.name != "dataset.json":
            (real / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(store, "ROOT", folder.parents[1])
    monkeypatch.setenv("COURSE_DATA", str(real.parent))
    assert ensure("eliret") == real
    assert ensure("eliret", seed=seed_of("ana")) == folder
