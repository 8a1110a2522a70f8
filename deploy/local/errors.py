"""What can go wrong while the local stack is set up, always with its cure."""


class SetupError(Exception):
    """Setting up cannot go on. `cure` tells the reader what to do about it, as a full sentence."""

    def __init__(self, message: str, *, cure: str) -> None:
        super().__init__(message)
        self.cure = cure
