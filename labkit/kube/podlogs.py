"""``kubectl logs``: a container's lines, from the end, since a time, or of the run before."""

from typing import Protocol

from labkit.clock import SECOND, Millis, parse_rfc3339, rfc3339
from labkit.errors import ClockError
from labkit.kube import status
from labkit.kube.kinds import POD
from labkit.kube.request import Request
from labkit.kube.store import Object, Store


class LogSource(Protocol):
    """Where the lines are kept."""

    def lines(self, namespace: str, pod: str, container: str, previous: bool = False) -> list[tuple[Millis, str]]:
        """All kept lines of the present or the previous run, oldest first."""


_WAITING = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}
"""What a kubelet says instead of a reason."""


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


class Follower:
    """``logs -f`` after what was there: the lines that a container's present run adds, until it ends."""

    def __init__(self, source: LogSource, store: Store, pod: Object, container: str) -> None:
        self._source = source
        self._store = store
        self._pod = pod
        self._container = container
        self._run = _status_of(pod, container).get("restartCount", 0)
        self._seen = self._cursor(self._lines())

    def added(self) -> tuple[list[tuple[Millis, str]], bool]:
        """The lines since the last call, and whether the run is over."""
        metadata = self._pod["metadata"]
        pod = self._store.find(POD, metadata["namespace"], metadata["name"])
        if pod is None or pod["metadata"]["uid"] != metadata["uid"]:
            return [], True
        found = _status_of(pod, self._container)
        restarted = found.get("restartCount", 0) != self._run
        lines = self._lines(previous=restarted)
        last, count = self._seen
        new = [line for line in lines if line[0] > last]
        new = [line for line in lines if line[0] == last][count:] + new
        self._seen = self._cursor(lines)
        return new, restarted or "running" not in (found.get("state") or {})

    def _lines(self, *, previous: bool = False) -> list[tuple[Millis, str]]:
        metadata = self._pod["metadata"]
        return self._source.lines(metadata["namespace"], metadata["name"], self._container, previous)

    def _cursor(self, lines: list[tuple[Millis, str]]) -> tuple[Millis, int]:
        """The time of the last line, and how many lines have that time."""
        last = lines[-1][0] if lines else -1
        return last, sum(time == last for time, _ in lines)


def _status_of(pod: Object, container: str) -> Object:
    found = pod.get("status", {})
    statuses = (*found.get("initContainerStatuses", ()), *found.get("containerStatuses", ()))
    return next((status for status in statuses if status["name"] == container), {})


def format_lines(lines: list[tuple[Millis, str]], request: Request) -> str:
    """Lines as text, with their times if these are asked for."""
    stamped = request.param("timestamps") == "true"
    return "".join(f"{_stamp(time)} {line}\n" if stamped else f"{line}\n" for time, line in lines)


def _stamp(time: Millis) -> str:
    """A kubelet's own form: nine digits of the second."""
    return rfc3339(time, micros=True).replace("Z", "000Z")


def container_of(pod: Object, name: str) -> str:
    """The container asked for, or the only one; 400 in upstream's words otherwise."""
    names = [str(container["name"]) for container in pod["spec"]["containers"]]
    first = [str(container["name"]) for container in pod["spec"].get("initContainers", ())]
    pod_name = pod["metadata"]["name"]
    if not name and len(names) == 1:
        return names[0]
    if not name:
        also = f" or one of the init containers: [{' '.join(first)}]" if first else ""
        choice = f"choose one of: [{' '.join(names)}]{also}"
        raise status.bad_request(f"a container name must be specified for pod {pod_name}, {choice}")
    if name not in (*names, *first):
        raise status.bad_request(f"container {name} is not valid for pod {pod_name}")
    return name


def _lines(source: LogSource, pod: Object, request: Request) -> list[tuple[Millis, str]]:
    metadata = pod["metadata"]
    container = container_of(pod, request.param("container"))
    if not pod["spec"].get("nodeName") and not pod.get("status", {}).get("containerStatuses"):
        # No kubelet to ask: upstream answers nothing rather than an error.
        return []
    state = _status_of(pod, container)
    last = (state.get("lastState") or {}).get("terminated")
    previous = request.param("previous") == "true"
    waiting = (state.get("state") or {"waiting": {}}).get("waiting")
    about = f'container "{container}" in pod "{metadata["name"]}"'
    if previous and not last:
        raise status.bad_request(f"previous terminated {about} not found")
    if waiting is not None and not last:
        reason = waiting.get("reason", "ContainerCreating")
        raise status.bad_request(f"{about} is waiting to start: {_WAITING.get(reason, reason)}")
    # A container that waits to be restarted shows its last run, and so does --previous of it.
    return source.lines(metadata["namespace"], metadata["name"], container, previous and waiting is None)


def _limited(text: str, request: Request) -> str:
    limit = request.param("limitBytes")
    return text.encode()[: _number(limit, "limitBytes")].decode(errors="ignore") if limit else text


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise status.bad_request(f'{name}: Invalid value: "{text}": must be a non-negative integer')
    return int(text)


def _time(text: str) -> Millis:
    try:
        return parse_rfc3339(text)
    except ClockError as error:
        raise status.bad_request(f"sinceTime: Invalid value: {error.what}") from error
