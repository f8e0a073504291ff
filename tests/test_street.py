"""Generated streets: masks against a ray cast by hand, shadows, shares, splits by world, and the same bytes from the same seed."""

import re

import cv2
import numpy as np
import pytest
from matplotlib.path import Path as Outline

from course_utils.classes import CARLA
from data_scripts.drawing.render import UP, Camera, Part, Scene
from data_scripts.drawing.shading import picture
from data_scripts.drawing.street import Street, rect
from data_scripts.sets import carla

SMALL = (200, 150)
REAL = dict(zip(CARLA.names, (0.30, 0.079, 0.002, 0.008, 0.0003, 0.006, 0.008, 0.20, 0.077, 0.14, 0.16, 0.022, 0.0002), strict=True))
EAST, NORTH = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])


def board(x, rings=None, **options):
    """A square of 2 × 2 m that stands on the ground, x metres to the east, across the view."""
    options = {"name": "wall", "instance": 1, "across": -NORTH, "along": UP, "colour": (200, 0, 0)} | options
    return Part(origin=np.array([x, 0, 0.0]), rings=[rect(-1, 0, 1, 2)] if rings is None else rings, **options)


def ground():
    return Part("lawn", 0, np.zeros(3), EAST, NORTH, [rect(-300, -300, 300, 300)], (90, 90, 90))


def eye():
    return Camera(np.array([0, 0, 1.0]), 0.0, *SMALL)


@pytest.fixture(scope="module")
def scenes():
    """A few frames of different worlds, with what they are made of."""
    return [Scene(parts, camera) for camera, parts in (Street([3, world]).frame(world, *SMALL) for world in range(3))]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small set of three worlds."""
    folder = tmp_path_factory.mktemp("carla")
    carla.make(folder, 5, {"train": 1, "val": 1, "test": 1}, SMALL, processes=2)
    return folder


# --- perspective and depth ---------------------------------------------------------------------------------------------------------


def test_perspective():
    scene = Scene([ground(), board(10.0)], eye())
    rows, columns = np.nonzero(scene.ids == 1)
    # 10 m away, 1 m to either side, from 1 m below to 1 m above the eye; 100 pixels of focal length
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == pytest.approx((90, 110, 65, 85), abs=1)
    assert scene.depth[75, 100] == pytest.approx(10, rel=1e-4)
    assert scene.depth[125, 20] == pytest.approx(2.0, rel=1e-4)  # ground 50 pixels below the horizon
    assert (scene.ids[:60] == -1).all()
    np.testing.assert_allclose(scene.outlines(1)[0], [[90, 85], [110, 85], [110, 65], [90, 65]], atol=1e-6)


@pytest.mark.parametrize("order", [1, -1])
def test_the_nearer_part_is_seen_whatever_the_order(order):
    parts = [board(10.0, instance=1), board(5.0, [rect(-0.4, 0, 0.4, 0.8)], instance=2), board(20.0, instance=3)][::order]
    scene = Scene([ground(), *parts], eye())
    seen = {scene.parts[number].instance for number in np.unique(scene.ids[scene.ids > 0])}
    assert seen == {1, 2}  # the third one is behind the first


def test_of_two_parts_in_one_place_the_later_one_is_seen():
    mark = Part("road line", 2, np.array([0, 0, 0.0]), EAST, NORTH, [rect(3, -1, 30, 1)], (255, 255, 255))
    scene = Scene([ground(), mark], eye())
    assert scene.ids[100, 100] == 1
    assert scene.ids[100, 10] == 0


def test_what_reaches_behind_the_camera_is_cut_off():
    strip = Part("road", 2, np.array([0, 0, 0.0]), EAST, NORTH, [rect(-50, -1, 50, 1)], (99, 99, 99))
    scene = Scene([ground(), strip], eye())
    widths = (scene.ids == 1).sum(1)
    assert widths[:75].sum() == 0
    # the strip is 2 m wide and y pixels below the horizon the ground is 100 / y m away
    for y in (20, 40, 70):
        assert widths[75 + y] == pytest.approx(2 * y, abs=1.5)


def test_shadow_falls_away_from_the_sun():
    sun = np.array([0, 1.0, 1.0]) / np.sqrt(2)  # in the north, that is to the left, 45° high
    post = board(10.0, [rect(-3, 0, 3, 2)], across=EAST)
    scene = Scene([ground(), post], eye())
    shadow = scene.shadow(sun)
    for y, expected in ((-1.0, 1), (-1.8, 1), (-2.4, 0), (0.4, 0)):  # metres north of the post
        assert shadow[75 + 10, round(100 - 10 * y)] == pytest.approx(expected, abs=0.15)


# --- masks -------------------------------------------------------------------------------------------------------------------------


def cast(scene, x, y):
    """The name of what is nearest along the ray through pixel (x, y); None for sky. In world coordinates and part by part."""
    camera, best = scene.camera, (400.0, None)
    ray = camera.ahead + camera.right * (x - camera.width / 2) / camera.focal - UP * (y - camera.height / 2) / camera.focal
    for part in scene.parts:
        across = camera.right if part.across is None else part.across
        normal = np.cross(across, part.along)
        slope = ray @ normal
        if abs(slope) < 1e-9 or (part.outside and slope > 0):
            continue
        depth = (part.origin - camera.position) @ normal / slope  # the ray goes one metre ahead for each unit
        place = camera.position + depth * ray - part.origin
        if not 0.4 <= depth <= best[0] * 1.0001:
            continue
        if any(Outline(ring).contains_point((place @ across, place @ part.along)) for ring in part.rings):
            best = (depth, part.name)
    return best[1]


def test_mask_agrees_with_rays_cast_by_hand(scenes):
    rng, compared = np.random.default_rng(0), 0
    for scene in scenes:
        for _ in range(30):
            x, y = rng.integers(2, SMALL[0] - 2), rng.integers(2, SMALL[1] - 2)
            around = scene.ids[y - 1 : y + 2, x - 1 : x + 2]
            if (around != around[1, 1]).any():
                continue  # at an edge, where half a pixel decides
            number = around[1, 1]
            assert cast(scene, x, y) == (scene.parts[number].name if number >= 0 else None), (x, y)
            compared += 1
    assert compared > 30


def test_every_part_stays_within_its_polygon(scenes):
    scene, seen = scenes[0], 0
    for number in np.unique(scene.ids[scene.ids >= 0]):
        rows, columns = np.nonzero(scene.ids == number)
        outlines = [np.float32(ring) for ring in scene.outlines(number)]
        for x, y in list(zip(columns.tolist(), rows.tolist(), strict=True))[::25]:
            outside = min(-cv2.pointPolygonTest(ring, (x, y), measureDist=True) for ring in outlines)
            assert outside <= 1.0, scene.parts[number].name
            seen += 1
    assert seen > 500


def test_every_word_of_the_street_has_a_class_and_every_mask_is_within_the_table(scenes):
    for scene in scenes:
        assert {part.name for part in scene.parts} <= set(carla.CLASS_OF)
        mask = carla.mask(scene)
        assert mask.dtype == np.uint8
        assert mask.shape == SMALL[::-1]
        assert mask.max() <= 12
        assert (mask[0] == 10).sum() == 0
        assert (mask[-1] == 10).all()  # the bonnet
        cars = {part.instance for part in scene.parts if part.name == "car"}
        assert len(cars) < sum(part.name == "car" for part in scene.parts) / 20  # the parts of one car share their number


def test_shares_are_near_those_of_the_real_frames():
    counts = np.zeros(13)
    for world in range(16):
        camera, parts = Street([carla.SET.seed, world]).frame(1, 400, 300)  # smaller ones make thin poles look thick
        counts += np.bincount(carla.mask(Scene(parts, camera)).ravel(), minlength=13)
    share = dict(zip(CARLA.names, counts / counts.sum(), strict=True))
    assert min(share.values()) > 0
    assert share["pedestrian"] < 0.0015  # a few frames vary more than the whole set, where it is under 0.001
    assert share["traffic sign"] < 0.0015
    for name in ("background", "building", "road", "pavement", "vegetation", "car", "wall", "road line", "pole", "other"):
        assert 0.6 < share[name] / REAL[name] < 1.7, (name, share[name])


def test_a_drive_moves_on_in_one_world():
    street = Street([2, 4])
    (first, before), (second, after) = street.frame(0, *SMALL), street.frame(1, *SMALL)
    assert np.linalg.norm(second.position - first.position) == pytest.approx(7, abs=0.3)
    masks = [carla.mask(Scene(parts, camera)) for camera, parts in ((first, before), (second, after))]
    other = carla.mask(Scene(*reversed(Street([2, 5]).frame(0, *SMALL))))
    assert (masks[0] == masks[1]).mean() > (masks[0] == other).mean()
    assert (masks[0] != masks[1]).mean() > 0.02


# --- pictures ----------------------------------------------------------------------------------------------------------------------


def test_picture_is_bright_above_and_dark_on_the_bonnet():
    street = Street([3, 1])
    camera, parts = street.frame(0, *SMALL)
    scene = Scene(parts, camera)
    image = picture(scene, street.weather, np.random.default_rng(0))
    assert image.dtype == np.uint8
    assert image.shape == (150, 200, 3)
    mask = carla.mask(scene)
    assert image[scene.ids == -1].mean() > image[mask == 7].mean() + 10 > image[-12:].mean() + 20
    assert image[mask == 7].std() > 2  # texture


def test_haze_makes_distant_things_like_the_horizon():
    street = Street([3, 1])
    parts = [ground(), board(8.0, [rect(-3, 0, 0, 2)], colour=(10, 10, 10)), board(160.0, [rect(0, 0, 60, 40)], colour=(10, 10, 10))]
    scene = Scene(parts, eye())
    image = picture(scene, street.weather, np.random.default_rng(0)).astype(int)
    assert image[scene.ids == 2].mean() > image[scene.ids == 1].mean() + 15


# --- the set -----------------------------------------------------------------------------------------------------------------------


def test_layout_and_splits_by_world(made):
    names = {split: (made / f"{split}.txt").read_text().split() for split in ("train", "val", "test")}
    listed = [name for its in names.values() for name in its]
    assert len(set(listed)) == len(listed) == 3 * carla.FRAMES
    for kind in ("CameraRGB", "CameraSeg"):
        assert {path.name for path in (made / kind).iterdir()} == set(listed)
    worlds = {split: {re.fullmatch(r"world(\d+)_\d\.png", name)[1] for name in its} for split, its in names.items()}
    assert worlds == {"train": {"00"}, "val": {"01"}, "test": {"02"}}
    for name in listed:
        image, mask = (cv2.imread(str(made / kind / name), cv2.IMREAD_UNCHANGED) for kind in ("CameraRGB", "CameraSeg"))
        assert image.shape == mask.shape == (150, 200, 3)
        assert image.dtype == mask.dtype == np.uint8
        assert not mask[..., :2].any()  # OpenCV's order is blue, green, red
        assert mask[..., 2].max() <= 12


def test_the_same_seed_gives_the_same_bytes_whatever_the_number_of_processes(made, tmp_path):
    """`made` came from two processes, in which worlds share them; here each world is alone."""
    for kind in ("CameraRGB", "CameraSeg"):
        (tmp_path / kind).mkdir()
    carla.drive_through(tmp_path, 5, SMALL, 2)
    again = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.png"))
    assert len(again) == 2 * carla.FRAMES
    for path in again:
        assert (tmp_path / path).read_bytes() == (made / path).read_bytes()
    assert (made / "CameraSeg/world00_0.png").read_bytes() != (made / "CameraSeg/world02_0.png").read_bytes()


def test_worlds_of_the_whole_set():
    assert list(carla.WORLDS) == ["train", "val", "test"]
    assert sum(carla.WORLDS.values()) < 100  # two digits in the names
