"""The API without HTTP: who may ask, what is answered, and what a watch tells."""

from typing import Any

import pytest

from labkit.clock import HOUR, SECOND, Clock, Millis, rfc3339
from labkit.kube import kinds
from labkit.kube.api import Api
from labkit.kube.request import Request, Response, User
from labkit.kube.status import StatusError
from labkit.kube.store import HISTORY, Object, Store
from labkit.signals.logs import LogStore

READER = User("reader", ("readers", "system:authenticated"))
ADMIN = User("admin", ("system:masters", "system:authenticated"))
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PODS = "/api/v1/namespaces/shop/pods"


class Cluster:
    """A store, logs and an API over them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = Store(lambda: self.clock.now, 1)
        self.logs = LogStore()
        self.api = Api(self.store, lambda: self.clock.now, self.logs)

    def pod(self, name: str, app: str = "web", namespace: str = "shop", **state: Any) -> Object:
        running = {"state": {"running": {}}, "lastState": {}, "restartCount": 0, "ready": True}
        return self.store.create(kinds.POD, {
            "metadata": {"name": name, "namespace": namespace, "labels": {"app": app}},
            "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]},
            "status": {"phase": "Running", "containerStatuses": [{"name": "c", **running, **state}]},
        })  # fmt: skip

    def role(self, *rules: Object, subject: Object | None = None, namespace: str = "shop") -> None:
        metadata = {"name": "r", "namespace": namespace}
        self.store.create(kinds.ROLE, {"metadata": metadata, "rules": list(rules)})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}
        subjects = [subject or {"kind": "Group", "name": "readers"}]
        self.store.create(kinds.ROLE_BINDING, {"metadata": metadata, "roleRef": reference, "subjects": subjects})

    def ask(self, path: str, user: User = ADMIN, method: str = "GET", accept: str = "*/*", **query: str) -> Response:
        return self.api.handle(user, Request(method=method, path=path, accept=accept, query=tuple(query.items())))

    def refused(self, path: str, user: User = READER, method: str = "GET", **query: str) -> tuple[int, str]:
        with pytest.raises(StatusError) as caught:
            self.ask(path, user, method, **query)
        return caught.value.code, caught.value.what


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def rule(resources: str, *verbs: str, **more: Any) -> Object:
    return {"apiGroups": [""], "resources": resources.split(), "verbs": list(verbs), **more}


# ── who may ask ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", PODS, 'pods is forbidden: User "reader" cannot list resource "pods" in API group "" in the namespace "shop"'),
        ("GET", "/api/v1/nodes",
         'nodes is forbidden: User "reader" cannot list resource "nodes" in API group "" at the cluster scope'),
        ("GET", "/api/v1/namespaces/x",
         'namespaces "x" is forbidden: User "reader" cannot get resource "namespaces" in API group "" in the namespace "x"'),
        ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale",
         'deployments.apps "web" is forbidden: User "reader" cannot patch resource "deployments/scale" in API group "apps" '
         'in the namespace "shop"'),
        ("POST", f"{PODS}/a/portforward",
         'pods "a" is forbidden: User "reader" cannot create resource "pods/portforward" in API group "" in the namespace "shop"'),
        ("DELETE", PODS, 'pods is forbidden: User "reader" cannot deletecollection resource "pods" in API group "" '
         'in the namespace "shop"'),
        ("GET", "/apis/shop.example/v1/namespaces/shop/widgets",
         'widgets.shop.example is forbidden: User "reader" cannot list resource "widgets" in API group "shop.example" '
         'in the namespace "shop"'),
        ("GET", "/metrics", 'forbidden: User "reader" cannot get path "/metrics"'),
    ],
)  # fmt: skip
def test_refusals_in_upstreams_words(cluster: Cluster, method: str, path: str, message: str) -> None:
    assert cluster.refused(path, method=method) == (403, message)


def test_who_may_ask_learns_what_there_is_not(cluster: Cluster) -> None:
    for path in (
        "/apis/shop.example/v1/widgets",
        f"{PODS}/a/portforward",
        "/api/v1/pods/a",
        "/api/v1/namespaces/x/nodes",
    ):
        assert cluster.refused(path, ADMIN) == (404, "the server could not find the requested resource")
    assert cluster.refused(f"{PODS}/a", ADMIN)[1] == 'pods "a" not found'


def test_a_granted_write_is_not_served_yet(cluster: Cluster) -> None:
    cluster.pod("a")
    wording = "the server does not allow this method on the requested resource"
    assert cluster.refused(f"{PODS}/a", ADMIN, "DELETE") == (405, wording)
    assert cluster.store.find(kinds.POD, "shop", "a")


@pytest.mark.parametrize(
    ("granted", "path", "allowed"),
    [
        (rule("pods", "get"), f"{PODS}/a", True), (rule("pods", "list"), f"{PODS}/a", False),
        (rule("*", "*"), f"{PODS}/a/log", True), (rule("pods", "get"), f"{PODS}/a/log", False),
        (rule("*/log", "get"), f"{PODS}/a/log", True), (rule("*/log", "get"), f"{PODS}/a", False),
        (rule("pods", "get", resourceNames=["a"]), f"{PODS}/a", True),
        (rule("pods", "get", resourceNames=["b"]), f"{PODS}/a", False),
        (rule("pods", "get", apiGroups=["apps"]), f"{PODS}/a", False),
        (rule("pods", "get"), "/api/v1/namespaces/other/pods/a", False),
    ],
)  # fmt: skip
def test_rules(cluster: Cluster, granted: Object, path: str, allowed: bool) -> None:
    for namespace in ("shop", "other"):
        cluster.pod("a", namespace=namespace)
    cluster.role(granted)
    if allowed:
        cluster.ask(path, READER)
    else:
        assert cluster.refused(path)[0] == 403


def test_a_list_of_one_name_can_be_granted_by_that_name(cluster: Cluster) -> None:
    cluster.role(rule("pods", "list", resourceNames=["a"]))
    cluster.ask(PODS, READER, fieldSelector="metadata.name=a")
    assert cluster.refused(PODS, fieldSelector="metadata.name=b")[0] == 403
    assert cluster.refused(PODS)[0] == 403


def test_service_accounts_are_of_the_bindings_namespace_if_they_say_none(cluster: Cluster) -> None:
    cluster.role(rule("pods", "list"), subject={"kind": "ServiceAccount", "name": "robot"})
    cluster.ask(PODS, User("system:serviceaccount:shop:robot"))
    assert cluster.refused(PODS, User("system:serviceaccount:other:robot"))[0] == 403


def test_impersonation_needs_its_own_verb_and_gives_what_the_other_may(cluster: Cluster) -> None:
    request = Request(method="GET", path=PODS, impersonate="admin")
    with pytest.raises(
        StatusError, match='users "admin" is forbidden: User "reader" cannot impersonate resource "users"'
    ):
        cluster.api.handle(READER, request)
    cluster.role(rule("pods", "list"), subject={"kind": "Group", "name": "system:serviceaccounts:shop"})
    cluster.api.handle(ADMIN, Request(method="GET", path=PODS, impersonate="system:serviceaccount:shop:robot"))
    with pytest.raises(StatusError, match='User "nobody" cannot list'):
        cluster.api.handle(ADMIN, Request(method="GET", path=PODS, impersonate="nobody"))
    with pytest.raises(StatusError, match="without impersonating a user"):
        cluster.api.handle(ADMIN, Request(method="GET", path=PODS, impersonate_groups=("system:masters",)))


# ── lists ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("accept", ["application/json", TABLE])
def test_pages_hold_every_object_once(cluster: Cluster, accept: str) -> None:
    for i in range(7):
        cluster.pod(f"p{i}", namespace="shop" if i % 2 else "other")
    names, query, pages = [], {"limit": "3"}, 0
    while True:
        body = cluster.ask("/api/v1/pods", accept=accept, **query).body or {}
        items = [row["object"] for row in body["rows"]] if "rows" in body else body["items"]
        names += [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in items]
        pages += 1
        if not (token := body["metadata"].get("continue")):
            break
        query["continue"] = token
    assert pages == 3
    assert names == sorted(names)
    assert len(set(names)) == 7
    assert cluster.refused("/api/v1/pods", ADMIN, **{"continue": "x!"})[0] == 400


def test_a_list_of_one_has_the_version_of_the_list(cluster: Cluster) -> None:
    cluster.pod("a")
    cluster.pod("b", app="db")
    body = cluster.ask(PODS, accept=TABLE, labelSelector="app=web").body or {}
    assert body["metadata"]["resourceVersion"] == str(cluster.store.version)


# ── watches ───────────────────────────────────────────────────────────────────────────────────────


def told(cluster: Cluster, since: int, **query: str) -> list[tuple[str, str]]:
    """What a watch from ``since`` tells of what is already there, then of a scripted afterwards."""
    watch = cluster.ask(PODS, watch="true", resourceVersion=str(since), **query).watch
    assert watch
    events = list(watch.initial)
    before = cluster.store.version
    cluster.store.modify(kinds.POD, "shop", "b", lambda pod: pod["metadata"]["labels"].update(app="web"))
    cluster.store.delete(kinds.POD, "shop", "a")
    events += [event for change in cluster.store.since(before) if (event := watch.event(change, cluster.clock.now))]
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events]


def test_a_watch_adds_what_comes_to_match_and_deletes_what_ceases_to(cluster: Cluster) -> None:
    cluster.pod("a")
    cluster.pod("b", app="db")
    start = cluster.store.version
    assert told(cluster, start, labelSelector="app=web") == [("ADDED", "b"), ("DELETED", "a")]


def test_a_watch_from_an_older_version_tells_what_was_missed(cluster: Cluster) -> None:
    cluster.pod("b", app="db")
    start = cluster.store.version
    cluster.pod("a")
    cluster.store.modify(kinds.POD, "shop", "a", lambda pod: pod["metadata"]["labels"].update(app="x"))
    cluster.store.modify(kinds.POD, "shop", "a", lambda pod: pod["metadata"]["labels"].update(app="web"))
    expected = [("ADDED", "a"), ("DELETED", "a"), ("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")]
    assert told(cluster, start, labelSelector="app=web") == expected


def test_a_deletion_is_told_however_old_the_object(cluster: Cluster) -> None:
    cluster.pod("a")
    for i in range(HISTORY + 10):
        cluster.store.create(kinds.CONFIG_MAP, {"metadata": {"name": f"c{i}", "namespace": "shop"}})
    watch = cluster.ask(PODS, watch="true", resourceVersion=str(cluster.store.version)).watch
    late = cluster.store.version
    cluster.store.delete(kinds.POD, "shop", "a")
    [change] = cluster.store.since(late)
    assert watch
    event = watch.event(change, cluster.clock.now)
    assert event
    assert event["type"] == "DELETED"
    missed = cluster.ask(PODS, watch="true", resourceVersion=str(late)).watch
    assert missed
    assert [event["type"] for event in missed.initial] == ["DELETED"]


def test_a_streamed_list_ends_with_its_bookmark(cluster: Cluster) -> None:
    cluster.pod("a")
    query = {"watch": "true", "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    watch = cluster.ask(PODS, allowWatchBookmarks="true", **query).watch
    assert watch
    assert [event["type"] for event in watch.initial] == ["ADDED", "BOOKMARK"]
    assert watch.initial[1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_version_that_is_no_longer_kept_is_gone(cluster: Cluster) -> None:
    for i in range(HISTORY + 10):
        cluster.store.create(kinds.CONFIG_MAP, {"metadata": {"name": f"c{i}", "namespace": "shop"}})
    assert cluster.refused(PODS, ADMIN, watch="true", resourceVersion="1")[0] == 410
    assert cluster.refused(PODS, ADMIN, watch="true", resourceVersion="x")[0] == 400


def test_a_watched_table_has_its_columns_once(cluster: Cluster) -> None:
    for name in "abc":
        cluster.pod(name)
    watch = cluster.ask(PODS, accept=TABLE, watch="true").watch
    assert watch
    assert [bool(event["object"]["columnDefinitions"]) for event in watch.initial] == [True, False, False]


# ── logs ──────────────────────────────────────────────────────────────────────────────────────────


def write(cluster: Cluster, *lines: str) -> Millis:
    cluster.logs.begin("shop", "a", "c")
    for line in lines:
        cluster.clock.advance(cluster.clock.now + SECOND)
        cluster.logs.write("shop", "a", "c", cluster.clock.now, line)
    return cluster.clock.now


def test_the_end_of_a_log(cluster: Cluster) -> None:
    cluster.pod("a")
    now = write(cluster, "one", "two", "three")
    log = f"{PODS}/a/log"
    assert cluster.ask(log).text == "one\ntwo\nthree\n"
    assert cluster.ask(log, tailLines="1").text == "three\n"
    assert cluster.ask(log, tailLines="0").text == ""
    assert cluster.ask(log, sinceSeconds="1").text == "two\nthree\n"
    assert cluster.ask(log, sinceTime=rfc3339(now)).text == "three\n"
    assert cluster.ask(log, limitBytes="5").text == "one\nt"
    stamp = rfc3339(now, micros=True).removesuffix("Z")
    assert cluster.ask(log, tailLines="1", timestamps="true").text == f"{stamp}000Z three\n"
    assert cluster.refused(log, ADMIN, tailLines="-1")[0] == 400


BACK_OFF = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 1}}}


def test_a_waiting_container_shows_its_last_run_as_does_previous(cluster: Cluster) -> None:
    cluster.pod("a", restartCount=1, **BACK_OFF)
    write(cluster, "first")
    write(cluster, "second")
    assert cluster.ask(f"{PODS}/a/log").text == "second\n"
    assert cluster.ask(f"{PODS}/a/log", previous="true").text == "second\n"
    running = {"state": {"running": {}}}
    cluster.store.modify(kinds.POD, "shop", "a", lambda p: p["status"]["containerStatuses"][0].update(running))
    assert cluster.ask(f"{PODS}/a/log", previous="true").text == "first\n"


@pytest.mark.parametrize(
    ("state", "query", "words"),
    [
        ({}, {"previous": "true"}, 'previous terminated container "c" in pod "a" not found'),
        ({"state": {"waiting": {"reason": "ContainerCreating"}}}, {},
         'container "c" in pod "a" is waiting to start: ContainerCreating'),
        ({"state": {"waiting": {"reason": "ImagePullBackOff"}}}, {},
         'container "c" in pod "a" is waiting to start: trying and failing to pull image'),
        ({}, {"container": "x"}, "container x is not valid for pod a"),
    ],
)  # fmt: skip
def test_logs_that_there_are_not(cluster: Cluster, state: Object, query: dict[str, str], words: str) -> None:
    cluster.pod("a", **state)
    assert cluster.refused(f"{PODS}/a/log", ADMIN, **query) == (400, words)


def test_following_misses_no_line_and_ends_with_the_run(cluster: Cluster) -> None:
    cluster.pod("a")
    now = write(cluster, "old")
    follower = cluster.api.follow(Request(method="GET", path=f"{PODS}/a/log"))
    cluster.logs.write("shop", "a", "c", now, "same instant")
    assert follower.added() == ([(now, "same instant")], False)
    assert follower.added() == ([], False)
    cluster.logs.write("shop", "a", "c", now + SECOND, "last words")
    cluster.logs.begin("shop", "a", "c")
    cluster.logs.write("shop", "a", "c", now + HOUR, "another run")
    cluster.store.modify(kinds.POD, "shop", "a", lambda p: p["status"]["containerStatuses"][0].update(restartCount=1))
    assert follower.added() == ([(now + SECOND, "last words")], True)


# ── exec ──────────────────────────────────────────────────────────────────────────────────────────


def test_exec_is_granted_by_name_and_needs_a_running_container(cluster: Cluster) -> None:
    cluster.role(rule("pods/exec", "create", resourceNames=["a"]))
    pod = cluster.pod("a")
    assert cluster.api.authorize_exec(READER, "shop", "a", None) == (pod, "c")
    with pytest.raises(StatusError, match='pods "b" is forbidden: User "reader" cannot create resource "pods/exec"'):
        cluster.api.authorize_exec(READER, "shop", "b", None)
    with pytest.raises(StatusError, match="container x is not valid for pod a"):
        cluster.api.authorize_exec(READER, "shop", "a", "x")
    cluster.pod("down", **BACK_OFF)
    with pytest.raises(StatusError, match=r'unable to upgrade connection: container not found \("c"\)'):
        cluster.api.authorize_exec(ADMIN, "shop", "down", None)
    assert cluster.refused(f"{PODS}/a/exec", method="POST") == (400, "Upgrade request required")


# ── reviews ───────────────────────────────────────────────────────────────────────────────────────

ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def review(cluster: Cluster, path: str, body: bytes, content_type: str = "application/json") -> Object:
    request = Request(method="POST", path=path, body=body, content_type=content_type)
    answer = cluster.api.handle(READER, request)
    assert answer.code == 201
    assert answer.body
    found: Object = answer.body["status"]
    return found


def test_reviews_answer_from_the_rules(cluster: Cluster) -> None:
    cluster.role(rule("pods", "list"))
    asked = b'{"spec": {"resourceAttributes": {"verb": "%s", "resource": "pods", "namespace": "shop"}}}'
    assert review(cluster, ACCESS, asked % b"list")["allowed"] is True
    assert review(cluster, ACCESS, asked % b"delete")["allowed"] is False
    whoami = review(cluster, "/apis/authentication.k8s.io/v1/selfsubjectreviews", b"{}")
    assert whoami == {"userInfo": {"username": "reader", "groups": list(READER.groups)}}


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"{", "application/json", 400), (b"{}", "application/json", 422), (b'{"spec": 1}', "application/json", 400),
        (b'{"spec": {"resourceAttributes": [1]}}', "application/json", 400), (b"a: b", "text/plain", 415),
    ],
)  # fmt: skip
def test_malformed_reviews_are_refused(cluster: Cluster, body: bytes, content_type: str, code: int) -> None:
    with pytest.raises(StatusError) as caught:
        review(cluster, ACCESS, body, content_type)
    assert caught.value.code == code
