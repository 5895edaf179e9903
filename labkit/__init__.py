"""labkit: the academy in which operators of LLM-Research-Lab learn, are examined and are handed the pager.

In a notebook::

    import labkit
    lab = labkit.connect()

Importing this package imports nothing else; each name below is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.errors import LabkitError
    from labkit.lab.connect import connect
    from labkit.lab.handle import Lab

__version__ = "0.1.0"
__all__ = ["Lab", "LabkitError", "__version__", "connect"]

_HOMES = {"Lab": "labkit.lab.handle", "LabkitError": "labkit.errors", "connect": "labkit.lab.connect"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
