"""Submissions of the course's homework that want marks for nothing: forged verdicts, the checks' own code, networks that are none."""

from . import C, Case, N, W, X

START = "import numpy as np\nfrom course_utils.exercises import HOMEWORK as ex\nfrom course_utils.exercises import ____"


def cells(*codes):
    """A notebook of code cells after the setup's imports."""
    shape = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return {"cells": [shape | {"source": code} for code in (START, *codes)], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def forged(*questions):
    """The three lines that once earned 7 of 10 questions, and answers of no worth."""
    lines = "from course_utils.exercises import engine\n\nengine.Question.verdict = lambda *_: ('correct', '')"
    return cells(lines, *(f"ex.{question}.check(lambda *_, **__: None)" for question in questions))


FCN = """
import keras
from keras import layers

def chain(width, convolution=layers.Conv2D, last=lambda x: x):
    x = inputs = keras.Input((None, None, 1))
    for _ in range(3):
        x = layers.Dropout(0.25)(convolution(width, 5, strides=2, padding="same", activation="relu")(x))
    for _ in range(2):
        x = layers.Dropout(0.25)(layers.Conv2DTranspose(width, 5, strides=2, padding="same", activation="relu")(x))
    return keras.Model(inputs, last(layers.Conv2DTranspose(1, 5, strides=2, padding="same")(x)))
"""
SENT = """
import gc, json

(peer,) = [thing for thing in gc.get_objects() if type(thing).__name__ == "Peer"]
config = {"class_name": "NAME", "module": "MODULE", "config": CONFIG, "registered_name": None}
def answer(width):
    return 1
peer.functions.append(answer)
real = peer.encode
peer.encode = lambda value: real(value) if value != 1 else {
    "object": ["0", {"dict": [["layer", json.dumps(config)], ["weights", {"list": []}]]}]
}
ex.q1.check(answer)
"""


def sent(module, name, config="{}"):
    return cells(SENT.replace("MODULE", module).replace("NAME", name).replace("CONFIG", config))


LOSS = """
import keras

def dice(masks, p):
    both = keras.ops.sum(masks * p)
    return 1 - (2 * both + 1) / (keras.ops.sum(masks) + keras.ops.sum(p) + 1)
"""
LOOK = """
import os

def instrument(read):
    for place in PLACES:
        try:
            seen = read(place) is not None
        except Exception:
            seen = False
        if seen:
            raise ValueError("seen: " + place)
    raise ValueError("seen nothing")

ex.q2.check(instrument)
"""
CASES = {
    "hw1 forges": Case("hw1: the three lines that make every verdict say yes.", "0 points.", forged(*(f"q{n}" for n in range(1, 11))), {}),
    "hw1 chain": Case("hw1: an honest first network.", "Right.", cells(FCN, "ex.q1.check(chain)"), {"q1": C}),
    "hw1 own layer": Case(
        "hw1: a network with a class of their own.",
        "Wrong, and which class.",
        cells(FCN, "class Mine(layers.Conv2D):\n    pass", "ex.q1.check(lambda width: chain(width, Mine))"),
        {"q1": W},
        "'Mine', which is not Keras' own",
    ),
    "hw1 own network": Case(
        "hw1: a network whose class answers as it likes.",
        "Wrong.",
        cells(FCN, "class Net(keras.Model):\n    def call(self, x):\n        return x", "ex.q1.check(lambda width: Net())"),
        {"q1": W},
        "Net is nothing that Keras itself can rebuild",
    ),
    "hw1 lambda": Case(
        "hw1: a Lambda layer, whose code would run where it is rebuilt.",
        "Wrong; it does not run.",
        cells(FCN, "ex.q1.check(lambda width: chain(width, last=layers.Lambda(lambda x: x)))"),
        {"q1": W},
        "'Lambda', which is not Keras' own",
    ),
    "hw1 patched": Case(
        "hw1: a network whose layers were patched to look like others.",
        "Wrong: what was rebuilt has only its configuration and weights.",
        cells(
            FCN, "def patched(width):\n    model = chain(1)\n    model.layers[1].filters = width\n    return model", "ex.q1.check(patched)"
        ),
        {"q1": W},
    ),
    "hw1 runs a command": Case("hw1: a configuration that names os.system.", "Wrong.", sent("os", "system"), {"q1": W}, "not Keras' own"),
    "hw1 opens a file": Case(
        "hw1: a configuration whose layer reads a file.",
        "Wrong.",
        sent("keras.layers", "StringLookup", "{'vocabulary': '/etc/passwd'}"),
        {"q1": W},
        "not Keras' own",
    ),
    "hw1 is large": Case(
        "hw1: a network of 40 GB.",
        "Wrong, or ended; the grader's memory is bounded.",
        sent("keras.layers", "Dense", "{'units': 10**5, 'build_config': {'input_shape': [None, 10**5]}}"),
        {"q1": W},
    ),
    "hw2 forges": Case("hw2: the three lines.", "0 points.", forged("q1", "q2", "q6", "q7", "q8", "q10"), {}),
    "hw2 no array": Case(
        "hw2: numbers that are equal to everything.",
        "Wrong: they cross as plain numbers.",
        cells(
            "class Any(float):\n    __eq__ = lambda *_: True\n    __hash__ = float.__hash__",
            "ex.q3.check(lambda images, side, copies: Any(1))",
            "ex.q4.check(lambda *_: np.float64('nan'))",
        ),
        {"q3": W, "q4": W},
    ),
    "hw3 forges": Case("hw3: the three lines.", "0 points.", forged("q1", "q3", "q4", "q5", "q13"), {}),
    "hw3 takes the reference": Case(
        "hw3: imports what the checks compare with.",
        "Not run: it is not there.",
        cells(
            "from course_utils.exercises.hw3 import region\nex.q1.check(region)",
            "ex.q2.check(ex.stack)",
            "from course_utils.models import unet\nex.q3.check(lambda rows, columns, width: unet((rows, columns, 3), 1, [width]))",
        ),
        {"q1": X, "q2": X, "q3": X},
        "course_utils.models is not here when homework is graded",
    ),
    "hw3 lets yours answer": Case(
        "hw3: hands in what `yours` gives for a blank.",
        "Not attempted: it gives the blank back.",
        cells("(region,) = ex.yours(q1=____)\nex.q1.check(region)"),
        {"q1": N},
    ),
    "hw3 loss": Case("hw3: an honest loss.", "Right; its slope is measured where it is.", cells(LOSS, "ex.q4.check(dice)"), {"q4": C}),
    "hw3 loss in numpy": Case(
        "hw3: the same loss in numpy.",
        "Wrong: no network can be trained with it.",
        cells(LOSS.replace("keras.ops", "np"), "ex.q4.check(dice)"),
        {"q4": W},
        "use keras.ops",
    ),
    "hw3 loss without slope": Case(
        "hw3: right values, and a part without a slope.",
        "Wrong.",
        cells(LOSS.replace("sum(p)", "sum(keras.ops.stop_gradient(p))"), "ex.q4.check(dice)"),
        {"q4": W},
        "not the slope",
    ),
    "hw4 forges": Case("hw4: the three lines.", "0 points.", forged(*(f"q{n}" for n in range(1, 13))), {}),
    "hw4 guesses": Case("hw4: all three letters.", "The last counts.", cells("for letter in 'BAC':\n    ex.q11.check(letter)"), {"q11": W}),
    "hw4 reads the checks": Case(
        "hw4: runs the file of the checks.",
        "Not run: it cannot be read.",
        cells("exec(open('ROOT/course_utils/exercises/hw4.py').read().replace('from .', 'from x'))\nex.q1.check(coverage)"),
        {"q1": X},
        "PermissionError",
    ),
    "hw4 strings": Case(
        "hw4: a text that equals every other.",
        "Wrong.",
        cells(
            "class Any(str):\n    __eq__ = lambda *_: True\n    __hash__ = str.__hash__",
            "ex.q11.check(Any('A'))\nex.q4.check(lambda *_: Any('x'))",
        ),
        {"q11": W, "q4": W},
    ),
    "hw4 spoils": Case(
        "hw4: changes the masks and tables that it is given.",
        "Wrong: the judge compares with its own.",
        cells("def translate(mask, table):\n    mask[:], table[:] = 255, 255\n    return mask", "ex.q3.check(translate)"),
        {"q3": W},
    ),
    "hw5 forges": Case("hw5: the three lines.", "0 points.", forged(*(f"q{n}" for n in range(1, 16))), {}),
    "hw5 looks inside": Case(
        "hw5: an instrument that reads a program's code instead of running it.",
        "Wrong: programs are not there, and are called across.",
        cells(
            "import inspect",
            "ex.q1.check(lambda program: 'LINEAR' in inspect.getsource(program))",
            "ex.q8.check(lambda head: bool(head.__closure__))",
        ),
        {"q1": W, "q8": W},
    ),
    "hw5 reads pictures": Case(
        "hw5: has the judge's reader open the teacher's pictures.",
        "It cannot.",
        cells(LOOK.replace("PLACES", "('ROOT/notebooks/pictures/00_start_here.png', '/etc/passwd')")),
        {"q2": W},
        "seen nothing",
    ),
    "hw5 blocks the judge": Case(
        "hw5: has the judge's reader open a pipe that nobody writes to.",
        "Ended after its seconds.",
        cells("import os\nos.mkfifo('pipe.png')", LOOK.replace("PLACES", "('pipe.png',)")),
        {"q2": X},
        slow=True,
    ),
    "hw5 bomb": Case(
        "hw5: has the judge's reader open a picture of 10 gigapixels.",
        "Wrong; the judge's memory is bounded.",
        cells("from PIL import Image\nImage.new('1', (100_000, 100_000)).save('bomb.png')", LOOK.replace("PLACES", "('bomb.png',)")),
        {"q2": W},
        slow=True,
    ),
    "hw5 asks without end": Case(
        "hw5: an instrument that never stops asking.",
        "Ended after its seconds.",
        cells("def instrument(program):\n    while True:\n        program(np.zeros((4, 4)), 8, 8)", "ex.q1.check(instrument)"),
        {"q1": X},
        slow=True,
    ),
}
