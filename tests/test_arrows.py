"""Who may import whom, and how large the packages may grow."""

import ast
import sys
from graphlib import TopologicalSorter

import pytest

from tests.conftest import ROOT

FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("course_utils", "data_scripts")
    for path in sorted((ROOT / package).rglob("*.py"))
}
# What ships with Python or stands in the base dependencies of pyproject.toml; no framework but Keras.
OUTSIDE = {"IPython", "PIL", "cv2", "ipywidgets", "keras", "matplotlib", "numpy", "psutil", "rasterio", "requests", "scipy", "tqdm"}
OUTSIDE |= {"pygments"}  # colours for code; comes with IPython
OUTSIDE |= {"anywidget", "traitlets"}  # the picture that takes clicks; the second comes with ipywidgets
NUMBERS = {"classes", "files", "memory", "data", "augment", "tiles", "instances"}  # numpy and cv2, with few exceptions:
MORE = {"data": {"keras"}, "memory": {"psutil"}, "tiles": {"rasterio"}, "files": {"PIL", "rasterio"}}  # the last two read image files
BACKBONES = "course_utils.models.backbones"  # knows keras_hub, too, which comes with TensorFlow and is looked for when it is asked for
KERAS = {"classes", "layers", "losses", "metrics", "models"}  # keras.ops: these run on any backend; only `metrics` knows scipy


def imports(module):
    """Full names that `module` imports, wherever in its file."""
    path = FILES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            inside = {f"{base}.{name.name}" for name in node.names if f"{base}.{name.name}" in FILES}
            found |= inside or {base}
    return found


def room(module):
    """`course_utils.models.unet` -> `models`."""
    return module.partition(".")[2].partition(".")[0]


def of_the_course(module):
    return {name for name in imports(module) if name in FILES}


def outside(module):
    return {name.split(".")[0] for name in imports(module)} - set(sys.stdlib_module_names) - {"course_utils", "data_scripts"}


@pytest.mark.parametrize("module", FILES)
def test_only_the_dependencies_are_imported(module):
    assert outside(module) <= OUTSIDE | (
        {"keras_hub"} if module == BACKBONES else set()
    )  # no tensorflow, no jax; nothing of notebooks or tests


@pytest.mark.parametrize("module", [module for module in FILES if module.startswith("data_scripts")])
def test_data_scripts_know_what_files_lessons_read(module):
    """`check` runs the readers of the lessons, and `tile` what lessons cut with: there is one way to read, and one to cut."""
    allowed = {"classes", "data", "files"} | ({"tiles"} if module in ("data_scripts.__main__", "data_scripts.checks") else set())
    assert {room(name) for name in of_the_course(module) if name.startswith("course_utils")} <= allowed


@pytest.mark.parametrize("module", [module for module in FILES if module.startswith("course_utils")])
def test_course_utils_keep_to_their_rooms(module):
    inner = of_the_course(module)
    assert all(name.startswith("course_utils") for name in inner)
    rooms = {room(name) for name in inner} - {room(module)}
    if room(module) == "classes":
        assert not rooms
    elif room(module) in NUMBERS:
        assert rooms <= NUMBERS
        assert outside(module) <= {"numpy", "cv2"} | MORE.get(room(module), set())
    elif room(module) in KERAS:
        assert rooms <= KERAS
        more = {"keras_hub"} if module == BACKBONES else {"scipy" if room(module) == "metrics" else "cv2"}
        assert outside(module) <= {"keras", "numpy"} | more


@pytest.mark.parametrize("module", [module for module in FILES if module.startswith("data_scripts")])
def test_data_scripts_keep_to_their_three_rooms(module):
    """The painter knows no set, a set knows the painter, and the store knows what all sets have in common but none of them."""
    inner = {name for name in of_the_course(module) if name.startswith("data_scripts")}
    if room(module) == "drawing":
        assert all(room(name) in ("drawing", "work") for name in of_the_course(module))
    elif module.startswith("data_scripts.sets."):
        assert all(room(name) in ("drawing", "sets", "dataset", "work") for name in inner)
    elif room(module) == "work":
        assert not inner
    else:
        assert not any(name.startswith(("data_scripts.drawing", "data_scripts.sets.")) for name in inner)


@pytest.mark.parametrize("module", [module for module in FILES if room(module) != "grading"])
def test_no_lesson_imports_the_teachers_side(module):
    """Only the command `grade` does, when it runs."""
    grading = {name for name in imports(module) if f"{name}.".startswith("course_utils.grading.")}
    assert not grading or module == "course_utils.exercises.__main__"


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks/src").glob("*.py")), ids=lambda path: path.stem)
def test_no_notebook_names_the_teachers_side(path):
    assert "course_utils.grading" not in path.read_text(encoding="utf-8")


def test_no_circles():
    graph = {module: {name for name in imports(module) if name in FILES and name != module} for module in FILES}
    TopologicalSorter(graph).prepare()  # raises CycleError


ROOMS = {"exercises": None, "grading": None, "demos": 1200, "diagram": 1100, "files": 500}  # lines; the first two grow with the lessons


@pytest.mark.parametrize(
    ("files", "limit"),
    [("course_utils", 4800), ("data_scripts", 4600), *((f"course_utils.{name}", limit) for name, limit in ROOMS.items() if limit)],
)
def test_packages_stay_small(files, limit):
    """What lessons teach with, apart from the rooms that have a limit of their own or none."""
    apart = set(ROOMS) if files == "course_utils" else {"exercises", "grading"}
    counted = [path for name, path in FILES.items() if name.startswith(files) and room(name) not in apart]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in counted) < limit
