"""Role-based access control: what a rule grants, to whom, and nothing beyond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.clock import EPOCH
from labkit.kube.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING
from labkit.kube.rbac import Attributes, Authorizer
from labkit.kube.request import User
from labkit.kube.store import Store

JANE = User("jane", ("ops", "system:authenticated"))
RULES = [
    {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"]},
    {"verbs": ["create"], "apiGroups": [""], "resources": ["pods/exec"], "resourceNames": ["kafka-0"]},
    {"verbs": ["*"], "apiGroups": ["apps"], "resources": ["*"]},
]


def authorizer(
    subject: dict[str, str], rules: list[dict[str, list[str]]] = RULES, *, cluster: bool = False
) -> Authorizer:
    store = Store(lambda: EPOCH, 1)
    role, binding = (CLUSTER_ROLE, CLUSTER_ROLE_BINDING) if cluster else (ROLE, ROLE_BINDING)
    where = {} if cluster else {"namespace": "shop"}
    store.create(role, {"metadata": {"name": "r", **where}, "rules": rules})
    reference = {"kind": role.name, "name": "r"}
    store.create(binding, {"metadata": {"name": "b", **where}, "roleRef": reference, "subjects": [subject]})
    return Authorizer(store)


def asks(verb: str, resource: str, name: str = "", group: str = "", namespace: str = "shop") -> Attributes:
    plural, _, subresource = resource.partition("/")
    return Attributes(verb=verb, group=group, resource=plural, subresource=subresource, namespace=namespace, name=name)


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        (asks("list", "pods"), True),
        (asks("get", "pods/log", "x"), True),
        (asks("delete", "pods", "x"), False),
        (asks("list", "secrets"), False),
        (asks("list", "pods", namespace="other"), False),
        (asks("list", "pods", namespace=""), False),
        (asks("create", "pods/exec", "kafka-0"), True),
        (asks("create", "pods/exec", "kafka-1"), False),
        (asks("create", "pods/exec"), False),
        (asks("delete", "deployments", "web", "apps"), True),
        (asks("patch", "deployments/scale", "web", "apps"), True),
        (asks("list", "deployments"), False),
    ],
)
def test_rules_grant_what_they_name(asked: Attributes, allowed: bool) -> None:
    granted = authorizer({"kind": "Group", "name": "ops"})
    assert granted.allowed(JANE, asked) is allowed


@pytest.mark.parametrize(
    ("subject", "user", "bound"),
    [
        ({"kind": "User", "name": "jane"}, JANE, True),
        ({"kind": "User", "name": "ops"}, JANE, False),
        ({"kind": "Group", "name": "ops"}, JANE, True),
        ({"kind": "Group", "name": "jane"}, JANE, False),
        ({"kind": "ServiceAccount", "name": "ci", "namespace": "shop"}, User("system:serviceaccount:shop:ci"), True),
        ({"kind": "ServiceAccount", "name": "ci", "namespace": "shop"}, User("system:serviceaccount:x:ci"), False),
    ],
)
def test_bindings_bind_their_subjects(subject: dict[str, str], user: User, bound: bool) -> None:
    assert authorizer(subject).allowed(user, asks("list", "pods")) is bound


def test_a_cluster_binding_holds_everywhere() -> None:
    granted = authorizer({"kind": "User", "name": "jane"}, cluster=True)
    assert granted.allowed(JANE, asks("list", "pods", namespace="other"))
    assert granted.allowed(JANE, asks("list", "pods", namespace=""))


@given(verb=st.sampled_from(["get", "delete", "patch"]), resource=st.sampled_from(["pods", "nodes", "secrets"]))
def test_without_a_binding_nothing_and_as_master_everything(verb: str, resource: str) -> None:
    nobody = Authorizer(Store(lambda: EPOCH, 1))
    assert not nobody.allowed(JANE, asks(verb, resource))
    assert nobody.allowed(User("root", ("system:masters",)), asks(verb, resource))
