"""A street that is made up from a seed: road, houses, gardens, trees, lamps, signs, cars and people, as parts that `render` can draw.

Places are given along the road: s metres along its middle, t metres to the right of it, z up. Things are named in everyday words
("lawn", "traffic light"); the data set that uses a street says which of its classes each word belongs to.
"""

import numpy as np

from data_scripts.render import UP, Camera, Part, Weather

LENGTH, STEP = 330.0, 2.0  # metres of road, and between its corners
CAMERA_HEIGHT = 1.35
KERB = 0.13


def rect(u0, v0, u1, v1):
    """A rectangle from (u0, v0) to (u1, v1), as a ring."""
    return np.array([[u0, v0], [u1, v0], [u1, v1], [u0, v1]], float)


def disc(u, v, radius, corners=14):
    """A regular polygon about (u, v), as a ring."""
    angle = (np.arange(corners) + 0.5) * 2 * np.pi / corners
    return np.stack([u + radius * np.cos(angle), v + radius * np.sin(angle)], axis=1)


class Street:
    """One world. `frame(k, …)` gives camera and parts at moment k, as the camera car drives on; `weather` is that of the whole drive."""

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        self.parts, self.things = [], 0
        s = np.arange(-50, LENGTH, STEP)
        heading = np.zeros_like(s)
        for start in (rng.uniform(5, 70), rng.uniform(90, 170)):
            turn = rng.choice([0, rng.uniform(0.2, 0.9)], p=[0.35, 0.65]) * rng.choice([-1, 1])
            heading += turn * _smooth((s - start) / rng.uniform(60, 110))
        self._s, self._heading = s, heading
        self._x, self._y = np.cumsum(np.cos(heading)) * STEP, np.cumsum(np.sin(heading)) * STEP
        self.lane = rng.uniform(3.6, 4.5)  # width of one lane
        self.lanes = rng.choice([1, 2], p=[0.88, 0.12])  # in each direction
        self.parking = rng.choice([0, 2.3], p=[0.82, 0.18])  # width of a parking strip
        self.edge = self.lane * self.lanes + self.parking  # of the road
        self.pavement = rng.uniform(3.4, 7.5)
        self.crossing = rng.uniform(45, 130) if rng.random() < 0.6 else -200.0  # where another road crosses
        self.across_half = rng.uniform(4, 6)
        self.weather = draw_weather(rng)
        self.start = rng.uniform(0, 12)
        self.cars = []
        self._ground()
        for side in (-1, 1):
            self._plots(side)
            self._furniture(side)
        self._horizon()
        self._traffic()

    # --- places ------------------------------------------------------------------------------------------------------------------

    def at(self, s, t, z=0.0):
        """World coordinates of a place on the road: (3,), or (n, 3) for arrays."""
        heading = np.interp(s, self._s, self._heading)
        x = np.interp(s, self._s, self._x) + t * np.sin(heading)
        y = np.interp(s, self._s, self._y) - t * np.cos(heading)
        return np.stack(np.broadcast_arrays(x, y, z), axis=-1).astype(float)

    def axes(self, s):
        """Unit vectors along the road and to its right."""
        heading = np.interp(s, self._s, self._heading)
        return np.array([np.cos(heading), np.sin(heading), 0]), np.array([np.sin(heading), -np.cos(heading), 0])

    def free(self, s, margin=0.0):
        """Whether no road crosses at s."""
        return abs(s - self.crossing) > self.across_half + margin

    # --- shapes ------------------------------------------------------------------------------------------------------------------

    def thing(self):
        """A new instance number."""
        self.things += 1
        return self.things

    def add(self, name, thing, origin, across, along, rings, colour, texture="plain", detail=(), outside=False):
        """One part; a single ring will do for a list of one."""
        rings = [rings] if isinstance(rings, np.ndarray) else rings
        detail = (*detail, *(0.0,) * (4 - len(detail)))
        self.parts.append(Part(name, thing, np.asarray(origin, float), across, along, rings, tuple(colour), texture, detail, outside))

    def face(self, name, thing, points, colour, texture="plain", detail=(), outside=False):
        """A flat polygon through points (n, 3); v is across the first edge, u along it."""
        points = np.asarray(points, float)
        across = points[1] - points[0]
        across /= np.linalg.norm(across)
        along = points[-1] - points[0]
        along = along - across * (along @ across)
        along /= np.linalg.norm(along)
        ring = (points - points[0]) @ np.stack([across, along], axis=1)
        self.add(name, thing, points[0], across, along, ring, colour, texture, detail, outside)

    def board(self, name, thing, place, rings, colour, texture="plain", detail=()):
        """Something that turns with the camera; (0, 0) of its rings is at `place`."""
        self.add(name, thing, place, None, UP, rings, colour, texture, detail)

    def strip(self, name, s0, s1, t0, t1, z, colour, texture, detail=()):
        """A flat band along the road."""
        s = _corners(s0, s1)
        along, right = self.axes((s0 + s1) / 2)
        outline = np.concatenate([self.at(s, t0, z), self.at(s[::-1], t1, z)])
        ring = (outline - outline[0]) @ np.stack([right, along], axis=1)
        self.add(name, self.thing(), outline[0], right, along, ring, colour, texture, detail)

    def solid(self, name, thing, base, z0, z1, colour, texture="plain", detail=(), top=None, roof=True):
        """Walls on a footprint (n, 3) from z0 to z1, and a lid of colour `top`."""
        base = np.asarray(base, float)
        (x0, y0), (x1, y1) = (base[1] - base[0])[:2], (base[2] - base[1])[:2]
        base = base if x0 * y1 > x1 * y0 else base[::-1]  # counterclockwise, so that the faces look outward
        low, high = base * (1, 1, 0) + UP * z0, base * (1, 1, 0) + UP * z1
        for i, j in zip(range(len(base)), [*range(1, len(base)), 0], strict=True):
            self.face(name, thing, [low[i], low[j], high[j], high[i]], colour, texture, detail, outside=True)
        if roof:
            self.face(name, thing, high, colour if top is None else top)

    def plan(self, s0, s1, t0, t1):
        """A straight-sided footprint, (4, 3), whose first edge lies at t0, towards the road."""
        a, b = self.at(s0, t0), self.at(s1, t0)
        out = self.axes((s0 + s1) / 2)[1] * (t1 - t0)
        return np.array([a, b, b + out, a + out])

    # --- the ground --------------------------------------------------------------------------------------------------------------

    def _ground(self):
        rng, edge, far = self.rng, self.edge, LENGTH - 5
        grey = rng.uniform(82, 128) + np.array([0, 0, rng.uniform(-4, 6)])
        slab = rng.uniform(110, 160) + np.array([rng.uniform(0, 10), 2, rng.uniform(-8, 2)])
        stone = (rng.uniform(0.5, 2.2), rng.uniform(0.5, 1.2), rng.uniform(0.1, 0.3))
        green = np.array([rng.uniform(52, 85), rng.uniform(88, 112), rng.uniform(18, 40)])
        across, along = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
        self.add("lawn", self.thing(), (0, 0, 0), across, along, rect(-600, -600, 900, 900), green, "grass")
        gaps = [(-45, self.crossing - self.across_half), (self.crossing + self.across_half, far)]
        if self.crossing < 0:
            gaps = [(-45, far)]
        for side in (-1, 1):
            inner, outer = side * edge, side * (edge + self.pavement)
            for s0, s1 in gaps:
                self.strip("pavement", s0, s1, inner, outer, KERB, slab, "slabs", stone)
                corners = self.at(_corners(s0, s1), inner)
                for p, q in zip(corners[:-1], corners[1:], strict=True):  # the kerb's upright side, and the stone on top of it
                    self.face("pavement", self.things, [p, q, q + UP * KERB, p + UP * KERB], slab * 0.8)
                self.strip("pavement", s0, s1, inner, inner + side * 0.22, KERB, slab * 1.08, "slabs", (1.2, 9, 0.3))
        self.strip("road", -45, far, -edge, edge, 0, grey, "asphalt")
        if self.crossing > 0:
            along, right = self.axes(self.crossing)
            self.add("road", self.things, self.at(self.crossing, 0), right, along, rect(-150, -self.across_half, 150, self.across_half), grey, "asphalt")
        for _ in range(rng.poisson(5)):  # patches of newer asphalt
            s, t, long = rng.uniform(5, 90), rng.uniform(-edge, edge - 1.5), rng.uniform(1, 7)
            self.strip("road", s, s + long, t, t + rng.uniform(0.7, 1.5), 0, grey * rng.uniform(0.72, 0.92), "asphalt")
        for _ in range(rng.poisson(3)):
            s, t = rng.uniform(4, 70), rng.uniform(-edge + 1, edge - 1)
            self.add("road", self.things, self.at(s, t), *self.axes(s), disc(0, 0, 0.34), grey * 0.5, "asphalt")
        self._marks(gaps, rng.choice([0, 1, 2], p=[0.7, 0.15, 0.15]))

    def _marks(self, gaps, style):
        """Double yellow in the middle, or one broken or unbroken white line; broken lines between lanes; lines and stripes at a crossing."""
        yellow, white = (214, 158, 28), (205, 205, 200)
        for s0, s1 in [(max(a, -10), b - 3.5 * (b < LENGTH - 9)) for a, b in gaps]:
            if s0 > 10:
                s0 += 3.5
            if style == 1:
                self._dashes(s0, s1, 0, white)
            else:
                for t in (-0.16, 0.16) if style == 0 else (0,):
                    self.strip("road line", s0, s1, t - 0.05, t + 0.05, 0, yellow if style == 0 else white, "marking")
            for t in [side * self.lane for side in (-1, 1)] if self.lanes == 2 else []:
                self._dashes(s0, s1, t, white)
            for t in [side * (self.edge - self.parking) for side in (-1, 1)] if self.parking else []:
                self.strip("road line", s0, s1, t - 0.05, t + 0.05, 0, white, "marking")
        if self.crossing > 0:
            for side in (-1, 1):
                s = self.crossing + side * (self.across_half + 1.6)
                for t in np.arange(-self.edge + 0.5, self.edge - 0.4, 1.0):
                    self.strip("road line", s - 1.2, s + 1.2, t, t + 0.5, 0, white, "marking")
                stop = s + side * 2.0
                self.strip("road line", stop - 0.15, stop + 0.15, *sorted((-side * 0.3, -side * (self.edge - self.parking))), 0, white, "marking")

    def _dashes(self, s0, s1, t, colour):
        for s in np.arange(s0, min(s1, 150) - 2, 7.0):
            self.strip("road line", s, s + 2.6, t - 0.065, t + 0.065, 0, colour, "marking")

    # --- beside the road ---------------------------------------------------------------------------------------------------------

    def _plots(self, side):
        """Fills one side of the road with houses, gardens and greens, one after the other."""
        rng, s = self.rng, -28.0
        front = self.edge + self.pavement
        built = rng.uniform(0.2, 0.7)
        while s < 210:
            long = rng.uniform(14, 34)
            if not self.free(s + long / 2, long / 2 + 3):
                s = s + 3 if s + long < self.crossing else self.crossing + self.across_half + 3
                if s + 14 < self.crossing:
                    continue
                long = 14
                if not self.free(s + 7, 10):
                    s = self.crossing + self.across_half + 4
            if rng.random() < built:
                setback = rng.choice([rng.uniform(2, 5), rng.uniform(6, 16)])
                self._building(s + 1, s + long - 1, side * (front + setback), side, s)
                self._boundary(s, s + long, side * (front + 0.25), 0.15 if setback > 4 else 0.7)
                for _ in range(rng.poisson(2.0) if setback > 5 else 0):
                    self.tree(rng.uniform(s, s + long), side * (front + rng.uniform(1.5, setback - 1.5)), rng.uniform(3, 6.5))
            else:
                self._boundary(s, s + long, side * (front + 0.25), 0.3)
                for _ in range(rng.poisson(10)):
                    self.tree(rng.uniform(s, s + long), side * (front + 2 + rng.gamma(1.6, 6)), rng.uniform(4.5, 13))
                for _ in range(rng.poisson(1.5)):
                    self.bush(rng.uniform(s, s + long), side * (front + rng.uniform(1, 10)), rng.uniform(0.6, 1.5))
            s += long

    def _boundary(self, s0, s1, t, bare):
        """A wall, hedge or fence along the pavement, or with probability `bare` nothing."""
        rng = self.rng
        kind = rng.choice(["none", "wall", "fence", "hedge"], p=[bare, *(1 - bare) * np.array([0.62, 0.14, 0.24])])
        thing, thick = self.thing(), 0.3 * np.sign(t)
        steps = [(a, min(a + 6, s1)) for a in np.arange(s0, s1 - 0.5, 6.0)]
        if kind == "wall":
            high, colour = rng.uniform(1.0, 3.0), rng.uniform(95, 175) + rng.uniform(-12, 12, 3)
            for a, b in steps:
                self.solid("wall", thing, self.plan(a, b, t, t + thick), 0, high, colour, "blocks", (0.5, 0.22, 0.35), colour * 1.1)
        elif kind == "fence":
            high, colour, wood = rng.uniform(0.9, 1.5), rng.uniform(40, 110) * np.array([1.2, 0.95, 0.75]), rng.random() < 0.4
            for a, b in steps:
                p, q = self.at(a, t), self.at(b, t)
                across, long = (q - p) / np.linalg.norm(q - p), np.linalg.norm(q - p)
                rails = [rect(0, z, long, z + 0.07) for z in (0.22 * high, 0.85 * high)]
                gap, bar = (0.19, 0.13) if wood else (0.3, 0.03)
                bars = [rect(u, 0.08, u + bar, high + 0.04 * (u % 0.8 > 0.4)) for u in np.arange(0, long, gap)]
                self.add("fence", thing, p, across, UP, [*rails, *bars, rect(0, 0, 0.1, high + 0.12)], colour)
        elif kind == "hedge":
            high = rng.uniform(0.7, 1.7)
            for a, b in steps:
                base = self.plan(a, b, t, t + 4 * thick)
                across, long = (base[1] - base[0]) / np.linalg.norm(base[1] - base[0]), np.linalg.norm(base[1] - base[0])
                u = np.linspace(0, long, int(long / 0.16))
                top = np.stack([u, high + rng.uniform(-0.12, 0.08, len(u))], 1)
                shape = np.concatenate([[[0, 0]], top, [[long, 0]]])
                for depth, dark in ((4, 0.7), (2, 0.85), (0, 1)):
                    self.add("hedge", thing, self.at(a, t + depth * thick), across, UP, shape, np.array((62, 92, 34)) * dark, "leaves", (9, 0.1, 0.8))

    def _building(self, s0, s1, t, side, seed):
        rng, thing = self.rng, self.thing()
        kind = rng.choice(["flats", "office", "house", "shop"], p=[0.36, 0.16, 0.28, 0.2])
        deep = rng.uniform(9, 15)
        base = self.plan(s0, s1, t, t + side * deep)
        hue = rng.choice([(196, 190, 178), (168, 160, 150), (150, 92, 70), (205, 182, 140), (120, 126, 134), (176, 150, 128), (222, 218, 210)])
        colour = np.array(hue) * rng.uniform(0.8, 1.05)
        floor, bay = rng.uniform(2.9, 3.4), rng.uniform(2.2, 3.6)
        luck = rng.uniform(0, 9)
        if kind == "house":
            high = floor * rng.choice([1, 2]) + 0.4
            self.solid("building", thing, base, 0, high, colour, "facade", (bay, floor, 0, luck), roof=False)
            self._gable(thing, base, high, rng.uniform(2.2, 4.0), colour)
            return
        floors = {"flats": rng.integers(3, 6), "office": rng.integers(3, 9), "shop": rng.integers(2, 4)}[kind]
        high, style = floor * floors, {"flats": 2, "office": 1, "shop": 0}[kind]
        self.solid("building", thing, base, 0, high, colour, "facade", (bay, floor, style, luck))
        middle = base.mean(0)
        for grow, z0, z1 in ((1.06, high, high + 0.28), (0.4, high + 0.28, high + 1.9)):  # eaves, and the lift's housing
            self.solid("building", thing, middle + (base - middle) * grow, z0, z1, colour * 0.75)
        across = (base[1] - base[0]) / np.linalg.norm(base[1] - base[0])
        out = (base[0] - base[3]) / np.linalg.norm(base[0] - base[3])
        if kind == "flats":
            for j in range(1, floors):
                for i in range(int(np.linalg.norm(base[1] - base[0]) / bay / 2)):
                    corner = base[0] + across * (2 * i + 0.62) * bay
                    plan = [corner + out * 1.2, corner + across * bay * 0.95 + out * 1.2, corner + across * bay * 0.95, corner]
                    self.solid("building", thing, plan, j * floor - 0.15, j * floor + 0.95, colour * rng.uniform(0.86, 0.9), top=colour * 0.3)
        elif kind == "shop":
            a, b = base[0] + across * 0.6 + out * 0.03, base[1] - across * 0.6 + out * 0.03
            self.face("building", thing, [a + UP * 0.4, b + UP * 0.4, b + UP * 2.4, a + UP * 2.4], (30, 36, 42), "glass", (0, 3.5))
            sign = rng.uniform(40, 190, 3)
            self.face("building", thing, [a + UP * 2.5, b + UP * 2.5, b + UP * 3.0, a + UP * 3.0], sign)
            awning = [a + UP * 2.5, b + UP * 2.5, b + UP * 2.1 + out * 1.3, a + UP * 2.1 + out * 1.3]
            self.face("awning", self.thing(), awning, sign * 0.9)

    def _gable(self, thing, base, high, rise, colour):
        """A roof of tiles whose ridge runs along the first edge of `base`."""
        a, b, c, d = base * (1, 1, 0) + UP * high
        ends = [(a + d) / 2 + UP * rise, (b + c) / 2 + UP * rise]
        self.face("building", thing, [a, d, ends[0]], colour)
        self.face("building", thing, [b, c, ends[1]], colour)
        over = 0.12 * (ends[0] - a), (b - a) / np.linalg.norm(b - a) * 0.5
        tiles = np.array((128, 66, 48)) * self.rng.uniform(0.6, 1.1)
        for p, q, over_edge in ((a, b, a - ends[0]), (d, c, d - ends[0])):
            eave = 0.14 * over_edge
            self.face("building", thing, [p + eave - over[1], q + eave + over[1], ends[1] + over[1], ends[0] - over[1]], tiles, "blocks", (0.3, 0.33, 0.4))
        chimney = (ends[0] * 0.7 + ends[1] * 0.3) + np.array([[-0.4, -0.4, 0], [0.4, -0.4, 0], [0.4, 0.4, 0], [-0.4, 0.4, 0]])
        self.solid("building", thing, chimney, high + rise - 1, high + rise + 0.9, colour * 0.8, "blocks", (0.3, 0.1, 0.3))

    def tree(self, s, t, high, kind=None):
        """A trunk and a crown of tufts: broad, conifer or palm."""
        rng, thing, place = self.rng, self.thing(), self.at(s, t)
        kind = kind or rng.choice(["broad", "conifer", "palm"], p=[0.74, 0.16, 0.1])
        green = np.array([rng.uniform(50, 88), rng.uniform(76, 104), rng.uniform(26, 46)])
        bark = np.array((84, 68, 52)) * rng.uniform(0.7, 1.1)
        thick = 0.022 * high + 0.06
        bare = high * {"broad": rng.uniform(0.22, 0.36), "conifer": 0.1, "palm": 0.93}[kind]
        trunk = np.array([[-thick, 0], [thick, 0], [thick * 0.6, bare + 0.25 * high], [-thick * 0.6, bare + 0.25 * high]])
        self.board("tree", thing, place, trunk if kind != "palm" else trunk * (1, 0.82), bark)
        if kind == "palm":
            self.board("tree", thing, place, _fronds(rng, high), green * (1.1, 1.05, 1), "leaves", (high * 0.5, high * 0.9, 0.3))
            return
        radius = (high - bare) / 2
        middle = bare + radius
        ahead, fine = self.axes(s)[0], 25 if s < 60 and abs(t) < 25 else 16 if s < 110 else 10
        if kind == "conifer":
            for i, y in enumerate(bare + (high - bare) * np.array([0, 0.16, 0.31, 0.45, 0.58, 0.7, 0.81, 0.91])):  # whorls of branches, the lowest first
                wide = (high - y) * 0.27 + 0.06 * high * 0.6
                self._crown(thing, place - ahead * 0.05 * i, rng.uniform(-0.1, 0.1), y, wide, wide * 0.75, green * (0.75 + 0.05 * i), fine)
            return
        wide, count = radius * rng.uniform(0.85, 1.25), rng.integers(6, 10)
        angle, reach = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.uniform(0.05, 1, count))
        self._crown(thing, place + ahead * wide, 0, middle, wide * 0.8, radius * 0.8, green * 0.5, fine + fine // 2)
        for i in range(count):  # boughs, from the back to the front
            x, y, size = wide * 0.66 * reach[i] * np.cos(angle[i]), radius * 0.62 * reach[i] * np.sin(angle[i]), rng.uniform(0.34, 0.52)
            nearer = place - ahead * wide * (1.6 * i / count - 0.8)
            self._crown(thing, nearer, x, middle + y, size * wide, size * radius, green * rng.uniform(0.7, 1.0), fine)

    def _crown(self, thing, place, x, y, wide, high, green, count):
        """A ball of leaves about (x, y): part of a tree."""
        tufts = _tufts(self.rng, x, y, wide, high, count)
        self.board("tree", thing, place, tufts, green, "leaves", (max(wide, high) * 1.2, y, 0.75, x))

    def bush(self, s, t, size):
        """A low ball of leaves."""
        green = np.array([self.rng.uniform(50, 90), self.rng.uniform(76, 100), self.rng.uniform(26, 46)])
        tufts = _tufts(self.rng, 0, size * 0.5, size, size * 0.6, 40)
        self.board("bush", self.thing(), self.at(s, t), tufts, green, "leaves", (size, size * 0.5, 0.75))

    def _horizon(self):
        """Woods, towers and hills where the street ends."""
        rng = self.rng
        for t in np.arange(-150, 150, 11.0):
            if abs(t) > 30 or rng.random() < 0.8:
                self.tree(rng.uniform(225, 300), t + rng.uniform(-6, 6), rng.uniform(7, 15))
        for side in (-1, 1):
            for _ in range(3):
                s, t = rng.uniform(120, 240), side * rng.uniform(45, 110)
                self._building(s, s + rng.uniform(14, 30), t, side, s)
        x = np.linspace(-330, 330, 60)
        hill = np.concatenate([[[-330, 0]], np.stack([x, 9 + 7 * np.sin(x / 60 + rng.uniform(0, 6)) + rng.uniform(0, 2.5, 60)], 1), [[330, 0]]])
        self.board("tree", self.thing(), self.at(320, 0), hill, (70, 92, 62), "leaves", (400, 0, 0.5))

    # --- on the pavement ---------------------------------------------------------------------------------------------------------

    def _furniture(self, side):
        rng, edge = self.rng, side * self.edge
        every, first = rng.uniform(22, 34), rng.uniform(-6, 14)
        for s in np.arange(first, 190, every):
            if self.free(s, 1):
                self._lamp(s, edge + side * 0.5, side)
        if rng.random() < 0.55:
            for s in np.arange(first + every / 2, 170, every / 2):
                if self.free(s, 5) and rng.random() < 0.8:
                    self.tree(s + 2, edge + side * 0.9, rng.uniform(4.5, 8), "broad")
        for _ in range(rng.poisson(1.2)):
            s = rng.uniform(24, 120)
            if self.free(s, 1) and side > 0:
                self._sign(s, edge + side * 0.45, side)
        for _ in range(rng.poisson(5)):
            s = rng.uniform(3, 90)
            if self.free(s, 3):
                self._item(s, edge + side * rng.uniform(0.8, self.pavement - 0.3), side)
        if self.crossing > 0:
            self._traffic_light(self.crossing - side * (self.across_half + 3.4), edge + side * 0.5, side)

    def _lamp(self, s, t, side):
        thing, high, reach = self.thing(), self.rng.uniform(5.2, 7.2), 1.5
        grey, right = self.rng.uniform(70, 130) * np.array([1, 1, 1.02]), -side * self.axes(s)[1]
        pole = [rect(-0.07, 0, 0.07, high), rect(-0.12, 0, 0.12, 0.9), rect(0, high - 0.12, reach, high)]
        self.add("pole", thing, self.at(s, t, KERB), right, UP, pole, grey)
        self.add("pole", thing, self.at(s, t, KERB), right, UP, rect(reach - 0.35, high - 0.2, reach + 0.35, high - 0.05), grey * 0.8)
        base = self.at(s, t) + np.array([[-0.06, -0.06, 0], [0.06, -0.06, 0], [0.06, 0.06, 0], [-0.06, 0.06, 0]])
        self.solid("pole", thing, base, KERB, high, grey, roof=False)

    def _sign(self, s, t, side):
        rng, thing = self.rng, self.thing()
        right, place = self.axes(s)[1], self.at(s, t, KERB)
        high = rng.uniform(2.1, 2.7)
        self.board("pole", thing, place, rect(-0.035, 0, 0.035, high), (120, 122, 125))
        kind = rng.choice(["limit", "give way", "stop", "blue", "panel"])
        plate, size = place - self.axes(s)[0] * 0.05, rng.uniform(0.36, 0.46)
        triangle = np.array([[-1, 0.75], [1, 0.75], [0, -0.95]])
        white, red = (225, 225, 222), (190, 22, 26)
        shapes = {
            "limit": [(disc(0, high, size), red), (disc(0, high, size * 0.74), white), (rect(-0.16, high - 0.13, -0.03, high + 0.13), (20, 20, 20)), (rect(0.03, high - 0.13, 0.16, high + 0.13), (20, 20, 20))],
            "give way": [(triangle * size * 1.15 + (0, high), red), (triangle * size * 0.72 + (0, high), white)],
            "stop": [(disc(0, high, size, 8), red), (rect(-size * 0.7, high - 0.08, size * 0.7, high + 0.08), white)],
            "blue": [(disc(0, high, size), (22, 70, 170)), (np.array([[-0.05, -0.22], [0.05, -0.22], [0.05, 0.02], [0.16, 0.02], [0, 0.24], [-0.16, 0.02], [-0.05, 0.02]]) + (0, high), white)],
            "panel": [(rect(-size, high - 0.35, size, high + 0.45), (24, 96, 60)), (rect(-size * 0.8, high, size * 0.6, high + 0.1), white), (rect(-size * 0.8, high - 0.2, size * 0.3, high - 0.1), white)],
        }[kind]  # fmt: skip
        for ring, colour in shapes:
            self.add("traffic sign", thing, plate, right, UP, ring, colour)

    def _traffic_light(self, s, t, side):
        thing, right = self.thing(), self.axes(s)[1]
        place, front = self.at(s, t, KERB), self.at(s, t, KERB) - side * self.axes(s)[0] * 0.16
        self.board("pole", thing, place, rect(-0.07, 0, 0.07, 3.4), (60, 62, 64))
        low = 2.4
        plan = place + 0.16 * np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
        self.solid("traffic light", thing, plan, low, low + 1.05, (28, 30, 30))
        self.add("traffic light", thing, front, right, UP, rect(-0.26, low - 0.1, 0.26, low + 1.15), (24, 25, 25))
        lit = self.rng.integers(3)
        for i, colour in enumerate(((40, 250, 90), (255, 190, 40), (255, 40, 30))):
            on = i == lit
            colour = np.array(colour) if on else np.array(colour) * 0.16
            self.add("traffic light", thing, front, right, UP, disc(0, low + 0.2 + 0.33 * i, 0.13), colour, "glow" if on else "plain")

    def _item(self, s, t, side):
        """A bin, a bench, a switch box, a tub of flowers or a bus shelter."""
        rng, thing = self.rng, self.thing()
        kind = rng.choice(["bin", "bench", "box", "tub", "shelter"], p=[0.25, 0.22, 0.2, 0.18, 0.15])
        colour = rng.uniform(40, 130, 3)
        z = KERB

        def block(length, wide, z0, z1, colour, name="furniture"):
            base = self.plan(s - length / 2, s + length / 2, t - side * wide / 2, t + side * wide / 2)
            self.solid(name, thing, base, z + z0, z + z1, colour)

        if kind == "bin":
            block(0.5, 0.5, 0.05, 0.95, colour * 0.6)
        elif kind == "box":
            block(0.9, 0.45, 0, 1.3, (120, 128, 118))
        elif kind == "tub":
            block(1.6, 0.7, 0, 0.5, (140, 132, 122))
            self.bush(s, t, 0.55)
            self.parts[-1].origin[2] = z + 0.35
        elif kind == "bench":
            block(1.7, 0.5, 0.38, 0.46, (112, 78, 48))
            block(1.5, 0.35, 0, 0.38, (50, 50, 52))
            p, q = self.at(s - 0.85, t + side * 0.25, z), self.at(s + 0.85, t + side * 0.25, z)
            self.face("furniture", thing, [p + UP * 0.5, q + UP * 0.5, q + UP * 0.9, p + UP * 0.9], (112, 78, 48))
        else:
            back = self.edge + self.pavement - 0.5
            t = side * back
            p, q = self.at(s - 2, t, z), self.at(s + 2, t, z)
            out = -side * self.axes(s)[1] * 1.4
            self.face("furniture", thing, [p + UP * 0.3, q + UP * 0.3, q + UP * 2.2, p + UP * 2.2], (70, 84, 92), "glass", (0, 2.2))
            self.face("furniture", thing, [q + UP * 0.3, q + out + UP * 0.3, q + out + UP * 2.2, q + UP * 2.2], colour + 60)
            t -= side * 0.7
            block(4.3, 1.6, 2.2, 2.35, colour * 0.6)

    # --- cars and people ---------------------------------------------------------------------------------------------------------

    def _traffic(self):
        """Draws up who drives, parks and walks where; `frame` puts them there."""
        rng, lane = self.rng, self.lane
        for i in range(self.lanes):  # ahead in our direction, and towards us
            s = self.start + (rng.uniform(16, 70) if i == 0 else rng.uniform(4, 40))
            for _ in range(rng.integers(1, 3)):
                self.cars.append((s, (i + 0.5) * lane, rng.uniform(0.7, 1.15) * 7, 1))
                s += rng.uniform(9, 40)
            s = self.start + rng.uniform(20, 80)
            for _ in range(rng.integers(1, 5)):
                self.cars.append((s, -(i + 0.5) * lane, -rng.uniform(5, 9), -1))
                s += rng.uniform(10, 50)
        if self.parking:
            for side in (-1, 1):
                s = rng.uniform(-5, 10)
                while s < 130:
                    if self.free(s, 7) and rng.random() < 0.5:
                        self.cars.append((s, side * (self.edge - 1.1), 0.0, side))
                    s += rng.uniform(5.4, 7)
        self.cars = [(*car, rng.choice(len(BODIES)), CAR_COLOURS[rng.integers(len(CAR_COLOURS))], self.thing()) for car in self.cars]
        self.people = []
        for _ in range(rng.poisson(1.3)):
            side, s = rng.choice([-1, 1]), rng.choice([rng.uniform(16, 34), rng.uniform(34, 90)])
            t = side * (self.edge + rng.uniform(0.5, self.pavement - 0.4))
            self.people.append((s + self.start, t, rng.uniform(-1.2, 1.2), KERB, rng.integers(1 << 30), self.thing()))
        if self.crossing > 0 and rng.random() < 0.6:
            t = rng.uniform(-self.edge, self.edge)
            self.people.append((self.crossing - self.across_half - 1.6, t, 0.0, 0.0, rng.integers(1 << 30), self.thing()))

    def frame(self, moment: int, width=800, height=600) -> tuple[Camera, list[Part]]:
        """Camera and parts after `moment` steps of 7 m."""
        static, s = self.parts, self.start + 7 * moment
        self.parts = list(static)
        along, right = self.axes(s)
        yaw = np.arctan2(along[1], along[0])
        camera = Camera(self.at(s, self.lane / 2, CAMERA_HEIGHT), yaw, width, height)
        for place, t, speed, way, body, colour, thing in self.cars:
            at = place + speed * moment
            if s + 4.5 < at < s + 170 or (abs(t - self.lane / 2) > 1.8 and -8 < at - s <= 4.5):
                self._car(at, t, way, *BODIES[body], colour, thing)
        for place, t, speed, z, seed, thing in self.people:
            if place + speed * moment > s + 2:
                self._person(self.at(place + speed * moment, t, z), np.random.default_rng(seed), moment, thing)
        self.add("camera car", 0, camera.position + 0.5 * camera.ahead, camera.right, -UP, BONNET, (14, 15, 17), "bonnet")
        parts, self.parts = self.parts, static
        return camera, parts

    def _car(self, s, t, way, long, wide, high, bonnet_end, roof_from, roof_to, boot, colour, thing):
        """A car whose profile is given in shares of its length, from the front to the back, and of its height."""
        ahead, right = (way * axis for axis in self.axes(s))
        middle, half, colour = self.at(s, t), wide / 2, np.asarray(colour, float)
        black, clear = (16, 16, 18), 0.2

        def p(x, y, z):
            """x: share of the length from the front; y: share of the half width, to the right; z: metres up."""
            return middle + ahead * (0.5 - x) * long + right * y * half + UP * z

        belt, hip = high * 0.6, high * 0.5
        lower = [(0.02, clear), (0.0, hip * 0.75), (0.025, hip), (bonnet_end, belt), (boot, belt), (0.985, belt * 0.97), (1.0, hip * 0.8), (0.985, clear)]
        upper = [(bonnet_end, belt, 0.97), (roof_from, high, 0.76), (roof_to, high * 0.985, 0.76), (boot, belt, 0.97)]
        self.face("car", thing, [p(0.02, -1, clear), p(0.985, -1, clear), p(0.985, 1, clear), p(0.02, 1, clear)], black)
        ground = [p(0.02, -1, 0), p(0.98, -1, 0), p(0.98, 1, 0), p(0.02, 1, 0)]
        self.face("road", 0, ground, (40, 40, 42), "under")
        for x in (0.06, 0.9):  # tyres, as seen from before and behind
            for y in (-0.98, 0.78):
                self.face("car", thing, [p(x, y, 0), p(x, y + 0.2, 0), p(x, y + 0.2, 0.4), p(x, y, 0.4)], (12, 12, 13))
        for (x0, z0), (x1, z1) in zip(lower[:-1], lower[1:], strict=True):
            if (x0, x1) != (bonnet_end, boot):
                self.face("car", thing, [p(x0, -1, z0), p(x0, 1, z0), p(x1, 1, z1), p(x1, -1, z1)], colour, "paint")
        for (x0, z0, y0), (x1, z1, y1), glass in zip(upper[:-1], upper[1:], (1, 0, 1), strict=True):
            quad = np.array([p(x0, -y0, z0), p(x0, y0, z0), p(x1, y1, z1), p(x1, -y1, z1)])
            self.face("car", thing, quad, colour, "paint")
            if glass:
                self.face("car", thing, _inset(quad, 0.05, 0.95, 0.08, 0.9), (18, 22, 26), "glass", (-0.6, 0.8) if z0 < z1 else (1.2, -0.4))
        for y in (-1, 1):
            self.face("car", thing, [p(x, y, z) for x, z in reversed(lower)], colour, "paint")
            quad = np.array([p(boot, y * 0.97, belt), p(bonnet_end, y * 0.97, belt), p(roof_from, y * 0.76, high), p(roof_to, y * 0.76, high * 0.985)])
            self.face("car", thing, quad, colour, "paint")
            for u0, u1 in ((0.08, 0.47), (0.53, 0.9)):
                self.face("car", thing, _inset(quad, u0, u1, 0.06, 0.86), (16, 19, 23), "glass", (-0.3, 0.9))
            self.face("car", thing, [p(x, y, z) for x, z in ((0.97, clear), (0.03, clear), (0.03, clear + 0.1), (0.97, clear + 0.1))], (26, 26, 28))
            side = p(0.5, y, 0)
            for x in (0.19, 0.81):
                wheel = (0.5 - x) * long
                for radius, tone in ((0.39, (10, 10, 11)), (0.33, (24, 24, 26)), (0.21, (118, 120, 124)), (0.08, (50, 50, 52))):
                    ring = disc(wheel, 0.33, radius)
                    self.add("car", thing, side, ahead, UP, np.maximum(ring, (-99, 0)), tone)
            for u in (-0.02, 0.22):
                self.add("car", thing, side, ahead, UP, rect(u * long - 0.01, clear + 0.12, u * long + 0.01, belt), colour * 0.45)
        back = np.array([p(1.0, -1, hip * 0.8), p(1.0, 1, hip * 0.8), p(0.985, 1, belt * 0.97), p(0.985, -1, belt * 0.97)])
        bumper = np.array([p(0.985, -1, clear), p(0.985, 1, clear), p(1.0, 1, hip * 0.8), p(1.0, -1, hip * 0.8)])
        front = np.array([p(0.0, 1, hip * 0.75), p(0.0, -1, hip * 0.75), p(0.025, -1, hip), p(0.025, 1, hip)])
        grille = np.array([p(0.02, 1, clear), p(0.02, -1, clear), p(0.0, -1, hip * 0.75), p(0.0, 1, hip * 0.75)])
        decals = [(back, (0.02, 0.2, 0.25, 0.95), (168, 14, 16)), (back, (0.8, 0.98, 0.25, 0.95), (168, 14, 16)), (back, (0.36, 0.64, 0.05, 0.45), (210, 210, 200)),
                  (bumper, (0, 1, 0, 0.4), (24, 24, 26)), (front, (0.03, 0.25, 0.1, 0.95), (225, 228, 230)), (front, (0.75, 0.97, 0.1, 0.95), (225, 228, 230)),
                  (front, (0.3, 0.7, 0.05, 0.8), (20, 20, 22)), (grille, (0.1, 0.9, 0, 0.45), (18, 18, 20)), (grille, (0.36, 0.64, 0.55, 0.85), (210, 210, 200))]  # fmt: skip
        for quad, place, tone in decals:
            self.face("car", thing, _inset(quad, *place), tone)

    def _person(self, place, rng, moment, thing):
        tall, stride = rng.uniform(1.58, 1.88), 0.16 * np.sin(1.9 * moment + rng.uniform(0, 6))
        skin = np.array((206, 160, 128)) * rng.uniform(0.4, 1.05)
        top, legs, hair = rng.uniform(25, 200, 3), rng.uniform(20, 90) * np.array([0.9, 0.95, 1.1]), rng.uniform(15, 90) * np.array([1.1, 0.85, 0.6])
        unit = tall / 1.75
        limb = [np.array([[x, 0.05], [x + 0.13, 0.05], [y + 0.17, 0.88], [y, 0.88]]) for x, y in ((-0.16 - stride, -0.17), (0.03 + stride, 0.0))]
        shoes = [rect(x, 0, x + 0.2, 0.08) for x in (-0.19 - stride, 0.0 + stride)]
        arms = [np.array([[x - dx, 0.8], [x - dx + 0.09, 0.8], [x + 0.1, 1.43], [x, 1.43]]) for x, dx in ((-0.27, 0.04 + stride), (0.17, -0.04 + stride))]
        torso = np.array([[-0.17, 0.82], [0.17, 0.82], [0.22, 1.4], [0.12, 1.48], [-0.12, 1.48], [-0.22, 1.4]])
        pieces = [(limb, legs), (shoes, (24, 22, 22)), (arms, top * 0.8), ([torso], top), ([disc(0, 1.62, 0.115), rect(-0.05, 1.45, 0.05, 1.55)], skin)]
        pieces.append(([np.array([[-0.12, 1.62], [0.12, 1.62], [0.1, 1.72], [0, 1.765], [-0.1, 1.72]])], hair))
        for rings, colour in pieces:
            self.board("person", thing, place, [ring * unit for ring in rings], colour)


BODIES = [  # length, width, height; as shares of the length: where the bonnet, the roof's two ends and the boot are
    (4.0, 1.72, 1.5, 0.24, 0.4, 0.86, 0.97),  # hatchback
    (4.6, 1.8, 1.43, 0.27, 0.43, 0.7, 0.86),  # saloon
    (4.6, 1.9, 1.75, 0.25, 0.36, 0.93, 0.98),  # off-road car
    (5.1, 1.95, 2.1, 0.12, 0.22, 0.97, 0.99),  # van
    (4.7, 1.82, 1.46, 0.26, 0.41, 0.9, 0.98),  # estate
]
# The camera car's own, half a metre ahead, as the real frames show it.
BONNET = np.array([[-440, 450], [-440, 218], [-292, 219], [-262, 210], [-145, 204], [0, 199], [150, 203], [275, 210], [300, 220], [440, 218], [440, 450]]) / 800
CAR_COLOURS = [(196, 198, 200), (225, 225, 222), (30, 31, 34), (90, 94, 100), (142, 34, 36), (58, 82, 128), (62, 104, 116), (184, 146, 62), (76, 82, 66)]


def _corners(s0, s1):
    """Where a band along the road from s0 to s1 has its corners: close together near by, where a bend would show them."""
    return np.concatenate([[s0], [s for s in np.arange(-50, LENGTH, STEP) if s0 < s < s1 and (s < 130 or s % 10 == 0)], [s1]])


def _smooth(x):
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _inset(quad, u0, u1, v0, v1):
    """A smaller quadrilateral on (4, 3) corners: from share u0 to u1 of its first edge and v0 to v1 of its height."""
    a, b, c, d = quad
    return np.array([(a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v for u, v in ((u0, v0), (u1, v0), (u1, v1), (u0, v1))])


def _tufts(rng, x, y, wide, high, count):
    """Ragged tufts of leaves that together fill an ellipse about (x, y), as rings."""
    angle, radius = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.uniform(0, 1, count))
    middle = np.stack([x + radius * np.cos(angle) * wide, y + radius * np.sin(angle) * high], axis=1)
    size = (0.45 - 0.25 * radius) * min(wide, high) * rng.uniform(0.7, 1.2, count) + 0.05
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False) + rng.uniform(0, 6, (count, 1))
    reach = size[:, None] * np.where(np.arange(14) % 2, 0.7, 1.05) * rng.uniform(0.6, 1.3, (count, 14))
    return list(middle[:, None] + reach[..., None] * np.stack([np.cos(turn), np.sin(turn)], axis=-1))


def _fronds(rng, high):
    """Palm leaves that hang from the top of a trunk."""
    rings = []
    for angle in np.linspace(-0.6, np.pi + 0.6, 11) + rng.uniform(-0.15, 0.15, 11):
        t = np.linspace(0, 1, 12)
        long = high * rng.uniform(0.24, 0.34)
        x, y = np.cos(angle) * long * t, high * 0.92 + np.sin(angle) * long * t - 0.55 * long * t**2
        thick = 0.11 * long * (1 - t) * np.where(np.arange(12) % 2, 0.35, 1)
        rings.append(np.concatenate([np.stack([x, y + thick], 1), np.stack([x, y - thick], 1)[::-1]]))
    return rings


def draw_weather(rng) -> Weather:
    """Clear, cloudy, evening or after rain."""
    kind = rng.choice(["clear", "cloudy", "evening", "rain"], p=[0.4, 0.22, 0.22, 0.16])
    high, turn = {"clear": rng.uniform(35, 60), "cloudy": rng.uniform(40, 65), "evening": rng.uniform(14, 24), "rain": rng.uniform(35, 60)}[kind], rng.uniform(0, 2 * np.pi)
    high = np.radians(high)
    sun = np.array([np.cos(turn) * np.cos(high), np.sin(turn) * np.cos(high), np.sin(high)])
    looks = {  # sunlight, skylight, zenith, horizon, clouds, haze, wet
        "clear": ((255, 240, 215), (120, 138, 165), (58, 104, 168), (186, 208, 226), rng.uniform(0.2, 0.55), 420, 0.0),
        "cloudy": ((128, 126, 124), (150, 158, 168), (108, 124, 146), (190, 198, 206), rng.uniform(0.7, 1.0), 300, 0.0),
        "evening": ((255, 190, 120), (116, 112, 122), (110, 116, 140), (232, 200, 158), rng.uniform(0.3, 0.8), 300, rng.choice([0, 0.8])),
        "rain": ((105, 106, 108), (132, 138, 146), (100, 108, 118), (168, 174, 180), 1.0, 220, 1.0),
    }[kind]
    return Weather(sun, *looks, drift=rng.uniform(0, 4))
