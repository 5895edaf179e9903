"""How much a template may make."""

LONGEST = 1_000_000
"""Characters that a template, or one call in it, may produce."""


def bounded(length: int) -> int:
    """``length``, or :class:`ValueError` if a text may not be so long: asked before it is made."""
    if length > LONGEST:
        raise ValueError(f"the text is longer than {LONGEST} characters")
    return length
