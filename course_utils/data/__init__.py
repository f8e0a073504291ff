"""Images and their masks, from the files on disk to the batches that a network is trained on.

Images are kept as uint8 and become float32 in [0, 1] only when they are handed over; masks are uint8 train ids, 255 = ignore.
"""

from course_utils.files import DataProblem

from .pairs import Pairs
from .readers import Absent, camvid, carla, cityscapes, drive, eliret, in_time, landcover, membrane, mosaics

__all__ = [
    "Absent",
    "Batches",
    "DataProblem",
    "Pairs",
    "camvid",
    "carla",
    "cityscapes",
    "drive",
    "eliret",
    "in_time",
    "landcover",
    "membrane",
    "mosaics",
]


def __getattr__(name):
    """`Batches` when it is asked for: it needs Keras, which `data_scripts check` has no use for."""
    if name in ("Batches", "batches"):
        from importlib import import_module

        module = import_module(".batches", __name__)
        return module if name == "batches" else module.Batches
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
