"""The data sets of the course, generated or real, and weights that others trained: `ensure("eliret")`, `ensure_weights("u2netp")`."""

from data_scripts.dataset import DataError  # first, as course_utils says in one sentence which packages are missing
from data_scripts.making import ensure
from data_scripts.store import cards, summary
from data_scripts.weights import ensure_weights

__all__ = ["DataError", "cards", "ensure", "ensure_weights", "summary"]
