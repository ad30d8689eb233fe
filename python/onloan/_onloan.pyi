"""The extension module: what onloan has from Rust. `onloan` has the public names."""

import os
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Literal, SupportsIndex, TypeAlias, final

from typing_extensions import Buffer as _Exporter
from typing_extensions import Self

_Shape: TypeAlias = SupportsIndex | Iterable[SupportsIndex]

__all__ = [
    "__version__",
    "Buffer",
    "_rebuild",
    "describe",
    "draw",
    "lends",
    "expected",
    "request",
    "requests",
]

__version__: str

@final
class Buffer:
    """Typed, N-dimensional memory that is lent through the buffer protocol."""

    def __new__(
        cls,
        data: _Exporter | Iterable[Any] | Any = b"",
        *,
        format: str | None = None,
        shape: _Shape | None = None,
        readonly: bool = False,
        align: SupportsIndex = 64,
    ) -> Self: ...
    @classmethod
    def zeros(
        cls,
        shape: _Shape,
        format: str = "B",
        *,
        align: SupportsIndex = 64,
        huge_pages: bool = False,
        readonly: bool = False,
    ) -> Buffer: ...
    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        mode: Literal["r", "r+", "c"] = "r",
        *,
        format: str = "B",
        shape: _Shape | None = None,
        offset: SupportsIndex = 0,
        length: SupportsIndex | None = None,
    ) -> Buffer: ...
    @classmethod
    def shared(
        cls,
        name: str | None = None,
        *,
        create: bool = False,
        shape: _Shape | None = None,
        format: str = "B",
        readonly: bool = False,
    ) -> Buffer: ...
    @classmethod
    def lazy(cls, function: Callable[[], _Exporter], *, format: str = "B", shape: _Shape | None = None) -> Buffer: ...
    @property
    def format(self) -> str: ...
    @property
    def itemsize(self) -> int: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def strides(self) -> tuple[int, ...]: ...
    @property
    def ndim(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def readonly(self) -> bool: ...
    @property
    def align(self) -> int: ...
    @property
    def name(self) -> str | None: ...
    @property
    def exports(self) -> int: ...
    @property
    def closed(self) -> bool: ...
    def resize(self, shape: _Shape) -> None: ...
    def extend(self, data: _Exporter | Iterable[Any]) -> None: ...
    def append(self, value: Any) -> None: ...
    def fill(self, value: Any) -> None: ...
    def tobytes(self) -> bytes: ...
    def tolist(self) -> Any: ...
    def close(self) -> None: ...
    def unlink(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
    def __len__(self) -> int: ...
    def __sizeof__(self) -> int: ...
    def _repr_html_(self) -> str: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]: ...
    def __copy__(self) -> Buffer: ...
    def __deepcopy__(self, memo: Any, /) -> Buffer: ...
    # Present from CPython 3.12 on; type checkers take it as the sign of an exporter on all versions.
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __release_buffer__(self, buffer: memoryview, /) -> None: ...

def _rebuild(data: _Exporter, format: str, shape: _Shape, readonly: bool, own: bool = False, /) -> Buffer:
    """Makes a Buffer of what a pickle holds."""

def lends(object: object, /) -> bool:
    """Whether an object is an exporter at all; it may still refuse."""

def describe(object: object, flags: int | None = None, /) -> dict[str, Any]:
    """What an object lends now: a dict of facts."""

def draw(
    object: object, flags: int | None = None, /, *, columns: int = 78, lines: int = 12, ascii: bool = False
) -> str:
    """Draws the memory that an object lends, as text of at most so many columns."""

def request(object: object, flags: int, /, *, poison: int = 0xA5) -> dict[str, Any]:
    """Makes one request through the raw C API and releases what it got: everything that came back."""

def expected(
    readonly: bool, c_contiguous: bool, f_contiguous: bool, indirect: bool, flags: int, /
) -> tuple[str, str] | None:
    """What memory of a kind answers to a request: None if it is granted, else (code, message) of the refusal."""

def requests() -> list[tuple[str, int]]:
    """All 72 requests that there are, as (name, flags)."""
