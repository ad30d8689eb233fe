"""B: all 72 requests, with a struct full of zeros and one full of 0xA5; then all of them beside a buffer that is held."""

from __future__ import annotations

from ..._onloan import _check_beside, _check_matrix
from ..context import Context, Unexportable
from ..cpython import is_of_python


def run(context: Context) -> None:
    exporter = context.make()
    # A class in Python that counts stays counted by requests that memoryview refuses for it (P-12).
    facts = _check_matrix(context.make if is_of_python(exporter) else lambda: exporter, context.step)
    for rule, way, request, expected, seen, explain in facts.pop("breaches"):
        context.found(rule, *[request] if request else [], expected=expected, seen=seen, explain=explain, way=way)
    context.send(facts=facts)
    if not facts["granted"]:
        raise Unexportable
    for rule, way, request, expected, seen, explain in _check_beside(exporter, context.step):
        context.found(rule, *[request] if request else [], expected=expected, seen=seen, explain=explain, way=way)
