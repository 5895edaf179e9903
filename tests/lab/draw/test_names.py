"""Short names: what tells series apart."""

from hypothesis import given
from hypothesis import strategies as st

from labkit.lab.draw.names import full_name, short_names


def test_common_labels_and_those_that_say_the_same_go():
    series = [
        {"__name__": "x", "job": "api", "instance": f"10.0.0.{n}", "pod": f"llm-research-api-7d9f-{n}", "status": "200"}
        for n in (1, 2)
    ]
    assert short_names(series) == ["…1", "…2"]


def test_several_labels_are_their_values():
    assert short_names(
        [{"path": "/a", "status": "200"}, {"path": "/a", "status": "500"}, {"path": "/b", "status": "200"}]
    ) == ["/a 200", "/a 500", "/b 200"]


def test_a_label_that_another_contains_goes():
    pods = [{"app": "api", "pod": "api-1"}, {"app": "api", "pod": "api-2"}, {"app": "worker", "pod": "worker-2"}]
    assert short_names(pods) == ["api-1", "api-2", "worker-2"]
    assert short_names(pods[1:]) == ["api", "worker"], "where either would do, the shorter"


def test_a_pod_is_named_by_itself_and_not_by_its_node():
    pods = [{"node": f"node-{n}", "pod": f"worker-{n}", "instance": f"10.0.0.{n}:9090"} for n in "ab"]
    assert short_names(pods) == ["worker-a", "worker-b"]
    assert short_names([{"node": one["node"], "instance": one["instance"]} for one in pods]) == ["node-a", "node-b"]


def test_nothing_to_tell():
    assert short_names([{"__name__": "up", "job": "a"}]) == ["up"]
    assert short_names([{}]) == ["value"]
    assert short_names([{"a": "1"}, {}]) == ["1", "{}"]
    assert full_name({"__name__": "up", "job": "a"}) == 'up{job="a"}'
    assert full_name({}) == "{}"


LABELS = st.dictionaries(st.sampled_from("abc"), st.text("xyz-1", min_size=1, max_size=25), min_size=3, max_size=3)


@given(st.lists(LABELS, min_size=1, max_size=6))
def test_different_series_have_different_names(series):
    distinct = {tuple(sorted(one.items())) for one in series}
    names = {(name, tuple(sorted(one.items()))) for name, one in zip(short_names(series), series, strict=True)}
    if len(distinct) == len(series):
        assert len({name for name, _ in names}) == len(series)
