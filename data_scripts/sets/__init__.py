"""The data sets, one file each: a new set is a new file here with its `SET`. `SETS` holds all of them, by the lessons that use them."""

from importlib import import_module
from pkgutil import iter_modules

from data_scripts.dataset import DataError, DataSet

_FOUND = [import_module(f"{__name__}.{module.name}").SET for module in iter_modules(__path__)]
SETS = {dataset.name: dataset for dataset in sorted(_FOUND, key=lambda dataset: (dataset.lesson, dataset.name))}


def lookup(name: str) -> DataSet:
    """The set called `name`; DataError names the known ones."""
    if name not in SETS:
        raise DataError(f'There is no data set "{name}"; the sets are {", ".join(SETS)}.')
    return SETS[name]
