"""Memory that exists only while somebody uses it."""

import pytest

from onloan_suite import Produced, raw

from suite.oracle import C_CONTIGUOUS, FORMAT, FULL_RO, REQUESTS, SIMPLE, WRITABLE

DATA = b"produced"


@pytest.fixture
def made():
    """A function that makes the memory, with a list of what it made."""
    calls = []

    def make():
        calls.append(DATA + bytes([len(calls)]))
        return calls[-1]

    make.calls = calls
    return make


def test_memory_appears_with_the_first_export_and_goes_with_the_last(made, kind):
    exporter = Produced(kind, made)
    assert exporter.life == (0, 0, 0)
    for count in (1, 2, 3):
        views = [memoryview(exporter) for _ in range(1 if kind == "exclusive" else 3)]
        assert exporter.life == (count, count - 1, count - 1)
        assert {view.tobytes() for view in views} == {DATA + bytes([count - 1])}
        for view in views:
            assert exporter.life == (count, count - 1, count - 1)
            view.release()
        assert exporter.life == (count, count, count)
    assert len(made.calls) == 3


def test_a_reader_in_rust_keeps_it_too(made):
    exporter = Produced("read_only", made)

    def reading(data):
        assert data == DATA + b"\x00"
        with memoryview(exporter) as view:
            assert view == data
            assert exporter.life == (1, 0, 0)
        assert exporter.life == (1, 0, 0)

    exporter.read(reading)
    assert exporter.life == (1, 1, 1)
    with memoryview(exporter):
        exporter.read(lambda data: None)
        assert exporter.life == (2, 1, 1)
    assert exporter.life == (2, 2, 2)


def test_a_refused_request_makes_it_and_drops_it_in_a_pair(made, kind):
    """What the memory can grant is known only when it is there."""
    exporter = Produced(kind, made, shape=[3, 3])
    for flags in REQUESTS:
        try:
            raw.acquire(exporter, flags).release()
        except BufferError:
            pass
        opened, closed, dropped = exporter.life
        assert opened == closed == dropped
    assert exporter.exports == 0


def test_what_cannot_be_made_is_the_consumers_error_and_can_be_tried_again(kind):
    def make():
        if failures:
            failures.pop()()
        return DATA

    def fail():
        raise OSError("no such table")

    failures = [fail, fail]
    exporter = Produced(kind, make)
    for use in (lambda: memoryview(exporter), lambda: exporter.read(print)):
        with pytest.raises(OSError, match="no such table"):
            use()
        assert exporter.exports == 0 and exporter.life == (0, 0, 0)
    memoryview(exporter).release()
    assert exporter.life == (1, 1, 1)


def test_a_panic_while_it_is_made_is_the_consumers_error(kind, capfd):
    answers = ["panic", "panic", "panic", DATA]
    exporter = Produced(kind, lambda: answers.pop(0))
    for use in (memoryview, memoryview, lambda exporter: exporter.read(print)):
        with pytest.raises(BaseException, match="it cannot be made") as caught:
            use(exporter)
        assert type(caught.value).__name__ == "PanicException"
        assert exporter.exports == 0 and exporter.life == (0, 0, 0)
    memoryview(exporter).release()
    assert exporter.life == (1, 1, 1)
    assert "resuming a panic" not in capfd.readouterr().err


def test_memory_that_does_not_fit_the_layout_is_refused_and_dropped():
    sizes = [5, 6, 5]
    exporter = Produced("writable", lambda: bytes(sizes.pop()), shape=[2, 3])
    with pytest.raises(BufferError, match="does not fit its layout"):
        memoryview(exporter)
    assert exporter.life == (1, 1, 1) and exporter.exports == 0
    with memoryview(exporter) as view:
        assert view.shape == (2, 3)
    with pytest.raises(BufferError, match="does not fit its layout"):
        memoryview(exporter)
    assert exporter.life == (3, 3, 3)


def test_a_format_without_a_shape_follows_the_size_that_was_made():
    sizes = [0, 4, 11, 400]
    exporter = Produced("read_only", lambda: bytes(sizes.pop(0)), format="I")
    for items in (0, 1, 2, 100):
        with memoryview(exporter) as view:
            assert (view.format, view.shape, view.nbytes) == ("I", (items,), 4 * items)


def test_whoever_asks_while_it_is_made_is_refused():
    seen = []

    def make():
        for use in (lambda: memoryview(exporter), lambda: exporter.read(print)):
            with pytest.raises(BufferError) as caught:
                use()
            seen.append(str(caught.value))
        return DATA

    exporter = Produced("read_only", make)
    with memoryview(exporter) as view:
        assert view == DATA
    assert [message.split(": ")[1] for message in seen] == ["the memory is being opened or settled right now"] * 2
    assert exporter.life == (1, 1, 1)


def test_hooks_run_while_it_is_there(made):
    events = []
    exporter = Produced(
        "read_only",
        made,
        first=lambda: events.append(("first", exporter.life)),
        last=lambda: events.append(("last", exporter.life)),
    )
    memoryview(exporter).release()
    assert events == [("first", (1, 0, 0)), ("last", (1, 0, 0))]
    assert exporter.life == (1, 1, 1)


def test_a_first_hook_that_raises_drops_it_again(made):
    fails = [True]

    def first():
        if fails:
            fails.pop()
            raise LookupError("not now")

    last = []
    exporter = Produced("read_only", made, first=first, last=lambda: last.append(True))
    with pytest.raises(LookupError, match="not now"):
        memoryview(exporter)
    assert exporter.life == (1, 1, 1) and last == []
    memoryview(exporter).release()
    assert exporter.life == (2, 2, 2) and last == [True]


@pytest.mark.parametrize("exported", [False, True])
def test_it_is_closed_before_it_is_handed_over_and_can_be_put_back(exported, made, kind):
    """Every opening has its closing, also where the storage leaves the cell."""
    exporter = Produced(kind, made)
    put = []
    for count in (1, 2):
        view = memoryview(exporter) if exported else None
        exporter.pass_through(put.append)
        if exported:
            assert exporter.life == (count, count - 1, count - 1)
            view.release()
            assert exporter.life == (count, count, count)
        assert put == [True] * count
    with memoryview(exporter) as view:
        assert view.tobytes().startswith(DATA)
    opened, closed, dropped = exporter.life
    assert opened == closed == dropped


def test_a_consumer_that_may_write_writes_to_what_was_made(made):
    exporter = Produced("writable", made)
    with memoryview(exporter) as first, memoryview(exporter) as second:
        first[0] = 0
        assert second[0] == 0
    with memoryview(exporter) as view:
        assert view[0] == DATA[0], "made anew"
    with pytest.raises(BufferError, match="not writable"):
        raw.acquire(Produced("read_only", made), WRITABLE)
    assert raw.acquire(exporter, C_CONTIGUOUS | FORMAT).fields()["format"] == "B"
    assert raw.acquire(exporter, SIMPLE).linear() == made.calls[-1]
    assert raw.acquire(exporter, FULL_RO).fields()["readonly"] == 0
