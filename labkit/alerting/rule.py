"""Prometheus' rules, as data.

Fields: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/ and upstream
``model/rulefmt/rulefmt.go`` of 3.5.
"""

import msgspec

from labkit.durations import Duration


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A recording rule (``record``) or an alerting rule (``alert``)."""

    record: str = ""
    alert: str = ""
    expr: str = ""
    hold: Duration = msgspec.field(default=Duration(0), name="for")
    keep_firing_for: Duration = Duration(0)
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}

    @property
    def name(self) -> str:
        """What it records, or the alert's name."""
        return self.record or self.alert


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules that are evaluated together; without an ``interval``, at the server's own."""

    name: str = ""
    interval: Duration | None = None
    query_offset: Duration | None = None
    limit: int = 0
    labels: dict[str, str] = {}
    rules: tuple[Rule, ...] = ()


class RuleFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file: its name, and its groups."""

    name: str
    groups: tuple[Group, ...]
