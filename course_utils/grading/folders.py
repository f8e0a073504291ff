"""Folders that somebody else filled: how much is in them, and how to be rid of them, however deep, odd or closed they are."""

import os
import stat
from contextlib import suppress
from itertools import count
from pathlib import Path

DEEPEST = 40  # levels of folders that a submission may make


class TooMuch(Exception):
    """A folder holds more than it may; the text says of what."""


def measure(folder, most_files, most_bytes, size=0):
    """TooMuch if what lies below `folder` is more than so many files and folders, or, with `size`, bytes, or cannot be looked at."""
    folders, files = [(folder, 0)], 0
    while folders:
        place, level = folders.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    files += 1
                    if files > most_files:
                        raise TooMuch(f"more than {most_files:,} files and folders were made")
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((entry.path, level + 1))
                    elif entry.is_file(follow_symlinks=False):
                        size += entry.stat(follow_symlinks=False).st_size
        except (FileNotFoundError, NotADirectoryError):  # gone meanwhile
            continue
        except OSError:
            raise TooMuch("a folder was closed to the grader") from None
        if size > most_bytes:
            raise TooMuch(f"more than {most_bytes / 2**30:.0f} GB was written")
        if level > DEEPEST:
            raise TooMuch(f"more than {DEEPEST} folders were nested")


def sweep(folder: Path) -> None:
    """Remove `folder` and all in it. Folders in folders are moved up first, so that no path gets long; no link is followed."""
    names, folder = count(), os.fspath(folder)
    with suppress(FileNotFoundError):
        os.chmod(folder, stat.S_IRWXU)
        waiting = True
        while waiting:
            waiting = [entry.path for entry in list(os.scandir(folder)) if not _unlinked(entry)]
            for inner in waiting:
                os.chmod(inner, stat.S_IRWXU)
                for entry in list(os.scandir(inner)):
                    if not _unlinked(entry):
                        os.chmod(entry.path, stat.S_IRWXU)  # a folder that may not be written to cannot be moved
                        os.rename(entry.path, os.path.join(folder, f"moved {next(names)}"))
                os.rmdir(inner)
        os.rmdir(folder)


def _unlinked(entry):
    """Whether `entry` is gone: all but folders are."""
    if entry.is_dir(follow_symlinks=False):
        return False
    try:
        os.unlink(entry.path)
    except PermissionError:  # Windows keeps what is read-only
        os.chmod(entry.path, stat.S_IWRITE)
        os.unlink(entry.path)
    return True
