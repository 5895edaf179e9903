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
