"""Buffers that change their size, and refuse to while they are lent."""

import array
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from onloan import Buffer


def table():
    return Buffer([[1, 2], [3, 4]], format="h")


# What changes


def test_resize_keeps_what_was_and_adds_zeros():
    buffer = Buffer([1, 2, 3], format="i")
    buffer.resize(5)
    assert buffer.tolist() == [1, 2, 3, 0, 0]
    buffer.resize(2)
    assert buffer.tolist() == [1, 2]
    buffer.resize((4,))
    assert buffer.tolist() == [1, 2, 0, 0]
    buffer.resize(0)
    assert buffer.tolist() == [] and buffer.shape == (0,)


def test_resize_changes_the_first_extent_only():
    buffer = table()
    buffer.resize(3)
    assert buffer.tolist() == [[1, 2], [3, 4], [0, 0]] and buffer.strides == (4, 2)
    buffer.resize((1, 2))
    assert buffer.tolist() == [[1, 2]]
    for shape in [(2, 3), (2,), (2, 2, 1), ()]:
        with pytest.raises(ValueError, match="first extent only"):
            buffer.resize(shape)
    assert buffer.tolist() == [[1, 2]]


def test_append_adds_an_item_or_a_row():
    buffer = Buffer(format="d")
    for number in range(4):
        buffer.append(number)
    assert buffer.tolist() == [0.0, 1.0, 2.0, 3.0]
    buffer = table()
    buffer.append((5, 6))
    buffer.append(array.array("h", [7, 8]))
    assert buffer.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]
    records = Buffer([], format="T{<I:id:<d:x:}")
    records.append((7, 0.5))
    assert records.tolist() == [(7, 0.5)]


def test_extend_adds_values_items_and_bytes():
    buffer = Buffer([1], format="<i")
    buffer.extend([2, 3])
    buffer.extend(n for n in range(4, 6))
    buffer.extend(array.array("i", [6]))
    buffer.extend(Buffer([7, 8], format="=i"))
    buffer.extend((9).to_bytes(4, "little"))
    buffer.extend(memoryview(array.array("i", [10, 0, 11]))[::2])
    buffer.extend(b"")
    buffer.extend([])
    assert buffer.tolist() == list(range(1, 12))


def test_extend_of_bytes_takes_the_bytes_of_anything():
    buffer = Buffer(b"a")
    buffer.extend(array.array("H", [0x6262]))
    buffer.extend([99])
    assert buffer.tobytes() == b"abbc"


def test_extend_adds_rows():
    buffer = table()
    buffer.extend([[5, 6], [7, 8]])
    buffer.extend(table())
    buffer.extend(array.array("h", [9, 9]))
    buffer.extend(bytes(4))
    assert buffer.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8], [1, 2], [3, 4], [9, 9], [0, 0]]


def test_a_buffer_can_be_extended_by_itself():
    buffer = table()
    buffer.extend(buffer)
    assert buffer.tolist() == [[1, 2], [3, 4], [1, 2], [3, 4]]
    # Through a view it would have to move under the view.
    with pytest.raises(BufferError, match="cannot extend: 1 export is out"):
        buffer.extend(memoryview(buffer))
    assert buffer.exports == 0


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"abc", ValueError, "3 bytes are not a number of rows of 4 bytes"),
        (array.array("d", [1]), TypeError, "format \"h\" or bytes, not \"d\""),
        (array.array("H", [1, 2]), TypeError, "format"),
        (memoryview(array.array("h", [1, 2, 3])).cast("B").cast("h", (1, 3)), ValueError, "rows of shape"),
        ([[1, 2], [3]], ValueError, "exactly 2"),
        ([[1, 2], [3, 70000]], ValueError, "out of range"),
        ([1, 2], TypeError, "not iterable"),
        (7, TypeError, "not iterable"),
        (None, TypeError, "not iterable"),
        ("ab", TypeError, "sequence, not text"),
    ],
)
def test_an_extension_that_does_not_fit_changes_nothing(data, error, words):
    buffer = table()
    with pytest.raises(error, match=words):
        buffer.extend(data)
    assert buffer.tolist() == [[1, 2], [3, 4]] and buffer.exports == 0
    buffer.append([5, 6])


def test_rows_without_items_can_only_be_resized():
    buffer = Buffer.zeros((2, 0, 3))
    with pytest.raises(ValueError, match="use resize"):
        buffer.append([])
    buffer.extend(b"")
    with pytest.raises(ValueError, match="rows of 0 bytes"):
        buffer.extend(b"abc")
    buffer.resize(5)
    assert buffer.shape == (5, 0, 3)


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        (-1, ValueError),
        ((-1, 2), ValueError),
        (2**62, ValueError),
        (2**70, OverflowError),
        (1 << 54, MemoryError),
        (1.5, TypeError),
        ("ab", TypeError),
        (None, TypeError),
    ],
)
def test_a_size_that_cannot_be_changes_nothing(shape, error):
    buffer = table()
    with pytest.raises(error):
        buffer.resize(shape)
    assert buffer.tolist() == [[1, 2], [3, 4]]
    buffer.resize(1)


# Who stands in the way


CHANGES = {
    "resize": lambda buffer: buffer.resize(9),
    "extend": lambda buffer: buffer.extend([[1, 2]]),
    "extend by bytes": lambda buffer: buffer.extend(bytes(4)),
    "append": lambda buffer: buffer.append([1, 2]),
    "close": lambda buffer: buffer.close(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_while_exports_are_out_is_refused_and_counts_them(name):
    buffer = table()
    views = [memoryview(buffer) for _ in range(3)]
    word = name.split()[0]
    for left in (3, 2, 1):
        said = f"cannot {word}: {left} exports are out" if left > 1 else f"cannot {word}: 1 export is out"
        assert buffer.exports == left
        with pytest.raises(BufferError) as caught:
            CHANGES[name](buffer)
        assert str(caught.value) == said
        # The memory is where it was.
        assert views[-1].tolist() == [[1, 2], [3, 4]]
        views.pop().release()
    CHANGES[name](buffer)
    assert buffer.exports == 0


def test_a_change_to_the_same_size_is_refused_as_well():
    buffer = table()
    with memoryview(buffer), pytest.raises(BufferError):
        buffer.resize(2)


def test_fill_and_reading_need_no_other_place():
    buffer = table()
    with memoryview(buffer) as view:
        buffer.fill(7)
        assert view.tolist() == buffer.tolist() == [[7, 7], [7, 7]]
        assert buffer.tobytes() == view.tobytes()
        view[0, 1] = -1
        assert buffer.tolist() == [[7, -1], [7, 7]]
        assert (buffer.shape, buffer.nbytes, len(buffer)) == ((2, 2), 8, 2)


@pytest.mark.parametrize(("value", "error"), [("a", TypeError), (70000, ValueError), (None, TypeError), ([1], TypeError)])
def test_a_value_that_does_not_fit_fills_nothing(value, error):
    buffer = table()
    with pytest.raises(error):
        buffer.fill(value)
    assert buffer.tolist() == [[1, 2], [3, 4]]


def test_fill_writes_whole_items():
    buffer = Buffer.zeros((2, 2), "T{<B:a:3x<I:b:}")
    buffer.fill((1, 2))
    assert buffer.tolist() == [[(1, 2)] * 2] * 2
    empty = Buffer.zeros((0, 3), "d")
    empty.fill(1)
    single = Buffer.zeros((), "d")
    single.fill(2)
    assert single.tolist() == 2.0


def test_read_only_memory_does_not_change():
    buffer = Buffer([[1, 2]], format="h", readonly=True)
    for change in (lambda: buffer.fill(1), lambda: buffer.resize(2), lambda: buffer.append([1, 2]), lambda: buffer.extend(b"abcd")):
        with pytest.raises(TypeError, match="read-only"):
            change()
    with pytest.raises(TypeError):
        io.BytesIO(bytes(4)).readinto(buffer)
    with pytest.raises(TypeError, match="read-only"):
        memoryview(buffer)[0, 0] = 1
    assert buffer.tolist() == [[1, 2]]


def test_a_buffer_without_axes_does_not_grow():
    buffer = Buffer.zeros((), "d")
    for change in (lambda: buffer.resize(1), lambda: buffer.append(1), lambda: buffer.extend([1])):
        with pytest.raises(TypeError, match="without axes"):
            change()


# Code that runs in between


class Meddling:
    """An index whose evaluation does something to a buffer."""

    def __init__(self, run, value=1):
        self.run, self.value = run, value

    def __index__(self):
        self.run()
        return self.value


def meddling_values(run):
    yield [1, 2]
    run()
    yield [3, 4]


def test_arguments_may_change_the_very_buffer_they_are_arguments_of():
    buffer = table()
    buffer.resize(Meddling(lambda: buffer.resize(7), 3))
    assert buffer.shape == (3, 2)
    buffer.append([Meddling(lambda: buffer.resize(1)), 2])
    assert buffer.tolist() == [[1, 2], [1, 2]]
    buffer.extend(meddling_values(lambda: buffer.append([9, 9])))
    assert buffer.tolist() == [[1, 2], [1, 2], [9, 9], [1, 2], [3, 4]]
    buffer.fill(Meddling(lambda: buffer.resize(1), 5))
    assert buffer.tolist() == [[5, 5]]


CLOSING = {
    "resize": lambda buffer: buffer.resize(Meddling(buffer.close)),
    "append": lambda buffer: buffer.append([Meddling(buffer.close), 2]),
    "extend": lambda buffer: buffer.extend(meddling_values(buffer.close)),
    "fill": lambda buffer: buffer.fill(Meddling(buffer.close)),
}


@pytest.mark.parametrize("name", CLOSING)
def test_an_argument_that_closes_the_buffer_is_an_operation_on_a_closed_one(name):
    buffer = table()
    with pytest.raises(ValueError, match="operation on a closed Buffer"):
        CLOSING[name](buffer)
    assert buffer.closed and buffer.exports == 0


HOLDING = {
    "resize": lambda buffer, held: buffer.resize(Meddling(lambda: held.append(memoryview(buffer)))),
    "append": lambda buffer, held: buffer.append([Meddling(lambda: held.append(memoryview(buffer))), 2]),
    "extend": lambda buffer, held: buffer.extend(meddling_values(lambda: held.append(memoryview(buffer)))),
}


@pytest.mark.parametrize("name", HOLDING)
def test_an_argument_that_takes_an_export_stands_in_the_way_itself(name):
    buffer = table()
    held = []
    with pytest.raises(BufferError, match="1 export is out"):
        HOLDING[name](buffer, held)
    held.clear()
    buffer.resize(2)
    assert buffer.tolist() == [[1, 2], [3, 4]]


def test_an_exporter_that_meddles_while_it_is_asked_is_survived():
    class Source:
        def __init__(self, run):
            self.run = run

        def __buffer__(self, flags):
            self.run()
            return memoryview(bytes(4))

    buffer = table()
    try:
        memoryview(Source(lambda: None))
    except TypeError:
        pytest.skip("classes lend buffers from Python 3.12 on")
    buffer.extend(Source(lambda: buffer.resize(1)))
    assert buffer.tolist() == [[1, 2], [0, 0]]
    with pytest.raises(ValueError, match="closed"):
        buffer.extend(Source(buffer.close))


# Against a model


class Growing(RuleBasedStateMachine):
    """A buffer beside a list, with views that come and go."""

    def __init__(self):
        super().__init__()
        self.buffer = Buffer(format="h")
        self.model = []
        self.views = []

    def change(self, on_buffer, on_model):
        if self.views:
            with pytest.raises(BufferError, match=str(len(self.views))):
                on_buffer()
        else:
            on_buffer()
            on_model()

    @rule(values=st.lists(st.integers(-(2**15), 2**15 - 1), max_size=40))
    def extend(self, values):
        self.change(lambda: self.buffer.extend(values), lambda: self.model.extend(values))

    @rule(values=st.lists(st.integers(-(2**15), 2**15 - 1), max_size=40))
    def extend_by_items(self, values):
        data = array.array("h", values)
        self.change(lambda: self.buffer.extend(data), lambda: self.model.extend(values))

    @rule(value=st.integers(-(2**15), 2**15 - 1))
    def append(self, value):
        self.change(lambda: self.buffer.append(value), lambda: self.model.append(value))

    @rule(size=st.integers(0, 100))
    def resize(self, size):
        def on_model():
            self.model[size:] = []
            self.model.extend([0] * (size - len(self.model)))

        self.change(lambda: self.buffer.resize(size), on_model)

    @rule(value=st.integers(-(2**15), 2**15 - 1))
    def fill(self, value):
        self.buffer.fill(value)
        self.model[:] = [value] * len(self.model)

    @rule()
    def look(self):
        self.views.append(memoryview(self.buffer))

    @rule(data=st.data())
    def look_away(self, data):
        if self.views:
            self.views.pop(data.draw(st.integers(0, len(self.views) - 1))).release()

    @invariant()
    def buffer_and_views_are_as_the_model(self):
        assert self.buffer.tolist() == self.model
        assert self.buffer.exports == len(self.views)
        assert all(view.tolist() == self.model for view in self.views)


TestGrowing = Growing.TestCase


@given(st.lists(st.binary(max_size=50), max_size=30))
def test_a_sink_collects_what_a_bytearray_collects(chunks):
    sink, model = Buffer(), bytearray()
    for chunk in chunks:
        sink.extend(chunk)
        model.extend(chunk)
    assert sink.tobytes() == model
