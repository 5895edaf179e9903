"""An index finds what going through all series would find."""

from hypothesis import given
from hypothesis import strategies as st

from labkit.signals.index import Index
from labkit.signals.labels import Labels
from labkit.signals.matcher import Match, Matcher

NAMES, TEXTS = st.sampled_from(["__name__", "job", "x"]), st.sampled_from(["", "a", "b", "ab"])
SERIES = st.builds(lambda pairs: Labels(pairs.items()), st.dictionaries(NAMES, TEXTS))
MATCHERS = st.builds(
    Matcher, NAMES, st.sampled_from(Match), TEXTS | st.sampled_from([".*", ".+", "a|b", "a?", "[^a]*"]).map(str)
)


@given(st.lists(SERIES), st.lists(SERIES), st.lists(MATCHERS, max_size=4))
def test_as_a_scan_would_find(added: list[Labels], discarded: list[Labels], matchers: list[Matcher]) -> None:
    index = Index()
    for labels in added:
        index.add(labels)
    for labels in discarded:
        index.discard(labels)
    left = {labels for labels in added if labels not in discarded}
    found = index.matching(matchers)
    assert sorted(found) == sorted(labels for labels in left if all(one.matches(labels) for one in matchers))
    assert index.names() == sorted({name for labels in left for name, _ in labels})
    assert index.values("job") == sorted({labels.get("job") for labels in left} - {""})
    assert len(index) == len(left)


def test_a_regex_is_matched_against_values_and_not_against_series() -> None:
    index = Index()
    for number in range(1000):
        index.add(Labels([("__name__", "m"), ("code", str(number % 4)), ("n", str(number))]))
    asked: list[str] = []

    class Counting(Matcher):
        def accepts(self, value: str) -> bool:
            asked.append(value)
            return super().accepts(value)

    found = index.matching([Matcher("__name__", Match.EQUAL, "m"), Counting("code", Match.REGEX, "1|2")])
    assert len(found) == 500
    assert len(asked) == 4


def test_what_is_found_does_not_depend_on_chance() -> None:
    """Order is that of coming, so that equal worlds answer in equal order."""
    index = Index()
    series = [Labels([("__name__", name), ("x", x)]) for x in "ba" for name in ("n", "m")]
    for labels in series:
        index.add(labels)
    assert index.matching([]) == series
    assert index.matching([Matcher("x", Match.REGEX, "a|b")]) == series
