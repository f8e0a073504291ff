"""A Keras model as a person would sketch it: stages of one size, slabs of equal layers in them, and links between the stages.

Within a stage, what lies between two layers that everything passes is one thing: a layer, a residual block, or parallel branches.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from fractions import Fraction

from .calls import calls
from .stages import Stages

MOST_SLABS, MOST_WITH_BLOCKS = (
    5,
    3,
)  # more different ones in a row, as in large encoders, become one; so many if there are blocks among them
BLOCKS = ("residual", "dense", "parallel", "gated")
JOINS = {"Concatenate": "concat", "Add": "add", "Multiply": "multiply"}


@dataclass(eq=False)
class Part:
    """One thing to draw.

    kind: "layers" (feature maps made by layers that learn), "moved" (given, pooled, enlarged), "copy" (came over a bridge) or "branches".
    channels: of the feature maps; of each branch, or 0 if they differ.
    text, count: what each of its equal layers is, and how many there are.
    before, after: what else happens, such as "max pool ↓2" or "softmax".
    convolutions: how many it has in all. branches: what each of them does.
    new, new_lines, new_branches, other_width: see `mark_new`.
    """

    kind: str
    channels: int
    text: str = ""
    count: int = 1
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    convolutions: int = 0
    branches: list[str] = field(default_factory=list)
    new: bool = False
    new_lines: set[str] = field(default_factory=set)
    new_branches: set[int] = field(default_factory=set)
    other_width: bool = False

    @property
    def lines(self) -> list[str]:
        """What happens, in order."""
        return [*self.before, *filter(None, [f"{self.count} × {self.text}" if self.count > 1 else self.text]), *self.after]


@dataclass(eq=False)
class Stage:
    """What happens at one size: `stride` is the image's side by this one, `side` (height, width) or None where that is not known."""

    stride: Fraction
    side: tuple[int, int] | None
    parts: list[Part]


@dataclass(eq=False)
class Link:
    """From one part to another.

    kind: "way" (the trunk), "side" (from the trunk to a further output), "positions" (of maxima), or how a bridge ends: "concat", "add", …
    words: what happens on the way.
    """

    kind: str
    source: Part
    target: Part
    words: list[str] = field(default_factory=list)
    new: bool = False


@dataclass(eq=False)
class Network:
    """A model, read: its stages in the order in which data passes them, and the links between their parts."""

    name: str
    parameters: int
    stages: list[Stage]
    links: list[Link]

    def kind(self, *kinds: str) -> list[Link]:
        """The links of these kinds; "bridge" for those that carry features across."""
        return [link for link in self.links if link.kind in kinds or ("bridge" in kinds and link.kind not in ("way", "side", "positions"))]

    def stride(self, part: Part) -> Fraction:
        """Of the part's stage."""
        return next(stage.stride for stage in self.stages if part in stage.parts)

    def steps(self) -> tuple[int, int]:
        """How often the trunk shrinks, and how often it grows."""
        ways = [(self.stride(link.source), self.stride(link.target)) for link in self.kind("way")]
        return sum(before < after for before, after in ways), sum(before > after for before, after in ways)


def read(model) -> Network:
    """Reads a Sequential or functional Keras model; `calls.calls` says which ones it refuses."""
    found, known = calls(model)
    name = "" if re.fullmatch(r"(functional|sequential|model)(_\d+)?", model.name) else model.name
    sketch = _Sketch(found)
    stages = [Stage(found[number].stride, found[number].shape[:2] if known else None, parts) for number, parts in sketch.parts.items()]
    return Network(name, model.count_params(), stages, sketch.links())


def mark_new(network: Network, other: Network) -> None:
    """Marks what `network` has and `other` lacks: layers, branches, words and links; and slabs of which only the width differs."""
    mine, others = ([(stage.stride, part) for stage in each.stages for part in stage.parts] for each in (network, other))
    known = {(stride, line) for stride, part in others for line in part.lines}
    for stride, part in mine:
        part.new_lines = {line for line in part.lines if (stride, line) not in known}
        part.new = bool(part.new_lines) or part.kind in ("layers", "branches")
    mine, others = ([pair for pair in pairs if pair[1].kind in ("layers", "branches")] for pairs in (mine, others))
    keys = [[(stride, part.kind, part.text, part.count) for stride, part in parts] for parts in (mine, others)]
    for start, other_start, length in SequenceMatcher(None, *keys, autojunk=False).get_matching_blocks():
        for step in range(length):
            part, match = mine[start + step][1], others[other_start + step][1]
            part.new, part.other_width = False, part.channels != match.channels
            part.new_branches = {number for number, text in enumerate(part.branches) if text not in match.branches}
    there = Counter((link.kind, other.stride(link.source), other.stride(link.target)) for link in other.links)
    for link in network.links:
        key = link.kind, network.stride(link.source), network.stride(link.target)
        link.new = link.target.new if link.kind == "way" else not there[key]
        there[key] -= bool(there[key])
        link.target.new |= link.new and link.target.kind == "copy"


class _Sketch:
    """Turns calls into parts. parts: the first call of each stage → the stage's parts; made: call → the part that shows what it makes."""

    def __init__(self, found):
        self.calls, self.stages = found, Stages(found)
        leaving = [fork for ways in self.stages.arriving.values() for _, fork, _ in ways] + [fork for _, fork, _ in self.stages.aside]
        self.shown = {*leaving, *(number for call in found for number in call.positions)}  # calls whose maps need a slab of their own
        self.parts, self.made, self.copies = {}, {}, {}
        for stage in self.stages.order():
            members = self.stages.members[stage]
            self.parts[members[0]] = self._stage(stage, members)

    def links(self):
        links, stages = [], self.stages
        aside = {stages.stage[number] for number, _, _ in stages.aside}
        ways = {
            stages.stage[number]: (number, source)
            for number, source in stages.between()
            if stages.home[stages.stage[number]] == stages.stage[source]
        }
        for stage, (_, source) in ways.items():
            if stage not in aside:
                links.append(Link("way", self.made[source], self.parts[stages.members[stage][0]][0]))
        for number, fork, path in stages.aside:
            links.append(Link("side", self.made[fork], self.made[number], self._words(path)))
        for number, arrivals in stages.arriving.items():
            for source, fork, path in arrivals:
                target = self.copies.get((number, source), self.made[number])
                links.append(Link(self._join(number), self.made[fork], target, self._words(path)))
        for number, call in enumerate(self.calls):
            links += [Link("positions", self.made[source], self.made[number]) for source in call.positions]
        return list({(link.kind, id(link.source), id(link.target)): link for link in links}.values())

    def _words(self, path):
        return [self.calls[number].words for number in path if self.calls[number].words]

    def _join(self, number):
        if len(self.calls[number].sources) == 1:
            return "side"
        return JOINS.get(self.calls[number].name, self.calls[number].name.lower())

    def _stage(self, stage, members):
        parts, self.waiting = [], []  # `waiting`: words for the next part
        units = self.stages.units(stage)
        blocks = [unit for unit in units if any(len(self.calls[number].sources) > 1 for number in unit) and len(unit) > 1]
        groups = {unit[-1]: ways for unit in units if (ways := self.stages.branches(unit))}
        for unit in units:
            if len(groups) == 1 and unit[-1] in groups and unit not in blocks[:-1]:  # a pyramid, and no module of a large encoder
                self._branches(parts, unit, groups[unit[-1]])
            elif unit in blocks:
                self._block(parts, unit)
            else:
                for number in unit:
                    self._layer(parts, number)
            for number in unit:
                if number in self.shown or self.calls[number].positions:
                    self._settle(parts, number)
                self.made[number] = parts[-1] if parts else None
        self._settle(parts, members[-1])
        for number in members:
            self.made[number] = self.made[number] or parts[0]
        return self._collapse(parts)

    def _settle(self, parts, number):
        """A slab for maps that leave, meet others or end before anything computes with them."""
        if self.waiting or not parts:
            parts.append(Part("moved", self.calls[number].shape[2], before=self.waiting))
            self.waiting = []

    def _add(self, parts, channels, text, convolutions):
        """A layer or block with weights; it joins the part before if that is made of its like."""
        last = parts[-1] if parts else Part("", 0)
        if self.waiting or last.after or last.text != text or (last.channels != channels and text != "dense"):
            parts.append(last := Part("layers", channels, text, 0, before=self.waiting))
            self.waiting = []
        last.count, last.channels, last.convolutions = last.count + 1, channels, last.convolutions + convolutions

    def _layer(self, parts, number):
        call = self.calls[number]
        arrivals = self.stages.arriving[number]
        if arrivals and len(call.sources) > 1:
            foreign = {source for source, _, _ in arrivals}
            self._settle(parts, next((source for source in call.sources if source not in foreign), number))
            if self._join(number) != "concat":
                parts[-1].after.append(self._join(number))
            for source in foreign if self._join(number) == "concat" else ():
                first = parts[-1].kind != "copy"
                parts.append(Part("copy", self.calls[source].shape[2], before=["concat"] if first else []))
                self.copies[number, source] = parts[-1]
        elif call.layer is None:
            parts.append(Part("moved", call.shape[2], before=["input"]))
        elif hasattr(call.layer, "kernel_size") or (call.learns and call.step == 1):
            self._add(parts, call.shape[2], call.words, hasattr(call.layer, "kernel_size"))
        elif call.words:
            self.waiting.append(call.words)
        if call.activation:
            (self.waiting or parts[-1].after).append(call.activation)

    def _block(self, parts, unit):
        joins = [self.calls[number] for number in unit if len(self.calls[number].sources) > 1]
        kind = {"Concatenate": "parallel", "Multiply": "gated"}.get(joins[-1].name, "residual")
        if kind == "parallel" and any(call.name == "Multiply" for call in joins):
            kind = "gated"
        elif kind == "parallel" and not {*joins[-1].sources} <= {*unit}:
            kind = "dense"  # it keeps what it was given
        layers = [self.calls[number].layer for number in unit if hasattr(self.calls[number].layer, "kernel_size")]
        rate = max([max(getattr(layer, "dilation_rate", (1,))) for layer in layers], default=1)
        self._add(parts, self.calls[unit[-1]].shape[2], kind + (f" rate {rate}" if rate > 1 else ""), len(layers))

    def _branches(self, parts, unit, ways):
        call = self.calls[unit[-1]]
        if self.waiting:
            self._settle(parts, call.sources[0])
        widths = {self.calls[way[-1]].shape[2] for way in ways if way}
        texts = [" → ".join(self._words(way)) or "as it is" for way in ways]
        parts.append(Part("branches", widths.pop() if len(widths) == 1 else 0, branches=texts))
        if len(call.sources) > 1:
            parts.append(Part("moved", call.shape[2], before=[self._join(unit[-1])]))

    def _collapse(self, parts):
        """Long runs of different slabs become one."""
        runs = [[]]
        for part in parts:
            if part.kind != "layers" or (runs[-1] and runs[-1][-1].after):
                runs.append([])
            runs[-1].append(part)
            if part.kind != "layers":
                runs.append([])
        for run in runs:
            blocks = Counter()
            for part in run:
                blocks[part.text.split()[0] if part.text else ""] += part.count
            if len(run) > (MOST_WITH_BLOCKS if {*blocks} & {*BLOCKS} else MOST_SLABS):
                last = run[-1]
                last.before, last.text, last.count = run[0].before, "conv", sum(part.convolutions for part in run)
                last.after[:0] = [f"{blocks[kind]} × {kind}" for kind in BLOCKS[:3] if blocks[kind]]
                self.made = {number: last if part in run else part for number, part in self.made.items()}
                parts = [part for part in parts if part not in run[:-1]]
        return parts
