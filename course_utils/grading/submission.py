"""Runs one submission in a process of its own and hands its answers to the grader, which judges them in its process.

What this prevents, on every system: the answers leave as data (`Peer`), so nothing that a submission does to numpy, to the course's
modules or to its output changes a verdict; the teacher's environment is not passed on; relative paths lead into a temporary folder;
output goes nowhere; time, memory and disk end. On Linux from 5.13 on (`wall`) files outside that folder cannot be changed, and no other
than Python's, the system's and the course's can be read; newer kernels also cut it off from the network (6.7) and from signals to
other processes (6.12). Unix also sets limits that a process cannot raise.

What it does not prevent: a question whose right answer takes or gives an object that cannot leave its process, such as a network or a
random generator, is judged beside the student's code, which might forge that verdict. Solutions that are published may be handed in.
Numbers as data may still be such that a check takes long over them. Without `wall`, a submission may harm by absolute path whatever its
user may. A process that leaves its parents may outlive them. Whom you distrust that much, grade in a container.
"""

import base64
import ctypes
import importlib
import json
import os
import struct
import sys
from collections.abc import Iterable, Iterator, Sized
from functools import partial
from pathlib import Path, PurePath

import numpy as np

from course_utils.exercises import engine
from course_utils.exercises.copies import ROOT

MOST = 2**26  # bytes of a message
KINDS = "biufcSU"  # of arrays: numbers and text, nothing that is code


class Opaque(BaseException):
    """A value that cannot leave its process; no `except Exception` of a check or an answer may stop this."""


class Peer:
    """One end of the line between grader and submission. Values cross as JSON; a function stays, and is called across the line."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.functions = reader, writer, []

    def send(self, message):
        data = json.dumps(message).encode()
        self.writer.write(struct.pack(">I", len(data)) + data)
        self.writer.flush()

    def receive(self):
        """The next message; None at the end of the line or where it makes no sense."""
        head = self.reader.read(4)
        size = struct.unpack(">I", head)[0] if len(head) == 4 else MOST + 1
        try:
            message = json.loads(self.reader.read(size)) if size <= MOST else None
        except (ValueError, RecursionError):
            return None
        return message if isinstance(message, dict) else None

    def request(self, message):
        """Send, answer the other end's calls, and return its reply."""
        self.send(message)
        while "call" in (reply := self.receive()):
            self.send(self.perform(reply))
        return reply

    def perform(self, message):
        try:
            function = self.functions[message["call"]]
            return {"value": self.encode(function(*self.decode(message["args"]), **self.decode(message["kwargs"])))}
        except Opaque as kind:
            return {"opaque": str(kind)}
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            return {"error": [type(error).__name__, str(error)[:1000]]}

    def call(self, number, *args, **kwargs):
        reply = self.request({"call": number, "args": self.encode(args), "kwargs": self.encode(kwargs)})
        if "opaque" in reply:
            raise Opaque(reply["opaque"])
        if "error" in reply:
            name, text = map(str, reply["error"])
            raise StopIteration if name == "StopIteration" else type(name, (Exception,), {})(text)
        return self.decode(reply["value"])

    def encode(self, value):
        """`value` in the types of JSON; Opaque where that cannot be."""
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, engine.Blank):
            return {"blank": None}
        for kind in (list, tuple, set):
            if isinstance(value, kind):
                return {kind.__name__: [self.encode(item) for item in value]}
        if isinstance(value, dict):
            return {"dict": [[self.encode(key), self.encode(item)] for key, item in value.items()]}
        if isinstance(value, PurePath):
            return {"path": str(value)}
        if isinstance(value, range):
            return {"range": [value.start, value.stop, value.step]}
        if hasattr(type(value), "__array__"):
            return self._encode_array(value)
        kind = value if isinstance(value, type) else type(value)
        if of_a_backend(value):
            raise Opaque(kind.__name__)  # checks look into these, and do not only call them
        if callable(value) or isinstance(value, Iterator):
            self.functions.append(value if callable(value) else value.__next__)
            return {"function" if callable(value) else "iterator": len(self.functions) - 1}
        if isinstance(value, Iterable):
            return self.encode(list(value) if isinstance(value, Sized) else iter(value))
        raise Opaque(kind.__name__)

    def _encode_array(self, value):
        array = np.asarray(value)
        if array.dtype == object:  # a blank may be in it
            return self.encode(array.tolist())
        if array.dtype.kind not in KINDS:
            raise Opaque(f"{type(value).__name__} of {array.dtype}")
        if array.nbytes > MOST // 2:
            raise ValueError(f"the answer is an array of {array.nbytes / 2**20:.0f} MB")
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        return {"scalar" if isinstance(value, np.generic) else "array": [array.dtype.str, array.shape, data]}

    def decode(self, value):
        """What `encode` was given; ValueError for what it never makes."""
        if not isinstance(value, dict):
            return value
        ((kind, content),) = value.items()
        if kind in ("list", "tuple", "set"):
            return {"list": list, "tuple": tuple, "set": set}[kind](map(self.decode, content))
        if kind == "dict":
            return {self.decode(key): self.decode(item) for key, item in content}
        if kind in ("array", "scalar"):
            dtype, shape, data = content
            if np.dtype(dtype).kind not in KINDS:
                raise ValueError(dtype)
            array = np.frombuffer(base64.b64decode(data), dtype).reshape(shape).copy()
            return array if kind == "array" else array[()]
        if kind == "function":
            return partial(self.call, int(content))
        if kind == "iterator":
            return Remote(partial(self.call, int(content)))
        if kind == "opaque":
            raise Opaque(content)
        return {"blank": lambda _: engine.Blank(), "path": Path, "range": lambda ends: range(*ends)}[kind](content)


def of_a_backend(value):
    """Whether it is a tensor, a network or something else of Keras or of a backend, or a class of theirs."""
    kind = value if isinstance(value, type) else type(value)
    return any(base.__module__.startswith(("keras.", "tensorflow.", "jax")) for base in kind.__mro__)


class Remote(Iterator):
    """An iterator at the other end of the line."""

    def __init__(self, following):
        self.following = following

    def __next__(self):
        return self.following()


# ---------------------------------------------------------------- in the submission's process


def main():
    """Run the cells that the grader sends; every `check` becomes an answer that is sent to it."""
    peer = Peer(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    receive = peer.receive
    peer.receive = lambda: receive() or os._exit(1)  # the grader is gone
    task = peer.receive()
    limit(task["seconds"], task["memory"])
    walled = bool(task["readable"]) and wall(task["readable"], Path.cwd().parent)
    module = importlib.import_module(f"course_utils.exercises.{task['homework']}")
    busy = []

    def check(question, answer=None):
        if busy:  # an answer that checks itself
            return
        busy.append(question)
        try:
            sent = peer.encode(answer)
        except Opaque as kind:
            sent = {"opaque": str(kind)}
        except Exception as error:
            sent = {"opaque": f"{type(error).__name__}: {error}"}
        if "judge" in (reply := peer.request({"check": question.name, "answer": sent})):
            verdicts = [question.verdict(answer, seed) for seed in reply["judge"]]
            peer.request({"verdict": engine.first_miss(verdicts)})
        busy.clear()

    engine.Question.check = check
    shell = new_shell()
    shell.user_ns |= {"ex": module, "____": engine.Blank()}  # where the setup cell is lost
    for number, code in enumerate(task["cells"]):
        for name, value in task["values"].items():  # at the size of the tests, whatever the submission says
            shell.user_ns[name] = tuple(value) if isinstance(shell.user_ns.get(name), tuple) else value
        shell.user_ns["course"] = ROOT
        peer.request({"cell": number, "walled": walled})
        result = shell.run_cell(code)
        if error := result.error_before_exec or result.error_in_exec:
            peer.request({"failed": number, "error": f"{type(error).__name__}: {error}"[:1000]})
    peer.send({"end": True})


def new_shell():
    """IPython without a kernel: magics, `!commands` and `display` work, and no sockets and no second process are needed."""
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell

    HistoryManager.enabled = False
    InteractiveShell.enable_gui = lambda *_: None  # what `%matplotlib inline` asks for
    return InteractiveShell.instance()


def limit(seconds, memory):
    """Limits that the system holds: of memory (an honest MemoryError, after which the next cell runs), CPU time and file size.

    RLIMIT_DATA and not RLIMIT_AS, because TensorFlow reserves far more addresses than it ever uses.
    """
    if os.name == "nt":  # the grader's eye on the process must do
        return
    import resource

    limits = {"DATA": memory * 2**20, "CPU": 2 * seconds, "FSIZE": 2**26, "CORE": 0}
    for name, most in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))


def landlock():
    """(the C library, the kernel's version of Landlock: 0 where there is none)."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    return libc, max(libc.syscall(444, None, ctypes.c_size_t(0), 1), 0) if libc else 0


def wall(readable, writable):
    """Landlock (Linux, kernel.org/doc/html/latest/userspace-api/landlock.html): from here on this process and all that it starts see
    no files but those below the folders `readable`, and change none but those below `writable`. Returns whether the kernel does that.
    """
    libc, version = landlock()
    if not version:
        return False
    execute, write, read, listing, truncate = 1, 2, 4, 8, 1 << 14
    everything = (1 << (13 if version < 2 else 14 if version < 3 else 15)) - 1
    network, scope = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    attributes = struct.pack("QQQ", everything, network, scope)[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = libc.syscall(444, attributes, ctypes.c_size_t(len(attributes)), 0)
    devices = (execute | write | read | listing | truncate) & everything
    allowed = {**dict.fromkeys(readable, execute | read | listing), "/dev": devices, str(writable): everything}
    for folder, rights in allowed.items():
        if os.path.isdir(folder):
            place = os.open(folder, os.O_PATH)
            if libc.syscall(445, rules, 1, struct.pack("=Qi", rights, place), 0):
                raise OSError(ctypes.get_errno(), "landlock_add_rule", folder)
            os.close(place)
    libc.capset(struct.pack("Ii", 0x20080522, 0), bytes(24))  # root's powers, with which it could read others' environment
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    return not libc.syscall(446, rules, 0)
