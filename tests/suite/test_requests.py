"""Every request × every exporter: what is granted, what is in the struct, what is refused and in which words."""

import struct

from onloan_suite import raw

from suite.oracle import (
    C_CONTIGUOUS,
    F_CONTIGUOUS,
    ANY_CONTIGUOUS,
    FORMAT,
    FULL_RO,
    INDIRECT,
    ND,
    REQUESTS,
    SIMPLE,
    STRIDES,
    WRITABLE,
    asks,
    canonical,
    clause,
    expected,
    indices,
    is_contiguous,
    show,
    size_of_format,
    well_formed,
)


def full(exporter):
    """What it answers to FULL_RO, and nothing held."""
    held = raw.acquire(exporter, FULL_RO)
    fields = held.fields()
    held.release()
    return fields


def granted(exporter):
    """Every request that is granted, with its fields. An export of each is held only for the moment."""
    for flags in REQUESTS:
        try:
            held = raw.acquire(exporter, flags)
        except BufferError:
            continue
        yield flags, held.fields(), held
        held.release()


def test_each_of_the_72_requests_is_granted_or_refused_as_documented(exporter):
    buffer = full(exporter)
    for flags in REQUESTS:
        right = expected(buffer, flags)
        try:
            raw.acquire(exporter, flags).release()
            seen = True
        except BufferError:
            seen = False
        assert right is None or seen == right, show(flags)


def test_any_bits_at_all_are_answered_as_the_flags_that_are_there_in_full(exporter):
    for flags in range(1 << 9):
        if flags in (0x100, 0x200):
            continue  # No request: PyObject_GetBuffer of 3.13 refuses it itself.
        try:
            held = raw.acquire(exporter, flags | 0x4000)
            seen = held.fields()
            held.release()
        except BufferError as error:
            seen = str(error)
        try:
            held = raw.acquire(exporter, well_formed(flags))
            right = held.fields()
            held.release()
        except BufferError as error:
            right = str(error)
        for answer in (seen, right):
            if isinstance(answer, dict):
                answer.pop("pointers")
                answer.pop("buf")  # A lazy storage may be elsewhere the next time.
        assert seen == right, hex(flags)


def test_a_field_is_there_exactly_if_it_was_asked_for(exporter):
    """E-20, E-21, E-32."""
    buffer = full(exporter)
    axes = buffer["ndim"] > 0
    for flags, fields, _ in granted(exporter):
        assert (fields["shape"] is not None) == (asks(flags, ND) and axes), show(flags)
        assert (fields["strides"] is not None) == (asks(flags, STRIDES) and axes), show(flags)
        assert (fields["format"] is not None) == asks(flags, FORMAT), show(flags)
        assert fields["suboffsets"] == (buffer["suboffsets"] if asks(flags, INDIRECT) else None), show(flags)
        if fields["shape"] is not None:
            assert fields["shape"] == buffer["shape"]
        if fields["strides"] is not None:
            described = buffer["shape"], buffer["strides"], buffer["itemsize"]
            indirect = buffer["suboffsets"] is not None
            assert fields["strides"] == (buffer["strides"] if indirect else canonical(*described, flags)), show(flags)
        if fields["format"] is not None:
            assert fields["format"] == buffer["format"]


def test_what_does_not_depend_on_the_request_is_always_the_same(exporter):
    """E-01, E-23, E-24, E-25, E-26."""
    held = raw.acquire(exporter, FULL_RO)
    buffer = held.fields()
    shared = grants_another(exporter)
    if not shared:
        held.release()
    for flags, fields, _ in granted(exporter):
        for name in ("obj", "len", "itemsize", "readonly"):
            assert fields[name] == buffer[name], (name, show(flags))
        # Without a shape at most one dimension is told: CPython's memoryview reads the arrays of more, though they are absent.
        assert fields["ndim"] == (buffer["ndim"] if asks(flags, ND) else min(buffer["ndim"], 1)), show(flags)
        assert fields["obj"] == id(exporter)
        assert fields["readonly"] in (0, 1)
        if shared:  # Else lazy memory may be made elsewhere the next time.
            assert fields["buf"] == buffer["buf"], show(flags)


def grants_another(exporter):
    """Whether there can be another export beside one that is out."""
    try:
        raw.acquire(exporter, FULL_RO).release()
        return True
    except BufferError:
        return False


def test_every_field_is_filled_in_whatever_was_in_the_struct(exporter):
    """E-04."""
    for flags in REQUESTS:
        structs = []
        for pattern in (0x00, 0xA5, 0x5A):
            try:
                held = raw.acquire(exporter, flags, pattern)
            except BufferError:
                break
            structs.append(held.bytes())
            held.release()
        for pattern, filled in zip((0x00, 0xA5, 0x5A), structs):
            if pattern:
                words = struct.unpack("@PPnniiPPPPP", filled)
                garbage = int.from_bytes(bytes([pattern]) * 8, "little")
                assert garbage not in words and garbage & 0xFFFFFFFF not in words, show(flags)


def test_the_numbers_hold_together(exporter):
    """E-30, E-31, E-33, E-36, E-37."""
    for flags, fields, _ in granted(exporter):
        assert 0 <= fields["ndim"] <= 64
        assert fields["len"] >= 0
        assert fields["buf"] != 0
        if fields["shape"] is not None:
            items = 1
            for extent in fields["shape"]:
                assert extent >= 0
                items *= extent
            assert fields["len"] == items * fields["itemsize"], show(flags)
        elif fields["ndim"] == 0:
            assert fields["len"] == fields["itemsize"]
        if fields["suboffsets"] is not None:
            assert any(suboffset >= 0 for suboffset in fields["suboffsets"])


def test_the_format_describes_as_many_bytes_as_an_item_has(exporter):
    """E-40, E-41, E-42."""
    formats = set()
    for flags, fields, _ in granted(exporter):
        if fields["format"] is not None:
            formats.add(fields["format"])
            assert size_of_format(fields["format"]) == fields["itemsize"], show(flags)
    assert len(formats) == 1


def test_contiguity_is_what_cpython_makes_of_the_answer(exporter):
    """The oracle itself, held against `PyBuffer_IsContiguous`."""
    for flags, fields, held in granted(exporter):
        if not asks(flags, ND):
            continue
        c, f = held.is_contiguous("C"), held.is_contiguous("F")
        assert c == is_contiguous(fields, "C") and f == is_contiguous(fields, "F"), show(flags)
        assert held.is_contiguous("A") == (c or f)
        assert c or not asks(flags, C_CONTIGUOUS)
        assert f or not asks(flags, F_CONTIGUOUS)
        assert c or f or not asks(flags, ANY_CONTIGUOUS)


def test_every_item_is_where_the_struct_says(exporter):
    """E-34, E-35: walked by `PyBuffer_GetPointer`, and as contiguous bytes."""
    held = raw.acquire(exporter, FULL_RO)
    fields = held.fields()
    if fields["ndim"] and fields["len"] < 100_000:
        walked = b"".join(held.item(list(index)) for index in indices(fields["shape"]))
        assert walked == held.to_contiguous("C")
    if is_contiguous(fields, "C"):
        simple = raw.acquire(exporter, SIMPLE) if grants_another(exporter) else held
        assert simple.linear() == held.to_contiguous("C")


def test_a_refusal_is_a_buffer_error_that_leaves_null_in_obj(exporter):
    """E-10, E-11."""
    buffer = full(exporter)
    for flags in REQUESTS:
        if expected(buffer, flags) is not False:
            continue
        error, left = raw.refused(exporter, flags)
        assert type(error) is BufferError, show(flags)
        assert left == 0, show(flags)


def test_a_refusal_names_its_clause_what_was_asked_and_what_would_be_granted(exporter):
    buffer = full(exporter)
    for flags in REQUESTS:
        if expected(buffer, flags):
            continue
        error, _ = raw.refused(exporter, flags)
        message = str(error)
        assert clause(buffer, flags) in message, show(flags)
        asked = message.split("asked for ")[1].split(", the memory is")[0]
        assert request_named(asked) == flags, message
        offered = message.split("; ")[1].removesuffix(" would be granted")
        raw.acquire(exporter, request_named(offered)).release()
        assert ("read-only" in message.split("the memory is ")[1]) == bool(buffer["readonly"])


def request_named(text):
    names = dict(
        SIMPLE=0,
        WRITABLE=WRITABLE,
        FORMAT=FORMAT,
        ND=ND,
        STRIDES=STRIDES,
        C_CONTIGUOUS=C_CONTIGUOUS,
        F_CONTIGUOUS=F_CONTIGUOUS,
        ANY_CONTIGUOUS=ANY_CONTIGUOUS,
        INDIRECT=INDIRECT,
        RECORDS=STRIDES | WRITABLE | FORMAT,
        RECORDS_RO=STRIDES | FORMAT,
        FULL=INDIRECT | WRITABLE | FORMAT,
        FULL_RO=INDIRECT | FORMAT,
    )
    flags = 0
    for name in text.split("|"):
        flags |= names[name]
    return flags


def test_memory_without_items_counts_as_contiguous_in_both_orders():
    """E-38."""
    from onloan_suite import laid_out

    for shape, strides in [([0], [1]), ([0, 4], [-7, 3]), ([2, 0, 7], [1, 1, 1])]:
        nothing = laid_out("writable", b"abc", shape=shape, strides=strides)
        for flags in REQUESTS:
            if asks(flags, ND) or not asks(flags, FORMAT):
                raw.acquire(nothing, flags).release()


def test_arrays_that_one_consumer_holds_are_not_touched_by_other_requests(exporter):
    """E-07, E-53."""
    held = raw.acquire(exporter, FULL_RO)
    before = held.bytes(), held.fields()
    for flags in REQUESTS:
        try:
            raw.acquire(exporter, flags).release()
        except BufferError:
            pass
    assert (held.bytes(), held.fields()) == before
