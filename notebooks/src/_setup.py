# Finds the course in a folder above this notebook; on Colab it fetches the course first.
import subprocess
import sys
from pathlib import Path

repository = "REPOSITORY"
places = [Path("segmentation-course").resolve(), Path.cwd(), *Path.cwd().parents]
if "google.colab" in sys.modules and repository and not places[0].exists():
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", repository, places[0]], check=True)
course = next((place for place in places if (place / "course_utils").is_dir()), None)
if course is None:
    sys.exit("Put this notebook beside the folders course_utils and data_scripts (upload both).")
sys.path.insert(0, str(course))

import course_utils
import data_scripts
from course_utils.exercises import EXERCISES as ex
from course_utils.exercises import ____

print(course_utils.versions() + " · " + data_scripts.summary())
