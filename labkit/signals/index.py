"""Which series have which labels, so that matching looks at values and not at every series.

One writer and readers in other threads: nothing that a reader walks through is changed but by
appending to it, or else it is replaced.
"""

from collections.abc import Sequence

from labkit.signals.labels import Labels
from labkit.signals.matcher import Match, Matcher


class Index:
    """Series by the values of their labels."""

    def __init__(self) -> None:
        self._series: dict[Labels, None] = {}
        self._by_value: dict[str, dict[str, list[Labels]]] = {}

    def __len__(self) -> int:
        return len(self._series)

    def add(self, labels: Labels) -> None:
        """Take up a series; one that is there stays as it is."""
        if labels in self._series:
            return
        self._series[labels] = None
        for name, value in labels:
            self._by_value.setdefault(name, {}).setdefault(value, []).append(labels)

    def discard(self, labels: Labels) -> None:
        """Forget a series."""
        if labels not in self._series:
            return
        del self._series[labels]
        for name, value in labels:
            values = self._by_value[name]
            left = [other for other in values[value] if other != labels]
            if left:
                values[value] = left
            else:
                del values[value]
                if not values:
                    del self._by_value[name]

    def names(self) -> list[str]:
        """The names of all labels, sorted."""
        return sorted(self._by_value)

    def values(self, name: str) -> list[str]:
        """The values of a label, sorted."""
        return sorted(self._by_value.get(name, ()))

    def series(self) -> list[Labels]:
        """All series, in the order in which they came."""
        return list(self._series)

    def matching(self, matchers: Sequence[Matcher]) -> list[Labels]:
        """The series that match, in an order that depends on nothing but the order in which they came."""
        found, done = self._candidates(matchers)
        for matcher in matchers:
            if matcher is not done:
                accepted: dict[str, bool] = {}  # a value is matched once, however many series have it
                found = [labels for labels in found if _accepts(matcher, labels.get(matcher.name), accepted)]
        return found

    def _candidates(self, matchers: Sequence[Matcher]) -> tuple[list[Labels], Matcher | None]:
        """Series among which are all that match, as few as can be had cheaply; and the matcher that is dealt with."""
        exact = [matcher for matcher in matchers if matcher.op is Match.EQUAL and matcher.value]
        if exact:
            every = [(self._by_value.get(one.name, {}).get(one.value, []), one) for one in exact]
            found, done = min(every, key=lambda pair: len(pair[0]))
            return list(found), done
        wanting = [matcher for matcher in matchers if not matcher.accepts("")]
        if wanting:  # the label must be there: go through its values
            fewest = min(wanting, key=lambda matcher: len(self._by_value.get(matcher.name, ())))
            values = list(self._by_value.get(fewest.name, {}).items())
            return [labels for value, series in values if fewest.accepts(value) for labels in list(series)], fewest
        return self.series(), None


def _accepts(matcher: Matcher, value: str, accepted: dict[str, bool]) -> bool:
    found = accepted.get(value)
    if found is None:
        found = accepted[value] = matcher.accepts(value)
    return found
