"""How a Buffer shows itself."""

import html
import re
import sys
from html.parser import HTMLParser

import pytest

from onloan import Buffer


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: Buffer(), "<onloan.Buffer 0 of 'B', 0 bytes, writable>"),
        (lambda: Buffer(b"a"), "<onloan.Buffer 1 of 'B', 1 byte, writable>"),
        (lambda: Buffer.zeros((3, 4), "d"), "<onloan.Buffer 3×4 of 'd', 96 bytes, writable>"),
        (lambda: Buffer.zeros((), "d", readonly=True), "<onloan.Buffer one item of 'd', 8 bytes, read-only>"),
    ],
)
def test_the_representation_has_shape_format_size_and_access(make, shown):
    assert repr(make()) == str(make()) == shown


def test_the_representation_counts_exports():
    buffer = Buffer.zeros((3, 4), "d")
    views = [memoryview(buffer), memoryview(buffer)]
    assert repr(buffer) == "<onloan.Buffer 3×4 of 'd', 96 bytes, writable, 2 exports out>"
    views.pop().release()
    assert repr(buffer) == "<onloan.Buffer 3×4 of 'd', 96 bytes, writable, 1 export out>"


class Outline(HTMLParser):
    """The elements of a document, which must be closed in order, and its text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        assert not [name for name, _ in attributes if name.startswith("on")]
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def outline(buffer):
    shown = Outline(buffer._repr_html_())
    assert shown.open == [] and set(shown.tags) <= {"div", "table", "caption", "tbody", "tr", "th", "td", "pre"}
    return " ".join(shown.text)


def test_the_table_has_the_facts_and_a_picture_in_plain_text():
    text = outline(Buffer.zeros((2, 3), "T{<I:id:<d:x:}"))
    for word in ("T{<I:id:<d:x:}", "12 bytes", "2×3", "72 bytes", "writable", "[1,2]", "none skipped"):
        assert word in text


def test_names_in_a_format_cannot_leave_their_cell():
    buffer = Buffer.zeros(1, "i:<script>alert('&')</script>:")
    assert "<script" not in buffer._repr_html_()
    assert "<script>alert('&')</script>" in html.unescape(buffer._repr_html_())
    assert "<script>alert" in outline(buffer)


def test_large_buffers_have_small_pictures():
    assert len(Buffer.zeros((10**4, 10**4))._repr_html_()) < 10_000


@pytest.mark.parametrize("make", [Buffer, lambda: Buffer.lazy(bytes), lambda: Buffer.zeros((0, 3))])
def test_there_is_a_table_for_every_buffer(make):
    buffer = make()
    outline(buffer)
    buffer.close()
    assert "closed" in outline(buffer)


def test_the_size_counts_the_memory():
    small, large = Buffer(bytes(10)), Buffer(bytes(10_000))
    assert sys.getsizeof(large) - sys.getsizeof(small) == 9990
    large.close()
    assert sys.getsizeof(large) < sys.getsizeof(small)


def test_everything_public_has_a_docstring():
    public = [name for name in vars(Buffer) if not name.startswith("_")]
    assert len(public) > 20
    undocumented = [name for name in public if not (getattr(Buffer, name).__doc__ or "").strip()]
    assert undocumented == [] and re.search("Errors: ", Buffer.__doc__)
