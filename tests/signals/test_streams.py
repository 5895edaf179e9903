"""The store of log streams: what is selected, in which order, and by a reader beside a writer."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.signals.labels import Labels
from labkit.signals.matcher import Match, Matcher
from labkit.signals.streams import StreamStore

NAMES = st.sampled_from(["app", "pod"])
LABELS = st.dictionaries(NAMES, st.sampled_from("abc"), min_size=1).map(lambda pairs: Labels(pairs.items()))
MATCHERS = st.lists(
    st.builds(Matcher, NAMES, st.sampled_from(Match), st.sampled_from(["", "a", "b", "a|c"])), max_size=3
)


def filled(lines: list[tuple[Labels, int]]) -> StreamStore:
    store = StreamStore()
    for number, (labels, time) in enumerate(sorted(lines, key=lambda line: line[1])):
        store.write(labels, time, str(number))
    return store


@given(lines=st.lists(st.tuples(LABELS, st.integers(0, 20)), max_size=20), matchers=MATCHERS, start=st.integers(0, 20),
       length=st.integers(0, 20))  # fmt: skip
def test_a_selection_is_what_matches_within_the_range(
    lines: list[tuple[Labels, int]], matchers: list[Matcher], start: int, length: int
) -> None:
    store, end = filled(lines), start + length
    found = store.select(matchers, start, end)
    expected = {
        labels: sorted(time for other, time in lines if other == labels and start <= time < end)
        for labels, _ in lines if all(matcher.matches(labels) for matcher in matchers)
    }  # fmt: skip
    assert {stream.labels: stream.times.tolist() for stream in found} == {k: v for k, v in expected.items() if v}
    assert [stream.labels for stream in found] == sorted(stream.labels for stream in found)
    assert [stream.labels for stream in found] == store.streams(matchers, start, end)
    assert all(len(stream.times) == len(stream.lines) for stream in found)


@given(lines=st.lists(st.tuples(LABELS, st.integers(0, 20)), min_size=1, max_size=10))
def test_equal_stores_have_equal_digests_and_others_others(lines: list[tuple[Labels, int]]) -> None:
    one, same, other = filled(lines), filled(lines), filled(lines)
    one.select([], 0, 100)
    other.write(lines[0][0], 99, "more")
    assert one.digest() == same.digest() != other.digest()


def test_times_of_a_stream_do_not_fall() -> None:
    store = filled([(Labels([("app", "a")]), 5)])
    with pytest.raises(ValueError, match="before the last"):
        store.write(Labels([("app", "a")]), 4, "late")
    assert store.last(Labels([("app", "a")])) == 5
    assert store.last(Labels([("app", "b")])) is None


def test_a_reader_beside_a_writer_sees_whole_streams() -> None:
    store, failures, done = StreamStore(), [], threading.Event()

    def read() -> None:
        while not done.is_set():
            found = store.select([Matcher("app", Match.REGEX, ".+")], 0, 10**9)
            failures.extend(one.labels for one in found if list(map(str, one.times)) != list(one.lines))

    reader = threading.Thread(target=read)
    reader.start()
    for time in range(20_000):
        store.write(Labels([("app", str(time % 50)), ("pod", str(time % 300))]), time, str(time))
    done.set()
    reader.join()
    assert not failures
