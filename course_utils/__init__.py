"""Helpers of the segmentation course. Importing this package is cheap and makes TensorFlow quiet before anybody imports it."""

import contextlib
import logging
import os
import platform
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

__version__ = "0.1.0"


class NotInstalled(ImportError):
    """This Python lacks packages; the message is one sentence with the remedy, and a notebook shows nothing else."""

    def _render_traceback_(self):  # what IPython asks an exception for
        return [str(self)]


def _complete() -> None:
    """Ends a command, or a cell, with one sentence where the packages of the course are missing."""
    missing = [name for name in ("numpy", "cv2", "PIL", "matplotlib", "keras") if not find_spec(name)]
    if not missing:
        return
    windows, root = os.name == "nt", Path(__file__).parents[1]
    activate = root / (".venv/Scripts/activate" if windows else ".venv/bin/activate")
    if "ipykernel" in sys.modules:
        remedy = "choose the course's kernel, or start JupyterLab with make lab (Windows: py lab.py)"
    elif activate.exists():
        remedy = f'say {"" if windows else "source "}"{activate}", then the same again'
    else:
        remedy = "in the course's folder say make lab (Windows: py lab.py), which makes it"
    sentence = f"The course's environment is not active: this Python has no {', '.join(missing)}. Remedy: {remedy}."
    raise NotInstalled(sentence) if "ipykernel" in sys.modules else SystemExit(sentence)


_complete()


def versions() -> str:
    """Import Keras without its backend's chatter and return one line with the versions that results depend on.

    Finds the other processes, too, if the environment says that there are any (see `course_utils.distribution`).
    """
    with _silent_stderr():
        import keras

        from course_utils import distribution
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # while it is imported in a notebook it turns its own log on
    backend = keras.backend.backend()
    return (
        f"course {__version__} · Python {platform.python_version()} · "
        f"Keras {keras.__version__} on {backend} {metadata.version(backend)} · numpy {metadata.version('numpy')}{distribution.start()}"
    )


@contextlib.contextmanager
def _silent_stderr():
    """TensorFlow 2.21 logs to file descriptor 2 while it is imported, whatever its environment variables say; Python errors still rise."""
    keep, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(keep, 2)
        os.close(keep)
        os.close(nowhere)
