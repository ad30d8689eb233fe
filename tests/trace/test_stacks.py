"""The stack of an acquisition is the one that it was made from, however much it is like that of another one."""

import subprocess
import sys
import textwrap
import threading

import pytest

import onloan


@pytest.fixture(autouse=True)
def tracing():
    onloan.start()
    yield
    onloan.stop()


def innermost(lent):
    return memoryview(lent)


def between(lent, deep=3):
    return innermost(lent) if deep == 0 else between(lent, deep - 1)


def one(lent):
    return between(lent)


def other(lent):
    return between(lent)


def stack(lent):
    [export] = onloan.exports(lent)
    return [(frame.function, frame.line) for frame in export.acquired_at]


def functions(lent):
    return [function for function, _ in stack(lent)]


def test_a_caller_far_away_is_told_from_another_one():
    for _ in range(8):
        for caller in (one, other):
            lent = bytearray(8)
            view = caller(lent)
            assert functions(lent)[:6] == ["innermost", "between", "between", "between", "between", caller.__name__]
            view.release()


def test_another_line_of_the_same_caller_is_told():
    lines = set()
    for _ in range(5):
        first, second = bytearray(8), bytearray(8)
        views = [
            one(first),
            one(second),
        ]
        line, next_line = (next(line for function, line in stack(lent) if function.startswith("test_")) for lent in (first, second))
        assert next_line == line + 1
        lines.add(line)
        del views
    assert len(lines) == 1


def test_a_generator_is_called_by_whoever_asks_it():
    def views():
        while True:
            lent = bytearray(8)
            yield lent, memoryview(lent)

    def here(generator):
        return next(generator)

    def there(generator):
        return next(generator)

    generator = views()
    for _ in range(5):
        for caller in (here, there):
            lent, view = caller(generator)
            assert [name.rsplit(".", 1)[-1] for name in functions(lent)[:2]] == ["views", caller.__name__]
            view.release()


def test_what_is_called_by_c_code_has_the_callers_before_it():
    def by_sorting(lent):
        found = []
        sorted([lent, lent], key=lambda lent: found.append(innermost(lent)) or 0)
        return found

    for _ in range(5):
        lent = bytearray(8)
        views = by_sorting(lent)
        for export in onloan.exports(lent):
            names = [frame.function.rsplit(".", 1)[-1] for frame in export.acquired_at[:3]]
            assert names == ["innermost", "<lambda>", "by_sorting"]
        del views


def test_each_thread_has_its_own_callers():
    found = {}

    def work(caller, name):
        for _ in range(8):
            lent = bytearray(8)
            view = caller(lent)
            [export] = onloan.exports(lent)
            found.setdefault(name, set()).add((export.acquired_at[5].function, export.thread))
            view.release()

    threads = [threading.Thread(target=work, args=(caller, name), name=name) for caller, name in ((one, "a"), (other, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"a": {("one", "a")}, "b": {("other", "b")}}


@pytest.mark.parametrize("frames", [0, 1, 2, 30, 64])
def test_as_many_frames_are_kept_as_were_asked_for(frames):
    onloan.stop()
    onloan.start(frames)
    for deep in (2, 80, 2, 80):
        for _ in range(3):
            lent = bytearray(8)
            view = between(lent, deep)
            seen = functions(lent)
            expected = ["innermost", *["between"] * (deep + 1)][:frames]
            assert seen[: len(expected)] == expected
            assert len(seen) == frames or (len(seen) < frames and deep == 2)
            view.release()


def test_a_stack_of_before_a_stop_is_not_taken_for_one_of_after():
    for caller in (one, other) * 5:
        lent = bytearray(8)
        view = caller(lent)
        assert caller.__name__ in functions(lent)
        view.release()
        onloan.stop()
        onloan.start()


def test_code_that_came_to_the_place_of_other_code_is_told_from_it():
    for number in range(40):
        namespace = {}
        exec(f"def made_{number}(lent):\n    return memoryview(lent)\n", namespace)
        lent = bytearray(8)
        view = namespace.popitem()[1](lent)
        assert functions(lent)[0] == f"made_{number}"
        view.release()


def test_onloans_own_classes_have_their_fast_slots_before_these_are_wrapped():
    program = """
        import ctypes
        import onloan

        slot = ctypes.pythonapi.PyType_GetSlot
        slot.restype, slot.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_int)
        onloan.start()
        onloan.stop()
        # Py_bf_getbuffer, Py_bf_releasebuffer
        before = [slot(kind, number) for kind in (onloan.Buffer, onloan.View) for number in (1, 2)]
        lent = onloan.Buffer(b"abc")
        memoryview(lent).release()
        memoryview(onloan.View(lent)).release()
        assert before == [slot(kind, number) for kind in (onloan.Buffer, onloan.View) for number in (1, 2)]
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=60)
