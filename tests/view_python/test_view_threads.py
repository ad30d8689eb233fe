"""Threads that cut, read, lend and release the views of one memory; the memory is given back at the end, and was never while somebody looked."""

import threading

import pytest

from onloan import View


def together(count, work):
    """Runs `work(number)` in as many threads; raises what any of them raised."""
    errors = []
    barrier = threading.Barrier(count)

    def run(number):
        try:
            barrier.wait()
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_a_shared_view_can_be_cut_and_read_from_all_threads():
    memory = bytearray(range(256))
    view = View(memory)

    def work(number):
        for start in range(200):
            part = view[start : start + 8]
            assert part.tolist() == list(range(start, start + 8))
            assert memoryview(part).tobytes() == bytes(range(start, start + 8))
            assert part == view[start : start + 8]

    together(8, work)
    view.release()
    memory.append(0)


def test_a_view_released_by_another_thread_is_released_or_not_but_never_half():
    for _ in range(50):
        memory = bytearray(b"\x07" * 4096)
        view = View(memory)
        released = threading.Event()

        def work(number, view=view, released=released):
            if number == 0:
                view.release()
                released.set()
                return
            while not released.is_set():
                try:
                    assert view.tobytes() == b"\x07" * 4096
                    assert view[5] == 7
                    assert set(view[::2]) == {7}
                except ValueError as error:
                    assert "released" in str(error)

        try:
            together(4, work)
        except BufferError:
            pytest.fail("a release was refused, though nobody was lent the memory")
        memory.clear()


def test_the_last_of_many_views_gives_the_memory_back_on_whatever_thread():
    memory = bytearray(64)
    views = [View(memory)]
    views += [views[0][number:] for number in range(63)]
    together(64, lambda number: views[number].release())
    memory.append(0)


def test_iterators_of_one_view_do_not_disturb_each_other():
    view = View(bytes(range(256)))
    together(8, lambda number: [list(view) for _ in range(20)] == [list(range(256))] * 20 or pytest.fail("another sequence"))
