"""The dashboards: Grafana's own form, with the specification's titles, and data behind every query."""

import json
import re

import pytest

from labkit.clock import HOUR, MINUTE
from labkit.twin import observability

BOARDS = {uid: json.loads(text) for uid, text in observability.dashboards().items()}
TYPES = {"row", "timeseries", "stat", "gauge", "bargauge", "table", "heatmap", "logs", "alertlist"}
EMPTY_IN_HEALTH = re.compile(r"^ALERTS|^changes\(.*> 0$")
"""What has data only in trouble: the annotations."""


def panels(board: dict) -> list[dict]:
    return [inner for panel in board["panels"] for inner in (panel, *panel.get("panels", ()))]


def targets(board: dict, kind: str) -> list[tuple[str, dict]]:
    return [
        (panel["title"], target)
        for panel in panels(board)
        for target in panel.get("targets", ())
        if target["datasource"]["type"] == kind
    ]


def values(board: dict, engine, now) -> dict[str, str]:
    """A value for every variable, as Grafana fills it in; the queries of variables must find what they offer."""
    filled = {}
    for variable in board["templating"]["list"]:
        current = variable["current"]["value"]
        if variable["type"] == "query":
            selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            vector = engine.instant(substitute(selector, filled), now)
            options = sorted({labels.get(label) for labels in vector.labels})
            assert options, variable["name"]
            everything = current in ("$__all", ["$__all"])
            assert everything or current in options, variable["name"]
            current = variable["allValue"] if everything else current
        filled[variable["name"]] = current
    return filled


def substitute(query: str, filled: dict[str, str]) -> str:
    query = re.sub(r"\$\{(\w+)\}|\$(\w+)", lambda found: filled[found[1] or found[2]], query)
    assert "$" not in query
    return query


def test_the_titles_are_those_of_the_specification():
    assert {uid: board["title"] for uid, board in BOARDS.items()} == {
        "api-performance": "LLM Research Lab - API Performance",
        "system-overview": "LLM Research Lab - System Overview",
    }
    assert all(board["uid"] == uid for uid, board in BOARDS.items())


@pytest.mark.parametrize("uid", BOARDS)
def test_the_form_is_grafanas(uid):
    board = BOARDS[uid]
    assert board["schemaVersion"] >= 39
    assert board["id"] is None, "a real Grafana gives its own"
    ids = [panel["id"] for panel in panels(board)]
    assert len(set(ids)) == len(ids)
    cells = set()
    for panel in panels(board):
        assert panel["type"] in TYPES
        at = panel["gridPos"]
        mine = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert max(x for x, _ in mine) < 24
        assert not mine & cells, f"{panel['title']} lies over another"
        cells |= mine
        assert panel["type"] == "row" or panel["description"], panel["title"]
        references = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(references)) == len(references)
        for link in panel.get("links", ()):
            assert link["url"].startswith("/docs/runbooks/")


@pytest.mark.parametrize("uid", BOARDS)
def test_every_query_has_data_in_health(uid, healthy):
    world, engine = healthy
    filled = values(BOARDS[uid], engine, world.now)
    queries = [(title, target["expr"]) for title, target in targets(BOARDS[uid], "prometheus")]
    queries += [(one["name"], one["expr"]) for one in BOARDS[uid]["annotations"]["list"] if "expr" in one]
    assert len(queries) >= 30
    for title, query in queries:
        matrix = engine.range(substitute(query, filled), world.now - HOUR, world.now, MINUTE)
        if not EMPTY_IN_HEALTH.search(query):
            assert len(matrix.labels), f"{title}: {query}"
            assert matrix.present[:, -1].any(), f"{title}: {query}"


@pytest.mark.parametrize("uid", BOARDS)
def test_logs_and_traces_are_asked_for_in_their_own_form(uid):
    board = BOARDS[uid]
    for _, target in targets(board, "loki"):
        assert target["queryType"] == "range"
        assert re.search(r'\{.*namespace=~?"\$namespace"', target["expr"])
    for _, target in targets(board, "jaeger"):
        assert target["queryType"] == "search"
        assert target["service"] == "llm-research-api"
    assert targets(board, "loki")


def test_exercise_2_can_be_worked_from_api_performance():
    """7.1.2: when it began, concurrency of POST, errors, statements by type, ERROR logs, traces."""
    board = BOARDS["api-performance"]
    text = "\n".join(target.get("expr", "") for _, target in targets(board, "prometheus"))
    for name in ("api_request_in_flight", 'api_request_total{namespace="$namespace", pod=~"$pod", path=~"$path", status=~"5.."}',
                 "db:query_latency:p99:5m", "db_connection_pool:utilization", "api_dependency_retries_total"):  # fmt: skip
        assert name in text
    assert any('level="ERROR"' in target["expr"] for _, target in targets(board, "loki"))
    assert targets(board, "jaeger")


def test_a_variable_narrows(healthy):
    world, engine = healthy
    (query,) = [t["expr"] for title, t in targets(BOARDS["api-performance"], "prometheus") if title == "p99 by route"]
    filled = values(BOARDS["api-performance"], engine, world.now) | {"path": "/api/v1/datasets"}
    vector = engine.instant(substitute(query, filled), world.now)
    assert [labels.get("path") for labels in vector.labels] == ["/api/v1/datasets"]
