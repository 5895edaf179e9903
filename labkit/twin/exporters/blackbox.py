"""blackbox_exporter: the API as its users reach it, through DNS, certificate and ingress."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from labkit.twin.exporters.family import Family, seconds, series, table

if TYPE_CHECKING:
    from labkit.twin.system import System

METRICS = {
    "probe_success": ("gauge", "Whether the probe succeeded."),
    "probe_http_status_code": ("gauge", "Status code of the response; 0 if there was none."),
    "probe_ssl_earliest_cert_expiry": ("gauge", "When the first certificate of the chain expires, Unix seconds."),
}

HOST = "https://api.llm-research-lab.company.com"
ADDRESSES = (f"{HOST}/health/live", f"{HOST}/health/ready")


def families(system: "System") -> Iterable[Family]:
    """Three series a probed address: both are answered by a ready replica, or by the ingress with 503."""
    for address in ADDRESSES:
        rows = [series(name, job="blackbox-http", instance=address) for name in METRICS]
        yield table(rows, lambda: _probe(system))


def _probe(system: "System") -> Iterable[float]:
    expires = seconds(system.certificate_expires)
    if system.clock.now >= system.certificate_expires:
        return 0.0, 0.0, expires
    ready = bool(system.ready("llm-research-api"))
    return float(ready), 200.0 if ready else 503.0, expires
