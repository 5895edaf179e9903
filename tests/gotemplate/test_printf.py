"""Go's fmt verbs, by the examples of its documentation."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.gotemplate.printf import printf, shortest


@pytest.mark.parametrize(
    ("template", "arguments", "text"),
    [
        ("%v %v %v %v", (1, 1.5, "a", True), "1 1.5 a true"),
        ("%d|%5d|%-5d|%05d|%+d|% d", (42,) * 6, "42|   42|42   |00042|+42| 42"),
        ("%f|%.2f|%8.3f|%08.3f|%-8.1f|%+.1f", (3.14159,) * 6, "3.141590|3.14|   3.142|0003.142|3.1     |+3.1"),
        ("%e|%.2e|%g|%G|%.3g", (123456.789,) * 5, "1.234568e+05|1.23e+05|123456.789|123456.789|1.23e+05"),
        ("%s|%10s|%-10s|%.2s|%q|%x", ("héy",) * 6, 'héy|       héy|héy       |hé|"héy"|68c3a979'),
        ("%x %X %#x %o %b %c %U %q", (255,) * 8, "ff FF 0xff 377 11111111 ÿ U+00FF 'ÿ'"),
        ("%t %T %T %T %T %%", (True, 1, 1.5, "a", True), "true int float64 string bool %"),
        ("%*d|%-*d|%.*f", (5, 42, 5, 42, 1, 2.55), "   42|42   |2.5"),
        ("%v %s", ({"b": 1, "a": [1, 2]}, ["x"]), "map[a:[1 2] b:1] [x]"),
        ("%d", ("hi",), "%!d(string=hi)"),
        ("%s", (1,), "%!s(int=1)"),
        ("%d", (1.5,), "%!d(float64=1.5)"),
        ("%d %d", (1,), "1 %!d(MISSING)"),
        ("%d", (1, "x"), "1%!(EXTRA string=x)"),
        ("100%", (), "100%!(NOVERB)"),
        ("%z", (1,), "%!z(int=1)"),
        ("%5t|%v|%5v", (True, None, math.inf), " true|<no value>| +Inf"),
    ],
)
def test_a_verb_prints(template: str, arguments: tuple[object, ...], text: str) -> None:
    assert printf(template, *arguments) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"), (-0.0, "-0"), (100000.0, "100000"), (1e21, "1e+21"), (1e-4, "0.0001"), (1e-5, "1e-05"),
        (123456789.0, "1.23456789e+08"), (123456.5, "123456.5"), (1e6, "1e+06"), (2.5e-7, "2.5e-07"),
        (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"), (math.nan, "NaN"), (-math.inf, "-Inf"),
    ],
)  # fmt: skip
def test_v_of_a_float_is_its_shortest_form(number: float, text: str) -> None:
    assert shortest(number, "g") == text


@given(number=st.floats(allow_nan=False, allow_infinity=False), verb=st.sampled_from("efg"))
def test_the_shortest_form_means_the_number(number: float, verb: str) -> None:
    assert float(shortest(number, verb)) == number
    assert len(shortest(number, "e").replace("e+", "e")) <= len(repr(number)) + 6
