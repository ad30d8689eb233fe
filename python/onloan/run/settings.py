"""What `onloan run` tells the interpreter in which the program runs: one variable of the environment, gone before the program begins."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

#: The variable's name.
VARIABLE = "ONLOAN_RUN"


@dataclass(frozen=True)
class Settings:
    """What was asked for. Paths are absolute: the program may change its directory."""

    #: The program as it was named on the command line.
    program: tuple[str, ...]
    frames: int = 10
    output: str | None = None
    json: str | None = None
    html: str | None = None
    #: PYTHONPATH as it was, `None` where it was not set.
    python_path: str | None = None

    def encoded(self) -> str:
        """As the variable's value."""
        return json.dumps(asdict(self))

    @classmethod
    def decoded(cls, value: str) -> Settings:
        """From the variable's value."""
        facts = json.loads(value)
        return cls(**{**facts, "program": tuple(facts["program"])})
