"""From the word on the command line to the object that is meant."""

from ..target import resolve

__all__ = ["resolve"]
