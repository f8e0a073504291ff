"""PNG, JPEG, BMP and GIF files to the samples that they hold."""

import io
import threading
import zlib
from contextlib import nullcontext
from typing import NamedTuple

import cv2
import numpy as np
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from .disk import STARTS, DataProblem

PNG = b"\x89PNG\r\n\x1a\n"
KINDS = {PNG: PngImageFile, b"\xff\xd8\xff": JpegImageFile, b"BM": BmpImageFile, b"GIF8": GifImageFile}
MOST_PIXELS = 90_000_000  # of a picture that is read as a whole; LandCover.ai's largest mosaic has less
MOST_PIECES = 2**17  # of a PNG; writers cut the samples of one such picture into fewer
LARGE = 2**24  # pixels; such pictures are unpacked one at a time, so that threads do not fill the memory together
one_at_a_time = threading.Lock()
TURNS = {  # EXIF's orientations, to upright
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}


class Raw(NamedTuple):
    """What a file holds, upright. Nothing in it is scaled, so that a mask's samples are the classes that were written into it."""

    samples: np.ndarray  # (height, width) or (height, width, 3), red-green-blue
    step: int = 1  # a grey picture of 1, 2 or 4 bits shows samples × step
    palette: np.ndarray | None = None  # colours of the samples, uint8 (colours, 3)
    lossy: bool = False  # packed so that values near borders change
    place: tuple | None = None  # coordinate system and affine transform of a GeoTIFF
    valid: np.ndarray | None = None  # bool (height, width), False where a GeoTIFF has no data


def read(path, data: bytes) -> Raw:
    """The one picture in `data`, the content of file `path`."""
    kind = next((kind for start, kind in KINDS.items() if data.startswith(start)), None)
    if kind is None:
        found = next((words for start, words in STARTS.items() if data.startswith(start)), None)
        raise DataProblem(f"{path}: {found or 'this is no image in PNG, JPEG, TIFF, BMP or GIF, or it is damaged; save it as PNG'}.")
    pieces = _pieces(data) if kind is PngImageFile else {}
    if pieces is None:
        raise damaged(path)
    if pieces and data[24] == 8 and data[25] in (0, 2) and not pieces & {b"tRNS", b"eXIf", b"acTL"}:
        return _plain(path, data)
    try:
        head = kind(io.BytesIO(data))  # not Image.open, which warns of pictures that are allowed here
        several = getattr(head, "is_animated", False)
    except Exception:  # a decoder raises nearly anything at a damaged file
        raise damaged(path) from None
    if several:
        raise DataProblem(f"{path}: the file holds several pictures; save the one that is meant in a file of its own.")
    with guarded(path, head.width, head.height):
        return _unpack(path, data, head)


def _pieces(data):
    """Names of the pieces of a PNG; None unless all are there and as they were written, by their check sums."""
    view, at, names = memoryview(data), len(PNG), set()
    for _ in range(MOST_PIECES if data[8:16] == b"\0\0\0\rIHDR" else 0):
        end = at + 12 + int.from_bytes(view[at : at + 4])
        if end > len(data) or zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            return None
        names.add(bytes(view[at + 4 : at + 8]))
        if b"IEND" in names:
            return names
        at = end
    return None


def _plain(path, data):
    """An upright PNG of 8 bits, grey or colour: what nearly all files are, by the decoder that lets other threads work meanwhile."""
    width, height = (int.from_bytes(data[at : at + 4]) for at in (16, 20))
    with guarded(path, width, height):
        try:
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        except cv2.error:
            picture = None
        if picture is None or picture.shape[:2] != (height, width):
            raise damaged(path)
        return Raw(picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))


def guarded(path, width, height, weight=1):
    """A context for unpacking a picture of this size, which others wait for if it is large; DataProblem if it is too large.

    weight: its bytes a pixel, in those of a picture of 8 bits.
    """
    if width * height * weight > MOST_PIXELS:
        raise DataProblem(f"{path}: {width}×{height} pixels are too many to be read at once; cut the picture into tiles or reduce it.")
    return one_at_a_time if width * height * weight > LARGE else nullcontext()


def damaged(path):
    """The problem with a file that says what it is and cannot be unpacked."""
    return DataProblem(f"{path}: the file is cut off or damaged; copy or download it again.")


def _unpack(path, data, head):
    depth, kind = (data[24], data[25]) if isinstance(head, PngImageFile) else (8, None)  # of a PNG: bits a sample, and what they are
    if depth == 16 and kind != 0:  # Pillow would drop the lower 8 bits without a word
        raise DataProblem(f"{path}: values have 16 bits; save it with 8 bits a channel.")
    try:
        head.load()
        turn = TURNS.get(_orientation(head), lambda a: a)
        opaque, mode, samples, palette = _is_opaque(head), head.mode, np.asarray(head), None
        if mode == "P":
            palette = np.array(head.getpalette("RGB"), np.uint8).reshape(-1, 3)
            if samples.max() >= len(palette):
                raise damaged(path)
    except Exception:  # see above
        raise damaged(path) from None
    if not opaque:
        raise DataProblem(f"{path}: parts of the picture are transparent; save it as RGB or grey without transparency (alpha).")
    if mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I;16B", "I"):
        raise DataProblem(f"{path}: colours are stored as {mode}; save it as RGB or grey.")
    step = 255 if mode == "1" else {2: 85, 4: 17}.get(depth, 1) if mode == "L" else 1  # by which Pillow has multiplied them
    if step > 1:
        samples = samples.astype(np.uint8) // (1 if mode == "1" else step)
    if mode in ("LA", "RGBA"):
        samples = samples[:, :, 0] if mode == "LA" else samples[:, :, :3]
    return Raw(np.ascontiguousarray(turn(samples)), step, palette, isinstance(head, JpegImageFile))


def _is_opaque(head):
    if "transparency" in head.info:
        head = head.convert("RGBA")
    return head.mode not in ("LA", "RGBA") or head.getextrema()[-1][0] == 255


def _orientation(head):
    try:
        return head.getexif().get(0x0112, 1)
    except Exception:  # what nobody can read, nobody turns by
        return 1
