"""Variables in texts, as Grafana writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.clock import HOUR, SECOND
from labkit.lab.grafana.interpolation import Value, built_in, filled, names, written

VALUES = {
    "pod": Value(("a.1", "b"), several=True),
    "one": Value(("x.y",)),
    "single": Value(("a.1",), several=True),
    "all": Value(("a", "b"), several=True, everything=".*", shown="All"),
}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('up{pod=~"$pod"}', r'up{pod=~"(a\\.1|b)"}'),
        ('up{pod=~"${pod}"}', r'up{pod=~"(a\\.1|b)"}'),
        ('up{pod=~"[[pod]]"}', r'up{pod=~"(a\\.1|b)"}'),
        ("$single", r"a\\.1"),
        ("$one", "x.y"),
        ("${pod:pipe}", "a.1|b"),
        ("${pod:regex}", r"(a\.1|b)"),
        ("${pod:csv}", "a.1,b"),
        ("${pod:json}", '["a.1", "b"]'),
        ("${pod:glob}", "{a.1,b}"),
        ("${pod:doublequote}", '"a.1","b"'),
        ("[[pod:raw]]", "a.1,b"),
        ("$all ${all:text} ${all:regex}", ".* All .*"),
        ("$nobody ${nobody} $1 {{pod}}", "$nobody ${nobody} $1 {{pod}}"),
        ("$pods", "$pods"),
    ],
)
def test_in_a_query(text, said):
    assert filled(text, VALUES) == said


def test_in_a_title():
    assert filled("$pod at $all", VALUES, query=False) == "a.1 + b at All"


def test_names():
    assert names('$a ${b:regex} [[c]] {{d}} "$"') == {"a", "b", "c"}


@given(st.text(max_size=40))
def test_a_text_without_variables_stays(text):
    assert filled(text, {}) == text


def test_grafanas_own():
    own = {name: value.text for name, value in built_in(0, HOUR, 15 * SECOND, 15 * SECOND, "T").items()}
    assert (own["__interval"], own["__rate_interval"], own["__range"], own["__range_s"], own["__from"]) == (
        "15s",
        "1m",
        "3600s",
        "3600",
        "0",
    )
    wide = built_in(0, 24 * HOUR, 120 * SECOND, 15 * SECOND, "T")
    assert wide["__rate_interval"].text == "135s"
    assert [written(each) for each in (90_000, 3_600_000, 250, 86_400_000)] == ["90s", "1h", "250ms", "1d"]
