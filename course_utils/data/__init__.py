"""Images and their masks, from the files on disk to the batches that a network is trained on.

Images are kept as uint8 and become float32 in [0, 1] only when they are handed over; masks are uint8 train ids, 255 = ignore.
"""

from course_utils.files import DataProblem

from .batches import Batches
from .pairs import Pairs
from .readers import camvid, carla, cityscapes, eliret, landcover, membrane

__all__ = ["Batches", "DataProblem", "Pairs", "camvid", "carla", "cityscapes", "eliret", "landcover", "membrane"]
