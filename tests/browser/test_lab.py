"""``labkit lab`` as a person meets it: JupyterLab opens on the welcome notebook, runs it, and ends with Ctrl-C."""

import os
import signal
import socket
import time
import urllib.request

import pytest

from tests.browser.page import Page

pytestmark = pytest.mark.browser


def test_the_welcome_notebook_opens_without_a_prompt_and_runs(browser, run_lab, tmp_path):
    lab, page = run_lab(), Page(browser)
    page.open(lab.address())
    time.sleep(2)  # JupyterLab's prompts come a moment after the page
    assert not page.find(".jp-Dialog, .Toastify__toast")
    page.run_all()
    page.wait_for(".jp-OutputArea-output img")
    browser.save_screenshot(str(tmp_path / "welcome.png"))
    assert page.errors() == []
    assert "llm-research-api" in page.find(".jp-Notebook")[0].text
    assert lab.interrupt() == 0
    assert lab.left() == []


def test_ctrl_c_while_it_starts_leaves_no_process(run_lab):
    lab = run_lab()
    time.sleep(1.0)
    assert lab.interrupt() != 0
    assert "Traceback" not in lab.output
    assert lab.left() == []


def test_a_killed_lab_leaves_no_process(run_lab):
    lab = run_lab()
    lab.address()
    os.kill(lab.process.pid, signal.SIGKILL)
    lab.process.wait()
    assert lab.left() == []


def test_a_port_that_is_taken_is_named_before_anything_starts(run_lab, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        lab = run_lab("--port", str(port))
        output, _ = lab.process.communicate(timeout=30)
    assert lab.process.returncode == 1
    assert f"port {port} cannot be used" in output
    assert "--port" in output
    assert not (tmp_path / ".labkit").exists()


def test_who_lacks_the_token_does_not_get_in(run_lab):
    address = run_lab().address()
    with urllib.request.urlopen(address) as page:
        assert page.status == 200
    with urllib.request.urlopen(address.partition("?")[0]) as page:
        assert "login" in page.url
