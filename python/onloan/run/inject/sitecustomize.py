"""Stands in for `sitecustomize` in the interpreter that `onloan run` starts; see the package `onloan.run`."""


def _begin() -> None:
    import os
    import sys

    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    sys.path_importer_cache.pop(here, None)
    if "ONLOAN_RUN" not in os.environ:
        # Another interpreter of the same process, which has the first one's path, and not its tracer.
        return
    modules, folders = set(sys.modules), set(sys.path_importer_cache)
    # The package is the one that this file belongs to, whatever the program's path finds.
    package = os.path.dirname(os.path.dirname(os.path.dirname(here)))
    sys.path.insert(0, package)
    try:
        from onloan.run.inside import begin
    finally:
        sys.path.remove(package)
    begin(modules, folders)


def real_sitecustomize() -> None:
    """Imports the `sitecustomize` that this interpreter would have without onloan; its ImportError says that there is none."""
    import sys

    del sys.modules["sitecustomize"]
    __import__("sitecustomize")


_begin()
real_sitecustomize()
