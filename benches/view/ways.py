"""The ways to spend time that the C driver knows, each with the answer that it gives."""

from __future__ import annotations

from collections.abc import Callable

from case import Way


def calls(function: Callable[..., object], *arguments: object, answer: Callable[[], object] | None = None) -> Way:
    """`function(*arguments)`; the answer is what it returns, unless that says nothing."""
    import view_driver

    return Way(
        lambda iterations, warm_up: view_driver.time_call(function, arguments, iterations, warm_up),
        answer or (lambda: function(*arguments)),
    )


def opens(view: type, exporter: object) -> Way:
    """`view(exporter)` and its release; the answer is what the view shows."""
    import view_driver

    def answer() -> tuple[object, ...]:
        opened = view(exporter)
        shown = (opened.tobytes(), opened.format, opened.shape, opened.strides, opened.readonly)
        opened.release()
        return shown

    return Way(lambda iterations, warm_up: view_driver.time_open(view, exporter, iterations, warm_up), answer)


def gets(view: object, key: object) -> Way:
    """`view[key]`; of a part the answer is what lies there."""
    import view_driver

    def answer() -> object:
        found = view[key]
        return (found.tobytes(), found.shape, found.strides) if hasattr(found, "tobytes") else found

    return Way(lambda iterations, warm_up: view_driver.time_get(view, key, iterations, warm_up), answer)


def sets(view: object, key: object, value: object, contents: Callable[[], object]) -> Way:
    """`view[key] = value`; the answer is what then lies in memory."""
    import view_driver

    def answer() -> object:
        view[key] = value
        return contents()

    return Way(lambda iterations, warm_up: view_driver.time_set(view, key, value, iterations, warm_up), answer)


def iterates(view: object) -> Way:
    """`for item in view: pass`."""
    import view_driver

    return Way(lambda iterations, warm_up: view_driver.time_iterate(view, iterations, warm_up), lambda: list(view))


def equals(one: object, two: object) -> Way:
    """`one == two`."""
    import view_driver

    return Way(lambda iterations, warm_up: view_driver.time_equal(one, two, iterations, warm_up), lambda: one == two)


def timed(function: Callable[..., int], *arguments: object, answer: Callable[[], object]) -> Way:
    """A function that keeps the time itself: `function(*arguments, iterations, warm_up)`."""
    return Way(lambda iterations, warm_up: function(*arguments, iterations, warm_up), answer)


def copies(function: Callable[..., int], *arguments: object, contents: Callable[[], object]) -> Way:
    """The same of a copy: the answer is what lies in the target after one."""

    def answer() -> object:
        function(*arguments, 1, 0)
        return contents()

    return timed(function, *arguments, answer=answer)
