"""Reading a cluster's objects by the real kubectl, as whoever its kubeconfig names.

What that identity may not list cluster-wide is listed by namespace; what it may not read at all is not
recorded. Secrets never are.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from labkit.errors import DatasetError
from labkit.kube.kinds import KINDS, NAMESPACE, SECRET, Kind


class _List(msgspec.Struct):
    items: list[dict[str, Any]] = []


class ObjectSource(Protocol):
    """Whoever has the objects of a cluster."""

    def objects(self) -> list[dict[str, Any]]:
        """The objects, each with its kind."""


@dataclass(frozen=True)
class Taken:
    """Objects that were taken before."""

    taken: list[dict[str, Any]]

    def objects(self) -> list[dict[str, Any]]:
        """The objects."""
        return self.taken


@dataclass(frozen=True)
class Cluster:
    """The cluster of a kubeconfig; ``kubectl`` is the program to ask with."""

    kubeconfig: Path
    kubectl: str | None = None

    def objects(self) -> list[dict[str, Any]]:
        """Every object that may be read, by kind, namespace and name."""
        namespaces = [str(one["metadata"]["name"]) for one in self._list(NAMESPACE, "") or ()]
        found: list[dict[str, Any]] = []
        for kind in KINDS:
            if kind is SECRET:
                continue
            items = self._list(kind, "")
            if items is None and kind.namespaced:
                items = [one for namespace in namespaces for one in self._list(kind, namespace) or ()]
            found += [_whole(kind, one) for one in items or ()]
        return found

    def _list(self, kind: Kind, namespace: str) -> list[dict[str, Any]] | None:
        """The objects of a kind, or ``None`` if they may not be listed there, or the cluster has no such kind."""
        group = f"/apis/{kind.group}" if kind.group else "/api"
        path = f"{group}/{kind.version}" + (f"/namespaces/{namespace}" if namespace else "") + f"/{kind.plural}"
        ended = subprocess.run(
            [self._program(), "get", "--raw", path, "--request-timeout=60s"],
            env=os.environ | {"KUBECONFIG": str(self.kubeconfig)},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if ended.returncode:
            said = ended.stderr.decode(errors="replace").strip()
            if "(Forbidden)" in said or "(NotFound)" in said:
                return None
            raise DatasetError(f"kubectl: {said[-300:]}", where=str(self.kubeconfig), remedy="is the cluster there?")
        try:
            return msgspec.json.decode(ended.stdout, type=_List).items
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DatasetError(
                f"{path} is no list of objects: {error}", where=str(self.kubeconfig), remedy="is it a Kubernetes API?"
            ) from error

    def _program(self) -> str:
        found = self.kubectl or shutil.which("kubectl")
        if found is None:
            raise DatasetError(
                "there is no kubectl to read the cluster with", remedy='eval "$(labkit env)", or install it'
            )
        return found


def _whole(kind: Kind, item: dict[str, Any]) -> dict[str, Any]:
    """An item of a list as an object of its own: a list leaves out what it says once."""
    item.get("metadata", {}).pop("managedFields", None)
    return {"apiVersion": kind.api_version, "kind": kind.name, **item}
