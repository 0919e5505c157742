"""JupyterLab as `make lab` opens it, in a headless Chromium of the machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from not_run import skip_program
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from waiting import HANGING, wait_until

TOKEN = "lab"
WIDGET = "jupyterapp.shell.currentWidget"
BROWSERS, DRIVERS = ("chromium", "chromium-browser", "google-chrome"), ("chromedriver",)
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
DRIVER = next(filter(None, map(shutil.which, DRIVERS)), None)


@contextlib.contextmanager
def opened_lab(project: Path, home: Path) -> Iterator[str]:
    """Run `make lab` in a checkout, for somebody who never ran Jupyter; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--expose-app-in-browser", f"--port={port}", "--ip=127.0.0.1"]
    options += [f"--IdentityProvider.token={TOKEN}", "--ServerApp.port_retries=0", "--allow-root"]
    environment = {key: value for key, value in os.environ.items() if key[:5] != "JUPYT"}
    environment |= {"HOME": str(home), "PYTHONPATH": str(project / "src")}
    environment |= {"ARGS": " ".join(options)}
    log = home / "lab.log"
    with log.open("wb") as told:
        server = subprocess.Popen(
            ["make", "lab"],
            cwd=project,
            env=environment,
            stdout=told,
            stderr=told,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        assert wait_until(lambda: server.poll() is not None or _answers(f"{address}/api"))
        assert server.poll() is None, log.read_text()
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(HANGING)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=HANGING):
            return True
    except OSError:
        return False


def need_browser() -> None:
    """Leave a test out where there is no Chromium with its driver."""
    if not (CHROMIUM and DRIVER):
        skip_program(
            "Chromium or its driver is not installed",
            remedy="apt-get install chromium chromium-driver",
        )


@contextlib.contextmanager
def browser(width: int = 1200, height: int = 1600) -> Iterator[webdriver.Chrome]:
    """A headless Chromium."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    size = f"--window-size={width},{height}"
    for option in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", size):
        options.add_argument(option)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_script_timeout(HANGING)
    try:
        yield driver
    finally:
        driver.quit()


def until(driver: webdriver.Chrome, expression: str) -> Any:
    """Wait until an expression of the page holds, and return it."""
    guarded = f"try {{ return {expression} }} catch (error) {{ return null }}"
    assert wait_until(lambda: driver.execute_script(guarded)), expression
    return driver.execute_script(guarded)


def open_notebook(driver: webdriver.Chrome, lab: str, path: str) -> None:
    """Open a notebook and wait until its kernel is there; nothing is asked."""
    driver.get(f"{lab}/lab/tree/{path}?token={TOKEN}&reset")
    until(driver, f"{WIDGET}.context.path == '{path}' && {WIDGET}.context.isReady")
    until(driver, f"{WIDGET}.sessionContext.session.kernel.status == 'idle'")
    assert driver.execute_script("return document.querySelector('.jp-Dialog')") is None


def run_all(driver: webdriver.Chrome) -> None:
    """Run every cell, as the menu does."""
    run_command(driver, "notebook:run-all-cells")
    shown = f"{WIDGET}.content.widgets.filter(c => c.model.type == 'code')"
    assert until(driver, f"{shown}.every(c => c.model.executionCount)")


def run_command(driver: webdriver.Chrome, command: str) -> None:
    """Run one of Lab's commands to its end."""
    driver.execute_async_script(
        f"jupyterapp.commands.execute('{command}').finally(arguments[arguments.length - 1])"
    )


def output_of(driver: webdriver.Chrome, label: str) -> Any:
    """The element that a labelled cell shows, in view."""
    place = (
        f"{WIDGET}.content.widgets.findIndex(c => "
        f"c.model.sharedModel.getSource().startsWith('#| label: {label}\\n'))"
    )
    driver.execute_script(f"{WIDGET}.content.scrollToItem({place}, 'start')")
    found = f"{WIDGET}.content.widgets[{place}].node.querySelector('.jp-OutputArea-output .told')"
    return until(driver, found)
