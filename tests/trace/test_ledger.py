"""Each acquisition is on record until its release, whoever lends, whoever asks."""

import array
import binascii
import ctypes
import gc
import hashlib
import io
import mmap
import pickle
import socket
import struct
import sys
import zlib

import pytest

import onloan
from onloan import _onloan
from onloan.tracing.facts import Snapshot

numpy = pytest.importorskip("numpy")


@pytest.fixture(autouse=True)
def _traced():
    onloan.start(frames=10)
    yield
    onloan.stop()


def mapping():
    return mmap.mmap(-1, 4096)


EXPORTERS = {
    "bytearray": lambda: bytearray(4096),
    "array": lambda: array.array("B", bytes(4096)),
    "mmap": mapping,
    "memoryview": lambda: memoryview(bytearray(4096)),
    "BytesIO": lambda: io.BytesIO(bytes(4096)).getbuffer(),
    "Buffer": lambda: onloan.Buffer(bytes(4096)),
    "View": lambda: onloan.View(bytearray(4096)),
    "subclass": lambda: type("Own", (bytearray,), {})(4096),
}

SHARING = ("memoryview", "BytesIO", "View")


def parse(exporter):
    """`y*`, `s*` and `w*` of the argument parser."""
    binascii.crc32(exporter)
    b"".join([exporter])
    io.BytesIO(bytes(4096)).readinto(exporter)


CONSUMERS = {
    "memoryview": lambda x: memoryview(x).release(),
    "slice of a slice": lambda x: memoryview(x)[1:][2:],
    "hashlib": lambda x: hashlib.sha256(x).digest(),
    "zlib": lambda x: zlib.compress(x),
    "arguments": parse,
    "bytes": lambda x: bytes(x),
    "struct": lambda x: struct.unpack_from("<I", x, 0),
    "pack_into": lambda x: struct.pack_into("<I", x, 0, 7),
    "BytesIO": lambda x: io.BytesIO().write(x),
    "int.from_bytes": lambda x: int.from_bytes(x, "little"),
    "numpy.frombuffer": lambda x: numpy.frombuffer(x, "u1").sum(),
    "numpy.asarray": lambda x: numpy.asarray(memoryview(x))[::-1].copy(),
    "ctypes.from_buffer": lambda x: (ctypes.c_char * 16).from_buffer(x),
    "ctypes.from_buffer_copy": lambda x: (ctypes.c_char * 16).from_buffer_copy(x),
    "PickleBuffer": lambda x: memoryview(pickle.PickleBuffer(x)).release(),
    "pickle 5": lambda x: pickle.dumps(pickle.PickleBuffer(x), protocol=5, buffer_callback=lambda b: None),
    "View": lambda x: onloan.View(x)[1:3].release(),
    "probe": lambda x: _onloan.request(x, 0),
    "bytearray": lambda x: bytearray(8).__iadd__(x),
    "compare": lambda x: memoryview(x) == memoryview(x),
    "mmap slice": lambda x: mapping().__setitem__(slice(0, 4096), x),
}


@pytest.mark.parametrize("consumer", CONSUMERS)
@pytest.mark.parametrize("exporter", EXPORTERS)
def test_what_a_consumer_takes_it_is_seen_to_give_back(exporter, consumer):
    gc.collect()
    lent = EXPORTERS[exporter]()
    before = onloan.snapshot(holders=False)
    for _ in range(3):
        CONSUMERS[consumer](lent)
    gc.collect()
    after = onloan.snapshot(holders=False)
    assert onloan.exports(lent) == []
    assert after.live_count == before.live_count
    assert after.lost.unmatched_releases == before.lost.unmatched_releases
    assert after.lost.ambiguous_releases == before.lost.ambiguous_releases
    # A view of a view shares its managed buffer: nothing need be acquired.
    assert exporter in SHARING or sum(site.acquired for site in after.sites) > sum(site.acquired for site in before.sites)


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_what_is_held_is_out_at_the_line_that_took_it(exporter):
    lent = EXPORTERS[exporter]()

    def take():
        return memoryview(lent)  # the line

    held = [take(), take()]
    found = onloan.exports(lent)
    if exporter in ("memoryview", "BytesIO"):
        # A view of a view shares its managed buffer: nothing new is acquired.
        assert found == []
        return
    assert [export.acquired_at[0].function for export in found] == ["take", "take"]
    assert {export.acquired_at[0].line for export in found} == {take.__code__.co_firstlineno + 1}
    assert {export.thread for export in found} == {"MainThread"}
    assert {export.request for export in found} == {"FULL_RO"}
    assert all(export.matched == "pointer" and 0 <= export.age_s < 60 for export in found)
    del held[0]
    assert len(onloan.exports(lent)) == 1
    held.clear()
    assert onloan.exports(lent) == []


def test_sites_say_what_came_and_went_and_how_much_it_was_at_most():
    lent = bytearray(4096)

    def take():
        return memoryview(lent)

    first, second = take(), take()
    del first
    third = take()
    site = next(site for site in onloan.snapshot().sites if site.function == "take")
    assert (site.type, site.acquired, site.released, site.live) == ("bytearray", 3, 1, 2)
    assert (site.live_bytes, site.peak_bytes) == (8192, 8192)
    del second, third
    site = next(site for site in onloan.snapshot().sites if site.function == "take")
    assert (site.acquired, site.released, site.live, site.live_bytes, site.peak_bytes) == (3, 3, 0, 0, 8192)


def test_exporters_that_are_not_told_of_releases_are_counted_and_found_in_managed_buffers():
    lent, text = numpy.arange(100), b"some bytes"

    def take():
        return memoryview(lent), memoryview(text)

    held = take()
    for exporter, kind in ((lent, "numpy.ndarray"), (text, "bytes")):
        (export,) = onloan.exports(exporter)
        assert export.matched == "scan"
        assert export.acquired_at[0].function == "take"
        site = next(site for site in onloan.snapshot().sites if (site.function, site.type) == ("take", kind))
        assert (site.acquired, site.live, site.live_bytes) == (1, 1, export.nbytes)
    del held
    assert onloan.exports(lent) == onloan.exports(text) == []


def test_a_bytesio_is_the_owner_of_its_buffer():
    stream = io.BytesIO(b"0123456789")
    view = stream.getbuffer()
    (export,) = onloan.exports(stream)
    assert export.nbytes == 10
    lent = next(lent for lent in onloan.snapshot().live if export.id in [other.id for other in lent.exports])
    assert lent.exporter.type == "_io._BytesIOBuffer"
    assert lent.exporter.owner == "_io.BytesIO"
    view.release()
    assert onloan.exports(stream) == []


def test_what_is_asked_through_a_picklebuffer_is_out_of_the_one_below():
    lent = bytearray(64)
    wrapped = pickle.PickleBuffer(lent)
    view = memoryview(wrapped)
    assert len(onloan.exports(lent)) == 2
    assert len(onloan.exports(wrapped)) == 1
    view.release()
    assert len(onloan.exports(lent)) == 1
    wrapped.release()
    assert onloan.exports(lent) == []


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 688 came with 3.12")
@pytest.mark.parametrize("defined", ["before the start", "after the start"])
@pytest.mark.parametrize("with_release", [True, False])
def test_a_class_with_a_buffer_method_is_followed(defined, with_release):
    def define():
        class Lender:
            def __init__(self):
                self.memory = bytearray(64)
                self.released = 0

            def __buffer__(self, flags):
                return memoryview(self.memory)

            if with_release:

                def __release_buffer__(self, view):
                    self.released += 1

        return Lender

    if defined == "before the start":
        onloan.stop()
        kind = define()
        onloan.start()
    else:
        kind = define()
    lender = kind()
    view = memoryview(lender)
    inner = onloan.exports(lender.memory)
    assert len(inner) == 1
    if defined == "before the start":
        assert len(onloan.exports(lender)) == 1
    view.release()
    gc.collect()
    assert onloan.exports(lender.memory) == []
    assert onloan.exports(lender) == []
    assert lender.released == int(with_release)
    assert onloan.snapshot(holders=False).lost.unmatched_releases == 0


def test_subclasses_are_followed_whenever_they_are_made():
    onloan.stop()
    early = type("Early", (bytearray,), {})
    onloan.start()
    late = type("Late", (bytearray,), {})
    mixed = type("Mixed", (late,), {"x": 1})
    for kind in (early, late, mixed):
        lent = kind(16)
        view = memoryview(lent)
        (export,) = onloan.exports(lent)
        assert export.matched == "pointer"
        view.release()
        assert onloan.exports(lent) == []
    assert onloan.snapshot(holders=False).lost.unmatched_releases == 0


@pytest.mark.skipif(sys.version_info < (3, 12), reason="__buffer__ came with 3.12")
def test_a_buffer_method_that_is_called_by_hand_is_matched():
    lent = bytearray(16)
    view = lent.__buffer__(0)
    assert len(onloan.exports(lent)) == 1
    lent.__release_buffer__(view)
    assert onloan.exports(lent) == []
    assert onloan.snapshot(holders=False).lost.unmatched_releases == 0


def test_cycles_with_views_are_collected_as_always():
    lent = bytearray(16)

    class Node:
        pass

    node = Node()
    node.me, node.view = node, memoryview(lent)
    del node
    assert len(onloan.exports(lent)) == 1
    gc.collect()
    assert onloan.exports(lent) == []


def test_the_ledger_of_a_million_exports_is_small_and_exact():
    lent = bytearray(1)
    start, _ = _onloan.trace_bytes()
    held = [memoryview(lent) for _ in range(1_000_000)]
    kept, records = _onloan.trace_bytes()
    assert records >= 1_000_000
    assert (kept - start) / 1_000_000 <= 200
    del held
    assert _onloan.trace_bytes()[1] == records - 1_000_000
    snapshot = onloan.snapshot(holders=False)
    site = max(snapshot.sites, key=lambda site: site.peak_bytes)
    assert (site.acquired, site.released, site.live, site.peak_bytes) == (1_000_000, 1_000_000, 0, 1_000_000)
    assert snapshot.lost.dropped_records == 0


def test_ten_thousand_sites_keep_the_ledger_bounded():
    lent = bytearray(1)
    lines = "\n".join(f"def f{n}(): memoryview(lent).release()" for n in range(10_000))
    namespace = {"lent": lent}
    exec(compile(lines, "sites.py", "exec"), namespace)
    for _ in range(3):
        for n in range(10_000):
            namespace[f"f{n}"]()
    kept, _ = _onloan.trace_bytes()
    assert kept < 64 << 20
    sites = [site for site in onloan.snapshot(holders=False).sites if site.file == "sites.py"]
    assert len(sites) == 10_000
    assert {(site.acquired, site.released) for site in sites} == {(3, 3)}


def test_a_snapshot_goes_into_json_and_back():
    held = memoryview(bytearray(100))
    snapshot = onloan.snapshot()
    assert Snapshot.from_json(snapshot.as_json()) == snapshot
    facts = snapshot.as_json()
    assert facts["schema"] == 1
    assert set(facts["lost"]) >= {"unmatched_releases", "dropped_records"}
    assert {"live", "sites", "errors", "lost"} <= set(facts)
    del held


def test_snapshots_are_compared_by_site():
    lent = bytearray(100)
    old = onloan.snapshot()

    def take():
        return memoryview(lent)

    held = [take(), take()]
    new = onloan.snapshot()
    change = new.compare_to(old)[0]
    assert (change.site.function, change.live_diff, change.live_bytes_diff) == ("take", 2, 200)
    held.clear()
    back = onloan.snapshot().compare_to(new)
    assert any((change.site.function, change.live_diff, change.released_diff) == ("take", -2, 2) for change in back)
    assert new.statistics("type") and new.statistics("filename") and new.statistics()
    with pytest.raises(ValueError, match="key_type"):
        new.statistics("colour")


@pytest.mark.parametrize("frames", [0, 1, 3, 64])
def test_as_many_frames_are_kept_as_were_asked_for(frames):
    onloan.stop()
    onloan.start(frames=frames)
    lent = bytearray(8)

    def deep(n):
        return memoryview(lent) if n == 0 else deep(n - 1)

    held = deep(5)
    (export,) = onloan.exports(lent)
    if frames < 7:
        assert [frame.function for frame in export.acquired_at] == ["deep"] * frames
    else:
        assert len(export.acquired_at) > 7
    del held


def test_generators_and_sockets_are_matched_too():
    left, right = socket.socketpair()
    lent = bytearray(b"over the wire")
    left.send(lent)
    right.recv_into(lent)
    left.close(), right.close()

    def generate():
        view = memoryview(lent)
        yield view[0]
        view.release()

    generator = generate()
    next(generator)
    (export,) = onloan.exports(lent)
    assert export.acquired_at[0].function == "generate"
    assert list(generator) == []
    assert onloan.exports(lent) == []


def test_a_consumer_that_cuts_what_it_was_lent_in_its_own_struct_is_matched():
    testbuffer = pytest.importorskip("_testbuffer")
    # On 3.11 nobody has made the type ready, and it is no subclass of `object`, before an attribute of an instance is asked for.
    assert testbuffer.ndarray([1], shape=[1]).nbytes == 1
    onloan.snapshot(holders=False)
    for _ in range(50):
        lent = testbuffer.ndarray(list(range(24)), shape=[2, 3, 4], format="H", flags=testbuffer.ND_PIL)
        part = lent[1:, 1:3, ::2]
        (export,) = onloan.exports(lent)
        assert export.acquired_at[0].function == "test_a_consumer_that_cuts_what_it_was_lent_in_its_own_struct_is_matched"
        del part
        assert onloan.exports(lent) == []
        del lent
        assert onloan.snapshot().lost.unmatched_releases == 0
