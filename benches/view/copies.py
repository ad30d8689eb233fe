"""Copies out of every layout and into it, into memory that is there, and into new bytes."""

from __future__ import annotations

import importlib
import math
from typing import Any

import layouts
import ways
from case import LARGE, SIZES, Case, Group, Made, Mark, Way
from layouts import LAYOUTS, SUBOFFSETS, Layout

MEMCPY, HELD, CALLED, ASSIGNED = "memcpy", "View<T>, held", "View<T>, called", "onloan.View w[...] = v"
COPYTO, TO_CONTIGUOUS, PYO3 = "numpy.copyto", "PyBuffer_ToContiguous", "PyO3 copy_to_slice"
CYTHON, MEMORYVIEW = "Cython loop", "memoryview w[:] = v"
TOBYTES, THEIR_TOBYTES, NUMPY_TOBYTES = "onloan.View.tobytes", "memoryview.tobytes", "numpy tobytes"
BYTES = "bytes(contiguous)"

#: Slower than this, in terms of NumPy's copyto, on no layout; on bytes that lie one by one a third.
COPYTO_AT_MOST, COPYTO_SCATTERED = 1.1, 1 / 3
MEMORYVIEW_AT_MOST = 0.1
MEMCPY_AT_MOST = 1.05


def groups(here: set[str]) -> list[Group]:
    """Three tables."""
    return [out_of(here), into(), new_bytes()]


def out_of(here: set[str]) -> Group:
    """From each layout into memory without gaps."""
    cases = []
    for size, nbytes in SIZES.items():
        for layout in LAYOUTS:
            marks = copy_marks(layout, nbytes)
            cases.append(
                Case(layout.name, lambda layout=layout, nbytes=nbytes: copied(layout, nbytes, here), size, marks=marks)
            )
        marks = [Mark(HELD, MEMORYVIEW_AT_MOST, TO_CONTIGUOUS)] if nbytes >= LARGE else []
        cases.append(Case(SUBOFFSETS, lambda nbytes=nbytes: copied_rows(nbytes, here), size, marks=marks))
    note = (
        "Into memory without gaps that is there already. Held: source and target are acquired before the clock starts; "
        "so they are for memcpy (of as many bytes without gaps), PyBuffer_ToContiguous, PyO3 and Cython. "
        "Called: a function in Rust that acquires the source, copies and gives it back, called as numpy.copyto is. "
        "`v` and `w` are views that are held, as copyto's arrays are; memoryview assigns only along one dimension."
    )
    columns = [MEMCPY, HELD, CALLED, ASSIGNED, COPYTO, TO_CONTIGUOUS, PYO3, CYTHON, MEMORYVIEW]
    return Group("Copies out of a layout", note, columns, cases, MEMCPY)


def copy_marks(layout: Layout, nbytes: int) -> list[Mark]:
    """NumPy's and memcpy's on every size, memoryview's on the large ones."""
    if layout.contiguous:
        return [
            Mark(HELD, MEMCPY_AT_MOST, MEMCPY),
            Mark(CALLED, COPYTO_AT_MOST, COPYTO),
            Mark(ASSIGNED, COPYTO_AT_MOST, COPYTO),
        ]
    most = COPYTO_SCATTERED if layout.scattered else COPYTO_AT_MOST
    marks = [Mark(CALLED, most, COPYTO), Mark(ASSIGNED, most, COPYTO)]
    if nbytes >= LARGE:
        marks.append(Mark(HELD, MEMORYVIEW_AT_MOST, TO_CONTIGUOUS))
        if layout.make in (layouts.every_second, layouts.backwards):
            marks.append(Mark(ASSIGNED, MEMORYVIEW_AT_MOST, MEMORYVIEW))
    return marks


def copied(layout: Layout, nbytes: int, here: set[str]) -> Made:
    """Everybody's copy of the same array, each into memory of its own."""
    numpy = importlib.import_module("numpy")
    source = layouts.source(layout, nbytes)
    made = native(source, source.size, source.itemsize, here)
    flat, target = numpy.ascontiguousarray(source), memory(source.shape, source.dtype)
    import view_driver

    made[MEMCPY] = ways.copies(view_driver.time_memcpy, target, flat, contents=target.tobytes)
    made[TO_CONTIGUOUS] = to_contiguous(source, source.shape, source.dtype)
    made |= assigned(source, memory(source.shape, source.dtype), one_dimension=source.ndim == 1)
    made |= copyto(source, memory(source.shape, source.dtype))
    if "Cython" in here:
        import cython_peer

        time = (cython_peer.time_copy_1, cython_peer.time_copy_2, cython_peer.time_copy_3)[source.ndim - 1]
        target = memory(source.shape, source.dtype)
        made[CYTHON] = ways.copies(time, target, source, contents=target.tobytes)
    return Made(flat.tobytes(), made)


def copied_rows(nbytes: int, here: set[str]) -> Made:
    """The same of rows behind pointers."""
    import view_driver
    import view_exporters

    rows = layouts.rows(nbytes)
    source, expected = view_exporters.Rows(rows), b"".join(rows)
    shape = (len(rows), len(rows[0]))
    made = native(source, len(expected), 1, here)
    target = bytearray(len(expected))
    made[MEMCPY] = ways.copies(view_driver.time_memcpy, target, expected, contents=lambda: bytes(target))
    made[TO_CONTIGUOUS] = to_contiguous(source, shape, "u1")
    made |= assigned(source, memory(shape, "u1"), one_dimension=False)
    if "Cython" in here:
        import cython_peer

        square = memory(shape, "u1")
        made[CYTHON] = ways.copies(cython_peer.time_copy_rows, square, source, contents=square.tobytes)
    return Made(expected, made)


def native(source: Any, items: int, itemsize: int, here: set[str]) -> dict[str, Way]:
    """The consumers in Rust."""
    import onloan_peer

    held, called = onloan_peer.Target(items, itemsize), onloan_peer.Target(items, itemsize)
    made = {
        HELD: ways.copies(held.time_copy, source, contents=lambda: bytes(held.contents())),
        CALLED: ways.calls(called.copy, source, answer=lambda: (called.copy(source), bytes(called.contents()))[1]),
    }
    if "PyO3" in here:
        import pyo3_peer

        target = pyo3_peer.Target(items, itemsize)
        made[PYO3] = ways.copies(target.time_copy, source, contents=lambda: bytes(target.contents()))
    return made


def memory(shape: tuple[int, ...], dtype: Any) -> Any:
    """An array of zeros in memory of the kind that Rust's targets are in. NumPy's own large ones are in huge pages."""
    numpy = importlib.import_module("numpy")
    itemsize = numpy.dtype(dtype).itemsize
    return numpy.frombuffer(bytearray(math.prod(shape) * itemsize), dtype).reshape(shape)


def to_contiguous(source: Any, shape: tuple[int, ...], dtype: Any) -> Way:
    """CPython's own, which memoryview.tobytes and PyO3 come down to."""
    import view_driver

    target = memory(shape, dtype)
    return ways.copies(view_driver.time_to_contiguous, target, source, contents=target.tobytes)


def assigned(source: Any, target: Any, one_dimension: bool) -> dict[str, Way]:
    """`w[...] = v` of views in Python."""
    import onloan

    made = {ASSIGNED: ways.sets(onloan.View(target), ..., onloan.View(source), target.tobytes)}
    if one_dimension:
        theirs = like(target)
        made[MEMORYVIEW] = ways.sets(memoryview(theirs), slice(None), memoryview(source), theirs.tobytes)
    return made


def copyto(source: Any, target: Any) -> dict[str, Way]:
    """NumPy's."""
    numpy = importlib.import_module("numpy")
    return {
        COPYTO: ways.calls(
            numpy.copyto, target, source, answer=lambda: (numpy.copyto(target, source), target.tobytes())[1]
        )
    }


def like(array: Any) -> Any:
    """Another array of the same layout, in memory of its own, all zero."""
    if array.ndim == 1 and array.strides[0] != array.itemsize:
        step = array.strides[0] // array.itemsize
        return memory((abs(step) * array.size,), array.dtype)[::step]
    order = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
    whole = memory(tuple(array.shape[axis] for axis in order), array.dtype)
    return whole.transpose([order.index(axis) for axis in range(array.ndim)])


def into() -> Group:
    """From memory without gaps into each layout."""
    cases = []
    for size, nbytes in SIZES.items():
        for layout in LAYOUTS:
            if layout.contiguous:
                continue
            cases.append(
                Case(
                    layout.name,
                    lambda layout=layout, nbytes=nbytes: spread_out(layout, nbytes),
                    size,
                    marks=[Mark(ASSIGNED, COPYTO_AT_MOST, COPYTO)],
                )
            )
    note = "From memory without gaps; `v` and `w` are views that are held, as copyto's arrays are."
    return Group("Copies into a layout", note, [MEMCPY, ASSIGNED, COPYTO, MEMORYVIEW], cases, MEMCPY)


def spread_out(layout: Layout, nbytes: int) -> Made:
    """The same items into arrays of one layout."""
    import view_driver

    numpy = importlib.import_module("numpy")
    shown = layouts.source(layout, nbytes)
    source = numpy.ascontiguousarray(shown)
    flat = memory(source.shape, source.dtype)
    made = {MEMCPY: ways.copies(view_driver.time_memcpy, flat, source, contents=flat.tobytes)}
    made |= assigned(source, like(shown), one_dimension=source.ndim == 1)
    made |= copyto(source, like(shown))
    return Made(source.tobytes(), made)


def new_bytes() -> Group:
    """`tobytes`."""
    cases = []
    for size, nbytes in SIZES.items():
        for layout in LAYOUTS:
            marks = [Mark(TOBYTES, MEMORYVIEW_AT_MOST, THEIR_TOBYTES)]
            if layout.contiguous:
                marks = [Mark(TOBYTES, MEMCPY_AT_MOST, BYTES)]
            cases.append(
                Case(
                    layout.name,
                    lambda layout=layout, nbytes=nbytes: as_bytes(layouts.source(layout, nbytes)),
                    size,
                    marks=marks if nbytes >= LARGE else [],
                )
            )
        marks = [Mark(TOBYTES, MEMORYVIEW_AT_MOST, THEIR_TOBYTES)] if nbytes >= LARGE else []
        cases.append(Case(SUBOFFSETS, lambda nbytes=nbytes: rows_as_bytes(nbytes), size, marks=marks))
    note = f"A method call that makes a new object. {BYTES} is memcpy with that: `bytes` of a bytearray of the length."
    return Group("Copies into new bytes", note, [BYTES, TOBYTES, THEIR_TOBYTES, NUMPY_TOBYTES], cases, BYTES)


def as_bytes(source: Any) -> Made:
    """Of an array."""
    expected = importlib.import_module("numpy").ascontiguousarray(source).tobytes()
    return Made(expected, {**views_as_bytes(source, expected), NUMPY_TOBYTES: ways.calls(source.tobytes)})


def rows_as_bytes(nbytes: int) -> Made:
    """Of rows behind pointers."""
    import view_exporters

    rows = layouts.rows(nbytes)
    expected = b"".join(rows)
    return Made(expected, views_as_bytes(view_exporters.Rows(rows), expected))


def views_as_bytes(source: Any, expected: bytes) -> dict[str, Way]:
    """Of a view, and the limit."""
    import onloan

    return {
        BYTES: ways.calls(bytes, bytearray(expected)),
        TOBYTES: ways.calls(onloan.View(source).tobytes),
        THEIR_TOBYTES: ways.calls(memoryview(source).tobytes),
    }
