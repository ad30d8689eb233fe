"""Views of NumPy arrays: every item type, order and arrangement, against what NumPy itself says."""

import warnings

import onloan_suite_view as rust
import pytest

from view.seen import assert_sees

np = pytest.importorskip("numpy")

TYPES = {
    "u1": "u8", "u2": "u16", "u4": "u32", "u8": "u64", "i1": "i8", "i2": "i16", "i4": "i32", "i8": "i64",
    "f2": "f16", "f4": "f32", "f8": "f64", "c16": "Complex<f64>", "?": "ByteBool", "S4": "FixedBytes<4>",
    ">u4": "BigEndian<u32>", ">i2": "BigEndian<i16>", ">f8": "BigEndian<f64>",
}  # fmt: skip

# More axes than are kept in place, and as many as there may be.
MANY = (2, 1, 1, 3, 1, 1, 1, 2, 1, 2)


def table(dtype, shape=(3, 4, 5)):
    count = int(np.prod(shape))
    return (np.arange(count) % 100 + 1).astype(dtype).reshape(shape)


ARRANGEMENTS = {
    "C": lambda dtype: table(dtype),
    "F": lambda dtype: np.asfortranarray(table(dtype)),
    "one axis": lambda dtype: table(dtype, (7,)),
    "one item": lambda dtype: table(dtype, (1,)),
    "no axes": lambda dtype: table(dtype, (1,)).reshape(()),
    "no items": lambda dtype: table(dtype, (0,)),
    "no items in the middle": lambda dtype: np.zeros((2, 0, 7), dtype),
    "no items, reversed": lambda dtype: np.zeros((3, 0), dtype)[::-1, ::-1],
    "reversed": lambda dtype: table(dtype)[::-1, :, ::-1],
    "one axis, reversed": lambda dtype: table(dtype, (7,))[::-1],
    "stepped": lambda dtype: table(dtype)[:, 1::2, ::3],
    "one axis, stepped": lambda dtype: table(dtype, (17,))[2::3],
    "transposed": lambda dtype: table(dtype).transpose(2, 0, 1),
    "part": lambda dtype: table(dtype)[1:, 1:3, 2:4],
    "repeated": lambda dtype: np.broadcast_to(table(dtype, (3, 1)), (3, 4)),
    "one item, repeated": lambda dtype: np.broadcast_to(table(dtype, (1,)), (5,)),
    "many axes": lambda dtype: table(dtype, MANY),
    "many axes, reversed": lambda dtype: table(dtype, MANY)[::-1, ..., ::-1],
    "sixty-four axes": lambda dtype: table(dtype, (2, 3)).reshape((1,) * 30 + (2,) + (1,) * 32 + (3,)),
    "unaligned": lambda dtype: np.frombuffer(b"?" + table(dtype).tobytes(), dtype, offset=1).reshape(3, 4, 5),
    "field": lambda dtype: np.array([(1, 7), (2, 8)], [("pad", "u1"), ("field", dtype)])["field"],
}


def expected(array):
    """Shape and items, by NumPy's own walk."""
    items = array.ravel().tolist()
    return array.shape, [item.ljust(4, b"\0") for item in items] if array.dtype.kind == "S" else items


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
@pytest.mark.parametrize("dtype", TYPES)
def test_every_way_of_access_sees_what_numpy_sees(dtype, arrangement):
    array = ARRANGEMENTS[arrangement](dtype)
    seen = rust.look(array, TYPES[dtype])
    assert_sees(seen, *expected(array))
    assert seen["itemsize"] == array.itemsize
    assert (seen["c"], seen["f"]) == (array.flags.c_contiguous, array.flags.f_contiguous)
    if array.size:
        assert seen["strides"] == list(memoryview(array).strides)


# On a little-endian machine these are the same thing.
ALSO = {"i4": ["LittleEndian<i32>"], "f8": ["LittleEndian<f64>"], "u8": ["usize"]}


@pytest.mark.parametrize("dtype", TYPES)
def test_a_view_takes_its_own_type_and_no_other(dtype):
    array = table(dtype, (2, 2))
    own = [TYPES[dtype], *ALSO.get(dtype, [])]
    assert rust.fits(array) == [item for item in rust.item_types() if item in own]
    for item in set(rust.item_types()) - set(own):
        with pytest.raises(ValueError, match="^(item type|item shape|byte order): asked for"):
            rust.look(array, item)


def test_a_long_is_an_i64_by_its_size_and_a_long_long_is_one_too():
    for code in "lq":
        array = np.arange(3, dtype=code)
        assert memoryview(array).format == code
        assert_sees(rust.look(array, "i64"), (3,), [0, 1, 2])
    for code in "LQ":
        assert_sees(rust.look(np.arange(3, dtype=code), "u64"), (3,), [0, 1, 2])
        assert_sees(rust.look(np.arange(3, dtype=code), "usize"), (3,), [0, 1, 2])


@pytest.mark.parametrize("order", ["", "=", "<", "|"])
def test_the_native_order_is_native_however_it_is_spelled(order):
    array = np.arange(3).astype(order + "f8")
    assert_sees(rust.look(array, "f64"), (3,), [0.0, 1.0, 2.0])


def test_the_foreign_order_is_refused_and_named():
    with pytest.raises(ValueError, match=r"byte order: .* the items are `>d` .*; ask for `BigEndian<f64>`"):
        rust.look(np.zeros(3, ">f8"), "f64")
    with pytest.raises(ValueError, match=r"byte order: .* `d`.*; ask for `f64`"):
        rust.look(np.zeros(3, "f8"), "BigEndian<f64>")


@pytest.mark.parametrize("align", [False, True])
def test_a_structure_is_compared_by_places_and_kinds_not_by_names(align):
    fields = {"names": ["whatever", "they"], "formats": ["u4", "f8"], "offsets": [0, 8], "itemsize": 16}
    records = np.array([(1, 0.5), (2, 1.5), (3, -2.5)], np.dtype(fields, align=align))
    for array in records, records[::-1], records[::2]:
        assert_sees(rust.look(array, "Sample"), array.shape, array.tolist())


@pytest.mark.parametrize(
    "fields",
    [
        [("id", "u4"), ("value", "f8")],
        [("id", "u4"), ("pad", "u4"), ("value", "f8")],
        [("id", "i4"), ("pad", "V4"), ("value", "f8")],
        [("id", "u4"), ("pad", "V4"), ("value", ">f8")],
        [("value", "f8"), ("id", "u4"), ("pad", "V4")],
    ],
)
def test_a_structure_with_other_fields_is_refused(fields):
    with pytest.raises(ValueError, match="item type: asked for `Sample`"):
        rust.look(np.zeros(2, fields), "Sample")


def test_the_last_axis_may_be_an_array_of_the_item():
    array = np.arange(24, dtype="f4").reshape(2, 4, 3)
    rows = [list(row) for row in array.reshape(8, 3).tolist()]
    assert_sees(rust.look(array, "[f32; 3]"), (2, 4), rows)
    assert_sees(rust.look(array[:, ::-2], "[f32; 3]"), (2, 2), [rows[3], rows[1], rows[7], rows[5]])
    assert_sees(rust.look(array[0, 0], "[f32; 3]"), (), rows[:1])


def test_an_array_within_the_format_is_the_item_itself():
    array = np.zeros(2, [("a", "f4", (3,))])
    array["a"] = [[1, 2, 3], [4, 5, 6]]
    # `T{(3)f:a:}` is a structure of one field, not an array.
    with pytest.raises(ValueError, match="item type"):
        rust.look(array, "[f32; 3]")


@pytest.mark.parametrize("shape", [(4,), (3, 2), (2, 3, 4)])
def test_another_last_axis_is_refused_by_its_shape(shape):
    with pytest.raises(ValueError, match=r"item shape: asked for `\[f32; 3\]`.*; ask for `f32`"):
        rust.look(np.zeros(shape, "f4"), "[f32; 3]")


def test_a_last_axis_with_gaps_is_no_array():
    with pytest.raises(ValueError, match="item shape"):
        rust.look(np.zeros((4, 6), "f4")[:, ::2], "[f32; 3]")


def test_dates_and_objects_are_refused_by_numpy_or_by_type():
    for array in np.zeros(2, "M8[s]"), np.zeros(2, "m8[s]"), np.array([None, 1], object):
        with pytest.raises(ValueError):
            rust.look(array, "i64")


def test_a_long_double_has_no_type_in_rust_but_bytes():
    array = np.arange(3, dtype="g")
    with pytest.raises(ValueError, match="item type: asked for `f64`, the items are `g` \\(long double\\)$"):
        rust.look(array, "f64")
    assert rust.raw(array)["bytes"] == array.tobytes()


def test_an_item_without_bytes_is_no_division_by_zero():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = np.zeros(3, "V0")
    seen = rust.raw(array)
    assert (seen["shape"], seen["itemsize"], seen["bytes"]) == ([3], 0, b"")


def test_a_diagonal_is_read_by_an_argument_of_fixed_rank():
    assert rust.trace(np.arange(12.0).reshape(3, 4)[:, ::-1]) == 3.0 + 6.0 + 9.0
