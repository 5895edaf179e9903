"""What each stage does to a line, by Loki's documentation."""

import pytest

from labkit.logql import Engine, parse
from labkit.logql.pipeline import prepared
from labkit.logql.record import Record
from labkit.logql.syntax import LogQuery
from labkit.signals.labels import Labels
from labkit.signals.streams import StreamStore

STREAM = Labels([("app", "api"), ("level", "info")])


def through(pipeline: str, line: str, time: int = 0) -> Record | None:
    """The line's record after a pipeline, or nothing if it is dropped."""
    tree = parse('{app="api"} ' + pipeline)
    assert isinstance(tree, LogQuery)
    record = Record(STREAM, dict(STREAM))
    record.start(time, line)
    return record if prepared(tree.stages)(record) else None


def found(pipeline: str, line: str) -> dict[str, str]:
    """The labels a pipeline adds to those of the stream."""
    record = through(pipeline, line)
    assert record is not None
    return {name: value for name, value in record.named().items() if (name, value) not in STREAM}


@pytest.mark.parametrize(
    ("pipeline", "line", "kept"),
    [
        ('|= "error"', "an error", True), ('|= "error"', "An Error", False), ('!= "error"', "an error", False),
        ('|= "a" or "b"', "xbx", True), ('!= "a" or "b"', "xbx", False), ('!= "a" or "b"', "xcx", True),
        ('|~ "err(or)?$"', "an err", True), ('|~ "err(or)?$"', "errs", False), ('!~ "(?i)ERROR"', "an error", False),
        ('|~ "a.b"', "a\nb", False), ('|~ "error"', "an error", True), ('|= ""', "", True),
        ('|> "<_> error <_>"', "an error here", True), ('|> "<_> error <_>"', "error here", False),
        ('|> "ts=<_> level=<_>"', "ts=1 level=x", True), ('|> "<_> bar"', "foo bar baz", False),
        ('!> "a<_>"', "bcd", True), ('|> ""', "", True), ('|> "a<_>b"', "ab", False),
        ('|= ip("192.168.0.0/16")', "from 192.168.4.5:80 to x", True), ('|= ip("192.168.0.0/16")', "192.169.4.5", False),
        ('|= ip("10.0.0.1-10.0.0.9")', "[10.0.0.5]", True), ('!= ip("::1")', "at ::1", False),
        ('| level="info"', "", True), ('| level=~"inf"', "", False), ('| missing=""', "", True), ('| missing!="x"', "", True),
        ("| logfmt | n > 5", "n=6", True), ("| logfmt | n > 5", "n=5", False), ("| logfmt | n > 5", "m=6", False),
        ("| logfmt | n == 5.0", "n=5", True), ("| logfmt | n != -5", "n=5", True), ("| logfmt | n = 1e3", "n=1000", True),
        ("| logfmt | d >= 1.5s", "d=1500ms", True), ("| logfmt | d < 1m", "d=1h", False),
        ("| logfmt | s > 1KB", "s=1001B", True), ("| logfmt | s > 1KiB", "s=1001B", False), ("| logfmt | s = 2MB", "s=2mb", True),
        ("| logfmt | n > 5 or d > 1s", "n=1 d=2s", True), ("| logfmt | n > 5, d > 1s", "n=6 d=1s", False),
        ("| logfmt | n > 5 d > 1s", "n=6 d=2s", True), ("| logfmt | (n > 5 or n < 2) and d > 1s", "n=1 d=2s", True),
        ('| logfmt | a = ip("10.0.0.0/8")', "a=10.2.3.4", True), ('| logfmt | a != ip("10.0.0.0/8")', "a=10.2.3.4", False),
    ],
)  # fmt: skip
def test_a_filter_keeps_or_drops(pipeline: str, line: str, kept: bool) -> None:
    assert (through(pipeline, line) is not None) is kept


@pytest.mark.parametrize(
    ("pipeline", "line", "labels"),
    [
        ("| json", '{"a":"x","n":1,"f":1.5,"b":true,"no":null,"list":[1],"o":{"i k":{"d":2}}}',
         {"a": "x", "n": "1", "f": "1.5", "b": "true", "o_i_k_d": "2"}),
        ("| json", '{"app":"other","1st":"x","a.b-c":"y","":"z"}', {"app_extracted": "other", "_1st": "x", "a_b_c": "y"}),
        ("| json", "no json", {"__error__": "JSONParserErr", "__error_details__": "Malformed JSON error"}),
        ("| json", '{"a":', {"__error__": "JSONParserErr",
                             "__error_details__": "Value looks like object, but can't find closing '}' symbol"}),
        ('| json a="x.y[1]", b="x[\\"k k\\"]", c="none", d="x"', '{"x":{"y":[1,{"z":2}],"k k":"v"}}',
         {"a": '{"z":2}', "b": "v", "c": "", "d": '{"y":[1,{"z":2}],"k k":"v"}'}),
        ("| json level", '{"level":"debug"}', {"level_extracted": "debug"}),
        ("| logfmt", 'a=1 b="two words" c= d e="q\\"q" app=x', {"a": "1", "b": "two words", "e": 'q"q', "app_extracted": "x"}),
        ("| logfmt --keep-empty", "a= b", {"a": "", "b": ""}),
        ("| logfmt", 'a=1 =bad "worse" b=2', {"a": "1", "b": "2"}),
        ("| logfmt --strict", "a=1 =bad b=2", {
            "a": "1", "__error__": "LogfmtParserErr", "__error_details__": "logfmt syntax error at pos 5 : unexpected '='"}),
        ('| logfmt one="a", b', "a=1 b=2 c=3", {"one": "1", "b": "2"}),
        ('| pattern "<ip> - <_> \\"<method> <path>\\" <status>"', '1.2.3.4 - me "GET /a" 200',
         {"ip": "1.2.3.4", "method": "GET", "path": "/a", "status": "200"}),
        ('| pattern "<a>=<b>"', "no equals", {"a": "no equals"}),
        ('| pattern "x<a>"', "yz", {}),
        (r'| regexp "(?P<method>\\w+) (?P<path>\\S+)( (?P<rest>.*))?"', "GET /a", {"method": "GET", "path": "/a", "rest": ""}),
        ('| regexp "(?P<a>x)"', "y", {}),
        ("| unpack", '{"a":"1","n":2,"_entry":"the line"}', {"a": "1"}),
        ("| unpack", "plain", {"__error__": "JSONParserErr", "__error_details__": "expecting json object(6), but it is not"}),
        ("| logfmt | n > 5", "n=many", {"n": "many", "__error__": "LabelFilterErr",
                                        "__error_details__": 'strconv.ParseFloat: parsing "many": invalid syntax'}),
        ("| logfmt | d > 5s", "d=5", {"d": "5", "__error__": "LabelFilterErr",
                                      "__error_details__": 'time: missing unit in duration "5"'}),
        ('| logfmt | label_format x=a, y="{{.a}}-{{.b}}"', "a=1 b=2", {"x": "1", "b": "2", "y": "-2"}),
        ('| label_format y="{{ .app | printf \\"%q\\" }}"', "", {"y": '"api"'}),
        ("| logfmt | drop a, b", "a=1 b=2 c=3", {"c": "3"}),
        ('| logfmt | drop a="2", b=~"2|3"', "a=1 b=2", {"a": "1"}),
        ("| json | drop __error__, __error_details__", "no json", {}),
        ('| logfmt | keep app, level, a, b="1"', "a=1 b=2 c=3", {"a": "1"}),
    ],
)  # fmt: skip
def test_a_stage_makes_labels(pipeline: str, line: str, labels: dict[str, str]) -> None:
    assert found(pipeline, line) == labels


@pytest.mark.parametrize(
    ("pipeline", "line", "becomes"),
    [
        (
            '| line_format "{{.app}}: {{__line__}} at {{__timestamp__}}"',
            "x",
            "api: x at 2023-11-14 22:13:20.5 +0000 UTC",
        ),
        ('| json | line_format "{{.missing}}|{{.a}}"', '{"a":"b"}', "|b"),
        ("| unpack", '{"a":"1","_entry":"the line"}', "the line"),
        ("| decolorize", "\x1b[31mred\x1b[0m \x1b[1;32mgreen", "red green"),
        ('| line_format "{{ index .app 9 }}"', "stays", "stays"),
        ('| logfmt | line_format "{{ if eq .a `1` }}one{{ else }}other{{ end }}"', "a=1", "one"),
        ('| line_format "a" |= "a" | line_format "{{__line__}}b"', "x", "ab"),
    ],
)
def test_a_stage_writes_the_line_anew(pipeline: str, line: str, becomes: str) -> None:
    record = through(pipeline, line, 1_700_000_000_500_000_000)
    assert record is not None
    assert record.line == becomes


def test_a_template_that_fails_leaves_an_error() -> None:
    record = through('| line_format "{{ div 1 0 }}"', "x")
    assert record is not None
    assert record.error == "TemplateFormatErr"
    assert "integer divide by zero" in record.details


def test_the_labels_of_the_stream_stay_as_they_are(store: StreamStore) -> None:
    engine = Engine(store)
    engine.lines('{app="api"} | json | label_format app="x" | drop level', 0, 10**12)
    assert engine.lines('{app="api"}', 0, 10**12).labels == [
        Labels([("app", "api"), ("level", "error")]), Labels([("app", "api"), ("level", "info")]),
    ]  # fmt: skip
