"""The checker finds what is wrong with each animal, under the rule that says so, and lays nothing else to its charge."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from zoo_catalogue import BROKEN, UNUSUAL, Broken, Verdicts, lives_here, table

from onloan.checker import RULES, Finding

HERE = Path(__file__).resolve().parent

#: Rules with a test that no exporter can break by itself: what they are about is CPython's own part, or needs another build.
NOT_AN_EXPORTERS = {
    "E-07": "allowed: a note that a second buffer is refused, which the unusual OneAtATime gets; what spoils the first is E-53",
    "E-39": "allowed: a note that itemsize is 0, which the unusual EmptyItems gets",
    "E-69": "what can be seen of it are E-03 and E-06",
    "E-70": "what can be seen of it is E-52",
    "P-01": "what can be seen of it is E-10",
    "P-04": "what can be seen of it are E-03 and E-06",
    "P-06": "CPython calls the C slot itself",
    "P-07": "CPython's wrapper looks at the view itself",
    "P-08": "CPython's wrapper looks at the number itself",
    "P-10": "what can be seen of it are E-10 and E-11",
}


def ids(animal: Broken) -> str:
    """How a test is named."""
    return animal.name.removesuffix("()")


def wait(animal: Broken) -> None:
    """Skips an animal that this Python cannot have."""
    if not lives_here(animal):
        pytest.skip(f"needs Python {animal.since[0]}.{animal.since[1]}")


@pytest.mark.parametrize("animal", BROKEN, ids=ids)
def test_what_is_wrong_is_found_under_its_rule(animal: Broken, reports: Verdicts) -> None:
    wait(animal)
    report = reports(animal.target, "interop")
    assert report.error is None
    assert level_of(report.findings, animal.rule) == animal.interop, report.findings
    if animal.crash:
        assert any(finding.crash for finding in report.findings), report.findings


@pytest.mark.parametrize("animal", [animal for animal in BROKEN if animal.strict != animal.interop], ids=ids)
def test_strict_weighs_what_is_wrong_as_the_documentation_does(animal: Broken, reports: Verdicts) -> None:
    wait(animal)
    report = reports(animal.target, "strict")
    assert level_of(report.findings, animal.rule) == animal.strict, report.findings


@pytest.mark.parametrize("animal", BROKEN, ids=ids)
def test_nothing_else_is_laid_to_its_charge(animal: Broken, reports: Verdicts) -> None:
    wait(animal)
    # Of a process that died it is known where it died, not why.
    findings = [finding for finding in reports(animal.target, "interop").findings if not finding.crash]
    assert {finding.rule for finding in findings if finding.level != "note"} <= {animal.rule, *animal.also}, findings


def test_each_rule_that_can_be_tested_has_somebody_who_breaks_it() -> None:
    testable = {rule.id for rule in RULES.values() if rule.test and not rule.untestable}
    broken = {animal.rule for animal in BROKEN}
    assert testable - broken - NOT_AN_EXPORTERS.keys() == set()
    assert NOT_AN_EXPORTERS.keys() <= testable - broken


def test_each_case_from_the_wild_lives_here() -> None:
    assert {animal.case for animal in BROKEN} - {""} == {f"Z{number}" for number in range(1, 38)}


def test_all_species_are_in_the_catalogue_and_the_reverse() -> None:
    rows = re.findall(r'^    \{"(\w+)", (?:0|ZOO_)', "\n".join(path.read_text() for path in (HERE / "c").glob("*.c")), re.M)
    names = [animal.name for animal in (*BROKEN, *UNUSUAL) if ":" not in animal.name]
    bases = {"CountedBase"}
    assert sorted(names) == sorted(set(rows) - bases)
    assert len(set(rows)) == len(rows)


def test_the_document_lists_everybody() -> None:
    assert table() in (HERE / "README.md").read_text(), "run `python tests/zoo/zoo_catalogue.py` and paste the tables"


def level_of(findings: Iterable[Finding], rule: str) -> str | None:
    """The worst level that a rule is found at; findings are sorted, the worst first."""
    return next((finding.level for finding in findings if finding.rule == rule), None)
