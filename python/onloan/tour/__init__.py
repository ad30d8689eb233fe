"""The tour: the whole life of a buffer on real memory, told as it happens.

Each scene is a function that takes a `Stage`, does something real, says what happened with figures it has measured, and checks what it
claims. Nothing is made up: a claim that does not hold is printed as such and fails the tour.
"""

from __future__ import annotations

import gc
import time

from ..reports.page import Page
from . import consumers, lifetimes, travel
from .stage import Stage

SCENES = (
    lifetimes.a_mapped_file,
    consumers.the_standard_library,
    lifetimes.growing_is_refused_while_out,
    lifetimes.memory_made_on_demand,
    consumers.numpy_without_a_copy,
    travel.a_socket,
    travel.another_process,
    travel.a_pickle,
)


def run(page: Page) -> bool:
    """Runs all scenes and prints them; whether every check held."""
    started = time.perf_counter()
    stage = Stage(page)
    for number, scene in enumerate(SCENES, 1):
        stage.title(number, (scene.__doc__ or "").partition("\n")[0].rstrip("."))
        scene(stage)
        gc.collect()
    return stage.close(time.perf_counter() - started)
