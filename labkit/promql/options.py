"""How an engine answers: Prometheus' own settings, with its defaults."""

from dataclasses import dataclass

from labkit.clock import MINUTE, Millis


@dataclass(frozen=True)
class Options:
    """The settings of an engine; each is a flag or a setting of a Prometheus server."""

    lookback: Millis = 5 * MINUTE
    """How old the newest sample of an instant vector may be (``--query.lookback-delta``)."""

    subquery_step: Millis = MINUTE
    """The step of a subquery that names none (``global.evaluation_interval``)."""

    samples: int = 50_000_000
    """How many samples a query may hold at once (``--query.max-samples``)."""

    timeout: float = 120.0
    """How many seconds a query may take (``--query.timeout``)."""

    experimental: bool = True
    """Whether experimental functions may be called (``--enable-feature=promql-experimental-functions``).

    The one default that is not Prometheus': an academy teaches ``limitk`` too.
    """

    delayed_names: bool = False
    """Whether names go only when the query ends (``--enable-feature=promql-delayed-name-removal``)."""


DEFAULT = Options()
