"""The class tables: look-up in both directions, and the values they refuse."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from course_utils import show
from course_utils.classes import CAMVID, CARLA, CITYSCAPES, ELIRET, IGNORE, LANDCOVER, MEMBRANE, Class, ClassTable

STREET = ClassTable(
    "street",
    [
        Class(0, "void", (0, 0, 0), IGNORE),
        Class(7, "road", (128, 64, 128), 0),
        Class(8, "pavement", (244, 35, 232), 1),
        Class(9, "lane", (1, 2, 3), 0),  # counts as road
    ],
)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_to_train_looks_values_up(dtype):
    mask = np.array([[0, 7], [8, 9]], dtype)
    train = STREET.to_train(mask)
    assert train.dtype == np.uint8
    np.testing.assert_array_equal(train, [[IGNORE, 0], [1, 0]])


def test_names_and_colours_follow_the_train_ids():
    assert STREET.num_classes == 2
    assert STREET.names == ["road", "pavement"]
    assert STREET.colours.dtype == np.uint8
    np.testing.assert_array_equal(STREET.colours, [[128, 64, 128], [244, 35, 232]])
    assert "road, pavement" in repr(STREET)


def test_several_ids_for_one_class_come_back_as_the_first():
    np.testing.assert_array_equal(STREET.to_disk(np.array([[0, 1], [IGNORE, 0]])), [[7, 8], [0, 7]])


@pytest.mark.parametrize("table", [ELIRET, MEMBRANE])
def test_tables_of_the_embedded_sets(table):
    assert table.num_classes == 2
    disk = np.uint8([[0, 255], [255, 0]])
    np.testing.assert_array_equal(table.to_train(disk), disk == 255)
    np.testing.assert_array_equal(table.to_disk(table.to_train(disk)), disk)
    assert len({tuple(colour) for colour in table.colours}) == 2


def test_landcover_keeps_the_values_of_its_files():
    mask = np.arange(5, dtype=np.uint8)[None]
    np.testing.assert_array_equal(LANDCOVER.to_train(mask), mask)
    assert LANDCOVER.names == ["other", "building", "woodland", "water", "road"]
    assert len({tuple(colour) for colour in LANDCOVER.colours.tolist()}) == 5


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ([3], "value 3 stands for no class of street"),
        ([1, 2], "values 1, 2 stand"),
        ([300], "300"),
        ([0.5], "0.5"),
        ([-1], "-1"),
        (range(10, 20), "…"),
    ],
)
def test_unknown_values_are_named(values, named):
    with pytest.raises(ValueError, match=named) as error:
        STREET.to_train(np.array([[7, *values]]))
    assert "known: 0, 7, 8, 9" in str(error.value)


def test_what_has_no_value_on_disk_is_refused():
    with pytest.raises(ValueError, match="value 2 "):
        STREET.to_disk(np.uint8([[2]]))
    with pytest.raises(ValueError, match="255"):  # 255 in a mask file of eliret is an object
        ELIRET.to_disk(np.uint8([[IGNORE]]))


@pytest.mark.parametrize("ids", [[0, 2], [1], [0, 1, 3]])
def test_train_ids_have_no_gaps(ids):
    with pytest.raises(ValueError, match="without gaps"):
        ClassTable("gap", [Class(i, str(i), (0, 0, 0), i) for i in ids])


def test_carla_has_thirteen_classes():
    assert CARLA.num_classes == 13
    assert [c.id for c in CARLA.classes] == [c.train_id for c in CARLA.classes] == [*range(13)]


@pytest.mark.parametrize(("ids", "said"), [([0, 1, 1], "look at 1"), ([0, 300], "look at 300"), ([-1, 0], "look at -1")])
def test_a_value_stands_for_one_class_and_fits_into_a_byte(ids, said):
    with pytest.raises(ValueError, match=said):
        ClassTable("odd", [Class(i, str(n), (0, 0, 0), n) for n, i in enumerate(ids)])


EYES = {  # Machado et al. (2009), severity 1: what becomes of linear red, green and blue
    "normal": np.eye(3),
    "no red cones": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "no green cones": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
}


def nearest(colours, eyes):
    """The smallest difference of two colours for these eyes, CIEDE2000; 2 can just be seen."""
    colours = np.array(colours) / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ EYES[eyes].T, 0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))
    return (deltaE_ciede2000(lab[:, None], lab[None]) + 1e9 * np.eye(len(lab))).min()


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize(("table", "least"), [(ELIRET, 20), (MEMBRANE, 20), (LANDCOVER, 8), (CARLA, 11), (CAMVID, 11), (CITYSCAPES, 9)])
def test_all_eyes_can_tell_the_classes_apart(table, least, eyes):
    """Any two: in streets nearly all of them touch somewhere. Ignored pixels, too, which are grey."""
    assert nearest([*table.colours.tolist(), show.IGNORED_COLOUR], eyes) >= least
    assert nearest([show.HIT, show.MISSED, show.INVENTED, show.IGNORED_COLOUR, (255, 255, 255)], eyes) > 10


def test_figures_may_have_other_colours_than_the_files():
    table = ClassTable("two", [Class(0, "a", (1, 2, 3), 0), Class(9, "b", (4, 5, 6), 1)], shown={"b": (7, 8, 9)})
    np.testing.assert_array_equal(table.colours, [[1, 2, 3], [7, 8, 9]])
    assert [c.colour for c in table.classes] == [(1, 2, 3), (4, 5, 6)]


def test_cityscapes_has_the_ids_and_colours_of_its_authors():
    trained = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    expected = np.full(34, IGNORE, np.uint8)
    expected[trained] = range(19)
    np.testing.assert_array_equal(CITYSCAPES.to_train(np.arange(34)), expected)
    np.testing.assert_array_equal(CITYSCAPES.to_disk(np.arange(19)), trained)
    colours = {c.name: c.colour for c in CITYSCAPES.classes if c.train_id != IGNORE}
    assert colours["road"] == (128, 64, 128)
    assert colours["person"] == (220, 20, 60)
    assert colours["car"] == (0, 0, 142)
    assert colours["bicycle"] == (119, 11, 32)
    assert len(set(colours.values())) == 19
    with pytest.raises(ValueError, match="34"):
        CITYSCAPES.to_train(np.uint8([[34]]))


def test_camvid_ignores_what_is_unlabelled():
    np.testing.assert_array_equal(CAMVID.to_train(np.arange(12)), [*range(11), IGNORE])
    assert CAMVID.names == ["sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist"]
    assert len({tuple(colour) for colour in CAMVID.colours.tolist()}) == 11
    with pytest.raises(ValueError, match="12"):
        CAMVID.to_train(np.uint8([[12]]))
