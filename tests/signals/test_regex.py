"""RE2's syntax, where it is not Python's."""

import pytest

from labkit.errors import QueryError
from labkit.signals.regex import compiled


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("a.c", "a\nc", True),
        ("((?i)PRO).*", "prod", True),
        ("((?i)PRO)D", "prod", False),
        ("a(?i)b|c", "C", True),
        ("a(?i)b|c", "aB", True),
        ("a(?i)b|c", "AB", False),
        (r"[[:alpha:]]+\z", "abc", True),
        (r"[[:digit:]a]+", "a1", True),
        (r"\d", "٣", False),
        (r"(?P<x>a)[)]", "a)", True),
        (r"(?<x>a)\)", "a)", True),
        ("(?i:a)b", "Ab", True),
        ("(?i:a)b", "AB", False),
    ],
)  # fmt: skip
def test_a_pattern_means_what_it_means_in_re2(pattern: str, text: str, *, matches: bool) -> None:
    assert (compiled(pattern).fullmatch(text) is not None) is matches


@pytest.mark.parametrize("pattern", ["(", "a)", "(?=a)", "(?<!a)", r"(a)\1", "*", "[a"])
def test_what_re2_has_not_is_refused(pattern: str) -> None:
    with pytest.raises(QueryError, match="error parsing regexp"):
        compiled(pattern)


def test_no_pattern_hangs() -> None:
    """A back-tracking engine would need some 2^40 steps for each of these."""
    for pattern in ("(a+)+$", "(a*)*b", "(a|aa)+$", "(x+x+)+y"):
        assert compiled(pattern).fullmatch("a" * 5000 + "x" * 40) is None


def test_a_pattern_that_would_take_seconds_to_read_is_refused() -> None:
    with pytest.raises(QueryError, match="longer than 100000 characters"):
        compiled("|".join(f"label-{number}" for number in range(20_000)))
