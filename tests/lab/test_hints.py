"""Why there is no data, by what a server holds."""

import pytest

from labkit.lab.hints import no_lines, why_nothing
from labkit.lab.http import Api

STATUS = ["200", "404", "500"]


@pytest.fixture
def prometheus(served):
    served.answers["/api/v1/label/__name__/values"] = lambda asked: {"data": names(asked.get("match[]"))}
    served.answers["/api/v1/label/status/values"] = {"data": STATUS}
    served.answers["/api/v1/label/zone/values"] = {"data": []}
    return Api("Prometheus", served.url)


def names(selector):
    known = ["api_request_total", "up"]
    if selector is None:
        return known
    return (
        known[:1]
        if selector.startswith("api_request_total")
        and not {'"700"', '"eu"'} & set(selector.replace("}", "=").split("="))
        else []
    )


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        (
            "rate(api_requests_total[5m])",
            "No metric is called api_requests_total in this time. Did you mean api_request_total?",
        ),
        ("zzz", "No metric is called zzz in this time."),
        (
            'api_request_total{status="700"}',
            'No series of api_request_total matches status="700". Its values of status are 200, 404, 500.',
        ),
        ('api_request_total{zone="eu"}', "api_request_total has no label zone."),
        ("api_request_total > 1e9", "Every selector finds series; the operators"),
        ("vector(1) > 2", "Nothing is selected."),
    ],
)
def test_hints(prometheus, query, hint):
    assert why_nothing(prometheus, query, 0, 1000).startswith(hint)


def test_a_server_that_does_not_answer_gives_no_hint():
    assert why_nothing(Api("Prometheus", "http://127.0.0.1:9"), "up", 0, 1) == ""


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ('{appp="a"}', "No stream has the label appp. Labels: app, pod."),
        ('{app="b"} |= "x"', 'No stream has app="b". Its values are a.'),
        ('{app="a"} |= "x"', "Its streams are known"),
        ('{app=~"b.*"}', "Its streams are known"),
    ],
)
def test_of_logs(served, query, hint):
    served.answers |= {
        "/loki/api/v1/labels": {"data": ["app", "pod"]},
        "/loki/api/v1/label/app/values": {"data": ["a"]},
    }
    assert no_lines(Api("Loki", served.url), query).startswith(hint)
