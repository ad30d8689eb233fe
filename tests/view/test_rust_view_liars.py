"""Exporters whose answers do not add up: refused by the rule that they break, and given back once all the same."""

import sys

import onloan_suite_view as rust
import pytest

from view.seen import assert_sees

LARGE = sys.maxsize

CONTRADICTIONS = {
    # rule: answers that break it, and what is said of them
    "E-20": [
        ({"ndim": 2, "shape": None}, "2 dimensions but no shape"),
        ({"strides": None, "suboffsets": [0]}, "suboffsets but no strides"),
    ],
    "E-25": [({"itemsize": -2}, "items have -2 bytes"), ({"itemsize": -LARGE - 1}, "items have -")],
    "E-30": [
        ({"len": 13}, "its length is 13, but its items have 12 bytes"),
        ({"len": 1 << 20}, "its length is 1048576, but its items have 12 bytes"),
        ({"len": 0}, "its length is 0, but"),
        ({"len": -12}, "its length is -12, but"),
        ({"len": 4, "ndim": 0, "shape": None, "strides": None}, "its length is 4, but its items have 2 bytes"),
        ({"len": 13, "shape": None}, "its length is 13, but its items have 12 bytes"),
        ({"shape": [LARGE]}, "exceed"),
        ({"ndim": 2, "shape": [1 << 40, 1 << 40], "strides": [2, 2], "len": 0}, "exceed"),
        ({"ndim": 2, "shape": [LARGE, 2], "strides": None, "itemsize": 0, "len": 0}, "exceed"),
        ({"ndim": 9, "shape": [1 << 10] * 9, "strides": None, "len": 1 << 62}, "exceed"),
    ],
    "E-31": [
        ({"ndim": -1}, "it has -1 dimensions, 0 to 64 are possible"),
        ({"ndim": 65, "shape": [1] * 65, "strides": [2] * 65, "len": 2}, "it has 65 dimensions"),
        ({"ndim": 2**31 - 1}, "it has 2147483647 dimensions"),
    ],
    "E-33": [
        ({"shape": [-6]}, "axis 0 has negative extent -6"),
        ({"shape": [-6], "len": -12}, "axis 0 has negative extent -6"),
        ({"ndim": 2, "shape": [6, -LARGE - 1], "strides": [2, 2]}, "axis 1 has negative extent"),
        ({"ndim": 2, "shape": [-1, -6], "strides": [2, 2]}, "axis 0 has negative extent"),
    ],
    "E-35": [
        ({"strides": [LARGE]}, "reaches farther"),
        ({"strides": [-LARGE - 1]}, "reaches farther"),
        ({"ndim": 2, "shape": [3, 2], "strides": [LARGE // 2 + 1, 2]}, "reaches farther"),
        ({"ndim": 2, "shape": [3, 2], "strides": [LARGE // 4, -LARGE // 2 - 1]}, "reaches farther"),
    ],
    "E-37": [({"offset": None}, "12 bytes but no address")],
}  # fmt: skip

EVERY = [(rule, lie, text) for rule, cases in CONTRADICTIONS.items() for lie, text in cases]


@pytest.mark.parametrize("rule, lie, text", EVERY, ids=lambda value: str(value)[:40])
def test_a_contradiction_is_refused_by_its_rule_and_given_back_once(rule, lie, text):
    liar = rust.Liar(**lie)
    for consume in (
        lambda: rust.look(liar, "u16"),
        lambda: rust.raw(liar),
        lambda: rust.Holder(liar),
        lambda: rust.fits(liar),
        lambda: rust.write_items(rust.Liar(readonly=0, **lie), "u16", "fill", [1]),
    ):
        with pytest.raises(BufferError, match=rf"the buffer of 'Liar' contradicts itself \({rule}\): .*{text}"):
            consume()
    assert (liar.got, liar.released, liar.changed) == (4, 4, 0)


# An answer to a request that it does not keep to; the request by its flags.
BROKEN = [
    (0x001, {"readonly": 1}, "E-23", "buffer is not writable, though it granted WRITABLE"),
    (0x038, {"strides": [4]}, "E-22", "not C-contiguous, though it granted C_CONTIGUOUS"),
    (0x058, {"ndim": 2, "shape": [2, 3], "strides": [6, 2]}, "E-22", "not F-contiguous, though it granted F_CONTIGUOUS"),
    (0x098, {"strides": [-2]}, "E-22", "not contiguous, though it granted ANY_CONTIGUOUS"),
    (0x018, {"suboffsets": [0]}, "E-22", "without suboffsets, though it granted STRIDES"),
    (0x008, {"strides": [4]}, "E-22", "without strides, though it granted ND"),
]


@pytest.mark.parametrize("flags, lie, rule, text", BROKEN)
def test_an_answer_is_held_against_the_request(flags, lie, rule, text):
    liar = rust.Liar(**lie)
    with pytest.raises(BufferError, match=rf"\({rule}\): .*{text}"):
        rust.Holder(liar, flags)
    assert (liar.got, liar.released) == (1, 1)


def test_a_c_order_of_ctypes_is_not_taken_for_an_f_order():
    ctypes = pytest.importorskip("ctypes")
    table = ((ctypes.c_double * 3) * 2)()
    # ctypes grants this, and has C order.
    assert memoryview(table).f_contiguous is False
    with pytest.raises(BufferError, match=r"\(E-22\): buffer is not F-contiguous"):
        rust.Holder(table, 0x58)
    with pytest.raises(BufferError, match="^buffer is not F-contiguous: .* would be granted") as caught:
        rust.look(table, "f64", 0x58)
    assert "E-22" in str(caught.value.__cause__)
    assert rust.look(table, "f64", 0x38)["c"]


def test_what_is_missing_stands_for_the_documented_default():
    items = [0x0100, 0x0302, 0x0504, 0x0706, 0x0908, 0x0B0A]
    for lie in ({"strides": None}, {"shape": None}, {"shape": None, "strides": None}, {"suboffsets": [-1]}):
        liar = rust.Liar(**lie)
        assert_sees(rust.look(liar, "u16"), (6,), items)
        assert (liar.got, liar.released, liar.changed) == (1, 1, 0)
    flat = rust.Liar(ndim=2, shape=[2, 3], strides=None)
    assert_sees(rust.look(flat, "u16"), (2, 3), items)
    single = rust.Liar(ndim=0, shape=None, strides=None, len=2)
    assert_sees(rust.look(single, "u16"), (), items[:1])
    bytes_ = rust.Liar(format=None, itemsize=1, shape=[12], strides=[1])
    assert_sees(rust.look(bytes_, "u8"), (12,), range(12))


def test_without_a_format_items_of_two_bytes_are_not_bytes():
    liar = rust.Liar(format=None)
    with pytest.raises(ValueError, match=r"asked for `u8`, the items are `B` \(format `B` has 1 bytes; the item size is 2\)"):
        rust.look(liar, "u8")
    assert rust.raw(liar)["bytes"] == bytes(range(12))


def test_without_a_shape_everything_is_bytes():
    for lie in ({}, {"ndim": 0}, {"ndim": -1}, {"ndim": 77}, {"itemsize": 0}, {"itemsize": -1}, {"shape": None}):
        liar = rust.Liar(**lie)
        seen = rust.look(liar, "u8", 0)
        assert_sees(seen, (12,), range(12))
        assert seen["format"] == b"B"
        with pytest.raises(ValueError, match="item type: asked for `u16`, the items are `B`"):
            rust.look(liar, "u16", 0)
    with pytest.raises(BufferError, match=r"\(E-30\): its length is -1"):
        rust.look(rust.Liar(len=-1), "u8", 0)


def test_addresses_and_strides_of_no_alignment_are_read():
    odd = rust.Liar(offset=1, strides=[3])
    assert_sees(rust.look(odd, "u16"), (6,), [(1 + 3 * n) | (2 + 3 * n) << 8 for n in range(6)])
    reversed_ = rust.Liar(offset=21, strides=[-4])
    assert_sees(rust.look(reversed_, "u16"), (6,), [(21 - 4 * n) | (22 - 4 * n) << 8 for n in range(6)])
    repeated = rust.Liar(strides=[0])
    assert_sees(rust.look(repeated, "u16"), (6,), [0x0100] * 6)


def test_without_bytes_there_may_be_no_address():
    for lie in (
        {"len": 0, "shape": [0]},
        {"len": 0, "ndim": 2, "shape": [3, 0], "strides": [2, 2]},
        {"len": 0, "shape": [0], "strides": [-LARGE - 1]},
        {"len": 0, "shape": [0], "suboffsets": [0]},
    ):
        liar = rust.Liar(offset=None, **lie)
        assert_sees(rust.look(liar, "u16"), lie["shape"], [])
        assert rust.slice_of(liar, "u16") == []
        assert rust.raw(liar)["bytes"] == b""
        assert liar.got == liar.released
    rust.write_items(rust.Liar(offset=None, readonly=0, len=0, shape=[0]), "u16", "slice", [])


def test_items_without_bytes_are_counted_and_not_divided_by():
    liar = rust.Liar(len=0, itemsize=0, format=b"0s", offset=None)
    seen = rust.raw(liar)
    assert (seen["shape"], seen["bytes"], seen["first"]) == ([6], b"", b"")
    shapeless = rust.Liar(len=0, itemsize=0, format=b"0s", shape=None, strides=None)
    assert rust.raw(shapeless)["shape"] == [0]


GARBAGE = [b"", b"!", b"H:", b"T{H", b"(2H", b"\xff\xfe", b"999999999999999999999H", b"&", b"X{", b"H" * 5000, b"{" * 4000, b"(" * 4000, b"T{" * 3000, b"%s%n", b"H:\xff:"]  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda text: repr(text[:9]))
def test_a_format_that_is_none_is_no_reason_not_to_copy(garbage):
    liar = rust.Liar(format=garbage)
    assert rust.raw(liar)["bytes"] == bytes(range(12))
    assert "no_value" in rust.raw(liar)
    with pytest.raises(ValueError, match="^item type: asked for `u16`, the items are `"):
        rust.look(liar, "u16")
    holder = rust.Holder(liar)
    assert holder.format == garbage
    format_, plan = holder.parsed()
    assert format_ and plan
    holder.release()
    assert liar.got == liar.released


def test_a_format_of_another_size_is_refused_to_a_type_and_copied_as_bytes():
    for lie in ({"format": b"I"}, {"format": b"H", "itemsize": 4, "len": 24, "strides": [4]}, {"format": b"HH"}):
        liar = rust.Liar(**lie)
        for item in "u16", "u32", "u8":
            with pytest.raises(ValueError, match="item type"):
                rust.look(liar, item)
        assert len(rust.raw(liar)["bytes"]) == lie.get("len", 12)


def test_shapes_that_are_overwritten_while_they_are_out_are_not_read_again():
    for lie in ({}, {"ndim": 2, "shape": [2, 3], "strides": [6, 2]}, {"ndim": 10, "shape": [1] * 9 + [6], "strides": [2] * 10}):
        liar = rust.Liar(**lie)
        holder = rust.Holder(liar)
        shape = holder.shape
        liar.scribble(1 << 40)
        assert holder.shape == shape
        assert bytes(holder.tobytes()) == bytes(range(12))
        holder.release()
        # Before anything has looked.
        fresh = rust.Holder(liar2 := rust.Liar(**lie))
        liar2.scribble(-3)
        assert bytes(fresh.tobytes()) == bytes(range(12))
        assert fresh.shape == shape


def test_a_struct_that_points_into_itself_comes_back_as_it_was():
    # As `PyBuffer_FillInfo` fills it: the length is the number of items.
    liar = rust.Liar(inside=True, len=12, itemsize=1, format=b"B")
    assert_sees(rust.look(liar, "u8"), (12,), range(12))
    holders = [rust.Holder(liar) for _ in range(50)]
    for holder in holders:
        assert holder.shape == [12]
        holder.drop_in_thread()
    assert (liar.got, liar.released, liar.changed) == (51, 51, 0)


def test_an_answer_without_an_object_has_nobody_to_be_given_back_to():
    liar = rust.Liar(no_object=True)
    seen = rust.raw(liar)
    assert seen["exporter"] is None
    assert seen["bytes"] == bytes(range(12))
    assert (liar.got, liar.released) == (1, 0)


@pytest.mark.parametrize("error", [ValueError("no"), BufferError("no"), KeyError("no"), MemoryError(), OSError(5, "no")])
def test_what_an_exporter_raises_is_what_is_raised(error):
    liar = rust.Liar(refuse=error)
    for consume in (lambda: rust.look(liar, "u16"), lambda: rust.raw(liar), lambda: rust.Holder(liar), lambda: rust.look(liar, "u16", 0x39)):
        with pytest.raises(type(error)) as caught:
            consume()
        assert caught.value is error
    assert (liar.got, liar.released) == (0, 0)


def test_what_is_no_refusal_is_not_explained_as_one():
    # Asked for strides it raises this; asked for nothing in particular it would lend, read-only.
    def once(liar):
        if not raised:
            raised.append(None)
            raise KeyboardInterrupt

    raised = []
    liar = rust.Liar(in_get=once)
    with pytest.raises(KeyboardInterrupt):
        rust.look(liar, "u16", 0x39)
    assert (liar.got, liar.released) == (0, 0)


def test_a_refusal_without_an_exception_is_an_error_all_the_same():
    for consume in (lambda: rust.Holder(rust.rude("silent")), lambda: rust.raw(rust.rude("silent"))):
        with pytest.raises(SystemError, match="E-05"):
            consume()
