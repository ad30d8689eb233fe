"""Whatever a target does, the command ends, says so in one line, and prints a whole document."""

import sys
import time

import pytest

UNEXPORTABLE = {
    "no_such_module_here:x": "ModuleNotFoundError: No module named 'no_such_module_here'",
    "wicked:nothing": "NameError: name 'nothing' is not defined",
    "wicked:1 / 0": "ZeroDivisionError: division by zero",
    "wicked:bytearray(": "not an expression",
    "7": "'int' lends no buffer",
    "wicked:wants_arguments": "missing 2 required positional arguments: 'width' and 'height'",
    "wicked:raises_system_exit": "SystemExit: 4",
    "wicked:raises_keyboard_interrupt": "KeyboardInterrupt",
    "wicked:exits": "importing or evaluating it ends the process: exit 3",
    "wicked:kills_itself": "importing or evaluating it ends the process: SIGKILL",
    "wicked:closes_all_files": "it closes all files of its process, so nothing can be heard of it",
    "wicked:reads_standard_input": "EOFError",
}


def test_what_cannot_be_judged_is_said_in_one_line_each(judged):
    code, targets = judged(*UNEXPORTABLE)
    assert code == 2
    for target, (name, words) in zip(targets, UNEXPORTABLE.items(), strict=True):
        assert (target["target"], target["verdict"], target["findings"]) == (name, "unexportable", [])
        assert words in target["error"] and "\n" not in target["error"]


def test_a_target_that_is_never_there_takes_no_longer_than_its_time(judged):
    begun = time.monotonic()
    code, [target] = judged("wicked:never_ends", "--timeout", "1")
    assert code == 2 and "not there after 1 s" in target["error"]
    assert time.monotonic() - begun < 60


GOOD = [
    "prints",
    "replaces_stdout",
    "closes_low_files",
    "starts_threads",
    "forks",
    "leaves_a_child",
    "changes_directory",
    "OwnEquality",
    "the_one",
]


def test_what_a_target_does_beside_being_an_exporter_does_not_matter(judged):
    code, targets = judged(*[f"wicked:{name}" for name in GOOD])
    assert {target["target"]: target["verdict"] for target in targets} == {f"wicked:{name}": "clean" for name in GOOD}
    assert code == 0


def test_a_death_is_an_error_with_its_phase_and_the_rest_is_judged(judged):
    code, [target] = judged("wicked:Explodes(b'abc')", "--timeout", "3")
    assert code == 1 and target["verdict"] == "error"
    crashes = {finding["seen"].split()[0]: finding for finding in target["findings"] if "crash" in finding}
    assert {finding["crash"] for finding in crashes.values()} == {"SIGSEGV", "exit 5", "hang"}
    for finding in crashes.values():
        assert (finding["rule"], finding["phase"], finding["level"]) == ("E-50", "mutators", "error")
    # The other mutators were tried as well, and the other phases.
    assert not any(finding["rule"] != "E-50" for finding in target["findings"])
    assert "incomplete" not in target


def test_a_target_that_dies_later_is_judged_as_far_as_it_lives(judged):
    code, [target] = judged("wicked:dies_when_asked_again")
    assert code == 1
    assert any(finding["crash"] == "SIGABRT" for finding in target["findings"])


def test_targets_are_reported_in_their_order_and_side_by_side(judged):
    names = ["bytearray(1)", "b'abc'", "7", "bytearray(2)"]
    code, targets = judged(*names, "--jobs", "3")
    assert [target["target"] for target in targets] == names
    assert [target["verdict"] for target in targets] == ["clean", "note", "unexportable", "clean"]
    assert code == 2


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is told to overwrite what is freed")
def test_memory_that_is_freed_under_a_view_is_found(judged):
    code, [target] = judged("wicked:grown()", "--mutator", "resize=lambda array: ctypes.resize(array, ctypes.sizeof(array) * 64)")
    assert code == 1
    [finding] = [finding for finding in target["findings"] if finding["rule"] == "E-50"]
    assert finding["level"] == "error" and finding["phase"] == "mutators"
