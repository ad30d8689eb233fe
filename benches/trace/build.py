"""The parts of this benchmark that are compiled or fetched, and who they are."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from ways import WAYS, Way

from common import workshop
from common.workshop import Missing, say, version

HERE = Path(__file__).resolve().parent


class Workshop(workshop.Workshop):
    """Compilers and folders."""

    C_PARTS: ClassVar[dict[str, tuple[str, list[str]]]] = {"trace_driver": ("c/driver.c", [])}

    def __init__(self) -> None:
        super().__init__(HERE)


def gather(shop: Workshop) -> tuple[list[Way], dict[str, str], dict[str, str]]:
    """The ways that can be gone here, the versions of what they need, and what is left out, why.

    Raises `Missing` where nothing can be measured: without the clock, onloan, or NumPy.
    """
    shop.c("trace_driver")
    shop.onloan()
    shop.package("numpy")
    versions = {name: version(name) or "?" for name in ("onloan", "numpy")}
    left_out: dict[str, str] = {}
    here = []
    for way in WAYS:
        if way.package is not None:
            try:
                shop.package(way.package)
            except Missing as reason:
                left_out[way.name] = str(reason)
                say(f"left out: {way.name}: {reason}")
                continue
            versions[way.package] = version(way.package) or "?"
        here.append(way)
    return here, versions, left_out
