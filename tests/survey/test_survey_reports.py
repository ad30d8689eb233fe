"""The table, the JSON document and the Markdown document."""

import json
import re

from survey_samples import sample

from onloan.reports.page import Page
from onloan.reports.survey import as_json, as_text
from onloan.reports.survey_markdown import as_markdown
from onloan.survey import Survey


def test_the_table_has_the_worst_first_and_fits_the_page():
    for columns in (80, 100):
        text = as_text(sample(), Page(columns))
        assert max(map(len, text.splitlines())) <= columns
        places = [text.index(name) for name in ("bad.Over", "evil.<Lent>", "good.Noted", "good.Clean", "bad.Hidden")]
        assert places == sorted(places)
        assert "error E-61; warning E-20; error SIGSEGV (under E-61)" in " ".join(text.split())
        assert "no exporter types: empty 1.0" in text and "broken 1.0: not imported" in text and "ImportError: <no>" in text


def test_the_table_can_be_ascii():
    as_text(sample(), Page(80, ascii=True)).encode("ascii")


def test_of_nothing_there_is_nothing_to_say():
    assert as_text(Survey((), (), "interop"), Page(80)) == ""


def test_the_document_for_programs_has_every_type_with_its_targets():
    document = json.loads(as_json(sample()))
    assert document["schema"] == 1 and document["python"] and document["onloan"] and document["profile"] == "interop"
    assert document["verdicts"] == {"error": 2, "note": 1, "clean": 1, "not judged": 1}
    by_name = {one["package"]: one for one in document["packages"]}
    assert list(by_name) == ["bad", "good", "evil", "empty", "broken"]
    assert by_name["broken"]["status"] == "not imported" and by_name["broken"]["problems"] == [{"step": "broken", "why": "ImportError: <no>"}]
    assert by_name["empty"]["types"] == [] and by_name["empty"]["version"] == "1.0"
    over, hidden = by_name["bad"]["types"]
    assert [target["target"] for target in over["targets"]] == ["bad:Over()", "bad:Over(2)"]
    assert over["targets"][0]["findings"][0] == {
        "rule": "E-61", "strength": "MUST NOT", "level": "error", "phase": "matrix", "requests": ["FULL_RO"],
        "expected": "this", "seen": "that", "explain": "it was so", "crash": "SIGSEGV",
    }  # fmt: skip
    assert hidden["verdict"] == "not judged" and hidden["not_judged"] == "no module shows it"
    assert set(document["rules"]) == {"E-61", "E-20", "E-11", "E-30"}


def test_the_document_for_people_says_of_each_defect_what_was_seen_and_what_would_prove_it():
    text = as_markdown(sample(), "onloan survey bad good")
    assert "onloan survey bad good" in text and "bad 1.0" in text and "Python " in text
    errors = text[text.index("## Errors") : text.index("## Warnings")]
    assert "### E-61 MUST NOT" in errors and "### E-30 MUST" in errors
    assert "x, flags = made('bad', 'Over(2)'), 0x11C" in errors 
    assert "SIGSEGV in the phase matrix" in text[text.index("## Crashes") :] and "onloan check 'bad:Over()'" in text
    assert "Py_IncRef" in errors and "def ask(" in text


def test_every_link_in_the_document_leads_somewhere():
    text = as_markdown(sample(), "onloan survey")
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(re.findall(r'<a id="([^"]+)">', text))
