"""Finds the submissions in a folder."""

from pathlib import Path

from course_utils.exercises.copies import Problem


def collect(folder: Path) -> tuple[dict[str, Path], list[tuple[str, str]]]:
    """({student: notebook}, [(name, why it is left out)]) of the folder that a teacher gave. Problem where nothing is left."""
    submissions = {path.stem: path for path in sorted(folder.glob("*.ipynb")) if path.is_file()}
    if not submissions:
        raise Problem(f"{folder} holds no submission: put the students' notebooks there, one .ipynb each, named after the student.")
    return submissions, []
