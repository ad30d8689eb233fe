"""Releases while the cyclic garbage collector runs: from cycles, after `tp_clear`, in storms."""

import gc
import threading
import weakref

import pytest

from onloan_suite import Cyclic, FrozenCell, Hooked, Produced, Replaceable, Witness, raw

from suite.oracle import FULL_RO


class Node:
    """Something that the collector can find in a cycle."""


@pytest.fixture(autouse=True)
def quiet():
    """No collection but those that a test asks for, over nothing but what it makes."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def test_a_cycle_of_a_view_and_its_exporter_is_collected():
    """E-66, E-67."""
    cleared = []
    cyclic = Cyclic(b"data", cleared)
    cyclic.hold(memoryview(cyclic))
    bystander = Node()
    bystander.cyclic = cyclic
    gone = weakref.ref(cyclic), weakref.ref(bystander)
    bystander.itself = bystander
    del cyclic, bystander
    assert gone[0]() is not None
    gc.collect()
    assert gone[0]() is None and gone[1]() is None
    assert set(cleared) <= {(1, 0), (0, 0)}, "exports before and after it was cleared"


def test_two_exporters_that_hold_views_of_each_other_are_collected():
    """The release of at least one comes after its exporter was cleared."""
    for _ in range(50):
        cleared = []
        one, other = Cyclic(b"one", cleared), Cyclic(b"other", cleared)
        one.hold([memoryview(other) for _ in range(3)])
        other.hold([memoryview(one) for _ in range(3)])
        gone = weakref.ref(one), weakref.ref(other)
        del one, other
        gc.collect()
        assert gone[0]() is None and gone[1]() is None


def test_a_subclass_whose_dict_holds_its_own_views_is_collected():
    class Sub(FrozenCell):
        pass

    for kind in ("read_only", "writable"):
        sub = Sub(kind, b"data")
        sub.views = [memoryview(sub) for _ in range(3)]
        gone = weakref.ref(sub)
        del sub
        gc.collect()
        assert gone() is None


def test_a_cycle_that_holds_the_last_view_frees_the_memory_of_a_cell_that_is_gone():
    witness = Witness()
    exporter = Replaceable("writable", b"0123456789abcdef", witness)
    node = Node()
    node.itself, node.view, node.exporter = node, memoryview(exporter), exporter
    exporter.drop_cell()
    del node, exporter
    assert witness.dropped == 0
    gc.collect()
    assert witness.dropped == 1


def test_a_promise_that_comes_due_during_a_collection_is_kept():
    cell = FrozenCell("writable", b"data")
    received = []
    node = Node()
    node.itself, node.view = node, memoryview(cell)
    cell.take_later(received.append)
    del node
    assert received == []
    gc.collect()
    assert received == [b"data"] and cell.is_taken


def test_hooks_and_lazy_storages_settle_during_a_collection(unraisable):
    journal = []
    hooked = Hooked("writable", b"data", release=journal.append, last=journal.append)
    lazy = Produced("read_only", lambda: b"data")
    node = Node()
    node.itself, node.views = node, [memoryview(hooked), memoryview(lazy), memoryview(hooked)]
    del node
    assert lazy.life == (1, 0, 0)
    gc.collect()
    assert journal == [1, 0, b"data"] and lazy.life == (1, 1, 1)
    assert unraisable == [] and hooked.exports == 0


def test_a_finalizer_may_acquire_and_release():
    cell = FrozenCell("writable", b"data")
    seen = []

    class Finalized:
        def __del__(self):
            seen.append(memoryview(cell).tobytes())
            self.view.release()
            seen.append(cell.exports)

    node = Finalized()
    node.itself, node.view = node, memoryview(cell)
    del node
    gc.collect()
    assert seen == [b"data", 0]


def test_a_callback_of_a_weakref_may_acquire_from_an_exporter_of_the_same_cycle():
    cell = FrozenCell("writable", b"data")
    seen = []

    def callback(_):
        with memoryview(cell) as view:
            seen.append(view.tobytes())

    node = Node()
    node.itself, node.view = node, memoryview(cell)
    reference = weakref.ref(node, callback)
    del node
    gc.collect()
    assert reference() is None and seen == [b"data"] and cell.exports == 0


def test_a_storm_of_collections_loses_no_count_and_no_object():
    cell = FrozenCell("writable", b"data")
    alive = []

    def make():
        cyclic = Cyclic(b"data")
        cyclic.hold([memoryview(cyclic), memoryview(cell)])
        alive.append(weakref.ref(cyclic))

    threshold = gc.get_threshold()
    gc.enable()
    gc.set_threshold(1, 1, 1)
    try:
        for _ in range(300):
            make()
            with memoryview(cell):
                pass
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert cell.exports == 0
    assert not any(reference() for reference in alive)
    cell.push(1)


def test_collections_on_other_threads_release_what_this_one_acquired():
    cell = FrozenCell("writable", b"data")
    stop = threading.Event()

    def collect():
        while not stop.is_set():
            gc.collect()

    threads = [threading.Thread(target=collect) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(300):
        node = Node()
        node.itself, node.view, node.cyclic = node, memoryview(cell), Cyclic(b"x")
        node.cyclic.hold((node, memoryview(node.cyclic)))
        del node
        raw.rounds(cell, FULL_RO, 10)
    stop.set()
    for thread in threads:
        thread.join()
    gc.collect()
    assert cell.exports == 0
    cell.push(1)
