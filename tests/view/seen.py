"""What a view of Rust saw, held against what was there."""

import itertools

WAYS = ("get", "iter", "fold", "vec", "slice")


def assert_sees(seen, shape, items):
    """Every way of access gave `items`, which are those of an array of `shape` in C order."""
    shape, items = list(shape), list(items)
    assert seen["shape"] == shape
    assert seen["len"] == len(items)
    for way in WAYS:
        assert same(seen[way], items), f"{way}: {seen[way]} instead of {items}"
    rows = rows_of(shape, items)
    assert len(seen["rows"]) == len(rows) == seen["row_count"]
    assert all(map(same, seen["rows"], rows)), f"{seen['rows']} instead of {rows}"
    assert not seen["outside"], "an index out of bounds was taken"


def same(one, other):
    """Equal items, where a NaN equals a NaN."""
    return len(one) == len(other) and all(a == b or (a != a and b != b) for a, b in zip(one, other))


def rows_of(shape, items):
    """The items by rows; without axes there is one row of one item, without items no row."""
    length = shape[-1] if shape else 1
    if not items:
        return []
    return [items[start : start + length] for start in range(0, len(items), length)]


def flat(nested, ndim):
    """The items of nested lists, as `memoryview.tolist` gives them."""
    if ndim == 0:
        return [nested]
    if ndim == 1:
        return nested
    return list(itertools.chain.from_iterable(flat(inner, ndim - 1) for inner in nested))
