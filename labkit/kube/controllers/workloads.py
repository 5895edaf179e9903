"""Deployments, ReplicaSets and StatefulSets: the owners of pods.

A Deployment keeps one ReplicaSet for its current template at ``spec.replicas``; a StatefulSet
makes ordinals one after another, each when the one before is ready (OrderedReady).
"""

from labkit.clock import rfc3339
from labkit.kube.controllers.controller import Controller, is_owned_by, owned_by
from labkit.kube.controllers.podtemplate import new_pod, template_hash
from labkit.kube.kinds import DEPLOYMENT, POD, REPLICA_SET, STATEFUL_SET
from labkit.kube.store import Object, copied


def is_ready(pod: Object) -> bool:
    """Whether the pod's Ready condition is true."""
    conditions = pod.get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


class _PodOwner(Controller):
    """What ReplicaSet and StatefulSet share: counting the pods they own."""

    owns = (POD,)

    def pods(self, owner: Object) -> list[Object]:
        pods = self.store.list(POD, owner["metadata"]["namespace"])
        return [pod for pod in pods if is_owned_by(pod, owner)]

    def report(self, owner: Object, counts: dict[str, object]) -> None:
        status = {"observedGeneration": owner["metadata"]["generation"], **counts}
        metadata = owner["metadata"]
        self.store.modify(self.kind, metadata["namespace"], metadata["name"], lambda o: o.update(status=status))


class ReplicaSets(_PodOwner):
    """Keeps ``spec.replicas`` pods of a template."""

    kind = REPLICA_SET

    def reconcile(self, namespace: str, name: str) -> None:
        """Add missing pods, remove surplus ones (the not ready first), and count."""
        owner = self.store.get(REPLICA_SET, namespace, name)
        pods = self.pods(owner)
        wanted = owner["spec"]["replicas"]
        for pod in sorted(pods, key=is_ready)[: max(0, len(pods) - wanted)]:
            self.store.delete(POD, namespace, pod["metadata"]["name"])
        for _ in range(wanted - len(pods)):
            self.store.create(POD, new_pod(owner, f"{name}-{self.store.suffix()}", self.store.suffix()))
        pods = self.pods(owner)
        ready = sum(map(is_ready, pods))
        counts = {"readyReplicas": ready, "availableReplicas": ready} if ready else {}
        self.report(owner, {"replicas": len(pods), "fullyLabeledReplicas": len(pods), **counts})


class StatefulSets(_PodOwner):
    """Keeps pods ``name-0`` … ``name-(n-1)``, started in order."""

    kind = STATEFUL_SET

    def reconcile(self, namespace: str, name: str) -> None:
        """Start the next ordinal once all before it are ready, and count."""
        owner = self.store.get(STATEFUL_SET, namespace, name)
        revision = f"{name}-{template_hash(owner['spec']['template'])}"
        for ordinal in range(owner["spec"]["replicas"]):
            pod = self.store.find(POD, namespace, f"{name}-{ordinal}")
            if pod is None:
                self._start(owner, ordinal, revision)
            if pod is None or not is_ready(pod):
                break
        pods = self.pods(owner)
        ready = sum(map(is_ready, pods))
        self.report(owner, {
            "replicas": len(pods), "currentReplicas": len(pods), "updatedReplicas": len(pods),
            "readyReplicas": ready, "availableReplicas": ready,
            "currentRevision": revision, "updateRevision": revision, "collisionCount": 0,
        })  # fmt: skip

    def _start(self, owner: Object, ordinal: int, revision: str) -> None:
        name = f"{owner['metadata']['name']}-{ordinal}"
        pod = new_pod(owner, name, self.store.suffix())
        pod["metadata"]["labels"] |= {
            "apps.kubernetes.io/pod-index": str(ordinal),
            "controller-revision-hash": revision,
            "statefulset.kubernetes.io/pod-name": name,
        }
        pod["spec"] |= {"hostname": name, "subdomain": owner["spec"]["serviceName"]}
        self.store.create(POD, pod)


class Deployments(Controller):
    """Keeps one ReplicaSet for the current template, and says how far it is."""

    kind = DEPLOYMENT
    owns = (REPLICA_SET,)

    def reconcile(self, namespace: str, name: str) -> None:
        """Make or scale the ReplicaSet of the template, then report."""
        owner = self.store.get(DEPLOYMENT, namespace, name)
        digest = template_hash(owner["spec"]["template"])
        current = self.store.find(REPLICA_SET, namespace, f"{name}-{digest}")
        if current is None:
            current = self.store.create(REPLICA_SET, self._replica_set(owner, digest))
        elif current["spec"]["replicas"] != owner["spec"]["replicas"]:
            wanted = owner["spec"]["replicas"]
            self.store.modify(
                REPLICA_SET, namespace, current["metadata"]["name"], lambda rs: rs["spec"].update(replicas=wanted)
            )
        self._report(owner, current)

    def _replica_set(self, owner: Object, digest: str) -> Object:
        template = copied(owner["spec"]["template"])
        template["metadata"]["labels"] |= {"pod-template-hash": digest}
        revision = {"deployment.kubernetes.io/revision": "1"}
        namespace, name = owner["metadata"]["namespace"], owner["metadata"]["name"]
        self.store.modify(
            DEPLOYMENT, namespace, name, lambda d: d["metadata"].setdefault("annotations", {}).update(revision)
        )
        return {
            "metadata": {
                "name": f"{name}-{digest}", "namespace": namespace,
                "labels": template["metadata"]["labels"], "annotations": revision,
                "ownerReferences": [owned_by(owner)],
            },
            "spec": {
                "replicas": owner["spec"]["replicas"], "template": template,
                "selector": {"matchLabels": owner["spec"]["selector"]["matchLabels"] | {"pod-template-hash": digest}},
            },
        }  # fmt: skip

    def _report(self, owner: Object, current: Object) -> None:
        counts = current.get("status", {})
        wanted, ready = owner["spec"]["replicas"], counts.get("readyReplicas", 0)
        # maxUnavailable 25 % rounded down, as Kubernetes' default strategy has it
        available = ready >= wanted - wanted // 4
        status = {
            "observedGeneration": owner["metadata"]["generation"], "replicas": counts.get("replicas", 0),
            "updatedReplicas": counts.get("replicas", 0), "readyReplicas": ready, "availableReplicas": ready,
            "unavailableReplicas": wanted - ready,
            "conditions": [self._available(owner, available), self._progressing(owner, current, ready == wanted)],
        }  # fmt: skip
        status = {key: value for key, value in status.items() if value != 0}
        namespace, name = owner["metadata"]["namespace"], owner["metadata"]["name"]
        self.store.modify(DEPLOYMENT, namespace, name, lambda d: d.update(status=status))

    def _available(self, owner: Object, available: bool) -> Object:
        if available:
            return self._condition(
                owner, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."
            )
        return self._condition(
            owner, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
        )

    def _progressing(self, owner: Object, current: Object, complete: bool) -> Object:
        before = next((c for c in _conditions(owner) if c["type"] == "Progressing"), None)
        name = current["metadata"]["name"]
        # A finished rollout stays finished: losing readiness later is no progress (upstream's rule).
        if complete or (before and before["reason"] == "NewReplicaSetAvailable"):
            return self._condition(
                owner, "Progressing", "True", "NewReplicaSetAvailable",
                f'ReplicaSet "{name}" has successfully progressed.',
            )  # fmt: skip
        return self._condition(
            owner, "Progressing", "True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.'
        )

    def _condition(self, owner: Object, type_: str, status: str, reason: str, message: str) -> Object:
        before = next((c for c in _conditions(owner) if c["type"] == type_), None)
        now = rfc3339(self.clock.now)
        same = before is not None and (before["status"], before["reason"]) == (status, reason)
        return {
            "type": type_, "status": status, "reason": reason, "message": message,
            "lastUpdateTime": before["lastUpdateTime"] if before and same else now,
            "lastTransitionTime": before["lastTransitionTime"] if before and before["status"] == status else now,
        }  # fmt: skip


def _conditions(owner: Object) -> list[Object]:
    return list(owner.get("status", {}).get("conditions", ()))
