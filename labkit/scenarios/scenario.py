"""Scenario files: one TOML file each in ``catalogue/``, validated on load."""

import random
import re
import tomllib
from importlib import resources
from typing import Any

import msgspec

from labkit.clock import DAY, HOUR, MINUTE, SECOND, Millis
from labkit.errors import ManifestError

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}


class Injection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A fault by name, when it sets in before the present (a range), and its parameters."""

    fault: str
    onset: tuple[str, str]
    parameters: dict[str, Any] = {}

    def when(self, present: Millis, chance: random.Random) -> Millis:
        """The moment of onset, drawn from the range, in whole seconds."""
        latest, earliest = (parse_duration(text) for text in self.onset)
        return present - chance.randint(latest // SECOND, earliest // SECOND) * SECOND


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What happens to a world. ``control`` scenarios have nothing wrong in them."""

    id: str
    title: str
    mechanism: str
    component: str
    module: int
    control: bool = False
    inject: tuple[Injection, ...] = ()


def load(name: str) -> Scenario:
    """The scenario of that id; :class:`ManifestError` names file, field and remedy."""
    file = resources.files(__package__) / "catalogue" / f"{name}.toml"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not file.is_file():
        raise ManifestError(f"no scenario {name!r}", remedy=f"one of: {', '.join(names())}")
    return parse(file.read_text(encoding="utf-8"), f"catalogue/{name}.toml", name)


def parse(text: str, where: str, name: str) -> Scenario:
    """A scenario from TOML text; ``where`` names the file in errors."""
    try:
        scenario = msgspec.convert(tomllib.loads(text), Scenario)
        for injection in scenario.inject:
            for duration in injection.onset:
                parse_duration(duration)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
        raise ManifestError(str(error), where=where, remedy="compare it with another file of catalogue/") from error
    if scenario.id != name:
        raise ManifestError(f"id is {scenario.id!r}, the file is {name!r}", where=where, remedy="make them equal")
    return scenario


def names() -> list[str]:
    """The ids of all scenarios."""
    catalogue = resources.files(__package__) / "catalogue"
    return sorted(file.name.removesuffix(".toml") for file in catalogue.iterdir() if file.name.endswith(".toml"))


def parse_duration(text: str) -> Millis:
    """``20m`` → milliseconds; one number and one of s, m, h, d."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match:
        raise ValueError(f"{text!r} is not a duration such as 90s, 20m, 3h or 2d")
    return int(match[1]) * _UNITS[match[2]]
