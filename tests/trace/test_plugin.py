"""The pytest plugin, in real sessions."""

import os
import re
import sys

import pytest

#: Each test is several processes, which AddressSanitizer slows down; what they do in one process, the other modules do under it.
pytestmark = pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="several processes a test take long under AddressSanitizer")

pytest_plugins = ["pytester"]

LEAKS = """
    kept = []
    def test_leaves():
        kept.append(memoryview(bytearray(4096)))
    def test_gives_back():
        with memoryview(bytearray(4096)):
            pass
"""


@pytest.fixture
def session(pytester, monkeypatch):
    """Runs a session of its own process; the plugin is there as any user has it, or by its name where onloan is not installed."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(*arguments, **files):
        for name, text in files.items():
            pytester.makepyfile(**{name: text})
        installed = any(point.value == "onloan.testing.plugin" for point in _entry_points())
        plugin = [] if installed else ["-p", "onloan.testing.plugin"]
        return pytester.runpytest_subprocess(*plugin, "-p", "no:cacheprovider", *arguments)

    return run


def _entry_points():
    from importlib.metadata import entry_points

    return entry_points(group="pytest11")


def test_silent_until_asked(session):
    result = session(test_it=LEAKS)
    result.assert_outcomes(passed=2)
    assert "onloan" not in re.sub("plugins: .*", "", result.stdout.str()) and "4.0 KiB" not in result.stdout.str()


def test_asked_it_reports_what_each_test_left(session):
    result = session("--onloan", test_it=LEAKS)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*= onloan =*", "1 test left buffers exported:", "test_it.py::test_leaves"])
    told = " ".join(result.stdout.str().split())
    for words in ("bytearray, 4.0 KiB", "test_it.py:3 in test_leaves", "global test_it.kept"):
        assert words in told, told
    assert "test_gives_back" not in told and result.ret == 0


def test_strict_it_fails_the_test_and_names_line_and_holder(session):
    result = session("--onloan-strict", test_it=LEAKS)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*_ test_leaves _*", "1 export left behind", "FAILED test_it.py::test_leaves*"])
    told = " ".join(result.stdout.str().split())
    assert "test_it.py:3 in test_leaves" in told and "global test_it.kept" in told and result.ret == 1


@pytest.mark.parametrize(("ini", "failed"), [("onloan = true", 0), ("onloan_strict = true", 1), ("onloan = false", 0)])
def test_the_ini_file_asks_too(ini, failed, session, pytester):
    pytester.makeini(f"[pytest]\n{ini}\n")
    result = session(test_it=LEAKS)
    result.assert_outcomes(passed=2 - failed, failed=failed)
    assert ("test left buffers exported" in result.stdout.str()) is not ini.endswith("false")


def test_a_marker_allows_so_many(session):
    result = session(
        "--onloan-strict",
        test_it="""
        import pytest
        kept = []
        @pytest.mark.onloan(allow=2)
        def test_two():
            kept.extend(memoryview(bytearray(9)) for _ in range(2))
        @pytest.mark.onloan(allow=1)
        def test_one_too_many():
            kept.extend(memoryview(bytearray(9)) for _ in range(2))
        @pytest.mark.onloan(allow=5)
        class TestOfAClass:
            def test_five(self):
                kept.extend(memoryview(bytearray(9)) for _ in range(5))
        """,
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["2 exports left behind, 1 is allowed"])


@pytest.mark.parametrize("mark", ["onloan", "onloan(3)", "onloan(allow=-1)", "onloan(allow='x')", "onloan(allow=True)", "onloan(allow=1, more=2)"])
def test_a_marker_that_cannot_be_meant_fails_the_collection(mark, session):
    result = session(test_it=f"import pytest\n@pytest.mark.{mark}\ndef test(): pass\n")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: test_it.py::test: the marker is onloan(allow=N) *"])


def test_a_test_is_judged_after_its_fixtures_are_torn_down(session):
    result = session(
        "--onloan-strict",
        test_it="""
        import pytest
        @pytest.fixture
        def view():
            with memoryview(bytearray(9)) as view:
                yield view
        @pytest.fixture
        def careless():
            return memoryview(bytearray(9))
        class TestIt:
            def setup_method(self):
                self.own = memoryview(bytearray(9))
            def test_gives_back(self, view, careless):
                assert view[0] == careless[0] == self.own[0]
        @pytest.fixture
        def leaking():
            yield
            global kept
            kept = memoryview(bytearray(9))
        def test_leaves_in_its_teardown(leaking):
            pass
        """,
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_leaves_in_its_teardown*"])


def test_what_a_wider_fixture_acquires_is_not_the_tests(session):
    result = session(
        "--onloan-strict",
        test_it="""
        import pytest
        @pytest.fixture(scope="module")
        def table():
            return memoryview(bytearray(9))
        kept = []
        def test_first(table): pass
        def test_second(table): kept.append(table[1:])
        def test_third(table): kept.append(memoryview(bytearray(table)))
        """,
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_third*"])


def test_what_only_garbage_holds_is_not_left_behind(session):
    result = session(
        "--onloan-strict",
        test_it="""
        import gc
        class Node: pass
        def test_cycle():
            gc.disable()
            node = Node()
            node.me, node.view = node, memoryview(bytearray(9))
        """,
    )
    result.assert_outcomes(passed=1)


def test_a_failure_stays_what_it_is_and_its_buffer_error_is_explained(session):
    result = session(
        "--onloan-strict",
        test_it="""
        import pytest
        def test_grows():
            data = bytearray(9)
            view = memoryview(data)
            data.append(1)
        @pytest.mark.xfail
        def test_expected():
            kept = memoryview(bytearray(9))
            assert False
        @pytest.mark.skip
        def test_skipped(): pass
        """,
    )
    result.assert_outcomes(failed=1, xfailed=1, skipped=1)
    told = " ".join(result.stdout.str().split())
    assert "E BufferError: Existing exports of data: object cannot be re-sized" in told
    section = told[told.index("- onloan -") :]
    for words in ("blocked by bytearray, 9 bytes", "test_it.py:4 in test_grows", "view"):
        assert words in section, section
    assert "left behind" not in told


def test_of_a_buffer_error_only_that_is_told_and_not_that_nothing_was_acquired(session):
    result = session("--onloan", test_it="def test_grows():\n    data = bytearray(9)\n    view = memoryview(data)\n    data.append(1)\n")
    result.stdout.fnmatch_lines(["*- onloan -*", "1 BufferError was raised because of exports"])
    assert "no buffer was acquired" not in result.stdout.str()


def test_a_plugin_that_runs_tests_again_goes_first_and_each_run_is_judged(session):
    result = session(
        "--onloan-strict",
        conftest="""
        from _pytest.runner import runtestprotocol
        def pytest_runtest_protocol(item, nextitem):
            for _ in range(3):
                item._initrequest()
                reports = runtestprotocol(item, nextitem=nextitem, log=False)
                if all(report.passed for report in reports):
                    break
            for report in reports:
                item.ihook.pytest_runtest_logreport(report=report)
            return True
        """,
        test_it="""
        turns, kept = [], []
        def test_passes_at_the_third_turn():
            turns.append(memoryview(bytearray(len(turns))))
            assert len(turns) >= 3
            turns.pop().release()
        def test_leaves_at_the_first_turn():
            if not kept: kept.append(memoryview(bytearray(9)))
        def test_leaves_each_time():
            kept.append(memoryview(bytearray(9)))
        """,
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["1 export left behind", "*= onloan =*", "1 test left buffers exported:", "test_it.py::test_leaves_each_time"])


def test_a_test_that_was_told_of_already_fails_at_its_teardown(session):
    result = session(
        "--onloan-strict",
        conftest="""
        from _pytest.runner import runtestprotocol
        def pytest_runtest_protocol(item, nextitem):
            runtestprotocol(item, nextitem=nextitem)
            return True
        """,
        test_it=LEAKS,
    )
    result.assert_outcomes(passed=2, errors=1)
    assert result.ret == 1


def test_a_buffer_error_that_is_expected_fails_nothing(session):
    result = session(
        "--onloan-strict",
        test_it="""
        import pytest
        def test_refuses():
            data = bytearray(9)
            with memoryview(data), pytest.raises(BufferError):
                data.append(1)
        """,
    )
    result.assert_outcomes(passed=1)


def test_the_fixture_traces_without_an_option(session):
    result = session(
        test_it="""
        import onloan
        before = memoryview(bytearray(9))
        def test_traced(onloan_tracing):
            assert onloan.is_tracing()
            view = memoryview(bytearray(7))
            (lent,) = onloan_tracing.snapshot().live
            assert lent.exporter.type == "bytearray" and lent.exports[0].acquired_at[0].function == "test_traced"
            view.release()
            assert onloan_tracing.snapshot().live == ()
        def test_not_traced():
            assert not onloan.is_tracing()
        """,
    )
    result.assert_outcomes(passed=2)


def test_a_test_may_stop_the_tracer_itself(session):
    result = session(
        "--onloan-strict",
        test_it="""
        import onloan
        kept = []
        def test_stops(): onloan.stop()
        def test_leaves(): kept.append(memoryview(bytearray(3)))
        """,
    )
    result.assert_outcomes(passed=1, failed=1)


def test_exit_first_and_the_debugger_and_junit_still_work(session, pytester):
    result = session("--onloan-strict", "-x", "--junitxml=junit.xml", test_it=LEAKS)
    result.assert_outcomes(failed=1)
    assert "1 export left behind" in (pytester.path / "junit.xml").read_text()


def test_setup_errors_and_unittest_work(session):
    result = session(
        "--onloan-strict",
        test_it="""
        import pytest, unittest
        @pytest.fixture
        def broken():
            raise ValueError("in a fixture")
        def test_error(broken): pass
        kept = []
        class Case(unittest.TestCase):
            def test_good(self): pass
            def test_bad(self): kept.append(memoryview(bytearray(3)))
        """,
    )
    result.assert_outcomes(passed=1, failed=1, errors=1)


@pytest.mark.parametrize("option", ["--onloan", "--onloan-strict"])
def test_it_works_under_xdist(option, session):
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    result = session("-n2", option, test_it=LEAKS, test_other=LEAKS)
    failed = 2 if option.endswith("strict") else 0
    result.assert_outcomes(passed=4 - failed, failed=failed)
    result.stdout.fnmatch_lines(["*= onloan =*", "2 tests left buffers exported:"])
    told = " ".join(result.stdout.str().split())
    assert "global test_it.kept" in told and "global test_other.kept" in told


def test_under_onloan_run_pytest_warns_of_nothing(pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(test_it="def test(): pass\n")
    result = pytester.run(sys.executable, "-m", "onloan", "run", "-m", "pytest", "-p", "no:cacheprovider", "-W", "error::pytest.PytestAssertRewriteWarning")
    result.assert_outcomes(passed=1)
    assert result.ret == 0 and "warning" not in result.stdout.str()
