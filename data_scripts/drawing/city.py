"""A European city street from a seed: `street` with other houses, more traffic, and a grey northern light.

Houses stand wall to wall; cars are parked at the kerb; trams, buses, lorries, cyclists and walkers are about. The camera is that of
Cityscapes (Cordts et al. 2016, arXiv:1604.01685): 1.22 m high, 49° wide, with the camera car's bonnet in the lower edge.
"""

from functools import partial
from itertools import pairwise

import cv2
import numpy as np

from data_scripts.drawing.render import UP, Camera, Part, Weather
from data_scripts.drawing.street import BLACK, DRIVE, KERB, LENGTH, WHITE, Look, Street, disc, rect

EYE, LENS = 1.22, 1.105  # metres above the road; focal length in widths of the picture
TILES = [(104, 58, 46), (72, 66, 64), (58, 62, 70)]
PAINTS = [(168, 172, 176), (24, 25, 28), (62, 66, 72), (30, 42, 74), (204, 204, 200), (112, 26, 30), (108, 112, 116), (44, 62, 54)]
BODIES = [  # as in `street`
    (4.1, 1.75, 1.48, 0.23, 0.4, 0.88, 0.97),
    (4.7, 1.82, 1.47, 0.26, 0.42, 0.92, 0.98),
    (4.5, 1.8, 1.42, 0.27, 0.44, 0.72, 0.87),
    (3.7, 1.66, 1.52, 0.2, 0.36, 0.92, 0.98),
    (5.0, 1.95, 2.0, 0.13, 0.24, 0.97, 0.99),
]
HOOD = [(-0.3, 0.14), (-0.3, 0.101), (-0.2, 0.0925), (-0.13, 0.085), (-0.06, 0.0812), (0, 0.08)]  # half of the bonnet's outline


class City(Street):
    """One stretch of a city. `frame(k, …)` gives camera and parts after k steps of DRIVE metres."""

    FACADES = (186, 164, 118), (198, 190, 172), (158, 152, 146), (170, 132, 116), (124, 66, 52), (150, 146, 120), (172, 176, 178)
    GREENS = (52, 66, 32), (94, 100, 52)
    GRASS = (66, 78, 38), (96, 98, 56)
    ROAD, GREY = "tarmac", (66, 92)
    FENCED = (0.3, 0.42, 0.28)

    def _plan(self, rng):
        self.lane, self.lanes = rng.uniform(3.1, 3.7), rng.choice([1, 2], p=[0.75, 0.25])
        self.bed = rng.choice([0, 3.1], p=[0.74, 0.26])  # half the width of the trams' own bed between the lanes
        self.parking = rng.choice([0, 2.2], p=[0.28, 0.72])
        self.edge = self.bed + self.lane * self.lanes + self.parking
        self.kerb, self.own = self.edge - self.parking, self.bed + 0.5 * self.lane
        self.pavement, self.dense = rng.uniform(2.8, 5.2), rng.uniform(0.25, 0.92)
        self.crossing = rng.uniform(45, 120) if rng.random() < 0.65 else -200.0
        self.half, self.start = rng.uniform(3.5, 5.5), rng.uniform(0, 12)
        self.weather = northern(rng)

    def panel(self, look, spot, x, y, z):
        """An upright rectangle; x or y is one number, the others are ranges about the spot."""
        a, b = ((x[0], y), (x[1], y)) if np.ndim(y) == 0 else ((x, y[0]), (x, y[1]))
        self.face(look, [spot(*a, z[0]), spot(*b, z[0]), spot(*b, z[1]), spot(*a, z[1])])

    # the ground

    def _marks(self, blocks, middle):
        rng, white = self.rng, self.look("road line", np.array(WHITE) * 0.86, "marking")
        bay = self.look("parking", rng.uniform(78, 104) + np.array([6, 2, 0]), "setts", (0.17, 0.12, 0.5))
        verge, soil = self.look("lawn", rng.uniform(*self.GRASS), "grass"), self.look("lawn", (92, 78, 62), "grass")
        self.verge = rng.choice([0, 1.5], p=[0.72, 0.28])
        paved, far = self.parking and rng.random() < 0.45, blocks[-1][1]
        for a, b in blocks:
            for side in (-1, 1):
                if paved:
                    self.strip(bay, a + 4, b - 4, side * self.kerb, side * self.edge)
                elif self.parking:
                    for s in np.arange(a + 5, min(b - 4, 140), 5.8):
                        self.strip(white, s - 0.05, s + 0.05, side * self.kerb, side * self.edge)
                if self.verge:
                    self.strip(verge, a + 3, b - 3, side * (self.edge + 0.3), side * (self.edge + 0.3 + self.verge), KERB)
            for i in range(1 if self.bed else 0, self.lanes):  # between lanes that go one way, and in the middle
                for t in {-self.bed - i * self.lane, self.bed + i * self.lane}:
                    for s in np.arange(a + 5, min(b - 5, 170), 8.0):
                        self.strip(white, s, s + 3.5, t - 0.06, t + 0.06)
        if self.bed:
            bed = rng.choice(3)  # grass, stones or road between the rails
            ground = (verge, bay.but((104, 98, 92), "setts", (0.1, 0.1, 0.3)), bay.but((88, 88, 90), "tarmac"))[bed]
            self.strip(ground._replace(name="rail track"), -45, far, -self.bed, self.bed, 0.02)
            for t in (-2.3, -0.86, 0.86, 2.3):
                self.strip(bay._replace(name="rail track").but((98, 100, 104)), -45, far, t - 0.04, t + 0.04, 0.03)
            for t in (-self.bed, self.bed):
                self.strip(self.look("pavement", (128, 126, 122), "slabs", (1, 9, 0.3)), -45, far, t - 0.12, t + 0.12, 0.04)
        if self.crossing > 0:
            self._cross_street(white)
        self.soil = soil

    def _cross_street(self, white):
        """Stop lines, zebra stripes, and the pavements and houses along the other road."""
        rng, flags = self.rng, self.look("pavement", (118, 116, 112), "slabs", (0.5, 0.5, 0.25))
        along, right = self.axes(self.crossing)
        for way in (-1, 1):
            s = self.crossing + way * (self.half + 1.9)
            for t in np.arange(self.bed + 0.3, self.edge - 0.5, 1.0):
                for side in (-1, 1):
                    self.strip(white, s - 1.5, s + 1.5, side * t, side * (t + 0.5))
            self.strip(white, s + way * 2.1, s + way * 2.5, -way * self.bed, -way * self.kerb)
            for side in (-1, 1):
                ring = rect(side * self.edge, way * self.half, side * 150, way * (self.half + 2.6))
                self.add(flags, self.at(self.crossing, 0, KERB), right, along, ring)
                for t in np.arange(self.edge + self.pavement + 16, 100, 18.0):
                    where = self.crossing + way * (self.half + 2.6 + 6)
                    spot, bay = self.spot(where, side * t), rng.uniform(2.1, 2.9)
                    house = self.look("building", self._tint(0.8, 1), "front", (bay, 3.3, 0.24, rng.uniform(0, 9)))
                    self.box(house, spot, (-6, 6), (-9, 9), (0, rng.uniform(9, 17)))

    # houses and greens

    def _plots(self, side):
        rng, front, gap, last = self.rng, self.edge + self.pavement, self.half + 2.6, LENGTH - 60
        for a, b in [(-30, self.crossing - gap), (self.crossing + gap, last)] if self.crossing > 0 else [(-30, last)]:
            cuts = np.linspace(a, b, max(2, round((b - a) / 15)))
            cuts[1:-1] += rng.uniform(-3.5, 3.5, len(cuts) - 2)
            for s0, s1 in pairwise(cuts):
                middle, half = (s0 + s1) / 2, (s1 - s0) / 2
                if rng.random() < self.dense:
                    self._building(middle, side * (front - 0.4), side, half)
                    continue
                back, bare, trees = [(rng.uniform(3.5, 8), 0.1, 1.2), (None, 0.55, 6), (rng.uniform(18, 30), 0.0, 3)][rng.integers(3)]
                if back:  # a front garden or a yard; else a park
                    self._building(middle, side * (front + back), side, half - 1)
                self._boundary(s0, s1, side * (front + 0.25), bare)
                for _ in range(rng.poisson(trees)):
                    deep, high = (rng.uniform(1.5, 3), rng.uniform(3, 6)) if trees < 2 else (2 + rng.gamma(1.6, 5), rng.uniform(6, 14))
                    self.tree(rng.uniform(s0 + 1, s1 - 1), side * (front + deep), high)
                for _ in range(rng.poisson(1.5)):
                    self.bush(self.at(rng.uniform(s0, s1), side * (front + rng.uniform(1, 4))), rng.uniform(0.5, 1.3))

    def _building(self, s, t, side, half):
        """A house of three to five floors with a roof of tiles or a flat one, perhaps balconies, signs and a blind."""
        rng, spot, deep = self.rng, self.spot(s, t, 0, (1, side)), self.rng.uniform(10, 13)
        floor, floors, bays = rng.uniform(3.0, 3.7), rng.integers(3, 7), max(2, round(2 * half / rng.uniform(2.0, 2.9)))
        high, bay, glazed = floor * floors + 0.3, 2 * half / bays, rng.choice([0.18, 0.22, 0.28, 0.44], p=[0.4, 0.3, 0.2, 0.1])
        colour = self._tint(0.72, 1.0)
        wall = self.look("building", colour, "front", (bay, floor, glazed, rng.uniform(0, 9)))
        self.box(wall, spot, (-half, half), (0, deep), (0, high), wall.but(colour * 0.5))
        self.box(wall.but(colour * 0.92), spot, (-half, half), (-0.3, 0), (high - 0.35, high))
        if rng.random() < 0.7:
            ridge, middle, tiles = high + rng.uniform(3, 5), deep / 2, np.array(TILES[rng.integers(len(TILES))]) * rng.uniform(0.8, 1.1)
            roof = wall.but(tiles, "blocks", (0.24, 0.34, 0.35))
            for y, eave in ((0, -0.45), (deep, deep + 0.45)):
                self.face(roof, [spot(-half, eave, high), spot(half, eave, high), spot(half, middle, ridge), spot(-half, middle, ridge)])
                x = half if y else -half
                self.face(wall.but(colour * 0.85), [spot(x, 0, high), spot(x, deep, high), spot(x, middle, ridge)])
            for x in np.arange(bay - half, half - bay, 2 * bay) if rng.random() < 0.6 else ():
                self.box(wall.but(tiles * 0.8), spot, (x, x + 1.3), (0.9, 3.4), (high + 0.5, high + 2.1))
                self.panel(wall.but((40, 46, 52), "glass", (0, 2)), spot, (x + 0.2, x + 1.1), 0.87, (high + 0.75, high + 1.9))
            brick = wall.but((112, 70, 58), "blocks", (0.24, 0.08, 0.3))
            self.box(brick, spot, (0.5, 1.2), (middle - 0.9, middle), (ridge - 1.5, ridge + 0.9))
        for x in np.arange(bay * (1.1 - bays / 2), half - bay, 3 * bay) if rng.random() < 0.3 else ():
            for z in floor * np.arange(1, floors) - 0.1:
                self.box(wall.but(colour * 0.8), spot, (x, x + 0.85 * bay), (-1, 0), (z, z + 1.0), wall.but(colour * 0.4))
        if rng.random() < 0.45:
            x, sign = rng.uniform(-half + 0.4, 0), rng.uniform(30, 170, 3)
            self.panel(wall.but(sign), spot, (x, x + rng.uniform(2, half)), -0.05, (0.84 * floor, 0.84 * floor + 0.5))
            if rng.random() < 0.4:
                blind = [spot(x, -1.1, 2.35), spot(x + half * 0.7, -1.1, 2.35), spot(x + half * 0.7, -0.04, 2.85), spot(x, -0.04, 2.85)]
                self.face(wall.but(sign * 0.6 + 60), blind)

    def _horizon(self):
        """What closes the view: a church, houses, woods, and low hills all around."""
        super()._horizon()
        rng, stone = self.rng, self.look("building", np.array((140, 122, 104)) * self.rng.uniform(0.8, 1.1))
        spot = self.spot(rng.uniform(200, 260), rng.uniform(-45, 45))
        tower, top = rng.uniform(24, 34), rng.uniform(44, 58)
        self.box(stone, spot, (-4, 4), (-4, 4), (0, tower))
        corners = [(-4.3, -4.3), (4.3, -4.3), (4.3, 4.3), (-4.3, 4.3)]
        for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
            self.face(stone.but((66, 92, 82)), [spot(x0, y0, tower), spot(x1, y1, tower), spot(0, 0, top)])
        u = np.linspace(-130, 130, 40)
        for turn in np.linspace(0, 2 * np.pi, 12, endpoint=False):
            crest = np.stack([u, 7 + 4 * np.sin(u / 40 + rng.uniform(0, 6)) + rng.uniform(0, 2, 40)], axis=1)
            place = self.at(90, 0) + 290 * np.array([np.cos(turn), np.sin(turn), 0])
            self.board(self.look("hill", (74, 84, 66), "leaves", (400, 0, 0.5)), place, np.concatenate([crest, [[130, -2], [-130, -2]]]))

    def _tint(self, low, high):
        """The colour of a plastered wall."""
        return np.array(self.FACADES[self.rng.integers(len(self.FACADES))]) * self.rng.uniform(low, high)

    def tree(self, s, t, high, kinds=("broad", "broad", "broad", "conifer")):
        super().tree(s, t, high, kinds)

    # on the pavement

    def _along_kerb(self, side):
        rng, edge, every = self.rng, side * self.edge, self.rng.uniform(22, 34)
        trees, posts = rng.random() < 0.5, rng.random() < 0.25
        for s in filter(self.free, np.arange(rng.uniform(-6, 14), 190, every)):
            lamp, high = self.look("pole", rng.uniform(58, 104) * np.array([0.97, 1.02, 1])), rng.uniform(6.5, 8.5)
            spot = self.spot(s, edge + side * 0.45, KERB, (1, -side))
            self.box(lamp, spot, (-0.06, 0.06), (-0.06, 0.06), (0, high))
            self.box(lamp, spot, (-0.1, 0.1), (-0.1, 0.1), (0, 1.1))
            self.box(lamp, spot, (-0.04, 0.04), (0, 1.9), (high - 0.1, high))
            self.box(lamp.but(lamp.colour * 0.7), spot, (-0.14, 0.14), (1.3, 2.1), (high - 0.2, high - 0.06))
            for at in (s + every / 3, s + every * 2 / 3) if trees else ():
                if self.free(at, 5):
                    if not self.verge:
                        self.strip(self.soil, at - 0.7, at + 0.7, edge + side * 0.4, edge + side * 1.7, KERB)
                    self.tree(at, edge + side * 1.05, rng.uniform(5.5, 10), ("broad",))
        for s in np.arange(4, 90, 1.9) if posts and not trees else ():
            if self.free(s, 2):
                post = self.look("pole", (74, 72, 70))
                self.box(post, self.spot(s, edge + side * 0.35, KERB), (-0.05, 0.05), (-0.05, 0.05), (0, 0.95))
        for s in filter(self.free, rng.uniform(10, 130, rng.poisson(3.5 if side > 0 else 1.5))):
            self._sign(s, edge + side * 0.4)
        for s in rng.uniform(8, 100, rng.poisson(5)):
            if self.free(s, 3):
                self._item(s, edge + side * rng.uniform(1.2, self.pavement - 0.5), side)
        if self.crossing > 0:
            for way in (side, -side):
                self._traffic_light(self.spot(self.crossing - way * (self.half + 3.6), edge + side * 0.45, KERB, (side, side)))
        for s in filter(lambda s: self.free(s, 4), rng.uniform(8, 70, rng.poisson(2))):
            rack, place = self.look("bicyclegroup"), edge + side * (self.pavement - 1.1)
            for i in range(rng.integers(2, 6)):
                spot = self.spot(s + 0.75 * i, place, KERB)
                self._bicycle(partial(_turned, spot), rack.but(rng.uniform(25, 130, 3)))

    # who drives, parks and walks

    def _traffic(self):
        """Draws up everybody that moves: metres along and to the right at moment 0, metres from frame to frame, and how it is drawn."""
        rng, self.movers = self.rng, []
        for i in range(self.lanes):
            for way in (1, -1):
                speed, s = way * rng.uniform(0.75, 1.1) * DRIVE, self.start + rng.uniform(14, 60)
                while s < 160:
                    kind = rng.choice(["car", "truck", "bus", "motorcycle"], p=[0.87, 0.04, 0.03, 0.06])
                    self.movers.append((s, way * (self.bed + (i + 0.5) * self.lane), speed, self._draw(kind, way)))
                    s += rng.uniform(14, 70) + 10 * (kind in ("truck", "bus"))
        for side in (-1, 1) if self.parking else ():
            for s in np.arange(self.start - 6, 130, 5.8) + rng.uniform(0, 5):
                if self.free(s, 7) and rng.random() < 0.56:
                    kind = rng.choice(["car", "motorcycle", "caravan"], p=[0.935, 0.06, 0.005])
                    way = side if rng.random() < 0.93 else -side
                    self.movers.append((s, side * (self.edge - 1.05), 0.0, self._draw(kind, way, ridden=False)))
        if self.bed and rng.random() < 0.75:
            way = rng.choice([-1, 1])
            self.movers.append((self.start + rng.uniform(35, 75), way * 1.58, way * 0.8 * DRIVE, self._draw("train", way)))
        for _ in range(rng.poisson(1.6)):
            way, s = rng.choice([1, -1], p=[0.65, 0.35]), self.start + rng.uniform(11, 60)
            self.movers.append((s, way * (self.kerb - 0.45), way * 3.0, self._draw("bicycle", way)))
        for _ in range(rng.poisson(15)):
            side, s = rng.choice([-1, 1]), self.start + 6 + rng.gamma(1.5, 15)
            t = side * (self.edge + rng.uniform(0.6, self.pavement - 0.7))
            for k in range(rng.choice([1, 2], p=[0.7, 0.3])):  # alone or in company
                self.movers.append((s + 0.3 * k, t + 0.6 * k, rng.choice([-1, 1]), self._draw("person", 1, KERB)))
        for _ in range(rng.poisson(1.6) if self.crossing > 0 else 0):
            t = rng.uniform(-self.edge, self.edge)
            self.movers.append((self.crossing - self.half - rng.uniform(1, 2.6), t, 0.0, self._draw("person", 1)))

    def _draw(self, kind, way, z=0.0, ridden=True):
        """A function of s, t and the moment that draws one thing of this kind, which always looks the same."""
        rng, look = self.rng, self.look(kind, PAINTS[self.rng.integers(len(PAINTS))], "paint")
        rider, seed, body = self.look("rider"), self.rng.integers(1 << 30), BODIES[rng.integers(len(BODIES))]

        def draw(s, t, moment):
            spot, own = self.spot(s, t, z, (way, way)), np.random.default_rng(seed)
            if kind == "car":
                self._car(spot, look, *body)
            elif kind == "person":
                self._figure(spot(0, 0, 0), own, look, 0.16 * np.sin(1.9 * moment + own.uniform(0, 6)))
            elif kind in ("bicycle", "motorcycle"):
                (self._bicycle if kind == "bicycle" else self._motorcycle)(spot, look)
                if ridden:
                    self._figure(spot(-0.12, 0, 0.12), own, rider, sits=True)
            elif kind == "train":
                paint = look.but([(186, 160, 52), (150, 34, 34), (196, 196, 190), (60, 96, 72)][own.integers(4)], "paint")
                for i in range(3):
                    self._vehicle(self.spot(s + way * 9.4 * (1 - i), t, z, (way, way)), paint, 9.2, 2.4, (0.35, 3.4), i == 0)
            else:
                self._long(kind, spot, look, own)

        return draw

    def _long(self, kind, spot, look, own):
        """A bus, a lorry (perhaps with a trailer), or a caravan."""
        if kind == "bus":
            paint = look.but([(196, 192, 180), (148, 36, 38), (206, 168, 60), (50, 84, 122)][own.integers(4)], "paint")
            self._vehicle(spot, paint, 11.5, 2.5, (0.32, 3.05), True, wheels=(3.3, -3.0))
        elif kind == "caravan":
            self._vehicle(spot, look.but((206, 204, 194), "paint"), 4.6, 2.1, (0.4, 2.5), False, wheels=(0.0,))
        else:
            long, load = own.uniform(5, 8), look.but(own.uniform(80, 210) + own.uniform(-22, 22, 3), "paint")
            self.box(load, spot, (-long / 2, long / 2 - 2), (-1.22, 1.22), (0.9, own.uniform(3.0, 3.6)))
            self._vehicle(partial(_ahead, spot, long / 2 - 0.9), look, 1.8, 2.3, (0.45, 2.6), True, lights=False)
            self._below(spot, look, long, 2.3, 0.95, (long / 2 - 0.9, 1.2 - long / 2))
            self._lights(spot, look, -long / 2 - 0.02, 2.3, 0.75)
            self.panel(look.but(load.colour * 0.7), spot, -long / 2 - 0.02, (-0.02, 0.02), (1.0, 2.9))

    def _vehicle(self, spot, paint, long, wide, z, front, wheels=(), lights=True):
        """A box with a band of windows all round; with a windscreen where `front`."""
        half, (low, high) = wide / 2, z
        glass, tall = paint.but((20, 24, 28), "glass", (-0.3, 1.6)), high - low
        self.box(paint, spot, (-long / 2, long / 2), (-half, half), z)
        belt = (low + 0.42 * tall, low + 0.86 * tall)
        for y in (-half - 0.02, half + 0.02):
            panes = np.linspace(-long / 2 + 0.25, long / 2 - 0.25, max(2, round(long / 1.7) + 1))
            for a, b in pairwise(panes):
                self.panel(glass, spot, (a + 0.05, b - 0.05), y, belt)
            self.panel(paint.but(paint.colour * 0.5), spot, (-long / 2, long / 2), y, (low, low + 0.1 * tall))
        self.panel(glass, spot, -long / 2 - 0.02, (0.14 - half, half - 0.14), belt)
        if front:
            self.panel(glass, spot, long / 2 + 0.02, (0.08 - half, half - 0.08), (low + 0.33 * tall, belt[1] + 0.05))
            self.panel(paint.but((30, 28, 24)), spot, long / 2 + 0.02, (-0.7 * half, 0.7 * half), (high - 0.1 * tall, high - 0.02 * tall))
            for y in (0.12 - half, half - 0.42):
                self.panel(paint.but((214, 214, 206)), spot, long / 2 + 0.02, (y, y + 0.3), (low + 0.12 * tall, low + 0.2 * tall))
        if lights:
            self._lights(spot, paint, -long / 2 - 0.02, wide, low + 0.2)
        self._below(spot, paint, long, wide, low, wheels)

    def _lights(self, spot, paint, x, wide, z):
        for y in (0.08 - wide / 2, wide / 2 - 0.3):
            self.panel(paint.but((152, 18, 18)), spot, x, (y, y + 0.22), (z, z + 0.18))
        self.panel(paint.but((200, 200, 192)), spot, x, (-0.26, 0.26), (z, z + 0.12))

    def _below(self, spot, paint, long, wide, low, wheels):
        """Shade on the road, what hangs under the floor, and wheels; x of their axles."""
        shade, dark, half = Look("road", 0, np.array((34, 35, 36))), paint.but((17, 17, 18)), wide / 2
        corners = [(-long / 2, -half), (long / 2, -half), (long / 2, half), (-long / 2, half)]
        self.face(shade, [spot(x, y, 0.005) for x, y in corners])
        self.box(dark, spot, (0.2 - long / 2, long / 2 - 0.2), (0.15 - half, half - 0.15), (0.22, low))
        ahead = spot(1, 0, 0) - spot(0, 0, 0)
        for x in wheels:
            for y in (-half - 0.03, half + 0.03):
                for radius, tone in ((0.48, 20), (0.26, 96), (0.1, 40)):
                    self.add(dark.but((tone,) * 3), spot(x, y, 0), ahead, UP, disc(0, 0.48, radius, 20))
            for y in (-half, half - 0.32):
                self.panel(dark, spot, x - 0.44, (y, y + 0.32), (0.0, 0.8))
                self.panel(dark, spot, x + 0.44, (y, y + 0.32), (0.0, 0.8))

    def _bicycle(self, spot, look):
        """Wheels and frame in one upright plane; and what of it shows from before or behind."""
        tyre, ahead = look.but((24, 24, 25)), spot(1, 0, 0) - spot(0, 0, 0)
        tubes = [((-0.52, 0.34), (-0.18, 0.8)), ((-0.52, 0.34), (-0.06, 0.3)), ((-0.06, 0.3), (-0.2, 0.92)), ((-0.06, 0.3), (0.36, 0.82))]
        tubes += [((-0.18, 0.78), (0.36, 0.82)), ((0.52, 0.34), (0.34, 0.98)), ((0.34, 0.98), (0.46, 1.02)), ((-0.32, 0.93), (-0.08, 0.94))]
        for x in (-0.52, 0.52):
            self.add(tyre, spot(0, 0, 0), ahead, UP, _hoop(x, 0.34, 0.34, 0.3))
            self.board(tyre, spot(x, 0, 0), rect(-0.028, 0, 0.028, 0.68))
        self.add(look.but(look.colour), spot(0, 0, 0), ahead, UP, *(_tube(a, b, 0.022) for a, b in tubes))
        self.board(look.but(BLACK * 1.6), spot(0.36, 0, 0), rect(-0.28, 0.98, 0.28, 1.02), rect(-0.03, 0.3, 0.03, 1.0))
        self.board(tyre, spot(-0.2, 0, 0), rect(-0.08, 0.88, 0.08, 0.96), rect(-0.09, 0.66, 0.09, 0.7))

    def _motorcycle(self, spot, look):
        dark, ahead = look.but((22, 22, 24)), spot(1, 0, 0) - spot(0, 0, 0)
        flank = [(-0.75, 0.75), (-0.2, 0.72), (0.1, 0.95), (0.4, 0.92), (0.6, 0.6), (0.35, 0.25), (-0.3, 0.22), (-0.45, 0.55)]
        for x in (-0.66, 0.66):
            self.add(dark, spot(0, 0, 0), ahead, UP, disc(x, 0.31, 0.31, 18))
            self.add(dark.but((104, 104, 106)), spot(0, 0.01, 0), ahead, UP, disc(x, 0.31, 0.17))
            self.board(dark, spot(x, 0, 0), rect(-0.075, 0, 0.075, 0.6))
        self.add(look, spot(0, 0, 0), ahead, UP, np.array(flank))
        self.board(look, spot(-0.55, 0, 0), np.array([(-0.2, 0.42), (0.2, 0.42), (0.16, 0.86), (-0.16, 0.86)]))
        self.board(look, spot(0.5, 0, 0), np.array([(-0.18, 0.3), (0.18, 0.3), (0.26, 0.85), (-0.26, 0.85)]))
        self.board(dark, spot(0.42, 0, 0), rect(-0.38, 0.98, 0.38, 1.03), rect(-0.44, 1.1, -0.32, 1.18), rect(0.32, 1.1, 0.44, 1.18))
        self.board(look.but((170, 20, 20)), spot(-0.8, 0, 0), rect(-0.08, 0.68, 0.08, 0.75))

    def _figure(self, place, rng, look, stride=0.0, sits=False):
        """Somebody who walks with this stride, or sits on a saddle; from the front and the back alike."""
        unit, skin = rng.uniform(0.9, 1.06), np.array((190, 148, 120)) * rng.uniform(0.5, 1.05)
        coat = rng.uniform(18, 175) * rng.uniform((0.8, 0.8, 0.8), (1.15, 1, 1.1))
        trousers = rng.uniform(18, 74) * np.array([0.92, 0.96, 1.1])
        hem, hair = rng.choice([0.86, 0.62], p=[0.6, 0.4]), rng.uniform(15, 110) * np.array([1.08, 0.88, 0.62])
        down, up = (0.14, 0.42) if sits else (0.05, 0.05)
        feet = ((-0.17 - stride, down, -0.16), (0.03 + stride, up, 0.0))
        legs = [np.array([[x, z], [x + 0.12, z], [y + 0.165, 0.9], [y - 0.01, 0.9]]) for x, z, y in feet]
        shoes = [rect(x - 0.01, z - 0.05, x + 0.15, z + 0.05) for x, z, _ in feet]
        reach = (-0.3, -0.22, 0.98) if sits else (-0.28 + stride / 2, -0.215, 0.8)  # of the hand, of the shoulder, height of the hand
        arm = np.array([[reach[0], reach[2]], [reach[0] + 0.085, reach[2]], [reach[1] + 0.1, 1.4], [reach[1], 1.42]])
        hands = [disc(sign * (reach[0] + 0.04), reach[2] - 0.03, 0.05, 8) for sign in (-1, 1)]
        half = np.array([(0.17, hem), (0.16, 1.05), (0.22, 1.38), (0.17, 1.45), (0.06, 1.5)])
        torso = np.concatenate([half, half[::-1] * (-1, 1)])
        head, cap = disc(0, 0, 1, 16) * (0.088, 0.125) + (0, 1.63), disc(0, 0, 1, 16) * (0.1, 0.13) + (0, 1.655)
        cap = np.maximum(cap, (-9, 1.6 if rng.random() < 0.5 or sits else 1.5))
        if sits and rng.random() < 0.6:
            hair = rng.uniform(30, 220, 3)  # a helmet
        rows = [(legs, trousers, 0.2), (shoes, BLACK * 1.3, 9), ([arm, arm * (-1, 1)], coat * 0.82, 0.33), (hands, skin, 9)]
        rows += [([torso], coat, 0.26), ([rect(-0.045, 1.45, 0.045, 1.56)], skin * 0.8, 9), ([head], skin, 0.1), ([cap], hair, 0.12)]
        if rng.random() < 0.3 and not sits:
            rows.append(([rect(0.16, 0.55, 0.42, 0.86), rect(0.27, 0.86, 0.3, 1.1)], rng.uniform(20, 150, 3), 9))  # a bag
        for rings, colour, half in rows:
            self.board(look.but(colour, "cloth", (half * unit,)), place, *(ring * unit for ring in rings))

    def frame(self, moment: int, width=1024, height=512) -> tuple[Camera, list[Part]]:
        """Camera and parts after `moment` steps of DRIVE metres."""
        static, s = self.parts, self.start + DRIVE * moment
        self.parts = static.copy()
        ahead = self.axes(s)[0]
        camera = Camera(self.at(s, self.own, EYE), np.arctan2(ahead[1], ahead[0]), width, height, LENS)
        for place, t, speed, draw in self.movers:
            at = place + speed * moment
            if s + (7 if abs(t - self.own) < 2 else -2) < at < s + 160:
                draw(at, t, moment)
        hood = Look("ego vehicle", 0, np.array((34, 36, 40)), "hood")
        self.add(hood, camera.position + camera.ahead / 2, camera.right, -UP, np.array(HOOD + [(-x, v) for x, v in HOOD[-2::-1]]))
        spokes = [_tube((0, 0.0735), (0.0056 * np.sin(a), 0.0735 - 0.0056 * np.cos(a)), 0.0007) for a in (0, 2.1, 4.2)]
        star = [_hoop(0, 0.0735, 0.0062, 0.0052), *spokes, rect(-0.001, 0.0795, 0.001, 0.083)]
        self.add(hood.but((120, 122, 124)), camera.position + camera.ahead * 0.499, camera.right, -UP, *star)
        parts, self.parts = self.parts, static
        return camera, parts


def _turned(spot, x, y, up):
    """Across the road instead of along it."""
    return spot(-y, x, up)


def _ahead(spot, by, x, y, up):
    """`by` metres further on."""
    return spot(x + by, y, up)


def _hoop(u, v, outer, inner):
    """A ring with a hole, as one outline that runs round outside and back inside."""
    angle = np.linspace(0, 2 * np.pi, 25)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.concatenate([circle * outer, circle[::-1] * inner]) + np.array([u, v])


def _tube(a, b, thick):
    """A straight bar from a to b, as a ring; `thick` is half of its width."""
    a, b = np.array(a), np.array(b)
    aside = thick * np.array([a[1] - b[1], b[0] - a[0]]) / np.hypot(*(b - a))
    return np.array([a + aside, b + aside, b - aside, a - aside])


def northern(rng) -> Weather:
    """Overcast, pale sun or drizzle; never the simulator's clear blue sky."""
    sunlight, skylight, zenith, horizon, clouds, haze, wet = [
        ((92, 92, 90), (150, 154, 156), (150, 158, 162), (206, 210, 208), (0.85, 1.0), 420, 0),
        ((196, 184, 160), (128, 138, 146), (112, 138, 162), (214, 218, 214), (0.4, 0.65), 520, 0),
        ((70, 72, 74), (128, 132, 136), (126, 132, 136), (186, 190, 190), (1.0, 1.0), 240, 0.7),
    ][rng.choice(3, p=[0.56, 0.28, 0.16])]
    turn, up = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(18, 38))
    sun = np.array([np.cos(turn) * np.cos(up), np.sin(turn) * np.cos(up), np.sin(up)])
    return Weather(sun, sunlight, skylight, zenith, horizon, rng.uniform(*clouds), haze, wet, rng.uniform(0, 4))


def sensor(image, ids, weather, rng):
    """Light to uint8 as an industrial camera behind a windscreen gives it: flat and greenish, dim corners, grain, traces of JPEG."""
    height, width = ids.shape
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    image = np.maximum(image, 0) * (1.08 - 0.3 * (x * x + 0.5 * y * y))[..., None].astype(np.float32)
    image = cv2.GaussianBlur(image, (0, 0), width / 1700) + 0.03 * cv2.GaussianBlur(image, (0, 0), width / 60)  # the windscreen's glare
    level = cv2.pow(1 - np.exp(-2.9 * image), 1 / 1.9)
    level = 0.03 + 0.93 * level * (0.78 + 0.22 * level)
    level *= np.float32([0.95, 1.0, 0.95]) * np.float32(rng.uniform((0.97, 0.99, 0.95), (1.03, 1.01, 1.04)))
    blotches = cv2.resize(rng.standard_normal((height // 2, width // 2, 3), np.float32), (width, height))
    grain = rng.standard_normal((height, width, 1), np.float32) + 0.6 * blotches
    image = np.clip(np.rint(255 * level + grain * (1.2 + 2.2 * np.sqrt(np.clip(level, 0, 1)))), 0, 255).astype(np.uint8)
    return cv2.imdecode(cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1], cv2.IMREAD_COLOR)[..., ::-1]
