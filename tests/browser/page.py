"""JupyterLab's page: a notebook opened in it, run, and read."""

from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as seen
from selenium.webdriver.support.ui import WebDriverWait

CELLS = ".jp-Notebook .jp-Cell"
_RESTART = "[data-jp-item-name='restart-and-run'] button, [data-jp-item-name='restart-and-run'] jp-button"
_IDLE = """
    const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(one => one.textContent);
    return prompts.length > 0 && prompts.every(one => /\\[\\d+\\]:/.test(one))
        || document.querySelector("[data-mime-type='application/vnd.jupyter.error']") !== null"""
"""Whether each cell of code has a number, or one has failed, after which none is run."""


_BEGUN = """
    return [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].some(one => /\\[[\\d*]+\\]:/.test(one.textContent))"""
"""Whether a cell waits to be run or has been."""


class Page:
    """The notebook that is open in ``browser``."""

    def __init__(self, browser):
        self.browser = browser

    def open(self, address):
        """Go to ``address`` and wait for the cells of a notebook."""
        self.browser.get(address)
        self.wait_for(CELLS)

    def wait_for(self, selector, seconds=60):
        """The element that ``selector`` finds, as soon as there is one."""
        return WebDriverWait(self.browser, seconds).until(seen.presence_of_element_located((By.CSS_SELECTOR, selector)))

    def find(self, selector):
        """All elements that ``selector`` finds now."""
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def run_all(self, seconds=180):
        """Restart the kernel, run all cells, and wait until all have run or one has failed."""
        for patience in (20, 40, 60):  # a kernel that is still starting forgets what it was told
            if self._begin(patience):
                break
        WebDriverWait(self.browser, seconds).until(lambda browser: browser.execute_script(_IDLE))

    def _begin(self, patience):
        """Tell the kernel to restart and run all cells; whether the first was begun within ``patience`` seconds."""
        self.wait_for(_RESTART).click()
        self.wait_for(".jp-Dialog button.jp-mod-accept").click()
        try:
            return WebDriverWait(self.browser, patience).until(lambda browser: browser.execute_script(_BEGUN))
        except TimeoutException:
            return False

    def errors(self):
        """What the failed cells say."""
        return [one.text for one in self.find("[data-mime-type='application/vnd.jupyter.error']")]

    def outputs(self):
        """The text of each cell of code's output; empty for none."""
        return self.browser.execute_script(
            "return [...document.querySelectorAll('.jp-CodeCell')]"
            ".map(cell => cell.querySelector('.jp-OutputArea').innerText)"
        )

    def measure(self, script):
        """What ``script`` says of the page; its ``outputs`` are the elements that cells have drawn."""
        return self.browser.execute_script(
            f"const outputs = [...document.querySelectorAll('.jp-RenderedHTMLCommon.jp-OutputArea-output')]; {script}"
        )
