"""Exports in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .facts import Export, Lent

#: So many exports of one exporter are described, and then counted.
MOST = 5


def described(live: Iterable[Lent], indent: str = "  ") -> Iterator[str]:
    """Lines of text: exporter, and of each export its site, age, thread and holder."""
    for lent in live:
        exporter = lent.exporter
        owner = f" of {exporter.owner}" if exporter.owner else ""
        yield f"{indent}{exporter.type}{owner}, {_bytes(exporter.nbytes)}, at {exporter.address}"
        for export in lent.exports[:MOST]:
            for line in of_export(export):
                yield f"{indent}  {line}"
        if len(lent.exports) > MOST:
            yield f"{indent}  and {len(lent.exports) - MOST} more"


def of_export(export: Export) -> Iterator[str]:
    """One export, in three or four lines."""
    age = "since before the start" if export.age_s is None else f"for {export.age_s:.3f} s"
    yield f"{export.request}, {_bytes(export.nbytes)}, out {age}, thread {export.thread}"
    if export.acquired_at:
        yield f"  acquired at {export.acquired_at[0]}"
        for frame in export.acquired_at[1:3]:
            yield f"    called at {frame}"
    else:
        yield "  acquired at a line that is not known"
    for chain in export.holders:
        yield f"  held by {' <- '.join(chain)}"
    if not export.holders:
        yield f"  no holder found: {export.why or 'nothing is known'}"


def _bytes(number: int) -> str:
    return "1 byte" if number == 1 else f"{number} bytes"
