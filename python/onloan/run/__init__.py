"""`onloan run`: a program under the tracer, and as if it were not.

The program gets an interpreter of its own: the process is replaced by `python SCRIPT …`, as a person would have typed it. So `sys.argv`,
`sys.path[0]`, `__main__` with its `__spec__` and `__loader__`, tracebacks, exit codes and signals are CPython's own, not an imitation of them.

The tracer gets in through `sitecustomize` (`inject/`): the directory stands on PYTHONPATH of that one interpreter. Before the program's first
line the hook has taken the directory off the path again, put PYTHONPATH back in the environment, started the tracer, hidden the modules that
this needed, and imported the `sitecustomize` that would have been found without it. What the program starts itself is not traced.

The report is made by the exit handler that was registered first, and so runs last; before `os._exit`, for which a function stands that makes it; and
when a signal kills the program by a copy of it, made in that moment (`trace/deaths.rs`). Nothing can be made of SIGKILL, of a signal whose default
the program has set itself, and of `_exit` called in C.

What a program can still see, if it looks for it: `os._exit` is a function of Python's; `atexit._ncallbacks()` counts two more, and who clears the exit handlers gets no report;
an audit hook hears of `gc.get_objects` and `sys._current_frames` when a report or a step of a recording is made; `/proc/self/environ` has what the
process was begun with, and `/proc/self/status` the signals that are handled.
"""
