"""Whoever is unusual and right is found to be right: no error and no warning, in either profile."""

from __future__ import annotations

import pytest
from zoo_catalogue import UNUSUAL, Unusual, Verdicts, lives_here

#: What is rare and allowed, or known of CPython, is noted, by the animal. Nobody gets any other notes.
NOTES: dict[str, set[str]] = {
    "EmptyItems": {"E-39"},
    # A code that struct does not know.
    "ComplexNumbers": {"E-40"},
    # A cycle through a capsule is not collected: capsules say nothing of what they keep.
    "CapsuleForEach": {"E-60", "E-67"},
    "ConstantOfNone": {"E-60"},
    "SubclassThatFits": {"T-01"},
    "OneAtATime": {"E-07"},
    # The example of PEP 688 keeps its view when memoryview refuses the flags afterwards.
    "animals:OneAtATime()": {"E-07", "E-11", "P-12"},
    "animals:CountsAndRefuses()": {"E-11"},
    "animals:read_only_bytearray()": {"E-11"},
}


#: What CPython itself does, of every class with a `__buffer__` that refuses: strict has an error for it.
LENIENT = {"E-11"}


@pytest.mark.parametrize("profile", ["interop", "strict"])
@pytest.mark.parametrize("animal", UNUSUAL, ids=lambda animal: animal.name.removesuffix("()"))
def test_what_is_unusual_and_right_is_found_to_be_right(animal: Unusual, profile: str, reports: Verdicts) -> None:
    if not lives_here(animal):
        pytest.skip(f"needs Python {animal.since[0]}.{animal.since[1]}")
    report = reports(animal.target, profile)
    assert report.error is None
    unforeseen = [finding for finding in report.findings if finding.rule not in NOTES.get(animal.name, set())]
    assert unforeseen == []
    allowed = LENIENT if profile == "strict" else set()
    assert [finding for finding in report.findings if finding.level != "note" and finding.rule not in allowed] == []
