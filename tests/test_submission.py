"""The line between grader and submission: what crosses it, what does not, and that no verdict depends on it."""

import json
import os
import threading
from collections import deque
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import keras
import numpy as np
import pytest

from course_utils.exercises import Blank, ____, engine
from course_utils.exercises import lesson02 as ex
from course_utils.grading.line import LONGEST, MOST, Opaque, Peer
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


VALUES = [
    Fraction(1, 3),
    Decimal("0.1"),
    2 + 1j,
    b"\0a",
    -(2**200),
    None,
    True,
    3,
    2.5,
    "é\n",
    [1, [2]],
    (1, (2,)),
    {1, 2},
    {(0, 1): [None]},
    range(2, 9, 3),
    Path("a/b"),
]
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


@pytest.mark.parametrize("value", [object(), np.zeros(2, "datetime64[s]"), [1, object()]], ids=["object", "dates", "in a list"])
def test_objects_do_not_cross(value):
    with line() as (here, there):
        with pytest.raises(Opaque):
            there.encode(value)
        with pytest.raises(Opaque):
            here.decode(there.encode(lambda: value))()
        with pytest.raises(Opaque):
            here.decode(there.encode(lambda argument: 1))(value)


def test_a_generator_goes_on_where_the_other_end_left_it():
    mine, other = np.random.default_rng(1), np.random.default_rng(1)

    def draw(rng):
        assert isinstance(rng, np.random.Generator)
        return rng.random(2)

    with line() as (here, there):
        function = here.decode(there.encode(draw))
        drawn = [function(mine), mine.random(2), function(mine)]
    np.testing.assert_array_equal(drawn, [other.random(2) for _ in range(3)])


def test_what_was_lent_comes_back_as_itself():
    mine, seen = np.random.default_rng(1), []
    with line() as (here, there):
        here.decode(there.encode(lambda function, rng: function(rng)))(lambda rng: seen.append(rng), mine)
    assert seen[0] is mine


def network():
    inputs = keras.Input((4, 4, 1))
    hidden = keras.layers.Conv2D(2, 3, padding="same", activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Concatenate()([keras.layers.Dropout(0.25)(hidden), inputs]) + 1)


def test_a_network_is_rebuilt_from_configuration_and_weights():
    model, images = network(), np.random.default_rng(0).random((2, 4, 4, 1), dtype=np.float32)
    with line() as (here, there):
        rebuilt = here.decode(there.encode(model))
        assert rebuilt is not model
        assert [type(layer) for layer in rebuilt.layers] == [type(layer) for layer in model.layers]
        np.testing.assert_allclose(rebuilt(images), model(images), atol=1e-6)


def test_training_at_the_other_end_trains_the_network_here():
    model = network()
    before = model.get_weights()

    def train(lent):
        lent.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 10)), loss="mse")
        lent.fit(np.ones((4, 4, 4, 1)), np.ones((4, 4, 4, 3)), epochs=2, batch_size=2, verbose=0)

    with line() as (here, there):
        here.decode(there.encode(train))(model)
    assert not np.array_equal(before[0], model.get_weights()[0])
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert int(model.optimizer.iterations) == 4


class OfAStudent(keras.layers.ReLU):
    pass


@pytest.mark.parametrize("layer", [OfAStudent(), keras.layers.Lambda(lambda x: x), keras.layers.StringLookup(vocabulary=["a"])], ids=type)
def test_layers_that_run_code_or_open_files_are_refused(layer):
    inputs = keras.Input((4,), dtype="string" if "Lookup" in type(layer).__name__ else None)
    model = keras.Model(inputs, layer(inputs))
    with line() as (here, there), pytest.raises(ValueError, match=type(layer).__name__):
        here.decode(there.encode(model))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("keras.utils", "get_file"),
        ("keras.src.saving.saving_lib", "load_model"),
        ("", "__lambda__"),
        ("keras.layers", "TFSMLayer"),
    ],
)
def test_configurations_that_name_other_things_are_refused(module, name):
    config = json.dumps({"module": module, "class_name": name, "config": {}, "registered_name": None})
    with line() as (here, _), pytest.raises(ValueError, match=name):
        here.decode({"object": ["0", {"dict": [["layer", config], ["weights", {"list": []}]]}]})


def test_the_slope_is_measured_where_the_function_is():
    masks, p = np.ones((2, 3), np.float32), np.full((2, 3), 0.5, np.float32)
    with line() as (here, there):
        loss = here.decode(there.encode(lambda masks, p: keras.ops.sum(masks * p**2)))
        np.testing.assert_allclose(engine.slope(loss, masks, p), 2 * masks * p, atol=1e-5)


@pytest.mark.parametrize("forged", [{"array": ["|O", [1], "AAAA"]}, {"array": ["<f8", [9], ""]}, {"code": "x"}, {}, {"a": 1, "b": 2}])
def test_forged_values_are_refused(forged):
    with line() as (here, _), pytest.raises((ValueError, KeyError)):
        here.decode(forged)


@pytest.mark.parametrize("value", [np.zeros(MOST), list(range(MOST)), range(LONGEST + 1)], ids=["array", "list", "range"])
def test_what_is_too_large_is_refused_in_words(value):
    with line() as (here, there), pytest.raises(Exception, match=r"the grader takes|numbers"):
        here.decode(there.encode(lambda: value))()
    with line() as (here, there), pytest.raises(Exception, match=r"the grader takes|numbers"):
        here.decode(there.encode(lambda argument: 1))(value)


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
