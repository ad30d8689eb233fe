"""The objects that are asked for buffers, each made anew by its function."""

import onloan_suite

DATA = bytes(range(48))

#: shape, strides, offset, format: what the builder is given over `DATA`, and whether it holds together.
LAYOUTS = {
    "one axis": dict(),
    "two axes": dict(shape=[6, 8]),
    "three axes of integers": dict(shape=[2, 3, 2], format="I"),
    "Fortran order": dict(shape=[6, 8], strides=[1, 6]),
    "every other column": dict(shape=[6, 4], strides=[8, 2]),
    "reversed": dict(shape=[48], strides=[-1], offset=47),
    "bottom-up": dict(shape=[6, 8], strides=[-8, 1], offset=40),
    "a row repeated": dict(shape=[3, 8], strides=[0, 1], offset=8),
    "one item repeated": dict(shape=[5], strides=[0], offset=7),
    "overlapping windows": dict(shape=[46, 3], strides=[1, 1]),
    "unaligned": dict(shape=[5], strides=[9], offset=3, format="<I"),
    "no axis": dict(shape=[], offset=16, format="d"),
    "no items": dict(shape=[0]),
    "no rows": dict(shape=[0, 4]),
    "no columns": dict(shape=[3, 0, 2], strides=[5, 7, 11]),
    "one row": dict(shape=[1, 48]),
    "one column with a stride": dict(shape=[6, 1], strides=[8, 100]),
    "all extents 1": dict(shape=[1, 1, 1], strides=[-3, 77, 0]),
    "from the middle on": dict(offset=40, format=">H"),
    "a structure": dict(format="T{<i:a:4x<d:b:}", shape=[3]),
    "a wide item": dict(format="16s"),
    "a layout of its own": dict(layout=([3, 2], [16, 4], 4), format="i"),
    "sixty-four axes": dict(shape=[1] * 63 + [4]),
}


def layouts():
    for name, layout in LAYOUTS.items():
        kind = ("read_only", "writable", "exclusive")[len(name) % 3]
        yield f"layout: {name} ({kind})", lambda layout=layout, kind=kind: onloan_suite.laid_out(kind, DATA, **layout)


def classes():
    nothing = lambda *_: None
    for kind in ("read_only", "writable", "exclusive"):
        yield f"FrozenCell {kind}", lambda kind=kind: onloan_suite.FrozenCell(kind, DATA)
        yield f"OrdinaryCell {kind}", lambda kind=kind: onloan_suite.OrdinaryCell(kind, DATA)
        yield f"Hooked {kind}", lambda kind=kind: onloan_suite.Hooked(
            kind, DATA, first=nothing, release=nothing, last=nothing
        )
        yield f"Produced {kind}", lambda kind=kind: onloan_suite.Produced(kind, lambda: DATA)
        yield f"Replaceable {kind}", lambda kind=kind: onloan_suite.Replaceable(kind, DATA, onloan_suite.Witness())
        yield f"rows {kind}", lambda kind=kind: onloan_suite.rows(kind, [[1, 2, 3], [4, 5, 6]])
    yield "Produced (2 × 12 integers)", lambda: onloan_suite.Produced("read_only", lambda: DATA, shape=[2, 6], format="I")
    yield "UnsendableCell", lambda: onloan_suite.UnsendableCell(DATA)
    yield "Cyclic", lambda: onloan_suite.Cyclic(DATA)
    yield "Several", lambda: onloan_suite.Several(DATA, [1.0])
    yield "Optional", lambda: onloan_suite.Optional(DATA)
    yield "Tuple", lambda: onloan_suite.Tuple([1, 2, 3])
    yield "Nested", lambda: onloan_suite.Nested([1, 2, 3])
    yield "Boxed", lambda: onloan_suite.Boxed(DATA)
    yield "Shared", lambda: onloan_suite.Shared(DATA)
    yield "Panicking", lambda: onloan_suite.Panicking(DATA)
    yield "Base", lambda: onloan_suite.Base(DATA)
    yield "Child", lambda: onloan_suite.Child(DATA)
    yield "Other", lambda: onloan_suite.Other(DATA, [1, 2, 3])
    yield "a subclass in Python", lambda: type("Sub", (onloan_suite.FrozenCell,), {})("writable", DATA)
    yield "empty", lambda: onloan_suite.FrozenCell("writable", b"")


def in_list(make, place):
    return lambda: make()[place][1]


#: name → function that makes an exporter.
EXPORTERS = dict(classes())
EXPORTERS.update(layouts())
for place, (name, *_) in enumerate(onloan_suite.storages()):
    EXPORTERS[f"storage: {name}"] = in_list(onloan_suite.storages, place)
for place, (name, *_) in enumerate(onloan_suite.elements()):
    EXPORTERS[f"element: {name}"] = in_list(onloan_suite.elements, place)
