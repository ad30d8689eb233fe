"""Frames as a robot's camera node meets them: painted, sent, renewed."""

import ctypes
import hashlib
import mmap
import os
import socket
import struct
import subprocess
import sys
import threading
import weakref
import zlib

import numpy
import pytest

from frame import Frame, Link

HEADER = struct.Struct("<4sII4xQQ32x")


class Receiver:
    """The other end of a link: keeps what arrives."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.link = Link(*self.server.getsockname())
        self.connection, _ = self.server.accept()
        self.arrived = bytearray()
        self.thread = threading.Thread(target=self.receive)
        self.thread.start()

    def receive(self):
        while piece := self.connection.recv(1 << 20):
            self.arrived += piece

    def messages(self):
        """Closes the link and cuts what arrived into (header, pixels)."""
        self.link.close()
        self.thread.join()
        messages, rest = [], bytes(self.arrived)
        while rest:
            header = HEADER.unpack_from(rest)
            end = HEADER.size + header[1] * header[2] * 3
            messages.append((header, rest[HEADER.size : end]))
            rest = rest[end:]
        return messages


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.link.close()
    receiver.thread.join()
    receiver.connection.close()
    receiver.server.close()


def pixels_of(messages):
    return [pixels for _, pixels in messages]


def test_a_frame_is_lent_as_rows_of_pixels_of_three_bytes():
    view = memoryview(Frame(4, 5))
    assert (view.shape, view.strides, view.format, view.itemsize) == ((4, 5, 3), (15, 3, 1), "B", 1)
    assert not view.readonly and view.c_contiguous
    assert bytes(view) == bytes(60)


def test_the_pixels_begin_on_a_cache_line():
    pixels = numpy.asarray(Frame(480, 640))
    assert pixels.ctypes.data % 64 == 0 and pixels.flags.writeable


def test_what_numpy_painted_is_what_arrives(receiver):
    frame = Frame(4, 5)
    pixels = numpy.asarray(frame)
    pixels[...] = numpy.arange(60, dtype="u1").reshape(4, 5, 3)
    pixels[0, 0] = 255, 128, 0
    expected = pixels.tobytes()
    del pixels
    frame.send(receiver.link)
    [(header, arrived)] = receiver.messages()
    assert header[:4] == (b"FRME", 4, 5, 0)
    assert arrived == expected


def test_the_standard_library_paints_too(receiver):
    frame = Frame(1, 2)
    struct.pack_into("6B", frame, 0, *range(6))
    (ctypes.c_ubyte * 6).from_buffer(frame)[5] = 99
    assert zlib.crc32(frame) == zlib.crc32(bytes([0, 1, 2, 3, 4, 99]))
    assert hashlib.sha256(memoryview(frame)).digest() == hashlib.sha256(bytes([0, 1, 2, 3, 4, 99])).digest()
    frame.send(receiver.link)
    assert pixels_of(receiver.messages()) == [bytes([0, 1, 2, 3, 4, 99])]


def test_what_rust_painted_is_seen_from_python():
    frame = Frame(2, 2)
    frame.fill(1, 2, 3)
    assert bytes(frame) == bytes([1, 2, 3] * 4)


def test_only_one_export_is_out_at_a_time():
    frame = Frame(2, 2)
    references = sys.getrefcount(frame)
    view = memoryview(frame)
    assert frame.exports == 1
    for consumer in (memoryview, bytes, zlib.crc32, numpy.frombuffer):
        with pytest.raises(BufferError, match="cannot lend the memory: 1 export is out"):
            consumer(frame)
    view.release()
    assert frame.exports == 0
    assert sys.getrefcount(frame) == references
    assert numpy.asarray(frame).shape == (2, 2, 3)


def test_numpy_shows_the_refusal_when_it_is_asked_through_a_memoryview():
    frame = Frame(2, 2)
    pixels = numpy.asarray(frame)
    # Of the frame itself NumPy makes an array that holds an object, as of anything that is no buffer to it.
    assert numpy.asarray(frame).dtype == object
    with pytest.raises(BufferError, match="1 export is out"):
        numpy.asarray(memoryview(frame))
    assert pixels.dtype == numpy.uint8


def test_rust_does_not_paint_while_python_may():
    frame = Frame(2, 2)
    view = memoryview(frame)
    with pytest.raises(BufferError, match="1 export is out"):
        frame.fill(1, 2, 3)
    assert bytes(view) == bytes(12)


def test_a_frame_that_python_holds_is_not_sent_and_keeps_its_pixels(receiver):
    frame = Frame(2, 2)
    row = numpy.asarray(frame)[1]
    row[...] = 9
    with pytest.raises(BufferError, match="cannot send the frame: 1 export is out"):
        frame.send(receiver.link)
    assert not frame.is_empty
    row[...] = 8
    del row
    frame.send(receiver.link)
    assert pixels_of(receiver.messages()) == [bytes([0] * 6 + [8] * 6)]


def test_a_sent_frame_is_empty_until_it_is_renewed(receiver):
    frame = Frame(2, 3)
    frame.fill(5, 5, 5)
    frame.send(receiver.link)
    assert frame.is_empty
    for use in (memoryview, lambda frame: frame.send(receiver.link), lambda frame: frame.fill(1, 1, 1)):
        with pytest.raises(BufferError, match="taken back by its owner"):
            use(frame)
    frame.renew()
    assert not frame.is_empty
    view = memoryview(frame)
    assert view.shape == frame.shape == (2, 3, 3)
    assert bytes(view) == bytes(18), "new pixels are black"


def test_a_frame_with_pixels_is_not_renewed():
    frame = Frame(1, 1)
    frame.fill(1, 2, 3)
    with pytest.raises(BufferError, match="has a storage already"):
        frame.renew()
    assert bytes(frame) == bytes([1, 2, 3])


def test_a_frame_is_sent_again_and_again(receiver):
    frame = Frame(1, 2)
    for step in range(20):
        numpy.asarray(frame)[...] = step
        frame.send(receiver.link)
        frame.renew()
    messages = receiver.messages()
    assert [header[3] for header, _ in messages] == list(range(20))
    assert pixels_of(messages) == [bytes([step] * 6) for step in range(20)]


def test_a_promised_frame_is_sent_at_the_last_release_with_what_was_painted_until_then(receiver):
    frame = Frame(1, 1)
    pixels = numpy.asarray(frame)
    frame.send_when_released(receiver.link)
    assert len(receiver.link.sent()) == 0 and not frame.is_empty
    pixels[...] = 7
    del pixels
    assert len(receiver.link.sent()) == 1 and frame.is_empty
    assert pixels_of(receiver.messages()) == [bytes([7, 7, 7])]


def test_a_promised_frame_is_for_nobody_else(receiver):
    frame = Frame(1, 1)
    view = memoryview(frame)
    frame.send_when_released(receiver.link)
    for use in (memoryview, lambda frame: frame.send(receiver.link), lambda frame: frame.send_when_released(receiver.link)):
        with pytest.raises(BufferError, match="promised"):
            use(frame)
    view.release()
    assert len(receiver.messages()) == 1


def test_a_frame_that_nobody_holds_is_sent_at_once(receiver):
    frame = Frame(1, 1)
    frame.send_when_released(receiver.link)
    assert frame.is_empty
    frame.renew()
    assert len(receiver.messages()) == 1


def test_the_last_release_may_come_from_another_thread(receiver):
    frame = Frame(1, 1)
    view = memoryview(frame)
    frame.send_when_released(receiver.link)
    thread = threading.Thread(target=view.release)
    thread.start()
    thread.join()
    assert frame.is_empty
    assert len(receiver.messages()) == 1


def test_a_promised_frame_arrives_even_if_the_frame_is_dropped(receiver):
    frame = Frame(1, 1)
    gone = weakref.ref(frame)
    pixels = numpy.asarray(frame)
    pixels[...] = 3
    frame.send_when_released(receiver.link)
    del frame
    assert gone() is not None
    del pixels
    assert gone() is None
    assert pixels_of(receiver.messages()) == [bytes([3, 3, 3])]


def test_a_closed_link_leaves_the_pixels_in_the_frame(receiver):
    receiver.link.close()
    frame = Frame(1, 1)
    frame.fill(4, 4, 4)
    with pytest.raises(ConnectionError, match="the link is closed"):
        frame.send(receiver.link)
    assert not frame.is_empty
    assert bytes(frame) == bytes([4, 4, 4])


def test_a_promise_to_a_link_that_is_closed_by_then_is_reported_and_keeps_the_pixels(receiver, monkeypatch):
    reports = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: reports.append((report.exc_type, str(report.exc_value), report.object)))
    frame = Frame(1, 1)
    view = memoryview(frame)
    view[0, 0, 0] = 6
    frame.send_when_released(receiver.link)
    receiver.link.close()
    view.release()
    assert reports == [(ConnectionError, "the link is closed", frame)]
    assert bytes(frame) == bytes([6, 0, 0])


def test_a_receiver_that_has_gone_is_noticed_and_the_pixels_stay():
    server = socket.create_server(("127.0.0.1", 0))
    link = Link(*server.getsockname())
    connection, _ = server.accept()
    connection.close()
    server.close()
    frame = Frame(100, 100)
    with pytest.raises(ConnectionError, match="nobody receives"):
        # The system accepts some bytes before it finds out.
        for _ in range(1_000_000):
            frame.send(link)
            frame.renew()
    assert not frame.is_empty and frame.exports == 0
    with pytest.raises(ConnectionError):
        link.close()
    link.close()


def test_the_table_of_sent_frames_is_read_by_the_names_of_its_fields(receiver):
    for size in ((1, 2), (3, 4)):
        Frame(*size).send(receiver.link)
    sent = receiver.link.sent()
    order = {"little": "<", "big": ">"}[sys.byteorder]
    expected = "T{4s:magic:<I:height:<I:width:4x<Q:sequence:<Q:sent at:}".replace("<", order)
    view = memoryview(sent)
    assert (view.format, view.itemsize, view.shape, view.readonly) == (expected, 32, (2,), True)
    table = numpy.asarray(sent)
    assert table["magic"].tolist() == [b"FRME", b"FRME"]
    assert table[["height", "width"]].tolist() == [(1, 2), (3, 4)]
    assert table["sequence"].tolist() == [0, 1]
    assert table["sent at"][0] <= table["sent at"][1]
    for (header, _), row in zip(receiver.messages(), table, strict=True):
        assert header == tuple(row.tolist())


def test_a_table_does_not_change_with_what_is_sent_later(receiver):
    Frame(1, 1).send(receiver.link)
    table = numpy.asarray(receiver.link.sent())
    Frame(1, 1).send(receiver.link)
    assert len(table) == 1 and len(receiver.link.sent()) == 2


def test_a_frame_without_pixels_is_only_a_header(receiver):
    frame = Frame(0, 5)
    assert numpy.asarray(frame).shape == (0, 5, 3)
    frame.send(receiver.link)
    [(header, pixels)] = receiver.messages()
    assert header[:3] == (b"FRME", 0, 5) and pixels == b""


@pytest.mark.parametrize("size", [(2**32 - 1, 2**32 - 1), (2**31, 2**31)])
def test_a_frame_larger_than_memory_is_a_memory_error(size):
    with pytest.raises(MemoryError):
        Frame(*size)


@pytest.mark.parametrize(("size", "error"), [((-1, 1), OverflowError), ((1.5, 1), TypeError), ((1,), TypeError)])
def test_sizes_that_are_none_are_refused(size, error):
    with pytest.raises(error):
        Frame(*size)


def test_a_link_without_a_listener_is_a_connection_error():
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
    with pytest.raises(ConnectionError):
        Link(host, port)


def in_memory(address, nbytes):
    """How many of these bytes are in memory, by the pages. Whatever else the process does meanwhile is not counted."""
    with open("/proc/self/pagemap", "rb") as pages:
        pages.seek(address // mmap.PAGESIZE * 8)
        entries = pages.read(nbytes // mmap.PAGESIZE * 8)
    return mmap.PAGESIZE * sum(entry >> 7 for entry in entries[7::8])


def export_and_drop():
    frame = Frame(4096, 4096)
    pixels = numpy.asarray(frame)
    pixels[...] = 1
    place = pixels.ctypes.data, pixels.nbytes
    del frame
    assert in_memory(*place) > 47 << 20
    assert pixels[-1, -1, -1] == 1
    del pixels
    assert in_memory(*place) < 8 << 20


def send():
    receiver = Receiver()
    frame = Frame(4096, 4096)
    frame.fill(1, 2, 3)
    place = numpy.asarray(frame).ctypes.data, 48 << 20
    assert in_memory(*place) > 47 << 20
    frame.send(receiver.link)
    [(_, pixels)] = receiver.messages()
    assert len(pixels) == 48 << 20 and pixels[:3] == bytes([1, 2, 3])
    # The receiver may have put what arrived where the frame was: that goes first.
    del pixels
    receiver.arrived.clear()
    assert frame.is_empty and in_memory(*place) < 8 << 20


def in_a_process_of_its_own(function):
    """Runs a function of this module where nothing else has used the heap: in a used one, memory may come from there, and go back there."""
    code = f"import test_frame; test_frame.{function.__name__}()"
    done = subprocess.run([sys.executable, "-c", code], cwd=os.path.dirname(__file__), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not os.path.exists("/proc/self/pagemap"), reason="this system does not tell which pages are in memory")
def test_the_memory_of_a_frame_goes_with_its_last_export():
    in_a_process_of_its_own(export_and_drop)


@pytest.mark.skipif(not os.path.exists("/proc/self/pagemap"), reason="this system does not tell which pages are in memory")
def test_the_memory_of_a_sent_frame_is_freed_when_it_has_been_written():
    in_a_process_of_its_own(send)
