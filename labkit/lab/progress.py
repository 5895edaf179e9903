"""How far long work is: a line that appears only if the work takes a while, and goes when it is done."""

import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

PATIENCE = 0.8
"""Seconds without a word."""


class Progress:
    """``with Progress("panels", 20) as progress: … progress.step()``; steps may be made by several threads."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, total, 0
        self._begun, self._shown = time.monotonic(), False
        self._lock = threading.Lock()
        self._display: Any = None

    def __enter__(self) -> Self:
        return self

    def step(self) -> None:
        """One more is done."""
        with self._lock:
            self._done += 1
            if time.monotonic() - self._begun > PATIENCE and self._done < self._total:
                self._say(f"{self._done} of {self._total} {self._what}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._say("")

    def _say(self, text: str) -> None:
        self._shown = True
        if _in_notebook():
            from IPython.display import HTML, display  # noqa: PLC0415  (only a notebook has it)

            shown = HTML(f"<small>{text}</small>" if text else "")  # type: ignore[no-untyped-call]
            if self._display is None:
                self._display = display(shown, display_id=True)  # type: ignore[no-untyped-call]
            else:
                self._display.update(shown)
        elif sys.stderr.isatty():
            with suppress(OSError):
                sys.stderr.write(f"\r\x1b[K{text}")
                sys.stderr.flush()


def _in_notebook() -> bool:
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and hasattr(shell, "kernel")
