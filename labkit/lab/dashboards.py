"""Dashboards by name: found, given their variables, drawn."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from labkit.clock import HOUR, Millis
from labkit.endpoints import Endpoints
from labkit.lab.durations import duration
from labkit.lab.frames import Plain
from labkit.lab.grafana import finding
from labkit.lab.grafana.drawing import Drawing
from labkit.lab.grafana.variables import Sources, resolved
from labkit.lab.http import Api

_RELATIVE = re.compile(r"now-(\w+)")


def listed(folders: Sequence[Path]) -> Plain:
    """The dashboards that can be drawn by name."""
    rows = [
        (one.title, one.uid or "", sum(panel.type != "row" for panel in one.every_panel), ", ".join(v.name for v in one.templating.variables))
        for one in finding.read_all(folders)
    ]  # fmt: skip
    return Plain(rows, columns=["title", "uid", "panels", "variables"])


def draw(
    name: str, folders: Sequence[Path], at: Endpoints, end: Millis, last: str | None, variables: Mapping[str, object]
) -> Drawing:
    """The dashboard called ``name``, or in the file ``name``, over the ``last`` hour or so until ``end``."""
    dashboard = finding.find(name, folders)
    own = _RELATIVE.fullmatch(dashboard.time.begin)
    span = duration(last) if last else duration(own[1]) if own and dashboard.time.to == "now" else HOUR
    sources = Sources(_apis(at), end - span, end)
    return Drawing(dashboard, resolved(dashboard.templating.variables, variables, sources), sources)


def _apis(at: Endpoints) -> dict[str, Api]:
    """The servers by the type of datasource that Grafana has for them."""
    known = {"prometheus": at.prometheus, "loki": at.loki, "jaeger": at.jaeger, "alertmanager": at.alertmanager}
    return {kind: Api(kind.capitalize(), url) for kind, url in known.items() if url}
