"""What a command cannot do."""

from ..errors import CommandError

__all__ = ["CommandError"]
