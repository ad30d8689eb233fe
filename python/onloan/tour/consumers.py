"""Who borrows: the standard library, and NumPy."""

from __future__ import annotations

import binascii
import hashlib
import io
import struct
import tempfile
import zlib
from array import array

from .stage import MIB, Buffer, Stage, address, mib, rate

SIZE = 16 * MIB


def the_standard_library(stage: Stage) -> None:
    """The standard library reads and writes the memory of Rust in place."""
    records = Buffer.zeros(4, "T{<I:id:<d:score:}")
    for index in range(4):
        struct.pack_into("<Id", records, index * 12, index, index / 4)
    stage.say("struct.pack_into wrote four records of format T{<I:id:<d:score:}")
    stage.check(f"records.tolist() is {records.tolist()}", records.tolist()[3] == (3, 0.75))
    stage.check("struct.unpack_from reads them", struct.unpack_from("<Id", records, 24) == (2, 0.5))

    image = Buffer.zeros((2048, 2048, 4))
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(bytes(range(256)) * (SIZE // 256))
        file.seek(0)
        count, seconds = stage.timed(lambda: file.readinto(image))
    stage.say(f"file.readinto(image) filled {mib(count or 0)}: {rate(SIZE, seconds)}")
    stage.show("image", image)
    packed, seconds = stage.timed(lambda: zlib.compress(image, 1))
    stage.say(f"zlib.compress(image): {mib(SIZE)} to {mib(len(packed))}, {rate(SIZE, seconds)}")
    plain = bytes(range(256)) * (SIZE // 256)
    stage.check("zlib, hashlib and binascii saw the very bytes", _agree(image, plain) and zlib.decompress(packed) == plain)
    copy = array("B")
    copy.frombytes(image)
    stage.check("so did array.frombytes, io.BytesIO and bytes.join", copy.tobytes() == plain and _joined(image) == plain)
    with memoryview(image) as view:
        stage.check("a pixel through a memoryview", view[1, 63, 2] == (2048 * 4 + 63 * 4 + 2) % 256)
        stage.check("at the same address: nothing was copied to lend it", address(view) == address(image))
    stage.check("all of them have given it back", image.exports == 0)
    image.close()


def _agree(lent: Buffer, plain: bytes) -> bool:
    return (
        hashlib.sha256(lent).digest() == hashlib.sha256(plain).digest()
        and zlib.crc32(lent) == zlib.crc32(plain)
        and binascii.crc32(lent) == binascii.crc32(plain)
    )


def _joined(lent: Buffer) -> bytes:
    half = io.BytesIO()
    half.write(lent)
    return half.getvalue() if b"".join([lent]) == half.getvalue() else b""


def numpy_without_a_copy(stage: Stage) -> None:
    """NumPy calculates in the memory of Rust."""
    try:
        import numpy
    except ImportError:
        stage.skip("NumPy is not installed")
        return
    samples = Buffer.zeros((1024, 2048), "d", align=4096)
    table = numpy.asarray(samples)
    stage.say(f"numpy.asarray(samples): shape {table.shape}, dtype {table.dtype}, address a multiple of {samples.align}")
    stage.check("the same address", table.ctypes.data == address(samples))
    table[...] = numpy.arange(2048.0)
    total, seconds = stage.timed(lambda: float(table.sum()))
    stage.say(f"table.sum(): {rate(samples.nbytes, seconds)}")
    with memoryview(samples) as view:
        stage.check("what NumPy wrote is in the Buffer", view[1023, 2047] == 2047.0 and total == 1024 * 2047 * 1024.0)
    row = table[0]
    del table
    stage.check("a slice of the array keeps the export out", samples.exports == 1)
    stage.refused("samples.append(row)", lambda: samples.append(row), "1 export is out")
    del row
    stage.check("until it goes", samples.exports == 0)
    records = numpy.asarray(Buffer([(1, 2.5), (2, 3.5)], format="T{<I:id:4x<d:score:}"))
    stage.check(f"records arrive with their names: {records.dtype.names}", records["score"].tolist() == [2.5, 3.5])
    samples.close()
