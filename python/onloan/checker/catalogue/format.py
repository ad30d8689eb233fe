"""E-40 … E-42: what an item means."""

from __future__ import annotations

from .rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        id="E-40",
        strength="SHOULD",
        rule="The format is in the syntax of struct, or of what PEP 3118 adds to it.",
        source="buffer.rst, format; PEP 3118",
        test="onloan's own grammar; a bare code that PEP 3118 knows and struct does not is a note",
        fix="see the table of codes in the documentation of struct; structures are T{…:name:}",
        known=('array.array("u") says "w"',),
        interop={"not struct": "note"},
        strict={"not struct": "note"},
    ),
    Rule(
        id="E-41",
        strength="MUST",
        rule="The size of the format is itemsize.",
        source="buffer.rst, itemsize; PEP 3118",
        test="the size in both readings of padding at the end. A bare code that is larger than the item makes memoryview read beyond it: an error",
        fix="give the format of one item, with explicit padding (x); 'l' has 8 bytes on 64-bit Unix and '<l' has 4",
        known=("ctypes unions, bit fields and derived structures",),
        interop={"": "warning", "beyond": "error"},
    ),
    Rule(
        id="E-42",
        strength="NOTE",
        rule="All requests are told the same format.",
        source="buffer.rst",
        test="the text over all granted requests with FORMAT and ND",
        fix="let the format depend on the memory, not on the request",
    ),
)
