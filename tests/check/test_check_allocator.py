"""Some exporters die of allocators that overwrite what is freed, before anybody asks them for anything: they are judged without."""

import pytest

from onloan.checker import judge

DIES = """
import os, signal
if os.environ.get("PYTHONMALLOC") == "debug":
    os.kill(os.getpid(), signal.SIGSEGV)
import array
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("PYTHONMALLOC", raising=False)

    def make(name, source):
        (tmp_path / f"{name}.py").write_text(source)
        return name

    return make


def test_a_target_that_dies_of_the_debug_allocator_alone_is_judged_without_it(module):
    (report,) = judge([f"{module('touchy', DIES)}:array.array('i', [1, 2])"])
    assert report.error is None and report.verdict in ("clean", "note") and report.granted == 72


def test_one_that_dies_anyway_is_not_judged(module):
    (report,) = judge([f"{module('mortal', 'import os, signal; os.kill(os.getpid(), signal.SIGSEGV)')}:x"])
    assert report.error is not None and "SIGSEGV" in report.error
