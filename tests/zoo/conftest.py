"""The zoo, compiled for this Python, and what the checker says of everybody in it: judged once, side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import zoo_build
from zoo_catalogue import BROKEN, UNUSUAL, Verdicts, lives_here

from onloan.checker import Options, TargetReport, judge
from onloan.checker.rules import PROFILES

#: Seconds that a phase may take where other processes want the machine too.
PATIENCE = 60.0


@pytest.fixture(scope="session")
def children() -> None:
    """Child processes as they are meant to be."""
    if "asan" in os.environ.get("LD_PRELOAD", ""):
        pytest.skip("AddressSanitizer ends children for the mistakes that they are to be found out by")


@pytest.fixture(scope="session")
def zoo_path(children: None) -> Iterator[Path]:
    """The folder with the extension module, where child processes find it and `animals`."""
    try:
        library = zoo_build.build()
    except zoo_build.Missing as missing:
        pytest.skip(f"no zoo: {missing}")
    # The children of the checker have the path of this process; `animals` and `known` are on it already.
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(library))
        yield library


@pytest.fixture(scope="session")
def reports(zoo_path: Path) -> Verdicts:
    """What is said of each animal in each profile."""
    found: dict[tuple[str, str], TargetReport] = {}

    def batch(targets: list[str], options: Options) -> None:
        for report in judge(targets, replace(options, timeout=PATIENCE)):
            found[report.target, options.profile] = report

    everybody = [animal.target for animal in UNUSUAL if lives_here(animal)]
    plain = [animal for animal in BROKEN if animal.plain and lives_here(animal)]
    batch(everybody + [animal.target for animal in plain], Options(profile="interop"))
    batch(everybody + [animal.target for animal in plain if animal.strict != animal.interop], Options(profile="strict"))
    for animal in BROKEN:
        if not animal.plain and lives_here(animal):
            options = {"mutators": animal.mutators, "expect_bytes": animal.expect_bytes, "write": animal.write}
            batch([animal.target], Options(profile="interop", **options))  # type: ignore[arg-type]
    return lambda target, profile: found[target, profile]


@pytest.fixture(scope="session")
def known_reports(children: None) -> Verdicts:
    """What is said of exporters that everybody has, in each profile."""
    from test_calibration import KNOWN

    found: dict[tuple[str, str], TargetReport] = {}
    for profile in PROFILES:
        for report in judge([known.target for known in KNOWN if known.here], Options(profile=profile, timeout=PATIENCE)):
            found[report.target, profile] = report
    return lambda target, profile: found[target, profile]
