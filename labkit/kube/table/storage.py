"""PersistentVolumeClaims."""

from labkit.clock import Millis
from labkit.kube.store import Object
from labkit.kube.table.columns import Column, Row, age, column

CLAIM: tuple[Column, ...] = (
    column("Name", "name"), column("Status"), column("Volume"), column("Capacity"), column("Access Modes"),
    column("StorageClass"), column("VolumeAttributesClass"), column("Age"), column("VolumeMode", wide=True),
)  # fmt: skip

UNSET = "<unset>"
_SHORT = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def claim(obj: Object, now: Millis) -> Row:
    """One claim; capacity and modes are those of the volume once there is one."""
    metadata, spec, status = obj["metadata"], obj["spec"], obj.get("status", {})
    bound = bool(spec.get("volumeName"))
    modes = [short for mode, short in _SHORT.items() if mode in status.get("accessModes", ())] if bound else []
    return [
        metadata["name"], "Terminating" if metadata.get("deletionTimestamp") else status.get("phase", ""),
        spec.get("volumeName", ""), status.get("capacity", {}).get("storage", "") if bound else "", ",".join(modes),
        spec.get("storageClassName", ""), spec.get("volumeAttributesClassName") or UNSET, age(obj, now),
        spec.get("volumeMode") or UNSET,
    ]  # fmt: skip
