"""Registered cells tell the ledger of their exports themselves: the same answers without hooks as with them."""

import gc

import pytest

import onloan
from onloan import _onloan
from onloan.tracing.facts import Lost

from .registered import EXPORTERS, Keeper, every_exporter, lent, off_the_record, registered, suite  # noqa: F401

numpy = pytest.importorskip("numpy")
raw = suite.raw

FULL_RO, SIMPLE = 0x11C, 0


def take(exporter):
    """Acquires in all the ways there are, and keeps what was acquired."""
    held = [
        memoryview(exporter),
        memoryview(exporter)[1:],
        onloan.View(exporter),
        numpy.asarray(exporter),
        numpy.frombuffer(memoryview(exporter), "u1") if memoryview(exporter).c_contiguous else None,
        raw.acquire(exporter, FULL_RO),
        raw.acquire(exporter, SIMPLE),
    ]
    Keeper.kept = [memoryview(exporter)]
    generator = keep(exporter)
    next(generator)
    return held, generator


def keep(exporter):
    view = memoryview(exporter)
    yield
    view.release()


def told(exporter):
    """What is known of each export, but for what differs from one acquisition to another: its number and its age."""
    facts = []
    for export in onloan.exports(exporter):
        assert export.age_s is not None and 0 <= export.age_s < 60
        fields = export.as_json()
        del fields["id"], fields["age_s"]
        facts.append(fields)
    return facts

@every_exporter
def test_the_answers_are_those_of_a_traced_program_field_by_field(lent):
    answers = []
    for traced in (False, True):
        if traced:
            onloan.start()
        held = take(lent)  # both times from this line
        answers.append((told(lent), onloan.holders(lent)))
        assert len(answers[-1][0]) == lent.exports
        if traced:
            assert onloan.snapshot().lost == Lost()
        del held
        Keeper.kept = []
        gc.collect()
        assert onloan.exports(lent) == []
        assert lent.exports == 0
    onloan.stop()
    (without, holders_without), (with_hooks, holders_with) = answers
    for one, other in zip(without, with_hooks, strict=True):
        assert {name: (one[name], other[name]) for name in one if one[name] != other[name]} == {}
    assert holders_without == holders_with
    assert len(without) >= 8
    assert {export["matched"] for export in without} <= {"pointer", "moved"}
    assert all(export["acquired_at"][0]["function"] in ("take", "keep") for export in without)
    held_by_names = [export for export in without if export["holders"]]
    assert len(held_by_names) >= len(without) - 2  # C memory has no name
    assert any("Keeper.kept" in link for chain in holders_without for link in chain)


@every_exporter
@pytest.mark.parametrize("traced", [False, True], ids=["untraced", "traced"])
def test_a_struct_that_was_copied_elsewhere_is_still_its_export(lent, traced):
    if traced:
        onloan.start()
    held = [raw.acquire(lent, FULL_RO) for _ in range(20)]
    for number in (3, 17, 4):
        held[number].relocate()
    numbers = [export.id for export in onloan.exports(lent)]
    assert len(numbers) == 20
    for number in (17, 2, 4, 3):
        held[number].release()
    left = {export.id for export in onloan.exports(lent)}
    assert len(left) == lent.exports == 16
    if traced:
        assert onloan.snapshot().lost.unmatched_releases == 0
    # Each release ends its own export, though they are alike in all but their age.
    assert left == {number for place, number in enumerate(numbers) if place not in (17, 2, 4, 3)}
    held.clear()
    assert onloan.exports(lent) == []


@pytest.mark.parametrize("begin", ["before", "after"])
def test_an_export_is_on_record_once_when_tracing_starts_and_stops_meanwhile(begin):
    lent = onloan.Buffer.zeros(16, registered=True)
    other = bytearray(16)
    if begin == "before":
        onloan.start()
    held = [memoryview(lent), memoryview(lent), memoryview(other)]
    first = onloan.exports(lent)
    assert len(first) == 2
    for round in range(3):
        onloan.start()
        assert [export.id for export in onloan.exports(lent)][:2] == [export.id for export in first]
        held.append(memoryview(lent))
        assert len(onloan.exports(lent)) == lent.exports == 3 + round
        snapshot = onloan.snapshot()
        (out,) = [found for found in snapshot.live if found.exporter.address == hex(id(lent))]
        assert len(out.exports) == 3 + round
        assert snapshot.lost == Lost()
        # Of what was out before, too, it is known how much is out at which line; but not what came and went.
        sites = [site for site in snapshot.sites if (site.file, site.type) == (__file__, "onloan.Buffer")]
        assert sum(site.live for site in sites) == 3 + round
        assert sum(site.live_bytes for site in sites) == 16 * (3 + round)
        assert sum(site.acquired - site.released for site in sites) == 3 + round
        onloan.stop()
        exports = onloan.exports(lent)
        assert len(exports) == 3 + round
        assert exports[0].acquired_at == first[0].acquired_at
        assert exports[0].age_s >= first[0].age_s
    # One comes back while tracing is on, the others while it is off.
    onloan.start()
    held.pop(0).release()
    assert len(onloan.exports(lent)) == 4
    assert onloan.snapshot().lost == Lost()
    onloan.stop()
    while held:
        held.pop().release()
        assert len(onloan.exports(lent)) == lent.exports
    onloan.start()
    assert onloan.exports(lent) == []
    assert onloan.snapshot().lost == Lost()


def test_a_view_that_is_on_record_is_not_found_once_more_at_the_start():
    lent = onloan.Buffer.zeros(16, registered=True)
    view = memoryview(lent)
    onloan.start()
    (export,) = onloan.exports(lent)
    assert export.matched == "pointer" and export.acquired_at
    view.release()
    assert onloan.exports(lent) == []
    assert onloan.snapshot().lost.unmatched_releases == 0


def test_what_is_not_registered_is_not_on_record():
    lent, wild, before = onloan.Buffer.zeros(16), bytearray(16), _onloan.trace_bytes()[1]
    held = memoryview(lent), memoryview(wild), raw.acquire(suite.FrozenCell("writable", b"abc"), FULL_RO)
    assert not lent.registered
    assert _onloan.trace_bytes()[1] == before
    (export,) = onloan.exports(lent)
    assert (export.matched, export.acquired_at) == ("scan", ())
    del held


def grow_a_buffer(lent):
    lent.resize(1)


REFUSED = {
    "resize": (lambda: onloan.Buffer.zeros(48, registered=True), grow_a_buffer, "cannot resize: "),
    "close": (lambda: onloan.Buffer.zeros(48, registered=True), lambda lent: lent.close(), "cannot close: "),
    "extend": (lambda: onloan.Buffer.zeros(48, registered=True), lambda lent: lent.extend(b"abc"), "cannot extend: "),
    "write": (EXPORTERS["frozen"], lambda lent: lent.push(1), "cannot write to the memory: "),
    "take": (EXPORTERS["frozen"], lambda lent: lent.take(), "cannot take the storage back: "),
    "read": (EXPORTERS["frozen"], lambda lent: lent.read(bytes), "cannot read the memory: "),
    "push": (EXPORTERS["not frozen"], lambda lent: lent.push(1), "cannot write to the memory: "),
    "put": (EXPORTERS["frozen"], lambda lent: lent.put(b"abc"), "cannot put a storage into the cell: "),
}


@pytest.mark.parametrize("traced", [False, True], ids=["untraced", "traced"])
@pytest.mark.parametrize("refused", REFUSED)
def test_the_error_says_who_has_the_memory(refused, traced):
    make, mutate, message = REFUSED[refused]
    lent = make()

    def borrow():
        return memoryview(lent)

    Keeper.kept = [borrow()]
    if traced:
        onloan.start()
        _onloan.trace_notes(True)
    with pytest.raises(BufferError, match=message) as caught:
        mutate(lent)
    _onloan.trace_notes(False)
    if message.endswith("into the cell: "):
        # No export is the reason that the cell has a storage already; the tracer, which knows only the message, tells of it all the same.
        assert traced or not hasattr(caught.value, "__notes__")
        Keeper.kept.clear()
        return
    (note,) = caught.value.__notes__
    assert note.startswith("onloan: exports are out\n")
    assert f"{onloan.exports(lent)[0].nbytes} bytes" in note
    assert "FULL_RO, " in note and "thread MainThread" in note
    line = borrow.__code__.co_firstlineno + 1
    assert f"acquired at {__file__}:{line} in borrow" in note
    assert "held by memoryview <- list[0] <- " in note and "Keeper.kept" in note
    Keeper.kept.clear()


def test_a_second_consumer_of_an_exclusive_cell_is_told_who_the_first_is():
    lent = registered(suite.FrozenCell("exclusive", b"abc"))
    first = memoryview(lent)
    with pytest.raises(BufferError, match="1 export is out") as caught:
        memoryview(lent)
    (note,) = caught.value.__notes__
    assert "held by memoryview <- local first of " in note or "first" in note
    del first


def test_an_error_that_is_under_way_is_told_who_has_the_memory():
    with pytest.raises(KeyError) as caught, onloan.Buffer.zeros(16, registered=True) as lent:
        kept = memoryview(lent)
        raise KeyError("the reason")
    first, second = caught.value.__notes__
    assert first == "onloan.Buffer: cannot close: 1 export is out; the memory is freed at the last release"
    assert second.startswith("onloan: exports are out\n") and "acquired at" in second
    del kept, lent


def test_an_error_about_something_else_gets_no_note():
    lent = registered(suite.FrozenCell("read_only", b"abc"))
    with pytest.raises(BufferError) as caught:
        raw.acquire(lent, 1)  # to write
    assert not hasattr(caught.value, "__notes__")
    lent.take()
    with pytest.raises(BufferError) as caught:
        lent.take()
    assert not hasattr(caught.value, "__notes__")


def test_of_many_exports_the_error_tells_of_the_oldest_and_counts_the_rest():
    lent = onloan.Buffer.zeros(16, registered=True)

    def old():
        return [memoryview(lent) for _ in range(3)]

    first = old()
    held = raw.Many(lent, SIMPLE, 100_000)
    with pytest.raises(BufferError, match="100003 exports are out") as caught:
        lent.close()
    (note,) = caught.value.__notes__
    assert note.count("acquired at") == note.count(" in old") + note.count(" in <listcomp>") == 3
    assert note.endswith("and 100000 more")
    held.release_all()
    del first
