"""Our own test scripts, and the language they are written in."""

from pathlib import Path

import numpy as np
import pytest

from labkit.promql.script import Outcome, run
from labkit.promql.script.notation import HISTOGRAM, duration, series, values
from labkit.promql.script.outcome import ScriptError
from labkit.signals.labels import Labels
from labkit.signals.series import is_stale

SCRIPTS = sorted(Path(__file__).parent.glob("*.test"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_our_scripts_pass(script: Path) -> None:
    outcomes = list(run(script.read_text()))
    assert [f"{script.name}:{one.line}: {one.query}: {one.problem}" for one in outcomes if one.failed] == []
    assert sum(one.passed for one in outcomes) >= 19
    assert {one.left_out for one in outcomes} <= {"", "a native histogram (native) is not supported here"}


def one(script: str) -> Outcome:
    """The outcome of a script's last case."""
    return list(run(script))[-1]


LOADED = 'load 1m\n  m{a="x"} 1 2 3\n  m{a="y"} 4 5 6\n\n'


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        ('eval instant at 1m m\n  m{a="x"} 2\n  m{a="y"} 6', "expected 6.0, got 5.0"),
        ('eval instant at 1m m\n  m{a="x"} 2', 'unexpected m{a="y"}'),
        ('eval instant at 1m m\n  m{a="x"} 2\n  m{a="y"} 5\n  m{a="z"} 5', "not found"),
        ('eval instant at 1m sort_desc(m)\n  expect ordered\n  m{a="x"} 2\n  m{a="y"} 5', "another order"),
        ("eval instant at 1m 2\n  3", "expected 3.0, got 2.0"),
        ("eval instant at 1m 2\n  {} 2", "got the scalar"),
        ("eval instant at 1m sum(m)\n  7", "got a vector"),
        ("eval instant at 1m m\n  expect fail", "but got none"),
        ("eval_fail instant at 1m m", "but got none"),
        ("eval instant at 1m nope(m)\n", "unknown function"),
        ("eval instant at 1m rate(m)\n  expect fail msg: other", "got: 1:6: parse error"),
        ("eval instant at 1m rate(m)\n  expect fail regex: other", "got: 1:6: parse error"),
        ("eval_fail instant at 1m rate(m)\n  expected_fail_regexp other", "got: 1:6: parse error"),
        ('eval instant at 1m rate(m[2m])\n  expect warn\n  {a="x"} 0.0125\n  {a="y"} 0.0125', "expected warn"),
        ("eval instant at 1m count(rate(m[2m]))\n  expect no_info\n  {} 2", "unexpected info"),
        ("eval instant at 1m count(rate(m[2m]))\n  expect info msg: other\n  {} 2", "expected info annotation matching"),
        ("eval range from 0 to 2m step 1m sum(m)\n  {} 5 7 10", "at 120000 ms: expected 10.0, got 9.0"),
        ("eval range from 0 to 2m step 1m sum(m)\n  {} 5 7", "expected points at"),
        ("eval range from 0 to 2m step 1m sum(m)\n  {} 5 7 9 9", "cannot have so many"),
        ('eval instant at 1m m[2m]\n  expect range vector from 0s to 1m step 1m\n  m{a="x"} 1 3\n  m{a="y"} 4 5', "expected 3.0"),
        ('eval instant at 1m "x"\n  expect string "y"', "expected 'y', got 'x'"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_a_failure_that_says_so(case: str, problem: str) -> None:
    outcome = one(LOADED + case + "\n")
    assert outcome.failed
    assert problem in outcome.problem


@pytest.mark.parametrize(
    ("script", "where", "what"),
    [
        ("load 1m\n  m 1 2 y\n", "line 2", "not values of a series: y"),
        ("load x\n", "line 1", "not a valid duration"),
        ("load\n", "line 1", "invalid load command"),
        ("\nlaod 1m\n", "line 2", "invalid command"),
        ('load 1m\n  m{a=~"x"} 1\n', "line 2", "no series"),
        ("load 1m\n  m{a=} 1\n", "line 2", "no series"),
        ("load 1m\n  m 1x99999999\n", "line 2", "invalid repetition"),
        ("eval instant 1m\n", "line 1", "invalid evaluation command"),
        ("eval instant at soon m\n", "line 1", "not a valid duration"),
        ("eval range from 5m to 1m step 1m m\n", "line 1", "before start"),
        ("eval range from 0 to 1m step 0s m\n", "line 1", "not positive"),
        ("eval instant at 0 m\n  m 1 2\n", "line 2", "one value"),
        ("eval instant at 0 m\n  expect nothing\n", "line 2", "invalid expect"),
        ("eval instant at 0 m\n  expect fail regex: (\n", "line 2", "invalid regex"),
        ("eval instant at 0 m\n  expect warn\n  expect no_warn\n", "line 3", "cannot be used together"),
        ("eval instant at 0 m\n  expect fail\n  expect fail\n", "line 3", "multiple expect fail"),
    ],
)  # fmt: skip
def test_a_malformed_script_names_its_line(script: str, where: str, what: str) -> None:
    with pytest.raises(ScriptError) as caught:
        list(run(script))
    assert caught.value.where == where
    assert what in caught.value.what
    assert caught.value.remedy


def test_a_case_about_native_histograms_is_left_out_and_says_why() -> None:
    script = (
        'load 1m\n  h {{schema:0 count:1 sum:1}}x3\n  h{a="b"} 1\n\neval instant at 0 count({__name__="h"})\n  {} 2\n'
    )
    assert one(script).left_out == "a native histogram (h) is not supported here"
    assert not one(script).failed
    assert not one(script).passed
    classic = 'load_with_nhcb 1m\n  h_bucket{le="+Inf"} 3\n\neval instant at 0 '
    assert one(classic + 'h_bucket\n  h_bucket{le="+Inf"} 3\n').passed
    assert one(classic + "h\n").left_out == "a native histogram (h) is not supported here"
    assert "histogram_count()" in one(classic + "histogram_count(h_bucket)\n").left_out
    assert "a duration that is computed" in one(classic + "count_over_time(h_bucket[1m + 1m])\n").left_out


def test_what_is_cleared_is_gone() -> None:
    assert one("load 1m\n  m 1\n\nclear\neval instant at 0 m\n").passed


def test_values_expand() -> None:
    assert values("1 -2 .5 1e3 Inf -inf _ 0x2 1+1x2 5-2x1 _x2") == [
        1, -2, 0.5, 1000, float("inf"), -float("inf"), None, 0, 0, 0, 1, 2, 3, 5, 3, None, None,
    ]  # fmt: skip
    stale = values("stale")[0]
    assert isinstance(stale, float)
    assert is_stale(np.array([stale])).all()
    assert values("{{schema:1 sum:2}} {{}}x1") == [HISTOGRAM] * 3
    assert values("0.1+0.1x3")[3] == 0.1 + 0.1 + 0.1 + 0.1  # added up one by one, as upstream does


def test_series_are_read() -> None:
    assert series('m{a="x y", b="}"} 1 2') == (Labels([("__name__", "m"), ("a", "x y"), ("b", "}")]), "1 2")
    assert series("{} 1") == (Labels(), "1")
    assert series('{"a.b", c="d"} 1')[0] == Labels([("__name__", "a.b"), ("c", "d")])


def test_durations_are_read() -> None:
    assert (duration("0"), duration("1h30m"), duration("500ms"), duration("2d")) == (0, 5_400_000, 500, 172_800_000)
    with pytest.raises(ScriptError):
        duration("30m1h")
