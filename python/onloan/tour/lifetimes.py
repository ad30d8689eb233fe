"""When memory comes and goes."""

from __future__ import annotations

import hashlib
import os
import tempfile
import weakref
import zlib
from array import array
from pathlib import Path

from .stage import MIB, Buffer, Stage, kept_or_freed, mib, rate, resident

FILE = 64 * MIB
TABLE = (3072, 2048)  # of doubles: 48 MiB, more than any allocator keeps for itself


def a_mapped_file(stage: Stage) -> None:
    """A file of 64 MiB is mapped, read by hashlib in place, and closed."""
    with tempfile.TemporaryDirectory(prefix="onloan-tour-") as directory:
        path = Path(directory, "noise.bin")
        with path.open("wb") as file:
            for _ in range(FILE // MIB):
                file.write(os.urandom(MIB))
        before = resident()
        mapped, seconds = stage.timed(lambda: Buffer.from_file(path, format="I"))
        stage.say(f"Buffer.from_file took {seconds * 1e6:.0f} µs for {mib(mapped.nbytes)}")
        stage.show("mapped", mapped)
        if before is not None:
            grown = (resident() or 0) - before
            stage.check(f"mapping read nothing: resident memory grew by {mib(grown)}", grown < 8 * MIB)
        digest, seconds = stage.timed(lambda: hashlib.blake2b(mapped).hexdigest())
        stage.say(f"hashlib.blake2b(mapped): {rate(FILE, seconds)}")
        with path.open("rb") as file:
            stage.check("the same digest as of the bytes that read() gives", digest == hashlib.blake2b(file.read()).hexdigest())
        view = memoryview(mapped)
        stage.refused("mapped.close() while a memoryview holds it", mapped.close, "1 export is out")
        view.release()
        before = resident()
        mapped.close()
        stage.show("after view.release() and mapped.close()", mapped)
        kept_or_freed(stage, "the mapping is gone", before, resident(), FILE // 2)


def growing_is_refused_while_out(stage: Stage) -> None:
    """A growing buffer refuses to move while somebody looks at it."""
    log = Buffer(format="d")
    for value in range(3):
        log.append(value)
    log.extend(array("d", [0.5] * 5))
    stage.show("log", log)
    views = [memoryview(log), memoryview(log)[::2]]
    stage.show("with two memoryviews, one of them sliced", log)
    stage.check("log.exports counts both", log.exports == 2)
    stage.refused("log.resize(1000)", lambda: log.resize(1000), "2 exports are out")
    stage.check("what is held is as it was", views[0].tolist() == [0.0, 1.0, 2.0] + [0.5] * 5)
    log.fill(7)
    stage.check("fill() needs no other place, and the views see it", views[1].tolist() == [7.0] * 4)
    while views:
        views.pop().release()
    log.resize(1_000_000)
    stage.show("after both releases, log.resize(1_000_000)", log)
    stage.check("new items are zero, old ones kept", log.tolist()[6:10] == [7.0, 7.0, 0.0, 0.0])
    log.close()


class Decoder:
    """Decompresses a table when it is asked for, and knows how often that was."""

    def __init__(self, packed: bytes) -> None:
        self.packed = packed
        self.calls = 0
        self.last: weakref.ref[array[float]] | None = None

    def __call__(self) -> array[float]:
        self.calls += 1
        # An array, because a weak reference to it shows when it goes.
        table = array("d", bytes(8)) * (TABLE[0] * TABLE[1])
        self.last = weakref.ref(table)
        unpack, rest, done = zlib.decompressobj(), self.packed, 0
        with memoryview(table) as view, view.cast("B") as room:
            while chunk := unpack.decompress(rest, MIB):
                room[done : done + len(chunk)] = chunk
                done, rest = done + len(chunk), unpack.unconsumed_tail
        return table

    @property
    def exists(self) -> bool:
        """What was decoded last is still there."""
        return self.last is not None and self.last() is not None


def memory_made_on_demand(stage: Stage) -> None:
    """A table of 48 MiB exists only while somebody uses it."""
    rows, columns = TABLE
    packed = zlib.compress(array("d", range(columns)).tobytes() * rows, 1)
    decode = Decoder(packed)
    table = Buffer.lazy(decode, format="d", shape=TABLE)
    stage.say(f"packed: {mib(len(packed))}, decoded: {mib(table.nbytes)}")
    stage.show("table", table)
    stage.check("nothing was decoded yet", decode.calls == 0)
    idle = resident()
    view, seconds = stage.timed(lambda: memoryview(table))
    out = resident()
    stage.say(f"memoryview(table) decoded it: {rate(table.nbytes, seconds)}")
    if idle is not None and out is not None:
        stage.check(f"resident memory grew by {mib(out - idle)}", out - idle > 40 * MIB)
    stage.check("the last row is right", view[rows - 1, columns - 1] == columns - 1)
    digest = hashlib.blake2b(table).hexdigest()
    stage.check("a second consumer got the same memory: decoded once", decode.calls == 1)
    view.release()
    stage.check("after the last release the array is gone", not decode.exists)
    kept_or_freed(stage, "and its memory", out, resident(), 40 * MIB)
    stage.check("used again it is decoded again, to the same digest", hashlib.blake2b(table).hexdigest() == digest)
    stage.check("which makes two calls", decode.calls == 2 and not decode.exists)

    def broken() -> bytes:
        raise OSError("the disk is gone")

    try:
        memoryview(Buffer.lazy(broken))
        stage.check("an error of the function reaches who asked", False)
    except OSError as error:
        stage.check(f"an error of the function reaches who asked: OSError: {error}", True)
