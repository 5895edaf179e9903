"""Frames that draw themselves: an answer to a query is an ordinary DataFrame, and in a notebook a picture.

A range (a row a time, a column a series) is drawn as a chart; anything else as a table with its notes. What a slice or
a copy keeps is what the answer is about: its query, unit and notes. Arithmetic forgets the unit, which it changes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from labkit.lab.draw import legend, page, svg, units
from labkit.lab.draw import scale as axes
from labkit.lab.draw.chart import Line, Look, chart, coloured, drawable
from labkit.lab.draw.names import full_name, short_names
from labkit.lab.draw.svg import Markup, div, element, span
from labkit.lab.draw.units import Unit

ROWS = 20
"""Rows of a table that are shown."""


@dataclass(frozen=True)
class About:
    """What an answer is about. ``common`` are the labels that all series share, ``labels`` those of each column.

    ``hint`` says why there is no data; ``span`` is the time that was asked for, in seconds since the epoch.
    """

    query: str = ""
    unit: Unit = units.NONE
    notes: tuple[str, ...] = ()
    common: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    hint: str = ""
    span: tuple[float, float] | None = None


class Plain(pd.DataFrame):
    """A DataFrame whose text is text in a notebook, whatever dollars it holds."""

    @property
    def _constructor(self) -> Callable[..., "Plain"]:
        return type(self)

    def _repr_html_(self) -> str:
        return page.whole("", Markup(super()._repr_html_()))  # type: ignore[misc]


class Answer(Plain):
    """A DataFrame of an answer; ``about`` says of what."""

    _metadata: ClassVar[list[str]] = ["_about"]
    _NOTHING: ClassVar[str] = "No data."
    _about: About | None = None

    @classmethod
    def of(cls, frame: pd.DataFrame, about: About) -> Self:
        """``frame`` as an answer."""
        answer = cls(frame)
        answer._about = about
        return answer

    @property
    def about(self) -> About:
        """What was asked, and what the server noted; nothing for a frame that was made by hand."""
        return self._about or About()

    def _arith_method(self, other: Any, op: Any) -> Any:
        result = super()._arith_method(other, op)  # type: ignore[misc]
        if isinstance(result, Answer):
            result._about = replace(self.about, unit=units.NONE)  # noqa: SLF001  (our own)
        return result

    def __repr__(self) -> str:
        """As pandas writes it; below it why it is empty, and what the server noted."""
        hint = [self.about.hint] if self.empty and self.about.hint else []
        return "\n".join([super().__repr__(), *hint, *(f"⚠ {note}" for note in self.about.notes)])

    def _repr_html_(self) -> str:
        """The picture or the table, and the notes."""
        if not len(self.columns) or self.empty:
            return page.whole("", nothing(self.about.hint, self._NOTHING), *notes(self.about.notes))
        return page.whole("", self.picture(), *notes(self.about.notes))

    def picture(self) -> Markup:
        """The picture or the table, without notes."""
        return Markup("".join(self._picture() if is_range(self) else self._listing()))

    def _picture(self) -> list[Markup]:
        about = self.about
        lines = coloured(lines_of(self, about.labels))
        if not drawable(lines):
            return [nothing("every value is NaN or infinite"), self._details()]
        look = Look(unit=about.unit, fill=0.12 if len(lines) == 1 else 0.0, span=about.span)
        infinite = int(np.isinf(self.to_numpy(dtype="float64", na_value=np.nan)).sum())
        said = [f"{infinite} infinite values are not drawn"] if infinite else []
        return [self._caption(), chart(lines, look), legend.legend(lines, about.unit), *notes(said), self._details()]

    def _caption(self) -> Markup:
        about = self.about
        moments = seconds(self.index)
        labels = ", ".join(f"{name}={value}" for name, value in about.common.items())
        return div(
            f"font:12px/1.6 {svg.FONT};{svg.MUTED};padding:2px 4px;display:flex;justify-content:space-between;gap:1em;max-width:900px",
            span("overflow-wrap:anywhere", svg.text(labels)),
            span("white-space:nowrap", svg.text(axes.span(*(about.span or (moments[0], moments[-1]))))),
        )

    def _details(self) -> Markup:
        title = f"Table: {len(self):,} times × {len(self.columns):,} series"
        summary = element("summary", {"style": f"cursor:pointer;font:12px/1.8 {svg.FONT};{svg.MUTED}"}, svg.text(title))
        return element("details", {}, summary, Markup(table_of(pd.DataFrame(self))))

    def _listing(self) -> list[Markup]:
        shown = pd.DataFrame(self.head(ROWS))
        count = f"{len(self):,} series" if "value" in self.columns else f"{len(self):,} rows"
        more = [div(svg.MUTED, svg.text(f"{count}, the first {ROWS} shown"))] if len(self) > ROWS else []
        if "value" not in self.columns or self.about.unit == units.NONE:
            return [Markup(table_of(shown)), *more]
        written = [_figure(float(value), self.about.unit) for value in shown["value"]]
        return [Markup(table_of(shown.assign(value=written))), *more]


def _figure(value: float, unit: Unit) -> str:
    """A value in a table: a count in full, all else in its unit."""
    whole = unit == units.SHORT and value.is_integer()
    return f"{value:,.0f}" if whole else unit.text(value)


def is_range(frame: pd.DataFrame) -> bool:
    """Whether a frame is a row a time and a column a series."""
    numeric = all(dtype.kind in "fiu" for dtype in frame.dtypes)
    return isinstance(frame.index, pd.DatetimeIndex) and numeric


def lines_of(frame: pd.DataFrame, labels: Mapping[str, Mapping[str, str]]) -> list[Line]:
    """The columns of a range as lines, named shortly where their ``labels`` are known."""
    moments, columns = seconds(frame.index), [str(name) for name in frame.columns]
    known = len(frame.columns) > 1 and all(name in labels for name in columns)
    short = short_names([labels[name] for name in columns]) if known else columns
    return [
        Line(shown, moments, frame.iloc[:, position].to_numpy(dtype="float64", na_value=np.nan), full_name(labels.get(name, {"__name__": name})))
        for position, (name, shown) in enumerate(zip(columns, short, strict=True))
    ]  # fmt: skip


def seconds(index: pd.Index) -> Any:
    """A time axis as seconds since the epoch."""
    assert isinstance(index, pd.DatetimeIndex)
    return index.as_unit("ms").asi8 / 1e3


def table_of(frame: pd.DataFrame, rows: int = ROWS) -> str:
    """A frame as pandas draws it, at most ``rows`` rows, escaped."""
    html: str = frame.to_html(max_rows=rows, max_cols=20, border=0, na_rep="", escape=True)
    return html


def nothing(hint: str, said: str = "No data.") -> Markup:
    """That there is no data, in words, and why."""
    why = [div(svg.MUTED, svg.text(hint))] if hint else []
    return div(f"font:13px/1.6 {svg.FONT};padding:6px 4px", element("b", {}, svg.text(said)), *why)


def notes(said: tuple[str, ...] | list[str]) -> list[Markup]:
    """Warnings and remarks, each a line below the picture."""
    return [div(f"font:12px/1.6 {svg.FONT};padding:0 4px;white-space:pre-wrap", svg.text(f"⚠ {note}")) for note in said]
