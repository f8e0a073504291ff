"""Long runs: `notebooks/evidence/NAME.py` says what is run, `NAME.json` keeps the numbers and where they come from."""

import datetime
import importlib.util
import json
import os
import subprocess
import time

from .execute import versions
from .source import Problem


def git(root, *arguments):
    """What git says, or "" if it fails."""
    done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def evidence(root, name):
    """Run the steps of notebooks/evidence/NAME.py that NAME.json does not hold yet; writes after each one.

    NAME.json is read again before each step and each writing, so that several of these may share the work.
    """
    script = root / "notebooks/evidence" / f"{name}.py"
    if not script.exists():
        raise Problem(f"there is no {script.relative_to(root)}")
    spec = importlib.util.spec_from_file_location(name, script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    target = script.with_suffix(".json")

    def held():
        kept = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {"steps": {}}
        return kept | {"command": f"python -m notebooks.build evidence {name}"}

    for step, function in module.steps().items():
        if step in held()["steps"]:
            print(f"{name} {step}: kept")
            continue
        start = time.monotonic()
        result = function()
        kept = held()
        kept["steps"][step] = {
            "result": result,
            "seconds": round(time.monotonic() - start, 1),
            "date": datetime.date.today().isoformat(),
            "commit": git(root, "rev-parse", "--short", "HEAD") or "none",
            "versions": versions(),
            "cores": os.cpu_count(),
        }
        temporary = target.with_suffix(".part")
        temporary.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        temporary.replace(target)
        print(f"{name} {step}: {kept['steps'][step]['seconds']:.0f} s")
