"""Reading queries: what is malformed is named with its place, and what is not keeps its meaning when printed."""

import contextlib

import promql_parser as ast
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.promql import Engine, Options
from labkit.promql.failures import MalformedQueryError, UnsupportedError
from labkit.promql.parsing import nodes, parse, parsed
from labkit.promql.reading import string_bytes
from labkit.signals.samples import SampleStore

PLAIN = Options(experimental=False)


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("a b", '1:3: parse error: unexpected identifier "b"'),
        ("a +", "1:4: parse error: unexpected end of input"),
        ("sum by x", '1:8: parse error: unexpected identifier "x" in grouping opts, expected "("'),
        ("sum(a) by (b c)", '1:14: parse error: unexpected identifier "c" in grouping opts, expected "," or ")"'),
        ("sum", None),
        ("sum(a, b)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2"),
        ("a{", "1:3: parse error: unexpected end of input inside braces"),
        ("a{b}", '1:4: parse error: unexpected "}" in label matching, expected label matching operator'),
        ("a{b=c}", '1:5: parse error: unexpected identifier "c" in label matching, expected string'),
        ("a{1}", "1:3: parse error: unexpected character inside braces: '1'"),
        ('a{b="c" d="e"}', '1:9: parse error: unexpected identifier "d" in label matching, expected "," or "}"'),
        ('a{b="c" or d="e"}', '1:9: parse error: unexpected identifier "or" in label matching, expected "," or "}"'),
        ('a{b="c}', "1:5: parse error: unterminated quoted string"),
        ('a{b=~"("}', "1:1: parse error: error parsing regexp: missing ): ("),
        ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ('{a=~".*"}', "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ('a{__name__="b"}', '1:1: parse error: metric name must not be set twice: "a" or "b"'),
        ("a[5m", "1:5: parse error: unclosed left bracket"),
        ("a[", "1:3: parse error: unexpected end of input in duration expression"),
        ("a[5m5s5m]", '1:3: parse error: not a valid duration string: "5m5s5m"'),
        ("a[0s]", "1:3: parse error: duration must be greater than 0"),
        ("a[-5m]", "1:4: parse error: duration must be greater than 0"),
        ("a[5]m", '1:5: parse error: unexpected identifier "m"'),
        ("sum(a)[5m]", "1:7: parse error: ranges only allowed for vector selectors"),
        ("a offset", "1:9: parse error: unexpected end of input in offset, expected number or duration"),
        ("1 offset 5m", "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"),
        ("a offset 5m offset 5m", "1:1: parse error: offset may not be set multiple times"),
        ("a @ x", '1:5: parse error: unexpected identifier "x" in @, expected timestamp'),
        ("a @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"),
        ("5x", '1:1: parse error: bad number or duration syntax: "5x"'),
        ("a $ b", "1:3: parse error: unexpected character: '$'"),
        ("(a", "1:3: parse error: unclosed left parenthesis"),
        ("a)", "1:2: parse error: unexpected right parenthesis ')'"),
        ("rate(a[5m],)", "1:11: parse error: trailing commas not allowed in function call args"),
        ("foo(a)", '1:1: parse error: unknown function with name "foo"'),
        ("step()", '1:1: parse error: unknown function with name "step"'),
        ("time(1)", '1:1: parse error: expected 0 argument(s) in call to "time", got 1'),
        ("label_join(a, 'b')", '1:1: parse error: expected at least 3 argument(s) in call to "label_join", got 2'),
        ("round(a, 1, 2)", '1:1: parse error: expected at most 2 argument(s) in call to "round", got 3'),
        ("sum(\n  rate(a)\n)", '2:8: parse error: expected type range vector in call to function "rate", got instant vector'),
        ("1 + rate(a)", '1:10: parse error: expected type range vector in call to function "rate", got instant vector'),
        ("é + 1", "1:1: parse error: unexpected character: 'é'"),
        ("'é' + 1", "1:1: parse error: binary expression must contain only scalar and instant vector types"),
        ("1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"),
        ("a + bool b", "1:3: parse error: bool modifier can only be used on comparison operators"),
        ("a and 1", '1:1: parse error: set operator "and" not allowed in binary scalar expression'),
        ("a or on(x) group_left b", '1:1: parse error: no grouping allowed for "or" operation'),
        ("a + on(x) 1", "1:1: parse error: vector matching only allowed between instant vectors"),
        ("a + on(x) group_left(x) b", '1:3: parse error: label "x" must not occur in ON and GROUP clause at once'),
        ("-a[5m]", '1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "range vector"'),
        ("topk('3', a)", "1:6: parse error: expected type scalar in aggregation parameter, got string"),
        ("limitk(3, a)", "1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions"),
        ("1 + mad_over_time(a[5m])", '1:5: parse error: function "mad_over_time" is not enabled'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_upstreams_words(query: str, what: str | None) -> None:
    if what is None:
        assert parsed(query, PLAIN)
        return
    with pytest.raises(MalformedQueryError) as caught:
        parsed(query, PLAIN)
    assert caught.value.what == what


def test_a_place_is_counted_in_characters_and_a_column_in_bytes() -> None:
    with pytest.raises(MalformedQueryError) as caught:
        parsed("count_values('é', rate(a))")
    assert caught.value.position == 23
    assert caught.value.what.startswith("1:25: ")


@pytest.mark.parametrize("query", ["a[1m + 1m]", "a[2 * 5m:1m]", "a offset (1m + 1s)", "a offset -(1m)"])
def test_a_computed_duration_is_refused_as_not_supported(query: str) -> None:
    with pytest.raises(UnsupportedError, match="a duration that is computed is not supported here"):
        parse(query)


def test_an_offset_of_nothing_is_none() -> None:
    for query in ("a offset 0s", "sum(a offset 0)", "rate(a[5m] offset 0m)", "a offset -0s"):
        assert parse(query)


@pytest.mark.parametrize(
    ("literal", "data"),
    [('"a\\n"', b"a\n"), ("'\\x41'", b"A"), ('"\\xff"', b"\xff"), ("`\\n`", b"\\n"), ('"\\u00e9"', "é".encode()), ('"\\101"', b"A")],
)  # fmt: skip
def test_strings_are_bytes(literal: str, data: bytes) -> None:
    assert string_bytes(literal) == data


def test_a_label_of_no_characters_is_no_name() -> None:
    engine = Engine(SampleStore())
    with pytest.raises(Exception, match="invalid destination label name"):
        engine.instant('label_replace(a, "\\xff", "", "b", "")', 0)


# --- random queries

DURATIONS = st.sampled_from(["5m", "1h30m", "30s", "90", "1d"])
SELECTORS = st.sampled_from(["up", 'http:x{a="b"}', '{c=~"d.*", e!="f"}', '{"a.b", "c d"="e"}', "sum", "offset"])


@st.composite
def shifted(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    at = draw(st.sampled_from(["", " @ 1609746000", " @ start()", " @ end()"]))
    offset = draw(st.sampled_from(["", " offset 5m", " OFFSET -1h"]))
    return draw(inner) + at + offset


SCALARS = st.sampled_from(["1", "0x1f", "-2.5", "1e3", "Inf", "time()", "pi()", "scalar(up)"])
INSTANTS = shifted(SELECTORS)
RANGES = shifted(st.builds("{}[{}]".format, SELECTORS, DURATIONS))
GROUPINGS = st.sampled_from(["", " by (a)", " without (a, b)", " by ()"])
BINARY = st.sampled_from(["+", "-", "*", "/", "%", "^", "atan2"])


def grown(vectors: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    compared = st.sampled_from(
        ["==", "!=", "> bool", "<=", "and", "or on (a)", "unless ignoring (b)", "/ on (a) group_left (c)"]
    )
    return st.one_of(
        st.builds("({})".format, vectors),
        st.builds("-{}".format, vectors),
        st.builds("{} {} {}".format, vectors, compared | BINARY, vectors),
        st.builds("({} {} {})".format, vectors, BINARY, SCALARS),  # a scalar takes no matching
        st.builds("sum{1} ({0})".format, vectors, GROUPINGS),
        st.builds("topk ({2}, {0}){1}".format, vectors, GROUPINGS, SCALARS),
        st.builds('count_values ("é", {})'.format, vectors),
        st.builds("clamp({}, {}, 2)".format, vectors, SCALARS),
        st.builds("label_replace({}, 'x', \"$1\", `y`, '(.*)') # the end\n".format, vectors),
        st.builds("rate({})".format, RANGES),
        st.builds("max_over_time(({})[{}:])".format, vectors, DURATIONS),
        st.builds("min_over_time(({})[{}:10s])".format, vectors, DURATIONS),
    )


QUERIES = st.recursive(INSTANTS, grown, max_leaves=6)


@settings(max_examples=300)
@given(QUERIES)
def test_every_part_of_a_query_has_its_place(query: str) -> None:
    asked = parsed(query)
    for node in nodes(asked.tree):
        place = asked.places.starts[id(node)]
        rest = query[place:]
        match node:
            case ast.Call():
                assert rest.startswith(node.func.name)
            case ast.AggregateExpr():
                assert rest.startswith(str(node.op))
            case ast.ParenExpr():
                assert rest.startswith("(")
            case ast.StringLiteral():
                assert rest[0] in "\"'`"
            case ast.VectorSelector() if node.name:
                assert rest.startswith(node.name)


@settings(max_examples=300)
@given(QUERIES)
def test_a_query_that_is_printed_is_read_again_as_itself(query: str) -> None:
    tree = parse(query)
    if any(isinstance(node, ast.SubqueryExpr) and node.step is None for node in nodes(tree)):
        return  # the parser's printer leaves their colon out
    if "c d" in query:
        return  # nor does it put quotes around the name of a label
    printed = str(tree)
    assert str(parse(printed)) == printed
    assert [type(node) for node in nodes(parse(printed))] == [type(node) for node in nodes(tree)]


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="ab1 \"'{}[]()=~!<>+-*@:.,#\n\\é", max_size=25)
    | st.builds("{}{}".format, QUERIES, st.sampled_from("()[]{},+'"))
)
def test_no_text_brings_the_reader_down(text: str) -> None:
    with contextlib.suppress(MalformedQueryError, UnsupportedError):
        parsed(text)
