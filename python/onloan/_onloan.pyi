"""The extension module: what onloan has from Rust. `onloan` has the public names."""

import os
from collections.abc import Callable, Iterable, Iterator
from types import GenericAlias, TracebackType
from typing import Any, Literal, SupportsIndex, TypeAlias, final

from typing_extensions import Buffer as _Exporter
from typing_extensions import Self

_Shape: TypeAlias = SupportsIndex | Iterable[SupportsIndex]

__all__ = [
    "__version__",
    "Buffer",
    "View",
    "_rebuild",
    "_rebuild_view",
    "describe",
    "draw",
    "lends",
    "expected",
    "request",
    "requests",
    "buffer_slots",
    "_Blocks",
    "_Held",
    "_check_beside",
    "_check_churn",
    "_check_count",
    "_check_freed",
    "_check_matrix",
    "_check_references",
    "_check_rounds",
    "_hold",
    "trace_beat",
    "trace_bytes",
    "trace_deaths",
    "trace_errors",
    "trace_errors_met",
    "trace_is_on",
    "trace_lost",
    "trace_mark",
    "trace_notes",
    "trace_of",
    "trace_read",
    "trace_since",
    "trace_start",
    "trace_stop",
    "trace_unseen",
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
        registered: bool = False,
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
        registered: bool = False,
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
        registered: bool = False,
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
        registered: bool = False,
    ) -> Buffer: ...
    @classmethod
    def lazy(
        cls, function: Callable[[], _Exporter], *, format: str = "B", shape: _Shape | None = None, registered: bool = False
    ) -> Buffer: ...
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
    def registered(self) -> bool: ...
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

@final
class View:
    """A view of the memory of any object that lends some, like memoryview, of which it is a superset."""

    def __new__(cls, object: _Exporter) -> Self: ...
    @classmethod
    def _from_flags(cls, object: _Exporter, flags: int) -> View: ...
    @classmethod
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    @property
    def obj(self) -> Any: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def itemsize(self) -> int: ...
    @property
    def format(self) -> str: ...
    @property
    def ndim(self) -> int: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def strides(self) -> tuple[int, ...]: ...
    @property
    def suboffsets(self) -> tuple[int, ...]: ...
    @property
    def readonly(self) -> bool: ...
    @property
    def c_contiguous(self) -> bool: ...
    @property
    def f_contiguous(self) -> bool: ...
    @property
    def contiguous(self) -> bool: ...
    @property
    def fields(self) -> tuple[str, ...]: ...
    def release(self) -> None: ...
    def tobytes(self, order: Literal["C", "F", "A"] | None = ...) -> bytes: ...
    def hex(self, sep: str | bytes | None = None, bytes_per_sep: SupportsIndex = 1) -> str: ...
    def tolist(self) -> Any: ...
    def cast(
        self,
        format: str,
        shape: list[int] | tuple[int, ...] | None = None,
        *,
        order: Literal["C", "F"] | None = None,
        strides: list[int] | tuple[int, ...] | None = None,
    ) -> View: ...
    def toreadonly(self) -> View: ...
    def equals(self, other: _Exporter) -> bool: ...
    def count(self, value: Any) -> int: ...
    def index(self, value: Any, start: int = 0, stop: int = ..., /) -> int: ...
    def __getitem__(self, key: Any, /) -> Any: ...
    def __setitem__(self, key: Any, value: Any, /) -> None: ...
    def __delitem__(self, key: Any, /) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __hash__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_exception: object) -> None: ...
    def __contains__(self, value: object, /) -> bool: ...
    def _repr_html_(self) -> str: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __release_buffer__(self, buffer: memoryview, /) -> None: ...

def _rebuild(data: _Exporter, format: str, shape: _Shape, readonly: bool, own: bool = False, /) -> Buffer:
    """Makes a Buffer of what a pickle holds."""

def _rebuild_view(
    data: _Exporter, format: str, itemsize: int, shape: tuple[int, ...], order: Literal["C", "F"], readonly: bool, /
) -> View:
    """Makes a View of what a pickle holds."""

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

def buffer_slots(class_: type, /) -> tuple[int, int]:
    """The addresses of a type's functions `bf_getbuffer` and `bf_releasebuffer`, 0 where it has none."""

_Counts: TypeAlias = tuple[int | None, int, int]
_Step: TypeAlias = Callable[[str, str], None]
_Told: TypeAlias = tuple[str, str, str | None, str, str, str]

@final
class _Held:
    """A buffer that is out until it is released."""

    @property
    def block(self) -> tuple[int, int, bool]: ...
    @property
    def unowned(self) -> bool: ...
    @property
    def owner(self) -> Any: ...
    @property
    def contents(self) -> bytes | None: ...
    def difference(self) -> str | None: ...
    def read(self) -> bytes | None: ...
    def walk(self, expected: bytes | None = None, /) -> tuple[int, tuple[int, int] | None] | None: ...
    def contiguous(self) -> bytes | None: ...
    def write_back(self) -> bool: ...
    def release(self, way: str) -> str | None: ...

@final
class _Blocks:
    """Memory that is taken until this object goes."""

def _hold(object: object, flags: int, read: bool, /) -> _Held | None:
    """Asks for a buffer and holds it; None if it is refused."""

def _check_matrix(make: Callable[[], Any], step: _Step, /) -> dict[str, Any]:
    """Makes every request and judges what comes back."""

def _check_beside(object: object, step: _Step, read: bool, /) -> list[_Told]:
    """Holds one buffer while every request is made, and looks at it again after each."""

def _check_rounds(object: object, flags: int, rounds: int, /) -> int:
    """Acquires and releases, or is refused, so many times: how many were granted."""

def _check_references(object: object, flags: int, /) -> tuple[_Counts, _Counts | None, bool] | None:
    """Reference counts around one acquisition and release: (exporter, owner, owned by itself)."""

def _check_count(object: object, /) -> int:
    """The reference count of an object."""

def _check_churn(sizes: list[int], byte: int, /) -> _Blocks:
    """Takes memory of these sizes from malloc, full of `byte`."""

def _check_freed(before: bytes, after: bytes, /) -> tuple[int, int, int] | None:
    """Where `after` looks like memory that was freed: (byte, offset, how many)."""

# What onloan.tracing makes facts of. An export is (number, request, nbytes, thread, age, matched, frames, chains, why).
_Frame: TypeAlias = tuple[str, int, str]
_ExporterFacts: TypeAlias = tuple[str, int, str, str | None]
_Export: TypeAlias = tuple[int, str, int, str, float | None, str, tuple[_Frame, ...], tuple[tuple[str, ...], ...], str | None]
_Lent: TypeAlias = tuple[_ExporterFacts, list[_Export]]

def trace_start(frames: int) -> str | None:
    """Starts recording. None, or why that cannot be done here."""

def trace_stop() -> None:
    """Stops recording: every slot holds again what it held."""

def trace_is_on() -> bool:
    """Whether acquisitions are recorded."""

def trace_mark() -> int:
    """A number that is greater for whatever is acquired from now on."""

def trace_notes(on: bool) -> None:
    """Whether a `BufferError` is given a note from now on."""

def trace_bytes() -> tuple[int, int]:
    """The bytes that the ledger keeps, and how many records there are."""

def trace_beat(function: Callable[[], object] | None, seconds: float, /) -> None:
    """Has a function called with the next acquisition or release, and then not before so many seconds have passed each time. None ends that."""

def trace_unseen(function: Callable[..., Any], /, *arguments: Any) -> Any:
    """Calls a function; the program's tracers, profilers and monitors do not see what it does."""

def trace_deaths(function: Callable[[str], object], recording: bytes | None, /) -> None:
    """Has a function called with the name of the signal, in a copy of the process, when a signal kills it; if that fails, the recording is given an end.
    Once in a process; nothing on other systems than Linux."""

def trace_read(holders: bool) -> dict[str, Any] | None:
    """All that is known, or None if tracing is off."""

def trace_lost() -> dict[str, int]:
    """What is missing, and how much of it."""

def trace_since(mark: int, holders: bool) -> list[_Lent]:
    """What was acquired after the mark and is out."""

def trace_errors(first: int, /) -> list[tuple[Any, ...]]:
    """The BufferErrors that were met, from this number on."""

def trace_errors_met() -> int:
    """How many BufferErrors are on record."""

def trace_of(object: object) -> list[_Lent]:
    """What is out of one object."""
