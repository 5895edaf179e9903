"""The rules and the Alertmanager of a recording, at work over what was recorded."""

from collections.abc import Mapping

from labkit.alerting import config, rulefile
from labkit.alerting.alertmanager import Alertmanager
from labkit.alerting.ruler import Ruler
from labkit.alerting.running import ALERTS, FOR_STATE
from labkit.clock import MINUTE, SECOND, Millis
from labkit.sandbox.faces.prometheus.call import Endpoint
from labkit.sandbox.faces.prometheus.rules import endpoints
from labkit.signals.dataset import Dataset
from labkit.signals.joined import Joined
from labkit.signals.samples import SampleStore
from labkit.signals.source import SeriesSource


class RecordedRules:
    """Evaluates the rules of ``dataset`` over its ``series`` from begin to end, when somebody asks.

    What rules wrote is in most recordings, and then counts as it is: it was made of more past than the
    recording has. Only where none of it was recorded are the rules' own results served.
    """

    def __init__(self, dataset: Dataset, series: SampleStore) -> None:
        known = dataset.manifest
        files = [rulefile.load(text, f"rules/{name}") for name, text in dataset.texts("rules").items()]
        rules = [rule for file in files for group in file.groups for rule in group.rules]
        interval = round(known.step * SECOND) if known.step else MINUTE
        self.began: Millis = known.begin
        self.ruler = Ruler(files, series, lambda: known.finish, start=known.begin, interval=interval) if files else None
        written = {ALERTS, FOR_STATE, *(rule.record for rule in rules if rule.record)}
        recorded = written & set(series.label_values("__name__"))
        self.series: SeriesSource = series
        if self.ruler and not recorded:
            self.series = Joined(series, self.ruler.series)
        self.configuration = dataset.alertmanager()
        self.alertmanager: Alertmanager | None = None
        if self.ruler and self.configuration is not None:
            self.alertmanager = Alertmanager(config.load(self.configuration), self.ruler, 0, known.begin)

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """What Prometheus' API answers of rules and alerts."""
        return endpoints(self.ruler) if self.ruler else {}
