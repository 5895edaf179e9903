"""The ruler: all rules of some files, evaluated in virtual time, when somebody asks.

Every group is evaluated at ``start`` and at every multiple of its interval after it. That happens
late and in batches: what is asked for is brought up to the time that the world has settled, its
dependences first. Since a rule sees, at each of its times, nothing later than that time, it makes
no difference when and how often somebody asks.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import Context

from labkit.alerting.order import needs, writers
from labkit.alerting.rule import RuleFile
from labkit.alerting.running import AlertingRule, Place, RecordingRule, RunningRule
from labkit.alerting.templates import Expander
from labkit.clock import MINUTE, Millis
from labkit.signals.joined import Joined
from labkit.signals.labels import Labels
from labkit.signals.matcher import Matcher
from labkit.signals.series import Metadata, Selected
from labkit.signals.source import SeriesSource


class Ruler:
    """Evaluates rules over ``scraped`` series; ``settled`` is the time up to which these are all there.

    Raises :class:`~labkit.alerting.failures.RuleFileError` if rules depend on each other in a circle.
    """

    def __init__(
        self,
        files: Sequence[RuleFile],
        scraped: SeriesSource,
        settled: Callable[[], Millis],
        *,
        start: Millis = 0,
        interval: Millis = MINUTE,
        external_labels: Mapping[str, str] | None = None,
        external_url: str = "",
    ) -> None:
        self.files = files
        self.interval = interval
        self.external_labels = dict(external_labels or {})
        self.external_url = external_url
        self.lock = threading.RLock()
        self._expander = Expander(self.external_labels, external_url)
        self._settled = settled
        self.rules = [self._running(place, start) for place in _places(files, interval)]
        self._nodes = [rule.node for rule in self.rules]
        self._needs = needs(self._nodes)
        self._sources = [Joined(scraped, *(self.rules[other].store for other in found)) for found in self._needs]
        self._all = Joined(scraped, *(rule.store for rule in self.rules))
        self.series = RuleSeries(self)

    def catch_up(self, wanted: Iterable[int] | None = None) -> Millis:
        """Evaluate what has come due, of all rules or of those ``wanted`` and what they need; up to when."""
        with self.lock:
            # In a context of its own: the deadline of the query that asks is not the rules'.
            return Context().run(self._catch_up, wanted)

    def _catch_up(self, wanted: Iterable[int] | None) -> Millis:
        until = self._settled()
        for index in range(len(self.rules)) if wanted is None else wanted:
            for one in (*self._needs[index], index):
                self.rules[one].catch_up(self._sources[one], until)
        return until

    def alerting(self) -> list[AlertingRule]:
        """The alerting rules, in the order of the files."""
        return [rule for rule in self.rules if isinstance(rule, AlertingRule)]

    def source(self) -> SeriesSource:
        """All series, scraped and written, as far as rules have been evaluated."""
        return self._all

    def writers(self, matchers: Sequence[Matcher]) -> list[int]:
        """The rules of which a series may match."""
        return writers(self._nodes, matchers)

    def _running(self, place: Place, start: Millis) -> RunningRule:
        rule = place.group.rules[place.number]
        if rule.alert:
            return AlertingRule(rule, place, start, self._expander)
        return RecordingRule(rule, place, start)


class RuleSeries:
    """What rules wrote, as a source of series that brings itself up to the present before it answers."""

    def __init__(self, ruler: Ruler) -> None:
        self._ruler = ruler

    @property
    def metadata(self) -> Mapping[str, Metadata]:
        """Nothing: Prometheus knows type and help only of what it scrapes."""
        return {}

    def select(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Selected]:
        """The series that match and their samples from ``start`` to ``end``, both included, if there are any."""
        return self._evaluated(matchers).select(matchers, start, end)

    def series(self, matchers: Sequence[Matcher], start: Millis, end: Millis) -> list[Labels]:
        """The series that match and have a sample from ``start`` to ``end``, sorted."""
        return self._evaluated(matchers).series(matchers, start, end)

    def label_names(self, labels: Iterable[Labels] | None = None) -> list[str]:
        """The names of all labels of ``labels`` (of all series), sorted."""
        return self._evaluated(() if labels is None else None).label_names(labels)

    def label_values(self, name: str, labels: Iterable[Labels] | None = None) -> list[str]:
        """The values a label has in ``labels`` (in all series), sorted."""
        return self._evaluated(() if labels is None else None).label_values(name, labels)

    def _evaluated(self, matchers: Sequence[Matcher] | None) -> Joined:
        """The stores of the rules that may have written what matches, brought up to the present."""
        wanted = [] if matchers is None else self._ruler.writers(matchers)
        if wanted:
            self._ruler.catch_up(wanted)
        return Joined(*(self._ruler.rules[index].store for index in wanted))


def _places(files: Sequence[RuleFile], interval: Millis) -> list[Place]:
    return [
        Place(file.name, group, number, int(group.interval or interval), int(group.query_offset or 0))
        for file in files
        for group in file.groups
        for number in range(len(group.rules))
    ]
