"""Table panels: the last values of series as rows, and the transformations that dashboards use most."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from labkit.lab.draw.page import listing, remark
from labkit.lab.draw.svg import Markup, div, span, text
from labkit.lab.draw.units import MOMENT
from labkit.lab.grafana.fetching import Data
from labkit.lab.grafana.fields import Field, field_of
from labkit.lab.grafana.model import Panel

ROWS = 100
"""Rows that are drawn."""
Row = dict[str, Any]


def table_of(panel: Panel, data: Data) -> Markup | None:
    """The table of a panel, or ``None`` without data. A transformation that is not known here is named below it."""
    rows = _rows(data)
    unknown = []
    for transformation in panel.transformations:
        change = _TRANSFORMATIONS.get(str(transformation.get("id")))
        if change is None:
            unknown.append(str(transformation.get("id")))
        elif not transformation.get("disabled"):
            rows = change(rows, transformation.get("options") or {})
    if not rows:
        return None
    heads = list(dict.fromkeys(name for row in rows for name in row))
    fields = {head: field_of(panel.field_config, head, _ref(head)) for head in heads}
    shown = [head for head in heads if not fields[head].custom.get("hidden")]
    cells = [[_cell(row.get(head), head, panel) for head in shown] for row in rows[:ROWS]]
    titles = [str(fields[head].settings.get("displayName") or head) for head in shown]
    said = [f"transformation {name!r} is not applied here" for name in unknown]
    said += [f"{len(rows) - ROWS} rows more"] if len(rows) > ROWS else []
    return div("overflow:auto", listing(titles, cells), *map(remark, said))


def _rows(data: Data) -> list[Row]:
    """A row a series: its labels and its last value; several queries have columns of their own, and meet in equal labels."""
    refs = list(dict.fromkeys(series.ref for series in data.series))
    rows: dict[tuple[tuple[str, str], ...], Row] = {}
    for series in data.series:
        labels = {name: value for name, value in series.labels.items() if name != "__name__"}
        row = rows.setdefault(tuple(sorted(labels.items())), {"Time": float(series.times[-1]) * 1000, **labels})
        row["Value" if len(refs) == 1 else f"Value #{series.ref}"] = float(series.values[-1])
    return list(rows.values())


def _ref(head: str) -> str:
    return head.removeprefix("Value #") if head.startswith("Value #") else "A"


def _cell(value: Any, head: str, panel: Panel) -> Markup:
    if head == "Time" and isinstance(value, float):
        return text(MOMENT.text(value))
    field = field_of(panel.field_config, head, _ref(head))
    if isinstance(value, float):
        return _styled(field, field.text(value), field.colour(value))
    return _styled(field, *field.named("" if value is None else str(value)))


def _styled(field: Field, said: str, colour: str | None) -> Markup:
    """The content of a cell; of what has no colour, the text."""
    kind = str((field.custom.get("cellOptions") or {}).get("type", ""))
    if kind == "color-background" and colour:
        return span(f"background:{colour};color:#fff;border-radius:2px;padding:0 6px", text(said))
    return span(f"color:{colour};font-weight:600" if kind == "color-text" and colour else "", text(said))


def _organize(rows: list[Row], options: Mapping[str, Any]) -> list[Row]:
    """Columns left out, renamed and put into an order."""
    excluded, names = options.get("excludeByName") or {}, options.get("renameByName") or {}
    order = options.get("indexByName") or {}
    return [
        {str(names.get(name) or name): row[name] for name in sorted(row, key=lambda name: order.get(name, len(order))) if not excluded.get(name)}
        for row in rows
    ]  # fmt: skip


def _sorted(rows: list[Row], options: Mapping[str, Any]) -> list[Row]:
    for one in reversed(options.get("sort") or ()):
        rows = _by(rows, str(one.get("field")), descending=bool(one.get("desc")))
    return rows


def _by(rows: list[Row], name: str, *, descending: bool) -> list[Row]:
    """The rows by one column; those without it come last."""
    known = [row for row in rows if row.get(name) is not None]
    ordered = sorted(known, key=lambda row: (isinstance(row[name], str), row[name]), reverse=descending)
    return ordered + [row for row in rows if row.get(name) is None]


def _filtered(rows: list[Row], options: Mapping[str, Any]) -> list[Row]:
    include = options.get("include") or {}
    names, pattern = include.get("names"), include.get("pattern")
    wanted: Callable[[str], bool] = (
        (lambda name: name in names) if names else (lambda name: re.search(str(pattern or ""), name) is not None)
    )
    return [{name: value for name, value in row.items() if wanted(name)} for row in rows]


_TRANSFORMATIONS: Mapping[str, Callable[[list[Row], Mapping[str, Any]], list[Row]]] = {
    "organize": _organize,
    "sortBy": _sorted,
    "filterFieldsByName": _filtered,
    "limit": lambda rows, options: rows[: int(options.get("limitField") or 10)],
    "merge": lambda rows, options: rows,
    "joinByField": lambda rows, options: rows,
    "seriesToRows": lambda rows, options: rows,
    "labelsToFields": lambda rows, options: rows,
    "reduce": lambda rows, options: rows,
}
"""Those whose effect is not that of :func:`_rows` already: merging and joining by labels is what it does."""
