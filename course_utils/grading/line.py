"""The line between the judge and a submission: what crosses it, and how.

Values cross as JSON. A function stays where it is and is called across the line. What has a state, a random generator or a network, crosses
as a copy; whatever the other end does to the copy in a call is done to the original when the call is over.
"""

import base64
import json
import struct
from collections.abc import Iterable, Iterator, Sized
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path, PurePath

import numpy as np

from course_utils.exercises import engine
from course_utils.exercises.engine import Blank

from . import objects

MOST = 2**22  # bytes of a message; no honest answer has a tenth of it
LONGEST = 10**6  # numbers of a range
KINDS = "biufcSU"  # of arrays: numbers and text, nothing that is code


class Opaque(BaseException):
    """A value that cannot leave its process; no `except Exception` of a check or an answer may stop this."""


class Peer:
    """One end of the line."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.touched = reader, writer, []
        self.forget()

    def forget(self):
        """Begin a new check: nothing that crossed before it has a meaning any more."""
        self.functions, self.lent, self.borrowed = [], {}, {}

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
        """Call a function of this end for the other one."""
        before, self.touched = self.touched, []
        try:
            function = self.functions[message["call"]]
            if message.get("slope"):
                function = partial(engine.slope, function)
            value = function(*self.decode(message["args"]), **self.decode(message["kwargs"]))
            back = [[key, self.encode(objects.pack(self.borrowed[key]))] for key in dict.fromkeys(self.touched)]
            return fitting({"value": self.encode(value), "back": back})
        except Opaque as kind:
            return {"opaque": str(kind)}
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            return {"error": [type(error).__name__, str(error)[:1000]]}
        finally:
            self.touched = before

    def call(self, number, *args, slope=False, **kwargs):
        reply = self.request(fitting({"call": number, "args": self.encode(args), "kwargs": self.encode(kwargs), "slope": slope}))
        if "opaque" in reply:
            raise Opaque(reply["opaque"])
        if "error" in reply:
            name, text = map(str, reply["error"])
            raise StopIteration if name == "StopIteration" else type(name, (Exception,), {})(text)
        for key, state in reply["back"]:
            objects.restore(self.lent[key], self.decode(state))
        return self.decode(reply["value"])

    def encode(self, value):
        """`value` in the types of JSON; Opaque where that cannot be."""
        if value is None or type(value) in (bool, float, str) or (type(value) is int and abs(value) < 2**63):
            return value
        if isinstance(value, Blank):
            return {"blank": None}
        for kind in (list, tuple, set):
            if isinstance(value, kind):
                return {kind.__name__: [self.encode(item) for item in value]}
        if isinstance(value, dict):
            return {"dict": [[self.encode(key), self.encode(item)] for key, item in value.items()]}
        if isinstance(value, PurePath | Fraction | Decimal):
            return {next(name for name, kind in TEXTS.items() if isinstance(value, kind)): str(value)}
        if isinstance(value, range):
            return {"range": [value.start, value.stop, value.step]}
        if isinstance(value, bytes | bytearray):
            return {"bytes": base64.b64encode(value).decode()}
        if hasattr(type(value), "__array__"):
            return self._encode_array(value)
        if isinstance(value, int | float | complex | str):
            return self._encode_number(value)
        if objects.has_state(value):
            return self._encode_object(value)
        kind = value if isinstance(value, type) else type(value)
        if objects.of_a_backend(value):
            raise Opaque(kind.__name__)  # checks look into these, and do not only call them
        if callable(value) or isinstance(value, Iterator):
            self.functions.append(value if callable(value) else value.__next__)
            return {"function" if callable(value) else "iterator": len(self.functions) - 1}
        if isinstance(value, Iterable):
            return self.encode(list(value) if isinstance(value, Sized) else iter(value))
        raise Opaque(kind.__name__)

    def _encode_number(self, value):
        """Large whole numbers, complex ones, and subclasses such as those of enum."""
        if isinstance(value, complex):
            return {"complex": [value.real, value.imag]}
        if isinstance(value, int) and value.bit_length() > 63:
            return {"int": hex(value)}
        return next(kind(value) for kind in (int, float, str) if isinstance(value, kind))

    def _encode_array(self, value):
        array = np.asarray(value)
        if array.dtype == object:  # a blank may be in it
            return self.encode(array.tolist())
        if array.dtype.kind not in KINDS:
            raise Opaque(f"{type(value).__name__} of {array.dtype}")
        if array.nbytes > MOST // 2:
            raise ValueError(f"that is an array of {array.nbytes / 2**20:.0f} MB; the grader takes {MOST // 2**21} MB")
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        return {"scalar" if isinstance(value, np.generic) else "array": [array.dtype.str, array.shape, data]}

    def _encode_object(self, value):
        for key, known in self.borrowed.items():
            if known is value:
                return {"yours": [key, self.encode(objects.pack(value))]}
        key = next((key for key, known in self.lent.items() if known is value), str(len(self.lent)))
        self.lent[key] = value
        return {"object": [key, self.encode(objects.pack(value))]}

    def decode(self, value):
        """What `encode` was given; an Exception for what it never makes."""
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
            return Far(self, int(content))
        if kind == "iterator":
            return FarIterator(self, int(content))
        if kind == "object":
            return self._borrow(*content)
        if kind == "yours":
            key, state = content
            objects.restore(self.lent[key], self.decode(state))
            return self.lent[key]
        if kind == "opaque":
            raise Opaque(content)
        if kind == "range":
            if len(range(*content)) > LONGEST:
                raise ValueError(f"that is a range of {len(range(*content)):,} numbers")
            return range(*content)
        return PLAIN[kind](content)

    def _borrow(self, key, state):
        if key in self.borrowed:
            objects.restore(self.borrowed[key], self.decode(state))
        else:
            self.borrowed[key] = objects.unpack(self.decode(state))
        self.touched.append(key)
        return self.borrowed[key]


TEXTS = {"path": PurePath, "fraction": Fraction, "decimal": Decimal}
PLAIN = {
    "blank": lambda _: Blank(),
    "path": Path,
    "fraction": Fraction,
    "decimal": Decimal,
    "complex": lambda parts: complex(*parts),
    "int": lambda digits: int(digits, 16),
    "bytes": base64.b64decode,
}


def fitting(message):
    """`message`, if the line takes it; ValueError, which the other end hears of, if not."""
    size = len(json.dumps(message))
    if size > MOST - 1000:  # room for what is said around it
        raise ValueError(f"that is {size / 2**20:.0f} MB; the grader takes {MOST // 2**20} MB")
    return message


class Far:
    """A function at the other end of the line."""

    def __init__(self, peer, number):
        self.peer, self.number = peer, number

    def __call__(self, *args, **kwargs):
        return self.peer.call(self.number, *args, **kwargs)

    def slope(self, *args):
        """What `engine.slope` gives where the function is."""
        return self.peer.call(self.number, *args, slope=True)


class FarIterator(Iterator):
    """An iterator at the other end of the line."""

    def __init__(self, peer, number):
        self.peer, self.number = peer, number

    def __next__(self):
        return self.peer.call(self.number)
