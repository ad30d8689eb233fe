"""E-01 … E-14: a request is granted or refused."""

from __future__ import annotations

from .rule import Rule

SUCCESS: tuple[Rule, ...] = (
    Rule(
        id="E-01",
        strength="MUST",
        rule="On success `view->obj` is a new reference, which the consumer will own.",
        source="buffer.rst, Py_buffer.obj; typeobj.rst, bf_getbuffer step 4",
        test="the reference count of what obj names rises by one when a buffer is acquired and is back after its release; immortal objects are skipped",
        fix="Py_INCREF (Py_NewRef) what is stored in view->obj, once; PyBuffer_FillInfo does it already",
    ),
    Rule(
        id="E-02",
        strength="MUST",
        rule="`view->obj` is not NULL on success: with NULL the release does nothing, and nothing keeps the memory alive.",
        source="buffer.rst, Py_buffer.obj",
        test="obj after each granted request; E-52 shows whether the memory outlives the exporter",
        fix="pass self, not NULL, to PyBuffer_FillInfo, or set view->obj = Py_NewRef(self)",
        known=("_testbuffer.staticarray(legacy_mode=True)",),
        interop={"": "warning"},
    ),
    Rule(
        id="E-03",
        strength="SAFETY",
        rule="No reference is leaked or lost on any path, granted or refused, but the one in `view->obj`.",
        source="C-API, reference counting",
        test="many rounds of each request, granted and refused, between two looks at the reference counts, exceptions dropped with their tracebacks; "
        "then the growth of memory over many thousand rounds, if it is the same in each part of them",
        fix="free in bf_releasebuffer what bf_getbuffer allocates; count and allocate only when the request is sure to be granted",
    ),
    Rule(
        id="E-04",
        strength="MUST",
        rule="Every field of the struct is filled in: consumers pass uninitialised memory.",
        source='PEP 3118, "Access flags"; buffer.rst, "All fields are unambiguously defined by the request type"',
        test="each request once with a struct full of 0xA5 and once of zeros: what survives, and what differs",
        fix="set all eleven fields, NULL where there is nothing; or start with PyBuffer_FillInfo. Read nothing from the struct",
        known=("NumPy scalars leave `internal` as it is",),
        interop={"internal": "note"},
    ),
    Rule(
        id="E-05",
        strength="MUST",
        rule="A granted request leaves no exception set, a refused one leaves one set.",
        source="C-API, exceptions",
        test="PyErr_Occurred against the return value of each request",
        fix="PyErr_SetString(PyExc_BufferError, …) before each `return -1`; check every call that may fail before `return 0`",
        known=("_io._BytesIOBuffer on 3.13.0 when asked for the flags 0x100",),
    ),
    Rule(
        id="E-06",
        strength="MUST",
        rule="Exports are counted (or known otherwise), and only when they were granted.",
        source="typeobj.rst, bf_getbuffer step 3",
        test="a mutator that is refused while a buffer is out works before, after any number of refused requests, and after the release",
        fix="count up as the last step before `return 0`, count down in bf_releasebuffer, and use a counter, not a flag",
    ),
    Rule(
        id="E-07",
        strength="NOTE",
        rule="An exporter may refuse a second buffer while one is out, as a normal refusal that leaves the first intact.",
        source="PEP 688, the example",
        test="a second and third request while one is out",
    ),
)

FAILURE: tuple[Rule, ...] = (
    Rule(
        id="E-10",
        strength="MUST",
        rule="A request that cannot be met raises BufferError.",
        source="buffer.rst, PyObject_GetBuffer; typeobj.rst step 1; PEP 3118",
        test="the type of the exception of each refused request",
        fix="raise BufferError; of an object that is closed ValueError is usual",
        known=("NumPy: ValueError", "released memoryview and PickleBuffer, closed mmap: ValueError"),
        interop={"": "warning", "value": "note", "memory": None, "dead": "note"},
        strict={"memory": None, "dead": "note"},
    ),
    Rule(
        id="E-11",
        strength="MUST",
        rule="A refused request sets `view->obj` to NULL.",
        source="buffer.rst; typeobj.rst, bf_getbuffer step 1; PyBuffer_FillInfo",
        test="a sentinel in obj before each request, and what is there after a refusal",
        fix="view->obj = NULL before `return -1`",
        known=("everything that refuses through PyBuffer_FillInfo: bytes, mmap", "NumPy", "PickleBuffer", "released memoryview"),
        interop={"untouched": "note", "python": "note"},
        strict={"python": "note"},
    ),
    Rule(
        id="E-12",
        strength="SAFETY",
        rule="A refused request changes nothing: no export is counted, no reference kept, no memory left allocated.",
        source="follows from typeobj.rst steps 1 and 3: there will be no release",
        test="reference counts, memory and mutators after many refused requests",
        fix="check the flags first, then count, take references and allocate",
    ),
    Rule(
        id="E-13",
        strength="NOTE",
        rule="Flags of 0x100 or 0x200 alone are no request; an exporter refuses them or answers well.",
        source="gh-114685; gh-126980",
        test="3.12+: `__buffer__(0x100)` from Python in a child of its own; SystemError, BufferError or a view are fine",
        known=("bytearray on 3.13.0 raises SystemError and keeps the export (CPython's mistake)",),
    ),
    Rule(
        id="E-14",
        strength="NOTE",
        rule="Unknown high bits of the flags are ignored.",
        source="none: a matter of robustness",
        test="FULL_RO with 0x4000 is answered as FULL_RO",
    ),
)
