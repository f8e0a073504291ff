"""Draws a countryside as an aircraft photographs it from straight above, 25 cm a pixel.

Things are placed first, as points, lines and polygons; the mask is drawn from these alone, the image from the same ones with texture,
light and shadow.
"""

from typing import NamedTuple

import cv2
import numpy as np

from data_scripts.work import reached

PIXEL = 0.25  # metres
BUILDING, WOODLAND, WATER, ROAD = 1, 2, 3, 4
# What grows: red, green, blue; how far rows of plants stand out; how patchy it is; and whether wheels leave lines in it.
CROPS = np.float32(
    [
        (164, 142, 108, 7, 9, 0),  # bare soil
        (136, 114, 86, 8, 8, 0),  # ploughed, moist
        (201, 183, 128, 5, 5, 1),  # ripe cereal
        (186, 168, 118, 7, 7, 1),  # stubble
        (108, 132, 68, 5, 6, 1),  # green cereal
        (80, 112, 58, 6, 7, 0),  # beet or maize
        (128, 144, 84, 1, 12, 0),  # meadow
        (112, 126, 76, 1, 15, 0),  # pasture
        (158, 154, 90, 2, 13, 0),  # dry grass
        (184, 178, 84, 3, 6, 1),  # rape, fading
    ]
)


class Season(NamedTuple):
    """What all of one flight has in common."""

    crops: np.ndarray  # share of each of CROPS
    sun: np.ndarray  # unit vector (x, y) in which shadows fall
    shadow: float  # metres of shadow for a metre of height
    gain: np.ndarray  # of red, green and blue

    @classmethod
    def draw(cls, rng):
        angle = rng.uniform(-0.9, 0.9) - np.pi / 2  # from the south-east to the south-west: shadows point up the picture
        gain = rng.uniform(0.92, 1.08) * rng.uniform(0.98, 1.02, 3)
        return cls(
            rng.dirichlet(np.full(len(CROPS), 1.5)), np.array([np.cos(angle), np.sin(angle)]), rng.uniform(0.7, 1.1), np.float32(gain)
        )


def mosaic(rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
    """One piece of country of side × side pixels: image uint8 (side, side, 3) and mask uint8 (side, side) of class ids."""
    season = Season.draw(rng)
    mask, height = np.zeros((side, side), np.uint8), np.zeros((side, side), np.float32)  # metres above ground, for the shadows
    image, blocks = _fields(rng, side, season)
    reached(0.35)  # of the time that it took, here and below
    _water(rng, image, mask)
    roads = _roads(rng, image, mask)
    reached(0.45)
    houses = _place_houses(rng, mask, roads)
    _build(rng, image, mask, height, houses, season)
    _grow(rng, image, mask, height, _plant(rng, mask, blocks, roads, houses), season)
    reached(0.7)
    return _photograph(rng, image, height, season), mask


def _noise(rng, side, grain):
    """Smooth noise with bumps some `grain` pixels wide, spread about 1: float32 (side, side)."""
    small = rng.standard_normal((int(side / grain) + 3,) * 2, dtype=np.float32)
    if grain == 1:
        return small[:side, :side]
    large = cv2.resize(small, None, fx=grain, fy=grain, interpolation=cv2.INTER_CUBIC)
    return large[grain : grain + side, grain : grain + side] * np.float32(1.3)


def _nearest(side, points):
    """Number of the nearest of `points` (x, y) for each pixel, int32 (side, side)."""
    free = np.ones((side, side), np.uint8)
    x, y = np.clip(points.astype(int), 0, side - 1).T
    free[y, x] = 0
    labels = cv2.distanceTransformWithLabels(free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1]
    number = np.zeros(labels.max() + 1, np.int32)
    number[labels[y, x]] = np.arange(len(points))
    return number[labels]


def _fields(rng, side, season):
    """Blocks of parallel strips, as farms divided them; in each strip a crop in rows. Image float32, and the number of the block."""
    count = max(8, int((side / 620) ** 2))
    blocks = _nearest(side, rng.uniform(0, side, (count, 2)))
    angle, width, length = rng.uniform(0, np.pi, count), rng.uniform(70, 330, count), rng.uniform(400, 1500, count)
    turn = np.float32([np.cos(angle), np.sin(angle), 1 / width, 1 / length])
    x, y = np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32)[:, None]
    across = x * turn[0][blocks] + y * turn[1][blocks] + 3 * _noise(rng, side, 160)
    strip = across * turn[2][blocks]
    strip = np.floor(strip + 0.35 * np.sin(2.39 * strip)).astype(np.int32)  # of unequal width
    strip += 613 * blocks
    piece = (y * turn[0][blocks] - x * turn[1][blocks]) * turn[3][blocks]
    field = (strip * 7919 + np.floor(piece + rng.random(997, np.float32)[strip % 997]).astype(np.int32) * 4447) % 4093
    kind = rng.choice(len(CROPS), 4093, p=season.crops)
    look = CROPS[kind]
    look[:, :3] *= rng.normal(1, 0.05, (4093, 1)) + rng.normal(0, 0.02, (4093, 3))
    grain = rng.uniform(0.5, 1.5, 4093).astype(np.float32)
    period = np.float32(2 * np.pi) / rng.uniform(5, 12, 4093).astype(np.float32)  # rows 1.2 to 3 m apart
    light = np.sin(across * period[field]) * look[field, 3] * (1 + 0.4 * _noise(rng, side, 40))
    light += (_noise(rng, side, 24) + 1.2 * _noise(rng, side, 130)) * look[field, 4] * 0.5
    light += (_noise(rng, side, 1) + 2 * _noise(rng, side, 3)) * 2.4 * grain[field]
    wheels = (np.minimum(abs(np.mod(across, 76) - 30), abs(np.mod(across, 76) - 38)) < 1.3) & (look[field, 5] > 0)
    light[wheels] -= 14
    image = look[field, :3]
    image += light[..., None] * np.float32([1, 1, 0.8])
    edge = np.ones((3, 3), np.uint8)
    for numbers, width in ((field, 3), (blocks, 9)):  # grass grows where no plough comes
        numbers = numbers.astype(np.uint16)
        border = cv2.dilate(numbers, edge) != cv2.erode(numbers, edge)
        border = cv2.dilate(border.astype(np.uint8), np.ones((width, width), np.uint8)) > 0
        image[border] = 0.35 * image[border] + 0.65 * np.float32([126, 134, 84]) + light[border, None] * 0.5
    return image, blocks


def _curve(rng, start, end, bend):
    """A smooth way from start to end, points (x, y) 4 pixels apart, that leaves the straight line by some `bend` of its length."""
    start, end = np.array(start, float), np.array(end, float)
    length = np.hypot(*(end - start))
    t = np.linspace(0, 1, max(2, int(length / 4)))
    aside = sum(rng.normal(0, bend / k**1.5) * np.sin(np.pi * k * t) for k in range(1, 7)) * length
    across = np.array([start[1] - end[1], end[0] - start[0]]) / length
    return start + t[:, None] * (end - start) + aside[:, None] * across


def _line(picture, points, width, colour):
    cv2.polylines(picture, [np.int32(np.rint(points * 8))], False, colour, max(1, round(width)), cv2.LINE_8, 3)


def _water(rng, image, mask):
    """Lakes, a river, reeds; deeper water is darker."""
    side = len(mask)
    ground = _noise(rng, side, 560) + 0.25 * _noise(rng, side, 110) + 0.05 * _noise(rng, side, 24)
    mask[ground > np.quantile(ground[::16, ::16], 0.955)] = WATER
    middle = rng.uniform(0.2, 0.8, 2) * side
    river = _curve(rng, (-60, middle[0]), (side + 60, middle[1]), 0.09)
    if rng.random() < 0.5:
        river = river[:, ::-1]
    for k, width in enumerate(rng.uniform(20, 44) * (1 + 0.3 * np.sin(np.arange(len(river)) / 40))):
        cv2.circle(mask, np.int32(river[k]), int(width / 2), WATER, -1)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    outside = cv2.distanceTransform(np.uint8(mask == 0), cv2.DIST_L2, 3)
    rough = _noise(rng, side, 3)
    reeds = (outside > 0) & (outside < 9 + 7 * _noise(rng, side, 60) + 2 * rough)
    image[reeds] = np.float32([112, 120, 70]) + rough[reeds, None] * 14
    wet = inside > 0
    deep = 1 - np.exp(-inside[wet] / 22)[:, None]
    colour = np.float32([104, 106, 84]) * (1 - deep) + deep * np.float32([44, 62, 62]) * rng.uniform(0.8, 1.25)
    image[wet] = colour + (3 * _noise(rng, side, 300) + 1.2 * _noise(rng, side, 5))[wet, None]


def _roads(rng, image, mask):
    """Asphalt from side to side, tracks of sand between; a list of (points, width in pixels, whether it is asphalt)."""
    side, roads = len(mask), []
    each = max(1, side // 2048)
    for number in range(2 * each):
        ends = (number // 2 + rng.uniform(0.2, 0.8, 2)) / each * side
        way = _curve(rng, (-40, ends[0]), (side + 40, ends[1]), 0.03)
        roads.append((way[:, ::-1] if number % 2 else way, rng.uniform(20, 28), True))
    for _ in range(7 * each**2):
        paved = roads[rng.integers(2 * each)][0]
        start = paved[rng.integers(len(paved))]
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.5) * 2048
        asphalt = rng.random() < 0.3
        way = _curve(rng, start, start + length * np.array([np.cos(angle), np.sin(angle)]), 0.03)
        wet = mask[tuple(np.clip(way.astype(int), 0, side - 1).T[::-1])] == WATER
        roads.append((way[: np.argmax(wet)] if wet.any() else way, rng.uniform(13, 18) if asphalt else rng.uniform(9, 13), asphalt))
    roads = [road for road in roads if len(road[0]) > 40]
    for way, width, asphalt in roads:
        _line(image, way, width + (12 if asphalt else 5), (134.0, 138.0, 96.0))
    number, colours = np.zeros_like(mask), np.zeros((len(roads) + 2, 3), np.float32)
    colours[-1] = 150, 148, 104  # grass between the wheels
    for k, (way, width, asphalt) in reversed(list(enumerate(roads, start=1))):  # the main roads last, on top
        _line(number, way, width, k)
        if not asphalt:
            _line(number, way, width / 4, len(roads) + 1)
        colours[k] = rng.uniform(118, 160) * np.float32([1, 1, 1.01]) if asphalt else rng.uniform(178, 205) * np.float32([1, 0.93, 0.78])
    drawn = number > 0
    mask[drawn] = ROAD
    image[drawn] = colours[number[drawn]] + (3 * _noise(rng, side, 1) + 4 * _noise(rng, side, 30))[drawn, None]
    for k, (way, width, asphalt) in enumerate(roads, start=1):
        if asphalt and width > 19:
            for offset, dashed in ((-0.42, False), (0.42, False), (0, True)):
                aside = way + offset * width * _across(way)
                for start in range(0, len(aside) - 3, 6 if dashed else 3):
                    _line(image, aside[start : start + 4], 1, (colours[k] + 38).tolist())
    return roads


def _across(way):
    """Unit vectors (x, y) at right angles to a way."""
    ahead = np.gradient(way, axis=0)
    return np.stack([-ahead[:, 1], ahead[:, 0]], 1) / np.hypot(*ahead.T)[:, None]


class House(NamedTuple):
    at: np.ndarray  # (x, y)
    ahead: np.ndarray  # unit vector along the ridge
    half: np.ndarray  # half its length and half its width, pixels
    height: float  # metres
    flat: bool
    colour: np.ndarray

    def corners(self, more=0.0) -> np.ndarray:
        """The four corners (x, y) of the outline, in order, `more` pixels further out."""
        a, b = (self.half[0] + more) * self.ahead, (self.half[1] + more) * np.array([-self.ahead[1], self.ahead[0]])
        return np.array([self.at + a + b, self.at + a - b, self.at - a - b, self.at - a + b])


ROOFS = np.float32([(168, 92, 70), (150, 78, 62), (122, 78, 64), (98, 94, 94), (74, 74, 80), (170, 168, 164), (188, 140, 112)])


def _place_houses(rng, mask, roads):
    """Villages along the roads: a house to the street, a barn behind it; some farms further out, some halls with flat roofs."""
    side, houses, free = len(mask), [], (mask == 0).astype(np.uint8)

    def place(at, ahead, length, width, height, flat=False):
        house = House(at, ahead, np.array([length, width]) / 2, height, flat, ROOFS[rng.integers(len(ROOFS))] * rng.uniform(0.85, 1.15))
        x, y = np.int32(np.rint(at))
        reach = int(length / 2 + 8)
        if reach <= min(x, y) and max(x, y) < side - reach and free[y - reach : y + reach, x - reach : x + reach].all():
            cv2.fillPoly(free, [np.int32(house.corners(more=4))], 0)
            houses.append(house)

    for way, _, asphalt in roads:
        if not asphalt:
            continue
        aside, tangent = _across(way), np.gradient(way, axis=0)
        tangent /= np.hypot(*tangent.T)[:, None]
        for _ in range(1 + len(way) // 700):
            first = rng.integers(len(way))
            for k in range(first, min(len(way), first + rng.integers(40, 220)), 4):
                hand, setback = rng.choice([-1, 1]), rng.uniform(52, 80)
                ahead = tangent[k] if rng.random() < 0.6 else aside[k]
                if rng.random() < 0.5:
                    place(way[k] + hand * setback * aside[k], ahead, *rng.uniform((38, 30), (60, 42)), rng.uniform(5, 8))
                if rng.random() < 0.3:
                    back = way[k] + hand * (setback + rng.uniform(70, 110)) * aside[k]
                    place(back, aside[k], *rng.uniform((45, 30), (100, 48)), rng.uniform(5, 8))
    for _ in range(int(10 * (side / 2048) ** 2)):
        angle = rng.uniform(0, np.pi)
        ahead, at = np.array([np.cos(angle), np.sin(angle)]), rng.uniform(60, side - 60, 2)
        hall = rng.random() < 0.25
        place(at, ahead, *(rng.uniform((120, 70), (230, 110)) if hall else rng.uniform((40, 32), (70, 44))), rng.uniform(5, 8), hall)
        place(at + 75 * ahead, np.array([-ahead[1], ahead[0]]), rng.uniform(40, 110), rng.uniform(32, 48), rng.uniform(4, 7))
    return houses


def _build(rng, image, mask, height, houses, season):
    """Yards first; then roofs of two slopes, the one towards the sun brighter, or flat ones."""
    yards = np.zeros(mask.shape, np.uint8)
    for kind, least, most in ((1, 22, 44), (2, 5, 12)):  # lawn, gravel
        for house in houses:
            cv2.fillPoly(yards, [np.int32(house.corners(more=rng.uniform(least, most)))], kind)
    patchy, rough = _noise(rng, len(mask), 16), _noise(rng, len(mask), 2)
    for kind, colour in ((1, (112, 130, 78)), (2, (170, 162, 148))):
        here = (yards == kind) & (mask == 0)
        image[here] = np.float32(colour) + (6 * patchy + 4 * rough)[here, None]
    for house in houses:
        outline = np.int32(np.rint(house.corners() * 8))
        cv2.fillPoly(mask, [outline], BUILDING, cv2.LINE_8, 3)
        cv2.fillPoly(height, [outline], house.height * (1 if house.flat else 0.7), cv2.LINE_8, 3)
        corners = house.corners()
        ends = np.array([corners[:2].mean(0), corners[2:].mean(0)])
        left = np.array([-house.ahead[1], house.ahead[0]])
        tone = house.colour if not house.flat else np.float32([176, 174, 170]) * rng.uniform(0.7, 1.15)
        sunny = -float(left @ season.sun)
        for slope, share in ((corners[[0, 3]], sunny), (corners[[1, 2]], -sunny)):
            light = 1.0 if house.flat else 1 + 0.3 * share
            cv2.fillPoly(image, [np.int32(np.rint(np.vstack([slope, ends[::-1]]) * 8))], (tone * light).tolist(), cv2.LINE_8, 3)
        if not house.flat:
            for share in np.arange(-0.8, 0.9, 0.27):  # courses of tiles
                _line(image, ends + share * house.half[1] * left, 1, (tone * (1.0 + 0.3 * share * sunny - 0.07)).tolist())
            _line(image, ends, 1, (tone * 1.12).tolist())
            _line(height, ends, 2, house.height)
    roof = mask == BUILDING
    image[roof] += (2.5 * rough + 3 * patchy)[roof, None]


def _plant(rng, mask, blocks, roads, houses):
    """Where trees stand: x, y, radius in pixels, and whether it is a conifer, float32 (trees, 4); in woods, hedges, rows and gardens."""
    side, grid = len(mask), 15
    wood = 0.75 * _noise(rng, side, 420) + 0.3 * _noise(rng, side, 110) + rng.normal(0, 0.7, blocks.max() + 1).astype(np.float32)[blocks]
    shut = cv2.dilate(np.uint8(mask > 0), np.ones((15, 15), np.uint8))
    for house in houses:
        cv2.fillPoly(shut, [np.int32(house.corners(more=16))], 1)
    y, x = np.mgrid[grid // 2 : side : grid, grid // 2 : side : grid]
    at = np.stack([x, y], -1).reshape(-1, 2) + rng.uniform(-6, 6, (x.size, 2))
    inside = np.clip(at.astype(int), 0, side - 1).T[::-1]
    deep = wood[tuple(inside)] - np.quantile(wood[::16, ::16], 0.78)
    needles = _noise(rng, side, 330)[tuple(inside)] > 0.4
    keep = (deep > 0) & (needles | (rng.random(len(at)) < 0.62)) | (rng.random(len(at)) < 0.0015)
    trees = [np.column_stack([at, np.where(needles, rng.uniform(8, 11, len(at)), rng.uniform(11, 17, len(at))), needles])[keep]]
    edges = cv2.dilate(blocks.astype(np.uint16), np.ones((3, 3))) != blocks
    shore = cv2.dilate(np.uint8(mask == WATER), np.ones((41, 41), np.uint8)) != (mask == WATER)
    patch = _noise(rng, side, 260)
    for line, share in ((edges & (patch > 0.7), 0.022), (shore & (patch < -0.5), 0.004)):  # hedges, and alders along the water
        y, x = np.nonzero(line & (rng.random((side, side), np.float32) < share))
        trees.append(np.column_stack([x, y, rng.uniform(6, 14, len(x)), np.zeros(len(x))]))
    for way, width, asphalt in roads:
        if asphalt:
            for hand in (-1, 1):
                row = (way + hand * (width / 2 + 14) * _across(way))[:: rng.integers(9, 14)]
                row = row[np.sin(np.arange(len(row)) / rng.uniform(3, 12) + rng.uniform(0, 6)) > 0.3]
                trees.append(np.column_stack([row + rng.normal(0, 2, row.shape), rng.uniform(9, 15, len(row)), np.zeros(len(row))]))
    for house in houses:
        count = rng.integers(0, 6)
        near = house.at + rng.uniform(40, 85, (count, 1)) * rng.normal(0, 0.8, (count, 2))
        trees.append(np.column_stack([near, rng.uniform(6, 13, count), rng.random(count) < 0.2]))
    trees = np.concatenate(trees).astype(np.float32)
    trees = trees[((trees[:, :2] > 1) & (trees[:, :2] < side - 2)).all(1)]
    return trees[shut[tuple(trees[:, 1::-1].astype(int).T)] == 0]


def _grow(rng, image, mask, height, trees, season):
    """A crown around each tree up to where the next one is nearer: round, lit from the sun's side, ragged at the edge."""
    side = len(mask)
    nearest = _nearest(side, trees[:, :2])
    x = np.arange(side, dtype=np.float32) - trees[:, 0][nearest]
    y = np.arange(side, dtype=np.float32)[:, None] - trees[:, 1][nearest]
    out = np.hypot(x, y) / trees[:, 2][nearest] + 0.09 * _noise(rng, side, 4)  # 0 in the middle, 1 at the edge
    crown = (out < 1) & (mask != BUILDING)
    tree, x, y, out = nearest[crown], x[crown], y[crown], np.clip(out[crown], 0, 1)
    radius, needles = trees[tree, 2], trees[tree, 3]
    colour = np.where(trees[:, 3:], np.float32([52, 74, 50]), np.float32([82, 106, 58])) * rng.normal(1, 0.13, (len(trees), 1))
    colour += rng.normal(0, 5, (len(trees), 3)) * [1.6, 1, 0.6]
    light = 1 - 0.42 * (x * season.sun[0] + y * season.sun[1]) / radius - np.where(needles, 0.5, 0.3) * out**2
    leaves = (_noise(rng, side, 1) * 0.06 + _noise(rng, side, 3) * 0.12)[crown]
    image[crown] = np.maximum(colour.astype(np.float32)[tree] * (1.12 * light + leaves)[:, None], 6)
    mask[crown] = WOODLAND
    round_shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15))
    floor = (cv2.morphologyEx(np.uint8(mask == WOODLAND), cv2.MORPH_CLOSE, round_shape) > 0) & (mask == 0)  # gaps belong to the wood
    image[floor] = image[floor] * 0.25 + np.float32([40, 44, 28])
    mask[floor] = WOODLAND
    tall = np.clip(rng.normal(13, 3, len(trees)), 4, 22).astype(np.float32) * np.minimum(1, trees[:, 2] / 11)
    height[crown] = tall[tree] * (1 - 0.45 * out**2)


def _photograph(rng, image, height, season):
    """Shadows, found by looking ever twice as far along the sun's ray; slowly changing light, the camera's colours, blur, noise."""
    lid, steps, slope = height.copy(), 1, PIXEL / season.shadow
    while steps * slope < height.max():
        x, y = np.rint(steps * season.sun).astype(int)
        shifted = cv2.warpAffine(lid, np.float32([[1, 0, x], [0, 1, y]]), lid.shape[::-1], flags=cv2.INTER_NEAREST)
        lid = np.maximum(lid, shifted - np.float32(steps * slope))
        steps *= 2
    dark = cv2.GaussianBlur(np.float32(lid > height + 0.4), (0, 0), 0.7)
    image *= 1 - dark[..., None] * np.float32([0.56, 0.52, 0.44])
    image = cv2.GaussianBlur(image, (0, 0), 0.6)
    image *= (1 + 0.03 * _noise(rng, len(image), 500))[..., None] * season.gain
    image += rng.standard_normal(image.shape, dtype=np.float32) * 1.5
    return np.uint8(np.clip(image + 0.5, 0, 255))
