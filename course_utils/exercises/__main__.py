"""The command line of the homework: `start` for students, `grade` for teachers."""

import argparse
import importlib
import sys
from pathlib import Path

from .copies import Problem, start, student_copy

USAGE = """\
python -m course_utils.exercises start hw1 [--student ID]
    copies homework 1 to my_work/; with an ID, a word that is yours alone, your generated images are yours alone, too
python -m course_utils.exercises grade FOLDER --out grades.csv [--seconds 180] [--memory 4096]
    runs and grades the .ipynb files of a folder; each may compute for so many seconds and take so many MB. grades.csv gets a
    row for each student and question, the folder grades/ a page for each student. Started again, it goes on"""


def main(arguments: list[str]) -> int:
    """Run one command; returns 0, or 1 for a problem, which it says in one sentence."""
    parser = argparse.ArgumentParser(prog="python -m course_utils.exercises", usage=USAGE)
    commands = parser.add_subparsers(dest="command", required=True)
    starts = commands.add_parser("start", usage=USAGE)
    starts.add_argument("name")
    starts.add_argument("--student")
    grades = commands.add_parser("grade", usage=USAGE)
    grades.add_argument("folder", type=Path)
    grades.add_argument("--out", type=Path, required=True)
    grades.add_argument("--seconds", type=int, default=180)
    grades.add_argument("--memory", type=int, default=4096)
    options = parser.parse_args(arguments)
    try:
        if options.command == "start":
            student_copy(options.name)  # a Problem for a name that there is not
            print(start(options.name, importlib.import_module(f"course_utils.exercises.{options.name}"), options.student))
        else:
            from course_utils.grading.run import grade  # here, because a student needs none of it

            print(grade(options.folder, options.out, options.seconds, options.memory))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
