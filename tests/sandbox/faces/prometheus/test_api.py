"""Prometheus' HTTP API, as clients use it: over a socket and by upstream's rules."""

from typing import Any

import httpx
import pytest

from labkit.clock import EPOCH, SECOND
from labkit.world.actions import Query


def test_queries_go_through_the_gate_and_the_rest_does_not(url: str, gate: Any) -> None:
    gate.seen.clear()
    httpx.get(f"{url}/api/v1/labels")
    httpx.get(f"{url}/api/v1/query", params={"query": "up"})
    httpx.post(f"{url}/api/v1/query?time=5", data={"query": "up"})
    assert gate.seen == [
        ("prometheus-client", Query(path="/api/v1/query", params=(("query", "up"),))),
        ("prometheus-client", Query(path="/api/v1/query", params=(("query", "up"), ("time", "5")))),
    ]


def test_health(url: str) -> None:
    assert [httpx.get(url + path).status_code for path in ("/", "/-/ready", "/-/healthy", "/nothing")] == [
        200,
        200,
        200,
        404,
    ]


@pytest.mark.parametrize(
    ("path", "params", "code", "kind", "message"),
    [
        ("query", [("query", "up(")], 400, "bad_data", 'invalid parameter "query": 1:4: parse error: unclosed left parenthesis'),
        ("query", [("query", "up"), ("time", "x")], 400, "bad_data", "invalid parameter \"time\": invalid time value for 'time': cannot parse \"x\" to a valid timestamp"),
        ("query", [("query", "up + on() up")], 422, "execution", "found duplicate series for the match group {}"),
        ("query_range", [("query", "up"), ("start", "2"), ("end", "1"), ("step", "1")], 400, "bad_data", "end timestamp must not be before start time"),
        ("query_range", [("query", "up"), ("start", "1"), ("end", "2"), ("step", "0")], 400, "bad_data", "zero or negative query resolution step"),
        ("query_range", [("query", "up"), ("start", "0"), ("end", "11001"), ("step", "1")], 400, "bad_data", "exceeded maximum resolution of 11,000 points"),
        ("query_range", [("query", "up"), ("start", "0"), ("end", "1"), ("step", "1x")], 400, "bad_data", 'cannot parse "1x" to a valid duration'),
        ("series", [], 400, "bad_data", "no match[] parameter provided"),
        ("series", [("match[]", "{")], 400, "bad_data", 'invalid parameter "match[]": 1:2: parse error: unexpected end of input inside braces'),
    ],
)  # fmt: skip
def test_errors_are_upstreams(
    ask: Any, path: str, params: list[tuple[str, str]], code: int, kind: str, message: str
) -> None:
    got, body = ask(path, *params)
    assert (got, body["status"], body["errorType"]) == (code, "error", kind)
    assert message in body["error"]


def test_eleven_thousand_points_are_still_answered(ask: Any) -> None:
    code, _ = ask("query_range", ("query", "up"), ("start", "0"), ("end", "11000"), ("step", "1"))
    assert code == 200


def test_a_time_may_be_rfc3339_and_a_step_a_duration(ask: Any) -> None:
    code, body = ask(
        "query_range", ("query", "sum(up)"), ("start", "2025-11-28T12:00:00Z"),
        ("end", "2025-11-28T13:00:30.500+01:00"), ("step", "30s500ms"),
    )  # fmt: skip
    assert code == 200
    assert body["data"]["result"][0]["values"] == [[EPOCH // SECOND, "1"], [EPOCH / SECOND + 30.5, "1"]]


def test_a_limit_cuts_and_says_so(ask: Any) -> None:
    _, body = ask("query", ("query", "up"), ("limit", "1"))
    assert len(body["data"]["result"]) == 1
    assert body["warnings"] == ["results truncated due to limit"]


def test_scalars_and_strings(ask: Any) -> None:
    assert ask("query", ("query", "1/0"), ("time", "1.5"))[1]["data"] == {
        "resultType": "scalar",
        "result": [1.5, "+Inf"],
    }
    assert ask("query", ("query", '"x"'), ("time", "1"))[1]["data"] == {
        "resultType": "string",
        "result": [1, "x"],
    }


def test_the_rest_of_the_api(ask: Any) -> None:
    assert ask("rules")[1]["data"] == {"groups": []}
    assert ask("alerts")[1]["data"] == {"alerts": []}
    assert ask("label/job/values", ("match[]", "hits_total"))[1]["data"] == ["api"]
    assert ask("status/buildinfo")[1]["data"]["version"].startswith("3.")
    rows = ask("targets/metadata", ("match_target", '{job="worker"}'))[1]["data"]
    assert [(row["metric"], row["target"]["job"]) for row in rows] == [("up", "worker")]


def test_methods_and_paths_are_upstreams(url: str) -> None:
    def answer(method: str, path: str) -> tuple[int, str, str]:
        got = httpx.request(method, f"{url}/api/v1/{path}")
        return got.status_code, got.headers.get("allow", ""), got.text

    assert answer("OPTIONS", "query") == (204, "", "")
    assert answer("OPTIONS", "nothing") == (204, "", "")
    assert answer("HEAD", "query") == (405, "GET, OPTIONS, POST", "")
    assert answer("DELETE", "query") == (405, "GET, OPTIONS, POST", "Method Not Allowed\n")
    assert answer("POST", "metadata") == (405, "GET, OPTIONS", "Method Not Allowed\n")
    assert answer("GET", "nothing") == (404, "", "404 page not found\n")
    assert httpx.post(f"{url}/api/v1/admin/tsdb/snapshot").json() == {
        "status": "error", "errorType": "unavailable", "error": "admin APIs disabled",
    }  # fmt: skip
    assert httpx.put(f"{url}/-/reload").status_code == 403


def test_scripts_of_other_origins_may_read_answers(url: str) -> None:
    plain, crossing = (httpx.get(f"{url}/api/v1/labels", headers=h) for h in ({}, {"Origin": "http://grafana"}))
    assert plain.headers["vary"] == crossing.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in plain.headers
    assert crossing.headers["access-control-allow-origin"] == "*"
    assert crossing.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"


def test_parameters_may_stand_in_a_form_and_the_address(url: str) -> None:
    got = httpx.post(f"{url}/api/v1/series?match[]=up", data={"match[]": "hits_total", "start": str(EPOCH / SECOND)})
    assert len(got.json()["data"]) == 3
    assert httpx.post(f"{url}/api/v1/labels", data={"match[]": "up"}).json()["data"] == ["__name__", "instance", "job"]


def test_lookback_and_timeout_are_the_requests_own(ask: Any) -> None:
    late = str(EPOCH / SECOND + 90 + 60)
    assert len(ask("query", ("query", "up"), ("time", late))[1]["data"]["result"]) == 2
    assert ask("query", ("query", "up"), ("time", late), ("lookback_delta", "30"))[1]["data"]["result"] == []
    code, body = ask("query", ("query", "up"), ("timeout", "0"))
    assert (code, body["errorType"], body["error"]) == (503, "timeout", "query timed out in query queue")
    code, body = ask("query", ("query", "up"), ("lookback_delta", "x"))
    assert (code, body["error"]) == (
        400, 'error parsing lookback delta duration: cannot parse "x" to a valid duration',
    )  # fmt: skip


def test_statistics_are_given_where_they_are_asked_for(ask: Any) -> None:
    when = (("start", str(EPOCH / SECOND + 60)), ("end", str(EPOCH / SECOND + 90)), ("step", "15"))
    assert "stats" not in ask("query_range", ("query", "up"), *when)[1]["data"]
    stats = ask("query_range", ("query", "up"), ("stats", "all"), *when)[1]["data"]["stats"]
    assert stats["samples"] == {"totalQueryableSamples": 6, "peakSamples": 6}
    assert set(stats["timings"]) == {
        "evalTotalTime", "resultSortTime", "queryPreparationTime", "innerEvalTime", "execQueueTime", "execTotalTime",
    }  # fmt: skip


def test_warnings_and_infos_come_with_the_answer(ask: Any) -> None:
    _, body = ask("query", ("query", "quantile(2, up)"))
    assert body["status"] == "success"
    assert any("quantile value should be between 0 and 1" in text for text in body["warnings"])
    _, body = ask("query", ("query", "rate(up[1m])"))
    assert any("metric might not be a counter" in text for text in body["infos"])


def test_queries_can_be_laid_out(ask: Any) -> None:
    assert ask("format_query", ("query", "sum(up)by(job)"))[1]["data"] == "sum by (job) (up)"
    assert ask("format_query", ("query", "up("))[0] == 400
    assert ask("query_exemplars", ("query", "up"))[1]["data"] == []
