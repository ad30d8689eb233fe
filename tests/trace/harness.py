"""Programs with and without `onloan run`."""

import json
import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field

#: Where the report begins in what goes to stderr.
REPORT = re.compile(r"^onloan: ", re.MULTILINE)


@dataclass
class Ran:
    """What came of a program: its own output, and onloan's report."""

    code: int
    out: str
    err: str
    report: str = ""
    facts: dict = field(default_factory=dict)


def environment(**changes):
    """The environment for a child: without what the session's own coverage or colours would change."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST", "ONLOAN"))}
    return {**kept, "COLUMNS": "100", **changes}


def command(words, cwd, *, flags=(), stdin="", timeout=120, **changes):
    """Runs the interpreter with these words."""
    done = subprocess.run(
        [sys.executable, *flags, *words],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        timeout=timeout,
        env=environment(**changes),
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def plain(words, cwd, **keywords):
    """The program as it is."""
    return command(words, cwd, **keywords)


def traced(words, cwd, *, options=(), **keywords):
    """The program under `onloan run`; what stands on stderr is parted into its own and the report."""
    ran = command(["-m", "onloan", "run", *options, *words], cwd, **keywords)
    begins = [match.start() for match in REPORT.finditer(ran.err)]
    if begins:
        ran.err, ran.report = ran.err[: begins[0]], ran.err[begins[0] :]
    return ran


def facts(words, cwd, **keywords):
    """The program under `onloan run --json`, with the facts."""
    ran = traced(words, cwd, options=["--json", "facts.json"], **keywords)
    ran.facts = json.loads((cwd / "facts.json").read_text())
    return ran


def forking(lend):
    """A program that lends and forks while other threads are at it: each child goes on with what is out, and the parent with its own."""
    return (
        textwrap.dedent("""
            import onloan, os, threading, warnings
            warnings.simplefilter("ignore")
        """)
        + lend
        + textwrap.dedent("""
            view = memoryview(lent)
            stop = threading.Event()
            def busy():
                while not stop.is_set():
                    memoryview(lent).release()
            threads = [threading.Thread(target=busy, daemon=True) for _ in range(3)]
            for thread in threads: thread.start()
            for _ in range(20):
                child = os.fork()
                if child == 0:
                    ours = [export for export in onloan.exports(lent) if export.acquired_at[0].function == "<module>"]
                    assert len(ours) == 1, ours
                    view.release()
                    other = memoryview(lent)
                    assert any(e.acquired_at[0].line > ours[0].acquired_at[0].line for e in onloan.exports(lent))
                    os._exit(7)
                assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
            stop.set()
            for thread in threads: thread.join()
            assert len(onloan.exports(lent)) == 1
            print("parent")
        """)
    )
