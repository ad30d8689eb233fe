"""The lines that prove a finding by hand, run on exporters that are known to break the rule, and on some that do not."""

import subprocess
import sys

import pytest

from onloan.checker import RULES, Finding
from onloan.survey.proofs import ASKING, flags_of, proof

ARRAY = 'array:array("i", [1, 2, 3])'
CTYPES = "ctypes:(c_int * 3)(1, 2, 3)"


def shown(rule, target, request):
    """What the lines print."""
    finding = Finding(rule=rule, level="error", phase="", requests=(request,), expected="", seen="", explain="mutator: __len__")
    done = subprocess.run([sys.executable, "-c", ASKING + proof(finding, target)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("rule", "request_", "target", "broken", "kept"),
    [
        ("E-11", "WRITABLE", "builtins:b'abc'", "0xa5a5a5a5a5a5a5a5", None),
        ("E-20", "FULL_RO", CTYPES, "[3] None None", "[3] [4] None"),
        ("E-21", "ND", CTYPES, "b'<i'", "None"),
        ("E-22", "F_CONTIGUOUS", "ctypes:(c_int * 3 * 2)()", "[1, 0] granted", "[1, 1] granted"),
        ("E-35", "FULL_RO", "types:type('Hashed', (bytearray,), {'__hash__': lambda x: 1})(b'abc')", "1 False", None),
        ("E-41", "FULL_RO", "ctypes:type('Either', (Union,), {'_fields_': [('a', c_int), ('b', c_double)]})()", "B 1 8", "i 4 4"),
    ],
)
def test_the_lines_of_a_rule_tell_who_breaks_it(rule, request_, target, broken, kept):
    assert shown(rule, target, request_) == broken
    if kept is not None:
        assert shown(rule, ARRAY, request_) == kept


def test_a_field_that_depends_on_the_request_is_seen_in_two_lines():
    full, simple = shown("E-24", "builtins:memoryview(bytearray(6)).cast('B', (2, 3))", "SIMPLE").splitlines()
    assert full.endswith(" 6 1 2") and simple.endswith(" 6 1 1")


def changed(rule, target, change):
    """What the lines print where something is changed while a buffer is out."""
    finding = Finding(rule=rule, level="error", phase="", requests=("FULL_RO",), expected="", seen="", explain=f"mutator: {change}")
    program = ASKING + proof(finding, target)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_memory_that_moves_while_it_is_lent_is_shown():
    resized = "ctypes:type('Resized', (c_char * 8,), {'grow': lambda x: resize(x, 1 << 20)})()"
    assert changed("E-50", resized, "grow")[-1] == "False"


def test_memory_that_stays_is_shown_with_the_refusal():
    assert changed("E-50", "builtins:bytearray(8)", "clear") == ["Existing exports of data: object cannot be re-sized", "True", "True"]


def test_a_change_behind_a_refusal_is_shown():
    source = "type('Sly', (bytearray,), {'pop': lambda x: (x.__setitem__(0, 1), bytearray.pop(x))})(8)"
    assert changed("E-51", f"builtins:{source}", "pop") == ["Existing exports of data: object cannot be re-sized", "False"]


def test_references_are_counted_without_harm_to_the_process():
    assert shown("E-61", ARRAY, "FULL_RO") == "0" and shown("E-01", ARRAY, "FULL_RO") == "0"


@pytest.mark.parametrize("rule", RULES)
def test_the_lines_of_every_rule_run_on_a_sound_exporter(rule):
    # A request that is refused is what E-10 and E-11 are about.
    target, request = ("builtins:b'abc'", "WRITABLE") if rule in ("E-10", "E-11") else (ARRAY, "FULL_RO")
    if rule == "E-35":
        target = "builtins:b'abc'"
    shown(rule, target, request)


def test_requests_are_known_by_their_names():
    assert flags_of("FULL_RO") == 0x11C and flags_of("ND|WRITABLE") == 0x009 and flags_of("SIMPLE") == 0 and flags_of("FORMAT") == 0x004
