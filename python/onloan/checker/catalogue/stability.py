"""E-50 … E-54: what is lent stays where and what it is."""

from __future__ import annotations

from .rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="E-50",
        strength="MUST",
        rule="Memory, format, shape, strides and suboffsets stay valid and as they are until the release of that buffer.",
        source='PEP 3118, "The exporter is responsible…"; typeobj.rst, "All memory pointed to…"',
        test="each method that might resize, and each --mutator, while a buffer is out: it raises, or everything that was lent is still there. "
        "Where it refuses, once more with a value that takes a buffer when it is asked for its number. Freed memory is recognised by the debug allocator, by its address, and by the crash",
        fix="count exports, and raise BufferError in everything that reallocates, frees or closes while the count is not 0",
        known=("ctypes.resize frees memory under views", "ndarray.resize(refcheck=False)", "msgpack 1.2.4"),
    ),
    Rule(
        id="E-51",
        strength="SAFETY",
        rule="A change that is refused leaves the object usable and what is lent intact.",
        source="follows from E-50",
        test="after each mutator that raises: what was lent is unchanged, and the object can be asked again",
        fix="check the count before anything is changed",
    ),
    Rule(
        id="E-52",
        strength="SAFETY",
        rule="The exporter, or what `view->obj` names, keeps the memory alive by itself.",
        source="buffer.rst, Py_buffer.obj",
        test="every other reference is dropped, the garbage collected, memory churned: what was lent is read and compared",
        fix="view->obj has to own the memory, or own what owns it",
        known=("pybind11#2693",),
    ),
    Rule(
        id="E-53",
        strength="SAFETY",
        rule="The arrays that one consumer has are not overwritten when another asks.",
        source="follows from E-50",
        test="one buffer is held while all 72 requests are made",
        fix="keep shape and strides per buffer (view->internal), or in the object and never change them",
    ),
    Rule(
        id="E-54",
        strength="NOTE",
        rule="Arrays may lie inside the consumer's own struct, so consumers do not move it.",
        source="PyBuffer_FillInfo: shape is &view->len",
        untestable="it is allowed; the checker takes care of it where it copies a struct",
        known=("bytes", "bytearray", "mmap", "BytesIO", "PickleBuffer", "array"),
    ),
)
