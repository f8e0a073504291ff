"""The demos of lessons 01, 06 and 12 as a student has them: in JupyterLab, in a browser, with real keys, drags and clicks.

Needs Playwright (`pip install ".[browser]"`) and a Chromium on the PATH, and is skipped without one of them.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome", "chrome"])), None)
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on the PATH")
DEMOS = ["convolution", "receptive_field", "loss_landscape", "circles", "click"]  # in the order of the lessons
HEIGHT = 450  # pixels of the page that a demo may take
# what lesson 12's cell takes from the cells before it: a picture, and two objects of different classes that touch
STAND_INS = """
import numpy as np
tested, crowded = np.random.default_rng(1).random((1, 96, 144, 3), dtype=np.float32), [0]
objects = np.zeros((96, 144), np.int32)
objects[20:60, 20:60], objects[20:60, 60:100] = 1001, 2001
ways = {"watershed": [(objects,)]}
from course_utils import demos
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """JupyterLab with one notebook that holds the lessons' own cells, run."""
    folder = tmp_path_factory.mktemp("lab")
    cells = [STAND_INS]
    for lesson in ("01_upsampling", "06_losses_and_metrics", "12_instances"):
        lesson = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", as_version=4)
        cells += [cell.source for cell in lesson.cells if cell.cell_type == "code" and re.search(r"^demos\.", cell.source, re.M)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}  # else JupyterLab asks
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=kernel), folder / "demos.ipynb")
    with server(folder) as address, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{address}/lab/tree/demos.ipynb")
        page.wait_for_selector(".jp-CodeCell")
        page.wait_for_selector("text=| Idle")
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        try:
            page.wait_for_function(f"document.querySelectorAll('.course-picture img').length == {len(DEMOS)}", timeout=120_000)
        except playwright.TimeoutError:
            pytest.fail("\n".join(page.locator(".jp-OutputArea-output").all_inner_texts()) or "the notebook gave no output")
        yield page
        browser.close()


@contextlib.contextmanager
def server(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"ServerApp": {"root_dir": str(folder), "allow_root": True}, "IdentityProvider": {"token": ""}}
    settings["LabApp"] = {"expose_app_in_browser": True, "news_url": None, "open_browser": False}
    (folder / "jupyter_server_config.json").write_text(json.dumps(settings))
    own = {f"JUPYTER_{name}_DIR": str(folder) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {f"JUPYTERLAB_{name}_DIR": str(folder / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    environment = os.environ | own | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "jupyterlab", f"--port={port}", "--ServerApp.port_retries=0"]
    with (folder / "log").open("w") as log, subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log) as process:
        try:
            for _ in range(300):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5).close()
                    break
                if process.poll() is not None:
                    pytest.fail((folder / "log").read_text())
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture(params=DEMOS)
def demo(page, request):
    """The box of a demo, scrolled into view."""
    box = page.locator(".jp-OutputArea-output .widget-hbox", has=page.locator(".course-picture")).nth(DEMOS.index(request.param))
    box.scroll_into_view_if_needed()
    return box


def changes(demo, act):
    """Do `act`, wait for another picture; what it says then."""
    image = demo.locator("img").element_handle()
    before, said = image.get_attribute("src"), image.get_attribute("alt")
    act()
    with contextlib.suppress(playwright.TimeoutError):
        demo.page.wait_for_function("([image, before]) => image.src != before", arg=[image, before], timeout=10_000)
    words = demo.locator("p").inner_text()
    assert image.get_attribute("src") != before, "the picture stays the same"
    assert image.get_attribute("alt") == words != said
    return words


def frame(demo):
    """Where the demo and the cell below it stand, in whole pixels, whatever the page's scroll."""
    script = """box => {
        const top = box.closest(".jp-Notebook-cell").getBoundingClientRect().top;
        const places = [box, ...box.querySelectorAll("img, p, .widget-vbox > *"), box.closest(".jp-Notebook-cell")];
        return places.map(e => e.getBoundingClientRect()).map(r => [r.left, r.top - top, r.width, r.height].map(Math.round));
    }"""
    return demo.evaluate(script)


def test_every_control_changes_the_picture_and_nothing_moves(page, demo):
    before = frame(demo)
    sliders, checks = demo.locator(".noUi-handle"), demo.locator("input[type=checkbox]")
    for number in range(sliders.count()):
        sliders.nth(number).focus()
        low = sliders.nth(number).get_attribute("aria-valuenow") == sliders.nth(number).get_attribute("aria-valuemin")
        for key in ("ArrowRight", "ArrowLeft") if low else ("ArrowLeft", "ArrowRight"):
            changes(demo, lambda key=key: page.keyboard.press(key))
            assert frame(demo) == before
    for number in range(checks.count()):
        changes(demo, checks.nth(number).click)
        assert frame(demo) == before
    assert sliders.count() + checks.count() > 0 or demo.locator("[role=button]").count() == 1


def test_a_demo_fits_on_the_screen_and_no_label_is_cut(demo):
    box = demo.bounding_box()
    assert box["height"] <= HEIGHT
    page_width = demo.locator("xpath=ancestor::*[contains(@class, 'jp-OutputArea-output')][1]").bounding_box()["width"]
    assert 0.8 * min(page_width, 900) < box["width"] <= page_width
    for label in demo.locator("label, .widget-label").all():
        assert label.evaluate("label => label.scrollWidth <= label.clientWidth"), label.inner_text()
    assert demo.locator("p").evaluate("p => p.scrollHeight <= p.clientHeight"), demo.locator("p").inner_text()


@pytest.mark.parametrize("demo", ["circles"], indirect=True)
def test_the_picture_follows_while_a_slider_is_dragged(page, demo):
    handle = demo.locator(".noUi-handle").first
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    seen = {changes(demo, lambda to=to: page.mouse.move(x + to, y)) for to in (20, 40, 60)}
    page.mouse.up()
    assert len(seen) == 3


@pytest.mark.parametrize("demo", ["circles"], indirect=True)
def test_a_quick_drag_ends_on_its_last_value(page, demo):
    handle = demo.locator(".noUi-handle").first
    box, track = handle.bounding_box(), demo.locator(".noUi-base").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    start = time.monotonic()
    for step in range(60):
        page.mouse.move(track["x"] + track["width"] * step / 60, box["y"] + 5)
    page.mouse.move(track["x"] + track["width"] + 30, box["y"] + 5)
    page.mouse.up()
    playwright.expect(demo.locator("p")).to_contain_text("Shift 60,")
    assert time.monotonic() - start < 5, "old values are drawn one after the other"


@pytest.mark.parametrize("demo", ["click"], indirect=True)
def test_a_click_selects_what_lies_there(page, demo):
    """The picture shows four panels of 96 rows and 144 columns; the first object's middle lies at row 40, column 40."""
    image = demo.locator("img").bounding_box()
    before = frame(demo)

    def at(across, down):
        return lambda: page.mouse.click(image["x"] + across * image["width"], image["y"] + down * image["height"])

    background = changes(demo, at(0.02, 0.12))
    assert "heap 0, class 0, object 0" in background
    selected = {changes(demo, at(across, 0.27)) for across in (0.14, 0.27)}
    assert all("heap 3200, class 1600, object 1600" in words for words in selected)
    assert frame(demo) == before


@pytest.mark.parametrize("demo", ["click"], indirect=True)
def test_keys_move_the_cross_and_click(page, demo):
    button = demo.locator("[role=button]")
    button.focus()
    scrolled = page.locator(".jp-WindowedPanel-outer").evaluate("panel => panel.scrollTop")
    for key in ("ArrowUp", "Shift+ArrowLeft", "ArrowLeft", "ArrowDown", "Shift+ArrowRight"):
        page.keyboard.press(key)
    first = changes(demo, lambda: page.keyboard.press("Enter"))
    page.keyboard.press("ArrowRight")
    second = changes(demo, lambda: page.keyboard.press("Space"))
    columns = [int(re.search(r"Column (\d+)", words)[1]) for words in (first, second)]
    assert columns[1] > columns[0]
    assert page.locator(".jp-WindowedPanel-outer").evaluate("panel => panel.scrollTop") == scrolled
    assert button.evaluate("button => document.activeElement == button")
