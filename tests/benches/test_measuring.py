"""The benchmarks measure what they say. Nothing is timed here: the clocks are made up."""

from __future__ import annotations

import importlib
import random
from pathlib import Path
from types import ModuleType

import pytest

BENCHES = Path(__file__).resolve().parents[2] / "benches"


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """That of `cargo xtask bench view`."""
    monkeypatch.syspath_prepend(BENCHES / "view")
    monkeypatch.syspath_prepend(BENCHES)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    return importlib.import_module("stopwatch")


def made_up(stopwatch: ModuleType, nanoseconds: int, answer: object = 1) -> tuple[object, list[int]]:
    """A way of which each iteration takes so long, and how many iterations it was asked for each time."""
    asked: list[int] = []

    def time(iterations: int, warm_up: int) -> int:
        asked.append(iterations)
        return iterations * nanoseconds

    return stopwatch.Way(time, lambda: answer), asked


def measured(stopwatch: ModuleType, ways: dict[str, object], marks: list[object], items: int = 1) -> object:
    case = stopwatch.Case("made up", lambda: stopwatch.Made(1, ways), None, items, marks)
    group = stopwatch.Group("made up", "", list(ways), [case])
    return stopwatch.measure(group, case, 12, 1000.0, random.Random(0))


def test_a_wrong_answer_ends_the_run_before_anything_is_timed(stopwatch: ModuleType) -> None:
    right, asked = made_up(stopwatch, 10)
    wrong, _ = made_up(stopwatch, 1, answer=2)
    with pytest.raises(stopwatch.WrongAnswer, match="made up: ours says 2, expected 1"):
        measured(stopwatch, {"theirs": right, "ours": wrong}, [])
    assert not asked


@pytest.mark.parametrize(("most", "met"), [(0.5, True), (0.49, False)])
def test_a_mark_is_met_by_the_ratio_of_the_two_that_it_names(stopwatch: ModuleType, most: float, met: bool) -> None:
    theirs, _ = made_up(stopwatch, 20)
    ours, _ = made_up(stopwatch, 10)
    row = measured(stopwatch, {"theirs": theirs, "ours": ours}, [stopwatch.Mark("ours", most, "theirs")])
    assert row.timings["ours"].ratio.median == 0.5
    assert row.reached[0].met is met


@pytest.mark.parametrize(("most", "met"), [(2.0, True), (1.9, False)])
def test_a_mark_without_a_peer_is_nanoseconds_an_item(stopwatch: ModuleType, most: float, met: bool) -> None:
    ours, _ = made_up(stopwatch, 2000)
    row = measured(stopwatch, {"ours": ours}, [stopwatch.Mark("ours", most)], items=1000)
    assert row.reached[0].measured.median == 2.0
    assert row.reached[0].met is met


def test_a_mark_whose_peer_is_not_here_is_neither_met_nor_missed(stopwatch: ModuleType) -> None:
    ours, _ = made_up(stopwatch, 10)
    row = measured(stopwatch, {"ours": ours}, [stopwatch.Mark("ours", 1.0, "theirs")])
    assert row.reached[0].met is None


def test_a_mark_is_out_of_reach_when_the_limit_misses_it(stopwatch: ModuleType) -> None:
    ways = {name: made_up(stopwatch, cost)[0] for name, cost in (("limit", 10), ("theirs", 20), ("ours", 15))}
    marks = [stopwatch.Mark("ours", most, "theirs") for most in (0.4, 0.6)]
    case = stopwatch.Case("made up", lambda: stopwatch.Made(1, ways), marks=marks)
    group = stopwatch.Group("made up", "", list(ways), [case], limit="limit")
    row = stopwatch.measure(group, case, 12, 1000.0, random.Random(0))
    assert [reached.met for reached in row.reached] == [False, False]
    assert [reached.out_of_reach for reached in row.reached] == [True, False]


def test_a_slow_way_has_fewer_turns_and_is_compared_in_those(stopwatch: ModuleType) -> None:
    quick, _ = made_up(stopwatch, 100)
    slow, asked = made_up(stopwatch, 100_000)
    row = measured(stopwatch, {"quick": quick, "slow": slow}, [])
    assert asked == [1] * (1 + 3), "once for the plan, and in every fourth of twelve rounds"
    assert row.timings["slow"].ratio.median == 1000


def test_a_ratio_is_of_the_same_round(stopwatch: ModuleType) -> None:
    assert stopwatch.ratios([10.0, 40.0, None], [5.0, 10.0, 1.0]) == [2.0, 4.0]
