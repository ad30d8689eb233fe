"""The page, clicked through in headless Chromium: sorting, filters, stacks, the timeline; without scripts; without a network."""

import json
import os
from pathlib import Path

import pytest

from onloan.reports.exports_html import as_html

from .harness import traced
from .samples import CLEAN, EVIL, FULL, HEADER, HOSTILE

ROWS = "[...document.querySelectorAll('#{} tbody')].filter(b => !b.hidden).map(b => b.rows[0].innerText.split(/\\s+/)[0])"


@pytest.fixture
def page(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(as_html(FULL, HEADER, []), encoding="utf-8")
    browser.requests.clear()
    browser.open(path)
    yield browser
    assert browser.errors == []
    assert [url for url in browser.requests if not url.startswith("file:")] == []
    assert browser.requests == [path.as_uri()]


def out(page):
    return page.ask(ROWS.format("out"))


def lines(page):
    return page.ask(ROWS.format("sites"))


def heading(table, column):
    return f"#{table} thead th:nth-child({column}) button"


def choose(page, name, value):
    page.ask(
        f"(() => {{ const s = document.getElementById('filter-{name}'); s.value = {json.dumps(value)}; s.dispatchEvent(new Event('change')); }})()"
    )


def test_the_most_bytes_come_first_and_a_click_turns_it_round(page):
    assert out(page) == ["mmap.mmap", "bytes", "bytearray"]
    assert page.ask("document.querySelector('#out thead th:nth-child(3)').ariaSort") == "descending"
    page.click(heading("out", 3))
    assert out(page) == ["bytearray", "bytes", "mmap.mmap"]
    assert page.ask("document.querySelector('#out thead th:nth-child(3)').ariaSort") == "ascending"


def test_a_click_sorts_by_age_number_type_and_line(page):
    for column, expected in (
        (4, ["bytes", "bytearray", "mmap.mmap"]),
        (2, ["bytes", "bytearray", "mmap.mmap"]),
        (1, ["bytearray", "bytes", "mmap.mmap"]),
        (6, ["bytearray", "bytes", "mmap.mmap"]),
        (5, ["bytearray", "bytes", "mmap.mmap"]),
    ):
        page.click(heading("out", column))
        # What is equal stays in the order that it had.
        assert out(page) == expected, column
    assert page.ask("document.querySelectorAll('#out [aria-sort]').length") == 1


def test_the_lines_are_sorted_by_themselves(page):
    page.click(heading("sites", 3))
    assert [line.rpartition("/")[2] for line in lines(page)] == ["json.py:12", "app.py:99", "app.py:12", "reader.py:7"]
    assert out(page) == ["mmap.mmap", "bytes", "bytearray"]


@pytest.mark.parametrize(
    ("name", "value", "expected", "number"),
    [
        ("type", "bytearray", ["bytearray"], 1),
        ("file", "/srv/app/app.py", ["bytes", "bytearray"], 2),
        ("thread", "worker-1", ["mmap.mmap"], 4),
    ],
)
def test_the_filters_show_what_fits(page, name, value, expected, number):
    choose(page, name, value)
    assert out(page) == expected and len(lines(page)) == number
    assert page.ask("document.getElementById('shown').textContent") == f"{len(expected)} of 3 rows that are out"
    choose(page, name, "")
    assert len(out(page)) == 3 and page.ask("document.getElementById('shown').textContent") == ""


def test_words_are_looked_for_in_lines_and_holders(page):
    page.type("#filter-words", "cache frame-1")
    assert out(page) == ["bytearray"] and lines(page) == []
    choose(page, "type", "bytes")
    assert out(page) == []


def test_stack_and_holders_open_with_a_click(page):
    assert not page.ask("document.querySelector('#out tbody:nth-of-type(3) details').open")
    page.click("#out tbody:nth-of-type(3) summary")
    assert page.ask("document.querySelector('#out tbody:nth-of-type(3) details').open")
    seen = page.ask("document.querySelector('#out tbody:nth-of-type(3) details').innerText")
    for words in ("/srv/app/app.py:40 main", "numpy.ndarray ← dict['frame-1'] ← app.Cache.items ← global __main__.CACHE", "0x7f00"):
        assert words in seen
    assert "C memory of pyarrow.lib.Buffer" in page.ask("document.querySelector('#out tbody:nth-of-type(1)').textContent")


def test_the_timeline_says_what_was_out_under_the_pointer(page):
    page.point("#timeline svg", 0.5)
    said = page.ask("document.getElementById('moment').textContent")
    at = float(said.split()[1])
    nbytes, count = next((nbytes, count) for moment, nbytes, count in reversed(FULL.timeline) if moment <= at + 0.0005)
    assert said == f"At {at:.3f} s: {nbytes:,} bytes in {count:,} exports."
    page.point("h1")
    assert page.ask("document.getElementById('moment').textContent") == ""


def test_an_error_is_told_with_what_stood_in_the_way(page):
    page.click("#errors details summary")
    seen = page.ask("document.getElementById('errors').innerText")
    for words in ("Existing exports of data", "/srv/app/app.py:30 grow", "/srv/app/app.py:61", "/srv/app/app.py:12 load", "global __main__.CACHE"):
        assert words in seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_readable_in_light_and_dark_and_on_a_narrow_screen(page, scheme, tmp_path):
    for width in (1300, 400):
        with page.looking(width=width, scheme=scheme):
            kept = os.environ.get("ONLOAN_SCREENSHOTS")
            if kept:
                page.picture(Path(kept) / f"{scheme}-{width}.png")
            assert page.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            assert page.ask("document.querySelector('#out tbody td:nth-child(7)').getBoundingClientRect().right") <= width


def test_names_of_every_kind_stay_in_their_places(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(as_html(HOSTILE, {**HEADER, "program": [EVIL]}, [EVIL]), encoding="utf-8")
    browser.open(path)
    browser.ask("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    for width in (1300, 400):
        with browser.looking(width=width):
            assert browser.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert browser.errors == [] and browser.ask("document.images.length + document.querySelectorAll('b, i').length") == 0
    seen = browser.ask("document.body.innerText")
    assert seen.count("</script><b>&quot;\\u202e") >= 5 and "\u202e" not in seen
    # It is found by what is shown.
    browser.type("#filter-words", "</script> \\u202e")
    assert browser.ask("document.getElementById('shown').textContent") == "1 of 2 rows that are out"


def test_without_scripts_everything_is_there(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(as_html(FULL, HEADER, ["a warning"]), encoding="utf-8")
    with browser.without_scripts():
        browser.open(path)
        document = browser.call("DOM.getDocument")["root"]["nodeId"]
        controls = browser.call("DOM.querySelector", nodeId=document, selector=".controls")["nodeId"]
        style = browser.call("DOM.getBoxModel", nodeId=controls) if _shown(browser, controls) else None
        assert style is None, "what needs scripts is not shown without them"
        rows = browser.call("DOM.querySelectorAll", nodeId=document, selector="tbody")["nodeIds"]
        assert len(rows) == 7
        summary = browser.call("DOM.querySelector", nodeId=document, selector="#out details summary")["nodeId"]
        assert _shown(browser, summary)


def _shown(browser, node):
    try:
        browser.call("DOM.getBoxModel", nodeId=node)
    except AssertionError:
        return False
    return True


def test_the_page_of_a_real_program_works(browser, tmp_path):
    (tmp_path / "app.py").write_text(
        "kept = {n: memoryview(bytearray(n * 1000)) for n in range(1, 4)}\n"
        "data = bytearray(9)\nview = memoryview(data)\ntry:\n    data.clear()\nexcept BufferError:\n    pass\n"
    )
    assert traced(["app.py"], tmp_path, options=["--html", "page.html"]).code == 0
    browser.open(tmp_path / "page.html")
    rows = out(browser)
    assert rows.count("bytearray") >= 2 and browser.errors == []
    seen = browser.ask("document.body.innerText")
    assert "app.py:1" in seen and "Existing exports of data" in seen and "global __main__.view" in seen


def test_a_page_without_anything_out_works(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(as_html(CLEAN, HEADER, []), encoding="utf-8")
    browser.open(path)
    assert browser.errors == [] and len(lines(browser)) == 1
    assert "every buffer that was acquired has been given back" in browser.ask("document.body.innerText")
