"""Heat maps of histograms: the counts of each bucket over time."""

from itertools import pairwise

import numpy as np

from labkit.lab.draw import units
from labkit.lab.draw.chart import Floats
from labkit.lab.draw.heatmap import heatmap
from labkit.lab.draw.svg import Markup
from labkit.lab.grafana.fetching import Data, Series
from labkit.lab.grafana.fields import field_of
from labkit.lab.grafana.model import Panel


def heat_of(panel: Panel, data: Data, width: float, height: float, span: tuple[float, float]) -> Markup | None:
    """The picture of a panel whose series are buckets, or ``None`` without data.

    Prometheus' buckets are cumulative: with the format ``heatmap`` each has the next smaller one taken off it.
    """
    ordered = sorted(data.series, key=_bound)
    if not ordered:
        return None
    times = np.unique(np.concatenate([series.times for series in ordered]))
    counts = [_on(series, times) for series in ordered]
    if any(target.format == "heatmap" for target in panel.targets):
        counts = [
            counts[0],
            *(np.clip(upper - lower, 0, None) for lower, upper in pairwise(counts)),
        ]
    field = field_of(panel.field_config, ordered[0].name, ordered[0].ref)
    axis = (panel.options.get("yAxis") or {}).get("unit") or ""
    names = [_name(series, axis) for series in ordered]
    return heatmap(list(zip(names, counts, strict=True)), times, field.unit, width, height, span)


def _name(series: Series, axis: str) -> str:
    """A bucket by its upper bound, in the unit of the axis."""
    bound = _bound(series)
    return units.grafana(axis).text(bound) if axis and np.isfinite(bound) else str(series.labels.get("le", series.name))


def _bound(series: Series) -> float:
    """The upper bound of a bucket, by its label or its name; what has none comes last, in its own order."""
    try:
        return float(series.labels.get("le", series.name))
    except ValueError:
        return float("inf")


def _on(series: Series, times: Floats) -> Floats:
    values = np.full(times.size, np.nan)
    values[np.searchsorted(times, series.times)] = series.values
    return values
