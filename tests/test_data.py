"""Reading, checking, resizing, caching and handing over, on files made here."""

import gc
import os
import threading
import time
from pathlib import Path

import cv2
import keras
import numpy as np
import psutil
import pytest

from course_utils import data
from course_utils.augment import Affine, Photometric, Sequence
from course_utils.classes import CAMVID, Class, ClassTable
from course_utils.data import Batches, DataProblem, Pairs, camvid, carla, cityscapes, eliret, membrane

# Shares of CamVid's 11 classes among the labelled pixels of its training images, and of what is not labelled among all
CAMVID_SHARES, CAMVID_VOID = [0.169, 0.233, 0.010, 0.317, 0.045, 0.097, 0.012, 0.011, 0.059, 0.006, 0.003], 0.040
TABLE = ClassTable("toy", [Class(0, "sky", (0, 0, 0), 0), Class(7, "road", (0, 0, 255), 1), Class(9, "void", (9, 9, 9), 255)])


def write(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)
    return path


def make_pairs(folder, number=10, shape=(24, 32), **options):
    """Images whose first pixel is their number."""
    rng, images, masks = np.random.default_rng(0), [], []
    for i in range(number):
        picture = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
        picture[0, 0] = i
        images.append(write(folder / f"{i}.png", picture))
        masks.append(write(folder / f"{i}_mask.png", rng.choice(np.array([0, 7, 9], np.uint8), shape)))
    return Pairs(images, masks, TABLE, "toy", **options)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return make_pairs(tmp_path_factory.mktemp("toy"))


def numbers(batches):
    """Which pairs one pass hands over, in its order."""
    return [round(float(image[0, 0, 0]) * 255) for images, _ in batches for image in images]


def test_arrays_follow_the_contract(pairs):
    images, masks = pairs.arrays()
    assert images.shape == (10, 24, 32, 3)
    assert images.dtype == np.float32
    assert masks.shape == (10, 24, 32)
    assert masks.dtype == np.uint8
    assert set(np.unique(masks)) == {0, 1, 255}
    for i in range(10):
        on_disk = cv2.imread(str(pairs.images[i]))[:, :, ::-1]
        assert np.array_equal(images[i], on_disk.astype(np.float32) / np.float32(255))
        values = cv2.imread(str(pairs.masks[i]), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(masks[i] == 1, values == 7)
        assert np.array_equal(masks[i] == 255, values == 9)
    assert images.max() == 1
    assert images.min() == 0


def test_choosing(pairs):
    assert [path.stem for path in pairs[2:5].images] == ["2", "3", "4"]
    assert [path.stem for path in pairs[[7, 1]].masks] == ["7_mask", "1_mask"]
    assert [path.stem for path in pairs[-1].images] == ["9"]
    assert len(pairs[np.arange(10) % 2 == 0]) == 5
    assert pairs[2:5].arrays()[0].shape == (3, 24, 32, 3)
    assert repr(pairs[:3]) == "Pairs(toy: 3 pairs)"
    with pytest.raises(IndexError):
        pairs[10]


@pytest.mark.parametrize("edge", [49, 50, 51, 53, 54, 55])
def test_resizing_keeps_image_and_mask_aligned(tmp_path, edge):
    """An edge that cuts an area of 8 columns: the mask belongs to the side that the larger part of the area lies on."""
    picture, mask = np.zeros((64, 128, 3), np.uint8), np.zeros((64, 128), np.uint8)
    picture[:, edge:], mask[:, edge:] = 255, 7
    pairs = Pairs([write(tmp_path / "a.png", picture)], [write(tmp_path / "b.png", mask)], TABLE)
    images, masks = pairs.arrays((8, 16))
    assert np.array_equal(images[0, :, :, 0] > 0.5, masks[0] == 1)
    means = picture.reshape(8, 8, 16, 8, 3).mean((1, 3)) / 255
    assert np.allclose(images[0], means, atol=0.5 / 255 + 1e-6)


def test_resized_labels_are_a_subset(pairs):
    for size in ((7, 11), (48, 64), (24, 32), (100, 31)):
        images, masks = pairs.arrays(size)
        assert images.shape == (10, *size, 3)
        assert set(np.unique(masks)) <= {0, 1, 255}


def test_grey_and_colour(tmp_path):
    colour = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    paths = [write(tmp_path / "colour.png", colour), write(tmp_path / "grey.png", colour[:, :, 0])]
    as_grey, none = Pairs(paths, None, TABLE, grey=True).arrays()
    assert none is None
    assert as_grey.shape == (2, 9, 9, 1)
    assert np.allclose(as_grey[0, :, :, 0] * 255, colour @ [0.114, 0.587, 0.299], atol=0.6)
    as_rgb, _ = Pairs(paths, None, TABLE).arrays()
    assert np.array_equal(np.uint8(np.round(as_rgb[1, :, :, 2] * 255)), colour[:, :, 0])


def spoil(path, kind):
    whole = path.read_bytes()
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    grey = picture if picture.ndim == 2 else picture[:, :, 0]
    if kind == "missing":
        path.unlink()
    elif kind == "a folder":
        path.unlink()
        path.mkdir()
    elif kind == "16-bit":
        write(path, picture.astype(np.uint16) * 100 + 1)
    elif kind == "alpha":
        write(path, np.dstack([grey] * 3 + [np.full_like(grey, 254)]))
    elif kind == "size":
        write(path, picture[:-2])
    elif kind == "labels":
        write(path, picture + 100)
    elif kind == "colour mask":
        write(path, np.dstack([picture, picture, picture + 1]))
    else:
        path.write_bytes({"empty": b"", "truncated": whole[: len(whole) // 2], "no image": b"<html>404</html>"}[kind])


PROBLEMS = {
    "missing": "missing.*put it back",
    "a folder": "a folder and cannot be read.*check",
    "16-bit": "16 bits.*save it with 8 bits|stand for no class",
    "alpha": "transparent.*save it as RGB",
    "size": "22×32.*same height and width",
    "empty": "empty.*again",
    "truncated": "cut off.*again",
    "no image": "web page.*again",
    "labels": "stand.* for no class of toy.*correct the mask",
    "colour mask": "colour picture.*one grey channel",
}


@pytest.mark.parametrize("kind", PROBLEMS)
@pytest.mark.parametrize("which", ["image", "mask"])
def test_each_problem_has_its_sentence(tmp_path, kind, which):
    if which == "image" and kind in ("labels", "colour mask"):
        pytest.skip("only masks have labels")
    pairs = make_pairs(tmp_path, 4)
    path = (pairs.images if which == "image" else pairs.masks)[2]
    spoil(path, kind)
    for attempt in (pairs.arrays, lambda: pairs.arrays((8, 8)), lambda: list(pairs.batches(batch=2)), lambda: pairs.read(2)):
        with pytest.raises(DataProblem, match=PROBLEMS[kind]) as caught:
            attempt()
        assert path.name in str(caught.value)
        assert "\n" not in str(caught.value)
        assert isinstance(caught.value, ValueError)
    found = pairs.check()
    assert len(found) == 1
    assert path.name in found[0]
    assert pairs[[0, 1, 3]].check() == []


def test_check_lists_all(tmp_path):
    pairs = make_pairs(tmp_path, len(PROBLEMS))
    for i, kind in enumerate(PROBLEMS):
        spoil(pairs.masks[i], kind)
    spoil(pairs.images[0], "truncated")  # the mask of this one is missing too
    found = pairs.check()
    assert len(found) == len(PROBLEMS) + 1
    for i in range(len(PROBLEMS)):
        assert any(pairs.masks[i].name in sentence for sentence in found)


def test_damage_in_the_middle_is_noticed(tmp_path):
    pairs = make_pairs(tmp_path, 1)
    content = bytearray(pairs.images[0].read_bytes())
    content[len(content) // 2] ^= 255
    pairs.images[0].write_bytes(content)
    assert len(pairs.check()) == 1


def test_unequal_lists_and_nothing_at_all(pairs):
    with pytest.raises(ValueError, match="10 images but 9 masks"):
        Pairs(pairs.images, pairs.masks[1:], TABLE)
    for attempt in (pairs[:0].arrays, pairs[:0].batches):
        with pytest.raises(ValueError, match="no pair"):
            attempt()
    with pytest.raises(ValueError, match="without masks"):
        Pairs(pairs.images, None, TABLE).batches(augment=Affine())


def test_batches_are_the_arrays(pairs):
    images, masks = pairs.arrays((12, 16))
    batches = pairs.batches((12, 16), batch=4)
    assert isinstance(batches, keras.utils.PyDataset)
    assert not batches.use_multiprocessing
    for _ in range(2):  # from disk, then from memory
        handed = list(batches)
        assert [len(i) for i, _ in handed] == [4, 4, 2]
        assert np.array_equal(np.concatenate([i for i, _ in handed]), images)
        assert np.array_equal(np.concatenate([m for _, m in handed]), masks)
        assert handed[0][0].dtype == np.float32
        assert handed[0][1].dtype == np.uint8
    with pytest.raises(IndexError):
        batches[3]
    alone = list(Pairs(pairs.images, None, TABLE).batches((12, 16), batch=4))
    assert np.array_equal(np.concatenate(alone), images)


def test_shares_of_a_batch_are_the_batch(pairs):
    whole, shares = (pairs.batches(batch=4, shuffle=True, workers=2) for _ in range(2))
    for index, (images, masks) in enumerate(whole):
        parts = []
        for number in range(2):
            shares.share = number, 2  # also while the next batches of another share are in the making
            parts.append(shares[index])
        assert [len(part) for part, _ in parts] == [len(images) / 2] * 2
        assert np.array_equal(np.concatenate([part for part, _ in parts]), images)
        assert np.array_equal(np.concatenate([part for _, part in parts]), masks)


def test_order_depends_on_seed_and_epoch_only(pairs):
    batches = pairs.batches(batch=3, shuffle=True, seed=5, workers=3)
    epochs = [numbers(batches) for _ in range(4)]
    assert batches.epoch == 4
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4
    resumed = pairs.batches(batch=3, shuffle=True, seed=5, workers=1)
    resumed.epoch = 2
    assert numbers(resumed) == epochs[2]
    assert numbers(pairs.batches(batch=3, shuffle=True, seed=6)) != epochs[0]
    batches.epoch = 0
    backwards = [batches[i][0][0, 0, 0, 0] for i in (3, 2, 1, 0)][::-1]
    assert [round(float(value) * 255) for value in backwards] == epochs[0][::3]


def test_augmentation_depends_on_seed_epoch_and_pair_only(pairs):
    augment = Sequence(Affine(rotation=90, shift=0.3), Photometric(noise=0.1))

    def second_epoch(**options):
        batches = pairs.batches(augment=augment, seed=3, **options)
        batches.epoch = 1
        return np.concatenate([images for images, _ in batches])

    one = second_epoch(batch=4, workers=1)
    assert np.array_equal(one, second_epoch(batch=3, workers=4))
    batches = pairs.batches(augment=augment, seed=3, batch=10)
    first, second = (next(iter([images for images, _ in batches])) for _ in range(2))
    assert np.array_equal(second, one)
    assert not np.array_equal(first, second)
    mixed = pairs.batches(augment=augment, seed=3, batch=10, shuffle=True)
    mixed.epoch = 1
    order = np.random.default_rng([3, 1, 0]).permutation(10)
    assert np.array_equal(mixed[0][0], one[order])


def test_augmentation_cannot_spoil_the_cache(pairs):
    def careless(image, mask, rng):
        image[:] = 0
        mask[:] = 0
        return image, mask

    batches = pairs.batches(batch=10, augment=careless)
    list(batches)
    batches.augment = None
    assert np.array_equal(batches[0][0], pairs.arrays()[0])


def test_memory_first_then_disk(pairs, monkeypatch):
    """With room for some pairs only, those are read once and the rest in each pass; the data is the same."""
    reads = []
    original = Pairs.read
    monkeypatch.setattr(Pairs, "read", lambda self, index, size=None: reads.append(index) or original(self, index, size))
    expected = np.concatenate([images for images, _ in pairs.batches(batch=3)])
    for share, again in ((0.25, 0), (0, 10), (4.5 * 24 * 32 * 4 / psutil.virtual_memory().available, 6)):
        monkeypatch.setattr(data.batches, "CACHE_SHARE", share)
        batches = pairs.batches(batch=3)
        reads.clear()
        list(batches)
        assert sorted(reads) == list(range(10))
        reads.clear()
        assert np.array_equal(np.concatenate([images for images, _ in batches]), expected)
        assert len(reads) == pytest.approx(again, abs=1 if again == 6 else 0)


def test_streaming_needs_constant_memory(tmp_path, monkeypatch):
    """Never more batches in the making than threads and one, however slow the reader; and none is made twice."""
    pairs, made = make_pairs(tmp_path, 40, (8, 8)), []
    monkeypatch.setattr(data.batches, "CACHE_SHARE", 0)
    original = Batches._make
    monkeypatch.setattr(Batches, "_make", lambda self, *which: made.append(which[1]) or original(self, *which))
    for taken, _ in enumerate(pairs.batches(batch=2, workers=3)):
        time.sleep(0.005)
        assert len(made) - taken <= 4
    assert sorted(made) == list(range(20))


def test_many_threads_at_once(pairs):
    """Keras may ask from several threads; each gets the batch that it asked for."""
    batches = pairs.batches(batch=2, shuffle=True, workers=3)
    expected = [batches[i] for i in range(5)]
    wrong = []

    def ask(number):
        rng = np.random.default_rng(number)
        for i in rng.integers(0, 5, 40):
            images, masks = batches[i]
            if not (np.array_equal(images, expected[i][0]) and np.array_equal(masks, expected[i][1])):
                wrong.append(i)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_threads_end_with_the_batches(pairs):
    batches = pairs.batches(workers=4)
    list(batches)
    threads = list(batches._pool._threads)
    assert threads
    del batches
    gc.collect()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.parametrize("batch", [3, 10])
def test_keras_fit_counts_epochs(pairs, batch):
    """`fit` asks for each batch of each epoch, and a resumed run goes on with the same data."""

    def run(batches, first, last):
        seen = {}
        original = batches._make
        batches._make = lambda epoch, index, share: seen.setdefault(epoch, set()).add(index) or original(epoch, index, share)
        model = keras.Sequential([keras.layers.Input((24, 32, 3)), keras.layers.Conv2D(2, 1, activation="softmax")])
        loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=255)
        model.compile("sgd", loss, metrics=["accuracy"])

        class KeepEpoch(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                batches.epoch = epoch

        history = model.fit(batches, epochs=last, initial_epoch=first, shuffle=False, verbose=0, callbacks=[KeepEpoch()])
        assert len(history.history["loss"]) == last - first
        for epoch in range(first, last):
            assert seen[epoch] == set(range(len(batches)))
        return history.history["loss"][-1]

    batches = pairs.batches(batch=batch, shuffle=True)
    run(batches, 0, 3)
    assert batches.epoch == 3
    run(pairs.batches(batch=batch, shuffle=True), 3, 5)


def test_keras_fit_alone(pairs):
    """Without a callback too, each epoch has an order of its own, and evaluation leaves the order of training alone."""
    model = keras.Sequential([keras.layers.Input((24, 32, 3)), keras.layers.Conv2D(2, 1, activation="softmax")])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(ignore_class=255))
    train, validation = pairs.batches(batch=2, shuffle=True), pairs.batches(batch=3)
    model.fit(train, validation_data=validation, epochs=3, shuffle=False, verbose=0)
    assert train.epoch == 3
    predicted = model.predict(Pairs(pairs.images, None, TABLE).batches(batch=4), verbose=0)
    assert predicted.shape == (10, 24, 32, 2)


def test_no_tensorflow_needed():
    home = Path(data.__file__).parents[1]
    for module in (*home.glob("data/*.py"), home / "augment.py", *home.glob("files/*.py")):
        assert "import tensorflow" not in module.read_text(encoding="utf-8")


# --- the sets


def make_eliret(folder):
    rng = np.random.default_rng(0)
    names = [f"{i:03}" for i in range(6)] + [f"maior{i}" for i in range(1, 7)]
    for name in names:
        shape = (32, 32) if name[0] == "0" else ((72, 88) if name[-1] in "123" else (80, 88))
        write(folder / f"{name}x.png", rng.integers(0, 256, shape, dtype=np.uint8))
        write(folder / f"{name}y.png", np.where(rng.random(shape) < 0.5, np.uint8(250), np.uint8(3)))
    for split, chosen in (("treino", "014"), ("valida", "2"), ("teste", "35")):
        (folder / f"{split}.csv").write_text("".join(f"00{i}x.png;00{i}y.png\n" for i in chosen))


def test_eliret(tmp_path):
    make_eliret(tmp_path)
    train = eliret(tmp_path, "train")
    images, masks = train.arrays()
    assert images.shape == (3, 32, 32, 1)
    assert [path.name for path in train.images] == ["000x.png", "001x.png", "004x.png"]
    values = cv2.imread(str(tmp_path / "004y.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(masks[2], values >= 128)  # thresholded
    assert len(eliret(str(tmp_path), "val")) == 1
    assert len(eliret(tmp_path, "test")) == 2
    larger = eliret(tmp_path, "larger")
    assert larger.check() == []
    with pytest.raises(ValueError, match=r"2 sizes \(72×88, 80×88\).*give size=\(height, width\) or batch=1"):
        larger.arrays()
    assert [images.shape[1:] for images, _ in larger.batches(batch=1)] == [(72, 88, 1)] * 3 + [(80, 88, 1)] * 3
    assert larger.arrays((72, 88))[0].shape == (6, 72, 88, 1)
    with pytest.raises(ValueError, match="train, val, test, larger, not 'valid'"):
        eliret(tmp_path, "valid")


def test_eliret_problems(tmp_path):
    make_eliret(tmp_path)
    write(tmp_path / "001y.png", np.eye(32, dtype=np.uint8))  # 0 and 1 instead of 0 and 255
    (problem,) = eliret(tmp_path, "train").check()
    assert "001y.png" in problem
    assert "0 and 255" in problem
    (tmp_path / "maior5y.png").unlink()
    assert "maior5y.png" in eliret(tmp_path, "larger").check()[0]
    (tmp_path / "valida.csv").write_text("002x.png,002y.png\n")
    with pytest.raises(DataProblem, match=r"valida\.csv: .*is not one pair.*`000x\.png;000y\.png`"):
        eliret(tmp_path, "val")
    (tmp_path / "valida.csv").unlink()
    with pytest.raises(DataProblem, match=r"valida\.csv: the file is missing; put it back"):
        eliret(tmp_path, "val")


def test_membrane(tmp_path):
    rng = np.random.default_rng(0)
    for i in range(12):
        picture = np.full((16, 16), i, np.uint8)
        write(tmp_path / f"train/image/{i}.png", picture)
        write(tmp_path / f"train/label/{i}.png", np.where(rng.random((16, 16)) < 0.5, np.uint8(255), np.uint8(0)))
        write(tmp_path / f"test/image/{i}.png", picture)
    images, masks = membrane(tmp_path, "train").arrays()
    assert images.shape == (12, 16, 16, 1)
    assert np.array_equal(np.round(images[:, 0, 0, 0] * 255), np.arange(12))  # 2 before 10
    assert set(np.unique(masks)) == {0, 1}
    images, masks = membrane(tmp_path, "test").arrays()
    assert len(images) == 12
    assert masks is None
    (tmp_path / "train/image/3.png").unlink()
    (tmp_path / "train/label/5.png").unlink()
    found = membrane(tmp_path, "train").check()
    assert len(found) == 2
    assert "3.png" in found[0]
    assert "5.png" in found[1]
    with pytest.raises(DataProblem, match="no PNG images"):
        membrane(tmp_path / "nowhere", "train")
    with pytest.raises(ValueError, match="train, test"):
        membrane(tmp_path, "val")


@pytest.mark.skipif("COURSE_DATA" not in os.environ, reason="needs the real samples")
def test_real_membrane():
    folders = [os.path.join(folder, "membrane") for folder in os.environ["COURSE_DATA"].split(os.pathsep)]
    folder = next((folder for folder in folders if os.path.isdir(folder)), None)
    if folder is None:
        pytest.skip("no real membranes here")
    pairs = membrane(folder, "train")
    assert len(pairs) == 30
    assert pairs.check() == []
    images, masks = pairs.arrays((128, 128))
    assert images.shape == (30, 128, 128, 1)
    assert masks.mean() == pytest.approx(0.78, abs=0.01)
    assert len(membrane(folder, "test")) == 30


def make_carla(folder, names, start=0):
    """Frames whose first pixel is their number and whose mask is class number % 13, in the red channel."""
    for i, name in enumerate(names, start):
        write(folder / f"CameraRGB/{name}", np.full((6, 8, 3), i, np.uint8))
        write(folder / f"CameraSeg/{name}", np.dstack([np.zeros((6, 8, 2), np.uint8), np.full((6, 8), i % 13, np.uint8)]))


def frames(folder, split):
    """Numbers of the frames of a split, after a look at the masks."""
    images, masks = carla(folder, split).arrays()
    assert images.shape[1:] == (6, 8, 3)
    found = np.round(images[:, 0, 0, 0] * 255).astype(int)
    assert np.array_equal(masks, np.broadcast_to((found % 13)[:, None, None], masks.shape))
    return found.tolist()


def test_carla_with_lists(tmp_path):
    make_carla(tmp_path, [f"world{i:02d}_{k}.png" for i in range(3) for k in range(2)])
    for i, split in enumerate(("train", "val", "test")):
        (tmp_path / f"{split}.txt").write_text(f"world{i:02d}_0.png\nworld{i:02d}_1.png\n")
    assert [frames(tmp_path, split) for split in ("train", "val", "test", "all")] == [[0, 1], [2, 3], [4, 5], [0, 1, 2, 3, 4, 5]]
    with pytest.raises(ValueError, match="train, val, test, all, not 'valid'"):
        carla(tmp_path, "valid")
    (tmp_path / "val.txt").unlink()
    for split in ("val", "all"):
        with pytest.raises(DataProblem, match=r"val\.txt: the file is missing; put it back"):
            carla(tmp_path, split)


def test_carla_as_the_challenge_gave_it_out(tmp_path):
    make_carla(tmp_path, [f"{i}.png" for i in range(20)])
    assert frames(tmp_path, "train") == [*range(16)]  # 2 before 10, and no frame between two of another split
    assert frames(tmp_path, "val") == [16, 17]
    assert frames(tmp_path, "test") == [18, 19]
    assert frames(tmp_path, "all") == [*range(20)]


def test_carla_in_kaggles_folders(tmp_path):
    for i, part in enumerate("ABCDE"):
        make_carla(tmp_path / f"data{part}", ["02_00_000.png", "02_00_001.png", "02_00_002.png", "02_00_003.png"], 4 * i)
    moments = [4 * part + moment for moment in range(4) for part in range(5)]  # of one drive, the same names in each folder
    assert [frames(tmp_path, split) for split in ("train", "val", "test")] == [moments[:16], moments[16:18], moments[18:]]
    nested = tmp_path / "nested"
    make_carla(nested / "dataA/dataA", ["1.png", "2.png"])
    assert frames(nested, "all") == [0, 1]


def test_carla_problems(tmp_path):
    with pytest.raises(DataProblem, match=r"no frames here.*data_scripts make carla"):
        carla(tmp_path, "train")
    make_carla(tmp_path, ["0.png", "1.png", "2.png"])
    with pytest.raises(DataProblem, match=r'3 frames are too few.*"all"'):
        carla(tmp_path, "val")
    pairs = carla(tmp_path, "all")
    assert pairs[1:].check() == []
    red = cv2.imread(str(pairs.masks[0]))
    for wrong in (red[:, :, ::-1] + 1, red[:, :, 2]):
        write(pairs.masks[0], wrong)
        with pytest.raises(DataProblem, match=r"0\.png: .*red channel; save it as RGB"):
            pairs.arrays()
    write(pairs.masks[0], np.dstack([np.zeros((6, 8, 2), np.uint8), np.full((6, 8), 13, np.uint8)]))
    with pytest.raises(DataProblem, match="value 13 stands for no class of carla"):
        pairs[0].arrays()
    pairs.masks[1].unlink()
    pairs.images[2].unlink()
    found = carla(tmp_path, "all").check()
    assert len(found) == 3
    assert all(word in problem for word, problem in zip(("value 13", "1.png", "2.png"), found, strict=True))


@pytest.mark.skipif("COURSE_DATA" not in os.environ, reason="needs the real samples")
def test_real_carla_frames():
    folders = [Path(folder) / "carla_lyft" for folder in os.environ["COURSE_DATA"].split(os.pathsep)]
    folder = next((folder for folder in folders if folder.is_dir()), None)
    if folder is None:
        pytest.skip("no real frames here")
    pairs = carla(folder, "all")
    assert len(pairs) == 3
    assert pairs.check() == []
    images, masks = pairs.arrays()
    assert images.shape == (3, 600, 800, 3)
    share = np.bincount(masks.ravel(), minlength=13) / masks.size
    assert share[[0, 7, 10]] == pytest.approx([0.34, 0.19, 0.16], abs=0.02)


def make_camvid(folder):
    """Pairs whose image and mask hold their number; and the lists, with the paths of somebody else's machine."""
    for i, (split, number) in enumerate((("train", 3), ("val", 2), ("test", 1))):
        lines = []
        for k in range(number):
            value = 4 * i + k
            write(folder / split / f"x{9 - k}.png", np.full((6, 8, 3), value, np.uint8))
            write(folder / f"{split}annot/x{9 - k}.png", np.full((6, 8), value, np.uint8))
            lines.append(f"/SegNet/CamVid/{split}/x{9 - k}.png /SegNet/CamVid/{split}annot/x{9 - k}.png\n")
        (folder / f"{split}.txt").write_text("".join(lines) + "\n")


def test_camvid(tmp_path):
    make_camvid(tmp_path)
    for split, values in (("train", [0, 1, 2]), ("val", [4, 5]), ("test", [8])):  # in the order of the list
        images, masks = camvid(tmp_path, split).arrays()
        assert np.round(images[:, 0, 0, 0] * 255).astype(int).tolist() == values
        assert masks[:, 0, 0].tolist() == values
    write(tmp_path / "testannot/x9.png", np.full((6, 8), 11, np.uint8))
    assert (camvid(tmp_path, "test").arrays()[1] == 255).all()
    (tmp_path / "val/x8.png").unlink()
    (problem,) = camvid(tmp_path, "val").check()
    assert "x8.png: the file is missing" in problem
    (tmp_path / "val.txt").write_text("val/x9.png\n")
    with pytest.raises(DataProblem, match=r"val\.txt: .*is not one pair.*`val/x\.png valannot/x\.png`"):
        camvid(tmp_path, "val")
    (tmp_path / "test.txt").unlink()
    with pytest.raises(DataProblem, match=r"test\.txt: the file is missing; put it back"):
        camvid(tmp_path, "test")
    with pytest.raises(ValueError, match="train, val, test, not 'all'"):
        camvid(tmp_path, "all")


@pytest.mark.skipif("COURSE_DATA" not in os.environ, reason="needs the real samples")
def test_real_camvid():
    folders = [Path(folder) / "camvid" for folder in os.environ["COURSE_DATA"].split(os.pathsep)]
    folder = next((folder for folder in folders if folder.is_dir()), None)
    if folder is None:
        pytest.skip("no real CamVid here")
    train, val = camvid(folder, "train"), camvid(folder, "val")
    assert (len(train), len(val)) == (367, 101)
    assert not {path.name for path in train.images} & {path.name for path in val.images}
    assert val.check() == []
    counts = np.zeros(256, int)
    for images, masks in train.batches(batch=16):
        assert images.shape[1:] == (360, 480, 3)
        counts += np.bincount(masks.ravel(), minlength=256)
    share = counts / counts.sum()
    assert share[:11] == pytest.approx(CAMVID_SHARES, abs=0.0011)
    assert share[255] == pytest.approx(CAMVID_VOID, abs=0.0011)


def make_cityscapes(folder):
    """Pairs in the original layout; images and masks hold their number, which is also an id."""
    names = {
        "train": ["bonn/bonn_000001", "aachen/aachen_000009", "aachen/aachen_000002"],
        "val": ["ulm/ulm_000000"],
        "test": ["jena/jena_000000"],
    }
    for split, its in names.items():
        for i, name in enumerate(sorted(its), start=7):
            write(folder / f"leftImg8bit/{split}/{name}_000019_leftImg8bit.png", np.full((6, 8, 3), i, np.uint8))
            write(folder / f"gtFine/{split}/{name}_000019_gtFine_labelIds.png", np.full((6, 8), i, np.uint8))
            write(folder / f"gtFine/{split}/{name}_000019_gtFine_instanceIds.png", np.full((6, 8), i * 1000, np.uint16))


def test_cityscapes(tmp_path):
    make_cityscapes(tmp_path)
    train = cityscapes(tmp_path, "train")
    assert [path.name[:13] for path in train.images] == ["aachen_000002", "aachen_000009", "bonn_000001_0"]
    images, masks = train.arrays()
    assert np.round(images[:, 0, 0, 0] * 255).astype(int).tolist() == [7, 8, 9]
    assert masks[:, 0, 0].tolist() == [0, 1, 255]  # road, sidewalk, and parking, which is not trained on
    assert len(cityscapes(tmp_path, "val")) == 1
    test = cityscapes(tmp_path, "test")
    assert test.masks is None  # the real ones are blank
    assert test.arrays()[1] is None
    train.masks[1].unlink()
    (problem,) = cityscapes(tmp_path, "train").check()
    assert "aachen_000009_000019_gtFine_labelIds.png: the file is missing" in problem
    write(train.masks[1], np.full((6, 8), 34, np.uint8))
    with pytest.raises(DataProblem, match="value 34 stands for no class of cityscapes"):
        cityscapes(tmp_path, "train").arrays()
    with pytest.raises(ValueError, match="train, val, test, not 'all'"):
        cityscapes(tmp_path, "all")
    with pytest.raises(DataProblem, match=r"no images here.*make cityscapes"):
        cityscapes(tmp_path / "gtFine", "val")


def test_shares_count_what_is_not_ignored(tmp_path):
    names = [f"{number}.png" for number in range(3)]
    for folder in ("image", "mask"):
        (tmp_path / folder).mkdir()
    masks = [np.full((4, 6), 3, np.uint8), np.full((4, 6), 11, np.uint8), np.repeat(np.uint8([[0, 3, 3, 8, 8, 8]]), 4, axis=0)]
    for name, mask in zip(names, masks, strict=True):
        write(tmp_path / "image" / name, np.zeros((4, 6, 3), np.uint8))
        write(tmp_path / "mask" / name, mask)
    pairs = Pairs([tmp_path / "image" / name for name in names], [tmp_path / "mask" / name for name in names], CAMVID)
    expected = np.zeros(11)
    expected[[0, 3, 8]] = np.array([4, 24 + 8, 12]) / 48  # 11 is ignored
    np.testing.assert_allclose(pairs.shares(), expected)
    np.testing.assert_allclose(pairs.shares((8, 12)), expected)
