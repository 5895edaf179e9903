"""Label and field selectors, against a plain reading of what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.kube import selectors
from labkit.kube.status import StatusError
from labkit.kube.store import Object

KEYS = st.sampled_from(["app", "tier", "app.kubernetes.io/name"])
VALUES = st.sampled_from(["web", "db", "a-b"])
LABELS = st.dictionaries(KEYS, VALUES)


def pod(labels: dict[str, str]) -> Object:
    return {"metadata": {"name": "x", "labels": labels}, "status": {"phase": "Running"}, "spec": {"nodeName": "n1"}}


@given(labels=LABELS, key=KEYS, value=VALUES)
def test_equality_and_its_negation_split_everything(labels: dict[str, str], key: str, value: str) -> None:
    obj = pod(labels)
    assert selectors.labels(f"{key}={value}")(obj) == selectors.labels(f"{key}=={value}")(obj)
    assert selectors.labels(f"{key}={value}")(obj) != selectors.labels(f"{key}!={value}")(obj)
    assert selectors.labels(key)(obj) != selectors.labels(f"!{key}")(obj)


@given(labels=LABELS, key=KEYS, values=st.sets(VALUES, min_size=1))
def test_sets_are_alternatives(labels: dict[str, str], key: str, values: set[str]) -> None:
    obj, listed = pod(labels), ",".join(sorted(values))
    assert selectors.labels(f"{key} in ({listed})")(obj) == any(selectors.labels(f"{key}={v}")(obj) for v in values)
    assert selectors.labels(f"{key} notin ({listed})")(obj) != selectors.labels(f"{key} in ({listed})")(obj)


@given(labels=LABELS, parts=st.lists(st.tuples(KEYS, VALUES), min_size=1, max_size=3))
def test_a_comma_means_and(labels: dict[str, str], parts: list[tuple[str, str]]) -> None:
    whole = ",".join(f"{key}={value}" for key, value in parts)
    assert selectors.labels(whole)(pod(labels)) == all(labels.get(key) == value for key, value in parts)


@pytest.mark.parametrize("bad", ["a=(b", "=x", "a in b", "a in (b", "a=b=c", "a b"])
def test_bad_syntax_is_a_bad_request(bad: str) -> None:
    with pytest.raises(StatusError) as caught:
        selectors.labels(bad)
    assert (caught.value.code, caught.value.reason) == (400, "BadRequest")


def test_fields_are_paths() -> None:
    obj = pod({})
    assert selectors.fields("status.phase=Running,spec.nodeName!=n2")(obj)
    assert not selectors.fields("metadata.name=y")(obj)
    assert selectors.fields("metadata.missing=")(obj), "what is not there is empty"
    with pytest.raises(StatusError):
        selectors.fields("nonsense")
