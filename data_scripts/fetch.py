"""Downloads real data sets: several mirrors, resumed after a break, and checked before they take their place."""

import contextlib
import json
import os
import queue
import re
import shutil
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import requests
from tqdm import tqdm

from course_utils.data import DataProblem
from data_scripts.archive import unpack
from data_scripts.checks import problems
from data_scripts.dataset import DataError, DataSet, Mirror
from data_scripts.making import building, holding
from data_scripts.progress import Line
from data_scripts.store import Found, at_home, digest, files_of, find, home, refuse_own

CONNECT, STALL = 10, 30  # seconds to wait for a connection, and for the next chunk
LONGEST = 24 * 3600  # seconds that one archive may take
TRIES = 4  # in a row that bring nothing new
WAIT = 1.0  # seconds before the next try, doubled each time
CHUNK = 1 << 14  # bytes; what came of an unfinished chunk is lost when a connection breaks


class _TryAgainError(Exception):
    """A failure that may pass: worth another try."""


def get(dataset: DataSet) -> Found:
    """Download the real set into `data/`, in place of a generated one there; a real one that is on disk already is left alone.

    Prints what was wrong at each mirror that failed; raises DataError if none of them had a sound set.
    """
    with holding(dataset, line := Line()):
        line.drop()
        found = find(dataset)
        if (
            found
            and found.real
            and not found.incomplete
            and not (found.card and found.where == "data" and dataset.lacks_extra(found.folder))
        ):
            return found
        refuse_own(dataset)  # before anything is downloaded
        if dataset.login:
            _install_packages(dataset, _log_in(dataset))
            return at_home(dataset)
        for mirror in dataset.mirrors:
            try:
                _install(dataset, mirror)
                return at_home(dataset)
            except DataError as error:
                print(f"{host(mirror.url)}: {error}.", flush=True)
        raise DataError(f"{dataset.name} could not be fetched from any address (the reasons are above); try again later.")


def _install(dataset: DataSet, mirror: Mirror) -> None:
    part = _part(dataset, host(mirror.url).replace(":", "-"))
    download(mirror.url, part, dataset)
    try:
        sha256 = _verified(part, mirror)
        with building(dataset, kind="real", version=sha256, source=mirror.url, licence=dataset.licence) as folder:
            _fill(folder, [part], [dataset], dataset)
            if dataset.lacks_extra(folder):
                _add_extra(folder, dataset)
    finally:
        drop(part)  # a whole archive is not needed any more, and a bad one must not be resumed
    _record(mirror.url, sha256)


def _add_extra(folder, dataset):
    """Adds the split that a set may lack; where its archive cannot be had, or is of no use, a line says so, and the set stays as it is."""
    extra, before = dataset.extra, set(files_of(folder))
    content = replace(dataset, marks=(extra.mark,), layout=extra.layout)
    for mirror in extra.mirrors:
        part = _part(dataset, f"{host(mirror.url).replace(':', '-')}.{extra.split}")
        try:
            download(mirror.url, part, dataset)
            _verified(part, mirror)
            unpack(part, folder, content)
            if wrong := dataset.reader(folder, extra.split).check():
                raise DataError(f"{Path(wrong[0].partition(': ')[0]).name} in it is not sound")
            return
        except (DataError, DataProblem) as error:
            for name in set(files_of(folder)) - before:
                (folder / name).unlink()
            print(f"{host(mirror.url)}: {error}; {extra.what} will be generated.", flush=True)
        finally:
            drop(part)


def _part(dataset, origin):
    return home() / f".{dataset.name}.{origin}.part"


def _notes(part):
    """Beside a part: what tells the archive that it is of from a later one at the same address."""
    return part.with_name(f"{part.name}.json")


def _log_in(dataset):
    """A session that the set's site knows: it turns a visitor with a right password to another page, and shows the form again if not.

    The password comes from the environment and goes nowhere but to the site.
    """
    prefix, site = dataset.name.upper(), host(dataset.login)
    user, password = (os.environ.get(f"{prefix}_{word}") for word in ("USERNAME", "PASSWORD"))
    if not (user and password):
        raise DataError(
            f"{dataset.name} is given to registered people only: register at {dataset.source}, set {prefix}_USERNAME and {prefix}_PASSWORD "
            f"and run the command again, or put the folders {' and '.join(dataset.marks)} into data/{dataset.name} yourself."
        )
    session = requests.Session()
    form = {"username": user, "password": password, "submit": "Login"}
    try:
        session.get(dataset.login, timeout=(CONNECT, STALL))  # for the cookies that the form wants back
        answer = session.post(dataset.login, data=form, allow_redirects=False, timeout=(CONNECT, STALL))
    except requests.RequestException as error:
        raise DataError(f"{site} {_in_words(error)}: look after the network, then run the command again.") from error
    if answer.status_code >= 400:
        raise DataError(f"{site} is in trouble (status {answer.status_code}): try again later.")
    if not answer.is_redirect:
        raise DataError(f"{site} did not accept the user name and password: correct {prefix}_USERNAME and {prefix}_PASSWORD.")
    return session


def _install_packages(dataset, session):
    """Fetches all archives behind the login, then unpacks them side by side."""
    parts, sums = [_part(dataset, package.folder) for package in dataset.packages], []
    for package, part in zip(dataset.packages, parts, strict=True):
        try:
            download(package.url, part, dataset, session)
            try:
                sums.append(_verified(part, package))
            except DataError:
                drop(part)  # a bad one must not be resumed
                raise
        except DataError as error:
            raise DataError(f"{package.folder} did not come from {host(package.url)}: {error}; run the command again to go on.") from error
    try:
        with building(dataset, kind="real", version=" ".join(sums), source=dataset.source, licence=dataset.licence) as folder:
            _fill(folder, parts, [replace(dataset, marks=(package.folder,)) for package in dataset.packages], dataset)
    except DataError as error:
        raise DataError(f"{dataset.name} was not installed: {error}; run the command again to fetch it anew.") from error
    finally:
        for part in parts:
            drop(part)
    for package, sha256 in zip(dataset.packages, sums, strict=True):
        _record(package.url, sha256)


def _fill(folder, parts, contents, dataset):
    for part, content in zip(parts, contents, strict=True):
        unpack(part, folder, content)
    if wrong := problems(folder, dataset):
        raise DataError("the set is not sound:\n  " + "\n  ".join(wrong) + "\n  Nothing of it was kept")


def _verified(part, origin):
    """The sha256 of a whole archive, after a comparison with the one that it should have."""
    if not zipfile.is_zipfile(part):
        raise DataError("what came is not a whole zip archive")
    sha256, known = digest(part), getattr(origin, "sha256", None)
    expected = known or _recorded().get(origin.url, sha256)
    if sha256 != expected:
        remedy = "" if known else "; if its publisher changed it, delete its line in data/checksums.json"
        raise DataError(f"the archive is not the expected one, its sha256 is {sha256[:12]}… and not {expected[:12]}…{remedy}")
    return sha256


def download(url: str, part: Path, dataset: DataSet, session=requests) -> None:
    """Fetch `url` into the file `part`, going on where an earlier try, in this run or another, broke off.

    Raises DataError when the server says no, or brought nothing new TRIES times in a row. `part` is then kept for the next run.
    `session` asks the server; one that has logged in gets what others do not.
    """
    failures, best, end = 0, _size(part), time.monotonic() + LONGEST
    while True:
        try:
            return _try_once(url, part, dataset, session, end)
        except (requests.RequestException, _TryAgainError) as error:
            failures = failures + 1 if _size(part) <= best else 1  # a server that brings news gets all its tries back
            best = max(best, _size(part))
            if failures >= TRIES or time.monotonic() > end:
                raise DataError(f"the server {_in_words(error)}") from error
            time.sleep(WAIT * 2 ** (failures - 1))


def drop(part: Path) -> None:
    """Delete what has come of a download."""
    for path in (part, _notes(part)):
        path.unlink(missing_ok=True)


def _try_once(url, part, dataset, session, end):
    have, notes = _size(part), _read_notes(part)
    # Without "identity" a server may pack the archive once more, and then its size and positions mean nothing.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-"} | ({"If-Range": notes["tag"]} if notes.get("tag") else {})
    with contextlib.closing(_incoming(session, url, headers)) as incoming:
        _take(next(incoming), incoming, url, part, dataset, have, notes, end)


def _take(answer, incoming, url, part, dataset, have, notes, end):
    """Put what comes behind the bytes that are there, if it belongs to them; else begin anew."""
    span = re.match(r"bytes (?:(\d+)-\d+|\*)/(\d+)", answer.headers.get("Content-Range", ""))
    new = {"tag": _tag(answer), "total": int(span[2]) if span else _length(answer)}
    same = not have or (new["tag"] == notes.get("tag") and notes.get("total") in (None, new["total"]))
    if answer.status_code == 416 and same and new["total"] == have > 0:
        return  # the earlier run had all of it
    if answer.status_code == 416 or (answer.status_code == 206 and not (same and span and span[1] == str(have))):
        drop(part)
        raise _TryAgainError("does not have the rest of what was begun")
    if answer.status_code in (408, 429) or answer.status_code >= 500:
        raise _TryAgainError(f"is in trouble (status {answer.status_code})")
    if answer.status_code >= 400:
        raise DataError(f"the file is not there (status {answer.status_code})")
    if "text/html" in answer.headers.get("Content-Type", ""):
        raise DataError("a web page came where the archive should be")
    have = have if answer.status_code == 206 else 0
    _announce(url, part, have, new["total"], dataset)
    with (
        open(part, "ab" if have else "wb") as file,
        tqdm(total=new["total"], initial=have, unit="B", unit_scale=True, desc=dataset.name, leave=False, disable=None) as bar,
    ):
        _notes(part).write_text(json.dumps(new), "utf-8")
        for chunk in incoming:
            file.write(chunk)
            bar.update(len(chunk))
            if file.tell() > dataset.most_mb * 1e6:
                raise DataError(f"more than {dataset.most_mb} MB came, more than this set can have")
            if time.monotonic() > end:
                raise _TryAgainError(f"is too slow: not all of it came in {LONGEST / 3600:.0f} hours")
    if new["total"] is not None and _size(part) < new["total"]:
        raise _TryAgainError("broke off")


def _incoming(session, url, headers):
    """The server's answer, then its body in chunks. They come through a thread that is left alone when a server drips byte after byte."""
    arrived, over = queue.Queue(8), threading.Event()

    def put(item):
        while not over.is_set():
            try:
                return arrived.put(item, timeout=0.5)
            except queue.Full:
                pass
        raise EOFError

    def listen():
        try:
            with session.get(url, headers=headers, stream=True, timeout=(CONNECT, STALL)) as answer:
                put(answer)
                for chunk in answer.iter_content(CHUNK):
                    put(chunk)
            put(None)
        except EOFError:
            pass
        except Exception as error:  # raised again where somebody waits for it
            if not over.is_set():
                put(error)

    threading.Thread(target=listen, daemon=True).start()
    try:
        while True:
            try:
                item = arrived.get(timeout=CONNECT + STALL)
            except queue.Empty:
                raise _TryAgainError(f"sent next to nothing for {CONNECT + STALL} seconds") from None
            if item is None:
                return
            if isinstance(item, requests.RequestException):
                raise item
            if isinstance(item, Exception):
                raise _TryAgainError("sends what no server may") from item
            yield item
    finally:
        over.set()


def _tag(answer):
    """What changes with the file at an address; None if the server tells nothing of that kind."""
    tag = answer.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified")


def _length(answer):
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _read_notes(part):
    try:
        notes = json.loads(_notes(part).read_text("utf-8"))
    except (OSError, ValueError):
        notes = None
    known = isinstance(notes, dict) and isinstance(notes.get("tag"), str | None) and isinstance(notes.get("total"), int | None)
    return notes if known else {}


def _announce(url, part, have, total, dataset):
    """Says the size before the first byte, and refuses what the set cannot be or the disk cannot hold."""
    begun = f", going on at {have / 1e6:.1f} MB" if have else ""
    size = "size not announced" if total is None else f"{total / 1e6:.1f} MB"
    print(f"{dataset.name}: {size} from {host(url)}{begun}", flush=True)
    if total is None:
        return
    if total > dataset.most_mb * 1e6:
        raise DataError(f"{total / 1e6:,.0f} MB are announced, more than this set can have")
    if shutil.disk_usage(part.parent).free < 2 * total - have:  # the archive and what comes out of it
        raise DataError(f"the disk is too full for {2 * total / 1e6:.0f} MB: free some space, then run the command again")


def _recorded():
    try:
        known = json.loads((home() / "checksums.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        known = None
    if not isinstance(known, dict):
        raise DataError("data/checksums.json is damaged: delete it")
    return known


def _record(url, sha256):
    new = home() / ".checksums.json.new"
    new.write_text(json.dumps(_recorded() | {url: sha256}, indent=1), "utf-8")
    os.replace(new, home() / "checksums.json")


def _in_words(error):
    if isinstance(error, _TryAgainError):
        return str(error)
    if "Read timed out" in str(error):  # only its text tells a stall in mid-file from other connection errors
        return f"sent nothing for {STALL} seconds"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "broke off"
    return "cannot be reached"


def host(url: str) -> str:
    """The server of an address."""
    return urlsplit(url).netloc


def _size(path):
    return path.stat().st_size if path.exists() else 0
