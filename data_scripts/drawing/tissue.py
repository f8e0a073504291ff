"""Draws a stack of slices through brain tissue, as an electron microscope would show it.

Every cell is an ellipse that wanders, grows and shrinks from slice to slice; a pixel belongs to the ellipse it lies deepest in,
and a membrane runs where two cells meet. All of it is seen through a slowly changing warp, so nothing stays an ellipse. The mask
follows from this geometry alone, before any grey is drawn; what is drawn inside the cells never enters it.
Grey levels, sharpness and share of membrane were set by comparison with the real images.
"""

from collections import namedtuple
from collections.abc import Iterator

import cv2
import numpy as np

GAP = 6.0  # where no ellipse is within this many pixels lies glia, the filling between the nerve cells: it rounds their corners
DARKEST, PALE = 43, 164  # grey of a membrane seen edge-on, and of cytoplasm
MARGIN = 70  # cells also live this many pixels outside the picture, so that its border is like its middle


def stack(rng: np.random.Generator, slices: int, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields the slices of one block of tissue from top to bottom.

    Args:
        rng: where all chance comes from.
        slices, size: how many slices, and their height and width in pixels.

    Yields:
        image and mask, both uint8 (size, size); mask 255 inside a cell, 0 on a membrane.
    """
    cells = Cells.grow(rng, slices, size)
    organelles = _grow_organelles(rng, cells)
    fields = {name: _noise(rng, slices, size, *scales) for name, scales in FIELDS.items()}
    light = wander(rng, slices, 3, every=1.5)
    for z in range(slices):
        field = {name: at(z) for name, at in fields.items()}
        x, y = _warped_grid(field, size)
        label = cells.label(z, x, y)
        depth = _depth(label)
        width, darkness = _membranes(depth, field)
        mask = np.where(depth > width, 255, 0).astype(np.uint8)
        tissue = _cytoplasm(rng, cells, label, depth, field)
        _draw_organelles(tissue, cells, organelles, z, x, y, label, depth, field)
        tissue += darkness * (DARKEST - tissue)
        yield _micrograph(rng, tissue, field, light[z]), mask


def wander(rng: np.random.Generator, slices: int, count: int, every: float) -> np.ndarray:
    """`count` random numbers that change smoothly from slice to slice, float32 (slices, count), spread about 1; `every` = slices a turn."""
    knots = rng.standard_normal((int(slices / every) + 4, count)).astype(np.float32)
    turn, t = np.divmod(np.arange(slices)[:, None] / every, 1)
    a, b, c, d = (knots[turn[:, 0].astype(int) + k] for k in range(4))
    curve = b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))  # Catmull-Rom spline
    return (curve / 0.85).astype(np.float32)


def _noise(rng, slices, size, grain, every):
    """Smooth noise, spread about 1, with bumps `grain` pixels wide, that changes within `every` slices: z -> float32 (size, size)."""
    side = int(np.ceil(size / grain)) + 3
    knots = wander(rng, slices, side**2, every).reshape(slices, side, side) * 1.3
    inner = slice(grain, grain + size)  # one knot of margin for the cubic
    return lambda z: cv2.resize(knots[z], None, fx=grain, fy=grain, interpolation=cv2.INTER_CUBIC)[inner, inner]


FIELDS = {  # name: (grain in pixels, slices until it has changed)
    "x_bend": (90, 12), "y_bend": (90, 12), "x_wave": (28, 6), "y_wave": (28, 6), "x_ripple": (9, 2), "y_ripple": (9, 2),
    "width": (45, 4), "contrast": (60, 4), "oblique": (55, 3), "synapse": (34, 4), "glow": (170, 3), "vesicles": (50, 5), "folds": (13, 3),
}  # fmt: skip


def _warped_grid(field, size):
    """Where each pixel looks in the world of the ellipses: two float32 (size, size). Three sizes of bends make outlines irregular."""
    y, x = np.mgrid[:size, :size].astype(np.float32)
    x += 10 * field["x_bend"] + 2.6 * field["x_wave"] + 0.7 * field["x_ripple"]
    y += 10 * field["y_bend"] + 2.6 * field["y_wave"] + 0.7 * field["y_ripple"]
    return x, y


class Cells(namedtuple("Cells", "x y long short angle grey vesicles")):
    """Ellipses by slice and cell: centre, half axes, angle, each (slices, cells); grey and vesicles by cell, the last one for glia."""

    @classmethod
    def grow(cls, rng, slices, size):
        """Scatters cells, the largest first, each at a free spot; then lets them wander through the slices."""
        radius, x, y = _scatter(rng, size + 2 * MARGIN)
        n = len(radius)
        reach = np.minimum(radius, 25)
        flow = wander(rng, slices, 6, every=8)  # the whole tissue drifts, shears and stretches a little
        drift_x = 5 * flow[:, :1] + 9 * flow[:, 2:3] * (y / size - 0.5) + 9 * flow[:, 3:4] * (x / size - 0.5)
        drift_y = 5 * flow[:, 1:2] + 9 * flow[:, 4:5] * (x / size - 0.5) + 9 * flow[:, 5:6] * (y / size - 0.5)
        swelling = np.exp(0.22 * wander(rng, slices, n, every=7))
        bundle = 0.5 + 0.5 * np.sin(x / 140 + rng.uniform(0, 6)) * np.sin(y / 110 + rng.uniform(0, 6))  # fibres run in bundles
        stretch = np.exp(rng.uniform(0, 0.25, n) + bundle * rng.uniform(0, 0.5, n))
        lean = rng.uniform(0, np.pi) + x / 300 - y / 250 + rng.normal(0, 0.45, n)
        return cls(
            x=x - MARGIN + drift_x + 0.45 * reach * wander(rng, slices, n, every=9),
            y=y - MARGIN + drift_y + 0.45 * reach * wander(rng, slices, n, every=9),
            long=radius * swelling * stretch,
            short=radius * swelling / stretch,
            angle=lean + 0.15 * wander(rng, slices, n, every=8),
            grey=np.append(rng.normal(0, 8, n) + np.clip(3 * np.log(radius / 15), -6, 6), -14),
            vesicles=np.append(rng.gamma(0.7, 1.4, n).clip(0, 3), 1),
        )

    def label(self, z: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Number of the cell at each pixel of the grid (x, y), int32; one more than the last cell stands for glia."""
        best = np.full(x.shape, GAP, np.float32)
        label = np.full(x.shape, self.x.shape[1], np.int32)
        for i in range(self.x.shape[1]):
            window = _window(self.x[z, i], self.y[z, i], self.long[z, i] + 45)
            u, v = _along_axes(x[window], y[window], self.x[z, i], self.y[z, i], self.angle[z, i])
            long, short = self.long[z, i], self.short[z, i]
            outside = (np.sqrt((u / long) ** 2 + (v / short) ** 2) - 1) * np.sqrt(long * short)  # about pixels; < 0 within
            nearer = outside < best[window]
            best[window][nearer] = outside[nearer]
            label[window][nearer] = i
        return label


def _scatter(rng, side):
    """Radii and centres of cells in a square: a few big ones, and ever smaller ones in the gaps."""
    radii = np.exp(rng.normal(np.log(14.5), 0.56, side**2 // 400)).clip(7.5, 72)
    placed = np.empty((0, 3))
    for radius in np.sort(radii)[::-1]:
        for spot in rng.uniform(0, side, (12, 2)):
            if (np.hypot(*(placed[:, 1:] - spot).T) > 0.9 * (placed[:, 0] + radius)).all():
                placed = np.vstack([placed, [radius, *spot]])
                break
    return placed.T


def _window(x, y, reach):
    """The part of a picture within `reach` of a point, widened by what the warp may add."""
    reach += 30
    return tuple(slice(max(0, int(c - reach)), max(0, int(c + reach))) for c in (y, x))


def _along_axes(x, y, x0, y0, angle):
    """Coordinates of the grid (x, y) along the two axes of an ellipse with this centre and angle."""
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    dx, dy = x - np.float32(x0), y - np.float32(y0)
    return c * dx + s * dy, c * dy - s * dx


def _depth(label):
    """Distance of each pixel to the border of its cell in pixels, float32."""
    border = np.zeros(label.shape, bool)
    border[:, :-1] |= label[:, :-1] != label[:, 1:]
    border[:-1] |= label[:-1] != label[1:]
    return cv2.distanceTransform((~border).astype(np.uint8), cv2.DIST_L2, 5)


def _membranes(depth, field):
    """Half width of the membranes (what the mask calls membrane) and how dark they are drawn (0 to 1), both float32 like `depth`."""
    oblique = _step(field["oblique"], 0.9, 2.2)  # cut at a slant: broad and pale
    synapse = _step(field["synapse"], 1.7, 2.6)  # dark stuff on both sides
    width = 2.4 * np.exp(0.14 * field["width"]) + 2.7 * oblique + 3.6 * synapse
    darkness = np.exp(-0.5 * (depth / (0.74 * width)) ** 2) * (0.92 + 0.1 * field["contrast"]) * (1 - 0.4 * oblique)
    darkness = np.maximum(darkness, synapse * np.exp(-0.5 * (depth / 9) ** 2))
    return width, np.clip(darkness, 0, 1)


def _step(value, low, high):
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


Organelle = namedtuple("Organelle", "host middle half dx dy size stretch angle hollow")  # middle, half: in slices; dx, dy: from the cell


def _grow_organelles(rng, cells):
    """Mitochondria and hollow bodies for the larger cells. They are dark-rimmed too, but no cell membranes: a network has to tell."""
    slices, bodies = len(cells.x), []
    for host in range(cells.x.shape[1]):
        room = np.sqrt(cells.long[:, host].mean() * cells.short[:, host].mean())
        for _ in range(rng.poisson(room / 22 * slices / 30)):
            hollow = rng.random() < 0.3
            size = rng.uniform(5, 10) if hollow else rng.uniform(0.5, 0.78) * min(room, 48)
            dx, dy = rng.uniform(-0.35, 0.35, 2) * room
            middle, half, stretch, angle = rng.uniform((0, 3, 1, 0), (slices, 7, 1.35, np.pi))
            if size > 4.5:
                bodies.append(Organelle(host, middle, half, dx, dy, size, stretch, angle, hollow))
    return bodies


def _draw_organelles(tissue, cells, bodies, z, x, y, label, depth, field):
    """Draws the organelles of slice z into the float picture `tissue`, each within its cell."""
    for body in bodies:
        cut = 1 - ((z - body.middle) / body.half) ** 2  # the body is round along the stack as well
        if cut <= 0.05:
            continue
        size = body.size * np.sqrt(cut)
        x0, y0 = cells.x[z, body.host] + body.dx, cells.y[z, body.host] + body.dy
        window = _window(x0, y0, size * body.stretch + 3)
        u, v = _along_axes(x[window], y[window], x0, y0, body.angle + cells.angle[z, body.host])
        inside = size - np.sqrt((u / body.stretch) ** 2 + (v * body.stretch) ** 2)  # about pixels
        inside = np.where(label[window] == body.host, np.minimum(inside, depth[window] - 5), -9)
        shade = 0.8 * np.exp(-0.5 * ((inside - 0.5) / 1.3) ** 2)
        if not body.hollow:
            folds = np.sin(1.05 * u + 2.2 * np.sin(v / 11 + body.middle) + 2.5 * field["folds"][window])
            shade = np.maximum(shade, _step(inside, -1, 1) * (0.64 + 0.3 * folds * _step(inside, 1, 3)))
        tissue[window] += shade * (DARKEST - tissue[window])


def _cytoplasm(rng, cells, label, depth, field):
    """Grey of what fills the cells, float32: grains, and vesicles where the cell and the place have many. New in every slice."""
    shape = label.shape
    tissue = (PALE + cells.grey).astype(np.float32)[label]
    for strength, sigma in ((16, 1.2), (7, 3.5)):
        grain = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), sigma)
        tissue += strength * grain * (2 * sigma * np.sqrt(np.pi))  # the blur leaves 1 / (2 sigma sqrt(pi)) of the spread
    density = 0.0024 * (0.4 + cells.vesicles.astype(np.float32)[label]) * np.exp(0.7 * field["vesicles"])
    density = np.minimum(density, 0.006) * (depth > 6)
    middle = np.hypot(*np.mgrid[-7:8, -7:8]).astype(np.float32)
    for radius, thickness, share in ((0, 1.2, 0.4), (2.8, 0.9, 1.0), (3.8, 0.9, 0.8)):
        spots = (rng.random(shape, np.float32) < share * density).astype(np.float32)
        tissue -= 58 * np.minimum(cv2.filter2D(spots, -1, np.exp(-0.5 * ((middle - radius) / thickness) ** 2)), 1.3)
    return tissue


def _micrograph(rng, tissue, field, light):
    """What the microscope makes of the tissue, uint8: blur, uneven light, shot noise of the electrons, some of it smeared by the camera."""
    picture = cv2.GaussianBlur(tissue, (0, 0), 0.8)
    picture = (picture - 130) * (1 + 0.05 * light[0]) + 130 + 4 * light[1] + 7 * field["glow"]
    shot, pixel = rng.standard_normal((2, *tissue.shape), np.float32)
    shot *= np.sqrt(np.maximum(picture, 20) / 130)  # where more electrons arrive their number varies more
    picture += 46 * np.exp(0.2 * light[2]) * cv2.GaussianBlur(shot, (0, 0), 0.72) + 2 * pixel
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
