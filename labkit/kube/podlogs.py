"""``kubectl logs``: a container's lines, from the end, since a time, or of the run before."""

from typing import Protocol

from labkit.clock import SECOND, Millis, parse_rfc3339, rfc3339
from labkit.errors import ClockError
from labkit.kube import status
from labkit.kube.request import Request
from labkit.kube.store import Object


class LogSource(Protocol):
    """Where the lines are kept."""

    def lines(self, namespace: str, pod: str, container: str, previous: bool = False) -> list[tuple[Millis, str]]:
        """All kept lines of the present or the previous run, oldest first."""


def read(source: LogSource, pod: Object, request: Request, now: Millis) -> str:
    """The text that the log subresource answers."""
    lines = _lines(source, pod, request)
    if since := request.param("sinceSeconds"):
        lines = [line for line in lines if line[0] >= now - _number(since, "sinceSeconds") * SECOND]
    if since := request.param("sinceTime"):
        lines = [line for line in lines if line[0] >= _time(since)]
    if tail := request.param("tailLines"):
        count = _number(tail, "tailLines")
        lines = lines[-count:] if count else []
    return _limited(format_lines(lines, request), request)


def format_lines(lines: list[tuple[Millis, str]], request: Request) -> str:
    """Lines as text, with their times if these are asked for."""
    stamped = request.param("timestamps") == "true"
    return "".join(f"{rfc3339(time, micros=True)} {line}\n" if stamped else f"{line}\n" for time, line in lines)


def container_of(pod: Object, name: str) -> str:
    """The container asked for, or the only one; 400 in upstream's words otherwise."""
    names = [container["name"] for container in pod["spec"]["containers"]]
    pod_name = pod["metadata"]["name"]
    if not name and len(names) == 1:
        return str(names[0])
    if not name:
        raise status.bad_request(f"a container name must be specified for pod {pod_name}, choose one of: {names}")
    if name not in names:
        raise status.bad_request(f"container {name} is not valid for pod {pod_name}")
    return name


def _lines(source: LogSource, pod: Object, request: Request) -> list[tuple[Millis, str]]:
    metadata = pod["metadata"]
    container = container_of(pod, request.param("container"))
    statuses = pod.get("status", {}).get("containerStatuses", ())
    unknown: Object = {"name": container, "state": {}, "lastState": {}, "restartCount": 0}
    state: Object = next((s for s in statuses if s["name"] == container), unknown)
    previous = request.param("previous") == "true"
    waiting = state["state"].get("waiting", {}).get("reason", "")
    if previous and not state["restartCount"]:
        raise status.bad_request(f'previous terminated container "{container}" in pod "{metadata["name"]}" not found')
    if not statuses or (waiting and not state["lastState"]):
        raise status.bad_request(
            f'container "{container}" in pod "{metadata["name"]}" is waiting to start: {waiting or "ContainerCreating"}'
        )
    # A container that waits to be restarted shows its last run, and so does --previous of it.
    return source.lines(metadata["namespace"], metadata["name"], container, previous and not waiting)


def _limited(text: str, request: Request) -> str:
    limit = request.param("limitBytes")
    return text.encode()[: _number(limit, "limitBytes")].decode(errors="ignore") if limit else text


def _number(text: str, name: str) -> int:
    if not text.isdigit():
        raise status.bad_request(f'{name}: Invalid value: "{text}": must be a non-negative integer')
    return int(text)


def _time(text: str) -> Millis:
    try:
        return parse_rfc3339(text)
    except ClockError as error:
        raise status.bad_request(f"sinceTime: Invalid value: {error.what}") from error
