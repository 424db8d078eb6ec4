"""Markup: text is escaped unless it is markup already."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from augury.preview.markup import Html, element, join


class Collector(HTMLParser):
    """Collects what a browser would see: elements with attributes, and text."""

    def __init__(self):
        """Start empty."""
        super().__init__(convert_charrefs=True)
        self.elements, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        """Note text."""
        self.text += data


def seen(markup):
    """Return the elements and the text of a markup."""
    collector = Collector()
    collector.feed(markup)
    collector.close()
    return collector


visible = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"))


@given(visible, visible)
def test_text_and_attributes_are_escaped(text, value):
    """Whatever stands in text and attributes, it comes out as it was and makes no element."""
    found = seen(element("p", text, title=value))
    assert found.elements == [("p", {"title": value})]
    assert found.text == text


def test_names():
    """Attribute names, numbers, None and void elements."""
    assert (
        element("a", None, class_="x", http_equiv="y", id=None, width=2.5)
        == '<a class="x" http-equiv="y" width="2.5"></a>'
    )
    assert element("br") == "<br>"


def test_markup_is_kept():
    """Elements are not escaped twice; joined text is escaped once."""
    assert element("p", element("b", "<"), "<") == "<p><b>&lt;</b>&lt;</p>"
    assert join("&", Html("&amp;")) == "&amp;&amp;"
