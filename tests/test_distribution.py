"""Several devices and several processes against one: the same losses and weights, each image read once, one file, one line.

A process can join others only once and before anything is computed: what is compared runs in processes of its own (`child`).
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from keras import ops

import course_utils
from course_utils import distribution, training
from course_utils.classes import ELIRET
from course_utils.data import Pairs
from course_utils.models import unet
from course_utils.training import fit
from tests.conftest import ROOT

pytest.importorskip("jax")  # the only backend that Keras distributes over hosts

IMAGES, BATCH, EPOCHS = 20, 8, 3  # three steps an epoch, the last one smaller
TWO_DEVICES = "--xla_force_host_platform_device_count=2"


@keras.saving.register_keras_serializable("tests")
class Pixels(keras.metrics.Metric):
    """How many pixels an epoch has shown to the network; twice as many if two processes feed the same images."""

    def __init__(self, name="pixels", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, masks, predictions, sample_weight=None):
        self.total.assign_add(ops.sum(ops.ones_like(masks, "float32")))

    def result(self):
        return self.total + 0


def network(batch_norm, seed=1):
    keras.utils.set_random_seed(seed)
    model = unet((16, 16, 1), widths=(4, 8), batch_norm=batch_norm, dropout=0.2 if batch_norm else 0.0)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "binary_crossentropy", metrics=[Pixels()])
    return model


def pairs(folder):
    images, masks = ([Path(folder) / f"{number}{kind}.png" for number in range(IMAGES)] for kind in "xy")
    return Pairs(images, masks, ELIRET, grey=True)


def augment(image, mask, rng):
    turns = rng.integers(4)
    return np.rot90(image, turns).copy(), np.rot90(mask, turns).copy()


def batches(folder):
    return pairs(folder).batches(batch=BATCH, shuffle=True, augment=augment)


def child(folder, private):
    """What one process does; its results go to `<number of the process>.npz`."""
    folder = Path(folder)
    versions = course_utils.versions()
    number = distribution.place()[0]
    training.RUNS, training.SAVE_EVERY = folder / "runs", -1
    images, masks = pairs(folder).arrays()
    kept, save = {"versions": versions}, training._Keeper._save
    saved, read = [], []
    Pairs.read, original = lambda self, index, size=None: read.append(index) or original(self, index, size), Pairs.read

    def keep(name, model, result):
        kept[name] = json.dumps({**result.history, "best_epoch": result.best_epoch})
        kept.update({f"{name} {index}": weight for index, weight in enumerate(model.get_weights())})

    def refusal(*arguments, **more):
        with pytest.raises((RuntimeError, ValueError)) as caught:
            fit(*arguments, **more)
        return str(caught.value)

    model, data = network(batch_norm=True), batches(folder)
    read.clear()
    keep("batches", model, fit(model, data, epochs=EPOCHS))
    kept |= {"read": read.copy(), "epoch": data.epoch, "whole": len(data[0][0])}
    # On one device again: numbers of images that two cannot share.
    kept["predicted"] = model.predict(images[:5], batch_size=5, verbose=0)
    kept["trained"] = model.train_on_batch(images[:5], masks[:5])[0]
    model = network(batch_norm=False)
    keep("arrays", model, fit(model, (images, masks), batches(folder), epochs=EPOCHS, batch=IMAGES))

    training._Keeper._save = lambda keeper: saved.append(1) or save(keeper)
    end = training._Keeper.on_epoch_end

    def interrupt(keeper, epoch, logs=None):
        end(keeper, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    training._Keeper.on_epoch_end = interrupt
    with pytest.raises(KeyboardInterrupt):
        fit(network(True), batches(folder), epochs=EPOCHS, name="stopped")
    training._Keeper.on_epoch_end = end
    kept["saved"] = len(saved)
    if private and number:
        training.RUNS = folder / f"disk of {number}"
    if private:
        kept["other disk"] = refusal(network(True), batches(folder), epochs=EPOCHS, name="stopped")
        training.RUNS = folder / "runs"
        kept["other seed"] = refusal(network(True, seed=number), batches(folder), epochs=EPOCHS)
    model = network(True, seed=2)
    keep("resumed", model, fit(model, batches(folder), epochs=EPOCHS, name="stopped"))
    if distribution.wanted():
        kept["odd batch"] = refusal(network(False), (images, masks), epochs=1, batch=5)
        kept["odd number"] = refusal(network(False), (images, masks), (images[:3], masks[:3]), epochs=1, batch=4)
        kept["odd batches"] = refusal(network(False), pairs(folder).batches(batch=3), epochs=1)
        kept["odd data"] = refusal(network(False), keras.utils.PyDataset(), epochs=1)
    np.savez(folder / f"{number}.npz", **kept)


def start(*environments, code, cache):
    """Processes that run `code`, each with its own addition to the environment; their standard output and errors."""
    quick = {"KERAS_BACKEND": "jax", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # half the time goes into compiling, often the same again
    quick |= {"JAX_COMPILATION_CACHE_DIR": str(cache), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(distribution.PREFIX)}
    ahead = f"import sys; sys.modules['tensorflow'] = None; sys.path.insert(0, {str(ROOT)!r}); "
    ahead += "from tests import conftest, test_distribution as test; "
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = [
        subprocess.Popen([sys.executable, "-c", ahead + code], env={**inherited, **quick, **addition}, **pipes) for addition in environments
    ]
    try:
        return [(*process.communicate(timeout=600), process.returncode) for process in started]
    finally:
        for process in started:
            process.kill()


def places(number):
    """The variables of so many processes on this host."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    names = {"JOB_ADDRESSES": address, "NUM_PROCESSES": str(number)}
    return [{distribution.PREFIX + k: v for k, v in {**names, "PROCESS_ID": str(one)}.items()} for one in range(number)]


WAYS = {
    "one": [{}],
    "two processes": places(2),
    "two devices": [{"XLA_FLAGS": TWO_DEVICES, distribution.PREFIX + "NUM_PROCESSES": "1"}],
}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Way -> for each of its processes what it kept and what it wrote."""
    kept, cache = {}, tmp_path_factory.mktemp("compiled")
    for way, environments in WAYS.items():
        folder = tmp_path_factory.mktemp("distribution")
        for number in range(IMAGES):
            picture = np.random.default_rng(number).integers(256, size=(16, 16)).astype(np.uint8)
            cv2.imwrite(str(folder / f"{number}x.png"), picture)
            cv2.imwrite(str(folder / f"{number}y.png"), np.uint8(255 * (cv2.blur(picture, (3, 3)) > 127)))
        outputs = start(*environments, code=f"test.child({str(folder)!r}, {len(environments) > 1})", cache=cache)
        for _, errors, code in outputs:
            assert code == 0, errors
        kept[way] = [(dict(np.load(folder / f"{number}.npz")), output) for number, (output, *_) in enumerate(outputs)]
        assert not list((folder / "runs").iterdir())
    return kept


@pytest.mark.parametrize("way", ["two processes", "two devices"])
@pytest.mark.parametrize("run", ["batches", "arrays", "resumed"])
def test_the_same_as_one_device(done, way, run):
    ((expected, _),) = done["one"]
    for kept, _ in done[way]:
        history, wanted = json.loads(str(kept[run])), json.loads(str(expected[run]))
        assert list(history) == list(wanted)
        assert len(history["loss"]) == EPOCHS
        for key in wanted:
            np.testing.assert_allclose(history[key], wanted[key], rtol=1e-4)
        assert set(history["pixels"]) == {IMAGES * 16 * 16}
        weights = [key for key in expected if key.startswith(run + " ")]
        assert len(weights) > 10
        for key in weights:
            np.testing.assert_allclose(kept[key], expected[key], atol=1e-4)


@pytest.mark.parametrize("way", ["two processes", "two devices"])
def test_one_device_again_afterwards(done, way):
    ((expected, _),) = done["one"]
    for kept, _ in done[way]:
        for what in ("predicted", "trained"):
            np.testing.assert_allclose(kept[what], expected[what], atol=1e-4)
        assert kept["predicted"].shape == (5, 16, 16, 1)
        assert kept["epoch"] == EPOCHS
        assert kept["whole"] == BATCH


def test_each_process_reads_its_share_alone(done):
    first, second = (sorted(set(kept["read"].tolist())) for kept, _ in done["two processes"])
    assert len(done["one"][0][0]["read"]) == IMAGES
    assert len(first) < IMAGES  # another half in each epoch, but never all
    assert set(first) | set(second) == set(range(IMAGES))


def test_one_process_writes(done):
    (first, output), (second, other_output) = done["two processes"]
    assert (first["saved"], second["saved"]) == (2, 0)
    assert output.count("3 epochs in") == 3
    assert "went on after epoch 2" in output
    assert "epochs" not in other_output


def test_versions_name_the_devices(done):
    texts = [str(kept["versions"]) for way in WAYS for kept, _ in done[way]]
    assert "process" not in texts[0]
    assert [text.rpartition(" · ")[2] for text in texts[1:]] == [
        "process 0 of 2, 2 devices",
        "process 1 of 2, 2 devices",
        "process 0 of 1, 2 devices",
    ]


@pytest.mark.parametrize("way", ["two processes", "two devices"])
@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("odd batch", "Batches of 5 cannot be shared evenly by 2 devices: take a multiple of 2."),
        ("odd number", "3 images cannot be shared evenly by 2 devices: leave 1 out."),
        ("odd batches", "Batches of 3 cannot be shared evenly by 2 devices: take a multiple of 2."),
        ("odd data", "Several devices can share arrays and the Batches of course_utils.data, but not a PyDataset."),
    ],
)
def test_what_cannot_be_shared(done, way, what, sentence):
    assert [str(kept[what]) for kept, _ in done[way]] == [sentence] * len(WAYS[way])


@pytest.mark.parametrize("what", ["other disk", "other seed"])
def test_processes_that_differ(done, what):
    for kept, _ in done["two processes"]:
        assert "begin with different weights: call keras.utils.set_random_seed" in str(kept[what])


def test_a_process_that_is_missing(tmp_path):
    """JAX ends a process whose others do not come; the sentence is there before."""
    code = (
        "import functools, jax, course_utils; from course_utils import distribution; distribution.PATIENCE = 0.5; "
        "jax.distributed.initialize = functools.partial(jax.distributed.initialize, initialization_timeout=3); course_utils.versions()"
    )
    for place in places(2):
        ((_, errors, ended),) = start(place, code=code, cache=tmp_path)
        assert ended != 0
        number = place[distribution.PREFIX + "PROCESS_ID"]
        assert f"Process {number} of 2 waits for the others at 127.0.0.1:" in errors


@pytest.fixture
def variables(monkeypatch):
    for name in list(os.environ):
        if name.startswith(distribution.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    return lambda **given: [monkeypatch.setenv(distribution.PREFIX + name, value) for name, value in given.items()]


def test_nothing_is_asked_for(variables):
    variables(NUM_PROCESSES="")
    assert distribution.start() == ""
    assert distribution.place() == (0, 1)


@pytest.mark.parametrize(
    "given",
    [
        {"NUM_PROCESSES": "2"},
        {"JOB_ADDRESSES": "host:1"},
        {"NUM_PROCESSES": "2", "JOB_ADDRESSES": "host:1"},
        {"NUM_PROCESSES": "2", "PROCESS_ID": "0"},
        {"NUM_PROCESSES": "2", "JOB_ADDRESSES": "host:1", "PROCESS_ID": "2"},
        {"NUM_PROCESSES": "two", "JOB_ADDRESSES": "host:1", "PROCESS_ID": "0"},
    ],
)
def test_incomplete_variables(variables, given):
    variables(**given)
    with pytest.raises(ValueError, match=r"NUM_PROCESSES='.*do not go together: give the number of processes, host:port"):
        distribution.start()


def test_another_backend(variables, monkeypatch):
    variables(NUM_PROCESSES="1")
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    with pytest.raises(ValueError, match="with Keras on JAX alone, and this is tensorflow: set KERAS_BACKEND=jax"):
        distribution.start()


def test_fit_before_the_processes_met(variables):
    variables(NUM_PROCESSES="2", JOB_ADDRESSES="host:1", PROCESS_ID="1")
    with pytest.raises(RuntimeError, match=r"begin with course_utils\.versions\(\)"):
        fit(network(False), (np.zeros((2, 16, 16, 1)), np.zeros((2, 16, 16, 1))), epochs=1)
