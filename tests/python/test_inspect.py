"""`onloan inspect`: facts, text and JSON."""

import ctypes
import json
import os
import re
import subprocess
import sys

import pytest

from onloan import Buffer
from onloan.cli import main
from onloan.inspection import NAMED, inspect
from onloan.reports.inspection import as_json, as_text
from onloan.reports.page import Page


def text(exporter, **page):
    return as_text("target", inspect(exporter), Page(**page))


def facts(exporter):
    [target] = json.loads(as_json([("target", inspect(exporter))]))["targets"]
    return target


def test_the_named_requests_are_those_of_the_header():
    assert dict(NAMED) == {
        "SIMPLE": 0,
        "WRITABLE": 1,
        "ND": 8,
        "CONTIG": 9,
        "STRIDES": 0x18,
        "STRIDED": 0x19,
        "C_CONTIGUOUS": 0x38,
        "F_CONTIGUOUS": 0x58,
        "ANY_CONTIGUOUS": 0x98,
        "INDIRECT": 0x118,
        "RECORDS_RO": 0x1C,
        "RECORDS": 0x1D,
        "FULL_RO": 0x11C,
        "FULL": 0x11D,
    }


def test_the_text_shows_heading_picture_fields_and_requests():
    shown = text(memoryview(Buffer.zeros((3, 4), "T{<I:id:<h:x:2x}"))[::2], columns=100)
    heading = "memoryview   2 × 4   format T{<I:id:<h:x:2x}   item 8 bytes   strides 64, 8   writable"
    assert shown.splitlines()[0] == heading
    for line in (
        "  +64 │[1,0]│[1,1]│[1,2]│[1,3]│",
        "  field  offset  size  kind",
        "  id         +0     4  unsigned 32-bit",
        "  x          +4     2  signed 16-bit",
        "  target       target",
        "  contiguous   no",
        "  read with    FULL_RO",
        "  FULL           ✓",
        "  C_CONTIGUOUS   refused  memoryview: underlying buffer is not C-contiguous",
    ):
        assert line in shown, (line, shown)


@pytest.mark.parametrize("columns", [80, 60, 40])
@pytest.mark.parametrize("ascii", [False, True])
def test_the_text_fits_the_page(columns, ascii):
    exporters = [
        b"abc",
        memoryview(bytes(1000))[::-7],
        Buffer.zeros((3, 4, 5), "T{<I:id:<d:x:(3)<h:several:}", readonly=True),
        Buffer.zeros((), "d"),
        Buffer.zeros((0, 3), "d"),
        Buffer.lazy(lambda: b"abc"),
    ]
    for exporter in exporters:
        shown = text(exporter, columns=columns, ascii=ascii)
        assert shown.isascii() or not ascii
        # A name is not broken, however narrow the page.
        assert max(len(line) for line in shown.splitlines()) <= max(columns, 60), shown


def test_ascii_is_used_where_the_stream_has_nothing_else():
    command = [sys.executable, "-m", "onloan", "inspect", "onloan.Buffer.zeros((2, 3), 'i:é:')"]
    for encoding, sign in (("ascii", "ok"), ("latin-1", "ok"), ("utf-8", "✓")):
        done = subprocess.run(command, capture_output=True, timeout=60, env=os.environ | {"PYTHONIOENCODING": encoding})
        assert done.returncode == 0, done.stderr
        shown = done.stdout.decode(encoding)
        assert f"SIMPLE         {sign}" in shown and shown.isascii() == (sign == "ok")


def test_the_document_has_everything():
    found = facts(Buffer.zeros((2, 3), "T{<I:id:(3)<h:x:}"))
    assert found["target"] == "target" and found["type"] == "onloan.Buffer"
    assert (found["format"], found["itemsize"], found["nbytes"], found["ndim"]) == ("T{<I:id:(3)<h:x:}", 10, 60, 2)
    assert (found["shape"], found["strides"], found["suboffsets"]) == ([2, 3], [30, 10], None)
    assert (found["readonly"], found["c_contiguous"], found["f_contiguous"]) == (False, True, False)
    assert (found["extent"], found["lent"], found["exports"], found["read_with"]) == ([0, 60], 60, 0, "FULL_RO")
    assert found["fields"][1] == {
        "name": "x",
        "offset": 4,
        "kind": "signed 16-bit",
        "size": 2,
        "shape": [3],
        "strides": [2],
    }
    assert [request["name"] for request in found["requests"]] == [name for name, _ in NAMED]
    assert {request["granted"] for request in found["requests"] if request["name"] != "F_CONTIGUOUS"} == {True}
    assert found["error"] is None and found["format_error"] is None and found["picture"]


def test_json_is_one_document_for_all_targets(capsys):
    assert main(["inspect", "--json", "bytes(3)", "bytearray(4)"]) == 0
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert document["schema"] == 1 and [target["type"] for target in document["targets"]] == ["bytes", "bytearray"]
    assert captured.err == "" and captured.out.isascii()
    refused = [request for request in document["targets"][0]["requests"] if not request["granted"]]
    assert {request["error"] for request in refused} == {"BufferError"}
    assert {request["name"] for request in refused} == {"WRITABLE", "CONTIG", "STRIDED", "RECORDS", "FULL"}


def test_refusals_of_another_type_name_it():
    view = memoryview(b"abc")
    view.release()
    shown = text(view)
    assert "no request was granted" in shown
    assert re.search(r"SIMPLE +refused  ValueError: operation forbidden on released", shown)
    found = facts(view)
    assert found["error"] == "no request was granted" and found["picture"] is None and "format" not in found


def test_exports_are_told_where_they_are_known_and_are_not_those_of_the_inspection():
    buffer = Buffer(b"abc")
    assert facts(buffer)["exports"] == 0
    with memoryview(buffer), memoryview(buffer):
        assert facts(buffer)["exports"] == 2
        assert "exports out  2" in text(buffer)
    assert buffer.exports == 0
    assert facts(bytearray(3))["exports"] is None and "not known" in text(bytearray(3))


def test_an_exporter_that_can_only_be_read_as_bytes_is_read_as_bytes():
    testbuffer = pytest.importorskip("_testbuffer")
    # Grants nothing but plain requests of suboffsets' memory.
    indirect = testbuffer.ndarray(list(range(12)), shape=[3, 4], format="h", flags=testbuffer.ND_PIL)
    found = facts(indirect)
    assert found["suboffsets"] is not None and found["lent"] is None
    assert "suboffsets" in text(indirect) and "──▶" in text(indirect)
    assert [request["name"] for request in found["requests"] if request["granted"]] == ["INDIRECT", "FULL_RO"]


def test_an_answer_that_contradicts_itself_is_told():
    numbers = (ctypes.c_byte * 8)()
    ctypes.resize(numbers, 1 << 20)
    found = facts(numbers)
    assert "1048576" in found["error"] and found["error"].startswith("BufferError")


def test_a_format_that_nobody_can_read_does_not_hide_the_rest():
    class Either(ctypes.Union):
        _fields_ = [("a", ctypes.c_int), ("b", ctypes.c_double)]

    found = facts((Either * 3)())
    assert "item size is 8" in found["format_error"] and found["shape"] == [3] and found["fields"] == []
    assert "cannot be read" in text((Either * 3)())


def test_numpy_as_in_the_readme():
    pytest.importorskip("numpy")
    command = [sys.executable, "-m", "onloan", "inspect", 'numpy.arange(12, dtype=">u4").reshape(3, 4)[:, ::2]']
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, encoding="utf-8")
    heading = "numpy.ndarray   3 × 2   format >I   item 4 bytes   strides 16, 8   writable"
    assert done.stdout.splitlines()[0] == heading
    assert "   +0 │[0,0]│····│[0,1]│····│" in done.stdout and "20 skipped" in done.stdout
    assert "each item is unsigned 32-bit, big-endian" in done.stdout
    assert "C_CONTIGUOUS   refused  ValueError: ndarray is not C-contiguous" in done.stdout
