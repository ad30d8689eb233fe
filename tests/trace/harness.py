"""Programs with and without `onloan run`."""

import json
import os
import re
import subprocess
import sys
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
