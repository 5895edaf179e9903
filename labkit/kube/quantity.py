"""Kubernetes' quantities: ``500m``, ``2``, ``8Gi``, ``32461932Ki`` (apimachinery ``resource.Quantity``)."""

_SUFFIXES = {
    "Ki": 1024.0, "Mi": 1024.0**2, "Gi": 1024.0**3, "Ti": 1024.0**4,
    "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
}  # fmt: skip


def parse(text: str | int) -> float:
    """A quantity in its base unit: cores, bytes or a count."""
    text = str(text)
    for suffix, factor in _SUFFIXES.items():
        if text.endswith(suffix):
            return float(text.removesuffix(suffix)) * factor
    return float(text)
