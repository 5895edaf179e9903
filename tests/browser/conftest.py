"""A headless Chromium, and a lab to look at with it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

CLONE = Path(__file__).parents[2]
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def _flags():
    flags = [
        "--headless=new",
        "--window-size=1400,1000",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-proxy-server",
    ]
    return [*flags, "--no-sandbox"] if os.geteuid() == 0 else flags  # Chromium's own sandbox refuses root


@pytest.fixture(scope="session")
def browser():
    """A browser, or a skip that says what is missing. Nothing is downloaded: both paths are explicit."""
    binary = next(filter(None, map(shutil.which, _NAMES)), None)
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("no Chromium with its driver here: apt install chromium chromium-driver")
    options = Options()
    options.binary_location = binary
    for flag in _flags():
        options.add_argument(flag)
    opened = webdriver.Chrome(options=options, service=Service(driver))
    yield opened
    opened.quit()


class RunningLab:
    """``labkit lab`` in a process; ``mark`` is in the environment of all that it starts."""

    def __init__(self, folder, *arguments):
        self.mark = uuid.uuid4().hex
        self.output = ""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("LABKIT_")}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "labkit", "lab", "--no-browser", *arguments], cwd=folder, text=True,
            env=environ | {"LABKIT_HOME": str(folder / ".labkit"), "LABKIT_TEST_MARK": self.mark, "JUPYTER_CONFIG_DIR": str(folder / "config")},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def address(self):
        """The address that it prints."""
        for line in self.process.stdout:
            self.output += line
            if found := re.search(r"http://127\.0\.0\.1:\d+/\S+", line):
                return found[0]
        raise AssertionError(f"no address was printed:\n{self.output}")

    def interrupt(self):
        """Ctrl-C in its terminal: all of the foreground group is told. Returns the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.output += self.process.communicate(timeout=30)[0]
        return self.process.returncode

    def left(self):
        """Processes of this lab that are still there, a few seconds after."""
        deadline = time.monotonic() + 5
        while (found := list(self._marked())) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def end(self):
        """Leave nothing behind, whatever the test did."""
        for process in self._marked():
            process.kill()
        self.process.wait()
        self.process.stdout.close()

    def _marked(self):
        for process in psutil.process_iter():
            try:
                if process.environ().get("LABKIT_TEST_MARK") == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    yield process
            except psutil.Error:
                continue


@pytest.fixture
def run_lab(tmp_path):
    """Starts labs in a folder of their own that holds the clone's notebooks."""
    shutil.copytree(CLONE / "labs", tmp_path / "labs")
    started = []

    def run(*arguments):
        started.append(RunningLab(tmp_path, *arguments))
        return started[-1]

    yield run
    for each in started:
        each.end()
