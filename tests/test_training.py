"""`fit`: best weights, one line, and runs that end as if nothing had happened to them, whatever did happen."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import cv2
import IPython
import keras
import numpy as np
import psutil
import pytest
from keras import ops

from course_utils import training
from course_utils.classes import ELIRET
from course_utils.data import Pairs
from course_utils.metrics import ConfusionMatrix, MeanIoU
from course_utils.training import fit
from tests.conftest import ROOT

EPOCHS, STEPS = 5, 4  # of the runs that are interrupted


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    """States go to a folder of the test, after every epoch."""
    monkeypatch.setattr(training, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(training, "SAVE_EVERY", -1)
    return tmp_path / "runs"


def own_loss(masks, predictions):  # a function, whose text holds an address that the next process does not share
    return ops.mean((ops.cast(masks, "float32") - ops.reshape(predictions, ops.shape(masks))) ** 2)


def network(seed=1, width=2, rate=0.01, loss=own_loss, metrics=(), schedule=True, eager=True):
    """Has all that a state must hold: weights, moving averages, momenta, the state of the dropout, the step of the schedule.

    `eager` saves the seconds that a backend takes to compile; what depends on the backend's own loop is tested without.
    """
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    x = inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)  # the gradient of a bias here is rounding, which Adam enlarges
    x = layers.BatchNormalization(momentum=0.5)(x)
    x = layers.Dropout(0.2, seed=3)(x)
    model = keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))
    rate = keras.optimizers.schedules.CosineDecay(rate, EPOCHS * STEPS) if schedule else rate
    model.compile(keras.optimizers.Adam(rate), loss, metrics=list(metrics), run_eagerly=eager)
    return model


class Batches(keras.utils.PyDataset):
    """Another order in each epoch, as `course_utils.data` has it; remembers what it was asked for."""

    def __init__(self, steps=STEPS):
        super().__init__()
        rng = np.random.default_rng(0)
        self.images = rng.random((4 * steps, 8, 8, 1), np.float32)
        self.masks = np.uint8(self.images[..., 0] > 0.5)
        self.epoch, self.steps, self.asked = 0, steps, []

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        self.asked.append(index)
        chosen = np.random.default_rng(self.epoch).permutation(len(self.images))[index :: self.steps]
        return self.images[chosen], self.masks[chosen]

    def on_epoch_end(self):
        self.epoch += 1


def arrays(number=8, target=None):
    data = Batches(number // 4)
    return data.images, data.masks if target is None else np.full(data.masks.shape, target, np.float32)


def course_batches(folder):
    """Those of `course_utils.data`, shuffled and augmented."""
    folder = Path(folder)
    for number in range(4 * STEPS):
        picture = np.random.default_rng(number).integers(256, size=(8, 8)).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number}x.png"), picture)
        cv2.imwrite(str(folder / f"{number}y.png"), np.uint8(255 * (picture > 127)))
    images, masks = ([folder / f"{number}{kind}.png" for number in range(4 * STEPS)] for kind in "xy")

    def turn(image, mask, rng):
        times = rng.integers(4)
        return np.rot90(image, times).copy(), np.rot90(mask, times).copy()

    return Pairs(images, masks, ELIRET, grey=True).batches(batch=4, shuffle=True, augment=turn)


def stop_at(step, how):
    """From here on, `how()` is called when a training ends its step number `step`."""
    steps = iter(range(1, 10**6))
    original = training._Keeper.on_train_batch_end

    def on_train_batch_end(self, batch, logs=None):
        original(self, batch, logs)
        if next(steps) == step:
            how()

    training._Keeper.on_train_batch_end = on_train_batch_end
    return original


def interrupted(step, *args, **kwargs):
    def interrupt():
        raise KeyboardInterrupt

    original = stop_at(step, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            fit(*args, **kwargs)
    finally:
        training._Keeper.on_train_batch_end = original


def killed_run(data):
    """What the child process does: it dies by its own hand in the middle of the third epoch."""
    stop_at(2 * STEPS + 2, lambda: os.kill(os.getpid(), signal.SIGKILL))
    fit(network(eager=False), course_batches(data), epochs=EPOCHS, name="killed")


# A run from its beginning to its end


@pytest.mark.parametrize("few", [False, True])
def test_several_inputs_and_outputs(few):
    images, masks = np.random.default_rng(3).random((2, 6, 4, 4, 1), dtype=np.float32)
    inputs = [keras.Input((4, 4, 1)) for _ in "ab"]
    outputs = {name: keras.layers.Conv2D(1, 1, name=name)(keras.layers.Add()(inputs)) for name in "cd"}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", {"c": "mse", "d": "mse"}, run_eagerly=True)
    data = [images, images[:5] if few else images], {"c": masks, "d": masks}
    with pytest.raises(ValueError, match=r"^train must be .images, masks. .* equally many") if few else contextlib.nullcontext():
        assert np.isfinite(training.fit(model, data, epochs=1, batch=2).history["loss"]).all()


@pytest.mark.parametrize(
    ("train", "validation", "eager"),
    [
        (arrays(), arrays(), False),
        (arrays(), None, True),
        (arrays(), Batches(2), True),
        (Batches(), arrays(), True),
        (Batches(), Batches(2), False),
    ],
)
def test_arrays_and_datasets(train, validation, eager, runs):
    model = network(metrics=[MeanIoU(2), ConfusionMatrix(2)], eager=eager)
    result = fit(model, train, validation, epochs=3, batch=4)
    names = {"loss", "mean_iou"} | ({"val_loss", "val_mean_iou"} if validation else set())
    assert set(result.history) == names  # a matrix is no curve
    assert all(len(values) == 3 and all(isinstance(value, float) for value in values) for values in result.history.values())
    assert result.seconds > 0
    assert 1 <= result.best_epoch <= 3
    assert not runs.exists()


def closeness(masks, predictions):
    return -ops.mean(ops.abs(masks - ops.reshape(predictions, ops.shape(masks))), axis=(1, 2))


@pytest.mark.trains
@pytest.mark.parametrize(
    ("monitor", "mode", "metrics", "best"),
    [
        (None, None, [], min),
        ("val_mae", None, ["mae"], min),
        ("val_closeness", "max", [closeness], max),
    ],
)
def test_the_best_weights_stay(monitor, mode, metrics, best, seed):
    model = network(seed, rate=0.1, metrics=metrics, schedule=False)
    validation = arrays(target=0.7)  # on the way from 0.5 to the 1 of training: better first, then worse again
    result = fit(model, arrays(target=1), validation, epochs=8, batch=4, monitor=monitor, mode=mode)
    values = result.history[monitor or "val_loss"]
    assert result.best_epoch == values.index(best(values)) + 1
    assert 1 < result.best_epoch < 8
    again = model.evaluate(*validation, batch_size=4, verbose=0, return_dict=True)
    assert again[(monitor or "val_loss").removeprefix("val_")] == pytest.approx(best(values), rel=1e-5)


@pytest.mark.trains
def test_patience_ends_a_training(seed):
    model = network(seed, rate=0.1, schedule=False)
    validation = arrays(target=0.7)
    result = fit(model, arrays(target=1), validation, epochs=30, batch=4, patience=2)
    assert len(result.history["loss"]) == result.best_epoch + 2 < 30
    assert model.evaluate(*validation, batch_size=4, verbose=0) == pytest.approx(min(result.history["val_loss"]), rel=1e-5)


def test_sample_weights():
    model = network()
    before = [ops.convert_to_numpy(weight) for weight in model.trainable_weights]
    model.compile("sgd", "mse", run_eagerly=True)
    images, masks = arrays()
    fit(model, (images, masks, np.zeros(len(images), np.float32)), epochs=2)
    for weight, old in zip(model.trainable_weights, before, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(weight), old)


def test_a_dataset_keeps_its_order():
    data = Batches(8)
    fit(network(), data, epochs=3)
    assert data.asked[-24:] == 3 * list(range(8))


def test_peak_memory():
    assert psutil.Process().memory_info().rss / 1e6 * 0.98 <= training.peak_mb() < psutil.virtual_memory().total / 1e6


# After an interruption


@pytest.mark.parametrize(("step", "eager"), [(STEPS + 1, True), (3 * STEPS, True), (3 * STEPS + 2, False)])
def test_a_resumed_run_equals_an_uninterrupted_one(step, eager, runs, capsys):
    whole = network(eager=eager)
    expected = fit(whole, Batches(), arrays(), epochs=EPOCHS)
    interrupted(step, network(eager=eager), Batches(), arrays(), epochs=EPOCHS, name="stopped")
    assert [path.name for path in runs.iterdir()] == ["stopped.npz"]
    capsys.readouterr()
    model = network(seed=2, eager=eager)
    result = fit(model, Batches(), arrays(), epochs=EPOCHS, name="stopped")
    assert f"(went on after epoch {(step - 1) // STEPS})" in capsys.readouterr().out
    assert not list(runs.iterdir())
    assert result.best_epoch == expected.best_epoch
    for key, values in expected.history.items():
        np.testing.assert_allclose(result.history[key], values, atol=1e-6)
    for ours, theirs in zip(model.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert int(model.optimizer.iterations) == EPOCHS * STEPS
    assert float(model.optimizer.learning_rate) == pytest.approx(float(whole.optimizer.learning_rate), abs=1e-9)


def test_a_run_survives_kill_9(runs, tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    whole = network(eager=False)
    expected = fit(whole, course_batches(data), epochs=EPOCHS)
    child = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import pathlib
from tests import conftest, test_training
test_training.training.RUNS, test_training.training.SAVE_EVERY = pathlib.Path({str(runs)!r}), -1
test_training.killed_run({str(data)!r})
"""
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, timeout=600)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with np.load(runs / "killed.npz") as file:
        state = json.loads(str(file["state"]))
    assert len(state["history"]["loss"]) == 2
    (runs / "killed.999999999.new").write_bytes(b"what a kill in the middle of writing leaves")
    monkeypatch.setattr(training, "SAVE_EVERY", 1000)
    model = network(seed=2, eager=False)
    start = time.perf_counter()
    result = fit(model, course_batches(data), epochs=EPOCHS, name="killed")
    elapsed = time.perf_counter() - start
    np.testing.assert_allclose(result.history["loss"], expected.history["loss"], atol=1e-6)
    for ours, theirs in zip(model.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert result.seconds == pytest.approx(state["seconds"] + elapsed, rel=0.1)
    assert not list(runs.iterdir())


@pytest.mark.parametrize("difference", [{"width": 3}, {"rate": 0.02}, {"loss": "mse"}, {"schedule": False}])
def test_a_state_of_something_else_is_refused(difference, runs):
    interrupted(2 * STEPS, network(), Batches(), epochs=EPOCHS, name="mine")
    with pytest.raises(ValueError, match=r"runs/mine\.npz holds an interrupted training of another .*delete runs/mine\.npz"):
        fit(network(**difference), Batches(), epochs=EPOCHS, name="mine")
    assert (runs / "mine.npz").exists()
    fit(network(), Batches(), epochs=EPOCHS, name="mine")  # nothing was lost


def test_only_what_is_due_is_saved(runs, monkeypatch):
    monkeypatch.setattr(training, "SAVE_EVERY", 1000)
    interrupted(3 * STEPS, network(), Batches(), epochs=EPOCHS, name="quick")
    assert not runs.exists()


def test_fewer_epochs_than_were_done():
    interrupted(3 * STEPS + 1, network(), Batches(), epochs=EPOCHS, name="less")
    assert len(fit(network(), Batches(), epochs=2, name="less").history["loss"]) == 3


# What goes wrong


def test_loss_that_is_not_a_number(runs):
    images, masks = arrays()
    images[0, 0, 0, 0] = np.nan
    with pytest.raises(FloatingPointError, match=r"not a number after epoch 1\. A smaller learning rate"):
        fit(network(), (images, masks), epochs=2, name="nan")
    assert not runs.exists()  # nobody would want to go on from there


def test_validation_that_is_not_a_number_is_never_best():
    model = network()
    keeper = training._Keeper("val_loss", 1, 3, None, None)
    keeper.set_model(model)
    keeper.restore()
    for epoch, value in enumerate([np.nan, 0.5, np.nan]):
        keeper.on_epoch_end(epoch, {"loss": 1.0, "val_loss": value})
        assert keeper.best_epoch == [1, 2, 2][epoch]  # the first stands in until there is a number


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"epochs": 0}, "at least 1"),
        ({"epochs": 1, "monitor": "val_iou", "mode": "max"}, "monitor='val_iou' is not among .*: loss, val_loss"),
    ],
)
def test_wrong_arguments(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        fit(network(), arrays(), arrays(), **arguments)


def test_a_model_without_input_cannot_be_resumed():
    model = keras.Sequential([keras.layers.Conv2D(1, 3, padding="same")])
    model.compile("sgd", own_loss, run_eagerly=True)
    with pytest.raises(ValueError, match=r"keras\.Input"):
        fit(model, arrays(), epochs=1, name="unbuilt")
    fit(model, arrays(), epochs=1)  # without a name there is nothing to resume


# The line

LAST = r"3 epochs in \d+ s · best val_loss 0\.\d+ in epoch \d · peak memory \d+ MB"
BETWEEN = r"epoch [0-3] of 3 · (loss \S+ · val_loss \S+ · )?\d+ s, (about \d+ s|estimating the time) left"


def test_one_line_in_a_log(capsys):
    fit(network(), arrays(), arrays(), epochs=3, batch=4)
    output, errors = capsys.readouterr()
    assert re.fullmatch(LAST + r"\n", output)
    assert not errors


def test_one_line_that_is_written_over_in_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(training._Line, "due", lambda self: True)
    fit(network(), arrays(), arrays(), epochs=3, batch=4)
    output = capsys.readouterr().out
    assert output.count("\n") == 1
    assert output.endswith("\n")
    _, *between, last = (text.strip() for text in output.split("\r"))
    assert len(between) == 9  # two steps and an end in each epoch
    assert all(re.fullmatch(BETWEEN, text) for text in between)
    assert "estimating" in between[0]
    assert all("about" in text for text in between[1:])
    assert re.fullmatch(LAST, last)


def test_one_display_in_a_notebook(capsys, monkeypatch):
    texts = []
    handle = SimpleNamespace(update=lambda data, raw: texts.append(data["text/plain"]))

    def display(data, raw, display_id):
        assert display_id
        assert not texts  # a second display would be a second line
        handle.update(data, raw)
        return handle

    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(training._Line, "due", lambda self: True)
    fit(network(), arrays(), arrays(), epochs=3, batch=4)
    assert all(re.fullmatch(BETWEEN, text) for text in texts[:-1])
    assert re.fullmatch(LAST, texts[-1])
    assert capsys.readouterr().out == ""


def test_the_line_is_not_written_more_often_than_can_be_read(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    line = training._Line()
    line.write("now")
    line.write("too soon")
    line.write("end", last=True)
    assert capsys.readouterr().out.split() == ["now", "end"]


def test_time_left(monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(training, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    keeper = training._Keeper("loss", 1, 10, None, None)
    keeper.restore()
    clock.now = 60  # compiling
    assert keeper._progress(0.1) == "epoch 0 of 10 · 60 s, estimating the time left"
    clock.now = 65
    assert keeper._progress(0.6) == "epoch 0 of 10 · 65 s, about 94 s left"
    clock.now = 69
    keeper.history = {"loss": [0.5], "val_loss": [0.123456]}
    assert keeper._progress(1) == "epoch 1 of 10 · loss 0.5 · val_loss 0.1235 · 69 s, about 90 s left"


def test_measuring_enlarges_logits_to_the_size_of_each_mask(tmp_path):
    """Against OpenCV's enlargement of the logits, mask by mask, one of them larger than the others."""
    rng = np.random.default_rng(1)
    images, masks = [], []
    for number, shape in enumerate([(24, 32), (24, 32), (48, 40)]):
        images.append(tmp_path / f"{number}.png")
        masks.append(tmp_path / f"{number}_mask.png")
        cv2.imwrite(str(images[-1]), cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), shape[::-1]))
        cv2.imwrite(str(masks[-1]), 255 * rng.integers(0, 2, shape, dtype=np.uint8))
    pairs = Pairs(images, masks, ELIRET)
    inputs = keras.Input((12, 16, 3))
    model = keras.Model(inputs, keras.layers.Conv2D(2, 3, padding="same")(inputs))
    expected = np.zeros((2, 2), int)
    for number in range(3):
        image, _ = pairs[number].arrays((12, 16))
        _, mask = pairs.read(number)
        logits = cv2.resize(ops.convert_to_numpy(model(image))[0], mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
        np.add.at(expected, (mask, logits.argmax(-1)), 1)
    found = training.measure(model, pairs, (12, 16))
    assert found.sum() == 2 * 24 * 32 + 48 * 40
    assert np.abs(found - expected).sum() <= 4  # ties, rounded apart


def test_peak_memory_is_that_of_the_process_alone():
    """A child of a large process is small."""
    large = np.ones(60_000_000)
    code = "from course_utils.training import peak_mb; print(peak_mb())"
    environment = os.environ | {"PYTHONPATH": str(Path(training.__file__).parents[1])}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
    assert float(said) < training.peak_mb() - 200
    assert large.sum() == len(large)
