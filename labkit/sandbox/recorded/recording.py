"""A recording as something to ask: its signals and objects at the time of its end, where time stands still."""

from labkit.clock import Millis
from labkit.errors import DatasetError
from labkit.kube.api import Api
from labkit.kube.kinds import NAMESPACE, by_kind
from labkit.kube.podlogs import LogSource
from labkit.kube.store import Store
from labkit.promql import Engine
from labkit.sandbox.recorded.logs import RecordedLogs
from labkit.sandbox.recorded.rules import RecordedRules
from labkit.signals.dataset import Dataset


class Recording:
    """The contents of ``dataset`` in memory."""

    def __init__(self, dataset: Dataset) -> None:
        self.manifest = dataset.manifest
        self.now: Millis = dataset.manifest.finish
        self.series = dataset.series()
        self.streams = dataset.streams()
        self.spans = dataset.spans()
        self.rules = RecordedRules(dataset, self.series)
        self.metrics = self.rules.series
        self.promql = Engine(self.metrics)
        self.store = _stored(dataset)
        logs: LogSource = RecordedLogs(self.streams, self.store)
        self.api = Api(self.store, lambda: self.now, logs)

    @property
    def namespace(self) -> str:
        """The namespace that kubectl asks if none is named: the first that is not Kubernetes' own; production's, if any."""
        names = [str(one["metadata"]["name"]) for one in self.store.list(NAMESPACE)]
        own = [name for name in names if not name.startswith("kube-") and name != "default"]
        prod = [name for name in own if name.endswith("-prod")]
        return next(iter(prod or own), "default")


def _stored(dataset: Dataset) -> Store:
    """The objects of the kinds that this API server serves; others were recorded, and are not shown."""
    store = Store(lambda: dataset.manifest.finish, seed=0)
    for one in dataset.objects():
        try:
            kind = by_kind(str(one["apiVersion"]), str(one["kind"]))
            if kind is not None:
                store.restore(kind, one)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise DatasetError(
                f"one of its Kubernetes objects is none: {error}", where=str(dataset.path), remedy="record it again"
            ) from error
    return store
