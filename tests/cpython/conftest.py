"""One line for each of CPython's modules, at the end of the run."""

import loader


def pytest_terminal_summary(terminalreporter):
    if loader.OUTCOMES:
        terminalreporter.section("CPython's own tests, with onloan.View for memoryview")
        for outcome in loader.OUTCOMES:
            terminalreporter.write_line(outcome.summary())
