"""The exporters of this project, judged by the project: nothing is found in either profile."""

import importlib.util

import pytest

from onloan.checker import Options, judge

OWN = [
    "onloan:Buffer([1, 2, 3], format='i')",
    "onloan:Buffer(b'')",
    "onloan:Buffer(b'what is lent', readonly=True)",
    "onloan:Buffer.zeros((), 'd')",
    "onloan:Buffer.zeros((2, 3), 'd')",
    "onloan:Buffer.zeros((2, 0, 3), 'd')",
    "onloan:Buffer.zeros(4, 'T{<i:a:<d:b:}')",
    "onloan:Buffer.lazy(lambda: b'what is lent')",
    "onloan:View(bytearray(3))",
    "onloan:View(b'abc')",
    "onloan:View(bytearray(24))[::2]",
    "onloan:View(bytearray(24))[::-1]",
    "onloan:View(bytearray(24)).cast('i', (2, 3))",
    "onloan:View(bytearray(24)).cast('i', (2, 3))[:, ::2]",
    "onloan:View(bytearray(10))[0:0:2]",
    "onloan:View(bytearray(4)).cast('i', ())",
]


@pytest.fixture(scope="module")
def strict():
    return {report.target: report for report in judge(OWN, Options(profile="strict"))}


@pytest.mark.parametrize("target", OWN)
def test_nothing_is_found_in_strict(target, strict):
    report = strict[target]
    assert report.error is None and report.incomplete == ()
    assert (report.verdict, report.findings) == ("clean", ())


def test_only_what_memoryview_does_as_well_is_noted_in_interop():
    for report in judge(OWN):
        assert report.error is None
        assert {(finding.rule, finding.level) for finding in report.findings} <= {("E-24", "note")}, report.findings


def test_views_made_by_the_examples_are_clean_in_strict():
    targets = [target for module, target in EXAMPLES.items() if importlib.util.find_spec(module)]
    if not targets:
        pytest.skip("none of the examples is installed")
    for report in judge(targets, Options(profile="strict")):
        assert report.error is None
        assert {(finding.rule, finding.level) for finding in report.findings} <= {("E-07", "note")}, report.findings


EXAMPLES = {
    "token_ids": "token_ids:Tokenizer([bytes([byte]) for byte in range(256)]).encode('what is lent')",
    "frame": "frame:Frame(2, 3)",
    "byte_sink": "byte_sink:ByteSink()",
}
