"""ingress-nginx: every request that reached us, also those that no replica was there to answer."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from labkit.twin.api import STATUSES
from labkit.twin.exporters.family import Family, Floats, series
from labkit.twin.exporters.targets import exporter
from labkit.twin.routes import ROUTES

if TYPE_CHECKING:
    from labkit.twin.system import System

METRICS = {"nginx_ingress_controller_requests": ("counter", "Requests the ingress answered, by status.")}

CODES = tuple(sorted({*STATUSES[1:], *(route.success for route in ROUTES)}))


def families(system: "System") -> Iterable[Family]:
    """One series a status code."""
    code = np.array([
        [CODES.index(route.success if status == "success" else status) for status in STATUSES] for route in ROUTES
    ])  # fmt: skip

    def read() -> Floats:
        counts = np.bincount(code.ravel(), system.api.answered.ravel(), len(CODES)).astype(np.float64)
        counts[CODES.index("503")] += system.api.rejected
        return counts

    labels = exporter("ingress-nginx") | {"namespace": "llm-research-lab-prod", "ingress": "llm-research-api"}
    yield Family([series("nginx_ingress_controller_requests", **labels, status=status) for status in CODES], read)
