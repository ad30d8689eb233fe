"""B: all 72 requests, with a struct full of zeros and one full of 0xA5."""

from __future__ import annotations

from ..._onloan import _check_matrix
from ..context import Context, Unexportable
from ..cpython import is_of_ctypes, is_of_python


def run(context: Context) -> None:
    exporter = context.make()
    # A class in Python that counts stays counted by requests that memoryview refuses for it (P-12).
    facts = _check_matrix(context.make if is_of_python(exporter) else lambda: exporter, context.step)
    unfilled = unsound = False
    of_python, of_ctypes = is_of_python(exporter), is_of_ctypes(exporter)
    for rule, way, request, expected, seen, explain in facts.pop("breaches"):
        if of_python and rule == "E-11":
            # It is CPython that leaves obj as it was (P-10).
            way = "python"
        elif of_ctypes and rule == "E-30":
            way = "ctypes"
        context.found(rule, *[request] if request else [], expected=expected, seen=seen, explain=explain, way=way)
        unfilled |= rule == "E-04" and way == ""
        # More is described than there is.
        unsound |= rule == "E-30" and way == "beyond"
    context.send(facts=facts)
    if not facts["granted"]:
        raise Unexportable
    if not facts["steady"] or unsound:
        # Whoever reads what is described reads what others write.
        context.knows(unsteady=True)
    if unfilled:
        # CPython's own memoryview follows what is not filled in.
        context.knows(unfilled=True)
