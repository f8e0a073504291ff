"""The line between grader and submission: what crosses it, what does not, and that no verdict depends on it."""

import json
import os
import threading
from collections import deque
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import pytest

from course_utils.exercises import Blank, ____
from course_utils.exercises import lesson02 as ex
from course_utils.grading.session import Session
from course_utils.grading.submission import Opaque, Peer
from tests.exercises import lesson02


@contextmanager
def line():
    """The grader's and the submission's end of a line; the submission's answers calls, in a thread."""
    (here_in, there_out), (there_in, here_out) = os.pipe(), os.pipe()
    here, there = Peer(os.fdopen(here_in, "rb"), os.fdopen(here_out, "wb")), Peer(os.fdopen(there_in, "rb"), os.fdopen(there_out, "wb"))

    def serve():
        while message := there.receive():
            there.send(there.perform(message))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield here, there
    finally:
        here.writer.close()
        thread.join()


VALUES = [None, True, 3, 2.5, "é\n", [1, [2]], (1, (2,)), {1, 2}, {(0, 1): [None]}, range(2, 9, 3), Path("a/b")]
ARRAYS = [
    np.arange(6, dtype=np.uint8).reshape(2, 3),
    np.zeros((0, 4), np.float32),
    np.array(["a", "bc"]),
    np.float32(1.5),
    np.arange(6)[::2],
]


@pytest.mark.parametrize("value", [*VALUES, *ARRAYS], ids=str)
def test_values_cross_as_they_are(value):
    with line() as (here, there):
        crossed = here.decode(json.loads(json.dumps(there.encode(value))))
    assert type(crossed) is type(value)
    np.testing.assert_array_equal(crossed, value) if isinstance(value, np.ndarray) else None
    assert isinstance(value, np.ndarray) or crossed == value
    assert getattr(crossed, "dtype", None) == getattr(value, "dtype", None)


def test_what_is_like_an_array_or_a_list_crosses_as_one():
    with line() as (here, there):
        tensor = here.decode(there.encode(keras.ops.convert_to_tensor([[1.0, 2.0]])))
        assert isinstance(tensor, np.ndarray)
        np.testing.assert_array_equal(tensor, [[1, 2]])
        assert here.decode(there.encode({1: 2}.values())) == [2]
        assert here.decode(there.encode(deque([1, 2]))) == [1, 2]
        assert isinstance(here.decode(there.encode([____]))[0], Blank)
        assert isinstance(here.decode(there.encode(np.array([1, ____])))[1], Blank)


def test_functions_stay_and_are_called_across():
    class Twice:
        def __call__(self, array, plus=0):
            return 2 * array + plus

    with line() as (here, there):
        np.testing.assert_array_equal(here.decode(there.encode(Twice()))(np.arange(3), plus=1), [1, 3, 5])
        assert here.decode(there.encode(lambda function: function(3)))(lambda number: number + 1) == 4  # there and back again
        maker = here.decode(there.encode(lambda n: lambda: n))
        assert maker(5)() == 5


def test_iterators_stay_and_may_have_no_end():
    def forever():
        n = 0
        while True:
            yield (n := n + 1)

    with line() as (here, there):
        numbers = here.decode(there.encode(forever()))
        assert [next(numbers), next(numbers)] == [1, 2]
        assert list(here.decode(there.encode(iter("ab")))) == ["a", "b"]


def test_errors_keep_their_name():
    with line() as (here, there), pytest.raises(Exception, match=r"^too small$") as error:
        here.decode(there.encode(lambda: exec("raise ValueError('too small')")))()
    assert error.type.__name__ == "ValueError"


@pytest.mark.parametrize(
    "value", [object(), np.random.default_rng(1), np.zeros(2, "datetime64[s]"), [1, object()]], ids=["object", "rng", "dates", "list"]
)
def test_objects_do_not_cross(value):
    with line() as (here, there):
        with pytest.raises(Opaque):
            there.encode(value)
        with pytest.raises(Opaque):
            here.decode(there.encode(lambda: value))()
        with pytest.raises(Opaque):
            here.decode(there.encode(lambda argument: 1))(value)


def test_networks_do_not_cross_although_they_can_be_called():
    with line() as (_, there), pytest.raises(Opaque, match="Sequential"):
        there.encode(keras.Sequential())


@pytest.mark.parametrize("forged", [{"array": ["|O", [1], "AAAA"]}, {"array": ["<f8", [9], ""]}, {"code": "x"}, {}, {"a": 1, "b": 2}])
def test_forged_values_are_refused(forged):
    with line() as (here, _), pytest.raises((ValueError, KeyError)):
        here.decode(forged)


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\5abc", b"\xff\xff\xff\xff", b"\0\0\0\3[1]", b"\0\0\0\2{]"])
def test_what_is_no_message_ends_the_line(sent):
    with line() as (here, there):
        there.writer.write(sent)
        there.writer.close()
        assert here.receive() is None


@pytest.mark.parametrize(("question", "answer"), [row[:2] for row in (*lesson02.RIGHT, *lesson02.WRONG)])
def test_the_verdict_is_the_same_on_both_sides(question, answer):
    with line() as (here, there):
        assert question.verdict(here.decode(there.encode(answer)), 3) == question.verdict(answer, 3)
    assert question in vars(ex).values()


def test_a_check_that_hands_over_tensors_is_judged_beside_the_code():
    session = Session.__new__(Session)  # its process is not needed: nothing may be sent
    with pytest.raises(Opaque, match="tensors"):
        session.call(0, np.ones(3), keras.ops.ones(3))
