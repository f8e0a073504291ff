"""Kinds of image and mask files: each writes one pair and says what must come of it.

A kind is a function of a random generator and an empty folder. It returns a `Case`: the pair, and the arrays that it must be read to
or None where a sentence is wanted.
"""

import io
import os
import socket
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
from PIL import Image, ImageOps
from rasterio.transform import Affine, from_origin

from course_utils.classes import CITYSCAPES, Class, ClassTable
from course_utils.data import Pairs

IDS = np.array([c.id for c in CITYSCAPES.classes if c.id < 16], np.uint8)
TRAIN = np.array([c.train_id for c in CITYSCAPES.classes], np.uint8)
TWO = ClassTable("two", [Class(0, "outside", (0, 0, 0), 0), Class(255, "inside", (255, 255, 255), 1)])
MAP = from_origin(500_000, 500_000, 0.25, 0.25)
KINDS, ROWS = {}, {}  # name -> function, and the row of the table that counts it: the last of these words
ROW = "images"
ROT = 0x0112  # the tag Orientation


class Case(NamedTuple):
    """pairs: one pair. image uint8 (height, width, 3) and mask uint8 (height, width): what must be read, None: a sentence is wanted."""

    pairs: Pairs
    image: np.ndarray | None = None
    mask: np.ndarray | None = None
    either: bool = False  # a sentence is right as well


def kind(function):
    """Adds a function to KINDS by its name."""
    name = function.__name__.replace("_", " ")
    KINDS[name], ROWS[name] = function, ROW
    return function


def several(**variants):
    """Adds a function once for each variant: its name -> the argument."""

    def add(function):
        for name, argument in variants.items():
            name = f"{function.__name__}: {name}".replace("_", " ")
            KINDS[name], ROWS[name] = lambda rng, folder, argument=argument: function(rng, folder, argument), ROW
        return function

    return add


# --- what the kinds are made of ----------------------------------------------------------------------------------------------------------


def colours(rng, least=4):
    """A picture that is not the same turned or mirrored, uint8 (height, width, 3), with at most 200 colours."""
    height, width = rng.integers(least, 24, 2)
    return rng.integers(0, 256, (200, 3), np.uint8)[rng.integers(0, 200, (height, width + (height == width)))]


def ids(rng, shape):
    """A mask of Cityscapes' ids."""
    return rng.choice(IDS, shape[:2])


def packed(picture, form="PNG", **options):
    """The bytes of a file that Pillow writes."""
    buffer = io.BytesIO()
    (Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture).save(buffer, form, **options)
    return buffer.getvalue()


def png(samples, depth, colour_type, *more):
    """A PNG file of raw samples, written by hand: Pillow scales those of less than 8 bits. more: (name, content) before the samples."""
    rows = [np.packbits(np.unpackbits(row[:, None], axis=1)[:, 8 - depth :]).tobytes() if depth < 8 else row.tobytes() for row in samples]

    head = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], depth, colour_type, 0, 0, 0)
    return chunks((b"IHDR", head), *more, (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))), (b"IEND", b""))


def chunks(*parts):
    """A PNG file of (name, content) with right check sums."""
    packed = (struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content)) for name, content in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def geotiff(array, transform=MAP, tags=None, **options):
    """The bytes of a TIFF of (height, width) or (height, width, bands), written by GDAL."""
    array = np.atleast_3d(array).transpose(2, 0, 1)
    size = {"count": len(array), "height": array.shape[1], "width": array.shape[2], "dtype": array.dtype}
    if transform is not None:
        size |= {"crs": "EPSG:2180", "transform": transform}
    with rasterio.MemoryFile() as memory:
        with memory.open(driver="GTiff", **size | options) as file:
            file.write(array)
            if tags:
                file.write_colormap(1, tags)
        return bytes(memory.getbuffer())


def case(folder, image=None, mask=None, truth=None, labels=None, end=".png", mask_end=".png", either=False, **options):
    """Writes the two files (bytes; None: not written) and says what must come of them. options: of `Pairs`."""
    paths = [folder / f"image{end}", folder / f"mask{mask_end}"]
    for path, content in zip(paths, (image, mask), strict=True):
        if content is not None:
            path.write_bytes(content)
    options = {"table": CITYSCAPES, "name": "fuzz"} | options
    return Case(Pairs(paths[:1], paths[1:], **options), truth, labels, either)


def image_case(rng, folder, content, truth, **options):
    """An image of this kind beside a plain mask; truth None: a sentence is wanted."""
    mask = ids(rng, (9, 9) if truth is None else truth.shape)
    return case(folder, content, packed(mask), truth, None if truth is None else TRAIN[mask], **options)


def mask_case(rng, folder, content, values, train=None, **options):
    """A mask of this kind beside a plain image; values: its ids, or None: a sentence is wanted; train: its train ids if not by the ids."""
    shape = (9, 9) if values is None else values.shape
    image = rng.integers(0, 256, (*shape, 3), np.uint8)
    truth = None if values is None else image
    return case(folder, packed(image), content, truth, None if values is None else TRAIN[values] if train is None else train, **options)


# --- images ------------------------------------------------------------------------------------------------------------------------------


@several(PNG="PNG", BMP="BMP", TIFF="TIFF")
def colour_image(rng, folder, form):
    picture = colours(rng)
    return image_case(rng, folder, packed(picture, form), picture)


@several(PNG="PNG", BMP="BMP", TIFF="TIFF", GIF="GIF")
def grey_image(rng, folder, form):
    grey = colours(rng)[:, :, 0]
    return image_case(rng, folder, packed(grey, form), np.dstack([grey] * 3))


@several(PNG="PNG", BMP="BMP", TIFF="TIFF", GIF="GIF")
def palette_image(rng, folder, form):
    palette, indices = rng.integers(0, 256, (256, 3), np.uint8), rng.integers(0, 256, rng.integers(4, 20, 2), np.uint8)
    picture = Image.fromarray(indices)
    picture.putpalette(palette.tobytes())
    return image_case(rng, folder, packed(picture, form), palette[indices])


@several(one=1, two=2, four=4)
def image_of_few_bits(rng, folder, depth):
    samples = rng.integers(0, 2**depth, (9, 16), np.uint8)
    grey = samples * np.uint8(255 // (2**depth - 1))
    return image_case(rng, folder, png(samples, depth, 0), np.dstack([grey] * 3))


@several(RGBA="RGBA", LA="LA")
def opaque_image(rng, folder, mode):
    picture = Image.fromarray(colours(rng)).convert(mode)
    return image_case(rng, folder, packed(picture), np.asarray(picture.convert("RGB")))


@several(**{f"JPEG {number}": ("JPEG", number) for number in range(9)}, **{f"PNG {number}": ("PNG", number) for number in (1, 3, 6, 8)})
def turned_image(rng, folder, how):
    form, number = how
    picture, exif = Image.fromarray(colours(rng)), Image.Exif()
    exif[ROT] = number
    data = packed(picture, form, exif=exif)
    return image_case(rng, folder, data, np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))), end=f".{form.lower()}")


@several(**{str(number): number for number in range(1, 9)})
def turned_tiff(rng, folder, number):
    picture = Image.fromarray(colours(rng))
    exif = Image.Exif()
    exif[ROT] = number
    plain = np.asarray(picture)
    truth = ImageOps.exif_transpose(Image.open(io.BytesIO(packed(picture, "PNG", exif=exif))))
    assert plain.shape[2] == 3
    return image_case(rng, folder, packed(picture, "TIFF", tiffinfo={ROT: number}), np.asarray(truth), end=".tif")


@kind
def image_and_mask_turned_alike(rng, folder):
    picture, exif = colours(rng), Image.Exif()
    exif[ROT] = 6
    mask = ids(rng, picture.shape)
    truth, labels = np.rot90(picture, -1), np.rot90(TRAIN[mask], -1)
    return case(folder, packed(picture, exif=exif), packed(mask, exif=exif), truth, labels)


@kind
def phone_with_two_pictures(rng, folder):
    picture = Image.fromarray(colours(rng))
    data = packed(picture, "MPO", save_all=True, append_images=[picture.resize((5, 5))])
    return image_case(rng, folder, data, np.asarray(Image.open(io.BytesIO(data))), end=".jpg")


@kind
def camera_with_damaged_exif(rng, folder):
    picture = Image.fromarray(colours(rng))
    data = packed(picture, "JPEG", exif=b"Exif\0\0" + rng.bytes(int(rng.integers(1, 40))))
    return image_case(rng, folder, data, np.asarray(Image.open(io.BytesIO(data))), end=".jpg", either=True)


TIFFS = {
    "LZW": {"compress": "LZW"},
    "deflate": {"compress": "DEFLATE", "predictor": 2},
    "zstd": {"compress": "ZSTD"},
    "tiles": {"tiled": True, "blockxsize": 16, "blockysize": 16},
    "bands apart": {"interleave": "band"},
    "BigTIFF": {"bigtiff": "YES"},
    "big-endian": {"endianness": "BIG"},
}


@several(**TIFFS)
def tiff_image(rng, folder, options):
    picture = colours(rng)
    return image_case(rng, folder, geotiff(picture, None, **options), picture, end=".tif")


NEITHER = {"two": 2, "four": 4, "five": 5}


@several(**NEITHER)
def image_of_other_bands(rng, folder, bands):
    return image_case(rng, folder, geotiff(rng.integers(0, 256, (9, 9, bands), np.uint8), photometric="MINISBLACK"), None, end=".tif")


@several(**{kind: kind for kind in ("int8", "uint16", "int16", "uint32", "float32", "float64", "complex64")})
def image_of_type(rng, folder, dtype):
    content = rng.integers(0, 100, (9, 9, 3)).astype(dtype)
    return image_case(rng, folder, geotiff(content), None, end=".tif")


@several(grey=0, colour=2, grey_and_alpha=4, colour_and_alpha=6)
def image_of_16_bits(rng, folder, colour_type):
    samples = rng.integers(0, 65536, (9, 9 * {0: 1, 2: 3, 4: 2, 6: 4}[colour_type])).astype(">u2")
    head = struct.pack(">IIBBBBB", 9, 9, 16, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    return image_case(rng, folder, chunks((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")), None)


@several(RGBA="RGBA", LA="LA", palette="P", TIFF="TIFF", GIF="GIF", key="key")
def transparent_image(rng, folder, how):
    picture = Image.fromarray(colours(rng))
    if how in ("P", "GIF"):
        data = packed(picture.convert("L").quantize(8), {"P": "PNG"}.get(how, how), transparency=0)
    elif how == "key":
        data = packed(picture, transparency=tuple(np.asarray(picture)[0, 0].tolist()))
    else:
        picture = picture.convert("LA" if how == "LA" else "RGBA")
        picture.putalpha(Image.fromarray(rng.integers(0, 250, picture.size[::-1], np.uint8)))
        data = packed(picture, "TIFF" if how == "TIFF" else "PNG")
    return image_case(rng, folder, data, None, end=".tif" if how == "TIFF" else ".png")


@several(JPEG="JPEG", TIFF="TIFF")
def cmyk_image(rng, folder, form):
    return image_case(rng, folder, packed(Image.fromarray(colours(rng)).convert("CMYK"), form), None)


@several(GIF="GIF", PNG="PNG", TIFF="TIFF")
def several_pictures(rng, folder, form):
    pictures = [Image.fromarray(rng.integers(0, 256, (9, 9), np.uint8)) for _ in range(3)]
    return image_case(rng, folder, packed(pictures[0], form, save_all=True, append_images=pictures[1:]), None)


@several(WebP="WEBP", PPM="PPM", JPEG_2000="JPEG2000", TGA="TGA", ICO="ICO", PDF="PDF", AVIF="AVIF", PCX="PCX", SGI="SGI", EPS="EPS")
def other_formats(rng, folder, form):
    try:
        data = packed(Image.fromarray(np.repeat(np.repeat(colours(rng, 16), 2, 0), 2, 1)), form)
    except (OSError, KeyError, ValueError):  # this Pillow was built without it
        data = b"\0\0\0\x1cftypavif"
    return image_case(rng, folder, data, None)


ROW = "no image at all"
WORDS = {
    "a page": b"<!DOCTYPE html><html>404</html>",
    "XML": b"<?xml version='1.0'?>",
    "LFS": b"version https://git-lfs.github.com/spec/v1\noid",
    "Mac": b"\0\5\x16\7\0\2\0\0Mac OS X",
    "zip": b"PK\3\4",
    "zeros": bytes(5000),
    "text": b"hello\n",
    "spaces": b" \n" * 99,
    "nothing": b"",
    "one byte": b"\x89",
    "mark of PNG": b"\x89PNG\r\n\x1a\n",
    "mark of JPEG": b"\xff\xd8\xff",
    "mark of GIF": b"GIF89a",
    "mark of BMP": b"BM",
    "mark of TIFF": b"II*\0",
    "mark of BigTIFF": b"II+\0\x08\0\0\0",
    "loop of TIFF": b"II*\0\x08\0\0\0\0\0\x08\0\0\0" * 3,
}


@several(**WORDS)
def no_image(rng, folder, content):
    if rng.random() < 0.5:
        return image_case(rng, folder, content, None)
    return mask_case(rng, folder, content, None)


def _device(path):
    path.symlink_to("/dev/zero" if os.name == "posix" else "nul")


def _socket(path):
    if hasattr(socket, "AF_UNIX"):
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket may be 100 bytes long at most
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
        os.chdir(here)


def _many(path):
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.truncate(3 * 2**30)  # sparse: it takes no room


PLACES = {"missing": lambda path: None, "folder": Path.mkdir, "dangling link": lambda path: path.symlink_to("nowhere")}
PLACES |= {"link to itself": lambda path: path.symlink_to(path.name), "device": _device, "socket": _socket, "3 GB": _many}
PLACES |= {"pipe": lambda path: getattr(os, "mkfifo", lambda _: None)(path), "link to a folder": lambda path: path.symlink_to(".")}


@several(**PLACES)
def no_file(rng, folder, put):
    found = image_case(rng, folder, None, None) if rng.random() < 0.5 else mask_case(rng, folder, None, None)
    put(next(path for path in (*found.pairs.images, *found.pairs.masks) if not path.is_file()))
    return found


@several(NUL="a\0b.png", long="x" * 300 + ".png", surrogate="\udcff\ud800.png", newline="a\nb.png", slash="image.png/x.png", empty="")
def no_name(rng, folder, name):
    found = image_case(rng, folder, packed(colours(rng)), None)
    return Case(Pairs([folder / name], found.pairs.masks, CITYSCAPES, "fuzz"))


ROW = "huge"


def _bomb(width, height, form):
    if form == "PNG":
        data = png(np.zeros((1, 1), np.uint8), 8, 2)
        head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        return data[:16] + head + struct.pack(">I", zlib.crc32(b"IHDR" + head)) + data[33:]
    if form == "GIF":
        data = packed(np.zeros((1, 1), np.uint8), "GIF")
        return data[:6] + struct.pack("<HH", width, height) + data[10:].replace(struct.pack("<HH", 1, 1), struct.pack("<HH", width, height))
    if form == "BMP":
        data = packed(np.zeros((1, 1, 3), np.uint8), "BMP")
        return data[:18] + struct.pack("<ii", width, height) + data[26:]
    if form == "JPEG":
        data = packed(np.zeros((8, 8, 3), np.uint8), "JPEG")
        at = data.index(b"\xff\xc0") + 5
        return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]
    return geotiff(np.zeros((1, 1, 3), np.uint8), height=height, width=width, sparse_ok=True, compress="DEFLATE")


BOMBS = {f"{form} {width}": (width, width, form) for form in ("PNG", "GIF", "BMP", "JPEG") for width in (9_000, 20_000, 33_000, 65_535)}
BOMBS |= {"PNG 2^31": (2**31 - 1, 2**31 - 1, "PNG"), "PNG wide": (2**31 - 1, 1, "PNG"), "BMP 2^31": (2**31 - 1, 2**31 - 1, "BMP")}


@several(**BOMBS)
def huge_by_its_header(rng, folder, size):
    return image_case(rng, folder, _bomb(*size), None) if rng.random() < 0.5 else mask_case(rng, folder, _bomb(*size), None)


def zeros(number):
    """So many zeros as zlib packs them, made without unpacking them anywhere."""
    part = zlib.compressobj(9, wbits=-15)
    block = part.compress(bytes(2**20)) + part.flush(zlib.Z_FULL_FLUSH)  # repeats
    last = zlib.compressobj(9, wbits=-15)
    rest = last.compress(bytes(number % 2**20)) + last.flush()
    return b"\x78\xda" + block * (number >> 20) + rest + struct.pack(">I", (number % 65521) << 16 | 1)


@several(colour=(2, 20_000, 3), grey=(0, 33_000, 1), allowed=(2, 9_400, 3))
def huge_in_truth(rng, folder, how):
    colour_type, side, channels = how
    head = struct.pack(">IIBBBBB", side, side, 8, colour_type, 0, 0, 0)
    return image_case(rng, folder, chunks((b"IHDR", head), (b"IDAT", zeros(side * (side * channels + 1))), (b"IEND", b"")), None)


@kind
def huge_sparse_tiff(rng, folder):
    path = folder / "image.tif"
    size = {"count": 3, "height": 60_000, "width": 60_000, "dtype": "uint8", "bigtiff": "YES"}
    with rasterio.open(path, "w", driver="GTiff", sparse_ok=True, tiled=True, **size):
        pass
    return image_case(rng, folder, None, None, end=".tif")


@kind
def words_that_unpack_to_much(rng, folder):
    grey, text = rng.integers(0, 256, (9, 9), np.uint8), b"Comment\0\0" + zeros(2**28)
    return image_case(rng, folder, png(grey, 8, 0, (b"zTXt", text)), np.dstack([grey] * 3))


@kind
def pieces_without_end(rng, folder):
    return image_case(rng, folder, png(np.zeros((9, 9), np.uint8), 8, 0, *[(b"teXt", b"")] * 200_000), None)


# --- masks -------------------------------------------------------------------------------------------------------------------------------

ROW = "masks"


@several(PNG="PNG", BMP="BMP", TIFF="TIFF", GIF="GIF")
def plain_mask(rng, folder, form):
    values = ids(rng, (9, 12))
    return mask_case(rng, folder, packed(values, form), values)


@several(PNG="PNG", TIFF="TIFF", GIF="GIF", BMP="BMP")
def palette_mask(rng, folder, form):
    values = ids(rng, (9, 12))
    picture, palette = Image.fromarray(values), rng.integers(0, 256, (256, 3), np.uint8)
    palette[:, 2] = 255 - palette[:, 1] // 2  # no grey
    picture.putpalette(palette.tobytes())
    options = {"optimize": False} if form == "GIF" else {}  # else Pillow numbers the colours of a GIF anew
    return mask_case(rng, folder, packed(picture, form, **options), values)


@kind
def palette_with_the_classes_colours(rng, folder):
    values = rng.choice(np.array([7, 8, 11, 23, 26], np.uint8), (9, 12))
    picture, palette = Image.fromarray(values), np.zeros((256, 3), np.uint8)
    palette[:34] = [c.colour for c in CITYSCAPES.classes]
    picture.putpalette(palette.tobytes())
    return mask_case(rng, folder, packed(picture), values)


@kind
def palette_in_another_order(rng, folder):
    order = np.array([23, 11, 7, 26], np.uint8)
    samples = np.arange(108, dtype=np.uint8).reshape(9, 12) % 4
    picture = Image.fromarray(samples)
    picture.putpalette(np.array([CITYSCAPES.classes[i].colour for i in order], np.uint8).tobytes())
    return mask_case(rng, folder, packed(picture), None)


@kind
def palette_of_other_greys(rng, folder):
    samples = np.arange(108, dtype=np.uint8).reshape(9, 12) % 3
    picture = Image.fromarray(samples)
    picture.putpalette(np.repeat(np.array([7, 23, 11], np.uint8), 3).tobytes())
    return mask_case(rng, folder, packed(picture), None)


@several(one=1, two=2, four=4)
def ids_in_few_bits(rng, folder, depth):
    values = rng.choice(np.array({1: [0], 2: [0, 3], 4: [0, 4, 7, 8, 11, 12]}[depth], np.uint8), (9, 16))
    return mask_case(rng, folder, png(values, depth, 0), values)


@kind
def ids_in_few_bits_that_mean_two_things(rng, folder):
    samples = np.arange(144, dtype=np.uint8).reshape(9, 16) % 2  # 0 and 1, or 0 and 17: all are classes
    return mask_case(rng, folder, png(samples, 4, 0), None)


@several(one=1, two=2, four=4)
def ids_in_a_palette_of_few_bits(rng, folder, depth):
    values = rng.integers(0, 2**depth, (9, 16), np.uint8)
    palette = np.stack([np.arange(16), 255 - np.arange(16), np.arange(16) * 3], axis=1).astype(np.uint8)
    return mask_case(rng, folder, png(values, depth, 3, (b"PLTE", palette[: 2**depth].tobytes())), values)


@several(ids=1, scaled=257)
def mask_of_16_bits(rng, folder, step):
    values = ids(rng, (9, 12))
    values[0, :2] = 1, 7
    return mask_case(rng, folder, packed(values.astype(np.uint16) * step), values)


@several(**{kind: kind for kind in ("int8", "uint16", "int16", "uint32", "int32", "float32", "float64")})
def mask_of_type(rng, folder, dtype):
    values = ids(rng, (9, 12))
    values[0, 0] = 7
    return mask_case(rng, folder, geotiff(values.astype(dtype)), values, mask_end=".tif")


@several(channels=3, opaque=4)
def mask_of_equal_channels(rng, folder, number):
    values = ids(rng, (9, 12))
    return mask_case(rng, folder, packed(np.dstack([values] * 3 + [np.full_like(values, 255)] * (number == 4))), values)


@several(plain="RGB", opaque="RGBA", palette="P", TIFF="TIFF")
def mask_in_red(rng, folder, mode):
    values = ids(rng, (9, 12))
    picture = Image.fromarray(np.dstack([values, np.zeros((9, 12, 2), np.uint8)]))
    if mode == "P":
        picture = picture.quantize(64)
    data = packed(picture if mode in ("P", "TIFF") else picture.convert(mode), "TIFF" if mode == "TIFF" else "PNG")
    return mask_case(rng, folder, data, values, red=True)


@several(grey=lambda v: v, other=lambda v: np.dstack([v, v + 1, v * 0]), blue=lambda v: np.dstack([v * 0, v * 0, v]))
def no_mask_in_red(rng, folder, make):
    return mask_case(rng, folder, packed(make(np.full((9, 9), 7, np.uint8))), None, red=True)


def threshold_case(rng, folder, content, inside, **options):
    """A mask of two classes; inside: bool, or None: a sentence is wanted."""
    options |= {"table": TWO, "threshold": 128}
    if inside is None:
        return mask_case(rng, folder, content, None, **options)
    return mask_case(rng, folder, content, np.zeros(inside.shape, np.uint8), inside.astype(np.uint8), **options)


def _two(rng):
    inside = rng.random((9, 16)) < 0.5
    inside[0, :2] = True, False
    return inside


TWOS = {
    "8 bits": lambda i: packed(np.where(i, np.uint8(255), np.uint8(0))),
    "any greys": lambda i: packed(np.where(i, np.uint8(128), np.uint8(127))),
    "1 bit": lambda i: packed(Image.fromarray(i)),
    "2 bits": lambda i: png(np.where(i, np.uint8(2), np.uint8(1)), 2, 0),
    "4 bits": lambda i: png(np.where(i, np.uint8(15), np.uint8(3)), 4, 0),
    "16 bits": lambda i: packed(np.where(i, np.uint16(65535), np.uint16(0))),
    "palette": lambda i: png(i.astype(np.uint8), 1, 3, (b"PLTE", b"\0\0\0\xff\xff\xff")),
    "palette the other way": lambda i: png((~i).astype(np.uint8), 1, 3, (b"PLTE", b"\xff\xff\xff\0\0\0")),
    "GIF": lambda i: packed(np.where(i, np.uint8(255), np.uint8(0)), "GIF"),
    "BMP of 1 bit": lambda i: packed(Image.fromarray(i), "BMP"),
    "TIFF of 1 bit": lambda i: packed(Image.fromarray(i), "TIFF"),
    "fax": lambda i: packed(Image.fromarray(i), "TIFF", compression="group4"),
    "TIFF, white is 0": lambda i: packed(Image.fromarray(i), "TIFF", tiffinfo={262: 0}),
    "TIFF of 8 bits, white is 0": lambda i: packed(np.where(i, np.uint8(255), np.uint8(0)), "TIFF", tiffinfo={262: 0}),
    "three channels": lambda i: packed(np.dstack([np.where(i, np.uint8(255), np.uint8(0))] * 3)),
}


@several(**TWOS)
def mask_of_two(rng, folder, make):
    inside = _two(rng)
    return threshold_case(rng, folder, make(inside), inside)


@several(zero_and_one=(0, 1), zero_and_100=(0, 100), one_and_two=(1, 2))
def mask_of_two_too_dark(rng, folder, values):
    return threshold_case(rng, folder, packed(np.where(_two(rng), np.uint8(values[1]), np.uint8(values[0]))), None)


@several(JPEG="JPEG", TIFF="TIFF")
def lossy_mask(rng, folder, form):
    values = np.full((64, 64), 7, np.uint8)
    data = packed(values, "JPEG") if form == "JPEG" else geotiff(values, compress="JPEG")
    return mask_case(rng, folder, data, None)


@kind
def lossy_mask_of_two(rng, folder):
    return threshold_case(rng, folder, packed(np.full((16, 16), 255, np.uint8), "JPEG"), None)


WRONG = {
    "unknown": np.uint8(34),
    "ignored": np.uint8(255),
    "instances": np.uint16(26001),
    "below zero": np.int16(-1),
    "fraction": np.float32(7.5),
    "nan": np.float32(np.nan),
    "infinite": np.float64(np.inf),
    "huge": np.float64(1e300),
    "more than 8 bits": np.int32(256 + 7),
}


@several(**WRONG)
def value_that_is_no_class(rng, folder, value):
    values = np.full((9, 9), 7, value.dtype)
    values[4, 5] = value
    return mask_case(rng, folder, geotiff(values), None, mask_end=".tif")


@several(bands=2, five=5)
def mask_of_other_bands(rng, folder, bands):
    return mask_case(rng, folder, geotiff(np.full((9, 9, bands), 7, np.uint8), photometric="MINISBLACK"), None, mask_end=".tif")


@kind
def mask_in_colours(rng, folder):
    return mask_case(rng, folder, packed(np.dstack([np.full((9, 9), 7, np.uint8), np.full((9, 9, 2), 8, np.uint8)])), None)


@several(smaller=(8, 9), larger=(9, 10), turned=(12, 9), one=(1, 1))
def mask_of_another_size(rng, folder, shape):
    image = rng.integers(0, 256, (9, 12, 3), np.uint8)
    return case(folder, packed(image), packed(ids(rng, shape)))


# --- on the map --------------------------------------------------------------------------------------------------------------------------

ROW = "images and masks on the map"


def on_the_map(rng, folder, image_place, mask_place, right=True, **options):
    image = colours(rng)
    values = ids(rng, image.shape)
    data = geotiff(image, image_place), geotiff(values, mask_place, **options)
    return case(folder, *data, *((image, TRAIN[values]) if right else ()), end=".tif", mask_end=".tif")


NEAR = {"same": MAP, "none": None, "same to the millimetre": from_origin(500_000.001, 500_000.001, 0.25, 0.25)}
FAR = {"one pixel": (1, 0), "half a pixel": (0.5, 0.5), "far": (1e6, 1e6)}


@several(**NEAR)
def mask_in_place(rng, folder, place):
    return on_the_map(rng, folder, MAP, place)


@several(**FAR)
def mask_shifted(rng, folder, shift):
    return on_the_map(rng, folder, MAP, from_origin(500_000 + shift[0] / 4, 500_000 - shift[1] / 4, 0.25, 0.25), right=False)


@several(image=True, mask=False)
def south_up(rng, folder, image):
    places = [MAP, Affine(0.25, 0, 500_000, 0, 0.25, 499_997)]
    return on_the_map(rng, folder, *(places[::-1] if image else places), right=False)


@kind
def mask_of_other_pixels(rng, folder):
    return on_the_map(rng, folder, MAP, from_origin(500_000, 500_000, 0.5, 0.5), right=False)


@kind
def mask_in_another_system(rng, folder):
    return on_the_map(rng, folder, MAP, from_origin(15, 52, 1e-6, 1e-6), right=False, crs="EPSG:4326")


@kind
def both_south_up(rng, folder):
    place = Affine(0.25, 0, 500_000, 0, 0.25, 499_997)
    return on_the_map(rng, folder, place, place)


@kind
def pixels_without_data_in_the_image(rng, folder):
    image = colours(rng) | 1
    values = ids(rng, image.shape)
    image[:2, :3] = 0
    labels = TRAIN[values]
    labels[:2, :3] = 255
    return case(folder, geotiff(image, nodata=0), geotiff(values), image, labels, end=".tif", mask_end=".tif")


@kind
def pixels_without_data_in_the_mask(rng, folder):
    values = ids(rng, (9, 12))
    labels = TRAIN[values]
    values[3:5, 2:8], labels[3:5, 2:8] = 255, 255
    return mask_case(rng, folder, geotiff(values, nodata=255), values * 0, labels, mask_end=".tif")


@kind
def a_class_declared_as_no_data(rng, folder):
    return mask_case(rng, folder, geotiff(np.where(ids(rng, (9, 9)) > 7, np.uint8(7), np.uint8(0)), nodata=0), None, mask_end=".tif")


@kind
def no_data_that_does_not_occur(rng, folder):
    values = np.full((9, 12), 7, np.uint8)
    return mask_case(rng, folder, geotiff(values, nodata=0), values, mask_end=".tif")
