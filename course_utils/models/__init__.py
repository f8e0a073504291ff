"""The networks of the course, one file an architecture. All are Keras models on any backend."""

from .fcn import fcn
from .unet import unet

__all__ = ["fcn", "unet"]
