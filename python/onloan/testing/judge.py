"""Judges tests by what they leave exported.

A test is judged when the report of its teardown has been made, and by then nothing of it has been told: the reports are kept until all are there. Another
plugin that runs tests in its own way, again after a failure for example, goes first; each run is judged.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from .. import _onloan
from ..reports.exports import as_text, counted
from ..reports.page import Page
from ..tracing import is_tracing, raw, snapshot, start
from ..tracing import tracing as traced
from ..tracing.facts import Export, Lent, Snapshot

#: The attribute of a report that carries what was found, also from the workers of xdist.
_ATTRIBUTE = "onloan"
_PAGE = Page(100)


@dataclass
class Tracing:
    """What the fixture `onloan_tracing` gives."""

    _mark: int
    _errors: int

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Tracing]:
        with traced():
            yield cls(_onloan.trace_mark(), _onloan.trace_errors_met())

    def snapshot(self, holders: bool = True) -> Snapshot:
        """What is out and which BufferErrors were met, without what was there when the fixture was set up."""
        found = snapshot(holders=holders)
        live = _only(found.live, lambda export: export.id > self._mark)
        return replace(found, live=live, errors=found.errors[self._errors :])


@dataclass
class _Test:
    """One run of a test: the number of the last export before it, the threads that were there, and the numbers of wider fixtures."""

    before: int
    errors: int
    #: What other threads do that were there before (a worker of xdist has some) is none of the test's.
    threads: frozenset[str]
    fixtures: list[range] = field(default_factory=list)
    #: The reports of its phases, and those that have been told already.
    reports: list[pytest.TestReport] = field(default_factory=list)
    told: list[pytest.TestReport] = field(default_factory=list)

    @classmethod
    def begun(cls) -> _Test:
        return cls(_onloan.trace_mark(), _onloan.trace_errors_met(), _other_threads())

    def owns(self, export: Export) -> bool:
        if export.id <= self.before or export.thread in self.threads:
            return False
        return not any(export.id in span for span in self.fixtures)


class Judge:
    """The hooks that trace and judge."""

    def __init__(self, *, strict: bool, frames: int) -> None:
        self._strict = strict
        self._frames = frames
        self._test: _Test | None = None
        #: What the last run of each test left behind.
        self._found: dict[str, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Runs a test as pytest does, but tells of it when it has been judged."""
        start(frames=self._frames)  # where it is on already, nothing changes; a test may have stopped it
        _onloan.trace_notes(True)
        self._test = _Test.begun()
        try:
            if not self._is_run_by_another(item, nextitem):
                item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
                for report in runtestprotocol(item, nextitem=nextitem, log=False):
                    item.ihook.pytest_runtest_logreport(report=report)
                item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        finally:
            self._test = None
        return True

    def _is_run_by_another(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Leaves a test to the plugins that are asked after this one, but for pytest's own; whether one of them has run it."""
        arguments = {"item": item, "nextitem": nextitem}
        for other in reversed(item.ihook.pytest_runtest_protocol.get_hookimpls()):
            if other.plugin is self or other.plugin_name == "runner" or other.wrapper or other.hookwrapper:
                continue
            if other.function(*(arguments[name] for name in other.argnames)) is not None:
                return True
        return False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judges a run when its last report is made, after its fixtures and their values are gone."""
        report = yield
        if self._test is not None:
            self._test.reports.append(report)
            if call.when == "teardown":
                # The item lives as long as the session. Of a unittest's instance pytest lets go itself.
                for name in ("_instance", "_obj"):
                    vars(item).pop(name, None)
                if getattr(item, "funcargs", None):
                    vars(item)["funcargs"] = {}
                self._judge(item, self._test)
                self._test = _Test.begun()
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        """Notes what a fixture acquires that outlives the test."""
        if self._test is None or fixturedef.scope == "function":
            return (yield)
        before = _onloan.trace_mark()
        try:
            return (yield)
        finally:
            self._test.fixtures.append(range(before + 1, _onloan.trace_mark() + 1))

    def _judge(self, item: pytest.Item, test: _Test) -> None:
        passed = all(report.passed for report in test.reports)
        found = self._left(test)
        if not passed:
            # The traceback of a failure is kept, and with it everything that its frames hold.
            found = replace(found, live=())
        if not (found.live or found.errors):
            return
        allowed = max((mark.kwargs["allow"] for mark in item.iter_markers("onloan")), default=0)
        excused = found.live_count <= allowed
        if excused and not found.errors:
            return
        text = as_text(found, _PAGE).removeprefix("onloan: ")
        # One that somebody has told of already stays what it is.
        judged = next((report for report in test.reports if report.when == "call" and report not in test.told), test.reports[-1])
        if found.live and not excused:
            setattr(judged, _ATTRIBUTE, text)
            if self._strict:
                judged.outcome = "failed"
                limit = f", {counted(allowed, 'is', 'are')} allowed" if allowed else ""
                judged.longrepr = f"{counted(found.live_count, 'export')} left behind{limit}\n\n{text}"
                return
        judged.sections.append(("onloan", text))

    def _left(self, test: _Test) -> Snapshot:
        """What the test acquired and is still out, and the errors that it met; nothing if it has stopped the tracer."""
        if not is_tracing():
            return Snapshot((), ())
        live: tuple[Lent, ...] = ()
        if _only(raw.live(_onloan.trace_since(test.before, False)), test.owns):
            gc.collect()
            live = _only(raw.live(_onloan.trace_since(test.before, True)), test.owns)
        return Snapshot(live, (), raw.errors(_onloan.trace_errors(test.errors)))

    # What the workers of xdist found arrives here with their reports.

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self._test is not None:
            self._test.told.append(report)
        text = getattr(report, _ATTRIBUTE, None)
        if text is not None:
            self._found[report.nodeid] = text
        elif report.when == "call":
            self._found.pop(report.nodeid, None)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._found:
            return
        terminalreporter.write_sep("=", "onloan")
        tests = counted(len(self._found), "test left buffers exported", "tests left buffers exported")
        terminalreporter.write_line(f"{tests}:")
        for nodeid, text in self._found.items():
            terminalreporter.write_line("")
            terminalreporter.write_line(nodeid)
            for line in text.splitlines():
                terminalreporter.write_line(f"  {line}" if line else "")


def _only(live: tuple[Lent, ...], owned: Callable[[Export], bool]) -> tuple[Lent, ...]:
    """What is left of the exports if only the owned ones count."""
    some = (replace(lent, exports=tuple(filter(owned, lent.exports))) for lent in live)
    return tuple(lent for lent in some if lent.exports)


def _other_threads() -> frozenset[str]:
    """The names of the other threads, as exports have them; those that `threading` does not know have their number."""
    named = {thread.ident: thread.name for thread in threading.enumerate()}
    others = set(sys._current_frames()) - {threading.get_ident()}
    return frozenset(named.get(ident) or f"thread {ident}" for ident in others)
