"""What all verbs have in common."""

from __future__ import annotations

import abc
import argparse


class Verb(abc.ABC):
    """A verb of the command; its docstring is its help."""

    @staticmethod
    @abc.abstractmethod
    def arguments(parser: argparse.ArgumentParser) -> None:
        """Declares what the verb takes."""

    @abc.abstractmethod
    def run(self, options: argparse.Namespace) -> int:
        """Does it; the exit code."""
