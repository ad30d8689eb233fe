"""`onloan check`: what it takes, what it prints, and what it answers."""

import json
import sys

import pytest

from onloan.checker.rules import RULES
from onloan.cli import main
from onloan.reports.check import grouped_requests


def failed(capsys, *arguments):
    assert main(["check", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no TARGET"),
        (["--rule", "E-99"], "'E-99' is no rule"),
        (["bytes", "--mutator", "grow"], "no NAME=EXPR"),
        (["bytes", "--mutator", "=1"], "no NAME=EXPR"),
        (["bytes", "--profile", "lax"], "invalid choice: 'lax'"),
        (["bytes", "--timeout", "0"], "--timeout"),
        (["bytes", "--timeout", "long"], "--timeout"),
        (["bytes", "--jobs", "0"], "--jobs"),
    ],
)
def test_wrong_use_is_an_error_that_names_it(arguments, words, capsys):
    assert words in failed(capsys, *arguments)


def test_a_clean_target_fits_a_screen_and_is_fast(command):
    code, out, err = command("bytearray(b'abc')")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) <= 24 and "clean" in lines[0] and "72 of 72 requests granted" in " ".join(out.split())


def test_a_finding_says_what_was_expected_and_seen_of_which_requests(command):
    code, out, _ = command("bytes(3)")
    assert code == 0
    assert "note E-11 MUST" in out and "all 36 requests with WRITABLE" in out and "seen      not written" in out


def test_strict_takes_the_documentation_at_its_word(judged):
    code, [target] = judged("bytes(3)", "--profile", "strict")
    assert code == 1 and target["profile"] == "strict" and target["verdict"] == "error"
    [finding] = target["findings"]
    assert finding.keys() == {"rule", "strength", "level", "phase", "requests", "expected", "seen", "explain"}
    assert (finding["rule"], finding["strength"], finding["level"], finding["phase"]) == ("E-11", "MUST", "error", "matrix")
    assert len(finding["requests"]) == 36 and "FULL" in finding["requests"] and "ND|WRITABLE" in finding["requests"]


def test_the_document_goes_to_a_file_and_the_text_to_standard_output(command, tmp_path):
    code, out, _ = command("bytes(3)", "--json", "facts.json")
    assert code == 0 and out.startswith("✓ bytes(3)")
    document = json.loads((tmp_path / "facts.json").read_text(encoding="utf-8"))
    assert document["targets"][0]["type"] == "bytes"
    code, out, err = command("bytes(3)", "--json", "no/such/folder.json")
    assert code == 2 and err.startswith("error: cannot write no/such/folder.json")


def test_where_no_request_is_granted_nothing_is_judged(judged):
    code, [target] = judged("array:(lambda view: (view.release(), view)[1])(memoryview(b'abc'))")
    assert code == 2 and target["verdict"] == "unexportable"
    assert [finding["rule"] for finding in target["findings"]] == ["E-10", "E-11"]


def test_a_mutator_is_run_while_a_buffer_is_out_and_a_bad_one_is_named(judged):
    code, [target] = judged("bytearray(b'abc')", "--mutator", "more=lambda o: o.extend(b'more')")
    assert code == 0 and target["verdict"] == "clean"
    for given, words in (("more=7", "'int' is not callable"), ("more=nothing", "NameError"), ("more=lambda", "SyntaxError")):
        code, [target] = judged("bytearray(b'abc')", "--mutator", given)
        assert code == 2 and "--mutator more" in target["error"] and words in target["error"]


def test_the_bytes_that_are_expected_are_compared(judged):
    backwards = "memoryview(bytearray(b'abc'))[::-1]"
    code, [target] = judged(backwards, "--expect-bytes", "b'cba'")
    assert code == 0 and target["verdict"] == "clean"
    code, [target] = judged(backwards, "--expect-bytes", "b'cbb'")
    assert code == 1
    [finding] = target["findings"]
    assert (finding["rule"], finding["phase"]) == ("E-34", "memory")
    assert finding["seen"] == "byte 2 is 0x61 instead of 0x62"


def test_memory_is_written_back_where_it_may_be(judged):
    code, [target] = judged("bytearray(b'abc')", "--write", "--expect-bytes", "b'abc'")
    assert code == 0 and target["verdict"] == "clean"


def test_every_rule_is_listed_with_its_strength_and_its_test(capsys):
    assert main(["check", "--list-rules"]) == 0
    out = capsys.readouterr().out
    for rule in RULES.values():
        assert f"{rule.id}  {rule.strength} " in out
    assert main(["check", "--list-rules", "--json"]) == 0
    assert [rule["rule"] for rule in json.loads(capsys.readouterr().out)["rules"]] == list(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_explained(rule, capsys):
    assert main(["check", "--rule", rule.lower()]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert out.startswith(f"{rule} · {RULES[rule].strength}") and "source" in out and "level" in out


def test_each_rule_has_a_test_or_says_why_it_has_none():
    for rule in RULES.values():
        assert bool(rule.test) != bool(rule.untestable), rule.id
        assert rule.source and rule.rule.endswith(".")


def test_groups_of_requests_have_words():
    from onloan.checker.context import REQUESTS

    def words(condition):
        return grouped_requests([name for name, flags in REQUESTS.items() if condition(flags)])

    assert words(lambda flags: True) == "all 72 requests"
    assert words(lambda flags: flags & 1) == "all 36 requests with WRITABLE"
    assert words(lambda flags: not flags & 8) == "all 4 requests without ND"
    assert words(lambda flags: flags & 4 and flags & 8) == "all 34 requests with FORMAT and ND"
    assert words(lambda flags: flags == 0) == "SIMPLE"
    assert words(lambda flags: flags in (0, 1, 8, 0x11C)).startswith("4 requests: SIMPLE, WRITABLE, ND, …")


def test_help_says_what_the_exit_codes_mean(capsys):
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    assert "Exit code 1 if anything is an error" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="there is no other encoding to ask for")
def test_a_terminal_without_unicode_gets_ascii(command):
    code, out, _ = command("bytes(3)", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert code == 0 and out.isascii()
