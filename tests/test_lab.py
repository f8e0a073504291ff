"""lab.py makes environments and mends them; what JupyterLab shows with the course's configuration."""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import ROOT

CONFIG = ".jupyter/jupyter_server_config.py"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """lab.py in a folder of its own, where an environment is made in no time: its Python is a link, and `done` lists what is installed."""
    spec = importlib.util.spec_from_file_location("lab", shutil.copy(ROOT / "lab.py", tmp_path / "lab.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    module.done = []

    def call(command, trouble):
        if "venv" in command:
            python = Path(module.python(command[-1]))
            python.parent.mkdir(parents=True)
            python.symlink_to(sys.executable)

    monkeypatch.setattr(module, "call", call)
    monkeypatch.setattr(module, "with_uv", lambda folder: [])
    monkeypatch.setattr(module, "fetch", lambda folder, uv, arguments: module.done.append(arguments))
    return module


def install(lab):
    return lab.install(lab.ROOT / ".venv", lab.locked(), lab.Steps(2))


def test_an_environment_is_made_once_and_says_how_it_goes(lab, capsys):
    assert install(lab)
    assert lab.done == lab.locked()
    first, second = capsys.readouterr().out.splitlines()
    assert first == "1/2 Python environment in .venv … 0 s"
    assert second == "2/2 Packages, about 1 GB to download … 0 s"
    assert not install(lab)
    assert lab.done == lab.locked()
    assert not capsys.readouterr().out


@pytest.mark.parametrize("where", ["venv", "packages"])
def test_a_half_made_environment_is_made_anew(lab, monkeypatch, where):
    def stops(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(lab, "with_uv" if where == "venv" else "fetch", stops)
        assert lab.main(["install"]) == 130
    half = lab.ROOT / ".venv/half a package"
    half.touch()
    assert install(lab)
    assert not half.exists()
    assert not install(lab)


def test_an_environment_of_somebody_else_is_kept_and_filled(lab):
    lab.call(["-m", "venv", lab.ROOT / ".venv"], "")
    (lab.ROOT / ".venv/own").touch()
    assert install(lab)
    assert (lab.ROOT / ".venv/own").exists()
    assert not install(lab)


def test_a_new_lock_is_installed_over_the_old(lab):
    install(lab)
    (lab.ROOT / ".venv/own").touch()
    with open(lab.LOCK, "a", encoding="utf-8") as file:
        file.write("# newer\n")
    assert install(lab)
    assert (lab.ROOT / ".venv/own").exists()
    assert not install(lab)


def test_an_environment_whose_python_is_gone_is_made_anew(lab):
    install(lab)
    Path(lab.python(lab.ROOT / ".venv")).unlink()
    assert install(lab)
    assert lab.works(lab.ROOT / ".venv")


def test_a_failure_is_said_and_not_taken_for_an_environment(lab, monkeypatch, capsys):
    def fails(*_):
        raise lab.Problem("no network")

    with monkeypatch.context() as patch:
        patch.setattr(lab, "fetch", fails)
        assert lab.main(["install"]) == 1
    said = capsys.readouterr()
    assert said.err == "no network\n"
    assert install(lab)


def test_other_environments_follow_their_arguments(lab):
    (lab.ROOT / "colab.txt").write_text("numpy==2.1.3\n", encoding="utf-8")
    for _ in range(2):
        assert lab.main(["install", ".venv-colab", "--constraint", "colab.txt", "-e", "."]) == 0
    assert lab.done == [["--constraint", "colab.txt", "-e", "."]]
    (lab.ROOT / "colab.txt").write_text("numpy==2.1.4\n", encoding="utf-8")
    lab.main(["install", ".venv-colab", "--constraint", "colab.txt", "-e", "."])
    assert len(lab.done) == 2


def test_another_python_is_refused_in_a_sentence(lab, monkeypatch, capsys):
    monkeypatch.setattr(lab, "SUPPORTED", [(3, 7)])
    assert lab.main(["install"]) == 1
    said = capsys.readouterr().err
    assert "py -3.12 lab.py" in said
    assert said.count("\n") == 1
    assert not (lab.ROOT / ".venv").exists()


def fresh():
    """lab.py as it is."""
    spec = importlib.util.spec_from_file_location("lab", ROOT / "lab.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("uv", "asked"), [("works", ["uv"]), ("fails", ["uv", "pip"]), ("is not there", ["pip"])])
def test_pip_takes_over_silently_where_uv_cannot(monkeypatch, tmp_path, capfd, uv, asked):
    lab, said = fresh(), []

    def run(command, **_):
        said.append("uv" if command[0] == "uv" else "pip")
        return subprocess.CompletedProcess(command, uv == "fails" and command[0] == "uv", b"", b"error: no such index")

    monkeypatch.setattr(lab.subprocess, "run", run)
    monkeypatch.setattr(lab, "settings", lambda folder: {})
    lab.fetch(tmp_path, [] if uv == "is not there" else ["uv"], ["numpy"])
    assert said == asked
    assert capfd.readouterr() == ("", "")


def test_uv_asks_the_index_that_pip_asks(monkeypatch, tmp_path):
    lab = fresh()
    listed = "global.index-url='https://one/simple'\nglobal.timeout='9'\nglobal.extra-index-url='https://two https://\\n three'\n:env:.index-url='https://four'\n"
    monkeypatch.setattr(lab.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, listed))
    monkeypatch.setenv("UV_INDEX", "what the user says")
    found = lab.settings(tmp_path)
    assert found["UV_DEFAULT_INDEX"] == "https://four"
    assert found["UV_INDEX"] == "what the user says"
    monkeypatch.delenv("UV_INDEX")
    assert lab.settings(tmp_path)["UV_INDEX"] == "https://two https:// three"


def test_uv_comes_from_the_lock_with_its_hashes(monkeypatch, tmp_path):
    lab, asked = fresh(), []
    monkeypatch.setattr(lab.subprocess, "run", lambda command, **_: asked.append(command) or subprocess.CompletedProcess(command, 0))
    assert lab.with_uv(tmp_path)[-1] == "uv"
    assert "--require-hashes" in asked[0]
    lines = Path(asked[0][-1]).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("uv==")
    assert all("--hash=sha256:" in line for line in lines[1:])
    assert len(lines) > 2


def test_lab_makes_two_sets_and_leaves_the_others_to_the_background(lab, monkeypatch, capsys):
    said, python = [], lab.python(lab.ROOT / ".venv")

    def run(command, **_):
        said.append(command)
        return subprocess.CompletedProcess(command, 0, "drawing")

    def starts(*arguments):  # JupyterLab, in place of this process (Windows: below it)
        said.append(arguments[-1])
        sys.exit()

    monkeypatch.setattr(lab, "call", lambda command, trouble: said.append(command))
    monkeypatch.setattr(lab, "install", lambda *_: False)
    monkeypatch.setattr(lab.subprocess, "run", run)
    monkeypatch.setattr(lab.subprocess, "call", starts)
    monkeypatch.setattr(lab.os, "execv", starts)
    monkeypatch.setattr(lab.os, "chdir", lambda _: None)
    monkeypatch.setenv("PATH", "before")
    monkeypatch.setenv("VIRTUAL_ENV", "before")
    with pytest.raises(SystemExit):
        lab.main(["--no-browser"])
    first, others, jupyter = said
    assert "eliret" in first[-1]
    assert "membrane" in first[-1]
    assert others[1:] == ["-m", "data_scripts", "make", "--background"]
    assert jupyter == [python, "-m", "jupyter", "lab", f"--config={CONFIG}", *lab.QUIET, "--no-browser"]
    assert os.environ["PATH"] == f"{Path(python).parent}{os.pathsep}before"
    assert "drawing" in capsys.readouterr().out


# ---------------------------------------------------------------- JupyterLab


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Starts JupyterLab with the course's configuration and more options; gives a function that asks it, and ends it."""
    pytest.importorskip("jupyterlab")
    started = []

    def start(*options):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        home = str(tmp_path_factory.mktemp("home"))
        environment = {**os.environ, "JUPYTER_CONFIG_DIR": home, "JUPYTER_DATA_DIR": home, "JUPYTER_RUNTIME_DIR": home}
        command = [sys.executable, "-m", "jupyter", "lab", f"--config={CONFIG}", "--no-browser", "--allow-root", f"--port={port}"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen([*command, "--IdentityProvider.token=", *options], cwd=ROOT, env=environment, **quiet))

        def ask(path):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=30) as reply:
                return reply.url, reply.read().decode()

        for _ in range(240):
            try:
                ask("api")
                return ask
            except OSError:
                assert started[-1].poll() is None, "JupyterLab ends at once"
                time.sleep(0.25)
        raise TimeoutError

    yield start
    for process in started:
        process.terminate()
        process.wait()


def names(ask, folder=""):
    return {entry["name"] for entry in json.loads(ask(f"api/contents/{folder}")[1])["content"]}


def test_the_tree_shows_what_students_use(server):
    ask = server()
    assert names(ask) - {"data", "my_work"} == {"LICENSE", "README.md", "notebooks"}
    lessons = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert names(ask, "notebooks") == lessons | {"homework", "glossary.md"}
    assert ask("")[0].endswith("/lab/tree/notebooks/00_start_here.ipynb")
    assert '"disabledExtensions": ["@jupyterlab/apputils-extension:announcements"]' in ask("lab")[1]
    assert json.loads(ask("api/contents/notebooks/solutions?content=0")[1])["type"] == "directory"  # hidden, not locked


def test_one_option_shows_all(server):
    ask = server("--CourseFiles.everything=True")
    assert {"solutions", "src", "evidence"} <= names(ask, "notebooks")
    assert {"Makefile", "tests"} <= names(ask)


def configured(monkeypatch, shell):
    """What the configuration sets, as attributes."""
    from traitlets.config import Config

    config = Config()
    monkeypatch.setenv("SHELL", shell)
    exec((ROOT / CONFIG).read_text(encoding="utf-8"), {"get_config": lambda: config, "__file__": str(ROOT / CONFIG), "__name__": "config"})
    return config


@pytest.mark.skipif(not Path(sys.prefix, "bin/activate").exists(), reason="the tests do not run in a virtual environment")
def test_python_in_the_terminal_is_the_environments(monkeypatch, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/python").write_text("#!/bin/sh\necho another python\n", encoding="utf-8")
    (tmp_path / "other/python").chmod(0o755)
    (tmp_path / ".bashrc").write_text(f'export PATH="{tmp_path}/other:$PATH" FROM_BASHRC=yes\n', encoding="utf-8")  # as conda's does
    command = configured(monkeypatch, "/bin/bash").ServerApp.terminado_settings["shell_command"]
    typed = 'python -c "import sys; print(sys.prefix)"; echo $FROM_BASHRC; exit\n'
    environment = {**os.environ, "HOME": str(tmp_path)}
    said = subprocess.run(command, input=typed, env=environment, capture_output=True, text=True, start_new_session=True, check=False).stdout
    assert said.split() == [sys.prefix, "yes"]


def test_other_shells_are_left_as_they_are(monkeypatch):
    assert "terminado_settings" not in configured(monkeypatch, "/bin/zsh").ServerApp
