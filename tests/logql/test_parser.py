"""The grammar: what is written is read back, what Loki's documentation shows is understood, what is wrong has a place."""

import itertools

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from labkit.errors import QueryError
from labkit.logql import Engine, parse, parse_selector
from labkit.logql import syntax as s
from labkit.logql.failures import ParseError
from labkit.logql.tokens import tokens
from labkit.signals.matcher import Match, Matcher
from labkit.signals.streams import StreamStore

NAMES = st.sampled_from(["app", "level", "rate", "sum", "status_code", "__error__", "Über"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DURATIONS = st.integers(1, 10**14)
RANGES = st.integers(1, 10**8).map(lambda millis: millis * 10**6)
VALUES = st.floats(0, 1e12, allow_nan=False).map(abs)
MATCHERS = st.one_of(
    st.builds(Matcher, NAMES, st.sampled_from([Match.EQUAL, Match.NOT_EQUAL]), TEXTS),
    st.builds(Matcher, NAMES, st.sampled_from([Match.REGEX, Match.NOT_REGEX]), st.sampled_from(["a.+", r"\d", "x|y"])),
)
SELECTORS = st.lists(MATCHERS, max_size=2).map(lambda more: (Matcher("app", Match.REGEX, ".+"), *more))

LEAVES = st.one_of(
    st.builds(s.TextCondition, MATCHERS),
    st.builds(s.AmountCondition, NAMES, st.sampled_from(["==", "!=", ">", "<="]), st.just("number"), VALUES),
    st.builds(s.AmountCondition, NAMES, st.just(">="), st.just("duration"), DURATIONS.map(float)),
    st.builds(s.AmountCondition, NAMES, st.just("<"), st.just("bytes"), st.integers(0, 10**9).map(float)),
    st.builds(s.AddressCondition, NAMES, st.sampled_from(["=", "!="]), st.just("10.0.0.0/8")),
)
CONDITIONS = st.recursive(
    LEAVES, lambda inner: st.builds(s.BothConditions, st.sampled_from(["and", "or"]), inner, inner), max_leaves=4
)
FIELDS = st.lists(st.tuples(NAMES, st.sampled_from(["a", 'b["c d"]', "e.f[0]"])), max_size=2).map(tuple)
KEYS = st.lists(st.tuples(NAMES, st.sampled_from(["a", "b"])), max_size=2).map(tuple)
SOUGHT = st.one_of(st.builds(s.Sought, TEXTS), st.just(s.Sought("10.1.2.3-10.1.2.9", address=True)))
STAGES = st.one_of(
    st.builds(s.LineFilter, st.sampled_from(["|=", "!="]), st.lists(SOUGHT, min_size=1, max_size=3).map(tuple)),
    st.builds(s.LineFilter, st.sampled_from(["|~", "!~"]), st.just((s.Sought("a+ \\d"), s.Sought("x")))),
    st.builds(s.LineFilter, st.sampled_from(["|>", "!>"]), st.just((s.Sought('<_> "b" <_>'),))),
    st.builds(s.Json, FIELDS),
    st.builds(s.Logfmt, st.booleans(), st.booleans(), KEYS),
    st.sampled_from([s.Extract("regexp", r"(?P<a>\w+)"), s.Extract("pattern", "<a> <_>"), s.Plain("unpack")]),
    st.builds(s.LabelFilter, CONDITIONS),
    st.builds(s.LineFormat, st.sampled_from(["{{.a}} `b`", "x\ny"])),
    st.builds(s.Assignment, st.just("b"), st.sampled_from(["c", "d"]), st.booleans()).map(
        lambda a: s.LabelFormat((a,))
    ),
    st.builds(s.Sift, st.sampled_from(["drop", "keep"]), st.lists(NAMES | MATCHERS, min_size=1, max_size=3).map(tuple)),
)


def unambiguous(stages: tuple[s.Stage, ...]) -> bool:
    """Whether no ``drop a`` stands before ``!= "x"``: together they say ``drop a!="x"``, in Loki too."""
    return not any(
        isinstance(left, s.Sift) and isinstance(left.labels[-1], str) and isinstance(right, s.LineFilter)
        for left, right in itertools.pairwise(stages)
    )


LOGS = st.builds(s.LogQuery, SELECTORS, st.lists(STAGES, max_size=3).map(tuple).filter(unambiguous))
GROUPINGS = st.builds(s.Grouping, st.booleans(), st.lists(NAMES, max_size=2).map(tuple))
OFFSETS = st.one_of(st.just(0), DURATIONS, DURATIONS.map(lambda duration: -duration))
UNWRAPS = st.builds(
    s.Unwrap,
    NAMES,
    st.sampled_from(["", "bytes", "duration", "duration_seconds"]),
    st.lists(CONDITIONS, max_size=2).map(tuple),
)
LEAF_QUERIES = st.one_of(
    st.builds(s.RangeAggregation, st.sampled_from(["rate", "bytes_over_time"]), st.builds(s.LogRange, LOGS, RANGES, OFFSETS)),
    st.builds(
        s.RangeAggregation, st.just("quantile_over_time"), st.builds(s.LogRange, LOGS, RANGES, OFFSETS, UNWRAPS),
        st.floats(0, 1), st.none() | GROUPINGS,
    ),
    st.builds(s.Literal, VALUES, st.just(True)),
)  # fmt: skip
MATCHINGS = st.one_of(
    st.builds(s.Matching, st.booleans()),
    st.builds(
        s.Matching, st.booleans(), st.booleans(), st.lists(NAMES, max_size=2).map(tuple), st.sampled_from(["left", "right"]),
        st.lists(NAMES, max_size=2).map(tuple),
    ),
)  # fmt: skip
METRICS = st.recursive(
    LEAF_QUERIES,
    lambda inner: st.one_of(
        st.builds(
            s.VectorAggregation, st.sampled_from(["sum", "avg", "count"]), inner, st.none(), st.none() | GROUPINGS
        ),
        st.builds(s.VectorAggregation, st.just("topk"), inner, st.integers(1, 9), st.none() | GROUPINGS),
        st.builds(s.BinaryOperation, st.sampled_from(["+", "/", "^", ">", "and", "or"]), inner, inner, MATCHINGS),
        st.builds(s.LabelReplace, inner, NAMES, TEXTS, NAMES, st.just("(.*)")),
    ),
    max_leaves=4,
)


@given(query=LOGS | METRICS)
def test_what_is_written_is_read_back(query: s.Query) -> None:
    assert parse(str(query)) == query


@given(text=st.text(max_size=40) | st.lists(st.sampled_from([
    "{", "}", "(", ")", "[5m]", "app", "=", '"x"', "|=", "|", "json", "rate", "sum", "by", "or", "unwrap", ",", "5m", "1", "-",
    "offset", "0x10", "quantile_over_time", "vector", "ip", "on", "group_left", "!=", '{app="a"}', "topk", "label_replace", "--strict", "`", "#", "\n",
]), max_size=14).map(" ".join))  # fmt: skip
def test_what_is_wrong_is_an_error_with_its_place(text: str) -> None:
    failure = None
    try:
        parse(text)
    except ParseError as error:
        failure = error
    if failure is not None:
        assert 1 <= failure.line <= text.count("\n") + 1
        assert 1 <= failure.column <= len(text) + 1


@pytest.mark.parametrize(
    ("query", "reason", "line", "column"),
    [
        ("", "syntax error: unexpected $end", 1, 1),
        ('unk({ foo = "bar" }[5m])', "syntax error: unexpected IDENTIFIER", 1, 1),
        ('{foo="bar"', "syntax error: unexpected $end, expecting } or ,", 1, 11),
        ('{foo="bar"} |~', "syntax error: unexpected $end, expecting STRING or ip", 1, 15),
        ('{foo="bar"} "foo"', "syntax error: unexpected STRING", 1, 13),
        ('{foo="bar"} foo', "syntax error: unexpected IDENTIFIER", 1, 13),
        ('{foo="bar}', "literal not terminated", 1, 6),
        ("{foo=bar}", "syntax error: unexpected IDENTIFIER, expecting STRING", 1, 6),
        ('rate({ foo = "bar" }[5minutes])', 'unknown unit "minutes" in duration "5minutes"', 1, 21),
        ('rate({ foo = "bar" }[5)', "missing closing ']' in duration", 1, 21),
        ('sum(3 ,count_over_time({foo="bar"}[5h]))', "unsupported parameter for operation sum(3,", 1, 5),
        ('topk(count_over_time({foo="bar"}[5h]))', "parameter required for operation topk", 1, 1),
        ('bottomk(1.2, count_over_time({foo="bar"}[5h]))', "invalid parameter bottomk(1.2,", 1, 9),
        ('topk(0, count_over_time({foo="bar"}[5h]))', "invalid parameter (must be greater than 0) topk(0", 1, 6),
        ('rate({foo="bar"}[5m]) by (x)', "grouping not allowed for rate aggregation", 1, 1),
        ('sum_over_time({foo="bar"}[5m])', "invalid aggregation sum_over_time without unwrap", 1, 1),
        ('count_over_time({foo="bar"} | unwrap x [5m])', "invalid aggregation count_over_time with unwrap", 1, 1),
        ('quantile_over_time({foo="bar"} | unwrap x [5m])', "parameter required for operation quantile_over_time", 1, 1),
        ('sum_over_time(50,{namespace="tns"} | unwrap latency [5m])',
         "parameter 50 not supported for operation sum_over_time", 1, 1),
        ('quantile_over_time(foo,{namespace="tns"} |= "level=error" [5m])',
         "syntax error: unexpected IDENTIFIER, expecting NUMBER or { or (", 1, 20),
        ("vector(abc)", "syntax error: unexpected IDENTIFIER, expecting NUMBER", 1, 8),
        ('{foo="bar"} + rate({foo="bar"}[5m])',
         "unexpected type for left leg of binary operation (+): *syntax.MatchersExpr", 1, 13),
        ('rate({foo="bar"}[5m]) or 1', "unexpected literal for right leg of logical/set binary operation (or): 1.000000", 1, 23),
        ('{foo="bar"}\n  | json\n  | regexp "x"', "at least one named capture must be supplied", 3, 3),
        ('{foo="bar"} | pattern "<a><b>"', "found consecutive capture '<a><b>'", 1, 13),
        ('{foo="bar"} |~ "("', "error parsing regexp: missing )", 1, 13),
        ('{foo=~"("}', "error parsing regexp: missing )", 1, 7),
        ('{foo="bar"} | line_format "{{.a"', "invalid line template", 1, 13),
        ('{foo="bar"} | label_format __error__="x"', "__error__ cannot be formatted", 1, 13),
        ('{foo="bar"} | addr=ip("nowhere")', "is no address", 1, 13),
        ('label_replace(vector(1),"a","b","c","(")', "invalid regex in label_replace", 1, 1),
        ('rate({foo="bar"}[5m]) > 0x10', 'unable to parse literal as a float: strconv.ParseFloat: parsing "0x10"', 1, 25),
        ("(" * 400, "too many operators and parentheses", 1, 151),
        ('{a="b"} | ' + " or ".join(["x=1"] * 400), "too many operators and parentheses", 1, 1068),
    ],
)  # fmt: skip
def test_an_error_says_what_and_where_in_lokis_words(query: str, reason: str, line: int, column: int) -> None:
    with pytest.raises(ParseError) as caught:
        parse(query)
    assert reason in caught.value.reason
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.what.startswith(f"parse error at line {line}, col {column}: ")


@pytest.mark.parametrize("selector", ["{}", '{app=~".*"}', '{app!="a"}', '{app=~"a?", level=""}'])
def test_a_selector_of_everything_is_refused(selector: str) -> None:
    with pytest.raises(ParseError, match="at least one regexp or equality matcher"):
        parse(selector)


def test_a_query_longer_than_lokis_limit_is_refused() -> None:
    with pytest.raises(ParseError, match=r"input size too long \(131072 > 131072\)"):
        parse("{" + "a" * 131_071)


@pytest.mark.parametrize(
    "query",
    [  # of Loki's documentation
        '{container="query-frontend",namespace="loki-dev"} |= "metrics.go" | logfmt | duration > 10s and throughput_mb < 500',
        '{name="cassandra"} |~  `error=\\w+`',
        '{job="mysql"} |= "error" != "timeout"',
        '{job="mysql"} |= "error" | json | line_format "{{.err}}"',
        '{container="frontend"} | logfmt | line_format "{{.ip}} {{.status}} {{div .duration 1000}}"',
        '{job="varlogs"}|json|drop level, path, app=~"some-api.*"',
        '{job="varlogs"}|json|keep level, method="GET"',
        '{job_name="myapp"} | logfmt | addr = ip("192.168.4.5/16") or other != ip("::1")',
        'sum by (host) (rate({job="mysql"} |= "error" != "timeout" | json | duration > 10s [1m]))',
        'quantile_over_time(0.99, {cluster="ops-tools1",container="ingress-nginx"} | json | __error__ = "" '
        "| unwrap request_time [1m]) by (path)",
        'sum by (org_id) (sum_over_time({cluster="c"} |= "m" | logfmt | unwrap bytes_processed(x) [1m]))'.replace(
            "bytes_processed(x)", "bytes(x)"
        ),
        'topk(10, sum by (name) (rate({region="us-east1"}[5m])))',
        'sum without(app) (count_over_time({app="foo"}[5m])) > bool on(x) group_left(y) sum(rate({a="b"}[1m] offset -5m))',
        'first_over_time({app="foo"} | unwrap duration_seconds(latency) | __error__="" [5m] offset 1h) without (pod)',
        'rate(({app="foo"} |= "bar" | json)[5m])',
        'rate({app="foo"}[5m] |= "bar")',
        'rate(({app="foo"}[5m] offset 1m | unwrap x))',
        '{app="foo"} # a comment\n|= "x" or "y" |> "<_>a<_>" !> "<_>b"',
    ],
)  # fmt: skip
def test_what_the_documentation_shows_is_understood(query: str) -> None:
    tree = parse(query)
    assert parse(str(tree)) == tree


def test_operators_bind_as_in_promql() -> None:
    assert parse("1 + 2 * 3 ^ 2 ^ 1 == 4 or vector(5)".replace("1 +", "vector(1) +")) == parse(
        "((vector(1) + (2 * (3 ^ (2 ^ 1)))) == 4) or vector(5)"
    )


def test_and_binds_closer_than_or_in_label_filters() -> None:
    assert parse('{a="b"} | x=1 or y=2 and z=3, w=4') == parse('{a="b"} | (x=1 or ((y=2 and z=3) and w=4))')


def test_names_of_functions_are_labels_where_they_are_not_called() -> None:
    assert [token.kind for token in tokens("rate rate( RATE by (x) sum")] == [
        "IDENTIFIER", "RATE", "(", "RATE", "by", "(", "IDENTIFIER", ")", "IDENTIFIER", "$end",
    ]  # fmt: skip


def test_only_a_selector_is_a_selector() -> None:
    assert parse_selector('{app="a"}') == (Matcher("app", Match.EQUAL, "a"),)
    with pytest.raises(ParseError, match="only label matchers are supported"):
        parse_selector('{app="a"} |= "x"')


@settings(deadline=None)
@given(query=LOGS | METRICS)
def test_whatever_is_read_has_an_answer_or_an_error_of_ours(store: StreamStore, query: s.Query) -> None:
    engine, text = Engine(store), str(query)
    try:
        if isinstance(query, s.LogQuery):
            assert engine.lines(text, 0, 120 * 10**9).count <= 100
        else:
            engine.instant(text, 60 * 10**9)
            assert len(engine.range(text, 0, 120 * 10**9, 7 * 10**9).times) == 18
    except QueryError as error:
        event(type(error).__name__)
