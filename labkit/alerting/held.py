"""Alerts as Alertmanager holds them: from rules, or posted through its API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from labkit.clock import Millis
from labkit.signals.labels import Labels

_OFFSET, _PRIME, _MASK = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


@dataclass(frozen=True)
class HeldAlert:
    """One alert. ``ends`` is ``None`` while a rule fires; ``timeout`` says that ``ends`` is only a default.

    ``annotations`` are those of a time, ``told`` gives what a rule last said before a time: when, and
    until when that holds.
    """

    labels: Labels
    starts: Millis
    ends: Millis | None
    updated: Millis
    annotations: Callable[[Millis], Mapping[str, str]]
    generator: str = ""
    timeout: bool = False
    told: Callable[[Millis], tuple[Millis, Millis]] | None = None

    def resolved(self, time: Millis) -> bool:
        """Whether it is over at ``time``."""
        return self.ends is not None and self.ends <= time

    def at(self, time: Millis) -> "HeldAlert":
        """With the times that Alertmanager shows at ``time``."""
        if self.told is None:
            return self
        updated, ends = self.told(time)
        return replace(self, updated=updated, ends=self.ends if self.ends is not None else ends)


def merged(old: HeldAlert, new: HeldAlert) -> HeldAlert:
    """``new`` where ``old`` is already known (upstream ``provider/mem`` and ``Alert.Merge``)."""
    if old.ends is None or new.ends is None:
        return new
    overlap = old.starts < new.ends < old.ends or old.starts < new.starts < old.ends
    if not overlap:
        return new
    starts = min(old.starts, new.starts)
    ends = new.ends
    if new.resolved(new.updated):
        if old.resolved(new.updated):
            ends = max(ends, old.ends)
    elif old.ends > ends and not old.timeout:
        ends = old.ends
    return replace(new, starts=starts, ends=ends)


def fingerprint(labels: Labels) -> str:
    """The hash by which Alertmanager names an alert: FNV-1a of the sorted labels (``model.LabelSet.Fingerprint``)."""
    value = _OFFSET
    for name, text in labels:
        for byte in (*name.encode(), 255, *text.encode(), 255):
            value = ((value ^ byte) * _PRIME) & _MASK
    return f"{value:016x}"
