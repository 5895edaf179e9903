"""What queries give: by a slow oracle, by laws, and by Loki's rules for ranges, limits and errors."""

import math
from collections import defaultdict

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.logql import Engine, Limits, Streams, Work
from labkit.logql.failures import DeadlineError, EvaluationError, LimitError, PipelineError
from labkit.promql.result import Matrix, Scalar, Vector
from labkit.signals.labels import Labels
from labkit.signals.streams import StreamStore

S = 10**9
END = 119 * S


def values(engine: Engine, query: str, time: int = END) -> dict[str, float]:
    """The series of an instant answer, by their text."""
    found = engine.instant(query, time)
    assert isinstance(found, Vector)
    return {str(labels): value for labels, value in zip(found.labels, found.values.tolist(), strict=True)}


@pytest.fixture(scope="module")
def engine(store: StreamStore) -> Engine:
    return Engine(store)


# ── an oracle ─────────────────────────────────────────────────────────────────────────────────────

SELECTOR = '{app="x"}'
LINES = st.lists(st.tuples(st.integers(0, 200), st.sampled_from("ab"), st.integers(-5, 50)), min_size=1, max_size=40)


def filled(lines: list[tuple[int, str, int]]) -> StreamStore:
    store = StreamStore()
    for time, name, number in sorted(lines):
        store.write(Labels([("app", "x"), ("name", name)]), time * S, f"n={number} even={number % 2 == 0}")
    return store


@settings(max_examples=25, deadline=None)
@given(lines=LINES, length=st.integers(1, 90), step=st.integers(1, 40), offset=st.integers(-20, 20))
def test_counts_and_unwrapped_values_are_those_of_a_slow_oracle(
    lines: list[tuple[int, str, int]], length: int, step: int, offset: int
) -> None:
    engine = Engine(filled(lines))
    for op, compute in {
        "count_over_time": len, "rate": lambda found: len(found) / length,
        "sum_over_time": sum, "max_over_time": max, "min_over_time": min, "first_over_time": lambda found: found[0],
        "last_over_time": lambda found: found[-1], "avg_over_time": lambda found: sum(found) / len(found),
        "stddev_over_time": np.std, "quantile_over_time": lambda found: np.quantile(found, 0.3),
    }.items():  # fmt: skip
        unwrap = "" if op in ("count_over_time", "rate") else " | logfmt | drop even | unwrap n"
        level = "0.3, " if op.startswith("quantile") else ""
        found = engine.range(f"{op}({level}{SELECTOR}{unwrap} [{length}s] offset {offset}s)", 0, 200 * S, step * S)
        expected: dict[tuple[str, int], float] = {}
        for at in range(0, 201, step):
            windows = defaultdict(list)
            for time, name, number in sorted(lines):
                if at - offset - length < time <= at - offset:
                    windows[name].append(number)
            expected |= {(name, at): compute(numbers) for name, numbers in windows.items()}  # type: ignore[operator]
        got = {
            (labels.get("name"), int(time) // 1000): float(value)
            for labels, row, present in zip(found.labels, found.values, found.present, strict=True)
            for time, value, there in zip(found.times, row, present, strict=True) if there
        }  # fmt: skip
        assert got == pytest.approx(expected), op


@settings(max_examples=60, deadline=None)
@given(lines=LINES, text=st.sampled_from(["n=1", "even=True", "5", "z"]), regex=st.booleans(), forward=st.booleans())
def test_a_filter_and_its_opposite_part_the_lines(
    lines: list[tuple[int, str, int]], text: str, regex: bool, forward: bool
) -> None:
    engine = Engine(filled(lines))

    def taken(pipeline: str) -> list[tuple[int, str]]:
        found = engine.lines('{app="x"}' + pipeline, 0, 201 * S, limit=1000, forward=forward)
        return sorted(entry for entries in found.entries for entry in entries)

    yes, no = ("|~", "!~") if regex else ("|=", "!=")
    assert sorted(taken(f' {yes} "{text}"') + taken(f' {no} "{text}"')) == taken("")


@settings(max_examples=40, deadline=None)
@given(lines=LINES)
def test_a_sum_of_parts_is_the_whole(lines: list[tuple[int, str, int]]) -> None:
    engine = Engine(filled(lines))
    whole = values(engine, 'sum(count_over_time({app="x"}[1h]))', 200 * S)["{}"]
    for parts in (
        'sum by (name) (count_over_time({app="x"}[1h]))', 'sum by (n) (count_over_time({app="x"} | logfmt [1h]))',
        'sum without (name) (count_over_time({app="x"} | logfmt [1h]))', 'count_over_time({app="x"} | logfmt [1h])',
    ):  # fmt: skip
        assert sum(values(engine, parts, 200 * S).values()) == whole


@settings(max_examples=40, deadline=None)
@given(lines=LINES, limit=st.integers(1, 50))
def test_pages_join_to_all_lines_in_order(lines: list[tuple[int, str, int]], limit: int) -> None:
    engine = Engine(filled(lines))
    newest = engine.lines('{app="x"}', 0, 201 * S, limit=limit)
    oldest = engine.lines('{app="x"}', 0, 201 * S, limit=limit, forward=True)
    times = sorted(time for time, _, _ in lines)
    assert newest.count == oldest.count == min(limit, len(lines))
    assert sorted(time // S for entries in newest.entries for time, _ in entries) == times[-limit:]
    assert sorted(time // S for entries in oldest.entries for time, _ in entries) == times[:limit]
    assert all(entries == sorted(entries, key=lambda entry: -entry[0]) for entries in newest.entries)


# ── Loki's rules ──────────────────────────────────────────────────────────────────────────────────


def test_a_range_has_its_end_but_not_its_start(engine: Engine) -> None:
    assert values(engine, 'sum(count_over_time({app="api"}[10s]))', 20 * S) == {"{}": 10}
    assert values(engine, 'count_over_time({app="cache"}[10s])', 60 * S) == {'{app="cache"}': 1}
    assert values(engine, 'count_over_time({app="cache"}[10s])', 70 * S) == {}


def test_lines_have_the_start_but_not_the_end(engine: Engine) -> None:
    found = engine.lines('{app="api"}', 10 * S, 12 * S)
    assert sorted(time for entries in found.entries for time, _ in entries) == [10 * S, 11 * S]


@pytest.mark.parametrize(
    ("query", "series"),
    [
        ('sum by (level) (rate({app="api"}[1m]))', {'{level="error"}': 0.2, '{level="info"}': 0.8}),
        ('sum(rate({app="api"} | json | status >= 500 [1m])) / sum(rate({app="api"}[1m]))', {"{}": 0.2}),
        ('bytes_over_time({app="cache"}[5m])', {'{app="cache"}': 47}),
        ('bytes_rate({app="cache"} | line_format "four" [4m])', {'{app="cache"}': 4 / 240}),
        ('quantile_over_time(0.5, {app="api"} | json | unwrap duration(took) [2m]) by (level)',
         {'{level="error"}': 0.0575, '{level="info"}': 0.06}),
        ('max_over_time({app="api"} | json | unwrap bytes(size) [2m]) by ()', {"{}": 119_000}),
        ('topk(1, sum by (level) (rate({app="api"}[1m])))', {'{level="info"}': 0.8}),
        ('bottomk by (app) (1, count_over_time({app="api"}[1m]))', {'{app="api", level="error"}': 12}),
        ('avg(count_over_time({app="api"}[1m]))', {"{}": 30}), ('count(rate({app=~".+"}[2m]))', {"{}": 4}),
        ('stddev(count_over_time({app="api"}[1m]))', {"{}": 18}), ('stdvar(count_over_time({app="api"}[1m]))', {"{}": 324}),
        # ts differs from line to line: no series has the two samples of which a rate is made
        ('rate_counter({app="gateway"} | logfmt | unwrap bytes [1m]) > 0', {}),
        ('rate_counter({app="gateway"} | logfmt | drop ts | unwrap bytes [1m])',
         {'{app="gateway", method="GET", path="/a b"}': 10.0}),
        ('absent_over_time({app="none", level=~".+"}[1m])', {'{app="none"}': 1}), ('absent_over_time({app="api"}[1m])', {}),
        ("vector(1)+vector(1)", {"{}": 2}), ("vector(1) / vector(0) == 1", {}),
        ('sum(rate({app="api"}[1m])) > 5', {}), ('sum(rate({app="api"}[1m])) > bool 5', {"{}": 0}),
        ('sum by (level) (rate({app="api"}[1m])) and on (level) sum by (level) (rate({level="info"}[1m]))',
         {'{level="info"}': 0.8}),
        ('sum by (level) (rate({app="api"}[1m])) unless sum by (level) (rate({level="info"}[1m]))', {'{level="error"}': 0.2}),
        ('count_over_time({app="api"}[1m]) / on (app) group_left sum by (app) (count_over_time({app="api"}[1m]))',
         {'{app="api", level="error"}': 0.2, '{app="api", level="info"}': 0.8}),
        ('label_replace(count_over_time({app="cache"}[5m]), "kind", "$1-x", "app", "(ca).*")', {'{app="cache", kind="ca-x"}': 1}),
        ('count_over_time({app="api"}[1m] offset 90s)', {'{app="api", level="error"}': 6, '{app="api", level="info"}': 24}),
    ],
)  # fmt: skip
def test_a_metric_query_has_its_value(engine: Engine, query: str, series: dict[str, float]) -> None:
    assert values(engine, query) == pytest.approx(series)


def test_division_by_zero_is_not_a_number(engine: Engine) -> None:
    assert math.isnan(values(engine, "vector(1) / vector(0)")["{}"])
    assert math.isnan(values(engine, "vector(1) % 0")["{}"])


def test_numbers_are_a_scalar_and_over_a_range_a_line(engine: Engine) -> None:
    assert engine.instant("1 + 2 * 3", S) == Scalar(1000, 7.0)
    found = engine.range("2", 0, 4 * S, 2 * S)
    assert isinstance(found, Matrix)
    assert (found.labels, found.values.tolist(), found.times.tolist()) == ([Labels()], [[2, 2, 2]], [0, 2000, 4000])


def test_sort_gives_the_order_of_an_instant_answer(engine: Engine) -> None:
    levels = [
        [
            labels.get("level")
            for labels in engine.instant(f'{op}(sum by (level) (rate({{app="api"}}[1m])))', END).labels
        ]  # type: ignore[union-attr]
        for op in ("sort", "sort_desc")
    ]
    assert levels == [["error", "info"], ["info", "error"]]


def test_lines_of_one_pipeline_are_grouped_by_what_it_makes_of_labels(engine: Engine) -> None:
    found = engine.lines('{app="api"} | json | keep status', 0, 10 * S)
    assert [(dict(labels), len(entries)) for labels, entries in zip(found.labels, found.entries, strict=True)] == [
        ({"status": "200"}, 8), ({"status": "500"}, 2),
    ]  # fmt: skip


def test_an_interval_keeps_lines_apart(engine: Engine) -> None:
    found = engine.lines('{app="gateway"}', 0, 60 * S, interval=20 * S, forward=True)
    assert [time // S for time, _ in found.entries[0]] == [0, 20, 40]


def test_a_metric_query_fails_on_a_line_it_cannot_read_unless_it_says_otherwise(engine: Engine) -> None:
    with pytest.raises(PipelineError, match="pipeline error: 'JSONParserErr' for series: "):
        engine.instant('rate({app="cache"} | json [5m])', END)
    with pytest.raises(PipelineError, match="SampleExtractionErr"):
        engine.instant('sum_over_time({app="gateway"} | logfmt | unwrap method [5m])', END)
    assert values(engine, 'rate({app="cache"} | json | __error__="" [5m])') == {}
    assert values(engine, 'sum_over_time({app="gateway"} | logfmt | unwrap method | __error__="" [5m])') == {}
    assert len(values(engine, 'rate({app="cache"} | json | drop __error__, __error_details__ [5m])')) == 1


def test_a_log_query_is_no_instant_query(engine: Engine) -> None:
    with pytest.raises(EvaluationError, match="log queries are not supported as an instant query type"):
        engine.instant('{app="api"}', END)


def test_many_to_many_is_refused(engine: Engine) -> None:
    with pytest.raises(EvaluationError, match="many-to-many matching not allowed"):
        engine.instant('rate({app="api"}[1m]) / on (app) rate({app="api"}[1m])', END)


def wide(number: int) -> Engine:
    store = StreamStore()
    for index in range(number):
        line = orjson.dumps({"id": str(index)}).decode()
        store.write(Labels([("app", "x"), ("pod", f"p{index % 10_000}")]), index * 1000, line)
    return Engine(store)


def test_ten_thousand_values_of_a_label_are_too_many_series_but_can_be_summed() -> None:
    engine = wide(10_000)
    with pytest.raises(LimitError, match=r"maximum number of series \(500\) reached for a single query"):
        engine.instant('count_over_time({app="x"}[1m])', S)
    with pytest.raises(LimitError, match="maximum number of series"):
        engine.range('count_over_time({app="x"} | json [1m])', 0, S, S)
    assert values(engine, 'sum(count_over_time({app="x"} | json [1m]))', S) == {"{}": 10_000}
    assert values(engine, 'topk(1, sum by (pod) (count_over_time({app="x"}[1m])))', S)


def test_points_cells_and_time_have_limits(engine: Engine) -> None:
    with pytest.raises(LimitError, match="exceeded maximum resolution of 11,000 points"):
        engine.range('rate({app="api"}[1m])', 0, 11_001 * S, S)
    with pytest.raises(LimitError, match="would hold 2 series of 100 values"):
        engine.range('rate({app="api"}[1m])', 0, 99 * S, S, Work(Limits(cells=199)))
    with pytest.raises(DeadlineError, match="request timed out"):
        wide(5_000).lines('{app="x"} |= "none"', 0, S, work=Work(expired=lambda: True))


def test_what_was_read_is_counted(engine: Engine) -> None:
    work = Work()
    found = engine.lines('{app="cache"}', 0, END, work=work)
    assert isinstance(found, Streams)
    assert (work.streams, work.lines, work.bytes) == (1, 1, 47)


def test_an_answer_has_a_size(engine: Engine) -> None:
    small = Work(Limits(size=1_000))
    with pytest.raises(LimitError, match="larger than 1000 bytes"):
        engine.lines('{app="api"} | line_format `{{ repeat 200 "x" }}`', 0, END, work=small)
    with pytest.raises(LimitError, match="larger than 1000 bytes"):
        engine.instant(
            'rate({app="api"} | label_format x=`{{ repeat 200 "x" }}{{ __line__ }}` [2m])',
            END,
            Work(Limits(size=1_000)),
        )


HEAVY = "| line_format `{{ range 20000 }}{{ end }}`"


@pytest.mark.parametrize("query", [f"{SELECTOR} {HEAVY}", f"count_over_time({SELECTOR} {HEAVY} [10m])"])
def test_the_time_is_looked_at_between_lines_that_take_long(query: str) -> None:
    looks = iter([False, False, True])
    work = Work(expired=lambda: next(looks))
    engine = Engine(filled([(second, "a", 1) for second in range(100)]))
    with pytest.raises(DeadlineError):
        engine.instant(query, END, work) if "over_time" in query else engine.lines(query, 0, END, work=work)


def test_json_nested_too_deeply_is_json_that_cannot_be_read() -> None:
    store = StreamStore()
    store.write(Labels([("app", "x")]), S, '{"a":' * 1000 + "1" + "}" * 1000)
    store.write(Labels([("app", "x")]), 2 * S, '{"a":' + "[" * 500 + "]" * 500 + "}")
    engine = Engine(store)
    for stage, failed in (("json", 1), ('json b="a"', 2)):
        found = engine.lines(f'{SELECTOR} | {stage} | __error__="JSONParserErr"', 0, END)
        assert found.count == failed


@pytest.mark.parametrize("op", ["quantile_over_time(0.5, ", "stddev_over_time("])
def test_the_time_is_looked_at_between_windows(op: str) -> None:
    store = StreamStore()
    for second in range(1000):  # fewer lines than are read between two looks
        store.write(Labels([("app", "x"), ("n", "1")]), second * S, "line")
    query = f"{op}{SELECTOR} | unwrap n [1h]) by (app)"
    with pytest.raises(DeadlineError):
        Engine(store).range(query, 0, 1000 * S, S, work=Work(expired=lambda: True))
