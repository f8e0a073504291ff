"""What has a state crosses as data: random generators, networks and layers of Keras. The other end rebuilds them, and runs no code of ours.

A network is its configuration, its weights and, once it was compiled, its optimizer. It is rebuilt under Keras' safe mode, and before
that every class in its configuration is looked at: Keras' own and the course's, none that runs code or opens files.
"""

import json
import re
from importlib import import_module

import numpy as np

PARTS = "activations|constraints|dtype_policies|initializers|layers|models|ops|optimizers|random|regularizers"
MODULES = rf"builtins|course_utils\.(layers|models)(\.\w+)?|keras(\.src)?(\.({PARTS})[\w.]*)?"
VALUES = r"__(keras_tensor|numpy|tensor|tuple|bytes|slice|ellipsis|complex)__"  # what Keras writes values of Python as
REACHES_OUT = r"Lambda|TFSMLayer|\w*(Jax|Flax|Torch)\w*|\w*Lookup|TextVectorization|FeatureSpace|Hashing"
DEEPEST = 200  # levels of a configuration


def of_a_backend(value) -> bool:
    """Whether it is a tensor, a network or something else of Keras or of a backend, or a class of theirs."""
    kind = value if isinstance(value, type) else type(value)
    return any(base.__module__.startswith(("keras.", "tensorflow.", "jax")) for base in kind.__mro__)


def has_state(value) -> bool:
    """Whether `pack` takes it."""
    return isinstance(value, np.random.Generator) or (of_a_backend(value) and not isinstance(value, type) and _is_layer(value))


def _is_layer(value):
    import keras

    return isinstance(value, keras.Layer)


def pack(value) -> dict:
    """A generator, a layer or a network as plain data; ValueError in words where Keras cannot say what it is made of."""
    if isinstance(value, np.random.Generator):
        return {"generator": value.bit_generator.state}
    optimizer = getattr(value, "optimizer", None)
    packed = {"layer": _config(value), "weights": value.get_weights()}
    return packed | ({"optimizer": [_config(optimizer), int(optimizer.iterations)]} if optimizer is not None else {})


def _config(value):
    """The configuration as JSON, without what `compile` was told: losses and metrics may be anybody's functions."""
    import keras

    kind = type(value)
    try:
        if not kind.__module__.startswith(("keras.", "course_utils.")):
            raise TypeError
        if not isinstance(value, keras.Model):
            return json.dumps(keras.saving.serialize_keras_object(value))
        names = {"module": kind.__module__, "class_name": kind.__name__, "registered_name": keras.saving.get_registered_name(kind)}
        return json.dumps(names | {"config": value.get_config()})
    except Exception:  # of whatever code of a student's class
        raise ValueError(f"{kind.__name__} is nothing that Keras itself can rebuild; take its layers and networks") from None


def unpack(packed):
    """The object that `packed` describes; ValueError in words for anything but a generator, or layers that only compute."""
    if "generator" in packed:
        return restore(np.random.Generator(np.random.PCG64()), packed)
    return restore(_rebuilt(packed["layer"]), packed)


def restore(value, packed):
    """`value` with the state in `packed`."""
    if "generator" in packed:
        value.bit_generator.state = packed["generator"]
        return value
    if packed["weights"]:
        value.set_weights(packed["weights"])
    if "optimizer" in packed:
        config, steps = packed["optimizer"]
        value.compile(_rebuilt(config))
        value.optimizer.iterations.assign(steps)
    return value


def _rebuilt(config):
    import keras

    config = json.loads(config)
    _look_at(config)
    return keras.saving.deserialize_keras_object(config, safe_mode=True)


def _look_at(config, level=0):
    """ValueError where a configuration names a class that is not Keras' or the course's, or that does more than compute."""
    if level > DEEPEST:
        raise ValueError("the network's configuration is nested without end")
    if isinstance(config, dict):
        config.pop("compile_config", None)
        name = config.get("class_name")
        if name and not re.fullmatch(VALUES, str(name)):
            module = str(config.get("module") or "")
            if not re.fullmatch(MODULES, module) or re.fullmatch(REACHES_OUT, str(name)):
                raise ValueError(f"the network holds {name!r:.60}, which is not Keras' own; take its layers, so that it can be rebuilt")
            if module.startswith("course_utils."):
                import_module(module)  # where the course registers its layers
    for part in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        _look_at(part, level + 1)
