"""What of the memory is free, in containers of both kinds."""

import types

import numpy as np
import psutil
import pytest

from course_utils import environment, memory
from tests.test_data import make_pairs


@pytest.fixture
def roomy(monkeypatch):
    """A computer with 64 GB free."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: types.SimpleNamespace(available=64 * 2**30))


def group(folder, version, most, taken, kept=0):
    names = memory.KINDS[version]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{most}\n")
    (folder / names[1]).write_text(f"{taken}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {kept}\n")


GB = 2**30


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("seen", ["its own path", "as the root"])
def test_the_limit_of_a_container_counts(roomy, tmp_path, version, seen):
    own, root = tmp_path / "own", tmp_path / "cgroup" / ("memory" if version == 1 else "")
    own.write_text({1: "4:cpu:/\n3:memory,hugetlb:/docker/abc\n", 2: "0::/docker/abc\n"}[version])
    group(root / "docker/abc" if seen == "its own path" else root, version, 2 * GB, 1.5 * GB)
    assert memory.free(tmp_path / "cgroup", own) == 64 * GB  # "1.5e9" is no whole number: a group that cannot be read has no say
    group(root / "docker/abc" if seen == "its own path" else root, version, 2 * GB, 3 * GB // 2, GB // 4)
    assert memory.free(tmp_path / "cgroup", own) == 3 * GB // 4


def test_the_tightest_of_all_limits_counts(roomy, tmp_path):
    own, root = tmp_path / "own", tmp_path / "cgroup"
    own.write_text("0::/user/pod/kernel\n")
    group(root / "user/pod/kernel", 2, "max", GB)
    group(root / "user/pod", 2, 4 * GB, 3 * GB)
    group(root / "user", 2, 100 * GB, 3 * GB)
    assert memory.free(root, own) == GB
    group(root / "user/pod", 2, 4 * GB, 5 * GB)
    assert memory.free(root, own) == 0


def test_without_containers_the_computer_counts(roomy, tmp_path):
    assert memory.free(tmp_path, tmp_path / "none") == 64 * GB
    (tmp_path / "own").write_text("0::/\n")
    group(tmp_path, 2, 128 * GB, GB)
    assert memory.free(tmp_path, tmp_path / "own") == 64 * GB


def test_whoever_asks_for_memory_knows_the_container(monkeypatch, tmp_path):
    pairs = make_pairs(tmp_path, 4)
    monkeypatch.setattr(memory, "free", lambda: 1000)
    assert pairs.batches(batch=2)._room == 250
    assert environment.memory().startswith("0.0 GB are free")
    with pytest.raises(ValueError, match=r"toy: 4 pairs take 0\.0 GB of memory, and 0\.0 GB are free; give a smaller size"):
        pairs.arrays()
    images, masks = pairs.arrays((2, 2))
    assert images.dtype == np.float32
    assert masks.shape == (4, 2, 2)
