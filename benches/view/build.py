"""The parts of this benchmark that are compiled, and who they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from common import workshop
from common.workshop import Missing, locked, say, version

HERE = Path(__file__).resolve().parent


class Workshop(workshop.Workshop):
    """Compilers and folders."""

    C_PARTS: ClassVar[dict[str, tuple[str, list[str]]]] = {
        "view_driver": ("c/driver.c", []),
        "view_exporters": ("c/exporters.c", []),
    }

    def __init__(self) -> None:
        super().__init__(HERE)


@dataclass(frozen=True)
class Peer:
    """Somebody who is measured: how to bring it here (`prepare` raises `Missing`), and its version."""

    name: str
    prepare: Callable[[Workshop], None]
    version: Callable[[], str | None]


#: Without these there is no benchmark: the clock, ourselves, and NumPy, whose arrays have the layouts.
NEEDED = [
    Peer("C", lambda shop: shop.c("view_driver", "view_exporters"), lambda: None),
    Peer("onloan", lambda shop: shop.crate("onloan_peer"), lambda: locked(HERE / "onloan_peer", "onloan")),
    Peer("onloan.View", Workshop.onloan, lambda: version("onloan")),
    Peer("numpy", lambda shop: shop.package("numpy"), lambda: version("numpy")),
]

#: Whoever of these cannot be had is left out.
WELCOME = [
    Peer("PyO3", lambda shop: shop.crate("pyo3_peer"), lambda: locked(HERE / "pyo3_peer", "pyo3")),
    Peer("Cython", Workshop.cython, lambda: version("cython")),
]


def gather(shop: Workshop) -> tuple[dict[str, str | None], dict[str, str]]:
    """Who is here, with the version; who is not, and why.

    Raises `Missing` when that is so of one that is needed.
    """
    here: dict[str, str | None] = {}
    left_out: dict[str, str] = {}
    for peer in NEEDED:
        peer.prepare(shop)
        here[peer.name] = peer.version()
    for peer in WELCOME:
        try:
            peer.prepare(shop)
        except Missing as reason:
            left_out[peer.name] = str(reason)
            say(f"left out: {peer.name}: {reason}")
            continue
        here[peer.name] = peer.version()
    return here, left_out
