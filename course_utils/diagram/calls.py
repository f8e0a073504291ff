"""Flattens a Keras model into the calls of its layers, models inside of models included, and finds the size at which each one works."""

import re
from dataclasses import dataclass
from fractions import Fraction

import keras

NOMINAL = 960  # pixels that stand for an unknown side: they can be halved six times, and divided by 3 and 5


@dataclass
class Call:
    """A layer at one place in the network.

    sources, positions: numbers of the calls that it reads; positions are those of which it only takes where maxima stood.
    shape: (height, width, channels) of what it makes, for an image with `NOMINAL` pixels where a side is unknown.
    step: how many times smaller it makes the side; stride: all steps from the image to here.
    small, shrunk: it works on a few numbers that stand for the whole image or large parts of it; it is the one that made them.
    """

    layer: object
    sources: list[int]
    positions: list[int]
    shape: tuple[int, int, int]
    stride: Fraction = Fraction(1)
    step: Fraction = Fraction(1)
    small: bool = False
    shrunk: bool = False

    @property
    def name(self) -> str:
        """The layer's class."""
        return type(self.layer).__name__ if self.layer else "Input"

    @property
    def learns(self) -> bool:
        """Whether it computes with weights; what only normalises does not count."""
        return bool(getattr(self.layer, "weights", ())) and not re.search("Normalization|PReLU|Random|Dropout|Scale", self.name)

    @property
    def words(self) -> str:
        """What a drawing says of it, "" if nothing: normalisation, dropout and activations go without saying."""
        name, arrow = self.name, f" ↓{self.step}" if self.step > 1 else f" ↑{1 / self.step}" if self.step < 1 else ""
        if hasattr(self.layer, "kernel_size"):
            kind = next((word for word in ("Depthwise", "Separable") if word in name), "convᵀ" if "Transpose" in name else "conv").lower()
            rate = max(getattr(self.layer, "dilation_rate", (1,)))
            return f"{kind} {'×'.join(map(str, self.layer.kernel_size))}{arrow}" + (f" rate {rate}" if rate > 1 else "")
        if self.shrunk:
            return f"mean {self.shape[0]}×{self.shape[1]}"
        if self.step > 1:
            return ("max pool" if "Max" in name else "mean pool" if "Average" in name else name) + arrow
        if self.step < 1:
            return getattr(self.layer, "interpolation", {"ResizeLike": "bilinear", "MaxUnpooling": "unpool"}.get(name, name)) + arrow
        return ("dense" if name == "Dense" else name) if self.learns else ""

    @property
    def activation(self) -> str:
        """Its name if it makes probabilities, else ""."""
        function = getattr(self.layer, "activation", None)
        name = getattr(function, "__name__", "") or self.name.lower()
        return name if name in ("sigmoid", "softmax") else ""


def calls(model) -> tuple[list[Call], bool]:
    """All calls that lead to an output, each after those that it reads, and whether the sizes of the inputs are known.

    Raises:
        ValueError: the model has no graph (a subclass of keras.Model), no input yet, or no images as input.
    """
    if not isinstance(model, keras.Model):
        raise ValueError(f"draw takes a Keras model, not {type(model).__name__}.")
    graph = _graph(model)
    if graph is None and isinstance(model, keras.Sequential):
        raise ValueError("This Sequential model does not know its input yet: begin it with keras.Input((height, width, channels)).")
    if graph is None:
        raise ValueError(
            f"{type(model).__name__} is a subclass of keras.Model: its call is Python code and no graph of layers, so there is nothing "
            "to draw. Build it with keras.Input and keras.Model(inputs, outputs)."
        )
    images = [tensor for tensor in graph.inputs if len(tensor.shape) == 4]
    if not images:
        shapes = ", ".join(str(tensor.shape) for tensor in graph.inputs)
        raise ValueError(f"draw shows networks for images, (batch, height, width, channels), but here the input is {shapes}.")
    found, given = [], []
    for tensor in graph.inputs:
        shape = (1, *(side or NOMINAL for side in tensor.shape[1:]))
        given.append((keras.KerasTensor(shape, tensor.dtype), len(found), 0))
        found.append(Call(None, [], [], (1, 1, *shape[1:])[-3:]))
    ends = {number for _, number, _ in _walk(graph, given, found)}
    return _needed(found, ends), all(None not in tensor.shape[1:] for tensor in images)


def _graph(model):
    """The object that holds the graph of a functional or Sequential model, or None."""
    graph = getattr(model, "_functional", model)
    return graph if hasattr(graph, "_nodes_by_depth") else None


def _walk(graph, given, found):
    """Adds the calls of a graph to `found`. What is given, and what comes back: (tensor, number of its call, which of its outputs)."""
    at = dict(zip(map(id, graph.inputs), given, strict=True))
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            if node.is_input:
                continue
            read, inner = [at[id(tensor)] for tensor in node.input_tensors], _graph(node.operation)
            if inner:
                made = _walk(inner, read, found)
            else:
                args, kwargs = node.arguments.fill_in({key: spot[0] for key, spot in at.items()})
                tensors = keras.tree.flatten(node.operation.compute_output_spec(*args, **kwargs))
                found.append(_call(node.operation, read, tensors[0].shape, found))
                made = [(tensor, len(found) - 1, which) for which, tensor in enumerate(tensors)]
            at.update(zip(map(id, node.outputs), made, strict=True))
    return [at[id(tensor)] for tensor in graph.outputs]


def _call(layer, read, shape, found):
    """The call of a layer that reads these and makes tensors of that shape."""
    name = type(layer).__name__
    if name == "ResizeLike":  # of its second input it takes the size alone
        read = read[:1]
    positions = {number for tensor, number, which in read if which and "int" in tensor.dtype and len(read) > 1}
    sources = list(dict.fromkeys(number for tensor, number, which in read if not (which and number in positions)))
    befores = [found[number] for number in sources]
    shape = tuple(shape[1:]) if len(shape) == 4 else (*befores[0].shape[:2], shape[-1])
    call = Call(layer, sources, sorted(positions), shape)
    alike = sorted((before for before in befores if before.shape[:2] == shape[:2]), key=lambda before: before.small)
    before = (alike or befores)[0]
    call.stride, call.small = before.stride, before.small
    if alike or name.startswith(("ZeroPadding", "Cropping", "MirrorPadding")):
        return call
    shrinks = shape[0] < before.shape[0] or shape[1] < before.shape[1]
    ratio = max(max(new / old, old / new) for new, old in zip(shape[:2], before.shape[:2], strict=True))
    whole = name.startswith(("Global", "Adaptive", "MeanOfParts")) or (ratio > 4 and not hasattr(layer, "kernel_size"))
    if shrinks and whole:
        call.small = call.shrunk = True
    elif before.small:
        call.small = shrinks
    else:
        known = getattr(layer, "size" if name.startswith("UpSampling") else "strides", None)
        factor = max(known) if isinstance(known, tuple) else round(ratio)
        call.step = Fraction(factor) if shrinks else Fraction(1, factor)
        call.stride *= call.step
    return call


def _needed(found, ends):
    """Only what leads to an output, numbered anew."""
    needed = set(ends)
    for number in reversed(range(len(found))):
        if number in needed:
            needed.update(found[number].sources, found[number].positions)
    new = {old: number for number, old in enumerate(sorted(needed))}
    for old in new:
        call = found[old]
        call.sources, call.positions = [new[number] for number in call.sources], [new[number] for number in call.positions]
    return [found[old] for old in new]
