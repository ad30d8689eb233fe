"""Recordings: what is written is read again, as far as it goes."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onloan.cli import main
from onloan.recording import VERSION, NoRecordingError, Writer, read
from onloan.recording.reader import WHY_NO_HOLDER
from onloan.tracing.facts import Export, Exporter, Lent, Site, Snapshot

from .samples import CLEAN, EMPTY, ERROR, FRAME, FULL, HEADER, LEAKED, MAPPED, SITES, export


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "recording")


def recorded(path, *steps, end=None):
    """A recording of these snapshots, one a second."""
    writer = Writer(path)
    writer.header(HEADER)
    for at, snapshot in enumerate(steps, 1):
        writer.step(float(at), snapshot)
    if end is not None:
        writer.end(len(steps) + 1.0, "exit", end)
    return writer


def test_the_first_line_says_what_the_file_is(path):
    recorded(path)
    with open(path) as file:
        assert json.loads(file.readline()) == {"onloan-recording": VERSION, **HEADER}


def test_what_is_written_at_the_end_is_read_again(path):
    recorded(path, EMPTY, CLEAN, end=FULL)
    recording = read(path)
    assert recording.snapshot == FULL
    assert (recording.end, recording.at, recording.truncated, recording.warnings()) == ("exit", 3.0, False, [])
    assert recording.header["program"] == HEADER["program"]


def test_steps_say_what_was_out_where_the_end_is_missing(path):
    recorded(path, Snapshot((FRAME,), SITES[:1]), Snapshot((MAPPED, *LEAKED), SITES, (ERROR,)))
    recording = read(path)
    assert recording.end is None and recording.at == 2.0
    ages = {export.id: export.age_s for lent in recording.snapshot.live for export in lent.exports}
    assert ages == {export.id: pytest.approx(export.age_s) for lent in (MAPPED, *LEAKED) for export in lent.exports}
    assert (set(recording.snapshot.sites), recording.snapshot.errors) == (set(SITES), (ERROR,))
    assert recording.snapshot.timeline == ((1.0, 4096, 1), (2.0, (64 << 20) + 5000, 501))
    assert "killed" in recording.warnings()[0] and "2.00 s" in recording.warnings()[0]


def test_an_export_grows_older_until_the_last_step(path):
    later = replace(FRAME, exports=(replace(FRAME.exports[0], age_s=2.25),))
    recorded(path, Snapshot((FRAME,), ()), Snapshot((later, MAPPED), ()))
    assert {e.id: e.age_s for lent in read(path).snapshot.live for e in lent.exports} == {3: 2.25, 9: 0.2}


def test_a_step_in_which_nothing_changed_is_not_written(path):
    snapshot = Snapshot((FRAME,), SITES)
    recorded(path, snapshot, snapshot, replace(snapshot, taken_at=5.0))
    with open(path) as file:
        assert len(file.readlines()) == 2


def test_an_exec_that_failed_is_no_end(path):
    writer = recorded(path, Snapshot((FRAME,), ()))
    writer.end(2.0, "exec", FULL)
    assert read(path).end == "exec" and "replaced itself" in read(path).warnings()[0]
    writer.step(3.0, EMPTY)
    recording = read(path)
    assert recording.end is None and recording.snapshot.live == ()
    writer.end(4.0, "exit", CLEAN)
    assert read(path).snapshot == CLEAN


def test_a_recording_is_readable_up_to_wherever_it_is_cut_off(path):
    recorded(path, Snapshot((FRAME,), SITES[:1]), Snapshot((MAPPED,), SITES), end=FULL)
    with open(path, "rb") as file:
        whole = file.read()
    ends = [position + 1 for position, byte in enumerate(whole) if byte == ord("\n")]
    expected = {0: set(), 1: {3}, 2: {9}}
    near = {end + step for end in ends for step in (-2, -1, 0, 1, 2)} & set(range(ends[0], len(whole)))
    for cut in sorted({*range(ends[0], len(whole), 1009), *near}):
        with open(path, "wb") as file:
            file.write(whole[:cut])
        recording = read(path)
        lines = sum(end <= cut for end in ends) - 1
        assert {e.id for lent in recording.snapshot.live for e in lent.exports} == expected[lines]
        assert recording.truncated is (cut not in ends)
        assert len(recording.warnings()) == 1


#: A time and a count that no number of Python's holds.
GREAT = [(b"1e999", b"0"), (b"1" + b"0" * 400, b"0"), (b"2", b"1e999")]


@pytest.mark.parametrize(
    "line",
    [b"\0\0\0\n", b"{}\n", b"[]\n", b'{"at": 3}\n', b'{"at": 3, "end": "exit", "facts": {"schema": 2}}\n', b"\xff\n", b"[" * 100_000 + b"\n"]
    + [b'{"at": %s, "new": [], "gone": [], "sites": [], "errors": [], "lost": {"dropped_errors": %s}, "moment": [0, 0]}\n' % pair for pair in GREAT],
    ids=["zeros", "empty", "a list", "no step", "another schema", "no text", "a deep nest", "no time", "a time without end", "a count without end"],
)
def test_a_damaged_line_ends_what_can_be_read(line, path):
    recorded(path, Snapshot((FRAME,), ()))
    with open(path, "ab") as file:
        file.write(line + b'{"at": 9, "new": [], "gone": [3], "sites": [], "errors": [], "lost": {}, "moment": [0, 0]}\n')
    recording = read(path)
    assert recording.truncated and recording.at == 1.0 and recording.snapshot.live_count == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"hello\n", "no header"),
        (b'{"onloan-recording": 1, "program": 5}\n', "names no program"),
        (b"{}\n", "no header"),
        (b'{"onloan-recording": 1', "no header"),
        (b"\x7fELF\0\0\n", "no header"),
        (b'{"onloan-recording": 2, "onloan": "9.1.0"}\n', "format 2, made by onloan 9.1.0; this onloan reads format 1"),
        (b'{"onloan-recording": "x"}\n', "format x, made by another onloan"),
    ],
)
def test_what_is_no_recording_or_one_of_another_version_is_an_error(content, words, path, capsys):
    with open(path, "wb") as file:
        file.write(content)
    with pytest.raises(NoRecordingError, match=words):
        read(path)
    assert main(["report", path]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("error: ") and words in captured.err and "\n\nhint: " in captured.err


def test_a_file_that_is_not_there_or_is_a_directory_is_an_error(tmp_path, capsys):
    for path, words in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        assert main(["report", str(path)]) == 2
        assert words in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_the_exit_code_says_whether_something_was_found(form, path, capsys):
    for snapshot, code in ((EMPTY, 0), (CLEAN, 0), (Snapshot((FRAME,), ()), 1), (Snapshot((), (), (ERROR,)), 1), (FULL, 1)):
        recorded(path, end=snapshot)
        assert main(["report", path, "--format", form]) == code
        captured = capsys.readouterr()
        assert captured.out and captured.err == ""


def test_a_recording_that_ends_early_is_shown_with_a_warning(path, capsys):
    recorded(path, Snapshot((FRAME,), SITES[:1]))
    assert main(["report", path]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("warning: the recording has no end") and "/srv/app/app.py:12" in captured.out
    recorded(path)
    assert main(["report", path]) == 0
    assert "no buffer was acquired" in capsys.readouterr().out


def test_the_json_is_that_of_the_run(path, capsys):
    recorded(path, end=FULL)
    assert main(["report", path, "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out) == FULL.as_json()


_WORDS = st.text(max_size=20)
_LIVE = st.dictionaries(st.integers(1, 12), st.tuples(_WORDS, st.integers(0, 2**62)), max_size=8)


@given(st.lists(st.tuples(_LIVE, st.lists(st.tuples(_WORDS, st.integers(0, 5)), max_size=4, unique_by=lambda site: site[0])), max_size=6))
def test_any_row_of_steps_leads_to_its_last(tmp_path_factory, steps):
    path = str(tmp_path_factory.mktemp("recording") / "file")
    snapshots = [
        Snapshot(
            tuple(Lent(Exporter(kind, size, hex(name)), (export(name, size, None, (), ()),)) for name, (kind, size) in live.items()),
            tuple(Site(file, 1, "f", "bytes", count, 0, count, count, count) for file, count in sites),
        )
        for live, sites in steps
    ]
    recorded(path, *snapshots)
    last = read(path).snapshot

    def out(snapshot: Snapshot) -> dict[int, Export]:
        return {e.id: e for lent in snapshot.live for e in lent.exports}

    # An export that is still out is the one that was first written under its number.
    first: dict[int, Export] = {}
    for snapshot in snapshots:
        now = out(snapshot)
        first = {name: first.get(name, replace(export, why=WHY_NO_HOLDER)) for name, export in now.items()}
    assert out(last) == first
    assert not snapshots or {site.key: site for site in last.sites}.items() >= {site.key: site for site in snapshots[-1].sites}.items()
