"""Prometheus' own test scripts: every case passes, but for those that are named here and why.

What is left out: native histograms, the functions of these alone, and durations that are computed,
which upstream parses behind a flag.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.promql.script import run

PASSED = {
    "aggregators": 121,
    "at_modifier": 45,
    "functions": 260,
    "literals": 20,
    "name_label_dropping": 20,
    "selectors": 31,
    "staleness": 17,
    "subquery": 32,
}
"""By file: the cases that are counted, all of which pass."""

REASONS = re.compile(
    r"a native histogram \(.+\) is not supported here"
    r"|the function histogram_\w+\(\), which is of native histograms alone, is not supported here"
)


@pytest.mark.parametrize("name", PASSED)
def test_every_case_passes_that_is_counted(shared: Callable[[str], Path], name: str) -> None:
    outcomes = list(run((shared("peers/promqltest-3.5.3") / f"{name}.test").read_text()))
    assert [f"line {one.line}: {one.query}: {one.problem}" for one in outcomes if one.failed] == []
    left_out = [one for one in outcomes if one.left_out]
    assert [one.left_out for one in left_out if not REASONS.fullmatch(one.left_out)] == []
    assert len(outcomes) - len(left_out) == PASSED[name]
