"""What can be wrong with LLM-Research-Lab: plain state that faults change and everything reads."""

from collections.abc import Callable
from dataclasses import dataclass, field

from labkit.kube.runtime import Exit


@dataclass(frozen=True)
class Crash:
    """A pod whose process ends each time it starts: how, and what it logs on the way down."""

    exit: Exit
    lines: tuple[tuple[str, str], ...]


@dataclass
class Causes:
    """The present causes. Change them through :meth:`change`, so that consequences follow."""

    database_accepting: bool = True
    """PostgreSQL's postmaster runs and accepts connections."""

    cache_password_valid: bool = True
    """Redis still accepts the password that the research API holds."""

    crashes: dict[str, Crash] = field(default_factory=dict)
    """Pods, by uid, whose process crashes on every start."""

    _listeners: list[Callable[[], None]] = field(default_factory=list)

    def change(self, **causes: object) -> None:
        """Set causes by name and tell everything that depends on them."""
        for name, value in causes.items():
            setattr(self, name, value)
        for listener in self._listeners:
            listener()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every change."""
        self._listeners.append(listener)
