"""The page: whole in itself, safe against what packages are called, told in words, sorted and filtered by its script."""

import json
import re
from html.parser import HTMLParser

import pytest
from survey_samples import EVIL, sample

from onloan.checker import RULES
from onloan.reports.survey_html import as_html

class Page(HTMLParser):
    """Elements with their attributes, the text, and the rows of the table."""

    EMPTY = {"meta", "br", "wbr", "input"}

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.texts, self.rows, self.cell = [], [], [], [], None
        self.feed(text)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.EMPTY:
            self.open.append(tag)
        if tag == "tbody":
            self.rows.append([])
        if tag in ("td", "th") and "tbody" in self.open:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.texts.append(data)
            if "tbody" in self.open and {"td", "th"} & set(self.open):
                self.rows[-1][-1] += data

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def types(self):
        return [row[1].split(" and ")[0] for row in self.rows]


@pytest.fixture(scope="module")
def html():
    return as_html(sample(), "onloan survey bad good evil <x>")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_page_needs_no_network(html, page):
    assert not re.findall(r"https?://|//[a-z]|@import|url\(", html.replace("http-equiv", ""))
    for tag, attributes in page.elements:
        assert tag not in ("link", "img", "iframe", "object", "base")
        assert "src" not in attributes and attributes.get("href", "#").startswith("#"), (tag, attributes)


def test_every_link_leads_somewhere_and_no_name_is_given_twice(page):
    names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(names) == len(set(names))
    assert {attributes["href"][1:] for attributes in page.of("a")} <= set(names)


def test_each_rule_that_was_broken_is_told_and_linked(page):
    links = {attributes["href"] for attributes in page.of("a")}
    for rule in ("E-61", "E-20", "E-11", "E-30"):
        assert f"#{rule}" in links and RULES[rule].rule.replace("`", "")[:30] in page.text.replace("  ", " ")
    assert "E-62" not in page.text


def test_the_worst_stand_first(page):
    assert page.types() == ["bad.Over", "evil.<Lent>", "good.Noted", "good.Clean", "bad.Hidden"]


def test_what_packages_say_is_text_and_never_markup(page):
    assert [tag for tag, _ in page.elements if tag in ("b", "i", "lent", "len", "no", "x")] == []
    assert len(page.of("script")) == 1
    assert "<len> & \"shape\"" in page.text and "ImportError: <no>" in page.text and "<b>&amp;" in EVIL
    assert "<b>&amp;" in page.text and "</script><i>" in page.text


def test_verdicts_and_levels_are_words(page):
    for word in ("error", "warning", "note", "clean", "not judged"):
        assert word in page.text
    for row in page.rows:
        assert re.search(r"error|warning|note|clean|not judged", row[2])


def test_a_finding_says_what_was_expected_and_seen_and_how_to_repeat_it(page):
    below = next(row[-1] for row in page.rows if row[1].startswith("bad.Over"))
    for part in ("onloan check 'bad:Over()'", "expected", "this", "seen", "that", "it was so", "SIGSEGV", "FULL_RO", "made('bad', 'Over()')"):
        assert part in below
    assert "bad._other" in below and "bad.Heir" in below and "calling the type" in below


def test_what_was_not_judged_says_why(page):
    assert "no module shows it" in next(row[-1] for row in page.rows if row[1] == "bad.Hidden")
    assert "empty 1.0" in page.text and "broken 1.0" in page.text


def test_the_controls_are_hidden_where_no_script_shows_them(page):
    assert [attributes for attributes in page.of("div") if attributes.get("class") == "controls"] == [{"class": "controls", "hidden": None}]


def test_each_row_has_a_key_for_each_column_that_sorts(page):
    columns = [attributes for attributes in page.of("th") if "data-kind" in attributes]
    for body in page.of("tbody"):
        keys = json.loads(body["data-keys"])
        assert [isinstance(key, str) for key in keys] == [column["data-kind"] == "text" for column in columns]


@pytest.fixture
def shown(browser, html, tmp_path):
    """The page in a browser."""
    file = tmp_path / "page.html"
    file.write_text(html, encoding="utf-8")
    browser.open(file)
    yield browser
    assert browser.errors == []


def now(browser):
    """The page as the browser has it."""
    return Page(browser.ask("document.documentElement.outerHTML"))


def click(browser, column):
    browser.click(f"thead th:nth-child({column}) button")


def test_a_click_on_a_heading_sorts_and_another_turns_it_round(shown):
    click(shown, 2)
    once = now(shown).types()
    assert once == ["bad.Hidden", "bad.Over", "evil.<Lent>", "good.Clean", "good.Noted"]
    click(shown, 2)
    twice = now(shown)
    assert twice.types() == once[::-1]
    assert [attributes.get("aria-sort") for attributes in twice.of("th") if "data-kind" in attributes] == [None, "descending", None, None, None, None]


def test_a_first_click_brings_the_worst_verdict_and_the_most_findings(shown):
    click(shown, 3)
    assert now(shown).types()[0] == "bad.Over"
    click(shown, 4)
    found = now(shown)
    assert found.types()[:2] == ["bad.Over", "evil.<Lent>"]
    # What was found stays below its row.
    assert "onloan check 'bad:Over()'" in found.rows[0][-1]


def test_the_filter_leaves_rows_that_have_all_words(shown):
    shown.type("#filter", "GOOD e-11")
    found = now(shown)
    left = [row[1] for row, body in zip(found.rows, found.of("tbody"), strict=True) if "hidden" not in body]
    assert left == ["good.Noted"] and "1 of 5 types" in found.text


def test_everything_opens_at_one_click(shown):
    shown.click("#open")
    found = now(shown)
    details = [attributes for attributes in found.of("details") if attributes.get("class") != "proof"]
    assert len(details) == 4 and all("open" in attributes for attributes in details) and "close all" in found.text
