"""Scenario files: every one of the catalogue is sound, and a bad one says what is wrong with it."""

import pytest

from labkit.clock import HOUR, MINUTE, SECOND
from labkit.errors import ManifestError
from labkit.scenarios.faults import FAULTS
from labkit.scenarios.scenario import load, names, parse, parse_duration

GOOD = """
id = "it"
title = "A title"
mechanism = "m"
component = "c"
module = 1
[[inject]]
fault = "memory-kill"
onset = ["10m", "2h"]
"""


@pytest.mark.parametrize("name", names())
def test_every_scenario_of_the_catalogue_loads_and_names_known_faults(name: str) -> None:
    scenario = load(name)
    assert {injection.fault for injection in scenario.inject} <= set(FAULTS)
    assert scenario.control == (not scenario.inject)


def test_a_good_file_is_read() -> None:
    assert parse(GOOD, "it.toml", "it").inject[0].onset == ("10m", "2h")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("module = 1", 'module = "one"'), "module"),
        (("title =", "titel ="), "titel"),
        (('onset = ["10m", "2h"]', 'onset = ["10", "2h"]'), "'10' is not a duration"),
        (('onset = ["10m", "2h"]', 'onset = ["10m"]'), "length 2"),
        (('id = "it"', 'id = "other"'), "id is 'other'"),
        (("[[inject]]", "[[inject"), "line"),
    ],
)
def test_a_bad_file_names_what_is_wrong(change: tuple[str, str], says: str) -> None:
    with pytest.raises(ManifestError, match=r"it\.toml") as caught:
        parse(GOOD.replace(*change), "it.toml", "it")
    assert says in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["no-such", "../errors", "", "healthy.toml"])
def test_an_unknown_name_lists_those_there_are(name: str) -> None:
    with pytest.raises(ManifestError) as caught:
        load(name)
    assert "healthy" in (caught.value.remedy or "")


def test_durations() -> None:
    assert [parse_duration(text) for text in ("90s", "20m", "3h")] == [90 * SECOND, 20 * MINUTE, 3 * HOUR]
