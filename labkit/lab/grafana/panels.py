"""Panels: of a panel and its data, the picture. Dispatch is by the panel's type."""

import html.parser
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from labkit.errors import QueryError
from labkit.lab.draw import legend as legends
from labkit.lab.draw import svg
from labkit.lab.draw.chart import Line
from labkit.lab.draw.gauge import Figure, bars, gauge, stat
from labkit.lab.draw.svg import Markup, div
from labkit.lab.frames import nothing
from labkit.lab.grafana.fetching import Data
from labkit.lab.grafana.fields import Field, field_of, shown_name
from labkit.lab.grafana.heatmaps import heat_of
from labkit.lab.grafana.interpolation import filled
from labkit.lab.grafana.model import Panel
from labkit.lab.grafana.place import Place
from labkit.lab.grafana.tables import table_of
from labkit.lab.grafana.timeseries import timeseries


def drawn(panel: Panel, data: Data, place: Place) -> Markup:
    """The picture of a panel; raises :class:`QueryError` if its type has none here."""
    draw = _TYPES.get(panel.type)
    if draw is None:
        raise QueryError(
            f"panels of type {panel.type!r} are not drawn here", remedy=f"drawn are {', '.join(sorted(_TYPES))}"
        )
    return draw(panel, data, place)


def asks(panel: Panel) -> bool:
    """Whether a panel has queries that need answers."""
    return panel.type not in {"text", "row", "alertlist"} and panel.type in _TYPES


def figures(panel: Panel, data: Data) -> list[tuple[Figure, Field]]:
    """One number a series, reduced as the panel asks (``reduceOptions``)."""
    wanted = ((panel.options.get("reduceOptions") or {}).get("calcs") or ["lastNotNull"])[0]
    found = []
    for series in data.series:
        field = field_of(panel.field_config, series.name, series.ref)
        value = legends.reduce(Line(series.name, series.times, series.values), str(wanted))
        share, marks = _shares(field, value, data)
        found.append(
            (
                Figure(
                    shown_name(series.shown, field), field.text(value), field.colour(value), share, marks, series.values
                ),
                field,
            )
        )
    return found


def _shares(field: Field, value: float, data: Data) -> tuple[float, list[tuple[float, float, str]]]:
    """Where a value stands between the limits, and where the thresholds part them. Unset, the limits are the data's, from 0."""
    top = max(
        (float(np.nanmax(series.values)) for series in data.series if np.isfinite(series.values).any()), default=1.0
    )
    hundred = {"percent": 100.0, "percentunit": 1.0}.get(field.unit.name)
    low = 0.0 if field.low is None else field.low
    high = next(limit for limit in (field.high, hundred, top if top > low else None, low + 1) if limit is not None)
    width = high - low or 1.0

    def share(one: float) -> float:
        return float(min(1.0, max(0.0, (one - low) / width))) if np.isfinite(one) else 0.0

    steps = field.thresholds()
    edges = [share(bound) for bound, _ in steps] + [1.0]
    marks = [
        (edges[index], edges[index + 1], colour)
        for index, (_, colour) in enumerate(steps)
        if edges[index] < edges[index + 1]
    ]
    return share(value), marks


def _stat(panel: Panel, data: Data, place: Place) -> Markup:
    found = figures(panel, data)
    if not found:
        return _empty(panel, place)
    mode, text = panel.options.get("colorMode", "value"), str(panel.options.get("textMode", "auto"))
    named = text in {"name", "value_and_name"} or (text == "auto" and len(found) > 1)
    width, height = _tile(place, len(found))
    spark = panel.options.get("graphMode", "area") == "area"
    plain = "none" if mode == "none" else str(mode)
    tiles = [
        stat(_uncoloured(figure) if plain == "none" else figure, width, height, named=named, filled=plain.startswith("background"), spark=spark)
        for figure, _ in found
    ]  # fmt: skip
    return _tiles(tiles, width)


def _uncoloured(figure: Figure) -> Figure:
    return Figure(figure.name, figure.text, "currentColor", figure.share, figure.marks, figure.values)


def _empty(panel: Panel, place: Place) -> Markup:
    """A number that is not there: its ``noValue``, or that there is no data."""
    said = panel.field_config.defaults.get("noValue")
    return (
        stat(
            Figure(panel.title, str(said), "currentColor"),
            place.width,
            place.height,
            named=False,
            filled=False,
            spark=False,
        )
        if said
        else nothing("")
    )


def _gauge(panel: Panel, data: Data, place: Place) -> Markup:
    found = figures(panel, data)
    if not found:
        return nothing("")
    width, height = _tile(place, len(found))
    return _tiles([gauge(figure, width, height, named=len(found) > 1) for figure, _ in found], width)


def _bargauge(panel: Panel, data: Data, place: Place) -> Markup:
    found = figures(panel, data)
    return bars([figure for figure, _ in found]) if found else nothing("")


def _tile(place: Place, count: int) -> tuple[float, float]:
    """The size of each of ``count`` tiles: beside each other as long as they are not too narrow."""
    beside = max(1, min(count, int(place.width // 84)))
    rows = -(-count // beside)
    return place.width / beside - 6, max(48.0, place.height / rows - 6)


def _tiles(tiles: Sequence[Markup], width: float) -> Markup:
    boxes = [div(f"flex:1 1 {min(width, 84):.0f}px;max-width:{width:.0f}px;min-width:0", tile) for tile in tiles]
    return div("display:flex;flex-wrap:wrap;gap:6px;justify-content:center", *boxes)


def _heatmap(panel: Panel, data: Data, place: Place) -> Markup:
    return heat_of(panel, data, place.width, place.height, place.span) or nothing("")


def _table(panel: Panel, data: Data, place: Place) -> Markup:
    found = _spans(data) if data.traces is not None else table_of(panel, data)
    return div(f"max-height:{max(120.0, place.height):.0f}px;overflow:auto", found) if found else _without(panel)


def _without(panel: Panel) -> Markup:
    """That there are no rows: in the panel's own words (``noValue``), which may say that this is well."""
    said = panel.field_config.defaults.get("noValue")
    return nothing("", str(said)) if said else nothing("")


def _traces(panel: Panel, data: Data, place: Place) -> Markup:
    return _spans(data) or nothing("")


def _spans(data: Data) -> Markup | None:
    """The traces that a search found, or the one that was asked for."""
    return data.traces.picture() if data.traces is not None and not data.traces.empty else None


def _logs(panel: Panel, data: Data, place: Place) -> Markup:
    if data.logs is None or data.logs.empty:
        return nothing("")
    height = max(120.0, place.height)
    return div(f"max-height:{height:.0f}px;overflow:auto", *data.logs.listed("none"))


def _alertlist(panel: Panel, data: Data, place: Place) -> Markup:
    from labkit.lab.alerts import alerts  # noqa: PLC0415  (only this panel asks it)

    manager = place.sources.apis.get("alertmanager")
    found = alerts(place.sources.api("prometheus").url, manager.url if manager else None)
    return found.picture() if len(found) else nothing("", "No alert is pending or firing.")


def _text(panel: Panel, data: Data, place: Place) -> Markup:
    """Markdown, with HTML in it shown as it stands; a panel in HTML without its tags."""
    content = filled(str(panel.options.get("content", "")), place.values, query=False)
    if panel.options.get("mode", "markdown") != "markdown":
        return div(f"font:13px/1.5 {svg.FONT};white-space:pre-wrap", svg.text(_without_tags(content)))
    import mistune  # noqa: PLC0415  (only this panel needs it)

    return div(
        f"font:13px/1.5 {svg.FONT}", Markup(str(mistune.create_markdown(escape=True, plugins=["table"])(content)))
    )


class _Words(html.parser.HTMLParser):
    """Collects the text between tags."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _without_tags(text: str) -> str:
    parser = _Words()
    parser.feed(text)
    parser.close()
    return "".join(parser.words).strip()


Draw = Callable[[Panel, Data, Place], Markup]
_TYPES: Mapping[str, Draw] = {
    "timeseries": timeseries, "graph": timeseries, "stat": _stat, "singlestat": _stat, "gauge": _gauge, "bargauge": _bargauge,
    "heatmap": _heatmap, "table": _table, "logs": _logs, "text": _text, "alertlist": _alertlist, "traces": _traces,
}  # fmt: skip
