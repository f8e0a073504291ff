"""Makes the generated data sets of the course and fetches the real ones: `ensure("eliret")` returns a folder."""

from data_scripts.dataset import DataError  # first, as course_utils says in one sentence which packages are missing
from data_scripts.making import ensure
from data_scripts.store import cards, summary

__all__ = ["DataError", "cards", "ensure", "summary"]
