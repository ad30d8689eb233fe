import sys

import pytest


@pytest.fixture
def unraisable(monkeypatch):
    """The exceptions that nobody could receive, in the order in which they came."""
    seen = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: seen.append(report.exc_value))
    return seen


@pytest.fixture(params=["read_only", "writable", "exclusive"])
def kind(request):
    return request.param


def pytest_generate_tests(metafunc):
    if "exporter" in metafunc.fixturenames:
        from suite.exporters import EXPORTERS

        metafunc.parametrize("exporter", EXPORTERS.values(), ids=EXPORTERS, indirect=True)


@pytest.fixture
def exporter(request):
    """Each of the exporters in turn. Afterwards everything is back."""
    exporter = request.param()
    yield exporter
    assert getattr(exporter, "exports", 0) in (0, (0, 0))
