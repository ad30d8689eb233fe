"""Objects that strike back: keys, values and exporters that release, resize or raise in the middle of an operation; cycles and counts."""

import array
import gc
import io
import sys
import weakref

import pytest

from onloan import View

PEP_688 = sys.version_info >= (3, 12)


class Releasing:
    """Releases a view whenever it is asked for anything, and makes its memory something else."""

    def __init__(self, view, memory, value=4):
        self.view, self.memory, self.value = view, memory, value

    def strike(self):
        self.view.release()
        try:
            self.memory.clear()
        except BufferError:
            # The operation holds the memory for itself.
            return self.value
        # What lay there is gone.
        self.memory.extend(b"\xaa" * 4096)
        return self.value

    def __index__(self):
        return self.strike()

    def __float__(self):
        return float(self.strike())

    def __complex__(self):
        return complex(self.strike())

    def __bool__(self):
        return bool(self.strike())


def victim(format="B", shape=None):
    """A view that has the only export of its memory, and its memory."""
    memory = bytearray(b"\xff" * 64)
    bytes_view = View(memory)
    view = bytes_view.cast(format, order="C") if shape is None else bytes_view.cast(format, shape, order="C")
    bytes_view.release()
    return view, memory


@pytest.mark.parametrize("format", ["B", "i", "<i", ">h", "?", "f", ">d", "Zd", "2h", "T{B:a:B:b:}"])
def test_a_value_that_releases_the_view_is_not_written(format):
    view, memory = victim(format)
    value = Releasing(view, memory)
    value = {"2h": [0, value], "T{B:a:B:b:}": (0, value)}.get(format, value)
    with pytest.raises(ValueError, match="released"):
        view[0] = value
    assert memory == b"\xaa" * 4096


@pytest.mark.parametrize("key", [lambda bad: bad, lambda bad: (bad, 0), lambda bad: (0, bad)])
def test_an_index_that_releases_the_view_reads_and_writes_nothing(key):
    shape = None if key(0) == 0 else [8, 8]
    view, memory = victim(shape=shape)
    with pytest.raises(ValueError, match="released"):
        view[key(Releasing(view, memory))]
    view, memory = victim(shape=shape)
    with pytest.raises(ValueError, match="released"):
        view[key(Releasing(view, memory))] = 1
    assert memory in (b"\xaa" * 4096, b"\xff" * 64)
    # Nobody holds it any more.
    memory.append(0)


def test_a_bound_that_releases_the_view_leaves_the_part_its_memory():
    memory = bytearray(b"\xff" * 64)
    view = View(memory)

    class Bound:
        def __index__(self):
            view.release()
            with pytest.raises(BufferError):
                memory.clear()
            return 4

    part = view[: Bound()]
    assert part.tolist() == [255] * 4
    part.release()
    memory.clear()


def test_a_bound_that_releases_the_view_writes_nothing():
    view, memory = victim()
    with pytest.raises(ValueError, match="released"):
        view[: Releasing(view, memory)] = b"spam"
    assert memory == b"\xaa" * 4096


@pytest.mark.skipif(not PEP_688, reason="__buffer__ in Python came with 3.12")
@pytest.mark.parametrize("operation", ["assign", "compare", "equals"])
def test_an_exporter_that_releases_the_view_while_it_is_asked(operation):
    view, memory = victim()

    class Exporter:
        def __buffer__(self, flags):
            Releasing(view, memory).strike()
            return memoryview(b"\xaa" * 64)

    if operation == "assign":
        with pytest.raises(ValueError, match="released"):
            view[:] = Exporter()
    elif operation == "compare":
        assert view != Exporter()
    else:
        with pytest.raises(ValueError, match="released"):
            view.equals(Exporter())
    assert memory == b"\xaa" * 4096


@pytest.mark.skipif(not PEP_688, reason="__buffer__ in Python came with 3.12")
def test_a_release_that_releases_and_looks_at_the_view_again():
    class Exporter:
        released = 0

        def __buffer__(self, flags):
            return memoryview(b"abc")

        def __release_buffer__(self, buffer):
            self.released += 1
            view.release()
            with pytest.raises(ValueError, match="released"):
                view[0]

    exporter = Exporter()
    view = View(exporter)
    part = view[1:]
    view.release()
    assert exporter.released == 0
    part.release()
    assert exporter.released == 1


def test_an_owner_whose_hash_releases_the_view_is_refused_that():
    class Owner(bytes):
        def __hash__(self):
            view.release()
            return 1

    view = View(Owner(b"abc"))
    with pytest.raises(BufferError, match="exported"):
        hash(view)
    assert view.tobytes() == b"abc"
    view.release()


def test_a_separator_whose_length_releases_the_view_does_not_get_that_far():
    view, memory = victim()
    asked = []

    class Separator(bytes):
        def __len__(self):
            asked.append(self)
            view.release()
            return 1

    # What becomes of an error in it depends on the version.
    try:
        assert view.hex(Separator(b":")) == memory.hex(":")
    except BufferError:
        pass
    assert asked and view.tobytes() == memory


def test_an_element_whose_comparison_releases_the_view():
    class Equal:
        def __eq__(self, other):
            view.release()
            return False

    for search in ("count", "index"):
        view = View(bytearray(8))
        with pytest.raises(ValueError, match="released"):
            getattr(view, search)(Equal())


def test_a_view_that_is_lent_cannot_be_released_and_says_how_often():
    view = View(bytearray(8))
    lent = [memoryview(view) for _ in range(3)]
    with pytest.raises(BufferError, match=r"^memoryview has 3 exported buffers$"):
        view.release()
    del lent[1:]
    with pytest.raises(BufferError, match=r"^memoryview has 1 exported buffer$"):
        view.release()
    del lent
    view.release()


def test_the_exporter_is_asked_once_and_gets_its_memory_back_once():
    memory = bytearray(64)
    before = sys.getrefcount(memory)
    view = View(memory)
    assert sys.getrefcount(memory) == before + 1
    others = [View(view), view[1:], view.cast("I"), view.cast("B", [8, 8])[2], view.toreadonly()]
    assert sys.getrefcount(memory) == before + 1
    assert all(other.obj is memory for other in others)
    view.release()
    while others:
        with pytest.raises(BufferError):
            memory.append(0)
        others.pop()
    memory.append(0)
    assert sys.getrefcount(memory) == before


@pytest.mark.parametrize("refused", [lambda view: view["x"], lambda view: view[99], lambda view: view[1.5], lambda view: view.cast("X"),
                                     lambda view: view.__setitem__(0, "x"), lambda view: view.__setitem__(slice(2), b"x"),
                                     lambda view: view.__setitem__(slice(2), 1), lambda view: view.cast("B", [3]), lambda view: hash(view)])  # fmt: skip
def test_what_is_refused_leaves_no_user_of_the_loan_behind(refused):
    memory = bytearray(64)
    view = View(memory)
    with pytest.raises((TypeError, ValueError, IndexError)):
        refused(view)
    view.release()
    memory.append(0)


def test_a_cycle_through_a_view_is_collected():
    class Owner(bytearray):
        pass

    owner = Owner(b"abc")
    owner.views = [View(owner), View(owner)[1:], iter(View(owner))]
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None


def test_a_cycle_through_a_view_that_is_lent_is_collected():
    class Owner(bytearray):
        pass

    owner = Owner(b"abc")
    view = View(owner)
    owner.lent = [memoryview(view), view]
    gone = weakref.ref(owner)
    del owner, view
    gc.collect()
    assert gone() is None


def test_the_collector_sees_who_holds_an_exporter():
    memory = array.array("i", [1, 2, 3])
    view = View(memory)
    [loan] = [holder for holder in gc.get_referrers(memory) if type(holder).__name__ == "ManagedLoan"]
    assert view in [holder for holder in gc.get_referrers(loan) if type(holder) is View]


def test_views_of_a_released_view_and_of_nothing():
    view = View(b"abc")
    view.release()
    for use in (View, memoryview, bytes, len, list, hash, lambda view: view.cast("b"), lambda view: view[0:1]):
        with pytest.raises(ValueError, match="released"):
            use(view)
    for nothing in ({}, None, 1, "text", [1]):
        with pytest.raises(TypeError, match="bytes-like object is required"):
            View(nothing)


def test_many_views_leave_nothing_behind():
    memory = bytearray(64)
    before = sys.getrefcount(memory), len(gc.get_objects())
    for _ in range(100_000):
        view = View(memory)
        view[1:9].cast("Q", order="C")[0] = 2**64 - 1
        view.release()
    del view
    assert sys.getrefcount(memory) == before[0]
    assert len(gc.get_objects()) - before[1] < 100
    memory.append(0)


def test_memory_that_contradicts_itself_is_shown_as_its_bytes():
    """After ctypes.resize the length is that of the memory, and the shape that of the type."""
    ctypes = pytest.importorskip("ctypes")
    memory = (ctypes.c_int * 2)(1, 2)
    ctypes.resize(memory, 40)
    view = View(memory)
    assert (view.format, view.shape) == ("B", (40,))
    assert view.cast("i")[:2].tolist() == [1, 2]


def test_a_refused_request_says_what_memoryview_says_and_what_would_be_granted():
    with pytest.raises(BufferError, match="underlying buffer is not C-contiguous: .* STRIDES would be granted"):
        io.BytesIO().write(View(b"abcd")[::2])


def test_the_html_of_a_view_draws_its_memory():
    html = View(b"a<b&c")._repr_html_()
    assert "<caption>onloan.View</caption>" in html and "read-only" in html
    view = View(b"abc")
    view.release()
    assert "released" in view._repr_html_()
