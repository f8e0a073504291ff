"""The command line of the data sets: list, make, get and check."""

import re
import shutil
import sys
from pathlib import Path

from data_scripts import checks, store
from data_scripts.dataset import DataError
from data_scripts.sets import SETS, lookup

USAGE = """\
python -m data_scripts list          the sets, and what of them is on disk
python -m data_scripts make [NAME]   generates a set, or all of them
python -m data_scripts make carla --half
                                     the same with frames of 400×300: two thirds of the time, a quarter of the disk
python -m data_scripts make cityscapes --full
                                     the same with frames of 2048×1024, as the real ones: four times the disk
python -m data_scripts get NAME      downloads the real set
python -m data_scripts check [NAME]  looks for damaged, missing and mismatched files
python -m data_scripts tile SOURCE TARGET [SIDE]
                                     cuts mosaics, SOURCE/images/*.tif and SOURCE/masks/*.tif (or the set SOURCE), into PNG tiles"""

SIZED = {("make", "carla", "--half"): [400, 300], ("make", "cityscapes", "--full"): [2048, 1024]}


def main(arguments: list[str]) -> int:
    """Run one command; returns 0, 1 for a problem with the data, 2 for a command that makes no sense."""
    if arguments in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    if problem := _misuse(arguments):
        print(f"{problem} (python -m data_scripts --help shows the commands.)", file=sys.stderr)
        return 2
    command, name = (*arguments, "all")[:2]
    try:
        if command == "tile":
            _tile(*arguments[1:])
            return 0
        if command == "list":
            _list()
            return 0
        if size := SIZED.get(tuple(arguments)):
            print(store.make(lookup(name), size=size))
            return 0
        run = {"make": _make, "get": _get, "check": _check}[command]
        return max([run(lookup(each)) for each in (SETS if name == "all" else [name])])
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; nothing was left half-done, and the same command goes on from here.", file=sys.stderr)
        return 130


def _misuse(arguments):
    """What is wrong with the command, in one sentence; None if nothing is."""
    command, names = (arguments or [""])[0], arguments[1:]
    if tuple(arguments) in SIZED:
        return None
    if command == "tile":
        sound = len(names) in (2, 3) and (len(names) == 2 or re.fullmatch(r"[1-9]\d{1,3}", names[2]))
        return None if sound else "tile takes the mosaics' folder, a new folder, and perhaps the side of a tile in pixels (256)."
    if command not in ("list", "make", "get", "check"):
        return f'There is no command "{command}"; say list, make, get, check or tile.' if command else "Say list, make, get, check or tile."
    if len(names) > (command != "list"):
        return f"{command} takes {'no name' if command == 'list' else 'one name'}, not {len(names)}."
    if command == "get" and not names:
        return f"Say which set to get: {' or '.join(SETS)}."
    if names and names[0] not in (*SETS, "all"):
        return f'There is no data set "{names[0]}"; the sets are {", ".join(SETS)}.'
    return None


def _list():
    columns = ["set", "state", "size", "licence", "what"]
    rows = [columns, *([card[column] for column in columns] for card in store.cards())]
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _make(dataset):
    print(store.make(dataset))
    return 0


def _get(dataset):
    from data_scripts import fetch  # here, because only this command needs the network's libraries

    print(fetch.get(dataset))
    return 0


def _check(dataset):
    found = store.find(dataset)
    if not found:
        print(f'{dataset.name}: not on disk; run "python -m data_scripts make {dataset.name}".')
        return 1
    wrong = checks.problems(found.folder, dataset, found.card)
    print(f"{found}, {'no problems' if not wrong else '1 problem:' if len(wrong) == 1 else f'{len(wrong)} problems:'}")
    for sentence in wrong:
        print(f"  {sentence}")
    return 1 if wrong else 0


def _tile(source, target, side="256"):
    from course_utils.files import DataProblem
    from course_utils.tiles import cut

    source, target = store.ensure(source) if source in SETS else Path(source), Path(target)
    mosaics = sorted((source / "images").glob("*.tif"))
    if not mosaics:
        raise DataError(f"{source}/images holds no .tif file: put the mosaics there, and their masks of the same name into masks.")
    if target.exists() and any(target.iterdir()):
        raise DataError(f"{target} is not empty: name a new folder.")
    masks, making = source / "masks", target.with_name(f".{target.name}.making")
    shutil.rmtree(making, ignore_errors=True)  # left over by a run that was killed
    try:
        with store.plain_errors():
            count = sum(cut(image, masks / image.name if masks.is_dir() else None, making, int(side)) for image in mosaics)
            if target.exists():
                target.rmdir()
            making.rename(target)
    except DataProblem as problem:
        raise DataError(problem) from problem
    finally:
        shutil.rmtree(making, ignore_errors=True)
    print(f"{target}: {count} tiles of {side}×{side} from {len(mosaics)} mosaic{'s' * (len(mosaics) > 1)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
