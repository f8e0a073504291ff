"""How much memory this program may still take, in a container, too."""

from pathlib import Path

import psutil

GROUPS = Path("/sys/fs/cgroup")  # where Linux keeps the limits of containers
KINDS = {  # version: names of the limit, of what is taken, and of what of that is kept of files and given back at need
    2: ("memory.max", "memory.current", "inactive_file"),
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}


def free(groups: Path = GROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """Bytes: those free on the computer, or those that the limit of the container leaves, whichever is less."""
    return max(0, min([psutil.virtual_memory().available, *_left(groups, own)]))


def _left(groups, own):
    """What each limit leaves: those of the group that the process is in, and of all groups above it."""
    try:
        lines = [line.split(":", 2) for line in own.read_text().splitlines()]
    except OSError:  # not Linux
        return
    for _, controllers, path in lines:
        if controllers and "memory" not in controllers.split(","):
            continue
        version, root = (1, groups / "memory") if controllers else (2, groups)
        place = root / path.strip("/")
        # A container may see its own group as the root, whatever the process is told about its path.
        for folder in [place, *place.parents]:
            if folder.is_relative_to(root) and (left := _of_group(folder, *KINDS[version])) is not None:
                yield left


def _of_group(folder, most, taken, kept):
    try:
        limit, used = (int((folder / name).read_text()) for name in (most, taken))  # ValueError for "max"
        of_files = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines()).get(kept, 0)
    except (OSError, ValueError):
        return None
    return limit - used + int(of_files)
