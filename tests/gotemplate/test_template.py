"""Go's text/template, by what its documentation says a template prints."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.gotemplate import TemplateError, parse

DATA = {
    "name": "api", "count": 3, "ratio": 0.25, "on": True, "off": False, "none": None, "items": ["a", "b", "c"],
    "labels": {"job": "api", "instance": "10.0.0.1:80"}, "empty": [], "deep": {"er": {"est": 7}},
}  # fmt: skip


def rendered(source: str) -> str:
    return parse(source, {"up": str.upper, "add": lambda one, two: one + two}, ["$value"]).render(DATA, {"$value": 1.5})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("plain } text { with }} braces", "plain } text { with }} braces"),
        ("{{.name}}", "api"),
        ("{{ .deep.er.est }} {{ $.deep.er.est }}", "7 7"),
        ("{{.absent}}|{{.labels.absent}}|{{.none}}", "||<no value>"),
        ("{{.ratio}} {{.on}} {{.items}} {{.labels}}", "0.25 true [a b c] map[instance:10.0.0.1:80 job:api]"),
        ("a  {{- .count -}}  b", "a3b"),
        ("a {{/* nothing */}} b {{- /* trimmed */ -}} c", "a  bc"),
        ('{{"quoted \\" \\u00e9\\n"}}{{`raw \\n`}}', 'quoted " é\nraw \\n'),
        ("{{1}} {{-2}} {{0x1F}} {{1.5}} {{1e3}} {{'a'}} {{true}} {{1_000}} {{017}}", "1 -2 31 1.5 1000 97 true 1000 15"),
        ("{{if .on}}yes{{else}}no{{end}}{{if .off}}yes{{else}}no{{end}}", "yesno"),
        ("{{if .off}}1{{else if .empty}}2{{else if .count}}3{{else}}4{{end}}", "3"),
        ("{{with .labels}}{{.job}}{{else}}none{{end}}{{with .absent}}x{{else}}none{{end}}", "apinone"),
        ("{{range .items}}<{{.}}>{{end}}{{range .empty}}x{{else}}nothing{{end}}", "<a><b><c>nothing"),
        ("{{range $i, $x := .items}}{{$i}}={{$x}} {{end}}", "0=a 1=b 2=c "),
        ("{{range $key, $x := .labels}}{{$key}}={{$x}} {{end}}", "instance=10.0.0.1:80 job=api "),
        ("{{range 3}}{{.}}{{end}}", "012"),
        ("{{range $i, $x := .items}}{{if eq $i 1}}{{continue}}{{end}}{{$x}}{{end}}", "ac"),
        ('{{range .items}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', "a"),
        ("{{$x := 1}}{{if .on}}{{$x = 2}}{{end}}{{$x}}", "2"),
        ("{{$x := 1}}{{if .on}}{{$x := 2}}{{end}}{{$x}}", "1"),
        ("{{$value}} {{.name | up | printf `%s!`}}", "1.5 API!"),
        ("{{add 1 (add 2 3)}} {{(index .items 1) | up}}", "6 B"),
        ("{{(.deep).er.est}}", "7"),
        ('{{define "x"}}[{{.}}]{{end}}{{template "x" .name}}{{template "x" 1}}', "[api][1]"),
        ('{{block "x" .count}}<{{.}}>{{end}}', "<3>"),
        ("{{and .on 1}} {{and .off (index .empty 9)}} {{or .off 0 `z`}} {{not .on}}", "1 false z false"),
        ("{{len .items}} {{len `é`}} {{index .labels `job`}} {{slice .name 1}} {{slice .items 1 2}}", "3 2 api pi [b]"),
        ("{{eq 1 2 1}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt `b` `a`}} {{ge 1.5 2.5}}", "true true true true true false"),
        ("{{print 1 2 `a` `b` 3}}|{{println 1 `a`}}", "1 2ab3|1 a\n"),
        ("{{html `<a href='x'>`}} {{urlquery `a b&c`}} {{js `it's`}}", "&lt;a href=&#39;x&#39;&gt; a+b%26c it's"),
    ],
)  # fmt: skip
def test_a_template_prints(source: str, text: str) -> None:
    assert rendered(source) == text


@pytest.mark.parametrize(
    ("source", "what", "where"),
    [
        ("x{{.name", "unclosed action", "line 1, column 4"),
        ("x\n  {{nope 1}}", 'function "nope" not defined', "line 2, column 5"),
        ("{{if .on}}", "if has no end", "line 1, column 3"),
        ("{{end}}", "unexpected {{end}}", "line 1, column 3"),
        ("{{.name 1}}", "can't give argument to non-function .name", "line 1, column 3"),
        ("{{1 | 2}}", "non executable command in pipeline", "line 1, column 5"),
        ("{{$x}}", 'undefined variable "$x"', "line 1, column 3"),
        ("{{if $x := 1}}{{end}}{{$x}}", 'undefined variable "$x"', "line 1, column 24"),
        ("{{break}}", "{{break}} outside {{range}}", "line 1, column 3"),
        ('{{"\\q"}}', 'invalid syntax in the string "\\q"', "line 1, column 3"),
        ("{{}}", "missing value for command", "line 1, column 3"),
        ("{{(1}}", "unexpected '}}' in command", "line 1, column 5"),
        ("{{.a ?}}", "unexpected '?' in an action", "line 1, column 6"),
        ("{{" + "(" * 200 + "1" + ")" * 200 + "}}", "the template is nested too deeply", "line 1, column 103"),
        ("{{.name.first}}", "can't evaluate field first in type string", "line 1, column 8"),
        ("{{lt 1 1.5}}", "error calling lt: incompatible types for comparison", "line 1, column 3"),
        ("{{index .items 9}}", "error calling index: index out of range: 9", "line 1, column 3"),
        ("{{range .name}}{{end}}", "range can't iterate over api", "line 1, column 9"),
        ('{{template "gone"}}', 'template "gone" not defined', "line 1, column 3"),
        ('{{define "x"}}{{template "x"}}{{end}}{{template "x"}}', "exceeded maximum template depth", "line 1, column 17"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(source: str, what: str, where: str) -> None:
    with pytest.raises(TemplateError) as failed:
        rendered(source)
    assert failed.value.what == what
    assert failed.value.where == where


def test_nothing_is_reached_but_the_data() -> None:
    with pytest.raises(TemplateError, match="can't evaluate field __class__"):
        rendered("{{.name.__class__}}")


def test_what_has_no_end_ends() -> None:
    with pytest.raises(TemplateError, match="too many steps"):
        rendered("{{range 1000}}{{range 1000}}{{end}}x{{end}}")
    with pytest.raises(TemplateError, match="longer than"):
        rendered('{{range 2000}}{{printf "%1000d" 1}}{{end}}')


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ('{{$x := "aaaaaaaaaa"}}' + "{{$x = print $x $x}}" * 60 + "{{len $x}}", "too many steps"),
        ('{{$x := printf "%900000d" 1}}{{len (print ' + "$x " * 2000 + ")}}", "longer than"),
        ('{{len (printf "' + "%900000d" * 500 + '"' + " 1" * 500 + ")}}", "longer than"),
        ('{{$x := printf "%90000d" 1}}{{range 1000}}{{$y := html $x}}{{end}}', "too many steps"),
    ],
)
def test_what_is_not_printed_is_limited_too(source: str, what: str) -> None:
    with pytest.raises(TemplateError, match=what):
        rendered(source)


def test_a_value_too_deep_to_print_fails() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(TemplateError, match="nested too deeply"):
        parse("{{.}}").render(deep)


@given(text=st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: "{{" not in text))
def test_text_stays_as_it_is(text: str) -> None:
    assert parse(text).render(None) == text


@given(source=st.text("{}. $()|-\"`'ax1=:,/*\n", max_size=40))
def test_any_text_is_a_template_or_a_template_error(source: str) -> None:
    with suppress(TemplateError):
        parse(source).render({"a": 1})
