"""What a refusal says: the clause, what was asked, what is there, and what would be granted."""

import array
import ctypes
import sys

import onloan_suite_view as rust
import pytest

SIMPLE, WRITABLE, FORMAT, ND, STRIDES = 0x000, 0x001, 0x004, 0x008, 0x018
C, F, ANY, INDIRECT = 0x038, 0x058, 0x098, 0x118

np = pytest.importorskip("numpy")
TRANSPOSED = np.arange(6.0).reshape(2, 3).T
STEPPED = np.arange(12.0).reshape(3, 4)[:, ::2]
CONSTANT = np.arange(6.0).reshape(2, 3)
CONSTANT.flags.writeable = False


@pytest.mark.parametrize("thing", [None, 1, "text", [1.0], object(), rust])
def test_what_is_no_exporter_is_a_type_error(thing):
    for consume in (rust.raw, rust.trace, rust.Holder, rust.fits, lambda thing: rust.look(thing, "f64")):
        with pytest.raises(TypeError, match="a bytes-like object is required, not"):
            consume(thing)


@pytest.mark.parametrize(
    "exporter, flags, said",
    [
        (CONSTANT, INDIRECT | WRITABLE, "buffer is not writable: asked for FULL, the memory is read-only, C-contiguous; FULL_RO would be granted"),
        (CONSTANT, C | WRITABLE, "buffer is not writable: .*; C_CONTIGUOUS|FORMAT would be granted"),
        (TRANSPOSED, C, "buffer is not C-contiguous: asked for C_CONTIGUOUS|FORMAT, the memory is writable, F-contiguous; RECORDS_RO would be granted"),
        (CONSTANT, F, "buffer is not F-contiguous: .*; RECORDS_RO would be granted"),
        (STEPPED, ANY, "buffer is not contiguous: asked for ANY_CONTIGUOUS|FORMAT, the memory is writable, strided; RECORDS_RO would be granted"),
        (TRANSPOSED, ND, "buffer cannot be described without strides: asked for ND|FORMAT, .*; RECORDS_RO would be granted"),
        (STEPPED, SIMPLE, "buffer cannot be described without strides: asked for SIMPLE, .*; STRIDES would be granted"),
        (b"bytes", WRITABLE, "buffer is not writable: asked for WRITABLE, the memory is read-only, C- and F-contiguous; SIMPLE would be granted"),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_met_is_a_buffer_error_caused_by_the_exporters_own(exporter, flags, said):
    with pytest.raises(BufferError) as caught:
        rust.look(exporter, "f64", flags)
    assert __import__("re").fullmatch(said.replace("|", r"\|"), str(caught.value))
    assert isinstance(caught.value.__cause__, (BufferError, ValueError))


def test_suboffsets_are_granted_only_to_who_asks_for_them():
    testbuffer = pytest.importorskip("_testbuffer")
    rows = testbuffer.ndarray(list(range(6)), shape=[2, 3], format="d", flags=testbuffer.ND_PIL)
    with pytest.raises(BufferError, match="^buffer cannot be described without suboffsets: asked for RECORDS_RO, .*; FULL_RO would be granted$"):
        rust.look(rows, "f64", STRIDES)


def test_an_argument_to_be_written_to_is_asked_for_writable():
    for exporter in b"abc", memoryview(b"abc"), memoryview(bytearray(b"abc")).toreadonly():
        with pytest.raises(BufferError, match="^buffer is not writable: asked for FULL"):
            rust.write_items(exporter, "u8", "fill", [1])
        with pytest.raises(BufferError, match="^buffer is not writable: asked for FULL"):
            rust.copied_in(exporter, b"xyz")


def test_a_closed_exporter_says_so_itself():
    released = memoryview(b"abc")
    released.release()
    for flags in None, WRITABLE, C:
        with pytest.raises(ValueError, match="released"):
            rust.look(released, "u8", flags)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 688 is of Python 3.12")
def test_an_exporter_of_one_loan_at_a_time_is_not_explained_away():
    class OneAtATime:
        out = 0

        def __buffer__(self, flags):
            if self.out:
                raise BufferError("is out already")
            self.out += 1
            return memoryview(bytearray(b"abc"))

        def __release_buffer__(self, view):
            self.out -= 1

    exporter = OneAtATime()
    held = rust.Holder(exporter)
    for flags in None, WRITABLE, C:
        with pytest.raises(BufferError, match="^is out already$"):
            rust.look(exporter, "u8", flags)
    held.release()
    assert rust.look(exporter, "u8")["vec"] == list(b"abc")
    assert exporter.out == 0


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (1, 2, 3), (1, 1, 2, 3)])
def test_a_fixed_rank_takes_that_rank_alone(shape):
    exporter = np.zeros(shape)
    for rank in range(4):
        if rank == len(shape):
            assert rust.look_of_rank(exporter, rank) == list(shape)
        else:
            with pytest.raises(ValueError, match=rf"^rank: asked for {rank} ax[ei]s, the buffer has {len(shape)} ax[ei]s \(shape .*\); ask for rank {len(shape)}, or for any$"):
                rust.look_of_rank(exporter, rank)


@pytest.mark.parametrize(
    "exporter, asked, said",
    [
        (array.array("i", [1]), "f64", "item type: asked for `f64`, the items are `i` (signed 32-bit); ask for `i32`"),
        (b"abc", "i8", "item type: asked for `i8`, the items are `B` (unsigned 8-bit); ask for `u8`"),
        (np.zeros(2, ">i2"), "i16", "byte order: asked for `i16`, the items are `>h` (signed 16-bit, big-endian); ask for `BigEndian<i16>`"),
        (np.zeros(2, "i2"), "BigEndian<i16>", "byte order: asked for `BigEndian<i16>`, the items are `h` (signed 16-bit); ask for `i16`"),
        (np.zeros(2, ">i2"), "u16", "item type: asked for `u16`, the items are `>h` (signed 16-bit, big-endian); ask for `BigEndian<i16>`"),
        (np.zeros(2, "?"), "u8", "item type: asked for `u8`, the items are `?` (bool); ask for `ByteBool`"),
        (np.zeros(2, "S5"), "u8", "item type: asked for `u8`, the items are `5s` (byte string of 5); ask for `FixedBytes<5>`"),
        (np.zeros(2, "c16"), "f64", "item type: asked for `f64`, the items are `Zd` (complex of 2 × 64-bit); ask for `Complex<f64>`"),
        (np.zeros(2, "U1"), "u32", "item type: asked for `u32`, the items are `1w` (text of 1 × 32-bit)"),
        (np.zeros(2, [("a", "i4")]), "i32", "item type: asked for `i32`, the items are `T{i:a:}`; ask for `a struct with #[derive(Element)]`"),
        (ctypes.c_void_p(), "usize", "item type: asked for `usize`, the items are `P` (pointer)"),
    ],
)  # fmt: skip
def test_another_item_type_is_a_value_error_that_names_the_right_one(exporter, asked, said):
    with pytest.raises(ValueError) as caught:
        rust.look(exporter, asked)
    # Before Python 3.12, ctypes spells a pointer with its order.
    assert str(caught.value).replace("<P", "P") == said


def test_the_clause_has_a_code():
    cell = rust.lend_cell([1, 2], False)
    assert rust.refuse_while_held(cell, WRITABLE) == "not-writable"
    assert rust.refuse_while_held(TRANSPOSED, C) == "not-c-contiguous"
    assert rust.refuse_while_held(STEPPED, ANY) == "not-contiguous"
    assert rust.refuse_while_held(STEPPED, SIMPLE) == "needs-strides"
