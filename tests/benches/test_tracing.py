"""What `cargo xtask bench trace` makes of its rounds. Nothing is timed here: the times are made up."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHES = Path(__file__).resolve().parents[2] / "benches"


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Its module `case`, under a name that no other benchmark's has."""
    monkeypatch.syspath_prepend(BENCHES)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("case_of_trace", BENCHES / "trace" / "case.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "case_of_trace", module)
    spec.loader.exec_module(module)
    return module


#: A round in which everything took three times as long, and one in which one way had no turn.
TIMES = {
    "never": [10.0, 30.0, 10.0, 10.0],
    "ours": [50.0, 150.0, 52.0, None],
    "theirs": [210.0, 630.0, 178.0, 210.0],
    "idle": [10.0, 30.0, 10.0, 9.0],
}


def test_what_is_added_is_held_against_the_same_round(case: ModuleType) -> None:
    assert case.differences(TIMES["ours"], TIMES["never"]) == [40.0, 120.0, 42.0]
    assert case.added(TIMES, "ours", "never").median == 42.0
    assert case.ratio(TIMES, "ours", "never").median == 5.0


def test_a_share_is_of_what_another_way_adds_in_the_same_round(case: ModuleType) -> None:
    assert case.share(TIMES, "ours", "theirs", "never").median == 0.2


def test_there_is_no_share_of_a_way_that_adds_nothing(case: ModuleType) -> None:
    assert case.share(TIMES, "ours", "idle", "never") is None


def test_a_way_that_is_not_here_leaves_its_mark_unmeasured(case: ModuleType) -> None:
    mark = case.Mark("memray adds ≤ 1 ns", 1)
    reached = case.Reached(mark, case.added(TIMES, "memray", "never"))
    assert reached.measured is None
    assert reached.met is None


@pytest.mark.parametrize(("most", "met"), [(42, True), (41.9, False)])
def test_a_mark_is_met_by_the_median(case: ModuleType, most: float, met: bool) -> None:
    reached = case.Reached(case.Mark("ours", most), case.added(TIMES, "ours", "never"))
    assert reached.met is met
