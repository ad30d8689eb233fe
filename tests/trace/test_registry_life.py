"""Registered cells in threads, cycles, forks, at the end of the process, replaced and promised; and where there is no ledger."""

import array
import gc
import hashlib
import io
import os
import threading

import pytest

import onloan
from onloan import _onloan
from suite.child import printed, run

from .harness import forking
from .registered import EXPORTERS, off_the_record, registered, suite  # noqa: F401

numpy = pytest.importorskip("numpy")
raw = suite.raw

FULL_RO, SIMPLE = 0x11C, 0


def test_threads_are_named_and_do_not_lose_anything():
    lent = onloan.Buffer.zeros(64, registered=True)
    cell = registered(suite.FrozenCell("writable", bytes(64)))
    holders, ready, done = [], threading.Barrier(9), threading.Event()

    def work():
        for _ in range(500):
            memoryview(lent).release()
            hashlib.sha256(cell)
        holders.append((memoryview(lent), memoryview(cell)))
        ready.wait()
        done.wait()

    threads = [threading.Thread(target=work, name=f"worker {n}") for n in range(8)]
    for thread in threads:
        thread.start()
    ready.wait()
    names = {f"worker {n}" for n in range(8)}
    assert {export.thread for export in onloan.exports(lent)} == {export.thread for export in onloan.exports(cell)} == names
    assert lent.exports == cell.exports == 8
    done.set()
    for thread in threads:
        thread.join()
    assert len(onloan.exports(lent)) == 8
    holders.clear()
    assert onloan.exports(lent) == onloan.exports(cell) == []


def test_an_export_that_ends_on_a_thread_without_python_is_off_the_record():
    lent = registered(suite.FrozenCell("writable", b"abc"))
    held = [raw.acquire(lent, FULL_RO) for _ in range(3)]
    held.pop(1).release_elsewhere()
    assert len(onloan.exports(lent)) == lent.exports == 2
    held.clear()
    assert onloan.exports(lent) == []


def test_cycles_with_views_are_collected_as_always():
    class Node:
        pass

    lent = onloan.Buffer.zeros(16, registered=True)
    node = Node()
    node.me, node.view, node.lent = node, memoryview(lent), lent
    del node
    assert len(onloan.exports(lent)) == 1
    gc.collect()
    assert onloan.exports(lent) == []
    # A cell that is in the cycle itself, so that the collector ends its export.
    cyclic = Node()
    cyclic.me, cyclic.lent = cyclic, registered(suite.FrozenCell("writable", b"abc"))
    cyclic.view = memoryview(cyclic.lent)
    before = _onloan.trace_bytes()[1]
    del cyclic
    gc.collect()
    assert _onloan.trace_bytes()[1] == before - 1


def test_an_old_cell_tells_of_its_exports_until_they_are_back():
    first, second = suite.Witness(), suite.Witness()
    lent = suite.Replaceable("writable", bytes(100), first)
    lent.register()
    old = memoryview(lent)
    lent.replace("writable", bytes(200), second)
    assert lent.exports == 0
    # The cell in its place is another one, and has to be registered by itself.
    memoryview(lent).release()
    assert [export.nbytes for export in onloan.exports(lent)] == [100]
    lent.register()
    new = memoryview(lent)
    assert [export.nbytes for export in onloan.exports(lent)] == [100, 200]
    old.release()
    assert first.dropped == 1
    assert [export.nbytes for export in onloan.exports(lent)] == [200]
    lent.drop_cell()
    assert [export.nbytes for export in onloan.exports(lent)] == [200]
    new.release()
    assert onloan.exports(lent) == []
    assert second.dropped == 1


def test_a_cell_is_registered_only_while_nothing_is_out():
    cell = suite.FrozenCell("writable", b"abc")
    view = memoryview(cell)
    with pytest.raises(BufferError, match="^cannot register the cell: 1 export is out$"):
        cell.register()
    assert not cell.is_registered
    view.release()
    cell.register()
    cell.register()
    assert cell.is_registered
    assert bytes(cell) == b"abc"
    cell.take()
    with pytest.raises(BufferError):
        bytes(cell)
    cell.put(b"defg")
    view = memoryview(cell)
    assert bytes(view) == b"defg"
    assert len(onloan.exports(cell)) == 1
    taken = suite.FrozenCell("writable", b"abc")
    taken.take()
    with pytest.raises(BufferError, match="^cannot register the cell: "):
        taken.register()
    del view


def test_a_promised_storage_is_handed_over_when_the_last_export_is_back():
    received = []
    cell = registered(suite.FrozenCell("writable", b"abc"))
    views = [memoryview(cell), memoryview(cell)]
    cell.take_later(received.append)
    views.pop().release()
    assert len(onloan.exports(cell)) == 1 and not received
    views.pop().release()
    assert received == [b"abc"]
    assert onloan.exports(cell) == []


def test_only_the_cell_of_a_class_that_is_registered_tells():
    lent = onloan.Buffer(b"abc", registered=True)
    copy, plain = lent.__copy__(), onloan.Buffer(b"abc").__copy__()
    assert copy.registered and not plain.registered
    import pickle

    assert not pickle.loads(pickle.dumps(lent, 5)).registered
    view = memoryview(copy)
    assert len(onloan.exports(copy)) == 1 and onloan.exports(lent) == []
    del view


def test_every_way_to_make_a_buffer_takes_the_keyword(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(bytes(64))
    shared = onloan.Buffer.shared(create=True, shape=64, registered=True)
    made = [
        onloan.Buffer(bytes(64), registered=True),
        onloan.Buffer.zeros(64, registered=True),
        onloan.Buffer.from_file(path, registered=True),
        shared,
        onloan.Buffer.lazy(lambda: bytes(64), registered=True),
    ]
    for lent in made:
        assert lent.registered
        view = memoryview(lent)
        (export,) = onloan.exports(lent)
        assert (export.nbytes, export.matched) == (64, "pointer")
        view.release()
        assert onloan.exports(lent) == []
    shared.unlink()


def test_what_a_buffer_does_for_itself_is_off_the_record_when_it_is_done():
    lent = onloan.Buffer([1, 2, 3], format="i", registered=True)
    lent.tolist(), lent.tobytes(), len(lent), lent.shape, repr(lent), lent._repr_html_(), lent.nbytes
    lent.fill(4)
    lent.append(5)
    lent.extend([6])
    lent.resize(9)
    assert onloan.exports(lent) == []
    assert lent.tolist() == [4, 4, 4, 5, 6, 0, 0, 0, 0]
    lent.close()
    assert lent.registered


def test_a_million_exports_are_on_record_exactly_and_in_little_memory():
    lent = onloan.Buffer.zeros(1, registered=True)
    start, records = _onloan.trace_bytes()
    held = [memoryview(lent) for _ in range(1_000_000)]
    kept, now = _onloan.trace_bytes()
    assert now - records == 1_000_000 == lent.exports
    assert (kept - start) / 1_000_000 <= 200
    del held[::2]
    assert _onloan.trace_bytes()[1] - records == 500_000 == lent.exports
    onloan.start()
    assert _onloan.trace_bytes()[1] - records >= 500_000
    onloan.stop()
    assert _onloan.trace_bytes()[1] - records == 500_000
    del held
    assert _onloan.trace_bytes()[1] == records


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_goes_on_with_its_own_ledger():
    assert printed(forking("lent = onloan.Buffer.zeros(16, registered=True)")) == ["parent"]


def test_at_the_end_of_the_process_exports_come_back_quietly():
    program = """
        import atexit, onloan, onloan_suite as suite, threading
        lent = onloan.Buffer.zeros(16, registered=True)
        cell = suite.FrozenCell("writable", b"abc")
        cell.register()
        class Late:
            def __init__(self, view): self.view = view
            def __del__(self):
                self.view.release()
                memoryview(lent).release()
                print("late", lent.exports)
        kept = Late(memoryview(lent)), memoryview(cell), onloan.View(cell)
        atexit.register(lambda: print("at exit", len(onloan.exports(lent))))
        threading.Thread(target=lambda: memoryview(cell).release()).start()
        def refused():
            try:
                lent.close()
            except BufferError as error:
                print("refused", len(error.__notes__))
        atexit.register(refused)
        {stop}
    """
    for stop in ("", "onloan.start()", "onloan.start(); onloan.stop()"):
        code, out, err = run(program.format(stop=stop))
        assert (code, err) == (0, ""), err
        assert out.splitlines()[:2] == ["refused 1", "at exit 1"]
        assert out.splitlines()[2:] in (["late 0"], [])


def test_a_module_without_the_package_says_so_and_counts():
    lines = printed("""
        import sys
        sys.modules["onloan"] = None
        import onloan_suite as suite
        cell = suite.FrozenCell("writable", b"abc")
        try:
            cell.register()
        except ImportError as error:
            print(error)
            print(type(error.__cause__).__name__)
        view = memoryview(cell)
        print(cell.is_registered, cell.exports)
        try:
            cell.push(1)
        except BufferError as error:
            print(error, getattr(error, "__notes__", None))
        # It was only a matter of time.
        view.release()
        del sys.modules["onloan"]
        cell.register()
        view = memoryview(cell)
        import onloan
        print(len(onloan.exports(cell)))
    """)
    assert lines == [
        "exports cannot be registered: the Python package onloan, which keeps the ledger, cannot be imported",
        "ModuleNotFoundError",
        "False 1",
        "cannot write to the memory: 1 export is out None",
        "1",
    ]


def test_a_module_that_comes_first_finds_the_package_that_comes_later():
    for order in ("import onloan_suite as suite, onloan", "import onloan, onloan_suite as suite", "import onloan_suite as suite; bytes(suite.FrozenCell('writable', b'a'))"):
        lines = printed(f"""
            {order}
            cell = suite.FrozenCell("writable", b"abc")
            cell.register()
            view = memoryview(cell)
            import onloan
            (export,) = onloan.exports(cell)
            print(export.acquired_at[0].line, export.holders)
        """)
        assert lines == ["5 (('memoryview', 'global __main__.view'),)"]


def test_an_older_package_without_a_ledger_for_others_is_told():
    lines = printed("""
        import sys, types
        sys.modules["onloan"] = types.ModuleType("onloan")
        sys.modules["onloan._onloan"] = types.ModuleType("onloan._onloan")
        import onloan_suite as suite
        cell = suite.FrozenCell("writable", b"abc")
        try:
            cell.register()
        except ImportError as error:
            print(error)
        print(cell.is_registered, bytes(cell))
    """)
    assert lines == [
        "exports cannot be registered: this version of the Python package onloan keeps no ledger for other modules",
        "False b'abc'",
    ]


def test_a_view_counts_what_it_has_lent_on():
    lent = onloan.View(bytearray(16))
    assert onloan.exports(lent) == []
    held = [memoryview(lent), raw.acquire(lent, SIMPLE), raw.acquire(lent, FULL_RO)]
    exports = onloan.exports(lent)
    assert sorted(export.matched for export in exports) == ["counter", "counter", "scan"]
    assert {export.nbytes for export in exports} == {16}
    with pytest.raises(BufferError, match="memoryview has 3 exported buffers"):
        lent.release()
    held.pop().release()
    assert len(onloan.exports(lent)) == 2
    held.clear()
    assert onloan.exports(lent) == []


def test_consumers_of_all_kinds_come_and_go():
    for make in EXPORTERS.values():
        lent = make()
        if not memoryview(lent).readonly:
            io.BytesIO(bytes(16)).readinto(lent)
        hashlib.sha256(lent).digest()
        bytes(lent), b"".join([lent]), array.array("B").frombytes(memoryview(lent).cast("B") if memoryview(lent).c_contiguous else b"")
        numpy.asarray(lent).sum()
        raw.rounds(lent, SIMPLE, 1000)
        assert onloan.exports(lent) == []
        assert lent.exports == 0
