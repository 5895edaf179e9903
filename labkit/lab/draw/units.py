"""Units: how a number of one kind is written, by Grafana's names for them.

Names and meanings: Grafana's ``packages/grafana-data/src/valueFormats``. ``bytes`` counts in powers of 1024, ``decbytes``
in powers of 1000, ``percentunit`` is a share of one.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

_SI = ((1e-9, "n"), (1e-6, "µ"), (1e-3, "m"), (1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T"), (1e15, "P"))
_SHORT = ((1.0, ""), (1e3, " K"), (1e6, " Mil"), (1e9, " Bil"), (1e12, " Tri"))
_IEC = ((1.0, ""), (2.0**10, "Ki"), (2.0**20, "Mi"), (2.0**30, "Gi"), (2.0**40, "Ti"), (2.0**50, "Pi"))
_TIME = (
    (1e-9, " ns"), (1e-6, " µs"), (1e-3, " ms"), (1.0, " s"), (60.0, " min"), (3600.0, " h"), (86400.0, " d"), (604800.0, " w"),
)  # fmt: skip

Scale = tuple[float, str]
"""What a number is divided by, and what is written after it."""


@dataclass(frozen=True)
class Unit:
    """``scales`` are in ascending order; ``base`` is how many of the first kind one number is (0.001 for ``ms``)."""

    name: str
    scales: tuple[Scale, ...] = ((1.0, ""),)
    base: float = 1.0
    prefix: str = ""
    moment: bool = False
    """Whether numbers are seconds since the epoch."""

    def scale(self, largest: float) -> Scale:
        """The scale in which ``largest`` is best read; an axis is written in one."""
        size = abs(largest) * self.base
        fitting = [scale for scale in self.scales if scale[0] <= size * 1.0000001]
        factor, suffix = fitting[-1] if fitting and size else self._plain(size)
        return factor / self.base, suffix

    def text(self, value: float, decimals: int | None = None, scale: Scale | None = None) -> str:
        """``value`` for a reader: about three digits, or ``decimals`` after the point."""
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "−Inf"
        if self.moment:
            return _moment(value * self.base)
        factor, suffix = scale or self.scale(value)
        return f"{self.prefix}{digits(value / factor, decimals)}{suffix}"

    def _plain(self, size: float) -> Scale:
        """The smallest scale for what is smaller than all; for nothing at all, that without a prefix."""
        return min(self.scales, key=lambda scale: abs(scale[0] - 1)) if not size else self.scales[0]


def digits(value: float, decimals: int | None = None) -> str:
    """A number, with trailing zeros only where ``decimals`` asks for them, and the true minus."""
    if decimals is None:
        size = abs(value)
        if size and (size < 1e-3 or size >= 1e7):
            return f"{value:.3g}".replace("-", "−", value < 0)
        decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 4
        written = f"{value:.{decimals}f}"
        written = written.rstrip("0").rstrip(".") if "." in written else written
    else:
        written = f"{value:.{decimals}f}"
    return "0" if written == "-0" else written.replace("-", "−")


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return digits(seconds)


def _after(scales: tuple[Scale, ...], suffix: str) -> tuple[Scale, ...]:
    return tuple((factor, f" {prefix}{suffix}") for factor, prefix in scales)


def _rate(name: str, suffix: str) -> Unit:
    return Unit(name, ((1.0, f" {suffix}"), (1e3, f"k {suffix}"), (1e6, f"M {suffix}"), (1e9, f"G {suffix}")))


NONE = Unit("none")
SHORT = Unit("short", _SHORT)
SECONDS = Unit("s", _TIME)
BYTES = Unit("bytes", _after(_IEC, "B"))
BYTES_A_SECOND = Unit("binBps", _after(_IEC, "B/s"))
SHARE = Unit("percentunit", ((0.01, "%"),))
PERCENT = Unit("percent", ((1.0, "%"),))
PER_SECOND = Unit("cps", ((1.0, "/s"), (1e3, "k/s"), (1e6, "M/s"), (1e9, "G/s")))
REQUESTS_A_SECOND = _rate("reqps", "req/s")
MOMENT = Unit("dateTimeAsIso", base=1e-3, moment=True)
EPOCH_SECONDS = Unit("epoch", moment=True)

_KNOWN = {unit.name: unit for unit in (
    NONE, SHORT, SECONDS, BYTES, BYTES_A_SECOND, SHARE, PERCENT, REQUESTS_A_SECOND, MOMENT,
    Unit("locale"), Unit("string"), Unit("ns", _TIME, 1e-9), Unit("µs", _TIME, 1e-6), Unit("ms", _TIME, 1e-3), Unit("m", _TIME, 60),
    Unit("h", _TIME, 3600), Unit("d", _TIME, 86400), Unit("dtdurations", _TIME), Unit("dtdurationms", _TIME, 1e-3), Unit("clocks", _TIME),
    Unit("clockms", _TIME, 1e-3),
    Unit("decbytes", _after(_SI[3:], "B")), Unit("bits", _after(_IEC, "b")), Unit("decbits", _after(_SI[3:], "b")),
    Unit("kbytes", _after(_IEC, "B"), 2.0**10), Unit("mbytes", _after(_IEC, "B"), 2.0**20), Unit("gbytes", _after(_IEC, "B"), 2.0**30),
    Unit("Bps", _after(_SI[3:], "B/s")), Unit("bps", _after(_SI[3:], "b/s")), Unit("binbps", _after(_IEC, "b/s")),
    Unit("KBs", _after(_SI[3:], "B/s"), 1e3), Unit("MBs", _after(_SI[3:], "B/s"), 1e6),
    _rate("ops", "ops/s"), _rate("rps", "rd/s"), _rate("wps", "wr/s"), _rate("cps", "c/s"), _rate("iops", "io/s"), _rate("eps", "evt/s"),
    _rate("mps", "msg/s"), _rate("pps", "p/s"), _rate("opm", "ops/min"), _rate("rpm", "rd/min"), _rate("reqpm", "req/min"),
    _rate("cpm", "c/min"),
    Unit("celsius", ((1.0, " °C"),)), Unit("hertz", _after(_SI[3:], "Hz")), Unit("watt", _after(_SI[2:], "W")),
    Unit("dateTimeAsIsoNoDateIfToday", base=1e-3, moment=True), Unit("dateTimeAsSystem", base=1e-3, moment=True),
    Unit("dateTimeFromNow", base=1e-3, moment=True), Unit("sishort", _after(_SI, "")),
)}  # fmt: skip


def grafana(name: str) -> Unit:
    """The unit of Grafana's id; one that is not known is written after the number, as Grafana does."""
    kind, colon, rest = name.partition(":")
    if colon and kind in {"suffix", "prefix", "si", "count"}:
        return {
            "suffix": Unit(name, ((1.0, rest),)),
            "prefix": Unit(name, prefix=rest),
            "si": Unit(name, _after(_SI, rest)),
            "count": Unit(name, tuple((factor, f"{letter} {rest}") for factor, letter in _SI[3:])),
        }[kind]
    return _KNOWN.get(name) or (Unit(name, ((1.0, f" {name}"),)) if name else NONE)
