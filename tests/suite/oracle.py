"""What an exporter must answer to each request: slow, literal, and written without a look at the implementation.

A buffer is a dict of the fields of `Py_buffer`, as `onloan_suite.raw.Held.fields` gives it.
"""

import itertools
import math
import re

SIMPLE = 0x000
WRITABLE = 0x001
FORMAT = 0x004
ND = 0x008
STRIDES = 0x018
C_CONTIGUOUS = 0x038
F_CONTIGUOUS = 0x058
ANY_CONTIGUOUS = 0x098
INDIRECT = 0x118
FULL_RO = INDIRECT | FORMAT
FULL = FULL_RO | WRITABLE
RECORDS_RO = STRIDES | FORMAT
CONTIG_RO = ND

NAMES = {
    C_CONTIGUOUS: "C_CONTIGUOUS",
    F_CONTIGUOUS: "F_CONTIGUOUS",
    ANY_CONTIGUOUS: "ANY_CONTIGUOUS",
    INDIRECT: "INDIRECT",
    STRIDES: "STRIDES",
    ND: "ND",
    WRITABLE: "WRITABLE",
    FORMAT: "FORMAT",
}


def asks(flags, flag):
    """A flag is asked for only if all of its bits are set."""
    return flags & flag == flag


def geometries():
    yield SIMPLE
    yield ND
    for contiguities in itertools.product([0, C_CONTIGUOUS], [0, F_CONTIGUOUS], [0, ANY_CONTIGUOUS], [0, INDIRECT]):
        flags = STRIDES
        for flag in contiguities:
            flags |= flag
        yield flags


#: The 72 well-formed requests.
REQUESTS = [
    geometry | writable | formatted
    for geometry in geometries()
    for writable in (0, WRITABLE)
    for formatted in (0, FORMAT)
]
assert len(set(REQUESTS)) == 72


def well_formed(flags):
    """What is asked for by any bits at all: flags that are not there in full do not count."""
    asked = 0
    for flag in NAMES:
        if asks(flags, flag):
            asked |= flag
    return asked


def show(flags):
    return "|".join(name for flag, name in NAMES.items() if asks(flags, flag)) or "SIMPLE"


def is_contiguous(buffer, order):
    """As `PyBuffer_IsContiguous` is documented; `order` is "C" or "F"."""
    if buffer["suboffsets"] is not None:
        return False
    if buffer["len"] == 0 or buffer["ndim"] == 0:
        return True
    shape, strides = buffer["shape"], buffer["strides"]
    if strides is None:
        return order == "C" or sum(extent > 1 for extent in shape) <= 1
    step = buffer["itemsize"]
    axes = range(buffer["ndim"])
    for axis in reversed(axes) if order == "C" else axes:
        if shape[axis] > 1 and strides[axis] != step:
            return False
        step *= shape[axis]
    return True


def expected(buffer, flags):
    """Whether memory that is `buffer` to FULL_RO grants `flags`: True, False, or None where both are right."""
    c, f = is_contiguous(buffer, "C"), is_contiguous(buffer, "F")
    if asks(flags, WRITABLE) and buffer["readonly"]:
        return False
    if asks(flags, C_CONTIGUOUS) and not c:
        return False
    if asks(flags, F_CONTIGUOUS) and not f:
        return False
    if asks(flags, ANY_CONTIGUOUS) and not (c or f):
        return False
    if not asks(flags, INDIRECT) and buffer["suboffsets"] is not None:
        return False
    if not asks(flags, STRIDES) and not c:
        return False
    if not asks(flags, ND) and asks(flags, FORMAT):
        return None
    return True


def clause(buffer, flags):
    """What a refusal must name, in the order in which CPython's own memoryview looks."""
    c, f = is_contiguous(buffer, "C"), is_contiguous(buffer, "F")
    if asks(flags, WRITABLE) and buffer["readonly"]:
        return "not writable"
    if asks(flags, C_CONTIGUOUS) and not c:
        return "not C-contiguous"
    if asks(flags, F_CONTIGUOUS) and not f:
        return "not F-contiguous"
    if asks(flags, ANY_CONTIGUOUS) and not (c or f):
        return "not contiguous"
    if not asks(flags, INDIRECT) and buffer["suboffsets"] is not None:
        return "without suboffsets"
    if not asks(flags, STRIDES) and not c:
        return "without strides"
    return "only together with a shape"


SIZES = dict(b=1, B=1, h=2, H=2, i=4, I=4, q=8, Q=8, e=2, f=4, d=8, s=1, x=1, w=4) | {"?": 1, "Zf": 8, "Zd": 16}


def size_of_format(format):
    """Bytes of one item: of the formats that need no alignment, so that sizes add up."""
    size, rest = 0, format
    while rest:
        match = re.match(r"[<>]?(?:\((?P<axes>[\d,]+)\))?(?P<count>\d*)[<>]?(?P<code>T\{|Z?.)", rest)
        repeat = int(match["count"] or 1)
        for extent in (match["axes"] or "1").split(","):
            repeat *= int(extent)
        rest = rest[match.end() :]
        if match["code"] == "T{":
            end = closing_brace(rest)
            size += repeat * size_of_format(rest[:end])
            rest = rest[end + 1 :]
        else:
            size += repeat * SIZES[match["code"]]
        rest = re.sub(r"^:[^:]*:", "", rest)
    return size


def closing_brace(text):
    depth = 1
    for place, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return place
    raise ValueError(text)


def indices(shape):
    """Every index, the last varying fastest."""
    return itertools.product(*map(range, shape))


def strided(data, shape, strides, offset, itemsize):
    """The items of a block of memory in C order."""
    items = []
    for index in indices(shape):
        start = offset + sum(i * stride for i, stride in zip(index, strides))
        assert 0 <= start and start + itemsize <= len(data)
        items.append(data[start : start + itemsize])
    return b"".join(items)


def c_strides(shape, itemsize):
    strides = []
    for extent in reversed(shape):
        strides.insert(0, itemsize)
        itemsize *= extent
    return strides


def canonical(shape, strides, itemsize, flags):
    """What contiguous memory says to `flags`: the strides of its order, also of axes with one item (E-27); else what it has."""
    described = dict(suboffsets=None, len=0, ndim=len(shape), shape=shape, strides=strides, itemsize=itemsize)
    described["len"] = math.prod(shape, start=itemsize)
    c, f = is_contiguous(described, "C"), is_contiguous(described, "F")
    if c and not (f and asks(flags, F_CONTIGUOUS) and not asks(flags, C_CONTIGUOUS)):
        return c_strides(shape, itemsize)
    return c_strides(shape[::-1], itemsize)[::-1] if f else strides
