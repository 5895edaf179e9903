"""Get, list, watch and logs through the API, without HTTP."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.clock import EPOCH, HOUR, MINUTE
from labkit.kube.api import Api
from labkit.kube.kinds import POD
from labkit.kube.request import Request, Response, User
from labkit.kube.status import StatusError
from labkit.kube.store import Store
from labkit.kube.table.columns import human
from labkit.signals.logs import LogStore

ROOT = User("root", ("system:masters",))
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PODS = "/api/v1/namespaces/shop/pods"


def pod(name: str, **status: Any) -> dict[str, Any]:
    running = {"name": "c", "ready": True, "restartCount": 0, "state": {"running": {}}, "lastState": {}}
    return {
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": name[0]}},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
        "status": {"phase": "Running", "containerStatuses": [running], **status},
    }


def make(count: int = 0) -> Api:
    store = Store(lambda: EPOCH, 1)
    for n in range(count):
        store.create(POD, pod(f"p{n:03}"))
    return Api(store, lambda: EPOCH + HOUR, LogStore())


def get(api: Api, path: str, accept: str = "application/json", **query: str) -> Response:
    return api.handle(ROOT, Request(method="GET", path=path, accept=accept, query=tuple(query.items())))


@given(count=st.integers(0, 30), limit=st.integers(1, 12))
def test_pages_are_the_whole_list(count: int, limit: int) -> None:
    api, names, token = make(count), [], ""
    while True:
        body = get(api, PODS, limit=str(limit), **({"continue": token} if token else {})).body
        assert body is not None
        assert len(body["items"]) <= limit
        names += [item["metadata"]["name"] for item in body["items"]]
        token = body["metadata"].get("continue", "")
        if not token:
            break
    assert names == [f"p{n:03}" for n in range(count)]


@given(changes=st.lists(st.tuples(st.sampled_from("cud"), st.integers(0, 4)), max_size=25), start=st.integers(0, 25))
def test_a_list_and_its_watch_lead_to_the_present(changes: list[tuple[str, int]], start: int) -> None:
    """List at some moment, replay the watch from its version: what results is the present list."""
    api = make()
    seen: dict[str, Any] = {}
    version = "0"
    for index, (kind, number) in enumerate(changes):
        if index == start:
            body = get(api, PODS).body
            assert body is not None
            seen = {item["metadata"]["name"]: item for item in body["items"]}
            version = body["metadata"]["resourceVersion"]
        name = f"p{number}"
        exists = api.store.find(POD, "shop", name)
        if kind == "c" and not exists:
            api.store.create(POD, pod(name))
        elif kind == "u" and exists:
            api.store.modify(POD, "shop", name, lambda p, i=index: p["status"].update(message=str(i)))  # type: ignore[misc]
        elif kind == "d" and exists:
            api.store.delete(POD, "shop", name)
    if start >= len(changes):
        seen = {}
    watch = get(api, PODS, watch="true", resourceVersion=version if start < len(changes) else "0").watch
    assert watch is not None
    for event in watch.initial:
        name = event["object"]["metadata"]["name"]
        if event["type"] == "DELETED":
            del seen[name]
        else:
            seen[name] = event["object"]
    now = get(api, PODS).body
    assert now is not None
    assert seen == {item["metadata"]["name"]: item for item in now["items"]}


def test_initial_events_end_with_their_bookmark() -> None:
    watch = get(make(2), PODS, watch="true", sendInitialEvents="true", resourceVersionMatch="NotOlderThan").watch
    assert watch is not None
    assert [event["type"] for event in watch.initial] == ["ADDED", "ADDED", "BOOKMARK"]
    assert watch.initial[-1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_version_too_old_is_gone() -> None:
    api = make(1)
    for n in range(5000):
        api.store.modify(POD, "shop", "p000", lambda p, n=n: p["status"].update(message=str(n)))  # type: ignore[misc]
    with pytest.raises(StatusError) as caught:
        get(api, PODS, watch="true", resourceVersion="1")
    assert (caught.value.code, caught.value.reason) == (410, "Expired")


@pytest.mark.parametrize(
    ("status", "cells"),
    [
        ({}, ["1/1", "Running", "0"]),
        ({"containerStatuses": [], "phase": "Pending"}, ["0/1", "Pending", "0"]),
        (
            {"containerStatuses": [{"name": "c", "ready": False, "restartCount": 3,
                                    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                                    "lastState": {"terminated": {"finishedAt": "2025-11-28T12:55:00Z"}}}]},
            ["0/1", "CrashLoopBackOff", "3 (5m ago)"],
        ),
        (
            {"containerStatuses": [{"name": "c", "ready": False, "restartCount": 0, "lastState": {},
                                    "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]},
            ["0/1", "OOMKilled", "0"],
        ),
        ({"phase": "Failed", "reason": "Evicted", "containerStatuses": []}, ["0/1", "Evicted", "0"]),
    ],
)  # fmt: skip
def test_a_pods_row_reads_as_upstreams(status: dict[str, Any], cells: list[str]) -> None:
    api = make()
    api.store.create(POD, pod("x", **status))
    body = get(api, PODS, TABLE).body
    assert body is not None
    assert body["rows"][0]["cells"][1:4] == cells


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (119, "119s"), (120, "2m"), (150, "2m30s"), (600, "10m"), (3 * 3600 - 1, "179m"), (4 * 3600, "4h"),
     (4 * 3600 + 60, "4h1m"), (47 * 3600, "47h"), (3 * 86400, "3d"), (3 * 86400 + 3600, "3d1h"), (40 * 86400, "40d"),
     (800 * 86400, "2y70d")],
)  # fmt: skip
def test_ages_are_upstreams(seconds: int, text: str) -> None:
    assert human(seconds) == text


def test_logs_can_be_cut_from_either_end() -> None:
    logs = LogStore()
    logs.begin("shop", "x", "c")
    for n in range(10):
        logs.write("shop", "x", "c", EPOCH + n * MINUTE, f"line {n}")
    api = Api(Store(lambda: EPOCH, 1), lambda: EPOCH + 10 * MINUTE, logs)
    api.store.create(POD, pod("x"))
    read = lambda **query: get(api, f"{PODS}/x/log", **query).text  # noqa: E731
    assert read(tailLines="2") == "line 8\nline 9\n"
    assert read(sinceSeconds="120") == "line 8\nline 9\n"
    assert read(sinceTime="2025-11-28T12:09:00Z") == "line 9\n"
    assert read(tailLines="1", timestamps="true") == "2025-11-28T12:09:00.000000000Z line 9\n"
    assert read(limitBytes="6") == "line 0"
    for bad in ({"tailLines": "-1"}, {"sinceTime": "yesterday"}, {"container": "nope"}, {"previous": "true"}):
        with pytest.raises(StatusError) as caught:
            read(**bad)
        assert caught.value.code == 400


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/api/v1/namespaces/shop/nopes", 404),
        ("GET", "/apis/nope/v1/x", 404),
        ("GET", "/api/v1/namespaces/shop/pods/../../../etc", 404),
        ("POST", PODS, 405),
        ("DELETE", f"{PODS}/p000", 405),
        ("GET", f"{PODS}/nope", 404),
    ],
)
def test_what_is_not_there_is_said_so(method: str, path: str, code: int) -> None:
    with pytest.raises(StatusError) as caught:
        make(1).handle(ROOT, Request(method=method, path=path))
    assert caught.value.code == code
    assert caught.value.body()["kind"] == "Status"
