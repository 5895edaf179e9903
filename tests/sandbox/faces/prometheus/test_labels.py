"""Series, label names and label values: what is asked for, in the range, and in upstream's words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.clock import EPOCH, SECOND
from labkit.sandbox.faces.prometheus.labels import unescaped
from labkit.signals.series import SeriesStore


def test_values_of_a_label(ask: Any) -> None:
    assert ask("label/job/values")[1]["data"] == ["api", "worker"]
    assert ask("label/job/values", ("match[]", "hits_total"))[1]["data"] == ["api"]
    assert ask("label/job/values", ("match[]", "hits_total"), ("match[]", "up"))[1]["data"] == ["api", "worker"]
    assert ask("label/nothing/values")[1]["data"] == []
    assert ask("label/job/values", ("end", str(EPOCH / SECOND - 1)))[1]["data"] == []


def test_a_limit_cuts_and_says_so(ask: Any) -> None:
    for path in ("labels", "label/job/values", "series"):
        _, body = ask(path, ("match[]", "up"), ("limit", "1"))
        assert (len(body["data"]), body["warnings"]) == (1, ["results truncated due to limit"])


@pytest.mark.parametrize(
    ("path", "params", "message"),
    [
        ("series", (), "no match[] parameter provided"),
        ("series", (("match[]", "{}"),), 'invalid parameter "match[]": match[] must contain at least one non-empty matcher'),
        ("labels", (("match[]", '{a=~".*"}'),), "match[] must contain at least one non-empty matcher"),
        ("labels", (("start", "x"),), "invalid parameter \"start\": invalid time value for 'start': cannot parse \"x\" to a valid timestamp"),
        ("label/job/values", (("limit", "-1"),), 'invalid parameter "limit": limit must be non-negative'),
        ("label//values", (), 'invalid label name: ""'),
    ],
)  # fmt: skip
def test_refusals(ask: Any, path: str, params: Any, message: str) -> None:
    code, body = ask(path, *params)
    assert (code, body["errorType"], body["error"]) == (400, "bad_data", message)


@pytest.mark.parametrize(
    ("escaped", "name"),
    [
        ("U__http_2e_status_3a_sum", "http.status:sum"), ("U__a__b", "a_b"), ("U___fc_", "ü"), ("job", "job"),
        ("U__a_b", "U__a_b"), ("U___ffffff_", "U___ffffff_"),
    ],
)  # fmt: skip
def test_escaped_names(escaped: str, name: str) -> None:
    assert unescaped(escaped) == name


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_what_is_escaped_as_upstream_does_comes_back(name: str) -> None:
    escaped = "U__" + "".join("__" if c == "_" else c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in name)
    assert unescaped(escaped) == name


def test_there_may_be_no_series_at_all(ask: Any) -> None:
    empty = SeriesStore()
    for path in ("labels", "label/job/values", "series", "query"):
        params = (("match[]", "up"), ("query", "up"))
        code, body = ask(path, *params, source=empty)
        assert code == 200
        assert body["data"] in ([], {"resultType": "vector", "result": []})
