"""A BufferError says what stood in its way, wherever it ends."""

import array
import asyncio
import gc
import io
import mmap
import os
import subprocess
import sys
import textwrap
import threading
import types
import unittest.mock

import pytest

import onloan

from .harness import facts


@pytest.fixture(autouse=True)
def _stopped():
    yield
    onloan.stop()


def line():
    return sys._getframe(1).f_lineno


def the_error():
    (error,) = onloan.snapshot(holders=False).errors
    return error


def grow(lender):
    lender.append(1)


def test_an_error_that_is_caught_is_explained_by_a_note():
    buf = bytearray(4096)
    with onloan.tracing():
        view = memoryview(buf)
        taken = line() - 1
        with pytest.raises(BufferError, match="Existing exports") as caught:
            grow(buf)
        error = the_error()
    (note,) = caught.value.__notes__
    assert f"acquired at {__file__}:{taken} in test_an_error" in note
    assert "bytearray, 4096 bytes" in note
    assert "held by memoryview <- local 'view' of frame test_an_error" in note
    assert error.raised_at[0].function == "grow"
    assert error.raised_at[0].line == grow.__code__.co_firstlineno + 1
    assert error.raised_at[1].function == "test_an_error_that_is_caught_is_explained_by_a_note"
    assert error.message == "Existing exports of data: object cannot be re-sized"
    assert error.blocked_by[0].exporter.type == "bytearray"
    assert error.thread == "MainThread"
    view.release()


def test_an_error_that_is_swallowed_is_on_record_without_a_note():
    onloan.start()
    buf = bytearray(8)
    view = memoryview(buf)
    try:
        grow(buf)
    except BufferError as error:
        assert not hasattr(error, "__notes__")
    assert the_error().raised_at[0].function == "grow"
    view.release()


MUTATORS = {
    "bytearray": (lambda: bytearray(8), lambda x: x.extend(b"more")),
    "array": (lambda: array.array("I", [1]), lambda x: x.append(1)),
    "mmap.close": (lambda: mmap.mmap(-1, 4096), lambda x: x.close()),
    "memoryview": (lambda: memoryview(bytearray(8)), lambda x: x.release()),
    "Buffer": (lambda: onloan.Buffer(b"12345678"), lambda x: x.resize(9)),
    "Buffer.close": (lambda: onloan.Buffer(b"12345678"), lambda x: x.close()),
}


@pytest.mark.parametrize("name", MUTATORS)
def test_each_message_of_cpython_and_of_onloan_is_known(name):
    make, mutate = MUTATORS[name]
    with onloan.tracing():
        lender = make()
        held = bytearray(1)
        if isinstance(lender, memoryview):
            # Only what takes a buffer of the view itself locks it.
            held = onloan.View(lender)
        else:
            held = memoryview(lender)
        with pytest.raises(BufferError) as caught:
            mutate(lender)
        error = the_error()
    assert error.blocked_by[0].exporter.address == hex(id(lender))
    assert caught.value.__notes__
    held.release()


def test_a_bytesio_is_explained_by_its_buffer():
    with onloan.tracing():
        stream = io.BytesIO(b"0123")
        view = stream.getbuffer()
        with pytest.raises(BufferError) as caught:
            stream.write(b"01234567")
        error = the_error()
    assert error.blocked_by[0].exporter.owner == "_io.BytesIO"
    assert "_io.BytesIO" in caught.value.__notes__[0]
    view.release()


CALLS = {
    "a local variable": lambda own, others: own.append(1),
    "an attribute": lambda own, others: types.SimpleNamespace(buf=own).buf.extend(b"x"),
    "an item": lambda own, others: {"own": own}["own"].clear(),
    "an argument among others": lambda own, others: [others, own][1].insert(0, others.__len__()),
}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="on 3.11 the exception is made when the call is over")
@pytest.mark.parametrize("name", CALLS)
def test_where_many_are_in_sight_only_the_one_that_was_called_is_blamed(name):
    with onloan.tracing():
        others = [memoryview(bytearray(8)) for _ in range(5)]
        own = bytearray(16)
        view = memoryview(own)
        with pytest.raises(BufferError):
            CALLS[name](own, others)
        error = the_error()
    assert [lent.exporter.address for lent in error.blocked_by] == [hex(id(own))]
    view.release()


def test_of_many_exporters_the_one_in_sight_is_blamed():
    class Holder:
        def __init__(self):
            self.buf = bytearray(16)

        def grow(self):
            self.buf.extend(b"x")

    with onloan.tracing():
        others = [memoryview(bytearray(8)) for _ in range(50)]
        holder = Holder()
        view = memoryview(holder.buf)
        with pytest.raises(BufferError):
            holder.grow()
        error = the_error()
    assert error.blocked_by[0].exporter.address == hex(id(holder.buf))
    del others
    view.release()


def test_a_refused_request_is_no_error_of_exports():
    with onloan.tracing():
        lent = b"read-only"
        view = memoryview(lent)
        for refused in (lambda: onloan.View._from_flags(lent, 1), lambda: io.BytesIO(b"abc").readinto(lent)):
            with pytest.raises((BufferError, TypeError)):
                refused()
        assert onloan.snapshot().errors == ()
    view.release()


def test_an_error_without_exports_is_left_alone():
    with onloan.tracing():
        with pytest.raises(BufferError) as caught:
            raise BufferError("exported, says who")
        assert not hasattr(caught.value, "__notes__")
        assert onloan.snapshot().errors == ()


def test_classes_below_buffererror_are_explained_too():
    class Busy(BufferError):
        pass

    with onloan.tracing():
        buf = bytearray(4)
        view = memoryview(buf)
        with pytest.raises(Busy):
            raise Busy("2 exports are out")
        assert the_error().type.endswith("Busy")
    view.release()


def test_an_error_in_a_thread_names_the_thread():
    onloan.start()
    buf = bytearray(8)
    view = memoryview(buf)

    def work():
        with unittest.mock.patch("threading.excepthook"):
            try:
                grow(buf)
            except BufferError:
                pass

    thread = threading.Thread(target=work, name="grower")
    thread.start()
    thread.join()
    assert the_error().thread == "grower"
    view.release()


def test_an_error_in_del_is_on_record(capsys):
    onloan.start()

    class Reader:
        def __init__(self):
            self.map = mmap.mmap(-1, 4096)

        def __del__(self):
            self.map.close()

    reader = Reader()
    view = memoryview(reader.map)
    with unittest.mock.patch("sys.unraisablehook"):
        del reader
        gc.collect()
    error = the_error()
    assert error.raised_at[0].function == "__del__"
    assert error.blocked_by[0].exporter.type == "mmap.mmap"
    view.release()


def test_an_error_in_asyncio_is_on_record():
    async def main():
        buf = bytearray(8)
        view = memoryview(buf)
        await asyncio.sleep(0)
        try:
            grow(buf)
        except BufferError:
            pass
        return view

    onloan.start()
    view = asyncio.run(main())
    assert [frame.function for frame in the_error().raised_at[:2]] == ["grow", "main"]
    view.release()


def test_an_error_that_ends_a_task_is_told_where_it_was_raised():
    async def fails(buf):
        await asyncio.sleep(0)
        grow(buf)

    async def main():
        buf = bytearray(8)
        with memoryview(buf):
            with pytest.raises(BufferError):
                await asyncio.create_task(fails(buf))

    onloan.start()
    asyncio.run(main())
    assert [frame.function for frame in the_error().raised_at[:2]] == ["grow", "fails"]


def test_an_error_that_masks_another_is_explained():
    with onloan.tracing():
        buf = bytearray(8)
        with pytest.raises(BufferError) as caught:
            view = memoryview(buf)
            try:
                raise KeyError("the real one")
            finally:
                grow(buf)
        assert isinstance(caught.value.__context__, KeyError)
        assert caught.value.__notes__
        assert the_error().raised_at[0].function == "grow"
    view.release()


@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="AddressSanitizer makes each error take so long that fewer are kept")
def test_a_thousand_errors_are_kept_and_the_rest_counted(tmp_path):
    (tmp_path / "app.py").write_text(
        "data = bytearray(8)\nview = memoryview(data)\nfor n in range(5000):\n    try:\n        data.append(1)\n    except BufferError:\n        pass\n"
    )
    found = facts(["app.py"], tmp_path).facts
    assert len(found["errors"]) <= 1000 and len(found["errors"]) + found["lost"]["dropped_errors"] == 5000
    # As many as can be explained in some seconds, and no more than that.
    assert len(found["errors"]) > 100


def test_an_uncaught_error_ends_the_program_as_always_with_a_note():
    program = textwrap.dedent(
        """
        import onloan
        def grow(buf):
            buf.append(1)
        with onloan.tracing():
            buf = bytearray(10)
            keep = memoryview(buf)
            grow(buf)
        """
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "BufferError: Existing exports of data: object cannot be re-sized\n" in ended.stderr
    assert "held by memoryview <- global __main__.keep" in ended.stderr
    assert "acquired at <string>:7 in <module>" in ended.stderr


def test_what_is_left_in_a_block_is_a_leak_with_exporter_site_and_holder():
    buf = bytearray(4096)
    with pytest.raises(onloan.LeakError) as caught:
        with onloan.none_left():
            left = memoryview(buf)[1:]
            taken = line() - 1
    message = str(caught.value)
    assert "1 export is still out" in message
    assert "bytearray, 4096 bytes" in message
    assert f"{__file__}:{taken}" in message
    assert "local 'left' of frame test_what_is_left" in message
    assert caught.value.live[0].exporter.type == "bytearray"
    assert not onloan.is_tracing()
    left.release()


def test_what_is_given_back_or_only_garbage_or_from_before_is_no_leak():
    buf = bytearray(64)
    before = memoryview(buf)
    with onloan.none_left():
        memoryview(buf).release()
        cycle = []
        cycle.append((cycle, memoryview(buf)))
        del cycle
    before.release()


def test_an_error_in_a_block_passes_with_what_is_out_in_a_note():
    buf = bytearray(64)
    with pytest.raises(ZeroDivisionError) as caught:
        with onloan.none_left():
            left = memoryview(buf)
            1 / 0
    assert "1 export is still out" in caught.value.__notes__[0]
    left.release()
