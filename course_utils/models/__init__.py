"""The networks of the course, one file an architecture. All are Keras models on any backend."""

from .fcn import fcn, fcn32
from .segnet import segnet
from .unet import unet

__all__ = ["fcn", "fcn32", "segnet", "unet"]
