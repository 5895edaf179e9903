"""The data of a panel, by what is asked of its servers."""

import pytest

from labkit.clock import HOUR, MINUTE
from labkit.errors import QueryError
from labkit.lab.grafana.fetching import fetched, interval_of, millis
from labkit.lab.grafana.interpolation import Value
from labkit.lab.grafana.model import Panel, Target
from labkit.lab.grafana.variables import Sources
from labkit.lab.http import Api

NOW = 1764331200_000
PAIR = [
    {"metric": {"pod": f"llm-research-api-{n}", "job": "api"}, "values": [[NOW / 1000 - 15, "1"], [NOW / 1000, "NaN"]]}
    for n in (1, 2)
]


@pytest.fixture
def sources(served):
    served.answers |= {
        "/api/v1/query_range": {
            "data": {"resultType": "matrix", "result": PAIR},
            "warnings": ["careful"],
            "infos": ["by the way"],
        },
        "/api/v1/query": {"data": {"resultType": "scalar", "result": [NOW / 1000, "2"]}},
        "/loki/api/v1/query_range": {
            "data": {
                "resultType": "streams",
                "result": [{"stream": {"app": "x"}, "values": [[str(NOW * 10**6), "line"]]}],
            }
        },
    }
    return Sources({"prometheus": Api("Prometheus", served.url), "loki": Api("Loki", served.url)}, NOW - HOUR, NOW)


def ask(sources, *targets, type="timeseries", values=None, **kw):
    return fetched(Panel(type=type, targets=list(targets), **kw), 500, values or {}, sources, "T")


def test_a_range_on_whole_steps_with_variables(sources, served):
    data = ask(sources, Target(expr='rate(a{pod=~"$pod"}[$__rate_interval])'), values={"pod": Value(("x",))})
    _, asked = served.asked[0]
    assert asked["query"] == 'rate(a{pod=~"x"}[1m])'
    assert float(asked["end"]) % float(asked["step"]) == 0
    assert data.notes == ["careful", "by the way"]
    assert [series.shown for series in data.series] == ["…1", "…2"]
    assert data.series[0].name == '{pod="llm-research-api-1", job="api"}'


def test_legends(sources):
    data = ask(sources, Target(expr="a", legend_format="{{ pod }} of {{job}}{{none}}"))
    assert data.series[0].shown == "llm-research-api-1 of api"


def test_an_instant_query_a_hidden_one_and_an_empty_one(sources, served):
    data = ask(sources, Target(expr="2", instant=True), Target(expr="a", hide=True), Target(expr=" "))
    assert [path for path, _ in served.asked] == ["/api/v1/query"]
    assert data.series[0].values.tolist() == [2]
    assert data.series[0].name == "2"


def test_lines_for_a_panel_of_logs(sources):
    loki = {"type": "loki", "uid": "l"}
    assert ask(sources, Target(expr='{app="x"}'), type="logs", datasource=loki).logs["line"].tolist() == ["line"]
    assert ask(sources, Target(expr='{app="x"}', datasource=loki)).series == []


def test_a_search_for_traces(sources, served):
    served.answers |= {"/api/services": {"data": ["api"]}, "/api/traces": {"data": []}}
    jaeger = Sources({"jaeger": Api("Jaeger", served.url)}, NOW - HOUR, NOW)
    target = Target(
        query_type="search", service="$s", min_duration="100ms", tags='error=true http.method="GET"', limit=5
    )
    data = ask(jaeger, target, datasource={"type": "jaeger", "uid": "j"}, type="table", values={"s": Value(("api",))})
    assert data.traces.empty
    _, asked = served.asked[-1]
    assert asked["tags"] == '{"error": "true", "http.method": "GET"}'
    assert (asked["service"], asked["minDuration"], asked["limit"]) == ("api", "100ms", "5")
    assert "operation" not in asked


def test_a_datasource_that_cannot_be_asked(sources):
    with pytest.raises(QueryError, match="type mysql"):
        ask(sources, Target(expr="select 1"), datasource={"type": "mysql", "uid": "m"})


@pytest.mark.parametrize(
    ("panel", "span", "interval"),
    [
        (Panel(type="x"), HOUR, 15_000), (Panel(type="x"), 24 * HOUR, 5 * MINUTE), (Panel(type="x", interval="1m"), HOUR, MINUTE),
        (Panel(type="x", max_data_points=10), HOUR, 10 * MINUTE), (Panel(type="x", interval="$i"), HOUR, 2 * MINUTE),
    ],
)  # fmt: skip
def test_the_interval(panel, span, interval):
    assert interval_of(panel, span, 500, {"i": Value(("2m",))}) == interval


def test_durations_of_fields():
    assert [millis(text) for text in ("30s", ">1m", "", "x", "500ms")] == [30_000, 60_000, None, None, 500]
