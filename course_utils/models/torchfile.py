"""Reads the weights in a file that PyTorch wrote before version 1.6, without PyTorch and without running anything that the file says.

Such a file is five pickles (a magic number, the version of the format, facts about the machine, the dictionary of weights, the keys of
their storages) and then, storage after storage, a count of 8 bytes and the raw numbers. A pickle may call any function of Python; the
reader here knows the three names that weights need, and refuses all others.
"""

import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def read(path: str | Path) -> dict[str, np.ndarray]:
    """The weights of `path` by name, in the order of the file; float32 or int64, of the shape that PyTorch gave them.

    ValueError: no such file, one that was cut short, or one that holds more than weights.
    """
    try:
        with open(path, "rb") as file:
            if (_load(file), _load(file)) != (MAGIC, PROTOCOL):
                raise ValueError("it has another format")
            _load(file)  # the machine that wrote it; the numbers are little-endian on all of them
            storages = {}
            named = _Weights(file, storages).load()
            for key in _load(file):
                count = int(np.frombuffer(_exactly(file, 8), "<i8")[0])
                storages[key] = np.frombuffer(_exactly(file, count * storages[key].itemsize), storages[key])
    except (OSError, EOFError, KeyError, TypeError, AttributeError, IndexError, pickle.UnpicklingError, ValueError) as error:
        raise ValueError(f"{path} holds no weights of PyTorch's older format, or is damaged ({error}); fetch it again.") from None
    return {name: tensor(storages) for name, tensor in named.items()}


class _Weights(pickle.Unpickler):
    """Makes of each tensor a function from the storages, which come later in the file, to an array."""

    def __init__(self, file, storages):
        super().__init__(file, encoding="utf-8")
        self.storages = storages

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in TYPES:
            return TYPES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no weight")

    def persistent_load(self, saved):
        _, kind, key, _, _, _ = saved  # "storage", type, key, device, count, view
        self.storages[key] = kind
        return key


class _Nothing(pickle.Unpickler):
    """Numbers, text, lists and dictionaries, and nothing that has to be imported."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no weight")


def _load(file):
    return _Nothing(file).load()


def _tensor(key, offset, shape, strides, *_):
    def array(storages):
        view = storages[key][offset:]
        return np.lib.stride_tricks.as_strided(view, shape, [step * view.itemsize for step in strides], writeable=False).copy()

    return array


def _exactly(file, count):
    found = file.read(count)
    if len(found) != count:
        raise EOFError("it ends too early")
    return found
