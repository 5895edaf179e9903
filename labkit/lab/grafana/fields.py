"""How one series of a panel is shown: the panel's defaults, and the overrides that match it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labkit.lab.draw import palette, units
from labkit.lab.draw.units import Unit
from labkit.lab.grafana.model import FieldConfig

Thresholds = list[tuple[float, str]]


@dataclass(frozen=True)
class Field:
    """The settings of one series, as Grafana's JSON has them under ``fieldConfig``."""

    settings: Mapping[str, Any]

    @property
    def unit(self) -> Unit:
        """What its numbers are written in."""
        return units.grafana(str(self.settings.get("unit", "")))

    @property
    def decimals(self) -> int | None:
        """Digits after the point, where they are set."""
        return self.settings.get("decimals")

    @property
    def low(self) -> float | None:
        """The least value of its axis, where it is set."""
        return self.settings.get("min")

    @property
    def high(self) -> float | None:
        """The greatest value of its axis, where it is set."""
        return self.settings.get("max")

    @property
    def custom(self) -> Mapping[str, Any]:
        """The settings that only its kind of panel has."""
        return self.settings.get("custom") or {}

    @property
    def fixed_colour(self) -> str | None:
        """The colour that is set for it, if one is."""
        colour = self.settings.get("color") or {}
        return (
            palette.grafana(colour["fixedColor"])
            if colour.get("mode") in {"fixed", "shades"} and "fixedColor" in colour
            else None
        )

    def thresholds(self) -> Thresholds:
        """Values from which a colour holds, in ascending order; the first is minus infinity. Empty if none are set."""
        found = self.settings.get("thresholds") or {}
        steps = [
            (_bound(step.get("value")), palette.grafana(str(step.get("color", "green"))))
            for step in found.get("steps") or ()
        ]
        if found.get("mode") == "percentage":
            low, high = self.low or 0.0, 100.0 if self.high is None else self.high
            steps = [(low + (high - low) * value / 100, colour) for value, colour in steps]
        return sorted(steps, key=lambda step: step[0])

    def colour(self, value: float) -> str:
        """The colour of a value: what is set, or that of the threshold it has passed."""
        if mapped := self._mapped(value).get("color"):
            return palette.grafana(mapped)
        passed = [colour for bound, colour in self.thresholds() if value >= bound or bound == float("-inf")]
        return self.fixed_colour or (passed[-1] if passed else palette.GOOD)

    def text(self, value: float) -> str:
        """A value as it is shown: by a mapping, else in its unit; without a value, the text for that."""
        if mapped := self._mapped(value).get("text"):
            return str(mapped)
        if value != value:  # noqa: PLR0124  (NaN)
            return str(self.settings.get("noValue", "No data"))
        return self.unit.text(value, self.decimals)

    def named(self, text: str) -> tuple[str, str | None]:
        """A text as a mapping shows it, and the colour that the mapping gives it."""
        for mapping in self.settings.get("mappings") or ():
            if mapping.get("type") == "value" and (found := (mapping.get("options") or {}).get(text)):
                return str(found.get("text") or text), palette.grafana(found["color"]) if "color" in found else None
        return text, None

    def _mapped(self, value: float) -> Mapping[str, Any]:
        """What the value mappings make of ``value``."""
        for mapping in self.settings.get("mappings") or ():
            rule, options = _MAPPINGS.get(str(mapping.get("type"))), mapping.get("options") or {}
            if rule and (found := rule(options, value)):
                return found
        return {}


def shown_name(name: str, field: Field) -> str:
    """What a series is called: as its settings say, or by its ``name``."""
    return str(field.settings.get("displayName") or name)


def field_of(config: FieldConfig, name: str, ref: str) -> Field:
    """The settings of the series called ``name`` that query ``ref`` gave."""
    settings: dict[str, Any] = dict(config.defaults)
    for override in config.overrides:
        matcher = override.get("matcher") or {}
        matches = _MATCHERS.get(str(matcher.get("id")))
        if matches and matches(matcher.get("options"), name, ref):
            for change in override.get("properties") or ():
                settings = _with(settings, str(change.get("id")).split("."), change.get("value"))
    return Field(settings)


def _with(settings: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """``settings`` with the property at ``path`` (``custom.lineWidth``) changed."""
    first, *rest = path
    return {**settings, first: _with(dict(settings.get(first) or {}), rest, value) if rest else value}


def _bound(value: Any) -> float:
    return float("-inf") if value is None else float(value)


def _by_regexp(options: Any, name: str, ref: str) -> bool:
    text = str(options)
    if text.startswith("/"):
        text = text[1:].rpartition("/")[0]
    try:
        return re.search(text, name) is not None
    except re.error:
        return False  # as Grafana: a broken pattern matches nothing


_MATCHERS: Mapping[str, Callable[[Any, str, str], bool]] = {
    "byName": lambda options, name, ref: options == name,
    "byRegexp": _by_regexp,
    "byFrameRefID": lambda options, name, ref: options == ref,
    "byNames": lambda options, name, ref: name in ((options or {}).get("names") or ()),
    "byType": lambda options, name, ref: options == ("time" if name == "Time" else "number"),
}


def _in_range(options: Mapping[str, Any], value: float) -> Mapping[str, Any]:
    low, high = options.get("from"), options.get("to")
    inside = (low is None or value >= low) and (high is None or value <= high)
    return options.get("result") or {} if inside else {}


def _special(options: Mapping[str, Any], value: float) -> Mapping[str, Any]:
    missing = value != value  # noqa: PLR0124  (NaN)
    return options.get("result") or {} if missing and options.get("match") in {"null", "nan", "null+nan"} else {}


_MAPPINGS: Mapping[str, Callable[[Mapping[str, Any], float], Mapping[str, Any]]] = {
    "value": lambda options, value: options.get(f"{value:g}") or {},
    "range": _in_range,
    "special": _special,
}
