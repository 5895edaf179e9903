"""``labkit lab``: a sandbox and JupyterLab in the foreground."""

import os
import signal
from pathlib import Path
from typing import Annotated

import typer


def lab(
    port: Annotated[int | None, typer.Option(help="JupyterLab's port; a free one by default.")] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser, where there is a screen.")
    ] = True,
) -> None:
    """Open the lab: a sandbox and JupyterLab, until Ctrl-C ends both."""
    from labkit import control, endpoints, settings
    from labkit.cli.starting import start
    from labkit.lab import jupyter
    from labkit.sandbox import lifecycle
    from labkit.sandbox.options import Options

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & hands it on ignored
    address = jupyter.Address.choose(port)
    options = Options.of(settings.load(), parent=os.getpid())
    found = control.running(options.home)
    published = found[0] if found else start(options)
    os.environ.update(endpoints.environment(options.home, published))
    try:
        jupyter.serve(Path.cwd(), options.home, address, browser=browser)
    finally:
        if not found:
            lifecycle.stop(options.home)
