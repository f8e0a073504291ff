"""Takes a data set out of a zip archive: nothing lands outside the folder, and nothing is larger than announced."""

import errno
import re
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from data_scripts.dataset import DataError, DataSet

MOST_ENTRIES = 200_000  # of an archive, whatever else is in it
SYSTEM = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO)  # of which the archive is not the cause


def unpack(archive: Path, folder: Path, dataset: DataSet) -> None:
    """Write the set's files from `archive`, wherever in it they lie, into the empty `folder`.

    Raises DataError, and writes nothing, for a file that is no whole archive, an unsafe name, a link, too much data or another set.
    A wrong check sum shows only on the way; the caller drops the folder then.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for place, entry in _plan(opened.infolist(), dataset).items():
                target = folder / place
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(entry) as source, open(target, "xb") as copy:  # never yields more than entry.file_size
                    shutil.copyfileobj(source, copy)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DataError("what came is not a whole zip archive") from error
    except (NotImplementedError, RuntimeError) as error:  # an unknown way of packing, or a password
        raise DataError(f"the archive cannot be opened: {error}") from error
    except OSError as error:  # a name that no disk takes, or a file where another entry needs a folder
        if error.errno in SYSTEM:
            raise
        raise DataError(f"the archive cannot be unpacked: {error.strerror}") from error


def _plan(entries, dataset):
    """{place in the set: entry of the archive}, after all that could be unsafe has been refused."""
    files = {}
    if len(entries) > MOST_ENTRIES:
        raise DataError(f"the archive has {len(entries):,} entries, more than this set can have")
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        path = PurePosixPath(name)
        if path.is_absolute() or ":" in name or ".." in path.parts:
            raise DataError(f'the archive holds the unsafe name "{entry.filename}", so nothing of it was unpacked')
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise DataError(f'the archive holds a link, "{entry.filename}", so nothing of it was unpacked')
        if not entry.is_dir():
            files[path.as_posix()] = entry
    plan = {}
    root = _root(files, dataset)
    for name, entry in files.items():
        for pattern, place in dataset.layout:
            if name.startswith(root) and (match := re.fullmatch(pattern, name[len(root) :])):
                plan[match.expand(place)] = entry
                break
    size = sum(entry.file_size for entry in plan.values())
    if size > dataset.most_mb * 1e6 or len(plan) > dataset.most_files:
        raise DataError(f"the archive would unpack to {size / 1e6:,.0f} MB in {len(plan)} files, more than this set can have")
    return plan


def _root(names, dataset):
    """The folder inside the archive, with its slash, that holds the set; the outermost one if several do."""
    known = {path.as_posix() for name in names for path in (PurePosixPath(name), *PurePosixPath(name).parents)}
    first = dataset.marks[0]
    roots = [name[: -len(first)] for name in known if name == first or name.endswith(f"/{first}")]
    roots = [root for root in roots if all(root + mark in known for mark in dataset.marks)]
    if first.startswith("**/") and all(any(f"/{name}".endswith(mark[2:]) for name in known) for mark in dataset.marks):
        return ""
    if not roots:
        raise DataError(f"the archive is not this set: there is no {dataset.missing} in it")
    return min(roots, key=lambda root: (root.count("/"), root))
