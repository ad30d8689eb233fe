"""Programs that a signal kills: they die of it, and what was out is told all the same."""

import os
import signal
import subprocess
import sys

import pytest

from onloan.recording import read

from .harness import environment, plain, traced

pytestmark = [
    pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="several processes a test take long under AddressSanitizer"),
    pytest.mark.skipif(sys.platform != "linux", reason="a copy of the process is made on Linux only"),
]

KEEP = "import ctypes, faulthandler, os, signal, sys, threading, time\nkept = memoryview(bytearray(1000))\nprint('begun', flush=True)\n"

#: What kills, and by which signal.
DEATHS = {
    "a signal of its own": ("os.kill(os.getpid(), signal.SIGTERM)", signal.SIGTERM),
    "a timer": ("signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(60)", signal.SIGALRM),
    "a fault": ("ctypes.string_at(0)", signal.SIGSEGV),
    "a fault without the global lock": ("ctypes.CDLL(None).strlen(None)", signal.SIGSEGV),
    "a fault in another thread": ("threading.Thread(target=ctypes.string_at, args=(0,)).start(); time.sleep(60)", signal.SIGSEGV),
    "an abort": ("os.abort()", signal.SIGABRT),
    "a stack that is used up": (
        "import resource\nresource.setrlimit(resource.RLIMIT_STACK, (1 << 20, resource.RLIM_INFINITY))\nsys.setrecursionlimit(10**9)\n"
        "down = ctypes.CFUNCTYPE(None)(lambda: down())\ndown()",
        signal.SIGSEGV,
    ),
}


@pytest.mark.parametrize("name", DEATHS)
def test_a_program_that_a_signal_kills_dies_of_it_and_is_reported(name, tmp_path):
    code, number = DEATHS[name]
    if name == "a stack that is used up" and sys.version_info >= (3, 12):
        pytest.skip("from 3.12 on the interpreter counts the calls of C code, and raises")
    (tmp_path / "app.py").write_text(f"{KEEP}{code}\n")
    expected = plain(["app.py"], tmp_path)
    ran = traced(["app.py"], tmp_path, options=["-o", "recording"])
    assert (ran.code, ran.out, ran.err) == (expected.code, expected.out, expected.err) == (-number, "begun\n", "")
    killed = signal.Signals(number).name
    assert ran.report.startswith(f"onloan: killed by {killed}; "), ran.report
    recording = read(str(tmp_path / "recording"))
    assert recording.end == killed and recording.warnings()[0].startswith(f"the program was killed by {killed} ")
    if name == "a stack that is used up" and "no report could be made" in ran.report:
        # Where it ends is a matter of luck: in the middle of an allocation the copy can do no more.
        return
    assert "acquired at" in ran.report and "app.py:2" in ran.report and "global __main__.kept" in ran.report
    assert any(export.nbytes == 1000 and export.holders for lent in recording.snapshot.live for export in lent.exports)


def test_where_the_copy_can_run_nothing_the_recording_names_the_signal(tmp_path):
    # A thread that Python does not know, and that jumps to nowhere.
    start = "thread = ctypes.c_ulong()\nctypes.CDLL(None).pthread_create(ctypes.byref(thread), None, None, None)\ntime.sleep(60)\n"
    step = "while '\"nbytes\":1000' not in open('recording').read():\n    memoryview(bytearray(8)).release()\n    time.sleep(0.01)\n"
    (tmp_path / "app.py").write_text(f"{KEEP}{step}{start}")
    ran = traced(["app.py"], tmp_path, options=["-o", "recording"])
    assert (ran.code, ran.out, ran.err) == (-signal.SIGSEGV, "begun\n", "")
    assert ran.report == "onloan: killed by SIGSEGV; no report could be made\n"
    recording = read(str(tmp_path / "recording"))
    assert recording.end == "SIGSEGV" and "what was out is known up to" in recording.warnings()[0] and recording.seen < recording.at
    assert any(export.nbytes == 1000 for lent in recording.snapshot.live for export in lent.exports)


def test_whoever_handles_faults_already_is_let_after_the_report(tmp_path):
    (tmp_path / "app.py").write_text(f"{KEEP}ctypes.string_at(0)\n")
    ran = traced(["app.py"], tmp_path, flags=["-X", "faulthandler"])
    assert ran.code == -signal.SIGSEGV and ran.report.startswith("onloan: killed by SIGSEGV; ")
    assert ran.report.index("global __main__.kept") < ran.report.index("Fatal Python error: Segmentation fault")


def test_the_children_of_a_program_die_without_a_report(tmp_path):
    (tmp_path / "app.py").write_text(
        f"{KEEP}child = os.fork()\nif child == 0:\n    os.kill(os.getpid(), signal.SIGTERM)\nprint(os.waitpid(child, 0)[1])\n"
    )
    ran = traced(["app.py"], tmp_path)
    assert (ran.code, ran.out) == (0, f"begun\n{int(signal.SIGTERM)}\n") and "killed" not in ran.report


def test_of_a_signal_from_outside_a_waiting_program_is_reported_and_leaves_no_process_behind(tmp_path):
    (tmp_path / "app.py").write_text(f"{KEEP}threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nprint('waits', flush=True)\nsys.stdin.read()\n")
    command = [sys.executable, "-m", "onloan", "run", "app.py"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment()) as child:
        # While the other thread is made it may have the lock, and then there is no report.
        assert [child.stdout.readline(), child.stdout.readline()] == ["begun\n", "waits\n"]
        child.send_signal(signal.SIGHUP)
        # Whoever held the other end would keep the pipe open.
        told = child.stderr.read()
        assert child.wait(60) == -signal.SIGHUP
    assert told.startswith("onloan: killed by SIGHUP; ") and "global __main__.kept" in told
