"""A survey made by hand, for the reports."""

from onloan.checker import Finding, TargetReport
from onloan.survey import Discovery, Exporter, Package, Row, Survey

EVIL = """evil:Lent("<b>&amp;'", '</script><i>')"""


def package(name, version="1.0"):
    return Package(name, version, (name,), (f"{name}._native",), ())


def exporter(shown, *targets, **more):
    facts = dict(base=None, cython=None, made_by=shown.rpartition(".")[0], release_slot=True, inherited=(), also=())
    return Exporter(type=shown, shown=shown, targets=targets, **{**facts, **more})


def finding(rule, level, *requests, **more):
    facts = dict(phase="matrix", expected="this", seen="that", explain="it was so")
    return Finding(rule=rule, level=level, requests=requests, **{**facts, **more})


def report(target, *findings, **more):
    return TargetReport(target, "T", "interop", findings, granted=72, **more)


def sample():
    """One row of every verdict, one package without exporters, and one that does not import."""
    bad, good, evil, empty, broken = (package(name) for name in ("bad", "good", "evil", "empty", "broken"))
    rows = [
        Row(good, exporter("good.Clean", "good:Clean()"), (report("good:Clean()"),)),
        Row(good, exporter("good.Noted", "good:Noted()"), (report("good:Noted()", finding("E-11", "note", "WRITABLE")),)),
        Row(
            bad,
            exporter("bad.Over", "bad:Over()", "bad:Over(2)", also=("bad._other",), inherited=("bad.Heir",), guessed=True),
            (
                report("bad:Over()", finding("E-61", "error", "FULL_RO", crash="SIGSEGV"), finding("E-20", "warning", "STRIDES", "FULL")),
                report("bad:Over(2)", finding("E-61", "error", "FULL_RO"), finding("E-61", "error", "ND")),
            ),
        ),
        Row(bad, exporter("bad.Hidden", why="no module shows it"), ()),
        Row(evil, exporter("evil.<Lent>", EVIL), (report(EVIL, finding("E-30", "error", "FULL_RO", seen="<len> & \"shape\"")),)),
    ]
    discoveries = [Discovery(one, [row.exporter for row in rows if row.package is one], imported=1) for one in (bad, good, evil, empty)]
    discoveries.append(Discovery(broken, problems=[("broken", "ImportError: <no>")]))
    return Survey(tuple(discoveries), tuple(rows), "interop", 12.3)
