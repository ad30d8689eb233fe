"""What happens in the program's own interpreter, before its first line and after its last.

Modules that onloan needs are taken out of `sys.modules` again, so that the program imports its own: a `json.py` beside a script goes before
the standard library's, as it does without onloan. onloan keeps the copies that it has.
"""

from __future__ import annotations

import atexit
import os
import sys
from types import ModuleType

from .. import _onloan
from ..tracing import start
from .recorder import Recorder
from .settings import VARIABLE, Settings

#: The modules that are onloan's own copies; they live as long as this one.
_kept: dict[str, ModuleType] = {}


def begin(modules: set[str], folders: set[str]) -> None:
    """Starts the tracer and leaves no trace of how; `modules` and the searched `folders` were there without onloan."""
    settings = Settings.decoded(os.environ.pop(VARIABLE))
    _put_back(settings.python_path)
    _start(settings)
    for name in [name for name in sys.modules if name not in modules and _is_private(name)]:
        _kept[name] = sys.modules.pop(name)
    for folder in [folder for folder in sys.path_importer_cache if folder not in folders]:
        del sys.path_importer_cache[folder]


def _put_back(python_path: str | None) -> None:
    if python_path is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = python_path


def _is_private(name: str) -> bool:
    """Whether the program may not see that a module was imported: whatever could have been found in another place."""
    return name != "sitecustomize" and name.partition(".")[0] != "onloan" and name not in sys.builtin_module_names


def _start(settings: Settings) -> None:
    try:
        recorder = Recorder(settings)
        start(frames=settings.frames)
        _onloan.trace_notes(True)
    except Exception as error:  # the program has to run all the same
        os.write(2, f"onloan: nothing is traced: {error}\n".encode(errors="backslashreplace"))
        return
    recorder.begin()
    atexit.register(_onloan.trace_unseen, recorder.finish)
