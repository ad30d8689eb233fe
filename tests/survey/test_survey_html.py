"""The page: whole in itself, safe against what packages are called, told in words, sorted and filtered by its script."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from survey_samples import EVIL, sample

from onloan.checker import RULES
from onloan.reports.survey_html import as_html

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


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


def after(html, tmp_path, script):
    """The page as a browser has it after a script of the reader's."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    file = tmp_path / "page.html"
    file.write_text(html.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=2000"]
    # What is loaded before this Python (AddressSanitizer) is not for the browser.
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    command = [CHROMIUM, *flags, "--dump-dom", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert "<table" in done.stdout, done.stderr
    return Page(done.stdout)


def test_a_click_on_a_heading_sorts_and_another_turns_it_round(html, tmp_path):
    click = "document.querySelectorAll('thead button')[1].click();"
    once, twice = after(html, tmp_path, click), after(html, tmp_path, click * 2)
    assert once.types() == ["bad.Hidden", "bad.Over", "evil.<Lent>", "good.Clean", "good.Noted"]
    assert twice.types() == once.types()[::-1]
    assert [attributes.get("aria-sort") for attributes in twice.of("th") if "data-kind" in attributes] == [None, "descending", None, None, None, None]


def test_numbers_of_findings_are_sorted_with_the_largest_first(html, tmp_path):
    sorted_ = after(html, tmp_path, "document.querySelectorAll('thead button')[3].click();")
    assert sorted_.types()[:2] == ["bad.Over", "evil.<Lent>"]
    # What was found stays below its row.
    assert "onloan check 'bad:Over()'" in sorted_.rows[0][-1]


def test_the_filter_leaves_rows_that_have_all_words(html, tmp_path):
    script = "const f = document.getElementById('filter'); f.value = 'GOOD e-11'; f.dispatchEvent(new Event('input'));"
    filtered = after(html, tmp_path, script)
    shown = [row[1] for row, body in zip(filtered.rows, filtered.of("tbody"), strict=True) if "hidden" not in body]
    assert shown == ["good.Noted"] and "1 of 5" in filtered.text


def test_everything_opens_at_one_click(html, tmp_path):
    opened = after(html, tmp_path, "document.getElementById('open').click();")
    details = [attributes for attributes in opened.of("details") if attributes.get("class") != "proof"]
    assert len(details) == 4 and all("open" in attributes for attributes in details) and "close all" in opened.text
