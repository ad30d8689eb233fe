"""The report of what is out: text that fits a screen, JSON, and a page."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from onloan.reports.exports import as_json, as_text, found_something, sized, summary
from onloan.reports.exports_html import as_html
from onloan.reports.page import Page
from onloan.reports.timeline import as_svg, seconds
from onloan.tracing.facts import Error, Exporter, Frame, Lent, Lost, Site, Snapshot

from .samples import CHAIN, CLEAN, EMPTY, ERROR, EVIL, FRAME, FULL, HEADER, HOSTILE, LEAKED, MAPPED, SITES, TIMELINE, export

# Text


def test_the_first_line_says_it_all():
    def first(snapshot):
        return as_text(snapshot, Page(1000)).partition("\n")[0]

    assert first(EMPTY) == "onloan: no buffer was acquired"
    assert first(CLEAN) == "onloan: nothing is out; 10,000 buffers were acquired and given back"
    assert first(Snapshot((FRAME,), ())) == "onloan: 1 export of one object is still out, 4.0 KiB"
    assert first(FULL) == "onloan: 502 exports of 502 objects are still out, 64.0 MiB; 1 BufferError was raised because of exports"


def test_exporter_size_age_thread_line_and_holder_are_named():
    text = as_text(Snapshot((FRAME,), ()), Page(200))
    for words in ("bytearray, 4.0 KiB, at 0x7f00", "FULL_RO", "1.250 s", "MainThread", "/srv/app/app.py:12 in load", " <- ".join(CHAIN)):
        assert words in text, words


def test_where_no_holder_was_found_the_reason_is_told():
    assert "no holder found: C memory of pyarrow.lib.Buffer" in as_text(Snapshot((MAPPED,), ()), Page(200))


def test_an_error_is_told_with_what_stood_in_the_way():
    text = as_text(Snapshot((), (), (ERROR,)), Page(200))
    after = text[text.index("BufferError: Existing exports of data") :]
    for words in ("raised at /srv/app/app.py:30 in grow", "blocked by bytearray", "/srv/app/app.py:12 in load", "global __main__.CACHE"):
        assert words in after, words
    unknown = as_text(Snapshot((), (), (replace(ERROR, blocked_by=()),)), Page(200))
    assert "what stood in the way is not known" in unknown


def test_exports_that_are_alike_are_told_once_with_their_number():
    text = as_text(Snapshot(LEAKED, ()), Page(200))
    assert "500 exports like this one, 4.9 KiB together" in text and text.count("/srv/app/app.py:99 in leak") == 1
    # The oldest stands for them.
    assert "3.749 s" in text


def test_the_report_of_very_much_fits_a_screen():
    live = tuple(
        Lent(Exporter(f"type{n}", n, hex(n)), tuple(export(n * 1000 + m, n, frames=[Frame(f"file{n}.py", m, "f")]) for m in range(20)))
        for n in range(200)
    )
    sites = tuple(Site(f"file{n}.py", m, "f", f"type{n}", 1, 0, 1, n, n) for n in range(200) for m in range(20))
    errors = tuple(replace(ERROR, blocked_by=live[:20], thread=f"worker-{n}") for n in range(300))
    text = as_text(Snapshot(live, sites, errors), Page(100))
    lines = text.splitlines()
    assert len(lines) < 80 and max(map(len, lines)) <= 100
    assert "more like these are out" in text and "297 more BufferErrors" in text and "3,994 more lines" in text


@pytest.mark.parametrize("columns", [40, 80, 100])
@pytest.mark.parametrize("ascii", [False, True])
def test_the_report_keeps_to_the_page(columns, ascii):
    text = as_text(Snapshot((FRAME, MAPPED), SITES[:2], (ERROR,)), Page(columns, ascii))
    paragraphs = text.split("line  ")[0]
    assert max(map(len, paragraphs.splitlines())) <= columns
    assert not ascii or text.isascii()


def test_the_lines_with_something_out_are_a_table():
    text = as_text(FULL, Page(100))
    row = next(line for line in text.splitlines() if line.startswith("/srv/app/app.py:12 load"))
    assert row.split()[2:] == ["bytearray", "3", "2", "1", "4.0", "KiB", "12.0", "KiB"]
    assert "json.py" not in text and "1 more line has nothing out" in text


def test_a_long_path_loses_its_beginning_and_keeps_its_line():
    site = Site("/very" * 40 + "/long.py", 12345, "function", "bytes", 1, 0, 1, 10, 10)
    text = as_text(Snapshot((FRAME,), (site,)), Page(80))
    assert re.search(r"…\S*ong.py:12345 function", text)


def test_what_is_not_on_record_is_said():
    assert "not on record: 2 releases without an acquisition" in as_text(FULL, Page(100))
    assert "not on record" not in as_text(replace(FULL, lost=Lost()), Page(100))


def test_what_cannot_be_shown_is_escaped():
    strange = Lent(Exporter("mödule.Type\udcff", 3, ""), (export(1, thread="нить", holders=(("memoryview", "global ж"),)),))
    assert as_text(Snapshot((strange,), ()), Page(80, ascii=True)).isascii()


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (64 << 20, "64.0 MiB"), (5 << 40, "5.0 TiB")],
)
def test_sizes_are_written_as_people_do(number, text):
    assert sized(number).replace(",", "") == text


def test_the_json_is_one_document_with_the_interfaces_keys():
    document = json.loads(as_json(FULL))
    assert document["schema"] == 1 and set(document) >= {"live", "sites", "errors", "lost"}
    assert Snapshot.from_json(document) == FULL
    assert as_json(Snapshot((Lent(Exporter("\udcff", 1, ""), (export(1),)),), ())).isascii()


def test_an_error_alone_is_something_found():
    assert found_something(Snapshot((), (), (ERROR,))) and found_something(Snapshot((FRAME,), ()))
    assert not found_something(CLEAN) and not found_something(EMPTY)
    assert "1 BufferError" in summary(Snapshot((), (), (ERROR,)))


# The page


class _Page(HTMLParser):
    """Checks that tags are closed in their order, and keeps the text that a person reads without scripts."""

    VOID = {"meta", "input", "br", "line", "path"}

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.links, self.rows = [], [], [], 0
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name in ("src", "href")]
        self.rows += tag == "tbody"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.text.append(data)

    @property
    def words(self):
        return " ".join("".join(self.text).split())


def test_the_page_is_whole_and_says_everything_without_a_script():
    page = _Page(as_html(FULL, HEADER, ["a warning for the reader"]))
    words = page.words
    for part in (*CHAIN, "64.0 MiB", "no holder found", "C memory of pyarrow.lib.Buffer", "worker-1", "500", "a warning for the reader"):
        assert part in words, part
    for part in ("/srv/app/app.py:12 load", "/srv/app/app.py:30 grow", "Existing exports of data", "process 4711", "2 releases without"):
        assert part in words, part
    assert page.rows == 3 + 4


def test_the_page_asks_for_nothing():
    text = as_html(FULL, HEADER, [])
    assert _Page(text).links == []
    assert not re.search(r"https?:|@import|url\(|fetch\(|XMLHttpRequest|<link|<iframe|<img", text)


@pytest.mark.parametrize("snapshot", [EMPTY, CLEAN, Snapshot((FRAME,), ()), Snapshot((), (), (ERROR,))])
def test_a_page_of_little_is_whole_too(snapshot):
    page = _Page(as_html(snapshot, {}, []))
    assert summary(snapshot)[1:] in page.words


def test_words_of_the_program_are_never_taken_for_tags():
    evil = "</script><script>alert(1)</script>\"'<b>"
    frame = Frame(evil, 1, evil)
    lent = Lent(Exporter(evil, 1, evil, evil), (export(1, frames=[frame], holders=((evil,),), why=evil, thread=evil),))
    error = Error(evil, evil, (frame, frame), (lent,), evil, 1.0)
    text = as_html(Snapshot((lent,), (Site(evil, 1, evil, evil, 1, 0, 1, 1, 1),), (error,)), {"program": [evil], "pid": evil}, [evil])
    page = _Page(text)
    assert text.count("<script") == 1 and "<b>" not in text and evil in "".join(page.text)


def test_a_million_exports_make_a_page_of_rows_that_are_alike():
    lent = tuple(Lent(Exporter("bytes", 1, ""), (export(n, 1),)) for n in range(20_000))
    assert len(as_html(Snapshot(lent, ()), HEADER, [])) < 60_000


# The timeline


def test_the_timeline_says_its_peak_and_its_end_in_words():
    text = as_svg(TIMELINE)
    peak = max(point[1] for point in TIMELINE)
    assert f"At most {sized(peak)} in" in text and f"{sized(TIMELINE[-1][1])} at the end" in text
    assert as_svg(()) == as_svg(TIMELINE[:1]) == ""


def test_the_line_of_the_timeline_stays_in_its_picture():
    for points in (TIMELINE, ((0.0, 0, 0), (0.0, 0, 0)), ((0.0, 0, 0), (1e-9, 1, 1)), ((0.0, 2**60, 1), (1e6, 2**61 + 1, 2))):
        path = re.search(r'class="line" d="([^"]*)"', as_svg(points)).group(1)
        numbers = {axis: [float(n) for n in re.findall(rf"{axis} (-?[\d.]+)", path)] for axis in "HV"}
        assert all(78 <= x <= 948 for x in numbers["H"]) and all(11.9 <= y <= 174.1 for y in numbers["V"])


@pytest.mark.parametrize(("number", "text"), [(0, "0 s"), (0.25, "250 ms"), (1.5, "1.50 s"), (4711.0, "4,711 s")])
def test_times_are_written_as_people_do(number, text):
    assert seconds(number) == text


def test_exports_of_other_objects_are_not_told_as_exports_of_the_one_that_is_blamed():
    error = replace(ERROR, blocked_by=(Lent(FRAME.exporter, (export(3), export(4))), MAPPED))
    told = as_text(Snapshot((), (), (error,)), Page(200))
    assert "  and 1 more export of it\n  1 export of another object was in sight, too" in told


def test_what_cannot_be_seen_is_spelt_out():
    told = as_text(HOSTILE, Page(100))
    assert EVIL not in told and all(line.isprintable() for line in told.splitlines())
    assert "</script><b>&quot;\\u202e \\x1b[31m\\ud800\\x00" in " ".join(told.split())
    assert "not known" in told and ":0" not in told


def test_items_of_one_list_are_told_together():
    lents = [Lent(Exporter("bytes", 10, hex(n)), (export(n, 10, holders=(("memoryview", f"list[{n}]", "global app.KEEP"),)),)) for n in range(9)]
    told = as_text(Snapshot(tuple(lents), ()), Page(100))
    assert told.count("global app.KEEP") == 1 and "9 exports like this one" in told


def test_errors_that_are_alike_are_told_once():
    errors = tuple(replace(ERROR, time_s=float(n)) for n in range(700)) + (replace(ERROR, message="another"),)
    told = as_text(Snapshot((), (), errors), Page(200))
    assert told.count("object cannot be re-sized") == 1 and "  700 errors like this one" in told and "BufferError: another" in told
    page = as_html(Snapshot((), (), errors), HEADER, [])
    assert page.count('<article class="error">') == 2 and "; 700 times" in page
