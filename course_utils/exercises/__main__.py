"""The command line of the exercises: `start` and `progress` for students, `grade` for teachers."""

import argparse
import importlib
import sys
from pathlib import Path

from .copies import Problem, start, student_copy
from .overview import overview
from .progress import FOLDER


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command in one sentence."""

    def error(self, message):
        message = message.removeprefix("argument COMMAND: ")
        print(f"{message[0].upper()}{message[1:].removesuffix('.')}. ({self.prog} --help shows how.)", file=sys.stderr)
        sys.exit(2)


def parser() -> Parser:
    """What can be said, with a help for each command."""
    top = Parser(prog="python -m course_utils.exercises", description=__doc__)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    starts = commands.add_parser(
        "start", help="copy a homework to my_work/", description="Copies a homework to my_work/, where it is yours."
    )
    starts.add_argument("name", metavar="HOMEWORK", help="hw1, hw2, …")
    starts.add_argument(
        "--student", metavar="ID", type=_word, help="a word that is yours alone: your generated images are yours alone, too"
    )
    counted = "how many exercises of each lesson and homework you have solved"
    commands.add_parser("progress", help=counted, description=f"Shows {counted}.")
    what = "Runs and grades the notebooks of a folder. Started again, it goes on: what is graded stays until its file changes."
    grades = commands.add_parser("grade", help="run and grade the notebooks of a folder", description=what)
    grades.add_argument("folder", metavar="FOLDER", type=Path, help="the notebooks, named after the students, or a folder for each student")
    out = "a row for each student and exercise; the pages and a summary go into the folder of the same name beside it"
    grades.add_argument("--out", metavar="GRADES.csv", type=Path, required=True, help=out)
    grades.add_argument("--seconds", metavar="S", type=_at_least(1), default=180, help="what one notebook may compute (180)")
    grades.add_argument("--memory", metavar="MB", type=_at_least(200), default=4096, help="what one notebook may take (4096)")
    grades.add_argument("--as-root", action="store_true", help="grade although you are root; only in a container that holds nothing else")
    return top


def _word(text):
    """An argument's type: not empty, as where a shell's variable is not set."""
    if not text.strip():
        raise argparse.ArgumentTypeError("a word is wanted, and this one is empty")
    return text


def _at_least(least):
    """An argument's type: a whole number, not too small to be meant."""

    def number(text):
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(f"a whole number from {least} on is wanted, not {text}")
        return int(text)

    return number


def main(arguments: list[str]) -> int:
    """Run one command; returns 0, or 1 for a problem, which it says in one sentence."""
    options = parser().parse_args(arguments)
    try:
        if options.command == "start":
            student_copy(options.name)  # a Problem for a name that there is not
            print(start(options.name, importlib.import_module(f"course_utils.exercises.{options.name}"), options.student))
        elif options.command == "progress":
            overview(FOLDER)
        else:
            from course_utils.grading.grade import grade  # here, because a student needs none of it

            print(grade(options.folder, options.out, options.seconds, options.memory, options.as_root))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
