"""The parts of this benchmark that are compiled: the floor and the stopwatches in C, and the peers in C++."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import ClassVar

from common import workshop
from common.workshop import Missing

HERE = Path(__file__).resolve().parent


class Workshop(workshop.Workshop):
    """Compilers and folders, and how to build what only this benchmark has."""

    C_PARTS: ClassVar[dict[str, tuple[str, list[str]]]] = {
        "acquire_driver": ("c/driver.c", []),
        "acquire_hoard": ("c/hoard.c", []),
        "acquire_floor": ("c/floor.c", []),
        "acquire_object_fields": ("c/object_fields.c", ["-DATOMIC_COUNT=0"]),
        "acquire_atomic_count": ("c/object_fields.c", ["-DATOMIC_COUNT=1"]),
    }

    def __init__(self) -> None:
        super().__init__(HERE)

    def pybind11(self) -> None:
        """Builds the pybind11 exporter."""
        self.package("pybind11")
        include = importlib.import_module("pybind11").get_include()
        flags = ["-std=c++17", "-fvisibility=hidden", f"-I{include}"]
        self.compile(self.module("pybind11_peer"), self.cxx, [self.here / "cpp/pybind11_peer.cpp"], flags, "pybind11")

    def nanobind(self) -> None:
        """Builds the nanobind exporters, with nanobind's own library compiled in."""
        self.package("nanobind")
        nanobind = importlib.import_module("nanobind")
        include, sources = Path(nanobind.include_dir()), Path(nanobind.source_dir())
        flags = ["-std=c++17", "-fvisibility=hidden", "-fno-strict-aliasing"]
        flags += [f"-I{include}", f"-I{include.parent / 'ext/robin_map/include'}"]
        sources = [self.here / "cpp/nanobind_peer.cpp", sources / "nb_combined.cpp"]
        self.compile(self.module("nanobind_peer"), self.cxx, sources, flags, "nanobind")

    def malloc_counter(self) -> Path:
        """Builds the library that counts allocations in a child process."""
        if not sys.platform.startswith("linux") or not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"):
            raise Missing("counting allocations needs glibc")
        target = self.folder / "libcount_mallocs.so"
        self.compile(target, self.cc, [self.here / "c/count_mallocs.c"], [])
        return target
