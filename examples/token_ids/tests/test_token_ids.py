"""Token ids as a user of the tokenizer meets them."""

import array
import ctypes
import gc
import hashlib
import struct
import sys
import threading
import weakref

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from token_ids import Tokenizer, TokenIds

MERGES = [b"th", b"the", b" t", b" the", b"an", b"and", b" and", b"er", b"lo", b"low", b"lower", b"\xc3\xa9"]
TOKENS = [bytes([byte]) for byte in range(256)] + MERGES


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer(TOKENS)


def merged_slowly(text, tokens):
    """The rule itself: as long as two neighbours make a token, merge those that make the lowest, the leftmost of them first."""
    ranks = {token: rank for rank, token in enumerate(tokens)}
    parts = [bytes([byte]) for byte in text]
    while True:
        pairs = [(ranks[a + b], at) for at, (a, b) in enumerate(zip(parts, parts[1:])) if a + b in ranks]
        if not pairs:
            return [ranks[part] for part in parts]
        _, at = min(pairs)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]


def address(exporter):
    return numpy.asarray(exporter).ctypes.data


@settings(deadline=None, database=None)
@given(
    merges=st.lists(st.text("ab", min_size=2, max_size=5), unique=True, max_size=12),
    text=st.text("abc", max_size=40),
)
def test_the_fast_merging_gives_the_tokens_of_the_slow_rule(merges, text):
    tokens = [b"c", b"b", b"a", *(merge.encode() for merge in merges)]
    ids = Tokenizer(tokens).encode(text)
    assert memoryview(ids).tolist() == merged_slowly(text.encode(), tokens)


@pytest.mark.parametrize("text", ["", "t", "the lower and the lowest", "café and thé", "\0" * 100])
def test_decoding_gives_the_text_again(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)).decode() == text


def test_the_shape_counts_ids_and_not_bytes(tokenizer):
    view = memoryview(tokenizer.encode("the lower and the"))
    assert view.tolist() == [257, 32, 266, 262, 259]
    assert (view.shape, view.strides, view.itemsize, view.nbytes) == ((5,), (4,), 4, 20)
    assert (view.format, view.readonly, view.c_contiguous, len(view)) == ("I", True, True, 5)


def test_numpy_reads_the_ids_where_they_lie(tokenizer):
    ids = tokenizer.encode("the lower and the lower")
    first, second = numpy.asarray(ids), numpy.frombuffer(ids, dtype=numpy.uint32)
    assert first.dtype == numpy.uint32 and first.shape == (len(ids),)
    assert first.ctypes.data == second.ctypes.data == address(ids)
    assert first.tolist() == memoryview(ids).tolist()


def test_the_standard_library_reads_the_same_ids(tokenizer):
    ids = tokenizer.encode("and the lower")
    values = memoryview(ids).tolist()
    packed = struct.pack(f"{len(values)}I", *values)
    assert bytes(ids) == packed
    assert array.array("I", memoryview(ids)).tolist() == values
    assert list(struct.unpack_from(f"{len(values)}I", ids)) == values
    assert list((ctypes.c_uint32 * len(values)).from_buffer_copy(ids)) == values
    assert hashlib.sha256(ids).digest() == hashlib.sha256(packed).digest()
    assert int.from_bytes(memoryview(ids).cast("B")[:4], sys.byteorder) == values[0]


def test_an_empty_text_lends_no_ids(tokenizer):
    ids = tokenizer.encode("")
    assert len(ids) == 0
    assert memoryview(ids).shape == (0,)
    assert numpy.asarray(ids).size == 0


def test_nobody_can_write_to_the_ids(tokenizer):
    ids = tokenizer.encode("the")
    with pytest.raises(TypeError):
        memoryview(ids)[0] = 1
    with pytest.raises(TypeError):
        struct.pack_into("I", ids, 0, 1)
    with pytest.raises(TypeError):
        (ctypes.c_uint32 * 1).from_buffer(ids)
    with pytest.raises(ValueError):
        numpy.asarray(ids).flags.writeable = True
    assert memoryview(ids).tolist() == [257]


def test_who_asks_for_a_writable_buffer_is_told_what_would_be_granted(tokenizer):
    writable = 1
    ids, view = tokenizer.encode("the"), ctypes.create_string_buffer(256)
    with pytest.raises(BufferError, match="read-only.*SIMPLE would be granted"):
        ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(ids), view, writable)
    assert ids.exports == 0


@pytest.mark.parametrize("kind", [lambda ids: array.array("I", ids), lambda ids: numpy.array(ids, dtype="u4")])
def test_ids_can_be_decoded_from_any_buffer_of_them(tokenizer, kind):
    assert tokenizer.decode(kind([259, 258])) == b" the t"


def test_ids_that_are_not_32_bit_unsigned_integers_are_refused(tokenizer):
    with pytest.raises(BufferError):
        tokenizer.decode(numpy.array([1, 2], dtype="i8"))
    with pytest.raises(TypeError):
        tokenizer.decode([1, 2])


def test_an_id_without_a_token_is_named(tokenizer):
    with pytest.raises(ValueError, match=r"ids\[1\] is 1000, and there are 268 tokens"):
        tokenizer.decode(array.array("I", [1, 1000]))


def test_a_byte_without_a_token_is_named():
    with pytest.raises(ValueError, match="no token for byte 0x63, the first of them at position 2"):
        Tokenizer([b"a", b"b"]).encode("abc")


@pytest.mark.parametrize(
    ("tokens", "error", "message"),
    [
        ([b"a", b""], ValueError, "token 1 is empty"),
        ([b"a", b"b", b"a"], ValueError, "tokens 0 and 2 are the same"),
        (["a"], TypeError, "bytes"),
        (b"a", TypeError, "bytes"),
        (None, TypeError, "None"),
    ],
)
def test_wrong_tokens_are_refused(tokens, error, message):
    with pytest.raises(error, match=message):
        Tokenizer(tokens)


def test_every_export_is_counted_until_it_is_released(tokenizer):
    ids = tokenizer.encode("the lower")
    references = sys.getrefcount(ids)
    first, second = memoryview(ids), memoryview(ids)
    part = first[1:]
    assert ids.exports == 2, "a slice of a view shares the view's export"
    second.release()
    assert ids.exports == 1
    del first
    assert ids.exports == 1
    del part
    assert ids.exports == 0
    assert sys.getrefcount(ids) == references


def test_an_array_keeps_the_ids_alive_and_gives_them_back(tokenizer):
    ids = tokenizer.encode("the lower and")
    gone = weakref.ref(ids)
    values = numpy.asarray(ids)
    tail = values[-2:]
    del ids, values
    assert gone() is not None and gone().exports == 1
    assert tail.tolist() == [266, 262]
    del tail
    assert gone() is None


def test_an_export_in_a_cycle_is_given_back_by_the_collector(tokenizer):
    ids = tokenizer.encode("the")
    cycle = [memoryview(ids)]
    cycle.append(cycle)
    del cycle
    gc.collect()
    assert ids.exports == 0


def test_exports_can_be_released_on_other_threads(tokenizer):
    ids = tokenizer.encode("the lower and")
    views = [memoryview(ids) for _ in range(8)]
    threads = [threading.Thread(target=view.release) for view in views]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ids.exports == 0


def test_threads_that_encode_at_once_each_get_their_own_ids(tokenizer):
    texts = [word * 2000 for word in ("the ", "lower ", "and ", "é")]
    results = {}

    def encode(text):
        results[text] = memoryview(tokenizer.encode(text))

    threads = [threading.Thread(target=encode, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for text in texts:
        assert tokenizer.decode(results[text]).decode() == text


def test_the_documents_of_a_stream_lie_behind_each_other_in_one_memory(tokenizer):
    texts = ["the lower", "", "and the", "lower"]
    stream = tokenizer.encode_documents(texts)
    assert len(stream) == len(texts)
    assert memoryview(stream).tolist() == [id for document in stream for id in memoryview(document)]
    place = address(stream)
    for index, text in enumerate(texts):
        document = stream[index]
        assert tokenizer.decode(document).decode() == text
        if len(document):
            assert address(document) == place
        place += memoryview(document).nbytes
    assert memoryview(stream[1]).shape == (0,)
    assert numpy.shares_memory(numpy.asarray(stream), numpy.asarray(stream[-1]))


def test_a_document_keeps_the_memory_of_its_stream_and_nothing_else_of_it(tokenizer):
    stream = tokenizer.encode_documents(["the lower", "and the"])
    gone = weakref.ref(stream)
    view = memoryview(stream[1])
    assert (stream.owners, stream.exports, view.obj.exports) == (2, 0, 1)
    del stream
    assert gone() is None, "the stream itself is not needed"
    assert tokenizer.decode(view) == b"and the"


def test_the_last_document_frees_the_memory(tokenizer):
    stream = tokenizer.encode_documents(["the", "and"])
    views = [memoryview(document) for document in stream]
    assert stream.owners == 3
    views.pop().release()
    assert stream.owners == 2
    views.clear()
    assert stream.owners == 1


@pytest.mark.parametrize("index", [2, -3, sys.maxsize, -sys.maxsize - 1])
def test_a_document_that_is_not_there_is_an_index_error(tokenizer, index):
    with pytest.raises(IndexError, match=f"document {index} of a stream of 2"):
        tokenizer.encode_documents(["the", "and"])[index]


def test_ids_come_from_a_tokenizer_only():
    with pytest.raises(TypeError):
        TokenIds()
