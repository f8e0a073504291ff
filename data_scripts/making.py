"""`ensure`, and how a missing set is made: by one process only, whole or not at all, and never over a file that the student put there."""

import errno
import json
import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from data_scripts import locks, progress, store, work
from data_scripts.dataset import DataSet
from data_scripts.progress import Line
from data_scripts.sets import lookup


def ensure(name: str, seed: int | None = None) -> Path:
    """Folder of the data set `name`: the real one if it is on disk, else the generated one, made first if need be.

    Real sets are looked for in the folders of COURSE_DATA and in `data/`. Prints one line that says which it is.
    With a `seed` the set always is a generated one, `data/NAME-SEED`: other images, drawn from the same distribution.
    Raises DataError for an unknown name and where the folder is in use for something else.
    """
    dataset = lookup(name) if seed is None else replace(lookup(name), name=f"{name}-{seed}", seed=seed)
    return present(dataset).folder


def present(dataset: DataSet, **options) -> store.Found:
    """`ensure`, with options that go to the generator, such as size=[400, 300] of carla, and into dataset.json.

    A set on disk that was made with other options is made anew. While a set is made, by this process or by another one, a line says
    how far it is.
    """
    line = Line()
    try:
        found = make(dataset, line, **options) if missing(dataset, **options) else store.find(dataset)
        if found.real and dataset.lacks_extra(found.folder):
            found = _completed(found, line)
    except BaseException:
        line.drop()
        raise
    line.end(str(found) if found.where == "COURSE_DATA" else f"{found}{store.skipped(dataset)}")
    return found


def missing(dataset: DataSet, **options) -> bool:
    """Whether the set has to be made, with these options, before it can be used."""
    found = store.find(dataset)
    return not found or store.stale(found) or not (found.real or options.items() <= found.card.items())


def make(dataset: DataSet, line: Line, **options) -> store.Found:
    """The set in `data/`, generated if it is absent, incomplete or of an older version; a real one there is left alone.

    `line` shows how far it is, also where another process has begun already. Options as in `present`.
    """
    with holding(dataset, line):
        found = store.at_home(dataset)  # looked up again: another process may have made it while this one waited
        if found and not store.stale(found) and (found.real or options.items() <= found.card.items()):
            return found
        if found and (own := store.own_files(found.folder)):
            found.note = f"; kept as it is, because of your own {store.some(own)}"
            return found
        began, card = time.monotonic(), {"kind": "generated", "version": dataset.version, "seed": dataset.seed, **options}
        note = progress.Note(store.progress_of(dataset))

        def tell(share):
            line.show(dataset.name, share, time.monotonic() - began)
            note.write(share, time.monotonic() - began)

        try:
            with building(dataset, **card, source=dataset.generator, licence=store.OUR_LICENCE) as folder, work.listening(tell):
                tell(0)
                dataset.make(folder, dataset.seed, **options)
        finally:
            note.drop()
        found = store.at_home(dataset)
        seconds = round(time.monotonic() - began)
        found.note = f", drawn in {seconds} s" if seconds else ""
        return found


def _completed(found, line):
    """A copy of a real set in `data/`, with what it lacks drawn; the set itself is only read."""
    dataset = replace(found.dataset, name=f"{found.dataset.name}-completed")
    files = store.files_of(found.folder)
    source = [[name, (found.folder / name).stat().st_size, (found.folder / name).stat().st_mtime_ns] for name in files]
    card = {"kind": "real", "version": dataset.version, "seed": dataset.seed, "of": source, "licence": dataset.licence}
    with holding(dataset, line):
        copy = store.at_home(dataset)
        if not copy or copy.incomplete or not card.items() <= copy.card.items():
            with building(dataset, **card) as folder:
                for name in files:
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(found.folder / name, folder / name)
                dataset.extra.make(folder, dataset.seed)
    note = f'; {dataset.extra.what} are generated, because their archive is not there ("python -m data_scripts get" fetches it)'
    return store.Found(found.dataset, store.home() / dataset.name, found.where, found.card, note)


@contextmanager
def building(dataset: DataSet, **card) -> Iterator[Path]:
    """An empty folder to fill. When all went well it becomes `data/NAME`, with `card` in its dataset.json; else it goes.

    The caller holds the lock. Raises DataError if `data/NAME` has files of the student's own.
    """
    target, old = store.home() / dataset.name, store.home() / f".{dataset.name}.old"
    store.refuse_own(dataset)
    for left_over in (*store.home().glob(f".{dataset.name}.making*"), old):  # by a process that was killed
        shutil.rmtree(left_over, ignore_errors=True)
    # No two processes use one name, so that whoever outlives a killed one writes into nothing that counts.
    folder = store.home() / f".{dataset.name}.making-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
        files = {name: store.digest(folder / name) for name in store.files_of(folder)}
        text = json.dumps({"name": dataset.name, **card, "files": files}, indent=1, ensure_ascii=False)
        (folder / store.CARD).write_text(text, "utf-8")
        with ThreadPoolExecutor(8) as pool:  # on the disk before the folder has its name: after a power cut it is whole or not there
            list(pool.map(_flush, [folder / name for name in (*files, store.CARD)]))
        if target.exists():
            target.rename(old)
        folder.rename(target)
    except Exception as error:
        if shutil.disk_usage(folder).free < 2**20:  # libraries have other words for it, or none
            raise OSError(errno.ENOSPC, "No space left on device") from error
        raise
    finally:
        for left_over in (folder, old):
            shutil.rmtree(left_over, ignore_errors=True)


def _flush(path):
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def holding(dataset: DataSet, line: Line) -> AbstractContextManager:
    """Holds the lock of one set, so that two processes never make it at once; as long as another one does, `line` says how far that is."""
    return locks.locked(store.lock_of(dataset), lambda: line.show(dataset.name, *progress.read(store.progress_of(dataset))))
