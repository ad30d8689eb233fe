"""What pytest finds (entry point `pytest11`): options, marker, fixture. The judge is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .judge import Tracing


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("onloan", "buffers that stay out")
    group.addoption("--onloan", action="store_true", default=None, help="report the buffers that each test leaves exported")
    group.addoption("--onloan-strict", action="store_true", default=None, help="fail a test that leaves a buffer exported")
    parser.addini("onloan", "report the buffers that each test leaves exported", type="bool", default=False)
    parser.addini("onloan_strict", "fail a test that leaves a buffer exported", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "onloan(allow=N): so many exports may stay out of the test")
    strict = _asked(config, "onloan_strict")
    if not (strict or _asked(config, "onloan")):
        return
    from .judge import Judge

    config.pluginmanager.register(Judge(strict=strict, frames=10), "onloan-judge")


def _asked(config: pytest.Config, name: str) -> bool:
    option = config.getoption(name)
    return bool(config.getini(name) if option is None else option)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A marker that cannot be meant is an error of the collection, not of a test."""
    for item in items:
        for mark in item.iter_markers("onloan"):
            allow = mark.kwargs.get("allow")
            if mark.args or set(mark.kwargs) != {"allow"} or type(allow) is not int or allow < 0:
                raise pytest.UsageError(f"{item.nodeid}: the marker is onloan(allow=N) with a number of exports from 0 on, not {_written(mark)}")


def _written(mark: pytest.Mark) -> str:
    arguments = [*map(repr, mark.args), *(f"{name}={value!r}" for name, value in mark.kwargs.items())]
    return f"onloan({', '.join(arguments)})"


@pytest.fixture
def onloan_tracing() -> Iterator[Tracing]:
    """Buffers are traced while the test runs. `snapshot()` says what is out of what the test acquired; and its `errors` which BufferErrors it met."""
    from .judge import Tracing

    with Tracing.started() as tracing:
        yield tracing
