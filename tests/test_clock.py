"""Virtual time: order, laws and the written form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.clock import EPOCH, Clock, parse_rfc3339, rfc3339
from labkit.errors import ClockError


@given(st.lists(st.integers(0, 1000), max_size=30), st.lists(st.integers(0, 300), max_size=6))
def test_callbacks_run_at_their_time_in_order_however_time_is_cut(times, steps):
    clock, ran = Clock(0), []
    for number, time in enumerate(times):
        clock.call_at(time, lambda n=number: ran.append((clock.now, n)))
    for step in steps:
        clock.advance(clock.now + step)
        assert clock.next_event() is None or clock.next_event() > clock.now
    clock.advance(clock.now + 1000)
    assert ran == sorted((time, number) for number, time in enumerate(times))


def test_what_a_callback_asks_for_runs_in_the_same_advance():
    clock, ran = Clock(0), []

    def again():
        ran.append(clock.now)
        if clock.now < 30:
            clock.call_later(10, again)

    clock.call_later(10, again)
    clock.advance(100)
    assert ran == [10, 20, 30]
    assert clock.now == 100


def test_a_time_in_the_past_is_due_at_once_and_not_before_now():
    clock, ran = Clock(50), []
    clock.call_at(10, lambda: ran.append(clock.now))
    clock.advance(50)
    assert ran == [50]


def test_time_does_not_go_back():
    with pytest.raises(ClockError, match="cannot go back"):
        Clock(50).advance(49)


@given(st.integers(0, 4_000_000_000))
def test_the_written_form_is_read_back(second):
    assert parse_rfc3339(rfc3339(second * 1000)) == second * 1000
    assert parse_rfc3339(rfc3339(second * 1000 + 123, micros=True)) == second * 1000 + 123


def test_the_epoch_is_the_specifications_own_day():
    assert rfc3339(EPOCH) == "2025-11-28T12:00:00Z"


@pytest.mark.parametrize("text", ["", "now", "2025-11-28", "2025-11-28T12:00:00", "2025-13-01T00:00:00Z"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ClockError):
        parse_rfc3339(text)
