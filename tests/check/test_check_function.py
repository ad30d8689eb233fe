"""`onloan.check()`: exporters that are here are judged, and the caller survives them."""

import array
import os
import warnings

import pytest

import onloan


class Wrong:
    """Grants nothing: there is only an exporter inside of it."""


def test_an_object_that_is_here_is_judged_in_a_copy_of_the_process():
    lent = bytearray(b"abc")
    report = onloan.check(lent)
    assert (report.verdict, report.findings) == ("clean", ())
    assert repr(report) == "<onloan.Report of a bytearray: clean>"
    # Mutators and all that were run on the copy.
    assert lent == b"abc"
    report.raise_for_errors()


def test_a_function_makes_a_new_exporter_each_time():
    made = []

    def make():
        made.append(None)
        return array.array("i", [1, 2, 3])

    report = onloan.check(make, profile="strict")
    assert report.verdict == "clean" and "make" in report.target
    # It was called in copies.
    assert made == []


def test_what_can_be_imported_is_judged_in_a_fresh_interpreter():
    assert repr(onloan.check(bytearray)) == "<onloan.Report of builtins:bytearray: clean>"
    report = onloan.check("b'abc'")
    assert [finding.rule for finding in report.findings] == ["E-11"]
    assert report.as_json()["findings"][0]["strength"] == "MUST"


def test_errors_are_raised_as_an_assertion_with_the_report():
    report = onloan.check(b"abc", profile="strict")
    with pytest.raises(onloan.CheckError) as caught:
        report.raise_for_errors()
    assert isinstance(caught.value, AssertionError)
    assert "E-11" in str(caught.value) and "fix first" in str(caught.value)


def test_what_kills_its_process_does_not_kill_the_caller():
    class Deadly(bytearray):
        def append(self, value):
            try:
                super().append(value)
            except BufferError:
                os.abort()

    report = onloan.check(lambda: Deadly(b"abc"))
    assert report.verdict == "error"
    [finding] = report.findings
    assert (finding.rule, finding.phase, finding.crash) == ("E-50", "mutators", "SIGABRT")


def test_mutators_are_functions_here():
    forgotten = []

    class Forgets(bytearray):
        def grow(self):
            forgotten.append(None)

    report = onloan.check(lambda: Forgets(b"abc"), mutators={"grow": lambda exporter: exporter.grow()}, expect_bytes=b"abc")
    assert report.verdict == "clean"
    assert onloan.check(lambda: Forgets(b"abc"), expect_bytes=b"abd").findings[0].rule == "E-34"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (7, "'int' lends no buffer"),
        (lambda: 7, "gives 'int', which lends no buffer"),
        (lambda: 1 / 0, "ZeroDivisionError"),
        ("no_such_module_here:x", "ModuleNotFoundError"),
        (Wrong, "lends no buffer"),
    ],
)
def test_what_cannot_be_judged_is_a_value_error(given, words):
    with pytest.raises(ValueError, match=words):
        onloan.check(given)


def test_an_unknown_profile_is_a_value_error():
    with pytest.raises(ValueError, match="interop, strict"):
        onloan.check(b"", profile="lax")


def test_nothing_is_left_open_and_no_warning_is_given():
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        onloan.check(bytearray(b"abc"))
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) == before
