"""`onloan survey` as a command: what goes where, and the exit code."""

import json
import subprocess
import sys

import pytest

from onloan.cli import main


def failed(capsys, *arguments):
    """The error and the hint of a survey that could not be carried out."""
    assert main(["survey", *arguments]) == 2
    captured = capsys.readouterr()
    error, blank, hint = captured.err.splitlines()[-3:]
    assert error.startswith("error: ") and blank == "" and hint.startswith("hint: ") and captured.out == ""
    return error


def test_an_exporter_that_breaks_rules_is_found_judged_and_shown_everywhere(package, tmp_path, capsys):
    name = package("sinner", {}, compiled=["_testbuffer"])
    files = {kind: tmp_path / f"survey.{kind}" for kind in ("json", "html", "markdown")}
    options = [word for kind, file in files.items() for word in (f"--{kind}", str(file))]
    assert main(["survey", *options, name]) == 1
    captured = capsys.readouterr()
    line = next(line for line in captured.out.splitlines() if "sinner._testbuffer.staticarray" in line)
    assert "error" in line
    assert "sinner: 2 exporter types" in captured.err and "2 exporter types in 1 package," in captured.err

    document = json.loads(files["json"].read_text(encoding="utf-8"))
    (only,) = document["packages"]
    static = next(one for one in only["types"] if one["type"] == "staticarray")
    rules = {finding["rule"] for target in static["targets"] for finding in target["findings"]}
    assert {"E-20", "E-21", "E-23"} <= rules and static["verdict"] == "error"
    for kind in ("html", "markdown"):
        assert "sinner._testbuffer.staticarray" in files[kind].read_text(encoding="utf-8").replace("<wbr>", "")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes of Python lend from 3.12 on")
def test_sound_exporters_are_nothing_to_be_found(package, capsys):
    name = package("sound", {"__init__.py": "class Lent:\n def __buffer__(self, flags): return memoryview(b'abcd')\n"})
    assert main(["survey", name]) == 0
    out = capsys.readouterr().out
    assert "sound.Lent" in out and "error" not in out


def test_a_package_without_exporters_is_named_and_nothing_wrong(package, capsys):
    assert main(["survey", package("plain", {})]) == 0
    assert capsys.readouterr().out.strip() == "no exporter types: plain"


def test_a_package_that_does_not_import_is_told_beside_those_that_do(package, capsys):
    assert main(["survey", package("plain", {}), package("broken", {"__init__.py": "import os; os._exit(9)"})]) == 0
    captured = capsys.readouterr()
    assert "no exporter types: plain" in captured.out and "broken: not imported" in captured.out and "exit code 9" in captured.out


def test_where_nothing_could_be_imported_there_was_no_survey(package, capsys):
    assert main(["survey", package("broken", {"__init__.py": "1/0"})]) == 2
    captured = capsys.readouterr()
    assert "ZeroDivisionError" in captured.out and "error: no package could be imported" in captured.err


def test_an_unknown_package_is_an_error_before_anything_is_done(capsys):
    assert "no_such_package" in failed(capsys, "no_such_package")


def test_a_file_that_cannot_be_written_is_an_error_before_anything_is_done(package, tmp_path, capsys):
    assert str(tmp_path / "nowhere") in failed(capsys, "--html", str(tmp_path / "nowhere" / "page.html"), package("plain", {}))


def test_data_goes_to_stdout_and_talk_to_stderr(package, place):
    command = [sys.executable, "-m", "onloan", "survey", package("plain", {})]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=place)
    assert done.returncode == 0 and done.stdout == "no exporter types: plain\n" and "[1/1] plain: no exporter types" in done.stderr
