"""How views come and go: calls of the class, objects that are used again, cycles, weak references, methods."""

import gc
import inspect
import itertools
import operator
import sys
import threading
import weakref

import pytest

from onloan import View

PEP_688 = sys.version_info >= (3, 12)
#: More than wait for their next use.
MANY = 200


class Owner(bytearray):
    """An exporter that can be part of a cycle, and of which there can be weak references."""


def stages(memory):
    """Views of every kind that share one loan of the memory, one after the other, with the ones before them gone or released."""
    whole = View(memory)
    yield whole
    cut = whole[1:9]
    yield cut
    whole.release()
    yield cut
    cast = cut.cast("I")
    del whole, cut
    yield cast
    yield cast.toreadonly()
    yield View(cast)
    yield iter(cast)


STAGES = ["whole", "cut", "cut of a released view", "cast", "read-only", "view of a view", "iterator"]


@pytest.mark.parametrize("arguments, names", [((), {}), ((b"", b""), {}), ((), {"obj": b""}), ((b"",), {"object": b""}), ((b"",), {"x": 1})])
def test_a_call_with_other_arguments_is_a_type_error(arguments, names):
    with pytest.raises(TypeError, match="argument"):
        View(*arguments, **names)


def test_the_class_is_called_in_every_way_that_python_has():
    assert View(object=b"abc") == b"abc"
    assert View(*[b"abc"]) == b"abc"
    assert View(**{"object": b"abc"}) == b"abc"
    assert View.__new__(View, b"abc") == b"abc"
    assert type.__call__(View, b"abc") == b"abc"
    assert operator.call(View, b"abc") == b"abc"
    assert [view.tobytes() for view in map(View, [b"a", b"b"])] == [b"a", b"b"]
    with pytest.raises(TypeError, match="a bytes-like object is required, not 'int'"):
        View(3)


def test_there_are_no_subclasses_and_no_views_without_memory():
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Sub", (View,), {})
    with pytest.raises(TypeError):
        object.__new__(View)


@pytest.mark.parametrize("stage", range(len(STAGES)), ids=STAGES)
def test_a_cycle_through_a_view_is_collected(stage):
    # Objects that were used before, and new ones.
    for _ in range(3):
        memory = Owner(64)
        for reached, view in enumerate(stages(memory)):
            if reached == stage:
                memory.view = view
                break
        gone = weakref.ref(memory)
        del memory, view
        assert gone() is not None
        gc.collect()
        assert gone() is None


@pytest.mark.parametrize("stage", range(len(STAGES)), ids=STAGES)
def test_the_collector_sees_what_a_view_holds_and_the_memory_once(stage):
    memory = Owner(64)
    for reached, view in enumerate(stages(memory)):
        if reached == stage:
            break
    assert gc.is_tracked(view)
    seen, todo = [], [view]
    while todo:
        for referent in gc.get_referents(todo.pop()):
            if referent is memory:
                seen.append(referent)
            elif not isinstance(referent, type):
                todo.append(referent)
    assert seen == [memory]
    # Two views, still one reference of the loan.
    before = sys.getrefcount(memory)
    other = View(view) if isinstance(view, View) else None
    assert sys.getrefcount(memory) == before
    del other


def test_views_and_their_class_keep_no_reference_too_many():
    memory = Owner(64)
    classes = [View, type(iter(View(memory)))]

    def work():
        views = [View(memory) for _ in range(MANY)]
        cuts = [view[1:] for view in views] + [view.cast("c") for view in views]
        iterators = [iter(view) for view in cuts]
        for view in views[::2]:
            view.release()
        with pytest.raises(TypeError):
            View(3)
        with pytest.raises(TypeError):
            View()
        assert len(iterators) == 2 * MANY

    work()
    before = [sys.getrefcount(thing) for thing in [memory, *classes]]
    for _ in range(5):
        work()
    assert [sys.getrefcount(thing) for thing in [memory, *classes]] == before
    # Nothing has it.
    memory.append(1)


def test_weak_references_are_to_one_view_and_not_to_the_next_at_its_place():
    told = []
    places = set()
    again = False
    for _ in range(MANY):
        view = View(b"abc")
        again |= id(view) in places
        places.add(id(view))
        first, second = weakref.ref(view), weakref.ref(view, told.append)
        assert first() is view
        del view
        following = View(b"def")
        assert first() is second() is None
        assert weakref.getweakrefcount(following) == 0
    assert len(told) == MANY
    # Else nothing was shown.
    assert again


def test_a_weak_reference_that_goes_first_is_not_told():
    told = []
    view = View(b"abc")
    reference = weakref.ref(view, told.append)
    del reference, view
    assert told == []


def test_a_view_that_was_used_before_is_as_new():
    view = View(b"abc")
    assert hash(view) == hash(b"abc")
    view.release()
    del view
    for _ in range(3):
        view = View(bytearray(b"xyz"))
        assert not view.readonly
        assert (view.format, view.shape, view.tolist()) == ("B", (3,), [120, 121, 122])
        with pytest.raises(ValueError, match="cannot hash writable"):
            hash(view)
        del view
        view = View(b"xyz")
        assert hash(view) == hash(b"xyz")


def test_a_view_that_goes_while_an_exception_is_on_its_way_leaves_it_alone():
    def fails():
        view = View(Owner(8))  # noqa: F841
        raise KeyError("on its way")

    for _ in range(3):
        with pytest.raises(KeyError, match="on its way"):
            fails()


@pytest.mark.skipif(not PEP_688, reason="__release_buffer__ came with Python 3.12")
def test_an_exporter_that_makes_and_drops_views_when_it_is_given_back():
    given_back = []

    class Exporter:
        def __buffer__(self, flags):
            return memoryview(b"abc")

        def __release_buffer__(self, view):
            given_back.append([other.tobytes() for other in [View(b"1"), View(b"2")]])
            view.release()

    for _ in range(MANY):
        View(Exporter())
    view = View(Exporter())
    cut = view[1:]
    view.release()
    assert len(given_back) == MANY
    del cut
    assert given_back == [[b"1", b"2"]] * (MANY + 1)


def test_threads_that_make_and_drop_views_do_not_meet():
    memory = bytearray(range(64))
    wrong = []

    def work(start):
        for turn in range(2000):
            first = (start + turn) % 32
            with View(memory)[first : first + 8] as cut:
                if cut.tolist() != list(range(first, first + 8)) or list(cut) != cut.tolist():
                    wrong.append(first)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
    memory.append(0)


@pytest.mark.parametrize("name", ["release", "cast", "tobytes", "toreadonly", "__enter__", "__exit__"])
def test_a_method_of_the_short_way_has_its_name_and_signature_and_refuses_others(name):
    method = View.__dict__[name]
    assert type(method) is type(bytes.hex)
    assert (method.__name__, method.__objclass__) == (name, View)
    assert "self" in inspect.signature(method).parameters
    if not name.startswith("__"):
        assert method.__doc__
    for other in (b"", memoryview(b""), None):
        with pytest.raises(TypeError):
            method(other)
    with pytest.raises(TypeError):
        method()


def test_methods_of_the_short_way_take_the_arguments_that_they_have():
    view = View(bytearray(range(8)))
    assert view.cast(format="H", shape=[2, 2]).tolist() == view.cast("H", (2, 2)).tolist() == view.cast("H", shape=(2, 2)).tolist()
    assert view.cast("B", None).tolist() == list(range(8))
    assert view.cast("B", [2, 4], order="F").tobytes(order="A") == bytes(range(8))
    assert view.tobytes("F") == view.tobytes(order=None) == bytes(range(8))
    for call in (
        lambda: view.cast(),
        lambda: view.cast("B", [8], "C"),
        lambda: view.cast("B", size=3),
        lambda: view.cast(3),
        lambda: view.tobytes("C", "C"),
        lambda: view.tobytes(3),
        lambda: view.release(1),
        lambda: view.toreadonly(True),
        lambda: view.__enter__(1),
    ):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(ValueError, match="order must be"):
        view.tobytes("K")
    assert view.__exit__() is view.__exit__(1, 2, 3) is None
    for call in (view.__enter__, view.toreadonly, view.tobytes, lambda: view.cast("B"), lambda: len(view), lambda: iter(view)):
        with pytest.raises(ValueError, match="released"):
            call()


def test_release_is_refused_while_the_view_has_lent_the_memory_on():
    view = View(bytearray(8))
    with memoryview(view), pytest.raises(BufferError, match="1 exported buffer"):
        view.release()
    view.release()


class Bad:
    def __index__(self):
        raise KeyError("a bound")


@pytest.mark.parametrize("key", [slice(Bad(), None), slice(None, Bad()), slice(None, None, Bad())])
def test_what_a_bound_raises_comes_out(key):
    view = View(bytearray(8))
    with pytest.raises(KeyError, match="a bound"):
        view[key]
    with pytest.raises(KeyError, match="a bound"):
        view[key] = b""
    with pytest.raises(ValueError, match="slice step cannot be zero"):
        view[::0]
    with pytest.raises(ValueError, match="slice step cannot be zero"):
        view[::0] = b""
    view.release()
    for use in (lambda: view[1:2], lambda: operator.setitem(view, slice(1, 2), b"a")):
        with pytest.raises(ValueError, match="released"):
            use()


def test_items_by_several_indices_are_those_of_nested_lists():
    view = View(bytearray(range(24))).cast("B", [2, 3, 4])
    nested = view.tolist()
    keys = list(itertools.product(range(-2, 2), range(-3, 3), range(-4, 4)))
    assert [view[key] for key in keys] == [nested[i][j][k] for i, j, k in keys]
    for i, j, k in keys:
        view[i, j, k] = 255 - nested[i][j][k]
    assert view.tobytes() == bytes(255 - number for number in range(24))
    for key in ((2, 0, 0), (0, -4, 0), (0, 0, 4), (0, 0, 1 << 70)):
        with pytest.raises(IndexError):
            view[key]
        with pytest.raises(IndexError):
            view[key] = 1
    for value, error in ((256, ValueError), ("a", TypeError)):
        with pytest.raises(error):
            view[0, 0, 0] = value
    assert view[True, False, True] == view[1, 0, 1]
    readonly = view.toreadonly()
    with pytest.raises(TypeError, match="read-only"):
        readonly[0, 0, 0] = 1
    view.release()
    readonly.release()
    with pytest.raises(ValueError, match="released"):
        view[0, 0, 0]
    with pytest.raises(ValueError, match="released"):
        view[0, 0, 0] = 1
