"""``alertmanager.yml``, as data. A file that is read is one that ``amtool check-config`` accepts.

Fields: https://prometheus.io/docs/alerting/latest/configuration/ and upstream ``config/config.go``.
"""

import re
from collections.abc import Iterator

import msgspec

from labkit.alerting import documents, matchers
from labkit.alerting.documents import Document, Malformed, Path
from labkit.alerting.failures import ConfigError
from labkit.alerting.intervals import NamedInterval, within
from labkit.alerting.receivers import Receiver, problem
from labkit.clock import MINUTE
from labkit.durations import Duration
from labkit.signals.matcher import Match, Matcher

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


class Global(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Settings that hold where a receiver has none of its own."""

    resolve_timeout: Duration = Duration(5 * MINUTE)
    http_config: dict[str, object] | None = None
    pagerduty_url: str | None = None
    slack_api_url: str | None = None
    slack_api_url_file: str | None = None
    slack_app_url: str | None = None
    slack_app_token: str | None = None
    slack_app_token_file: str | None = None
    smtp_from: str | None = None
    smtp_hello: str | None = None
    smtp_smarthost: str | None = None
    smtp_auth_username: str | None = None
    smtp_auth_password: str | None = None
    smtp_auth_password_file: str | None = None
    smtp_auth_secret: str | None = None
    smtp_auth_secret_file: str | None = None
    smtp_auth_identity: str | None = None
    smtp_require_tls: bool | None = None
    smtp_tls_config: dict[str, object] | None = None
    smtp_force_implicit_tls: bool | None = None


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What a route or one side of an inhibition asks of an alert, in the old and the new form."""

    match: dict[str, str] = {}
    match_re: dict[str, str] = {}
    matchers: tuple[str, ...] = ()

    def parsed(self) -> tuple[Matcher, ...]:
        """All of it; raises :class:`~labkit.alerting.matchers.MatcherError`."""
        found = [matchers.matcher(name, Match.EQUAL, value) for name, value in self.match.items()]
        found += [matchers.matcher(name, Match.REGEX, value) for name, value in self.match_re.items()]
        found += [one for text in self.matchers for one in matchers.parsed(text)]
        return tuple(sorted(found, key=lambda one: (one.name, one.value, one.op.value)))


class RouteConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A node of the routing tree; what is ``None`` is as the parent has it."""

    receiver: str = ""
    group_by: tuple[str, ...] | None = None
    match: dict[str, str] = {}
    match_re: dict[str, str] = {}
    matchers: tuple[str, ...] = ()
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    on: bool = msgspec.field(default=False, name="continue")
    routes: tuple["RouteConfig", ...] = ()
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    labels: dict[str, str] = {}

    @property
    def selection(self) -> Selection:
        """What it asks of an alert."""
        return Selection(match=self.match, match_re=self.match_re, matchers=self.matchers)


class InhibitConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """While a source fires, targets with the same values of the ``equal`` labels are not told."""

    name: str = ""
    source_match: dict[str, str] = {}
    source_match_re: dict[str, str] = {}
    source_matchers: tuple[str, ...] = ()
    target_match: dict[str, str] = {}
    target_match_re: dict[str, str] = {}
    target_matchers: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()

    @property
    def source(self) -> Selection:
        """What the source is asked."""
        return Selection(match=self.source_match, match_re=self.source_match_re, matchers=self.source_matchers)

    @property
    def target(self) -> Selection:
        """What the target is asked."""
        return Selection(match=self.target_match, match_re=self.target_match_re, matchers=self.target_matchers)


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    settings: Global = msgspec.field(default=Global(), name="global")
    templates: tuple[str, ...] = ()
    route: RouteConfig | None = None
    receivers: tuple[Receiver, ...] = ()
    inhibit_rules: tuple[InhibitConfig, ...] = ()
    time_intervals: tuple[NamedInterval, ...] = ()
    mute_time_intervals: tuple[NamedInterval, ...] = ()

    @property
    def tree(self) -> RouteConfig:
        """The root of the routing tree, which a loaded file has."""
        return self.route or RouteConfig()

    def intervals(self) -> Iterator[tuple[str, NamedInterval]]:
        """All named intervals, with the key under which they stand."""
        yield from (("mute_time_intervals", one) for one in self.mute_time_intervals)
        yield from (("time_intervals", one) for one in self.time_intervals)


def load(text: str, name: str = "alertmanager.yml") -> Config:
    """Read the file called ``name``; raises :class:`ConfigError` at the first thing upstream would refuse."""
    try:
        document = documents.read(text)
        if document.data is None:
            raise Malformed("no route provided in config", 1)
        config = document.convert(Config)
        for path, what in _problems(config):
            raise Malformed(what, document.line(path), path)
    except Malformed as error:
        inside = ".".join(map(str, error.path))
        remedy = "correct it; 'amtool check-config FILE' says the same"
        raise documents.located(error, ConfigError, name, inside, remedy) from error
    return config


def _problems(config: Config) -> Iterator[tuple[Path, str]]:
    yield from _receivers(config)
    root = config.route
    if root is None:
        yield ("route",), "no routes provided"
        return
    if not root.receiver:
        yield ("route",), "root route must specify a default receiver"
    if root.match or root.match_re or root.matchers:
        yield ("route",), "root route must not have any matchers"
    for kind in ("mute", "active"):
        if getattr(root, f"{kind}_time_intervals"):
            yield ("route", f"{kind}_time_intervals"), f"root route must not have any {kind} time intervals"
    yield from _intervals(config)
    names = {one.name for _, one in config.intervals()}
    yield from _route(("route",), root, {one.name for one in config.receivers}, names)
    for number, rule in enumerate(config.inhibit_rules):
        for side, selection in (("source", rule.source), ("target", rule.target)):
            if what := _matchers(selection):
                yield ("inhibit_rules", number, f"{side}_matchers"), what


def _receivers(config: Config) -> Iterator[tuple[Path, str]]:
    settings = {name: value for name, value in msgspec.structs.asdict(config.settings).items() if value is not None}
    seen: set[str] = set()
    for number, receiver in enumerate(config.receivers):
        path: Path = ("receivers", number)
        if not receiver.name:
            yield path, "missing name in receiver"
        if receiver.name in seen:
            yield path, f'notification config name "{receiver.name}" is not unique'
        seen.add(receiver.name)
        for one in receiver.integrations():
            if found := problem(one, settings):
                yield (*path, f"{one.kind}_configs", one.number, found[0]), found[1]


def _intervals(config: Config) -> Iterator[tuple[Path, str]]:
    seen: set[str] = set()
    for key, one in config.intervals():
        if not one.name:
            yield (key,), "missing name in time interval"
        if one.name in seen:
            yield (key,), f'{"mute " if key.startswith("mute") else ""}time interval "{one.name}" is not unique'
        seen.add(one.name)
        try:
            within(one.time_intervals)
        except ValueError as error:
            place = (config.mute_time_intervals if key.startswith("mute") else config.time_intervals).index(one)
            yield (key, place), str(error)


def _route(path: Path, route: RouteConfig, receivers: set[str], intervals: set[str]) -> Iterator[tuple[Path, str]]:
    for number, child in enumerate(route.routes):
        yield from _route((*path, "routes", number), child, receivers, intervals)
    if route.receiver and route.receiver not in receivers:
        yield (*path, "receiver"), f'undefined receiver "{route.receiver}" used in route'
    for name in (*route.mute_time_intervals, *route.active_time_intervals):
        if name not in intervals:
            yield path, f'undefined time interval "{name}" used in route'
    for name in route.match:
        if not _LABEL.fullmatch(name):
            yield (*path, "match"), f'invalid label name "{name}"'
    if what := _matchers(route.selection):
        yield (*path, "matchers"), what
    yield from _grouping(path, route)


def _grouping(path: Path, route: RouteConfig) -> Iterator[tuple[Path, str]]:
    names = [name for name in route.group_by or () if name != "..."]
    for place, name in enumerate(names):
        if not name:
            yield (*path, "group_by"), f'invalid label name "{name}" in group_by list'
        if name in names[:place]:
            yield (*path, "group_by"), f'duplicated label "{name}" in group_by'
    if names and "..." in (route.group_by or ()):
        yield (*path, "group_by"), "cannot have wildcard group_by (`...`) and other labels at the same time"
    for field in ("group_interval", "repeat_interval"):
        if getattr(route, field) == 0:
            yield (*path, field), f"{field} cannot be zero"


def _matchers(selection: Selection) -> str:
    try:
        selection.parsed()
    except matchers.MatcherError as error:
        return error.what
    return ""


__all__ = ["Config", "Document", "InhibitConfig", "RouteConfig", "load"]
