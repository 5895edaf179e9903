"""Where a panel is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.lab.grafana.interpolation import Value
from labkit.lab.grafana.variables import Sources


@dataclass(frozen=True)
class Place:
    """The room in pixels, without the title; the time range in seconds; the variables and servers."""

    width: float
    height: float
    span: tuple[float, float]
    values: Mapping[str, Value]
    sources: Sources
