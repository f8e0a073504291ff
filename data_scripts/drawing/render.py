"""Draws flat pieces of a world in true perspective: a depth buffer says which one each pixel shows, and colour follows from that.

A scene is a list of `Part`s, each a flat outline somewhere in space. Two passes through the same `rasterise` find what the camera
sees and what the sun sees; so image, mask and shadows come from one geometry. Only then is anything coloured: a pixel's place on
its part, in metres, gives texture; its part's slope and the sun give light; its depth gives haze.
"""

from dataclasses import dataclass

import cv2
import numpy as np

NEAR, FAR = 0.4, 400.0  # metres from the camera within which things are drawn
SUN_REACH, SUN_CELL = 90.0, 0.12  # metres ahead that have shadows, and metres of ground to a cell of the shadow map
UP = np.array([0.0, 0.0, 1.0])


@dataclass
class Part:
    """One flat piece of a thing. World axes: x and y on the ground, z up, metres.

    Args:
        name: what it is, such as "road". instance: the number of the thing that it belongs to; parts of one car share it.
        origin: where its own coordinates (u, v) are zero. across, along: directions of u and v; across=None turns with the camera.
        rings: outlines, each float (n, 2) of (u, v) in metres; together they are the part.
        outside: whether it is seen only from the side that across × along points to, as a wall of a closed box is.
        colour: red, green, blue, 0 to 255. texture: a key of TEXTURES. detail: four numbers for its pattern.
    """

    name: str
    instance: int
    origin: np.ndarray
    across: np.ndarray | None
    along: np.ndarray
    rings: list[np.ndarray]
    colour: tuple
    texture: str = "plain"
    detail: tuple = (0.0, 0.0, 0.0, 0.0)
    outside: bool = False


@dataclass
class Camera:
    """A pinhole camera that looks level, `yaw` radians from the x axis towards y; `lens` is its focal length in widths (0.5: 90°)."""

    position: np.ndarray
    yaw: float
    width: int = 800
    height: int = 600
    lens: float = 0.5

    def __post_init__(self):
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        self.ahead, self.right = np.array([c, s, 0.0]), np.array([s, -c, 0.0])
        self.focal = self.width * self.lens
        matrix = np.array([[self.focal, 0, self.width / 2], [0, self.focal, self.height / 2], [0, 0, 1]])
        self.matrix = matrix @ np.array([self.right, -UP, self.ahead])


@dataclass
class Weather:
    """Light and air. Colours are red, green, blue, 0 to 255; `sun` points to the sun; `haze` is the depth in metres where 63 % is gone."""

    sun: np.ndarray
    sunlight: tuple
    skylight: tuple
    zenith: tuple
    horizon: tuple
    clouds: float  # share of the sky
    haze: float
    wet: float  # 0 dry, 1 puddles
    drift: float  # where the wind has taken the clouds


def rasterise(corners, starts, owners, keys, height, width, floor):
    """Which part is in front at each pixel: int32 (height, width), -1 where there is none; and its key there, float32.

    Args:
        corners: (n, 2) pixel coordinates of all rings one after the other; starts: where each ring begins, and n; owners: its part.
        keys: (parts, 3); the key of a part at (x, y) is k0 x + k1 y + k2 and the largest one wins, of equal ones the later part.
        floor: keys below it are not drawn.
    """
    ids, best = np.full((height, width), -1, np.int32), np.full((height, width), floor, np.float32)
    if len(owners) == 0:
        return ids, best
    low, high = (reach.reduceat(corners, starts[:-1]) for reach in (np.minimum, np.maximum))
    order = np.argsort(owners, kind="stable")
    order = order[((high[order] > 0) & (low[order] < (width, height))).all(1)]
    if len(order) == 0:
        return ids, best
    first = np.flatnonzero(np.diff(owners[order], prepend=-1))
    low = np.maximum(np.floor(np.minimum.reduceat(low[order], first)), 0).astype(int)
    high = np.minimum(np.ceil(np.maximum.reduceat(high[order], first)) + 1, (width, height)).astype(int)
    rings = np.split(np.rint(_shrink(corners, starts) * 16).astype(np.int32), starts[1:-1])
    xs, ys = np.arange(width), np.arange(height)
    for begin, end, (x0, y0), (x1, y1) in zip(first.tolist(), [*first[1:].tolist(), len(order)], low.tolist(), high.tolist(), strict=True):
        inside = np.zeros((y1 - y0, x1 - x0), np.uint8)
        corner = np.array([16 * x0, 16 * y0], np.int32)
        for ring in order[begin:end]:
            cv2.fillPoly(inside, [rings[ring] - corner], 1, shift=4)
        part = owners[order[begin]]
        k = keys[part]
        key = np.add.outer(k[1] * ys[y0:y1] + k[2], k[0] * xs[x0:x1]).astype(np.float32)
        window = slice(y0, y1), slice(x0, x1)
        seen = (key >= best[window] * np.float32(0.9999)) & inside.view(bool)  # a mark on a road is as near as the road
        np.copyto(best[window], key, where=seen)
        ids[window][seen] = part
    return ids, best


def _shrink(corners, starts):
    """Rings moved inward by half a pixel, because OpenCV also fills each pixel that an edge runs through; slivers stay as they are."""
    lengths = np.diff(starts)
    before, after = np.arange(len(corners)) - 1, np.arange(len(corners)) + 1
    before[starts[:-1]], after[starts[1:] - 1] = starts[1:] - 1, starts[:-1]
    edge = corners[after] - corners
    long = np.hypot(*edge.T)
    area = np.add.reduceat(corners[:, 0] * edge[:, 1] - corners[:, 1] * edge[:, 0], starts[:-1]) / 2
    thick = np.abs(area) / (np.add.reduceat(long, starts[:-1]) + 1e-9)
    inward = (
        np.repeat(np.where(thick > 0.8, np.sign(area), 0), lengths)[:, None]
        * np.stack([-edge[:, 1], edge[:, 0]], 1)
        / (long[:, None] + 1e-9)
    )
    step = 0.5 * np.abs(inward).max(1)
    bend = 1 + (inward * inward[before]).sum(1)
    return corners + ((step + step[before]) / 2 / np.maximum(bend, 0.3))[:, None] * (inward + inward[before])


class Scene:
    """Parts before a camera: `ids` int32 (height, width) is the number of the part at each pixel, -1 the sky; `depth` is in metres.

    `outlines(k)` gives part k's polygons in the image, uncut by what stands before them.
    """

    def __init__(self, parts: list[Part], camera: Camera):
        self.parts, self.camera = parts, camera
        self.origin = np.array([part.origin for part in parts])
        self.across = np.array([camera.right if part.across is None else part.across for part in parts])
        self.along = np.array([part.along for part in parts])
        self.boards = np.array([part.across is None for part in parts])
        self.outward = np.cross(self.across, self.along)
        side = ((camera.position - self.origin) * self.outward).sum(1)
        self.normal = self.outward * np.sign(side)[:, None]  # towards the camera
        self.closed = np.array([part.outside for part in parts])
        flat = np.stack([self.across, self.along, self.origin - camera.position], axis=2)  # (u, v, 1) -> from the camera
        self.hidden = (np.abs(side) < 0.005) | (self.closed & (side < 0))
        flat[np.abs(side) < 0.005] = np.eye(3)
        self.to_pixels = camera.matrix @ flat
        self.to_part = np.linalg.inv(self.to_pixels)  # (x, y, 1) -> (u, v, 1) / depth
        rings = [(number, ring) for number, part in enumerate(parts) for ring in part.rings]
        self.owners = np.array([number for number, _ in rings])
        self.starts = np.cumsum([0, *(len(ring) for _, ring in rings)])
        self.uv1 = np.ones((self.starts[-1], 3))
        self.uv1[:, :2] = np.concatenate([ring for _, ring in rings])
        self.owner_of_corner = np.repeat(self.owners, np.diff(self.starts))
        self.pixels = self._project()
        self.ids, nearness = rasterise(*self.pixels, self.to_part[:, 2], camera.height, camera.width, 1 / FAR)
        self.depth = 1 / nearness

    def _project(self):
        """Corners in pixels, their starts and owners, cut off where they come too near to the camera."""
        corners = np.einsum("nij,nj->ni", self.to_pixels[self.owner_of_corner], self.uv1)
        ok = corners[:, 2] >= NEAR
        whole = np.logical_and.reduceat(ok, self.starts[:-1]) & ~self.hidden[self.owners]
        cut = np.logical_or.reduceat(ok, self.starts[:-1]) & ~whole & ~self.hidden[self.owners]
        lengths = np.diff(self.starts)
        pieces = [corners[np.repeat(whole, lengths)], *(_clip(corners[self.starts[i] : self.starts[i + 1]]) for i in np.flatnonzero(cut))]
        starts = np.cumsum([0, *lengths[whole], *map(len, pieces[1:])])
        corners = np.concatenate(pieces)
        return (corners[:, :2] / corners[:, 2:]).clip(-1e5, 1e5), starts, np.concatenate([self.owners[whole], self.owners[cut]])

    def outlines(self, part: int) -> list[np.ndarray]:
        """Polygons of a part in the image, float (n, 2) pixels (x, y)."""
        corners, starts, owners = self.pixels
        return [corners[starts[ring] : starts[ring + 1]] for ring in np.flatnonzero(owners == part)]

    def shadow(self, sun) -> np.ndarray:
        """Share of the sunlight that does not reach each pixel, float32 (height, width)."""
        slope = sun[:2] / sun[2]
        across = np.where(self.boards[:, None], np.array([sun[1], -sun[0], 0]) / np.hypot(*sun[:2]), self.across)  # boards are round things
        ahead, right, place = self.camera.ahead[:2], self.camera.right[:2], self.camera.position[:2]
        cells = round(SUN_REACH / SUN_CELL)

        def cell(x, y, z):
            """Where the ray from the sun through a point meets the ground, in cells of the map."""
            x, y = x - place[0] - z * slope[0], y - place[1] - z * slope[1]
            return (x * right[0] + y * right[1]) / SUN_CELL + cells / 2, (x * ahead[0] + y * ahead[1]) / SUN_CELL + cells * 0.08

        basis = np.stack([across, self.along, self.origin], axis=2)  # (u, v, 1) -> world
        points = np.einsum("nij,nj->ni", basis[self.owner_of_corner], self.uv1)
        corners = np.stack(cell(*points.T), axis=1)
        ends = np.stack([np.stack(cell(*(self.origin + step).T), 1) for step in (0, across, self.along)])
        to_cells = np.stack([*(ends[1:] - ends[0]), ends[0]], axis=2)
        to_cells = np.concatenate([to_cells, np.broadcast_to([[[0, 0, 1.0]]], (len(basis), 1, 3))], axis=1)
        usable = np.abs(np.linalg.det(to_cells)) > 0.05
        to_cells[~usable] = np.eye(3)
        usable &= ~self.closed | (self.outward @ sun > 0)
        heights = np.einsum("ni,nij->nj", basis[:, 2], np.linalg.inv(to_cells))
        low, high = (ufunc.reduceat(corners, self.starts[:-1]) for ufunc in (np.minimum, np.maximum))
        tall = np.maximum.reduceat(points[:, 2], self.starts[:-1]) > 0.2
        chosen = usable[self.owners] & tall & (high > 0).all(1) & (low < cells).all(1)
        rings = [corners[a:b] for a, b in zip(self.starts[:-1][chosen], self.starts[1:][chosen], strict=True)]
        starts = np.cumsum([0, *map(len, rings)])
        _, top = rasterise(np.concatenate([*rings, np.zeros((0, 2))]), starts, self.owners[chosen], heights, cells, cells, 0.0)
        x, y, z = self.places()
        u, v = (part.astype(np.float32) for part in cell(x, y, z))
        blocked = cv2.remap(top, u, v, cv2.INTER_NEAREST, borderValue=0) > z + 0.25 + 0.004 * self.depth
        receives = np.array([*(part.texture not in ("leaves", "bonnet", "hood") for part in self.parts), False])
        return cv2.GaussianBlur((blocked & receives[self.ids]).astype(np.float32), (0, 0), self.camera.width * 0.0015)

    def places(self):
        """World coordinates x, y, z of what each pixel shows, float32 (height, width) each."""
        camera = self.camera
        right = ((np.arange(camera.width, dtype=np.float32) - camera.width / 2) / camera.focal)[None]
        down = ((np.arange(camera.height, dtype=np.float32) - camera.height / 2) / camera.focal)[:, None]
        x, y = (self.depth * (camera.ahead[i] + right * camera.right[i]) + camera.position[i] for i in (0, 1))
        return x.astype(np.float32), y.astype(np.float32), (camera.position[2] - self.depth * down).astype(np.float32)

    def rays(self):
        """Direction of the view through each pixel, unit length, float32 (height, width, 3)."""
        camera = self.camera
        x = (np.arange(camera.width, dtype=np.float32)[None, :, None] - camera.width / 2) / camera.focal
        y = (np.arange(camera.height, dtype=np.float32)[:, None, None] - camera.height / 2) / camera.focal
        return ((camera.ahead + x * camera.right - y * UP) / np.sqrt(1 + x * x + y * y)).astype(np.float32)

    def on_parts(self):
        """Coordinates u, v of each pixel on its own part, in metres, float32 (height, width) each."""
        x = np.arange(self.camera.width, dtype=np.float32)[None]
        y = np.arange(self.camera.height, dtype=np.float32)[:, None]
        table = np.concatenate([self.to_part[:, :2].reshape(-1, 6), np.zeros((1, 6))]).astype(np.float32)
        a = [table[:, i][self.ids] for i in range(6)]
        return (a[0] * x + a[1] * y + a[2]) * self.depth, (a[3] * x + a[4] * y + a[5]) * self.depth


def _clip(ring):
    """The part of a ring, (n, 3) with the depth last, that is at least NEAR away (Sutherland and Hodgman 1974)."""
    kept = []
    for here, there in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if here[2] >= NEAR:
            kept.append(here)
        if (here[2] >= NEAR) != (there[2] >= NEAR):
            kept.append(here + (there - here) * (NEAR - here[2]) / (there[2] - here[2]))
    return np.array(kept)
