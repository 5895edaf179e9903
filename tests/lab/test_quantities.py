"""What a query measures, by the names in it and by its shape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.lab.quantities import unit_of


@pytest.mark.parametrize(
    ("query", "unit"),
    [
        ("rate(api_request_total[5m])", "reqps"),
        ("sum by (status) (rate(api_request_total[5m]))", "reqps"),
        ("rate(errors_total[5m])", "cps"),
        ("60 * rate(errors_total[5m])", "short"),
        ("increase(errors_total[1h])", "short"),
        ("count(up)", "short"),
        ("histogram_quantile(0.99, sum by (le) (rate(api_request_duration_seconds_bucket[5m])))", "s"),
        ("1000 * histogram_quantile(0.99, rate(a_seconds_bucket[5m]))", "ms"),
        ("rate(a_seconds_sum[5m]) / rate(a_seconds_count[5m])", "s"),
        ("sum(rate(a_total{code=~'5..'}[5m])) / sum(rate(a_total[5m]))", "percentunit"),
        ("100 * (1 - sum(rate(a_total[5m])) / sum(rate(b_total[5m])))", "percent"),
        ("rate(process_cpu_seconds_total[1m])", "percentunit"),
        ("process_resident_memory_bytes", "bytes"),
        ("rate(node_network_receive_bytes_total[1m])", "binBps"),
        ("free_bytes / size_bytes", "percentunit"),
        ("db_connection_pool_utilization", "percentunit"),
        ("db_connection_pool:utilization", "percentunit"),
        ("db:query_latency:p99:5m", "s"),
        ("job:api_request:rate5m", "reqps"),
        ("process_start_time_seconds", "epoch"),
        ("time() - process_start_time_seconds", "s"),
        ("max_over_time(a_bytes[1h:5m]) > 5", "bytes"),
        ("-(a_bytes)", "bytes"),
        ("a_bytes > bool 5", "none"),
        ("a_bytes / 1024", "none"),
        ("up", "none"),
        ("a_bytes + b_seconds", "none"),
        ("sum(", "none"),
        ("'text'", "none"),
    ],
)
def test_units(query, unit):
    assert unit_of(query).name == unit


@given(st.text(alphabet="abc_seconds_total(){}[5m]/*+- 1", max_size=40))
def test_any_text_has_a_unit_or_none(text):
    assert unit_of(text).name
