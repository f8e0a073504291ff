"""The oldest versions that the course says it runs on are those that it is tested with: `make test-colab` installs tests/colab.txt."""

import re
import tomllib

from tests.conftest import ROOT


def listed():
    """package → the least version that pyproject.toml asks for, of what a student needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["tensorflow"]
    return dict(re.match(r"([\w-]+)>=([\d.]+)", line).groups() for line in wanted)


def pinned():
    return dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "tests/colab.txt").read_text(encoding="utf-8"), re.M))


def parts(number):
    """2.1 and 2.1.0 are one version."""
    return [*map(int, re.sub(r"(\.0)+$", "", number).split("."))]


def test_the_oldest_versions_are_those_of_colab():
    assert {name: parts(number) for name, number in listed().items()} == {name: parts(number) for name, number in pinned().items()}
