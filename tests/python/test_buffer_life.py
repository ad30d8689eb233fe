"""The life of a Buffer: who keeps it, when its memory goes, and what a closed one says."""

import copy
import ctypes
import gc
import pickle
import threading
import weakref

import pytest

from onloan import Buffer, _onloan


def closed():
    buffer = Buffer(b"abc")
    buffer.close()
    return buffer


# Exports


def test_exports_are_counted_whoever_takes_them():
    buffer = Buffer(b"abcd")
    first = memoryview(buffer)
    second = first[1:]
    assert buffer.exports == 1  # a slice shares what its view has
    third = (ctypes.c_char * 4).from_buffer(buffer)
    assert buffer.exports == 2
    first.release()
    assert buffer.exports == 2
    second.release()
    assert buffer.exports == 1
    del third
    gc.collect()
    assert buffer.exports == 0


def test_a_consumer_on_another_thread_is_counted_and_may_release_there():
    buffer = Buffer(bytes(1000))
    views = [memoryview(buffer) for _ in range(8)]
    threads = [threading.Thread(target=view.release) for view in views]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert buffer.exports == 0
    buffer.close()


def test_the_memory_outlives_the_name():
    view = memoryview(Buffer(b"abc"))
    gc.collect()
    assert view.tobytes() == b"abc" and view.obj.exports == 1


def test_a_refused_request_counts_nothing():
    buffer = Buffer(b"abc", readonly=True)
    for _ in range(5):
        with pytest.raises(TypeError):
            (ctypes.c_char * 3).from_buffer(buffer)
        assert not _onloan.request(buffer, 1)["granted"]
    assert buffer.exports == 0
    buffer.close()


# Closing


def test_closing_frees_and_closing_again_does_nothing():
    buffer = Buffer(b"abc")
    assert not buffer.closed
    buffer.close()
    buffer.close()
    assert buffer.closed and buffer.exports == 0


OPERATIONS = {
    "format": lambda b: b.format,
    "itemsize": lambda b: b.itemsize,
    "shape": lambda b: b.shape,
    "strides": lambda b: b.strides,
    "ndim": lambda b: b.ndim,
    "nbytes": lambda b: b.nbytes,
    "readonly": lambda b: b.readonly,
    "align": lambda b: b.align,
    "len": len,
    "bool": bool,
    "resize": lambda b: b.resize(1),
    "extend": lambda b: b.extend(b"a"),
    "extend by itself": lambda b: b.extend(b),
    "append": lambda b: b.append(1),
    "fill": lambda b: b.fill(1),
    "tobytes": lambda b: b.tobytes(),
    "tolist": lambda b: b.tolist(),
    "enter": lambda b: b.__enter__(),
    "pickle": lambda b: pickle.dumps(b, 5),
    "pickle below 5": lambda b: pickle.dumps(b, 2),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_on_a_closed_buffer_says_so(name):
    with pytest.raises(ValueError, match="operation on a closed Buffer"):
        OPERATIONS[name](closed())


def test_a_closed_buffer_lends_nothing():
    with pytest.raises(BufferError, match="cannot lend the memory"):
        memoryview(closed())
    answers = {_onloan.request(closed(), flags)["error"] for _, flags in _onloan.requests()}
    assert answers == {"BufferError"}


def test_what_needs_no_memory_works_on_a_closed_buffer():
    buffer = closed()
    assert (buffer.closed, buffer.exports, buffer.name, repr(buffer)) == (True, 0, None, "<onloan.Buffer closed>")
    assert hash(buffer) == hash(buffer) and buffer == buffer
    assert buffer.__sizeof__() > 0 and "closed" in buffer._repr_html_()


def test_a_with_block_closes():
    with Buffer(b"abc") as buffer:
        assert buffer.tobytes() == b"abc"
    assert buffer.closed


def test_leaving_a_with_block_while_lent_is_refused():
    with pytest.raises(BufferError, match="cannot close: 1 export is out"):
        with Buffer(b"abc") as buffer:
            view = memoryview(buffer)
    assert not buffer.closed and view.tobytes() == b"abc"
    view.release()
    buffer.close()


def test_an_exception_in_a_with_block_is_not_replaced_and_the_memory_goes_at_the_last_release():
    with pytest.raises(KeyError) as caught:
        with Buffer(b"abc") as buffer:
            view, second = memoryview(buffer), memoryview(buffer)
            raise KeyError("mine")
    assert caught.value.args == ("mine",)
    assert caught.value.__notes__ == ["onloan.Buffer: cannot close: 2 exports are out; the memory is freed at the last release"]
    assert buffer.closed and buffer.exports == 2
    assert view.tobytes() == second.tobytes() == b"abc"
    with pytest.raises(BufferError):
        memoryview(buffer)
    assert repr(buffer) == "<onloan.Buffer closed, 2 exports out>"
    view.release()
    second.release()
    assert buffer.exports == 0
    buffer.close()


# Who keeps whom


def test_a_buffer_can_be_referred_to_weakly():
    buffer = Buffer(b"abc")
    gone = []
    reference = weakref.ref(buffer, gone.append)
    assert reference() is buffer
    del buffer
    assert gone == [reference]


def test_buffers_are_equal_to_themselves_only():
    one, two = Buffer(b"a"), Buffer(b"a")
    assert one == one and one != two and one != b"a"
    assert len({one, two}) == 2
    assert memoryview(one) == memoryview(two)


# Lazy memory


class Maker:
    """Makes memory, and knows how much of it is alive."""

    def __init__(self, make=lambda: bytearray(b"abcdefgh")):
        self.make, self.calls, self.alive = make, 0, weakref.WeakSet()

    def __call__(self):
        self.calls += 1
        holder = Buffer(self.make())
        self.alive.add(holder)
        return holder


def test_lazy_memory_is_made_for_the_first_consumer_and_dropped_after_the_last():
    maker = Maker()
    buffer = Buffer.lazy(maker, format="H")
    assert (maker.calls, buffer.exports, buffer.readonly, buffer.format) == (0, 0, True, "H")
    first = memoryview(buffer)
    second = memoryview(buffer)
    assert (maker.calls, len(maker.alive), buffer.exports) == (1, 1, 2)
    assert first.tobytes() == b"abcdefgh" and first.shape == (4,) and first.readonly
    assert _onloan.request(second, 0)["buf"] == _onloan.request(next(iter(maker.alive)), 0)["buf"]
    first.release()
    assert len(maker.alive) == 1
    second.release()
    assert len(maker.alive) == 0 and buffer.exports == 0
    assert buffer.tobytes() == b"abcdefgh"
    assert (maker.calls, len(maker.alive)) == (2, 0)


def test_a_shape_that_is_known_beforehand_needs_no_call():
    maker = Maker()
    buffer = Buffer.lazy(maker, format="B", shape=(2, 4))
    assert (buffer.shape, buffer.nbytes, buffer.strides, buffer.ndim, len(buffer)) == ((2, 4), 8, (4, 1), 2, 2)
    assert "2×4 of 'B'" in repr(buffer) and "2×4" in buffer._repr_html_()
    assert maker.calls == 0
    assert buffer.tolist() == [[97, 98, 99, 100], [101, 102, 103, 104]]


def test_showing_a_lazy_buffer_makes_nothing():
    maker = Maker()
    buffer = Buffer.lazy(maker)
    assert repr(buffer) == "<onloan.Buffer items of 'B', read-only, lazy, not made>"
    buffer._repr_html_()
    assert buffer.__sizeof__() > 0
    assert maker.calls == 0
    assert buffer.shape == (8,) and maker.calls == 1


def test_strided_results_are_copied_in_c_order():
    buffer = Buffer.lazy(lambda: memoryview(bytes(range(8)))[::-2], format="B")
    assert buffer.tolist() == [7, 5, 3, 1]


@pytest.mark.parametrize(
    ("make", "keywords", "error", "words"),
    [
        (lambda: 1 / 0, {}, ZeroDivisionError, "division"),
        (lambda: 7, {}, TypeError, "returned 'int', which lends no buffer"),
        (lambda: None, {}, TypeError, "'NoneType'"),
        (lambda: bytes(7), {"format": "d"}, ValueError, "7 bytes, which are not a number of items of 8"),
        (lambda: bytes(7), {"shape": 8}, ValueError, "returned 7 bytes"),
        (lambda: bytes(9), {"shape": 8}, ValueError, "returned 9 bytes"),
        (lambda x: b"", {}, TypeError, "positional"),
        (lambda: closed(), {}, BufferError, "cannot lend"),
    ],
)
def test_what_goes_wrong_in_the_function_reaches_who_asked_and_locks_nothing(make, keywords, error, words):
    results = [make]
    buffer = Buffer.lazy(lambda: results[-1](), **keywords)
    for ask in (memoryview, Buffer.tobytes, Buffer.tolist):
        with pytest.raises(error, match=words):
            ask(buffer)
        assert buffer.exports == 0
    answer = _onloan.request(buffer, 0)
    assert (answer["granted"], answer["error"], answer["obj"]) == (False, error.__name__, "null")
    results.append(lambda: bytes(8))
    assert buffer.tobytes() == bytes(8)
    buffer.close()


def test_a_function_that_cannot_be_called_is_refused_at_once():
    with pytest.raises(TypeError, match="called without arguments"):
        Buffer.lazy(b"abc")


def test_a_function_that_asks_for_the_very_buffer_is_refused_and_may_go_on():
    said = []

    def function():
        for ask in (memoryview, Buffer.close, Buffer.tobytes):
            try:
                ask(buffer)
            except BufferError as error:
                said.append(str(error))
        assert "lazy" in repr(buffer) and buffer.exports == 0 and not buffer.closed
        return b"abc"

    buffer = Buffer.lazy(function)
    assert buffer.tobytes() == b"abc"
    assert len(said) == 3 and all("being opened" in words for words in said)


def test_a_lazy_buffer_that_returns_itself_is_refused():
    buffer = Buffer.lazy(lambda: buffer)
    with pytest.raises(BufferError):
        memoryview(buffer)
    assert buffer.exports == 0


def test_lazy_memory_does_not_change_its_size():
    buffer = Buffer.lazy(lambda: bytearray(4))
    for change in (lambda: buffer.resize(1), lambda: buffer.append(1), lambda: buffer.extend(b"a"), lambda: buffer.fill(1)):
        with pytest.raises(TypeError, match="read-only"):
            change()


def test_closing_a_lazy_buffer_drops_the_function():
    class Function:
        def __call__(self):
            return b"abc"

    function = Function()
    gone = weakref.ref(function)
    buffer = Buffer.lazy(function)
    del function
    with memoryview(buffer), pytest.raises(BufferError, match="1 export is out"):
        buffer.close()
    assert buffer.tobytes() == b"abc"
    buffer.close()
    assert buffer.closed and gone() is None


def test_a_cycle_through_the_function_is_collected():
    class Owner:
        def __init__(self):
            self.buffer = Buffer.lazy(self.make)

        def make(self):
            return b"abc"

    owner = Owner()
    assert owner.buffer.tobytes() == b"abc"
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None


def test_a_cycle_that_is_lent_is_collected_when_it_comes_back():
    class Owner:
        def __init__(self):
            self.buffer = Buffer.lazy(self.make)
            self.view = memoryview(self.buffer)

        def make(self):
            return bytearray(b"abc")

    owner = Owner()
    gone = weakref.ref(owner)
    outside = memoryview(owner.buffer)
    del owner
    gc.collect()
    assert outside.tobytes() == b"abc"
    outside.release()
    gc.collect()
    assert gone() is None


def test_threads_that_ask_at_once_share_what_is_made_or_are_refused():
    maker = Maker()
    buffer = Buffer.lazy(maker)
    failures = []

    def work():
        for _ in range(50):
            try:
                assert buffer.tobytes() == b"abcdefgh"
            except BufferError as error:
                if "being opened" not in str(error):
                    failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and buffer.exports == 0 and len(maker.alive) == 0
