"""`jupyter lab --config=.jupyter/jupyter_server_config.py` in the course's folder opens lesson 00 (on Binder `jupyter lab` alone does).

The file browser leaves out what only teachers and authors use. Nothing is locked: `--CourseFiles.everything=True` brings it back, and a
terminal always shows it. `page_config.json` beside this file takes away JupyterLab's question about news, `overrides.json` shows a
Markdown file as a page.
"""

import os
import sys
from pathlib import Path

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from traitlets import Bool

HERE = Path(__file__).resolve().parent
INSTALLED = {"lab.py", "Makefile", "environment.yml", "pyproject.toml", "requirements.lock", "segmentation_course.egg-info"}
DEVELOPED = {"CITATION.cff", "CONTRIBUTING.md", "build", "course_utils", "data_scripts", "runs", "tests"}
AUTHORED = {f"notebooks/{name}" for name in ("RESULTS.md", "build", "claims.toml", "evidence", "pictures", "solutions", "src")}
NOT_FOR_STUDENTS = INSTALLED | DEVELOPED | AUTHORED


class CourseFiles(AsyncLargeFileManager):
    """The course's folder as the file browser lists it."""

    everything = Bool(False, config=True, help="Also list solutions, sources and whatever else only teachers and authors use.")

    async def get(self, path, content=True, **options):
        """The model of a file or folder, as the parent class gives it; in that of a folder some entries are left out."""
        model = await super().get(path, content, **options)
        if content and model["type"] == "directory" and not self.everything:
            model["content"] = [entry for entry in model["content"] if entry["path"] not in NOT_FOR_STUDENTS]
        return model


c = get_config()  # noqa: F821  (Jupyter defines it)
c.ServerApp.root_dir = str(HERE.parent)
c.ServerApp.contents_manager_class = CourseFiles
c.LabApp.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.LabApp.app_settings_dir = str(HERE)

# `python` in the terminal is the environment's, also where .bashrc puts another one first, as conda and pyenv do
activate = Path(sys.prefix, "bin", "activate")
if activate.exists() and os.path.basename(os.environ.get("SHELL", "")) == "bash":
    first = f"[ -f ~/.bashrc ] && . ~/.bashrc; . '{activate}'"
    c.ServerApp.terminado_settings = {"shell_command": ["bash", "-c", 'exec bash --rcfile <(printf %s "$0") -i', first]}
