"""The state table: who may use the memory while somebody else does, through a class in Rust."""

import threading

import pytest

from onloan_suite import FrozenCell, raw

from suite.oracle import FULL_RO

DATA = b"state"

#: What is wanted, and how to see whether it was had. Each leaves the cell as it was, but for the storage that is taken.
WANTED = {
    "read": lambda cell: cell.read(lambda data: None),
    "write": lambda cell: cell.write(lambda: DATA),
    "export": lambda cell: raw.acquire(cell, FULL_RO).release(),
    "take": lambda cell: cell.put(cell.take()),
}

#: now → what `WANTED` answers, in that order, by kind. The table of the documentation, literally.
TABLE = {
    "idle": dict(read_only="yes yes yes yes", writable="yes yes yes yes", exclusive="yes yes yes yes"),
    "reading": dict(read_only="yes no yes no", writable="yes no no no", exclusive="yes no no no"),
    "writing": dict(read_only="no no no no", writable="no no no no", exclusive="no no no no"),
    "exported": dict(read_only="yes no yes no", writable="no no yes no", exclusive="no no no no"),
    "read and exported": dict(read_only="yes no yes no"),
    "taken": dict(read_only="no no no no", writable="no no no no", exclusive="no no no no"),
    "promised": dict(read_only="no no no no", writable="no no no no", exclusive="no no no no"),
}

#: now → what a refusal says that stands in the way.
SAID = {
    "reading": "Rust is reading the memory (1 read guard is out)",
    "writing": "Rust is writing to the memory (a write guard is out)",
    "exported": "1 export is out",
    "read and exported": "1 export is out",
    "taken": "the memory was taken back by its owner",
    "promised": "the memory is promised to its owner at the last release",
}

INTENT = {
    "read": "cannot read the memory: ",
    "write": "cannot write to the memory: ",
    "export": "cannot lend the memory: ",
    "take": "cannot take the storage back: ",
}


def during(now, cell, run):
    """Runs `run` while the cell is in the state `now`, and brings it back to idle."""
    if now == "idle":
        run()
    elif now == "reading":
        cell.read(lambda data: run())
    elif now == "writing":

        def callback():
            run()
            return DATA

        cell.write(callback)
    elif now == "exported":
        with memoryview(cell):
            run()
    elif now == "read and exported":
        with memoryview(cell):
            cell.read(lambda data: run())
    elif now == "taken":
        data = cell.take()
        run()
        cell.put(data)
    elif now == "promised":
        received = []
        with memoryview(cell):
            cell.take_later(received.append)
            run()
        cell.put(received.pop())


def attempt(wanted, cell):
    """None if it was had, else what the refusal said."""
    try:
        WANTED[wanted](cell)
    except BufferError as error:
        return str(error)
    return None


@pytest.mark.parametrize("now, kind", [(now, kind) for now in TABLE for kind in TABLE[now]])
def test_each_row_of_the_table_answers_as_it_is_written(now, kind):
    cell = FrozenCell(kind, DATA)
    seen = []

    def ask():
        answers = [attempt(wanted, cell) for wanted in WANTED]
        seen.append(answers)

    during(now, cell, ask)
    [answers] = seen
    assert ["no" if refusal else "yes" for refusal in answers] == TABLE[now][kind].split()
    for wanted, refusal in zip(WANTED, answers):
        if refusal:
            assert refusal == INTENT[wanted] + SAID[now]
    assert [attempt(wanted, cell) for wanted in WANTED] == [None] * 4, "idle again"
    assert cell.exports == 0


@pytest.mark.parametrize("count", [1, 2, 3, 1000])
def test_a_refusal_says_how_many_exports_are_out(count):
    cell = FrozenCell("writable", DATA)
    views = [memoryview(cell) for _ in range(count)]
    assert cell.exports == count
    counted = "1 export is out" if count == 1 else f"{count} exports are out"
    for wanted in ("read", "write", "take"):
        assert attempt(wanted, cell) == INTENT[wanted] + counted
    for view in views:
        view.release()
    assert cell.exports == 0 and attempt("write", cell) is None


def test_a_refusal_says_how_many_read_guards_are_out():
    cell = FrozenCell("writable", DATA)
    said = []
    cell.read(lambda _: cell.read(lambda _: cell.read(lambda _: said.append(attempt("export", cell)))))
    assert said == ["cannot lend the memory: Rust is reading the memory (3 read guards are out)"]


def test_growing_is_refused_while_exported_and_the_view_stays_as_it_was():
    """E-50, E-51."""
    cell = FrozenCell("writable", b"abc")
    view = memoryview(cell)
    for _ in range(3):
        with pytest.raises(BufferError, match="1 export is out"):
            cell.push(100)
    view[0] = 120
    assert view.tobytes() == b"xbc"
    view.release()
    for byte in range(1000):
        cell.push(byte % 256)
    assert memoryview(cell).tobytes() == b"xbc" + bytes(byte % 256 for byte in range(1000))


def test_the_answer_follows_what_a_write_guard_did():
    cell = FrozenCell("read_only", b"before")
    for data in (b"", b"a much longer text than before" * 100, b"x"):
        cell.write(lambda: data)
        view = memoryview(cell)
        assert (view.tobytes(), view.shape, view.nbytes) == (data, (len(data),), len(data))
        view.release()


def test_a_failed_request_counts_nothing():
    """E-06, E-12."""
    cell = FrozenCell("read_only", DATA)
    for _ in range(100):
        with pytest.raises(BufferError):
            raw.acquire(cell, 1)
    assert cell.exports == 0
    cell.push(1)


def test_an_exception_or_a_panic_under_a_guard_gives_the_guard_back(kind):
    cell = FrozenCell(kind, DATA)
    with pytest.raises(ZeroDivisionError):
        cell.read(lambda data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cell.write(lambda: 1 / 0)
    with pytest.raises(BaseException, match="a panic under a write guard"):
        cell.panic_while_writing()
    assert [attempt(wanted, cell) for wanted in WANTED] == [None] * 4
    cell.panic_while_writing.__self__.write(lambda: DATA)
    assert memoryview(cell) == DATA


@pytest.mark.parametrize("guard", ["read", "write"])
def test_a_guard_that_is_held_while_other_threads_run_keeps_them_out(guard, kind):
    cell = FrozenCell(kind, DATA)
    entered = threading.Event()
    thread = threading.Thread(target=cell.hold, args=(guard, entered.set))
    thread.start()
    entered.wait()
    try:
        answers = [attempt(wanted, cell) for wanted in WANTED]
    finally:
        cell.go_on()
        thread.join()
    now = "reading" if guard == "read" else "writing"
    assert ["no" if refusal else "yes" for refusal in answers] == TABLE[now][kind].split()
    assert cell.exports == 0
    # `hold` reverses the bytes under a write guard, without the global lock.
    assert memoryview(cell) == (DATA if guard == "read" else DATA[::-1])


def test_taking_back_moves_the_storage_out_and_putting_moves_another_in(kind):
    cell = FrozenCell(kind, b"first")
    assert cell.take() == b"first" and cell.is_taken
    with pytest.raises(BufferError, match="taken back"):
        memoryview(cell)
    cell.put(b"the second")
    assert not cell.is_taken
    assert memoryview(cell) == b"the second"
    with pytest.raises(BufferError, match="cannot put a storage into the cell: the cell has a storage already"):
        cell.put(b"a third")
    assert memoryview(cell) == b"the second"


def test_a_promise_is_kept_at_once_if_nobody_uses_the_memory(kind):
    cell = FrozenCell(kind, DATA)
    received = []
    cell.take_later(received.append)
    assert received == [DATA] and cell.is_taken


def test_a_promise_is_kept_at_the_last_release(kind):
    cell = FrozenCell(kind, DATA)
    views = [memoryview(cell) for _ in range(1 if kind == "exclusive" else 3)]
    received = []
    cell.take_later(received.append)
    with pytest.raises(BufferError, match="promised"):
        cell.take_later(received.append)
    for view in views:
        assert received == [] and not cell.is_taken
        assert view.tobytes() == DATA
        view.release()
    assert received == [DATA] and cell.is_taken


def test_a_promise_is_kept_when_the_last_reader_leaves():
    cell = FrozenCell("read_only", DATA)
    received = []

    def reading(_):
        view = memoryview(cell)
        cell.take_later(received.append)
        view.release()
        assert received == []

    cell.read(reading)
    assert received == [DATA]


def test_who_receives_a_promise_may_use_the_cell(unraisable):
    """The state is settled before the receiver is called."""
    cell = FrozenCell("writable", b"first")
    done = []

    def receive(data):
        cell.put(data + b", second")
        done.append(memoryview(cell).tobytes())
        cell.take_later(done.append)

    view = memoryview(cell)
    cell.take_later(receive)
    view.release()
    assert done == [b"first, second"] * 2
    assert cell.is_taken and cell.exports == 0 and unraisable == []


def test_a_receiver_that_raises_is_reported_and_the_cell_is_empty(unraisable):
    cell = FrozenCell("writable", DATA)
    with memoryview(cell):
        cell.take_later(lambda data: 1 / 0)
    assert [type(error) for error in unraisable] == [ZeroDivisionError]
    assert cell.is_taken
    cell.put(DATA)
    assert memoryview(cell) == DATA


def test_a_refused_promise_leaves_nothing_behind():
    cell = FrozenCell("writable", DATA)
    received = []

    def writing():
        with pytest.raises(BufferError, match="Rust is writing"):
            cell.take_later(received.append)
        return DATA

    cell.write(writing)
    assert received == []
    cell.take_later(received.append)
    assert received == [DATA]
    with pytest.raises(BufferError, match="taken back"):
        cell.take_later(received.append)
    assert received == [DATA]
