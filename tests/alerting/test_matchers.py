"""Alertmanager's matchers, in both of its grammars."""

import pytest

from labkit.alerting.matchers import MatcherError, accepts, one, parsed, written
from labkit.signals.matcher import Match


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("{}", []),
        ("a=b", ['a="b"']),
        ('{a="b", c!~"d|e",}', ['a="b"', 'c!~"d|e"']),
        ("a = b , c=~d.*", ['a="b"', 'c=~"d.*"']),
        ('"naïve label"="x y"', ['naïve label="x y"']),
        ("🙂=ok", ['🙂="ok"']),
        (r'a="say \"hi\"\n"', [r'a="say \"hi\"\n"']),
        (r'ä="\u00e9\x41"', ['ä="éA"']),
        ("a==b=", ['a="=b="']),  # so have it those which only the classic one reads
        ("{a=b", ['a="b"']),
        (r'a="\u00e9"', [r'a="\\u00e9"']),  # and which it reads otherwise
        ("a=", ['a=""']),  # only the classic grammar has it
        ('a="x,y"', ['a="x,y"']),
        ("a=two words", ['a="two words"']),
        ('statuscode=~"5.."', ['statuscode=~"5.."']),
    ],
)
def test_a_text_is_read(text: str, found: list[str]) -> None:
    assert [written(each) for each in parsed(text)] == found


@pytest.mark.parametrize("text", ["a", "=b", "{ä=b", "ä=b}}", 'a="b', "a=b,,c=d", "a=~(", 'a="b"c"'])
def test_a_bad_text_is_refused(text: str) -> None:
    with pytest.raises(MatcherError) as caught:
        parsed(text)
    assert caught.value.where


def test_one_is_one() -> None:
    assert one("a!=b").op is Match.NOT_EQUAL
    for text in ("", "a=b,c=d"):
        with pytest.raises(MatcherError, match="matcher"):
            one(text)


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("a=b", True),
        ("a=c", False),
        ('a=""', False),
        ('x=""', True),
        ('a!=""', True),
        ('x!=""', False),
        ("a=~.+", True),
    ],
)
def test_a_filter_asks_for_a_label_or_its_absence(text: str, accepted: bool) -> None:
    assert accepts(parsed(text), {"a": "b"}) is accepted
