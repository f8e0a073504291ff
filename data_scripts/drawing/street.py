"""A street that is made up from a seed: road, houses, gardens, trees, lamps, signs, cars and people, as parts that `render` can draw.

Places are given along the road: s metres along its middle, t metres to the right of it, z up. Things are named in everyday words
("lawn", "traffic light"); the data set that uses a street says which of its classes each word belongs to.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from data_scripts.drawing.render import UP, Camera, Part, Weather

LENGTH, STEP = 330.0, 2.0  # metres of road, and between its corners
EYE, KERB = 1.35, 0.13  # heights of the camera and of the pavement
DRIVE = 7.0  # metres from frame to frame
WHITE, BLACK = np.array((208, 208, 204)), np.array((20, 20, 22))


class Look(NamedTuple):
    """What the parts of one thing share."""

    name: str
    thing: int
    colour: np.ndarray
    texture: str = "plain"
    detail: tuple = ()

    def but(self, colour, texture="plain", detail=()):
        """Another surface of the same thing."""
        return Look(self.name, self.thing, np.asarray(colour), texture, detail)


class Street:
    """One world. `frame(k, …)` gives camera and parts at moment k, as the camera car drives on; `weather` is that of the whole drive."""

    FACADES = (196, 190, 178), (168, 160, 150), (150, 92, 70), (205, 182, 140), (120, 126, 134), (176, 150, 128), (222, 218, 210)
    GREENS = (50, 76, 26), (88, 104, 46)  # of leaves: the darkest and the lightest
    GRASS = (52, 88, 18), (85, 112, 40)
    ROAD, GREY = "asphalt", (82, 128)  # what it is made of, and how light
    FENCED = (0.62, 0.14, 0.24)  # chances that a boundary is a wall, a fence and a hedge

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        self.parts, self.things = [], 0
        self._s = s = np.arange(-50, LENGTH, STEP)
        self._heading = np.zeros_like(s)
        for start in (rng.uniform(5, 70), rng.uniform(90, 170)):
            turn = rng.choice([0, 1, -1], p=[0.36, 0.32, 0.32]) * rng.uniform(0.2, 0.9)
            bend = np.clip((s - start) / rng.uniform(60, 110), 0, 1)
            self._heading += turn * bend**2 * (3 - 2 * bend)
        self._x, self._y = np.cumsum(np.cos(self._heading)) * STEP, np.cumsum(np.sin(self._heading)) * STEP
        self._plan(rng)
        self._ground()
        for side in (-1, 1):
            self._plots(side)
            self._along_kerb(side)
        self._horizon()
        self._traffic()

    def _plan(self, rng):
        """Widths in metres, where another road crosses, where the drive starts, and the weather."""
        self.lane, self.lanes = rng.uniform(3.6, 4.5), rng.choice([1, 2], p=[0.88, 0.12])  # width of a lane, and lanes each way
        self.parking = rng.choice([0, 2.3], p=[0.82, 0.18])  # width of the strip for it
        self.edge, self.pavement = self.lane * self.lanes + self.parking, rng.uniform(3.4, 7.5)
        self.crossing = rng.uniform(45, 130) if rng.random() < 0.6 else -200.0  # where another road crosses, or far away
        self.half = rng.uniform(4, 6)  # of its width
        self.start = rng.uniform(0, 12)
        self.weather = draw_weather(rng)

    # places and shapes

    def at(self, s, t, z=0.0):
        """World coordinates of a place on the road: (3,), or (n, 3) for arrays."""
        heading, x, y = (np.interp(s, self._s, values) for values in (self._heading, self._x, self._y))
        return np.stack(np.broadcast_arrays(x + t * np.sin(heading), y - t * np.cos(heading), z), axis=-1).astype(float)

    def axes(self, s):
        """Unit vectors along the road and to its right."""
        heading = np.interp(s, self._s, self._heading)
        return np.array([np.cos(heading), np.sin(heading), 0]), np.array([np.sin(heading), -np.cos(heading), 0])

    def spot(self, s, t, z=0.0, way=(1, 1)):
        """Coordinates about a place: a function of metres ahead, to the right and up that gives world coordinates."""
        origin, (ahead, right) = self.at(s, t, z), self.axes(s)
        return lambda x, y, up: origin + way[0] * ahead * x + way[1] * right * y + UP * up

    def free(self, s, margin=1.0):
        """Whether no road crosses at s."""
        return abs(s - self.crossing) > self.half + margin

    def look(self, name, colour=BLACK, texture="plain", detail=()):
        """The look of a new thing."""
        self.things += 1
        return Look(name, self.things, np.asarray(colour), texture, detail)

    def add(self, look, origin, across, along, *rings, outside=False):
        detail = (*look.detail, *(0.0,) * (4 - len(look.detail)))
        self.parts.append(Part(look.name, look.thing, origin, across, along, [*rings], look.colour, look.texture, detail, outside))

    def face(self, look, points, outside=False):
        """A flat polygon through points (n, 3); v is across the first edge, u along it."""
        points = np.asarray(points, float)
        across, along = points[1] - points[0], points[-1] - points[0]
        across /= np.sqrt(across @ across)
        along = along - across * (along @ across)
        along /= np.sqrt(along @ along)
        self.add(look, points[0], across, along, (points - points[0]) @ np.stack([across, along], axis=1), outside=outside)

    def board(self, look, place, *rings):
        """Something that turns with the camera; (0, 0) of its rings is at `place`."""
        self.add(look, place, None, UP, *rings)

    def strip(self, look, s0, s1, t0, t1, z=0.0):
        """A flat band along the road."""
        s = _corners(s0, s1)
        along, right = self.axes((s0 + s1) / 2)
        outline = np.concatenate([self.at(s, t0, z), self.at(s[::-1], t1, z)])
        self.add(look, outline[0], right, along, (outline - outline[0]) @ np.stack([right, along], axis=1))

    def box(self, look, spot, x, y, z, lid=None):
        """A block; x, y and z are ranges about the spot, `lid` the look of its top."""
        ring = [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]
        low, high = (np.array([spot(*corner, height) for corner in ring]) for height in z)
        if np.cross(low[1] - low[0], low[2] - low[1])[2] < 0:
            low, high = low[::-1], high[::-1]  # counterclockwise, so that the faces look outward
        for i in range(4):
            self.face(look, [low[i - 1], low[i], high[i], high[i - 1]], outside=True)
        self.face(look if lid is None else lid, high)

    # the ground

    def _ground(self):
        rng, edge, far = self.rng, self.edge, LENGTH - 5
        asphalt = self.look("road", rng.uniform(*self.GREY) + np.array([0, 0, rng.uniform(-4, 6)]), self.ROAD)
        slabs = (rng.uniform(0.5, 2.2), rng.uniform(0.5, 1.2), rng.uniform(0.1, 0.3))
        stone = self.look("pavement", rng.uniform(110, 160) + np.array([rng.uniform(0, 10), 2, rng.uniform(-8, 2)]), "slabs", slabs)
        self.add(self.look("lawn", rng.uniform(*self.GRASS), "grass"), np.zeros(3), *np.eye(3)[:2], rect(-600, -600, 900, 900))
        blocks = [(-45, self.crossing - self.half), (self.crossing + self.half, far)] if self.crossing > 0 else [(-45, far)]
        for side in (-1, 1):
            for s0, s1 in blocks:
                self.strip(stone, s0, s1, side * edge, side * (edge + self.pavement), KERB)
                self.strip(stone.but(stone.colour * 1.08, "slabs", (1.2, 9, 0.3)), s0, s1, side * edge, side * (edge + 0.22), KERB)
                for p, q in pairwise(self.at(_corners(s0, s1), side * edge)):  # the upright side of the kerb
                    self.face(stone.but(stone.colour * 0.8), [p, q, q + UP * KERB, p + UP * KERB])
        self.strip(asphalt, -45, far, -edge, edge)
        if self.crossing > 0:
            along, right = self.axes(self.crossing)
            self.add(asphalt, self.at(self.crossing, 0), right, along, rect(-150, -self.half, 150, self.half))
        for _ in range(rng.poisson(5)):  # mended places, and lids of drains
            s, t, long = rng.uniform(5, 90), rng.uniform(-edge, edge - 1.5), rng.uniform(1, 7)
            self.strip(asphalt.but(asphalt.colour * rng.uniform(0.72, 0.92), self.ROAD), s, s + long, t, t + rng.uniform(0.7, 1.5))
            if rng.random() < 0.5:
                self.add(asphalt.but(asphalt.colour * 0.5), self.at(s - 3, t + 0.7), *self.axes(s), disc(0, 0, 0.34))
        self._marks(blocks, rng.choice(["double", "broken", "single"], p=[0.7, 0.15, 0.15]))

    def _marks(self, blocks, middle):
        white, yellow = self.look("road line", WHITE, "marking"), self.look("road line", (214, 158, 28), "marking")
        kerb = self.edge - self.parking  # where the lanes end
        for a, b in blocks:
            s0, s1 = (a + 3.5 if a > 0 else -10), (b - 3.5 if b < LENGTH - 9 else b)
            for t in {"double": (-0.16, 0.16), "single": (0,), "broken": ()}[middle] + ((-kerb, kerb) if self.parking else ()):
                self.strip(yellow if abs(t) == 0.16 else white, s0, s1, t - 0.05, t + 0.05)
            for t in ((0,) if middle == "broken" else ()) + ((-self.lane, self.lane) if self.lanes == 2 else ()):
                for s in np.arange(s0, min(s1, 150) - 2, 7.0):
                    self.strip(white, s, s + 2.6, t - 0.065, t + 0.065)
        for side in (-1, 1) if self.crossing > 0 else ():
            s = self.crossing + side * (self.half + 1.6)
            for t in np.arange(-self.edge + 0.5, self.edge - 0.4, 1.0):
                self.strip(white, s - 1.2, s + 1.2, t, t + 0.5)
            self.strip(white, s + side * 2 - 0.15, s + side * 2 + 0.15, -side * 0.3, -side * kerb)

    # beside the road

    def _plots(self, side):
        """Fills one side of the road with houses, gardens and greens, one after the other."""
        rng, s, front, built = self.rng, -28.0, self.edge + self.pavement, self.rng.uniform(0.2, 0.7)
        while s < 210:
            long = rng.uniform(14, 34)
            if not self.free(s + long / 2, long / 2 + 3):  # up to the crossing if there is room, else on its other side
                long = self.crossing - self.half - 3 - s
                if long < 12:
                    s = self.crossing + self.half + 3.1
                    continue
            if rng.random() < built:
                setback = rng.choice([rng.uniform(2, 5), rng.uniform(6, 16)])
                self._building(s + long / 2, side * (front + setback), side, long / 2 - 1)
                self._boundary(s, s + long, side * (front + 0.25), 0.15 if setback > 4 else 0.7)
                for _ in range(rng.poisson(2) if setback > 5 else 0):
                    self.tree(rng.uniform(s, s + long), side * (front + rng.uniform(1.5, setback - 1.5)), rng.uniform(3, 6.5))
            else:
                self._boundary(s, s + long, side * (front + 0.25), 0.3)
                for _ in range(rng.poisson(10)):
                    self.tree(rng.uniform(s, s + long), side * (front + 2 + rng.gamma(1.6, 6)), rng.uniform(4.5, 13))
                for _ in range(rng.poisson(1.5)):
                    self.bush(self.at(rng.uniform(s, s + long), side * (front + rng.uniform(1, 10))), rng.uniform(0.6, 1.5))
            s += long

    def _boundary(self, s0, s1, t, bare):
        """A wall, fence or hedge along the pavement, or with probability `bare` nothing."""
        rng, out = self.rng, np.sign(t)
        kind = rng.choice(["none", "wall", "fence", "hedge"], p=[bare, *(1 - bare) * np.array(self.FENCED)])
        high = {"none": 0, "wall": rng.uniform(1, 3), "fence": rng.uniform(0.9, 1.5), "hedge": rng.uniform(0.7, 1.7)}[kind]
        stone = self.look("wall", rng.uniform(95, 175) + rng.uniform(-12, 12, 3), "blocks", (0.5, 0.22, 0.35))
        metal, leaves = self.look("fence", rng.uniform(40, 110) * np.array([1.2, 0.95, 0.75])), self.look("hedge")
        gap, bar = ((0.19, 0.13), (0.3, 0.03))[rng.integers(2)]  # of planks or of iron
        for a, b in pairwise(np.linspace(s0, s1, int((s1 - s0) / 6) + 2)) if kind != "none" else ():
            p, q = self.at(a, t), self.at(b, t)
            long = np.linalg.norm(q - p)
            across = (q - p) / long
            if kind == "wall":
                spot, half = self.spot((a + b) / 2, t, 0, (1, out)), long / 2 + 0.03
                self.box(stone, spot, (-half, half), (0, 0.3), (0, high), stone.but(stone.colour * 1.1))
            elif kind == "fence":
                rails = [rect(0, z, long, z + 0.07) for z in (0.22 * high, 0.85 * high)]
                bars = [rect(u, 0.08, u + bar, high + 0.04 * (u % 0.8 > 0.4)) for u in np.arange(0, long, gap)]
                self.add(metal, p, across, UP, *rails, *bars, rect(0, 0, 0.1, high + 0.12))
            else:
                u = np.linspace(0, long, int(long / 0.16))
                top = np.stack([u, high + rng.uniform(-0.12, 0.08, len(u))], axis=1)
                for back, dark in ((1.2, 0.7), (0.6, 0.85), (0, 1)):
                    green = leaves.but(np.array((62, 92, 34)) * dark, "leaves", (9, 0.1, 0.8))
                    self.add(green, self.at(a, t + back * out), across, UP, np.concatenate([[[0, 0]], top, [[long, 0]]]))

    def _building(self, s, t, side, half):
        """Flats with balconies, an office with bands of glass, a shop, or a house with a roof of tiles; `half` of its front in metres."""
        rng, spot, deep = self.rng, self.spot(s, t, 0, (1, side)), self.rng.uniform(9, 15)
        kind = rng.choice(["flats", "office", "house", "shop"], p=[0.36, 0.16, 0.28, 0.2])
        colour = np.array(self.FACADES[rng.integers(len(self.FACADES))]) * rng.uniform(0.8, 1.05)
        floor, bay = rng.uniform(2.9, 3.4), rng.uniform(2.2, 3.6)
        floors = rng.integers(*{"flats": (3, 6), "office": (3, 9), "shop": (2, 4), "house": (1, 3)}[kind])
        high, style = floor * floors, {"flats": 2, "office": 1}.get(kind, 0)
        wall = self.look("building", colour, "facade", (bay, floor, style, rng.uniform(0, 9)))
        self.box(wall, spot, (-half, half), (0, deep), (0, high), wall.but(colour))
        if kind == "house":
            ridge, tiles = high + rng.uniform(2.2, 4), wall.but(np.array((128, 66, 48)) * rng.uniform(0.6, 1.1), "blocks", (0.3, 0.33, 0.4))
            for y, eave in ((0, -0.5), (deep, deep + 0.5)):
                corners = [(-half - 0.5, eave, high - 0.25), (half + 0.5, eave, high - 0.25), (half + 0.5, deep / 2, ridge)]
                self.face(tiles, [spot(*corner) for corner in (*corners, (-half - 0.5, deep / 2, ridge))])
                x = half if y else -half
                self.face(wall.but(colour), [spot(x, 0, high), spot(x, deep, high), spot(x, deep / 2, ridge)])
            brick = wall.but(colour * 0.8, "blocks", (0.3, 0.1, 0.3))
            self.box(brick, spot, (0.4, 1.2), (deep / 2 - 0.4, deep / 2 + 0.4), (high + 1, ridge + 0.9))
            return
        dark = wall.but(colour * 0.75)
        self.box(dark, spot, (-half - 0.4, half + 0.4), (-0.4, deep + 0.4), (high, high + 0.28))
        self.box(dark, spot, (-0.3 * half, 0.3 * half), (0.3 * deep, 0.7 * deep), (high + 0.28, high + 1.9))  # the lift's housing
        for x in np.arange(0.6 * bay - half, half - bay, 2 * bay) if kind == "flats" else ():
            for z in floor * np.arange(1, floors) - 0.15:
                self.box(wall.but(colour * 0.88), spot, (x, x + 0.95 * bay), (-1.2, 0), (z, z + 1.1), wall.but(colour * 0.3))
        if kind == "shop":
            ends, sign = (0.6 - half, half - 0.6), rng.uniform(40, 190, 3)
            for look, (z0, y0), (z1, y1) in (
                (wall.but((30, 36, 42), "glass", (0, 3.5)), (0.4, -0.03), (2.4, -0.03)),
                (wall.but(sign), (2.5, -0.03), (3, -0.03)),
                (self.look("awning", sign * 0.9), (2.1, -1.3), (2.5, -0.03)),
            ):
                self.face(look, [spot(ends[0], y0, z0), spot(ends[1], y0, z0), spot(ends[1], y1, z1), spot(ends[0], y1, z1)])

    def tree(self, s, t, high, kinds=("broad", "conifer", "palm")):
        """A trunk, and a crown of balls of leaves, from the back to the front."""
        rng, place, ahead = self.rng, self.at(s, t), self.axes(s)[0]
        kind = rng.choice(kinds, p=(0.74, 0.16, 0.1) if len(kinds) == 3 else None)
        leaves = self.look("tree", rng.uniform(*self.GREENS), "leaves")
        thick, fine = 0.022 * high + 0.06, 25 if s < 60 and abs(t) < 25 else 16 if s < 110 else 10
        bare = high * (rng.uniform(0.22, 0.36) if kind == "broad" else 0.1)
        top = {"broad": bare + 0.25 * high, "conifer": 0.3 * high, "palm": 0.93 * high}[kind]
        trunk = np.array([[-thick, 0], [thick, 0], [thick * 0.6, top], [-thick * 0.6, top]])
        self.board(leaves.but(np.array((84, 68, 52)) * rng.uniform(0.7, 1.1)), place, trunk)
        if kind == "palm":
            self.board(leaves.but(leaves.colour * 1.05, "leaves", (high / 2, high * 0.9, 0.3)), place, *_fronds(rng, high))
            return
        if kind == "conifer":
            heights = bare + (high - bare) * np.array([0, 0.16, 0.31, 0.45, 0.58, 0.7, 0.81, 0.91])
            widths = 0.27 * (high - heights) + 0.036 * high
            balls = [(rng.uniform(-0.1, 0.1), y, wide, 0.75 * wide, 0.8) for y, wide in zip(heights, widths, strict=True)]
        else:
            radius, middle = (high - bare) / 2, (high + bare) / 2
            wide, balls = radius * rng.uniform(0.85, 1.25), [(0, middle, 0.65 * radius, 0.8 * radius, 0.5)]
            for _ in range(rng.integers(6, 10)):
                angle, reach, size = rng.uniform(0, 2 * np.pi), 0.64 * np.sqrt(rng.uniform(0.05, 1)), rng.uniform(0.34, 0.52)
                x, y = wide * reach * np.cos(angle), middle + radius * reach * np.sin(angle)
                balls.append((x, y, size * wide, size * radius, rng.uniform(0.7, 1)))
        for i, (x, y, wide, tall, light) in enumerate(balls):
            ball = leaves.but(leaves.colour * light, "leaves", (max(wide, tall) * 1.2, y, 0.75, x))
            self.board(ball, place + ahead * high * (0.15 - 0.3 * i / len(balls)), *_tufts(rng, x, y, wide, tall, fine))

    def bush(self, place, size):
        """A low ball of leaves."""
        leaves = self.look("bush", self.rng.uniform((50, 76, 26), (90, 100, 46)), "leaves", (size, size / 2, 0.75))
        self.board(leaves, place, *_tufts(self.rng, 0, size / 2, size, size * 0.6, 40))

    def _horizon(self):
        """Woods, houses and hills where the street ends."""
        rng, x = self.rng, np.linspace(-330, 330, 60)
        for t in np.arange(-150, 150, 11.0):
            self.tree(rng.uniform(225, 300), t + rng.uniform(-6, 6), rng.uniform(7, 15))
        for side in (-1, 1, -1, 1):
            self._building(rng.uniform(120, 240), side * rng.uniform(45, 110), side, rng.uniform(7, 15))
        crest = np.stack([x, 9 + 7 * np.sin(x / 60 + rng.uniform(0, 6)) + rng.uniform(0, 2.5, 60)], axis=1)
        hill = np.concatenate([crest, [[330, 0], [-330, 0]]])
        self.board(self.look("tree", (70, 92, 62), "leaves", (400, 0, 0.5)), self.at(320, 0), hill)

    # on the pavement

    def _along_kerb(self, side):
        """Lamps, trees, signs, traffic lights, and what else stands on a pavement."""
        rng, edge, every, first = self.rng, side * self.edge, self.rng.uniform(22, 34), self.rng.uniform(-6, 14)
        trees = rng.random() < 0.55
        for s in filter(self.free, np.arange(first, 190, every)):
            lamp, high = self.look("pole", rng.uniform(70, 130) * np.array([1, 1, 1.02])), rng.uniform(5.2, 7.2)
            spot = self.spot(s, edge + side * 0.5, KERB, (1, -side))  # y is towards the road
            self.box(lamp, spot, (-0.055, 0.055), (-0.055, 0.055), (0, high))
            self.box(lamp, spot, (-0.09, 0.09), (-0.09, 0.09), (0, 0.9))
            self.box(lamp, spot, (-0.05, 0.05), (0, 1.5), (high - 0.12, high))
            self.box(lamp.but(lamp.colour * 0.8), spot, (-0.12, 0.12), (1.15, 1.85), (high - 0.2, high - 0.05))
            for at in (s + every / 4, s + every * 3 / 4) if trees else ():
                if self.free(at, 5):
                    self.tree(at, edge + side * 0.9, rng.uniform(4.5, 8), ("broad",))
        for s in filter(self.free, rng.uniform(24, 120, rng.poisson(1.2) if side > 0 else 0)):
            self._sign(s, edge + side * 0.45)
        for s in rng.uniform(3, 90, rng.poisson(5)):
            if self.free(s, 3):
                self._item(s, edge + side * rng.uniform(0.8, self.pavement - 0.6), side)
        if self.crossing > 0:
            self._traffic_light(self.spot(self.crossing - side * (self.half + 3.4), edge + side * 0.5, KERB, (side, side)))

    def _sign(self, s, t):
        rng, place, (ahead, right) = self.rng, self.at(s, t, KERB), self.axes(s)
        high, size, plate = rng.uniform(2.1, 2.7), rng.uniform(0.36, 0.46), self.look("traffic sign")
        self.board(self.look("pole", (120, 122, 125)), place, rect(-0.035, 0, 0.035, high))
        triangle, red = np.array([[-1, 0.75], [1, 0.75], [0, -0.95]]), (190, 22, 26)
        arrow = np.array([[-0.13, -0.55], [0.13, -0.55], [0.13, 0.05], [0.4, 0.05], [0, 0.6], [-0.4, 0.05], [-0.13, 0.05]])
        shapes = (
            [(disc(0, 0, 1), red), (disc(0, 0, 0.74), WHITE), (rect(-0.4, -0.3, -0.08, 0.3), BLACK), (rect(0.08, -0.3, 0.4, 0.3), BLACK)],
            [(triangle * 1.15, red), (triangle * 0.72, WHITE)],
            [(disc(0, 0, 1, 8), red), (rect(-0.7, -0.2, 0.7, 0.2), WHITE)],
            [(disc(0, 0, 1), (22, 70, 170)), (arrow, WHITE)],
            [(rect(-1, -0.9, 1, 1.1), (24, 96, 60)), (rect(-0.8, 0.1, 0.6, 0.35), WHITE), (rect(-0.8, -0.5, 0.3, -0.25), WHITE)],
        )
        for ring, colour in shapes[rng.integers(len(shapes))]:
            self.add(plate.but(colour), place - ahead * 0.05, right, UP, ring * size + (0, high))

    def _traffic_light(self, spot):
        """x of the spot is the way on, so the lamps are at its near side."""
        case = self.look("traffic light", (26, 28, 28))
        self.board(self.look("pole", (60, 62, 64)), spot(0, 0, 0), rect(-0.07, 0, 0.07, 3.4))
        self.box(case, spot, (-0.16, 0.16), (-0.18, 0.18), (2.3, 3.5))
        lit, right = self.rng.integers(3), spot(0, 1, 0) - spot(0, 0, 0)
        for i, colour in enumerate(np.array(((40, 250, 90), (255, 190, 40), (255, 40, 30)))):
            lamp = case.but(colour, "glow") if i == lit else case.but(colour * 0.16)
            self.add(lamp, spot(-0.17, 0, 0), right, UP, disc(0, 2.57 + 0.33 * i, 0.13))

    def _item(self, s, t, side):
        """A bin, a bench, a switch box, a tub of flowers or a bus shelter."""
        rng, spot = self.rng, self.spot(s, t, KERB, (1, side))
        tint, wood, glass = rng.uniform(40, 130, 3), (112, 78, 48), (70, 84, 92)
        blocks = (  # length, ranges across and up, colour
            [(0.5, (-0.25, 0.25), (0.05, 0.95), tint * 0.6)],
            [(1.7, (-0.25, 0.25), (0.38, 0.46), wood), (1.7, (0.2, 0.25), (0.5, 0.9), wood), (1.5, (-0.2, 0.2), (0, 0.38), BLACK * 2)],
            [(0.9, (-0.22, 0.22), (0, 1.3), (120, 128, 118))],
            [(1.6, (-0.35, 0.35), (0, 0.5), (140, 132, 122))],
            [(4.3, (-1, 0.5), (2.2, 2.35), tint * 0.6), (4, (0.45, 0.5), (0.3, 2.2), glass), (0.1, (-0.6, 0.5), (0, 2.2), tint + 60)],
        )
        kind = rng.choice(5, p=[0.27, 0.24, 0.22, 0.18, 0.09])
        thing = self.look("furniture")
        for long, y, z, colour in blocks[kind]:
            self.box(thing.but(colour), spot, (-long / 2, long / 2), y, z)
        if kind == 3:
            self.bush(spot(0, 0, 0.35), 0.55)

    # cars and people

    def _traffic(self):
        """Draws up who drives, parks and walks where; `frame` puts them there."""
        rng, lane, cars, self.people = self.rng, self.lane, [], []
        for i in range(self.lanes):  # in our direction, and towards us: s, t, metres from frame to frame, where the nose points
            for s in self.start + np.cumsum(rng.uniform(9, 45, rng.integers(1, 3))) + rng.uniform(6, 30):
                cars.append((s, (i + 0.5) * lane, rng.uniform(0.7, 1.15) * DRIVE, 1))
            for s in self.start + np.cumsum(rng.uniform(10, 50, rng.integers(1, 5))) + rng.uniform(10, 40):
                cars.append((s, -(i + 0.5) * lane, -rng.uniform(5, 9), -1))
        for side in (-1, 1) if self.parking else ():
            for s in np.cumsum(rng.uniform(5.4, 7, 22)) - 10:
                if self.free(s, 7) and rng.random() < 0.5:
                    cars.append((s, side * (self.edge - 1.1), 0.0, side))
        self.cars = [
            (*car, BODIES[rng.integers(len(BODIES))], self.look("car", PAINTS[rng.integers(len(PAINTS))], "paint")) for car in cars
        ]
        for _ in range(rng.poisson(1.1)):
            side, s = rng.choice([-1, 1]), rng.choice([rng.uniform(16, 34), rng.uniform(34, 90)])
            t = side * (self.edge + rng.uniform(0.5, self.pavement - 0.4))
            self.people.append((s + self.start, t, rng.uniform(-1.2, 1.2), KERB, rng.integers(1 << 30), self.look("person")))
        if self.crossing > 0 and rng.random() < 0.6:
            t = rng.uniform(-self.edge, self.edge)
            self.people.append((self.crossing - self.half - 1.6, t, 0.0, 0.0, rng.integers(1 << 30), self.look("person")))

    def frame(self, moment: int, width=800, height=600) -> tuple[Camera, list[Part]]:
        """Camera and parts after `moment` steps of DRIVE metres."""
        static, s = self.parts, self.start + DRIVE * moment
        self.parts = static.copy()
        ahead = self.axes(s)[0]
        camera = Camera(self.at(s, self.lane / 2, EYE), np.arctan2(ahead[1], ahead[0]), width, height)
        for place, t, speed, way, body, paint in self.cars:
            at = place + speed * moment
            if s + 4.5 < at < s + 170 or (abs(t - self.lane / 2) > 1.8 and -8 < at - s <= 4.5):
                self._car(self.spot(at, t, 0, (way, way)), paint, *body)
        for place, t, speed, z, seed, look in self.people:
            if place + speed * moment > s + 2:
                self._person(self.at(place + speed * moment, t, z), np.random.default_rng(seed), moment, look)
        bonnet = Look("camera car", 0, np.array((14, 15, 17)), "bonnet")
        self.add(bonnet, camera.position + camera.ahead / 2, camera.right, -UP, BONNET)
        parts, self.parts = self.parts, static
        return camera, parts

    def _car(self, spot, paint, long, wide, high, bonnet, roof0, roof1, boot):
        """A body and a cabin, each a profile that is drawn out to the car's width; x is given in shares of the length, from the front."""
        black, glass, grey = paint.but((16, 16, 18)), paint.but((17, 20, 24), "glass", (-0.3, 0.9)), paint.but((26, 26, 28))
        clear, hip, belt = 0.2, high * 0.5, high * 0.6

        def p(x, y, z):  # y in shares of the half width, to the right
            return spot((0.5 - x) * long, y * wide / 2, z)

        def across(x0, z0, x1, z1, y0=1.0, y1=1.0):  # a quadrilateral from side to side, from the lower to the upper edge
            return np.array([p(x0, -y0, z0), p(x0, y0, z0), p(x1, y1, z1), p(x1, -y1, z1)])

        self.face(black, across(0.02, clear, 0.985, clear))
        self.face(Look("road", 0, np.array((40, 40, 42))), across(0.02, 0, 0.98, 0))  # where no sky reaches
        for x in (0.06, 0.9):  # tyres, as seen from before and behind
            for y in (-0.98, 0.78):
                self.face(black, [p(x, y, 0), p(x, y + 0.2, 0), p(x, y + 0.2, 0.4), p(x, y, 0.4)])
        front, back = (0.0, hip * 0.75), (1.0, hip * 0.8)
        lower = [(0.02, clear), front, (0.025, hip), (bonnet, belt), (boot, belt), (0.985, belt * 0.97), back, (0.985, clear)]
        for i, ((x0, z0), (x1, z1)) in enumerate(pairwise(lower)):
            if i != 3:  # there the cabin stands
                self.face(paint, across(x0, z0, x1, z1))
        for quad in (across(bonnet, belt, roof0, high, 0.97, 0.76), across(boot, belt, roof1, high, 0.97, 0.76)):
            self.face(paint, quad)
            self.face(glass, _inset(quad, 0.05, 0.95, 0.08, 0.9))
        self.face(paint, across(roof0, high, roof1, high, 0.76, 0.76))
        ahead = (p(0, 0, 0) - p(1, 0, 0)) / long
        for y in (-1, 1):
            self.face(paint, [p(x, y, z) for x, z in reversed(lower)])
            quad = [p(boot, y * 0.97, belt), p(bonnet, y * 0.97, belt), p(roof0, y * 0.76, high), p(roof1, y * 0.76, high)]
            self.face(paint, quad)
            for u0, u1 in ((0.08, 0.47), (0.53, 0.9)):
                self.face(glass, _inset(quad, u0, u1, 0.06, 0.86))
            self.face(grey, [p(0.97, y, clear), p(0.03, y, clear), p(0.03, y, clear + 0.1), p(0.97, y, clear + 0.1)])
            for x in (0.31 * long, -0.31 * long):
                for radius, tone in ((0.39, 10), (0.33, 24), (0.21, 120), (0.08, 50)):  # arch, tyre, rim, hub
                    self.add(paint.but((tone,) * 3), p(0.5, y, 0), ahead, UP, np.maximum(disc(x, 0.33, radius), (-99, 0)))
            doors = [rect(u * long - 0.01, clear + 0.12, u * long + 0.01, belt) for u in (-0.02, 0.22)]
            self.add(paint.but(paint.colour * 0.45), p(0.5, y, 0), ahead, UP, *doors)
        tail, bumper = across(*back, 0.985, belt * 0.97), across(0.985, clear, *back)
        nose, grille = across(*front, 0.025, hip), across(0.02, clear, *front)
        red, lamp = (168, 14, 16), (225, 228, 230)
        for quad, place, tone in (
            (tail, (0.02, 0.2, 0.25, 0.95), red), (tail, (0.8, 0.98, 0.25, 0.95), red), (tail, (0.36, 0.64, 0.05, 0.45), WHITE),
            (bumper, (0, 1, 0, 0.4), BLACK), (nose, (0.03, 0.25, 0.1, 0.95), lamp), (nose, (0.75, 0.97, 0.1, 0.95), lamp),
            (nose, (0.3, 0.7, 0.05, 0.8), BLACK), (grille, (0.1, 0.9, 0, 0.45), BLACK), (grille, (0.36, 0.64, 0.55, 0.85), WHITE),
        ):  # fmt: skip
            self.face(paint.but(tone), _inset(quad, *place))

    def _person(self, place, rng, moment, look):
        unit, stride = rng.uniform(0.9, 1.08), 0.16 * np.sin(1.9 * moment + rng.uniform(0, 6))
        skin, coat = np.array((206, 160, 128)) * rng.uniform(0.4, 1.05), rng.uniform(25, 200, 3)
        trousers, hair = rng.uniform(20, 90) * np.array([0.9, 0.95, 1.1]), rng.uniform(15, 90) * np.array([1.1, 0.85, 0.6])
        legs = [
            np.array([[x, 0.05], [x + 0.13, 0.05], [y + 0.17, 0.88], [y, 0.88]]) for x, y in ((-0.16 - stride, -0.17), (0.03 + stride, 0))
        ]
        arms = [
            np.array([[x, 0.8], [x + 0.09, 0.8], [y + 0.1, 1.43], [y, 1.43]]) for x, y in ((-0.31 - stride, -0.27), (0.21 + stride, 0.17))
        ]
        torso = np.array([[-0.17, 0.82], [0.17, 0.82], [0.22, 1.4], [0.12, 1.48], [-0.12, 1.48], [-0.22, 1.4]])
        head = [disc(0, 1.62, 0.115), rect(-0.05, 1.45, 0.05, 1.55)]
        crown = np.array([[-0.12, 1.62], [0.12, 1.62], [0.1, 1.72], [0, 1.765], [-0.1, 1.72]])
        shoes = [rect(x, 0, x + 0.2, 0.08) for x in (-0.19 - stride, stride)]
        for rings, colour in ((legs, trousers), (shoes, BLACK), (arms, coat * 0.8), ([torso], coat), (head, skin), ([crown], hair)):
            self.board(look.but(colour), place, *(ring * unit for ring in rings))


PAINTS = [(196, 198, 200), (225, 225, 222), (30, 31, 34), (90, 94, 100), (142, 34, 36), (58, 82, 128)]
PAINTS += [(62, 104, 116), (184, 146, 62), (76, 82, 66)]
BODIES = [  # length, width, height; as shares of the length: where the bonnet, the roof's two ends and the boot are
    (4.0, 1.72, 1.5, 0.24, 0.4, 0.86, 0.97),  # hatchback
    (4.6, 1.8, 1.43, 0.27, 0.43, 0.7, 0.86),  # saloon
    (4.6, 1.9, 1.75, 0.25, 0.36, 0.93, 0.98),  # off-road car
    (5.1, 1.95, 2.1, 0.12, 0.22, 0.97, 0.99),  # van
    (4.7, 1.82, 1.46, 0.26, 0.41, 0.9, 0.98),  # estate
]
# The camera car's own bonnet, half a metre ahead, as the real frames show it.
_RIM = [(-440, 218), (-292, 219), (-262, 210), (-145, 204), (0, 199), (150, 203), (275, 210), (300, 220), (440, 218)]
BONNET = np.array([(-440, 450), *_RIM, (440, 450)]) / 800


def rect(u0, v0, u1, v1):
    """A rectangle from (u0, v0) to (u1, v1), as a ring."""
    return np.array([[u0, v0], [u1, v0], [u1, v1], [u0, v1]], float)


def disc(u, v, radius, corners=14):
    """A regular polygon about (u, v), as a ring."""
    angle = (np.arange(corners) + 0.5) * 2 * np.pi / corners
    return np.stack([u + radius * np.cos(angle), v + radius * np.sin(angle)], axis=1)


def _corners(s0, s1):
    """Where a band along the road from s0 to s1 has its corners: close together near by, where a bend would show them."""
    return np.array([s0, *(s for s in np.arange(-50, LENGTH, STEP) if s0 < s < s1 and (s < 130 or s % 10 == 0)), s1])


def _inset(quad, u0, u1, v0, v1):
    """A smaller quadrilateral on (4, 3) corners: from share u0 to u1 of its first edge and v0 to v1 of its height."""
    a, b, c, d = quad
    return np.array([(a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v for u, v in ((u0, v0), (u1, v0), (u1, v1), (u0, v1))])


def _tufts(rng, x, y, wide, high, count):
    """Ragged tufts of leaves that together fill an ellipse about (x, y), as rings (count, corners, 2)."""
    angle, radius = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.uniform(0, 1, count))
    middle = np.stack([x + radius * np.cos(angle) * wide, y + radius * np.sin(angle) * high], axis=1)
    size = (0.45 - 0.25 * radius) * min(wide, high) * rng.uniform(0.7, 1.2, count) + 0.05
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False) + rng.uniform(0, 6, (count, 1))
    reach = size[:, None] * np.where(np.arange(14) % 2, 0.7, 1.05) * rng.uniform(0.6, 1.3, (count, 14))
    return middle[:, None] + reach[..., None] * np.stack([np.cos(turn), np.sin(turn)], axis=-1)


def _fronds(rng, high):
    """Palm leaves that hang from the top of a trunk, as rings."""
    t = np.linspace(0, 1, 12)
    for angle in np.linspace(-0.6, np.pi + 0.6, 11) + rng.uniform(-0.15, 0.15, 11):
        long = high * rng.uniform(0.24, 0.34)
        x, y = np.cos(angle) * long * t, high * 0.92 + long * (np.sin(angle) * t - 0.55 * t**2)
        thick = 0.11 * long * (1 - t) * np.where(np.arange(12) % 2, 0.35, 1)
        yield np.concatenate([np.stack([x, y + thick], axis=1), np.stack([x, y - thick], axis=1)[::-1]])


def draw_weather(rng) -> Weather:
    """Clear, cloudy, evening or after rain."""
    sunlight, skylight, zenith, horizon, clouds, haze, wet, height = [
        ((255, 240, 215), (120, 138, 165), (58, 104, 168), (186, 208, 226), (0.2, 0.55), 420, 0, (35, 60)),
        ((128, 126, 124), (150, 158, 168), (108, 124, 146), (190, 198, 206), (0.7, 1.0), 300, 0, (40, 65)),
        ((255, 190, 120), (116, 112, 122), (110, 116, 140), (232, 200, 158), (0.3, 0.69), 300, 0.8 * rng.integers(2), (14, 24)),
        ((105, 106, 108), (132, 138, 146), (100, 108, 118), (168, 174, 180), (1.0, 1.0), 220, 1, (35, 60)),
    ][rng.choice(4, p=[0.4, 0.22, 0.22, 0.16])]
    turn, up = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(*height))
    sun = np.array([np.cos(turn) * np.cos(up), np.sin(turn) * np.cos(up), np.sin(up)])
    return Weather(sun, sunlight, skylight, zenith, horizon, rng.uniform(*clouds), haze, wet, rng.uniform(0, 4))
