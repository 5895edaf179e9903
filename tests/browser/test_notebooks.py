"""Notebooks as a person sees them: what is drawn, and that it is whole."""

import json

import pytest

from tests.browser.page import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]  # two dashboards, on a machine that is busy
MODULE_2 = "labs/module-2-operations/01-monitoring-and-observability.ipynb"
_CUT_OFF = """
    return outputs.flatMap(output => [...output.querySelectorAll('svg text')]).filter(text => {
        const [inner, outer] = [text, text.closest('svg')].map(one => one.getBoundingClientRect());
        return inner.width && (inner.left < outer.left - 1 || inner.right > outer.right + 1
            || inner.top < outer.top - 2 || inner.bottom > outer.bottom + 2);
    }).map(text => text.textContent)"""
"""The texts of pictures that leave their picture, in the font of this machine."""
_WIDE = """
    return outputs.flatMap(output => [...output.querySelectorAll('div')])
        .filter(one => one.style.gridColumn && one.scrollWidth > one.clientWidth + 1).map(one => one.innerText.slice(0, 80))"""
"""Panels that are wider inside than outside."""
_PANELS = "return outputs.map(one => [...one.querySelectorAll('div')].filter(box => box.style.gridColumn).length)"
_EMPTY = """
    return outputs.flatMap(output => [...output.querySelectorAll('div')]).filter(one => one.style.gridColumn)
        .filter(one => ![...one.querySelectorAll('svg text, svg path, svg circle, svg rect, table tr, p, span, b')].some(part => {
            const box = part.getBoundingClientRect();
            return box.width + box.height > 1;
        }) || one.innerText.includes('No data')).map(one => one.innerText)"""
"""Panels in which nothing can be seen, or that say so."""
_UNSAFE = """
    return {run: window.ran || 0, mathematics: document.querySelectorAll('.jp-OutputArea mjx-container').length,
            links: outputs.flatMap(one => [...one.querySelectorAll('a, img, script, iframe')])
                .map(one => one.getAttribute('href') || one.outerHTML).filter(one => !one.startsWith('https:'))}"""


@pytest.fixture
def opened(browser, run_lab, tmp_path):
    """Opens a notebook of the lab's folder, all of whose cells are in the page, not only those in sight."""
    folder = tmp_path / "config" / "labconfig"
    folder.mkdir(parents=True)
    wanted = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
    (folder / "default_setting_overrides.json").write_text(json.dumps(wanted))

    def show(path):
        page = Page(browser)
        page.open(run_lab().address().replace("labs/welcome.ipynb", path))
        page.run_all()
        return page

    return show


def test_module_2_runs_and_everything_in_it_is_drawn(opened, browser, tmp_path):
    page = opened(MODULE_2)
    browser.save_screenshot(str(tmp_path / "module-2.png"))
    assert page.errors() == []
    outputs = page.outputs()
    for said in (
        "req/s",
        "Did you mean api_request_total",
        "LLM Research Lab - System Overview",
        "LLM Research Lab - API Performance",
        "trace_id=",
        "ingress-nginx",
    ):
        assert any(said in output for output in outputs), said
    assert not [output for output in outputs if "cannot be drawn" in output]
    assert [count for count in page.measure(_PANELS) if count] == [33, 29, 1], (
        "panels of the two dashboards, and of ours"
    )
    assert page.measure(_EMPTY) == []
    assert page.measure(_CUT_OFF) == []
    assert page.measure(_WIDE) == []


def test_what_others_wrote_is_shown_and_does_nothing(opened, tmp_path):
    hostile = '$a$ of $b$ <img src=x onerror="window.ran=1"><script>window.ran=2</script>'
    markdown = f"{hostile} [a](javascript:window.ran=3) [b](https://example.com)"
    panels = [
        {"id": 1, "type": "text", "title": hostile, "options": {"content": markdown}},
        {"id": 2, "type": "stat", "title": "x", "targets": [{"expr": "vector(1)"}], "fieldConfig": {"defaults": {"unit": hostile}}},
        {"id": 3, "type": "timeseries", "title": "y", "targets": [{"expr": "up", "legendFormat": hostile}]},
    ]  # fmt: skip
    (tmp_path / "labs" / "theirs.json").write_text(json.dumps({"title": hostile, "panels": panels}))
    cells = [
        "import labkit\nlab = labkit.connect()",
        'lab.dashboard("theirs.json")',
        f"lab.sql({json.dumps(f'''SELECT '{hostile}' AS said''')})",
    ]
    code = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": cell, "outputs": [], "execution_count": None}
        for n, cell in enumerate(cells)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": code}
    (tmp_path / "labs" / "theirs.ipynb").write_text(json.dumps(book))
    page = opened("labs/theirs.ipynb")
    assert page.errors() == []
    assert page.measure(_UNSAFE) == {"run": 0, "mathematics": 0, "links": ["#harmful-link"]}
    assert sum("$a$ of $b$" in output for output in page.outputs()) == 2
