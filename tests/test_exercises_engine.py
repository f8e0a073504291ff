"""The exercises' engine: what a blank survives, what each kind of answer is told, hints and solutions."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from course_utils.exercises import Blank, NotYet, ____, call, engine, expect, question


@question("nudge", "idea", "pseudo-code", praise="Well done.")
def q1_1(answer, rng):
    """The answer doubles an array."""
    array = rng.normal(size=4)
    result = np.asarray(call(answer, array))
    expect(result.shape == array.shape, f"the shape is {result.shape}, not {array.shape}.")
    expect(np.allclose(result, 2 * array), "is each value twice as large?")


@question("look at the picture")
def q1_2(answer, rng):
    """The answer is a number."""
    expect(abs(answer - 4) < 0.1, "count again.")


def blank_function(array):
    return ____ * array


def raises(error):
    def answer(array):
        raise error

    return answer


def spoils_its_input(array):
    array *= 2
    return array


# The blank


SURVIVES = {
    "arithmetic": lambda b: [b + 1, 1 + b, b - 1, 1 - b, 2 * b, b * 2, b / 2, 2 / b, b // 2, 2 // b, b % 2, 2 % b, b**2, 2**b, b @ b],
    "signs": lambda b: [-b, +b, abs(b), ~b, round(b), round(b, 2)],
    "bits": lambda b: [b & 1, 1 & b, b | 1, 1 | b, b ^ 1, 1 ^ b],
    "comparison": lambda b: [b < 1, b <= 1, b > 1, b >= 1, b == 1, b != 1, b > 1, b == 1, b != 1],
    "calls": lambda b: [b(), b(1, key=2), b.shape, b.numpy(), b.layers[-1].output.shape],
    "indexing": lambda b: [b[0], b["key"], b[1:3, ..., None], b[b]],
    "numpy on either side": lambda b: [
        np.ones(3) + b,
        b * np.ones((2, 2)),
        np.ones((2, 2)) @ b,
        np.float32(2) * b,
        np.ones(3) < b,
        b == np.ones(3),
    ],
    "numpy functions": lambda b: [np.sqrt(b), np.exp(-b), np.add(b, 1), np.mean(b), np.sum(b, axis=0), np.argmax(b), np.where(b, 1, 2)],
    "numpy with arrays": lambda b: [
        np.concatenate([np.ones(2), b]),
        np.stack([b, b]),
        np.allclose(b, np.ones(2)),
        np.pad(b, 1),
        np.clip(b, 0, 1),
    ],
    "unpacking": lambda b: [*b],
}


@pytest.mark.parametrize("what", SURVIVES)
def test_the_blank_survives(what):
    for result in SURVIVES[what](____):
        assert isinstance(result, Blank)


def test_the_blank_in_statements():
    a, b = ____
    a += 1
    b[0] = 2
    assert a is b is ____
    assert not ____
    assert f"{____:.2f} and {____:>8}" == "____ and ____"
    assert "your answer goes here" in f"{____!r}"
    assert hash(____) == hash(____)
    assert ____ in [1, ____]
    with pytest.raises(AttributeError):
        _ = ____._repr_html_  # else a notebook would take the blank for a picture


@pytest.mark.parametrize("value", [____, [1, ____], (____, 2), {"a": [____]}, np.array([1, ____]), np.array(____)])
def test_blanks_inside_are_found(value):
    assert engine.has_blank(value)


@pytest.mark.parametrize("value", [0, [], [1], {"a": 1}, np.ones(3), np.array([1, None]), "____", None])
def test_no_blank_where_there_is_none(value):
    assert not engine.has_blank(value)


@pytest.mark.parametrize("insists", [range, math.sqrt, np.zeros, int, float, len])
def test_whoever_insists_on_a_number_names_the_blank(insists):
    with pytest.raises(TypeError, match="Blank"):
        insists(____)
    assert q1_1.verdict(lambda array: insists(____))[0] == "not attempted"


# Verdicts


@pytest.mark.parametrize("answer", [lambda array: 2 * array, lambda array: [v + v for v in array], spoils_its_input])
def test_right_answers(answer):
    assert q1_1.verdict(answer) == ("correct", "Correct. Well done.")
    assert q1_2.verdict(4.05) == ("correct", "Correct.")


@pytest.mark.parametrize(
    "answer", [____, blank_function, lambda array: [____, 1], lambda array: {"a": ____}, lambda array: np.array([____])]
)
def test_blanks_are_not_attempted(answer):
    kind, text = q1_1.verdict(answer)
    assert kind == "not attempted"
    assert text.startswith("Not attempted: ")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda array: array, "is each value twice as large?"),
        (lambda array: 2 * array[:2], "the shape is (2,), not (4,)."),
        (lambda array: None, "gives back nothing. Does it end with `return`?"),
        (raises(ValueError("too small\nand more")), "your function stops with ValueError: too small"),
        (raises(AssertionError()), "your function stops with AssertionError"),
        (raises(RecursionError("deep")), "RecursionError: deep"),
        (lambda: 1, "your function stops with TypeError"),
        (np.ones(3), "without parentheses; it got an array of shape (3,)."),
        (8, "without parentheses; it got int 8."),
        (None, "it got NoneType None"),
        ("x" * 1000, "it got str 'xxx"),
    ],
)
def test_wrong_answers(answer, told):
    kind, text = q1_1.verdict(answer)
    assert kind == "wrong"
    assert text.startswith("Not yet: ")
    assert told in text
    assert len(text) < 200
    assert "\n" not in text
    assert "and more" not in text


@pytest.mark.parametrize("answer", ["four", None, [4], np.array([4, 4]), {}])
def test_an_answer_the_check_did_not_foresee(answer):
    kind, text = q1_2.verdict(answer)
    assert kind == "wrong"
    assert "could not use your answer (" in text


def test_an_error_of_the_check_that_names_the_blank_is_the_blank():
    @question("hint")
    def q(answer, rng):
        math.sqrt(answer())

    assert q.verdict(lambda: ____)[0] == "not attempted"


def test_fresh_numbers_each_time_and_the_same_with_a_seed():
    seen = []

    @question("hint")
    def q(answer, rng):
        seen.append(rng.random())

    for seed in (None, None, 3, 3):
        q.verdict(1, seed)
    assert len(set(seen)) == 3
    assert seen[2] == seen[3]


def test_a_function_gets_copies():
    array = np.ones(3)
    call(spoils_its_input, array)
    np.testing.assert_array_equal(array, 1)


def test_expect():
    expect(True, "fine")
    with pytest.raises(NotYet, match="why"):
        expect(False, "why")


# What is printed


@pytest.mark.parametrize("answer", [____, blank_function, None, lambda array: None, lambda array: array, raises(KeyError("x"))])
def test_check_prints_words_and_where_the_hints_are(answer, capsys):
    assert q1_1.check(answer) is None
    output, errors = capsys.readouterr()
    assert output == q1_1.verdict(answer)[1] + "\nStuck? ex.q1_1.hint()\n"
    assert not errors
    assert "Traceback" not in output


def test_hints_climb_and_running_one_again_uses_up_none(capsys, monkeypatch):
    @question("nudge", "idea", "pseudo-code")
    def q(answer, rng):
        pass

    said = []
    for arguments in [(), (), (1,), (2,), (3,), (9,), (0,), (-1,), ("2",), (____,), (1.5,)]:
        q.hint(*arguments)
        said.append(capsys.readouterr().out.splitlines())
    first = ["Hint 1 of 3: nudge", "Next: ex.q.hint(2)"]
    last = ["Hint 3 of 3: pseudo-code", "Still stuck? `ex.q.solution()` shows one way to do it."]
    assert said == [first, first, first, ["Hint 2 of 3: idea", "Next: ex.q.hint(3)"], last, last, *[first] * 5]
    monkeypatch.setattr(q, "module", "hw1")
    q.hint(3)
    assert capsys.readouterr().out == "Hint 3 of 3: pseudo-code\n", "homework does not point at its solutions"


SOURCE = """\
# %% [markdown]
# ### Exercise 1.1

# %% tags=["exercise"]
def double(array):
    # BEGIN SOLUTION
    # STUB: return ____
    return 2 * array
    # END SOLUTION


# %%
# ex.q1_1.hint()
ex.q1_1.check(double)

# %% [markdown]
# ### Exercise 1.2

# %% tags=["exercise"]
# BEGIN SOLUTION
number = 4
# END SOLUTION

# %% [markdown]
# Between exercise and check.

# %%
ex.q1_2.check(number)
"""


@pytest.mark.parametrize(("module", "file"), [("lesson01", "01_name.py"), ("hw1", "hw1_name.py")])
def test_solution_comes_from_the_source(module, file, tmp_path, monkeypatch, capsys):
    (tmp_path / file).write_text(SOURCE, encoding="utf-8")
    (tmp_path / "02_other.py").write_text(SOURCE.replace("4", "5"), encoding="utf-8")
    monkeypatch.setattr(engine, "SOURCES", tmp_path)
    for q, code in [(q1_1, "def double(array):\n    return 2 * array"), (q1_2, "number = 4")]:
        monkeypatch.setattr(q, "module", module)
        assert q.source() == code
        q.solution()
        assert capsys.readouterr().out == code + "\n"


def test_a_solution_that_is_not_here_is_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(engine, "SOURCES", tmp_path)
    for address in ("", "https://example.org/course"):
        monkeypatch.setattr(engine, "_address", lambda address=address: address)
        q1_1.solution()
        words = "Solution: it stands in notebooks/src/test_exercises_engine_….py of the course, which is not here."
        assert capsys.readouterr().out.rstrip("\n") == f"{words} {address}".strip()


def test_the_address_of_the_course(monkeypatch):
    urls = ["Documentation, https://example.org/docs", "Repository, https://example.org/course"]
    for known, address in [(urls, urls[1].split(", ")[1]), (urls[:1], ""), (None, "")]:
        monkeypatch.setattr(engine.metadata, "metadata", lambda _, known=known: SimpleNamespace(get_all=lambda _: known))
        assert engine._address() == address


def test_name_and_module():
    assert (q1_1.name, q1_1.module, q1_1.label) == ("q1_1", "test_exercises_engine", "1.1")


def test_a_notebook_goes_on_with_what_is_right(capsys):
    right, wrong, blank = (lambda array: 2 * array), (lambda array: array), blank_function
    for answer in (right, wrong, blank):
        (found,) = engine.chosen({q1_1: answer}, {q1_1: "ours"})
        assert found == (right if answer is right else "ours")
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["yours: q1_1 · the course's: none", *["yours: none yet · the course's: q1_1"] * 2]
