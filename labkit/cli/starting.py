"""Starting a sandbox with something to look at meanwhile."""

from rich.console import Console

from labkit.endpoints import Endpoints
from labkit.sandbox import lifecycle
from labkit.sandbox.options import Options


def start(options: Options) -> Endpoints:
    """Start a detached sandbox, showing the seconds on a terminal."""
    with Console(stderr=True).status("starting the sandbox") as shown:
        return lifecycle.start(options, lambda waited: shown.update(f"starting the sandbox  {waited:.0f} s"))
