"""`onloan tour`: it runs, all that it claims holds, and a claim that does not hold fails it."""

import os
import re
import subprocess
import sys

import pytest

from onloan import Buffer
from onloan.reports.page import Page
from onloan.tour import SCENES
from onloan.tour.stage import Stage


def tour(**environment):
    command = [sys.executable, "-m", "onloan", "tour"]
    return subprocess.run(command, capture_output=True, timeout=300, env={**os.environ, **environment})


@pytest.fixture(scope="module")
def shown():
    done = tour(PYTHONIOENCODING="utf-8", COLUMNS="80")
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert done.stderr == b""
    return done.stdout.decode()


def test_every_check_holds(shown):
    held, total = map(int, re.search(r"(\d+) of (\d+) checks held", shown).groups())
    assert held == total >= 35 and "✗" not in shown


def test_every_scene_is_numbered_and_the_page_is_80_columns_wide(shown):
    assert re.findall(r"^ (\d)  [A-Z]", shown, re.MULTILINE) == [str(n) for n in range(1, len(SCENES) + 1)]
    assert max(map(len, shown.splitlines())) <= 80
    assert "\x1b" not in shown


def test_the_errors_that_users_will_see_are_shown(shown):
    joined = " ".join(shown.split())
    assert "BufferError: cannot resize: 2 exports are out" in joined
    assert "BufferError: cannot close: 1 export is out" in joined


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_memory_is_seen_to_come_and_go(shown):
    figures = re.findall(r"resident memory went\s+from\s+([\d.]+)\s+MiB\s+to\s+([\d.]+)\s+MiB", shown)
    assert len(figures) == 2 and all(float(before) - float(after) > 30 for before, after in figures)


def test_the_tour_can_be_read_in_ascii():
    done = tour(PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and done.stdout.isascii() and b"\\x" not in done.stdout


def test_a_claim_that_does_not_hold_fails_the_tour(capsys):
    stage = Stage(Page())
    stage.check("water is dry", False)
    stage.refused("nothing", lambda: None, "2 exports are out")
    stage.refused("too few", memoryview(Buffer(b"a")).obj.close, "2 exports are out")
    stage.check("water is wet", True)
    assert not stage.close(0.1)
    out = capsys.readouterr().out
    assert "1 of 4 checks held" in out and out.count("✗ water is dry") == 2


def test_a_failed_tour_has_exit_code_1(monkeypatch, capsys):
    from onloan import cli, tour as package

    monkeypatch.setattr(package, "SCENES", (lambda stage: stage.check("no", False),))
    assert cli.main(["tour"]) == 1
    assert "0 of 1 checks held" in capsys.readouterr().out


def test_what_cannot_be_shown_is_said(monkeypatch, capsys):
    from onloan.tour.consumers import numpy_without_a_copy

    monkeypatch.setitem(sys.modules, "numpy", None)
    stage = Stage(Page())
    numpy_without_a_copy(stage)
    assert stage.close(0.1)
    out = capsys.readouterr().out
    assert "skipped: NumPy is not installed" in out and "1 skipped" in out
