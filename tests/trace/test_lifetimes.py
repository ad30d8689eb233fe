"""Tracing begins and ends without a trace: slots, restarts, threads, forks, other interpreters, the end of the process."""

import ctypes
import gc
import hashlib
import os
import subprocess
import sys
import textwrap
import threading

import pytest

import onloan
from onloan import _onloan

from .harness import forking

numpy = pytest.importorskip("numpy")


@pytest.fixture(autouse=True)
def _traced():
    onloan.start(frames=10)
    yield
    onloan.stop()


def test_views_from_before_the_start_are_on_record_and_their_releases_match():
    onloan.stop()
    lent = bytearray(16)
    view = memoryview(lent)
    onloan.start()
    (export,) = onloan.exports(lent)
    assert (export.matched, export.age_s, export.acquired_at) == ("scan", None, ())
    view.release()
    assert onloan.exports(lent) == []
    assert onloan.snapshot(holders=False).lost.unmatched_releases == 0


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 688 came with 3.12")
def test_a_view_of_a_class_with_a_buffer_method_from_before_the_start_is_matched_too():
    class Lender:
        memory = bytearray(8)

        def __buffer__(self, flags):
            return memoryview(self.memory)

    onloan.stop()
    view = memoryview(Lender())
    onloan.start()
    assert len(onloan.exports(Lender.memory)) == 1
    view.release()
    gc.collect()
    assert onloan.exports(Lender.memory) == []
    assert onloan.snapshot(holders=False).lost.unmatched_releases == 0


def test_a_restart_forgets_and_passes_over_releases_of_before():
    lent = bytearray(16)
    old = memoryview(lent)
    onloan.stop()
    old.release()
    onloan.start()
    assert onloan.exports(lent) == []
    new = memoryview(lent)
    assert len(onloan.exports(lent)) == 1
    del new
    assert onloan.snapshot(holders=False).lost.unmatched_releases == 0


def test_types_of_modules_that_are_imported_later_are_met():
    code = """
        import onloan, sys
        onloan.start()
        assert "array" not in sys.modules
        import array
        lent = array.array("I", [1, 2, 3])
        view = memoryview(lent)
        (export,) = onloan.exports(lent)
        assert export.matched == "pointer", export
        print("met")
    """
    assert run(code) == "met\n"


def slots():
    """The buffer slots and the tp_init of every type, and what the wrapper descriptors hold."""
    get_slot = ctypes.pythonapi.PyType_GetSlot
    get_slot.restype, get_slot.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_int]
    found, kinds = {}, [object]
    for kind in kinds:
        descriptors = []
        for name in ("__buffer__", "__release_buffer__"):
            descriptor = type.__dict__["__dict__"].__get__(kind).get(name)
            if type(descriptor) is type(object.__init__):
                descriptors.append(ctypes.c_void_p.from_address(id(descriptor) + 48).value)
        found[kind] = ([get_slot(kind, number) for number in (1, 2, 60)], descriptors)
        kinds += [sub for sub in type.__subclasses__(kind) if sub not in found and sub not in kinds]
    return found


def test_after_a_stop_every_slot_holds_what_it_held():
    onloan.stop()
    import _imp

    functions = dict(vars(_imp))
    before = slots()
    onloan.start()
    during = slots()
    assert sum(during[kind] != before[kind] for kind in before) > 10
    held = memoryview(bytearray(8))
    late = type("Late", (bytearray,), {})
    onloan.stop()
    after = slots()
    assert {kind: after[kind] for kind in before} == before
    assert after[late][0][:2] == before[bytearray][0][:2]
    assert dict(vars(_imp)) == functions
    del held


def test_no_type_is_given_a_release_that_it_had_not():
    onloan.stop()
    before = slots()
    onloan.start()
    after = slots()
    assert all((after[kind][0][1] is None) == (before[kind][0][1] is None) for kind in before if kind in after)
    assert numpy.frombuffer(b"abc", "u1").base is not None


def test_threads_are_named_and_do_not_lose_anything():
    lent = bytearray(64)
    holders, ready, done = [], threading.Barrier(9), threading.Event()

    def work():
        for _ in range(500):
            memoryview(lent).release()
            hashlib.sha256(lent)
        holders.append(memoryview(lent))
        ready.wait()
        done.wait()

    threads = [threading.Thread(target=work, name=f"worker {n}") for n in range(8)]
    for thread in threads:
        thread.start()
    ready.wait()
    found = onloan.exports(lent)
    assert {export.thread for export in found} == {f"worker {n}" for n in range(8)}
    done.set()
    for thread in threads:
        thread.join()
    assert {export.thread for export in onloan.exports(lent)} == {f"worker {n}" for n in range(8)}
    holders.clear()
    assert onloan.exports(lent) == []
    assert onloan.snapshot(holders=False).lost.unmatched_releases == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_goes_on_with_its_own_ledger():
    assert run(forking("onloan.start()\nlent = bytearray(16)")) == "parent\n"


def test_other_interpreters_are_counted_and_left_alone():
    code = """
        import sys, onloan
        onloan.start()
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        program = '''
        lent = bytearray(10)
        class Own(bytearray): pass
        view, own = memoryview(lent), memoryview(Own(5))
        import array
        numbers = memoryview(array.array("I", [1]))
        try:
            lent.append(1)
        except BufferError:
            pass
        '''
        import textwrap
        for _ in range(3):
            other = interpreters.create()
            interpreters.run_string(other, textwrap.dedent(program))
            assert onloan.snapshot().live_count >= 1
            interpreters.destroy(other)
        lent = bytearray(5)
        view = memoryview(lent)
        assert len(onloan.exports(lent)) == 1
        print("alone")
    """
    assert run(code) == "alone\n"


def test_an_interpreter_that_ends_while_tracing_ends_as_always():
    code = """
        import sys, onloan
        if "traced" in sys.argv:
            onloan.start()
        class Last:
            def __init__(self, name):
                self.name, self.lent = name, bytearray(10)
                self.view = memoryview(self.lent)
            def __del__(self, write=sys.stdout.write, view=memoryview):
                self.view.release()
                view(self.lent).release()
                try:
                    self.view.tobytes()
                except ValueError:
                    write(self.name)
        keep = Last("global ")
        sys.keep = Last("in sys ")
        onloan.keep = Last("in onloan ")
        cycle = Last("cycle ")
        cycle.me = cycle
        sys.exit(3)
    """
    plain = run(code, code=3)
    assert plain.split()
    assert run(code, "traced", code=3) == plain


def test_an_exception_that_is_set_stays_as_it_is():
    class Odd:
        def __del__(self):
            memoryview(bytearray(5)).release()

    with pytest.raises(ZeroDivisionError) as caught:
        odd = Odd()  # noqa: F841
        1 / 0
    assert caught.value.__context__ is None
    with pytest.raises(TypeError, match="bytes-like"):
        memoryview(17)
    with pytest.raises(BufferError):
        _onloan.View(b"bytes")._from_flags(b"bytes", 1)


def test_nested_tracings_end_with_the_outermost():
    onloan.stop()
    with onloan.tracing():
        with onloan.tracing(), onloan.none_left():
            assert onloan.is_tracing()
        assert onloan.is_tracing()
    assert not onloan.is_tracing()
    onloan.start()
    with onloan.tracing():
        pass
    assert onloan.is_tracing()


def test_a_number_of_frames_that_cannot_be_is_refused():
    for frames in (-1, 65):
        with pytest.raises(ValueError, match="frames is"):
            onloan.start(frames=frames)


def test_a_snapshot_without_tracing_says_what_to_do():
    onloan.stop()
    with pytest.raises(onloan.TracingError, match="start"):
        onloan.snapshot()


def run(program, *arguments, code=0):
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", textwrap.dedent(program), *arguments], capture_output=True, text=True, timeout=120)
    assert ended.returncode == code, ended.stderr
    assert ended.stderr == ""
    return ended.stdout
