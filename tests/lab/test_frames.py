"""Frames that draw themselves and stay ordinary frames."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest

from labkit.lab.draw import units
from labkit.lab.frames import About, Answer, Plain

TIMES = pd.date_range("2025-11-28T10:00", periods=5, freq="15s", tz="UTC", name="time")
ABOUT = About("rate(a_total[5m])", units.REQUESTS_A_SECOND, ("PromQL info: not a counter",), {"job": "api"})


def ranged(**columns):
    return Answer.of(pd.DataFrame(columns or {"a": [1.0, 2, 3, 4, 5], "b": [5.0, 4, 3, 2, 1]}, index=TIMES), ABOUT)


def test_it_is_a_frame_in_every_other_respect():
    frame = ranged()
    assert repr(frame) == f"{pd.DataFrame(frame)!r}\n⚠ PromQL info: not a counter"
    assert repr(Answer(frame)) == repr(pd.DataFrame(frame))
    assert frame["a"].sum() == 15
    assert type(frame["a"]) is pd.Series
    pd.testing.assert_frame_equal(pd.DataFrame(frame.head(2)), pd.DataFrame(frame).head(2))
    assert frame.plot().get_lines()[0].get_ydata().tolist() == [1, 2, 3, 4, 5]
    pd.testing.assert_frame_equal(
        pd.concat([frame, frame]), pd.concat([pd.DataFrame(frame)] * 2), check_frame_type=False
    )


@pytest.mark.parametrize(
    "how",
    [
        lambda f: f.head(3),
        lambda f: f[["a"]],
        lambda f: f.copy(),
        lambda f: f.loc[TIMES[1] :],
        lambda f: pickle.loads(pickle.dumps(f)),
    ],
)
def test_what_is_kept_of_a_part_or_a_copy(how):
    part = how(ranged())
    assert part.about == ABOUT
    assert "<svg" in part._repr_html_()


def test_arithmetic_forgets_the_unit_that_it_changes():
    milli = ranged() * 1000
    assert milli.about.unit == units.NONE
    assert milli.about.query == ABOUT.query
    assert "req/s" not in milli._repr_html_()


def test_the_picture_says_unit_time_labels_notes_and_names():
    html = ranged()._repr_html_()
    for said in ("req/s", "28 Nov 2025", "UTC", "job=api", "not a counter", ">a<", ">b<", "5 times × 2 series"):
        assert said in html


def test_a_frame_that_is_no_range_is_a_table_in_its_unit():
    html = Answer.of(pd.DataFrame({"pod": ["<x>"], "value": [0.0123]}), About(unit=units.SECONDS))._repr_html_()
    assert "<svg" not in html
    assert "12.3 ms" in html
    assert "&lt;x&gt;" in html


def test_a_count_in_a_table_is_written_in_full():
    html = Answer.of(
        pd.DataFrame({"pod": ["a", "b"], "value": [4153201.0, np.inf]}), About(unit=units.SHORT)
    )._repr_html_()
    assert "4,153,201" in html
    assert "+Inf" in html


def test_no_data_says_so_and_why():
    html = Answer.of(pd.DataFrame(), About(hint="No metric is called <b>."))._repr_html_()
    assert "No data." in html
    assert "No metric is called &lt;b&gt;." in html
    assert repr(Answer.of(pd.DataFrame(), About(hint="No metric is called x."))).endswith("\nNo metric is called x.")


def test_nan_and_infinity_are_gaps_and_are_mentioned():
    html = ranged(a=[1.0, np.inf, np.nan, -np.inf, 2.0])._repr_html_()
    assert "2 infinite values are not drawn" in html
    assert "nan" not in re.sub(r"<table.*", "", html, flags=re.DOTALL)
    assert "every value is NaN" in ranged(a=[np.nan] * 5)._repr_html_()


def test_fifty_series_name_twelve_and_count_the_rest():
    html = ranged(**{f"s{n}": [float(n)] * 5 for n in range(50)})._repr_html_()
    assert "and 38 more" in html
    assert ">s49<" in html, "the largest are named"


def test_two_thousand_series_do_not_fill_the_notebook():
    html = Answer(pd.DataFrame({f"s{n}": np.arange(5.0) + n for n in range(2000)}, index=TIMES))._repr_html_()
    assert "and 1,988 more, the largest of them in grey" in html
    assert "2,000 series" in html
    assert len(html) < 200_000


def test_a_frame_made_by_hand_is_drawn_too():
    assert "<svg" in Answer({"a": np.arange(5.0)}, index=TIMES)._repr_html_()


def test_dollars_are_no_mathematics_and_a_long_table_shows_what_it_says():
    frame = pd.DataFrame({"job": [f"number-{n}" for n in range(50)], "value": [1.0] * 50})
    for shown in (Plain({"hash": ["$argon2id$v=19$"]}), Answer.of(frame, About()), Answer.of(frame.head(0), About())):
        assert re.match(r'<div [^>]*class="tex2jax_ignore mathjax_ignore"', shown._repr_html_())
    assert isinstance(Plain(frame)[["job"]], Plain)
    html = Answer.of(frame, About())._repr_html_()
    assert "50 series, the first 20 shown" in html
    assert "number-19<" in html
    assert "number-20<" not in html
    assert "number-49<" not in html
