"""Numbers as Prometheus writes them."""

import math
from decimal import Decimal


def formatted(value: float) -> str:
    """The shortest decimal that is read back as ``value``, without an exponent (Go's ``FormatFloat(v, 'f', -1, 64)``)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(float(value))
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def encoded(value: float) -> str:
    """``value`` as in answers of the HTTP API: an exponent below 1e-6 and from 1e21 on (upstream ``jsonutil``)."""
    size = abs(value)
    if 0 < size < 1e-6 or 1e21 <= size < math.inf:
        return repr(float(value))
    return formatted(value)


def general(value: float) -> str:
    """``value`` as Go's ``%g``: shortest, with an exponent below 1e-4 and from 1e6 on."""
    if not math.isfinite(value) or value == 0:
        return formatted(value)
    digits = Decimal(repr(float(value))).normalize()
    if -4 <= digits.adjusted() < 6:
        return formatted(value)
    mantissa, _, exponent = f"{digits:e}".partition("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:].zfill(2)}"
