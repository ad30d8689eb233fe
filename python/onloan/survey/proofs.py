"""What would prove a finding by hand: a few lines of Python that ask the exporter through the C API, without onloan.

`ASKING` is what all of them begin with. Each rule has lines that print what decides, and a comment that says which answer is the breach.
`x` is the exporter, `flags` the request that showed it.
"""

from __future__ import annotations

from .._onloan import requests
from ..checker import Finding
from ..inspection import NAMED

ASKING = '''\
import ctypes, gc, importlib, struct, sys

class Buffer(ctypes.Structure):  # struct Py_buffer
    _fields_ = [("buf", ctypes.c_void_p), ("obj", ctypes.c_void_p), ("len", ctypes.c_ssize_t), ("itemsize", ctypes.c_ssize_t),
                ("readonly", ctypes.c_int), ("ndim", ctypes.c_int), ("format", ctypes.c_char_p),
                ("shape", ctypes.POINTER(ctypes.c_ssize_t)), ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
                ("suboffsets", ctypes.POINTER(ctypes.c_ssize_t)), ("internal", ctypes.c_void_p)]

api = ctypes.pythonapi
api.PyObject_GetBuffer.argtypes = [ctypes.py_object, ctypes.POINTER(Buffer), ctypes.c_int]
api.PyBuffer_Release.argtypes, api.PyBuffer_Release.restype = [ctypes.POINTER(Buffer)], None
api.Py_IncRef.argtypes, api.Py_IncRef.restype = [ctypes.py_object], None
api.PyBuffer_IsContiguous.argtypes = [ctypes.POINTER(Buffer), ctypes.c_char]

def blank(byte):  # a struct full of one byte, as uninitialised memory may be
    view = Buffer()
    ctypes.memset(ctypes.byref(view), byte, ctypes.sizeof(view))
    return view

def ask(x, flags, view=None):  # raises what the exporter raises
    view = view or blank(0)
    api.PyObject_GetBuffer(x, view, flags)
    return view

def numbers(view, array):  # shape, strides or suboffsets
    return array[:view.ndim] if array else None

def refusal(x, flags):
    try:
        api.PyBuffer_Release(ask(x, flags))
    except Exception as error:
        return type(error).__name__
    return "granted"

def made(module, expression):
    return eval(expression, vars(importlib.import_module(module)))
'''

_COUNTS = """\
for _ in range(100):
    api.Py_IncRef(x)  # lost references are taken from these
before = sys.getrefcount(x)
for _ in range(10):
    api.PyBuffer_Release(ask(x, flags))
print(sys.getrefcount(x) - before)  # """

_FIELDS = """\
view = ask(x, flags)
print(view.len, view.itemsize, view.ndim, numbers(view, view.shape))  # """

_CHANGED = """\
view = ask(x, flags)
before = ctypes.string_at(view.buf, view.len)
try:
    change(x)
except BufferError as error:
    print(error)
gc.collect()
print(before == ctypes.string_at(view.buf, view.len))  # True is right; PYTHONMALLOC=debug and MALLOC_PERTURB_=165 overwrite what is freed
"""

#: What the mutators of the checker do, as far as one expression says it.
_CHANGES: dict[str, str] = {
    "append": "x.append(0)",
    "extend": "x.extend(x[:])",
    "insert": "x.insert(0, 0)",
    "pop": "x.pop()",
    "remove": "x.remove(x[0])",
    "clear": "x.clear()",
    "resize": "x.resize(8192)",
    "truncate": "x.truncate(0)",
    "frombytes": "x.frombytes(bytes(4096))",
    "fromlist": "x.fromlist([0] * 4096)",
    "+=": "x.__iadd__(x)",
    "*=": "x.__imul__(64)",
    "del [0]": "x.__delitem__(0)",
    "[0:1] =": "x.__setitem__(slice(0, 1), x[:])",
    "__setstate__": "x.__setstate__(bytes(4096))",
    "__init__": "x.__init__(bytes(4096))",
    "close": "x.close()",
    "__exit__": "x.__exit__(None, None, None)",
}

_PROOFS: dict[str, str] = {
    "E-01": _COUNTS + "0 is right; a gain of 10 is a reference that is never given back",
    "E-02": "print(ask(x, flags).obj)  # None: nothing keeps the memory alive",
    "E-03": """\
before = sys.getrefcount(x)
for _ in range(10):
    refusal(x, flags)
gc.collect()
print(sys.getrefcount(x) - before)  # 0 is right; memory without a count is seen in the process's size over 100,000 rounds""",
    "E-04": """\
view = ask(x, flags, blank(0xA5))
print([name for name, kind in Buffer._fields_ if ctypes.string_at(ctypes.addressof(view) + getattr(Buffer, name).offset,
       ctypes.sizeof(kind)) == bytes([0xA5]) * ctypes.sizeof(kind)])  # fields that were never written""",
    "E-10": 'print(refusal(x, flags))  # BufferError is right',
    "E-11": """\
view = blank(0xA5)
try:
    ask(x, flags, view)
except Exception:
    print(hex(view.obj or 0))  # 0x0 is right, 0xa5a5a5a5a5a5a5a5 is "untouched\"""",
    "E-20": """\
view = ask(x, flags)
print(numbers(view, view.shape), numbers(view, view.strides), numbers(view, view.suboffsets))  # None where not asked for, and only there""",
    "E-21": "print(ask(x, flags).format)  # None if FORMAT (4) was not asked for, a format if it was",
    "E-22": """\
full = ask(x, 0x11C)  # the memory with its strides
print([api.PyBuffer_IsContiguous(full, order) for order in (b"C", b"F")], refusal(x, flags))  # granted, though it is not in the order asked for""",
    "E-23": "print(ask(x, 0x11C).readonly, ask(x, flags).readonly)  # two answers, or 1 though WRITABLE (1) was asked for",
    "E-24": """\
for request in (0x11C, flags):
    view = ask(x, request)
    print(view.buf, view.len, view.itemsize, view.ndim)  # the same in both lines is right""",
    "E-25": "print(ask(x, 0x11C).itemsize, ask(x, flags).itemsize)  # the same is right",
    "E-26": "print(ask(x, flags).readonly)  # 0 or 1 is right",
    "E-28": "print(refusal(x, flags), refusal(x, 0x11C))  # refused, though the same memory is granted to FULL_RO",
    "E-30": _FIELDS + "the first is the second times all extents",
    "E-31": _FIELDS + "ndim is 0 to 64",
    "E-32": _FIELDS + "with ndim 0 the length is the item size and there is no shape",
    "E-33": _FIELDS + "no extent is negative",
    "E-34": "view = memoryview(x)\nprint(view.tobytes(), view.tolist())  # the same items in both",
    "E-35": "print(hash(x), memoryview(x).readonly)  # False: whoever asks may write to what has a hash",
    "E-37": "view = ask(x, flags)\nprint(view.buf, view.len)  # None: not even an empty buffer has a place",
    "E-38": "print(refusal(x, flags), memoryview(x).nbytes)  # nothing is lent, so every order holds",
    "E-40": "print(memoryview(x).format)  # what does it mean?",
    "E-41": "view = memoryview(x)\nprint(view.format, struct.calcsize(view.format), view.itemsize)  # the last two are the same",
    "E-50": _CHANGED
    + """\
try:
    print(view.buf == ask(x, flags).buf)  # False: the memory is elsewhere now, and what was lent was freed
except Exception as error:
    print(error)""",
    "E-51": _CHANGED.rstrip(),
    "E-52": """\
view = memoryview(x)
before = bytes(view)
del x
gc.collect()
print(before == bytes(view))  # True is right; run it with PYTHONMALLOC=debug, which fills freed memory""",
    "E-53": """\
first = ask(x, 0x11C)
before = numbers(first, first.shape), numbers(first, first.strides)
second = ask(x, flags)
print(before == (numbers(first, first.shape), numbers(first, first.strides)))  # True is right""",
    "E-61": _COUNTS + "0 is right; -10: each release gave up a reference that PyBuffer_Release gives up too",
    "E-62": """\
views = [ask(x, flags) for _ in range(3)]
for view in (views[1], views[0], views[2]):
    api.PyBuffer_Release(view)
print(bytes(memoryview(x)))  # still there""",
    "E-63": """\
view = ask(x, flags)
copy = Buffer.from_buffer_copy(view)
ctypes.memset(ctypes.byref(view), 0xDD, ctypes.sizeof(view))
api.PyBuffer_Release(copy)  # a crash here: the release looked at the address of the struct""",
    "E-65": """\
view = ask(x, flags)
try:
    api.PyBuffer_Release(view)  # ctypes raises what is set afterwards
except Exception as error:
    print(repr(error))  # nothing is right""",
    "T-01": "print([kind for kind in type(x).__mro__])  # which of these defines which slot is seen in its C source",
}

_OTHER = "view = ask(x, flags)\napi.PyBuffer_Release(view)  # what the finding says is seen around these two calls"

_FLAGS = {**dict(NAMED), **dict(requests())}
_FULL_RO = 0x11C


def flags_of(request: str) -> int:
    """The number of a request, by its name."""
    if request in _FLAGS:
        return _FLAGS[request]
    number = 0
    for part in request.replace("+", "|").split("|"):
        if part not in _FLAGS and part != "FORMAT":
            return _FULL_RO
        number |= _FLAGS.get(part, 0x004)
    return number


def proof(finding: Finding, target: str) -> str:
    """Lines that show a finding by hand, after those of `ASKING`."""
    return "\n".join([*given(finding, target), template(finding.rule), ""])


def given(finding: Finding, target: str) -> list[str]:
    """The lines that say what `x` and `flags` are, and where something is changed meanwhile, `change`."""
    module, _, expression = target.partition(":")
    flags = flags_of(finding.requests[0]) if finding.requests else _FULL_RO
    lines = [f"x, flags = made({module!r}, {expression!r}), 0x{flags:03X}"]
    if "change(x)" in template(finding.rule):
        name = finding.explain.partition("mutator: ")[2]
        lines.append(f"change = lambda x: {_CHANGES.get(name, f'x.{name}()' if name.isidentifier() else '...')}")
    return lines


def template(rule: str) -> str:
    """The lines that decide about a rule: of `x`, the exporter, and `flags`, the request."""
    return _PROOFS.get(rule, _OTHER)
