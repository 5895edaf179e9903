"""HorizontalPodAutoscalers."""

from collections.abc import Sequence

from labkit.clock import Millis
from labkit.kube.store import Object
from labkit.kube.table.columns import NONE, Column, Row, age, column

COLUMNS: tuple[Column, ...] = (
    column("Name", "name"), column("Reference"), column("Targets"), column("MinPods"), column("MaxPods"),
    column("Replicas"), column("Age"),
)  # fmt: skip

_SHOWN = 2
"""Metrics that are printed before ``+ n more...``."""


def row(obj: Object, now: Millis) -> Row:
    """One autoscaler."""
    spec, status = obj["spec"], obj.get("status", {})
    target = spec["scaleTargetRef"]
    return [
        obj["metadata"]["name"], f"{target['kind']}/{target['name']}",
        _metrics(spec.get("metrics") or (), status.get("currentMetrics") or ()),
        str(spec["minReplicas"]) if "minReplicas" in spec else "<unset>", str(spec["maxReplicas"]),
        str(status.get("currentReplicas", 0)), age(obj, now),
    ]  # fmt: skip


def _metrics(wanted: Sequence[Object], current: Sequence[Object]) -> str:
    if not wanted:
        return NONE
    parts = [_metric(metric, current[i] if i < len(current) else {}) for i, metric in enumerate(wanted)]
    more = f" + {len(parts) - _SHOWN} more..." if len(parts) > _SHOWN else ""
    return ", ".join(parts[:_SHOWN]) + more


def _metric(metric: Object, current: Object) -> str:
    """``cpu: 40%/80%``; a metric that is not of a resource has no name before it."""
    kind = metric["type"][0].lower() + metric["type"][1:]
    target, found = metric[kind]["target"], current.get(kind, {}).get("current", {})
    name = f"{metric[kind]['name']}: " if kind in ("resource", "containerResource") else ""
    if "averageUtilization" in target:
        now = f"{found['averageUtilization']}%" if "averageUtilization" in found else "<unknown>"
        return f"{name}{now}/{target['averageUtilization']}%"
    field = "averageValue" if "averageValue" in target else "value"
    average = " (avg)" if field == "averageValue" and kind in ("object", "external") else ""
    return f"{name}{found.get(field, '<unknown>')}/{target.get(field, '<auto>')}{average}"
