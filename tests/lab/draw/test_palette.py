"""Colours."""

import pytest

from labkit.lab.draw import palette


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("green", "#56a64b"), ("dark-red", "#9d2130"), ("super-light-blue", "#a3c0ee"), ("#1f60c4", "#1f60c4"), ("rgb(1, 2, 3)", "rgb(1, 2, 3)"),
        ("text", "currentColor"), ("tomato", "tomato"), ("red;background:url(http://x)", palette.QUIET), ("", palette.QUIET),
    ],
)  # fmt: skip
def test_grafanas_names(name, colour):
    assert palette.grafana(name) == colour


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", palette.SERIES)
@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
def test_every_series_is_seen_on_a_light_and_on_a_dark_page(colour, page):
    light, dark = sorted((luminance(colour), luminance(page)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) > 2.0


def test_styles_do_not_repeat_within_what_is_named():
    assert len({palette.style(index) for index in range(21)}) == 21
