"""What lies on the disk: the bytes of a file and the lines of a list, or one sentence that says why not."""

import os
import stat
from pathlib import Path

MOST_BYTES = 2**29  # of a file that is read as a whole; the largest picture that may be read takes less, even unpacked
STARTS = {  # of files that are often taken for pictures
    b"version https://git-lfs": "only a pointer of Git LFS came, not the file; run `git lfs pull` where it came from and copy it again",
    b"\x00\x05\x16\x07": "macOS keeps such a file beside another one, it holds no picture; delete it",
    b"<": "this is a web page, or other text in tags, and no picture; download the file again",
    b"%PDF": "this is a PDF document; save the picture in it as PNG",
    b"PK": "this is a zip archive; unpack it",
}


class DataProblem(ValueError):
    """A file that cannot be used as it is. The message is one sentence with the file's name and the remedy."""


def first_bytes(path) -> bytes:
    """The first 16 bytes of a file; DataProblem for what is missing, empty, no file, or may not be read."""
    try:
        kind = os.stat(path).st_mode
        if stat.S_ISDIR(kind):
            raise DataProblem(f"{path}: this is a folder and cannot be read as a file; check the name.")
        if not stat.S_ISREG(kind):  # to open a pipe may wait for ever, and a device may never end
            raise DataProblem(f"{path}: this is a pipe, a socket or a device and cannot be read; put the file itself here.")
        with open(path, "rb") as file:
            start = file.read(16)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):
            raise DataProblem(f"{path}: the file to which this link leads is missing; copy the file itself here.") from None
        raise DataProblem(f"{path}: the file is missing; put it back, or get or make the set again with data_scripts.") from None
    except OSError as error:
        raise DataProblem(f"{path}: the file cannot be read ({error.strerror}); check what it is and who may read it.") from None
    except DataProblem:
        raise
    except ValueError:  # NUL in its name, or what this computer has no letters for
        raise DataProblem(f"{str(path)!a}: no file can have this name; correct it.") from None
    if not start:
        raise DataProblem(f"{path}: the file is empty; copy or download it again.")
    return start


def read_bytes(path) -> bytes:
    """Content of a file. DataProblem as in `first_bytes`, and for one that is too large to be read as a whole."""
    first_bytes(path)
    try:
        if (size := os.stat(path).st_size) > MOST_BYTES:
            raise DataProblem(f"{path}: {size / 1e6:,.0f} MB are too many for one picture; cut it into tiles.")
        return Path(path).read_bytes()
    except OSError as error:
        raise DataProblem(f"{path}: the file cannot be read ({error.strerror}); copy or download it again.") from None


def read_list(path) -> list[str]:
    """Lines of a text file that names files, without empty ones and those that name what macOS keeps beside a file, as `._0.png`.

    UTF-8, or UTF-16 with its mark in front as some editors write it. Backslashes, which part folders in Windows, become slashes.
    """
    data = read_bytes(path)
    try:
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DataProblem(f"{path}: this list is no plain text in UTF-8; open it in an editor and save it with that encoding.")
    lines = [line.strip() for line in text.replace("\\", "/").splitlines()]
    return [line for line in lines if line and not line.rpartition("/")[2].startswith("._")]
