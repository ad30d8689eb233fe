"""Miniature programs, one for each class of case that people lost days to: the report names the right line and the right holder.

What is expected stands in the head of each program:

    # exporter: the type that lends            # holder: parts of one chain of holders, in their order; none: no holder is to be found
    # error: words of the BufferError          # why: a word of the reason that is given where no holder was found
    # needs: a module                          # acquired in: the file, where it is not the line marked `# acquired here`
    # thread: the one that acquired            # called from: a function that stands further up in the stack
    # bytes: lent                              # site: acquired N, live N
    # at: error: looked at when the error was raised, not at the end
    # then: why no holder can be found when the error is raised, where one is at the end

The line of the acquisition is marked `# acquired here`, that of the error `# raised here`.
"""

import importlib.util
import json
import re
import shutil
from pathlib import Path

import pytest

from .harness import command, facts, plain

PROGRAMS = sorted(Path(__file__).with_name("programs").glob("a[0-9]*.py"))


class Program:
    """A program and what is expected of it."""

    def __init__(self, path):
        self.path = path
        self.lines = path.read_text().splitlines()
        head = (re.fullmatch(r"# ([a-z ]+):(.*)", line) for line in self.lines)
        self.expected = {match[1]: match[2].strip() for match in head if match}

    def get(self, name):
        return self.expected.get(name)

    def line(self, mark, path=None):
        """The number of the line with a mark."""
        lines = self.lines if path is None else path.read_text().splitlines()
        return next((number for number, line in enumerate(lines, 1) if line.endswith(f"# {mark}")), None)

    @property
    def chain(self):
        return [part.strip() for part in self.expected["holder"].split("|") if part.strip()]


def _found(live, exporter):
    return [(lent["exporter"], export) for lent in live for export in lent["exports"] if lent["exporter"]["type"] == exporter]


def _follows(parts, chain):
    """Whether the parts occur in the chain, in their order."""
    return re.search(".*".join(map(re.escape, parts)), " <- ".join(chain)) is not None


def _fits(program, export, why=None):
    """Why an export is not the expected one; nothing if it is. With a `why` no holder is expected, for that reason."""
    chain, why = ([], why) if why else (program.chain, program.get("why"))
    frames = export["acquired_at"]
    where = program.get("acquired in")
    native = program.path.with_name(where) if where else None
    if where and not frames[0]["file"].endswith(where):
        return f"acquired in {frames[0]}"
    line = program.line("acquired here", native) if native is not None and native.exists() else None if where else program.line("acquired here")
    if line is not None and frames[0]["line"] != line:
        return f"acquired at {frames[0]}, expected line {line}"
    if (caller := program.get("called from")) and caller not in [frame["function"] for frame in frames]:
        return f"not called from {caller}"
    if chain and not any(_follows(chain, found) for found in export["holders"]):
        return f"held by {export['holders']}, {export.get('why')}"
    if not chain and (export["holders"] or why.lower() not in str(export.get("why")).lower()):
        return f"expected no holder, because of {why}: {export['holders']}, {export.get('why')}"
    if (thread := program.get("thread")) and export["thread"] != thread:
        return f"thread {export['thread']}"
    if (size := program.get("bytes")) and export["nbytes"] != int(size):
        return f"{export['nbytes']} bytes"
    return None


def _check_one(program, found, why=None):
    assert found, "no such exporter"
    reasons = [_fits(program, export, why) for _, export in found]
    assert None in reasons, reasons


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_the_report_names_the_line_and_the_holder(path, tmp_path):
    program = Program(path)
    if (module := program.get("needs")) and importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    for name in (path.name, "native.py"):
        shutil.copy(path.with_name(name), tmp_path)
    ran = facts([path.name], tmp_path)
    without = plain([path.name], tmp_path)
    assert (ran.code, ran.out) == (without.code, without.out)
    if program.get("nothing"):
        assert ran.facts["live"] == ran.facts["errors"] == [] and "nothing is out" in ran.report or "no buffer" in ran.report
        return
    if program.get("at") != "error":
        _check_one(program, _found(ran.facts["live"], program.get("exporter")))
        for part in (program.get("exporter"), *program.chain[-1:]):
            assert part in " ".join(ran.report.split()), ran.report
    if words := program.get("error"):
        errors = [error for error in ran.facts["errors"] if words in error["message"]]
        assert errors and errors[0]["type"] == "BufferError", ran.facts["errors"]
        if (line := program.line("raised here")) is not None:
            raised = [(Path(frame["file"]).name, frame["line"]) for frame in errors[0]["raised_at"]]
            assert raised[0] == (path.name, line), raised
        blocked = _found(errors[0]["blocked_by"], program.get("exporter"))
        _check_one(program, blocked, program.get("then"))
        assert words in ran.report
    if site := program.get("site"):
        line = program.line("acquired here")
        numbers = {name: int(number) for name, number in re.findall(r"([a-z]+) (\d+)", site)}
        of_line = next(site for site in ran.facts["sites"] if site["line"] == line and site["file"].endswith(path.name))
        assert {name: of_line[name] for name in numbers} == numbers


def test_there_is_a_program_for_nearly_every_class_of_case():
    cases = {path.stem[:3] for path in PROGRAMS}
    assert len(cases) >= 25 and all("# " in path.read_text().splitlines()[0] for path in PROGRAMS)


@pytest.mark.parametrize("name", ["a02_a_view_of_a_mapping", "a10_a_slice_in_the_frame_of_a_traceback"])
def test_a_recording_tells_the_same_later(name, tmp_path):
    path = next(path for path in PROGRAMS if path.stem == name)
    program = Program(path)
    ran = command(["-m", "onloan", "run", "-o", "recording", "--json", "facts.json", str(path)], tmp_path)
    told = command(["-m", "onloan", "report", "recording", "--format", "json"], tmp_path)
    assert (ran.code, told.code, told.err) == (0, 1, "")
    assert json.loads(told.out) == json.loads((tmp_path / "facts.json").read_text())
    text = command(["-m", "onloan", "report", "recording"], tmp_path)
    assert program.get("error") in text.out and text.code == 1
    assert text.out.strip() in ran.err
