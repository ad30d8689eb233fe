"""The end of the interpreter, and of a child that was forked, while memory is lent: exit code 0 and not a word."""

import os
import sys

import pytest

from onloan_suite import FrozenCell, Hooked, raw

from suite.child import printed
from suite.oracle import FULL, FULL_RO

SCRIPTS = {
    "views in module globals": """
        views = [memoryview(FrozenCell(kind, b"data")) for kind in ("read_only", "writable", "exclusive")]
    """,
    "exports that only C knows": """
        cell = FrozenCell("writable", b"data")
        held, many = raw.acquire(cell, 0x11d), raw.Many(cell, 0, 1000)
    """,
    "views in builtins and in sys": """
        import builtins, sys
        builtins.kept = memoryview(FrozenCell("writable", b"data"))
        sys.kept = memoryview(OrdinaryCell("writable", b"data"))
    """,
    "views that atexit makes and releases": """
        import atexit
        cell = FrozenCell("writable", b"data")
        view = memoryview(cell)
        @atexit.register
        def end():
            global late
            late = memoryview(cell)
            view.release()
            assert cell.exports == 1
    """,
    "a finalizer that acquires at the very end": """
        class Late:
            def __init__(self): self.cell = FrozenCell("writable", b"data"); self.view = memoryview(self.cell)
            def __del__(self): memoryview(self.cell).tobytes(); self.view.release()
        import sys
        late = sys.late = Late()
    """,
    "hooks that run at the very end": """
        done = []
        hooked = Hooked("writable", b"data", first=done.append, release=done.append, last=done.append)
        import builtins
        builtins.view = memoryview(hooked)
    """,
    "lazy memory that is dropped at the very end": """
        lazy = Produced("read_only", lambda: b"data")
        import builtins
        builtins.view = memoryview(lazy)
    """,
    "a copy that is written back at the very end": """
        strided = laid_out("writable", bytes(10), shape=[5], strides=[2], copies=True)
        copy = raw.acquire(strided, 1)
        copy.set_linear(b"12345")
    """,
    "cyclic garbage": """
        for _ in range(10):
            cyclic = Cyclic(b"data"); cyclic.hold(memoryview(cyclic))
    """,
    "a cell that is gone before its views": """
        exporter = Replaceable("writable", b"data", Witness())
        view = memoryview(exporter)
        exporter.drop_elsewhere()
    """,
    "a promise that nobody keeps": """
        cell = FrozenCell("writable", b"data")
        import builtins
        builtins.view = memoryview(cell)
        cell.take_later([].append)
    """,
    "a daemon thread that acquires and releases": """
        import threading, time
        cell = FrozenCell("writable", b"data")
        hooked = Hooked("writable", b"data", last=lambda data: "detach")
        def run():
            kept = []
            while True:
                kept = [memoryview(cell), raw.acquire(cell, 0)]
                raw.rounds(cell, 0x11c, 100)
                try: memoryview(hooked).release()
                except BufferError: pass  # The other thread is in the hook.
        for _ in range(2):
            threading.Thread(target=run, daemon=True).start()
        time.sleep(0.05)
    """,
    "a daemon thread under a guard": """
        import threading
        cell = FrozenCell("writable", b"data")
        entered = threading.Event()
        threading.Thread(target=cell.hold, args=("write", entered.set), daemon=True).start()
        entered.wait()
    """,
    "a daemon thread that holds a view for ever": """
        import threading
        cell = FrozenCell("writable", b"data")
        entered = threading.Event()
        def run():
            view = memoryview(cell)
            entered.set()
            threading.Event().wait()
        threading.Thread(target=run, daemon=True).start()
        entered.wait()
        view = memoryview(cell)
    """,
    "thread-local views": """
        import threading
        local = threading.local()
        local.view = memoryview(FrozenCell("writable", b"data"))
    """,
    "NumPy arrays": """
        import numpy
        arrays = [numpy.asarray(lent) for name, lent in storages() if name != "Rows"]
    """,
    "an exit out of a hook": """
        import sys
        done = []
        hooked = Hooked("writable", b"data", first=done.append)
        view = memoryview(hooked)
        sys.exit(0)
    """,
}

PRELUDE = """
        from onloan_suite import *
        from onloan_suite import (Cyclic, FrozenCell, Hooked, OrdinaryCell, Produced, Replaceable, Witness,
                                  laid_out, raw, storages)
"""


@pytest.mark.parametrize("what", SCRIPTS)
def test_the_interpreter_ends_well_with(what):
    assert printed(PRELUDE + SCRIPTS[what]) == []


def test_it_ends_well_without_a_last_collection_too():
    assert printed(PRELUDE + SCRIPTS["cyclic garbage"] + "\n        import gc; gc.disable()\n") == []


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_the_exports_of_its_parent_as_its_own():
    cell = FrozenCell("writable", b"data")
    journal = []
    hooked = Hooked("writable", b"data", last=journal.append)
    views = [memoryview(cell), raw.acquire(cell, FULL), memoryview(hooked)]
    child = os.fork()
    if child == 0:
        code = 1
        try:
            assert cell.exports == 2
            views[0][0] = ord("D")
            for view in views:
                view.release()
            assert cell.exports == 0 and journal == [b"data"]
            cell.push(1)
            assert memoryview(cell) == b"Data\x01"
            raw.acquire(cell, FULL_RO).release_elsewhere()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert cell.exports == 2 and journal == [] and views[0] == b"data"
    for view in views:
        view.release()
    assert cell.exports == 0 and journal == [b"data"]


@pytest.mark.skipif(not hasattr(sys, "getswitchinterval"), reason="one thread at a time")
def test_an_unreleased_export_at_a_hard_exit_is_nobodys_trouble():
    script = PRELUDE + """
        import os
        view = memoryview(FrozenCell("writable", b"data"))
        os._exit(0)
    """
    assert printed(script) == []
