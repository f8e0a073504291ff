"""Exercises that answer back. One module a lesson (`lesson01`, …) or homework (`hw1`, …) holds its questions."""

from .engine import Blank, NotYet, call, expect, question

____ = Blank()  # stands where the student's answer goes, so that a notebook with unsolved exercises runs to its end

__all__ = ["Blank", "NotYet", "____", "call", "expect", "question"]
