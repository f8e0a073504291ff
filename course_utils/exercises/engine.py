"""`check`, `hint` and `solution` for one question; what a wrong answer is told; and the blank that a student replaces."""

import hashlib
import inspect
import re
import sys
import textwrap
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, partial
from importlib import metadata
from pathlib import Path

import numpy as np

from . import boxes
from . import progress as kept

SOURCES = Path(__file__).parents[2] / "notebooks" / "src"


class NotYet(Exception):
    """The answer is wrong; the text says what is probably the mistake, never the answer."""


class NotAttempted(Exception):
    """The answer still holds a blank."""


class Blank:
    """What `____` is. Whatever is done with it gives a blank again, so an unsolved cell does not stop the notebook.

    Only where Python or a framework insists on a number (`range(____)`, `keras.ops.add(____, 1)`) there is an error that names the blank.
    """

    def _blank(self, *_, **__):
        return self

    __call__ = __getitem__ = __neg__ = __pos__ = __abs__ = __invert__ = __round__ = __matmul__ = __rmatmul__ = _blank
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _blank
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _blank
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _blank
    __array_ufunc__ = __array_function__ = _blank  # and so does whatever numpy does with it
    __hash__ = object.__hash__

    def __setitem__(self, index, value):
        pass

    def __getattr__(self, name):
        if name.startswith("_"):  # IPython and numpy look for protocols under such names
            raise AttributeError(name)
        return self

    def __iter__(self):
        return iter((self, self))  # so that `a, b = ____` works

    def __bool__(self):
        return False

    def __repr__(self):
        return "____ (your answer goes here)"

    def __format__(self, _):
        return "____"


def has_blank(value) -> bool:
    """Whether `value`, or anything in it if it is a list, a tuple, a dictionary or an array, is still a blank."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = value.ravel().tolist()
    return isinstance(value, Blank) or (isinstance(value, list | tuple) and any(has_blank(v) for v in value))


def call(answer: Callable, *args, **kwargs):
    """The student's function applied to fresh copies of the arguments. A blank, None or an exception ends the check in words."""
    if not callable(answer):
        raise NotYet(f"check() wants your function itself, without parentheses; it got {_kind(answer)}.")
    args = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    try:
        result = answer(*args, **kwargs)
    except Exception as error:
        if _names_blank(error):
            raise NotAttempted from error
        raise NotYet(f"your function stops with {': '.join([type(error).__name__, *str(error).splitlines()[:1]])}") from error
    if has_blank(result):
        raise NotAttempted
    if result is None:
        raise NotYet("your function gives back nothing. Does it end with `return`?")
    return result


def slope(answer: Callable, truth: np.ndarray, given: np.ndarray) -> np.ndarray:
    """The gradient of the student's loss `answer(truth, given)` by `given`, as a training gets it; whatever error that meets."""
    if hasattr(answer, "slope"):  # a function in another process, which is the place to differentiate it
        return answer.slope(truth, given)
    from keras import Input, Sequential, layers, ops, optimizers

    model = Sequential([Input((1,)), layers.Dense(given.size, use_bias=False), layers.Reshape(given.shape)])  # `given` as its weights
    model.set_weights([given.reshape(1, -1)])
    model.compile(optimizers.SGD(1.0), loss=lambda _, out: answer(ops.convert_to_tensor(truth), out[0]), run_eagerly=True)
    model.train_on_batch(np.ones((1, 1)), np.zeros((1, *given.shape)))
    return given - model.get_weights()[0].reshape(given.shape)


def expect(condition, message: str) -> None:
    """End the check with `message` unless `condition` holds."""
    if not condition:
        raise NotYet(message)


def letter(answer, letters: str) -> str:
    """The letter that a student chose, in whatever way they wrote it; NotYet if it is none of `letters`."""
    chosen = str(answer).strip().strip(".'\"").upper()
    expect(len(chosen) == 1 and chosen in letters, f"answer with one letter in quotes: {', '.join(letters)}.")
    return chosen


def one_number(value) -> float:
    """The one number that a student gave, of whatever kind; NotYet for anything else."""
    try:
        array = np.asarray(float(value) if isinstance(value, Fraction | Decimal) else value)
    except ValueError:  # lists of unequal length
        array = np.zeros(0)
    expect(array.size == 1 and array.dtype.kind in "iuf", f"one number is wanted, not {_kind(value)}.")
    return float(array.item())


def numbers(value, what: str = "the result") -> np.ndarray:
    """A student's array, list or tensor as float64; NotYet if it does not hold numbers."""
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise NotYet(f"{what} should be an array of numbers, not {_kind(value)}.") from None


def close(value, other, tolerance: float = 1e-5) -> bool:
    """Whether all numbers of two arrays agree, by their ratio or by their difference."""
    return bool(np.allclose(value, other, rtol=tolerance, atol=tolerance))


class Question:
    """One question. `judge(answer, rng)` raises NotYet with the likely mistake, or returns None for a right answer."""

    def __init__(self, judge: Callable, hints: tuple[str, ...], praise: str = ""):
        self.name, self.module = judge.__name__, judge.__module__.rsplit(".", 1)[-1]
        self.judge, self.hints, self.praise = judge, hints, praise
        self.correct = False  # what the last check found

    @cached_property
    def mark(self) -> str:
        """8 hexadecimal digits that change when the check does, not with its name."""
        body = re.split(r"^def .*\n", inspect.getsource(self.judge), flags=re.M)[-1]
        return hashlib.sha256(body.encode()).hexdigest()[:8]

    @property
    def label(self) -> str:
        """What the question is called in the text: `q4_1` belongs to exercise 4.1."""
        return self.name.removeprefix("q").replace("_", ".")

    def verdict(self, answer, seed: int | None = None) -> tuple[str, str]:
        """("correct" | "wrong" | "not attempted", what to tell the student). Never raises, whatever the answer does."""
        not_attempted = "not attempted", "Not attempted: replace ____ by your answer, run the cell and check again."
        try:
            if has_blank(answer):
                raise NotAttempted
            self.judge(answer, np.random.default_rng(seed))
        except NotAttempted:
            return not_attempted
        except NotYet as wrong:
            return "wrong", f"Not yet: {wrong}"
        except Exception as error:  # an answer of a kind that the check did not foresee
            if _names_blank(error):
                return not_attempted
            return "wrong", f"Not yet: the check could not use your answer ({type(error).__name__}: {error})."
        return "correct", f"Correct. {self.praise}".strip()

    def check(self, answer) -> None:
        """Show whether `answer` is right and, if not, what the mistake may be, with the hints folded below."""
        status, words = self.verdict(answer)
        self.correct = status == "correct"
        if self.correct:
            kept.keep(self.module, self.name, self.mark)
        elif day := kept.records(self.module).get((self.name, self.mark)):
            words += f" (You solved this exercise on {day}, and that counts.)"
        title, message = re.fullmatch(r"(Correct|Not yet|Not attempted)[.:] ?(.*)", words, re.S).groups()
        plain, hints = (words, "") if self.correct else (f"{words}\nStuck? ex.{self.name}.hint()", self._folded())
        boxes.show(status, plain, title, boxes.sentence(message), hints)

    def hint(self, number: int = 1) -> None:
        """Show hint `number`: 1 is a nudge, 2 the idea, 3 pseudo-code. Those after it are folded below. Running it again shows the same."""
        number = min(max(number, 1), len(self.hints)) if isinstance(number, int) else 1
        title, text = f"Hint {number} of {len(self.hints)}", self.hints[number - 1]
        following = f"Next: ex.{self.name}.hint({number + 1})" if number < len(self.hints) else self._way_out()
        boxes.show("hint", f"{title}: {text}\n{following}".strip(), title, boxes.inline(text), self._folded(number))

    def _folded(self, first=0):
        return boxes.folded(self.hints, first, boxes.inline(self._way_out()))

    def _way_out(self):
        """What comes after the last hint; homework does not point at its solutions."""
        return "" if self.module.startswith("hw") else f"Still stuck? `ex.{self.name}.solution()` shows one way to do it."

    def solution(self) -> None:
        """Show the solution, as it stands in the lesson's source."""
        try:
            code = self.source()
        except FileNotFoundError as missing:
            boxes.show("solution", f"Solution: {missing}", "Solution", boxes.sentence(str(missing)))
        else:
            boxes.show("solution", code, "Solution", f"One way to do exercise {self.label}:", boxes.code(code))

    def source(self) -> str:
        """The code between the solution marks of the exercise cell that stands before this question's check.

        FileNotFoundError: the lesson's source is not here, as when `course_utils` was copied alone.
        """
        number = self.module.removeprefix("lesson")
        file = next(SOURCES.glob(f"{number}_*.py"), None)
        if file is None:
            raise FileNotFoundError(f"it stands in notebooks/src/{number}_….py of the course, which is not here. {_address()}".strip())
        text = file.read_text(encoding="utf-8")
        before = text[: re.search(rf"\bex\.{self.name}\.check\(", text).start()]
        cell = re.split(r"^# %%.*\bexercise\b.*$", before, flags=re.MULTILINE)[-1]
        cell = re.split(r"^# %%", cell, flags=re.MULTILINE)[0]
        lines = [line for line in cell.splitlines() if not re.match(r"\s*# (BEGIN SOLUTION|END SOLUTION|STUB:)", line)]
        return textwrap.dedent("\n".join(lines)).strip()


def _address():
    """The course's place on the web as its installation knows it, or ""."""
    try:
        urls = metadata.metadata("segmentation-course").get_all("Project-URL") or ()
    except metadata.PackageNotFoundError:
        urls = ()
    return next((url.partition(", ")[2] for url in urls if url.startswith("Repository,")), "")


def question(*hints: str, praise: str = "") -> Callable[[Callable], Question]:
    """Make a function `judge(answer, rng)` a Question with these hints and its name, such as `q4_1`. Its module gets `progress()`."""

    def asked(judge):
        judge.__globals__.setdefault("progress", partial(progress, judge.__module__))
        return Question(judge, hints, praise)

    return asked


def questions(module) -> dict[str, Question]:
    """Name -> question, of a lesson's or homework's module."""
    return {name: value for name, value in vars(module).items() if isinstance(value, Question)}


def progress(module: str) -> None:
    """Show what is solved of the lesson or homework `module`, and the points where it has TIERS: {name: (points a question, questions)}."""
    asked = dict.fromkeys(questions(sys.modules[module]).values())  # once, also where a copy knows a question by an older name, too
    kept.show(list(asked), getattr(sys.modules[module], "TIERS", {}))


def chosen(answers, course):
    """Of {question: answer} the answers that the checks accept; in place of the others what `course` holds. Prints which."""
    right = {question: question.verdict(answer)[0] == "correct" for question, answer in answers.items()}
    own, ours = ([question.name for question in answers if right[question] == kind] for kind in (True, False))
    print(f"yours: {', '.join(own) or 'none yet'} · the course's: {', '.join(ours) or 'none'}")
    return [answer if right[question] else course[question] for question, answer in answers.items()]


def first_miss(verdicts):
    """The first of several verdicts on one answer that is not "correct"; else the first."""
    return next((verdict for verdict in verdicts if verdict[0] != "correct"), verdicts[0])


def _names_blank(error) -> bool:
    """Whether a library met the blank and complained."""
    return "Blank" in str(error) or "____" in str(error)


def _kind(value) -> str:
    return f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else f"{type(value).__name__} {value!r:.40}"
