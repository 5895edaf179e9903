"""Spans: what a search finds, against a filter that looks at all of them."""

import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.signals.spans import Dependency, Event, Span, SpanQuery, SpanStore, dependencies

SERVICES = ("api", "worker")
OPERATIONS = ("GET /", "work")
VALUES = ("true", "7", "7.5", "x", True, 7, 7.5)


@st.composite
def drawn_spans(draw: st.DrawFn) -> list[Span]:
    """Spans of few traces, services and values, so that many queries find some."""
    tags = st.dictionaries(st.sampled_from("abc"), st.sampled_from(VALUES), max_size=2)
    count = draw(st.integers(0, 25))
    return [
        Span(
            trace_id=f"{draw(st.integers(1, 6)):032x}", span_id=f"{number:016x}",
            parent_id=draw(st.sampled_from(["", f"{draw(st.integers(0, 30)):016x}"])),
            service=draw(st.sampled_from(SERVICES)), operation=draw(st.sampled_from(OPERATIONS)),
            start=draw(st.integers(0, 20)), duration=draw(st.integers(0, 9)), tags=draw(tags), process=draw(tags),
            events=tuple(Event(time=0, fields=fields) for fields in draw(st.lists(tags, max_size=1))),
        )
        for number in range(count)
    ]  # fmt: skip


queries = st.builds(
    SpanQuery,
    service=st.sampled_from((*SERVICES, "nobody")),
    start=st.integers(-1, 20),
    end=st.integers(-1, 21),
    operation=st.sampled_from((None, *OPERATIONS)),
    tags=st.dictionaries(st.sampled_from("abc"), st.sampled_from(("true", "7", "7.5", "x", "")), max_size=2),
    shortest=st.none() | st.integers(0, 9),
    longest=st.none() | st.integers(0, 9),
    limit=st.integers(-1, 7),
)


def filled(spans: list[Span]) -> SpanStore:
    store = SpanStore()
    for span in spans:
        store.add(span)
    return store


def text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def matches(span: Span, query: SpanQuery) -> bool:
    """What a query says, word by word."""
    everywhere = [*span.tags.items(), *span.process.items()]
    for event in span.events:
        everywhere += event.fields.items()
    said = {(key, text(value)) for key, value in everywhere}
    return (
        span.service == query.service
        and query.start <= span.start <= query.end
        and (query.operation is None or span.operation == query.operation)
        and (query.shortest is None or query.shortest <= span.duration)
        and (query.longest is None or span.duration <= query.longest)
        and set(query.tags.items()) <= said
    )


@settings(max_examples=300, deadline=None)
@given(spans=drawn_spans(), query=queries)
def test_a_search_finds_what_looking_at_every_span_finds(spans: list[Span], query: SpanQuery) -> None:
    traces: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.start, span.span_id)):
        traces.setdefault(span.trace_id, []).append(span)
    found = [trace for trace in traces.values() if any(matches(span, query) for span in trace)]
    newest = sorted(found, key=lambda trace: (trace[0].start, trace[0].trace_id), reverse=True)
    assert filled(spans).search(query) == newest[: max(0, query.limit)]


@settings(max_examples=100, deadline=None)
@given(spans=drawn_spans(), start=st.integers(0, 20), length=st.integers(0, 20))
def test_the_store_gives_back_what_it_took(spans: list[Span], start: int, length: int) -> None:
    store = filled(spans)
    assert store.spans(start, start + length) == sorted(
        (span for span in spans if start <= span.start < start + length), key=lambda span: (span.start, span.span_id)
    )
    assert store.services() == sorted({span.service for span in spans})
    for service in SERVICES:
        assert store.operations(service) == sorted({(s.operation, s.kind) for s in spans if s.service == service})
    for span in spans:
        assert span in store.trace(span.trace_id)
    assert store.trace("f" * 32) == []


@settings(max_examples=100, deadline=None)
@given(spans=drawn_spans())
def test_dependencies_count_each_child_once(spans: list[Span]) -> None:
    """By a loop over all pairs."""
    counts: dict[tuple[str, str], int] = {}
    for child in spans:
        for parent in spans:
            if (child.trace_id, child.parent_id) == (parent.trace_id, parent.span_id):
                counts[parent.service, child.service] = counts.get((parent.service, child.service), 0) + 1
    assert dependencies(spans) == [
        Dependency(parent=parent, child=child, call_count=count) for (parent, child), count in sorted(counts.items())
    ]


def test_a_reader_sees_whole_traces_while_another_thread_writes() -> None:
    store, done = SpanStore(), threading.Event()
    query = SpanQuery(service="api", start=0, end=10**9, limit=5)

    def write() -> None:
        for number in range(4_000):
            # Every other one late, so that spans are put in between.
            start = number if number % 2 else number // 2
            store.add(
                Span(trace_id=f"{number:032x}", span_id=f"{number:016x}", service="api", operation="x", start=start, duration=1)
            )  # fmt: skip
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        starts = [trace[0].start for trace in store.search(query)]
        assert starts == sorted(starts, reverse=True)
        every = [span.start for span in store.spans(0, 10**9)]
        assert every == sorted(every)
    writer.join()
    assert len(store.spans(0, 10**9)) == 4_000
