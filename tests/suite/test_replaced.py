"""Cells that go while their memory is lent."""

import gc
import threading

import pytest

from onloan_suite import Replaceable, Witness, raw

from suite.oracle import FULL, FULL_RO

INSIDE = b"0123456789abcdef"  # Lies in the storage itself.
OUTSIDE = INSIDE * 10  # Lies in an allocation of its own.


@pytest.fixture(params=[INSIDE, OUTSIDE], ids=["inside", "outside"])
def data(request):
    return request.param


@pytest.fixture
def witness():
    return Witness()


GO = {
    "replaced": lambda exporter: exporter.replace("writable", b"another", Witness()),
    "dropped": lambda exporter: exporter.drop_cell(),
    "dropped on a thread without Python": lambda exporter: exporter.drop_elsewhere(),
}


@pytest.mark.parametrize("go", GO)
def test_the_memory_lives_until_the_last_release(go, data, witness, kind):
    exporter = Replaceable(kind, data, witness)
    held = [raw.acquire(exporter, FULL_RO) for _ in range(1 if kind == "exclusive" else 3)]
    GO[go](exporter)
    gc.collect()
    while held:
        one = held.pop()
        assert witness.dropped == 0
        assert one.linear() == data
        one.release()
    assert witness.dropped == 1


@pytest.mark.parametrize("go", GO)
def test_without_exports_the_memory_goes_at_once(go, data, witness, kind):
    exporter = Replaceable(kind, data, witness)
    raw.rounds(exporter, FULL_RO, 3)
    GO[go](exporter)
    assert witness.dropped == 1


def test_exports_of_the_old_cell_and_of_the_new_one_are_counted_apart(witness):
    exporter = Replaceable("writable", INSIDE, witness)
    old = [memoryview(exporter) for _ in range(3)]
    exporter.replace("read_only", OUTSIDE, Witness())
    assert exporter.exports == 0
    new = memoryview(exporter)
    assert exporter.exports == 1
    assert old[0].tobytes() == INSIDE and new.tobytes() == OUTSIDE
    for view in old:
        view.release()
    assert exporter.exports == 1 and witness.dropped == 1
    new.release()
    assert exporter.exports == 0


def test_writing_to_memory_whose_cell_is_gone_is_harmless(data, witness):
    exporter = Replaceable("writable", data, witness)
    views = [memoryview(exporter) for _ in range(2)]
    exporter.drop_cell()
    views[0][:] = data[::-1]
    assert views[1].tobytes() == data[::-1]
    del exporter
    for view in views:
        view.release()
    assert witness.dropped == 1


def test_a_promise_survives_the_cell(data, witness):
    exporter = Replaceable("writable", data, witness)
    received = []
    view = memoryview(exporter)
    exporter.take_later(lambda: received.append(witness.dropped))
    exporter.drop_cell()
    assert received == [] and witness.dropped == 0
    view.release()
    assert received == [1] and witness.dropped == 1


def test_the_last_release_may_come_on_any_thread(data, witness):
    exporter = Replaceable("writable", data, witness)
    held = [raw.acquire(exporter, FULL) for _ in range(2)]
    exporter.drop_elsewhere()
    threads = [threading.Thread(target=one.release_elsewhere) for one in held]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert witness.dropped == 1


def test_replacing_again_and_again_while_others_look_drops_each_storage_once(witness):
    exporter = Replaceable("writable", INSIDE, witness)
    views = []
    for round in range(100):
        views.append(memoryview(exporter))
        exporter.replace("writable", INSIDE if round % 2 else OUTSIDE, witness)
        if len(views) > 7:
            views.pop(3).release()
    assert witness.dropped == 100 - len(views)
    views.clear()
    assert witness.dropped == 100
    del exporter
    assert witness.dropped == 101
