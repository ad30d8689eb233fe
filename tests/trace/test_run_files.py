"""What `onloan run` writes: recordings of programs that end well, badly or not at all; JSON; pages; errors of use."""

import json
import re
import signal
import subprocess
import sys
import time

import pytest

from onloan.cli import main
from onloan.recording import read
from onloan.run.command import Words, own_flags

from .harness import environment, traced

LEAVE = "kept = memoryview(bytearray(1000))\n"


def test_the_json_has_what_the_interfaces_promise(tmp_path):
    (tmp_path / "app.py").write_text("def load():\n    return memoryview(bytearray(4096))\nCACHE = [load()]\n")
    ran = traced(["app.py"], tmp_path, options=["--json", "facts.json"])
    document = json.loads((tmp_path / "facts.json").read_text())
    assert ran.code == 0 and document["schema"] == 1
    lent = next(lent for lent in document["live"] if lent["exporter"]["nbytes"] == 4096)
    assert lent["exporter"]["type"] == "bytearray" and re.fullmatch("0x[0-9a-f]+", lent["exporter"]["address"])
    (export,) = lent["exports"]
    assert export["nbytes"] == 4096 and export["thread"] == "MainThread" and export["age_s"] >= 0 and export["matched"] == "pointer"
    frames = [(frame["file"], frame["line"], frame["function"]) for frame in export["acquired_at"]]
    assert [(line, function) for _, line, function in frames] == [(2, "load"), (3, "<module>")] and frames[0][0].endswith("app.py")
    assert any(chain[-1] == "global __main__.CACHE" for chain in export["holders"])
    site = next(site for site in document["sites"] if site["line"] == 2 and site["function"] == "load")
    assert (site["acquired"], site["released"], site["live"], site["live_bytes"]) == (1, 0, 1, 4096) and site["peak_bytes"] >= 4096
    assert document["lost"]["unmatched_releases"] == 0 and document["lost"]["dropped_records"] == 0


@pytest.mark.parametrize("frames", [0, 1, 3])
def test_so_many_frames_are_kept_as_were_asked_for(frames, tmp_path):
    (tmp_path / "app.py").write_text("def a(): return memoryview(bytearray(77))\ndef b(): return a()\ndef c(): return b()\nkept = c()\n")
    traced(["app.py"], tmp_path, options=["--json", "facts.json", "--frames", str(frames)])
    live = json.loads((tmp_path / "facts.json").read_text())["live"]
    (export,) = next(lent["exports"] for lent in live if lent["exporter"]["nbytes"] == 77)
    assert [frame["function"] for frame in export["acquired_at"]] == ["a", "b", "c", "<module>"][:frames]


def test_a_site_is_kept_when_all_of_its_exports_are_back(tmp_path):
    (tmp_path / "app.py").write_text("for n in range(7):\n    memoryview(bytearray(9)).release()\n")
    traced(["app.py"], tmp_path, options=["--json", "facts.json"])
    sites = json.loads((tmp_path / "facts.json").read_text())["sites"]
    assert [(s["acquired"], s["released"], s["live"]) for s in sites if s["line"] == 2 and s["file"].endswith("app.py")] == [(7, 7, 0)]


def test_all_files_are_written_where_the_program_was_begun(tmp_path):
    (tmp_path / "app.py").write_text("import os\nos.chdir('/')\n" + LEAVE)
    options = ["-o", "recording", "--json", "facts.json", "--html", "page.html"]
    assert traced(["app.py"], tmp_path, options=options).code == 0
    recording = read(str(tmp_path / "recording"))
    assert recording.end == "exit" and recording.header["program"] == ["app.py"]
    assert recording.snapshot.as_json() == json.loads((tmp_path / "facts.json").read_text())
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "app.py" in page and "global __main__.kept" in page


def test_a_program_that_is_killed_leaves_what_was_out_until_then(tmp_path):
    (tmp_path / "app.py").write_text(
        "import time\nkept = [memoryview(bytearray(1000))]\nprint('begun', flush=True)\nwhile True:\n    memoryview(bytearray(10)).release()\n    time.sleep(0.01)\n"
    )
    command = [sys.executable, "-m", "onloan", "run", "-o", "recording", "app.py"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, env=environment()) as child:
        child.stdout.readline()
        end = time.monotonic() + 30
        while time.monotonic() < end and _sizes(tmp_path).count(1000) == 0:
            time.sleep(0.05)
        child.kill()
        assert child.wait() == -signal.SIGKILL
    recording = read(str(tmp_path / "recording"))
    assert recording.end is None and "killed" in recording.warnings()[0]
    (kept,) = [export for lent in recording.snapshot.live for export in lent.exports if export.nbytes == 1000]
    assert kept.acquired_at[0].line == 2 and kept.age_s >= 0 and "did not come to its end" in kept.why


def _sizes(folder):
    return [export.nbytes for lent in read(str(folder / "recording")).snapshot.live for export in lent.exports]


def test_what_onloan_does_itself_is_not_the_programs(tmp_path):
    (tmp_path / "app.py").write_text(
        "import time\nend = time.monotonic() + 1\nwhile time.monotonic() < end:\n    memoryview(bytearray(10)).release()\n    time.sleep(0.01)\n"
    )
    traced(["app.py"], tmp_path, options=["-o", "recording"])
    text = (tmp_path / "recording").read_text()
    # What the system's own sitecustomize borrows (Debian has one) is the interpreter's, although onloan imports it.
    text = re.sub(r'inside\.py","line":\d+,"function":"real_sitecustomize"', "", text)
    assert text.count("\n") >= 3 and not re.search(r"onloan.(run|recording|reports).[a-z_]+\.py", text)


def test_before_a_program_replaces_itself_everything_is_written(tmp_path):
    (tmp_path / "app.py").write_text(LEAVE + "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'print(5)'])\n")
    ran = traced(["app.py"], tmp_path, options=["-o", "recording", "--json", "facts.json"])
    assert (ran.code, ran.out, ran.err, ran.report) == (0, "5\n", "", "")
    recording = read(str(tmp_path / "recording"))
    assert recording.end == "exec" and recording.snapshot.live_count >= 1
    assert json.loads((tmp_path / "facts.json").read_text())["live"]


def test_a_program_that_leaves_at_once_is_reported_before(tmp_path):
    (tmp_path / "app.py").write_text(LEAVE + "import os\nprint('out', flush=True)\nos._exit(9)\n")
    ran = traced(["app.py"], tmp_path, options=["-o", "recording"])
    assert (ran.code, ran.out) == (9, "out\n") and "global __main__.kept" in ran.report
    recording = read(str(tmp_path / "recording"))
    assert recording.end == "_exit" and "os._exit" in recording.warnings()[0] and recording.snapshot.live_count >= 1


def test_a_program_that_fails_is_recorded_to_its_end(tmp_path):
    (tmp_path / "app.py").write_text(LEAVE + "raise SystemExit(3)\n")
    assert traced(["app.py"], tmp_path, options=["-o", "recording"]).code == 3
    assert read(str(tmp_path / "recording")).end == "exit"


def test_a_program_that_stops_tracing_itself_is_reported_until_then(tmp_path):
    (tmp_path / "app.py").write_text(LEAVE + "import onloan\nonloan.stop()\nprint(onloan.is_tracing())\nlater = memoryview(bytearray(77))\n")
    ran = traced(["app.py"], tmp_path, options=["-o", "recording"])
    assert (ran.code, ran.out) == (0, "False\n") and ran.report.startswith("onloan: until the program stopped tracing: 1 export")
    recording = read(str(tmp_path / "recording"))
    assert recording.end == "exit" and [lent.exporter.nbytes for lent in recording.snapshot.live] == [1000]


def test_a_program_that_uses_the_tracer_itself_gets_it(tmp_path):
    (tmp_path / "app.py").write_text(
        "import onloan\nonloan.start()\nwith onloan.tracing():\n    pass\nprint(onloan.is_tracing())\n"
        "onloan.stop()\nonloan.start()\nkept = memoryview(bytearray(77))\n"
        "try:\n    with onloan.none_left():\n        left = memoryview(bytearray(78))\nexcept onloan.LeakError as error:\n    print(len(error.live))\n"
    )
    ran = traced(["app.py"], tmp_path)
    assert (ran.code, ran.out) == (0, "True\n1\n") and ran.report.startswith("onloan: 2 exports of 2 objects are still out, 155 bytes")


def test_a_forked_child_writes_nothing(tmp_path):
    (tmp_path / "app.py").write_text(LEAVE + "import os\nchild = os.fork()\nif child:\n    os.waitpid(child, 0)\n")
    ran = traced(["app.py"], tmp_path, options=["-o", "recording"])
    assert (ran.err + ran.report).count("onloan: ") == 1
    assert (tmp_path / "recording").read_text().count('"end"') == 1


def test_a_buffer_error_that_nobody_catches_is_explained_after_its_traceback(tmp_path):
    (tmp_path / "app.py").write_text("data = bytearray(8)\nview = memoryview(data)\ndata.append(1)\n")
    ran = traced(["app.py"], tmp_path)
    assert ran.code == 1 and "BufferError: Existing exports of data: object cannot be re-sized" in ran.err
    told = " ".join(ran.report.split())
    assert "blocked by bytearray, 8 bytes" in told and "app.py:2" in told and "global __main__.view" in told


# What cannot be carried out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([], "no program was named"),
        (["-o", "x"], "no program was named"),
        (["--"], "no program was named"),
        (["none.py"], "there is no script 'none.py'"),
        (["-m", "no_such_module_here"], "there is no module 'no_such_module_here'"),
        (["-mno_such_module_here.x"], "there is no module 'no_such_module_here'"),
        (["-m"], "-m needs a word after it"),
        (["-c"], "-c needs a word after it"),
        (["."], "'.' is a directory without __main__.py"),
        (["--frames", "65", "-c", ""], "--frames is 65, not 0 to 64"),
        (["--frames", "x", "-c", ""], "argument --frames: invalid int value: 'x'"),
        (["--frob", "-c", ""], "unrecognized arguments: --frob"),
        (["--json", ".", "-c", ""], "is a directory"),
        (["-o", "none/x", "-c", ""], "there is no directory"),
        (["-o", "x", "--json", "./x", "-c", ""], "two of the files to be written are the same"),
    ],
)
def test_what_cannot_be_begun_is_an_error_with_a_hint(words, error, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["run", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("error: ") and error in captured.err and "\n\nhint: " in captured.err
    assert list(tmp_path.iterdir()) == []


def test_options_after_the_program_are_the_programs(tmp_path):
    code = "import sys; print(sys.argv)"
    for options in ([], ["--frames=3"], ["--fra", "3"], ["-ox"], ["--json", "y"]):
        ran = traced(["-c", code, "--json", "-o", "-h"], tmp_path, options=options)
        assert ran.out == "['-c', '--json', '-o', '-h']\n" and ran.code == 0, options


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        ([], []),
        (["/bin/onloan", "run", "-X", "dev"], []),
        (["-m", "onloan", "-B"], []),
        (["-B", "-X", "dev", "-m", "onloan"], ["-B", "-X", "dev"]),
        (["-Xdev", "-W", "error", "-OO", "/bin/onloan"], ["-Xdev", "-W", "error", "-OO"]),
        (["-Bm", "onloan", "-X"], ["-B"]),
        (["--check-hash-based-pycs", "always", "-u", "-c", "code"], ["--check-hash-based-pycs", "always", "-u"]),
        (["-"], []),
    ],
)
def test_the_flags_of_an_interpreter_are_told_from_its_program(words, flags):
    assert own_flags(words) == flags


@pytest.mark.parametrize(
    ("words", "own", "program"),
    [
        (["a.py", "-o", "x"], [], ["a.py", "-o", "x"]),
        (["-o", "a.py", "b.py"], ["-o", "a.py"], ["b.py"]),
        (["--json=a", "-m", "b", "-m"], ["--json=a"], ["-m", "b", "-m"]),
        (["--frames", "3", "-cprint()", "x"], ["--frames", "3"], ["-cprint()", "x"]),
        (["-h"], ["-h"], []),
        (["--", "a.py"], [], ["a.py"]),
        (["--", "-a.py", "b"], [], ["--", "-a.py", "b"]),
        (["-ox", "-", "y"], ["-ox"], ["-", "y"]),
    ],
)
def test_what_is_the_programs_is_told_from_what_is_onloans(words, own, program):
    assert Words.of(words) == Words(tuple(own), tuple(program))
