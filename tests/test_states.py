"""States of interrupted trainings: what was done to the file, and what `fit` then says or does."""

import errno
import os
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest

from course_utils import states, training
from course_utils.training import fit

X = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
DATA = X, X.sum(axis=1, keepdims=True)


def network(optimizer="adam", loss="mse", units=1):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
    model.compile(optimizer, loss)
    return model


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(training, "SAVE_EVERY", -1)
    return tmp_path / "runs"


@pytest.fixture
def stopped(runs, monkeypatch):
    """A training of six epochs under the name `mine` that was interrupted after the third."""
    save, count = training._Keeper._save, []

    def save_and_stop(keeper):
        save(keeper)
        count.append(1)
        if len(count) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training._Keeper, "_save", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            fit(network(), DATA, epochs=6, name="mine")
    return runs / "mine.npz"


def without(path, key):
    with np.load(path) as file:
        arrays = dict(file)
    del arrays[key]
    with open(path, "wb") as file:
        np.savez(file, **arrays)


def rewritten(path, **changes):
    with np.load(path) as file:
        arrays = dict(file) | changes
    with open(path, "wb") as file:
        np.savez(file, **arrays)


DAMAGES = {
    "cut in the middle": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "cut at the end": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "text": lambda path: path.write_text("not a state"),
    "an array": lambda path: np.save(open(path, "wb"), np.zeros(3)),  # noqa: SIM115
    "a pickle": lambda path: np.save(open(path, "wb"), np.array([{}], object), allow_pickle=True),  # noqa: SIM115
    "flipped bytes": lambda path: path.write_bytes(path.read_bytes()[:200] + b"????" + path.read_bytes()[204:]),
    "no state": lambda path: without(path, "state"),
    "no weights": lambda path: without(path, "now0"),
    "no best weights": lambda path: without(path, "best1"),
    "no JSON": lambda path: rewritten(path, state="{"),
    "an empty JSON": lambda path: rewritten(path, state="[]"),
    "no history": lambda path: rewritten(path, state='{"of": "x", "history": {}}'),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state_is_one_sentence_each_time(stopped, damage):
    DAMAGES[damage](stopped)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^runs/mine\.npz (is damaged: delete it to start again\.|holds an interrupted)") as caught:
            fit(network(), DATA, epochs=6, name="mine")
        assert "\n" not in str(caught.value)
    stopped.unlink()  # the remedy
    assert len(fit(network(), DATA, epochs=6, name="mine").history["loss"]) == 6


def test_arrays_of_another_shape_are_a_damage(stopped):
    rewritten(stopped, now0=np.zeros((3, 3)))
    with pytest.raises(ValueError, match="is damaged"):
        fit(network(), DATA, epochs=6, name="mine")


def test_the_state_is_gone_on_with(stopped):
    result = fit(network(), DATA, epochs=6, name="mine")
    assert len(result.history["loss"]) == 6
    assert not stopped.exists()


def test_a_folder_or_a_pipe_in_its_place_is_a_sentence(runs):
    (runs / "mine.npz").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"runs/mine\.npz is no file: move it away"):
        fit(network(), DATA, epochs=1, name="mine")
    if hasattr(os, "mkfifo"):
        os.mkfifo(runs / "pipe.npz")
        with pytest.raises(ValueError, match=r"runs/pipe\.npz is no file"):
            fit(network(), DATA, epochs=1, name="pipe")


NAMES = ["../../x", "a/b", "a\\b", "..", ".", "", "/tmp/x", "C:x", "x\0", "x\n", ".hidden", "~", "*", "a[1]", 3, True]


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_names_that_lead_elsewhere_are_refused(runs, name):
    with pytest.raises(ValueError, match="give letters, digits"):
        fit(network(), DATA, epochs=1, name=name)
    assert not runs.exists()


@pytest.mark.parametrize("name", ["mine", "lesson 03", "unet-0.5", "ação", "a_b.c", "lr=1e-3"])
def test_plain_names_are_taken(runs, name):
    fit(network(), DATA, epochs=1, name=name)
    assert list(runs.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("where", ["open", "write", "rename", "mkdir"])
def test_a_disk_that_takes_nothing_ends_no_training(runs, monkeypatch, where, number):
    def refuse(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    target = {"open": (states, "open"), "write": (np, "savez"), "rename": (os, "replace"), "mkdir": (Path, "mkdir")}[where]
    monkeypatch.setattr(*target, refuse, raising=False)
    with pytest.warns(RuntimeWarning, match=r"runs/mine\.npz cannot be written .*the training goes on") as said:
        result = fit(network(), DATA, epochs=4, name="mine")
    assert len([warning for warning in said if warning.category is RuntimeWarning]) == 1
    assert len(result.history["loss"]) == 4
    assert not runs.exists() or list(runs.iterdir()) == []


def test_two_kernels_may_train_under_one_name(runs, monkeypatch):
    """Each writes beside the place under a name of its own; whoever ends first leaves the other one's file alone."""
    runs.mkdir()
    theirs = runs / f"mine.{os.getppid()}.new"  # a process that lives writes this
    theirs.write_bytes(b"half")
    dead = runs / "mine.999999999.new"
    dead.write_bytes(b"half")
    other = runs / "mine2.999999999.new"
    other.write_bytes(b"half")
    fit(network(), DATA, epochs=2, name="mine")
    assert theirs.exists()
    assert not dead.exists()
    assert other.exists()


def compiled(kind):
    keras.mixed_precision.set_dtype_policy("mixed_float16" if kind == "mixed_float16" else "float32")
    try:
        return network({"wrapped": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(1e-3))}.get(kind, lambda: "adam")())
    finally:
        keras.mixed_precision.set_dtype_policy("float32")


@pytest.mark.parametrize("kind", ["plain", "wrapped", "mixed_float16"])
def test_a_model_built_again_in_the_same_kernel_is_the_same(kind):
    assert states.fingerprint(compiled(kind)) == states.fingerprint(compiled(kind))
    assert states.fingerprint(compiled(kind)) != states.fingerprint(network("sgd"))


@pytest.mark.parametrize("kind", ["wrapped", "mixed_float16"])
def test_scaled_optimizers_are_resumed_in_the_same_kernel(runs, monkeypatch, kind):
    model = compiled(kind)
    model.optimizer.build(model.trainable_variables)
    state = states.State(runs, "mine")
    state.write(model, {"history": {"loss": [3.0, 2.0]}, "best": 2.0, "best_epoch": 2, "seconds": 1.0}, model.get_weights())
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert len(fit(compiled(kind), DATA, epochs=4, name="mine").history["loss"]) == 4


def test_bfloat16_is_stored(runs):
    keras.config.set_dtype_policy("bfloat16")
    try:
        models = [network("sgd") for _ in range(2)]
    finally:
        keras.config.set_dtype_policy("float32")
    models[0].optimizer.build(models[0].trainable_variables)
    notes = {"history": {"loss": [1.0]}, "best": 1.0, "best_epoch": 1, "seconds": 1.0}
    states.State(runs, "mine").write(models[0], notes, models[0].get_weights())
    assert states.State(runs, "mine").read(models[1])[0] == notes
    for one, other in zip(models[0].weights, models[1].weights, strict=True):
        assert np.array_equal(keras.ops.convert_to_numpy(one).astype(float), keras.ops.convert_to_numpy(other).astype(float))
