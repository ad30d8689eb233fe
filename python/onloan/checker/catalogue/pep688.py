"""P-01 … P-12: exporters in Python, and the methods that every exporter has from 3.12 on."""

from __future__ import annotations

from .rule import Rule

_CPYTHON = "it is CPython's own part, not the exporter's"

RULES: tuple[Rule, ...] = (
    Rule(
        id="P-01",
        strength="MUST",
        rule="`__buffer__` returns a memoryview, the built-in one.",
        source="PEP 688; datamodel.rst",
        test="3.12+: `__buffer__(FULL_RO)` from Python; a class that returns something else raises TypeError, which E-10 names",
        fix="return memoryview(…)",
    ),
    Rule(
        id="P-02",
        strength="MUST",
        rule="The flags are put to the memoryview that `__buffer__` returned as well.",
        source="typeobject.c, slot_bf_getbuffer",
        untestable=_CPYTHON,
    ),
    Rule(
        id="P-03",
        strength="NOTE",
        rule="The owner of a buffer of a Python class is an internal `_buffer_wrapper`.",
        source="typeobject.c",
        untestable=_CPYTHON,
    ),
    Rule(
        id="P-04",
        strength="MUST",
        rule="`__release_buffer__` gets the memoryview that `__buffer__` returned, once per acquisition.",
        source="PEP 688; datamodel.rst",
        test="that a Python class counts right is seen by the mutators (E-06) and references (E-03)",
        fix="count in `__buffer__`, count down in `__release_buffer__`",
    ),
    Rule(
        id="P-05",
        strength="MUST",
        rule="`__release_buffer__` raises nothing: it goes to sys.unraisablehook.",
        source="gh-104371",
        test="sys.unraisablehook while buffers are released",
        fix="catch what may be raised",
        interop={"": "warning"},
    ),
    Rule(
        id="P-06",
        strength="MUST",
        rule="A subclass that defines `__release_buffer__` alone has the C slot called after it.",
        source="gh-104223",
        test="3.12+: buffers of an instance of a subclass with a `__release_buffer__` of its own, as far as one can be made: its references",
        fix="nothing to do in Python; a C subclass has to call its base's slot",
    ),
    Rule(
        id="P-07",
        strength="MUST",
        rule="`__release_buffer__` from Python takes only a memoryview of that object, once; misuse leaves the counts alone.",
        source="typeobject.c, wrap_releasebuffer",
        test="3.12+: wrong objects, a foreign memoryview and a second release raise; the counts are as before",
        fix="leave the methods to CPython: define the slots",
    ),
    Rule(
        id="P-08",
        strength="MUST",
        rule="Flags that do not fit a C int raise OverflowError.",
        source="typeobject.c, wrap_buffer",
        test="3.12+: `__buffer__(2**40)` of C types",
        interop={"": "warning"},
    ),
    Rule(
        id="P-09",
        strength="NOTE",
        rule="A memoryview made with few flags is rebuilt from incomplete data and can contradict itself.",
        source="memoryobject.c",
        untestable=_CPYTHON,
    ),
    Rule(
        id="P-10",
        strength="NOTE",
        rule="What `__buffer__` raises is passed through, and `view->obj` left as it is.",
        source="typeobject.c",
        test="E-10 and E-11 report it as they report it of C types",
    ),
    Rule(
        id="P-11",
        strength="NOTE",
        rule="`x.__buffer__(0)` crashes CPython 3.12 and 3.13 where an exporter keeps ndim 2 without a shape, as documented.",
        source="memoryobject.c",
        untestable="it is CPython's crash, so the checker does not ask for it",
    ),
    Rule(
        id="P-12",
        strength="NOTE",
        rule="When memoryview refuses the flags after `__buffer__` succeeded, `__release_buffer__` is not called: what was counted stays counted.",
        source="typeobject.c",
        test="a Python class whose mutators stay refused after refused requests",
        fix="refuse in `__buffer__` itself what cannot be granted",
    ),
)
