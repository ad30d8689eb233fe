"""Which packages there are to look through: distributions that are installed, and modules that are merely importable.

A *package* here is what a person installs (`pillow`), or what he imports (`PIL`) where that was not installed but lies on the path. What it
may contain of exporters is compiled: types of Python can only inherit the protocol, or have `__buffer__` from 3.12 on. So of a package
its top level, its extension modules and the sources that say `__buffer__` are imported, and nothing else runs.
"""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: Directories and modules whose import does what nobody asked for.
_NOT_IMPORTED = frozenset({"tests", "test", "testing", "conftest", "examples", "benchmarks", "docs", "__main__", "setup"})
_SUFFIXES = tuple(sorted(importlib.machinery.EXTENSION_SUFFIXES, key=len, reverse=True))


class UnknownPackage(Exception):
    """Nothing of that name is installed or importable."""


@dataclass(frozen=True)
class Package:
    """A package and its modules.

    `top` are the names that are imported first, `extensions` the compiled modules, `sources` the files of Python by module name.
    """

    name: str
    version: str | None
    top: tuple[str, ...]
    extensions: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]

    @property
    def compiled(self) -> bool:
        """Whether it has extension modules."""
        return bool(self.extensions)

    def modules(self) -> list[str]:
        """What is to be imported, in order, each once."""
        lending = [name for name, file in self.sources if _says_buffer(file)]
        return list(dict.fromkeys([*self.top, *self.extensions, *lending]))


def installed() -> list[Package]:
    """Every distribution that is installed, without onloan itself."""
    tops = _tops()
    found = [_of_distribution(one, tops) for one in importlib.metadata.distributions()]
    return sorted({one.name: one for one in found if one.name != "onloan"}.values(), key=lambda one: one.name.lower())


def named(name: str) -> list[Package]:
    """The packages that a person means: a distribution, those that provide a module, or a module on the path.

    Raises `UnknownPackage` if there is none.
    """
    tops = _tops()
    try:
        return [_of_distribution(importlib.metadata.distribution(name), tops)]
    except (importlib.metadata.PackageNotFoundError, ValueError):
        pass
    providers = dict.fromkeys(importlib.metadata.packages_distributions().get(name, ()))
    if providers:
        return [_of_distribution(importlib.metadata.distribution(one), tops) for one in providers]
    if not name.isidentifier() or not (places := _places(name)):
        raise UnknownPackage(name)
    modules = [found for place in places for found in _walked(name, place)]
    return [_package(name, None, (name,), modules)]


def tops_of_others(package: Package) -> set[str]:
    """The names to import that belong to other distributions."""
    mine = normalized(package.name)
    return {module for one, modules in _tops().items() if one != mine for module in modules}.difference(package.top)


@cache
def _tops() -> dict[str, list[str]]:
    """The names to import, by distribution."""
    tops: dict[str, list[str]] = {}
    for module, distributions in importlib.metadata.packages_distributions().items():
        for one in dict.fromkeys(distributions):
            tops.setdefault(normalized(one), []).append(module)
    return tops


def normalized(name: str) -> str:
    """A distribution's name in the one way in which it is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _of_distribution(one: importlib.metadata.Distribution, tops: dict[str, list[str]]) -> Package:
    name = one.metadata["Name"] or "unnamed"
    # Packages that list tests, documentation or nothing as theirs still have these as top names; what is no module is left out.
    top = [module for module in tops.get(normalized(name), []) if module.isidentifier() and module not in _NOT_IMPORTED]
    files = [(file.parts, str(one.locate_file(file))) for file in one.files or ()]
    modules = [found for parts, path in files if (found := _module(parts, path))]
    if not modules:
        # An editable installation lists only how to find it.
        modules = [found for module in top for place in _places(module) for found in _walked(module, place)]
    return _package(name, one.version, tuple(top), modules)


@dataclass(frozen=True)
class _Module:
    name: str
    file: str
    compiled: bool


def _package(name: str, version: str | None, top: tuple[str, ...], modules: Iterable[_Module]) -> Package:
    modules = sorted(set(modules), key=lambda module: (module.name.count("."), module.name))
    compiled = [module.name for module in modules if module.compiled and module.name.split(".")[0] in top]
    sources = [(module.name, module.file) for module in modules if not module.compiled]
    # What starts with an underscore comes last: the public module usually imports it in the way in which it wants to be imported.
    top = tuple(sorted(top, key=lambda one: (one.startswith("_"), one)))
    if any(module.name.count(".") for module in modules):
        top = tuple(one for one in top if not _is_namespace(one))
    return Package(name, version, top, tuple(compiled), tuple(sources))


def _module(parts: Sequence[str], path: str) -> _Module | None:
    """The module that a file is, if it is one that may be imported."""
    *directories, file = parts
    suffix = next((suffix for suffix in (*_SUFFIXES, ".py") if file.endswith(suffix)), None)
    if suffix is None:
        return None
    stem = file.removesuffix(suffix)
    names = [*directories, *([] if stem == "__init__" else [stem])]
    if not names or not all(name.isidentifier() for name in names) or not _NOT_IMPORTED.isdisjoint(names):
        return None
    return _Module(".".join(names), path, compiled=suffix != ".py")


def _places(name: str) -> list[Path]:
    """Where a top-level module lies: its directories, or its file. Nothing is imported."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [Path(place) for place in spec.submodule_search_locations]
    return [Path(spec.origin)] if spec.origin and os.path.exists(spec.origin) else []


def _is_namespace(name: str) -> bool:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is None and spec.submodule_search_locations is not None


def _walked(name: str, place: Path) -> Iterator[_Module]:
    if place.is_file():
        if found := _module([place.name], str(place)):
            yield found
        return
    for directory, below, files in os.walk(place):
        below[:] = sorted(one for one in below if one.isidentifier() and one != "__pycache__")
        inside = Path(directory).relative_to(place).parts
        for file in files:
            if found := _module([name, *inside, file], os.path.join(directory, file)):
                yield found


def _says_buffer(file: str) -> bool:
    if sys.version_info < (3, 12):
        return False
    try:
        return b"def __buffer__(" in Path(file).read_bytes()
    except OSError:
        return False
