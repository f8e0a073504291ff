"""Divides a network's calls into stages, finds the trunk that leads through them, and what leaves it.

A **stage** is what happens at one size between two changes of it. Way down and way up are two stages, though their size is the same: what
has been elsewhere in between carries that history along. Where it meets a tensor of the same size without, that one came over a **bridge**.
"""

from collections import Counter, defaultdict

from .calls import Call


class Stages:
    """The stages of `calls`; calls and stages are numbers here.

    members: stage → its calls, each after those that it reads, without those on side ways.
    home: stage → the stage before it on the trunk.
    arriving: call → [(source, fork, path)] that come over a bridge: what it reads, where that left the trunk, and the calls in between.
    aside: [(call, fork, path)] of stages that hang on the trunk at its side, such as a second output.
    """

    def __init__(self, calls: list[Call]):
        self.calls = calls
        self.readers, self.ancestors = [[] for _ in calls], []  # sets of calls are the bits of a number
        for number, call in enumerate(calls):
            self.ancestors.append(0)
            for source in call.sources:
                self.readers[source].append(number)
                self.ancestors[number] |= self.ancestors[source] | 1 << source
        self.stage = self._stages()
        self.members, self.home = defaultdict(list), {}
        for number, stage in enumerate(self.stage):
            self.members[stage].append(number)
        for number, source in sorted(self.between(), key=lambda pair: self.ancestors[pair[1]].bit_count()):
            self.home[self.stage[number]] = self.stage[source]  # the last one has the longest way behind it
        self.arriving, self.aside = defaultdict(list), []
        self._leave_the_trunk()

    def between(self) -> list[tuple[int, int]]:
        """(call, source) in different stages."""
        pairs = ((number, source) for number, call in enumerate(self.calls) for source in call.sources)
        return [(number, source) for number, source in pairs if self.stage[number] != self.stage[source]]

    def order(self) -> list[int]:
        """The stages as data passes them: first what goes on, from the latest stage, and ends last."""
        after = defaultdict(set)
        for number, source in self.between():
            after[self.stage[source]].add(self.stage[number])
        waiting, order = [stage for stage, members in self.members.items() if members], []
        while waiting:
            ready = [stage for stage in waiting if not any(stage in after[other] for other in waiting)]
            order.append(max(ready, key=lambda stage: (bool(after[stage]), order.index(self.home[stage]) if stage in self.home else -1)))
            waiting.remove(order[-1])
        return order

    def units(self, stage: int) -> list[list[int]]:
        """The stage's calls in groups, each of which ends where everything that was made before it has been read."""
        reads, unread = {}, Counter()
        for number in self.members[stage]:
            foreign = {source for source, _, _ in self.arriving[number]}
            reads[number] = [source for source in self.calls[number].sources if source not in foreign]
            unread.update(reads[number])
        waiting, units = {number for number in unread if self.stage[number] != stage}, [[]]
        for number in self.members[stage]:
            units[-1].append(number)
            unread.subtract(reads[number])
            waiting = {it for it in waiting | {number} if unread[it]}
            if waiting <= {number}:
                units.append([])
        return [unit for unit in units if unit]

    def branches(self, unit: list[int]) -> list[list[int]]:
        """Chains that fork before the unit and meet in its last call (three or more), or end in outputs (two or more); else []."""
        last = self.calls[unit[-1]]
        met = len(last.sources) > 1
        chains = []
        for end in last.sources if met else [number for number in unit if not self.readers[number]]:
            chain = []
            while end in unit and len(self.calls[end].sources) == 1:
                chain.insert(0, end)
                end = self.calls[end].sources[0]
            chains.append((end, chain))
        starts = {start for start, _ in chains}
        inside = sum(len(chain) for _, chain in chains) + met == len(unit)
        return [chain for _, chain in chains] if len(starts) == 1 and inside and len(chains) >= 2 + met else []

    def _stages(self):
        """The stage of each call: it shares it with those that it reads at the same stride and with the same history."""
        at = defaultdict(int)
        for number, call in enumerate(self.calls):
            at[call.stride] |= 1 << number
        elsewhere = {  # calls at other strides that come after some at this one
            stride: sum(1 << n for n, call in enumerate(self.calls) if call.stride != stride and self.ancestors[n] & here)
            for stride, here in at.items()
        }
        history = [(call.stride, self.ancestors[number] & elsewhere[call.stride]) for number, call in enumerate(self.calls)]
        stage = [*range(len(self.calls))]
        for number, call in enumerate(self.calls):
            for source in call.sources:
                if history[source] == history[number] and stage[source] != stage[number]:
                    stage = [stage[source] if it == stage[number] else it for it in stage]
        return stage

    def _leave_the_trunk(self):
        exits = defaultdict(list)
        for number, source in self.between():
            if self.stage[source] == self.home[self.stage[number]]:
                exits[self.stage[source]].append((number, source))
            else:
                self.arriving[number].append((source, *self._fork(source)))
        for ways in exits.values():
            followers = [sum(ancestors >> number & 1 for ancestors in self.ancestors) for number, _ in ways]
            trunk = self.stage[ways[followers.index(max(followers))][0]]
            self.aside += [(number, *self._fork(source)) for number, source in ways if self.stage[number] != trunk]
        for path in [path for ways in self.arriving.values() for _, _, path in ways] + [path for _, _, path in self.aside]:
            for number in path:
                self.members[self.stage[number]].remove(number)

    def _fork(self, number):
        """The call of the same stage where the way to `number` leaves all others, and the calls after it up to `number`."""
        path, here = [], number
        while len(self.readers[here]) == 1 and len(self.calls[here].sources) == 1:
            path.insert(0, here)
            here = self.calls[here].sources[0]
            if self.stage[here] != self.stage[number]:
                return number, []
        return (here, path) if len(self.readers[here]) > 1 else (number, [])
