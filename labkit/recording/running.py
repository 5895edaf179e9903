"""The sandbox that runs as something to record: its faces, and what its observability is set up from."""

from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from labkit.endpoints import Endpoints
from labkit.recording.http import Api
from labkit.recording.jaeger import Jaeger
from labkit.recording.kubernetes import Cluster
from labkit.recording.loki import Loki
from labkit.recording.prometheus import Prometheus
from labkit.recording.record import Sources


def sources(home: Path, endpoints: Endpoints, match: Sequence[str] = (), logs: Sequence[str] = ()) -> Sources:
    """What the sandbox of ``home`` serves, with the dashboards and the Alertmanager's set-up of the twin.

    ``match`` and ``logs`` select series and log streams; without any, all are taken.
    """
    # a sandbox has the twin's; a recording that is recorded again has its own
    twin = None if endpoints.recorded else resources.files("labkit.twin") / "observability"
    dashboards = twin / "dashboards" if twin else None
    alertmanager = twin / "alertmanager.yml" if twin else None
    return Sources(
        prometheus=Prometheus(Api(endpoints.prometheus), match),
        loki=Loki(Api(endpoints.loki), logs) if endpoints.loki else None,
        jaeger=Jaeger(Api(endpoints.jaeger)) if endpoints.jaeger else None,
        cluster=Cluster(endpoints.kubeconfig, str(home / "bin" / "kubectl")),
        dashboards=_texts(dashboards, ".json") if dashboards and dashboards.is_dir() else {},
        alertmanager=alertmanager.read_text(encoding="utf-8") if alertmanager and alertmanager.is_file() else None,
    )


def _texts(folder: Traversable, ending: str) -> dict[str, str]:
    files = sorted((file for file in folder.iterdir() if file.name.endswith(ending)), key=lambda file: file.name)
    return {file.name: file.read_text(encoding="utf-8") for file in files}
