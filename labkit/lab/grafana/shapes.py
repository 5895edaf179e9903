"""The shape of a panel's settings: what its pictures read from them, so that a mistake in a file is named by its field.

Only what is read is checked, and only in a panel that is drawn: other kinds of panels, and Grafana's future ones, have
settings of their own under the same names.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from labkit.errors import ManifestError
from labkit.lab.grafana.model import Panel

Text = str | int | float


class _Shape(msgspec.Struct, frozen=True, rename="camel"):
    """Fields that are not named are of no concern."""


class _Step(_Shape, frozen=True):
    value: float | None = None
    color: str = ""


class _Thresholds(_Shape, frozen=True):
    mode: str = ""
    steps: list[_Step] = []


class _Colour(_Shape, frozen=True):
    mode: str = ""
    fixed_color: str = ""


class _Mode(_Shape, frozen=True):
    mode: str = ""


class _LineStyle(_Shape, frozen=True):
    fill: str = ""
    dash: list[float] = []


class _CellOptions(_Shape, frozen=True):
    type: str = ""


class _Custom(_Shape, frozen=True):
    fill_opacity: float = 0
    line_width: float = 1
    draw_style: str = ""
    line_interpolation: str = ""
    stacking: _Mode = _Mode()
    thresholds_style: _Mode = _Mode()
    line_style: _LineStyle = _LineStyle()
    hide_from: dict[str, bool] = {}
    cell_options: _CellOptions = _CellOptions()


class _Result(_Shape, frozen=True):
    text: Text = ""
    color: str = ""


class _Range(_Shape, frozen=True, rename={"low": "from", "high": "to"}):
    low: float | None = None
    high: float | None = None
    result: _Result = _Result()


class _Special(_Shape, frozen=True):
    match: str = ""
    result: _Result = _Result()


class _Defaults(_Shape, frozen=True):
    unit: str = ""
    decimals: int | None = None
    min: float | None = None
    max: float | None = None
    display_name: str = ""
    no_value: Text = ""
    thresholds: _Thresholds = _Thresholds()
    color: _Colour = _Colour()
    custom: _Custom = _Custom()
    mappings: list[dict[str, Any]] = []


class _Matcher(_Shape, frozen=True):
    id: str = ""
    options: Any = None


class _Property(_Shape, frozen=True):
    id: str
    value: Any = None


class _Override(_Shape, frozen=True):
    matcher: _Matcher = _Matcher()
    properties: list[_Property] = []


class _Reduce(_Shape, frozen=True):
    calcs: list[str] = []


class _Legend(_Shape, frozen=True):
    calcs: list[str] = []
    display_mode: str = ""
    show_legend: bool = True


class _Axis(_Shape, frozen=True):
    unit: str = ""


class _Options(_Shape, frozen=True):
    reduce_options: _Reduce = _Reduce()
    legend: _Legend = _Legend()
    y_axis: _Axis = _Axis()


class _Sort(_Shape, frozen=True):
    field: str = ""
    desc: bool = False


class _Change(_Shape, frozen=True):
    exclude_by_name: dict[str, bool] = {}
    rename_by_name: dict[str, str] = {}
    index_by_name: dict[str, float] = {}
    sort: list[_Sort] = []
    limit_field: float = 10


class _Transformation(_Shape, frozen=True):
    id: str
    options: dict[str, Any] = {}


_CHANGES = frozenset(("organize", "sortBy", "limit"))
_MAPPINGS: Mapping[str, Any] = {"value": dict[str, _Result], "range": _Range, "special": _Special}
_T = TypeVar("_T")


def checked(panel: Panel) -> None:
    """Raise :class:`ManifestError`, with panel and field, if a setting of ``panel`` is not what Grafana writes there."""
    _as(_Options, panel.options, panel, "options")
    _settings(panel.field_config.defaults, panel, "fieldConfig.defaults")
    for override in _as(list[_Override], panel.field_config.overrides, panel, "fieldConfig.overrides"):
        for change in override.properties:
            _settings(_nested(change), panel, f"fieldConfig.overrides, property {change.id!r}: ")
    for transformation in _as(list[_Transformation], panel.transformations, panel, "transformations"):
        if transformation.id in _CHANGES:
            _as(_Change, transformation.options, panel, f"transformations, {transformation.id!r}: ")


def _settings(value: Mapping[str, Any], panel: Panel, where: str) -> None:
    """Settings of a series; of its mappings those of a kind that is known here."""
    for mapping in _as(_Defaults, value, panel, where).mappings:
        if (shape := _MAPPINGS.get(str(mapping.get("type")))) is not None:
            _as(shape, mapping.get("options") or {}, panel, f"{where}.mappings, {mapping['type']!r}: ")


def _nested(change: _Property) -> dict[str, Any]:
    """A property such as ``custom.lineWidth`` as it would stand among the defaults."""
    value = change.value
    for name in reversed(change.id.split(".")):
        value = {name: value} if value is not None else {}
    return dict(value)


def _as(shape: type[_T], value: Any, panel: Panel, where: str) -> _T:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$")
        raise ManifestError(
            f"{where}{place.rstrip('`')}: {said[:1].lower()}{said[1:]}",
            where=panel.name,
            remedy="compare with a panel that works",
        ) from error
