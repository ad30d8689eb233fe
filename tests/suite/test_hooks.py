"""What an author hooks in: when it runs, what it may do, and what becomes of its errors."""

import gc
import threading
import time

import pytest

from onloan_suite import Hooked, raw

from suite.oracle import C_CONTIGUOUS, FULL, FULL_RO, INDIRECT, SIMPLE, WRITABLE

DATA = b"hooked"


class Journal(list):
    """Hooks that write down what they were called with."""

    def hooks(self, *names):
        return {name: (lambda value, name=name: self.append((name, value))) for name in names}


def test_hooks_run_at_the_ends_of_each_period_of_use():
    journal = Journal()
    exporter = Hooked("read_only", DATA, **journal.hooks("first", "release", "last"))
    for _ in range(2):
        views = [memoryview(exporter) for _ in range(3)]
        assert journal == [("first", DATA)]
        for view in views:
            view.release()
        assert journal[1:] == [("release", 2), ("release", 1), ("release", 0), ("last", DATA)]
        journal.clear()


@pytest.mark.parametrize("names", [("first",), ("release",), ("last",), ("first", "last"), ("release", "last")])
def test_each_hook_works_without_the_others(names, kind):
    journal = Journal()
    exporter = Hooked(kind, DATA, **journal.hooks(*names))
    for _ in range(2):
        with memoryview(exporter):
            pass
    once = [("first", DATA), ("release", 0), ("last", DATA)]
    assert journal == [event for event in once if event[0] in names] * 2
    exporter.push(1)


def test_a_refused_request_is_not_heard_of(kind):
    journal = Journal()
    exporter = Hooked(kind, DATA, **journal.hooks("first", "release", "last"), shape=[2, 2], strides=[3, 2])
    for flags in (SIMPLE, C_CONTIGUOUS, INDIRECT | C_CONTIGUOUS):
        with pytest.raises(BufferError):
            raw.acquire(exporter, flags)
    assert journal == [] and exporter.exports == 0
    with raw_held(exporter, FULL_RO):
        for flags in (SIMPLE, C_CONTIGUOUS):
            with pytest.raises(BufferError):
                raw.acquire(exporter, flags)
        assert journal == [("first", DATA)] and exporter.exports == 1
    assert journal == [("first", DATA), ("release", 0), ("last", DATA)]


class raw_held:
    def __init__(self, exporter, flags):
        self.held = raw.acquire(exporter, flags)

    def __enter__(self):
        return self.held

    def __exit__(self, *_):
        self.held.release()


def test_the_last_hook_sees_what_the_consumer_wrote():
    journal = Journal()
    exporter = Hooked("writable", DATA, **journal.hooks("first", "last"))
    with memoryview(exporter) as view:
        view[:] = b"HOOKED"
    assert journal == [("first", b"hooked"), ("last", b"HOOKED")]


def raises(*_):
    raise ZeroDivisionError("the hook's own")


def test_a_first_hook_that_raises_refuses_the_request_with_its_error(kind):
    fails = [True]

    def first(data):
        if fails:
            raise LookupError("not now")

    released = []
    exporter = Hooked(kind, DATA, first=first, last=released.append)
    for _ in range(3):
        with pytest.raises(LookupError, match="not now"):
            raw.acquire(exporter, FULL_RO)
        error, left = raw.refused(exporter, FULL_RO)
        assert type(error) is LookupError and left == 0
    assert exporter.exports == 0 and released == []
    exporter.push(1)
    fails.clear()
    with memoryview(exporter):
        assert exporter.exports == 1
    assert released == [DATA + b"\x01"]


@pytest.mark.parametrize("hook", ["release", "last"])
@pytest.mark.parametrize("how", ["raises", "panics"])
def test_a_hook_that_fails_at_a_release_is_reported_and_the_state_settled(hook, how, kind, unraisable):
    exporter = Hooked(kind, DATA, **{hook: raises if how == "raises" else lambda _: "panic"})
    for count in range(1, 4):
        view = memoryview(exporter)
        view.release()
        assert len(unraisable) == count
        assert exporter.exports == 0
        exporter.push(count)
    if how == "raises":
        assert {type(error) for error in unraisable} == {ZeroDivisionError}
    else:
        assert {str(error) for error in unraisable} == {"a hook panicked"}
    assert exporter.read() == DATA + b"\x01\x02\x03"


def test_a_first_hook_that_panics_refuses_the_request(kind, capfd):
    answers = ["panic", "panic", "panic", None]
    exporter = Hooked(kind, DATA, first=lambda _: answers.pop(0))
    for _ in range(3):
        with pytest.raises(BaseException, match="a hook panicked") as caught:
            raw.acquire(exporter, FULL_RO)
        assert type(caught.value).__name__ == "PanicException"
        assert exporter.exports == 0
    memoryview(exporter).release()
    assert "resuming a panic" not in capfd.readouterr().err


@pytest.mark.parametrize("hook", ["release", "last"])
def test_a_failing_hook_keeps_a_pending_exception(hook, unraisable):
    for action in (raises, lambda _: "panic", lambda _: None, lambda _: "detach"):
        exporter = Hooked("writable", DATA, **{hook: action})
        held = raw.acquire(exporter, FULL)
        pending = KeyError("pending")
        assert held.release_pending(pending) is pending
        assert exporter.exports == 0
    assert len(unraisable) == 2


@pytest.mark.parametrize("hook", ["release", "last"])
def test_a_panic_that_is_pending_is_an_exception_like_any_other(hook):
    """PyO3 unwinds when it takes a PanicException up; through a release slot that would be the end of the process."""
    exporter = Hooked("writable", DATA, first=lambda _: "panic")
    with pytest.raises(BaseException) as caught:
        memoryview(exporter)
    panic = caught.value
    assert type(panic).__name__ == "PanicException"
    journal = Journal()
    exporter = Hooked("writable", DATA, **journal.hooks(hook))
    held = raw.acquire(exporter, FULL)
    assert held.release_pending(panic) is panic
    assert len(journal) == 1 and exporter.exports == 0


def test_a_first_hook_may_read_the_object_and_is_refused_the_rest():
    seen = []

    def first(data):
        for use in (lambda: memoryview(exporter), lambda: exporter.push(1), exporter.take, exporter.read):
            try:
                use()
                seen.append(None)
            except BufferError as error:
                seen.append(str(error).split(": ")[1])

    exporter = Hooked("read_only", DATA, first=first)
    with memoryview(exporter) as view:
        assert view.tobytes() == DATA
    assert seen == ["the memory is being opened or settled right now"] * 4
    assert exporter.exports == 0


def test_a_last_hook_is_refused_everything_and_afterwards_all_is_idle():
    seen = []

    def last(data):
        for use in (lambda: memoryview(exporter), lambda: exporter.push(1), exporter.take, exporter.read):
            with pytest.raises(BufferError, match="opened or settled"):
                use()
        seen.append(exporter.exports)

    exporter = Hooked("writable", DATA, last=last)
    memoryview(exporter).release()
    assert seen == [0]
    exporter.push(1)
    assert exporter.take() == DATA + b"\x01"


def test_a_release_hook_may_acquire_and_release_the_same_object(unraisable):
    depth = []

    def release(left):
        depth.append(left)
        if len(depth) < 5:
            with memoryview(exporter):
                assert exporter.exports == len(depth) + 1

    exporter = Hooked("read_only", DATA, release=release, last=lambda data: depth.append(data))
    memoryview(exporter).release()
    assert unraisable == []
    assert depth == [0, 1, 2, 3, 4, DATA]
    assert exporter.exports == 0


def test_a_release_hook_may_release_another_export_of_the_same_object(unraisable):
    journal = []
    others = []

    def release(left):
        journal.append(left)
        if others:
            others.pop().release()

    exporter = Hooked("read_only", DATA, release=release, last=journal.append)
    views = [memoryview(exporter) for _ in range(3)]
    others.extend(views[1:])
    views[0].release()
    # Counted when it is released: the hook of the first runs while all three are out, that of the last while one is.
    assert journal == [2, 2, 2, DATA] or journal == [2, 1, 0, DATA]
    assert exporter.exports == 0 and unraisable == []


@pytest.mark.parametrize("hook", ["first", "release", "last"])
def test_a_hook_that_lets_other_threads_run_keeps_them_out_or_counted(hook):
    """They acquire and release while it sleeps."""
    exporter = Hooked("writable", DATA, **{hook: lambda _: "detach"})
    outcome = dict(granted=0, refused=0)
    stop = threading.Event()

    def others():
        while not stop.is_set():
            try:
                memoryview(exporter).release()
                outcome["granted"] += 1
            except BufferError:
                outcome["refused"] += 1

    threads = [threading.Thread(target=others) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        try:
            memoryview(exporter).release()
        except BufferError as error:
            assert "opened or settled" in str(error)
    while not outcome["granted"]:
        time.sleep(0.001)
    stop.set()
    for thread in threads:
        thread.join()
    assert exporter.exports == 0
    exporter.push(1)


def test_the_last_hook_runs_on_the_thread_that_releases_last():
    ran_on = []
    exporter = Hooked("read_only", DATA, last=lambda _: ran_on.append(threading.get_ident()))
    views = [memoryview(exporter), memoryview(exporter)]
    views.pop().release()
    thread = threading.Thread(target=views.pop().release)
    thread.start()
    thread.join()
    assert ran_on == [thread.ident]
    raw.acquire(exporter, FULL_RO).release_elsewhere()
    assert len(ran_on) == 2 and ran_on[1] != threading.get_ident()


def test_a_hook_that_runs_python_in_the_midst_of_a_collection(unraisable):
    """The collector releases views that nobody holds any more; hooks may collect again."""
    journal = []
    exporter = Hooked("read_only", DATA, release=lambda left: gc.collect(), last=lambda data: journal.append(gc.collect()))

    class Node:
        pass

    for _ in range(3):
        node = Node()
        node.itself, node.view = node, memoryview(exporter)
        del node
        gc.collect()
    assert exporter.exports == 0 and len(journal) == 3 and unraisable == []


def test_a_consumer_that_wants_to_write_where_it_may_not_is_not_heard_of():
    journal = Journal()
    exporter = Hooked("read_only", DATA, **journal.hooks("first", "release", "last"), copies=True)
    with pytest.raises(BufferError, match="not writable"):
        raw.acquire(exporter, WRITABLE)
    assert journal == []


def test_copies_are_heard_of_as_any_other_export():
    journal = Journal()
    exporter = Hooked(
        "writable", DATA, **journal.hooks("first", "release", "last"), shape=[3], strides=[2], copies=True
    )
    with raw_held(exporter, SIMPLE) as copy, raw_held(exporter, FULL):
        assert exporter.exports == 2
        copy.set_linear(b"HOE")
    assert journal == [("first", DATA), ("release", 1), ("release", 0), ("last", b"HoOkEd")]
