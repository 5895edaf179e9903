"""The functions of templates, by the examples of Loki's documentation and sprig's."""

import pytest

from labkit import gotemplate
from labkit.gotemplate import TemplateError
from labkit.logql.functions import functions
from labkit.logql.record import Record
from labkit.signals.labels import Labels

TIME = 1_700_000_000_123_456_789


def rendered(template: str, **fields: str) -> str:
    record = Record(Labels(), {})
    record.start(TIME, "the line")
    return gotemplate.parse(template, functions(lambda: record)).render(fields)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ __line__ | ToUpper }}", "THE LINE"), ("{{ lower `AbC` }}{{ title `ab cd` }}", "abcAb Cd"),
        ('{{ Replace "a-b-c" "-" "+" 1 }} {{ Replace "a-b-c" "-" "+" -1 }}', "a+b-c a+b+c"),
        ('{{ "a-b" | replace "-" "_" }}', "a_b"), ('{{ Trim "xxaxx" "x" }}{{ TrimLeft "xxa" "x" }}{{ TrimRight "axx" "x" }}', "aaa"),
        ('{{ TrimPrefix "v1.2" "v" }} {{ trimSuffix ".go" "a.go" }} {{ TrimSpace " a " }} {{ trimAll "$" "$5$" }}', "1.2 a a 5"),
        ('{{ trunc 3 "hello" }} {{ trunc -2 "hello" }} {{ substr 1 3 "hello" }} {{ substr -1 2 "hello" }}', "hel lo el he"),
        ('{{ contains "ell" "hello" }} {{ hasPrefix "he" "hello" }} {{ hasSuffix "x" "hello" }}', "true true false"),
        ('{{ repeat 3 "ab" }}|{{ indent 2 "a\\nb" }}|{{ nindent 1 "x" }}', "ababab|  a\n  b|\n x"),
        ('[{{ alignLeft 5 "ab" }}] [{{ alignRight 5 "ab" }}] [{{ alignLeft 1 "ab" }}] [{{ alignRight 1 "ab" }}]', "[ab   ] [   ab] [a] [b]"),
        ('{{ regexReplaceAll "(a*)bc" "aabcabc" "${1}x" }} {{ regexReplaceAllLiteral "(a)b" "ab" "${1}" }}', "aaxax ${1}"),
        ('{{ count "a|b" "abcab" }}', "4"), ('{{ urlencode "a b&c" }} {{ urldecode "a+b%26c" }}', "a+b%26c a b&c"),
        ('{{ b64enc "hi" }} {{ b64dec "aGk=" }} {{ b64dec "aGk" }} {{ b64dec "?" }}', "aGk= hi hi illegal base64 data"),
        ('{{ default "-" "" }} {{ default "-" .none }} {{ default "-" "x" }}', "- - x"),
        ('{{ add 1 "2" 3 }} {{ sub 5 2 }} {{ mul 2 3 4 }} {{ div 7 2 }} {{ div -7 2 }} {{ mod 7 3 }} {{ mod -7 3 }}', "6 3 24 3 -3 1 -1"),
        ("{{ addf 1.5 2 }} {{ subf 5 1.5 1 }} {{ mulf 1.5 2 }} {{ divf 7 2 }} {{ max 1 3 2 }} {{ minf 1.5 0.5 }}", "3.5 2.5 3 3.5 3 0.5"),
        ('{{ ceil "1.2" }} {{ floor 1.8 }} {{ round 123.555555 3 }} {{ int "12" }} {{ int "x" }} {{ float64 "1.5" }}', "2 1 123.556 12 0 1.5"),
        ('{{ bytes "2 KB" }} {{ duration "1m30s" }} {{ duration_seconds "500ms" }}', "2000 90 0.5"),
        ('{{ range $i, $v := fromJson `[{"a":1},{"a":2}]` }}{{ $v.a }}{{ end }}', "12"),
        ("{{ __timestamp__ }}", "2023-11-14 22:13:20.123456789 +0000 UTC"),
        ('{{ __timestamp__ | date "2006-01-02T15:04:05.00Z07:00" }} {{ date "Mon Jan _2 3:04PM 06" now }}', "2023-11-14T22:13:20.12Z Tue Nov 14 10:13PM 23"),
        ("{{ unixEpoch now }} {{ unixEpochMillis now }} {{ unixEpochNanos now }}", f"1700000000 1700000000123 {TIME}"),
        ('{{ unixToTime "1679577215" | date "15:04:05" }} {{ unixToTime "19373" | unixEpoch }}', "13:13:35 1673827200"),
        ('{{ toDate "2006-01-02" "2021-11-02" | unixEpoch }} {{ toDateInZone "2006-01-02 15" "Europe/Berlin" "2021-11-02 01" | unixEpoch }}', "1635811200 1635811200"),
        ('{{ printf "%-5s|%05.1f" .a 2.25 }}', "x    |002.2"),
        ("{{ add 9223372036854775807 1 }} {{ mul 9223372036854775807 2 }} {{ sub -9223372036854775807 2 }}",
         "-9223372036854775808 -2 9223372036854775807"),
        ('{{ int "99999999999999999999" }}', "0"),
    ],
)  # fmt: skip
def test_a_function_gives(template: str, text: str) -> None:
    assert rendered(template, a="x") == text


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ div 1 0 }}", "integer divide by zero"), ('{{ repeat 2000000000 "x" }}', "is too much"),
        ('{{ regexReplaceAll "(" "a" "b" }}', "missing )"), ('{{ unixToTime "12" }}', "unable to parse time"),
        ('{{ toDate "2006" "x" }}', "cannot parse"), ('{{ toDate "2006-01-02" "2021-13-40" }}', "error calling toDate"),
        ('{{ trunc "x" "y" }}', "error calling trunc"), ('{{ bytes "x" }}', "invalid syntax"), ("{{ date 1 2 }}", "error calling date"),
        ('{{ indent 2000000000 "x" }}', "is too much"), ('{{ alignLeft 2000000000 "x" }}', "is too much"),
        ('{{ $x := repeat 100000 "a" }}{{ replace "a" $x $x }}', "longer than"),
        ('{{ $x := repeat 100000 "a" }}{{ Replace $x "a" $x -1 }}', "longer than"),
        ('{{ $x := repeat 100000 "a" }}{{ regexReplaceAll "a" $x $x }}', "longer than"),
        ('{{ $x := repeat 1000 "a" }}{{ regexReplaceAll ".*" $x (repeat 10000 "$0") }}', "longer than"),
        ('{{ indent 100000 (repeat 100000 "\\n") }}', "longer than"),
        ('{{ toDate "' + "MST" * 40 + '" "' + "A" * 161 + '" }}', "cannot parse"),  # ways to read it: 2**40
        ("{{ lower 1 }}", "error calling lower"), ("{{ date `2006` 999999999999999 }}", "out of range"),
    ],
)  # fmt: skip
def test_a_function_fails_as_a_template_does(template: str, reason: str) -> None:
    with pytest.raises(TemplateError, match="error calling") as caught:
        rendered(template)
    assert reason in caught.value.what
