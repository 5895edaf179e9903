"""The benchmarks work, at a size at which they take no time: nothing is asserted about speed."""

import math
import shutil

from tests.benchmarks import memory, queries
from tests.benchmarks.workload import INSTANT, RANGE


def test_every_query_is_measured_and_answered_alike() -> None:
    rows = queries.measured(instances=1, hours=2.1, times=1)
    assert [row.query for row in rows] == [*INSTANT, *RANGE]
    assert all(row.ours > 0 and row.size > 50 for row in rows)
    beside = shutil.which("prometheus") is not None and shutil.which("promtool") is not None
    for row in rows:
        assert (row.theirs is not None) == (row.difference is not None) == beside
        assert row.difference is None or row.difference < 1e-12, row.query
    text = queries.table(rows)
    assert len(text.splitlines()) == len(rows) + 2


def test_a_difference_is_found() -> None:
    def answer(value: str, name: str = "a") -> dict:
        return {"data": {"result": [{"metric": {"x": name}, "values": [[1, value]]}]}}

    assert queries.difference(answer("1"), answer("1")) == queries.difference(answer("NaN"), answer("NaN")) == 0
    assert math.isclose(queries.difference(answer("1"), answer("2")), 0.5)
    assert queries.difference(answer("1"), answer("1", "b")) == math.inf


def test_memory_is_measured() -> None:
    cost = memory.measured(instances=1, hours=1.5)
    assert (cost.series, cost.samples) == (100, 36_000)
    assert 0 < cost.packed < cost.whole
    assert "100 series, 36,000 samples" in str(cost)
