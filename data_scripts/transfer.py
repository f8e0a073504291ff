"""One file from a server to the disk: resumed after a break if it is still the same file, bounded in size and time, in plain words."""

import contextlib
import json
import queue
import re
import shutil
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests
from tqdm import tqdm

from data_scripts.dataset import DataError, DataSet

CONNECT, STALL = 10, 30  # seconds to wait for a connection, and for the next chunk
LONGEST = 24 * 3600  # seconds that one archive may take
TRIES = 4  # in a row that bring nothing new
WAIT = 1.0  # seconds before the next try, doubled each time
CHUNK = 1 << 14  # bytes; what came of an unfinished chunk is lost when a connection breaks


class _TryAgainError(Exception):
    """A failure that may pass: worth another try."""


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
                raise DataError(f"the server {in_words(error)}") from error
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
            with contextlib.suppress(EOFError):
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


def _notes(part):
    """Beside a part: what tells the archive that it is of from a later one at the same address."""
    return part.with_name(f"{part.name}.json")


def in_words(error: Exception) -> str:
    """What a server did, as a sentence goes on behind its name."""
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
