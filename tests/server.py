"""A small HTTP server on 127.0.0.1 that misbehaves on demand, for the tests of downloads."""

import hashlib
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


class Server:
    """Serves what `offer` was told; `requests` lists (path, Range header or None) of all that was asked. Use it with `with`."""

    def __init__(self):
        self.offers, self.requests, self.tags = {}, [], "honoured"
        self.members, self.forms = {}, []  # who may log in: {name: password}; and what was sent to the form
        self.released = threading.Event()  # lets stalled answers end with the test
        handler = type("Handler", (_Handler,), {"server_of_test": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._http.server_port}"

    def offer(self, path, body=b"", behaviour="right"):
        """Serve `body` under `path` and return the address. `behaviour` is one of

        right, without length, not found (a 404 page), web page (the same with status 200), stall (half, then silence),
        members only (a web page for those who have not logged in at any address with their name and password),
        dies once (half, then the connection breaks; what is asked for from then on), dies always (half of the rest each time),
        cannot resume (dies once, ignores Range), busy once (status 503 first),
        drips (a byte now and then, for ever), drips its head (the same before the body),
        part unasked for (status 206 to whoever asked for the whole), odd length (Content-Length: abc).
        By `tags` an ETag tells one body from another and If-Range is "honoured", or it is "unread", or there are "none".
        """
        self.offers[path] = (body, behaviour)
        return self.address + path

    def asked(self, path):
        """The Range header (None if there was none) of each request for `path`."""
        return [span for asked, span in self.requests if asked == path]

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    server_of_test = None

    def do_GET(self):
        test = self.server_of_test
        span = self.headers.get("Range")
        test.requests.append((self.path, span))
        first = len(test.asked(self.path)) == 1
        body, behaviour = test.offers.get(self.path, (b"", "not found"))
        if behaviour == "members only" and "member=yes" not in self.headers.get("Cookie", ""):
            behaviour = "web page"
        if behaviour in ("not found", "web page"):
            return self._answer(404 if behaviour == "not found" else 200, b"<html>Sorry</html>", {"Content-Type": "text/html"})
        if behaviour == "busy once" and first:
            return self._answer(503, b"")
        if behaviour in ("drips", "drips its head"):
            return self._drip(behaviour == "drips")
        tag = {} if test.tags == "none" else {"ETag": f'"{hashlib.sha256(body).hexdigest()[:12]}"'}
        if test.tags == "honoured" and self.headers.get("If-Range", tag["ETag"]) != tag["ETag"]:
            span = None  # the file has changed: all of it
        start = int(re.fullmatch(r"bytes=(\d+)-", span)[1]) if span and behaviour != "cannot resume" else 0
        if start >= len(body) > 0:
            return self._answer(416, b"", {"Content-Range": f"bytes */{len(body)}"} | tag)
        part = start or behaviour == "part unasked for"
        headers = {"Content-Range": f"bytes {start or 9}-{len(body) - 1}/{len(body)}", **tag} if part else tag
        rest = body[start:]
        sent = rest
        if behaviour == "dies always" or (behaviour == "stall" and not start) or (behaviour in ("dies once", "cannot resume") and first):
            sent = rest[: len(rest) // 2]
        elif behaviour == "stall":
            sent = b""
        length = None if behaviour == "without length" else "abc" if behaviour == "odd length" else len(rest)
        self._answer(206 if part else 200, sent, headers, length)
        if behaviour == "stall":
            test.released.wait(20)
        return None

    def _drip(self, body):
        try:
            if body:
                self._answer(200, b"", {}, 10**6)
            while not self.server_of_test.released.is_set():
                self.wfile.write(b"H" if not body else b"x")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:  # nobody listens any more
            pass

    def do_POST(self):
        test = self.server_of_test
        form = {key: values[0] for key, values in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        test.forms.append(form)
        if test.offers.get(self.path, (b"", ""))[1] == "not found":
            return self._answer(503, b"")
        if test.members.get(form.get("username")) != form.get("password", ""):
            return self._answer(200, b"<html>The form again</html>", {"Content-Type": "text/html"})
        return self._answer(302, b"", {"Location": "/downloads/", "Set-Cookie": "member=yes; Path=/"})

    def _answer(self, status, body, headers=None, length=-1):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length == -1 else length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        """Keeps the test's output clean."""
