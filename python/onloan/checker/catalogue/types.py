"""T-01 … T-04: the type."""

from __future__ import annotations

from .rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="T-01",
        strength="SAFETY",
        rule="bf_getbuffer and bf_releasebuffer are inherited separately: who replaces one keeps or replaces the other on purpose.",
        source="typeobject.c, inherit_slots",
        test="a class in the MRO with another bf_getbuffer than its base, and the base's bf_releasebuffer, is a note; whether it does harm is E-06 and E-61",
        fix="define both slots in the subclass",
        interop={"": "note"},
        strict={"": "note"},
    ),
    Rule(
        id="T-02",
        strength="NOTE",
        rule="PyObject_CheckBuffer says only that there is a slot, not that a request succeeds.",
        source="abstract.c",
        untestable="nothing that an exporter could do wrong; one that refuses everything is reported as unexportable",
    ),
    Rule(
        id="T-03",
        strength="NOTE",
        rule="Py_buffer is in the limited API from 3.11 on.",
        source="buffer.rst",
        untestable="how an extension was built cannot be asked",
    ),
    Rule(
        id="T-04",
        strength="NOTE",
        rule="From 3.12 on a type with the slots has `__buffer__` and is a collections.abc.Buffer.",
        source="PEP 688",
        test="isinstance and the methods, on 3.12+",
        fix="slots that are patched in after PyType_Ready need PyType_Modified, and get no methods",
    ),
)
