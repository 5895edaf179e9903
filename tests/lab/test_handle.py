"""The handle against a running sandbox: the real clients, and what they give back."""

import subprocess

import pandas as pd
import pytest
from kubernetes import client

import labkit
from labkit.errors import ClockError, ManifestError, QueryError, SandboxError

PROD, DATA = "llm-research-lab-prod", "llm-research-lab-data"


def test_kubectl_is_the_real_one_and_its_context_has_a_namespace(lab):
    pods = lab.kubectl("get pods")
    assert pods.returncode == 0
    assert pods.stdout.startswith("NAME ")
    assert "llm-research-api" in pods.stdout
    assert {pod["metadata"]["namespace"] for pod in lab.kubectl("get pods -o json").json()["items"]} == {PROD}


def test_a_mistake_is_shown_and_not_raised(lab):
    wrong = lab.kubectl("get pods -n nowhere-at-all")
    assert wrong.returncode == 1
    assert wrong.stderr
    assert lab.kubectl("get unicorns").returncode == 1


def test_curl_reaches_the_api_at_its_address_in_production(lab):
    assert lab.curl("-sf https://api.llm-research-lab.company.com/health/ready").json() == {"status": "healthy"}


def test_promql_at_a_time_and_over_a_range(lab):
    up = lab.promql("count(up)")
    assert up.iloc[-1, -1] >= 1
    rates = lab.promql("sum by (status) (rate(api_request_total[5m]))", last="1h")
    assert rates.index.is_monotonic_increasing
    assert (rates.index[-1] - rates.index[0]).total_seconds() == pytest.approx(3600, abs=15)
    assert (rates.sum(axis=1) > 0).all()
    assert len(lab.promql("vector(1)", last="1h", step="10m")) == 7


def test_promql_in_the_past(lab):
    first = lab.promql("time()", at="2025-11-28T11:00:00Z")
    assert first.iloc[-1, -1] == 1764327600
    assert lab.promql("time()", at=pd.Timestamp("2025-11-28T11:00:00Z")).iloc[-1, -1] == 1764327600


@pytest.mark.parametrize("wrong", ["up{", "nothing(up)", ""])
def test_a_wrong_query_is_refused_in_prometheus_words(lab, wrong):
    with pytest.raises(QueryError) as caught:
        lab.promql(wrong)
    assert "error" in caught.value.what


def test_a_wrong_time_or_duration_is_refused(lab):
    with pytest.raises(QueryError):
        lab.promql("up", last="yesterday")
    with pytest.raises(ClockError):
        lab.promql("up", at="yesterday")
    with pytest.raises(ClockError):
        lab.promql("up", at=5)
    with pytest.raises(QueryError, match="limit"):
        lab.logs('{app="llm-research-api"}', limit=0)


def test_a_failed_request_is_followed_from_its_line_to_its_trace(lab):
    errors = lab.logs('{app="llm-research-api", level="ERROR"} | json', last="1h", limit=5)
    assert 0 < len(errors) <= 5
    trace = lab.trace(errors["trace_id"].iloc[0])
    assert trace["error"].any()
    assert trace["span"].tolist().count(errors["span_id"].iloc[0]) == 1
    slow = lab.traces(service="llm-research-api", min_duration="20ms", last="1h", limit=3)
    assert len(slow) == 3
    assert lab.trace(slow["trace"].iloc[0])["service"].nunique() >= 2
    with pytest.raises(QueryError, match="no service 'nobody'"):
        lab.traces(service="nobody")


def test_alerts_are_a_frame_whether_or_not_there_are_any(lab):
    assert lab.alerts().columns[0] == "state"


def test_the_dashboards_draw_every_panel(lab):
    titles = lab.dashboards()["title"].tolist()
    assert titles == ["LLM Research Lab - API Performance", "LLM Research Lab - System Overview"]
    for title in titles:
        shown = lab.dashboard(title, last="30m")
        assert shown.failed == []
        empty = {line.split(" [")[0].strip() for line in repr(shown).splitlines() if line.endswith(": no data")}
        assert empty <= {"Alerts", "Slow or failed traces of the API"}, "in a healthy system these alone are empty"
        assert shown._repr_html_().count("<svg") > 30
    narrow = lab.dashboard("api performance", path="/api/v1/experiments")
    assert narrow.variables["path"] == ["/api/v1/experiments"]
    with pytest.raises(QueryError, match="cannot be '/nowhere'"):
        lab.dashboard("api performance", path="/nowhere")


def test_a_dashboard_of_ones_own_and_a_broken_one(lab, tmp_path):
    own = tmp_path / "mine.json"
    own.write_text(
        '{"title": "Mine", "panels": [{"id": 1, "type": "stat", "title": "Up", "targets": [{"expr": "count(up)"}]}]}'
    )
    assert "Up [stat]: drawn" in repr(lab.dashboard(str(own)))
    own.write_text('{"title": "Mine", "panels": [{"id": 1, "type": "stat", "title": "Up", "targets": "count(up)"}]}')
    with pytest.raises(ManifestError, match="panel 'Up'"):
        lab.dashboard(str(own))


def test_an_empty_answer_says_why(lab):
    empty = lab.promql("rate(api_requests_total[5m])", last="1h")
    assert "Did you mean api_request_total" in repr(empty)
    assert "Its values of status are" in repr(lab.promql('api_request_total{status="700"}'))


def test_sql_gives_a_frame(lab):
    frame = lab.sql("SELECT status, count(*) AS experiments FROM experiments GROUP BY status ORDER BY status")
    assert list(frame.columns) == ["status", "experiments"]
    assert frame["experiments"].sum() > 100
    assert lab.sql("SET statement_timeout = '5s'").iloc[0, 0] == "SET"


def test_a_wrong_statement_is_refused_in_postgresqls_words(lab):
    with pytest.raises(QueryError) as caught:
        lab.sql("SELECT *\nFROM experimentz")
    assert 'relation "experimentz" does not exist' in caught.value.what
    assert caught.value.where == "line 2 of the statement"
    with pytest.raises(QueryError, match="clickhouse"):
        lab.sql("SELECT 1", engine="clickhouse")


def test_the_official_clients_are_ready(lab):
    pods = client.CoreV1Api(lab.k8s).list_namespaced_pod(PROD).items
    assert {pod.metadata.namespace for pod in pods} == {PROD}
    assert lab.prom.custom_query("count(up)")[0]["value"]


def test_waiting_moves_virtual_time_at_once(lab):
    before = lab.now
    lab.wait("1h")
    assert lab.now >= before + 3_600_000


def test_a_sandbox_without_an_exercise_says_so(lab):
    with pytest.raises(SandboxError, match="no exercise"):
        lab.check()
    with pytest.raises(SandboxError, match="not one of exercise-1"):
        lab.check("exercise-1")


def test_connecting_again_gives_the_same_sandbox(lab):
    assert labkit.connect().endpoints.pid == lab.endpoints.pid
    with pytest.raises(SandboxError, match="seed 1, not of seed 2"):
        labkit.connect(seed=2)


def test_a_shell_of_the_notebook_reaches_it_too(lab):
    shown = subprocess.run(
        "kubectl get pods -n llm-research-lab-data -o name; psql $DATABASE_URL -tAc 'SELECT 1'",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "pod/postgres-0" in shown.stdout
    assert shown.stdout.endswith("1\n")


def test_it_shows_itself(lab):
    assert str(lab.endpoints.pid) in repr(lab)
    assert "virtual time" in lab._repr_html_()
