"""What the checker says of exporters that everybody has, exactly: this rule and no other, at this level, for so many requests.

The table was measured on CPython 3.11, 3.12 and 3.13 and NumPy 2 before there was a checker.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from zoo_catalogue import Verdicts

#: Levels in interop and in strict, where they differ from rule to rule.
NOTE, LENIENT, HARMLESS, ERROR = ("note", "note"), ("note", "error"), ("warning", "error"), ("error", "error")
#: What strict allows: of `ndim` without ND 1 is what consumers of bytes need.
INTEROP_ONLY = ("note", None)


@dataclass(frozen=True)
class Known:
    """An exporter, and what is to be said of it: levels by rule, and how many of the 72 requests show it."""

    name: str
    findings: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    needs: str = ""
    since: tuple[int, int] = (3, 11)

    @property
    def here(self) -> bool:
        """Whether this Python can have it."""
        return sys.version_info >= self.since and (not self.needs or importlib.util.find_spec(self.needs) is not None)

    @property
    def target(self) -> str:
        """What the checker is given."""
        return f"known:{self.name}()"


UNTOUCHED = {"E-11": LENIENT}
NUMPY = {"E-10": LENIENT, "E-11": LENIENT}

KNOWN = (
    Known("bytearray_"),
    Known("array_"),
    Known("mmap_"),
    Known("bytesio_buffer"),
    Known("pickle_buffer"),
    Known("InPython", since=(3, 12)),
    Known("bytes_", UNTOUCHED, {"E-11": 36}),
    Known("view_of_one_axis"),
    Known("view_of_two_axes", {"E-24": INTEROP_ONLY}),
    Known("view_of_no_axis", {"E-24": INTEROP_ONLY}),
    Known("empty_view_with_a_step", {"E-38": HARMLESS}, {"E-38": 31}),
    Known("released_view", {"E-10": NOTE, "E-11": LENIENT}, {"E-10": 72, "E-11": 72}),
    Known("released_pickle_buffer", {"E-10": NOTE, "E-11": LENIENT}, {"E-10": 72, "E-11": 72}),
    Known("closed_mmap", {"E-10": NOTE, "E-11": LENIENT}, {"E-10": 72, "E-11": 72}),
    Known("ctypes_scalar", {"E-21": LENIENT}),
    Known("Pair", {"E-21": LENIENT}),
    Known("ctypes_array", {"E-20": HARMLESS, "E-21": LENIENT}),
    Known("ctypes_array_of_two_axes", {"E-20": HARMLESS, "E-21": LENIENT, "E-22": HARMLESS}, {"E-22": 32}),
    Known("Either", {"E-21": LENIENT, "E-41": HARMLESS}),
    Known("Bits", {"E-21": LENIENT, "E-41": HARMLESS}),
    Known("Derived", {"E-21": LENIENT, "E-41": HARMLESS}),
    Known("checked_array_one_axis", needs="_testbuffer"),
    Known("checked_array_with_steps", needs="_testbuffer"),
    Known("checked_array_no_axis", {"E-24": INTEROP_ONLY}, needs="_testbuffer"),
    Known("checked_array_that_leaves_obj", {"E-11": ERROR}, needs="_testbuffer"),
    Known("static_array", {"E-20": LENIENT, "E-21": LENIENT, "E-23": ERROR}, needs="_testbuffer"),
    Known("static_array_of_old", {"E-02": HARMLESS, "E-20": LENIENT, "E-21": LENIENT, "E-23": ERROR}, needs="_testbuffer"),
    Known("numpy_array", {"E-24": LENIENT}, needs="numpy"),
    Known("numpy_array_of_two_axes", {"E-24": LENIENT, **NUMPY}, needs="numpy"),
    Known("numpy_array_with_steps", NUMPY, needs="numpy"),
    Known("numpy_scalar", {"E-04": LENIENT, "E-11": LENIENT}, needs="numpy"),
    Known("array_of_text", {"E-40": NOTE}),
)


@pytest.mark.parametrize("profile", ["interop", "strict"])
@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name.strip("_"))
def test_the_findings_on_known_exporters_are_those_that_were_measured(known: Known, profile: str, known_reports: Verdicts) -> None:
    if sys.version_info < known.since:
        pytest.skip(f"needs Python {known.since[0]}.{known.since[1]}")
    if not known.here:
        pytest.skip(f"{known.needs} is not installed")
    report = known_reports(known.target, profile)
    assert report.error is None
    expected = {rule: levels[profile == "strict"] for rule, levels in known.findings.items()}
    found: dict[str, str] = {}
    for finding in report.findings:
        found.setdefault(finding.rule, finding.level)
    assert found == {rule: level for rule, level in expected.items() if level is not None}, report.findings
    for rule, number in known.requests.items():
        requests = {request for finding in report.findings if finding.rule == rule for request in finding.requests}
        assert len(requests) == number, requests
