"""Makes the generated data sets of the course and fetches the real ones: `ensure("eliret")` returns a folder."""

import sys

try:
    from data_scripts.dataset import DataError
    from data_scripts.making import ensure
    from data_scripts.store import cards, summary
except ModuleNotFoundError as error:
    _PROBLEM = (
        f"Python finds no {error.name}, because the course's environment is not active: type `source .venv/bin/activate`"
        r" (Windows: `.venv\Scripts\activate`) in the course's folder first; `make install` creates that environment."
    )
    if sys.argv[0] == "-m":  # started as a program, whose user has no use for a traceback
        sys.exit(_PROBLEM)
    raise ModuleNotFoundError(_PROBLEM, name=error.name) from None

__all__ = ["DataError", "cards", "ensure", "summary"]
