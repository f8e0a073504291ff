"""Demos with sliders. Each first shows a row of slider positions as a still picture, so that a page without a kernel teaches too."""

from .browsing import confusion, predictions
from .clicks import click
from .distortions import augmentation
from .fields import field_of_view
from .layers import convolution, receptive_field, stamps
from .mosaics import tiling
from .scoring import circles, loss_landscape, two_circles
from .thresholds import threshold

__all__ = [
    "augmentation",
    "circles",
    "click",
    "confusion",
    "convolution",
    "field_of_view",
    "loss_landscape",
    "predictions",
    "receptive_field",
    "stamps",
    "threshold",
    "tiling",
    "two_circles",
]
