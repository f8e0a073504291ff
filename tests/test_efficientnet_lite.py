"""EfficientNet-Lite against the published network, and the reader of PyTorch's older weight files against files made here."""

import io
import os
import pickle
import sys
import types
from collections import OrderedDict

import cv2
import keras
import numpy as np
import pytest

from course_utils.models import backbones, build, efficientnet_lite, torchfile
from data_scripts import DataError, ensure_weights


class Storage:
    """Numbers that stand in the file after all pickles; these name it by a key."""

    def __init__(self, array):
        self.array = array


class Tensor:
    """A view of a storage, pickled as the call that makes it."""

    def __init__(self, array):
        self.strides, self.shape = tuple(step // array.itemsize for step in array.strides), array.shape
        self.storage = Storage(array.T if array.flags.f_contiguous else array)

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, (self.storage, 0, self.shape, self.strides, False, OrderedDict())


@pytest.fixture
def torch_file(monkeypatch, tmp_path):
    """A function that writes named arrays as PyTorch did before 1.6; `torch` is a stand-in that only has names."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in torchfile.TYPES:
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def rebuild():
        pass

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = rebuild
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)

    class Pickler(pickle.Pickler):
        def persistent_id(self, item):
            if not isinstance(item, Storage):
                return None
            storages[str(id(item))] = item.array
            kind = torch.FloatStorage if item.array.dtype == np.float32 else torch.LongStorage
            return "storage", kind, str(id(item)), "cpu", item.array.size, None

    storages = {}

    def write(named):
        file = io.BytesIO()
        for value in (torchfile.MAGIC, torchfile.PROTOCOL, {"little_endian": True}):
            pickle.dump(value, file, protocol=2)
        Pickler(file, protocol=2).dump(OrderedDict(named))
        pickle.dump(list(storages), file, protocol=2)
        for array in storages.values():
            file.write(np.int64(array.size).tobytes() + array.tobytes())
        path = tmp_path / "weights.pth"
        path.write_bytes(file.getvalue())
        return path

    return write


def test_weights_come_back_as_they_were(torch_file):
    rng = np.random.default_rng(0)
    named = {"kernel": rng.random((4, 3, 2, 2)).astype(np.float32), "count": np.array([7], np.int64)}
    named["turned"] = rng.random((3, 5)).astype(np.float32).T  # PyTorch keeps a turned tensor as its strides
    found = torchfile.read(torch_file({name: Tensor(array) for name, array in named.items()}))
    assert list(found) == list(named)
    for name, array in named.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("where", ["dictionary", "first pickle"])
def test_nothing_in_a_file_is_run(where, torch_file, tmp_path):
    evil = Evil(tmp_path / "harm")
    path = torch_file({"evil": evil})
    if where == "first pickle":
        path.write_bytes(pickle.dumps(evil))
    with pytest.raises(ValueError, match=r"weights\.pth holds no weights .*mkdir, which is no weight\); fetch it again\.$"):
        torchfile.read(path)
    assert not evil.marker.exists()


@pytest.mark.parametrize("left", [0, 5, 40, -1])
def test_half_a_file_is_told(left, torch_file):
    path = torch_file({"kernel": Tensor(np.ones((2, 2), np.float32))})
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(ValueError, match=r"weights\.pth holds no weights of PyTorch's older format, or is damaged"):
        torchfile.read(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"none\.pth holds no weights"):
        torchfile.read(tmp_path / "none.pth")


@pytest.mark.parametrize(("number", "parameters"), [(0, 4_694_024), (1, 5_470_344), (2, 6_150_168)])
def test_parameters_are_the_published_ones(number, parameters):
    assert efficientnet_lite.efficientnet_lite(number).count_params() == parameters


def fetched(name):
    try:
        return ensure_weights(name)
    except DataError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_it_names_photographs(number):
    """Cat, espresso and rocket of scikit-image, with the weights as they are fetched."""
    data = pytest.importorskip("skimage.data")
    model = efficientnet_lite.efficientnet_lite(number)
    efficientnet_lite.load(model, fetched(f"efficientnetlite{number}"))
    right = {"chelsea": {281, 282, 285}, "coffee": {967}, "rocket": {657, 744, 812}}  # cats; espresso; missile, projectile, space shuttle
    for name, classes in right.items():
        photograph = getattr(data, name)()
        side = min(photograph.shape[:2])
        top, left = ((length - side) // 2 for length in photograph.shape[:2])
        square = photograph[top : top + side, left : left + side]
        square = cv2.resize(square, (efficientnet_lite.SIDE[number],) * 2, interpolation=cv2.INTER_AREA).astype(np.float32)
        probabilities = keras.ops.convert_to_numpy(model((square[None] - 127) / 128))[0]
        assert set(probabilities.argsort()[-2:]) & classes, name
        assert probabilities.sum() == pytest.approx(1, abs=1e-4)


def test_an_encoder_has_the_classifiers_features():
    """Under a decoder, from images in [0, 1], the last features are what the classifier's head reads."""
    path = fetched("efficientnetlite0")
    model = build("unet", 3, 2, encoder="efficientnetlite0", weights=path)
    image = np.random.default_rng(0).random((1, 64, 96, 3), np.float32)
    features = keras.ops.convert_to_numpy(model.get_layer("encoder")(image)[-1])
    classifier = efficientnet_lite.efficientnet_lite(0)
    efficientnet_lite.load(classifier, path)
    below = keras.Model(classifier.input, classifier.get_layer("head").input)
    expected = keras.ops.convert_to_numpy(below((255 * image - 127) / 128))
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-3)
    assert [kept.shape[-1] for kept in backbones.backbone(model).outputs] == [96, 144, 240, 672, 320]


def test_wrong_weights_are_told(torch_file):
    with pytest.raises(ValueError, match=r'weights=ensure_weights\("efficientnetlite0"\)'):
        build("unet", 3, 2, encoder="efficientnetlite0", weights="imagenet")
    path = torch_file({"_conv_stem.weight": Tensor(np.ones((32, 3, 3, 3), np.float32))})
    with pytest.raises(ValueError, match=r"weights\.pth holds the weights of another network than efficientnetlite0"):
        build("unet", 3, 2, encoder="efficientnetlite0", weights=path)
