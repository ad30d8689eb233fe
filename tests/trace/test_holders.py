"""From a view to a name: whoever holds it, through whatever."""

import array
import contextvars
import ctypes
import functools
import gc
import io
import mmap
import pickle
import re
import sys
import threading
import time

import pytest

import onloan

numpy = pytest.importorskip("numpy")

FILE = "test_holders.py"


@pytest.fixture(params=["traced", "untraced"], autouse=True)
def _traced(request):
    if request.param == "traced":
        onloan.start()
    yield
    onloan.stop()
    KEEP.clear()
    vars(Cache).get("shared", {}).clear()


KEEP = {}
GLOBAL_VIEW = None


class Cache:
    shared = {}

    def __init__(self, items=None):
        self.items = items


class Slotted:
    __slots__ = ("view", "__weakref__")


def lent():
    return bytearray(4096)


def chains(obj):
    return [list(chain) for chain in onloan.holders(obj)]


def only(obj):
    (chain,) = chains(obj)
    return chain


def test_a_global_is_named_by_its_module():
    global GLOBAL_VIEW
    buf = lent()
    GLOBAL_VIEW = memoryview(buf)
    try:
        assert only(buf) == ["memoryview", f"global {__name__}.GLOBAL_VIEW"]
    finally:
        GLOBAL_VIEW = None


def test_the_chain_of_the_documentation():
    buf = lent()
    KEEP["cache"] = Cache({"frame-1": numpy.frombuffer(buf, "u1")})
    chain = only(buf)
    assert chain == ["memoryview", "numpy.ndarray", "dict['frame-1']", f"{__name__}.Cache.items", "dict['cache']", f"global {__name__}.KEEP"] or (
        chain[1:] == ["numpy.ndarray", "dict['frame-1']", f"{__name__}.Cache.items", "dict['cache']", f"global {__name__}.KEEP"]
    )


def test_a_local_variable_is_named_with_its_frame_and_line():
    buf = lent()
    view = memoryview(buf)  # noqa: F841
    found = only(buf)
    assert found[0] == "memoryview"
    here = sys._getframe().f_lineno - 2
    assert found[1] == f"local 'view' of frame test_a_local_variable_is_named_with_its_frame_and_line() in {FILE}:{here}"


def test_a_local_variable_of_another_thread_is_named_with_the_thread():
    buf, ready, done = lent(), threading.Event(), threading.Event()

    def worker():
        mine = memoryview(buf)  # noqa: F841
        ready.set()
        done.wait()

    thread = threading.Thread(target=worker, name="the worker")
    thread.start()
    ready.wait()
    try:
        assert re.fullmatch(rf"local 'mine' of frame worker\(\) in {FILE}:\d+, thread the worker", only(buf)[-1])
    finally:
        done.set()
        thread.join()


def test_slices_of_slices_lead_to_whoever_has_the_last():
    buf = lent()
    KEEP["slice"] = memoryview(buf)[10:][20:][::-1]
    assert only(buf) == ["memoryview", "dict['slice']", f"global {__name__}.KEEP"]


@pytest.mark.parametrize("depth", [1, 3])
def test_arrays_that_the_collector_does_not_see_are_seen(depth):
    buf = lent()
    made = numpy.frombuffer(buf, "u1")
    for _ in range(depth):
        made = made[1:].view(type("Sub", (numpy.ndarray,), {}))
    KEEP["array"] = made
    del made
    chain = only(buf)
    assert chain[0] == "memoryview"
    assert chain[-2:] == ["dict['array']", f"global {__name__}.KEEP"]
    assert any("ndarray" in element or "Sub" in element for element in chain)


@pytest.mark.parametrize("order", ["C", "F"])
def test_what_an_array_of_objects_has_is_named_by_its_place(order):
    buf = lent()
    table = numpy.empty((2, 3), dtype=object, order=order)
    table[1, 2] = memoryview(buf)
    KEEP["table"] = table[:]
    del table
    assert only(buf) == ["memoryview", "numpy.ndarray[5]", "numpy.ndarray", "dict['table']", f"global {__name__}.KEEP"]


def test_arrays_in_an_array_of_objects_are_seen():
    buf = lent()
    KEEP["frames"] = numpy.empty(4, dtype=object)
    KEEP["frames"][1] = {"pixels": numpy.frombuffer(buf, dtype="u1")[8:]}
    assert only(buf) == ["memoryview", "numpy.ndarray", "numpy.ndarray", "dict['pixels']", "numpy.ndarray[1]", "dict['frames']", f"global {__name__}.KEEP"]


def test_a_context_variable_is_named():
    buf = lent()
    variable = contextvars.ContextVar("request body")
    for number in range(40):
        contextvars.ContextVar(f"another {number}").set(number)
    token = variable.set(memoryview(buf))
    assert only(buf) == ["memoryview", "context variable 'request body'"]
    variable.reset(token)
    del token
    assert chains(buf) == []


def test_a_buffer_of_arrow_is_named():
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    buf = lent()
    KEEP["buffer"] = arrow.py_buffer(buf)
    if not onloan.is_tracing():
        pytest.skip("without a ledger nobody knows where its view is")
    assert only(buf) == ["pyarrow.lib.Buffer", "dict['buffer']", f"global {__name__}.KEEP"]


def test_that_many_refer_to_one_is_not_said_of_another():
    popular, lonely = lent(), bytearray(4099)
    view = memoryview(popular)
    KEEP["many"] = [[view] for _ in range(100)]
    lost = memoryview(lonely)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(lost))
    number = id(lost)
    del lost, view
    both = [export for export in onloan.snapshot().live for export in export.exports] if onloan.is_tracing() else onloan.exports(lonely)
    (of_lonely,) = [export for export in both if export.holders == () and export.nbytes == len(lonely)]
    assert "not visible to the collector" in of_lonely.why
    ctypes.pythonapi.Py_DecRef(ctypes.cast(number, ctypes.py_object))
    assert onloan.exports(lonely) == []


def test_an_untracked_dict_of_arrays_is_seen():
    buf = lent()
    inner = {}
    inner["a"] = numpy.frombuffer(buf, "u1")
    KEEP["list"] = [0, (1, inner)]
    del inner
    chain = only(buf)
    assert chain[-5:] == ["dict['a']", "tuple[1]", "list[1]", "dict['list']", f"global {__name__}.KEEP"]


def test_a_ctypes_object_is_named():
    buf = lent()
    KEEP["c"] = (ctypes.c_char * 16).from_buffer(buf)
    chain = only(buf)
    assert chain[0] == "memoryview"
    assert any("c_char_Array_16" in element for element in chain)
    assert chain[-1] == f"global {__name__}.KEEP"


def test_a_picklebuffer_is_named():
    buf = lent()
    KEEP["pickle"] = pickle.PickleBuffer(buf)
    if not onloan.is_tracing():
        assert chains(buf) == []  # it keeps a bare Py_buffer, which only the ledger knows of
        return
    assert only(buf) == ["pickle.PickleBuffer", "dict['pickle']", f"global {__name__}.KEEP"]


def test_a_view_of_onloan_is_named():
    buf = lent()
    KEEP["view"] = onloan.View(buf)[5:]
    if not onloan.is_tracing():
        return
    assert only(buf) == ["onloan.View", "dict['view']", f"global {__name__}.KEEP"]


def test_attributes_of_classes_and_in_slots_are_named():
    buf, other = lent(), lent()
    Cache.shared = {"x": memoryview(buf)}
    assert only(buf) == ["memoryview", "dict['x']", f"class attribute {__name__}.Cache.shared"]
    slotted = Slotted()
    slotted.view = memoryview(other)
    KEEP["slotted"] = slotted
    del slotted
    assert only(other)[:2] == ["memoryview", f"{__name__}.Slotted.view"]


def test_closures_defaults_and_partials_are_named():
    first, second, third = lent(), lent(), lent()

    def make(buf):
        inside = memoryview(buf)

        def closure():
            return inside

        return closure

    KEEP["closure"] = make(first)
    assert only(first)[:2] == ["memoryview", f"closure 'inside' of {KEEP['closure'].__qualname__}()"]

    def default(view=memoryview(second)):
        pass

    KEEP["default"] = default
    del default
    assert only(second)[1].startswith("default argument of ")
    KEEP["partial"] = functools.partial(print, memoryview(third))
    assert "functools.partial" in " ".join(only(third))


def test_a_cell_of_a_running_function_is_a_local_variable():
    buf = lent()
    view = memoryview(buf)

    def inner():
        return view

    assert any("local 'view' of frame" in chain[-1] for chain in chains(buf))
    assert inner() is view


def test_generators_and_coroutines_that_wait_are_named():
    buf = lent()

    def generate(view):
        yield view[0]

    KEEP["generator"] = generate(memoryview(buf))
    next(KEEP["generator"])
    chain = only(buf)
    assert re.fullmatch(rf"local 'view' of generator generate\(\) in {FILE}:\d+", chain[1])


def test_a_traceback_frame_and_the_exception_that_has_it_are_named():
    buf = lent()

    def fail():
        part = memoryview(buf)[1:]
        raise KeyError(len(part))

    try:
        fail()
    except KeyError as error:
        KEEP["error"] = error
    chain = only(buf)
    assert re.fullmatch(rf"local 'part' of frame fail\(\) in {FILE}:\d+", chain[1])
    assert "traceback" in chain
    assert "exception KeyError" in chain
    assert chain[-1] == f"global {__name__}.KEEP"


def test_the_arguments_of_an_exception_are_named():
    buf = lent()
    KEEP["error"] = ValueError(memoryview(buf))
    assert only(buf)[1] == "args of exception ValueError"


def test_cyclic_garbage_is_called_so():
    buf = lent()
    node = Cache()
    node.me, node.items = node, memoryview(buf)
    gc.disable()
    try:
        del node
        (export,) = onloan.exports(buf)
        assert export.holders == ()
        assert "cyclic garbage" in export.why
    finally:
        gc.enable()
    gc.collect()
    assert onloan.exports(buf) == []


def test_c_code_is_told_by_the_line_that_called_it():
    if not onloan.is_tracing():
        return
    buf = lent()
    matches = re.finditer(rb"x", buf)
    (export,) = onloan.exports(buf)
    assert [frame.function for frame in export.acquired_at[:2]] == ["finditer", "test_c_code_is_told_by_the_line_that_called_it"]
    assert export.holders or "C memory" in export.why
    del matches


@pytest.mark.parametrize("make", [lent, lambda: array.array("B", bytes(64)), lambda: mmap.mmap(-1, 64), lambda: io.BytesIO(bytes(64))])
def test_searching_prolongs_nothing(make):
    lender = make()
    resize = {bytearray: lambda: lender.append(1), array.array: lambda: lender.append(1), mmap.mmap: lambda: lender.close()}
    resize = resize.get(type(lender), lambda: lender.write(bytes(100)))
    view = lender.getbuffer() if isinstance(lender, io.BytesIO) else memoryview(lender)
    kept = [view[1:], numpy.frombuffer(view, "u1")]
    assert onloan.holders(lender)
    if onloan.is_tracing():
        onloan.snapshot()
    with pytest.raises(BufferError):
        resize()
    kept.clear()
    view.release()
    resize()


def test_searching_while_other_threads_lend_never_gets_into_their_way():
    stop, failed = threading.Event(), []

    def work():
        mine = bytearray(8)
        while not stop.is_set():
            view = memoryview(mine)
            holder = {"view": view, "deep": [view[1:]]}
            view.release()
            holder["deep"][0].release()
            try:
                mine.append(1)
                mine.pop()
            except BufferError as error:
                failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    buf = lent()
    KEEP["x"] = memoryview(buf)
    end = time.monotonic() + 1
    while time.monotonic() < end:
        assert only(buf)
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_buffer_counts_for_itself():
    buffer = onloan.Buffer(bytes(100))
    held = [memoryview(buffer), onloan.View(buffer), pickle.PickleBuffer(buffer)]
    assert len(onloan.exports(buffer)) == buffer.exports == 3
    held.clear()
    gc.collect()
    assert onloan.exports(buffer) == []


def test_an_object_that_lends_nothing_has_no_exports():
    for nothing in (None, 1, "text", object(), Cache, len):
        assert onloan.exports(nothing) == []
        assert onloan.holders(nothing) == []


def test_the_holder_is_found_among_many_objects():
    crowd = [{"n": [n]} for n in range(100_000)]
    buf = lent()
    KEEP["needle"] = [crowd, {"view": memoryview(buf)}]
    chain = only(buf)
    assert chain == ["memoryview", "dict['view']", "list[1]", "dict['needle']", f"global {__name__}.KEEP"]
