"""Given back exactly once, on every way out."""

import gc
import os
import subprocess
import sys
import textwrap
import threading
import weakref

import onloan_suite_view as rust
import pytest

needs_pep_688 = pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 688 is of Python 3.12")

WAYS = ["release", "drop", "drop_in_thread", "drop_detached"]


@pytest.mark.parametrize("way", WAYS)
def test_a_loan_is_given_back_once_on_every_way(way):
    liar = rust.Liar()
    holder = rust.Holder(liar)
    assert (liar.got, liar.released) == (1, 0)
    getattr(holder, way)()
    assert (liar.got, liar.released, liar.changed) == (1, 1, 0)
    getattr(holder, way)()
    del holder
    assert liar.released == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_loan_holds_one_reference_until_it_is_given_back(way):
    data = bytearray(b"abc")
    before = sys.getrefcount(data)
    holder = rust.Holder(data)
    assert sys.getrefcount(data) == before + 1
    with pytest.raises(BufferError):
        data.append(1)
    getattr(holder, way)()
    data.append(1)
    assert sys.getrefcount(data) == before


def test_a_loan_keeps_an_exporter_that_nobody_else_has():
    class Bytes(bytearray):
        pass

    data = Bytes(b"abc")
    gone = weakref.ref(data)
    holder = rust.Holder(data)
    del data
    gc.collect()
    assert bytes(holder.tobytes()) == b"abc"
    assert gone() is not None
    holder.release()
    assert gone() is None


def test_no_way_of_looking_leaves_anything_out():
    liar = rust.Liar()
    ways = [
        lambda: rust.look(liar, "u16"),
        lambda: rust.look(liar, "f64"),
        lambda: rust.look(liar, "u16", 0x38),
        lambda: rust.look(liar, "u16", 0x39),
        lambda: rust.look_of_rank(liar, 2),
        lambda: rust.raw(liar),
        lambda: rust.fits(liar),
        lambda: rust.part(liar, "u16", (1,)),
        lambda: rust.part(liar, "u16", (99,)),
        lambda: rust.transposed(liar, "u16"),
        lambda: rust.slice_of(liar, "u16"),
        lambda: rust.write_items(liar, "u16", "fill", [1]),
        lambda: rust.acquire_and_panic(liar),
        lambda: rust.refuse_while_held(liar, 0x39),
        lambda: rust.Holder.of_view(liar),
    ]
    for way in ways:
        for _ in range(3):
            try:
                way()
            except Exception:
                pass
            assert liar.got == liar.released > 0
    assert liar.changed == 0


def test_a_panic_gives_back():
    liar = rust.Liar()
    assert rust.acquire_and_panic(liar)
    assert (liar.got, liar.released) == (1, 1)


def test_many_loans_at_once_come_back_in_any_order():
    liar = rust.Liar()
    holders = [rust.Holder(liar) for _ in range(200)]
    assert (liar.got, liar.released) == (200, 0)
    for holder in holders[::2] + holders[1::2][::-1]:
        assert bytes(holder.tobytes()) == bytes(range(12))
        holder.release()
    assert (liar.got, liar.released, liar.changed) == (200, 200, 0)


def test_threads_take_and_give_back():
    data = bytearray(range(256))
    failures = []

    def work():
        try:
            for _ in range(300):
                assert rust.look(data, "u8")["vec"] == list(range(256))
                rust.Holder(data).drop_in_thread()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    data.append(1)


@pytest.mark.parametrize("by_view", [True, False])
@pytest.mark.parametrize("exporter", [b"abc", bytearray(b"abc"), rust.Liar(), rust.lend_cell([1], False)], ids=["bytes", "bytearray", "Liar", "Cell"])  # fmt: skip
def test_an_exception_that_is_pending_stays(exporter, by_view):
    pending = rust.drop_while_pending(exporter, by_view)
    assert repr(pending) == "RuntimeError('pending')"


@pytest.mark.parametrize("by_view", [True, False])
def test_an_exception_that_is_pending_stays_though_the_exporter_clears_it(by_view):
    assert repr(rust.drop_while_pending(rust.rude("clear"), by_view)) == "RuntimeError('pending')"


@pytest.mark.parametrize("by_view", [True, False])
def test_an_exception_that_a_release_leaves_is_told_and_not_raised(by_view, monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: told.append(report.exc_value))
    exporter = rust.rude("raise")
    assert rust.raw(exporter)["bytes"] == b"lent out"
    rust.Holder(exporter).drop()
    assert [repr(error) for error in told] == ["LookupError('left behind')"] * 2
    assert repr(rust.drop_while_pending(exporter, by_view)) == "RuntimeError('pending')"
    assert len(told) == 3


def test_a_release_that_fails_is_a_release(monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: told.append(report.exc_value))

    def fail(liar):
        raise OSError("in release")

    liar = rust.Liar(in_release=fail)
    assert rust.raw(liar)["bytes"] == bytes(range(12))
    assert (liar.got, liar.released, len(told)) == (1, 1, 1)


def test_a_holder_in_a_cycle_is_collected():
    class Bytes(bytearray):
        pass

    data = Bytes(b"abc")
    data.holder = rust.Holder(data)
    gone = weakref.ref(data)
    del data
    gc.collect()
    assert gone() is None


@needs_pep_688
def test_a_holder_in_a_cycle_through_a_class_of_python_is_collected():
    released = []

    class Lender:
        def __buffer__(self, flags):
            return memoryview(b"abc")

        def __release_buffer__(self, view):
            released.append(view)

    lender = Lender()
    lender.holder = rust.Holder(lender)
    gone = weakref.ref(lender)
    del lender
    gc.collect()
    assert gone() is None
    assert len(released) == 1


# Re-entrance: exporters that run Python while they lend and take back.


def test_an_exporter_that_looks_at_itself_while_it_lends():
    depth = []

    def again(liar):
        if len(depth) < 20:
            depth.append(None)
            assert rust.look(liar, "u16")["len"] == 6
            held.append(rust.Holder(liar))

    held = []
    liar = rust.Liar(in_get=again)
    assert rust.look(liar, "u16")["len"] == 6
    for holder in held:
        assert bytes(holder.tobytes()) == bytes(range(12))
        holder.release()
    assert liar.got == liar.released > 20


def test_an_exporter_that_looks_at_itself_while_it_takes_back():
    depth = []

    def again(liar):
        if len(depth) < 20:
            depth.append(None)
            assert rust.raw(liar)["bytes"] == bytes(range(12))

    liar = rust.Liar(in_release=again)
    rust.Holder(liar).release()
    assert liar.got == liar.released == 21


def test_an_exporter_that_collects_and_forgets_while_it_lends():
    others = [rust.Holder(bytearray(8)) for _ in range(50)]

    def forget(liar):
        others.clear()
        gc.collect()

    liar = rust.Liar(in_get=forget, in_release=forget)
    for _ in range(3):
        others.extend(rust.Holder(bytearray(8)) for _ in range(50))
        assert rust.look(liar, "u16")["len"] == 6
    assert liar.got == liar.released == 3


@needs_pep_688
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ZeroDivisionError, BufferError])
def test_what_a_class_of_python_raises_passes_through(error):
    class Lender:
        def __buffer__(self, flags):
            raise error

    for consume in (rust.raw, rust.Holder, lambda lender: rust.look(lender, "u8", 1)):
        with pytest.raises(error):
            consume(Lender())


def test_memory_that_would_be_resized_is_held_while_a_view_is():
    data = bytearray(b"abc")

    def meanwhile():
        with pytest.raises(BufferError):
            data.extend(b"more")
        data[0] = ord("z")

    assert rust.View2.hold(data, data, meanwhile, True) == b"zbc".translate(bytes(2 * n % 256 for n in range(256)))
    data.extend(b"more")
    for second_first in True, False:
        first, second = rust.Liar(format=b"B", itemsize=1, shape=[12], strides=[1]), bytearray(12)
        with pytest.raises(ZeroDivisionError):
            rust.View2.hold(first, second, lambda: 1 / 0, second_first)
        assert first.got == first.released
        second.append(1)


# Shutdown: in a process of its own.


def run(code):
    """Runs a program to its end, and gives what it wrote."""
    code = "import onloan_suite_view as rust, gc, sys, threading, atexit\n" + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", code], capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONMALLOC": "debug"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "panicked" not in done.stderr, done.stderr
    return done.stdout.split()


def test_loans_that_live_until_the_end():
    assert run(
        """
        kept = [rust.Holder(bytearray(8)), rust.Holder(rust.Liar()), rust.Holder(b"abc"), rust.Holder(rust.lend_cell([1], True))]
        class Cycle(bytearray): pass
        cycle = Cycle(8)
        cycle.holder = rust.Holder(cycle)
        sys.kept, gc.kept = kept, [kept, cycle]
        print("end")
        """
    ) == ["end"]


def test_loans_that_are_given_back_at_exit_and_by_finalisers():
    assert run(
        """
        class Late:
            def __init__(self): self.holder = rust.Holder(bytearray(8))
            def __del__(self): self.holder.drop()
        late = Late()
        also = Late()
        also.itself = also
        holder = rust.Holder(bytearray(8))
        atexit.register(holder.drop_in_thread)
        print("end")
        """
    ) == ["end"]


def test_a_loan_that_a_thread_holds_at_the_end():
    assert run(
        """
        started = threading.Event()
        def work():
            holder = rust.Holder(bytearray(8))
            started.set()
            while True:
                rust.Holder(b"abc").drop_detached()
        threading.Thread(target=work, daemon=True).start()
        started.wait()
        print("end")
        """
    ) == ["end"]


def test_loans_that_are_never_given_back():
    assert run(
        """
        for _ in range(100):
            rust.Holder(bytearray(8)).forget()
        print(rust.look(b"abc", "u8")["len"])
        """
    ) == ["3"]
