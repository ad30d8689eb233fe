"""Of a mutator that ends the process it is said whether a buffer has anything to do with it."""

import pytest

from onloan.checker import judge

CLASSES = """
import os, signal

class Deadly(bytearray):
    def clear(self):
        os.kill(os.getpid(), signal.SIGSEGV)

class DeadlyWhileLent(bytearray):
    def clear(self):
        try:
            super().append(0)
        except BufferError:
            os.kill(os.getpid(), signal.SIGSEGV)
        super().clear()
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "mutated.py").write_text(CLASSES)
    return "mutated"


def test_what_ends_the_process_anyway_is_said_to(module):
    (report,) = judge([f"{module}:Deadly(b'abcd')"])
    (finding,) = report.at("error")
    assert (finding.rule, finding.crash) == ("E-50", "SIGSEGV") and finding.explain.endswith("It does so also where no buffer is out.")


def test_what_ends_the_process_because_a_buffer_is_out_is_not(module):
    (report,) = judge([f"{module}:DeadlyWhileLent(b'abcd')"])
    (finding,) = report.at("error")
    assert (finding.rule, finding.crash) == ("E-50", "SIGSEGV") and "where no buffer is out" not in finding.explain
