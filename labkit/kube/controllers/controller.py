"""What every controller is: a queue of dirty objects, worked off at the same virtual moment."""

from labkit.clock import Clock
from labkit.kube.kinds import Kind
from labkit.kube.store import Change, Object, Store

Key = tuple[str, str]


class Controller:
    """Reconciles the objects of ``kind`` whenever they, or what they own, change."""

    kind: Kind
    owns: tuple[Kind, ...] = ()

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self._dirty: dict[Key, None] = {}
        store.subscribe(self._observe)

    def reconcile(self, namespace: str, name: str) -> None:
        """Bring one object's world towards its spec."""
        raise TypeError(f"{type(self).__name__} does not say how it reconciles {namespace}/{name}")

    def enqueue(self, namespace: str, name: str) -> None:
        """Reconcile an object once everything that happens now has happened."""
        if not self._dirty:
            self.clock.call_later(0, self._work)
        self._dirty[namespace, name] = None

    def _observe(self, change: Change) -> None:
        metadata = change.object["metadata"]
        if change.kind == self.kind:
            self.enqueue(metadata.get("namespace", ""), metadata["name"])
        elif change.kind in self.owns:
            for owner in metadata.get("ownerReferences", ()):
                if owner["kind"] == self.kind.name:
                    self.enqueue(metadata["namespace"], owner["name"])

    def _work(self) -> None:
        dirty, self._dirty = list(self._dirty), {}
        for namespace, name in dirty:
            if self.store.find(self.kind, namespace, name):
                self.reconcile(namespace, name)


def owned_by(owner: Object) -> dict[str, object]:
    """The ``ownerReferences`` entry that points at ``owner``."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def is_owned_by(child: Object, owner: Object) -> bool:
    """Whether ``child``'s controller is ``owner``."""
    uid = owner["metadata"]["uid"]
    return any(ref["uid"] == uid for ref in child["metadata"].get("ownerReferences", ()))
