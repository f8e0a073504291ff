"""Makes the generated data sets of the course and fetches the real ones: `ensure("eliret")` returns a folder."""

from data_scripts.dataset import DataError
from data_scripts.store import cards, ensure, summary

__all__ = ["DataError", "cards", "ensure", "summary"]
