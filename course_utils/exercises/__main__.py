"""The command line of the homework: `start` for students, `grade` for teachers."""

import argparse
import importlib
import sys

from .copies import Problem, start, student_copy

USAGE = """\
python -m course_utils.exercises start hw1 [--student ID]
    copies homework 1 to my_work/; with an ID, a word that is yours alone, your generated images are yours alone, too
"""


def main(arguments: list[str]) -> int:
    """Run one command; returns 0, or 1 for a problem, which it says in one sentence."""
    parser = argparse.ArgumentParser(usage=USAGE)
    commands = parser.add_subparsers(dest="command", required=True)
    starts = commands.add_parser("start")
    starts.add_argument("name")
    starts.add_argument("--student")
    options = parser.parse_args(arguments)
    try:
        student_copy(options.name)  # a Problem for a name that there is not
        print(start(options.name, importlib.import_module(f"course_utils.exercises.{options.name}"), options.student))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
