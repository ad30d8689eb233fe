"""Acquire and drop in a native consumer."""

from __future__ import annotations

import array
import importlib
from collections.abc import Callable

import ways
from case import Case, Group, Made, Mark, Way

RAW = "C API"
VIEW, ANY, VIEW_MUT = "View<f64>", "View", "ViewMut<f64>"
TYPED, UNTYPED, CYTHON = "PyBuffer<f64>", "PyUntypedBuffer", "Cython double[:]"

NOTE = (
    "FULL_RO, and FULL where it is written to, in a loop of the consumer's own language, attached. The C API is "
    "PyObject_GetBuffer and PyBuffer_Release called from Rust. View is a view of whatever the items are."
)


def groups(here: set[str]) -> list[Group]:
    """One table: exporters from the quickest there can be to NumPy."""
    exporters: dict[str, Callable[[], object]] = {
        "C exporter, static": lambda: importlib.import_module("view_exporters").Doubles(),
        "array.array('d')": lambda: array.array("d", range(8)),
        "numpy float64": lambda: importlib.import_module("numpy").arange(8.0),
        "numpy float64, 2-D": lambda: importlib.import_module("numpy").arange(8.0).reshape(2, 4),
    }
    pyo3 = "PyO3" in here
    marks = [Mark(VIEW, 1.3, RAW)] if pyo3 else []
    cases = [
        Case(name, lambda make=make, name=name: reading(make(), here, 2 if "2-D" in name else 1), marks=marks)
        for name, make in exporters.items()
    ]
    marks = [Mark(VIEW_MUT, 1.3, RAW)] if pyo3 else []
    cases.append(
        Case("array.array('d'), to be written to", lambda: writing(array.array("d", range(8)), here), marks=marks)
    )
    columns = [RAW, VIEW, ANY, VIEW_MUT, TYPED, UNTYPED, CYTHON] if pyo3 else [VIEW, ANY, VIEW_MUT, CYTHON]
    return [Group("Acquire + drop in Rust", NOTE, columns, cases)]


def reading(exporter: object, here: set[str], ndim: int) -> Made:
    """Everybody who reads."""
    import onloan_peer

    made = {
        VIEW: ways.timed(onloan_peer.time_view_f64, exporter, answer=lambda: onloan_peer.doubles(exporter)),
        ANY: ways.timed(onloan_peer.time_view_any, exporter, answer=lambda: as_doubles(onloan_peer.bytes(exporter))),
    }
    if "PyO3" in here:
        made |= pyo3(exporter)
    if "Cython" in here:
        import cython_peer

        time, read = (
            (cython_peer.time_view, cython_peer.doubles)
            if ndim == 1
            else (cython_peer.time_view_2d, cython_peer.doubles_2d)
        )
        made[CYTHON] = ways.timed(time, exporter, answer=lambda: read(exporter))
    return Made([float(value) for value in range(8)], made)


def pyo3(exporter: object) -> dict[str, Way]:
    """PyO3's consumers, and none at all."""
    import pyo3_peer

    return {
        RAW: ways.timed(pyo3_peer.time_raw_read, exporter, answer=lambda: as_doubles(pyo3_peer.raw_bytes(exporter))),
        TYPED: ways.timed(pyo3_peer.time_buffer_f64, exporter, answer=lambda: pyo3_peer.doubles(exporter)),
        UNTYPED: ways.timed(pyo3_peer.time_untyped, exporter, answer=lambda: pyo3_peer.untyped_doubles(exporter)),
    }


def writing(exporter: object, here: set[str]) -> Made:
    """Who asks for memory to write to; PyO3 never does."""
    import onloan_peer

    made = {
        VIEW_MUT: ways.timed(onloan_peer.time_view_mut_f64, exporter, answer=lambda: onloan_peer.doubles_mut(exporter))
    }
    if "PyO3" in here:
        import pyo3_peer

        made[RAW] = ways.timed(
            pyo3_peer.time_raw_write, exporter, answer=lambda: as_doubles(pyo3_peer.raw_bytes(exporter))
        )
    return Made([float(value) for value in range(8)], made)


def as_doubles(data: bytes | list[int]) -> list[float]:
    """The doubles in bytes."""
    return array.array("d", bytes(data)).tolist()
