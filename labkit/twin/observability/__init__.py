"""How LLM-Research-Lab is watched: Prometheus rules, Alertmanager's configuration, Grafana dashboards, ticket routing.

The files are in their fields' own formats, so that promtool, amtool and a real Grafana read them too;
this page only finds them. What they query is written by :mod:`labkit.twin.exporters`.
"""

from importlib import resources
from importlib.resources.abc import Traversable

__all__ = ["alertmanager", "dashboards", "rules", "ticket_routing"]


def rules() -> dict[str, str]:
    """The texts of the Prometheus rule files by file name, in the order of their names."""
    return _texts("rules", ".yaml")


def dashboards() -> dict[str, str]:
    """The texts of the Grafana dashboards by uid (their file's name without ``.json``)."""
    return {name.removesuffix(".json"): text for name, text in _texts("dashboards", ".json").items()}


def alertmanager() -> str:
    """The text of Alertmanager's configuration."""
    return (_folder() / "alertmanager.yml").read_text(encoding="utf-8")


def ticket_routing() -> str:
    """The text of the ticket routing rules of section 7.5.3."""
    return (_folder() / "ticket-routing-rules.yaml").read_text(encoding="utf-8")


def _texts(folder: str, suffix: str) -> dict[str, str]:
    found = sorted((_folder() / folder).iterdir(), key=lambda file: file.name)
    return {file.name: file.read_text(encoding="utf-8") for file in found if file.name.endswith(suffix)}


def _folder() -> Traversable:
    return resources.files(__name__)
