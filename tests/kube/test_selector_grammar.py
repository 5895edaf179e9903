"""Label and field selectors, against upstream's grammar and words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.kube import selectors
from labkit.kube.kinds import DEPLOYMENT, EVENT, NODE, POD
from labkit.kube.status import StatusError


def matches(selector: str, **labels: str) -> bool:
    return selectors.labels(selector)({"metadata": {"labels": labels}})


@pytest.mark.parametrize(
    ("selector", "matched"),
    [
        ("", True), ("app=web", True), ("app==web", True), ("app!=web", False), ("app!=db", True), ("tier!=x", True),
        ("app", True), ("!app", False), ("tier", False), ("! tier", True), ("app in (web,db)", True),
        ("app in(web)", True), ("app notin (web)", False), ("tier notin (web)", True), ("app in (db)", False),
        ("app=web,size>2", True), ("size<2", False), ("app>2", False), ("app = web , size = 3", True), ("app=", False),
    ],
)  # fmt: skip
def test_labels(selector: str, matched: bool) -> None:
    assert matches(selector, app="web", size="3") is matched


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("=x", "found '=', expected: !, identifier"), ("a b", "found 'b', expected: in, notin, =, ==, !="),
        ("a in b", "found 'b', expected: '('"), ("a in (b", "expected: ',' or ')'"), ("a=(b", "found '('"),
        ("a=b,", "expected: identifier after ','"), ("-a=b", "name part must consist of"), ("a>x", "must be an integer"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
    ],
)  # fmt: skip
def test_a_malformed_selector_is_refused_in_upstreams_words(selector: str, words: str) -> None:
    with pytest.raises(StatusError) as caught:
        selectors.labels(selector)
    assert caught.value.code == 400
    assert words in caught.value.what


@given(st.text(alphabet="ab=!,() innot<>-./\t", max_size=24))
def test_any_text_is_a_selector_or_a_bad_request(text: str) -> None:
    try:
        selectors.labels(text)
    except StatusError as error:
        assert error.code == 400  # noqa: PT017


NAMES = st.sampled_from(["a", "b", "c"])


@given(NAMES, NAMES, st.dictionaries(NAMES, NAMES, max_size=3))
def test_not_equal_is_the_complement_of_equal(key: str, value: str, labels: dict[str, str]) -> None:
    assert matches(f"{key}={value}", **labels) != matches(f"{key}!={value}", **labels)
    assert matches(f"{key} in ({value})", **labels) != matches(f"{key} notin ({value})", **labels)


def test_fields_of_a_pod_and_of_an_event() -> None:
    pod = {"metadata": {"name": "x"}, "spec": {"nodeName": "n"}, "status": {"phase": "Running"}}
    wanted = "spec.nodeName=n,status.phase!=Succeeded,status.phase!=Failed"
    assert selectors.fields(wanted, POD)(pod)
    assert not selectors.fields("spec.nodeName=other", POD)(pod)
    event = {"metadata": {"name": "e"}, "involvedObject": {"name": "n"}, "source": {"component": "kubelet"}}
    assert selectors.fields("involvedObject.name=n,involvedObject.namespace=,source=kubelet", EVENT)(event)
    assert selectors.fields("spec.unschedulable=false", NODE)({"metadata": {"name": "n"}, "spec": {}})


def test_a_field_that_is_not_selectable_is_refused() -> None:
    with pytest.raises(StatusError, match=r"field label not supported: spec\.foo"):
        selectors.fields("spec.foo=1", POD)
    with pytest.raises(StatusError, match=r'"spec\.replicas" is not a known field selector: only "metadata\.name"'):
        selectors.fields("spec.replicas=1", DEPLOYMENT)
    with pytest.raises(StatusError, match="can't understand 'foo'"):
        selectors.fields("foo", POD)
