"""The command `onloan`: verbs, help, errors, exit codes."""

import subprocess
import sys

import pytest

import onloan
from onloan.cli import VERBS, main
from onloan.cli.errors import CommandError
from onloan.cli.target import resolve


def run(*arguments, **keywords):
    return subprocess.run([sys.executable, "-m", "onloan", *arguments], capture_output=True, text=True, timeout=60, **keywords)


def failed(capsys, *arguments):
    """The error and the hint of a command that could not be carried out."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    error, blank, hint = captured.err.splitlines()
    assert error.startswith("error: ") and blank == "" and hint.startswith("hint: ") and not error.endswith(".")
    return error, hint


def test_the_module_runs_as_the_command_does():
    done = run("--version")
    assert (done.stdout, done.returncode) == (f"onloan {onloan.__version__}\n", 0)


def test_without_a_verb_the_help_goes_to_stderr(capsys):
    assert main([]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and all(verb in captured.err for verb in VERBS)


@pytest.mark.parametrize("verb", [None, *VERBS])
def test_help_is_given_for_every_verb_and_fits_the_page(verb, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as caught:
        main([verb, "--help"] if verb else ["--help"])
    captured = capsys.readouterr()
    assert caught.value.code == 0 and captured.err == ""
    assert "usage: onloan" in captured.out and max(map(len, captured.out.splitlines())) <= 80


def test_an_unknown_verb_is_named_and_a_near_one_suggested(capsys):
    assert failed(capsys, "inspct", "x") == ("error: 'inspct' is no verb of onloan", "hint: did you mean `onloan inspect`?")
    error, hint = failed(capsys, "frobnicate")
    assert "frobnicate" in error and all(verb in hint for verb in VERBS)


@pytest.mark.parametrize("arguments", [["inspect"], ["inspect", "bytes(3)", "--frob"], ["tour", "more"], ["--frob", "tour"]])
def test_wrong_use_is_an_error_with_a_hint(arguments, capsys):
    _, hint = failed(capsys, *arguments)
    assert "--help" in hint


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("no_such_module_here:x", "ModuleNotFoundError: No module named 'no_such_module_here'"),
        ("array:nothing", "NameError: name 'nothing' is not defined"),
        ("array:array('d').nothing", "AttributeError"),
        ("array:array(", "not an expression"),
        ("", "not an expression"),
        ("array:", "not an expression"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("no_such_name_here", "NameError"),
        ("7", "'int' lends no buffer"),
        ("array:array", "TypeError"),
        ("len", "TypeError"),
        ("object", "'object' lends no buffer"),
        ("sys.exit(3)", "SystemExit: 3"),
        ("a\0b", "not an expression"),
    ],
)
def test_a_target_that_gives_no_exporter_is_an_error_that_names_it(target, words, capsys):
    error, _ = failed(capsys, "inspect", target)
    assert error.startswith(f"error: {' '.join(target.split())}") or "\0" in target
    assert words in error


def test_nothing_is_printed_for_the_targets_before_one_that_fails(capsys):
    failed(capsys, "inspect", "bytes(3)", "7")


# Targets


def test_a_target_is_evaluated_in_the_namespace_of_its_module():
    assert resolve("array:array('d', [1])").tolist() == [1.0]
    assert resolve("os.path:bytes(sep, 'ascii')") == b"/" or sys.platform == "win32"
    assert resolve(" array : array('d', [1]) ").tolist() == [1.0]


def test_names_of_an_expression_without_a_module_are_imported():
    assert resolve("array.array('d', [1])").tolist() == [1.0]
    assert resolve("bytearray(b'abc')[::2]") == b"ac"
    assert resolve("memoryview(array.array('i', range(6)))[1:5:2]").tolist() == [1, 3]
    assert resolve("xml.dom.minidom.__name__.encode()") == b"xml.dom.minidom"
    assert resolve("bytes(x for x in range(3))") == b"\0\1\2"


def test_a_callable_that_is_no_exporter_is_called():
    assert resolve("bytearray") == bytearray()
    assert resolve("array:lambda: array('d', [2])").tolist() == [2.0]


def test_each_time_a_target_is_evaluated_afresh():
    assert resolve("bytearray(3)") is not resolve("bytearray(3)")


def test_the_current_directory_is_on_the_path(tmp_path):
    (tmp_path / "mine.py").write_text("zoo = [bytearray(b'abc')]\ndef make():\n    return zoo[0]\n")
    for target in ("mine:zoo[0]", "mine:make", "mine.make()"):
        done = run("inspect", target, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("bytearray"), done.stderr


def test_a_module_that_fails_to_import_says_why(tmp_path):
    (tmp_path / "broken.py").write_text("import no_such_module_inside\n")
    for target in ("broken:x", "broken.x"):
        done = run("inspect", target, cwd=tmp_path)
        assert done.returncode == 2 and "no_such_module_inside" in done.stderr and "Traceback" not in done.stderr


def test_a_reader_that_stops_reading_is_no_error():
    command = f"{sys.executable} -m onloan inspect {' '.join(['bytes(3)'] * 60)} | head -1"
    done = subprocess.run(command.replace("(", "\\(").replace(")", "\\)"), shell=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("bytes") and "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


def test_a_command_error_is_one_line():
    assert str(CommandError("a\n  b", hint="c")) == "a b"
