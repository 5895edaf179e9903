"""LLM-Research-Lab's rules and Alertmanager at work over a world's series."""

from collections.abc import Callable
from functools import lru_cache

from labkit.alerting import config, rulefile
from labkit.alerting.alertmanager import Alertmanager
from labkit.alerting.config import Config
from labkit.alerting.rule import RuleFile
from labkit.alerting.ruler import Ruler
from labkit.clock import Millis
from labkit.signals.series import SeriesStore
from labkit.twin import observability

PROMETHEUS = "http://prometheus.monitoring:9090"
"""Where links in alerts lead: the address that Prometheus has within the cluster."""

RULES = "/etc/prometheus/rules"
"""The folder of the rule files, as Prometheus' API names them."""


@lru_cache(1)
def files() -> tuple[RuleFile, ...]:
    """The rule files, read once: they are the same in every world."""
    return tuple(rulefile.load(text, f"{RULES}/{name}") for name, text in observability.rules().items())


@lru_cache(1)
def configuration() -> Config:
    """Alertmanager's configuration, read once."""
    return config.load(observability.alertmanager())


def ruler(series: SeriesStore, settled: Callable[[], Millis], start: Millis, interval: Millis) -> Ruler:
    """The rules over ``series``, from ``start`` on."""
    return Ruler(files(), series, settled, start=start, interval=interval, external_url=PROMETHEUS)


def alertmanager(rules: Ruler, seed: int, start: Millis) -> Alertmanager:
    """The Alertmanager that ``rules`` tell."""
    return Alertmanager(configuration(), rules, seed, start)
