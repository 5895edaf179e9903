"""The resource types this API serves: the registry that discovery, paths and RBAC read."""

from dataclasses import dataclass, field

READ = ("get", "list", "watch")
WRITE = ("create", "delete", "deletecollection", "patch", "update")


@dataclass(frozen=True)
class Kind:
    """One resource type, as discovery describes it (``APIResource``)."""

    group: str
    version: str
    name: str
    plural: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = field(default=())

    @property
    def api_version(self) -> str:
        """``apps/v1``, or ``v1`` in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """The name in errors and RBAC: ``deployments.apps``, or ``pods`` in the core group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def singular(self) -> str:
        """``deployment`` for Deployment."""
        return self.name.lower()


def _core(name: str, plural: str, *short: str, **rest: object) -> Kind:
    return Kind("", "v1", name, plural, short_names=short, **rest)  # type: ignore[arg-type]


POD = _core("Pod", "pods", "po", categories=("all",), subresources=("log", "exec", "status"))
SERVICE = _core("Service", "services", "svc", categories=("all",), subresources=("status",))
NODE = _core("Node", "nodes", "no", namespaced=False, subresources=("status",))
NAMESPACE = _core("Namespace", "namespaces", "ns", namespaced=False, subresources=("status",))
EVENT = _core("Event", "events", "ev")
CONFIG_MAP = _core("ConfigMap", "configmaps", "cm")
SECRET = _core("Secret", "secrets")
SERVICE_ACCOUNT = _core("ServiceAccount", "serviceaccounts", "sa")
ENDPOINTS = _core("Endpoints", "endpoints", "ep")
PERSISTENT_VOLUME_CLAIM = _core("PersistentVolumeClaim", "persistentvolumeclaims", "pvc", subresources=("status",))

DEPLOYMENT = Kind(
    "apps", "v1", "Deployment", "deployments", short_names=("deploy",), categories=("all",),
    subresources=("scale", "status"),
)  # fmt: skip
REPLICA_SET = Kind(
    "apps", "v1", "ReplicaSet", "replicasets", short_names=("rs",), categories=("all",),
    subresources=("scale", "status"),
)  # fmt: skip
STATEFUL_SET = Kind(
    "apps", "v1", "StatefulSet", "statefulsets", short_names=("sts",), categories=("all",),
    subresources=("scale", "status"),
)  # fmt: skip
HORIZONTAL_POD_AUTOSCALER = Kind(
    "autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", short_names=("hpa",),
    categories=("all",), subresources=("status",),
)  # fmt: skip
INGRESS = Kind("networking.k8s.io", "v1", "Ingress", "ingresses", short_names=("ing",), subresources=("status",))
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases")
ROLE = Kind("rbac.authorization.k8s.io", "v1", "Role", "roles")
ROLE_BINDING = Kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings")
CLUSTER_ROLE = Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDING = Kind(
    "rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False
)

KINDS: tuple[Kind, ...] = (
    POD, SERVICE, NODE, NAMESPACE, EVENT, CONFIG_MAP, SECRET, SERVICE_ACCOUNT, ENDPOINTS,
    PERSISTENT_VOLUME_CLAIM, DEPLOYMENT, REPLICA_SET, STATEFUL_SET, HORIZONTAL_POD_AUTOSCALER,
    INGRESS, LEASE, ROLE, ROLE_BINDING, CLUSTER_ROLE, CLUSTER_ROLE_BINDING,
)  # fmt: skip


def by_plural(group: str, version: str, plural: str) -> Kind | None:
    """The kind a request path names, or ``None``."""
    return next((k for k in KINDS if (k.group, k.version, k.plural) == (group, version, plural)), None)


def by_kind(api_version: str, name: str) -> Kind | None:
    """The kind a manifest names by ``apiVersion`` and ``kind``, or ``None``."""
    return next((k for k in KINDS if (k.api_version, k.name) == (api_version, name)), None)
