"""Locks between processes, and the system's complaints in words."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from data_scripts.dataset import DataError


@contextmanager
def locked(path: Path, meanwhile: Callable[[], None]) -> Iterator[None]:
    """Holds the lock `path`, so that no other process is here at the same time; the system frees it when a process dies.

    meanwhile: called again and again as long as another one holds it.
    """
    with plain_errors():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise DataError(f"{path.parent.name} is a file where the course needs a folder: move it away, then try again.") from None
        with open(path, "ab") as file:
            while not _try(file):
                meanwhile()
                time.sleep(0.1)
            yield


def taken(path: Path) -> bool:
    """Whether a process holds the lock `path` now; writes nothing."""
    try:
        with open(path, "rb+") as file:
            return not _try(file)
    except OSError:  # nobody has ever held it, or nobody can in a folder where nobody may write
        return False


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turns the system's complaints about disk, rights and memory into a DataError that says what to do."""
    try:
        yield
    except BrokenProcessPool as error:
        raise DataError("The system ended a process that drew, mostly for want of memory: close other programs, then try again.") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DataError("The disk is full: free some space, then run the command again.") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise DataError("The course may not write into data/: change the folder's rights, or copy the course elsewhere.") from error
        raise


def _try(file):
    """Whether this process now holds the lock; a disk that knows no locks counts as yes."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True
