"""Makes the notebooks from `notebooks/src`, runs them, measures them and proves that nothing has drifted.

python -m notebooks.build build [NAMES] [--force]   sources to notebooks, executed where their code changed
python -m notebooks.build check                     nothing drifted (executes nothing)
python -m notebooks.build run NAME --size tiny|lesson|full [--out FILE]
python -m notebooks.build tiny [NAMES]              small copies of all notebooks for nbval, in build/tiny
python -m notebooks.build evidence NAME             the long runs of notebooks/evidence/NAME.py that are still missing
python -m notebooks.build links                     badges and setup cells from the address of the git remote
python -m notebooks.build teacher                   teacher notes and solutions of all lessons and homework, in build/teacher.md
"""

import argparse
import inspect
import sys

from .commands import build, check, links, run, teacher, tiny
from .evidence import evidence
from .source import ROOT, Problem

COMMANDS = {function.__name__: function for function in (build, check, run, tiny, evidence, links, teacher)}


def main(arguments=None):
    parser = argparse.ArgumentParser("python -m notebooks.build", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", help="one of those above")
    for name, function in COMMANDS.items():
        commands.add_parser(name, description=inspect.getdoc(function))
    for name in ("build", "tiny"):
        commands.choices[name].add_argument("names", nargs="*", help="of lessons and homework, such as 03 or hw1 (default: all)")
    commands.choices["build"].add_argument("--force", action="store_true", help="although nothing changed")
    commands.choices["evidence"].add_argument("name", help="a file of notebooks/evidence without .py")
    commands.choices["run"].add_argument("name", help="a lesson or homework, such as 03 or hw1")
    commands.choices["run"].add_argument("--size", choices=["tiny", "lesson", "full"], required=True, help="of notebook_params.toml")
    commands.choices["run"].add_argument("--out", help="where to (default: in build/)")
    options = vars(parser.parse_args(arguments))
    command = options.pop("command")
    try:
        problems = COMMANDS[command](ROOT, **options) or []
    except Problem as problem:
        problems = [problem]
    for problem in problems:
        print(f"{command}: {problem}", file=sys.stderr)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
