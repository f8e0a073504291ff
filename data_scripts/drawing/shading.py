"""Colours a scene: texture in metres on each part, sun, sky and shadow, wet ground, haze, clouds, and the camera's softness."""

from functools import cache
from types import SimpleNamespace

import cv2
import numpy as np

from data_scripts.drawing.render import Scene, Weather

TILE = 512  # pixels of a noise picture, which repeats without a seam


def linear(colour):
    """0 to 255 as a screen has it, to amounts of light from 0 to 1; float32."""
    return (np.asarray(colour, np.float32) / 255) ** 2.2


@cache
def _noise(seed: int, slope: float) -> np.ndarray:
    """Noise without a seam, float32 (TILE, TILE), mean 0, spread 1; a larger slope gives softer and larger blotches."""
    f = np.hypot(np.fft.fftfreq(TILE)[:, None], np.fft.rfftfreq(TILE)[None]) * TILE
    f[0, 0] = 1
    waves = np.fft.rfft2(np.random.default_rng(seed).standard_normal((TILE, TILE))) / f**slope
    waves[0, 0] = 0
    noise = np.fft.irfft2(waves)
    return (noise / noise.std()).astype(np.float32)


def _sample(noise, u, v, grain):
    """Noise at places in metres; `grain` is the metres to a pixel of it."""
    u, v = (np.mod(x / grain, TILE).astype(np.float32) for x in (u, v))
    return cv2.remap(noise, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def _chance(i, j, seed):
    """A number in [0, 1) that looks random, for the cell (i, j) of a pattern."""
    return np.modf(np.abs(np.sin(i * 12.9898 + j * 78.233 + seed * 37.719) * 437.585))[0]


def _facade(c, at):
    """Rows of windows. detail: metres to a window and to a floor; 0 single windows, 1 bands of glass, 2 French windows; seed."""
    bay, floor, style, seed = at.detail.T
    i, x = np.divmod(at.u / bay, 1)
    j, y = np.divmod(at.v / floor, 1)
    half = np.choose(style.astype(int), (0.24, 0.47, 0.3))
    bottom = np.choose(style.astype(int), (0.3, 0.26, 0.06))
    side, up = np.abs(x - 0.5), y
    frame = (side < half + 0.035) & (up > bottom - 0.05) & (up < 0.85)
    glass = (side < half) & (up > bottom) & (up < 0.81) & (np.abs(side) > 0.012)
    luck = _chance(i, j, seed)
    pane = linear((26, 32, 40)) + at.sky_low * (0.08 + 0.3 * luck * np.clip(y, 0, 1))[:, None]
    pane = np.where((luck > 0.82)[:, None], linear((150, 140, 120)) * (0.5 + 0.5 * (x * 9 % 1))[:, None], pane)  # a curtain
    c = c * (1 - 0.13 * (up > 0.955) - 0.3 * np.exp(-np.maximum(at.v, 0) / 0.7))[:, None]  # floors show, and dirt at the foot
    c = np.where(frame[:, None], c * 0.4 + 0.22, c)
    return np.where(glass[:, None], pane * (1 - 0.6 * (up > 0.74))[:, None], c)


def _courses(c, at):
    """Blocks in courses. detail: length and height of one, how dark the joints are."""
    length, height, joint, _ = at.detail.T
    j, y = np.divmod(at.v / height, 1)
    i, x = np.divmod(at.u / length + 0.5 * (j % 2), 1)
    line = np.maximum(np.abs(y - 0.5) - 0.5 + 0.02 / height, np.abs(x - 0.5) - 0.5 + 0.02 / length) > 0
    joint = joint * np.clip(1.6 - at.footprint / 0.06, 0.15, 1)
    return c * (1 - joint * line + 0.16 * (_chance(i, j, 3) - 0.5))[:, None]


def _leaves(c, at):
    """Foliage as of a ball. detail: its radius, the height of its middle, how dark its inside is, its middle's u."""
    radius, middle, dark, centre = at.detail.T
    x, y = (at.u - centre) / radius, (at.v - middle) / radius
    z = np.sqrt(np.clip(1 - x * x - y * y, 0.05, 1))
    sun = np.clip(x * at.sun[0] + y * at.sun[1] + z * at.sun[2] + 0.25, 0, 1.3)
    tuft = np.clip(0.5 + 0.42 * at.grit, 0, 1.4)
    light = at.sunlight * (sun * tuft**1.6)[:, None] + at.skylight * ((0.6 + 0.4 * y) * (0.3 + 0.8 * tuft))[:, None]
    return c * light * (1 - dark * (1 - tuft) * 0.9)[:, None]


def _grass(c, at):
    return c * (1 + 0.35 * np.clip(at.grit, -1.5, 2) + 0.2 * at.stain)[:, None] * (1 + at.stain[:, None] * np.float32([0.1, 0, 0]))


def _glass(c, at):
    """A pane that mirrors the sky above. detail: its lower and upper edge, of the part's own v."""
    low, high, *_ = at.detail.T
    t = np.clip((at.v - low) / (high - low + 1e-6), 0, 1)
    return c + at.sky_low * (0.05 + 0.4 * t**2)[:, None]


def _paint(c, at):
    return c + at.sky_top * (0.28 * np.clip(at.up, 0, 1) ** 2 + 0.02)[:, None]


def _bonnet(c, at):
    """The camera car's own: black, with a dim and clouded sky in it. v runs down from 0.25 to 0.38."""
    t = (at.v - 0.25) / 0.13
    band = (
        np.exp(-(((t - 0.5 - 0.1 * np.cos(14 * at.u)) / 0.16) ** 2))
        * np.clip(0.8 + 0.4 * np.sin(23 * at.u + 40 * at.v), 0, 2)
        * np.exp(-((at.u / 0.42) ** 4))
    )
    return c + at.sky_low * 0.07 * band[:, None]


def _front(c, at):
    """A house in a row: windows with surrounds and bars. detail: metres to a window and to a floor; share of it that is glass; seed.

    Every other house has shop windows at the ground floor.
    """
    bay, floor, glazed, seed = at.detail.T
    i, x = np.divmod(at.u / bay, 1)
    j, y = np.divmod(at.v / floor, 1)
    shop, luck = (j < 1) & (_chance(seed, 1, 2) > 0.5), _chance(i, j, seed)
    half, bottom, top = np.where(shop, 0.45, glazed), np.where(shop, 0.12, 0.27), np.where(shop, 0.8, 0.84)
    side = np.abs(x - 0.5)
    fine = np.clip(1.5 - at.footprint / 0.05, 0, 1)  # bars and joints are too thin to be seen from afar
    surround = (side < half + 0.06) & (y > bottom - 0.05) & (y < top + 0.07)
    glass = (side < half) & (y > bottom) & (y < top)
    bars = (side < 0.018) | (np.abs(y - 0.64) < 0.014) | (half - side < 0.025)
    depth = np.clip((top - y) / 0.12, 0, 1)  # the lintel's shadow
    pane = linear((34, 38, 42)) + at.sky_low * (0.05 + 0.3 * luck * np.clip(y, 0, 1))[:, None]
    curtain = (luck > 0.6) & (side > half * (luck * 2.5 - 1.2) % 1)
    pane = np.where(curtain[:, None], linear((158, 156, 148)) * (0.55 + 0.3 * np.abs(np.sin(x * 60)))[:, None], pane)
    pane = np.where((shop & (y < 0.5 * luck))[:, None], linear((120, 96, 70)) * (0.4 + 0.9 * luck)[:, None], pane)  # what is on show
    pane *= (0.45 + 0.55 * depth)[:, None]
    pane = np.where((bars & ~shop)[:, None], pane + (0.3 - pane) * fine[:, None], pane)
    ledge = (y > 0.95) | ((y < 0.03) & (j > 0))
    stains = 0.1 * np.clip(at.stain, -2, 2) + 0.22 * np.exp(-np.maximum(at.v, 0) / 1.2)
    c = c * (1 - 0.12 * (y < 0.03) + 0.1 * ledge - stains)[:, None]
    c = np.where((j < 1)[:, None], c * (0.72 - 0.1 * fine * (at.v / 0.42 % 1 < 0.09))[:, None], c)  # the foot is of darker blocks
    c = np.where(surround[:, None], c * 0.55 + linear((196, 192, 182)) * 0.42, c)
    return np.where(glass[:, None], pane, c)


def _tarmac(c, at):
    """Old and patched, with cracks that were sealed."""
    crack = np.clip(1 - np.abs(at.stain) * 18, 0, 1) * np.clip(1.4 - at.footprint / 0.08, 0, 1)
    return c * (1 - 0.3 * crack * (np.sin(at.u * 0.9) * np.sin(at.v * 0.37) > 0.2))[:, None]


def _cloth(c, at):
    """Folds, and the roundness of a body about u = 0. detail: half of its width."""
    round_ = np.sqrt(np.clip(1 - (at.u / np.maximum(at.detail[:, 0], 0.05)) ** 2, 0.05, 1))
    return c * (0.5 + 0.6 * round_ + 0.12 * np.clip(at.grit, -2, 2))[:, None]


def _hood(c, at):
    """The camera car's own: grey paint with the bright sky in its far end. v runs down from 0.066 to 0.114."""
    t = np.clip((at.v - 0.066) / 0.05 - 0.25 * np.abs(at.u / 0.23) ** 2.5, 0, 1)
    ridge = np.exp(-(((np.abs(at.u) - 0.09 - 0.05 * t) / 0.012) ** 2))
    sky = at.sky_low * (0.34 * np.exp(-((t / 0.3) ** 2)) + 0.1 * np.exp(-(((t - 0.62) / 0.2) ** 2)) + 0.07 * ridge)[:, None]
    return c + sky * (1 + 0.25 * np.clip(at.stain, -1, 1))[:, None]


TEXTURES = {  # name: metres to a pixel of grit, share that grit and stains change, pattern, whether light falls on the result
    "plain": (0.03, 0.02, 0.04, None, True),
    "asphalt": (0.02, 0.17, 0.14, None, True),
    "marking": (0.02, 0.16, 0.1, None, True),
    "slabs": (0.02, 0.06, 0.1, _courses, True),
    "blocks": (0.03, 0.08, 0.12, _courses, True),
    "facade": (0.05, 0.03, 0.07, _facade, True),
    "leaves": (0.055, 0.0, 0.1, _leaves, False),
    "grass": (0.03, 0.0, 0.0, _grass, True),
    "paint": (0.03, 0.0, 0.03, _paint, True),
    "glass": (0.03, 0.0, 0.0, _glass, True),
    "glow": (0.03, 0.0, 0.0, None, False),
    "bonnet": (0.03, 0.0, 0.0, _bonnet, False),
    "front": (0.06, 0.05, 0.03, _front, True),
    "tarmac": (0.012, 0.1, 0.09, _tarmac, True),
    "setts": (0.015, 0.12, 0.16, _courses, True),
    "cloth": (0.02, 0.0, 0.0, _cloth, True),
    "hood": (0.005, 0.0, 0.0, _hood, False),
}
ORDER = {name: number for number, name in enumerate(TEXTURES)}
WETTABLE = ("asphalt", "marking", "slabs", "tarmac", "setts")


def picture(scene: Scene, weather: Weather, rng: np.random.Generator, develop=None) -> np.ndarray:
    """The scene as the camera shows it, uint8 (height, width, 3), red-green-blue. `rng` gives the camera's noise.

    `develop` is the camera: from light, float32 (height, width, 3), part numbers, weather and rng to the picture.
    """
    light = SimpleNamespace(**{name: linear(getattr(weather, name)) for name in ("sunlight", "skylight", "zenith", "horizon")})
    rays = scene.rays()
    colour, ground = _lit(scene, rays, weather, light)
    there = scene.ids >= 0
    bonnet = _where(scene, "bonnet", "hood")
    veil = (1 - np.exp(-((scene.depth / weather.haze) ** 1.3)))[..., None]
    veil[bonnet] = 0
    image = np.where(there[..., None], colour + (light.horizon - colour) * veil, 0)
    above = len(image) // 2  # the horizon
    image[:above] = np.where(there[:above, :, None], image[:above], _sky(rays[:above], weather, light))
    if weather.wet:
        image = _reflect(image, ground, scene.depth, weather)
    return (develop or film)(image, scene.ids, weather, rng)


def _where(scene, *textures):
    return np.array([*(part.texture in textures for part in scene.parts), False])[scene.ids]


def _lit(scene, rays, weather, light):
    """Light from each pixel's part, float32 (height, width, 3), and how much water lies there, float32 (height, width)."""
    parts, ids, camera = scene.parts, scene.ids, scene.camera
    u, v = scene.on_parts()
    kind = np.array([*(ORDER[part.texture] for part in parts), 0])[ids]
    grain, grit_share, stain_share = (np.float32([row[i] for row in TEXTURES.values()])[kind] for i in range(3))
    normal = np.concatenate([scene.normal, [[0, 0, 1]]]).astype(np.float32)
    facing = np.abs((normal[ids] * rays).sum(-1)) + 0.02
    footprint = scene.depth / camera.focal / facing  # metres to a pixel, along the direction in which it is stretched
    grit = _sample(_noise(1, 0.7), u, v, grain) * np.clip(1.3 - footprint / grain / 3, 0, 1)
    stain = _sample(_noise(2, 1.5), u + 7, v, 0.1)
    base = np.concatenate([linear([part.colour for part in parts]), np.zeros((1, 3), np.float32)])[ids]
    base *= (1 + grit_share * grit + stain_share * stain)[..., None]
    shadow = scene.shadow(weather.sun) if weather.clouds < 0.7 else 0  # under a closed ceiling nothing casts one
    up = normal[:, 2][ids]
    direct = np.maximum(normal @ weather.sun.astype(np.float32), 0)[ids] * (1 - shadow)
    sky = 0.62 + 0.38 * up
    lit = direct[..., None] * light.sunlight + sky[..., None] * light.skylight
    sun = np.array([weather.sun @ camera.right, weather.sun[2], -weather.sun @ camera.ahead], np.float32)
    detail = np.array([*(part.detail for part in parts), (0, 0, 0, 0)], np.float32)
    for number, (_, _, _, pattern, falls) in enumerate(TEXTURES.values()):
        here = np.nonzero(kind == number)
        if not len(here[0]):
            continue
        c = base[here]
        if pattern:
            at = SimpleNamespace(u=u[here], v=v[here], grit=grit[here], stain=stain[here], footprint=footprint[here], up=up[here], sun=sun)
            at.detail, at.sunlight, at.skylight = detail[ids[here]], light.sunlight, light.skylight
            at.sky_low, at.sky_top = light.horizon, light.zenith
            c = pattern(c, at)
        base[here] = c * lit[here] if falls else c
    wettable = np.isin(kind, [ORDER[name] for name in WETTABLE])
    return base, np.where(wettable & (up > 0.9), np.clip(0.75 + 0.6 * stain, 0, 1.3), 0).astype(np.float32)


def _sky(rays, weather, light):
    """Sky and clouds in the directions `rays`, float32 (…, 3)."""
    height = np.clip(rays[..., 2], 0, 1)
    sky = light.horizon + (light.zenith - light.horizon) * np.clip(height * 1.6, 0, 1)[..., None] ** 0.6
    near_sun = np.clip(rays @ weather.sun.astype(np.float32), 0, 1)[..., None]
    sky = sky + light.sunlight * (0.05 * near_sun**6 + 0.25 * near_sun**60)
    u, v = (rays[..., i] / (height + 0.16) for i in (0, 1))  # a ceiling of clouds that bends down to the horizon
    thick = 0.75 * _sample(_noise(3, 1.6), u + weather.drift, v, 0.008) + 0.25 * _sample(_noise(4, 1.3), u, v, 0.002)
    cover = np.clip((thick - 1.3 + 2.6 * weather.clouds) / 0.9, 0, 1) * np.clip(height * 9, 0.25, 1)
    cloud = (light.skylight * 0.35 + light.sunlight * 0.12 + light.horizon * 0.45) * np.clip(1.05 - 0.2 * thick, 0.5, 1.3)[..., None]
    return sky + (cloud - sky) * (0.92 * cover[..., None])


def _reflect(image, water, depth, weather):
    """Wet ground is darker, and shows upside down what stands and shines beyond it; the camera looks level, so that is a flip."""
    mirror = cv2.GaussianBlur(image[::-1], (0, 0), sigmaX=len(image) / 300, sigmaY=len(image) / 65)
    puddle = np.clip((water - 1.0) * 6, 0, 1) * weather.wet
    grazing = np.clip(0.12 + depth / 60, 0, 0.6) * weather.wet * (water > 0)
    share = np.maximum(grazing * np.clip(water, 0.4, 1), puddle * np.clip(0.35 + depth / 50, 0, 0.75))[..., None]
    dark = image * (1 - 0.5 * weather.wet * np.minimum(water, 1))[..., None]
    return dark + (mirror - dark) * share


def film(image, ids, weather, rng):
    """Light to uint8: exposure, contrast as of film, soft edges where parts meet, dim corners, a little noise."""
    height, width = ids.shape
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    image = np.maximum(image, 0) * (1 - 0.16 * (x * x + y * y))[..., None].astype(np.float32)
    image = image * (2.51 * image + 0.03) / (image * (2.43 * image + 0.59) + 0.14)  # a film's curve (Narkowicz 2015)
    image = cv2.pow(np.clip(image, 0, 1), 1 / 2.2) * 255
    border = np.zeros(ids.shape, np.uint8)
    border[:, 1:] |= ids[:, 1:] != ids[:, :-1]
    border[1:] |= ids[1:] != ids[:-1]
    border = cv2.GaussianBlur(border.astype(np.float32), (0, 0), width / 1000)
    soft = cv2.GaussianBlur(image, (0, 0), width / 1070)
    image += (soft - image) * np.clip(0.25 + 2 * border, 0, 1)[..., None]
    image += rng.standard_normal((height, width, 1), np.float32) * 1.2
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)
