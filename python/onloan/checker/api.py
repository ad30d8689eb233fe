"""`onloan.check()`: judge an exporter from Python, as in a test."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from .._onloan import lends
from ..inspection import type_name
from ..reports.page import Page
from .findings import Finding, TargetReport, Verdict
from .rules import PROFILES, Profile
from .runner import Options, judge, judge_object


class CheckError(AssertionError):
    """An exporter breaks the protocol; the message is the report."""


class Report:
    """What `onloan.check()` found: `findings`, the worst first, and the `verdict`."""

    def __init__(self, of_target: TargetReport) -> None:
        self._of_target = of_target

    @property
    def target(self) -> str:
        """What was judged."""
        return self._of_target.target

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found."""
        return self._of_target.findings

    @property
    def verdict(self) -> Verdict:
        """The worst level; `clean`; or `unexportable`, if no request was granted."""
        return self._of_target.verdict

    def raise_for_errors(self) -> None:
        """Raises `CheckError`, an `AssertionError` with the report as its message, if anything was found at level error.

        Also if nothing could be judged.
        """
        if self.verdict in ("error", "unexportable"):
            raise CheckError(str(self))

    def as_json(self) -> dict[str, Any]:
        """The report as in the JSON document of `onloan check`."""
        return self._of_target.as_json()

    def __str__(self) -> str:
        from ..reports.check import target_text

        return target_text(self._of_target, Page())

    def __repr__(self) -> str:
        rules = ", ".join(dict.fromkeys(finding.rule for finding in self.findings))
        return f"<onloan.Report of {self.target}: {self.verdict}{f' ({rules})' if rules else ''}>"


def check(
    obj_or_factory: Any,
    /,
    *,
    profile: Profile = "interop",
    mutators: Mapping[str, Callable[[Any], Any]] | None = None,
    expect_bytes: bytes | None = None,
    write: bool = False,
    timeout: float = 20.0,
) -> Report:
    """Judges an exporter by every rule of the buffer protocol that can be tested.

    `obj_or_factory` is an exporter, a callable that makes one (better: each phase has a new one), or a string as on the command
    line. A string, and a class or function that can be imported by its name, is judged in fresh interpreters, as `onloan check` does it. Other
    objects are judged in copies of this process (`os.fork`), which does not suffer whatever they do; freed memory is not recognised as
    well there. `mutators` are callables that take the exporter and change it, by their names.

    Raises `ValueError` if what was given cannot be judged at all: no exporter, a callable that raises.
    """
    if profile not in PROFILES:
        raise ValueError(f"profile is one of {', '.join(PROFILES)}, not {profile!r}")
    options = Options(profile=profile, write=write, timeout=timeout)
    asked = dict(mutators or {})
    report: TargetReport | None
    if isinstance(obj_or_factory, str):
        report = _named(obj_or_factory, options, asked, expect_bytes)
    else:
        name = _importable(obj_or_factory) if not asked else None
        report = None if name is None else _named(name, options, asked, expect_bytes)
        if report is None or report.error is not None:
            # What cannot be imported afresh may need what is only here.
            report = _here(obj_or_factory, options, asked, expect_bytes)
    if report.error is not None:
        raise ValueError(f"cannot judge {report.target}: {report.error}")
    return Report(report)


def _named(target: str, options: Options, mutators: Mapping[str, Callable[[Any], Any]], expect_bytes: bytes | None) -> TargetReport:
    if mutators:
        # What a string names is made here, so that functions that are here can be called with it.
        from ..target import resolve

        return _forked(target, lambda: resolve(target), options, mutators, expect_bytes)
    given = None if expect_bytes is None else repr(bytes(expect_bytes))
    return judge([target], Options(profile=options.profile, write=options.write, timeout=options.timeout, expect_bytes=given))[0]


def _importable(thing: Any) -> str | None:
    """The target that names a class or function, if it can be imported by its name."""
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not (callable(thing) and isinstance(module, str) and isinstance(name, str)) or module == "__main__" or "<" in name or lends(thing):
        return None
    loaded = sys.modules.get(module)
    if getattr(loaded, "__spec__", None) is None:
        return None
    found: Any = loaded
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}:{name}" if found is thing else None


def _here(thing: Any, options: Options, mutators: Mapping[str, Callable[[Any], Any]], expect_bytes: bytes | None) -> TargetReport:
    """An object that is here, or what a function that is here makes."""
    if lends(thing):
        return _forked(f"a {type_name(thing)}", lambda: thing, options, mutators, expect_bytes)
    if not callable(thing):
        raise ValueError(f"'{type_name(thing)}' lends no buffer, and is no callable that makes an exporter")
    name = getattr(thing, "__qualname__", None) or type_name(thing)

    def make() -> Any:
        made = thing()
        if not lends(made):
            raise ValueError(f"{name}() gives '{type_name(made)}', which lends no buffer")
        return made

    return _forked(f"{name}()", make, options, mutators, expect_bytes)


def _forked(
    name: str,
    make: Callable[[], Any],
    options: Options,
    mutators: Mapping[str, Callable[[Any], Any]],
    expect_bytes: bytes | None,
) -> TargetReport:
    if not hasattr(os, "fork"):
        raise NotImplementedError("without os.fork only what can be imported by its name can be judged")
    # Everything that a child imports while other threads of this process may hold locks.
    for module in ("phases", "worker", "channel"):
        importlib.import_module(f"{__package__}.{module}")
    with warnings.catch_warnings():
        # The child touches nothing of other threads, and execs nothing: it judges, says what it saw, and ends.
        warnings.simplefilter("ignore", DeprecationWarning)
        return judge_object(
            name,
            make,
            options,
            mutators=mutators,
            expect_bytes=None if expect_bytes is None else lambda: bytes(expect_bytes),
        )
