"""Gives every part of a network its place: as a U where bridges lead across on its levels, else in a row along one axis."""

from dataclasses import dataclass

from .network import Network, Part, Stage
from .scene import FONT, GREY, INK, Shape, Text, text_width

SHARED, NEW, NEW_INK = "#0072B2", "#D55E00", "#a84300"  # blue and vermilion of Okabe and Ito (2008); the last one is darker, for text
FILLS = {SHARED: "#9cc9e8", NEW: "#f6b48a"}
FULL = 112  # height of the image's full side
LINE = 1.22 * FONT  # between base lines
MARGIN, GAP, CLOSE, FORK = 14, 22, 3, 16  # around all, between columns, between slabs, beside branches
BOX = 18  # height of a branch with its distance to the next
LIFT = 15  # from one arc to the next above it
LEAST, MOST = 480, 960  # width of the picture; a page has about 960
TIGHT = (1, 0.85, 0.7, 0.55)  # how large slabs and gaps are drawn where there is not room enough


def high(stride) -> float:
    """A quarter of the side is half as high; drawn to scale, 1/32 could not be seen."""
    return FULL / float(stride) ** (1 / 2)


@dataclass(eq=False)
class Column:
    """Parts of one stage that stand together. left: border of the column; x0, x1: borders of its slabs; middle: of their heights."""

    stage: Stage
    parts: list[Part]
    left: float
    x0: float = 0.0
    x1: float = 0.0
    middle: float = 0.0

    @property
    def height(self) -> float:
        """Of the slabs or branches."""
        return BOX * len(self.parts[0].branches) or high(self.stage.stride)

    @property
    def lines(self) -> list[str]:
        """What stands below it; the last line says the size."""
        each = [f"{part.channels} each" for part in self.parts if part.branches and part.channels]
        return [*each, *(line for part in self.stage.parts if part in self.parts for line in part.lines), size(self.stage)]


def size(stage: Stage) -> str:
    """The side of a stage in words."""
    if stage.side:
        return "×".join(map(str, stage.side))
    return "full size" if stage.stride == 1 else f"1/{stage.stride}" if stage.stride > 1 else f"{1 / stage.stride}×"


def is_u(network: Network) -> bool:
    """Whether bridges lead to layers on their own level, at least half as many as the levels that the network goes down."""
    used = 0
    for link in network.kind("bridge"):
        here = next(number for number, stage in enumerate(network.stages) if link.target in stage.parts)
        after = network.stages[here : here + 1 if link.kind == "add" else None]
        learned = any(part.kind == "layers" for stage in after for part in stage.parts)
        used += learned and network.stride(link.source) == network.stride(link.target)
    return used >= max(1, network.steps()[0] / 2)


class Layout:
    """things: shapes and texts in the order in which to draw them; width and height of the picture."""

    def __init__(self, network: Network, key: list[str]):
        self.network, self.u = network, is_u(network)
        for tight in TIGHT:
            self.columns, self.at, self.spans = [], {}, {}  # part → its column; part → (left, right)
            right = self._row(tight)
            if right + MARGIN <= MOST:
                break
        self.width = max(right + MARGIN, LEAST)
        self.back, self.front = [], []  # lines, and what lies upon them
        self._levels()
        for column in self.columns:
            self._draw(column)
        self._connect()
        self._frame(key)

    # ------------------------------------------------ places

    def _row(self, tight):
        """Places all columns from left to right; returns the right border."""
        self.gap, right = tight * GAP, MARGIN - tight * GAP
        for stage in self.network.stages:
            for parts in _together(stage, self.u):
                column = Column(stage, parts, right + self.gap)
                sizes = [self._size(part, tight) for part in parts]
                inner = sum(slot for _, slot in sizes) + CLOSE * (len(parts) - 1)
                right = column.left + max(inner, *map(text_width, column.lines))
                x = (column.left + right - inner) / 2
                for part, (wide, slot) in zip(parts, sizes, strict=True):
                    self.spans[part], self.at[part] = (x + (slot - wide) / 2, x + (slot + wide) / 2), column
                    x += slot + CLOSE
                column.x0, column.x1 = self.spans[parts[0]][0], self.spans[parts[-1]][1]
                self.columns.append(column)
        return right

    @staticmethod
    def _size(part, tight):
        """Width of a part, and of the room that it takes."""
        if part.branches:
            width = max(map(text_width, part.branches)) + 12 + 2 * FORK
            return width, width
        width = tight * 4 * part.channels ** (1 / 3)  # eight times the channels are twice as wide
        return width, max(width, text_width(str(part.channels), bold=True) + 3)

    def _levels(self):
        """Each level of a U hangs lower than the one above it by as much as its slabs are high."""
        if not self.u:
            return
        bottom = 0.0
        for stride in sorted({column.stage.stride for column in self.columns}):
            level = [column for column in self.columns if column.stage.stride == stride]
            height = max(column.height for column in level)
            for column in level:
                column.middle = bottom + height / 2
            bottom += height + CLOSE

    # ------------------------------------------------ drawing

    def _draw(self, column):
        top, bottom = column.middle - high(column.stage.stride) / 2, column.middle + column.height / 2
        for part in column.parts:
            left, right = self.spans[part]
            colour = NEW if part.new else SHARED
            if part.branches:
                self._branches(column, part, left, right)
                continue
            self.front.append(
                _box(left, top, right, 2 * column.middle - top, colour, FILLS[colour] if part.kind == "layers" else "#ffffff")
            )
            ink = NEW_INK if part.new or part.other_width else INK
            self.front.append(Text((left + right) / 2, bottom + LINE, str(part.channels), ink, bold=True))
        y = bottom + LINE * (2 if any(not part.branches for part in column.parts) else 1)
        new = set().union(*(part.lines if part.new else part.new_lines for part in column.parts))
        for number, line in enumerate(column.lines):
            colour = GREY if number == len(column.lines) - 1 else NEW_INK if line in new else INK
            self.front.append(Text((column.x0 + column.x1) / 2, y + number * LINE, line, colour))

    def _branches(self, column, part, left, right):
        joined = part is not self.columns[-1].parts[-1]
        for number, text in enumerate(part.branches):
            y = column.middle + BOX * (number - (len(part.branches) - 1) / 2)
            colour = NEW if part.new or number in part.new_branches else SHARED
            self.back += [_curve(left, column.middle, left + FORK, y, colour)] + [
                _curve(right - FORK, y, right, column.middle, colour)
            ] * joined
            fill = FILLS[colour] if "conv" in text else "#ffffff"
            self.front.append(_box(left + FORK, y - BOX / 2 + 1.5, right - FORK, y + BOX / 2 - 1.5, colour, fill))
            self.front.append(Text((left + right) / 2, y + 0.36 * FONT, text, halo=False))

    def _connect(self):
        arcs = []
        for before, after in zip(self.columns, self.columns[1:], strict=False):
            if before.stage is after.stage:
                self._way(before, after, GREY)
        for link in self.network.links:
            colour = NEW if link.new else GREY if link.kind in ("way", "side") else SHARED
            before, after = self.at[link.source], self.at[link.target]
            beside = self.columns.index(after) == self.columns.index(before) + 1
            if link.kind == "way" and (beside or self.u):
                self._way(before, after, colour)
            elif self.u and before.stage.stride == after.stage.stride and not self._blocked(before, after):
                self._across(link, colour)
            else:
                arcs.append((link, colour))
        self._arcs(arcs)

    def _blocked(self, before, after):
        first, last = self.columns.index(before), self.columns.index(after)
        return any(column.middle == before.middle for column in self.columns[first + 1 : last])

    def _way(self, before, after, colour):
        """A step along the trunk; in a U it runs down or up between two columns."""
        y0, y1 = before.middle, after.middle
        if y0 < y1:
            y0 += before.height / 4
        elif y0 > y1:
            y1 += after.height / 4
        x, turn = after.left - self.gap / 2, 6 if y1 > y0 else -6
        path = [("M", (before.x1, y0))]
        if y0 != y1:
            path += [("L", (x - 6, y0)), ("Q", (x, y0), (x, y0 + turn)), ("L", (x, y1 - turn)), ("Q", (x, y1), (x + 6, y1))]
        self.back += _arrow([*path, ("L", (after.x0 - 1, y1))], colour, (1, 0), 1.2)

    def _across(self, link, colour):
        """A bridge on one level of a U."""
        column, dashed = self.at[link.source], link.kind == "positions"
        y = column.middle - column.height * (0.36 if dashed else 0.18)
        left, right = self.spans[link.source][1], self.spans[link.target][0]
        self.back += _arrow([("M", (left, y)), ("L", (right - 1, y))], colour, (1, 0), 1.8, dashed)
        if link.words:
            self.front.append(Text((left + right) / 2, y - 4, ", ".join(link.words), NEW_INK if link.new else INK))

    def _arcs(self, arcs):
        """Bridges above the row, the wide ones over the narrow ones."""
        placed = []
        where = {column: number for number, column in enumerate(self.columns)}
        for link, colour in sorted(arcs, key=lambda arc: abs(where[self.at[arc[0].target]] - where[self.at[arc[0].source]])):
            first, last = sorted((where[self.at[link.source]], where[self.at[link.target]]))
            (x0, y0), (x1, y1) = (self._top(part) for part in (link.source, link.target))
            apex = min(column.middle - column.height / 2 for column in self.columns[first : last + 1]) - LIFT
            while any(abs(apex - other) < LIFT and min(x0, x1) < right and left < max(x0, x1) for left, right, other in placed):
                apex -= 1
            placed.append((min(x0, x1), max(x0, x1), apex))
            bend = (8 * apex - y0 - y1) / 6  # where a cubic curve must aim to get to `apex`
            path = [("M", (x0, y0)), ("C", (x0, bend), (x1, bend), (x1, y1 - 1))]
            self.back += _arrow(path, colour, (0, 1), 1.2 if link.kind in ("way", "side") else 1.8, link.kind == "positions")
            if link.words:
                self.front.append(Text((x0 + x1) / 2, apex - 4, ", ".join(link.words), NEW_INK if link.new else INK))

    def _top(self, part):
        column = self.at[part]
        return sum(self.spans[part]) / 2, column.middle - (column.height if part.branches else high(column.stage.stride)) / 2

    def _frame(self, key):
        """The key below, and everything moved so that the upper left corner is (0, 0)."""
        lines = [""]
        for sentence in key:
            longer = f"{lines[-1]} {sentence}".strip()
            lines += [sentence] if text_width(longer) > self.width - 2 * MARGIN else []
            lines[-1] = sentence if lines[-1] == sentence else longer
        things = [*self.back, *self.front]
        down = MARGIN - min(_extent(thing)[0] for thing in things)
        bottom = max(_extent(thing)[1] for thing in things) + down + 1.6 * LINE
        for thing in things:
            if isinstance(thing, Text):
                thing.y += down
            else:
                thing.commands = [(letter, *((x, y + down) for x, y in points)) for letter, *points in thing.commands]
        texts = [Text(MARGIN, bottom + number * LINE, line, GREY, anchor="start") for number, line in enumerate(lines)]
        self.things, self.height = [*things, *texts], bottom + (len(lines) - 1) * LINE + MARGIN


def _together(stage, u):
    """The stage's parts in groups that share a column; in a U a copy stands on the side from which it comes."""
    groups = [[]]
    for part in stage.parts:
        if part.branches:
            groups += [[part], []]
        elif u and part.kind == "copy":
            groups[-1].insert(len(groups[-1]) - 1, part)
        else:
            groups[-1].append(part)
    return [group for group in groups if group]


def _extent(thing):
    """Top and bottom."""
    if isinstance(thing, Text):
        return thing.box[1], thing.box[3]
    ys = []
    for letter, *points in thing.commands:
        if letter == "C":  # where such a curve is half-way
            ys.append((ys[-1] + 3 * points[0][1] + 3 * points[1][1] + points[2][1]) / 8)
        ys.append(points[-1][1])
    return min(ys), max(ys)


def _box(left, top, right, bottom, line, fill):
    corners = (right, top), (right, bottom), (left, bottom), (left, top)
    return Shape([("M", (left, top)), *(("L", corner) for corner in corners)], fill, line)


def _curve(x0, y0, x1, y1, colour):
    middle = (x0 + x1) / 2
    return Shape([("M", (x0, y0)), ("C", (middle, y0), (middle, y1), (x1, y1))], line=colour, width=1.2)


def _arrow(path, colour, direction, width, dashed=False):
    """A line and its head, which points right (1, 0) or down (0, 1)."""
    (x, y), (dx, dy) = path[-1][-1], direction
    head = [
        ("M", (x, y)),
        ("L", (x - 6 * dx - 3 * dy, y - 6 * dy - 3 * dx)),
        ("L", (x - 6 * dx + 3 * dy, y - 6 * dy + 3 * dx)),
        ("L", (x, y)),
    ]
    path = [*path[:-1], (*path[-1][:-1], (x - 4 * dx, y - 4 * dy))]
    return [Shape(path, line=colour, width=width, dashed=dashed), Shape(head, fill=colour)]
