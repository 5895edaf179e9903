"""The one place where text from outside is escaped."""

import html.parser

from hypothesis import given
from hypothesis import strategies as st

from labkit.lab.draw import svg


class Seen(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.words = [], {}, ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data):
        self.words += data


@given(st.text(), st.text())
def test_whatever_the_text_it_stays_text(content, title):
    seen = Seen()
    seen.feed(svg.div("color:red", svg.text(content), title=title))
    seen.close()
    assert seen.tags == ["div"]
    assert set(seen.attributes) == {"style", "title"}


def test_control_characters_are_pictures():
    assert svg.text("a\x1b[31m\x00\n") == "a␛[31m␀\n"


def test_attributes():
    assert svg.element("path", {"stroke_width": 1.25, "d": None, "x": 3}) == '<path stroke-width="1.2" x="3"></path>'
