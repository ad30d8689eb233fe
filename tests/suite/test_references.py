"""Counts and references: back exactly, in any order, through copies of the struct, on any thread."""

import gc
import itertools
import os
import sys
import threading

import pytest

from onloan_suite import FrozenCell, OrdinaryCell, Replaceable, Witness, laid_out, raw

from suite.oracle import C_CONTIGUOUS, FORMAT, FULL, FULL_RO, ND, REQUESTS, SIMPLE, STRIDES, show

DATA = bytes(range(24))


def count(box):
    """How many references the only element of a list has. From 3.14 on a call may borrow what it is given from a variable, or not."""
    return sys.getrefcount(box[0])


def test_a_grant_takes_one_reference_and_the_release_gives_it_back(exporter):
    """E-01, E-61."""
    box = [exporter]
    for flags in REQUESTS:
        before = count(box)
        try:
            held = raw.acquire(exporter, flags)
        except BufferError:
            assert count(box) == before, show(flags)
            continue
        assert count(box) == before + 1, show(flags)
        assert held.release() == 0, "PyBuffer_Release sets obj to NULL"
        assert count(box) == before, show(flags)


def test_a_hundred_rounds_of_every_request_leave_no_reference(exporter):
    """E-03, E-12: granted or refused."""
    raw.rounds(exporter, FULL_RO, 1)
    before = sys.getrefcount(exporter)
    for flags in REQUESTS:
        seen = raw.rounds(exporter, flags, 100)
        assert seen in (0, 100), show(flags)
        assert sys.getrefcount(exporter) == before, show(flags)
    if hasattr(exporter, "exports"):
        assert exporter.exports in (0, (0, 0))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_three_exports_may_be_released_in_any_order(order):
    """E-62."""
    cell = FrozenCell("writable", DATA)
    before = sys.getrefcount(cell)
    held = [raw.acquire(cell, flags) for flags in (SIMPLE, ND | FORMAT, FULL)]
    for count, place in enumerate(order):
        assert cell.exports == 3 - count
        with pytest.raises(BufferError, match=rf"{3 - count} exports? (is|are) out"):
            cell.push(1)
        held[place].release()
    assert cell.exports == 0 and sys.getrefcount(cell) == before
    cell.push(1)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "on another thread"])
def test_a_copy_of_the_struct_is_as_good_as_the_struct(exporter, elsewhere):
    """E-63: moved twice, what is left behind full of 0xDD."""
    box = [exporter]
    before = count(box)
    for flags in REQUESTS:
        try:
            held = raw.acquire(exporter, flags)
        except BufferError:
            continue
        fields, contents, address = held.fields(), held.bytes(), held.address()
        held.relocate()
        held.relocate()
        assert held.address() != address
        assert held.bytes() == contents and held.fields() == fields
        obj = held.release_elsewhere() if elsewhere else held.release()
        assert obj == 0
        assert count(box) == before, show(flags)
    if hasattr(exporter, "exports"):
        assert exporter.exports in (0, (0, 0))


def test_releasing_on_threads_of_python_and_of_others():
    """R-03."""
    cell = FrozenCell("writable", DATA)
    held = [raw.acquire(cell, FULL) for _ in range(8)]
    for one in held[:4]:
        one.release_elsewhere()
    assert cell.exports == 4
    threads = [threading.Thread(target=one.release) for one in held[4:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cell.exports == 0
    cell.push(1)


def test_many_threads_that_acquire_and_release_lose_no_count():
    cell = FrozenCell("writable", DATA)
    before = sys.getrefcount(cell)
    stop = []
    ready = threading.Barrier(5)

    def consume():
        mine = [memoryview(cell)]
        ready.wait()
        while not stop:
            mine.append(memoryview(cell))
            if len(mine) > 5:
                mine.pop(2).release()
            raw.rounds(cell, FULL, 50)
        for view in mine:
            view.release()

    threads = [threading.Thread(target=consume) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        ready.wait()
        refused = 0
        for _ in range(2000):
            try:
                cell.push(1)
            except BufferError:
                refused += 1
        stop.append(True)
        for thread in threads:
            thread.join()
    finally:
        stop.append(True)
        sys.setswitchinterval(interval)
    assert refused > 0
    assert cell.exports == 0 and sys.getrefcount(cell) == before
    assert memoryview(cell).nbytes == len(DATA) + 2000 - refused


def test_releasing_a_copy_while_an_exception_is_pending_keeps_that_very_exception(exporter):
    """E-65."""
    for exception in (ValueError("pending"), KeyError("pending"), KeyboardInterrupt()):
        held = raw.acquire(exporter, FULL_RO)
        before = sys.getrefcount(exception)
        assert held.release_pending(exception) is exception
        assert sys.getrefcount(exception) == before


def test_a_release_sets_no_exception(exporter):
    held = raw.acquire(exporter, FULL_RO)
    held.release()  # PyO3 would raise what it finds pending.
    if hasattr(exporter, "exports"):
        assert exporter.exports in (0, (0, 0))


def test_the_memory_lives_as_long_as_the_last_view():
    """E-52."""
    witness = Witness()
    for data in (b"0123456789abcdef", DATA * 100):
        exporter = Replaceable("writable", data, witness)
        gone = witness.dropped
        views = [memoryview(exporter) for _ in range(3)]
        del exporter
        gc.collect()
        for view in views:
            assert witness.dropped == gone and view.tobytes() == data
            view.release()
        del view, views
        assert witness.dropped == gone + 1


def test_a_method_that_changes_the_object_may_acquire_release_and_be_refused():
    """A class that is not frozen, mutably borrowed by `change`: releases need no borrow, requests are refused."""
    cell = OrdinaryCell("writable", DATA)
    views = [memoryview(cell), raw.acquire(cell, FULL), memoryview(cell)]
    seen = []

    def changing(exports):
        seen.append(exports)
        views.pop().release()
        views.pop().release()
        with pytest.raises(BufferError, match="cannot lend the memory: a method that changes the object is running"):
            memoryview(cell)
        error, left = raw.refused(cell, SIMPLE)
        seen.append((type(error), left))
        views.pop().release()

    assert cell.change(changing) == 0
    assert seen == [3, (BufferError, 0)]
    assert cell.exports == 0 and cell.changes == 1
    cell.push(1)
    assert memoryview(cell).nbytes == 25


def test_a_mutably_borrowed_object_can_lose_its_last_reference_to_a_release():
    cell = OrdinaryCell("writable", DATA)
    other = memoryview(cell)
    cell.change(lambda _: other.release())
    assert cell.exports == 0


def test_requests_in_a_burst_leave_the_borrow_flag_as_it_was():
    cell = OrdinaryCell("read_only", DATA)
    raw.rounds(cell, FULL_RO, 1000)
    raw.rounds(cell, FULL, 1000)
    assert cell.change(lambda _: None) == 0


def test_an_object_of_one_thread_refuses_on_another_and_takes_releases_there(unraisable):
    from onloan_suite import UnsendableCell

    cell = UnsendableCell(DATA)
    held = raw.acquire(cell, FULL)
    outcome = []

    def elsewhere():
        try:
            raw.acquire(cell, FULL_RO)
        except BaseException as error:
            outcome.append(str(error))
        held.release()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    [message] = outcome
    assert "unsendable" in message or "another thread" in message
    assert cell.exports == 0
    assert memoryview(cell) == DATA


def test_a_view_of_a_view_is_given_back_once():
    cell = FrozenCell("writable", DATA)
    first = memoryview(cell)
    second, third = memoryview(first), first[3:9:2]
    assert cell.exports == 1
    first.release()
    assert cell.exports == 1 and third.tobytes() == DATA[3:9:2]
    second.release()
    third.release()
    assert cell.exports == 0


def test_a_million_exports_at_once_are_counted_and_cost_no_memory_here():
    count = 1_000_000
    cell = FrozenCell("writable", DATA)
    before = sys.getrefcount(cell)
    raw.Many(cell, FULL_RO, 10).release_all()
    resident = resident_bytes()
    many = raw.Many(cell, FULL_RO, count)
    grown = resident_bytes() - resident
    assert cell.exports == count and sys.getrefcount(cell) == before + count
    with pytest.raises(BufferError, match="1000000 exports are out"):
        cell.push(1)
    # The structs of the consumer are 80 bytes each.
    assert grown < 80 * count + (8 << 20)
    many.release_all()
    assert cell.exports == 0 and sys.getrefcount(cell) == before
    cell.push(1)


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="AddressSanitizer keeps freed memory for a while")
def test_acquiring_and_releasing_again_and_again_keeps_no_memory():
    strided = laid_out("writable", DATA, shape=[4, 3], strides=[6, 2], copies=True)
    plain = FrozenCell("writable", DATA)
    requests = [FULL_RO, SIMPLE, C_CONTIGUOUS, STRIDES]
    for exporter in (strided, plain):
        for flags in requests:
            raw.rounds(exporter, flags, 1000)
    resident = resident_bytes()
    for exporter in (strided, plain):
        for flags in requests:
            raw.rounds(exporter, flags, 100_000)
    # The smallest block of a heap, lost each time, would be three times as much.
    assert resident_bytes() - resident < 4 << 20
