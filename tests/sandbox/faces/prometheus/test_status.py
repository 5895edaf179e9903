"""What the server says of itself, of its targets and of their metrics."""

from typing import Any

import httpx
import pytest
import yaml

from labkit.clock import EPOCH, rfc3339
from labkit.signals.series import SeriesStore
from tests.sandbox.faces.conftest import NOW


def test_targets_are_told_from_their_newest_scrape(ask: Any) -> None:
    _, body = ask("targets")
    api, worker = body["data"]["activeTargets"]
    assert (api["health"], api["lastError"], api["scrapePool"]) == ("up", "", "api")
    assert (worker["health"], worker["labels"]) == ("down", {"job": "worker", "instance": "10.0.0.2:80"})
    assert api["lastScrape"] == rfc3339(NOW)
    assert (api["scrapeInterval"], api["scrapeTimeout"]) == ("15s", "10s")
    assert body["data"]["droppedTargetCounts"] == {"api": 0, "worker": 0}
    assert ask("targets", ("state", "dropped"))[1]["data"]["activeTargets"] == []
    assert len(ask("targets", ("state", "ACTIVE"), ("scrapePool", "api"))[1]["data"]["activeTargets"]) == 1
    assert ask("scrape_pools")[1]["data"] == {"scrapePools": ["api", "worker"]}


def test_metadata_of_metrics_and_of_targets(ask: Any) -> None:
    every = ask("metadata")[1]["data"]
    assert every["up"] == [{"type": "gauge", "help": "Whether the last scrape succeeded.", "unit": ""}]
    assert list(ask("metadata", ("metric", "hits_total"))[1]["data"]) == ["hits_total"]
    assert list(ask("metadata", ("limit", "1"))[1]["data"]) == ["hits_total"]
    rows = ask("targets/metadata", ("match_target", '{job="worker"}'))[1]["data"]
    assert [(row["metric"], row["target"]["job"]) for row in rows] == [("up", "worker")]
    assert len(ask("targets/metadata")[1]["data"]) == 3
    assert len(ask("targets/metadata", ("limit", "2"))[1]["data"]) == 2


@pytest.mark.parametrize(
    ("path", "params", "message"),
    [
        ("metadata", (("limit", "x"),), "limit must be a number"),
        ("metadata", (("limit_per_metric", "x"),), "limit_per_metric must be a number"),
        ("targets/metadata", (("limit", "x"),), "limit must be a number"),
        ("status/tsdb", (("limit", "0"),), "limit must be a positive number"),
        ("status/tsdb", (("limit", "10001"),), "limit must not exceed 10000"),
    ],
)
def test_refusals(ask: Any, path: str, params: Any, message: str) -> None:
    code, body = ask(path, *params)
    assert (code, body["errorType"], body["error"]) == (400, "bad_data", message)


def test_a_selector_of_targets_that_is_none(ask: Any) -> None:
    assert ask("targets/metadata", ("match_target", "{"))[1]["error"].startswith('invalid parameter "match_target": ')


def test_the_series_are_counted(ask: Any) -> None:
    _, body = ask("status/tsdb", ("limit", "1"))
    assert body["data"]["headStats"] == {
        "numSeries": 3, "numLabelPairs": 6, "chunkCount": 3, "minTime": EPOCH, "maxTime": NOW,
    }  # fmt: skip
    assert body["data"]["seriesCountByMetricName"] == [{"name": "up", "value": 2}]
    assert body["data"]["seriesCountByLabelValuePair"] == [{"name": "__name__=up", "value": 2}]
    assert body["data"]["labelValueCountByLabelName"] == [{"name": "__name__", "value": 2}]


def test_the_rest_of_status(ask: Any) -> None:
    assert ask("status/buildinfo")[1]["data"]["version"].startswith("3.5")
    assert ask("status/flags")[1]["data"]["query.max-concurrency"] == "4"
    assert ask("status/walreplay")[1]["data"] == {"min": 0, "max": 0, "current": 0}
    runtime = ask("status/runtimeinfo")[1]["data"]
    assert (runtime["startTime"], runtime["serverTime"]) == (rfc3339(EPOCH), rfc3339(NOW))
    config = yaml.safe_load(ask("status/config")[1]["data"]["yaml"])
    assert [job["job_name"] for job in config["scrape_configs"]] == ["api", "worker"]
    assert config["scrape_configs"][0]["static_configs"] == [{"targets": ["10.0.0.1:80"]}]
    assert ask("rules")[1]["data"] == {"groups": []}
    assert ask("alerts")[1]["data"] == {"alerts": []}
    assert ask("alertmanagers")[1]["data"] == {"activeAlertmanagers": [], "droppedAlertmanagers": []}


def test_a_server_without_series_says_what_there_is_to_say(ask: Any) -> None:
    for path in ("targets", "metadata", "targets/metadata", "status/tsdb", "status/config", "status/runtimeinfo"):
        assert ask(path, source=SeriesStore())[0] == 200


def test_its_own_metrics_are_in_prometheus_text_format(url: str) -> None:
    text = httpx.get(f"{url}/metrics").text
    assert "prometheus_tsdb_head_series 3\n" in text
    for line in text.splitlines():
        assert line.startswith("# ") or len(line.rsplit(" ", 1)) == 2
