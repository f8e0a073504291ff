"""Paired augmentation of 128×128×3 images with masks, one thread on each side, same distortions with one draw for each pair:
rotation ±10°, shift ±5 %, shear ±10°, zoom ±20 % for each side, mirrored border; image bilinear, mask nearest. Against albumentations
and against two `ImageDataGenerator`s with the same seed, one for images and one for masks, in batches of 10. The last row is
`cv2.warpAffine` alone, for image and mask with a matrix made before; ours hands OpenCV four channels, for which it is quicker.
Seconds are those of the processor.
"""

import statistics
import time

import albumentations
import cv2
import numpy as np
from harness import Row, interleave, times_faster
from keras.src.legacy.preprocessing.image import ImageDataGenerator

from course_utils.augment import Affine

SIDE, PAIRS, ROUNDS = 128, 200, 15


def run():
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.random((SIDE, SIDE, 3), dtype=np.float32), (0, 0), 4)
    images = [np.roll(cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8), i, axis=1) for i in range(PAIRS)]
    masks = [np.uint8(image[:, :, 0] > 127) for image in images]

    affine = Affine(rotation=10, shift=0.05, shear=10, zoom=0.2)

    def ours():
        for image, mask in zip(images, masks, strict=True):
            affine(image, mask, rng)

    pipeline = albumentations.Compose(
        [
            albumentations.Affine(
                rotate=(-10, 10),
                translate_percent={"x": (-0.05, 0.05), "y": (-0.05, 0.05)},
                shear={"x": (-10, 10), "y": (0, 0)},
                scale={"x": (0.8, 1.2), "y": (0.8, 1.2)},
                interpolation=cv2.INTER_LINEAR,
                mask_interpolation=cv2.INTER_NEAREST,
                border_mode=cv2.BORDER_REFLECT,
                p=1,
            )
        ],
        seed=0,
    )

    def by_albumentations():
        for image, mask in zip(images, masks, strict=True):
            pipeline(image=image, mask=mask)

    options = {"rotation_range": 10, "width_shift_range": 0.05, "height_shift_range": 0.05, "shear_range": 10, "zoom_range": 0.2}
    generator = ImageDataGenerator(**options, fill_mode="reflect")
    float_images = np.stack(images).astype(np.float32) / 255
    float_masks = np.stack(masks)[..., None].astype(np.float32)

    def by_generators():  # a quarter of the pairs, because it is slow
        quarter = PAIRS // 4
        both = [generator.flow(array[:quarter], batch_size=10, seed=1, shuffle=False) for array in (float_images, float_masks)]
        for _ in range(quarter // 10):
            next(both[0])
            np.rint(next(both[1]))

    matrix, size = affine.matrix((SIDE, SIDE), rng), (SIDE, SIDE)

    def bare():
        for image, mask in zip(images, masks, strict=True):
            cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT)
            cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT)

    by_albumentations()  # warm
    seconds = interleave(ROUNDS, time.process_time, ours=ours, albumentations=by_albumentations, generators=by_generators, bare=bare)
    seconds["generators"] = [4 * value for value in seconds["generators"]]
    speed = {name: f"{PAIRS / statistics.median(values):.0f} pairs/s" for name, values in seconds.items()}
    return [
        Row(f"albumentations {albumentations.__version__}", speed["ours"], speed["albumentations"], _ratio(seconds, "albumentations"), 2),
        Row("two `ImageDataGenerator`s", speed["ours"], speed["generators"], _ratio(seconds, "generators"), 15),
        Row("bare `cv2.warpAffine`", speed["ours"], speed["bare"], _ratio(seconds, "bare")),
    ]


def _ratio(seconds, other):
    return times_faster(seconds[other], seconds["ours"])
