"""The small sets of the test run: one for each that the course can make, by options that its generator knows."""

import inspect

import pytest

from data_scripts.sets import SETS
from tests.small_sets import SMALL


def test_there_is_one_for_each():
    assert SMALL.keys() == SETS.keys()


@pytest.mark.parametrize("name", SMALL)
def test_generators_know_the_options(name):
    assert SMALL[name].keys() <= inspect.signature(SETS[name].make).parameters.keys()
