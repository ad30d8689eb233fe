"""All 72 requests, made through the raw C API of exporters that others wrote, held against onloan's negotiation.

Each exporter is asked everything twice, with the struct full of poison and of zeros. What it does otherwise than the rules say is
collected under the rule's id (RULES: E-10 the exception, E-11 `obj` after a refusal, E-20 shape, strides and suboffsets, E-21 format, E-22
granted though it does not fit, E-23 readonly, E-24 and E-25 what must not depend on the flags, E-28 refused though it fits) and must be
exactly what is known of that exporter.
"""

import array
import ctypes
import io
import mmap
import pickle

import pytest

from onloan import Buffer, _onloan

REQUESTS = _onloan.requests()
W, FORMAT, ND, STRIDES = 0x001, 0x004, 0x008, 0x018
C, F, ANY, INDIRECT = 0x038, 0x058, 0x098, 0x118
FULL_RO = 0x11C


def asks(flags, flag):
    return flags & flag == flag


def contiguous(facts, order):
    """`PyBuffer_IsContiguous`, slowly, for one order."""
    if facts["suboffsets"] is not None:
        return False
    if facts["len"] == 0 or facts["ndim"] == 0:
        return True
    shape, strides = facts["shape"], facts["strides"]
    if strides is None:
        return order == "C" or sum(extent > 1 for extent in shape) <= 1
    step = facts["itemsize"]
    axes = range(len(shape))
    for axis in reversed(axes) if order == "C" else axes:
        if shape[axis] > 1 and strides[axis] != step:
            return False
        step *= shape[axis]
    return True


def must_fail(readonly, c, f, indirect, flags):
    """The oracle of the rules, clause by clause; `None` for a request whose answer they leave open."""
    if asks(flags, W) and readonly:
        return True
    if asks(flags, C) and not c or asks(flags, F) and not f or asks(flags, ANY) and not (c or f):
        return True
    if indirect and not asks(flags, INDIRECT):
        return True
    if not asks(flags, STRIDES) and not c:
        return True
    return None if asks(flags, FORMAT) and not asks(flags, ND) else False


def test_the_72_requests_are_those_closed_under_implication():
    flags = {flags for _, flags in REQUESTS}
    strided = {STRIDES | c | f | a | i for c in (0, C) for f in (0, F) for a in (0, ANY) for i in (0, INDIRECT)}
    assert flags == {g | w | fmt for g in {0, ND} | strided for w in (0, W) for fmt in (0, FORMAT)}
    assert len(REQUESTS) == len(dict(REQUESTS)) == 72
    assert dict(REQUESTS)["FULL_RO"] == FULL_RO and dict(REQUESTS)["ND|WRITABLE"] == ND | W


def test_what_is_expected_is_what_the_oracle_says_for_every_kind_of_memory():
    kinds = [(r, c, f, False) for r in (False, True) for c in (False, True) for f in (False, True)]
    for kind in [*kinds, (False, False, False, True), (True, False, False, True)]:
        for name, flags in REQUESTS:
            refusal = _onloan.expected(*kind, flags)
            verdict = must_fail(*kind, flags)
            # Left open by the rules; here refused.
            assert (refusal is not None) == (verdict in (True, None)), (kind, name)
            if refusal is not None:
                code, message = refusal
                assert code and name in message


def findings(exporter):
    """What this exporter does otherwise than the rules say: how often each rule is broken, over 72 requests."""
    seen = {poison: collect(exporter, poison) for poison in (0xA5, 0x00)}
    # What an exporter answers must not depend on what was in the struct before; whether it left something alone shows in one only.
    for found in seen.values():
        found.pop("E-11", None)
    assert seen[0xA5] == seen[0x00]
    return collect(exporter, 0xA5)


def collect(exporter, poison):
    found = {}
    base = _onloan.request(exporter, FULL_RO, poison=poison)
    assert base["granted"], base
    kind = (
        bool(base["readonly"]),
        contiguous(base, "C"),
        contiguous(base, "F"),
        base["suboffsets"] is not None,
    )

    def report(rule):
        found[rule] = found.get(rule, 0) + 1

    for _, flags in REQUESTS:
        answer = _onloan.request(exporter, flags, poison=poison)
        verdict = must_fail(*kind, flags)
        if not answer["granted"]:
            if verdict is False:
                report("E-28")
            if answer["error"] != "BufferError":
                report("E-10")
            if answer["obj"] == "poison":
                report("E-11")
            else:
                assert answer["obj"] == "null"
            continue
        if verdict:
            report("E-22")
        assert answer["poisoned"] == [], answer
        judge_fields(base, answer, flags, report)
    return found


def judge_fields(base, answer, flags, report):
    for name in ("buf", "len"):
        assert answer[name] == base[name], name
    assert answer["obj"] == base["obj"]
    if answer["itemsize"] != base["itemsize"]:
        report("E-25")
    if answer["readonly"] != base["readonly"]:
        report("E-23")
    if asks(flags, ND):
        assert answer["ndim"] == base["ndim"]
    elif answer["ndim"] != base["ndim"]:
        report("E-24")
    axes = base["ndim"] > 0
    shape_told = answer["shape"] is not None
    strides_told = answer["strides"] is not None
    if shape_told != (asks(flags, ND) and axes) or strides_told != (asks(flags, STRIDES) and axes):
        report("E-20")
    assert answer["suboffsets"] == (base["suboffsets"] if asks(flags, INDIRECT) else None)
    if asks(flags, FORMAT) and not asks(flags, ND):
        if answer["format"] not in (base["format"], "B"):
            report("E-21")
    elif answer["format"] != (base["format"] if asks(flags, FORMAT) else None):
        report("E-21")


def mapping():
    return mmap.mmap(-1, 4096)


def exported_bytes_io():
    return io.BytesIO(b"abcdefgh").getbuffer().obj


#: Exporters of CPython, and what is known of each.
STANDARD = {
    "bytes": (lambda: b"abc", {"E-11": 36}),
    "empty bytes": (lambda: b"", {"E-11": 36}),
    "bytearray": (lambda: bytearray(b"abc"), {}),
    "array of doubles": (lambda: array.array("d", [1, 2, 3]), {}),
    "empty array": (lambda: array.array("i"), {}),
    "mmap": (mapping, {}),
    "BytesIO": (exported_bytes_io, {}),
    "PickleBuffer": (lambda: pickle.PickleBuffer(bytearray(b"abc")), {}),
    "memoryview": (lambda: memoryview(bytearray(b"abc")), {}),
    "read-only memoryview": (lambda: memoryview(b"abc"), {}),
    "stepped memoryview": (lambda: memoryview(bytearray(8))[::2], {}),
    "reversed memoryview": (lambda: memoryview(b"abcd")[::-1], {}),
    "2-D memoryview": (lambda: memoryview(bytearray(24)).cast("i", (2, 3)), {"E-24": "without ND"}),
    "0-d memoryview": (lambda: memoryview(bytearray(4)).cast("i", ()), {"E-24": "without ND"}),
    "stepped memoryview of length 0": (lambda: memoryview(bytearray(8))[4:4:2], {"E-28": "D-12"}),
    "ctypes integer": (lambda: ctypes.c_int(7), {"E-21": "format always"}),
    "ctypes array": (lambda: (ctypes.c_int * 3)(), {"E-20": "ctypes", "E-21": "format always"}),
    "2-D ctypes array": (
        lambda: (ctypes.c_short * 3 * 2)(),
        {"E-20": "ctypes", "E-21": "format always", "E-22": 32},
    ),
}

#: Where a number would hide which requests are meant: a count from the flags.
COUNTS = {
    # Every granted request without ND, where ndim is another.
    "without ND": lambda granted: sum(not asks(f, ND) for f in granted),
    "format always": lambda granted: sum(not asks(f, FORMAT) for f in granted),
    # The shape is there without ND, the strides are not there with STRIDES.
    "ctypes": lambda granted: sum(not asks(f, ND) or asks(f, STRIDES) for f in granted),
    # A stepped view of no items is contiguous, and refused as if it were not: 28 requests with the FORMAT question left open.
    "D-12": lambda granted: sum(
        asks(f, C) or asks(f, F) or asks(f, ANY) or (not asks(f, STRIDES) and (asks(f, ND) or not asks(f, FORMAT)))
        for _, f in REQUESTS
    ),
}


def expected_findings(exporter, known):
    granted = [f for _, f in REQUESTS if _onloan.request(exporter, f)["granted"]]
    refused = 72 - len(granted)
    result = {}
    for rule, count in known.items():
        if count == "each refusal":
            count = refused
        result[rule] = COUNTS[count](granted) if isinstance(count, str) else count
    return {rule: count for rule, count in result.items() if count}


@pytest.mark.parametrize("name", STANDARD)
def test_the_standard_library_answers_as_negotiated_but_for_what_is_known(name):
    make, known = STANDARD[name]
    exporter = make()
    assert findings(exporter) == expected_findings(exporter, known)


BUFFERS = {
    "bytes": lambda: Buffer(b"abc"),
    "no bytes": lambda: Buffer(),
    "read-only": lambda: Buffer(b"abc", readonly=True),
    "doubles": lambda: Buffer.zeros(5, "d"),
    "2-D": lambda: Buffer.zeros((2, 3), "d"),
    "2-D, one row": lambda: Buffer.zeros((1, 3), "d"),
    "2-D, no items": lambda: Buffer.zeros((3, 0, 2), ">I"),
    "0-d": lambda: Buffer.zeros((), "d"),
    "64-d": lambda: Buffer.zeros((1,) * 64, "h"),
    "records": lambda: Buffer([(1, 2.0)], format="T{<I:id:<d:x:}"),
    "lazy": lambda: Buffer.lazy(lambda: bytearray(24), format="d"),
    "lazy 2-D": lambda: Buffer.lazy(lambda: memoryview(bytes(48))[::2], format="h", shape=(3, 4)),
    "unpickled": lambda: pickle.loads(pickle.dumps(Buffer.zeros((2, 2), "i"), 5)),
}


@pytest.mark.parametrize("name", BUFFERS)
def test_a_buffer_answers_as_negotiated(name):
    exporter = BUFFERS[name]()
    # A lazy one would be made anew, elsewhere, for each request.
    with memoryview(exporter):
        # Without ND the number of dimensions is at most 1, as memoryview and _testbuffer have it: CPython's memoryview reads arrays that are not
        # there if it is told of more.
        known = {} if exporter.ndim <= 1 else {"E-24": "without ND"}
        assert findings(exporter) == expected_findings(exporter, known)
    assert exporter.exports == 0


@pytest.mark.parametrize("name", BUFFERS)
def test_a_refusal_of_a_buffer_says_what_negotiation_says(name):
    exporter = BUFFERS[name]()
    base = _onloan.request(exporter, FULL_RO)
    kind = (bool(base["readonly"]), contiguous(base, "C"), contiguous(base, "F"), False)
    for _, flags in REQUESTS:
        answer = _onloan.request(exporter, flags)
        refusal = _onloan.expected(*kind, flags)
        assert answer["granted"] == (refusal is None)
        assert answer["granted"] or answer["message"] == refusal[1]


def test_numpy_answers_as_negotiated_but_for_what_is_known():
    numpy = pytest.importorskip("numpy")
    # A refusal is a ValueError and leaves `obj` alone; without ND there are 0 dimensions.
    known = {"E-10": "each refusal", "E-11": "each refusal", "E-24": "without ND"}
    table = numpy.arange(24, dtype="i4").reshape(4, 6)
    frozen = table.copy()
    frozen.flags.writeable = False
    arrays = {
        "1-D": numpy.arange(5.0),
        "2-D, C order": table,
        "2-D, Fortran order": numpy.asfortranarray(table),
        "strided": table[:, ::2],
        "reversed": table[::-1],
        "broadcast": numpy.broadcast_to(numpy.arange(3), (4, 3)),
        "read-only": frozen,
        "0-d": numpy.array(3.5),
        "empty": numpy.zeros((0, 3)),
        "big-endian": numpy.arange(4, dtype=">u4"),
    }
    for name, exporter in arrays.items():
        expected = expected_findings(exporter, known)
        if exporter.ndim == 0:
            # Nothing is left to differ.
            expected.pop("E-24", None)
        assert findings(exporter) == expected, name


def test_testbuffer_answers_as_negotiated():
    testbuffer = pytest.importorskip("_testbuffer")
    ndarray, writable, fortran, indirect = (
        testbuffer.ndarray,
        testbuffer.ND_WRITABLE,
        testbuffer.ND_FORTRAN,
        testbuffer.ND_PIL,
    )
    items = list(range(12))
    exporters = {
        "1-D": ndarray(items, shape=[12], format="i"),
        "writable": ndarray(items, shape=[12], format="i", flags=writable),
        "2-D": ndarray(items, shape=[3, 4], format="h"),
        "2-D, Fortran order": ndarray(items, shape=[3, 4], format="h", flags=fortran),
        "strided": ndarray(items, shape=[3, 2], strides=[8, 4], format="h"),
        "negative strides": ndarray(items, shape=[6], strides=[-4], offset=20, format="h"),
        "suboffsets": ndarray(items, shape=[3, 4], format="L", flags=indirect),
        "writable suboffsets": ndarray(items, shape=[3, 4], format="L", flags=indirect | writable),
        "0-d": ndarray(7, shape=[], format="i"),
    }
    for name, exporter in exporters.items():
        # Without ND it has one dimension.
        known = {} if exporter.ndim == 1 else {"E-24": "without ND"}
        assert findings(exporter) == expected_findings(exporter, known), name


def test_the_order_of_clauses_decides_which_reason_is_given():
    strided = (True, False, False, False)
    reason = [_onloan.expected(*strided, flags)[0] for flags in (C | W, C, STRIDES | ANY, ND, 0)]
    assert reason == ["not-writable", "not-c-contiguous", "not-contiguous", "needs-strides", "needs-strides"]
