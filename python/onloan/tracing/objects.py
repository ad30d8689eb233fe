"""What is out of one object."""

from __future__ import annotations

from .. import _onloan
from . import raw
from .facts import Export


def exports(obj: object) -> list[Export]:
    """The exports of `obj` that are out, with their holders.

    While tracing: all of them; of registered exporters (`Buffer(…, registered=True)`, in Rust `ExportCell::register`) always. Else: those that
    memoryviews and other objects known to the collector hold; of `Buffer` and `View`, which count for themselves, the others too, as exports of which
    nothing more is known. Asked of a memoryview: what is out of that memoryview itself.
    """
    return [export for lent in raw.live(_onloan.trace_of(obj)) for export in lent.exports]


def holders(obj: object) -> list[tuple[str, ...]]:
    """Who holds the exports of `obj`: chains from the view outwards to a name."""
    found = (chain for export in exports(obj) for chain in export.holders)
    return list(dict.fromkeys(found))
