"""E-20 … E-28: what is filled in, request by request."""

from __future__ import annotations

from .rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="E-20",
        strength="MUST",
        rule="`shape` is there if and only if ND was asked for and ndim > 0, `strides` if and only if STRIDES was, `suboffsets` only if INDIRECT was.",
        source="buffer.rst, the tables of requests; PEP 3118, the list of flags",
        test="all 72 requests. A shape that is missing is an error. Strides that are missing stand for C order, and nobody reads what he did not ask for",
        fix="test flags with `(flags & PyBUF_STRIDES) == PyBUF_STRIDES`, not `flags & PyBUF_STRIDES`, and set each array or NULL",
        known=("ctypes: shape always, strides never (gh-57060)", "pyzmq Frame, pyarrow", "_testbuffer.staticarray"),
        interop={"no strides": "warning", "not asked": "note"},
    ),
    Rule(
        id="E-21",
        strength="MUST",
        rule="`format` is there and true if FORMAT was asked for, and NULL if not. FORMAT without ND is refused, or answered with bytes.",
        source='buffer.rst, "readonly, format"',
        test="all 72 requests; of FORMAT without ND a refusal, \"B\" or the true format are fine",
        fix="view->format = (flags & PyBUF_FORMAT) ? format : NULL",
        known=("ctypes sets format always", "pyarrow", "_testbuffer.staticarray"),
        interop={"not asked": "note"},
    ),
    Rule(
        id="E-22",
        strength="MUST",
        rule="A request that leaves out what the memory needs (strides, suboffsets), or asks for an order it does not have, is refused.",
        source="buffer.rst, contiguity requests; PEP 3118",
        test="the oracle: what memory like that granted to FULL_RO has to answer to each of the 72 requests",
        fix="refuse C_CONTIGUOUS, F_CONTIGUOUS and ANY_CONTIGUOUS where PyBuffer_IsContiguous says no, and requests without STRIDES where the memory is not C-contiguous",
        known=("ctypes arrays of more dimensions grant F_CONTIGUOUS", "pyarrow Tensor"),
        interop={"no strides": "warning"},
    ),
    Rule(
        id="E-23",
        strength="MUST",
        rule="WRITABLE is granted only with `readonly == 0`; without WRITABLE every consumer is told the same.",
        source="buffer.rst, PyBUF_WRITABLE",
        test="readonly over all granted requests; WRITABLE is granted if and only if it is 0",
        fix="if (flags & PyBUF_WRITABLE) and the memory is read-only: BufferError. Set readonly by the memory, not by the request",
        known=("_testbuffer.staticarray",),
    ),
    Rule(
        id="E-24",
        strength="MUST",
        rule="`obj`, `buf`, `len`, `itemsize` and `ndim` do not depend on the request.",
        source='buffer.rst, "request-independent fields"',
        test="each field over all granted requests; of `ndim` without ND, 0 and 1 are notes in interop. strict allows 1, because consumers that ask "
        "for bytes in a row (hashlib) refuse more dimensions",
        fix="fill these fields in before looking at the flags",
        known=("memoryview and _testbuffer.ndarray: ndim 1 without ND", "NumPy: ndim 0 without ND"),
        interop={"ndim 1": "note", "ndim 0": "note", "ndim": "warning", "buf": "warning", "copy": "note"},
        strict={"ndim 1": None},
    ),
    Rule(
        id="E-25",
        strength="MUST",
        rule="`itemsize` is that of the true format, also where the format was not asked for.",
        source="buffer.rst, itemsize",
        test="itemsize over all granted requests; it is not negative",
        fix="set itemsize before looking at the flags; it does not become 1 because format is NULL",
    ),
    Rule(
        id="E-26",
        strength="SHOULD",
        rule="`readonly` is 0 or 1.",
        source="PyBuffer_FillInfo knows no other values",
        test="the value over all granted requests",
        fix="view->readonly = condition ? 1 : 0",
    ),
    Rule(
        id="E-27",
        strength="NOTE",
        rule="Where contiguity is asked for, axes of extent 1 have the strides that they would have otherwise.",
        source="NumPy, buffer.c: some consumers compare strides without looking at the shape",
        test="strides against those computed from the shape, for C_CONTIGUOUS and F_CONTIGUOUS",
        fix="fill strides anew for C_CONTIGUOUS and F_CONTIGUOUS (PyBuffer_FillContiguousStrides)",
    ),
    Rule(
        id="E-28",
        strength="SHOULD",
        rule="A request that can be met is granted: a needless refusal shuts out consumers that ask for little.",
        source="inferred: buffer.rst says when a request may fail",
        test="the oracle, as E-22; the refused request is named, and the stronger one that was granted",
        fix="grant SIMPLE and ND for C-contiguous memory; grant what asks for less than something granted",
        known=("PyGLM refused SIMPLE (PyGLM#61)", "NumPy has no format for datetime64"),
        interop={"format": "note"},
    ),
)
