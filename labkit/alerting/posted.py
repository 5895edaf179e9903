"""Alerts that are posted through Alertmanager's API."""

from collections.abc import Mapping

import msgspec

from labkit.alerting.held import HeldAlert
from labkit.clock import Millis
from labkit.signals.labels import Labels


class PostedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as it is posted; times that are not given are ``None``."""

    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts: Millis | None = None
    ends: Millis | None = None
    generator: str = ""


def held(alert: PostedAlert, now: Millis, resolve_timeout: Millis) -> HeldAlert | str:
    """The alert as it is held, or why it is none, in upstream's words."""
    labels = Labels(alert.labels.items())
    starts = alert.starts
    if starts is None:
        starts = now if alert.ends is None else alert.ends
    ends = now + resolve_timeout if alert.ends is None else alert.ends
    if ends < starts:
        return "start time must be before end time"
    if not labels:
        return "at least one label pair required"
    if problem := next((f'invalid label set: invalid name "{name}"' for name, _ in labels if not name), None):
        return problem
    annotations = dict(alert.annotations)

    def told(_: Millis) -> Mapping[str, str]:
        return annotations

    return HeldAlert(
        labels=labels, starts=starts, ends=ends, updated=now, annotations=told, generator=alert.generator,
        timeout=alert.ends is None,
    )  # fmt: skip
