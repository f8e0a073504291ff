"""The command line of the data sets: list, make, get, check and tile."""

import argparse
import re
import shutil
import sys
from pathlib import Path

from data_scripts import background, checks, locks, making, store, weights
from data_scripts.dataset import DataError
from data_scripts.sets import SETS, lookup


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command in one sentence."""

    def error(self, message):
        message = re.sub(r"^argument \S+: ", "", message)
        print(f"{message[0].upper()}{message[1:].removesuffix('.')}. ({self.prog} --help shows how.)", file=sys.stderr)
        sys.exit(2)


def parser() -> Parser:
    """All commands and their arguments."""
    top = Parser(prog="python -m data_scripts", description="The data sets of the course.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name, run, text):
        added = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        added.set_defaults(run=run)
        return added

    names = {"metavar": "NAME", "type": _known, "help": f"{', '.join(SETS)}, or all"}
    command("list", _list, "says which sets and weights there are, and what of them is on disk")
    make = command("make", _make, "generates the sets that are missing")
    make.set_defaults(size=None)
    make.add_argument("names", nargs="*", default=["all"], **names)
    for word, of in sorted((word, dataset) for dataset in SETS.values() for word in dataset.sizes):
        width, height = of.sizes[word]
        make.add_argument(f"--{word}", dest="size", action="store_const", const=word, help=f"{of.name}: frames of {width}×{height}")
    make.add_argument("--background", action="store_true", help="do it in a process of its own, at low priority, and return at once")
    get = command("get", _get, "downloads a real set, or weights that others trained")
    weighty = {"type": lambda name: name if name in weights.WEIGHTS else _known(name)}
    get.add_argument("name", **names | weighty | {"help": f"{names['help']}; or {', '.join(weights.WEIGHTS)}"})
    check = command("check", _check, "looks for damaged, missing and mismatched files")
    check.add_argument("name", nargs="?", default="all", **names)
    tile = command("tile", _tile, "cuts mosaics into PNG tiles")
    tile.add_argument("source", help="a set, or a folder with images/*.tif and masks/*.tif")
    tile.add_argument("target", type=Path, help="a new folder for the tiles")
    tile.add_argument("side", nargs="?", type=_side, default=256, help="of a tile, in pixels: 10 to 9999 (256)")
    return top


def main(arguments: list[str]) -> int:
    """Run one command; returns 0, 1 for a problem with the data, 2 for a command that makes no sense."""
    try:
        options = parser().parse_args(arguments)
    except SystemExit as end:
        return end.code
    try:
        return options.run(options) or 0
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; nothing was left half-done, and the same command goes on from here.", file=sys.stderr)
        return 130


def _known(name):
    if name not in (*SETS, "all"):
        raise argparse.ArgumentTypeError(f'There is no data set "{name}"; the sets are {", ".join(SETS)}')
    return name


def _side(text):
    if not re.fullmatch(r"[1-9]\d{1,3}", text):
        raise argparse.ArgumentTypeError(f'The side of a tile is a number of pixels from 10 to 9999, not "{text}"')
    return int(text)


def _chosen(*names):
    return SETS.values() if "all" in names else [lookup(name) for name in names]


def _list(_):
    _table("set", store.cards())
    print()
    _table("weights", weights.cards())


def _table(kind, cards):
    columns = [kind, "state", "size", "licence", "what"]
    rows = [columns, *([card[column] for column in columns] for card in cards)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _make(options):
    chosen = _chosen(*options.names)
    if options.size and any(options.size not in dataset.sizes for dataset in chosen):
        print(f"--{options.size} is for {' and '.join(name for name in SETS if options.size in SETS[name].sizes)} alone.", file=sys.stderr)
        return 2
    if options.background:
        if options.size or options.names != ["all"]:
            print("--background takes no names and no size: it draws all that is missing.", file=sys.stderr)
            return 2
        print(background.start())
        return 0
    for dataset in chosen:
        making.present(dataset, **({"size": list(dataset.sizes[options.size])} if options.size else {}))
    return 0


def _get(options):
    from data_scripts import fetch  # here, because only this command needs the network's libraries

    if options.name in weights.WEIGHTS:
        weights.ensure_weights(options.name)
        return
    for dataset in _chosen(options.name):
        print(fetch.get(dataset))


def _check(options):
    return max([_check_one(dataset) for dataset in _chosen(options.name)])


def _check_one(dataset):
    found = store.find(dataset)
    if not found:
        print(f'{dataset.name}: not on disk; run "python -m data_scripts make {dataset.name}".')
        return 1
    wrong = checks.problems(found.folder, dataset, found.card.get("files", ())) + checks.leaks(found.folder, dataset)
    print(f"{found}, {'no problems' if not wrong else '1 problem:' if len(wrong) == 1 else f'{len(wrong)} problems:'}")
    for sentence in wrong:
        print(f"  {sentence}")
    if wrong and found.card and found.where == "data":  # a set that the course put there it can put there again
        command = f"python -m data_scripts {'get' if found.real else 'make'} {dataset.name}"
        print(f'To have all of it anew: delete data/{dataset.name}, then run "{command}".')
    if found.real and dataset.lacks_extra(found.folder):
        print(f"  ({dataset.extra.what} are not there; lessons draw them)")
    return 1 if wrong else 0


def _tile(options):
    from course_utils.data import DataProblem, mosaics
    from course_utils.tiles import cut

    target, side = options.target, options.side
    source = making.ensure(options.source) if options.source in SETS else Path(options.source)
    if target.exists() and not target.is_dir():
        raise DataError(f"{target} is a file: name a new folder.")
    if target.exists() and any(target.iterdir()):
        raise DataError(f"{target} is not empty: name a new folder.")
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # left over by a run that was killed
    try:
        pairs, labelled = mosaics(source), (source / "masks").is_dir()
        with locks.plain_errors():
            count = sum(cut(image, mask if labelled else None, part, side) for image, mask in zip(pairs.images, pairs.masks, strict=True))
            if target.exists():
                target.rmdir()
            part.rename(target)
    except DataProblem as problem:
        raise DataError(problem) from problem
    finally:
        shutil.rmtree(part, ignore_errors=True)
    print(f"{target}: {count} tiles of {side}×{side} from {len(pairs)} mosaic{'s' * (len(pairs) > 1)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
