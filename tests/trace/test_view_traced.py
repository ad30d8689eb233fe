"""Rust's View does while tracing is on what it does without: the slots of exporters are wrapped then, and are recognised all the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from suite.child import printed

pytest.importorskip("onloan_suite_view")
pytest.importorskip("onloan_suite")

TESTS = Path(__file__).parents[1]

LOOK = """
import sys
{first}
import onloan_suite as suite, onloan_suite_view as rust
{second}

def looks():
    class Own(suite.FrozenCell):
        pass
    exporters = [
        b"abc", memoryview(b"abc"), bytearray(b"abc"),
        suite.FrozenCell("read_only", [1, 2, 3]), suite.OrdinaryCell("read_only", [1, 2, 3]), Own("read_only", [1, 2, 3]),
        suite.FrozenCell("writable", [1, 2, 3]), suite.OrdinaryCell("exclusive", [1, 2, 3]),
        suite.Hooked("read_only", [1, 2, 3], release=lambda left: None),
        suite.laid_out("read_only", [1, 2, 3, 4], shape=[2], strides=[2], copies=True),
        suite.Replaceable("read_only", bytes(20), suite.Witness()),
        onloan.Buffer(b"abc", readonly=True), onloan.Buffer(b"abc"), onloan.Buffer(b"abc", readonly=True, registered=True),
        onloan.View(b"abc"), memoryview(suite.FrozenCell("read_only", [1, 2, 3])),
    ]
    numbers = [rust.lend_cell([1, 2, 3], False), rust.lend_cell([1, 2, 3], True)]
    return [rust.slice_of(exporter, "u8") for exporter in exporters] + [rust.slice_of(exporter, "u32") for exporter in numbers]

import onloan
{third}
print(looks())
print(looks())
onloan.stop()
print(looks())
onloan.start()
print(looks())
"""

START = "import onloan; onloan.start()"
WHEN = {
    "never": ("", "", ""),
    "before the modules": (START, "", ""),
    "before the first request": ("", START, ""),
    "after the first request": ("", "", "looks(); onloan.start()"),
    "between two": ("import onloan, onloan_suite as suite; bytes(suite.FrozenCell('read_only', [1]))", START, ""),
}


@pytest.mark.parametrize("when", WHEN)
def test_what_is_a_slice_without_tracing_is_one_with_it(when):
    first, second, third = WHEN[when]
    lines = printed(LOOK.format(first=first, second=second, third=third))
    abc, numbers = [97, 98, 99], [1, 2, 3]
    cells = [numbers, numbers, numbers, None, None, numbers, None, [0] * 20]
    assert lines == [str([abc, abc, None, *cells, abc, None, abc, None, None, numbers, None])] * 4


SESSION = """
import onloan

def pytest_configure():
    onloan.start()

def pytest_unconfigure():
    seen = sum(site.acquired for site in onloan.snapshot(holders=False).sites)
    print("traced to the end:", onloan.is_tracing() and seen > 1000)
"""


def test_the_tests_of_the_view_pass_while_tracing_is_on(tmp_path):
    (tmp_path / "traced_session.py").write_text(SESSION)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "pytest", "-p", "traced_session", "-p", "no:cacheprovider", "-q", str(TESTS / "view")]
    done = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, timeout=600, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout and "traced to the end: True" in done.stdout, done.stdout[-2000:]


SLOTS = """
import onloan, onloan_suite as suite
acquire, slots = suite.raw.acquire, suite.raw.slots
{first}
class Before(suite.FrozenCell):
    pass
onloan.start()
class After(suite.FrozenCell):
    pass
held = []
for kind in (suite.FrozenCell, Before, After):
    for _ in range(3):
        lent = kind("writable", b"abc")
        held.append((lent, acquire(lent, 0x11c), memoryview(lent)))
    assert len(onloan.exports(lent)) == 2, onloan.exports(lent)
during = [slots(kind) for kind in (suite.FrozenCell, Before, After)]
onloan.stop()
after = [slots(kind) for kind in (suite.FrozenCell, Before, After)]
onloan.start()
assert [len(onloan.exports(lent)) for lent, *_ in held] == [1] * 9  # those that memoryviews hold
for lent, view, other in held:
    view.release()
    assert lent.exports == 1
held.clear()
onloan.stop()
fresh = suite.OrdinaryCell("writable", b"abc")
acquire(fresh, 0x11c).release()
raw_release = slots(suite.OrdinaryCell)[1]
print(len(set(after)), [release == raw_release for get, release in after], set(during) & set(after))
"""


@pytest.mark.parametrize("first", ["", "acquire(suite.FrozenCell('writable', b'a'), 0x11c).release()"], ids=["first asked while tracing", "asked before"])
def test_slots_are_made_quick_behind_the_tracers_functions(first):
    # After the stop the slots are those that would be there without tracing.
    assert printed(SLOTS.format(first=first)) == ["1 [True, True, True] set()"]
