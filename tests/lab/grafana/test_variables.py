"""What variables can be, and what they are."""

import pytest

from labkit.errors import QueryError
from labkit.lab.grafana.model import Choice, Variable
from labkit.lab.grafana.variables import Sources, kind_of, resolved
from labkit.lab.http import Api

PODS = ["api-10", "api-2", "worker-1"]


@pytest.fixture
def sources(served):
    served.answers |= {
        "/api/v1/label/pod/values": {"data": PODS},
        "/api/v1/label/__name__/values": {"data": ["api_total", "up"]},
        "/api/v1/labels": {"data": ["job", "pod"]},
        "/api/v1/query": {"data": {"result": [{"metric": {"__name__": "up", "job": "a"}, "value": [1, "1"]}]}},
        "/loki/api/v1/label/app/values": {"data": ["api"]},
    }
    return Sources({"prometheus": Api("Prometheus", served.url), "loki": Api("Loki", served.url)}, 0, 3_600_000)


def one(sources, given=None, **settings):
    variable = Variable(name="v", **settings)
    return resolved([variable], {} if given is None else {"v": given}, sources)["v"]


def test_label_values_with_the_selector_and_the_time(sources, served):
    value = one(
        sources,
        query='label_values(up{job="a"}, pod)',
        include_all=True,
        current=Choice(["$__all"], ["All"]),
        multi=True,
    )
    assert value.values == tuple(PODS)
    assert value.text == "All"
    assert served.asked[-1][1] == {"match[]": 'up{job="a"}', "start": "0.0", "end": "3600.0"}


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("label_values(pod)", PODS[:1]), ({"query": "label_values(up, pod)", "refId": "A"}, PODS[:1]), ("metrics(api.*)", ["api_total"]),
        ("label_names()", ["job"]), ("query_result(up)", ['up{job="a"} 1 1000']),
    ],
)  # fmt: skip
def test_queries_of_prometheus(sources, query, values):
    assert list(one(sources, query=query).values) == values


def test_lokis_own_form(sources):
    assert one(
        sources, query={"label": "app", "stream": "", "type": 1}, datasource={"type": "loki", "uid": "x"}
    ).values == ("api",)


@pytest.mark.parametrize(
    ("order", "first"),
    [(0, "api-10"), (1, "api-10"), (2, "worker-1"), (3, "worker-1"), (4, "api-10"), (7, "api-2"), (8, "worker-1")],
)
def test_orders(sources, order, first):
    assert (
        one(sources, query="label_values(pod)", sort=order, include_all=True, current=Choice("$__all")).values[0]
        == first
    )


def test_a_regex_filters_or_takes_a_part(sources):
    everything = {"query": "label_values(pod)", "include_all": True, "current": Choice("$__all")}
    assert one(sources, regex="/^api/", **everything).values == ("api-10", "api-2")
    assert one(sources, regex=r"/(\w+)-\d+/", **everything).values == ("api", "worker")
    assert one(sources, regex=r"(?<value>\d+)$", **everything).values == ("10", "2", "1")


def test_what_is_given_wins_and_must_be_possible(sources):
    assert one(sources, "worker-1", query="label_values(pod)").values == ("worker-1",)
    assert one(sources, ["api-2", "worker-1"], query="label_values(pod)", multi=True).values == ("api-2", "worker-1")
    assert one(sources, "All", query="label_values(pod)", include_all=True, all_value=".+").everything == ".+"
    with pytest.raises(QueryError, match="cannot be 'nobody'") as caught:
        one(sources, "nobody", query="label_values(pod)")
    assert "api-10, api-2" in caught.value.remedy
    with pytest.raises(QueryError, match="no variable w") as caught:
        resolved([Variable(name="v", type="textbox")], {"w": 1}, sources)
    assert "its variables: v" in caught.value.remedy


def test_a_current_value_that_is_gone_gives_way(sources):
    assert one(sources, query="label_values(pod)", current=Choice("gone")).values == ("api-10",)
    assert one(sources, query="label_values(pod)", current=Choice("api-2")).values == ("api-2",)


def test_other_types(sources):
    assert one(sources, type="custom", query=r"a, b : 2, c\,d", current=Choice("2")).values == ("2",)
    assert one(sources, type="interval", query="1m,5m", current=Choice("5m")).values == ("5m",)
    assert one(sources, type="textbox", query="x").values == ("x",)
    assert one(sources, type="constant", query="x").values == ("x",)
    with pytest.raises(QueryError, match="type adhoc"):
        one(sources, type="adhoc")


def test_one_may_ask_by_another(sources, served):
    resolved(
        [Variable(name="a", type="textbox", query="x"), Variable(name="b", query='label_values(up{a="$a"}, pod)')],
        {},
        sources,
    )
    assert served.asked[-1][1]["match[]"] == 'up{a="x"}'


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (None, None),
        ("default", None),
        ({"type": "loki", "uid": "x"}, "loki"),
        ("${ds}", "loki"),
        ({"uid": "$ds"}, "loki"),
        ("${DS_PROMETHEUS}", "prometheus"),
        ("-- Mixed --", None),
    ],
)
def test_datasources(sources, source, kind):
    values = resolved([Variable(name="ds", type="datasource", query="loki", current=Choice("my-loki"))], {}, sources)
    assert kind_of(source, values) == kind


def test_a_datasource_that_is_not_here(sources):
    with pytest.raises(QueryError, match="no datasource of type tempo"):
        sources.api("tempo")


def test_a_pattern_that_is_none_and_one_that_looks_behind(sources):
    with pytest.raises(QueryError, match="not a regular expression"):
        one(sources, query="label_values(pod)", regex="/(/")
    with pytest.raises(QueryError, match="not a regular expression"):
        one(sources, query="metrics([)")
    assert one(
        sources, query="label_values(pod)", regex=r"/(?<=api-)\d+/", include_all=True, current=Choice("$__all")
    ).values == ("api-10", "api-2")


def test_a_query_that_gives_a_number(sources, served):
    served.answers["/api/v1/query"] = {"data": {"resultType": "scalar", "result": [1, "2"]}}
    assert one(sources, query="query_result(scalar(up))").values == ("{} 2 1000",)
