"""One child process: evaluates a target and runs phases on it, saying before each step what is about to happen.

Nothing here decides how much a finding weighs, and nothing here outlives a target that kills its process: that is the parent's part
(`runner.py`, `child.py`).
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from ..errors import CommandError
from .channel import Channel
from .context import Context, Refused, Send, Unexportable, Unsafe

#: What the interpreter of a child is started with: the path of the parent, then this module.
BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[2])['path']; from onloan.checker.worker import main; main()"


def main() -> None:
    """The whole life of a child: `descriptor job`."""
    _no_core()
    channel = Channel(int(sys.argv[1]))
    job = json.loads(sys.argv[2])
    sys.argv = [job["target"]]
    run_target(job, channel.send)
    # Threads, atexit functions and what the target left behind do not matter any more.
    os._exit(0)


def run_target(job: dict[str, Any], send: Send) -> None:
    """Runs a job that names its target by a word."""
    from ..target import namespace, resolve

    target = job["target"]

    def mutators() -> dict[str, Callable[[Any], Any]]:
        names = namespace(target)
        return {name: _compiled(name, expression, names) for name, expression in job["mutators"].items()}

    def expect_bytes() -> bytes:
        return bytes(eval(job["expect_bytes"], namespace(target)))

    run(
        job["phases"],
        partial(resolve, target),
        send,
        mutators=mutators,
        expect_bytes=expect_bytes if job["expect_bytes"] is not None else None,
        write=job["write"],
        skip=job["skip"],
        known=job["known"],
    )


def _no_core() -> None:
    """Deaths are expected here: none of them leaves a file behind."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _compiled(name: str, expression: str, names: dict[str, Any]) -> Callable[[Any], Any]:
    try:
        mutator = eval(expression, names)
    except Exception as error:
        raise CommandError(
            f"--mutator {name}: {type(error).__name__}: {error}", hint="a mutator is NAME='EXPR', as in grow='lambda o: o.grow(100)'"
        ) from error
    if not callable(mutator):
        raise CommandError(f"--mutator {name}: '{type(mutator).__name__}' is not callable", hint="EXPR gives a callable that takes the exporter")
    taken: Callable[[Any], Any] = mutator
    return taken


def run(
    phases: Sequence[str],
    make: Callable[[], Any],
    send: Send,
    *,
    mutators: Callable[[], dict[str, Callable[[Any], Any]]] = dict,
    expect_bytes: Callable[[], bytes] | None = None,
    write: bool = False,
    skip: Sequence[str] = (),
    known: Mapping[str, bool] = MappingProxyType({}),
) -> None:
    """Runs phases, the target being made by `make`."""
    send(evaluating=True)
    try:
        make()
        asked = mutators()
        if expect_bytes is not None:
            expect_bytes()
    except CommandError as error:
        return send(unjudged=str(error))
    except BaseException as error:
        return send(unjudged=f"{type(error).__name__}: {error}")
    # Some of the phases' modules take their time.
    from .phases import PHASES

    shared = dict(known)

    def evaluate() -> Any:
        # It may take its time, which is not that of the phase.
        send(evaluating=True)
        return make()

    for name in phases:
        phase, rule = PHASES[name]
        send(phase=name, rule=rule)
        context = Context(name, evaluate, send, asked, expect_bytes, write, skip, shared)
        context.listen()
        try:
            phase(context)
        except Unsafe:
            context.knows(leaky=True)
            send(done=name)
            return send(unsafe=True)
        except Unexportable:
            break
        except Refused:
            pass
        except BaseException as error:
            # The target's own code raised where the phase did not expect it.
            send(failed=[name, f"{type(error).__name__}: {error}"])
        send(done=name)
    send(end=True)


def fork(phases: Sequence[str], make: Callable[[], Any], descriptor: int, **options: Any) -> int:
    """Runs phases in a forked child on objects that are here; its process id. The child never returns."""
    child = os.fork()
    if child:
        return child
    try:
        channel = Channel(descriptor)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        os.setsid()
        # Whoever hears of deaths in the parent need not hear of these.
        faulthandler.disable()
        _no_core()
        run(phases, make, channel.send, **options)
    finally:
        os._exit(0)
