"""What a command cannot do."""


class CommandError(Exception):
    """The command could not be carried out. The message is one line without a full stop; `hint` says what would help."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(" ".join(message.split()))
        self.hint = hint
