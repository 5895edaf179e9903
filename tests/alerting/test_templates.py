"""What templates of labels and annotations print."""

import pytest

from labkit.alerting.humanize import humanize, humanize1024, humanize_duration, humanize_percentage, humanize_timestamp
from labkit.alerting.templates import Expander, changing, sample
from labkit.errors import QueryError
from labkit.signals.labels import Labels

LABELS = Labels([("instance", "db-0.prod:9187"), ("job", "db")])
UP = [sample(Labels([("instance", "b")]), 1.0), sample(Labels([("instance", "a")]), 0.5)]


def expand(text: str, value: float = 1234.5) -> str:
    def query(asked: str):
        if asked == "(":
            raise QueryError("parse error")
        return UP if asked == "up" else []

    return Expander({"region": "eu"}, "https://prom/x").expand(text, LABELS, value, query, 60.0)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("plain }} text", "plain }} text"),
        ("{{ $labels.job }} {{ .Labels.instance }} {{ $labels.missing }}|", "db db-0.prod:9187 |"),
        ('{{ $value }} {{ .Value | printf "%.0f" }}', "1234.5 1234"),
        ("{{ $externalLabels.region }} {{ externalURL }} {{ pathPrefix }} {{ $externalURL }}", "eu https://prom/x /x https://prom/x"),
        ("{{ humanize $value }} {{ $value | humanize1024 }}", "1.234k 1.206ki"),
        ('{{ range query "up" | sortByLabel "instance" }}{{ .Labels.instance }}={{ .Value }};{{ end }}', "a=0.5;b=1;"),
        ('{{ query "up" | first | label "instance" }} {{ query "up" | first | value }}', "b 1"),
        ('{{ if match "^d.$" $labels.job }}yes{{ else }}no{{ end }}', "yes"),
        ('{{ reReplaceAll "(.*)-0.*" "${1}!$2" $labels.instance }}', "db!"),
        ('{{ title "two words" }} {{ toUpper "a" }} {{ toLower "A" }}', "Two Words A a"),
        ("{{ stripPort $labels.instance }} {{ stripDomain $labels.instance }}", "db-0.prod db-0:9187"),
        ('{{ parseDuration "1h30m" }} {{ now }} {{ tableLink "up == 0" }}', "5400 60 /graph?g0.expr=up+%3D%3D+0&g0.tab=1"),
        ('{{ (args 1 "b").arg1 }}', "b"),
    ],
)  # fmt: skip
def test_a_template_prints(text: str, printed: str) -> None:
    assert expand(text) == printed


@pytest.mark.parametrize(
    "text", ['{{ query "none" | first }}', '{{ query "(" }}', '{{ humanize "x" }}', '{{ reReplaceAll "(" "" "a" }}']
)
def test_a_template_that_fails_says_so_in_its_place(text: str) -> None:
    assert expand(text).startswith("<error expanding template: ")


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("$value", False), ("{{ $labels.job }}", False), ("{{ .Labels.job | toUpper }}", False), ("{{ $value }}", True),
        ("{{ .Value }}", True), ("{{ . }}", True), ('{{ query "up" }}', True), ("{{ now }}", True), ("{{ $ }}", True),
    ],
)  # fmt: skip
def test_what_may_change_from_one_evaluation_to_the_next_is_known(text: str, changes: bool) -> None:
    assert changing(text) is changes


@pytest.mark.parametrize(
    ("function", "value", "printed"),
    [
        (humanize, 0, "0"), (humanize, 1234567, "1.235M"), (humanize, -0.0215, "-21.5m"), (humanize, "1e-7", "100n"),
        (humanize, float("inf"), "+Inf"), (humanize, 999.99, "1000"), (humanize1024, 1048576, "1Mi"),
        (humanize1024, 0.5, "0.5"), (humanize_duration, 0, "0s"), (humanize_duration, 59.5, "59.5s"),
        (humanize_duration, 3661, "1h 1m 1s"), (humanize_duration, -86400, "-1d 0h 0m 0s"),
        (humanize_duration, 0.0123, "12.3ms"), (humanize_duration, 90, "1m 30s"), (humanize_percentage, 0.9536, "95.36%"),
        (humanize_timestamp, 1435065584.128, "2015-06-23 13:19:44.128 +0000 UTC"),
        (humanize_timestamp, 1435065584, "2015-06-23 13:19:44 +0000 UTC"), (humanize_timestamp, float("nan"), "NaN"),
    ],
)  # fmt: skip
def test_numbers_are_for_people(function, value, printed: str) -> None:
    assert function(value) == printed
