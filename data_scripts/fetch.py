"""Downloads real data sets: several mirrors, resumed after a break, and checked before they take their place."""

import json
import os
import re
import shutil
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import requests
from tqdm import tqdm

from data_scripts.archive import unpack
from data_scripts.checks import problems
from data_scripts.dataset import DataError, DataSet, Mirror
from data_scripts.making import building, holding
from data_scripts.progress import Line
from data_scripts.store import Found, at_home, digest, find, home, refuse_own

CONNECT, STALL = 10, 30  # seconds to wait for a connection, and for the next bytes
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
        if found and found.real and not found.incomplete:
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
    part = home() / f".{dataset.name}.{host(mirror.url).replace(':', '-')}.part"
    download(mirror.url, part, dataset)
    try:
        sha256 = _verified(part, mirror)
        with building(dataset, kind="real", version=sha256, source=mirror.url, licence=dataset.licence) as folder:
            _fill(folder, [part], [dataset], dataset)
    finally:
        part.unlink()  # a whole archive is not needed any more, and a bad one must not be resumed
    _record(mirror.url, sha256)


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
    parts, sums = [home() / f".{dataset.name}.{package.folder}.part" for package in dataset.packages], []
    for package, part in zip(dataset.packages, parts, strict=True):
        try:
            download(package.url, part, dataset, session)
            try:
                sums.append(_verified(part, package))
            except DataError:
                part.unlink()  # a bad one must not be resumed
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
            part.unlink()
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
    failures, best = 0, _size(part)
    while True:
        try:
            return _try_once(url, part, dataset, session)
        except (requests.RequestException, _TryAgainError) as error:
            failures = failures + 1 if _size(part) <= best else 1  # a server that brings news gets all its tries back
            best = max(best, _size(part))
            if failures >= TRIES:
                raise DataError(f"the server {_in_words(error)}") from error
            time.sleep(WAIT * 2 ** (failures - 1))


def _try_once(url, part, dataset, session):
    have = _size(part)
    # Without "identity" a server may pack the archive once more, and then its size and positions mean nothing.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with session.get(url, headers=headers, stream=True, timeout=(CONNECT, STALL)) as answer:
        span = re.match(r"bytes (?:(\d+)-\d+|\*)/(\d+)", answer.headers.get("Content-Range", ""))
        if answer.status_code == 416 and span and int(span[2]) == have:
            return  # the earlier run had all of it
        if answer.status_code == 416 or (answer.status_code == 206 and not (span and span[1] == str(have))):
            part.unlink()
            raise _TryAgainError("does not have the rest of what was begun")
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            raise _TryAgainError(f"is in trouble (status {answer.status_code})")
        if answer.status_code >= 400:
            raise DataError(f"the file is not there (status {answer.status_code})")
        if "text/html" in answer.headers.get("Content-Type", ""):
            raise DataError("a web page came where the archive should be")
        have = have if answer.status_code == 206 else 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        _announce(url, part, have, total, dataset)
        with (
            open(part, "ab" if have else "wb") as file,
            tqdm(total=total, initial=have, unit="B", unit_scale=True, desc=dataset.name, leave=False, disable=None) as bar,
        ):
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
                if file.tell() > dataset.most_mb * 1e6:
                    raise DataError(f"more than {dataset.most_mb} MB came, more than this set can have")
    if total is not None and _size(part) < total:
        raise _TryAgainError("broke off")


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
        return json.loads((home() / "checksums.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise DataError("data/checksums.json is damaged: delete it") from error


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
