"""Generated cities: polygons, label ids and instance ids that agree, what occurs in them, and that carla's streets know nothing of it."""

import hashlib
import json
import re

import cv2
import numpy as np
import pytest

from course_utils.classes import CAMVID, CITYSCAPES, IGNORE
from data_scripts import checks
from data_scripts.drawing.city import City, sensor
from data_scripts.drawing.render import Scene
from data_scripts.drawing.shading import picture
from data_scripts.drawing.street import Street
from data_scripts.sets import SETS, camvid, carla, cityscapes

SIZE = (256, 128)
KINDS = {"color.png", "instanceIds.png", "labelIds.png", "polygons.json"}
IDS = {c.name: c.id for c in CITYSCAPES.classes}
NUMBERED = {24, 25, 26, 27, 28, 29, 30, 31, 32, 33}  # ids of classes whose things are counted


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Ten frames of train in eight cities, four of val in three, three of test in two."""
    folder = tmp_path_factory.mktemp("cityscapes")
    cityscapes.make(folder, 3, {"train": 10, "val": 4, "test": 3}, SIZE, processes=2)
    return folder


@pytest.fixture(scope="module")
def scenes():
    """A few frames, as scenes."""
    return [Scene(*reversed(City([3, world]).frame(0, 512, 256))) for world in range(4)]


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def labelled(folder):
    """Label ids, instance ids, colours and objects of each frame."""
    for path in sorted(folder.glob("gtFine/*/*/*_labelIds.png")):
        others = [path.with_name(path.name.replace("labelIds.png", kind)) for kind in ("instanceIds.png", "color.png", "polygons.json")]
        yield read(path), read(others[0]), read(others[1]), json.loads(others[2].read_text("utf-8"))


# --- the files ---------------------------------------------------------------------------------------------------------------------


def test_layout(made):
    images = sorted(path.relative_to(made).as_posix() for path in made.glob("leftImg8bit/*/*/*"))
    assert len(images) == 17
    for name in images:
        assert re.fullmatch(r"leftImg8bit/(train|val|test)/([a-z]+)/\2_\d{6}_000019_leftImg8bit\.png", name)
    cities = {split: {path.name for path in (made / "leftImg8bit" / split).iterdir()} for split in ("train", "val", "test")}
    assert {split: len(names) for split, names in cities.items()} == {"train": 8, "val": 3, "test": 2}
    assert not cities["train"] & cities["val"]
    assert not (made / "gtFine/test").exists()  # the real ones are kept by the authors
    for name in images:
        start = name.replace("leftImg8bit/", "gtFine/", 1).removesuffix("leftImg8bit.png") + "gtFine_"
        there = {path.name.rpartition("_")[2] for path in made.glob(f"{start}*")}
        assert there == (set() if "/test/" in name else KINDS)
    assert checks.problems(made, SETS["cityscapes"]) == []


def test_kinds_of_files(made):
    for path in made.glob("leftImg8bit/*/*/*.png"):
        image = read(path)
        assert (image.shape, image.dtype) == ((128, 256, 3), np.uint8)
    for labels, instances, colours, text in labelled(made):
        assert (labels.shape, labels.dtype) == ((128, 256), np.uint8)
        assert (instances.shape, instances.dtype) == ((128, 256), np.uint16)
        assert (text["imgWidth"], text["imgHeight"]) == SIZE
        table = np.array([c.colour for c in CITYSCAPES.classes])
        np.testing.assert_array_equal(colours[..., 2::-1], table[labels])
        assert (colours[..., 3] == 255).all()


def test_label_ids_and_instance_ids_agree(made):
    for labels, instances, _, text in labelled(made):
        np.testing.assert_array_equal(np.where(instances < 1000, instances, instances // 1000), labels)
        assert {value // 1000 for value in np.unique(instances).tolist() if value >= 1000} <= NUMBERED
        for value in NUMBERED & set(np.unique(instances).tolist()):  # not counted: only in a group
            name = CITYSCAPES.classes[value].name
            assert any(thing["label"] == f"{name}group" for thing in text["objects"]), name


def test_polygons_drawn_again_give_the_labels(made):
    """By OpenCV, whose borders differ from those of Pillow by a pixel at most; the k-th polygon of a counted class has number k."""
    for labels, instances, _, text in labelled(made):
        again, numbers, counts = np.zeros_like(labels), np.zeros(labels.shape, np.int32), {}
        for thing in text["objects"]:
            value = IDS[thing["label"].removesuffix("group")]
            corners = np.array(thing["polygon"])
            assert corners.shape[1] == 2
            assert len(corners) >= 3
            assert (corners >= 0).all()
            assert (corners < SIZE).all()
            cv2.fillPoly(again, [corners], value)
            if value in NUMBERED and not thing["label"].endswith("group"):
                counts[value] = counts.get(value, -1) + 1
                value = 1000 * value + counts[value]
            cv2.fillPoly(numbers, [corners], value)
        assert (again == labels).mean() > 0.99
        assert (numbers == instances).mean() > 0.99


def test_order_matters_and_is_from_back_to_front(made):
    objects = [text["objects"] for *_, text in labelled(made)]
    first = {thing["label"] for its in objects for thing in its[:1]}
    assert first <= {"sky", "vegetation", "terrain", "road", "building"}
    for its in objects:
        names = [thing["label"] for thing in its]
        cars = [number for number, name in enumerate(names) if name == "car"]
        assert not cars or max(number for number, name in enumerate(names) if name in ("road", "building")) < min(cars)
        assert names[-1] == "out of roi"
    changed = 0
    for (labels, *_), its in zip(labelled(made), objects, strict=True):
        changed += (cityscapes.draw(its[::-1], SIZE)[0] != labels).mean() / len(objects)
    assert changed > 0.05


def test_what_is_drawn_is_what_the_camera_sees(scenes):
    for scene in scenes:
        names = [cityscapes.LABEL_OF.get(part.name, part.name).removesuffix("group") for part in scene.parts]
        seen = np.array([*(IDS[name] for name in names), IDS["sky"]])[scene.ids]
        labels, _ = cityscapes.draw(cityscapes.outline(scene), (512, 256))
        assert (labels == seen).mean() > 0.97  # leaves and fences have gaps that are not cut out
        for value in (7, 26):
            assert ((labels == value) & (seen == value)).sum() > 0.95 * (seen == value).sum()
        assert (labels == 0).mean() < 0.002


def test_one_thing_behind_a_pole_keeps_one_number(scenes):
    """Outlines go on behind what stands before them, so that most things are one polygon."""
    whole = pieces = 0
    for scene in scenes:
        names = np.array([part.name for part in scene.parts] + ["sky"])[scene.ids]
        number = np.array([part.instance for part in scene.parts] + [0])[scene.ids]
        whole += sum((number == each).sum() > 25 for each in np.unique(number[names == "car"]))
        pieces += sum(thing["label"] == "car" for thing in cityscapes.outline(scene))
    assert whole > 10
    assert pieces < 1.25 * whole


# --- what occurs -------------------------------------------------------------------------------------------------------------------


def test_all_nineteen_classes_occur():
    counts, worlds = np.zeros(256, int), 0
    while worlds < 60 and (counts[:19] == 0).any():
        scene = Scene(*reversed(City([cityscapes.SET.seed, worlds]).frame(0, *SIZE)))
        counts += np.bincount(CITYSCAPES.to_train(cityscapes.draw(cityscapes.outline(scene), SIZE)[0]).ravel(), minlength=256)
        worlds += 1
    assert (counts[:19] > 0).all(), [name for name, count in zip(CITYSCAPES.names, counts, strict=False) if count == 0]
    assert counts[0] > 0.15 * counts[:19].sum()  # road
    assert counts[IGNORE] > 0


def test_no_gap_at_the_horizon(scenes):
    for scene in scenes:
        assert (scene.ids[130:] >= 0).all()  # below it is no sky
        assert (scene.ids[126:130] >= 0).mean() > 0.999


def test_a_city_does_not_look_like_the_simulator():
    """Grey skies and a camera with grain: not only other things in the same light."""
    blue, grain = {}, {}
    for kind, camera in ((Street, None), (City, sensor)):
        values = []
        for world in range(4):
            street = kind([5, world])
            scene = Scene(*reversed(street.frame(0, *SIZE)))
            image = picture(scene, street.weather, np.random.default_rng(0), camera)
            sky = cv2.erode((scene.ids < 0).astype(np.uint8), np.ones((5, 5))) > 0
            edges = cv2.Laplacian(image[..., 1].astype(np.float32), cv2.CV_32F)
            values.append((np.ptp(image[sky].mean(0)), edges[sky].std()))
        blue[kind], grain[kind] = np.median(values, axis=0)
    assert blue[Street] > 1.5 * blue[City]
    assert grain[City] > 1.3 * grain[Street]


# --- splits, seeds and numbers -------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_whatever_the_number_of_processes(made, tmp_path):
    for kind in ("leftImg8bit", "gtFine"):
        (tmp_path / kind / "val/lindau").mkdir(parents=True)
    worlds = 8 + 1  # a street for each city of train, two for frankfurt's two frames and so on
    cityscapes.drive_through(tmp_path, 3, SIZE, (worlds, "val", "lindau", range(1)))
    again = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert len(again) == 5
    for path in again:
        assert (tmp_path / path).read_bytes() == (made / path).read_bytes()
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in made.glob("leftImg8bit/*/*/*")}
    assert len(digests) == 17


def test_carla_draws_none_of_it():
    """The simulator's set is committed in figures: what is added for cities must not move a single draw of it.

    A change that is meant to move it takes a new carla.SET.version, and the number below.
    """
    camera, parts = Street([carla.SET.seed, 3]).frame(1, 200, 150)
    assert {part.name for part in parts} <= set(carla.CLASS_OF)
    assert camera.focal == 100
    total = hashlib.sha256()
    for part in parts:
        numbers = [part.origin, part.along, *part.rings, np.asarray(part.colour, float), np.asarray(part.detail, float)]
        total.update(b"".join((np.round(number, 6) + 0.0).tobytes() for number in numbers) + part.texture.encode())
    assert total.hexdigest()[:16] == "f44190a1289520f1"


# --- camvid ------------------------------------------------------------------------------------------------------------------------


def test_camvid(tmp_path):
    camvid.make(tmp_path, 3, {"train": 3, "val": 2, "test": 1}, (120, 90), processes=2)
    assert checks.problems(tmp_path, SETS["camvid"]) == []
    counts = np.zeros(12, int)
    for split, number in (("train", 3), ("val", 2), ("test", 1)):
        lines = (tmp_path / f"{split}.txt").read_text().splitlines()
        assert len(set(lines)) == number
        for line in lines:
            image, mask = line.split()
            assert image.startswith(f"/SegNet/CamVid/{split}/")
            assert mask == image.replace(f"/{split}/", f"/{split}annot/")
            image, mask = (read(tmp_path / name.removeprefix("/SegNet/CamVid/")) for name in (image, mask))
            assert image.shape == (90, 120, 3)
            assert (mask.shape, mask.dtype) == ((90, 120), np.uint8)
            counts += np.bincount(mask.ravel(), minlength=12)
    assert set(range(4)) | {8} <= set(np.flatnonzero(counts).tolist())
    assert counts[11] < 0.05 * counts.sum()  # no bonnet
    held = [label for labels in camvid.HOLDS.values() for label in labels]
    assert list(camvid.HOLDS) == CAMVID.names
    assert len(held) == len(set(held))
    assert set(held) >= set(CITYSCAPES.names)
