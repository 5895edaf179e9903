"""The whole of prometheus-api-client against the face: every public method, and what it makes of the answers."""

import inspect
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_api_client import (
    Metric,
    MetricRangeDataFrame,
    MetricsList,
    MetricSnapshotDataFrame,
    PrometheusApiClientException,
    PrometheusConnect,
)  # fmt: skip
from prometheus_api_client.utils import parse_datetime, parse_timedelta, pretty_print_metric

from labkit.clock import EPOCH, SECOND
from tests.sandbox.faces.conftest import NOW

START, END = (datetime.fromtimestamp(time / SECOND, UTC) for time in (EPOCH, NOW))


@pytest.fixture(params=["GET", "POST"])
def client(url: str, request: pytest.FixtureRequest) -> PrometheusConnect:
    return PrometheusConnect(url=url, method=request.param)


def test_nothing_of_the_client_is_left_out() -> None:
    """Whoever raises the client's version learns here what is not yet tested."""
    methods = {name for name, _ in inspect.getmembers(PrometheusConnect, inspect.isfunction) if name[0] != "_"}
    text = Path(__file__).read_text()
    assert {name for name in methods if f".{name}(" not in text} == set()


def test_what_there_is(client: PrometheusConnect) -> None:
    assert client.check_prometheus_connection()
    assert client.all_metrics() == ["hits_total", "up"]
    assert client.get_label_names() == ["__name__", "instance", "job"]
    assert client.get_label_names(params={"match[]": "up"}) == ["__name__", "instance", "job"]
    assert client.get_label_values("job") == ["api", "worker"]
    assert client.get_label_values("job", params={"match[]": "hits_total"}) == ["api"]
    assert len(client.get_series(START, END, params={"match[]": "up"})) == 2


def test_what_is_scraped(client: PrometheusConnect) -> None:
    assert {one["health"] for one in client.get_targets()["activeTargets"]} == {"up", "down"}
    assert client.get_targets(state="dropped")["activeTargets"] == []
    assert [one["scrapePool"] for one in client.get_targets(scrape_pool="api")["activeTargets"]] == ["api"]
    assert sorted(client.get_scrape_pools()) == ["api", "worker"]
    assert {one["metric"] for one in client.get_target_metadata({"job": "api"})} == {"up", "hits_total"}
    assert [one["type"] for one in client.get_target_metadata({"job": "api"}, metric="hits_total")] == ["counter"]
    assert client.get_metric_metadata("hits_total")[0]["type"] == "counter"
    assert len(client.get_metric_metadata("", limit=1)) == 1
    assert len(client.get_metric_metadata("up", limit_per_metric=1)) == 1


def test_queries(client: PrometheusConnect) -> None:
    (row,) = client.custom_query("increase(hits_total[1m])")
    assert row == {"metric": {"job": "api", "instance": "10.0.0.1:80"}, "value": [NOW // SECOND, "120"]}
    (line,) = client.custom_query_range("sum(up)", start_time=START, end_time=START + timedelta(seconds=30), step="15")
    assert line["values"] == [[EPOCH // SECOND + offset, "1"] for offset in (0, 15, 30)]
    assert [one["metric"]["job"] for one in client.get_current_metric_value("up", {"job": "api"})] == ["api"]
    assert client.get_metric_aggregation("hits_total", ["sum", "max", "percentile_50", "deviation"]) == {
        "sum": 180.0, "max": 180.0, "percentile_50.0": 180.0, "deviation": 0.0,
    }  # fmt: skip
    over = client.get_metric_aggregation(
        "hits_total", ["average", "min", "variance"], start_time=START, end_time=END, step="15"
    )
    assert (over["average"], over["min"], over["variance"]) == (90.0, 0.0, 3600.0)


def test_an_error_reaches_the_caller(client: PrometheusConnect) -> None:
    with pytest.raises(PrometheusApiClientException, match=r"HTTP Status Code 400 .*parse error"):
        client.custom_query("up(")
    with pytest.raises(PrometheusApiClientException, match="HTTP Status Code 422"):
        client.custom_query("up + on() up")


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # the client's own, of pandas 3.1
def test_ranges_become_metrics_and_frames(client: PrometheusConnect) -> None:
    data = client.get_metric_range_data(
        "hits_total", {"job": "api"}, start_time=START, end_time=END, chunk_size=timedelta(seconds=45)
    )
    (metric,) = MetricsList(data)
    assert metric.metric_name == "hits_total"
    assert metric.metric_values["y"].tolist() == [30.0, 60.0, 90.0, 120.0, 150.0, 180.0]
    assert metric == Metric(metric) == metric + metric
    frame = MetricRangeDataFrame(client.get_metric_range_data("up", start_time=START, end_time=END))
    assert set(frame["job"]) == {"api", "worker"}
    assert len(frame) == 12
    shot = MetricSnapshotDataFrame(client.get_current_metric_value("up"))
    assert sorted(shot["value"].astype(float)) == [0.0, 1.0]


def test_what_is_stored_and_printed(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    client = PrometheusConnect(url=url)
    client.get_metric_range_data("up", start_time=START, end_time=END, store_locally=True)
    (stored,) = tmp_path.glob("metrics/*/up/*/*.json")
    assert stored.stat().st_size > 0
    pretty_print_metric(client.get_current_metric_value("up"))
    assert parse_timedelta("now", "1h") == timedelta(hours=1) or parse_datetime("1h") < parse_datetime("now")
    client.close()
    with PrometheusConnect(url=url) as other:
        assert other.check_prometheus_connection()
