"""E-30 … E-39: what is filled in has to add up."""

from __future__ import annotations

from .rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="E-30",
        strength="MUST",
        rule="`len` is product(shape) * itemsize, and not negative.",
        source="buffer.rst, len and shape",
        test="the product in 128 bits, over all granted requests with a shape",
        fix="shape counts items, len counts bytes",
        known=("ctypes arrays after ctypes.resize", "tiktoken 0.14 gives bytes as shape"),
    ),
    Rule(
        id="E-31",
        strength="MUST",
        rule="`ndim` is 0 to 64.",
        source="buffer.rst, PyBUF_MAX_NDIM",
        test="the range, over all granted requests",
        fix="set ndim, to the number of axes",
    ),
    Rule(
        id="E-32",
        strength="MUST",
        rule="With ndim 0 there is one item, and shape, strides and suboffsets are NULL.",
        source="buffer.rst, ndim",
        test="the arrays, over all granted requests with ND",
        fix="set the three arrays to NULL where ndim is 0",
        interop={"": "warning"},
    ),
    Rule(
        id="E-33",
        strength="MUST",
        rule="Extents are not negative; zero is fine.",
        source="buffer.rst, shape",
        test="shape, over all granted requests",
        fix="shape[i] is a number of items",
    ),
    Rule(
        id="E-34",
        strength="MUST",
        rule="`buf` is the address of item [0, …, 0], and the items are where strides and suboffsets lead from there.",
        source="buffer.rst, buf and strides",
        test="all items along strides and suboffsets against PyBuffer_ToContiguous and tobytes(), and against --expect-bytes where given",
        fix="with a negative stride buf points to the last item of the block, not to its lowest address",
    ),
    Rule(
        id="E-35",
        strength="SAFETY",
        rule="Every item lies in memory that the exporter owns, and if readonly is 0 it may really be written.",
        source="follows from what the fields mean",
        test="every byte is read in a child process; with --write the same bytes are written back. An object with a hash by value that lends its "
        "memory for writing is a warning. That the memory is owned cannot be proved from outside",
        fix="compute shape and strides from what was allocated; lend immutable memory with readonly = 1",
        known=("pyarrow BinaryScalar lends immutable memory for writing",),
        interop={"hash": "warning"},
        strict={"hash": "warning"},
    ),
    Rule(
        id="E-36",
        strength="MUST",
        rule="`suboffsets` is NULL where all of its entries would be negative.",
        source="buffer.rst, suboffsets",
        test="the entries, over all granted requests",
        fix="set suboffsets to NULL where no axis goes through a pointer",
        interop={"": "warning"},
    ),
    Rule(
        id="E-37",
        strength="SHOULD",
        rule="`buf` is not NULL, not even with len 0.",
        source="PyMemoryView_FromBuffer refuses NULL; memcpy and slices from NULL are undefined",
        test="buf over all granted requests; NULL with len 0 is a note, with more it is an error",
        fix="point to any static byte where there is no memory",
        interop={"empty": "note", "": "error"},
        strict={"empty": "note", "": "error"},
    ),
    Rule(
        id="E-38",
        strength="MUST",
        rule="With len 0 the buffer is contiguous in both orders: SIMPLE, ND and every contiguity are granted.",
        source="PyBuffer_IsContiguous",
        test="the oracle, as E-28, where len is 0",
        fix="look at len before the strides",
        known=("memoryview of length 0 with a step",),
        interop={"": "warning"},
    ),
    Rule(
        id="E-39",
        strength="NOTE",
        rule="itemsize may be 0, and then len is 0 though no extent is: consumers divide by it at their peril.",
        source="memoryobject.c divides by it",
        test="itemsize",
        known=("ctypes structures without fields", "NumPy V0"),
    ),
)
