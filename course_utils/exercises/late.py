"""Keras for checks that build networks, imported when it is first used.

A notebook's setup cell imports its exercises before `course_utils.versions` has imported Keras without the backend's chatter.
"""

from importlib import import_module


class Late:
    """Stands for the module `name`."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        return getattr(import_module(self._name), name)


keras, layers, models = Late("keras"), Late("keras.layers"), Late("course_utils.models")
