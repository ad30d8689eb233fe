"""Classes that extend an exporter, in Rust and in Python."""

import gc
import sys
import weakref

import pytest

from onloan_suite import Base, Child, FrozenCell, OrdinaryCell, Other


def test_a_class_in_rust_lends_what_its_base_lends():
    child = Child(b"data")
    with memoryview(child) as view:
        assert view.tobytes() == b"data" and view.readonly
        assert child.exports == 1 and view.obj is child
    assert child.exports == 0 and child.name == "child"


def test_a_class_in_rust_may_lend_other_memory_than_its_base():
    other = Other(b"data", [1, 2, 3])
    with memoryview(other) as view:
        assert view.tolist() == [1, 2, 3] and not view.readonly
        assert (other.own_exports, other.exports) == (1, 0)
    assert other.own_exports == 0


@pytest.mark.parametrize("base, arguments", [(Base, (b"data",)), (Child, (b"data",)), (FrozenCell, ("writable", b"data")), (OrdinaryCell, ("writable", b"data"))])
def test_a_subclass_in_python_is_an_exporter_with_a_life_of_its_own(base, arguments):
    class Sub(base):
        def __init__(self, *_):
            self.more = [1]

    object = Sub(*arguments)
    before = sys.getrefcount(object)
    views = [memoryview(object) for _ in range(3)]
    assert object.exports == 3 and sys.getrefcount(object) == before + 3
    assert all(view.obj is object and view.tobytes() == b"data" for view in views)
    for view in views:
        view.release()
    assert object.exports == 0 and sys.getrefcount(object) == before
    gone = weakref.ref(object)
    view = memoryview(object)
    del object
    gc.collect()
    assert gone() is not None, "the view holds it"
    assert gone().more == [1]
    del view, views
    gc.collect()
    assert gone() is None


def test_a_subclass_may_inherit_beside_another_class():
    class Mixin:
        def greet(self):
            return "hello"

    class Both(Mixin, FrozenCell):
        pass

    both = Both("writable", b"data")
    with memoryview(both) as view:
        assert both.greet() == "hello" and view == b"data"
        with pytest.raises(BufferError, match="1 export is out"):
            both.push(1)
    both.push(1)


def test_classes_are_made_and_forgotten():
    """A class in Python dies while its slots are raw."""
    for _ in range(10):
        sub = type("Sub", (Base,), {})
        gone = weakref.ref(sub)
        memoryview(sub(b"data")).release()
        del sub
        gc.collect()
        assert gone() is None
