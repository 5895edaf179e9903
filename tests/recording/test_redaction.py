"""Redaction: what a rule takes out is nowhere, what none names is as it was."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.errors import DatasetError
from labkit.recording.redaction import Redaction, Rules, load
from labkit.signals.labels import NAME, Labels
from labkit.signals.parquet import EVER
from labkit.signals.samples import SampleStore
from labkit.signals.series import Selected
from labkit.signals.spans import Event, Span

TEXT = st.text(max_size=12)
LABELS = st.dictionaries(TEXT.filter(bool), TEXT.filter(bool), max_size=5).map(lambda pairs: Labels(pairs.items()))


def redaction(**rules) -> Redaction:
    return Redaction(msgspec.convert({"salt": "pepper"} | rules, Rules))


def rule(name, action, **rest):
    return {"name": name, "action": action} | rest


@given(labels=LABELS, text=TEXT)
def test_without_rules_nothing_changes(labels, text):
    assert (Redaction().labels(labels), Redaction().text(text)) == (labels, text)


@given(labels=LABELS)
def test_what_is_dropped_is_gone_and_the_rest_is_as_it_was(labels):
    name = labels[0][0] if labels else "x"
    import re

    found = redaction(label=[rule(re.escape(name), "drop")]).labels(labels)
    assert found == labels.without([name] if name != NAME else [])


@given(labels=LABELS)
def test_a_hash_keeps_what_is_equal_equal_and_says_nothing_else(labels):
    one, again = (redaction(label=[rule("(?s).*", "hash")]) for _ in range(2))
    found = one.labels(labels)
    assert found == again.labels(labels)
    assert [name for name, _ in found] == [name for name, _ in labels]
    for (name, value), (_, shown) in zip(labels, found, strict=True):
        assert shown == value if name == NAME else len(shown) == 12
    other = Redaction(msgspec.convert({"salt": "other", "label": [rule("(?s).*", "hash")]}, Rules))
    assert not set(other.labels(labels.without([NAME]))) & set(found)


def test_keep_before_drop_is_a_list_of_what_may_stay():
    rules = redaction(label=[rule("job|le", "keep"), rule(".*", "drop")])
    labels = Labels({NAME: "m", "job": "api", "le": "1", "user": "eve"}.items())
    assert rules.labels(labels) == labels.without(["user"])


def test_replace_changes_the_matches_alone():
    rules = redaction(label=[rule("url", "replace", pattern="token=[^&]*", replacement="token=x")])
    assert rules.labels(Labels([("url", "/a?token=secret&b=1")])).get("url") == "/a?token=x&b=1"
    whole = redaction(label=[rule("url", "replace", replacement="gone")])
    assert whole.labels(Labels([("url", "a\nb")])).get("url") == "gone"


def test_text_of_lines_tags_and_objects_is_redacted_everywhere():
    rules = redaction(
        text=[{"pattern": r"(\w)\w*@[\w.]+", "replacement": r"\1…"}], label=[rule("ip", "hash"), rule("n", "drop")]
    )
    assert rules.text("mail eve@example.com, bob@example.com") == "mail e…, b…"
    span = Span(
        trace_id="a", span_id="b", service="of eve@x.y", operation="eve@x.y", start=0, duration=0,
        tags={"user": "eve@x.y", "ok": True, "n": 5, "ip": 7}, process={"ip": "10.0.0.1"},
        events=(Event(time=0, fields={"to": "eve@x.y"}),),
    )  # fmt: skip
    found = rules.span(span)
    assert (found.operation, found.tags["user"], found.tags["ok"], found.events[0].fields) == (
        "e…",
        "e…",
        True,
        {"to": "e…"},
    )
    assert found.service == "of e…"
    assert "n" not in found.tags
    assert found.tags["ip"] not in (7, "7")
    assert found.process["ip"] != "10.0.0.1"
    assert rules.object({"a": ["eve@x.y", 1, None], "b": {"c": "eve@x.y"}}) == {"a": ["e…", 1, None], "b": {"c": "e…"}}


def test_series_that_would_become_one_are_refused():
    series = [Selected(Labels([("pod", pod)]), np.array([1]), np.array([1.0])) for pod in "ab"]
    with pytest.raises(DatasetError, match="become the same series") as caught:
        redaction(label=[rule("pod", "drop")]).series(SampleStore(), series)
    assert "hash" in caught.value.remedy
    hashed = redaction(label=[rule("pod", "hash")]).series(SampleStore(), series)
    assert len(hashed.select([], *EVER)) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[label]]\nname = 'a'\naction = 'burn'", "burn"),
        ("[[label]]\nname = '('\naction = 'drop'", "regexp"),
        ("[[label]]\nname = 'a'\naction = 'hash'", "salt"),
        ("[[text]]\npattern = 'a'\nreplace = 'b'", "replace"),
        ("[[label]]\nname = '__name__'\naction = 'drop'", "metric's name cannot be redacted"),
        ("nonsense", "no redaction rules"),
    ],
)
def test_rules_that_are_none_are_refused(tmp_path, monkeypatch, text, says):
    monkeypatch.delenv("LABKIT_SALT", raising=False)
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(DatasetError, match=says) as caught:
        load(path)
    assert caught.value.remedy


def test_the_salt_is_not_in_what_is_said_of_the_rules(tmp_path):
    rules = redaction(label=[rule("ip", "hash")], text=[{"pattern": "a", "replacement": "b"}])
    assert rules.words() == ("labels ip: hash", "text that matches pattern 1 replaced by 'b'")
    assert "pepper" not in str(rules.words())
    named = redaction(text=[{"pattern": "hunter2"}], label=[rule("url", "replace", pattern="hunter2")])
    assert "hunter2" not in str(named.words())
