"""Kubernetes' own errors: a ``Status`` object with a code, a reason and upstream's wording.

Wording and reasons follow k8s.io/apimachinery ``pkg/api/errors``.
"""

from typing import Any

from labkit.errors import LabkitError
from labkit.kube.kinds import Kind


class StatusError(LabkitError):
    """A failure that the Kubernetes API answers with a ``Status`` object."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details or {}

    def body(self) -> dict[str, Any]:
        """The ``Status`` object, as JSON-ready data."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.what,
            "reason": self.reason,
            "code": self.code,
        }
        if self.details:
            status["details"] = self.details
        return status


def _about(kind: Kind, name: str) -> dict[str, Any]:
    return {"name": name, "kind": kind.plural} | ({"group": kind.group} if kind.group else {})


def not_found(kind: Kind, name: str) -> StatusError:
    """404: no such object."""
    return StatusError(404, "NotFound", f'{kind.resource} "{name}" not found', _about(kind, name))


def already_exists(kind: Kind, name: str) -> StatusError:
    """409: an object of that name is there already."""
    return StatusError(409, "AlreadyExists", f'{kind.resource} "{name}" already exists', _about(kind, name))


def conflict(kind: Kind, name: str) -> StatusError:
    """409: the object changed since it was read."""
    return StatusError(
        409,
        "Conflict",
        f'Operation cannot be fulfilled on {kind.resource} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again",
        _about(kind, name),
    )


def expired(version: int, oldest: int) -> StatusError:
    """410: a watch asked to resume from a version that is no longer kept."""
    return StatusError(410, "Expired", f"too old resource version: {version} ({oldest})")


def bad_request(message: str) -> StatusError:
    """400: the request itself is malformed."""
    return StatusError(400, "BadRequest", message)
