"""Several devices of one host, and several hosts: `fit` on all of them, through Keras' own `DataParallel` on JAX.

The variables are Keras' own: `KERAS_DISTRIBUTION_NUM_PROCESSES` is the switch (1: this process with all devices that it sees; without
it one device is used, because the others may be somebody else's), and several processes, one a host, need `…_JOB_ADDRESSES` and
`…_PROCESS_ID` too. Processes can only find each other before anything is computed, therefore `course_utils.versions()`, the first
line of each lesson, calls `start`. The devices belong together only while `fit` runs: a model is built, predicts and is saved on one
device of its process as ever, so that nothing else has to know.
"""

import contextlib
import os
import sys
import threading

import keras

PREFIX = "KERAS_DISTRIBUTION_"
PATIENCE = 20.0  # seconds of waiting without a word
_joined = False  # whether this process has found the others


def start() -> str:
    """Find the other processes, if the environment says that there are any; returns what to add to a line of versions.

    Raises ValueError if the variables are incomplete or the backend is not JAX. JAX waits five minutes for all to come up.
    """
    global _joined
    if not wanted():
        return ""
    number, processes = place()
    if processes > 1 and not _joined:
        with _patience(number, processes):
            keras.distribution.initialize()
        _joined = True
    return f" · process {number} of {processes}, {len(keras.distribution.list_devices())} devices"


@contextlib.contextmanager
def _patience(number, processes):
    """Says on stderr what is amiss if this takes long: JAX ends a process that waits in vain, and there is nothing left to catch."""
    address = os.environ[PREFIX + "JOB_ADDRESSES"].split(",")[0]
    sentence = (
        f"Process {number} of {processes} waits for the others at {address}: start each of them with this address, which all can "
        f"reach, and a {PREFIX}PROCESS_ID of its own."
    )
    timer = threading.Timer(PATIENCE, print, [sentence], {"file": sys.stderr, "flush": True})
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def wanted() -> bool:
    """Whether the environment asks for more than one device."""
    return any(name.startswith(PREFIX) and value for name, value in os.environ.items())


def place() -> tuple[int, int]:
    """Number of this process, from 0, and how many there are; (0, 1) if the environment says nothing."""
    if not wanted():
        return 0, 1
    if keras.backend.backend() != "jax":
        raise ValueError(
            f"Several devices train together with Keras on JAX alone, and this is {keras.backend.backend()}: "
            f"set KERAS_BACKEND=jax, or unset {PREFIX}NUM_PROCESSES."
        )
    address, processes, number = (os.environ.get(PREFIX + name, "") for name in ("JOB_ADDRESSES", "NUM_PROCESSES", "PROCESS_ID"))
    if processes == "1":
        return 0, 1
    if not (address and processes.isdecimal() and number.isdecimal() and int(number) < int(processes)):
        raise ValueError(
            f"{PREFIX}NUM_PROCESSES={processes!r}, {PREFIX}JOB_ADDRESSES={address!r} and {PREFIX}PROCESS_ID={number!r} do not go "
            "together: give the number of processes, host:port of process 0, and this one's number, counted from 0."
        )
    return int(number), int(processes)


@contextlib.contextmanager
def together(model, train, validation, batch):
    """All devices, while this lasts; gives training data, validation data and batch size of this process.

    Of each batch it feeds an equal share. Arrays are dealt out like cards, so that each batch is a mixture as ever; `Batches` read
    the images of their share alone. Afterwards the variables are back on one device. See `fit` for the arguments.

    Raises ValueError for data that cannot be shared evenly, RuntimeError if the processes were not started or differ in their weights.
    """
    if not wanted():
        yield train, validation, batch
        return
    number, processes = place()
    if processes > 1 and not _joined:
        raise RuntimeError("Processes find each other before anything is computed: begin with course_utils.versions().")
    parallel = keras.distribution.DataParallel(devices=keras.distribution.list_devices(), auto_shard_dataset=False)
    both = [data for data in (train, validation) if data is not None]
    for data in both:
        _check(data, batch, parallel.device_mesh.devices.size)
    datasets = [data for data in both if not isinstance(data, tuple)]
    train, validation = (
        tuple(part[number::processes] for part in data) if isinstance(data, tuple) else data for data in (train, validation)
    )
    try:
        for data in datasets:
            data.share = number, processes
        with parallel.scope():
            _move(model)
            yield train, validation, batch // processes
            # No process leaves before all are here: what process 0 has deleted by then, no other finds when it trains again.
            keras.distribution.distribute_tensor(keras.ops.zeros(1), keras.distribution.TensorLayout([None], parallel.device_mesh))
    finally:
        for data in datasets:
            data.share = 0, 1
        _move(model)


def _check(data, batch, devices):
    """ValueError if a batch of `data` cannot be shared evenly by so many devices."""
    if isinstance(data, tuple):
        images = len(data[0])
    elif hasattr(data, "share"):
        images, batch = len(data.pairs), data.batch
    else:
        raise ValueError(f"Several devices can share arrays and the Batches of course_utils.data, but not a {type(data).__name__}.")
    if batch % devices:
        raise ValueError(f"Batches of {batch} cannot be shared evenly by {devices} devices: take a multiple of {devices}.")
    if images % devices:
        raise ValueError(f"{images} images cannot be shared evenly by {devices} devices: leave {images % devices} out.")


def _variables(model):
    """Those of the layers, the optimizer and the metrics. Metrics given to `compile` show up in the model after its first batch only."""
    given = keras.tree.flatten(model._compile_metrics._user_metrics) if model._compile_metrics else []
    new = [variable for metric in given if isinstance(metric, keras.metrics.Metric) for variable in metric.variables]
    return {id(v): v for v in (*model.variables, *model.optimizer.variables, *model.metrics_variables, *new)}.values()


def _move(model):
    """All variables of `model` to every device in the scope of a distribution, to the first one of this process outside."""
    for variable in _variables(model):
        value = keras.ops.convert_to_numpy(variable)
        variable._layout = None  # Keras settles it when a variable is made, and has no public way to do so again
        variable._initialize_layout()
        try:
            variable.assign(value)
        except AssertionError as error:  # JAX compares what the processes hold
            raise RuntimeError(
                "The processes begin with different weights: call keras.utils.set_random_seed with the same number in all of them "
                "and, to resume, let all of them see the folder runs/ of process 0."
            ) from error
    model.train_function = model.test_function = model.predict_function = None  # compiled for the devices of before
