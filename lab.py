"""Opens the course. Needs Python 3.11, 3.12 or 3.13 and nothing else; `make lab` is `python lab.py` with a Python that fits.

python lab.py                              environment in .venv, first data sets, then JupyterLab on lesson 00
python lab.py --no-browser                 the same; options go to JupyterLab
python lab.py install                      the environment alone
python lab.py install FOLDER ARGUMENTS     an environment of other packages; ARGUMENTS are those of pip install

Started again it does what is missing. An environment that was left half-made is made anew.
"""

import ast
import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"  # the one place for exact versions
COURSE = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
QUIET = ["--ServerApp.log_level=WARN", "--LabApp.log_level=WARN"]
SUPPORTED = [(3, 11), (3, 12), (3, 13)]
FIRST_SETS = """
import sys, data_scripts
try:
    data_scripts.ensure("eliret"), data_scripts.ensure("membrane")
except data_scripts.DataError as error:
    sys.exit(str(error))
"""
# what uv calls pip's settings, so that both ask the same index
SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}


class Problem(Exception):
    """Something that the person at the keyboard has to mend, said in a sentence."""


class Steps:
    """Says what is going on: a line a step, with the seconds, which run while the step does."""

    def __init__(self, count):
        self.count, self.number, self.began = count, 0, time.monotonic()

    @contextlib.contextmanager
    def __call__(self, what):
        self.number += 1
        start, done, live = time.monotonic(), threading.Event(), sys.stdout.isatty()

        def say(end):
            print(f"{self.number}/{self.count} {what} … {time.monotonic() - start:.0f} s", end=end, flush=True)

        def tick():
            while not done.wait(1):
                say("\r")

        if live:
            say("\r")
        ticker = threading.Thread(target=tick if live else done.wait, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            done.set()
            ticker.join()
            say("\n")


def main(arguments):
    """Run one command; returns 0, 1 for a problem, which it says in a sentence, or what JupyterLab ends with."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0
    try:
        if arguments[:1] == ["install"]:
            folder, *packages = arguments[1:] or [".venv"]
            install(ROOT / folder, [packages] if packages else locked(), Steps(2))
            return 0
        return lab(arguments)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on from here.", file=sys.stderr)
        return 130


def lab(options):
    """The environment, the data sets of the first lessons, the others in the background, JupyterLab."""
    steps, folder = Steps(4), ROOT / ".venv"
    new = install(folder, locked(), steps)
    run = python(folder)
    with steps("Data sets of the first lessons"):
        call([run, "-c", FIRST_SETS], "The data sets could not be made.")
    others = subprocess.run([run, "-m", "data_scripts", "make", "--background"], cwd=ROOT, capture_output=True, text=True, check=False)
    print(f"    {others.stdout.strip()}" if others.returncode == 0 else "    The other sets are made when a lesson asks for them.")
    if new:
        print(f"Ready after {time.monotonic() - steps.began:.0f} s: {size(folder)} in .venv, {size(ROOT / 'data')} in data/.")
    print(f"{steps.count}/{steps.count} JupyterLab, on lesson 00. Ctrl+C in this window ends it.", flush=True)
    os.chdir(ROOT)
    os.environ["PATH"] = os.pathsep.join([str(Path(run).parent), os.environ.get("PATH", "")])  # for JupyterLab's terminal and `!python`
    os.environ["VIRTUAL_ENV"] = str(folder)
    command = [run, "-m", "jupyter", "lab", "--config=.jupyter/jupyter_server_config.py", *QUIET, *options]
    if os.name != "nt":
        os.execv(run, command)
    with contextlib.suppress(KeyboardInterrupt):  # JupyterLab hears it, too, and asks
        return subprocess.call(command)
    return 0


def locked():
    """The arguments of two installations: the locked packages, then the course itself."""
    return [["--require-hashes", "--requirement", str(LOCK)], COURSE]


def install(folder, packages, steps):
    """Make or mend the environment `folder`; `packages` is a list of arguments for pip install, one installation each.

    Returns whether there was anything to do. `.installed` says what a complete environment was made from, `.installing` that one is
    not complete. An environment with neither was made by somebody else: it is kept, and what is missing is added.
    """
    installed, installing = folder / ".installed", folder / ".installing"
    asked = digest(packages)
    if works(folder) and installed.exists() and installed.read_text(encoding="utf-8") == asked:
        steps.count -= 2
        return False
    with steps(f"Python environment in {folder.name}"):
        if installing.exists() or not works(folder):
            supported()
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            installing.touch()
            call(
                [sys.executable, "-m", "venv", folder], "Python's venv module does not work; on Debian and Ubuntu: apt install python3-venv"
            )
        uv = with_uv(folder)
    with steps("Packages, about 1 GB to download"):
        installing.touch()
        for arguments in packages:
            fetch(folder, uv, arguments)
    installed.write_text(asked, encoding="utf-8")
    installing.unlink()
    return True


def fetch(folder, uv, arguments):
    """pip install, by uv where that can be had: the same packages in a sixth of the time."""
    if uv:
        command = [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python(folder), *arguments]
        if subprocess.run(command, env={**os.environ, **settings(folder)}, cwd=ROOT, capture_output=True, check=False).returncode == 0:
            return
    call([python(folder), "-m", "pip", "install", "--quiet", *arguments], "The packages could not be installed; pip says why.")


def with_uv(folder):
    """The command of uv, installed into `folder` in the version and with the hashes of the lock; [] where it cannot be had."""
    entry = re.search(r"^uv==.*(\n .*)*", LOCK.read_text(encoding="utf-8"), re.M)
    wanted = folder / "uv.txt"
    wanted.write_text(entry[0] + "\n", encoding="utf-8")
    pip = [python(folder), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", wanted]
    done = subprocess.run(pip, cwd=ROOT, capture_output=True, check=False)
    return [] if done.returncode else [python(folder), "-m", "uv"]


def settings(folder):
    """pip's settings, from its files and variables, as uv's; what is set for uv itself counts more."""
    listed = subprocess.run([python(folder), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    found = {}
    for section in ("global", "install", ":env:"):  # in pip's order: the later counts more
        found |= {key: ast.literal_eval(value) for key, value in re.findall(rf"^{section}\.([\w-]+)=(.*)$", listed, re.M)}
    ours = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # as pip does it, which takes all indexes for one; the hashes hold all the same
    return {**ours, **{SETTINGS[key]: " ".join(value.split()) for key, value in found.items() if key in SETTINGS}, **os.environ}


def call(command, trouble):
    """Run a command; Problem with what it printed, then `trouble`, if it fails."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise Problem(f"{done.stdout.decode(errors='replace').strip()}\n{trouble}")


def digest(packages):
    """sha256 of all that decides what is installed."""
    files = [ROOT / "pyproject.toml", LOCK, *(ROOT / word for words in packages for word in words if (ROOT / word).is_file())]
    parts = [repr(packages), *(file.read_text(encoding="utf-8") for file in files)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def supported():
    """Problem if the Python that runs this file is none that an environment can be made of."""
    if sys.version_info[:2] not in SUPPORTED:
        raise Problem(
            f"The course needs Python 3.11, 3.12 or 3.13, and this is {sys.version.split()[0]}. Install one of them (python.org; "
            "several can stand side by side), then say: python3.12 lab.py, on Windows: py -3.12 lab.py"
        )


def works(folder):
    """Whether the environment's Python runs (not so once the Python that it was made from is gone)."""
    try:
        return subprocess.run([python(folder), "-c", "import pip"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def python(folder):
    """The Python of the environment `folder`."""
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def size(folder):
    """What a folder takes on the disk, in words."""
    count = sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())
    return f"{count / 1e9:.1f} GB" if count > 1e9 else f"{count / 1e6:.0f} MB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
