"""A program under `onloan run` is what it is without: each of these prints what it can see of itself, plainly and traced, and the two are one."""

import os
import re
import signal
import subprocess
import sys
import zipfile
from textwrap import dedent

import pytest

from .harness import environment, plain, traced

#: Each test is several processes, which AddressSanitizer slows down; what they do in one process, the other modules do under it.
pytestmark = pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="several processes a test take long under AddressSanitizer")

#: What a program can see of how it was begun.
SELF = """
    import os, sys
    main = sys.modules["__main__"]
    print(sys.argv, sys.orig_argv[1:], sys.path, sys.flags)
    print(__name__, main.__dict__ is globals(), sorted(globals()), list(vars(main))[:6])
    print(__spec__, type(__loader__), __package__, globals().get("__file__"), globals().get("__cached__"), __doc__)
    print(sorted(os.environ.items()))
    print("sitecustomize" in sys.modules, "PYTHONPATH" in os.environ, "ONLOAN_RUN" in os.environ)
    print(os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd") else None)
    print(sys.getrecursionlimit(), sys.gettrace(), sys.getprofile(), sys.excepthook is sys.__excepthook__, sys.warnoptions, sys._xoptions)
    print([type(finder) if not isinstance(finder, type) else finder for finder in sys.meta_path], sorted(sys.path_importer_cache))
    import inspect, threading, gc, signal, warnings
    print(len(inspect.stack()), [frame.function for frame in inspect.stack()], sys._getframe().f_back)
    print(threading.enumerate()[0].name, threading.active_count(), gc.callbacks, gc.isenabled(), gc.get_threshold(), gc.get_debug())
    print([signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGSEGV)], signal.pthread_sigmask(0, []))
    print(sys.displayhook, sys.unraisablehook, threading.excepthook, sys.stdout.encoding, sys.stderr.errors, len(warnings.filters))
"""

#: Programs as scripts: what each shows is in its name.
SCRIPTS = {
    "itself": SELF,
    "an exit code": "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)",
    "an exit text": "raise SystemExit('words to stderr')",
    "an exit without a code": "raise SystemExit",
    "an exit object": "raise SystemExit([1, 2])",
    "a traceback": "def f():\n    1 / 0\ndef g():\n    f()\ng()",
    "a chained traceback": """
        def f():
            try:
                {}["key"]
            except KeyError as error:
                raise ValueError("because") from error
        try:
            f()
        except ValueError as error:
            error.add_note("a note of the program's own")
            raise
    """,
    "an exception group": "raise ExceptionGroup('several', [ValueError(1), TypeError(2)])",
    "a deep recursion": "def f(n):\n    return f(n + 1)\nf(0)",
    "how deep a recursion goes": """
        def f(n):
            try:
                return f(n + 1)
            except RecursionError:
                return n
        print(f(0))
    """,
    "a syntax error": "print('never')\nx = = 1\n",
    "an indentation error": "if True:\nprint('never')\n",
    "an interrupt": "import os, signal; os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(60)",
    "a termination": "import os, signal; print('before', flush=True); os.kill(os.getpid(), signal.SIGTERM)",
    "a kill": "import os, signal; print('before', flush=True); os.kill(os.getpid(), signal.SIGKILL)",
    "a crash": "import ctypes, faulthandler; faulthandler.disable(); print('before', flush=True); ctypes.string_at(0)",
    "an abort": "import os; print('before', flush=True); os.abort()",
    "an exit at once": "import os; print('before', flush=True); os._exit(5)",
    "exits at once that are none": """
        import os
        for wrong in ((), ("x",), (1, 2), (None,)):
            try:
                os._exit(*wrong)
            except TypeError as error:
                print(error, os._exit.__name__, os._exit.__module__, os._exit.__doc__)
        child = os.fork()
        if child == 0:
            os._exit(status=3)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        os._exit(status=4)
    """,
    "handlers of signals": """
        import os, signal, sys
        signal.signal(signal.SIGUSR1, lambda number, frame: print("got", number, frame.f_code.co_name))
        os.kill(os.getpid(), signal.SIGUSR1)
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(9))
        os.kill(os.getpid(), signal.SIGTERM)
    """,
    "exit handlers in their order": """
        import atexit
        atexit.register(print, "first in, last out")
        atexit.register(print, "last in, first out")
        @atexit.register
        def fails():
            raise ValueError("in a handler")
        print("main ends")
    """,
    "objects that die at the end": "class D:\n    def __del__(self):\n        print('dies', flush=True)\nd = D()",
    "threads": """
        import sys, threading
        def work():
            print(threading.current_thread().name, threading.main_thread() is threading.current_thread())
            raise ValueError("in a thread")
        thread = threading.Thread(target=work, name="worker")
        thread.start(); thread.join()
        threading.excepthook = lambda args: print("hook", args.exc_type, args.thread.name, file=sys.stderr)
        thread = threading.Thread(target=work, name="other"); thread.start(); thread.join()
    """,
    "a thread that outlives main": "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()",
    "a daemon thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "five hundred threads": """
        import threading
        gate = threading.Barrier(500)
        found = []
        def work(n):
            gate.wait()
            with memoryview(bytearray(n)) as view:
                found.append(view.nbytes)
        threads = [threading.Thread(target=work, args=(n,)) for n in range(500)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(sum(found), threading.active_count())
    """,
    "a replaced excepthook": "import sys\nsys.excepthook = lambda *args: print('mine', args[0], args[1])\nraise ValueError('x')",
    "a broken excepthook": "import sys\ndef hook(*args):\n    raise TypeError('hook')\nsys.excepthook = hook\nraise ValueError('x')",
    "an unraisable error": "class D:\n    def __del__(self):\n        raise ValueError('in del')\nD()\nprint('on')",
    "a replaced unraisablehook": """
        import sys
        sys.unraisablehook = lambda args: print("mine", args.exc_type, args.err_msg)
        class D:
            def __del__(self): raise ValueError
        D()
    """,
    "a monkeypatched collector": """
        import gc
        gc.get_referrers = gc.get_objects = gc.get_referents = gc.collect = None
        gc.disable()
        kept = memoryview(bytearray(8))
        print(gc.isenabled())
    """,
    "a fork": """
        import os, sys, warnings
        warnings.simplefilter("error")
        held = memoryview(bytearray(4))
        child = os.fork()
        if child == 0:
            with memoryview(bytearray(3)) as view:
                print("child", bytes(view))
            sys.exit(4)
        print("parent", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """,
    "processes": """
        import multiprocessing
        def work(n):
            return bytes(memoryview(bytearray(n)))
        class Own: pass
        if __name__ == "__main__":
            for method in ("fork", "spawn"):
                with multiprocessing.get_context(method).Pool(2) as pool:
                    print(method, pool.map(work, range(3)))
    """,
    "an exec": """
        import os, sys
        print("before", flush=True)
        os.execv(sys.executable, [sys.executable, "-c", "import os, sys; print('after', 'ONLOAN_RUN' in os.environ, 'onloan' in sys.modules); sys.exit(6)"])
    """,
    "an exec that fails": """
        import os
        try:
            os.execvp("no-such-program-here", ["x"])
        except OSError as error:
            print(error)
    """,
    "a child process": """
        import subprocess, sys
        done = subprocess.run([sys.executable, "-c", "import os, sys; print('onloan' in sys.modules, os.environ.get('PYTHONPATH'))"], capture_output=True)
        print(done.returncode, done.stdout, done.stderr)
    """,
    "standard input": "import sys\nprint(sys.stdin.read(), input.__name__)",
    "a closed stderr": "import sys, os\nsys.stderr.close()\nos.close(2)\nprint('out')",
    "a closed stdout": "import sys\nsys.stdout.close()",
    "a replaced stderr": "import io, sys\nsys.stderr = io.StringIO()\nprint('nowhere', file=sys.stderr)",
    "a debugger and a profiler": """
        import sys, threading
        def told(frame, event, argument):
            print(event, frame.f_code.co_name, frame.f_code.co_filename.rpartition("/")[2])
            return told
        sys.setprofile(told)
        sys.settrace(told)
        kept = memoryview(bytearray(3))
        if hasattr(sys, "monitoring"):
            sys.monitoring.use_tool_id(4, "mine")
            sys.monitoring.set_events(4, sys.monitoring.events.PY_START)
            sys.monitoring.register_callback(4, sys.monitoring.events.PY_START, lambda code, _: print("start", code.co_name))
        (lambda: 5)()
    """,
    "another interpreter": """
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        other = interpreters.create()
        interpreters.run_string(other, "import sys; print('onloan' in sys.modules, sys.path[:2]); kept = memoryview(bytearray(3))")
    """,
    "functions of the system replaced": """
        import os, time
        os.getpid = os.write = os.open = os.close = time.monotonic = None
        kept = memoryview(bytearray(3))
    """,
    "an import that is watched": """
        import builtins
        real = builtins.__import__
        def watched(name, *arguments):
            print("imports", name)
            return real(name, *arguments)
        builtins.__import__ = watched
        data = bytearray(3)
        kept = memoryview(data)
        try:
            data.append(1)
        except BufferError:
            pass
    """,
    "all descriptors closed": "import os\nos.closerange(3, 4096)\nprint(os.open('/dev/null', os.O_RDONLY))",
    "another directory": "import os\nos.chdir('/')\nprint(os.getcwd())",
    "asyncio": """
        import asyncio
        async def main():
            async def fails(): raise ValueError("in a task")
            task = asyncio.create_task(fails())
            await asyncio.sleep(0.01)
            return 5
        print(asyncio.run(main()))
    """,
    "pickles of main's classes": """
        import pickle
        class Own: pass
        print(type(pickle.loads(pickle.dumps(Own()))) is Own, pickle.dumps(Own()))
    """,
    "warnings": "import warnings\nwarnings.warn('careful')\ndef f():\n    warnings.warn('old', DeprecationWarning, stacklevel=1)\nf()",
    "the logging module": "import logging\nlogging.error('words')\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    logging.exception('with a traceback')",
    "doctest": "import doctest\ndef f():\n    '''\n    >>> f()\n    4\n    '''\n    return 3\nprint(doctest.testmod())",
    "unittest": "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(1, 1)\nprint(unittest.main(exit=False, verbosity=0).result)",
    "buffers that are used": """
        import array, io, mmap, struct
        data = bytearray(b"abc" * 10)
        with memoryview(data) as view:
            try:
                data.append(1)
            except BufferError as error:
                print(type(error), error)
        data.append(1)
        print(hash(bytes(data)) == hash(data.copy().__class__ and bytes(data)), struct.unpack_from("<I", data), array.array("B", data)[3])
        print(memoryview(data).obj is data, io.BytesIO(data).getbuffer().nbytes, len(mmap.mmap(-1, 4096)))
    """,
}


def same(words, cwd, **keywords):
    """Runs plainly and traced; whatever differs fails the test. Gives the traced one."""
    expected, seen = plain(words, cwd, **keywords), traced(words, cwd, **keywords)
    for name in ("out", "err"):
        first, second = (_without_addresses(getattr(ran, name)) for ran in (expected, seen))
        assert first == second, f"std{name} differs"
    assert expected.code == seen.code
    return seen


def _without_addresses(text):
    text = re.sub(r"0x[0-9a-f]{6,}", "0x…", text)
    text = re.sub(r"Ran 1 test in \d+\.\d+s", "Ran 1 test", text)
    return re.sub(r"(started|Thread-\d+ \w+|ident) \d{6,}", r"\1 …", text)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_what_it_is_without(name, tmp_path):
    (tmp_path / "script.py").write_text(dedent(SCRIPTS[name]))
    ran = same(["script.py", "one", "--json", "-m", "two words"], tmp_path, stdin="typed\n")
    killed = ran.code < 0 and ran.code != -signal.SIGINT
    unhandled = ran.code == -signal.SIGKILL if sys.platform == "linux" else killed
    silent = unhandled or name in ("an exec", "a closed stderr")
    assert bool(ran.report) is not silent, ran.report


@pytest.mark.parametrize("name", ["itself", "a traceback", "an exit code", "a syntax error", "pickles of main's classes"])
def test_code_is_what_it_is_without(name, tmp_path):
    code = dedent(SCRIPTS[name])
    same(["-c", code, "one", "--html", "x"], tmp_path)
    same(["-c" + code], tmp_path)


@pytest.mark.parametrize("name", ["itself", "a traceback", "an exit code"])
def test_a_module_is_what_it_is_without(name, tmp_path):
    code = dedent(SCRIPTS[name])
    (tmp_path / "alone.py").write_text(code)
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("print('package', __name__)\n")
    (package / "__main__.py").write_text(code)
    (package / "inner.py").write_text(code)
    for module in ("alone", "package", "package.inner"):
        assert same(["-m", module, "-o", "x"], tmp_path).report
    same(["-mpackage"], tmp_path)


@pytest.mark.parametrize("name", ["itself", "a traceback"])
def test_a_directory_and_an_archive_are_what_they_are_without(name, tmp_path):
    code = dedent(SCRIPTS[name])
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__main__.py").write_text(code)
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("__main__.py", code)
    for target in ("folder", "archive.zip"):
        assert same([target, "x"], tmp_path).report


@pytest.mark.parametrize("closed", ["0", "1", "2", "0, 1, 2"])
def test_a_program_whose_standard_streams_are_closed_is_what_it_is_without(closed, tmp_path):
    (tmp_path / "closes.py").write_text(f"import os, sys\nfor n in [{closed}]: os.close(n)\nos.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n")
    (tmp_path / "script.py").write_text(
        "import os, sys\nfile = os.open('seen', os.O_CREAT | os.O_WRONLY | os.O_TRUNC)\n"
        "os.write(file, repr((file, sys.stdin, sys.stdout, sys.stderr)).encode())\nkept = memoryview(bytearray(3))\n"
    )
    expected = plain(["closes.py", "script.py"], tmp_path)
    seen = (tmp_path / "seen").read_text()
    ran = plain(["closes.py", "-m", "onloan", "run", "script.py"], tmp_path)
    assert (ran.code, ran.out) == (expected.code, expected.out) == (0, "")
    assert (tmp_path / "seen").read_text() == seen and ("global __main__.kept" in ran.err) is ("2" not in closed)


def test_a_program_from_standard_input_is_what_it_is_without(tmp_path):
    same(["-", "one"], tmp_path, stdin=dedent(SELF))


def test_a_script_whose_name_begins_like_an_option_is_what_it_is_without(tmp_path):
    (tmp_path / "-odd.py").write_text(dedent(SELF))
    same(["--", "-odd.py", "x"], tmp_path)


@pytest.mark.parametrize("flags", [["-X", "dev"], ["-W", "error", "-O"], ["-B", "-s", "-u"], ["-OO", "-q"], ["-P"]])
def test_the_interpreters_flags_are_passed_on(flags, tmp_path):
    (tmp_path / "script.py").write_text(dedent(SELF))
    expected = plain(["script.py"], tmp_path, flags=flags)
    seen = traced(["script.py"], tmp_path, flags=flags)
    # The flags may be written in another order; what they do is the same.
    part = r"\['-.*?'script.py'\]"
    assert re.sub(part, "", _without_addresses(expected.out)) == re.sub(part, "", _without_addresses(seen.out))
    assert expected.err == seen.err and seen.report


@pytest.mark.parametrize("flags", [["-I"], ["-E"], ["-S"]])
def test_flags_under_which_nothing_can_be_begun_are_refused(flags, tmp_path):
    seen = traced(["-c", "print(1)"], tmp_path, flags=flags)
    if "No module named onloan" in seen.err:
        pytest.skip("onloan is not found under this flag")
    assert seen.code == 2 and seen.err.startswith("error: under -") and seen.out == ""


def test_the_programs_own_path_and_sitecustomize_stay(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text("import sys\nsys.own = [__file__, str(__spec__), sorted(sys.modules)]\n")
    (own / "usercustomize.py").write_text("import sys\nsys.own.append('usercustomize')\n")
    (tmp_path / "script.py").write_text(dedent(SELF) + "import sitecustomize\nprint(sys.own[:2], sys.own[3:], os.environ['PYTHONPATH'], sitecustomize)\n")
    path = os.pathsep.join(filter(None, [str(own), os.environ.get("PYTHONPATH")]))
    assert str(own) in same(["script.py"], tmp_path, PYTHONPATH=path).out


def test_a_sitecustomize_that_fails_fails_as_without(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text("raise ValueError('in sitecustomize')\n")
    (tmp_path / "script.py").write_text("print('on')\n")
    path = os.pathsep.join(filter(None, [str(tmp_path / "own"), os.environ.get("PYTHONPATH")]))
    seen = traced(["script.py"], tmp_path, PYTHONPATH=path)
    assert seen.out == "on\n" and "ValueError: in sitecustomize" in seen.err and seen.report


@pytest.mark.parametrize("module", ["json", "threading", "dataclasses", "html", "enum", "linecache", "typing", "shutil", "re"])
def test_a_programs_own_module_goes_before_the_standard_librarys(module, tmp_path):
    # Beside the script, and not in the current directory: there `python -m onloan` itself would find it.
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / f"{module}.py").write_text("print('the own module', __name__)\nOWN = True\n")
    (tmp_path / "program" / "script.py").write_text(f"import {module}\nprint({module}.OWN)\nkept = memoryview(bytearray(3))\n")
    # The interpreter itself may miss something in it, at the end.
    ran = same(["program/script.py"], tmp_path)
    assert ran.out == f"the own module {module}\nTrue\n" and "still out" in ran.report, ran


def test_signals_from_outside_reach_the_program(tmp_path):
    (tmp_path / "script.py").write_text(
        "import os, signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *a: sys.exit(11))\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n"
    )
    command = [sys.executable, "-m", "onloan", "run", "script.py"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment()) as child:
        assert int(child.stdout.readline()) == child.pid
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 11
