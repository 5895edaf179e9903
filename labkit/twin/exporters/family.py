"""Families: series that live and are read together."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.clock import SECOND, Millis, parse_rfc3339
from labkit.kube.store import Object

Series = tuple[tuple[str, str], ...]
"""One series' labels, ``__name__`` among them, in no particular order."""

Sample = tuple[Series, float]
Reading = tuple[Series, Callable[[], float]]
Floats = NDArray[np.float64]
Metrics = Mapping[str, tuple[str, str]]
"""Type and help by metric."""


@dataclass(frozen=True)
class Family:
    """Series that live and are read together: ``read()`` gives one value for each of ``series``."""

    series: list[Series]
    read: Callable[[], Floats]


def series(name: str, **labels: str) -> Series:
    """The labels of one series."""
    return (("__name__", name), *labels.items())


def constant(samples: Iterable[Sample]) -> Family:
    """Series whose values stay until something changes that makes the families anew."""
    known = list(samples)
    values = np.array([value for _, value in known], np.float64)
    return Family([labels for labels, _ in known], lambda: values)


def live(readings: Iterable[Reading]) -> Family:
    """Series each of which is read at every scrape."""
    known = list(readings)
    readers = [read for _, read in known]
    return Family([labels for labels, _ in known], lambda: np.array([read() for read in readers], np.float64))


def table(rows: list[Series], read: Callable[[], Iterable[float]]) -> Family:
    """Series that are read together."""
    return Family(rows, lambda: np.fromiter(read(), np.float64, len(rows)))


def of(pod: Object) -> dict[str, str]:
    """The labels of a pod that is scraped itself: job, instance, namespace and pod."""
    metadata = pod["metadata"]
    return {
        "job": metadata["labels"]["app"], "instance": f"{pod['status'].get('podIP', metadata['name'])}:9090",
        "namespace": metadata["namespace"], "pod": metadata["name"],
    }  # fmt: skip


def process(pod: Object) -> str:
    """The id of the pod's present process."""
    return str(pod["status"]["containerStatuses"][0]["containerID"])


def started(pod: Object) -> float:
    """When the pod's present process started, in seconds since the epoch."""
    return parse_rfc3339(pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]) / SECOND


def seconds(time: Millis) -> float:
    """A time as Prometheus writes it: seconds since the epoch."""
    return time / SECOND
