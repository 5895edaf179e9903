"""What may follow in a query, by where the cursor stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.lab.completion import Cursor, Names, cursor, logql, promql
from labkit.lab.http import Api


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Cursor("expression", "")),
        ("rate(api_", Cursor("expression", "api_")),
        ("job:api:ra", Cursor("expression", "job:api:ra")),
        ("up{", Cursor("label", "", "up")),
        ("sum(rate(up{jo", Cursor("label", "jo", "up")),
        ('up{job="', Cursor("value", "", "up", "job")),
        ('up{job="a", instance=~"10.0', Cursor("value", "10.0", "up", "instance")),
        ("{app='x", Cursor("value", "x", "", "app")),
        ('up{job="a"', Cursor("value", "")),
        ("sum by (po", Cursor("label", "po")),
        ("sum by (pod, na", Cursor("label", "na")),
        ("a / on(", Cursor("label", "")),
        ("rate(up[5", Cursor("duration", "5")),
        ('up{job="{("} + ', Cursor("expression", "")),
        ('label_replace(up, "a', Cursor("value", "a")),
        (r'up{job="a\"b', Cursor("value", r"a\"b", "up", "job")),
        ('{app="x"} | js', Cursor("stage", "js")),
    ],
)
def test_the_cursor(text, expected):
    assert cursor(text) == expected


@given(st.text("ab(){}[]\"'\\=,|~ ", max_size=30))
def test_any_text_has_a_cursor_that_ends_in_what_was_begun(text):
    assert text.endswith(cursor(text).begun)


@pytest.fixture
def names(served):
    served.answers |= {
        "/api/v1/label/__name__/values": {"data": ["api_request_total", "apis", "up"]},
        "/api/v1/labels": {"data": ["__name__", "path", "pod"]},
        "/api/v1/label/pod/values": {"data": ["api-1", "api-2", "worker-1"]},
    }
    return Names(Api("Prometheus", served.url), "/api/v1")


def words(found):
    return [word for word, _ in found]


def test_metrics_come_before_functions_and_keywords(names):
    assert words(promql("rate(api", names)) == ["api_request_total", "apis"]
    assert ("rate", "function") in promql("ra", names)
    assert ("sum", "aggregation") in promql("su", names)
    assert ("without", "keyword") in promql("sum wi", names)


def test_labels_and_values_are_those_of_the_metric(names, served):
    assert words(promql("api_request_total{p", names)) == ["path", "pod"]
    assert words(promql('api_request_total{pod="api', names)) == ["api-1", "api-2"]
    assert served.asked[-1] == ("/api/v1/label/pod/values", {"match[]": "api_request_total"})
    assert words(promql("sum by (po", names)) == ["pod"]
    assert words(promql("up[5", names)) == ["5m"]
    assert promql('label_replace(up, "', names) == []


def test_names_are_remembered_for_a_moment(names, served):
    promql("up", names)
    promql("upp", names)
    assert len(served.asked) == 1


def test_logql_has_stages_and_no_metrics(served):
    served.answers["/loki/api/v1/labels"] = {"data": ["app", "pod"]}
    names = Names(Api("Loki", served.url), "/loki/api/v1")
    assert words(logql("{a", names)) == ["app"]
    assert words(logql('{app="x"} | lo', names)) == ["logfmt"]
    assert words(logql("count_o", names)) == ["count_over_time"]


def test_a_server_that_does_not_answer_has_no_names():
    assert words(promql("api", Names(Api("Prometheus", "http://127.0.0.1:9"), "/api/v1"))) == []
