"""Gets real data sets: from several mirrors or behind a login, and checked before they take their place."""

import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import requests

from course_utils.data import DataProblem
from data_scripts.archive import unpack
from data_scripts.checks import problems
from data_scripts.dataset import DataError, DataSet, Mirror
from data_scripts.making import building, holding
from data_scripts.progress import Line
from data_scripts.store import Found, at_home, digest, files_of, find, home, refuse_own
from data_scripts.transfer import CONNECT, STALL, download, drop, host, in_words


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
        raise DataError(f"{site} {in_words(error)}: look after the network, then run the command again.") from error
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
