"""The slots of a class: plain ones of PyO3 until the first request, raw ones from then on; both or none, and no others'.

Slots are put in place once for each class and process, so each of these looks happens in a Python of its own.
"""

import sys

import pytest

from suite.child import printed

PRELUDE = """
import onloan_suite as suite

raw = suite.raw
acquire, forwarded, refused, slots, unwrap, wrap = raw.acquire, raw.forwarded, raw.refused, raw.slots, raw.unwrap, raw.wrap

FULL_RO = 0x11c
plain = {cls: slots(cls) for cls in vars(suite).values() if isinstance(cls, type)}

def state(cls, of=None):
    '''"plain", "raw", or what else: of both slots, by the pair that the class began with.'''
    began = plain[of or cls]
    now = slots(cls)
    return {(True, True): "plain", (False, False): "raw"}.get(tuple(a == b for a, b in zip(began, now)), "MIXED")
"""


def look(script):
    return printed(PRELUDE + script)


def test_every_class_begins_plain_and_the_first_request_puts_raw_slots_in_place():
    script = """
data = b"slots"
make = {
    "FrozenCell": lambda cls: cls("writable", data),
    "OrdinaryCell": lambda cls: cls("writable", data),
    "UnsendableCell": lambda cls: cls(data),
    "Cyclic": lambda cls: cls(data),
    "Hooked": lambda cls: cls("writable", data),
    "Produced": lambda cls: cls("writable", lambda: data),
    "Several": lambda cls: cls(data, [1.0]),
    "Optional": lambda cls: cls(data),
    "Tuple": lambda cls: cls([1]),
    "Nested": lambda cls: cls([1]),
    "Shared": lambda cls: cls(data),
    "Panicking": lambda cls: cls(data),
    "Base": lambda cls: cls(data),
    "Replaceable": lambda cls: cls("writable", data, suite.Witness()),
}
for name, new in make.items():
    cls = getattr(suite, name)
    states = [state(cls)]
    held = acquire(new(cls), FULL_RO)
    states.append(state(cls))
    held.release()
    print(name, *states, acquire(new(cls), FULL_RO).release())
"""
    for line in look(script):
        name, before, after, obj = line.split()
        assert (before, after, obj) == ("plain", "raw", "0"), name


def test_a_refused_first_request_puts_them_in_place_too():
    script = """
error, left = refused(suite.FrozenCell("read_only", b""), 1)
print(type(error).__name__, left, state(suite.FrozenCell))
"""
    assert look(script) == ["BufferError 0 raw"]


def test_all_classes_release_by_one_function_and_lend_by_their_own():
    script = """
for cls, new in [(suite.FrozenCell, suite.FrozenCell("read_only", b"")), (suite.Tuple, suite.Tuple([1])), (suite.Base, suite.Base(b""))]:
    acquire(new, FULL_RO).release()
now = [slots(cls) for cls in (suite.FrozenCell, suite.Tuple, suite.Base)]
print(len({get for get, _ in now}), len({release for _, release in now}))
"""
    assert look(script) == ["3 1"]


def test_subclasses_follow_whether_they_were_made_before_or_after():
    script = """
class Early(suite.Base): pass
class Earlier(Early): pass
print(*(state(cls, suite.Base) for cls in (suite.Base, Early, Earlier, suite.Child)))
view = memoryview(suite.Base(b"data"))
print(*(state(cls, suite.Base) for cls in (suite.Base, Early, Earlier, suite.Child)))
class Late(Earlier): pass
late = memoryview(Late(b"late"))
print(state(Late, suite.Base), late.tobytes(), memoryview(Early(b"e")).tobytes(), memoryview(suite.Child(b"c")).tobytes())
"""
    assert look(script) == ["plain plain plain plain", "raw raw raw raw", "raw b'late' b'e' b'c'"]


def test_a_request_to_a_subclass_comes_first():
    script = """
class Sub(suite.Base): pass
view = memoryview(Sub(b"data"))
print(state(Sub, suite.Base), state(suite.Base), state(suite.Child, suite.Base), view.tobytes())
"""
    assert look(script) == ["raw raw raw b'data'"]


def test_an_exporter_that_extends_another_keeps_slots_of_its_own():
    script = """
a, b = suite.Base(b"base"), suite.Other(b"base", [1, 2])
memoryview(a)
print(state(suite.Base), state(suite.Other))
view = memoryview(b)
print(state(suite.Base), state(suite.Other), slots(suite.Base)[0] != slots(suite.Other)[0], view.tolist(), b.own_exports, b.exports)
"""
    assert look(script) == ["raw plain", "raw raw True [1, 2] 1 0"]


def test_a_slot_that_a_tracer_has_wrapped_before_is_left_alone():
    script = """
class Sub(suite.Base): pass
a = suite.Base(b"data")
wrap(suite.Base)
wrapped = slots(suite.Base)
views = [memoryview(a) for _ in range(3)]
print(forwarded(), a.exports, slots(suite.Base) == wrapped, slots(suite.Base)[1] == plain[suite.Base][1])
print(state(Sub, suite.Base), memoryview(Sub(b"sub")).tobytes(), forwarded())
for view in views:
    view.release()
print(a.exports)
unwrap(suite.Base)
print(state(suite.Base))
memoryview(a)
print(state(suite.Base), forwarded(), a.exports)
"""
    assert look(script) == ["3 3 True True", "raw b'sub' 3", "0", "plain", "raw 3 0"]


def test_a_slot_that_a_tracer_wraps_afterwards_stays_wrapped():
    script = """
a = suite.Base(b"data")
memoryview(a)
installed = slots(suite.Base)
wrap(suite.Base)
wrapped = slots(suite.Base)
views = [memoryview(a) for _ in range(3)]
print(forwarded(), slots(suite.Base) == wrapped != installed, a.exports)
unwrap(suite.Base)
for view in views:
    view.release()
print(a.exports, slots(suite.Base) == installed, memoryview(a).tobytes(), forwarded())
"""
    assert look(script) == ["3 True 3", "0 True b'data' 3"]


def test_a_subclass_that_alone_is_wrapped_stays_wrapped():
    script = """
class Sub(suite.Base): pass
class SubSub(Sub): pass
wrap(Sub)
wrapped = slots(Sub)
sub = Sub(b"sub")
view = memoryview(sub)
print(slots(Sub) == wrapped, state(suite.Base), state(SubSub, suite.Base), forwarded(), sub.exports)
view.release()
print(sub.exports)
"""
    assert look(script) == ["True raw raw 1 1", "0"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes in Python have no such methods before 3.12")
@pytest.mark.parametrize("method", ["__buffer__(self, flags): return memoryview(b'own')", "__release_buffer__(self, view): pass"])
def test_a_slot_that_a_class_in_python_overrides_is_left_alone(method):
    script = f"""
class Sub(suite.Base):
    def {method}
before = slots(Sub)
view = memoryview(Sub(b"data"))
print(slots(Sub) == before, state(suite.Base) in ("plain", "raw"))
memoryview(suite.Base(b"data"))
print(slots(Sub) == before, state(suite.Base))
"""
    assert look(script) == ["True True", "True raw"]


def test_slots_that_are_put_in_place_on_many_threads_at_once_are_right():
    script = """
import sys, threading
sys.setswitchinterval(1e-6)
objects = [suite.FrozenCell("read_only", b"data") for _ in range(8)]
barrier = threading.Barrier(8)
def go(object):
    barrier.wait()
    for _ in range(200):
        memoryview(object).release()
threads = [threading.Thread(target=go, args=(object,)) for object in objects]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(state(suite.FrozenCell), {object.exports for object in objects})
"""
    assert look(script) == ["raw {0}"]


def test_a_metaclass_may_lie_about_subclasses():
    script = """
class Meta(type):
    def __subclasses__(cls):
        raise RuntimeError("no")
class Sub(suite.Base, metaclass=Meta): pass
class SubSub(Sub): pass
print(memoryview(Sub(b"a")).tobytes(), memoryview(SubSub(b"b")).tobytes(), state(SubSub, suite.Base))
"""
    assert look(script) == ["b'a' b'b' raw"]
