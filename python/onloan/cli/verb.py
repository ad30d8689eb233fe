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

    @staticmethod
    def split(words: list[str]) -> tuple[list[str], list[str]]:
        """Which of the words after the verb are its own, and which belong to somebody else; those are found in `options.rest`."""
        return words, []

    @abc.abstractmethod
    def run(self, options: argparse.Namespace) -> int:
        """Does it; the exit code."""
