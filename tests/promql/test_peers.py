"""Prometheus' own test scripts: how many of their cases pass, file by file.

What is left: experimental functions, which a Prometheus without its feature flag refuses too;
delayed removal of names, which is behind a flag; and native histograms, which are not counted.
"""

from pathlib import Path

import pytest

from labkit.promql.testscript import run

SCRIPTS = Path(__file__).parents[3] / "shared" / "peers" / "promqltest-3.5.3"
FLOORS = {
    "aggregators": (134, 134),
    "at_modifier": (45, 45),
    "functions": (250, 270),
    "literals": (20, 20),
    "name_label_dropping": (15, 20),
    "selectors": (31, 31),
    "staleness": (17, 17),
    "subquery": (32, 32),
}
"""By file: cases that pass, of those that are not about native histograms."""


@pytest.mark.skipif(not SCRIPTS.is_dir(), reason="Prometheus' test scripts are not beside the repository")
@pytest.mark.parametrize("name", FLOORS)
def test_no_fewer_cases_pass(name: str) -> None:
    outcomes = [one for one in run((SCRIPTS / f"{name}.test").read_text()) if not one.native]
    floor, number = FLOORS[name]
    failed = [f"line {one.line}: {one.query}: {one.problem}" for one in outcomes if one.problem]
    assert len(outcomes) == number
    assert len(outcomes) - len(failed) >= floor, "\n".join(failed)
