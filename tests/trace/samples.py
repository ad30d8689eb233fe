"""Snapshots made by hand: what reports and recordings are tested with."""

from onloan.tracing.facts import Error, Export, Exporter, Frame, Lent, Lost, Site, Snapshot

LOAD = (Frame("/srv/app/app.py", 12, "load"), Frame("/srv/app/app.py", 40, "main"), Frame("/srv/app/app.py", 60, "<module>"))
CHAIN = ("memoryview", "numpy.ndarray", "dict['frame-1']", "app.Cache.items", "global __main__.CACHE")


def export(number, nbytes=4096, age=1.25, frames=LOAD, holders=(CHAIN,), why=None, thread="MainThread", request="FULL_RO"):
    return Export(request, nbytes, thread, age, "pointer", tuple(frames), tuple(holders), why, id=number)


FRAME = Lent(Exporter("bytearray", 4096, "0x7f00"), (export(3),))
MAPPED = Lent(
    Exporter("mmap.mmap", 64 << 20, "0x7f10"),
    (export(9, 64 << 20, 0.2, [Frame("/srv/app/lib/reader.py", 7, "read")], (), "C memory of pyarrow.lib.Buffer", "worker-1"),),
)
LEAK = [Frame("/srv/app/app.py", 99, "leak")]
LEAKED = tuple(
    Lent(Exporter("bytes", 10, hex(0x1000 + n)), (export(100 + n, 10, 3.25 + n / 1000, LEAK, (("memoryview", "list", "global app.KEEP"),)),))
    for n in range(500)
)
ERROR = Error(
    "BufferError",
    "Existing exports of data: object cannot be re-sized",
    (Frame("/srv/app/app.py", 30, "grow"), Frame("/srv/app/app.py", 61, "<module>")),
    (FRAME,),
    "MainThread",
    1.1,
)
SITES = (
    Site("/srv/app/app.py", 12, "load", "bytearray", 3, 2, 1, 4096, 12288),
    Site("/srv/app/lib/reader.py", 7, "read", "mmap.mmap", 1, 0, 1, 64 << 20, 64 << 20),
    Site("/srv/app/app.py", 99, "leak", "bytes", 5000, 4500, 500, 5000, 5000),
    Site("/usr/lib/python3/json.py", 12, "loads", "bytes", 10000, 10000, 0, 0, 100),
)
TIMELINE = tuple((n / 100, (n * 37 % 100) * 700_000, n) for n in range(0, 400, 3))

#: Something of everything.
FULL = Snapshot((FRAME, MAPPED, *LEAKED), SITES, (ERROR,), Lost(unmatched_releases=2), TIMELINE, 0.0)
#: All is back.
CLEAN = Snapshot((), SITES[3:], (), Lost(), ((0.0, 0, 0), (1.0, 100, 1), (2.0, 0, 0)), 0.0)
#: Nothing ever happened.
EMPTY = Snapshot((), ())

#: Names that nobody should have: markup, marks of direction, ends of lines, half a character, no end.
EVIL = "</script><b>&quot;\u202e\n\x1b[31m\ud800\x00'\" שלום"
HOSTILE = Snapshot(
    (
        Lent(Exporter(EVIL, 10, "0x1", EVIL), (export(1, 10, None, [Frame(EVIL, 3, EVIL)], ((EVIL, EVIL),), None, EVIL, EVIL),)),
        Lent(Exporter("x" * 300, 1 << 60, "0x2"), (export(2, 1 << 60, 1e6, [Frame("/" + "d" * 300, 0, "f" * 300)], (("y" * 90,) * 14,), None, "t" * 200),)),
    ),
    (Site(EVIL, 3, EVIL, EVIL, 1, 0, 1, 10, 10), Site("?", 0, "?", "bytearray", 1, 0, 1, 5, 5)),
    (Error(EVIL, EVIL, (Frame(EVIL, 1, EVIL),), (), EVIL, 1.0),),
    Lost(),
    ((0.0, 0, 0), (1.0, 10, 1)),
    0.0,
)

HEADER = {
    "onloan": "0.1.0",
    "python": "3.11.7",
    "program": ["app.py", "<b>&\"'"],
    "pid": 4711,
    "started": "2026-01-31T12:00:00Z",
    "frames": 10,
}
