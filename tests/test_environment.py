"""The report on the computer: a sentence a check, whatever the machine is like."""

import keras
import psutil

from course_utils import environment


def test_a_sentence_a_check(capsys):
    environment.report()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Backend", "Memory", "Processor", "Speed"]
    assert all(line.endswith(".") for line in lines)
    assert "could not" not in "".join(lines)


def test_remedies(monkeypatch):
    class Little:
        available = 2**30

    monkeypatch.setattr(psutil, "virtual_memory", lambda: Little)
    assert "Shut down other kernels" in environment.memory()
    monkeypatch.setattr(environment, "STEP_MS", 1e-6)
    assert "Shut down other kernels" in environment.speed(steps=2)


def test_gpu(monkeypatch):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["gpu:0"])
    assert "1 GPU" in environment.processor()


def test_nothing_stops_the_notebook(monkeypatch, capsys):
    def broken():
        raise RuntimeError

    monkeypatch.setattr(keras.distribution, "list_devices", broken)
    monkeypatch.setattr(environment, "speed", broken)
    environment.report()
    assert capsys.readouterr().out.count("could not be checked") == 2
