"""Log lines as a list."""

import pytest

from labkit.lab.draw.loglist import LONGEST, Entry, level_of, loglist


@pytest.mark.parametrize(
    ("line", "labels", "level"),
    [
        ('{"level":"ERROR","message":"x"}', {}, "error"), ("level=warn msg=x", {}, "warn"), ("2025-11-28 INFO started", {}, "info"),
        ("x", {"detected_level": "debug"}, "debug"), ("a stack trace of errors", {}, ""), ('{"level":"strange"}', {}, ""), ("{broken", {}, ""),
        ('{"msg":"an ERROR in words"}', {}, ""),
    ],
)  # fmt: skip
def test_levels(line, labels, level):
    assert level_of(line, labels) == level


def test_a_json_line_is_its_message_and_its_fields():
    html = loglist([Entry("12:00", {}, '{"level":"info","msg":"served","path":"/a b","ms":1.5,"ts":"t"}')])
    assert ">served<" in html
    assert "path=&quot;/a b&quot;  ms=1.5" in html
    assert "ts=" not in html


def test_nothing_of_a_line_becomes_markup_or_colours_of_a_terminal():
    html = loglist(
        [
            Entry("12:00", {"pod": "<i>"}, "\x1b[31m<img src=x onerror=alert(1)>\x1b[0m\x07"),
            Entry("12:01", {"pod": "b"}, "x"),
        ]
    )
    assert "<img" not in html
    assert "<i>" not in html
    assert "[31m" not in html
    assert "␇" in html


def test_a_long_line_is_cut():
    assert f"{10:,} characters more" in loglist([Entry("12:00", {}, "x" * (LONGEST + 10))])


def test_what_a_parser_took_from_the_line_names_no_stream():
    lines = [
        Entry("1", {"pod": f"api-{n}", "status": "500", "trace": f"t{n}"}, f'{{"status":500,"trace":"t{n}","msg":"m"}}')
        for n in (1, 2)
    ]
    html = loglist(lines)
    assert ">api-1<" in html
    assert "api-1 500" not in html


def test_streams_are_named_by_what_differs():
    html = loglist([Entry("1", {"app": "api", "pod": "api-1"}, "x"), Entry("2", {"app": "api", "pod": "api-2"}, "y")])
    assert "api-1" in html
    assert ">api<" not in html
    assert "api" not in loglist([Entry("1", {"app": "api"}, "x")])
